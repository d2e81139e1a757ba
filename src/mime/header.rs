//! PURE: header blocks as raw octets: fields, their values, and the slices that `BODY[HEADER.FIELDS …]` gives
//! (RFC 5322 §2.2, §4.5; RFC 9051 §6.4.5.1). Decoding of text: RFC 2047.
//!
//! A field runs to the line feed that no space or tab follows. Bare line feeds end lines as CRLF does: old mail has
//! them.

use std::borrow::Cow;

use mail_parser::{HeaderForm, MessageParser};
use memchr::memchr;

/// One field as it lies in a header block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Before the colon, white space trimmed; empty where the line has no colon.
    pub name: &'a [u8],
    /// After the colon, folding and line end included.
    pub value: &'a [u8],
    /// The whole field, its line end included.
    pub raw: &'a [u8],
}

impl Field<'_> {
    /// Is this its name? Blind to case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The fields of a header block, in order, up to its closing empty line. See [`fields`].
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// The fields of `header`, a block with or without its closing empty line.
pub fn fields(header: &[u8]) -> Fields<'_> {
    Fields { rest: header }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let first_line_end = line_end(self.rest, 0);
        let (first_line, _) = self.rest.split_at_checked(first_line_end)?;
        if is_blank(first_line) {
            return None;
        }
        let mut end = first_line_end;
        while matches!(self.rest.get(end), Some(b' ' | b'\t')) {
            end = line_end(self.rest, end);
        }
        let (raw, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let (name, value) = match memchr(b':', first_line) {
            Some(colon) => (first_line.get(..colon)?, raw.get(colon + 1..)?),
            None => (&[][..], raw),
        };
        Some(Field { name: name.trim_ascii(), value, raw })
    }
}

/// Where the line that begins at `from` ends, its line feed included.
fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes.get(from..).and_then(|rest| memchr(b'\n', rest)).map_or(bytes.len(), |at| from + at + 1)
}

/// Only white space, or nothing at all?
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|&octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | b'\x0c'))
}

/// Octets of the header block with its closing empty line: where the body begins. The whole length where there are
/// fields and no empty line; 0 where there is no header at all.
pub fn split_header(message: &[u8]) -> usize {
    let parsed = MessageParser::new().parse_headers(message);
    let body = parsed.and_then(|parsed| usize::try_from(parsed.root_part().offset_body()).ok());
    body.unwrap_or(0).min(message.len())
}

/// The values of all fields `name`, in order, unfolded.
pub fn header_value<'a>(header: &'a [u8], name: &'a str) -> impl Iterator<Item = Cow<'a, [u8]>> {
    fields(header).filter(move |field| field.is(name)).map(|field| unfold(field.value))
}

/// A field's value on one line: line ends and NUL dropped, the tab of a fold made a space, trimmed.
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    if !value.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
        return Cow::Borrowed(value);
    }
    let mut line = Vec::with_capacity(value.len());
    let mut folded = false;
    for &octet in value {
        match octet {
            b'\r' | 0 => {}
            b'\n' => folded = true,
            _ => {
                line.push(if folded && octet == b'\t' { b' ' } else { octet });
                folded = false;
            }
        }
    }
    Cow::Owned(line)
}

/// `BODY[HEADER.FIELDS (names)]` (`wanted`) or `BODY[HEADER.FIELDS.NOT (names)]`: the fields in the order they stand,
/// octet for octet, and an empty line.
pub fn header_fields(header: &[u8], names: &[impl AsRef<str>], wanted: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(if wanted { 512 } else { header.len() + 2 });
    for field in fields(header) {
        if names.iter().any(|name| field.is(name.as_ref())) == wanted {
            out.extend_from_slice(field.raw);
            if !field.raw.ends_with(b"\n") {
                out.extend_from_slice(b"\r\n");
            }
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// A raw value as people read it: encoded words decoded (RFC 2047); octets above 127 as UTF-8 where they are, else
/// windows-1252.
pub fn decode_text(raw: &[u8]) -> String {
    let line = unfold(raw);
    let text = decode_unlabelled(&line);
    if !text.contains("=?") {
        return text.into_owned();
    }
    let parsed = HeaderForm::Text.parse(text.as_bytes());
    let decoded = parsed.value().as_text().map(str::to_owned);
    decoded.unwrap_or_else(|| text.into_owned())
}

/// Octets without a charset: UTF-8 where they are valid UTF-8, else windows-1252, which never fails.
pub(super) fn decode_unlabelled(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(octets).0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"From: a@x\r\nSUBJECT : one\r\n\ttwo\r\nno colon\r\n\
        X-Long:\r\n y\r\nsubject: second\r\nTo:b@x\r\n\r\nbody: no\r\n";

    #[test]
    fn fields_end_at_the_empty_line() {
        let names: Vec<_> = fields(HEADER).map(|field| String::from_utf8_lossy(field.name).into_owned()).collect();
        assert_eq!(names, ["From", "SUBJECT", "", "X-Long", "subject", "To"]);
        let subjects: Vec<_> = header_value(HEADER, "Subject").collect();
        assert_eq!(subjects, [Cow::Borrowed(&b"one two"[..]), Cow::Borrowed(b"second")]);
    }

    #[test]
    fn header_fields_are_given_octet_for_octet() {
        let wanted = header_fields(HEADER, &["to", "Subject"], true);
        assert_eq!(wanted, b"SUBJECT : one\r\n\ttwo\r\nsubject: second\r\nTo:b@x\r\n\r\n");
        let others = header_fields(HEADER, &["to", "Subject"], false);
        assert_eq!(others, b"From: a@x\r\nno colon\r\nX-Long:\r\n y\r\n\r\n");
        assert_eq!(header_fields(b"From: a", &["From"], true), b"From: a\r\n\r\n");
        assert_eq!(header_fields(b"", &["From"], true), b"\r\n");
    }

    #[test]
    fn split_header_finds_the_body() {
        for (message, header) in [
            (&b"A: b\r\n\r\nbody"[..], 8),
            (b"A: b\n\nbody", 6),
            (b"\r\nbody", 2),
            (b"\nbody", 1),
            (b"A: b\r\n", 6),
            (b"A: b", 4),
            (b"no header\r\nat all\r\n", 0),
            (b"", 0),
            (b"A: b\r\n \r\nB: c\r\n\r\nbody", 17),
        ] {
            assert_eq!(split_header(message), header, "{}", message.escape_ascii());
        }
    }

    #[test]
    fn text_is_decoded() {
        assert_eq!(decode_text(b"=?UTF-8?Q?Sortie_=C3=A0?=\r\n =?utf-8?b?IMOJdnJ5?= demain"), "Sortie à Évry demain");
        assert_eq!(decode_text(b"=?iso-8859-15?q?10_=A4?="), "10 €");
        assert_eq!(decode_text("déjà vu".as_bytes()), "déjà vu");
        assert_eq!(decode_text(b"d\xe9j\xe0 \x80"), "déjà €");
        assert_eq!(decode_text(b"=?nonsense"), "=?nonsense");
        assert_eq!(decode_text(b""), "");
    }
}
