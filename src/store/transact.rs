//! Running work on the store: reads on a pool, writes by the writer (SQLite) or as a transaction (PostgreSQL).

use std::sync::Arc;
use std::time::Instant;

use sqlx::{Acquire, Connection};

use super::postgres::Postgres;
use super::{Durability, Engine, Store, StoreError, Tx, Work, on_engine};
use crate::metrics::{Metrics, StoreQueue, StoreWork};

/// How often a PostgreSQL transaction is run again after a serialisation failure or a deadlock.
const TRIES_MAX: u32 = 8;

impl Store {
    /// Runs one statement's worth of reading, outside a transaction.
    pub async fn read<I: Sync, T>(&self, input: I, work: Work<I, T>) -> Result<T, StoreError> {
        let started = Instant::now();
        let result = async {
            match &self.engine {
                Engine::Sqlite { readers, .. } => {
                    let mut connection = self.waiting_for(Box::pin(readers.acquire())).await?;
                    work(&mut Tx::Sqlite(&mut connection), &input).await
                }
                Engine::Postgres(postgres) => {
                    let mut connection = self.waiting_for(Box::pin(postgres.pool.acquire())).await?;
                    work(&mut Tx::Postgres(&mut connection), &input).await
                }
            }
        };
        let result = result.await;
        self.count(StoreWork::Read, started, &result);
        result
    }

    /// Runs several reads that must agree: one snapshot of the store.
    pub async fn read_snapshot<I: Sync, T>(&self, input: I, work: Work<I, T>) -> Result<T, StoreError> {
        let started = Instant::now();
        let result = async {
            match &self.engine {
                Engine::Sqlite { readers, .. } => {
                    let mut connection = self.waiting_for(Box::pin(readers.acquire())).await?;
                    let mut transaction = connection.begin().await?;
                    let result = work(&mut Tx::Sqlite(&mut transaction), &input).await;
                    transaction.rollback().await?;
                    result
                }
                Engine::Postgres(postgres) => {
                    let begin = "begin isolation level repeatable read read only";
                    let mut connection = self.waiting_for(Box::pin(postgres.pool.acquire())).await?;
                    let mut transaction = connection.begin_with(begin).await?;
                    let result = work(&mut Tx::Postgres(&mut transaction), &input).await;
                    transaction.rollback().await?;
                    result
                }
            }
        };
        let result = result.await;
        self.count(StoreWork::Snapshot, started, &result);
        result
    }

    /// Runs a write and answers once it is committed, and synced where asked.
    /// The work may be run more than once; only the run that is committed counts.
    pub async fn write<I, T>(&self, durability: Durability, input: I, work: Work<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let started = Instant::now();
        let result = match &self.engine {
            Engine::Sqlite { writer, .. } => writer.write(durability, input, work).await,
            Engine::Postgres(postgres) => self.write_postgres(postgres, durability, &input, work).await,
        };
        self.count(StoreWork::Write, started, &result);
        result
    }

    async fn write_postgres<I, T>(
        &self,
        postgres: &Postgres,
        durability: Durability,
        input: &I,
        work: Work<I, T>,
    ) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let mut tries = 1;
        loop {
            let result = async {
                let mut connection = self.waiting_for(Box::pin(postgres.pool.acquire())).await?;
                let mut transaction = connection.begin().await?;
                if durability == Durability::Relaxed {
                    sqlx::query("set local synchronous_commit = off").execute(&mut *transaction).await?;
                }
                let value = work(&mut Tx::Postgres(&mut transaction), input).await?;
                transaction.commit().await?;
                Ok(value)
            }
            .await;
            match result {
                Err(error) if tries < TRIES_MAX && may_run_again(&error) => tries += 1,
                result => return result,
            }
        }
    }

    /// A connection of a pool (asked for on the heap: a session is as large as its largest question); counts how long it takes
    /// to get one.
    async fn waiting_for<C>(&self, connection: impl Future<Output = sqlx::Result<C>>) -> sqlx::Result<C> {
        let started = Instant::now();
        let connection = connection.await;
        self.metrics.store_waits.at(StoreQueue::Connection).took(started.elapsed());
        connection
    }

    fn count<T>(&self, work: StoreWork, started: Instant, result: &Result<T, StoreError>) {
        self.metrics.store_work.at(work).took(started.elapsed());
        if result.is_err() {
            self.metrics.store_errors.inc();
        }
    }

    /// What is counted in this process.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Does the store answer?
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read((), |tx, ()| {
            Box::pin(async move {
                on_engine!(tx, |connection| sqlx::query("select 1").execute(connection).await.map(drop))?;
                Ok(())
            })
        })
        .await
    }

    /// What the database's clock shows, microseconds since 1970; `None` where the database is in this process.
    pub async fn clock(&self) -> Result<Option<i64>, StoreError> {
        if !self.is_shared() {
            return Ok(None);
        }
        let shown = self.read((), |tx, ()| {
            Box::pin(async move {
                let statement = "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)";
                let (now,): (i64,) = on_engine!(tx, |c| sqlx::query_as(statement).fetch_one(c).await)?;
                Ok(now)
            })
        });
        Ok(Some(shown.await?))
    }

    /// Which engine is open: for messages to admins.
    pub fn engine_name(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite { .. } => "SQLite",
            Engine::Postgres(_) => "PostgreSQL",
        }
    }

    /// Can another process change what this one keeps? Then a slow poll is needed as well as notices.
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Commits what is under way and closes.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { readers, writer, .. } => {
                // The writer last: the last connection to close folds the WAL into the file, and a reader may not.
                readers.close().await;
                writer.stop().await;
            }
            Engine::Postgres(postgres) => {
                postgres.pool.close().await;
                postgres.telling.close().await;
            }
        }
    }
}

/// Serialisation failure or deadlock (SQLSTATE 40001, 40P01).
fn may_run_again(error: &StoreError) -> bool {
    match error {
        StoreError::Sql(sqlx::Error::Database(error)) => {
            matches!(error.code().as_deref(), Some("40001" | "40P01"))
        }
        _ => false,
    }
}
