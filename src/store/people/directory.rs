//! An address → who; and the facts that the communication rules judge (`domain::policy`). Point queries.

use super::{GroupRow, UserRow, group_of_row, user_of_row, users_rule_of_column};
use crate::model::{Group, GroupId, Membership, User, UserId};
use crate::store::{StoreError, Tx, on_engine};

const USER_BY_LOCAL_PART: &str = concat!(
    "select ",
    super::user_columns!(),
    " from address a join ent_user u on u.id = a.user_id where a.local_part = $1"
);

/// The person whose address this is: login, alias, id, or any earlier one. `local_part` in lower case.
pub async fn user_by_local_part(tx: &mut Tx<'_>, local_part: &str) -> Result<Option<User>, StoreError> {
    let row: Option<UserRow> =
        on_engine!(tx, |c| sqlx::query_as(USER_BY_LOCAL_PART).bind(local_part).fetch_optional(c).await)?;
    row.map(user_of_row).transpose()
}

const GROUP_BY_LOCAL_PART: &str = concat!(
    "select ",
    super::group_columns!(),
    " from address a join ent_group g on g.id = a.group_id where a.local_part = $1"
);

/// The group whose address this is. `local_part` in lower case.
pub async fn group_by_local_part(tx: &mut Tx<'_>, local_part: &str) -> Result<Option<Group>, StoreError> {
    let row: Option<GroupRow> =
        on_engine!(tx, |c| sqlx::query_as(GROUP_BY_LOCAL_PART).bind(local_part).fetch_optional(c).await)?;
    row.map(group_of_row).transpose()
}

const USER_BY_ID: &str = concat!("select ", super::user_columns!(), " from ent_user u where u.id = $1");

/// A person by id.
pub async fn user_by_id(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<User>, StoreError> {
    let row: Option<UserRow> =
        on_engine!(tx, |c| sqlx::query_as(USER_BY_ID).bind(id.as_str()).fetch_optional(c).await)?;
    row.map(user_of_row).transpose()
}

const USER_BY_EXTERNAL_ID: &str =
    concat!("select ", super::user_columns!(), " from ent_user u where u.external_id = $1");

/// A person by the identifier of the school's records.
pub async fn user_by_external_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<User>, StoreError> {
    let row: Option<UserRow> =
        on_engine!(tx, |c| sqlx::query_as(USER_BY_EXTERNAL_ID).bind(id).fetch_optional(c).await)?;
    row.map(user_of_row).transpose()
}

const REACHING_MEMBERSHIPS: &str = "
    select m.group_id, g.users_rule, g.closed, r.to_group_id
    from group_member m
    join ent_group g on g.id = m.group_id
    left join communication_rule r on r.from_group_id = m.group_id
    where m.user_id = $1
    order by m.group_id";

/// A sender's memberships, with the groups that each may write to.
pub async fn reaching_memberships(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<Membership>, StoreError> {
    let rows: Vec<(String, String, bool, Option<String>)> =
        on_engine!(tx, |c| sqlx::query_as(REACHING_MEMBERSHIPS).bind(user.as_str()).fetch_all(c).await)?;
    let mut memberships: Vec<Membership> = Vec::new();
    for (group, users, closed, target) in rows {
        let target = target.map(GroupId::new);
        match memberships.last_mut() {
            Some(last) if last.group.as_str() == group => last.writes_to.extend(target),
            _ => memberships.push(Membership {
                users: users_rule_of_column(&group, &users)?,
                group: GroupId::new(group),
                closed,
                writes_to: target.into_iter().collect(),
            }),
        }
    }
    Ok(memberships)
}

const MEMBERSHIPS: &str = "
    select m.group_id, g.users_rule, g.closed
    from group_member m
    join ent_group g on g.id = m.group_id
    where m.user_id = $1";

/// A recipient's memberships.
pub async fn memberships(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<Membership>, StoreError> {
    let rows: Vec<(String, String, bool)> =
        on_engine!(tx, |c| sqlx::query_as(MEMBERSHIPS).bind(user.as_str()).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(group, users, closed)| {
            let users = users_rule_of_column(&group, &users)?;
            Ok(Membership { group: GroupId::new(group), users, closed, writes_to: Vec::new() })
        })
        .collect()
}

const STANDING: &str = "
    select s.suspended, l.to_user_id
    from ent_user s
    left join direct_link l on l.from_user_id = s.id and l.to_user_id = $2
    where s.id = $1";

/// How a sender stands towards a recipient.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The sender is suspended, or gone.
    pub suspended: bool,
    /// A direct link leads from the sender to the recipient.
    pub linked: bool,
}

/// Is the sender suspended; does a direct link lead from him to the recipient?
pub async fn standing(tx: &mut Tx<'_>, sender: &UserId, recipient: &UserId) -> Result<Standing, StoreError> {
    let row: Option<(bool, Option<String>)> = on_engine!(tx, |c| sqlx::query_as(STANDING)
        .bind(sender.as_str())
        .bind(recipient.as_str())
        .fetch_optional(c)
        .await)?;
    Ok(match row {
        None => Standing { suspended: true, linked: false },
        Some((suspended, link)) => Standing { suspended, linked: link.is_some() },
    })
}

const SUSPENDED: &str = "select suspended from ent_user where id = $1";

/// Is the person suspended, or gone?
pub async fn suspended(tx: &mut Tx<'_>, user: &UserId) -> Result<bool, StoreError> {
    let row: Option<(bool,)> =
        on_engine!(tx, |c| sqlx::query_as(SUSPENDED).bind(user.as_str()).fetch_optional(c).await)?;
    Ok(row.is_none_or(|(suspended,)| suspended))
}

const A_RECEIVING_MEMBER: &str = "
    select m.user_id
    from group_member m
    join ent_user u on u.id = m.user_id
    where m.group_id = $1 and not u.suspended
    limit 1";

/// Is there nobody in the group who could receive?
pub async fn group_is_empty(tx: &mut Tx<'_>, group: &GroupId) -> Result<bool, StoreError> {
    let row: Option<(String,)> =
        on_engine!(tx, |c| sqlx::query_as(A_RECEIVING_MEMBER).bind(group.as_str()).fetch_optional(c).await)?;
    Ok(row.is_none())
}

const IS_ADDRESS_OF: &str = "select local_part from address where local_part = $1 and user_id = $2";

/// Is this one of the person's addresses? `local_part` in lower case.
pub async fn is_address_of(tx: &mut Tx<'_>, local_part: &str, user: &UserId) -> Result<bool, StoreError> {
    let row: Option<(String,)> =
        on_engine!(tx, |c| sqlx::query_as(IS_ADDRESS_OF).bind(local_part).bind(user.as_str()).fetch_optional(c).await)?;
    Ok(row.is_some())
}
