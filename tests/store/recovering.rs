//! What comes back: out of Trash, and after an expunge; and what retention takes.

use passerelle::config::Config;
use passerelle::domain::messages::{FlagChange, StoreFlags};
use passerelle::domain::recover::Bin;
use passerelle::model::{Flags, SpecialUse, SystemFlag, Timestamp, Uid};

use crate::world::{NOW, World, letter, user, worlds, worlds_with};

const DAY: i64 = 86_400_000_000;

async fn expunge(world: &World, name: &str, uids: &[u32]) {
    let mailbox = world.mailbox(&user(1), name).await;
    let uids: Vec<Uid> = uids.iter().copied().map(Uid).collect();
    let mut flags = Flags::default();
    flags.set(SystemFlag::Deleted);
    let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
    world.gateway.store_flags(mailbox.id, &uids, change).await.unwrap();
    world.gateway.expunge(mailbox.id, Some(&uids)).await.unwrap();
}

/// Subjects in a mailbox.
async fn subjects(world: &World, name: &str) -> Vec<String> {
    let contents = world.contents(&world.mailbox(&user(1), name).await).await;
    let subject = |text: &String| text.split("Subject: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    contents.iter().map(subject).collect()
}

/// What can come back: subject, and where to.
async fn listed(world: &World, bin: Bin) -> Vec<(i64, String, String)> {
    let found = world.gateway.recoverable(&user(1).id, bin).await.unwrap();
    found.into_iter().map(|one| (one.id, one.subject, one.to.as_str().to_owned())).collect()
}

async fn append(world: &World, name: &str, id: &str) {
    let mailbox = world.mailbox(&user(1), name).await;
    world.append(&user(1), &mailbox, &letter(1, id, "", "x")).await;
}

#[tokio::test]
async fn trash_gives_back_to_where_it_came_from() {
    for world in worlds(1).await {
        world.create(&user(1), "Projets").await;
        world.create(&user(1), "Gone").await;
        for (name, id) in [("INBOX", "a"), ("Projets", "b"), ("Gone", "c"), ("Sent", "d")] {
            append(&world, name, id).await;
            expunge(&world, name, &[1]).await;
        }
        append(&world, "Trash", "e").await;
        let name = passerelle::model::MailboxName::parse("Gone").unwrap();
        world.gateway.delete_mailbox(&user(1), &name).await.unwrap().unwrap();
        let in_trash = listed(&world, Bin::Trash).await;
        let expected = [("a", "INBOX"), ("b", "Projets"), ("c", "INBOX"), ("d", "Sent"), ("e", "INBOX")];
        let expected: Vec<_> =
            (1..).zip(expected).map(|(id, (subject, to))| (id, subject.to_owned(), to.to_owned())).collect();
        assert_eq!(in_trash, expected, "{}", world.engine);
        let (projets, trash) = (world.mailbox(&user(1), "Projets").await, world.mailbox(&user(1), "Trash").await);
        let woken = [world.gateway.watch(projets.id), world.gateway.watch(trash.id)];
        assert_eq!(world.gateway.restore(&user(1), &[Uid(1), Uid(2), Uid(3), Uid(4), Uid(9)]).await.unwrap(), 4);
        assert!(woken.iter().all(|woken| woken.has_changed().unwrap()));
        assert_eq!(subjects(&world, "INBOX").await, ["a", "c"]);
        assert_eq!(
            (subjects(&world, "Projets").await, subjects(&world, "Sent").await),
            (vec!["b".into()], vec!["d".into()])
        );
        assert_eq!(subjects(&world, "Trash").await, ["e"], "{}", world.engine);
        assert_eq!(world.count("select max(flags) from placement").await, 0, "no longer \\Deleted");
        assert_eq!(world.gateway.restore(&user(2), &[Uid(5)]).await.unwrap(), 0, "nobody else's");
    }
}

#[tokio::test]
async fn what_was_expunged_for_good_comes_back_for_some_days() {
    for world in worlds(2).await {
        world.create(&user(1), "Projets").await;
        append(&world, "Projets", "a").await;
        expunge(&world, "Projets", &[1]).await;
        assert_eq!(listed(&world, Bin::Expunged).await, [], "it lies in Trash");
        expunge(&world, "Trash", &[1]).await;
        append(&world, "Drafts", "b").await;
        expunge(&world, "Drafts", &[1]).await;
        append(&world, "Trash", "c").await;
        expunge(&world, "Trash", &[2]).await;
        let gone = listed(&world, Bin::Expunged).await;
        let shown: Vec<(&str, &str)> = gone.iter().map(|(_, subject, to)| (&subject[..], &to[..])).collect();
        assert_eq!(shown, [("a", "Projets"), ("b", "Drafts"), ("c", "INBOX")], "{}", world.engine);
        world.clock.set(Timestamp(NOW.0 + 14 * DAY));
        world.gateway.collect().await.unwrap();
        let ids: Vec<i64> = gone.iter().map(|(id, ..)| *id).collect();
        assert_eq!(world.gateway.recover(&user(2).id, Bin::Expunged, ids.clone()).await.unwrap(), 0, "nobody else's");
        assert_eq!(world.gateway.recover(&user(1).id, Bin::Expunged, ids.clone()).await.unwrap(), 3);
        assert_eq!(world.gateway.recover(&user(1).id, Bin::Expunged, ids.clone()).await.unwrap(), 0, "once");
        for (subject, name) in [("a", "Projets"), ("b", "Drafts"), ("c", "INBOX")] {
            assert_eq!(subjects(&world, name).await, [subject], "{}", world.engine);
        }
        assert_eq!(world.count("select max(flags) from placement").await, 0);
        expunge(&world, "Drafts", &[2]).await;
        world.clock.set(Timestamp(NOW.0 + 28 * DAY + 1));
        world.gateway.collect().await.unwrap();
        assert_eq!(listed(&world, Bin::Expunged).await, [], "{}", world.engine);
        assert_eq!(world.gateway.recover(&user(1).id, Bin::Expunged, ids).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn expunge_spares_trash_what_the_person_has_elsewhere() {
    for world in worlds(2).await {
        append(&world, "INBOX", "moved").await;
        let inbox = world.mailbox(&user(1), "INBOX").await;
        let projets = world.create(&user(1), "Projets").await;
        // As clients without MOVE do it.
        world.gateway.copy(&user(1), inbox.id, &[Uid(1)], &projets).await.unwrap();
        expunge(&world, "INBOX", &[1]).await;
        assert_eq!(subjects(&world, "Trash").await, Vec::<String>::new(), "{}", world.engine);
        // Somebody else's copy is not the person's.
        let other = world.mailbox(&user(2), "INBOX").await;
        world.append(&user(2), &other, &letter(1, "moved", "", "x")).await;
        world.gateway.copy(&user(1), projets.id, &[Uid(1)], &projets).await.unwrap();
        expunge(&world, "Projets", &[1]).await;
        assert_eq!(subjects(&world, "Trash").await, Vec::<String>::new(), "the other one is left");
        expunge(&world, "Projets", &[2]).await;
        assert_eq!(subjects(&world, "Trash").await, ["moved"], "the last one, {}", world.engine);
        for _ in 0..2 {
            append(&world, "INBOX", "twice").await;
        }
        expunge(&world, "INBOX", &[2, 3]).await;
        assert_eq!(subjects(&world, "Trash").await, ["moved", "twice"], "both at once leave one");
        append(&world, "Drafts", "draft").await;
        expunge(&world, "Drafts", &[1]).await;
        assert_eq!(subjects(&world, "Trash").await, ["moved", "twice"], "never from Drafts");
    }
}

fn retention(config: &mut Config) {
    config.keeping.retention.trash_days = Some(30);
    config.keeping.retention.inbox_days = Some(0);
    config.keeping.retention.others_days = Some(1);
}

#[tokio::test]
async fn retention_takes_what_is_too_old_and_sessions_see_it() {
    for world in worlds_with(2, retention).await {
        // NOW is a Monday, 15:46 in Paris.
        world.create(&user(1), "Projets").await;
        for name in ["INBOX", "Trash", "Projets", "Sent"] {
            append(&world, name, name).await;
        }
        let inbox = world.mailbox(&user(1), "INBOX").await;
        let woken = world.gateway.watch(inbox.id);
        let taken = async |at: Timestamp| {
            world.clock.set(at);
            let would = world.gateway.expiring().await.unwrap();
            let taken = world.gateway.expunge_old().await.unwrap();
            assert_eq!(would, taken);
            let named = |rule: &passerelle::domain::retention::Expiring| {
                (rule.messages > 0).then(|| rule.special_use.map_or("others", SpecialUse::column))
            };
            taken.iter().filter_map(named).collect::<Vec<_>>()
        };
        let midnight = NOW.0 - NOW.0 % DAY + 22 * 3_600_000_000;
        assert_eq!(taken(Timestamp(midnight - 1)).await, Vec::<&str>::new(), "{}", world.engine);
        assert!(!woken.has_changed().unwrap());
        assert_eq!(taken(Timestamp(midnight)).await, ["inbox"]);
        assert!(woken.has_changed().unwrap());
        assert_eq!(world.uids(&inbox).await, Vec::<u32>::new());
        assert_eq!(taken(Timestamp(midnight + DAY - 1)).await, Vec::<&str>::new());
        assert_eq!(taken(Timestamp(midnight + DAY)).await, ["others"]);
        // The 30 days hold the 25-hour Sunday of October.
        assert_eq!(taken(Timestamp(midnight + 30 * DAY - 1)).await, Vec::<&str>::new());
        assert_eq!(taken(Timestamp(midnight + 30 * DAY)).await, ["trash"]);
        assert_eq!(subjects(&world, "Sent").await, ["Sent"], "{}: not in the settings", world.engine);
        assert_eq!(listed(&world, Bin::Expunged).await.len(), 3, "and not put into Trash");
    }
}
