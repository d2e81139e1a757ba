//! Arguments with a meaning: mailbox names, sets of numbers, flags, dates.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::super::command::{MailboxArgument, PartialRange, SequenceSet};
use super::super::framer::BadCommand;
use super::cursor::{Cursor, Parsed, is_atom_char};
use crate::model::{Flags, SystemFlag, Timestamp};

const SECONDS_PER_DAY: i64 = 86_400;

/// One flag as a client names it.
enum GivenFlag {
    System(SystemFlag),
    Keyword(String),
    /// Passed over: no client can set it (RFC 3501 §2.3.2).
    Recent,
}

impl Cursor<'_> {
    /// `mailbox`: modified UTF-7, or UTF-8.
    pub(super) fn mailbox(&mut self) -> Parsed<MailboxArgument> {
        Ok(MailboxArgument::read(self.limits.names, &self.astring_text()?))
    }

    /// What the names of mailboxes begin with.
    pub(super) fn mailbox_text(&mut self) -> Parsed<String> {
        Ok(self.limits.names.decode(self.astring_text()?))
    }

    /// `list-mailbox`
    pub(super) fn mailbox_pattern(&mut self) -> Parsed<String> {
        Ok(self.limits.names.decode(self.list_pattern()?))
    }

    /// `sequence-set`, or `$`.
    pub(super) fn sequence_set(&mut self) -> Parsed<SequenceSet> {
        if self.accept(b'$') {
            let ends = self.peek().is_none_or(|next| !is_atom_char(next));
            return if ends { Ok(SequenceSet::Saved) } else { Err(BadCommand::Syntax("$ alone")) };
        }
        let mut ranges = Vec::new();
        loop {
            if ranges.len() == self.limits.set_ranges_max {
                return Err(BadCommand::TooManyRanges);
            }
            let start = self.sequence_number()?;
            let end = if self.accept(b':') { self.sequence_number()? } else { start };
            ranges.push((start, end));
            if !self.accept(b',') {
                return Ok(SequenceSet::Ranges(ranges));
            }
        }
    }

    /// `partial-range` (RFC 9394 §4).
    pub(super) fn partial_range(&mut self) -> Parsed<PartialRange> {
        const WHAT: &str = "a range such as 1:100 or -1:-100";
        let from_last = self.accept(b'-');
        let from = self.partial_end(WHAT)?;
        self.expect(b':', WHAT)?;
        if self.accept(b'-') != from_last {
            return Err(BadCommand::Syntax(WHAT));
        }
        Ok(PartialRange { from, to: self.partial_end(WHAT)?, from_last })
    }

    fn partial_end(&mut self, what: &'static str) -> Parsed<u32> {
        self.number32(what).and_then(|end| if end == 0 { Err(BadCommand::Syntax(what)) } else { Ok(end) })
    }

    /// `uniqueid`
    pub(super) fn uid(&mut self) -> Parsed<u32> {
        const WHAT: &str = "a UID";
        self.number32(WHAT).and_then(|uid| if uid == 0 { Err(BadCommand::Syntax(WHAT)) } else { Ok(uid) })
    }

    /// `objectid` (RFC 8474 §7): up to 255 letters, digits, `_` and `-`.
    pub(super) fn object_id(&mut self) -> Parsed<String> {
        const WHAT: &str = "an object id";
        let id = self.atom(WHAT)?;
        let is_id = id.len() <= 255 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if is_id { Ok(id) } else { Err(BadCommand::Syntax(WHAT)) }
    }

    /// A number from 1, or `*` as `None`.
    pub(super) fn sequence_number(&mut self) -> Parsed<Option<u32>> {
        const WHAT: &str = "a message number";
        if self.accept(b'*') {
            return Ok(None);
        }
        match self.number32(WHAT)? {
            0 => Err(BadCommand::Syntax(WHAT)),
            number => Ok(Some(number)),
        }
    }

    /// `flag-list`
    pub(super) fn flag_list(&mut self) -> Parsed<Flags> {
        self.list(Self::flag).map(flags_of)
    }

    /// Flags without parentheses up to the end of the command, at least one.
    pub(super) fn bare_flags(&mut self) -> Parsed<Flags> {
        let mut given = vec![self.flag()?];
        loop {
            self.spaces();
            if self.is_at_end() {
                return Ok(flags_of(given));
            }
            self.one_more(given.len())?;
            given.push(self.flag()?);
        }
    }

    fn flag(&mut self) -> Parsed<GivenFlag> {
        if !self.accept(b'\\') {
            return self.atom("a flag").map(GivenFlag::Keyword);
        }
        let name = format!("\\{}", self.atom("a flag")?);
        match SystemFlag::from_name(&name) {
            Some(flag) => Ok(GivenFlag::System(flag)),
            None if name.eq_ignore_ascii_case("\\Recent") => Ok(GivenFlag::Recent),
            None => Err(BadCommand::Syntax("a flag that exists")),
        }
    }

    /// `date`, quoted or not, as days since 1970-01-01.
    pub(super) fn date(&mut self) -> Parsed<i64> {
        const WHAT: &str = "a date such as 1-Feb-1994";
        let day = if self.peek() == Some(b'"') {
            let quoted = self.quoted(WHAT)?;
            let mut inside = Cursor::new(&quoted, self.limits);
            let day = inside.civil_date();
            day.filter(|_| inside.is_at_end())
        } else {
            self.civil_date().filter(|_| self.peek().is_none_or(|next| !is_atom_char(next)))
        };
        let midnight = day.and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
        midnight.map(|at| at.as_second().div_euclid(SECONDS_PER_DAY)).ok_or(BadCommand::Syntax(WHAT))
    }

    /// `date-time` with its quotes: `"17-Jul-1996 02:44:25 -0700"`.
    pub(super) fn date_time(&mut self) -> Parsed<Timestamp> {
        const WHAT: &str = "a date and time such as \"17-Jul-1996 02:44:25 -0700\"";
        let quoted = self.quoted(WHAT)?;
        let mut inside = Cursor::new(&quoted, self.limits);
        inside.zoned().filter(|_| inside.is_at_end()).ok_or(BadCommand::Syntax(WHAT))
    }

    /// `date-day-fixed "-" date-month "-" date-year SP time SP zone`
    fn zoned(&mut self) -> Option<Timestamp> {
        self.accept(b' ');
        let date = self.civil_date()?;
        self.space().ok()?;
        let hour = self.up_to_digits(2)?;
        self.expect(b':', "").ok()?;
        let minute = self.up_to_digits(2)?;
        self.expect(b':', "").ok()?;
        // A leap second is taken for the one before it.
        let second = Some(self.up_to_digits(2)?).filter(|second| *second <= 60)?.min(59);
        self.space().ok()?;
        let time = Time::new(hour, minute, second, 0).ok()?;
        let utc = TimeZone::UTC.to_timestamp(DateTime::from_parts(date, time)).ok()?.as_second();
        Some(Timestamp::from_seconds(utc - self.zone_seconds()?))
    }

    /// `zone`, in seconds east of Greenwich.
    fn zone_seconds(&mut self) -> Option<i64> {
        let west = match self.peek()? {
            b'+' => false,
            b'-' => true,
            _ => return None,
        };
        self.accept(if west { b'-' } else { b'+' });
        let digits = self.digits("").ok().filter(|digits| digits.len() == 4)?;
        let zone: i64 = digits.parse().ok()?;
        let (hours, minutes) = (zone / 100, zone % 100);
        let seconds = (hours * 60 + minutes) * 60;
        (hours < 24 && minutes < 60).then_some(if west { -seconds } else { seconds })
    }

    /// `day "-" month "-" year`
    fn civil_date(&mut self) -> Option<Date> {
        const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let day = self.up_to_digits(2)?;
        self.expect(b'-', "").ok()?;
        let name = self.take_while(|byte| byte.is_ascii_alphabetic());
        let month = MONTHS.iter().position(|month| name.eq_ignore_ascii_case(month.as_bytes()))?;
        self.expect(b'-', "").ok()?;
        let year = self.digits("").ok().filter(|digits| digits.len() == 4)?.parse().ok()?;
        Date::new(year, i8::try_from(month + 1).ok()?, day).ok()
    }

    fn up_to_digits(&mut self, length: usize) -> Option<i8> {
        self.digits("").ok().filter(|digits| digits.len() <= length)?.parse().ok()
    }
}

fn flags_of(given: Vec<GivenFlag>) -> Flags {
    let mut flags = Flags::default();
    for flag in given {
        match flag {
            GivenFlag::System(flag) => flags.set(flag),
            GivenFlag::Keyword(keyword) => flags.set_keyword(&keyword),
            GivenFlag::Recent => {}
        }
    }
    flags
}
