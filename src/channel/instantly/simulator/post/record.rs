//! What a poster remembers: the status of its webhook, the newest attempts, and figures.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::{Answer, WebhookStatus};
use crate::channel::instantly::simulator::dice::{Dice, Purpose};

/// Response times that percentiles are taken from.
const RESPONSE_TIMES: usize = 65_536;

/// One attempt to deliver, as in the delivery log.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// The same for all attempts of one event.
    pub group: Uuid,
    /// When it ended.
    pub at_ms: i64,
    /// What came back.
    pub answer: Answer,
    /// Attempts before it.
    pub retry_count: u32,
    /// When the next attempt is due, if there is one.
    pub next_retry_ms: Option<i64>,
    /// What was sent.
    pub body: Bytes,
}

/// Figures of a poster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Deliveries begun, duplicates included.
    pub started: u64,
    /// Attempts made.
    pub sent: u64,
    /// Deliveries the receiver took.
    pub acknowledged: u64,
    /// Attempts that were not the first of their delivery.
    pub retried: u64,
    /// Deliveries given up after the last attempt.
    pub failed: u64,
    /// Deliveries dropped while the webhook was switched off.
    pub suppressed: u64,
    /// Half of the attempts were answered within this time.
    pub latency_p50: Duration,
    /// 99 of 100 attempts were answered within this time.
    pub latency_p99: Duration,
}

/// The memory of a poster.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) status: WebhookStatus,
    failures_in_a_row: u32,
    statistics: Statistics,
    response_times: VecDeque<Duration>,
    attempts: VecDeque<Attempt>,
    capacity: usize,
    dice: Dice,
}

impl Record {
    pub(super) fn new(seed: u64, capacity: usize) -> Self {
        Self {
            status: WebhookStatus::Active,
            failures_in_a_row: 0,
            statistics: Statistics::default(),
            response_times: VecDeque::new(),
            attempts: VecDeque::new(),
            capacity,
            dice: Dice::new(seed, Purpose::Delivery, 0),
        }
    }

    /// Begins a delivery and gives it a group; `None` if the webhook is switched off.
    pub(super) fn begin(&mut self) -> Option<Uuid> {
        self.statistics.started += 1;
        if self.status != WebhookStatus::Active {
            self.suppress();
            return None;
        }
        Some(self.dice.uuid_v7(0))
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.dice.chance(probability)
    }

    /// Counts a delivery that is dropped because the webhook is switched off.
    pub(super) fn suppress(&mut self) {
        self.statistics.suppressed += 1;
    }

    /// Notes an attempt and tells whether there is to be another.
    pub(super) fn finish(&mut self, mut attempt: Attempt, disable_after: u32) -> bool {
        attempt.id = self.dice.uuid_v7(attempt.at_ms);
        self.statistics.sent += 1;
        self.statistics.retried += u64::from(attempt.retry_count > 0);
        if self.response_times.len() >= RESPONSE_TIMES {
            self.response_times.pop_front();
        }
        self.response_times.push_back(attempt.answer.response_time);
        let will_retry = attempt.next_retry_ms.is_some();
        if attempt.answer.is_success() {
            self.failures_in_a_row = 0;
            self.statistics.acknowledged += 1;
        } else {
            self.failures_in_a_row += 1;
            self.statistics.failed += u64::from(!will_retry);
            if self.failures_in_a_row >= disable_after && self.status == WebhookStatus::Active {
                self.status = WebhookStatus::Disabled { since_ms: attempt.at_ms };
            }
        }
        if self.capacity > 0 {
            if self.attempts.len() >= self.capacity {
                self.attempts.pop_front();
            }
            self.attempts.push_back(attempt);
        }
        will_retry
    }

    pub(super) fn resume(&mut self) {
        self.status = WebhookStatus::Active;
        self.failures_in_a_row = 0;
    }

    pub(super) fn attempts(&self) -> Vec<Attempt> {
        self.attempts.iter().cloned().collect()
    }

    pub(super) fn statistics(&self) -> Statistics {
        let mut times: Vec<Duration> = self.response_times.iter().copied().collect();
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default();
        Statistics { latency_p50: at(50), latency_p99: at(99), ..self.statistics.clone() }
    }
}
