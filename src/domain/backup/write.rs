//! Writing the file: members one behind the other, hashed as they go; whole under its name, or not there. Blocks.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::text::End;
use super::{BackupError, tar};

/// Octets gathered before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// A backup being written. Dropped before [`Output::finish`], it leaves nothing under its name.
pub(super) struct Output {
    path: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    bytes: u64,
    /// Seconds since 1970: the time of all members.
    now: i64,
    /// Octets that the present member still has to get.
    left: u64,
    size: u64,
    finished: bool,
}

impl Output {
    /// Begins a file, for its owner only.
    pub(super) fn create(path: &Path, now: i64) -> Result<Self, BackupError> {
        let failed = |path: &Path, error| BackupError::File { path: path.to_owned(), error };
        if path.try_exists().map_err(|error| failed(path, error))? {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        // One that a crash left there is written over.
        match std::fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&part, error)),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        let file = file.map_err(|error| failed(&part, error))?;
        Ok(Self {
            path: path.to_owned(),
            part,
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            hasher: blake3::Hasher::new(),
            bytes: 0,
            now,
            left: 0,
            size: 0,
            finished: false,
        })
    }

    /// Begins a member of `size` octets.
    pub(super) fn begin(&mut self, name: &str, size: u64) -> io::Result<()> {
        let too_long = || io::Error::other(format!("{name} cannot be a member of a tar archive"));
        let head = tar::head(name, size, self.now).ok_or_else(too_long)?;
        self.put(&head)?;
        (self.left, self.size) = (size, size);
        Ok(())
    }

    /// Writes octets of the member.
    pub(super) fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let count = u64::try_from(octets.len()).map_err(io::Error::other)?;
        self.left = self.left.checked_sub(count).ok_or_else(|| io::Error::other("a member grew while it was read"))?;
        self.put(octets)?;
        if self.left == 0 {
            self.put([0; tar::BLOCK].get(..tar::padding(self.size)).unwrap_or_default())?;
        }
        Ok(())
    }

    /// A whole member.
    pub(super) fn member(&mut self, name: &str, octets: &[u8]) -> io::Result<()> {
        self.begin(name, u64::try_from(octets.len()).map_err(io::Error::other)?)?;
        self.write(octets)
    }

    fn put(&mut self, octets: &[u8]) -> io::Result<()> {
        self.hasher.update(octets);
        self.bytes += u64::try_from(octets.len()).unwrap_or(0);
        self.file.write_all(octets)
    }

    /// Writes the end, syncs, and gives the file its name. Its size and hash.
    pub(super) fn finish(mut self, end: End) -> io::Result<(u64, String)> {
        let blake3 = self.hasher.finalize().to_hex().to_string();
        let end = End { blake3: blake3.clone(), ..end };
        self.member("end.json", &serde_json::to_vec_pretty(&end)?)?;
        self.put(&[0; 2 * tar::BLOCK])?;
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        // Without taking the place of one that came meanwhile.
        std::fs::hard_link(&self.part, &self.path)?;
        std::fs::remove_file(&self.part)?;
        self.finished = true;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok((self.bytes, blake3))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.finished {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}
