//! Files of many messages: one, or all of a folder and of those in it; Thunderbird's `Name.sbd` holds what lies below `Name`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::super::letter::{Identity, Letter, Place, Problem, Target};
use super::super::source::{Source, Take};
use super::{DEPTH_MAX, Opening, PIECE_BYTES, beginning, index};
use crate::mime::mbox::{Kept, Reader, Step};
use crate::model::Timestamp;

/// One or several files.
pub(super) struct MboxFiles {
    files: Vec<MboxFile>,
    mailboxes: Vec<Target>,
    remarks: Vec<Problem>,
}

struct MboxFile {
    path: PathBuf,
    name: String,
    target: Target,
}

impl MboxFiles {
    /// One file: its mailbox is the one that was asked for, or bears its name.
    pub(super) fn open_file(path: &Path, opening: &Opening<'_>) -> io::Result<Self> {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let named = if opening.into.is_some() { Vec::new() } else { vec![stem] };
        let target = opening.target(&named);
        let file = MboxFile { path: path.to_owned(), name: path.display().to_string(), target: target.clone() };
        Ok(Self { files: vec![file], mailboxes: vec![target], remarks: Vec::new() })
    }

    /// All files of a folder that hold messages.
    pub(super) fn open_folder(path: &Path, opening: &Opening<'_>) -> io::Result<Result<Self, Problem>> {
        let mut found = Self { files: Vec::new(), mailboxes: Vec::new(), remarks: Vec::new() };
        let index = read_index(&path.join(index::NAME), opening)?;
        let mut walk = Walk { opening, index: &index, found: &mut found, seen: 0 };
        if let Err(problem) = walk.folder(path, &[], DEPTH_MAX)? {
            return Ok(Err(problem));
        }
        if found.files.is_empty() {
            let what = "no mbox in this folder, and it is no Maildir (it has no `cur`)";
            return Ok(Err(Place::file(path.display().to_string()).told(what)));
        }
        found.mailboxes = found.files.iter().map(|file| file.target.clone()).collect();
        Ok(Ok(found))
    }
}

/// The mailboxes of an export of ours, by file; empty where it is none.
fn read_index(path: &Path, opening: &Opening<'_>) -> io::Result<Vec<(String, index::Named)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let limit = index::LINE_BYTES_MAX.saturating_mul(u64::try_from(opening.config.migration.entries_max).unwrap_or(1));
    let mut found = Vec::new();
    for line in BufReader::new(file.take(limit)).lines().take(opening.config.migration.entries_max) {
        if let Ok(index::Line::Mailbox { mailbox, special, file }) = serde_json::from_str(&line?)
            && let Some(named) = index::named(&mailbox, special.as_deref())
        {
            found.push((file, named));
        }
    }
    Ok(found)
}

struct Walk<'w> {
    opening: &'w Opening<'w>,
    index: &'w [(String, index::Named)],
    found: &'w mut MboxFiles,
    seen: usize,
}

impl Walk<'_> {
    fn folder(&mut self, path: &Path, above: &[String], depth: usize) -> io::Result<Result<(), Problem>> {
        let mut entries: Vec<_> = std::fs::read_dir(path)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            self.seen += 1;
            let max = self.opening.config.migration.entries_max;
            if self.seen > max {
                let what = format!("more than {max} files (`migration.entries_max`)");
                return Ok(Err(Place::file(path.display().to_string()).told(what)));
            }
            // Of the entry itself: a link is none of these.
            let (kind, name) = (entry.file_type()?, entry.file_name().to_string_lossy().into_owned());
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() && depth > 0 {
                let below = name.strip_suffix(".sbd").unwrap_or(&name).to_owned();
                if let Err(problem) = self.folder(&entry.path(), &[above, &[below]].concat(), depth - 1)? {
                    return Ok(Err(problem));
                }
            } else if kind.is_file() {
                self.file(entry.path(), &name, above)?;
            }
        }
        Ok(Ok(()))
    }

    fn file(&mut self, path: PathBuf, name: &str, above: &[String]) -> io::Result<()> {
        let shown = path.display().to_string();
        let from_top = above.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/");
        let begins = beginning(&path)?;
        let is_mbox =
            begins.starts_with(b"From ") || begins.is_empty() && (name.ends_with(".mbox") || !name.contains('.'));
        if !is_mbox {
            if name != index::NAME && !name.ends_with(".msf") {
                self.found.remarks.push(Place::file(shown).told("no mbox: left aside"));
            }
            return Ok(());
        }
        let target = match self.index.iter().find(|(file, _)| *file == from_top) {
            Some((_, known)) => self.opening.known(known),
            None => {
                let stem = name.strip_suffix(".mbox").unwrap_or(name).to_owned();
                self.opening.target(&[above, &[stem]].concat())
            }
        };
        self.found.files.push(MboxFile { path, name: shown, target });
        Ok(())
    }
}

impl Source for MboxFiles {
    fn read(&mut self, take: &mut dyn Take) -> io::Result<()> {
        for file in &self.files {
            Reading { file, at: None, begun: 0, offset: 0, out: Vec::new() }.read(take)?;
        }
        Ok(())
    }

    fn mailboxes(&self) -> &[Target] {
        &self.mailboxes
    }

    fn remarks(&self) -> &[Problem] {
        &self.remarks
    }

    fn kind(&self) -> &'static str {
        "mbox"
    }
}

struct Reading<'r> {
    file: &'r MboxFile,
    /// Of the message under way: its time, and where it began.
    at: Option<Timestamp>,
    begun: u64,
    offset: u64,
    out: Vec<u8>,
}

impl Reading<'_> {
    fn read(mut self, take: &mut dyn Take) -> io::Result<()> {
        let mut lines = BufReader::with_capacity(PIECE_BYTES, File::open(&self.file.path)?);
        let (mut reader, mut line, mut begins) = (Reader::default(), Vec::new(), true);
        loop {
            line.clear();
            let read =
                (&mut lines).take(u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX)).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            match reader.line(&line, begins, &mut self.out) {
                Step::Begin { before, at } => {
                    if let Some(kept) = before {
                        self.end(kept, take)?;
                    }
                    (self.at, self.begun) = (at, self.offset);
                }
                Step::More => {}
                Step::NoMessage => {
                    let place = Place::octet(&self.file.name, self.offset);
                    return take.broken(place.told("no mbox: it does not begin with a line `From ` and a time"));
                }
            }
            if self.out.len() >= PIECE_BYTES {
                take.octets(&self.out)?;
                self.out.clear();
            }
            begins = line.ends_with(b"\n");
            self.offset = self.offset.saturating_add(u64::try_from(read).unwrap_or(0));
        }
        match reader.finish() {
            Some(kept) => self.end(kept, take),
            None => Ok(()),
        }
    }

    fn end(&mut self, kept: Kept, take: &mut dyn Take) -> io::Result<()> {
        if kept.is_none {
            self.out.clear();
            take.drop_letter();
            return Ok(());
        }
        take.octets(&self.out)?;
        self.out.clear();
        take.end(Letter {
            place: Place::octet(&self.file.name, self.begun),
            target: self.file.target.clone(),
            origin: None,
            flags: kept.flags,
            internal_date: self.at,
            identity: Identity::Content,
        })
    }
}
