//! PURE: the common name of whom a certificate is made for (RFC 5280 §4.1.2.6), read from its DER.

use super::validity::{SEQUENCE, element, expect};

const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0C;
const PRINTABLE_STRING: u8 = 0x13;
const EXPLICIT_VERSION: u8 = 0xA0;
const INTEGER: u8 = 0x02;
/// `id-at-commonName`, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// The only common name; `None` where there is none, or several, or one that is no text.
pub(super) fn common_name(certificate: &[u8]) -> Option<String> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (mut rest, _) = expect(certificate, SEQUENCE)?;
    if let Some((_, after)) = expect(rest, EXPLICIT_VERSION) {
        rest = after;
    }
    // Serial number, signature algorithm, issuer, validity; then the subject.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE] {
        rest = expect(rest, tag)?.1;
    }
    let (mut parts, _) = expect(rest, SEQUENCE)?;
    let mut found = None;
    while !parts.is_empty() {
        let (mut set, after) = expect(parts, SET)?;
        parts = after;
        while !set.is_empty() {
            let (pair, after) = expect(set, SEQUENCE)?;
            set = after;
            let (kind, value) = expect(pair, OBJECT_IDENTIFIER)?;
            if kind == COMMON_NAME && found.replace(text(value)?).is_some() {
                return None;
            }
        }
    }
    found
}

fn text(value: &[u8]) -> Option<String> {
    let (tag, content, _) = element(value)?;
    let text = std::str::from_utf8(content).ok()?;
    matches!(tag, UTF8_STRING | PRINTABLE_STRING).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    fn made(parts: &[(DnType, &str)]) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, text) in parts {
            params.distinguished_name.push(kind.clone(), *text);
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_name_is_found_among_others() {
        let parts =
            [(DnType::OrganizationName, "Région"), (DnType::CommonName, "Anne Martin"), (DnType::CountryName, "FR")];
        assert_eq!(common_name(&made(&parts)).as_deref(), Some("Anne Martin"));
        assert_eq!(common_name(&made(&[(DnType::OrganizationName, "Région")])), None);
    }

    #[test]
    fn what_is_cut_short_names_nobody() {
        let whole = made(&[(DnType::CommonName, "anne")]);
        for end in 0..120 {
            assert_eq!(common_name(&whole[..end]), None);
        }
    }
}
