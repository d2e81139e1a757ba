//! A gateway with the sample school, and clients of its directory.
//!
//! Nadia Roussel teaches Terminale A, Théo Lambert is a pupil of it, Christine Lambert his mother.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use passerelle::config::Config;
use passerelle::connection::{Connection, Security};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::import::{ImportMode, Imported};
use passerelle::ldap;
use passerelle::model::Secret;
use passerelle::sample;
use passerelle::sasl::ChannelBindings;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::support::{self, TestStore};

pub const PASSWORD: &str = "un mot de passe long";
/// Success, and the others that tests name.
pub const SUCCESS: i64 = 0;
pub const SIZE_LIMIT: i64 = 4;
pub const NO_SUCH_OBJECT: i64 = 32;

pub struct World {
    pub gateway: Arc<Gateway>,
    pub stop: CancellationToken,
    _store: TestStore,
}

static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

impl World {
    /// On SQLite.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings of its own.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(support::sqlite().await, change).await
    }

    /// On each engine.
    pub async fn both() -> Vec<Self> {
        let mut worlds = Vec::new();
        for store in support::stores().await {
            worlds.push(Self::on(store, |_| {}).await);
        }
        worlds
    }

    async fn on(store: TestStore, change: impl FnOnce(&mut Config)) -> Self {
        let folder = store.folder.path().display().to_string();
        let mut config: Config = toml::from_str(&format!("domain = 'ent.example.fr'\ndata_dir = '{folder}'")).unwrap();
        config.login.refusal_delay_milliseconds = 0;
        config.login.scram_iterations = 4096;
        config.ldap.searches_per_minute_max = 10_000;
        change(&mut config);
        let gateway = Gateway::new(Arc::new(config), store.store.clone(), Clock::system()).unwrap();
        let imported = gateway.import(&sample::school(), ImportMode::Apply).await.unwrap();
        assert!(matches!(imported, Imported::Done(_)));
        let hash = gateway.hash_password(Secret::new(PASSWORD)).await.unwrap().unwrap();
        let mut people = Vec::new();
        for person in sample::DEMO_PEOPLE {
            people.push(gateway.find_user(person.login).await.unwrap().unwrap().id);
        }
        gateway.set_password_hash(&people, hash).await.unwrap();
        Self { gateway: Arc::new(gateway), stop: CancellationToken::new(), _store: store }
    }

    /// A client that has said nothing, from far away.
    pub fn connect(&self, security: Security) -> Client {
        self.connect_from("192.0.2.1:5000", security)
    }

    pub fn connect_from(&self, peer: &str, security: Security) -> Client {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let connection = Connection {
            id: CONNECTIONS.fetch_add(1, Ordering::Relaxed),
            peer: peer.parse().unwrap(),
            security,
            bindings: ChannelBindings::default(),
            stop: self.stop.clone(),
        };
        let gateway = Arc::clone(&self.gateway);
        let session = tokio::spawn(async move { ldap::run(gateway, &connection, theirs).await });
        Client::new(ours, session)
    }

    /// A client over TLS that has logged in.
    pub async fn client(&self, login: &str) -> Client {
        let mut client = self.connect(Security::Tls);
        assert_eq!(client.binds(login, PASSWORD).await, SUCCESS, "{login}");
        client
    }

    /// The entries of people and groups that a filter finds for somebody: their addresses, sorted.
    pub async fn found(&self, login: &str, filter: &str) -> Vec<String> {
        let mut client = self.client(login).await;
        let (entries, done) = client.asks(&crate::request::search(filter, 0)).await;
        assert_eq!(done.code, SUCCESS, "{filter}: {}", done.text);
        let mut addresses: Vec<String> = entries.iter().map(|entry| entry.first("mail").to_owned()).collect();
        addresses.sort();
        addresses
    }
}
