//! What SEARCH can ask, and all that searches: SORT, THREAD, ESEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5267 §4).

use super::command::{FetchItem, Numbers, SequenceSet};
use crate::model::{ModSeq, SystemFlag};

/// SEARCH (RFC 9051 §6.4.4, RFC 4731).
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    pub numbers: Numbers,
    /// `None`: no RETURN, answered by `* SEARCH`. `RETURN ()` is ALL.
    pub returns: Option<Vec<SearchReturn>>,
    /// As sent, upper case; only US-ASCII and UTF-8 are ours, others `NO [BADCHARSET]`.
    pub charset: Option<String>,
    pub key: SearchKey,
}

impl Search {
    /// What is to be told of new messages, where results are to be kept up to date (RFC 5267 §4.3).
    pub fn update(&self) -> Option<&[FetchItem]> {
        self.returns.iter().flatten().find_map(|wanted| match wanted {
            SearchReturn::Update(items) => Some(items.as_slice()),
            _ => None,
        })
    }

    /// Does it ask for ModSeqs?
    pub fn names_mod_seq(&self) -> bool {
        self.key.names_mod_seq() || self.update().is_some_and(|items| items.contains(&FetchItem::ModSeq))
    }
}

/// RETURN options.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchReturn {
    Min,
    Max,
    All,
    Count,
    /// RFC 5182 §2.1
    Save,
    /// RFC 9394 §3.1: never with ALL.
    Partial(PartialRange),
    /// RFC 5267 §4.2: a hint, and nothing else.
    Context,
    /// RFC 5267 §4.3, with what is to be told of new messages (RFC 5465 §7).
    Update(Vec<FetchItem>),
}

/// Places among results, from 1 (RFC 9394 §4): ends in the order written; `from_last`: counted from the last result, as
/// `-1:-100` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialRange {
    pub from: u32,
    pub to: u32,
    pub from_last: bool,
}

impl PartialRange {
    /// Those of so many results: places from 0.
    pub fn of(self, count: usize) -> std::ops::Range<usize> {
        let place = |end: u32| usize::try_from(end).unwrap_or(usize::MAX);
        let first = place(self.from.min(self.to)).saturating_sub(1).min(count);
        let end = place(self.from.max(self.to)).min(count);
        if self.from_last { count - end..count - first } else { first..end }
    }
}

/// Search keys. Texts are UTF-8 as sent, not folded; dates are days since 1970-01-01.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchKey {
    All,
    And(Vec<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    /// Sequence numbers, or UIDs with `UID`.
    Set(Numbers, SequenceSet),
    /// ANSWERED, DELETED, DRAFT, FLAGGED, SEEN; the UN… forms are `Not`.
    Flag(SystemFlag),
    Keyword(String),
    /// NEW, RECENT: nothing is recent here; OLD is everything.
    Recent,
    Before(i64),
    On(i64),
    Since(i64),
    SentBefore(i64),
    SentOn(i64),
    SentSince(i64),
    Larger(u64),
    Smaller(u64),
    From(String),
    To(String),
    Cc(String),
    Bcc(String),
    Subject(String),
    /// Field name, text; an empty text asks only whether the field is there.
    Header(String, String),
    Body(String),
    Text(String),
    /// RFC 7162 §3.1.5
    ModSeq(ModSeq),
    /// RFC 5032 §3: INTERNALDATE more than this many seconds ago.
    Older(u32),
    /// RFC 5032 §3: INTERNALDATE within the last so many seconds.
    Younger(u32),
    /// RFC 8514 §4.3: as BEFORE, ON and SINCE, of the day the message came into this mailbox.
    SavedBefore(i64),
    SavedOn(i64),
    SavedSince(i64),
    /// RFC 8474 §6: an object id as written.
    EmailId(String),
    ThreadId(String),
}

impl SearchKey {
    /// Does this key, or one within it, fulfil the condition?
    pub fn any(&self, holds: &impl Fn(&Self) -> bool) -> bool {
        holds(self)
            || match self {
                Self::And(keys) => keys.iter().any(|key| key.any(holds)),
                Self::Or(one, other) => one.any(holds) || other.any(holds),
                Self::Not(key) => key.any(holds),
                _ => false,
            }
    }

    /// How many keys there are, whatever joins them.
    pub fn count(&self) -> usize {
        match self {
            Self::And(keys) => keys.iter().map(Self::count).sum(),
            Self::Or(one, other) => one.count() + other.count(),
            Self::Not(key) => key.count(),
            _ => 1,
        }
    }

    /// Does it ask for ModSeqs?
    pub fn names_mod_seq(&self) -> bool {
        self.any(&|key| matches!(key, Self::ModSeq(_)))
    }

    /// Do its sets hold sequence numbers?
    pub fn names_numbers(&self) -> bool {
        self.any(&|key| matches!(key, Self::Set(Numbers::Sequence, SequenceSet::Ranges(_))))
    }
}
