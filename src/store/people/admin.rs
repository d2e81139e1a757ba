//! What admins ask of people: list, show, suspend, resume.

use super::{GroupRow, UserRow, group_of_row, user_of_row};
use crate::model::{Group, Profile, User, UserId};
use crate::store::{StoreError, Tx, on_engine};

const USERS: &str = concat!(
    "select ",
    super::user_columns!(),
    " from ent_user u
        where u.deleted_at is null and ($1 is null or u.profile = $1) order by u.login"
);

/// Everybody, or everybody of a profile, by login.
pub async fn users(tx: &mut Tx<'_>, profile: Option<Profile>) -> Result<Vec<User>, StoreError> {
    let profile = profile.map(Profile::column);
    let rows: Vec<UserRow> = on_engine!(tx, |c| sqlx::query_as(USERS).bind(profile).fetch_all(c).await)?;
    rows.into_iter().map(user_of_row).collect()
}

const GROUPS_OF_USER: &str = concat!(
    "select ",
    super::group_columns!(),
    " from group_member m join ent_group g on g.id = m.group_id where m.user_id = $1 order by g.name, g.id"
);

/// The groups that somebody belongs to, closed ones too, by name.
pub async fn groups_of_user(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<Group>, StoreError> {
    let rows: Vec<GroupRow> =
        on_engine!(tx, |c| sqlx::query_as(GROUPS_OF_USER).bind(user.as_str()).fetch_all(c).await)?;
    rows.into_iter().map(group_of_row).collect()
}

const ADDRESSES_OF_USER: &str =
    "select local_part from address where user_id = $1 order by is_primary desc, created_at, local_part";

/// The local parts of somebody's addresses, the one that is shown first.
pub async fn addresses_of_user(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> =
        on_engine!(tx, |c| sqlx::query_as(ADDRESSES_OF_USER).bind(user.as_str()).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(local_part,)| local_part).collect())
}

const SCHOOLS_OF_USER: &str =
    "select s.name from user_school us join school s on s.id = us.school_id where us.user_id = $1 order by s.name";

/// The names of somebody's schools.
pub async fn schools_of_user(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> =
        on_engine!(tx, |c| sqlx::query_as(SCHOOLS_OF_USER).bind(user.as_str()).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

const SUSPENSION: &str = "select suspended_reason, external_id from ent_user where id = $1";

/// Why somebody is suspended, and the id in the school's records.
pub async fn suspension_and_external_id(
    tx: &mut Tx<'_>,
    user: &UserId,
) -> Result<Option<(Option<String>, String)>, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query_as(SUSPENSION).bind(user.as_str()).fetch_optional(c).await)?)
}

// Who is resumed has not left.
const SUSPEND: &str = "
    update ent_user set suspended = $1, suspended_reason = $2
         , left_at = case when $1 then left_at else null end
         , archived_at = case when $1 then archived_at else null end
    where id = $3 and deleted_at is null";

/// Suspends (with a reason) or resumes (without). `false` where there is no such person.
pub async fn set_suspended(tx: &mut Tx<'_>, user: &UserId, reason: Option<&str>) -> Result<bool, StoreError> {
    let changed = on_engine!(tx, |c| sqlx::query(SUSPEND)
        .bind(reason.is_some())
        .bind(reason)
        .bind(user.as_str())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    super::import::count_change(tx).await?;
    Ok(changed > 0)
}
