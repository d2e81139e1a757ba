//! Narrow mendings of what `verify` finds: each puts right what other rows tell for certain. A unit (a mailbox, some messages)
//! is a transaction of its own, so that people work meanwhile, and a repair that is broken off can be run again.

use std::sync::Arc;

use super::collect::Sweep;
use super::import::progress::{Progress, Stage};
use super::{Fault, Gateway};
use crate::model::MessageId;
pub use crate::store::verify::Repair;
use crate::store::verify::mend::{
    Orphans, behind, give_to_collection, index_again, not_indexed, odd_expunged, odd_sizes, orphan_rows,
    raise_counters, set_expunged, set_sizes, set_structure,
};
use crate::store::{Durability, Work};

/// Messages indexed in one transaction; rows given to collection in one.
const AT_ONCE: usize = 50;

impl Gateway {
    /// Mends; how many (mailboxes, people, messages, files) it was. `dry_run` only counts.
    pub async fn repair(&self, repair: Repair, dry_run: bool, progress: &Arc<Progress>) -> Result<u64, Fault> {
        progress.begin(Stage::Repairing, 0);
        match repair {
            Repair::Counters => {
                let mailboxes = self.store.read_snapshot((), |tx, none| Box::pin(behind(tx, none))).await?;
                self.mend_each(mailboxes, dry_run, progress, |tx, mailbox| Box::pin(raise_counters(tx, mailbox))).await
            }
            Repair::SpecialMailboxes => self.repair_special_mailboxes(dry_run).await,
            Repair::Sizes => self.repair_sizes(dry_run, progress).await,
            Repair::SearchIndex => self.repair_search_index(dry_run, progress).await,
            Repair::Structures => self.repair_structures(dry_run, progress).await,
            Repair::OrphanRows => self.repair_orphan_rows(dry_run).await,
            Repair::OrphanBlobs => self.sweep_files(if dry_run { Sweep::Count } else { Sweep::Delete }).await,
        }
    }

    async fn mend_each(
        &self,
        units: Vec<i64>,
        dry_run: bool,
        progress: &Progress,
        mend: Work<i64, ()>,
    ) -> Result<u64, Fault> {
        let count = count(units.len());
        if dry_run {
            return Ok(count);
        }
        progress.begin(Stage::Repairing, units.len());
        for unit in units {
            self.store.write(Durability::Synced, unit, mend).await?;
            progress.advance(1);
        }
        Ok(count)
    }

    async fn repair_special_mailboxes(&self, dry_run: bool) -> Result<u64, Fault> {
        let missing = self.special_mailboxes_missing().await?;
        if !dry_run && missing > 0 {
            self.add_special_mailboxes(None).await?;
        }
        Ok(count(missing))
    }

    async fn repair_sizes(&self, dry_run: bool, progress: &Progress) -> Result<u64, Fault> {
        let expunged = self.store.read((), |tx, none| Box::pin(odd_expunged(tx, none))).await?;
        if expunged > 0 && !dry_run {
            self.store.write(Durability::Synced, (), |tx, none| Box::pin(set_expunged(tx, none))).await?;
        }
        let mailboxes = self.store.read((), |tx, none| Box::pin(odd_sizes(tx, none))).await?;
        let mended = self.mend_each(mailboxes, dry_run, progress, |tx, mailbox| Box::pin(set_sizes(tx, mailbox)));
        Ok(mended.await? + u64::try_from(expunged).unwrap_or(0))
    }

    /// Those that are missing, those that are there for nothing, and those that are not found by their own words.
    async fn repair_search_index(&self, dry_run: bool, progress: &Progress) -> Result<u64, Fault> {
        let mut messages = self.store.read_snapshot((), |tx, none| Box::pin(not_indexed(tx, none))).await?;
        messages.extend(self.verify_octets(progress).await?.index.iter().map(|message| message.0));
        messages.sort_unstable();
        messages.dedup();
        let count = count(messages.len());
        if dry_run {
            return Ok(count);
        }
        progress.begin(Stage::Repairing, messages.len());
        for some in messages.chunks(AT_ONCE) {
            let write = self.store.write(Durability::Synced, some.to_vec(), |tx, some| Box::pin(index_again(tx, some)));
            write.await?;
            progress.advance(some.len());
        }
        Ok(count)
    }

    async fn repair_structures(&self, dry_run: bool, progress: &Progress) -> Result<u64, Fault> {
        let messages: Vec<MessageId> = self.verify_octets(progress).await?.structures;
        if dry_run {
            return Ok(count(messages.len()));
        }
        progress.begin(Stage::Repairing, messages.len());
        let mut mended = 0;
        for message in messages {
            if let Some(read) = self.structure_again(message).await? {
                let write = self.store.write(Durability::Synced, read, |tx, read| Box::pin(set_structure(tx, read)));
                mended += u64::from(write.await?);
            }
            progress.advance(1);
        }
        Ok(mended)
    }

    async fn repair_orphan_rows(&self, dry_run: bool) -> Result<u64, Fault> {
        let mut given = 0;
        loop {
            let at_once = if dry_run { i32::MAX.try_into().unwrap_or(usize::MAX) } else { AT_ONCE };
            let read = self.store.read_snapshot(at_once, |tx, max| Box::pin(orphan_rows(tx, max)));
            let (messages, bodies) = read.await?;
            let found = count(messages.len() + bodies.len());
            given += found;
            if found == 0 || dry_run {
                return Ok(given);
            }
            let orphans = Orphans { messages, bodies, now: self.clock.now() };
            let write =
                self.store.write(Durability::Synced, orphans, |tx, orphans| Box::pin(give_to_collection(tx, orphans)));
            write.await?;
            self.collecting.notify_one();
        }
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
