//! Messages in mailboxes: append, copy, move, flag, expunge, fetch, search. Only UIDs here; never sequence numbers.

use bytes::Bytes;

use super::mailbox::Mailbox;
use super::spool::{Content, Spooled};
use super::{Fault, Gateway};
use crate::mime::{Parts, SearchText};
use crate::model::{Flags, MailboxId, ModSeq, Timestamp, Uid, UidValidity, User};

/// What APPEND gives besides the message.
#[derive(Clone, Debug, Default)]
pub struct AppendOptions {
    pub flags: Flags,
    pub internal_date: Option<Timestamp>,
}

/// What APPEND came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// RFC 4315 APPENDUID. In Sent, the UID of the copy that submission filed, where it has the same Message-ID.
    At { uid_validity: UidValidity, uid: Uid },
    /// TRYCREATE: the mailbox has gone.
    NoSuchMailbox,
    /// OVERQUOTA
    QuotaExceeded,
}

/// What COPY and MOVE came to: RFC 4315 COPYUID, source and target in order, both rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copied {
    At { uid_validity: UidValidity, pairs: Vec<(Uid, Uid)> },
    NoSuchMailbox,
    QuotaExceeded,
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
}

/// One message as FETCH needs it.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub uid: Uid,
    pub envelope: Bytes,
    pub body_structure: Bytes,
    pub parts: Parts,
    pub content: Content,
}

/// Which folded texts SEARCH needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchNeed {
    /// From, To, Cc, Bcc, Subject and the Date header.
    pub heads: bool,
    pub body: bool,
}

/// One message as SEARCH needs it.
#[derive(Clone, Debug)]
pub struct Searched {
    pub uid: Uid,
    pub sent_at: Option<Timestamp>,
    pub text: SearchText,
}

impl Gateway {
    /// Adds a message to a mailbox of `user`. Durable before it returns.
    pub async fn append(
        &self,
        _user: &User,
        _mailbox: &Mailbox,
        _message: Spooled,
        _options: AppendOptions,
    ) -> Result<Appended, Fault> {
        todo!()
    }

    /// Copies messages to another (or the same) mailbox of `user`: flags, internal date kept. Absent UIDs are passed over.
    pub async fn copy(&self, _user: &User, _from: MailboxId, _uids: &[Uid], _to: &Mailbox) -> Result<Copied, Fault> {
        todo!()
    }

    /// Moves messages (RFC 6851): into Trash it remembers the mailbox of origin.
    pub async fn move_messages(
        &self,
        _user: &User,
        _from: MailboxId,
        _uids: &[Uid],
        _to: &Mailbox,
    ) -> Result<Copied, Fault> {
        todo!()
    }

    /// Changes flags. Flags that do not change anything take no ModSeq.
    pub async fn store_flags(&self, _mailbox: MailboxId, _uids: &[Uid], _change: StoreFlags) -> Result<Stored, Fault> {
        todo!()
    }

    /// Removes messages marked `\Deleted`, all or among `uids`. From Trash: for good. Elsewhere too: the client asked for it twice
    /// (RFC 9051 §6.4.3); the tombstone keeps the message for the time of retention.
    pub async fn expunge(&self, _mailbox: MailboxId, _uids: Option<&[Uid]>) -> Result<Vec<Uid>, Fault> {
        todo!()
    }

    /// Reads messages, rising by UID; those that are gone are left out. Ask for at most a few hundred at a time.
    pub async fn fetch(&self, _mailbox: MailboxId, _uids: &[Uid], _need: Need) -> Result<Vec<Fetched>, Fault> {
        todo!()
    }

    /// Reads folded texts for SEARCH, rising by UID, those that are gone left out.
    pub async fn search_texts(
        &self,
        _mailbox: MailboxId,
        _uids: &[Uid],
        _need: SearchNeed,
    ) -> Result<Vec<Searched>, Fault> {
        todo!()
    }
}
