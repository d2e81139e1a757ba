//! The tree of a person's mailboxes: create, delete, rename, subscribe (RFC 9051 §6.3.4–§6.3.8).
//!
//! Each begins by taking a UIDVALIDITY, which locks the tree: two sessions of one person never change it at once.

use std::collections::HashSet;

use super::counters::{lock, take_uid_validity};
use super::{MailboxRow, find, list};
use crate::model::{HIERARCHY_SEPARATOR, MailboxId, MailboxName, SpecialUse, Timestamp, UidValidity, UserId};
use crate::store::placement::{Transfer, transfer};
use crate::store::uids::ALL_UIDS;
use crate::store::{StoreError, Tx, column, on_engine};

/// A mailbox to create.
pub(crate) struct NewMailbox {
    pub(crate) user: UserId,
    /// Those above it from the top, then itself.
    pub(crate) names: Vec<MailboxName>,
    /// What it is for: one of a person's choice.
    pub(crate) special_use: Option<SpecialUse>,
    /// As many ids as names.
    pub(crate) first_id: i64,
    pub(crate) per_user_max: usize,
    pub(crate) now: Timestamp,
}

/// What became of it.
pub(crate) enum Created {
    At(MailboxRow),
    AlreadyExists,
    TooMany,
    /// Another mailbox is for this already.
    UseTaken,
}

/// Creates a mailbox and those above it that are missing; subscribed.
pub(crate) async fn create(tx: &mut Tx<'_>, new: &NewMailbox) -> Result<Created, StoreError> {
    let uid_validity = take_uid_validity(tx, &new.user, new.now.seconds()).await?;
    let Some(name) = new.names.last() else { return Ok(Created::AlreadyExists) };
    if find(tx, &(new.user.clone(), name.clone())).await?.is_some() {
        return Ok(Created::AlreadyExists);
    }
    if let Some(special_use) = new.special_use
        && list(tx, &new.user).await?.0.iter().any(|row| row.special_use == Some(special_use))
    {
        return Ok(Created::UseTaken);
    }
    if !add_missing(tx, new, uid_validity).await? {
        return Ok(Created::TooMany);
    }
    match find(tx, &(new.user.clone(), name.clone())).await? {
        Some(row) => Ok(Created::At(row)),
        None => Err(StoreError::Inconsistent { table: "mailbox", column: "name", row: new.user.to_string() }),
    }
}

const ADD: &str = "
    insert into mailbox (id, user_id, name, special_use, uid_validity, uid_next, mod_seq, subscribed, created_at)
    values ($1, $2, $3, $6, $4, 1, 1, true, $5)";
const UNSUBSCRIBE_NAME: &str = "delete from subscription where user_id = $1 and name = $2";

/// Adds those of the names that are no mailbox yet; `false` where that would be too many.
async fn add_missing(tx: &mut Tx<'_>, new: &NewMailbox, uid_validity: UidValidity) -> Result<bool, StoreError> {
    let (there, _) = list(tx, &new.user).await?;
    let there: HashSet<&str> = there.iter().map(|row| row.name.as_str()).collect();
    let missing: Vec<&MailboxName> = new.names.iter().filter(|name| !there.contains(name.as_str())).collect();
    if there.len() + missing.len() > new.per_user_max {
        return Ok(false);
    }
    for (id, name) in (new.first_id..).zip(missing) {
        on_engine!(tx, |c| {
            sqlx::query(ADD)
                .bind(id)
                .bind(new.user.as_str())
                .bind(name.as_str())
                .bind(i64::from(uid_validity.0))
                .bind(new.now.0)
                .bind(new.special_use.filter(|_| new.names.last() == Some(name)).map(SpecialUse::column))
                .execute(&mut *c)
                .await?;
            sqlx::query(UNSUBSCRIBE_NAME).bind(new.user.as_str()).bind(name.as_str()).execute(c).await.map(drop)?;
        });
    }
    Ok(true)
}

/// A mailbox to delete.
pub(crate) struct Deletion {
    pub(crate) user: UserId,
    pub(crate) name: MailboxName,
    pub(crate) now: Timestamp,
}

/// What became of it.
pub(crate) enum Deleted {
    /// Gone; its messages are in Trash.
    Done {
        mailbox: MailboxId,
        trash: MailboxId,
    },
    NoSuchMailbox,
    Special,
    HasChildren,
}

const HAS_CHILDREN: &str = "
    select count(*) from mailbox where user_id = $1 and substr(name, 1, length($2) + 1) = $2 || '/'";
const KEEP_SUBSCRIPTION: &str = "
    insert into subscription (user_id, name) select user_id, name from mailbox where id = $1 and subscribed
    on conflict do nothing";
const DROP_TOMBSTONES: &str = "delete from tombstone where mailbox_id = $1";
const DROP_ANNOTATIONS: &str = "delete from annotation where user_id = $1 and mailbox_id = $2";
const DROP_MAILBOX: &str = "delete from mailbox where id = $1";

/// Deletes a mailbox; its messages go to Trash. A subscription outlives it (RFC 9051 §6.3.7).
pub(crate) async fn delete(tx: &mut Tx<'_>, deletion: &Deletion) -> Result<Deleted, StoreError> {
    take_uid_validity(tx, &deletion.user, deletion.now.seconds()).await?;
    let Some(row) = find(tx, &(deletion.user.clone(), deletion.name.clone())).await? else {
        return Ok(Deleted::NoSuchMailbox);
    };
    if row.special_use.is_some_and(SpecialUse::is_required) {
        return Ok(Deleted::Special);
    }
    let (children,): (i64,) = on_engine!(tx, |c| {
        sqlx::query_as(HAS_CHILDREN).bind(deletion.user.as_str()).bind(row.name.as_str()).fetch_one(c).await?
    });
    if children > 0 {
        return Ok(Deleted::HasChildren);
    }
    let Some(trash) = super::owned(tx, row.id).await?.and_then(|owned| owned.trash) else {
        return Err(StoreError::Inconsistent {
            table: "mailbox",
            column: "special_use",
            row: deletion.user.to_string(),
        });
    };
    lock(tx, &[row.id, trash]).await?;
    let into_trash = Transfer::into_trash(row.id, ALL_UIDS.to_owned(), trash, deletion.now);
    transfer(tx, &into_trash).await?;
    on_engine!(tx, |c| {
        sqlx::query(KEEP_SUBSCRIPTION).bind(row.id.0).execute(&mut *c).await?;
        sqlx::query(DROP_TOMBSTONES).bind(row.id.0).execute(&mut *c).await?;
        sqlx::query(DROP_ANNOTATIONS).bind(deletion.user.as_str()).bind(row.id.0).execute(&mut *c).await?;
        sqlx::query(DROP_MAILBOX).bind(row.id.0).execute(c).await.map(drop)?;
    });
    Ok(Deleted::Done { mailbox: row.id, trash })
}

/// A mailbox to rename.
pub(crate) struct Renaming {
    pub(crate) from: MailboxName,
    /// The new name, those above it, and ids for them.
    pub(crate) to: NewMailbox,
    pub(crate) name_bytes_max: usize,
    pub(crate) depth_max: usize,
}

/// What became of it.
pub(crate) enum Renamed {
    Done,
    /// INBOX stays; its messages went to the new mailbox.
    InboxEmptied {
        inbox: MailboxId,
        to: MailboxId,
    },
    NoSuchMailbox,
    AlreadyExists,
    Special,
    /// Below the mailbox itself.
    IntoItself,
    TooMany,
    NameTooLong,
    TooDeep,
}

/// Renames a mailbox and those below it; of INBOX, moves its messages (RFC 9051 §6.3.6).
pub(crate) async fn rename(tx: &mut Tx<'_>, renaming: &Renaming) -> Result<Renamed, StoreError> {
    let user = &renaming.to.user;
    let Some(to) = renaming.to.names.last() else { return Ok(Renamed::AlreadyExists) };
    let uid_validity = take_uid_validity(tx, user, renaming.to.now.seconds()).await?;
    let (rows, _) = list(tx, user).await?;
    let Some(row) = rows.iter().find(|row| row.name == renaming.from) else { return Ok(Renamed::NoSuchMailbox) };
    if rows.iter().any(|row| row.name == *to) {
        return Ok(Renamed::AlreadyExists);
    }
    match row.special_use {
        Some(SpecialUse::Inbox) => return empty_inbox(tx, row.id, renaming).await,
        Some(special_use) if special_use.is_required() => return Ok(Renamed::Special),
        _ => {}
    }
    if to.as_str().strip_prefix(row.name.as_str()).is_some_and(|rest| rest.starts_with(HIERARCHY_SEPARATOR)) {
        return Ok(Renamed::IntoItself);
    }
    if let Some(refusal) = fits_below(&rows, renaming, to) {
        return Ok(refusal);
    }
    move_names(tx, user, &renaming.from, to).await?;
    let above = NewMailbox {
        user: user.clone(),
        names: renaming.to.names.iter().filter(|name| *name != to).cloned().collect(),
        special_use: None,
        first_id: renaming.to.first_id,
        per_user_max: renaming.to.per_user_max,
        now: renaming.to.now,
    };
    if !add_missing(tx, &above, uid_validity).await? {
        move_names(tx, user, to, &renaming.from).await?;
        return Ok(Renamed::TooMany);
    }
    on_engine!(tx, |c| sqlx::query(DROP_SUBSCRIPTIONS).bind(user.as_str()).execute(c).await.map(drop)?);
    Ok(Renamed::Done)
}

/// Would a mailbox below get too long or too deep a name?
fn fits_below(rows: &[MailboxRow], renaming: &Renaming, to: &MailboxName) -> Option<Renamed> {
    let below = rows.iter().filter_map(|row| {
        row.name.as_str().strip_prefix(renaming.from.as_str()).filter(|rest| rest.starts_with(HIERARCHY_SEPARATOR))
    });
    for rest in below {
        if to.as_str().len() + rest.len() > renaming.name_bytes_max.min(MailboxName::BYTES_MAX) {
            return Some(Renamed::NameTooLong);
        }
        if to.depth() + rest.matches(HIERARCHY_SEPARATOR).count() > renaming.depth_max {
            return Some(Renamed::TooDeep);
        }
    }
    None
}

const MOVE_NAMES: &str = "
    update mailbox set name = $3 || substr(name, length($2) + 1)
    where user_id = $1 and (name = $2 or substr(name, 1, length($2) + 1) = $2 || '/')";
const DROP_SUBSCRIPTIONS: &str = "
    delete from subscription
    where user_id = $1 and name in (select name from mailbox where user_id = $1)";

async fn move_names(tx: &mut Tx<'_>, user: &UserId, from: &MailboxName, to: &MailboxName) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        sqlx::query(MOVE_NAMES).bind(user.as_str()).bind(from.as_str()).bind(to.as_str()).execute(c).await.map(drop)?;
    });
    Ok(())
}

async fn empty_inbox(tx: &mut Tx<'_>, inbox: MailboxId, renaming: &Renaming) -> Result<Renamed, StoreError> {
    let to = match create(tx, &renaming.to).await? {
        Created::At(row) => row.id,
        Created::AlreadyExists => return Ok(Renamed::AlreadyExists),
        Created::TooMany | Created::UseTaken => return Ok(Renamed::TooMany),
    };
    lock(tx, &[inbox, to]).await?;
    transfer(tx, &Transfer::of_all(inbox, to, renaming.to.now)).await?;
    Ok(Renamed::InboxEmptied { inbox, to })
}

const SET_SUBSCRIBED: &str = "update mailbox set subscribed = $3 where user_id = $1 and name = $2";
const SUBSCRIBE_NAME: &str = "
    insert into subscription (user_id, name)
    select $1, $2 where (select count(*) from subscription where user_id = $1) < $3
    on conflict do nothing";
const IS_NAME_SUBSCRIBED: &str = "select count(*) from subscription where user_id = $1 and name = $2";

/// What a person asks for of a name.
pub(crate) struct Subscription {
    pub(crate) user: UserId,
    pub(crate) name: MailboxName,
    pub(crate) subscribed: bool,
    /// Names that are no mailbox and may be subscribed to.
    pub(crate) names_max: usize,
}

/// Subscribes or unsubscribes a name, whether or not it is a mailbox; `false` where too many names are subscribed.
pub(crate) async fn set_subscribed(tx: &mut Tx<'_>, asked: &Subscription) -> Result<bool, StoreError> {
    let (user, name) = (asked.user.as_str(), asked.name.as_str());
    on_engine!(tx, |c| {
        let updated = sqlx::query(SET_SUBSCRIBED).bind(user).bind(name).bind(asked.subscribed).execute(&mut *c).await?;
        if updated.rows_affected() > 0 {
            return Ok(true);
        }
        if !asked.subscribed {
            sqlx::query(UNSUBSCRIBE_NAME).bind(user).bind(name).execute(c).await.map(drop)?;
            return Ok(true);
        }
        sqlx::query(SUBSCRIBE_NAME).bind(user).bind(name).bind(column(asked.names_max)).execute(&mut *c).await?;
        let (there,): (i64,) = sqlx::query_as(IS_NAME_SUBSCRIBED).bind(user).bind(name).fetch_one(c).await?;
        Ok(there > 0)
    })
}
