//! PostgreSQL: opening it, what it may take, and its connections.
//!
//! TLS is in the URL, as libpq has it: `?sslmode=verify-full&sslrootcert=/etc/…/ca.pem`.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use super::{Engine, Store, StoreError, Tx, notices, open, schema};

/// How PostgreSQL lists our connections: `pg_stat_activity.application_name` tells which versions serve.
const NAME: &str = concat!("passerelle ", env!("CARGO_PKG_VERSION"));

/// A connection that was idle for less than this is taken to be alive.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// What PostgreSQL may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresSettings {
    pub connections_max: u32,
    /// For a connection: a free one, or a new one.
    pub connect_within: Duration,
    pub statement_within: Duration,
    pub lock_within: Duration,
    /// Between two statements of a transaction.
    pub transaction_idle_within: Duration,
}

impl PostgresSettings {
    /// So many connections, and the patience that the settings have by default.
    pub const fn with_connections(connections_max: u32) -> Self {
        Self {
            connections_max,
            connect_within: Duration::from_secs(10),
            statement_within: Duration::from_secs(120),
            lock_within: Duration::from_secs(30),
            transaction_idle_within: Duration::from_secs(60),
        }
    }
}

/// An open PostgreSQL.
pub(super) struct Postgres {
    /// For what sessions ask.
    pub pool: PgPool,
    /// For notices to other processes: one connection, so that these never wait for sessions, nor they for these.
    pub telling: PgPool,
    /// To connect once more.
    pub options: PgConnectOptions,
}

impl Store {
    pub(super) async fn open_postgres(url: &str, settings: PostgresSettings) -> Result<Self, StoreError> {
        let plain = options(url)?;
        prepare(&plain, settings.connect_within).await?;
        let milliseconds = |time: Duration| time.as_millis().to_string();
        // A plan made while a table was small is kept when it has grown, until its statistics are taken: it must not be one
        // that reads the whole table. Everything that people ask has an index. And what takes a millisecond is not helped
        // by more processes, nor by a compiler: PostgreSQL, which takes every list of ours to be long, would start them.
        let plain =
            plain.options([("enable_seqscan", "off"), ("max_parallel_workers_per_gather", "0"), ("jit", "off")]);
        let options = plain.options([
            ("statement_timeout", milliseconds(settings.statement_within)),
            ("lock_timeout", milliseconds(settings.lock_within)),
            ("idle_in_transaction_session_timeout", milliseconds(settings.transaction_idle_within)),
        ]);
        let pool = || {
            PgPoolOptions::new()
                .acquire_timeout(settings.connect_within)
                .after_connect(|connection, _about| Box::pin(check_writable(connection)))
                // One that was in use a moment ago is not asked whether it still lives.
                .test_before_acquire(false)
                .before_acquire(|connection, about| {
                    Box::pin(async move {
                        if about.idle_for < TRUSTED_FOR {
                            return Ok(true);
                        }
                        connection.ping().await.map(|()| true)
                    })
                })
        };
        let postgres = Postgres {
            pool: pool().max_connections(settings.connections_max).connect_with(options.clone()).await?,
            telling: notices::telling(options.clone(), pool()),
            options,
        };
        Ok(Self { engine: Engine::Postgres(Arc::new(postgres)), metrics: Arc::default() })
    }
}

/// How connections are opened, without limits of time.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    Ok(PgConnectOptions::from_str(url)?.application_name(NAME))
}

/// A connection to a replica would show people a mailbox without what they have just done: no such connection is used.
async fn check_writable(connection: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> {
    let read_only: String = sqlx::query_scalar("show transaction_read_only").fetch_one(connection).await?;
    match read_only.as_str() {
        "off" => Ok(()),
        _ => Err(sqlx::Error::Configuration("it is read-only: a replica, or a database that takes no writes".into())),
    }
}

/// Brings the schema up to date, on a connection of its own, without a limit of time: an index on millions of rows takes
/// as long as it takes.
async fn prepare(options: &PgConnectOptions, connect_within: Duration) -> Result<(), StoreError> {
    let connected = tokio::time::timeout(connect_within, options.connect()).await;
    let mut connection = connected.map_err(|_elapsed| sqlx::Error::PoolTimedOut)??;
    check_writable(&mut connection).await?;
    schema::check(&mut Tx::Postgres(&mut connection)).await?;
    add_trigrams(&mut connection).await?;
    open::migrator_until(open::newest_version(), open::postgres_text).run_direct(None, &mut connection, false).await?;
    // Whoever held the lock meanwhile may have been a newer program.
    schema::check(&mut Tx::Postgres(&mut connection)).await?;
    connection.close().await?;
    Ok(())
}

const HAS_TRIGRAMS: &str = "select count(*) from pg_extension where extname = 'pg_trgm'";
const ADD_TRIGRAMS: &str = "create extension if not exists pg_trgm";

/// Makes the extension that the search index is built on, where it is not there.
pub(super) async fn add_trigrams(connection: &mut sqlx::PgConnection) -> Result<(), StoreError> {
    let there: i64 = sqlx::query_scalar(HAS_TRIGRAMS).fetch_one(&mut *connection).await?;
    if there > 0 {
        return Ok(());
    }
    match sqlx::query(ADD_TRIGRAMS).execute(&mut *connection).await {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) => {
            // Another gateway may have made it a moment ago.
            let there: i64 = sqlx::query_scalar(HAS_TRIGRAMS).fetch_one(connection).await?;
            if there > 0 { Ok(()) } else { Err(StoreError::NoTrigrams(error.message().to_owned())) }
        }
        Err(error) => Err(error.into()),
    }
}
