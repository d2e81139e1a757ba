//! `passerelle verify`, `passerelle repair`.

use clap::Args;

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, UpkeepCommand, VerifySheet};

/// Go through the whole store: does everything hold that must?
///
/// Changes nothing, and may run while people work. Tells each thing that is wrong in plain words, how often, the first ids
/// (never what people wrote), and which repair mends it. Exit code 1 where anything is wrong; a warning means wasted room
/// only.
///
/// Examples:
///   passerelle verify --config p.toml
///   passerelle verify --config p.toml --deep    (reads every message again: as long as a backup)
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Verify {
    /// Read every octet of every message, too
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Mend one kind of thing that `verify` found
///
///   counters            UIDs, ModSeqs and UIDVALIDITY that could be given out again: raised, never lowered
///   special-mailboxes   INBOX, Drafts, Sent, Trash that somebody lacks: made
///   sizes               sizes and dates in mailboxes: those of the messages
///   search-index        messages that the search index lacks, or has wrongly: indexed again
///   structures          what lists and searches tell of a message: read again from its octets
///   orphan-rows         messages and bodies that nobody has: given to collection
///   orphan-blobs        files that nothing names, older than keeping.orphans_hours: deleted
///
/// None of them guesses: each writes what other rows, or the message itself, tell for certain. What none mends, a backup
/// does.
///
/// Example:  passerelle repair --config p.toml --dry-run counters
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Repair {
    #[arg(value_name = "NAME")]
    repair: String,
    /// Only tell how many it would mend
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn verify(command: Verify) -> anyhow::Result<Exit> {
    match ask(&command.config, UpkeepCommand::Verify { deep: command.deep }).await? {
        AdminAnswer::Verified(sheet) => Ok(tell(&sheet)),
        answer => Ok(admin::unexpected(answer)),
    }
}

pub(super) async fn repair(command: Repair) -> anyhow::Result<Exit> {
    let Repair { repair, dry_run, config } = command;
    match ask(&config, UpkeepCommand::Repair { repair: repair.clone(), dry_run }).await? {
        AdminAnswer::Repaired(0) => print::line(&format!("{repair}: nothing to mend")),
        AdminAnswer::Repaired(count) if dry_run => {
            print::line(&format!("{repair}: {count} to mend; dry run: nothing was changed"));
        }
        AdminAnswer::Repaired(count) => print::line(&format!("{repair}: {count} mended")),
        answer => return Ok(admin::unexpected(answer)),
    }
    Ok(Exit::Done)
}

async fn ask(config: &ConfigArgument, command: UpkeepCommand) -> anyhow::Result<AdminAnswer> {
    admin::ask(&config.path, AdminCommand::Upkeep(command)).await
}

/// Prints what was found, the faults first.
pub(super) fn tell(sheet: &VerifySheet) -> Exit {
    let (warnings, faults): (Vec<_>, Vec<_>) = sheet.findings.iter().partition(|finding| finding.warning);
    for finding in faults.iter().chain(&warnings) {
        let word = if finding.warning { "warning" } else { "FAULT  " };
        print::line(&format!("{word} {}: {} ({})", finding.check, finding.means, finding.count));
        let more = finding.count > u64::try_from(finding.examples.len()).unwrap_or(0);
        if !finding.examples.is_empty() {
            print::line(&format!("        {}{}", finding.examples.join(", "), if more { ", …" } else { "" }));
        }
        if let Some(repair) = &finding.repair {
            print::line(&format!("        mended by: passerelle repair {repair}"));
        }
    }
    let count = |number: usize, word: &str| match number {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    print::line(&format!(
        "{} checks: {}, {}",
        sheet.checks,
        count(faults.len(), "fault"),
        count(warnings.len(), "warning")
    ));
    if faults.is_empty() { Exit::Done } else { Exit::NotDone }
}
