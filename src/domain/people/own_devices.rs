//! What people do with their own devices, on their page: an app password for a new one, and revoking an old one's.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use super::{AppPassword, AppSecret, NewAppPassword, device_name_of, insert_app_password, random};
use crate::domain::{Fault, Gateway};
use crate::model::{TrailEvent, TrailLine, User, UserId};
use crate::sasl::scram::Verifier;
use crate::store::people::credentials;
use crate::store::{Durability, StoreError, Tx};

/// How long a form that comes a second time is answered as the first time: two clicks, or a browser that asks again because
/// the answer got lost.
const AGAIN_WITHIN: Duration = Duration::from_secs(10);
const AGAIN_MAX: u64 = 10_000;

/// Why a person gets no app password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnDeviceRefusal {
    BadName,
    /// The settings give none to the person's profile.
    NotAllowed,
    /// The person has as many as may be.
    TooMany {
        max: usize,
    },
    /// It was made by this form before, and is not shown again.
    MadeBefore,
    /// Whoever it was is there no more.
    NoSuchUser,
}

type Made = Result<NewAppPassword, OwnDeviceRefusal>;

/// App passwords that were made just now, by what their forms said: in memory, for some seconds.
pub struct Shown(Cache<(UserId, String), Made>);

impl Shown {
    pub(in crate::domain) fn new() -> Self {
        Self(Cache::builder().max_capacity(AGAIN_MAX).time_to_live(AGAIN_WITHIN).build())
    }
}

impl Gateway {
    /// May this person make app passwords?
    pub fn may_make_devices(&self, user: &User) -> bool {
        self.config.page.device_profiles.contains(&user.profile)
    }

    /// An id for the app password that a form may make, once: what the form brings back.
    pub fn new_device_id(&self) -> String {
        self.clock.new_id().to_string()
    }

    /// Makes an app password for a device of the person's own. `id`: the form's ([`Gateway::new_device_id`]); it makes one,
    /// however often it comes.
    pub async fn make_own_device(&self, user: &User, id: &str, device_name: &str) -> Result<Made, Fault> {
        let making = Box::pin(self.make_device(user, id, device_name));
        let made = self.shown.0.try_get_with((user.id.clone(), id.to_owned()), making).await;
        made.map_err(|fault: Arc<Fault>| Fault::Worker(format!("an app password: {fault}")))
    }

    async fn make_device(&self, user: &User, id: &str, device_name: &str) -> Result<Made, Fault> {
        if !self.may_make_devices(user) {
            return Ok(Err(OwnDeviceRefusal::NotAllowed));
        }
        let Some(device_name) = device_name_of(device_name) else { return Ok(Err(OwnDeviceRefusal::BadName)) };
        let secret = AppSecret::from_random(random()?);
        let password = self.app_password_of(&user.id, id.to_owned(), device_name);
        let event = TrailEvent::Device { act: "created", device: id.to_owned() };
        let input = Making {
            verifiers: self.app_password_verifiers(&user.id, &secret).await?,
            line: self.trail_line(Some(&user.id), &event),
            hash: secret.hash(),
            max: self.config.page.devices_per_person_max,
            password,
        };
        let password = input.password.clone();
        let made = self.store.write(Durability::Synced, input, |tx, input| Box::pin(make(tx, input))).await?;
        Ok(made.map(|()| NewAppPassword { password, secret: secret.shown() }))
    }

    /// Revokes one of the person's own at once: the device is cut off, on every gateway. `false`: the person has none such in
    /// use.
    pub async fn revoke_own_device(&self, user: &User, id: &str) -> Result<bool, Fault> {
        let event = TrailEvent::Device { act: "revoked", device: id.to_owned() };
        let line = self.trail_line(Some(&user.id), &event);
        self.revoke_telling(&user.id, id, line).await
    }
}

/// An app password that is to be kept.
struct Making {
    password: AppPassword,
    hash: [u8; 32],
    verifiers: Vec<Verifier>,
    line: TrailLine,
    max: usize,
}

async fn make(tx: &mut Tx<'_>, making: &Making) -> Result<Result<(), OwnDeviceRefusal>, StoreError> {
    let Making { password, hash, verifiers, line, max } = making;
    let before = credentials::app_passwords(tx, &password.user).await?;
    if before.iter().any(|other| other.id == password.id) {
        return Ok(Err(OwnDeviceRefusal::MadeBefore));
    }
    if before.iter().filter(|other| other.revoked_at.is_none()).count() >= *max {
        return Ok(Err(OwnDeviceRefusal::TooMany { max: *max }));
    }
    let known = insert_app_password(tx, password, hash, verifiers, line).await?;
    Ok(if known { Ok(()) } else { Err(OwnDeviceRefusal::NoSuchUser) })
}
