//! SELECT, LIST, STATUS and what makes and unmakes mailboxes.

use crate::world::{World, letter};

#[tokio::test]
async fn select_tells_all_of_an_empty_mailbox() {
    let world = World::new().await;
    let mut client = world.anne().await;
    let answer = client.says("SELECT inbox").await;
    assert_eq!(answer[0], "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)");
    assert!(answer[1].starts_with("* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] "));
    assert_eq!(answer[2..4], ["* 0 EXISTS", "* 0 RECENT"]);
    assert!(answer[4].starts_with("* OK [UIDVALIDITY "));
    assert!(answer[5].starts_with("* OK [UIDNEXT 1] "));
    assert!(answer[6].starts_with("* OK [HIGHESTMODSEQ ") && !answer[6].contains("HIGHESTMODSEQ 0"));
    assert_eq!(answer[8], "OK [READ-WRITE] SELECT completed");
}

#[tokio::test]
async fn select_leaves_what_was_selected() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    client.appends("INBOX", letter("un", "x")).await;
    let answer = client.says("EXAMINE INBOX").await;
    assert!(answer[0].starts_with("* OK [CLOSED] "));
    assert!(answer.contains(&"* OK [PERMANENTFLAGS ()] Flags that are kept".to_owned()));
    assert!(answer.contains(&"* OK [UNSEEN 1] First unseen".to_owned()));
    assert_eq!(answer.last().unwrap(), "OK [READ-ONLY] EXAMINE completed");
    assert!(client.tagged("STORE 1 +FLAGS (\\Seen)").await.starts_with("NO [READ-ONLY] "));
    assert!(client.tagged("UID MOVE 1 Trash").await.starts_with("NO [READ-ONLY] "));
    assert!(client.tagged("EXPUNGE").await.starts_with("NO [READ-ONLY] "));
    client.ok("FETCH 1 BODY[]").await;
    assert_eq!(client.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"]);
    assert!(client.tagged("SELECT Absente").await.starts_with("NO [NONEXISTENT] "));
    assert!(client.tagged("FETCH 1 FLAGS").await.starts_with("BAD"));
}

#[tokio::test]
async fn close_expunges_silently_and_unselect_does_not() {
    let world = World::new().await;
    let mut client = world.anne_in("Trash").await;
    client.appends("Trash", letter("un", "x")).await;
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(client.says("UNSELECT").await, ["OK UNSELECT completed"]);
    client.ok("EXAMINE Trash").await;
    assert_eq!(client.says("CLOSE").await, ["OK CLOSE completed"]);
    assert_eq!(client.ok("STATUS Trash (MESSAGES DELETED)").await, ["* STATUS Trash (MESSAGES 1 DELETED 1)"]);
    client.ok("SELECT Trash").await;
    assert_eq!(client.says("CLOSE").await, ["OK CLOSE completed"]);
    assert_eq!(client.ok("STATUS Trash (MESSAGES)").await, ["* STATUS Trash (MESSAGES 0)"]);
}

#[tokio::test]
async fn every_list_shows_special_uses() {
    let world = World::new().await;
    let mut client = world.anne().await;
    let plain = [
        "* LIST (\\HasNoChildren) \"/\" INBOX",
        "* LIST (\\HasNoChildren \\Drafts) \"/\" Drafts",
        "* LIST (\\HasNoChildren \\Sent) \"/\" Sent",
        "* LIST (\\HasNoChildren \\Trash) \"/\" Trash",
        "* LIST (\\HasNoChildren) \"/\" Rappeler",
    ];
    assert_eq!(client.ok("list \"\" \"*\"").await, plain);
    let subscribed = client.ok("list (subscribed) \"\" \"*\" return (special-use)").await;
    assert_eq!(subscribed, plain.map(|line| line.replace("(\\Has", "(\\Subscribed \\Has")));
    assert_eq!(client.ok("lsub \"\" \"*\"").await, plain.map(|line| line.replace("LIST", "LSUB")));
    assert_eq!(client.ok("LIST \"\" \"\"").await, ["* LIST (\\Noselect) \"/\" \"\""]);
    assert_eq!(client.ok("NAMESPACE").await, ["* NAMESPACE ((\"\" \"/\")) NIL NIL"]);
    let status = client.ok("LIST \"\" (INBOX Sent) RETURN (STATUS (MESSAGES UNSEEN))").await;
    assert_eq!(
        status,
        [plain[0], "* STATUS INBOX (MESSAGES 0 UNSEEN 0)", plain[2], "* STATUS Sent (MESSAGES 0 UNSEEN 0)"]
    );
}

#[tokio::test]
async fn mailboxes_come_and_go() {
    let world = World::new().await;
    let mut client = world.anne().await;
    client.ok("CREATE \"Classes/6&AOg-me A\"").await;
    let lines = client.ok("LIST \"\" Classes*").await;
    assert_eq!(
        lines,
        ["* LIST (\\HasChildren) \"/\" Classes", "* LIST (\\HasNoChildren) \"/\" \"Classes/6&AOg-me A\""]
    );
    assert!(client.tagged("CREATE Classes").await.starts_with("NO [ALREADYEXISTS] "));
    assert!(client.tagged("DELETE Classes").await.starts_with("NO [HASCHILDREN] "));
    assert!(client.tagged("DELETE INBOX").await.starts_with("NO [CANNOT] "));
    assert!(client.tagged("CREATE \"Sent Messages\"").await.starts_with("NO [CANNOT] "));
    assert!(client.tagged("DELETE Absente").await.starts_with("NO [NONEXISTENT] "));
    client.ok("RENAME Classes Groupes").await;
    assert!(client.tagged("SELECT Classes").await.starts_with("NO [NONEXISTENT] "));
    client.ok("SELECT \"Groupes/6&AOg-me A\"").await;
    client.ok("UNSUBSCRIBE Groupes").await;
    assert_eq!(client.ok("LSUB \"\" Groupes").await, Vec::<String>::new());
    client.ok("SUBSCRIBE Groupes").await;
    assert_eq!(client.ok("LSUB \"\" Groupes").await.len(), 1);
}

#[tokio::test]
async fn status_and_quota() {
    let world = World::new().await;
    let mut client = world.anne().await;
    let message = letter("un", "x");
    client.appends("INBOX (\\Seen)", &message).await;
    client.appends("INBOX", &message).await;
    let status = client.ok("STATUS INBOX (UIDNEXT MESSAGES UNSEEN RECENT SIZE APPENDLIMIT)").await;
    let size = message.len() * 2;
    let expected = format!("* STATUS INBOX (UIDNEXT 3 MESSAGES 2 UNSEEN 1 RECENT 0 SIZE {size} APPENDLIMIT 41943040)");
    assert_eq!(status, [expected]);
    let quota = client.ok("GETQUOTAROOT INBOX").await;
    assert_eq!(quota, ["* QUOTAROOT INBOX \"\"", "* QUOTA \"\" (STORAGE 1 2097152)"]);
    assert_eq!(client.ok("GETQUOTA \"\"").await, quota[1..]);
    assert!(client.tagged("SETQUOTA \"\" (STORAGE 1)").await.starts_with("NO [NOPERM] "));
}
