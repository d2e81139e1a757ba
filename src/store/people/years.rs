//! School years: which is the latest, whether it is closed; and closing the groups of its classes.

use crate::model::Timestamp;
use crate::store::{StoreError, Tx, on_engine};

/// A school year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchoolYear {
    /// The calendar year in which it begins.
    pub begins: i64,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

const YEARS: &str = "select year, opened_at, closed_at from school_year order by year desc";

/// All that were opened or closed, the latest first.
pub async fn all(tx: &mut Tx<'_>) -> Result<Vec<SchoolYear>, StoreError> {
    let rows: Vec<(i64, i64, Option<i64>)> = on_engine!(tx, |c| sqlx::query_as(YEARS).fetch_all(c).await)?;
    let year = |(begins, opened_at, closed_at): (i64, i64, Option<i64>)| SchoolYear {
        begins,
        opened_at: Timestamp(opened_at),
        closed_at: closed_at.map(Timestamp),
    };
    Ok(rows.into_iter().map(year).collect())
}

/// The latest; `None` where none was ever opened or closed.
pub async fn latest(tx: &mut Tx<'_>) -> Result<Option<SchoolYear>, StoreError> {
    Ok(all(tx).await?.into_iter().next())
}

const OPEN: &str = "insert into school_year (year, opened_at) values ($1, $2)";

/// Opens a year that is not there yet.
pub async fn open(tx: &mut Tx<'_>, begins: i64, now: Timestamp) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(OPEN).bind(begins).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

const CLOSE: &str = "
    insert into school_year (year, opened_at, closed_at) values ($1, $2, $2)
    on conflict (year) do update set closed_at = excluded.closed_at";

const CLOSING: &str = "
    select g.name from ent_group g
    where not g.closed and (g.class_id is not null or g.kind = 'Functional')
    order by g.name, g.id";

const CLOSE_GROUPS: &str = "
    update ent_group set closed = true, closed_year = $1
    where not closed and (class_id is not null or kind = 'Functional')";

/// The groups that closing the year would close: those of classes and of timetables, by name.
pub async fn closing(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = on_engine!(tx, |c| sqlx::query_as(CLOSING).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Closes the year, and those groups.
pub async fn close(tx: &mut Tx<'_>, begins: i64, now: Timestamp) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(CLOSE).bind(begins).bind(now.0).execute(c).await.map(|_| ()))?;
    on_engine!(tx, |c| sqlx::query(CLOSE_GROUPS).bind(begins).execute(c).await.map(|_| ()))?;
    Ok(())
}
