//! What admins do with people: find, list, show, suspend and resume, passwords, app passwords. Data, not text.

pub mod departed;
mod device_words;
mod own_devices;
pub mod rights;

pub use self::device_words::{DeviceWords, WordsRefusal};
pub use self::own_devices::{OwnDeviceRefusal, Shown};
use super::login::app_secret::AppSecret;
pub use super::login::password::PasswordHash;
use super::login::random;
use super::{Fault, Gateway};
use crate::model::{Address, Group, Profile, Secret, TrailEvent, TrailLine, User, UserId, WordChoice};
use crate::sasl::scram::Verifier;
use crate::sentences::Sentence;
pub use crate::store::people::credentials::AppPassword;
use crate::store::people::{admin, credentials, directory, scram};
use crate::store::{Durability, StoreError, Tx, switch, trail};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest name of a device, in characters.
pub const DEVICE_NAME_CHARS_MAX: usize = 100;

/// Whom to list.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Words of the name or the login, in any order; accents, case, hyphens and apostrophes do not count.
    pub text: Option<String>,
    pub profile: Option<Profile>,
}

/// A person, for an admin. What the mailboxes take is [`Gateway::quota`]'s answer.
#[derive(Clone, Debug)]
pub struct UserDetails {
    pub user: User,
    /// In the school's records.
    pub external_id: String,
    pub suspended_reason: Option<String>,
    pub schools: Vec<String>,
    /// `local@domain`, the shown one first.
    pub addresses: Vec<String>,
    pub groups: Vec<Group>,
    /// Revoked ones too.
    pub app_passwords: Vec<AppPassword>,
    /// On this gateway.
    pub sessions: usize,
}

/// An app password, with the secret that is shown now and never again.
#[derive(Clone, Debug)]
pub struct NewAppPassword {
    pub password: AppPassword,
    /// As it is to be shown: `abcd-efgh-…`.
    pub secret: Secret,
}

/// Why a password cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    #[error("the password must have at least {chars_min} characters")]
    TooShort { chars_min: usize },
    #[error(
        "the name of the device must have 1 to {DEVICE_NAME_CHARS_MAX} characters, none of them a control character"
    )]
    BadDeviceName,
    #[error("there is no such person")]
    NoSuchUser,
}

impl Gateway {
    /// A person by login, alias, id or address, in any case.
    pub async fn find_user(&self, name: &str) -> Result<Option<User>, Fault> {
        let name = self.local_part_of_name(name);
        Ok(self.store.read(name, |tx, name| Box::pin(directory::user_by_local_part(tx, name))).await?)
    }

    /// The people that a filter lets through, by login.
    pub async fn users(&self, filter: &UserFilter) -> Result<Vec<User>, Fault> {
        let mut users = self.store.read(filter.profile, |tx, profile| Box::pin(admin::users(tx, *profile))).await?;
        if let Some(text) = &filter.text {
            let words: Vec<String> = text.split_whitespace().map(folded).collect();
            users.retain(|user| is_named(user, &words));
        }
        Ok(users)
    }

    /// Everything about a person; `None` where there is none.
    pub async fn user_details(&self, user: &UserId) -> Result<Option<UserDetails>, Fault> {
        let details = self.store.read_snapshot(user.clone(), |tx, user| Box::pin(details(tx, user))).await?;
        Ok(details.map(|mut details| {
            for local_part in &mut details.addresses {
                *local_part = format!("{local_part}@{}", self.config.domain);
            }
            details.sessions = self.logins.sessions.count(user);
            details
        }))
    }

    /// The address that a person is shown with.
    pub fn primary_address(&self, user: &User) -> Option<Address> {
        Address::parse(&format!("{}@{}", user.login, self.config.domain))
    }

    /// Suspends a person at once: no login, no sending, no receiving; sessions are cut. `false`: there is no such person.
    pub async fn suspend_user(&self, user: &UserId, reason: &str) -> Result<bool, Fault> {
        let known = self.set_suspended(user, Some(reason.to_owned())).await?;
        self.logins.sessions.cut(user, &Sentence::AccountSuspended);
        Ok(known)
    }

    /// Lets a suspended person come back. `false`: there is no such person.
    pub async fn resume_user(&self, user: &UserId) -> Result<bool, Fault> {
        self.set_suspended(user, None).await
    }

    /// The trail's line about what an admin does to somebody.
    fn admin_line(&self, user: &UserId, act: &'static str, detail: &str) -> TrailLine {
        self.trail_line(Some(user), &TrailEvent::Admin { act, detail: detail.to_owned() })
    }

    async fn set_suspended(&self, user: &UserId, reason: Option<String>) -> Result<bool, Fault> {
        let act = if reason.is_some() { "user-suspend" } else { "user-resume" };
        let line = self.admin_line(user, act, reason.as_deref().unwrap_or_default());
        let known = self
            .store
            .write(Durability::Synced, (user.clone(), reason, line), |tx, (user, reason, line)| {
                Box::pin(async move {
                    let known = admin::set_suspended(tx, user, reason.as_deref()).await?;
                    switch::bump(tx).await?;
                    told(tx, known, line).await
                })
            })
            .await?;
        self.changed_switch();
        Ok(known)
    }

    /// Sets a person's password. The old one is worth nothing at once, on every gateway: all sessions are cut, but those of
    /// app passwords.
    pub async fn set_password(&self, user: &UserId, password: Secret) -> Result<Result<(), PasswordRefusal>, Fault> {
        let hash = match self.hash_password(password.clone()).await? {
            Ok(hash) => hash,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let users = std::slice::from_ref(user);
        let known = self.set_password_hash(users, hash.clone()).await?;
        self.keep_verifiers(users, &hash, &password).await?;
        Ok(if known == 1 { Ok(()) } else { Err(PasswordRefusal::NoSuchUser) })
    }

    /// Hashes a password, once for as many people as [`Gateway::set_password_hash`] gives it to.
    pub async fn hash_password(&self, password: Secret) -> Result<Result<PasswordHash, PasswordRefusal>, Fault> {
        let chars_min = self.config.login.password_chars_min;
        if String::from_utf8_lossy(password.expose()).chars().count() < chars_min {
            return Ok(Err(PasswordRefusal::TooShort { chars_min }));
        }
        Ok(Ok(self.logins.hash(password).await?))
    }

    /// Gives people a password that was hashed before; sessions as with [`Gateway::set_password`]. How many people there are.
    pub async fn set_password_hash(&self, users: &[UserId], hash: PasswordHash) -> Result<usize, Fault> {
        let lines: Vec<TrailLine> = users.iter().map(|user| self.admin_line(user, "set-password", "")).collect();
        let input = (users.to_vec(), hash, lines);
        let known = self
            .store
            .write(Durability::Synced, input, |tx, (users, hash, lines)| {
                Box::pin(async move {
                    switch::bump(tx).await?;
                    let mut known = 0;
                    for (user, line) in users.iter().zip(lines) {
                        let changed = credentials::set_password_hash(tx, user, Some(hash.as_str())).await?;
                        known += usize::from(told(tx, changed, line).await?);
                    }
                    Ok(known)
                })
            })
            .await?;
        self.changed_switch();
        self.see_to_switch().await?;
        Ok(known)
    }

    /// Makes an app password for one device.
    pub async fn create_app_password(
        &self,
        user: &UserId,
        device_name: &str,
    ) -> Result<Result<NewAppPassword, PasswordRefusal>, Fault> {
        let Some(device_name) = device_name_of(device_name) else { return Ok(Err(PasswordRefusal::BadDeviceName)) };
        let secret = AppSecret::from_random(random()?);
        let password = self.app_password_of(user, self.clock.new_id().to_string(), device_name);
        let line = self.admin_line(user, "app-password-create", device_name);
        let verifiers = self.app_password_verifiers(user, &secret).await?;
        let input = (password.clone(), secret.hash(), verifiers, line);
        let known = self
            .store
            .write(Durability::Synced, input, |tx, (password, hash, verifiers, line)| {
                Box::pin(insert_app_password(tx, password, hash, verifiers, line))
            })
            .await?;
        Ok(if known {
            Ok(NewAppPassword { password, secret: secret.shown() })
        } else {
            Err(PasswordRefusal::NoSuchUser)
        })
    }

    /// One that was never used.
    fn app_password_of(&self, user: &UserId, id: String, device_name: &str) -> AppPassword {
        AppPassword {
            id,
            user: user.clone(),
            device_name: device_name.to_owned(),
            created_at: self.clock.now(),
            last_use: None,
            revoked_at: None,
            words: WordChoice::default(),
        }
    }

    /// A person's app passwords, revoked ones too, oldest first.
    pub async fn app_passwords(&self, user: &UserId) -> Result<Vec<AppPassword>, Fault> {
        Ok(self.store.read(user.clone(), |tx, user| Box::pin(credentials::app_passwords(tx, user))).await?)
    }

    /// Revokes an app password at once: this device's sessions are cut, on every gateway. `false`: this person has none such
    /// in use.
    pub async fn revoke_app_password(&self, user: &UserId, id: &str) -> Result<bool, Fault> {
        self.revoke_telling(user, id, self.admin_line(user, "app-password-revoke", id)).await
    }

    /// The same, with the trail's line about it.
    pub(in crate::domain) async fn revoke_telling(
        &self,
        user: &UserId,
        id: &str,
        line: TrailLine,
    ) -> Result<bool, Fault> {
        let input = (user.clone(), id.to_owned(), self.clock.now(), line);
        let revoked = self
            .store
            .write(Durability::Synced, input, |tx, (user, id, now, line)| {
                Box::pin(async move {
                    let revoked = credentials::revoke_app_password(tx, user, id, *now).await?;
                    if revoked {
                        switch::bump(tx).await?;
                    }
                    told(tx, revoked, line).await
                })
            })
            .await?;
        self.changed_switch();
        self.see_to_switch().await?;
        Ok(revoked)
    }
}

/// What a device may be called, without what stands around it.
fn device_name_of(written: &str) -> Option<&str> {
    let name = written.trim();
    let fits = (1..=DEVICE_NAME_CHARS_MAX).contains(&name.chars().count());
    (fits && !name.chars().any(char::is_control)).then_some(name)
}

async fn insert_app_password(
    tx: &mut Tx<'_>,
    password: &AppPassword,
    hash: &[u8; 32],
    verifiers: &[Verifier],
    line: &TrailLine,
) -> Result<bool, StoreError> {
    if directory::user_by_id(tx, &password.user).await?.is_none() {
        return Ok(false);
    }
    credentials::insert_app_password(tx, password, hash).await?;
    for verifier in verifiers {
        scram::add(tx, &password.user, Some(&password.id), verifier).await?;
    }
    told(tx, true, line).await
}

/// Writes the trail's line about something, where it was done. Gives back whether it was.
async fn told(tx: &mut Tx<'_>, done: bool, line: &TrailLine) -> Result<bool, StoreError> {
    if done {
        trail::add(tx, line).await?;
    }
    Ok(done)
}

async fn details(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<UserDetails>, StoreError> {
    let Some(user) = directory::user_by_id(tx, id).await? else { return Ok(None) };
    let Some((suspended_reason, external_id)) = admin::suspension_and_external_id(tx, id).await? else {
        return Ok(None);
    };
    Ok(Some(UserDetails {
        user,
        external_id,
        suspended_reason,
        schools: admin::schools_of_user(tx, id).await?,
        addresses: admin::addresses_of_user(tx, id).await?,
        groups: admin::groups_of_user(tx, id).await?,
        app_passwords: credentials::app_passwords(tx, id).await?,
        sessions: 0,
    }))
}

/// Is every word part of the person's name, written either way round, or of the login?
fn is_named(user: &User, words: &[String]) -> bool {
    let parts: Vec<String> = user.display_name.split_whitespace().map(folded).collect();
    let forwards = parts.concat();
    let backwards: String = parts.into_iter().rev().collect();
    let login = folded(&user.login);
    words.iter().all(|word| [&forwards, &backwards, &login].into_iter().any(|text| text.contains(word.as_str())))
}

/// Lower case, without accents, hyphens and apostrophes.
fn folded(text: &str) -> String {
    text.nfd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '-' | '\'' | '’'))
        .flat_map(char::to_lowercase)
        .collect()
}
