//! Small blocking SMTP and IMAP clients over plain loopback, and a demo server as a process of its own.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A demo server in a process of its own, on free ports.
pub struct Demo {
    pub child: Child,
    pub imap: u16,
    pub submission: u16,
}

impl Demo {
    /// Starts it on `data_dir` with bench accounts (password `secret`) and waits for `ready`.
    pub fn start(data_dir: &Path, store: Option<&str>, bench_accounts: u32) -> Self {
        Self::start_with(data_dir, store, bench_accounts, |_| {})
    }

    /// The same with a log filter and a place for the log.
    pub fn start_logging(data_dir: &Path, filter: &str, log: Stdio) -> Self {
        Self::start_with(data_dir, None, 4, |command| {
            command.env("RUST_LOG", filter).stderr(log);
        })
    }

    /// The same, started otherwise.
    pub fn start_with(
        data_dir: &Path,
        store: Option<&str>,
        bench_accounts: u32,
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let (imap, submission) = (free_port(), free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command.arg("demo").arg("--data-dir").arg(data_dir);
        for (flag, value) in [
            ("--domain", "school.test".to_owned()),
            ("--imap-port", imap.to_string()),
            ("--imaps-port", "0".to_owned()),
            ("--submission-port", submission.to_string()),
            ("--submissions-port", "0".to_owned()),
            ("--ldap-port", "0".to_owned()),
            ("--http-port", "0".to_owned()),
            ("--bench-accounts", bench_accounts.to_string()),
            ("--password", "secret".to_owned()),
        ] {
            command.arg(flag).arg(value);
        }
        if let Some(store) = store {
            command.arg("--store").arg(store);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        change(&mut command);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            match lines.next() {
                Some(Ok(line)) if line == "ready" => break,
                Some(Ok(_)) => {}
                _ => panic!("the demo ended before it was ready: {:?}", child.wait()),
            }
        }
        // Keep reading, so that the demo never waits on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, imap, submission }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A connection that speaks in lines.
pub struct Lines {
    reader: BufReader<TcpStream>,
    tag: u32,
}

impl Lines {
    pub fn connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        // Long enough for a machine that does much else.
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::with_capacity(1 << 16, stream), tag: 0 })
    }

    /// Sends octets as they are.
    pub fn raw(&mut self) -> &mut impl Read {
        &mut self.reader
    }

    pub fn send(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(octets)
    }

    /// One line without its CRLF.
    pub fn line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        if self.reader.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    /// SMTP: a whole reply, its last line.
    pub fn reply(&mut self) -> std::io::Result<String> {
        loop {
            let line = self.line()?;
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line);
            }
        }
    }

    /// SMTP: sends a line, gives the reply.
    pub fn ask(&mut self, line: &str) -> std::io::Result<String> {
        self.send(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// IMAP: sends a command, gives its untagged lines (literals in place) and the tagged one.
    pub fn command(&mut self, command: &str) -> std::io::Result<(Vec<String>, String)> {
        self.tag += 1;
        let tag = format!("t{}", self.tag);
        self.send(format!("{tag} {command}\r\n").as_bytes())?;
        let mut untagged = Vec::new();
        loop {
            let mut line = self.line()?;
            while let Some(size) =
                line.strip_suffix('}').and_then(|l| l.rsplit_once('{')).and_then(|(_, n)| n.parse().ok())
            {
                let mut literal = vec![0; size];
                self.reader.read_exact(&mut literal)?;
                line.push_str(&String::from_utf8_lossy(&literal));
                line.push_str(&self.line()?);
            }
            if line.starts_with(&format!("{tag} ")) {
                return Ok((untagged, line));
            }
            untagged.push(line);
        }
    }

    /// IMAP: the same, and it must be OK.
    pub fn must(&mut self, command: &str) -> Vec<String> {
        let (untagged, tagged) = self.command(command).unwrap();
        assert!(tagged.contains(" OK"), "{command}: {tagged}");
        untagged
    }
}

/// An IMAP session, logged in.
pub fn imap(port: u16, user: &str, password: &str) -> Lines {
    let mut lines = Lines::connect(port).unwrap();
    lines.line().unwrap();
    lines.must(&format!("LOGIN {user} {password}"));
    lines
}

/// An SMTP session, logged in.
pub fn smtp(port: u16, user: &str, password: &str) -> std::io::Result<Lines> {
    let mut lines = Lines::connect(port)?;
    lines.reply()?;
    lines.ask("EHLO [127.0.0.1]")?;
    let token = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("\0{user}\0{password}"));
    let reply = lines.ask(&format!("AUTH PLAIN {token}"))?;
    if reply.starts_with("235") { Ok(lines) } else { Err(std::io::Error::other(reply)) }
}

/// Submits one message; the reply to its end.
pub fn submit(smtp: &mut Lines, from: &str, to: &[&str], message: &[u8]) -> std::io::Result<String> {
    let reply = smtp.ask(&format!("MAIL FROM:<{from}>"))?;
    if !reply.starts_with("250") {
        return Ok(reply);
    }
    for to in to {
        let reply = smtp.ask(&format!("RCPT TO:<{to}>"))?;
        if !reply.starts_with("250") {
            return Ok(reply);
        }
    }
    let reply = smtp.ask("DATA")?;
    if !reply.starts_with("354") {
        return Ok(reply);
    }
    smtp.send(message)?;
    smtp.ask("\r\n.")
}
