//! SQL of the directory: schools, people, groups, rules, links, addresses, passwords. Called by `domain`.
//!
//! | file | what |
//! | --- | --- |
//! | `directory` | an address → who; the facts that the communication rules judge |
//! | `credentials` | passwords and app passwords |
//! | `finding` | whom somebody reaches, by groups; what a card says of people and groups |
//! | `card_states` | what clients were told of address books |
//! | `admin` | list, show, suspend, resume |
//! | `overview` | what admins ask about a school's groups and rules |
//! | `import` | the whole directory, read and written in bulk |
//! | `rules` | what the table of communication rules made of the stored graph |
//! | `page_sessions` | who is signed in on the person's page |
//! | `scram` | verifiers of passwords, for SCRAM |
//! | `bulk` | many rows a statement |
//! | `departed` | people who left: put aside, then deleted |
//! | `standing` | whether those who are connected may stay |
//! | `years` | school years: opening, closing |

pub mod admin;
mod bulk;
pub mod card_states;
pub mod credentials;
pub mod departed;
pub mod directory;
pub mod finding;
pub mod import;
mod import_state;
pub mod overview;
pub mod page_sessions;
pub mod rules;
pub mod scram;
pub mod standing;
pub mod years;

use super::StoreError;
use crate::model::{Group, GroupId, GroupKind, Profile, SchoolId, User, UserId, UsersRule};

/// The columns that make a [`User`], of `ent_user u`.
macro_rules! user_columns {
    () => {
        "u.id, u.login, u.login_alias, u.display_name, u.profile, u.suspended, u.quota_bytes"
    };
}
pub(crate) use user_columns;

/// The columns that make a [`Group`], of `ent_group g`.
macro_rules! group_columns {
    () => {
        "g.id, g.school_id, g.parent_id, g.kind, g.profile, g.name, g.users_rule, g.closed"
    };
}
pub(crate) use group_columns;

type UserRow = (String, String, Option<String>, String, String, bool, Option<i64>);
type GroupRow = (String, Option<String>, Option<String>, String, Option<String>, String, String, bool);

fn user_of_row(row: UserRow) -> Result<User, StoreError> {
    let (id, login, login_alias, display_name, profile, suspended, quota_bytes) = row;
    let profile = profile_of_column("ent_user", &id, &profile)?;
    let quota_bytes = quota_bytes.map(u64::try_from).transpose().map_err(|_| StoreError::Inconsistent {
        table: "ent_user",
        column: "quota_bytes",
        row: id.clone(),
    })?;
    Ok(User { id: UserId::new(id), login, login_alias, display_name, profile, suspended, quota_bytes })
}

fn group_of_row(row: GroupRow) -> Result<Group, StoreError> {
    let (id, school, parent, kind, profile, name, users, closed) = row;
    Ok(Group {
        kind: kind_of_column(&id, &kind)?,
        profile: profile.map(|profile| profile_of_column("ent_group", &id, &profile)).transpose()?,
        users: users_rule_of_column(&id, &users)?,
        id: GroupId::new(id),
        school: school.map(SchoolId::new),
        parent: parent.map(GroupId::new),
        name,
        closed,
    })
}

fn profile_of_column(table: &'static str, row: &str, text: &str) -> Result<Profile, StoreError> {
    Profile::from_column(text).ok_or_else(|| StoreError::Inconsistent { table, column: "profile", row: row.to_owned() })
}

fn kind_of_column(row: &str, text: &str) -> Result<GroupKind, StoreError> {
    GroupKind::from_column(text).ok_or_else(|| StoreError::Inconsistent {
        table: "ent_group",
        column: "kind",
        row: row.to_owned(),
    })
}

fn users_rule_of_column(row: &str, text: &str) -> Result<UsersRule, StoreError> {
    UsersRule::from_column(text).ok_or_else(|| StoreError::Inconsistent {
        table: "ent_group",
        column: "users_rule",
        row: row.to_owned(),
    })
}
