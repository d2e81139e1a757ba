//! Nothing acknowledged is lost or doubled when the server is killed in the middle of its work (the demo, `kill -9`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/client.rs"]
mod client;
mod support;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use client::{Demo, imap, smtp, submit};
use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::store::Store;

const SENDERS: usize = 4;
const EACH: usize = 50;
const RECIPIENTS: [&str; 3] = ["u0011@school.test", "u0012@school.test", "u0013@school.test"];

#[test]
fn killed_in_the_middle_of_200_submissions_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    kill_and_count(folder.path(), None);
}

#[test]
fn killed_in_the_middle_of_200_submissions_on_postgresql() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(url) = runtime.block_on(support::postgres_url()) else { return };
    let folder = tempfile::tempdir().unwrap();
    kill_and_count(folder.path(), Some(&url));
}

fn kill_and_count(folder: &Path, store: Option<&str>) {
    let mut demo = Demo::start(folder, store, 20);
    let port = demo.submission;
    let accepted = Mutex::new(Vec::<String>::new());
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for sender in 1..=SENDERS {
            let (accepted, count) = (&accepted, &count);
            scope.spawn(move || {
                // Whatever breaks when the server dies ends this sender.
                let _ = send_many(port, sender, accepted, count);
            });
        }
        while count.load(Ordering::Relaxed) < SENDERS * EACH / 2 {
            std::thread::yield_now();
        }
        demo.kill();
    });
    let accepted = accepted.into_inner().unwrap();
    assert!(
        accepted.len() >= SENDERS * EACH / 2 && accepted.len() < SENDERS * EACH,
        "killed in the middle: {}",
        accepted.len()
    );

    let demo = Demo::start(folder, store, 20);
    for recipient in RECIPIENTS {
        let found = subjects(&demo, recipient, "INBOX");
        for subject in &accepted {
            assert_eq!(found.get(subject), Some(&1), "{subject} in the INBOX of {recipient}");
        }
        // One that was under way may have been committed without its answer: at most one for each sender, and whole.
        assert!(found.len() <= accepted.len() + SENDERS, "{} found, {} accepted", found.len(), accepted.len());
        assert!(found.values().all(|times| *times == 1), "none is there twice");
    }
    for sender in 1..=SENDERS {
        let sent = subjects(&demo, &format!("u{sender:04}@school.test"), "Sent");
        for subject in accepted.iter().filter(|subject| subject.starts_with(&format!("crash-{sender}-"))) {
            assert_eq!(sent.get(subject), Some(&1), "{subject} in Sent");
        }
    }
    drop(demo);
    tokio::runtime::Runtime::new().unwrap().block_on(verify(folder, store));
}

/// Every invariant of the store holds, octet by octet.
async fn verify(folder: &Path, store: Option<&str>) {
    let mut config: Config =
        toml::from_str(&format!("domain = 'school.test'\ndata_dir = '{}'", folder.display())).unwrap();
    config.store.url = store.map(str::to_owned);
    let opened = Store::open(&config.store_url(), 4).await.unwrap();
    let gateway = Gateway::new(Arc::new(config), opened, Clock::system()).unwrap();
    assert_eq!(gateway.verify(true, &Arc::default()).await.unwrap().findings, []);
}

fn send_many(port: u16, sender: usize, accepted: &Mutex<Vec<String>>, count: &AtomicUsize) -> std::io::Result<()> {
    let from = format!("u{sender:04}@school.test");
    let mut session = smtp(port, &from, "secret")?;
    for number in 0..EACH {
        let subject = format!("crash-{sender}-{number}");
        let message = format!(
            "From: <{from}>\r\nTo: <{}>\r\nSubject: {subject}\r\nMessage-ID: <{subject}@school.test>\r\n\r\nBonjour.\r\n",
            RECIPIENTS.join(">, <")
        );
        let reply = submit(&mut session, &from, &RECIPIENTS, message.as_bytes())?;
        assert!(reply.starts_with("250"), "{reply}");
        accepted.lock().unwrap().push(subject);
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Subjects in a mailbox, and how often each is there.
fn subjects(demo: &Demo, user: &str, mailbox: &str) -> HashMap<String, usize> {
    let mut session = imap(demo.imap, user, "secret");
    session.must(&format!("SELECT {mailbox}"));
    let mut found = HashMap::new();
    for line in session.must("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (Subject)])") {
        if let Some(subject) = line.split("Subject: ").nth(1).and_then(|rest| rest.split(['\r', '\n']).next()) {
            *found.entry(subject.to_owned()).or_insert(0) += 1;
        }
    }
    found
}
