//! STORE: everything that is kept, in SQL. `sqlx` is named in this folder and nowhere else.
//!
//! One SQL text serves SQLite and PostgreSQL: [`on_engine!`] copies a body into two match arms. The common dialect:
//! `text` or `bigint` ids made by us, `bigint` for numbers and microseconds, `boolean`, `bytea`, `$1`, `on conflict`,
//! `returning`, `update … returning` to take a number, two statements instead of a data-changing CTE,
//! `cast(coalesce(sum(x), 0) as bigint)`, folded `…_key` columns instead of `lower()` and `like`. SQL is a constant next
//! to the function that runs it. What cannot be common stands side by side, chosen by one `match`:
//! opening and migrating (`open`, `postgres`), telling other processes (`notices`), counting (`counts`), beginning and committing (`writer`, `transact`), opening a list that comes as one
//! JSON parameter, and where a part stands in a text ([`sql!`]), the trigram index (`search`), and locking mailboxes in ascending id ([`mailbox::lock`], `delivery`).
//!
//! A store function takes a [`Tx`] and does its statements; the domain runs it by [`Store::read`] (one statement),
//! [`Store::read_snapshot`] (several that must agree) or [`Store::write`]. On SQLite one writer runs writes in groups,
//! one commit and one sync for many; on PostgreSQL each is a transaction, run again on a serialisation failure.

pub(crate) mod annotation;
pub(crate) mod answers;
pub mod api;
pub mod backup;
pub(crate) mod collect;
pub(crate) mod counts;
pub(crate) mod delivery;
pub(crate) mod feed;
mod inspect;
pub(crate) mod limits;
pub(crate) mod mailbox;
pub(crate) mod message;
pub(crate) mod migration;
pub(crate) mod notices;
mod open;
pub mod people;
pub(crate) mod placement;
mod postgres;
pub(crate) mod quiet;
pub(crate) mod recall;
pub(crate) mod recover;
pub(crate) mod retention;
mod schema;
pub(crate) mod search;
pub(crate) mod switch;
pub(crate) mod trail;
mod transact;
mod uids;
pub mod verify;
pub mod webhook;
mod writer;

pub use inspect::Inspection;
pub(crate) use open::newest_version;
pub use postgres::PostgresSettings;
pub(crate) use uids::{ALL_UIDS, ranges_json};

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use crate::metrics::Metrics;

/// Runs the same body on whichever engine is open: `on_engine!(tx, |c| sqlx::query("…").execute(c).await)`,
/// where `tx` is a `&mut Tx`.
macro_rules! on_engine {
    ($tx:expr, |$connection:ident| $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite($connection) => {
                let $connection = &mut **$connection;
                $body
            }
            $crate::store::Tx::Postgres($connection) => {
                let $connection = &mut **$connection;
                $body
            }
        }
    };
}
pub(crate) use on_engine;

/// A constant statement with lists in it, each bound as one JSON text, so that any number of items is one statement and
/// one parameter: `sql!(tx, "select … from ", texts "$1", " as list join …")`.
///
/// * `texts`, `numbers`: rows `(item)`.
/// * `lock " for update"`: how the rows that are read are locked. SQLite has one writer: nothing to lock.
/// * `reached "$1"`: rows `(id)`: who gets a letter to the people that `$1` lists and to the groups that `$2` lists, each
///   once, nobody who is suspended.
/// * `position "text, part"`: where the part begins in the text, from 1; 0 where it is not in it.
/// * `deliveries`: the rows `d` of `delivery` of the submissions in the list whose batch is `$2`, each with the reader's INBOX
///   `m`: found by their keys.
/// * `copies "$1"`: rows `(mailbox_id, uid, flags, user_id, special_use, uid_next, mod_seq)`: the copies of the letters of the
///   submissions that `$1` lists, in the mailboxes of those whom they were delivered to, save those of `$2`, who sent them.
/// * `placements`: the placements `p` whose UIDs the ranges `[[low,high],…]` name, in the mailbox that `$2` names. Both
///   engines are held to one search of the primary key for each range, whatever their planners guess.
macro_rules! sql {
    ($tx:expr, $first:expr $(, $kind:ident $parameter:literal, $text:expr)* $(,)?) => {
        match $tx {
            $crate::store::Tx::Sqlite(_) => {
                concat!($first $(, $crate::store::sqlite_list!($kind, $parameter), $text)*)
            }
            $crate::store::Tx::Postgres(_) => {
                concat!($first $(, $crate::store::postgres_list!($kind, $parameter), $text)*)
            }
        }
    };
}
pub(crate) use sql;

macro_rules! sqlite_list {
    (copies, $submissions:literal) => {
        concat!(
            "(select p.mailbox_id, p.uid, p.flags, m.user_id, m.special_use, m.uid_next, m.mod_seq
            from placement p join mailbox m on m.id = p.mailbox_id
            where p.message_id in (select s.message_id from ",
            $crate::store::sqlite_list!(numbers, $submissions),
            " as list join submission s on s.id = list.item)
                and m.user_id <> $2 and exists (select 1 from ",
            $crate::store::sqlite_list!(numbers, $submissions),
            " as list cross join delivery d on d.submission_id = list.item and d.user_id = m.user_id))"
        )
    };
    (deliveries, $parameter:literal) => {
        concat!(
            "(select value as item from json_each(",
            $parameter,
            ")) as list
            cross join delivery d on d.submission_id = list.item and d.batch = $2
            cross join mailbox m on m.user_id = d.user_id and m.special_use = 'inbox'"
        )
    };
    (reached, $people:literal) => {
        concat!(
            "(select u.id from ",
            $crate::store::sqlite_list!(texts, $people),
            " as list join ent_user u on u.id = list.item where not u.suspended
            union
            select u.id from ",
            $crate::store::sqlite_list!(texts, "$2"),
            " as list join group_member g on g.group_id = list.item join ent_user u on u.id = g.user_id
            where not u.suspended)"
        )
    };
    (placements, $parameter:literal) => {
        concat!(
            "(select value ->> 0 as low, value ->> 1 as high from json_each(",
            $parameter,
            ")) as r cross join placement p on p.mailbox_id = $2 and p.uid between r.low and r.high"
        )
    };
    (lock, $clause:literal) => {
        ""
    };
    (position, $texts:literal) => {
        concat!("instr(", $texts, ")")
    };
    (numbers, $parameter:literal) => {
        concat!("(select value as item from json_each(", $parameter, "))")
    };
    (texts, $parameter:literal) => {
        concat!("(select value as item from json_each(", $parameter, "))")
    };
}
pub(crate) use sqlite_list;

macro_rules! postgres_list {
    (copies, $submissions:literal) => {
        concat!(
            "(select p.mailbox_id, p.uid, p.flags, m.user_id, m.special_use, m.uid_next, m.mod_seq
            from placement p join mailbox m on m.id = p.mailbox_id
            where p.message_id in (select s.message_id from ",
            $crate::store::postgres_list!(numbers, $submissions),
            " as list join submission s on s.id = list.item)
                and m.user_id <> $2 and exists (select 1 from ",
            $crate::store::postgres_list!(numbers, $submissions),
            " as list join delivery d on d.submission_id = list.item and d.user_id = m.user_id))"
        )
    };
    (deliveries, $parameter:literal) => {
        concat!(
            "(select cast(value as bigint) as item from json_array_elements_text(cast(",
            $parameter,
            " as json))) as list
            cross join lateral (
                select * from delivery where submission_id = list.item and batch = $2 offset 0
            ) as d
            cross join lateral (
                select * from mailbox where user_id = d.user_id and special_use = 'inbox' offset 0
            ) as m"
        )
    };
    (reached, $people:literal) => {
        concat!(
            "(select u.id from ",
            $crate::store::postgres_list!(texts, $people),
            " as list join ent_user u on u.id = list.item where not u.suspended
            union
            select u.id from ",
            $crate::store::postgres_list!(texts, "$2"),
            " as list join group_member g on g.group_id = list.item join ent_user u on u.id = g.user_id
            where not u.suspended)"
        )
    };
    (placements, $parameter:literal) => {
        concat!(
            "(select cast(value ->> 0 as bigint) as low, cast(value ->> 1 as bigint) as high
                from json_array_elements(cast(",
            $parameter,
            " as json))) as r
            cross join lateral (
                select * from placement where mailbox_id = $2 and uid between r.low and r.high offset 0
            ) as p"
        )
    };
    (lock, $clause:literal) => {
        $clause
    };
    (position, $texts:literal) => {
        concat!("strpos(", $texts, ")")
    };
    (numbers, $parameter:literal) => {
        concat!("(select cast(value as bigint) as item from json_array_elements_text(cast(", $parameter, " as json)))")
    };
    (texts, $parameter:literal) => {
        concat!("(select value as item from json_array_elements_text(cast(", $parameter, " as json)))")
    };
}
pub(crate) use postgres_list;

/// PostgreSQL: locks the mailboxes whose `id` a constant statement gives, in ascending order, each found by its key whatever
/// the planner guesses.
macro_rules! locking_mailboxes {
    ($ids:expr) => {
        concat!(
            "select m.id from (",
            $ids,
            " order by id offset 0) as wanted
            cross join lateral (select id from mailbox where id = wanted.id for no key update offset 0) as m"
        )
    };
}
pub(crate) use locking_mailboxes;

/// A column as the type it must fit.
fn number<T: TryFrom<i64>>(
    value: i64,
    table: &'static str,
    column: &'static str,
    row: impl std::fmt::Display,
) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Inconsistent { table, column, row: row.to_string() })
}

/// A size or a count as a column.
fn column(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// A list as the JSON text that [`sql!`] opens.
pub(crate) fn json_list<T: serde::Serialize>(items: &[T]) -> String {
    serde_json::to_string(items).unwrap_or_else(|_| "[]".to_owned())
}

/// Why the store could not do it. Never the fault of who asked: answered "try later", logged once.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine refused or could not be reached.
    #[error("store: {0}")]
    Sql(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("store: migration: {0}")]
    Migrate(sqlx::migrate::MigrateError),
    /// What was released is never edited (`docs/scale.md`).
    #[error(
        "store: version {version} of its schema was made from another text than this program's: the store, or this program, \
        comes from a build between two releases; open it with the build that made it"
    )]
    Edited { version: i64 },
    /// A newer program has taken away what this one needs.
    #[error(
        "store: version {version} of its schema is not for this program, which knows {newest}: it is an older one than the \
        store needs"
    )]
    Contracted { version: i64, newest: i64 },
    /// PostgreSQL lacks what the search index is built on, and does not let us make it.
    #[error(
        "store: the PostgreSQL extension pg_trgm cannot be made ({0}): have it installed, and an administrator run \
        \"create extension pg_trgm\" in this database"
    )]
    NoTrigrams(String),
    /// The commit that carried this write failed.
    #[error("store: commit: {0}")]
    Commit(String),
    /// A bug in the work; it was undone.
    #[error("store: a write panicked")]
    Panicked,
    /// A value that cannot be: names table, column and row.
    #[error("store: {table}.{column} of row {row} cannot be read")]
    Inconsistent { table: &'static str, column: &'static str, row: String },
    /// Another process serves this file.
    #[error("store: {path} is in use by another process")]
    Locked { path: String },
    /// The setting names no engine we have.
    #[error("store: {0}")]
    Url(String),
    /// A file around the store.
    #[error("store: {path}: {error}")]
    File { path: String, error: std::io::Error },
    /// The writer has stopped: the process is ending.
    #[error("store: closed")]
    Closed,
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMismatch(version) => Self::Edited { version },
            error => Self::Migrate(error),
        }
    }
}

/// When a write may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Committed and synced.
    Synced,
    /// Committed; at most about a second of it may go with the power: flags on SQLite, and what nobody was promised.
    Relaxed,
}

/// A connection inside a transaction (or, for [`Store::read`], alone), on whichever engine is open.
pub enum Tx<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// What a piece of work gives back.
pub type Working<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// A piece of work on the store: a function that captures nothing, so that it can be run again.
/// Written as `|tx, input| Box::pin(append(tx, input))`.
pub type Work<I, T> = for<'t, 'c> fn(&'t mut Tx<'c>, &'t I) -> Working<'t, T>;

/// The open store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    /// The process's: the store is the first that counts.
    metrics: Arc<Metrics>,
}

#[derive(Clone)]
enum Engine {
    Sqlite {
        readers: SqlitePool,
        writer: Arc<writer::Writer>,
        /// Held while bodies are copied (`backup::hold`).
        bodies: Arc<tokio::sync::RwLock<()>>,
    },
    Postgres(Arc<postgres::Postgres>),
}
