//! PURE: the placements of a mailbox, rising by UID: cheap to look up, to read in order, and to bring forward.
//!
//! They lie in chunks that states of the mailbox share: a change copies one chunk and the list of chunks. Each chunk knows
//! the newest ModSeq in it, so that "what changed since" passes over those where nothing did.

use std::ops::Range;
use std::sync::Arc;

use super::Entry;
use crate::model::{ModSeq, Uid};

/// Entries in a chunk, at most.
const CHUNK_LEN: usize = 128;

/// Rising by UID. Cloning copies one pointer.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    chunks: Arc<Vec<Chunk>>,
}

/// Never empty.
#[derive(Clone, Debug)]
struct Chunk {
    first: Uid,
    /// The place of its first entry among all.
    start: usize,
    /// No entry of it is newer.
    newest: ModSeq,
    entries: Arc<Vec<Entry>>,
}

impl Entries {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.chunks.last().map_or(0, |chunk| chunk.start + chunk.entries.len())
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The entry at a place, from 0.
    pub fn get(&self, place: usize) -> Option<&Entry> {
        let chunk = self.chunks.get(self.chunk_at(place)?)?;
        chunk.entries.get(place - chunk.start)
    }

    /// The entry with the highest UID.
    pub fn last(&self) -> Option<&Entry> {
        self.chunks.last()?.entries.last()
    }

    /// The place of a UID; `Err` with the place that it would take.
    pub fn find(&self, uid: Uid) -> Result<usize, usize> {
        let Some(chunk) = self.chunk_of(uid).and_then(|index| self.chunks.get(index)) else { return Err(0) };
        match chunk.find(uid) {
            Ok(place) => Ok(chunk.start + place),
            Err(place) => Err(chunk.start + place),
        }
    }

    /// The entry with this UID.
    pub fn with_uid(&self, uid: Uid) -> Option<&Entry> {
        let chunk = self.chunks.get(self.chunk_of(uid)?)?;
        chunk.entries.get(chunk.find(uid).ok()?)
    }

    /// All of them, rising.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.chunks.iter().flat_map(|chunk| chunk.entries.iter())
    }

    /// Those at these places, rising.
    pub fn range(&self, places: Range<usize>) -> impl Iterator<Item = &Entry> {
        let first = self.chunk_at(places.start).unwrap_or(self.chunks.len());
        let chunks = self.chunks.get(first..).unwrap_or_default();
        let skipped = chunks.first().map_or(0, |chunk| places.start - chunk.start);
        chunks.iter().flat_map(|chunk| chunk.entries.iter()).skip(skipped).take(places.len())
    }

    /// Those whose ModSeq is above `since`, rising by UID.
    pub fn changed_since(&self, since: ModSeq) -> impl Iterator<Item = &Entry> {
        let chunks = self.chunks.iter().filter(move |chunk| chunk.newest > since);
        chunks.flat_map(|chunk| chunk.entries.iter()).filter(move |entry| entry.mod_seq > since)
    }

    /// Adds an entry, or puts it in the place of its former state.
    pub fn put(&mut self, entry: Entry) {
        let chunks = Arc::make_mut(&mut self.chunks);
        let index = match chunks.partition_point(|chunk| chunk.first <= entry.uid) {
            0 => 0,
            above => above - 1,
        };
        let Some(chunk) = chunks.get_mut(index) else { return chunks.push(Chunk::of(vec![entry])) };
        let is_last = chunk.entries.last().is_none_or(|last| last.uid < entry.uid);
        if is_last && chunk.entries.len() >= CHUNK_LEN {
            chunks.insert(index + 1, Chunk::of(vec![entry]));
        } else {
            chunk.put(entry);
            if let Some(upper) = chunk.split() {
                chunks.insert(index + 1, upper);
            }
        }
        Self::count(chunks, index);
    }

    /// Takes an entry out, if it is there.
    pub fn remove(&mut self, uid: Uid) {
        let Some(index) = self.chunk_of(uid) else { return };
        let Some(Ok(place)) = self.chunks.get(index).map(|chunk| chunk.find(uid)) else { return };
        let chunks = Arc::make_mut(&mut self.chunks);
        let Some(chunk) = chunks.get_mut(index) else { return };
        Arc::make_mut(&mut chunk.entries).remove(place);
        match chunk.entries.first() {
            Some(first) => chunk.first = first.uid,
            None => drop(chunks.remove(index)),
        }
        Self::count(chunks, index);
    }

    /// Makes the places right again, from a chunk on.
    fn count(chunks: &mut [Chunk], from: usize) {
        let before = from.checked_sub(1).and_then(|before| chunks.get(before));
        let mut start = before.map_or(0, |chunk| chunk.start + chunk.entries.len());
        for chunk in chunks.iter_mut().skip(from) {
            chunk.start = start;
            start += chunk.entries.len();
        }
    }

    /// The chunk that holds a place, or that would, were it longer.
    fn chunk_at(&self, place: usize) -> Option<usize> {
        self.chunks.partition_point(|chunk| chunk.start <= place).checked_sub(1)
    }

    /// The chunk where a UID stands, if it is there; the first one for those below all.
    fn chunk_of(&self, uid: Uid) -> Option<usize> {
        let above = self.chunks.partition_point(|chunk| chunk.first <= uid);
        (!self.chunks.is_empty()).then(|| above.saturating_sub(1))
    }
}

impl Chunk {
    /// Of some entries, rising.
    fn of(entries: Vec<Entry>) -> Self {
        Self {
            first: entries.first().map_or(Uid(0), |first| first.uid),
            start: 0,
            newest: entries.iter().map(|entry| entry.mod_seq).max().unwrap_or(ModSeq(0)),
            entries: Arc::new(entries),
        }
    }

    fn find(&self, uid: Uid) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.uid.cmp(&uid))
    }

    fn put(&mut self, entry: Entry) {
        self.newest = self.newest.max(entry.mod_seq);
        self.first = self.first.min(entry.uid);
        let found = self.find(entry.uid);
        let entries = Arc::make_mut(&mut self.entries);
        match found {
            Ok(place) => {
                if let Some(there) = entries.get_mut(place) {
                    *there = entry;
                }
            }
            Err(place) => entries.insert(place, entry),
        }
    }

    /// Gives up its upper half, where it has grown too long.
    fn split(&mut self) -> Option<Self> {
        let too_long = self.entries.len() > CHUNK_LEN;
        too_long.then(|| Self::of(Arc::make_mut(&mut self.entries).split_off(CHUNK_LEN / 2)))
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Entries {}

impl FromIterator<Entry> for Entries {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut all = Self::default();
        entries.into_iter().for_each(|entry| all.put(entry));
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{Flags, MessageId, Timestamp};

    fn entry(uid: u32, mod_seq: i64) -> Entry {
        Entry {
            uid: Uid(uid),
            flags: Flags::default(),
            mod_seq: ModSeq(mod_seq),
            message: MessageId(1),
            size: 1,
            internal_date: Timestamp(0),
            save_date: Timestamp(0),
            sent_day: crate::domain::snapshot::SentDay::from(None),
        }
    }

    fn told<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<(u32, i64)> {
        entries.map(pair).collect()
    }

    fn pair(entry: &Entry) -> (u32, i64) {
        (entry.uid.0, entry.mod_seq.0)
    }

    proptest! {
        /// Whatever is put and removed, every question is answered as a map would.
        #[test]
        fn is_a_map_in_order(
            steps in proptest::collection::vec((1_u32..2_000, any::<bool>()), 0..3_000),
            asked in 0_u32..2_100, from in 0_usize..2_000, count in 0_usize..400,
        ) {
            let (mut entries, mut map, mut kept) = (Entries::default(), BTreeMap::new(), Vec::new());
            for (at, (uid, adds)) in steps.iter().enumerate() {
                let mod_seq = i64::try_from(at).unwrap() + 1;
                if *adds || at % 3 == 0 {
                    entries.put(entry(*uid, mod_seq));
                    map.insert(*uid, mod_seq);
                } else {
                    entries.remove(Uid(*uid));
                    map.remove(uid);
                }
                if at == steps.len() / 2 {
                    kept = vec![(entries.clone(), map.clone())];
                }
            }
            kept.push((entries, map));
            for (entries, map) in kept {
                let all: Vec<(u32, i64)> = map.into_iter().collect();
                prop_assert_eq!(entries.len(), all.len());
                prop_assert_eq!(entries.is_empty(), all.is_empty());
                prop_assert_eq!(told(entries.iter()), all.clone());
                prop_assert_eq!(entries.last().map(pair), all.last().copied());
                prop_assert_eq!(entries.get(from).map(pair), all.get(from).copied());
                prop_assert_eq!(entries.find(Uid(asked)), all.binary_search_by_key(&asked, |pair| pair.0));
                let with_uid = all.iter().find(|pair| pair.0 == asked);
                prop_assert_eq!(entries.with_uid(Uid(asked)).map(pair), with_uid.copied());
                let range: Vec<_> = all.iter().copied().skip(from).take(count).collect();
                prop_assert_eq!(told(entries.range(from..from + count)), range);
                let since = i64::try_from(from).unwrap();
                let changed: Vec<_> = all.iter().copied().filter(|pair| pair.1 > since).collect();
                prop_assert_eq!(told(entries.changed_since(ModSeq(since))), changed);
            }
        }
    }
}
