//! The end of a message, dots, smuggling shapes, and that pieces do not matter.

use proptest::prelude::*;

use super::*;

/// What became of an input.
#[derive(Debug, PartialEq)]
struct Decoded {
    message: Vec<u8>,
    /// Octets up to and with the end; `None` where it did not come.
    end: Option<usize>,
    bare: bool,
}

fn decode_in(pieces: &[&[u8]]) -> Decoded {
    let (mut decoder, mut message, mut before) = (DataDecoder::default(), Vec::new(), 0);
    let mut end = None;
    for piece in pieces {
        end = decoder.decode(piece, &mut message).map(|used| before + used);
        if end.is_some() {
            break;
        }
        before += piece.len();
    }
    Decoded { message, end, bare: decoder.has_bare_line_end() }
}

fn decode(input: &[u8]) -> Decoded {
    let whole = decode_in(&[input]);
    for at in 0..=input.len() {
        let (head, tail) = input.split_at(at);
        assert_same(&decode_in(&[head, tail]), &whole);
    }
    let octets: Vec<&[u8]> = input.chunks(1).collect();
    assert_same(&decode_in(&octets), &whole);
    whole
}

#[track_caller]
fn assert_same(pieces: &Decoded, whole: &Decoded) {
    assert_eq!(pieces, whole);
}

fn whole(message: &str, end: usize) -> Decoded {
    Decoded { message: message.into(), end: Some(end), bare: false }
}

#[test]
fn the_end_is_crlf_dot_crlf() {
    assert_eq!(decode(b"Hello\r\n.\r\nQUIT\r\n"), whole("Hello\r\n", 10));
    assert_eq!(decode(b"\r\n.\r\n"), whole("\r\n", 5));
}

#[test]
fn a_dot_in_the_first_line_ends_an_empty_message() {
    // Fault a of smtp-proto: never seen as the end.
    assert_eq!(decode(b".\r\n"), whole("", 3));
}

#[test]
fn stuffed_dots_are_removed_in_every_line() {
    // Fault b of smtp-proto: not in the first line.
    assert_eq!(decode(b"..a\r\n..\r\n...b\r\nc.\r\nd..e\r\n.\r\n"), whole(".a\r\n.\r\n..b\r\nc.\r\nd..e\r\n", 28));
    assert_eq!(decode(b".a\r\n.\r\n"), whole("a\r\n", 7));
}

#[test]
fn no_smuggling_shape_ends_a_message() {
    // Fault c of smtp-proto: CRLF . CR CR LF; and the shapes that other servers were caught with.
    for shape in [
        "a\r\n.\r\r\n",
        "a\n.\r\n",
        "a\r\n.\n",
        "a\n.\n",
        "a\r.\r",
        "a\r.\r\n",
        "a\r\n.\r",
        "a\r\n\0.\r\n",
        "a\r\n.\0\r\n",
        "\n.\r\n",
        ".\n",
        ".\r\r\n",
        "a\n\r\n",
        "a\n.\r\n.\n",
    ] {
        assert_eq!(decode(shape.as_bytes()).end, None, "{shape:?}");
        let followed = format!("{shape}MAIL FROM:<x@y>\r\n.\r\n");
        let followed = decode(followed.as_bytes());
        assert!(followed.end.is_some(), "{shape:?}: the true end is found");
        assert!(followed.bare || shape.contains('\0'), "{shape:?} is refused at its end");
    }
}

#[test]
fn bare_line_ends_are_seen() {
    for input in ["a\rb\r\n.\r\n", "a\nb\r\n.\r\n", "\na\r\n.\r\n", "\r\r\n.\r\n", ".\rx\r\n.\r\n", ".\n\r\n.\r\n"] {
        let decoded = decode(input.as_bytes());
        assert_eq!((decoded.end, decoded.bare), (Some(input.len()), true), "{input:?}");
    }
    assert!(!decode(b"caf\xe9\r\n\r\n\0\r\n.\r\n").bare);
}

fn bare(pieces: &[&[u8]]) -> bool {
    let mut ends = LineEnds::default();
    pieces.iter().for_each(|piece| ends.check(piece));
    ends.has_bare()
}

#[test]
fn bare_line_ends_are_seen_in_chunks() {
    for (input, expected) in [
        ("a\r\nb\r\n", false),
        ("", false),
        ("a", false),
        ("\r\n\r\n", false),
        ("a\nb", true),
        ("\n", true),
        ("a\rb", true),
        ("a\r", true),
        ("a\r\r\n", true),
        ("a\r\n\n", true),
    ] {
        for at in 0..=input.len() {
            let (head, tail) = input.as_bytes().split_at(at);
            assert_eq!(bare(&[head, b"", tail]), expected, "{input:?} cut at {at}");
        }
    }
}

/// What a client does (RFC 5321 §4.5.2).
fn stuff(message: &str) -> String {
    let dotted = message.replace("\r\n.", "\r\n..");
    let dotted = if dotted.starts_with('.') { format!(".{dotted}") } else { dotted };
    format!("{dotted}.\r\n")
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), Just(0xe9)], 0..60)
}

proptest! {
    #[test]
    fn stuffing_is_undone(lines in proptest::collection::vec("[.a]{0,4}", 0..20)) {
        let message: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let stuffed = stuff(&message);
        prop_assert_eq!(decode_in(&[stuffed.as_bytes()]), whole(&message, stuffed.len()));
    }

    #[test]
    fn pieces_do_not_matter(input in octets(), at in proptest::collection::vec(0usize..60, 0..6)) {
        let mut cuts: Vec<usize> = at.into_iter().filter(|at| *at <= input.len()).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
        prop_assert_eq!(decode_in(&pieces), decode_in(&[&input]));
    }

    #[test]
    fn the_end_is_where_a_plain_search_finds_it(input in octets()) {
        let framed = [b"\r\n", &input[..]].concat();
        let found = framed.windows(5).position(|window| window == b"\r\n.\r\n").map(|at| at + 3);
        prop_assert_eq!(decode_in(&[&input]).end, found);
    }

    #[test]
    fn bare_line_ends_are_what_is_left_without_crlf(input in octets()) {
        let text: String = input.iter().map(|octet| char::from(*octet)).collect();
        prop_assert_eq!(bare(&[&input]), text.replace("\r\n", "").contains(['\r', '\n']));
    }
}
