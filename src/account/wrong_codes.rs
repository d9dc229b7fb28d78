//! Wrong codes and passwords per day over all addresses: codes of the second factor by account, what is asked for once
//! more inside a session by session.
//!
//! Whoever knows a password and has many addresses could try codes for ever, six digits at a time. After so many wrong ones
//! the account takes codes only from addresses its sessions have been used from, each with its own small limit (see
//! [`super::limit`]): an owner who is signed in somewhere, or was, still gets in from there.
//!
//! Whoever stole a session could in the same way try the password or code that is asked for before a sensitive change.
//! That is counted for the session and not for its account: the owner's other sessions go on, and a new session takes
//! both factors, so signing in again buys a thief nothing. Rejected: ending the session, by which a page left open would
//! throw its owner out of what they were writing.
//!
//! Kept in memory, as those limits are. Only somebody who has shown the first factor makes an entry, and beyond
//! [`ENTRY_LIMIT`] the oldest goes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Length of the window.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;
/// Wrong codes of an account before unknown addresses are refused: a stranger then hits a code once in thousands of days.
const ACCOUNT_LIMIT: u32 = 100;
/// Wrong codes and passwords of a session before it may show none any more.
const SESSION_LIMIT: u32 = 20;
/// Most accounts or sessions that are counted.
const ENTRY_LIMIT: usize = 20_000;

/// When a window began, and the wrong codes since.
type Window = (i64, u32);

/// Counts wrong codes.
pub struct WrongCodes {
    limit: u32,
    windows: Mutex<BTreeMap<Uuid, Window>>,
}

fn is_current(window: Window, now_ms: i64) -> bool {
    now_ms.saturating_sub(window.0) < WINDOW_MS
}

impl WrongCodes {
    /// Counts the codes of accounts when they sign in.
    pub const fn of_accounts() -> Self {
        Self { limit: ACCOUNT_LIMIT, windows: Mutex::new(BTreeMap::new()) }
    }

    /// Counts what sessions show once more.
    pub const fn of_sessions() -> Self {
        Self { limit: SESSION_LIMIT, windows: Mutex::new(BTreeMap::new()) }
    }

    /// Seconds until codes are taken again; `None` if they are.
    pub fn wait_s(&self, id: Uuid, now_ms: i64) -> Option<u64> {
        wait_s(&self.lock(), (id, self.limit), now_ms)
    }

    /// Counts a wrong code.
    pub fn note(&self, id: Uuid, now_ms: i64) {
        note(&mut self.lock(), id, now_ms);
    }

    /// Counts a code before it is looked at, so that many at once are not all looked at; `Err` holds the seconds to wait.
    /// [`Self::give_back`] it when it was right.
    pub fn take(&self, id: Uuid, now_ms: i64) -> Result<(), u64> {
        let mut windows = self.lock();
        if let Some(wait_s) = wait_s(&windows, (id, self.limit), now_ms) {
            return Err(wait_s);
        }
        note(&mut windows, id, now_ms);
        Ok(())
    }

    /// The code was right. The wrong ones before it stay counted.
    pub fn give_back(&self, id: Uuid) {
        if let Some((_started_at_ms, count)) = self.lock().get_mut(&id) {
            *count = count.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait_s(windows: &BTreeMap<Uuid, Window>, (id, limit): (Uuid, u32), now_ms: i64) -> Option<u64> {
    let window = windows.get(&id).copied().filter(|window| is_current(*window, now_ms) && window.1 >= limit)?;
    let wait_ms = window.0.saturating_add(WINDOW_MS).saturating_sub(now_ms);
    Some(u64::try_from(wait_ms / 1_000 + 1).unwrap_or(1))
}

fn note(windows: &mut BTreeMap<Uuid, Window>, id: Uuid, now_ms: i64) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn an_account_is_closed_to_strangers_for_the_rest_of_the_day() {
        let codes = WrongCodes::of_accounts();
        for number in 0..ACCOUNT_LIMIT {
            assert_eq!(codes.wait_s(account(1), 0), None, "after {number}");
            codes.note(account(1), 0);
        }
        assert_eq!(codes.wait_s(account(1), WINDOW_MS - 1_000), Some(2));
        assert_eq!(codes.wait_s(account(1), WINDOW_MS), None);
        assert_eq!(codes.wait_s(account(2), 0), None, "nobody else is concerned");
    }

    #[test]
    fn right_codes_are_given_back_and_the_wrong_ones_stay() {
        let codes = WrongCodes::of_sessions();
        for _number in 0..SESSION_LIMIT - 1 {
            codes.take(account(1), 0).unwrap();
        }
        for _number in 0..SESSION_LIMIT {
            codes.take(account(1), 0).unwrap();
            codes.give_back(account(1));
        }
        codes.take(account(1), 0).unwrap();
        assert_eq!(codes.take(account(1), WINDOW_MS - 1_000), Err(2));
        codes.take(account(1), WINDOW_MS).unwrap();
        codes.give_back(account(3));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let codes = WrongCodes::of_accounts();
        for number in 0..ENTRY_LIMIT + 5 {
            codes.note(account(number as u128), i64::try_from(number).unwrap());
        }
        let windows = codes.windows.lock().unwrap();
        assert_eq!(windows.len(), ENTRY_LIMIT);
        assert!(!windows.contains_key(&account(4)) && windows.contains_key(&account(5)));
    }
}
