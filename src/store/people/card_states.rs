//! What clients were told of address books (RFC 6578): so that the next answer is what has changed since, on every gateway.

use crate::model::{Timestamp, UserId};
use crate::store::{StoreError, Tx, column, on_engine};

/// A state of one of a person's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardState {
    pub user: UserId,
    pub book: &'static str,
    pub digest: [u8; 16],
    /// For each card 16 octets of its id and 8 of what it says, by id.
    pub cards: Vec<u8>,
}

/// How long states are kept, and how many of one book.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    pub now: Timestamp,
    /// Those last used before this go.
    pub used_since: Timestamp,
    pub states_max: usize,
}

const KEEP: &str = "
    insert into card_state (user_id, book, digest, cards, used_at) values ($1, $2, $3, $4, $5)
    on conflict (user_id, book, digest) do update set used_at = excluded.used_at";
const FORGET_OLD: &str = "delete from card_state where used_at < $1";
const FORGET_BEYOND: &str = "
    delete from card_state where user_id = $1 and book = $2 and digest not in (
        select digest from card_state where user_id = $1 and book = $2 order by used_at desc, digest limit $3)";

/// Keeps a state, or notes that it is used; forgets old ones, everybody's, and those of this book beyond the limit.
pub async fn keep(tx: &mut Tx<'_>, (state, keeping): &(CardState, Keeping)) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(KEEP)
        .bind(state.user.as_str())
        .bind(state.book)
        .bind(state.digest.as_slice())
        .bind(state.cards.as_slice())
        .bind(keeping.now.0)
        .execute(c)
        .await
        .map(drop))?;
    on_engine!(tx, |c| sqlx::query(FORGET_OLD).bind(keeping.used_since.0).execute(c).await.map(drop))?;
    on_engine!(tx, |c| sqlx::query(FORGET_BEYOND)
        .bind(state.user.as_str())
        .bind(state.book)
        .bind(column(keeping.states_max))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

const CARDS: &str = "select cards from card_state where user_id = $1 and book = $2 and digest = $3 and used_at >= $4";

/// The cards of a state, if it is still remembered. `since`: it was used then or later.
pub async fn cards(
    tx: &mut Tx<'_>,
    (user, book, digest, since): &(UserId, &'static str, [u8; 16], Timestamp),
) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Vec<u8>,)> = on_engine!(tx, |c| sqlx::query_as(CARDS)
        .bind(user.as_str())
        .bind(*book)
        .bind(digest.as_slice())
        .bind(since.0)
        .fetch_optional(c)
        .await)?;
    Ok(row.map(|(cards,)| cards))
}
