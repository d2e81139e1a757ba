//! Every row of the store, out of one snapshot and into an empty store, whichever engine it is on either side. Above it:
//! `domain::backup`, which knows the file.
//!
//! | file | what |
//! | --- | --- |
//! | `catalogue` | which tables and columns there are: asked of the engine, so that none can be forgotten |
//! | `copy_out` | the rows of all tables, as one snapshot has them |
//! | `hold` | bodies stay while they are copied |
//! | `restoring` | rows into an empty store, all or none |
//!
//! What is made from other rows is not copied: SQLite's `message_index`, and every index of PostgreSQL.

mod catalogue;
mod copy_out;
mod hold;
mod restoring;

use serde::{Deserialize, Serialize};

pub use copy_out::Piece;
pub(crate) use hold::may_delete_bodies;
pub use restoring::{NotEmpty, Restoring};

/// A table: its name and its columns, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// What a column holds: the types of the common dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Text,
    Number,
    Boolean,
    Bytes,
}

/// What stands in one column of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Text(String),
    Number(i64),
    Boolean(bool),
    Bytes(Vec<u8>),
}

/// One row, in the order of its table's columns.
pub type Row = Vec<Value>;

impl Value {
    /// Octets that it takes, about.
    fn weight(&self) -> usize {
        match self {
            Self::Null | Self::Number(_) | Self::Boolean(_) => 8,
            Self::Text(text) => text.len() + 8,
            Self::Bytes(bytes) => bytes.len() + 8,
        }
    }
}

/// Octets that a row takes, about.
fn weight(row: &Row) -> usize {
    row.iter().map(Value::weight).sum()
}
