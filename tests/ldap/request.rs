//! What a client sends: requests and filters, written by hand, octet for octet as RFC 4511 has them.

/// One element.
pub fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(u8::try_from(short).unwrap()),
        middle @ 0x80..=0xffff => {
            out.push(0x82);
            out.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            out.push(0x84);
            out.extend(u32::try_from(long).unwrap().to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

/// A whole message.
pub fn message(id: u8, operation: impl AsRef<[u8]>, controls: &[Vec<u8>]) -> Vec<u8> {
    let mut content = tlv(2, [id]);
    content.extend_from_slice(operation.as_ref());
    if !controls.is_empty() {
        content.extend(tlv(0xa0, controls.concat()));
    }
    tlv(0x30, content)
}

/// A control.
pub fn control(oid: &str, critical: bool, value: Option<&[u8]>) -> Vec<u8> {
    let mut content = tlv(4, oid);
    if critical {
        content.extend(tlv(1, [0xff]));
    }
    content.extend(value.map(|value| tlv(4, value)).unwrap_or_default());
    tlv(0x30, content)
}

/// The control of results page by page.
pub fn paged(size: u8, cookie: &[u8]) -> Vec<u8> {
    let value = tlv(0x30, [tlv(2, [size]), tlv(4, cookie)].concat());
    control("1.2.840.113556.1.4.319", true, Some(&value))
}

/// A simple bind.
pub fn bind(name: &str, password: &str) -> Vec<u8> {
    tlv(0x60, [tlv(2, [3]), tlv(4, name), tlv(0x80, password)].concat())
}

/// A search for all attributes, below the domain, at most `size` entries.
pub fn search(filter: &str, size: u8) -> Vec<u8> {
    search_from("dc=ent,dc=example,dc=fr", 2, size, parse(filter), &[])
}

/// Any search. `scope`: 0 base, 1 one level, 2 subtree.
pub fn search_from(base: &str, scope: u8, size: u8, filter: Vec<u8>, attributes: &[&str]) -> Vec<u8> {
    let attributes = attributes.iter().flat_map(|name| tlv(4, name)).collect::<Vec<_>>();
    let parts = [
        tlv(4, base),
        tlv(10, [scope]),
        tlv(10, [0]),
        tlv(2, [0, size]),
        tlv(2, [0]),
        tlv(1, [0]),
        filter,
        tlv(0x30, attributes),
    ];
    tlv(0x63, parts.concat())
}

/// An extended operation.
pub fn extended(oid: &str) -> Vec<u8> {
    tlv(0x77, tlv(0x80, oid))
}

/// STARTTLS.
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

/// A filter as RFC 4515 writes it → octets. Only what the tests need: no escapes.
pub fn parse(text: &str) -> Vec<u8> {
    let (filter, rest) = parse_one(text);
    assert_eq!(rest, "", "{text}");
    filter
}

fn parse_one(text: &str) -> (Vec<u8>, &str) {
    let inside = text.strip_prefix('(').unwrap_or_else(|| panic!("{text}"));
    if let Some(tag) = ['&', '|', '!'].iter().position(|sign| inside.starts_with(*sign)) {
        let (mut parts, mut rest) = (Vec::new(), &inside[1..]);
        while rest.starts_with('(') {
            let (part, behind) = parse_one(rest);
            parts.extend(part);
            rest = behind;
        }
        return (tlv(0xa0 + u8::try_from(tag).unwrap(), parts), rest.strip_prefix(')').unwrap());
    }
    let (item, rest) = inside.split_once(')').unwrap();
    let (left, value) = item.split_once('=').unwrap();
    let leaf = |tag, left: &str| tlv(tag, [tlv(4, left), tlv(4, value)].concat());
    let filter = match left.chars().last() {
        Some('~') => leaf(0xa8, &left[..left.len() - 1]),
        Some('>') => leaf(0xa5, &left[..left.len() - 1]),
        Some('<') => leaf(0xa6, &left[..left.len() - 1]),
        Some(':') => {
            let mut names = left.split(':');
            let (attribute, rule) = (names.next().unwrap(), names.next().filter(|rule| !rule.is_empty()));
            let rule = rule.map(|rule| tlv(0x81, rule)).unwrap_or_default();
            tlv(0xa9, [rule, tlv(0x82, attribute), tlv(0x83, value)].concat())
        }
        _ if value == "*" => tlv(0x87, left),
        _ if value.contains('*') => substrings(left, value),
        _ => leaf(0xa3, left),
    };
    (filter, rest)
}

fn substrings(attribute: &str, value: &str) -> Vec<u8> {
    let pieces: Vec<&str> = value.split('*').collect();
    let last = pieces.len() - 1;
    let written = pieces.iter().enumerate().filter(|(_, piece)| !piece.is_empty()).flat_map(|(index, piece)| {
        let tag = if index == 0 {
            0x80
        } else if index == last {
            0x82
        } else {
            0x81
        };
        tlv(tag, piece)
    });
    tlv(0xa4, [tlv(4, attribute), tlv(0x30, written.collect::<Vec<_>>())].concat())
}
