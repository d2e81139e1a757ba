//! A command of an admin → the gateway → an answer. Used by the server and, where none runs, by the command line itself.

use std::sync::Arc;

use super::import::{Wanted, import};
use super::policy::ReloadSheet;
use super::{
    AdminAnswer, AdminCommand, api_token, app_password, keeping, limits, migration, people, policy, recall, switch,
    trail, upkeep, user, webhook,
};
use crate::domain::import::ImportMode;
use crate::domain::import::progress::Progress;
use crate::domain::{Fault, Gateway};
use crate::model::{Profile, Timestamp, User};

/// Does what the admin asks. What it was goes to the log; passwords do not.
pub async fn execute(gateway: &Gateway, command: AdminCommand) -> AdminAnswer {
    execute_watched(gateway, command, &Arc::default()).await
}

/// The same; `progress` hears how far it is.
pub async fn execute_watched(gateway: &Gateway, command: AdminCommand, progress: &Arc<Progress>) -> AdminAnswer {
    tracing::info!(?command, "admin");
    // Some commands need much room: on the heap.
    match Box::pin(answer(gateway, command, progress)).await {
        Ok(answer) => answer,
        Err(Stop::Refused(why)) => AdminAnswer::Refused(why),
        Err(Stop::Fault(fault)) => {
            tracing::error!(%fault, "the command of an admin failed");
            AdminAnswer::Failed(fault.to_string())
        }
    }
}

/// Why a command is not done.
pub(super) enum Stop {
    Refused(String),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

async fn answer(gateway: &Gateway, command: AdminCommand, progress: &Arc<Progress>) -> Result<AdminAnswer, Stop> {
    match command {
        AdminCommand::Import { folder, dry_run, school, suspend } => {
            import(gateway, Wanted { folder: &folder, dry_run, school, suspend }, progress).await
        }
        AdminCommand::People(command) => people::answer(gateway, command).await,
        AdminCommand::User(command) => user::answer(gateway, command).await,
        AdminCommand::AppPassword(command) => app_password::answer(gateway, command).await,
        AdminCommand::ApiToken(command) => api_token::answer(gateway, command).await,
        AdminCommand::Webhook(command) => webhook::answer(gateway, command).await,
        AdminCommand::LimitsShow { user } => limits::show(gateway, &user).await,
        AdminCommand::Switch(command) => switch::answer(gateway, command).await,
        AdminCommand::Recall(command) => recall::answer(gateway, command).await,
        AdminCommand::Keeping(command) => keeping::answer(gateway, command).await,
        AdminCommand::Upkeep(command) => upkeep::answer(gateway, command, progress).await,
        AdminCommand::Migration(command) => migration::answer(gateway, command, progress).await,
        AdminCommand::Trail(command) => trail::answer(gateway, command).await,
        AdminCommand::PolicyExplain { from, to } => explain(gateway, &from, &to).await,
        AdminCommand::PolicyMatrix { school } => {
            let matrices = gateway.matrices(school.as_deref()).await?;
            match school {
                Some(school) if matrices.is_empty() => Err(Stop::Refused(format!("no school has the UAI {school}"))),
                _ => Ok(AdminAnswer::Matrix(matrices.iter().map(policy::matrix_sheet).collect())),
            }
        }
        AdminCommand::StoreClock => Ok(AdminAnswer::StoreClock { seconds_ahead: gateway.store_clock_ahead().await? }),
        // The certificate is the server's, who has read it before it comes here.
        AdminCommand::Reload { dry_run } => {
            gateway.read_rules().map_err(|problems| Stop::Refused(problems.to_string()))?;
            let changes = gateway.apply_rules(mode(dry_run)).await?;
            let changes = changes.iter().map(policy::change_line).collect();
            Ok(AdminAnswer::Reloaded(ReloadSheet { dry_run, certificate_read: false, changes, restart: Vec::new() }))
        }
    }
}

const fn mode(dry_run: bool) -> ImportMode {
    if dry_run { ImportMode::DryRun } else { ImportMode::Apply }
}

pub(super) async fn find(gateway: &Gateway, name: &str) -> Result<User, Stop> {
    gateway.find_user(name).await?.ok_or_else(|| unknown(name))
}

pub(super) fn unknown(name: &str) -> Stop {
    Stop::Refused(format!("there is nobody called {name} (login, alias, address or id)"))
}

async fn explain(gateway: &Gateway, from: &str, to: &str) -> Result<AdminAnswer, Stop> {
    let sender = find(gateway, from).await?;
    let explained = gateway.explain(&sender, to).await?;
    let explained = explained.ok_or_else(|| Stop::Refused(format!("{to} is nobody's address in the ENT")))?;
    Ok(AdminAnswer::Explained(Box::new(policy::explain_sheet(&sender, &explained))))
}

pub(super) fn profile(word: &str) -> Result<Profile, Stop> {
    Profile::from_column(word).ok_or_else(|| {
        let known: Vec<&str> = Profile::ALL.into_iter().map(Profile::column).collect();
        Stop::Refused(format!("unknown profile {word}; the profiles are {}", known.join(", ")))
    })
}

/// A time as RFC 3339 §5.6 has it, to the second.
pub(super) fn written(time: Timestamp) -> String {
    jiff::Timestamp::from_second(time.seconds()).map_or_else(|_| "?".to_owned(), |time| time.to_string())
}
