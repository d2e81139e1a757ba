//! A server with the sample school, on a clock of the test's own.
//!
//! Nadia Roussel teaches Terminale A, Théo Lambert is a pupil of it, Christine Lambert his mother.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use passerelle::config::{self, Config};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::import::{ImportMode, Imported};
use passerelle::model::{Secret, Timestamp, User};
use passerelle::sample;
use passerelle::server::{self, Server};
use passerelle::tls::make_certificate;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::support;

pub(crate) const PASSWORD: &str = "un mot de passe long";
/// Tuesday, 24 November 2026, 9:00 in Paris.
pub(crate) const START: i64 = 1_795_507_200_000_000;

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) port: u16,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    /// With more settings.
    pub(crate) async fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("page.db").display());
        Self::on(folder, &url, settings).await
    }

    /// On each engine.
    pub(crate) async fn both() -> Vec<Self> {
        let mut worlds = vec![Self::new().await];
        if let Some(url) = support::postgres_url().await {
            worlds.push(Self::on(tempfile::tempdir().unwrap(), &url, "").await);
        }
        worlds
    }

    async fn on(folder: TempDir, url: &str, settings: &str) -> Self {
        let clock = Clock::fixed(Timestamp(START));
        make_certificate(&folder.path().join("tls"), &["ent.example.fr", "localhost"], Clock::system().now()).unwrap();
        let text = format!(
            "domain = \"ent.example.fr\"\nhost_name = \"localhost\"\ndata_dir = \"data\"\nstore.url = \"{url}\"\n\
             tls = {{ certificate = \"tls/cert.pem\", key = \"tls/key.pem\" }}\n\
             login.without_tls_from_loopback = true\nlogin.scram_iterations = 4096\n\
             listen.http = \"127.0.0.1:0\"\nlisten.imaps = \"127.0.0.1:0\"\nlisten.imap = \"127.0.0.1:0\"\n\
             listen.submissions = \"127.0.0.1:0\"\nlisten.drain_seconds = 0\nlisten.stop_seconds_max = 1\n{settings}"
        );
        let config: Config = config::parse(&text, "test", folder.path(), None).unwrap();
        let server = server::start(Arc::new(config), clock).await.unwrap();
        let port = server.addresses().http.unwrap().port();
        let world = Self { server, port, _folder: folder };
        let imported = world.gateway().import(&sample::school(), ImportMode::Apply).await.unwrap();
        assert!(matches!(imported, Imported::Done(_)));
        for login in ["nadia.roussel", "theo.lambert", "christine.lambert"] {
            let user = world.user(login).await;
            world.gateway().set_password(&user.id, Secret::new(PASSWORD)).await.unwrap().unwrap();
        }
        world
    }

    pub(crate) fn gateway(&self) -> &Arc<Gateway> {
        self.server.gateway()
    }

    pub(crate) async fn user(&self, login: &str) -> User {
        self.gateway().find_user(login).await.unwrap().unwrap()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        let clock = &self.gateway().clock;
        clock.set(Timestamp(clock.now().0 + seconds * 1_000_000));
    }

    /// A browser without a past.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.port)
    }

    /// A browser in which somebody has signed in by password.
    pub(crate) async fn signed_in(&self, login: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.get("/sign-in").await;
        let answer = browser
            .post("/sign-in", &[("name", login), ("password", PASSWORD), ("token", &page.hidden("token"))])
            .await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.body);
        browser
    }

    /// Delivers a letter to somebody of the school as its sender would.
    pub(crate) async fn letter(&self, from: &str, to: &str, subject: &str) {
        use passerelle::domain::delivery::{Submission, Submitted};
        use passerelle::domain::directory::Verdict;
        use passerelle::model::Address;
        let sender = self.user(from).await;
        let address = Address::parse(&format!("{to}@ent.example.fr")).unwrap();
        let Verdict::Allow(recipient) = self.gateway().may_write(&sender, &address).await.unwrap() else { panic!() };
        let mut spool = self.gateway().spool();
        let id = self.gateway().clock.new_id();
        let name = STANDARD.encode(&sender.display_name);
        let raw = format!(
            "From: =?utf-8?B?{name}?= <{from}@ent.example.fr>\r\nTo: <{to}@ent.example.fr>\r\nMessage-ID: <{id}@x>\r\n\
             Subject: {subject}\r\n\r\nLe corps secret.\r\n"
        );
        spool.write(raw.as_bytes()).await.unwrap();
        let submission = Submission { sender, recipients: vec![recipient], message: spool.finish().await.unwrap() };
        assert!(!matches!(self.gateway().submit(submission).await.unwrap(), Submitted::Refused(_)));
    }
}
