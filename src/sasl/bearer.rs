//! PURE: OAUTHBEARER (RFC 7628) and XOAUTH2 (as Google and Microsoft describe it): a token that somebody else gave out.

use super::Failure;
use super::scram::name_of;
use crate::model::Secret;

/// Separates the pairs (RFC 7628 §3.1).
const SEPARATOR: char = '\u{1}';

/// A token, and whose the client says it is. `Debug` hides the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// `None`: whoever the token names.
    pub name: Option<String>,
    /// May be empty: the client wants to be told where tokens come from (RFC 7628 §4.3).
    pub token: Secret,
    pub form: Form,
}

/// Which of the two mechanisms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    OAuthBearer,
    XOAuth2,
}

/// What is wrong with a token that was refused (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    InvalidToken,
    InsufficientScope,
}

/// `n,a=name,` then pairs, among them `auth=Bearer token` (RFC 7628 §3.1).
pub(super) fn oauthbearer(octets: &[u8]) -> Result<Token, Failure> {
    let text = std::str::from_utf8(octets).map_err(|_| Failure::Malformed)?;
    let (header, pairs) = text.split_once(SEPARATOR).ok_or(Failure::Malformed)?;
    let header = header.strip_prefix("n,").or_else(|| header.strip_prefix("y,")).ok_or(Failure::Malformed)?;
    let name = match header.strip_suffix(',').ok_or(Failure::Malformed)? {
        "" => None,
        on_behalf => Some(name_of(on_behalf.strip_prefix("a=").ok_or(Failure::Malformed)?)?),
    };
    Ok(Token { name, token: token(pairs)?, form: Form::OAuthBearer })
}

/// `user=name`, `auth=Bearer token`, each behind it a separator, and one more.
pub(super) fn xoauth2(octets: &[u8]) -> Result<Token, Failure> {
    let text = std::str::from_utf8(octets).map_err(|_| Failure::Malformed)?;
    let (name, pairs) = text.split_once(SEPARATOR).ok_or(Failure::Malformed)?;
    let name = name.strip_prefix("user=").filter(|name| !name.is_empty()).ok_or(Failure::Malformed)?;
    Ok(Token { name: Some(name.to_owned()), token: token(pairs)?, form: Form::XOAuth2 })
}

/// The token among pairs that each end with a separator; behind the last is one more.
fn token(pairs: &str) -> Result<Secret, Failure> {
    let pairs = pairs.strip_suffix(SEPARATOR).ok_or(Failure::Malformed)?;
    let mut values = pairs.split(SEPARATOR).filter_map(|pair| pair.strip_prefix("auth="));
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Failure::Malformed) };
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    // Another scheme is as good as no token.
    let token = if scheme.eq_ignore_ascii_case("Bearer") { token.trim_matches(' ') } else { "" };
    Ok(Secret::new(token))
}

/// The challenge that tells the client why (RFC 7628 §3.2.2), before the exchange fails. The client's answer to it says
/// nothing.
pub fn refusal(form: Form, status: Status, configuration_url: Option<&str>, scope: Option<&str>) -> String {
    let mut fields = match form {
        Form::OAuthBearer => {
            let status = match status {
                Status::InvalidToken => "invalid_token",
                Status::InsufficientScope => "insufficient_scope",
            };
            vec![("status", status)]
        }
        Form::XOAuth2 => vec![("status", "401"), ("schemes", "bearer")],
    };
    fields.extend(scope.map(|scope| ("scope", scope)));
    if form == Form::OAuthBearer {
        fields.extend(configuration_url.map(|url| ("openid-configuration", url)));
    }
    let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value.into()));
    serde_json::Value::Object(fields.collect()).to_string()
}
