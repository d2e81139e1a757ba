//! How much there is of everything, as cheaply as each engine can say it: SQLite counts entries of its smallest index;
//! PostgreSQL, where counting a large table takes long, knows about how many rows it has.

use super::{StoreError, Tx};

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) people: i64,
    pub(crate) messages: i64,
    pub(crate) placements: i64,
    pub(crate) large_bodies: i64,
    /// Letters that wait for the end of quiet hours.
    pub(crate) quiet_letters: i64,
    /// Octets of the database.
    pub(crate) bytes: i64,
}

const COUNT_SQLITE: &str = "
    select (select count(*) from ent_user), (select count(*) from message), (select count(*) from placement),
        (select count(*) from body where blob is not null),
        (select count(distinct submission_id) from delivery where waits_until is not null),
        (select page_count * page_size from pragma_page_count, pragma_page_size)";

/// Tables below this many rows, and those whose statistics were never taken, are counted.
const SMALL_ROWS: i64 = 50_000;

const ESTIMATE: &str = "select cast(reltuples as bigint) from pg_class where oid = to_regclass($1)";
const ESTIMATE_LARGE_BODIES: &str = "
    select cast(c.reltuples * (1 - s.null_frac) as bigint)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = 'blob'
    where c.oid = to_regclass('body')";
const COUNT_LARGE_BODIES: &str = "select count(*) from body where blob is not null";
const COUNT_QUIET_LETTERS: &str = "select count(distinct submission_id) from delivery where waits_until is not null";
const SIZE_POSTGRES: &str = "select pg_database_size(current_database())";

/// The tables that are counted, and how.
const TABLES: [(&str, &str); 3] = [
    ("ent_user", "select count(*) from ent_user"),
    ("message", "select count(*) from message"),
    ("placement", "select count(*) from placement"),
];

/// Counts, in one snapshot.
pub(crate) async fn counts(tx: &mut Tx<'_>, (): &()) -> Result<Counts, StoreError> {
    match tx {
        Tx::Sqlite(c) => {
            let (people, messages, placements, large_bodies, quiet_letters, bytes) =
                sqlx::query_as(COUNT_SQLITE).fetch_one(&mut **c).await?;
            Ok(Counts { people, messages, placements, large_bodies, quiet_letters, bytes })
        }
        Tx::Postgres(c) => {
            let mut rows = [0; TABLES.len()];
            for (rows, (table, count)) in rows.iter_mut().zip(TABLES) {
                let about: i64 = sqlx::query_scalar(ESTIMATE).bind(table).fetch_one(&mut **c).await?;
                *rows = match about < SMALL_ROWS {
                    true => sqlx::query_scalar(count).fetch_one(&mut **c).await?,
                    false => about,
                };
            }
            let [people, messages, placements] = rows;
            let about: Option<i64> = match messages < SMALL_ROWS {
                true => None,
                false => sqlx::query_scalar(ESTIMATE_LARGE_BODIES).fetch_optional(&mut **c).await?,
            };
            let large_bodies = match about {
                Some(about) => about,
                None => sqlx::query_scalar(COUNT_LARGE_BODIES).fetch_one(&mut **c).await?,
            };
            let quiet_letters = sqlx::query_scalar(COUNT_QUIET_LETTERS).fetch_one(&mut **c).await?;
            let bytes = sqlx::query_scalar(SIZE_POSTGRES).fetch_one(&mut **c).await?;
            Ok(Counts { people, messages, placements, large_bodies, quiet_letters, bytes })
        }
    }
}
