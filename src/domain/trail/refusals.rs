//! Refusals, counted by person and reason and written together: nobody can fill the store with them.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;

use super::{Fault, Gateway};
use crate::model::{Timestamp, TrailEvent, TrailLine, UserId};
use crate::sentences::Sentence;
use crate::store::{Durability, trail};

/// People counted between two writes. Those beyond are counted as one: nobody's name, but their number is right.
const PEOPLE_MAX: usize = 20_000;

/// What has not been written yet.
#[derive(Default)]
pub(in crate::domain) struct Refusals {
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    /// When the first of them came.
    since: Option<Timestamp>,
    people: HashMap<Option<UserId>, BTreeMap<&'static str, u32>>,
}

impl Refusals {
    fn count(&self, user: &UserId, reason: &'static str, now: Timestamp) {
        let mut counted = self.counted.lock();
        counted.since.get_or_insert(now);
        let known = counted.people.len() < PEOPLE_MAX || counted.people.contains_key(&Some(user.clone()));
        let reasons = counted.people.entry(known.then(|| user.clone())).or_default();
        let count = reasons.entry(reason).or_default();
        *count = count.saturating_add(1);
    }

    /// What there is, where the first of it is as old as `age` (microseconds).
    fn take(&self, now: Timestamp, age: i64) -> Option<Counted> {
        let mut counted = self.counted.lock();
        let since = counted.since?;
        (now.0.saturating_sub(since.0) >= age).then(|| std::mem::take(&mut *counted))
    }

    /// What could not be written comes again, with what came meanwhile.
    fn put_back(&self, old: Counted) {
        let mut counted = self.counted.lock();
        counted.since = old.since;
        for (user, reasons) in old.people {
            let now = counted.people.entry(user).or_default();
            for (reason, count) in reasons {
                let sum = now.entry(reason).or_default();
                *sum = sum.saturating_add(count);
            }
        }
    }
}

impl Gateway {
    /// Counts a refusal of something that the person wanted to send.
    pub fn note_refusal(&self, user: &UserId, sentence: &Sentence) {
        self.refusals.count(user, reason(sentence), self.clock.now());
    }

    /// Writes the refusals counted so far, one line for each person, where the first of them is old enough
    /// (`trail.refusals_seconds`), or at once.
    pub async fn write_refusals(&self, at_once: bool) -> Result<(), Fault> {
        let seconds = i64::try_from(self.config.trail.refusals_seconds).unwrap_or(i64::MAX);
        let age = if at_once { i64::MIN } else { seconds.saturating_mul(1_000_000) };
        let Some(counted) = self.refusals.take(self.clock.now(), age) else { return Ok(()) };
        let since = counted.since.unwrap_or_else(|| self.clock.now());
        let line = |(user, reasons): (&Option<UserId>, &BTreeMap<&'static str, u32>)| {
            self.trail_line(user.as_ref(), &TrailEvent::Refusals { since, reasons: reasons.clone() })
        };
        let lines: Vec<TrailLine> = counted.people.iter().map(line).collect();
        let written = self.store.write(Durability::Synced, lines, |tx, lines| {
            Box::pin(async move {
                for line in lines {
                    trail::add(tx, line).await?;
                }
                Ok(())
            })
        });
        written.await.map_err(|error| {
            self.refusals.put_back(counted);
            error.into()
        })
    }
}

/// The word of the trail for a refusal. Few, so that a line stays short.
fn reason(sentence: &Sentence) -> &'static str {
    match sentence {
        Sentence::UnknownRecipient { .. } | Sentence::BadAddress { .. } => "unknown-recipient",
        Sentence::OutsideEnt { .. } => "outside",
        Sentence::NotAllowed { .. } => "not-allowed",
        Sentence::RecipientSuspended { .. } => "recipient-suspended",
        Sentence::GroupClosed { .. } | Sentence::GroupEmpty { .. } => "group",
        Sentence::SenderNotYours { .. } | Sentence::FromNotYours { .. } | Sentence::FromSeveral => "not-the-sender",
        Sentence::AccountSuspended => "suspended",
        Sentence::LimitReached { .. } => "limit",
        Sentence::TooManyPeople { .. } | Sentence::TooManyRecipients { .. } => "too-many",
        Sentence::QuotaExceeded => "quota",
        Sentence::SendingOff => "turned-off",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_beyond_the_bound_are_counted_as_one() {
        let refusals = Refusals::default();
        for person in 0..PEOPLE_MAX + 50 {
            refusals.count(&UserId::new(person.to_string()), "not-allowed", Timestamp(5));
        }
        refusals.count(&UserId::new("0"), "outside", Timestamp(6));
        assert!(refusals.take(Timestamp(10), 6).is_none());
        let counted = refusals.take(Timestamp(11), 6).unwrap();
        assert_eq!(counted.people.len(), PEOPLE_MAX + 1);
        assert_eq!(counted.people[&None]["not-allowed"], 50);
        assert_eq!(counted.people[&Some(UserId::new("0"))].len(), 2);
        refusals.count(&UserId::new("0"), "outside", Timestamp(12));
        refusals.put_back(counted);
        let again = refusals.take(Timestamp(11), 6).unwrap();
        assert_eq!(again.people[&Some(UserId::new("0"))]["outside"], 2);
    }
}
