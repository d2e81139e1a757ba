//! `passerelle app-password …`.

use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand};

/// Passwords for one device each, for people who sign in to the ENT by other means
///
/// USER is a login, an alias, an address or an id.
#[derive(Debug, Subcommand)]
pub(super) enum AppPassword {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make one, and show it this once
///
/// Example:  passerelle app-password create --config p.toml --device "Téléphone de Martine" martine.durand
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Create {
    user: String,
    /// The device's name, for the list
    #[arg(long, default_value = "mail client")]
    device: String,
    #[command(flatten)]
    config: ConfigArgument,
}

/// List somebody's, revoked ones too
#[derive(Args, Debug)]
pub(super) struct List {
    user: String,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Revoke one at once
#[derive(Args, Debug)]
pub(super) struct Revoke {
    user: String,
    /// As `list` shows it
    id: String,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: AppPassword) -> anyhow::Result<Exit> {
    match command {
        AppPassword::Create(Create { user, device, config }) => {
            let command = AdminCommand::AppPasswordCreate { user, device_name: device };
            let answer = admin::ask(&config.path, command).await?;
            let AdminAnswer::AppPassword { id, secret } = answer else { return Ok(admin::unexpected(answer)) };
            print::line(&format!("{}\n(app password {id}; it is not shown again)", secret.expose()));
            Ok(Exit::Done)
        }
        AppPassword::List(List { user, config }) => {
            let answer = admin::ask(&config.path, AdminCommand::AppPasswordList { user }).await?;
            let AdminAnswer::AppPasswords(lines) = answer else { return Ok(admin::unexpected(answer)) };
            let dash = |time: Option<String>| time.unwrap_or_else(|| "-".to_owned());
            let head = ["id", "device", "created", "last used", "revoked"].map(str::to_owned).to_vec();
            let rows = lines
                .into_iter()
                .map(|line| vec![line.id, line.device_name, line.created, dash(line.last_used), dash(line.revoked)]);
            print::line(&print::table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
            Ok(Exit::Done)
        }
        AppPassword::Revoke(Revoke { user, id, config }) => {
            let done = format!("{id} is revoked");
            admin::ask_and_say(&config.path, AdminCommand::AppPasswordRevoke { user, id }, &done).await
        }
    }
}
