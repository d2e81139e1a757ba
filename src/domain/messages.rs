//! Messages in mailboxes: append (`append`), copy, move, flag, expunge, fetch, search (`searching`), sort (`sorting`). Only UIDs here; never sequence numbers.

mod append;
mod searching;
mod sorting;

use bytes::Bytes;

pub use append::{AppendOptions, Appended, AppendedAll, Replacing, ToAppend};
pub use searching::{SearchNeed, Searched, Sought, TextColumn};
pub use sorting::Sortable;

use super::mailbox::Mailbox;
use super::spool::{Content, ContentBody, OpenBlob};
use super::{Fault, Gateway};
use crate::mime::Parts;
use crate::model::{Flags, MailboxId, ModSeq, Timestamp, Uid, UidValidity, User};
use crate::store::placement::{
    Chosen, Expunged, Expunging, FetchRow, Fetching, FlagEdit, Flagging, Keeping, Transfer, Transferred, choose,
    expunge, fetch, size_of, store_flags,
};
use crate::store::{ALL_UIDS, Durability, StoreError, ranges_json};

/// What COPY and MOVE came to: RFC 4315 COPYUID, source and target in order, both rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copied {
    At { uid_validity: UidValidity, pairs: Vec<(Uid, Uid)> },
    NoSuchMailbox,
    QuotaExceeded,
}

impl From<Transferred> for Copied {
    fn from(transferred: Transferred) -> Self {
        let targets = (transferred.first.0..).map(Uid);
        Self::At {
            uid_validity: transferred.uid_validity,
            pairs: transferred.sources.into_iter().zip(targets).collect(),
        }
    }
}

/// How STORE changes flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagChange {
    Replace,
    Add,
    Remove,
}

/// STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
#[derive(Clone, Debug)]
pub struct StoreFlags {
    pub change: FlagChange,
    pub flags: Flags,
    /// Only placements whose ModSeq is not above this.
    pub unchanged_since: Option<ModSeq>,
}

/// What STORE came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Refused by UNCHANGEDSINCE: the MODIFIED response code.
    pub modified: Vec<Uid>,
    /// Left as they were: too many keywords (LIMIT).
    pub too_many_keywords: Vec<Uid>,
}

/// Which columns a FETCH needs; what is not asked is left empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    pub envelope: bool,
    pub body_structure: bool,
    pub parts: bool,
    /// The header block.
    pub header: bool,
    /// The body, where it lies in the database.
    pub body: bool,
    pub preview: bool,
}

/// One message as FETCH needs it.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub uid: Uid,
    pub envelope: Bytes,
    pub body_structure: Bytes,
    pub parts: Parts,
    pub content: Content,
    /// The first words (RFC 8970).
    pub preview: String,
}

impl Gateway {
    /// Copies messages to another (or the same) mailbox of `user`: flags, internal date kept. Absent UIDs are passed over.
    pub async fn copy(&self, user: &User, from: MailboxId, uids: &[Uid], to: &Mailbox) -> Result<Copied, Fault> {
        let transfer = Transfer::asked(from, uids, to.id, false, self.clock.now());
        if !self.has_room_for(user, &transfer, uids.len()).await? {
            return Ok(Copied::QuotaExceeded);
        }
        self.transfer(user, transfer).await
    }

    /// May the person keep so many messages besides, those that are to be copied?
    pub(super) async fn has_room_for(&self, user: &User, copy: &Transfer, messages: usize) -> Result<bool, Fault> {
        let asked = (copy.from, copy.ranges.clone());
        let size = self.store.read(asked, |tx, asked| Box::pin(size_of(tx, asked))).await?;
        self.has_room(user, messages, size).await
    }

    /// Moves messages (RFC 6851): into Trash it remembers the mailbox of origin.
    pub async fn move_messages(
        &self,
        user: &User,
        from: MailboxId,
        uids: &[Uid],
        to: &Mailbox,
    ) -> Result<Copied, Fault> {
        self.transfer(user, Transfer::asked(from, uids, to.id, true, self.clock.now())).await
    }

    async fn transfer(&self, user: &User, transfer: Transfer) -> Result<Copied, Fault> {
        let (from, to) = (transfer.from, transfer.to);
        let chosen = Chosen { user: user.id.clone(), transfer };
        let write = self.store.write(Durability::Synced, chosen, |tx, chosen| Box::pin(choose(tx, chosen)));
        let Some(transferred) = write.await? else { return Ok(Copied::NoSuchMailbox) };
        if !transferred.sources.is_empty() {
            self.changed(&[from, to]);
        }
        Ok(transferred.into())
    }

    /// Changes flags. Flags that do not change anything take no ModSeq.
    pub async fn store_flags(&self, mailbox: MailboxId, uids: &[Uid], change: StoreFlags) -> Result<Stored, Fault> {
        let flagging = Flagging {
            mailbox,
            ranges: ranges_json(uids),
            edit: match change.change {
                FlagChange::Replace => FlagEdit::Replace,
                FlagChange::Add => FlagEdit::Add,
                FlagChange::Remove => FlagEdit::Remove,
            },
            flags: change.flags,
            unchanged_since: change.unchanged_since,
            keywords_max: self.config.mailboxes.keywords_per_message_max,
        };
        // A database that fails alone leaves gateways, and clients, with ModSeqs that they have read: were flags lost with it,
        // the next change would bear the same, and never be seen. SQLite fails together with its gateway.
        let durability = if self.store.is_shared() { Durability::Synced } else { Durability::Relaxed };
        let write = self.store.write(durability, flagging, |tx, flagging| Box::pin(store_flags(tx, flagging)));
        let flagged = write.await?;
        if flagged.changed {
            self.changed(&[mailbox]);
        }
        Ok(Stored { modified: flagged.modified, too_many_keywords: flagged.too_many_keywords })
    }

    /// Removes messages marked `\Deleted`, all or among `uids`. From Trash and Drafts for good; elsewhere they go to Trash,
    /// unless the person has another copy, wherever it lies: clients that move by COPY and EXPUNGE, and those that only
    /// ever delete, both keep the person's mail, once (setting `mailboxes.expunge_to_trash`).
    pub async fn expunge(&self, mailbox: MailboxId, uids: Option<&[Uid]>) -> Result<Vec<Uid>, Fault> {
        let ranges = uids.map_or_else(|| ALL_UIDS.to_owned(), ranges_json);
        let expunging = Expunging { marked_only: true, ..self.expunging(mailbox, ranges, self.clock.now()) };
        self.expunge_these(expunging).await
    }

    pub(super) async fn expunge_these(&self, expunging: Expunging) -> Result<Vec<Uid>, Fault> {
        let mailbox = expunging.mailbox;
        let write = self.store.write(Durability::Synced, expunging, |tx, expunging| Box::pin(expunge(tx, expunging)));
        let Expunged { gone, trash } = write.await?;
        if !gone.is_empty() {
            self.changed(&[mailbox, trash.unwrap_or(mailbox)]);
            self.collecting.notify_one();
        }
        Ok(gone)
    }

    /// These messages, marked or not, as the settings have it.
    pub(super) fn expunging(&self, mailbox: MailboxId, ranges: String, now: Timestamp) -> Expunging {
        let keeping = &self.config.keeping;
        Expunging {
            mailbox,
            ranges,
            marked_only: false,
            to_trash: self.config.mailboxes.expunge_to_trash,
            keeping: Keeping {
                days: keeping.undelete_days,
                messages_max: keeping.undelete_messages_per_user_max,
                bytes_max: keeping.undelete_bytes_per_user_max,
            },
            now,
        }
    }

    /// Reads messages, rising by UID; those that are gone are left out. Ask for at most a few hundred at a time.
    /// The header block comes with `parts` and `body` too: sections are read by it.
    pub async fn fetch(&self, mailbox: MailboxId, uids: &[Uid], need: Need) -> Result<Vec<Fetched>, Fault> {
        let fetching = Fetching {
            mailbox,
            ranges: ranges_json(uids),
            envelope: need.envelope,
            body_structure: need.body_structure,
            parts: need.parts,
            header: need.header || need.body || need.parts,
            body: need.body,
            preview: need.preview,
        };
        let rows = self.store.read(fetching, |tx, fetching| Box::pin(fetch(tx, fetching))).await?;
        rows.into_iter().map(|row| fetched(mailbox, row)).collect()
    }
}

fn fetched(mailbox: MailboxId, row: FetchRow) -> Result<Fetched, Fault> {
    let parts = match &row.parts {
        Some(stored) => Parts::decode(stored).ok_or_else(|| StoreError::Inconsistent {
            table: "message",
            column: "parts",
            row: format!("{mailbox}/{}", row.uid),
        })?,
        None => Parts::default(),
    };
    Ok(Fetched {
        uid: row.uid,
        envelope: row.envelope.map(Bytes::from).unwrap_or_default(),
        body_structure: row.body_structure.map(Bytes::from).unwrap_or_default(),
        parts,
        content: Content {
            header: row.header.map(Bytes::from).unwrap_or_default(),
            body_hash: row.body_hash,
            body: match (row.body, row.blob) {
                (Some(body), _) => ContentBody::Read(body),
                (None, Some(name)) => ContentBody::InBlobStore(OpenBlob::new(name)),
                (None, None) => ContentBody::Unknown,
            },
            size: row.size,
        },
        preview: row.preview.unwrap_or_default(),
    })
}
