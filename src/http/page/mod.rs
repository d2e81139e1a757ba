//! PROTOCOL: the person's page: what is new, devices, what the person may do. Plain forms: everything works without JavaScript
//! but live news and copying.
//!
//! | path | what | file |
//! | --- | --- | --- |
//! | `/` | unread count and latest messages; `/latest` the part that changes, `/events` when it does | `home` |
//! | `/sign-in`, `/sign-in/ent`, `/sign-in/callback`, `/sign-out` | signing in and out | `sign_in` |
//! | `/devices`, `/devices/new/…`, `/devices/…/revoke` | devices: the list, one more, one less | `devices` |
//! | `/settings/…` | the settings for a mail app, to print | `settings` |
//! | `/rights` | what the person may not do, and why | `rights` |
//!
//! | file | what |
//! | --- | --- |
//! | `visit` | who asks, from where: the session, and whether a form may be believed |
//! | `cookies` | pure: cookies in and out |
//! | `paths` | pure: where a sign-in may lead to |
//!
//! No body of a message is ever shown. Whatever others wrote (subjects, names) is escaped by the templates and stands in `bdi`.

mod cookies;
mod devices;
mod home;
mod paths;
mod rights;
mod settings;
mod sign_in;
mod visit;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use self::visit::Visit;
use super::PublicPorts;
use super::events::EventPlaces;
use super::html::{self, Frame, FrameLink, FramePerson};
use super::setup::Setup;
use crate::domain::login::PageSession;
use crate::domain::{Fault, Gateway};
use crate::sentences::page::Words;
use crate::sentences::{Language, Sentence};

/// Octets of a form.
const FORM_BYTES_MAX: usize = 16 << 10;
/// What the form that signs out is for.
const SIGN_OUT: &str = "sign-out";

/// What all pages share.
struct Page {
    gateway: Arc<Gateway>,
    setup: Setup,
    places: EventPlaces,
}

/// The routes; none where the settings want no page.
pub(super) fn router(gateway: Arc<Gateway>, ports: PublicPorts, places: EventPlaces) -> Router {
    if !gateway.config.page.enabled {
        return Router::new();
    }
    let setup = Setup::new(&gateway.config, ports);
    Router::new()
        .route("/", get(home::home))
        .route("/latest", get(home::latest))
        .route("/events", get(home::events))
        .route("/sign-in", get(sign_in::form).post(sign_in::by_password))
        .route("/sign-in/ent", get(sign_in::by_ent))
        .route("/sign-in/callback", get(sign_in::back_from_ent))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/devices", get(devices::list))
        .route("/devices/new", get(devices::pick))
        .route("/devices/new/{kind}", get(devices::name).post(devices::make))
        .route("/devices/{id}/revoke", get(devices::confirm).post(devices::revoke))
        .route("/settings/{kind}", get(settings::sheet))
        .route("/rights", get(rights::rights))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .with_state(Arc::new(Page { gateway, setup, places }))
}

/// Why there is no answer of the usual kind.
enum Trouble {
    Fault(Fault),
    /// Nobody is signed in (any more).
    SignedOut,
    /// A form that cannot be believed.
    Stale,
    NotFound,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

type Answer = Result<Response, Trouble>;

/// A page that says one thing.
#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    frame: Frame,
    title: &'static str,
    text: String,
    /// Where to go from here: path and word.
    link: (&'static str, &'static str),
}

/// The parts of the site.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Home,
    Devices,
    Rights,
}

impl Page {
    fn language(&self) -> Language {
        self.gateway.config.language
    }

    fn words(&self) -> &'static Words {
        Words::of(self.language())
    }

    /// The frame of a page for somebody who is not signed in.
    fn frame(&self, title: &str) -> Frame {
        Frame::new(self.language(), self.words().site, title)
    }

    /// The frame of a page for somebody who is.
    fn frame_for(&self, session: &PageSession, title: &str, here: Part) -> Frame {
        let words = self.words();
        let parts = [
            ("/", words.home, Part::Home),
            ("/devices", words.devices, Part::Devices),
            ("/rights", words.rights, Part::Rights),
        ];
        let mut frame = self.frame(title);
        frame.links = parts.map(|(path, text, part)| FrameLink { path, text, here: part == here }).to_vec();
        frame.person = Some(FramePerson {
            name: session.user.display_name.clone(),
            sign_out: words.sign_out,
            sign_out_path: "/sign-out",
            token: session.token.form(SIGN_OUT),
        });
        frame
    }

    fn message(&self, status: StatusCode, text: impl Into<String>) -> Response {
        let words = self.words();
        let frame = self.frame(words.problem);
        let link = ("/", words.go_home);
        html::page_with(status, &Message { frame, title: words.problem, text: text.into(), link })
    }
}

/// What becomes of trouble: a page that says what to do.
fn answered(visit: &Visit, answer: Answer) -> Response {
    let page = &visit.page;
    match answer {
        Ok(response) => response,
        Err(Trouble::SignedOut) => visit.to_sign_in(),
        Err(Trouble::Stale) => page.message(StatusCode::FORBIDDEN, page.words().stale_form),
        Err(Trouble::NotFound) => page.message(StatusCode::NOT_FOUND, page.words().not_found),
        Err(Trouble::Fault(fault)) => {
            tracing::error!(%fault, "a page could not be answered");
            page.message(StatusCode::SERVICE_UNAVAILABLE, Sentence::TryLater.text(page.language()))
        }
    }
}
