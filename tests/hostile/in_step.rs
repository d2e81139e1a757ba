//! After every refused command the session knows where the next one begins.

use crate::world::World;

#[tokio::test]
async fn imap_stays_in_step() {
    let world = World::with(|config| config.imap.bad_commands_max = 1000).await;
    let (big, sets) = ("x".repeat(70_000), "1,".repeat(9000));
    let commands: Vec<Vec<u8>> = [
        "FETCH 1:* (BODY[]",
        "FETCH 0 FLAGS",
        "FETCH 1:99999999999999999999 ALL",
        "UID FETCH 1 BODY[1.0.2]",
        "SEARCH",
        "SEARCH HEADER",
        "SEARCH CHARSET KOI8-R TEXT x",
        "STORE 1 FLAGS",
        "STORE 1 +FLAGS (\\Nonsense)",
        "CREATE \"a*b\"",
        "CREATE \"\"",
        "RENAME INBOX",
        "LIST",
        "AUTHENTICATE",
        "STARTTLS now",
        "NOOP \0",
        "NONSENSE {3+}\r\nabc {4+}\r\n\r\n\r\n",
        "LOGIN {99999+}\r\n",
        "UID",
        "IDLE now",
    ]
    .iter()
    .map(|command| command.as_bytes().to_vec())
    .chain([
        format!("NOOP {big}").into_bytes(),
        format!("LIST \"\" {{70000+}}\r\n{big}").into_bytes(),
        format!("UID FETCH {sets}1 FLAGS").into_bytes(),
        format!("SEARCH {}ALL{}", "(".repeat(300), ")".repeat(300)).into_bytes(),
        format!("SEARCH {}ALL", "NOT ".repeat(300)).into_bytes(),
        format!("STORE 1 +FLAGS ({})", (0..2000).map(|n| format!("k{n} ")).collect::<String>()).into_bytes(),
        format!("APPEND INBOX (\\Bad {}) {{3+}}\r\nabc", "(").into_bytes(),
        b"APPEND nowhere {3+}\r\nabc".to_vec(),
        b"APPEND INBOX {3+}\r\nabc trailing".to_vec(),
        b"APPEND INBOX {0+}\r\n".to_vec(),
    ])
    .collect();
    for mut client in [world.imap_stranger().await, world.imap_in_inbox("anne").await] {
        for command in &commands {
            let shown = String::from_utf8_lossy(&command[..command.len().min(40)]).into_owned();
            // A literal announced and not sent whole is made up for.
            let mut sent = command.clone();
            if shown.contains("{99999+}") {
                sent.extend(std::iter::repeat_n(b'x', 99_999));
            }
            let answer = client.tagged(&sent).await;
            assert!(!answer.starts_with("OK"), "{shown}: {answer}");
            assert_eq!(client.says("NOOP").await, ["OK NOOP completed"], "behind {shown}");
        }
    }
}

#[tokio::test]
async fn smtp_stays_in_step() {
    let world = World::with(|config| config.submission.errors_max = 1000).await;
    let mut anne = world.smtp("anne").await;
    let long = "x".repeat(20_000);
    for line in [
        "MAIL FROM:<anne.martin@ent.test>\rRCPT TO:<x@ent.test>",
        "MAIL FROM:<anne.martin@ent.test>\nRCPT TO:<x@ent.test>",
        "MAIL FROM:<anne.martin@ent.test> BODY=NONSENSE",
        "MAIL FROM:anne.martin@ent.test",
        "MAIL FROM:<anne.martin@ent.test> SIZE=999999999999999999999",
        "RCPT TO:<paul.durand@ent.test>",
        "DATA",
        "BDAT 2 LAST\r\n",
        "AUTH PLAIN AAAA",
        "STARTTLS",
        "XCLIENT LOGIN=paul.durand",
        "\0",
        "é",
        &long,
        "",
    ] {
        let shown = line.get(..60).unwrap_or(line);
        let reply = anne.asks(line).await;
        assert!(reply.starts_with('5'), "{shown:?}: {reply}");
        let ended = anne.asks("NOOP").await;
        assert_eq!(ended, "250 2.0.0 OK", "behind {shown:?}");
    }
    // Smuggling: what another reader might take for the end of a message and the beginning of the next.
    for end in ["\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r\n\0.\r\n"] {
        let inner = format!(
            "From: anne.martin@ent.test\r\n\r\nx{end}MAIL FROM:<paul.durand@ent.test>\r\nRCPT TO:<anne@ent.test>\r\nDATA\r\n\
             From: paul.durand@ent.test\r\n\r\nforged"
        );
        let reply = anne.submits("anne.martin@ent.test", &["paul.durand@ent.test"], inner).await;
        assert!(reply.starts_with("554 5.6.0 ") || reply.starts_with("250 2.0.0 "), "{end:?}: {reply}");
        assert_eq!(anne.asks("NOOP").await, "250 2.0.0 OK", "behind {end:?}");
    }
    let mut inbox = world.imap_in_inbox("anne").await;
    assert_eq!(inbox.ok("SEARCH ALL").await, ["* SEARCH"], "nothing was smuggled");
}
