//! Recall in the hands of those who should not: pupils, readers, whoever copied a letter; and what a notice must not tell.

use passerelle::model::Profile;

use crate::world::{Client, World};

const ZOE: &str = "zoe.noir@ent.test";
const ANNE: &str = "anne.martin@ent.test";
const PAUL: &str = "paul.durand@ent.test";

/// Anne may write to Zoé, and Zoé to Anne and Paul.
const LINKS: &[&str] = &["insert into direct_link (from_user_id, to_user_id) values
    ('u-anne', 'u-zoe'), ('u-zoe', 'u-anne'), ('u-zoe', 'u-paul')"];

fn letter(from: &str, to: &str, more: &str, text: &str) -> String {
    format!(
        "From: {from}\r\nTo: {to}\r\n{more}Message-ID: <one@ent.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\
         Subject: Conseil de discipline\r\n\r\n{text}\r\n"
    )
}

async fn messages(client: &mut Client, mailbox: &str) -> String {
    client.ok(format!("STATUS {mailbox} (MESSAGES)")).await.join("")
}

/// Everybody may recall what they sent: the rest must hold by itself.
async fn world() -> World {
    let world = World::with(|config| config.recall.profiles = Profile::ALL.to_vec()).await;
    world.runs(LINKS).await;
    world
}

#[tokio::test]
async fn a_pupil_takes_back_nothing_of_a_teachers() {
    let world = world().await;
    let mut anne = world.smtp("anne").await;
    let text = letter(ANNE, &format!("{ZOE}, {PAUL}"), "", "Le texte de Anne");
    assert!(anne.submits(ANNE, &[ZOE, PAUL], &text).await.starts_with("250 "));
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    for command in ["COPY 1 Rappeler", "MOVE 1 Rappeler", "UID COPY 1 Rappeler", "UID MOVE 1 Rappeler"] {
        assert!(zoe.tagged(command).await.starts_with("NO [NOPERM] "), "{command}");
    }
    // Copied to Sent, appended to Sent, sent on under the same Message-ID, with Anne's text.
    zoe.ok("COPY 1 Sent").await;
    assert!(zoe.appends("Sent", &text).await.starts_with("OK "));
    zoe.ok("SELECT Sent").await;
    assert!(zoe.tagged("UID MOVE 1 Rappeler").await.starts_with("NO [NOPERM] "));
    let own = letter(ZOE, PAUL, "", "Le texte de Anne");
    assert!(world.smtp("zoe.noir").await.submits(ZOE, &[PAUL], &own).await.starts_with("250 "));
    zoe.ok("NOOP").await;
    assert!(zoe.tagged("UID MOVE 1 Rappeler").await.starts_with("NO [NOPERM] "), "another letter of this Message-ID");
    zoe.ok("UID MOVE 2 Rappeler").await;
    let mut paul = world.imap_in_inbox("paul.durand").await;
    let left = paul.ok("FETCH 1:* (UID BODY[])").await.join("\n");
    assert!(left.contains("From: anne.martin@ent.test") && left.contains("Le texte de Anne"), "{left}");
    assert!(left.contains("UID 3") && left.contains("From: zoe.noir@ent.test\r\nSender: noreply@ent.test"), "{left}");
    assert_eq!(messages(&mut zoe, "INBOX").await, "* STATUS INBOX (MESSAGES 1)");
    // By APPEND, REPLACE and RENAME nothing gets there either.
    zoe.ok("SELECT INBOX").await;
    assert!(zoe.appends("Rappeler", &text).await.starts_with("NO [CANNOT] "));
    let replacing = format!("UID REPLACE 1 Rappeler {{{}+}}\r\n{text}", text.len());
    assert!(zoe.tagged(replacing).await.starts_with("NO [CANNOT] "));
    zoe.ok("CREATE Autre").await;
    assert!(zoe.tagged("RENAME Autre Rappeler").await.starts_with("NO [CANNOT] "));
    assert!(zoe.tagged("RENAME INBOX Rappeler").await.starts_with("NO [CANNOT] "));
    assert_eq!(messages(&mut zoe, "INBOX").await, "* STATUS INBOX (MESSAGES 1)");
    assert_eq!(messages(&mut zoe, "Rappeler").await, "* STATUS Rappeler (MESSAGES 1)");
}

#[tokio::test]
async fn a_profile_that_may_not_recall_is_told_so() {
    let world = World::new().await;
    world.runs(LINKS).await;
    let mut zoe = world.imap("zoe.noir").await;
    let own = letter(ZOE, PAUL, "", "Insultes");
    assert!(world.smtp("zoe.noir").await.submits(ZOE, &[PAUL], &own).await.starts_with("250 "));
    zoe.ok("SELECT Sent").await;
    assert!(zoe.tagged("MOVE 1 Rappeler").await.starts_with("NO [TRYCREATE] "));
    assert!(zoe.tagged("CREATE Rappeler").await.starts_with("NO [CANNOT] "));
    // One that is there from before the setting.
    zoe.ok("CREATE Autre").await;
    world.runs(&["update mailbox set name = 'Rappeler' where name = 'Autre'"]).await;
    for command in ["MOVE 1 Rappeler", "COPY 1 Rappeler"] {
        let told = zoe.tagged(command).await;
        assert!(told.starts_with("NO [NOPERM] Rappel refuse : votre profil"), "{told}");
    }
    assert_eq!(messages(&mut zoe, "Sent").await, "* STATUS Sent (MESSAGES 1)");
    let left = world.imap_in_inbox("paul.durand").await.ok("FETCH 1 BODY[]").await.join("");
    assert!(left.contains("Insultes"), "{left}");
}

#[tokio::test]
async fn a_notice_tells_neither_bcc_nor_subject_and_lets_nobody_answer() {
    let world = world().await;
    let mut anne = world.smtp("anne").await;
    let text = letter(ANNE, "anne@ent.test", &format!("Bcc: {ZOE}, {PAUL}\r\n"), "Le texte de Anne");
    assert!(anne.submits(ANNE, &[ZOE, PAUL], &text).await.starts_with("250 "));
    let mut sent = world.imap("anne").await;
    sent.ok("SELECT Sent").await;
    sent.ok("MOVE 1 Rappeler").await;
    let mut notices = Vec::new();
    for login in ["zoe.noir", "paul.durand"] {
        let mut reader = world.imap_in_inbox(login).await;
        let notice = reader.ok("FETCH 1:* (UID BODY.PEEK[] ENVELOPE)").await.join("\n");
        for hidden in ["zoe", "paul", "anne@ent.test", "discipline", "Le texte"] {
            assert!(!notice.to_lowercase().contains(&hidden.to_lowercase()), "{hidden}: {notice}");
        }
        assert!(notice.contains("UID 2 ") && !notice.contains("UID 1 "), "{notice}");
        // What is gone cannot be had by UID, by search, or out of a URL.
        assert_eq!(reader.ok("UID FETCH 1 BODY[]").await, [] as [String; 0]);
        assert_eq!(reader.ok("UID SEARCH TEXT texte").await, ["* SEARCH"]);
        let url = "APPEND Drafts CATENATE (URL \"/INBOX/;UID=1\")";
        assert!(reader.tagged(url).await.starts_with("NO [BADURL "));
        notices.push(notice);
    }
    assert_eq!(notices[0], notices[1], "one for all");
    world.runs(&["delete from direct_link"]).await;
    let mut zoe = world.smtp("zoe.noir").await;
    zoe.asks(format!("MAIL FROM:<{ZOE}>")).await;
    assert!(zoe.asks(format!("RCPT TO:<{ANNE}>")).await.starts_with("550 5.7.1 "), "neither the letter nor the notice");
    // Her client puts back what it had kept: hers, and it opens nothing.
    let kept = letter(ANNE, "anne@ent.test", "", "Le texte de Anne");
    assert!(world.imap("zoe.noir").await.appends("INBOX", &kept).await.starts_with("OK "));
    assert!(zoe.asks(format!("RCPT TO:<{ANNE}>")).await.starts_with("550 5.7.1 "));
}
