//! `passerelle people …`: what becomes of those who leave.

use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, PeopleCommand};

/// People who left: who they are, and deleting their accounts in time
///
/// Whom an import no longer names is suspended. After `people.archive_after_days` the account is put aside: in no group,
/// without a password, its mail kept. After `people.delete_after_days` more it is deleted. Its addresses are never given to
/// anybody else. Who comes back before that has everything again.
#[derive(Debug, Subcommand)]
pub(super) enum People {
    Departed(Departed),
    Collect(Collect),
}

/// Who left, what comes next, and when
#[derive(Args, Debug)]
pub(super) struct Departed {
    #[command(flatten)]
    config: ConfigArgument,
}

/// Put aside and delete the accounts whose time has come; the server does it by itself every day
///
/// Example:  passerelle people collect --config p.toml --dry-run
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Collect {
    /// Only tell which
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: People) -> anyhow::Result<Exit> {
    let (config, asked) = match command {
        People::Departed(Departed { config }) => (config, PeopleCommand::Departed),
        People::Collect(Collect { dry_run, config }) => (config, PeopleCommand::Collect { dry_run }),
    };
    match admin::ask(&config.path, AdminCommand::People(asked)).await? {
        AdminAnswer::Leavers(leavers) => {
            let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
            let mut rows = vec![row(["LOGIN", "LEFT", "NEXT", "WHEN", "NAME"])];
            rows.extend(leavers.iter().map(|line| row([&line.login, &line.left, &line.next, &line.due, &line.name])));
            print::line(&print::table(&rows));
        }
        AdminAnswer::PeopleCollected { dry_run, archived, deleted } => {
            archived.iter().for_each(|name| print::line(&format!("archived: {name}")));
            deleted.iter().for_each(|name| print::line(&format!("deleted: {name}")));
            print::line(match (archived.is_empty() && deleted.is_empty(), dry_run) {
                (true, _) => "nothing to do",
                (false, true) => "dry run: nothing was changed",
                (false, false) => "done",
            });
        }
        answer => return Ok(admin::unexpected(answer)),
    }
    Ok(Exit::Done)
}
