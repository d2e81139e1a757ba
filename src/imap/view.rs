//! PURE: what one client has been told about the mailbox it selected (RFC 9051 §2.3.1.2, §7.5.1).
//!
//! Sequence numbers exist here only. A view holds the newest [`Snapshot`] noted, shared with every other session, and
//! the little that the client does not know of it yet: messages expunged but not told ("zombies" keep their number until
//! then), messages arrived but not told, flags changed but not told. Two verbs: [`MailboxView::note`] what the store
//! says, [`MailboxView::tell`] the client.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::wire::command::{Numbers, SequenceSet};
use super::wire::notify::MessageEvents;
use crate::domain::snapshot::{Entry, Snapshot};
use crate::model::{ModSeq, SeqNum, Uid};

#[cfg(test)]
mod tests;

/// May EXPUNGE be told now? Never while FETCH, STORE or SEARCH answers (RFC 9051 §7.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expunges {
    Tell,
    Hold,
    /// It is what the command answers: told even to a client that wants to hear of nothing (RFC 5465 §3.1).
    Answer,
}

/// One untagged response that brings the client up to date, to be written in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Untagged {
    Expunge(SeqNum, Uid),
    Exists(u32),
    /// FETCH with the flags that the message has now.
    Flags(SeqNum, Uid),
}

impl Untagged {
    /// The message that an EXPUNGE takes out of the view.
    pub(super) fn expunged(&self) -> Option<Uid> {
        match self {
            Self::Expunge(_, uid) => Some(*uid),
            Self::Exists(_) | Self::Flags(..) => None,
        }
    }
}

/// A command names a sequence number that its mailbox has not got: BAD (RFC 9051 §9, `seq-number`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfRange;

/// One client's view of the mailbox.
#[derive(Debug)]
pub(super) struct MailboxView {
    snapshot: Arc<Snapshot>,
    /// Entries of the snapshot that the client knows: all up to `last_told`.
    told: usize,
    /// The last UID told; UIDs rise, so every entry above it is news.
    last_told: Uid,
    /// Told, and expunged since; rising.
    zombies: Vec<Uid>,
    /// Flag changes up to here have been told …
    flags_told: ModSeq,
    /// … and of these messages further ones, by an answer of this session: ModSeq of the state told.
    told_early: BTreeMap<Uid, ModSeq>,
    /// The client has heard of every change up to here, expunges too: it may come back with this one.
    complete: ModSeq,
    /// What `$` means; rising. Those that have left the view since mean nothing (RFC 5182 §2.1).
    saved: Vec<Uid>,
}

impl MailboxView {
    /// The view of a client that SELECT tells all of `snapshot`.
    pub(super) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            told: snapshot.entries.len(),
            last_told: snapshot.entries.last().map_or(Uid(0), |entry| entry.uid),
            zombies: Vec::new(),
            flags_told: snapshot.mod_seq,
            told_early: BTreeMap::new(),
            complete: snapshot.mod_seq,
            saved: Vec::new(),
            snapshot,
        }
    }

    /// The newest state noted.
    pub(super) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// How many messages the client knows of, zombies included: the last EXISTS less the EXPUNGEs since.
    pub(super) fn exists(&self) -> u32 {
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// The same, as a number of places.
    pub(super) fn len(&self) -> usize {
        self.told + self.zombies.len()
    }

    /// Takes note of a newer state of the same mailbox. An older one is passed over.
    pub(super) fn note(&mut self, newer: Arc<Snapshot>) {
        if newer.mod_seq <= self.snapshot.mod_seq {
            return;
        }
        let still_there = count_up_to(&newer, self.last_told);
        if still_there != self.told {
            self.bury(&newer);
        }
        self.told = still_there;
        self.snapshot = newer;
    }

    /// Those told and no longer in `newer` become zombies.
    fn bury(&mut self, newer: &Snapshot) {
        let mut there = newer.entries.iter().map(|entry| entry.uid).peekable();
        for uid in self.snapshot.entries.iter().take(self.told).map(|entry| entry.uid) {
            while there.next_if(|other| *other < uid).is_some() {}
            if there.next_if_eq(&uid).is_none() {
                self.zombies.push(uid);
            }
        }
        self.zombies.sort_unstable();
    }

    /// Has the client something to hear?
    pub(super) fn has_news(&self) -> bool {
        !self.zombies.is_empty() || self.told != self.snapshot.entries.len() || self.flags_told < self.snapshot.mod_seq
    }

    /// The last message told: those above it are new to the client.
    pub(super) fn last_told(&self) -> Uid {
        self.last_told
    }

    /// Those told that the mailbox has no more, rising; they keep their numbers until that is told.
    pub(super) fn zombies(&self) -> &[Uid] {
        &self.zombies
    }

    /// What brings the client up to date, as far as it wants to be: EXPUNGEs (last message first, so that no number shifts
    /// under the next one), then EXISTS, then the flags of messages it knew before.
    pub(super) fn tell(&mut self, expunges: Expunges, wanted: MessageEvents) -> Vec<Untagged> {
        let mut untagged = Vec::new();
        if !self.has_news() {
            return untagged;
        }
        let wants_messages = wanted != MessageEvents::Nothing;
        if expunges == Expunges::Answer || (expunges == Expunges::Tell && wants_messages) {
            let numbers = self.zombies.iter().rev().filter_map(|uid| Some(Untagged::Expunge(self.seq_of(*uid)?, *uid)));
            untagged.extend(numbers);
            self.zombies.clear();
        }
        let known_up_to = self.last_told;
        if self.told != self.snapshot.entries.len() && wants_messages {
            self.told = self.snapshot.entries.len();
            self.last_told = self.snapshot.entries.last().map_or(self.last_told, |entry| entry.uid);
            untagged.push(Untagged::Exists(self.exists()));
        }
        if self.flags_told < self.snapshot.mod_seq {
            let flags = self.changed_flags(known_up_to);
            // Those that the client does not want to hear of are not taken for told.
            if flags.is_empty() || wanted == MessageEvents::MessagesAndFlags {
                untagged.extend(flags);
                self.flags_told = self.snapshot.mod_seq;
                self.told_early.clear();
            }
        }
        if !self.has_news() {
            self.complete = self.snapshot.mod_seq;
        }
        untagged
    }

    /// The flags that others have changed on messages up to `known_up_to`.
    fn changed_flags(&self, known_up_to: Uid) -> Vec<Untagged> {
        let changed = self.snapshot.entries.changed_since(self.flags_told);
        let known = changed.take_while(|entry| entry.uid <= known_up_to);
        let changed = known.filter(|entry| self.is_flag_news(entry));
        changed.filter_map(|entry| Some(Untagged::Flags(self.seq_of(entry.uid)?, entry.uid))).collect()
    }

    /// The ModSeq that the client may come back with: below it, it has missed nothing (RFC 7162 §6, erratum 1810 of
    /// RFC 5162). While expunges are held it stays below theirs.
    pub(super) fn complete(&self) -> ModSeq {
        self.complete
    }

    /// Expunged, and still counted by the client; rising.
    pub(super) fn held(&self) -> &[Uid] {
        &self.zombies
    }

    fn is_flag_news(&self, entry: &Entry) -> bool {
        entry.mod_seq > self.flags_told && self.told_early.get(&entry.uid).is_none_or(|told| *told < entry.mod_seq)
    }

    /// An answer of this session has just shown the flags of `uid` as the snapshot has them (or was asked not to).
    pub(super) fn told_flags(&mut self, uid: Uid) {
        if let Some(entry) = self.snapshot.entry(uid)
            && entry.mod_seq > self.flags_told
        {
            self.told_early.insert(uid, entry.mod_seq);
        }
    }

    /// The number that the client knows the message by; `None` where it has not been told of it.
    pub(super) fn seq_of(&self, uid: Uid) -> Option<SeqNum> {
        let index = self.lower_bound(uid);
        (self.uid_at(index)? == uid).then(|| seq_num(index))
    }

    /// The message with this sequence number.
    #[cfg(test)]
    pub(super) fn uid_of(&self, seq: SeqNum) -> Option<Uid> {
        self.uid_at(usize::try_from(seq.0).ok()?.checked_sub(1)?)
    }

    /// The message at a place of the view, from 0: a zombie or an entry, whichever stands there.
    pub(super) fn uid_at(&self, index: usize) -> Option<Uid> {
        let zombies_before = partition_point(self.zombies.len(), |zombie| self.zombie_index(zombie) < index);
        if zombies_before < self.zombies.len() && self.zombie_index(zombies_before) == index {
            return self.zombies.get(zombies_before).copied();
        }
        let position = index.checked_sub(zombies_before).filter(|position| *position < self.told)?;
        self.snapshot.entries.get(position).map(|entry| entry.uid)
    }

    /// Where the nth zombie stands in the view.
    fn zombie_index(&self, zombie: usize) -> usize {
        let entries_before = self.zombies.get(zombie).map_or(self.told, |uid| count_below(&self.snapshot, *uid));
        entries_before + zombie
    }

    /// How many messages of the view lie below `uid`.
    fn lower_bound(&self, uid: Uid) -> usize {
        count_below(&self.snapshot, uid).min(self.told) + self.zombies.partition_point(|zombie| *zombie < uid)
    }

    /// The messages that a set means, rising, each once, zombies included. UIDs that are not in the view are passed
    /// over; sequence numbers above EXISTS are an error, save by a `*` that means nothing in an empty mailbox.
    pub(super) fn select(&self, set: &SequenceSet, numbers: Numbers) -> Result<Vec<Uid>, OutOfRange> {
        let places = self.places(set, numbers)?.into_iter();
        if self.zombies.is_empty() {
            let entries =
                places.flat_map(|places| self.snapshot.entries.range(places.start..places.end.min(self.told)));
            return Ok(entries.map(|entry| entry.uid).collect());
        }
        Ok(places.flatten().filter_map(|index| self.uid_at(index)).collect())
    }

    /// The same as [`MailboxView::select`], as spans of UIDs, both ends within: as long as the set, not as the mailbox.
    pub(super) fn spans(&self, set: &SequenceSet, numbers: Numbers) -> Result<Vec<(Uid, Uid)>, OutOfRange> {
        let ends = |places: Range<usize>| Some((self.uid_at(places.start)?, self.uid_at(places.end.checked_sub(1)?)?));
        let places = self.places(set, numbers)?.into_iter().filter(|places| !places.is_empty());
        Ok(places.filter_map(ends).collect())
    }

    fn places(&self, set: &SequenceSet, numbers: Numbers) -> Result<Vec<Range<usize>>, OutOfRange> {
        let set = match set {
            SequenceSet::Ranges(set) => set,
            SequenceSet::Saved => return Ok(self.saved_places()),
        };
        let mut ranges = Vec::with_capacity(set.len());
        for range in set {
            ranges.push(match numbers {
                Numbers::Uid => self.uid_range(*range),
                Numbers::Sequence => self.sequence_range(*range)?,
            });
        }
        Ok(merge(ranges))
    }

    fn saved_places(&self) -> Vec<Range<usize>> {
        let place = |uid: &Uid| {
            let index = self.lower_bound(*uid);
            (self.uid_at(index)? == *uid).then_some(index..index + 1)
        };
        merge(self.saved.iter().filter_map(place).collect())
    }

    /// From now on `$` means these, rising.
    pub(super) fn save(&mut self, uids: Vec<Uid>) {
        self.saved = uids;
    }

    /// Places of a range of UIDs; `*` is the last message's (RFC 9051 §9, `seq-range`: ends in either order).
    fn uid_range(&self, (from, to): (Option<u32>, Option<u32>)) -> Range<usize> {
        let Some(last) = self.len().checked_sub(1).and_then(|index| self.uid_at(index)) else { return 0..0 };
        let (from, to) = (from.unwrap_or(last.0), to.unwrap_or(last.0));
        let (low, high) = (from.min(to), from.max(to));
        self.lower_bound(Uid(low))..high.checked_add(1).map_or(self.len(), |above| self.lower_bound(Uid(above)))
    }

    fn sequence_range(&self, (from, to): (Option<u32>, Option<u32>)) -> Result<Range<usize>, OutOfRange> {
        let last = self.exists();
        if last == 0 && (from.is_none() || to.is_none()) {
            return Ok(0..0);
        }
        let (from, to) = (from.unwrap_or(last), to.unwrap_or(last));
        let (low, high) = (from.min(to), from.max(to));
        if low == 0 || high > last {
            return Err(OutOfRange);
        }
        let low = usize::try_from(low).map_err(|_| OutOfRange)?;
        let high = usize::try_from(high).map_err(|_| OutOfRange)?;
        Ok(low - 1..high)
    }
}

/// A place in a view, from 0, as sequence number.
fn seq_num(index: usize) -> SeqNum {
    SeqNum(u32::try_from(index).map_or(u32::MAX, |index| index.saturating_add(1)))
}

/// Entries below `uid`.
fn count_below(snapshot: &Snapshot, uid: Uid) -> usize {
    snapshot.entries.find(uid).unwrap_or_else(|place| place)
}

/// Entries up to `uid`.
pub(super) fn count_up_to(snapshot: &Snapshot, uid: Uid) -> usize {
    match snapshot.entries.find(uid) {
        Ok(place) => place + 1,
        Err(place) => place,
    }
}

/// How many of `0..count` come first for which `holds` is true (it is true of a prefix).
fn partition_point(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The same places, rising, without overlap.
fn merge(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}
