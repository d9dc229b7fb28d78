//! The one source of the current time.
//!
//! Everything that needs "now" takes it from the app's [`Clock`], so that a test can stop or move time. A trait was
//! rejected: there are two clocks, the real one and a number, and an enum says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::UNIX_EPOCH;

/// Tells the time in UTC milliseconds since 1970.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is moved.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now_ms`.
    pub fn fixed(now_ms: i64) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(now_ms)))
    }

    /// The current time in UTC milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => system_now_ms(),
            Self::Fixed(now_ms) => now_ms.load(Ordering::Relaxed),
        }
    }

    /// Moves a fixed clock forward; the system clock is left alone.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Self::Fixed(now_ms) = self {
            now_ms.fetch_add(by_ms, Ordering::Relaxed);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock everyone else is told to use")]
fn system_now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// The UTC day of a time, counted from 1970-01-01.
pub const fn utc_day(at_ms: i64) -> i64 {
    at_ms.div_euclid(DAY_MS)
}
