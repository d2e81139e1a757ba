//! Collection: what nobody needs any more goes, and nothing else, whatever happens at the same time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use passerelle::config::Config;
use passerelle::domain::delivery::Submitted;
use passerelle::domain::mailbox::Mailbox;
use passerelle::domain::messages::Copied;
use passerelle::model::{Flags, SystemFlag, Timestamp, Uid, User};

use crate::world::{NOW, World, everybody, letter, to, user, worlds, worlds_with};

const DAY: i64 = 86_400_000_000;

fn deleted() -> Flags {
    let mut flags = Flags::default();
    flags.set(SystemFlag::Deleted);
    flags
}

fn large(id: &str) -> Vec<u8> {
    letter(1, id, "", &format!("{id} {}", "large ".repeat(300)))
}

fn small_blobs(config: &mut Config) {
    config.store.blob_threshold_bytes = 1000;
    config.keeping.expunges_days = 30;
    config.keeping.undelete_days = 14;
    config.keeping.submissions_days = 30;
    config.keeping.orphans_hours = 24;
}

/// Files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

impl World {
    pub fn blobs(&self) -> Vec<PathBuf> {
        files(&self.gateway.config.data_dir.join("blobs"))
    }

    pub fn days_pass(&self, days: i64) {
        self.clock.set(Timestamp(self.clock.now().0 + days * DAY));
    }

    /// Marks and expunges everything in a mailbox.
    async fn empty(&self, mailbox: &Mailbox) {
        let uids: Vec<Uid> = self.uids(mailbox).await.into_iter().map(Uid).collect();
        self.expunge(mailbox, &uids).await;
    }

    async fn expunge(&self, mailbox: &Mailbox, uids: &[Uid]) {
        use passerelle::domain::messages::{FlagChange, StoreFlags};
        let change = StoreFlags { change: FlagChange::Add, flags: deleted(), unchanged_since: None };
        self.gateway.store_flags(mailbox.id, uids, change).await.unwrap();
        self.gateway.expunge(mailbox.id, Some(uids)).await.unwrap();
    }

    /// How many rows there are of everything that messages leave.
    pub async fn left(&self) -> Vec<i64> {
        let mut left = Vec::new();
        for statement in [
            "select count(*) from placement",
            "select count(*) from tombstone",
            "select count(*) from expunged",
            "select count(*) from submission",
            "select count(*) from delivery",
            "select count(*) from answerable",
            "select count(*) from message_id_alias",
            "select count(*) from message",
            "select count(*) from message_text",
            "select count(*) from body",
            "select count(*) from doomed_message",
            "select count(*) from doomed_body",
        ] {
            left.push(self.count(statement).await);
        }
        left
    }
}

/// Messages of every kind, in several mailboxes of several people.
async fn fill(world: &World) {
    let (one, two) = (user(1), user(2));
    for id in ["a", "b"] {
        for owner in [&one, &two] {
            let inbox = world.mailbox(owner, "INBOX").await;
            world.append(owner, &inbox, &letter(1, id, "", "small")).await;
            world.append(owner, &inbox, &large(id)).await;
        }
    }
    let inbox = world.mailbox(&one, "INBOX").await;
    let drafts = world.mailbox(&one, "Drafts").await;
    world.gateway.copy(&one, inbox.id, &[Uid(1), Uid(2)], &drafts).await.unwrap();
    world.gateway.move_messages(&one, inbox.id, &[Uid(3)], &world.mailbox(&one, "Sent").await).await.unwrap();
    world.submit(&one, &[to(2), everybody()], &large("sent")).await;
    world.submit(&one, &[to(2)], &letter(1, "bcc", "Bcc: u3@ent.test\r\n", "x")).await;
}

pub async fn empty_all(world: &World) {
    for owner in [user(1), user(2), user(3)] {
        for name in ["INBOX", "Drafts", "Sent", "Trash"] {
            world.empty(&world.mailbox(&owner, name).await).await;
        }
    }
}

#[tokio::test]
async fn when_all_is_expunged_and_time_has_passed_nothing_is_left() {
    for world in worlds_with(3, small_blobs).await {
        fill(&world).await;
        assert_eq!(world.blobs().len(), 3);
        let before = world.left().await;
        world.gateway.collect().await.unwrap();
        assert_eq!(world.left().await, before, "{}: nothing goes that somebody has", world.engine);
        empty_all(&world).await;
        assert_eq!(world.count("select count(*) from placement").await, 0, "Trash was the last to be emptied");
        world.days_pass(13);
        world.gateway.collect().await.unwrap();
        assert_eq!((world.blobs().len(), world.count("select count(*) from message").await), (3, 8), "undelete");
        world.days_pass(2);
        let collected = world.gateway.collect().await.unwrap();
        assert_eq!((collected.messages, collected.bodies, world.blobs().len()), (8, 5, 0), "{}", world.engine);
        assert!(world.count("select count(*) from tombstone").await > 0, "expunges are remembered for longer");
        world.days_pass(16);
        world.gateway.collect().await.unwrap();
        assert_eq!(world.left().await, [0; 12], "{}", world.engine);
    }
}

#[tokio::test]
async fn exactly_at_the_limit_it_is_kept() {
    for world in worlds(1).await {
        let drafts = world.mailbox(&user(1), "Drafts").await;
        world.append(&user(1), &drafts, &letter(1, "a", "", "x")).await;
        world.empty(&drafts).await;
        world.clock.set(Timestamp(NOW.0 + 14 * DAY));
        assert_eq!(world.gateway.collect().await.unwrap().messages, 0);
        world.clock.set(Timestamp(NOW.0 + 14 * DAY + 1));
        assert_eq!(world.gateway.collect().await.unwrap().messages, 1);
        world.clock.set(Timestamp(NOW.0 + 30 * DAY));
        assert_eq!(world.gateway.collect().await.unwrap().tombstones, 0);
        world.clock.set(Timestamp(NOW.0 + 30 * DAY + 1));
        assert_eq!(world.gateway.collect().await.unwrap().tombstones, 1);
    }
}

#[tokio::test]
async fn what_can_be_brought_back_is_bounded() {
    let limits = |config: &mut Config| {
        config.keeping.undelete_messages_per_user_max = 3;
        config.keeping.undelete_bytes_per_user_max = 5000;
    };
    for world in worlds_with(2, limits).await {
        let drafts = world.mailbox(&user(1), "Drafts").await;
        let save = async |id: &str, body: &str| {
            let uid = world.append(&user(1), &drafts, &letter(1, id, "", body)).await;
            world.expunge(&drafts, &[uid]).await;
        };
        for id in ["a", "b", "c", "d", "e"] {
            save(id, "short").await;
            world.clock.set(Timestamp(world.clock.now().0 + 1));
        }
        assert_eq!(world.count("select count(*) from expunged").await, 3, "{}", world.engine);
        assert_eq!(world.gateway.collect().await.unwrap().messages, 2);
        save("long", &"x".repeat(4700)).await;
        assert_eq!(world.count("select count(*) from expunged").await, 2, "the newest 5000 octets");
        save("too long", &"x".repeat(6000)).await;
        assert_eq!(world.count("select count(*) from expunged").await, 0);
        world.gateway.collect().await.unwrap();
        assert_eq!(world.count("select count(*) from message").await, 0, "{}", world.engine);
    }
}

#[tokio::test]
async fn without_undelete_it_goes_at_once() {
    for world in worlds_with(2, |config| config.keeping.undelete_days = 0).await {
        let (drafts, other) = (world.mailbox(&user(1), "Drafts").await, world.mailbox(&user(2), "Drafts").await);
        for (owner, mailbox) in [(user(1), &drafts), (user(2), &other)] {
            world.append(&owner, mailbox, &letter(1, "a", "", "x")).await;
        }
        world.empty(&drafts).await;
        assert_eq!(world.gateway.collect().await.unwrap().messages, 0, "somebody else has it");
        world.empty(&other).await;
        assert_eq!(world.gateway.collect().await.unwrap().messages, 1, "{}", world.engine);
    }
}

#[tokio::test]
async fn a_submission_is_known_after_its_letter_has_gone() {
    for world in worlds_with(3, |config| config.keeping.undelete_days = 0).await {
        let message = large("one");
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, Submitted::Delivered { people: 1 });
        empty_all(&world).await;
        assert_eq!(world.gateway.collect().await.unwrap().messages, 1);
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, Submitted::Delivered { people: 0 });
        assert_eq!(world.submit(&user(1), &[to(2), to(3)], &message).await, Submitted::Delivered { people: 1 });
        world.gateway.collect().await.unwrap();
        let inbox = world.mailbox(&user(3), "INBOX").await;
        assert_eq!(world.contents(&inbox).await, [String::from_utf8(message).unwrap()], "{}", world.engine);
        empty_all(&world).await;
        world.days_pass(31);
        world.gateway.collect().await.unwrap();
        assert_eq!(world.left().await, [0; 12], "{}", world.engine);
    }
}

#[tokio::test]
async fn a_letter_that_reaches_nobody_is_not_kept() {
    for world in worlds(2).await {
        world.execute("update ent_user set suspended = true where id = 'id-2' and $1 = 0", 0).await;
        let message = letter(1, "one", "", "x");
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, Submitted::Delivered { people: 0 });
        let kept = world.gateway.collect().await.unwrap().messages;
        assert_eq!((kept, world.contents(&world.mailbox(&user(1), "Sent").await).await.len()), (0, 1));
        let hidden = letter(1, "two", "Bcc: u2@ent.test\r\n", "x");
        assert_eq!(world.submit(&user(1), &[to(2)], &hidden).await, Submitted::Delivered { people: 0 });
        assert_eq!(world.gateway.collect().await.unwrap().messages, 1, "{}: Sent has the one with Bcc", world.engine);
        assert_eq!(world.contents(&world.mailbox(&user(1), "Sent").await).await.len(), 2);
    }
}

#[tokio::test]
async fn files_that_nothing_names_go_and_no_others() {
    for world in worlds_with(1, small_blobs).await {
        let inbox = world.mailbox(&user(1), "INBOX").await;
        world.append(&user(1), &inbox, &large("kept")).await;
        let used = world.blobs().remove(0);
        let folder = used.parent().unwrap();
        let rest = used.file_name().unwrap().to_str().unwrap();
        let (hash, _) = rest.split_once('-').unwrap();
        let at = |time: Timestamp| format!("{hash}-{:016x}", (time.0 / 1000) << 20);
        let young = at(Timestamp(NOW.0 - 23 * DAY / 24));
        let old = at(Timestamp(NOW.0 - 25 * DAY / 24));
        for name in [&young, &old, &format!("{old}#1"), &format!("{young}#1"), &"unknown".to_owned()] {
            fs::write(folder.join(name), "x").unwrap();
        }
        let spool = world.gateway.config.data_dir.join("spool");
        for (name, time) in [("young", NOW.0 - 23 * DAY / 24), ("old", NOW.0 - 25 * DAY / 24)] {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_micros(time.unsigned_abs());
            fs::File::create(spool.join(name)).unwrap().set_modified(time).unwrap();
        }
        world.gateway.collect().await.unwrap();
        let mut left: Vec<String> =
            world.blobs().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        left.sort();
        let mut expected = [rest.to_owned(), young.clone(), format!("{young}#1"), "unknown".to_owned()];
        expected.sort();
        assert_eq!(left, expected, "{}", world.engine);
        assert_eq!(files(&spool).len(), 1);
        world.days_pass(400);
        world.gateway.collect().await.unwrap();
        assert_eq!(world.contents(&inbox).await, [String::from_utf8(large("kept")).unwrap()]);
    }
}

#[tokio::test]
async fn the_same_large_body_at_once_leaves_one_file() {
    for world in worlds_with(2, small_blobs).await {
        let (a, b) = (user(1), user(2));
        let (one, two) = (world.mailbox(&a, "INBOX").await, world.mailbox(&b, "INBOX").await);
        let message = large("same");
        for _ in 0..10 {
            let add = |owner: &User, mailbox: &Mailbox| {
                let (owner, mailbox) = (owner.clone(), mailbox.clone());
                let (world, message) = (&world, &message);
                async move { world.append(&owner, &mailbox, message).await }
            };
            tokio::join!(add(&a, &one), add(&b, &two), add(&a, &one), add(&b, &two));
            assert_eq!(world.blobs().len(), 1, "{}", world.engine);
        }
    }
}

/// Whoever finds a body stored does not write it again, and counts on it until his row names it.
#[tokio::test]
async fn a_body_that_somebody_counts_on_stays_for_an_hour() {
    for world in worlds_with(2, racing).await {
        for owner in [user(1), user(2)] {
            let drafts = world.mailbox(&owner, "Drafts").await;
            world.append(&owner, &drafts, &large("same")).await;
            world.empty(&drafts).await;
        }
        world.clock.set(Timestamp(NOW.0 + DAY / 24 - 1));
        assert_eq!(world.gateway.collect().await.unwrap().messages, 1, "{}", world.engine);
        assert_eq!((world.count("select count(*) from body").await, world.blobs().len()), (1, 1), "{}", world.engine);
        world.clock.set(Timestamp(NOW.0 + DAY / 24));
        assert_eq!(world.gateway.collect().await.unwrap().bodies, 1, "{}", world.engine);
        assert_eq!(world.blobs().len(), 0);
    }
}

/// People append, copy, deliver and expunge the same few messages while collection runs without end: whatever is in a
/// mailbox can be read, and in the end nothing is left.
async fn race(world: World, rounds: usize) {
    let world = Arc::new(world);
    let stop = Arc::new(AtomicBool::new(false));
    let collectors: Vec<_> = (0..2)
        .map(|_| {
            let (world, stop) = (Arc::clone(&world), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut deleted = 0;
                while !stop.load(Ordering::Relaxed) {
                    deleted += world.gateway.collect().await.unwrap().messages;
                }
                deleted
            })
        })
        .collect();
    let workers: Vec<_> = (1..=3_u32).map(|number| tokio::spawn(work(Arc::clone(&world), number, rounds))).collect();
    for worker in workers {
        worker.await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let mut deleted = 0;
    for collector in collectors {
        deleted += collector.await.unwrap();
    }
    assert!(deleted > 10, "{}: the collectors had something to do ({deleted})", world.engine);
    let verified = world.gateway.verify(true, &Arc::default()).await.unwrap();
    assert_eq!(verified.findings, [], "{}", world.engine);
    empty_all(&world).await;
    // Bodies that were pinned for an hour, and submissions for a month.
    world.days_pass(31);
    world.gateway.collect().await.unwrap();
    assert_eq!(world.left().await, [0; 12], "{}", world.engine);
    assert_eq!(world.blobs(), Vec::<PathBuf>::new());
}

pub async fn work(world: Arc<World>, number: u32, rounds: usize) {
    let owner = user(number);
    let (inbox, drafts) = (world.mailbox(&owner, "INBOX").await, world.mailbox(&owner, "Drafts").await);
    let shared = [letter(1, "x", "", "small"), large("y")];
    for round in 0..rounds {
        let message = &shared[round % 2];
        match round % 5 {
            4 => {
                let own = letter(number, &format!("{number}-{round}"), "", &format!("large {}", "y ".repeat(800)));
                assert!(matches!(world.submit(&owner, &[to(1 + number % 3)], &own).await, Submitted::Delivered { .. }));
            }
            _ => {
                let uid = world.append(&owner, &drafts, message).await;
                readable(&world, &drafts, uid, message).await;
                let copied = world.gateway.copy(&owner, drafts.id, &[uid], &inbox).await.unwrap();
                assert!(matches!(copied, Copied::At { ref pairs, .. } if pairs.len() == 1));
                world.expunge(&drafts, &[uid]).await;
            }
        }
        if round % 3 == 0 {
            let all: Vec<Uid> = world.uids(&inbox).await.into_iter().map(Uid).collect();
            // Letters may have come since.
            assert!(world.contents(&inbox).await.len() >= all.len());
            world.expunge(&inbox, &all).await;
        }
    }
}

async fn readable(world: &World, mailbox: &Mailbox, uid: Uid, message: &[u8]) {
    let fetched = world.fetch(mailbox, &[uid.0]).await.remove(0);
    let octets = world.gateway.read_content(&fetched.content, 0..u64::MAX).await.unwrap();
    assert_eq!(octets, message);
}

pub fn racing(config: &mut Config) {
    config.store.blob_threshold_bytes = 1000;
    config.keeping.undelete_days = 0;
    config.mailboxes.expunge_to_trash = false;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_however_collection_and_people_race() {
    for world in worlds_with(3, racing).await {
        race(world, 250).await;
    }
}
