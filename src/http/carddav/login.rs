//! Who asks: HTTP Basic (RFC 7617) with an app password or the person's own, through the same door as IMAP: tries are
//! counted by account, a device's last use is noted, an app whose maker holds the password may be refused.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Site, fault};
use crate::domain::login::{Admission, Login, LoginRefusal};
use crate::http::client::Client;
use crate::model::{Protocol, Secret, Use, User};
use crate::sentences::Sentence;

/// Octets of name and password, encoded.
const BASIC_BYTES_MAX: usize = 2048;
/// When to ask again, seconds.
const RETRY: &str = "60";

/// Who was let in, for one request.
pub(super) struct Visitor {
    pub(super) user: User,
    pub(super) _admission: Admission,
}

/// Lets somebody in, or says what to answer.
pub(super) async fn log_in(site: &Site, client: Client, headers: &HeaderMap) -> Result<Visitor, Response> {
    let gateway = &site.gateway;
    let config = &gateway.config;
    if !client.may_log_in(&config.login) {
        // Not 401: that would make clients send a password where everybody can read it.
        return Err(told(site, StatusCode::FORBIDDEN, &Sentence::TlsRequired));
    }
    let Some((name, password)) = basic(headers) else { return Err(challenge(site)) };
    let mut caller = gateway.caller(Protocol::CardDav, client.peer.ip());
    if let Some(agent) = user_agent(headers) {
        gateway.announced(&mut caller, &[("name".to_owned(), Some(product(agent)))]);
    }
    let login = gateway.log_in_from(&caller, &name, &password).await.map_err(fault)?;
    let welcome = match login {
        Login::Welcome(welcome) => welcome,
        Login::Refused(refusal) => {
            tokio::time::sleep(Duration::from_millis(config.login.refusal_delay_milliseconds)).await;
            return Err(refused(site, refusal));
        }
    };
    let admitted = gateway.admit(&welcome, &caller, config.imap.connections_per_user_max).await.map_err(fault)?;
    let admission = admitted.map_err(|refusal| refused(site, refusal))?;
    if let Some(sentence) = gateway.turned_off(&welcome.user, Use::Reading).await.map_err(fault)? {
        return Err(later(site, &sentence));
    }
    Ok(Visitor { user: welcome.user, _admission: admission })
}

/// Is this client one that is told that groups are organizations?
pub(super) fn takes_groups_for_lists(site: &Site, headers: &HeaderMap) -> bool {
    let agent = user_agent(headers).unwrap_or_default().to_lowercase();
    let words = &site.gateway.config.directory.groups_as_organizations;
    words.iter().any(|word| agent.contains(&word.to_lowercase()))
}

/// Name and password.
fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") || encoded.len() > BASIC_BYTES_MAX {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), Secret::new(password)))
}

fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(USER_AGENT)?.to_str().ok()
}

/// What the client is, of all the products that it names (RFC 9110 §10.1.5): the first, or that of Mozilla's which is one.
fn product(agent: &str) -> String {
    let products = || agent.split_whitespace().filter(|word| word.contains('/') && !word.starts_with('('));
    let is_mail = |word: &&str| word.starts_with("Thunderbird/") || word.starts_with("Betterbird/");
    products().find(is_mail).or_else(|| products().next()).unwrap_or(agent).replacen('/', " ", 1)
}

fn refused(site: &Site, refusal: LoginRefusal) -> Response {
    match refusal {
        LoginRefusal::BadCredentials => challenge(site),
        LoginRefusal::Suspended => told(site, StatusCode::FORBIDDEN, &Sentence::AccountSuspended),
        LoginRefusal::CloudApp => told(site, StatusCode::FORBIDDEN, &Sentence::CloudApp),
        // Not 401: no client may forget a password that may be right.
        LoginRefusal::TooManyTries => later(site, &Sentence::TooManyTries),
        LoginRefusal::TurnedOff => later(site, &Sentence::ReadingOff),
        LoginRefusal::TooManyConnections => later(site, &Sentence::TooManyConnections),
    }
}

fn challenge(site: &Site) -> Response {
    // A domain name needs no quoting.
    let challenge = format!("Basic realm=\"{}\", charset=\"UTF-8\"", site.gateway.config.domain);
    let text = Sentence::BadCredentials.text(site.gateway.config.language);
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)], text).into_response()
}

fn told(site: &Site, status: StatusCode, sentence: &Sentence) -> Response {
    (status, sentence.text(site.gateway.config.language)).into_response()
}

fn later(site: &Site, sentence: &Sentence) -> Response {
    let text = sentence.text(site.gateway.config.language);
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_called_by_what_they_are() {
        for (agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0", "Thunderbird 140.5.0"),
            ("iOS/18.5 (22F76) accountsd/1.0", "iOS 18.5"),
            ("macOS/15.5 (24F74) AddressBookCore/2700", "macOS 15.5"),
            ("DAVx5/4.4.8-ose (dav4jvm; okhttp/4.12.0) Android/15", "DAVx5 4.4.8-ose"),
            ("vdirsyncer/0.19.3", "vdirsyncer 0.19.3"),
            ("curious", "curious"),
            ("", ""),
        ] {
            assert_eq!(product(agent), name);
        }
    }

    #[test]
    fn a_password_may_hold_colons_and_accents() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            basic(&headers).map(|(name, password)| (name, password.expose().to_vec()))
        };
        let encoded = STANDARD.encode("a@e.fr:é:b");
        for scheme in ["Basic", "basic"] {
            assert_eq!(read(&format!("{scheme} {encoded}")), Some(("a@e.fr".to_owned(), "é:b".as_bytes().to_vec())));
        }
        for bad in ["Basic", "Bearer abc", "Basic !!!", "Basic YQ==", &format!("Basic {}", "YTph".repeat(1000))] {
            assert_eq!(read(bad), None, "{bad:.30}");
        }
    }
}
