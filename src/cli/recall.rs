//! `passerelle recall`.

use clap::Args;

use super::recover::for_terminal;
use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, RecallCommand, RecallSheet, SentLine};

/// Take back a message that somebody sent: a notice comes in the place of every copy, read or not
///
/// Whatever its age. The sender's own copy stays. With --list it shows the last 200 messages that somebody sent: number,
/// when, to how many people, how many of them wait for the end of quiet hours, whether it was recalled, Message-ID.
/// Subjects are shown only where they are asked for.
///
/// Examples:
///   passerelle recall --config p.toml --list martine.durand
///   passerelle recall --config p.toml --dry-run martine.durand 1882635160781357457
///   passerelle recall --config p.toml martine.durand "<20261123.4711@ent.example.fr>"
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Recall {
    /// Who sent it: a login, an alias, an address or an id
    user: String,
    /// A Message-ID, or a number as the list shows it
    #[arg(required_unless_present = "list")]
    message: Option<String>,
    /// Show what there is
    #[arg(long, conflicts_with_all = ["message", "dry_run"])]
    list: bool,
    /// Show subjects in the list
    #[arg(long, requires = "list")]
    subjects: bool,
    /// Only tell how many copies there are
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Recall) -> anyhow::Result<Exit> {
    let Recall { user, message, subjects, dry_run, config, .. } = command;
    let ask = match message {
        Some(message) => RecallCommand::Recall { user, message, dry_run },
        None => RecallCommand::List { user, subjects },
    };
    match admin::ask(&config.path, AdminCommand::Recall(ask)).await? {
        AdminAnswer::SentLetters(lines) if lines.is_empty() => print::line("nothing is known to have been sent"),
        AdminAnswer::SentLetters(lines) => {
            print::line(&print::table(&lines.into_iter().map(row).collect::<Vec<_>>()));
        }
        AdminAnswer::Recalled(sheet) => print::line(&text(&sheet)),
        answer => return Ok(admin::unexpected(answer)),
    }
    Ok(Exit::Done)
}

fn row(line: SentLine) -> Vec<String> {
    let waiting = if line.waiting > 0 { format!("{} waiting", line.waiting) } else { String::new() };
    let recalled = line.recalled_at.map(|at| format!("recalled {at}")).unwrap_or_default();
    let message_id = line.message_id.unwrap_or_else(|| "-".to_owned());
    let people = format!("{} people", line.people);
    let cells = [line.id.to_string(), line.at, people, waiting, recalled, message_id].into_iter();
    cells.chain(line.subject).map(|cell| for_terminal(&cell)).collect()
}

fn text(sheet: &RecallSheet) -> String {
    let RecallSheet { dry_run, people, copies, read, waiting } = sheet;
    let unread = copies.saturating_sub(*read);
    let counts = format!("{copies} copies of {people} people ({read} read, {unread} unread), {waiting} waiting");
    if *dry_run {
        format!("would be recalled: {counts}\ndry run: nothing was changed")
    } else {
        format!("recalled: {counts}")
    }
}
