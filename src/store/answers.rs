//! Who may answer whom: what a person holds, and whom it names (`answerable`). Point queries.
//!
//! A message counts that was delivered to the person by a submission and lies in one of his mailboxes still, or that he
//! sent; one that was recalled does not. What he put into a mailbox himself counts for nothing: it has no row in `delivery`, be it octet for octet a
//! message that somebody else got.

use super::{StoreError, Tx, on_engine, sql};
use crate::model::UserId;

// `cross join` holds SQLite to the order in which each step is one search of an index; left to itself it may look through
// all placements of a letter to thousands.

const GOT: &str = "
    select 1
    from delivery d cross join answerable a cross join submission s
    where d.user_id = $1
      and a.user_id = $2 and a.submission_id = d.submission_id
      and s.id = d.submission_id and not s.no_reply and s.recalled_at is null
      and exists (
        select 1 from mailbox m cross join placement p
        where m.user_id = $1 and p.mailbox_id = m.id and p.message_id = s.message_id
      )
    limit 1";

const SENT: &str = "
    select 1
    from submission s cross join answerable a
    where s.user_id = $1 and a.user_id = $2 and a.submission_id = s.id
    limit 1";

/// Does any message that `holder` got or sent let him answer to `person`?
pub(crate) async fn may_answer(tx: &mut Tx<'_>, (holder, person): &(UserId, UserId)) -> Result<bool, StoreError> {
    for statement in [GOT, SENT] {
        let row: Option<(i32,)> = on_engine!(tx, |c| {
            sqlx::query_as(statement).bind(holder.as_str()).bind(person.as_str()).fetch_optional(c).await?
        });
        if row.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An answer, as its header claims.
pub(crate) struct Answer {
    pub(crate) holder: UserId,
    /// JSON list of Message-IDs, in the form of `message_id_key`.
    pub(crate) answered: String,
    /// JSON list of ids: the people whom the answer goes to on the strength of these messages.
    pub(crate) people: String,
}

/// Those of the people whom the messages that are answered let the holder answer to.
pub(crate) async fn answerable(tx: &mut Tx<'_>, answer: &Answer) -> Result<Vec<UserId>, StoreError> {
    let statement = sql!(
        tx,
        "select a.user_id from ",
        texts "$2",
        " as answered cross join submission s cross join ",
        texts "$3",
        " as person cross join answerable a
        where s.message_id_key = answered.item
          and a.user_id = person.item and a.submission_id = s.id
          and (s.user_id = $1 or not s.no_reply and s.recalled_at is null and exists (
            select 1 from delivery d where d.submission_id = s.id and d.user_id = $1
          ) and exists (
            select 1 from mailbox m cross join placement p
            where m.user_id = $1 and p.mailbox_id = m.id and p.message_id = s.message_id
          ))"
    );
    let rows: Vec<(String,)> = on_engine!(tx, |c| {
        let query = sqlx::query_as(statement).bind(answer.holder.as_str()).bind(answer.answered.as_str());
        query.bind(answer.people.as_str()).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(id,)| UserId::new(id)).collect())
}

/// Is one of these messages (JSON list of Message-IDs) one that the person got and that nobody may answer?
pub(crate) async fn answers_no_reply(
    tx: &mut Tx<'_>,
    (person, answered): &(UserId, String),
) -> Result<bool, StoreError> {
    let statement = sql!(
        tx,
        "select 1 from ",
        texts "$2",
        " as answered cross join submission s cross join delivery d
        where s.message_id_key = answered.item and s.no_reply and s.user_id <> $1
          and d.submission_id = s.id and d.user_id = $1
        limit 1"
    );
    let row: Option<(i32,)> = on_engine!(tx, |c| {
        sqlx::query_as(statement).bind(person.as_str()).bind(answered.as_str()).fetch_optional(c).await?
    });
    Ok(row.is_some())
}
