//! Messages with all that is stored of them, a page at a time: for whoever reads their octets again.
//!
//! Not one snapshot: what is stored of a message never changes, and one that goes meanwhile is not on the next page.

use bytes::Bytes;

use crate::mime::{HeaderText, SearchText};
use crate::model::MessageId;
use crate::store::message::{NewMessage, NewPlace};
use crate::store::search::{TextColumn, finds_itself};
use crate::store::{StoreError, Tx, column, number, on_engine};

/// A message, its body's place, and what the index says.
pub(crate) struct StoredMessage {
    pub(crate) message: NewMessage,
    /// Octets of the body, as its row has them.
    pub(crate) body_size: u64,
    pub(crate) place: NewPlace,
    /// Does the search index find it by its texts?
    pub(crate) is_indexed: bool,
}

const PAGE: &str = "
    select id, hash, size, body_hash, header, envelope, body_structure, parts, message_id_key, content_key, sent_at,
        sent_day, sort_keys, preview
    from message where id > $1 order by id limit $2";
const BODY: &str = "select size, bytes, blob from body where hash = $1";
const TEXTS: &str = "
    select from_key, to_key, cc_key, bcc_key, subject_key, header_names, header_key, text_key from message_text
    where message_id = $1";

type Columns = (
    i64,
    Vec<u8>,
    i64,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Option<String>,
    Option<Vec<u8>>,
    Option<i64>,
    Option<i64>,
    String,
    String,
);
type Body = (i64, Option<Vec<u8>>, Option<String>);
type Texts = (String, String, String, String, String, String, String, String);

/// The messages behind `after`, `max` at most.
pub(crate) async fn page(tx: &mut Tx<'_>, (after, max): &(i64, usize)) -> Result<Vec<StoredMessage>, StoreError> {
    let rows: Vec<Columns> =
        on_engine!(tx, |c| sqlx::query_as(PAGE).bind(*after).bind(column(*max)).fetch_all(c).await?);
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let (texts, body): (Option<Texts>, Option<Body>) = on_engine!(tx, |c| {
            let texts = sqlx::query_as(TEXTS).bind(row.0).fetch_optional(&mut *c).await?;
            (texts, sqlx::query_as(BODY).bind(row.3.as_slice()).fetch_optional(c).await?)
        });
        let message = message(row, texts.map(search_text).unwrap_or_default())?;
        let is_indexed = finds_itself(tx, message.id, &indexed(&message.text)).await?;
        // Without its row of `body` the message's place is empty: told as a body that is not what its hash says.
        let (size, bytes, blob) = body.unwrap_or_default();
        let place = match (bytes, blob) {
            (_, Some(blob)) => NewPlace::Blob(blob),
            (bytes, None) => NewPlace::Inline(Bytes::from(bytes.unwrap_or_default())),
        };
        let body_size = number(size, "body", "size", message.id)?;
        messages.push(StoredMessage { message, body_size, place, is_indexed });
    }
    Ok(messages)
}

fn search_text((from, to, cc, bcc, subject, names, values, body): Texts) -> SearchText {
    SearchText { from, to, cc, bcc, subject, header: HeaderText { names, values }, body }
}

fn indexed(text: &SearchText) -> [(TextColumn, &str); 7] {
    [
        (TextColumn::From, &text.from),
        (TextColumn::To, &text.to),
        (TextColumn::Cc, &text.cc),
        (TextColumn::Bcc, &text.bcc),
        (TextColumn::Subject, &text.subject),
        (TextColumn::Header, &text.header.values),
        (TextColumn::Body, &text.body),
    ]
}

fn message(row: Columns, text: SearchText) -> Result<NewMessage, StoreError> {
    let (id, hash, size, body_hash, header, envelope, body_structure, parts, ..) = row;
    let (.., message_id_key, content_key, sent_at, sent_day, sort_keys, preview) = row;
    let read_hash = |hash: Vec<u8>, column: &'static str| {
        let row = id.to_string();
        <[u8; 32]>::try_from(hash).map_err(|_| StoreError::Inconsistent { table: "message", column, row })
    };
    Ok(NewMessage {
        id: MessageId(id),
        hash: read_hash(hash, "hash")?,
        size: number(size, "message", "size", id)?,
        body_hash: read_hash(body_hash, "body_hash")?,
        header: Bytes::from(header),
        envelope,
        body_structure,
        parts,
        message_id_key,
        content_key: content_key.map(|key| read_hash(key, "content_key")).transpose()?,
        sent_at,
        sent_day: sent_day.map(|day| number(day, "message", "sent_day", id)).transpose()?,
        sort_keys,
        preview,
        text,
    })
}

const COUNT: &str = "select count(*) from message";

/// How many messages there are.
pub(crate) async fn count(tx: &mut Tx<'_>, (): &()) -> Result<usize, StoreError> {
    let rows: i64 = on_engine!(tx, |c| sqlx::query_scalar(COUNT).fetch_one(c).await?);
    number(rows, "message", "count", "all")
}

const BLOBS: &str = "select blob, size from body where blob > $1 order by blob limit $2";

/// Names and sizes of bodies in the blob store, by name, behind `after`.
pub(crate) async fn blobs(tx: &mut Tx<'_>, (after, max): &(String, usize)) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query_as(BLOBS).bind(after.as_str()).bind(column(*max)).fetch_all(c).await?))
}
