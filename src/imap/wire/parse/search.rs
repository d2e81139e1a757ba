//! SEARCH (RFC 9051 §6.4.4; RFC 3501 §6.4.4; RFC 4731 §3; RFC 5032 §3; RFC 5182 §2; RFC 7162 §3.1.5;
//! RFC 8474 §6; RFC 8514 §4.3; RFC 9394 §3.1; RFC 5267 §4; RFC 5465 §7).

use super::super::command::{Numbers, Search, SearchKey, SearchReturn, SequenceSet};
use super::super::framer::BadCommand;
use super::cursor::{Cursor, Parsed, utf8};
use super::notify;
use crate::model::{ModSeq, SystemFlag};

const KEY: &str = "a search key";

/// The arguments of SEARCH.
pub(super) fn search(cursor: &mut Cursor<'_>, numbers: Numbers) -> Parsed<Search> {
    let returns = returns(cursor)?;
    if cursor.keyword("CHARSET") {
        cursor.space()?;
        return with_charset(cursor, numbers, returns);
    }
    let key = keys(cursor, Texts::Utf8)?;
    Ok(Search { numbers, returns, charset: None, key })
}

/// `RETURN (…)`, where it is there.
pub(super) fn returns(cursor: &mut Cursor<'_>) -> Parsed<Option<Vec<SearchReturn>>> {
    if !cursor.keyword("RETURN") {
        return Ok(None);
    }
    cursor.space()?;
    let returns = return_options(cursor)?;
    cursor.space()?;
    Ok(Some(returns))
}

/// A charset, and keys in it.
pub(super) fn with_charset(
    cursor: &mut Cursor<'_>,
    numbers: Numbers,
    returns: Option<Vec<SearchReturn>>,
) -> Parsed<Search> {
    let charset = cursor.astring_text()?.to_uppercase();
    cursor.space()?;
    let texts = match charset.as_str() {
        "UTF-8" | "US-ASCII" => Texts::Utf8,
        _ => Texts::Unknown,
    };
    let key = keys(cursor, texts)?;
    Ok(Search { numbers, returns, charset: Some(charset), key })
}

/// Keys up to the end of the command.
fn keys(cursor: &mut Cursor<'_>, texts: Texts) -> Parsed<SearchKey> {
    let mut keys = Keys { cursor, texts, depth: 0 };
    let mut all = vec![keys.key()?];
    loop {
        let spaced = keys.cursor.space();
        if keys.cursor.is_at_end() {
            return Ok(conjunction(all));
        }
        spaced?;
        all.push(keys.key()?);
    }
}

/// `RETURN ()` asks for ALL (RFC 4731 §3.1).
fn return_options(cursor: &mut Cursor<'_>) -> Parsed<Vec<SearchReturn>> {
    const WHAT: &str = "MIN, MAX, ALL, COUNT, SAVE, PARTIAL, UPDATE or CONTEXT";
    let options = cursor.list(|cursor| match cursor.word(WHAT)?.as_str() {
        "MIN" => Ok(SearchReturn::Min),
        "MAX" => Ok(SearchReturn::Max),
        "ALL" => Ok(SearchReturn::All),
        "COUNT" => Ok(SearchReturn::Count),
        "SAVE" => Ok(SearchReturn::Save),
        "CONTEXT" => Ok(SearchReturn::Context),
        "UPDATE" => notify::fetch_items(cursor).map(SearchReturn::Update),
        "PARTIAL" => {
            cursor.space()?;
            cursor.partial_range().map(SearchReturn::Partial)
        }
        _ => Err(BadCommand::Syntax(WHAT)),
    })?;
    // RFC 9394 §3.1
    let ranges = |option: &&SearchReturn| matches!(option, SearchReturn::Partial(_) | SearchReturn::All);
    let has_partial = options.iter().any(|option| matches!(option, SearchReturn::Partial(_)));
    if has_partial && options.iter().filter(ranges).count() > 1 {
        return Err(BadCommand::Syntax("one PARTIAL, without ALL"));
    }
    Ok(if options.is_empty() { vec![SearchReturn::All] } else { options })
}

/// One key stands for itself, several must all hold.
fn conjunction(mut keys: Vec<SearchKey>) -> SearchKey {
    match keys.len() {
        1 => keys.swap_remove(0),
        _ => SearchKey::And(keys),
    }
}

/// What octets the texts are.
#[derive(Clone, Copy)]
enum Texts {
    Utf8,
    /// A charset that the session will refuse, with BADCHARSET: the texts do not matter.
    Unknown,
}

/// Reads keys, and counts how deep they are.
struct Keys<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    texts: Texts,
    depth: usize,
}

impl Keys<'_, '_> {
    fn key(&mut self) -> Parsed<SearchKey> {
        match self.cursor.peek() {
            Some(b'(') => self.deeper(Self::group),
            Some(b'*' | b'$' | b'0'..=b'9') => Ok(SearchKey::Set(Numbers::Sequence, self.cursor.sequence_set()?)),
            _ => {
                let word = self.cursor.word(KEY)?;
                match flag_key(&word) {
                    Some(key) => Ok(key),
                    None => self.key_with_arguments(&word),
                }
            }
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == self.cursor.limits.nesting_max {
            return Err(BadCommand::TooNested);
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn group(&mut self) -> Parsed<SearchKey> {
        let (texts, depth) = (self.texts, self.depth);
        let keys = self.cursor.list_of_some(KEY, |cursor| Keys { cursor, texts, depth }.key())?;
        Ok(conjunction(keys))
    }

    fn key_with_arguments(&mut self, word: &str) -> Parsed<SearchKey> {
        self.cursor.space().map_err(|_| BadCommand::Syntax(KEY))?;
        Ok(match word {
            "BCC" => SearchKey::Bcc(self.text()?),
            "BODY" => SearchKey::Body(self.text()?),
            "CC" => SearchKey::Cc(self.text()?),
            "FROM" => SearchKey::From(self.text()?),
            "SUBJECT" => SearchKey::Subject(self.text()?),
            "TEXT" => SearchKey::Text(self.text()?),
            "TO" => SearchKey::To(self.text()?),
            "HEADER" => {
                let field = self.text()?;
                self.cursor.space()?;
                SearchKey::Header(field, self.text()?)
            }
            "BEFORE" => SearchKey::Before(self.cursor.date()?),
            "ON" => SearchKey::On(self.cursor.date()?),
            "SINCE" => SearchKey::Since(self.cursor.date()?),
            "SENTBEFORE" => SearchKey::SentBefore(self.cursor.date()?),
            "SENTON" => SearchKey::SentOn(self.cursor.date()?),
            "SENTSINCE" => SearchKey::SentSince(self.cursor.date()?),
            "KEYWORD" => SearchKey::Keyword(self.cursor.atom("a keyword")?),
            "UNKEYWORD" => not(SearchKey::Keyword(self.cursor.atom("a keyword")?)),
            "LARGER" => SearchKey::Larger(self.cursor.octets("a number of octets")?),
            "SMALLER" => SearchKey::Smaller(self.cursor.octets("a number of octets")?),
            "UID" => SearchKey::Set(Numbers::Uid, self.cursor.sequence_set()?),
            // RFC 9738 §3
            "UIDAFTER" => uids(self.cursor.uid()?.checked_add(1).map(|from| (from, u32::MAX))),
            "UIDBEFORE" => uids(self.cursor.uid()?.checked_sub(1).filter(|to| *to > 0).map(|to| (1, to))),
            "MODSEQ" => self.mod_seq()?,
            "SAVEDBEFORE" => SearchKey::SavedBefore(self.cursor.date()?),
            "SAVEDON" => SearchKey::SavedOn(self.cursor.date()?),
            "SAVEDSINCE" => SearchKey::SavedSince(self.cursor.date()?),
            "EMAILID" => SearchKey::EmailId(self.cursor.object_id()?),
            "THREADID" => SearchKey::ThreadId(self.cursor.object_id()?),
            "OLDER" => SearchKey::Older(self.interval()?),
            "YOUNGER" => SearchKey::Younger(self.interval()?),
            "NOT" => not(self.deeper(Self::key)?),
            "OR" => self.deeper(Self::or)?,
            _ => return Err(BadCommand::Syntax(KEY)),
        })
    }

    fn or(&mut self) -> Parsed<SearchKey> {
        let left = self.key()?;
        self.cursor.space()?;
        Ok(SearchKey::Or(Box::new(left), Box::new(self.key()?)))
    }

    /// `MODSEQ 7`, `MODSEQ "/flags/\\draft" all 7`: the counter is one for all flags of a message, so which flag does not matter.
    fn mod_seq(&mut self) -> Parsed<SearchKey> {
        if self.cursor.peek() == Some(b'"') {
            self.cursor.quoted("a flag's entry")?;
            self.cursor.space()?;
            if !["PRIV", "SHARED", "ALL"].contains(&self.cursor.word("priv, shared or all")?.as_str()) {
                return Err(BadCommand::Syntax("priv, shared or all"));
            }
            self.cursor.space()?;
        }
        self.cursor.number63("a mod-sequence").map(|mod_seq| SearchKey::ModSeq(ModSeq(mod_seq)))
    }

    /// Seconds, at least one (RFC 5032 §4).
    fn interval(&mut self) -> Parsed<u32> {
        const WHAT: &str = "a number of seconds";
        self.cursor
            .number32(WHAT)
            .and_then(|seconds| if seconds == 0 { Err(BadCommand::Syntax(WHAT)) } else { Ok(seconds) })
    }

    fn text(&mut self) -> Parsed<String> {
        let octets = self.cursor.astring()?;
        match self.texts {
            Texts::Utf8 => utf8(&octets),
            Texts::Unknown => Ok(String::from_utf8_lossy(&octets).into_owned()),
        }
    }
}

/// Keys that carry nothing.
fn flag_key(word: &str) -> Option<SearchKey> {
    Some(match word {
        // Save dates are kept of every message (RFC 8514 §4.3).
        "ALL" | "OLD" | "SAVEDATESUPPORTED" => SearchKey::All,
        "NEW" | "RECENT" => SearchKey::Recent,
        "ANSWERED" => SearchKey::Flag(SystemFlag::Answered),
        "DELETED" => SearchKey::Flag(SystemFlag::Deleted),
        "DRAFT" => SearchKey::Flag(SystemFlag::Draft),
        "FLAGGED" => SearchKey::Flag(SystemFlag::Flagged),
        "SEEN" => SearchKey::Flag(SystemFlag::Seen),
        "UNANSWERED" => not(SearchKey::Flag(SystemFlag::Answered)),
        "UNDELETED" => not(SearchKey::Flag(SystemFlag::Deleted)),
        "UNDRAFT" => not(SearchKey::Flag(SystemFlag::Draft)),
        "UNFLAGGED" => not(SearchKey::Flag(SystemFlag::Flagged)),
        "UNSEEN" => not(SearchKey::Flag(SystemFlag::Seen)),
        _ => return None,
    })
}

/// Messages with a UID in this range; none where there is none.
fn uids(range: Option<(u32, u32)>) -> SearchKey {
    let ranges = range.into_iter().map(|(from, to)| (Some(from), Some(to))).collect();
    SearchKey::Set(Numbers::Uid, SequenceSet::Ranges(ranges))
}

fn not(key: SearchKey) -> SearchKey {
    SearchKey::Not(Box::new(key))
}
