//! FETCH, SEARCH, snapshots.

use std::sync::Arc;

use passerelle::domain::messages::{FlagChange, Need, SearchNeed, StoreFlags, TextColumn};
use passerelle::domain::spool::ContentBody;
use passerelle::model::{Flags, SystemFlag, Uid};

use crate::world::{letter, user, worlds, worlds_with};

#[tokio::test]
async fn fetch_gives_what_is_asked_and_no_more() {
    for world in worlds(1).await {
        let (user, inbox) = (user(1), world.mailbox(&user(1), "INBOX").await);
        for number in 0..3 {
            world.append(&user, &inbox, &letter(1, &format!("m{number}"), "", "body")).await;
        }
        let all = world.fetch(&inbox, &[3, 1, 99]).await;
        assert_eq!(all.iter().map(|fetched| fetched.uid.0).collect::<Vec<_>>(), [1, 3]);
        assert!(all[0].envelope.starts_with(b"("));
        assert!(String::from_utf8_lossy(&all[1].envelope).contains("m2"));
        assert!(matches!(&all[0].content.body, ContentBody::Read(body) if body == "body"));
        let nothing = world.gateway.fetch(inbox.id, &[Uid(1)], Need::default()).await.unwrap();
        assert!(nothing[0].envelope.is_empty() && nothing[0].content.header.is_empty());
        assert!(matches!(nothing[0].content.body, ContentBody::Unknown));
        assert_eq!(nothing[0].content.size, all[0].content.size);
    }
}

#[tokio::test]
async fn content_is_read_by_range_wherever_it_lies() {
    for world in worlds_with(1, |config| config.store.header_bytes_max = 100).await {
        let (user, inbox) = (user(1), world.mailbox(&user(1), "INBOX").await);
        let large: String = (0..60_000).map(|line| format!("{line:05}\r\n")).collect();
        let messages = [letter(1, "small", "", "body"), letter(1, "large", "", &large)];
        for message in &messages {
            world.append(&user, &inbox, message).await;
        }
        for body in [true, false] {
            let need = Need { header: true, body, ..Need::default() };
            let fetched = world.gateway.fetch(inbox.id, &[Uid(1), Uid(2)], need).await.unwrap();
            for (fetched, message) in fetched.iter().zip(&messages) {
                assert_eq!(fetched.content.header.len(), 100, "the rest of the header lies with the body");
                let end = message.len() as u64;
                for range in [0..end, 0..50, 50..150, 100..120, 90..u64::MAX, end - 3..end + 9, end..end + 1, 7..7] {
                    let read = world.gateway.read_content(&fetched.content, range.clone()).await.unwrap();
                    let start = usize::try_from(range.start).unwrap().min(message.len());
                    let stop = usize::try_from(range.end).unwrap().min(message.len());
                    assert_eq!(&read[..], &message[start..stop], "{} {range:?}", world.engine);
                }
            }
        }
    }
}

#[tokio::test]
async fn search_reads_folded_texts() {
    for world in worlds(1).await {
        let (user, inbox) = (user(1), world.mailbox(&user(1), "INBOX").await);
        world.append(&user, &inbox, &letter(1, "one", "Cc: Zoé <u3@ent.test>\r\n", "Été à l'école\0")).await;
        let uids = [Uid(1), Uid(2)];
        let search = async |heads, body| {
            let need = SearchNeed { heads, header: heads, body, having: None };
            let mut rows = world.gateway.search_texts(inbox.id, &uids, need).await.unwrap();
            assert_eq!(rows.len(), 1);
            rows.remove(0)
        };
        let found = search(true, true).await;
        assert!(found.text.body.contains("ete a l'ecole"), "{:?}", found.text.body);
        assert!(found.text.subject.contains("one"));
        let fields: Vec<_> = found.text.header.fields().collect();
        assert!(fields.contains(&("message-id", "<one@ent.test>")), "{fields:?}");
        for (column, text, found) in [
            (TextColumn::Subject, "one", 1),
            (TextColumn::Subject, "school", 0),
            (TextColumn::Cc, "zoe", 1),
            (TextColumn::Bcc, "zoe", 0),
            (TextColumn::Body, "l'ecole", 1),
            (TextColumn::Body, "%", 0),
            (TextColumn::Header, "<one@ent.test>", 1),
            (TextColumn::Header, "l'ecole", 0),
            (TextColumn::Any, "l'ecole", 1),
            (TextColumn::Any, "<one@ent.test>", 1),
            (TextColumn::Any, "rien", 0),
        ] {
            let need = SearchNeed { heads: true, header: true, body: true, having: Some((column, text.to_owned())) };
            let rows = world.gateway.search_texts(inbox.id, &uids, need).await.unwrap();
            assert_eq!(rows.len(), found, "{} {column:?} {text}", world.engine);
        }
        let snapshot = world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
        assert_eq!(snapshot.entry(Uid(1)).unwrap().sent_day.day(), Some(20_780));
        assert!(search(true, false).await.text.body.is_empty());
        assert!(search(false, true).await.text.subject.is_empty());
    }
}

#[tokio::test]
async fn snapshots_are_shared_and_states_that_were() {
    for world in worlds(1).await {
        let (user, inbox) = (user(1), world.mailbox(&user(1), "INBOX").await);
        for number in 0..5 {
            world.append(&user, &inbox, &letter(1, &format!("m{number}"), "", "")).await;
        }
        let snapshot = async || world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
        let before = snapshot().await;
        assert!(Arc::ptr_eq(&before, &snapshot().await), "nothing changed: the same");
        let mut flags = Flags::default();
        flags.set(SystemFlag::Deleted);
        let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
        world.gateway.store_flags(inbox.id, &[Uid(2), Uid(4)], change).await.unwrap();
        world.gateway.expunge(inbox.id, Some(&[Uid(4)])).await.unwrap();
        world.append(&user, &inbox, &letter(1, "last", "", "")).await;
        let after = snapshot().await;
        let uids = |snapshot: &passerelle::domain::snapshot::Snapshot| -> Vec<u32> {
            snapshot.entries.iter().map(|entry| entry.uid.0).collect()
        };
        assert_eq!(uids(&before), [1, 2, 3, 4, 5], "what a session holds stays as it was");
        assert_eq!(uids(&after), [1, 2, 3, 5, 6]);
        assert_eq!(after.entry(Uid(2)).unwrap().flags.bits(), 8);
        assert_eq!(after.entry(Uid(4)), None);
        assert_eq!(after.uid_next.0, 7);
        // The same as a fresh reading.
        let fresh = passerelle::domain::Gateway::new(
            world.gateway.config.clone(),
            world.gateway.store().clone(),
            world.clock.clone(),
        )
        .unwrap();
        let fresh = fresh.snapshot(inbox.id).await.unwrap().unwrap();
        assert_eq!(fresh.entries, after.entries);
        assert_eq!(
            (fresh.mod_seq, fresh.uid_next, fresh.uid_validity),
            (after.mod_seq, after.uid_next, after.uid_validity)
        );
    }
}

#[tokio::test]
async fn snapshots_nobody_holds_are_dropped_after_a_while() {
    for world in worlds(2).await {
        let (one, two) = (world.mailbox(&user(1), "INBOX").await, world.mailbox(&user(2), "INBOX").await);
        let held = world.gateway.snapshot(one.id).await.unwrap().unwrap();
        let weak = Arc::downgrade(&world.gateway.snapshot(two.id).await.unwrap().unwrap());
        assert!(weak.upgrade().is_some(), "kept for a while");
        world.clock.set(passerelle::model::Timestamp(crate::world::NOW.0 + 61_000_000));
        assert!(Arc::ptr_eq(&held, &world.gateway.snapshot(one.id).await.unwrap().unwrap()));
        assert!(weak.upgrade().is_none(), "{}", world.engine);
    }
}

/// Whatever is done, a snapshot brought forward by deltas is the mailbox as a fresh reading finds it.
#[tokio::test]
async fn snapshots_keep_in_step_with_the_store() {
    for world in worlds(1).await {
        let user = user(1);
        let boxes = [world.mailbox(&user, "INBOX").await, world.create(&user, "other").await];
        let mut random = 88_172_645_463_325_252_u64;
        let mut next = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        for step in 0..160 {
            let (from, to) = if next(2) == 0 { (&boxes[0], &boxes[1]) } else { (&boxes[1], &boxes[0]) };
            let uids: Vec<Uid> = (1..80).filter(|_| next(6) == 0).map(Uid).collect();
            let mut flags = Flags::default();
            flags.set(SystemFlag::ALL[usize::try_from(next(5)).unwrap()]);
            match next(5) {
                0 | 1 => drop(world.append_with(&user, from, &letter(1, &format!("s{step}"), "", ""), flags).await),
                2 => drop(world.gateway.move_messages(&user, from.id, &uids, to).await.unwrap()),
                3 => drop(world.gateway.expunge(from.id, Some(&uids)).await.unwrap()),
                _ => {
                    let change =
                        [FlagChange::Add, FlagChange::Remove, FlagChange::Replace][usize::try_from(next(3)).unwrap()];
                    let change = StoreFlags { change, flags, unchanged_since: None };
                    world.gateway.store_flags(from.id, &uids, change).await.unwrap();
                }
            }
            if next(3) > 0 {
                continue;
            }
            let (config, store) = (world.gateway.config.clone(), world.gateway.store().clone());
            let fresh = passerelle::domain::Gateway::new(config, store, world.clock.clone()).unwrap();
            for mailbox in &boxes {
                let known = world.gateway.snapshot(mailbox.id).await.unwrap().unwrap();
                let read = fresh.snapshot(mailbox.id).await.unwrap().unwrap();
                assert_eq!(known.entries, read.entries, "{} step {step}", world.engine);
                assert_eq!((known.mod_seq, known.uid_next), (read.mod_seq, read.uid_next));
                assert!(known.entries.iter().all(|entry| entry.mod_seq <= known.mod_seq && entry.uid < known.uid_next));
            }
        }
    }
}
