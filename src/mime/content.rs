//! PURE: the Content-* fields of a part, raw (RFC 2045 §5, RFC 2183 §2, RFC 3282, RFC 1864, RFC 2557).
//!
//! Parameter values keep the form they were sent in (`filename*0*=…`, encoded words): BODYSTRUCTURE gives them raw.

use std::borrow::Cow;

use mail_parser::Encoding;

use super::header::{fields, unfold};

/// What a part's header says of its content. The last field of a name counts, as where mail-parser finds the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content<'a> {
    /// `None`: no Content-Type, or one that cannot be read.
    pub(super) media: Option<Media>,
    /// Of Content-Type, even where the type itself cannot be read.
    pub(super) parameters: Parameters,
    pub(super) encoding: Option<Vec<u8>>,
    pub(super) id: Option<Cow<'a, [u8]>>,
    pub(super) description: Option<Cow<'a, [u8]>>,
    pub(super) disposition: Option<(Vec<u8>, Parameters)>,
    pub(super) language: Option<Vec<Vec<u8>>>,
    pub(super) location: Option<Cow<'a, [u8]>>,
    pub(super) md5: Option<Cow<'a, [u8]>>,
}

/// A media type, lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Media {
    pub(super) kind: Vec<u8>,
    pub(super) subtype: Vec<u8>,
}

/// Names as sent, values without their quotation marks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(pub(super) Vec<(Vec<u8>, Vec<u8>)>);

impl Parameters {
    /// The value of `name`, blind to case.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| value.as_slice())
    }
}

impl<'a> Content<'a> {
    /// Reads a part's header block.
    pub(super) fn of(header: &'a [u8]) -> Self {
        let mut content = Self::default();
        for field in fields(header) {
            let Some((prefix, name)) = field.name.split_at_checked(8) else { continue };
            if prefix.eq_ignore_ascii_case(b"content-") {
                content.read(&name.to_ascii_lowercase(), unfold(field.value));
            }
        }
        content
    }

    fn read(&mut self, name: &[u8], value: Cow<'a, [u8]>) {
        match name {
            b"type" => {
                let (head, parameters) = head_and_parameters(&value);
                self.media = Media::parse(&head);
                self.parameters = parameters;
            }
            b"transfer-encoding" => {
                let (head, _) = head_and_parameters(&value);
                self.encoding = Some(head).filter(|head| !head.is_empty());
            }
            b"disposition" => {
                let (head, parameters) = head_and_parameters(&value);
                self.disposition = Some((head, parameters)).filter(|(head, _)| !head.is_empty());
            }
            b"language" => self.language = languages(&value),
            b"id" => self.id = Some(value),
            b"description" => self.description = Some(value),
            b"location" => self.location = Some(value),
            b"md5" => self.md5 = Some(value),
            _ => {}
        }
    }

    /// Is the content text, by its declared or default type?
    pub(super) fn is_text(&self) -> bool {
        self.media.as_ref().is_none_or(|media| media.kind == b"text")
    }

    /// How the octets are encoded.
    pub(super) fn transfer_encoding(&self) -> Encoding {
        match self.encoding.as_deref() {
            Some(b"base64") => Encoding::Base64,
            Some(b"quoted-printable") => Encoding::QuotedPrintable,
            _ => Encoding::None,
        }
    }
}

impl Media {
    fn parse(head: &[u8]) -> Option<Self> {
        let slash = memchr::memchr(b'/', head)?;
        let (kind, subtype) = (head.get(..slash)?, head.get(slash + 1..)?);
        let is_token = |text: &[u8]| {
            !text.is_empty()
                && text.iter().all(|octet| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(octet))
        };
        (is_token(kind) && is_token(subtype)).then(|| Self { kind: kind.to_vec(), subtype: subtype.to_vec() })
    }
}

/// The words of Content-Language; `None` where it has none.
fn languages(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let tags = value.split(|&octet| octet == b',').map(|tag| tag.trim_ascii().to_vec());
    let tags: Vec<_> = tags.filter(|tag| !tag.is_empty()).collect();
    (!tags.is_empty()).then_some(tags)
}

/// The part before the first `;` (lower case, without white space and comments) and the parameters.
fn head_and_parameters(value: &[u8]) -> (Vec<u8>, Parameters) {
    let mut cursor = Cursor { bytes: value, at: 0 };
    let mut head = cursor.bare(b";");
    head.retain(|octet| !octet.is_ascii_whitespace());
    head.make_ascii_lowercase();
    let mut parameters = Vec::new();
    while cursor.take(b';') {
        let name = cursor.bare(b";=");
        if !cursor.take(b'=') {
            continue;
        }
        let value = cursor.value();
        if !name.is_empty() {
            parameters.push((name, value));
        }
    }
    (head, Parameters(parameters))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, octet: u8) -> bool {
        let there = self.peek() == Some(octet);
        self.at += usize::from(there);
        there
    }

    /// Text up to one of `ends`, trimmed; comments after white space are left out (`foo(1).pdf` is no comment).
    fn bare(&mut self, ends: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some(octet) = self.peek().filter(|octet| !ends.contains(octet)) {
            let word_begins = text.last().is_none_or(u8::is_ascii_whitespace);
            if octet == b'(' && word_begins {
                self.skip_comment();
                continue;
            }
            text.push(octet);
            self.at += 1;
        }
        text.trim_ascii().to_vec()
    }

    /// Skips a comment; an unclosed one runs to the end.
    fn skip_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(octet) = self.peek() {
            self.at += 1;
            match octet {
                b'\\' => self.at += 1,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }

    /// A quoted string, or bare text up to `;`.
    fn value(&mut self) -> Vec<u8> {
        while self.peek().is_some_and(|octet| octet.is_ascii_whitespace()) {
            self.at += 1;
        }
        if !self.take(b'"') {
            return self.bare(b";");
        }
        let mut text = Vec::new();
        while let Some(octet) = self.peek() {
            self.at += 1;
            match octet {
                b'"' => break,
                b'\\' => {
                    text.extend(self.peek());
                    self.at += 1;
                }
                _ => text.push(octet),
            }
        }
        // Whatever stands between the closing mark and the next semicolon.
        self.bare(b";");
        text
    }
}
