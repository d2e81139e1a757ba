//! Bodies in the bucket: whole, by ranges, away, slow, collected.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use passerelle::config::Config;
use passerelle::connection::{Connection, Security, Start};
use passerelle::domain::clock::Clock;
use passerelle::domain::messages::{Copied, FlagChange, StoreFlags};
use passerelle::domain::spool::Content;
use passerelle::domain::{Fault, Gateway};
use passerelle::model::{Flags, MailboxId, Secret, SystemFlag, Timestamp, Uid};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::service::{BUCKET, Mode, Service};
use crate::support;
use crate::world::{NOW, World, letter, to, user};

const PASSWORD: &str = "un mot de passe long";

/// A gateway with two people, on SQLite and a bucket.
pub(crate) async fn world(service: &Service, adjust: impl FnOnce(&mut Config)) -> World {
    let test = support::sqlite().await;
    let gateway = gateway(service, &test.folder, test.store.clone(), adjust).unwrap();
    let (gateway, clock) = gateway;
    let world = World { gateway: Arc::new(gateway), clock, engine: test.engine, folder: test.folder };
    world.add_people(3).await;
    world.gateway.set_password(&user(1).id, Secret::new(PASSWORD)).await.unwrap().unwrap();
    world
}

pub(crate) fn gateway(
    service: &Service,
    folder: &TempDir,
    store: passerelle::store::Store,
    adjust: impl FnOnce(&mut Config),
) -> Result<(Gateway, Clock), Fault> {
    let mut config: Config =
        toml::from_str(&format!("domain = 'ent.test'\ndata_dir = '{}'", folder.path().display())).unwrap();
    let credentials = folder.path().join("s3");
    std::fs::write(&credentials, "[default]\naws_access_key_id = key\naws_secret_access_key = a-secret\n").unwrap();
    config.store.blob_threshold_bytes = 1000;
    let blobs = &mut config.store.blobs;
    blobs.bucket = Some(BUCKET.to_owned());
    blobs.prefix = "school/a".to_owned();
    blobs.endpoint = Some(format!("http://{}", service.wire.address));
    blobs.credentials_file = Some(credentials);
    (blobs.connect_seconds_max, blobs.answer_seconds_max, blobs.retries_max, blobs.retry_seconds_max) = (2, 5, 1, 5);
    adjust(&mut config);
    let clock = Clock::fixed(NOW);
    Ok((Gateway::new(Arc::new(config), store, clock.clone())?, clock))
}

/// A letter with a body of about so many octets, no two alike.
pub(crate) fn large(id: &str, size: usize) -> Vec<u8> {
    let line = format!("{id} 0123456789 0123456789 0123456789\r\n");
    letter(1, id, "", &line.repeat(size / line.len() + 1))
}

pub(crate) async fn content(world: &World, mailbox: &str, uid: u32) -> Content {
    let mailbox = world.mailbox(&user(1), mailbox).await;
    world.fetch(&mailbox, &[uid]).await.remove(0).content
}

pub(crate) async fn read(world: &World, content: &Content) -> Result<Vec<u8>, Fault> {
    let mut octets = Vec::new();
    while (octets.len() as u64) < content.size {
        let start = octets.len() as u64;
        octets.extend(world.gateway.read_content(content, start..start + (1 << 20)).await?);
    }
    Ok(octets)
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_come_back_whole_and_by_ranges() {
    let Some(service) = Service::start() else { return };
    let world = world(&service, |_| {}).await;
    world.gateway.check_blobs().await.unwrap();
    let inbox = world.mailbox(&user(1), "INBOX").await;
    // In one piece, and in three parts.
    for (uid, size) in [(1, 5_000), (2, 11 << 20)] {
        let message = large(&format!("m{uid}"), size);
        world.append(&user(1), &inbox, &message).await;
        let content = content(&world, "INBOX", uid).await;
        assert!(read(&world, &content).await.unwrap() == message, "{size}");
        for range in [0..10, 500..1500, 4000..4001] {
            let octets = world.gateway.read_content(&content, range.clone()).await.unwrap();
            assert_eq!(octets, &message[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]);
        }
    }
    let names = service.names();
    assert!(names.len() == 2 && names.iter().all(|name| name.starts_with("school/a/")), "{names:?}");
    assert!(!world.folder.path().join("blobs").exists(), "nothing lies in a folder");
}

/// A client that asks for a part of a body is no reason to fetch all of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_costs_a_part() {
    let Some(service) = Service::start() else { return };
    let world = world(&service, |_| {}).await;
    let inbox = world.mailbox(&user(1), "INBOX").await;
    let message = large("large", 6 << 20);
    world.append(&user(1), &inbox, &message).await;
    let text = String::from_utf8(message).unwrap();
    for (command, size) in [("BODY.PEEK[]<0.65536>", 65_536), ("BODY.PEEK[]<4000000.65536>", 65_536)] {
        let before = service.wire.carried();
        let answer = imap(&world, &[&format!("FETCH 1 {command}")]).await.remove(0);
        let start = if command.contains("<0.") { 0 } else { 4_000_000 };
        assert!(answer.contains(&format!("<{start}> {{{size}}}\r\n{}", &text[start..start + size])), "{command}");
        let carried = service.wire.carried() - before;
        assert!((10_000..200_000).contains(&carried), "{command}: {carried} octets");
    }
    // What lists need, and a header, come from the database.
    let before = service.wire.carried();
    imap(&world, &["FETCH 1 (ENVELOPE BODYSTRUCTURE PREVIEW RFC822.SIZE BODY.PEEK[HEADER])"]).await;
    assert_eq!(service.wire.carried(), before);
}

/// One IMAP session: what it answers to each command.
pub(crate) async fn imap(world: &World, commands: &[&str]) -> Vec<String> {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let gateway = Arc::clone(&world.gateway);
    tokio::spawn(async move {
        let peer = "192.0.2.1:5000".parse().unwrap();
        let (security, bindings) = (Security::Tls, Default::default());
        let connection = Connection { id: 1, peer, security, bindings, stop: Default::default() };
        passerelle::imap::run(gateway, &connection, Start::Greeting, theirs).await
    });
    let mut answers = Vec::new();
    let login = format!("LOGIN u1 \"{PASSWORD}\"");
    for command in [login.as_str(), "SELECT INBOX"].into_iter().chain(commands.iter().copied()) {
        ours.write_all(format!("t {command}\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !String::from_utf8_lossy(&answer).lines().any(|line| line.starts_with("t ")) || !answer.ends_with(b"\r\n")
        {
            assert_ne!(ours.read_buf(&mut answer).await.unwrap(), 0);
        }
        answers.push(String::from_utf8_lossy(&answer).into_owned());
    }
    answers.split_off(2)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_bucket_is_away_the_rest_works() {
    let Some(service) = Service::start() else { return };
    let world = world(&service, |_| {}).await;
    let inbox = world.mailbox(&user(1), "INBOX").await;
    world.append(&user(1), &inbox, &large("large", 5_000)).await;
    world.append(&user(1), &inbox, &letter(1, "small", "", "Bonjour")).await;
    service.wire.set(Mode::Closed);
    let commands =
        ["FETCH 1 (ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER])", "FETCH 1 BODY.PEEK[]", "FETCH 2 BODY.PEEK[]", "NOOP"];
    let answers = imap(&world, &commands).await;
    assert!(answers[0].contains("ENVELOPE") && answers[0].contains("t OK"), "{}", answers[0]);
    assert!(answers[1].contains("t NO [UNAVAILABLE]") && !answers[1].contains("BODY[]"), "{}", answers[1]);
    assert!(answers[2].contains("Bonjour") && answers[2].contains("t OK"), "{}", answers[2]);
    // A large letter cannot be taken now, and leaves nothing; a small one can.
    let (mut spool, message) = (world.gateway.spool(), large("refused", 5_000));
    spool.write(&message).await.unwrap();
    let submission = passerelle::domain::delivery::Submission {
        sender: user(1),
        recipients: vec![to(2)],
        message: spool.finish().await.unwrap(),
    };
    assert!(matches!(world.gateway.submit(submission).await, Err(Fault::Blob(_))));
    assert_eq!(world.count("select count(*) from body where blob is not null").await, 1);
    world.submit(&user(1), &[to(2)], &letter(1, "small too", "", "x")).await;
    // A start while it is away is a start; that there is no such bucket is an error of the settings.
    world.gateway.check_blobs().await.unwrap();
    service.wire.set(Mode::Passes);
    let answers = imap(&world, &["FETCH 1 BODY.PEEK[]<0.2000>"]).await;
    assert!(answers[0].contains("BODY[]<0> {2000}"), "{}", answers[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_told_at_the_start() {
    let Some(service) = Service::start() else { return };
    let missing = world(&service, |config| config.store.blobs.bucket = Some("missing".to_owned())).await;
    let error = missing.gateway.check_blobs().await.unwrap_err().to_string();
    assert!(error.starts_with("blob store: there is no such bucket (`store.blobs.bucket`)"), "{error}");
    assert!(error.contains("NoSuchBucket"), "{error}");
    assert!(!error.contains("a-secret"), "{error}");
    let test = support::sqlite().await;
    let without = |config: &mut Config| config.store.blobs.credentials_file = None;
    let error = gateway(&service, &test.folder, test.store.clone(), without).err().map(|fault| fault.to_string());
    assert!(error.as_ref().is_some_and(|error| error.contains("AWS_ACCESS_KEY_ID")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_the_bucket_for_ever() {
    let Some(service) = Service::start() else { return };
    let slow = |config: &mut Config| {
        let blobs = &mut config.store.blobs;
        (blobs.connect_seconds_max, blobs.answer_seconds_max) = (1, 1);
        (blobs.retries_max, blobs.retry_seconds_max) = (20, 3);
    };
    let world = world(&service, slow).await;
    let inbox = world.mailbox(&user(1), "INBOX").await;
    world.append(&user(1), &inbox, &large("large", 5_000)).await;
    let content = content(&world, "INBOX", 1).await;
    service.wire.set(Mode::Silent);
    let started = Instant::now();
    assert!(read(&world, &content).await.is_err());
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(15), "{waited:?}");
    // TLS that never comes to anything counts as connecting.
    let test = support::sqlite().await;
    let https = |config: &mut Config| {
        slow(config);
        config.store.blobs.answer_seconds_max = 600;
        config.store.blobs.endpoint = Some(format!("https://{}", service.wire.address));
    };
    let (silent, _) = gateway(&service, &test.folder, test.store.clone(), https).unwrap();
    let started = Instant::now();
    silent.check_blobs().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_bucket_is_asked_again_so_many_times() {
    let Some(service) = Service::start() else { return };
    let twice = |config: &mut Config| (config.store.blobs.retries_max, config.store.blobs.retry_seconds_max) = (2, 30);
    let world = world(&service, twice).await;
    let inbox = world.mailbox(&user(1), "INBOX").await;
    world.append(&user(1), &inbox, &large("large", 5_000)).await;
    let content = content(&world, "INBOX", 1).await;
    service.wire.set(Mode::Busy(2));
    read(&world, &content).await.unwrap();
    service.wire.set(Mode::Busy(3));
    assert!(read(&world, &content).await.is_err(), "asked three times in all");
}

#[tokio::test(flavor = "multi_thread")]
async fn few_bodies_are_in_memory_at_once() {
    let Some(service) = Service::start() else { return };
    let world = Arc::new(world(&service, |config| config.store.blobs.uploads_at_once_max = 2).await);
    service.wire.set(Mode::Silent);
    let appends: Vec<_> = (0..8)
        .map(|number| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let inbox = world.mailbox(&user(1), "INBOX").await;
                world.append(&user(1), &inbox, &large(&format!("m{number}"), 200_000)).await
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(service.wire.taken(), 2, "the others wait for their turn");
    service.wire.set(Mode::Passes);
    for append in appends {
        append.await.unwrap();
    }
    assert_eq!(service.names().len(), 8);
}

/// The name of an object that a crash may have left.
fn orphan(number: i64, hours_ago: i64) -> String {
    let made = (NOW.0 / 1000 - hours_ago * 3_600_000) << 20;
    format!("school/a/{:02x}/00/{}-{made:016x}", number, "0".repeat(60))
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_nothing_names_go_and_no_others() {
    let Some(service) = Service::start() else { return };
    let world = world(&service, |_| {}).await;
    let inbox = world.mailbox(&user(1), "INBOX").await;
    world.append(&user(1), &inbox, &large("kept", 5_000)).await;
    let kept = service.names();
    let (old, young) = (orphan(1, 25), orphan(2, 23));
    let others = ["school/b/00/00/x", "school/a/unknown"];
    for name in [&old, &young].into_iter().map(String::as_str).chain(others) {
        service.request("PUT", name, b"x");
    }
    world.clock.set(Timestamp(NOW.0 + 1));
    assert_eq!(world.gateway.collect().await.unwrap().files, 1);
    let mut left = service.names();
    left.sort();
    let mut expected = [kept, vec![young, others[0].to_owned(), others[1].to_owned()]].concat();
    expected.sort();
    assert_eq!(left, expected);
    // Much later: what is in use stays, however old.
    world.clock.set(Timestamp(NOW.0 + 400 * 86_400_000_000));
    assert_eq!(world.gateway.collect().await.unwrap().files, 1);
    let content = content(&world, "INBOX", 1).await;
    assert!(read(&world, &content).await.unwrap() == large("kept", 5_000));
}

async fn expunge(world: &World, mailbox: MailboxId, uids: &[Uid]) {
    let mut flags = Flags::default();
    flags.set(SystemFlag::Deleted);
    let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
    world.gateway.store_flags(mailbox, uids, change).await.unwrap();
    world.gateway.expunge(mailbox, Some(uids)).await.unwrap();
}

/// Bodies come, go and come again while the bucket is swept without end, each round so late that all that is older could
/// be an orphan.
#[tokio::test(flavor = "multi_thread")]
async fn no_body_in_use_is_ever_swept() {
    let Some(service) = Service::start() else { return };
    let adjust = |config: &mut Config| {
        config.keeping.undelete_days = 0;
        config.mailboxes.expunge_to_trash = false;
    };
    let world = Arc::new(world(&service, adjust).await);
    let stop = Arc::new(AtomicBool::new(false));
    let sweeper = {
        let (world, stop) = (Arc::clone(&world), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut swept = 0;
            while !stop.load(Ordering::Relaxed) {
                let collected = world.gateway.collect().await.unwrap();
                swept += collected.files + collected.bodies;
            }
            swept
        })
    };
    let (inbox, drafts) = (world.mailbox(&user(1), "INBOX").await, world.mailbox(&user(1), "Drafts").await);
    for round in 0..25 {
        world.clock.set(Timestamp(NOW.0 + round * 25 * 3_600_000_000));
        service.request("PUT", &orphan(round, 30 - round * 25), b"x");
        for message in [large("again", 3_000), large(&format!("m{round}"), 3_000)] {
            let uid = world.append(&user(1), &drafts, &message).await;
            let copied = world.gateway.copy(&user(1), drafts.id, &[uid], &inbox).await.unwrap();
            assert!(matches!(copied, Copied::At { .. }));
            let fetched = world.fetch(&drafts, &[uid.0]).await.remove(0).content;
            assert!(read(&world, &fetched).await.unwrap() == message, "round {round}");
            expunge(&world, drafts.id, &[uid]).await;
        }
        if round % 3 == 0 {
            let all: Vec<Uid> = world.uids(&inbox).await.into_iter().map(Uid).collect();
            expunge(&world, inbox.id, &all).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let swept = sweeper.await.unwrap();
    assert!(swept > 10, "the sweeper had something to do: {swept}");
    for fetched in world.contents(&inbox).await {
        assert!(fetched.contains("0123456789"));
    }
}
