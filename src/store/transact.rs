//! Running work on the store: reads on a pool, writes by the writer (SQLite) or as a transaction (PostgreSQL).

use sqlx::Acquire;

use super::{Durability, Engine, Store, StoreError, Tx, Work, on_engine};

/// How often a PostgreSQL transaction is run again after a serialisation failure or a deadlock.
const TRIES_MAX: u32 = 8;

impl Store {
    /// Runs one statement's worth of reading, outside a transaction.
    pub async fn read<I: Sync, T>(&self, input: I, work: Work<I, T>) -> Result<T, StoreError> {
        match &self.engine {
            Engine::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await?;
                work(&mut Tx::Sqlite(&mut connection), &input).await
            }
            Engine::Postgres(postgres) => {
                let mut connection = postgres.pool.acquire().await?;
                work(&mut Tx::Postgres(&mut connection), &input).await
            }
        }
    }

    /// Runs several reads that must agree: one snapshot of the store.
    pub async fn read_snapshot<I: Sync, T>(&self, input: I, work: Work<I, T>) -> Result<T, StoreError> {
        match &self.engine {
            Engine::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await?;
                let mut transaction = connection.begin().await?;
                let result = work(&mut Tx::Sqlite(&mut transaction), &input).await;
                transaction.rollback().await?;
                result
            }
            Engine::Postgres(postgres) => {
                let begin = "begin isolation level repeatable read read only";
                let mut transaction = postgres.pool.begin_with(begin).await?;
                let result = work(&mut Tx::Postgres(&mut transaction), &input).await;
                transaction.rollback().await?;
                result
            }
        }
    }

    /// Runs a write and answers once it is committed, and synced where asked.
    /// The work may be run more than once; only the run that is committed counts.
    pub async fn write<I, T>(&self, durability: Durability, input: I, work: Work<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { writer, .. } => writer.write(durability, input, work).await,
            Engine::Postgres(postgres) => {
                let mut tries = 1;
                loop {
                    let result = async {
                        let mut transaction = postgres.pool.begin().await?;
                        if durability == Durability::Relaxed {
                            sqlx::query("set local synchronous_commit = off").execute(&mut *transaction).await?;
                        }
                        let value = work(&mut Tx::Postgres(&mut transaction), &input).await?;
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
        }
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
