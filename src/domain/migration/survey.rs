//! A source read for the first time: every letter is looked at whole, and nothing is written. What a letter is known by.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::letter::{Identity, Letter, Problem, Target};
use super::source::Take;
use crate::config::Config;
use crate::domain::import::progress::Progress;
use crate::store::migration::There;

/// A letter that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Surveyed {
    /// `None` where it cannot be taken.
    pub(super) known: Option<Known>,
    /// Places in [`Survey::targets`].
    pub(super) target: usize,
    pub(super) origin: Option<usize>,
}

/// What a letter is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) key: [u8; 16],
    pub(super) size: u64,
    copies: Copies,
}

/// Which copy of the same letter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    Anywhere(i64),
    InItsMailbox(i64),
}

impl Known {
    /// The key as it is stored.
    pub(super) fn column(&self) -> String {
        column(self.key)
    }

    /// When it is there already.
    pub(super) fn there(&self) -> There {
        match self.copies {
            Copies::Anywhere(copies) => There::Anywhere(copies),
            Copies::InItsMailbox(copies) => There::InItsMailbox(copies),
        }
    }
}

/// A key as it is stored.
pub(super) fn column(key: [u8; 16]) -> String {
    key.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The key of a mailbox that was made, so that it is not made again where it was deleted since.
pub(super) fn mailbox_key(target: &Target) -> String {
    column(hash(&[b"mailbox", target.word().as_bytes()]))
}

/// Half of a hash over parts, each behind its length.
fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    let mut key = [0; 16];
    hasher.finalize_xof().fill(&mut key);
    key
}

/// Looks at the octets of one letter after the other.
pub(super) struct Digest {
    config: Arc<Config>,
    hasher: blake3::Hasher,
    size: u64,
    has_nul: bool,
    /// How many of the same there were.
    copies: HashMap<[u8; 16], i64>,
}

impl Digest {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self { config, hasher: blake3::Hasher::new(), size: 0, has_nul: false, copies: HashMap::new() }
    }

    /// Takes more of the letter.
    pub(super) fn update(&mut self, octets: &[u8]) {
        self.hasher.update(octets);
        self.size = self.size.saturating_add(u64::try_from(octets.len()).unwrap_or(u64::MAX));
        self.has_nul |= memchr::memchr(0, octets).is_some();
    }

    /// Is it larger than any letter may be?
    pub(super) fn is_too_large(&self) -> bool {
        self.size > self.config.imap.append_bytes_max
    }

    /// Begins the next letter.
    pub(super) fn reset(&mut self) {
        self.hasher.reset();
        (self.size, self.has_nul) = (0, false);
    }

    /// The letter's end: what it is known by, or why it cannot be taken. The bounds are those of APPEND.
    pub(super) fn finish(&mut self, letter: &Letter) -> Result<Known, String> {
        let (size, has_nul, is_too_large) = (self.size, self.has_nul, self.is_too_large());
        let content = *self.hasher.finalize().as_bytes();
        self.reset();
        let keywords_max = self.config.mailboxes.keywords_per_message_max;
        if is_too_large {
            let bytes_max = self.config.imap.append_bytes_max;
            return Err(format!("a message of more than {bytes_max} octets (`imap.append_bytes_max`)"));
        }
        if has_nul {
            return Err("a message with a NUL octet in it".to_owned());
        }
        if size == 0 {
            return Err("an empty message".to_owned());
        }
        if letter.flags.keywords().count() > keywords_max {
            return Err(format!("more than {keywords_max} keywords (`mailboxes.keywords_per_message_max`)"));
        }
        Ok(match &letter.identity {
            Identity::Ent { id, copy } => Known {
                key: hash(&[b"ent", id.as_bytes(), &[*copy]]),
                size,
                copies: Copies::Anywhere(i64::from(*copy)),
            },
            Identity::Content => {
                let word = letter.target.word().as_bytes();
                let copies = self.copies.entry(hash(&[word, &content])).or_default();
                *copies += 1;
                let key = hash(&[b"mail", word, &content, &copies.to_be_bytes()]);
                Known { key, size, copies: Copies::InItsMailbox(*copies) }
            }
        })
    }
}

/// What a source holds.
pub(super) struct Survey {
    pub(super) letters: Vec<Surveyed>,
    /// Each once.
    pub(super) targets: Vec<Target>,
    places: HashMap<Target, usize>,
    /// The first of them.
    pub(super) problems: Vec<Problem>,
    pub(super) problems_in_all: usize,
    /// There are more letters than may be.
    pub(super) is_too_many: bool,
    digest: Digest,
    config: Arc<Config>,
    progress: Arc<Progress>,
}

impl Survey {
    pub(super) fn new(config: Arc<Config>, progress: Arc<Progress>) -> Self {
        Self {
            letters: Vec::new(),
            targets: Vec::new(),
            places: HashMap::new(),
            problems: Vec::new(),
            problems_in_all: 0,
            is_too_many: false,
            digest: Digest::new(Arc::clone(&config)),
            config,
            progress,
        }
    }

    fn place_of(&mut self, target: &Target) -> usize {
        if let Some(place) = self.places.get(target) {
            return *place;
        }
        self.targets.push(target.clone());
        self.places.insert(target.clone(), self.targets.len() - 1);
        self.targets.len() - 1
    }

    fn note(&mut self, problem: Problem) {
        self.problems_in_all += 1;
        if self.problems.len() < self.config.migration.problems_max {
            self.problems.push(problem);
        }
    }
}

impl Take for Survey {
    fn octets(&mut self, octets: &[u8]) -> io::Result<()> {
        // What is too large already need not be read on.
        if !self.digest.is_too_large() {
            self.digest.update(octets);
        }
        Ok(())
    }

    fn end(&mut self, letter: Letter) -> io::Result<()> {
        let messages_max = self.config.migration.messages_max;
        if self.letters.len() >= messages_max {
            self.is_too_many = true;
            return Err(io::Error::other(format!("more than {messages_max} messages (`migration.messages_max`)")));
        }
        let (target, origin) =
            (self.place_of(&letter.target), letter.origin.as_ref().map(|target| self.place_of(target)));
        let known = match self.digest.finish(&letter) {
            Ok(known) => Some(known),
            Err(why) => {
                self.note(letter.place.told(why));
                None
            }
        };
        self.letters.push(Surveyed { known, target, origin });
        self.progress.advance(1);
        Ok(())
    }

    fn broken(&mut self, problem: Problem) -> io::Result<()> {
        self.digest.reset();
        self.note(problem);
        Ok(())
    }

    fn drop_letter(&mut self) {
        self.digest.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::super::letter::Place;
    use super::*;
    use crate::model::{Flags, SpecialUse};

    fn digest() -> Digest {
        let config: Config =
            toml::from_str("domain = 'ent.test'\ndata_dir = 'd'\n[imap]\nappend_bytes_max = 10").unwrap();
        Digest::new(Arc::new(config))
    }

    fn letter(identity: Identity) -> Letter {
        let target = Target::Special(SpecialUse::Inbox);
        Letter { place: Place::file("f"), target, origin: None, flags: Flags::default(), internal_date: None, identity }
    }

    #[test]
    fn the_same_again_is_another_copy_and_the_same_import_the_same_keys() {
        let keys = || {
            let mut digest = digest();
            let keys: Vec<Known> = ["a", "a", "b"]
                .iter()
                .map(|octets| {
                    digest.update(octets.as_bytes());
                    digest.finish(&letter(Identity::Content)).unwrap()
                })
                .collect();
            keys
        };
        let first = keys();
        assert_eq!(first, keys());
        assert!(first[0].key != first[1].key && first[0].key != first[2].key);
        assert_eq!((first[1].copies, first[2].copies), (Copies::InItsMailbox(2), Copies::InItsMailbox(1)));
    }

    #[test]
    fn what_append_would_refuse_is_refused() {
        let mut digest = digest();
        for (octets, why) in [("", "empty"), ("a\0", "NUL"), ("01234567890", "more than 10 octets")] {
            digest.update(octets.as_bytes());
            let told = digest.finish(&letter(Identity::Content)).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
        digest.update(b"0123456789");
        assert_eq!(digest.finish(&letter(Identity::Content)).unwrap().size, 10);
    }
}
