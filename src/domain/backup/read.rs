//! Reading the file: member by member, each looked at before it is believed. Blocks.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use super::text::{End, FORMAT, Manifest, read_row};
use super::{BackupError, hash_in, tar};
use crate::store::backup::Row;

/// Octets read at once.
const BUFFER_BYTES: usize = 1 << 20;
/// The largest member that is read into memory.
const MEMBER_BYTES_MAX: u64 = 1 << 30;

/// A backup being read, behind its manifest.
pub(super) struct Input {
    file: BufReader<File>,
    hasher: blake3::Hasher,
    pub(super) manifest: Manifest,
}

/// What comes next.
pub(super) enum Member {
    /// Rows of the table at `table` in the manifest.
    Rows { table: usize, rows: Vec<Row> },
    /// A body: read it by [`Input::copy_blob`].
    Blob { name: String, size: u64 },
    /// All there is, and the file is as it was written.
    End(End),
}

impl Input {
    /// Opens a backup and reads its manifest.
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let file = File::open(path).map_err(|error| BackupError::File { path: path.to_owned(), error })?;
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        let nothing = Manifest {
            format: 0,
            program: String::new(),
            engine: String::new(),
            schema: 0,
            domain: String::new(),
            made_at: String::new(),
            tables: Vec::new(),
            rows: std::collections::BTreeMap::new(),
        };
        let mut input = Self { file, hasher: blake3::Hasher::new(), manifest: nothing };
        let not_one = BackupError::NotOne("it does not begin with a manifest");
        let Ok(head) = input.block() else { return Err(not_one) };
        let Some((name, size)) = tar::read_head(&head) else { return Err(not_one) };
        if name != "manifest.json" {
            return Err(not_one);
        }
        let text = input.content(&name, size)?;
        let format: Format =
            serde_json::from_slice(&text).map_err(|_| BackupError::NotOne("its manifest cannot be read"))?;
        if format.format != FORMAT {
            return Err(BackupError::Format(format.format));
        }
        input.manifest =
            serde_json::from_slice(&text).map_err(|_| BackupError::NotOne("its manifest cannot be read"))?;
        Ok(input)
    }

    /// The next member.
    pub(super) fn next(&mut self) -> Result<Member, BackupError> {
        let before = self.hasher.clone();
        let head = self.block()?;
        let (name, size) = tar::read_head(&head)
            .ok_or_else(|| if head == [0; tar::BLOCK] { BackupError::CutOff } else { damaged("a head of tar") })?;
        if name == "end.json" {
            let end: End = serde_json::from_slice(&self.content(&name, size)?).map_err(|_| damaged(&name))?;
            if end.blake3 != before.finalize().to_hex().as_str() {
                return Err(damaged("its hash is another than when it was written"));
            }
            return Ok(Member::End(end));
        }
        if let Some(name) = name.strip_prefix("blobs/") {
            // It becomes the name of a file.
            hash_in(name).ok_or_else(|| damaged(name))?;
            return Ok(Member::Blob { name: name.to_owned(), size });
        }
        let in_table = name.strip_prefix("rows/").and_then(|rest| rest.split_once('/')).map(|(table, _)| table);
        let place = in_table.and_then(|table| self.manifest.tables.iter().position(|known| known.name == table));
        let place = place.ok_or_else(|| damaged(&name))?;
        let text = self.content(&name, size)?;
        let table = self.manifest.tables.get(place).ok_or_else(|| damaged(&name))?;
        let lines = text.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
        let rows = lines.map(|line| read_row(line, table)).collect::<Option<Vec<_>>>();
        Ok(Member::Rows { table: place, rows: rows.ok_or_else(|| damaged(&name))? })
    }

    /// Copies the body that comes next; its hash, in hexadecimal.
    pub(super) fn copy_blob(&mut self, size: u64, mut to: impl Write) -> Result<String, BackupError> {
        let failed = |error| BackupError::Fault(crate::domain::Fault::Spool(error));
        let mut hasher = blake3::Hasher::new();
        let mut left = size;
        let mut buffer = vec![0; BUFFER_BYTES];
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(BUFFER_BYTES);
            let piece = buffer.get_mut(..count).unwrap_or_default();
            self.fill(piece)?;
            hasher.update(piece);
            to.write_all(piece).map_err(failed)?;
            left -= u64::try_from(count).unwrap_or(left);
        }
        self.skip_padding(size)?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    fn content(&mut self, name: &str, size: u64) -> Result<Vec<u8>, BackupError> {
        let length = usize::try_from(size).ok().filter(|_| size <= MEMBER_BYTES_MAX).ok_or_else(|| damaged(name))?;
        let mut content = vec![0; length];
        self.fill(&mut content)?;
        self.skip_padding(size)?;
        Ok(content)
    }

    fn skip_padding(&mut self, size: u64) -> Result<(), BackupError> {
        let mut padding = [0; tar::BLOCK];
        self.fill(padding.get_mut(..tar::padding(size)).unwrap_or_default())
    }

    fn block(&mut self) -> Result<[u8; tar::BLOCK], BackupError> {
        let mut block = [0; tar::BLOCK];
        self.fill(&mut block)?;
        Ok(block)
    }

    fn fill(&mut self, octets: &mut [u8]) -> Result<(), BackupError> {
        self.file.read_exact(octets).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => BackupError::CutOff,
            _ => BackupError::Damaged(error.to_string()),
        })?;
        self.hasher.update(octets);
        Ok(())
    }
}

/// What every version's manifest has.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

fn damaged(what: &str) -> BackupError {
    BackupError::Damaged(what.to_owned())
}
