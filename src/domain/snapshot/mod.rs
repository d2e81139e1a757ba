//! A mailbox's UIDs, flags and ModSeqs in memory: once per node, shared by its sessions, caught up by delta.

mod entries;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Fault, Gateway};
use crate::model::{Flags, MailboxId, MessageId, ModSeq, Timestamp, Uid, UidValidity};
use crate::store::mailbox::counters;
use crate::store::placement::{News, PlacementRow, Vanished, each, news, vanished};
use crate::store::{StoreError, Tx};
pub use entries::Entries;

/// How long a snapshot that no session holds is kept, microseconds.
const KEPT_UNUSED: i64 = 60_000_000;

/// A state that the mailbox had. Immutable and cheap to keep: sessions hold the one that their client was told.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub mailbox: MailboxId,
    pub uid_validity: UidValidity,
    pub uid_next: Uid,
    pub mod_seq: ModSeq,
    pub entries: Entries,
}

/// One placement, as far as lists need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub uid: Uid,
    pub flags: Flags,
    pub mod_seq: ModSeq,
    pub message: MessageId,
    pub size: u64,
    pub internal_date: Timestamp,
    pub save_date: Timestamp,
    pub sent_day: SentDay,
}

/// The day that a Date header names, if there is one: as small as an entry allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentDay(i32);

impl SentDay {
    const NONE: i32 = i32::MIN;

    /// Days since 1970-01-01.
    pub fn day(self) -> Option<i64> {
        (self.0 != Self::NONE).then_some(i64::from(self.0))
    }
}

impl From<Option<i32>> for SentDay {
    fn from(day: Option<i32>) -> Self {
        Self(day.unwrap_or(Self::NONE))
    }
}

impl Snapshot {
    /// The entry with this UID.
    pub fn entry(&self, uid: Uid) -> Option<&Entry> {
        self.entries.with_uid(uid)
    }

    /// What it has become.
    fn brought_forward(&self, news: News) -> Self {
        let (mut entries, counters) = (self.entries.clone(), news.counters);
        news.expunged.into_iter().for_each(|uid| entries.remove(uid));
        news.changed.into_iter().for_each(|row| entries.put(entry(row)));
        Self {
            mailbox: self.mailbox,
            uid_validity: counters.uid_validity,
            uid_next: counters.uid_next,
            mod_seq: counters.mod_seq,
            entries,
        }
    }
}

/// The mailboxes that sessions have open.
#[derive(Default)]
pub struct Snapshots {
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    by_mailbox: HashMap<MailboxId, Slot>,
    tidied_at: Option<Timestamp>,
}

struct Slot {
    shared: Arc<Shared>,
    used_at: Timestamp,
}

/// One mailbox's latest snapshot. Who holds `catching_up` brings it forward; the others wait and find it done.
#[derive(Default)]
struct Shared {
    latest: Mutex<Option<Arc<Snapshot>>>,
    catching_up: tokio::sync::Mutex<()>,
}

impl Shared {
    fn latest(&self) -> Option<Arc<Snapshot>> {
        self.latest.lock().clone()
    }

    /// The latest snapshot, if it is no older than `mod_seq`.
    fn at_least(&self, mod_seq: ModSeq) -> Option<Arc<Snapshot>> {
        self.latest.lock().as_ref().filter(|snapshot| snapshot.mod_seq >= mod_seq).map(Arc::clone)
    }

    /// Does a session hold the latest snapshot, or work on it?
    fn is_used(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1 || self.latest.lock().as_ref().is_some_and(|latest| Arc::strong_count(latest) > 1)
    }
}

impl Snapshots {
    fn slot(&self, mailbox: MailboxId, now: Timestamp) -> Arc<Shared> {
        let mut slots = self.slots.lock();
        let tidied_at = *slots.tidied_at.get_or_insert(now);
        if now.0.saturating_sub(tidied_at.0) > KEPT_UNUSED / 2 {
            slots.tidied_at = Some(now);
            slots
                .by_mailbox
                .retain(|_, slot| now.0.saturating_sub(slot.used_at.0) < KEPT_UNUSED || slot.shared.is_used());
        }
        let slot = slots
            .by_mailbox
            .entry(mailbox)
            .or_insert_with(|| Slot { shared: Arc::new(Shared::default()), used_at: now });
        slot.used_at = now;
        Arc::clone(&slot.shared)
    }

    /// How many are in memory.
    pub(super) fn len(&self) -> usize {
        self.slots.lock().by_mailbox.len()
    }

    fn forget(&self, mailbox: MailboxId) {
        self.slots.lock().by_mailbox.remove(&mailbox);
    }
}

impl Gateway {
    /// The mailbox as it is now, own writes included. `None` where it has been deleted.
    /// Costs one row where nothing changed.
    pub async fn snapshot(&self, mailbox: MailboxId) -> Result<Option<Arc<Snapshot>>, Fault> {
        let shared = self.snapshots.slot(mailbox, self.clock.now());
        let catching_up = match shared.catching_up.try_lock() {
            Ok(catching_up) => catching_up,
            // Somebody is at it: should that bring it far enough, the work is done once for all.
            Err(_) => {
                let Some(now) = self.store.read(mailbox, |tx, mailbox| Box::pin(counters(tx, mailbox))).await? else {
                    self.snapshots.forget(mailbox);
                    return Ok(None);
                };
                let catching_up = shared.catching_up.lock().await;
                if let Some(snapshot) = shared.at_least(now.mod_seq) {
                    return Ok(Some(snapshot));
                }
                catching_up
            }
        };
        let snapshot = match shared.latest() {
            Some(before) => self.catch_up(before).await?,
            None => self.read_snapshot(mailbox).await?,
        };
        match &snapshot {
            Some(snapshot) => *shared.latest.lock() = Some(Arc::clone(snapshot)),
            None => self.snapshots.forget(mailbox),
        }
        drop(catching_up);
        Ok(snapshot)
    }

    async fn catch_up(&self, before: Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Fault> {
        let since = (before.mailbox, before.mod_seq);
        let Some(news) = self.store.read(since, |tx, since| Box::pin(news(tx, since))).await? else { return Ok(None) };
        if news.forgotten > before.mod_seq {
            return self.read_snapshot(before.mailbox).await;
        }
        let is_newer = news.counters.mod_seq > before.mod_seq;
        Ok(Some(if is_newer { Arc::new(before.brought_forward(news)) } else { before }))
    }

    async fn read_snapshot(&self, mailbox: MailboxId) -> Result<Option<Arc<Snapshot>>, Fault> {
        let read = self.store.read_snapshot(mailbox, |tx, mailbox| Box::pin(read_whole(tx, *mailbox)));
        Ok(read.await?.map(Arc::new))
    }

    /// The UIDs that were expunged behind `since` and that `snapshot` shows gone, as ranges, rising. Where it is so long
    /// ago that some have been forgotten, everything that is not there (RFC 7162 §3.2.5.1, §5.3).
    pub async fn vanished_since(&self, snapshot: &Snapshot, since: ModSeq) -> Result<Vec<(Uid, Uid)>, Fault> {
        if since >= snapshot.mod_seq {
            return Ok(Vec::new());
        }
        let asked = (snapshot.mailbox, since, snapshot.mod_seq);
        Ok(match self.store.read(asked, |tx, asked| Box::pin(vanished(tx, asked))).await? {
            Vanished::Known(uids) => ranges(uids),
            Vanished::Forgotten => gaps(snapshot),
        })
    }
}

/// Neighbours joined.
fn ranges(uids: Vec<Uid>) -> Vec<(Uid, Uid)> {
    let mut ranges: Vec<(Uid, Uid)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.0.checked_add(1) == Some(uid.0) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    ranges
}

/// Every UID that there has been and that is not there.
fn gaps(snapshot: &Snapshot) -> Vec<(Uid, Uid)> {
    let mut gaps = Vec::new();
    let mut next = 1_u32;
    for uid in snapshot.entries.iter().map(|entry| entry.uid).chain([snapshot.uid_next]) {
        if uid.0 > next {
            gaps.push((Uid(next), Uid(uid.0 - 1)));
        }
        next = uid.0.saturating_add(1);
    }
    gaps
}

/// The mailbox as it is in this transaction.
async fn read_whole(tx: &mut Tx<'_>, mailbox: MailboxId) -> Result<Option<Snapshot>, StoreError> {
    let Some(counters) = counters(tx, &mailbox).await? else { return Ok(None) };
    let mut entries = Entries::default();
    each(tx, mailbox, |row| entries.put(entry(row))).await?;
    Ok(Some(Snapshot {
        mailbox,
        uid_validity: counters.uid_validity,
        uid_next: counters.uid_next,
        mod_seq: counters.mod_seq,
        entries,
    }))
}

fn entry(row: PlacementRow) -> Entry {
    Entry {
        uid: row.uid,
        flags: row.flags,
        mod_seq: row.mod_seq,
        message: row.message,
        size: row.size,
        internal_date: row.internal_date,
        save_date: row.save_date,
        sent_day: SentDay::from(row.sent_day),
    }
}
