//! What SORT and THREAD ask of messages (RFC 5256).

use super::super::{Fault, Gateway};
use crate::mime::SortKeys;
use crate::model::{MailboxId, Timestamp, Uid};
use crate::store::placement::{SortRow, sort_keys};
use crate::store::{StoreError, ranges_json};

/// One message as SORT and THREAD compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sortable {
    pub uid: Uid,
    /// The Date header, where it can be read.
    pub sent_at: Option<Timestamp>,
    pub keys: SortKeys,
    pub message_id: Option<String>,
}

impl Gateway {
    /// Reads sort keys, rising by UID, those that are gone left out. Ask for at most a few thousand at a time.
    pub async fn sort_keys(&self, mailbox: MailboxId, uids: &[Uid]) -> Result<Vec<Sortable>, Fault> {
        let asked = (mailbox, ranges_json(uids));
        let rows = self.store.read(asked, |tx, asked| Box::pin(sort_keys(tx, asked))).await?;
        rows.into_iter().map(|row| sortable(mailbox, row)).collect()
    }
}

fn sortable(mailbox: MailboxId, row: SortRow) -> Result<Sortable, Fault> {
    let inconsistent =
        || StoreError::Inconsistent { table: "message", column: "sort_keys", row: format!("{mailbox}/{}", row.uid) };
    let keys = SortKeys::decode(&row.sort_keys).ok_or_else(inconsistent)?;
    Ok(Sortable { uid: row.uid, sent_at: row.sent_at, keys, message_id: row.message_id_key })
}
