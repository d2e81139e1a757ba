//! Rows of `placement` and `tombstone`: messages in mailboxes. Reading what changed (`changes`), appending (`append`), copying, moving and
//! expunging (`transfer`), flags (`flags`), FETCH and SEARCH (`fetch`).
//!
//! Every statement takes its UIDs as ranges in one parameter, so that ten thousand messages are one statement.

mod append;
mod changes;
mod expunge;
mod fetch;
mod flags;
mod sorting;
mod transfer;

pub(crate) use append::{Appending, NewAppend, NewAppends, append};
pub(crate) use changes::{News, PlacementRow, Vanished, each, news, vanished};
pub(crate) use expunge::{Expunged, Expunging, Keeping, doom_messages, expunge, forget};
pub(crate) use fetch::{FetchRow, Fetching, SearchRow, Searching, fetch, search_texts};
pub(crate) use flags::{FlagEdit, Flagging, store_flags};
pub(crate) use sorting::{SortRow, sort_keys};
pub(crate) use transfer::{Chosen, Transfer, Transferred, choose, transfer};

use super::message::NewMessage;
use super::{StoreError, Tx, column, number, on_engine, sql};
use crate::model::{Flags, MailboxId, MessageId, ModSeq, Timestamp, Uid};

/// A message put into a mailbox.
pub(crate) struct NewPlacement<'a> {
    pub(crate) mailbox: MailboxId,
    pub(crate) uid: Uid,
    pub(crate) mod_seq: ModSeq,
    pub(crate) message: MessageId,
    pub(crate) size: u64,
    pub(crate) flags: &'a Flags,
    pub(crate) internal_date: Timestamp,
    /// The mailbox that it came from, where it lies in Trash.
    pub(crate) origin: Option<MailboxId>,
    pub(crate) now: Timestamp,
}

const ADD: &str = "
    insert into placement (mailbox_id, uid, message_id, flags, keywords, size, internal_date, save_date,
        sent_day, created_mod_seq, mod_seq, origin_mailbox_id)
    select $1, $2, $3, $4, $5, $6, $7, $8, m.sent_day, $9, $9, $10 from message m where m.id = $3";

/// Puts one message into a mailbox, under a UID and ModSeq taken in the same transaction.
pub(crate) async fn add(tx: &mut Tx<'_>, new: &NewPlacement<'_>) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        sqlx::query(ADD)
            .bind(new.mailbox.0)
            .bind(i64::from(new.uid.0))
            .bind(new.message.0)
            .bind(i64::from(new.flags.bits()))
            .bind(new.flags.keywords_text())
            .bind(column(new.size))
            .bind(new.internal_date.0)
            .bind(new.now.0)
            .bind(new.mod_seq.0)
            .bind(new.origin.map(|origin| origin.0))
            .execute(c)
            .await
            .map(drop)?;
    });
    Ok(())
}

const FILED: &str = "
    select p.uid from message m join placement p on p.message_id = m.id and p.mailbox_id = $2
    where m.message_id_key = $1 and m.content_key = $3
    order by p.uid limit 1";

/// Where in Sent the same message lies already, whoever put it there: same Message-ID and same content.
pub(crate) async fn filed(tx: &mut Tx<'_>, message: &NewMessage, sent: MailboxId) -> Result<Option<Uid>, StoreError> {
    let (Some(id), Some(content)) = (&message.message_id_key, &message.content_key) else { return Ok(None) };
    let row: Option<(i64,)> = on_engine!(tx, |c| {
        sqlx::query_as(FILED).bind(id.as_str()).bind(sent.0).bind(content.as_slice()).fetch_optional(c).await?
    });
    row.map(|(uid,)| Ok(Uid(number(uid, "placement", "uid", sent)?))).transpose()
}

/// Octets of the messages in a mailbox that the ranges name.
pub(crate) async fn size_of(tx: &mut Tx<'_>, (mailbox, ranges): &(MailboxId, String)) -> Result<u64, StoreError> {
    let statement = sql!(
        tx,
        "select cast(coalesce(sum(p.size), 0) as bigint) from ",
        placements "$1",
        ""
    );
    let (size,): (i64,) =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(ranges.as_str()).bind(mailbox.0).fetch_one(c).await?);
    number(size, "placement", "size", mailbox)
}
