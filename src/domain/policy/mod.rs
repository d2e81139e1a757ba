//! PURE: who may write to whom (`docs/architecture.md`, communication rules). Facts in, verdict out.
//!
//! A group says what belonging to it gives ([`UsersRule`]) and which groups its members may write to. What a sender
//! reaches is the union over his groups, whatever the schools they are of. `directory` gathers the facts.

pub mod defaults;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::model::{GroupId, Membership, UsersRule};

/// The groups that somebody's memberships let him write to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    targets: HashSet<GroupId>,
}

/// Who writes.
#[derive(Clone, Debug)]
pub struct SenderFacts {
    pub suspended: bool,
    pub reach: Reach,
}

/// A person written to.
#[derive(Clone, Debug)]
pub struct UserFacts {
    /// The sender himself.
    pub is_sender: bool,
    pub suspended: bool,
    /// A direct link leads from the sender to this person.
    pub linked: bool,
    pub memberships: Vec<Membership>,
}

/// A group written to.
#[derive(Clone, Debug)]
pub struct GroupFacts {
    pub id: GroupId,
    /// The group it hangs directly below.
    pub parent: Option<GroupId>,
    pub closed: bool,
    /// Nobody in it could receive.
    pub empty: bool,
}

/// What the rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    Allow,
    Refuse(Why),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    SenderSuspended,
    /// The sender might write there, were the recipient not suspended.
    RecipientSuspended,
    NotAllowed,
    /// Told to everybody: the address of a closed group names nobody.
    GroupClosed,
    /// The sender might write there, were there anybody.
    GroupEmpty,
}

impl Reach {
    /// The groups at the end of the links that these memberships let use, and the own groups whose members see each other.
    pub fn of(memberships: &[Membership]) -> Self {
        let using = memberships.iter().filter(|membership| !membership.closed && membership.users.uses_links());
        let targets = using.flat_map(|membership| {
            let own = (membership.users == UsersRule::Both).then_some(&membership.group);
            membership.writes_to.iter().chain(own)
        });
        Self { targets: targets.cloned().collect() }
    }

    /// Is the group visible: a target, or directly below one? A visible group may be written to although its members
    /// are not visible one by one.
    pub fn shows_group(&self, id: &GroupId, parent: Option<&GroupId>) -> bool {
        self.targets.contains(id) || parent.is_some_and(|parent| self.targets.contains(parent))
    }

    /// Is somebody of these memberships visible: exposed by a target? Groups below a target expose nobody by that.
    pub fn shows_member(&self, memberships: &[Membership]) -> bool {
        memberships.iter().any(|membership| {
            !membership.closed && membership.users.exposes_members() && self.targets.contains(&membership.group)
        })
    }
}

/// May the sender write to this person?
pub fn may_write_to_user(sender: &SenderFacts, recipient: &UserFacts) -> Ruling {
    if sender.suspended {
        return Ruling::Refuse(Why::SenderSuspended);
    }
    if !(recipient.is_sender || recipient.linked || sender.reach.shows_member(&recipient.memberships)) {
        return Ruling::Refuse(Why::NotAllowed);
    }
    if recipient.suspended { Ruling::Refuse(Why::RecipientSuspended) } else { Ruling::Allow }
}

/// May the sender write to this group?
pub fn may_write_to_group(sender: &SenderFacts, group: &GroupFacts) -> Ruling {
    if sender.suspended {
        return Ruling::Refuse(Why::SenderSuspended);
    }
    if group.closed {
        return Ruling::Refuse(Why::GroupClosed);
    }
    if !sender.reach.shows_group(&group.id, group.parent.as_ref()) {
        return Ruling::Refuse(Why::NotAllowed);
    }
    if group.empty { Ruling::Refuse(Why::GroupEmpty) } else { Ruling::Allow }
}
