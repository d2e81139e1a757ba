//! What extensions add to the base commands.

use super::*;
use crate::imap::wire::command::{Access, FetchItem, PartialRange, Resync, SearchKey, SearchReturn};
use crate::imap::wire::notify::{EventGroup, Events, MailboxFilter, MessageEvents, Notify};
use crate::model::{ModSeq, UidValidity};

#[test]
fn select_qresync() {
    let resync = |text: &str| match body(text) {
        CommandBody::Select { qresync, .. } => qresync.unwrap(),
        other => panic!("{other:?}"),
    };
    let known = |known| Resync { uid_validity: UidValidity(7), mod_seq: ModSeq(i64::MAX), known, samples: None };
    let sampled = |known| Resync { samples: Some((set(&[(1, 1), (2, 2)]), set(&[(1, 1), (3, 3)]))), ..known };
    assert_eq!(resync("SELECT a (QRESYNC (7 9223372036854775807))"), known(None));
    assert_eq!(resync("select a (qresync (7 9223372036854775807 1:3,5))"), known(Some(set(&[(1, 3), (5, 5)]))));
    assert_eq!(
        resync("SELECT a (QRESYNC (7 9223372036854775807 1:3 (1,2 1,3)))"),
        sampled(known(Some(set(&[(1, 3)]))))
    );
    assert_eq!(resync("SELECT a (QRESYNC (7 9223372036854775807 (1,2 1,3)) CONDSTORE)"), sampled(known(None)));
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

/// The groups of a NOTIFY SET.
fn groups(text: &str) -> Vec<EventGroup> {
    match body(text) {
        CommandBody::Notify(Notify::Set { groups, .. }) => groups,
        other => panic!("{other:?}"),
    }
}

#[test]
fn notify() {
    assert_eq!(body("notify none"), CommandBody::Notify(Notify::None));
    let found = groups(
        "NOTIFY SET STATUS (selected-delayed (MessageNew (uid body.peek[header.fields (from to)]) messageexpunge \
         flagchange)) (subtree (a \"b c\") (MailboxName SubscriptionChange)) (mailboxes x NONE)",
    );
    let [selected, subtree, none] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (&selected.filter, selected.events.messages),
        (&MailboxFilter::SelectedDelayed, MessageEvents::MessagesAndFlags)
    );
    assert_eq!(selected.events.fetch.len(), 2);
    assert_eq!(subtree.filter.names().len(), 2);
    assert!(subtree.events.mailbox_name && subtree.events.subscription_change);
    assert_eq!(none.events, Events::default());
    // As the examples of RFC 5465 write it.
    let bare =
        groups("notify set (selected MessageNew (uid) MessageExpunge) (subtree Lists MessageNew MessageExpunge)");
    assert_eq!(bare.iter().map(|group| group.events.messages).collect::<Vec<_>>(), [MessageEvents::Messages; 2]);
    assert!(groups("NOTIFY SET (personal (MessageNew AnnotationChange))")[0].events.unknown);
    for text in [
        "NOTIFY SET STATUS",
        "NOTIFY SET (personal)",
        "NOTIFY SET (personal ())",
        "NOTIFY SET (mailboxes () (MailboxName))",
        "NOTIFY SET (mailboxes (MailboxName))",
        "NOTIFY SET (personal (MailboxName)",
        "NOTIFY SET (everything (MailboxName))",
        "NOTIFY SET (selected (MessageNew () MessageExpunge))",
        "NOTIFY NONE x",
    ] {
        bad(text);
    }
}

#[test]
fn searches_of_several_mailboxes() {
    let ask = |text: &str| match body(text) {
        CommandBody::Esearch(ask) => ask,
        other => panic!("{other:?}"),
    };
    let plain = ask("ESEARCH UNSEEN");
    assert_eq!((plain.sources, plain.search.returns), (vec![MailboxFilter::Selected], Some(vec![SearchReturn::All])));
    let several =
        ask("esearch in (mailboxes \"folder1\" subtree-one (a b) personal) return (count) charset utf-8 text x");
    assert_eq!(several.sources.len(), 3);
    assert_eq!(several.search.returns, Some(vec![SearchReturn::Count]));
    for text in [
        "ESEARCH",
        "ESEARCH IN () ALL",
        "ESEARCH IN (personal (x y)) ALL",
        "ESEARCH IN (selected-delayed) ALL",
        "UID ESEARCH ALL",
    ] {
        bad(text);
    }
}

#[test]
fn updates() {
    let returns = |text: &str| match body(text) {
        CommandBody::Search(search) => search.returns.unwrap(),
        other => panic!("{other:?}"),
    };
    let items = vec![FetchItem::Uid, FetchItem::Flags];
    assert_eq!(
        returns("SEARCH RETURN (CONTEXT UPDATE) ALL"),
        [SearchReturn::Context, SearchReturn::Update(Vec::new())]
    );
    assert_eq!(
        returns("SEARCH RETURN (UPDATE (uid flags) COUNT) ALL"),
        [SearchReturn::Update(items.clone()), SearchReturn::Count]
    );
    assert_eq!(returns("SEARCH RETURN (UPDATE(uid flags)) ALL"), [SearchReturn::Update(items)]);
    assert_eq!(body("CANCELUPDATE \"a\" \"b\""), CommandBody::CancelUpdate(vec!["a".to_owned(), "b".to_owned()]));
    bad("CANCELUPDATE");
    bad("CANCELUPDATE a");
    bad("SEARCH RETURN (UPDATE ()) ALL");
}
