//! What admins ask of the switch, and what they hear.

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::{Stop, find, profile, written};
use crate::domain::Gateway;
use crate::model::{Profile, SchoolId, Scope, Suspension, Uses};

/// For whom the switch is turned: everybody who is all of this.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchScope {
    pub profile: Option<String>,
    /// An id, a UAI or a name.
    pub school: Option<String>,
    pub user: Option<String>,
}

/// What an admin asks of the switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SwitchCommand {
    Suspend { sending: bool, reading: bool, scope: SwitchScope, reason: String },
    Resume { sending: bool, reading: bool, scope: SwitchScope, reason: String },
    List,
}

/// Something that is turned off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionRow {
    pub scope: String,
    pub sending: bool,
    pub reading: bool,
    pub since: String,
    pub reason: String,
}

pub(super) async fn answer(gateway: &Gateway, command: SwitchCommand) -> Result<AdminAnswer, Stop> {
    match command {
        SwitchCommand::Suspend { sending, reading, scope, reason } => {
            let (scope, uses) = (read(gateway, scope).await?, Uses { sending, reading });
            gateway.suspend(Suspension { scope, uses, reason, since: gateway.clock.now() }).await?;
            Ok(AdminAnswer::Done)
        }
        SwitchCommand::Resume { sending, reading, scope, reason } => {
            let scope = read(gateway, scope).await?;
            if gateway.resume(scope.clone(), Uses { sending, reading }, &reason).await? {
                return Ok(AdminAnswer::Done);
            }
            let off: Vec<String> = gateway.suspensions().await?.iter().map(|off| off.scope.key()).collect();
            let off = if off.is_empty() { "nothing".to_owned() } else { off.join("; ") };
            Err(Stop::Refused(format!("this is not suspended for {}; suspended now: {off}", scope.key())))
        }
        SwitchCommand::List => {
            Ok(AdminAnswer::Suspensions(gateway.suspensions().await?.into_iter().map(row).collect()))
        }
    }
}

async fn read(gateway: &Gateway, scope: SwitchScope) -> Result<Scope, Stop> {
    let SwitchScope { profile: word, school: name, user } = scope;
    let profile: Option<Profile> = word.as_deref().map(profile).transpose()?;
    let school = match name {
        Some(name) => Some(school(gateway, &name).await?),
        None => None,
    };
    let user = match user {
        Some(user) => Some(find(gateway, &user).await?.id),
        None => None,
    };
    if user.is_some() && (profile.is_some() || school.is_some()) {
        return Err(Stop::Refused("a person is meant alone, without profile and school".to_owned()));
    }
    Ok(Scope { profile, school, user })
}

async fn school(gateway: &Gateway, name: &str) -> Result<SchoolId, Stop> {
    match gateway.schools_called(name).await?.as_slice() {
        [school] => Ok(school.clone()),
        [] => Err(Stop::Refused(format!("there is no school called {name} (UAI, id or name)"))),
        several => Err(Stop::Refused(format!("{} schools are called {name}: give the UAI", several.len()))),
    }
}

fn row(suspension: Suspension) -> SuspensionRow {
    SuspensionRow {
        scope: suspension.scope.key(),
        sending: suspension.uses.sending,
        reading: suspension.uses.reading,
        since: written(suspension.since),
        reason: suspension.reason,
    }
}
