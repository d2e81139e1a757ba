//! APPEND, of several messages too, and REPLACE: content, UIDs and placements in one transaction (RFC 9051 §6.3.12,
//! RFC 3502, RFC 8508).

use super::{Expunging, FlagEdit, Flagging, NewPlacement, add as place, doom_messages, expunge, filed, store_flags};
use crate::model::{Flags, MailboxId, MessageId, Timestamp, Uid, UidValidity, UserId};
use crate::store::mailbox::{Taken, counters, lock, owned, take};
use crate::store::message::{NewBody, NewMessage, add, add_body};
use crate::store::uids::ranges_json;
use crate::store::{StoreError, Tx, on_engine, sql};

/// Messages to append: all or none.
pub(crate) struct NewAppends {
    pub(crate) user: UserId,
    pub(crate) mailbox: MailboxId,
    /// Is it Sent? Then the same message there, whoever filed it, is the one.
    pub(crate) is_sent: bool,
    pub(crate) messages: Vec<NewAppend>,
    /// The message that goes in their place (RFC 8508).
    pub(crate) replaced: Option<Expunging>,
    pub(crate) now: Timestamp,
}

/// One of them.
pub(crate) struct NewAppend {
    pub(crate) body: NewBody,
    pub(crate) message: NewMessage,
    pub(crate) flags: Flags,
    /// What the flags may not go beyond where they join those of a copy that is there.
    pub(crate) keywords_max: usize,
    pub(crate) internal_date: Timestamp,
}

/// What became of them.
pub(crate) enum Appending {
    Done {
        uid_validity: UidValidity,
        uids: Vec<Uid>,
        /// Where the replaced message went, should it have been kept.
        trash: Option<MailboxId>,
    },
    /// The mailbox has gone or is not the person's: nothing was done.
    NoSuchMailbox,
    /// The message to be replaced has gone: nothing was done.
    NoSuchMessage,
}

const OWNS: &str = "select count(*) from mailbox where id = $1 and user_id = $2";

/// Appends.
pub(crate) async fn append(tx: &mut Tx<'_>, new: &NewAppends) -> Result<Appending, StoreError> {
    let (owns,): (i64,) =
        on_engine!(tx, |c| sqlx::query_as(OWNS).bind(new.mailbox.0).bind(new.user.as_str()).fetch_one(c).await?);
    if owns == 0 {
        return Ok(Appending::NoSuchMailbox);
    }
    // Content before mailboxes: in this order everybody waits for everybody.
    let mut messages = Vec::with_capacity(new.messages.len());
    for one in &new.messages {
        add_body(tx, &one.body, new.now).await?;
        messages.push(add(tx, &one.message, new.now).await?);
    }
    if let Some(replaced) = &new.replaced
        && !prepare(tx, new, replaced).await?
    {
        doom_messages(tx, &messages.iter().map(|message| message.0).collect::<Vec<_>>(), new.now).await?;
        return Ok(Appending::NoSuchMessage);
    }
    let mut uids = Vec::with_capacity(new.messages.len());
    let mut uid_validity = None;
    for (one, message) in new.messages.iter().zip(messages) {
        let gone = || StoreError::Inconsistent { table: "mailbox", column: "id", row: new.mailbox.to_string() };
        let taken = append_one(tx, new, one, message).await?.ok_or_else(gone)?;
        uids.push(taken.first);
        uid_validity = Some(taken.uid_validity);
    }
    let Some(uid_validity) = uid_validity else { return Ok(Appending::NoSuchMessage) };
    let trash = match &new.replaced {
        Some(replaced) => expunge(tx, replaced).await?.trash,
        None => None,
    };
    Ok(Appending::Done { uid_validity, uids, trash })
}

/// Locks all mailboxes that REPLACE changes, in ascending id; `false` where the message has gone already.
async fn prepare(tx: &mut Tx<'_>, new: &NewAppends, replaced: &Expunging) -> Result<bool, StoreError> {
    let Some(from) = owned(tx, replaced.mailbox).await?.filter(|from| from.user == new.user) else { return Ok(false) };
    lock(tx, &[new.mailbox, replaced.mailbox, from.trash.unwrap_or(replaced.mailbox)]).await?;
    let statement = sql!(tx, "select count(*) from ", placements "$1", "");
    let (there,): (i64,) = on_engine!(tx, |c| {
        sqlx::query_as(statement).bind(replaced.ranges.as_str()).bind(replaced.mailbox.0).fetch_one(c).await?
    });
    Ok(there > 0)
}

/// `None` where the mailbox has gone.
async fn append_one(
    tx: &mut Tx<'_>,
    new: &NewAppends,
    one: &NewAppend,
    message: MessageId,
) -> Result<Option<Taken>, StoreError> {
    if new.is_sent {
        // Of two at once, the second sees the first.
        lock(tx, &[new.mailbox]).await?;
        if let Some(uid) = filed(tx, &one.message, new.mailbox).await? {
            doom_messages(tx, &[message.0], new.now).await?;
            return unite(tx, new.mailbox, one, uid).await;
        }
    }
    let Some(taken) = take(tx, new.mailbox, 1).await? else { return Ok(None) };
    let placed = NewPlacement {
        mailbox: new.mailbox,
        uid: taken.first,
        mod_seq: taken.mod_seq,
        message,
        size: one.message.size,
        flags: &one.flags,
        internal_date: one.internal_date,
        origin: None,
        now: new.now,
    };
    place(tx, &placed).await?;
    Ok(Some(taken))
}

/// Gives the copy that is there the flags of the one that the client appends.
async fn unite(tx: &mut Tx<'_>, mailbox: MailboxId, one: &NewAppend, uid: Uid) -> Result<Option<Taken>, StoreError> {
    let flagging = Flagging {
        mailbox,
        ranges: ranges_json(&[uid]),
        edit: FlagEdit::Add,
        flags: one.flags.clone(),
        unchanged_since: None,
        keywords_max: one.keywords_max,
    };
    store_flags(tx, &flagging).await?;
    let counters = counters(tx, &mailbox).await?;
    Ok(counters.map(|counters| Taken { first: uid, mod_seq: counters.mod_seq, uid_validity: counters.uid_validity }))
}
