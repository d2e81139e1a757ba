//! The files of a fixture, and a gateway on what they hold.
//!
//! `tests/fixtures/VERSION/ENGINE/`: `database.sql` (as the engine's own program dumps it), `blobs/` (large bodies),
//! `claire.txt`, `sophie.txt` (all that a client heard of them then), `device.txt` (the secret of Claire's app password);
//! `tests/fixtures/VERSION/backup.tar.gz`: a backup of the SQLite one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use passerelle::config::{self, Config};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::model::Timestamp;
use passerelle::store::Store;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::support;

pub(crate) const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// The fixtures of every release, the oldest first.
pub(crate) fn releases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut releases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    releases.sort();
    assert!(!releases.is_empty());
    releases
}

/// Where a store is, and what is beside it.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
}

impl Place {
    /// With nothing in it; `None` where there is no such engine here.
    pub(crate) async fn empty(engine: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            "sqlite" => format!("sqlite:{}", folder.path().join("data/passerelle.db").display()),
            _ => support::postgres_url().await?,
        };
        std::fs::create_dir(folder.path().join("data")).unwrap();
        Some(Self { folder, url })
    }

    /// With what a release made.
    pub(crate) async fn of(release: &Path, engine: &str) -> Option<Self> {
        let place = Self::empty(engine).await?;
        let files = release.join(engine);
        let dump = std::fs::read_to_string(files.join("database.sql")).unwrap();
        place.run(&dump).await;
        copy_all(&files.join("blobs"), &place.data().join("blobs"));
        Some(place)
    }

    /// Runs statements on the database, past this program.
    pub(crate) async fn run(&self, statements: &str) {
        let statements = AssertSqlSafe(statements.to_owned());
        if self.url.starts_with("postgres") {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            connection.execute(sqlx::raw_sql(statements)).await.unwrap();
            return connection.close().await.unwrap();
        }
        let file = self.url.strip_prefix("sqlite:").unwrap();
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).foreign_keys(false);
        let mut connection = options.connect().await.unwrap();
        connection.execute(sqlx::raw_sql(statements)).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        let settings = format!(
            "domain = 'school.test'\ndata_dir = 'data'\n[store]\nurl = '{}'\nblob_threshold_bytes = 1000\n[listen]\nimap = '127.0.0.1:0'\n\
             submission = '127.0.0.1:0'\n[login]\nwithout_tls_from_loopback = true\nrefusal_delay_milliseconds = 1\nscram_iterations = 4096\n[keeping]\nundelete_days = 14\n\
             [mailboxes]\nexpunge_to_trash = false\n[quiet]\nbinds = ['Relative']\nstaff_to_staff = true\n",
            self.url
        );
        let config = config::parse(&settings, "p.toml", self.folder.path(), None);
        Arc::new(config.unwrap_or_else(|problems| panic!("{problems}")))
    }

    /// Opened as the server opens it.
    pub(crate) async fn open(&self, now: Timestamp) -> (Arc<Gateway>, Clock) {
        let store = Store::open(&self.url, 4).await.unwrap_or_else(|error| {
            panic!("{error}\nMigrations that were released are frozen: add one. Before the release: tests/releases/make.rs.")
        });
        let clock = Clock::fixed(now);
        (Arc::new(Gateway::new(self.config(), store, clock.clone()).unwrap()), clock)
    }
}

pub(crate) fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_all(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}
