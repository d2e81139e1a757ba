//! The engine's own list of tables and columns.

use super::{Column, Kind, Table};
use crate::store::{StoreError, Tx, on_engine};

// Not SQLite's own tables, nor those in which FTS5 keeps an index, nor the note of the schema's version.
const TABLES_SQLITE: &str = "
    select name from pragma_table_list
    where schema = 'main' and type = 'table' and substr(name, 1, 7) <> 'sqlite_' and name <> '_sqlx_migrations'
    order by name";
const TABLES_POSTGRES: &str = "
    select cast(c.relname as text) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname <> '_sqlx_migrations'
    order by 1";
const COLUMNS_SQLITE: &str = "select name, lower(type) from pragma_table_info($1) order by cid";
const COLUMNS_POSTGRES: &str = "
    select cast(column_name as text), cast(data_type as text) from information_schema.columns
    where table_schema = current_schema() and table_name = $1 order by ordinal_position";

/// All tables, by name.
///
/// # Errors
/// A column of a type that is not of the common dialect.
pub(crate) async fn tables(tx: &mut Tx<'_>) -> Result<Vec<Table>, StoreError> {
    let columns = if matches!(tx, Tx::Sqlite(_)) { COLUMNS_SQLITE } else { COLUMNS_POSTGRES };
    let names = names(tx).await?;
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let rows: Vec<(String, String)> =
            on_engine!(tx, |c| sqlx::query_as(columns).bind(name.as_str()).fetch_all(c).await?);
        let columns = rows.into_iter().map(|(column, kind)| read_column(&name, column, &kind));
        found.push(Table { columns: columns.collect::<Result<_, _>>()?, name });
    }
    Ok(found)
}

/// The names of all tables, in their order.
pub(super) async fn names(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let tables = if matches!(tx, Tx::Sqlite(_)) { TABLES_SQLITE } else { TABLES_POSTGRES };
    let mut names: Vec<String> = on_engine!(tx, |c| sqlx::query_scalar(tables).fetch_all(c).await?);
    // Each engine has an order of letters of its own.
    names.sort_unstable();
    Ok(names)
}

fn read_column(table: &str, name: String, kind: &str) -> Result<Column, StoreError> {
    let kind = match kind {
        "text" => Kind::Text,
        "bigint" | "integer" => Kind::Number,
        "boolean" => Kind::Boolean,
        "bytea" => Kind::Bytes,
        _ => {
            let row = format!("{table}.{name}");
            return Err(StoreError::Inconsistent { table: "the catalogue", column: "type", row });
        }
    };
    Ok(Column { name, kind })
}
