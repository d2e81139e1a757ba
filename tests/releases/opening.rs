//! Databases of every release, opened by this program: brought up to date, and nothing in them is lost or told otherwise.

use std::path::Path;
use std::sync::Arc;

use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::delivery::Submitted;
use passerelle::domain::recover::Bin;
use passerelle::sentences::Sentence;
use passerelle::store::{Store, StoreError};

use crate::fill::{EVENING, NEXT_DAY, PASSWORD, letter, person, submit};
use crate::fixture::{ENGINES, Place, releases};
use crate::support::scram::ScramClient;
use crate::talk::{Talk, heard};

/// What was heard of somebody when the release made its fixture.
fn heard_then(files: &Path, name: &str) -> String {
    std::fs::read_to_string(files.join(format!("{name}.txt"))).unwrap()
}

#[tokio::test]
async fn what_a_release_made_is_whole_and_told_as_it_was() {
    for release in releases() {
        for engine in ENGINES {
            let Some(place) = Place::of(&release, engine).await else { continue };
            let (gateway, clock) = place.open(EVENING).await;
            let about = Store::inspect(&place.url).await.unwrap();
            assert_eq!(about.schema, Some(about.newest), "brought up to date");
            let files = release.join(engine);
            assert_eq!(gateway.verify(true, &Arc::default()).await.unwrap().findings, [], "{}", files.display());
            for (name, login) in [("claire", "claire.martin"), ("sophie", "sophie.durand")] {
                let (now, then) = (heard(&gateway, login, PASSWORD).await, heard_then(&files, name));
                for (number, (now, then)) in now.lines().zip(then.lines()).enumerate() {
                    assert_eq!(now, then, "{name}.txt of {}, line {}", files.display(), number + 1);
                }
                assert_eq!(now.len(), then.len());
            }
            let device = std::fs::read_to_string(files.join("device.txt")).unwrap();
            Talk::of(&gateway, "claire.martin", &device).await;
            by_proof(&gateway).await;
            goes_on(&gateway, &clock).await;
            assert_eq!(gateway.verify(true, &Arc::default()).await.unwrap().findings, [], "{}", files.display());
            gateway.store().close().await;
        }
    }
}

/// SCRAM's verifiers are those of the password (RFC 5802).
async fn by_proof(gateway: &Arc<Gateway>) {
    let mut talk = Talk::new(gateway).await;
    let client = ScramClient::new("n,,", b"", "claire.martin");
    let first = talk.say(format!("a AUTHENTICATE SCRAM-SHA-256 {}\r\n", client.first()).as_bytes(), "+ ").await;
    let first = String::from_utf8(first).unwrap();
    let (last, server) = client.last(first.trim_start_matches("+ ").trim_end(), PASSWORD);
    let answer = talk.say(format!("{last}\r\n").as_bytes(), "+ ").await;
    assert_eq!(String::from_utf8(answer).unwrap(), format!("+ {server}\r\n"));
    let answer = talk.say(b"\r\n", "a ").await;
    assert!(answer.starts_with(b"a OK"), "{}", answer.escape_ascii());
}

/// UIDs go on where they were; nothing is delivered twice; what waited comes; what was thrown away comes back.
async fn goes_on(gateway: &Arc<Gateway>, clock: &Clock) {
    let mut sophie = Talk::of(gateway, "sophie.durand", PASSWORD).await;
    let status = "STATUS INBOX (MESSAGES UIDNEXT)";
    // Seven letters and an app's warning came; two went to Trash, and one was taken back: its notice has a UID of its own.
    let said = sophie.ok(status).await;
    assert!(said.contains("(MESSAGES 6 UIDNEXT 10)"), "{said}");
    let again = submit(gateway, &["sophie.durand"], &letter("two", "", 0)).await;
    assert_eq!(again, Submitted::Delivered { people: 0 }, "a repetition");
    let taken_back = submit(gateway, &["sophie.durand"], &letter("taken-back", "", 0)).await;
    assert_eq!(taken_back, Submitted::Refused(Sentence::SentRecalled), "what was taken back stays so");
    let appended = sophie.append("INBOX", &letter("new", "", 0)).await;
    assert!(appended.contains("[APPENDUID 1795420800 10]"), "{appended}");
    clock.set(NEXT_DAY);
    assert_eq!(gateway.release_some().await.unwrap(), 1, "the letter of the evening");
    let said = sophie.ok("SELECT INBOX").await;
    assert!(said.contains("[UIDNEXT 12]"), "{said}");
    let said = sophie.ok("UID FETCH 11 (ENVELOPE BODY.PEEK[])").await;
    assert!(said.contains("la réunion « evening »"), "{said}");
    let id = person(gateway, "sophie.durand").await.id;
    let expunged = gateway.recoverable(&id, Bin::Expunged).await.unwrap();
    assert_eq!(expunged.len(), 1);
    assert_eq!(gateway.recover(&id, Bin::Expunged, vec![expunged[0].id]).await.unwrap(), 1);
    sophie.ok("NOOP").await;
    let said = sophie.ok("UID SEARCH RETURN (ALL) SUBJECT gone").await;
    assert!(said.contains("ALL 12"), "{said}");
}

/// A migration that was released never changes: a database that has run it is not this program's otherwise.
#[tokio::test]
async fn a_migration_that_was_edited_is_refused_and_named() {
    for engine in ENGINES {
        let Some(place) = Place::of(&releases()[0], engine).await else { continue };
        place.run("update _sqlx_migrations set checksum = checksum || checksum where version = 1").await;
        let refused = Store::open(&place.url, 2).await.err().expect("refused");
        assert!(matches!(refused, StoreError::Edited { version: 1 }), "{refused}");
        assert!(refused.to_string().contains("version 1"), "{refused}");
    }
}
