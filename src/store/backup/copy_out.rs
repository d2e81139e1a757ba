//! The rows of all tables, as one snapshot has them, handed over in pieces of bounded size.
//!
//! On SQLite the snapshot is a reader's: nobody waits for it, but the write-ahead log grows until it ends. On PostgreSQL it
//! is a transaction of its own connection.

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, ColumnIndex, Connection, Database, Decode, Type};
use tokio::sync::mpsc::Sender;

use super::{Column, Kind, Row, Table, Value, catalogue, weight};
use crate::store::{Engine, Store, StoreError, Tx, on_engine};

/// Octets of rows handed over at once, about.
const PIECE_BYTES: usize = 1 << 20;
/// Rows handed over at once.
const PIECE_ROWS: usize = 10_000;

/// A part of the store.
#[derive(Debug)]
pub enum Piece {
    /// First: all tables, and how many rows each has.
    Tables(Vec<(Table, u64)>),
    /// Rows of the table that stands at `table` in the list.
    Rows { table: usize, rows: Vec<Row> },
}

impl Store {
    /// Sends every row. Where nobody listens any more it ends early.
    pub(crate) async fn copy_out(&self, pieces: Sender<Piece>) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await?;
                let mut snapshot = connection.begin().await?;
                let copied = copy_all(&mut Tx::Sqlite(&mut snapshot), &pieces).await;
                snapshot.rollback().await?;
                copied
            }
            Engine::Postgres(postgres) => {
                let begin = "begin isolation level repeatable read read only";
                let mut snapshot = postgres.pool.begin_with(begin).await?;
                for limit in ["set local statement_timeout = 0", "set local idle_in_transaction_session_timeout = 0"] {
                    sqlx::query(limit).execute(&mut *snapshot).await?;
                }
                let copied = copy_all(&mut Tx::Postgres(&mut snapshot), &pieces).await;
                snapshot.rollback().await?;
                copied
            }
        }
    }
}

async fn copy_all(tx: &mut Tx<'_>, pieces: &Sender<Piece>) -> Result<(), StoreError> {
    let tables = catalogue::tables(tx).await?;
    let mut counted = Vec::with_capacity(tables.len());
    for table in &tables {
        let count = format!("select count(*) from {}", quoted(&table.name));
        let rows: i64 = on_engine!(tx, |c| sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(c).await?);
        counted.push((table.clone(), u64::try_from(rows).unwrap_or(0)));
    }
    if pieces.send(Piece::Tables(counted)).await.is_err() {
        return Ok(());
    }
    for (place, table) in tables.iter().enumerate() {
        if !copy_table(tx, place, table, pieces).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// `false` where nobody listens.
async fn copy_table(tx: &mut Tx<'_>, place: usize, table: &Table, pieces: &Sender<Piece>) -> Result<bool, StoreError> {
    let select = format!("select {} from {}", columns(table), quoted(&table.name));
    on_engine!(tx, |c| {
        let mut stream = sqlx::query(AssertSqlSafe(select)).fetch(c);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while let Some(found) = stream.try_next().await? {
            let row = table
                .columns
                .iter()
                .enumerate()
                .map(|(index, column)| value(&found, index, column))
                .collect::<Result<Row, _>>()?;
            bytes += weight(&row);
            rows.push(row);
            if bytes >= PIECE_BYTES || rows.len() >= PIECE_ROWS {
                let full = std::mem::take(&mut rows);
                bytes = 0;
                if pieces.send(Piece::Rows { table: place, rows: full }).await.is_err() {
                    return Ok(false);
                }
            }
        }
        Ok(rows.is_empty() || pieces.send(Piece::Rows { table: place, rows }).await.is_ok())
    })
}

/// What stands in a column.
fn value<'r, R>(row: &'r R, index: usize, column: &Column) -> Result<Value, sqlx::Error>
where
    R: sqlx::Row,
    usize: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    Ok(match column.kind {
        Kind::Text => row.try_get::<Option<String>, _>(index)?.map_or(Value::Null, Value::Text),
        Kind::Number => row.try_get::<Option<i64>, _>(index)?.map_or(Value::Null, Value::Number),
        Kind::Boolean => row.try_get::<Option<bool>, _>(index)?.map_or(Value::Null, Value::Boolean),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(index)?.map_or(Value::Null, Value::Bytes),
    })
}

/// The columns of a table as a statement lists them.
pub(super) fn columns(table: &Table) -> String {
    table.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

/// A name as both engines take it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
