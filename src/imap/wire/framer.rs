//! Finds where commands end: lines and literals (RFC 9051 §4.3, RFC 7888), with limits, in a buffer that the session fills.
//!
//! Nothing is copied while a command comes in, whatever the pieces: the framer remembers how far it has looked, and takes
//! the octets out of the buffer when the command is whole. After anything bad it is in step again: the next frame is
//! the client's next command. The buffer never needs to hold more than `line_bytes_max + literal_bytes_max` plus one read.

use bytes::{Buf, BytesMut};

use super::append::{AppendHead, AppendLine, MessageLiteral};
use super::command::Command;
use super::parse::{self, AppendRead, Behind, LiteralStart};
use super::utf7::NameForm;

/// How much a client may send, and in which form. The session chooses by state (RFC 9051 §4.3: less before login).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLimits {
    /// A command without its literals, ends of lines counted.
    pub line_bytes_max: usize,
    /// All literals of a command together.
    pub literal_bytes_max: usize,
    /// The literal of APPEND.
    pub append_bytes_max: u64,
    /// Depth of search keys: parentheses, NOT, OR.
    pub nesting_max: usize,
    /// Ranges in one set of numbers.
    pub set_ranges_max: usize,
    /// Things in one list: items of FETCH, fields, flags, sort criteria, patterns of LIST, words of ENABLE.
    pub list_items_max: usize,
    pub non_synchronizing: NonSynchronizing,
    pub names: NameForm,
}

/// Which literals a client may send without waiting (RFC 7888 §4, §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonSynchronizing {
    /// LITERAL+
    #[default]
    Any,
    /// LITERAL-: no larger than [`NonSynchronizing::SMALL_BYTES`].
    Small,
    /// Neither is announced.
    None,
}

impl NonSynchronizing {
    /// What LITERAL- allows (RFC 7888 §5).
    pub const SMALL_BYTES: u64 = 4096;

    fn allows(self, announced: Announced) -> bool {
        !announced.non_synchronizing
            || match self {
                Self::Any => true,
                Self::Small => announced.size <= Self::SMALL_BYTES,
                Self::None => false,
            }
    }
}

impl FrameLimits {
    /// For a text that is in memory already.
    pub(super) fn for_text(bytes: usize) -> Self {
        Self {
            line_bytes_max: bytes,
            literal_bytes_max: 0,
            append_bytes_max: 0,
            nesting_max: 0,
            set_ranges_max: 0,
            list_items_max: bytes,
            non_synchronizing: NonSynchronizing::Any,
            names: NameForm::Utf8,
        }
    }
}

/// What the client sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    Command(Command),
    /// Bad syntax, or over a limit; the framer is back in step. `tag` where it could be read, else answer `*`.
    Bad {
        tag: Option<String>,
        reason: BadCommand,
    },
    /// The client waits before a literal of an ordinary command: answer `+ OK` and go on.
    Continue,
    /// APPEND or REPLACE up to the first literal of a message. Call [`Framer::append_refused`], or (send `+` where the literal is
    /// synchronizing) take exactly its octets out of the buffer, then call [`Framer::append_literal_taken`]: the next frame is
    /// `AppendNext`. Until one of the two, there is no next frame.
    Append {
        tag: String,
        head: AppendHead,
    },
    /// What follows the literal: where it ends in another one, all is as behind `Append`. `Err`: answer BAD, keep nothing.
    AppendNext(Result<AppendLine, BadCommand>),
    /// In line mode: one line, without its end.
    Line(Vec<u8>),
}

/// Why a command cannot be understood. Never holds what the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// What was expected.
    #[error("Syntax error: expected {0}")]
    Syntax(&'static str),
    #[error("Unknown command")]
    UnknownCommand,
    #[error("Command line too long")]
    TooLong,
    #[error("Literal too large")]
    LiteralTooLarge,
    #[error("The client must wait before it sends this literal")]
    MustWait,
    /// A message of more than `append_bytes_max`: answer `NO [TOOBIG]` (RFC 4469 §4.2), not BAD.
    #[error("Message too large")]
    MessageTooLarge,
    #[error("Search keys nested too deeply")]
    TooNested,
    #[error("Too many ranges in the set")]
    TooManyRanges,
    #[error("Too many things in one list")]
    TooManyItems,
}

impl BadCommand {
    /// Well said, and more than the settings let through? Then the answer is `NO [LIMIT]` (RFC 5530 §3).
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::TooNested | Self::TooManyRanges | Self::TooManyItems)
    }

    /// A short text for BAD, in English and ASCII.
    pub fn text(&self) -> String {
        self.to_string()
    }
}

/// Finds frames. One for each connection; STARTTLS starts a new one.
#[derive(Debug, Default)]
pub struct Framer {
    state: State,
    line_mode: bool,
}

/// Where the framer is. Positions count from the start of the buffer.
#[derive(Debug)]
enum State {
    Reading(Reading),
    /// A literal of a message was offered; the session has not decided yet.
    AppendOffered {
        literal: MessageLiteral,
        behind: Behind,
    },
    Discarding(Discarding),
}

/// A command or a line that is not whole yet.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    /// Start of the present line: behind the last literal. May lie beyond what has come in.
    line_start: usize,
    /// There is no end of line between `line_start` and here.
    scanned: usize,
    /// Octets of the literals before `line_start`.
    literal_bytes: usize,
    /// Known not to be an APPEND, so every literal is an argument.
    arguments_only: bool,
    /// Within an APPEND, behind octets of a message.
    behind: Option<Behind>,
    /// Literals of an APPEND that were arguments: after each, the line is read again from its start.
    append_arguments: u8,
}

/// Throwing away the rest of a bad command.
#[derive(Clone, Copy, Debug)]
struct Discarding {
    literal_left: u64,
    /// There is no end of line before here, once the literal is through.
    scanned: usize,
    /// May the line announce a literal, to be thrown away too? Not in line mode.
    literals: bool,
}

/// `{n}` or `{n+}` at the end of a line (RFC 9051 `literal`, RFC 7888 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Announced {
    size: u64,
    non_synchronizing: bool,
}

/// One line, whole.
#[derive(Clone, Copy)]
struct Line {
    /// Where its text ends.
    text_end: usize,
    /// Where the next begins.
    end: usize,
}

/// Arguments of APPEND as literals between two messages: its mailbox, URLs.
const APPEND_ARGUMENTS_MAX: u8 = 50;

/// More than the longest announcement of a literal and an end of line: `~{18446744073709551615+}\r`.
const TAIL_BYTES: usize = 32;

impl Default for State {
    fn default() -> Self {
        Self::Reading(Reading::default())
    }
}

impl Framer {
    /// At the start of a connection, in command mode.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is nothing of a command known, where nothing of it waits in the buffer?
    pub fn is_between_commands(&self) -> bool {
        matches!(self.state, State::Reading(Reading { line_start: 0, behind: None, .. }))
    }

    /// Line mode gives whole lines, for SASL responses (RFC 9051 §6.2.2) and for the DONE of IDLE (RFC 2177). To be called between frames.
    pub fn line_mode(&mut self, on: bool) {
        self.line_mode = on;
        if let State::Reading(reading) = &mut self.state {
            *reading = Reading::default();
        }
    }

    /// The session does not want the message: a synchronizing literal will not be sent, another one is thrown away, and the
    /// rest of the command with it. There is no `AppendNext`.
    pub fn append_refused(&mut self) {
        if let State::AppendOffered { literal: MessageLiteral { size, non_synchronizing, .. }, .. } = self.state {
            self.state = after_bad(Some(Announced { size, non_synchronizing }));
        }
    }

    /// The session has taken all octets of the message out of the buffer.
    pub fn append_literal_taken(&mut self) {
        if let State::AppendOffered { behind, .. } = self.state {
            self.state = State::Reading(Reading { behind: Some(behind), ..Reading::default() });
        }
    }

    /// The next frame, or `None` until more has come in: call it until then, commands come several at a time.
    pub fn next(&mut self, input: &mut BytesMut, limits: &FrameLimits) -> Option<Frame> {
        loop {
            match &mut self.state {
                State::AppendOffered { .. } => return None,
                State::Discarding(discarding) => {
                    discarding.run(input)?;
                    self.state = State::default();
                }
                State::Reading(reading) => {
                    let reading = *reading;
                    let read = if self.line_mode { read_line } else { read_command };
                    let (frame, state) = read(reading, input, limits);
                    self.state = state;
                    return frame;
                }
            }
        }
    }
}

/// One step of a frame: the frame, where there is one, and where the framer is then.
type Step = (Option<Frame>, State);

fn read_line(reading: Reading, input: &mut BytesMut, limits: &FrameLimits) -> Step {
    let line = find_line(input, 0, reading.scanned);
    let seen = line.map_or(input.len(), |line| line.end);
    if seen > limits.line_bytes_max {
        let state = State::Discarding(Discarding { literal_left: 0, scanned: 0, literals: false });
        return (Some(Frame::Bad { tag: None, reason: BadCommand::TooLong }), state);
    }
    let Some(line) = line else {
        return (None, State::Reading(Reading { scanned: input.len(), ..reading }));
    };
    let text = input.get(..line.text_end).unwrap_or_default().to_vec();
    input.advance(line.end);
    (Some(Frame::Line(text)), State::default())
}

fn read_command(mut reading: Reading, input: &mut BytesMut, limits: &FrameLimits) -> Step {
    loop {
        if reading.line_start == 0 && reading.behind.is_none() {
            let blank = blank_lines(input);
            input.advance(blank);
            reading.scanned = reading.scanned.saturating_sub(blank);
        }
        let line = find_line(input, reading.line_start, reading.scanned);
        let seen = line.map_or(input.len(), |line| line.end);
        if seen.saturating_sub(reading.literal_bytes) > limits.line_bytes_max {
            // Only what is there however the pieces come in.
            let frame = bad(&reading, input.get(..limits.line_bytes_max).unwrap_or_default(), BadCommand::TooLong);
            input.advance(reading.line_start.min(input.len()));
            let state = State::Discarding(Discarding { literal_left: 0, scanned: 0, literals: true });
            return (Some(frame), state);
        }
        let Some(line) = line else {
            reading.scanned = reading.scanned.max(input.len());
            return (None, State::Reading(reading));
        };
        let Some(announced) = announced_literal(input.get(reading.line_start..line.text_end).unwrap_or_default())
        else {
            let frame = whole(&reading, input, line, limits);
            input.advance(line.end);
            return (Some(frame), State::default());
        };
        match before_literal(reading, line, announced, input, limits) {
            Ok(Literal::Message { frame, literal, behind }) => {
                input.advance(line.end);
                return (Some(frame), State::AppendOffered { literal, behind });
            }
            Ok(Literal::Argument(next)) if announced.non_synchronizing => reading = next,
            Ok(Literal::Argument(next)) => return (Some(Frame::Continue), State::Reading(next)),
            Err(reason) => {
                let frame = bad(&reading, input, reason);
                input.advance(line.end);
                return (Some(frame), after_bad(Some(announced)));
            }
        }
    }
}

/// What a literal turned out to be.
enum Literal {
    /// Octets of a message.
    Message { frame: Frame, literal: MessageLiteral, behind: Behind },
    /// An argument, kept in the buffer; reading goes on behind it.
    Argument(Reading),
}

/// A line has announced a literal: is it wanted?
fn before_literal(
    reading: Reading,
    line: Line,
    announced: Announced,
    input: &BytesMut,
    limits: &FrameLimits,
) -> Result<Literal, BadCommand> {
    if !limits.non_synchronizing.allows(announced) {
        return Err(BadCommand::MustWait);
    }
    let arguments_only = match literal_start(&reading, input.get(..line.text_end).unwrap_or_default(), limits)? {
        Start::Message { literal, .. } if literal.size > limits.append_bytes_max => {
            return Err(BadCommand::MessageTooLarge);
        }
        Start::Message { frame, literal, behind } => return Ok(Literal::Message { frame, literal, behind }),
        Start::Argument { arguments_only } => arguments_only,
    };
    let literal_bytes = usize::try_from(announced.size)
        .ok()
        .and_then(|size| size.checked_add(reading.literal_bytes))
        .filter(|bytes| *bytes <= limits.literal_bytes_max)
        .ok_or(BadCommand::LiteralTooLarge)?;
    let line_start = line.end.saturating_add(literal_bytes - reading.literal_bytes);
    let append_arguments = reading.append_arguments + u8::from(!arguments_only);
    if append_arguments > APPEND_ARGUMENTS_MAX {
        return Err(BadCommand::TooLong);
    }
    let next = Reading { line_start, scanned: line_start, literal_bytes, arguments_only, append_arguments, ..reading };
    Ok(Literal::Argument(next))
}

/// Whose literal it is.
enum Start {
    Message { frame: Frame, literal: MessageLiteral, behind: Behind },
    Argument { arguments_only: bool },
}

fn literal_start(reading: &Reading, so_far: &[u8], limits: &FrameLimits) -> Result<Start, BadCommand> {
    const WHAT: BadCommand = BadCommand::Syntax("a literal");
    if reading.arguments_only {
        return Ok(Start::Argument { arguments_only: true });
    }
    if let Some(behind) = reading.behind {
        return match parse::append_next(so_far, behind, limits)? {
            AppendRead::Line { line, behind } => {
                let literal = line.literal.ok_or(WHAT)?;
                Ok(Start::Message { frame: Frame::AppendNext(Ok(line)), literal, behind })
            }
            AppendRead::Argument => Ok(Start::Argument { arguments_only: false }),
        };
    }
    match parse::literal_start(so_far, limits)? {
        LiteralStart::Append { tag, read: AppendRead::Line { line: head, behind } } => {
            let literal = head.line.literal.ok_or(WHAT)?;
            Ok(Start::Message { frame: Frame::Append { tag, head }, literal, behind })
        }
        LiteralStart::Append { read: AppendRead::Argument, .. } => Ok(Start::Argument { arguments_only: false }),
        LiteralStart::Argument => Ok(Start::Argument { arguments_only: true }),
    }
}

/// A command, or the end of an APPEND, that announces no more.
fn whole(reading: &Reading, input: &[u8], line: Line, limits: &FrameLimits) -> Frame {
    let text = input.get(..line.text_end).unwrap_or_default();
    let Some(behind) = reading.behind else {
        return match parse::command(text, limits) {
            Ok(command) => Frame::Command(command),
            Err(reason) => bad(reading, input, reason),
        };
    };
    match parse::append_next(text, behind, limits) {
        Ok(AppendRead::Line { line, .. }) if line.literal.is_none() => Frame::AppendNext(Ok(line)),
        Ok(_) => bad(reading, input, BadCommand::Syntax("the octets of a literal")),
        Err(reason) => bad(reading, input, reason),
    }
}

/// What cannot be understood; `start`: how it begins.
fn bad(reading: &Reading, start: &[u8], reason: BadCommand) -> Frame {
    match reading.behind {
        Some(_) => Frame::AppendNext(Err(reason)),
        None => Frame::Bad { tag: parse::tag_of(start), reason },
    }
}

/// After a refusal: a client that announced a synchronizing literal sends no literal, so it is in step already.
fn after_bad(announced: Option<Announced>) -> State {
    match announced {
        Some(Announced { size, non_synchronizing: true }) => {
            State::Discarding(Discarding { literal_left: size, scanned: 0, literals: true })
        }
        _ => State::default(),
    }
}

impl Discarding {
    /// Throws away what has come in of the bad command; `Some` when it is through.
    fn run(&mut self, input: &mut BytesMut) -> Option<()> {
        loop {
            let skipped = usize::try_from(self.literal_left).unwrap_or(usize::MAX).min(input.len());
            input.advance(skipped);
            self.literal_left = self.literal_left.saturating_sub(u64::try_from(skipped).unwrap_or(u64::MAX));
            if self.literal_left > 0 {
                return None;
            }
            let Some(line) = find_line(input, 0, self.scanned) else {
                input.advance(input.len().saturating_sub(TAIL_BYTES));
                self.scanned = input.len();
                return None;
            };
            let announced = announced_literal(input.get(..line.text_end).unwrap_or_default());
            input.advance(line.end);
            self.scanned = 0;
            match announced {
                Some(Announced { size, non_synchronizing: true }) if self.literals => self.literal_left = size,
                _ => return Some(()),
            }
        }
    }
}

/// The line that starts at `start` and does not end before `from`. Its end is CRLF, or a bare LF.
fn find_line(input: &[u8], start: usize, from: usize) -> Option<Line> {
    let line_feed = from.checked_add(memchr::memchr(b'\n', input.get(from..)?)?)?;
    let carriage_return = input.get(start..line_feed)?.ends_with(b"\r");
    Some(Line { text_end: line_feed - usize::from(carriage_return), end: line_feed + 1 })
}

/// Octets of the blank lines at the start of the buffer.
fn blank_lines(input: &[u8]) -> usize {
    let mut rest = input;
    while let Some(next) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
        rest = next;
    }
    input.len() - rest.len()
}

/// Does this line, given without its end, announce a literal?
fn announced_literal(line: &[u8]) -> Option<Announced> {
    let tail = line.get(line.len().saturating_sub(TAIL_BYTES)..)?.strip_suffix(b"}")?;
    let (tail, non_synchronizing) = match tail.strip_suffix(b"+") {
        Some(tail) => (tail, true),
        None => (tail, false),
    };
    let digits = tail.get(memchr::memrchr(b'{', tail)? + 1..)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // A number that does not fit is over every limit as well.
    let size = std::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX);
    Some(Announced { size, non_synchronizing })
}

#[cfg(test)]
mod tests;
