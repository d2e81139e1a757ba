//! `passerelle restore`, `passerelle undelete`.

use clap::Args;

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, Choice, KeepingCommand, RecoverLine, TakenFrom};

/// Bring messages out of somebody's Trash, each to where it came from
///
/// Without IDs it lists what lies there: id, when it went there, where it would go, size, sender. Subjects are shown only
/// where they are asked for.
///
/// Examples:
///   passerelle restore --config p.toml martine.durand
///   passerelle restore --config p.toml martine.durand 12 15
///   passerelle restore --config p.toml --all martine.durand
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Restore {
    #[command(flatten)]
    recover: Recover,
}

/// Bring back messages that somebody expunged for good, while they are kept (keeping.undelete_days)
///
/// Without IDs it lists them: id, when it was expunged, where it would go, size, sender. Subjects are shown only where
/// they are asked for.
///
/// Examples:
///   passerelle undelete --config p.toml martine.durand
///   passerelle undelete --config p.toml martine.durand 1882635160781357457
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Undelete {
    #[command(flatten)]
    recover: Recover,
}

#[derive(Args, Debug)]
struct Recover {
    /// A login, an alias, an address or an id
    user: String,
    /// As the list shows them
    ids: Vec<i64>,
    /// Everything that the list shows
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Show subjects in the list
    #[arg(long, conflicts_with_all = ["ids", "all"])]
    subjects: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn restore(command: Restore) -> anyhow::Result<Exit> {
    run(command.recover, TakenFrom::Trash).await
}

pub(super) async fn undelete(command: Undelete) -> anyhow::Result<Exit> {
    run(command.recover, TakenFrom::Expunged).await
}

async fn run(command: Recover, from: TakenFrom) -> anyhow::Result<Exit> {
    let Recover { user, ids, all, subjects, config } = command;
    let ask = match (all, ids.is_empty()) {
        (true, _) => KeepingCommand::Recover { user, from, choice: Choice::All },
        (false, false) => KeepingCommand::Recover { user, from, choice: Choice::These(ids) },
        (false, true) => KeepingCommand::RecoverList { user, from, subjects },
    };
    match admin::ask(&config.path, AdminCommand::Keeping(ask)).await? {
        AdminAnswer::Recoverable(lines) if lines.is_empty() => print::line("nothing can be brought back"),
        AdminAnswer::Recoverable(lines) => {
            print::line(&print::table(&lines.into_iter().map(row).collect::<Vec<_>>()));
        }
        AdminAnswer::Recovered(messages) => print::line(&format!("{messages} messages are back")),
        answer => return Ok(admin::unexpected(answer)),
    }
    Ok(Exit::Done)
}

fn row(line: RecoverLine) -> Vec<String> {
    let size = format!("{} KiB", line.size.div_ceil(1024));
    let cells = [line.id.to_string(), line.gone, line.to, size, line.from].into_iter();
    cells.chain(line.subject).map(|cell| for_terminal(&cell)).collect()
}

/// What others wrote must not steer the terminal.
pub(super) fn for_terminal(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}
