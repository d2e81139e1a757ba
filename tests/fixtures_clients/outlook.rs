//! Outlook: XLIST, AUTH LOGIN with the name at once, spaces in MAIL FROM, host names that are none.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::smtp_world;
use crate::world::{PASSWORD, World, letter};

#[tokio::test]
async fn outlook_asks_for_xlist_and_lives_on() {
    let world = World::new().await;
    let mut outlook = world.anne().await;
    let answer = outlook.tagged("XLIST \"\" \"*\"").await;
    assert!(answer.starts_with("BAD"), "{answer}");
    let listed = outlook.ok("LIST \"\" \"*\" RETURN (SPECIAL-USE)").await;
    assert!(listed.iter().any(|line| line.contains("\\Sent")), "{listed:?}");
    outlook.ok("SELECT \"INBOX\"").await;
    outlook.appends("INBOX", letter("un", "Un.")).await;
    let found = outlook.ok("UID SEARCH RETURN (MAX COUNT) ALL").await;
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("* ESEARCH (TAG \"t"), "the tag is quoted: {found:?}");
    assert!(found[0].contains(" UID ") && found[0].contains("MAX 1") && found[0].contains("COUNT 1"), "{found:?}");
    outlook.ok("UID STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(outlook.ok("UID EXPUNGE 1").await, ["* 1 EXPUNGE"]);
}

#[tokio::test]
async fn outlook_authenticates_by_login_over_imap() {
    let world = World::new().await;
    let (name, password) = (BASE64_STANDARD.encode("anne"), BASE64_STANDARD.encode(PASSWORD));
    let mut outlook = world.client().await;
    outlook.sends(format!("a AUTHENTICATE LOGIN {name}\r\n")).await;
    assert_eq!(outlook.response().await, format!("+ {}", BASE64_STANDARD.encode("Password:")));
    outlook.sends(format!("{password}\r\n")).await;
    assert!(outlook.answer("a").await.last().unwrap().starts_with("OK"));

    let mut outlook = world.client().await;
    outlook.sends("a AUTHENTICATE LOGIN\r\n").await;
    assert_eq!(outlook.response().await, format!("+ {}", BASE64_STANDARD.encode("Username:")));
    outlook.sends(format!("{name}\r\n")).await;
    assert_eq!(outlook.response().await, format!("+ {}", BASE64_STANDARD.encode("Password:")));
    outlook.sends(format!("{password}\r\n")).await;
    assert!(outlook.answer("a").await.last().unwrap().starts_with("OK"));
}

#[tokio::test]
async fn outlook_sends_with_its_own_spelling() {
    let world = smtp_world::World::new().await;
    let mut outlook = world.client().await;
    let greeting = outlook.says("EHLO DESKTOP_7Q2.maison [10.0.0.1]").await;
    let greeting = if greeting.starts_with("250-") { greeting } else { outlook.says("EHLO PC_de_Zoe").await };
    assert!(greeting.starts_with("250-ent.test\r\n"), "{greeting}");
    let (name, password) = (BASE64_STANDARD.encode("anne.martin"), BASE64_STANDARD.encode(smtp_world::PASSWORD));
    outlook.is_told(&format!("AUTH LOGIN {name}"), &format!("334 {}", BASE64_STANDARD.encode("Password:"))).await;
    outlook.is_told(&password, "235 2.7.0 ").await;
    outlook.is_told("MAIL FROM: <anne.martin@ent.test>", "250 2.1.0 ").await;
    outlook.is_told("RCPT TO: <paul.durand@ent.test>", "250 2.1.5 ").await;
    outlook.is_told("DATA", "354 ").await;
    outlook.sends("From: \"Anne\" <anne.martin@ent.test>\r\nSubject: Test\r\n\r\nBonjour\r\n").await;
    outlook.is_told(".", "250 2.0.0 ").await;
    assert_eq!(world.messages("u-paul", "inbox").await.len(), 1);
}
