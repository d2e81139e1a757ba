//! Patterns, selection and return options.

use proptest::prelude::*;

use super::*;
use crate::model::{MailboxName, UidValidity};

fn mailbox(id: i64, name: &str, special_use: Option<SpecialUse>, subscribed: bool) -> Mailbox {
    let name = MailboxName::parse(name).unwrap();
    Mailbox { id: MailboxId(id), name, special_use, uid_validity: UidValidity(1), subscribed }
}

fn some_mailboxes() -> MailboxList {
    MailboxList {
        mailboxes: vec![
            mailbox(1, "INBOX", Some(SpecialUse::Inbox), true),
            mailbox(2, "Drafts", Some(SpecialUse::Drafts), true),
            mailbox(3, "Sent", Some(SpecialUse::Sent), true),
            mailbox(4, "Classes", None, false),
            mailbox(5, "Classes/6e A", None, true),
        ],
        subscribed_only: vec![MailboxName::parse("Ancien/2025").unwrap()],
    }
}

fn ask(pattern: &str) -> List {
    List { patterns: vec![pattern.to_owned()], ..List::default() }
}

fn shown(lines: &[ListLine]) -> Vec<String> {
    lines.iter().map(|line| format!("({}) {}", line.attributes.join(" "), line.name)).collect()
}

#[test]
fn a_plain_list_shows_special_uses_and_children() {
    let lines = list(&some_mailboxes(), &ask("*"));
    assert_eq!(
        shown(&lines),
        [
            "(\\HasNoChildren) INBOX",
            "(\\HasNoChildren \\Drafts) Drafts",
            "(\\HasNoChildren \\Sent) Sent",
            "(\\HasChildren) Classes",
            "(\\HasNoChildren) Classes/6e A",
        ]
    );
}

#[test]
fn selection_by_subscription_shows_names_that_are_no_mailbox() {
    let lines = list(&some_mailboxes(), &List { select_subscribed: true, ..ask("*") });
    assert_eq!(
        shown(&lines),
        [
            "(\\Subscribed \\HasNoChildren) INBOX",
            "(\\Subscribed \\HasNoChildren \\Drafts) Drafts",
            "(\\Subscribed \\HasNoChildren \\Sent) Sent",
            "(\\Subscribed \\HasNoChildren) Classes/6e A",
            "(\\Subscribed \\NonExistent \\Noselect \\HasNoChildren) Ancien/2025",
        ]
    );
}

#[test]
fn recursive_match_shows_what_lies_above_a_subscribed_name() {
    let wanted = List { select_subscribed: true, select_recursive_match: true, ..ask("%") };
    let lines = list(&some_mailboxes(), &wanted);
    let above: Vec<&str> = lines.iter().filter(|line| line.child_subscribed).map(|line| line.name.as_str()).collect();
    assert_eq!(above, ["Classes", "Ancien"]);
}

#[test]
fn selection_by_special_use() {
    let lines = list(&some_mailboxes(), &List { select_special_use: true, ..ask("*") });
    assert_eq!(shown(&lines), ["(\\HasNoChildren \\Drafts) Drafts", "(\\HasNoChildren \\Sent) Sent"]);
}

#[test]
fn lsub_with_percent_shows_the_level_it_stops_at() {
    let lines = lsub(&some_mailboxes(), "", "%");
    assert_eq!(
        shown(&lines),
        [
            "(\\HasNoChildren) INBOX",
            "(\\HasNoChildren \\Drafts) Drafts",
            "(\\HasNoChildren \\Sent) Sent",
            "(\\Noselect) Classes",
            "(\\Noselect) Ancien",
        ]
    );
}

#[test]
fn patterns() {
    let cases = [
        ("*", "a/b", true),
        ("%", "a", true),
        ("%", "a/b", false),
        ("%/%", "a/b", true),
        ("a/%", "a/b/c", false),
        ("a*c", "a/b/c", true),
        ("a%c", "a/b/c", false),
        ("inbox", "INBOX", true),
        ("inbox/%", "INBOX/été", true),
        ("inboxes", "INBOXes", false),
        ("", "a", false),
        ("É%", "Élèves", true),
    ];
    for (pattern, name, expected) in cases {
        assert_eq!(Pattern::new("", pattern).matches(name), expected, "{pattern} {name}");
    }
    assert!(Pattern::new("a/", "%").matches("a/b"));
}

proptest! {
    #[test]
    fn a_pattern_matches_as_its_definition_says(pattern in "[ab/*%]{0,8}", name in "[ab/]{0,8}") {
        prop_assert_eq!(Pattern(pattern.clone()).matches(&name), by_definition(pattern.as_bytes(), name.as_bytes()));
    }
}

fn by_definition(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skip| by_definition(rest, &name[skip..])),
        Some((b'%', rest)) => {
            let level = name.iter().position(|byte| *byte == b'/').unwrap_or(name.len());
            (0..=level).any(|skip| by_definition(rest, &name[skip..]))
        }
        Some((wanted, rest)) => {
            name.split_first().is_some_and(|(byte, name)| byte == wanted && by_definition(rest, name))
        }
    }
}
