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
