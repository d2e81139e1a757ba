//! A submission that the server was killed in, between the writing and the syncing, and that is sent again: what is
//! answered then was written by the server before, which never synced it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::{Demo, smtp, submit};
use crate::power::Disk;
use crate::site::Gateway;
use crate::wire::Imap;

const FROM: &str = "u0001@school.test";
const TO: &str = "u0002@school.test";
const LETTER: &[u8] =
    b"From: <u0001@school.test>\r\nTo: <u0002@school.test>\r\nSubject: once\r\nMessage-ID: <once@school.test>\r\n\r\nBonjour.\r\n";

fn inbox(gateway: &Gateway) -> usize {
    Imap::log_in(gateway.ports.0, "u0002").unwrap().look().unwrap()["INBOX"].messages.len()
}

#[test]
fn what_is_acknowledged_again_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(Demo::start(&data, None, 2));
    let mut gateway = Gateway::new(folder.path(), &data, None, "");
    let mut disk = Disk::new(&data, &folder.path().join("power.log"));
    gateway.start(&disk.environment(0));
    die_while_syncing(&mut gateway, &disk, &data);
    // Whoever died had written it: it is read, and sent again, and that is answered.
    gateway.start(&disk.environment(0));
    assert_eq!(inbox(&gateway), 1, "the test kills too early");
    let mut session = smtp(gateway.ports.1, FROM, "secret").unwrap();
    let reply = submit(&mut session, FROM, &[TO], LETTER).unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    gateway.kill();
    disk.lose_all_that_was_not_synced();
    gateway.start(&disk.environment(0));
    assert_eq!(inbox(&gateway), 1, "acknowledged, and lost");
}

fn die_while_syncing(gateway: &mut Gateway, disk: &Disk, data: &Path) {
    let mut session = smtp(gateway.ports.1, FROM, "secret").unwrap();
    assert_eq!(inbox(gateway), 0);
    disk.hold_syncs(true);
    let sending = std::thread::spawn(move || submit(&mut session, FROM, &[TO], LETTER));
    // The log of the database holds it, whole, when it has stopped growing.
    let log = data.join("passerelle.db-wal");
    let size = || std::fs::metadata(&log).map_or(0, |about| about.len());
    let started = Instant::now();
    let mut before = 0;
    while size() == 0 || size() != before {
        assert!(started.elapsed() < Duration::from_secs(30), "nothing is written");
        before = size();
        std::thread::sleep(Duration::from_millis(300));
    }
    gateway.kill();
    disk.hold_syncs(false);
    assert!(sending.join().unwrap().is_err(), "answered before it was synced");
}
