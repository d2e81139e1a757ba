//! PURE: who may write to whom (`docs/architecture.md`, communication rules). Facts in, verdict out.
//!
//! A group says what belonging to it gives ([`UsersRule`]) and which groups its members may write to. What a sender
//! reaches is the union over his groups, whatever the schools they are of. `directory` gathers the facts.

pub mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::model::{GroupId, Membership, UsersRule};

/// The groups that somebody's memberships let him write to, each with that one of his groups through which he may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    targets: BTreeMap<GroupId, GroupId>,
}

/// Who writes.
#[derive(Clone, Debug)]
pub struct SenderFacts {
    pub suspended: bool,
    /// His profile may write to broadcast lists.
    pub writes_to_lists: bool,
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
    /// A message that the sender got or sent lets him answer to this person.
    pub answerable: bool,
    pub memberships: Vec<Membership>,
}

/// A group written to.
#[derive(Clone, Debug)]
pub struct GroupFacts {
    pub id: GroupId,
    /// The group it hangs directly below.
    pub parent: Option<GroupId>,
    pub closed: bool,
    /// A broadcast list: for some profiles only.
    pub is_list: bool,
    /// Nobody in it could receive.
    pub empty: bool,
}

/// What lets a sender write to a person or to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    Oneself,
    /// A direct link from the sender to the person.
    Link,
    /// The sender's group `through` may write to `target`, or is it, its members seeing each other. A person is shown by
    /// `target`; a group is `target` or hangs directly below it.
    Group {
        through: GroupId,
        target: GroupId,
    },
    /// The ENT said so.
    Ent,
    /// A message that the sender got or sent: for an answer to it.
    Answer,
}

/// What the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    Allow(Path),
    Refuse(Why),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    SenderSuspended,
    /// The sender might write there, were the recipient not suspended.
    RecipientSuspended,
    NotAllowed,
    /// A broadcast list, and the sender's profile may write to none.
    ListNotAllowed,
    /// The live ENT decides, and gives no answer.
    EntAway,
    /// Told to everybody: the address of a closed group names nobody.
    GroupClosed,
    /// The sender might write there, were there anybody.
    GroupEmpty,
}

impl Reach {
    /// The groups at the end of the links that these memberships let use, and the own groups whose members see each other.
    pub fn of(memberships: &[Membership]) -> Self {
        let mut targets = BTreeMap::new();
        for membership in memberships.iter().filter(|membership| !membership.closed && membership.users.uses_links()) {
            let own = (membership.users == UsersRule::Both).then_some(&membership.group);
            for target in membership.writes_to.iter().chain(own) {
                targets.entry(target.clone()).or_insert_with(|| membership.group.clone());
            }
        }
        Self { targets }
    }

    /// The groups at the ends of the links.
    pub fn targets(&self) -> impl Iterator<Item = &GroupId> {
        self.targets.keys()
    }

    fn path(&self, target: &GroupId) -> Option<Path> {
        let through = self.targets.get(target)?.clone();
        Some(Path::Group { through, target: target.clone() })
    }

    /// How the group is visible: as a target, or directly below one. A visible group may be written to although its
    /// members are not visible one by one.
    pub fn path_to_group(&self, id: &GroupId, parent: Option<&GroupId>) -> Option<Path> {
        self.path(id).or_else(|| self.path(parent?))
    }

    /// How somebody of these memberships is visible: exposed by a target. Groups below a target expose nobody by that.
    pub fn path_to_member(&self, memberships: &[Membership]) -> Option<Path> {
        exposing(memberships).find_map(|membership| self.path(&membership.group))
    }
}

/// Those memberships by which others see somebody.
pub fn exposing(memberships: &[Membership]) -> impl Iterator<Item = &Membership> {
    memberships.iter().filter(|membership| !membership.closed && membership.users.exposes_members())
}

/// How the school's rules let the sender write to this person.
pub fn path_to_user(sender: &SenderFacts, recipient: &UserFacts) -> Option<Path> {
    if recipient.is_sender {
        return Some(Path::Oneself);
    }
    if recipient.linked {
        return Some(Path::Link);
    }
    sender.reach.path_to_member(&recipient.memberships)
}

/// How the school's rules let the sender write to this group.
pub fn path_to_group(sender: &SenderFacts, group: &GroupFacts) -> Option<Path> {
    sender.reach.path_to_group(&group.id, group.parent.as_ref())
}

/// May the sender write to this person, to whom `path` leads, if anything does?
pub fn may_write_to_user(sender: &SenderFacts, recipient: &UserFacts, path: Option<Path>) -> Ruling {
    if sender.suspended {
        return Ruling::Refuse(Why::SenderSuspended);
    }
    match path.or_else(|| recipient.answerable.then_some(Path::Answer)) {
        None => Ruling::Refuse(Why::NotAllowed),
        Some(_) if recipient.suspended => Ruling::Refuse(Why::RecipientSuspended),
        Some(path) => Ruling::Allow(path),
    }
}

/// May the sender write to this group, to which `path` leads, if anything does? An answer reaches people only.
pub fn may_write_to_group(sender: &SenderFacts, group: &GroupFacts, path: Option<Path>) -> Ruling {
    if sender.suspended {
        return Ruling::Refuse(Why::SenderSuspended);
    }
    if group.closed {
        return Ruling::Refuse(Why::GroupClosed);
    }
    match path {
        None => Ruling::Refuse(Why::NotAllowed),
        Some(_) if group.is_list && !sender.writes_to_lists => Ruling::Refuse(Why::ListNotAllowed),
        Some(_) if group.empty => Ruling::Refuse(Why::GroupEmpty),
        Some(path) => Ruling::Allow(path),
    }
}
