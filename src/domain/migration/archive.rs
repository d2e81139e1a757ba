//! A zip file of somebody's, opened within bounds: so many files, so many octets, so much larger than packed. Nothing of it is
//! ever written under a name of its own, so that no name can lead outside; one that tries to is refused all the same.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zip::ZipArchive;
use zip::result::ZipError;

use super::letter::{Place, Problem};
use crate::config::MigrationConfig;

/// Octets of the list of files that one of them may take: names are long, and accents take two octets each.
const LISTED_BYTES_EACH: u64 = 512;
/// Files of less are not asked how much they were packed: empty lines of a small table pack very well.
const RATIO_FROM_BYTES: u64 = 1 << 20;
/// Where the record stands that ends a zip: itself, and a comment of at most 65 535 octets.
const END_RECORD_WITHIN: u64 = 22 + 65_535;
/// Of [`Metered`].
const UNLIMITED: u64 = u64::MAX;
const END_RECORD: &[u8] = b"PK\x05\x06";

/// An open zip.
pub(super) struct Archive {
    zip: ZipArchive<Metered>,
    name: String,
    pub(super) entries: Vec<Entry>,
}

/// A file in it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// With `/` between its parts, as the zip spells it.
    pub(super) name: String,
    pub(super) size: u64,
}

impl Entry {
    /// The folder, and the name in it.
    pub(super) fn split(&self) -> (&str, &str) {
        self.name.rsplit_once('/').unwrap_or(("", &self.name))
    }
}

/// A file of which only so many octets may be read until the list of files is known.
struct Metered {
    file: BufReader<File>,
    /// [`UNLIMITED`] once it is.
    left: Arc<AtomicU64>,
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        let left = self.left.load(Ordering::Relaxed);
        if left != UNLIMITED {
            let octets = u64::try_from(read).unwrap_or(u64::MAX);
            let left = left.checked_sub(octets).ok_or_else(|| io::Error::other("its list of files is too long"))?;
            self.left.store(left, Ordering::Relaxed);
        }
        Ok(read)
    }
}

impl Seek for Metered {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // Within the buffer where it can be: the list is read in small steps.
        match to {
            SeekFrom::Current(offset) => {
                self.file.seek_relative(offset)?;
                self.file.stream_position()
            }
            to => self.file.seek(to),
        }
    }
}

impl Archive {
    /// Opens a zip; what is wrong with it as a whole is the problem.
    pub(super) fn open(mut file: File, name: &str, bounds: &MigrationConfig) -> io::Result<Result<Self, Problem>> {
        let wrong = |what: String| Ok(Err(Place::file(name).told(what)));
        if !has_end_record(&mut file)? {
            return wrong("this is no zip, or one that was cut off: it has no end record".to_owned());
        }
        let entries_max = u64::try_from(bounds.entries_max).unwrap_or(u64::MAX);
        let left = Arc::new(AtomicU64::new(entries_max.saturating_mul(LISTED_BYTES_EACH).max(1 << 20)));
        let metered = Metered { file: BufReader::new(file), left: Arc::clone(&left) };
        let mut zip = match ZipArchive::new(metered) {
            Ok(zip) => zip,
            Err(error) => return wrong(format!("the zip cannot be read: {}", told(&error))),
        };
        left.store(UNLIMITED, Ordering::Relaxed);
        if zip.len() > bounds.entries_max {
            return wrong(format!("{} files: `migration.entries_max` is {}", zip.len(), bounds.entries_max));
        }
        if zip.has_duplicate_names() {
            return wrong("two of its files have the same name".to_owned());
        }
        match zip.has_overlapping_entries() {
            Ok(false) => {}
            Ok(true) => return wrong("two of its files share their octets: it was made to do harm".to_owned()),
            Err(error) => return wrong(format!("the zip cannot be read: {}", told(&error))),
        }
        let mut archive = Self { zip, name: name.to_owned(), entries: Vec::new() };
        Ok(archive.list(bounds).map(|()| archive))
    }

    /// Looks at every file's name and sizes before any is opened.
    fn list(&mut self, bounds: &MigrationConfig) -> Result<(), Problem> {
        let mut unpacked: u64 = 0;
        for index in 0..self.zip.len() {
            let wrong = |what: String| Place::file(&self.name).told(what);
            let entry = self.zip.by_index_data(index).map_err(|error| wrong(told(&error)))?;
            // As the zip says: UTF-8, or the old code page 437.
            let name = entry.name().map_err(|error| wrong(told(&error)))?.into_owned();
            let wrong = |what: String| Place::file(&name).told(what);
            if name.contains(['\\', '\0']) || name.starts_with('/') || name.split('/').any(|part| part == "..") {
                return Err(wrong("the name of this file leads out of the zip: it was made to do harm".to_owned()));
            }
            if entry.encrypted() {
                return Err(wrong("the zip is encrypted: unpack it with its password, and pack it anew".to_owned()));
            }
            let (size, packed) = (entry.size(), entry.compressed_size());
            if size > RATIO_FROM_BYTES && size / packed.max(1) > bounds.ratio_max {
                let times = size / packed.max(1);
                return Err(wrong(format!(
                    "{times} times larger than packed: `migration.ratio_max` is {}",
                    bounds.ratio_max
                )));
            }
            unpacked = unpacked.saturating_add(size);
            if unpacked > bounds.unpacked_bytes_max {
                return Err(Place::file(&self.name).told(format!(
                    "more than {} octets unpacked (`migration.unpacked_bytes_max`)",
                    bounds.unpacked_bytes_max
                )));
            }
            self.entries.push(Entry { name, size });
        }
        Ok(())
    }

    /// Reads one of the files; its octets, up to the size that the zip tells, and its checksum is checked at their end.
    pub(super) fn read<T>(&mut self, index: usize, work: impl FnOnce(&mut dyn Read) -> T) -> Result<T, Problem> {
        let (name, size) = self.entries.get(index).map_or(("", 0), |entry| (entry.name.as_str(), entry.size));
        match self.zip.by_index(index) {
            Ok(file) => Ok(work(&mut Bounded { file, left: size })),
            Err(error) => Err(Place::file(name).told(told(&error))),
        }
    }
}

/// A file that is not longer than its zip says: packed octets may come to any number.
struct Bounded<R> {
    file: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        let octets = u64::try_from(read).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(octets).ok_or_else(|| io::Error::other("larger than the zip says"))?;
        if read == 0 && !into.is_empty() && self.left > 0 {
            return Err(io::Error::other("shorter than the zip says"));
        }
        Ok(read)
    }
}

fn has_end_record(file: &mut File) -> io::Result<bool> {
    let size = file.metadata()?.len();
    let from = size.saturating_sub(END_RECORD_WITHIN);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(END_RECORD_WITHIN).read_to_end(&mut tail)?;
    file.rewind()?;
    Ok(memchr::memmem::find(&tail, END_RECORD).is_some())
}

/// Why the zip, or a file of it, cannot be read.
fn told(error: &ZipError) -> String {
    match error {
        ZipError::Io(error) => error.to_string(),
        ZipError::CompressionMethodNotSupported(method) => format!("packed by a method that is not known ({method})"),
        error => error.to_string(),
    }
}
