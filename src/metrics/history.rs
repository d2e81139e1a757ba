//! PURE: what was counted in the last hour, day and week: three rings of snapshots, whose size is known. A snapshot holds
//! what the counters said; what happened between two is their difference, and where a counter has become less (the process
//! was started anew) all that it says.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::labels::{ClientKind, Reason, Spoken, SubmissionOutcome};
use super::value::{Label, Measured, Steps};
use super::{Metrics, Waits};

/// How far back to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    #[default]
    Hour,
    Day,
    Week,
}

impl Span {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// Seconds between two snapshots.
    const fn every(self) -> i64 {
        match self {
            Self::Hour => 10,
            Self::Day => 300,
            Self::Week => 1800,
        }
    }

    /// All of its seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Week => 604_800,
        }
    }

    /// Snapshots kept: one more than intervals.
    fn kept(self) -> usize {
        usize::try_from(self.seconds() / self.every() + 1).unwrap_or(0)
    }
}

/// What the counters said at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    /// Seconds since 1970.
    pub at: i64,
    /// Sessions by kind of client, in the order of the labels; so are the others.
    pub sessions: Vec<u64>,
    pub submissions: Vec<u64>,
    pub refusals: Vec<u64>,
    pub delivery: Vec<u64>,
    pub push: Vec<u64>,
    /// 0 where it is not known.
    pub store_size: u64,
}

impl Snapshot {
    /// Of now.
    fn of(metrics: &Metrics, at: i64) -> Self {
        let both = |count: &dyn Fn(Spoken) -> u64| Spoken::ALL.iter().map(|spoken| count(*spoken)).sum();
        let sessions = |kind: &ClientKind| both(&|spoken| metrics.sessions.at(spoken).at(*kind).get());
        let refusals = |reason: &Reason| both(&|spoken| metrics.refusals.at(spoken).at(*reason).get());
        Self {
            at,
            sessions: ClientKind::ALL.iter().map(sessions).collect(),
            submissions: metrics.submissions.each().map(|(_, count)| count.get()).collect(),
            refusals: Reason::ALL.iter().map(refusals).collect(),
            delivery: metrics.delivery.measured().counts,
            push: metrics.push.measured().counts,
            store_size: metrics.store_size.get().unwrap_or(0),
        }
    }

    /// Has it as many numbers as this program's snapshots?
    fn fits(&self) -> bool {
        let steps = Waits::ENDS.len() + 1;
        self.sessions.len() == ClientKind::ALL.len()
            && self.submissions.len() == SubmissionOutcome::ALL.len()
            && self.refusals.len() == Reason::ALL.len()
            && self.delivery.len() == steps
            && self.push.len() == steps
    }
}

/// What happened between two snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Its end, seconds since 1970.
    pub at: i64,
    /// Open at its end.
    pub sessions: Vec<u64>,
    pub submissions: Vec<u64>,
    pub refusals: Vec<u64>,
    pub delivery: Measured,
    pub push: Measured,
    pub store_size: Option<u64>,
}

impl Interval {
    fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let measured = |before: &[u64], after: &[u64]| Measured { counts: risen(before, after), sum: 0 };
        Self {
            at: after.at,
            sessions: after.sessions.clone(),
            submissions: risen(&before.submissions, &after.submissions),
            refusals: risen(&before.refusals, &after.refusals),
            delivery: measured(&before.delivery, &after.delivery),
            push: measured(&before.push, &after.push),
            store_size: Some(after.store_size).filter(|size| *size > 0),
        }
    }
}

/// By how much counters have risen.
fn risen(before: &[u64], after: &[u64]) -> Vec<u64> {
    let anew = after.iter().zip(before).any(|(after, before)| after < before);
    let risen = |(after, before): (&u64, &u64)| if anew { *after } else { after.saturating_sub(*before) };
    after.iter().zip(before).map(risen).collect()
}

impl Measured {
    /// The time within which this part of all (0 to 1) was done, in microseconds: the end of its step, as exact as the steps
    /// are. `None` where nothing was done.
    pub fn within<S: Steps>(&self, part: f64) -> Option<u64> {
        let total: u64 = self.counts.iter().sum();
        if total == 0 {
            return None;
        }
        let mut so_far = 0;
        for (count, end) in self.counts.iter().zip(S::ENDS) {
            so_far += count;
            // Counts of a week are far below what a float holds exactly.
            if so_far as f64 >= total as f64 * part {
                return Some(*end);
            }
        }
        S::ENDS.last().copied()
    }
}

/// The rings.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    hour: VecDeque<Snapshot>,
    day: VecDeque<Snapshot>,
    week: VecDeque<Snapshot>,
}

impl History {
    /// From what was kept; snapshots of a program that counts other things are left out.
    pub fn read(text: &[u8]) -> Option<Self> {
        let mut history: Self = serde_json::from_slice(text).ok()?;
        for span in Span::ALL {
            let ring = history.ring_mut(span);
            ring.retain(Snapshot::fits);
            ring.drain(..ring.len().saturating_sub(span.kept()));
        }
        Some(history)
    }

    /// As it is kept.
    pub fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Takes a snapshot, where its time has come. A clock that was set back begins anew.
    pub fn note(&mut self, metrics: &Metrics, now: i64) {
        for span in Span::ALL {
            let ring = self.ring_mut(span);
            ring.retain(|snapshot| snapshot.at <= now && snapshot.at > now - span.seconds() - span.every());
            if ring.back().is_some_and(|last| now - last.at < span.every()) {
                continue;
            }
            if ring.len() >= span.kept() {
                ring.pop_front();
            }
            ring.push_back(Snapshot::of(metrics, now));
        }
    }

    /// What happened, oldest first.
    pub fn intervals(&self, span: Span) -> Vec<Interval> {
        let ring = self.ring(span);
        ring.iter().zip(ring.iter().skip(1)).map(|(before, after)| Interval::between(before, after)).collect()
    }

    fn ring(&self, span: Span) -> &VecDeque<Snapshot> {
        match span {
            Span::Hour => &self.hour,
            Span::Day => &self.day,
            Span::Week => &self.week,
        }
    }

    fn ring_mut(&mut self, span: Span) -> &mut VecDeque<Snapshot> {
        match span {
            Span::Hour => &mut self.hour,
            Span::Day => &mut self.day,
            Span::Week => &mut self.week,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_happened_is_the_difference_also_over_a_restart() {
        let (first, second) = (Metrics::default(), Metrics::default());
        let mut history = History::default();
        let delivered = |metrics: &Metrics, count| metrics.submissions.at(SubmissionOutcome::Delivered).add(count);
        delivered(&first, 5);
        history.note(&first, 1000);
        delivered(&first, 3);
        first.delivery.took(Duration::from_millis(40));
        history.note(&first, 1005);
        history.note(&first, 1010);
        // Started anew.
        delivered(&second, 2);
        let mut history = History::read(&history.text()).unwrap();
        history.note(&second, 1020);
        let intervals = history.intervals(Span::Hour);
        let counts: Vec<u64> = intervals.iter().map(|interval| interval.submissions[0]).collect();
        assert_eq!(counts, [3, 2]);
        assert_eq!(intervals[0].delivery.within::<Waits>(0.95), Some(50_000));
        assert_eq!(intervals[1].delivery.within::<Waits>(0.95), None);
        assert!(history.intervals(Span::Day).is_empty(), "one snapshot so far");
    }

    #[test]
    fn rings_do_not_grow() {
        let (metrics, mut history) = (Metrics::default(), History::default());
        for second in (0..700_000).step_by(10) {
            history.note(&metrics, second);
        }
        let lengths = Span::ALL.map(|span| history.intervals(span).len());
        assert_eq!(lengths, [360, 288, 336]);
        assert!(history.text().len() < 400_000, "{}", history.text().len());
        // The clock was set back: what lies ahead is nobody's.
        history.note(&metrics, 100);
        assert!(Span::ALL.iter().all(|span| history.intervals(*span).is_empty()));
    }

    #[test]
    fn parts_are_those_of_the_steps() {
        let measured = Measured { counts: vec![50, 44, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 1], sum: 0 };
        assert_eq!(measured.within::<Waits>(0.5), Some(5_000));
        assert_eq!(measured.within::<Waits>(0.95), Some(250_000));
        assert_eq!(measured.within::<Waits>(1.0), Some(30_000_000), "longer than all");
    }

    #[test]
    fn what_another_program_kept_is_left_out() {
        let mut history = History::default();
        history.note(&Metrics::default(), 10);
        history.note(&Metrics::default(), 20);
        history.hour[0].refusals.push(7);
        assert!(History::read(&history.text()).unwrap().intervals(Span::Hour).is_empty());
        assert!(History::read(b"{}").is_none() && History::read(b"[1").is_none());
    }
}
