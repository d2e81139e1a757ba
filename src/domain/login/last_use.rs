//! When each device was last used, how, and by which client. Cheap: a device that comes all day is noted once an hour; a new
//! protocol or a new client's name at once, and once a minute at most, however often a client changes its name.

use std::time::Duration;

use moka::future::Cache;

use super::Caller;
use crate::domain::Gateway;
use crate::model::{LastUse, Timestamp};
use crate::store::Durability;
use crate::store::people::credentials::{self, AppPassword};

/// How exactly the last use of an app password is kept, microseconds.
const LAST_USE_GRAIN: i64 = 3_600 * 1_000_000;
/// How often a change of protocol or name is noted, microseconds.
const CHANGE_GRAIN: i64 = 60 * 1_000_000;
/// Devices whose last note is remembered.
const NOTED_MAX: u64 = 200_000;

/// What this gateway noted lately, by app password: newer than what the session read when it logged in.
pub(super) struct Noted(Cache<String, Note>);

#[derive(Clone)]
struct Note {
    last: LastUse,
    /// When the protocol or the name last changed.
    changed_at: Option<Timestamp>,
}

impl Noted {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(NOTED_MAX).time_to_live(Duration::from_secs(3600)).build())
    }

    /// What is to be written of a use, where something is.
    async fn due(&self, device: &AppPassword, caller: &Caller, now: Timestamp) -> Option<LastUse> {
        let noted = self.0.get(&device.id).await;
        let changed_at = noted.as_ref().and_then(|note| note.changed_at);
        let last = noted.map(|note| note.last).or_else(|| device.last_use.clone());
        let since = |then: Timestamp| now.0.saturating_sub(then.0);
        let changes = last.as_ref().is_none_or(|last| {
            last.protocol != caller.protocol() || caller.client().is_some_and(|name| last.client.as_ref() != Some(name))
        });
        let is_due = last.as_ref().is_none_or(|last| since(last.at) >= LAST_USE_GRAIN)
            || changes && changed_at.is_none_or(|changed_at| since(changed_at) >= CHANGE_GRAIN);
        if !is_due {
            return None;
        }
        let client = caller.client().cloned().or_else(|| last.and_then(|last| last.client));
        let last = LastUse { at: now, protocol: caller.protocol(), client };
        let changed_at = if changes { Some(now) } else { changed_at };
        self.0.insert(device.id.clone(), Note { last: last.clone(), changed_at }).await;
        Some(last)
    }
}

impl Gateway {
    /// Notes that a device is used, where that is due. Mail can be read while nothing can be written.
    pub(super) async fn note_use(&self, device: &AppPassword, caller: &Caller) {
        let Some(last) = self.logins.noted.due(device, caller, self.clock.now()).await else { return };
        let note = (device.id.clone(), last);
        let write = self.store.write(Durability::Relaxed, note, |tx, note| Box::pin(credentials::note_use(tx, note)));
        if let Err(error) = write.await {
            self.logins.noted.0.invalidate(&device.id).await;
            tracing::warn!(%error, "the last use of an app password was not noted");
        }
    }
}
