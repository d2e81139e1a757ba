//! What is true: the mailbox as the store has it, and what may be said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::messages::{AppendOptions, Appended};
use passerelle::domain::snapshot::{Entry, Snapshot};
use passerelle::model::{MailboxName, ModSeq, Secret, SystemFlag, User, UserId};
use passerelle::store::{Durability, Tx, Working};

use crate::client::{Client, Flags, Kind, NOT_FOUND};
use crate::support::{self, TestStore};

pub const PASSWORD: &str = "un mot de passe long";

const PERSON: [&str; 2] = [
    "
    insert into ent_user (id, external_id, login, login_alias, display_name, first_name, last_name, profile, suspended,
        created_at)
    values ('u-anne', 'x1', 'anne.martin', 'anne', 'MARTIN Anne', 'Anne', 'MARTIN', 'Teacher', false, 0)",
    "insert into address (local_part, user_id, group_id, is_primary, created_at)
        values ('anne.martin', 'u-anne', null, true, 0), ('anne', 'u-anne', null, false, 0)",
];

/// A store with one person, behind two gateways that know nothing of each other.
pub struct World {
    gateways: [Arc<Gateway>; 2],
    user: User,
    test: TestStore,
}

/// The mailbox that all clients have open.
pub struct Mailbox {
    pub inner: passerelle::domain::mailbox::Mailbox,
    pub name: String,
    pub uid_validity: u32,
}

static MAILBOXES: AtomicU32 = AtomicU32::new(0);

impl World {
    /// One on each engine.
    pub async fn all() -> Vec<Self> {
        let mut worlds = Vec::new();
        for test in support::stores().await {
            worlds.push(Self::on(test).await);
        }
        worlds
    }

    async fn on(test: TestStore) -> Self {
        let folder = test.folder.path().display();
        let settings = format!(
            "domain = 'ent.test'\ndata_dir = '{folder}'\nmailboxes.expunge_to_trash = false\nmailboxes.per_user_max = 100000"
        );
        let config: Arc<Config> = Arc::new(toml::from_str(&settings).unwrap());
        let run: for<'t, 'c> fn(&'t mut Tx<'c>, &'t ()) -> Working<'t, ()> = |tx, ()| {
            Box::pin(async move {
                for statement in PERSON {
                    match tx {
                        Tx::Sqlite(connection) => {
                            sqlx::query(statement).execute(&mut **connection).await.map(|_| ())?
                        }
                        Tx::Postgres(connection) => {
                            sqlx::query(statement).execute(&mut **connection).await.map(|_| ())?
                        }
                    }
                }
                Ok(())
            })
        };
        test.store.write(Durability::Synced, (), run).await.unwrap();
        let gateway = || Arc::new(Gateway::new(Arc::clone(&config), test.store.clone(), Clock::system()).unwrap());
        let gateways = [gateway(), gateway()];
        gateways[0].set_password(&UserId::new("u-anne"), Secret::new(PASSWORD)).await.unwrap().unwrap();
        gateways[0].add_special_mailboxes(None).await.unwrap();
        let user = gateways[0].find_user("anne.martin").await.unwrap().unwrap();
        Self { gateways, user, test }
    }

    pub fn engine(&self) -> &'static str {
        self.test.engine
    }

    /// A fresh mailbox with a few messages, and clients that have opened it.
    pub async fn begin(&self, kinds: &[Kind]) -> (Mailbox, Vec<Client>) {
        let name = format!("case{}", MAILBOXES.fetch_add(1, Ordering::Relaxed));
        let created = self.gateways[0].create_mailbox(&self.user, &MailboxName::parse(&name).unwrap(), None).await;
        let inner = created.unwrap().unwrap();
        let mailbox = Mailbox { uid_validity: inner.uid_validity.0, inner, name };
        for _ in 0..3 {
            self.deliver(&mailbox).await;
        }
        let mut clients = Vec::new();
        for (place, kind) in kinds.iter().enumerate() {
            let mut client = Client::new(*kind, Arc::clone(&self.gateways[place % 2]));
            client.come_back(self, &mailbox).await;
            clients.push(client);
        }
        (mailbox, clients)
    }

    /// Puts a message into the mailbox, past every session.
    pub async fn deliver(&self, mailbox: &Mailbox) {
        let mut spool = self.gateways[0].spool();
        spool.write(b"Subject: b\r\n\r\ny\r\n").await.unwrap();
        let message = spool.finish().await.unwrap();
        let appended = self.gateways[0].append(&self.user, &mailbox.inner, message, AppendOptions::default()).await;
        assert!(matches!(appended.unwrap(), Appended::At { .. }));
    }

    /// Whatever the clients did, every invariant of the store holds.
    pub async fn check_store(&self) {
        let verified = self.gateways[0].verify(true, &Arc::default()).await.unwrap();
        assert_eq!(verified.findings, [], "{}", self.engine());
    }

    async fn truth(&self, mailbox: &Mailbox) -> Arc<Snapshot> {
        // Of the gateway that most clients are not on.
        self.gateways[1].snapshot(mailbox.inner.id).await.unwrap().unwrap()
    }

    /// UIDs that were expunged behind `since`.
    async fn gone(&self, truth: &Snapshot, since: u64) -> BTreeSet<u32> {
        let since = ModSeq(i64::try_from(since).unwrap());
        let gone = self.gateways[0].vanished_since(truth, since).await.unwrap();
        gone.into_iter().flat_map(|(first, last)| first.0..=last.0).collect()
    }

    /// Nothing that the client's highest ModSeq covers is unknown to it.
    pub async fn check_promise(&self, mailbox: &Mailbox, client: &Client) {
        if !client.is_connected() || client.kind != Kind::Resync || client.highest == 0 {
            return;
        }
        let (truth, view, highest) = (self.truth(mailbox).await, client.view(), client.highest);
        for entry in truth.entries.iter().filter(|entry| mod_seq(entry) <= highest) {
            let known = view.get(&entry.uid.0);
            assert_eq!(known, Some(&flags(entry)), "{} at {} is not known at {highest}", entry.uid, entry.mod_seq);
        }
        let later = self.gone(&truth, highest).await;
        for uid in self.gone(&truth, 0).await.difference(&later) {
            assert!(!view.contains_key(uid), "{uid} went before {highest} and is still there");
        }
    }

    /// The client's view is the mailbox as it is.
    pub async fn check_view(&self, mailbox: &Mailbox, client: &Client) {
        let truth = self.truth(mailbox).await;
        let truth: BTreeMap<u32, Flags> = truth.entries.iter().map(|entry| (entry.uid.0, flags(entry))).collect();
        assert_eq!(client.view(), truth, "{:?}", client.kind);
        if let Some(results) = client.results() {
            let found = truth.iter().filter(|(_, flags)| !flags.contains(NOT_FOUND)).map(|(uid, _)| *uid);
            assert_eq!(results, found.collect(), "{:?}", client.kind);
        }
    }

    /// SELECT (QRESYNC …) told what had changed and gone since, and nothing else. Changes made meanwhile may be missing.
    pub async fn check_difference(&self, mailbox: &Mailbox, client: &Client, since: u64) {
        let truth = self.truth(mailbox).await;
        let (until, later) = (client.highest, self.gone(&truth, client.highest).await);
        let gone: BTreeSet<u32> = self.gone(&truth, since).await.difference(&later).copied().collect();
        assert_eq!(client.vanished, gone, "VANISHED since {since}");
        for entry in truth.entries.iter().filter(|entry| mod_seq(entry) <= until) {
            let changed = mod_seq(entry) > since;
            assert_eq!(client.fetched.contains(&entry.uid.0), changed, "FETCH of {} since {since}", entry.uid);
        }
    }
}

fn mod_seq(entry: &Entry) -> u64 {
    u64::try_from(entry.mod_seq.0).unwrap()
}

fn flags(entry: &Entry) -> Flags {
    let system = SystemFlag::ALL.into_iter().filter(|flag| entry.flags.has(*flag)).map(|flag| flag.name().to_owned());
    system.chain(entry.flags.keywords().map(str::to_owned)).collect()
}
