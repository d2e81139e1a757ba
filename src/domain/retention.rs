//! Retention: messages that are older than the settings allow are expunged, by what their mailbox is for.
//!
//! A message stays on the day that it came into its mailbox, and for so many whole days after that; days are those of the
//! school's time zone, whatever their length. Then it is expunged, and can be brought back as other expunged messages.

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Fault, Gateway};
use crate::config::Retention;
use crate::model::{MailboxId, SpecialUse, Timestamp};
use crate::store::placement::Expunging;
use crate::store::ranges_json;
use crate::store::retention::{Page, aged, mailboxes, old_uids};

/// Mailboxes looked at by one statement, and messages expunged in one transaction.
const MAILBOXES_AT_ONCE: usize = 500;
const MESSAGES_AT_ONCE: usize = 200;

/// One rule, and what falls under it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// What the mailboxes are for; `None`: people's own.
    pub special_use: Option<SpecialUse>,
    pub days: u32,
    /// What came before this is too old.
    pub before: Timestamp,
    pub mailboxes: u64,
    pub messages: u64,
}

/// The rules that are set: what the mailboxes are for, and how many days.
fn rules(retention: &Retention) -> impl Iterator<Item = (Option<SpecialUse>, u32)> {
    let rules = [
        (Some(SpecialUse::Inbox), retention.inbox_days),
        (Some(SpecialUse::Drafts), retention.drafts_days),
        (Some(SpecialUse::Sent), retention.sent_days),
        (Some(SpecialUse::Trash), retention.trash_days),
        (Some(SpecialUse::Archive), retention.archive_days),
        (Some(SpecialUse::Junk), retention.junk_days),
        (None, retention.others_days),
    ];
    rules.into_iter().filter_map(|(special_use, days)| Some((special_use, days?)))
}

/// The time before which messages are too old at `now`: the start of the day that lies `days` days before this one.
pub fn limit(now: Timestamp, days: u32, zone: &TimeZone) -> Option<Timestamp> {
    let days = Span::new().try_days(i64::from(days)).ok()?;
    let first_kept = day_of(now, zone)?.checked_sub(days).ok()?;
    let start = first_kept.to_zoned(zone.clone()).ok()?;
    Some(Timestamp(start.timestamp().as_microsecond()))
}

fn day_of(now: Timestamp, zone: &TimeZone) -> Option<Date> {
    let now = jiff::Timestamp::from_microsecond(now.0).ok()?;
    Some(zone.to_datetime(now).date())
}

impl Gateway {
    /// What day it is at the school.
    pub(super) fn today(&self) -> Result<Date, Fault> {
        day_of(self.clock.now(), &self.time_zone()?).ok_or_else(|| Fault::Worker("the clock shows no date".to_owned()))
    }

    fn time_zone(&self) -> Result<TimeZone, Fault> {
        TimeZone::get(&self.config.keeping.time_zone).map_err(|error| Fault::Worker(error.to_string()))
    }

    /// What the rules would take now.
    pub async fn expiring(&self) -> Result<Vec<Expiring>, Fault> {
        self.apply_retention(false).await
    }

    /// Expunges what the rules take now, and tells what it was.
    pub async fn expunge_old(&self) -> Result<Vec<Expiring>, Fault> {
        let expired = self.apply_retention(true).await?;
        for rule in expired.iter().filter(|rule| rule.messages > 0) {
            tracing::info!(?rule, "retention: messages expunged");
        }
        Ok(expired)
    }

    async fn apply_retention(&self, expunging: bool) -> Result<Vec<Expiring>, Fault> {
        let (now, zone) = (self.clock.now(), self.time_zone()?);
        let mut found = Vec::new();
        for (special_use, days) in rules(&self.config.keeping.retention) {
            // A limit before all dates takes nothing.
            let Some(before) = limit(now, days, &zone) else { continue };
            let mut rule = Expiring { special_use, days, before, mailboxes: 0, messages: 0 };
            self.apply_rule(&mut rule, expunging).await?;
            found.push(rule);
        }
        Ok(found)
    }

    async fn apply_rule(&self, rule: &mut Expiring, expunging: bool) -> Result<(), Fault> {
        let mut above = MailboxId(i64::MIN);
        loop {
            let page = Page { special_use: rule.special_use, above, mailboxes_max: MAILBOXES_AT_ONCE };
            let ids = self.store.read(page, |tx, page| Box::pin(mailboxes(tx, page))).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            above = *last;
            let aged = self.store.read((ids, rule.before), |tx, asked| Box::pin(aged(tx, asked))).await?;
            for (mailbox, messages) in aged {
                rule.mailboxes += 1;
                rule.messages += messages;
                if expunging {
                    self.expunge_from(mailbox, rule.before).await?;
                }
            }
        }
    }

    async fn expunge_from(&self, mailbox: MailboxId, before: Timestamp) -> Result<(), Fault> {
        loop {
            let asked = (mailbox, before, MESSAGES_AT_ONCE);
            let uids = self.store.read(asked, |tx, asked| Box::pin(old_uids(tx, asked))).await?;
            if uids.is_empty() {
                return Ok(());
            }
            // Not into Trash, where they would begin to wait anew.
            let expunging = self.expunging(mailbox, ranges_json(&uids), self.clock.now());
            self.expunge_these(Expunging { to_trash: false, ..expunging }).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn limit_at(now: &str, days: u32, zone: &str) -> Timestamp {
        limit(at(now), days, &TimeZone::get(zone).unwrap()).unwrap()
    }

    #[test]
    fn a_message_stays_for_whole_days_and_goes_at_midnight() {
        // 1 March, kept for 30 days: to the end of 31 March in Paris, where summer time began on the 29th.
        let came = ["2026-02-28T23:00:00Z", "2026-03-01T22:59:59.999999Z"];
        for came in came.map(at) {
            assert!(came >= limit_at("2026-03-31T21:59:59.999999Z", 30, "Europe/Paris"), "23:59:59 on 31 March");
            assert!(came < limit_at("2026-03-31T22:00:00Z", 30, "Europe/Paris"), "0:00 on 1 April");
        }
        assert!(at("2026-03-01T23:00:00Z") >= limit_at("2026-03-31T22:00:00Z", 30, "Europe/Paris"), "2 March");
    }

    #[test]
    fn days_that_are_longer_or_shorter_count_as_one() {
        // The 25-hour day, 25 October 2026: what came on it is one day old from its end to the next midnight.
        assert_eq!(limit_at("2026-10-25T22:59:59Z", 0, "Europe/Paris"), at("2026-10-24T22:00:00Z"));
        assert_eq!(limit_at("2026-10-25T23:00:00Z", 0, "Europe/Paris"), at("2026-10-25T23:00:00Z"));
        assert_eq!(limit_at("2026-10-26T12:00:00Z", 1, "Europe/Paris"), at("2026-10-24T22:00:00Z"));
        // The 23-hour day, 29 March 2026.
        assert_eq!(limit_at("2026-03-30T12:00:00Z", 1, "Europe/Paris"), at("2026-03-28T23:00:00Z"));
        assert_eq!(limit_at("2026-03-30T12:00:00Z", 2, "Europe/Paris"), at("2026-03-27T23:00:00Z"));
    }

    #[test]
    fn midnight_is_that_of_the_school() {
        let now = "2026-11-23T12:00:00Z";
        assert_eq!(limit_at(now, 0, "Indian/Reunion"), at("2026-11-22T20:00:00Z"));
        assert_eq!(limit_at(now, 0, "America/Martinique"), at("2026-11-23T04:00:00Z"));
        assert_eq!(limit_at(now, 0, "Pacific/Noumea"), at("2026-11-22T13:00:00Z"));
        // Leap years, and more days than there have been.
        assert_eq!(limit_at("2028-03-01T00:00:00Z", 366, "UTC"), at("2027-03-01T00:00:00Z"));
        assert_eq!(limit(at(now), u32::MAX, &TimeZone::UTC), None);
    }
}
