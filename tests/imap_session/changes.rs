//! What one session does, another one hears: at the right moment, with the right numbers.

use crate::world::{World, letter};

#[tokio::test]
async fn idle_hears_at_once_and_is_silent_otherwise() {
    let world = World::new().await;
    let (mut idling, mut other) = (world.anne_in("INBOX").await, world.anne_in("INBOX").await);
    idling.sends("a IDLE\r\n").await;
    assert_eq!(idling.response().await, "+ idling");
    other.appends("INBOX", letter("un", "x")).await;
    assert_eq!(idling.response().await, "* 1 EXISTS");
    other.ok("STORE 1 +FLAGS (\\Seen)").await;
    assert_eq!(idling.response().await, "* 1 FETCH (UID 1 FLAGS (\\Seen))");
    other.ok("UID MOVE 1 Trash").await;
    assert_eq!(idling.response().await, "* 1 EXPUNGE");
    idling.sends("DONE\r\nb NOOP\r\nc FETCH 1:* FLAGS\r\n").await;
    assert_eq!(idling.answer("a").await, ["OK IDLE terminated"]);
    assert_eq!(idling.answer("b").await, ["OK NOOP completed"]);
    assert_eq!(idling.answer("c").await, ["OK FETCH completed"]);
}

#[tokio::test]
async fn what_came_before_idle_is_told_by_it() {
    let world = World::new().await;
    let (mut idling, mut other) = (world.anne_in("INBOX").await, world.anne().await);
    other.appends("INBOX", letter("un", "x")).await;
    idling.sends("a IDLE\r\n").await;
    assert_eq!(idling.response().await, "+ idling");
    assert_eq!(idling.response().await, "* 1 EXISTS");
    idling.sends("done\r\n").await;
    idling.answer("a").await;
    idling.sends("b IDLE\r\nWHAT\r\n").await;
    assert_eq!(idling.answer("b").await.last().unwrap(), "BAD Expected DONE");
    idling.ok("NOOP").await;
}

#[tokio::test]
async fn expunges_are_held_during_fetch_store_and_search_by_number() {
    let world = World::new().await;
    let (mut client, mut other) = (world.anne_in("Trash").await, world.anne_in("Trash").await);
    for subject in ["un", "deux", "trois"] {
        other.appends("Trash", letter(subject, "x")).await;
    }
    client.ok("NOOP").await;
    other.ok("STORE 1 +FLAGS (\\Deleted)").await;
    other.ok("EXPUNGE").await;
    other.appends("Trash", letter("quatre", "x")).await;
    let fetched = client.says("FETCH 1:3 (UID)").await;
    assert_eq!(
        fetched,
        ["* 2 FETCH (UID 2)", "* 3 FETCH (UID 3)", "* 4 EXISTS", "OK [EXPUNGEISSUED] Some messages have been expunged"]
    );
    assert_eq!(client.ok("STORE 2 +FLAGS (\\Seen)").await, ["* 2 FETCH (FLAGS (\\Seen))"]);
    assert_eq!(client.ok("SEARCH ALL").await, ["* SEARCH 2 3 4"]);
    assert_eq!(client.ok("UID SEARCH SEEN").await, ["* SEARCH 2", "* 1 EXPUNGE"]);
    assert_eq!(client.ok("SEARCH ALL").await, ["* SEARCH 1 2 3"]);
}

#[tokio::test]
async fn silent_store_still_hears_of_others() {
    let world = World::new().await;
    let (mut client, mut other) = (world.anne_in("INBOX").await, world.anne_in("INBOX").await);
    client.appends("INBOX", letter("un", "x")).await;
    other.ok("NOOP").await;
    client.ok("STORE 1 +FLAGS.SILENT (\\Seen)").await;
    assert_eq!(other.ok("NOOP").await, ["* 1 FETCH (UID 1 FLAGS (\\Seen))"]);
    other.ok("ENABLE CONDSTORE").await;
    client.ok("STORE 1 +FLAGS.SILENT (\\Flagged)").await;
    let told = other.ok("NOOP").await;
    assert!(told[0].starts_with("* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen) MODSEQ ("), "{told:?}");
    assert_eq!(client.ok("NOOP").await, Vec::<String>::new());
}

#[tokio::test]
async fn pipelined_commands_are_answered_in_order() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    for subject in ["un", "deux"] {
        client.appends("INBOX", letter(subject, "x")).await;
    }
    client
        .sends("\r\na UID FETCH 1 (FLAGS)\r\nb UID FETCH 2 (FLAGS)\r\nc UID STORE 2 +FLAGS (\\Seen)\r\nd NOOP\r\n")
        .await;
    assert_eq!(client.answer("a").await, ["* 1 FETCH (UID 1 FLAGS ())", "OK FETCH completed"]);
    assert_eq!(client.answer("b").await, ["* 2 FETCH (UID 2 FLAGS ())", "OK FETCH completed"]);
    assert_eq!(client.answer("c").await, ["* 2 FETCH (UID 2 FLAGS (\\Seen))", "OK STORE completed"]);
    assert_eq!(client.answer("d").await, ["OK NOOP completed"]);
}

#[tokio::test]
async fn pieces_do_not_matter() {
    let world = World::new().await;
    let message = letter("un", "corps");
    let session = format!(
        "a LOGIN anne {{20+}}\r\nun mot de passe long\r\nb SELECT INBOX\r\nc APPEND INBOX {{{}+}}\r\n{message}\r\nd FETCH 1 BODY[TEXT]\r\n",
        message.len()
    );
    for size in [1, 3, 7, session.len()] {
        let mut client = world.client().await;
        for piece in session.as_bytes().chunks(size) {
            client.sends(piece).await;
            tokio::task::yield_now().await;
        }
        for tag in ["a", "b", "c"] {
            client.answer(tag).await;
        }
        assert_eq!(client.answer("d").await[0], "* 1 FETCH (BODY[TEXT] {7}\r\ncorps\r\n FLAGS (\\Seen))", "{size}");
        client.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)").await;
        client.ok("EXPUNGE").await;
    }
}
