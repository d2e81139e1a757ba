//! A gateway with four people in it, and a client that speaks octets.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use base64::Engine;
use passerelle::config::Config;
use passerelle::connection::Start;
use passerelle::connection::{Connection, Ended, Security};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::model::{Secret, UserId};
use passerelle::sasl::ChannelBindings;
use passerelle::smtp;
use passerelle::store::{Durability, StoreError, Tx, Working};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{self, TestStore};

pub const PASSWORD: &str = "un mot de passe long";

/// Anne (alias `anne`) and Paul write to each other and to their group; Luc, of the same group, is suspended; Zoé is in
/// none; last year's group is closed.
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
        ('g-tous', 'u-anne'), ('g-tous', 'u-paul'), ('g-tous', 'u-luc'), ('g-old', 'u-anne'), ('g-old', 'u-paul')",
    "insert into address (local_part, user_id, group_id, is_primary, created_at) values
        ('anne.martin', 'u-anne', null, true, 0), ('anne', 'u-anne', null, false, 0),
        ('paul.durand', 'u-paul', null, true, 0), ('luc.petit', 'u-luc', null, true, 0),
        ('zoe.noir', 'u-zoe', null, true, 0), ('conseil', null, 'g-tous', true, 0),
        ('parents.2025', null, 'g-old', true, 0)",
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
        let mut config: Config = toml::from_str(&format!(
            "domain = 'ent.test'\ndata_dir = '{}'\nlogin.scram_iterations = 4096",
            test.folder.path().display()
        ))
        .unwrap();
        change(&mut config);
        write(&test, PEOPLE).await;
        let gateway = Gateway::new(Arc::new(config), test.store.clone(), Clock::system()).unwrap();
        for user in ["u-anne", "u-paul"] {
            gateway.set_password(&UserId::new(user), Secret::new(PASSWORD)).await.unwrap().unwrap();
        }
        Self { gateway: Arc::new(gateway), stop: CancellationToken::new(), _store: test }
    }

    /// A client on a connection of its own from far away, greeted or not.
    pub fn connect(&self, security: Security, start: Start) -> Client {
        self.connect_from("192.0.2.1:5000", security, start)
    }

    /// A client from this address.
    pub fn connect_from(&self, peer: &str, security: Security, start: Start) -> Client {
        let peer = peer.parse().unwrap();
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let writes = Arc::new(AtomicUsize::new(0));
        let counted = Counted { stream: theirs, writes: Arc::clone(&writes) };
        let (gateway, stop) = (Arc::clone(&self.gateway), self.stop.clone());
        let session = tokio::spawn(async move {
            let connection = Connection {
                id: CONNECTIONS.fetch_add(1, Ordering::Relaxed),
                peer,
                security,
                bindings: ChannelBindings::default(),
                stop,
            };
            smtp::run(gateway, &connection, start, counted).await
        });
        Client { stream: ours, unread: Vec::new(), writes, session }
    }

    /// A client on TLS that was greeted.
    pub async fn client(&self) -> Client {
        let mut client = self.connect(Security::Tls, Start::Greeting);
        assert_eq!(client.reply().await, "220 ent.test ESMTP Passerelle\r\n");
        client
    }

    /// A client that has logged in as Anne.
    pub async fn anne(&self) -> Client {
        let mut client = self.client().await;
        assert!(client.says("EHLO [127.0.0.1]").await.starts_with("250-ent.test\r\n"));
        assert!(client.says(&format!("AUTH PLAIN {}", plain("anne.martin", PASSWORD))).await.starts_with("235 2.7.0 "));
        client
    }

    /// A client of Anne's that may send DATA to Paul.
    pub async fn anne_to_paul(&self) -> Client {
        let mut client = self.anne().await;
        client.begins_to_paul().await;
        client
    }

    /// The octets of the messages in a person's mailbox, in the order of their UIDs.
    pub async fn messages(&self, user: &'static str, special_use: &'static str) -> Vec<Vec<u8>> {
        let stored =
            self.gateway.store().read((user, special_use), |tx, input| Box::pin(stored(tx, *input))).await.unwrap();
        stored.into_iter().map(|(header, body)| [header, body].concat()).collect()
    }

    /// Messages, bodies and placements in the whole store.
    pub async fn counts(&self) -> (i64, i64, i64) {
        self.gateway.store().read((), |tx, ()| count(tx)).await.unwrap()
    }
}

/// AUTH PLAIN's response.
pub fn plain(name: &str, password: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("\0{name}\0{password}"))
}

async fn write(test: &TestStore, statements: &'static [&'static str]) {
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

async fn stored(tx: &mut Tx<'_>, (user, special_use): (&str, &str)) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
    let Tx::Sqlite(connection) = tx else { panic!("SQLite") };
    Ok(sqlx::query_as(
        "select m.header, b.bytes from placement p join mailbox x on x.id = p.mailbox_id
         join message m on m.id = p.message_id join body b on b.hash = m.body_hash
         where x.user_id = $1 and x.special_use = $2 order by p.uid",
    )
    .bind(user)
    .bind(special_use)
    .fetch_all(&mut **connection)
    .await?)
}

fn count<'t>(tx: &'t mut Tx<'_>) -> Working<'t, (i64, i64, i64)> {
    Box::pin(async move {
        let Tx::Sqlite(connection) = tx else { panic!("SQLite") };
        let sql =
            "select (select count(*) from message), (select count(*) from body), (select count(*) from placement)";
        Ok(sqlx::query_as(sql).fetch_one(&mut **connection).await?)
    })
}

/// The client's end of a connection.
pub struct Client {
    stream: DuplexStream,
    unread: Vec<u8>,
    /// How often the server has written.
    writes: Arc<AtomicUsize>,
    session: JoinHandle<Ended<Counted>>,
}

impl Client {
    /// Sends octets as they are.
    pub async fn sends(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).await.unwrap();
    }

    /// Sends a line and gives its reply.
    pub async fn says(&mut self, line: &str) -> String {
        self.sends(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Sends a line whose reply must begin so.
    #[track_caller]
    pub fn is_told<'a>(&'a mut self, line: &'a str, expected: &'a str) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let reply = self.says(line).await;
            assert!(reply.starts_with(expected), "{place}: {line:?} got {reply:?}, not {expected:?}");
        }
    }

    /// Begins a transaction from Anne to Paul.
    pub async fn begins_to_paul(&mut self) {
        self.is_told("MAIL FROM:<anne.martin@ent.test>", "250 2.1.0 ").await;
        self.is_told("RCPT TO:<paul.durand@ent.test>", "250 2.1.5 ").await;
    }

    /// Sends a message with DATA and gives the reply to it. It must hold its own end.
    pub async fn sends_data(&mut self, octets: impl AsRef<[u8]>) -> String {
        self.is_told("DATA", "354 ").await;
        self.sends(octets).await;
        self.reply().await
    }

    /// The next reply with all its lines.
    pub async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let line = self.line().await.unwrap_or_else(|| panic!("the server closed after {reply:?}"));
            let last = line.as_bytes().get(3) == Some(&b' ');
            reply.push_str(&line);
            if last {
                return reply;
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.unread.drain(..end + 2).collect();
                return Some(String::from_utf8(line).unwrap());
            }
            if self.stream.read_buf(&mut self.unread).await.unwrap() == 0 {
                assert!(self.unread.is_empty(), "half a line at the end");
                return None;
            }
        }
    }

    /// How often the server has written so far.
    pub fn server_writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    /// All replies up to the end of the connection, and how the session ended.
    pub async fn ends(mut self) -> (Vec<String>, Ended<Counted>) {
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            lines.push(line);
        }
        (lines, self.session.await.unwrap())
    }

    /// Waits for the session, whose stream is still open, to hand it back.
    pub async fn handed_back(self) -> (DuplexStream, Counted) {
        match self.session.await.unwrap() {
            Ended::StartTls(stream) => (self.stream, stream),
            Ended::Closed => panic!("closed"),
        }
    }

    /// Hangs up without a word.
    pub async fn hangs_up(self) -> Ended<Counted> {
        drop(self.stream);
        self.session.await.unwrap()
    }
}

/// The server's end, which counts writes.
#[derive(Debug)]
pub struct Counted {
    stream: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
