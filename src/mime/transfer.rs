//! PURE: content transfer encodings (RFC 2045 §6), decoded as the octets come: what `FETCH BINARY` gives (RFC 3516 §4.2);
//! and encoded, where a binary part must be stored (RFC 3516 §4.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::content::Content;
use super::header::fields;
use super::parts::slice;
use super::{Part, PartKind, Parts};

/// How the content of a part is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferEncoding {
    /// `7bit`, `8bit`, `binary`, or nothing said.
    Identity,
    Base64,
    QuotedPrintable,
}

impl TransferEncoding {
    /// What a MIME header says; `None` where it is an encoding that nobody knows.
    pub fn of(header: &[u8]) -> Option<Self> {
        match Content::of(header).encoding.as_deref() {
            None | Some(b"7bit" | b"8bit" | b"binary") => Some(Self::Identity),
            Some(b"base64") => Some(Self::Base64),
            Some(b"quoted-printable") => Some(Self::QuotedPrintable),
            Some(_) => None,
        }
    }
}

/// Decodes content piece by piece; what it gives does not depend on where the pieces are cut.
#[derive(Debug)]
pub struct Decoder {
    state: State,
}

#[derive(Debug)]
enum State {
    Identity,
    Base64(Base64),
    QuotedPrintable(QuotedPrintable),
}

impl Decoder {
    /// At the beginning of the content.
    pub fn new(encoding: TransferEncoding) -> Self {
        Self {
            state: match encoding {
                TransferEncoding::Identity => State::Identity,
                TransferEncoding::Base64 => State::Base64(Base64::default()),
                TransferEncoding::QuotedPrintable => State::QuotedPrintable(QuotedPrintable::default()),
            },
        }
    }

    /// Decodes the next octets to the end of `out`.
    pub fn push(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        match &mut self.state {
            State::Identity => out.extend_from_slice(octets),
            State::Base64(base64) => octets.iter().for_each(|octet| base64.push(*octet, out)),
            State::QuotedPrintable(quoted) => octets.iter().for_each(|octet| quoted.push(*octet, out)),
        }
    }

    /// What is left at the end of the content.
    pub fn finish(self, out: &mut Vec<u8>) {
        if let State::QuotedPrintable(quoted) = self.state {
            quoted.finish(out);
        }
    }
}

/// Octets outside the alphabet are passed over (RFC 2045 §6.8); what follows the padding is no content.
#[derive(Debug, Default)]
struct Base64 {
    bits: u32,
    count: u8,
    ended: bool,
}

impl Base64 {
    fn push(&mut self, octet: u8, out: &mut Vec<u8>) {
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                self.ended = true;
                return;
            }
            _ => return,
        };
        if self.ended {
            return;
        }
        self.bits = (self.bits << 6) | u32::from(value);
        self.count += 6;
        if self.count >= 8 {
            self.count -= 8;
            out.push((self.bits >> self.count).to_le_bytes()[0]);
        }
    }
}

/// White space at the end of a line goes; what is no proper escape stays as it is (RFC 2045 §6.7).
#[derive(Debug, Default)]
struct QuotedPrintable {
    /// `=`, and what has come behind it; or white space that may end a line.
    held: Vec<u8>,
}

impl QuotedPrintable {
    fn push(&mut self, octet: u8, out: &mut Vec<u8>) {
        match (self.held.first(), octet) {
            (Some(b'='), _) => self.escape(octet, out),
            (_, b' ' | b'\t') => self.held.push(octet),
            (_, b'=') => {
                out.append(&mut self.held);
                self.held.push(octet);
            }
            // White space before the end of a line.
            (Some(_), b'\r' | b'\n') => {
                self.held.clear();
                out.push(octet);
            }
            _ => {
                out.append(&mut self.held);
                out.push(octet);
            }
        }
    }

    fn escape(&mut self, octet: u8, out: &mut Vec<u8>) {
        let spaces = self.held.get(1).is_some_and(|octet| matches!(octet, b' ' | b'\t' | b'\r'));
        match octet {
            // A soft line break, white space before it passed over.
            b'\n' if spaces || self.held.len() == 1 => self.held.clear(),
            b'\r' | b' ' | b'\t' if spaces || self.held.len() == 1 => {
                // However long: nothing of it stays.
                self.held.truncate(1);
                self.held.push(octet);
            }
            _ if octet.is_ascii_hexdigit() && self.held.len() == 1 => self.held.push(octet),
            _ if octet.is_ascii_hexdigit() && !spaces => {
                let high = self.held.get(1).copied().and_then(hex).unwrap_or(0);
                out.push(high << 4 | hex(octet).unwrap_or(0));
                self.held.clear();
            }
            _ => {
                out.append(&mut self.held);
                self.push(octet, out);
            }
        }
    }

    fn finish(self, out: &mut Vec<u8>) {
        if self.held.first() == Some(&b'=') && self.held.get(1).copied().and_then(hex).is_some() {
            out.extend_from_slice(&self.held);
        }
    }
}

fn hex(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A message without NUL: parts whose content is `binary`, or holds NUL, in base64. `None` where NUL stands elsewhere.
pub fn encode_binary(message: &[u8]) -> Option<Vec<u8>> {
    let parts = Parts::of(message);
    let mut out = Vec::with_capacity(message.len() + message.len() / 3);
    let mut done = 0;
    encode_part(message, &parts.root, &mut done, &mut out);
    out.extend_from_slice(message.get(done..).unwrap_or_default());
    memchr::memchr(0, &out).is_none().then_some(out)
}

/// Encodes the leaves of a part, in their order; `done`: octets of the message that are in `out`, in one form or another.
fn encode_part(message: &[u8], part: &Part, done: &mut usize, out: &mut Vec<u8>) {
    for child in &part.children {
        encode_part(message, child, done, out);
    }
    let header = slice(message, &part.header);
    let body = slice(message, &part.body);
    let declared = Content::of(header).encoding;
    let is_binary = declared.as_deref() == Some(b"binary".as_slice()) || memchr::memchr(0, body).is_some();
    if part.kind != PartKind::Leaf || !is_binary {
        return;
    }
    let (Ok(header_start), Ok(body_end)) = (usize::try_from(part.header.start), usize::try_from(part.body.end)) else {
        return;
    };
    out.extend_from_slice(message.get(*done..header_start).unwrap_or_default());
    for field in fields(header).filter(|field| !field.is("Content-Transfer-Encoding")) {
        out.extend_from_slice(field.raw);
        if !field.raw.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
    for line in body.chunks(57) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    // The line end before a boundary belongs to the boundary.
    if out.ends_with(b"\r\n") && message.get(body_end..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
        out.truncate(out.len() - 2);
    }
    *done = body_end;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(encoding: TransferEncoding, octets: &[u8], piece: usize) -> Vec<u8> {
        let mut decoder = Decoder::new(encoding);
        let mut out = Vec::new();
        for octets in octets.chunks(piece.max(1)) {
            decoder.push(octets, &mut out);
        }
        decoder.finish(&mut out);
        out
    }

    #[test]
    fn decodings() {
        use TransferEncoding::{Base64, Identity, QuotedPrintable};
        for (encoding, encoded, plain) in [
            (Identity, &b"a=\r\nb"[..], &b"a=\r\nb"[..]),
            (Base64, b"w6nDqGI=\r\n", "éèb".as_bytes()),
            (Base64, b"YW\r\n J j\r\n", b"abc"),
            (Base64, b"YWI=YWI=", b"ab"),
            (Base64, b"", b""),
            (
                QuotedPrintable,
                b"caf=C3=A9 \t\r\nun =  \r\ndeux =3d =3\r\n=\r\n=",
                "café\r\nun deux = =3\r\n".as_bytes(),
            ),
            (QuotedPrintable, b"a=zb =\nc  d", b"a=zb c  d"),
            (QuotedPrintable, b"=00=ff", b"\0\xff"),
        ] {
            assert_eq!(decoded(encoding, encoded, 1000), plain, "{}", encoded.escape_ascii());
        }
    }

    #[test]
    fn encodings_are_known_or_not() {
        assert_eq!(TransferEncoding::of(b"\r\n"), Some(TransferEncoding::Identity));
        let of = |value: &str| TransferEncoding::of(format!("Content-Transfer-Encoding: {value}\r\n\r\n").as_bytes());
        assert_eq!(of("BASE64 (so)"), Some(TransferEncoding::Base64));
        assert_eq!(of("Quoted-Printable"), Some(TransferEncoding::QuotedPrintable));
        assert_eq!(of("x-uuencode"), None);
    }

    #[test]
    fn binary_parts_become_base64() {
        let message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n\
            Content-Transfer-Encoding: binary\r\nContent-ID: <x>\r\n\r\n\0\x01\r\n\xff\r\n--b\r\n\r\ntext\r\n--b--\r\n";
        let expected = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n\
            Content-ID: <x>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAENCv8=\r\n--b\r\n\r\ntext\r\n--b--\r\n";
        assert_eq!(encode_binary(message).unwrap().escape_ascii().to_string(), expected.escape_ascii().to_string());
        assert_eq!(
            encode_binary(b"A: b\r\n\r\nc\0").unwrap(),
            b"A: b\r\nContent-Transfer-Encoding: base64\r\n\r\nYwA=\r\n"
        );
        assert_eq!(encode_binary(b"A: \0\r\n\r\nc"), None);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            octets in proptest::collection::vec(prop_oneof![Just(b'='), Just(b'\r'), Just(b'\n'), Just(b' '), b'0'..b'H', any::<u8>()], 0..80),
            piece in 1_usize..9,
        ) {
            for encoding in [TransferEncoding::Base64, TransferEncoding::QuotedPrintable] {
                prop_assert_eq!(decoded(encoding, &octets, piece), decoded(encoding, &octets, 1000));
            }
        }

        #[test]
        fn base64_is_read_back(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let message = [b"Content-Transfer-Encoding: binary\r\n\r\n".as_slice(), &octets].concat();
            let encoded = encode_binary(&message).unwrap();
            let body = encoded.strip_prefix(b"Content-Transfer-Encoding: base64\r\n\r\n".as_slice()).unwrap();
            prop_assert_eq!(decoded(TransferEncoding::Base64, body, 7), octets);
        }
    }
}
