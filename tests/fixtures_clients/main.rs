//! What clients that cannot run here are known to send, replayed over a stream in memory: phones, Outlook, webmails.
//!
//! Each test is one client's habit, recorded from traces, sources and bug reports; what matters is that the session lives
//! on and that the client gets what it builds upon. A file per kind of client.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod android;
mod apple;
mod outlook;
mod roundcube;
#[path = "../smtp_session/world.rs"]
mod smtp_world;
#[path = "../support/mod.rs"]
mod support;
#[path = "../imap_session/world.rs"]
mod world;

use world::Client;

/// A letter of two parts, a text and a picture, as phones read them: part by part.
fn letter_of_parts(id: &str, text: &str) -> String {
    format!(
        "From: Anne <anne.martin@ent.test>\r\nTo: Luc <luc.petit@ent.test>\r\nSubject: {id}\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{id}@client.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\
         \r\n--b\r\nContent-Type: image/png; name=\"plan.png\"\r\nContent-Disposition: attachment; filename=\"plan.png\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
    )
}

/// The UID in an APPENDUID.
fn appended(answer: &str) -> u32 {
    let (_, rest) = answer.split_once("[APPENDUID ").unwrap_or_else(|| panic!("{answer}"));
    rest.split([' ', ']']).nth(1).unwrap().parse().unwrap()
}

/// The answers to these commands, which go out in one piece; `tags` in order.
async fn in_one_piece(client: &mut Client, commands: &str, tags: &[&str]) -> Vec<Vec<String>> {
    client.sends(commands).await;
    let mut answers = Vec::new();
    for tag in tags {
        answers.push(client.answer(tag).await);
    }
    answers
}
