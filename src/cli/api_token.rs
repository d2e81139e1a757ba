//! `passerelle api-token …`.

use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, ApiTokenCommand, ApiTokenLine};

/// Tokens that programs of the ENT bring to the JSON API (docs/api.md)
#[derive(Debug, Subcommand)]
pub(super) enum ApiToken {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make one, and show it this once
///
/// Scopes: unread, feed, subjects, directory, suspend, recall, devices, badge.
///
/// Example:  passerelle api-token create --config p.toml "Accueil de l'ENT" --scope unread,feed,badge --expires 365
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Create {
    /// What it is for, for the list and the trail
    name: String,
    /// What it allows: one or several, with a comma between
    #[arg(long, required = true, value_delimiter = ',')]
    scope: Vec<String>,
    /// See one school's people only: UAI, id or name
    #[arg(long)]
    school: Option<String>,
    /// Days that it is good for; until it is revoked, where it is not said
    #[arg(long, value_name = "DAYS")]
    expires: Option<u32>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// List them, revoked ones too
#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    config: ConfigArgument,
}

/// Revoke one at once, on every gateway
#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// As `list` shows it
    id: String,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: ApiToken) -> anyhow::Result<Exit> {
    match command {
        ApiToken::Create(Create { name, scope, school, expires, config }) => {
            let command = ApiTokenCommand::Create { name, scopes: scope, school, days: expires };
            let answer = admin::ask(&config.path, AdminCommand::ApiToken(command)).await?;
            let AdminAnswer::ApiToken { id, secret } = answer else { return Ok(admin::unexpected(answer)) };
            print::line(&format!("{}\n(token {id}; it is not shown again)", secret.expose()));
            Ok(Exit::Done)
        }
        ApiToken::List(List { config }) => {
            let answer = admin::ask(&config.path, AdminCommand::ApiToken(ApiTokenCommand::List)).await?;
            let AdminAnswer::ApiTokens(lines) = answer else { return Ok(admin::unexpected(answer)) };
            let head = ["id", "name", "scopes", "school", "created", "expires", "last used", "revoked"];
            let rows = std::iter::once(head.map(str::to_owned).to_vec()).chain(lines.into_iter().map(row));
            print::line(&print::table(&rows.collect::<Vec<_>>()));
            Ok(Exit::Done)
        }
        ApiToken::Revoke(Revoke { id, config }) => {
            let done = format!("{id} is revoked");
            admin::ask_and_say(&config.path, AdminCommand::ApiToken(ApiTokenCommand::Revoke { id }), &done).await
        }
    }
}

fn row(line: ApiTokenLine) -> Vec<String> {
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let school = line.school.unwrap_or_else(|| "all".to_owned());
    let (expires, last_used, revoked) = (dash(line.expires), dash(line.last_used), dash(line.revoked));
    vec![line.id, line.name, line.scopes.join(" "), school, line.created, expires, last_used, revoked]
}
