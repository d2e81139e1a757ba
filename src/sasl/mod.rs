//! PURE: SASL (RFC 4422): what a client says behind AUTHENTICATE (RFC 9051 §6.2.2) or AUTH (RFC 4954 §4) → what the gateway is
//! to be asked. Used by `imap` and `smtp`, which carry the lines; `domain` knows who people are.
//!
//! PLAIN (RFC 4616) and LOGIN (as clients speak it) are here.
//!
//! | file | what |
//! | --- | --- |
//! | `scram` | SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) |
//! | `bearer` | OAUTHBEARER (RFC 7628) and XOAUTH2 |
//! | `prepare` | names and passwords in one form (RFC 4013) |

pub mod bearer;
mod prepare;
pub mod scram;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::model::Secret;

/// A way to say who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Mechanism {
    #[serde(rename = "PLAIN")]
    Plain,
    #[serde(rename = "LOGIN")]
    Login,
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The same, bound to the TLS connection it runs on.
    #[serde(rename = "SCRAM-SHA-256-PLUS")]
    ScramSha256Plus,
    #[serde(rename = "OAUTHBEARER")]
    OAuthBearer,
    #[serde(rename = "XOAUTH2")]
    XOAuth2,
}

impl Mechanism {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Plain, Self::Login, Self::ScramSha256, Self::ScramSha256Plus, Self::OAuthBearer, Self::XOAuth2];

    /// As it is announced.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
        }
    }

    /// From its name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }
}

/// What binds an exchange to the TLS connection it runs on (RFC 5056): empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelBindings {
    /// `tls-exporter` (RFC 9266 §2), of TLS 1.3.
    pub exporter: Option<[u8; 32]>,
    /// `tls-server-end-point` (RFC 5929 §4): a hash of the certificate that the client was shown.
    pub end_point: Option<Vec<u8>>,
}

impl ChannelBindings {
    /// Is there any?
    pub fn is_some(&self) -> bool {
        self.exporter.is_some() || self.end_point.is_some()
    }

    /// The octets of the binding with this name.
    fn data(&self, name: &str) -> Option<&[u8]> {
        match name {
            "tls-exporter" => self.exporter.as_ref().map(<[u8; 32]>::as_slice),
            "tls-server-end-point" => self.end_point.as_deref(),
            _ => None,
        }
    }
}

/// What one connection is offered.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// In the order in which they are announced.
    pub mechanisms: Vec<Mechanism>,
    pub bindings: ChannelBindings,
}

/// An exchange that waits for the client's next response.
#[derive(Clone, Debug)]
pub enum Exchange {
    Plain,
    LoginName,
    LoginPassword { name: String },
    ScramFirst { plus: bool },
    ScramFinal(Box<scram::Challenged>),
    OAuthBearer,
    XOAuth2,
}

/// Where an exchange stands after what the client said.
#[derive(Debug)]
pub enum Turn {
    /// To be sent in base64; the response goes to [`Exchange::answered`].
    Challenge(String, Exchange),
    /// Is it their password?
    Password(Credentials),
    /// With which salt? [`scram::First::challenged`] goes on from there.
    Salt(scram::First),
    /// Do they know the password? [`scram::Verifier::signs`] says it.
    Proof(scram::Proof),
    /// Is it a token of the ENT's? Where it is not, [`bearer::refusal`] is one more challenge.
    Token(bearer::Token),
    Failed(Failure),
}

/// Why an exchange ended before anybody was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The client sent `*`.
    Cancelled,
    /// Not base64, not UTF-8, or not the mechanism's shape.
    Malformed,
    /// A login in the name of somebody else (authzid).
    ForSomebodyElse,
    /// Something is between the client and us, or the client misunderstood what is offered (RFC 5802 §6).
    ChannelBinding,
}

/// What a person says they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub name: String,
    pub password: Secret,
}

/// A response or an initial response out of base64; `=` is an empty initial response (RFC 4954 §4, RFC 4959 §3).
pub fn decode(text: &[u8]) -> Option<Secret> {
    match text {
        b"=" => Some(Secret::new(Vec::new())),
        text => STANDARD.decode(text).ok().map(Secret::new),
    }
}

/// A challenge as it is sent.
pub fn encode(challenge: &str) -> String {
    STANDARD.encode(challenge)
}

impl Mechanism {
    /// Begins, perhaps with an initial response.
    pub fn begin(self, initial: Option<&Secret>, offer: &Offer) -> Turn {
        let exchange = match self {
            Self::Plain => Exchange::Plain,
            Self::Login => Exchange::LoginName,
            Self::ScramSha256 => Exchange::ScramFirst { plus: false },
            Self::ScramSha256Plus => Exchange::ScramFirst { plus: true },
            Self::OAuthBearer => Exchange::OAuthBearer,
            Self::XOAuth2 => Exchange::XOAuth2,
        };
        match initial {
            Some(response) => exchange.decoded(response, offer),
            None => exchange.challenge(),
        }
    }
}

impl Exchange {
    /// Goes on with the client's line.
    pub fn answered(self, line: &[u8], offer: &Offer) -> Turn {
        if line == b"*" {
            return Turn::Failed(Failure::Cancelled);
        }
        match STANDARD.decode(line) {
            Ok(octets) => self.decoded(&Secret::new(octets), offer),
            Err(_) => Turn::Failed(Failure::Malformed),
        }
    }

    fn challenge(self) -> Turn {
        let text = match self {
            Self::LoginName => "Username:",
            Self::LoginPassword { .. } => "Password:",
            _ => "",
        };
        Turn::Challenge(text.to_owned(), self)
    }

    fn decoded(self, response: &Secret, offer: &Offer) -> Turn {
        let octets = response.expose();
        let turn = match self {
            Self::Plain => plain(octets).map(Turn::Password),
            Self::LoginName => match std::str::from_utf8(octets) {
                Ok(name) => Ok(Self::LoginPassword { name: name.to_owned() }.challenge()),
                Err(_) => Err(Failure::Malformed),
            },
            Self::LoginPassword { name } => Ok(Turn::Password(Credentials { name, password: response.clone() })),
            Self::ScramFirst { plus } => scram::First::read(octets, plus, offer).map(Turn::Salt),
            Self::ScramFinal(challenged) => challenged.answered(octets).map(Turn::Proof),
            Self::OAuthBearer => bearer::oauthbearer(octets).map(Turn::Token),
            Self::XOAuth2 => bearer::xoauth2(octets).map(Turn::Token),
        };
        turn.unwrap_or_else(Turn::Failed)
    }
}

/// `[authzid] NUL authcid NUL passwd` (RFC 4616 §2).
fn plain(octets: &[u8]) -> Result<Credentials, Failure> {
    let mut fields = octets.split(|octet| *octet == 0);
    let (Some(on_behalf), Some(name), Some(password), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(Failure::Malformed);
    };
    let name_text = std::str::from_utf8(name).map_err(|_| Failure::Malformed)?;
    if !on_behalf.is_empty() && on_behalf != name {
        return Err(Failure::ForSomebodyElse);
    }
    Ok(Credentials { name: name_text.to_owned(), password: Secret::new(password) })
}
