//! Limits on what people send: counted in the delivering transaction, by clock hours and by days of the school's clock.

use jiff::civil::DateTime;
use jiff::{ToSpan, Unit};

use super::{Fault, Gateway};
use crate::model::{Limit, Profile, Timestamp, User};
use crate::sentences::Sentence;
use crate::store::limits::{self, Counting};

/// Microseconds.
const HOUR: i64 = 3_600_000_000;

/// How a person stands with one limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub limit: Limit,
    pub max: u32,
    /// `None`: counted anew with each message.
    pub used: Option<u64>,
    /// When it is counted anew, on the school's clock.
    pub until: Option<DateTime>,
}

impl Gateway {
    /// How somebody stands with each limit.
    pub async fn limits_of(&self, user: &User) -> Result<Vec<Standing>, Fault> {
        let counting = self.counting(user);
        let asked = (counting.user, counting.hour, counting.day);
        let sent = self.store.read(asked, |tx, asked| Box::pin(limits::sent(tx, asked))).await?;
        let standing = |limit| {
            let used = sent.of(limit);
            Standing { limit, max: counting.limits.max(limit), used, until: used.map(|_| self.counted_anew(limit)) }
        };
        Ok(Limit::ALL.into_iter().map(standing).collect())
    }

    /// May somebody send one more message now? Else the sentence that says when: before the message is sent in vain.
    pub async fn limit_reached(&self, user: &User) -> Result<Option<Sentence>, Fault> {
        let counting = self.counting(user);
        let asked = (counting.user, counting.hour, counting.day);
        let sent = self.store.read(asked, |tx, asked| Box::pin(limits::sent(tx, asked))).await?;
        Ok(counting.limits.in_the_way(&sent, 1, 0).map(|limit| self.limit_sentence(user.profile, limit)))
    }

    /// What the delivering transaction needs to count.
    pub(super) fn counting(&self, user: &User) -> Counting {
        let now = self.clock.now();
        Counting {
            user: user.id.clone(),
            limits: self.config.limits.of(user.profile),
            hour: now.0.div_euclid(HOUR),
            day: self.day_began(now).0.div_euclid(HOUR),
        }
    }

    pub(super) fn limit_sentence(&self, profile: Profile, limit: Limit) -> Sentence {
        let max = self.config.limits.of(profile).max(limit);
        match usize::try_from(max) {
            Ok(max) if limit == Limit::PeoplePerMessage => Sentence::TooManyPeople { max },
            _ => Sentence::LimitReached { limit, max, until: self.counted_anew(limit) },
        }
    }

    /// When a limit is counted anew: the next full hour, or the next day.
    fn counted_anew(&self, limit: Limit) -> DateTime {
        let wall = self.on_the_wall(self.clock.now());
        let next = match limit {
            Limit::MessagesPerHour => wall.round(hour_down()).and_then(|hour| hour.checked_add(1.hour())),
            _ => wall.date().checked_add(1.day()).map(|day| day.to_datetime(jiff::civil::Time::midnight())),
        };
        next.unwrap_or(wall)
    }

    /// When the day of the school's clock began.
    fn day_began(&self, now: Timestamp) -> Timestamp {
        let zone = self.quiet.default.hours.time_zone.clone();
        let began = self.on_the_wall(now).date().to_zoned(zone);
        began.map_or(now, |began| Timestamp(began.timestamp().as_microsecond()))
    }
}

fn hour_down() -> jiff::civil::DateTimeRound {
    jiff::civil::DateTimeRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc)
}
