//! NOTIFY (RFC 5465): who hears of what, when, and at which price.

use std::time::{Duration, Instant};

use crate::world::{World, letter};

/// Far more than a notice takes, far less than the next poll of a store that others write to.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn what_happens_elsewhere_is_heard_at_once_without_a_command() {
    let world = World::new().await;
    assert_eq!(world.gateway.poll_after(), None, "nothing but a notice can wake a session");
    let (mut hearing, mut other) = (world.anne_in("Drafts").await, world.anne().await);
    hearing.ok("NOTIFY SET (personal (MessageNew MessageExpunge FlagChange MailboxName))").await;
    let began = Instant::now();
    other.appends("INBOX", letter("un", "x")).await;
    assert_eq!(hearing.response().await, "* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1 UNSEEN 1)");
    other.ok("CREATE a").await;
    assert_eq!(hearing.response().await, "* LIST (\\Subscribed \\HasNoChildren) \"/\" a");
    // With flags, a mailbox is told as soon as it is there: its UIDVALIDITY is new.
    let told = hearing.response().await;
    // A mailbox made since is listened to as well.
    other.appends("a", letter("deux", "x")).await;
    let told = [told, hearing.response().await];
    assert!(told[0].starts_with("* STATUS a (MESSAGES 0 UIDNEXT 1 UIDVALIDITY "), "{told:?}");
    assert!(told[1].starts_with("* STATUS a (MESSAGES 1 UIDNEXT 2 UIDVALIDITY "), "{told:?}");
    assert!(began.elapsed() < AT_ONCE);
}

#[tokio::test]
async fn nobody_hears_of_somebody_else() {
    let world = World::new().await;
    let (mut anne, mut luc) = (world.anne().await, world.client().await);
    luc.ok(&format!("LOGIN luc.petit \"{}\"", crate::world::PASSWORD)).await;
    luc.ok("NOTIFY SET (personal (MessageNew MessageExpunge MailboxName)) (mailboxes (a INBOX) (MailboxName))").await;
    anne.ok("CREATE a").await;
    anne.appends("INBOX", letter("un", "x")).await;
    anne.appends("a", letter("deux", "x")).await;
    assert_eq!(luc.ok("NOOP").await, Vec::<String>::new());
    luc.ok("CREATE b").await;
    assert_eq!(luc.ok("NOOP").await, Vec::<String>::new());
}

#[tokio::test]
async fn who_leaves_a_mailbox_knows_it_as_it_was_told() {
    let world = World::new().await;
    let (mut hearing, mut other) = (world.anne().await, world.anne().await);
    hearing
        .ok("NOTIFY SET (selected (MessageNew MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge))")
        .await;
    hearing.ok("SELECT INBOX").await;
    other.appends("INBOX", letter("un", "x")).await;
    assert_eq!(hearing.response().await, "* 1 EXISTS");
    // What has been told of it is not told again.
    assert_eq!(hearing.ok("UNSELECT").await, Vec::<String>::new());
    other.appends("Drafts", letter("deux", "x")).await;
    assert!(hearing.response().await.starts_with("* STATUS Drafts (MESSAGES 1 "));
    other.appends("INBOX", letter("trois", "x")).await;
    assert!(hearing.response().await.starts_with("* STATUS INBOX (MESSAGES 2 UIDNEXT 3 "));
}

#[tokio::test]
async fn a_mailbox_made_anew_under_an_old_name_is_told_as_such() {
    let world = World::new().await;
    let (mut hearing, mut other) = (world.anne().await, world.anne().await);
    other.ok("CREATE a").await;
    hearing.ok("NOTIFY SET (mailboxes a (MessageNew MessageExpunge FlagChange))").await;
    other.ok("DELETE a").await;
    other.ok("CREATE a").await;
    let told = hearing.response().await;
    assert!(told.starts_with("* STATUS a (MESSAGES 0 UIDNEXT 1 UIDVALIDITY "), "{told}");
}

#[tokio::test]
async fn nobody_is_told_anything_who_is_not_logged_in_any_more() {
    let world = World::new().await;
    let (mut hearing, mut other) = (world.anne().await, world.anne().await);
    hearing.ok("NOTIFY SET (personal (MessageNew MessageExpunge))").await;
    hearing.ok("UNAUTHENTICATE").await;
    other.appends("INBOX", letter("un", "x")).await;
    assert_eq!(hearing.ok(&format!("LOGIN anne \"{}\"", crate::world::PASSWORD)).await, Vec::<String>::new());
    other.appends("INBOX", letter("deux", "x")).await;
    assert_eq!(hearing.ok("NOOP").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_client_that_hears_no_flags_is_not_promised_them() {
    let world = World::new().await;
    let (mut hearing, mut other) = (world.anne_in("INBOX").await, world.anne_in("INBOX").await);
    for subject in ["un", "deux"] {
        other.appends("INBOX", letter(subject, "x")).await;
    }
    hearing.ok("ENABLE QRESYNC").await;
    hearing.ok("NOTIFY SET (selected (MessageNew MessageExpunge))").await;
    other.ok("STORE 1 +FLAGS (\\Flagged)").await;
    // The flags at 4 are not told, so the client may only come back with 3, although it hears of 5.
    let told = hearing.says("UID STORE 2 +FLAGS (\\Seen)").await;
    assert_eq!(told[told.len() - 2], "* 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (5))");
    assert!(told.last().unwrap().starts_with("OK [HIGHESTMODSEQ 3]"), "{told:?}");
    // Asked for, they are told.
    let told = hearing.says("NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))").await;
    assert!(told.contains(&"* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (4))".to_owned()), "{told:?}");
}

#[tokio::test]
async fn annotations_are_told_by_their_names() {
    let world = World::new().await;
    let (mut hearing, mut other) = (world.anne().await, world.anne().await);
    other.ok("SETMETADATA INBOX (/private/comment \"un\")").await;
    hearing.ok("NOTIFY SET (mailboxes INBOX (MailboxMetadataChange)) (personal (ServerMetadataChange))").await;
    other.ok("SETMETADATA INBOX (/private/comment \"deux\" /private/vendor/x \"y\")").await;
    assert_eq!(hearing.response().await, "* METADATA INBOX /private/comment /private/vendor/x");
    other.ok("SETMETADATA Sent (/private/comment \"trois\")").await;
    other.ok("SETMETADATA \"\" (/private/comment \"quatre\")").await;
    assert_eq!(hearing.response().await, "* METADATA \"\" /private/comment");
    other.ok("SETMETADATA INBOX (/private/vendor/x NIL)").await;
    assert_eq!(hearing.response().await, "* METADATA INBOX /private/vendor/x");
    // One's own are not told.
    hearing.ok("SETMETADATA INBOX (/private/comment \"cinq\")").await;
    assert_eq!(hearing.ok("NOOP").await, Vec::<String>::new());
}
