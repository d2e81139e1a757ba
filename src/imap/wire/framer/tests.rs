//! The framer: literals, limits, pipelining, and getting back in step.

use super::*;
use crate::imap::wire::command::CommandBody;

const LIMITS: FrameLimits = FrameLimits {
    line_bytes_max: 64,
    literal_bytes_max: 32,
    append_bytes_max: 1000,
    nesting_max: 4,
    set_ranges_max: 4,
    list_items_max: 10,
    non_synchronizing: NonSynchronizing::Any,
    names: NameForm::Utf7,
};

/// All frames of an input, given at once. An APPEND's message is taken (`true`) or refused.
fn frames(input: &str, take: bool) -> Vec<Frame> {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::from(input.as_bytes());
    let mut frames = Vec::new();
    while let Some(frame) = framer.next(&mut buffer, &LIMITS) {
        let literal = match &frame {
            Frame::Append { head, .. } => head.line.literal,
            Frame::AppendNext(Ok(line)) => line.literal,
            _ => None,
        };
        if let Some(literal) = literal {
            if take {
                buffer.advance(usize::try_from(literal.size).unwrap());
                framer.append_literal_taken();
            } else {
                framer.append_refused();
            }
        }
        frames.push(frame);
    }
    frames
}

/// The frames in short: tag and what it is.
fn told(input: &str) -> Vec<String> {
    frames(input, true).iter().map(short).collect()
}

fn short(frame: &Frame) -> String {
    match frame {
        Frame::Command(command) => {
            let body = format!("{:?}", command.body);
            let name = body.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            format!("{} {name}", command.tag)
        }
        Frame::Bad { tag, reason } => format!("{} {reason:?}", tag.as_deref().unwrap_or("*")),
        Frame::Continue => "+".to_owned(),
        Frame::Append { tag, head } => format!("{tag} Append {}", head.line.literal.unwrap().size),
        Frame::AppendNext(Ok(AppendLine { items, literal: Some(literal) })) => {
            format!("next {}+{}", items.len(), literal.size)
        }
        Frame::AppendNext(Ok(line)) if line.items.is_empty() => "end".to_owned(),
        Frame::AppendNext(Ok(line)) => format!("end {}", line.items.len()),
        Frame::AppendNext(Err(reason)) => format!("end {reason:?}"),
        Frame::Line(line) => format!("> {}", String::from_utf8_lossy(line)),
    }
}

#[test]
fn lines_and_pipelines() {
    assert_eq!(told("a NOOP\r\nb CAPABILITY\r\nc NOOP\r\n"), ["a Noop", "b Capability", "c Noop"]);
    assert_eq!(told("a NOOP\nb NOOP\n"), ["a Noop", "b Noop"]);
    assert_eq!(told("\r\n\r\n\na NOOP\r\n\r\nb NOOP\r\n\r\n"), ["a Noop", "b Noop"]);
    assert_eq!(told("a NOOP\r"), [""; 0]);
    assert_eq!(told("a NOO\rP\r\nb NOOP\r\n"), ["a UnknownCommand", "b Noop"]);
}

#[test]
fn literals() {
    assert_eq!(told("a LOGIN {1}\r\nu {1}\r\np\r\nb NOOP\r\n"), ["+", "+", "a Login", "b Noop"]);
    assert_eq!(told("a LOGIN {1+}\r\nu {1+}\r\np\r\nb NOOP\r\n"), ["a Login", "b Noop"]);
    assert_eq!(told("a LOGIN {0+}\r\n {2+}\r\n\r\n\r\nb NOOP\r\n"), ["a Login", "b Noop"]);
    assert_eq!(told("a SELECT {2+}\nab\nb NOOP\n"), ["a Select", "b Noop"]);
    // What looks like an announcement inside a literal or in quotes is none.
    assert_eq!(told("a SELECT {6+}\r\nx {3}\r\r\nb NOOP\r\n"), ["a Select", "b Noop"]);
    assert_eq!(told("a SELECT \"{3}\"\r\nb NOOP\r\n"), ["a Select", "b Noop"]);
    let login = frames("a LOGIN {4+}\r\nu\r\n\r {1+}\r\np\r\n", true);
    let Some(Frame::Command(Command { body: CommandBody::Login { name, .. }, .. })) = login.first() else {
        panic!("{login:?}")
    };
    assert_eq!(name.expose(), b"u\r\n\r");
}

#[test]
fn a_literal_that_nothing_can_follow_is_refused_at_once() {
    assert_eq!(told("a XYZZY {5}\r\nb NOOP\r\n"), ["a UnknownCommand", "b Noop"]);
    assert_eq!(told("a XYZZY {5+}\r\n12345 {1+}\r\nx\r\nb NOOP\r\n"), ["a UnknownCommand", "b Noop"]);
    assert_eq!(told("{5}\r\nb NOOP\r\n"), ["* Syntax(\"a tag\")", "b Noop"]);
}

#[test]
fn limits_of_lines() {
    let long = "x".repeat(100);
    assert_eq!(told(&format!("a {long}\r\nb NOOP\r\n")), ["a TooLong", "b Noop"]);
    assert_eq!(told(&format!("{long}{long}\r\nb NOOP\r\n")), ["* TooLong", "b Noop"]);
    assert_eq!(told(&format!("a {long} {{3+}}\r\n\r\nx\r\nb NOOP\r\n")), ["a TooLong", "b Noop"]);
    assert_eq!(told(&format!("a {long} {{3}}\r\nb NOOP\r\n")), ["a TooLong", "b Noop"]);
    assert_eq!(told(&format!("a LOGIN {{1+}}\r\nu {long}\r\nb NOOP\r\n")), ["a TooLong", "b Noop"]);
    let exact = format!("a SELECT {}\r\n", "x".repeat(64 - 11));
    assert_eq!(told(&exact), ["a Select"]);
    assert_eq!(told(&format!(" {exact}")), ["* TooLong"]);
    // Many empty literals are many line octets.
    assert_eq!(told(&format!("a ID ({}\r\nb NOOP\r\n", "{0+}\r\n ".repeat(9))), ["a TooLong", "b Noop"]);
}

#[test]
fn limits_of_literals() {
    let large = "x".repeat(33);
    assert_eq!(told("a SELECT {33}\r\nb NOOP\r\n"), ["a LiteralTooLarge", "b Noop"]);
    assert_eq!(told(&format!("a SELECT {{33+}}\r\n{large}\r\nb NOOP\r\n")), ["a LiteralTooLarge", "b Noop"]);
    let two = format!("a LOGIN {{1+}}\r\nu {{32+}}\r\n{}\r\nb NOOP\r\n", "x".repeat(32));
    assert_eq!(told(&two), ["a LiteralTooLarge", "b Noop"]);
    assert_eq!(told(&format!("a SELECT {{32+}}\r\n{}\r\n", "x".repeat(32))), ["a Select"]);
    assert_eq!(told("a SELECT {99999999999999999999}\r\nb NOOP\r\n"), ["a LiteralTooLarge", "b Noop"]);
    assert_eq!(told("a SELECT {99999999999999999999+}\r\nb NOOP\r\n"), ["a LiteralTooLarge"]);
}

#[test]
fn limits_of_arguments() {
    assert_eq!(told("a FETCH 1,2,3,4,5 UID\r\nb NOOP\r\n"), ["a TooManyRanges", "b Noop"]);
    assert_eq!(told("a SEARCH (((((ALL)))))\r\nb NOOP\r\n"), ["a TooNested", "b Noop"]);
}

#[test]
fn append_taken() {
    assert_eq!(told("a APPEND b {3}\r\nxyz\r\nb NOOP\r\n"), ["a Append 3", "end", "b Noop"]);
    assert_eq!(told("a APPEND b (\\Draft) {3+}\r\nxyz\nb NOOP\r\n"), ["a Append 3", "end", "b Noop"]);
    assert_eq!(told("a APPEND {1+}\r\nb {3+}\r\n\r\n\r\r\nb NOOP\r\n"), ["a Append 3", "end", "b Noop"]);
    assert_eq!(told("a APPEND {1}\r\nb {0}\r\n \r\nb NOOP\r\n"), ["+", "a Append 0", "end", "b Noop"]);
    let bad_end = "end Syntax(\"a literal\")";
    assert_eq!(told("a APPEND b {1+}\r\nx y\r\nb NOOP\r\n"), ["a Append 1", bad_end, "b Noop"]);
    let long = " ".repeat(70);
    assert_eq!(told(&format!("a APPEND b {{1}}\r\nx{long}\r\nb NOOP\r\n")), ["a Append 1", "end TooLong", "b Noop"]);
}

#[test]
fn several_messages() {
    assert_eq!(
        told("a APPEND b {1+}\r\nx (\\Seen) {3}\r\nxyz \"17-Jul-1996 02:44:25 -0700\" ~{2+}\r\n\r\n\r\nb NOOP\r\n"),
        ["a Append 1", "next 1+3", "next 1+2", "end", "b Noop"]
    );
    let bad_end = "end Syntax(\"a literal\")";
    assert_eq!(told("a APPEND b {1+}\r\nx (a) y {3+}\r\nx\r\n\r\nb NOOP\r\n"), ["a Append 1", bad_end, "b Noop"]);
    assert_eq!(told("a APPEND b {1+}\r\nx (a) y {3}\r\nb NOOP\r\n"), ["a Append 1", bad_end, "b Noop"]);
    assert_eq!(told("a APPEND b {1+}\r\nx {1001}\r\nb NOOP\r\n"), ["a Append 1", "end MessageTooLarge", "b Noop"]);
    let no_space = "end Syntax(\"the end of the command behind its message\")";
    assert_eq!(told("a APPEND b {1+}\r\nx{1}\r\nb NOOP\r\n"), ["a Append 1", no_space, "b Noop"]);
}

#[test]
fn messages_in_utf8_and_in_parts() {
    assert_eq!(told("a APPEND b UTF8 (~{3+}\r\nxyz)\r\nb NOOP\r\n"), ["a Append 3", "end", "b Noop"]);
    assert_eq!(
        told("a APPEND b UTF8 (~{1+}\r\nx) UTF8 (~{2}\r\nyz)\r\nb NOOP\r\n"),
        ["a Append 1", "next 1+2", "end", "b Noop"]
    );
    let close = "end Syntax(\"a closing parenthesis\")";
    assert_eq!(told("a APPEND b UTF8 (~{1+}\r\nx\r\nb NOOP\r\n"), ["a Append 1", close, "b Noop"]);
    assert_eq!(told("a APPEND b UTF8 ({1+}\r\nx)\r\nb NOOP\r\n"), ["a Syntax(\"a literal8\")", "b Noop"]);
    assert_eq!(told("a APPEND b CATENATE (URL \"u\" URL v)\r\nb NOOP\r\n"), ["a Append", "b Noop"]);
    assert_eq!(
        told("a APPEND b CATENATE (URL {1}\r\nu TEXT {2}\r\nxy URL {1+}\r\nv TEXT {1}\r\nz)\r\nb NOOP\r\n"),
        ["+", "a Append 2", "next 1+1", "end", "b Noop"]
    );
    assert_eq!(
        told("a APPEND b CATENATE (TEXT {2+}\r\nxy URL u) CATENATE (URL v)\r\nb NOOP\r\n"),
        ["a Append 2", "end 3", "b Noop"]
    );
    assert_eq!(told("a APPEND b CATENATE ()\r\nb NOOP\r\n"), ["a Syntax(\"URL or TEXT\")", "b Noop"]);
}

#[test]
fn replace() {
    assert_eq!(told("a REPLACE 1 b {3}\r\nxyz\r\nb NOOP\r\n"), ["a Append 3", "end", "b Noop"]);
    assert_eq!(told("a UID REPLACE 7 {1}\r\nb (a) {3+}\r\nxyz\r\nb NOOP\r\n"), ["+", "a Append 3", "end", "b Noop"]);
    let one = "end Syntax(\"the end of the command behind its message\")";
    assert_eq!(told("a REPLACE * b {1+}\r\nx {1+}\r\ny\r\nb NOOP\r\n"), ["a Append 1", one, "b Noop"]);
    assert_eq!(told("a REPLACE 1:2 b {1}\r\nb NOOP\r\n"), ["a Syntax(\"a space\")", "b Noop"]);
    assert_eq!(told("a UID REPLACE * b {1}\r\nb NOOP\r\n"), ["a Syntax(\"a UID\")", "b Noop"]);
}

#[test]
fn append_refused() {
    let told = |input: &str| frames(input, false).iter().map(short).collect::<Vec<_>>();
    assert_eq!(told("a APPEND b {3}\r\nb NOOP\r\n"), ["a Append 3", "b Noop"]);
    assert_eq!(told("a APPEND b {9+}\r\nc NOOP\r\nx\r\nb NOOP\r\n"), ["a Append 9", "b Noop"]);
    assert_eq!(told("a APPEND b {3+}\r\nxyz (a) {2+}\r\n\r\n\r\nb NOOP\r\n"), ["a Append 3", "b Noop"]);
}

#[test]
fn bad_appends_stay_in_step() {
    let large = "x".repeat(1001);
    assert_eq!(told("a APPEND b {1001}\r\nb NOOP\r\n"), ["a MessageTooLarge", "b Noop"]);
    assert_eq!(told(&format!("a APPEND b {{1001+}}\r\n{large}\r\nb NOOP\r\n")), ["a MessageTooLarge", "b Noop"]);
    assert_eq!(told("a APPEND b (\\Foo) {3}\r\nb NOOP\r\n"), ["a Syntax(\"a flag that exists\")", "b Noop"]);
    assert_eq!(told("a APPEND b x {3+}\r\n\r\n\r\r\nb NOOP\r\n"), ["a Syntax(\"a literal\")", "b Noop"]);
}

#[test]
fn append_waits_for_the_session() {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::from(&b"a APPEND b {3+}\r\nx"[..]);
    assert!(matches!(framer.next(&mut buffer, &LIMITS), Some(Frame::Append { .. })));
    assert_eq!(framer.next(&mut buffer, &LIMITS), None);
    assert_eq!(&buffer[..], b"x");
}

#[test]
fn line_mode() {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::from(&b"a IDLE\r\nDONE\r\nb NOOP\r\nc NOOP\r\n"[..]);
    let mut next = |framer: &mut Framer| framer.next(&mut buffer, &LIMITS).as_ref().map(short);
    assert_eq!(next(&mut framer).as_deref(), Some("a Idle"));
    framer.line_mode(true);
    assert_eq!(next(&mut framer).as_deref(), Some("> DONE"));
    framer.line_mode(false);
    assert_eq!(next(&mut framer).as_deref(), Some("b Noop"));
    assert_eq!(next(&mut framer).as_deref(), Some("c Noop"));
    assert_eq!(next(&mut framer), None);
}

#[test]
fn line_mode_knows_no_literals_and_has_its_limit() {
    let mut framer = Framer::new();
    framer.line_mode(true);
    let long = "x".repeat(64);
    let mut buffer = BytesMut::from(format!("\r\nx {{3+}}\r\n{long}{{9+}}\r\n=\n").as_bytes());
    let mut next = |framer: &mut Framer| framer.next(&mut buffer, &LIMITS).as_ref().map(short);
    assert_eq!(next(&mut framer).as_deref(), Some("> "));
    assert_eq!(next(&mut framer).as_deref(), Some("> x {3+}"));
    assert_eq!(next(&mut framer).as_deref(), Some("* TooLong"));
    assert_eq!(next(&mut framer).as_deref(), Some("> ="));
    assert_eq!(next(&mut framer), None);
}

#[test]
fn leaving_line_mode_in_the_middle_of_a_line_loses_nothing() {
    let mut framer = Framer::new();
    framer.line_mode(true);
    let mut buffer = BytesMut::from(&b"a NO"[..]);
    assert_eq!(framer.next(&mut buffer, &LIMITS), None);
    framer.line_mode(false);
    buffer.extend_from_slice(b"OP\r\n");
    assert_eq!(framer.next(&mut buffer, &LIMITS).as_ref().map(short).as_deref(), Some("a Noop"));
}

#[test]
fn the_buffer_stays_small_whatever_comes() {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::new();
    let mut bad = 0;
    for _ in 0..10_000 {
        buffer.extend_from_slice(b"0123456789");
        bad += usize::from(framer.next(&mut buffer, &LIMITS).is_some());
        assert!(buffer.len() <= LIMITS.line_bytes_max + LIMITS.literal_bytes_max + 10);
    }
    assert_eq!(bad, 1, "BAD is said once");
    buffer.extend_from_slice(b"\r\nb NOOP\r\n");
    assert_eq!(framer.next(&mut buffer, &LIMITS).as_ref().map(short).as_deref(), Some("b Noop"));
}
