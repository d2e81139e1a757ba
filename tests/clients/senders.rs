//! Clients that send: curl, msmtp, swaks, neomutt.

use crate::server::{DOMAIN, HOST, PASSWORD, Server};
use crate::{Security, raw, tool};

#[test]
fn curl_sends_and_reads() {
    let Some(curl) = tool::find("curl", "curl") else { return };
    let server = Server::shared();
    for security in Security::ALL {
        let [sender, receiver] = server.people();
        let subject = format!("curl {security:?}");
        let (smtp, imap) = match security {
            Security::Tls => ("smtps", "imaps"),
            _ => ("smtp", "imap"),
        };
        let certificate = server.certificate().to_string_lossy().into_owned();
        let mut common = vec!["-sS", "-m", "30", "--cacert", &certificate];
        if security == Security::StartTls {
            common.push("--ssl-reqd");
        }
        let message = raw::message(&sender, &receiver, &subject);
        let url = format!("{smtp}://{HOST}:{}", security.smtp_port(&server));
        let user = format!("{sender}@{DOMAIN}:{PASSWORD}");
        let (from, to) = (format!("{sender}@{DOMAIN}"), format!("{receiver}@{DOMAIN}"));
        let send = ["--url", &url, "-u", &user, "--mail-from", &from, "--mail-rcpt", &to, "-T", "-"];
        curl.succeeds(common.iter().copied().chain(send), &message);

        let url = format!("{imap}://{HOST}:{}/INBOX", security.imap_port(&server));
        let user = format!("{receiver}@{DOMAIN}:{PASSWORD}");
        let search = format!("UID SEARCH SUBJECT \"{subject}\"");
        let found = curl.succeeds(common.iter().copied().chain(["--url", &url, "-u", &user, "-X", &search]), b"");
        let uid = found.trim().strip_prefix("* SEARCH ").unwrap_or_else(|| panic!("{found}")).to_owned();
        let url = format!("{url};UID={uid}");
        let got = curl.succeeds(common.iter().copied().chain(["--url", &url, "-u", &user]), b"");
        assert!(got.as_bytes().ends_with(&message), "{got}");
    }
}

#[test]
fn msmtp_sends() {
    let Some(msmtp) = tool::find("msmtp", "msmtp") else { return };
    let server = Server::shared();
    for security in Security::ALL {
        for auth in ["plain", "login", "scram-sha-256"] {
            let [sender, receiver] = server.people();
            let (tls, starttls) = match security {
                Security::Plain => ("off", "off"),
                Security::StartTls => ("on", "on"),
                Security::Tls => ("on", "off"),
            };
            let settings = msmtp.file(
                "msmtprc",
                &format!(
                    "account default\nhost {HOST}\nport {}\nfrom {sender}@{DOMAIN}\nuser {sender}@{DOMAIN}\npassword {PASSWORD}\n\
                     auth {auth}\ntls {tls}\ntls_starttls {starttls}\ntls_trust_file {}\n",
                    security.smtp_port(&server),
                    server.certificate().display()
                ),
            );
            let subject = format!("msmtp {security:?} {auth}");
            let to = format!("{receiver}@{DOMAIN}");
            let message = String::from_utf8(raw::message(&sender, &receiver, &subject)).unwrap().replace("\r\n", "\n");
            let settings = format!("--file={}", settings.display());
            msmtp.succeeds([settings.as_str(), "--", &to], message.as_bytes());
            assert_eq!(raw::count(&server, &receiver, "INBOX", &subject), 1);
            assert_eq!(raw::count(&server, &sender, "Sent", &subject), 1);

            let refused = msmtp.run([settings.as_str(), "--", "someone@example.org"], message.as_bytes());
            let said = tool::text(&refused);
            assert!(!refused.status.success() && said.contains("someone@example.org"), "{said}");
        }
    }
}

#[test]
fn swaks_sends_and_is_refused() {
    let Some(swaks) = tool::find("swaks", "swaks libnet-ssleay-perl") else { return };
    let server = Server::shared();
    let certificate = server.certificate().to_string_lossy().into_owned();
    for security in Security::ALL {
        let [sender, receiver] = server.people();
        let port = security.smtp_port(&server).to_string();
        let (from, to) = (format!("{sender}@{DOMAIN}"), format!("{receiver}@{DOMAIN}"));
        let tls: &[&str] = match security {
            Security::Plain => &[],
            Security::StartTls => &["--tls", "--tls-verify", "--tls-ca-path", &certificate],
            Security::Tls => &["--tls-on-connect", "--tls-verify", "--tls-ca-path", &certificate],
        };
        let subject = format!("Subject: swaks {security:?}");
        let common = ["--server", HOST, "--port", &port, "-f", &from, "-au", &from, "--header", &subject, "--pipeline"];
        let common: Vec<_> = common.iter().chain(tls).copied().collect();
        let told = swaks.run(common.iter().copied().chain(["-t", &to, "-a", "LOGIN", "-ap", PASSWORD]), b"");
        assert!(told.status.success(), "{}", tool::text(&told));
        assert_eq!(raw::count(&server, &receiver, "INBOX", &format!("swaks {security:?}")), 1);

        let told = swaks.run(common.iter().copied().chain(["-t", &to, "-a", "PLAIN", "-ap", "wrong"]), b"");
        assert!(tool::text(&told).contains("535 5.7.8"), "{}", tool::text(&told));
        let outside = ["-t", "someone@example.org", "-a", "PLAIN", "-ap", PASSWORD];
        let told = swaks.run(common.iter().copied().chain(outside), b"");
        assert!(tool::text(&told).contains("550 5.7.1"), "{}", tool::text(&told));
    }
}

/// Neomutt sends from the command line; reading, it needs a terminal, which `script` plays.
#[test]
fn neomutt_sends_and_reads() {
    let Some(neomutt) = tool::find("neomutt", "neomutt") else { return };
    let Some(script) = tool::find("script", "bsdutils") else { return };
    let server = Server::shared();
    for security in Security::ALL {
        let [sender, receiver] = server.people();
        let (smtp, imap) = match security {
            Security::Tls => ("smtps", "imaps"),
            _ => ("smtp", "imap"),
        };
        let settings = |person: &str| {
            format!(
                "set my_account={person}\nset from={person}@{DOMAIN}\nset imap_user={person}@{DOMAIN}\nset imap_pass={PASSWORD}\n\
                 set smtp_url={smtp}://{person}%40{DOMAIN}@{HOST}:{}/\nset smtp_pass={PASSWORD}\nset ssl_starttls={}\n\
                 set ssl_force_tls={}\nset certificate_file={}\nset header_cache=\nset timeout=1\nset delete=yes\nset quit=yes\n\
                 set confirmappend=no\nset confirmcreate=no\nset folder=~\nset copy=no\nset sleep_time=0\nset wait_key=no\n",
                security.smtp_port(&server),
                if security == Security::StartTls { "yes" } else { "no" },
                if security == Security::Plain { "no" } else { "yes" },
                server.certificate().display(),
            )
        };
        let picture = neomutt.file("été.pdf", "%PDF-1.4\nune pièce jointe\n");
        let rc = neomutt.file("sender.rc", &settings(&sender));
        let (rc, picture, to) = (rc.to_string_lossy(), picture.to_string_lossy(), format!("{receiver}@{DOMAIN}"));
        let subject = format!("neomutt {security:?}");
        neomutt.succeeds(["-n", "-F", &rc, "-s", &subject, "-a", &picture, "--", &to], b"Voici le plan de l'ecole.\n");
        assert_eq!(raw::count(&server, &receiver, "INBOX", &subject), 1);

        script.file("reader.rc", &settings(&receiver));
        let url = format!("{imap}://{HOST}:{}/INBOX", security.imap_port(&server));
        let keys = "push '<copy-message><kill-line>~/copy.mbox<enter><delete-message><quit>'";
        let line = format!("neomutt -n -F reader.rc -f {url} -e \"{keys}\"");
        let shown = script.succeeds(["-qec", &line, "/dev/null"], b"");
        let copy = std::fs::read_to_string(script.home.path().join("copy.mbox")).unwrap_or_else(|_| panic!("{shown}"));
        assert!(copy.contains("Voici le plan de l'ecole."), "{copy}");
        std::fs::remove_file(script.home.path().join("copy.mbox")).unwrap();
        assert_eq!(raw::count(&server, &receiver, "INBOX", &subject), 0);
        assert_eq!(raw::count(&server, &receiver, "Trash", &subject), 1, "what is deleted lies in Trash");
    }
}
