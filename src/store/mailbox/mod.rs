//! Rows of `mailbox`: list, find, count; the counters that give UIDs and ModSeqs (`counters`); the tree (`tree`).

mod counters;
mod overview;
mod special;
mod tree;

pub(crate) use counters::{Taken, give_back_mod_seq, lock, take, take_mod_seq};
pub(crate) use overview::{OverviewRows, overview};
pub(crate) use special::{NewSpecial, add_special, count_without_special};
pub(crate) use tree::{
    Created, Deleted, Deletion, NewMailbox, Renamed, Renaming, Subscription, create, delete, rename, set_subscribed,
};

use super::{StoreError, Tx, number, on_engine, sql};
use crate::model::{MailboxId, MailboxName, ModSeq, SpecialUse, Uid, UidValidity, UserId};

/// A mailbox as LIST and SELECT need it.
pub(crate) struct MailboxRow {
    pub(crate) id: MailboxId,
    pub(crate) name: MailboxName,
    pub(crate) special_use: Option<SpecialUse>,
    pub(crate) uid_validity: UidValidity,
    pub(crate) subscribed: bool,
}

type MailboxColumns = (i64, String, Option<String>, i64, bool);

impl MailboxRow {
    fn from_columns((id, name, special_use, uid_validity, subscribed): MailboxColumns) -> Result<Self, StoreError> {
        let special_use = special_use
            .map(|text| {
                SpecialUse::from_column(&text).ok_or_else(|| StoreError::Inconsistent {
                    table: "mailbox",
                    column: "special_use",
                    row: id.to_string(),
                })
            })
            .transpose()?;
        Ok(Self {
            id: MailboxId(id),
            name: MailboxName::from_store(name),
            special_use,
            uid_validity: UidValidity(number(uid_validity, "mailbox", "uid_validity", id)?),
            subscribed,
        })
    }
}

const LIST: &str =
    "select id, name, special_use, uid_validity, subscribed from mailbox where user_id = $1 order by name";
const SUBSCRIPTIONS: &str = "select name from subscription where user_id = $1 order by name";
const FIND: &str =
    "select id, name, special_use, uid_validity, subscribed from mailbox where user_id = $1 and name = $2";

/// All mailboxes of a person by name, and the subscribed names that are none. Two reads that must agree.
pub(crate) async fn list(tx: &mut Tx<'_>, user: &UserId) -> Result<(Vec<MailboxRow>, Vec<MailboxName>), StoreError> {
    let rows: Vec<MailboxColumns> = on_engine!(tx, |c| sqlx::query_as(LIST).bind(user.as_str()).fetch_all(c).await?);
    let names: Vec<(String,)> =
        on_engine!(tx, |c| sqlx::query_as(SUBSCRIPTIONS).bind(user.as_str()).fetch_all(c).await?);
    let mailboxes = rows.into_iter().map(MailboxRow::from_columns).collect::<Result<_, _>>()?;
    Ok((mailboxes, names.into_iter().map(|(name,)| MailboxName::from_store(name)).collect()))
}

/// One mailbox by name.
pub(crate) async fn find(
    tx: &mut Tx<'_>,
    (user, name): &(UserId, MailboxName),
) -> Result<Option<MailboxRow>, StoreError> {
    let row: Option<MailboxColumns> =
        on_engine!(tx, |c| sqlx::query_as(FIND).bind(user.as_str()).bind(name.as_str()).fetch_optional(c).await?);
    row.map(MailboxRow::from_columns).transpose()
}

/// Which person's, which of the four, and where that person's Trash is.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    pub(crate) user: UserId,
    pub(crate) special_use: Option<SpecialUse>,
    pub(crate) trash: Option<MailboxId>,
}

const OWNED: &str = "
    select m.user_id, m.special_use, t.id
    from mailbox m left join mailbox t on t.user_id = m.user_id and t.special_use = 'trash'
    where m.id = $1";

/// Whose mailbox it is; `None` where it has gone.
pub(crate) async fn owned(tx: &mut Tx<'_>, mailbox: MailboxId) -> Result<Option<Owned>, StoreError> {
    let row: Option<(String, Option<String>, Option<i64>)> =
        on_engine!(tx, |c| sqlx::query_as(OWNED).bind(mailbox.0).fetch_optional(c).await?);
    Ok(row.map(|(user, special_use, trash)| Owned {
        user: UserId::new(user),
        special_use: special_use.as_deref().and_then(SpecialUse::from_column),
        trash: trash.map(MailboxId),
    }))
}

/// The mailbox's counters as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) uid_validity: UidValidity,
    pub(crate) uid_next: Uid,
    pub(crate) mod_seq: ModSeq,
}

const COUNTERS: &str = "select uid_validity, uid_next, mod_seq from mailbox where id = $1";

/// The counters of a mailbox; `None` where it has gone.
pub(crate) async fn counters(tx: &mut Tx<'_>, mailbox: &MailboxId) -> Result<Option<Counters>, StoreError> {
    let row: Option<(i64, i64, i64)> =
        on_engine!(tx, |c| sqlx::query_as(COUNTERS).bind(mailbox.0).fetch_optional(c).await?);
    row.map(|(uid_validity, uid_next, mod_seq)| {
        Ok(Counters {
            uid_validity: UidValidity(number(uid_validity, "mailbox", "uid_validity", mailbox)?),
            uid_next: Uid(number(uid_next, "mailbox", "uid_next", mailbox)?),
            mod_seq: ModSeq(mod_seq),
        })
    })
    .transpose()
}

/// What STATUS counts.
pub(crate) struct StatusRow {
    pub(crate) mailbox: MailboxId,
    pub(crate) counters: Counters,
    pub(crate) messages: u32,
    pub(crate) unseen: u32,
    pub(crate) deleted: u32,
    pub(crate) deleted_size: u64,
    pub(crate) size: u64,
}

type StatusColumns = (i64, i64, i64, i64, i64, i64, i64, i64, i64);

/// Status of the mailboxes in a JSON list that belong to the person, in no order.
pub(crate) async fn status(tx: &mut Tx<'_>, (user, ids): &(UserId, String)) -> Result<Vec<StatusRow>, StoreError> {
    // 1 is `\Seen`, 8 is `\Deleted` (model::SystemFlag::bit).
    let statement = sql!(
        tx,
        "select m.id, m.uid_validity, m.uid_next, m.mod_seq, count(p.uid),
            cast(coalesce(sum(case when (p.flags & 1) = 0 then 1 else 0 end), 0) as bigint),
            cast(coalesce(sum(case when (p.flags & 8) <> 0 then 1 else 0 end), 0) as bigint),
            cast(coalesce(sum(case when (p.flags & 8) <> 0 then p.size else 0 end), 0) as bigint),
            cast(coalesce(sum(p.size), 0) as bigint)
        from ",
        numbers "$2",
        " as list join mailbox m on m.id = list.item left join placement p on p.mailbox_id = m.id
        where m.user_id = $1
        group by m.id, m.uid_validity, m.uid_next, m.mod_seq"
    );
    let rows: Vec<StatusColumns> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(user.as_str()).bind(ids.as_str()).fetch_all(c).await?);
    rows.into_iter()
        .map(|(id, uid_validity, uid_next, mod_seq, messages, unseen, deleted, deleted_size, size)| {
            Ok(StatusRow {
                mailbox: MailboxId(id),
                counters: Counters {
                    uid_validity: UidValidity(number(uid_validity, "mailbox", "uid_validity", id)?),
                    uid_next: Uid(number(uid_next, "mailbox", "uid_next", id)?),
                    mod_seq: ModSeq(mod_seq),
                },
                messages: number(messages, "placement", "count", id)?,
                unseen: number(unseen, "placement", "unseen", id)?,
                deleted: number(deleted, "placement", "deleted", id)?,
                deleted_size: number(deleted_size, "placement", "size", id)?,
                size: number(size, "placement", "size", id)?,
            })
        })
        .collect()
}

const USAGE: &str = "
    select cast(coalesce(sum(p.size), 0) as bigint), count(*)
    from mailbox m join placement p on p.mailbox_id = m.id
    where m.user_id = $1";

/// Octets that the person's messages take, and how many there are, each placement counted.
pub(crate) async fn usage(tx: &mut Tx<'_>, user: &UserId) -> Result<(u64, u64), StoreError> {
    let (size, count): (i64, i64) = on_engine!(tx, |c| sqlx::query_as(USAGE).bind(user.as_str()).fetch_one(c).await?);
    Ok((number(size, "placement", "size", user)?, number(count, "placement", "count", user)?))
}
