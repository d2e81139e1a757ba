//! Opening the store: engine by URL, the lock of the file, migrations.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, SqlSafeStr};

use super::writer::Writer;
use super::{Engine, PostgresSettings, Store, StoreError, Tx, schema};

/// The versions of the schema: number, title, text for SQLite, text for PostgreSQL.
const MIGRATIONS: [Texts; 6] = [
    (1, "schema", include_str!("../../migrations/0001_schema.sql"), include_str!("../../migrations/0001_schema.sql")),
    (
        2,
        "search",
        include_str!("../../migrations/0002_search_sqlite.sql"),
        include_str!("../../migrations/0002_search_postgres.sql"),
    ),
    (
        3,
        "expand: address books",
        include_str!("../../migrations/0003_address_book.sql"),
        include_str!("../../migrations/0003_address_book.sql"),
    ),
    (
        4,
        "expand: what devices speak",
        include_str!("../../migrations/0004_last_service.sql"),
        include_str!("../../migrations/0004_last_service.sql"),
    ),
    (5, "expand: page", include_str!("../../migrations/0005_page.sql"), include_str!("../../migrations/0005_page.sql")),
    (6, "expand: api", include_str!("../../migrations/0006_api.sql"), include_str!("../../migrations/0006_api.sql")),
];

/// Reader connections on SQLite.
const SQLITE_READERS: u32 = 8;

impl Store {
    /// Opens `sqlite:PATH` (or a bare path) or `postgres://…`, and brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process serves the same SQLite file, [`StoreError::Url`] for any other scheme.
    pub async fn open(url: &str, connections_max: u32) -> Result<Self, StoreError> {
        Self::open_with(url, PostgresSettings::with_connections(connections_max)).await
    }

    /// The same, with all that PostgreSQL may take.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(url: &str, settings: PostgresSettings) -> Result<Self, StoreError> {
        match locate(url)? {
            Place::Postgres => Self::open_postgres(url, settings).await,
            Place::Sqlite(path) => Self::open_sqlite(path).await,
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let (lock, options) = prepare_sqlite(path)?;
        let broken_off = was_broken_off(path);
        let mut connection = options.connect().await?;
        schema::check(&mut Tx::Sqlite(&mut connection)).await?;
        migrator_until(newest_version(), sqlite_text).run_direct(None, &mut connection, false).await?;
        if broken_off {
            sqlx::query(SKIP_MOD_SEQS).execute(&mut connection).await?;
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            // A connection to a file does not go stale: asking it first would only double every read's way.
            .test_before_acquire(false)
            .connect_with(options.clone().read_only(true).pragma("cache_size", "-8192"))
            .await?;
        let metrics = Arc::default();
        let writer = Arc::new(Writer::start(connection, options, lock, Arc::clone(&metrics)));
        Ok(Self { engine: Engine::Sqlite { readers, writer, bodies: Arc::default() }, metrics })
    }
}

/// More ModSeqs than a mailbox can have taken in commits that were not synced yet.
const SKIP_MOD_SEQS: &str = "update mailbox set mod_seq = mod_seq + 1000000";

/// Did the last process go without closing the store? The log is still there then; a loss of power may have taken the last
/// relaxed commits out of it. Clients have been told of their ModSeqs, which must not come to mean another change.
fn was_broken_off(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// The file that lies beside another, whose name goes on with `ending`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// What a URL names.
pub(super) enum Place<'u> {
    Postgres,
    Sqlite(&'u Path),
}

/// Which engine, and where its file is.
pub(super) fn locate(url: &str) -> Result<Place<'_>, StoreError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Place::Postgres);
    }
    if let Some(path) = url.strip_prefix("sqlite:") {
        return Ok(Place::Sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))));
    }
    if url.contains("://") {
        return Err(StoreError::Url(format!("\"{}\" is neither sqlite:PATH nor postgres://…", redact(url))));
    }
    Ok(Place::Sqlite(Path::new(url)))
}

/// What makes PostgreSQL's search index.
pub(super) const fn search_index_postgres() -> &'static str {
    include_str!("../../migrations/0002_search_postgres.sql")
}

/// The version that [`Store::open`] brings the schema to.
pub(crate) fn newest_version() -> i64 {
    MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or(0)
}

/// Takes the file's lock, makes the file where it is missing, and says how connections open it.
pub(super) fn prepare_sqlite(path: &Path) -> Result<(File, SqliteConnectOptions), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| file_error(folder, error))?;
    }
    let lock = lock_file(path)?;
    // SQLite gives the files beside it (WAL, shared memory) the mode of this one.
    drop(open_private(path)?);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .row_buffer_size(1024)
        .pragma("cache_size", "-65536")
        .pragma("mmap_size", "268435456")
        .pragma("wal_autocheckpoint", "4000")
        // A backup makes the log grow: afterwards it gives the room back.
        .pragma("journal_size_limit", "67108864");
    Ok((lock, options))
}

/// A migration: number, title, text for SQLite, text for PostgreSQL.
pub(super) type Texts = (i64, &'static str, &'static str, &'static str);

/// The text of a migration for SQLite.
pub(super) fn sqlite_text((_, _, sqlite, _): Texts) -> String {
    for_sqlite(sqlite)
}

/// The text of a migration for PostgreSQL.
pub(super) fn postgres_text((_, _, _, postgres): Texts) -> String {
    postgres.to_owned()
}

/// What brings the schema to a version.
pub(super) fn migrator_until(newest: i64, text: fn(Texts) -> String) -> Migrator {
    let mut migrator = Migrator::with_migrations(
        MIGRATIONS
            .into_iter()
            .filter(|(version, ..)| *version <= newest)
            .map(|migration| {
                let (version, title, ..) = migration;
                let text = AssertSqlSafe(text(migration)).into_sql_str();
                Migration::new(version, title.into(), MigrationType::Simple, text, false)
            })
            .collect(),
    );
    // What a newer program has added: `schema` has looked whether this one can live with it.
    migrator.set_ignore_missing(true);
    migrator
}

/// The common text as SQLite is to read it: what is marked for it is read, and rows with a number for a key lie in the order
/// of that number, without an index beside them.
fn for_sqlite(text: &str) -> String {
    text.replace("/*!", "").replace("*/", "").replace("bigint primary key", "integer primary key")
}

/// Takes the lock that one process holds for as long as it serves the file.
fn lock_file(path: &Path) -> Result<File, StoreError> {
    let name = beside(path, ".lock");
    let file = open_private(&name)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.display().to_string() }),
        Err(std::fs::TryLockError::Error(error)) => Err(file_error(&name, error)),
    }
}

/// Opens a file, made for its owner only: it holds everybody's letters, whatever folder it lies in.
fn open_private(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600).open(path).map_err(|error| file_error(path, error))
}

fn file_error(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), error }
}

/// A URL without its user and password.
fn redact(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}
