//! The open store → a file.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, channel};

use super::text::{End, FORMAT, Manifest, push_row};
use super::write::Output;
use super::{BackupError, hash_in};
use crate::domain::import::progress::{Progress, Stage};
use crate::domain::spool::{OpenBlob, blocking};
use crate::domain::{Fault, Gateway};
use crate::store::backup::{Piece, Row, Table, Value};
use crate::store::newest_version;

/// Pieces that wait to be written.
const PIECES_MAX: usize = 4;
/// Octets of a body copied at once.
const COPY_BYTES: u64 = 1 << 20;
/// Damaged bodies that are named.
const FAULTY_MAX: usize = 10_000;

/// A backup that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    pub rows: u64,
    /// Bodies out of the blob store.
    pub bodies: u64,
    pub bytes: u64,
    /// BLAKE3 of the file but for its end, in hexadecimal.
    pub blake3: String,
    /// Names of bodies that are damaged or missing in the store: the backup has all the rest.
    pub faulty: Vec<String>,
}

/// The rows are written.
struct RowsWritten {
    output: Output,
    rows: u64,
    /// `NAME SIZE`, one a line: the bodies in the blob store.
    blobs: std::fs::File,
    blobs_count: usize,
}

impl Gateway {
    /// Writes everything that the store keeps into a file at `path`, while people work.
    ///
    /// # Errors
    /// There is a file of that name, it cannot be written, the store does not answer. Then there is no backup.
    pub async fn back_up(&self, path: &Path, progress: &Arc<Progress>) -> Result<BackedUp, BackupError> {
        let held = self.store.hold_bodies().await?;
        let written = self.write_backup(path, progress).await;
        held.release().await?;
        written
    }

    async fn write_backup(&self, path: &Path, progress: &Arc<Progress>) -> Result<BackedUp, BackupError> {
        let failed = |error| BackupError::File { path: path.to_owned(), error };
        let now = self.clock.now();
        let output = Output::create(path, now.seconds())?;
        let manifest = Manifest {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            engine: self.store.engine_name().to_owned(),
            schema: newest_version(),
            domain: self.config.domain.clone(),
            made_at: jiff::Timestamp::from_second(now.seconds()).map_or_else(|_| String::new(), |at| at.to_string()),
            tables: Vec::new(),
            rows: BTreeMap::new(),
        };
        let blobs = tempfile::tempfile_in(self.blobs.spool_folder()).map_err(failed)?;
        let (pieces, arriving) = channel(PIECES_MAX);
        let watched = Arc::clone(progress);
        let writing = tokio::task::spawn_blocking(move || write_rows(output, manifest, blobs, arriving, &watched));
        let copied = self.store.copy_out(pieces).await;
        // What stopped the writer stopped the copying: it says why.
        let written = writing.await.map_err(|error| Fault::Worker(error.to_string()))?.map_err(failed)?;
        copied?;
        self.copy_blobs(written, progress).await.map_err(|error| match error {
            Fault::Spool(error) => failed(error),
            fault => fault.into(),
        })
    }

    async fn copy_blobs(&self, written: RowsWritten, progress: &Progress) -> Result<BackedUp, Fault> {
        let RowsWritten { mut output, rows, blobs, blobs_count } = written;
        progress.begin(Stage::CopyingBodies, blobs_count);
        let mut end = End::default();
        for line in BufReader::new(blobs).lines() {
            let line = line?;
            let (name, size) = line.split_once(' ').unwrap_or((&line, "0"));
            let size: u64 = size.parse().map_err(std::io::Error::other)?;
            let there = self.blobs.size_of(name).await? == Some(size);
            let mut is_whole = false;
            if there {
                (output, is_whole) = self.copy_blob(output, name, size).await?;
                end.bodies += 1;
            }
            if !is_whole && end.faulty.len() < FAULTY_MAX {
                end.faulty.push(name.to_owned());
            }
            progress.advance(1);
        }
        let (bodies, faulty) = (end.bodies, end.faulty.clone());
        let (bytes, blake3) = blocking(move || output.finish(end)).await?;
        Ok(BackedUp { rows, bodies, bytes, blake3, faulty })
    }

    /// Copies a body; is it what its name says?
    async fn copy_blob(&self, mut output: Output, name: &str, size: u64) -> Result<(Output, bool), Fault> {
        output.begin(&format!("blobs/{name}"), size)?;
        let open = OpenBlob::new(name.to_owned());
        let mut hasher = blake3::Hasher::new();
        let mut at = 0;
        while at < size {
            let octets = self.blobs.read(&open, at..size.min(at + COPY_BYTES)).await?;
            at += COPY_BYTES;
            hasher.update(&octets);
            output = blocking(move || output.write(&octets).map(|()| output)).await?;
        }
        Ok((output, hash_in(name) == Some(hasher.finalize().to_hex().as_str())))
    }
}

/// Writes rows as they arrive. Blocks.
fn write_rows(
    mut output: Output,
    mut manifest: Manifest,
    blobs: std::fs::File,
    mut arriving: Receiver<Piece>,
    progress: &Progress,
) -> std::io::Result<RowsWritten> {
    let mut names = BufWriter::new(blobs);
    let (mut rows_written, mut blobs_count) = (0, 0);
    let mut members = BTreeMap::<usize, u32>::new();
    while let Some(piece) = arriving.blocking_recv() {
        match piece {
            Piece::Tables(tables) => {
                let of: u64 = tables.iter().map(|(_, rows)| rows).sum();
                progress.begin(Stage::CopyingRows, usize::try_from(of).unwrap_or(usize::MAX));
                manifest.rows = tables.iter().map(|(table, rows)| (table.name.clone(), *rows)).collect();
                manifest.tables = tables.into_iter().map(|(table, _)| table).collect();
                output.member("manifest.json", &serde_json::to_vec_pretty(&manifest)?)?;
            }
            Piece::Rows { table: place, rows } => {
                let Some(table) = manifest.tables.get(place) else { continue };
                let number = members.entry(place).or_default();
                *number += 1;
                let mut lines = Vec::new();
                for row in &rows {
                    push_row(&mut lines, row)?;
                    if let Some((name, size)) = blob_of(table, row) {
                        writeln!(names, "{name} {size}")?;
                        blobs_count += 1;
                    }
                }
                output.member(&format!("rows/{}/{number:06}.ndjson", table.name), &lines)?;
                rows_written += u64::try_from(rows.len()).unwrap_or(0);
                progress.advance(rows.len());
            }
        }
    }
    let mut blobs = names.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    blobs.rewind()?;
    Ok(RowsWritten { output, rows: rows_written, blobs, blobs_count })
}

/// Name and size of the file of a row of `body`, where it has one.
pub(super) fn blob_of<'r>(table: &Table, row: &'r Row) -> Option<(&'r str, i64)> {
    if table.name != "body" {
        return None;
    }
    let value = |name: &str| row.get(table.columns.iter().position(|column| column.name == name)?);
    match (value("blob")?, value("size")?) {
        (Value::Text(blob), Value::Number(size)) => Some((blob, *size)),
        _ => None,
    }
}
