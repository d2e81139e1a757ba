//! PURE: the octets of a CSV file → its header and its rows, one at a time.
//!
//! `;`, `,` or a tab, whichever the header line has most of. UTF-8 with or without a byte order mark; where the kind of
//! file allows it ISO-8859-1 too (read as Windows-1252, which holds all its letters). A line whose cells are all empty is
//! skipped.

use std::borrow::Cow;

use super::problem::{Place, Problem, Reason, Source};

/// How the octets of a file were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Latin1,
}

impl Encoding {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Latin1 => "ISO-8859-1",
        }
    }
}

/// Octets → text. What is wrong is told with its lines, and then there is no text. `latin1`: ISO-8859-1 is allowed.
pub(super) fn decode<'o>(
    source: &Source,
    octets: &'o [u8],
    latin1: bool,
    problems: &mut Vec<Problem>,
) -> Option<(Cow<'o, str>, Encoding)> {
    let mut problem = |line, reason| {
        problems.push(Problem { place: Place { source: source.clone(), line }, column: None, reason });
    };
    if octets.starts_with(b"\xFF\xFE") || octets.starts_with(b"\xFE\xFF") {
        problem(1, Reason::Utf16);
        return None;
    }
    let (octets, marked) = octets.strip_prefix(b"\xEF\xBB\xBF").map_or((octets, false), |octets| (octets, true));
    if let Ok(text) = std::str::from_utf8(octets) {
        return Some((Cow::Borrowed(text), Encoding::Utf8));
    }
    let lines = || (1..).zip(octets.split(|octet| *octet == b'\n'));
    let not_utf8 = |line: &[u8]| std::str::from_utf8(line).is_err();
    let has_utf8 = lines().any(|(_, line)| !line.is_ascii() && !not_utf8(line));
    if latin1 && !marked && !has_utf8 {
        return Some((encoding_rs::WINDOWS_1252.decode_without_bom_handling(octets).0, Encoding::Latin1));
    }
    let reason = if latin1 { Reason::MixedEncodings } else { Reason::NotUtf8 };
    lines().filter(|(_, line)| not_utf8(line)).for_each(|(line, _)| problem(line, reason.clone()));
    None
}

/// A line of a file: its cells in the order of the header, trimmed.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// The rows of a file.
pub(super) struct Rows<'t> {
    text: &'t str,
    reader: csv::Reader<&'t [u8]>,
    counter: LineCounter<'t>,
    failed: bool,
}

impl<'t> Rows<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(delimiter(text))
            .from_reader(text.as_bytes());
        let counter = LineCounter { octets: text.as_bytes(), offset: 0, line: 1 };
        Self { text, reader, counter, failed: false }
    }

    /// The next row that is not empty; the first is the header. An error ends the file.
    pub(super) fn next(&mut self) -> Option<Result<Row, (u64, Reason)>> {
        let mut record = csv::StringRecord::new();
        while !self.failed {
            let start = position(self.reader.position());
            let read = self.reader.read_record(&mut record);
            let line = self.counter.line_at(record.position().map_or(start, position));
            match read {
                Ok(false) => return None,
                Ok(true) if self.is_open(start) => {
                    self.failed = true;
                    return Some(Err((line, Reason::OpenQuote)));
                }
                Ok(true) if record.iter().all(str::is_empty) => {}
                Ok(true) => return Some(Ok(Row { line, cells: record.iter().map(str::to_owned).collect() })),
                Err(error) => {
                    self.failed = true;
                    return Some(Err((line, Reason::NotCsv(error.to_string()))));
                }
            }
        }
        None
    }

    /// Is a quotation mark opened in the record that was just read, and not closed? It may have swallowed lines.
    fn is_open(&self, start: usize) -> bool {
        let record = self.text.as_bytes().get(start..position(self.reader.position())).unwrap_or_default();
        memchr::memchr_iter(b'"', record).count() % 2 == 1
    }
}

fn position(position: &csv::Position) -> usize {
    usize::try_from(position.byte()).unwrap_or(usize::MAX)
}

/// Knows the line of each record: the reader's own count is off after CRLF and empty lines.
struct LineCounter<'o> {
    octets: &'o [u8],
    offset: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line of a record that begins at or, after line ends, behind a position. Positions rise.
    fn line_at(&mut self, start: usize) -> u64 {
        let rest = self.octets.get(self.offset..).unwrap_or_default();
        let before = start.saturating_sub(self.offset);
        let ends = rest.iter().skip(before).take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        let passed = rest.iter().take(before + ends);
        self.line += passed.filter(|octet| **octet == b'\n').map(|_| 1).sum::<u64>();
        self.offset += before + ends;
        self.line
    }
}

fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().as_bytes();
    let count = |sign| header.iter().filter(|octet| **octet == sign).count();
    let signs = [b'\t', b',', b';'];
    signs.into_iter().max_by_key(|sign| count(*sign)).unwrap_or(b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<(u64, Vec<String>), (u64, Reason)>;

    fn rows(text: &str) -> Vec<Read> {
        let mut rows = Rows::new(text);
        std::iter::from_fn(|| rows.next().map(|row| row.map(|row| (row.line, row.cells)))).collect()
    }

    fn row(line: u64, cells: [&str; 2]) -> Read {
        Ok((line, cells.map(str::to_owned).to_vec()))
    }

    #[test]
    fn the_separator_is_the_header_lines() {
        assert_eq!(rows("a;b\r\nÉlèves, A ; 1\r\n;\r\n"), [row(1, ["a", "b"]), row(2, ["Élèves, A", "1"])]);
        assert_eq!(rows("a,b\n\"Élèves, A\",1\n"), [row(1, ["a", "b"]), row(2, ["Élèves, A", "1"])]);
        assert_eq!(rows("a\tb\nx\ty"), [row(1, ["a", "b"]), row(2, ["x", "y"])]);
    }

    #[test]
    fn lines_are_those_of_the_file_even_after_a_cell_of_two_lines() {
        let lines: Vec<u64> =
            rows("id;name\n1;\"two\nlines\"\n\n2;b\n").into_iter().map(|row| row.unwrap().0).collect();
        assert_eq!(lines, [1, 2, 5]);
    }

    #[test]
    fn a_quotation_mark_that_swallows_the_file_is_told_with_its_line() {
        let read = rows("a;b\n1;2\n\"3;4\n5;6\n7;8\n");
        assert_eq!(read.last().unwrap(), &Err((3, Reason::OpenQuote)));
        assert_eq!(read.len(), 3, "nothing after it");
        assert_eq!(rows("a;b\n\"say \"\"hi\"\"\";2\n").last().unwrap(), &row(2, ["say \"hi\"", "2"]));
    }

    fn decoded(octets: &[u8], latin1: bool) -> Result<(String, Encoding), Vec<String>> {
        let mut problems = Vec::new();
        let text = decode(&Source::new(0, "x.csv"), octets, latin1, &mut problems);
        text.map(|(text, encoding)| (text.into_owned(), encoding))
            .ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(decoded("\u{feff}Zoé".as_bytes(), true), Ok(("Zoé".to_owned(), Encoding::Utf8)));
        assert_eq!(decoded(b"Zo\xE9 \x9Cuf", true), Ok(("Zoé œuf".to_owned(), Encoding::Latin1)));
        assert_eq!(decoded(b"a\nZo\xE9", false), Err(vec!["x.csv:2: the text is not UTF-8".to_owned()]));
        assert!(decoded(b"Zo\xC3\xA9\nZo\xE9", true).unwrap_err()[0].starts_with("x.csv:2: this line is not UTF-8"));
        assert!(decoded(b"\xEF\xBB\xBFZo\xE9", true).is_err(), "it says that it is UTF-8");
        assert!(decoded(b"\xFF\xFEa\0", true).unwrap_err()[0].contains("UTF-16"));
    }
}
