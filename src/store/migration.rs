//! What people bring in from elsewhere (rows of `brought_in`, messages, placements), and what they take out: everything
//! that lies in a person's mailboxes, as it was at one moment.

use std::collections::BTreeSet;

use super::mailbox::{lock, take};
use super::message::{NewBody, NewMessage, add, add_body};
use super::placement::{NewPlacement, add as place, doom_messages};
use super::{StoreError, Tx, number, on_engine, sql};
use crate::model::{Flags, MailboxId, MessageId, Timestamp, UserId};

/// Letters to bring in, in one transaction.
pub(crate) struct BringingIn {
    pub(crate) user: UserId,
    pub(crate) letters: Vec<NewLetter>,
    pub(crate) now: Timestamp,
}

/// One of them.
pub(crate) struct NewLetter {
    /// The same for the same letter, whenever it is brought in.
    pub(crate) key: String,
    pub(crate) mailbox: MailboxId,
    /// The mailbox that it came from, where it goes to Trash.
    pub(crate) origin: Option<MailboxId>,
    pub(crate) body: NewBody,
    pub(crate) message: NewMessage,
    pub(crate) flags: Flags,
    pub(crate) internal_date: Timestamp,
    pub(crate) there: There,
}

/// When a letter is there already, though it was never brought in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum There {
    /// So many with its Message-ID lie in any of the person's mailboxes.
    Anywhere(i64),
    /// So many of the same content lie in its mailbox.
    InItsMailbox(i64),
}

/// What became of them.
#[derive(Debug, Default)]
pub(crate) struct BroughtIn {
    pub(crate) brought: usize,
    /// They were there, or had been brought in before.
    pub(crate) known: usize,
    pub(crate) mailboxes: BTreeSet<MailboxId>,
}

/// Those of the keys (a JSON list) that a person has brought in.
pub(crate) async fn brought_in(tx: &mut Tx<'_>, (user, keys): &(UserId, String)) -> Result<Vec<String>, StoreError> {
    let statement = sql!(
        tx,
        "select b.key from ",
        texts "$2",
        " as list join brought_in b on b.user_id = $1 and b.key = list.item"
    );
    let rows: Vec<(String,)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(user.as_str()).bind(keys.as_str()).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

const NOTE: &str = "insert into brought_in (user_id, key) values ($1, $2) on conflict do nothing";

/// Notes that something was brought in; `false` where it had been before.
pub(crate) async fn note(tx: &mut Tx<'_>, (user, key): &(UserId, String)) -> Result<bool, StoreError> {
    let noted = on_engine!(tx, |c| {
        sqlx::query(NOTE).bind(user.as_str()).bind(key.as_str()).execute(c).await?.rows_affected()
    });
    Ok(noted > 0)
}

/// Brings letters in: those that are known already are passed over.
pub(crate) async fn bring_in(tx: &mut Tx<'_>, new: &BringingIn) -> Result<BroughtIn, StoreError> {
    // Content before mailboxes: in this order everybody waits for everybody.
    let mut messages = Vec::with_capacity(new.letters.len());
    for letter in &new.letters {
        add_body(tx, &letter.body, new.now).await?;
        messages.push(add(tx, &letter.message, new.now).await?);
    }
    let mailboxes: BTreeSet<MailboxId> = new.letters.iter().map(|letter| letter.mailbox).collect();
    lock(tx, &mailboxes.into_iter().collect::<Vec<_>>()).await?;
    let mut done = BroughtIn::default();
    let mut needless = Vec::new();
    for (letter, message) in new.letters.iter().zip(messages) {
        let is_new = note(tx, &(new.user.clone(), letter.key.clone())).await?;
        if is_new && !is_there(tx, &new.user, letter).await? {
            bring_one_in(tx, letter, message, new.now).await?;
            done.brought += 1;
            done.mailboxes.insert(letter.mailbox);
        } else {
            done.known += 1;
            needless.push(message.0);
        }
    }
    doom_messages(tx, &needless, new.now).await?;
    Ok(done)
}

async fn bring_one_in(
    tx: &mut Tx<'_>,
    letter: &NewLetter,
    message: MessageId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let gone = || StoreError::Inconsistent { table: "mailbox", column: "id", row: letter.mailbox.to_string() };
    let taken = take(tx, letter.mailbox, 1).await?.ok_or_else(gone)?;
    let placed = NewPlacement {
        mailbox: letter.mailbox,
        uid: taken.first,
        mod_seq: taken.mod_seq,
        message,
        size: letter.message.size,
        flags: &letter.flags,
        internal_date: letter.internal_date,
        origin: letter.origin,
        now,
    };
    place(tx, &placed).await
}

const THERE_ANYWHERE: &str = "
    select count(*) from message m
    join placement p on p.message_id = m.id
    join mailbox b on b.id = p.mailbox_id
    where m.message_id_key = $1 and b.user_id = $2";
const THERE_BY_CONTENT: &str = "
    select count(*) from message m
    join placement p on p.message_id = m.id and p.mailbox_id = $3
    where m.message_id_key = $1 and m.content_key = $2";
const THERE_BY_OCTETS: &str = "
    select count(*) from message m
    join placement p on p.message_id = m.id and p.mailbox_id = $2
    where m.hash = $1";

async fn is_there(tx: &mut Tx<'_>, user: &UserId, letter: &NewLetter) -> Result<bool, StoreError> {
    let (message, mailbox) = (&letter.message, letter.mailbox.0);
    let (There::Anywhere(enough) | There::InItsMailbox(enough)) = letter.there;
    let (there,): (i64,) = match (letter.there, &message.message_id_key, &message.content_key) {
        (There::Anywhere(_), Some(id), _) => on_engine!(tx, |c| {
            sqlx::query_as(THERE_ANYWHERE).bind(id.as_str()).bind(user.as_str()).fetch_one(c).await?
        }),
        (There::InItsMailbox(_), Some(id), Some(content)) => on_engine!(tx, |c| {
            let query = sqlx::query_as(THERE_BY_CONTENT).bind(id.as_str()).bind(content.as_slice());
            query.bind(mailbox).fetch_one(c).await?
        }),
        _ => on_engine!(tx, |c| {
            sqlx::query_as(THERE_BY_OCTETS).bind(message.hash.as_slice()).bind(mailbox).fetch_one(c).await?
        }),
    };
    Ok(there >= enough)
}

/// One message as it lies in a mailbox.
pub(crate) struct TakenOutRow {
    pub(crate) mailbox: MailboxId,
    pub(crate) message: MessageId,
    pub(crate) flags: Flags,
    pub(crate) size: u64,
    pub(crate) internal_date: Timestamp,
}

const ALL_OF_A_PERSON: &str = "
    select p.mailbox_id, p.message_id, p.flags, p.keywords, p.size, p.internal_date
    from mailbox m join placement p on p.mailbox_id = m.id
    where m.user_id = $1
    order by p.mailbox_id, p.uid";

/// Everything that lies in a person's mailboxes, by mailbox and UID.
pub(crate) async fn all_of_a_person(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<TakenOutRow>, StoreError> {
    let rows: Vec<(i64, i64, i64, String, i64, i64)> =
        on_engine!(tx, |c| sqlx::query_as(ALL_OF_A_PERSON).bind(user.as_str()).fetch_all(c).await?);
    rows.into_iter()
        .map(|(mailbox, message, flags, keywords, size, internal_date)| {
            Ok(TakenOutRow {
                mailbox: MailboxId(mailbox),
                message: MessageId(message),
                flags: Flags::from_columns(flags, &keywords),
                size: number(size, "placement", "size", message)?,
                internal_date: Timestamp(internal_date),
            })
        })
        .collect()
}

/// A message's header block, and what its body is found by.
pub(crate) struct ContentRow {
    pub(crate) size: u64,
    pub(crate) header: Vec<u8>,
    pub(crate) body_hash: [u8; 32],
}

const CONTENT: &str = "select size, header, body_hash from message where id = $1";

/// A message by its number; `None` where nobody has it any more.
pub(crate) async fn content(tx: &mut Tx<'_>, message: &MessageId) -> Result<Option<ContentRow>, StoreError> {
    let row: Option<(i64, Vec<u8>, Vec<u8>)> =
        on_engine!(tx, |c| sqlx::query_as(CONTENT).bind(message.0).fetch_optional(c).await?);
    row.map(|(size, header, body_hash)| {
        let unreadable =
            || StoreError::Inconsistent { table: "message", column: "body_hash", row: message.to_string() };
        Ok(ContentRow {
            size: number(size, "message", "size", message)?,
            header,
            body_hash: body_hash.try_into().map_err(|_| unreadable())?,
        })
    })
    .transpose()
}
