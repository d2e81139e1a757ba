//! PURE: the rules that hold where a deployment says nothing else (`docs/architecture.md`, communication rules).
//!
//! [`DEFAULT_RULES`] is the table; `import` applies it to a school's groups. What has no line gives nothing
//! ([`UsersRule::None`]) and reaches nobody; it may still be reached.

use crate::model::{GroupKind, Profile, UsersRule};

/// What a group is in its school, as far as the default rules tell groups apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everybody of a profile in the school.
    School(Profile),
    /// Everybody of a profile in a class.
    Class(Profile),
    SchoolHeadTeachers,
    ClassHeadTeachers,
    Direction,
    Functions,
    Disciplines,
    LocalAdmins,
    Functional,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultRule {
    pub group: Role,
    pub users: UsersRule,
    /// Groups of the same school; roles of a class: groups of the same class.
    pub writes_to: &'static [Role],
}

/// The table. A relative and his own pupil are direct links, not a rule.
pub const DEFAULT_RULES: [DefaultRule; 10] = [
    DefaultRule {
        group: Role::School(Profile::Personnel),
        users: UsersRule::Both,
        writes_to: &[
            Role::School(Profile::Teacher),
            Role::School(Profile::Relative),
            Role::School(Profile::Student),
            Role::Functions,
            Role::Disciplines,
            Role::SchoolHeadTeachers,
            Role::Direction,
        ],
    },
    DefaultRule {
        group: Role::School(Profile::Teacher),
        users: UsersRule::Both,
        writes_to: &[
            Role::School(Profile::Personnel),
            Role::School(Profile::Relative),
            Role::School(Profile::Student),
            Role::Functions,
            Role::Disciplines,
            Role::SchoolHeadTeachers,
            Role::Direction,
        ],
    },
    DefaultRule { group: Role::School(Profile::Student), users: UsersRule::Outgoing, writes_to: &[] },
    // Takes effect where a school makes this group INCOMING or BOTH.
    DefaultRule { group: Role::School(Profile::Relative), users: UsersRule::Outgoing, writes_to: &[Role::Direction] },
    DefaultRule { group: Role::Class(Profile::Personnel), users: UsersRule::Outgoing, writes_to: &[] },
    DefaultRule { group: Role::Class(Profile::Teacher), users: UsersRule::Outgoing, writes_to: &[] },
    DefaultRule {
        group: Role::Class(Profile::Student),
        users: UsersRule::Both,
        writes_to: &[Role::Class(Profile::Personnel), Role::Class(Profile::Teacher), Role::ClassHeadTeachers],
    },
    DefaultRule {
        group: Role::Class(Profile::Relative),
        users: UsersRule::Both,
        writes_to: &[
            Role::Class(Profile::Personnel),
            Role::Class(Profile::Student),
            Role::Class(Profile::Teacher),
            Role::ClassHeadTeachers,
        ],
    },
    DefaultRule { group: Role::LocalAdmins, users: UsersRule::Both, writes_to: &[] },
    DefaultRule { group: Role::Functional, users: UsersRule::Both, writes_to: &[] },
];

impl Role {
    /// The role of a group; `None` where the table knows nothing of such groups.
    pub fn of(kind: GroupKind, profile: Option<Profile>, in_class: bool) -> Option<Self> {
        match (kind, profile, in_class) {
            (GroupKind::Profile, Some(profile), false) => Some(Self::School(profile)),
            (GroupKind::Profile, Some(profile), true) => Some(Self::Class(profile)),
            (GroupKind::HeadTeachers, _, false) => Some(Self::SchoolHeadTeachers),
            (GroupKind::HeadTeachers, _, true) => Some(Self::ClassHeadTeachers),
            (GroupKind::Direction, ..) => Some(Self::Direction),
            (GroupKind::Function, ..) => Some(Self::Functions),
            (GroupKind::Discipline, ..) => Some(Self::Disciplines),
            (GroupKind::LocalAdmins, ..) => Some(Self::LocalAdmins),
            (GroupKind::Functional, ..) => Some(Self::Functional),
            (GroupKind::Profile, None, _) | (GroupKind::Manual | GroupKind::Broadcast, ..) => None,
        }
    }

    /// Is it a role in a class?
    pub const fn is_of_class(self) -> bool {
        matches!(self, Self::Class(_) | Self::ClassHeadTeachers)
    }

    /// This role's line.
    pub fn default_rule(self) -> Option<&'static DefaultRule> {
        DEFAULT_RULES.iter().find(|rule| rule.group == self)
    }
}
