//! One copy in Sent of what was sent once, however the client files it; and as many as there were of what was sent more often.

use passerelle::domain::delivery::Submitted;
use passerelle::model::Flags;

use crate::world::{World, letter, to, user, worlds};

async fn file(world: &World, message: &[u8]) -> u32 {
    let sent = world.mailbox(&user(1), "Sent").await;
    world.append_with(&user(1), &sent, message, Flags::default()).await.0
}

async fn sent(world: &World) -> usize {
    world.uids(&world.mailbox(&user(1), "Sent").await).await.len()
}

/// The same message with its fields turned round, fields that clients add, and another Bcc.
fn turned(message: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let (header, body) = text.split_once("\r\n\r\n").unwrap();
    let mut fields: Vec<&str> = header.split("\r\n").collect();
    fields.reverse();
    fields.push("X-Uniform-Type-Identifier: com.example.mail-draft");
    fields.push("Bcc: u3@ent.test");
    format!("{}\r\n\r\n{}", fields.join("\r\n"), body.trim_end()).into_bytes()
}

#[tokio::test]
async fn a_copy_joins_the_one_that_is_there() {
    for world in worlds(3).await {
        let message = letter(1, "one", "", "Bonjour\r\n");
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, Submitted::Delivered { people: 1 });
        assert_eq!(file(&world, &message).await, 1);
        assert_eq!(file(&world, &turned(&message)).await, 1, "{}", world.engine);
        // The client is the first, and appends twice.
        let other = letter(1, "two", "", "Salut\r\n");
        assert_eq!((file(&world, &turned(&other)).await, file(&world, &other).await), (2, 2));
        assert_eq!(world.submit(&user(1), &[to(2)], &other).await, Submitted::Delivered { people: 1 });
        assert_eq!(sent(&world).await, 2, "{}", world.engine);
        world.gateway.collect().await.unwrap();
        assert_eq!(world.count("select count(*) from message").await, 3, "no content is left of copies that joined");
    }
}

#[tokio::test]
async fn copies_at_once_are_one() {
    for world in worlds(3).await {
        let message = letter(1, "one", "", "Bonjour\r\n");
        let turned = turned(&message);
        let sender = user(1);
        let recipients = [to(2)];
        let (submitted, a, b, c) = tokio::join!(
            world.submit(&sender, &recipients, &message),
            file(&world, &message),
            file(&world, &turned),
            file(&world, &message)
        );
        assert_eq!((submitted, a, b, c), (Submitted::Delivered { people: 1 }, 1, 1, 1), "{}", world.engine);
        assert_eq!(sent(&world).await, 1);
    }
}

#[tokio::test]
async fn a_true_repeat_is_kept() {
    for world in worlds(3).await {
        // A scanner: the same text every time, each sending with a Message-ID of its own, or with none.
        for id in ["scan-1", "scan-2"] {
            let scan = letter(1, id, "", "scan").replace_subject();
            assert_eq!(world.submit(&user(1), &[to(2)], &scan).await, Submitted::Delivered { people: 1 });
            file(&world, &scan).await;
        }
        assert_eq!(sent(&world).await, 2, "{}", world.engine);
        let bare = b"From: u1@ent.test\r\nSubject: scan\r\n\r\nscan";
        assert_eq!((file(&world, bare).await, file(&world, bare).await), (3, 4));
        // The same Message-ID with another attachment, another text, other recipients shown: another message.
        let original = letter(1, "three", "", "text\r\n");
        let text = String::from_utf8(original.clone()).unwrap();
        file(&world, &original).await;
        for (from, to) in
            [("text\r\n", "text\r\n\r\nattachment"), ("To: u2", "Cc: u2"), ("Subject: three", "Subject: 3")]
        {
            file(&world, text.replace(from, to).as_bytes()).await;
        }
        assert_eq!(sent(&world).await, 8, "{}", world.engine);
        // What was expunged is not there to be joined.
        assert_eq!(file(&world, &original).await, 5);
    }
}

trait ReplaceSubject {
    fn replace_subject(self) -> Self;
}

impl ReplaceSubject for Vec<u8> {
    fn replace_subject(self) -> Self {
        let text = String::from_utf8(self).unwrap();
        text.lines()
            .map(|line| if line.starts_with("Subject") { "Subject: scan" } else { line })
            .fold(String::new(), |text, line| text + line + "\r\n")
            .into_bytes()
    }
}

#[tokio::test]
async fn a_client_that_splits_bcc_off_reaches_everybody_once() {
    for world in worlds(3).await {
        let message = letter(1, "one", "", "Bonjour\r\n");
        let with_bcc = letter(1, "one", "Bcc: u3@ent.test\r\n", "Bonjour\r\n");
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, Submitted::Delivered { people: 1 });
        assert_eq!(world.submit(&user(1), &[to(3)], &with_bcc).await, Submitted::Delivered { people: 1 });
        assert_eq!(world.submit(&user(1), &[to(2), to(3)], &message).await, Submitted::Delivered { people: 1 });
        assert_eq!(sent(&world).await, 1, "{}", world.engine);
        // The Message-ID is kept octet for octet.
        let contents = world.contents(&world.mailbox(&user(3), "INBOX").await).await;
        assert!(contents.iter().all(|text| text.contains("\r\nMessage-ID: <one@ent.test>\r\n")), "{contents:?}");
    }
}
