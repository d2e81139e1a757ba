//! Letters that wait for the end of quiet hours: rows of `delivery` with `waits_until`, whose `batch` is 0.
//!
//! [`hold`] runs in the delivering transaction. [`release`] places what is due: each letter whole, several letters in one
//! transaction. A row is claimed by the statement that ends its wait, so two gateways never place it twice.

use std::collections::BTreeMap;

use super::webhook::{self, NewOutbox};
use super::{StoreError, Tx, column, json_list, locking_mailboxes, on_engine, postgres_list, sql, trail};
use crate::model::{MailboxId, Profile, QuietNow, Timestamp, TrailEvent, TrailLine, UserId, is_staff};

/// Whom a letter keeps waiting.
pub(crate) struct Held {
    /// Of those reached by this run.
    pub(crate) now: u64,
    /// When the first of all who wait for this letter get it.
    pub(crate) opens: Option<Timestamp>,
}

const READERS: &str = "
    select d.user_id, u.profile, s.uai from delivery d
    join ent_user u on u.id = d.user_id
    left join user_school us on us.user_id = d.user_id
    left join school s on s.id = us.school_id
    where d.submission_id = $1 and d.batch = $2 order by d.user_id";

const OPENS: &str = "select min(waits_until) from delivery where submission_id = $1 and waits_until is not null";

/// Makes those people of the run wait whom quiet hours bind now.
pub(crate) async fn hold(
    tx: &mut Tx<'_>,
    (submission, batch): (i64, i64),
    quiet: &QuietNow,
) -> Result<Held, StoreError> {
    let rows: Vec<ReaderRow> =
        on_engine!(tx, |c| sqlx::query_as(READERS).bind(submission).bind(batch).fetch_all(c).await?);
    let mut waits: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
    for reader in readers(rows)? {
        if let Some(opens) = quiet.opens(reader.profile, &reader.schools) {
            waits.entry(opens).or_default().push(reader.user);
        }
    }
    let mut held = Held { now: 0, opens: None };
    for (opens, users) in waits {
        let statement = sql!(
            tx,
            "update delivery set waits_until = $3, batch = 0 where submission_id = $2 and user_id in (select item from ",
            texts "$1",
            " as list)"
        );
        held.now += on_engine!(tx, |c| {
            let query = sqlx::query(statement).bind(json_list(&users)).bind(submission).bind(opens.0);
            query.execute(c).await?.rows_affected()
        });
    }
    let (opens,): (Option<i64>,) = on_engine!(tx, |c| sqlx::query_as(OPENS).bind(submission).fetch_one(c).await?);
    held.opens = opens.map(Timestamp);
    Ok(held)
}

/// Somebody who is to be reached.
struct Reader {
    user: String,
    profile: Profile,
    /// UAIs.
    schools: Vec<String>,
}

type ReaderRow = (String, String, Option<String>);

/// One for each person; rows of one person follow each other.
fn readers(rows: Vec<ReaderRow>) -> Result<Vec<Reader>, StoreError> {
    let mut readers: Vec<Reader> = Vec::new();
    for (user, profile, school) in rows {
        match readers.last_mut().filter(|last| last.user == user) {
            Some(last) => last.schools.extend(school),
            None => {
                let unknown = || StoreError::Inconsistent { table: "ent_user", column: "profile", row: user.clone() };
                let profile = Profile::from_column(&profile).ok_or_else(unknown)?;
                readers.push(Reader { user, profile, schools: school.into_iter().collect() });
            }
        }
    }
    Ok(readers)
}

/// What to place.
pub(crate) struct Release {
    pub(crate) now: Timestamp,
    /// An id for this run, and for its line in the trail.
    pub(crate) batch: i64,
    /// Rows looked at; the last letter among them is placed whole.
    pub(crate) people_max: usize,
    /// Pass over letters of those who may not send any more?
    pub(crate) hold_suspended: bool,
    /// Who is to be told, of as many letters as there may be.
    pub(crate) outbox: NewOutbox,
}

/// What was placed.
#[derive(Default)]
pub(crate) struct Released {
    /// Letters that were due; none: nothing is left.
    pub(crate) letters: usize,
    pub(crate) people: u64,
    pub(crate) mailboxes: Vec<MailboxId>,
}

// `count` keeps PostgreSQL from joining all submissions: each is looked up as its rows come, up to the limit.
const DUE: &str = "
    select d.submission_id from delivery d
    where d.waits_until <= $1 and case when $2 then (
        select count(*) from submission s join ent_user u on u.id = s.user_id
        where s.id = d.submission_id and (u.suspended or exists (
            select 1 from suspension x left join user_school us on us.user_id = u.id and us.school_id = x.school_id
            where x.sending and (x.profile is null or x.profile = u.profile) and (x.user_id is null or x.user_id = u.id)
                and (x.school_id is null or us.user_id is not null)))
    ) = 0 else true end
    order by d.waits_until, d.submission_id limit $3";

/// Places letters that are due: all of a letter that is due, or nothing of it.
pub(crate) async fn release(tx: &mut Tx<'_>, asked: &Release) -> Result<Released, StoreError> {
    let mut letters: Vec<i64> = on_engine!(tx, |c| {
        let query = sqlx::query_scalar(DUE).bind(asked.now.0).bind(asked.hold_suspended);
        query.bind(column(asked.people_max)).fetch_all(c).await?
    });
    // One whose readers wait until different times is there several times.
    letters.sort_unstable();
    letters.dedup();
    if letters.is_empty() {
        return Ok(Released::default());
    }
    let list = json_list(&letters);
    claim(tx, asked, &list).await?;
    lock(tx, asked, &list).await?;
    let mailboxes = take(tx, asked, &list).await?;
    let people = place(tx, asked, &list).await?;
    if people > 0 {
        webhook::add(tx, &asked.outbox, &letters, asked.batch, asked.now).await?;
        let event = TrailEvent::Release { letters: letters.len(), people };
        trail::add(tx, &TrailLine::new(asked.batch, asked.now, None, &event)).await?;
    }
    Ok(Released { letters: letters.len(), people, mailboxes })
}

/// Ends the wait. Another gateway that is at the same rows waits here, and then finds that they wait no more.
async fn claim(tx: &mut Tx<'_>, asked: &Release, letters: &str) -> Result<(), StoreError> {
    let statement = sql!(
        tx,
        "update delivery set waits_until = null, batch = $2 where waits_until <= $3 and submission_id in (select item from ",
        numbers "$1",
        " as list)"
    );
    on_engine!(tx, |c| {
        sqlx::query(statement).bind(letters).bind(asked.batch).bind(asked.now.0).execute(c).await.map(drop)?;
    });
    Ok(())
}

/// Locks every INBOX that gets something, in ascending id. SQLite has one writer: nothing to lock.
async fn lock(tx: &mut Tx<'_>, asked: &Release, letters: &str) -> Result<(), StoreError> {
    let statement = locking_mailboxes!(concat!("select distinct m.id from ", postgres_list!(deliveries, "$1")));
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(c) => {
            sqlx::query(statement).bind(letters).bind(asked.batch).execute(&mut **c).await?;
            Ok(())
        }
    }
}

/// Takes as many UIDs from each INBOX as it gets letters, and one ModSeq. Who has no INBOX any more has left.
async fn take(tx: &mut Tx<'_>, asked: &Release, letters: &str) -> Result<Vec<MailboxId>, StoreError> {
    let statement = sql!(
        tx,
        "update mailbox set uid_next = uid_next + taken.letters, mod_seq = mod_seq + 1 from (
            select m.id as mailbox_id, count(*) as letters from ",
        deliveries "$1",
        " group by m.id
        ) as taken where mailbox.id = taken.mailbox_id returning id"
    );
    let ids: Vec<i64> =
        on_engine!(tx, |c| sqlx::query_scalar(statement).bind(letters).bind(asked.batch).fetch_all(c).await?);
    Ok(ids.into_iter().map(MailboxId).collect())
}

/// The counters of each INBOX are those that [`take`] has just left there; its letters come in the order they were sent.
async fn place(tx: &mut Tx<'_>, asked: &Release, letters: &str) -> Result<u64, StoreError> {
    let statement = sql!(
        tx,
        "insert into placement (mailbox_id, uid, message_id, flags, keywords, size, internal_date, save_date,
            sent_day, created_mod_seq, mod_seq, origin_mailbox_id)
        select m.id, m.uid_next - count(*) over (partition by m.id)
            + row_number() over (partition by m.id order by s.submitted_at, s.id) - 1,
            l.id, 0, '', l.size, $3, $3, l.sent_day, m.mod_seq, m.mod_seq, null
        from ",
        deliveries "$1",
        "
        join submission s on s.id = d.submission_id
        join message l on l.id = s.message_id"
    );
    Ok(on_engine!(tx, |c| {
        let query = sqlx::query(statement).bind(letters).bind(asked.batch).bind(asked.now.0);
        query.execute(c).await?.rows_affected()
    }))
}

const WAITING: &str = "
    select distinct d.user_id, u.profile, a.profile, d.waits_until
    from delivery d
    join submission s on s.id = d.submission_id
    join ent_user a on a.id = s.user_id
    join ent_user u on u.id = d.user_id
    where d.waits_until > $1";
const SCHOOLS_OF_WAITING: &str = "
    select distinct us.user_id, s.uai from delivery d
    join user_school us on us.user_id = d.user_id join school s on s.id = us.school_id
    where d.waits_until > $1";

/// Somebody who waits for letters, and of whom.
pub(crate) struct Waiting {
    pub(crate) user: UserId,
    pub(crate) profile: Profile,
    pub(crate) sender: Profile,
    pub(crate) schools: Vec<String>,
    pub(crate) until: Timestamp,
}

/// Who waits for something that is not due yet.
pub(crate) async fn waiting(tx: &mut Tx<'_>, now: &Timestamp) -> Result<Vec<Waiting>, StoreError> {
    let rows: Vec<(String, String, String, i64)> =
        on_engine!(tx, |c| sqlx::query_as(WAITING).bind(now.0).fetch_all(c).await?);
    let of: Vec<(String, String)> =
        on_engine!(tx, |c| sqlx::query_as(SCHOOLS_OF_WAITING).bind(now.0).fetch_all(c).await?);
    let mut schools: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (user, uai) in of {
        schools.entry(user).or_default().push(uai);
    }
    let profile = |column: &str, user: &str| {
        let unknown = || StoreError::Inconsistent { table: "ent_user", column: "profile", row: user.to_owned() };
        Profile::from_column(column).ok_or_else(unknown)
    };
    rows.into_iter()
        .map(|(user, reader, sender, until)| {
            Ok(Waiting {
                profile: profile(&reader, &user)?,
                sender: profile(&sender, &user)?,
                schools: schools.get(&user).cloned().unwrap_or_default(),
                user: UserId::new(user),
                until: Timestamp(until),
            })
        })
        .collect()
}

/// Another end of the wait, for these people, where it was `from` and the sender is staff, or is not.
pub(crate) struct NewEnd {
    pub(crate) users: Vec<String>,
    pub(crate) from_staff: bool,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl NewEnd {
    /// The one that this person's wait belongs to.
    pub(crate) fn key(waiting: &Waiting, to: Timestamp) -> (bool, Timestamp, Timestamp) {
        (is_staff(waiting.sender), waiting.until, to)
    }
}

/// Sets new ends.
pub(crate) async fn change_ends(tx: &mut Tx<'_>, ends: &Vec<NewEnd>) -> Result<(), StoreError> {
    for end in ends {
        let statement = sql!(
            tx,
            "update delivery set waits_until = $2 where waits_until = $3 and user_id in (select item from ",
            texts "$1",
            " as list) and exists (
                select 1 from submission s join ent_user a on a.id = s.user_id
                where s.id = delivery.submission_id and (a.profile in ('Teacher', 'Personnel')) = $4)"
        );
        on_engine!(tx, |c| {
            let query = sqlx::query(statement).bind(json_list(&end.users)).bind(end.to.0);
            query.bind(end.from.0).bind(end.from_staff).execute(c).await.map(drop)?;
        });
    }
    Ok(())
}

/// Is somebody in a group of one of these kinds (a JSON list of columns)?
pub(crate) async fn in_group_of_kind(tx: &mut Tx<'_>, (user, kinds): &(UserId, String)) -> Result<bool, StoreError> {
    let statement = sql!(
        tx,
        "select count(*) from ",
        texts "$1",
        " as list join ent_group g on g.kind = list.item and not g.closed
        join group_member m on m.group_id = g.id and m.user_id = $2"
    );
    let count: i64 = on_engine!(tx, |c| {
        sqlx::query_scalar(statement).bind(kinds.as_str()).bind(user.as_str()).fetch_one(c).await?
    });
    Ok(count > 0)
}
