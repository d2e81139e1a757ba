//! What admins ask of the trail, and what they hear.

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::{Stop, find, written};
use crate::domain::Gateway;
use crate::domain::trail::{NewestLines, ShownLine, parse_head};
use crate::model::Timestamp;

/// What an admin asks of the trail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TrailCommand {
    /// Is it whole? `head`: an end of the chain noted earlier, `SEQ:HASH`.
    Verify { head: Option<String> },
    /// The lines behind `after`, some at a time.
    Show {
        after: i64,
        user: Option<String>,
        /// Microseconds since 1970 UTC.
        since: Option<i64>,
    },
    /// Some lines, the newest first.
    Page(TrailPage),
}

/// Which lines: all that is set must hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrailPage {
    /// Before this one.
    pub before: Option<i64>,
    pub user: Option<String>,
    pub kind: Option<String>,
    /// Microseconds since 1970 UTC: not older; older.
    pub since: Option<i64>,
    pub until: Option<i64>,
}

/// What was found when the whole trail was gone through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailSheet {
    /// `SEQ:HASH`
    pub head: String,
    /// Lines that have no place in the chain yet, and since when.
    pub waiting: i64,
    pub waiting_since: Option<String>,
    /// None: it is whole.
    pub problems: Vec<String>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailRow {
    /// Its place; `None` where it has none yet.
    pub seq: Option<i64>,
    pub at: String,
    pub kind: String,
    pub user: Option<String>,
    pub login: Option<String>,
    pub detail: serde_json::Value,
}

pub(super) async fn answer(gateway: &Gateway, command: TrailCommand) -> Result<AdminAnswer, Stop> {
    match command {
        TrailCommand::Verify { head } => {
            let unreadable = |text: &str| Stop::Refused(format!("{text} is not an end of the chain (SEQ:HASH)"));
            let head = head.map(|text| parse_head(&text).ok_or_else(|| unreadable(&text))).transpose()?;
            let check = gateway.check_trail(head).await?;
            Ok(AdminAnswer::TrailChecked(TrailSheet {
                head: check.head.text(),
                waiting: check.waiting,
                waiting_since: check.waiting_since.map(written),
                problems: check.problems,
            }))
        }
        TrailCommand::Show { after, user, since } => {
            let user = match user {
                Some(user) => Some(find(gateway, &user).await?.id),
                None => None,
            };
            let lines = gateway.trail_lines(after, user.as_ref(), since.map(Timestamp)).await?;
            Ok(AdminAnswer::TrailLines(lines.into_iter().map(row).collect()))
        }
        TrailCommand::Page(TrailPage { before, user, kind, since, until }) => {
            let user = match user {
                Some(user) => Some(find(gateway, &user).await?.id),
                None => None,
            };
            let asked = NewestLines { before, user, kind, since: since.map(Timestamp), until: until.map(Timestamp) };
            let lines = gateway.newest_trail_lines(asked).await?;
            Ok(AdminAnswer::TrailLines(lines.into_iter().map(row).collect()))
        }
    }
}

fn row(shown: ShownLine) -> TrailRow {
    let line = shown.line;
    TrailRow {
        seq: shown.seq,
        at: written(line.at),
        kind: line.kind,
        user: line.user.map(|user| user.to_string()),
        login: shown.login,
        // A line that somebody tampered with may hold anything.
        detail: serde_json::from_str(&line.detail).unwrap_or(serde_json::Value::String(line.detail)),
    }
}
