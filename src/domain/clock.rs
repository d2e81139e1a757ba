//! Time, as an argument: the system's, or one that a test sets. And ids made from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use crate::model::Timestamp;

/// Tells the time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Microseconds; `None` = the system's clock.
    fixed: Option<Arc<AtomicI64>>,
}

/// Distinguishes ids made within one millisecond; starts anywhere.
static NEXT: AtomicU32 = AtomicU32::new(0);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `at` until it is set.
    pub fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(at.0))) }
    }

    /// Sets a fixed clock; nothing on the system's.
    pub fn set(&self, at: Timestamp) {
        if let Some(fixed) = &self.fixed {
            fixed.store(at.0, Ordering::Relaxed);
        }
    }

    /// Now.
    #[allow(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
    pub fn now(&self) -> Timestamp {
        match &self.fixed {
            Some(fixed) => Timestamp(fixed.load(Ordering::Relaxed)),
            None => Timestamp(jiff::Timestamp::now().as_microsecond()),
        }
    }

    /// A new positive id for a row: milliseconds, then 20 bits that a process counts from a random start.
    /// Rising within a process; between processes the primary key is the guard.
    pub fn new_id(&self) -> i64 {
        self.new_ids(1)
    }

    /// The first of `count` new ids that follow each other (at most a few hundred thousand).
    pub fn new_ids(&self, count: u32) -> i64 {
        let milliseconds = self.now().0.div_euclid(1000) & 0x7FF_FFFF_FFFF;
        if NEXT.load(Ordering::Relaxed) == 0 {
            let mut start = [0; 4];
            if getrandom::fill(&mut start).is_ok() {
                let _ = NEXT.compare_exchange(0, u32::from_ne_bytes(start) | 1, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
        let first = NEXT.fetch_add(count, Ordering::Relaxed) & 0xF_FFFF;
        (milliseconds << 20) + i64::from(first)
    }
}

/// When an id was made, to the millisecond.
pub fn made_at(id: i64) -> Timestamp {
    Timestamp((id >> 20).saturating_mul(1000))
}
