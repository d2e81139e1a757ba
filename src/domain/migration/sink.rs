//! The files of an export: a folder of mbox files, or a zip of messages. All are made new, readable by their owner alone; names
//! are such that every system takes them. Blocks: off the async threads.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::export::Head;
use super::mail::index::{self, Line};
use crate::domain::mailbox::Mailbox;
use crate::mime::{decode_text, header_value, mbox};
use crate::model::{HIERARCHY_SEPARATOR, SpecialUse, Timestamp};

/// Octets of one part of a path.
const PART_BYTES_MAX: usize = 100;
/// Octets of a subject in the name of a file.
const SUBJECT_BYTES_MAX: usize = 60;
/// How the name of a file of messages ends.
const SUFFIX: &str = ".mbox";

/// A mailbox, and the path of what it becomes, below the export.
pub(super) struct MailboxFile {
    name: String,
    special: Option<SpecialUse>,
    path: String,
}

/// What takes the mailboxes, one after the other.
pub(super) trait Sink {
    /// The next messages are of this mailbox.
    fn mailbox(&mut self, place: usize) -> io::Result<()>;
    /// A message begins.
    fn message(&mut self, head: &Head) -> io::Result<()>;
    /// More of its body.
    fn body(&mut self, octets: &[u8]) -> io::Result<()>;
    /// It ends.
    fn end(&mut self) -> io::Result<()>;
    /// All have come: on disk when this returns.
    fn finish(&mut self) -> io::Result<()>;
}

/// Paths for mailboxes, no two alike even where case does not count.
pub(super) fn file_names(mailboxes: &[Mailbox]) -> Vec<MailboxFile> {
    let mut used = HashSet::new();
    let file = |mailbox: &Mailbox| {
        let parts: Vec<String> = mailbox.name.as_str().split(HIERARCHY_SEPARATOR).map(part).collect();
        let wanted = parts.join("/");
        let path = (1..).map(|number| if number == 1 { wanted.clone() } else { format!("{wanted} ({number})") });
        let path = path.into_iter().find(|path| used.insert(path.to_lowercase())).unwrap_or_default();
        MailboxFile { name: mailbox.name.as_str().to_owned(), special: mailbox.special_use, path }
    };
    mailboxes.iter().map(file).collect()
}

/// A part of a path that means nothing but itself, on any system.
fn part(name: &str) -> String {
    const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];
    let cleaned: String = name
        .chars()
        .map(|letter| if letter.is_control() || "<>:\"/\\|?*".contains(letter) { '_' } else { letter })
        .collect();
    let cut = cleaned.get(..cleaned.floor_char_boundary(PART_BYTES_MAX)).unwrap_or_default();
    let cut = cut.trim_matches(|letter: char| letter == '.' || letter.is_whitespace());
    let lower = cut.to_lowercase();
    let stem = lower.split('.').next().unwrap_or_default();
    let is_device = RESERVED.contains(&stem)
        || stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem.ends_with(char::is_numeric);
    match cut {
        "" => "_".to_owned(),
        cut if is_device || lower.ends_with(SUFFIX) => format!("{cut}_"),
        cut => cut.to_owned(),
    }
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(BufWriter::with_capacity(256 << 10, file))
}

fn line(line: &Line) -> io::Result<Vec<u8>> {
    let mut octets = serde_json::to_vec(line)?;
    octets.push(b'\n');
    Ok(octets)
}

fn mailbox_line(file: &MailboxFile, path: String) -> io::Result<Vec<u8>> {
    let special = file.special.filter(|special| special.is_required()).map(|special| special.column().to_owned());
    line(&Line::Mailbox { mailbox: file.name.clone(), special, file: path })
}

/// A folder of mbox files.
pub(super) struct MboxFolder {
    folder: PathBuf,
    files: Vec<MailboxFile>,
    open: Option<BufWriter<File>>,
    index: BufWriter<File>,
    writer: Option<mbox::Writer>,
    buffer: Vec<u8>,
}

impl MboxFolder {
    pub(super) fn create(folder: &Path, files: Vec<MailboxFile>) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(folder)?;
        let index = create(&folder.join(index::NAME))?;
        Ok(Self { folder: folder.to_owned(), files, open: None, index, writer: None, buffer: Vec::new() })
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(open) = &mut self.open {
            open.write_all(&self.buffer)?;
        }
        self.buffer.clear();
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(open) => synced(open),
            None => Ok(()),
        }
    }
}

fn synced(file: BufWriter<File>) -> io::Result<()> {
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

impl Sink for MboxFolder {
    fn mailbox(&mut self, place: usize) -> io::Result<()> {
        self.close()?;
        let Some(file) = self.files.get(place) else { return Ok(()) };
        let path = format!("{}{SUFFIX}", file.path);
        let whole = self.folder.join(&path);
        if let Some(above) = whole.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(above)?;
        }
        self.open = Some(create(&whole)?);
        let line = mailbox_line(file, path)?;
        self.index.write_all(&line)
    }

    fn message(&mut self, head: &Head) -> io::Result<()> {
        self.writer = Some(mbox::Writer::begin(&head.header, &head.flags, head.internal_date, &mut self.buffer));
        self.flush()
    }

    fn body(&mut self, octets: &[u8]) -> io::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.push(octets, &mut self.buffer);
        }
        self.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(writer) = self.writer.take() {
            writer.finish(&mut self.buffer);
        }
        self.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.close()?;
        self.index.flush()?;
        self.index.get_ref().sync_all()?;
        File::open(&self.folder)?.sync_all()
    }
}

/// A zip of messages.
pub(super) struct EmlZip {
    zip: Option<ZipWriter<BufWriter<File>>>,
    files: Vec<MailboxFile>,
    /// Place of the mailbox, and how many messages of it have come.
    at: (usize, usize),
    /// A line for each message; as much memory as their names take.
    index: Vec<u8>,
}

impl EmlZip {
    pub(super) fn create(path: &Path, files: Vec<MailboxFile>) -> io::Result<Self> {
        let zip = ZipWriter::new(create(path)?);
        let mut index = Vec::new();
        for file in &files {
            index.extend(mailbox_line(file, file.path.clone())?);
        }
        Ok(Self { zip: Some(zip), files, at: (0, 0), index })
    }

    fn zip(&mut self) -> io::Result<&mut ZipWriter<BufWriter<File>>> {
        self.zip.as_mut().ok_or_else(|| io::Error::other("the zip has been ended"))
    }
}

fn options(at: Option<Timestamp>) -> SimpleFileOptions {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o600);
    // A zip's own dates begin with 1980, and stand in no time zone.
    let at = at.and_then(|at| jiff::Timestamp::from_second(at.seconds()).ok());
    let at = at.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).datetime()).and_then(|at| {
        let part = |number: i8| u8::try_from(number).ok();
        let (year, month, day) = (u16::try_from(at.year()).ok()?, part(at.month())?, part(at.day())?);
        zip::DateTime::from_date_and_time(year, month, day, part(at.hour())?, part(at.minute())?, part(at.second())?)
            .ok()
    });
    options.last_modified_time(at.unwrap_or_default())
}

impl Sink for EmlZip {
    fn mailbox(&mut self, place: usize) -> io::Result<()> {
        self.at = (place, 0);
        Ok(())
    }

    fn message(&mut self, head: &Head) -> io::Result<()> {
        self.at.1 += 1;
        let folder = self.files.get(self.at.0).map_or("", |file| &file.path);
        let day = jiff::Timestamp::from_second(head.internal_date.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let subject = header_value(&head.header, "Subject").next().map(|value| decode_text(&value)).unwrap_or_default();
        let subject = subject.get(..subject.floor_char_boundary(SUBJECT_BYTES_MAX)).unwrap_or_default();
        let name = format!("{folder}/{:05} {} {}.eml", self.at.1, day.strftime("%Y-%m-%d"), part(subject));
        self.index.extend(line(&Line::message(&name, &head.flags, head.internal_date))?);
        let zip = self.zip()?;
        zip.start_file(name, options(Some(head.internal_date))).map_err(io::Error::other)?;
        zip.write_all(&head.header)
    }

    fn body(&mut self, octets: &[u8]) -> io::Result<()> {
        self.zip()?.write_all(octets)
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let index = std::mem::take(&mut self.index);
        let mut zip = self.zip.take().ok_or_else(|| io::Error::other("the zip has been ended"))?;
        zip.start_file(index::NAME, options(None)).map_err(io::Error::other)?;
        zip.write_all(&index)?;
        synced(zip.finish().map_err(io::Error::other)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MailboxId, MailboxName, UidValidity};

    #[test]
    fn paths_mean_nothing_but_themselves() {
        let names = ["INBOX", "a/b", "A/B", "../x", "CON", "nul.txt", "x: y?", "p.mbox", "é".repeat(80).as_str()]
            .map(|name| MailboxName::parse(name).unwrap());
        let mailboxes = names.map(|name| Mailbox {
            id: MailboxId(1),
            name,
            special_use: None,
            uid_validity: UidValidity(1),
            subscribed: true,
        });
        let paths: Vec<String> = file_names(&mailboxes).into_iter().map(|file| file.path).collect();
        let long = "é".repeat(50);
        assert_eq!(paths, ["INBOX", "a/b", "A/B (2)", "_/x", "CON_", "nul.txt_", "x_ y_", "p.mbox_", long.as_str()]);
    }
}
