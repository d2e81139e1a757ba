//! Collection: what nobody needs any more makes room, a little at a time.
//!
//! Each function is one short transaction and does one batch; the domain calls it until nothing is left. A gateway beside
//! this one may do the same: rows that it holds are passed over. Whoever takes a reference to a message or a body holds
//! its row (`message::add`, `message::hold`), so what is deleted here is referred to by nobody, before and after. No
//! transaction here holds messages and bodies at once, nor any of them and a mailbox: none waits in a circle.

use crate::model::{MailboxId, Timestamp};
use crate::store::backup::may_delete_bodies;
use crate::store::placement::doom_messages;
use crate::store::{StoreError, Tx, column, json_list, on_engine, sql};

/// Up to when, and how many rows in one transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) before: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) rows_max: usize,
}

/// Forgets tombstones older than `before`; how many. The mailbox remembers up to where.
pub(crate) async fn forget_tombstones(tx: &mut Tx<'_>, batch: &Batch) -> Result<u64, StoreError> {
    const OLD: &str = "
        select mailbox_id, max(mod_seq) from (
            select mailbox_id, mod_seq from tombstone where expunged_at < $1 order by expunged_at limit $2
        ) as old
        group by mailbox_id order by mailbox_id";
    const REMEMBER: &str = "update mailbox set forgotten_mod_seq = $2 where id = $1 and forgotten_mod_seq < $2";
    const FORGET: &str = "delete from tombstone where mailbox_id = $1 and mod_seq <= $2 and expunged_at < $3";
    let old: Vec<(i64, i64)> = on_engine!(tx, |c| {
        sqlx::query_as(OLD).bind(batch.before.0).bind(column(batch.rows_max)).fetch_all(c).await?
    });
    let mailboxes: Vec<MailboxId> = old.iter().map(|(mailbox, _)| MailboxId(*mailbox)).collect();
    crate::store::mailbox::lock(tx, &mailboxes).await?;
    let mut forgotten = 0;
    for (mailbox, mod_seq) in old {
        forgotten += on_engine!(tx, |c| {
            sqlx::query(REMEMBER).bind(mailbox).bind(mod_seq).execute(&mut *c).await?;
            let query = sqlx::query(FORGET).bind(mailbox).bind(mod_seq).bind(batch.before.0);
            query.execute(c).await?.rows_affected()
        });
    }
    Ok(forgotten)
}

/// Ends the time in which messages expunged before `before` can be brought back; how many.
pub(crate) async fn end_undelete(tx: &mut Tx<'_>, batch: &Batch) -> Result<u64, StoreError> {
    let statement = sql!(
        tx,
        "delete from expunged where (user_id, message_id) in (
            select user_id, message_id from expunged where expunged_at < $1 order by expunged_at limit $2",
        lock " for update skip locked",
        ") returning message_id"
    );
    let rows: Vec<(i64,)> = on_engine!(tx, |c| {
        sqlx::query_as(statement).bind(batch.before.0).bind(column(batch.rows_max)).fetch_all(c).await?
    });
    let messages: Vec<i64> = rows.into_iter().map(|(message,)| message).collect();
    if !messages.is_empty() {
        doom_messages(tx, &messages, batch.now).await?;
    }
    Ok(count_of(messages.len()))
}

/// What a batch of deletions came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deleted {
    /// Rows looked at: where there are none, nothing is left to do.
    pub(crate) looked_at: usize,
    pub(crate) deleted: u64,
    /// Names in the blob store that no row bears any more.
    pub(crate) blobs: Vec<String>,
}

/// Deletes messages among the doomed that nobody has and nobody can bring back, with all that hangs on them.
pub(crate) async fn delete_messages(tx: &mut Tx<'_>, batch: &Batch) -> Result<Deleted, StoreError> {
    let doomed = sql!(
        tx,
        "select message_id from doomed_message order by message_id limit $1",
        lock " for update skip locked",
        ""
    );
    let rows: Vec<(i64,)> =
        on_engine!(tx, |c| sqlx::query_as(doomed).bind(column(batch.rows_max)).fetch_all(c).await?);
    if rows.is_empty() {
        return Ok(Deleted::default());
    }
    let doomed: Vec<i64> = rows.into_iter().map(|(message,)| message).collect();
    let free = unreferenced(tx, &json_list(&doomed)).await?;
    let bodies = delete_rows(tx, &json_list(&free)).await?;
    for body in &bodies {
        doom_body(tx, body, batch.now).await?;
    }
    let done = sql!(
        tx,
        "delete from doomed_message where message_id in (select item from ",
        numbers "$1",
        " as list)"
    );
    let list = json_list(&doomed);
    on_engine!(tx, |c| sqlx::query(done).bind(list.as_str()).execute(c).await.map(drop)?);
    Ok(Deleted { looked_at: doomed.len(), deleted: count_of(free.len()), blobs: Vec::new() })
}

/// The messages of the list that are in no mailbox, wait for none, and cannot be brought back: locked, so that it stays true.
async fn unreferenced(tx: &mut Tx<'_>, list: &str) -> Result<Vec<i64>, StoreError> {
    let hold = sql!(
        tx,
        "select m.id from ",
        numbers "$1",
        " as list join message m on m.id = list.item order by m.id",
        lock " for update of m",
        ""
    );
    // A second statement: it sees what was committed while the first one waited.
    let free = sql!(
        tx,
        "select m.id from ",
        numbers "$1",
        " as list join message m on m.id = list.item
        where not exists (select 1 from placement p where p.message_id = m.id)
            and not exists (select 1 from expunged e where e.message_id = m.id)
            and not exists (
                select 1 from submission s join delivery d on d.submission_id = s.id and d.waits_until is not null
                where s.message_id = m.id)"
    );
    let rows: Vec<(i64,)> = on_engine!(tx, |c| {
        sqlx::query(hold).bind(list).fetch_all(&mut *c).await?;
        sqlx::query_as(free).bind(list).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(message,)| message).collect())
}

/// Deletes the messages of the list with all that hangs on them; the hashes of their bodies.
async fn delete_rows(tx: &mut Tx<'_>, list: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    let texts = sql!(
        tx,
        "delete from message_text where message_id in (select item from ",
        numbers "$1",
        " as list)"
    );
    let aliases = sql!(
        tx,
        "delete from message_id_alias where message_id in (select item from ",
        numbers "$1",
        " as list)"
    );
    let submissions = sql!(
        tx,
        "update submission set message_id = null where message_id in (select item from ",
        numbers "$1",
        " as list)"
    );
    if let Tx::Sqlite(c) = tx {
        // PostgreSQL keeps its trigrams by itself.
        const INDEX: &str = "delete from message_index where rowid in (select value from json_each($1))";
        sqlx::query(INDEX).bind(list).execute(&mut **c).await?;
    }
    let messages = sql!(
        tx,
        "delete from message where id in (select item from ",
        numbers "$1",
        " as list) returning body_hash"
    );
    let mut bodies: Vec<Vec<u8>> = on_engine!(tx, |c| {
        for statement in [texts, aliases, submissions] {
            sqlx::query(statement).bind(list).execute(&mut *c).await?;
        }
        sqlx::query_scalar(messages).bind(list).fetch_all(c).await?
    });
    bodies.sort_unstable();
    bodies.dedup();
    Ok(bodies)
}

async fn doom_body(tx: &mut Tx<'_>, hash: &[u8], now: Timestamp) -> Result<(), StoreError> {
    const DOOM: &str = "
        insert into doomed_body (hash, marked_at) values ($1, $2)
        on conflict (hash) do update set marked_at = excluded.marked_at";
    on_engine!(tx, |c| sqlx::query(DOOM).bind(hash).bind(now.0).execute(c).await.map(drop)?);
    Ok(())
}

/// Deletes bodies among the doomed that no message has. Those pinned are looked at again later; none goes while a backup
/// copies them.
pub(crate) async fn delete_bodies(tx: &mut Tx<'_>, batch: &Batch) -> Result<Deleted, StoreError> {
    const PINNED: &str = "update doomed_body set marked_at = $2 where hash = $1";
    const DONE: &str = "delete from doomed_body where hash = $1";
    const DELETE: &str = "
        delete from body where hash = $1 and not exists (select 1 from message m where m.body_hash = $1) returning blob";
    if !may_delete_bodies(tx).await? {
        return Ok(Deleted::default());
    }
    // Marked before now: those put back into the queue by this round wait for the next.
    let doomed = sql!(
        tx,
        "select hash from doomed_body where marked_at <= $1 order by marked_at, hash limit $2",
        lock " for update skip locked",
        ""
    );
    let hold = sql!(tx, "select pinned_until from body where hash = $1", lock " for update", "");
    let hashes: Vec<Vec<u8>> = on_engine!(tx, |c| {
        sqlx::query_scalar(doomed).bind(batch.now.0).bind(column(batch.rows_max)).fetch_all(c).await?
    });
    let mut deleted = Deleted { looked_at: hashes.len(), ..Deleted::default() };
    for hash in &hashes {
        let hash = hash.as_slice();
        on_engine!(tx, |c| {
            let pinned: Option<(i64,)> = sqlx::query_as(hold).bind(hash).fetch_optional(&mut *c).await?;
            if let Some((until,)) = pinned.filter(|(until,)| *until > batch.now.0) {
                sqlx::query(PINNED).bind(hash).bind(until).execute(c).await.map(drop)?;
                continue;
            }
            let gone: Option<(Option<String>,)> = sqlx::query_as(DELETE).bind(hash).fetch_optional(&mut *c).await?;
            sqlx::query(DONE).bind(hash).execute(c).await.map(drop)?;
            if let Some((blob,)) = gone {
                deleted.deleted += 1;
                deleted.blobs.extend(blob);
            }
        });
    }
    Ok(deleted)
}

/// Forgets submissions older than `before` whose letter nobody has any more, the oldest first: their recipients, who may
/// answer them, then themselves. Rows deleted.
pub(crate) async fn forget_submissions(tx: &mut Tx<'_>, batch: &Batch) -> Result<u64, StoreError> {
    let old = sql!(
        tx,
        "select id from submission where message_id is null and submitted_at < $1 order by submitted_at limit 20",
        lock " for update skip locked",
        ""
    );
    let recipients = sql!(
        tx,
        "delete from delivery where (submission_id, user_id) in (
            select d.submission_id, d.user_id from ",
        numbers "$1",
        " as list join delivery d on d.submission_id = list.item limit $2)"
    );
    let answerable = sql!(
        tx,
        "delete from answerable where (user_id, submission_id) in (
            select a.user_id, a.submission_id from ",
        numbers "$1",
        " as list join answerable a on a.submission_id = list.item limit $2)"
    );
    let themselves = sql!(
        tx,
        "delete from submission where id in (select item from ",
        numbers "$1",
        " as list) and not exists (select 1 from delivery d where d.submission_id = submission.id)
            and not exists (select 1 from answerable a where a.submission_id = submission.id)"
    );
    let ids: Vec<i64> = on_engine!(tx, |c| sqlx::query_scalar(old).bind(batch.before.0).fetch_all(c).await?);
    if ids.is_empty() {
        return Ok(0);
    }
    let (list, rows_max) = (json_list(&ids), column(batch.rows_max));
    on_engine!(tx, |c| {
        let mut gone = 0;
        for statement in [recipients, answerable] {
            let query = sqlx::query(statement).bind(list.as_str()).bind(rows_max);
            gone += query.execute(&mut *c).await?.rows_affected();
        }
        Ok(gone + sqlx::query(themselves).bind(list.as_str()).execute(c).await?.rows_affected())
    })
}

/// Which of the names (a JSON list) some body bears in the blob store.
pub(crate) async fn blobs_in_use(tx: &mut Tx<'_>, names: &str) -> Result<Vec<String>, StoreError> {
    let statement = sql!(
        tx,
        "select b.blob from ",
        texts "$1",
        " as list join body b on b.blob = list.item"
    );
    Ok(on_engine!(tx, |c| sqlx::query_scalar(statement).bind(names).fetch_all(c).await?))
}

fn count_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
