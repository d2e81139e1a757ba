//! School years: which one it is, closing it, opening the next. Closing closes the groups of classes and of timetables: who
//! writes to one is told so, for ever; next year's have addresses of their own. What was written keeps its names.

use super::import::Year;
use super::{Fault, Gateway};
use crate::model::Timestamp;
use crate::store::people::import::{count_change, lock_directory};
use crate::store::people::years as store;
pub use crate::store::people::years::SchoolYear;
use crate::store::{Durability, StoreError, Tx};

/// The month in which a school year that nobody opened is taken to begin.
const FIRST_MONTH: i8 = 8;

/// Why a year is not opened or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YearRefusal {
    #[error("the school year {0} is the current one: only it can be closed")]
    NotCurrent(i64),
    #[error("the school year {0} is closed already")]
    Closed(i64),
    #[error("the school year {0} is not closed yet: close it first")]
    StillOpen(i64),
    #[error("the school years up to {0} were opened before")]
    Past(i64),
}

/// What happened, or would happen.
pub type YearOutcome<T> = Result<Result<T, YearRefusal>, Fault>;

impl Gateway {
    /// The years that were opened or closed, the latest first; and the current one.
    pub async fn school_years(&self) -> Result<(Vec<SchoolYear>, i64), Fault> {
        let years = self.store.read((), |tx, ()| Box::pin(store::all(tx))).await?;
        let current = self.school_year_of(years.first().copied()).begins;
        Ok((years, current))
    }

    /// The current school year: the latest that was opened; before any was, the one of today.
    pub(in crate::domain) fn school_year_of(&self, latest: Option<SchoolYear>) -> Year {
        match latest {
            Some(year) => Year { begins: year.begins, closed: year.closed_at.is_some() },
            None => Year { begins: year_of(self.clock.now()), closed: false },
        }
    }

    /// Closes the current year: the names of the groups that are closed with it. `dry_run` only tells them.
    pub async fn close_school_year(&self, begins: i64, dry_run: bool) -> YearOutcome<Vec<String>> {
        let job = (begins, year_of(self.clock.now()), self.clock.now());
        let outcome = match dry_run {
            true => self.store.read_snapshot(job, |tx, job| Box::pin(closing(tx, *job))).await?,
            false => self.store.write(Durability::Synced, job, |tx, job| Box::pin(close(tx, *job))).await?,
        };
        Ok(outcome)
    }

    /// Opens a year after the last one was closed.
    pub async fn open_school_year(&self, begins: i64) -> YearOutcome<()> {
        let job = (begins, year_of(self.clock.now()), self.clock.now());
        Ok(self.store.write(Durability::Synced, job, |tx, job| Box::pin(open(tx, *job))).await?)
    }
}

type Job = (i64, i64, Timestamp);

async fn closing(tx: &mut Tx<'_>, (begins, of_today, _): Job) -> Result<Result<Vec<String>, YearRefusal>, StoreError> {
    let latest = store::latest(tx).await?;
    let current = latest.map_or(of_today, |year| year.begins);
    if begins != current {
        return Ok(Err(YearRefusal::NotCurrent(current)));
    }
    if latest.is_some_and(|year| year.closed_at.is_some()) {
        return Ok(Err(YearRefusal::Closed(begins)));
    }
    Ok(Ok(store::closing(tx).await?))
}

async fn close(tx: &mut Tx<'_>, job: Job) -> Result<Result<Vec<String>, YearRefusal>, StoreError> {
    lock_directory(tx).await?;
    let groups = match closing(tx, job).await? {
        Ok(groups) => groups,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (begins, _, now) = job;
    store::close(tx, begins, now).await?;
    count_change(tx).await?;
    Ok(Ok(groups))
}

async fn open(tx: &mut Tx<'_>, (begins, of_today, now): Job) -> Result<Result<(), YearRefusal>, StoreError> {
    lock_directory(tx).await?;
    let latest = store::latest(tx).await?;
    let refusal = match latest {
        Some(year) if year.closed_at.is_none() => Some(YearRefusal::StillOpen(year.begins)),
        Some(year) if begins <= year.begins => Some(YearRefusal::Past(year.begins)),
        None if begins < of_today => Some(YearRefusal::Past(of_today)),
        None if begins > of_today => Some(YearRefusal::StillOpen(of_today)),
        _ => None,
    };
    if let Some(refusal) = refusal {
        return Ok(Err(refusal));
    }
    store::open(tx, begins, now).await?;
    count_change(tx).await?;
    Ok(Ok(()))
}

/// The school year of a day: it begins in August.
fn year_of(now: Timestamp) -> i64 {
    let day = jiff::Timestamp::from_second(now.seconds()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC).date();
    i64::from(day.year()) - i64::from(day.month() < FIRST_MONTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_begins_in_august() {
        let year = |text: &str| year_of(Timestamp::from_seconds(text.parse::<jiff::Timestamp>().unwrap().as_second()));
        assert_eq!(year("2026-07-31T23:59:59Z"), 2025);
        assert_eq!(year("2026-08-01T00:00:00Z"), 2026);
        assert_eq!(year("2027-01-01T00:00:00Z"), 2026);
    }
}
