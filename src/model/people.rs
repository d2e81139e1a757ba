//! People and groups of the ENT.

use serde::Deserialize;

use super::{GroupId, SchoolId, UserId};

/// What a person is in the school (*profil*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub enum Profile {
    Student,
    Relative,
    Teacher,
    Personnel,
    Guest,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Student, Self::Relative, Self::Teacher, Self::Personnel, Self::Guest];

    /// The column `profile`, and the word in CSV.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Student => "Student",
            Self::Relative => "Relative",
            Self::Teacher => "Teacher",
            Self::Personnel => "Personnel",
            Self::Guest => "Guest",
        }
    }

    /// From the column or the CSV word, whatever its case.
    pub fn from_column(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.column().eq_ignore_ascii_case(text))
    }
}

/// What belonging to a group gives its members (`domain.md` §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UsersRule {
    /// Members use the group's links and are not exposed.
    Incoming,
    /// Members are exposed to those who may reach the group and do not use its links.
    Outgoing,
    /// Both; members see each other and the group.
    Both,
    /// Neither.
    None,
}

impl UsersRule {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Incoming, Self::Outgoing, Self::Both, Self::None];

    /// The column `ent_group.users_rule`, and the word in CSV.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Incoming => "INCOMING",
            Self::Outgoing => "OUTGOING",
            Self::Both => "BOTH",
            Self::None => "NONE",
        }
    }

    /// From the column or the CSV word, whatever its case.
    pub fn from_column(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.column().eq_ignore_ascii_case(text))
    }

    /// May members use the group's links?
    pub const fn uses_links(self) -> bool {
        matches!(self, Self::Incoming | Self::Both)
    }

    /// Are members exposed to those who may reach the group?
    pub const fn exposes_members(self) -> bool {
        matches!(self, Self::Outgoing | Self::Both)
    }
}

/// What a group is for; decides its shown name and its default rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// Automatic: everybody of one profile in a school or a class.
    Profile,
    /// Automatic: head teachers of a class or a school.
    HeadTeachers,
    /// Automatic: the school's direction.
    Direction,
    /// Automatic: a function.
    Function,
    /// Automatic: the school's own admins of the ENT.
    LocalAdmins,
    /// Automatic: a discipline.
    Discipline,
    /// From timetables.
    Functional,
    /// Made by an admin.
    Manual,
    /// Filled automatically; used in Bcc only.
    Broadcast,
}

impl GroupKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Profile,
        Self::HeadTeachers,
        Self::Direction,
        Self::Function,
        Self::LocalAdmins,
        Self::Discipline,
        Self::Functional,
        Self::Manual,
        Self::Broadcast,
    ];

    /// The column `ent_group.kind`, and the word in CSV.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::HeadTeachers => "HeadTeachers",
            Self::Direction => "Direction",
            Self::Function => "Function",
            Self::LocalAdmins => "LocalAdmins",
            Self::Discipline => "Discipline",
            Self::Functional => "Functional",
            Self::Manual => "Manual",
            Self::Broadcast => "Broadcast",
        }
    }

    /// From the column or the CSV word, whatever its case.
    pub fn from_column(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.column().eq_ignore_ascii_case(text))
    }
}

/// A person, as sessions need them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// Made by the ENT: `[0-9a-z.]`, 64 at most.
    pub login: String,
    /// Chosen by the person.
    pub login_alias: Option<String>,
    /// « NOM Prénom ».
    pub display_name: String,
    pub profile: Profile,
    pub suspended: bool,
    /// Octets; `None` = the setting's default.
    pub quota_bytes: Option<u64>,
}

/// A group, as policy and delivery need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub school: Option<SchoolId>,
    /// The group it hangs directly below (a class's group below its school's).
    pub parent: Option<GroupId>,
    pub kind: GroupKind,
    pub profile: Option<Profile>,
    /// « Parents du groupe Terminale A ».
    pub name: String,
    pub users: UsersRule,
    /// Last year's: may not be written to.
    pub closed: bool,
}

/// Somebody's belonging to a group, with what matters of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub group: GroupId,
    pub users: UsersRule,
    /// Last year's group: belonging to it gives nothing any more.
    pub closed: bool,
    /// The groups that this one may write to; left empty where it was not asked for.
    pub writes_to: Vec<GroupId>,
}
