//! The files of an import → lines, and what the ENT's own files say. What a file is, is seen from what it holds.

use super::ent::{Ent, Header, Opened, text};
use super::lines::{Lines, files_of_header};
use super::problem::{About, Place, Problem, Reason, Remark, Source};
use super::progress::{Progress, Stage};
use super::source::{ImportFiles, Unread};
use super::table::{Encoding, Rows, decode};
use super::{Fault, File};

/// Everything that the files say by themselves.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Of the canonical files.
    pub(super) lines: Lines,
    /// Of the ENT's own.
    pub(super) ent: Ent,
    pub(super) problems: Vec<Problem>,
}

/// How files are read.
pub(super) struct Reader<'r> {
    pub(super) bytes_max: u64,
    /// UAI of the school of files that do not say whose they are.
    pub(super) school: Option<&'r str>,
    pub(super) progress: &'r Progress,
}

impl Reader<'_> {
    /// Reads all files, one after the other.
    pub(super) fn read(&self, files: &ImportFiles) -> Result<Read, Fault> {
        let mut read = Read::default();
        let in_order = files.in_order();
        self.progress.begin(Stage::Reading, in_order.len());
        for (source, file) in in_order {
            match file.read(self.bytes_max) {
                Ok(octets) => self.file(&mut read, files.folder(), &source, &octets),
                Err(Unread::TooLarge) => {
                    read.problem(&source, 0, Reason::FileTooLarge { bytes_max: self.bytes_max });
                }
                Err(Unread::Io(error)) => return Err(Fault::Spool(error)),
            }
            self.progress.advance(1);
        }
        Ok(read)
    }

    fn file(&self, read: &mut Read, folder: &str, source: &Source, octets: &[u8]) {
        let name = source.name();
        let canonical = File::of_name(name);
        let decoded = decode(source, octets, canonical.is_none(), &mut read.problems);
        let Some((content, encoding)) = decoded else { return };
        let Read { lines, ent, problems } = read;
        let mut opened = Opened { source, folder, school: self.school, problems, remarks: &mut lines.remarks };
        let begins = content.trim_start();
        let read_as = if begins.starts_with('[') || begins.starts_with('{') {
            Some(("the ENT's JSON", ent.add_json(&mut opened, &content)))
        } else {
            csv(lines, ent, (source, folder, self.school), problems, &content)
        };
        if let Some((kind, count)) = read_as.filter(|(kind, _)| !kind.is_empty() && canonical.is_none()) {
            let about = About::Read { kind, encoding: encoding.name(), lines: count };
            read.lines.remarks.push(Remark { place: Place { source: source.clone(), line: 0 }, about });
        }
        debug_assert!(encoding == Encoding::Utf8 || canonical.is_none(), "canonical files are UTF-8");
    }
}

/// A CSV file: what it was read as, and how many lines it had.
fn csv(
    lines: &mut Lines,
    ent: &mut Ent,
    (source, folder, school): (&Source, &str, Option<&str>),
    problems: &mut Vec<Problem>,
    content: &str,
) -> Option<(&'static str, u64)> {
    let mut problem = |line, reason| {
        problems.push(Problem { place: Place { source: source.clone(), line }, column: None, reason });
    };
    let mut rows = Rows::new(content);
    let header = match rows.next() {
        Some(Ok(row)) => row,
        Some(Err((line, reason))) => {
            problem(line, reason);
            return None;
        }
        None => {
            problem(1, Reason::NoHeader);
            return None;
        }
    };
    let by_name = File::of_name(source.name());
    let by_header = files_of_header(&header.cells);
    if let Some(file) = by_name.or_else(|| by_header.first().copied().filter(|_| by_header.len() == 1)) {
        let is_ents = by_header.is_empty() && Header::read(&header.cells).is_some_and(|header| header.is_ents());
        if !is_ents {
            return Some((file.name(), lines.add_file(file, source, &header, &mut rows, problems)));
        }
    }
    let cells: Vec<String> = header.cells.iter().map(|cell| text::clean(cell)).collect();
    let Some(header) = Header::read(&cells) else {
        problem(1, Reason::UnknownKind(cells.join("; ")));
        return None;
    };
    let mut opened = Opened { source, folder, school, problems, remarks: &mut lines.remarks };
    Some(ent.add_csv(&mut opened, &header, &mut rows))
}

impl Read {
    fn problem(&mut self, source: &Source, line: u64, reason: Reason) {
        self.problems.push(Problem { place: Place { source: source.clone(), line }, column: None, reason });
    }
}
