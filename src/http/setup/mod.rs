//! PROTOCOL: automatic set-up: every way in which a mail client asks for the settings, answered from one place.
//!
//! | who | asks | answered by |
//! | --- | --- | --- |
//! | Thunderbird, K-9, FairEmail, Evolution | `/mail/config-v1.1.xml`, the same below `/.well-known/autoconfig` | `autoconfig` |
//! | Outlook, FairEmail | `/autodiscover/autodiscover.xml` (POST), `/autodiscover/autodiscover.json` | `autodiscover` |
//! | iPhone, iPad, Mac | `/mobileconfig`; `/mobileconfig.svg`, a code that leads there | `mobileconfig`, `qr` |
//! | phones | a QR code of an address of a page | `qr` |
//! | Evolution, iOS, DNS | SRV records, which `passerelle dns` prints | `dns` |
//!
//! The answers hold no secret and do not say whether an address is anybody's.

mod autoconfig;
mod autodiscover;
mod dns;
mod mobileconfig;
pub mod qr;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;

pub use self::dns::records;
pub use self::mobileconfig::document as apple_profile;
use super::PublicPorts;
use crate::config::Config;
use crate::model::Address;
use crate::sentences::{Language, Sentence};

/// Octets of a request's body.
const REQUEST_BYTES_MAX: usize = 16 << 10;

const XML: &str = "text/xml; charset=utf-8";
const JSON: &str = "application/json";
/// Answers are about one person, and change when an admin moves a port.
const NOT_KEPT: (HeaderName, &str) = (CACHE_CONTROL, "no-store");

/// What clients are told.
#[derive(Clone, Debug)]
pub struct Setup {
    pub domain: String,
    /// Of the mail ports.
    pub host_name: String,
    /// How browsers and clients reach the HTTP port, without a slash at its end.
    pub url: String,
    pub ports: PublicPorts,
    /// Where address books are, where they are offered by TLS.
    pub books: Option<WebPlace>,
    /// The port of LDAPS, where it is offered.
    pub ldaps: Option<u16>,
    /// Of what people read on their devices.
    pub language: Language,
}

/// A place that clients reach by HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebPlace {
    pub host_name: String,
    pub port: u16,
}

impl WebPlace {
    /// Of a URL; `None` where it is not one of HTTPS.
    fn of_url(url: &str) -> Option<Self> {
        let authority = url.strip_prefix("https://")?.split('/').next()?;
        let (host_name, port) = match authority.rsplit_once(':') {
            // Not the end of an IPv6 address.
            Some((host_name, port)) if !port.ends_with(']') => (host_name, port.parse().ok()?),
            _ => (authority, 443),
        };
        (!host_name.is_empty()).then(|| Self { host_name: host_name.to_owned(), port })
    }
}

impl Setup {
    /// What the configuration says, for servers that clients reach at these ports.
    pub fn new(config: &Config, ports: PublicPorts) -> Self {
        let host_name = config.host_name().to_owned();
        let told = config.public.url.as_ref();
        let url = told.map_or_else(|| format!("https://{host_name}"), |url| url.trim_end_matches('/').to_owned());
        let has_books = config.directory.carddav && (told.is_some() || config.listen.https.is_some());
        let ldaps = config.listen.ldaps.filter(|_| config.tls.certificate.is_some()).map(|address| address.port());
        Self {
            domain: config.domain.clone(),
            books: WebPlace::of_url(&url).filter(|_| has_books),
            ldaps: config.public.ldaps_port.or(ldaps),
            url,
            host_name,
            ports,
            language: config.language,
        }
    }

    /// An address of the domain, as somebody wrote it: in lower case.
    fn address(&self, written: &str) -> Option<String> {
        let address = Address::parse(written.trim())?;
        (address.domain() == self.domain).then(|| address.to_string())
    }

    /// What the account is called on a device.
    fn account_name(&self) -> String {
        Sentence::AccountName { domain: self.domain.clone() }.text(self.language)
    }
}

/// A document → the same, signed; `None` where it cannot be.
type Sign = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync;

/// Signs what devices are given, where there is a certificate for it: put beside requests by `server`.
#[derive(Clone)]
pub struct Signing(pub Arc<Sign>);

/// The routes; none where nothing can be set up: no encrypted way in, or none out.
pub(super) fn router(setup: Setup) -> Router {
    let Some(autoconfig) = autoconfig::document(&setup).map(Bytes::from) else { return Router::new() };
    let thunderbird = get(move || {
        let document = autoconfig.clone();
        async move { ([(CONTENT_TYPE, XML)], document) }
    });
    let outlook = post(discover).layer(axum::extract::DefaultBodyLimit::max(REQUEST_BYTES_MAX));
    Router::new()
        .route("/mail/config-v1.1.xml", thunderbird.clone())
        .route("/.well-known/autoconfig/mail/config-v1.1.xml", thunderbird)
        .route("/autodiscover/autodiscover.xml", outlook.clone())
        // Outlook writes the name in several ways.
        .route("/Autodiscover/Autodiscover.xml", outlook.clone())
        .route("/AutoDiscover/AutoDiscover.xml", outlook)
        .route("/autodiscover/autodiscover.json", get(redirect))
        .route("/autodiscover/autodiscover.json/v1.0/{address}", get(redirect))
        .route("/mobileconfig", get(profile))
        .route("/mobileconfig.svg", get(profile_code))
        .with_state(Arc::new(setup))
}

async fn discover(State(setup): State<Arc<Setup>>, body: Bytes) -> Response {
    let headers = [(CONTENT_TYPE, XML), NOT_KEPT];
    match autodiscover::address_asked(&body) {
        Some(asked) => (headers, autodiscover::document(&setup, &asked)).into_response(),
        None => (StatusCode::BAD_REQUEST, headers, autodiscover::not_understood()).into_response(),
    }
}

type Parameters = Query<HashMap<String, String>>;

/// Clients write the names of parameters in several ways.
fn parameter<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The same whichever address the path names.
async fn redirect(State(setup): State<Arc<Setup>>, parameters: Parameters) -> Response {
    let protocol = parameter(&parameters, "protocol").unwrap_or_default();
    let (status, text) = match autodiscover::redirection(&setup, protocol) {
        Ok(text) => (StatusCode::OK, text),
        Err(text) => (StatusCode::BAD_REQUEST, text),
    };
    (status, [(CONTENT_TYPE, JSON), NOT_KEPT], text).into_response()
}

/// The address in `address`, if one is there; `Err` where it is none of ours.
fn address_asked(setup: &Setup, parameters: &Parameters) -> Result<Option<String>, StatusCode> {
    let written = parameter(parameters, "address");
    written.map(|written| setup.address(written).ok_or(StatusCode::NOT_FOUND)).transpose()
}

/// The way to the profile, for a phone's camera.
async fn profile_code(State(setup): State<Arc<Setup>>, parameters: Parameters) -> Result<Response, StatusCode> {
    let address = address_asked(&setup, &parameters)?;
    let query = address.map(|address| format!("?address={}", address.replace('@', "%40"))).unwrap_or_default();
    let code = qr::svg(&format!("{}/mobileconfig{query}", setup.url));
    let code = code.ok_or(StatusCode::NOT_FOUND)?;
    Ok(([(CONTENT_TYPE, "image/svg+xml"), NOT_KEPT], code).into_response())
}

/// A profile for the address in `address`; without one, the device asks for it. Signed, where it can be: devices show by whom.
async fn profile(
    State(setup): State<Arc<Setup>>,
    signing: Option<Extension<Signing>>,
    parameters: Parameters,
) -> Response {
    let address = match address_asked(&setup, &parameters) {
        Ok(address) => address,
        Err(status) => return status.into_response(),
    };
    let Some(profile) = mobileconfig::document(&setup, address.as_deref()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, "application/x-apple-aspen-config"),
        (CONTENT_DISPOSITION, "attachment; filename=\"messagerie.mobileconfig\""),
        NOT_KEPT,
    ];
    let signed = signing.and_then(|Extension(Signing(sign))| sign(profile.as_bytes()));
    (headers, signed.unwrap_or_else(|| profile.into_bytes())).into_response()
}

/// XML's own characters as references; what XML 1.0 cannot hold is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
fn setup_for_tests(ports: PublicPorts) -> Setup {
    Setup {
        domain: "ecole.fr".to_owned(),
        host_name: "mail.ecole.fr".to_owned(),
        url: "https://mail.ecole.fr".to_owned(),
        ports,
        books: Some(WebPlace { host_name: "mail.ecole.fr".to_owned(), port: 8443 }),
        ldaps: Some(636),
        language: Language::Fr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_escaped() {
        assert_eq!(escaped("a<b>&\"\u{0}\u{1b}é\t"), "a&lt;b&gt;&amp;&quot;é\t");
    }

    #[test]
    fn a_place_is_read_from_its_url() {
        let place = |url| WebPlace::of_url(url).map(|place| (place.host_name, place.port));
        assert_eq!(place("https://mail.fr"), Some(("mail.fr".to_owned(), 443)));
        assert_eq!(place("https://mail.fr:8443/x:y"), Some(("mail.fr".to_owned(), 8443)));
        assert_eq!(place("https://[::1]"), Some(("[::1]".to_owned(), 443)));
        for none in ["http://mail.fr", "https://", "https://mail.fr:port", "mail.fr"] {
            assert_eq!(place(none), None, "{none}");
        }
    }

    #[test]
    fn only_addresses_of_the_domain_are_ours() {
        let setup = setup_for_tests(PublicPorts::default());
        assert_eq!(setup.address(" Marie.Un@ECOLE.fr ").as_deref(), Some("marie.un@ecole.fr"));
        for bad in ["marie", "marie@gmail.com", "@ecole.fr", "a b@ecole.fr", "", "marie@ecole.fr\r\nX: y"] {
            assert_eq!(setup.address(bad), None, "{bad:?}");
        }
    }
}
