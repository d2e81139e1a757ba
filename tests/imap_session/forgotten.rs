//! QRESYNC when expunges have been forgotten: a client that comes back hears of everything that is not there
//! (RFC 7162 §3.2.5.1, §3.2.5.2, §3.2.6).

use std::sync::Arc;

use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::model::{MailboxName, Uid};

use crate::world::{World, letter};

/// A world that forgets at once, with 8 messages in INBOX of which 2, 4, 5 and 8 have gone.
async fn world() -> World {
    let world = World::with(|config| {
        config.keeping.expunges_days = 0;
        config.mailboxes.expunge_to_trash = false;
    })
    .await;
    let mut client = world.anne_in("INBOX").await;
    for subject in 1..=8 {
        client.appends("INBOX", letter(&subject.to_string(), "x")).await;
    }
    client.ok("UID STORE 2,4:5,8 +FLAGS.SILENT (\\Deleted)").await;
    client.ok("EXPUNGE").await;
    world
}

async fn vanished(world: &World, command: &str) -> Vec<String> {
    let mut client = world.anne().await;
    client.ok("ENABLE QRESYNC").await;
    let told = client.says(command).await;
    told.into_iter().filter(|line| line.starts_with("* VANISHED")).collect()
}

#[tokio::test]
async fn who_was_away_for_long_hears_all_that_is_not_there() {
    let world = world().await;
    let known = ["* VANISHED (EARLIER) 2,4:5,8"];
    assert_eq!(vanished(&world, "SELECT INBOX (QRESYNC (1 9))").await, known);
    assert_eq!(vanished(&world, "SELECT INBOX (QRESYNC (1 3))").await, known, "before: exactly, too");
    assert!(world.gateway.collect().await.unwrap().tombstones >= 4);
    assert_eq!(vanished(&world, "SELECT INBOX (QRESYNC (1 3))").await, known, "every gap up to UIDNEXT");
    assert_eq!(vanished(&world, "SELECT INBOX (QRESYNC (1 3 1:4,6))").await, ["* VANISHED (EARLIER) 2,4"]);
    // Message 1 still has UID 1; message 2 was UID 2.
    assert_eq!(vanished(&world, "SELECT INBOX (QRESYNC (1 3 1:8 (1,3 1,3)))").await, known);
    assert_eq!(vanished(&world, "SELECT INBOX (QRESYNC (1 3 1:8 (1:2 1,3)))").await, ["* VANISHED (EARLIER) 4:5,8"]);
    assert_eq!(vanished(&world, "SELECT INBOX (QRESYNC (1 3 1:8 (1:4 1,3,6:7)))").await, ["* VANISHED (EARLIER) 8"]);
    // Who has seen the expunges hears nothing of them.
    let mut client = world.anne_in("INBOX").await;
    let status = client.ok("STATUS INBOX (HIGHESTMODSEQ)").await;
    let status = status.iter().find(|line| line.starts_with("* STATUS")).unwrap();
    let highest = status.split(['(', ')']).nth(1).unwrap().rsplit(' ').next().unwrap().to_owned();
    let none: [&str; 0] = [];
    assert_eq!(vanished(&world, &format!("SELECT INBOX (QRESYNC (1 {highest}))")).await, none);
}

#[tokio::test]
async fn fetch_vanished_tells_the_gaps_of_its_set() {
    let world = world().await;
    world.gateway.collect().await.unwrap();
    let mut client = world.anne().await;
    client.ok("ENABLE QRESYNC").await;
    client.ok("SELECT INBOX").await;
    let told = client.ok("UID FETCH 1:6 (FLAGS) (CHANGEDSINCE 3 VANISHED)").await;
    assert_eq!(told[0], "* VANISHED (EARLIER) 2,4:5", "{told:?}");
    // What the client still counts is not among them, until it is told.
    let mut other = world.anne_in("INBOX").await;
    other.ok("UID STORE 3 +FLAGS.SILENT (\\Deleted)").await;
    other.ok("EXPUNGE").await;
    world.gateway.collect().await.unwrap();
    let told = client.ok("UID FETCH 1:4 (FLAGS) (CHANGEDSINCE 3 VANISHED)").await;
    assert_eq!(told[..2], ["* VANISHED (EARLIER) 2,4".to_owned(), "* VANISHED 3".to_owned()], "{told:?}");
}

/// A session that has not looked for so long that what it missed has been forgotten is still told the right EXPUNGEs.
#[tokio::test]
async fn a_session_that_missed_what_is_forgotten_stays_in_step() {
    let world = World::with(|config| {
        config.keeping.expunges_days = 0;
        config.mailboxes.expunge_to_trash = false;
    })
    .await;
    let mut writer = world.anne().await;
    for subject in 1..=5 {
        writer.appends("INBOX", letter(&subject.to_string(), "x")).await;
    }
    let mut away = world.anne_in("INBOX").await;
    // Another gateway on the store expunges: this one's snapshot is not brought forward.
    let config = Arc::clone(&world.gateway.config);
    let other = Gateway::new(config, world.gateway.store().clone(), Clock::system()).unwrap();
    let anne = other.find_user("anne").await.unwrap().unwrap();
    let inbox = other.mailbox(&anne, &MailboxName::inbox()).await.unwrap().unwrap();
    let trash = other.mailbox(&anne, &MailboxName::parse("Trash").unwrap()).await.unwrap().unwrap();
    other.move_messages(&anne, inbox.id, &[Uid(2), Uid(4)], &trash).await.unwrap();
    assert!(world.gateway.collect().await.unwrap().tombstones >= 2);
    assert_eq!(away.ok("NOOP").await, ["* 4 EXPUNGE", "* 2 EXPUNGE"]);
    assert_eq!(away.ok("UID SEARCH ALL").await, ["* SEARCH 1 3 5"]);
}
