//! Recall: every copy of every reader goes, a notice comes where it lay, and nothing brings the letter back.

use std::sync::Arc;

use passerelle::domain::delivery::Submitted;
use passerelle::domain::directory::Verdict;
use passerelle::domain::mailbox::Mailbox;
use passerelle::domain::messages::{Copied, FlagChange, StoreFlags};
use passerelle::domain::recall::{Named, RecallCount, RecallRefusal};
use passerelle::domain::recover::Bin;
use passerelle::model::{Address, Flags, Profile, SystemFlag, Timestamp, Uid, User};
use passerelle::sentences::Sentence;

use crate::world::{NOW, World, everybody, letter, to, user, worlds, worlds_with};

const MINUTE: i64 = 60_000_000;
const NOTICE: &str = "Ce message a été rappelé par son expéditeur.";

async fn flag(world: &World, mailbox: &Mailbox, uid: u32, flag: SystemFlag) {
    let mut flags = Flags::default();
    flags.set(flag);
    let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
    world.gateway.store_flags(mailbox.id, &[Uid(uid)], change).await.unwrap();
}

async fn expunge(world: &World, mailbox: &Mailbox, uid: u32) {
    flag(world, mailbox, uid, SystemFlag::Deleted).await;
    world.gateway.expunge(mailbox.id, Some(&[Uid(uid)])).await.unwrap();
}

async fn transfer(world: &World, number: u32, from: &str, to: &str, moving: bool) {
    let (from, to) = (world.mailbox(&user(number), from).await, world.mailbox(&user(number), to).await);
    let uids = [Uid(1)];
    let done = match moving {
        true => world.gateway.move_messages(&user(number), from.id, &uids, &to).await,
        false => world.gateway.copy(&user(number), from.id, &uids, &to).await,
    };
    assert!(matches!(done.unwrap(), Copied::At { pairs, .. } if pairs.len() == 1));
}

/// The person moves the message of this UID to the mailbox that recalls.
async fn recalls(world: &World, person: &User, from: &str, uid: u32) -> Result<Copied, RecallRefusal> {
    let (from, to) = (world.mailbox(person, from).await, world.mailbox(person, "Rappeler").await);
    assert!(world.gateway.recalls(&to));
    world.gateway.recall_own(person, (from.id, Uid(uid)), &to, true).await.unwrap()
}

async fn uids(world: &World, number: u32, name: &str) -> Vec<u32> {
    world.uids(&world.mailbox(&user(number), name).await).await
}

async fn contents(world: &World, number: u32, name: &str) -> Vec<String> {
    world.contents(&world.mailbox(&user(number), name).await).await
}

/// Copies that anybody but the sender has or could bring back.
const LEFT: &str = "
    select count(*) from submission s join (
        select p.message_id, m.user_id from placement p join mailbox m on m.id = p.mailbox_id
        union all select message_id, user_id from expunged
    ) as held on held.message_id = s.message_id and held.user_id <> s.user_id
    where s.recalled_at is not null";

async fn trail(world: &World) -> Vec<(String, String)> {
    let lines = world.gateway.trail_lines(0, None, None).await.unwrap();
    lines.into_iter().map(|shown| (shown.line.kind, shown.line.detail)).collect()
}

/// One has read it; others file it, copy it, throw it away, expunge it.
async fn file_in_all_ways(world: &World) {
    flag(world, &world.mailbox(&user(2), "INBOX").await, 1, SystemFlag::Seen).await;
    for number in [3, 4] {
        world.create(&user(number), "Classe").await;
    }
    transfer(world, 3, "INBOX", "Classe", true).await;
    transfer(world, 4, "INBOX", "Classe", false).await;
    transfer(world, 4, "INBOX", "Classe", false).await;
    transfer(world, 5, "INBOX", "Trash", true).await;
    transfer(world, 6, "INBOX", "Trash", true).await;
    expunge(world, &world.mailbox(&user(6), "Trash").await, 1).await;
    assert_eq!(world.gateway.recoverable(&user(6).id, Bin::Expunged).await.unwrap().len(), 1);
}

#[tokio::test]
async fn every_copy_goes_wherever_its_reader_put_it() {
    for world in worlds(7).await {
        let text = letter(1, "one", "References: <zero@ent.test>\r\n", "Bonjour\r\n");
        assert_eq!(world.submit(&user(1), &[everybody()], &text).await, Submitted::Delivered { people: 7 });
        file_in_all_ways(&world).await;
        let answer = letter(7, "answer", "In-Reply-To: <one@ent.test>\r\n", "Bonjour, dit-elle\r\n");
        world.submit(&user(7), &[to(1), to(3)], &answer).await;
        let inbox = world.mailbox(&user(2), "INBOX").await;
        let before = world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
        let woken = world.gateway.watch(inbox.id);

        let moved = recalls(&world, &user(1), "Sent", 1).await.unwrap();
        assert!(matches!(moved, Copied::At { pairs, .. } if pairs == [(Uid(1), Uid(1))]));
        assert!(woken.has_changed().unwrap());
        assert_eq!(world.count(LEFT).await, 0, "{}", world.engine);
        let after = world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
        assert_eq!(world.gateway.vanished_since(&after, before.mod_seq).await.unwrap(), [(Uid(1), Uid(1))]);
        assert_eq!((after.entries.len(), after.entries.get(0).unwrap().uid), (1, Uid(2)));
        assert!(after.mod_seq > before.mod_seq && after.entries.get(0).unwrap().flags.is_empty());
        for (number, name, expected) in [
            (2, "INBOX", &[2][..]),
            (3, "INBOX", &[2]),
            (3, "Classe", &[2]),
            (4, "INBOX", &[2]),
            (4, "Classe", &[3]),
            (5, "INBOX", &[]),
            (5, "Trash", &[]),
            (6, "INBOX", &[]),
            (6, "Trash", &[]),
            (7, "INBOX", &[2]),
            (7, "Sent", &[1]),
            (1, "Sent", &[]),
            (1, "Rappeler", &[1]),
            (1, "INBOX", &[1, 2]),
        ] {
            assert_eq!(uids(&world, number, name).await, expected, "u{number} {name} on {}", world.engine);
        }
        let told = contents(&world, 2, "INBOX").await;
        assert!(told[0].contains(NOTICE) && told[0].contains("References: <zero@ent.test>\r\n <one@ent.test>\r\n"));
        assert!(
            told[0].starts_with("From: u1@ent.test\r\n") && !told[0].contains("u2@") && !told[0].contains("Bonjour")
        );
        assert_eq!(contents(&world, 4, "Classe").await, told, "one notice for all");
        let kept = contents(&world, 1, "Rappeler").await;
        assert!(kept[0].starts_with("Bcc: G <g@ent.test>\r\n") && kept[0].ends_with("\r\n\r\nBonjour\r\n"));
        assert!(contents(&world, 3, "INBOX").await[0].contains("dit-elle"), "answers are their writers' own");

        for bin in [Bin::Trash, Bin::Expunged] {
            for number in [5, 6] {
                assert_eq!(world.gateway.recoverable(&user(number).id, bin).await.unwrap(), []);
            }
        }
        let lines = trail(&world).await;
        let expected =
            format!("{{\"by\":\"sender\",\"sent\":{},\"people\":5,\"copies\":7,\"read\":1,\"withdrawn\":0}}", NOW.0);
        assert!(lines.contains(&("recall".to_owned(), expected)), "{lines:?}");
        assert_eq!(recalls(&world, &user(1), "Rappeler", 1).await, Err(RecallRefusal::Already));
        // A client that repeats the submission brings nothing back, not even to somebody new.
        let refused = Submitted::Refused(Sentence::SentRecalled);
        assert_eq!(world.submit(&user(1), &[everybody(), to(2)], &text).await, refused);
        world.gateway.collect().await.unwrap();
        assert_eq!(contents(&world, 1, "Rappeler").await, kept, "{}", world.engine);
        assert_eq!(contents(&world, 2, "INBOX").await, told);
        assert_eq!(world.count("select count(*) from message").await, 5, "two letters and their Sent, a notice");
    }
}

#[tokio::test]
async fn who_may_not_recalls_nothing() {
    for world in worlds(4).await {
        world.submit(&user(1), &[to(2), to(3)], &letter(1, "one", "", "Bonjour\r\n")).await;
        let pupil = User { profile: Profile::Student, ..user(1) };
        let (sent, target) = (world.mailbox(&user(1), "Sent").await, world.mailbox(&user(1), "Rappeler").await);
        let by_pupil = world.gateway.recall_own(&pupil, (sent.id, Uid(1)), &target, true).await.unwrap();
        assert_eq!(by_pupil, Err(RecallRefusal::NotAllowed));
        let not_sent = Err(RecallRefusal::NotSent);
        assert_eq!(recalls(&world, &user(2), "INBOX", 1).await, not_sent, "received");
        transfer(&world, 2, "INBOX", "Sent", false).await;
        assert_eq!(recalls(&world, &user(2), "Sent", 1).await, not_sent, "copied to Sent");
        let mine = world.mailbox(&user(3), "Sent").await;
        world.append(&user(3), &mine, &letter(1, "one", "", "Bonjour\r\n")).await;
        assert_eq!(recalls(&world, &user(3), "Sent", 1).await, not_sent, "filed by hand, octet for octet");
        let sent_by_hand = world.append(&user(1), &sent, &letter(1, "one", "", "Another text\r\n")).await;
        assert_eq!(recalls(&world, &user(1), "Sent", sent_by_hand.0).await, not_sent, "its Message-ID alone");
        let theirs = world.mailbox(&user(2), "Rappeler").await;
        let across = world.gateway.recall_own(&user(2), (sent.id, Uid(1)), &theirs, true).await.unwrap();
        assert_eq!(across, not_sent, "out of somebody else's mailbox");
        world.clock.set(Timestamp(NOW.0 + 60 * MINUTE + 1));
        assert_eq!(recalls(&world, &user(1), "Sent", 1).await, Err(RecallRefusal::TooLate { minutes_max: 60 }));
        // Sent once more under another Bcc it is as old as it was.
        let again = letter(1, "one", "Bcc: u4@ent.test\r\n", "Bonjour\r\n");
        assert_eq!(world.submit(&user(1), &[to(4)], &again).await, Submitted::Delivered { people: 1 });
        assert_eq!(recalls(&world, &user(1), "Sent", 1).await, Err(RecallRefusal::TooLate { minutes_max: 60 }));
        assert_eq!(world.count("select count(*) from submission where recalled_at is not null").await, 0);
        assert_eq!((uids(&world, 2, "INBOX").await, uids(&world, 4, "INBOX").await), (vec![1], vec![1]));
        assert_eq!(uids(&world, 1, "Sent").await, [1, 2], "nothing lost");
        world.clock.set(Timestamp(NOW.0 + 60 * MINUTE));
        assert!(recalls(&world, &user(1), "Sent", 1).await.is_ok(), "the last moment");
        assert_eq!(uids(&world, 2, "INBOX").await, [2]);
        // What others put there themselves was not delivered by him: a copy of a reader goes, a stranger's stays.
        assert_eq!(contents(&world, 2, "Sent").await.len(), 1);
        assert!(contents(&world, 2, "Sent").await[0].contains(NOTICE));
        assert!(contents(&world, 3, "Sent").await[0].contains(NOTICE));
    }
}

#[tokio::test]
async fn bcc_is_recalled_and_not_told() {
    for world in worlds(5).await {
        // Some clients hand a letter over once for each recipient of Bcc: one message in Sent, several submissions.
        world.submit(&user(1), &[to(2)], &letter(1, "one", "", "Bonjour\r\n")).await;
        for number in [3, 4] {
            let hidden = letter(1, "one", &format!("Bcc: u{number}@ent.test\r\n"), "Bonjour\r\n");
            world.submit(&user(1), &[to(number)], &hidden).await;
        }
        let stranger = world.mailbox(&user(5), "INBOX").await;
        world.append(&user(5), &stranger, &letter(1, "one", "", "Bonjour\r\n")).await;
        assert_eq!(uids(&world, 1, "Sent").await, [1]);
        assert_eq!(world.count("select count(*) from submission").await, 3);
        assert!(recalls(&world, &user(1), "Sent", 1).await.is_ok());
        let told = contents(&world, 2, "INBOX").await;
        for number in [2, 3, 4] {
            assert_eq!(contents(&world, number, "INBOX").await, told, "u{number} on {}", world.engine);
        }
        assert!(told[0].contains(NOTICE) && !told[0].contains("u3@") && !told[0].contains("u4@"), "{told:?}");
        assert!(!contents(&world, 5, "INBOX").await[0].contains(NOTICE), "nobody sent it to her");
    }
}

#[tokio::test]
async fn nobody_answers_what_was_recalled() {
    for world in worlds(3).await {
        world.submit(&user(1), &[to(2)], &letter(1, "one", "", "Bonjour\r\n")).await;
        let pupil = User { profile: Profile::Student, ..user(2) };
        world.execute("delete from group_member where $1 = 1", 1).await;
        let address = Address::parse("u1@ent.test").unwrap();
        let may = async || matches!(world.gateway.may_write(&pupil, &address).await.unwrap(), Verdict::Allow(_));
        assert!(may().await, "{}", world.engine);
        assert!(recalls(&world, &user(1), "Sent", 1).await.is_ok());
        assert!(!may().await);
        let inbox = world.mailbox(&user(2), "INBOX").await;
        world.append(&user(2), &inbox, &letter(1, "one", "", "Bonjour\r\n")).await;
        assert!(!may().await, "nor by a copy that he had put aside");
    }
}

#[tokio::test]
async fn what_waits_never_comes() {
    let worlds = worlds_with(4, |config| {
        config.quiet.binds = vec!["Teacher".to_owned(), "Guest".to_owned()];
        config.quiet.staff_to_staff = false;
        config.quiet.schools.clear();
    })
    .await;
    let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    for world in worlds {
        world.clock.set(at("2026-11-24T19:00:00Z"));
        world.execute("update ent_user set profile = 'Relative' where $1 = 1 and id = 'id-2'", 1).await;
        let sent = world.submit(&user(1), &[everybody()], &letter(1, "one", "", "Bonjour\r\n")).await;
        assert!(matches!(sent, Submitted::Waiting { people: 4, waiting: 3, .. }), "{sent:?}");
        let sent = world.submit(&user(1), &[to(3)], &letter(1, "two", "", "Bonjour\r\n")).await;
        assert!(matches!(sent, Submitted::Waiting { people: 1, waiting: 1, .. }), "{sent:?}");
        // Hours later, before anybody was disturbed.
        world.clock.set(at("2026-11-25T05:59:00Z"));
        assert!(recalls(&world, &user(1), "Sent", 1).await.is_ok());
        world.clock.set(at("2026-11-25T06:00:00Z"));
        while world.gateway.release_some().await.unwrap() > 0 {}
        assert!(contents(&world, 2, "INBOX").await[0].contains(NOTICE), "she had it");
        assert_eq!(uids(&world, 3, "INBOX").await, [1], "the other letter, and no notice");
        assert_eq!(uids(&world, 4, "INBOX").await, [] as [u32; 0]);
        assert_eq!(recalls(&world, &user(1), "Sent", 2).await, Err(RecallRefusal::TooLate { minutes_max: 60 }));
        let lines = trail(&world).await;
        let told = |(kind, detail): &(String, String)| {
            kind == "recall" && detail.ends_with("\"people\":1,\"copies\":1,\"read\":0,\"withdrawn\":3}")
        };
        assert!(lines.iter().any(told), "{lines:?}");
    }
}

#[tokio::test]
async fn admins_count_first_and_recall_whatever_its_age() {
    for world in worlds(3).await {
        let text = letter(1, "One", "", "Bonjour\r\n");
        world.submit(&user(1), &[to(2), to(3)], &text).await;
        flag(&world, &world.mailbox(&user(3), "INBOX").await, 1, SystemFlag::Seen).await;
        world.clock.set(Timestamp(NOW.0 + 9000 * MINUTE));
        let count = RecallCount { people: 2, copies: 2, read: 1, waiting: 0 };
        let named = Named::MessageId("<One@ENT.test>");
        assert_eq!(world.gateway.recall_for_admin(&user(2), named, false).await.unwrap(), None, "not hers");
        assert_eq!(world.gateway.recall_for_admin(&user(1), named, true).await.unwrap(), Some(Ok(count)));
        assert_eq!(uids(&world, 2, "INBOX").await, [1], "a dry run");
        let listed = world.gateway.sent_letters(&user(1)).await.unwrap();
        assert_eq!((listed.len(), listed[0].people, listed[0].recalled_at), (1, 2, None));
        assert_eq!(
            (listed[0].message_id.as_deref(), listed[0].subject.as_deref()),
            (Some("one@ent.test"), Some("One"))
        );
        let named = Named::Number(listed[0].id);
        assert_eq!(world.gateway.recall_for_admin(&user(1), named, false).await.unwrap(), Some(Ok(count)));
        assert_eq!(
            world.gateway.recall_for_admin(&user(1), named, false).await.unwrap(),
            Some(Err(RecallRefusal::Already))
        );
        assert!(contents(&world, 2, "INBOX").await[0].contains("retiré par l'administration"));
        assert_eq!(uids(&world, 1, "Sent").await, [1], "the sender's own stays where it is");
        assert!(world.gateway.sent_letters(&user(1)).await.unwrap()[0].recalled_at.is_some());
        assert!(
            trail(&world).await.iter().any(|(kind, detail)| kind == "recall" && detail.contains("\"by\":\"admin\""))
        );
    }
}

/// Readers move, copy, delete and bring back; the client repeats the submission: nothing slips through, nothing locks up.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_slips_away_while_it_is_recalled() {
    for world in worlds(24).await {
        let text = letter(1, "one", "", "Bonjour\r\n");
        world.submit(&user(1), &[everybody()], &text).await;
        world.mailbox(&user(1), "Rappeler").await;
        let world = Arc::new(world);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 2..=24 {
            let world = Arc::clone(&world);
            tasks.spawn(async move {
                let person = user(number);
                let inbox = world.mailbox(&person, "INBOX").await;
                let other = world.create(&person, "Classe").await;
                for round in 0..12 {
                    let (from, to) = if round % 2 == 0 { (&inbox, &other) } else { (&other, &inbox) };
                    let all: Vec<Uid> = world.uids(from).await.into_iter().map(Uid).collect();
                    if number % 3 == 0 {
                        world.gateway.copy(&person, from.id, &all, to).await.unwrap();
                    }
                    world.gateway.move_messages(&person, from.id, &all, to).await.unwrap();
                }
            });
        }
        let recalling = Arc::clone(&world);
        tasks.spawn(async move {
            assert!(recalls(&recalling, &user(1), "Sent", 1).await.is_ok());
        });
        let repeating = Arc::clone(&world);
        tasks.spawn(async move {
            repeating.submit(&user(1), &[everybody()], &text).await;
        });
        tasks.join_all().await;
        assert_eq!(world.count(LEFT).await, 0, "{}", world.engine);
        let doubled = "select count(*) from (select p.mailbox_id from placement p join tombstone t
            on t.mailbox_id = p.mailbox_id and t.uid = p.uid) as doubled";
        assert_eq!(world.count(doubled).await, 0);
        for number in 2..=24 {
            let told = [contents(&world, number, "INBOX").await, contents(&world, number, "Classe").await].concat();
            assert!(!told.is_empty() && told.iter().all(|text| text.contains(NOTICE)), "{number}: {told:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_5000_is_recalled_at_once() {
    for world in worlds(5000).await {
        world.submit(&user(1), &[everybody()], &letter(1, "one", "", "Bonjour\r\n")).await;
        world.mailbox(&user(1), "Rappeler").await;
        let started = std::time::Instant::now();
        assert!(recalls(&world, &user(1), "Sent", 1).await.is_ok());
        let took = started.elapsed();
        println!("{}: 5000 copies recalled in {took:?}", world.engine);
        assert!(took < std::time::Duration::from_secs(3), "{took:?}");
        assert_eq!(world.count(LEFT).await, 0);
        assert_eq!(world.count("select count(*) from tombstone").await, 4999 + 1);
        assert_eq!(
            world.count("select count(*) from mailbox where special_use = 'inbox' and uid_next = 3").await,
            4999
        );
    }
}
