//! Latencies and their percentiles.

use std::time::Duration;

/// Collected durations.
#[derive(Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds one.
    pub(crate) fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// Adds all of another.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The duration that `share` (0 to 1) of them do not exceed, in milliseconds.
    pub(crate) fn at(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let index = ((last as f64) * share).round() as usize;
        self.0.get(index).map_or(0.0, |duration| duration.as_secs_f64() * 1_000.0)
    }

    /// Median, 99th percentile, maximum.
    pub(crate) fn line(&mut self) -> String {
        let (median, p99, most) = (self.at(0.5), self.at(0.99), self.at(1.0));
        format!("p50 {median:8.2}  p99 {p99:8.2}  max {most:8.2} ms  n {}", self.len())
    }
}
