//! Addresses → people and groups; may this sender write there?

use super::{Fault, Gateway};
use crate::model::{Address, Group, User};
use crate::sentences::Sentence;

/// Somebody or some group that a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    User(User),
    Group(Group),
}

/// May the sender write to this address?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow(Recipient),
    Refuse(Sentence),
}

impl Gateway {
    /// Judges one recipient of a submission: known? in the ENT? allowed by the rules?
    pub async fn may_write(&self, _sender: &User, _recipient: &Address) -> Result<Verdict, Fault> {
        todo!()
    }

    /// Is this one of the person's own addresses (login, alias, id, at our domain)?
    pub async fn is_own_address(&self, _user: &User, _address: &Address) -> Result<bool, Fault> {
        todo!()
    }
}
