//! A zip of files, one for each message: folders are mailboxes. What an export of ours notes beside them (`index`) tells names,
//! flags and dates; without it, the folders' names, no flags, and the dates in the messages.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use super::super::archive::Archive;
use super::super::letter::{Identity, Letter, Place, Problem, Target};
use super::super::source::{Source, Take};
use super::{LineEnds, Opening, PIECE_BYTES, index};
use crate::model::{Flags, Timestamp};

/// A zip, looked through.
pub(super) struct EmlZip {
    archive: Archive,
    messages: Vec<Eml>,
    mailboxes: Vec<Target>,
    remarks: Vec<Problem>,
}

struct Eml {
    entry: usize,
    target: Target,
    flags: Flags,
    at: Option<Timestamp>,
}

/// What the index says.
#[derive(Default)]
struct Index {
    /// By folder.
    mailboxes: BTreeMap<String, index::Named>,
    /// By file.
    messages: HashMap<String, (Flags, Option<Timestamp>)>,
}

impl EmlZip {
    /// Opens a zip and reads its index.
    pub(super) fn open(file: File, name: &str, opening: &Opening<'_>) -> io::Result<Result<Self, Problem>> {
        let mut archive = match Archive::open(file, name, &opening.config.migration)? {
            Ok(archive) => archive,
            Err(problem) => return Ok(Err(problem)),
        };
        let index = match read_index(&mut archive) {
            Ok(index) => index,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut found = Self { archive, messages: Vec::new(), mailboxes: Vec::new(), remarks: Vec::new() };
        found.find(&index, opening);
        if found.messages.is_empty() && index.mailboxes.is_empty() {
            return Ok(Err(Place::file(name).told("no file in this zip ends in .eml")));
        }
        Ok(Ok(found))
    }

    fn find(&mut self, index: &Index, opening: &Opening<'_>) {
        let target_of = |folder: &str| match index.mailboxes.get(folder) {
            Some(known) => opening.known(known),
            None => {
                let parts: Vec<String> = folder.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
                match parts.is_empty() && opening.into.is_none() {
                    true => opening.target(&["INBOX".to_owned()]),
                    false => opening.target(&parts),
                }
            }
        };
        let mut aside: usize = 0;
        for (entry, file) in self.archive.entries.iter().enumerate() {
            let (folder, name) = file.split();
            if name.to_ascii_lowercase().ends_with(".eml") {
                let (flags, at) = index.messages.get(&file.name).cloned().unwrap_or_default();
                self.messages.push(Eml { entry, target: target_of(folder), flags, at });
            } else if !name.is_empty() && name != index::NAME {
                aside += 1;
            }
        }
        self.mailboxes = index.mailboxes.keys().map(|folder| target_of(folder)).collect();
        if aside > 0 {
            self.remarks.push(Place::file("zip").told(format!("{aside} files do not end in .eml: left aside")));
        }
    }

    /// Reads one message; `Err` where its file is damaged.
    fn write(&mut self, entry: usize, take: &mut dyn Take) -> io::Result<Result<(), Problem>> {
        let mut stopped = None;
        let read = self.archive.read(entry, |content| {
            let (mut octets, mut out, mut ends) = (vec![0; PIECE_BYTES], Vec::new(), LineEnds::default());
            loop {
                let read = content.read(&mut octets)?;
                let Some(piece) = octets.get(..read).filter(|piece| !piece.is_empty()) else { return Ok(()) };
                ends.push(piece, &mut out);
                if let Err(error) = take.octets(&out) {
                    stopped = Some(error);
                    return Ok(());
                }
                out.clear();
            }
        });
        if let Some(error) = stopped {
            return Err(error);
        }
        let name = self.archive.entries.get(entry).map_or("", |entry| &entry.name);
        let damaged = |error: io::Error| Place::file(name).told(format!("this file is damaged: {error}"));
        Ok(read.and_then(|read: io::Result<()>| read.map_err(damaged)))
    }
}

fn read_index(archive: &mut Archive) -> Result<Index, Problem> {
    let mut found = Index::default();
    let Some(entry) = archive.entries.iter().position(|entry| entry.name == index::NAME) else { return Ok(found) };
    let wrong = |line: usize, what: String| Place::file(index::NAME).told(format!("line {line}: {what}"));
    archive.read(entry, |content| {
        let mut lines = BufReader::new(content);
        for number in 1.. {
            let mut line = Vec::new();
            let read = (&mut lines).take(index::LINE_BYTES_MAX).read_until(b'\n', &mut line);
            if read.map_err(|error| wrong(number, error.to_string()))? == 0 {
                return Ok(());
            }
            match serde_json::from_slice(&line).map_err(|error| wrong(number, error.to_string()))? {
                index::Line::Message { message, flags, internal_date } => {
                    found.messages.insert(message, (index::flags(&flags), index::date(&internal_date)));
                }
                index::Line::Mailbox { mailbox, special, file } => {
                    let named = index::named(&mailbox, special.as_deref());
                    let named = named.ok_or_else(|| wrong(number, "no name of a mailbox".to_owned()))?;
                    found.mailboxes.insert(file, named);
                }
            }
        }
        Ok(())
    })??;
    Ok(found)
}

impl Source for EmlZip {
    fn read(&mut self, take: &mut dyn Take) -> io::Result<()> {
        for index in 0..self.messages.len() {
            let Some(Eml { entry, target, flags, at }) = self.messages.get(index) else { continue };
            let entry = *entry;
            let place = Place::file(self.archive.entries.get(entry).map_or("", |entry| &entry.name));
            let letter = Letter {
                place,
                target: target.clone(),
                origin: None,
                flags: flags.clone(),
                internal_date: *at,
                identity: Identity::Content,
            };
            match self.write(entry, take)? {
                Ok(()) => take.end(letter)?,
                Err(problem) => take.broken(problem)?,
            }
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
        "eml"
    }
}
