//! What the rig's clients say over IMAP and how they read the answers. Whatever breaks is an `io::Error`: "unknown".

use std::collections::BTreeMap;
use std::io::{Error, Result};

use crate::client::Lines;
use crate::model::{Marks, Seen, SeenFolder, Token, Told};

/// A logged-in IMAP session.
pub(crate) struct Imap {
    lines: Lines,
    selected: Option<String>,
}

/// What a command came to: an answer that says "later" is an error, as a broken connection is.
pub(crate) struct Done {
    pub(crate) untagged: Vec<String>,
    pub(crate) told: Option<Told>,
}

impl Imap {
    pub(crate) fn log_in(port: u16, user: &str) -> Result<Self> {
        let mut imap = Self { lines: Lines::connect(port)?, selected: None };
        imap.lines.line()?;
        imap.ask(&format!("LOGIN {user} secret"))?;
        Ok(imap)
    }

    /// A command that must succeed, now or later.
    pub(crate) fn ask(&mut self, command: &str) -> Result<Done> {
        let (untagged, tagged) = self.lines.command(command)?;
        judge(command, untagged, &tagged)
    }

    /// In this mailbox.
    pub(crate) fn ask_in(&mut self, folder: &str, command: &str) -> Result<Done> {
        if self.selected.as_deref() != Some(folder) {
            self.selected = None;
            self.ask(&format!("SELECT {folder}"))?;
            self.selected = Some(folder.to_owned());
        }
        self.ask(command)
    }

    /// APPEND of one or several messages (RFC 3502).
    pub(crate) fn append(&mut self, folder: &str, flags: &str, messages: &[Vec<u8>]) -> Result<Done> {
        self.lines.send(format!("app APPEND {folder}").as_bytes())?;
        let mut untagged = Vec::new();
        for message in messages {
            self.lines.send(format!(" ({flags}) {{{}}}\r\n", message.len()).as_bytes())?;
            loop {
                let line = self.lines.line()?;
                if line.starts_with('+') {
                    break;
                }
                if line.starts_with("app ") {
                    return judge("APPEND", untagged, &line);
                }
                untagged.push(line);
            }
            self.lines.send(message)?;
        }
        self.lines.send(b"\r\n")?;
        loop {
            let line = self.lines.line()?;
            if line.starts_with("app ") {
                return judge("APPEND", untagged, &line);
            }
            untagged.push(line);
        }
    }

    /// All that there is.
    pub(crate) fn look(&mut self) -> Result<Seen> {
        let mut seen = Seen::new();
        for line in self.ask("LIST \"\" *")?.untagged {
            let name = line.rsplit_once(' ').expect("a LIST line").1.trim_matches('"').to_owned();
            let folder = self.look_into(&name)?;
            seen.insert(name, folder);
        }
        Ok(seen)
    }

    fn look_into(&mut self, name: &str) -> Result<SeenFolder> {
        self.selected = None;
        let told = self.ask(&format!("EXAMINE {name}"))?.untagged.join("\r\n");
        let number = |word: &str| {
            let rest = told.split_once(word).expect("a code of SELECT").1;
            rest.split(']').next().unwrap().parse::<u32>().expect("a number")
        };
        let (validity, next) = (number("[UIDVALIDITY "), number("[UIDNEXT "));
        let mut messages = BTreeMap::new();
        for line in self.ask("UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")?.untagged {
            if let Some((uid, token, marks)) = fetched(&line) {
                assert!(messages.insert(uid, (token, marks)).is_none(), "{name}: UID {uid} twice in one FETCH");
            }
        }
        // The end of the mailbox may have moved since EXAMINE.
        let next = messages.keys().next_back().map_or(next, |last| next.max(last + 1));
        Ok(SeenFolder { validity, next, messages })
    }
}

/// UID, subject and flags of a line of FETCH that has all of them.
fn fetched(line: &str) -> Option<(u32, Token, Marks)> {
    let uid = line.split_once("UID ")?.1.split([' ', ')']).next()?.parse().ok()?;
    let subject = line.split_once("Subject: ")?.1.split('\r').next()?;
    let flags = line.split_once("FLAGS (")?.1.split(')').next()?;
    let marks = flags.split_whitespace().filter(|flag| *flag != "\\Recent").map(str::to_owned).collect();
    Some((uid, subject.to_owned(), marks))
}

fn judge(command: &str, untagged: Vec<String>, tagged: &str) -> Result<Done> {
    let words = tagged.split_once(' ').map_or("", |(_tag, words)| words);
    if words.starts_with("OK") {
        let lines = untagged.iter().map(String::as_str).chain([tagged]);
        let told = lines.filter_map(told).next();
        return Ok(Done { untagged, told });
    }
    // "Later": it may have been done, or not.
    if words.starts_with("NO [UNAVAILABLE]") {
        return Err(Error::other(words.to_owned()));
    }
    panic!("{}: {tagged}", command.split_whitespace().take(3).collect::<Vec<_>>().join(" "));
}

fn told(line: &str) -> Option<Told> {
    let code = |word: &str| line.split_once(word)?.1.split(']').next().map(|rest| rest.split(' ').collect::<Vec<_>>());
    if let Some(words) = code("[APPENDUID ") {
        return Some(Told { validity: words[0].parse().ok()?, from: None, to: uids(words[1]) });
    }
    let words = code("[COPYUID ")?;
    Some(Told { validity: words[0].parse().ok()?, from: Some(uids(words[1])), to: uids(words[2]) })
}

/// A set of UIDs, written out.
fn uids(set: &str) -> Vec<u32> {
    let range = |range: &str| {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        first.parse::<u32>().unwrap()..=last.parse().unwrap()
    };
    set.split(',').flat_map(range).collect()
}
