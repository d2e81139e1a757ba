//! A file → an empty store, all or nothing: rows in one transaction, committed when the file has been read to its end and
//! found as it was written; bodies are in the blob store before that.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::read::{Input, Member};
use super::{BackupError, Manifest, hash_in};
use crate::config::Config;
use crate::domain::Fault;
use crate::domain::import::progress::{Progress, Stage};
use crate::domain::spool::Blobs;
use crate::store::backup::{Restoring, Row, Table};
use crate::store::newest_version;

/// Members that wait to be written.
const MEMBERS_MAX: usize = 4;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    pub manifest: Manifest,
    pub rows: u64,
    pub bodies: u64,
    /// Names of bodies that were damaged or missing already when the backup was taken.
    pub faulty: Vec<String>,
}

/// A member, read.
enum Step {
    Rows(usize, Vec<Row>),
    Blob { name: String, size: u64, file: Arc<File> },
    End(super::End),
}

/// Restores the backup at `path` into the store of the settings. No server may run on it.
///
/// # Errors
/// The store is not empty, the file is no whole backup. Then the store is as it was.
pub async fn restore(config: &Config, path: &Path, progress: &Progress) -> Result<Restored, BackupError> {
    let blobs = Blobs::open(config)?;
    let input = {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || Input::open(&path))
    };
    let input = input.await.map_err(|error| Fault::Worker(error.to_string()))??;
    let manifest = input.manifest.clone();
    if manifest.schema > newest_version() {
        return Err(BackupError::Newer { backup: manifest.schema, newest: newest_version() });
    }
    let mut restoring = Restoring::begin(&config.store_url(), manifest.schema).await??;
    let places = places(&manifest.tables, restoring.tables())?;
    let rows = manifest.rows.values().sum::<u64>();
    progress.begin(Stage::Restoring, usize::try_from(rows).unwrap_or(usize::MAX));
    let (steps, arriving) = channel(MEMBERS_MAX);
    let spool = blobs.spool_folder().to_owned();
    let reading = tokio::task::spawn_blocking(move || read_all(input, &spool, &steps));
    let written = write_all(&mut restoring, &places, &blobs, arriving, progress).await;
    // What stopped the reader stopped the writing: it says why.
    reading.await.map_err(|error| Fault::Worker(error.to_string()))??;
    let (written, end) = written?;
    let end = end.ok_or(BackupError::CutOff)?;
    if written != rows {
        return Err(BackupError::Damaged("it has other rows than its manifest says".to_owned()));
    }
    progress.begin(Stage::Indexing, 0);
    restoring.finish().await?;
    Ok(Restored { manifest, rows, bodies: end.bodies, faulty: end.faulty })
}

/// Where a backup's table and its columns are in the store's.
struct Place {
    table: usize,
    /// For each column of the store's: which of the backup's.
    columns: Vec<usize>,
}

/// The same version of the schema has the same tables: anything else is not ours.
fn places(backup: &[Table], store: &[Table]) -> Result<Vec<Place>, BackupError> {
    let other = |table: &Table| BackupError::OtherTable(table.name.clone());
    if let Some(missing) = store.iter().find(|table| !backup.iter().any(|there| there.name == table.name)) {
        return Err(other(missing));
    }
    let place = |table: &Table| {
        let at = store.iter().position(|known| known.name == table.name)?;
        let known = store.get(at).filter(|known| known.columns.len() == table.columns.len())?;
        let columns = known.columns.iter().map(|column| table.columns.iter().position(|there| there == column));
        Some(Place { table: at, columns: columns.collect::<Option<_>>()? })
    };
    backup.iter().map(|table| place(table).ok_or_else(|| other(table))).collect()
}

/// Reads all members. Blocks. Ends early where nobody listens.
fn read_all(mut input: Input, spool: &PathBuf, steps: &Sender<Step>) -> Result<(), BackupError> {
    loop {
        let step = match input.next()? {
            Member::Rows { table, rows } => Step::Rows(table, rows),
            Member::Blob { name, size } => {
                let file = tempfile::tempfile_in(spool).map_err(Fault::Spool)?;
                input.copy_blob(size, &file)?;
                hash_in(&name).ok_or_else(|| BackupError::Damaged(name.clone()))?;
                Step::Blob { name, size, file: Arc::new(file) }
            }
            Member::End(end) => {
                let _ = steps.blocking_send(Step::End(end));
                return Ok(());
            }
        };
        if steps.blocking_send(step).is_err() {
            return Ok(());
        }
    }
}

async fn write_all(
    restoring: &mut Restoring,
    places: &[Place],
    blobs: &Blobs,
    mut arriving: Receiver<Step>,
    progress: &Progress,
) -> Result<(u64, Option<super::End>), BackupError> {
    let mut written = 0;
    while let Some(step) = arriving.recv().await {
        match step {
            Step::Rows(table, rows) => {
                let Some(place) = places.get(table) else { continue };
                progress.advance(rows.len());
                for mut row in rows {
                    let moved = place.columns.iter().filter_map(|at| row.get_mut(*at).map(take));
                    let row = moved.collect();
                    restoring.add(place.table, row).await?;
                    written += 1;
                }
            }
            Step::Blob { name, size, file } => blobs.put(&name, &file, size).await?,
            Step::End(end) => return Ok((written, Some(end))),
        }
    }
    Ok((written, None))
}

fn take(value: &mut crate::store::backup::Value) -> crate::store::backup::Value {
    std::mem::replace(value, crate::store::backup::Value::Null)
}
