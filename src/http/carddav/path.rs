//! PURE: what a path means to whoever asks. Everybody has a tree of his own; in it, the paths of others are as unknown as
//! those of nobody.

use crate::domain::finding::{Book, CardId};

/// Where the tree begins: what `/.well-known/carddav` leads to (RFC 6764 §5).
pub const ROOT: &str = "/dav/";

/// What a person finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Root,
    /// The person (RFC 5397 §3).
    Principal,
    /// What holds the address books (RFC 6352 §7.1.1).
    Home,
    Book(Book),
    Card(Book, CardId),
}

impl Resource {
    /// What a decoded path means to the person whose own card has the id `own`. Collections may lack their last slash.
    pub(super) fn of_path(path: &str, own: CardId) -> Option<Self> {
        let inside = match path.strip_prefix(ROOT) {
            Some(inside) => inside,
            None if format!("{path}/") == ROOT => "",
            None => return None,
        };
        let parts: Vec<&str> = inside.strip_suffix('/').unwrap_or(inside).split('/').collect();
        let is_own = |key: &str| CardId::parse(key) == Some(own);
        match parts.as_slice() {
            [""] if inside.is_empty() => Some(Self::Root),
            [key] if is_own(key) => Some(Self::Principal),
            [key, "books"] if is_own(key) => Some(Self::Home),
            [key, "books", book] if is_own(key) => Book::from_key(book).map(Self::Book),
            [key, "books", book, card] if is_own(key) && !inside.ends_with('/') => {
                Some(Self::Card(Book::from_key(book)?, CardId::parse(card.strip_suffix(".vcf")?)?))
            }
            _ => None,
        }
    }

    /// Its path. No character of it needs an escape.
    pub(super) fn path(self, own: CardId) -> String {
        match self {
            Self::Root => ROOT.to_owned(),
            Self::Principal => format!("{ROOT}{own}/"),
            Self::Home => format!("{ROOT}{own}/books/"),
            Self::Book(book) => format!("{ROOT}{own}/books/{}/", book.key()),
            Self::Card(book, card) => format!("{ROOT}{own}/books/{}/{card}.vcf", book.key()),
        }
    }
}

/// The path of a reference, decoded: `https://host/a%2db` → `/a-b` (RFC 3986 §4.2). `None` where it is none.
pub(super) fn path_of_href(href: &str) -> Option<String> {
    let href = href.trim();
    let path = match href.find("://") {
        Some(at) if !href.starts_with('/') => {
            let rest = href.get(at + 3..)?;
            rest.get(rest.find('/')?..)?
        }
        _ => href,
    };
    path.starts_with('/').then(|| decoded(path)).flatten()
}

/// With `%41` as `A`; `None` where that is no UTF-8.
pub(super) fn decoded(path: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let digit = |octet: Option<u8>| char::from(octet?).to_digit(16);
        octets.push(u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?);
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserId;

    #[test]
    fn paths_are_read_as_they_are_written() {
        let own = CardId::of_user(&UserId::new("me"));
        let other = CardId::of_user(&UserId::new("other"));
        let all = [Resource::Root, Resource::Principal, Resource::Home, Resource::Book(Book::Classes)];
        for resource in all {
            let path = resource.path(own);
            assert_eq!(Resource::of_path(&path, own), Some(resource));
            assert_eq!(Resource::of_path(path.trim_end_matches('/'), own), Some(resource));
            assert_eq!(Resource::of_path(&path, other), (resource == Resource::Root).then_some(resource));
        }
        let card = Resource::Card(Book::Groups, other);
        assert_eq!(Resource::of_path(&card.path(own), own), Some(card));
        for bad in [
            "",
            "/",
            "/dav//",
            "/davx",
            "/dav/books/",
            "/DAV/",
            "/dav/../",
            &format!("{}/", card.path(own)),
            &card.path(own).replace(".vcf", ""),
            &card.path(own).to_uppercase(),
        ] {
            assert_eq!(Resource::of_path(bad, own), None, "{bad}");
        }
    }

    #[test]
    fn references_are_decoded() {
        for (href, path) in [
            ("/dav/a%2Db.vcf", Some("/dav/a-b.vcf")),
            ("https://mail.fr:8443/dav/", Some("/dav/")),
            (" /dav/ ", Some("/dav/")),
            ("/a://b", Some("/a://b")),
            ("https://mail.fr", None),
            ("a", None),
            ("/%", None),
            ("/%4", None),
            ("/%zz", None),
            ("/%ff", None),
        ] {
            assert_eq!(path_of_href(href).as_deref(), path, "{href}");
        }
    }
}
