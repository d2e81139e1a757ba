//! A command of an admin → the gateway → an answer. Used by the server and, where none runs, by the command line itself.

use std::sync::Arc;

use super::command::{AppPasswordLine, ReloadSheet, UserLine, UserSheet};
use super::import::{Wanted, import};
use super::{AdminAnswer, AdminCommand, Password, keeping, limits, people, policy, switch, trail};
use crate::domain::import::ImportMode;
use crate::domain::import::progress::Progress;
use crate::domain::people::{AppPassword, DeviceWords, UserDetails, UserFilter};
use crate::domain::{Fault, Gateway};
use crate::model::{Profile, Secret, Timestamp, User};

/// Does what the admin asks. What it was goes to the log; passwords do not.
pub async fn execute(gateway: &Gateway, command: AdminCommand) -> AdminAnswer {
    execute_watched(gateway, command, &Arc::default()).await
}

/// The same; `progress` hears how far an import is.
pub async fn execute_watched(gateway: &Gateway, command: AdminCommand, progress: &Arc<Progress>) -> AdminAnswer {
    tracing::info!(?command, "admin");
    match answer(gateway, command, progress).await {
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
        AdminCommand::UserList { text, profile } => list(gateway, text, profile).await,
        AdminCommand::UserShow { user } => {
            let user = find(gateway, &user).await?;
            let details = gateway.user_details(&user.id).await?.ok_or_else(|| unknown(&user.login))?;
            Ok(AdminAnswer::User(Box::new(sheet(details))))
        }
        AdminCommand::UserSuspend { user, reason } => {
            gateway.suspend_user(&find(gateway, &user).await?.id, &reason).await?;
            Ok(AdminAnswer::Done)
        }
        AdminCommand::UserResume { user } => {
            gateway.resume_user(&find(gateway, &user).await?.id).await?;
            Ok(AdminAnswer::Done)
        }
        AdminCommand::UserSetPassword { user, password } => {
            let user = find(gateway, &user).await?;
            let set = gateway.set_password(&user.id, Secret::new(password.expose())).await?;
            set.map(|()| AdminAnswer::Done).map_err(|refusal| Stop::Refused(refusal.to_string()))
        }
        AdminCommand::AppPasswordCreate { user, device_name } => {
            create_app_password(gateway, &user, &device_name).await
        }
        AdminCommand::AppPasswordList { user } => {
            let user = find(gateway, &user).await?;
            let passwords = gateway.app_passwords(&user.id).await?;
            Ok(AdminAnswer::AppPasswords(passwords.iter().map(app_password_line).collect()))
        }
        AdminCommand::AppPasswordRevoke { user, id } => {
            let user = find(gateway, &user).await?;
            if gateway.revoke_app_password(&user.id, &id).await? {
                return Ok(AdminAnswer::Done);
            }
            Err(Stop::Refused(format!("{} has no app password {id} in use", user.login)))
        }
        AdminCommand::LimitsShow { user } => limits::show(gateway, &user).await,
        AdminCommand::Switch(command) => switch::answer(gateway, command).await,
        AdminCommand::Keeping(command) => keeping::answer(gateway, command).await,
        AdminCommand::Trail(command) => trail::answer(gateway, command).await,
        AdminCommand::AppPasswordHide { user, device, words } => {
            change_device_words(gateway, &user, &device, DeviceWords::Hide(words)).await
        }
        AdminCommand::AppPasswordShow { user, device, words } => {
            change_device_words(gateway, &user, &device, DeviceWords::Show(words)).await
        }
        AdminCommand::PolicyExplain { from, to } => explain(gateway, &from, &to).await,
        AdminCommand::PolicyMatrix { school } => {
            let matrices = gateway.matrices(school.as_deref()).await?;
            match school {
                Some(school) if matrices.is_empty() => Err(Stop::Refused(format!("no school has the UAI {school}"))),
                _ => Ok(AdminAnswer::Matrix(matrices.iter().map(policy::matrix_sheet).collect())),
            }
        }
        // The certificate is the server's, who has read it before it comes here.
        AdminCommand::Reload { dry_run } => {
            gateway.read_rules().map_err(|problems| Stop::Refused(problems.to_string()))?;
            let changes = gateway.apply_rules(mode(dry_run)).await?;
            let changes = changes.iter().map(policy::change_line).collect();
            Ok(AdminAnswer::Reloaded(ReloadSheet { dry_run, certificate_read: false, changes }))
        }
    }
}

const fn mode(dry_run: bool) -> ImportMode {
    if dry_run { ImportMode::DryRun } else { ImportMode::Apply }
}

pub(super) async fn find(gateway: &Gateway, name: &str) -> Result<User, Stop> {
    gateway.find_user(name).await?.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Stop {
    Stop::Refused(format!("there is nobody called {name} (login, alias, address or id)"))
}

async fn list(gateway: &Gateway, text: Option<String>, profile: Option<String>) -> Result<AdminAnswer, Stop> {
    let profile = profile.as_deref().map(self::profile).transpose()?;
    let users = gateway.users(&UserFilter { text, profile }).await?;
    let lines = users.into_iter().map(|user| UserLine {
        login: user.login,
        name: user.display_name,
        profile: user.profile.column().to_owned(),
        suspended: user.suspended,
    });
    Ok(AdminAnswer::Users(lines.collect()))
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

async fn create_app_password(gateway: &Gateway, user: &str, device_name: &str) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    match gateway.create_app_password(&user.id, device_name).await? {
        Ok(new) => {
            let secret = Password::new(String::from_utf8_lossy(new.secret.expose()));
            Ok(AdminAnswer::AppPassword { id: new.password.id, secret })
        }
        Err(refusal) => Err(Stop::Refused(refusal.to_string())),
    }
}

async fn change_device_words(
    gateway: &Gateway,
    user: &str,
    device: &str,
    change: DeviceWords,
) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    match gateway.change_device_words(&user.id, device, change).await? {
        Ok(password) => Ok(AdminAnswer::AppPasswords(vec![app_password_line(&password)])),
        Err(refusal) => Err(Stop::Refused(refusal.to_string())),
    }
}

fn sheet(details: UserDetails) -> UserSheet {
    let user = details.user;
    UserSheet {
        id: user.id.to_string(),
        external_id: details.external_id,
        login: user.login,
        name: user.display_name,
        profile: user.profile.column().to_owned(),
        suspended: user.suspended.then(|| details.suspended_reason.unwrap_or_default()),
        schools: details.schools,
        addresses: details.addresses,
        groups: details.groups.into_iter().map(|group| group.name).collect(),
        app_passwords: details.app_passwords.iter().map(app_password_line).collect(),
        sessions: details.sessions,
    }
}

fn app_password_line(password: &AppPassword) -> AppPasswordLine {
    AppPasswordLine {
        id: password.id.clone(),
        device_name: password.device_name.clone(),
        created: written(password.created_at),
        last_used: password.last_used_at.map(written),
        revoked: password.revoked_at.map(written),
        hidden_words: password.hidden_words.clone(),
    }
}

/// A time as RFC 3339 §5.6 has it, to the second.
pub(super) fn written(time: Timestamp) -> String {
    jiff::Timestamp::from_second(time.seconds()).map_or_else(|_| "?".to_owned(), |time| time.to_string())
}
