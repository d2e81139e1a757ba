//! PURE: FETCH BODYSTRUCTURE and BODY (RFC 9051 §7.5.2), from a message and its [`Parts`].

use super::content::{Content, Media, Parameters};
use super::envelope::push_envelope;
use super::imap_string::{push_nstring, push_string};
use super::parts::slice;
use super::{Part, PartKind, Parts};

/// BODYSTRUCTURE with all extension data.
pub(super) fn body_structure(message: &[u8], parts: &Parts) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    push_body(&mut out, message, &parts.root);
    out
}

fn push_body(out: &mut Vec<u8>, message: &[u8], part: &Part) {
    let content = Content::of(slice(message, &part.header));
    out.push(b'(');
    match (part.kind, part.children.first()) {
        (PartKind::Multipart, _) => push_multipart(out, message, part, &content),
        (PartKind::Message, Some(enclosed)) => push_message(out, message, part, enclosed, &content),
        (PartKind::Leaf | PartKind::Message, _) => push_leaf(out, message, part, &content),
    }
    push_extensions(out, &content);
    out.push(b')');
}

fn push_multipart(out: &mut Vec<u8>, message: &[u8], part: &Part, content: &Content<'_>) {
    for child in &part.children {
        push_body(out, message, child);
    }
    let subtype =
        content.media.as_ref().filter(|media| media.kind == b"multipart").map(|media| media.subtype.as_slice());
    out.push(b' ');
    push_string(out, subtype.unwrap_or(b"mixed"));
    out.push(b' ');
    push_parameters(out, &content.parameters);
}

/// A message/rfc822 part. message/global is told as rfc822: RFC 3501 clients know no other type with an envelope.
fn push_message(out: &mut Vec<u8>, message: &[u8], part: &Part, enclosed: &Part, content: &Content<'_>) {
    out.extend_from_slice(b"\"message\" \"rfc822\" ");
    push_fields(out, part, content, &content.parameters);
    out.push(b' ');
    push_envelope(out, slice(message, &enclosed.header));
    out.push(b' ');
    push_body(out, message, enclosed);
    push_lines(out, slice(message, &part.body));
    push_md5(out, content);
}

/// A part without parts, as it can be shown: what is called multipart but is not can be read as text; an enclosed
/// message that cannot be opened (encoded, or too deep) can be saved.
fn push_leaf(out: &mut Vec<u8>, message: &[u8], part: &Part, content: &Content<'_>) {
    let charset = content.parameters.get("charset").map(|value| (b"charset".to_vec(), value.to_vec()));
    let charset = Parameters(charset.into_iter().collect());
    let kind = content.media.as_ref().map(|media| media.kind.as_slice());
    let (kind, subtype, parameters): (&[u8], &[u8], _) = match (&content.media, kind) {
        (_, Some(b"multipart")) => (b"text", b"plain", &charset),
        (Some(media), Some(b"message")) if is_message(media) => (b"application", b"octet-stream", &content.parameters),
        (Some(media), _) => (&media.kind, &media.subtype, &content.parameters),
        (None, _) => (b"text", b"plain", &content.parameters),
    };
    push_string(out, kind);
    out.push(b' ');
    push_string(out, subtype);
    out.push(b' ');
    let us_ascii = Parameters(vec![(b"charset".to_vec(), b"us-ascii".to_vec())]);
    let undeclared = kind == b"text" && parameters.0.is_empty();
    push_fields(out, part, content, if undeclared { &us_ascii } else { parameters });
    if kind == b"text" {
        push_lines(out, slice(message, &part.body));
    }
    push_md5(out, content);
}

fn is_message(media: &Media) -> bool {
    matches!(media.subtype.as_slice(), b"rfc822" | b"global")
}

/// Parameters, id, description, encoding, octets.
fn push_fields(out: &mut Vec<u8>, part: &Part, content: &Content<'_>, parameters: &Parameters) {
    push_parameters(out, parameters);
    out.push(b' ');
    push_nstring(out, content.id.as_deref());
    out.push(b' ');
    push_nstring(out, content.description.as_deref());
    out.push(b' ');
    push_string(out, content.encoding.as_deref().unwrap_or(b"7bit"));
    out.extend_from_slice(format!(" {}", part.body.end.saturating_sub(part.body.start)).as_bytes());
}

/// Line feeds in the content, still encoded.
fn push_lines(out: &mut Vec<u8>, body: &[u8]) {
    out.extend_from_slice(format!(" {}", memchr::memchr_iter(b'\n', body).count()).as_bytes());
}

fn push_md5(out: &mut Vec<u8>, content: &Content<'_>) {
    out.push(b' ');
    push_nstring(out, content.md5.as_deref());
}

/// Disposition, language, location.
fn push_extensions(out: &mut Vec<u8>, content: &Content<'_>) {
    match &content.disposition {
        Some((kind, parameters)) => {
            out.extend_from_slice(b" (");
            push_string(out, kind);
            out.push(b' ');
            push_parameters(out, parameters);
            out.push(b')');
        }
        None => out.extend_from_slice(b" NIL"),
    }
    match &content.language {
        Some(tags) => {
            out.extend_from_slice(b" (");
            for (index, tag) in tags.iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                push_string(out, tag);
            }
            out.push(b')');
        }
        None => out.extend_from_slice(b" NIL"),
    }
    out.push(b' ');
    push_nstring(out, content.location.as_deref());
}

fn push_parameters(out: &mut Vec<u8>, parameters: &Parameters) {
    if parameters.0.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    out.push(b'(');
    for (index, (name, value)) in parameters.0.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        push_string(out, name);
        out.push(b' ');
        push_string(out, value);
    }
    out.push(b')');
}

/// FETCH BODY from the stored BODYSTRUCTURE: the same without extension data.
pub fn body_without_extensions(body_structure: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body_structure.len());
    push_plain(&mut out, body_structure);
    out
}

/// Writes one body: a multipart keeps its bodies and subtype, others their fixed number of fields.
fn push_plain(out: &mut Vec<u8>, body: &[u8]) {
    let items = items(body);
    let bodies = items.iter().take_while(|item| item.starts_with(b"(")).count();
    let kept = match items.as_slice() {
        _ if bodies > 0 => bodies + 1,
        [b"\"text\"", ..] => 8,
        [b"\"message\"", b"\"rfc822\"", ..] => 10,
        _ => 7,
    };
    out.push(b'(');
    for (index, item) in items.iter().take(kept).enumerate() {
        if index > 0 && index >= bodies {
            out.push(b' ');
        }
        // In message/rfc822 the ninth field is the body of the enclosed message.
        if index < bodies || (bodies == 0 && kept == 10 && index == 8) {
            push_plain(out, item);
        } else {
            out.extend_from_slice(item);
        }
    }
    out.push(b')');
}

/// The items of a parenthesised list that this module wrote.
fn items(list: &[u8]) -> Vec<&[u8]> {
    let inner = list.strip_prefix(b"(").and_then(|list| list.strip_suffix(b")")).unwrap_or_default();
    let mut items = Vec::new();
    let mut rest = inner.trim_ascii_start();
    while !rest.is_empty() {
        let (item, after) = rest.split_at_checked(item_length(rest)).unwrap_or((rest, &[]));
        items.push(item);
        rest = after.strip_prefix(b" ").unwrap_or(after);
    }
    items
}

/// The length of the list, string or atom that `bytes` begins with.
fn item_length(bytes: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&octet) = bytes.get(at) {
        match octet {
            b'"' => at += quoted_length(bytes.get(at..).unwrap_or_default()),
            b'{' => at += literal_length(bytes.get(at..).unwrap_or_default()),
            b'(' => {
                depth += 1;
                at += 1;
                continue;
            }
            b')' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b' ' => {
                at += 1;
                continue;
            }
            _ => {
                let rest = bytes.get(at..).unwrap_or_default();
                at += rest.iter().position(|octet| b" ()".contains(octet)).unwrap_or(rest.len());
            }
        }
        if depth == 0 {
            break;
        }
    }
    at.min(bytes.len())
}

fn quoted_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&octet) = bytes.get(at) {
        match octet {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn literal_length(bytes: &[u8]) -> usize {
    let Some(close) = memchr::memchr(b'}', bytes) else { return bytes.len() };
    let digits = bytes.get(1..close).and_then(|digits| std::str::from_utf8(digits).ok());
    let count: usize = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
    (close + b"}\r\n".len()).saturating_add(count).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_fall_off() {
        let text = r#"("text" "plain" ("name" ") \" (") NIL {4}"#.to_owned() + "\r\né\") \"7bit\" 3 1";
        let image = r#"("image" "png" NIL NIL NIL "base64" 3"#;
        let extended = r#" NIL ("inline" NIL) ("fr") NIL)"#;
        let body = format!("({text} NIL NIL NIL NIL){image}{extended} \"mixed\" (\"a\" \"b\") NIL NIL NIL)");
        let plain = format!("({text}){image}) \"mixed\")");
        assert_eq!(String::from_utf8(body_without_extensions(body.as_bytes())).unwrap(), plain);
        assert_eq!(body_without_extensions(plain.as_bytes()), plain.as_bytes());
    }
}
