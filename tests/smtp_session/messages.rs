//! DATA and BDAT: what is stored, what is refused, and that the session never loses its step.

use crate::world::{Client, PASSWORD, World, plain};

const MESSAGE: &str = "From: Anne <anne.martin@ent.test>\r\nTo: paul.durand@ent.test, conseil@ent.test\r\nSubject: Bonjour\r\n\
    Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@ent.test>\r\n\r\nBonjour.\r\n";

/// A message of its own.
fn message(id: &str, body: &[u8]) -> Vec<u8> {
    let head = MESSAGE.replace("<1@", &format!("<{id}@")).replace("Bonjour.\r\n", "");
    [head.as_bytes(), body].concat()
}

/// As DATA has it.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::new();
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

/// Everything from EHLO to QUIT, without waiting for any reply.
fn whole_session(message: &[u8]) -> Vec<u8> {
    let before = format!(
        "EHLO x\r\nAUTH PLAIN {}\r\nMAIL FROM:<anne.martin@ent.test>\r\nRCPT TO:<inconnu@ent.test>\r\n\
         RCPT TO:<paul.durand@ent.test>\r\nRCPT TO:<conseil@ent.test>\r\nDATA\r\n",
        plain("anne", PASSWORD)
    );
    [before.as_bytes(), &stuffed(message), b"QUIT\r\n"].concat()
}

fn codes(replies: &[String]) -> Vec<&str> {
    replies.iter().filter(|reply| reply.as_bytes()[3] == b' ').map(|reply| &reply[..3]).collect()
}

const WHOLE_SESSION_CODES: [&str; 9] = ["250", "235", "250", "550", "250", "250", "354", "250", "221"];

#[tokio::test]
async fn a_whole_session_in_one_segment() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.sends(whole_session(MESSAGE.as_bytes())).await;
    let (replies, _) = client.ends().await;
    assert_eq!(codes(&replies), WHOLE_SESSION_CODES);
    assert!(replies.iter().any(|reply| reply == "250 2.0.0 Message remis\r\n"), "{replies:?}");
    assert_eq!(world.messages("u-paul", "inbox").await, [MESSAGE.as_bytes()]);
    assert_eq!(world.messages("u-anne", "sent").await, [MESSAGE.as_bytes()]);
    assert_eq!(world.messages("u-luc", "inbox").await.len() + world.messages("u-zoe", "inbox").await.len(), 0);
}

#[tokio::test]
async fn replies_to_pipelined_commands_leave_together() {
    let world = World::new().await;
    let mut client = world.anne().await;
    let before = client.server_writes();
    client
        .sends("MAIL FROM:<anne@ent.test>\r\nRCPT TO:<paul.durand@ent.test>\r\nRCPT TO:<x@ent.test>\r\nDATA\r\n")
        .await;
    for code in ["250", "250", "550", "354"] {
        assert!(client.reply().await.starts_with(code));
    }
    assert_eq!(client.server_writes() - before, 1);
}

#[tokio::test]
async fn pieces_do_not_matter() {
    let world = World::new().await;
    let session = whole_session(&message("pieces", b"..\r\n.\r\nx\r\n"));
    for size in [1, 2, 3, 5, 7, 64, session.len() - 1] {
        let mut client = world.client().await;
        for piece in session.chunks(size) {
            client.sends(piece).await;
            tokio::task::yield_now().await;
        }
        let (replies, _) = client.ends().await;
        assert_eq!(codes(&replies), WHOLE_SESSION_CODES, "in pieces of {size}");
    }
    assert_eq!(world.messages("u-paul", "inbox").await, [message("pieces", b"..\r\n.\r\nx\r\n")]);
}

#[tokio::test]
async fn dots_and_eight_bits_arrive_as_they_were() {
    let world = World::new().await;
    let mut client = world.anne().await;
    let bodies: [&[u8]; 4] =
        [b".\r\n..\r\n...x\r\n", b"caf\xe9 \xff\r\n", "élève — 日本\r\n".as_bytes(), b"\r\n\r\n.\r\n"];
    let mut sent = Vec::new();
    for (index, body) in bodies.into_iter().enumerate() {
        let message = message(&format!("dots{index}"), body);
        client.begins_to_paul().await;
        assert_eq!(client.sends_data(stuffed(&message)).await, "250 2.0.0 Message remis\r\n");
        sent.push(message);
    }
    assert_eq!(world.messages("u-paul", "inbox").await, sent);
    assert_eq!(world.messages("u-anne", "sent").await, sent);
}

#[tokio::test]
async fn bare_line_ends_are_refused_at_the_true_end() {
    let world = World::new().await;
    let mut client = world.anne().await;
    for smuggled in ["\n.\r\n", "\r\n.\n", "\r\n.\r\r\n", "\n.\n", "\r.\r", "\r\n.\r"] {
        client.begins_to_paul().await;
        let inner =
            "MAIL FROM:<paul.durand@ent.test>\r\nRCPT TO:<anne@ent.test>\r\nDATA\r\nFrom: paul.durand@ent.test\r\n";
        let reply = client.sends_data(format!("{MESSAGE}x{smuggled}{inner}\r\n.\r\n")).await;
        assert_eq!(
            reply, "554 5.6.0 Envoi refusé : le message contient des fins de ligne incorrectes\r\n",
            "{smuggled:?}"
        );
        client.is_told("NOOP", "250 2.0.0 OK\r\n").await;
    }
    assert_eq!(world.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn too_large_a_message_is_read_to_its_end() {
    let world = World::with(|config| config.submission.message_bytes_max = 1 << 20).await;
    let mut client = world.anne_to_paul().await;
    let body = "0123456789abcdef\r\n".repeat(200_000);
    let reply = client.sends_data(stuffed(&message("large", body.as_bytes()))).await;
    assert_eq!(reply, "552 5.3.4 Message trop volumineux : la limite est de 1 Mo\r\n");
    client.is_told("MAIL FROM:<anne@ent.test> SIZE=1048577", "552 5.3.4 ").await;
    assert_eq!(world.counts().await, (0, 0, 0));

    // Exactly the limit passes: dots that were added do not count.
    let head = message("limit", b"").len();
    let body = format!("{}\r\n", ".\r\n".repeat(((1 << 20) - head - 2) / 3));
    let mut exact = message("limit", body.as_bytes());
    exact.splice(head..head, vec![b'x'; (1 << 20) - exact.len()]);
    client.begins_to_paul().await;
    assert_eq!(client.sends_data(stuffed(&exact)).await, "250 2.0.0 Message remis\r\n");
    exact.insert(head, b'x');
    client.begins_to_paul().await;
    let reply = client.sends_data(stuffed(&exact)).await;
    assert!(reply.starts_with("552 5.3.4 "), "{reply}");
}

#[tokio::test]
async fn chunks() {
    let world = World::new().await;
    let mut client = world.anne_to_paul().await;
    let message = message("chunks", b".\r\n..\r\nno newline at the end");
    for (index, octet) in message.iter().take(40).enumerate() {
        client.sends([b"BDAT 1\r\n".as_slice(), &[*octet]].concat()).await;
        assert!(client.reply().await.starts_with("250 2.0.0 "), "chunk {index}");
    }
    let rest = &message[40..];
    client.sends(format!("BDAT {}\r\n", rest.len())).await;
    client.sends(rest).await;
    assert!(client.reply().await.starts_with("250 2.0.0 "));
    client.is_told("DATA", "503 5.5.1 ").await;
    client.is_told("BDAT 0 LAST", "250 2.0.0 Message remis\r\n").await;
    assert_eq!(world.messages("u-paul", "inbox").await, [message]);
}

#[tokio::test]
async fn rset_between_chunks_forgets_them() {
    let world = World::new().await;
    let mut client = world.anne_to_paul().await;
    client.sends("BDAT 10\r\nFrom: x\r\n\r").await;
    assert!(client.reply().await.starts_with("250 "));
    client.is_told("RSET", "250 ").await;
    client.begins_to_paul().await;
    client.sends(format!("BDAT {} LAST\r\n{MESSAGE}", MESSAGE.len())).await;
    assert_eq!(client.reply().await, "250 2.0.0 Message remis\r\n");
    assert_eq!(world.messages("u-paul", "inbox").await, [MESSAGE.as_bytes()]);
}

/// Sends a chunk that would be commands, were it not read.
async fn refused(client: &mut Client, last: &str) -> String {
    client.sends(format!("BDAT 12{last}\r\nQUIT\r\nQUIT\r\n")).await;
    client.reply().await
}

#[tokio::test]
async fn refused_chunks_are_read() {
    let world = World::with(|config| config.submission.message_bytes_max = 50).await;
    let mut client = world.client().await;
    assert!(refused(&mut client, "").await.starts_with("503 5.5.1 EHLO first"));
    client.is_told("EHLO x", "250-").await;
    assert!(refused(&mut client, " LAST").await.starts_with("530 5.7.0 "));
    client.is_told(&format!("AUTH PLAIN {}", plain("anne", PASSWORD)), "235 ").await;
    client.is_told("MAIL FROM:<anne@ent.test>", "250 ").await;
    assert!(refused(&mut client, "").await.starts_with("503 5.5.1 RCPT first"));
    client.is_told("RCPT TO:<x@ent.test>", "550 ").await;
    assert!(refused(&mut client, "").await.starts_with("554 5.5.1 "));
    client.is_told("RCPT TO:<paul.durand@ent.test>", "250 ").await;
    for expected in ["250 2.0.0 ", "250 2.0.0 ", "250 2.0.0 ", "250 2.0.0 ", "552 5.3.4 ", "503 5.5.1 MAIL first"] {
        let reply = refused(&mut client, "").await;
        assert!(reply.starts_with(expected), "{reply}");
    }
    client.is_told("NOOP", "250 ").await;
    assert_eq!(world.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn bare_line_ends_in_chunks() {
    let world = World::new().await;
    let mut client = world.anne().await;
    for pieces in [["a\r", "b\r\n"], ["a\r", "\r\n"], ["a\n", "\r\n"], ["a\r\n", "b\r"]] {
        client.begins_to_paul().await;
        client.sends(format!("BDAT {}\r\n{}", pieces[0].len(), pieces[0])).await;
        assert!(client.reply().await.starts_with("250 "));
        client.sends(format!("BDAT {} LAST\r\n{}", pieces[1].len(), pieces[1])).await;
        let reply = client.reply().await;
        assert!(reply.starts_with("554 5.6.0 "), "{pieces:?}: {reply}");
    }
    assert_eq!(world.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn header_from_is_the_person() {
    let world = World::new().await;
    let mut client = world.anne().await;
    for (from, expected) in [
        ("From: paul.durand@ent.test", "550 5.7.1 Envoi refusé : l'expéditeur affiché paul.durand@ent.test"),
        ("X-From: anne@ent.test", "554 5.6.0 "),
        ("From: anne@ent.test\r\nFrom: anne@ent.test", "554 5.6.0 "),
    ] {
        client.begins_to_paul().await;
        let reply = client.sends_data(format!("{from}\r\n\r\nx\r\n.\r\n")).await;
        assert!(reply.starts_with(expected), "{from}: {reply}");
    }
    assert_eq!(world.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn a_submission_sent_twice_arrives_once() {
    let world = World::new().await;
    let mut client = world.anne().await;
    for _ in 0..2 {
        client.begins_to_paul().await;
        assert_eq!(client.sends_data(stuffed(MESSAGE.as_bytes())).await, "250 2.0.0 Message remis\r\n");
    }
    assert_eq!(world.messages("u-paul", "inbox").await.len(), 1);
    assert_eq!(world.messages("u-anne", "sent").await.len(), 1);
}
