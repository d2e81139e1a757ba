//! APPEND: content, UID and placement in one transaction (RFC 9051 §6.3.12).

use super::{FlagEdit, Flagging, NewPlacement, add as place, filed_by_submission, store_flags};
use crate::model::{Flags, MailboxId, Timestamp, Uid, UserId};
use crate::store::mailbox::{Taken, counters, take};
use crate::store::message::{NewBody, NewMessage, add, add_body};
use crate::store::uids::ranges_json;
use crate::store::{StoreError, Tx, number, on_engine};

/// A message to append.
pub(crate) struct NewAppend {
    pub(crate) user: UserId,
    pub(crate) mailbox: MailboxId,
    /// Is it Sent? Then a copy that submission filed is the message.
    pub(crate) is_sent: bool,
    pub(crate) body: NewBody,
    pub(crate) message: NewMessage,
    pub(crate) flags: Flags,
    /// What the flags may not go beyond where they join those of a copy that is there.
    pub(crate) keywords_max: usize,
    pub(crate) internal_date: Timestamp,
    pub(crate) now: Timestamp,
}

const OWNS: &str = "select count(*) from mailbox where id = $1 and user_id = $2";

/// Appends; `None` where the mailbox has gone or is not the person's.
pub(crate) async fn append(tx: &mut Tx<'_>, new: &NewAppend) -> Result<Option<Taken>, StoreError> {
    let (owns,): (i64,) =
        on_engine!(tx, |c| sqlx::query_as(OWNS).bind(new.mailbox.0).bind(new.user.as_str()).fetch_one(c).await?);
    if owns == 0 {
        return Ok(None);
    }
    if let (true, Some(key)) = (new.is_sent, &new.message.message_id_key)
        && let Some(uid) = filed_by_submission(tx, key, new.mailbox, new.user.as_str()).await?
    {
        return unite(tx, new, Uid(number(uid, "placement", "uid", new.mailbox)?)).await;
    }
    add_body(tx, &new.body, new.now).await?;
    let message = add(tx, &new.message, new.now).await?;
    let Some(taken) = take(tx, new.mailbox, 1).await? else { return Ok(None) };
    let placed = NewPlacement {
        mailbox: new.mailbox,
        uid: taken.first,
        mod_seq: taken.mod_seq,
        message,
        size: new.message.size,
        flags: &new.flags,
        internal_date: new.internal_date,
        now: new.now,
    };
    place(tx, &placed).await?;
    Ok(Some(taken))
}

/// Gives the copy that submission filed the flags of the one that the client appends.
async fn unite(tx: &mut Tx<'_>, new: &NewAppend, uid: Uid) -> Result<Option<Taken>, StoreError> {
    let flagging = Flagging {
        mailbox: new.mailbox,
        ranges: ranges_json(&[uid]),
        edit: FlagEdit::Add,
        flags: new.flags.clone(),
        unchanged_since: None,
        keywords_max: new.keywords_max,
    };
    store_flags(tx, &flagging).await?;
    let counters = counters(tx, &new.mailbox).await?;
    Ok(counters.map(|counters| Taken { first: uid, mod_seq: counters.mod_seq, uid_validity: counters.uid_validity }))
}
