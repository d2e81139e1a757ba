//! Mailboxes: list, open, create, rename, delete, subscribe, status, quota. Names are a person's own; nobody else's can be named.

use super::{Fault, Gateway};
use crate::model::{MailboxId, MailboxName, ModSeq, SpecialUse, Uid, UidValidity, User};

/// A mailbox of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    pub id: MailboxId,
    pub name: MailboxName,
    pub special_use: Option<SpecialUse>,
    pub uid_validity: UidValidity,
    pub subscribed: bool,
}

/// Everything LIST may show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxList {
    /// INBOX first, then Drafts, Sent, Trash, then by name.
    pub mailboxes: Vec<Mailbox>,
    /// Subscribed names that are no mailbox.
    pub subscribed_only: Vec<MailboxName>,
}

/// What STATUS answers (RFC 9051 §6.3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub messages: u32,
    pub uid_next: Uid,
    pub uid_validity: UidValidity,
    pub unseen: u32,
    pub deleted: u32,
    /// Octets.
    pub size: u64,
    pub highest_mod_seq: ModSeq,
}

/// Why a mailbox command cannot be done. IMAP maps these to response codes (RFC 9051 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailboxRefusal {
    /// NONEXISTENT
    NoSuchMailbox,
    /// ALREADYEXISTS
    AlreadyExists,
    /// CANNOT: INBOX and the other special mailboxes may not be deleted, nor renamed (INBOX: see `rename_mailbox`).
    Special,
    /// CANNOT: a second Sent, Drafts or Trash under the name another client gives it ("Sent Messages", « Corbeille »…).
    DuplicatesSpecial(SpecialUse),
    /// HASCHILDREN
    HasChildren,
    /// LIMIT
    TooMany,
    TooDeep,
    NameTooLong,
}

/// Storage used and allowed, octets; and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub used_bytes: u64,
    pub limit_bytes: u64,
}

impl Gateway {
    /// All mailboxes of a person.
    pub async fn mailboxes(&self, _user: &User) -> Result<MailboxList, Fault> {
        todo!()
    }

    /// One mailbox by name.
    pub async fn mailbox(&self, _user: &User, _name: &MailboxName) -> Result<Option<Mailbox>, Fault> {
        todo!()
    }

    /// Status of some mailboxes of the person, in one query. Order as asked; those that are gone are left out.
    pub async fn status(&self, _user: &User, _mailboxes: &[MailboxId]) -> Result<Vec<(MailboxId, Status)>, Fault> {
        todo!()
    }

    /// Creates a mailbox and the missing ones above it (RFC 9051 §6.3.4); subscribed.
    pub async fn create_mailbox(
        &self,
        _user: &User,
        _name: &MailboxName,
    ) -> Result<Result<Mailbox, MailboxRefusal>, Fault> {
        todo!()
    }

    /// Deletes a mailbox: its messages go to Trash, none is lost (RFC 9051 §6.3.5).
    pub async fn delete_mailbox(&self, _user: &User, _name: &MailboxName) -> Result<Result<(), MailboxRefusal>, Fault> {
        todo!()
    }

    /// Renames a mailbox and those below it; of INBOX, moves its messages (RFC 9051 §6.3.6).
    pub async fn rename_mailbox(
        &self,
        _user: &User,
        _from: &MailboxName,
        _to: &MailboxName,
    ) -> Result<Result<(), MailboxRefusal>, Fault> {
        todo!()
    }

    /// Subscribes or unsubscribes a name, whether or not it is a mailbox (RFC 9051 §6.3.7, §6.3.8).
    pub async fn set_subscribed(&self, _user: &User, _name: &MailboxName, _subscribed: bool) -> Result<(), Fault> {
        todo!()
    }

    /// What the person's messages take, and may take (RFC 9208).
    pub async fn quota(&self, _user: &User) -> Result<Quota, Fault> {
        todo!()
    }
}
