//! PURE: the octets of a CSV file → cells under known headers.
//!
//! `;` or `,`, whichever the header line has more of; UTF-8 with or without a byte order mark; names of columns blind to
//! case. A line whose cells are all empty is skipped.

use super::{File, Problem, Reason};

/// A column that a file may have.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) needed: bool,
}

/// A line of a file: cells in the order of the file's [`Column`]s, trimmed; empty where the file lacks the column.
pub(super) struct Row {
    pub(super) line: u64,
    cells: Vec<String>,
}

impl Row {
    /// The cell of a column, by its place among the file's columns.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// Reads a file. What is wrong is added to the problems.
pub(super) fn read(file: File, columns: &[Column], octets: &[u8], problems: &mut Vec<Problem>) -> Vec<Row> {
    let octets = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter(octets))
        .from_reader(octets);
    let mut counter = LineCounter { octets, offset: 0, line: 1 };
    let mut rows = Vec::new();
    let mut header: Option<Vec<Option<usize>>> = None;
    for record in reader.byte_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, |position| counter.line_at(position));
                problems.push(Problem { file, line, column: None, reason: Reason::NotCsv(error.to_string()) });
                return rows;
            }
        };
        let line = record.position().map_or(1, |position| counter.line_at(position));
        let Some(cells) = utf8(&record) else {
            problems.push(Problem { file, line, column: None, reason: Reason::NotUtf8 });
            continue;
        };
        match &header {
            None => header = Some(places(file, columns, line, &cells, problems)),
            Some(_) if cells.iter().all(|cell| cell.is_empty()) => {}
            Some(header) if header.len() != cells.len() => {
                let reason = Reason::Cells { found: cells.len(), expected: header.len() };
                problems.push(Problem { file, line, column: None, reason });
            }
            Some(header) => rows.push(arranged(line, columns.len(), header, &cells)),
        }
    }
    if header.is_none() {
        problems.push(Problem { file, line: 1, column: None, reason: Reason::NoHeader });
    }
    rows
}

/// Knows the line of each record: the reader's own count is off after CRLF and empty lines.
struct LineCounter<'o> {
    octets: &'o [u8],
    offset: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line of a record that begins at or, after line ends, behind a position. Positions rise.
    fn line_at(&mut self, position: &csv::Position) -> u64 {
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let rest = self.octets.get(self.offset..).unwrap_or_default();
        let before = start.saturating_sub(self.offset);
        let ends = rest.iter().skip(before).take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        let passed = rest.iter().take(before + ends);
        self.line += passed.filter(|octet| **octet == b'\n').map(|_| 1).sum::<u64>();
        self.offset += before + ends;
        self.line
    }
}

fn delimiter(octets: &[u8]) -> u8 {
    let header = octets.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let count = |sign| header.iter().filter(|octet| **octet == sign).count();
    if count(b';') >= count(b',') { b';' } else { b',' }
}

fn utf8(record: &csv::ByteRecord) -> Option<Vec<&str>> {
    record.iter().map(|cell| std::str::from_utf8(cell).ok()).collect()
}

/// For each cell of the header line, the place of its column.
fn places(
    file: File,
    columns: &[Column],
    line: u64,
    header: &[&str],
    problems: &mut Vec<Problem>,
) -> Vec<Option<usize>> {
    let mut problem = |column, reason| problems.push(Problem { file, line, column, reason });
    let mut places: Vec<Option<usize>> = Vec::with_capacity(header.len());
    for name in header {
        let place = columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
        match place {
            None => {
                let known = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
                problem(None, Reason::UnknownColumn((*name).to_owned(), known));
            }
            Some(place) if places.contains(&Some(place)) => {
                problem(columns.get(place).map(|column| column.name), Reason::TwiceTheColumn);
            }
            Some(_) => {}
        }
        places.push(place);
    }
    for (place, column) in columns.iter().enumerate() {
        if column.needed && !places.contains(&Some(place)) {
            problem(Some(column.name), Reason::NoColumn);
        }
    }
    places
}

fn arranged(line: u64, width: usize, header: &[Option<usize>], cells: &[&str]) -> Row {
    let mut row = Row { line, cells: vec![String::new(); width] };
    for (place, cell) in header.iter().zip(cells) {
        if let Some(slot) = place.and_then(|place| row.cells.get_mut(place)) {
            (*cell).clone_into(slot);
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { name: "id", needed: true },
        Column { name: "name", needed: true },
        Column { name: "note", needed: false },
    ];

    fn cells(octets: &[u8]) -> Result<Vec<(u64, [String; 3])>, Vec<String>> {
        let mut problems = Vec::new();
        let rows = read(File::Groups, &COLUMNS, octets, &mut problems);
        if !problems.is_empty() {
            return Err(problems.iter().map(ToString::to_string).collect());
        }
        Ok(rows.iter().map(|row| (row.line, [0, 1, 2].map(|column| row.cell(column).to_owned()))).collect())
    }

    #[test]
    fn both_separators_any_case_any_order_with_a_mark_or_without() {
        let expected = vec![(2, ["1".to_owned(), "Élèves, A".to_owned(), String::new()])];
        assert_eq!(cells("\u{feff}Name;ID\r\n Élèves, A ; 1\r\n;\r\n".as_bytes()).unwrap(), expected);
        assert_eq!(cells("NAME,id\n\"Élèves, A\",1\n".as_bytes()).unwrap(), expected);
    }

    #[test]
    fn lines_are_those_of_the_file_even_after_a_cell_of_two_lines() {
        let rows = cells(b"id;name;note\n1;a;\"two\nlines\"\n\n2;b;\n").unwrap();
        assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 5]);
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let problems = cells(b"id;nom;id\n1;a\n2;\xE9;3\n").unwrap_err();
        assert_eq!(
            problems,
            [
                "groups.csv:1: there is no column \"nom\"; those of this file are: id, name, note",
                "groups.csv:1: id: the column stands there twice",
                "groups.csv:1: name: this column is missing",
                "groups.csv:2: the line has 2 cells and the header 3",
                "groups.csv:3: the text is not UTF-8",
            ]
        );
        assert_eq!(cells(b"").unwrap_err(), ["groups.csv:1: the file has no header line"]);
    }
}
