//! The school of the fixture: what people, clients and admins do in two days, so that nearly every table has rows.
//!
//! It is the school of the transcripts (`tests/transcripts/school`). Claire MARTIN writes, files, throws away and takes back;
//! Sophie DURAND gets letters, one of them after the end of her quiet hours.

use std::path::Path;
use std::sync::Arc;

use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::delivery::{Submission, Submitted};
use passerelle::domain::directory::Recipient;
use passerelle::domain::import::{ImportFiles, ImportMode, Imported};
use passerelle::domain::migration::BringOptions;
use passerelle::domain::people::UserFilter;
use passerelle::domain::recall::Named;
use passerelle::model::{Scope, Secret, Suspension, Timestamp, User, Uses};

use crate::talk::Talk;

pub(crate) const PASSWORD: &str = "mot de passe de 2026";

/// 2026-11-23 08:00:00 UTC, a Monday.
pub(crate) const MORNING: Timestamp = Timestamp(1_795_420_800_000_000);
/// 20:30 in Paris: quiet until 7:00.
pub(crate) const EVENING: Timestamp = Timestamp(MORNING.0 + 11 * 3_600_000_000 + 1_800_000_000);
/// 7:00 in Paris, the next day.
pub(crate) const NEXT_DAY: Timestamp = Timestamp(MORNING.0 + 22 * 3_600_000_000);

/// A letter of Claire's. `size`: about so many octets, no two lines alike.
pub(crate) fn letter(id: &str, more: &str, size: usize) -> Vec<u8> {
    let mut text = format!(
        "From: Claire MARTIN <claire.martin@school.test>\r\nTo: sophie.durand@school.test\r\n{more}\
         Subject: =?utf-8?q?R=C3=A9union?= {id}\r\nDate: Mon, 23 Nov 2026 09:00:00 +0100\r\n\
         Message-ID: <{id}@school.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\nBonjour, la réunion « {id} » est à 18 h.\r\n"
    );
    let mut line = 0;
    while text.len() < size {
        line += 1;
        text.push_str(&format!("{line}. Ordre du jour, déjà vu.\r\n"));
    }
    text.into_bytes()
}

pub(crate) async fn person(gateway: &Gateway, login: &str) -> User {
    gateway.find_user(login).await.unwrap().unwrap()
}

pub(crate) async fn submit(gateway: &Gateway, to: &[&str], message: &[u8]) -> Submitted {
    let sender = person(gateway, "claire.martin").await;
    let mut recipients = Vec::new();
    for login in to {
        recipients.push(Recipient::User(person(gateway, login).await));
    }
    let mut spool = gateway.spool();
    spool.write(message).await.unwrap();
    let message = spool.finish().await.unwrap();
    gateway.submit(Submission { sender, recipients, message }).await.unwrap()
}

/// Fills an empty store; gives the secret of Claire's app password.
pub(crate) async fn fill(gateway: &Arc<Gateway>, clock: &Clock, folder: &Path) -> String {
    people(gateway).await;
    let secret = devices(gateway).await;
    letters(gateway).await;
    claire(gateway).await;
    sophie(gateway).await;
    bring_in(gateway, folder).await;
    let claire = person(gateway, "claire.martin").await;
    let recalled = gateway.recall_for_admin(&claire, Named::MessageId("<taken-back@school.test>"), false).await;
    recalled.unwrap().unwrap().unwrap();
    clock.set(EVENING);
    let waits = submit(gateway, &["sophie.durand", "luc.autre"], &letter("evening", "", 0)).await;
    assert!(matches!(waits, Submitted::Waiting { people: 2, waiting: 1, .. }), "{waits:?}");
    switch(gateway).await;
    gateway.chain_trail().await.unwrap();
    // One line that has no place in the chain yet.
    gateway.set_password(&person(gateway, "paul.petit").await.id, Secret::new(PASSWORD)).await.unwrap().unwrap();
    secret
}

async fn people(gateway: &Gateway) {
    let school = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/school");
    let files = ImportFiles::read_dir(&school).unwrap();
    let imported = gateway.import(&files, ImportMode::Apply).await.unwrap();
    assert!(matches!(imported, Imported::Done(_)), "{imported:?}");
    for user in gateway.users(&UserFilter::default()).await.unwrap() {
        gateway.set_password(&user.id, Secret::new(PASSWORD)).await.unwrap().unwrap();
    }
    gateway.open_school_year(2026).await.unwrap().unwrap();
    gateway.suspend_user(&person(gateway, "jean.parti").await.id, "parti").await.unwrap();
}

async fn devices(gateway: &Arc<Gateway>) -> String {
    let claire = person(gateway, "claire.martin").await;
    let phone = gateway.create_app_password(&claire.id, "Téléphone").await.unwrap().unwrap();
    let lost = gateway.create_app_password(&claire.id, "Tablette perdue").await.unwrap().unwrap();
    assert!(gateway.revoke_app_password(&claire.id, &lost.password.id).await.unwrap());
    let secret = String::from_utf8(phone.secret.expose().to_vec()).unwrap();
    let mut talk = Talk::of(gateway, "claire.martin", &secret).await;
    talk.ok("ID (\"name\" \"K-9 Mail\" \"version\" \"6.8\")").await;
    talk.ok("LOGOUT").await;
    secret
}

async fn letters(gateway: &Gateway) {
    let one = letter("one", "Cc: luc.autre@school.test\r\n", 0);
    assert_eq!(submit(gateway, &["sophie.durand", "luc.autre"], &one).await, Submitted::Delivered { people: 2 });
    let others = [("two", 0), ("large", 1500), ("read", 0), ("thrown-away", 0), ("gone", 0), ("taken-back", 0)];
    for (id, size) in others {
        assert_eq!(
            submit(gateway, &["sophie.durand"], &letter(id, "", size)).await,
            Submitted::Delivered { people: 1 }
        );
    }
}

/// Mailboxes, drafts, octets of every kind, annotations.
async fn claire(gateway: &Arc<Gateway>) {
    let mut talk = Talk::of(gateway, "claire.martin", PASSWORD).await;
    for command in [
        "CREATE Projets/&AMk-t&AOk-",
        "CREATE Passing",
        "SUBSCRIBE \"Nulle part\"",
        "UNSUBSCRIBE Projets",
        "SETMETADATA INBOX (/private/comment \"a lire\")",
        "SETMETADATA \"\" (/private/Vendor/Ecole/x \"1\")",
    ] {
        talk.ok(command).await;
    }
    let own = "Projets/&AMk-t&AOk-";
    talk.append(&format!("{own} (\\Flagged $Forwarded Devoir) \"22-Nov-2026 08:00:00 +0100\""), &letter("own", "", 0))
        .await;
    let mut odd = letter("odd", "Message-ID: <second@school.test>\r\n", 0);
    odd.extend_from_slice(b"\xff\x00\xfe\r\n\x80");
    talk.append(own, &odd).await;
    talk.append(own, b"Subject: bare\n\nlines\n").await;
    talk.append(own, &letter("own-large", "", 1300)).await;
    talk.append("Passing", &letter("passing", "", 0)).await;
    for command in ["DELETE Passing", "SELECT Projets/&AMk-t&AOk-", "UID COPY 1 INBOX", "UID MOVE 2 Sent"] {
        talk.ok(command).await;
    }
    talk.append("Drafts (\\Draft \\Seen)", &letter("draft", "", 0)).await;
    talk.ok("LOGOUT").await;
}

/// What a reader does with letters; her app's maker holds her password.
async fn sophie(gateway: &Arc<Gateway>) {
    let mut talk = Talk::new(gateway).await;
    talk.ok("ID (\"name\" \"BlueMail\" \"version\" \"1.9\")").await;
    talk.ok(&format!("LOGIN sophie.durand \"{PASSWORD}\"")).await;
    for command in [
        "SELECT INBOX",
        "UID STORE 1 +FLAGS (\\Seen \\Answered)",
        "UID STORE 4 +FLAGS (\\Seen $MDNSent)",
        "UID MOVE 5 Trash",
        "UID MOVE 6 Trash",
        "SELECT Trash",
        "UID STORE 2 +FLAGS (\\Deleted)",
        "EXPUNGE",
        "LOGOUT",
    ] {
        talk.ok(command).await;
    }
}

async fn bring_in(gateway: &Gateway, folder: &Path) {
    let file = folder.join("old.mbox");
    std::fs::write(&file, b"From a Mon Nov 23 09:00:00 2026\nSubject: old\n\nBefore.\n\n").unwrap();
    let options =
        BringOptions { dry_run: false, skip_broken: false, over_quota: false, other_owner: false, into: None };
    let luc = person(gateway, "luc.autre").await;
    gateway.bring_mail(&luc, &file, &options, &Arc::default()).await.unwrap().unwrap();
}

async fn switch(gateway: &Gateway) {
    let scope = Scope { profile: None, school: None, user: Some(person(gateway, "luc.autre").await.id) };
    let uses = Uses { sending: true, reading: false };
    let off = Suspension { scope, uses, reason: "compte volé".to_owned(), since: EVENING };
    gateway.suspend(off).await.unwrap();
}
