//! Clients that fetch or synchronise: mbsync, offlineimap, fetchmail.

use std::fs;
use std::path::Path;

use crate::server::{DOMAIN, HOST, PASSWORD, Server};
use crate::{Security, raw, tool};

/// Three messages for one person, so that there is something to fetch.
fn three_messages(server: &Server, sender: &str, receiver: &str) -> Vec<Vec<u8>> {
    let messages: Vec<_> = (1..=3).map(|number| raw::message(sender, receiver, &format!("numero {number}"))).collect();
    for message in &messages {
        raw::post(server, sender, receiver, message);
    }
    messages
}

/// Does each file hold the message of the same place, whatever the ends of lines and what the client wrote above or into
/// its header (`Received`, `X-TUID`)?
fn are_these(found: &[(std::path::PathBuf, Vec<u8>)], messages: &[Vec<u8>]) {
    let mut texts: Vec<_> =
        found.iter().map(|(_, octets)| String::from_utf8_lossy(octets).replace("\r\n", "\n")).collect();
    texts.sort_by_key(|text| text.find("numero ").map(|at| text[at..].lines().next().unwrap_or("").to_owned()));
    assert_eq!(texts.len(), messages.len(), "{texts:?}");
    for (text, message) in texts.iter().zip(messages) {
        let text: String = text.split_inclusive('\n').filter(|line| !line.starts_with("X-TUID: ")).collect();
        assert!(text.ends_with(&String::from_utf8_lossy(message).replace("\r\n", "\n")), "{text}");
    }
}

/// The messages of a Maildir.
fn maildir(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    ["new", "cur"].iter().flat_map(|name| tool::files(&folder.join(name))).collect()
}

#[test]
fn mbsync_syncs_and_syncs_nothing_twice() {
    let Some(mbsync) = tool::find("mbsync", "isync") else { return };
    let server = Server::shared();
    for (security, mechanism) in Security::ALL.into_iter().zip(["PLAIN", "LOGIN", "SCRAM-SHA-256"]) {
        let [sender, receiver] = server.people();
        let messages = three_messages(&server, &sender, &receiver);
        let kind = match security {
            Security::Plain => "None",
            Security::StartTls => "STARTTLS",
            Security::Tls => "IMAPS",
        };
        let mail = mbsync.home.path().join(kind);
        fs::create_dir(&mail).unwrap();
        let settings = mbsync.file(
            "mbsyncrc",
            &format!(
                "IMAPAccount ent\nHost {HOST}\nPort {}\nUser {receiver}@{DOMAIN}\nPass {PASSWORD}\nAuthMechs {mechanism}\n\
                 SSLType {kind}\nCertificateFile {}\nSystemCertificates no\n\nIMAPStore far\nAccount ent\n\n\
                 MaildirStore near\nPath {mail}/\nInbox {mail}/INBOX\nSubFolders Verbatim\n\n\
                 Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n",
                security.imap_port(&server),
                server.certificate().display(),
                mail = mail.display(),
            ),
        );
        let arguments = ["-c", &settings.to_string_lossy(), "-a"].map(str::to_owned);
        let inbox = mail.join("INBOX");
        mbsync.succeeds(&arguments, b"");
        are_these(&maildir(&inbox), &messages);

        let before = tool::files(&mail);
        mbsync.succeeds(&arguments, b"");
        assert_eq!(tool::files(&mail), before, "a second sync changes nothing");

        // Read the first here, delete the second here, write a draft here: the server must come to know it all.
        let files = maildir(&inbox);
        let named = |text: &str| {
            files.iter().find(|(_, octets)| String::from_utf8_lossy(octets).contains(text)).unwrap().0.clone()
        };
        let first = named("numero 1");
        let name = first.file_name().unwrap().to_string_lossy().into_owned();
        let seen = inbox.join("cur").join(format!("{}:2,S", name.split(':').next().unwrap()));
        fs::rename(&first, seen).unwrap();
        fs::remove_file(named("numero 2")).unwrap();
        fs::write(mail.join("Drafts/new/1.brouillon"), "Subject: brouillon\n\nen cours\n").unwrap();
        mbsync.succeeds(&arguments, b"");
        assert_eq!(raw::ask(&server, &receiver, "INBOX", "SEARCH SEEN"), "* SEARCH 1");
        assert_eq!(raw::count(&server, &receiver, "INBOX", "numero"), 2);
        assert_eq!(raw::count(&server, &receiver, "Trash", "numero 2"), 1, "what is deleted lies in Trash");
        assert_eq!(raw::count(&server, &receiver, "Drafts", "brouillon"), 1);

        mbsync.succeeds(&arguments, b"");
        assert_eq!(maildir(&mail.join("Trash")).len(), 1);
        let before = tool::files(&mail);
        mbsync.succeeds(&arguments, b"");
        assert_eq!(tool::files(&mail), before, "and again nothing to do");
    }
}

/// Its library, imaplib2, stops its reading thread for STARTTLS, and now and then the two wait for each other for ever: so not
/// by STARTTLS. Over TLS both threads enter OpenSSL, which it survives most of the time.
#[test]
fn offlineimap_syncs_and_syncs_nothing_twice() {
    let Some(offlineimap) = tool::find("offlineimap", "offlineimap3") else { return };
    let server = Server::shared();
    for security in [Security::Plain, Security::Tls] {
        let [sender, receiver] = server.people();
        let messages = three_messages(&server, &sender, &receiver);
        let mail = offlineimap.home.path().join(format!("{security:?}"));
        let ssl = if security == Security::Tls { "yes" } else { "no" };
        let settings = offlineimap.file(
            "offlineimaprc",
            &format!(
                "[general]\naccounts = ent\nui = basic\nmetadata = {mail}.meta\n\n[Account ent]\nlocalrepository = near\n\
                 remoterepository = far\n\n[Repository near]\ntype = Maildir\nlocalfolders = {mail}\n\n[Repository far]\n\
                 type = IMAP\nremotehost = {HOST}\nremoteport = {}\nremoteuser = {receiver}@{DOMAIN}\nremotepass = {PASSWORD}\n\
                 auth_mechanisms = PLAIN\nssl = {ssl}\nstarttls = no\nsslcacertfile = {}\n",
                security.imap_port(&server),
                server.certificate().display(),
                mail = mail.display(),
            ),
        );
        let arguments = ["-o", "-c", &settings.to_string_lossy()].map(str::to_owned);
        offlineimap.succeeds_unless_it_breaks_down(&arguments);
        are_these(&maildir(&mail.join("INBOX")), &messages);
        let before = tool::files(&mail);
        offlineimap.succeeds_unless_it_breaks_down(&arguments);
        assert_eq!(tool::files(&mail), before, "a second sync changes nothing");

        fs::write(mail.join("Drafts/new/1.brouillon"), "Subject: brouillon\n\nen cours\n").unwrap();
        fs::remove_file(&maildir(&mail.join("INBOX"))[0].0).unwrap();
        offlineimap.succeeds_unless_it_breaks_down(&arguments);
        assert_eq!(raw::count(&server, &receiver, "Drafts", "brouillon"), 1);
        assert_eq!(raw::count(&server, &receiver, "INBOX", "numero"), 2);
        assert_eq!(raw::count(&server, &receiver, "Trash", "numero"), 1, "what is deleted lies in Trash");
    }
}

#[test]
fn fetchmail_fetches_once() {
    let Some(fetchmail) = tool::find("fetchmail", "fetchmail") else { return };
    let server = Server::shared();
    for security in Security::ALL {
        let [sender, receiver] = server.people();
        let messages = three_messages(&server, &sender, &receiver);
        let inbox = fetchmail.home.path().join(format!("{security:?}"));
        fs::create_dir_all(inbox.join("new")).unwrap();
        let tls = match security {
            Security::Plain => "sslproto ''".to_owned(),
            Security::StartTls => {
                format!("sslproto 'TLS1.2+' sslcertck sslcertfile '{}'", server.certificate().display())
            }
            Security::Tls => format!("ssl sslcertck sslcertfile '{}'", server.certificate().display()),
        };
        let settings = fetchmail.file(
            "fetchmailrc",
            &format!(
                "poll {HOST} protocol IMAP port {}\n  username '{receiver}@{DOMAIN}' password '{PASSWORD}'\n  {tls}\n  keep\n  \
                 mda \"sh -c 'cat > {}/new/$$'\"\n",
                security.imap_port(&server),
                inbox.display(),
            ),
        );
        let arguments =
            ["--fetchmailrc", &settings.to_string_lossy(), "--nosyslog", "--pidfile", "pid"].map(str::to_owned);
        fetchmail.succeeds(&arguments, b"");
        are_these(&tool::files(&inbox.join("new")), &messages);
        let again = fetchmail.run(&arguments, b"");
        assert_eq!(again.status.code(), Some(1), "nothing new: {}", tool::text(&again));
        assert_eq!(raw::ask(&server, &receiver, "INBOX", "SEARCH UNSEEN"), "* SEARCH");
    }
}
