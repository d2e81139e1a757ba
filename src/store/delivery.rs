//! Rows of `submission`, `delivery` and `answerable`, and the placements they make: a letter to thousands is a handful of statements.
//!
//! Each run tags the people it reaches first with a fresh `batch`: a repetition with new recipients reaches only those.

use super::limits::{self, Counting};
use super::mailbox::take;
use super::message::{NewBody, NewMessage, add, add_body, hold};
use super::placement::{NewPlacement, filed};
use super::quiet::{self, Held};
use super::webhook::{self, NewOutbox};
use super::{StoreError, Tx, column, locking_mailboxes, number, on_engine, placement, sql, trail};
use crate::model::{
    Flags, Limit, MailboxId, MessageId, QuietNow, SystemFlag, Timestamp, TrailEvent, TrailLine, Uid, UserId,
};

/// A submission to deliver.
pub(crate) struct NewDelivery {
    pub(crate) sender: UserId,
    /// Ids for the submission, should it be new, and for this run.
    pub(crate) submission: i64,
    pub(crate) batch: i64,
    /// The same key again is the same submission.
    pub(crate) replay_key: [u8; 32],
    /// JSON lists of ids: people, and groups whose members are meant.
    pub(crate) users: String,
    pub(crate) groups: String,
    /// JSON list of the people whom those may answer to who get it.
    pub(crate) answerable: String,
    /// Nobody may answer.
    pub(crate) no_reply: bool,
    pub(crate) body: NewBody,
    /// What recipients get.
    pub(crate) letter: NewMessage,
    /// What Sent gets; `None` where it is the same.
    pub(crate) sent_copy: Option<NewMessage>,
    pub(crate) people_max: usize,
    pub(crate) counting: Counting,
    /// Who waits; `None`: nobody.
    pub(crate) quiet: Option<QuietNow>,
    /// Quiet hours were set aside for it.
    pub(crate) urgent: bool,
    /// Who is to be told.
    pub(crate) outbox: NewOutbox,
    pub(crate) now: Timestamp,
}

/// What became of it.
pub(crate) enum Delivered {
    /// People reached by this run, how many of them have to wait for it, when the first who wait get it, and the
    /// mailboxes that changed.
    Done {
        people: u64,
        waiting: u64,
        opens: Option<Timestamp>,
        mailboxes: Vec<MailboxId>,
    },
    TooManyPeople,
    /// The sender may not now: nothing was done.
    LimitReached(Limit),
    /// It was recalled: nothing was done.
    Recalled,
    /// Somebody has no INBOX yet, or the sender no Sent: nothing was done.
    MailboxMissing,
}

/// Delivers: all or none.
pub(crate) async fn deliver(tx: &mut Tx<'_>, new: &NewDelivery) -> Result<Delivered, StoreError> {
    let Reached { people, inboxes, sent } = count_people(tx, new).await?;
    if people > new.people_max {
        return Ok(Delivered::TooManyPeople);
    }
    let Some(sent) = sent.filter(|_| inboxes == people) else {
        return Ok(Delivered::MailboxMissing);
    };
    let known = match find(tx, new).await? {
        Found::Nothing => None,
        Found::Known(submission) => Some(submission),
        Found::Recalled => return Ok(Delivered::Recalled),
    };
    let fresh = match &known {
        Some(submission) => count_new_people(tx, new, submission.id).await?,
        None => column(people).unsigned_abs(),
    };
    if fresh > 0
        && let Some(limit) = limits::count(tx, &new.counting, fresh, (&new.users, &new.groups)).await?
    {
        return Ok(Delivered::LimitReached(limit));
    }
    let submission = match known {
        Some(submission) => submission,
        None => add_submission(tx, new).await?,
    };
    let people = add_people(tx, new, submission.id).await?;
    let held = match &new.quiet {
        Some(now) => quiet::hold(tx, (submission.id, new.batch), now).await?,
        None => Held { now: 0, opens: None },
    };
    add_answerable(tx, new, submission.id).await?;
    if people > 0 {
        note(tx, new, people, held.now).await?;
    }
    lock(tx, new, submission.id, sent).await?;
    let mut mailboxes = Vec::new();
    if people > held.now {
        mailboxes = place(tx, new, &submission).await?;
        webhook::add(tx, &new.outbox, &[submission.id], new.batch, new.now).await?;
    }
    if people == 0 {
        // Nobody may have the letter, should this be a repetition, or all members of a group be suspended.
        placement::doom_messages(tx, &[submission.letter.0], new.now).await?;
    }
    if submission.sent_uid.is_none() {
        file(tx, new, &submission, sent).await?;
        mailboxes.push(sent);
    }
    Ok(Delivered::Done { people, waiting: held.now, opens: held.opens, mailboxes })
}

/// The trail's line about it.
async fn note(tx: &mut Tx<'_>, new: &NewDelivery, people: u64, waiting: u64) -> Result<(), StoreError> {
    let people = people.saturating_sub(waiting);
    let event = TrailEvent::Submission { people, waiting, bytes: new.letter.size, urgent: new.urgent };
    trail::add(tx, &TrailLine::new(new.batch, new.now, Some(&new.sender), &event)).await
}

/// Who is meant.
struct Reached {
    people: usize,
    /// How many of them have an INBOX.
    inboxes: usize,
    /// The sender's Sent.
    sent: Option<MailboxId>,
}

/// How many people are meant. Suspended members of groups are passed over.
async fn count_people(tx: &mut Tx<'_>, new: &NewDelivery) -> Result<Reached, StoreError> {
    let statement = sql!(
        tx,
        "select count(*), count(m.id), (select id from mailbox where user_id = $3 and special_use = 'sent') from ",
        reached "$1",
        " as reached left join mailbox m on m.user_id = reached.id and m.special_use = 'inbox'"
    );
    let sender = &new.sender;
    let (people, inboxes, sent): (i64, i64, Option<i64>) = on_engine!(tx, |c| {
        let query = sqlx::query_as(statement).bind(new.users.as_str()).bind(new.groups.as_str());
        query.bind(sender.as_str()).fetch_one(c).await?
    });
    Ok(Reached {
        people: number(people, "delivery", "count", sender)?,
        inboxes: number(inboxes, "delivery", "count", sender)?,
        sent: sent.map(MailboxId),
    })
}

/// How many people a repetition would reach for the first time.
async fn count_new_people(tx: &mut Tx<'_>, new: &NewDelivery, submission: i64) -> Result<u64, StoreError> {
    let statement = sql!(
        tx,
        "select count(*) from ",
        reached "$1",
        " as reached
        where not exists (select 1 from delivery d where d.submission_id = $3 and d.user_id = reached.id)"
    );
    let (people,): (i64,) = on_engine!(tx, |c| {
        let query = sqlx::query_as(statement).bind(new.users.as_str()).bind(new.groups.as_str());
        query.bind(submission).fetch_one(c).await?
    });
    number(people, "delivery", "count", &new.sender)
}

/// A submission, new or repeated.
struct Submission {
    id: i64,
    letter: MessageId,
    sent_uid: Option<i64>,
}

/// The submission as it may be there already.
enum Found {
    Nothing,
    Known(Submission),
    Recalled,
}

async fn find(tx: &mut Tx<'_>, new: &NewDelivery) -> Result<Found, StoreError> {
    let statement = sql!(
        tx,
        "select id, message_id, sent_uid, recalled_at is not null from submission where replay_key = $1",
        lock " for key share",
        ""
    );
    let row: Option<(i64, Option<i64>, Option<i64>, bool)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(new.replay_key.as_slice()).fetch_optional(c).await?);
    let (id, letter, sent_uid) = match row {
        None => return Ok(Found::Nothing),
        Some((.., true)) => return Ok(Found::Recalled),
        Some((id, letter, sent_uid, false)) => (id, letter, sent_uid),
    };
    let letter = match letter.map(MessageId) {
        Some(letter) if hold(tx, letter).await? => letter,
        _ => store_again(tx, new, id).await?,
    };
    Ok(Found::Known(Submission { id, letter, sent_uid }))
}

const SET_LETTER: &str = "update submission set message_id = $2 where id = $1";

/// Stores the letter again: everybody had expunged it, and it has been collected.
async fn store_again(tx: &mut Tx<'_>, new: &NewDelivery, submission: i64) -> Result<MessageId, StoreError> {
    add_body(tx, &new.body, new.now).await?;
    let letter = add(tx, &new.letter, new.now).await?;
    on_engine!(tx, |c| sqlx::query(SET_LETTER).bind(submission).bind(letter.0).execute(c).await.map(drop)?);
    Ok(letter)
}

const ADD_SUBMISSION: &str = "
    insert into submission (id, user_id, replay_key, message_id, message_id_key, no_reply, sent_uid, submitted_at)
    values ($1, $2, $3, $4, $5, $6, null, $7)
    on conflict (replay_key) do nothing";

async fn add_submission(tx: &mut Tx<'_>, new: &NewDelivery) -> Result<Submission, StoreError> {
    add_body(tx, &new.body, new.now).await?;
    let letter = add(tx, &new.letter, new.now).await?;
    let added = on_engine!(tx, |c| {
        sqlx::query(ADD_SUBMISSION)
            .bind(new.submission)
            .bind(new.sender.as_str())
            .bind(new.replay_key.as_slice())
            .bind(letter.0)
            .bind(new.letter.message_id_key.as_deref())
            .bind(new.no_reply)
            .bind(new.now.0)
            .execute(c)
            .await?
            .rows_affected()
    });
    if added == 1 {
        return Ok(Submission { id: new.submission, letter, sent_uid: None });
    }
    // Another gateway may have added it a moment ago: then that one is the submission.
    match find(tx, new).await? {
        Found::Known(submission) => Ok(submission),
        Found::Nothing | Found::Recalled => {
            Err(StoreError::Inconsistent { table: "submission", column: "replay_key", row: new.submission.to_string() })
        }
    }
}

/// Notes who is reached now for the first time; how many.
async fn add_people(tx: &mut Tx<'_>, new: &NewDelivery, submission: i64) -> Result<u64, StoreError> {
    // In one order for everybody, so that two runs of one submission never wait for each other in a circle.
    let statement = sql!(
        tx,
        "insert into delivery (submission_id, user_id, batch)
        select $3, reached.id, $4 from ",
        reached "$1",
        " as reached where true order by reached.id
        on conflict (submission_id, user_id) do nothing"
    );
    let people = on_engine!(tx, |c| {
        sqlx::query(statement)
            .bind(new.users.as_str())
            .bind(new.groups.as_str())
            .bind(submission)
            .bind(new.batch)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(people)
}

/// Notes whom those may answer to who are reached; a run with new recipients adds to it.
async fn add_answerable(tx: &mut Tx<'_>, new: &NewDelivery, submission: i64) -> Result<(), StoreError> {
    let statement = sql!(
        tx,
        "insert into answerable (user_id, submission_id)
        select list.item, $2 from ",
        texts "$1",
        " as list where true order by list.item
        on conflict (user_id, submission_id) do nothing"
    );
    on_engine!(tx, |c| {
        sqlx::query(statement).bind(new.answerable.as_str()).bind(submission).execute(c).await.map(drop)?;
    });
    Ok(())
}

const LOCK: &str = locking_mailboxes!(
    "select $3 as id union all
    select i.id from delivery d cross join lateral (
        select id from mailbox where user_id = d.user_id and special_use = 'inbox' offset 0
    ) as i
    where d.submission_id = $1 and d.batch = $2"
);

/// Locks every mailbox that gets the letter, in ascending id. SQLite has one writer: nothing to lock.
async fn lock(tx: &mut Tx<'_>, new: &NewDelivery, submission: i64, sent: MailboxId) -> Result<(), StoreError> {
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(c) => {
            sqlx::query(LOCK).bind(submission).bind(new.batch).bind(sent.0).execute(&mut **c).await?;
            Ok(())
        }
    }
}

const TAKE: &str = "
    update mailbox set uid_next = uid_next + 1, mod_seq = mod_seq + 1
    where special_use = 'inbox' and user_id in (
        select user_id from delivery where submission_id = $1 and batch = $2
    )
    returning id";

// The counters of each row are those that `TAKE` has just left there.
const PLACE: &str = "
    insert into placement (mailbox_id, uid, message_id, flags, keywords, size, internal_date, save_date,
        sent_day, created_mod_seq, mod_seq, origin_mailbox_id)
    select m.id, m.uid_next - 1, $3, 0, '', l.size, $4, $4, l.sent_day, m.mod_seq, m.mod_seq, null
    from delivery d
    join mailbox m on m.user_id = d.user_id and m.special_use = 'inbox'
    join message l on l.id = $3
    where d.submission_id = $1 and d.batch = $2";

/// Puts the letter into the INBOX of each person of this run.
async fn place(tx: &mut Tx<'_>, new: &NewDelivery, submission: &Submission) -> Result<Vec<MailboxId>, StoreError> {
    let ids: Vec<(i64,)> = on_engine!(tx, |c| {
        let ids = sqlx::query_as(TAKE).bind(submission.id).bind(new.batch).fetch_all(&mut *c).await?;
        sqlx::query(PLACE)
            .bind(submission.id)
            .bind(new.batch)
            .bind(submission.letter.0)
            .bind(new.now.0)
            .execute(c)
            .await?;
        ids
    });
    Ok(ids.into_iter().map(|(id,)| MailboxId(id)).collect())
}

const SET_SENT: &str = "update submission set sent_uid = $2 where id = $1";

/// Files the sender's copy in Sent, `\Seen`; where the client had put one there itself, that is the copy.
async fn file(tx: &mut Tx<'_>, new: &NewDelivery, submission: &Submission, sent: MailboxId) -> Result<(), StoreError> {
    let copy = new.sent_copy.as_ref().unwrap_or(&new.letter);
    let uid = match filed(tx, copy, sent).await? {
        Some(uid) => uid,
        None => place_copy(tx, new, submission, sent).await?,
    };
    let uid = i64::from(uid.0);
    on_engine!(tx, |c| sqlx::query(SET_SENT).bind(submission.id).bind(uid).execute(c).await.map(drop)?);
    Ok(())
}

async fn place_copy(
    tx: &mut Tx<'_>,
    new: &NewDelivery,
    submission: &Submission,
    sent: MailboxId,
) -> Result<Uid, StoreError> {
    let (message, size) = match &new.sent_copy {
        // It shares the letter's body, which is there where the letter is.
        Some(copy) => (add(tx, copy, new.now).await?, copy.size),
        None => (submission.letter, new.letter.size),
    };
    let gone = || StoreError::Inconsistent { table: "mailbox", column: "id", row: sent.to_string() };
    let taken = take(tx, sent, 1).await?.ok_or_else(gone)?;
    let mut flags = Flags::default();
    flags.set(SystemFlag::Seen);
    let placed = NewPlacement {
        mailbox: sent,
        uid: taken.first,
        mod_seq: taken.mod_seq,
        message,
        size,
        flags: &flags,
        origin: None,
        internal_date: new.now,
        now: new.now,
    };
    placement::add(tx, &placed).await?;
    Ok(taken.first)
}

/// The local parts by which recipients may be named: whose, which, and is it the one shown?
pub(crate) struct RecipientAddress {
    /// A person's or a group's id.
    pub(crate) owner: String,
    pub(crate) local_part: String,
    pub(crate) is_primary: bool,
}

/// Addresses of the people and groups in two JSON lists.
pub(crate) async fn addresses(
    tx: &mut Tx<'_>,
    (users, groups): &(String, String),
) -> Result<Vec<RecipientAddress>, StoreError> {
    let statement = sql!(
        tx,
        "select a.user_id, a.local_part, a.is_primary from ",
        texts "$1",
        " as list join address a on a.user_id = list.item
        union all
        select a.group_id, a.local_part, a.is_primary from ",
        texts "$2",
        " as list join address a on a.group_id = list.item"
    );
    let rows: Vec<(String, String, bool)> = on_engine!(tx, |c| {
        sqlx::query_as(statement).bind(users.as_str()).bind(groups.as_str()).fetch_all(c).await?
    });
    Ok(rows
        .into_iter()
        .map(|(owner, local_part, is_primary)| RecipientAddress { owner, local_part, is_primary })
        .collect())
}
