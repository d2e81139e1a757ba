//! Collection: what nobody needs any more makes room, in the background, in short transactions that no delivery waits for.
//!
//! | in this order | goes | when |
//! | --- | --- | --- |
//! | tombstones | the memory of expunges | after `keeping.expunges_days` |
//! | the expunged | what could be brought back | after `keeping.undelete_days`, or beyond what a person may keep |
//! | messages, bodies | content, with its file | when nobody has it any more |
//! | submissions | the memory of what was sent to whom | after `keeping.submissions_days`, and their letter |
//! | sessions of the page | who was signed in | when they are good no more |
//! | files (`files`) | what no row names: a crash left it | after `keeping.orphans_hours` |
//!
//! Several gateways on one store may all collect. A crash in the middle loses nothing: each transaction leaves the store
//! whole, and a file goes after the row that named it.

mod files;

pub(in crate::domain) use files::Sweep;

use std::time::Duration;

use jiff::civil::Date;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Fault, Gateway};
use crate::metrics::Collectible;
use crate::model::Timestamp;
use crate::store::collect::{
    Batch, delete_bodies, delete_messages, end_undelete, forget_submissions, forget_tombstones,
};
use crate::store::{Durability, Work};

/// Rows in one transaction: messages and bodies are heavy, the others are light.
const HEAVY_ROWS: usize = 50;
const LIGHT_ROWS: usize = 500;
/// The least time between two rounds, however much there is to collect.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// How often files that no row names are looked for, microseconds.
const SWEEP_EVERY: i64 = 3_600_000_000;

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    pub tombstones: u64,
    /// Messages that can no longer be brought back.
    pub undelete_ended: u64,
    /// Rows about submissions.
    pub submissions: u64,
    pub messages: u64,
    pub bodies: u64,
    /// Files in the blob store and the spool that nothing named.
    pub files: u64,
    /// Sessions of the person's page that had ended.
    pub page_sessions: u64,
}

impl Gateway {
    /// One whole round: everything that can go, goes.
    pub async fn collect(&self) -> Result<Collected, Fault> {
        let mut collected = self.collect_rows().await?;
        collected.files = self.sweep_files(Sweep::Delete).await?;
        collected.page_sessions = self.forget_page_sessions().await?;
        self.count_collected(&collected);
        Ok(collected)
    }

    /// Collects, and expunges what is too old (`retention`), until the server stops.
    pub async fn keep_collecting(&self, stop: CancellationToken) {
        let every = Duration::from_secs(self.config.keeping.collect_seconds);
        let (mut swept_at, mut retained_on) = (None, None);
        loop {
            let woken = async {
                let _ = tokio::time::timeout(every, self.collecting.notified()).await;
                tokio::time::sleep(PAUSE_MIN.min(every)).await;
            };
            if stop.run_until_cancelled(woken).await.is_none() {
                return;
            }
            let round = self.round(&mut swept_at, &mut retained_on);
            match stop.run_until_cancelled(round).await {
                Some(Ok(())) => {}
                Some(Err(fault)) => tracing::error!(%fault, "collection failed; it will be tried again"),
                None => return,
            }
        }
    }

    async fn round(&self, swept_at: &mut Option<Timestamp>, retained_on: &mut Option<Date>) -> Result<(), Fault> {
        let now = self.clock.now();
        let today = self.today()?;
        if *retained_on != Some(today) {
            self.expunge_old().await?;
            *retained_on = Some(today);
        }
        let mut collected = self.collect_rows().await?;
        if swept_at.is_none_or(|at| now.0.saturating_sub(at.0) >= SWEEP_EVERY) {
            collected.files = self.sweep_files(Sweep::Delete).await?;
            collected.page_sessions = self.forget_page_sessions().await?;
            *swept_at = Some(now);
        }
        if collected != Collected::default() {
            tracing::info!(?collected, "collected");
        }
        self.count_collected(&collected);
        Ok(())
    }

    fn count_collected(&self, collected: &Collected) {
        let counts = &self.metrics.collected;
        counts.at(Collectible::Tombstones).add(collected.tombstones);
        counts.at(Collectible::Undelete).add(collected.undelete_ended);
        counts.at(Collectible::Submissions).add(collected.submissions);
        counts.at(Collectible::Messages).add(collected.messages);
        counts.at(Collectible::Bodies).add(collected.bodies);
        counts.at(Collectible::Files).add(collected.files);
    }

    async fn collect_rows(&self) -> Result<Collected, Fault> {
        let keeping = &self.config.keeping;
        Ok(Collected {
            tombstones: self.repeat(keeping.expunges_days, |tx, batch| Box::pin(forget_tombstones(tx, batch))).await?,
            undelete_ended: self.repeat(keeping.undelete_days, |tx, batch| Box::pin(end_undelete(tx, batch))).await?,
            messages: self.delete_messages().await?,
            bodies: self.delete_bodies().await?,
            submissions: self
                .repeat(keeping.submissions_days, |tx, batch| Box::pin(forget_submissions(tx, batch)))
                .await?,
            files: 0,
            page_sessions: 0,
        })
    }

    /// Runs a work on rows older than so many days, until it finds none; how many there were.
    async fn repeat(&self, days: u32, work: Work<Batch, u64>) -> Result<u64, Fault> {
        let mut total = 0;
        loop {
            let started = Instant::now();
            let batch = self.batch(days, LIGHT_ROWS);
            let rows = self.store.write(Durability::Relaxed, batch, work).await?;
            if rows == 0 {
                return Ok(total);
            }
            total += rows;
            give_way(started).await;
        }
    }

    async fn delete_messages(&self) -> Result<u64, Fault> {
        let mut total = 0;
        loop {
            let started = Instant::now();
            let batch = self.batch(0, HEAVY_ROWS);
            let write = self.store.write(Durability::Relaxed, batch, |tx, batch| Box::pin(delete_messages(tx, batch)));
            let deleted = write.await?;
            total += deleted.deleted;
            if deleted.looked_at == 0 {
                return Ok(total);
            }
            give_way(started).await;
        }
    }

    async fn delete_bodies(&self) -> Result<u64, Fault> {
        let mut total = 0;
        let Some(_until_then) = self.store.bodies_may_go() else { return Ok(0) };
        loop {
            let started = Instant::now();
            let batch = self.batch(0, HEAVY_ROWS);
            // Synced: a file goes only when its row has gone for good.
            let write = self.store.write(Durability::Synced, batch, |tx, batch| Box::pin(delete_bodies(tx, batch)));
            let deleted = write.await?;
            for name in &deleted.blobs {
                self.blobs.delete(name).await?;
            }
            total += deleted.deleted;
            if deleted.looked_at == 0 {
                return Ok(total);
            }
            give_way(started).await;
        }
    }

    fn batch(&self, days: u32, rows_max: usize) -> Batch {
        let now = self.clock.now();
        let before = now.0.saturating_sub(i64::from(days).saturating_mul(MICROSECONDS_PER_DAY));
        Batch { before: Timestamp(before), now, rows_max }
    }
}

/// Works half of the time at most, so that whoever waits for the store comes first.
async fn give_way(started: Instant) {
    tokio::time::sleep(started.elapsed()).await;
}
