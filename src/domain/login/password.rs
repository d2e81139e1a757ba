//! PURE: passwords that people chose. argon2id, 19 MiB, two passes; kept as PHC strings.

use std::borrow::Cow;

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, phc};
use unicode_normalization::UnicodeNormalization;

use crate::model::Secret;

/// What is kept of a password: a PHC string. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// A hash of nothing anybody knows, at the cost of a real one.
const OF_NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$VGhpcyBpcyBub2JvZHk$bm9ib2R5IGhhcyBhIHBhc3N3b3JkIHdpdGggdGhpcyE";

impl PasswordHash {
    pub(in crate::domain) fn from_store(text: String) -> Self {
        Self(text)
    }

    pub(in crate::domain) fn of_nobody() -> Self {
        Self(OF_NOBODY.to_owned())
    }

    /// The PHC string, for the store.
    pub(in crate::domain) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Hashes a password. Slow on purpose.
pub(in crate::domain) fn hash(password: &Secret, salt: &[u8; 16]) -> Result<PasswordHash, String> {
    let hash: phc::PasswordHash = Argon2::default()
        .hash_password_with_salt(&composed(password.expose()), salt)
        .map_err(|error| format!("argon2: {error}"))?;
    Ok(PasswordHash(hash.to_string()))
}

/// Is this the password? Slow on purpose. An error where the stored hash cannot be read.
pub(in crate::domain) fn verify(hash: &PasswordHash, password: &Secret) -> Result<bool, String> {
    let hash = phc::PasswordHash::new(&hash.0).map_err(|error| format!("a stored password hash: {error}"))?;
    match Argon2::default().verify_password(&composed(password.expose()), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(format!("argon2: {error}")),
    }
}

/// One form for texts that keyboards and systems compose differently (« é » as one or two characters: RFC 8265 §4.2).
fn composed(password: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(password) {
        Ok(text) if !text.is_ascii() => Cow::Owned(text.nfc().collect::<String>().into_bytes()),
        _ => Cow::Borrowed(password),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_is_right() {
        let hash = hash(&Secret::new("soleil d'été"), &[7; 16]).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(verify(&hash, &Secret::new("soleil d'été")), Ok(true));
        assert_eq!(verify(&hash, &Secret::new("soleil d'e\u{301}te\u{301}")), Ok(true));
        assert_eq!(verify(&hash, &Secret::new("soleil d'ete")), Ok(false));
        assert_eq!(verify(&hash, &Secret::new("")), Ok(false));
    }

    #[test]
    fn nobody_costs_what_anybody_costs() {
        let nobody = PasswordHash::of_nobody();
        assert_eq!(verify(&nobody, &Secret::new("nobody")), Ok(false));
        let real = hash(&Secret::new("x"), &[1; 16]).unwrap();
        let parameters = |hash: &PasswordHash| hash.0.split('$').nth(3).map(str::to_owned);
        assert_eq!(parameters(&nobody), parameters(&real));
    }

    #[test]
    fn a_hash_that_cannot_be_read_is_a_fault() {
        assert!(verify(&PasswordHash::from_store("plain".to_owned()), &Secret::new("plain")).is_err());
    }
}
