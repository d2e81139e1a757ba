//! What repairs write. Each function is one transaction and mends one unit, or a batch of small ones; run again, it finds
//! nothing more to do.

use crate::model::{MailboxId, MessageId, Timestamp};
use crate::store::mailbox::{lock, take_mod_seq};
use crate::store::message::{NewMessage, add_texts};
use crate::store::open::search_index_postgres;
use crate::store::{StoreError, Tx, column, json_list, on_engine, sql};

const BEHIND: &str = "
    select m.id from mailbox m left join mailbox_clock k on k.user_id = m.user_id
    where m.uid_next <= coalesce((select max(p.uid) from placement p where p.mailbox_id = m.id), 0)
        or m.uid_next <= coalesce((select max(t.uid) from tombstone t where t.mailbox_id = m.id), 0)
        or m.mod_seq < coalesce((select max(p.mod_seq) from placement p where p.mailbox_id = m.id), 1)
        or m.mod_seq < coalesce((select max(t.mod_seq) from tombstone t where t.mailbox_id = m.id), 1)
        or m.mod_seq < m.forgotten_mod_seq
        or k.uid_validity < m.uid_validity
    order by m.id";

/// Mailboxes whose counters are too low.
pub(crate) async fn behind(tx: &mut Tx<'_>, (): &()) -> Result<Vec<i64>, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query_scalar(BEHIND).fetch_all(c).await?))
}

const RAISE: [&str; 3] = [
    "update mailbox set uid_next = 1 + (
        select max(uid) from (
            select uid from placement where mailbox_id = $1 union all select uid from tombstone where mailbox_id = $1
        ) as known
    )
    where id = $1 and uid_next <= (
        select max(uid) from (
            select uid from placement where mailbox_id = $1 union all select uid from tombstone where mailbox_id = $1
        ) as known
    )",
    "update mailbox set mod_seq = (
        select max(mod_seq) from (
            select mod_seq from placement where mailbox_id = $1 union all
            select mod_seq from tombstone where mailbox_id = $1 union all
            select forgotten_mod_seq from mailbox where id = $1 union all
            select 1
        ) as known
    )
    where id = $1 and mod_seq < (
        select max(mod_seq) from (
            select mod_seq from placement where mailbox_id = $1 union all
            select mod_seq from tombstone where mailbox_id = $1 union all
            select forgotten_mod_seq from mailbox where id = $1 union all
            select 1
        ) as known
    )",
    "update mailbox_clock set uid_validity = (select uid_validity from mailbox where id = $1)
    where user_id = (select user_id from mailbox where id = $1)
        and uid_validity < (select uid_validity from mailbox where id = $1)",
];

/// Raises the counters of a mailbox to what its rows bear; never lowers one.
pub(crate) async fn raise_counters(tx: &mut Tx<'_>, mailbox: &i64) -> Result<(), StoreError> {
    lock(tx, &[MailboxId(*mailbox)]).await?;
    for statement in RAISE {
        on_engine!(tx, |c| sqlx::query(statement).bind(*mailbox).execute(c).await.map(drop)?);
    }
    Ok(())
}

const ODD_SIZES: &str = "
    select distinct p.mailbox_id from placement p join message l on l.id = p.message_id
    where p.size <> l.size or p.sent_day is distinct from l.sent_day order by 1";

/// Mailboxes that tell other sizes or dates of messages than these themselves.
pub(crate) async fn odd_sizes(tx: &mut Tx<'_>, (): &()) -> Result<Vec<i64>, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query_scalar(ODD_SIZES).fetch_all(c).await?))
}

const SET_SIZES: &str = "
    update placement set mod_seq = $2,
        size = (select l.size from message l where l.id = placement.message_id),
        sent_day = (select l.sent_day from message l where l.id = placement.message_id)
    where mailbox_id = $1 and exists (
        select 1 from message l where l.id = placement.message_id
            and (l.size <> placement.size or l.sent_day is distinct from placement.sent_day))";

/// Sets sizes and dates in a mailbox to those of the messages. They get a ModSeq, so that open sessions hear of it.
pub(crate) async fn set_sizes(tx: &mut Tx<'_>, mailbox: &i64) -> Result<(), StoreError> {
    let Some(mod_seq) = take_mod_seq(tx, MailboxId(*mailbox)).await? else { return Ok(()) };
    on_engine!(tx, |c| sqlx::query(SET_SIZES).bind(*mailbox).bind(mod_seq.0).execute(c).await.map(drop)?);
    Ok(())
}

const ODD_EXPUNGED: &str = "
    select count(*) from expunged e join message l on l.id = e.message_id where e.size <> l.size";
const SET_EXPUNGED: &str = "
    update expunged set size = (select l.size from message l where l.id = expunged.message_id)
    where size <> (select l.size from message l where l.id = expunged.message_id)";

/// How many of the expunged tell another size.
pub(crate) async fn odd_expunged(tx: &mut Tx<'_>, (): &()) -> Result<i64, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query_scalar(ODD_EXPUNGED).fetch_one(c).await?))
}

/// Sets the sizes of the expunged.
pub(crate) async fn set_expunged(tx: &mut Tx<'_>, (): &()) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(SET_EXPUNGED).execute(c).await.map(drop)?);
    Ok(())
}

const NOT_INDEXED: &str = "
    select t.message_id from message_text t left join message_index_docsize i on i.id = t.message_id where i.id is null
    union
    select i.id from message_index_docsize i left join message_text t on t.message_id = i.id where t.message_id is null";
const HAS_INDEX: &str = "
    select count(*) from pg_index x
    where x.indexrelid = to_regclass('message_text_trigrams') and x.indisvalid and x.indisready";

/// Messages that the search index lacks or has for nothing. PostgreSQL: one, 0, where the index as a whole is not there.
pub(crate) async fn not_indexed(tx: &mut Tx<'_>, (): &()) -> Result<Vec<i64>, StoreError> {
    match tx {
        Tx::Sqlite(c) => Ok(sqlx::query_scalar(NOT_INDEXED).fetch_all(&mut **c).await?),
        Tx::Postgres(c) => {
            let there: i64 = sqlx::query_scalar(HAS_INDEX).fetch_one(&mut **c).await?;
            Ok(if there > 0 { Vec::new() } else { vec![0] })
        }
    }
}

const LEAVE_INDEX: &str = "delete from message_index where rowid in (select value from json_each($1))";
const ENTER_INDEX: &str = "
    insert into message_index (rowid, from_key, to_key, cc_key, bcc_key, subject_key, header_key, text_key)
    select message_id, from_key, to_key, cc_key, bcc_key, subject_key, header_key, text_key
    from json_each($1) join message_text on message_id = value";

/// Indexes messages anew; PostgreSQL: makes the index anew, while writers wait.
pub(crate) async fn index_again(tx: &mut Tx<'_>, messages: &[i64]) -> Result<(), StoreError> {
    match tx {
        Tx::Sqlite(c) => {
            let list = json_list(messages);
            sqlx::query(LEAVE_INDEX).bind(list.as_str()).execute(&mut **c).await?;
            sqlx::query(ENTER_INDEX).bind(list.as_str()).execute(&mut **c).await?;
        }
        Tx::Postgres(c) => {
            sqlx::query("set local statement_timeout = 0").execute(&mut **c).await?;
            sqlx::query("drop index if exists message_text_trigrams").execute(&mut **c).await?;
            sqlx::raw_sql(search_index_postgres()).execute(&mut **c).await?;
        }
    }
    Ok(())
}

const SET_MESSAGE: &str = "
    update message set envelope = $2, body_structure = $3, parts = $4, message_id_key = $5, content_key = $6,
        sent_at = $7, sent_day = $8, sort_keys = $9, preview = $10
    where id = $1";
const DROP_TEXT: [&str; 2] =
    ["delete from message_text where message_id = $1", "delete from message_id_alias where message_id = $1"];
const PLACED: &str = "
    select distinct mailbox_id from placement where message_id = $1 and sent_day is distinct from $2 order by 1";

/// Stores what a message was read as again, in the place of what is stored. `false` where the message has gone.
pub(crate) async fn set_structure(tx: &mut Tx<'_>, message: &NewMessage) -> Result<bool, StoreError> {
    let sent_day = message.sent_day.map(i64::from);
    let set = on_engine!(tx, |c| {
        sqlx::query(SET_MESSAGE)
            .bind(message.id.0)
            .bind(message.envelope.as_slice())
            .bind(message.body_structure.as_slice())
            .bind(message.parts.as_slice())
            .bind(message.message_id_key.as_deref())
            .bind(message.content_key.as_ref().map(<[u8; 32]>::as_slice))
            .bind(message.sent_at)
            .bind(sent_day)
            .bind(message.sort_keys.as_str())
            .bind(message.preview.as_str())
            .execute(c)
            .await?
            .rows_affected()
    });
    if set == 0 {
        return Ok(false);
    }
    leave_index(tx, message.id).await?;
    for statement in DROP_TEXT {
        on_engine!(tx, |c| sqlx::query(statement).bind(message.id.0).execute(c).await.map(drop)?);
    }
    add_texts(tx, message).await?;
    let placed: Vec<i64> =
        on_engine!(tx, |c| sqlx::query_scalar(PLACED).bind(message.id.0).bind(sent_day).fetch_all(c).await?);
    for mailbox in placed {
        set_sizes(tx, &mailbox).await?;
    }
    Ok(true)
}

async fn leave_index(tx: &mut Tx<'_>, message: MessageId) -> Result<(), StoreError> {
    if let Tx::Sqlite(c) = tx {
        sqlx::query(LEAVE_INDEX).bind(json_list(&[message.0])).execute(&mut **c).await?;
    }
    Ok(())
}

const LOST_MESSAGES: &str = "
    select l.id from message l
    where not exists (select 1 from placement p where p.message_id = l.id)
        and not exists (select 1 from expunged e where e.message_id = l.id)
        and not exists (select 1 from doomed_message d where d.message_id = l.id)
        and not exists (
            select 1 from submission s join delivery d on d.submission_id = s.id and d.waits_until is not null
            where s.message_id = l.id)
    order by l.id limit $1";
const LOST_BODIES: &str = "
    select b.hash from body b
    where not exists (select 1 from message l where l.body_hash = b.hash)
        and not exists (select 1 from doomed_body d where d.hash = b.hash)
    limit $1";

/// Messages and bodies that nobody has and that collection does not know of, so many of each at most.
pub(crate) async fn orphan_rows(tx: &mut Tx<'_>, max: &usize) -> Result<(Vec<i64>, Vec<Vec<u8>>), StoreError> {
    Ok(on_engine!(tx, |c| {
        let messages = sqlx::query_scalar(LOST_MESSAGES).bind(column(*max)).fetch_all(&mut *c).await?;
        (messages, sqlx::query_scalar(LOST_BODIES).bind(column(*max)).fetch_all(c).await?)
    }))
}

/// Rows to give to collection, which looks itself whether anybody has them.
pub(crate) struct Orphans {
    pub(crate) messages: Vec<i64>,
    pub(crate) bodies: Vec<Vec<u8>>,
    pub(crate) now: Timestamp,
}

const DOOM_BODY: &str = "insert into doomed_body (hash, marked_at) values ($1, $2) on conflict (hash) do nothing";

/// Gives them to collection.
pub(crate) async fn give_to_collection(tx: &mut Tx<'_>, orphans: &Orphans) -> Result<(), StoreError> {
    let messages = sql!(
        tx,
        "insert into doomed_message (message_id, marked_at) select list.item, $2 from ",
        numbers "$1",
        " as list where true on conflict (message_id) do nothing"
    );
    let list = json_list(&orphans.messages);
    on_engine!(tx, |c| {
        sqlx::query(messages).bind(list.as_str()).bind(orphans.now.0).execute(&mut *c).await?;
        for body in &orphans.bodies {
            sqlx::query(DOOM_BODY).bind(body.as_slice()).bind(orphans.now.0).execute(&mut *c).await?;
        }
    });
    Ok(())
}
