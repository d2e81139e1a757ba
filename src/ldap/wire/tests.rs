//! Tests of reading requests: octets as clients send them, limits, and octets that nobody should send.

use proptest::prelude::*;

use super::filter::{Filter, Substrings};
use super::message::{self, Bind, MessageId, NoMessage, Operation, Refused, Request, Scope};
use super::{Limits, ber};

const LIMITS: Limits = Limits { nesting_max: 5, filter_items_max: 20, attributes_max: 5 };

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ber::put(&mut out, tag, content);
    out
}

fn message(operation: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, 7][..], operation].concat())
}

fn search(filter: &[u8], attributes: &[u8]) -> Vec<u8> {
    let head = [4, 0, 10, 1, 2, 10, 1, 0, 2, 1, 100, 2, 1, 0, 1, 1, 0];
    message(&element(0x63, &[&head[..], filter, &element(0x30, attributes)].concat()))
}

fn refused(octets: &[u8]) -> Option<Refused> {
    match message::read(octets, &LIMITS) {
        Err(NoMessage::Refused { id: MessageId(7), operation: Operation::SearchDone, why }) => Some(why),
        _ => None,
    }
}

#[test]
fn a_bind_as_thunderbird_sends_it() {
    let octets = b"0\x14\x02\x01\x01`\x0f\x02\x01\x03\x04\x05z@e.f\x80\x03abc";
    let read = message::read(octets, &LIMITS).unwrap();
    assert_eq!(read.id, MessageId(1));
    let Request::Bind(Bind { version, name, password }) = read.request else { panic!("{:?}", read.request) };
    assert_eq!((version, name.as_str(), password.unwrap().expose()), (3, "z@e.f", &b"abc"[..]));
}

#[test]
fn a_search_with_pieces_of_a_name() {
    let pieces = element(0x30, &[element(0x81, b"du"), element(0x81, "lév".as_bytes())].concat());
    let filter = element(0xa4, &[element(4, b"cn"), pieces].concat());
    let read = message::read(&search(&element(0xa1, &filter), &element(4, b"mail")), &LIMITS).unwrap();
    let Request::Search(search) = read.request else { panic!("{:?}", read.request) };
    assert_eq!(
        (search.scope, search.size_max, search.attributes.as_slice()),
        (Scope::Subtree, Some(100), &["mail".to_owned()][..])
    );
    let any = vec!["du".to_owned(), "lév".to_owned()];
    let substrings = Substrings { attribute: "cn".to_owned(), initial: None, any, last: None };
    assert_eq!(search.filter, Filter::Or(vec![Filter::Substrings(substrings)]));
}

#[test]
fn what_is_too_deep_or_too_large_is_answered() {
    let present = element(0x87, b"cn");
    let nested = |depth: usize| (1..depth).fold(present.clone(), |filter, _| element(0xa2, &filter));
    assert!(message::read(&search(&nested(5), b""), &LIMITS).is_ok());
    assert_eq!(refused(&search(&nested(6), b"")), Some(Refused::TooDeep));
    assert_eq!(refused(&search(&nested(100_000), b"")), Some(Refused::TooDeep));
    assert!(message::read(&search(&element(0xa0, &present.repeat(19)), b""), &LIMITS).is_ok());
    assert_eq!(refused(&search(&element(0xa0, &present.repeat(20)), b"")), Some(Refused::TooLarge));
    assert_eq!(refused(&search(&present, &element(4, b"cn").repeat(6))), Some(Refused::TooLarge));
    assert_eq!(refused(&search(&element(0xaf, b""), b"")), Some(Refused::Unknown));
}

#[test]
fn what_is_not_well_formed_is_no_message() {
    let present = element(0x87, b"cn");
    let mut trailing = search(&present, b"");
    trailing.push(0);
    let pieces = |pieces: &[u8]| search(&element(0xa4, &[element(4, b"cn"), element(0x30, pieces)].concat()), b"");
    for octets in [
        trailing,
        message(&[]),
        message(&element(0x60, b"\x02\x01\x03\x04\x00\x81\x00")),
        message(&element(0x61, b"")),
        element(0x30, b"\x02\x01\x00\x42\x00"),
        element(0x30, b"\x02\x05\x01\x00\x00\x00\x00\x42\x00"),
        search(&element(0xa2, &present.repeat(2)), b""),
        search(&element(0xa3, &element(4, b"cn")), b""),
        pieces(b""),
        pieces(&[element(0x81, b"a"), element(0x80, b"b")].concat()),
        pieces(&[element(0x82, b"a"), element(0x81, b"b")].concat()),
    ] {
        assert!(matches!(message::read(&octets, &LIMITS), Err(NoMessage::Malformed)), "{octets:?}");
    }
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = message::read(&octets, &LIMITS);
        let _ = message::read(&element(0x30, &octets), &LIMITS);
        let _ = message::read(&message(&element(0x63, &octets)), &LIMITS);
        let _ = message::read(&search(&element(0xa0, &octets), b""), &LIMITS);
    }
}
