//! What is told of two states, event by event.

use super::*;
use crate::domain::mailbox::{Mailbox, MailboxList};
use crate::model::{MailboxName, UidValidity};

/// Mailboxes as `id name`, `+` before those that are subscribed; UIDNEXT and ModSeq rise together from 1.
fn overview(mailboxes: &[(i64, &str, i64)], only: &[&str]) -> Overview {
    let mailbox = |(id, name, _): &(i64, &str, i64)| Mailbox {
        id: MailboxId(*id),
        name: MailboxName::parse(name.trim_start_matches('+')).unwrap(),
        special_use: None,
        uid_validity: UidValidity(1),
        subscribed: name.starts_with('+'),
    };
    let counters = |(id, _, mod_seq): &(i64, &str, i64)| Counters {
        mailbox: MailboxId(*id),
        uid_next: Uid(u32::try_from(*mod_seq).unwrap()),
        mod_seq: ModSeq(*mod_seq),
    };
    let list = MailboxList {
        mailboxes: mailboxes.iter().map(mailbox).collect(),
        subscribed_only: only.iter().map(|name| MailboxName::parse(name).unwrap()).collect(),
    };
    Overview { list, counters: mailboxes.iter().map(counters).collect() }
}

fn names(names: &[&str]) -> Vec<MailboxArgument> {
    names.iter().map(|name| MailboxArgument(MailboxName::parse(name), None)).collect()
}

fn group(filter: MailboxFilter, events: Events) -> EventGroup {
    EventGroup { filter, events }
}

fn both() -> Events {
    Events { mailbox_name: true, subscription_change: true, ..Events::default() }
}

fn messages(messages: MessageEvents) -> Events {
    Events { messages, ..Events::default() }
}

/// The names told to a client that wants to hear of all: `new<old` where one is renamed.
fn told(before: &Overview, now: &Overview, groups: Vec<EventGroup>, own: &Own) -> Vec<String> {
    let changes = Groups::new(groups).names(before, now, own);
    let text = |change: NameChange| match change.old_name {
        Some(old) => format!("{}<{old}", change.name),
        None => change.name,
    };
    changes.into_iter().map(text).collect()
}

fn told_all(before: &Overview, now: &Overview) -> Vec<String> {
    told(before, now, vec![group(MailboxFilter::Personal, both())], &Own::default())
}

#[test]
fn a_mailbox_made_or_gone_is_told_with_its_parent() {
    let before = overview(&[(1, "INBOX", 1), (2, "a", 1)], &[]);
    let now = overview(&[(1, "INBOX", 1), (2, "a", 1), (3, "a/b", 1), (4, "c", 1)], &[]);
    assert_eq!(told_all(&before, &now), ["a", "a/b", "c"]);
    assert_eq!(told_all(&now, &before), ["a", "a/b", "c"]);
    assert_eq!(told_all(&now, &now), Vec::<String>::new());
    let only = vec![group(MailboxFilter::Mailboxes(names(&["a/b"])), both())];
    assert_eq!(told(&before, &now, only, &Own::default()), ["a/b"]);
    let nothing_of_a =
        vec![group(MailboxFilter::Subtree(names(&["a"])), Events::default()), group(MailboxFilter::Personal, both())];
    assert_eq!(told(&before, &now, nothing_of_a, &Own::default()), ["c"]);
}

#[test]
fn a_rename_is_told_once_for_all_that_lies_below() {
    let before = overview(&[(2, "a", 1), (3, "a/b", 1), (4, "a/b/c", 1), (5, "ab", 1)], &[]);
    let now = overview(&[(2, "z", 1), (3, "z/b", 1), (4, "z/b/c", 1), (5, "ab", 1)], &[]);
    assert_eq!(told_all(&before, &now), ["z<a"]);
    let apart = overview(&[(2, "z", 1), (3, "y", 1), (4, "z/b/c", 1), (5, "ab", 1)], &[]);
    assert_eq!(told_all(&before, &apart), ["y<a/b", "z<a", "z/b/c<a/b/c"]);
    let below_z = vec![group(MailboxFilter::Subtree(names(&["z/b"])), both())];
    assert_eq!(told(&before, &now, below_z, &Own::default()), Vec::<String>::new());
    let from_a = vec![group(MailboxFilter::Mailboxes(names(&["a"])), both())];
    assert_eq!(told(&before, &now, from_a, &Own::default()), ["z<a"]);
}

#[test]
fn a_subscription_is_told_by_its_name() {
    let before = overview(&[(1, "+INBOX", 1), (2, "a", 1)], &["gone"]);
    let now = overview(&[(1, "INBOX", 1), (2, "+a", 1)], &["new"]);
    assert_eq!(told_all(&before, &now), ["INBOX", "a", "gone", "new"]);
    let subscribed = vec![group(MailboxFilter::Subscribed, both())];
    assert_eq!(told(&before, &now, subscribed, &Own::default()), ["INBOX", "a", "gone", "new"]);
    let names_only = Events { mailbox_name: true, ..Events::default() };
    let nothing = told(&before, &now, vec![group(MailboxFilter::Personal, names_only)], &Own::default());
    assert_eq!(nothing, Vec::<String>::new());
    // A subscription outlives its mailbox, and moves with its name.
    let deleted = overview(&[(2, "a", 1)], &["gone", "INBOX"]);
    let changes_only = Events { subscription_change: true, ..Events::default() };
    let nothing = told(&before, &deleted, vec![group(MailboxFilter::Personal, changes_only)], &Own::default());
    assert_eq!(nothing, Vec::<String>::new());
    let renamed = overview(&[(1, "+b", 1), (2, "a", 1)], &["gone"]);
    assert_eq!(told_all(&before, &renamed), ["b<INBOX"]);
}

#[test]
fn what_the_session_did_itself_is_not_told() {
    let before = overview(&[(1, "INBOX", 5)], &[]);
    let now = overview(&[(1, "INBOX", 6), (2, "a", 1), (3, "a/b", 1), (4, "c", 1)], &[]);
    let mut own = Own::default();
    own.name("a/b");
    own.write("INBOX");
    assert_eq!(told(&before, &now, vec![group(MailboxFilter::Personal, both())], &own), ["c"]);
    let groups = Groups::new(vec![group(MailboxFilter::Personal, messages(MessageEvents::Messages))]);
    let counts = HashMap::from([(MailboxId(1), Counts { messages: 4, unseen: 4 })]);
    let told = Told { overview: before, counts, ..Told::default() };
    let moved = groups.moved(&told, &now, None, &own);
    assert_eq!(moved.iter().map(|moved| moved.is_own).collect::<Vec<_>>(), [true]);
    let others_too = overview(&[(1, "INBOX", 7)], &[]);
    assert!(!groups.moved(&told, &others_too, None, &own)[0].is_own);
}

#[test]
fn the_groups_together_say_what_is_told_of_messages() {
    let now = overview(&[(1, "INBOX", 9), (2, "a", 9), (3, "+a/b", 9), (4, "c", 1)], &[]);
    let of = |groups: Vec<EventGroup>, selected: Option<i64>| {
        let groups = Groups::new(groups);
        let found = groups.messages_of(&now, selected.map(MailboxId));
        found.into_iter().map(|(name, _, wanted)| (name.to_owned(), wanted)).collect::<Vec<_>>()
    };
    let (some, all) = (MessageEvents::Messages, MessageEvents::MessagesAndFlags);
    let found = of(
        vec![
            group(MailboxFilter::Selected, messages(all)),
            group(MailboxFilter::Inboxes, messages(all)),
            group(MailboxFilter::Subtree(names(&["a"])), messages(some)),
            group(MailboxFilter::Subscribed, messages(all)),
            group(MailboxFilter::Mailboxes(names(&["c", "nowhere"])), both()),
        ],
        None,
    );
    assert_eq!(found, [("INBOX".to_owned(), all), ("a".to_owned(), some), ("a/b".to_owned(), all)]);
    let personal = || vec![group(MailboxFilter::Personal, messages(some))];
    assert_eq!(of(personal(), Some(2)).len(), 3);
    assert!(Groups::new(vec![group(MailboxFilter::Selected, messages(all))]).is_empty());
    assert!(Groups::new(vec![group(MailboxFilter::Personal, Events::default())]).is_empty());
    assert!(!Groups::new(personal()).is_empty());
}

fn status(messages: u32, unseen: u32) -> Status {
    Status {
        mailbox: MailboxId(1),
        messages,
        uid_next: Uid(9),
        uid_validity: UidValidity(1),
        unseen,
        deleted: 0,
        deleted_size: 0,
        size: 0,
        highest_mod_seq: ModSeq(9),
    }
}

#[test]
fn each_event_has_its_items() {
    use StatusItem::{HighestModSeq, Messages, UidNext, UidValidity, Unseen};
    let (some, all) = (MessageEvents::Messages, MessageEvents::MessagesAndFlags);
    let before = Counts { messages: 4, unseen: 2 };
    let items = |wanted, has_new, is_own, now: Status, condstore| {
        let moved = Moved { mailbox: MailboxId(1), wanted, has_new, is_own };
        status_items(&moved, Some(&before), &now, condstore)
    };
    // One comes, unread; one comes, read; one goes.
    assert_eq!(items(some, true, false, status(5, 3), false), [Messages, UidNext, UidValidity, Unseen]);
    assert_eq!(items(all, true, false, status(5, 2), true), [Messages, UidNext, UidValidity, HighestModSeq]);
    assert_eq!(items(some, false, false, status(3, 2), false), [Messages, UidNext, UidValidity]);
    // One comes and another goes.
    assert_eq!(items(some, true, false, status(4, 2), false), [Messages, UidNext, UidValidity]);
    // Flags: nothing to those who do not want to hear of it, or could not make anything of it.
    assert_eq!(items(some, false, false, status(4, 1), true), []);
    assert_eq!(items(all, false, false, status(4, 2), false), []);
    assert_eq!(items(all, false, false, status(4, 1), false), [UidValidity, Unseen]);
    assert_eq!(items(all, false, false, status(4, 2), true), [UidValidity, HighestModSeq]);
    assert_eq!(items(all, true, true, status(5, 3), true), []);
}

#[test]
fn a_mailbox_that_is_new_to_the_client_is_told_where_something_is_in_it() {
    let groups = Groups::new(vec![group(MailboxFilter::Personal, messages(MessageEvents::Messages))]);
    let before = Told { overview: overview(&[(1, "INBOX", 1), (2, "a", 1)], &[]), ..Told::default() };
    let moved = |now: &Overview| {
        let moved = groups.moved(&before, now, None, &Own::default());
        moved.into_iter().map(|moved| (moved.mailbox.0, moved.has_new)).collect::<Vec<_>>()
    };
    assert_eq!(moved(&overview(&[(1, "INBOX", 1), (2, "a", 1), (3, "empty", 1), (4, "full", 3)], &[])), [(4, true)]);
    // Deleted and made again: its UIDs mean other messages.
    assert_eq!(moved(&overview(&[(1, "INBOX", 1), (5, "a", 1)], &[])), [(5, true)]);
}

#[test]
fn annotations_are_told_where_they_were_asked_for() {
    let mark = |mailbox: Option<i64>, name: &str, value: u8| AnnotationMark {
        mailbox: mailbox.map(MailboxId),
        name: AnnotationName::from_store(name.to_owned()),
        hash: [value; 32],
    };
    let overview = overview(&[(1, "INBOX", 1), (2, "a", 1)], &[]);
    let before = [mark(None, "/private/s", 1), mark(Some(1), "/private/x", 1), mark(Some(1), "/private/y", 1)];
    let now = [
        mark(None, "/private/s", 2),
        mark(Some(1), "/PRIVATE/x", 1),
        mark(Some(1), "/private/z", 1),
        mark(Some(2), "/private/x", 1),
        mark(Some(9), "/private/x", 1),
    ];
    let told = |events: Events, filter: MailboxFilter, own: &Own| {
        let told = Groups::new(vec![group(filter, events)]).annotations(&before, &now, &overview, own);
        told.into_iter().map(|(mailbox, names)| format!("{mailbox}: {}", names.join(" "))).collect::<Vec<_>>()
    };
    let mailboxes = || Events { mailbox_metadata: true, ..Events::default() };
    let server = Events { server_metadata: true, ..Events::default() };
    let nothing_own = Own::default();
    assert_eq!(
        told(mailboxes(), MailboxFilter::Personal, &nothing_own),
        ["INBOX: /private/z /private/y", "a: /private/x"]
    );
    assert_eq!(told(mailboxes(), MailboxFilter::Mailboxes(names(&["a"])), &nothing_own), ["a: /private/x"]);
    assert_eq!(told(server, MailboxFilter::Inboxes, &nothing_own), [": /private/s"]);
    let mut own = Own::default();
    own.annotate("INBOX", &AnnotationName::from_store("/Private/Z".to_owned()));
    assert_eq!(told(mailboxes(), MailboxFilter::Inboxes, &own), ["INBOX: /private/y"]);
}
