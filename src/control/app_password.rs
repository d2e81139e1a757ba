//! The admin's commands about app passwords: one for each device.

use serde::{Deserialize, Serialize};

use super::execute::{Stop, find, written};
use super::{AdminAnswer, Password};
use crate::domain::Gateway;
use crate::domain::people::{AppPassword, DeviceWords};

/// What an admin asks about app passwords. `user` is a login, an alias, an address or an id; `device` an app password's id,
/// or its device's name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AppPasswordCommand {
    Create {
        user: String,
        device_name: String,
    },
    List {
        user: String,
    },
    Revoke {
        user: String,
        id: String,
    },
    /// Hides words of IMAP's CAPABILITY from one device.
    Hide {
        user: String,
        device: String,
        words: Vec<String>,
    },
    /// Shows words again, also those that nobody else is shown; none: all that were hidden from this device.
    Show {
        user: String,
        device: String,
        words: Vec<String>,
    },
}

/// One device's password. Times are written out (RFC 3339).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswordLine {
    pub id: String,
    pub device_name: String,
    pub created: String,
    pub last_used: Option<String>,
    /// `imap`, `smtp`
    pub last_protocol: Option<String>,
    /// As the client called itself last.
    pub client: Option<String>,
    pub revoked: Option<String>,
    /// Words of CAPABILITY that the device is not shown.
    pub hidden_words: Vec<String>,
    /// Those that it is shown, and nobody else.
    pub shown_words: Vec<String>,
}

pub(super) async fn answer(gateway: &Gateway, command: AppPasswordCommand) -> Result<AdminAnswer, Stop> {
    match command {
        AppPasswordCommand::Create { user, device_name } => create(gateway, &user, &device_name).await,
        AppPasswordCommand::List { user } => {
            let user = find(gateway, &user).await?;
            let passwords = gateway.app_passwords(&user.id).await?;
            Ok(AdminAnswer::AppPasswords(passwords.iter().map(app_password_line).collect()))
        }
        AppPasswordCommand::Revoke { user, id } => {
            let user = find(gateway, &user).await?;
            if gateway.revoke_app_password(&user.id, &id).await? {
                return Ok(AdminAnswer::Done);
            }
            Err(Stop::Refused(format!("{} has no app password {id} in use", user.login)))
        }
        AppPasswordCommand::Hide { user, device, words } => {
            change_words(gateway, &user, &device, DeviceWords::Hide(words)).await
        }
        AppPasswordCommand::Show { user, device, words } => {
            change_words(gateway, &user, &device, DeviceWords::Show(words)).await
        }
    }
}

async fn create(gateway: &Gateway, user: &str, device_name: &str) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    match gateway.create_app_password(&user.id, device_name).await? {
        Ok(new) => {
            let secret = Password::new(String::from_utf8_lossy(new.secret.expose()));
            Ok(AdminAnswer::AppPassword { id: new.password.id, secret })
        }
        Err(refusal) => Err(Stop::Refused(refusal.to_string())),
    }
}

async fn change_words(gateway: &Gateway, user: &str, device: &str, change: DeviceWords) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    match gateway.change_device_words(&user.id, device, change).await? {
        Ok(password) => Ok(AdminAnswer::AppPasswords(vec![app_password_line(&password)])),
        Err(refusal) => Err(Stop::Refused(refusal.to_string())),
    }
}

pub(super) fn app_password_line(password: &AppPassword) -> AppPasswordLine {
    let last = password.last_use.as_ref();
    AppPasswordLine {
        id: password.id.clone(),
        device_name: password.device_name.clone(),
        created: written(password.created_at),
        last_used: last.map(|last| written(last.at)),
        last_protocol: last.map(|last| last.protocol.column().to_owned()),
        client: last.and_then(|last| last.client.as_ref()).map(|client| client.as_str().to_owned()),
        revoked: password.revoked_at.map(written),
        hidden_words: password.words.hidden.clone(),
        shown_words: password.words.shown.clone(),
    }
}
