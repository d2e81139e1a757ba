//! What SORT and THREAD can ask (RFC 5256 §3, RFC 5957 §3, RFC 5267 §3).

use super::command::Search;

/// SORT: of `search`, in which order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// The first decides first.
    pub criteria: Vec<SortCriterion>,
    pub search: Search,
}

/// One criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortCriterion {
    pub key: SortKey,
    pub reverse: bool,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    Arrival,
    Cc,
    Date,
    DisplayFrom,
    DisplayTo,
    From,
    Size,
    Subject,
    To,
}

impl SortKey {
    /// The key of this name, in upper case.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ARRIVAL" => Self::Arrival,
            "CC" => Self::Cc,
            "DATE" => Self::Date,
            "DISPLAYFROM" => Self::DisplayFrom,
            "DISPLAYTO" => Self::DisplayTo,
            "FROM" => Self::From,
            "SIZE" => Self::Size,
            "SUBJECT" => Self::Subject,
            "TO" => Self::To,
            _ => return None,
        })
    }
}

/// THREAD.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadAsk {
    pub algorithm: ThreadAlgorithm,
    pub search: Search,
}

/// How threads are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadAlgorithm {
    OrderedSubject,
    References,
}
