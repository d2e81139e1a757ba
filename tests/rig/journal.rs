//! The journal of what was submitted: written before the client sends it, completed when the server has answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::model::{Losses, Token};

/// A submission: who is to have it, and has the server said that they do?
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    pub(crate) sender: usize,
    pub(crate) recipients: BTreeSet<usize>,
    pub(crate) acknowledged: bool,
}

/// What all clients write into.
#[derive(Default)]
pub(crate) struct Journal {
    sendings: Mutex<BTreeMap<Token, Sending>>,
    losses: Mutex<Losses>,
    pub(crate) counts: Counts,
}

/// How often something was acknowledged, or is unknown.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) submissions: AtomicU64,
    pub(crate) repeated: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) unknown: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Journal {
    pub(crate) fn intend(&self, token: &str, sender: usize, recipients: &BTreeSet<usize>) {
        let sending = Sending { sender, recipients: recipients.clone(), acknowledged: false };
        assert!(self.sendings.lock().unwrap().insert(token.to_owned(), sending).is_none(), "{token}");
    }

    pub(crate) fn acknowledge(&self, token: &str) {
        self.sendings.lock().unwrap().get_mut(token).unwrap().acknowledged = true;
    }

    /// May this letter be in this person's INBOX?
    pub(crate) fn is_for(&self, token: &str, person: usize) -> bool {
        self.sendings.lock().unwrap().get(token).is_some_and(|sending| sending.recipients.contains(&person))
    }

    pub(crate) fn sendings(&self) -> BTreeMap<Token, Sending> {
        self.sendings.lock().unwrap().clone()
    }

    /// Flags that were acknowledged between these times may be lost.
    pub(crate) fn lose_flags(&self, from: Instant, to: Instant) {
        self.losses.lock().unwrap().push((from, to));
    }

    pub(crate) fn losses(&self) -> Losses {
        self.losses.lock().unwrap().clone()
    }
}
