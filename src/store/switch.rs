//! Rows of `suspension`, and the number that tells other gateways that something has changed.

use super::{StoreError, Tx, json_list, on_engine, sql};
use crate::model::{Profile, SchoolId, Scope, Suspension, Timestamp, UserId, Uses};

const VERSION: &str = "select version from switch_version where id = 1";

/// Rises with every change of what is suspended, people's accounts included.
pub(crate) async fn version(tx: &mut Tx<'_>, (): &()) -> Result<i64, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query_scalar(VERSION).fetch_one(c).await?))
}

const BUMP: &str = "update switch_version set version = version + 1 where id = 1";

/// Tells other gateways to look again.
pub(crate) async fn bump(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(BUMP).execute(c).await.map(drop)?);
    Ok(())
}

const ALL: &str = "
    select profile, school_id, user_id, sending, reading, reason, since from suspension order by since, scope_key";

type Row = (Option<String>, Option<String>, Option<String>, bool, bool, String, i64);

/// What is suspended now, oldest first.
pub(crate) async fn all(tx: &mut Tx<'_>, (): &()) -> Result<Vec<Suspension>, StoreError> {
    let rows: Vec<Row> = on_engine!(tx, |c| sqlx::query_as(ALL).fetch_all(c).await?);
    rows.into_iter().map(of_row).collect()
}

fn of_row((profile, school, user, sending, reading, reason, since): Row) -> Result<Suspension, StoreError> {
    let unknown = |row: &String| StoreError::Inconsistent { table: "suspension", column: "profile", row: row.clone() };
    let profile = match &profile {
        Some(column) => Some(Profile::from_column(column).ok_or_else(|| unknown(column))?),
        None => None,
    };
    let scope = Scope { profile, school: school.map(SchoolId::new), user: user.map(UserId::new) };
    Ok(Suspension { scope, uses: Uses { sending, reading }, reason, since: Timestamp(since) })
}

const SUSPEND: &str = "
    insert into suspension (scope_key, profile, school_id, user_id, sending, reading, reason, since)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (scope_key) do update set sending = suspension.sending or excluded.sending,
        reading = suspension.reading or excluded.reading, reason = excluded.reason";

/// Suspends; what was suspended for the same scope stays so.
pub(crate) async fn suspend(tx: &mut Tx<'_>, new: &Suspension) -> Result<(), StoreError> {
    let scope = &new.scope;
    on_engine!(tx, |c| {
        sqlx::query(SUSPEND)
            .bind(scope.key())
            .bind(scope.profile.map(Profile::column))
            .bind(scope.school.as_ref().map(SchoolId::as_str))
            .bind(scope.user.as_ref().map(UserId::as_str))
            .bind(new.uses.sending)
            .bind(new.uses.reading)
            .bind(new.reason.as_str())
            .bind(new.since.0)
            .execute(c)
            .await
            .map(drop)?;
    });
    bump(tx).await
}

const RESUME: &str = "
    update suspension set sending = sending and not $2, reading = reading and not $3
    where scope_key = $1 and ((sending and $2) or (reading and $3))";
const DROP_EMPTY: &str = "delete from suspension where scope_key = $1 and not sending and not reading";

/// Allows again, for exactly this scope. `false` where nothing of the kind was suspended.
pub(crate) async fn resume(tx: &mut Tx<'_>, scope: &Scope, uses: Uses) -> Result<bool, StoreError> {
    let key = scope.key();
    let changed = on_engine!(tx, |c| {
        let query = sqlx::query(RESUME).bind(key.as_str()).bind(uses.sending).bind(uses.reading);
        let changed = query.execute(&mut *c).await?.rows_affected();
        sqlx::query(DROP_EMPTY).bind(key.as_str()).execute(c).await?;
        changed
    });
    bump(tx).await?;
    Ok(changed > 0)
}

const SCHOOLS: &str = "select school_id from user_school where user_id = $1";

/// Somebody's schools.
pub(crate) async fn schools_of(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<SchoolId>, StoreError> {
    let rows: Vec<(String,)> = on_engine!(tx, |c| sqlx::query_as(SCHOOLS).bind(user.as_str()).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(school,)| SchoolId::new(school)).collect())
}

/// Those of these people who are in the school.
pub(crate) async fn in_school(
    tx: &mut Tx<'_>,
    (users, school): &(Vec<UserId>, SchoolId),
) -> Result<Vec<UserId>, StoreError> {
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let statement = sql!(
        tx,
        "select us.user_id from ",
        texts "$1",
        " as list join user_school us on us.user_id = list.item and us.school_id = $2"
    );
    let rows: Vec<(String,)> = on_engine!(tx, |c| {
        sqlx::query_as(statement).bind(json_list(&users)).bind(school.as_str()).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(user,)| UserId::new(user)).collect())
}

const SCHOOL: &str = "select id from school where id = $1 or uai = $1 or name = $1";

/// The schools that are called so: by id, UAI or name.
pub(crate) async fn schools_called(tx: &mut Tx<'_>, name: &str) -> Result<Vec<SchoolId>, StoreError> {
    let rows: Vec<(String,)> = on_engine!(tx, |c| sqlx::query_as(SCHOOL).bind(name).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(school,)| SchoolId::new(school)).collect())
}
