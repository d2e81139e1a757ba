//! Modified UTF-7, in which mailbox names travel (RFC 3501 §5.1.3; RFC 9051 Appendix A.1).

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// How the names of mailboxes travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameForm {
    /// Modified UTF-7; UTF-8 is understood as well.
    #[default]
    Utf7,
    /// UTF-8 both ways, once the client has enabled it (RFC 6855 §3): `&` stands for itself.
    Utf8,
}

impl NameForm {
    /// A name as the client wrote it, in Unicode; `None` where it is not well formed (RFC 3501 §5.1.3). UTF-8 that
    /// nobody has enabled is taken as it stands: many clients send it.
    pub fn decode_name(self, text: &str) -> Option<String> {
        match self {
            Self::Utf7 if text.is_ascii() => decode_strictly(text),
            Self::Utf7 | Self::Utf8 => Some(text.to_owned()),
        }
    }

    /// A pattern as the client wrote it, in Unicode.
    pub fn decode(self, text: String) -> String {
        match self {
            Self::Utf7 => decode(&text),
            Self::Utf8 => text,
        }
    }
}

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// From Unicode. Printable ASCII stays, `&` becomes `&-`, the rest is UTF-16 in base64 between `&` and `-`.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    let mut shifted: Vec<u8> = Vec::new();
    for c in text.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut encoded, &mut shifted);
            encoded.push(c);
            if c == '&' {
                encoded.push('-');
            }
        } else {
            let mut units = [0; 2];
            shifted.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut encoded, &mut shifted);
    encoded
}

fn flush(encoded: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        encoded.push('&');
        BASE64.encode_string(&shifted, encoded);
        encoded.push('-');
        shifted.clear();
    }
}

/// To Unicode. A text that is not proper modified UTF-7 (a pattern may break it) is taken as it stands.
pub fn decode(text: &str) -> String {
    decode_strictly(text).unwrap_or_else(|| text.to_owned())
}

/// `None` where `encode` would have written it otherwise: one name, one spelling.
fn decode_strictly(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, shifted)) = rest.split_once('&') {
        let (shifted, after) = shifted.split_once('-')?;
        decoded.push_str(plain);
        if shifted.is_empty() {
            decoded.push('&');
        } else {
            decoded.push_str(&decode_shifted(shifted)?);
        }
        rest = after;
    }
    decoded.push_str(rest);
    (encode(&decoded) == text).then_some(decoded)
}

fn decode_shifted(shifted: &str) -> Option<String> {
    let bytes = BASE64.decode(shifted).ok()?;
    let (units, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    String::from_utf16(&units.iter().map(|unit| u16::from_be_bytes(*unit)).collect::<Vec<_>>()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_names() {
        for (text, encoded) in [
            ("INBOX", "INBOX"),
            ("Envoyés", "Envoy&AOk-s"),
            ("Éléments supprimés", "&AMk-l&AOk-ments supprim&AOk-s"),
            ("R&D", "R&-D"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("😀", "&2D3eAA-"),
            ("", ""),
        ] {
            assert_eq!(encode(text), encoded);
            assert_eq!(decode(encoded), text);
        }
    }

    #[test]
    fn what_is_not_modified_utf7_stands_as_it_is() {
        for raw in ["Envoyés", "R&D", "a&", "&AGE-", "&AC8-", "&AOk", "&AO-", "&2D0-", "&AOkA-", "&AOk-&AOk-", "&A*k-"]
        {
            assert_eq!(decode(raw), raw);
            assert_eq!(NameForm::Utf7.decode_name(raw).as_deref(), (!raw.is_ascii()).then_some(raw));
        }
    }

    proptest! {
        #[test]
        fn decode_undoes_encode(text in any::<String>()) {
            let encoded = encode(&text);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(decode(&encoded), text);
        }

        #[test]
        fn decode_never_fails(text in "[&,A-Za-z0-9+/é-]{0,30}") {
            let decoded = decode(&text);
            prop_assert!(decoded == text || encode(&decoded) == text);
        }
    }
}
