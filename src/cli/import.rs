//! `passerelle import`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand};

/// Bring people, groups and rules up to what CSV files say
///
/// DIR holds users.csv, groups.csv, members.csv, rules.csv, links.csv (docs/import.md). Everything is taken or nothing:
/// rows that cannot be taken are told with file, line and reason, and then nothing is written (exit code 1).
/// Run again with the same files it changes nothing.
///
/// Examples:
///   passerelle import --config p.toml --dry-run rentree-2026/
///   passerelle import --config p.toml rentree-2026/
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Import {
    /// The folder of the CSV files; the server reads it, where it runs
    dir: PathBuf,
    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Import) -> anyhow::Result<Exit> {
    let folder = std::fs::canonicalize(&command.dir).with_context(|| command.dir.display().to_string())?;
    let answer = admin::ask(&command.config.path, AdminCommand::Import { folder, dry_run: command.dry_run }).await?;
    let AdminAnswer::Import(sheet) = answer else { return Ok(admin::unexpected(answer)) };
    for problem in &sheet.problems {
        print::error(problem);
    }
    if !sheet.problems.is_empty() {
        print::error(&format!("{} rows cannot be taken: nothing was changed", sheet.problems.len()));
        return Ok(Exit::NotDone);
    }
    for change in &sheet.changes {
        print::line(change);
    }
    print::line(match (sheet.changes.is_empty(), sheet.dry_run) {
        (true, _) => "nothing to change",
        (false, true) => "dry run: nothing was changed",
        (false, false) => "done",
    });
    Ok(Exit::Done)
}
