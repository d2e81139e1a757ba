//! Real mail clients, which others wrote, against the real server: without TLS from loopback, by STARTTLS, by TLS.
//!
//! Each test has people of its own (`server`). A client that is not installed is a line that says so, and a failure in
//! continuous integration (`tool`). `raw` puts mail in front of a client and looks at what it did.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::print_stdout, reason = "says which clients were skipped")]

mod dovecot;
mod imapclient;
mod node;
mod raw;
mod readers;
mod senders;
mod server;
mod thunderbird;
mod tool;

use server::{DOMAIN, HOST, PASSWORD, Server};

/// The three ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// From loopback, where the setting allows it (the demo's does).
    Plain,
    StartTls,
    Tls,
}

impl Security {
    const ALL: [Self; 3] = [Self::Plain, Self::StartTls, Self::Tls];

    fn imap_port(self, server: &Server) -> u16 {
        if self == Self::Tls { server.imaps } else { server.imap }
    }

    fn smtp_port(self, server: &Server) -> u16 {
        if self == Self::Tls { server.submissions } else { server.submission }
    }
}

/// Runs a script that tells a story with a library of others, with people of its own: it must say that all held.
fn tell(tool: &tool::Tool, script: &str, security: Security, more: &[&str]) {
    let server = Server::shared();
    let script = format!("{}/tests/clients/{script}", env!("CARGO_MANIFEST_DIR"));
    let [sender, receiver, hidden] = server.people();
    let name = format!("{security:?}").to_lowercase();
    let (imap, smtp) = (security.imap_port(&server).to_string(), security.smtp_port(&server).to_string());
    let certificate = server.certificate().to_string_lossy().into_owned();
    let arguments: [&str; 11] =
        [&script, HOST, &imap, &smtp, &name, &certificate, &sender, &receiver, &hidden, PASSWORD, DOMAIN];
    let said = tool.succeeds(arguments.iter().chain(more), b"");
    assert!(said.contains("all held"), "{said}");
}

/// Python's imaplib and smtplib: `roundtrip.py` tells the story.
#[test]
fn python_sends_reads_files_deletes_and_restores() {
    let Some(python) = tool::find("python3", "python3") else { return };
    for security in Security::ALL {
        tell(&python, "roundtrip.py", security, &[]);
    }
}

/// SCRAM by hashlib, bound to the certificate that was shown: `scram.py` tells the story.
#[test]
fn python_proves_its_password() {
    let Some(python) = tool::find("python3", "python3") else { return };
    for security in Security::ALL {
        tell(&python, "scram.py", security, &[]);
    }
}

/// COMPRESS by zlib itself, with each of its flushes: `compress.py` tells the story.
#[test]
fn python_compresses() {
    let Some(python) = tool::find("python3", "python3") else { return };
    for security in Security::ALL {
        tell(&python, "compress.py", security, &[]);
    }
}
