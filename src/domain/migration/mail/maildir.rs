//! A Maildir: `cur` and `new` with a file for each message, flags in its name; sub-folders `.A.B` (Maildir++, names in modified
//! UTF-7 or UTF-8), or folders within folders. `dovecot-keywords` says what the letters from `a` on mean.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::super::letter::{Identity, Letter, Place, Problem, Target};
use super::super::source::{Source, Take};
use super::{DEPTH_MAX, LineEnds, Opening, PIECE_BYTES};
use crate::mime::mbox::is_keyword;
use crate::model::utf7::NameForm;
use crate::model::{Flags, SystemFlag, Timestamp};

/// Keywords that letters can stand for.
const KEYWORDS_MAX: usize = 26;
/// Octets of the file that names them.
const KEYWORDS_BYTES_MAX: u64 = 64 << 10;

/// Is it one?
pub(super) fn is_maildir(path: &Path) -> bool {
    path.join("cur").is_dir()
}

/// Its messages, by mailbox and time.
pub(super) struct Maildir {
    files: Vec<MailFile>,
    mailboxes: Vec<Target>,
}

struct MailFile {
    path: PathBuf,
    /// Place in `mailboxes`.
    mailbox: usize,
    flags: Flags,
    /// Microseconds: when the file was written, which is when the message came in.
    at: i64,
}

impl Maildir {
    /// Looks through the folders; messages are opened later.
    pub(super) fn open(path: &Path, opening: &Opening<'_>) -> io::Result<Result<Self, Problem>> {
        let mut found = Self { files: Vec::new(), mailboxes: Vec::new() };
        if let Err(problem) = found.walk(path, &[], opening, DEPTH_MAX)? {
            return Ok(Err(problem));
        }
        found.files.sort_by(|a, b| (a.mailbox, a.at, &a.path).cmp(&(b.mailbox, b.at, &b.path)));
        Ok(Ok(found))
    }

    fn walk(
        &mut self,
        path: &Path,
        names: &[String],
        opening: &Opening<'_>,
        depth: usize,
    ) -> io::Result<Result<(), Problem>> {
        if is_maildir(path) {
            let is_top = names.is_empty() && opening.into.is_none();
            self.mailboxes.push(if is_top { opening.target(&["INBOX".to_owned()]) } else { opening.target(names) });
            if let Err(problem) = self.messages(path, opening)? {
                return Ok(Err(problem));
            }
        }
        let mut entries: Vec<_> = std::fs::read_dir(path)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            // Of the entry itself: a link is no folder.
            if !entry.file_type()?.is_dir() || ["cur", "new", "tmp"].contains(&name.as_str()) || depth == 0 {
                continue;
            }
            let below: Vec<String> = match name.strip_prefix('.') {
                Some(dotted) => dotted.split('.').map(decoded).collect(),
                None => vec![decoded(&name)],
            };
            if let Err(problem) = self.walk(&entry.path(), &[names, &below].concat(), opening, depth - 1)? {
                return Ok(Err(problem));
            }
        }
        Ok(Ok(()))
    }

    fn messages(&mut self, path: &Path, opening: &Opening<'_>) -> io::Result<Result<(), Problem>> {
        let keywords = keywords(&path.join("dovecot-keywords"))?;
        let mailbox = self.mailboxes.len().saturating_sub(1);
        for part in ["cur", "new"] {
            let folder = match std::fs::read_dir(path.join(part)) {
                Ok(folder) => folder,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in folder {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if !entry.file_type()?.is_file() || name.starts_with('.') {
                    continue;
                }
                let max = opening.config.migration.entries_max;
                if self.files.len() >= max {
                    let what = format!("more than {max} messages (`migration.entries_max`)");
                    return Ok(Err(Place::file(path.display().to_string()).told(what)));
                }
                let at = entry.metadata()?.modified().ok().and_then(|at| jiff::Timestamp::try_from(at).ok());
                let at = at.map_or(0, jiff::Timestamp::as_microsecond);
                self.files.push(MailFile { path: entry.path(), mailbox, flags: flags(&name, &keywords), at });
            }
        }
        Ok(Ok(()))
    }
}

fn decoded(name: &str) -> String {
    NameForm::Utf7.decode_name(name).unwrap_or_else(|| name.to_owned())
}

/// The keywords of letters from `a` on: a line each, `0 $Forwarded`.
fn keywords(path: &Path) -> io::Result<Vec<Option<String>>> {
    let mut text = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(KEYWORDS_BYTES_MAX).read_to_end(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut keywords = vec![None; KEYWORDS_MAX];
    for line in String::from_utf8_lossy(&text).lines() {
        if let Some((number, word)) = line.split_once(' ')
            && let Some(slot) = number.parse().ok().and_then(|number: usize| keywords.get_mut(number))
            && is_keyword(word.trim())
        {
            *slot = Some(word.trim().to_owned());
        }
    }
    Ok(keywords)
}

/// The flags in a file's name, behind `:2,` (or `;2,`, where a file system takes no colon).
fn flags(name: &str, keywords: &[Option<String>]) -> Flags {
    let mut flags = Flags::default();
    let letters = name.rsplit_once(":2,").or_else(|| name.rsplit_once(";2,")).map_or("", |(_, letters)| letters);
    for letter in letters.chars() {
        match letter {
            'S' => flags.set(SystemFlag::Seen),
            'R' => flags.set(SystemFlag::Answered),
            'F' => flags.set(SystemFlag::Flagged),
            'T' => flags.set(SystemFlag::Deleted),
            'D' => flags.set(SystemFlag::Draft),
            'P' => flags.set_keyword("$Forwarded"),
            letter => {
                let place = u32::from(letter).checked_sub(u32::from('a')).and_then(|place| usize::try_from(place).ok());
                if let Some(Some(word)) = place.and_then(|place| keywords.get(place)) {
                    flags.set_keyword(word);
                }
            }
        }
    }
    flags
}

impl Source for Maildir {
    fn read(&mut self, take: &mut dyn Take) -> io::Result<()> {
        let (mut octets, mut out) = (vec![0; PIECE_BYTES], Vec::new());
        for file in &self.files {
            let Some(target) = self.mailboxes.get(file.mailbox) else { continue };
            let (mut content, mut ends) = (File::open(&file.path)?, LineEnds::default());
            loop {
                let read = content.read(&mut octets)?;
                let Some(piece) = octets.get(..read).filter(|piece| !piece.is_empty()) else { break };
                ends.push(piece, &mut out);
                take.octets(&out)?;
                out.clear();
            }
            take.end(Letter {
                place: Place::file(file.path.display().to_string()),
                target: target.clone(),
                origin: None,
                flags: file.flags.clone(),
                internal_date: Some(Timestamp(file.at)),
                identity: Identity::Content,
            })?;
        }
        Ok(())
    }

    fn mailboxes(&self) -> &[Target] {
        &self.mailboxes
    }

    fn remarks(&self) -> &[Problem] {
        &[]
    }

    fn kind(&self) -> &'static str {
        "maildir"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_in_the_name() {
        let keywords = vec![Some("$Important".to_owned()), None];
        let flags = flags("1795417689.M1P2.host,S=3:2,FPRSTabZ", &keywords);
        assert_eq!((flags.bits(), flags.keywords_text()), (15, "$Forwarded $Important"));
        assert!(super::flags("1795417689.host", &keywords).is_empty());
    }
}
