//! What SORT and THREAD read: keys written at arrival, never bodies (RFC 5256).

use crate::model::{MailboxId, Timestamp, Uid};
use crate::store::{StoreError, Tx, number, on_engine, sql};

/// One message.
pub(crate) struct SortRow {
    pub(crate) uid: Uid,
    pub(crate) sent_at: Option<Timestamp>,
    /// As [`crate::mime::SortKeys`] writes them.
    pub(crate) sort_keys: String,
    pub(crate) message_id_key: Option<String>,
}

/// Reads the keys of the messages that the ranges name, rising by UID.
pub(crate) async fn sort_keys(
    tx: &mut Tx<'_>,
    (mailbox, ranges): &(MailboxId, String),
) -> Result<Vec<SortRow>, StoreError> {
    let statement = sql!(
        tx,
        "select p.uid, m.sent_at, m.sort_keys, m.message_id_key from ",
        placements "$1",
        " join message m on m.id = p.message_id order by p.uid"
    );
    let rows: Vec<(i64, Option<i64>, String, Option<String>)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(ranges.as_str()).bind(mailbox.0).fetch_all(c).await?);
    rows.into_iter()
        .map(|(uid, sent_at, sort_keys, message_id_key)| {
            let uid = Uid(number(uid, "placement", "uid", mailbox)?);
            Ok(SortRow { uid, sent_at: sent_at.map(Timestamp), sort_keys, message_id_key })
        })
        .collect()
}
