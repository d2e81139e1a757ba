//! Rows of `body`, `message`, `message_text`, `message_id_alias`, and SQLite's `message_index`: content, stored once, never
//! changed.

use bytes::Bytes;

use super::{StoreError, Tx, column, on_engine};
use crate::mime::SearchText;
use crate::model::{MessageId, Timestamp};

/// Everything after the header block.
#[derive(Clone)]
pub(crate) struct NewBody {
    pub(crate) hash: [u8; 32],
    pub(crate) size: u64,
    /// `None` where it lies in the blob store.
    pub(crate) bytes: Option<Bytes>,
}

/// A message as it is stored: header block, and what lists need.
#[derive(Clone)]
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
    pub(crate) sent_at: Option<i64>,
    pub(crate) sent_day: Option<i32>,
    /// As [`crate::mime::SortKeys`] writes them.
    pub(crate) sort_keys: String,
    pub(crate) preview: String,
    pub(crate) text: SearchText,
}

const ADD_BODY: &str =
    "insert into body (hash, size, bytes, created_at) values ($1, $2, $3, $4) on conflict (hash) do nothing";

/// Adds a body, where it is new.
pub(crate) async fn add_body(tx: &mut Tx<'_>, body: &NewBody, now: Timestamp) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        sqlx::query(ADD_BODY)
            .bind(body.hash.as_slice())
            .bind(column(body.size))
            .bind(body.bytes.as_deref())
            .bind(now.0)
            .execute(c)
            .await
            .map(drop)?;
    });
    Ok(())
}

const ADD: &str = "
    insert into message (id, hash, size, body_hash, header, envelope, body_structure, parts, message_id_key, sent_at,
        sent_day, sort_keys, preview, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    on conflict (hash) do nothing";
const FIND: &str = "select id from message where hash = $1";

/// Adds a message whose body is there; its id, or that of the same message stored before.
pub(crate) async fn add(tx: &mut Tx<'_>, message: &NewMessage, now: Timestamp) -> Result<MessageId, StoreError> {
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
            .bind(message.sent_at)
            .bind(message.sent_day.map(i64::from))
            .bind(message.sort_keys.as_str())
            .bind(message.preview.as_str())
            .bind(now.0)
            .execute(&mut *c)
            .await?
            .rows_affected();
        if added == 0 {
            let (id,): (i64,) = sqlx::query_as(FIND).bind(message.hash.as_slice()).fetch_one(c).await?;
            return Ok(MessageId(id));
        }
    });
    add_texts(tx, message).await?;
    Ok(message.id)
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
async fn add_texts(tx: &mut Tx<'_>, message: &NewMessage) -> Result<(), StoreError> {
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

const READ_BODY: &str = "select substr(bytes, cast($2 as integer), cast($3 as integer)) from body where hash = $1";

/// Reads octets of a body; `None` where it lies in the blob store.
pub(crate) async fn read_body(tx: &mut Tx<'_>, range: &BodyRange) -> Result<Option<Bytes>, StoreError> {
    let row: Option<(Option<Vec<u8>>,)> = on_engine!(tx, |c| {
        sqlx::query_as(READ_BODY)
            .bind(range.hash.as_slice())
            .bind(column(range.start).saturating_add(1))
            .bind(column(range.count))
            .fetch_optional(c)
            .await?
    });
    match row {
        Some((bytes,)) => Ok(bytes.map(Bytes::from)),
        None => {
            let row = range.hash.iter().map(|octet| format!("{octet:02x}")).collect();
            Err(StoreError::Inconsistent { table: "body", column: "hash", row })
        }
    }
}
