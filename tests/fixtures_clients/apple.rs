//! Apple Mail: iOS 18 writes many commands at once; macOS obeys special-use attributes that it never asked for.

use crate::world::{PASSWORD, World, letter};
use crate::{appended, in_one_piece, letter_of_parts};

#[tokio::test]
async fn ios_ends_idle_and_goes_on_in_the_same_packet() {
    let world = World::new().await;
    let mut phone = world.anne_in("INBOX").await;
    assert!(phone.appends("INBOX", letter("un", "Un.")).await.starts_with("OK"));
    phone.sends("L1 IDLE\r\n").await;
    assert_eq!(phone.response().await, "+ idling");
    let commands = "DONE\r\nL2 NAMESPACE\r\nL3 LIST \"\" \"*\" RETURN (SPECIAL-USE)\r\nL4 NOOP\r\nL5 IDLE\r\n";
    let answers = in_one_piece(&mut phone, commands, &["L1", "L2", "L3", "L4"]).await;
    assert_eq!(answers[0], ["OK IDLE terminated"]);
    assert_eq!(answers[1][0], "* NAMESPACE ((\"\" \"/\")) NIL NIL");
    assert!(answers[2].iter().any(|line| line.contains("\\Sent") && line.ends_with("Sent")), "{:?}", answers[2]);
    assert!(answers[3].last().unwrap().starts_with("OK"));
    assert_eq!(phone.response().await, "+ idling");
    phone.sends("DONE\r\n").await;
    assert_eq!(phone.answer("L5").await, ["OK IDLE terminated"]);
}

#[tokio::test]
async fn ios_asks_for_namespace_and_mailboxes_in_one_packet() {
    let world = World::new().await;
    let mut phone = world.client().await;
    let login =
        format!("2.4 ID (\"name\" \"com.apple.mobilemail\" \"os\" \"iOS\")\r\n2.5 LOGIN anne \"{PASSWORD}\"\r\n");
    in_one_piece(&mut phone, &login, &["2.4", "2.5"]).await;
    let commands = "3 NAMESPACE\r\n4 LIST \"\" \"*\" RETURN (SPECIAL-USE)\r\n5 SELECT INBOX\r\n";
    let answers = in_one_piece(&mut phone, commands, &["3", "4", "5"]).await;
    assert!(answers.iter().all(|answer| answer.last().unwrap().starts_with("OK")), "{answers:?}");
    for (name, special) in [("Sent", "\\Sent"), ("Drafts", "\\Drafts"), ("Trash", "\\Trash")] {
        assert!(answers[1].iter().any(|line| line.contains(special) && line.ends_with(name)), "{:?}", answers[1]);
    }
}

/// It sizes its slices from RFC822.SIZE, so the last one begins behind the end: an empty literal would make it wait.
#[tokio::test]
async fn ios_reads_slices_past_the_end() {
    let world = World::new().await;
    let mut phone = world.anne_in("INBOX").await;
    let text = "Une ligne parmi d'autres.\r\n".repeat(26_000);
    let uid = appended(&phone.appends("INBOX", letter_of_parts("tranches", &text)).await);
    let mut read = String::new();
    for start in [0, 393_216] {
        let answer = phone.ok(format!("UID FETCH {uid} (UID BODY.PEEK[1]<{start}.393216>)")).await;
        assert!(answer[0].contains(&format!("BODY[1]<{start}> {{")), "the origin alone: {}", &answer[0][..80]);
        let piece = answer[0].split_once("}\r\n").unwrap().1;
        read.push_str(piece.strip_suffix(')').unwrap());
    }
    assert!(read == text, "the pieces join");
    let answer = phone.ok(format!("UID FETCH {uid} (UID BODY.PEEK[1]<786432.393216>)")).await;
    assert_eq!(answer, [format!("* 1 FETCH (UID {uid} BODY[1]<786432> \"\")")]);
}

#[tokio::test]
async fn ios_puts_an_empty_line_before_a_command() {
    let world = World::new().await;
    let mut phone = world.anne_in("INBOX").await;
    let uid = appended(&phone.appends("INBOX", letter("un", "Un.")).await);
    phone.sends(format!("\r\nL67 UID MOVE {uid} \"Trash\"\r\n\r\n\r\nL68 UID EXPUNGE {uid}\r\n")).await;
    let moved = phone.answer("L67").await;
    assert!(moved.iter().any(|line| line == "* 1 EXPUNGE") && moved.last().unwrap().starts_with("OK"), "{moved:?}");
    assert!(phone.answer("L68").await.last().unwrap().starts_with("OK"));
}

/// A NO to a move of what is gone left ghosts on iPhones for good.
#[tokio::test]
async fn ios_moves_what_is_gone_already() {
    let world = World::new().await;
    let mut phone = world.anne_in("INBOX").await;
    let mut other = world.anne_in("INBOX").await;
    let uid = appended(&phone.appends("INBOX", letter("un", "Un.")).await);
    other.ok("NOOP").await;
    other.ok(format!("UID MOVE {uid} Trash")).await;
    for command in [format!("UID MOVE {uid} Trash"), format!("UID STORE {uid} +FLAGS (\\Deleted)")] {
        let answer = phone.says(command).await;
        assert!(answer.last().unwrap().starts_with("OK"), "{answer:?}");
    }
    let told = phone.says("NOOP").await;
    let told = if told.len() == 1 { phone.says("UID FETCH 1:* (FLAGS)").await } else { told };
    assert!(told.last().unwrap().starts_with("OK"), "{told:?}");
    assert_eq!(phone.ok("UID SEARCH ALL").await, ["* SEARCH"]);
}

#[tokio::test]
async fn ios_asks_for_ten_messages_at_once() {
    let world = World::new().await;
    let mut phone = world.anne_in("INBOX").await;
    for number in 1..=10 {
        assert!(phone.appends("INBOX", letter("dix", &format!("Lettre {number}."))).await.starts_with("OK"));
    }
    let commands: String =
        (1..=10).map(|uid| format!("F{uid} UID FETCH {uid} (UID BODY.PEEK[1]<0.393216>)\r\n")).collect();
    phone.sends(commands).await;
    for uid in 1..=10 {
        let answer = phone.answer(&format!("F{uid}")).await;
        assert_eq!(answer.len(), 2, "{answer:?}");
        assert!(
            answer[0].contains(&format!("UID {uid} ")) && answer[0].contains(&format!("Lettre {uid}.")),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn ios_asks_for_changes_since_nothing() {
    let world = World::new().await;
    let mut phone = world.anne().await;
    phone.ok("SELECT INBOX (CONDSTORE)").await;
    phone.appends("INBOX", letter("un", "Un.")).await;
    let answer = phone.ok("UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 0)").await;
    assert!(answer.len() == 1 && answer[0].contains("MODSEQ ("), "{answer:?}");
}

/// It never asks for special use, and obeys it where a plain LIST tells it.
#[tokio::test]
async fn macos_finds_special_mailboxes_in_a_plain_list() {
    let world = World::new().await;
    let mut mac = world.anne_in("INBOX").await;
    mac.appends("INBOX", letter("un", "Un.")).await;
    for command in ["LIST \"\" *", "LIST \"\" \"%\"", "LSUB \"\" *"] {
        let listed = mac.ok(command).await;
        for (name, special) in [("Sent", "\\Sent"), ("Drafts", "\\Drafts"), ("Trash", "\\Trash")] {
            let line = listed.iter().find(|line| line.ends_with(name)).unwrap();
            assert!(line.contains(special), "{command}: {line}");
        }
    }
    let answer = mac.ok("FETCH 1:1 (FLAGS UID)").await;
    assert_eq!(answer, ["* 1 FETCH (FLAGS () UID 1)"]);
}

/// Older ones make mailboxes of their own names for what is there: a second Sent would stay empty.
#[tokio::test]
async fn macos_makes_no_second_sent() {
    let world = World::new().await;
    let mut mac = world.anne().await;
    for name in ["Sent Messages", "Deleted Messages"] {
        let answer = mac.tagged(format!("CREATE \"{name}\"")).await;
        assert!(answer.starts_with("NO ["), "{name}: {answer}");
    }
    assert_eq!(mac.ok("LIST \"\" \"*Messages\"").await, Vec::<String>::new());
}

/// Apple's TN3189: a background download is put off while there is much to do; what people wait for is not.
#[tokio::test]
async fn ios_downloads_in_the_background_when_there_is_little_to_do() {
    let world = World::with(|config| config.imap.background_commands_max = 3).await;
    let id = |event: &str| format!("ID (\"name\" \"com.apple.email.maild\" \"version\" \"3826\" \"event\" {event})");
    let mut download = world.anne().await;
    assert!(download.appends("INBOX", letter("un", "Un.")).await.starts_with("OK"));
    assert_eq!(download.ok(id("\"periodic,back-fill\"")).await, ["* ID (\"name\" \"Passerelle\")"]);
    download.ok("SELECT INBOX").await;
    download.ok("UID FETCH 1:* BODY.PEEK[]").await;
    let others: Vec<_> = (0..3).map(|_| world.gateway.begin_command()).collect();
    for command in ["UID FETCH 1:* BODY.PEEK[]", "UID SEARCH ALL", "SELECT Sent", &id("\"indexer\"")] {
        let answer = download.tagged(command).await;
        assert!(answer.starts_with("NO [UNAVAILABLE] "), "{command}: {answer}");
    }
    assert_eq!(download.ok("NOOP").await, Vec::<String>::new(), "the session lives on");
    let mut phone = world.client().await;
    phone.ok(id("\"periodic,push\"")).await;
    phone.ok(format!("LOGIN anne \"{PASSWORD}\"")).await;
    phone.ok("SELECT INBOX").await;
    phone.ok("UID FETCH 1:* BODY.PEEK[]").await;
    phone.ok(id("NIL")).await;
    drop(others);
    download.ok(id("\"back-fill\"")).await;
    download.ok("UID FETCH 1:* BODY.PEEK[]").await;
    assert_eq!(world.gateway.commands_running(), 0, "whatever was refused is done too");
}
