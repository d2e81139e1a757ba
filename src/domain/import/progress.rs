//! PURE: how far an import, a backup or a check has come, for somebody who watches it from another task.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Stage {
    #[default]
    Waiting,
    /// Files.
    Reading,
    /// The directory as it stands.
    Loading,
    Comparing,
    /// Rows.
    Writing,
    /// Of the store, into a backup.
    CopyingRows,
    /// Files of the blob store, into a backup.
    CopyingBodies,
    CheckingBackup,
    /// Rows, out of a backup.
    Restoring,
    Indexing,
    /// Invariants of the store.
    Verifying,
    /// Messages, octet by octet.
    VerifyingMessages,
    Repairing,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 13] = [
        Self::Waiting,
        Self::Reading,
        Self::Loading,
        Self::Comparing,
        Self::Writing,
        Self::CopyingRows,
        Self::CopyingBodies,
        Self::CheckingBackup,
        Self::Restoring,
        Self::Indexing,
        Self::Verifying,
        Self::VerifyingMessages,
        Self::Repairing,
    ];

    /// For an admin.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reading => "reading files",
            Self::Loading => "reading the directory",
            Self::Comparing => "comparing",
            Self::Writing => "writing",
            Self::CopyingRows => "copying rows",
            Self::CopyingBodies => "copying large bodies",
            Self::CheckingBackup => "reading the backup",
            Self::Restoring => "restoring rows",
            Self::Indexing => "making indexes",
            Self::Verifying => "verifying",
            Self::VerifyingMessages => "verifying messages",
            Self::Repairing => "repairing",
        }
    }
}

/// How far it has come. Shared; whoever watches it reads it now and then.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    done: AtomicUsize,
    of: AtomicUsize,
}

impl Progress {
    /// Begins a stage of so many steps; 0 where nobody can know.
    pub fn begin(&self, stage: Stage, of: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
        let at = Stage::ALL.iter().position(|other| *other == stage).unwrap_or(0);
        self.stage.store(u8::try_from(at).unwrap_or(0), Ordering::Relaxed);
    }

    /// So many steps more are done.
    pub fn advance(&self, steps: usize) {
        self.done.fetch_add(steps, Ordering::Relaxed);
    }

    /// The stage, the steps done, and how many there are.
    pub fn now(&self) -> (Stage, usize, usize) {
        let stage = Stage::ALL.get(usize::from(self.stage.load(Ordering::Relaxed))).copied().unwrap_or_default();
        (stage, self.done.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed))
    }
}
