//! Backups: the whole store in one file, whichever engine it is on, and back into an empty store on either.
//!
//! The file is a tar archive, so that any tool can look into it:
//!
//! | member | what |
//! | --- | --- |
//! | `manifest.json` | [`Manifest`]: version, schema, tables with columns and numbers of rows |
//! | `rows/TABLE/00001.ndjson` | rows, one a line (`text`) |
//! | `blobs/NAME` | a body out of the blob store, its octets as they are |
//! | `end.json` | [`End`]: the hash of all that stands before it |
//!
//! Rows come from one snapshot while people work; bodies in the blob store are held until they are copied
//! (`store::backup`). The file is written under another name, synced, and renamed: there is a whole one or none. Memory
//! does not grow with the store.

mod check;
mod create;
mod read;
mod restore;
mod tar;
mod text;
mod write;

use std::path::PathBuf;

pub use check::{Checked, check};
pub use create::BackedUp;
pub use restore::{Restored, restore};
pub use text::{End, Manifest};

use super::Fault;
use crate::store::StoreError;
use crate::store::backup::NotEmpty;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{}: exists already; a backup never writes over another", .0.display())]
    Exists(PathBuf),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
    #[error("this is no backup: {0}")]
    NotOne(&'static str),
    #[error("the backup is in format {0}; this program reads format {FORMAT}", FORMAT = text::FORMAT)]
    Format(u32),
    #[error("the backup has schema version {backup}; this program knows versions up to {newest}: it is an older one")]
    Newer { backup: i64, newest: i64 },
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    #[error("the backup is not whole: its end is missing")]
    CutOff,
    #[error("the store is not empty ({0} has rows): a backup is restored into an empty one only")]
    NotEmpty(String),
    #[error("the database has a table that is not of a store ({0}): a backup is restored into an empty database only")]
    Foreign(String),
    #[error("the store has schema version {store}, the backup {backup}: restore into an empty database")]
    OtherSchema { store: i64, backup: i64 },
    #[error("the backup's table {0} is not the one that this program knows: take the program that wrote it")]
    OtherTable(String),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<NotEmpty> for BackupError {
    fn from(why: NotEmpty) -> Self {
        match why {
            NotEmpty::Rows(table) => Self::NotEmpty(table),
            NotEmpty::Foreign(table) => Self::Foreign(table),
            NotEmpty::Schema { store, backup } => Self::OtherSchema { store, backup },
        }
    }
}

/// The hash in a blob's name, as its octets must have it; `None` where it is no name of ours.
fn hash_in(name: &str) -> Option<&str> {
    super::spool::blobs::made_at(name)?;
    name.get(..64)
}
