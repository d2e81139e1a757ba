//! INPROGRESS (RFC 9585): told while a command goes on, never within a response, and it never goes back.

use std::sync::Arc;

use passerelle::store::{Durability, Store, Tx, Working};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::world::World;

/// When a write has begun, and when it may end.
type Gates = (Arc<Semaphore>, Arc<Semaphore>);

/// Keeps everybody else from writing until a permit is given.
async fn hold_writer(store: Store) -> (Arc<Semaphore>, JoinHandle<()>) {
    let (begun, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let input = (Arc::clone(&begun), Arc::clone(&release));
    let run: for<'t, 'c> fn(&'t mut Tx<'c>, &'t Gates) -> Working<'t, ()> = |_, (begun, release)| {
        Box::pin(async move {
            begun.add_permits(1);
            release.acquire().await.unwrap().forget();
            Ok(())
        })
    };
    let held = tokio::spawn(async move { store.write(Durability::Synced, input, run).await.unwrap() });
    begun.acquire().await.unwrap().forget();
    (release, held)
}

#[tokio::test]
async fn a_client_that_waits_for_the_store_hears_that_its_command_goes_on() {
    let world = World::with(|config| config.imap.progress_milliseconds = 20).await;
    let mut anne = world.anne().await;
    anne.appends("INBOX", "From: a@b\r\n\r\nx\r\n").await;
    anne.ok("SELECT INBOX").await;
    for command in ["COPY 1 Sent", "MOVE 1 Trash", "APPEND INBOX {18+}\r\nFrom: a@b\r\n\r\nx\r\n ", "STORE 1 FLAGS (a)"]
    {
        let (release, held) = hold_writer(world.store()).await;
        anne.sends(format!("tag] {command}\r\n")).await;
        for _ in 0..3 {
            assert_eq!(anne.response().await, "* OK [INPROGRESS (NIL NIL NIL)] Still working", "{command}");
        }
        release.add_permits(1);
        held.await.unwrap();
        let answer = loop {
            let response = anne.response().await;
            assert!(!response.contains('\n'), "{response}");
            if let Some(answer) = response.strip_prefix("tag] ") {
                break answer.to_owned();
            }
        };
        assert!(answer.starts_with("OK "), "{command}: {answer}");
    }
}

#[tokio::test]
async fn a_search_tells_how_far_it_has_come() {
    let world = World::with(|config| config.imap.progress_milliseconds = 1).await;
    let mut anne = world.anne().await;
    let text = "x".repeat(5000);
    for number in 0..8 {
        anne.appends("INBOX", &format!("Subject: {number}\r\n\r\n{text}\r\n")).await;
    }
    anne.ok("SELECT INBOX").await;
    for _ in 0..7 {
        anne.ok("COPY 1:* INBOX").await;
    }
    for (command, last) in [
        ("SEARCH NOT BODY nothing HEADER Subject \"\"", "* SEARCH 1 2 3"),
        ("SORT (SUBJECT) UTF-8 BODY xxx", "* SORT 1 9"),
        ("THREAD REFERENCES UTF-8 BODY xxx", "* THREAD ((1)"),
    ] {
        let told = anne.ok(command).await;
        let (answer, progress) = told.split_last().unwrap();
        assert!(answer.starts_with(last), "{answer}");
        assert!(progress.len() > 2, "{progress:?}");
        let mut before = 0;
        for line in progress {
            let inside =
                line.strip_prefix("* OK [INPROGRESS (\"").and_then(|line| line.strip_suffix(")] Still working"));
            let words: Vec<&str> = inside.unwrap_or_else(|| panic!("{line}")).split(' ').collect();
            let done = words[1].parse().unwrap_or(0);
            assert!(done >= before && done <= 1024 && ["1024", "NIL"].contains(&words[2]), "{line} after {before}");
            before = done;
        }
        assert!(before > 0, "{progress:?}");
    }
}

#[tokio::test]
async fn a_client_that_need_not_wait_hears_nothing_and_nobody_does_where_it_is_off() {
    for milliseconds in [10_000, 0] {
        let world = World::with(|config| config.imap.progress_milliseconds = milliseconds).await;
        let mut anne = world.anne_in("INBOX").await;
        assert_eq!(anne.ok("SEARCH BODY x").await, ["* SEARCH"]);
        let offered = anne.ok("CAPABILITY").await[0].contains(" INPROGRESS");
        assert_eq!(offered, milliseconds > 0);
    }
}
