//! Properties of the IMAP wire: whatever comes in whatever pieces, frames are the same, the framer stays in step, and what is
//! written is read back. With a check of how fast both directions are.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

use std::time::{Duration, Instant};

use bytes::{Buf as _, BytesMut};
use passerelle::imap::wire::command::{CommandBody, MailboxArgument, Rfc822, Section, SectionText, SequenceSet};
use passerelle::imap::wire::framer::{BadCommand, Frame, FrameLimits, Framer, NonSynchronizing};
use passerelle::imap::wire::utf7::NameForm;
use passerelle::imap::wire::write::{self, DataName, FetchItems};
use passerelle::model::{Flags, MailboxName, ModSeq, SeqNum, SystemFlag, Timestamp, Uid};
use proptest::prelude::*;

const LIMITS: FrameLimits = FrameLimits {
    line_bytes_max: 120,
    literal_bytes_max: 40,
    append_bytes_max: 60,
    nesting_max: 4,
    set_ranges_max: 5,
    list_items_max: 50,
    non_synchronizing: NonSynchronizing::Any,
    names: NameForm::Utf7,
};

/// A session that takes or refuses messages, and goes to line mode behind IDLE until the next line.
struct Client {
    framer: Framer,
    buffer: BytesMut,
    limits: FrameLimits,
    take: bool,
    /// Octets of an APPEND that have not come yet.
    message_left: usize,
    frames: Vec<Frame>,
}

impl Client {
    fn new(limits: FrameLimits, take: bool) -> Self {
        Self { framer: Framer::new(), buffer: BytesMut::new(), limits, take, message_left: 0, frames: Vec::new() }
    }

    fn send(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
        loop {
            if self.message_left > 0 {
                let taken = self.message_left.min(self.buffer.len());
                self.buffer.advance(taken);
                self.message_left -= taken;
                if self.message_left > 0 {
                    return;
                }
                self.framer.append_literal_taken();
            }
            let Some(frame) = self.framer.next(&mut self.buffer, &self.limits) else { return };
            let literal = match &frame {
                Frame::Append { head, .. } => head.line.literal,
                Frame::AppendNext(Ok(line)) => line.literal,
                _ => None,
            };
            match literal {
                Some(literal) if self.take => {
                    self.message_left = usize::try_from(literal.size).unwrap();
                    if self.message_left == 0 {
                        self.framer.append_literal_taken();
                    }
                }
                Some(_) => self.framer.append_refused(),
                None => {}
            }
            match &frame {
                Frame::Command(command) if command.body == CommandBody::Idle => self.framer.line_mode(true),
                Frame::Line(_) => self.framer.line_mode(false),
                Frame::Command(_) | Frame::Bad { .. } | Frame::Continue => {}
                Frame::Append { .. } | Frame::AppendNext(_) => {}
            }
            self.frames.push(frame);
        }
    }
}

/// Pieces of IMAP, whole and broken.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(&[
            "a NOOP\r\n", "b IDLE\r\n", "DONE\r\n", "c FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (From)]<0.5>)\r\n", "\r\n", "\n",
            "d LOGIN {1}\r\nu ", "{1+}\r\np\r\n", "{5}\r\n", "{3+}\r\n", "e APPEND b (\\Seen) ", "e APPEND {1+}\r\nb ", "{70+}\r\n",
            "f APPEND b {4+}\r\n\r\nx\r\r\n", "g APPEND b {61+}\r\n", "{99+}\r\n", "~{2+}\r\n", " CATENATE (URL \"/x/;UID=1\" TEXT {2+}\r\n", " URL {1+}\r\n", " UTF8 (~{3+}\r\n", ")\r\n", "r REPLACE 1 b {2+}\r\n", "h SEARCH OR TEXT \"{3}\" ALL\r\n", "\r",
            "i XYZZY {4+}\r\nabcd\r\n", "j SEARCH NOT NOT NOT NOT NOT ALL\r\n", "k UID MOVE 1,2,3,4,5,6 x\r\n", "}", "{",
            "l LIST (SUBSCRIBED) \"\" (* \"%\") RETURN (STATUS (MESSAGES))\r\n", "{99999999999999999999}\r\n", "{18446744073709551615}\r\n",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        2 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => (b'a'..=b'z', 0..150_usize).prop_map(|(letter, times)| vec![letter; times]),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn frames_do_not_depend_on_the_pieces(
        input in pieces(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
        take: bool,
    ) {
        let mut whole = Client::new(LIMITS, take);
        whole.send(&input);
        let mut one_by_one = Client::new(LIMITS, take);
        for octet in &input {
            one_by_one.send(&[*octet]);
            let bound = LIMITS.line_bytes_max + LIMITS.literal_bytes_max;
            prop_assert!(one_by_one.buffer.len() <= bound, "the buffer holds {}", one_by_one.buffer.len());
        }
        prop_assert_eq!(&one_by_one.frames, &whole.frames);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.sort_unstable();
        let mut in_pieces = Client::new(LIMITS, take);
        let mut from = 0;
        for cut in cuts.into_iter().chain([input.len()]) {
            in_pieces.send(&input[from..cut]);
            from = cut;
        }
        prop_assert_eq!(&in_pieces.frames, &whole.frames);
    }

    /// A line of garbage costs itself only: at most one answer, then the next command is heard.
    #[test]
    fn garbage_costs_one_line(garbage in proptest::collection::vec(any::<u8>().prop_filter("not an end", |byte| *byte != b'\n'), 0..300)) {
        let mut line = garbage;
        line.retain(|byte| *byte != b'}');
        line.extend_from_slice(b"\r\nz NOOP\r\n");
        let mut client = Client::new(LIMITS, true);
        client.send(&line);
        let last = client.frames.pop();
        prop_assert!(matches!(&last, Some(Frame::Command(command)) if command.tag == "z"), "{last:?}");
        prop_assert!(client.frames.len() <= 1, "{:?}", client.frames);
        prop_assert!(client.buffer.is_empty());
    }

    /// Whatever came before, a client that finishes what it began (here: by sending lines) is heard again.
    #[test]
    fn nothing_is_lost_for_ever(input in pieces(), take: bool) {
        let mut client = Client::new(LIMITS, take);
        client.send(&input);
        for _ in 0..40 {
            client.send(b"\r\nz NOOP\r\n");
        }
        let heard = client.frames.iter().any(|frame| matches!(frame, Frame::Command(command) if command.tag == "z"));
        let endless = input.windows(6).any(|part| part == b"999999");
        prop_assert!(heard || endless, "{:?}", client.frames);
    }

    #[test]
    fn strings_are_read_back(octets in proptest::collection::vec(1..=255_u8, 0..60), password in any::<String>()) {
        let password = password.replace('\0', "");
        let mut out = BytesMut::from(&b"a LOGIN "[..]);
        write::string(&mut out, &octets);
        out.extend_from_slice(b" ");
        write::astring(&mut out, password.as_bytes());
        out.extend_from_slice(b"\r\n");
        let mut client = Client::new(FrameLimits { literal_bytes_max: 9000, line_bytes_max: 9000, ..LIMITS }, true);
        client.send(&out);
        let Some(Frame::Command(command)) = client.frames.last() else { return Err(TestCaseError::fail("no command")) };
        let CommandBody::Login { name, password: read } = &command.body else { return Err(TestCaseError::fail("no LOGIN")) };
        prop_assert_eq!(name.expose(), &octets[..]);
        prop_assert_eq!(read.expose(), password.as_bytes());
    }

    #[test]
    fn mailbox_names_are_read_back(name in "[ -~éàœ日😀/&]{1,30}") {
        let Ok(name) = MailboxName::parse(&name) else { return Ok(()) };
        let mut out = BytesMut::from(&b"a SELECT "[..]);
        write::mailbox(&mut out, NameForm::Utf7, name.as_str());
        out.extend_from_slice(b"\r\n");
        prop_assert!(out.is_ascii());
        let mut client = Client::new(FrameLimits { line_bytes_max: 9000, ..LIMITS }, true);
        client.send(&out);
        let Some(Frame::Command(command)) = client.frames.pop() else { return Err(TestCaseError::fail("no command")) };
        let CommandBody::Select { mailbox, .. } = command.body else { return Err(TestCaseError::fail("no SELECT")) };
        prop_assert_eq!(mailbox, MailboxArgument(Ok(name), None));
    }

    #[test]
    fn sets_are_read_back(numbers in proptest::collection::btree_set(1..40_u32, 1..30)) {
        let mut out = BytesMut::from(&b"a UID EXPUNGE "[..]);
        write::number_set(&mut out, numbers.iter().copied());
        out.extend_from_slice(b"\r\n");
        let mut client = Client::new(FrameLimits { set_ranges_max: 100, ..LIMITS }, true);
        client.send(&out);
        let Some(Frame::Command(command)) = client.frames.pop() else { return Err(TestCaseError::fail("no command")) };
        let CommandBody::Expunge { uids: Some(SequenceSet::Ranges(ranges)) } = command.body else {
            return Err(TestCaseError::fail("no UID EXPUNGE"));
        };
        let read: Vec<u32> = ranges.into_iter().flat_map(|(start, end)| start.unwrap()..=end.unwrap()).collect();
        prop_assert_eq!(read, numbers.into_iter().collect::<Vec<_>>());
    }
}

/// Commands as clients in use send them, one a line.
const FROM_CLIENTS: &str = include_str!("imap_grammar/from_clients.txt");

#[test]
fn what_clients_send_is_understood() {
    let mut lines = 0;
    for line in FROM_CLIENTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        lines += 1;
        let mut client = Client::new(FrameLimits { append_bytes_max: 1 << 20, ..generous() }, true);
        client.send(line.replace("\\r\\n", "\r\n").as_bytes());
        client.send(b"\r\n");
        let understood =
            client.frames.iter().all(|frame| !matches!(frame, Frame::Bad { .. } | Frame::AppendNext(Err(_))));
        assert!(understood && !client.frames.is_empty(), "{line}: {:?}", client.frames);
        let whole = |frame: &Frame| match frame {
            Frame::Command(_) => true,
            Frame::AppendNext(Ok(line)) => line.literal.is_none(),
            _ => false,
        };
        assert!(client.frames.last().is_some_and(whole), "{line}: {:?}", client.frames);
    }
    assert!(lines >= 60, "{lines}");
}

fn generous() -> FrameLimits {
    FrameLimits {
        line_bytes_max: 64 << 10,
        literal_bytes_max: 1 << 20,
        set_ranges_max: 8192,
        list_items_max: 200,
        non_synchronizing: NonSynchronizing::Any,
        nesting_max: 100,
        ..LIMITS
    }
}

/// A command that trickles in octet by octet is looked at once, not again and again: 1 MB and 60 kB would take minutes else.
#[test]
fn trickling_is_not_quadratic() {
    let started = Instant::now();
    let mut client = Client::new(generous(), true);
    let literal = "x".repeat(1 << 20);
    for octet in format!("a SEARCH TEXT {{{}+}}\r\n{literal}\r\n", literal.len()).bytes() {
        client.send(&[octet]);
    }
    for octet in format!("b UID FETCH {} UID\r\n", "1234567,".repeat(8000) + "1").bytes() {
        client.send(&[octet]);
    }
    let told = client.frames.iter().filter(|frame| matches!(frame, Frame::Command(_))).count();
    assert_eq!(told, 2);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

/// The costliest commands that the limits let through.
#[test]
fn hostile_commands_are_cheap() {
    let started = Instant::now();
    for command in [
        format!("a SEARCH {}ALL\r\n", "NOT ".repeat(15_000)),
        format!("a SEARCH {}\r\n", "(".repeat(60_000)),
        format!("a SEARCH {}\r\n", "OR ".repeat(20_000)),
        format!("a STORE 1 FLAGS ({})\r\n", (0..9000).map(|n| format!("k{n} ")).collect::<String>()),
        format!("a FETCH {}1 UID\r\n", "1,".repeat(30_000)),
        format!("a SELECT \"{}\"\r\n", "&".repeat(60_000)),
        format!("a SELECT \"{}\"\r\n", "\\\\".repeat(30_000)),
        format!("a ID ({}\r\n", "{0+}\r\n {0+}\r\n ".repeat(5000)),
        format!("a APPEND b CATENATE ({})\r\n", "URL {0+}\r\n ".repeat(6000)),
        format!("{} SEARCH {}\r\n", "a".repeat(30_000), "{0+}\r\n ".repeat(4000)),
    ] {
        let mut client = Client::new(generous(), true);
        client.send(command.as_bytes());
        assert!((1..=2).contains(&client.frames.len()), "{:?}", command.get(..40));
    }
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn every_limit_is_told_by_its_name() {
    let told = |input: String| {
        let mut client = Client::new(LIMITS, true);
        client.send(input.as_bytes());
        match client.frames.pop() {
            Some(Frame::Bad { reason, .. }) => Some(reason),
            _ => None,
        }
    };
    assert_eq!(told(format!("a SELECT {}\r\n", "x".repeat(120))), Some(BadCommand::TooLong));
    assert_eq!(told("a SELECT {41}\r\n".to_owned()), Some(BadCommand::LiteralTooLarge));
    assert_eq!(told("a APPEND b {61}\r\n".to_owned()), Some(BadCommand::MessageTooLarge));
    assert_eq!(told("a SEARCH NOT NOT NOT NOT NOT ALL\r\n".to_owned()), Some(BadCommand::TooNested));
    assert_eq!(told("a COPY 1,2,3,4,5,6 b\r\n".to_owned()), Some(BadCommand::TooManyRanges));
    assert!(BadCommand::Syntax("a tag").text().is_ascii());
}

/// How fast both directions are; run it with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn throughput() {
    let mut flags = Flags::default();
    flags.set(SystemFlag::Seen);
    let section = Section { path: vec![1], text: SectionText::Mime };
    let started = Instant::now();
    let mut out = BytesMut::with_capacity(1 << 20);
    let mut written = 0;
    let items_written = 2_000_000_u32;
    for number in 0..items_written {
        let mut items = FetchItems::open(&mut out, SeqNum(number));
        items.uid(&mut out, Uid(number));
        items.flags(&mut out, &flags);
        items.mod_seq(&mut out, ModSeq(i64::from(number)));
        items.size(&mut out, 4096);
        items.internal_date(&mut out, Timestamp::from_seconds(i64::from(number)));
        items.data(
            &mut out,
            DataName::Section { section: &section, origin: None },
            b"Content-Type: text/plain\r\n\r\n",
        );
        items.data_nil(&mut out, DataName::Rfc822(Rfc822::Text));
        items.close(&mut out);
        if out.len() > 1 << 16 {
            written += out.len();
            out.clear();
        }
    }
    let speed = |octets: usize, started: Instant| octets as f64 / 1e6 / started.elapsed().as_secs_f64();
    let each = started.elapsed().as_nanos() / u128::from(items_written);
    println!("FETCH items: {:.0} MB/s, {each} ns a response", speed(written, started));

    let command =
        b"a UID FETCH 291:300,352:360,412:420 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Subject)])\r\n";
    let started = Instant::now();
    let mut framer = Framer::new();
    let mut framed = 0_u32;
    let mut input = BytesMut::new();
    for _ in 0..5000 {
        for _ in 0..100 {
            input.extend_from_slice(command);
        }
        while let Some(Frame::Command(_)) = framer.next(&mut input, &generous()) {
            framed += 1;
        }
    }
    let each = started.elapsed().as_nanos() / u128::from(framed);
    println!("framing and parsing: {:.0} MB/s, {each} ns a command", speed(500_000 * command.len(), started));
}
