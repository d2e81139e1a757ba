//! SMTP and IMAP by hand, without TLS from loopback: puts mail in front of a client, and looks at what it did.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::server::{DOMAIN, PASSWORD, Server};

/// A connection on which each line is a question and each answer a text.
struct Talk(BufReader<TcpStream>);

impl Talk {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(BufReader::new(stream))
    }

    fn say(&mut self, octets: &[u8]) {
        self.0.get_mut().write_all(octets).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).into_owned()
    }

    /// An SMTP reply, all its lines (RFC 5321 §4.2.1).
    fn reply(&mut self, code: &str) {
        loop {
            let line = self.line();
            assert!(line.starts_with(code), "wanted {code}, got {line:?}");
            if line.as_bytes().get(3) != Some(&b'-') {
                return;
            }
        }
    }
}

/// Sends a message through SMTP, by AUTH PLAIN.
pub(crate) fn post(server: &Server, from: &str, to: &str, message: &[u8]) {
    let mut talk = Talk::open(server.submission);
    talk.reply("220");
    talk.say(b"EHLO tests\r\n");
    talk.reply("250");
    let name = format!("{from}@{DOMAIN}");
    talk.say(format!("AUTH PLAIN {}\r\n", base64(format!("\0{name}\0{PASSWORD}").as_bytes())).as_bytes());
    talk.reply("235");
    talk.say(format!("MAIL FROM:<{name}>\r\nRCPT TO:<{to}@{DOMAIN}>\r\nDATA\r\n").as_bytes());
    talk.reply("250");
    talk.reply("250");
    talk.reply("354");
    talk.say(message);
    talk.say(b".\r\n");
    talk.reply("250");
    talk.say(b"QUIT\r\n");
    talk.reply("221");
}

/// Logs in, selects a mailbox, asks one thing: the untagged answer.
pub(crate) fn ask(server: &Server, person: &str, mailbox: &str, command: &str) -> String {
    let mut talk = Talk::open(server.imap);
    talk.line();
    for command in [format!("LOGIN {person}@{DOMAIN} {PASSWORD}"), format!("SELECT \"{mailbox}\"")] {
        talk.say(format!("a {command}\r\n").as_bytes());
        while !talk.line().starts_with("a OK") {}
    }
    talk.say(format!("b {command}\r\nc LOGOUT\r\n").as_bytes());
    let mut all = Vec::new();
    talk.0.read_to_end(&mut all).unwrap();
    let all = String::from_utf8_lossy(&all).into_owned();
    let end = if all.starts_with("b OK") { Some(0) } else { all.find("\r\nb OK") };
    end.map(|end| all[..end].to_owned()).unwrap_or_else(|| panic!("{command}: {all}"))
}

/// How many messages of a mailbox have this in a header or the body.
pub(crate) fn count(server: &Server, person: &str, mailbox: &str, text: &str) -> usize {
    let answer = ask(server, person, mailbox, &format!("UID SEARCH TEXT \"{text}\""));
    answer.trim_start_matches("* SEARCH").split_whitespace().count()
}

/// A message as a program without imagination would write it.
pub(crate) fn message(from: &str, to: &str, subject: &str) -> Vec<u8> {
    format!(
        "From: {from}@{DOMAIN}\r\nTo: {to}@{DOMAIN}\r\nSubject: {subject}\r\nDate: Mon, 23 Nov 2026 08:00:00 +0100\r\n\
         Message-ID: <{}.{from}@client.test>\r\n\r\nBonjour,\r\n{subject}.\r\n",
        subject.replace(' ', ".")
    )
    .into_bytes()
}

/// RFC 4648 §4.
fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in octets.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, octet| bits << 8 | usize::from(*octet)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            text.push(if place <= chunk.len() { ALPHABET[bits >> (18 - 6 * place) & 63] as char } else { '=' });
        }
    }
    text
}

#[test]
fn base64_is_base64() {
    assert_eq!(
        ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
        ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
    );
}
