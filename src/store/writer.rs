//! SQLite's one writer: runs concurrent writes in groups, one commit and one sync for many.
//!
//! Each job of several runs in a savepoint of its own, so that one that fails, or panics, takes nobody with it. A group of
//! jobs that may be relaxed is committed without a sync; a timer syncs within [`RELAXED_SYNC_AFTER`]. Where beginning or committing
//! fails (a full disk, a broken file system), everybody in the group is told so and a fresh connection takes the place of
//! the old one: the next group finds a clean state.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Durability, StoreError, Tx, Work, Working};
use crate::metrics::{Metrics, StoreQueue};

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
    /// And when it was asked for.
    Job(Durability, Box<dyn Job>, Instant),
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
            // The writer serves everybody: a bug in one job must not end it.
            let result = AssertUnwindSafe(working).catch_unwind().await.unwrap_or(Err(StoreError::Panicked));
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
    /// Starts the writer on its connection, which `options` opened; it keeps the file's lock until it ends.
    pub(super) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        lock: File,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let task = tokio::spawn(async move {
            Running { connection, options, metrics, synced_commits: None, sync_at: None }.run(queue).await;
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
        self.jobs
            .send(Message::Job(durability, Box::new(job), Instant::now()))
            .await
            .map_err(|_| StoreError::Closed)?;
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

/// What the writer's task holds.
struct Running {
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    metrics: Arc<Metrics>,
    /// Do commits sync? `None` where the connection has not been told.
    synced_commits: Option<bool>,
    /// When to sync at the latest, where a commit may not have been.
    sync_at: Option<Instant>,
}

/// Jobs to commit together.
struct Group {
    jobs: Vec<Box<dyn Job>>,
    durability: Durability,
    /// The last one.
    stopping: bool,
}

impl Group {
    /// Takes what has been asked so far; `first` was the first of it.
    fn gather(first: Option<Message>, queue: &mut mpsc::Receiver<Message>, metrics: &Metrics) -> Self {
        let mut group = Self { jobs: Vec::new(), durability: Durability::Relaxed, stopping: first.is_none() };
        let mut next = first;
        while let Some(message) = next.take() {
            match message {
                Message::Job(durability, job, asked_at) => {
                    metrics.store_waits.at(StoreQueue::Writer).took(asked_at.elapsed());
                    if durability == Durability::Synced {
                        group.durability = durability;
                    }
                    group.jobs.push(job);
                }
                Message::Stop => group.stopping = true,
            }
            if !group.stopping && group.jobs.len() < GROUP_MAX {
                next = queue.try_recv().ok();
            }
        }
        group
    }
}

impl Running {
    async fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        loop {
            let first = match self.sync_at {
                None => queue.recv().await,
                // Looked at first: a queue that is never empty must not put it off.
                Some(sync_at) if sync_at <= Instant::now() => {
                    self.sync().await;
                    continue;
                }
                Some(sync_at) => match tokio::time::timeout_at(sync_at, queue.recv()).await {
                    Ok(message) => message,
                    Err(_elapsed) => continue,
                },
            };
            let group = Group::gather(first, &mut queue, &self.metrics);
            let stopping = group.stopping;
            if !group.jobs.is_empty() {
                self.run_group(group).await;
            }
            if stopping {
                break;
            }
        }
        if self.sync_at.is_some() {
            self.sync().await;
        }
        if let Err(error) = self.connection.close().await {
            tracing::error!(%error, "the store did not close cleanly");
        }
    }

    /// Runs jobs in one transaction and answers each after the commit.
    async fn run_group(&mut self, mut group: Group) {
        let outcome = self.try_group(group.durability, &mut group.jobs).await;
        match &outcome {
            Ok(()) if group.durability == Durability::Relaxed => {
                self.sync_at.get_or_insert_with(|| Instant::now() + RELAXED_SYNC_AFTER);
            }
            // It may have had nothing to write, and then has synced nothing: `sync_at` stays.
            Ok(()) => {}
            Err(_) => self.renew().await,
        }
        let committed = outcome.map_err(|error| error.to_string());
        for job in group.jobs {
            job.answer(committed.clone());
        }
    }

    async fn try_group(&mut self, durability: Durability, jobs: &mut [Box<dyn Job>]) -> Result<(), sqlx::Error> {
        self.sync_commits(durability == Durability::Synced).await?;
        let connection = &mut self.connection;
        if let [job] = jobs {
            return run_alone(connection, job.as_mut()).await;
        }
        connection.execute("begin immediate").await?;
        for job in jobs {
            connection.execute("savepoint job").await?;
            if !job.run(&mut Tx::Sqlite(connection)).await {
                connection.execute("rollback to job").await?;
            }
            connection.execute("release job").await?;
        }
        connection.execute("commit").await?;
        Ok(())
    }

    /// In WAL mode NORMAL does not sync at commit, FULL does. It cannot be changed inside a transaction.
    async fn sync_commits(&mut self, synced: bool) -> Result<(), sqlx::Error> {
        if self.synced_commits != Some(synced) {
            let pragma = if synced { "pragma synchronous = full" } else { "pragma synchronous = normal" };
            self.connection.execute(pragma).await?;
            self.synced_commits = Some(synced);
        }
        Ok(())
    }

    /// Syncs earlier relaxed commits: a synced commit syncs the whole log. It must write something to be one.
    async fn sync(&mut self) {
        let result = async {
            self.sync_commits(true).await?;
            self.connection.execute("begin immediate").await?;
            self.connection.execute("pragma user_version = 1").await?;
            self.connection.execute("commit").await
        }
        .await;
        // Tried once: where it failed, the next synced commit makes up for it.
        self.sync_at = None;
        if let Err(error) = result {
            tracing::error!(%error, "flags could not be synced");
            self.renew().await;
        }
    }

    /// Puts a fresh connection in the place of one whose state nobody knows.
    async fn renew(&mut self) {
        // The engine may have undone the transaction by itself: then this fails, and that is fine.
        let _ = self.connection.execute("rollback").await;
        match self.options.connect().await {
            Ok(fresh) => {
                let old = std::mem::replace(&mut self.connection, fresh);
                self.synced_commits = None;
                if let Err(error) = old.close().await {
                    tracing::warn!(%error, "a connection to the store did not close cleanly");
                }
            }
            Err(error) => tracing::error!(%error, "the store could not be opened again"),
        }
    }
}

/// A group of one needs no savepoint: where the job fails, the transaction is undone.
async fn run_alone(connection: &mut SqliteConnection, job: &mut dyn Job) -> Result<(), sqlx::Error> {
    connection.execute("begin immediate").await?;
    let done = job.run(&mut Tx::Sqlite(connection)).await;
    connection.execute(if done { "commit" } else { "rollback" }).await?;
    Ok(())
}
