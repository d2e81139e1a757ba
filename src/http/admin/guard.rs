//! Who may see a page, and send a form: a client certificate, a session, a token in each form.
//!
//! A form counts where it comes from one of our own pages: by its token, and by what the browser says of its origin (Fetch,
//! `Origin` and `Sec-Fetch-Site`). Cookies have the prefix `__Host-` and are never sent from elsewhere (`SameSite=Strict`).

use std::collections::HashMap;

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header::{CACHE_CONTROL, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Shared, Site, Tone};
use crate::config::AdminSignIn;
use crate::domain::Fault;
use crate::domain::admins::{AdminSession, is_admin_name};
use crate::http::html;

/// The session's cookie.
const COOKIE_NAME: &str = "__Host-operator";

/// The client certificate of a connection; its authority has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its common name.
    pub name: Option<String>,
    pub fingerprint: [u8; 32],
}

/// What the connection has shown; `server` puts it beside every request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownCertificate(pub Option<Certificate>);

impl ShownCertificate {
    /// A name that can be an admin's.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.as_ref()?.name.as_deref().filter(|name| is_admin_name(name))
    }

    pub(super) fn fingerprint(&self) -> Option<[u8; 32]> {
        Some(self.0.as_ref()?.fingerprint)
    }
}

/// Somebody who may be here.
#[derive(Clone, Debug)]
pub(in crate::http) struct Admin {
    pub(super) session: AdminSession,
    pub(super) cookie: String,
}

/// Lets nobody through but admins, save to the sign-in and what it is dressed in. `/metrics` is answered to a certificate
/// alone, where one suffices: Prometheus has no session.
pub(super) async fn guard(State(site): State<Shared>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let shown = request.extensions().get::<ShownCertificate>().cloned().unwrap_or_default();
    let is_open = path == "/sign-in" || path.starts_with("/assets/");
    let is_scrape = path == "/metrics" && site.sign_in.suffices(&shown);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_open && !is_scrape {
        match site.admin(request.headers(), &shown, path != "/status").await {
            Ok(Some(admin)) => {
                request.extensions_mut().insert(admin);
            }
            Ok(None) if reads => return hardened((StatusCode::SEE_OTHER, [(LOCATION, "/sign-in")]).into_response()),
            Ok(None) => return hardened(StatusCode::FORBIDDEN.into_response()),
            Err(fault) => {
                tracing::error!(%fault, "admin page: who it is could not be looked up");
                return hardened(StatusCode::SERVICE_UNAVAILABLE.into_response());
            }
        }
    }
    hardened(next.run(request).await)
}

/// What every answer says, also one that is no page.
fn hardened(mut response: Response) -> Response {
    for (name, value) in html::headers_of_no_page() {
        response.headers_mut().entry(name).or_insert(value);
    }
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    response
}

impl AdminSignIn {
    /// Is this certificate enough?
    pub(super) fn suffices(self, shown: &ShownCertificate) -> bool {
        matches!(self, Self::Certificate | Self::Either) && shown.name().is_some()
    }
}

impl Site {
    /// Whose request is it?
    async fn admin(&self, headers: &HeaderMap, shown: &ShownCertificate, acts: bool) -> Result<Option<Admin>, Fault> {
        let now = self.gateway.clock.now();
        let found = cookies(headers)
            .find_map(|cookie| Some((self.sessions.of(cookie, shown.fingerprint(), now, acts)?, cookie.to_owned())));
        let Some((session, cookie)) = found else { return Ok(None) };
        // Whoever was removed is out at once. A certificate that suffices needs no account.
        let holds = self.sign_in.suffices(shown) && shown.name() == Some(session.admin.as_str())
            || self.gateway.is_admin(session.admin.clone()).await?;
        Ok(holds.then_some(Admin { session, cookie }))
    }
}

/// The values of our cookie: somebody may have put another beside it.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

/// A header that sets the cookie, until the browser is closed.
pub(super) fn set_cookie(cookie: &str) -> (axum::http::HeaderName, String) {
    (SET_COOKIE, format!("{COOKIE_NAME}={cookie}; Path=/; Secure; HttpOnly; SameSite=Strict"))
}

/// A header that takes the cookie back.
pub(super) fn forget_cookie() -> (axum::http::HeaderName, String) {
    (SET_COOKIE, format!("{COOKIE_NAME}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"))
}

/// Does the browser say that a form comes from our own page? One that says nothing is judged by the form's token alone.
pub(super) fn is_from_here(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin_fits = header(ORIGIN.as_str()).is_none_or(|origin| origin.strip_prefix("https://") == Some(host));
    origin_fits && header("sec-fetch-site").is_none_or(|site| site == "same-origin")
}

/// The fields of a form.
pub(super) type Fields = HashMap<String, String>;

/// A form of an admin, from one of our pages.
pub(super) struct Posted {
    pub(super) admin: Admin,
    fields: Fields,
}

impl Posted {
    /// What a field holds, without spaces around it.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.trim())
    }

    /// The same; `None` where it is empty.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        Some(self.field(name).to_owned()).filter(|value| !value.is_empty())
    }

    /// Is the box ticked?
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.field(name).is_empty()
    }
}

impl FromRequest<Shared> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Shared) -> Result<Self, Response> {
        let Some(admin) = request.extensions().get::<Admin>().cloned() else {
            return Err(StatusCode::FORBIDDEN.into_response());
        };
        let is_from_here = is_from_here(request.headers());
        let stale = |status| site.message(&admin, status, site.words.stale, Tone::Bad, "/people");
        let Ok(Form(fields)) = Form::<Fields>::from_request(request, site).await else {
            return Err(stale(StatusCode::BAD_REQUEST));
        };
        if !is_from_here || !admin.session.is_token(fields.get("token").map_or("", String::as_str)) {
            return Err(stale(StatusCode::FORBIDDEN));
        }
        Ok(Self { admin, fields })
    }
}

impl FromRequestParts<Shared> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &Shared) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| StatusCode::FORBIDDEN.into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn forms_come_from_here() {
        assert!(is_from_here(&headers(&[("host", "a.test:8443")])));
        assert!(is_from_here(&headers(&[("host", "a.test:8443"), ("origin", "https://a.test:8443")])));
        for (name, value) in [
            ("origin", "https://a.test"),
            ("origin", "http://a.test:8443"),
            ("origin", "null"),
            ("origin", "https://b.test:8443"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(!is_from_here(&headers(&[("host", "a.test:8443"), (name, value)])), "{value}");
        }
    }

    #[test]
    fn our_cookie_is_found_among_others() {
        let headers = headers(&[("cookie", "x=1; __Host-operator=abc;operator=2; __Host-operator=def")]);
        assert_eq!(cookies(&headers).collect::<Vec<_>>(), ["abc", "def"]);
    }
}
