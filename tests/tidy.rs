//! Tidy: the rules of this project that the compiler does not know. It reads the sources as text.
//!
//! Each fault is one line: file, line, what to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const LINES_MAX: usize = 500;

/// What each part of the crate may name of the others: data flows down. A part that is not here may name everything.
const LAYERS: &[(&str, &[&str])] = &[
    ("smtp", &["config", "connection", "domain", "metrics", "mime", "model", "sasl", "sentences"]),
    ("imap", &["config", "connection", "domain", "metrics", "mime", "model", "sasl", "sentences"]),
    ("ldap", &["config", "connection", "domain", "metrics", "mime", "model", "sasl", "sentences"]),
    ("http", &["config", "connection", "control", "domain", "metrics", "mime", "model", "sentences"]),
    ("control", &["domain", "model", "sentences"]),
    ("tls", &["config", "model", "sasl"]),
    ("domain", &["config", "ent", "metrics", "mime", "model", "sasl", "sentences", "store"]),
    ("ent", &["config", "model"]),
    ("store", &["metrics", "mime", "model", "sasl"]),
    ("connection", &["config", "sasl"]),
    ("config", &["model", "sasl", "sentences"]),
    ("sentences", &["metrics", "model"]),
    ("mime", &["model"]),
    ("sasl", &["model"]),
    ("metrics", &["domain"]),
    ("model", &[]),
];

/// Files and folders without I/O: they name neither `tokio` nor `async`.
const PURE: &[&str] = &[
    "src/config/",
    "src/domain/policy",
    "src/imap/view",
    "src/imap/wire/",
    "src/ldap/attribute",
    "src/ldap/card",
    "src/ldap/dn",
    "src/ldap/entry",
    "src/ldap/matching",
    "src/ldap/needle",
    "src/ldap/session",
    "src/ldap/wire/",
    "src/metrics/",
    "src/mime/",
    "src/model/",
    "src/sasl/",
    "src/sentences/",
    "src/smtp/session",
    "src/smtp/wire",
];

/// Words that would name one developer's machine.
const FORBIDDEN: &[&str] = &["/root/", "/home/", concat!("/wo", "rk/")];

/// A file of the project and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    /// Lines with their numbers, comments cut off.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line.split("//").next().unwrap_or(line)))
    }

    /// The part of the crate it belongs to: `src/imap/view.rs` → `imap`.
    fn part(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or("");
        below.split(['/', '.']).next().unwrap_or("")
    }
}

/// Every file below a folder, whose name ends in one of `ends`; order of paths.
fn files(folder: &str, ends: &[&str]) -> Vec<File> {
    fn walk(folder: &Path, ends: &[&str], found: &mut Vec<File>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                walk(&path, ends, found);
            } else if ends.iter().any(|end| name.ends_with(end)) {
                let name = name.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().trim_start_matches('/').to_owned();
                found.push(File { path: name, text: String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned() });
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), ends, &mut found);
    found
}

fn sources() -> Vec<File> {
    files("src", &[".rs"])
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fails with every fault at once.
fn report(faults: &[String]) {
    assert!(faults.is_empty(), "{} fault(s):\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let faults: Vec<_> = sources()
        .into_iter()
        .chain(files("tests", &[".rs"]))
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| {
            format!("{}:1: open with `//!`: what it is, where it stands in the flow, which RFC sections", file.path)
        })
        .collect();
    report(&faults);
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let faults: Vec<_> = sources()
        .into_iter()
        .chain(files("tests", &[".rs"]))
        .filter(|file| file.text.lines().count() > LINES_MAX)
        .map(|file| format!("{}:{LINES_MAX}: too long: make it a folder of the same name", file.path))
        .collect();
    report(&faults);
}

#[test]
fn a_layer_names_only_what_lies_below_it() {
    let mut faults = Vec::new();
    for file in sources() {
        let Some((part, allowed)) = LAYERS.iter().find(|(part, _)| *part == file.part()) else { continue };
        for (number, line) in file.code() {
            for named in named_parts(line) {
                if named != *part && !allowed.contains(&named) {
                    let (path, allowed) = (&file.path, allowed.join(", "));
                    faults.push(format!("{path}:{number}: `{part}` may not name `crate::{named}`, only: {allowed}"));
                }
            }
        }
    }
    report(&faults);
}

/// The parts that a line names: `crate::store::…`, `crate::{config, model}`.
fn named_parts(line: &str) -> Vec<&str> {
    let mut named = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => named.extend(list.split(['}', ';']).next().unwrap_or("").split(',').map(first_word)),
            None => named.push(first_word(rest)),
        }
    }
    named.retain(|name| name.chars().next().is_some_and(char::is_lowercase));
    named
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())]
}

#[test]
fn sql_is_spoken_in_the_store_only() {
    let mut faults = Vec::new();
    for file in sources().iter().filter(|file| file.part() != "store") {
        for (number, _) in file.code().filter(|(_, line)| line.contains("sqlx")) {
            faults.push(format!("{}:{number}: `sqlx` belongs to src/store alone", file.path));
        }
    }
    report(&faults);
}

#[test]
fn pure_files_have_no_io() {
    let files = sources();
    let mut faults = Vec::new();
    for pure in PURE {
        let mut some = false;
        for file in files.iter().filter(|file| file.path.starts_with(pure)) {
            some = true;
            for (number, line) in file.code() {
                let words: Vec<_> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
                if words.iter().any(|word| ["tokio", "async", "await"].contains(word)) {
                    faults.push(format!("{}:{number}: pure files name neither `tokio` nor `async`", file.path));
                }
            }
        }
        if !some {
            faults.push(format!("tests/tidy.rs: no file begins with `{pure}`: correct the list of pure files"));
        }
    }
    report(&faults);
}

#[test]
fn every_rfc_cited_is_in_the_ledger() {
    let ledger: BTreeSet<_> = ledger().into_iter().map(|row| row.number).collect();
    let mut faults = Vec::new();
    for file in sources() {
        for (index, line) in file.text.lines().enumerate() {
            for number in cited(line) {
                if !ledger.contains(&number) {
                    let (path, line) = (&file.path, index + 1);
                    faults.push(format!(
                        "{path}:{line}: RFC {number} is not in docs/rfc.md: add a row that says yes, part or no"
                    ));
                }
            }
        }
    }
    report(&faults);
}

/// The numbers in `RFC 9051`, `RFC 2045–2047` (both ends), `RFC 9051, RFC 3501`.
fn cited(line: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for (at, _) in line.match_indices("RFC ") {
        let rest = &line[at + 4..];
        let mut ends = rest.split(['–', '-']).take(2);
        let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
        let first: Option<u32> = ends.next().and_then(number);
        numbers.extend(first);
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        if rest[digits..].starts_with(['–', '-']) {
            numbers.extend(ends.next().and_then(number));
        }
    }
    numbers
}

/// A row of docs/rfc.md: `| 9051 | title | yes | `src/…`, `tests/…` |`.
struct Row {
    line: usize,
    number: u32,
    state: String,
    files: Vec<String>,
}

fn ledger() -> Vec<Row> {
    let text = read("docs/rfc.md");
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if cells.len() < 6 {
            continue;
        }
        let Ok(number) = cells[1].parse() else { continue };
        let files = cells[4].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        rows.push(Row { line: index + 1, number, state: cells[3].to_owned(), files });
    }
    rows
}

#[test]
fn the_ledger_is_true() {
    let rows = ledger();
    let mut faults = Vec::new();
    let mut last = 0;
    for row in &rows {
        let mut fault = |what: String| faults.push(format!("docs/rfc.md:{}: RFC {}: {what}", row.line, row.number));
        if !["yes", "part", "no"].contains(&row.state.as_str()) {
            fault(format!("`{}` is none of yes, part, no", row.state));
        }
        if row.state != "no" && row.files.is_empty() {
            fault("name the file that has it, in backquotes".to_owned());
        }
        if row.number <= last {
            fault("rows go by number, each once".to_owned());
        }
        last = row.number;
        for file in &row.files {
            if !Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists() {
                fault(format!("{file} does not exist"));
            }
        }
    }
    assert!(rows.len() > 20, "docs/rfc.md: its table was not understood");
    report(&faults);
}

#[test]
fn nothing_names_one_machine() {
    let mut faults = Vec::new();
    let ends = [".rs", ".md", ".toml", ".sql", ".txt", ".eml", ".py", ".svg", "/run", ".csv"];
    for folder in ["src", "tests", "docs", "migrations", "config", "certs", "benches", ".ci", ".cargo"] {
        for file in files(folder, &ends) {
            for (index, line) in file.text.lines().enumerate() {
                for word in FORBIDDEN.iter().filter(|word| line.contains(**word)) {
                    if file.path != "tests/tidy.rs" {
                        faults.push(format!("{}:{}: `{word}` names one machine: leave it out", file.path, index + 1));
                    }
                }
            }
        }
    }
    report(&faults);
}

#[test]
fn a_document_names_only_files_that_exist() {
    let mut faults = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = files("docs", &[".md"]);
    documents.push(File { path: "README.md".to_owned(), text: read("README.md") });
    for file in &documents {
        let folder = root.join(&file.path).parent().unwrap().to_path_buf();
        for (index, line) in file.text.lines().enumerate() {
            for (at, _) in line.match_indices("](") {
                let target = line[at + 2..].split([')', '#']).next().unwrap_or("");
                if !target.is_empty() && !target.contains(':') && !folder.join(target).exists() {
                    faults.push(format!("{}:{}: the link `{target}` leads nowhere", file.path, index + 1));
                }
            }
            for named in line.split('`').skip(1).step_by(2).filter(|named| is_path(named)) {
                if !root.join(named).exists() {
                    faults.push(format!("{}:{}: {named} does not exist", file.path, index + 1));
                }
            }
        }
    }
    report(&faults);
}

/// Does it look like a path of this project?
fn is_path(text: &str) -> bool {
    let folders = ["src/", "tests/", "docs/", "migrations/", "config/", "certs/", "benches/", ".ci/", ".cargo/"];
    folders.iter().any(|folder| text.starts_with(folder))
        && !text.contains(['*', ' ', '…', '{', '<'])
        && !text.contains("::")
}

#[test]
fn a_capability_is_announced_only_with_a_transcript() {
    let source = read("src/imap/session.rs");
    let from = source.find("const CAPABILITIES").expect("the list of capabilities in src/imap/session.rs");
    let announced: BTreeSet<_> = source[from..]
        .split("#[cfg(test)]")
        .next()
        .unwrap_or("")
        .split('"')
        .skip(1)
        .step_by(2)
        .map(|word| word.split("={").next().unwrap_or(word))
        .collect();
    let transcripts = files("tests/transcripts/imap", &[".txt"]);
    let proven: BTreeSet<_> = transcripts
        .iter()
        .flat_map(|file| file.text.lines())
        .filter_map(|line| line.strip_prefix("capabilities:"))
        .flat_map(str::split_whitespace)
        .collect();
    assert!(announced.len() > 15, "src/imap/session.rs: its list of capabilities was not understood");
    let unproven = announced.difference(&proven).map(|word| {
        format!(
            "src/imap/session.rs: no transcript proves {word}: write one, and name it in its `capabilities:` header"
        )
    });
    let stale = proven
        .difference(&announced)
        .map(|word| format!("tests/transcripts/imap: {word} stands in a `capabilities:` header and is not announced"));
    report(&unproven.chain(stale).collect::<Vec<_>>());
}

#[test]
fn every_command_has_a_transcript() {
    let mut faults = Vec::new();
    for (source, list, folder) in [
        ("src/imap/wire/command.rs", "pub enum CommandBody {", "tests/transcripts/imap"),
        ("src/smtp/wire/command.rs", "pub enum Command {", "tests/transcripts/smtp"),
    ] {
        let text = read(source);
        let commands = variants(&text, list);
        assert!(commands.len() > 10, "{source}: `{list}` was not understood");
        // What stands for all verbs that submission does not have: smtp/vrfy.txt shows EXPN.
        for command in commands.into_iter().filter(|command| *command != "NotImplemented") {
            let path = format!("{folder}/{}.txt", command.to_lowercase());
            let verb = command.to_uppercase();
            let Ok(transcript) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)) else {
                faults.push(format!("{source}: {verb} has no transcript: write {path}"));
                continue;
            };
            let client = |line: &&str| line.starts_with('C') && line.to_uppercase().contains(&verb);
            if !transcript.lines().any(|line| client(&line)) {
                faults.push(format!("{path}:1: no client in it says {verb}"));
            }
        }
    }
    report(&faults);
}

/// The names of an enum's variants.
fn variants<'a>(source: &'a str, head: &str) -> Vec<&'a str> {
    let body = source.split(head).nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or("");
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(char::is_uppercase))
        .map(first_word)
        .collect()
}

#[test]
fn every_statement_of_the_store_is_run() {
    let store: Vec<_> = files("src/store", &[".rs"]);
    let all: Vec<_> = sources().into_iter().chain(files("tests", &[".rs"])).collect();
    let mut faults = Vec::new();
    for file in &store {
        for (number, line) in file.code().filter(|(_, line)| line.trim_start().starts_with("pub")) {
            let Some(name) = line.split("async fn ").nth(1).map(first_word) else { continue };
            let named = |text: &str| text.match_indices(name).filter(|(at, _)| is_word(text, *at, name.len())).count();
            if all.iter().map(|file| file.code().map(|(_, line)| named(line)).sum::<usize>()).sum::<usize>() < 2 {
                faults.push(format!("{}:{number}: nobody calls `{name}`: test it, or take it away", file.path));
            }
        }
    }
    report(&faults);
}

/// Does the text at this place stand by itself?
fn is_word(text: &str, at: usize, length: usize) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    !text[..at].ends_with(part) && !text[at + length..].starts_with(part)
}
