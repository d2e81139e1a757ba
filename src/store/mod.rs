//! STORE: everything that is kept, in SQL. `sqlx` is named in this folder and nowhere else.
//!
//! One SQL text serves SQLite and PostgreSQL: [`on_engine!`] copies a body into two match arms. The common dialect:
//! `text` or `bigint` ids made by us, `bigint` for numbers and microseconds, `boolean`, `bytea`, `$1`, `on conflict`,
//! `returning`, `update … returning` to take a number, two statements instead of a data-changing CTE,
//! `cast(coalesce(sum(x), 0) as bigint)`, folded `…_key` columns instead of `lower()` and `like`. SQL is a constant next
//! to the function that runs it. What cannot be common stands side by side, chosen by one `match`:
//! opening and migrating (`open`), beginning and committing (`writer`, `transact`).
//!
//! A store function takes a [`Tx`] and does its statements; the domain runs it by [`Store::read`] (one statement),
//! [`Store::read_snapshot`] (several that must agree) or [`Store::write`]. On SQLite one writer runs writes in groups,
//! one commit and one sync for many; on PostgreSQL each is a transaction, run again on a serialisation failure.

mod open;
pub mod people;
mod transact;
mod writer;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

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
#[allow(unused_imports)]
pub(crate) use on_engine;

/// Why the store could not do it. Never the fault of who asked: answered "try later", logged once.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine refused or could not be reached.
    #[error("store: {0}")]
    Sql(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("store: migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The commit that carried this write failed.
    #[error("store: commit: {0}")]
    Commit(String),
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
    #[error("store: {path}: {source}")]
    File { path: String, source: std::io::Error },
    /// The writer has stopped: the process is ending.
    #[error("store: closed")]
    Closed,
}

/// When a write may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Committed and synced.
    Synced,
    /// Committed; at most about a second of it may go with the power (flags only).
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
}

#[derive(Clone)]
enum Engine {
    Sqlite { readers: SqlitePool, writer: Arc<writer::Writer> },
    Postgres(PgPool),
}
