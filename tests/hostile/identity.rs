//! Writing as somebody else, to those whom one may not write to, and learning who they are.

use crate::world::World;

const ZOE: &str = "zoe.noir@ent.test";
const ANNE: &str = "anne.martin@ent.test";
const PAUL: &str = "paul.durand@ent.test";

#[tokio::test]
async fn nobody_writes_under_another_name() {
    let world = World::new().await;
    let mut zoe = world.smtp("zoe.noir").await;
    for header in [
        "From: anne.martin@ent.test",
        "From: <anne@ent.test>",
        "From: Zoe <zoe.noir@ent.test>, anne.martin@ent.test",
        "From: zoe.noir@ent.test\r\nFrom: anne.martin@ent.test",
        "From: zoe.noir@ent.test\r\nfrom :\r\n anne.martin@ent.test",
        "From: Anne <anne.martin@ent.test> <zoe.noir@ent.test>",
        "From: Classe: zoe.noir@ent.test, anne.martin@ent.test;",
        "From: =?utf-8?q?anne=2Emartin=40ent=2Etest?=",
        "From: <=?utf-8?q?zoe?=.noir@ent.test>",
        "From: zoe.noir@ent.test\r\nSender: anne.martin@ent.test",
        "From: zoe.noir@ent.test\r\nSender: zoe.noir@ent.test\r\nSender: anne.martin@ent.test",
        "From: zoe.noir@ent.test\0\r\nSubject: x",
        "From anne.martin@ent.test Mon Nov 23 10:00:00 2026\r\nFrom: zoe.noir@ent.test",
        " From: anne.martin@ent.test\r\nFrom: zoe.noir@ent.test",
        "Fr\u{43e}m: anne.martin@ent.test\r\nFrom: zoe.noir@ent.test",
        "From: zoe.noir@ent.test\r\nnot a field",
        "From: \"zoe.noir@ent.test",
        "From: zoe.noir@ent.test@ent.test",
        "From: zoe.noir@ent.test.",
        "Subject: nobody",
    ] {
        let reply = zoe.submits(ZOE, &[ZOE], format!("{header}\r\n\r\nx")).await;
        assert!(reply.starts_with("55"), "{header:?}: {reply}");
    }
    for envelope in [ANNE, "anne@ent.test", "", "zoe.noir@elsewhere.test", "u-anne@ent.test"] {
        let reply = zoe.submits(envelope, &[ZOE], "From: zoe.noir@ent.test\r\n\r\nx").await;
        assert!(reply.starts_with("55"), "{envelope}: {reply}");
    }
    let inbox = world.imap("zoe.noir").await.ok("STATUS INBOX (MESSAGES)").await;
    assert_eq!(inbox, ["* STATUS INBOX (MESSAGES 0)"]);
}

#[tokio::test]
async fn the_same_message_of_somebody_else_folds_onto_nothing() {
    let world = World::new().await;
    // Zoé has got hold of the Message-ID before Anne's letter is there, and has it lie in her own Sent.
    let mut thief = world.imap("zoe.noir").await;
    let letter = "From: anne.martin@ent.test\r\nMessage-ID: <stolen@ent.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\
                  Subject: s\r\n\r\nreal\r\n";
    assert!(thief.appends("Sent", letter).await.starts_with("OK [APPENDUID"));
    let mut zoe = world.smtp("zoe.noir").await;
    let forged = letter.replace("anne.martin", "zoe.noir");
    assert!(zoe.submits(ZOE, &[ZOE], &forged).await.starts_with("250 "));
    let mut anne = world.smtp("anne").await;
    for _ in 0..2 {
        assert!(anne.submits(ANNE, &[PAUL], letter).await.starts_with("250 "));
    }
    let mut paul = world.smtp("paul.durand").await;
    assert!(paul.submits(PAUL, &[ANNE], letter.replace("anne.martin", "paul.durand")).await.starts_with("250 "));
    for (login, inbox, sent) in [("anne", 1, 1), ("paul.durand", 1, 1), ("zoe.noir", 1, 2)] {
        let mut client = world.imap(login).await;
        let counted = client.ok("STATUS INBOX (MESSAGES)").await;
        assert_eq!(counted, [format!("* STATUS INBOX (MESSAGES {inbox})")], "{login}");
        // Zoé: what she appended has another body's header, the same body: her client's copy counts as hers.
        let counted = client.ok("STATUS Sent (MESSAGES)").await.remove(0);
        let count: u32 = counted.trim_end_matches(')').rsplit(' ').next().unwrap().parse().unwrap();
        assert!((1..=sent).contains(&count), "{login}: {counted}");
    }
    let mut paul = world.imap_in_inbox("paul.durand").await;
    let got = paul.ok("FETCH 1 BODY[]").await.join("");
    assert!(got.contains("From: anne.martin@ent.test") && got.contains("real"), "{got}");
}

#[tokio::test]
async fn a_pupil_reaches_nobody_whom_the_rules_hide() {
    let world = World::new().await;
    let mut zoe = world.smtp("zoe.noir").await;
    let refusal = |reply: String, address: &str| {
        assert!(reply.starts_with("550 5.7.1 "), "{address}: {reply}");
        reply.replace(address, "")
    };
    zoe.asks(format!("MAIL FROM:<{ZOE}>")).await;
    // Suspended or not, alias or not, person or group with so many members: one and the same sentence.
    let mut told = Vec::new();
    for address in [PAUL, "anne@ent.test", "luc.petit@ent.test", "conseil@ent.test"] {
        told.push(refusal(zoe.asks(format!("RCPT TO:<{address}>")).await, address));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    let closed = zoe.asks("RCPT TO:<parents.2025@ent.test>").await;
    assert!(closed.starts_with("550 5.1.6 "), "{closed}");
    for (line, code) in [("VRFY paul.durand", "252"), ("VRFY nobody", "252"), ("EXPN conseil", "502"), ("DATA", "554")]
    {
        let reply = zoe.asks(line).await;
        assert!(reply.starts_with(code) && !reply.contains("paul"), "{line}: {reply}");
    }
    assert_eq!(zoe.asks("VRFY paul.durand").await, zoe.asks("VRFY nobody").await);
}

#[tokio::test]
async fn blind_recipients_are_told_to_the_sender_only() {
    let world = World::new().await;
    let mut anne = world.smtp("anne").await;
    let letter = "From: anne.martin@ent.test\r\nTo: anne@ent.test\r\nBcc: paul.durand@ent.test\r\nbcc :\r\n \
                  paul.durand@ent.test\r\nResent-Bcc: paul.durand@ent.test\r\n\r\nx";
    assert!(anne.submits(ANNE, &[ANNE, PAUL], letter).await.starts_with("250 "));
    for login in ["anne", "paul.durand"] {
        let got = world.imap_in_inbox(login).await.ok("FETCH 1 (BODY[] ENVELOPE)").await.join("");
        assert!(got.contains("anne@ent.test") && !got.to_lowercase().contains("paul"), "{login}: {got}");
        let found = world.imap_in_inbox(login).await.ok("SEARCH OR BCC paul TEXT paul").await;
        assert_eq!(found, ["* SEARCH"], "{login}");
    }
    let mut sender = world.imap("anne").await;
    sender.ok("SELECT Sent").await;
    assert!(sender.ok("FETCH 1 BODY[]").await.join("").contains("Bcc: paul.durand@ent.test"));
}
