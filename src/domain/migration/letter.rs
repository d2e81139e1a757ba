//! PURE: what every source of mail gives, whatever its form: letters, and what is wrong.

use std::fmt;

use crate::model::{Flags, MailboxName, SpecialUse, Timestamp};

/// Where a letter goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// One of [`SpecialUse::REQUIRED`].
    Special(SpecialUse),
    Named(MailboxName),
}

impl Target {
    /// The name as it was asked for, whatever becomes of the mailbox: letters are known again by it.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Special(special) => special.column(),
            Self::Named(name) => name.as_str(),
        }
    }
}

/// A letter, but for its octets.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) place: Place,
    pub(super) target: Target,
    /// Where it came from, where it goes to Trash.
    pub(super) origin: Option<Target>,
    pub(super) flags: Flags,
    /// `None`: that of its Date field.
    pub(super) internal_date: Option<Timestamp>,
    pub(super) identity: Identity,
}

/// By what a letter is known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// The ENT's id of the message; the first copy is 1, and another one lies elsewhere (a letter to oneself).
    Ent { id: String, copy: u8 },
    /// Its octets, in its mailbox; how many of the same there are is counted.
    Content,
}

/// Where in the source something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    /// `row 7`, `octet 4096`; empty where the whole file is meant.
    pub(super) within: String,
}

impl Place {
    /// A whole file.
    pub(super) fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), within: String::new() }
    }

    /// A row of a table, counted from 1.
    pub(super) fn row(file: &str, row: usize) -> Self {
        Self { file: file.to_owned(), within: format!("row {row}") }
    }

    /// From an octet of a file on.
    pub(super) fn octet(file: &str, octet: u64) -> Self {
        Self { file: file.to_owned(), within: format!("octet {octet}") }
    }

    /// With a reason, something to tell.
    pub(super) fn told(self, what: impl Into<String>) -> Problem {
        Problem { place: self, what: what.into() }
    }
}

/// Something that is wrong, or that an admin should know: where, and what. Never a subject, nor anything of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(super) place: Place,
    pub(super) what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of files are whatever somebody chose.
        let file: String = self.place.file.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        match self.place.within.is_empty() {
            true => write!(f, "{file}: {}", self.what),
            false => write!(f, "{file}: {}: {}", self.place.within, self.what),
        }
    }
}
