//! PURE: what a backup says in JSON: manifest, rows, end.
//!
//! A row is an array, in the order of its table's columns. Octets are a string where they are UTF-8, as headers, letters and
//! structures nearly always are, else `{"base64": "…"}`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};

use crate::store::backup::{Column, Kind, Row, Table, Value};

/// The version of the format that this program writes, and the only one it reads.
pub(super) const FORMAT: u32 = 1;

/// The first member: `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The program that wrote it.
    pub program: String,
    /// The engine it was taken from: for people to read.
    pub engine: String,
    /// The version of the schema.
    pub schema: i64,
    pub domain: String,
    /// When the snapshot was taken (RFC 3339).
    pub made_at: String,
    pub tables: Vec<Table>,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// The last member: `end.json`. A file without it is not whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Bodies out of the blob store.
    pub bodies: u64,
    /// Names of bodies that were damaged or missing already when the backup was taken.
    pub faulty: Vec<String>,
    /// BLAKE3 of every octet of the file before this member's head, in hexadecimal.
    pub blake3: String,
}

/// Writes a row as a line.
pub(super) fn push_row(out: &mut Vec<u8>, row: &Row) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, &Line(row))?;
    out.push(b'\n');
    Ok(())
}

/// Reads a line; `None` where it is no row of this table.
pub(super) fn read_row(line: &[u8], table: &Table) -> Option<Row> {
    let values: Vec<serde_json::Value> = serde_json::from_slice(line).ok()?;
    if values.len() != table.columns.len() {
        return None;
    }
    values.into_iter().zip(&table.columns).map(|(value, column)| read_value(value, column)).collect()
}

fn read_value(value: serde_json::Value, column: &Column) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match (value, column.kind) {
        (Json::Null, _) => Value::Null,
        (Json::String(text), Kind::Text) => Value::Text(text),
        (Json::String(text), Kind::Bytes) => Value::Bytes(text.into_bytes()),
        (Json::Object(map), Kind::Bytes) => Value::Bytes(STANDARD.decode(map.get("base64")?.as_str()?).ok()?),
        (Json::Number(number), Kind::Number) => Value::Number(number.as_i64()?),
        (Json::Bool(boolean), Kind::Boolean) => Value::Boolean(boolean),
        _ => return None,
    })
}

struct Line<'r>(&'r Row);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            match value {
                Value::Null => line.serialize_element(&())?,
                Value::Text(text) => line.serialize_element(text)?,
                Value::Number(number) => line.serialize_element(number)?,
                Value::Boolean(boolean) => line.serialize_element(boolean)?,
                Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                    Ok(text) => line.serialize_element(text)?,
                    Err(_) => line.serialize_element(&Octets(bytes))?,
                },
            }
        }
        line.end()
    }
}

struct Octets<'b>(&'b [u8]);

impl Serialize for Octets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("base64", &STANDARD.encode(self.0))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(kinds: &[Kind]) -> Table {
        let column = |kind: &Kind| Column { name: "c".to_owned(), kind: *kind };
        Table { name: "t".to_owned(), columns: kinds.iter().map(column).collect() }
    }

    fn value() -> impl Strategy<Value = (Kind, Value)> {
        prop_oneof![
            any::<i64>().prop_map(|number| (Kind::Number, Value::Number(number))),
            any::<bool>().prop_map(|boolean| (Kind::Boolean, Value::Boolean(boolean))),
            any::<String>().prop_map(|text| (Kind::Text, Value::Text(text))),
            any::<Vec<u8>>().prop_map(|bytes| (Kind::Bytes, Value::Bytes(bytes))),
            any::<String>().prop_map(|text| (Kind::Bytes, Value::Bytes(text.into_bytes()))),
            Just((Kind::Bytes, Value::Null)),
        ]
    }

    proptest! {
        #[test]
        fn rows_are_read_back_as_they_were(row in proptest::collection::vec(value(), 1..8)) {
            let (kinds, row): (Vec<Kind>, Row) = row.into_iter().unzip();
            let mut line = Vec::new();
            push_row(&mut line, &row).unwrap();
            prop_assert_eq!(line.iter().filter(|octet| **octet == b'\n').count(), 1);
            prop_assert_eq!(read_row(&line, &table(&kinds)), Some(row));
        }
    }

    #[test]
    fn what_is_no_row_of_the_table_is_refused() {
        let table = table(&[Kind::Number, Kind::Text]);
        assert!(read_row(b"[1,\"a\"]", &table).is_some());
        for bad in ["[1]", "[1,\"a\",2]", "[\"1\",\"a\"]", "[1.5,\"a\"]", "[1,2]", "{}", "[1,\"a\"", "", "[true,null]"]
        {
            assert_eq!(read_row(bad.as_bytes(), &table), None, "{bad}");
        }
    }
}
