//! Slows down guessing: so many wrong passwords per address and per account within a quarter of an hour.
//!
//! Kept in memory: a restart forgives, which an attacker cannot cause. The account's count is per account *and*
//! address, so that nobody can lock someone else out by guessing in their name. An address is an IPv4 address or an IPv6
//! network of 64 bits, which is what one caller has at will.
//!
//! The table is bounded: entries are of one size whatever was sent, and beyond [`ENTRY_LIMIT`] the oldest windows are
//! dropped. One address makes few entries before it is refused, so dropping others' takes hundreds of addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::network::Network;

/// Length of the window.
const WINDOW_MS: i64 = 15 * 60 * 1_000;
/// Addresses may try this many times as often in total, over all accounts.
const ADDRESS_FACTOR: u32 = 5;
/// Most entries kept; the oldest windows are dropped first.
const ENTRY_LIMIT: usize = 20_000;

/// Counts wrong passwords.
pub struct AttemptLimiter {
    limit: u32,
    windows: Mutex<Windows>,
}

/// Who tries, and the hash of what they try to get into; `None` counts all of it together.
type Key = (Network, Option<[u8; 32]>);

#[derive(Clone, Copy)]
struct Window {
    started_at_ms: i64,
    attempts: u32,
}

/// The windows by key, and by age for dropping the oldest.
#[derive(Default)]
struct Windows {
    by_key: BTreeMap<Key, Window>,
    by_age: BTreeSet<(i64, Key)>,
}

impl Windows {
    /// The window an attempt made now falls into.
    fn current(&self, key: &Key, now_ms: i64) -> Window {
        match self.by_key.get(key) {
            Some(window) if now_ms.saturating_sub(window.started_at_ms) < WINDOW_MS => *window,
            _ => Window { started_at_ms: now_ms, attempts: 0 },
        }
    }

    fn insert(&mut self, key: Key, window: Window) {
        self.remove(&key);
        self.by_key.insert(key, window);
        self.by_age.insert((window.started_at_ms, key));
        while self.by_key.len() > ENTRY_LIMIT
            && let Some((_started_at_ms, oldest)) = self.by_age.pop_first()
        {
            self.by_key.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(window) = self.by_key.remove(key) {
            self.by_age.remove(&(window.started_at_ms, *key));
        }
    }
}

/// The two keys an attempt counts under: its own, and that of everything from the address.
fn keys(address: IpAddr, subject: &str) -> (Key, Key) {
    let caller = Network::of_caller(address);
    ((caller, Some(*blake3::hash(subject.as_bytes()).as_bytes())), (caller, None))
}

impl AttemptLimiter {
    /// Allows `limit` wrong passwords per account and address in a window.
    pub const fn new(limit: u32) -> Self {
        Self { limit, windows: Mutex::new(Windows { by_key: BTreeMap::new(), by_age: BTreeSet::new() }) }
    }

    /// Takes one attempt at an account or another subject; `Err` holds the seconds to wait.
    pub fn take(&self, address: IpAddr, subject: &str, now_ms: i64) -> Result<(), u64> {
        let (own, whole) = keys(address, subject);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, limit) in [(&own, self.limit), (&whole, self.limit.saturating_mul(ADDRESS_FACTOR))] {
            let window = windows.current(key, now_ms);
            if window.attempts >= limit {
                let wait_ms = window.started_at_ms.saturating_add(WINDOW_MS).saturating_sub(now_ms);
                return Err(u64::try_from(wait_ms / 1_000 + 1).unwrap_or(1));
            }
        }
        for key in [own, whole] {
            let window = windows.current(&key, now_ms);
            windows.insert(key, Window { attempts: window.attempts.saturating_add(1), ..window });
        }
        Ok(())
    }

    /// A right password: the account's attempts from this address are forgiven, and this one is taken off the address.
    /// The wrong ones stay with the address, or an account of one's own would buy more guesses at others.
    pub fn forgive(&self, address: IpAddr, subject: &str) {
        let (own, whole) = keys(address, subject);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.remove(&own);
        if let Some(window) = windows.by_key.get_mut(&whole) {
            window.attempts = window.attempts.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_slowed_down_and_nobody_else_is_locked_out() {
        let limiter = AttemptLimiter::new(3);
        let (attacker, owner) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _attempt in 0..3 {
            limiter.take(attacker, "a@example.com", 0).unwrap();
        }
        let wait_s = limiter.take(attacker, "a@example.com", 1_000).unwrap_err();
        assert_eq!(wait_s, 900);
        limiter.take(owner, "a@example.com", 1_000).unwrap();
        limiter.take(attacker, "a@example.com", WINDOW_MS).unwrap();
    }

    #[test]
    fn one_address_cannot_try_all_accounts() {
        let limiter = AttemptLimiter::new(3);
        let address = IpAddr::from([10, 0, 0, 1]);
        for number in 0..15 {
            limiter.take(address, &format!("{number}@example.com"), 0).unwrap();
        }
        limiter.take(address, "x@example.com", 0).unwrap_err();
    }

    #[test]
    fn right_passwords_cost_nothing_and_wrong_ones_stay() {
        let limiter = AttemptLimiter::new(3);
        let address = IpAddr::from([10, 0, 0, 1]);
        for _sign_in in 0..100 {
            limiter.take(address, "a@example.com", 0).unwrap();
            limiter.forgive(address, "a@example.com");
        }
        for number in 0..15 {
            limiter.take(address, &format!("{number}@example.com"), 0).unwrap();
            if limiter.take(address, "a@example.com", 0).is_ok() {
                limiter.forgive(address, "a@example.com");
            }
        }
        limiter.take(address, "x@example.com", 0).unwrap_err();
    }

    #[test]
    fn a_caller_with_a_network_of_addresses_is_one_caller() {
        let limiter = AttemptLimiter::new(3);
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, 1, 2, 3, last]);
        for last in 0..3 {
            limiter.take(address(last), "a@example.com", 0).unwrap();
        }
        limiter.take(address(9), "a@example.com", 0).unwrap_err();
        limiter.take(IpAddr::from([0x2001, 0xdb8, 0, 8, 1, 2, 3, 9]), "a@example.com", 0).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_windows_go_first() {
        let limiter = AttemptLimiter::new(1);
        let address = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        let size = || {
            let windows = limiter.windows.lock().unwrap();
            assert_eq!(windows.by_key.len(), windows.by_age.len());
            windows.by_key.len()
        };
        // Two entries each; all within one window.
        for number in 0..ENTRY_LIMIT {
            limiter.take(address(number), "a@example.com", i64::try_from(number).unwrap()).unwrap();
            assert!(size() <= ENTRY_LIMIT);
        }
        let now_ms = i64::try_from(ENTRY_LIMIT).unwrap();
        limiter.take(address(ENTRY_LIMIT - 1), "a@example.com", now_ms).unwrap_err();
        limiter.take(address(0), "a@example.com", now_ms).unwrap();
        assert_eq!(size(), ENTRY_LIMIT);
    }
}
