//! What is new: escaped whatever others write, never a body, and told as it comes.

use std::time::Duration;

use passerelle::model::{Scope, Suspension, Timestamp, Uses};
use tokio::io::AsyncReadExt;

use crate::world::World;

#[tokio::test]
async fn hostile_subjects_are_shown_as_what_they_are() {
    let world = World::new().await;
    let long = "A".repeat(900);
    world.letter("nadia.roussel", "theo.lambert", "<script>alert(1)</script>\"'&<img src=x onerror=y>").await;
    world.letter("nadia.roussel", "theo.lambert", "=?utf-8?B?4oCudGFkcm9mIOKBpiBhCmI8L2JkaT48aDE+?=").await;
    world.letter("nadia.roussel", "theo.lambert", &format!("=?utf-8?Q?{long}?= =?utf-8?Q?{long}?= {long}")).await;
    let mut browser = world.signed_in("theo.lambert").await;
    for path in ["/", "/latest"] {
        let page = browser.get(path).await;
        assert!(page.body.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{}", page.body);
        assert!(!page.body.contains("<script>") && !page.body.contains("<img") && !page.body.contains("onerror=y>"));
        assert!(!page.body.contains('\u{202e}') && page.body.contains("&#60;/bdi&#62;&#60;h1&#62;"), "{}", page.body);
        assert!(!page.body.contains("corps secret") && !page.body.contains(&"A".repeat(1025)));
        assert!(page.body.contains("3 messages non lus") && page.body.contains("data-unread=\"3\""));
    }
}

#[tokio::test]
async fn the_page_hears_of_a_new_message_and_not_after_signing_out() {
    let world = World::new().await;
    let mut browser = world.signed_in("theo.lambert").await;
    let home = browser.get("/").await;
    let mut stream = browser.send("GET", "/events", "", "").await;
    let mut heard = String::new();
    let mut hear = async |until: &str| {
        while !heard.contains(until) {
            let mut octets = [0; 4096];
            let more = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut octets)).await.unwrap().unwrap();
            assert!(more > 0, "ended: {heard}");
            heard += &String::from_utf8_lossy(&octets[..more]);
        }
        heard.clone()
    };
    assert!(hear(":\n\n").await.contains("text/event-stream"));
    world.letter("nadia.roussel", "theo.lambert", "Bonjour").await;
    let said = hear("event: changed").await;
    assert!(!said.contains("Bonjour"), "no more than that something changed");
    assert!(browser.get("/latest").await.body.contains("Bonjour"));
    browser.post("/sign-out", &[("token", &home.hidden("token"))]).await;
    world.letter("nadia.roussel", "theo.lambert", "Encore").await;
    let mut rest = String::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut rest)).await.unwrap().unwrap();
    assert!(!rest.contains("changed"), "{rest}");
    for path in ["/latest", "/events"] {
        assert_eq!(browser.get(path).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn what_is_turned_off_is_said_and_nothing_is_shown() {
    let world = World::new().await;
    world.letter("nadia.roussel", "theo.lambert", "Bonjour").await;
    let mut browser = world.signed_in("theo.lambert").await;
    let uses = Uses { sending: true, reading: true };
    let suspension = Suspension { scope: Scope::default(), uses, reason: "x".to_owned(), since: Timestamp(0) };
    world.gateway().suspend(suspension).await.unwrap();
    let home = browser.get("/").await;
    assert!(home.body.contains("La messagerie est suspendue") && !home.body.contains("Bonjour"), "{}", home.body);
    let rights = browser.get("/rights").await.body;
    assert!(
        rights.contains("La messagerie est suspendue") && rights.contains("envoi de messages est suspendu"),
        "{rights}"
    );
}

#[tokio::test]
async fn rights_are_told_with_what_is_left() {
    let quiet = "quiet.binds = [\"Student\", \"Relative\"]\nlimits.teacher.messages_per_hour_max = 1\n";
    let world = World::with(quiet).await;
    world.letter("nadia.roussel", "theo.lambert", "Bonjour").await;
    let page = world.signed_in("nadia.roussel").await.get("/rights").await.body;
    assert!(page.contains("En ce moment\u{a0}: ouvert") && page.contains("élève, parent ou responsable"), "{page}");
    assert!(
        page.contains("<strong class=\"none-left\">0</strong>") && page.contains("aujourd&#39;hui à 10:00"),
        "{page}"
    );
    assert!(page.contains("Rappeler un message\u{a0}: oui, pendant 60 minutes"), "{page}");
    world.advance(12 * 3600);
    let page = world.signed_in("theo.lambert").await.get("/rights").await.body;
    assert!(page.contains("fin\u{a0}: demain à 7:00") && page.contains("quand elles se terminent"), "{page}");
    assert!(page.contains("Rappeler un message envoyé\u{a0}: non"), "{page}");
}

#[tokio::test]
async fn in_english_too() {
    let world = World::with("language = \"en\"\n").await;
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    assert!(page.body.contains("<html lang=\"en\"") && page.body.contains("User name"));
    let mut browser = world.signed_in("theo.lambert").await;
    for path in ["/", "/devices", "/devices/new", "/devices/new/outlook", "/settings/iphone", "/rights"] {
        let page = browser.get(path).await;
        assert!(page.status == 200 && !page.body.contains("Vos ") && !page.body.contains("Réglages"), "{path}");
    }
}
