//! Rows of `body`, `message`, `message_text`, `message_id_alias`, and SQLite's `message_index`: content, stored once, never
//! changed.

use bytes::Bytes;

use super::{StoreError, Tx, column, on_engine, sql};
use crate::mime::SearchText;
use crate::model::{MessageId, Timestamp};

/// Everything after the header block.
#[derive(Clone)]
pub(crate) struct NewBody {
    pub(crate) hash: [u8; 32],
    pub(crate) size: u64,
    pub(crate) place: NewPlace,
}

/// Where its octets are.
#[derive(Clone)]
pub(crate) enum NewPlace {
    Inline(Bytes),
    /// In the blob store, under a name of its own.
    Blob(String),
    /// It is stored already, and pinned ([`pin_body`]).
    Pinned,
}

/// A message as it is stored: header block, and what lists need.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NewMessage {
    /// An id for it, should it be new.
    pub(crate) id: MessageId,
    /// Of all its octets.
    pub(crate) hash: [u8; 32],
    pub(crate) size: u64,
    pub(crate) body_hash: [u8; 32],
    pub(crate) header: Bytes,
    pub(crate) envelope: Vec<u8>,
    pub(crate) body_structure: Vec<u8>,
    pub(crate) parts: Vec<u8>,
    pub(crate) message_id_key: Option<String>,
    /// As [`crate::mime::content_key`] has it, where there is a Message-ID.
    pub(crate) content_key: Option<[u8; 32]>,
    pub(crate) sent_at: Option<i64>,
    pub(crate) sent_day: Option<i32>,
    /// As [`crate::mime::SortKeys`] writes them.
    pub(crate) sort_keys: String,
    pub(crate) preview: String,
    pub(crate) text: SearchText,
}

const PIN_BODY: &str = "update body set pinned_until = $2 where hash = $1 and pinned_until < $2 and blob is not null";
const HAS_BLOB: &str = "select count(*) from body where hash = $1 and blob is not null";

/// Holds a body in the blob store until `until`, so that it need not be written again; `false` where it is not there.
pub(crate) async fn pin_body(tx: &mut Tx<'_>, (hash, until): &([u8; 32], Timestamp)) -> Result<bool, StoreError> {
    let (there,): (i64,) = on_engine!(tx, |c| {
        sqlx::query(PIN_BODY).bind(hash.as_slice()).bind(until.0).execute(&mut *c).await?;
        sqlx::query_as(HAS_BLOB).bind(hash.as_slice()).fetch_one(c).await?
    });
    Ok(there > 0)
}

/// How often a row that another transaction deletes at the same time is added again.
const TRIES_MAX: u32 = 5;

const ADD_BODY: &str = "
    insert into body (hash, size, bytes, blob, pinned_until, created_at) values ($1, $2, $3, $4, 0, $5)
    on conflict (hash) do nothing";

/// Adds a body, where it is new. Afterwards it stays until the transaction ends: collection cannot take it.
pub(crate) async fn add_body(tx: &mut Tx<'_>, body: &NewBody, now: Timestamp) -> Result<(), StoreError> {
    for _ in 0..TRIES_MAX {
        let (bytes, blob) = match &body.place {
            NewPlace::Inline(bytes) => (Some(&bytes[..]), None),
            NewPlace::Blob(name) => (None, Some(name.as_str())),
            NewPlace::Pinned => (None, None),
        };
        if bytes.is_some() || blob.is_some() {
            let added = on_engine!(tx, |c| {
                let query = sqlx::query(ADD_BODY).bind(body.hash.as_slice()).bind(column(body.size));
                query.bind(bytes).bind(blob).bind(now.0).execute(c).await?.rows_affected()
            });
            if added > 0 {
                return Ok(());
            }
        }
        if hold_body(tx, &body.hash).await? {
            return Ok(());
        }
    }
    Err(body_missing(&body.hash))
}

async fn hold_body(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let statement = sql!(tx, "select size from body where hash = $1", lock " for key share", "");
    let row: Option<(i64,)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(hash.as_slice()).fetch_optional(c).await?);
    Ok(row.is_some())
}

fn body_missing(hash: &[u8; 32]) -> StoreError {
    let row = hash.iter().map(|octet| format!("{octet:02x}")).collect();
    StoreError::Inconsistent { table: "body", column: "hash", row }
}

const ADD: &str = "
    insert into message (id, hash, size, body_hash, header, envelope, body_structure, parts, message_id_key,
        content_key, sent_at, sent_day, sort_keys, preview, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    on conflict (hash) do nothing";

/// Adds a message whose body is there; its id, or that of the same message stored before. Afterwards it stays until the
/// transaction ends.
pub(crate) async fn add(tx: &mut Tx<'_>, message: &NewMessage, now: Timestamp) -> Result<MessageId, StoreError> {
    for _ in 0..TRIES_MAX {
        if insert(tx, message, now).await? {
            return Ok(message.id);
        }
        let statement = sql!(tx, "select id from message where hash = $1", lock " for key share", "");
        let row: Option<(i64,)> =
            on_engine!(tx, |c| sqlx::query_as(statement).bind(message.hash.as_slice()).fetch_optional(c).await?);
        if let Some((id,)) = row {
            return Ok(MessageId(id));
        }
    }
    Err(StoreError::Inconsistent { table: "message", column: "hash", row: message.id.to_string() })
}

/// Holds a message that is there until the transaction ends; `false` where it has gone.
pub(crate) async fn hold(tx: &mut Tx<'_>, message: MessageId) -> Result<bool, StoreError> {
    let statement = sql!(tx, "select id from message where id = $1", lock " for key share", "");
    let row: Option<(i64,)> = on_engine!(tx, |c| sqlx::query_as(statement).bind(message.0).fetch_optional(c).await?);
    Ok(row.is_some())
}

/// `false` where the same message is there.
async fn insert(tx: &mut Tx<'_>, message: &NewMessage, now: Timestamp) -> Result<bool, StoreError> {
    on_engine!(tx, |c| {
        let added = sqlx::query(ADD)
            .bind(message.id.0)
            .bind(message.hash.as_slice())
            .bind(column(message.size))
            .bind(message.body_hash.as_slice())
            .bind(&message.header[..])
            .bind(message.envelope.as_slice())
            .bind(message.body_structure.as_slice())
            .bind(message.parts.as_slice())
            .bind(message.message_id_key.as_deref())
            .bind(message.content_key.as_ref().map(<[u8; 32]>::as_slice))
            .bind(message.sent_at)
            .bind(message.sent_day.map(i64::from))
            .bind(message.sort_keys.as_str())
            .bind(message.preview.as_str())
            .bind(now.0)
            .execute(&mut *c)
            .await?
            .rows_affected();
        if added == 0 {
            return Ok(false);
        }
    });
    add_texts(tx, message).await?;
    Ok(true)
}

const ADD_TEXT: &str = "
    insert into message_text (message_id, from_key, to_key, cc_key, bcc_key, subject_key, header_names, header_key,
        text_key)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const ADD_ALIAS: &str = "insert into message_id_alias (key, message_id) values ($1, $2)";
const ADD_TO_INDEX: &str = "
    insert into message_index (rowid, from_key, to_key, cc_key, bcc_key, subject_key, header_key, text_key)
    select message_id, from_key, to_key, cc_key, bcc_key, subject_key, header_key, text_key
    from message_text where message_id = $1";

/// Adds what SEARCH compares, and what proposes it.
pub(crate) async fn add_texts(tx: &mut Tx<'_>, message: &NewMessage) -> Result<(), StoreError> {
    let text = &message.text;
    let ids = text.header.message_ids();
    let aliases = ids.iter().filter(|id| Some(id.as_str()) != message.message_id_key.as_deref());
    on_engine!(tx, |c| {
        sqlx::query(ADD_TEXT)
            .bind(message.id.0)
            .bind(text.from.as_str())
            .bind(text.to.as_str())
            .bind(text.cc.as_str())
            .bind(text.bcc.as_str())
            .bind(text.subject.as_str())
            .bind(text.header.names.as_str())
            .bind(text.header.values.as_str())
            .bind(text.body.as_str())
            .execute(&mut *c)
            .await?;
        for alias in aliases {
            sqlx::query(ADD_ALIAS).bind(alias.as_str()).bind(message.id.0).execute(&mut *c).await?;
        }
    });
    // PostgreSQL keeps its trigrams by itself.
    if let Tx::Sqlite(c) = tx {
        sqlx::query(ADD_TO_INDEX).bind(message.id.0).execute(&mut **c).await?;
    }
    Ok(())
}

/// Octets of a body to read: from which, counted from 0, and how many.
pub(crate) struct BodyRange {
    pub(crate) hash: [u8; 32],
    pub(crate) start: u64,
    pub(crate) count: u64,
}

const READ_BODY: &str =
    "select substr(bytes, cast($2 as integer), cast($3 as integer)), blob from body where hash = $1";

/// Octets of a body, or the name that it has in the blob store.
pub(crate) enum BodyOctets {
    Read(Bytes),
    InBlobStore(String),
}

/// Reads octets of a body.
pub(crate) async fn read_body(tx: &mut Tx<'_>, range: &BodyRange) -> Result<BodyOctets, StoreError> {
    let row: Option<(Option<Vec<u8>>, Option<String>)> = on_engine!(tx, |c| {
        sqlx::query_as(READ_BODY)
            .bind(range.hash.as_slice())
            .bind(column(range.start).saturating_add(1))
            .bind(column(range.count))
            .fetch_optional(c)
            .await?
    });
    match row {
        Some((Some(bytes), _)) => Ok(BodyOctets::Read(Bytes::from(bytes))),
        Some((None, Some(name))) => Ok(BodyOctets::InBlobStore(name)),
        _ => Err(body_missing(&range.hash)),
    }
}

const BLOB_OF: &str = "select blob from body where hash = $1";

/// The name that a body has in the blob store; `None` where it is not there, or not stored at all.
pub(crate) async fn blob_of(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<String>, StoreError> {
    let row: Option<(Option<String>,)> =
        on_engine!(tx, |c| sqlx::query_as(BLOB_OF).bind(hash.as_slice()).fetch_optional(c).await?);
    Ok(row.and_then(|(name,)| name))
}
