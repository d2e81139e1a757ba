//! Hard messages and what is stored of them: `tests/messages/*.eml` beside `*.golden`.
//!
//! `UPDATE_GOLDENS=1 cargo test --test mime_goldens` renews the goldens; the diff is the review.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use imap_codec::ResponseCodec;
use imap_codec::decode::Decoder;
use passerelle::mime::{PartKind, Parts, Place, Summary, body_without_extensions};

fn messages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect();
    files.sort();
    files
}

#[test]
fn goldens_hold() {
    let files = messages();
    assert!(files.len() >= 14, "only {} messages", files.len());
    let renew = std::env::var_os("UPDATE_GOLDENS").is_some();
    let mut different = Vec::new();
    for file in files {
        let told = told(&fs::read(&file).unwrap());
        let golden = file.with_extension("golden");
        if renew {
            fs::write(&golden, &told).unwrap();
        } else if fs::read_to_string(&golden).ok().as_deref() != Some(&told) {
            different.push((golden, told));
        }
    }
    for (golden, told) in &different {
        eprintln!("--- {} should be:\n{told}", golden.display());
    }
    assert!(different.is_empty(), "{} goldens differ", different.len());
}

/// What clients are told can be read by another's grammar.
#[test]
fn imap_codec_reads_them() {
    for file in messages() {
        let summary = Summary::of(&fs::read(&file).unwrap());
        let body = body_without_extensions(&summary.body_structure);
        for (item, value) in
            [("ENVELOPE", &summary.envelope), ("BODYSTRUCTURE", &summary.body_structure), ("BODY", &body)]
        {
            let response = [format!("* 1 FETCH ({item} ").as_bytes(), value, b")\r\n"].concat();
            let text = String::from_utf8_lossy(&response).into_owned();
            match ResponseCodec::default().decode(&response) {
                Ok((rest, _)) => assert!(rest.is_empty(), "{}: {text}", file.display()),
                Err(error) => panic!("{}: {error:?}\n{text}", file.display()),
            }
        }
    }
}

/// Everything stored of a message, as text.
fn told(message: &[u8]) -> String {
    let summary = Summary::of(message);
    let mut out = String::new();
    let mut line = |name: &str, value: String| writeln!(out, "{name}: {value}").unwrap();
    line("size", format!("{} header {}", summary.size, summary.header_size));
    line("message-id", format!("{:?}", summary.message_id_key));
    line("sent at", format!("{:?}", summary.sent_at));
    line("ENVELOPE", shown(&summary.envelope));
    line("BODYSTRUCTURE", shown(&summary.body_structure));
    line("BODY", shown(&body_without_extensions(&summary.body_structure)));
    for (name, text) in [
        ("from", &summary.text.from),
        ("to", &summary.text.to),
        ("cc", &summary.text.cc),
        ("bcc", &summary.text.bcc),
        ("subject", &summary.text.subject),
        ("body", &summary.text.body),
    ] {
        line(&format!("text {name}"), format!("{text:?}"));
    }
    sections(&mut out, message, &summary.parts, &mut Vec::new());
    out
}

fn sections(out: &mut String, message: &[u8], parts: &Parts, path: &mut Vec<u32>) {
    let number = path.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    for (place, name) in [(Place::All, ""), (Place::Header, "HEADER"), (Place::Text, "TEXT"), (Place::Mime, "MIME")] {
        let dot = if number.is_empty() || name.is_empty() { "" } else { "." };
        if let Some(range) = parts.range(path, place) {
            let octets = &message[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
            writeln!(out, "BODY[{number}{dot}{name}] {}..{} {}", range.start, range.end, ends(octets)).unwrap();
        }
    }
    // A leaf is its own part 1 where it is a whole message; its path goes no further.
    if path.len() > 12 || (!path.is_empty() && parts.find(path).unwrap().kind == PartKind::Leaf) {
        return;
    }
    for number in 1.. {
        path.push(number);
        let found = parts.find(path).is_some();
        if found {
            sections(out, message, parts, path);
        }
        path.pop();
        if !found {
            break;
        }
    }
}

/// The first and last octets.
fn ends(octets: &[u8]) -> String {
    const SHOWN: usize = 30;
    if octets.len() <= 2 * SHOWN {
        return format!("\"{}\"", octets.escape_ascii());
    }
    format!("\"{}\" … \"{}\"", octets[..SHOWN].escape_ascii(), octets[octets.len() - SHOWN..].escape_ascii())
}

/// A response value, escaped, long runs shortened.
fn shown(value: &[u8]) -> String {
    let text = value.escape_ascii().to_string();
    text.replace("\\\"", "\"").replace(&"x".repeat(1000), "<x1000>")
}
