//! PURE: where the parts of a message lie: found by mail-parser, stored as bytes, looked up by section number
//! (RFC 9051 §6.4.5.1).

use std::ops::Range;

use mail_parser::{MessageParser, MessagePart, Source};

use super::{Part, PartKind, Parts};

/// Containers within each other; a part below is a leaf.
pub const DEPTH_MAX: usize = 64;
/// Parts of a message; what comes after lies in the last of them.
pub const PARTS_MAX: usize = 2000;

/// What `FETCH BODY[section]` asks of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// `BODY[]`, `BODY[1.2]`: the whole message, or a part's content.
    All,
    /// `BODY[HEADER]`, `BODY[2.HEADER]`: of the message, or of an enclosed message.
    Header,
    /// `BODY[TEXT]`, `BODY[2.TEXT]`: likewise.
    Text,
    /// `BODY[1.MIME]`: the MIME header of a part.
    Mime,
}

/// The first byte of the stored form.
const VERSION: u8 = 1;

impl Parts {
    /// Finds the parts of a message. Never fails: what cannot be parted is one part.
    pub fn of(message: &[u8]) -> Self {
        // Encoded messages are not opened: their parts have no place in these octets.
        let parser = MessageParser::new().max_depth(DEPTH_MAX).max_parts(PARTS_MAX).max_encoded_nesting(0);
        let whole = 0..u64::try_from(message.len()).unwrap_or(u64::MAX);
        let root = match parser.parse(message) {
            Some(parsed) => part(&parsed.root_part(), &whole),
            None => Part { header: 0..0, body: whole, ..Part::default() },
        };
        Self { root }
    }

    /// The part with this section number; the message itself for an empty path.
    pub fn find(&self, path: &[u32]) -> Option<&Part> {
        let mut found = &self.root;
        // What the next number counts in: a multipart, or a message whose only part is itself.
        let mut scope = Some(&self.root);
        let mut is_message = true;
        for &number in path {
            let container = scope?;
            let index = usize::try_from(number).ok()?.checked_sub(1)?;
            found = match container.kind {
                PartKind::Multipart => container.children.get(index)?,
                PartKind::Leaf | PartKind::Message if is_message && index == 0 => container,
                PartKind::Leaf | PartKind::Message => return None,
            };
            (scope, is_message) = match found.kind {
                PartKind::Multipart => (Some(found), false),
                PartKind::Message => (found.children.first(), true),
                PartKind::Leaf => (None, false),
            };
        }
        Some(found)
    }

    /// Where the octets of a section lie, counted from the first of the message; `None` where there is no such section.
    pub fn range(&self, path: &[u32], place: Place) -> Option<Range<u64>> {
        let part = self.find(path)?;
        let message = match part.kind {
            _ if path.is_empty() => Some(part),
            PartKind::Message => part.children.first(),
            PartKind::Leaf | PartKind::Multipart => None,
        };
        match place {
            Place::All if path.is_empty() => Some(part.header.start..part.body.end),
            Place::All => Some(part.body.clone()),
            Place::Header => message.map(|message| message.header.clone()),
            Place::Text => message.map(|message| message.body.clone()),
            Place::Mime => (!path.is_empty()).then(|| part.header.clone()),
        }
    }

    /// The stored form: version, then each part before its children: kind, four distances and the number of children
    /// as LEB128.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        encode_part(&mut out, &self.root, 0);
        out
    }

    /// Reads the stored form; `None` where it is not one.
    pub fn decode(stored: &[u8]) -> Option<Self> {
        let (&version, mut rest) = stored.split_first()?;
        let mut count = 0;
        let root = (version == VERSION).then(|| decode_part(&mut rest, 0, 0, &mut count)).flatten()?;
        rest.is_empty().then_some(Self { root })
    }
}

/// The octets of a range; none where it is outside the message.
pub(super) fn slice<'a>(message: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    let bounds = usize::try_from(range.start).and_then(|start| Ok(start..usize::try_from(range.end)?));
    bounds.ok().and_then(|bounds| message.get(bounds)).unwrap_or_default()
}

/// A part and those below it, each within `limits`. mail-parser bounds the depth.
fn part(found: &MessagePart<'_>, limits: &Range<u64>) -> Part {
    let clamp = |offset: u32| u64::from(offset).clamp(limits.start, limits.end);
    let header = clamp(found.offset_header())..clamp(found.offset_body());
    let body = header.end..clamp(found.offset_end()).max(header.end);
    if let Some(enclosed) = found.nested().filter(|enclosed| matches!(enclosed.source(), Source::Raw)) {
        let children = vec![part(&enclosed.root_part(), &body)];
        return Part { header, body, children, kind: PartKind::Message };
    }
    let children: Vec<Part> = found.children().map(|child| part(&child, &body)).collect();
    let kind = if children.is_empty() { PartKind::Leaf } else { PartKind::Multipart };
    Part { header, body, children, kind }
}

/// Offsets are written as distances from `from`, where the enclosing content begins.
fn encode_part(out: &mut Vec<u8>, part: &Part, from: u64) {
    out.push(match part.kind {
        PartKind::Leaf => 0,
        PartKind::Multipart => 1,
        PartKind::Message => 2,
    });
    push_number(out, part.header.start.saturating_sub(from));
    push_number(out, part.header.end.saturating_sub(part.header.start));
    push_number(out, part.body.start.saturating_sub(part.header.end));
    push_number(out, part.body.end.saturating_sub(part.body.start));
    push_number(out, u64::try_from(part.children.len()).unwrap_or(u64::MAX));
    for child in &part.children {
        encode_part(out, child, part.body.start);
    }
}

fn decode_part(rest: &mut &[u8], from: u64, depth: usize, count: &mut usize) -> Option<Part> {
    *count += 1;
    if depth > DEPTH_MAX || *count > PARTS_MAX {
        return None;
    }
    let (&kind, after) = rest.split_first()?;
    *rest = after;
    let kind = match kind {
        0 => PartKind::Leaf,
        1 => PartKind::Multipart,
        2 => PartKind::Message,
        _ => return None,
    };
    let mut next = |from: u64| from.checked_add(pull_number(rest)?);
    let header_start = next(from)?;
    let header_end = next(header_start)?;
    let body_start = next(header_end)?;
    let body_end = next(body_start)?;
    let children = pull_number(rest)?;
    let children =
        (0..children).map(|_| decode_part(rest, body_start, depth + 1, count)).collect::<Option<Vec<_>>>()?;
    Some(Part { header: header_start..header_end, body: body_start..body_end, children, kind })
}

/// LEB128: seven bits an octet, low ones first.
fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn pull_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&octet, after) = rest.split_first()?;
        *rest = after;
        let bits = u64::from(octet & 0x7F);
        if bits.leading_zeros() < shift {
            return None;
        }
        number |= bits << shift;
        if octet & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTED: &[u8] = b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\none\r\n--o\r\n\
        Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\ntwo\r\n--o--\r\n";

    #[test]
    fn sections_are_found_by_number() {
        let parts = Parts::of(NESTED);
        let text = |path: &[u32], place| parts.range(path, place).map(|range| slice(NESTED, &range).to_vec());
        for (path, place, expected) in [
            (&[1][..], Place::All, Some("one")),
            (&[1], Place::Mime, Some("\r\n")),
            (&[1], Place::Header, None),
            (&[1, 1], Place::All, None),
            (&[2], Place::All, Some("Subject: s\r\n\r\ntwo")),
            (&[2], Place::Mime, Some("Content-Type: message/rfc822\r\n\r\n")),
            (&[2], Place::Header, Some("Subject: s\r\n\r\n")),
            (&[2], Place::Text, Some("two")),
            (&[2, 1], Place::All, Some("two")),
            (&[2, 1], Place::Mime, Some("Subject: s\r\n\r\n")),
            (&[2, 2], Place::All, None),
            (&[2, 1, 1], Place::All, None),
            (&[3], Place::All, None),
            (&[0], Place::All, None),
            (&[u32::MAX], Place::All, None),
            (&[], Place::Mime, None),
        ] {
            assert_eq!(text(path, place).as_deref(), expected.map(str::as_bytes), "{path:?} {place:?}");
        }
    }

    #[test]
    fn only_a_whole_stored_form_is_read() {
        let stored = Parts::of(NESTED).encode();
        assert!(Parts::decode(&stored).is_some());
        for length in 0..stored.len() {
            assert_eq!(Parts::decode(&stored[..length]), None, "{length}");
        }
        assert_eq!(Parts::decode(&[stored.as_slice(), &[0]].concat()), None);
        assert_eq!(Parts::decode(&[&[VERSION + 1], &stored[1..]].concat()), None);
        assert_eq!(Parts::decode(&[&[VERSION][..], &[1, 0, 0, 0, 0, 1].repeat(DEPTH_MAX + 2)].concat()), None);
        assert_eq!(Parts::decode(&[&[VERSION, 0][..], &[0xFF; 12]].concat()), None);
    }
}
