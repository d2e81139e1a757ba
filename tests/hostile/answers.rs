//! Answering what one never got: forged, borrowed and doctored messages, strange Message-IDs, whole schools by groups
//! within groups.
//!
//! No rule lets Zoé write to anybody. Anne may write to her: a link says so.

use crate::world::{Client, World};

const ZOE: &str = "zoe.noir@ent.test";
const ANNE: &str = "anne.martin@ent.test";
const PAUL: &str = "paul.durand@ent.test";
const GROUP: &str = "conseil@ent.test";

const LINK: &[&str] = &["insert into direct_link (from_user_id, to_user_id) values ('u-anne', 'u-zoe')"];

async fn world() -> World {
    let world = World::new().await;
    world.runs(LINK).await;
    world
}

/// Zoé may write to none of them, whatever the message says.
#[track_caller]
fn reaches_none<'c>(zoe: &'c mut Client, people: &'c [&'c str]) -> impl Future<Output = ()> + 'c {
    let place = std::panic::Location::caller();
    async move {
        zoe.asks(format!("MAIL FROM:<{ZOE}>")).await;
        for person in people {
            let reply = zoe.asks(format!("RCPT TO:<{person}>")).await;
            assert!(reply.starts_with("550 5.7.1 "), "{place}: {person}: {reply}");
        }
        zoe.asks("RSET").await;
    }
}

fn letter(from: &str, to: &str, id: &str, answers: &str) -> String {
    let answers = if answers.is_empty() { String::new() } else { format!("In-Reply-To: <{answers}>\r\n") };
    format!(
        "From: {from}\r\nTo: {to}\r\nMessage-ID: <{id}@ent.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n{answers}\r\nx\r\n"
    )
}

#[tokio::test]
async fn what_one_files_oneself_opens_nothing() {
    let world = world().await;
    let mut anne = world.smtp("anne").await;
    let real = letter(ANNE, PAUL, "real", "");
    assert!(anne.submits(ANNE, &[PAUL], &real).await.starts_with("250 "));
    let mut mailboxes = world.imap("zoe.noir").await;
    let mut zoe = world.smtp("zoe.noir").await;
    // Forged; and, octet for octet, what somebody else got.
    for message in [letter(PAUL, ZOE, "forged", ""), letter(ZOE, PAUL, "mine", ""), real] {
        for mailbox in ["INBOX", "Sent", "Drafts"] {
            assert!(mailboxes.appends(mailbox, &message).await.starts_with("OK "));
        }
        reaches_none(&mut zoe, &[PAUL, ANNE, GROUP]).await;
    }
    // The rows that the two share are of one message, and she still did not get it.
    mailboxes.ok("SELECT INBOX").await;
    mailboxes.ok("COPY 1:* Trash").await;
    reaches_none(&mut zoe, &[PAUL, ANNE]).await;
}

#[tokio::test]
async fn a_name_in_the_header_is_not_a_recipient() {
    let world = world().await;
    let mut zoe = world.smtp("zoe.noir").await;
    // She writes to herself, and names whom she likes.
    assert!(zoe.submits(ZOE, &[ZOE], letter(ZOE, &format!("{PAUL}, {ANNE}"), "self", "")).await.starts_with("250 "));
    reaches_none(&mut zoe, &[PAUL, ANNE]).await;
    // An accomplice names Paul, and sends it to her alone; then to her and the group, which Paul is in.
    let mut anne = world.smtp("anne").await;
    for (id, recipients) in [("one", &[ZOE][..]), ("two", &[ZOE, GROUP][..])] {
        let shown = format!("{ZOE}, {PAUL}, {GROUP}");
        assert!(anne.submits(ANNE, recipients, letter(ANNE, &shown, id, "")).await.starts_with("250 "));
        reaches_none(&mut zoe, &[PAUL, GROUP]).await;
        let answer = zoe.submits(ZOE, &[ANNE], letter(ZOE, ANNE, "answer", &format!("{id}@ent.test"))).await;
        assert!(answer.starts_with("250 "), "{answer}");
    }
    // What is hidden from her is not hers to answer.
    let hidden = letter(ANNE, ZOE, "three", "").replace("To:", "Bcc: paul.durand@ent.test\r\nTo:");
    assert!(anne.submits(ANNE, &[ZOE, PAUL], hidden).await.starts_with("250 "));
    reaches_none(&mut zoe, &[PAUL]).await;
    // Whom Anne addresses for her to see, she may answer: to the person, not to the group.
    assert!(
        anne.submits(ANNE, &[ZOE, PAUL], letter(ANNE, &format!("{ZOE}, {PAUL}"), "four", "")).await.starts_with("250 ")
    );
    let all = zoe.submits(ZOE, &[ANNE, PAUL], letter(ZOE, ANNE, "all", "four@ent.test")).await;
    assert!(all.starts_with("250 "), "{all}");
    reaches_none(&mut zoe, &[GROUP]).await;
}

#[tokio::test]
async fn an_answer_names_a_message_that_one_got() {
    let world = world().await;
    let mut anne = world.smtp("anne").await;
    assert!(anne.submits(ANNE, &[ZOE], letter(ANNE, ZOE, "hers", "")).await.starts_with("250 "));
    assert!(anne.submits(ANNE, &[PAUL], letter(ANNE, PAUL, "his", "")).await.starts_with("250 "));
    let mut zoe = world.smtp("zoe.noir").await;
    // She has a message of her own with the Message-ID of Paul's, sent to herself, and one that she filed.
    assert!(zoe.submits(ZOE, &[ZOE], letter(ZOE, ANNE, "his", "")).await.starts_with("250 "));
    world.imap("zoe.noir").await.appends("INBOX", letter(ANNE, ZOE, "filed", "")).await;
    for answered in ["his@ent.test", "filed@ent.test", "nobody@ent.test", "", "hers", "> <hers@ent.testing"] {
        let refused = zoe.submits(ZOE, &[ANNE], letter(ZOE, ANNE, "new", answered)).await;
        assert!(refused.starts_with("550 5.7.1 ") && refused.contains(ANNE), "{answered}: {refused}");
    }
    // More Message-IDs than are looked at: the last ones count, so that long threads can be answered.
    let many: String = (0..200).map(|number| format!("<{number}@ent.test>\r\n ")).collect();
    for (references, code) in
        [(format!("{many}<hers@ent.test>"), "250 "), (format!("<hers@ent.test>\r\n {many}"), "550 ")]
    {
        let answer =
            letter(ZOE, ANNE, "long", "").replace("\r\n\r\n", &format!("\r\nReferences: {references}\r\n\r\n"));
        let reply = zoe.submits(ZOE, &[ANNE], answer.replace(" \r\n\r\n", "\r\n\r\n")).await;
        assert!(reply.starts_with(code), "{reply}");
    }
    // All or none: whom the rules allow gets nothing either.
    let refused = zoe.submits(ZOE, &[ZOE, ANNE], letter(ZOE, ANNE, "both", "his@ent.test")).await;
    assert!(refused.starts_with("550 5.7.1 "), "{refused}");
    let inbox = world.imap("zoe.noir").await.ok("STATUS INBOX (MESSAGES)").await;
    assert_eq!(inbox, ["* STATUS INBOX (MESSAGES 3)"]);
    // Who is suspended is out of reach, and so is everybody for one who is.
    world.runs(&["update ent_user set suspended = true where id = 'u-anne'"]).await;
    let refused = zoe.submits(ZOE, &[ANNE], letter(ZOE, ANNE, "late", "hers@ent.test")).await;
    assert!(refused.starts_with("550 5.2.1 "), "{refused}");
    world.runs(&["update ent_user set suspended = (id = 'u-zoe')"]).await;
    let refused = zoe.submits(ZOE, &[ANNE], letter(ZOE, ANNE, "later", "hers@ent.test")).await;
    assert!(refused.starts_with("525 5.7.13 "), "{refused}");
}

/// Zoé's class may write to a group; the whole school hangs above it, other classes below it, in as many steps as she likes.
const NESTED: &[&str] = &[
    "insert into ent_group (id, parent_id, kind, name, users_rule, closed, created_at) values
        ('n-school', null, 'Manual', 'École', 'BOTH', false, 0),
        ('n-club', 'n-school', 'Manual', 'Club', 'NONE', false, 0),
        ('n-team', 'n-club', 'Manual', 'Équipe', 'NONE', false, 0),
        ('n-far', 'n-team', 'Manual', 'Loin', 'NONE', false, 0),
        ('n-class', null, 'Manual', 'Classe', 'INCOMING', false, 0)",
    "insert into communication_rule (from_group_id, to_group_id) values
        ('n-class', 'n-club'), ('n-club', 'n-school'), ('n-team', 'n-school')",
    "insert into group_member (group_id, user_id) values
        ('n-class', 'u-zoe'), ('n-team', 'u-zoe'), ('n-school', 'u-anne'), ('n-club', 'u-paul'), ('n-far', 'u-anne')",
    "insert into address (local_part, user_id, group_id, is_primary, created_at) values
        ('n-school', null, 'n-school', true, 0), ('n-club', null, 'n-club', true, 0),
        ('n-team', null, 'n-team', true, 0), ('n-far', null, 'n-far', true, 0), ('n-class', null, 'n-class', true, 0)",
];

#[tokio::test]
async fn groups_within_groups_lead_nowhere() {
    let world = World::new().await;
    world.runs(NESTED).await;
    let mut zoe = world.smtp("zoe.noir").await;
    // Not up, not two steps down, not by a group that one is in without right, nor to one's own.
    reaches_none(&mut zoe, &["n-school@ent.test", "n-far@ent.test", "n-class@ent.test", ANNE, PAUL]).await;
    // What may be written to reaches its own members: nobody of the groups around it.
    let club = letter(ZOE, "n-club@ent.test, n-school@ent.test", "club", "");
    assert!(zoe.submits(ZOE, &["n-club@ent.test", "n-team@ent.test"], club).await.starts_with("250 "));
    for (login, count) in [("paul.durand", 1), ("anne", 0), ("zoe.noir", 1)] {
        let inbox = world.imap(login).await.ok("STATUS INBOX (MESSAGES)").await;
        assert_eq!(inbox, [format!("* STATUS INBOX (MESSAGES {count})")], "{login}");
    }
    // Nor does having written to a group tell who is in it, or open them.
    reaches_none(&mut zoe, &[PAUL, ANNE]).await;
    let mut sent = world.imap("zoe.noir").await;
    sent.ok("SELECT Sent").await;
    let kept = sent.ok("FETCH 1:* BODY[]").await.join("");
    assert!(!kept.contains("paul") && !kept.contains("anne"), "{kept}");
}
