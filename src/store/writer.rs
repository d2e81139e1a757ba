//! SQLite's one writer: runs concurrent writes in groups, one commit and one sync for many.
//!
//! Each job runs in a savepoint of its own, so that one that fails takes nobody with it. A group of jobs that may be
//! relaxed is committed without a sync; a timer syncs within [`RELAXED_SYNC_AFTER`].

use std::fs::File;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Durability, StoreError, Tx, Work, Working};

/// Jobs that may wait for the writer.
const QUEUE_MAX: usize = 1024;
/// Jobs in one commit.
const GROUP_MAX: usize = 128;
/// How long a relaxed commit may stay unsynced.
const RELAXED_SYNC_AFTER: Duration = Duration::from_secs(1);

/// The handle to the writer task.
pub(super) struct Writer {
    jobs: mpsc::Sender<Message>,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Job(Durability, Box<dyn Job>),
    Stop,
}

/// A write with its types erased.
trait Job: Send {
    /// Runs the work; the result waits for the commit. `false` where it failed and must be undone.
    fn run<'t>(&'t mut self, tx: &'t mut Tx<'_>) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send + 't>>;
    /// Answers who asked. `Err` where the commit failed.
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct TypedJob<I, T> {
    input: I,
    work: Work<I, T>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<I: Send + Sync, T: Send> Job for TypedJob<I, T> {
    fn run<'t>(&'t mut self, tx: &'t mut Tx<'_>) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send + 't>> {
        Box::pin(async move {
            let working: Working<'_, T> = (self.work)(tx, &self.input);
            let result = working.await;
            let done = result.is_ok();
            self.result = Some(result);
            done
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        let result = match (self.result, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(StoreError::Commit(error)),
            (Some(result), Ok(())) => result,
            (None, Ok(())) => Err(StoreError::Closed),
        };
        // Who asked may have gone; what was committed stays.
        let _ = self.reply.send(result);
    }
}

impl Writer {
    /// Starts the writer on its connection; it keeps the file's lock until it ends.
    pub(super) fn start(connection: SqliteConnection, lock: File) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let task = tokio::spawn(async move {
            run(connection, queue).await;
            drop(lock);
        });
        Self { jobs, task: tokio::sync::Mutex::new(Some(task)) }
    }

    pub(super) async fn write<I, T>(&self, durability: Durability, input: I, work: Work<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = TypedJob { input, work, result: None, reply };
        self.jobs.send(Message::Job(durability, Box::new(job))).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Commits what was asked before this call, then ends.
    pub(super) async fn stop(&self) {
        if self.jobs.send(Message::Stop).await.is_ok()
            && let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the store's writer ended badly");
        }
    }
}

/// The writer's task.
async fn run(mut connection: SqliteConnection, mut queue: mpsc::Receiver<Message>) {
    let mut unsynced = false;
    loop {
        let message = if unsynced {
            match tokio::time::timeout(RELAXED_SYNC_AFTER, queue.recv()).await {
                Ok(message) => message,
                Err(_elapsed) => {
                    sync(&mut connection).await;
                    unsynced = false;
                    continue;
                }
            }
        } else {
            queue.recv().await
        };
        let mut stopping = false;
        let mut group = Vec::new();
        let mut durability = Durability::Relaxed;
        let mut next = message;
        while let Some(message) = next.take() {
            match message {
                Message::Job(wanted, job) => {
                    if wanted == Durability::Synced {
                        durability = wanted;
                    }
                    group.push(job);
                }
                Message::Stop => stopping = true,
            }
            if !stopping && group.len() < GROUP_MAX {
                next = queue.try_recv().ok();
            }
        }
        if group.is_empty() {
            break;
        }
        run_group(&mut connection, durability, group).await;
        unsynced = match durability {
            Durability::Relaxed => true,
            Durability::Synced => false,
        };
        if stopping {
            break;
        }
    }
    if unsynced {
        sync(&mut connection).await;
    }
    if let Err(error) = connection.close().await {
        tracing::error!(%error, "the store did not close cleanly");
    }
}

/// Runs jobs in one transaction and answers each after the commit.
async fn run_group(connection: &mut SqliteConnection, durability: Durability, mut group: Vec<Box<dyn Job>>) {
    let outcome = try_group(connection, durability, &mut group).await;
    if outcome.is_err() {
        // The engine may have undone it by itself (full disk): then this fails, and that is fine.
        let _ = connection.execute("rollback").await;
    }
    let committed = outcome.map_err(|error| error.to_string());
    for job in group {
        job.answer(committed.clone());
    }
}

async fn try_group(
    connection: &mut SqliteConnection,
    durability: Durability,
    group: &mut [Box<dyn Job>],
) -> Result<(), sqlx::Error> {
    // In WAL mode NORMAL does not sync at commit, FULL does. It cannot be changed inside a transaction.
    let synchronous = match durability {
        Durability::Synced => "pragma synchronous = full",
        Durability::Relaxed => "pragma synchronous = normal",
    };
    connection.execute(synchronous).await?;
    connection.execute("begin immediate").await?;
    for job in group {
        connection.execute("savepoint job").await?;
        if !job.run(&mut Tx::Sqlite(connection)).await {
            connection.execute("rollback to job").await?;
        }
        connection.execute("release job").await?;
    }
    connection.execute("commit").await?;
    Ok(())
}

/// Syncs earlier relaxed commits: a synced commit syncs the whole log. It must write something to be one.
async fn sync(connection: &mut SqliteConnection) {
    let result = async {
        connection.execute("pragma synchronous = full").await?;
        connection.execute("begin immediate").await?;
        connection.execute("pragma user_version = 1").await?;
        connection.execute("commit").await
    }
    .await;
    if let Err(error) = result {
        tracing::error!(%error, "flags could not be synced");
    }
}
