//! PURE: the secret of an app password: 28 letters and digits, 140 random bits, shown as `abcd-efgh-…`.
//!
//! Too random to be guessed, so a fast hash is kept, and one exact lookup finds it.

use crate::model::Secret;

/// 32 signs that are not taken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Signs in a secret, five bits each.
pub(in crate::domain) const SIGNS: usize = 28;
const GROUP: usize = 4;
/// What the hash is for, so that it is like no other.
const CONTEXT: &str = "passerelle 2026 app password";

/// The secret, as it is compared: lower case, without separators.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::domain) struct AppSecret([u8; SIGNS]);

impl AppSecret {
    /// A new one, of as many random octets as it has signs.
    pub(in crate::domain) fn from_random(octets: [u8; SIGNS]) -> Self {
        // 256 is a multiple of 32: all signs are as likely.
        Self(octets.map(|octet| ALPHABET.iter().copied().nth(usize::from(octet % 32)).unwrap_or(b'a')))
    }

    /// Reads what somebody typed: spaces, hyphens and case do not count. `None` where it cannot be an app password.
    pub(in crate::domain) fn read(typed: &Secret) -> Option<Self> {
        let signs: Vec<u8> =
            typed.expose().iter().filter(|octet| !matches!(octet, b' ' | b'-')).map(u8::to_ascii_lowercase).collect();
        let signs: [u8; SIGNS] = signs.try_into().ok()?;
        signs.iter().all(|sign| ALPHABET.contains(sign)).then_some(Self(signs))
    }

    /// As it is shown, once.
    pub(in crate::domain) fn shown(&self) -> Secret {
        Secret::new(self.0.chunks(GROUP).collect::<Vec<_>>().join(&b'-'))
    }

    /// As it may be typed, without separators.
    pub(in crate::domain) fn typed(&self) -> Secret {
        Secret::new(self.0)
    }

    /// What is kept.
    pub(in crate::domain) fn hash(&self) -> [u8; 32] {
        blake3::derive_key(CONTEXT, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed_in_any_way() {
        let mut octets = [0; SIGNS];
        for (octet, number) in octets.iter_mut().zip(0u8..) {
            *octet = number.wrapping_mul(37);
        }
        let secret = AppSecret::from_random(octets);
        let shown = String::from_utf8(secret.shown().expose().to_vec()).unwrap();
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [4; 7]);
        for typed in
            [shown.clone(), shown.to_uppercase(), shown.replace('-', ""), format!(" {} ", shown.replace('-', " "))]
        {
            assert!(AppSecret::read(&Secret::new(typed)) == Some(secret.clone()));
        }
        for other in [shown.replacen('-', "", 7) + "a", "a".repeat(27), "l".repeat(28), String::new()] {
            assert!(AppSecret::read(&Secret::new(other)).is_none());
        }
    }

    #[test]
    fn the_signs_are_distinct_and_the_bits_enough() {
        let distinct: std::collections::BTreeSet<u8> = ALPHABET.iter().copied().collect();
        assert_eq!(distinct.len(), 32);
        const { assert!(SIGNS * 5 >= 128) };
    }
}
