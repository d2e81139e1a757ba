//! Who is signed in on the person's page: what the browser holds, as a hash, and whose it is.

use super::directory;
use crate::model::{Timestamp, User, UserId};
use crate::store::{StoreError, Tx, column, on_engine};

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub token_hash: [u8; 32],
    pub user: UserId,
    pub password_version: i64,
    pub by_ent: bool,
    pub signed_in_at: Timestamp,
    pub used_at: Timestamp,
}

/// A session, whose it is, and how the account stands.
#[derive(Clone, Debug)]
pub struct Found {
    pub row: Row,
    pub user: User,
    /// Of the account, now.
    pub password_version: i64,
}

/// From when on sessions are good.
#[derive(Clone, Copy, Debug)]
pub struct Good {
    pub signed_in_since: Timestamp,
    pub used_since: Timestamp,
}

const INSERT: &str = "
    insert into page_session (token_hash, user_id, password_version, by_ent, signed_in_at, used_at)
    values ($1, $2, $3, $4, $5, $6)";
const KEEP_NEWEST: &str = "
    delete from page_session where user_id = $1 and token_hash not in (
        select token_hash from page_session where user_id = $1 order by used_at desc, token_hash limit $2)";

/// Keeps a new session; of this person no more than `max`: the longest unused go.
pub async fn insert(tx: &mut Tx<'_>, (row, max): &(Row, usize)) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(INSERT)
        .bind(row.token_hash.as_slice())
        .bind(row.user.as_str())
        .bind(row.password_version)
        .bind(row.by_ent)
        .bind(row.signed_in_at.0)
        .bind(row.used_at.0)
        .execute(c)
        .await
        .map(drop))?;
    on_engine!(tx, |c| sqlx::query(KEEP_NEWEST).bind(row.user.as_str()).bind(column(*max)).execute(c).await.map(drop))?;
    Ok(())
}

const FIND: &str = "
    select s.user_id, s.password_version, s.by_ent, s.signed_in_at, s.used_at, u.password_version
    from page_session s join ent_user u on u.id = s.user_id where s.token_hash = $1";

/// The session of this hash, good or not. Run it in a snapshot.
pub async fn find(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<Option<Found>, StoreError> {
    type Columns = (String, i64, bool, i64, i64, i64);
    let row: Option<Columns> =
        on_engine!(tx, |c| sqlx::query_as(FIND).bind(token_hash.as_slice()).fetch_optional(c).await)?;
    let Some((user, password_version, by_ent, signed_in_at, used_at, now)) = row else { return Ok(None) };
    let Some(person) = directory::user_by_id(tx, &UserId::new(user.as_str())).await? else { return Ok(None) };
    let row = Row {
        token_hash: *token_hash,
        user: UserId::new(user),
        password_version,
        by_ent,
        signed_in_at: Timestamp(signed_in_at),
        used_at: Timestamp(used_at),
    };
    Ok(Some(Found { row, user: person, password_version: now }))
}

const NOTE_USE: &str = "update page_session set used_at = $2 where token_hash = $1 and used_at < $2";

/// Notes that a session was used.
pub async fn note_use(tx: &mut Tx<'_>, (token_hash, at): &([u8; 32], Timestamp)) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(NOTE_USE).bind(token_hash.as_slice()).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

const END: &str = "delete from page_session where token_hash = $1";

/// Ends a session.
pub async fn end(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(END).bind(token_hash.as_slice()).execute(c).await.map(drop))?;
    Ok(())
}

const FORGET: &str = "delete from page_session where used_at <= $1 or signed_in_at <= $2";

/// Forgets sessions that are good no more; how many.
pub async fn forget(tx: &mut Tx<'_>, good: &Good) -> Result<u64, StoreError> {
    Ok(on_engine!(tx, |c| {
        sqlx::query(FORGET).bind(good.used_since.0).bind(good.signed_in_since.0).execute(c).await?.rows_affected()
    }))
}
