//! Gateways on one database, each with a folder of its own, and IMAP clients of them.

use std::sync::Arc;
use std::time::Duration;

use passerelle::config::{self, Config};
use passerelle::domain::clock::Clock;
use passerelle::domain::delivery::{Submission, Submitted};
use passerelle::domain::directory::Recipient;
use passerelle::model::{Group, GroupId, GroupKind, Profile, Secret, User, UserId, UsersRule};
use passerelle::server::{self, Server, StartError};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) const PASSWORD: &str = "un mot de passe long";

/// Long enough for anything that is not stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Where one gateway keeps its files.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
    settings: String,
}

impl Site {
    /// On this database; `settings`: further lines. Nobody polls, so that nothing but hints can wake a session.
    pub(crate) fn new(url: &str, settings: &str) -> Self {
        let settings = format!(
            "domain = 'ent.test'\ndata_dir = 'data'\n[login]\nwithout_tls_from_loopback = true\n[listen]\n\
             imap = '127.0.0.1:0'\nsubmission = '127.0.0.1:0'\nhttp = '127.0.0.1:0'\ndrain_seconds = 0\n[imap]\npoll_seconds = 1200\n\
             [store]\nurl = '{url}'\nconnections_max = 8\n{settings}"
        );
        Self { folder: tempfile::tempdir().unwrap(), settings }
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        let config = config::parse(&self.settings, "p.toml", self.folder.path(), None);
        Arc::new(config.unwrap_or_else(|problems| panic!("{problems}")))
    }

    pub(crate) async fn try_start(&self) -> Result<Server, StartError> {
        server::start(self.config(), Clock::system()).await
    }

    pub(crate) async fn start(&self) -> Server {
        self.try_start().await.unwrap()
    }
}

const PEOPLE: [&str; 4] = [
    "insert into ent_user (id, external_id, login, login_alias, display_name, first_name, last_name, profile, suspended,
        suspended_reason, password_hash, quota_bytes, created_at)
    select 'id-' || i, i, 'u' || i, null, 'U', 'U', 'U', 'Teacher', false, null, null, null, 0
    from generate_series(1, $1) as n (i)",
    "insert into address (local_part, user_id, group_id, is_primary, created_at)
    select login, id, null, true, 0 from ent_user where $1 > 0",
    "insert into ent_group (id, school_id, class_id, parent_id, kind, profile, name, users_rule, closed, created_at)
    select 'g', null, null, null, 'Manual', null, 'G', 'BOTH', false, 0 where $1 > 0",
    "insert into group_member (group_id, user_id) select 'g', id from ent_user where $1 > 0",
];

/// People `u1`, `u2`…, all of them in the group `g`; the first two have a password.
pub(crate) async fn add_people(url: &str, server: &Server, count: i64) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    for statement in PEOPLE {
        sqlx::query(statement).bind(count).execute(&mut connection).await.unwrap();
    }
    server.gateway().add_special_mailboxes(None).await.unwrap();
    for number in 1..=2.min(u32::try_from(count).unwrap()) {
        server.gateway().set_password(&user(number).id, Secret::new(PASSWORD)).await.unwrap().unwrap();
    }
}

/// Person `u{number}`.
pub(crate) fn user(number: u32) -> User {
    User {
        id: UserId::new(format!("id-{number}")),
        login: format!("u{number}"),
        login_alias: None,
        display_name: "U".to_owned(),
        profile: Profile::Teacher,
        suspended: false,
        quota_bytes: None,
    }
}

/// Everybody.
pub(crate) fn everybody() -> Recipient {
    Recipient::Group(Group {
        id: GroupId::new("g"),
        school: None,
        parent: None,
        kind: GroupKind::Manual,
        profile: None,
        name: "G".to_owned(),
        users: UsersRule::Both,
        closed: false,
    })
}

/// Sends a letter of `u1` to this recipient through this gateway.
pub(crate) async fn send(server: &Server, to: Recipient, id: &str) {
    let text = format!("From: u1@ent.test\r\nSubject: {id}\r\nMessage-ID: <{id}@ent.test>\r\n\r\nBonjour\r\n");
    let mut spool = server.gateway().spool();
    spool.write(text.as_bytes()).await.unwrap();
    let message = spool.finish().await.unwrap();
    let submission = Submission { sender: user(1), recipients: vec![to], message };
    let submitted = server.gateway().submit(submission).await.unwrap();
    assert!(matches!(submitted, Submitted::Delivered { .. }), "{submitted:?}");
}

/// An IMAP client.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    commands: u32,
}

impl Client {
    /// Logged in as `u{number}`.
    pub(crate) async fn log_in(server: &Server, number: u32) -> Self {
        let stream = TcpStream::connect(server.addresses().imap.unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Self { stream: BufReader::new(stream), commands: 0 };
        client.line().await;
        client.ok(&format!("LOGIN u{number} \"{PASSWORD}\"")).await;
        client
    }

    /// The same, with INBOX selected and in IDLE.
    pub(crate) async fn idle(server: &Server, number: u32) -> Self {
        let mut client = Self::log_in(server, number).await;
        client.ok("SELECT INBOX").await;
        client.begin_idle().await;
        client
    }

    pub(crate) async fn begin_idle(&mut self) {
        self.stream.write_all(b"i IDLE\r\n").await.unwrap();
        assert_eq!(self.line().await, "+ idling");
    }

    /// One line without its end.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, self.stream.read_line(&mut line)).await;
        assert_ne!(read.expect("a line in time").unwrap(), 0, "the connection ended");
        line.trim_end().to_owned()
    }

    /// Reads on until a line begins so.
    pub(crate) async fn hear(&mut self, start: &str) -> String {
        loop {
            let line = self.line().await;
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// Sends a command and gives its tagged answer, without the tag.
    pub(crate) async fn tagged(&mut self, command: &str) -> String {
        self.commands += 1;
        let tag = format!("t{} ", self.commands);
        self.stream.write_all(format!("{tag}{command}\r\n").as_bytes()).await.unwrap();
        self.hear(&tag).await.split_off(tag.len())
    }

    pub(crate) async fn ok(&mut self, command: &str) {
        let answer = self.tagged(command).await;
        assert!(answer.starts_with("OK"), "{command}: {answer}");
    }

    /// All that comes until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = String::new();
        tokio::time::timeout(PATIENCE, self.stream.read_to_string(&mut rest)).await.expect("an end in time").unwrap();
        rest
    }
}
