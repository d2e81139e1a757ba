//! Rows of `webhook_outbox` and `lease`: what is to be told to webhooks, and which gateway does it.
//!
//! A row stands for the people whom one run of a delivery reached: one row however many they are, added in the delivering
//! transaction. Whoever tells pages through `delivery`.

use super::{StoreError, Tx, column, json_list, number, on_engine, sql};
use crate::model::{Timestamp, UserId};

/// A webhook, as far as deliveries need it.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) name: String,
    /// People told of in one page.
    pub(crate) page_people: usize,
    /// How long it is tried, microseconds.
    pub(crate) patience: i64,
}

/// What a transaction that delivers adds.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewOutbox {
    pub(crate) hooks: Vec<Hook>,
    /// The first of as many ids as there may be rows.
    pub(crate) first_id: i64,
}

/// Notes that the people of this run of these submissions (each once) are to be told of: a row for each webhook and submission.
pub(crate) async fn add(
    tx: &mut Tx<'_>,
    new: &NewOutbox,
    submissions: &[i64],
    batch: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut id = new.first_id;
    for hook in &new.hooks {
        let statement = sql!(
            tx,
            "insert into webhook_outbox (id, hook, submission_id, batch, page_people, after_user, pages, created_at, tries,
                next_try_at, give_up_at)
            select $2 + row_number() over (order by list.item) - 1, $3, list.item, $4, $5, '', 0, $6, 0, $6, $7 from ",
            numbers "$1",
            " as list"
        );
        on_engine!(tx, |c| {
            let query = sqlx::query(statement).bind(json_list(submissions)).bind(id).bind(&hook.name).bind(batch);
            let query = query.bind(column(hook.page_people)).bind(now.0).bind(now.0.saturating_add(hook.patience));
            query.execute(c).await.map(drop)?;
        });
        id = id.saturating_add(column(submissions.len()));
    }
    Ok(())
}

/// Something to be told.
#[derive(Clone, Debug)]
pub(crate) struct OutboxRow {
    pub(crate) id: i64,
    pub(crate) submission: i64,
    pub(crate) batch: i64,
    pub(crate) page_people: usize,
    pub(crate) after_user: String,
    pub(crate) pages: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) tries: u32,
    pub(crate) give_up_at: Timestamp,
}

type OutboxColumns = (i64, i64, i64, i64, String, i64, i64, i64, i64);

const DUE: &str = "
    select id, submission_id, batch, page_people, after_user, pages, created_at, tries, give_up_at from webhook_outbox
    where hook = $1 and dead_at is null and next_try_at <= $2 order by next_try_at, id limit $3";

/// What is due for a webhook, the longest due first.
pub(crate) async fn due(
    tx: &mut Tx<'_>,
    (hook, now, max): &(String, Timestamp, usize),
) -> Result<Vec<OutboxRow>, StoreError> {
    let rows: Vec<OutboxColumns> = on_engine!(tx, |c| {
        sqlx::query_as(DUE).bind(hook.as_str()).bind(now.0).bind(column(*max)).fetch_all(c).await?
    });
    let read = |(id, submission, batch, people, after_user, pages, created_at, tries, give_up_at): OutboxColumns| {
        Ok(OutboxRow {
            id,
            submission,
            batch,
            page_people: number(people, "webhook_outbox", "page_people", id)?,
            after_user,
            pages,
            created_at: Timestamp(created_at),
            tries: number(tries, "webhook_outbox", "tries", id)?,
            give_up_at: Timestamp(give_up_at),
        })
    };
    rows.into_iter().map(read).collect()
}

/// Which page of whom.
pub(crate) struct AskedPage {
    pub(crate) row: OutboxRow,
    /// JSON lists: profiles, UAIs in lower case; all where they are empty.
    pub(crate) profiles: String,
    pub(crate) schools: String,
    /// Is the letter's header wanted?
    pub(crate) header: bool,
}

/// The next people of a row.
pub(crate) struct Page {
    /// The last of them, whether he is told of or not; `None`: there are no more.
    pub(crate) last: Option<String>,
    /// Are there others behind them?
    pub(crate) more: bool,
    /// Those to be told of.
    pub(crate) people: Vec<UserId>,
    pub(crate) letter: LetterRow,
}

/// The letter itself.
pub(crate) struct LetterRow {
    pub(crate) message: Option<i64>,
    pub(crate) sender: UserId,
    pub(crate) sender_login: String,
    pub(crate) sender_name: String,
    pub(crate) recalled: bool,
    pub(crate) header: Option<Vec<u8>>,
}

const LETTER: &str = "
    select s.message_id, u.id, u.login, u.display_name, s.recalled_at is not null, case when $2 then m.header end
    from submission s join ent_user u on u.id = s.user_id left join message m on m.id = s.message_id
    where s.id = $1";
// The bounds of a page depend on nothing that may change: the same id always means the same people.
const MEMBERS: &str = "
    select d.user_id from delivery d where d.submission_id = $1 and d.batch = $2 and d.user_id > $3
    order by d.user_id limit $4";

/// The next page; `None` where the submission is no more.
pub(crate) async fn page(tx: &mut Tx<'_>, asked: &AskedPage) -> Result<Option<Page>, StoreError> {
    let row = &asked.row;
    type LetterColumns = (Option<i64>, String, String, String, bool, Option<Vec<u8>>);
    let letter: Option<LetterColumns> =
        on_engine!(tx, |c| sqlx::query_as(LETTER).bind(row.submission).bind(asked.header).fetch_optional(c).await?);
    let Some((message, sender, sender_login, sender_name, recalled, header)) = letter else { return Ok(None) };
    let mut members: Vec<String> = on_engine!(tx, |c| {
        let query = sqlx::query_scalar(MEMBERS).bind(row.submission).bind(row.batch).bind(row.after_user.as_str());
        query.bind(column(row.page_people.saturating_add(1))).fetch_all(c).await?
    });
    let more = members.len() > row.page_people;
    members.truncate(row.page_people);
    let letter = LetterRow { message, sender: UserId::new(sender), sender_login, sender_name, recalled, header };
    let people = wanted(tx, asked, &members).await?;
    Ok(Some(Page { last: members.pop(), more, people, letter }))
}

/// Those of these people whom the webhook wants to be told of.
async fn wanted(tx: &mut Tx<'_>, asked: &AskedPage, members: &[String]) -> Result<Vec<UserId>, StoreError> {
    let statement = sql!(
        tx,
        "select u.id from ",
        texts "$1",
        " as list join ent_user u on u.id = list.item
        where ($2 = '[]' or u.profile in (select item from ",
        texts "$2",
        " as profiles)) and ($3 = '[]' or exists (
            select 1 from user_school us join school s on s.id = us.school_id
            where us.user_id = u.id and lower(s.uai) in (select item from ",
        texts "$3",
        " as schools)))
        order by u.id"
    );
    let ids: Vec<String> = on_engine!(tx, |c| {
        let query = sqlx::query_scalar(statement).bind(json_list(members)).bind(asked.profiles.as_str());
        query.bind(asked.schools.as_str()).fetch_all(c).await?
    });
    Ok(ids.into_iter().map(UserId::new).collect())
}

/// What became of a row.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// All of it: the row goes.
    Done { id: i64 },
    /// Up to this person.
    Up { id: i64, after_user: String, now: Timestamp },
    /// Not now.
    Failed { id: i64, error: String, next_try_at: Timestamp },
    /// Not any more.
    Dead { id: i64, error: String, now: Timestamp },
}

const DONE: &str = "delete from webhook_outbox where id = $1";
const UP: &str = "
    update webhook_outbox set after_user = $2, pages = pages + 1, tries = 0, next_try_at = $3, last_error = null where id = $1";
const FAILED: &str = "update webhook_outbox set tries = tries + 1, last_error = $2, next_try_at = $3 where id = $1";
const DEAD: &str = "update webhook_outbox set tries = tries + 1, last_error = $2, dead_at = $3 where id = $1";

/// Notes what became of a row.
pub(crate) async fn note(tx: &mut Tx<'_>, told: &Told) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        match told {
            Told::Done { id } => sqlx::query(DONE).bind(id).execute(c).await.map(drop)?,
            Told::Up { id, after_user, now } => {
                sqlx::query(UP).bind(id).bind(after_user).bind(now.0).execute(c).await.map(drop)?;
            }
            Told::Failed { id, error, next_try_at } => {
                sqlx::query(FAILED).bind(id).bind(error).bind(next_try_at.0).execute(c).await.map(drop)?;
            }
            Told::Dead { id, error, now } => {
                sqlx::query(DEAD).bind(id).bind(error).bind(now.0).execute(c).await.map(drop)?;
            }
        }
    });
    Ok(())
}

const LEASE: &str = "
    insert into lease (name, holder, until_at) values ($1, $2, $3)
    on conflict (name) do update set holder = excluded.holder, until_at = excluded.until_at
        where lease.holder = excluded.holder or lease.until_at < $4";
const GIVE_BACK: &str = "delete from lease where name = $1 and holder = $2";

/// A lease that somebody asks for, or for more of.
pub(crate) struct AskedLease {
    pub(crate) name: String,
    pub(crate) holder: String,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
}

/// Takes it, or more of it; `false` where another holds it.
pub(crate) async fn lease(tx: &mut Tx<'_>, asked: &AskedLease) -> Result<bool, StoreError> {
    Ok(on_engine!(tx, |c| {
        let query = sqlx::query(LEASE).bind(&asked.name).bind(&asked.holder).bind(asked.until.0).bind(asked.now.0);
        query.execute(c).await?.rows_affected()
    }) > 0)
}

/// Gives it back, so that another need not wait.
pub(crate) async fn give_back(tx: &mut Tx<'_>, (name, holder): &(String, String)) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(GIVE_BACK).bind(name.as_str()).bind(holder.as_str()).execute(c).await.map(drop)?);
    Ok(())
}

/// How a webhook stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookState {
    pub hook: String,
    /// Runs of letters that are still to be told of.
    pub waiting: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// Given up.
    pub dead: u64,
    pub last_error: Option<String>,
}

const STATES: &str = "
    select hook, sum(case when dead_at is null then 1 else 0 end), min(case when dead_at is null then created_at end),
        sum(case when dead_at is null then 0 else 1 end), max(last_error)
    from webhook_outbox group by hook order by hook";

/// How they stand, those with something in the outbox.
pub(crate) async fn states(tx: &mut Tx<'_>, _: &()) -> Result<Vec<HookState>, StoreError> {
    type Columns = (String, i64, Option<i64>, i64, Option<String>);
    let rows: Vec<Columns> = on_engine!(tx, |c| sqlx::query_as(STATES).fetch_all(c).await?);
    let state = |(hook, waiting, oldest, dead, last_error): Columns| {
        Ok(HookState {
            waiting: number(waiting, "webhook_outbox", "count", &hook)?,
            oldest: oldest.map(Timestamp),
            dead: number(dead, "webhook_outbox", "count", &hook)?,
            last_error,
            hook,
        })
    };
    rows.into_iter().map(state).collect()
}

const RETRY: &str = "
    update webhook_outbox set dead_at = null, tries = 0, next_try_at = $2, give_up_at = $3 where hook = $1";
const DROP: &str = "delete from webhook_outbox where hook = $1 and (dead_at is not null or $2)";

/// Tries all of a webhook's rows again, at once. How many.
pub(crate) async fn retry(tx: &mut Tx<'_>, hook: &str, now: Timestamp, give_up: Timestamp) -> Result<u64, StoreError> {
    Ok(on_engine!(tx, |c| {
        sqlx::query(RETRY).bind(hook).bind(now.0).bind(give_up.0).execute(c).await?.rows_affected()
    }))
}

/// Forgets what was given up, or all. How many.
pub(crate) async fn forget(tx: &mut Tx<'_>, hook: &str, all: bool) -> Result<u64, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query(DROP).bind(hook).bind(all).execute(c).await?.rows_affected()))
}
