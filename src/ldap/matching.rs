//! PURE: does an entry match a filter (RFC 4511 §4.5.1.7): yes, no, or not to be said. Blind to case and accents.
//!
//! A piece of a name also matches whom the directory found by it: names are matched there in any order of their parts, and a
//! pupil's name finds his relatives.

use super::attribute::{self, Attribute};
use super::entry::Entry;
use super::fold;
use super::needle::{Needle, Needles, attribute_of, pieces};
use super::wire::filter::{Filter, Substrings};

/// The three values of a filter (RFC 4511 §4.5.1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    Undefined,
}

impl Truth {
    const fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    const fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined => Self::Undefined,
        }
    }
}

/// An entry that something found, or that was named.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub entry: &'a Entry,
    /// What found it.
    pub found_by: &'a [Needle],
}

impl Candidate<'_> {
    /// Does it match?
    pub fn matches(&self, filter: &Filter, needles: &Needles<'_>) -> bool {
        self.truth(filter, needles) == Truth::True
    }

    fn truth(&self, filter: &Filter, needles: &Needles<'_>) -> Truth {
        match filter {
            Filter::And(filters) => self.all(filters, needles),
            // Not one of them, that is: not all of them not.
            Filter::Or(filters) => self.any(filters, needles),
            Filter::Not(filter) => self.truth(filter, needles).not(),
            Filter::Present(name) => match attribute::named(name) {
                Some(attribute) => Truth::of(!self.entry.values(attribute).is_empty()),
                None => Truth::Undefined,
            },
            // No attribute of ours has an order (RFC 4519).
            Filter::GreaterOrEqual(_) | Filter::LessOrEqual(_) => Truth::Undefined,
            Filter::Equal(_) | Filter::Substrings(_) | Filter::Approximate(_) | Filter::Extensible(_) => {
                self.leaf(filter, needles)
            }
        }
    }

    fn leaf(&self, filter: &Filter, needles: &Needles<'_>) -> Truth {
        let Some(attribute) = attribute_of(filter) else { return Truth::Undefined };
        let is_found = || needles.needle(filter).is_some_and(|needle| self.found_by.contains(&needle));
        let holds = match filter {
            Filter::Equal(assertion) => equals(self.entry, attribute, &assertion.value),
            Filter::Extensible(extensible) => equals(self.entry, attribute, &extensible.value),
            Filter::Approximate(assertion) => equals(self.entry, attribute, &assertion.value) || is_found(),
            Filter::Substrings(substrings) => contains(self.entry, attribute, substrings) || is_found(),
            _ => false,
        };
        Truth::of(holds)
    }

    fn all(&self, filters: &[Filter], needles: &Needles<'_>) -> Truth {
        let mut all = Truth::True;
        for filter in filters {
            match self.truth(filter, needles) {
                Truth::False => return Truth::False,
                Truth::Undefined => all = Truth::Undefined,
                Truth::True => {}
            }
        }
        all
    }

    fn any(&self, filters: &[Filter], needles: &Needles<'_>) -> Truth {
        let mut any = Truth::False;
        for filter in filters {
            match self.truth(filter, needles) {
                Truth::True => return Truth::True,
                Truth::Undefined => any = Truth::Undefined,
                Truth::False => {}
            }
        }
        any
    }
}

/// Is it one of the attribute's values?
pub fn equals(entry: &Entry, attribute: Attribute, value: &str) -> bool {
    let value = fold(value.trim());
    entry.values(attribute).iter().any(|own| fold(own) == value)
}

fn contains(entry: &Entry, attribute: Attribute, substrings: &Substrings) -> bool {
    let folded: Vec<String> = pieces(substrings).map(fold).collect();
    let (has_initial, has_last) = (substrings.initial.is_some(), substrings.last.is_some());
    entry.values(attribute).iter().any(|own| {
        let own = fold(own);
        let mut rest = own.as_str();
        for (index, piece) in folded.iter().enumerate() {
            let is_last = has_last && index + 1 == folded.len();
            let behind = match (index, is_last) {
                (0, _) if has_initial => rest.strip_prefix(piece.as_str()),
                (_, true) => rest.ends_with(piece.as_str()).then_some(""),
                _ => rest.split_once(piece.as_str()).map(|(_, behind)| behind),
            };
            let Some(behind) = behind else { return false };
            rest = behind;
        }
        true
    })
}
