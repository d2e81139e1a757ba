//! `passerelle app-password …`.

use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, AppPasswordCommand, AppPasswordLine};
use crate::imap::session::CAPABILITIES;

/// Passwords for one device each, for people who sign in to the ENT by other means
///
/// USER is a login, an alias, an address or an id.
#[derive(Debug, Subcommand)]
pub(super) enum AppPassword {
    Create(Create),
    List(List),
    Revoke(Revoke),
    Hide(Hide),
    Show(Show),
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

/// Hide words of IMAP's CAPABILITY from one device, whose client stumbles over them
///
/// Counts from its next login on; setting imap.hidden_capabilities hides words from everybody.
///
/// Example:  passerelle app-password hide --config p.toml martine.durand "Téléphone de Martine" QRESYNC CONDSTORE
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Hide {
    user: String,
    /// The device's name, or the id that `list` shows
    device: String,
    #[arg(required = true)]
    words: Vec<String>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Show a device words again that were hidden from it; without words, all of them
///
/// A word that imap.hidden_capabilities hides from everybody is shown to this device alone; `hide` takes that back.
#[derive(Args, Debug)]
pub(super) struct Show {
    user: String,
    /// The device's name, or the id that `list` shows
    device: String,
    words: Vec<String>,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: AppPassword) -> anyhow::Result<Exit> {
    match command {
        AppPassword::Create(Create { user, device, config }) => {
            let command = AdminCommand::AppPassword(AppPasswordCommand::Create { user, device_name: device });
            let answer = admin::ask(&config.path, command).await?;
            let AdminAnswer::AppPassword { id, secret } = answer else { return Ok(admin::unexpected(answer)) };
            print::line(&format!("{}\n(app password {id}; it is not shown again)", secret.expose()));
            Ok(Exit::Done)
        }
        AppPassword::List(List { user, config }) => {
            let answer = admin::ask(&config.path, AdminCommand::AppPassword(AppPasswordCommand::List { user })).await?;
            let AdminAnswer::AppPasswords(lines) = answer else { return Ok(admin::unexpected(answer)) };
            let dash = |time: Option<String>| time.unwrap_or_else(|| "-".to_owned());
            let head = ["id", "device", "created", "last used", "by", "client", "revoked", "words"];
            let head = head.map(str::to_owned).to_vec();
            let rows = lines.into_iter().map(|line| {
                let words = words(&line);
                let (last_used, by, client) = (dash(line.last_used), dash(line.last_protocol), dash(line.client));
                vec![line.id, line.device_name, line.created, last_used, by, client, dash(line.revoked), words]
            });
            print::line(&print::table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
            Ok(Exit::Done)
        }
        AppPassword::Revoke(Revoke { user, id, config }) => {
            let done = format!("{id} is revoked");
            admin::ask_and_say(&config.path, AdminCommand::AppPassword(AppPasswordCommand::Revoke { user, id }), &done)
                .await
        }
        AppPassword::Hide(Hide { user, device, words, config }) => {
            if let Some(word) = words.iter().find(|word| !is_capability(word)) {
                print::error(&format!("{word} is no word that this server announces: they are {}", known()));
                return Ok(Exit::NotDone);
            }
            say_words(&config, AdminCommand::AppPassword(AppPasswordCommand::Hide { user, device, words })).await
        }
        AppPassword::Show(Show { user, device, words, config }) => {
            say_words(&config, AdminCommand::AppPassword(AppPasswordCommand::Show { user, device, words })).await
        }
    }
}

fn known() -> String {
    CAPABILITIES.join(" ")
}

fn is_capability(word: &str) -> bool {
    CAPABILITIES.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Asks, and says what is hidden then.
async fn say_words(config: &ConfigArgument, command: AdminCommand) -> anyhow::Result<Exit> {
    let answer = admin::ask(&config.path, command).await?;
    let AdminAnswer::AppPasswords(lines) = answer else { return Ok(admin::unexpected(answer)) };
    for line in lines {
        print::line(&format!("{} ({}): {}", line.device_name, line.id, words(&line)));
    }
    Ok(Exit::Done)
}

/// What is hidden from a device, and what it alone is shown.
fn words(line: &AppPasswordLine) -> String {
    let named = |what: &str, words: &[String]| (!words.is_empty()).then(|| format!("{what} {}", words.join(" ")));
    let parts = [named("hides", &line.hidden_words), named("shows", &line.shown_words)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join("; ") }
}
