//! Signing in: by a client certificate, by name, password and code, or by both. Never said which of the three was wrong.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};

use super::guard::{Fields, Posted, ShownCertificate, forget_cookie, is_from_here, set_cookie};
use super::words::Words;
use super::{Shared, Site, see};
use crate::domain::Fault;
use crate::domain::admins::{AdminKeys, AdminLogin};
use crate::http::html::{self, Frame};
use crate::model::Secret;

#[derive(askama::Template)]
#[template(path = "admin/sign_in.html")]
struct SignIn {
    frame: Frame,
    words: &'static Words,
    wrong: Option<&'static str>,
    /// Are name, password and code asked for?
    asks: bool,
    /// Whom the certificate names.
    name: String,
}

/// The form; with a certificate that suffices, straight in.
pub(super) async fn show(State(site): State<Shared>, Extension(shown): Extension<ShownCertificate>) -> Response {
    if site.sign_in.suffices(&shown)
        && let Some(name) = shown.name()
    {
        let entered = async {
            site.gateway.note_admin(name, "sign-in").await?;
            site.enter(name, &shown)
        };
        return entered.await.unwrap_or_else(|fault| site.fault(&fault));
    }
    site.form(StatusCode::OK, &shown, None)
}

/// Name, password and code.
pub(super) async fn sign_in(
    State(site): State<Shared>,
    Extension(shown): Extension<ShownCertificate>,
    headers: HeaderMap,
    Form(mut fields): Form<Fields>,
) -> Response {
    let words = site.words;
    if !is_from_here(&headers) || !site.sign_in.takes_password() {
        return site.form(StatusCode::FORBIDDEN, &shown, Some(words.stale));
    }
    let mut field = |name: &str| fields.remove(name).unwrap_or_default();
    let name = field("name").trim().to_owned();
    let keys = AdminKeys { name: name.clone(), password: Secret::new(field("password")), code: field("code") };
    // With both, the certificate is of the same name.
    if site.sign_in.needs_certificate() && shown.name() != Some(name.as_str()) {
        return site.form(StatusCode::FORBIDDEN, &shown, Some(words.sign_in_wrong));
    }
    match site.gateway.log_in_admin(keys).await {
        Ok(AdminLogin::Welcome) => site.enter(&name, &shown).unwrap_or_else(|fault| site.fault(&fault)),
        Ok(AdminLogin::Wrong) => site.form(StatusCode::FORBIDDEN, &shown, Some(words.sign_in_wrong)),
        Ok(AdminLogin::TooManyTries) => site.form(StatusCode::TOO_MANY_REQUESTS, &shown, Some(words.sign_in_too_many)),
        Err(fault) => site.fault(&fault),
    }
}

/// Out.
pub(super) async fn sign_out(State(site): State<Shared>, posted: Posted) -> Response {
    site.sessions.end(&posted.admin.cookie);
    // With a certificate the sign-in would be a way back in: the page says so instead.
    let wrong = (!site.sign_in.takes_password()).then_some(site.words.done);
    let frame = site.frame(site.words.sign_in, None, "");
    let page = SignIn { frame, words: site.words, wrong, asks: site.sign_in.takes_password(), name: String::new() };
    ([forget_cookie()], html::page(&page)).into_response()
}

impl Site {
    /// A session begins.
    fn enter(&self, name: &str, shown: &ShownCertificate) -> Result<Response, Fault> {
        let cookie = self.sessions.begin(name.to_owned(), shown.fingerprint(), self.gateway.clock.now())?;
        Ok(([set_cookie(&cookie)], see("/people")).into_response())
    }

    fn form(&self, status: StatusCode, shown: &ShownCertificate, wrong: Option<&'static str>) -> Response {
        let asks = self.sign_in.takes_password();
        let nameless = shown.0.is_some() && shown.name().is_none();
        let wrong = match (wrong, asks) {
            (None, _) if nameless => Some(self.words.certificate_names_nobody),
            (None, false) => Some(self.words.certificate_needed),
            (wrong, _) => wrong,
        };
        let name = shown.name().unwrap_or_default().to_owned();
        let frame = self.frame(self.words.sign_in, None, "");
        html::page_with(status, &SignIn { frame, words: self.words, wrong, asks, name })
    }

    fn fault(&self, fault: &Fault) -> Response {
        tracing::error!(%fault, "admin page: sign-in failed");
        let frame = self.frame(self.words.sign_in, None, "");
        let page =
            SignIn { frame, words: self.words, wrong: Some(self.words.failed), asks: false, name: String::new() };
        html::page_with(StatusCode::SERVICE_UNAVAILABLE, &page)
    }
}
