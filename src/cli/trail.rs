//! `passerelle trail …`.

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, TrailCommand, TrailRow};

/// The trail: who sent to how many, what admins did, who was refused
///
/// Its lines are chained by hashes: a line that was changed, removed or moved is found. It holds no subject and no text.
#[derive(Debug, Subcommand)]
pub(super) enum Trail {
    Verify(Verify),
    Show(Show),
}

/// Go through the whole trail: is every line in its place, unchanged?
///
/// Prints the chain's end: noted elsewhere (on paper, in another system) and given later as --head, it finds even a trail
/// that was written anew as a whole. Exit code 1 where something is wrong.
#[derive(Args, Debug)]
pub(super) struct Verify {
    /// An end of the chain that was printed earlier
    #[arg(long, value_name = "SEQ:HASH")]
    head: Option<String>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Show lines, oldest first
///
/// Example:  passerelle trail show --config p.toml --user martine.durand --since 2026-11-01
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Show {
    /// Only what concerns this person: login, alias, address or id
    #[arg(long)]
    user: Option<String>,
    /// Not older: a date (of this machine's time zone) or a time with its zone (2026-11-01T07:00:00Z)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Trail) -> anyhow::Result<Exit> {
    match command {
        Trail::Verify(Verify { head, config }) => {
            let answer = admin::ask(&config.path, AdminCommand::Trail(TrailCommand::Verify { head })).await?;
            let AdminAnswer::TrailChecked(sheet) = answer else { return Ok(admin::unexpected(answer)) };
            print::line(&format!("end of the chain: {}", sheet.head));
            if let Some(since) = sheet.waiting_since {
                print::line(&format!("lines not in the chain yet: {} (the oldest from {since})", sheet.waiting));
            }
            if sheet.problems.is_empty() {
                print::line("the trail is whole");
                return Ok(Exit::Done);
            }
            sheet.problems.iter().for_each(|problem| print::error(problem));
            Ok(Exit::NotDone)
        }
        Trail::Show(show) => self::show(show).await,
    }
}

async fn show(Show { user, since, json, config }: Show) -> anyhow::Result<Exit> {
    let since = since.as_deref().map(time).transpose()?;
    let mut after = 0;
    loop {
        let command = TrailCommand::Show { after, user: user.clone(), since };
        let answer = admin::ask(&config.path, AdminCommand::Trail(command)).await?;
        let AdminAnswer::TrailLines(rows) = answer else { return Ok(admin::unexpected(answer)) };
        for row in &rows {
            print::line(&if json { serde_json::to_string(row)? } else { text(row) });
        }
        match rows.last().and_then(|row| row.seq) {
            Some(last) => after = last,
            None => return Ok(Exit::Done),
        }
    }
}

fn text(row: &TrailRow) -> String {
    let seq = row.seq.map_or_else(|| "-".to_owned(), |seq| seq.to_string());
    let user = row.login.as_deref().or(row.user.as_deref()).unwrap_or("-");
    format!("{seq}  {}  {}  {user}  {}", row.at, row.kind, row.detail)
}

/// A time as an admin writes it, in microseconds since 1970 UTC.
fn time(text: &str) -> anyhow::Result<i64> {
    let time = match text.parse::<jiff::civil::Date>() {
        Ok(date) if !text.contains('T') => date.to_zoned(jiff::tz::TimeZone::system()).map(|zoned| zoned.timestamp()),
        _ => text.parse::<jiff::Timestamp>(),
    };
    Ok(time.with_context(|| format!("{text} is neither a date nor a time with its zone"))?.as_microsecond())
}
