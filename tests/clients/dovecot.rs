//! Dovecot as a client: its `imapc` store reads another IMAP server, strictly, and `doveadm` synchronises with it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use crate::server::{DOMAIN, PASSWORD, Server};
use crate::tool::{Tool, files, text};
use crate::{Security, raw, tool};

/// Dovecot will not touch mail as root: `nobody` does it then.
const NOBODY: u32 = 65534;

/// Settings of a Dovecot that never listens: this server is `imapc:`, `near` is what it takes for its own mail.
fn settings(doveadm: &Tool, server: &Server, security: Security, receiver: &str, near: &str) -> String {
    let home = doveadm.home.path();
    fs::create_dir_all(home.join("run")).unwrap();
    let certificate = doveadm.file("cert.pem", &fs::read_to_string(server.certificate()).unwrap());
    let owner = match home.metadata().unwrap().uid() {
        0 => NOBODY,
        other => other,
    };
    for path in [home, &certificate] {
        chown(path, Some(owner), None).unwrap();
    }
    let ssl = match security {
        Security::Plain => "no",
        Security::StartTls => "starttls",
        Security::Tls => "imaps",
    };
    let text = format!(
        "base_dir = {home}/run\nlog_path = /dev/stderr\nmail_location = {near}\nmail_uid = {owner}\n\
         mail_gid = {}\nfirst_valid_uid = 0\nfirst_valid_gid = 0\nimapc_host = 127.0.0.1\nimapc_port = {}\n\
         imapc_user = {receiver}@{DOMAIN}\nimapc_password = {PASSWORD}\nimapc_ssl = {ssl}\nimapc_ssl_verify = yes\n\
         ssl_client_ca_file = {}\nimapc_features = rfc822.size fetch-headers fetch-bodystructure search modseq\n\
         namespace inbox {{\n  inbox = yes\n  separator = /\n}}\n",
        if owner == NOBODY { NOBODY } else { home.metadata().unwrap().gid() },
        security.imap_port(server),
        certificate.display(),
        home = home.display(),
    );
    doveadm.file("dovecot.conf", &text).to_string_lossy().into_owned()
}

/// The messages of a Maildir, their flags in their names.
fn mail(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let all = ["new", "cur"].iter().map(|name| folder.join(name)).filter(|folder| folder.exists());
    all.flat_map(|folder| files(&folder)).map(|(path, octets)| (path.to_string_lossy().into_owned(), octets)).collect()
}

#[test]
fn dovecot_copies_and_synchronises_both_ways() {
    let Some(doveadm) = tool::find_optional("doveadm", "dovecot-imapd") else { return };
    let server = Server::shared();
    for security in Security::ALL {
        let [sender, receiver] = server.people();
        for number in 1..=3 {
            let message = raw::message(&sender, &receiver, &format!("numero {number}"));
            raw::post(&server, &sender, &receiver, &message);
        }
        let near = format!("maildir:{}/{receiver}", doveadm.home.path().display());
        let settings = settings(&doveadm, &server, security, &receiver, &near);
        let run = |arguments: &[&str], input: &str| {
            doveadm.succeeds(["-c", &settings].iter().chain(arguments), input.as_bytes())
        };
        let inbox = doveadm.home.path().join(&receiver);
        run(&["backup", "-R", "imapc:"], "");
        let copied = mail(&inbox);
        assert_eq!(copied.len(), 3, "{security:?}");
        assert!(copied.iter().all(|(_, octets)| String::from_utf8_lossy(octets).contains("numero ")));

        // Here: a flag, a deletion, a draft. There: a fourth letter.
        run(&["flags", "add", "\\Flagged", "mailbox", "INBOX", "subject", "numero 1"], "");
        run(&["expunge", "mailbox", "INBOX", "subject", "numero 2"], "");
        run(&["save", "-m", "Drafts"], "Subject: brouillon\nMessage-ID: <1@here.test>\n\nen cours\n");
        raw::post(&server, &sender, &receiver, &raw::message(&sender, &receiver, "numero 4"));
        run(&["sync", "imapc:"], "");
        assert_eq!(raw::ask(&server, &receiver, "INBOX", "SEARCH FLAGGED SUBJECT \"numero 1\""), "* SEARCH 1");
        assert_eq!(raw::count(&server, &receiver, "INBOX", "numero"), 3);
        assert_eq!(raw::count(&server, &receiver, "Trash", "numero 2"), 1, "what is deleted lies in Trash");
        assert_eq!(raw::count(&server, &receiver, "Drafts", "brouillon"), 1);
        assert_eq!(mail(&inbox).len(), 3, "the fourth came, the second went");
    }
}

/// `doveadm exec imap` reads commands, and asks this server for what they need.
#[test]
fn dovecot_stands_in_front() {
    let Some(doveadm) = tool::find_optional("doveadm", "dovecot-imapd") else { return };
    let Some(shell) = tool::find("sh", "dash") else { return };
    let server = Server::shared();
    for security in Security::ALL {
        let [sender, receiver] = server.people();
        for number in 1..=3 {
            let message = raw::message(&sender, &receiver, &format!("numero {number}"));
            raw::post(&server, &sender, &receiver, &message);
        }
        let settings = settings(&doveadm, &server, security, &receiver, "imapc:");
        let commands = "a SELECT INBOX\r\n\
            b FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])\r\n\
            c UID SEARCH SUBJECT \"numero 2\"\r\n\
            d STORE 1 +FLAGS (\\Answered $Lu)\r\n\
            e UID COPY 1 Drafts\r\n\
            f UID MOVE 2 Trash\r\n\
            g CREATE Nouveau/eleves\r\n\
            h LIST \"\" * RETURN (STATUS (MESSAGES))\r\n\
            i RENAME Nouveau/eleves Autre\r\n\
            j DELETE Autre\r\n\
            k EXAMINE Drafts\r\n\
            l FETCH 1 (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n\
            m LOGOUT\r\n";
        // It reads from a pipe, not from a file.
        let line = format!("cat | doveadm -c {settings} exec imap");
        let output = shell.run(["-c", &line], commands.as_bytes());
        let said = text(&output);
        for tag in 'a'..='m' {
            assert!(said.contains(&format!("\n{tag} OK")), "{security:?}: {tag}:\n{said}");
        }
        for wanted in ["* 3 EXISTS", "* SEARCH 2\r", "numero 3.\r", "* STATUS Trash (MESSAGES 1)", "\\Answered", "$Lu"]
        {
            assert!(said.contains(wanted), "{security:?}: {wanted}:\n{said}");
        }
        assert_eq!(raw::count(&server, &receiver, "Trash", "numero 2"), 1);
        assert_eq!(raw::ask(&server, &receiver, "INBOX", "SEARCH ANSWERED KEYWORD $Lu"), "* SEARCH 1");
    }
}
