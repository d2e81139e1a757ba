//! Wrong passwords, counted by account in windows of time.
//!
//! Whoever guesses uses up the tries of the account, and its owner might be kept out as long as that goes on. So when they
//! are used up, an address that has not tried in this window still has one, and as many addresses as there are tries. Never
//! by address alone: a whole school sits behind one.

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;

use super::AccountKey;
use crate::config::LoginConfig;
use crate::model::Timestamp;

/// Addresses remembered of one account's window. Beyond, a new one is like one that has tried.
const ORIGINS_MAX: usize = 32;
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
    /// Where tries came from; a right password takes nothing back here.
    origins: Vec<u64>,
}

/// Where a client is, as far as it counts: an IPv4 address, or the network of an IPv6 one, whose rest anybody may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin(u64);

impl Origin {
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            // The first 64 bits; those of no address in use are as small as those of IPv4.
            IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX),
        })
    }
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
    pub(super) fn take(&self, account: AccountKey, origin: Option<Origin>, now: Timestamp) -> bool {
        let mut accounts = self.accounts.lock();
        accounts.prune(now, self.window);
        let window = accounts.windows.entry(account).or_insert_with(|| Window::new(now));
        if window.is_over(now, self.window) {
            *window = Window::new(now);
        }
        let is_new =
            window.origins.len() < ORIGINS_MAX && origin.is_some_and(|origin| !window.origins.contains(&origin.0));
        if window.tries >= self.max && !(is_new && window.tries < self.max.saturating_mul(2)) {
            return false;
        }
        window.tries += 1;
        if let Some(origin) = origin.filter(|_| is_new) {
            window.origins.push(origin.0);
        }
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
    fn new(since: Timestamp) -> Self {
        Self { since, tries: 0, origins: Vec::new() }
    }

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
        assert!((0..3).all(|_| tries.take(one, None, start)));
        assert!(!tries.take(one, None, Timestamp::from_seconds(1059)));
        assert!(tries.take(other, None, start));
        assert!(tries.take(one, None, Timestamp::from_seconds(1060)));
    }

    #[test]
    fn a_right_password_uses_no_try_and_forgives_none() {
        let tries = tries(2);
        let now = Timestamp::from_seconds(0);
        assert!(tries.take([1; 32], None, now));
        for _ in 0..10 {
            assert!(tries.take([1; 32], None, now));
            tries.give_back([1; 32]);
        }
        assert!(tries.take([1; 32], None, now));
        assert!(!tries.take([1; 32], None, now));
    }

    #[test]
    fn old_counts_are_forgotten() {
        let tries = tries(2);
        for number in 0..20_000u32 {
            let mut account = [0; 32];
            account[..4].copy_from_slice(&number.to_be_bytes());
            assert!(tries.take(account, None, Timestamp::from_seconds(i64::from(number))));
        }
        assert!(tries.accounts.lock().windows.len() <= PRUNE_AT);
    }

    #[test]
    fn an_address_that_has_not_tried_has_one_try_more() {
        let tries = tries(3);
        let now = Timestamp::from_seconds(0);
        let at = |address: &str| Some(Origin::of(address.parse().unwrap()));
        let take = |address| tries.take([1; 32], at(address), now);
        assert_eq!((0..10).filter(|_| take("192.0.2.1")).count(), 3);
        assert!(take("192.0.2.2") && !take("192.0.2.2"));
        assert!(!tries.take([1; 32], None, now));
        assert!(take("2001:db8::1") && !take("2001:db8::ffff:1") && !take("::ffff:192.0.2.2"));
        assert!(take("2001:db8:0:1::1") && !take("192.0.2.3"), "as many addresses as tries");
        assert!(tries.take([1; 32], at("192.0.2.1"), Timestamp::from_seconds(60)));
    }

    #[test]
    fn a_right_password_from_one_address_again_and_again_keeps_little() {
        let tries = tries(3);
        for number in 0..1000u32 {
            let origin = Origin::of(std::net::Ipv4Addr::from_bits(number % 50).into());
            assert!(tries.take([1; 32], Some(origin), Timestamp(0)));
            tries.give_back([1; 32]);
        }
        assert_eq!(tries.accounts.lock().windows[&[1; 32]].origins.len(), ORIGINS_MAX);
    }
}
