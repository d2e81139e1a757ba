//! Reading, or writing into, somebody else's mailboxes.

use crate::world::{PASSWORD, World};

const LETTER: &str = "From: anne.martin@ent.test\r\nTo: paul.durand@ent.test\r\nMessage-ID: <one@x>\r\n\
                      Subject: note\r\n\r\nsecret\r\n";

/// Every way to name a mailbox of Paul's, or something outside of Zoé's own.
const NAMES: &[&str] = &[
    "paul.durand/INBOX",
    "u-paul/INBOX",
    "\"Other Users/paul.durand/INBOX\"",
    "\"#user/paul.durand/INBOX\"",
    "~paul.durand/INBOX",
    "../INBOX",
    "INBOX/../INBOX",
    "/INBOX",
    "//INBOX",
    "&AC8-INBOX",
    "..&AC8-u-paul&AC8-INBOX",
    "\"x' or '1'='1\"",
    "\"INBOX'; delete from placement; --\"",
    "\"INBOX\\\" or \\\"a\\\"=\\\"a\"",
];

#[tokio::test]
async fn no_name_leads_into_somebody_elses_mailboxes() {
    let world = World::new().await;
    let mut anne = world.smtp("anne").await;
    let sent = anne.submits("anne.martin@ent.test", &["paul.durand@ent.test"], LETTER).await;
    assert!(sent.starts_with("250 "), "{sent}");
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    assert!(zoe.appends("INBOX", LETTER).await.starts_with("OK"));
    for name in NAMES {
        for command in ["SELECT", "EXAMINE", "GETQUOTAROOT", "DELETE"] {
            let answer = zoe.tagged(format!("{command} {name}")).await;
            assert!(answer.starts_with("NO "), "{command} {name}: {answer}");
            zoe.ok("SELECT INBOX").await;
        }
        let is_not_there = |answer: &str| answer.starts_with("NO [TRYCREATE]") || answer.starts_with("NO [CANNOT]");
        for command in ["COPY 1", "MOVE 1"] {
            let answer = zoe.tagged(format!("{command} {name}")).await;
            assert!(is_not_there(&answer), "{command} {name}: {answer}");
        }
        let answer = zoe.appends(name, LETTER).await;
        assert!(is_not_there(&answer), "APPEND {name}: {answer}");
        let answer = zoe.tagged(format!("STATUS {name} (MESSAGES)")).await;
        assert!(answer.starts_with("NO "), "STATUS {name}: {answer}");
        let answer = zoe.tagged(format!("RENAME {name} Mine")).await;
        assert!(answer.starts_with("NO "), "RENAME {name}: {answer}");
    }
    for list in ["LIST \"\" *", "LIST \"paul.durand/\" *", "LIST \"../\" %", "LIST \"/\" *", "LSUB \"u-paul/\" *"] {
        let answers = zoe.ok(list).await.join("\n");
        assert!(!answers.contains("paul") && answers.matches("\"Sent\"").count() <= 1, "{list}: {answers}");
    }
    let mut paul = world.imap_in_inbox("paul.durand").await;
    assert_eq!(paul.ok("SEARCH ALL").await, ["* SEARCH 1"], "Paul still has his one letter");
}

#[tokio::test]
async fn people_with_the_same_letter_share_nothing_but_its_octets() {
    let world = World::new().await;
    let mut anne = world.smtp("anne").await;
    anne.submits("anne.martin@ent.test", &["conseil@ent.test"], LETTER).await;
    let mut paul = world.imap_in_inbox("paul.durand").await;
    let mut anne = world.imap_in_inbox("anne").await;
    anne.ok("STORE 1 +FLAGS (\\Flagged \\Deleted private)").await;
    anne.ok("EXPUNGE").await;
    assert_eq!(paul.ok("NOOP").await, Vec::<String>::new());
    assert_eq!(paul.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"]);
    let keywords = paul.ok("SELECT INBOX").await.join("\n");
    assert!(!keywords.contains("private"), "{keywords}");
}

#[tokio::test]
async fn a_session_that_ended_leaves_nothing_to_the_next() {
    let world = World::new().await;
    let mut paul = world.imap_in_inbox("paul.durand").await;
    paul.appends("INBOX", LETTER).await;
    paul.ok("UNSELECT").await;
    assert!(paul.tagged("FETCH 1 BODY[]").await.starts_with("BAD"));
    for again in [format!("LOGIN zoe.noir \"{PASSWORD}\""), "AUTHENTICATE PLAIN =".to_owned()] {
        assert!(paul.tagged(&again).await.starts_with("BAD"), "{again}");
    }
    let mut zoe = world.imap("zoe.noir").await;
    assert!(zoe.tagged("FETCH 1 BODY[]").await.starts_with("BAD"));
    assert_eq!(zoe.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 0)"]);
}
