//! PURE: the results of a search that is kept up to date, and what its client must do to its own list of them
//! (RFC 5267 §4.3.3, §4.3.4).

use std::collections::HashSet;

use crate::model::Uid;

/// Results that stand together in the list, and where: from 1. 0: wherever they belong in the order of the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub position: u32,
    pub uids: Vec<Uid>,
}

/// The results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Results {
    uids: Vec<Uid>,
    order: Order,
}

/// In which order they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Rising.
    Mailbox,
    /// As SORT has them: each change says where.
    Sorted,
}

impl Results {
    /// Those found, in their order.
    pub(super) fn new(uids: Vec<Uid>, order: Order) -> Self {
        Self { uids, order }
    }

    /// All of them, in their order.
    pub(super) fn uids(&self) -> &[Uid] {
        &self.uids
    }

    /// Takes some out; what is to be told of it: the last of them first, so that no position shifts under the next one.
    pub(super) fn remove(&mut self, gone: &HashSet<Uid>) -> Vec<Run> {
        let mut runs = self.runs(gone);
        runs.reverse();
        if !runs.is_empty() {
            self.uids.retain(|uid| !gone.contains(uid));
        }
        runs
    }

    /// Puts some in, each before the place given for it among those that are there by then; what is to be told of it: the
    /// first of them first.
    pub(super) fn insert(&mut self, new: impl IntoIterator<Item = (usize, Uid)>) {
        for (place, uid) in new {
            self.uids.insert(place.min(self.uids.len()), uid);
        }
    }

    /// Puts some in, in the order of the mailbox.
    pub(super) fn merge(&mut self, new: &[Uid]) {
        self.uids.extend(new);
        self.uids.sort_unstable();
    }

    /// Where these stand.
    pub(super) fn runs(&self, wanted: &HashSet<Uid>) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut next = 0;
        for (position, uid) in (1..).zip(&self.uids) {
            if !wanted.contains(uid) {
                continue;
            }
            match runs.last_mut() {
                Some(run) if next == position || self.order == Order::Mailbox => run.uids.push(*uid),
                _ => {
                    let position = if self.order == Order::Mailbox { 0 } else { position };
                    runs.push(Run { position, uids: vec![*uid] });
                }
            }
            next = position + 1;
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Does what it is told, and nothing else (RFC 5267 §4.3.3, §4.3.4).
    struct Client(Vec<Uid>);

    impl Client {
        fn removes(&mut self, runs: &[Run]) {
            for run in runs {
                match run.position {
                    0 => self.0.retain(|uid| !run.uids.contains(uid)),
                    position => {
                        let from = usize::try_from(position).unwrap() - 1;
                        let taken: Vec<Uid> = self.0.drain(from..from + run.uids.len()).collect();
                        assert_eq!(taken, run.uids);
                    }
                }
            }
        }

        fn adds(&mut self, runs: &[Run]) {
            for run in runs {
                match run.position {
                    0 => {
                        self.0.extend(&run.uids);
                        self.0.sort_unstable();
                    }
                    position => {
                        let at = usize::try_from(position).unwrap() - 1;
                        self.0.splice(at..at, run.uids.iter().copied());
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_client_that_does_what_it_is_told_has_the_same_list(
            first in proptest::collection::hash_set(1u32..60, 0..20),
            steps in proptest::collection::vec(
                (proptest::collection::hash_set(1u32..60, 0..8), proptest::collection::vec((0usize..30, 60u32..120), 0..8)),
                0..5,
            ),
            sorted in any::<bool>(),
        ) {
            let order = if sorted { Order::Sorted } else { Order::Mailbox };
            let mut first: Vec<Uid> = first.into_iter().map(Uid).collect();
            if !sorted {
                first.sort_unstable();
            }
            let mut results = Results::new(first.clone(), order);
            let mut client = Client(first);
            for (gone, new) in steps {
                let gone = gone.into_iter().map(Uid).collect();
                client.removes(&results.remove(&gone));
                prop_assert_eq!(&client.0, results.uids());
                let mut seen: HashSet<Uid> = results.uids().iter().copied().collect();
                let new = new.into_iter().map(|(place, uid)| (place, Uid(uid)));
                let new: Vec<(usize, Uid)> = new.filter(|(_, uid)| seen.insert(*uid)).collect();
                let added: HashSet<Uid> = new.iter().map(|(_, uid)| *uid).collect();
                if sorted {
                    results.insert(new);
                } else {
                    results.merge(&new.iter().map(|(_, uid)| *uid).collect::<Vec<_>>());
                }
                client.adds(&results.runs(&added));
                prop_assert_eq!(&client.0, results.uids());
            }
        }
    }

    #[test]
    fn what_stands_together_is_told_together() {
        let set = |uids: &[u32]| uids.iter().map(|uid| Uid(*uid)).collect::<HashSet<_>>();
        let uids: Vec<Uid> = [9, 3, 7, 1].map(Uid).to_vec();
        let mut sorted = Results::new(uids, Order::Sorted);
        assert_eq!(
            sorted.remove(&set(&[9, 3, 1])),
            [Run { position: 4, uids: vec![Uid(1)] }, Run { position: 1, uids: vec![Uid(9), Uid(3)] }]
        );
        let mut plain = Results::new(vec![Uid(1), Uid(3), Uid(7)], Order::Mailbox);
        assert_eq!(plain.remove(&set(&[1, 7])), [Run { position: 0, uids: vec![Uid(1), Uid(7)] }]);
        assert_eq!(plain.remove(&set(&[1, 7])), []);
    }
}
