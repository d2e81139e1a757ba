//! The parser, verb by verb.

mod extensions;
mod fetch;
mod search;

use super::super::append::{AppendItem, AppendLine, MessageLiteral, Replaced};
use super::super::command::{List, MailboxArgument, SequenceSet, StatusItem};
use super::super::framer::NonSynchronizing;
use super::super::utf7::NameForm;
use super::*;
use crate::model::{BadMailboxName, Flags, MailboxName, SystemFlag, Timestamp};

const LIMITS: FrameLimits = FrameLimits {
    line_bytes_max: 8192,
    literal_bytes_max: 4096,
    append_bytes_max: 100_000,
    nesting_max: 5,
    set_ranges_max: 4,
    list_items_max: 50,
    non_synchronizing: NonSynchronizing::Any,
    names: NameForm::Utf7,
};

fn parsed(text: &str) -> Result<CommandBody, BadCommand> {
    let command = command(format!("a1 {text}").as_bytes(), &LIMITS)?;
    assert_eq!(command.tag, "a1");
    Ok(command.body)
}

fn body(text: &str) -> CommandBody {
    parsed(text).unwrap_or_else(|bad| panic!("{text}: {bad}"))
}

fn bad(text: &str) {
    assert!(parsed(text).is_err(), "{text} was accepted: {:?}", parsed(text));
}

fn named(name: &str) -> MailboxArgument {
    MailboxArgument(MailboxName::parse(name), None)
}

fn set(ranges: &[(u32, u32)]) -> SequenceSet {
    let number = |number: u32| (number != 0).then_some(number);
    SequenceSet::Ranges(ranges.iter().map(|(start, end)| (number(*start), number(*end))).collect())
}

fn flags(names: &[&str]) -> Flags {
    let mut flags = Flags::default();
    for name in names {
        match SystemFlag::from_name(name) {
            Some(flag) => flags.set(flag),
            None => flags.set_keyword(name),
        }
    }
    flags
}

#[test]
fn commands_without_arguments() {
    for (text, expected) in [
        ("CAPABILITY", CommandBody::Capability),
        ("noop", CommandBody::Noop),
        ("Logout", CommandBody::Logout),
        ("STARTTLS", CommandBody::StartTls),
        ("namespace", CommandBody::Namespace),
        ("IDLE", CommandBody::Idle),
        ("CHECK", CommandBody::Check),
        ("CLOSE", CommandBody::Close),
        ("UNSELECT", CommandBody::Unselect),
        ("EXPUNGE", CommandBody::Expunge { uids: None }),
        ("UID EXPUNGE 3:4", CommandBody::Expunge { uids: Some(set(&[(3, 4)])) }),
        ("noop  ", CommandBody::Noop),
        ("  noop", CommandBody::Noop),
    ] {
        assert_eq!(body(text), expected, "{text}");
    }
    bad("NOOP x");
    bad("UID NOOP");
    bad("NOOP\t");
    assert_eq!(parsed("XYZZY 1"), Err(BadCommand::UnknownCommand));
    assert_eq!(parsed("XYZZY"), Err(BadCommand::UnknownCommand));
    assert_eq!(parsed("UID XYZZY 1"), Err(BadCommand::UnknownCommand));
    assert!(matches!(parsed("FETCH"), Err(BadCommand::Syntax(_))));
    for text in ["", "a", "a ", "a+b NOOP", " NOOP", "\" NOOP", "a (", "\0 NOOP"] {
        assert!(command(text.as_bytes(), &LIMITS).is_err(), "{text:?}");
    }
    assert_eq!(tag_of(b"a.1] FETCH"), Some("a.1]".to_owned()));
    assert_eq!(tag_of(b"a\r\n"), Some("a".to_owned()));
    for text in ["", " a", "+ a", "a+ b", "\u{e9} a", "(a b", "abc"] {
        assert_eq!(tag_of(text.as_bytes()), None, "{text:?}");
    }
}

#[test]
fn logging_in() {
    let login = CommandBody::Login { name: Secret::new("u"), password: Secret::new("a \"b\\ é") };
    assert_eq!(body("LOGIN u \"a \\\"b\\\\ é\""), login);
    assert_eq!(body("login {1}\r\nu {8+}\r\na \"b\\ é"), login);
    assert_eq!(body("login \"u\"  {8}\na \"b\\ é "), login);
    bad("LOGIN u \"a\\b\"");
    bad("LOGIN u \"a");
    bad("LOGIN u");
    bad("LOGIN u {3}\r\na\0b");
    bad("LOGIN u {3}\r\nab");
    let plain = |initial: Option<&str>| CommandBody::Authenticate {
        mechanism: "PLAIN".to_owned(),
        initial: initial.map(Secret::new),
    };
    assert_eq!(body("authenticate plain"), plain(None));
    assert_eq!(body("AUTHENTICATE PLAIN ="), plain(Some("")));
    assert_eq!(body("AUTHENTICATE PLAIN AHUAcA=="), plain(Some("\0u\0p")));
    bad("AUTHENTICATE PLAIN *");
    bad("AUTHENTICATE PLAIN AHUAcA");
    bad("AUTHENTICATE PLAIN AHUAcA== x");
    let text = format!("{:?}", body("LOGIN u sesame"));
    assert!(!text.contains("sesame"));
}

#[test]
fn id_and_enable() {
    assert_eq!(body("ID NIL"), CommandBody::Id(None));
    assert_eq!(body("ID ()"), CommandBody::Id(Some(vec![])));
    let fields = vec![("name".to_owned(), Some("Mac OS X Mail".to_owned())), ("os".to_owned(), None)];
    assert_eq!(body("ID (\"Name\" \"Mac OS X Mail\" \"os\" NIL)"), CommandBody::Id(Some(fields)));
    bad("ID (\"name\")");
    bad("ID");
    assert_eq!(body("ENABLE condstore X-y"), CommandBody::Enable(vec!["CONDSTORE".to_owned(), "X-Y".to_owned()]));
    bad("ENABLE");
}

#[test]
fn mailboxes() {
    let select =
        |name, access, condstore| CommandBody::Select { mailbox: named(name), access, condstore, qresync: None };
    assert_eq!(body("select \"INBOX\""), select("INBOX", Access::ReadWrite, false));
    assert_eq!(body("SELECT INBOX (CONDSTORE)"), select("INBOX", Access::ReadWrite, true));
    let renamed = |given: &str, name: &str| MailboxArgument(MailboxName::parse(name), Some(given.to_owned()));
    assert_eq!(body("DELETE inbox"), CommandBody::Delete(renamed("inbox", "INBOX")));
    assert_eq!(body("DELETE \"inbox/e\u{301}/\""), CommandBody::Delete(renamed("inbox/e\u{301}", "INBOX/é")));
    assert_eq!(body("DELETE Inb&-ox/"), CommandBody::Delete(named("Inb&ox")));
    assert_eq!(body("DELETE Inb&ox"), CommandBody::Delete(MailboxArgument(Err(BadMailboxName::BadUtf7), None)));
    assert_eq!(body("EXAMINE Envoy&AOk-s"), select("Envoyés", Access::ReadOnly, false));
    assert_eq!(body("EXAMINE \"Envoyés\""), select("Envoyés", Access::ReadOnly, false));
    assert_eq!(body("SELECT {8}\r\nEnvoyés"), select("Envoyés", Access::ReadWrite, false));
    bad("SELECT");
    bad("SELECT a b");
    bad("SELECT a ()");
    assert!(command(b"a SELECT \"\xff\"", &LIMITS).is_err());
    assert_eq!(body("CREATE a/b/"), CommandBody::Create { mailbox: named("a/b"), uses: vec![] });
    assert_eq!(
        body("CREATE \"a*\""),
        CommandBody::Create { mailbox: MailboxArgument(Err(BadMailboxName::Wildcard), None), uses: vec![] }
    );
    assert_eq!(body("DELETE \"\""), CommandBody::Delete(MailboxArgument(Err(BadMailboxName::Empty), None)));
    assert_eq!(body("RENAME a b"), CommandBody::Rename { from: named("a"), to: named("b") });
    assert_eq!(body("SUBSCRIBE a"), CommandBody::Subscribe(named("a")));
    assert_eq!(body("UNSUBSCRIBE a"), CommandBody::Unsubscribe(named("a")));
    assert_eq!(body("LSUB \"\" *"), CommandBody::Lsub { reference: String::new(), pattern: "*".to_owned() });
    bad("LSUB \"\"");
    let items = vec![StatusItem::UidNext, StatusItem::Messages, StatusItem::Unseen, StatusItem::Recent];
    assert_eq!(
        body("STATUS \"Drafts\" (UIDNEXT messages UNSEEN RECENT)"),
        CommandBody::Status { mailbox: named("Drafts"), items }
    );
    let names = StatusItem::ALL.map(StatusItem::name).join(" ");
    assert_eq!(
        body(&format!("STATUS a ( {names} )")),
        CommandBody::Status { mailbox: named("a"), items: StatusItem::ALL.to_vec() }
    );
    bad("STATUS a ()");
    bad("STATUS a (FOO)");
    bad("STATUS a MESSAGES");
    assert_eq!(body("GETQUOTA \"\""), CommandBody::GetQuota { root: String::new() });
    assert_eq!(body("GETQUOTAROOT INBOX"), CommandBody::GetQuotaRoot(named("INBOX")));
    assert_eq!(body("SETQUOTA \"\" (STORAGE 512)"), CommandBody::SetQuota);
    bad("SETQUOTA \"\"");
}

#[test]
fn lists() {
    let list = |text: &str| match body(text) {
        CommandBody::List(list) => list,
        other => panic!("{other:?}"),
    };
    let plain = List { patterns: vec!["*".to_owned()], ..List::default() };
    assert_eq!(list("LIST \"\" *"), plain);
    assert_eq!(list("list \"\" \"*\""), plain);
    assert_eq!(list("LIST \"\" {1}\r\n*"), plain);
    assert_eq!(list("LIST \"\" \"\"").patterns, [""]);
    assert_eq!(
        list("LIST Envoy&AOk-s %/&AOk-*"),
        List { reference: "Envoyés".to_owned(), patterns: vec!["%/é*".to_owned()], ..List::default() }
    );
    assert_eq!(
        list("list (subscribed) \"\" \"*\" return (special-use)"),
        List { select_subscribed: true, return_special_use: true, extended: true, ..plain.clone() }
    );
    assert_eq!(
        list("LIST (SUBSCRIBED RECURSIVEMATCH REMOTE SPECIAL-USE) \"\" (* \"%\" a)"),
        List {
            patterns: vec!["*".to_owned(), "%".to_owned(), "a".to_owned()],
            select_subscribed: true,
            select_remote: true,
            select_recursive_match: true,
            select_special_use: true,
            extended: true,
            ..List::default()
        }
    );
    assert_eq!(
        list("LIST \"\" * RETURN (SUBSCRIBED CHILDREN STATUS (MESSAGES UIDNEXT) SPECIAL-USE)"),
        List {
            return_subscribed: true,
            return_children: true,
            return_special_use: true,
            return_status: Some(vec![StatusItem::Messages, StatusItem::UidNext]),
            extended: true,
            ..plain.clone()
        }
    );
    assert_eq!(list("LIST () \"\" * RETURN ()"), List { extended: true, ..plain });
    bad("LIST (RECURSIVEMATCH) \"\" *");
    bad("LIST (RECURSIVEMATCH REMOTE) \"\" *");
    bad("LIST (FOO) \"\" *");
    bad("LIST \"\" ()");
    bad("LIST \"\" * RETURN (FOO)");
    bad("LIST \"\" * RETURN");
    bad("LIST \"\" * RETURN (STATUS ())");
    bad("LIST \"\"");
    bad("LIST \"\" * (x)");
}

fn append(text: &str) -> Option<AppendHead> {
    match literal_start(format!("a1 {text}").as_bytes(), &LIMITS) {
        Ok(LiteralStart::Append { tag, read: AppendRead::Line { line, .. } }) => {
            assert_eq!(tag, "a1");
            Some(line)
        }
        Ok(LiteralStart::Append { .. } | LiteralStart::Argument) => None,
        Err(bad) => panic!("{text}: {bad}"),
    }
}

fn one_message(names: &[&str], date: Option<Timestamp>, literal: MessageLiteral) -> AppendHead {
    let line = AppendLine { items: vec![AppendItem::Message { flags: flags(names), date }], literal: Some(literal) };
    AppendHead { mailbox: named("Drafts"), replaces: None, line }
}

#[test]
fn append_heads() {
    let literal = MessageLiteral { size: 758, non_synchronizing: true, binary: false };
    let head = one_message(&["\\Draft"], None, literal);
    assert_eq!(append("append \"Drafts\" (\\Draft) {758+}"), Some(head.clone()));
    assert_eq!(append("APPEND Drafts  (\\Draft \\Recent)  {758+}"), Some(head.clone()));
    assert_eq!(append("APPEND {6}\r\nDrafts (\\Draft) {758+}"), Some(head.clone()));
    let replaces = Some(Replaced { numbers: Numbers::Uid, number: Some(7) });
    assert_eq!(append("uid replace 7 Drafts (\\Draft) {758+}"), Some(AppendHead { replaces, ..head }));
    let waits = MessageLiteral { non_synchronizing: false, ..literal };
    let dated = one_message(&["\\Draft"], Some(Timestamp::from_seconds(837_596_665)), waits);
    assert_eq!(append("APPEND Drafts (\\Draft) \"17-Jul-1996 02:44:25 -0700\" {758}"), Some(dated));
    let binary = MessageLiteral { size: 0, binary: true, ..waits };
    assert_eq!(
        append("APPEND Drafts \" 7-Jul-1996 00:00:00 +0130\" ~{0}"),
        Some(one_message(&[], Some(Timestamp::from_seconds(836_692_200)), binary))
    );
    assert_eq!(append("APPEND {6}"), None);
    assert_eq!(append("REPLACE 1 {6}"), None);
    assert_eq!(append("SEARCH TEXT {6}"), None);
    for text in [
        "XYZZY {6}",
        "NOOP {6}",
        "APPEND Drafts x {6}",
        "APPEND Drafts {6} {6}",
        "APPEND Drafts (a {6}",
        "APPEND Drafts \"1-Jan-2020\" {6}",
        "APPEND Drafts \"1-Jan-2020 00:00:61 +0000\" {6}",
        "APPEND Drafts \"1-Jan-2020 00:00:00 0000\" {6}",
        "APPEND Drafts \"1-Jan-2020 00:00:00 +00000\" {6}",
        "APPEND Drafts \"1-Jan-2020 00:00:00 +2400\" {6}",
        "APPEND Drafts \"1-Jan-2020 24:00:00 +0000\" {6}",
    ] {
        assert!(literal_start(format!("a {text}").as_bytes(), &LIMITS).is_err(), "{text}");
    }
    bad("APPEND Drafts");
}

#[test]
fn names_in_utf8() {
    let limits = FrameLimits { names: NameForm::Utf8, ..LIMITS };
    let body = |text: &str| command(format!("a {text}").as_bytes(), &limits).unwrap().body;
    assert_eq!(body("SUBSCRIBE \"R&AOk-D\""), CommandBody::Subscribe(named("R&AOk-D")));
    assert_eq!(body("SUBSCRIBE \"Élèves\""), CommandBody::Subscribe(named("Élèves")));
    let CommandBody::List(list) = body("LIST \"é&-\" \"&AOk-%\"") else { panic!("LIST") };
    assert_eq!((list.reference.as_str(), list.patterns), ("é&-", vec!["&AOk-%".to_owned()]));
    assert!(command(b"a CREATE \"\xc3\"", &limits).is_err());
}
