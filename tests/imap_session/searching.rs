//! SEARCH and ESEARCH.

use crate::world::{Client, World};

async fn client_with_letters(world: &World) -> Client {
    let mut client = world.anne_in("INBOX").await;
    let letters = [
        (
            "=?utf-8?q?R=C3=A9union_de_rentr=C3=A9e?=",
            "Ordre du jour : bilan",
            "anne.martin",
            "Mon, 2 Nov 2026 10:00:00 +0000",
        ),
        ("Sortie au théâtre", "Rendez-vous à midi", "luc.petit", "Tue, 3 Nov 2026 10:00:00 +0000"),
        ("Cantine", "Menu de la semaine", "luc.petit", "Wed, 4 Nov 2026 10:00:00 +0000"),
    ];
    for (index, (subject, body, from, date)) in letters.into_iter().enumerate() {
        let message = format!(
            "From: {from}@ent.test\r\nTo: tous@ent.test\r\nSubject: {subject}\r\nDate: {date}\r\nX-Classe: 6\u{e8}me\r\n\
             Message-ID: <m{index}@ent.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
        );
        let answer = client.appends(&format!("INBOX \"{:2}-Nov-2026 23:30:00 +0000\"", index + 10), message).await;
        assert!(answer.starts_with("OK"), "{answer}");
    }
    client.ok("STORE 2 +FLAGS.SILENT (\\Seen $Important)").await;
    client
}

#[tokio::test]
async fn every_kind_of_key() {
    let world = World::new().await;
    let mut client = client_with_letters(&world).await;
    let cases = [
        ("ALL", "1 2 3"),
        ("UNSEEN", "1 3"),
        ("KEYWORD $important", "2"),
        ("UNKEYWORD $Important 2:3", "3"),
        ("NOT 2", "1 3"),
        ("OR 1 UID 3", "1 3"),
        ("RECENT", ""),
        ("OLD", "1 2 3"),
        ("BEFORE 11-Nov-2026", "1"),
        ("ON 11-Nov-2026", "2"),
        ("SINCE 11-Nov-2026", "2 3"),
        ("SENTBEFORE 3-Nov-2026", "1"),
        ("SENTON 3-Nov-2026", "2"),
        ("SENTSINCE 3-Nov-2026", "2 3"),
        ("LARGER 1", "1 2 3"),
        ("SMALLER 1", ""),
        ("FROM LUC", "2 3"),
        ("SUBJECT reunion", "1"),
        ("SUBJECT \"DE RENTREE\"", "1"),
        ("BODY MIDI", "2"),
        ("TEXT luc SUBJECT cantine", "3"),
        ("TEXT semaine", "3"),
        ("TEXT 6eme", "1 2 3"),
        ("HEADER Message-ID m1@ent.test", "2"),
        ("HEADER X-Classe \"\"", "1 2 3"),
        ("HEADER X-Absent \"\"", ""),
        ("OR BODY bilan SUBJECT cantine", "1 3"),
        ("NOT (BODY bilan)", "2 3"),
        ("UNSEEN (OR FROM anne BODY menu)", "1 3"),
        ("1:* NOT DELETED", "1 2 3"),
    ];
    for (keys, expected) in cases {
        let expected = format!("* SEARCH {expected}").trim_end().to_owned();
        assert_eq!(client.ok(format!("SEARCH {keys}")).await, [expected], "{keys}");
    }
}

#[tokio::test]
async fn charsets() {
    let world = World::new().await;
    let mut client = client_with_letters(&world).await;
    client.sends("a UID SEARCH CHARSET UTF-8 UNDELETED SUBJECT \"tre\" SUBJECT {9}\r\n").await;
    assert!(client.response().await.starts_with("+ "));
    client.sends("théâtre\r\n").await;
    assert_eq!(client.answer("a").await, ["* SEARCH 2", "OK SEARCH completed"]);
    let refused = client.tagged("SEARCH CHARSET KOI8-R ALL").await;
    assert!(refused.starts_with("NO [BADCHARSET (US-ASCII UTF-8)] "), "{refused}");
}

#[tokio::test]
async fn esearch() {
    let world = World::new().await;
    let mut client = client_with_letters(&world).await;
    client.sends("a UID SEARCH RETURN (MIN MAX COUNT ALL) ALL\r\n").await;
    assert_eq!(client.answer("a").await[0], "* ESEARCH (TAG \"a\") UID MIN 1 MAX 3 ALL 1:3 COUNT 3");
    client.sends("b SEARCH RETURN () UNSEEN\r\n").await;
    assert_eq!(client.answer("b").await[0], "* ESEARCH (TAG \"b\") ALL 1,3");
    client.sends("c SEARCH RETURN (MIN COUNT) DELETED\r\n").await;
    assert_eq!(client.answer("c").await[0], "* ESEARCH (TAG \"c\") COUNT 0");
    let by_mod_seq = client.ok("SEARCH MODSEQ 1").await;
    assert!(by_mod_seq[1].starts_with("* SEARCH 1 2 3 (MODSEQ "), "{by_mod_seq:?}");
}

/// Days as RFC 9051 §6.4.4 has them: of INTERNALDATE the one that FETCH tells, of Date the one that is written.
#[tokio::test]
async fn days_disregard_time_and_zone() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    for (arrived, sent) in [
        ("10-Nov-2026 23:30:00 -0200", "Date: Tue, 10 Nov 2026 23:30:00 -0800\r\n"),
        ("11-Nov-2026 00:30:00 +0000", "Date: Wed, 11 Nov 2026 00:30:00 +1300\r\n"),
        ("11-Nov-2026 12:00:00 +0000", "Date: yesterday\r\n"),
        ("12-Nov-2026 12:00:00 +0000", ""),
    ] {
        let message = format!("From: a@ent.test\r\n{sent}\r\nx\r\n");
        assert!(client.appends(&format!("INBOX \"{arrived}\""), message).await.starts_with("OK"));
    }
    assert_eq!(client.ok("FETCH 1 INTERNALDATE").await, ["* 1 FETCH (INTERNALDATE \"11-Nov-2026 01:30:00 +0000\")"],);
    for (keys, expected) in [
        ("ON 10-Nov-2026", ""),
        ("ON 11-Nov-2026", "1 2 3"),
        ("BEFORE 12-Nov-2026", "1 2 3"),
        ("SINCE 12-Nov-2026", "4"),
        ("SINCE \"12-Nov-2026\" BEFORE 12-Nov-2026", ""),
        ("SENTON 10-Nov-2026", "1"),
        ("SENTON 11-Nov-2026", "2"),
        ("SENTBEFORE 11-Nov-2026", "1"),
        ("SENTSINCE 10-Nov-2026", "1 2"),
        ("NOT SENTSINCE 1-Jan-1970", "3 4"),
    ] {
        let expected = format!("* SEARCH {expected}").trim_end().to_owned();
        assert_eq!(client.ok(format!("SEARCH {keys}")).await, [expected], "{keys}");
    }
}

/// RFC 9051 §6.4.4, key by key, where a server is easily wrong by one.
#[tokio::test]
async fn edges_of_keys() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    let message = "From: \"Dupont, Zo\u{e9}\" <zoe@ent.test>\r\nSubject: one\r\nX-A: first\r\nX-A: second\r\nX-Empty:\r\n\
                   Message-ID: <A@ent.test>\r\n\r\nx\r\n";
    assert!(client.appends("INBOX (\\Draft $Label)", message).await.starts_with("OK"));
    let size = message.len();
    let cases = [
        (format!("LARGER {size}"), false),
        (format!("LARGER {}", size - 1), true),
        (format!("SMALLER {size}"), false),
        (format!("SMALLER {}", size + 1), true),
        ("DRAFT".to_owned(), true),
        ("UNDRAFT".to_owned(), false),
        ("NEW".to_owned(), false),
        ("OLD".to_owned(), true),
        ("RECENT".to_owned(), false),
        ("KEYWORD $LABEL".to_owned(), true),
        ("KEYWORD $Lab".to_owned(), false),
        ("UNKEYWORD $other".to_owned(), true),
        ("HEADER x-a second".to_owned(), true),
        ("HEADER x-a \"first second\"".to_owned(), false),
        ("HEADER X-Empty \"\"".to_owned(), true),
        ("HEADER X-Empty x".to_owned(), false),
        ("HEADER X-Other \"\"".to_owned(), false),
        ("HEADER MESSAGE-ID <a@ENT.test>".to_owned(), true),
        ("HEADER Message-ID a@ent".to_owned(), true),
        ("HEADER Message-ID <b@ent.test>".to_owned(), false),
        ("NOT HEADER Message-ID <b@ent.test>".to_owned(), true),
        ("FROM \"dupont, zoe zoe@ent\"".to_owned(), true),
        ("SUBJECT \"\"".to_owned(), true),
        ("BODY subject".to_owned(), false),
        // Names of fields are no text of the message's: a person who looks for "date" wants letters that say it.
        ("TEXT subject".to_owned(), false),
        ("TEXT first".to_owned(), true),
        ("SUBJECT \"on\u{e8}\"".to_owned(), true),
    ];
    for (keys, matches) in cases {
        let expected = if matches { "* SEARCH 1" } else { "* SEARCH" };
        assert_eq!(client.ok(format!("SEARCH {keys}")).await, [expected], "{keys}");
    }
    let refused = client.says(b"SEARCH SUBJECT \"\xe9\"").await;
    assert!(refused[0].starts_with("BAD"), "{refused:?}");
}
