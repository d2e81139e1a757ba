//! Flags and keywords of a placement (RFC 9051 §2.3.2).

use std::sync::Arc;

/// A system flag that is kept (`\Recent` is not: RFC 9051 §2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemFlag {
    Seen,
    Answered,
    Flagged,
    Deleted,
    Draft,
}

impl SystemFlag {
    /// All of them, in the order they are written.
    pub const ALL: [Self; 5] = [Self::Answered, Self::Flagged, Self::Deleted, Self::Seen, Self::Draft];

    /// The flag's bit in `placement.flags`: stored, so never renumbered.
    pub const fn bit(self) -> u8 {
        match self {
            Self::Seen => 1,
            Self::Answered => 2,
            Self::Flagged => 4,
            Self::Deleted => 8,
            Self::Draft => 16,
        }
    }

    /// The name on the wire, with its backslash.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seen => "\\Seen",
            Self::Answered => "\\Answered",
            Self::Flagged => "\\Flagged",
            Self::Deleted => "\\Deleted",
            Self::Draft => "\\Draft",
        }
    }

    /// Reads a name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.name().eq_ignore_ascii_case(name))
    }
}

/// The flags of one placement: system flags as bits, keywords as sorted text (nearly always none).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    bits: u8,
    /// Sorted, joined by single spaces; compared without case, kept as first written.
    keywords: Option<Arc<str>>,
}

impl Flags {
    /// From the columns `flags` and `keywords`.
    pub fn from_columns(bits: i64, keywords: &str) -> Self {
        let known = SystemFlag::ALL.into_iter().fold(0, |all, flag| all | flag.bit());
        Self {
            bits: u8::try_from(bits & i64::from(known)).unwrap_or(0),
            keywords: (!keywords.is_empty()).then(|| Arc::from(keywords)),
        }
    }

    /// The column `flags`.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// The column `keywords`: sorted, joined by single spaces.
    pub fn keywords_text(&self) -> &str {
        self.keywords.as_deref().unwrap_or("")
    }

    /// The keywords, sorted.
    pub fn keywords(&self) -> impl Iterator<Item = &str> {
        self.keywords_text().split(' ').filter(|word| !word.is_empty())
    }

    /// Is this system flag set?
    pub fn has(&self, flag: SystemFlag) -> bool {
        self.bits & flag.bit() != 0
    }

    /// Is this keyword set? Blind to case.
    pub fn has_keyword(&self, keyword: &str) -> bool {
        self.keywords().any(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// Sets a system flag.
    pub fn set(&mut self, flag: SystemFlag) {
        self.bits |= flag.bit();
    }

    /// Clears a system flag.
    pub fn clear(&mut self, flag: SystemFlag) {
        self.bits &= !flag.bit();
    }

    /// Adds a keyword that is an atom (RFC 9051 `flag-keyword`).
    pub fn set_keyword(&mut self, keyword: &str) {
        if !self.has_keyword(keyword) {
            let mut words: Vec<&str> = self.keywords().chain([keyword]).collect();
            words.sort_unstable();
            self.keywords = Some(Arc::from(words.join(" ")));
        }
    }

    /// Removes a keyword.
    pub fn clear_keyword(&mut self, keyword: &str) {
        if self.has_keyword(keyword) {
            let rest: Vec<&str> = self.keywords().filter(|word| !word.eq_ignore_ascii_case(keyword)).collect();
            self.keywords = (!rest.is_empty()).then(|| Arc::from(rest.join(" ")));
        }
    }

    /// `self` with everything in `other` set too.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.bits |= other.bits;
        for word in other.keywords() {
            self.set_keyword(word);
        }
        self
    }

    /// `self` without anything in `other`.
    #[must_use]
    pub fn difference(mut self, other: &Self) -> Self {
        self.bits &= !other.bits;
        for word in other.keywords() {
            self.clear_keyword(word);
        }
        self
    }

    /// No flag at all?
    pub fn is_empty(&self) -> bool {
        self.bits == 0 && self.keywords.is_none()
    }
}
