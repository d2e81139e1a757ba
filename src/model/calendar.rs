//! PURE: when a school's people may be reached: its hours and days, in its time zone → the next opening.

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::Timestamp;

/// Days that are looked through for the next opening. Where a calendar leaves none, this is how long a letter waits.
const DAYS_MAX: i32 = 400;

/// Days without school, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holidays {
    pub first: Date,
    pub last: Date,
}

/// Open on each day of school from `morning` (included) to `evening` (excluded), in the time zone. Closed otherwise.
#[derive(Clone, Debug)]
pub struct Hours {
    pub time_zone: TimeZone,
    pub morning: Time,
    pub evening: Time,
    /// Are Saturday and Sunday days without school?
    pub weekends: bool,
    pub holidays: Vec<Holidays>,
}

impl Hours {
    /// When it opens next; `None` where it is open at `now`.
    ///
    /// A day opens and closes at instants, so an hour that summer time skips or repeats never closes twice.
    pub fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        let instant = jiff::Timestamp::from_microsecond(now.0).ok()?;
        // The day before too: an evening after midnight does not exist, but a time zone may.
        let mut day = instant.to_zoned(self.time_zone.clone()).date().checked_sub(1.day()).ok()?;
        for _ in 0..DAYS_MAX {
            if self.has_school(day) {
                let (opens, closes) = (self.instant(day, self.morning)?, self.instant(day, self.evening)?);
                if now < opens {
                    return Some(opens);
                }
                if now < closes {
                    return None;
                }
            }
            day = day.checked_add(1.day()).ok()?;
        }
        self.instant(day, self.morning)
    }

    fn has_school(&self, day: Date) -> bool {
        let weekend = self.weekends && matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && !self.holidays.iter().any(|holidays| holidays.first <= day && day <= holidays.last)
    }

    /// A time that is skipped comes an hour later, one that is repeated is the first of the two.
    fn instant(&self, day: Date, time: Time) -> Option<Timestamp> {
        let zoned = day.to_datetime(time).to_zoned(self.time_zone.clone()).ok()?;
        Some(Timestamp(zoned.timestamp().as_microsecond()))
    }
}

#[cfg(test)]
mod tests;
