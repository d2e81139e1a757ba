//! The ENT's « Mes données » archive (docs/migrate.md): a zip that holds five tables as JSON, and the attachments.
//!
//! | file | what |
//! | --- | --- |
//! | `tables` | JSON → rows, one at a time |
//! | `opening` | the archive → what is in memory of it: where each message lies, its attachments, the folders |
//! | `folders` | pure: folders → names of mailboxes |
//! | `message` | pure: a row → a letter's header and body |
//! | `pictures` | pure: pictures in its HTML |
//!
//! Messages wait in a file without a name, so that they come in the order of their dates, and bodies are not held in memory.

mod folders;
mod message;
mod opening;
mod pictures;
mod tables;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

pub(in crate::domain::migration) use folders::clean;
pub(super) use opening::{Opening, open};

use self::folders::Home;
use self::message::{Attached, Message, Piece, State, Writing, picture_header};
use super::archive::Archive;
use super::letter::{Identity, Letter, Place, Problem, Target};
use super::source::{Source, Take};
use crate::mime::compose::Base64Lines;
use crate::model::{Flags, SpecialUse, SystemFlag};

const TABLE_MESSAGES: &str = "conversation.messages";
const TABLE_USERMESSAGES: &str = "conversation.usermessages";
const TABLE_FOLDERS: &str = "conversation.folders";
const TABLE_ATTACHMENTS: &str = "conversation.attachments";
const TABLE_USERMESSAGESATTACHMENTS: &str = "conversation.usermessagesattachments";
/// Octets read of a file at a time.
const PIECE_BYTES: usize = 64 << 10;

/// An archive, looked through.
pub(super) struct MesDonnees {
    archive: Archive,
    /// Whether what is broken is left out.
    skip_broken: bool,
    rows: File,
    /// By date.
    messages: Vec<Waiting>,
    placed: HashMap<String, Placed>,
    attachments: HashMap<String, Attachment>,
    attached: HashMap<String, Vec<String>>,
    /// Files of the archive, by the ENT's id.
    files: HashMap<String, usize>,
    homes: HashMap<String, Home>,
    mailboxes: Vec<Target>,
    writing: Writing,
    people: HashSet<String>,
    /// What was found wrong when it was opened.
    problems: Vec<Problem>,
    remarks: Vec<Problem>,
}

/// A message that waits in the file of rows.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    date: i64,
    row: usize,
    offset: u64,
    length: usize,
}

/// A row of `conversation.usermessages`.
#[derive(Debug)]
struct Placed {
    row: usize,
    folder: Option<String>,
    trashed: bool,
    unread: bool,
}

/// A row of `conversation.attachments`.
#[derive(Debug)]
struct Attachment {
    name: String,
    media_type: String,
}

impl MesDonnees {
    /// Whose archive it is: the ENT's id.
    pub(super) fn owner(&self) -> &str {
        &self.writing.owner
    }

    /// The ids of everybody whom its letters name.
    pub(super) fn people(&self) -> Vec<&str> {
        self.people.iter().map(String::as_str).collect()
    }

    /// Those of them who are known here, with what stands before the `@` of their address.
    pub(super) fn know(&mut self, addresses: HashMap<String, String>) {
        self.writing.addresses = addresses;
        self.people = HashSet::new();
    }

    fn message(&self, waiting: Waiting) -> io::Result<Message> {
        let mut octets = vec![0; waiting.length];
        self.rows.read_exact_at(&mut octets, waiting.offset)?;
        serde_json::from_slice(&octets).map_err(io::Error::other)
    }

    /// Where a message lies: in one mailbox, or in two where its author is among those it was sent to.
    fn letters(&self, message: &Message, placed: &Placed) -> Vec<Letter> {
        let is_own = message.from == self.writing.owner;
        let to_oneself = [&message.to, &message.cc, &message.cci].iter().any(|ids| ids.contains(&self.writing.owner));
        let special = match (message.state, is_own) {
            (State::Draft, _) => vec![SpecialUse::Drafts],
            (_, true) if to_oneself => vec![SpecialUse::Sent, SpecialUse::Inbox],
            (_, true) => vec![SpecialUse::Sent],
            (_, false) => vec![SpecialUse::Inbox],
        };
        let home = placed.folder.as_ref().and_then(|folder| self.homes.get(folder));
        let homes = match (message.state, home) {
            (State::Sent | State::Recalled, Some(Home::Mailbox(target))) => vec![target.clone()],
            _ => special.into_iter().map(Target::Special).collect(),
        };
        let in_trash = placed.trashed || home == Some(&Home::Trash);
        let mut flags = Flags::default();
        if !placed.unread || message.state == State::Draft {
            flags.set(SystemFlag::Seen);
        }
        if message.state == State::Draft {
            flags.set(SystemFlag::Draft);
        }
        let letter = |(home, copy): (Target, u8)| Letter {
            place: Place::row(TABLE_MESSAGES, message.row),
            target: if in_trash { Target::Special(SpecialUse::Trash) } else { home.clone() },
            origin: in_trash.then_some(home),
            flags: flags.clone(),
            internal_date: Some(message.at()),
            identity: Identity::Ent { id: message.id.clone(), copy },
        };
        // In the Corbeille once.
        let copies = if in_trash { 1 } else { homes.len() };
        homes.into_iter().take(copies).zip(1..).map(letter).collect()
    }

    /// Writes a letter's octets; `Err` where a file of the archive is broken.
    fn write(&mut self, pieces: &[Piece], take: &mut dyn Take) -> io::Result<Result<(), Problem>> {
        for piece in pieces {
            let (id, header) = match piece {
                Piece::Text(text) => {
                    take.octets(text.as_bytes())?;
                    continue;
                }
                Piece::File { id } => (id, None),
                Piece::Picture { id, content_id } => (id, Some(content_id)),
            };
            let Some(index) = self.files.get(id).copied() else { continue };
            if let Some(content_id) = header {
                let name = self.archive.entries.get(index).map_or("", |entry| entry.split().1);
                take.octets(picture_header(&name.replace(&format!("_{id}"), ""), content_id).as_bytes())?;
            }
            if let Err(problem) = self.write_file(index, take)? {
                return Ok(Err(problem));
            }
        }
        Ok(Ok(()))
    }

    fn write_file(&mut self, index: usize, take: &mut dyn Take) -> io::Result<Result<(), Problem>> {
        let name = self.archive.entries.get(index).map(|entry| entry.name.clone()).unwrap_or_default();
        let written = self.archive.read(index, |content| encode(content, take));
        match written {
            Err(problem) => Ok(Err(problem)),
            Ok(Ok(())) => Ok(Ok(())),
            Ok(Err(Broken::Content(error))) => {
                Ok(Err(Place::file(name).told(format!("this file is damaged: {error}"))))
            }
            Ok(Err(Broken::Stopped(error))) => Err(error),
        }
    }

    fn read_one(&mut self, waiting: Waiting, missing: &mut usize, take: &mut dyn Take) -> io::Result<()> {
        let message = self.message(waiting)?;
        let Some(placed) = self.placed.get(&message.id) else { return Ok(()) };
        let letters = self.letters(&message, placed);
        let ids = self.attached.get(&message.id).map(Vec::as_slice).unwrap_or_default();
        let files: Vec<Attached<'_>> = ids
            .iter()
            .filter_map(|id| {
                let attachment = self.attachments.get(id)?;
                let is_there = self.files.contains_key(id);
                Some(Attached { id, name: &attachment.name, media_type: attachment.media_type.clone(), is_there })
            })
            .collect();
        if let Some(file) = files.iter().find(|file| !file.is_there && !self.skip_broken) {
            let what = format!("the file of its attachment {} is not in the archive", file.id);
            return take.broken(Place::row(TABLE_MESSAGES, message.row).told(what));
        }
        let pieces = self.writing.lay_out(&message, &|id| self.files.contains_key(id), &files, missing);
        for letter in letters {
            match self.write(&pieces, take)? {
                Ok(()) => take.end(letter)?,
                Err(problem) => take.broken(problem)?,
            }
        }
        Ok(())
    }
}

/// Why a file was not written to its end.
enum Broken {
    Content(io::Error),
    Stopped(io::Error),
}

/// A file's octets in base64.
fn encode(content: &mut dyn Read, take: &mut dyn Take) -> Result<(), Broken> {
    let (mut lines, mut octets, mut out) = (Base64Lines::default(), vec![0; PIECE_BYTES], Vec::new());
    loop {
        let read = content.read(&mut octets).map_err(Broken::Content)?;
        let Some(piece) = octets.get(..read).filter(|piece| !piece.is_empty()) else { break };
        lines.push(piece, &mut out);
        take.octets(&out).map_err(Broken::Stopped)?;
        out.clear();
    }
    lines.finish(&mut out);
    take.octets(&out).map_err(Broken::Stopped)
}

impl Source for MesDonnees {
    fn read(&mut self, take: &mut dyn Take) -> io::Result<()> {
        for problem in std::mem::take(&mut self.problems) {
            take.broken(problem)?;
        }
        let mut missing = 0;
        for index in 0..self.messages.len() {
            if let Some(waiting) = self.messages.get(index).copied() {
                self.read_one(waiting, &mut missing, take)?;
            }
        }
        if missing > 0 {
            let what = format!("{missing} pictures are not in the archive: letters keep their addresses in the ENT");
            self.remarks.push(Place::file(TABLE_MESSAGES).told(what));
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
        "mes-donnees"
    }
}
