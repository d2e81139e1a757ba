//! Is a backup whole, and each letter's text in it? Needs no store. Blocks.

use std::collections::BTreeMap;
use std::io::sink;
use std::path::Path;

use super::create::blob_of;
use super::read::{Input, Member};
use super::{BackupError, End, Manifest, hash_in};
use crate::domain::import::progress::{Progress, Stage};
use crate::store::backup::{Row, Table, Value};

/// What a whole backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub manifest: Manifest,
    pub end: End,
    pub rows: u64,
    /// Bodies whose octets are not those that their hash tells of, though the file is as it was written.
    pub damaged_bodies: u64,
}

/// Reads the whole file.
///
/// # Errors
/// It is no backup, cut off, or another than when it was written.
pub fn check(path: &Path, progress: &Progress) -> Result<Checked, BackupError> {
    let mut input = Input::open(path)?;
    let expected = input.manifest.rows.clone();
    let of: u64 = expected.values().sum();
    progress.begin(Stage::CheckingBackup, usize::try_from(of).unwrap_or(usize::MAX));
    let mut found: BTreeMap<String, u64> = expected.keys().map(|table| (table.clone(), 0)).collect();
    let (mut blobs, mut named, mut damaged_bodies) = (0, 0, 0);
    let end = loop {
        match input.next()? {
            Member::Rows { table, rows } => {
                let Some(table) = input.manifest.tables.get(table) else { continue };
                *found.entry(table.name.clone()).or_default() += u64::try_from(rows.len()).unwrap_or(0);
                named += rows.iter().filter(|row| blob_of(table, row).is_some()).count();
                damaged_bodies += count(rows.iter().filter(|row| is_damaged(table, row)).count());
                progress.advance(rows.len());
            }
            Member::Blob { name, size } => {
                let hash = input.copy_blob(size, sink())?;
                blobs += 1;
                damaged_bodies += u64::from(hash_in(&name) != Some(hash.as_str()));
            }
            Member::End(end) => break end,
        }
    };
    if found != expected || blobs != end.bodies {
        return Err(BackupError::Damaged("it has other rows than its manifest says".to_owned()));
    }
    damaged_bodies += count(named).saturating_sub(blobs);
    Ok(Checked { rows: found.values().sum(), manifest: input.manifest, end, damaged_bodies })
}

/// A body in the table whose octets are not those of its hash.
fn is_damaged(table: &Table, row: &Row) -> bool {
    if table.name != "body" {
        return false;
    }
    let value = |name: &str| row.get(table.columns.iter().position(|column| column.name == name)?);
    match (value("hash"), value("bytes")) {
        (Some(Value::Bytes(hash)), Some(Value::Bytes(bytes))) => blake3::hash(bytes).as_bytes() != hash.as_slice(),
        _ => false,
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
