//! What FETCH and SEARCH read: placements joined with their messages, in one statement, only the columns asked for.

use bytes::Bytes;

use crate::mime::{HeaderText, SearchText};
use crate::model::{MailboxId, Uid};
use crate::store::search::TextColumn;
use crate::store::{StoreError, Tx, number, on_engine, sql};

/// What to read.
pub(crate) struct Fetching {
    pub(crate) mailbox: MailboxId,
    pub(crate) ranges: String,
    pub(crate) envelope: bool,
    pub(crate) body_structure: bool,
    pub(crate) parts: bool,
    pub(crate) header: bool,
    pub(crate) body: bool,
    pub(crate) preview: bool,
}

/// One message; what was not asked for is `None`.
pub(crate) struct FetchRow {
    pub(crate) uid: Uid,
    pub(crate) size: u64,
    pub(crate) body_hash: [u8; 32],
    pub(crate) envelope: Option<Vec<u8>>,
    pub(crate) body_structure: Option<Vec<u8>>,
    pub(crate) parts: Option<Vec<u8>>,
    pub(crate) header: Option<Vec<u8>>,
    /// `None` also where it lies in the blob store, under this name.
    pub(crate) body: Option<Bytes>,
    pub(crate) blob: Option<String>,
    pub(crate) preview: Option<String>,
}

type Blob = Option<Vec<u8>>;
type FetchColumns = (i64, i64, Vec<u8>, Blob, Blob, Blob, Blob, Blob, Option<String>, Option<String>);

/// Reads messages, rising by UID.
pub(crate) async fn fetch(tx: &mut Tx<'_>, fetching: &Fetching) -> Result<Vec<FetchRow>, StoreError> {
    let statement = sql!(
        tx,
        "select p.uid, p.size, m.body_hash,
            case when $3 then m.envelope end, case when $4 then m.body_structure end,
            case when $5 then m.parts end, case when $6 then m.header end, b.bytes, b.blob,
            case when $8 then m.preview end
        from ",
        placements "$1",
        "
        join message m on m.id = p.message_id
        left join body b on $7 and b.hash = m.body_hash
        order by p.uid"
    );
    let rows: Vec<FetchColumns> = on_engine!(tx, |c| {
        sqlx::query_as(statement)
            .bind(fetching.ranges.as_str())
            .bind(fetching.mailbox.0)
            .bind(fetching.envelope)
            .bind(fetching.body_structure)
            .bind(fetching.parts)
            .bind(fetching.header)
            .bind(fetching.body)
            .bind(fetching.preview)
            .fetch_all(c)
            .await?
    });
    rows.into_iter()
        .map(|(uid, size, body_hash, envelope, body_structure, parts, header, body, blob, preview)| {
            let row = format!("{}/{uid}", fetching.mailbox);
            Ok(FetchRow {
                uid: Uid(number(uid, "placement", "uid", &row)?),
                size: number(size, "placement", "size", &row)?,
                body_hash: body_hash.try_into().map_err(|_| StoreError::Inconsistent {
                    table: "message",
                    column: "body_hash",
                    row,
                })?,
                envelope,
                body_structure,
                parts,
                header,
                body: body.map(Bytes::from),
                blob,
                preview,
            })
        })
        .collect()
}

/// What to read.
pub(crate) struct Searching {
    pub(crate) mailbox: MailboxId,
    pub(crate) ranges: String,
    pub(crate) heads: bool,
    pub(crate) header: bool,
    pub(crate) body: bool,
    /// Only those that have this folded text there.
    pub(crate) having: Option<(TextColumn, String)>,
}

/// The number of a column in the statement of [`search_texts`].
fn column_number(column: TextColumn) -> i64 {
    match column {
        TextColumn::From => 1,
        TextColumn::To => 2,
        TextColumn::Cc => 3,
        TextColumn::Bcc => 4,
        TextColumn::Subject => 5,
        TextColumn::Header => 6,
        TextColumn::Body => 7,
        TextColumn::Any => 8,
    }
}

/// One message; texts that were not asked for are empty.
pub(crate) struct SearchRow {
    pub(crate) uid: Uid,
    pub(crate) text: SearchText,
}

type Text = Option<String>;
type SearchColumns = (i64, Text, Text, Text, Text, Text, Text, Text, Text);

/// Reads folded texts, rising by UID.
pub(crate) async fn search_texts(tx: &mut Tx<'_>, searching: &Searching) -> Result<Vec<SearchRow>, StoreError> {
    // A line feed parts the columns: folded text holds none.
    let statement = sql!(
        tx,
        "select p.uid,
            case when $3 then t.from_key end, case when $3 then t.to_key end, case when $3 then t.cc_key end,
            case when $3 then t.bcc_key end, case when $3 then t.subject_key end,
            case when $4 then t.header_names end, case when $4 then t.header_key end,
            case when $5 then t.text_key end
        from ",
        placements "$1",
        "
        join message_text t on t.message_id = p.message_id
        where $6 = 0 or ",
        position "case $6 when 1 then t.from_key when 2 then t.to_key when 3 then t.cc_key when 4 then t.bcc_key
            when 5 then t.subject_key when 6 then t.header_key when 7 then t.text_key
            else t.from_key || '\n' || t.to_key || '\n' || t.cc_key || '\n' || t.bcc_key || '\n' || t.subject_key
                || '\n' || t.header_key || '\n' || t.text_key end, $7",
        " > 0
        order by p.uid"
    );
    let having = searching.having.as_ref();
    let (column, text) = having.map_or((0, ""), |(column, text)| (column_number(*column), text.as_str()));
    let rows: Vec<SearchColumns> = on_engine!(tx, |c| {
        sqlx::query_as(statement)
            .bind(searching.ranges.as_str())
            .bind(searching.mailbox.0)
            .bind(searching.heads)
            .bind(searching.header)
            .bind(searching.body)
            .bind(column)
            .bind(text)
            .fetch_all(c)
            .await?
    });
    let row = |(uid, from, to, cc, bcc, subject, names, values, body): SearchColumns| {
        Ok(SearchRow {
            uid: Uid(number(uid, "placement", "uid", searching.mailbox)?),
            text: SearchText {
                from: from.unwrap_or_default(),
                to: to.unwrap_or_default(),
                cc: cc.unwrap_or_default(),
                bcc: bcc.unwrap_or_default(),
                subject: subject.unwrap_or_default(),
                header: HeaderText { names: names.unwrap_or_default(), values: values.unwrap_or_default() },
                body: body.unwrap_or_default(),
            },
        })
    };
    rows.into_iter().map(row).collect()
}
