//! Transcripts: how they are written, read, compared and written anew.
//!
//! ```text
//! title: EXPUNGE waits while the other session counts      header, up to the first empty line
//! login: teacher
//!
//! # A line that begins with # is for the reader.
//! C2: b EXPUNGE                 a client's line; CRLF is added. Lines that follow each other go out in one write
//! S2: * 1 EXPUNGE               the server's answer, line by line, in order
//! S2: b OK …                    … stands for any text
//! S1: * OK [UIDNEXT $next] …    a name takes the word that stands there, and means it from then on
//! S1: (closed)                  the server hangs up
//! ```
//!
//! `C:` and `S:` are the first connection's. `␍`, `␊`, `␀`, at a line's end `␠`, stand for these octets, `¬` at a client line's end for "no
//! CRLF", `‹E9›` for an octet that is not UTF-8. `C: @name` sends `messages/name.eml` as DATA or as a literal has it; `{@name}` is its size.
//! `«…»` in a client's line is a message of SCRAM (`logins`).

use std::collections::HashMap;
use std::fmt::Write as _;

/// One transcript.
pub(crate) struct Script {
    /// Its path below `tests/transcripts`.
    pub(crate) path: String,
    pub(crate) header: Header,
    pub(crate) lines: Vec<Line>,
}

/// The header, checked: an unknown key is an error.
#[derive(Debug, Default)]
pub(crate) struct Header {
    pub(crate) text: String,
    pub(crate) title: String,
    /// How many connections there are, all opened at the start.
    pub(crate) connections: usize,
    /// What each connection speaks, `imap` or `smtp`; the folder's name where it is missing.
    pub(crate) protocols: Vec<String>,
    /// Who each connection logs in as before the first line; `none` = nobody, the greeting is the first line; `greeted` =
    /// nobody, EHLO has been said.
    pub(crate) logins: Vec<String>,
    /// A mailbox that every connection selects before the first line (IMAP).
    pub(crate) select: Option<String>,
    /// What lies in the first person's mailboxes: mailbox and names of messages.
    pub(crate) messages: Vec<(String, Vec<String>)>,
    /// Are the connections encrypted?
    pub(crate) tls: bool,
    /// Where the clients are.
    pub(crate) peer: String,
    /// Settings, a line of TOML each.
    pub(crate) settings: Vec<String>,
    /// Octets in one write of the client; everything where it is missing.
    pub(crate) split: Option<usize>,
}

/// A line of the transcript.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// In the file, from 1.
    pub(crate) number: usize,
    pub(crate) kind: LineKind,
}

/// Whose line it is. Connections count from 0.
#[derive(Clone, Debug)]
pub(crate) enum LineKind {
    Client {
        connection: usize,
        text: String,
    },
    Server {
        connection: usize,
        pattern: String,
    },
    /// Remarks and empty lines.
    Reader(String),
}

/// What stands for "the server hung up".
pub(crate) const CLOSED: &str = "(closed)";

impl Script {
    /// Reads a transcript; the error names file and line.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, String> {
        let mut header = Header { connections: 1, tls: true, peer: "192.0.2.7".to_owned(), ..Header::default() };
        let mut lines = Vec::new();
        let mut in_header = true;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let at = |what: &str| format!("tests/transcripts/{path}:{number}: {what}");
            if in_header {
                if line.is_empty() {
                    in_header = false;
                    continue;
                }
                header.read(line).map_err(|what| at(&what))?;
                writeln!(header.text, "{line}").map_err(|error| at(&error.to_string()))?;
            } else {
                let kind = LineKind::parse(line, header.connections).map_err(|what| at(&what))?;
                lines.push(Line { number, kind });
            }
        }
        if header.title.is_empty() {
            return Err(format!("tests/transcripts/{path}:1: no title: say in one line what this transcript shows"));
        }
        Ok(Self { path: path.to_owned(), header, lines })
    }

    /// Does a client log in by SCRAM?
    pub(crate) fn uses_scram(&self) -> bool {
        self.lines.iter().any(|line| matches!(&line.kind, LineKind::Client { text, .. } if text.contains('«')))
    }

    /// The transcript's text, with other lines.
    pub(crate) fn print(&self, lines: &[LineKind]) -> String {
        let mut text = format!("{}\n", self.header.text);
        for line in lines {
            let several = self.header.connections > 1;
            let mark = |who: char, connection: &usize| match several {
                true => format!("{who}{}:", connection + 1),
                false => format!("{who}:"),
            };
            let line = match line {
                LineKind::Client { connection, text } => {
                    format!("{} {text}", mark('C', connection)).trim_end().to_owned()
                }
                LineKind::Server { connection, pattern } => {
                    format!("{} {pattern}", mark('S', connection)).trim_end().to_owned()
                }
                LineKind::Reader(line) => line.clone(),
            };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

impl Header {
    fn read(&mut self, line: &str) -> Result<(), String> {
        let (key, value) = line.split_once(':').ok_or("a header line is `key: value`")?;
        let value = value.trim();
        let words = || value.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned);
        match key {
            "title" => self.title = value.to_owned(),
            // Read by tests/tidy.rs.
            "capabilities" => {}
            "connections" => self.connections = value.parse().map_err(|_| "connections: a number")?,
            "protocols" => self.protocols = words().collect(),
            "login" => self.logins = words().collect(),
            "select" => self.select = Some(value.to_owned()),
            "messages" => {
                let mut words = words();
                let mailbox = words.next().ok_or("messages: a mailbox, then names of files in messages/")?;
                self.messages.push((mailbox, words.collect()));
            }
            "tls" => self.tls = value == "yes",
            "peer" => self.peer = value.to_owned(),
            "set" => self.settings.push(value.to_owned()),
            "split" => self.split = Some(value.parse().map_err(|_| "split: a number of octets")?),
            _ => return Err(format!("unknown header `{key}` (see tests/wire/script.rs)")),
        }
        Ok(())
    }

    /// What the connection speaks.
    pub(crate) fn protocol<'a>(&'a self, connection: usize, folder: &'a str) -> &'a str {
        self.protocols.get(connection).map_or(folder, String::as_str)
    }

    /// Who the connection is logged in as.
    pub(crate) fn login(&self, connection: usize) -> Option<&str> {
        let name = self.logins.get(connection).or_else(|| self.logins.last())?;
        (name != "none").then_some(name)
    }
}

impl LineKind {
    fn parse(line: &str, connections: usize) -> Result<Self, String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(Self::Reader(line.to_owned()));
        }
        let wrong = || "a line is `C1: …`, `S1: …`, or begins with #".to_owned();
        let (mark, text) = line.split_once(':').ok_or_else(wrong)?;
        let text = text.strip_prefix(' ').unwrap_or(text).to_owned();
        let number = mark.get(1..).filter(|number| !number.is_empty()).unwrap_or("1");
        let connection: usize = number.parse().map_err(|_| wrong())?;
        if connection == 0 || connection > connections {
            return Err(format!("connection {connection}, where the header has {connections}"));
        }
        let connection = connection - 1;
        match mark.chars().next() {
            Some('C') => Ok(Self::Client { connection, text }),
            Some('S') => Ok(Self::Server { connection, pattern: text }),
            _ => Err(wrong()),
        }
    }
}

/// What names stand for: captured by a server's line, used in all lines after it.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// A client's line with its names put in.
    pub(crate) fn put_in(&self, text: &str) -> String {
        let mut names: Vec<_> = self.0.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        names.into_iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), value))
    }

    /// The name means this from now on.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }

    /// Does the line match the pattern? Takes in the words that stand where new names do.
    pub(crate) fn matches(&mut self, pattern: &str, line: &str) -> bool {
        let pieces = pieces(pattern);
        let mut found = Vec::new();
        if !self.matches_from(&pieces, line, &mut found) {
            return false;
        }
        self.0.extend(found);
        true
    }

    fn matches_from(&self, pieces: &[Piece<'_>], line: &str, found: &mut Vec<(String, String)>) -> bool {
        let Some((piece, rest)) = pieces.split_first() else { return line.is_empty() };
        match piece {
            Piece::Text(text) => line.strip_prefix(text).is_some_and(|line| self.matches_from(rest, line, found)),
            Piece::Any => {
                let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
                ends.into_iter().any(|end| self.matches_from(rest, &line[end..], found))
            }
            Piece::Name(name) => {
                let known = self.0.get(*name).or_else(|| found.iter().find(|(n, _)| n == name).map(|(_, value)| value));
                if let Some(value) = known.cloned() {
                    return line.strip_prefix(&value).is_some_and(|line| self.matches_from(rest, line, found));
                }
                let end = line.find([' ', ')', ']', '>', '"']).unwrap_or(line.len());
                found.push(((*name).to_owned(), line[..end].to_owned()));
                end > 0 && self.matches_from(rest, &line[end..], found)
            }
        }
    }
}

/// A piece of a server line's pattern.
enum Piece<'a> {
    Text(&'a str),
    /// `…`
    Any,
    /// `$name`, lower case: `$Forwarded` is a keyword and stands for itself.
    Name(&'a str),
}

fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['…', '$']) {
        pieces.push(Piece::Text(&rest[..at]));
        let from = &rest[at..];
        if let Some(after) = from.strip_prefix('…') {
            pieces.push(Piece::Any);
            rest = after;
        } else {
            let after = &from[1..];
            let end = after.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(after.len());
            pieces.push(if end == 0 { Piece::Text("$") } else { Piece::Name(&after[..end]) });
            rest = &after[end..];
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The octets of a client's line, without CRLF.
pub(crate) fn octets(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let escaped = rest.strip_prefix('‹').and_then(|escape| escape.split_once('›'));
        if let Some((hex, after)) = escaped
            && let Ok(octet) = u8::from_str_radix(hex, 16)
        {
            octets.push(octet);
            rest = after;
            continue;
        }
        match c {
            '␍' => octets.push(b'\r'),
            '␊' => octets.push(b'\n'),
            '␀' => octets.push(0),
            '␠' => octets.push(b' '),
            c => octets.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = &rest[c.len_utf8()..];
    }
    octets
}

/// A line of the server, as transcripts write it: without its CRLF; other controls and what is not UTF-8 made visible.
pub(crate) fn visible(line: &[u8]) -> String {
    let (line, bare) = match line.strip_suffix(b"\r\n") {
        Some(line) => (line, false),
        None => (line, true),
    };
    let mut text = String::new();
    for chunk in line.utf8_chunks() {
        text.extend(chunk.valid().chars().map(|c| match c {
            '\r' => '␍',
            '\n' => '␊',
            '\0' => '␀',
            c => c,
        }));
        for octet in chunk.invalid() {
            text.push_str(&format!("‹{octet:02X}›"));
        }
    }
    if text.ends_with(' ') {
        text.pop();
        text.push('␠');
    }
    if bare && !line.is_empty() && !text.ends_with('␊') {
        text.push('¬');
    }
    text
}

#[test]
fn patterns_match_wildcards_and_take_names() {
    let mut names = Names::default();
    assert!(names.matches("* OK [UIDNEXT $next] …", "* OK [UIDNEXT 4] said so"));
    assert_eq!(names.put_in("a UID FETCH $next:* (FLAGS $Forwarded)"), "a UID FETCH 4:* (FLAGS $Forwarded)");
    assert!(names.matches("* $next EXISTS", "* 4 EXISTS"));
    assert!(!names.matches("* $next EXISTS", "* 5 EXISTS"));
    assert!(!names.matches("a OK …done", "a OK not"));
    assert_eq!(visible(b"caf\xe9\r\n"), "caf‹E9›");
    assert_eq!(octets("caf‹E9›␍␊"), b"caf\xe9\r\n");
}
