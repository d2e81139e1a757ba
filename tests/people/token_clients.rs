//! curl and msmtp with tokens, and SCRAM with as many rounds as a store begins with by default, against a server in this process.

use std::process::{Command, Output};
use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::clock::Clock;
use passerelle::model::{Secret, Timestamp};
use passerelle::{sample, server};
use serde_json::json;

use crate::issuer::{Issuer, Key, ec};
use crate::{DOMAIN, START, import, user};

/// A server that listens, and somebody's token.
struct Running {
    server: server::Server,
    folder: tempfile::TempDir,
    issuer: Issuer,
    key: Key,
}

impl Running {
    async fn start() -> Self {
        let (folder, issuer, key) = (tempfile::tempdir().unwrap(), Issuer::start().await, ec());
        issuer.tells(&[key.public("e")]);
        let text = format!(
            "domain = '{DOMAIN}'\ndata_dir = '{}'\nlogin.without_tls_from_loopback = true\n\
             login.refusal_delay_milliseconds = 0\nlisten.imap = '127.0.0.1:0'\nlisten.submission = '127.0.0.1:0'\n\
             oidc.issuer = '{}'\noidc.audiences = ['passerelle']\n",
            folder.path().display(),
            issuer.url()
        );
        let config: Config = toml::from_str(&text).unwrap();
        let clock = Clock::fixed(Timestamp::from_seconds(START));
        let server = server::start(Arc::new(config), clock).await.unwrap();
        import(server.gateway(), &sample::school()).await;
        Self { server, folder, issuer, key }
    }

    async fn token(&self, login: &str, ends: i64) -> String {
        let person = user(self.server.gateway(), login).await;
        let details = self.server.gateway().user_details(&person.id).await.unwrap().unwrap();
        let claims = json!({"iss": self.issuer.url(), "aud": "passerelle", "sub": details.external_id, "exp": ends});
        self.key.token("e", &claims)
    }

    fn imap(&self) -> u16 {
        self.server.addresses().imap.unwrap().port()
    }

    fn submission(&self) -> u16 {
        self.server.addresses().submission.unwrap().port()
    }

    /// Runs a program, `None` where it is not installed; a file is its input.
    async fn run(&self, program: &str, arguments: Vec<String>, input: &str) -> Option<Output> {
        let file = self.folder.path().join("input");
        std::fs::write(&file, input).unwrap();
        let (program, home) = (program.to_owned(), self.folder.path().to_owned());
        let run = move || {
            let input = std::fs::File::open(file).unwrap();
            Command::new("timeout")
                .arg("60")
                .arg(&program)
                .args(arguments)
                .env("HOME", home)
                .stdin(input)
                .output()
                .unwrap()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        // `timeout` says so where it found nothing to run.
        let there = output.status.code() != Some(127);
        assert!(there || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "a client is missing");
        there.then_some(output)
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_and_msmtp_bring_tokens() {
    let running = Running::start().await;
    let (name, to) = (format!("nadia.roussel@{DOMAIN}"), format!("zoe.martin@{DOMAIN}"));
    let (good, late) =
        (running.token("nadia.roussel", START + 60).await, running.token("nadia.roussel", START - 600).await);
    let theo = running.token("theo.lambert", START + 60).await;
    let letter = format!("From: {name}\r\nTo: {to}\r\nSubject: x\r\n\r\nx\r\n");
    for mechanism in ["OAUTHBEARER", "XOAUTH2"] {
        for (token, comes_in) in [(&good, true), (&late, false), (&theo, false)] {
            let common = format!("-sS -m 30 --login-options AUTH={mechanism} --oauth2-bearer {token} -u {name}:");
            let imap = format!("{common} --url imap://127.0.0.1:{}/INBOX -X NOOP", running.imap());
            let Some(read) = running.run("curl", words(&imap), "").await else { return };
            assert_eq!(read.status.success(), comes_in, "{mechanism} {}", said(&read));
            let smtp = format!(
                "{common} --url smtp://127.0.0.1:{} --mail-from {name} --mail-rcpt {to} -T -",
                running.submission()
            );
            let sent = running.run("curl", words(&smtp), &letter).await.unwrap();
            assert_eq!(sent.status.success(), comes_in, "{mechanism} {}", said(&sent));
            let msmtp = format!(
                "--host=127.0.0.1 --port={} --tls=off --auth={} --user={name} --from={name} -- {to}",
                running.submission(),
                mechanism.to_lowercase()
            );
            let mut msmtp = words(&msmtp);
            msmtp.insert(0, format!("--passwordeval=echo {token}"));
            let sent = running.run("msmtp", msmtp, &letter.replace("\r\n", "\n")).await.unwrap();
            assert_eq!(sent.status.success(), comes_in, "{mechanism} {}", said(&sent));
        }
    }
    running.server.stop().await;
}

/// A client that does not do so many would be locked out.
#[tokio::test(flavor = "multi_thread")]
async fn clients_do_as_many_rounds_as_a_store_begins_with() {
    let running = Running::start().await;
    let gateway = running.server.gateway();
    let nadia = user(gateway, "nadia.roussel").await;
    gateway.set_password(&nadia.id, Secret::new("théorème de Thalès")).await.unwrap().unwrap();
    assert_eq!(gateway.scram_salting("nadia.roussel").await.unwrap().iterations.get(), 65_536);
    let mail = running.folder.path().join("mail");
    std::fs::create_dir(&mail).unwrap();
    let settings = |password: &str| {
        format!(
            "IMAPAccount ent\nHost 127.0.0.1\nPort {}\nUser nadia.roussel\nPass \"{password}\"\nAuthMechs SCRAM-SHA-256\n\
             SSLType None\n\nIMAPStore far\nAccount ent\n\nMaildirStore near\nPath {mail}/\nInbox {mail}/INBOX\n\n\
             Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSyncState *\n",
            running.imap(),
            mail = mail.display()
        )
    };
    for (password, comes_in) in [("théorème de Thalès", true), ("faux", false)] {
        std::fs::write(running.folder.path().join("mbsyncrc"), settings(password)).unwrap();
        let file = running.folder.path().join("mbsyncrc").display().to_string();
        let Some(synced) = running.run("mbsync", vec!["-c".to_owned(), file, "-a".to_owned()], "").await else {
            return;
        };
        assert_eq!(synced.status.success(), comes_in, "{}", said(&synced));
    }
    running.server.stop().await;
}
