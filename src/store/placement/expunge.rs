//! EXPUNGE (RFC 9051 §6.4.3): what has no other copy goes to Trash, or for good; what went for good can be brought back for
//! a while ([`record`]).

use std::collections::{HashMap, HashSet};

use super::transfer::{Transfer, bury, transfer};
use crate::model::{MailboxId, SpecialUse, Timestamp, Uid, UserId};
use crate::store::mailbox::{lock, owned, take_mod_seq};
use crate::store::uids::ranges_json;
use crate::store::{StoreError, Tx, column, json_list, number, on_engine, sql};

/// Messages to expunge, among the ranges.
#[derive(Clone)]
pub(crate) struct Expunging {
    pub(crate) mailbox: MailboxId,
    pub(crate) ranges: String,
    /// Only those marked `\Deleted`; REPLACE expunges what it names (RFC 8508 §3.1), retention what is old.
    pub(crate) marked_only: bool,
    /// Outside of Trash and Drafts: put into Trash what the person has no other copy of.
    pub(crate) to_trash: bool,
    pub(crate) keeping: Keeping,
    pub(crate) now: Timestamp,
}

/// What of the expunged can be brought back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    /// Nothing at all, where it is 0.
    pub(crate) days: u32,
    /// The newest so many messages and octets of one person.
    pub(crate) messages_max: usize,
    pub(crate) bytes_max: u64,
}

/// What became of them.
#[derive(Debug, Default)]
pub(crate) struct Expunged {
    /// Rising.
    pub(crate) gone: Vec<Uid>,
    /// The Trash where some of them went.
    pub(crate) trash: Option<MailboxId>,
}

/// Expunges.
pub(crate) async fn expunge(tx: &mut Tx<'_>, expunging: &Expunging) -> Result<Expunged, StoreError> {
    let mailbox = expunging.mailbox;
    let Some(owned) = owned(tx, mailbox).await? else { return Ok(Expunged::default()) };
    let for_good = matches!(owned.special_use, Some(SpecialUse::Trash | SpecialUse::Drafts));
    let trash = owned.trash.filter(|_| expunging.to_trash && !for_good);
    lock(tx, &[mailbox, trash.unwrap_or(mailbox)]).await?;
    let marked = marked(tx, expunging, &owned.user).await?;
    if marked.is_empty() {
        return Ok(Expunged::default());
    }
    let last = last_copies(&marked);
    match trash {
        Some(trash) if !last.is_empty() => {
            let copy = Transfer::into_trash(mailbox, ranges_json(&last), trash, expunging.now);
            transfer(tx, &Transfer { moving: false, ..copy }).await?;
        }
        Some(_) => {}
        None => record(tx, expunging, &owned.user, &last).await?,
    }
    let trash = trash.filter(|_| !last.is_empty());
    let gone: Vec<Uid> = marked.into_iter().map(|marked| marked.uid).collect();
    if let Some(mod_seq) = take_mod_seq(tx, mailbox).await? {
        bury(tx, mailbox, &ranges_json(&gone), mod_seq, expunging.now).await?;
    }
    Ok(Expunged { gone, trash })
}

struct Marked {
    uid: Uid,
    message: i64,
    /// Placements of the message in all of the person's mailboxes, this one included.
    copies: usize,
}

/// Those to expunge (`\Deleted` is 8), rising.
async fn marked(tx: &mut Tx<'_>, expunging: &Expunging, user: &UserId) -> Result<Vec<Marked>, StoreError> {
    let statement = sql!(
        tx,
        "select p.uid, p.message_id, (
            select count(*) from placement t join mailbox m on m.id = t.mailbox_id
            where t.message_id = p.message_id and m.user_id = $3
        )
        from ",
        placements "$1",
        "
        where (p.flags & 8) <> 0 or not $4
        order by p.uid"
    );
    let rows: Vec<(i64, i64, i64)> = on_engine!(tx, |c| {
        sqlx::query_as(statement)
            .bind(expunging.ranges.as_str())
            .bind(expunging.mailbox.0)
            .bind(user.as_str())
            .bind(expunging.marked_only)
            .fetch_all(c)
            .await?
    });
    rows.into_iter()
        .map(|(uid, message, copies)| {
            let uid = Uid(number(uid, "placement", "uid", expunging.mailbox)?);
            Ok(Marked { uid, message, copies: number(copies, "placement", "count", expunging.mailbox)? })
        })
        .collect()
}

/// Those of which the person keeps no other copy, each message once, rising.
fn last_copies(marked: &[Marked]) -> Vec<Uid> {
    let mut going: HashMap<i64, usize> = HashMap::new();
    for marked in marked {
        *going.entry(marked.message).or_default() += 1;
    }
    let mut seen = HashSet::new();
    let last = marked.iter().filter(|marked| {
        going.get(&marked.message).is_some_and(|going| *going >= marked.copies) && seen.insert(marked.message)
    });
    last.map(|marked| marked.uid).collect()
}

/// Notes messages that are about to leave the person's mailboxes, so that they can be brought back; what is too much of them,
/// the oldest first, is given to collection.
async fn record(tx: &mut Tx<'_>, expunging: &Expunging, user: &UserId, last: &[Uid]) -> Result<(), StoreError> {
    if last.is_empty() {
        return Ok(());
    }
    let ranges = ranges_json(last);
    if expunging.keeping.days == 0 {
        return doom(tx, expunging, &ranges).await;
    }
    let statement = sql!(
        tx,
        "insert into expunged (user_id, message_id, mailbox_id, origin_mailbox_id, flags, keywords, size, internal_date,
            expunged_at)
        select $3, p.message_id, p.mailbox_id, p.origin_mailbox_id, p.flags, p.keywords, p.size, p.internal_date, $4 from ",
        placements "$1",
        " where true order by p.message_id
        on conflict (user_id, message_id) do update set mailbox_id = excluded.mailbox_id,
            origin_mailbox_id = excluded.origin_mailbox_id, flags = excluded.flags, keywords = excluded.keywords,
            internal_date = excluded.internal_date, expunged_at = excluded.expunged_at"
    );
    on_engine!(tx, |c| {
        sqlx::query(statement)
            .bind(ranges.as_str())
            .bind(expunging.mailbox.0)
            .bind(user.as_str())
            .bind(expunging.now.0)
            .execute(c)
            .await
            .map(drop)?;
    });
    trim(tx, expunging, user).await
}

/// The messages of these placements go as soon as nobody else has them.
async fn doom(tx: &mut Tx<'_>, expunging: &Expunging, ranges: &str) -> Result<(), StoreError> {
    let statement = sql!(
        tx,
        "insert into doomed_message (message_id, marked_at) select distinct p.message_id, $3 from ",
        placements "$1",
        " where true order by p.message_id
        on conflict (message_id) do update set marked_at = excluded.marked_at"
    );
    on_engine!(tx, |c| {
        let query = sqlx::query(statement).bind(ranges).bind(expunging.mailbox.0).bind(expunging.now.0);
        query.execute(c).await.map(drop)?;
    });
    Ok(())
}

const TOO_MUCH: &str = "
    select message_id from (
        select message_id, sum(size) over newest as bytes, row_number() over newest as place
        from expunged where user_id = $1
        window newest as (order by expunged_at desc, message_id desc)
    ) as kept
    where bytes > $2 or place > $3";

async fn trim(tx: &mut Tx<'_>, expunging: &Expunging, user: &UserId) -> Result<(), StoreError> {
    let keeping = &expunging.keeping;
    let rows: Vec<(i64,)> = on_engine!(tx, |c| {
        let query = sqlx::query_as(TOO_MUCH).bind(user.as_str()).bind(column(keeping.bytes_max));
        query.bind(column(keeping.messages_max)).fetch_all(c).await?
    });
    if rows.is_empty() {
        return Ok(());
    }
    let messages: Vec<i64> = rows.into_iter().map(|(message,)| message).collect();
    forget(tx, user, &messages).await?;
    doom_messages(tx, &messages, expunging.now).await
}

/// Takes messages out of those that a person can bring back.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: &UserId, messages: &[i64]) -> Result<(), StoreError> {
    let statement = sql!(
        tx,
        "delete from expunged where user_id = $1 and message_id in (select item from ",
        numbers "$2",
        " as list)"
    );
    let list = json_list(messages);
    on_engine!(tx, |c| sqlx::query(statement).bind(user.as_str()).bind(list.as_str()).execute(c).await.map(drop)?);
    Ok(())
}

/// Gives messages to collection: each goes as soon as nobody has it.
pub(crate) async fn doom_messages(tx: &mut Tx<'_>, messages: &[i64], now: Timestamp) -> Result<(), StoreError> {
    // Updated where it is there, so that it waits for a collection that looks at it just now, and is looked at again.
    let statement = sql!(
        tx,
        "insert into doomed_message (message_id, marked_at) select distinct list.item, $2 from ",
        numbers "$1",
        " as list where true order by list.item
        on conflict (message_id) do update set marked_at = excluded.marked_at"
    );
    let list = json_list(messages);
    on_engine!(tx, |c| sqlx::query(statement).bind(list.as_str()).bind(now.0).execute(c).await.map(drop)?);
    Ok(())
}
