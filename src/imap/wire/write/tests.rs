//! Responses, octet by octet.

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::imap::wire::command::{Numbers, PartialRange, Rfc822, Section, SectionText, StatusItem};
use crate::imap::wire::utf7::NameForm;
use crate::model::{Flags, MailboxId, MessageId, ModSeq, SeqNum, SystemFlag, Timestamp, Uid, UidValidity};

fn written(write: impl FnOnce(&mut BytesMut)) -> String {
    let mut out = BytesMut::new();
    write(&mut out);
    String::from_utf8(out.to_vec()).unwrap()
}

fn seen_and_junk() -> Flags {
    let mut flags = Flags::default();
    flags.set(SystemFlag::Seen);
    flags.set(SystemFlag::Answered);
    flags.set_keyword("$Junk");
    flags
}

#[test]
fn strings() {
    assert_eq!(written(|out| string(out, b"")), "\"\"");
    assert_eq!(written(|out| string(out, b"a b")), "\"a b\"");
    assert_eq!(written(|out| string(out, b"a\"b\\")), "\"a\\\"b\\\\\"");
    assert_eq!(written(|out| string(out, "é".as_bytes())), "{2}\r\né");
    assert_eq!(written(|out| string(out, b"a\r\nb")), "{4}\r\na\r\nb");
    assert!(written(|out| string(out, &[b'x'; 1024])).starts_with('"'));
    assert!(written(|out| string(out, &[b'x'; 1025])).starts_with("{1025}\r\nx"));
    assert_eq!(written(|out| quoted(out, b"a\r\n\xe9")), "\"a???\"");
    assert_eq!(written(|out| astring(out, b"a.b")), "a.b");
    for (text, expected) in [("", "\"\""), ("nil", "\"nil\""), ("a b", "\"a b\""), ("a]", "\"a]\""), ("a%", "\"a%\"")] {
        assert_eq!(written(|out| astring(out, text.as_bytes())), expected);
    }
}

#[test]
fn mailbox_names() {
    for (name, expected) in [
        ("INBOX", "INBOX"),
        ("Envoyés", "Envoy&AOk-s"),
        ("Mes élèves/3e B", "\"Mes &AOk-l&AOg-ves/3e B\""),
        ("R&D", "R&-D"),
        ("a\"b", "\"a\\\"b\""),
    ] {
        assert_eq!(written(|out| mailbox(out, NameForm::Utf7, name)), expected);
    }
}

#[test]
fn numbers_and_sets() {
    for value in [0, 9, 10, 1234567890, u64::MAX] {
        assert_eq!(written(|out| number(out, value)), value.to_string());
    }
    for (numbers, expected) in [
        (&[][..], ""),
        (&[7], "7"),
        (&[1, 2, 3, 7], "1:3,7"),
        (&[1, 3, 5, 6], "1,3,5:6"),
        (&[5, 4, 3, 4], "5,4,3:4"),
        (&[u32::MAX - 1, u32::MAX], "4294967294:4294967295"),
        (&[u32::MAX, 0], "4294967295,0"),
    ] {
        assert_eq!(written(|out| number_set(out, numbers.iter().copied())), expected);
    }
}

#[test]
fn dates() {
    for (seconds, expected) in [
        (0, "\" 1-Jan-1970 00:00:00 +0000\""),
        (837_596_665, "\"17-Jul-1996 09:44:25 +0000\""),
        (-1, "\"31-Dec-1969 23:59:59 +0000\""),
        (-62_135_596_800, "\" 1-Jan-0001 00:00:00 +0000\""),
        (i64::MAX / 1_000_000, "\" 1-Jan-1970 00:00:00 +0000\""),
    ] {
        assert_eq!(written(|out| date_time(out, Timestamp::from_seconds(seconds))), expected);
    }
}

#[test]
fn statuses() {
    let says = |code, text| written(|out| tagged(out, "a1", Condition::Ok, code, text));
    assert_eq!(says(None, "Done"), "a1 OK Done\r\n");
    assert_eq!(says(None, ""), "a1 OK .\r\n");
    assert_eq!(says(None, "é\r\nb OK"), "a1 OK ????b OK\r\n");
    assert_eq!(written(|out| untagged(out, Condition::No, Some(Code::Limit), "x")), "* NO [LIMIT] x\r\n");
    assert_eq!(written(|out| untagged(out, Condition::Bad, None, "x")), "* BAD x\r\n");
    assert_eq!(written(|out| bye(out, Some(Code::Unavailable), "x")), "* BYE [UNAVAILABLE] x\r\n");
    assert_eq!(written(|out| continuation(out, "OK")), "+ OK\r\n");
    assert_eq!(written(|out| continuation(out, "")), "+ \r\n");
    let flags = seen_and_junk();
    let pairs = [(Uid(4), Uid(9)), (Uid(5), Uid(10)), (Uid(7), Uid(11))];
    for (code, expected) in [
        (Code::AppendUid(UidValidity(3), &[Uid(7)]), "APPENDUID 3 7"),
        (Code::AppendUid(UidValidity(3), &[Uid(7), Uid(8), Uid(9), Uid(4)]), "APPENDUID 3 7:9,4"),
        (Code::BadUrl("/a\"é"), "BADURL \"/a\\\"??\""),
        (Code::UnknownCte, "UNKNOWN-CTE"),
        (Code::BadCharset, "BADCHARSET (US-ASCII UTF-8)"),
        (Code::Capability("IMAP4rev1 IDLE"), "CAPABILITY IMAP4rev1 IDLE"),
        (Code::CopyUid(UidValidity(3), &pairs), "COPYUID 3 4:5,7 9:11"),
        (Code::HighestModSeq(ModSeq(8)), "HIGHESTMODSEQ 8"),
        (Code::Modified(&[2, 3, 9]), "MODIFIED 2:3,9"),
        (Code::PermanentFlags { flags: &flags, new_keywords: true }, "PERMANENTFLAGS (\\Answered \\Seen $Junk \\*)"),
        (Code::PermanentFlags { flags: &Flags::default(), new_keywords: true }, "PERMANENTFLAGS (\\*)"),
        (Code::PermanentFlags { flags: &Flags::default(), new_keywords: false }, "PERMANENTFLAGS ()"),
        (Code::UidNext(Uid(8)), "UIDNEXT 8"),
        (Code::UidValidity(UidValidity(8)), "UIDVALIDITY 8"),
        (Code::ReadOnly, "READ-ONLY"),
        (Code::TryCreate, "TRYCREATE"),
    ] {
        assert_eq!(says(Some(code), "x"), format!("a1 OK [{expected}] x\r\n"));
    }
}

#[test]
fn fetches() {
    let whole = Section::default();
    let fields =
        Section { path: vec![1, 2], text: SectionText::HeaderFields(vec!["From".to_owned(), "X y".to_owned()]) };
    let not = Section { path: vec![], text: SectionText::HeaderFieldsNot(vec!["a".to_owned()]) };
    let told = written(|out| {
        let mut items = FetchItems::open(out, SeqNum(12));
        items.uid(out, Uid(7));
        items.flags(out, &seen_and_junk());
        items.mod_seq(out, ModSeq(9));
        items.size(out, 44_827);
        items.internal_date(out, Timestamp::from_seconds(0));
        items.envelope(out, b"(e)");
        items.body_structure(out, b"(s)");
        items.body(out, b"(b)");
        items.data(out, DataName::Section { section: &whole, origin: Some(0) }, b"x(");
        items.data(out, DataName::Section { section: &fields, origin: None }, b"");
        items.data_nil(out, DataName::Section { section: &not, origin: None });
        items.data(out, DataName::Rfc822(Rfc822::Whole), b"\r\n");
        items.data_head(out, DataName::Rfc822(Rfc822::Header), 0, false);
        items.data_head(out, DataName::Rfc822(Rfc822::Text), 2, false);
        out.extend_from_slice(b"xy");
        items.close(out);
    });
    assert_eq!(
        told,
        "* 12 FETCH (UID 7 FLAGS (\\Answered \\Seen $Junk) MODSEQ (9) RFC822.SIZE 44827 \
         INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" ENVELOPE (e) BODYSTRUCTURE (s) BODY (b) BODY[]<0> {2}\r\nx( \
         BODY[1.2.HEADER.FIELDS (From \"X y\")] \"\" BODY[HEADER.FIELDS.NOT (a)] NIL RFC822 {2}\r\n\r\n \
         RFC822.HEADER \"\" RFC822.TEXT {2}\r\nxy)\r\n"
    );
    for (path, text, expected) in [
        (vec![], SectionText::Header, "HEADER"),
        (vec![], SectionText::Text, "TEXT"),
        (vec![1], SectionText::Mime, "1.MIME"),
        (vec![3, 1], SectionText::All, "3.1"),
    ] {
        let section = Section { path, text };
        let told = written(|out| {
            let mut items = FetchItems::open(out, SeqNum(1));
            items.data_nil(out, DataName::Section { section: &section, origin: None });
        });
        assert_eq!(told, format!("* 1 FETCH (BODY[{expected}] NIL"));
    }
}

#[test]
fn names_in_utf8() {
    let told = |name| written(|out| mailbox(out, NameForm::Utf8, name));
    assert_eq!(told("Envoyés"), "\"Envoyés\"");
    assert_eq!(told("R&D"), "R&D");
    assert_eq!(told("é\"\\"), "\"é\\\"\\\\\"");
}

#[test]
fn binary_items() {
    let told = written(|out| {
        let mut items = FetchItems::open(out, SeqNum(1));
        items.data_size(out, DataName::BinarySize(&[1, 2]), 7);
        items.data_head(out, DataName::Binary { path: &[2], origin: Some(3) }, 2, true);
        out.extend_from_slice(b"\0x");
        items.data_head(out, DataName::Binary { path: &[], origin: None }, 0, false);
        items.close(out);
    });
    assert_eq!(told, "* 1 FETCH (BINARY.SIZE[1.2] 7 BINARY[2]<3> ~{2}\r\n\0x BINARY[] \"\")\r\n");
}

#[test]
fn lists() {
    let plain = ListExtended::default();
    let told = |extended| written(|out| list(out, NameForm::Utf7, &["\\HasNoChildren", "\\Sent"], "Envoyés", extended));
    let start = "* LIST (\\HasNoChildren \\Sent) \"/\" Envoy&AOk-s";
    assert_eq!(told(plain), format!("{start}\r\n"));
    let below = ListExtended { subscribed_below: true, ..plain };
    assert_eq!(told(below), format!("{start} (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"));
    let renamed = ListExtended { old_name: Some("é"), ..plain };
    assert_eq!(told(renamed), format!("{start} (\"OLDNAME\" (&AOk-))\r\n"));
    let both = ListExtended { old_name: Some("a"), ..below };
    assert_eq!(told(both), format!("{start} (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (a))\r\n"));
    assert_eq!(written(list_separator), "* LIST (\\Noselect) \"/\" \"\"\r\n");
    assert_eq!(written(|out| lsub(out, NameForm::Utf7, &[], "a b")), "* LSUB () \"/\" \"a b\"\r\n");
}

#[test]
fn about_mailboxes_and_the_server() {
    for (told, expected) in [
        (written(|out| exists(out, 3)), "* 3 EXISTS\r\n"),
        (written(|out| recent(out, 0)), "* 0 RECENT\r\n"),
        (written(|out| expunge(out, SeqNum(4))), "* 4 EXPUNGE\r\n"),
        (written(|out| vanished(out, false, &[(4, 4)])), "* VANISHED 4\r\n"),
        (
            written(|out| vanished(out, true, &[(4, 4), (7, 7), (8, 9), (20, 30)])),
            "* VANISHED (EARLIER) 4,7:9,20:30\r\n",
        ),
        (written(|out| flags_response(out, &seen_and_junk())), "* FLAGS (\\Answered \\Seen $Junk)\r\n"),
        (
            written(|out| status(out, NameForm::Utf7, "a", &[(StatusItem::Messages, 3), (StatusItem::UidNext, 9)])),
            "* STATUS a (MESSAGES 3 UIDNEXT 9)\r\n",
        ),
        (written(|out| capability(out, "IMAP4rev1")), "* CAPABILITY IMAP4rev1\r\n"),
        (written(|out| enabled(out, &["CONDSTORE"])), "* ENABLED CONDSTORE\r\n"),
        (written(|out| enabled(out, &[])), "* ENABLED\r\n"),
        (written(|out| id(out, &[("name", "P"), ("v", "")])), "* ID (\"name\" \"P\" \"v\" \"\")\r\n"),
        (written(|out| id(out, &[])), "* ID NIL\r\n"),
        (written(namespace), "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"),
        (written(|out| quota(out, "", &[("STORAGE", 10, 512)])), "* QUOTA \"\" (STORAGE 10 512)\r\n"),
        (written(|out| quota_root(out, NameForm::Utf7, "INBOX", &[""])), "* QUOTAROOT INBOX \"\"\r\n"),
    ] {
        assert_eq!(told, expected);
    }
}

#[test]
fn updated_searches() {
    let of = Some((NameForm::Utf7, "à lire", UidValidity(7)));
    let (removed, added) = ([(3, vec![9]), (1, vec![2, 3])], [(0, vec![4, 5, 6, 9])]);
    let both = EsearchUpdate { removed: &removed, added: &added };
    assert_eq!(
        written(|out| esearch_update(out, "a1", None, Numbers::Uid, both)),
        "* ESEARCH (TAG \"a1\") UID REMOVEFROM (3 9 1 2:3) ADDTO (0 4:6,9)\r\n"
    );
    let added = EsearchUpdate { removed: &[], added: &added };
    assert_eq!(
        written(|out| esearch_update(out, "a1", of, Numbers::Sequence, added)),
        "* ESEARCH (TAG \"a1\" MAILBOX \"&AOA- lire\" UIDVALIDITY 7) ADDTO (0 4:6,9)\r\n"
    );
    let count = EsearchAnswer { count: Some(2), ..EsearchAnswer::default() };
    assert_eq!(
        written(|out| esearch_in(out, "a1", (NameForm::Utf7, "b", UidValidity(7)), Numbers::Uid, count)),
        "* ESEARCH (TAG \"a1\" MAILBOX b UIDVALIDITY 7) UID COUNT 2\r\n"
    );
    let says = |code| written(|out| untagged(out, Condition::No, Some(code), "x"));
    assert_eq!(says(Code::NoUpdate("a1")), "* NO [NOUPDATE \"a1\"] x\r\n");
    assert_eq!(says(Code::NotificationOverflow), "* NO [NOTIFICATIONOVERFLOW] x\r\n");
}

#[test]
fn searches() {
    let none: [u32; 0] = [];
    assert_eq!(written(|out| search(out, [2, 84], None)), "* SEARCH 2 84\r\n");
    assert_eq!(written(|out| search(out, [2], Some(ModSeq(917)))), "* SEARCH 2 (MODSEQ 917)\r\n");
    assert_eq!(written(|out| search(out, none, Some(ModSeq(917)))), "* SEARCH\r\n");
    let all = EsearchAnswer {
        min: Some(2),
        max: Some(9),
        all: Some(&[2, 3, 9]),
        count: Some(3),
        mod_seq: Some(ModSeq(7)),
        partial: None,
    };
    assert_eq!(
        written(|out| esearch(out, "a1", Numbers::Uid, all)),
        "* ESEARCH (TAG \"a1\") UID MIN 2 MAX 9 ALL 2:3,9 COUNT 3 MODSEQ 7\r\n"
    );
    let nothing = EsearchAnswer { all: Some(&[]), count: Some(0), ..EsearchAnswer::default() };
    assert_eq!(written(|out| esearch(out, "a1", Numbers::Sequence, nothing)), "* ESEARCH (TAG \"a1\") COUNT 0\r\n");
}

proptest! {
    #[test]
    fn no_text_breaks_a_line(text in any::<String>()) {
        for told in [
            written(|out| tagged(out, "a", Condition::No, None, &text)),
            written(|out| bye(out, Some(Code::Limit), &text)),
            written(|out| continuation(out, &text)),
        ] {
            prop_assert!(told.is_ascii());
            prop_assert_eq!(told.find(['\r', '\n']), Some(told.len() - 2));
        }
    }

    #[test]
    fn sets_hold_their_numbers(numbers in proptest::collection::btree_set(1..60_u32, 0..40)) {
        let told = written(|out| number_set(out, numbers.iter().copied()));
        let read: Vec<u32> = told
            .split(',')
            .filter(|range| !range.is_empty())
            .flat_map(|range| {
                let (start, end) = range.split_once(':').unwrap_or((range, range));
                start.parse().unwrap()..=end.parse().unwrap()
            })
            .collect();
        prop_assert_eq!(read, numbers.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn partial_results() {
    let range = |from, to, from_last| PartialRange { from, to, from_last };
    let answer = |partial| EsearchAnswer { partial: Some(partial), ..EsearchAnswer::default() };
    let told = |partial| written(|out| esearch(out, "a", Numbers::Uid, answer(partial)));
    assert_eq!(told((range(1, 3, false), &[2, 3, 9])), "* ESEARCH (TAG \"a\") UID PARTIAL (1:3 2:3,9)\r\n");
    assert_eq!(told((range(100, 1, true), &[])), "* ESEARCH (TAG \"a\") UID PARTIAL (-100:-1 NIL)\r\n");
}

#[test]
fn object_ids() {
    let id = MailboxId(7);
    assert_eq!(
        written(|out| tagged(out, "a", Condition::Ok, Some(Code::MailboxId(id)), "x")),
        "a OK [MAILBOXID (F7)] x\r\n"
    );
    assert_eq!(
        written(|out| status(out, NameForm::Utf7, "a", &[(StatusItem::MailboxId, 7)])),
        "* STATUS a (MAILBOXID (F7))\r\n"
    );
    let told = written(|out| {
        let mut items = FetchItems::open(out, SeqNum(1));
        items.email_id(out, MessageId(9));
        items.thread_id(out);
        items.save_date(out, Timestamp::from_seconds(0));
        items.preview(out, "");
        items.preview(out, "\u{e9}");
        items.close(out);
    });
    assert_eq!(
        told,
        "* 1 FETCH (EMAILID (M9) THREADID NIL SAVEDATE \" 1-Jan-1970 00:00:00 +0000\" PREVIEW \"\" PREVIEW {2}\r\n\u{e9})\r\n"
    );
    for (id, email) in
        [("M9", Some(MessageId(9))), ("F9", None), ("M09", None), ("M+9", None), ("M-", None), ("m9", None)]
    {
        assert_eq!(email_of(id), email, "{id}");
    }
}
