//! PURE: a session among those that are open, by what its client says it is. Dropped, it is open no more.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Metrics;
use super::labels::{ClientKind, Spoken};
use super::value::Label;

/// A session's place in the counts.
pub struct SessionMark {
    metrics: Arc<Metrics>,
    spoken: Spoken,
    /// The kind's index.
    kind: AtomicUsize,
    /// Is it counted among those that were opened?
    counted: AtomicBool,
}

impl SessionMark {
    /// Somebody has logged in.
    pub fn new(metrics: &Arc<Metrics>, spoken: Spoken, kind: ClientKind) -> Self {
        metrics.sessions.at(spoken).at(kind).add(1);
        let mark = Self {
            metrics: Arc::clone(metrics),
            spoken,
            kind: AtomicUsize::new(kind.index()),
            counted: AtomicBool::new(false),
        };
        if kind != ClientKind::Unknown {
            mark.count(kind);
        }
        mark
    }

    /// The client has said what it is.
    pub fn is(&self, kind: ClientKind) {
        let before = kind_at(self.kind.swap(kind.index(), Ordering::Relaxed));
        let sessions = self.metrics.sessions.at(self.spoken);
        sessions.at(before).add(-1);
        sessions.at(kind).add(1);
        self.count(kind);
    }

    fn count(&self, kind: ClientKind) {
        if !self.counted.swap(true, Ordering::Relaxed) {
            self.metrics.sessions_opened.at(self.spoken).at(kind).inc();
        }
    }
}

fn kind_at(index: usize) -> ClientKind {
    ClientKind::ALL.get(index).copied().unwrap_or(ClientKind::Unknown)
}

impl Drop for SessionMark {
    fn drop(&mut self) {
        let kind = kind_at(self.kind.load(Ordering::Relaxed));
        self.metrics.sessions.at(self.spoken).at(kind).add(-1);
        self.count(kind);
    }
}

impl fmt::Debug for SessionMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionMark").field("spoken", &self.spoken).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_counted_once_as_what_it_says_it_is() {
        let metrics = Arc::new(Metrics::default());
        let of = |kind| {
            let (open, opened) = (metrics.sessions.at(Spoken::Imap), metrics.sessions_opened.at(Spoken::Imap));
            (open.at(kind).get(), opened.at(kind).get())
        };
        let mark = SessionMark::new(&metrics, Spoken::Imap, ClientKind::Unknown);
        assert_eq!(of(ClientKind::Unknown), (1, 0));
        mark.is(ClientKind::Thunderbird);
        mark.is(ClientKind::Geary);
        assert_eq!((of(ClientKind::Unknown), of(ClientKind::Thunderbird)), ((0, 0), (0, 1)));
        assert_eq!(of(ClientKind::Geary), (1, 0));
        drop(mark);
        drop(SessionMark::new(&metrics, Spoken::Imap, ClientKind::Unknown));
        assert_eq!((of(ClientKind::Unknown), of(ClientKind::Geary)), ((0, 1), (0, 0)));
    }
}
