//! People who left, and school years, for an admin.

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::{Stop, written};
use crate::domain::people::departed::Fate;
use crate::domain::{Gateway, years::SchoolYear};

/// What an admin asks of people who left and of school years.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PeopleCommand {
    /// Who left, and what comes next.
    Departed,
    /// Puts aside and deletes the accounts of people who left, where their time has come.
    Collect {
        dry_run: bool,
    },
    Years,
    CloseYear {
        begins: i64,
        dry_run: bool,
    },
    OpenYear {
        begins: i64,
    },
}

/// Somebody who left. Times are written out (RFC 3339).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaverLine {
    pub login: String,
    pub name: String,
    pub left: String,
    /// `archived` or `deleted`
    pub next: String,
    pub due: String,
}

/// A school year. Times are written out (RFC 3339).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearLine {
    /// The calendar year in which it begins.
    pub begins: i64,
    pub opened: String,
    pub closed: Option<String>,
}

/// Does what is asked.
pub(super) async fn answer(gateway: &Gateway, command: PeopleCommand) -> Result<AdminAnswer, Stop> {
    match command {
        PeopleCommand::Departed => departed(gateway).await,
        PeopleCommand::Collect { dry_run } => collect(gateway, dry_run).await,
        PeopleCommand::Years => years(gateway).await,
        PeopleCommand::CloseYear { begins, dry_run } => close_year(gateway, begins, dry_run).await,
        PeopleCommand::OpenYear { begins } => open_year(gateway, begins).await,
    }
}

async fn departed(gateway: &Gateway) -> Result<AdminAnswer, Stop> {
    let leavers = gateway.departed().await?.into_iter().map(|leaver| LeaverLine {
        login: leaver.person.login,
        name: leaver.person.display_name,
        left: written(leaver.person.left_at),
        next: match leaver.next {
            Fate::Archive => "archived".to_owned(),
            Fate::Delete => "deleted".to_owned(),
        },
        due: written(leaver.due),
    });
    Ok(AdminAnswer::Leavers(leavers.collect()))
}

async fn collect(gateway: &Gateway, dry_run: bool) -> Result<AdminAnswer, Stop> {
    let collected = gateway.collect_departed(dry_run).await?;
    Ok(AdminAnswer::PeopleCollected { dry_run, archived: collected.archived, deleted: collected.deleted })
}

async fn years(gateway: &Gateway) -> Result<AdminAnswer, Stop> {
    let (years, current) = gateway.school_years().await?;
    let line = |year: SchoolYear| YearLine {
        begins: year.begins,
        opened: written(year.opened_at),
        closed: year.closed_at.map(written),
    };
    Ok(AdminAnswer::Years { current, years: years.into_iter().map(line).collect() })
}

async fn close_year(gateway: &Gateway, begins: i64, dry_run: bool) -> Result<AdminAnswer, Stop> {
    match gateway.close_school_year(begins, dry_run).await? {
        Ok(groups) => Ok(AdminAnswer::YearClosed { dry_run, groups }),
        Err(refusal) => Err(Stop::Refused(refusal.to_string())),
    }
}

async fn open_year(gateway: &Gateway, begins: i64) -> Result<AdminAnswer, Stop> {
    match gateway.open_school_year(begins).await? {
        Ok(()) => Ok(AdminAnswer::Done),
        Err(refusal) => Err(Stop::Refused(refusal.to_string())),
    }
}
