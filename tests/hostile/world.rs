//! A gateway with a small school, and clients of both protocols on it.
//!
//! Anne teaches, Paul is a parent: they write to each other and to their group. Luc of that group is suspended. Zoé is a
//! pupil whom no rule lets write to anybody. Last year's group is closed.

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::connection::{Connection, Security, Start};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::model::{Secret, UserId};
use passerelle::store::{Durability, Tx, Working};
use passerelle::{imap, smtp};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{self, TestStore};

pub const PASSWORD: &str = "un mot de passe long";

const PEOPLE: &[&str] = &[
    "insert into ent_user (id, external_id, login, login_alias, display_name, first_name, last_name, profile, suspended,
        created_at) values
        ('u-anne', 'x1', 'anne.martin', 'anne', 'MARTIN Anne', 'Anne', 'MARTIN', 'Teacher', false, 0),
        ('u-paul', 'x2', 'paul.durand', null, 'DURAND Paul', 'Paul', 'DURAND', 'Relative', false, 0),
        ('u-luc', 'x3', 'luc.petit', null, 'PETIT Luc', 'Luc', 'PETIT', 'Relative', true, 0),
        ('u-zoe', 'x4', 'zoe.noir', null, 'NOIR Zoé', 'Zoé', 'NOIR', 'Student', false, 0)",
    "insert into ent_group (id, kind, name, users_rule, closed, created_at) values
        ('g-tous', 'Manual', 'Conseil', 'BOTH', false, 0),
        ('g-old', 'Manual', 'Parents 2025', 'BOTH', true, 0)",
    "insert into group_member (group_id, user_id) values
        ('g-tous', 'u-anne'), ('g-tous', 'u-paul'), ('g-tous', 'u-luc'), ('g-old', 'u-anne'), ('g-old', 'u-paul'),
        ('g-old', 'u-zoe')",
    "insert into address (local_part, user_id, group_id, is_primary, created_at) values
        ('anne.martin', 'u-anne', null, true, 0), ('anne', 'u-anne', null, false, 0),
        ('paul.durand', 'u-paul', null, true, 0), ('luc.petit', 'u-luc', null, true, 0),
        ('zoe.noir', 'u-zoe', null, true, 0), ('conseil', null, 'g-tous', true, 0),
        ('parents.2025', null, 'g-old', true, 0)",
];

pub struct World {
    pub gateway: Arc<Gateway>,
    store: TestStore,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings of its own.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let test = support::sqlite().await;
        let mut config: Config =
            toml::from_str(&format!("domain = 'ent.test'\ndata_dir = '{}'", test.folder.path().display())).unwrap();
        config.login.refusal_delay_milliseconds = 0;
        config.login.scram_iterations = 4096;
        change(&mut config);
        insert(&test, PEOPLE).await;
        let gateway = Gateway::new(Arc::new(config), test.store.clone(), Clock::system()).unwrap();
        let hash = gateway.hash_password(Secret::new(PASSWORD)).await.unwrap().unwrap();
        gateway.set_password_hash(&["u-anne", "u-paul", "u-zoe"].map(UserId::new), hash).await.unwrap();
        gateway.add_special_mailboxes(None).await.unwrap();
        Self { gateway: Arc::new(gateway), store: test }
    }

    /// Changes the directory by SQL.
    pub async fn runs(&self, statements: &'static [&'static str]) {
        insert(&self.store, statements).await;
    }

    fn connect<F: Future<Output = ()> + Send + 'static>(
        &self,
        run: impl FnOnce(Arc<Gateway>, Connection, DuplexStream) -> F,
    ) -> Client {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let connection = Connection {
            id: 1,
            peer: "192.0.2.1:5000".parse().unwrap(),
            security: Security::Tls,
            bindings: passerelle::sasl::ChannelBindings::default(),
            stop: CancellationToken::new(),
        };
        let session = tokio::spawn(run(Arc::clone(&self.gateway), connection, theirs));
        Client { stream: ours, unread: Vec::new(), commands: 0, session }
    }

    /// An IMAP client that has not logged in.
    pub async fn imap_stranger(&self) -> Client {
        let mut client = self.connect(|gateway, connection, stream| async move {
            drop(imap::run(gateway, &connection, Start::Greeting, stream).await);
        });
        client.line().await;
        client
    }

    /// An IMAP client.
    pub async fn imap(&self, login: &str) -> Client {
        let mut client = self.imap_stranger().await;
        client.ok(&format!("LOGIN {login} \"{PASSWORD}\"")).await;
        client
    }

    /// An IMAP client with its INBOX open.
    pub async fn imap_in_inbox(&self, login: &str) -> Client {
        let mut client = self.imap(login).await;
        client.ok("SELECT INBOX").await;
        client
    }

    /// A submission client that has not logged in.
    pub async fn smtp_stranger(&self) -> Client {
        let mut client = self.connect(|gateway, connection, stream| async move {
            drop(smtp::run(gateway, &connection, Start::Greeting, stream).await);
        });
        client.reply().await;
        client.asks("EHLO [127.0.0.1]").await;
        client
    }

    /// A submission client.
    pub async fn smtp(&self, login: &str) -> Client {
        let mut client = self.smtp_stranger().await;
        let token = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("\0{login}\0{PASSWORD}"));
        let reply = client.asks(&format!("AUTH PLAIN {token}")).await;
        assert!(reply.starts_with("235 "), "{reply}");
        client
    }
}

async fn insert(test: &TestStore, statements: &'static [&'static str]) {
    let run: for<'t, 'c> fn(&'t mut Tx<'c>, &'t &'static [&'static str]) -> Working<'t, ()> = |tx, statements| {
        Box::pin(async move {
            let Tx::Sqlite(connection) = tx else { panic!("SQLite") };
            for statement in *statements {
                sqlx::query(*statement).execute(&mut **connection).await?;
            }
            Ok(())
        })
    };
    test.store.write(Durability::Synced, statements, run).await.unwrap();
}

/// One end of a session.
pub struct Client {
    stream: DuplexStream,
    unread: Vec<u8>,
    commands: u32,
    session: JoinHandle<()>,
}

impl Client {
    pub async fn sends(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).await.unwrap();
    }

    /// Reads nothing, and waits until the server has ended the session.
    pub async fn comes_to_its_end(self) {
        let ended = tokio::time::timeout(std::time::Duration::from_secs(60), self.session).await;
        ended.expect("an end in time").unwrap();
    }

    /// Breaks off, and waits until the server has ended the session.
    pub async fn hangs_up(self) {
        let Self { stream, session, .. } = self;
        drop(stream);
        tokio::time::timeout(std::time::Duration::from_secs(60), session).await.expect("an end in time").unwrap();
    }

    /// A line and the literals in it, without its last CRLF; `None` where the server has closed.
    pub async fn try_line(&mut self) -> Option<String> {
        let mut length = 0;
        loop {
            let end = loop {
                if let Some(at) = memchr::memmem::find(&self.unread[length..], b"\r\n") {
                    break length + at;
                }
                self.read_more().await?;
            };
            let size: Option<usize> = std::str::from_utf8(&self.unread[length..end])
                .ok()
                .and_then(|line| line.strip_suffix('}')?.rsplit_once('{')?.1.parse().ok());
            length = end + 2;
            let Some(size) = size else { break };
            length += size;
            while self.unread.len() < length {
                self.read_more().await?;
            }
        }
        let line: Vec<u8> = self.unread.drain(..length).collect();
        Some(String::from_utf8_lossy(&line[..length - 2]).into_owned())
    }

    async fn read_more(&mut self) -> Option<()> {
        let read = tokio::time::timeout(std::time::Duration::from_secs(60), self.stream.read_buf(&mut self.unread));
        (read.await.expect("an answer in time").unwrap() > 0).then_some(())
    }

    /// Whatever comes next; `None` where the server has closed.
    pub async fn octets(&mut self) -> Option<Vec<u8>> {
        if self.unread.is_empty() {
            self.read_more().await?;
        }
        Some(std::mem::take(&mut self.unread))
    }

    pub async fn line(&mut self) -> String {
        self.try_line().await.expect("a line")
    }

    /// IMAP: a command's answers, the tagged one last and without its tag.
    pub async fn says(&mut self, command: impl AsRef<[u8]>) -> Vec<String> {
        self.commands += 1;
        let tag = format!("t{} ", self.commands);
        self.sends([tag.as_bytes(), command.as_ref(), b"\r\n"].concat()).await;
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            if let Some(rest) = line.strip_prefix(&tag) {
                lines.push(rest.to_owned());
                return lines;
            }
            lines.push(line);
        }
    }

    /// IMAP: the tagged answer.
    pub async fn tagged(&mut self, command: impl AsRef<[u8]>) -> String {
        self.says(command).await.pop().unwrap()
    }

    /// IMAP: the untagged answers to a command that must succeed.
    pub async fn ok(&mut self, command: impl AsRef<[u8]>) -> Vec<String> {
        let mut lines = self.says(command.as_ref()).await;
        let tagged = lines.pop().unwrap();
        assert!(tagged.starts_with("OK"), "{}: {tagged}", String::from_utf8_lossy(command.as_ref()));
        lines
    }

    /// IMAP: appends a message; `head` is the mailbox and what else stands before it.
    pub async fn appends(&mut self, head: &str, message: impl AsRef<[u8]>) -> String {
        let message = message.as_ref();
        let head = format!("APPEND {head} {{{}+}}\r\n", message.len());
        self.tagged([head.as_bytes(), message].concat()).await
    }

    /// SMTP: the next reply, all its lines.
    pub async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let line = self.line().await;
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
            reply.push('\n');
        }
    }

    /// SMTP: a line and its reply.
    pub async fn asks(&mut self, line: impl AsRef<[u8]>) -> String {
        self.sends([line.as_ref(), b"\r\n"].concat()).await;
        self.reply().await
    }

    /// SMTP: submits a message; the reply that decides, after which another may be sent.
    pub async fn submits(&mut self, from: &str, to: &[&str], message: impl AsRef<[u8]>) -> String {
        let mut reply = self.asks(format!("MAIL FROM:<{from}>")).await;
        for to in to {
            if !reply.starts_with('2') {
                break;
            }
            reply = self.asks(format!("RCPT TO:<{to}>")).await;
        }
        if reply.starts_with('2') {
            reply = self.asks("DATA").await;
        }
        if reply.starts_with("354") {
            return self.asks([message.as_ref(), b"\r\n."].concat()).await;
        }
        self.asks("RSET").await;
        reply
    }
}
