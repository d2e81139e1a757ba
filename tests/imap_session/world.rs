//! A gateway with two people in it, and a client that speaks octets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use passerelle::config::Config;
use passerelle::connection::Start;
use passerelle::connection::{Connection, Ended, Security};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::imap;
use passerelle::model::{Secret, UserId};
use passerelle::sasl::ChannelBindings;
use passerelle::store::{Durability, Tx, Working};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{self, TestStore};

pub const PASSWORD: &str = "un mot de passe long";

const PEOPLE: &[&str] = &[
    "insert into ent_user (id, external_id, login, login_alias, display_name, first_name, last_name, profile, suspended,
        created_at) values
        ('u-anne', 'x1', 'anne.martin', 'anne', 'MARTIN Anne', 'Anne', 'MARTIN', 'Teacher', false, 0),
        ('u-luc', 'x3', 'luc.petit', null, 'PETIT Luc', 'Luc', 'PETIT', 'Relative', false, 0)",
    "insert into address (local_part, user_id, group_id, is_primary, created_at) values
        ('anne.martin', 'u-anne', null, true, 0), ('anne', 'u-anne', null, false, 0),
        ('luc.petit', 'u-luc', null, true, 0)",
    "insert into mailbox (id, user_id, name, special_use, uid_validity, uid_next, mod_seq, subscribed, created_at)
        select row_number() over (order by u.id, s.use), u.id, s.name, s.use, 1, 1, 1, true, 0
        from ent_user u cross join (
            select 'inbox' as use, 'INBOX' as name union all select 'sent', 'Sent'
            union all select 'drafts', 'Drafts' union all select 'trash', 'Trash') s",
];

/// A gateway and what it runs on.
pub struct World {
    pub gateway: Arc<Gateway>,
    pub stop: CancellationToken,
    _store: TestStore,
}

static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

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
        for user in ["u-anne", "u-luc"] {
            gateway.set_password(&UserId::new(user), Secret::new(PASSWORD)).await.unwrap().unwrap();
        }
        Self { gateway: Arc::new(gateway), stop: CancellationToken::new(), _store: test }
    }

    /// What the gateway runs on.
    pub fn store(&self) -> passerelle::store::Store {
        self._store.store.clone()
    }

    /// A client on a connection of its own, greeted or not; `bytes`: what the stream holds that was not read.
    pub fn connect(&self, security: Security, start: Start, bytes: usize) -> Client {
        let (ours, theirs) = tokio::io::duplex(bytes);
        let (gateway, stop) = (Arc::clone(&self.gateway), self.stop.clone());
        let peer = "192.0.2.1:5000".parse().unwrap();
        let session = tokio::spawn(async move {
            let connection = Connection {
                id: CONNECTIONS.fetch_add(1, Ordering::Relaxed),
                peer,
                security,
                bindings: ChannelBindings::default(),
                stop,
            };
            imap::run(gateway, &connection, start, theirs).await
        });
        Client { stream: ours, unread: Vec::new(), commands: 0, session }
    }

    /// A client on TLS that was greeted.
    pub async fn client(&self) -> Client {
        let mut client = self.connect(Security::Tls, Start::Greeting, 1 << 20);
        let greeting = client.response().await;
        assert!(greeting.starts_with("* OK [CAPABILITY IMAP4rev1 "), "{greeting}");
        client
    }

    /// A client that has logged in as Anne.
    pub async fn anne(&self) -> Client {
        let mut client = self.client().await;
        client.ok(&format!("LOGIN anne \"{PASSWORD}\"")).await;
        client
    }

    /// A client of Anne's with a mailbox selected.
    pub async fn anne_in(&self, mailbox: &str) -> Client {
        let mut client = self.anne().await;
        client.ok(&format!("SELECT {mailbox}")).await;
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
    session: JoinHandle<Ended<DuplexStream>>,
}

impl Client {
    pub async fn sends(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).await.unwrap();
    }

    /// One response with its literals, without its last CRLF; `None` at the end of the stream.
    pub async fn try_response(&mut self) -> Option<String> {
        let mut length = 0;
        loop {
            let end = loop {
                if let Some(at) = self.unread[length..].windows(2).position(|two| two == b"\r\n") {
                    break length + at;
                }
                self.read_more().await?;
            };
            let line = String::from_utf8_lossy(&self.unread[length..end]).into_owned();
            length = end + 2;
            let Some(size) = line.strip_suffix('}').and_then(|line| line.rsplit_once('{')) else { break };
            length += size.1.parse::<usize>().unwrap();
            while self.unread.len() < length {
                self.read_more().await?;
            }
        }
        let response: Vec<u8> = self.unread.drain(..length).collect();
        Some(String::from_utf8_lossy(&response[..length - 2]).into_owned())
    }

    async fn read_more(&mut self) -> Option<()> {
        let read = tokio::time::timeout(std::time::Duration::from_secs(20), self.stream.read_buf(&mut self.unread));
        (read.await.expect("an answer in time").unwrap() > 0).then_some(())
    }

    pub async fn response(&mut self) -> String {
        self.try_response().await.expect("a response")
    }

    /// Responses up to the tagged one, that one without its tag.
    pub async fn answer(&mut self, tag: &str) -> Vec<String> {
        let mut responses = Vec::new();
        loop {
            let response = self.response().await;
            if let Some(rest) = response.strip_prefix(&format!("{tag} ")) {
                responses.push(rest.to_owned());
                return responses;
            }
            responses.push(response);
        }
    }

    /// Gives a command and takes its answer.
    pub async fn says(&mut self, command: impl AsRef<[u8]>) -> Vec<String> {
        self.commands += 1;
        let tag = format!("t{}", self.commands);
        self.sends([tag.as_bytes(), b" ", command.as_ref(), b"\r\n"].concat()).await;
        self.answer(&tag).await
    }

    /// The same, where the answer must be OK: its untagged responses.
    pub async fn ok(&mut self, command: impl AsRef<[u8]>) -> Vec<String> {
        let shown = String::from_utf8_lossy(command.as_ref()).into_owned();
        let mut responses = self.says(command).await;
        let tagged = responses.pop().unwrap();
        assert!(tagged.starts_with("OK"), "{shown}: {tagged}");
        responses
    }

    /// The tagged answer alone.
    pub async fn tagged(&mut self, command: impl AsRef<[u8]>) -> String {
        self.says(command).await.pop().unwrap()
    }

    /// Appends a message; gives the tagged answer.
    pub async fn appends(&mut self, mailbox: &str, message: impl AsRef<[u8]>) -> String {
        let message = message.as_ref();
        let head = format!("APPEND {mailbox} {{{}+}}\r\n", message.len());
        self.tagged([head.as_bytes(), message].concat()).await
    }

    /// Everything up to the end of the stream, and how the session ended.
    pub async fn ends(mut self) -> (Vec<String>, Ended<DuplexStream>) {
        let mut responses = Vec::new();
        while let Some(response) = self.try_response().await {
            responses.push(response);
        }
        (responses, self.session.await.unwrap())
    }

    /// Hangs up.
    pub async fn hangs_up(self) -> Ended<DuplexStream> {
        drop(self.stream);
        self.session.await.unwrap()
    }

    /// The stream that the session gave back.
    pub async fn handed_back(self) -> Ended<DuplexStream> {
        let ended = self.session.await.unwrap();
        drop(self.stream);
        ended
    }
}

/// A small message with this subject and body.
pub fn letter(subject: &str, body: &str) -> String {
    format!(
        "From: Anne <anne.martin@ent.test>\r\nTo: Luc <luc.petit@ent.test>\r\nSubject: {subject}\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{}@ent.test>\r\n\r\n{body}\r\n",
        subject.len() * 1000 + body.len()
    )
}
