//! Mailboxes: list, open, create, rename, delete, subscribe, status, quota. Names are a person's own; nobody else's can be named.

use std::collections::HashMap;

use super::{Fault, Gateway};
use crate::config::Config;
use crate::model::{HIERARCHY_SEPARATOR, MailboxId, MailboxName, ModSeq, SpecialUse, Uid, UidValidity, User, UserId};
use crate::store::mailbox::{
    Created, Deleted, Deletion, MailboxRow, NewMailbox, NewSpecial, Renamed, Renaming, Subscription, add_special,
    count_without_special, create, delete, find, list, rename, set_subscribed, status, usage,
};
use crate::store::{Durability, StoreError, json_list};

mod names;
mod overview;

pub use overview::{Counters, Overview};

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
    pub mailbox: MailboxId,
    pub messages: u32,
    pub uid_next: Uid,
    pub uid_validity: UidValidity,
    pub unseen: u32,
    pub deleted: u32,
    /// Octets of those marked `\Deleted`.
    pub deleted_size: u64,
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
    /// USEATTR: another mailbox of the person has this use already.
    UseTaken,
    /// CANNOT: a mailbox cannot come to lie below itself.
    IntoItself,
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
    pub used_messages: u64,
    pub limit_messages: u64,
}

impl Quota {
    /// May so many messages of so many octets together be kept besides?
    pub fn has_room(&self, messages: u64, bytes: u64) -> bool {
        self.used_bytes.saturating_add(bytes) <= self.limit_bytes
            && self.used_messages.saturating_add(messages) <= self.limit_messages
    }
}

/// Special mailboxes made in one transaction, where many people have none yet.
const SPECIAL_AT_ONCE: usize = 40_000;

impl From<MailboxRow> for Mailbox {
    fn from(row: MailboxRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            special_use: row.special_use,
            uid_validity: row.uid_validity,
            subscribed: row.subscribed,
        }
    }
}

/// Which of the mailboxes that everybody has a name means: its name here, or one that clients give it. What lies where
/// letters are recalled was sent.
pub(super) fn special_of(name: &MailboxName, config: &Config) -> Option<SpecialUse> {
    match name.as_str() {
        _ if name.is_inbox() => Some(SpecialUse::Inbox),
        text if text == config.recall.mailbox => Some(SpecialUse::Sent),
        _ => names::duplicate_of(name, &config.mailboxes),
    }
}

impl Gateway {
    /// All mailboxes of a person.
    pub async fn mailboxes(&self, user: &User) -> Result<MailboxList, Fault> {
        let mut list = self.list(user).await?;
        let has = |special| list.mailboxes.iter().any(|mailbox| mailbox.special_use == Some(special));
        if !SpecialUse::REQUIRED.into_iter().all(has) {
            self.add_special_mailboxes(Some(&user.id)).await?;
            list = self.list(user).await?;
        }
        let recalls = |mailbox: &Mailbox| self.recalls(mailbox);
        if self.may_recall(user) && !list.mailboxes.iter().any(recalls) {
            self.add_recall_mailbox(user).await?;
            list = self.list(user).await?;
        }
        let place = |mailbox: &Mailbox| match mailbox.special_use {
            Some(SpecialUse::Inbox) => 0,
            Some(SpecialUse::Drafts) => 1,
            Some(SpecialUse::Sent) => 2,
            Some(SpecialUse::Trash) => 3,
            _ => 4,
        };
        list.mailboxes.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.name.cmp(&b.name)));
        Ok(list)
    }

    async fn list(&self, user: &User) -> Result<MailboxList, Fault> {
        let read = self.store.read_snapshot(user.id.clone(), |tx, user| Box::pin(list(tx, user)));
        let (mailboxes, subscribed_only) = read.await?;
        Ok(MailboxList { mailboxes: mailboxes.into_iter().map(Mailbox::from).collect(), subscribed_only })
    }

    /// One mailbox by name.
    pub async fn mailbox(&self, user: &User, name: &MailboxName) -> Result<Option<Mailbox>, Fault> {
        let found = self.find_mailbox(user, name).await?;
        if found.is_none() && self.names_special(name) {
            self.add_special_mailboxes(Some(&user.id)).await?;
            return self.find_mailbox(user, name).await;
        }
        if found.is_none() && self.is_recall_mailbox_of(user, name) {
            self.add_recall_mailbox(user).await?;
            return self.find_mailbox(user, name).await;
        }
        Ok(found)
    }

    /// Makes the mailbox that recalls what is moved to it, however many the person has.
    async fn add_recall_mailbox(&self, user: &User) -> Result<(), Fault> {
        let name = MailboxName::from_store(self.config.recall.mailbox.clone());
        let new = NewMailbox { per_user_max: usize::MAX, ..self.new_mailbox(user, &name) };
        self.store.write(Durability::Synced, new, |tx, new| Box::pin(create(tx, new))).await?;
        self.changed_person(&user.id);
        Ok(())
    }

    async fn find_mailbox(&self, user: &User, name: &MailboxName) -> Result<Option<Mailbox>, Fault> {
        let asked = (user.id.clone(), name.clone());
        let row = self.store.read(asked, |tx, asked| Box::pin(find(tx, asked))).await?;
        Ok(row.map(Mailbox::from))
    }

    /// Status of some mailboxes of the person, in one query. Order as asked; those that are gone are left out.
    pub async fn status(&self, user: &User, mailboxes: &[MailboxId]) -> Result<Vec<(MailboxId, Status)>, Fault> {
        let ids: Vec<i64> = mailboxes.iter().map(|mailbox| mailbox.0).collect();
        let asked = (user.id.clone(), json_list(&ids));
        let rows = self.store.read(asked, |tx, asked| Box::pin(status(tx, asked))).await?;
        let found: HashMap<MailboxId, Status> = rows
            .into_iter()
            .map(|row| {
                let status = Status {
                    mailbox: row.mailbox,
                    messages: row.messages,
                    uid_next: row.counters.uid_next,
                    uid_validity: row.counters.uid_validity,
                    unseen: row.unseen,
                    deleted: row.deleted,
                    deleted_size: row.deleted_size,
                    size: row.size,
                    highest_mod_seq: row.counters.mod_seq,
                };
                (row.mailbox, status)
            })
            .collect();
        Ok(mailboxes.iter().filter_map(|mailbox| found.get(mailbox).map(|status| (*mailbox, *status))).collect())
    }

    /// Creates a mailbox and the missing ones above it (RFC 9051 §6.3.4); subscribed. `special_use`: one of
    /// [`SpecialUse::CHOSEN`] for it (RFC 6154 §3).
    pub async fn create_mailbox(
        &self,
        user: &User,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
    ) -> Result<Result<Mailbox, MailboxRefusal>, Fault> {
        if let Err(refusal) = self.check_name(name) {
            return Ok(Err(refusal));
        }
        let new = NewMailbox { special_use, ..self.new_mailbox(user, name) };
        let created = self.store.write(Durability::Synced, new, |tx, new| Box::pin(create(tx, new))).await?;
        Ok(match created {
            Created::At(row) => {
                self.changed_person(&user.id);
                Ok(row.into())
            }
            Created::AlreadyExists => Err(MailboxRefusal::AlreadyExists),
            Created::TooMany => Err(MailboxRefusal::TooMany),
            Created::UseTaken => Err(MailboxRefusal::UseTaken),
        })
    }

    /// Deletes a mailbox: its messages go to Trash, none is lost (RFC 9051 §6.3.5).
    pub async fn delete_mailbox(&self, user: &User, name: &MailboxName) -> Result<Result<(), MailboxRefusal>, Fault> {
        if self.is_recall_mailbox_of(user, name) {
            return Ok(Err(MailboxRefusal::Special));
        }
        let deletion = Deletion { user: user.id.clone(), name: name.clone(), now: self.clock.now() };
        let write = self.store.write(Durability::Synced, deletion, |tx, deletion| Box::pin(delete(tx, deletion)));
        Ok(match write.await? {
            Deleted::Done { mailbox, trash } => {
                self.changed(&[mailbox, trash]);
                self.changed_person(&user.id);
                Ok(())
            }
            Deleted::NoSuchMailbox => Err(MailboxRefusal::NoSuchMailbox),
            Deleted::Special => Err(MailboxRefusal::Special),
            Deleted::HasChildren => Err(MailboxRefusal::HasChildren),
        })
    }

    /// Renames a mailbox and those below it; of INBOX, moves its messages (RFC 9051 §6.3.6).
    pub async fn rename_mailbox(
        &self,
        user: &User,
        from: &MailboxName,
        to: &MailboxName,
    ) -> Result<Result<(), MailboxRefusal>, Fault> {
        if let Err(refusal) = self.check_name(to) {
            return Ok(Err(refusal));
        }
        if self.is_recall_mailbox_of(user, from) {
            return Ok(Err(MailboxRefusal::Special));
        }
        let renaming = Renaming {
            from: from.clone(),
            to: self.new_mailbox(user, to),
            name_bytes_max: self.config.mailboxes.name_bytes_max,
            depth_max: self.config.mailboxes.depth_max,
        };
        let write = self.store.write(Durability::Synced, renaming, |tx, renaming| Box::pin(rename(tx, renaming)));
        Ok(match write.await? {
            Renamed::Done => {
                self.changed_person(&user.id);
                Ok(())
            }
            Renamed::InboxEmptied { inbox, to } => {
                self.changed(&[inbox, to]);
                self.changed_person(&user.id);
                Ok(())
            }
            Renamed::NoSuchMailbox => Err(MailboxRefusal::NoSuchMailbox),
            Renamed::AlreadyExists => Err(MailboxRefusal::AlreadyExists),
            Renamed::Special => Err(MailboxRefusal::Special),
            Renamed::IntoItself => Err(MailboxRefusal::IntoItself),
            Renamed::TooMany => Err(MailboxRefusal::TooMany),
            Renamed::NameTooLong => Err(MailboxRefusal::NameTooLong),
            Renamed::TooDeep => Err(MailboxRefusal::TooDeep),
        })
    }

    /// Subscribes or unsubscribes a name, whether or not it is a mailbox (RFC 9051 §6.3.7, §6.3.8).
    pub async fn set_subscribed(
        &self,
        user: &User,
        name: &MailboxName,
        subscribed: bool,
    ) -> Result<Result<(), MailboxRefusal>, Fault> {
        if name.as_str().len() > self.config.mailboxes.name_bytes_max {
            return Ok(Err(MailboxRefusal::NameTooLong));
        }
        let asked = Subscription {
            user: user.id.clone(),
            name: name.clone(),
            subscribed,
            names_max: self.config.mailboxes.per_user_max,
        };
        let write = self.store.write(Durability::Synced, asked, |tx, asked| Box::pin(set_subscribed(tx, asked)));
        if !write.await? {
            return Ok(Err(MailboxRefusal::TooMany));
        }
        self.changed_person(&user.id);
        Ok(Ok(()))
    }

    /// What the person's messages take, and may take (RFC 9208).
    pub async fn quota(&self, user: &User) -> Result<Quota, Fault> {
        let (used_bytes, used_messages) =
            self.store.read(user.id.clone(), |tx, user| Box::pin(usage(tx, user))).await?;
        let config = &self.config.mailboxes;
        Ok(Quota {
            used_bytes,
            limit_bytes: user.quota_bytes.unwrap_or(config.quota_bytes),
            used_messages,
            limit_messages: config.messages_per_user_max,
        })
    }

    /// May so many messages of `size` octets together be kept besides for this person? Asked before the write, so that it
    /// never waits for a count: two sessions at once may go beyond by a message each.
    pub(super) async fn has_room(&self, user: &User, messages: usize, size: u64) -> Result<bool, Fault> {
        Ok(self.quota(user).await?.has_room(u64::try_from(messages).unwrap_or(u64::MAX), size))
    }

    /// How many INBOXes, Drafts, Sent and Trashes are missing, of everybody.
    pub(super) async fn special_mailboxes_missing(&self) -> Result<usize, Fault> {
        Ok(self.store.read(None, |tx, nobody| Box::pin(count_without_special(tx, nobody))).await?)
    }

    /// Makes INBOX, Drafts, Sent and Trash where they are missing: for one person, or for everybody (after an import).
    pub async fn add_special_mailboxes(&self, user: Option<&UserId>) -> Result<(), Fault> {
        let config = &self.config.mailboxes;
        let mut missing_before = usize::MAX;
        loop {
            let read = self.store.read(user.cloned(), |tx, user| Box::pin(count_without_special(tx, user)));
            let missing = read.await?;
            if missing == 0 {
                return Ok(());
            }
            if missing >= missing_before {
                // Two settings name the same mailbox, or the like: more tries would not help.
                return Err(Fault::Store(StoreError::Inconsistent {
                    table: "mailbox",
                    column: "special_use",
                    row: user.map_or_else(|| "everybody".to_owned(), UserId::to_string),
                }));
            }
            missing_before = missing;
            let count = missing.min(SPECIAL_AT_ONCE);
            let new = NewSpecial {
                user: user.cloned(),
                names: [
                    MailboxName::inbox().as_str().to_owned(),
                    config.drafts_name.clone(),
                    config.sent_name.clone(),
                    config.trash_name.clone(),
                ],
                first_id: self.clock.new_ids(u32::try_from(count).unwrap_or(u32::MAX)),
                count,
                now: self.clock.now(),
            };
            self.store.write(Durability::Synced, new, |tx, new| Box::pin(add_special(tx, new))).await?;
        }
    }

    /// Is this the name of one of the four?
    fn names_special(&self, name: &MailboxName) -> bool {
        let config = &self.config.mailboxes;
        name.is_inbox()
            || [&config.drafts_name, &config.sent_name, &config.trash_name]
                .iter()
                .any(|special| *special == name.as_str())
    }

    /// Is this the mailbox by which the person recalls? It is there as long as it means that.
    fn is_recall_mailbox_of(&self, user: &User, name: &MailboxName) -> bool {
        self.names_recall(name) && self.may_recall(user)
    }

    /// May a mailbox of a person's own bear this name?
    pub(super) fn check_name(&self, name: &MailboxName) -> Result<(), MailboxRefusal> {
        let config = &self.config.mailboxes;
        if name.as_str().len() > config.name_bytes_max {
            return Err(MailboxRefusal::NameTooLong);
        }
        if name.depth() > config.depth_max {
            return Err(MailboxRefusal::TooDeep);
        }
        if self.names_special(name) {
            return Err(MailboxRefusal::AlreadyExists);
        }
        if self.names_recall(name) {
            return Err(MailboxRefusal::Special);
        }
        match names::duplicate_of(name, config) {
            Some(special) => Err(MailboxRefusal::DuplicatesSpecial(special)),
            None => Ok(()),
        }
    }

    fn new_mailbox(&self, user: &User, name: &MailboxName) -> NewMailbox {
        let above = name.as_str().match_indices(HIERARCHY_SEPARATOR).filter_map(|(at, _)| name.as_str().get(..at));
        let names: Vec<MailboxName> =
            above.chain([name.as_str()]).map(|name| MailboxName::from_store(name.to_owned())).collect();
        NewMailbox {
            user: user.id.clone(),
            first_id: self.clock.new_ids(u32::try_from(names.len()).unwrap_or(u32::MAX)),
            names,
            special_use: None,
            per_user_max: self.config.mailboxes.per_user_max,
            now: self.clock.now(),
        }
    }
}
