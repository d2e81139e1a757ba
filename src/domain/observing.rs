//! What metrics say that has to be looked up: does the store answer, how far the trail is, how much room the disk has; and,
//! rarely, how much there is of everything. Looked up by the server itself, so that a scrape asks nobody.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{Fault, Gateway};
use crate::metrics::{History, Interval, Seen, Span};
use crate::store::counts::{Counts, counts};
use crate::store::trail;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often what the plots are made of is kept.
const KEEP_EVERY: Duration = Duration::from_secs(300);
/// How long the store may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often everything is counted, at most; and the part of the time that counting may take: one in so many.
const COUNT_EVERY_MIN: Duration = Duration::from_secs(60);
const COUNT_ONE_IN: u32 = 200;

impl Gateway {
    /// Looks until the server stops.
    pub async fn keep_observing(&self, stop: CancellationToken) {
        self.read_history().await;
        let looking = async {
            let mut kept_at = Instant::now();
            loop {
                self.observe().await;
                self.note_history(self.clock.now().seconds());
                if kept_at.elapsed() >= KEEP_EVERY {
                    self.keep_history().await;
                    kept_at = Instant::now();
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let counting = async {
            loop {
                let started = Instant::now();
                if let Err(fault) = self.count_everything().await {
                    tracing::warn!(%fault, "what the store holds was not counted");
                }
                tokio::time::sleep(COUNT_EVERY_MIN.max(started.elapsed().saturating_mul(COUNT_ONE_IN))).await;
            }
        };
        stop.run_until_cancelled(Box::pin(async { tokio::join!(looking, counting) })).await;
        self.keep_history().await;
    }

    /// What happened lately on this gateway, oldest first.
    pub fn history(&self, span: Span) -> Vec<Interval> {
        self.history.lock().intervals(span)
    }

    /// Takes a snapshot for the plots, at this second since 1970, where its time has come.
    pub fn note_history(&self, now: i64) {
        self.history.lock().note(&self.metrics, now);
    }

    fn history_file(&self) -> PathBuf {
        self.config.data_dir.join("status.json")
    }

    /// Takes up what was kept before a restart. It may be lost: nothing but plots is made of it.
    async fn read_history(&self) {
        if let Ok(text) = tokio::fs::read(self.history_file()).await
            && let Some(history) = History::read(&text)
        {
            *self.history.lock() = history;
        }
    }

    /// Keeps it, whole or not at all.
    async fn keep_history(&self) {
        let (text, file) = (self.history.lock().text(), self.history_file());
        let new = file.with_extension("new");
        let written = async {
            tokio::fs::write(&new, text).await?;
            tokio::fs::rename(&new, &file).await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, file = %file.display(), "what the plots are made of was not kept");
        }
    }

    /// One look. What does not answer stays as it was seen last; only that the store does not answer is said.
    pub async fn observe(&self) {
        let metrics = &self.metrics;
        let asked =
            tokio::time::timeout(ANSWER_WITHIN, self.store.read((), |tx, none| Box::pin(trail::waiting(tx, none))));
        match asked.await {
            Ok(Ok((lines, since))) => {
                metrics.store_up.set(1);
                metrics.trail_waiting.set(u64::try_from(lines).unwrap_or(0));
                let age = since.map_or(0, |since| self.clock.now().seconds().saturating_sub(since.seconds()));
                metrics.trail_age.set(u64::try_from(age).unwrap_or(0));
            }
            Ok(Err(_)) | Err(_) => metrics.store_up.set(0),
        }
        see_disk(&self.config.data_dir, &metrics.disk_free, &metrics.disk_size);
    }

    /// Counts what there is.
    pub async fn count_everything(&self) -> Result<(), Fault> {
        let Counts { people, messages, placements, large_bodies, quiet_letters, bytes } =
            self.store.read_snapshot((), |tx, none| Box::pin(counts(tx, none))).await?;
        let metrics = &self.metrics;
        for (seen, number) in [
            (&metrics.people, people),
            (&metrics.messages, messages),
            (&metrics.placements, placements),
            (&metrics.large_bodies, large_bodies),
            (&metrics.quiet_letters, quiet_letters),
            (&metrics.store_size, bytes),
            (&metrics.counted_at, self.clock.now().seconds()),
        ] {
            seen.set(u64::try_from(number).unwrap_or(0));
        }
        Ok(())
    }

    /// Everything that is counted, as Prometheus reads it.
    pub fn metrics_text(&self) -> String {
        self.metrics.imap_commands_running.set(u64::try_from(self.commands_running()).unwrap_or(0));
        self.metrics.snapshots.set(u64::try_from(self.snapshots.len()).unwrap_or(0));
        self.metrics.text()
    }
}

fn see_disk(folder: &Path, free: &Seen, size: &Seen) {
    if let Ok(disk) = rustix::fs::statvfs(folder) {
        free.set(disk.f_bavail.saturating_mul(disk.f_frsize));
        size.set(disk.f_blocks.saturating_mul(disk.f_frsize));
    }
}
