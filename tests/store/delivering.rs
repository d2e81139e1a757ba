//! Submissions: who gets what, once, all or none.

use passerelle::domain::delivery::Submitted;
use passerelle::domain::messages::{AppendOptions, Appended};
use passerelle::model::{Flags, SystemFlag, Uid};
use passerelle::sentences::Sentence;

use crate::world::{World, everybody, letter, to, user, worlds, worlds_with};

fn reached(people: u64) -> Submitted {
    Submitted::Delivered { people }
}

async fn inbox(world: &World, number: u32) -> Vec<String> {
    world.contents(&world.mailbox(&user(number), "INBOX").await).await
}

async fn sent(world: &World) -> Vec<String> {
    world.contents(&world.mailbox(&user(1), "Sent").await).await
}

#[tokio::test]
async fn arrives_in_each_inbox_and_in_sent() {
    for world in worlds(3).await {
        let watched = world.mailbox(&user(2), "INBOX").await;
        let woken = world.gateway.watch(watched.id);
        let message = letter(1, "one", "", "Bonjour\r\n");
        assert_eq!(world.submit(&user(1), &[to(2), to(3), to(2)], &message).await, reached(2));
        assert!(woken.has_changed().unwrap());
        let text = String::from_utf8(message).unwrap();
        assert_eq!(inbox(&world, 2).await, [text.as_str()]);
        assert_eq!(inbox(&world, 3).await, [text.as_str()]);
        // u3 is named nowhere: the sender's copy, and it alone, says so.
        assert_eq!(sent(&world).await, [format!("Bcc: U <u3@ent.test>\r\n{text}")]);
        assert_eq!(world.flags(&world.mailbox(&user(1), "Sent").await, 1).await.0, 1, "\\Seen");
        assert_eq!(world.flags(&watched, 1).await.0, 0);
        assert_eq!(world.count("select count(*) from body").await, 1);
    }
}

#[tokio::test]
async fn blind_copies_never_show() {
    for world in worlds(4).await {
        let bcc = "bCC : u3@ent.test,\r\n u4@ent.test\r\nResent-Bcc: u3@ent.test\r\n";
        let message = letter(1, "one", bcc, "Bonjour");
        assert_eq!(world.submit(&user(1), &[to(2), to(3), to(4)], &message).await, reached(3));
        for number in 2..=4 {
            let received = inbox(&world, number).await.remove(0).to_lowercase();
            assert!(!received.contains("bcc") && !received.contains("u3@") && !received.contains("u4@"), "{received}");
            let fetched = world.fetch(&world.mailbox(&user(number), "INBOX").await, &[1]).await.remove(0);
            let shown = String::from_utf8_lossy(&fetched.envelope).into_owned();
            assert!(!shown.contains("u3") && !shown.contains("u4"), "{shown}");
        }
        assert_eq!(sent(&world).await, [String::from_utf8(message).unwrap()]);
        assert_eq!(world.count("select count(*) from message_text where bcc_key <> ''").await, 1);
    }
}

#[tokio::test]
async fn a_repetition_delivers_nothing_twice() {
    for world in worlds(4).await {
        let message = letter(1, "one", "", "Bonjour");
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, reached(1));
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, reached(0));
        assert_eq!(world.submit(&user(1), &[to(2), to(3), everybody()], &message).await, reached(3));
        assert_eq!(world.submit(&user(1), &[to(2), everybody()], &message).await, reached(0));
        for number in 1..=4 {
            assert_eq!(inbox(&world, number).await.len(), 1, "{} u{number}", world.engine);
        }
        assert_eq!(sent(&world).await.len(), 1);
        // Other content, or another sender, is another letter.
        assert_eq!(world.submit(&user(1), &[to(2)], &letter(1, "one", "", "Salut")).await, reached(1));
        assert_eq!(sent(&world).await.len(), 2);
    }
}

#[tokio::test]
async fn repetitions_at_once_are_one() {
    for world in worlds(30).await {
        let message = letter(1, "one", "", "Bonjour");
        let recipients = [everybody()];
        let sender = user(1);
        let submit = || world.submit(&sender, &recipients, &message);
        let outcomes = tokio::join!(submit(), submit(), submit(), submit(), submit(), submit());
        let people: u64 = [outcomes.0, outcomes.1, outcomes.2, outcomes.3, outcomes.4, outcomes.5]
            .into_iter()
            .map(|outcome| match outcome {
                Submitted::Delivered { people } => people,
                other => panic!("{other:?}"),
            })
            .sum();
        assert_eq!(people, 30, "{}", world.engine);
        assert_eq!(world.count("select count(*) from placement").await, 31);
    }
}

#[tokio::test]
async fn missing_fields_are_added() {
    for world in worlds(2).await {
        let message = b"From: u1@ent.test\r\nSubject: bare\r\n\r\nBonjour";
        assert_eq!(world.submit(&user(1), &[to(2)], message).await, reached(1));
        assert_eq!(world.submit(&user(1), &[to(2)], message).await, reached(1), "without Message-ID each is its own");
        let received = inbox(&world, 2).await;
        assert_eq!(received.len(), 2);
        assert!(received[0].starts_with("Date: Mon, 21 Sep 2026 "), "{}", received[0]);
        assert!(received[0].contains("\r\nMessage-ID: <") && received[0].contains("@ent.test>\r\n"));
        assert_ne!(received[0], received[1]);
        assert!(!received[0].contains("Bcc"));
        assert!(sent(&world).await[0].starts_with("Bcc: U <u2@ent.test>\r\n"));
    }
}

#[tokio::test]
async fn from_must_be_the_senders_own() {
    for world in worlds_with(2, |config| config.store.header_bytes_max = 1000).await {
        let refused = async |message: &[u8]| match world.submit(&user(1), &[to(2)], message).await {
            Submitted::Refused(sentence) => sentence,
            other => panic!("{other:?}"),
        };
        let address = "u2@ent.test".to_owned();
        assert_eq!(refused(b"From: u2@ent.test\r\n\r\n").await, Sentence::FromNotYours { address: address.clone() });
        assert_eq!(refused(b"Subject: x\r\n\r\n").await, Sentence::FromMissing);
        assert_eq!(refused(b"From: u1@ent.test, u2@ent.test\r\n\r\n").await, Sentence::FromSeveral);
        assert_eq!(refused(b"From: u1@ent.test\r\nFrom: u1@ent.test\r\n\r\n").await, Sentence::FromSeveral);
        assert_eq!(
            refused(b"From: u1@ent.test\r\nSender: u2@ent.test\r\n\r\n").await,
            Sentence::SenderNotYours { address }
        );
        assert_eq!(refused(b"From: u1@ent.test\r\nno field\r\n\r\n").await, Sentence::HeaderUnreadable);
        let long = format!("From: u1@ent.test\r\nX: {}\r\n\r\n", "x".repeat(1000));
        assert_eq!(refused(long.as_bytes()).await, Sentence::HeaderTooLarge { bytes_max: 1000 });
        assert_eq!(world.count("select count(*) from message").await, 0);
        assert_eq!(world.submit(&user(1), &[to(2)], b"From: U1@ENT.test\r\n\r\n").await, reached(1));
    }
}

#[tokio::test]
async fn all_or_none() {
    for world in worlds_with(6, |config| config.submission.people_max = 5).await {
        let message = letter(1, "one", "", "Bonjour");
        let outcome = world.submit(&user(1), &[everybody()], &message).await;
        assert_eq!(outcome, Submitted::Refused(Sentence::TooManyPeople { max: 5 }));
        for table in
            ["select count(*) from submission", "select count(*) from delivery", "select count(*) from message"]
        {
            assert_eq!(world.count(table).await, 0, "{table}");
        }
        world.execute("update ent_user set suspended = true where $1 = 1 and id in ('id-6', 'id-5')", 1).await;
        assert_eq!(world.submit(&user(1), &[everybody()], &message).await, reached(4), "nobody who is suspended");
        assert!(inbox(&world, 5).await.is_empty());
    }
}

#[tokio::test]
async fn a_missing_inbox_is_made() {
    for world in worlds(3).await {
        world.execute("delete from mailbox where $1 = 1 and user_id <> 'id-1'", 1).await;
        let message = letter(1, "one", "", "Bonjour");
        assert_eq!(world.submit(&user(1), &[everybody()], &message).await, reached(3));
        assert_eq!(inbox(&world, 3).await.len(), 1);
    }
}

#[tokio::test]
async fn over_quota_may_not_send_but_receives() {
    for world in worlds(2).await {
        let message = letter(1, "one", "", "Bonjour");
        let mut poor = user(1);
        poor.quota_bytes = Some(10);
        assert_eq!(world.submit(&poor, &[to(2)], &message).await, Submitted::Refused(Sentence::QuotaExceeded));
        world.execute("update ent_user set quota_bytes = 1 where $1 = 1", 1).await;
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, reached(1));
    }
}

#[tokio::test]
async fn one_copy_in_sent_whoever_files_it() {
    for world in worlds(2).await {
        let sent = world.mailbox(&user(1), "Sent").await;
        let first = letter(1, "one", "", "Bonjour");
        world.submit(&user(1), &[to(2)], &first).await;
        let mut flags = Flags::default();
        flags.set(SystemFlag::Seen);
        flags.set_keyword("$Forwarded");
        let appended = world.append_with(&user(1), &sent, &letter(1, "one", "X-Mine: 1\r\n", "Bonjour"), flags).await;
        assert_eq!(appended, Uid(1), "after: the copy that submission filed");
        assert_eq!(world.flags(&sent, 1).await, (1, "$Forwarded".to_owned()));
        let second = letter(1, "two", "", "Bonjour");
        assert_eq!(world.append(&user(1), &sent, &second).await, Uid(2));
        world.submit(&user(1), &[to(2)], &second).await;
        assert_eq!(world.uids(&sent).await, [1, 2], "before: the copy that the client filed");
        assert_eq!(world.append(&user(1), &sent, &second).await, Uid(2));
        // Elsewhere the same Message-ID is a message of its own.
        let drafts = world.mailbox(&user(1), "Drafts").await;
        assert_eq!(world.append(&user(1), &drafts, &second).await, Uid(1));
        // Moved away, it is filed again where the client asks for it.
        world.gateway.move_messages(&user(1), sent.id, &[Uid(1)], &drafts).await.unwrap();
        let again = world.spooled(&first).await;
        let outcome = world.gateway.append(&user(1), &sent, again, AppendOptions::default()).await.unwrap();
        assert!(matches!(outcome, Appended::At { uid: Uid(3), .. }), "{outcome:?}");
    }
}

#[tokio::test]
async fn an_interrupted_message_leaves_nothing() {
    for world in worlds(2).await {
        let mut spool = world.gateway.spool();
        spool.write(&letter(1, "one", "", &"x".repeat(2 << 20))).await.unwrap();
        drop(spool);
        let large = letter(2, "one", "", &"x".repeat(2 << 20));
        assert!(matches!(world.submit(&user(1), &[to(2)], &large).await, Submitted::Refused(_)));
        for folder in ["data/spool", "data/blobs"] {
            assert_eq!(std::fs::read_dir(world.folder.path().join(folder)).unwrap().count(), 0, "{folder}");
        }
        let large = letter(1, "one", "", &"x".repeat(2 << 20));
        assert_eq!(world.submit(&user(1), &[to(2)], &large).await, reached(1));
        assert_eq!(inbox(&world, 2).await, [String::from_utf8(large).unwrap()]);
        assert_eq!(std::fs::read_dir(world.folder.path().join("data/spool")).unwrap().count(), 0);
    }
}
