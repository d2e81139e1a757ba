//! `passerelle limits …`.

use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, LimitRow};

/// Limits on what people send
#[derive(Debug, Subcommand)]
pub(super) enum Limits {
    Show(Show),
}

/// What somebody has sent, of what is allowed, and until when it counts
///
/// Example:  passerelle limits show --config p.toml martine.durand
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Show {
    user: String,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Limits) -> anyhow::Result<Exit> {
    let Limits::Show(Show { user, config }) = command;
    let answer = admin::ask(&config.path, AdminCommand::LimitsShow { user }).await?;
    let AdminAnswer::Limits(rows) = answer else { return Ok(admin::unexpected(answer)) };
    print::line(&print::table(&rows.into_iter().map(row).collect::<Vec<_>>()));
    Ok(Exit::Done)
}

fn row(row: LimitRow) -> Vec<String> {
    let used = match row.used {
        Some(used) => format!("{used} of {}", row.max),
        None => format!("{} at most", row.max),
    };
    vec![row.limit, used, row.until.map(|until| format!("until {until}")).unwrap_or_default()]
}
