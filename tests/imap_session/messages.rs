//! APPEND, COPY, MOVE, STORE, EXPUNGE by one client.

use crate::world::{World, letter};

#[tokio::test]
async fn append_tells_its_uid_and_the_selected_mailbox_at_once() {
    let world = World::new().await;
    let mut client = world.anne_in("Drafts").await;
    let message = letter("brouillon", "x");
    let head = format!("APPEND Drafts (\\Draft) \" 5-Jan-2026 10:00:00 +0200\" {{{}}}\r\n", message.len());
    client.sends(format!("a {head}")).await;
    assert!(client.response().await.starts_with("+ "));
    client.sends(format!("{message}\r\n")).await;
    let answer = client.answer("a").await;
    assert_eq!(answer[0], "* 1 EXISTS");
    assert!(answer[1].starts_with("OK [APPENDUID ") && answer[1].contains(" 1] "), "{answer:?}");
    let fetched = client.ok("FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)").await;
    let expected = format!(
        "* 1 FETCH (FLAGS (\\Draft) INTERNALDATE \" 5-Jan-2026 08:00:00 +0000\" RFC822.SIZE {})",
        message.len()
    );
    assert_eq!(fetched, [expected]);
}

#[tokio::test]
async fn append_is_refused_before_the_message_comes() {
    let world = World::with(|config| {
        config.imap.append_bytes_max = 1000;
        config.mailboxes.quota_bytes = 500;
    })
    .await;
    let mut client = world.anne().await;
    assert!(client.tagged("APPEND Absente {100}").await.starts_with("NO [TRYCREATE] "));
    assert!(client.tagged("APPEND INBOX {1001}").await.starts_with("NO [TOOBIG] "));
    assert!(client.tagged("APPEND INBOX {800}").await.starts_with("NO [OVERQUOTA] "));
    assert!(client.appends("Absente", letter("un", "a NOOP")).await.starts_with("NO [TRYCREATE] "));
    assert!(client.appends("INBOX", vec![b'x'; 1001]).await.starts_with("NO [TOOBIG] "));
    assert_eq!(client.says("NOOP").await, ["OK NOOP completed"], "in step");
    let mut stranger = world.client().await;
    assert!(stranger.tagged("APPEND INBOX {100}").await.starts_with("BAD"));
}

#[tokio::test]
async fn copy_and_move_tell_the_uids() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    for subject in ["un", "deux", "trois"] {
        client.appends("INBOX", letter(subject, "x")).await;
    }
    let copied = client.tagged("COPY 1:2 Trash").await;
    assert!(copied.starts_with("OK [COPYUID ") && copied.contains(" 1:2 1:2] "), "{copied}");
    let moved = client.says("UID MOVE 1,3 Trash").await;
    assert!(moved[0].starts_with("* OK [COPYUID ") && moved[0].contains(" 1,3 3:4] "), "{moved:?}");
    assert_eq!(moved[1..], ["* 3 EXPUNGE", "* 1 EXPUNGE", "OK MOVE completed"]);
    assert!(client.tagged("COPY 1 Absente").await.starts_with("NO [TRYCREATE] "));
    assert!(client.tagged("UID MOVE 2 Absente").await.starts_with("NO [TRYCREATE] "));
    for command in ["UID COPY 99 Trash", "UID MOVE 1 Trash", "UID EXPUNGE 1:1", "UID STORE 1 +FLAGS (\\Seen)"] {
        assert_eq!(client.says(command).await.len(), 1, "{command}");
        client.ok(command).await;
    }
    assert!(client.tagged("COPY 2 Trash").await.starts_with("BAD"));
}

#[tokio::test]
async fn store_answers_with_the_flags() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    client.appends("INBOX", letter("un", "x")).await;
    client.appends("INBOX", letter("deux", "x")).await;
    assert_eq!(client.ok("uid store 2 +Flags (\\Seen)").await, ["* 2 FETCH (UID 2 FLAGS (\\Seen))"]);
    assert_eq!(client.ok("STORE 2 +FLAGS ($Forwarded)").await, ["* 2 FETCH (FLAGS (\\Seen $Forwarded))"]);
    assert_eq!(client.ok("STORE 2 -FLAGS (\\Seen)").await, ["* 2 FETCH (FLAGS ($Forwarded))"]);
    assert_eq!(client.ok("STORE 1:2 FLAGS.SILENT (\\Answered)").await, Vec::<String>::new());
    assert_eq!(client.ok("NOOP").await, Vec::<String>::new());
    assert_eq!(
        client.ok("FETCH 1:* FLAGS").await,
        ["* 1 FETCH (FLAGS (\\Answered))", "* 2 FETCH (FLAGS (\\Answered))"]
    );
    let flags = client.ok("SELECT INBOX").await;
    assert!(flags.contains(&"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)".to_owned()), "{flags:?}");
}

#[tokio::test]
async fn conditional_store() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    for subject in ["un", "deux"] {
        client.appends("INBOX", letter(subject, "x")).await;
    }
    let before = mod_seq(&client.ok("FETCH 2 (MODSEQ)").await[1]);
    client.ok("STORE 2 +FLAGS.SILENT (\\Flagged)").await;
    let answer = client.says(format!("STORE 1:2 (UNCHANGEDSINCE {before}) +FLAGS.SILENT (\\Seen)")).await;
    assert_eq!(answer.len(), 2, "{answer:?}");
    assert!(answer[0].starts_with("* 1 FETCH (MODSEQ ("), "{answer:?}");
    assert!(answer[1].starts_with("OK [MODIFIED 2] "), "{answer:?}");
    let changed = client.ok(format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {before})")).await;
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(changed[0].starts_with("* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ ("));
    let now = mod_seq(&changed[0]);
    assert_eq!(client.ok(format!("FETCH 1:* (FLAGS) (CHANGEDSINCE {now})")).await, Vec::<String>::new());
}

fn mod_seq(fetched: &str) -> u64 {
    let (_, rest) = fetched.split_once("MODSEQ (").expect("a ModSeq");
    rest.split_once(')').unwrap().0.parse().unwrap()
}

#[tokio::test]
async fn uid_expunge_takes_only_what_it_names() {
    let world = World::new().await;
    let mut client = world.anne_in("Trash").await;
    for subject in ["un", "deux", "trois"] {
        client.appends("Trash", letter(subject, "x")).await;
    }
    client.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(client.ok("UID EXPUNGE 2").await, ["* 2 EXPUNGE"]);
    assert_eq!(client.ok("EXPUNGE").await, ["* 2 EXPUNGE", "* 1 EXPUNGE"]);
    assert_eq!(client.ok("FETCH 1:* FLAGS").await, Vec::<String>::new());
}
