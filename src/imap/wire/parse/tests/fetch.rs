//! FETCH, STORE, COPY, MOVE and their sets.

use super::*;
use crate::imap::wire::command::{Fetch, FetchItem, FlagsChange, Partial, Rfc822, Section, SectionText, Store};
use crate::model::ModSeq;

fn fetch(text: &str) -> Fetch {
    match body(text) {
        CommandBody::Fetch(fetch) => fetch,
        other => panic!("{other:?}"),
    }
}

fn section(path: &[u32], text: SectionText, peek: bool, partial: Option<(u64, u64)>) -> FetchItem {
    FetchItem::Section {
        section: Section { path: path.to_vec(), text },
        peek,
        partial: partial.map(|(offset, count)| Partial { offset, count }),
    }
}

#[test]
fn fetch_items() {
    assert_eq!(
        fetch("UID fetch 1:* (FLAGS)"),
        Fetch {
            set: set(&[(1, 0)]),
            numbers: Numbers::Uid,
            items: vec![FetchItem::Flags],
            changed_since: None,
            vanished: false,
            partial: None
        }
    );
    let fast = [FetchItem::Flags, FetchItem::InternalDate, FetchItem::Size];
    assert_eq!(fetch("FETCH 1 FAST").items, fast);
    assert_eq!(fetch("FETCH 1 (fast)").items, fast);
    assert_eq!(fetch("FETCH 1 ALL").items, [&fast[..], &[FetchItem::Envelope]].concat());
    assert_eq!(fetch("FETCH 1 FULL").items, [&fast[..], &[FetchItem::Envelope, FetchItem::Body]].concat());
    assert_eq!(
        fetch("FETCH 1 ( UID BODYSTRUCTURE  body MODSEQ RFC822 RFC822.HEADER RFC822.TEXT ) ").items,
        [
            FetchItem::Uid,
            FetchItem::BodyStructure,
            FetchItem::Body,
            FetchItem::ModSeq,
            FetchItem::Rfc822(Rfc822::Whole),
            FetchItem::Rfc822(Rfc822::Header),
            FetchItem::Rfc822(Rfc822::Text),
        ]
    );
    assert_eq!(fetch("FETCH 1 (FLAGS) (CHANGEDSINCE 0)").changed_since, Some(ModSeq(0)));
    assert_eq!(fetch("FETCH 1 FLAGS (changedsince 9223372036854775807)").changed_since, Some(ModSeq(i64::MAX)));
    for text in [
        "()",
        "FOO",
        "(FLAGS",
        "(FLAGS))",
        "FLAGS)",
        "UID FLAGS",
        "BODY.PEEK",
        "BINARY",
        "BINARY[1.MIME]",
        "BINARY[TEXT]",
        "BINARY.SIZE[1]<0.1>",
        "UIDFLAGS",
        "(UIDX)",
        "FLAGS (CHANGEDSINCE 9223372036854775808)",
        "FLAGS ()",
        "FLAGS (CHANGEDSINCE 1 VANISHED)",
        "FLAGS (VANISHED)",
    ] {
        bad(&format!("FETCH 1 {text}"));
    }
}

#[test]
fn binary_sections() {
    let partial = Some(Partial { offset: 0, count: 9 });
    assert_eq!(
        fetch("FETCH 1 (BINARY[1.2] binary.peek[]<0.9> BINARY.SIZE[2])").items,
        [
            FetchItem::Binary { path: vec![1, 2], peek: false, partial: None },
            FetchItem::Binary { path: vec![], peek: true, partial },
            FetchItem::BinarySize(vec![2]),
        ]
    );
}

#[test]
fn fetch_sections() {
    for (text, item) in [
        ("BODY[]", section(&[], SectionText::All, false, None)),
        ("body.peek[]<0.65536>", section(&[], SectionText::All, true, Some((0, 65536)))),
        ("BODY[]<0.4294967295>", section(&[], SectionText::All, false, Some((0, 4_294_967_295)))),
        ("BODY[]<5000000000.1>", section(&[], SectionText::All, false, Some((5_000_000_000, 1)))),
        ("BODY.PEEK[1.2]", section(&[1, 2], SectionText::All, true, None)),
        ("BODY[1.MIME]", section(&[1], SectionText::Mime, false, None)),
        ("BODY[1.2.header]", section(&[1, 2], SectionText::Header, false, None)),
        ("BODY[TEXT]", section(&[], SectionText::Text, false, None)),
        (
            "BODY.PEEK[HEADER.FIELDS (\"From\" To {4}\r\nDate)]",
            section(&[], SectionText::HeaderFields(["From", "To", "Date"].map(str::to_owned).to_vec()), true, None),
        ),
        (
            "BODY[3.HEADER.FIELDS.NOT ( x-a  )]<1.2>",
            section(&[3], SectionText::HeaderFieldsNot(vec!["x-a".to_owned()]), false, Some((1, 2))),
        ),
    ] {
        assert_eq!(fetch(&format!("FETCH 1 {text}")).items, std::slice::from_ref(&item), "{text}");
        assert_eq!(fetch(&format!("FETCH 1 (UID {text})")).items, [FetchItem::Uid, item], "{text}");
    }
    for text in [
        "BODY[",
        "BODY[0]",
        "BODY[1.]",
        "BODY[.1]",
        "BODY[MIME]",
        "BODY[FOO]",
        "BODY[HEADER.FIELDS]",
        "BODY[1.0]",
        "BODY[HEADER.FIELDS ()]",
        "BODY[]<0>",
        "BODY[]<.1>",
        "BODY[]<0.1",
        "BODY[]<0.99999999999999999999>",
        "BODY[4294967296]",
        "BODY[HEADER.]",
        "BODY []",
        "BODY[]x",
    ] {
        bad(&format!("FETCH 1 {text}"));
    }
}

#[test]
fn sets() {
    assert_eq!(fetch("FETCH 1,3:5,7:*,*:2 UID").set, set(&[(1, 1), (3, 5), (7, 0), (0, 2)]));
    assert_eq!(fetch("FETCH 4294967295:* UID").set, set(&[(u32::MAX, 0)]));
    for text in ["0", "4294967296", "1,", ",1", "1:", ":1", "a", "$1", "1,$", "$,1", "", "1:2:3", "1, 2", "-1"] {
        bad(&format!("FETCH {text} UID"));
    }
    assert_eq!(parsed("FETCH 1,2,3,4,5 UID"), Err(BadCommand::TooManyRanges));
    let target = named("Trash");
    let one = set(&[(8, 8)]);
    assert_eq!(
        body("uid move 8 \"Trash\""),
        CommandBody::Move { set: one.clone(), numbers: Numbers::Uid, mailbox: target.clone() }
    );
    assert_eq!(body("COPY 8 Trash"), CommandBody::Copy { set: one, numbers: Numbers::Sequence, mailbox: target });
    bad("COPY 8");
    bad("MOVE Trash");
}

#[test]
fn storing_flags() {
    let store = |text: &str| match body(text) {
        CommandBody::Store(store) => store,
        other => panic!("{other:?}"),
    };
    let seen = Store {
        set: set(&[(6, 6)]),
        numbers: Numbers::Uid,
        change: FlagsChange::Add,
        silent: false,
        flags: flags(&["\\Seen"]),
        unchanged_since: None,
    };
    assert_eq!(store("uid store 6 +Flags (\\Seen)"), seen);
    assert_eq!(store("uid store 6 +Flags \\seen"), seen);
    assert_eq!(store("uid store 6 +Flags (\\Seen \\Recent)"), seen);
    assert_eq!(
        store("STORE 6 -FLAGS.SILENT (\\Deleted $Forwarded)"),
        Store {
            numbers: Numbers::Sequence,
            change: FlagsChange::Remove,
            silent: true,
            flags: flags(&["\\Deleted", "$Forwarded"]),
            ..seen.clone()
        }
    );
    assert_eq!(
        store("UID STORE 6 (UNCHANGEDSINCE 12) FLAGS ()"),
        Store { change: FlagsChange::Replace, flags: Flags::default(), unchanged_since: Some(ModSeq(12)), ..seen }
    );
    assert_eq!(store("UID STORE 6 FLAGS \\Seen a  b ").flags, flags(&["\\Seen", "a", "b"]));
    for text in [
        "+FLAGS",
        "FLAGS (\\Foo)",
        "FLAGS (\\*)",
        "FLAGS (\\)",
        "FLAGS (a]b)",
        "++FLAGS (a)",
        "+ FLAGS (a)",
        "FOO (a)",
        "FLAGS (a) b",
        "FLAGS \"a\"",
        "(CHANGEDSINCE 1) FLAGS (a)",
        "() FLAGS (a)",
        "FLAGS (é)",
    ] {
        bad(&format!("STORE 1 {text}"));
    }
    let many = |count: usize| format!("STORE 1 FLAGS ({})", (0..count).map(|n| format!("k{n} ")).collect::<String>());
    assert!(parsed(&many(50)).is_ok());
    assert_eq!(parsed(&many(51)), Err(BadCommand::TooManyItems));
}
