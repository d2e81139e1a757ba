//! What holds for any octets whatever, and how long hostile messages may take.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

use std::time::{Duration, Instant};

use imap_codec::ResponseCodec;
use imap_codec::decode::Decoder;
use passerelle::mime::{
    AddressList, Field, Part, PartKind, Parts, Place, Summary, TEXT_BYTES_MAX, body_without_extensions, fields, fold,
    header_fields, split_header, submission,
};
use proptest::prelude::*;

/// Pieces that messages are made of, so that chance meets structure.
const PIECES: [&str; 42] = [
    "\r\n",
    "\n",
    "\r\n\r\n",
    "\n\n",
    " ",
    "\t",
    "\r",
    "\0",
    ":",
    ";",
    ",",
    "\"",
    "\\",
    "(",
    ")",
    "<",
    ">",
    "@",
    "[",
    "]",
    "{3}\r\n",
    "=?utf-8?q?=C3=A9?=",
    "é",
    "--b",
    "--b--",
    "--c\r\n",
    "\r\n--b\r\n",
    "\r\n--c--\r\n",
    "From: ",
    "To: a@b",
    "Bcc: x@y",
    "bcc :",
    "Subject: ",
    "Date: Mon, 23 Nov 2026 07:00:00 +0100",
    "Content-Type: multipart/mixed; boundary=b\r\n",
    "Content-Type: multipart/digest; boundary=\"c\"\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Type: text/html; charset=latin1\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Disposition: attachment; filename*0*=utf-8''%C3%A9;\r\n x=y\r\n",
    "Message-ID: <A@b>\r\n",
    "word",
];

/// Pieces of From fields.
const FROM_PIECES: [&str; 16] = [
    "me@ent.fr",
    "<me@ent.fr>",
    "<boss@ent.fr>",
    "boss@ent.fr",
    ", ",
    ",",
    " ",
    "\r\n ",
    "Nom",
    "\"Nom, P\"",
    "(note)",
    "<",
    ">",
    ";",
    "=?utf-8?q?=C3=A9?=",
    "@",
];

fn messages() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        20 => proptest::sample::select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => any::<[u8; 2]>().prop_map(|octets| octets.to_vec()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Each part's header and body follow each other within the enclosing body, and children come in order.
fn check_nesting(part: &Part, from: u64, to: u64) {
    assert!(from <= part.header.start && part.header.start <= part.header.end, "{part:?}");
    assert!(part.header.end == part.body.start && part.body.start <= part.body.end && part.body.end <= to, "{part:?}");
    match part.kind {
        PartKind::Leaf => assert!(part.children.is_empty()),
        PartKind::Multipart => assert!(!part.children.is_empty()),
        PartKind::Message => {
            let [enclosed] = part.children.as_slice() else { panic!("{part:?}") };
            assert_eq!((enclosed.header.start, enclosed.body.end), (part.body.start, part.body.end), "{part:?}");
        }
    }
    let mut from = part.body.start;
    for child in &part.children {
        check_nesting(child, from, part.body.end);
        from = child.body.end;
    }
}

fn check_wire_form(summary: &Summary) {
    let body = body_without_extensions(&summary.body_structure);
    for (item, value) in [("ENVELOPE", &summary.envelope), ("BODYSTRUCTURE", &summary.body_structure), ("BODY", &body)]
    {
        let response = [format!("* 1 FETCH ({item} ").as_bytes(), value, b")\r\n"].concat();
        let shown = || response.escape_ascii().to_string();
        let Ok((rest, _)) = ResponseCodec::default().decode(&response) else { panic!("{}", shown()) };
        assert!(rest.is_empty(), "{}", shown());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_is_read(message in messages()) {
        let summary = Summary::of(&message);
        let length = u64::try_from(message.len()).unwrap();
        prop_assert_eq!(summary.size, length);
        prop_assert_eq!(summary.header_size, u64::try_from(split_header(&message)).unwrap());
        prop_assert_eq!(summary.parts.root.header.start, 0);
        prop_assert_eq!(summary.parts.root.body.end, length);
        prop_assert_eq!(summary.parts.range(&[], Place::All), Some(0..length));
        check_nesting(&summary.parts.root, 0, length);
        check_wire_form(&summary);
        prop_assert_eq!(Parts::decode(&summary.parts.encode()), Some(summary.parts));
        prop_assert!(!summary.text.body.contains(['\0', '\n']));
    }

    #[test]
    fn noise_is_read(message in proptest::collection::vec(any::<u8>(), 0..300)) {
        let summary = Summary::of(&message);
        check_nesting(&summary.parts.root, 0, u64::try_from(message.len()).unwrap());
        check_wire_form(&summary);
        // Whatever these octets are, reading them as a stored form does not fail otherwise than by None.
        let _ = Parts::decode(&message);
        let _ = body_without_extensions(&message);
        let _ = AddressList::parse(&message);
    }

    #[test]
    fn header_fields_part_the_header(
        message in messages(),
        names in proptest::sample::subsequence(vec!["From", "TO", "bcc", "Content-Type", ""], 0..4),
    ) {
        let header = &message[..split_header(&message)];
        let wanted = header_fields(header, &names, true);
        let others = header_fields(header, &names, false);
        prop_assert!(wanted.ends_with(b"\r\n") && others.ends_with(b"\r\n"));
        let listed = |block: &[u8]| fields(block).map(|field| field.raw.trim_ascii_end().to_vec()).collect::<Vec<_>>();
        let (wanted, others) = (listed(&wanted), listed(&others));
        for field in fields(header) {
            let is_wanted = names.iter().any(|name| field.is(name));
            let side = if is_wanted { &wanted } else { &others };
            prop_assert!(side.contains(&field.raw.trim_ascii_end().to_vec()));
        }
        prop_assert_eq!(wanted.len() + others.len(), fields(header).count());
    }

    #[test]
    fn recipients_never_see_a_bcc(message in messages()) {
        let header = &message[..split_header(&message)];
        let seen = submission::recipients_header(header, submission::Additions {
            date: Some("Mon, 23 Nov 2026 07:00:00 +0000"),
            message_id: Some("new@ent"),
            reply_to: None,
        });
        prop_assert!(fields(&seen).all(|field| !field.is("Bcc") && !field.is("Resent-Bcc")));
        if submission::check(header).is_ok() {
            // Nor does another reader, and nothing else is lost.
            let parsed = mail_parser::MessageParser::new().parse_headers(&seen).unwrap();
            prop_assert!(parsed.headers().iter().all(|field| !field.raw_name().to_ascii_lowercase().ends_with("bcc")));
            let is_bcc = |field: &Field<'_>| field.is("Bcc") || field.is("Resent-Bcc");
            let kept: Vec<_> = fields(header).filter(|field| !is_bcc(field)).map(|field| field.raw).collect();
            let length: usize = fields(header).map(|field| field.raw.len()).sum();
            prop_assert!(seen.ends_with(&[kept.concat().as_slice(), &header[length..]].concat()));
            if length < header.len() {
                prop_assert_eq!(split_header(&[seen.as_slice(), b"body"].concat()), seen.len());
            }
        }
    }

    #[test]
    fn what_is_checked_is_what_another_reader_sees(
        pieces in proptest::collection::vec(proptest::sample::select(&FROM_PIECES[..]), 1..7),
    ) {
        let header = format!("From: {}\r\nSubject: s\r\n\r\n", pieces.concat());
        if let Ok(checked) = submission::check(header.as_bytes()) {
            // mail-parser joins a bare address and a folded `<…>`, so it gets the line unfolded.
            let unfolded = header.replace("\r\n ", " ");
            let parsed = mail_parser::MessageParser::new().parse_headers(unfolded.as_bytes()).unwrap();
            let mut others = Vec::new();
            for list in parsed.all_from() {
                others.extend(list.mailboxes().filter_map(|mailbox| mailbox.address().map(str::to_lowercase)));
            }
            prop_assert_eq!(checked.from, others, "{}", header);
        }
    }

    #[test]
    fn folding_twice_is_folding_once(text in any::<String>()) {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }
}

/// Reads a message and says how long it took.
fn timed(name: &str, message: &[u8]) -> (Summary, Duration) {
    let start = Instant::now();
    let summary = Summary::of(message);
    let parts = Parts::decode(&summary.parts.encode());
    assert_eq!(parts.as_ref(), Some(&summary.parts), "{name}");
    body_without_extensions(&summary.body_structure);
    for text in [&summary.text.body, &summary.text.to, &summary.text.subject] {
        assert!(text.len() <= TEXT_BYTES_MAX, "{name}");
    }
    let took = start.elapsed();
    eprintln!("{name}: {} octets, {took:?}", message.len());
    (summary, took)
}

/// Each would take minutes or the stack where a step is quadratic or recursive without bound. Debug build, shared
/// machine: the bound is loose.
#[test]
fn hostile_messages_take_linear_time() {
    let repeat = |head: &str, piece: &str, times: usize| [head.to_owned(), piece.repeat(times)].concat().into_bytes();
    let multiparts: String =
        (0..20_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    let absent: String =
        (0..20_000).map(|n| format!("--b\r\nContent-Type: multipart/mixed; boundary=absent{n}\r\n\r\nx\r\n")).collect();
    let hostile = [
        ("nested rfc822", repeat("", "Content-Type: message/rfc822\r\n\r\n", 200_000)),
        ("nested multiparts", multiparts.into_bytes()),
        ("absent boundaries", ["Content-Type: multipart/mixed; boundary=b\r\n\r\n", &absent].concat().into_bytes()),
        ("many parts", repeat("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", 10_000)),
        (
            "many html parts",
            repeat(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
                "--b\r\nContent-Type: text/html\r\n\r\n<p>a<td>\r\n",
                10_000,
            ),
        ),
        ("long header line", repeat("Subject: ", "x", 1_000_000)),
        ("long folded header", repeat("Subject: x", "\r\n y", 300_000)),
        ("many fields", repeat("", "To: a@b\r\n", 100_000)),
        ("no line feed", repeat("", "From", 500_000)),
        ("colons", repeat("From: ", ":", 1_000_000)),
        ("quotation marks", repeat("To: ", "\\\"", 500_000)),
        ("open quotations", repeat("To: \"", "\\\" (", 300_000)),
        ("open comments", repeat("To: ", "(", 1_000_000)),
        ("open comments and quotations", repeat("To: ", "(\"[", 300_000)),
        ("closed comments", repeat("To: ", "()", 500_000)),
        ("open angles", repeat("To: ", "<", 1_000_000)),
        ("addresses", repeat("To: x@y", ", \"A B\" <a@b>", 80_000)),
        ("groups", repeat("To: ", "a:b@c;,", 150_000)),
        ("routes", repeat("To: <", "@a,", 300_000)),
        ("parameters", repeat("Content-Type: text/plain", ";a=b", 200_000)),
        ("continuations", repeat("Content-Type: text/plain", ";a*0*=b", 150_000)),
        ("parameter comments", repeat("Content-Type: text/plain", " (;", 300_000)),
        ("encoded words", repeat("Subject: ", "=?utf-8?q?=C3=A9?= ", 60_000)),
        ("broken encoded words", repeat("Subject: ", "=?utf-8?q?", 100_000)),
        ("html", repeat("Content-Type: text/html\r\n\r\n", "<td>&amp;<!--", 100_000)),
        ("marks", repeat("\r\n\r\n", "\u{301}\u{315}", 200_000)),
        ("dashes", repeat("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "\r\n--", 300_000)),
    ];
    for (name, message) in hostile {
        let (summary, took) = timed(name, &message);
        assert!(took < Duration::from_secs(8), "{name} took {took:?}");
        check_nesting(&summary.parts.root, 0, summary.size);
    }
}
