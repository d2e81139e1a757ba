//! What admins ask about the stored graph: names of groups, and everybody's memberships in a school.

use std::collections::HashMap;

use super::{GroupRow, group_of_row, profile_of_column, users_rule_of_column};
use crate::model::{Group, GroupId, Membership, Profile, SchoolId, UserId};
use crate::store::{StoreError, Tx, json_list, on_engine, sql};

/// A school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct School {
    pub id: SchoolId,
    pub uai: String,
    pub name: String,
}

/// All schools, by UAI.
pub async fn schools(tx: &mut Tx<'_>) -> Result<Vec<School>, StoreError> {
    let sql = "select id, uai, name from school order by uai, id";
    let rows: Vec<(String, String, String)> = on_engine!(tx, |c| sqlx::query_as(sql).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(id, uai, name)| School { id: SchoolId::new(id), uai, name }).collect())
}

const SCHOOLS_OF: &str = "
    select s.id, s.uai, s.name from user_school us join school s on s.id = us.school_id
    where us.user_id = $1 order by s.name, s.id";

/// Somebody's schools, by name.
pub async fn schools_of(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<School>, StoreError> {
    let rows: Vec<(String, String, String)> =
        on_engine!(tx, |c| sqlx::query_as(SCHOOLS_OF).bind(user.as_str()).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(id, uai, name)| School { id: SchoolId::new(id), uai, name }).collect())
}

/// Names of groups by id.
pub async fn group_names(tx: &mut Tx<'_>, groups: &[GroupId]) -> Result<HashMap<GroupId, String>, StoreError> {
    let statement = sql!(
        tx,
        "select g.id, g.name from ",
        texts "$1",
        " as list join ent_group g on g.id = list.item"
    );
    let groups = json_list(&groups.iter().map(GroupId::as_str).collect::<Vec<_>>());
    let rows: Vec<(String, String)> = on_engine!(tx, |c| sqlx::query_as(statement).bind(groups).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(id, name)| (GroupId::new(id), name)).collect())
}

const GROUPS: &str = concat!(
    "select ",
    super::group_columns!(),
    " from ent_group g where g.school_id = $1 and not g.closed order by g.name, g.id"
);

/// The open groups of a school.
pub async fn groups_of_school(tx: &mut Tx<'_>, school: &SchoolId) -> Result<Vec<Group>, StoreError> {
    let rows: Vec<GroupRow> = on_engine!(tx, |c| sqlx::query_as(GROUPS).bind(school.as_str()).fetch_all(c).await)?;
    rows.into_iter().map(group_of_row).collect()
}

const PEOPLE: &str = "
    select u.id, u.profile from user_school s join ent_user u on u.id = s.user_id
    where s.school_id = $1 and not u.suspended";
const MEMBERS: &str = "
    select m.user_id, m.group_id
    from user_school s
    join ent_user u on u.id = s.user_id
    join group_member m on m.user_id = u.id
    where s.school_id = $1 and not u.suspended
    order by m.user_id, m.group_id";
const MEMBERSHIPS: &str = "
    select g.id, g.users_rule, g.closed, r.to_group_id
    from ent_group g left join communication_rule r on r.from_group_id = g.id
    where g.id in (
        select m.group_id from user_school s join group_member m on m.user_id = s.user_id where s.school_id = $1
    )
    order by g.id";

/// A person's profile, and the groups that he is in.
pub type Person = (Profile, Vec<GroupId>);

/// The people of a school who are not suspended, and what belonging to each of their groups gives.
pub async fn people_of_school(
    tx: &mut Tx<'_>,
    school: &SchoolId,
) -> Result<(Vec<Person>, HashMap<GroupId, Membership>), StoreError> {
    let people: Vec<(String, String)> =
        on_engine!(tx, |c| sqlx::query_as(PEOPLE).bind(school.as_str()).fetch_all(c).await)?;
    let members: Vec<(String, String)> =
        on_engine!(tx, |c| sqlx::query_as(MEMBERS).bind(school.as_str()).fetch_all(c).await)?;
    let memberships: Vec<(String, String, bool, Option<String>)> =
        on_engine!(tx, |c| sqlx::query_as(MEMBERSHIPS).bind(school.as_str()).fetch_all(c).await)?;
    let mut found: HashMap<UserId, Person> = HashMap::new();
    for (id, profile) in people {
        let profile = profile_of_column("ent_user", &id, &profile)?;
        found.insert(UserId::new(id), (profile, Vec::new()));
    }
    for (user, group) in members {
        if let Some((_, groups)) = found.get_mut(&UserId::new(user)) {
            groups.push(GroupId::new(group));
        }
    }
    let mut giving: HashMap<GroupId, Membership> = HashMap::new();
    for (id, users, closed, target) in memberships {
        let users = users_rule_of_column(&id, &users)?;
        let group = GroupId::new(id);
        let entry = giving.entry(group.clone());
        let membership = entry.or_insert_with(|| Membership { group, users, closed, writes_to: Vec::new() });
        membership.writes_to.extend(target.map(GroupId::new));
    }
    Ok((found.into_values().collect(), giving))
}
