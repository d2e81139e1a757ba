//! A server with the sample school and a second one, tokens of its API, and an HTTP client.

use std::sync::Arc;
use std::time::Duration;

use passerelle::config;
use passerelle::domain::api::TokenPlan;
use passerelle::domain::clock::Clock;
use passerelle::domain::delivery::{Submission, Submitted};
use passerelle::domain::directory::Recipient;
use passerelle::domain::import::{File, ImportFiles, ImportMode, Imported};
use passerelle::model::{ApiScope, User};
use passerelle::sample;
use passerelle::server::{self, Server};
use passerelle::store::{Durability, Tx, Working};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::support;

/// Long enough for anything that is not stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// A pupil, and his mother; somebody of another school.
pub(crate) const PUPIL: &str = "theo.lambert";
pub(crate) const MOTHER: &str = "christine.lambert";
pub(crate) const TEACHER: &str = "nadia.roussel";
pub(crate) const ELSEWHERE: &str = "paul.ailleurs";

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
}

/// One on SQLite, and one on PostgreSQL where there is a server.
pub(crate) async fn worlds(settings: &str) -> Vec<World> {
    let mut worlds = vec![World::new(None, settings).await];
    if let Some(url) = support::postgres_url().await {
        worlds.push(World::new(Some(&url), settings).await);
    }
    worlds
}

impl World {
    /// With further settings: tables of the file.
    pub(crate) async fn new(store: Option<&str>, settings: &str) -> Self {
        let world = Self::beside(store, settings).await;
        world.import(sample::school()).await;
        let users =
            "external_id;login;first_name;last_name;profile;schools\nA1;paul.ailleurs;Paul;Ailleurs;Teacher;0750001A\n";
        let other =
            ImportFiles::default().with(File::Schools, "uai;name\n0750001A;Ailleurs\n").with(File::Users, users);
        world.import(other).await;
        world
    }

    /// A gateway on a store that another one has filled.
    pub(crate) async fn beside(store: Option<&str>, settings: &str) -> Self {
        Self::started(store, "", settings).await
    }

    async fn started(store: Option<&str>, listen: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store.map(|url| format!("[store]\nurl = '{url}'\nconnections_max = 8\n")).unwrap_or_default();
        let text = format!(
            "domain = 'school.test'\nlanguage = 'en'\ndata_dir = 'data'\n[listen]\nhttp = '127.0.0.1:0'\nimap = '127.0.0.1:0'\n\
             submission = '127.0.0.1:0'\ndrain_seconds = 0\n{listen}[login]\nwithout_tls_from_loopback = true\n\
             scram_iterations = 4096\n{store}{settings}"
        );
        let config = config::parse(&text, "p.toml", folder.path(), None);
        let config = Arc::new(config.unwrap_or_else(|problems| panic!("{problems}")));
        let server = server::start(config, Clock::system()).await.unwrap();
        Self { server, folder }
    }

    /// With further lines in `[listen]`.
    pub(crate) async fn with_listen(listen: &str) -> Self {
        let world = Self::started(None, listen, "").await;
        world.import(sample::school()).await;
        world
    }

    async fn import(&self, files: ImportFiles) {
        let imported = self.server.gateway().import(&files, ImportMode::Apply).await.unwrap();
        assert!(matches!(imported, Imported::Done(_)), "{imported:?}");
    }

    /// So many accounts, all in one group.
    pub(crate) async fn bench(&self, accounts: usize) {
        self.import(sample::bench_school(accounts)).await;
    }

    /// Waits until webhooks have been told everything; `false` where that takes too long.
    pub(crate) async fn settled(&self) -> bool {
        let started = std::time::Instant::now();
        while !self.server.gateway().webhook_states().await.unwrap().is_empty() {
            if started.elapsed() > 2 * PATIENCE {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    }

    /// Runs one statement on SQLite.
    async fn runs(&self, statement: &'static str) {
        let run: for<'t, 'c> fn(&'t mut Tx<'c>, &'t &'static str) -> Working<'t, ()> = |tx, statement| {
            Box::pin(async move {
                let Tx::Sqlite(connection) = tx else { panic!("SQLite") };
                sqlx::query(*statement).execute(&mut **connection).await?;
                Ok(())
            })
        };
        self.server.gateway().store().write(Durability::Synced, statement, run).await.unwrap();
    }

    /// What webhooks have not been told is as old as it may become.
    pub(crate) async fn age_outbox(&self) {
        self.runs("update webhook_outbox set give_up_at = 1").await;
    }

    /// Quiet hours are over for whatever waits.
    pub(crate) async fn end_waits(&self) {
        self.runs("update delivery set waits_until = 1 where waits_until is not null").await;
    }

    pub(crate) async fn user(&self, login: &str) -> User {
        self.server.gateway().find_user(login).await.unwrap().unwrap()
    }

    /// A token with these scopes: of all schools, or of one.
    pub(crate) async fn token_of(&self, scopes: &[ApiScope], school: Option<&str>) -> String {
        let plan = TokenPlan {
            name: "Accueil".to_owned(),
            scopes: scopes.iter().copied().collect(),
            school: school.map(str::to_owned),
            expires_at: None,
        };
        let new = self.server.gateway().create_api_token(plan).await.unwrap().unwrap();
        String::from_utf8(new.secret.expose().to_vec()).unwrap()
    }

    /// A token that may do everything.
    pub(crate) async fn full_token(&self) -> String {
        self.token_of(&ApiScope::ALL, None).await
    }

    /// Sends a letter.
    pub(crate) async fn send(&self, from: &str, to: &str, subject: &str) {
        let recipient = Recipient::User(self.user(to).await);
        self.send_to(from, recipient, subject).await;
    }

    pub(crate) async fn send_to(&self, from: &str, to: Recipient, subject: &str) {
        let text = format!(
            "From: {from}@school.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@school.test>\r\n\r\nUn secret\r\n"
        );
        let mut spool = self.server.gateway().spool();
        spool.write(text.as_bytes()).await.unwrap();
        let message = spool.finish().await.unwrap();
        let submission = Submission { sender: self.user(from).await, recipients: vec![to], message };
        let submitted = self.server.gateway().submit(submission).await.unwrap();
        assert!(!matches!(submitted, Submitted::Refused(_)), "{submitted:?}");
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.addresses().http.unwrap().port()
    }

    /// Asks, with a token and no body.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.ask("GET", token, path, &[], "").await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: &str) -> Answer {
        self.ask("POST", token, path, &[], body).await
    }

    /// Asks with further header lines. Without a token where it is empty.
    pub(crate) async fn ask(&self, method: &str, token: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let mut head = format!("{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        if !token.is_empty() {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        for line in lines {
            head.push_str(&format!("{line}\r\n"));
        }
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let asking = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port())).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut text = Vec::new();
            // Who asks too much is cut off before it has been read.
            let _ = stream.read_to_end(&mut text).await;
            String::from_utf8_lossy(&text).into_owned()
        };
        Answer::read(&tokio::time::timeout(PATIENCE, asking).await.expect("an answer"))
    }

    /// Opens a stream of events.
    pub(crate) async fn stream(&self, method: &str, token: &str, path: &str, lines: &[&str], body: &str) -> Stream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).await.unwrap();
        let mut head = format!("{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
        for line in lines {
            head.push_str(&format!("{line}\r\n"));
        }
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut stream = Stream(BufReader::new(stream));
        let status = stream.line().await.unwrap();
        assert!(status.contains("200"), "{status}");
        while !stream.line().await.unwrap().is_empty() {}
        stream
    }
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body_json = serde_json::from_str(body).unwrap_or(Value::Null);
        Self { status, head: head.to_lowercase(), body: body_json, text: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    /// The name of the problem that it tells of.
    pub(crate) fn problem(&self) -> &str {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        self.body["type"].as_str().unwrap().rsplit(':').next().unwrap()
    }
}

/// A stream of events.
pub(crate) struct Stream(BufReader<TcpStream>);

/// One event, without its comments.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Stream {
    /// A line; `None` at the end.
    pub(crate) async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("a line");
        (read.unwrap_or(0) > 0).then(|| line.trim_end().to_owned())
    }

    /// The next event; `None` where the stream ends. Chunk sizes and comments are passed over.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        let (mut name, mut id, mut data) = (String::new(), None, String::new());
        loop {
            let line = self.line().await?;
            if let Some(value) = line.strip_prefix("event: ") {
                name = value.to_owned();
            } else if let Some(value) = line.strip_prefix("id: ") {
                id = Some(value.to_owned());
            } else if let Some(value) = line.strip_prefix("data: ") {
                data.push_str(value);
            } else if line.is_empty() && !name.is_empty() {
                return Some(Event { name, id, data: serde_json::from_str(&data).unwrap() });
            }
        }
    }

    pub(crate) async fn must(&mut self) -> Event {
        self.event().await.expect("an event")
    }
}
