//! May A write to B, and why.

use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::Shared;
use super::guard::Admin;
use super::words::Words;
use crate::control::{AdminAnswer, AdminCommand, ExplainSheet};
use crate::http::html::{self, Frame};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: String,
    to: String,
}

#[derive(askama::Template)]
#[template(path = "admin/explain.html")]
struct Explain {
    frame: Frame,
    words: &'static Words,
    asked: Asked,
    sheet: Option<ExplainSheet>,
    wrong: Option<String>,
}

/// The question, and its answer where one was asked.
pub(super) async fn show(State(site): State<Shared>, admin: Admin, Query(asked): Query<Asked>) -> Response {
    let (from, to) = (asked.from.trim().to_owned(), asked.to.trim().to_owned());
    let (mut sheet, mut wrong) = (None, None);
    if !from.is_empty() && !to.is_empty() {
        let command = AdminCommand::PolicyExplain { from: from.clone(), to: to.clone() };
        match site.sign(&admin, "explain", (&from, &to), command).await {
            AdminAnswer::Explained(explained) => sheet = Some(*explained),
            AdminAnswer::Refused(why) => wrong = Some(why),
            other => return site.not_done(&admin, other, "/explain"),
        }
    }
    let frame = site.frame(site.words.explain, Some(&admin), "/explain");
    html::page(&Explain { frame, words: site.words, asked: Asked { from, to }, sheet, wrong })
}
