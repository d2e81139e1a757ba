//! PURE: answers: 207 Multi-Status (RFC 4918 §13) and errors with their conditions (RFC 4918 §16).

use std::fmt::Write;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::path::Resource;
use super::properties::{self, PREFIXES, Target, View};
use super::request::{CardForm, Wanted};
use super::xml::Name;
use crate::http::setup::escaped;

const XML: &str = "application/xml; charset=utf-8";

/// A multi-status, as it grows.
pub(super) struct MultiStatus<'m> {
    view: View<'m>,
    wanted: &'m Wanted,
    text: String,
}

impl<'m> MultiStatus<'m> {
    pub(super) fn new(view: View<'m>, wanted: &'m Wanted) -> Self {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus");
        for (prefix, namespace) in PREFIXES {
            let _ = write!(text, " xmlns:{prefix}=\"{namespace}\"");
        }
        text.push_str(">\n");
        Self { view, wanted, text }
    }

    /// A resource with what is wanted of it.
    pub(super) fn add(&mut self, target: Target<'_>) {
        let told;
        let any = CardForm::default();
        let (names, form) = match self.wanted {
            Wanted::These(names, form) => (names, form),
            Wanted::All => {
                told = properties::told();
                (&told, &any)
            }
            Wanted::Names => {
                told = properties::all();
                (&told, &any)
            }
        };
        let (mut found, mut missing) = (String::new(), String::new());
        for name in names {
            match properties::value(target, name, form, self.view) {
                Some(value) if *self.wanted != Wanted::Names => element(&mut found, name, &value),
                Some(_) => element(&mut found, name, ""),
                None => element(&mut missing, name, ""),
            }
        }
        let path = target.resource().path(self.view.own);
        let _ = write!(self.text, "<D:response><D:href>{path}</D:href>");
        // At least one (RFC 4918 §14.24).
        if !found.is_empty() || missing.is_empty() || !matches!(self.wanted, Wanted::These(..)) {
            prop_stat(&mut self.text, &found, StatusCode::OK);
        }
        if !missing.is_empty() && matches!(self.wanted, Wanted::These(..)) {
            prop_stat(&mut self.text, &missing, StatusCode::NOT_FOUND);
        }
        self.text.push_str("</D:response>\n");
    }

    /// Something that is not there, under the name that the client has for it.
    pub(super) fn add_missing(&mut self, href: &str) {
        self.add_status(href, StatusCode::NOT_FOUND, "");
    }

    /// The list is cut here (RFC 6578 §3.6, RFC 6352 §8.6.2).
    pub(super) fn add_cut(&mut self, resource: Resource) {
        let error = "<D:error><D:number-of-matches-within-limits/></D:error>";
        self.add_status(&resource.path(self.view.own), StatusCode::INSUFFICIENT_STORAGE, error);
    }

    fn add_status(&mut self, href: &str, status: StatusCode, error: &str) {
        let _ = write!(self.text, "<D:response><D:href>{}</D:href>", escaped(href));
        push_status(&mut self.text, status);
        self.text.push_str(error);
        self.text.push_str("</D:response>\n");
    }

    /// The whole answer, with a sync token where there is one.
    pub(super) fn finish(mut self, token: Option<&str>) -> Response {
        if let Some(token) = token {
            let _ = writeln!(self.text, "<D:sync-token>{}</D:sync-token>", escaped(token));
        }
        self.text.push_str("</D:multistatus>\n");
        (StatusCode::MULTI_STATUS, [(CONTENT_TYPE, XML), (CACHE_CONTROL, "no-store")], self.text).into_response()
    }
}

fn prop_stat(text: &mut String, properties: &str, status: StatusCode) {
    let _ = write!(text, "<D:propstat><D:prop>{properties}</D:prop>");
    push_status(text, status);
    text.push_str("</D:propstat>");
}

/// Clients compare the whole line.
fn push_status(text: &mut String, status: StatusCode) {
    let reason = status.canonical_reason().unwrap_or_default();
    let _ = write!(text, "<D:status>HTTP/1.1 {} {reason}</D:status>", status.as_str());
}

/// An element with a value that is XML already. A name of the client's own brings its namespace.
fn element(text: &mut String, name: &Name, value: &str) {
    let known = PREFIXES.iter().find(|(_, namespace)| *namespace == name.namespace).map(|(prefix, _)| *prefix);
    let local = &name.local;
    let (tag, declared) = match known {
        Some(prefix) => (format!("{prefix}:{local}"), String::new()),
        None if name.namespace.is_empty() => (local.clone(), String::new()),
        None => (format!("X:{local}"), format!(" xmlns:X=\"{}\"", escaped(&name.namespace))),
    };
    let _ = match value {
        "" => write!(text, "<{tag}{declared}/>"),
        value => write!(text, "<{tag}{declared}>{value}</{tag}>"),
    };
}

/// A refusal with the condition that does not hold, an element such as `D:valid-sync-token`.
pub(super) fn refusal(status: StatusCode, condition: &str) -> Response {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error");
    for (prefix, namespace) in PREFIXES {
        let _ = write!(text, " xmlns:{prefix}=\"{namespace}\"");
    }
    let _ = writeln!(text, "><{condition}/></D:error>");
    (status, [(CONTENT_TYPE, XML), (CACHE_CONTROL, "no-store")], text).into_response()
}
