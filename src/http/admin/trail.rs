//! The trail, page by page, the newest first; and the check of its chain.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::guard::{Admin, Posted};
use super::words::Words;
use super::{Shared, Site, Tone, encoded};
use crate::control::{AdminAnswer, AdminCommand, TrailCommand, TrailPage, TrailRow, TrailSheet};
use crate::http::html::{self, Frame};

/// Kinds of lines (`model::trail`).
const KINDS: [&str; 8] = ["admin", "app", "operator", "recall", "refusals", "release", "submission", "switch"];
/// Characters of a line's detail that are shown.
const DETAIL_CHARS_MAX: usize = 400;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    user: String,
    kind: String,
    since: String,
    until: String,
    before: String,
}

impl Wanted {
    /// The same question, behind the last line that was shown.
    fn older(&self, before: i64) -> String {
        let parts = [("user", &self.user), ("kind", &self.kind), ("since", &self.since), ("until", &self.until)];
        let query: String = parts.into_iter().map(|(name, value)| format!("{name}={}&", encoded(value))).collect();
        format!("/trail?{query}before={before}")
    }
}

#[derive(askama::Template)]
#[template(path = "admin/trail.html")]
struct Trail {
    frame: Frame,
    words: &'static Words,
    token: String,
    wanted: Wanted,
    kinds: Vec<(&'static str, bool)>,
    lines: Vec<Line>,
    older: Option<String>,
    sheet: Option<TrailSheet>,
}

struct Line {
    seq: String,
    at: String,
    kind: String,
    who: String,
    /// Name and value.
    detail: Vec<(String, String)>,
}

impl Line {
    fn of(mut row: TrailRow, site: &Site) -> Self {
        site.local(&mut row.at);
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let short = |text: String| text.chars().take(DETAIL_CHARS_MAX).collect::<String>();
        let detail = match &row.detail {
            serde_json::Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (name.clone(), short(text(value))));
                fields.filter(|(_, value)| !value.is_empty()).collect()
            }
            other => vec![(String::new(), short(text(other)))],
        };
        Self {
            seq: row.seq.map_or_else(|| "–".to_owned(), |seq| seq.to_string()),
            at: row.at,
            kind: row.kind,
            who: row.login.or(row.user).unwrap_or_default(),
            detail,
        }
    }
}

/// Lines that fit the question.
pub(super) async fn show(State(site): State<Shared>, admin: Admin, Query(wanted): Query<Wanted>) -> Response {
    page(site, admin, wanted, None).await
}

/// Goes through the whole trail.
pub(super) async fn check(State(site): State<Shared>, posted: Posted) -> Response {
    match site.look(AdminCommand::Trail(TrailCommand::Verify { head: None })).await {
        AdminAnswer::TrailChecked(sheet) => page(site, posted.admin, Wanted::default(), Some(sheet)).await,
        other => site.not_done(&posted.admin, other, "/trail"),
    }
}

async fn page(site: Shared, admin: Admin, wanted: Wanted, sheet: Option<TrailSheet>) -> Response {
    let words = site.words;
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let zone = TimeZone::get(&site.gateway.config.keeping.time_zone).unwrap_or(TimeZone::UTC);
    let (Ok(since), Ok(until)) = (day(&wanted.since, 0, &zone), day(&wanted.until, 1, &zone)) else {
        return site.message(&admin, StatusCode::BAD_REQUEST, words.bad_date, Tone::Bad, "/trail");
    };
    let asked = TrailPage {
        before: wanted.before.parse().ok(),
        user: given(&wanted.user),
        kind: given(&wanted.kind),
        since,
        until,
    };
    let rows = match site.look(AdminCommand::Trail(TrailCommand::Page(asked))).await {
        AdminAnswer::TrailLines(rows) => rows,
        other => return site.not_done(&admin, other, "/trail"),
    };
    let last = rows.last().and_then(|row| row.seq);
    let older = last.filter(|last| *last > 1).map(|last| wanted.older(last));
    let kinds = KINDS.into_iter().map(|kind| (kind, kind == wanted.kind)).collect();
    let lines = rows.into_iter().map(|row| Line::of(row, &site)).collect();
    let (frame, token) = (site.frame(words.trail, Some(&admin), "/trail"), admin.session.token);
    html::page(&Trail { frame, words, token, wanted, kinds, lines, older, sheet })
}

/// The start of a day on the school's clock, or of the day after it; microseconds since 1970.
fn day(text: &str, plus: i64, zone: &TimeZone) -> Result<Option<i64>, jiff::Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let date: Date = text.trim().parse()?;
    let date = date.checked_add(jiff::Span::new().days(plus))?;
    Ok(Some(date.to_zoned(zone.clone())?.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_school() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let day = |text, plus| day(text, plus, &zone);
        assert_eq!(day("", 0).unwrap(), None);
        let start = day("2026-10-25", 0).unwrap().unwrap();
        // The day on which clocks go back has 25 hours.
        assert_eq!(day("2026-10-25", 1).unwrap().unwrap() - start, 25 * 3_600_000_000);
        assert!(day("yesterday", 0).is_err() && day("2026-02-30", 0).is_err());
    }
}
