//! Rows into an empty store: one transaction, so that a store is never half restored.
//!
//! PostgreSQL: every table is locked for it alone, so that a gateway that was forgotten waits instead of writing or
//! collecting; foreign keys and indexes are taken away first and made again at the end, from the engine's own words for
//! them. SQLite: foreign keys are looked at when the transaction ends, and the search index is filled then.

use std::fs::File;

use sqlx::postgres::PgConnection;
use sqlx::query::Query;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Database, Encode, Executor, IntoArguments, Type};

use super::copy_out::{columns, quoted};
use super::{Column, Kind, Row, Table, Value, catalogue, weight};
use crate::store::open::{self, Place};
use crate::store::{StoreError, Tx, on_engine, postgres, search};

/// Rows written by one statement.
const ROWS_AT_ONCE: usize = 100;
/// Octets that wait for it, about.
const BYTES_AT_ONCE: usize = 4 << 20;
/// Values in one statement: fewer than either engine takes.
const VALUES_MAX: usize = 30_000;

/// A restore that is under way. Dropped before [`Restoring::finish`], it leaves the store empty.
pub struct Restoring {
    connection: Open,
    tables: Vec<Table>,
    waiting: Waiting,
    /// PostgreSQL: what makes the indexes and foreign keys again.
    afterwards: Vec<String>,
}

enum Open {
    Sqlite { connection: SqliteConnection, _lock: File },
    Postgres(PgConnection),
}

/// Rows of one table that are not written yet.
#[derive(Default)]
struct Waiting {
    table: usize,
    rows: Vec<Row>,
    bytes: usize,
}

/// Why a store cannot be restored into.
#[derive(Debug, PartialEq, Eq)]
pub enum NotEmpty {
    /// This table has rows.
    Rows(String),
    /// This table is another program's.
    Foreign(String),
    /// It has a schema, of another version than the backup's.
    Schema { store: i64, backup: i64 },
}

impl Restoring {
    /// Makes the schema of version `schema`, where there is none, and begins.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where a server has the SQLite file open.
    pub async fn begin(url: &str, schema: i64) -> Result<Result<Self, NotEmpty>, StoreError> {
        if let Some(store) = crate::store::Store::inspect(url).await?.schema
            && store != schema
        {
            return Ok(Err(NotEmpty::Schema { store, backup: schema }));
        }
        let mut fresh = fresh(schema).await?;
        let mut connection = connect(url).await?;
        let ours = catalogue::names(&mut Tx::Sqlite(&mut fresh)).await?;
        let there = catalogue::names(&mut connection.tx()).await?;
        if let Some(table) = there.into_iter().find(|table| !ours.contains(table)) {
            return Ok(Err(NotEmpty::Foreign(table)));
        }
        connection.migrate(schema).await?;
        let tables = catalogue::tables(&mut connection.tx()).await?;
        if let Some(table) = first_with_rows(&mut connection.tx(), &tables, &mut fresh).await? {
            return Ok(Err(NotEmpty::Rows(table)));
        }
        fresh.close().await?;
        let afterwards = prepare(&mut connection, &tables).await?;
        Ok(Ok(Self { connection, tables, waiting: Waiting::default(), afterwards }))
    }

    /// The store's own tables.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Adds a row, whose values are in the order of the columns of the table at `table` in [`Restoring::tables`].
    pub async fn add(&mut self, table: usize, row: Row) -> Result<(), StoreError> {
        let columns = self.tables.get(table).map_or(1, |table| table.columns.len().max(1));
        let full = self.waiting.rows.len() >= ROWS_AT_ONCE.min(VALUES_MAX / columns);
        if full || self.waiting.bytes >= BYTES_AT_ONCE || self.waiting.table != table {
            self.flush().await?;
        }
        self.waiting.table = table;
        self.waiting.bytes += weight(&row);
        self.waiting.rows.push(row);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let Waiting { table, rows, .. } = std::mem::take(&mut self.waiting);
        match self.tables.get(table) {
            Some(table) if !rows.is_empty() => insert(&mut self.connection.tx(), table, rows).await,
            _ => Ok(()),
        }
    }

    /// Makes the indexes and commits.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        self.flush().await?;
        for statement in std::mem::take(&mut self.afterwards) {
            self.connection.run(statement).await?;
        }
        search::fill_index(&mut self.connection.tx()).await?;
        if let Open::Postgres(connection) = &mut self.connection {
            // Without it, the first hours would be planned as if every table were empty.
            connection.execute("analyze").await?;
        }
        self.connection.run("commit".to_owned()).await?;
        match self.connection {
            Open::Sqlite { connection, _lock } => connection.close().await?,
            Open::Postgres(connection) => connection.close().await?,
        }
        Ok(())
    }
}

impl Open {
    fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Sqlite { connection, .. } => Tx::Sqlite(connection),
            Self::Postgres(connection) => Tx::Postgres(connection),
        }
    }

    /// Makes the schema.
    async fn migrate(&mut self, schema: i64) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { connection, .. } => {
                open::migrator_until(schema, open::sqlite_text).run_direct(None, connection, false).await?;
            }
            Self::Postgres(connection) => {
                postgres::add_trigrams(connection).await?;
                open::migrator_until(schema, open::postgres_text).run_direct(None, connection, false).await?;
            }
        }
        Ok(())
    }

    async fn run(&mut self, statement: String) -> Result<(), StoreError> {
        let statement = AssertSqlSafe(statement);
        match self {
            Self::Sqlite { connection, .. } => connection.execute(statement).await.map(drop)?,
            Self::Postgres(connection) => connection.execute(statement).await.map(drop)?,
        }
        Ok(())
    }
}

async fn connect(url: &str) -> Result<Open, StoreError> {
    match open::locate(url)? {
        Place::Sqlite(path) => {
            let (lock, options) = open::prepare_sqlite(path)?;
            Ok(Open::Sqlite { connection: options.connect().await?, _lock: lock })
        }
        Place::Postgres => Ok(Open::Postgres(postgres::options(url)?.connect().await?)),
    }
}

/// A store that is made this moment, with the schema of that version.
async fn fresh(schema: i64) -> Result<SqliteConnection, StoreError> {
    let mut fresh = sqlx::sqlite::SqliteConnectOptions::new().in_memory(true).connect().await?;
    open::migrator_until(schema, open::sqlite_text).run_direct(None, &mut fresh, false).await?;
    Ok(fresh)
}

/// A table that has more rows than in a fresh store.
async fn first_with_rows(
    tx: &mut Tx<'_>,
    tables: &[Table],
    fresh: &mut SqliteConnection,
) -> Result<Option<String>, StoreError> {
    for table in tables {
        let at_first = rows_of(&mut Tx::Sqlite(&mut *fresh), table).await?;
        if rows_of(tx, table).await? > at_first {
            return Ok(Some(table.name.clone()));
        }
    }
    Ok(None)
}

/// How many rows; no more than a few are counted.
async fn rows_of(tx: &mut Tx<'_>, table: &Table) -> Result<i64, StoreError> {
    let count = format!("select count(*) from (select 1 from {} limit 100) as counted", quoted(&table.name));
    Ok(on_engine!(tx, |c| sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(c).await?))
}

const FOREIGN_KEYS: &str = "
    select cast(r.relname as text), cast(k.conname as text), pg_get_constraintdef(k.oid)
    from pg_constraint k join pg_class r on r.oid = k.conrelid join pg_namespace n on n.oid = r.relnamespace
    where n.nspname = current_schema() and k.contype = 'f' and k.conparentid = 0";
const INDEXES: &str = "
    select cast(i.relname as text), pg_get_indexdef(x.indexrelid)
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
        join pg_namespace n on n.oid = t.relnamespace
    where n.nspname = current_schema() and t.relkind = 'r' and not t.relispartition and not x.indisunique";

/// Begins the transaction and empties the tables; what has to be made again afterwards.
async fn prepare(connection: &mut Open, tables: &[Table]) -> Result<Vec<String>, StoreError> {
    let mut afterwards = Vec::new();
    match connection {
        Open::Sqlite { connection, .. } => {
            connection.execute("begin immediate").await?;
            connection.execute("pragma defer_foreign_keys = on").await?;
        }
        Open::Postgres(connection) => {
            connection.execute("set statement_timeout = 0").await?;
            connection.execute("begin").await?;
            let all: Vec<String> = tables.iter().map(|table| quoted(&table.name)).collect();
            let lock = format!("lock table {} in access exclusive mode", all.join(", "));
            connection.execute(AssertSqlSafe(lock)).await?;
            let indexes: Vec<(String, String)> = sqlx::query_as(INDEXES).fetch_all(&mut *connection).await?;
            for (name, made_by) in indexes {
                connection.execute(AssertSqlSafe(format!("drop index {}", quoted(&name)))).await?;
                afterwards.push(made_by);
            }
            let keys: Vec<(String, String, String)> = sqlx::query_as(FOREIGN_KEYS).fetch_all(&mut *connection).await?;
            for (table, name, made_by) in keys {
                let (table, name) = (quoted(&table), quoted(&name));
                connection.execute(AssertSqlSafe(format!("alter table {table} drop constraint {name}"))).await?;
                afterwards.push(format!("alter table {table} add constraint {name} {made_by}"));
            }
        }
    }
    for table in tables {
        connection.run(format!("delete from {}", quoted(&table.name))).await?;
    }
    Ok(afterwards)
}

async fn insert(tx: &mut Tx<'_>, table: &Table, rows: Vec<Row>) -> Result<(), StoreError> {
    let columns_of_row = table.columns.len();
    let mut statement = format!("insert into {} ({}) values ", quoted(&table.name), columns(table));
    for row in 0..rows.len() {
        statement.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns_of_row {
            let comma = if column == 0 { "" } else { ", " };
            statement.push_str(&format!("{comma}${}", row * columns_of_row + column + 1));
        }
        statement.push(')');
    }
    // Full ones are all alike: prepared once.
    let again = rows.len() >= ROWS_AT_ONCE;
    on_engine!(tx, |c| {
        let mut query = sqlx::query(AssertSqlSafe(statement)).persistent(again);
        for row in rows {
            for (value, column) in row.into_iter().zip(&table.columns) {
                query = bind(query, value, column);
            }
        }
        query.execute(c).await.map(drop)?;
    });
    Ok(())
}

fn bind<'q, D: Database>(query: Query<'q, D, D::Arguments>, value: Value, column: &Column) -> Query<'q, D, D::Arguments>
where
    D::Arguments: IntoArguments<D>,
    Option<String>: Encode<'q, D> + Type<D> + 'q,
    Option<i64>: Encode<'q, D> + Type<D> + 'q,
    Option<bool>: Encode<'q, D> + Type<D> + 'q,
    Option<Vec<u8>>: Encode<'q, D> + Type<D> + 'q,
{
    match (value, column.kind) {
        (Value::Text(text), _) => query.bind(Some(text)),
        (Value::Number(number), _) => query.bind(Some(number)),
        (Value::Boolean(boolean), _) => query.bind(Some(boolean)),
        (Value::Bytes(bytes), _) => query.bind(Some(bytes)),
        (Value::Null, Kind::Text) => query.bind(None::<String>),
        (Value::Null, Kind::Number) => query.bind(None::<i64>),
        (Value::Null, Kind::Boolean) => query.bind(None::<bool>),
        (Value::Null, Kind::Bytes) => query.bind(None::<Vec<u8>>),
    }
}
