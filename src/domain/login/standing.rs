//! Sessions end with what they came in with: a password that is changed, an app password that is revoked, an account that is
//! suspended. Whoever ends one of these raises the switch's number in the same transaction, and every gateway on the store
//! looks at it several times a second (`domain::switch`): a changed number is a hint to compare all live sessions with
//! the store, in two statements.

use super::sessions::Hold;
use super::{Credential, LoginRefusal};
use crate::domain::{Fault, Gateway};
use crate::model::UserId;
use crate::sentences::Sentence;
use crate::store::people::standing::{self, Standing};

impl Credential {
    /// What a session holds on to.
    pub(super) fn hold(&self) -> Hold {
        match self {
            Self::Own { password_version } => Hold::Own(*password_version),
            Self::Device(device) => Hold::Device(device.id.as_str().into()),
        }
    }
}

impl Gateway {
    /// Ends the sessions whose person was suspended, or whose password is not the person's any more.
    pub(in crate::domain) async fn cut_ended(&self) -> Result<(), Fault> {
        let holds = self.logins.sessions.holds();
        let (users, devices) = (holds.iter().map(|(user, _)| user), holds.iter().flat_map(|(_, holds)| holds));
        let devices = devices.filter_map(Hold::device).map(str::to_owned).collect();
        let standing = self.standing(users.cloned().collect(), devices).await?;
        for (user, holds) in &holds {
            for hold in holds {
                if let Some(why) = ended_by(&standing, user, hold) {
                    self.logins.sessions.cut_hold(user, hold, &why);
                }
            }
        }
        Ok(())
    }

    /// Why a session may not be that held on to this when it logged in.
    pub(super) async fn ended(&self, user: &UserId, hold: &Hold) -> Result<Option<LoginRefusal>, Fault> {
        let devices = hold.device().map(str::to_owned).into_iter().collect();
        let standing = self.standing(vec![user.clone()], devices).await?;
        Ok(ended_by(&standing, user, hold).map(|why| match why {
            Sentence::AccountSuspended => LoginRefusal::Suspended,
            _ => LoginRefusal::BadCredentials,
        }))
    }

    async fn standing(&self, users: Vec<UserId>, devices: Vec<String>) -> Result<Standing, Fault> {
        if users.is_empty() {
            return Ok(Standing::default());
        }
        Ok(self.store.read_snapshot((users, devices), |tx, asked| Box::pin(standing::of(tx, asked))).await?)
    }
}

/// What has ended it, where something has.
fn ended_by(standing: &Standing, user: &UserId, hold: &Hold) -> Option<Sentence> {
    match (standing.people.get(user), hold) {
        (None, _) => Some(Sentence::AccountSuspended),
        (Some(person), _) if person.suspended => Some(Sentence::AccountSuspended),
        (Some(person), Hold::Own(version)) => {
            (person.password_version != *version).then_some(Sentence::PasswordChanged)
        }
        (Some(_), Hold::Device(id)) => (!standing.live_devices.contains(&**id)).then_some(Sentence::DeviceRevoked),
    }
}
