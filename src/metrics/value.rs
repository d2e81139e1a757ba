//! PURE: what is counted: numbers that only rise, numbers that go up and down, times in steps. To count is one or two atomic
//! additions: no lock, no memory.
//!
//! As Prometheus has it: counters end in `_total`, times are in seconds, sizes in bytes.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::text::Series;

/// A closed list of what a label may say.
pub trait Label: Copy + 'static {
    /// What the label is called.
    const KEY: &'static str;
    /// Every value.
    const ALL: &'static [Self];
    /// Its place in the list.
    fn index(self) -> usize;
    /// As it is written.
    fn word(self) -> &'static str;
}

/// Something that is exposed under one name.
pub trait Value: Default {
    /// `counter`, `gauge`, `histogram`
    const KIND: &'static str;
    /// The labels that tell its series apart.
    fn labels() -> Vec<&'static str>;
    /// Was nothing ever counted?
    fn is_empty(&self) -> bool;
    /// Writes its lines.
    fn write(&self, series: &mut Series<'_>);
}

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// How many.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Value for Counter {
    const KIND: &'static str = "counter";

    fn labels() -> Vec<&'static str> {
        Vec::new()
    }

    fn is_empty(&self) -> bool {
        self.get() == 0
    }

    fn write(&self, series: &mut Series<'_>) {
        series.number("", self.get());
    }
}

/// A number that goes up and down, counted here from nothing.
#[derive(Debug, Default)]
pub struct Level(AtomicI64);

impl Level {
    /// So many more; fewer below 0.
    pub fn add(&self, count: i64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// How many now.
    pub fn get(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

impl Value for Level {
    const KIND: &'static str = "gauge";

    fn labels() -> Vec<&'static str> {
        Vec::new()
    }

    fn is_empty(&self) -> bool {
        self.get() == 0
    }

    fn write(&self, series: &mut Series<'_>) {
        series.number("", self.get());
    }
}

/// A number that was looked up; not exposed before the first look, so that 0 always means none.
#[derive(Debug)]
pub struct Seen(AtomicU64);

/// What no number is.
const NEVER: u64 = u64::MAX;

impl Default for Seen {
    fn default() -> Self {
        Self(AtomicU64::new(NEVER))
    }
}

impl Seen {
    /// It is so much now.
    pub fn set(&self, number: u64) {
        self.0.store(number.min(NEVER - 1), Ordering::Relaxed);
    }

    /// What was seen last.
    pub fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number != NEVER)
    }
}

impl Value for Seen {
    const KIND: &'static str = "gauge";

    fn labels() -> Vec<&'static str> {
        Vec::new()
    }

    fn is_empty(&self) -> bool {
        self.get().is_none()
    }

    fn write(&self, series: &mut Series<'_>) {
        if let Some(number) = self.get() {
            series.number("", number);
        }
    }
}

/// The ends of a histogram's steps.
pub trait Steps: Default + 'static {
    /// Microseconds, rising.
    const ENDS: &'static [u64];
}

/// Times, counted by how long they were.
#[derive(Debug)]
pub struct Times<S> {
    /// One for each step, and one for what is longer than all.
    counts: Vec<AtomicU64>,
    /// Microseconds.
    sum: AtomicU64,
    steps: PhantomData<S>,
}

/// A histogram at one moment: how many in each step (the last: longer than all), and their sum in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    pub counts: Vec<u64>,
    pub sum: u64,
}

impl<S: Steps> Default for Times<S> {
    fn default() -> Self {
        let counts = (0..=S::ENDS.len()).map(|_| AtomicU64::new(0)).collect();
        Self { counts, sum: AtomicU64::new(0), steps: PhantomData }
    }
}

impl<S: Steps> Times<S> {
    /// Something took so long.
    pub fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let step = S::ENDS.iter().position(|end| micros <= *end).unwrap_or(S::ENDS.len());
        if let Some(count) = self.counts.get(step) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn measured(&self) -> Measured {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Measured { counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

impl<S: Steps> Value for Times<S> {
    const KIND: &'static str = "histogram";

    fn labels() -> Vec<&'static str> {
        Vec::new()
    }

    fn is_empty(&self) -> bool {
        self.measured().counts.iter().all(|count| *count == 0)
    }

    fn write(&self, series: &mut Series<'_>) {
        let Measured { counts, sum } = self.measured();
        let mut total = 0;
        for (count, end) in counts.iter().zip(S::ENDS.iter().map(Some).chain([None])) {
            total += count;
            let end = end.map_or_else(|| "+Inf".to_owned(), |end| seconds(*end));
            series.within(("le", &end), |series| series.number("_bucket", total));
        }
        series.text("_sum", &seconds(sum));
        series.number("_count", total);
    }
}

/// Microseconds as seconds, without rounding.
pub(super) fn seconds(micros: u64) -> String {
    let (whole, part) = (micros / 1_000_000, micros % 1_000_000);
    match part {
        0 => whole.to_string(),
        part => format!("{whole}.{part:06}").trim_end_matches('0').to_owned(),
    }
}

/// The same for each value of a label.
#[derive(Debug)]
pub struct By<L, V> {
    each: Vec<V>,
    /// Of a value that is not in its own list: there is none.
    rest: V,
    label: PhantomData<L>,
}

impl<L: Label, V: Default> Default for By<L, V> {
    fn default() -> Self {
        Self { each: L::ALL.iter().map(|_| V::default()).collect(), rest: V::default(), label: PhantomData }
    }
}

impl<L: Label, V> By<L, V> {
    /// That of one value.
    pub fn at(&self, label: L) -> &V {
        self.each.get(label.index()).unwrap_or(&self.rest)
    }

    /// Each value with its number.
    pub fn each(&self) -> impl Iterator<Item = (L, &V)> {
        L::ALL.iter().copied().zip(&self.each)
    }
}

impl<L: Label, V: Value> Value for By<L, V> {
    const KIND: &'static str = V::KIND;

    fn labels() -> Vec<&'static str> {
        [L::KEY].into_iter().chain(V::labels()).collect()
    }

    fn is_empty(&self) -> bool {
        self.each.iter().all(V::is_empty)
    }

    fn write(&self, series: &mut Series<'_>) {
        for (label, value) in self.each() {
            if !(series.skips_empty && value.is_empty()) {
                series.within((L::KEY, label.word()), |series| value.write(series));
            }
        }
    }
}

/// Something whose series are many and mostly empty: each is exposed once something was counted.
#[derive(Debug, Default)]
pub struct Sparse<V>(V);

impl<V> std::ops::Deref for Sparse<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.0
    }
}

impl<V: Value> Value for Sparse<V> {
    const KIND: &'static str = V::KIND;

    fn labels() -> Vec<&'static str> {
        V::labels()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn write(&self, series: &mut Series<'_>) {
        series.skips_empty = true;
        self.0.write(series);
    }
}
