//! `passerelle collect`, `passerelle retention`.

use clap::Args;

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, KeepingCommand};

/// Make room now: what nobody needs any more goes
///
/// The running server does this by itself (keeping.collect_seconds).
#[derive(Args, Debug)]
pub(super) struct Collect {
    #[command(flatten)]
    config: ConfigArgument,
}

/// Expunge messages that are older than keeping.retention allows
///
/// The running server does this by itself once a day.
///
/// Example:  passerelle retention --config p.toml --dry-run
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Retention {
    /// Only tell what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn collect(command: Collect) -> anyhow::Result<Exit> {
    let answer = admin::ask(&command.config.path, AdminCommand::Keeping(KeepingCommand::Collect)).await?;
    let AdminAnswer::Collected(sheet) = answer else { return Ok(admin::unexpected(answer)) };
    let rows = [
        ("messages", sheet.messages),
        ("bodies", sheet.bodies),
        ("stray files", sheet.files),
        ("no longer to be undeleted", sheet.undelete_ended),
        ("expunges forgotten", sheet.tombstones),
        ("submissions forgotten", sheet.submissions),
    ];
    let rows: Vec<Vec<String>> = rows.iter().map(|(what, count)| vec![(*what).to_owned(), count.to_string()]).collect();
    print::line(&print::table(&rows));
    Ok(Exit::Done)
}

pub(super) async fn retention(command: Retention) -> anyhow::Result<Exit> {
    let ask = AdminCommand::Keeping(KeepingCommand::Retention { dry_run: command.dry_run });
    let answer = admin::ask(&command.config.path, ask).await?;
    let AdminAnswer::Retention(rules) = answer else { return Ok(admin::unexpected(answer)) };
    if rules.is_empty() {
        print::line("no retention is set (keeping.retention)");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = rules
        .into_iter()
        .map(|rule| {
            let limit = format!("{} days: before {}", rule.days, rule.before);
            vec![rule.mailboxes_for, limit, format!("{} messages in {} mailboxes", rule.messages, rule.mailboxes)]
        })
        .collect();
    print::line(&print::table(&rows));
    print::line(if command.dry_run { "dry run: nothing was changed" } else { "done" });
    Ok(Exit::Done)
}
