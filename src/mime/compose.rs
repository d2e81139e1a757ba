//! PURE: a message written anew from what another application kept of it: header fields (RFC 5322 §2.2, RFC 2047), the headers
//! of parts (RFC 2045, RFC 2183, RFC 2231), and their contents in quoted-printable and base64 (RFC 2045 §6.7, §6.8).
//!
//! What is written depends on nothing but what is given: the same letter is the same octets, whoever brings it in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A line that may be folded stays within this many octets (RFC 5322 §2.1.1).
const LINE_MAX: usize = 76;
/// Octets of text in one encoded word, before base64: 45 make 60, within the 75 of RFC 2047 §2.
const WORD_OCTETS: usize = 45;
/// Octets of content in a line of base64.
const BASE64_LINE_OCTETS: usize = 57;
/// Octets of a value in one piece of a parameter, `%XX` counted as three (RFC 2231 §3).
const PARAMETER_MAX: usize = 54;

/// A field of plain text (`Subject`): folded where it can be, encoded words where it must be.
pub fn text_field(name: &str, value: &str) -> String {
    let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let value = value.trim();
    let is_plain = value.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic())
        && !value.contains("=?")
        && !value.contains("  ")
        && value.split(' ').all(|word| word.len() < LINE_MAX - name.len().min(LINE_MAX / 2));
    let words: Vec<String> = match is_plain {
        true => value.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        false => encoded_words(value),
    };
    folded(name, words.iter().map(String::as_str))
}

/// A field of words that may be parted by line ends: addresses (each ready, [`super::mailbox`]), Message-IDs.
pub fn list_field(name: &str, items: &[String], separator: &str) -> String {
    let joined = items.join(&format!("{separator} "));
    folded(name, joined.split(' ').filter(|word| !word.is_empty()))
}

fn folded<'w>(name: &str, words: impl Iterator<Item = &'w str>) -> String {
    let mut out = format!("{name}:");
    let mut line = out.len();
    for (index, word) in words.enumerate() {
        // The first word stays beside the name: a line of nothing but white space is none (RFC 5322 §3.2.2).
        if index > 0 && line + 1 + word.len() > LINE_MAX {
            out.push_str("\r\n");
            line = 0;
        }
        out.push(' ');
        out.push_str(word);
        line += 1 + word.len();
    }
    out.push_str("\r\n");
    out
}

/// Encoded words, no character cut in two (RFC 2047 §5). White space between them is none of the text.
fn encoded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD_OCTETS));
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words
}

/// A parameter of a MIME field, with what parts it from the one before: `;\r\n name="value"`, in pieces and percent-encoded
/// where it must be (RFC 2231 §3, §4).
pub fn parameter(name: &str, value: &str) -> String {
    let value: String = value.chars().filter(|c| !c.is_control()).collect();
    let is_plain = value.len() <= PARAMETER_MAX
        && value.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic() && !matches!(octet, b'"' | b'\\'));
    if is_plain {
        return format!(";\r\n {name}=\"{value}\"");
    }
    let mut pieces = vec![String::new()];
    for letter in value.chars() {
        let mut octets = [0; 4];
        let encoded: String = letter.encode_utf8(&mut octets).bytes().map(percent).collect();
        if let Some(last) = pieces.last_mut()
            && (last.is_empty() || last.len() + encoded.len() <= PARAMETER_MAX)
        {
            last.push_str(&encoded);
        } else {
            pieces.push(encoded);
        }
    }
    let several = pieces.len() > 1;
    let written = pieces.iter().enumerate().map(|(number, piece)| {
        let number = if several { format!("*{number}") } else { String::new() };
        let charset = if number.is_empty() || number == "*0" { "UTF-8''" } else { "" };
        format!(";\r\n {name}{number}*={charset}{piece}")
    });
    written.collect()
}

/// RFC 2231 §7 `attribute-char`, or `%XX`.
fn percent(octet: u8) -> String {
    match octet {
        octet if octet.is_ascii_alphanumeric() || b"!#$&+-.^_`{|}~".contains(&octet) => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    }
}

/// `type/subtype` where that is what it is, in lower case; else what nobody opens by itself.
pub fn media_type(text: &str) -> String {
    let text = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&octet))
    };
    match text.split_once('/') {
        // Composite types are not what a file of that name is: it would have to be a message, or parts.
        Some(("multipart" | "message", _)) => "application/octet-stream".to_owned(),
        Some((kind, sub)) if is_token(kind) && is_token(sub) && text.len() < 128 => text,
        _ => "application/octet-stream".to_owned(),
    }
}

/// Text in quoted-printable, its line ends CRLF whatever they were.
pub fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        push_quoted_line(&mut out, line.as_bytes());
        out.push_str("\r\n");
    }
    out
}

fn push_quoted_line(out: &mut String, line: &[u8]) {
    let mut length = 0;
    for (index, octet) in line.iter().copied().enumerate() {
        let is_last = index + 1 == line.len();
        let is_literal = match octet {
            b' ' | b'\t' => !is_last,
            // A mail spool may quote "From " at the beginning of a line, and SMTP a lone dot: out of their way.
            b'F' | b'.' => length > 0,
            octet => octet.is_ascii_graphic() && octet != b'=',
        };
        let size = if is_literal { 1 } else { 3 };
        // Room for the `=` of a soft line break, where the line goes on.
        if length + size > LINE_MAX - usize::from(!is_last) {
            out.push_str("=\r\n");
            length = 0;
        }
        match is_literal {
            true => out.push(char::from(octet)),
            false => out.push_str(&format!("={octet:02X}")),
        }
        length += size;
    }
}

/// Base64 in lines, as the octets come.
#[derive(Debug, Default)]
pub struct Base64Lines {
    /// Fewer than a line's.
    kept: Vec<u8>,
}

impl Base64Lines {
    /// Encodes the next octets to the end of `out`.
    pub fn push(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        self.kept.extend_from_slice(octets);
        let whole = self.kept.len() - self.kept.len() % BASE64_LINE_OCTETS;
        let rest = self.kept.split_off(whole);
        for line in self.kept.chunks(BASE64_LINE_OCTETS) {
            out.extend_from_slice(STANDARD.encode(line).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        self.kept = rest;
    }

    /// What is left at the end of the content.
    pub fn finish(self, out: &mut Vec<u8>) {
        if !self.kept.is_empty() {
            out.extend_from_slice(STANDARD.encode(&self.kept).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mime::{Decoder, TransferEncoding, decode_text, header_value};

    fn decoded(encoding: TransferEncoding, octets: &[u8]) -> Vec<u8> {
        let (mut decoder, mut out) = (Decoder::new(encoding), Vec::new());
        decoder.push(octets, &mut out);
        decoder.finish(&mut out);
        out
    }

    #[test]
    fn fields_are_folded_and_encoded() {
        assert_eq!(text_field("Subject", "Sortie au Louvre"), "Subject: Sortie au Louvre\r\n");
        assert_eq!(text_field("Subject", "a\r\nBcc: b@c"), "Subject: =?UTF-8?B?YSAgQmNjOiBiQGM=?=\r\n");
        assert_eq!(text_field("Subject", ""), "Subject:\r\n");
        let ids: Vec<String> = (0..3).map(|number| format!("<{number}{}@ent.test>", "x".repeat(30))).collect();
        let field = list_field("References", &ids, "");
        assert_eq!(field.lines().count(), 3, "{field}");
        assert!(field.lines().skip(1).all(|line| line.starts_with(" <")), "{field}");
    }

    #[test]
    fn names_of_files_are_written_as_they_must_be() {
        assert_eq!(parameter("filename", "liste.pdf"), ";\r\n filename=\"liste.pdf\"");
        assert_eq!(parameter("filename", "été.pdf"), ";\r\n filename*=UTF-8''%C3%A9t%C3%A9.pdf");
        assert_eq!(parameter("filename", "a\"b\\c"), ";\r\n filename*=UTF-8''a%22b%5Cc");
        let long = parameter("filename", &"é".repeat(40));
        assert!(long.starts_with(";\r\n filename*0*=UTF-8''%C3%A9"), "{long}");
        assert!(long.contains(";\r\n filename*1*=%C3%A9") && long.lines().all(|line| line.len() < 90), "{long}");
    }

    #[test]
    fn media_types_are_those_that_a_part_may_have() {
        assert_eq!(media_type("Image/PNG; name=x"), "image/png");
        for bad in ["", "pdf", "a/b c", "multipart/mixed", "message/rfc822", "a/\r\nX: y"] {
            assert_eq!(media_type(bad), "application/octet-stream", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_is_read_back(text in "\\PC{0,300}") {
            let field = text_field("Subject", &text);
            prop_assert!(field.is_ascii() && field.lines().all(|line| line.len() <= 100), "{}", field);
            let value = header_value(field.as_bytes(), "Subject").next().unwrap().into_owned();
            let read = decode_text(&value);
            prop_assert_eq!(read.trim(), text.trim());
        }

        #[test]
        fn quoted_printable_is_read_back(text in "([ -~é\t]|\n){0,400}") {
            let written = quoted_printable(&text);
            prop_assert!(written.lines().all(|line| line.len() <= 76 && !line.starts_with("From ")), "{}", written);
            let read = decoded(TransferEncoding::QuotedPrintable, written.as_bytes());
            prop_assert_eq!(String::from_utf8(read).unwrap(), format!("{}\r\n", text.replace('\n', "\r\n")));
        }

        #[test]
        fn base64_is_the_same_in_any_pieces(octets in proptest::collection::vec(any::<u8>(), 0..400), cut in 1usize..90) {
            let (mut lines, mut out) = (Base64Lines::default(), Vec::new());
            octets.chunks(cut).for_each(|piece| lines.push(piece, &mut out));
            lines.finish(&mut out);
            prop_assert!(out.split(|octet| *octet == b'\n').all(|line| line.len() <= 77));
            prop_assert_eq!(decoded(TransferEncoding::Base64, &out), octets);
        }
    }
}
