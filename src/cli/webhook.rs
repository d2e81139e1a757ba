//! `passerelle webhook …`.

use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, WebhookCommand, WebhookLine};

/// Webhooks: what they have not been told yet
#[derive(Debug, Subcommand)]
pub(super) enum Webhook {
    Status(Status),
    Retry(Retry),
    Drop(DropRows),
}

/// How many runs of letters wait, since when, how many were given up, and the last error
#[derive(Args, Debug)]
pub(super) struct Status {
    #[command(flatten)]
    config: ConfigArgument,
}

/// Try all again at once, what was given up too
#[derive(Args, Debug)]
pub(super) struct Retry {
    /// As in the settings
    name: String,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Forget what was given up
#[derive(Args, Debug)]
pub(super) struct DropRows {
    /// As in the settings
    name: String,
    /// Whatever has not been told
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Webhook) -> anyhow::Result<Exit> {
    let (command, config, done) = match command {
        Webhook::Status(Status { config }) => (WebhookCommand::Status, config, ""),
        Webhook::Retry(Retry { name, config }) => (WebhookCommand::Retry { hook: name }, config, "tried again"),
        Webhook::Drop(DropRows { name, all, config }) => {
            (WebhookCommand::Drop { hook: name, all }, config, "forgotten")
        }
    };
    match admin::ask(&config.path, AdminCommand::Webhook(command)).await? {
        AdminAnswer::Webhooks(lines) => {
            let head = ["name", "waiting", "oldest", "given up", "last error"];
            let rows = std::iter::once(head.map(str::to_owned).to_vec()).chain(lines.into_iter().map(row));
            print::line(&print::table(&rows.collect::<Vec<_>>()));
            Ok(Exit::Done)
        }
        AdminAnswer::WebhookRows(count) => {
            print::line(&format!("{count} {done}"));
            Ok(Exit::Done)
        }
        answer => Ok(admin::unexpected(answer)),
    }
}

fn row(line: WebhookLine) -> Vec<String> {
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let name = if line.set { line.name } else { format!("{} (not in the settings)", line.name) };
    vec![name, line.waiting.to_string(), dash(line.oldest), line.dead.to_string(), dash(line.last_error)]
}
