//! The pages of those who run the service, on a listener of their own: people, who may write to whom, the switch, the trail,
//! the status. All that is done is done by the commands of `control`, as on the command line, under the admin's name.
//!
//! Works without a script, by keyboard and screen reader. Without a factor nothing is answered but the sign-in.
//!
//! | file | what |
//! | --- | --- |
//! | `guard` | who may see a page, and send a form |
//! | `sign_in` | password and code, or a certificate |
//! | `people` | find, show, suspend, resume, revoke, recall |
//! | `explain` | may A write to B, and why |
//! | `switch` | sending and reading turned off; what concerns many is asked twice |
//! | `trail` | the trail, page by page |
//! | `status`, `plot` | what happened lately, in plots |
//! | `words` | what the pages say |

mod explain;
mod guard;
mod people;
mod plot;
mod sign_in;
mod status;
mod switch;
mod trail;
mod words;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};

use jiff::tz::TimeZone;

use self::guard::Admin;
pub use self::guard::{Certificate, ShownCertificate};
use self::words::Words;
use super::html::{self, Frame, FrameLink, FramePerson};
use crate::config::AdminSignIn;
use crate::control::{AdminAnswer, AdminCommand, Signed, execute, execute_signed};
use crate::domain::Gateway;
use crate::domain::admins::AdminSessions;

/// Octets of a form.
const FORM_BYTES_MAX: usize = 16 << 10;

/// What all pages share.
pub(super) struct Site {
    gateway: Arc<Gateway>,
    sessions: AdminSessions,
    sign_in: AdminSignIn,
    words: &'static Words,
}

type Shared = Arc<Site>;

/// The routes of the admins' listener.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let config = Arc::clone(&gateway.config);
    let metrics = super::metrics::router(Arc::clone(&gateway));
    let site = Arc::new(Site {
        sessions: AdminSessions::new(&config.admin),
        // `server` has seen to it that one is set.
        sign_in: config.admin.sign_in.unwrap_or(AdminSignIn::Both),
        words: Words::of(config.language),
        gateway,
    });
    Router::new()
        .route("/", get(|| async { Redirect::to("/people") }))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/people", get(people::list))
        .route("/person", get(people::show))
        .route("/person/suspend", post(people::suspend))
        .route("/person/resume", post(people::resume))
        .route("/person/revoke", post(people::revoke))
        .route("/person/recall", post(people::recall))
        .route("/explain", get(explain::show))
        .route("/switch", get(switch::show))
        .route("/switch/suspend", post(switch::suspend))
        .route("/switch/resume", post(switch::resume))
        .route("/status", get(status::show))
        .route("/trail", get(trail::show))
        .route("/trail/check", post(trail::check))
        .fallback(nothing)
        .with_state(Arc::clone(&site))
        .merge(metrics)
        .merge(html::router())
        .layer(middleware::from_fn_with_state(site, guard::guard))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

async fn nothing(state: axum::extract::State<Shared>, Extension(admin): Extension<Admin>) -> Response {
    state.message(&admin, StatusCode::NOT_FOUND, state.words.nothing_here, Tone::Bad, "/people")
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

#[derive(askama::Template)]
#[template(path = "admin/message.html")]
struct Message<'a> {
    frame: Frame,
    words: &'static Words,
    text: &'a str,
    class: &'static str,
    back: &'a str,
}

impl Site {
    /// What stands around a page.
    fn frame(&self, title: &str, admin: Option<&Admin>, here: &str) -> Frame {
        let words = self.words;
        let mut frame = Frame::new(self.gateway.config.language, words.site, title);
        let Some(admin) = admin else { return frame };
        let parts = [
            ("/people", words.people),
            ("/explain", words.explain),
            ("/switch", words.switch),
            ("/trail", words.trail),
            ("/status", words.status),
        ];
        frame.links = parts.into_iter().map(|(path, text)| FrameLink { path, text, here: path == here }).collect();
        frame.person = Some(FramePerson {
            name: admin.session.admin.clone(),
            sign_out: words.sign_out,
            sign_out_path: "/sign-out",
            token: admin.session.token.clone(),
        });
        frame
    }

    /// A page that says one thing.
    fn message(&self, admin: &Admin, status: StatusCode, text: &str, tone: Tone, back: &str) -> Response {
        let title = if tone == Tone::Good { self.words.done } else { self.words.refused };
        let frame = self.frame(title, Some(admin), "");
        html::page_with(status, &Message { frame, words: self.words, text, class: tone.class(), back })
    }

    /// What came of something that was to be done, where it was not done; the way back.
    fn not_done(&self, admin: &Admin, answer: AdminAnswer, back: &str) -> Response {
        match answer {
            AdminAnswer::Refused(why) => self.message(admin, StatusCode::CONFLICT, &why, Tone::Bad, back),
            _ => self.message(admin, StatusCode::SERVICE_UNAVAILABLE, self.words.failed, Tone::Bad, back),
        }
    }

    /// A time of an answer (RFC 3339) on the school's clock, as people read it.
    fn local(&self, text: &mut String) {
        let zone = TimeZone::get(&self.gateway.config.keeping.time_zone).unwrap_or(TimeZone::UTC);
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            *text = time.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string();
        }
    }

    /// Looks, without a line in the trail.
    async fn look(&self, command: AdminCommand) -> AdminAnswer {
        execute(&self.gateway, command).await
    }

    /// Does something under the admin's name.
    async fn sign(
        &self,
        admin: &Admin,
        act: &'static str,
        (about, reason): (&str, &str),
        command: AdminCommand,
    ) -> AdminAnswer {
        let signed =
            Signed { admin: admin.session.admin.clone(), act, about: about.to_owned(), reason: reason.to_owned() };
        execute_signed(&self.gateway, signed, command).await
    }
}

/// Back to where somebody was, after something was done: reloading the page does not do it again.
fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// A part of a path's query.
fn encoded(text: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    text.bytes().map(octet).collect()
}

/// A path to somebody's page.
fn person_path(login: &str) -> String {
    format!("/person?user={}", encoded(login))
}
