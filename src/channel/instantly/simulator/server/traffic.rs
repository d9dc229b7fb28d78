//! [`Traffic`]: what comes in: rate limits over sliding windows, and the exchanges a test looks at.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

/// Exchanges that are kept.
const EXCHANGES: usize = 2_000;
/// Arrivals that are kept.
const ARRIVALS: usize = 200_000;

/// How many calls the workspace may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// In any second.
    pub per_second: usize,
    /// In any minute.
    pub per_minute: usize,
    /// Lists of e-mails in any minute.
    pub email_lists_per_minute: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { per_second: 100, per_minute: 6_000, email_lists_per_minute: 20 }
    }
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// When it came.
    pub at: Instant,
    /// Its method.
    pub method: String,
    /// Its path below `/api/v2`, as sent.
    pub path: String,
    /// Its query, as sent.
    pub query: String,
    /// Its content type.
    pub content_type: Option<String>,
    /// Its body.
    pub body: Option<Value>,
    /// The status of the answer; 0 if the connection was closed instead.
    pub status: u16,
    /// The answer, if it was JSON.
    pub answer: Option<Value>,
}

#[derive(Debug, Default)]
struct State {
    limits: ServerLimits,
    arrivals: VecDeque<Instant>,
    email_lists: VecDeque<Instant>,
    exchanges: VecDeque<Exchange>,
}

/// Counts and keeps.
#[derive(Debug, Default)]
pub(super) struct Traffic(Mutex<State>);

impl Traffic {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_limits(&self, limits: ServerLimits) {
        self.lock().limits = limits;
    }

    /// Counts a request; whether it is within the limits.
    pub(super) fn admit(&self, is_email_list: bool) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        let limits = state.limits;
        push(&mut state.arrivals, now);
        let is_within = within(&state.arrivals, now, Duration::from_secs(1)) <= limits.per_second
            && within(&state.arrivals, now, Duration::from_mins(1)) <= limits.per_minute;
        if !is_email_list {
            return is_within;
        }
        push(&mut state.email_lists, now);
        is_within && within(&state.email_lists, now, Duration::from_mins(1)) <= limits.email_lists_per_minute
    }

    pub(super) fn keep(&self, exchange: Exchange) {
        let mut state = self.lock();
        if state.exchanges.len() >= EXCHANGES {
            state.exchanges.pop_front();
        }
        state.exchanges.push_back(exchange);
    }

    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.iter().cloned().collect()
    }

    pub(super) fn peak_within(&self, window: Duration) -> usize {
        let state = self.lock();
        let arrivals: Vec<Instant> = state.arrivals.iter().copied().collect();
        let mut peak = 0;
        for (begin, first) in arrivals.iter().enumerate() {
            let end = arrivals.partition_point(|at| *at < *first + window);
            peak = peak.max(end - begin);
        }
        peak
    }
}

fn push(arrivals: &mut VecDeque<Instant>, now: Instant) {
    if arrivals.len() >= ARRIVALS {
        arrivals.pop_front();
    }
    arrivals.push_back(now);
}

fn within(arrivals: &VecDeque<Instant>, now: Instant, window: Duration) -> usize {
    arrivals.iter().rev().take_while(|at| now.duration_since(**at) < window).count()
}
