//! PURE: AUTH PLAIN (RFC 4616) and LOGIN (as clients speak it) → a name and a password. Used by `session`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::Secret;

/// What EHLO names and AUTH takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    Plain,
    Login,
}

/// What the client's next line will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    PlainResponse,
    LoginName,
    LoginPassword { name: String },
}

/// Where an exchange stands after what the client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// To be sent behind `334`.
    Challenge(&'static str, Awaited),
    Done(Credentials),
    /// The client sent `*` (RFC 4954 §4).
    Cancelled,
    /// Not base64, not UTF-8, or not the mechanism's shape.
    Malformed,
    /// A login in the name of somebody else (RFC 4616 §2, authzid).
    ForSomebodyElse,
}

/// What a person says they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub name: String,
    pub password: Secret,
}

impl Mechanism {
    /// From the name in AUTH, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        match () {
            () if name.eq_ignore_ascii_case("PLAIN") => Some(Self::Plain),
            () if name.eq_ignore_ascii_case("LOGIN") => Some(Self::Login),
            () => None,
        }
    }

    /// Begins, perhaps with an initial response (base64, `=` for an empty one: RFC 4954 §4).
    pub fn begin(self, initial: Option<&Secret>) -> Turn {
        let awaited = match self {
            Self::Plain => Awaited::PlainResponse,
            Self::Login => Awaited::LoginName,
        };
        match initial.map(Secret::expose) {
            Some(b"=") => awaited.decoded(Vec::new()),
            Some(response) => awaited.answered(response),
            None => awaited.challenge(),
        }
    }
}

impl Awaited {
    /// Goes on with the client's line.
    pub fn answered(self, line: &[u8]) -> Turn {
        if line == b"*" {
            return Turn::Cancelled;
        }
        match STANDARD.decode(line) {
            Ok(octets) => self.decoded(octets),
            Err(_) => Turn::Malformed,
        }
    }

    fn challenge(self) -> Turn {
        let text = match self {
            Self::PlainResponse => "",
            Self::LoginName => "VXNlcm5hbWU6",
            Self::LoginPassword { .. } => "UGFzc3dvcmQ6",
        };
        Turn::Challenge(text, self)
    }

    fn decoded(self, octets: Vec<u8>) -> Turn {
        match self {
            Self::PlainResponse => plain(&octets),
            Self::LoginName => match String::from_utf8(octets) {
                Ok(name) => Self::LoginPassword { name }.challenge(),
                Err(_) => Turn::Malformed,
            },
            Self::LoginPassword { name } => Turn::Done(Credentials { name, password: Secret::new(octets) }),
        }
    }
}

/// `[authzid] NUL authcid NUL passwd`.
fn plain(octets: &[u8]) -> Turn {
    let mut fields = octets.split(|octet| *octet == 0);
    let (Some(on_behalf), Some(name), Some(password), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Turn::Malformed;
    };
    let Ok(name_text) = std::str::from_utf8(name) else { return Turn::Malformed };
    if !on_behalf.is_empty() && on_behalf != name {
        return Turn::ForSomebodyElse;
    }
    Turn::Done(Credentials { name: name_text.to_owned(), password: Secret::new(password) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain_of(text: &[u8]) -> Turn {
        Mechanism::Plain.begin(Some(&Secret::new(STANDARD.encode(text))))
    }

    fn done(name: &str, password: &str) -> Turn {
        Turn::Done(Credentials { name: name.to_owned(), password: Secret::new(password) })
    }

    #[test]
    fn plain() {
        assert_eq!(plain_of(b"\0anne\0mot de passe"), done("anne", "mot de passe"));
        assert_eq!(plain_of(b"anne\0anne\0x"), done("anne", "x"));
        assert_eq!(plain_of("\0zoé\0é".as_bytes()), done("zoé", "é"));
        assert_eq!(plain_of(b"\0\0"), done("", ""));
        assert_eq!(plain_of(b"paul\0anne\0x"), Turn::ForSomebodyElse);
        for malformed in [&b"anne"[..], b"", b"\0anne", b"\0a\0b\0c", b"\0\xff\0x"] {
            assert_eq!(plain_of(malformed), Turn::Malformed, "{malformed:?}");
        }
        assert_eq!(Mechanism::Plain.begin(Some(&Secret::new("="))), Turn::Malformed);
        assert_eq!(Mechanism::Plain.begin(Some(&Secret::new("AGE*"))), Turn::Malformed);
        let Turn::Challenge("", awaited) = Mechanism::Plain.begin(None) else { panic!() };
        assert_eq!(awaited.answered(b"AGFubmUAeA=="), done("anne", "x"));
    }

    #[test]
    fn login() {
        let Turn::Challenge("VXNlcm5hbWU6", awaited) = Mechanism::Login.begin(None) else { panic!() };
        let Turn::Challenge("UGFzc3dvcmQ6", awaited) = awaited.answered(b"YW5uZQ==") else { panic!() };
        assert_eq!(awaited.clone().answered(b"eA=="), done("anne", "x"));
        assert_eq!(awaited.clone().answered(b"*"), Turn::Cancelled);
        assert_eq!(awaited.clone().answered(b"eA"), Turn::Malformed);
        assert_eq!(awaited.answered(b""), done("anne", ""));
    }

    #[test]
    fn login_with_an_initial_response() {
        let Turn::Challenge("UGFzc3dvcmQ6", awaited) = Mechanism::Login.begin(Some(&Secret::new("YW5uZQ=="))) else {
            panic!()
        };
        assert_eq!(awaited.answered(b"eA=="), done("anne", "x"));
    }

    #[test]
    fn names_in_any_case() {
        assert_eq!(Mechanism::named("plain"), Some(Mechanism::Plain));
        assert_eq!(Mechanism::named("Login"), Some(Mechanism::Login));
        assert_eq!(Mechanism::named("CRAM-MD5"), None);
    }
}
