//! Recall: every copy of a letter that its readers hold goes, and a notice comes under a new UID; what still waits for the
//! end of quiet hours never comes. A handful of statements, whatever the number of readers.
//!
//! Locks in the order of a delivery: content, submission, deliveries, mailboxes in ascending id. All mailboxes of the readers
//! are locked, so that no copy is on its way from one to another meanwhile.

use super::message::{NewBody, NewMessage, add, add_body};
use super::placement::{Transferred, choose, doom_messages};
use super::{StoreError, Tx, column, json_list, locking_mailboxes, number, on_engine, postgres_list, sql, trail};
use crate::model::{MailboxId, RecalledBy, Timestamp, TrailEvent, TrailLine, Uid, UserId};
use crate::store::placement::Chosen;

/// A submission, as far as it matters to recalling it.
pub(crate) struct SentLetter {
    pub(crate) id: i64,
    pub(crate) submitted_at: Timestamp,
    pub(crate) recalled_at: Option<Timestamp>,
    /// How many people wait for it.
    pub(crate) waiting: u64,
}

type SentColumns = (i64, i64, Option<i64>, i64);

impl SentLetter {
    fn from_columns((id, submitted_at, recalled_at, waiting): SentColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id,
            submitted_at: Timestamp(submitted_at),
            recalled_at: recalled_at.map(Timestamp),
            waiting: number(waiting, "delivery", "count", id)?,
        })
    }
}

/// One of a person's messages.
pub(crate) struct OneMessage {
    pub(crate) user: UserId,
    pub(crate) mailbox: MailboxId,
    pub(crate) uid: Uid,
}

// The sender's copy may be another message than the letter: it holds Bcc, or its client filed it first.
const OF_PLACEMENT: &str = "
    select s.id, s.submitted_at, s.recalled_at, (
        select count(*) from delivery d where d.submission_id = s.id and d.waits_until is not null)
    from mailbox b
    join placement p on p.mailbox_id = b.id
    join submission s on s.message_id = p.message_id and s.user_id = b.user_id
    where b.id = $2 and b.user_id = $1 and p.uid = $3
    union
    select s.id, s.submitted_at, s.recalled_at, (
        select count(*) from delivery d where d.submission_id = s.id and d.waits_until is not null)
    from mailbox b
    join placement p on p.mailbox_id = b.id
    join message m on m.id = p.message_id
    join submission s on s.message_id_key = m.message_id_key and s.user_id = b.user_id
    left join message l on l.id = s.message_id
    where b.id = $2 and b.user_id = $1 and p.uid = $3 and (l.id is null or l.content_key = m.content_key)
    order by 1";

/// The submissions that made this message of the person's own a letter: several, where a client hands it over once for each
/// recipient of Bcc. Rising by time.
pub(crate) async fn of_placement(tx: &mut Tx<'_>, one: &OneMessage) -> Result<Vec<SentLetter>, StoreError> {
    let rows: Vec<SentColumns> = on_engine!(tx, |c| {
        let query = sqlx::query_as(OF_PLACEMENT).bind(one.user.as_str()).bind(one.mailbox.0);
        query.bind(i64::from(one.uid.0)).fetch_all(c).await?
    });
    rows.into_iter().map(SentLetter::from_columns).collect()
}

const OF_MESSAGE_ID: &str = "
    select s.id, s.submitted_at, s.recalled_at, (
        select count(*) from delivery d where d.submission_id = s.id and d.waits_until is not null)
    from submission s where s.user_id = $1 and s.message_id_key = $2 order by s.id";

/// The person's submissions with this Message-ID, in the form of `message_id_key`.
pub(crate) async fn of_message_id(
    tx: &mut Tx<'_>,
    (user, key): &(UserId, String),
) -> Result<Vec<SentLetter>, StoreError> {
    let rows: Vec<SentColumns> = on_engine!(tx, |c| {
        sqlx::query_as(OF_MESSAGE_ID).bind(user.as_str()).bind(key.as_str()).fetch_all(c).await?
    });
    rows.into_iter().map(SentLetter::from_columns).collect()
}

const OF_ID: &str = "
    select s.id, s.submitted_at, s.recalled_at, (
        select count(*) from delivery d where d.submission_id = s.id and d.waits_until is not null)
    from submission s where s.user_id = $1 and s.id = $2";

/// The person's submission of this number.
pub(crate) async fn of_id(tx: &mut Tx<'_>, (user, id): &(UserId, i64)) -> Result<Vec<SentLetter>, StoreError> {
    let rows: Vec<SentColumns> =
        on_engine!(tx, |c| sqlx::query_as(OF_ID).bind(user.as_str()).bind(id).fetch_all(c).await?);
    rows.into_iter().map(SentLetter::from_columns).collect()
}

const HEADER: &str = "select l.header from submission s join message l on l.id = s.message_id where s.id = $1";

/// The header of the letter, as its readers see it; `None` where nobody has the letter any more.
pub(crate) async fn letter_header(tx: &mut Tx<'_>, submission: &i64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query_scalar(HEADER).bind(submission).fetch_optional(c).await?))
}

/// A line of the list of what somebody sent.
pub(crate) struct SentRow {
    pub(crate) letter: SentLetter,
    pub(crate) message_id: Option<String>,
    /// Whom it was delivered to, and who waits for it.
    pub(crate) people: u64,
    pub(crate) header: Option<Vec<u8>>,
}

type SentRowColumns = (i64, i64, Option<i64>, Option<String>, Option<Vec<u8>>, i64, i64);

const LIST: &str = "
    select s.id, s.submitted_at, s.recalled_at, s.message_id_key, l.header
        , (select count(*) from delivery d where d.submission_id = s.id)
        , (select count(*) from delivery d where d.submission_id = s.id and d.waits_until is not null)
    from submission s left join message l on l.id = s.message_id
    where s.user_id = $1 order by s.submitted_at desc, s.id desc limit $2";

/// What somebody sent, the newest first, so many at most.
pub(crate) async fn list(tx: &mut Tx<'_>, (user, rows_max): &(UserId, usize)) -> Result<Vec<SentRow>, StoreError> {
    let rows: Vec<SentRowColumns> =
        on_engine!(tx, |c| sqlx::query_as(LIST).bind(user.as_str()).bind(column(*rows_max)).fetch_all(c).await?);
    rows.into_iter()
        .map(|(id, submitted_at, recalled_at, message_id, header, people, waiting)| {
            Ok(SentRow {
                letter: SentLetter::from_columns((id, submitted_at, recalled_at, waiting))?,
                message_id,
                people: number(people, "delivery", "count", id)?,
                header,
            })
        })
        .collect()
}

/// Whom a recall concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// People with a copy.
    pub(crate) people: u64,
    pub(crate) copies: u64,
    /// Copies marked `\Seen`.
    pub(crate) read: u64,
    /// People who wait for it.
    pub(crate) waiting: u64,
}

/// Counts the copies of these submissions (a JSON list), which the person sent.
pub(crate) async fn tally(tx: &mut Tx<'_>, (sender, submissions): &(UserId, String)) -> Result<Tally, StoreError> {
    // 1 is `\Seen` (model::SystemFlag::bit).
    let held = sql!(
        tx,
        "select count(distinct c.user_id), count(*),
            cast(coalesce(sum(case when (c.flags & 1) <> 0 then 1 else 0 end), 0) as bigint) from ",
        copies "$1",
        " as c"
    );
    let waiting = sql!(
        tx,
        "select count(distinct d.user_id) from ",
        numbers "$1",
        " as list join delivery d on d.submission_id = list.item and d.waits_until is not null"
    );
    let ((people, copies, read), waiting): ((i64, i64, i64), i64) = on_engine!(tx, |c| {
        let query = sqlx::query_as(held).bind(submissions.as_str()).bind(sender.as_str());
        let held = query.fetch_one(&mut *c).await?;
        (held, sqlx::query_scalar(waiting).bind(submissions.as_str()).fetch_one(c).await?)
    });
    let count = |value| number(value, "placement", "count", sender);
    Ok(Tally { people: count(people)?, copies: count(copies)?, read: count(read)?, waiting: count(waiting)? })
}

/// What is to be recalled.
pub(crate) struct Recalling {
    pub(crate) sender: UserId,
    pub(crate) submissions: Vec<i64>,
    /// What comes in the place of copies; `None` where nobody has the letter any more.
    pub(crate) notice: Option<(NewBody, NewMessage)>,
    pub(crate) by: RecalledBy,
    /// When it was sent.
    pub(crate) sent: Timestamp,
    /// The sender's own copy, where a mail client moves it: in the same transaction.
    pub(crate) moving: Option<Chosen>,
    /// An id for the line of the trail.
    pub(crate) line: i64,
    pub(crate) now: Timestamp,
}

/// What became of it.
pub(crate) enum Recalled {
    Done {
        tally: Tally,
        /// Readers' mailboxes that changed.
        mailboxes: Vec<MailboxId>,
        /// Where the sender's copy went; `None` where it had gone.
        moved: Option<Transferred>,
    },
    /// It had been recalled before: nothing was done.
    Already,
}

/// Recalls: all copies or none.
pub(crate) async fn recall(tx: &mut Tx<'_>, recalling: &Recalling) -> Result<Recalled, StoreError> {
    let notice = match &recalling.notice {
        Some((body, notice)) => {
            add_body(tx, body, recalling.now).await?;
            Some(add(tx, notice, recalling.now).await?.0)
        }
        None => None,
    };
    let (submissions, letters) = mark(tx, recalling).await?;
    let mut doomed = letters;
    if submissions.is_empty() {
        doomed.extend(notice);
        doom_messages(tx, &doomed, recalling.now).await?;
        return Ok(Recalled::Already);
    }
    let list = json_list(&submissions);
    let waiting = withdraw(tx, &list).await?;
    lock(tx, recalling, &list).await?;
    let moved = match &recalling.moving {
        Some(chosen) => choose(tx, chosen).await?,
        None => None,
    };
    let tally = Tally { waiting, ..tally(tx, &(recalling.sender.clone(), list.clone())).await? };
    let mailboxes = replace(tx, recalling, &list, notice).await?;
    forget_expunged(tx, recalling, &list).await?;
    // Whoever still has them keeps them; where no mailbox took the notice, nobody has that.
    doomed.extend(notice);
    doom_messages(tx, &doomed, recalling.now).await?;
    let event = TrailEvent::Recall {
        by: recalling.by,
        sent: recalling.sent,
        people: tally.people,
        copies: tally.copies,
        read: tally.read,
        withdrawn: tally.waiting,
    };
    trail::add(tx, &TrailLine::new(recalling.line, recalling.now, Some(&recalling.sender), &event)).await?;
    Ok(Recalled::Done { tally, mailboxes, moved })
}

/// Those of the submissions that were not recalled before, now marked so, and their letters. Whoever repeats one of them at
/// this time waits, and finds it recalled.
async fn mark(tx: &mut Tx<'_>, recalling: &Recalling) -> Result<(Vec<i64>, Vec<i64>), StoreError> {
    let hold = sql!(
        tx,
        "select s.id, s.message_id from ",
        numbers "$1",
        " as list join submission s on s.id = list.item
        where s.recalled_at is null and s.user_id = $2 order by s.id",
        lock " for update of s",
        ""
    );
    let mark = sql!(
        tx,
        "update submission set recalled_at = $2 where id in (select item from ",
        numbers "$1",
        " as list)"
    );
    let rows: Vec<(i64, Option<i64>)> = on_engine!(tx, |c| {
        let query = sqlx::query_as(hold).bind(json_list(&recalling.submissions)).bind(recalling.sender.as_str());
        let rows: Vec<(i64, Option<i64>)> = query.fetch_all(&mut *c).await?;
        let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
        sqlx::query(mark).bind(json_list(&ids)).bind(recalling.now.0).execute(c).await?;
        rows
    });
    Ok((rows.iter().map(|(id, _)| *id).collect(), rows.iter().filter_map(|(_, letter)| *letter).collect()))
}

/// Ends the wait of those who wait for it: they were never reached. How many.
async fn withdraw(tx: &mut Tx<'_>, list: &str) -> Result<u64, StoreError> {
    let statement = sql!(
        tx,
        "delete from delivery where waits_until is not null and submission_id in (select item from ",
        numbers "$1",
        " as list)"
    );
    Ok(on_engine!(tx, |c| sqlx::query(statement).bind(list).execute(c).await?.rows_affected()))
}

/// Locks every mailbox of every reader, and those of the sender's copy, in ascending id. SQLite has one writer: nothing to lock.
async fn lock(tx: &mut Tx<'_>, recalling: &Recalling, list: &str) -> Result<(), StoreError> {
    let statement = locking_mailboxes!(concat!(
        "select m.id from ",
        postgres_list!(numbers, "$1"),
        " as list
        cross join lateral (select user_id from delivery where submission_id = list.item offset 0) as d
        cross join lateral (select id from mailbox where user_id = d.user_id and user_id <> $2 offset 0) as m
        union all select $3 union all select $4"
    ));
    let own = recalling.moving.as_ref().map(|chosen| (chosen.transfer.from.0, chosen.transfer.to.0));
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(c) => {
            let query = sqlx::query(statement).bind(list).bind(recalling.sender.as_str());
            query.bind(own.map(|(from, _)| from)).bind(own.map(|(_, to)| to)).execute(&mut **c).await?;
            Ok(())
        }
    }
}

/// Puts the notice where copies lie, once into each mailbox, and nowhere in Trash; buries the copies. One ModSeq for both. The
/// mailboxes that changed.
async fn replace(
    tx: &mut Tx<'_>,
    recalling: &Recalling,
    list: &str,
    notice: Option<i64>,
) -> Result<Vec<MailboxId>, StoreError> {
    let take = sql!(
        tx,
        "update mailbox set mod_seq = mod_seq + 1
            , uid_next = uid_next + case when special_use = 'trash' then 0 else 1 end
        where id in (select c.mailbox_id from ",
        copies "$1",
        " as c) returning id"
    );
    let bury = sql!(
        tx,
        "insert into tombstone (mailbox_id, uid, mod_seq, expunged_at)
        select c.mailbox_id, c.uid, c.mod_seq, $3 from ",
        copies "$1",
        " as c"
    );
    // The counters are those that `take` has just left there.
    let place = sql!(
        tx,
        "insert into placement (mailbox_id, uid, message_id, flags, keywords, size, internal_date, save_date,
            sent_day, created_mod_seq, mod_seq, origin_mailbox_id)
        select f.mailbox_id, f.uid_next - 1, n.id, 0, '', n.size, $3, $3, n.sent_day, f.mod_seq, f.mod_seq, null
        from (
            select distinct c.mailbox_id, c.uid_next, c.mod_seq from ",
        copies "$1",
        " as c where c.special_use is null or c.special_use <> 'trash'
        ) as f join message n on n.id = $4"
    );
    let remove = sql!(
        tx,
        "delete from placement where (mailbox_id, uid) in (select c.mailbox_id, c.uid from ",
        copies "$1",
        " as c)"
    );
    let (sender, now) = (recalling.sender.as_str(), recalling.now.0);
    let ids: Vec<i64> = on_engine!(tx, |c| {
        let ids = sqlx::query_scalar(take).bind(list).bind(sender).fetch_all(&mut *c).await?;
        sqlx::query(bury).bind(list).bind(sender).bind(now).execute(&mut *c).await?;
        sqlx::query(place).bind(list).bind(sender).bind(now).bind(notice).execute(&mut *c).await?;
        sqlx::query(remove).bind(list).bind(sender).execute(c).await?;
        ids
    });
    Ok(ids.into_iter().map(MailboxId).collect())
}

/// What readers had expunged for good cannot be brought back any more.
async fn forget_expunged(tx: &mut Tx<'_>, recalling: &Recalling, list: &str) -> Result<(), StoreError> {
    let statement = sql!(
        tx,
        "delete from expunged where user_id <> $2 and message_id in (select s.message_id from ",
        numbers "$1",
        " as list join submission s on s.id = list.item) and user_id in (select d.user_id from ",
        numbers "$1",
        " as list join delivery d on d.submission_id = list.item)"
    );
    on_engine!(tx, |c| {
        sqlx::query(statement).bind(list).bind(recalling.sender.as_str()).execute(c).await.map(drop)?;
    });
    Ok(())
}
