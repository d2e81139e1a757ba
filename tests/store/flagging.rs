//! STORE: flags, keywords, UNCHANGEDSINCE.

use passerelle::domain::messages::{FlagChange, StoreFlags, Stored};
use passerelle::model::{Flags, ModSeq, SystemFlag, Uid};

use crate::world::{World, letter, user, worlds, worlds_with};
use passerelle::domain::mailbox::Mailbox;

fn flags(system: &[SystemFlag], keywords: &[&str]) -> Flags {
    let mut flags = Flags::default();
    system.iter().for_each(|flag| flags.set(*flag));
    keywords.iter().for_each(|keyword| flags.set_keyword(keyword));
    flags
}

async fn store(world: &World, mailbox: &Mailbox, uids: &[u32], change: FlagChange, flags: Flags) -> Stored {
    let uids: Vec<Uid> = uids.iter().copied().map(Uid).collect();
    let change = StoreFlags { change, flags, unchanged_since: None };
    world.gateway.store_flags(mailbox.id, &uids, change).await.unwrap()
}

async fn mod_seqs(world: &World, mailbox: &Mailbox) -> (i64, Vec<i64>) {
    let snapshot = world.gateway.snapshot(mailbox.id).await.unwrap().unwrap();
    (snapshot.mod_seq.0, snapshot.entries.iter().map(|entry| entry.mod_seq.0).collect())
}

/// An INBOX with messages that bear these flags.
async fn inbox_of(world: &World, messages: &[Flags]) -> Mailbox {
    let inbox = world.mailbox(&user(1), "INBOX").await;
    for (number, flags) in messages.iter().enumerate() {
        world.append_with(&user(1), &inbox, &letter(1, &format!("m{number}"), "", ""), flags.clone()).await;
    }
    inbox
}

#[tokio::test]
async fn adds_removes_replaces() {
    use SystemFlag::{Answered, Flagged, Seen};
    for world in worlds(1).await {
        // A chain: what one placement becomes, another one is. Nothing may be changed twice.
        let start = [flags(&[], &[]), flags(&[Seen], &[]), flags(&[], &["a"]), flags(&[], &["a", "b"])];
        let inbox = inbox_of(&world, &start).await;
        store(&world, &inbox, &[1, 2, 3, 4], FlagChange::Add, flags(&[Seen], &["b"])).await;
        let mut all = Vec::new();
        for uid in 1..=4 {
            all.push(world.flags(&inbox, uid).await);
        }
        let expected = [(1, "b"), (1, "b"), (1, "a b"), (1, "a b")].map(|(bits, words)| (bits, words.to_owned()));
        assert_eq!(all, expected);
        store(&world, &inbox, &[1, 3], FlagChange::Remove, flags(&[Seen], &["B"])).await;
        assert_eq!(world.flags(&inbox, 1).await, (0, String::new()));
        assert_eq!(world.flags(&inbox, 3).await, (0, "a".to_owned()));
        store(&world, &inbox, &[2, 4], FlagChange::Replace, flags(&[Answered, Flagged], &[])).await;
        assert_eq!(world.flags(&inbox, 2).await, (6, String::new()));
        assert_eq!(world.flags(&inbox, 4).await, (6, String::new()));
    }
}

#[tokio::test]
async fn what_does_not_change_takes_no_mod_seq() {
    for world in worlds(1).await {
        let seen = || flags(&[SystemFlag::Seen], &[]);
        let inbox = inbox_of(&world, &[seen(), Flags::default(), seen()]).await;
        assert_eq!(mod_seqs(&world, &inbox).await, (4, vec![2, 3, 4]));
        let watch = world.gateway.watch(inbox.id);
        store(&world, &inbox, &[1, 3, 9], FlagChange::Add, seen()).await;
        assert_eq!(mod_seqs(&world, &inbox).await, (4, vec![2, 3, 4]));
        assert!(!watch.has_changed().unwrap());
        store(&world, &inbox, &[1, 2, 3], FlagChange::Add, seen()).await;
        assert_eq!(mod_seqs(&world, &inbox).await, (5, vec![2, 5, 4]));
        assert!(watch.has_changed().unwrap());
    }
}

#[tokio::test]
async fn unchanged_since_refuses_those_above() {
    for world in worlds(1).await {
        let inbox = inbox_of(&world, &[Flags::default(), Flags::default(), Flags::default()]).await;
        let change = StoreFlags {
            change: FlagChange::Add,
            flags: flags(&[SystemFlag::Flagged], &[]),
            unchanged_since: Some(ModSeq(3)),
        };
        let stored = world.gateway.store_flags(inbox.id, &[Uid(1), Uid(2), Uid(3)], change).await.unwrap();
        assert_eq!(stored.modified, [Uid(3)]);
        assert_eq!(mod_seqs(&world, &inbox).await, (5, vec![5, 5, 4]));
        let none = StoreFlags {
            change: FlagChange::Add,
            flags: flags(&[SystemFlag::Seen], &[]),
            unchanged_since: Some(ModSeq(0)),
        };
        let stored = world.gateway.store_flags(inbox.id, &[Uid(1), Uid(2), Uid(3)], none).await.unwrap();
        assert_eq!(stored.modified, [Uid(1), Uid(2), Uid(3)]);
        assert_eq!(mod_seqs(&world, &inbox).await.0, 5);
    }
}

#[tokio::test]
async fn too_many_keywords_are_left_as_they_were() {
    for world in worlds_with(1, |config| config.mailboxes.keywords_per_message_max = 2).await {
        let inbox = inbox_of(&world, &[flags(&[], &["a", "b"]), flags(&[], &["a"])]).await;
        let stored = store(&world, &inbox, &[1, 2], FlagChange::Add, flags(&[], &["c"])).await;
        assert_eq!(stored.too_many_keywords, [Uid(1)]);
        assert_eq!(world.flags(&inbox, 1).await.1, "a b");
        assert_eq!(world.flags(&inbox, 2).await.1, "a c");
    }
}
