//! A place for the session of somebody who has proved who it is. Whatever way they logged in, they come by here.

use super::{Admission, LoginRefusal, Welcome};
use crate::domain::{Fault, Gateway};
use crate::model::Use;
use crate::store::Durability;
use crate::store::people::credentials;

/// How exactly the last use of an app password is kept, microseconds.
const LAST_USE_GRAIN: i64 = 3_600 * 1_000_000;

impl Gateway {
    /// Takes a place for a session of this person, who may have `connections_max` of them. Ask [`Gateway::turned_off`]
    /// after this, not before.
    ///
    /// The session's place comes first and the look at the switch's number second: either what has ended the credential
    /// meanwhile is seen here, or whoever ended it finds the session among those to be cut.
    pub async fn admit(
        &self,
        welcome: &Welcome,
        wanted: Use,
        connections_max: usize,
    ) -> Result<Result<Admission, LoginRefusal>, Fault> {
        let hold = welcome.credential.hold();
        let Some(admission) = self.logins.sessions.admit(&welcome.user, &hold, wanted, connections_max) else {
            return Ok(Err(LoginRefusal::TooManyConnections));
        };
        if self.switch.version() != welcome.seen
            && let Some(refusal) = self.ended(&welcome.user.id, &hold).await?
        {
            return Ok(Err(refusal));
        }
        self.note_use(welcome).await;
        Ok(Ok(admission))
    }

    /// Notes when a device was last used.
    async fn note_use(&self, welcome: &Welcome) {
        let (Some(device), now) = (welcome.credential.device(), self.clock.now()) else { return };
        if device.last_used_at.is_some_and(|last| now.0.saturating_sub(last.0) < LAST_USE_GRAIN) {
            return;
        }
        let touched = self.store.write(Durability::Relaxed, (device.id.clone(), now), |tx, (id, now)| {
            Box::pin(credentials::touch_app_password(tx, id, *now))
        });
        // Mail can be read while nothing can be written.
        if let Err(error) = touched.await {
            tracing::warn!(%error, "the last use of an app password was not noted");
        }
    }
}
