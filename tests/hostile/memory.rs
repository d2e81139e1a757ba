//! What one pupil with a phone can make a real process hold: little, whatever is asked for and however slowly it is read.

use std::io::Read;
use std::net::TcpStream;

use tempfile::TempDir;

use crate::client::{Demo, imap, smtp, submit};

/// The most memory that a process on a small school may ever have held here, MiB. Message bodies that are read take up to
/// `store.parse_memory_bytes`, the store's caches about as much.
const PEAK_MIB_MAX: u64 = 300;

/// The process's peak, MiB.
fn peak(demo: &Demo) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", demo.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

/// Asks, reads everything up to the tagged answer, keeps nothing; how many octets came.
fn swallow(port: u16, user: &str, commands: &[String]) -> u64 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut sent = format!("a LOGIN {user} secret\r\nb SELECT INBOX\r\n");
    for command in commands {
        sent.push_str(&format!("c {command}\r\n"));
    }
    sent.push_str("z LOGOUT\r\n");
    let mut reader = stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stream, sent.as_bytes()).unwrap());
    let read = std::io::copy(&mut reader.by_ref(), &mut std::io::sink()).unwrap();
    writer.join().unwrap();
    read
}

#[test]
fn memory_does_not_grow_with_what_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let demo = Demo::start(folder.path(), None, 4);
    let mut owner = imap(demo.imap, "u0001", "secret");
    let mut append = |message: &str| {
        let (_, told) = owner.command(&format!("APPEND INBOX {{{}+}}\r\n{message}", message.len())).unwrap();
        assert!(told.contains("[APPENDUID "), "{told}");
    };
    let people: Vec<String> = (0..5000).map(|number| format!("someone.with.a.long.name.{number}@b")).collect();
    append(&format!("From: a@b\r\nTo: {}\r\n\r\nx\r\n", people.join(",\r\n ")));
    append(&format!("From: a@b\r\n{}\r\nx\r\n", format!("X-Field: {}\r\n", "y".repeat(900)).repeat(250)));
    let parts = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(5000);
    append(&format!("From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n"));
    // Each is answered by some hundred MiB: by different items in one command, or by as many commands.
    let items = |write: fn(usize) -> String| (0..200).map(write).collect::<Vec<_>>().join(" ");
    let asked = [
        vec!["FETCH 1 ENVELOPE".to_owned(); 200],
        vec![format!("FETCH 2 ({})", items(|number| format!("BODY.PEEK[HEADER.FIELDS.NOT (A{number})]")))],
        vec![format!("FETCH 2 ({})", items(|number| format!("BODY.PEEK[HEADER]<{number}.200000>")))],
        vec!["FETCH 3 BODYSTRUCTURE".to_owned(); 200],
        vec!["FETCH 3 BODY".to_owned(); 100],
        vec!["FETCH 1:3 RFC822".to_owned(); 200],
    ];
    for commands in asked {
        let shown: String = commands[0].chars().take(40).collect();
        let octets = swallow(demo.imap, "u0001", &commands);
        assert!(octets > 5 << 20, "{shown}: {octets}");
        assert!(peak(&demo) < PEAK_MIB_MAX, "{shown}: {} MiB", peak(&demo));
    }
}

#[test]
fn memory_does_not_grow_with_clients_that_do_not_read_or_do_not_go_on() {
    let folder = TempDir::new().unwrap();
    let demo = Demo::start(folder.path(), None, 4);
    let mut owner = imap(demo.imap, "u0002", "secret");
    let message = format!("From: a@b\r\n\r\n{}", format!("{}\r\n", "x".repeat(76)).repeat(100_000));
    owner.must(&format!("APPEND INBOX {{{}+}}\r\n{message}", message.len()));
    let mut held = Vec::new();
    for _ in 0..40 {
        let mut silent = imap(demo.imap, "u0002", "secret");
        silent.must("EXAMINE INBOX");
        silent.send("x FETCH 1 BODY[]\r\n".repeat(50).as_bytes()).unwrap();
        held.push(silent);
    }
    // Nobody has logged in here: half a line, a literal, an upload that is refused.
    let mut strangers = Vec::new();
    for start in ["a LOGIN \"", "a LOGIN {8000+}\r\n", "a APPEND INBOX {40000000+}\r\n", "{1+}\r\n"] {
        for _ in 0..100 {
            let mut stranger = TcpStream::connect(("127.0.0.1", demo.imap)).unwrap();
            std::io::Write::write_all(&mut stranger, &[start.as_bytes(), &[b'x'; 60_000]].concat()).unwrap();
            strangers.push(stranger);
        }
    }
    // Somebody else is served all the same.
    let mut sender = smtp(demo.submission, "u0003", "secret").unwrap();
    let letter = b"From: u0003@school.test\r\n\r\nx";
    let reply = submit(&mut sender, "u0003@school.test", &["u0002@school.test"], letter).unwrap();
    assert!(reply.starts_with("250 "), "{reply}");
    assert_eq!(owner.must("STATUS INBOX (MESSAGES)"), ["* STATUS INBOX (MESSAGES 2)"]);
    assert!(peak(&demo) < PEAK_MIB_MAX, "{} MiB", peak(&demo));
}

#[test]
fn messages_made_to_burst_a_reader_are_taken_in_their_stride() {
    let folder = TempDir::new().unwrap();
    let demo = Demo::start(folder.path(), None, 4);
    let head = "From: u0001@school.test\r\nMIME-Version: 1.0\r\n";
    let nested: String = (0..20_000)
        .map(|depth| format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n"))
        .collect();
    let shapes = [
        format!("{head}{nested}\r\nx"),
        format!("{head}{}", "Content-Type: message/rfc822\r\n\r\n".repeat(50_000)),
        format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\nx\r\n".repeat(200_000)),
        format!("{head}Content-Type: text/html\r\n\r\n{}", "<div><a href=\"\r\n".repeat(200_000)),
        format!("{head}Subject: {}\r\n\r\nx", "=?utf-8?b?w6nDqcOp?=\r\n ".repeat(9_000)),
        format!("{head}To: {}\r\n\r\nx", "(\"<,".repeat(50_000)),
        format!("{head}Content-Type: text/plain{}\r\n\r\nx", ";\r\n a*1=b".repeat(20_000)),
        format!("{head}References: {}\r\n\r\nx", "<a@b>\r\n ".repeat(25_000)),
    ];
    let mut sender = smtp(demo.submission, "u0001", "secret").unwrap();
    let mut reader = imap(demo.imap, "u0001", "secret");
    for shape in &shapes {
        let started = std::time::Instant::now();
        let reply = submit(&mut sender, "u0001@school.test", &["u0002@school.test"], shape.as_bytes()).unwrap();
        assert!(reply.starts_with("250 "), "{reply}");
        reader.must(&format!("APPEND INBOX {{{}+}}\r\n{shape}", shape.len()));
        assert!(started.elapsed().as_secs() < 30, "{:?}: {}", started.elapsed(), &shape[..100]);
    }
    reader.must("SELECT INBOX");
    assert_eq!(reader.must("FETCH 1:* (ENVELOPE BODYSTRUCTURE)").len(), shapes.len());
    reader.must("SEARCH TEXT nothing BODY nothing HEADER x y");
    assert!(peak(&demo) < PEAK_MIB_MAX, "{} MiB", peak(&demo));
}
