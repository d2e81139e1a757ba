//! PURE: header fields as SEARCH compares them (RFC 9051 §6.4.4): decoded (RFC 2047), folded, a line for each.

use super::MESSAGE_ID_BYTES_MAX;
use super::header::{decode_text, fields, unfold};
use super::text::{TEXT_BYTES_MAX, fold};

/// The field by which clients look for what they appended.
pub const MESSAGE_ID: &str = "message-id";
/// Fields named Message-ID that are kept: one is all there should be (RFC 5322 §3.6).
const MESSAGE_IDS_MAX: usize = 2;

/// The fields of a header block, in order, up to [`TEXT_BYTES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderText {
    /// Their names in lower case, each with a line feed behind it.
    pub names: String,
    /// Their values in the same order, folded ([`fold`]), each with a line feed behind it: folded text holds none.
    pub values: String,
}

impl HeaderText {
    /// Reads a header block.
    pub(super) fn of(header: &[u8]) -> Self {
        let mut text = Self::default();
        let mut message_ids = 0;
        for field in fields(header) {
            let room = TEXT_BYTES_MAX.saturating_sub(text.values.len());
            let mut bytes_max = room.saturating_sub(1);
            if field.is(MESSAGE_ID) {
                message_ids += 1;
                bytes_max = bytes_max.min(MESSAGE_ID_BYTES_MAX);
            }
            if bytes_max == 0 || message_ids > MESSAGE_IDS_MAX && field.is(MESSAGE_ID) {
                continue;
            }
            let name = String::from_utf8_lossy(field.name).to_ascii_lowercase();
            text.names.push_str(&name.replace(char::is_control, " "));
            text.names.push('\n');
            let value = fold(&decode_text(&unfold(field.value)));
            text.values.push_str(value.get(..value.floor_char_boundary(bytes_max)).unwrap_or_default());
            text.values.push('\n');
        }
        text
    }

    /// Name and value of each field.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.split_terminator('\n').zip(self.values.split_terminator('\n'))
    }

    /// Every identifier `<…>` in the fields named Message-ID, as folded, without its brackets, each once.
    pub fn message_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for (_, value) in self.fields().filter(|(name, _)| *name == MESSAGE_ID) {
            // What stands between a `<` and the next `>` has neither in it, if it begins at the last `<` before.
            let closed = value.split_inclusive('>').filter_map(|piece| piece.strip_suffix('>'));
            for id in closed.filter_map(|piece| Some(piece.rsplit_once('<')?.1)) {
                if !id.is_empty() && !ids.iter().any(|known| known == id) {
                    ids.push(id.to_owned());
                }
            }
        }
        ids
    }
}

/// The identifier that a folded text asks for, where it is one in brackets and nothing else: then a message whose
/// Message-ID holds the text is among those whose [`HeaderText::message_ids`] hold the identifier.
pub fn whole_message_id(folded: &str) -> Option<&str> {
    let id = folded.strip_prefix('<')?.strip_suffix('>')?;
    (!id.is_empty() && !id.contains(['<', '>'])).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_folded() {
        let text = HeaderText::of(b"Subject: =?utf-8?q?R=C3=A9union?=\r\n de rentr\xc3\xa9e\r\nX-A:\r\nno colon\r\nTO :  B\r\n\r\nbody: x\r\n");
        let fields: Vec<_> = text.fields().collect();
        assert_eq!(fields, [("subject", "reunion de rentree"), ("x-a", ""), ("", "no colon"), ("to", "b")]);
        assert_eq!(HeaderText::of(b"").fields().count(), 0);
        assert_eq!(HeaderText::of(b": \r\n:\r\n\r\n").fields().collect::<Vec<_>>(), [("", ""), ("", "")]);
    }

    #[test]
    fn identifiers_are_those_in_brackets() {
        let ids = |value: &str| HeaderText::of(format!("Message-ID: {value}\r\n").as_bytes()).message_ids();
        assert_eq!(ids("<A.b@X>"), ["a.b@x"]);
        assert_eq!(ids("<a> <<b> c> <> <d"), ["a", "b"]);
        assert_eq!(ids("<a b\r\n c@x>"), ["a b c@x"]);
        assert!(ids("a@x").is_empty());
        assert_eq!(whole_message_id("<a@x>"), Some("a@x"));
        for not_one in ["a@x", "<a@x", "a@x>", "<>", "<a><b>", "<<a>", " <a>", ""] {
            assert_eq!(whole_message_id(not_one), None, "{not_one}");
        }
    }

    proptest::proptest! {
        /// What holds `<id>` has the identifier among its own.
        #[test]
        fn no_identifier_is_missed(value in "[<>a ]{0,12}") {
            let text = HeaderText::of(format!("Message-ID: {value}\r\n").as_bytes());
            let ids = text.message_ids();
            for asked in ["<a>", "<aa>", "<a a>", "<a >", "< >"] {
                let holds = text.fields().any(|(_, value)| value.contains(asked));
                let id = whole_message_id(asked).unwrap();
                proptest::prop_assert_eq!(holds, ids.iter().any(|known| known == id), "{}", asked);
            }
        }
    }

    #[test]
    fn a_long_header_is_cut() {
        let long = "x".repeat(TEXT_BYTES_MAX);
        let text = HeaderText::of(format!("A: b\r\nX: {long}\r\nC: d\r\n").as_bytes());
        assert_eq!(text.values.len(), TEXT_BYTES_MAX);
        assert_eq!(text.fields().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "x"]);
        let ids = HeaderText::of("Message-ID: <a>\r\nMessage-Id: <b>\r\nMESSAGE-ID: <c>\r\n".as_bytes()).message_ids();
        assert_eq!(ids, ["a", "b"]);
    }
}
