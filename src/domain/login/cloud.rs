//! Mail apps whose maker's servers hold the password: what becomes of them, by the person's profile (`config::apps`).
//!
//! RFC 2971 §3 wants nothing to hang on ID. A school that must not hand its pupils' letters to others asks for it all the
//! same (`docs/decisions.md`). ID can lie, and so the networks of the makers' servers are looked at too.

use std::time::Duration;

use moka::future::Cache;

use super::caller::KnownApp;
use super::tries::Origin;
use super::{Caller, Credential, Login, LoginRefusal};
use crate::config::AppPolicy;
use crate::domain::{Fault, Gateway};
use crate::model::{Profile, Secret, Timestamp, TrailEvent, User, UserId};
use crate::store::people::credentials::{self, AppPassword, ToldOfApp};
use crate::store::{Durability, StoreError, trail};

/// Uses of apps that are known to have been told.
const TOLD_MAX: u64 = 200_000;
/// How long, before the store is asked again.
const TOLD_FOR: Duration = Duration::from_secs(24 * 3600);

/// Of whose use of which app it is known that it was told: an app that comes every minute costs nothing.
pub(super) struct Told(Cache<(UserId, String, &'static str), ()>);

impl Told {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(TOLD_MAX).time_to_live(TOLD_FOR).build())
    }
}

/// What became of the app.
const WARNED: &str = "warned";
const REFUSED: &str = "refused";
const REVOKED: &str = "revoked";

impl Gateway {
    /// [`Gateway::log_in`] of a client that may not be let so far: an app that was recognised and is refused is sent away
    /// before its password is looked at. An app password is revoked all the same.
    pub(super) async fn try_password(&self, caller: &Caller, name: &str, password: &Secret) -> Result<Login, Fault> {
        let refuses = |profile: &Profile| self.config.apps.policy(*profile) == AppPolicy::Refuse;
        if let Some(app) = caller.app()
            && Profile::ALL.iter().any(refuses)
        {
            let known = self.look_up(name).await?;
            let profile = known.account.as_ref().map(|account| account.user.profile);
            if profile.or_else(|| self.profile_of_nobody(&known.name)).is_some_and(|profile| refuses(&profile)) {
                let device = self.app_password(known.account.as_ref(), password).await?;
                if let Some(account) = &known.account {
                    self.turn_away(&account.user, device.as_ref(), caller, app, device.is_some()).await?;
                }
                return Ok(Login::Refused(LoginRefusal::CloudApp));
            }
        }
        self.log_in_at(Some(Origin::of(caller.address())), name, password).await
    }

    /// Somebody who has logged in is connected with what this client says it is: notes the device's use, and gives the
    /// refusal where it is an app that may not be used. Whenever the client says something new of itself.
    pub async fn meet(
        &self,
        user: &User,
        credential: &Credential,
        caller: &Caller,
    ) -> Result<Option<LoginRefusal>, Fault> {
        if let Some(device) = credential.device() {
            self.note_use(device, caller).await;
        }
        let Some(app) = caller.app() else { return Ok(None) };
        match self.config.apps.policy(user.profile) {
            AppPolicy::Off => Ok(None),
            AppPolicy::Warn => {
                // Nobody is kept out because nothing can be written.
                if let Err(fault) = self.warn(user, caller, app).await {
                    tracing::warn!(%fault, user = %user.id, app = app.name, "nobody was told of an app");
                }
                Ok(None)
            }
            AppPolicy::Refuse => {
                self.turn_away(user, credential.device(), caller, app, true).await?;
                Ok(Some(LoginRefusal::CloudApp))
            }
        }
    }

    /// A name that is nobody's is taken for somebody's of some profile, always the same, so that the answer does not tell
    /// whether there is such a person.
    fn profile_of_nobody(&self, name: &str) -> Option<Profile> {
        let key = self.logins.account_key("profile", name);
        let number = usize::from(*key.first()?) % Profile::ALL.len();
        Profile::ALL.get(number).copied()
    }

    async fn warn(&self, user: &User, caller: &Caller, app: &KnownApp) -> Result<(), Fault> {
        if self.tell(user, caller, app, WARNED, true).await? && self.config.apps.letter {
            self.warn_by_letter(user, &app.name).await?;
        }
        Ok(())
    }

    async fn turn_away(
        &self,
        user: &User,
        device: Option<&AppPassword>,
        caller: &Caller,
        app: &KnownApp,
        proven: bool,
    ) -> Result<(), Fault> {
        tracing::info!(user = %user.id, app = app.name, by = app.by, proven, "refused: the app's maker holds the password");
        if let Some(device) = device.filter(|_| self.config.apps.revoke) {
            let line = self.trail_line(Some(&user.id), &event(REVOKED, caller, app, true, Some(device)));
            self.revoke_telling(&user.id, &device.id, line).await?;
        }
        self.tell(user, caller, app, REFUSED, proven).await.map(drop)
    }

    /// Writes the trail's line, where the last one is old. Was it?
    async fn tell(
        &self,
        user: &User,
        caller: &Caller,
        app: &KnownApp,
        act: &'static str,
        proven: bool,
    ) -> Result<bool, Fault> {
        let key = (user.id.clone(), app.name.clone(), act);
        if self.logins.told.0.contains_key(&key) {
            return Ok(false);
        }
        let now = self.clock.now();
        let days = i64::from(self.config.apps.again_after_days);
        let since = Timestamp(now.0.saturating_sub(days.saturating_mul(24 * 3600 * 1_000_000)));
        let told = ToldOfApp { user: user.id.clone(), app: app.name.clone(), act, now, since };
        let line = self.trail_line(Some(&user.id), &event(act, caller, app, proven, None));
        let write = self.store.write(Durability::Synced, (told, line), |tx, (told, line)| {
            Box::pin(async move {
                let is_due = credentials::tell_of_app(tx, told).await?;
                if is_due {
                    trail::add(tx, line).await?;
                }
                Ok::<_, StoreError>(is_due)
            })
        });
        let is_due = write.await?;
        self.logins.told.0.insert(key, ()).await;
        Ok(is_due)
    }
}

fn event(act: &'static str, caller: &Caller, app: &KnownApp, proven: bool, device: Option<&AppPassword>) -> TrailEvent {
    TrailEvent::App {
        act,
        app: app.name.clone(),
        known_by: app.by,
        protocol: caller.protocol().column(),
        proven,
        device: device.map(|device| device.id.clone()),
    }
}
