//! Logs at their most talkative hold no password, no subject, no body, no name.

use std::process::{Command, Stdio};

use base64::prelude::{BASE64_STANDARD, Engine};
use tempfile::TempDir;

use crate::client::{Demo, imap, smtp, submit};

/// What must not be found, and its base64.
const SECRETS: [&str; 8] =
    ["Gu3ssPass", "secret-Subject", "secret-Body", "Secret-Name", "secret-Box", "secret-Key", "secret-File", "GARNIER"];

#[test]
fn no_secret_is_logged_even_at_trace() {
    let folder = TempDir::new().unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let demo = Demo::start_logging(&folder.path().join("data"), "trace", Stdio::from(log));
    let mut reader = imap(demo.imap, "u0001", "secret");
    let message = "From: Secret-Name <u0001@school.test>\r\nTo: Secret-Name <u0002@school.test>\r\n\
                   Subject: secret-Subject\r\nContent-Disposition: attachment; filename=secret-File\r\n\r\nsecret-Body\r\n";
    for command in [
        "CREATE secret-Box".to_owned(),
        format!("APPEND secret-Box (secret-Key) {{{}+}}\r\n{message}", message.len()),
        "SELECT secret-Box".to_owned(),
        "FETCH 1 (BODY[] ENVELOPE BODYSTRUCTURE)".to_owned(),
        "SEARCH SUBJECT secret-Subject TEXT secret-Body FROM Secret-Name".to_owned(),
    ] {
        reader.must(&command);
    }
    for command in ["LOGIN u0002 Gu3ssPass", "LOGIN u0002 Gu3ssPass Gu3ssPass", "LOGIN \"Gu3ssPass", "Gu3ssPass"] {
        imap(demo.imap, "u0001", "secret").command(command).unwrap();
    }
    assert!(smtp(demo.submission, "u0003", "Gu3ssPass").is_err());
    let mut sender = smtp(demo.submission, "u0001", "secret").unwrap();
    for (from, expected) in [("u0001@school.test", "250"), ("u0002@school.test", "550")] {
        let reply = submit(&mut sender, from, &["u0002@school.test"], message.as_bytes()).unwrap();
        assert!(reply.starts_with(expected), "{reply}");
        sender.ask("RSET").unwrap();
    }
    sender.ask("Gu3ssPass").unwrap();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "XOAUTH2"] {
        sender.ask(&format!("AUTH {mechanism} Gu3ssPass")).unwrap();
        imap(demo.imap, "u0001", "secret").command(&format!("AUTHENTICATE {mechanism} Gu3ssPass")).unwrap();
    }
    drop(demo);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("submission delivered") && log.contains("DEBUG"), "the log is talkative: {log}");
    for secret in SECRETS {
        let encoded = BASE64_STANDARD.encode(secret);
        for text in [secret, encoded.trim_end_matches('=')] {
            assert!(!log.contains(text), "{text} is in the log");
        }
    }
}

#[test]
fn files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    // A folder that an admin or a container has made, open to all.
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    let _demo = Demo::start(&data, None, 1);
    let mut open = Vec::new();
    for entry in std::fs::read_dir(&data).unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
        let name = entry.file_name().into_string().unwrap();
        // The process's number and the certificate are for everybody.
        if mode != 0 && !["tls", "passerelle.pid"].contains(&name.as_str()) {
            open.push((name, mode));
        }
    }
    assert_eq!(open, []);
    let key = std::fs::metadata(data.join("tls/key.pem")).unwrap().permissions().mode() & 0o077;
    assert_eq!(key, 0, "the certificate's key");
}

#[test]
fn passwords_are_not_taken_from_the_command_line() {
    let help =
        Command::new(env!("CARGO_BIN_EXE_passerelle")).args(["user", "set-password", "--help"]).output().unwrap();
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("USER") && !help.contains("--password ") && !help.contains("<PASSWORD>"), "{help}");
}
