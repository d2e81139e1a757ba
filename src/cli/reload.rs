//! `passerelle reload`.

use clap::Args;

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand};

/// Read the certificate, its key, the log's filter and the communication rules ([[rules]]) again
///
/// The same as SIGHUP, but it says here what is wrong with the files, where something is, and what the rules changed:
/// it counts for the next recipient of the next message. Other settings that have changed are named: they need a restart.
/// Where no server runs, the rules are brought into the store.
///
/// Examples:
///   passerelle reload --config p.toml --dry-run
///   passerelle reload --config p.toml
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Reload {
    /// Only tell what the rules would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Reload) -> anyhow::Result<Exit> {
    let answer = admin::ask(&command.config.path, AdminCommand::Reload { dry_run: command.dry_run }).await?;
    let AdminAnswer::Reloaded(sheet) = answer else { return Ok(admin::unexpected(answer)) };
    if sheet.certificate_read {
        print::line("the certificate and the log's filter were read again");
    }
    for key in &sheet.restart {
        print::line(&format!("needs a restart: {key}"));
    }
    for change in &sheet.changes {
        print::line(change);
    }
    print::line(match (sheet.changes.is_empty(), sheet.dry_run) {
        (true, _) => "the communication rules are those of the table",
        (false, true) => "dry run: nothing was changed",
        (false, false) => "the communication rules were changed",
    });
    Ok(Exit::Done)
}
