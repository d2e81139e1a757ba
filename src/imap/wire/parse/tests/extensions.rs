//! What extensions add to the base commands.

use super::*;
use crate::imap::wire::command::{Access, FetchItem, PartialRange, Resync, SearchKey, SearchReturn};
use crate::model::{ModSeq, UidValidity};

#[test]
fn select_qresync() {
    let resync = |text: &str| match body(text) {
        CommandBody::Select { qresync, .. } => qresync.unwrap(),
        other => panic!("{other:?}"),
    };
    let known = |known| Resync { uid_validity: UidValidity(7), mod_seq: ModSeq(i64::MAX), known, names_numbers: false };
    let sampled = |set| Resync { names_numbers: true, ..known(set) };
    assert_eq!(resync("SELECT a (QRESYNC (7 9223372036854775807))"), known(None));
    assert_eq!(resync("select a (qresync (7 9223372036854775807 1:3,5))"), known(Some(set(&[(1, 3), (5, 5)]))));
    assert_eq!(resync("SELECT a (QRESYNC (7 9223372036854775807 1:3 (1,2 1,3)))"), sampled(Some(set(&[(1, 3)]))));
    assert_eq!(resync("SELECT a (QRESYNC (7 9223372036854775807 (1,2 1,3)) CONDSTORE)"), sampled(None));
    let examine = body("EXAMINE a (CONDSTORE QRESYNC (7 1))");
    assert!(matches!(examine, CommandBody::Select { access: Access::ReadOnly, condstore: true, qresync: Some(_), .. }));
    for text in [
        "QRESYNC",
        "QRESYNC ()",
        "QRESYNC (7)",
        "QRESYNC (7 -1)",
        "QRESYNC (4294967296 1)",
        "QRESYNC (7 9223372036854775808)",
        "QRESYNC (7 1 1:*)",
        "QRESYNC (7 1 $)",
        "QRESYNC (7 1 1:2 (1))",
        "QRESYNC (7 1 1:2 (1 *))",
        "QRESYNC (7 1 1:2 (1 2) 3)",
        "QRESYNC (7 1) QRESYNC (7 1)",
    ] {
        bad(&format!("SELECT a ({text})"));
    }
}

#[test]
fn fetch_vanished() {
    let fetch = |text: &str| match body(text) {
        CommandBody::Fetch(fetch) => (fetch.changed_since, fetch.vanished),
        other => panic!("{other:?}"),
    };
    assert_eq!(fetch("UID FETCH 1:* FLAGS (CHANGEDSINCE 5 VANISHED)"), (Some(ModSeq(5)), true));
    assert_eq!(fetch("UID FETCH 1:* (FLAGS) (vanished changedsince 5)"), (Some(ModSeq(5)), true));
    bad("FETCH 1:* FLAGS (CHANGEDSINCE 5 VANISHED)");
    bad("UID FETCH 1:* FLAGS (VANISHED)");
    bad("UID FETCH 1:* FLAGS (CHANGEDSINCE 5 CHANGEDSINCE 6)");
}

#[test]
fn partial_ranges() {
    let range = |from, to, from_last| PartialRange { from, to, from_last };
    let fetch = |text: &str| match body(text) {
        CommandBody::Fetch(fetch) => (fetch.partial, fetch.changed_since),
        other => panic!("{other:?}"),
    };
    assert_eq!(fetch("UID FETCH 1:* FLAGS (PARTIAL -1:-30)"), (Some(range(1, 30, true)), None));
    let both = (Some(range(9, 4_294_967_295, false)), Some(ModSeq(3)));
    assert_eq!(fetch("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 3 partial 9:4294967295)"), both);
    let search = |text: &str| match body(text) {
        CommandBody::Search(search) => search.returns,
        other => panic!("{other:?}"),
    };
    let partial = SearchReturn::Partial(range(1, 3, false));
    assert_eq!(search("SEARCH RETURN (PARTIAL 1:3 COUNT) ALL"), Some(vec![partial, SearchReturn::Count]));
    for text in [
        "FETCH 1:* FLAGS (PARTIAL 1:3)",
        "UID FETCH 1:* FLAGS (PARTIAL 0:3)",
        "UID FETCH 1:* FLAGS (PARTIAL 1:*)",
        "UID FETCH 1:* FLAGS (PARTIAL 1)",
        "UID FETCH 1:* FLAGS (PARTIAL 1:-3)",
        "UID FETCH 1:* FLAGS (PARTIAL 1:3 PARTIAL 1:3)",
        "SEARCH RETURN (PARTIAL 1:3 ALL) ALL",
        "SEARCH RETURN (PARTIAL 1:3 PARTIAL 4:5) ALL",
        "SEARCH RETURN (PARTIAL 4294967296:5) ALL",
    ] {
        bad(text);
    }
    assert_eq!((range(2, 3, false).of(10), range(3, 2, false).of(10), range(9, 12, false).of(10)), (1..3, 1..3, 8..10));
    assert_eq!((range(1, 3, true).of(10), range(9, 12, true).of(10)), (7..10, 0..2));
    assert_eq!(
        (range(11, 12, false).of(10), range(11, 12, true).of(10), range(1, 2, true).of(0)),
        (10..10, 0..0, 0..0)
    );
}

#[test]
fn items_and_keys_about_objects_dates_and_previews() {
    let items = |text: &str| match body(text) {
        CommandBody::Fetch(fetch) => fetch.items,
        other => panic!("{other:?}"),
    };
    let expected =
        [FetchItem::EmailId, FetchItem::ThreadId, FetchItem::SaveDate, FetchItem::Preview, FetchItem::Preview];
    assert_eq!(items("FETCH 1 (EMAILID threadid SAVEDATE PREVIEW PREVIEW (LAZY))"), expected);
    assert_eq!(items("FETCH 1 PREVIEW"), [FetchItem::Preview]);
    assert_eq!(items("FETCH 1 preview(lazy)"), [FetchItem::Preview]);
    assert!(
        matches!(body("UID FETCH 1 PREVIEW (LAZY) (CHANGEDSINCE 3)"), CommandBody::Fetch(f) if f.changed_since.is_some())
    );
    for text in ["PREVIEW ()", "PREVIEW (FAST)", "(PREVIEW (LAZY)", "PREVIEWS"] {
        bad(&format!("FETCH 1 {text}"));
    }
    let key = |text: &str| match body(&format!("SEARCH {text}")) {
        CommandBody::Search(search) => search.key,
        other => panic!("{other:?}"),
    };
    assert_eq!(key("SAVEDBEFORE 2-Jan-1970"), SearchKey::SavedBefore(1));
    assert_eq!(key("SAVEDON 2-Jan-1970"), SearchKey::SavedOn(1));
    assert_eq!(key("SAVEDSINCE 2-Jan-1970"), SearchKey::SavedSince(1));
    assert_eq!(key("SAVEDATESUPPORTED"), SearchKey::All);
    assert_eq!(key("EMAILID M6d99ac3275bb4e"), SearchKey::EmailId("M6d99ac3275bb4e".to_owned()));
    assert_eq!(key("THREADID T_-9"), SearchKey::ThreadId("T_-9".to_owned()));
    for text in ["EMAILID", "EMAILID a.b", "SAVEDON", "SAVEDON x"] {
        bad(&format!("SEARCH {text}"));
    }
    bad(&format!("SEARCH EMAILID {}", "a".repeat(256)));
}

#[test]
fn create_with_a_use() {
    let uses = |text: &str| match body(text) {
        CommandBody::Create { mailbox, uses } if mailbox == named("a") => uses,
        other => panic!("{other:?}"),
    };
    assert_eq!(uses("CREATE a (USE (\\Archive))"), ["\\Archive"]);
    assert_eq!(uses("CREATE a ( use (\\junk \\X-Y) )"), ["\\junk", "\\X-Y"]);
    for text in
        ["()", "(USE)", "(USE ())", "(USE (Archive))", "(USE \\Archive)", "(USE (\\Archive)", "(FOO (\\Archive))", "b"]
    {
        bad(&format!("CREATE a {text}"));
    }
}

#[test]
fn rights() {
    assert_eq!(body("MYRIGHTS a"), CommandBody::MyRights(named("a")));
    assert_eq!(body("GETACL \"a\""), CommandBody::GetAcl(named("a")));
    let identifier = "anne".to_owned();
    assert_eq!(body("LISTRIGHTS a anne"), CommandBody::ListRights { mailbox: named("a"), identifier });
    for text in ["SETACL a anne lrs", "SETACL a anne +lrswipkxteacd", "SETACL a anne \"\""] {
        assert_eq!(body(text), CommandBody::SetAcl(named("a")), "{text}");
    }
    for text in [
        "MYRIGHTS",
        "MYRIGHTS a b",
        "GETACL",
        "LISTRIGHTS a",
        "SETACL a anne",
        "SETACL a anne lrQ",
        "DELETEACL a",
        "DELETEACL a \"\"",
    ] {
        bad(text);
    }
    assert_eq!(body("DELETEACL a anne"), CommandBody::DeleteAcl(named("a")));
    assert_eq!(body("unauthenticate"), CommandBody::Unauthenticate);
    bad("UNAUTHENTICATE x");
}
