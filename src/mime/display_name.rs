//! PURE: a name and an address → a mailbox as a header field holds it (RFC 5322 §3.4): an atom, a quoted string, or encoded
//! words (RFC 2047 §5 (3)), whatever the name holds. What is written is read back as the same name.

use base64::Engine as _;

/// An encoded word may have this many octets, its delimiters counted (RFC 2047 §2).
const ENCODED_WORD_MAX: usize = 75;
const START_Q: &str = "=?UTF-8?Q?";
const START_B: &str = "=?UTF-8?B?";
const END: &str = "?=";

/// `"NOM Prénom" <local@domain>`. Control characters are dropped; without a name, the address alone. Spaces stand only
/// where a line may be folded.
pub fn mailbox(name: &str, address: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.is_empty() {
        true => address.to_owned(),
        false => format!("{} <{address}>", phrase(&name)),
    }
}

/// A text as Subject holds it: as it is, or in encoded words.
pub(super) fn unstructured(text: &str) -> String {
    if text.is_ascii() && !text.contains("=?") { text.to_owned() } else { encoded(text) }
}

fn phrase(name: &str) -> String {
    if !name.is_ascii() || name.contains("=?") {
        return encoded(name);
    }
    if name.bytes().all(|octet| octet == b' ' || is_atext(octet)) {
        return name.to_owned();
    }
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// RFC 5322 §3.2.3.
fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

/// Encoded words, in the shorter of the two encodings; no character is cut in two (RFC 2047 §5).
fn encoded(name: &str) -> String {
    let (q, b) = (words(name, START_Q, q_text), words(name, START_B, b_text));
    if q.len() <= b.len() { q } else { b }
}

fn words(name: &str, start: &str, encode: fn(&str) -> String) -> String {
    let room = ENCODED_WORD_MAX - start.len() - END.len();
    let mut words: Vec<String> = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
        let fitting = ends.take_while(|end| encode(rest.get(..*end).unwrap_or_default()).len() <= room).last();
        let (word, after) = rest.split_at(fitting.unwrap_or(rest.len()));
        words.push(format!("{start}{}{END}", encode(word)));
        rest = after;
    }
    words.join(" ")
}

/// The octets that RFC 2047 §5 (3) allows in a phrase; all others as `=XX`, a space as `_`.
fn q_text(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        match octet {
            b' ' => out.push('_'),
            octet if octet.is_ascii_alphanumeric() || b"!*+-/".contains(&octet) => out.push(char::from(octet)),
            octet => out.push_str(&format!("={octet:02X}")),
        }
    }
    out
}

fn b_text(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mime::{AddressList, decode_text};

    /// The name that a reader sees.
    fn read(field: &str) -> String {
        let list = AddressList::parse(field.as_bytes());
        assert!(!list.irregular, "{field}");
        let mailboxes: Vec<_> = list.mailboxes().collect();
        assert_eq!(mailboxes.len(), 1, "{field}");
        assert_eq!(mailboxes[0].address().as_deref(), Some("a@ent.fr"), "{field}");
        decode_text(mailboxes[0].name.as_deref().unwrap_or_default())
    }

    #[test]
    fn names_are_written_as_they_must_be() {
        assert_eq!(mailbox("", "a@ent.fr"), "a@ent.fr");
        assert_eq!(mailbox("MARTIN Zoe", "a@ent.fr"), "MARTIN Zoe <a@ent.fr>");
        assert_eq!(mailbox("Roy, \"Ana\" (6A)", "a@ent.fr"), "\"Roy, \\\"Ana\\\" (6A)\" <a@ent.fr>");
        assert_eq!(mailbox("LAMBERT Théo", "a@ent.fr"), "=?UTF-8?Q?LAMBERT_Th=C3=A9o?= <a@ent.fr>");
        assert_eq!(mailbox("a\r\nBcc: b@ent.fr", "a@ent.fr"), "\"aBcc: b@ent.fr\" <a@ent.fr>");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(name in "\\PC{0,80}") {
            let field = mailbox(&name, "a@ent.fr");
            prop_assert!(field.is_ascii());
            prop_assert!(field.split(' ').all(|word| !word.starts_with("=?") || word.len() <= ENCODED_WORD_MAX));
            prop_assert_eq!(read(&field), name.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}
