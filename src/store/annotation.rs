//! Rows of `annotation`: what a person has noted about a mailbox, or about the server (RFC 5464).

use std::collections::HashSet;

use super::{StoreError, Tx, number, on_engine};
use crate::model::{AnnotationName, MailboxId, UserId};

/// In the place of a mailbox: the server.
const SERVER: i64 = 0;

/// One annotation. `mailbox`: `None` is the server.
pub(crate) struct AnnotationRow {
    pub(crate) mailbox: Option<MailboxId>,
    pub(crate) name: AnnotationName,
    pub(crate) value: Vec<u8>,
}

const OF_ONE: &str = "
    select mailbox_id, entry, value from annotation where user_id = $1 and mailbox_id = $2 order by entry_key";
const OF_ALL: &str = "
    select mailbox_id, entry, value from annotation where user_id = $1 order by mailbox_id, entry_key";

fn rows(found: Vec<(i64, String, Vec<u8>)>) -> Vec<AnnotationRow> {
    let row = |(mailbox, entry, value)| AnnotationRow {
        mailbox: (mailbox != SERVER).then_some(MailboxId(mailbox)),
        name: AnnotationName::from_store(entry),
        value,
    };
    found.into_iter().map(row).collect()
}

/// The annotations of one mailbox, or of the server, by name.
pub(crate) async fn annotations(
    tx: &mut Tx<'_>,
    (user, mailbox): &(UserId, Option<MailboxId>),
) -> Result<Vec<AnnotationRow>, StoreError> {
    let mailbox = mailbox.map_or(SERVER, |mailbox| mailbox.0);
    let found = on_engine!(tx, |c| sqlx::query_as(OF_ONE).bind(user.as_str()).bind(mailbox).fetch_all(c).await?);
    Ok(rows(found))
}

/// All annotations of a person, by mailbox and name.
pub(crate) async fn all_annotations(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<AnnotationRow>, StoreError> {
    Ok(rows(on_engine!(tx, |c| sqlx::query_as(OF_ALL).bind(user.as_str()).fetch_all(c).await?)))
}

/// Annotations to set, all or none; `None` removes one.
pub(crate) struct NewAnnotations {
    pub(crate) user: UserId,
    /// `None`: the server.
    pub(crate) mailbox: Option<MailboxId>,
    pub(crate) values: Vec<(AnnotationName, Option<Vec<u8>>)>,
    /// How many a mailbox, or the server, and how many the person may have.
    pub(crate) per_mailbox_max: usize,
    pub(crate) per_user_max: usize,
}

/// What became of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Annotated {
    Done,
    /// Nothing was done.
    TooMany,
    NoSuchMailbox,
}

const LOCK_TREE: &str = "update mailbox_clock set uid_validity = uid_validity where user_id = $1";
const OWNS: &str = "select count(*) from mailbox where id = $1 and user_id = $2";
const SET: &str = "
    insert into annotation (user_id, mailbox_id, entry_key, entry, value) values ($1, $2, $3, $4, $5)
    on conflict (user_id, mailbox_id, entry_key) do update set value = excluded.value";
const REMOVE: &str = "delete from annotation where user_id = $1 and mailbox_id = $2 and entry_key = $3";
const COUNT: &str = "select count(*) from annotation where user_id = $1";

/// Sets annotations. The tree of mailboxes is locked: the mailbox stays, and two sessions together keep to the limits.
pub(crate) async fn annotate(tx: &mut Tx<'_>, new: &NewAnnotations) -> Result<Annotated, StoreError> {
    let user = new.user.as_str();
    on_engine!(tx, |c| sqlx::query(LOCK_TREE).bind(user).execute(c).await.map(drop)?);
    if let Some(mailbox) = new.mailbox {
        let (owned,): (i64,) = on_engine!(tx, |c| sqlx::query_as(OWNS).bind(mailbox.0).bind(user).fetch_one(c).await?);
        if owned == 0 {
            return Ok(Annotated::NoSuchMailbox);
        }
    }
    if !has_room(tx, new).await? {
        return Ok(Annotated::TooMany);
    }
    let mailbox = new.mailbox.map_or(SERVER, |mailbox| mailbox.0);
    for (name, value) in &new.values {
        let key = name.key();
        on_engine!(tx, |c| match value {
            Some(value) => {
                let query = sqlx::query(SET).bind(user).bind(mailbox).bind(key.as_str()).bind(name.as_str());
                query.bind(value.as_slice()).execute(c).await.map(drop)?;
            }
            None => sqlx::query(REMOVE).bind(user).bind(mailbox).bind(key.as_str()).execute(c).await.map(drop)?,
        });
    }
    Ok(Annotated::Done)
}

/// Are there not too many then? One that only takes away may always.
async fn has_room(tx: &mut Tx<'_>, new: &NewAnnotations) -> Result<bool, StoreError> {
    let user = &new.user;
    let there = annotations(tx, &(user.clone(), new.mailbox)).await?;
    let before: HashSet<String> = there.iter().map(|row| row.name.key()).collect();
    let mut after = before.clone();
    for (name, value) in &new.values {
        match value {
            Some(_) => after.insert(name.key()),
            None => after.remove(&name.key()),
        };
    }
    let added = after.len().saturating_sub(before.len());
    let (total,): (i64,) = on_engine!(tx, |c| sqlx::query_as(COUNT).bind(user.as_str()).fetch_one(c).await?);
    let total: usize = number(total, "annotation", "count", user)?;
    Ok(added == 0 || (after.len() <= new.per_mailbox_max && total.saturating_add(added) <= new.per_user_max))
}
