//! Who came in, and with what. Every way to log in begins with [`Gateway::look_up`] and ends with [`LookedUp::welcome`];
//! [`Gateway::admit`] then takes a place for the session.

use crate::domain::{Fault, Gateway};
use crate::model::User;
use crate::store::people::credentials::{self, Account, AppPassword};

/// What a login came to.
#[derive(Debug)]
pub enum Login {
    Welcome(Welcome),
    Refused(LoginRefusal),
}

/// Somebody who proved who it is.
#[derive(Clone, Debug)]
pub struct Welcome {
    pub user: User,
    pub credential: Credential,
    /// The switch's number before the account was looked up: what changed since, `admit` looks at.
    pub(super) seen: Option<i64>,
}

/// What a session came in with, and ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The person's own password, or what the ENT vouches for; `password_version` rises with every change of the password.
    Own { password_version: i64 },
    /// The app password of one device.
    Device(Box<AppPassword>),
}

impl Welcome {
    /// Somebody whose account is to be looked at again when the session takes its place.
    pub fn new(user: User, credential: Credential) -> Self {
        Self { user, credential, seen: None }
    }
}

impl Credential {
    /// The person's own, as the account is now.
    pub(super) fn own(account: &Account) -> Self {
        Self::Own { password_version: account.password_version }
    }

    /// The device, where it is an app password.
    pub fn device(&self) -> Option<&AppPassword> {
        match self {
            Self::Own { .. } => None,
            Self::Device(device) => Some(device),
        }
    }
}

/// Why somebody may not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// Unknown name or wrong password: never said which.
    BadCredentials,
    /// Said only where the password was right.
    Suspended,
    /// Too many wrong passwords for this account lately.
    TooManyTries,
    /// The password was right; the switch leaves the person neither sending nor reading.
    TurnedOff,
    /// An app whose maker's servers hold the password; whether it is right may not have been looked at.
    CloudApp,
    /// The password was right; all places of the person are taken.
    TooManyConnections,
}

/// A name that somebody wants to come in under.
pub(super) struct LookedUp {
    /// As addresses are kept.
    pub name: String,
    /// Nobody's where it is `None`.
    pub account: Option<Account>,
    seen: Option<i64>,
}

impl Gateway {
    /// The account that is called so: an address at our domain, a login or an alias, in any case.
    pub(super) async fn look_up(&self, name: &str) -> Result<LookedUp, Fault> {
        let name = self.local_part_of_name(name);
        // Before the account is read: see `admit`.
        let seen = self.switch.version();
        let account =
            self.store.read_snapshot(name.clone(), |tx, name| Box::pin(credentials::account(tx, name))).await?;
        Ok(LookedUp { name, account, seen })
    }
}

impl LookedUp {
    /// The password, or whatever it was, is right.
    pub(super) fn welcome(self, credential: impl FnOnce(&Account) -> Credential) -> Login {
        match self.account {
            Some(account) if account.user.suspended => Login::Refused(LoginRefusal::Suspended),
            Some(account) => {
                let credential = credential(&account);
                Login::Welcome(Welcome { user: account.user, credential, seen: self.seen })
            }
            None => Login::Refused(LoginRefusal::BadCredentials),
        }
    }
}
