//! A place for the session of somebody who has proved who it is. Whatever way they logged in, they come by here.

use super::{Admission, Caller, LoginRefusal, Welcome};
use crate::domain::{Fault, Gateway};

impl Gateway {
    /// Takes a place for a session of this person, who may have `connections_max` of them. Ask [`Gateway::turned_off`]
    /// after this, not before.
    ///
    /// The session's place comes first and the look at the switch's number second: either what has ended the credential
    /// meanwhile is seen here, or whoever ended it finds the session among those to be cut.
    pub async fn admit(
        &self,
        welcome: &Welcome,
        caller: &Caller,
        connections_max: usize,
    ) -> Result<Result<Admission, LoginRefusal>, Fault> {
        let hold = welcome.credential.hold();
        let Some(admission) = self.logins.sessions.admit(&welcome.user, &hold, caller.wanted(), connections_max) else {
            return Ok(Err(LoginRefusal::TooManyConnections));
        };
        if self.switch.version() != welcome.seen
            && let Some(refusal) = self.ended(&welcome.user.id, &hold).await?
        {
            return Ok(Err(refusal));
        }
        if let Some(refusal) = self.meet(&welcome.user, &welcome.credential, caller).await? {
            return Ok(Err(refusal));
        }
        Ok(Ok(admission))
    }
}
