//! PURE: lines of such a file → messages, their line ends CRLF.

use super::FROM;
use super::flags::{Keeping, Kept};
use crate::model::Timestamp;

/// What a line came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The message before has ended; what its fields said of it. The next begins, with the time of its `From ` line.
    Begin { before: Option<Kept>, at: Option<Timestamp> },
    /// More of the message.
    More,
    /// There is something before the first message: this is no such file.
    NoMessage,
}

/// Where a reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first message.
    Start,
    Header,
    /// In a field that is no part of the message: its continuation lines belong to it.
    Dropped(Keeping),
    Body,
}

/// Reads a file line by line.
#[derive(Debug)]
pub struct Reader {
    state: State,
    /// The line before was empty: it parts two messages, or is one of the body.
    empty_before: bool,
    /// A carriage return at the end of a piece of a line.
    return_before: bool,
    kept: Kept,
}

impl Default for Reader {
    fn default() -> Self {
        Self { state: State::Start, empty_before: true, return_before: false, kept: Kept::default() }
    }
}

impl Reader {
    /// Takes a line with its line end, or a piece of one that is too long (`begins`: its first). What belongs to the
    /// message goes to the end of `out`.
    pub fn line(&mut self, line: &[u8], begins: bool, out: &mut Vec<u8>) -> Step {
        let (text, ended) = match line.strip_suffix(b"\n") {
            Some(text) => (text.strip_suffix(b"\r").unwrap_or(text), true),
            None => (line, false),
        };
        if begins
            && self.empty_before
            && ended
            && text.starts_with(FROM)
            && let Some(at) = time_of(text)
        {
            return self.begin(at);
        }
        match self.state {
            // Empty lines before the first message are none of it.
            State::Start if text.is_empty() => return Step::More,
            State::Start => return Step::NoMessage,
            State::Header | State::Dropped(_) => self.header_line(text, (begins, ended), out),
            State::Body => self.body_line(text, (begins, ended), out),
        }
        Step::More
    }

    /// The file's end: what the last message's fields said, where there was one.
    pub fn finish(self) -> Option<Kept> {
        (self.state != State::Start).then_some(self.kept)
    }

    fn begin(&mut self, at: Option<Timestamp>) -> Step {
        let before = (self.state != State::Start).then(|| std::mem::take(&mut self.kept));
        *self = Self { state: State::Header, empty_before: false, return_before: false, kept: Kept::default() };
        Step::Begin { before, at }
    }

    fn header_line(&mut self, text: &[u8], (begins, ended): (bool, bool), out: &mut Vec<u8>) {
        let goes_on = !begins || matches!(text.first(), Some(b' ' | b'\t'));
        let field = match self.state {
            State::Dropped(field) if goes_on => Some(field),
            _ if goes_on => None,
            _ => text.split(|octet| *octet == b':').next().and_then(|name| Keeping::of(name.trim_ascii_end())),
        };
        if let Some(field) = field {
            let value = if goes_on { text } else { text.splitn(2, |octet| *octet == b':').nth(1).unwrap_or_default() };
            self.kept.read(field, &String::from_utf8_lossy(value));
            self.state = State::Dropped(field);
            return;
        }
        self.state = State::Header;
        if begins && ended && text.is_empty() {
            self.state = State::Body;
            out.extend_from_slice(b"\r\n");
            return;
        }
        self.push(text, (begins, ended), out);
    }

    fn body_line(&mut self, text: &[u8], (begins, ended): (bool, bool), out: &mut Vec<u8>) {
        if begins && std::mem::take(&mut self.empty_before) {
            out.extend_from_slice(b"\r\n");
        }
        if begins && ended && text.is_empty() {
            self.empty_before = true;
            return;
        }
        self.push(text, (begins, ended), out);
    }

    fn push(&mut self, text: &[u8], (begins, ended): (bool, bool), out: &mut Vec<u8>) {
        if std::mem::take(&mut self.return_before) && !(text.is_empty() && ended) {
            out.push(b'\r');
        }
        let quoted = text.iter().take_while(|octet| **octet == b'>').count();
        let is_quoted = begins && quoted > 0 && text.get(quoted..).is_some_and(|rest| rest.starts_with(FROM));
        let text = if is_quoted { text.get(1..).unwrap_or_default() } else { text };
        match text.strip_suffix(b"\r").filter(|_| !ended) {
            Some(text) => {
                self.return_before = true;
                out.extend_from_slice(text);
            }
            None => out.extend_from_slice(text),
        }
        if ended {
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// `Some` where the line can begin a message: what stands behind its address is a time, or nothing stands there at all
/// (Thunderbird). The time is in UTC where it names no zone.
fn time_of(line: &[u8]) -> Option<Option<Timestamp>> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = std::str::from_utf8(line.get(FROM.len()..)?).ok()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() || words == ["-"] {
        return Some(None);
    }
    // The last month of the line: an address may hold anything.
    let at = words.iter().rposition(|word| MONTHS.contains(word))?;
    let month = MONTHS.iter().position(|month| Some(month) == words.get(at))?;
    let day: i8 = words.get(at + 1)?.parse().ok()?;
    let mut clock = words.get(at + 2)?.split(':').map(str::parse::<i8>);
    let (hour, minute) = (clock.next()?.ok()?, clock.next()?.ok()?);
    let second = clock.next().transpose().ok()?.unwrap_or(0);
    let rest = words.get(at + 3..)?;
    let year: i16 = rest.iter().find(|word| word.len() == 4).and_then(|word| word.parse().ok())?;
    let civil = jiff::civil::DateTime::new(year, i8::try_from(month + 1).ok()?, day, hour, minute, second, 0).ok()?;
    let utc = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let zone = rest.iter().find_map(|word| zone_seconds(word)).unwrap_or(0);
    Some(Some(Timestamp::from_seconds(utc - zone)))
}

/// `+0100`
fn zone_seconds(word: &str) -> Option<i64> {
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let number: i64 =
        (digits.len() == 4 && digits.bytes().all(|c| c.is_ascii_digit())).then(|| digits.parse().ok())??;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}
