//! The trail: who sent to how many, what admins did, who was refused. Append-only and hash-chained.
//!
//! Lines are written in the transaction of what they tell ([`line`](Gateway::trail_line) makes one for it); refusals, which
//! change nothing, are counted and written together (`refusals`). [`Gateway::chain_trail`] gives lines their place.
//! The chain's end is also kept in a file of this gateway, outside of the store: a store whose last lines were cut off, or
//! that was written anew as a whole, does not fit it any more (`check`).

mod check;
pub(in crate::domain) mod refusals;

pub use check::{TrailCheck, parse_head};

use super::{Fault, Gateway};
use crate::model::{Timestamp, TrailEvent, TrailLine, UserId};
pub use crate::store::trail::TrailHead;
use crate::store::trail::{self, NewestFilter, TrailFilter};
use crate::store::{Durability, StoreError};

/// Lines that get their place in one transaction.
const CHAINED_AT_ONCE: usize = 1000;
/// Lines in one answer to an admin.
const SHOWN_AT_ONCE: usize = 1000;

/// Lines of one page.
const PAGE_LINES: usize = 100;
/// Lines get their place within moments of their time: so much earlier nothing is looked for. Microseconds.
const PLACED_WITHIN: i64 = 3_600_000_000;

/// Which lines to show, the newest first: all that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct NewestLines {
    /// Before this one.
    pub before: Option<i64>,
    pub user: Option<UserId>,
    pub kind: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// A line as an admin sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownLine {
    /// Its place in the chain; `None` where it has none yet.
    pub seq: Option<i64>,
    pub line: TrailLine,
    pub login: Option<String>,
}

impl Gateway {
    /// A line to be written with what it tells.
    pub(in crate::domain) fn trail_line(&self, user: Option<&UserId>, event: &TrailEvent) -> TrailLine {
        TrailLine::new(self.clock.new_id(), self.clock.now(), user, event)
    }

    /// Writes a line about something that changed nothing in the store.
    pub async fn trail(&self, user: Option<&UserId>, event: &TrailEvent) -> Result<(), Fault> {
        let line = self.trail_line(user, event);
        Ok(self.store.write(Durability::Synced, line, |tx, line| Box::pin(trail::add(tx, line))).await?)
    }

    /// Gives the lines that wait their place in the chain, and notes the chain's end in this gateway's file. How many.
    pub async fn chain_trail(&self) -> Result<usize, Fault> {
        let mut chained = 0;
        loop {
            let (waiting, _) = self.store.read((), |tx, none| Box::pin(trail::waiting(tx, none))).await?;
            if waiting == 0 {
                return Ok(chained);
            }
            let (head, moved) = self
                .store
                .write(Durability::Synced, CHAINED_AT_ONCE, |tx, max| Box::pin(trail::chain(tx, max)))
                .await?;
            let before = head.seq.saturating_sub(i64::try_from(moved).unwrap_or(i64::MAX));
            self.note_head(before, &head).await?;
            chained += moved;
        }
    }

    /// A hundred lines at most, the newest first; those that have no place yet before all others, on the first page.
    pub async fn newest_trail_lines(&self, asked: NewestLines) -> Result<Vec<ShownLine>, Fault> {
        let since = asked.since.unwrap_or(Timestamp(i64::MIN));
        let filter = NewestFilter {
            before: asked.before,
            user: asked.user,
            kind: asked.kind,
            since,
            placed_since: Timestamp(since.0.saturating_sub(PLACED_WITHIN)),
            until: asked.until.unwrap_or(Timestamp(i64::MAX)),
            max: PAGE_LINES,
        };
        let shown = self.store.read_snapshot(filter, |tx, filter| Box::pin(trail::newest(tx, filter))).await?;
        Ok(shown.into_iter().map(|shown| ShownLine { seq: shown.seq, line: shown.line, login: shown.login }).collect())
    }

    /// The lines behind `after` that concern `user` (everybody) and are not older than `since`, a thousand at most;
    /// those that have no place yet come when there are no others.
    pub async fn trail_lines(
        &self,
        after: i64,
        user: Option<&UserId>,
        since: Option<Timestamp>,
    ) -> Result<Vec<ShownLine>, Fault> {
        let filter = TrailFilter { after, user: user.cloned(), since, max: SHOWN_AT_ONCE };
        let shown = self
            .store
            .read_snapshot(filter, |tx, filter| {
                Box::pin(async move {
                    let shown = trail::show(tx, filter).await?;
                    if shown.is_empty() { trail::show_waiting(tx, filter).await } else { Ok::<_, StoreError>(shown) }
                })
            })
            .await?;
        Ok(shown.into_iter().map(|shown| ShownLine { seq: shown.seq, line: shown.line, login: shown.login }).collect())
    }
}
