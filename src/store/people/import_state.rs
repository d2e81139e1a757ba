//! The whole directory as it stands, in memory: what an import compares its files with.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{kind_of_column, profile_of_column, users_rule_of_column};
use crate::model::{GroupId, GroupKind, Profile, SchoolId, UserId, UsersRule};
use crate::store::{StoreError, Tx, on_engine};

/// A school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchoolRecord {
    pub id: SchoolId,
    pub uai: String,
    pub name: String,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRecord {
    pub id: String,
    pub school: SchoolId,
    pub name: String,
}

/// A person, as far as an import decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecord {
    pub id: UserId,
    pub external_id: String,
    pub login: String,
    pub alias: Option<String>,
    pub display_name: String,
    pub first_name: String,
    pub last_name: String,
    pub profile: Profile,
    /// The reason, where the person is suspended.
    pub suspended: Option<String>,
    /// The files no longer name the person.
    pub left: bool,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRecord {
    pub id: GroupId,
    pub school: Option<SchoolId>,
    pub class: Option<String>,
    pub parent: Option<GroupId>,
    pub kind: GroupKind,
    pub profile: Option<Profile>,
    pub name: String,
    pub users: UsersRule,
    pub closed: bool,
    /// The school year that was closed with this group in it.
    pub closed_year: Option<i64>,
}

/// Whose an address is, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AddressOwner {
    User(UserId),
    Group(GroupId),
}

/// The directory.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    pub schools: HashMap<SchoolId, SchoolRecord>,
    pub classes: HashMap<String, ClassRecord>,
    pub people: HashMap<UserId, PersonRecord>,
    pub schools_of: HashMap<UserId, BTreeSet<SchoolId>>,
    pub groups: HashMap<GroupId, GroupRecord>,
    pub members: HashMap<GroupId, HashSet<UserId>>,
    pub rules: HashSet<(GroupId, GroupId)>,
    pub links: HashSet<(UserId, UserId)>,
    /// Local part → whose it is, and whether it is the one that is shown.
    pub addresses: HashMap<String, (AddressOwner, bool)>,
    /// Accounts that were deleted: their ids and addresses are nobody's for ever.
    pub deleted: HashSet<UserId>,
}

/// Keeps other imports and changes of people out until the transaction ends; reading and delivering go on.
/// SQLite has one writer anyway.
pub async fn lock_directory(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(connection) => {
            sqlx::query("lock table ent_user, address in share row exclusive mode").execute(&mut **connection).await?;
            Ok(())
        }
    }
}

/// How often the directory has changed.
pub async fn directory_version(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let sql = "select version from directory_clock where id = 1";
    let (version,): (i64,) = on_engine!(tx, |c| sqlx::query_as(sql).fetch_one(c).await)?;
    Ok(version)
}

/// The directory changes with this transaction.
pub async fn count_change(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let sql = "update directory_clock set version = version + 1 where id = 1";
    on_engine!(tx, |c| sqlx::query(sql).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Reads the whole directory.
pub async fn load_directory(tx: &mut Tx<'_>) -> Result<Directory, StoreError> {
    let mut directory = Directory::default();
    load_schools(tx, &mut directory).await?;
    load_people(tx, &mut directory).await?;
    load_groups(tx, &mut directory).await?;
    load_relations(tx, &mut directory).await?;
    load_addresses(tx, &mut directory).await?;
    Ok(directory)
}

type Triple = (String, String, String);

async fn load_schools(tx: &mut Tx<'_>, directory: &mut Directory) -> Result<(), StoreError> {
    let schools: Vec<Triple> =
        on_engine!(tx, |c| sqlx::query_as("select id, uai, name from school").fetch_all(c).await)?;
    for (id, uai, name) in schools {
        let id = SchoolId::new(id);
        directory.schools.insert(id.clone(), SchoolRecord { id, uai, name });
    }
    let classes: Vec<Triple> =
        on_engine!(tx, |c| sqlx::query_as("select id, school_id, name from school_class").fetch_all(c).await)?;
    for (id, school, name) in classes {
        directory.classes.insert(id.clone(), ClassRecord { id, school: SchoolId::new(school), name });
    }
    Ok(())
}

const PEOPLE: &str = "
    select id, external_id, login, login_alias, display_name, first_name, last_name, profile
         , suspended, suspended_reason, left_at is not null
    from ent_user where deleted_at is null";

type PersonRow = (String, String, String, Option<String>, String, String, String, String, bool, Option<String>, bool);

async fn load_people(tx: &mut Tx<'_>, directory: &mut Directory) -> Result<(), StoreError> {
    let people: Vec<PersonRow> = on_engine!(tx, |c| sqlx::query_as(PEOPLE).fetch_all(c).await)?;
    for (id, external_id, login, alias, display_name, first_name, last_name, profile, suspended, reason, left) in people
    {
        let profile = profile_of_column("ent_user", &id, &profile)?;
        let suspended = suspended.then(|| reason.unwrap_or_default());
        let id = UserId::new(id);
        let person = PersonRecord {
            id: id.clone(),
            external_id,
            login,
            alias,
            display_name,
            first_name,
            last_name,
            profile,
            suspended,
            left,
        };
        directory.people.insert(id, person);
    }
    let deleted: Vec<(String,)> =
        on_engine!(tx, |c| sqlx::query_as("select id from ent_user where deleted_at is not null").fetch_all(c).await)?;
    directory.deleted = deleted.into_iter().map(|(id,)| UserId::new(id)).collect();
    for (user, school) in pairs(tx, "select user_id, school_id from user_school").await? {
        directory.schools_of.entry(UserId::new(user)).or_default().insert(SchoolId::new(school));
    }
    Ok(())
}

const GROUPS: &str = "
    select id, school_id, class_id, parent_id, kind, profile, name, users_rule, closed, closed_year
    from ent_group";

type GroupRow =
    (String, Option<String>, Option<String>, Option<String>, String, Option<String>, String, String, bool, Option<i64>);

async fn load_groups(tx: &mut Tx<'_>, directory: &mut Directory) -> Result<(), StoreError> {
    let groups: Vec<GroupRow> = on_engine!(tx, |c| sqlx::query_as(GROUPS).fetch_all(c).await)?;
    for (id, school, class, parent, kind, profile, name, users, closed, closed_year) in groups {
        let kind = kind_of_column(&id, &kind)?;
        let profile = profile.map(|profile| profile_of_column("ent_group", &id, &profile)).transpose()?;
        let users = users_rule_of_column(&id, &users)?;
        let id = GroupId::new(id);
        let group = GroupRecord {
            id: id.clone(),
            school: school.map(SchoolId::new),
            class,
            parent: parent.map(GroupId::new),
            kind,
            profile,
            name,
            users,
            closed,
            closed_year,
        };
        directory.groups.insert(id, group);
    }
    Ok(())
}

async fn load_relations(tx: &mut Tx<'_>, directory: &mut Directory) -> Result<(), StoreError> {
    for (group, user) in pairs(tx, "select group_id, user_id from group_member").await? {
        directory.members.entry(GroupId::new(group)).or_default().insert(UserId::new(user));
    }
    let rules = pairs(tx, "select from_group_id, to_group_id from communication_rule").await?;
    directory.rules = rules.into_iter().map(|(from, to)| (GroupId::new(from), GroupId::new(to))).collect();
    let links = pairs(tx, "select from_user_id, to_user_id from direct_link").await?;
    directory.links = links.into_iter().map(|(from, to)| (UserId::new(from), UserId::new(to))).collect();
    Ok(())
}

async fn pairs(tx: &mut Tx<'_>, sql: &'static str) -> Result<Vec<(String, String)>, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query_as(sql).fetch_all(c).await)?)
}

type AddressRow = (String, Option<String>, Option<String>, bool);

async fn load_addresses(tx: &mut Tx<'_>, directory: &mut Directory) -> Result<(), StoreError> {
    let sql = "select local_part, user_id, group_id, is_primary from address";
    let addresses: Vec<AddressRow> = on_engine!(tx, |c| sqlx::query_as(sql).fetch_all(c).await)?;
    for (local_part, user, group, is_primary) in addresses {
        let owner = match (user, group) {
            (Some(user), None) => AddressOwner::User(UserId::new(user)),
            (None, Some(group)) => AddressOwner::Group(GroupId::new(group)),
            _ => return Err(StoreError::Inconsistent { table: "address", column: "user_id", row: local_part }),
        };
        directory.addresses.insert(local_part, (owner, is_primary));
    }
    Ok(())
}
