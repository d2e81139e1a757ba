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

/// Numbers in one VANISHED: longer lines are more than clients may bear.
const VANISHED_MAX: usize = 1000;

/// What SELECT (QRESYNC …) has to tell: found before the mailbox is opened, told behind the rest.
pub(super) struct Missed {
    since: ModSeq,
    known: Option<UidSet>,
    vanished: Vec<Uid>,
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
    let mut vanished = context.gateway.vanished_since(snapshot, ask.mod_seq).await?;
    vanished.retain(|uid| known.as_ref().is_none_or(|known| known.holds(*uid)));
    Ok(Some(Missed { since: ask.mod_seq, known, vanished }))
}

impl Missed {
    /// Tells it: first what has gone, then the flags of what has changed (RFC 7162 §3.2.5.1).
    pub(super) async fn tell(
        self,
        context: &mut Context<'_>,
        account: &Account,
        selected: &SelectedMailbox,
    ) -> Result<(), End> {
        write_vanished(context, true, &self.vanished).await?;
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
    let asked = UidSet::of(set);
    let mut vanished = context.gateway.vanished_since(view.snapshot(), since).await?;
    vanished.retain(|uid| asked.holds(*uid) && view.seq_of(*uid).is_none());
    Ok(write_vanished(context, true, &vanished).await?)
}

/// VANISHED with these UIDs, rising; as many responses as it takes, none for none.
pub(super) async fn write_vanished(context: &mut Context<'_>, earlier: bool, uids: &[Uid]) -> Result<(), End> {
    for uids in uids.chunks(VANISHED_MAX) {
        write::vanished(&mut context.client.out, earlier, uids.iter().copied());
        context.client.drain().await?;
    }
    Ok(())
}

/// Ranges of UIDs that may not exist any more; `*` has no end, for what has gone may lie above what is there.
struct UidSet(Vec<(u32, u32)>);

impl UidSet {
    fn of(set: &SequenceSet) -> Self {
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
    }
}
