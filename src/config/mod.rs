//! Settings: what one TOML file holds, with every limit, its unit in its name, and its default.
//!
//! | file | what |
//! | --- | --- |
//! | `store` | the database, PostgreSQL's own, large bodies |
//! | `api` | the JSON API for the ENT, and its badge |
//! | `admin` | the page of those who run the service |
//! | `apps` | mail apps whose maker's servers hold the password |
//! | `events` | event streams: how many, how long |
//! | `webhook` | who is told that messages have come |
//! | `policy` | who may write to whom: rights by profile, the live ENT |
//! | `directory` | finding people, address books |
//! | `oidc` | tokens that the ENT gives out |
//! | `page` | the person's page: signing in, devices |
//! | `rules` | the table of communication rules |
//! | `load` | a file and the environment → [`Config`], or every [`Problem`] at once |
//! | `keys` | the keys that there are, asked from the types below |
//! | `quiet` | quiet hours: as they are written → as they are used |
//! | `ldap` | the directory for completion as one types |
//! | `migration` | mail that people bring in from elsewhere |
//! | `listen` | where the server listens, and how it stops |
//! | `limits` | how much people may send, by profile |
//! | `mailboxes` | everybody's mailboxes |
//! | `recall` | taking back what was sent |
//! | `keeping` | how long messages are kept, and what is deleted |
//! | `check` | what must hold between settings |
//! | `changed` | what only a restart takes up |

mod admin;
mod api;
mod apps;
mod changed;
mod check;
mod directory;
mod events;
mod keeping;
mod keys;
mod ldap;
mod limits;
mod listen;
mod load;
mod mailboxes;
mod migration;
mod oidc;
mod page;
mod people;
mod policy;
mod problem;
mod quiet;
mod recall;
mod rules;
mod store;
#[cfg(test)]
mod tests;
mod webhook;

use std::path::PathBuf;

use serde::Deserialize;

pub use admin::{AdminConfig, AdminSignIn};
pub use api::ApiConfig;
pub use apps::{AppPolicy, AppsConfig, CloudApp, CloudAppConfig};
pub use changed::needs_restart;
pub use directory::DirectoryConfig;
pub use events::EventsConfig;
pub use keeping::{KeepingConfig, Retention};
pub use ldap::LdapConfig;
pub use limits::{LimitsConfig, ProfileLimitsConfig};
pub use listen::ListenConfig;
pub use load::{STORE_URL_VARIABLE, load, parse};
pub use mailboxes::MailboxesConfig;
pub use migration::MigrationConfig;
pub use oidc::{OidcConfig, PersonClaim, TokenAlgorithm, is_private_url};
pub use page::PageConfig;
pub use people::{ImportConfig, PeopleConfig};
pub use policy::{EntConfig, PolicyConfig, WhenAway};
pub use problem::{Problem, Problems};
pub use quiet::{HolidaysConfig, QuietConfig, SchoolQuietConfig};
pub use recall::RecallConfig;
pub use rules::RuleConfig;
pub use store::{BlobsConfig, PostgresConfig, StoreConfig};
pub use webhook::{WebhookConfig, WebhookShape};

use crate::sasl::Mechanism;
pub use crate::sentences::Language;

/// The whole configuration. Unknown keys are errors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the settings were read from; `None` where they were made in memory.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// What is written there.
    #[serde(skip)]
    pub written: toml::Table,
    /// Domain of every address, e.g. `ent.example.fr`.
    pub domain: String,
    /// Host name that clients connect to; the domain where it is missing.
    pub host_name: Option<String>,
    #[serde(default)]
    pub language: Language,
    /// Everything kept on disk that no other setting names.
    pub data_dir: PathBuf,
    #[serde(default)]
    pub store: StoreConfig,
    #[serde(default)]
    pub tls: TlsConfig,
    #[serde(default)]
    pub listen: ListenConfig,
    #[serde(default)]
    pub public: PublicConfig,
    #[serde(default)]
    pub events: EventsConfig,
    #[serde(default)]
    pub api: ApiConfig,
    /// Those who are told that messages have come.
    #[serde(default)]
    pub webhook: Vec<WebhookConfig>,
    #[serde(default)]
    pub login: LoginConfig,
    #[serde(default)]
    pub oidc: OidcConfig,
    #[serde(default)]
    pub page: PageConfig,
    #[serde(default)]
    pub apps: AppsConfig,
    #[serde(default)]
    pub mailboxes: MailboxesConfig,
    #[serde(default)]
    pub keeping: KeepingConfig,
    #[serde(default)]
    pub submission: SubmissionConfig,
    #[serde(default)]
    pub policy: PolicyConfig,
    #[serde(default)]
    pub ent: EntConfig,
    #[serde(default)]
    pub directory: DirectoryConfig,
    /// Lines that take the place of built-in ones.
    #[serde(default)]
    pub rules: Vec<RuleConfig>,
    #[serde(default)]
    pub imap: ImapConfig,
    #[serde(default)]
    pub ldap: LdapConfig,
    #[serde(default)]
    pub quiet: QuietConfig,
    #[serde(default)]
    pub recall: RecallConfig,
    #[serde(default)]
    pub limits: LimitsConfig,
    #[serde(default)]
    pub import: ImportConfig,
    #[serde(default)]
    pub migration: MigrationConfig,
    #[serde(default)]
    pub people: PeopleConfig,
    #[serde(default)]
    pub admin: AdminConfig,
    #[serde(default)]
    pub trail: TrailConfig,
    #[serde(default)]
    pub log: LogConfig,
}

/// Certificate and key, PEM.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// Ports as clients reach them, where they are not those of `listen` (containers, port forwarding): told by automatic set-up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PublicConfig {
    pub imap_port: Option<u16>,
    pub imaps_port: Option<u16>,
    pub submission_port: Option<u16>,
    pub submissions_port: Option<u16>,
    pub ldaps_port: Option<u16>,
    /// How browsers reach the HTTP port; `https://` and the host name where it is not set.
    pub url: Option<String>,
    /// How to reach whoever runs the service, a URI: `mailto:…`, `https://…`. The annotation `/shared/admin`.
    pub admin_contact: Option<String>,
}

/// Who may come in, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoginConfig {
    /// The ways to log in, in the order in which they are announced. Those with tokens only where `oidc.issuer` is set.
    pub mechanisms: Vec<Mechanism>,
    /// Rounds of PBKDF2 for SCRAM. A store keeps the number that it began with.
    pub scram_iterations: u32,
    /// Accept passwords without TLS from loopback.
    pub without_tls_from_loopback: bool,
    /// How long a verified password is remembered.
    pub remember_seconds: u64,
    /// Password hashes worked out at the same time.
    pub hashes_at_once_max: usize,
    /// Wrong passwords for one account in `tries_window_seconds` before it must wait.
    pub tries_max: u32,
    pub tries_window_seconds: u64,
    /// Wrong passwords on one connection before it is closed.
    pub tries_per_connection_max: u32,
    /// How long a refusal of IMAP is held back.
    pub refusal_delay_milliseconds: u64,
    /// The shortest password that may be set, in characters.
    pub password_chars_min: usize,
}

/// SMTP submission.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubmissionConfig {
    pub message_bytes_max: u64,
    /// RCPT commands in one transaction.
    pub recipients_max: usize,
    /// People that one message may reach, groups expanded.
    pub people_max: usize,
    pub messages_per_connection_max: usize,
    /// Errors before the connection is closed.
    pub errors_max: u32,
    pub idle_seconds_max: u64,
    pub data_idle_seconds_max: u64,
    /// From the connection's start to a successful login.
    pub login_seconds_max: u64,
    /// Connections that one person may hold when a submission session logs in, those to IMAP counted.
    pub connections_per_user_max: usize,
    /// Of `login.mechanisms`, those that submission does not offer: for clients that stumble over one.
    pub hidden_mechanisms: Vec<Mechanism>,
}

/// IMAP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImapConfig {
    pub line_bytes_max: usize,
    pub literal_before_login_bytes_max: usize,
    pub literal_bytes_max: usize,
    pub append_bytes_max: u64,
    /// Messages in one APPEND: each that is large holds a file open until all have come.
    pub append_messages_max: usize,
    pub nesting_max: usize,
    pub sequence_set_ranges_max: usize,
    /// Things in one list of a command: items of FETCH, header fields, flags, sort criteria, patterns, words of ENABLE.
    pub list_items_max: usize,
    /// Keys of one SEARCH, however they are joined.
    pub search_keys_max: usize,
    /// Searches of one session whose results are kept up to date; one at least (RFC 5267 §4.3.1).
    pub search_contexts_max: usize,
    /// Mailboxes that one ESEARCH may search.
    pub multisearch_mailboxes_max: usize,
    /// Messages that one ESEARCH may search.
    pub multisearch_messages_max: usize,
    /// Mailboxes that one NOTIFY may name; a word such as `personal` counts as one.
    pub notify_names_max: usize,
    /// New messages that NOTIFY tells at once with what was asked of them; more end it.
    pub notify_messages_max: usize,
    /// May SEARCH ask the index first? It finds the same without, and reads all texts for it.
    pub search_by_index: bool,
    /// Reference and patterns of one LIST or LSUB, together.
    pub list_patterns_bytes_max: usize,
    pub connections_per_user_max: usize,
    pub bad_commands_max: u32,
    pub login_seconds_max: u64,
    pub idle_seconds_max: u64,
    /// How long a client may stop reading its answers, or sending a message it has announced.
    pub stall_seconds_max: u64,
    /// Output held for a client that does not read, before the session waits for it.
    pub output_bytes_max: usize,
    /// How often a waiting session looks for changes made by another gateway.
    pub poll_seconds: u64,
    /// Messages that one command may work on (RFC 9738), where that is limited.
    pub message_limit: Option<usize>,
    /// The same of COPY and APPEND alone.
    pub save_limit: Option<usize>,
    /// Messages in a batch of UIDBATCHES, at least.
    pub uid_batch_messages_min: usize,
    /// Messages in all batches of one UIDBATCHES together.
    pub uid_batches_messages_max: usize,
    /// Is IMAP4rev2 offered beside IMAP4rev1?
    pub imap4rev2: bool,
    /// How often a client that waits for a long command hears that it goes on; 0: never.
    pub progress_milliseconds: u64,
    /// Commands that may run at once, of all sessions, before background downloads of phones are put off by a day.
    pub background_commands_max: usize,
    /// May clients compress their connection (COMPRESS=DEFLATE)?
    pub compress: bool,
    /// Words that CAPABILITY leaves out, in any case: for clients that stumble over one.
    pub hidden_capabilities: Vec<String>,
}

/// The trail of who sent to how many and of what admins did.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrailConfig {
    /// Refusals are gathered for this long: one line for each person who was refused in that time.
    pub refusals_seconds: u64,
}

/// Logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// As `RUST_LOG` has it: `info`, `passerelle=debug`.
    pub filter: String,
    pub json: bool,
}

impl Default for LoginConfig {
    fn default() -> Self {
        Self {
            mechanisms: Mechanism::ALL.to_vec(),
            scram_iterations: 65_536,
            without_tls_from_loopback: false,
            remember_seconds: 600,
            hashes_at_once_max: 2,
            tries_max: 10,
            tries_window_seconds: 300,
            tries_per_connection_max: 3,
            refusal_delay_milliseconds: 500,
            password_chars_min: 8,
        }
    }
}

impl Default for SubmissionConfig {
    fn default() -> Self {
        Self {
            message_bytes_max: 40 << 20,
            recipients_max: 1000,
            people_max: 20_000,
            messages_per_connection_max: 10_000,
            errors_max: 20,
            idle_seconds_max: 300,
            data_idle_seconds_max: 180,
            login_seconds_max: 300,
            connections_per_user_max: 160,
            hidden_mechanisms: vec![Mechanism::ScramSha256Plus],
        }
    }
}

impl Default for ImapConfig {
    fn default() -> Self {
        Self {
            line_bytes_max: 64 << 10,
            literal_before_login_bytes_max: 8 << 10,
            literal_bytes_max: 64 << 10,
            append_bytes_max: 40 << 20,
            append_messages_max: 100,
            nesting_max: 100,
            sequence_set_ranges_max: 8192,
            list_items_max: 200,
            search_keys_max: 500,
            search_contexts_max: 4,
            multisearch_mailboxes_max: 500,
            multisearch_messages_max: 500_000,
            notify_names_max: 100,
            notify_messages_max: 1000,
            search_by_index: true,
            list_patterns_bytes_max: 4 << 10,
            connections_per_user_max: 128,
            bad_commands_max: 20,
            login_seconds_max: 120,
            idle_seconds_max: 35 * 60,
            stall_seconds_max: 300,
            output_bytes_max: 256 << 10,
            poll_seconds: 15,
            message_limit: None,
            save_limit: None,
            uid_batch_messages_min: 500,
            uid_batches_messages_max: 200_000,
            imap4rev2: false,
            progress_milliseconds: 10_000,
            background_commands_max: 64,
            compress: true,
            hidden_capabilities: vec!["UIDONLY".to_owned()],
        }
    }
}

impl Default for TrailConfig {
    fn default() -> Self {
        Self { refusals_seconds: 300 }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned(), json: false }
    }
}

impl Config {
    /// The host name that clients connect to.
    pub fn host_name(&self) -> &str {
        self.host_name.as_deref().unwrap_or(&self.domain)
    }

    /// Where the store is: as set, else the file `passerelle.db` in `data_dir`. May hold a password: not for logs.
    pub fn store_url(&self) -> String {
        self.store.url.clone().unwrap_or_else(|| format!("sqlite:{}", self.data_dir.join("passerelle.db").display()))
    }

    /// The socket on which the running server takes the commands of admins.
    pub fn control_socket(&self) -> PathBuf {
        self.data_dir.join("control.sock")
    }
}
