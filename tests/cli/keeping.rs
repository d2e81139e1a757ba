//! restore, undelete, retention, collect: with the server and without.

use std::sync::Arc;

use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::messages::{AppendOptions, FlagChange, StoreFlags};
use passerelle::model::{Flags, MailboxName, SystemFlag, Uid, User};
use passerelle::store::Store;

use crate::sandbox::Sandbox;

/// Puts a letter into a mailbox of Anna's, and expunges it where that is asked for.
async fn put(gateway: &Gateway, anna: &User, mailbox: &str, subject: &str, expunged: bool) {
    let mailbox = gateway.mailbox(anna, &MailboxName::parse(mailbox).unwrap()).await.unwrap().unwrap();
    let mut spool = gateway.spool();
    let letter = format!("From: Bruno \u{1b}[2J <bruno.deux@school.test>\r\nSubject: {subject}\r\n\r\nx");
    spool.write(letter.as_bytes()).await.unwrap();
    let message = spool.finish().await.unwrap();
    gateway.append(anna, &mailbox, message, AppendOptions::default()).await.unwrap();
    if expunged {
        let mut flags = Flags::default();
        flags.set(SystemFlag::Deleted);
        let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
        let uid = gateway.snapshot(mailbox.id).await.unwrap().unwrap().entries.last().map_or(Uid(0), |entry| entry.uid);
        gateway.store_flags(mailbox.id, &[uid], change).await.unwrap();
        gateway.expunge(mailbox.id, None).await.unwrap();
    }
}

#[test]
fn what_was_deleted_comes_back_by_command() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let config = sandbox.config();
        let store = Store::open(&config.store_url(), 1).await.unwrap();
        let gateway = Gateway::new(Arc::clone(&config), store, Clock::system()).unwrap();
        let anna = gateway.find_user("anna.un").await.unwrap().unwrap();
        put(&gateway, &anna, "INBOX", "secret one", true).await;
        put(&gateway, &anna, "Drafts", "secret two", true).await;
        gateway.store().close().await;
    });
    let listed = sandbox.done(&["restore", "anna.un"], "");
    assert!(listed.starts_with("1  20") && listed.contains("  INBOX  1 KiB  "), "{listed}");
    assert!(!listed.contains("secret") && !listed.contains('\u{1b}'), "{listed}");
    assert!(sandbox.done(&["restore", "anna.un", "--subjects"], "").contains("secret one"));
    assert_eq!(sandbox.done(&["restore", "anna.un", "1"], ""), "1 messages are back\n");
    assert_eq!(sandbox.done(&["restore", "anna.un"], ""), "nothing can be brought back\n");
    assert!(sandbox.refused(&["restore", "anna.un", "1"], "").contains("none of these messages is there"));
    assert!(sandbox.refused(&["restore", "nobody"], "").contains("nobody"));

    // The same by the server that runs.
    let server = sandbox.serve();
    let listed = sandbox.done(&["undelete", "anna.un"], "");
    assert!(listed.contains("  Drafts  1 KiB  ") && !listed.contains("secret"), "{listed}");
    assert_eq!(sandbox.done(&["undelete", "--all", "anna.un"], ""), "1 messages are back\n");
    assert_eq!(sandbox.done(&["undelete", "anna.un"], ""), "nothing can be brought back\n");
    let collected = sandbox.done(&["collect"], "");
    assert!(collected.starts_with("messages ") && collected.contains("stray files "), "{collected}");
    assert!(sandbox.done(&["retention", "--dry-run"], "").contains("no retention is set"));
    drop(server);
}

#[test]
fn retention_says_first_what_would_go() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    let config = std::fs::read_to_string(sandbox.path("p.toml")).unwrap();
    std::fs::write(sandbox.path("p.toml"), format!("{config}[keeping.retention]\ntrash_days = 30\n")).unwrap();
    let told = sandbox.done(&["retention", "--dry-run"], "");
    assert!(told.starts_with("trash  30 days: before 20") && told.contains("0 messages in 0 mailboxes"), "{told}");
    assert!(told.ends_with("dry run: nothing was changed\n"), "{told}");
    assert!(sandbox.done(&["retention"], "").ends_with("done\n"));
    std::fs::write(
        sandbox.path("p.toml"),
        format!("{config}[keeping]\ntime_zone = \"Europe/Nowhere\"\norphans_hours = 1\n"),
    )
    .unwrap();
    let bad = sandbox.refused(&["check"], "");
    assert!(
        bad.contains("no time zone \"Europe/Nowhere\"") && bad.contains("`keeping.orphans_hours` must be"),
        "{bad}"
    );
}
