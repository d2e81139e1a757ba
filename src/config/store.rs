//! PURE: settings of the store: the database, PostgreSQL's own, and where large bodies lie.

use std::path::PathBuf;

use serde::Deserialize;

/// Where messages are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`; the file `passerelle.db` in `data_dir` where both this and `url_file` are missing.
    pub url: Option<String>,
    /// A file that holds the URL, where it carries a password.
    pub url_file: Option<PathBuf>,
    /// Connections to PostgreSQL for what sessions ask. Each gateway has two more: one hears hints, one sends them.
    pub connections_max: u32,
    /// Bodies larger than this lie in the blob store, not in the database.
    pub blob_threshold_bytes: usize,
    /// Memory that large messages may take together while they are being read in.
    pub parse_memory_bytes: usize,
    /// Octets of a message's header block that are kept apart; a submission may not have more.
    pub header_bytes_max: usize,
    pub postgres: PostgresConfig,
    pub blobs: BlobsConfig,
}

/// Where large bodies lie: a folder, or an S3 bucket.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BlobsConfig {
    /// `blobs` in `data_dir` where neither this nor `bucket` is set.
    pub folder: Option<PathBuf>,
    pub bucket: Option<String>,
    /// `https://HOST[:PORT]`, of a service that is not Amazon's.
    pub endpoint: Option<String>,
    pub region: String,
    /// What stands before every name in the bucket.
    pub prefix: String,
    /// Is the bucket's name part of the host name?
    pub virtual_hosts: bool,
    /// Lines `aws_access_key_id = …` and `aws_secret_access_key = …`; the environment comes first.
    pub credentials_file: Option<PathBuf>,
    /// PEM: authorities that the service's certificate may come from, besides the system's.
    pub ca_file: Option<PathBuf>,
    pub connect_seconds_max: u64,
    /// For one answer, a part of a body included.
    pub answer_seconds_max: u64,
    /// How often a request is made again, and how long after the first.
    pub retries_max: usize,
    pub retry_seconds_max: u64,
    /// Bodies that are written at the same time: each takes up to 5 MiB of memory.
    pub uploads_at_once_max: usize,
}

/// PostgreSQL: how long it may take, and hints between gateways.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresConfig {
    /// For a connection: a free one of ours, or a new one.
    pub connect_seconds_max: u64,
    /// For one statement (`statement_timeout`), except while the schema is brought up to date.
    pub statement_seconds_max: u64,
    /// For one lock (`lock_timeout`).
    pub lock_seconds_max: u64,
    /// Between two statements of a transaction (`idle_in_transaction_session_timeout`).
    pub transaction_idle_seconds_max: u64,
    /// The least time between two rounds of hints; what happens meanwhile goes together.
    pub hint_pause_milliseconds: u64,
    /// NOTIFYs in one round; where more would be needed, one says "look at everything".
    pub hint_notices_max: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            connections_max: 32,
            blob_threshold_bytes: 64 << 10,
            parse_memory_bytes: 64 << 20,
            header_bytes_max: 256 << 10,
            postgres: PostgresConfig::default(),
            blobs: BlobsConfig::default(),
        }
    }
}

impl Default for BlobsConfig {
    fn default() -> Self {
        Self {
            folder: None,
            bucket: None,
            endpoint: None,
            region: "us-east-1".to_owned(),
            prefix: String::new(),
            virtual_hosts: false,
            credentials_file: None,
            ca_file: None,
            connect_seconds_max: 3,
            answer_seconds_max: 20,
            retries_max: 2,
            retry_seconds_max: 30,
            uploads_at_once_max: 8,
        }
    }
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self {
            connect_seconds_max: 10,
            statement_seconds_max: 120,
            lock_seconds_max: 30,
            transaction_idle_seconds_max: 60,
            hint_pause_milliseconds: 5,
            hint_notices_max: 16,
        }
    }
}
