//! Who may use the admin page: accounts with a password and an authenticator app, beside (or instead of) client certificates,
//! which `tls` checks. Sessions are in memory: a restart ends them.
//!
//! | file | what |
//! | --- | --- |
//! | `accounts` | the file of accounts |
//! | `totp` | pure: one-time codes |
//! | `sessions` | who is signed in |

mod accounts;
mod sessions;
pub mod totp;

pub use accounts::{AdminAccount, AdminAccounts, is_admin_name};
pub(super) use sessions::AdminTries;
pub use sessions::{AdminSession, AdminSessions};

use self::totp::TotpSecret;
use super::login::password::{self, PasswordHash};
use super::login::random;
use super::spool::blocking;
use super::{Fault, Gateway};
use crate::model::{Secret, Timestamp, TrailEvent};

/// Characters of a password, at least: this one opens everything.
pub const ADMIN_PASSWORD_CHARS_MIN: usize = 14;

/// Why an account was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminRefusal {
    #[error("the name must be 1 to 64 letters, digits, spaces and . - _ @ '")]
    Name,
    #[error("there is an admin of that name already: remove it first")]
    Known,
    #[error("the password must have {ADMIN_PASSWORD_CHARS_MIN} characters at least")]
    ShortPassword,
}

/// Makes an account; gives the secret for the authenticator app, which is shown once. Blocks.
///
/// # Errors
/// The file of accounts cannot be read or written.
pub fn add_admin(
    accounts: &AdminAccounts,
    name: &str,
    password: &Secret,
    now: Timestamp,
) -> Result<Result<TotpSecret, AdminRefusal>, Fault> {
    if !is_admin_name(name) {
        return Ok(Err(AdminRefusal::Name));
    }
    if String::from_utf8_lossy(password.expose()).chars().count() < ADMIN_PASSWORD_CHARS_MIN {
        return Ok(Err(AdminRefusal::ShortPassword));
    }
    let secret = TotpSecret::new(random()?);
    let hash = password::hash(password, &random()?).map_err(Fault::Worker)?;
    let account = AdminAccount {
        name: name.to_owned(),
        password_hash: hash.as_str().to_owned(),
        totp: secret.base32(),
        created_at: now.0,
        last_step: 0,
    };
    let added = accounts.change(|known| {
        let is_new = !known.iter().any(|known| known.name == account.name);
        is_new.then(|| known.push(account))
    })?;
    Ok(added.map(|()| secret).ok_or(AdminRefusal::Known))
}

/// Takes an account away; `false`: there is none of that name. Blocks.
///
/// # Errors
/// The file of accounts cannot be read or written.
pub fn remove_admin(accounts: &AdminAccounts, name: &str) -> Result<bool, Fault> {
    let removed = accounts.change(|known| {
        let before = known.len();
        known.retain(|known| known.name != name);
        (known.len() < before).then_some(())
    })?;
    Ok(removed.is_some())
}

/// What somebody brings to sign in.
#[derive(Debug)]
pub struct AdminKeys {
    pub name: String,
    pub password: Secret,
    pub code: String,
}

/// What a try to sign in came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminLogin {
    Welcome,
    /// Never said which of the three was wrong.
    Wrong,
    TooManyTries,
}

impl Gateway {
    /// The file of accounts.
    pub fn admin_accounts(&self) -> AdminAccounts {
        AdminAccounts::of(&self.config.data_dir)
    }

    /// Is this one of the accounts?
    pub async fn is_admin(&self, name: String) -> Result<bool, Fault> {
        let accounts = self.admin_accounts();
        blocking(move || Ok(accounts.all().map(|known| known.iter().any(|known| known.name == name)))).await?
    }

    /// Checks name, password and code. A code counts once. Wrong tries are counted by name, and go to the trail.
    pub async fn log_in_admin(&self, keys: AdminKeys) -> Result<AdminLogin, Fault> {
        let now = self.clock.now();
        if !self.admin_tries.take(&keys.name, now) {
            self.note_admin(&keys.name, "sign-in-too-many-tries").await?;
            return Ok(AdminLogin::TooManyTries);
        }
        let (accounts, name) = (self.admin_accounts(), keys.name.clone());
        // The hash costs as much for nobody as for somebody; one at a time, so that nobody can fill the memory with them.
        let _one = self.admin_tries.one_at_a_time().await?;
        let right = blocking(move || Ok(check(&accounts, &keys, now))).await??;
        if right {
            self.admin_tries.give_back(&name);
        }
        self.note_admin(&name, if right { "sign-in" } else { "sign-in-wrong" }).await?;
        Ok(if right { AdminLogin::Welcome } else { AdminLogin::Wrong })
    }

    /// A line about who tried to come in. Names that nobody could have are not written.
    pub async fn note_admin(&self, name: &str, act: &'static str) -> Result<(), Fault> {
        let admin = if is_admin_name(name) { name.to_owned() } else { "?".to_owned() };
        let event = TrailEvent::Operator { admin, act, about: String::new(), reason: String::new() };
        self.trail(None, &event).await
    }
}

/// Password first, then the code, which is used up only where the password was right.
fn check(accounts: &AdminAccounts, keys: &AdminKeys, now: Timestamp) -> Result<bool, Fault> {
    let known = accounts.all()?.into_iter().find(|known| known.name == keys.name);
    let hash = known.as_ref().map(|known| PasswordHash::from_store(known.password_hash.clone()));
    let could_be_right = hash.is_some();
    let hash = hash.unwrap_or_else(PasswordHash::of_nobody);
    let right = password::verify(&hash, &keys.password).map_err(Fault::Worker)?;
    if !right || !could_be_right {
        return Ok(false);
    }
    let code: String = keys.code.chars().filter(|sign| !sign.is_whitespace()).collect();
    let used = accounts.change(|known| {
        let account = known.iter_mut().find(|known| known.name == keys.name && known.password_hash == hash.as_str())?;
        let secret = TotpSecret::from_base32(&account.totp)?;
        account.last_step = secret.step_of(&code, now.seconds(), account.last_step)?;
        Some(())
    })?;
    Ok(used.is_some())
}

#[cfg(test)]
mod tests;
