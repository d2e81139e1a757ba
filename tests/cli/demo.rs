//! The demo as a process.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use crate::sandbox::{Running, Sandbox, Stream, mode};

const PORTS: [&str; 12] = [
    "--imap-port",
    "0",
    "--imaps-port",
    "0",
    "--submission-port",
    "0",
    "--submissions-port",
    "0",
    "--ldap-port",
    "0",
    "--http-port",
    "0",
];

fn demo(sandbox: &Sandbox, arguments: &[&str]) -> Running {
    let all: Vec<&str> =
        ["demo", "--data-dir", "d"].into_iter().chain(PORTS).chain(arguments.iter().copied()).collect();
    Running::start(sandbox.command(&all), Stream::Out, "ready")
}

/// The port of STARTTLS on the line of a protocol.
fn plain_port(said: &str, protocol: &str) -> u16 {
    let line = said.lines().find(|line| line.trim_start().starts_with(protocol)).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap()
}

/// Logs in to IMAP without TLS and gives the answer to a command.
fn imap(said: &str, user: &str, password: &str, command: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", plain_port(said, "IMAP"))).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut lines = Vec::new();
    for (tag, command) in [("a", format!("LOGIN {user} {password}")), ("b", command.to_owned())] {
        write!(stream, "{tag} {command}\r\n").unwrap();
        lines.clear();
        loop {
            let mut line = String::new();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0);
            let done = line.starts_with(&format!("{tag} "));
            lines.push(line);
            if done {
                break;
            }
        }
        assert!(lines.last().unwrap().starts_with(&format!("{tag} OK")), "{lines:?}");
    }
    lines
}

/// The first address and its password.
fn first_person(said: &str) -> (String, String) {
    let line = said.lines().find(|line| line.contains("@school.test  ")).unwrap();
    let mut words = line.split_whitespace().map(str::to_owned);
    (words.next().unwrap(), words.next().unwrap())
}

#[test]
fn it_starts_with_a_school_and_keeps_it() {
    let sandbox = Sandbox::new();
    let first = demo(&sandbox, &[]);
    let pid = std::fs::read_to_string(sandbox.path("d/passerelle.pid")).unwrap();
    assert_eq!(pid.trim(), first.id().to_string());
    assert!(std::fs::read_to_string(sandbox.path("d/tls/cert.pem")).unwrap().starts_with("-----BEGIN CERTIFICATE"));
    assert_eq!(mode(&sandbox.path("d/demo-people.txt")), 0o600);
    assert_eq!(mode(&sandbox.path("d")), 0o700);
    let (address, password) = first_person(&first.said);
    let status = imap(&first.said, &address, &password, "STATUS INBOX (MESSAGES UIDVALIDITY)");
    assert!(status[0].starts_with("* STATUS"), "{status:?}");
    let (said, certificate) = (first.said.clone(), std::fs::read(sandbox.path("d/tls/cert.pem")).unwrap());
    assert_eq!(first.stop("INT"), Some(0));
    assert!(!sandbox.path("d/passerelle.pid").exists());

    let second = demo(&sandbox, &[]);
    assert_eq!(first_person(&second.said), first_person(&said), "the passwords stay");
    assert_eq!(imap(&second.said, &address, &password, "STATUS INBOX (MESSAGES UIDVALIDITY)")[0], status[0]);
    assert_eq!(std::fs::read(sandbox.path("d/tls/cert.pem")).unwrap(), certificate);
    assert_eq!(second.stop("TERM"), Some(0));
}

#[test]
fn accounts_for_load_tests_are_made_with_the_given_password_and_not_printed() {
    let sandbox = Sandbox::new();
    let demo = demo(&sandbox, &["--bench-accounts", "30", "--password", "bench-only"]);
    assert!(!demo.said.contains("u0030"));
    let list = imap(&demo.said, "u0030@school.test", "bench-only", "LIST \"\" *");
    for name in ["INBOX", "Drafts", "Sent", "Trash"] {
        assert!(list.iter().any(|line| line.contains(name)), "{list:?}");
    }
    let (address, password) = first_person(&demo.said);
    assert_eq!(password, "bench-only");
    imap(&demo.said, &address, &password, "NOOP");
    assert_eq!(demo.stop("TERM"), Some(0));
}
