//! Names of mailboxes and the four that every person has.

use unicode_normalization::UnicodeNormalization;

/// Between the parts of a mailbox's name.
pub const HIERARCHY_SEPARATOR: char = '/';

/// A mailbox's name as people write it (Unicode, parts joined by `/`). INBOX is always upper case (RFC 9051 §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxName(String);

/// Why a text cannot name a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadMailboxName {
    Empty,
    TooLong,
    ControlCharacter,
    EmptyPart,
    Wildcard,
    /// Not well-formed modified UTF-7 (RFC 3501 §5.1.3).
    BadUtf7,
}

impl MailboxName {
    /// The longest name, in bytes of UTF-8. A hard bound; the setting `name_bytes_max` may be lower.
    pub const BYTES_MAX: usize = 1000;

    /// Reads a name: `INBOX` in any case (also as first part), no empty part, no control character, no `*` or `%`.
    /// One trailing separator is dropped, as clients send it (RFC 9051 §6.3.4). Letters are composed: the same name, typed
    /// on another machine, is the same mailbox (RFC 9051 §5.1, RFC 5198 §2).
    pub fn parse(text: &str) -> Result<Self, BadMailboxName> {
        let composed: String = text.nfc().collect();
        let text = composed.strip_suffix(HIERARCHY_SEPARATOR).unwrap_or(&composed);
        if text.is_empty() {
            return Err(BadMailboxName::Empty);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(BadMailboxName::TooLong);
        }
        if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            return Err(BadMailboxName::ControlCharacter);
        }
        if text.contains(['*', '%']) {
            return Err(BadMailboxName::Wildcard);
        }
        let (first, rest) = match text.split_once(HIERARCHY_SEPARATOR) {
            Some((first, rest)) => (first, Some(rest)),
            None => (text, None),
        };
        if first.is_empty() || rest.is_some_and(|rest| rest.split(HIERARCHY_SEPARATOR).any(str::is_empty)) {
            return Err(BadMailboxName::EmptyPart);
        }
        let first = if first.eq_ignore_ascii_case("INBOX") { "INBOX" } else { first };
        Ok(Self(match rest {
            Some(rest) => format!("{first}{HIERARCHY_SEPARATOR}{rest}"),
            None => first.to_owned(),
        }))
    }

    /// The INBOX.
    pub fn inbox() -> Self {
        Self("INBOX".to_owned())
    }

    /// A name read back from the store, already checked.
    pub fn from_store(name: String) -> Self {
        Self(name)
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is this the INBOX itself?
    pub fn is_inbox(&self) -> bool {
        self.0 == "INBOX"
    }

    /// Number of parts.
    pub fn depth(&self) -> usize {
        self.0.split(HIERARCHY_SEPARATOR).count()
    }
}

/// What a mailbox is for (RFC 6154 §2): one of the four that every person has (the ENT's *Boîte de réception, Brouillons,
/// Messages envoyés, Corbeille*), or one that a person's own was given when it was created. One mailbox each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialUse {
    Inbox,
    Drafts,
    Sent,
    Trash,
    Archive,
    Junk,
    Flagged,
}

impl SpecialUse {
    /// Those of everybody.
    pub const REQUIRED: [Self; 4] = [Self::Inbox, Self::Drafts, Self::Sent, Self::Trash];
    /// Those that a person may give to a mailbox.
    pub const CHOSEN: [Self; 3] = [Self::Archive, Self::Junk, Self::Flagged];

    /// Does everybody have one? Then it can be neither deleted nor renamed.
    pub fn is_required(self) -> bool {
        Self::REQUIRED.contains(&self)
    }

    /// The column `mailbox.special_use`.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Drafts => "drafts",
            Self::Sent => "sent",
            Self::Trash => "trash",
            Self::Archive => "archive",
            Self::Junk => "junk",
            Self::Flagged => "flagged",
        }
    }

    /// From the column `mailbox.special_use`.
    pub fn from_column(text: &str) -> Option<Self> {
        Self::REQUIRED.into_iter().chain(Self::CHOSEN).find(|special| special.column() == text)
    }

    /// The attribute in LIST; the INBOX has none (RFC 6154 §2).
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Inbox => None,
            Self::Drafts => Some("\\Drafts"),
            Self::Sent => Some("\\Sent"),
            Self::Trash => Some("\\Trash"),
            Self::Archive => Some("\\Archive"),
            Self::Junk => Some("\\Junk"),
            Self::Flagged => Some("\\Flagged"),
        }
    }
}
