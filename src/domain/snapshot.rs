//! A mailbox's UIDs, flags and ModSeqs in memory: once per node, shared by its sessions, caught up by delta.

use std::sync::Arc;

use super::{Fault, Gateway};
use crate::model::{Flags, MailboxId, MessageId, ModSeq, Timestamp, Uid, UidValidity};

/// A state that the mailbox had. Immutable and cheap to keep: sessions hold the one that their client was told.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub mailbox: MailboxId,
    pub uid_validity: UidValidity,
    pub uid_next: Uid,
    pub mod_seq: ModSeq,
    /// Rising by UID.
    pub entries: imbl::Vector<Entry>,
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
}

impl Snapshot {
    /// Place of a UID among the entries, from 0.
    pub fn position(&self, uid: Uid) -> Option<usize> {
        self.entries.binary_search_by(|entry| entry.uid.cmp(&uid)).ok()
    }

    /// The entry with this UID.
    pub fn entry(&self, uid: Uid) -> Option<&Entry> {
        self.position(uid).and_then(|position| self.entries.get(position))
    }
}

/// The mailboxes that sessions have open.
#[derive(Default)]
pub struct Snapshots {}

impl Gateway {
    /// The mailbox as it is now, own writes included. `None` where it has been deleted.
    /// Costs one row where nothing changed.
    pub async fn snapshot(&self, _mailbox: MailboxId) -> Result<Option<Arc<Snapshot>>, Fault> {
        todo!()
    }
}
