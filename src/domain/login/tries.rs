//! Wrong passwords, counted by account in windows of time.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::AccountKey;
use crate::config::LoginConfig;
use crate::model::Timestamp;

/// Accounts counted before those whose window is over are dropped.
const PRUNE_AT: usize = 4096;

/// The counts.
pub(super) struct Tries {
    max: u32,
    /// Microseconds.
    window: i64,
    accounts: Mutex<Accounts>,
}

struct Accounts {
    windows: HashMap<AccountKey, Window>,
    prune_at: usize,
}

struct Window {
    since: Timestamp,
    tries: u32,
}

impl Tries {
    pub(super) fn new(config: &LoginConfig) -> Self {
        let seconds = i64::try_from(config.tries_window_seconds).unwrap_or(i64::MAX);
        Self {
            max: config.tries_max,
            window: seconds.saturating_mul(1_000_000),
            accounts: Mutex::new(Accounts { windows: HashMap::new(), prune_at: PRUNE_AT }),
        }
    }

    /// Takes a try; `false` where none is left until the window ends.
    pub(super) fn take(&self, account: AccountKey, now: Timestamp) -> bool {
        let mut accounts = self.accounts.lock();
        accounts.prune(now, self.window);
        let window = accounts.windows.entry(account).or_insert(Window { since: now, tries: 0 });
        if window.is_over(now, self.window) {
            *window = Window { since: now, tries: 0 };
        }
        if window.tries >= self.max {
            return false;
        }
        window.tries += 1;
        true
    }

    /// The password was right: that try does not count. Earlier wrong ones do.
    pub(super) fn give_back(&self, account: AccountKey) {
        if let Some(window) = self.accounts.lock().windows.get_mut(&account) {
            window.tries = window.tries.saturating_sub(1);
        }
    }
}

impl Accounts {
    /// Forgets what no longer counts, each time the table has doubled.
    fn prune(&mut self, now: Timestamp, length: i64) {
        if self.windows.len() >= self.prune_at {
            self.windows.retain(|_, window| window.tries > 0 && !window.is_over(now, length));
            self.prune_at = (self.windows.len() * 2).max(PRUNE_AT);
        }
    }
}

impl Window {
    fn is_over(&self, now: Timestamp, length: i64) -> bool {
        now.0.saturating_sub(self.since.0) >= length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(max: u32) -> Tries {
        Tries::new(&LoginConfig { tries_max: max, tries_window_seconds: 60, ..LoginConfig::default() })
    }

    #[test]
    fn so_many_in_a_window_and_no_more() {
        let tries = tries(3);
        let (one, other) = ([1; 32], [2; 32]);
        let start = Timestamp::from_seconds(1000);
        assert!((0..3).all(|_| tries.take(one, start)));
        assert!(!tries.take(one, Timestamp::from_seconds(1059)));
        assert!(tries.take(other, start));
        assert!(tries.take(one, Timestamp::from_seconds(1060)));
    }

    #[test]
    fn a_right_password_uses_no_try_and_forgives_none() {
        let tries = tries(2);
        let now = Timestamp::from_seconds(0);
        assert!(tries.take([1; 32], now));
        for _ in 0..10 {
            assert!(tries.take([1; 32], now));
            tries.give_back([1; 32]);
        }
        assert!(tries.take([1; 32], now));
        assert!(!tries.take([1; 32], now));
    }

    #[test]
    fn old_counts_are_forgotten() {
        let tries = tries(2);
        for number in 0..20_000u32 {
            let mut account = [0; 32];
            account[..4].copy_from_slice(&number.to_be_bytes());
            assert!(tries.take(account, Timestamp::from_seconds(i64::from(number))));
        }
        assert!(tries.accounts.lock().windows.len() <= PRUNE_AT);
    }
}
