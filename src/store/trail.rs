//! Rows of `trail_waiting`, `trail` and `trail_head`: what was done, append-only, each row's hash over the one before.
//!
//! A line is written to `trail_waiting` in the transaction of what it tells; writers share no lock. [`chain`] moves what
//! has been committed into the chain, one gateway at a time.

use super::{StoreError, Tx, column, json_list, on_engine, sql};
use crate::model::{TRAIL_START, Timestamp, TrailLine, UserId};

const ADD: &str = "insert into trail_waiting (id, at, kind, user_id, detail) values ($1, $2, $3, $4, $5)";

/// Writes a line, in the transaction of what it tells.
pub(crate) async fn add(tx: &mut Tx<'_>, line: &TrailLine) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        sqlx::query(ADD)
            .bind(line.id)
            .bind(line.at.0)
            .bind(line.kind.as_str())
            .bind(line.user.as_ref().map(UserId::as_str))
            .bind(line.detail.as_str())
            .execute(c)
            .await
            .map(drop)?;
    });
    Ok(())
}

/// The chain's end: how many lines it has, and the last one's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailHead {
    pub seq: i64,
    pub hash: [u8; 32],
}

const HEAD: &str = "select seq, hash from trail_head where id = 1";

/// The chain's end, as the store has it; `None` where the row has gone or cannot be one.
pub(crate) async fn head(tx: &mut Tx<'_>, (): &()) -> Result<Option<TrailHead>, StoreError> {
    let row: Option<(i64, Vec<u8>)> = on_engine!(tx, |c| sqlx::query_as(HEAD).fetch_optional(c).await?);
    Ok(row.and_then(head_of_row))
}

fn head_of_row((seq, hash): (i64, Vec<u8>)) -> Option<TrailHead> {
    let hash = if seq == 0 { TRAIL_START } else { hash.try_into().ok()? };
    Some(TrailHead { seq, hash })
}

const COUNT_WAITING: &str = "select count(*), min(at) from trail_waiting";

/// How many lines are not in the chain yet, and since when the oldest waits.
pub(crate) async fn waiting(tx: &mut Tx<'_>, (): &()) -> Result<(i64, Option<Timestamp>), StoreError> {
    let (count, since): (i64, Option<i64>) = on_engine!(tx, |c| sqlx::query_as(COUNT_WAITING).fetch_one(c).await?);
    Ok((count, since.map(Timestamp)))
}

const LOCK_HEAD: &str = "update trail_head set seq = seq where id = 1 returning seq, hash";
const WAITING: &str = "select id, at, kind, user_id, detail from trail_waiting order by id limit $1";
const CHAIN: &str = "insert into trail (seq, id, at, kind, user_id, detail, hash) values ($1, $2, $3, $4, $5, $6, $7)";
const SET_HEAD: &str = "update trail_head set seq = $1, hash = $2 where id = 1";

type Row = (i64, i64, String, Option<String>, String);

/// Moves `max` waiting lines into the chain; the new end, and how many were moved.
///
/// Whoever does so holds the chain's end until the commit, and looks for lines after it has got it: what was committed
/// before an earlier call is in the chain before what was committed after it.
pub(crate) async fn chain(tx: &mut Tx<'_>, max: &usize) -> Result<(TrailHead, usize), StoreError> {
    let gone = || StoreError::Inconsistent { table: "trail_head", column: "hash", row: "1".to_owned() };
    let (head, rows): (Option<(i64, Vec<u8>)>, Vec<Row>) = on_engine!(tx, |c| {
        let head = sqlx::query_as(LOCK_HEAD).fetch_optional(&mut *c).await?;
        (head, sqlx::query_as(WAITING).bind(column(*max)).fetch_all(c).await?)
    });
    let mut head = head.and_then(head_of_row).ok_or_else(gone)?;
    if rows.is_empty() {
        return Ok((head, 0));
    }
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        let line = line_of_row(row);
        head.seq += 1;
        head.hash = line.hash(&head.hash, head.seq);
        insert(tx, &line, &head).await?;
        ids.push(line.id);
    }
    let remove = sql!(tx, "delete from trail_waiting where id in (select item from ", numbers "$1", " as list)");
    let (ids, moved) = (json_list(&ids), ids.len());
    on_engine!(tx, |c| {
        sqlx::query(remove).bind(ids).execute(&mut *c).await?;
        sqlx::query(SET_HEAD).bind(head.seq).bind(head.hash.as_slice()).execute(c).await?;
    });
    Ok((head, moved))
}

async fn insert(tx: &mut Tx<'_>, line: &TrailLine, at: &TrailHead) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        sqlx::query(CHAIN)
            .bind(at.seq)
            .bind(line.id)
            .bind(line.at.0)
            .bind(line.kind.as_str())
            .bind(line.user.as_ref().map(UserId::as_str))
            .bind(line.detail.as_str())
            .bind(at.hash.as_slice())
            .execute(c)
            .await
            .map(drop)?;
    });
    Ok(())
}

fn line_of_row((id, at, kind, user, detail): Row) -> TrailLine {
    TrailLine { id, at: Timestamp(at), kind, user: user.map(UserId::new), detail }
}

/// A line in its place in the chain.
pub(crate) struct Chained {
    pub(crate) seq: i64,
    pub(crate) line: TrailLine,
    pub(crate) hash: Vec<u8>,
}

const PAGE: &str = "select seq, id, at, kind, user_id, detail, hash from trail where seq > $1 order by seq limit $2";

/// The lines behind `after`, `max` at most.
pub(crate) async fn page(tx: &mut Tx<'_>, (after, max): &(i64, usize)) -> Result<Vec<Chained>, StoreError> {
    type ChainedRow = (i64, i64, i64, String, Option<String>, String, Vec<u8>);
    let rows: Vec<ChainedRow> =
        on_engine!(tx, |c| sqlx::query_as(PAGE).bind(*after).bind(column(*max)).fetch_all(c).await?);
    let chained = |(seq, id, at, kind, user, detail, hash): ChainedRow| Chained {
        seq,
        line: line_of_row((id, at, kind, user, detail)),
        hash,
    };
    Ok(rows.into_iter().map(chained).collect())
}

/// Which lines to show.
pub(crate) struct TrailFilter {
    /// Behind this one.
    pub(crate) after: i64,
    pub(crate) user: Option<UserId>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) max: usize,
}

/// A line as it is shown, with the login of whom it concerns.
pub(crate) struct Shown {
    /// `None`: not in the chain yet.
    pub(crate) seq: Option<i64>,
    pub(crate) line: TrailLine,
    pub(crate) login: Option<String>,
}

const SHOW: &str = "
    select t.seq, t.id, t.at, t.kind, t.user_id, t.detail, u.login
    from trail t left join ent_user u on u.id = t.user_id
    where t.seq > $1 and ($2 is null or t.user_id = $2) and t.at >= $3
    order by t.seq limit $4";
const SHOW_WAITING: &str = "
    select cast(null as bigint), t.id, t.at, t.kind, t.user_id, t.detail, u.login
    from trail_waiting t left join ent_user u on u.id = t.user_id
    where $1 >= 0 and ($2 is null or t.user_id = $2) and t.at >= $3
    order by t.id limit $4";

type ShownRow = (Option<i64>, i64, i64, String, Option<String>, String, Option<String>);

/// Lines of the chain, oldest first.
pub(crate) async fn show(tx: &mut Tx<'_>, filter: &TrailFilter) -> Result<Vec<Shown>, StoreError> {
    shown(tx, filter, SHOW).await
}

/// Lines that wait for their place in the chain.
pub(crate) async fn show_waiting(tx: &mut Tx<'_>, filter: &TrailFilter) -> Result<Vec<Shown>, StoreError> {
    shown(tx, filter, SHOW_WAITING).await
}

/// Which lines to show, the newest first.
pub(crate) struct NewestFilter {
    pub(crate) before: Option<i64>,
    pub(crate) user: Option<UserId>,
    pub(crate) kind: Option<String>,
    pub(crate) since: Timestamp,
    /// No line that is as new as `since` got its place before the first of those from here on.
    pub(crate) placed_since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) max: usize,
}

const NEWEST: &str = "
    select t.seq, t.id, t.at, t.kind, t.user_id, t.detail, u.login
    from trail t left join ent_user u on u.id = t.user_id
    where t.seq < $1 and ($2 is null or t.user_id = $2) and ($3 is null or t.kind = $3) and t.at >= $4 and t.at < $5
        and t.seq >= coalesce((select f.seq from trail f where f.at >= $6 order by f.at limit 1), 0)
    order by t.seq desc limit $7";
const NEWEST_WAITING: &str = "
    select cast(null as bigint), t.id, t.at, t.kind, t.user_id, t.detail, u.login
    from trail_waiting t left join ent_user u on u.id = t.user_id
    where ($1 is null or t.user_id = $1) and ($2 is null or t.kind = $2) and t.at >= $3 and t.at < $4
    order by t.id desc limit $5";

/// Lines, the newest first.
pub(crate) async fn newest(tx: &mut Tx<'_>, filter: &NewestFilter) -> Result<Vec<Shown>, StoreError> {
    let (user, kind, max) = (filter.user.as_ref().map(UserId::as_str), filter.kind.as_deref(), column(filter.max));
    let (since, placed_since, until) = (filter.since.0, filter.placed_since.0, filter.until.0);
    let mut rows: Vec<ShownRow> = Vec::new();
    on_engine!(tx, |c| {
        if filter.before.is_none() {
            let waiting = sqlx::query_as(NEWEST_WAITING).bind(user).bind(kind).bind(since).bind(until).bind(max);
            rows = waiting.fetch_all(&mut *c).await?;
        }
        let placed = sqlx::query_as(NEWEST).bind(filter.before.unwrap_or(i64::MAX)).bind(user).bind(kind);
        let placed = placed.bind(since).bind(until).bind(placed_since).bind(max);
        let more: Vec<ShownRow> = placed.fetch_all(c).await?;
        rows.extend(more);
    });
    rows.truncate(filter.max);
    Ok(rows.into_iter().map(shown_row).collect())
}

async fn shown(tx: &mut Tx<'_>, filter: &TrailFilter, statement: &'static str) -> Result<Vec<Shown>, StoreError> {
    let rows: Vec<ShownRow> = on_engine!(tx, |c| {
        sqlx::query_as(statement)
            .bind(filter.after)
            .bind(filter.user.as_ref().map(UserId::as_str))
            .bind(filter.since.map_or(i64::MIN, |since| since.0))
            .bind(column(filter.max))
            .fetch_all(c)
            .await?
    });
    Ok(rows.into_iter().map(shown_row).collect())
}

fn shown_row((seq, id, at, kind, user, detail, login): ShownRow) -> Shown {
    Shown { seq, line: line_of_row((id, at, kind, user, detail)), login }
}
