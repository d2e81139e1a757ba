//! A look at a store without opening it for work: is it there, and which version has its schema? Changes nothing.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::open::{self, Place};
use super::{Store, StoreError, Tx, on_engine, schema};

/// What a look at a store shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    pub engine: &'static str,
    /// Version of the schema; `None` where there is none yet.
    pub schema: Option<i64>,
    /// The version that this program brings it to.
    pub newest: i64,
    /// A version beyond that one which this program cannot work on.
    pub contracted: Option<i64>,
}

const HAS_MIGRATIONS_SQLITE: &str = "select count(*) from sqlite_master where name = '_sqlx_migrations'";
const HAS_MIGRATIONS_POSTGRES: &str = "select count(*) from pg_class where oid = to_regclass('_sqlx_migrations')";
const SCHEMA_VERSION: &str = "select max(version) from _sqlx_migrations where success";

impl Store {
    /// Looks at the store that [`Store::open`] would open; also while a server has it open.
    ///
    /// # Errors
    /// A server that cannot be reached or does not let us in, a file that is no database.
    pub async fn inspect(url: &str) -> Result<Inspection, StoreError> {
        let newest = open::newest_version();
        match open::locate(url)? {
            Place::Sqlite(path) if !path.exists() => {
                Ok(Inspection { engine: "SQLite", schema: None, newest, contracted: None })
            }
            Place::Sqlite(path) => {
                let mut connection = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
                let found = versions(&mut Tx::Sqlite(&mut connection)).await;
                connection.close().await?;
                let (schema, contracted) = found?;
                Ok(Inspection { engine: "SQLite", schema, newest, contracted })
            }
            Place::Postgres => {
                let mut connection = PgConnectOptions::from_str(url)?.connect().await?;
                let found = versions(&mut Tx::Postgres(&mut connection)).await;
                connection.close().await?;
                let (schema, contracted) = found?;
                Ok(Inspection { engine: "PostgreSQL", schema, newest, contracted })
            }
        }
    }
}

/// The version of the schema, and one that this program cannot work on.
async fn versions(tx: &mut Tx<'_>) -> Result<(Option<i64>, Option<i64>), StoreError> {
    if !has_migrations(tx).await? {
        return Ok((None, None));
    }
    let version = on_engine!(tx, |connection| sqlx::query_scalar(SCHEMA_VERSION).fetch_one(connection).await?);
    Ok((version, schema::contracted(tx).await?))
}

/// Has the store been made?
pub(super) async fn has_migrations(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let tables: i64 = match tx {
        Tx::Sqlite(c) => sqlx::query_scalar(HAS_MIGRATIONS_SQLITE).fetch_one(&mut **c).await?,
        Tx::Postgres(c) => sqlx::query_scalar(HAS_MIGRATIONS_POSTGRES).fetch_one(&mut **c).await?,
    };
    Ok(tables > 0)
}
