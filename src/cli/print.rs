//! The one place that prints: results to stdout, errors to stderr. A reader that went away (`| head`) is no error.

use std::io::Write;

/// Prints a line (or several) of results.
pub(super) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints what went wrong.
pub(super) fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "passerelle: {text}");
}

/// Lines up columns: each as wide as its widest cell, two spaces between, the last one free.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
