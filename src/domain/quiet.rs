//! Quiet hours: who is reached at once, who waits, and what is due when the window ends.
//!
//! The wait is a column of the delivery itself, written in the delivering transaction: nothing to lose.
//! `Gateway::release_due` runs on every gateway; a letter goes to all its readers in one transaction, and after each
//! transaction the store is left to others for as long as it took.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::civil::{DateTime, Time};

use super::{Fault, Gateway};
use crate::mime::is_urgent;
use crate::model::{GroupKind, Profile, QuietNow, QuietRule, Timestamp, User};
use crate::store::people::overview;
use crate::store::quiet::{self, NewEnd, Release, Waiting};
use crate::store::{Durability, json_list};

/// What quiet hours are to a letter.
pub(super) struct Quiet {
    /// Who waits; `None`: nobody.
    pub(super) now: Option<QuietNow>,
    /// Would people wait, had the letter not been marked urgent by somebody who may?
    pub(super) urgent: bool,
}

/// Quiet hours of one school, as a person is told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietOf {
    /// Its name; `None`: the person has no school.
    pub school: Option<String>,
    /// Who is not reached then.
    pub binds: Vec<Profile>,
    pub morning: Time,
    pub evening: Time,
    pub weekends: bool,
    /// When it opens next, on the school's clock; `None`: it is open.
    pub opens: Option<DateTime>,
}

impl Gateway {
    /// Whom a letter with this header keeps waiting.
    pub(super) async fn quiet_for(&self, sender: &User, header: &[u8]) -> Result<Quiet, Fault> {
        let now = self.quiet.at(self.clock.now(), sender.profile);
        let urgent = now.is_some() && is_urgent(header) && self.may_urge(sender).await?;
        Ok(Quiet { now: now.filter(|_| !urgent), urgent })
    }

    /// May this person reach people in quiet hours?
    async fn may_urge(&self, sender: &User) -> Result<bool, Fault> {
        if self.quiet.urgent_profiles.contains(&sender.profile) {
            return Ok(true);
        }
        let kinds: Vec<&str> = self.quiet.urgent_groups.iter().copied().map(GroupKind::column).collect();
        let asked = (sender.id.clone(), json_list(&kinds));
        Ok(self.store.read(asked, |tx, asked| Box::pin(quiet::in_group_of_kind(tx, asked))).await?)
    }

    /// A time as people read it on the school's clock.
    pub fn on_the_wall(&self, at: Timestamp) -> DateTime {
        let instant = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
        instant.to_zoned(self.quiet.default.hours.time_zone.clone()).datetime()
    }

    /// How quiet hours are to a person: in each of the person's schools; where there is none, as they are by default.
    pub async fn quiet_of(&self, user: &User) -> Result<Vec<QuietOf>, Fault> {
        let schools = self.store.read(user.id.clone(), |tx, user| Box::pin(overview::schools_of(tx, user))).await?;
        let now = self.clock.now();
        let of = |name: Option<String>, rule: &QuietRule| QuietOf {
            school: name,
            binds: rule.binds.clone(),
            morning: rule.hours.morning,
            evening: rule.hours.evening,
            weekends: rule.hours.weekends,
            opens: rule.hours.next_opening(now).map(|at| self.on_the_wall(at)),
        };
        if schools.is_empty() {
            return Ok(vec![of(None, &self.quiet.default)]);
        }
        let rule = |uai: &str| self.quiet.schools.get(uai).unwrap_or(&self.quiet.default);
        Ok(schools.into_iter().map(|school| of(Some(school.name), rule(&school.uai))).collect())
    }

    /// Places some letters that are due and wakes their readers. How many letters; none: nothing is due.
    pub async fn release_some(&self) -> Result<usize, Fault> {
        let release = Release {
            now: self.clock.now(),
            batch: self.clock.new_id(),
            people_max: self.config.quiet.release_people_max,
            hold_suspended: self.config.quiet.hold_suspended,
            outbox: self.new_outbox(self.config.quiet.release_people_max),
        };
        let released =
            self.store.write(Durability::Synced, release, |tx, release| Box::pin(quiet::release(tx, release))).await?;
        self.changed(&released.mailboxes);
        if released.people > 0 {
            self.wake_webhooks();
            tracing::info!(letters = released.letters, people = released.people, "letters that waited were delivered");
        }
        Ok(released.letters)
    }

    /// Places everything that is due, a part at a time, with pauses.
    pub async fn release_due(&self) -> Result<(), Fault> {
        loop {
            let started = Instant::now();
            if self.release_some().await? == 0 {
                return Ok(());
            }
            let pause = started.elapsed().saturating_mul(self.config.quiet.release_pause_percent) / 100;
            tokio::time::sleep(pause.min(PAUSE_MAX)).await;
        }
    }

    /// Looks at all that waits again, by the calendar as it is now: after a change of it, whoever is reachable now gets his
    /// letters now, and who would be reached at another time waits until then. What is due already stays due.
    pub async fn review_waiting(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let waiting = self.store.read_snapshot(now, |tx, now| Box::pin(quiet::waiting(tx, now))).await?;
        let mut ends: BTreeMap<(bool, Timestamp, Timestamp), Vec<String>> = BTreeMap::new();
        for person in &waiting {
            let end = self.end_of(person, now);
            if end != person.until {
                ends.entry(NewEnd::key(person, end)).or_default().push(person.user.as_str().to_owned());
            }
        }
        let ends: Vec<NewEnd> =
            ends.into_iter().map(|((from_staff, from, to), users)| NewEnd { users, from_staff, from, to }).collect();
        if !ends.is_empty() {
            tracing::info!("quiet hours have changed: letters wait until other times");
            self.store.write(Durability::Synced, ends, |tx, ends| Box::pin(quiet::change_ends(tx, ends))).await?;
        }
        Ok(())
    }

    fn end_of(&self, person: &Waiting, now: Timestamp) -> Timestamp {
        let quiet = self.quiet.at(now, person.sender);
        quiet.and_then(|quiet| quiet.opens(person.profile, &person.schools)).unwrap_or(now)
    }
}

/// The store has been left to others long enough.
const PAUSE_MAX: Duration = Duration::from_secs(5);
