//! FETCH: items, sections, partials, large messages, slow readers.

use passerelle::connection::Security;
use passerelle::connection::Start;

use crate::world::{PASSWORD, World, letter};

const MIXED: &str = "From: Anne <anne.martin@ent.test>\r\nTo: Luc <luc.petit@ent.test>\r\nSubject: Sortie\r\n\
    Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <m@ent.test>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--b\r\nContent-Type: text/csv; name=a.csv\r\n\
    Content-Disposition: attachment; filename=a.csv\r\n\r\nx;y\r\n--b--\r\n";

#[tokio::test]
async fn sections_and_partials() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    client.appends("INBOX", MIXED).await;
    let cases = [
        (
            "BODY.PEEK[HEADER.FIELDS (subject FROM X-None)]",
            "BODY[HEADER.FIELDS (subject FROM X-None)] {54}\r\nFrom: Anne <anne.martin@ent.test>\r\nSubject: Sortie\r\n\r\n",
        ),
        ("BODY.PEEK[1]", "BODY[1] {7}\r\nBonjour"),
        ("BODY.PEEK[1]<0.3>", "BODY[1]<0> {3}\r\nBon"),
        ("BODY.PEEK[1]<3.393216>", "BODY[1]<3> {4}\r\njour"),
        ("BODY.PEEK[1]<7.100>", "BODY[1]<7> \"\""),
        ("BODY.PEEK[1]<5000.100>", "BODY[1]<5000> \"\""),
        ("BODY.PEEK[2.MIME]<0.12>", "BODY[2.MIME]<0> {12}\r\nContent-Type"),
        ("BODY.PEEK[9]", "BODY[9] NIL"),
        ("BODY.PEEK[HEADER.FIELDS (Subject)]<9.6>", "BODY[HEADER.FIELDS (Subject)]<9> {6}\r\nSortie"),
        ("BODY.PEEK[HEADER.FIELDS (X-None)]", "BODY[HEADER.FIELDS (X-None)] {2}\r\n\r\n"),
    ];
    for (asked, expected) in cases {
        assert_eq!(
            client.ok(format!("UID FETCH 1 ({asked})")).await,
            [format!("* 1 FETCH (UID 1 {expected})")],
            "{asked}"
        );
    }
    let whole = client.ok("FETCH 1 BODY.PEEK[]").await;
    assert_eq!(whole, [format!("* 1 FETCH (BODY[] {{{}}}\r\n{MIXED})", MIXED.len())]);
    assert_eq!(client.ok("FETCH 1 RFC822.HEADER").await.len(), 1);
    assert_eq!(client.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"], "nothing of this sets \\Seen");
}

#[tokio::test]
async fn structures() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    client.appends("INBOX", MIXED).await;
    let all = client.ok("FETCH 1 FULL").await;
    assert!(all[0].starts_with("* 1 FETCH (FLAGS () INTERNALDATE \""), "{all:?}");
    assert!(all[0].contains(
        "ENVELOPE (\"Mon, 23 Nov 2026 10:00:00 +0100\" \"Sortie\" ((\"Anne\" NIL \"anne.martin\" \"ent.test\"))"
    ));
    assert!(all[0].contains(" BODY ((\"TEXT\" \"PLAIN\"") || all[0].contains(" BODY ((\"text\" \"plain\""), "{all:?}");
    assert!(!all[0].to_lowercase().contains("attachment"));
    let structure = client.ok("FETCH 1 BODYSTRUCTURE").await;
    assert!(structure[0].to_lowercase().contains("(\"attachment\" (\"filename\" \"a.csv\"))"), "{structure:?}");
}

#[tokio::test]
async fn reading_sets_seen_and_says_so() {
    let world = World::new().await;
    let (mut client, mut other) = (world.anne_in("INBOX").await, world.anne_in("INBOX").await);
    client.appends("INBOX", letter("un", "abc")).await;
    client.appends("INBOX", letter("deux", "def")).await;
    other.ok("NOOP").await;
    let fetched = client.ok("UID FETCH 1:2 (FLAGS BODY[TEXT]<0.3>)").await;
    assert_eq!(fetched[0], "* 1 FETCH (UID 1 FLAGS (\\Seen) BODY[TEXT]<0> {3}\r\nabc)");
    assert_eq!(fetched.len(), 2);
    assert_eq!(client.ok("NOOP").await, Vec::<String>::new());
    assert_eq!(other.ok("NOOP").await.len(), 2);
}

#[tokio::test]
async fn ranges_above_the_last_message_give_the_last() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    assert_eq!(client.ok("UID FETCH 1:* (FLAGS)").await, Vec::<String>::new());
    client.appends("INBOX", letter("un", "x")).await;
    client.appends("INBOX", letter("deux", "x")).await;
    assert_eq!(client.ok("UID FETCH 77:* (FLAGS)").await, ["* 2 FETCH (UID 2 FLAGS ())"]);
    assert_eq!(client.ok("UID FETCH 77:99 (FLAGS)").await, Vec::<String>::new());
    assert_eq!(client.ok("UID FETCH 1:4294967295 (UID)").await.len(), 2);
    assert!(client.tagged("FETCH 3 FLAGS").await.starts_with("BAD"));
}

#[tokio::test]
async fn a_large_message_comes_back_octet_for_octet() {
    let world = World::new().await;
    let mut client = world.anne_in("INBOX").await;
    let line = "0123456789 abcdefghijklmnopqrstuvwxyz\r\n";
    let message = format!("{}{}", letter("lourd", ""), line.repeat(40_000));
    assert!(client.appends("INBOX", &message).await.starts_with("OK [APPENDUID "));
    let fetched = client.ok("FETCH 1 BODY[]").await;
    assert_eq!(fetched, [format!("* 1 FETCH (BODY[] {{{}}}\r\n{message} FLAGS (\\Seen))", message.len())]);
    let mut joined = String::new();
    for offset in (0..message.len()).step_by(393_216) {
        let piece = client.ok(format!("UID FETCH 1 (UID BODY.PEEK[]<{offset}.393216>)")).await.remove(0);
        let (_, octets) = piece.split_once("}\r\n").unwrap();
        joined.push_str(octets.strip_suffix(')').unwrap());
    }
    assert!(joined == message, "the pieces join");
}

#[tokio::test]
async fn a_slow_reader_gets_everything() {
    let world = World::new().await;
    let mut writer = world.anne().await;
    let body = "x".repeat(3000);
    for index in 0..300 {
        writer.appends("INBOX", letter(&index.to_string(), &body)).await;
    }
    let mut client = world.connect(Security::Tls, Start::Greeting, 512);
    client.response().await;
    client.ok(format!("LOGIN anne \"{PASSWORD}\"")).await;
    client.ok("SELECT INBOX").await;
    let fetched = client.ok("UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])").await;
    assert_eq!(fetched.len(), 300);
    assert!(fetched.iter().enumerate().all(|(index, line)| line.contains(&format!("Subject: {index}\r\n"))));
}
