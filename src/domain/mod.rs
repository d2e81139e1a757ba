//! DOMAIN: all that a session may ask. SMTP, IMAP and HTTP know this folder and not the store.
//!
//! | file | what |
//! | --- | --- |
//! | `api` | what the JSON API rests on: tokens with scopes, requests that may come twice, badges
//! | `webhook` | the ENT is told that messages have come |
//! | `login` | who is it: passwords, app passwords, remembered credentials, tries |
//! | `admins` | who may use the admin page |
//! | `policy` | pure: who may write to whom |
//! | `rules` | the table of communication rules → the stored graph, again when it changes |
//! | `people` | what admins do: list, show, suspend, passwords, app passwords |
//! | `import` | a directory of CSV files → people, groups, rules: all or nothing, repeatable |
//! | `years` | school years: closing the last, opening the next |
//! | `directory` | addresses → people and groups; the facts that `policy` judges |
//! | `finding` | people and groups by name; address books: exactly whom one may write to |
//! | `addressing` | what a submission's header says of its recipients: answers, broadcast lists |
//! | `spool` | a message on its way in: memory, then a file; the blob store |
//! | `arrival` | a received message → the rows that keep it |
//! | `delivery` | a submission → recipients' INBOXes and the sender's Sent, one transaction |
//! | `mailbox` | mailboxes: list, create, rename, delete, status, quota |
//! | `metadata` | annotations: what clients note about mailboxes |
//! | `migration` | mail that people bring in from elsewhere, and take out |
//! | `messages` | messages in mailboxes: append, copy, move, flag, expunge, fetch, search |
//! | `snapshot` | a mailbox's UIDs and flags in memory, once per node |
//! | `feed` | what is new for a person: unread, latest, since a cursor; wakes who waits for it |
//! | `limits` | how much people may send |
//! | `searches` | how often people search the directory |
//! | `quiet` | quiet hours: who is reached at once, who waits, what is due |
//! | `switch` | sending or reading turned off, at once, for a profile, a school, a person or everybody |
//! | `collect` | what nobody needs any more makes room |
//! | `recall` | what was sent is taken back: a notice in the place of every copy |
//! | `recover` | messages come back, out of Trash and after an expunge |
//! | `retention` | what is too old is expunged |
//! | `backup` | everything in one file, and back |
//! | `verify`, `repair` | does everything hold that must; narrow mendings of what does not |
//! | `trail` | who sent to how many, what admins did, who was refused: append-only, hash-chained |
//! | `changes` | wakes sessions that wait on a mailbox |
//! | `observing` | what metrics say that has to be looked up |
//! | `hints` | several gateways on one store wake each other's sessions |

mod addressing;
pub mod admins;
pub mod api;
mod arrival;
pub mod backup;
pub mod changes;
pub mod clock;
pub mod collect;
pub mod delivery;
pub mod directory;
pub mod feed;
pub mod finding;
pub mod hints;
pub mod import;
pub mod limits;
pub mod load;
pub mod login;
pub mod mailbox;
pub mod messages;
pub mod metadata;
pub mod migration;
pub mod observing;
pub mod people;
pub mod policy;
pub mod quiet;
pub mod recall;
pub mod recover;
pub mod repair;
pub mod retention;
pub mod rules;
mod searches;
pub mod snapshot;
pub mod spool;
pub mod switch;
pub mod trail;
pub mod verify;
pub mod webhook;
pub mod years;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::config::{CloudApp, Config};
use crate::ent::{Ent, Issuer, SignIn};
use crate::metrics::{History, Metrics};
use crate::model::QuietRules;
use crate::store::{PostgresSettings, Store, StoreError};
use clock::Clock;
use spool::BucketAnswer;

/// Something of ours failed; nobody's request was wrong. Answered "try later" (`451`, `NO [UNAVAILABLE]`).
/// Whoever answers it logs it, once.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("blob store: {0}")]
    Blob(String),
    #[error("spool: {0}")]
    Spool(#[from] std::io::Error),
    /// The ENT does not answer, or its settings cannot be used.
    #[error("ent: {0}")]
    Ent(String),
    /// A background thread ended badly.
    #[error("worker: {0}")]
    Worker(String),
}

/// All that a session may ask for. One per process, shared by reference.
pub struct Gateway {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    pub(in crate::domain) store: Store,
    pub(in crate::domain) blobs: spool::Blobs,
    pub(in crate::domain) parsing: arrival::Parsing,
    pub(in crate::domain) changes: changes::Changes,
    pub(in crate::domain) hints: hints::Hints,
    pub(in crate::domain) snapshots: snapshot::Snapshots,
    pub(in crate::domain) logins: login::Logins,
    pub(in crate::domain) finding: finding::Finding,
    /// Told where there may be something to collect.
    pub(in crate::domain) collecting: tokio::sync::Notify,
    /// The live ENT, where it is asked.
    pub(in crate::domain) ent: Option<Ent>,
    /// Who gives tokens out, where they are taken.
    pub(in crate::domain) issuer: Option<Issuer>,
    /// The same, as the one through which people sign in on their page.
    pub(in crate::domain) sign_in: Option<SignIn>,
    pub(in crate::domain) load: load::Load,
    searches: searches::Searches,
    pub(in crate::domain) history: parking_lot::Mutex<History>,
    pub(in crate::domain) admin_tries: admins::AdminTries,
    /// The table of communication rules, as it was last read.
    pub(in crate::domain) rules: ArcSwap<policy::table::Table>,
    pub(in crate::domain) refusals: trail::refusals::Refusals,
    pub(in crate::domain) switch: switch::Switch,
    pub(in crate::domain) badge_key: api::BadgeKey,
    pub(in crate::domain) webhooks: webhook::Webhooks,
    /// App passwords that people have just made.
    pub(in crate::domain) shown: people::Shown,
    pub(in crate::domain) quiet: QuietRules,
    /// Apps whose maker's servers hold the password.
    pub(in crate::domain) cloud_apps: Vec<CloudApp>,
}

/// Opens the store that the settings name.
///
/// # Errors
/// As [`Store::open`].
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    let (url, postgres) = (config.store_url(), &config.store.postgres);
    let settings = PostgresSettings {
        connections_max: config.store.connections_max,
        connect_within: Duration::from_secs(postgres.connect_seconds_max),
        statement_within: Duration::from_secs(postgres.statement_seconds_max),
        lock_within: Duration::from_secs(postgres.lock_seconds_max),
        transaction_idle_within: Duration::from_secs(postgres.transaction_idle_seconds_max),
    };
    Store::open_with(&url, settings).await
}

impl Gateway {
    /// Puts the gateway together over an open store.
    pub fn new(config: Arc<Config>, store: Store, clock: Clock) -> Result<Self, Fault> {
        Ok(Self {
            blobs: spool::Blobs::open(&config)?,
            parsing: arrival::Parsing::new(&config.store),
            changes: changes::Changes::default(),
            hints: hints::Hints::new(store.is_shared())?,
            snapshots: snapshot::Snapshots::default(),
            logins: login::Logins::new(&config.login)?,
            finding: finding::Finding::new(&config.directory),
            collecting: tokio::sync::Notify::new(),
            ent: Ent::new(&config.ent).map_err(Fault::Ent)?,
            issuer: Issuer::new(&config.oidc).map_err(Fault::Ent)?,
            sign_in: SignIn::new(&config.oidc, &config.page),
            load: load::Load::default(),
            searches: searches::Searches::default(),
            history: parking_lot::Mutex::default(),
            admin_tries: admins::AdminTries::new(&config.admin),
            rules: ArcSwap::from_pointee(policy::table::Table::new(&config.rules)),
            refusals: trail::refusals::Refusals::default(),
            switch: switch::Switch::default(),
            badge_key: api::BadgeKey::default(),
            webhooks: webhook::Webhooks::new(&config).map_err(Fault::Ent)?,
            shown: people::Shown::new(),
            quiet: config
                .quiet
                .rules()
                .ok_or_else(|| Fault::Worker("unreadable [quiet] in the settings".to_owned()))?,
            cloud_apps: config.apps.apps(),
            config,
            clock,
            metrics: Arc::clone(store.metrics()),
            store,
        })
    }

    /// How often a session that waits must look for itself: where another process may change the store, whose notices do
    /// not come here. `None`: notices suffice.
    pub fn poll_after(&self) -> Option<Duration> {
        self.store.is_shared().then(|| Duration::from_secs(self.config.imap.poll_seconds.max(1)))
    }

    /// Asks the bucket of large bodies, where there is one, whether it is there and lets us in.
    ///
    /// # Errors
    /// It says no. One that does not answer is no error, but a line in the log: it may come back, and what is in the
    /// database can be served without it.
    pub async fn check_blobs(&self) -> Result<(), Fault> {
        match self.blobs.ask().await {
            BucketAnswer::Fine => Ok(()),
            BucketAnswer::Refused(fault) => Err(fault),
            BucketAnswer::Silent(fault) => {
                tracing::error!(%fault, "the bucket of large bodies does not answer: they can be neither read nor sent");
                Ok(())
            }
        }
    }

    /// Can people be served: does the store answer?
    pub async fn health(&self) -> Result<(), Fault> {
        Ok(self.store.ping().await?)
    }

    /// How far the database's clock is ahead of ours, seconds.
    pub async fn store_clock_ahead(&self) -> Result<i64, Fault> {
        let store = self.store.clock().await?;
        Ok(store.map_or(0, |store| store.saturating_sub(self.clock.now().0) / 1_000_000))
    }

    /// The open store: for the commands of admins.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
