//! What a group is in its school, as far as the table of communication rules tells groups apart.

use serde::Deserialize;

use super::{GroupKind, Profile};

/// A line of the table is about the groups of one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(from = "RoleWord")]
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

/// A role as the settings write it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RoleWord {
    SchoolStudents,
    SchoolRelatives,
    SchoolTeachers,
    SchoolPersonnel,
    SchoolGuests,
    SchoolHeadTeachers,
    ClassStudents,
    ClassRelatives,
    ClassTeachers,
    ClassPersonnel,
    ClassGuests,
    ClassHeadTeachers,
    Direction,
    Functions,
    Disciplines,
    LocalAdmins,
    FunctionalGroups,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::SchoolStudents => Self::School(Profile::Student),
            RoleWord::SchoolRelatives => Self::School(Profile::Relative),
            RoleWord::SchoolTeachers => Self::School(Profile::Teacher),
            RoleWord::SchoolPersonnel => Self::School(Profile::Personnel),
            RoleWord::SchoolGuests => Self::School(Profile::Guest),
            RoleWord::SchoolHeadTeachers => Self::SchoolHeadTeachers,
            RoleWord::ClassStudents => Self::Class(Profile::Student),
            RoleWord::ClassRelatives => Self::Class(Profile::Relative),
            RoleWord::ClassTeachers => Self::Class(Profile::Teacher),
            RoleWord::ClassPersonnel => Self::Class(Profile::Personnel),
            RoleWord::ClassGuests => Self::Class(Profile::Guest),
            RoleWord::ClassHeadTeachers => Self::ClassHeadTeachers,
            RoleWord::Direction => Self::Direction,
            RoleWord::Functions => Self::Functions,
            RoleWord::Disciplines => Self::Disciplines,
            RoleWord::LocalAdmins => Self::LocalAdmins,
            RoleWord::FunctionalGroups => Self::Functional,
        }
    }
}

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
}
