//! What is true, and what may be said of it: one person's mailbox, behind two gateways.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use passerelle::config::Config;
use passerelle::connection::{Connection, Security, Start};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::imap;
use passerelle::model::{MailboxName, Secret, User, UserId};
use passerelle::sasl::ChannelBindings;
use passerelle::store::{Durability, Store, Tx, Working};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Kind, NOT_FOUND};
use crate::line::Line;
use crate::node::{self, Node};
use crate::support::{self, TestStore};
use crate::truth::{Journal, Truth};

pub const PASSWORD: &str = "un mot de passe long";

const PERSON: [&str; 2] = [
    "
    insert into ent_user (id, external_id, login, login_alias, display_name, first_name, last_name, profile, suspended,
        created_at)
    values ('u-anne', 'x1', 'anne.martin', 'anne', 'MARTIN Anne', 'Anne', 'MARTIN', 'Teacher', false, 0)",
    "insert into address (local_part, user_id, group_id, is_primary, created_at)
        values ('anne.martin', 'u-anne', null, true, 0), ('anne', 'u-anne', null, false, 0)",
];

/// What all gateways are set to.
const SETTINGS: &str = "domain = 'ent.test'\nmailboxes.expunge_to_trash = false\nlogin.scram_iterations = 4096\n\
    mailboxes.per_user_max = 100000";

/// A store with one person, and two gateways.
pub struct World {
    gateways: Gateways,
    /// No session is on it.
    observer: Arc<Gateway>,
    user: User,
    test: TestStore,
    deliveries: AtomicUsize,
    pub tally: Tally,
}

/// What befell a test: printed, so that one sees that it did.
#[derive(Debug, Default)]
pub struct Tally {
    pub kills: AtomicUsize,
    /// Sessions that were hung up on.
    pub cut_off: AtomicUsize,
    pub hints_cut: AtomicUsize,
    pub waits: AtomicUsize,
    /// The longest time from a letter through one gateway to the session in IDLE on the other.
    pub told_after_milliseconds_max: AtomicUsize,
}

/// One more.
pub fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

enum Gateways {
    /// In one process, on one store; they know nothing of each other.
    Together([Arc<Gateway>; 2]),
    /// Each with its own connections to one PostgreSQL; they hear of each other, and are killed now and then.
    Apart(Box<[Node; 2]>),
}

/// The mailbox that all clients have open.
pub struct Mailbox {
    pub inner: passerelle::domain::mailbox::Mailbox,
    pub name: String,
    pub uid_validity: u32,
    pub journal: Journal,
}

static MAILBOXES: AtomicU32 = AtomicU32::new(0);

impl World {
    /// Two gateways in one process, on each engine.
    pub async fn together() -> Vec<Self> {
        let mut worlds = Vec::new();
        for test in support::stores().await {
            let (observer, user) = begin(&test).await;
            let gateways = [gateway(&test), gateway(&test)];
            worlds.push(Self::new(Gateways::Together(gateways), observer, user, test));
        }
        worlds
    }

    /// Two gateways that can be killed; `None` where there is no PostgreSQL.
    pub async fn apart() -> Option<Self> {
        let url = support::postgres_url().await?;
        let test = TestStore {
            store: Store::open(&url, 4).await.unwrap(),
            engine: "postgres, apart",
            folder: tempfile::tempdir().unwrap(),
        };
        let (observer, user) = begin(&test).await;
        let gateways = [Node::start(&url, SETTINGS).await, Node::start(&url, SETTINGS).await];
        Some(Self::new(Gateways::Apart(Box::new(gateways)), observer, user, test))
    }

    fn new(gateways: Gateways, observer: Arc<Gateway>, user: User, test: TestStore) -> Self {
        Self { gateways, observer, user, test, deliveries: AtomicUsize::new(0), tally: Tally::default() }
    }

    pub fn engine(&self) -> &'static str {
        self.test.engine
    }

    /// A fresh mailbox with a few messages, and clients that have opened it.
    pub async fn begin(&self, kinds: &[Kind]) -> (Mailbox, Vec<Client>) {
        if let Gateways::Apart(nodes) = &self.gateways {
            futures_util::future::join_all(nodes.iter().map(Node::revive)).await;
        }
        let name = format!("case{}", MAILBOXES.fetch_add(1, Ordering::Relaxed));
        let created = self.observer.create_mailbox(&self.user, &MailboxName::parse(&name).unwrap(), None).await;
        let inner = created.unwrap().unwrap();
        let mailbox = Mailbox { uid_validity: inner.uid_validity.0, inner, name, journal: Journal::default() };
        for _ in 0..3 {
            self.deliver(&mailbox).await;
        }
        let mut clients = Vec::new();
        for (place, kind) in kinds.iter().enumerate() {
            let mut client = Client::new(*kind, place % 2);
            client.come_back(self, &mailbox).await.expect("nobody is killed yet");
            clients.push(client);
        }
        (mailbox, clients)
    }

    /// A connection to one of the gateways, and the life that this is in.
    pub async fn connect(&self, home: usize) -> (Line, u64) {
        match &self.gateways {
            Gateways::Together(gateways) => (Line::new(session(Arc::clone(&gateways[home]))), 0),
            Gateways::Apart(nodes) => {
                let (stream, life) = nodes[home].connect().await;
                (Line::new(stream), life)
            }
        }
    }

    /// Has this gateway been killed since?
    pub fn was_killed(&self, home: usize, life: u64) -> bool {
        match &self.gateways {
            Gateways::Together(_) => false,
            Gateways::Apart(nodes) => nodes[home].life() != life,
        }
    }

    /// Can its gateways be killed?
    pub fn is_apart(&self) -> bool {
        matches!(self.gateways, Gateways::Apart(_))
    }

    /// Kills a gateway, where that can be done, and starts it again.
    pub async fn kill(&self, home: usize) {
        if let Gateways::Apart(nodes) = &self.gateways {
            nodes[home].kill().await;
            count(&self.tally.kills);
        }
    }

    /// Cuts the connections by which gateways tell each other what changes.
    pub async fn cut_hints(&self) {
        let cut = self.test.store.read((), |tx, ()| {
            Box::pin(async move {
                const CUT: &str = "
                    select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
                        and query ~ '^(LISTEN|\\s*select count\\(pg_notify)'";
                if let Tx::Postgres(connection) = tx {
                    sqlx::query(CUT).execute(&mut **connection).await?;
                }
                Ok(())
            })
        });
        cut.await.unwrap();
        count(&self.tally.hints_cut);
    }

    /// Puts a message into the mailbox, past every session, through either gateway.
    pub async fn deliver(&self, mailbox: &Mailbox) {
        self.deliver_by(self.deliveries.fetch_add(1, Ordering::Relaxed) % 2, mailbox).await;
    }

    /// The same through this one; `None` where it was killed meanwhile.
    pub async fn deliver_by(&self, home: usize, mailbox: &Mailbox) -> Option<u32> {
        let before = mailbox.journal.before();
        let (user, inner) = (self.user.clone(), mailbox.inner.clone());
        let uid = match &self.gateways {
            Gateways::Together(gateways) => node::deliver(Arc::clone(&gateways[home]), user, inner).await.unwrap(),
            Gateways::Apart(nodes) => nodes[home].deliver(user, inner).await?,
        };
        mailbox.journal.arrives(before, uid, &self.truth(mailbox).await);
        Some(uid)
    }

    /// Do gateways tell each other what changes, or look for themselves?
    pub fn is_shared(&self) -> bool {
        self.test.store.is_shared()
    }

    pub async fn truth(&self, mailbox: &Mailbox) -> Truth {
        Truth::of(&self.test.store, mailbox.inner.id.0).await
    }

    /// Whatever the clients did, every invariant of the store holds.
    pub async fn check_store(&self) {
        let verified = self.observer.verify(true, &Arc::default()).await.unwrap();
        assert_eq!(verified.findings, [], "{}", self.engine());
    }

    /// Nothing that the client's highest ModSeq covers is unknown to it.
    pub async fn check_promise(&self, mailbox: &Mailbox, client: &Client) {
        if !client.is_connected() {
            return;
        }
        let view = client.view();
        mailbox.journal.is_told(view.keys().last().copied(), client.highest);
        if client.kind != Kind::Resync || client.highest == 0 {
            return;
        }
        let (truth, highest) = (self.truth(mailbox).await, client.highest);
        for (uid, (mod_seq, flags)) in truth.there.iter().filter(|(_, (mod_seq, _))| *mod_seq <= highest) {
            assert_eq!(view.get(uid), Some(flags), "{uid} at {mod_seq} is not known at {highest}");
        }
        for (uid, mod_seq) in truth.gone.iter().filter(|(_, mod_seq)| **mod_seq <= highest) {
            assert!(!view.contains_key(uid), "{uid} went at {mod_seq} and is still there at {highest}");
        }
    }

    /// The client's view is the mailbox as it is.
    pub async fn check_view(&self, mailbox: &Mailbox, client: &Client) {
        let truth = self.truth(mailbox).await;
        mailbox.journal.check(&truth);
        let truth = truth.view();
        assert_eq!(client.view(), truth, "{:?}", client.kind);
        if let Some(results) = client.results() {
            let found = truth.iter().filter(|(_, flags)| !flags.contains(NOT_FOUND)).map(|(uid, _)| *uid);
            assert_eq!(results, found.collect(), "{:?}", client.kind);
        }
    }

    /// SELECT (QRESYNC …) told what had changed and gone since, and nothing else. Changes made meanwhile may be missing.
    pub async fn check_difference(&self, mailbox: &Mailbox, client: &Client, since: u64) {
        let (truth, until) = (self.truth(mailbox).await, client.highest);
        let missed = |mod_seq: u64| since < mod_seq && mod_seq <= until;
        let gone = truth.gone.iter().filter(|(_, mod_seq)| missed(**mod_seq)).map(|(uid, _)| *uid);
        assert_eq!(client.vanished, gone.collect(), "VANISHED since {since}");
        for (uid, (mod_seq, _)) in truth.there.iter().filter(|(_, (mod_seq, _))| *mod_seq <= until) {
            assert_eq!(client.fetched.contains(uid), *mod_seq > since, "FETCH of {uid} since {since}");
        }
    }
}

fn gateway(test: &TestStore) -> Arc<Gateway> {
    let settings = format!("{SETTINGS}\ndata_dir = '{}'\nimap.poll_seconds = 1", test.folder.path().display());
    let config: Arc<Config> = Arc::new(toml::from_str(&settings).unwrap());
    Arc::new(Gateway::new(config, test.store.clone(), Clock::system()).unwrap())
}

/// Adds the person; a gateway that no session will be on.
async fn begin(test: &TestStore) -> (Arc<Gateway>, User) {
    let run: for<'t, 'c> fn(&'t mut Tx<'c>, &'t ()) -> Working<'t, ()> = |tx, ()| {
        Box::pin(async move {
            for statement in PERSON {
                match tx {
                    Tx::Sqlite(connection) => sqlx::query(statement).execute(&mut **connection).await.map(drop)?,
                    Tx::Postgres(connection) => sqlx::query(statement).execute(&mut **connection).await.map(drop)?,
                }
            }
            Ok(())
        })
    };
    test.store.write(Durability::Synced, (), run).await.unwrap();
    let observer = gateway(test);
    observer.set_password(&UserId::new("u-anne"), Secret::new(PASSWORD)).await.unwrap().unwrap();
    observer.add_special_mailboxes(None).await.unwrap();
    let user = observer.find_user("anne.martin").await.unwrap().unwrap();
    (observer, user)
}

/// A session on a gateway of this process.
fn session(gateway: Arc<Gateway>) -> tokio::io::DuplexStream {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    tokio::spawn(async move {
        let connection = Connection {
            id: 1,
            peer: "192.0.2.1:5000".parse().unwrap(),
            security: Security::Tls,
            bindings: ChannelBindings::default(),
            stop: CancellationToken::new(),
        };
        imap::run(gateway, &connection, Start::Greeting, theirs).await;
    });
    ours
}
