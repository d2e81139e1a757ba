//! `passerelle year …`: from one school year to the next.

use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, PeopleCommand};

/// The school year: show it, close it, open the next
///
/// A year is named by the calendar year in which it begins: 2026 is the school year 2026-2027. Closing it closes the groups
/// of classes and of timetables; who writes to one is told so. Messages keep the names they were sent with.
#[derive(Debug, Subcommand)]
pub(super) enum Year {
    Show(Show),
    Close(Close),
    Open(Open),
}

/// The current year, and those before
#[derive(Args, Debug)]
pub(super) struct Show {
    #[command(flatten)]
    config: ConfigArgument,
}

/// Close the current year and its classes' groups
///
/// Example:  passerelle year close --config p.toml --dry-run 2026
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Close {
    year: i64,
    /// Only tell which groups would be closed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Open the next year: the next import makes its classes' groups
#[derive(Args, Debug)]
pub(super) struct Open {
    year: i64,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Year) -> anyhow::Result<Exit> {
    let (config, asked) = match command {
        Year::Show(Show { config }) => (config, PeopleCommand::Years),
        Year::Close(Close { year, dry_run, config }) => (config, PeopleCommand::CloseYear { begins: year, dry_run }),
        Year::Open(Open { year, config }) => (config, PeopleCommand::OpenYear { begins: year }),
    };
    match admin::ask(&config.path, AdminCommand::People(asked)).await? {
        AdminAnswer::Done => print::line("opened"),
        AdminAnswer::Years { current, years } => {
            print::line(&format!("current: {current}-{}", current + 1));
            for year in years {
                let closed = year.closed.map_or_else(|| "open".to_owned(), |closed| format!("closed {closed}"));
                print::line(&format!("{}-{}  opened {}  {closed}", year.begins, year.begins + 1, year.opened));
            }
        }
        AdminAnswer::YearClosed { dry_run, groups } => {
            groups.iter().for_each(|group| print::line(&format!("group closed: {group}")));
            print::line(if dry_run { "dry run: nothing was changed" } else { "closed" });
        }
        answer => return Ok(admin::unexpected(answer)),
    }
    Ok(Exit::Done)
}
