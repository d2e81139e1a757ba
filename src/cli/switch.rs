//! `passerelle suspend`, `passerelle resume`, `passerelle suspended`: the switch.

use clap::Args;

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, SuspensionRow, SwitchCommand, SwitchScope};

/// Suspend sending, reading or both, at once: for everybody, a profile, a school, or one person
///
/// Live sessions are cut with a sentence, on every gateway within a second; new ones are refused in a way that no mail
/// client takes for a wrong password. It holds until `passerelle resume`, restarts included.
///
/// Example:  passerelle suspend --config p.toml --sending --profile Student --school 0750001A --reason "comptes volés"
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Suspend {
    #[command(flatten)]
    what: What,
    /// Why: for the trail and the admins who come later; people are not told
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Allow again what was suspended for exactly this scope
///
/// Example:  passerelle resume --config p.toml --sending --profile Student --school 0750001A
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Resume {
    #[command(flatten)]
    what: What,
    /// Why: for the trail
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    config: ConfigArgument,
}

/// List what is suspended now
#[derive(Args, Debug)]
pub(super) struct Suspended {
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Args, Debug)]
struct What {
    #[command(flatten)]
    uses: WhichUse,
    /// Only Student, Relative, Teacher, Personnel or Guest
    #[arg(long)]
    profile: Option<String>,
    /// Only one school: UAI, id or name
    #[arg(long)]
    school: Option<String>,
    /// Only one person: login, alias, address or id
    #[arg(long, conflicts_with_all = ["profile", "school"])]
    user: Option<String>,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct WhichUse {
    /// Nobody sends; everybody reads
    #[arg(long)]
    sending: bool,
    /// Nobody reads
    #[arg(long)]
    reading: bool,
    /// Neither
    #[arg(long)]
    all: bool,
}

impl What {
    fn read(self) -> (bool, bool, SwitchScope) {
        let Self { uses, profile, school, user } = self;
        (uses.sending || uses.all, uses.reading || uses.all, SwitchScope { profile, school, user })
    }
}

pub(super) async fn suspend(Suspend { what, reason, config }: Suspend) -> anyhow::Result<Exit> {
    let (sending, reading, scope) = what.read();
    let command = SwitchCommand::Suspend { sending, reading, scope, reason };
    admin::ask_and_say(&config.path, AdminCommand::Switch(command), "suspended").await
}

pub(super) async fn resume(Resume { what, reason, config }: Resume) -> anyhow::Result<Exit> {
    let (sending, reading, scope) = what.read();
    let command = SwitchCommand::Resume { sending, reading, scope, reason };
    admin::ask_and_say(&config.path, AdminCommand::Switch(command), "allowed again").await
}

pub(super) async fn suspended(Suspended { config }: Suspended) -> anyhow::Result<Exit> {
    let answer = admin::ask(&config.path, AdminCommand::Switch(SwitchCommand::List)).await?;
    let AdminAnswer::Suspensions(rows) = answer else { return Ok(admin::unexpected(answer)) };
    if rows.is_empty() {
        print::line("nothing is suspended");
    } else {
        print::line(&print::table(&rows.into_iter().map(row).collect::<Vec<_>>()));
    }
    Ok(Exit::Done)
}

fn row(row: SuspensionRow) -> Vec<String> {
    let what = match (row.sending, row.reading) {
        (true, true) => "sending and reading",
        (true, false) => "sending",
        _ => "reading",
    };
    vec![row.scope, what.to_owned(), format!("since {}", row.since), row.reason]
}
