//! QRESYNC (RFC 7162 §3.2): a client that was away hears exactly what it has missed, and VANISHED in place of EXPUNGE.

use super::answer::{End, Failure};
use super::serve::Context;
use super::session::{Account, SelectedMailbox, SessionState};
use super::updates::{Shown, write_flags, write_highest};
use super::view::MailboxView;
use super::wire::command::{Resync, SequenceSet};
use super::wire::write;
use crate::domain::snapshot::Snapshot;
use crate::model::{ModSeq, Uid};

/// Ranges in one VANISHED: longer lines are more than clients may bear.
const VANISHED_MAX: usize = 1000;

/// What SELECT (QRESYNC …) has to tell: found before the mailbox is opened, told behind the rest.
pub(super) struct Missed {
    since: ModSeq,
    known: Option<UidSet>,
    vanished: UidSet,
}

/// Takes the client for one that is told ModSeqs. The first time, with a mailbox selected, it is told where that stands
/// (RFC 7162 §3.1).
pub(super) fn enable_condstore(context: &mut Context<'_>, state: &mut SessionState) {
    let Some(account) = state.account_mut().filter(|account| !account.condstore) else { return };
    account.condstore = true;
    if let Some(selected) = state.selected_mut() {
        write_highest(context, selected.view.complete());
    }
}

/// Finds what a client that comes back has missed; `None` where its UIDs are not those of today.
pub(super) async fn missed(
    context: &mut Context<'_>,
    snapshot: &Snapshot,
    ask: &Resync,
) -> Result<Option<Missed>, Failure> {
    if ask.uid_validity != snapshot.uid_validity {
        return Ok(None);
    }
    let known = ask.known.as_ref().map(UidSet::of);
    let mut vanished = UidSet::of_ranges(context.gateway.vanished_since(snapshot, ask.mod_seq).await?);
    if let Some(known) = &known {
        vanished = vanished.within(known);
    }
    if let Some((numbers, uids)) = &ask.samples {
        vanished = vanished.above(unchanged_up_to(snapshot, numbers, uids));
    }
    Ok(Some(Missed { since: ask.mod_seq, known, vanished }))
}

/// The highest sample that still has its number: all that the client knows below it is there (RFC 7162 §3.2.5.2).
/// Samples that do not pair off say nothing.
fn unchanged_up_to(snapshot: &Snapshot, numbers: &SequenceSet, uids: &SequenceSet) -> Uid {
    let (numbers, uids) = (Samples::of(numbers), Samples::of(uids));
    let pairs = numbers.zip(uids);
    let holds = |(number, uid): &(u32, u32)| {
        let place = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
        place.and_then(|place| snapshot.entries.get(place)).is_some_and(|entry| entry.uid.0 == *uid)
    };
    pairs.take_while(holds).last().map_or(Uid(0), |(_, uid)| Uid(uid))
}

/// The numbers of a set, rising, one by one: never more of them than there are messages.
struct Samples {
    ranges: std::vec::IntoIter<(u32, u32)>,
    now: Option<(u32, u32)>,
}

impl Samples {
    fn of(set: &SequenceSet) -> Self {
        Self { ranges: UidSet::of(set).0.into_iter(), now: None }
    }
}

impl Iterator for Samples {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (first, last) = self.now.take().or_else(|| self.ranges.next())?;
        self.now = first.checked_add(1).filter(|next| *next <= last).map(|next| (next, last));
        Some(first)
    }
}

impl Missed {
    /// Tells it: first what has gone, then the flags of what has changed (RFC 7162 §3.2.5.1).
    pub(super) async fn tell(
        self,
        context: &mut Context<'_>,
        account: &Account,
        selected: &SelectedMailbox,
    ) -> Result<(), End> {
        write_vanished(context, true, &self.vanished.0).await?;
        let shown = Shown { uid: true, flags: true, mod_seq: true };
        for entry in selected.view.snapshot().entries.changed_since(self.since) {
            if self.known.as_ref().is_none_or(|known| known.holds(entry.uid))
                && let Some(seq) = selected.view.seq_of(entry.uid)
            {
                write_flags(&mut context.client.out, account.number(seq, entry.uid), entry, shown);
                context.client.drain().await?;
            }
        }
        Ok(())
    }
}

/// UID FETCH (CHANGEDSINCE … VANISHED): tells what of the set has gone (RFC 7162 §3.2.6). What the client still counts
/// is left to the VANISHED that takes it out of its view.
pub(super) async fn tell_vanished(
    context: &mut Context<'_>,
    account: &Account,
    view: &MailboxView,
    set: &SequenceSet,
    since: ModSeq,
) -> Result<(), Failure> {
    if !account.qresync {
        return Err(Failure::bad("QRESYNC is not enabled"));
    }
    let vanished = UidSet::of_ranges(context.gateway.vanished_since(view.snapshot(), since).await?);
    let vanished = vanished.within(&UidSet::of(set)).without(view.held());
    Ok(write_vanished(context, true, &vanished.0).await?)
}

/// VANISHED with these ranges of UIDs, rising; as many responses as it takes, none for none.
pub(super) async fn write_vanished(context: &mut Context<'_>, earlier: bool, uids: &[(u32, u32)]) -> Result<(), End> {
    for uids in uids.chunks(VANISHED_MAX) {
        write::vanished(&mut context.client.out, earlier, uids);
        context.client.drain().await?;
    }
    Ok(())
}

/// Ranges of UIDs that may not exist any more, rising, apart from each other; `*` has no end, for what has gone may lie
/// above what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UidSet(pub(super) Vec<(u32, u32)>);

impl UidSet {
    /// Of ranges that rise already.
    fn of_ranges(ranges: Vec<(Uid, Uid)>) -> Self {
        Self(ranges.into_iter().map(|(first, last)| (first.0, last.0)).collect())
    }

    /// What is in both.
    fn within(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        let mut others = other.0.iter().peekable();
        for (first, last) in &self.0 {
            while others.next_if(|(_, end)| end < first).is_some() {}
            let mut ahead = others.clone();
            while let Some((start, end)) = ahead.next_if(|(start, _)| start <= last) {
                both.push((*first.max(start), *last.min(end)));
            }
        }
        Self(both)
    }

    /// What lies above this UID.
    fn above(&self, uid: Uid) -> Self {
        match uid.0.checked_add(1) {
            Some(first) => self.within(&Self(vec![(first, u32::MAX)])),
            None => Self(Vec::new()),
        }
    }

    /// What is left without these, which rise.
    fn without(&self, uids: &[Uid]) -> Self {
        let mut between = Vec::with_capacity(uids.len() + 1);
        let mut next = Some(0);
        for uid in uids {
            if let Some(first) = next.filter(|first| *first < uid.0) {
                between.push((first, uid.0 - 1));
            }
            next = uid.0.checked_add(1);
        }
        between.extend(next.map(|first| (first, u32::MAX)));
        self.within(&Self(between))
    }

    pub(super) fn of(set: &SequenceSet) -> Self {
        // `$` holds messages that are there: none of them has vanished.
        let SequenceSet::Ranges(ranges) = set else { return Self(Vec::new()) };
        let mut ranges: Vec<(u32, u32)> = ranges
            .iter()
            .map(|(from, to)| (from.unwrap_or(u32::MAX), to.unwrap_or(u32::MAX)))
            .map(|(from, to)| (from.min(to), from.max(to)))
            .collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match merged.last_mut() {
                Some((_, end)) if low <= end.saturating_add(1) => *end = high.max(*end),
                _ => merged.push((low, high)),
            }
        }
        Self(merged)
    }

    /// The ranges, rising, apart from each other, both ends within.
    pub(super) fn spans(&self) -> Vec<(Uid, Uid)> {
        self.0.iter().map(|(low, high)| (Uid(*low), Uid(*high))).collect()
    }

    fn holds(&self, uid: Uid) -> bool {
        let behind = self.0.partition_point(|(low, _)| *low <= uid.0);
        behind.checked_sub(1).and_then(|place| self.0.get(place)).is_some_and(|(_, high)| uid.0 <= *high)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_holds_what_its_ranges_hold(
            ranges in prop::collection::vec((prop::option::of(1u32..60), prop::option::of(1u32..60)), 0..6),
            uid in prop_oneof![1u32..70, Just(u32::MAX)],
        ) {
            let end = |end: Option<u32>| end.unwrap_or(u32::MAX);
            let expected = ranges.iter().any(|(from, to)| {
                let (from, to) = (end(*from), end(*to));
                (from.min(to)..=from.max(to)).contains(&uid)
            });
            prop_assert_eq!(UidSet::of(&SequenceSet::Ranges(ranges)).holds(Uid(uid)), expected);
        }

        #[test]
        fn sets_are_cut_as_their_members_are(
            one in prop::collection::vec((1u32..60, 1u32..60), 0..6),
            other in prop::collection::vec((1u32..60, 1u32..60), 0..6),
            mut left_out in prop::collection::vec(0u32..62, 0..6),
            above in 0u32..62,
        ) {
            let set = |ranges: Vec<(u32, u32)>| {
                UidSet::of(&SequenceSet::Ranges(ranges.into_iter().map(|(a, b)| (Some(a), Some(b))).collect()))
            };
            let (one, other) = (set(one), set(other));
            left_out.sort_unstable();
            left_out.dedup();
            let left_out: Vec<Uid> = left_out.into_iter().map(Uid).collect();
            for uid in (0..70).map(Uid) {
                let (in_one, in_other) = (one.holds(uid), other.holds(uid));
                prop_assert_eq!(one.within(&other).holds(uid), in_one && in_other);
                prop_assert_eq!(one.without(&left_out).holds(uid), in_one && !left_out.contains(&uid));
                prop_assert_eq!(one.above(Uid(above)).holds(uid), in_one && uid.0 > above);
            }
            let listed: Vec<u32> = Samples { ranges: one.0.clone().into_iter(), now: None }.collect();
            prop_assert_eq!(listed, (0..70).filter(|uid| one.holds(Uid(*uid))).collect::<Vec<_>>());
        }
    }
}
