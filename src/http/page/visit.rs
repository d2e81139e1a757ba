//! Who asks, from where: the session, how the browser reaches us, and whether a form may be believed.
//!
//! A form must bring what only a page of ours held (a token made of the cookie), and the browser must say that it comes from
//! such a page (`Sec-Fetch-Site`, or `Origin`: RFC 6454 §7).

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::cookies::Cookie;
use super::{Page, Trouble, paths};
use crate::connection::Security;
use crate::domain::login::{PageSession, PageToken};
use crate::http::client::Client;

/// A request for a page.
pub(super) struct Visit {
    pub(super) page: Arc<Page>,
    pub(super) client: Client,
    headers: HeaderMap,
    path: String,
    is_form: bool,
}

impl FromRequestParts<Arc<Page>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, page: &Arc<Page>) -> Result<Self, Infallible> {
        let client = Client::from_request_parts(parts, page).await?;
        Ok(Self {
            page: Arc::clone(page),
            client,
            headers: parts.headers.clone(),
            path: parts.uri.path().to_owned(),
            is_form: parts.method == Method::POST,
        })
    }
}

impl Visit {
    /// How browsers reach us, without a slash at its end: as set, or on loopback as this one did.
    pub(super) fn base(&self) -> String {
        match self.own_host().filter(|_| self.page.gateway.config.public.url.is_none()) {
            Some(host) => format!("http://{host}"),
            None => self.page.setup.url.clone(),
        }
    }

    /// The Host of a browser that came over plain HTTP on loopback.
    fn own_host(&self) -> Option<&str> {
        let is_local = self.client.security == Security::Plain && self.client.peer.ip().is_loopback();
        let host = self.headers.get(HOST)?.to_str().ok()?;
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name);
        (is_local && ["localhost", "127.0.0.1", "[::1]"].contains(&name)).then_some(host)
    }

    /// Do browsers reach us over TLS?
    pub(super) fn is_secure(&self) -> bool {
        self.base().starts_with("https://")
    }

    pub(super) fn cookie(&self, cookie: Cookie) -> Option<&str> {
        cookie.read(&self.headers, self.is_secure())
    }

    /// The session of the browser, where it has a good one.
    pub(super) async fn session(&self) -> Result<Option<PageSession>, Trouble> {
        match self.cookie(Cookie::Session).and_then(PageToken::read) {
            Some(token) => Ok(self.page.gateway.page_session(&token).await?),
            None => Ok(None),
        }
    }

    /// The same, where nothing can be said without one.
    pub(super) async fn signed_in(&self) -> Result<PageSession, Trouble> {
        self.session().await?.ok_or(Trouble::SignedOut)
    }

    /// The same for what a page asks by itself: nobody stays signed in by it.
    pub(super) async fn still_signed_in(&self) -> Result<PageSession, Trouble> {
        let token = self.cookie(Cookie::Session).and_then(PageToken::read).ok_or(Trouble::SignedOut)?;
        self.page.gateway.see_page_session(&token).await?.ok_or(Trouble::SignedOut)
    }

    /// The session of somebody who sent a form of ours, made for `purpose`.
    pub(super) async fn signed_in_by_form(&self, purpose: &str, token: &str) -> Result<PageSession, Trouble> {
        let session = self.signed_in().await?;
        if self.is_from_us() && session.token.is_form(purpose, token) { Ok(session) } else { Err(Trouble::Stale) }
    }

    /// Does the browser say that the form comes from a page of ours?
    pub(super) fn is_from_us(&self) -> bool {
        let text = |name: &str| self.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let (site, origin) = (text("sec-fetch-site"), text(ORIGIN.as_str()));
        if site.is_none() && origin.is_none() {
            return false;
        }
        site.is_none_or(|site| site == "same-origin") && origin.is_none_or(|origin| self.is_own_origin(origin))
    }

    fn is_own_origin(&self, origin: &str) -> bool {
        let base = self.base();
        let host = base.find("://").map_or(0, |at| at + 3);
        let end = base.get(host..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| host + at);
        base.get(..end) == Some(origin) || self.own_host().is_some_and(|host| origin == format!("http://{host}"))
    }

    /// To the page where people sign in, and back here. Of somebody whose session has ended it says so.
    pub(super) fn to_sign_in(&self) -> Response {
        let expired = self.cookie(Cookie::Session).is_some();
        let path = if self.is_form { paths::HOME } else { &self.path };
        let response = redirect(&paths::sign_in(path, expired));
        if expired { with_cookie(response, Cookie::Session.unset(self.is_secure())) } else { response }
    }
}

/// See other: what came by POST is not sent again (RFC 9110 §15.4.4).
pub(super) fn redirect(to: &str) -> Response {
    match HeaderValue::try_from(to) {
        Ok(to) => (
            StatusCode::SEE_OTHER,
            [(LOCATION, to), (axum::http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        )
            .into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

pub(super) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
