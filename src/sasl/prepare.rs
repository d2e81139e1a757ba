//! PURE: SASLprep (RFC 4013): names and passwords that keyboards write differently, in one form.

use std::borrow::Cow;

/// The text in that form; `None` where it holds what no name or password may.
pub(super) fn prepared(text: &str) -> Option<Cow<'_, str>> {
    stringprep::saslprep(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 4013 §3.
    #[test]
    fn examples() {
        let is = |text: &str| prepared(text).map(Cow::into_owned);
        assert_eq!(is("I\u{AD}X").as_deref(), Some("IX"));
        assert_eq!(is("user").as_deref(), Some("user"));
        assert_eq!(is("USER").as_deref(), Some("USER"));
        assert_eq!(is("\u{AA}").as_deref(), Some("a"));
        assert_eq!(is("\u{2168}").as_deref(), Some("IX"));
        assert_eq!(is("\u{7}"), None);
        assert_eq!(is("\u{627}\u{31}"), None);
        assert_eq!(is("e\u{301}te\u{301}").as_deref(), Some("été"));
    }
}
