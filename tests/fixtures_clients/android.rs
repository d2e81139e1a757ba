//! Phones with Android: K-9 (Thunderbird for Android), FairEmail, the Gmail app.

use crate::world::{PASSWORD, World, letter};
use crate::{appended, letter_of_parts};

const K9_FIELDS: &str = "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (date subject from content-type to cc \
                         bcc reply-to message-id references in-reply-to list-post list-unsubscribe sender \
                         X-K9mail-Identity Chat-Version)]";

#[tokio::test]
async fn k9_reads_the_newest_and_files_its_copy() {
    let world = World::new().await;
    let mut phone = world.client().await;
    let token = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("\0anne\0{PASSWORD}"));
    let welcome = phone.tagged(format!("AUTHENTICATE PLAIN {token}")).await;
    assert!(welcome.starts_with("OK [CAPABILITY "), "{welcome}");
    phone.ok("ID (\"name\" \"Thunderbird for Android\")").await;
    phone.ok("NAMESPACE").await;
    assert!(phone.ok("LIST \"\" \"*\" RETURN (SPECIAL-USE)").await.len() >= 4);
    for number in 1..=30 {
        phone.appends("INBOX", letter("trente", &format!("Lettre {number}."))).await;
    }
    phone.ok("SELECT \"INBOX\"").await;
    phone.ok("UID STORE 29 +FLAGS (\\Deleted)").await;
    let newest: Vec<_> = (6..=30).filter(|uid| *uid != 29).map(|uid| uid.to_string()).collect();
    assert_eq!(phone.ok("UID SEARCH 6:30 NOT DELETED").await, [format!("* SEARCH {}", newest.join(" "))]);
    let headers = phone.ok(format!("UID FETCH {} ({K9_FIELDS})", newest.join(","))).await;
    assert_eq!(headers.len(), newest.len());
    assert!(headers[0].contains("INTERNALDATE \"") && headers[0].contains("Subject: trente\r\n"), "{}", headers[0]);
    let whole = phone.ok("UID FETCH 30 (UID BODY.PEEK[]<0.131072>)").await;
    assert!(whole[0].contains("BODY[]<0> {") && whole[0].contains("Lettre 30."), "{}", whole[0]);

    // A literal for which it waits, then a look for what it filed.
    let copy = letter("envoi", "Envoi.");
    phone.sends(format!("9 APPEND \"Sent\" (\\Seen) {{{}}}\r\n", copy.len())).await;
    assert!(phone.response().await.starts_with("+ "));
    phone.sends(format!("{copy}\r\n")).await;
    let uid = appended(phone.answer("9").await.last().unwrap());
    phone.ok("SELECT \"Sent\"").await;
    let id = copy.split("Message-ID: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert_eq!(phone.ok(format!("UID SEARCH HEADER MESSAGE-ID {id}")).await, [format!("* SEARCH {uid}")]);
}

/// It looks for what it sent before it files a copy of its own, and follows ModSeqs.
#[tokio::test]
async fn fairemail_looks_in_sent_first() {
    let world = World::new().await;
    let mut phone = world.anne().await;
    let copy = letter("envoi", "Envoi.");
    let id = copy.split("Message-ID: ").nth(1).unwrap().split("\r\n").next().unwrap();
    phone.appends("Sent (\\Seen)", &copy).await;
    let selected = phone.ok("SELECT Sent (CONDSTORE)").await;
    assert!(selected.iter().any(|line| line.contains("[HIGHESTMODSEQ ")), "{selected:?}");
    assert_eq!(phone.ok(format!("SEARCH HEADER Message-ID {id}")).await, ["* SEARCH 1"]);
    let fetched =
        phone.ok("FETCH 1 (ENVELOPE INTERNALDATE RFC822.SIZE FLAGS BODYSTRUCTURE UID MODSEQ BODY.PEEK[HEADER])").await;
    for item in ["ENVELOPE (", "INTERNALDATE \"", "RFC822.SIZE ", "BODYSTRUCTURE (", "MODSEQ (", "BODY[HEADER] {"] {
        assert!(fetched[0].contains(item), "{item}: {}", fetched[0]);
    }
    let changed = phone.ok("STORE 1 +FLAGS ($Forwarded)").await;
    assert!(changed[0].contains("$Forwarded") && changed[0].contains("MODSEQ ("), "{changed:?}");
}

/// It decides from the extension data of BODYSTRUCTURE what is shown as a picture.
#[tokio::test]
async fn gmail_reads_the_whole_structure_then_parts() {
    let world = World::new().await;
    let mut phone = world.anne_in("INBOX").await;
    let uid = appended(&phone.appends("INBOX", letter_of_parts("parties", "Voici le plan.")).await);
    let structure = phone.ok(format!("UID FETCH {uid} (BODYSTRUCTURE)")).await;
    assert!(structure[0].contains("(\"attachment\" (\"filename\" \"plan.png\"))"), "{structure:?}");
    assert!(structure[0].contains("\"mixed\" (\"boundary\" \"b\")"), "{structure:?}");
    let parts = phone.ok(format!("UID FETCH {uid} (BODY.PEEK[1] BODY.PEEK[2])")).await;
    assert!(parts[0].contains("BODY[1] {") && parts[0].contains("BODY[2] {"), "{parts:?}");
    assert!(parts[0].contains("iVBORw0KGgo="), "{parts:?}");
}
