//! APPEND and REPLACE, line by line (RFC 9051 §6.3.12, RFC 3502 §6.3.11, RFC 4469 §3, RFC 6855 §4, RFC 8508 §3.1): how
//! a line goes on depends on the literal before it.

use super::super::append::{AppendHead, AppendItem, AppendLine, MessageLiteral, Replaced};
use super::super::command::Numbers;
use super::super::framer::{BadCommand, FrameLimits};
use super::cursor::{Cursor, Parsed};
use crate::model::Flags;

/// Where a line of APPEND or REPLACE goes on: behind which octets of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap::wire) struct Behind {
    place: Place,
    /// REPLACE has one message.
    single: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A whole message.
    Message,
    /// `UTF8 (~{n}`
    Utf8,
    /// A part of `CATENATE (`.
    Part,
    /// `CATENATE (… UTF8 (~{n}`
    Utf8Part,
}

/// What a line up to an announcement, or up to its end, comes to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::imap::wire) enum AppendRead<T> {
    /// `behind`: how the line behind its literal goes on.
    Line { line: T, behind: Behind },
    /// The literal is an argument: read on behind it.
    Argument,
}

/// The verbs whose messages are streamed.
pub(super) fn is_append(verb: &str) -> bool {
    matches!(verb, "APPEND" | "REPLACE")
}

/// The arguments of APPEND or REPLACE up to the first literal of a message, or the end.
pub(super) fn head(cursor: &mut Cursor<'_>, verb: &str, numbers: Numbers) -> Parsed<AppendRead<AppendHead>> {
    let single = verb == "REPLACE";
    let mut replaces = None;
    if single {
        let number = cursor.sequence_number()?;
        if number.is_none() && numbers == Numbers::Uid {
            return Err(BadCommand::Syntax("a UID"));
        }
        replaces = Some(Replaced { numbers, number });
        cursor.space()?;
    }
    if cursor.is_announcement() {
        return Ok(AppendRead::Argument);
    }
    let mailbox = cursor.mailbox()?;
    cursor.space()?;
    let mut reader = Reader { cursor, line: AppendLine::default(), single };
    Ok(match reader.message()? {
        Some(behind) => {
            let line = reader.line;
            AppendRead::Line { line: AppendHead { mailbox, replaces, line }, behind }
        }
        None => AppendRead::Argument,
    })
}

/// A line behind octets of a message.
pub(in crate::imap::wire) fn append_next(
    bytes: &[u8],
    behind: Behind,
    limits: &FrameLimits,
) -> Parsed<AppendRead<AppendLine>> {
    let mut cursor = Cursor::new(bytes, limits);
    let mut reader = Reader { cursor: &mut cursor, line: AppendLine::default(), single: behind.single };
    let read = match behind.place {
        Place::Message => reader.next_message()?,
        Place::Utf8 => {
            reader.close()?;
            reader.next_message()?
        }
        Place::Part => reader.next_part()?,
        Place::Utf8Part => {
            reader.close()?;
            reader.next_part()?
        }
    };
    Ok(match read {
        Some(behind) => AppendRead::Line { line: reader.line, behind },
        None => AppendRead::Argument,
    })
}

/// Reads one line; each step gives where the next line goes on, or `None` where an argument's literal comes first.
struct Reader<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    line: AppendLine,
    single: bool,
}

impl Reader<'_, '_> {
    /// The end, or a space and a message (RFC 3502).
    fn next_message(&mut self) -> Parsed<Option<Behind>> {
        const WHAT: &str = "the end of the command behind its message";
        let spaced = self.cursor.accept(b' ');
        self.cursor.spaces();
        if self.cursor.is_at_end() {
            return Ok(Some(self.behind(Place::Message)));
        }
        if self.single || !spaced {
            return Err(BadCommand::Syntax(WHAT));
        }
        self.message()
    }

    fn message(&mut self) -> Parsed<Option<Behind>> {
        let mut flags = Flags::default();
        if self.cursor.peek() == Some(b'(') {
            flags = self.cursor.flag_list()?;
            self.cursor.space()?;
        }
        let mut date = None;
        if self.cursor.peek() == Some(b'"') {
            date = Some(self.cursor.date_time()?);
            self.cursor.space()?;
        }
        self.line.items.push(AppendItem::Message { flags, date });
        if self.cursor.keyword("CATENATE") {
            self.cursor.space()?;
            self.open()?;
            return self.part();
        }
        if self.cursor.keyword("UTF8") {
            self.cursor.space()?;
            self.open()?;
            return self.literal8(Place::Utf8);
        }
        self.literal(Place::Message)
    }

    /// `)`, or a space and another part.
    fn next_part(&mut self) -> Parsed<Option<Behind>> {
        if self.cursor.peek() == Some(b' ') {
            self.cursor.spaces();
            if self.cursor.peek() != Some(b')') {
                return self.part();
            }
        }
        self.close()?;
        self.next_message()
    }

    fn part(&mut self) -> Parsed<Option<Behind>> {
        const WHAT: &str = "URL or TEXT";
        let word = self.cursor.word(WHAT)?;
        self.cursor.space()?;
        match word.as_str() {
            "URL" if self.cursor.is_announcement() => Ok(None),
            "URL" => {
                let url = self.cursor.astring_text()?;
                self.cursor.one_more(self.line.items.len())?;
                self.line.items.push(AppendItem::Url(url));
                self.next_part()
            }
            "TEXT" => self.literal(Place::Part),
            "UTF8" => {
                self.open()?;
                self.literal8(Place::Utf8Part)
            }
            _ => Err(BadCommand::Syntax(WHAT)),
        }
    }

    /// `{n}` or `~{n}`, the last of the line.
    fn literal(&mut self, place: Place) -> Parsed<Option<Behind>> {
        let binary = self.cursor.accept(b'~');
        let (size, non_synchronizing) = self.cursor.announcement()?;
        self.cursor.end()?;
        self.line.literal = Some(MessageLiteral { size, non_synchronizing, binary });
        Ok(Some(self.behind(place)))
    }

    fn literal8(&mut self, place: Place) -> Parsed<Option<Behind>> {
        match self.cursor.peek() {
            Some(b'~') => self.literal(place),
            _ => Err(BadCommand::Syntax("a literal8")),
        }
    }

    fn open(&mut self) -> Parsed<()> {
        self.cursor.expect(b'(', "an opening parenthesis")?;
        self.cursor.spaces();
        Ok(())
    }

    fn close(&mut self) -> Parsed<()> {
        self.cursor.spaces();
        self.cursor.expect(b')', "a closing parenthesis")
    }

    fn behind(&self, place: Place) -> Behind {
        Behind { place, single: self.single }
    }
}
