//! The settings for a mail app: the servers, the steps, and for Apple's devices the profile. To read, and to print. No password.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::visit::Visit;
use super::{Answer, Page, Part, Trouble, answered};
use crate::domain::login::PageSession;
use crate::http::html::{self, Frame};
use crate::http::setup::qr;
use crate::sentences::page::{self as sentences, DeviceKind, Words};

/// One way in, or out.
pub(super) struct Service {
    pub(super) protocol: &'static str,
    pub(super) ports: Vec<(u16, &'static str)>,
}

/// What a mail app is to be told.
pub(super) struct Settings {
    pub(super) server: String,
    pub(super) login: String,
    /// Incoming and outgoing; empty where no encrypted way is open.
    pub(super) services: Vec<Service>,
    pub(super) steps: &'static [&'static str],
    /// Where Apple's profile is, as a path and as a code.
    pub(super) profile: Option<(String, Option<String>)>,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Sheet {
    frame: Frame,
    w: &'static Words,
    name: &'static str,
    settings: Settings,
}

pub(super) async fn sheet(visit: Visit, Path(kind): Path<String>) -> Response {
    let answer = async {
        let session = visit.signed_in().await?;
        let kind = DeviceKind::from_word(&kind).ok_or(Trouble::NotFound)?;
        let page = &visit.page;
        let (name, _) = sentences::device_kind(page.language(), kind);
        let frame = page.frame_for(&session, &format!("{} · {name}", page.words().settings), Part::Devices);
        Ok(html::page(&Sheet { frame, w: page.words(), name, settings: settings(&visit, &session, kind) }))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

/// The settings for this person and this kind of app.
pub(super) fn settings(visit: &Visit, session: &PageSession, kind: DeviceKind) -> Settings {
    let page: &Page = &visit.page;
    let ports = &page.setup.ports;
    let login = page.gateway.primary_address(&session.user).map(|own| own.to_string()).unwrap_or_default();
    let service = |protocol, tls: Option<u16>, start_tls: Option<u16>| Service {
        protocol,
        ports: [tls.map(|port| (port, "SSL/TLS")), start_tls.map(|port| (port, "STARTTLS"))]
            .into_iter()
            .flatten()
            // One is enough, where the app is known to speak it.
            .take(if kind == DeviceKind::Other { 2 } else { 1 })
            .collect(),
    };
    let services = vec![service("IMAP", ports.imaps, ports.imap), service("SMTP", ports.submissions, ports.submission)];
    let is_open = services.iter().all(|service| !service.ports.is_empty());
    let profile = (kind == DeviceKind::Apple && is_open).then(|| {
        let path = format!("/mobileconfig?address={}", login.replace('@', "%40"));
        let code = qr::svg(&format!("{}{path}", visit.base()));
        (path, code)
    });
    Settings {
        server: page.setup.host_name.clone(),
        login,
        services: if is_open { services } else { Vec::new() },
        steps: sentences::steps(page.language(), kind),
        profile,
    }
}
