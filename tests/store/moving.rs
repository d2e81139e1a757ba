//! APPEND, COPY, MOVE, EXPUNGE.

use passerelle::domain::mailbox::Mailbox;
use passerelle::domain::messages::{AppendOptions, Appended, Copied};
use passerelle::model::{Flags, MailboxId, SystemFlag, Timestamp, Uid};

use crate::world::{World, letter, user, worlds, worlds_with};

fn uids(numbers: &[u32]) -> Vec<Uid> {
    numbers.iter().copied().map(Uid).collect()
}

fn deleted() -> Flags {
    let mut flags = Flags::default();
    flags.set(SystemFlag::Deleted);
    flags
}

fn pairs(copied: Copied) -> Vec<(u32, u32)> {
    match copied {
        Copied::At { pairs, .. } => pairs.into_iter().map(|(from, to)| (from.0, to.0)).collect(),
        other => panic!("{other:?}"),
    }
}

async fn origin(world: &World) -> i64 {
    world.count("select coalesce(max(origin_mailbox_id), 0) from placement").await
}

#[tokio::test]
async fn append_keeps_flags_dates_and_octets() {
    for world in worlds(1).await {
        let (user, inbox) = (user(1), world.mailbox(&user(1), "INBOX").await);
        let mut flags = deleted();
        flags.set_keyword("$Forwarded");
        let options = AppendOptions { flags: flags.clone(), internal_date: Some(Timestamp(5_000_000)) };
        let mut woken = world.gateway.watch(inbox.id);
        let message = letter(1, "one", "", "caf\u{e9}\r\n\0\r\n");
        let spooled = world.spooled(&message).await;
        world.gateway.append(&user, &inbox, spooled, options).await.unwrap();
        assert!(woken.has_changed().unwrap());
        woken.mark_unchanged();
        let snapshot = world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
        let entry = snapshot.entries.get(0).unwrap();
        assert_eq!(
            (entry.flags.clone(), entry.internal_date, entry.save_date),
            (flags, Timestamp(5_000_000), crate::world::NOW)
        );
        assert_eq!(entry.size, message.len() as u64);
        assert_eq!(world.contents(&inbox).await[0].as_bytes(), message);
    }
}

#[tokio::test]
async fn append_refuses_foreign_and_missing_mailboxes() {
    for world in worlds(2).await {
        let inbox = world.mailbox(&user(2), "INBOX").await;
        let append = async |mailbox: &Mailbox| {
            let spooled = world.spooled(b"A: b\r\n\r\n").await;
            world.gateway.append(&user(1), mailbox, spooled, AppendOptions::default()).await.unwrap()
        };
        assert_eq!(append(&inbox).await, Appended::NoSuchMailbox);
        let gone = Mailbox { id: MailboxId(1), ..inbox };
        assert_eq!(append(&gone).await, Appended::NoSuchMailbox);
        assert_eq!(world.count("select count(*) from placement").await, 0);
    }
}

#[tokio::test]
async fn equal_content_is_stored_once() {
    for world in worlds(2).await {
        let message = letter(1, "one", "", &"large ".repeat(40_000));
        for number in [1, 2, 1] {
            let inbox = world.mailbox(&user(number), "INBOX").await;
            world.append(&user(number), &inbox, &message).await;
        }
        assert_eq!(world.count("select count(*) from placement").await, 3);
        assert_eq!(world.count("select count(*) from message").await, 1);
        assert_eq!(world.count("select count(*) from body where bytes is null").await, 1);
        let other = letter(1, "two", "", &"large ".repeat(40_000));
        world.append(&user(1), &world.mailbox(&user(1), "INBOX").await, &other).await;
        assert_eq!(world.count("select count(*) from body").await, 1);
        assert_eq!(world.count("select count(*) from message").await, 2);
    }
}

#[tokio::test]
async fn copy_takes_consecutive_uids_in_order() {
    for world in worlds(2).await {
        let (user1, inbox) = (user(1), world.mailbox(&user(1), "INBOX").await);
        let target = world.create(&user1, "target").await;
        for number in 0..5 {
            world.append_with(&user1, &inbox, &letter(1, &format!("m{number}"), "", ""), deleted()).await;
        }
        world.append(&user1, &target, &letter(1, "there", "", "")).await;
        let copied = world.gateway.copy(&user1, inbox.id, &uids(&[5, 9, 1, 3]), &target).await.unwrap();
        assert_eq!(pairs(copied), [(1, 2), (3, 3), (5, 4)]);
        assert_eq!(world.uids(&inbox).await, [1, 2, 3, 4, 5]);
        assert_eq!(world.flags(&target, 2).await.0, 8);
        let same = world.gateway.copy(&user1, inbox.id, &uids(&[2]), &inbox).await.unwrap();
        assert_eq!(pairs(same), [(2, 6)]);
        let before = world.gateway.snapshot(target.id).await.unwrap().unwrap().mod_seq;
        let none = world.gateway.copy(&user1, inbox.id, &uids(&[77]), &target).await.unwrap();
        assert_eq!(pairs(none), []);
        assert_eq!(world.gateway.snapshot(target.id).await.unwrap().unwrap().mod_seq, before);
        let foreign = world.mailbox(&user(2), "INBOX").await;
        assert_eq!(world.gateway.copy(&user1, inbox.id, &uids(&[1]), &foreign).await.unwrap(), Copied::NoSuchMailbox);
        assert_eq!(world.gateway.copy(&user(2), inbox.id, &uids(&[1]), &foreign).await.unwrap(), Copied::NoSuchMailbox);
    }
}

#[tokio::test]
async fn move_leaves_tombstones_and_trash_remembers() {
    for world in worlds(1).await {
        let (user, inbox) = (user(1), world.mailbox(&user(1), "INBOX").await);
        let trash = world.mailbox(&user, "Trash").await;
        for number in 0..4 {
            world.append(&user, &inbox, &letter(1, &format!("m{number}"), "", "")).await;
        }
        let moved = world.gateway.move_messages(&user, inbox.id, &uids(&[2, 3]), &trash).await.unwrap();
        assert_eq!(pairs(moved), [(2, 1), (3, 2)]);
        assert_eq!(world.uids(&inbox).await, [1, 4]);
        assert_eq!(world.count("select count(*) from tombstone").await, 2);
        assert_eq!(origin(&world).await, inbox.id.0);
        let within = world.gateway.move_messages(&user, trash.id, &uids(&[1]), &trash).await.unwrap();
        assert_eq!(pairs(within), [(1, 3)]);
        assert_eq!(origin(&world).await, inbox.id.0, "a move within Trash keeps it");
        let back = world.gateway.move_messages(&user, trash.id, &uids(&[2, 3]), &inbox).await.unwrap();
        assert_eq!(pairs(back), [(2, 5), (3, 6)]);
        assert_eq!(origin(&world).await, 0);
        assert_eq!(world.uids(&inbox).await, [1, 4, 5, 6]);
        assert_eq!(world.uids(&trash).await, Vec::<u32>::new());
    }
}

#[tokio::test]
async fn expunge_outside_of_trash_goes_to_trash_once() {
    for world in worlds(1).await {
        let (user, inbox) = (user(1), world.mailbox(&user(1), "INBOX").await);
        let trash = world.mailbox(&user, "Trash").await;
        for (number, body) in ["a", "b", "b", "c", "d"].iter().enumerate() {
            let flags = if number == 4 { Flags::default() } else { deleted() };
            world.append_with(&user, &inbox, &letter(1, "same", "", body), flags).await;
        }
        // As clients without MOVE do: copy to Trash, mark, expunge.
        world.gateway.copy(&user, inbox.id, &uids(&[1]), &trash).await.unwrap();
        let gone = world.gateway.expunge(inbox.id, Some(&uids(&[1, 2, 3, 5]))).await.unwrap();
        assert_eq!(gone, uids(&[1, 2, 3]));
        assert_eq!(world.uids(&trash).await, [1, 2], "one copied by the client, one of the two equal ones");
        assert_eq!(world.flags(&trash, 2).await.0, 0);
        assert_eq!(world.gateway.expunge(inbox.id, None).await.unwrap(), uids(&[4]));
        assert_eq!(world.gateway.expunge(inbox.id, None).await.unwrap(), uids(&[]));
        assert_eq!(world.uids(&inbox).await, [5]);
        assert_eq!(world.uids(&trash).await, [1, 2, 3]);
        // What the client copied still bears \Deleted, as COPY keeps flags.
        assert_eq!(world.gateway.expunge(trash.id, None).await.unwrap(), uids(&[1]));
        assert_eq!(world.uids(&trash).await, [2, 3]);
    }
}

#[tokio::test]
async fn expunge_of_drafts_is_for_good() {
    for world in worlds(1).await {
        let drafts = world.mailbox(&user(1), "Drafts").await;
        world.append_with(&user(1), &drafts, &letter(1, "draft", "", ""), deleted()).await;
        assert_eq!(world.gateway.expunge(drafts.id, None).await.unwrap(), uids(&[1]));
        assert_eq!(world.count("select count(*) from placement").await, 0);
        assert_eq!(world.count("select count(*) from tombstone").await, 1);
    }
}

#[tokio::test]
async fn expunge_to_trash_can_be_switched_off() {
    for world in worlds_with(1, |config| config.mailboxes.expunge_to_trash = false).await {
        let inbox = world.mailbox(&user(1), "INBOX").await;
        world.append_with(&user(1), &inbox, &letter(1, "one", "", ""), deleted()).await;
        world.gateway.expunge(inbox.id, None).await.unwrap();
        assert_eq!(world.count("select count(*) from placement").await, 0);
    }
}

#[tokio::test]
async fn quota_is_kept_by_append_and_copy() {
    for world in worlds(1).await {
        let message = letter(1, "one", "", &"x".repeat(600));
        let mut user = user(1);
        user.quota_bytes = Some(2 * message.len() as u64);
        let inbox = world.mailbox(&user, "INBOX").await;
        world.append(&user, &inbox, &message).await;
        let copy = async |user| world.gateway.copy(user, inbox.id, &uids(&[1]), &inbox).await.unwrap();
        assert_eq!(pairs(copy(&user).await), [(1, 2)]);
        assert_eq!(copy(&user).await, Copied::QuotaExceeded);
        let spooled = world.spooled(b"A: b\r\n\r\n").await;
        let appended = world.gateway.append(&user, &inbox, spooled, AppendOptions::default()).await.unwrap();
        assert_eq!(appended, Appended::QuotaExceeded);
    }
}
