//! Mailboxes: names, tree, counts.

use passerelle::domain::mailbox::MailboxRefusal;
use passerelle::model::{Flags, MailboxName, SpecialUse, SystemFlag};

use crate::world::{letter, user, worlds, worlds_with};

fn name(text: &str) -> MailboxName {
    MailboxName::parse(text).unwrap()
}

#[tokio::test]
async fn everybody_has_the_four_first() {
    for world in worlds(2).await {
        let user = user(1);
        world.create(&user, "Archives/2026").await;
        let list = world.gateway.mailboxes(&user).await.unwrap();
        let names: Vec<&str> = list.mailboxes.iter().map(|mailbox| mailbox.name.as_str()).collect();
        assert_eq!(names, ["INBOX", "Drafts", "Sent", "Trash", "Archives", "Archives/2026", "Rappeler"]);
        assert!(list.mailboxes.iter().all(|mailbox| mailbox.subscribed));
        let special: Vec<_> = list.mailboxes.iter().filter_map(|mailbox| mailbox.special_use).collect();
        assert_eq!(special, [SpecialUse::Inbox, SpecialUse::Drafts, SpecialUse::Sent, SpecialUse::Trash]);
        assert_eq!(world.count("select count(*) from mailbox").await, 11);
    }
}

#[tokio::test]
async fn missing_special_mailboxes_come_back() {
    for world in worlds(1).await {
        world.execute("delete from mailbox where special_use <> 'inbox' and $1 = 1", 1).await;
        assert_eq!(world.mailbox(&user(1), "Sent").await.special_use, Some(SpecialUse::Sent));
        assert_eq!(world.gateway.mailboxes(&user(1)).await.unwrap().mailboxes.len(), 5);
    }
}

#[tokio::test]
async fn refuses_names() {
    let adjust = |config: &mut passerelle::config::Config| {
        config.mailboxes.per_user_max = 6;
        config.mailboxes.depth_max = 3;
        config.mailboxes.name_bytes_max = 20;
    };
    for world in worlds_with(1, adjust).await {
        let user = user(1);
        let create = async |text: &str| world.gateway.create_mailbox(&user, &name(text), None).await.unwrap();
        assert_eq!(create("inbox").await, Err(MailboxRefusal::AlreadyExists));
        assert_eq!(create("Sent").await, Err(MailboxRefusal::AlreadyExists));
        assert_eq!(create("Éléments envoyés").await, Err(MailboxRefusal::DuplicatesSpecial(SpecialUse::Sent)));
        assert_eq!(create("a/b/c/d").await, Err(MailboxRefusal::TooDeep));
        assert_eq!(create("aaaaaaaaaaaaaaaaaaaaa").await, Err(MailboxRefusal::NameTooLong));
        assert_eq!(create("a/b/c").await, Err(MailboxRefusal::TooMany));
        assert!(create("a/b").await.is_ok());
        assert_eq!(create("a").await, Err(MailboxRefusal::AlreadyExists));
        assert_eq!(create("z").await, Err(MailboxRefusal::TooMany));
    }
}

#[tokio::test]
async fn uid_validity_never_repeats_for_a_name() {
    for world in worlds(1).await {
        let user = user(1);
        let mut last = 0;
        for round in 0..5 {
            let made = world.create(&user, "Projet").await;
            assert!(made.uid_validity.0 > last, "{} round {round}", world.engine);
            last = made.uid_validity.0;
            world.gateway.delete_mailbox(&user, &name("Projet")).await.unwrap().unwrap();
            if round == 2 {
                world.clock.set(passerelle::model::Timestamp(1_000_000));
            }
        }
    }
}

#[tokio::test]
async fn a_new_special_mailbox_has_a_uid_validity_of_its_own_whatever_the_clock_says() {
    const CLOCKS: &str = "select count(*) from mailbox_clock";
    for world in worlds(2).await {
        let user = user(1);
        let before = world.mailbox(&user, "Trash").await.uid_validity;
        // As stores of old had it, where nobody had made or deleted a mailbox.
        world.execute("delete from mailbox_clock where $1 > 0", 1).await;
        world.execute("delete from mailbox where user_id = 'id-1' and special_use = 'trash' and $1 > 0", 1).await;
        world.clock.set(passerelle::model::Timestamp(1_000_000));
        world.gateway.add_special_mailboxes(None).await.unwrap();
        assert!(world.mailbox(&user, "Trash").await.uid_validity > before, "{}", world.engine);
        assert_eq!(world.count(CLOCKS).await, 1, "{}: who lacked nothing is left alone", world.engine);
        let verified = world.gateway.verify(false, &std::sync::Arc::default()).await.unwrap();
        assert_eq!(verified.findings, [], "{}", world.engine);
        // The clock is there, and ahead of the time.
        let before = world.mailbox(&user, "Trash").await.uid_validity;
        world.execute("delete from mailbox where user_id = 'id-1' and special_use = 'trash' and $1 > 0", 1).await;
        world.gateway.add_special_mailboxes(Some(&user.id)).await.unwrap();
        assert!(world.mailbox(&user, "Trash").await.uid_validity > before, "{}", world.engine);
    }
}

#[tokio::test]
async fn deleting_moves_messages_to_trash() {
    for world in worlds(1).await {
        let user = user(1);
        let mailbox = world.create(&user, "a/b").await;
        let mut deleted = Flags::default();
        deleted.set(SystemFlag::Deleted);
        deleted.set(SystemFlag::Flagged);
        world.append(&user, &mailbox, &letter(1, "one", "", "1")).await;
        world.append_with(&user, &mailbox, &letter(1, "two", "", "2"), deleted).await;
        let delete = async |text: &str| world.gateway.delete_mailbox(&user, &name(text)).await.unwrap();
        assert_eq!(delete("a").await, Err(MailboxRefusal::HasChildren));
        assert_eq!(delete("INBOX").await, Err(MailboxRefusal::Special));
        assert_eq!(delete("nothing").await, Err(MailboxRefusal::NoSuchMailbox));
        let mut woken = world.gateway.watch(mailbox.id);
        assert_eq!(delete("a/b").await, Ok(()));
        assert!(woken.has_changed().unwrap());
        woken.mark_unchanged();
        assert!(world.gateway.snapshot(mailbox.id).await.unwrap().is_none());
        let trash = world.mailbox(&user, "Trash").await;
        assert_eq!(world.uids(&trash).await, [1, 2]);
        assert_eq!(world.flags(&trash, 2).await.0, 4, "not marked \\Deleted there");
        assert_eq!(world.count("select count(distinct origin_mailbox_id) from placement").await, 1);
        let list = world.gateway.mailboxes(&user).await.unwrap();
        assert_eq!(list.subscribed_only, [name("a/b")], "a subscription outlives its mailbox");
        world.create(&user, "a/b").await;
        assert!(world.gateway.mailboxes(&user).await.unwrap().subscribed_only.is_empty());
    }
}

#[tokio::test]
async fn renames_with_what_is_below() {
    for world in worlds(2).await {
        let user1 = user(1);
        let deep = world.create(&user1, "a/b/c").await;
        world.create(&user1, "ab").await;
        world.create(&user(2), "a/b").await;
        world.append(&user1, &deep, &letter(1, "one", "", "1")).await;
        let rename =
            async |from: &str, to: &str| world.gateway.rename_mailbox(&user1, &name(from), &name(to)).await.unwrap();
        assert_eq!(rename("Sent", "Mine").await, Err(MailboxRefusal::Special));
        assert_eq!(rename("none", "x").await, Err(MailboxRefusal::NoSuchMailbox));
        assert_eq!(rename("a", "ab").await, Err(MailboxRefusal::AlreadyExists));
        assert_eq!(rename("a", "Corbeille").await, Err(MailboxRefusal::DuplicatesSpecial(SpecialUse::Trash)));
        assert_eq!(rename("a", "x/é").await, Ok(()));
        let names = async || -> Vec<String> {
            let list = world.gateway.mailboxes(&user1).await.unwrap().mailboxes;
            list[5..].iter().map(|mailbox| mailbox.name.as_str().to_owned()).collect()
        };
        assert_eq!(names().await, ["ab", "x", "x/é", "x/é/b", "x/é/b/c"]);
        let same = world.mailbox(&user1, "x/é/b/c").await;
        assert_eq!((same.id, same.uid_validity), (deep.id, deep.uid_validity));
        assert_eq!(rename("x/é", "x/é/y").await, Err(MailboxRefusal::IntoItself));
        assert_eq!(rename("x/é", "x/éy").await, Ok(()));
        assert_eq!(names().await, ["ab", "x", "x/éy", "x/éy/b", "x/éy/b/c"]);
        assert_eq!(world.uids(&deep).await, [1]);
        world.mailbox(&user(2), "a/b").await;
    }
}

#[tokio::test]
async fn renaming_inbox_moves_its_messages() {
    for world in worlds(1).await {
        let user = user(1);
        let inbox = world.mailbox(&user, "INBOX").await;
        world.append(&user, &inbox, &letter(1, "one", "", "1")).await;
        world.append(&user, &inbox, &letter(1, "two", "", "2")).await;
        world.gateway.rename_mailbox(&user, &name("INBOX"), &name("Old/Mail")).await.unwrap().unwrap();
        assert_eq!(world.uids(&inbox).await, Vec::<u32>::new());
        assert_eq!(world.uids(&world.mailbox(&user, "Old/Mail").await).await, [1, 2]);
        assert_eq!(world.mailbox(&user, "INBOX").await, inbox);
        assert_eq!(world.append(&user, &inbox, &letter(1, "three", "", "3")).await.0, 3, "UIDs go on");
    }
}

#[tokio::test]
async fn subscribes_any_name() {
    for world in worlds(1).await {
        let user = user(1);
        let set = async |text: &str, on| world.gateway.set_subscribed(&user, &name(text), on).await.unwrap().unwrap();
        set("Nowhere", true).await;
        set("Nowhere", true).await;
        set("Sent", false).await;
        let list = world.gateway.mailboxes(&user).await.unwrap();
        assert_eq!(list.subscribed_only, [name("Nowhere")]);
        assert!(!world.mailbox(&user, "Sent").await.subscribed);
        set("Nowhere", false).await;
        set("Sent", true).await;
        assert!(world.gateway.mailboxes(&user).await.unwrap().subscribed_only.is_empty());
        assert!(world.mailbox(&user, "Sent").await.subscribed);
    }
}

#[tokio::test]
async fn status_counts_own_mailboxes_only() {
    for world in worlds(2).await {
        let (inbox, sent) = (world.mailbox(&user(1), "INBOX").await, world.mailbox(&user(1), "Sent").await);
        let foreign = world.mailbox(&user(2), "INBOX").await;
        let mut flags = Flags::default();
        flags.set(SystemFlag::Deleted);
        let message = letter(1, "one", "", "1");
        world.append_with(&user(1), &inbox, &message, flags.clone()).await;
        flags.set(SystemFlag::Seen);
        world.append_with(&user(1), &inbox, &message, flags).await;
        world.append(&user(1), &inbox, &message).await;
        let status = world.gateway.status(&user(1), &[sent.id, foreign.id, inbox.id]).await.unwrap();
        assert_eq!(status.len(), 2);
        assert_eq!((status[0].0, status[0].1.messages, status[0].1.highest_mod_seq.0), (sent.id, 0, 1));
        let counted = status[1].1;
        assert_eq!((counted.messages, counted.unseen, counted.deleted, counted.uid_next.0), (3, 2, 2, 4));
        assert_eq!(counted.size, 3 * message.len() as u64);
        assert_eq!(counted.highest_mod_seq.0, 4);
        let quota = world.gateway.quota(&user(1)).await.unwrap();
        assert_eq!(quota.used_bytes, counted.size);
        assert_eq!(quota.limit_bytes, 2 << 30);
    }
}
