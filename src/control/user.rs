//! The admin's commands about people.

use serde::{Deserialize, Serialize};

use super::app_password::{AppPasswordLine, app_password_line};
use super::execute::{Stop, find, profile, unknown};
use super::{AdminAnswer, Password};
use crate::domain::Gateway;
use crate::domain::mailbox::Quota;
use crate::domain::people::{UserDetails, UserFilter};
use crate::model::Secret;

/// What an admin asks about people. `user` is a login, an alias, an address or an id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum UserCommand {
    /// The people whose name or login holds `text`, of one profile where it is given.
    List {
        text: Option<String>,
        profile: Option<String>,
    },
    Show {
        user: String,
    },
    Suspend {
        user: String,
        reason: String,
    },
    Resume {
        user: String,
    },
    SetPassword {
        user: String,
        password: Password,
    },
}

/// One person in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLine {
    pub login: String,
    pub name: String,
    pub profile: String,
    pub suspended: bool,
}

/// Everything about one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSheet {
    pub id: String,
    pub external_id: String,
    pub login: String,
    pub name: String,
    pub profile: String,
    /// Why, where the person is suspended.
    pub suspended: Option<String>,
    pub schools: Vec<String>,
    pub addresses: Vec<String>,
    pub groups: Vec<String>,
    pub app_passwords: Vec<AppPasswordLine>,
    /// Open now, on this server.
    pub sessions: usize,
    #[serde(default)]
    pub quota: QuotaLine,
}

/// What somebody's messages take, and may take: octets, and how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaLine {
    pub used_bytes: u64,
    pub limit_bytes: u64,
    pub used_messages: u64,
    pub limit_messages: u64,
}

pub(super) async fn answer(gateway: &Gateway, command: UserCommand) -> Result<AdminAnswer, Stop> {
    match command {
        UserCommand::List { text, profile } => list(gateway, text, profile).await,
        UserCommand::Show { user } => {
            let user = find(gateway, &user).await?;
            let details = gateway.user_details(&user.id).await?.ok_or_else(|| unknown(&user.login))?;
            let quota = gateway.quota(&user).await?;
            Ok(AdminAnswer::User(Box::new(sheet(details, quota))))
        }
        UserCommand::Suspend { user, reason } => {
            gateway.suspend_user(&find(gateway, &user).await?.id, &reason).await?;
            Ok(AdminAnswer::Done)
        }
        UserCommand::Resume { user } => {
            gateway.resume_user(&find(gateway, &user).await?.id).await?;
            Ok(AdminAnswer::Done)
        }
        UserCommand::SetPassword { user, password } => {
            let user = find(gateway, &user).await?;
            let set = gateway.set_password(&user.id, Secret::new(password.expose())).await?;
            set.map(|()| AdminAnswer::Done).map_err(|refusal| Stop::Refused(refusal.to_string()))
        }
    }
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

fn sheet(details: UserDetails, quota: Quota) -> UserSheet {
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
        quota: QuotaLine {
            used_bytes: quota.used_bytes,
            limit_bytes: quota.limit_bytes,
            used_messages: quota.used_messages,
            limit_messages: quota.limit_messages,
        },
    }
}
