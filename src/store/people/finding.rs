//! Whom somebody reaches, group by group, and what a card says of them. `domain::finding` asks in one snapshot, and keeps
//! what it heard for as long as `directory_clock` stands.

use std::collections::HashMap;

use super::{GroupRow, group_of_row, profile_of_column};
use crate::model::{Group, GroupId, Profile, SchoolId, UserId};
use crate::store::{StoreError, Tx, json_list, on_engine, sql};

/// A person by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: UserId,
    pub display_name: String,
    pub first_name: String,
    pub last_name: String,
    pub profile: Profile,
}

/// What a person's card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    pub named: Named,
    /// The local part that is shown.
    pub local_part: String,
}

/// What a group's card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCardRow {
    pub group: Group,
    pub local_part: String,
    pub school: Option<String>,
    pub class: Option<String>,
}

/// The columns that make a [`Named`], of `ent_user u`.
macro_rules! named_columns {
    () => {
        "u.id, u.display_name, u.first_name, u.last_name, u.profile"
    };
}

type NamedRow = (String, String, String, String, String);

fn named((id, display_name, first_name, last_name, profile): NamedRow) -> Result<Named, StoreError> {
    let profile = profile_of_column("ent_user", &id, &profile)?;
    Ok(Named { id: UserId::new(id), display_name, first_name, last_name, profile })
}

const CLOCK: &str = "select version from directory_clock where id = 1";

/// The number that rises with every change of the directory.
pub async fn clock(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let (version,): (i64,) = on_engine!(tx, |c| sqlx::query_as(CLOCK).fetch_one(c).await)?;
    Ok(version)
}

/// Of these groups, those that show their members to whoever may write to them.
pub async fn exposing_groups(tx: &mut Tx<'_>, groups: &[&GroupId]) -> Result<Vec<GroupId>, StoreError> {
    let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
    let statement = sql!(
        tx,
        "select g.id from ",
        texts "$1",
        " as list join ent_group g on g.id = list.item
        where not g.closed and g.users_rule in ('OUTGOING', 'BOTH') order by g.id"
    );
    let rows: Vec<(String,)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(json_list(&groups)).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(id,)| GroupId::new(id)).collect())
}

const MEMBERS: &str = concat!(
    "select ",
    named_columns!(),
    " from group_member m join ent_user u on u.id = m.user_id
    where m.group_id = $1 and not u.suspended"
);

/// The members of a group, nobody who is suspended.
pub async fn members(tx: &mut Tx<'_>, group: &GroupId) -> Result<Vec<Named>, StoreError> {
    let rows: Vec<NamedRow> = on_engine!(tx, |c| sqlx::query_as(MEMBERS).bind(group.as_str()).fetch_all(c).await?);
    rows.into_iter().map(named).collect()
}

const PEOPLE_OF_SCHOOL: &str = concat!(
    "select ",
    named_columns!(),
    " from user_school s join ent_user u on u.id = s.user_id where s.school_id = $1 and not u.suspended"
);

/// The people of a school, nobody who is suspended.
pub async fn people_of_school(tx: &mut Tx<'_>, school: &SchoolId) -> Result<Vec<Named>, StoreError> {
    let rows: Vec<NamedRow> =
        on_engine!(tx, |c| sqlx::query_as(PEOPLE_OF_SCHOOL).bind(school.as_str()).fetch_all(c).await?);
    rows.into_iter().map(named).collect()
}

const SCHOOLS: &str = "select school_id from user_school where user_id = $1 order by school_id";

/// A person's schools.
pub async fn schools(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<SchoolId>, StoreError> {
    let rows: Vec<(String,)> = on_engine!(tx, |c| sqlx::query_as(SCHOOLS).bind(user.as_str()).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(id,)| SchoolId::new(id)).collect())
}

const LINKED: &str = concat!(
    "select ",
    named_columns!(),
    " from direct_link l join ent_user u on u.id = l.to_user_id where l.from_user_id = $1 and not u.suspended
    union
    select ",
    named_columns!(),
    " from ent_user u where u.id = $1 and not u.suspended"
);

/// Whom somebody may write to whatever the groups: those at the end of a direct link, and himself. Nobody who is suspended.
pub async fn linked(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<Named>, StoreError> {
    let rows: Vec<NamedRow> = on_engine!(tx, |c| sqlx::query_as(LINKED).bind(user.as_str()).fetch_all(c).await?);
    rows.into_iter().map(named).collect()
}

/// The columns of a group's card, and what they are read from beside the group `g`: one that is not closed and has somebody
/// in it who could receive.
macro_rules! group_card {
    (columns) => {
        concat!("select ", super::group_columns!(), ", a.local_part, s.name, c.name ")
    };
    (joins) => {
        " join address a on a.group_id = g.id and a.is_primary
        left join school s on s.id = g.school_id
        left join school_class c on c.id = g.class_id
        where not g.closed and exists (
            select 1 from group_member m join ent_user u on u.id = m.user_id where m.group_id = g.id and not u.suspended
        ) "
    };
}

type GroupCardColumns = (
    String,
    Option<String>,
    Option<String>,
    String,
    Option<String>,
    String,
    String,
    bool,
    String,
    Option<String>,
    Option<String>,
);

fn group_card_of_row(row: GroupCardColumns) -> Result<GroupCardRow, StoreError> {
    let (id, school_id, parent, kind, profile, name, users, closed, local_part, school, class) = row;
    let group: GroupRow = (id, school_id, parent, kind, profile, name, users, closed);
    Ok(GroupCardRow { group: group_of_row(group)?, local_part, school, class })
}

/// Of these groups and those directly below them, those that can be written to: open, with somebody in them.
pub async fn visible_groups(tx: &mut Tx<'_>, targets: &[&GroupId]) -> Result<Vec<GroupCardRow>, StoreError> {
    let targets: Vec<&str> = targets.iter().map(|group| group.as_str()).collect();
    let statement = sql!(
        tx,
        concat!(group_card!(columns), "from "),
        texts "$1",
        concat!(
            " as list join ent_group g on g.id = list.item",
            group_card!(joins),
            "union ",
            group_card!(columns),
            "from "
        ),
        texts "$1",
        concat!(" as list join ent_group g on g.parent_id = list.item", group_card!(joins)),
    );
    let rows: Vec<GroupCardColumns> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(json_list(&targets)).fetch_all(c).await?);
    rows.into_iter().map(group_card_of_row).collect()
}

/// The groups of these schools that can be written to: open, with somebody in them.
pub async fn groups_of_schools(tx: &mut Tx<'_>, schools: &[SchoolId]) -> Result<Vec<GroupCardRow>, StoreError> {
    let schools: Vec<&str> = schools.iter().map(SchoolId::as_str).collect();
    let statement = sql!(
        tx,
        concat!(group_card!(columns), "from "),
        texts "$1",
        concat!(" as list join ent_group g on g.school_id = list.item", group_card!(joins)),
    );
    let rows: Vec<GroupCardColumns> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(json_list(&schools)).fetch_all(c).await?);
    rows.into_iter().map(group_card_of_row).collect()
}

const GROUP: &str = concat!(group_card!(columns), "from ent_group g", group_card!(joins), "and g.id = $1");

/// One group's card; `None` where it cannot be written to.
pub async fn group(tx: &mut Tx<'_>, id: &GroupId) -> Result<Option<GroupCardRow>, StoreError> {
    let row: Option<GroupCardColumns> =
        on_engine!(tx, |c| sqlx::query_as(GROUP).bind(id.as_str()).fetch_optional(c).await?);
    row.map(group_card_of_row).transpose()
}

/// What the cards of these people say; of nobody who is suspended.
pub async fn people(tx: &mut Tx<'_>, users: &[&UserId]) -> Result<Vec<PersonRow>, StoreError> {
    let statement = sql!(
        tx,
        concat!("select ", named_columns!(), ", a.local_part from "),
        texts "$1",
        " as list join ent_user u on u.id = list.item join address a on a.user_id = u.id and a.is_primary
        where not u.suspended",
    );
    let rows: Vec<(String, String, String, String, String, String)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(list_of(users)).fetch_all(c).await?);
    rows.into_iter()
        .map(|(id, display_name, first_name, last_name, profile, local_part)| {
            Ok(PersonRow { named: named((id, display_name, first_name, last_name, profile))?, local_part })
        })
        .collect()
}

/// The schools and the classes of these people, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Belonging {
    pub schools: HashMap<UserId, Vec<String>>,
    /// Those of groups that are not closed, of any year's.
    pub classes: HashMap<UserId, Vec<String>>,
}

/// Where these people belong.
pub async fn belonging(tx: &mut Tx<'_>, users: &[&UserId]) -> Result<Belonging, StoreError> {
    let users = list_of(users);
    let schools = sql!(
        tx,
        "select us.user_id, s.name from ",
        texts "$1",
        " as list join user_school us on us.user_id = list.item join school s on s.id = us.school_id
        order by us.user_id, s.name",
    );
    let classes = sql!(
        tx,
        "select distinct m.user_id, c.name from ",
        texts "$1",
        " as list join group_member m on m.user_id = list.item join ent_group g on g.id = m.group_id
        join school_class c on c.id = g.class_id where not g.closed order by m.user_id, c.name",
    );
    let schools: Vec<(String, String)> =
        on_engine!(tx, |c| sqlx::query_as(schools).bind(users.as_str()).fetch_all(c).await?);
    let classes: Vec<(String, String)> =
        on_engine!(tx, |c| sqlx::query_as(classes).bind(users.as_str()).fetch_all(c).await?);
    Ok(Belonging { schools: gathered(schools), classes: gathered(classes) })
}

fn gathered(rows: Vec<(String, String)>) -> HashMap<UserId, Vec<String>> {
    let mut gathered: HashMap<UserId, Vec<String>> = HashMap::new();
    for (user, name) in rows {
        gathered.entry(UserId::new(user)).or_default().push(name);
    }
    gathered
}

/// Of these people, the relatives, each with a pupil whom a direct link makes theirs, and the pupil's name.
pub async fn pupils_of(tx: &mut Tx<'_>, relatives: &[&UserId]) -> Result<Vec<(UserId, UserId, String)>, StoreError> {
    let statement = sql!(
        tx,
        "select l.from_user_id, p.id, p.display_name from ",
        texts "$1",
        " as list join direct_link l on l.from_user_id = list.item
        join ent_user r on r.id = l.from_user_id and r.profile = 'Relative'
        join ent_user p on p.id = l.to_user_id and p.profile = 'Student' and not p.suspended
        order by l.from_user_id, p.display_name, p.id",
    );
    let rows: Vec<(String, String, String)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(list_of(relatives)).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(relative, pupil, name)| (UserId::new(relative), UserId::new(pupil), name)).collect())
}

/// The relatives of these pupils, by direct links of theirs to the pupils.
pub async fn relatives_of(tx: &mut Tx<'_>, pupils: &[&UserId]) -> Result<Vec<UserId>, StoreError> {
    // The link that is looked for leads to the pupil; the one that leads back is found by the key.
    let statement = sql!(
        tx,
        "select distinct r.id from ",
        texts "$1",
        " as list join direct_link back on back.from_user_id = list.item
        join ent_user r on r.id = back.to_user_id and r.profile = 'Relative' and not r.suspended
        join direct_link l on l.from_user_id = r.id and l.to_user_id = list.item",
    );
    let rows: Vec<(String,)> = on_engine!(tx, |c| sqlx::query_as(statement).bind(list_of(pupils)).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(id,)| UserId::new(id)).collect())
}

/// The people who belong to a class that somebody belongs to, or to a functional or manual group: (user, by a class).
pub async fn companions(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<(UserId, bool)>, StoreError> {
    let rows: Vec<(String, bool)> =
        on_engine!(tx, |c| sqlx::query_as(COMPANIONS).bind(user.as_str()).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(id, by_class)| (UserId::new(id), by_class)).collect())
}

const COMPANIONS: &str = "
    select m.user_id, true from (
        select distinct g.class_id from group_member o join ent_group g on g.id = o.group_id
        where o.user_id = $1 and g.class_id is not null and not g.closed
    ) as own
    join ent_group g on g.class_id = own.class_id and not g.closed
    join group_member m on m.group_id = g.id
    union
    select m.user_id, false from group_member o
    join ent_group g on g.id = o.group_id and g.kind in ('Functional', 'Manual') and g.class_id is null and not g.closed
    join group_member m on m.group_id = g.id
    where o.user_id = $1";

fn list_of(users: &[&UserId]) -> String {
    let users: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
    json_list(&users)
}
