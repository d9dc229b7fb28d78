//! Wrong codes of the second factor, per account and day over all addresses.
//!
//! Whoever knows a password and has many addresses could try codes for ever, six digits at a time. After so many wrong ones
//! the account takes codes only from addresses its sessions have been used from, each with its own small limit (see
//! [`super::limit`]): an owner who is signed in somewhere, or was, still gets in from there.
//!
//! Kept in memory, as those limits are. Only somebody who has shown the first factor makes an entry, and beyond
//! [`ENTRY_LIMIT`] the oldest goes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::id::AccountId;

/// Length of the window.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;
/// Wrong codes in it before unknown addresses are refused: a stranger then hits a code once in thousands of days.
const LIMIT: u32 = 100;
/// Most accounts that are counted.
const ENTRY_LIMIT: usize = 20_000;

/// When the window of an account began, and the wrong codes since.
type Window = (i64, u32);

/// Counts wrong codes.
#[derive(Default)]
pub struct WrongCodes {
    windows: Mutex<BTreeMap<AccountId, Window>>,
}

fn is_current(window: Window, now_ms: i64) -> bool {
    now_ms.saturating_sub(window.0) < WINDOW_MS
}

impl WrongCodes {
    /// Seconds until codes from unknown addresses are taken again; `None` if they are.
    pub fn wait_s(&self, id: AccountId, now_ms: i64) -> Option<u64> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get(&id).copied().filter(|window| is_current(*window, now_ms) && window.1 >= LIMIT)?;
        let wait_ms = window.0.saturating_add(WINDOW_MS).saturating_sub(now_ms);
        Some(u64::try_from(wait_ms / 1_000 + 1).unwrap_or(1))
    }

    /// Counts a wrong code.
    pub fn note(&self, id: AccountId, now_ms: i64) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let (started_at_ms, count) =
            windows.get(&id).copied().filter(|window| is_current(*window, now_ms)).unwrap_or((now_ms, 0));
        windows.insert(id, (started_at_ms, count.saturating_add(1)));
        if windows.len() > ENTRY_LIMIT {
            windows.retain(|_id, window| is_current(*window, now_ms));
        }
        if windows.len() > ENTRY_LIMIT
            && let Some(oldest) = windows.iter().min_by_key(|(_id, window)| window.0).map(|(id, _window)| *id)
        {
            windows.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn account(number: u128) -> AccountId {
        Uuid::from_u128(number).to_string().parse().unwrap()
    }

    #[test]
    fn an_account_is_closed_to_strangers_for_the_rest_of_the_day() {
        let codes = WrongCodes::default();
        for number in 0..LIMIT {
            assert_eq!(codes.wait_s(account(1), 0), None, "after {number}");
            codes.note(account(1), 0);
        }
        assert_eq!(codes.wait_s(account(1), WINDOW_MS - 1_000), Some(2));
        assert_eq!(codes.wait_s(account(1), WINDOW_MS), None);
        assert_eq!(codes.wait_s(account(2), 0), None, "nobody else is concerned");
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let codes = WrongCodes::default();
        for number in 0..ENTRY_LIMIT + 5 {
            codes.note(account(number as u128), i64::try_from(number).unwrap());
        }
        let windows = codes.windows.lock().unwrap();
        assert_eq!(windows.len(), ENTRY_LIMIT);
        assert!(!windows.contains_key(&account(4)) && windows.contains_key(&account(5)));
    }
}
