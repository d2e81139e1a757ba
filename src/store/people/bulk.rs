//! Many rows a statement: one text for both engines, cut into runs that both accept.

use std::fmt::Write;

use sqlx::AssertSqlSafe;

use crate::store::{StoreError, Tx, on_engine};

/// Values bound in one statement. SQLite would take 32 766, but looks for each `$n` among all those before it.
const VALUES_MAX: usize = 500;

/// What a cell may hold.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Text(String),
    OptionalText(Option<String>),
    Number(i64),
    OptionalNumber(Option<i64>),
    Bool(bool),
}

/// Hears how many rows more were written.
pub(super) type Written<'w> = &'w (dyn Fn(usize) + Sync);

/// A statement around a list of rows: `before (…), (…) after`.
pub(super) struct Frame {
    pub(super) before: &'static str,
    pub(super) after: &'static str,
}

/// Runs the statement over all rows, many at a time. All rows have `WIDTH` cells.
pub(super) async fn run_rows<const WIDTH: usize>(
    tx: &mut Tx<'_>,
    frame: &Frame,
    rows: impl Iterator<Item = [Cell; WIDTH]> + Send,
    written: Written<'_>,
) -> Result<(), StoreError> {
    let rows_max = VALUES_MAX / WIDTH.max(1);
    let mut rows = rows;
    loop {
        let run: Vec<[Cell; WIDTH]> = rows.by_ref().take(rows_max).collect();
        if run.is_empty() {
            return Ok(());
        }
        let text = statement(frame, WIDTH, run.len());
        let count = run.len();
        on_engine!(tx, |c| {
            let mut query = sqlx::query(AssertSqlSafe(text));
            for cell in run.into_iter().flatten() {
                query = match cell {
                    Cell::Text(value) => query.bind(value),
                    Cell::OptionalText(value) => query.bind(value),
                    Cell::Number(value) => query.bind(value),
                    Cell::OptionalNumber(value) => query.bind(value),
                    Cell::Bool(value) => query.bind(value),
                };
            }
            query.execute(c).await.map(|_| ())
        })?;
        written(count);
    }
}

/// `before ($1, $2), ($3, $4) after`
fn statement(frame: &Frame, width: usize, rows: usize) -> String {
    let mut text = frame.before.to_owned();
    for row in 0..rows {
        text.push_str(if row == 0 { " (" } else { ", (" });
        for column in 1..=width {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}${}", if column == 1 { "" } else { ", " }, row * width + column);
        }
        text.push(')');
    }
    text.push_str(frame.after);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_numbers_its_values() {
        let frame = Frame { before: "insert into t (a, b) values", after: " on conflict do nothing" };
        assert_eq!(statement(&frame, 2, 2), "insert into t (a, b) values ($1, $2), ($3, $4) on conflict do nothing");
    }
}
