//! The tables of a « Mes données » archive, row by row: `{"fields": [name, …], "results": [[value, …], …]}`. One row is in memory
//! at a time, and none larger than a bound.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::super::letter::{Place, Problem};

/// Bounds on one table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) rows_max: usize,
    /// Octets of one row, as it is written.
    pub(super) row_bytes_max: u64,
}

/// A row: the table's fields, and a value for each.
pub(super) struct Row<'r> {
    table: &'r str,
    /// Counted from 1.
    pub(super) number: usize,
    fields: &'r [String],
    values: Vec<Value>,
}

impl Row<'_> {
    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        Place::row(self.table, self.number)
    }

    fn wrong(&self, field: &str, what: &str) -> Problem {
        self.place().told(format!("field {field}: {what}"))
    }

    /// The value of a field; `None` where it is null or not there.
    fn value(&self, field: &str) -> Option<&Value> {
        let at = self.fields.iter().position(|known| known == field)?;
        self.values.get(at).filter(|value| !value.is_null())
    }

    /// A text that may be missing: numbers are texts too, where an id is one.
    pub(super) fn text(&self, field: &str) -> Result<Option<String>, Problem> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.wrong(field, "not a text")),
        }
    }

    /// A text that must be there.
    pub(super) fn id(&self, field: &str) -> Result<String, Problem> {
        let text = self.text(field)?.filter(|text| !text.is_empty() && text.len() <= 200);
        text.ok_or_else(|| self.wrong(field, "missing, or no id"))
    }

    /// Yes or no; no where it is missing.
    pub(super) fn flag(&self, field: &str) -> Result<bool, Problem> {
        match self.value(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(field, "neither true nor false")),
        }
    }

    /// A whole number, be it written as a text.
    pub(super) fn number(&self, field: &str) -> Result<Option<i64>, Problem> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Number(number)) if number.is_i64() => Ok(number.as_i64()),
            Some(Value::String(text)) if text.trim().parse::<i64>().is_ok() => Ok(text.trim().parse().ok()),
            Some(_) => Err(self.wrong(field, "not a whole number")),
        }
    }

    /// A list of texts, be it written as a text that holds the list.
    pub(super) fn list(&self, field: &str) -> Result<Vec<String>, Problem> {
        let wrong = || self.wrong(field, "not a list of texts");
        match self.value(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => texts(items).ok_or_else(wrong),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(Vec::new()),
            Some(Value::String(text)) => match serde_json::from_str(text).map_err(|_| wrong())? {
                Value::Array(items) => texts(&items).ok_or_else(wrong),
                Value::Null => Ok(Vec::new()),
                _ => Err(wrong()),
            },
            Some(_) => Err(wrong()),
        }
    }
}

fn texts(items: &[Value]) -> Option<Vec<String>> {
    let texts = items.iter().filter(|item| !item.is_null());
    texts.map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Reads a table and gives each row to `take`. `needed`: the fields that it must have.
pub(super) fn read_table(
    (table, content): (&str, &mut dyn Read),
    needed: &[&str],
    bounds: Bounds,
    take: &mut dyn FnMut(Row<'_>) -> io::Result<()>,
) -> io::Result<Result<(), Problem>> {
    let left = Rc::new(Cell::new(bounds.row_bytes_max));
    let metered = BufReader::new(Metered { content, left: Rc::clone(&left) });
    let mut reader = serde_json::Deserializer::from_reader(metered);
    let mut stopped = None;
    let mut rows = Rows { table, needed, bounds, left: &left, take, stopped: &mut stopped };
    let read = Table { rows: &mut rows }.deserialize(&mut reader).and_then(|()| reader.end());
    if let Some(error) = stopped {
        return Err(error);
    }
    Ok(read.map_err(|error| Place::file(table).told(format!("this is not the table that it should be: {error}"))))
}

/// Content of which only so much may be read until the next row.
struct Metered<'c> {
    content: &'c mut dyn Read,
    left: Rc<Cell<u64>>,
}

impl Read for Metered<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(into)?;
        let octets = u64::try_from(read).unwrap_or(u64::MAX);
        self.left.set(self.left.get().checked_sub(octets).ok_or_else(|| io::Error::other("a row is too large"))?);
        Ok(read)
    }
}

/// What is done with rows.
struct Rows<'r> {
    table: &'r str,
    needed: &'r [&'r str],
    bounds: Bounds,
    left: &'r Cell<u64>,
    take: &'r mut dyn FnMut(Row<'_>) -> io::Result<()>,
    /// Why whoever takes them stopped.
    stopped: &'r mut Option<io::Error>,
}

struct Table<'t, 'r> {
    rows: &'t mut Rows<'r>,
}

impl<'de> DeserializeSeed<'de> for Table<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Table<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with \"fields\" and \"results\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut fields: Option<Vec<String>> = None;
        let mut seen = false;
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), &fields) {
                ("fields", None) => {
                    let named: Vec<String> = map.next_value()?;
                    if let Some(missing) = self.rows.needed.iter().find(|field| !named.iter().any(|has| has == *field))
                    {
                        return Err(de::Error::custom(format!("no field {missing}")));
                    }
                    fields = Some(named);
                }
                ("results", Some(fields)) if !seen => {
                    map.next_value_seed(Results { fields, rows: self.rows })?;
                    seen = true;
                }
                ("results", None) => return Err(de::Error::custom("\"results\" before \"fields\"")),
                ("fields" | "results", _) => return Err(de::Error::custom("\"fields\" or \"results\" twice")),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match seen {
            true => Ok(()),
            false => Err(de::Error::custom("no \"results\"")),
        }
    }
}

struct Results<'t, 'r> {
    fields: &'t [String],
    rows: &'t mut Rows<'r>,
}

impl<'de> DeserializeSeed<'de> for Results<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Results<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(values) = list.next_element::<Vec<Value>>()? {
            number += 1;
            if number > self.rows.bounds.rows_max {
                let max = self.rows.bounds.rows_max;
                return Err(de::Error::custom(format!("more than {max} rows (`migration.messages_max`)")));
            }
            if values.len() != self.fields.len() {
                let (has, fields) = (values.len(), self.fields.len());
                return Err(de::Error::custom(format!("row {number} has {has} values for {fields} fields")));
            }
            let row = Row { table: self.rows.table, number, fields: self.fields, values };
            if let Err(error) = (self.rows.take)(row) {
                *self.rows.stopped = Some(error);
                return Err(de::Error::custom("stopped"));
            }
            self.rows.left.set(self.rows.bounds.row_bytes_max);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { rows_max: 3, row_bytes_max: 1 << 16 };

    fn read(text: &str) -> Result<Vec<(String, Vec<String>)>, String> {
        let (mut content, mut rows, mut problems) = (text.as_bytes(), Vec::new(), Vec::new());
        let read = read_table(("t", &mut content), &["id"], BOUNDS, &mut |row| {
            match row.id("id").and_then(|id| Ok((id, row.list("to")?))) {
                Ok(read) => rows.push(read),
                Err(problem) => problems.push(problem.to_string()),
            }
            Ok(())
        });
        read.unwrap().map_err(|problem| problem.to_string())?;
        if problems.is_empty() { Ok(rows) } else { Err(problems.join("; ")) }
    }

    #[test]
    fn rows_are_read_by_the_names_of_their_fields() {
        let text =
            r#"{"status":"ok","fields":["to","id","x"],"results":[[["a","b"],"1",{}],["[\"c\"]",2,null],["",3,1]]}"#;
        let lists = [("1", vec!["a", "b"]), ("2", vec!["c"]), ("3", vec![])];
        let expected = lists.map(|(id, to)| (id.to_owned(), to.into_iter().map(str::to_owned).collect()));
        assert_eq!(read(text).unwrap(), expected);
        assert_eq!(read(r#"{"fields":["id"],"results":[]}"#).unwrap(), []);
    }

    #[test]
    fn what_is_no_such_table_is_told_with_its_place() {
        let long = format!(r#"{{"fields":["id"],"results":[["{}"]]}}"#, "x".repeat(1 << 17));
        for (text, told) in [
            ("", "EOF while parsing"),
            ("[]", "an object with \"fields\""),
            (r#"{"results":[],"fields":["id"]}"#, "\"results\" before \"fields\""),
            (r#"{"fields":["id"]}"#, "no \"results\""),
            (r#"{"fields":["ID"],"results":[]}"#, "no field id"),
            (r#"{"fields":["id"],"results":[["1"],["2"]"#, "EOF while parsing"),
            (r#"{"fields":["id"],"results":[["1"]]}x"#, "trailing characters at line 1 column 36"),
            (r#"{"fields":["id"],"results":[["1","2"]]}"#, "row 1 has 2 values for 1 fields"),
            (r#"{"fields":["id"],"results":[[1],[2],[3],[4]]}"#, "more than 3 rows"),
            (r#"{"fields":["id"],"results":[[null]]}"#, "t: row 1: field id: missing"),
            (r#"{"fields":["id"],"results":[[true]]}"#, "t: row 1: field id: not a text"),
            (r#"{"fields":["id","to"],"results":[["1","x"]]}"#, "t: row 1: field to: not a list"),
            (&long, "a row is too large"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with("t: ") && said.contains(told), "{text:.60}: {said}");
        }
    }
}
