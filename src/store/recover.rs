//! Messages that come back: out of Trash to where they came from, and those expunged for good (`expunged`).

use std::collections::BTreeMap;

use super::placement::{Transfer, forget, transfer};
use super::{StoreError, Tx, json_list, number, on_engine, sql};
use crate::model::{MailboxId, MailboxName, SystemFlag, Timestamp, Uid, UserId};
use crate::store::mailbox::{lock, take};

/// One message that can come back.
pub(crate) struct RecoverableRow {
    /// Its UID in Trash, or the number of the message.
    pub(crate) id: i64,
    /// Where it would go.
    pub(crate) to: MailboxName,
    pub(crate) size: u64,
    pub(crate) internal_date: Timestamp,
    /// When it went to Trash, or was expunged.
    pub(crate) gone_at: Timestamp,
    pub(crate) header: Vec<u8>,
}

type Columns = (i64, String, i64, i64, i64, Vec<u8>);

// Where the mailbox it came from has gone: INBOX.
const IN_TRASH: &str = "
    select p.uid, coalesce(o.name, i.name), p.size, p.internal_date, p.save_date, l.header
    from mailbox t
    join placement p on p.mailbox_id = t.id
    join message l on l.id = p.message_id
    join mailbox i on i.user_id = t.user_id and i.special_use = 'inbox'
    left join mailbox o on o.id = p.origin_mailbox_id and o.user_id = t.user_id and o.id <> t.id
    where t.user_id = $1 and t.special_use = 'trash'
    order by p.uid";
const EXPUNGED: &str = "
    select e.message_id, coalesce(m.name, o.name, i.name), e.size, e.internal_date, e.expunged_at, l.header
    from expunged e
    join message l on l.id = e.message_id
    join mailbox i on i.user_id = e.user_id and i.special_use = 'inbox'
    left join mailbox m on m.id = e.mailbox_id and m.user_id = e.user_id
        and (m.special_use is null or m.special_use <> 'trash')
    left join mailbox o on o.id = e.origin_mailbox_id and o.user_id = e.user_id
    where e.user_id = $1
    order by e.expunged_at, e.message_id";

/// What lies in the person's Trash, rising by UID; or what was expunged for good, the oldest first.
pub(crate) async fn recoverable(
    tx: &mut Tx<'_>,
    (user, expunged): &(UserId, bool),
) -> Result<Vec<RecoverableRow>, StoreError> {
    let statement = if *expunged { EXPUNGED } else { IN_TRASH };
    let rows: Vec<Columns> = on_engine!(tx, |c| sqlx::query_as(statement).bind(user.as_str()).fetch_all(c).await?);
    rows.into_iter()
        .map(|(id, to, size, internal_date, gone_at, header)| {
            Ok(RecoverableRow {
                id,
                to: MailboxName::from_store(to),
                size: number(size, "message", "size", id)?,
                internal_date: Timestamp(internal_date),
                gone_at: Timestamp(gone_at),
                header,
            })
        })
        .collect()
}

/// Messages to bring back.
pub(crate) struct Recovering {
    pub(crate) user: UserId,
    /// UIDs in Trash, or numbers of messages; those that are not there are passed over.
    pub(crate) ids: Vec<i64>,
    pub(crate) now: Timestamp,
}

/// What came back: how many, and the mailboxes that changed.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    pub(crate) messages: usize,
    pub(crate) mailboxes: Vec<MailboxId>,
}

const TRASH: &str = "select id from mailbox where user_id = $1 and special_use = 'trash'";

/// Moves messages out of Trash, each to where it came from, or to INBOX where that has gone; not marked `\Deleted`.
pub(crate) async fn restore(tx: &mut Tx<'_>, recovering: &Recovering) -> Result<Recovered, StoreError> {
    let trash: Option<(i64,)> =
        on_engine!(tx, |c| sqlx::query_as(TRASH).bind(recovering.user.as_str()).fetch_optional(c).await?);
    let Some(trash) = trash.map(|(id,)| MailboxId(id)) else { return Ok(Recovered::default()) };
    let origins = sql!(
        tx,
        "select p.uid, coalesce(o.id, i.id) from ",
        numbers "$1",
        " as list
        join placement p on p.mailbox_id = $2 and p.uid = list.item
        join mailbox i on i.user_id = $3 and i.special_use = 'inbox'
        left join mailbox o on o.id = p.origin_mailbox_id and o.user_id = $3 and o.id <> $2"
    );
    let list = json_list(&recovering.ids);
    let rows: Vec<(i64, i64)> = on_engine!(tx, |c| {
        let query = sqlx::query_as(origins).bind(list.as_str()).bind(trash.0);
        query.bind(recovering.user.as_str()).fetch_all(c).await?
    });
    let mut by_target: BTreeMap<MailboxId, Vec<Uid>> = BTreeMap::new();
    for (uid, target) in rows {
        by_target.entry(MailboxId(target)).or_default().push(Uid(number(uid, "placement", "uid", trash)?));
    }
    let mut recovered = Recovered { messages: 0, mailboxes: by_target.keys().copied().chain([trash]).collect() };
    lock(tx, &recovered.mailboxes).await?;
    for (to, uids) in by_target {
        let flags_kept = !i64::from(SystemFlag::Deleted.bit());
        let back = Transfer::asked(trash, &uids, to, true, recovering.now);
        if let Some(moved) = transfer(tx, &Transfer { flags_kept, ..back }).await? {
            recovered.messages += moved.sources.len();
        }
    }
    Ok(recovered)
}

/// What a message had when it was expunged.
type ExpungedColumns = (i64, i64, i64, String, i64);

/// Puts messages that were expunged for good back to where they lay, or had come from before Trash, or to INBOX.
pub(crate) async fn undelete(tx: &mut Tx<'_>, recovering: &Recovering) -> Result<Recovered, StoreError> {
    let user = recovering.user.as_str();
    let chosen = sql!(
        tx,
        "select e.message_id, coalesce(m.id, o.id, i.id), e.flags, e.keywords, e.internal_date from ",
        numbers "$1",
        " as list
        join expunged e on e.user_id = $2 and e.message_id = list.item
        join mailbox i on i.user_id = e.user_id and i.special_use = 'inbox'
        left join mailbox m on m.id = e.mailbox_id and m.user_id = e.user_id
            and (m.special_use is null or m.special_use <> 'trash')
        left join mailbox o on o.id = e.origin_mailbox_id and o.user_id = e.user_id
        order by e.expunged_at, e.message_id",
        lock " for update of e",
        ""
    );
    let list = json_list(&recovering.ids);
    let rows: Vec<ExpungedColumns> =
        on_engine!(tx, |c| sqlx::query_as(chosen).bind(list.as_str()).bind(user).fetch_all(c).await?);
    let messages: Vec<i64> = rows.iter().map(|(message, ..)| *message).collect();
    let mut by_target: BTreeMap<MailboxId, Vec<ExpungedColumns>> = BTreeMap::new();
    for row in rows {
        by_target.entry(MailboxId(row.1)).or_default().push(row);
    }
    let mut recovered = Recovered { messages: 0, mailboxes: by_target.keys().copied().collect() };
    lock(tx, &recovered.mailboxes).await?;
    for (to, rows) in by_target {
        recovered.messages += put_back(tx, to, &rows, recovering.now).await?;
    }
    forget(tx, &recovering.user, &messages).await?;
    Ok(recovered)
}

const PUT_BACK: &str = "
    insert into placement (mailbox_id, uid, message_id, flags, keywords, size, internal_date, save_date,
        sent_day, created_mod_seq, mod_seq, origin_mailbox_id)
    select $1, $2, m.id, $4, $5, m.size, $6, $7, m.sent_day, $8, $8, null from message m where m.id = $3";

async fn put_back(
    tx: &mut Tx<'_>,
    to: MailboxId,
    rows: &[ExpungedColumns],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let gone = || StoreError::Inconsistent { table: "mailbox", column: "id", row: to.to_string() };
    let taken = take(tx, to, rows.len()).await?.ok_or_else(gone)?;
    for (uid, (message, _, flags, keywords, internal_date)) in (i64::from(taken.first.0)..).zip(rows) {
        on_engine!(tx, |c| {
            sqlx::query(PUT_BACK)
                .bind(to.0)
                .bind(uid)
                .bind(message)
                .bind(flags & !i64::from(SystemFlag::Deleted.bit()))
                .bind(keywords.as_str())
                .bind(internal_date)
                .bind(now.0)
                .bind(taken.mod_seq.0)
                .execute(c)
                .await
                .map(drop)?;
        });
    }
    Ok(rows.len())
}
