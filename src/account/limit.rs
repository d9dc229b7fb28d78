//! Slows down guessing: so many wrong passwords per address and per account within a quarter of an hour.
//!
//! Kept in memory: a restart forgives, which an attacker cannot cause. The account's count is per account *and*
//! address, so that nobody can lock someone else out by guessing in their name.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Length of the window.
const WINDOW_MS: i64 = 15 * 60 * 1_000;
/// Addresses may try this many times as often in total, over all accounts.
const ADDRESS_FACTOR: u32 = 5;
/// Most entries kept; the oldest windows are dropped first.
const ENTRY_LIMIT: usize = 20_000;

/// Counts wrong passwords.
pub struct AttemptLimiter {
    limit: u32,
    windows: Mutex<BTreeMap<(IpAddr, String), Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    started_at_ms: i64,
    attempts: u32,
}

impl AttemptLimiter {
    /// Allows `limit` wrong passwords per account and address in a window.
    pub const fn new(limit: u32) -> Self {
        Self { limit, windows: Mutex::new(BTreeMap::new()) }
    }

    /// Takes one attempt; `Err` holds the seconds to wait.
    pub fn take(&self, address: IpAddr, email: &str, now_ms: i64) -> Result<(), u64> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > ENTRY_LIMIT {
            windows.retain(|_key, window| now_ms - window.started_at_ms < WINDOW_MS);
        }
        let pair = (address, email.to_owned());
        let whole = (address, String::new());
        for (key, limit) in [(&pair, self.limit), (&whole, self.limit.saturating_mul(ADDRESS_FACTOR))] {
            let window = current(&windows, key, now_ms);
            if window.attempts >= limit {
                let wait_ms = window.started_at_ms + WINDOW_MS - now_ms;
                return Err(u64::try_from(wait_ms / 1_000 + 1).unwrap_or(1));
            }
        }
        for key in [pair, whole] {
            let mut window = current(&windows, &key, now_ms);
            window.attempts += 1;
            windows.insert(key, window);
        }
        Ok(())
    }

    /// A right password: the account's attempts from this address are forgiven.
    pub fn forgive(&self, address: IpAddr, email: &str) {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).remove(&(address, email.to_owned()));
    }
}

fn current(windows: &BTreeMap<(IpAddr, String), Window>, key: &(IpAddr, String), now_ms: i64) -> Window {
    match windows.get(key) {
        Some(window) if now_ms - window.started_at_ms < WINDOW_MS => *window,
        _ => Window { started_at_ms: now_ms, attempts: 0 },
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
}
