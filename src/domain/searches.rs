//! How often people search the directory: counted by person in minutes, on this gateway, whatever the connections; nobody
//! reads the directory out letter by letter.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::Gateway;
use crate::model::{Timestamp, UserId};

/// Microseconds.
const MINUTE: i64 = 60 * 1_000_000;

/// The counts of this minute.
#[derive(Default)]
pub(super) struct Searches(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    /// None yet.
    since: Option<Timestamp>,
    searches: HashMap<UserId, usize>,
}

impl Searches {
    fn take(&self, user: &UserId, count: usize, max: usize, now: Timestamp) -> bool {
        let mut minute = self.0.lock();
        let is_on = |since: Timestamp| (0..MINUTE).contains(&now.0.saturating_sub(since.0));
        if !minute.since.is_some_and(is_on) {
            *minute = Minute { since: Some(now), searches: HashMap::new() };
        }
        let used = minute.searches.entry(user.clone()).or_default();
        let after = used.saturating_add(count);
        if after > max {
            return false;
        }
        *used = after;
        true
    }
}

impl Gateway {
    /// May this person look for so many things now (`ldap.searches_per_minute_max`)? Counts them.
    pub fn may_search(&self, user: &UserId, count: usize) -> bool {
        self.searches.take(user, count, self.config.ldap.searches_per_minute_max, self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_a_minute_and_no_more() {
        let searches = Searches::default();
        let (one, other) = (UserId::new("one"), UserId::new("other"));
        let at = Timestamp::from_seconds;
        assert!(searches.take(&one, 2, 3, at(1000)) && searches.take(&one, 1, 3, at(1030)));
        assert!(!searches.take(&one, 1, 3, at(1059)));
        assert!(searches.take(&other, 3, 3, at(1059)) && !searches.take(&other, 1, 3, at(1059)));
        assert!(searches.take(&one, 3, 3, at(1060)));
        assert!(!searches.take(&one, 4, 3, at(2000)), "more than there may be in any minute");
        assert!(searches.take(&one, 3, 3, at(1500)), "a clock that was set back");
    }
}
