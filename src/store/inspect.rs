//! A look at a store without opening it for work: is it there, and which version has its schema? Changes nothing.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::open::{self, Place};
use super::{Store, StoreError, Tx, on_engine};

/// What a look at a store shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    pub engine: &'static str,
    /// Version of the schema; `None` where there is none yet.
    pub schema: Option<i64>,
    /// The version that this program brings it to.
    pub newest: i64,
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
            Place::Sqlite(path) if !path.exists() => Ok(Inspection { engine: "SQLite", schema: None, newest }),
            Place::Sqlite(path) => {
                let mut connection = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
                let schema = schema_version(&mut Tx::Sqlite(&mut connection), HAS_MIGRATIONS_SQLITE).await;
                connection.close().await?;
                Ok(Inspection { engine: "SQLite", schema: schema?, newest })
            }
            Place::Postgres => {
                let mut connection = PgConnectOptions::from_str(url)?.connect().await?;
                let schema = schema_version(&mut Tx::Postgres(&mut connection), HAS_MIGRATIONS_POSTGRES).await;
                connection.close().await?;
                Ok(Inspection { engine: "PostgreSQL", schema: schema?, newest })
            }
        }
    }
}

async fn schema_version(tx: &mut Tx<'_>, has_migrations: &'static str) -> Result<Option<i64>, StoreError> {
    on_engine!(tx, |connection| {
        let tables: i64 = sqlx::query_scalar(has_migrations).fetch_one(&mut *connection).await?;
        if tables == 0 {
            return Ok(None);
        }
        Ok(sqlx::query_scalar(SCHEMA_VERSION).fetch_one(connection).await?)
    })
}
