//! Names of annotations (RFC 5464 §3.2).

use std::fmt;

/// Whose an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationScope {
    /// The person's own: nobody else sees it.
    Private,
    /// Everybody's; the server's alone to set.
    Shared,
}

/// The name of an annotation: `/private/comment`. Blind to case, kept as it was written.
#[derive(Clone, Debug)]
pub struct AnnotationName(String);

impl AnnotationName {
    /// The longest name, in octets.
    pub const BYTES_MAX: usize = 255;

    /// Reads a name: `/private` or `/shared`, then parts that are not empty; printable ASCII without `*` and `%`.
    /// The two alone name no annotation, only what those below begin with: see [`AnnotationName::names_one`].
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'*' | b'%'));
        let mut parts = text.split('/');
        let is_rooted = parts.next() == Some("")
            && parts
                .next()
                .is_some_and(|root| ["private", "shared"].iter().any(|known| known.eq_ignore_ascii_case(root)));
        (printable && is_rooted && text.len() <= Self::BYTES_MAX && parts.all(|part| !part.is_empty()))
            .then(|| Self(text.to_owned()))
    }

    /// A name read back from the store, already checked.
    pub fn from_store(text: String) -> Self {
        Self(text)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is compared by.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Whose it is.
    pub fn scope(&self) -> AnnotationScope {
        match self.0.as_bytes().get(1) {
            Some(b'p' | b'P') => AnnotationScope::Private,
            _ => AnnotationScope::Shared,
        }
    }

    /// Is it the name of one annotation, rather than of all of a kind?
    pub fn names_one(&self) -> bool {
        self.0.bytes().filter(|byte| *byte == b'/').count() > 1
    }

    /// How many levels below `above` it stands: 0 for itself; `None` where it stands elsewhere.
    pub fn depth_below(&self, above: &Self) -> Option<usize> {
        let (own, above) = (self.key(), above.key());
        let rest = own.strip_prefix(&above)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.matches('/').count())
    }
}

impl PartialEq for AnnotationName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for AnnotationName {}

impl fmt::Display for AnnotationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> AnnotationName {
        AnnotationName::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn names_follow_the_rules() {
        for good in ["/private/comment", "/SHARED/comment", "/private", "/private/vendor/x y/z", "/shared/a.b-c"] {
            name(good);
        }
        let long = format!("/private/{}", "x".repeat(AnnotationName::BYTES_MAX));
        for bad in [
            "",
            "/",
            "private/comment",
            "/comment",
            "/private/",
            "/private//comment",
            "/private/comment/",
            "//private/x",
            "/private/a*",
            "/private/%",
            "/private/caf\u{e9}",
            "/private/a\u{1}",
            "/privatecomment/x",
            &long,
        ] {
            assert!(AnnotationName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn names_are_compared_without_case_and_by_whole_parts() {
        assert_eq!(name("/Private/Comment"), name("/private/comment"));
        assert_eq!(name("/PRIVATE/a").scope(), AnnotationScope::Private);
        assert_eq!(name("/shared/a").scope(), AnnotationScope::Shared);
        assert!(!name("/private").names_one() && name("/private/a").names_one());
        let depth = |own, above| name(own).depth_below(&name(above));
        assert_eq!(depth("/private/A/b", "/private/a"), Some(1));
        assert_eq!(depth("/private/a", "/private/a"), Some(0));
        assert_eq!(depth("/private/a/b/c", "/private"), Some(3));
        assert_eq!(depth("/private/ab", "/private/a"), None);
        assert_eq!(depth("/private/a", "/private/a/b"), None);
    }
}
