//! A place for the session of somebody who has proved who it is. Whatever way they logged in, they come by here.

use super::{Admission, Caller, LoginRefusal, Welcome};
use crate::domain::{Fault, Gateway};
use crate::metrics::{ClientKind, SessionMark, Spoken};
use crate::model::{ClientName, Protocol};

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
        let Some(mut admission) = self.logins.sessions.admit(&welcome.user, &hold, caller.wanted(), connections_max)
        else {
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
        let client = caller.client().or_else(|| welcome.credential.device()?.last_use.as_ref()?.client.as_ref());
        let kind = ClientKind::of(client.map(ClientName::as_str));
        admission.mark = Some(SessionMark::new(&self.metrics, spoken(caller.protocol()), kind));
        Ok(Ok(admission))
    }
}

const fn spoken(protocol: Protocol) -> Spoken {
    match protocol {
        Protocol::Imap => Spoken::Imap,
        Protocol::Smtp => Spoken::Smtp,
        Protocol::Ldap => Spoken::Ldap,
        Protocol::CardDav => Spoken::CardDav,
    }
}
