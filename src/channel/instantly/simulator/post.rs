//! [`Poster`]: delivers webhook bodies over HTTP as the service does, with its headers, its retries and its way of going
//! silent after too many failures.
//!
//! Every delivery is a task of its own, at most [`PosterConfig::connections`] requests at a time; a delivery that waits for
//! its retry holds no connection. A worker per connection was rejected: one retry would hold up all events behind it, which
//! the real service does not do.

mod record;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use record::Record;
pub use record::{Attempt, Statistics};

use super::dice::{Dice, Purpose};
use super::event::SimulatedEvent;
use crate::clock::Clock;

/// How to deliver.
#[derive(Clone, Debug)]
pub struct PosterConfig {
    /// Where to; empty: nowhere, the events only pass.
    pub url: String,
    /// Headers sent with each delivery, such as the secret the receiver asks for.
    pub headers: Vec<(String, String)>,
    /// Requests at the same time.
    pub connections: usize,
    /// Attempts per delivery, the first included.
    pub attempts: u32,
    /// Wait before a further attempt.
    pub retry_spacing: Duration,
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// Share of events (0 to 1) that is delivered twice.
    pub duplicates: f64,
    /// Share of events (0 to 1) that is held back until up to eight later ones have gone out.
    pub reorder: f64,
    /// Failed attempts in a row after which the webhook is switched off.
    pub disable_after: u32,
    /// Attempts that the delivery log keeps.
    pub log_capacity: usize,
    /// Seed of duplicates, reordering and log ids.
    pub seed: u64,
}

impl PosterConfig {
    /// The defaults, for a receiver.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            headers: Vec::new(),
            connections: 8,
            attempts: 3,
            retry_spacing: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            duplicates: 0.0,
            reorder: 0.0,
            disable_after: 100,
            log_capacity: 1000,
            seed: 0,
        }
    }
}

/// When events are delivered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// As fast as the receiver answers.
    FullSpeed,
    /// At the distances of their own times; this instant is the first's.
    AsTimed {
        /// The time that counts as now.
        from_ms: i64,
    },
    /// Evenly, with bursts if wanted.
    Rate {
        /// Events per second.
        per_second: f64,
        /// Events that go out at once, on top of the even flow; 0 for none.
        burst: u32,
        /// Time between two bursts.
        burst_every: Duration,
    },
}

/// A poster that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PosterError {
    /// A header is not one.
    #[error("header {name:?} is not valid")]
    Header {
        /// Its name.
        name: String,
    },
    /// The HTTP client cannot be set up.
    #[error("set up http client")]
    Client(#[source] reqwest::Error),
}

/// Whether a webhook delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookStatus {
    /// It does (1 in the API).
    Active,
    /// It was switched off after failures (-1 in the API) and drops every event.
    Disabled {
        /// When.
        since_ms: i64,
    },
}

/// Delivers to one receiver. Clones share everything.
#[derive(Clone, Debug)]
pub struct Poster(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: PosterConfig,
    client: reqwest::Client,
    clock: Clock,
    permits: Arc<Semaphore>,
    record: Mutex<Record>,
}

/// The answer to one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status, if there was an answer.
    pub status_code: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// Time from sending to answer.
    pub response_time: Duration,
}

impl Answer {
    /// Whether the receiver took it.
    pub fn is_success(&self) -> bool {
        self.status_code.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Poster {
    /// A poster with nothing delivered.
    pub fn new(config: PosterConfig, clock: Clock) -> Result<Self, PosterError> {
        let client = reqwest::Client::builder()
            .default_headers(headers(&config)?)
            .timeout(config.timeout)
            .pool_max_idle_per_host(config.connections)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(PosterError::Client)?;
        let permits = Arc::new(Semaphore::new(config.connections.max(1)));
        let record = Mutex::new(Record::new(config.seed, config.log_capacity));
        Ok(Self(Arc::new(Inner { config, client, clock, permits, record })))
    }

    /// Where it delivers to and how.
    pub fn config(&self) -> &PosterConfig {
        &self.0.config
    }

    /// Delivers the events until there are no more or `shutdown` is ready, and waits for what is under way. At shutdown,
    /// deliveries that wait for a retry are given up. The figures are those of all that the poster ever delivered.
    pub async fn post_all(
        &self,
        events: impl IntoIterator<Item = SimulatedEvent>,
        schedule: Schedule,
        shutdown: impl Future<Output = ()>,
    ) -> Statistics {
        let mut deliveries = JoinSet::new();
        let feed = self.feed(events, schedule, &mut deliveries);
        tokio::pin!(shutdown);
        let is_through = tokio::select! {
            () = &mut shutdown => false,
            () = feed => true,
        };
        if is_through {
            tokio::select! {
                () = &mut shutdown => {}
                () = drain(&mut deliveries) => {}
            }
        }
        self.settle().await;
        deliveries.shutdown().await;
        self.statistics()
    }

    /// Makes one attempt now, even if the webhook is switched off; not part of log and statistics.
    pub async fn post_once(&self, body: Bytes) -> Answer {
        self.0.attempt(body).await
    }

    /// Delivers one event beside any stream, with retries, in the background.
    pub fn post_soon(&self, body: Bytes) {
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let copies = if inner.is_doubled() { 2 } else { 1 };
            for _ in 0..copies {
                if let Ok(permit) = Arc::clone(&inner.permits).acquire_owned().await {
                    inner.deliver(body.clone(), permit).await;
                }
            }
        });
    }

    /// Whether the webhook delivers.
    pub fn status(&self) -> WebhookStatus {
        self.0.record().status
    }

    /// Switches the webhook on again.
    pub fn resume(&self) {
        self.0.record().resume();
    }

    /// The newest attempts, oldest first.
    pub fn log(&self) -> Vec<Attempt> {
        self.0.record().attempts()
    }

    /// What has been delivered so far.
    pub fn statistics(&self) -> Statistics {
        self.0.record().statistics()
    }

    /// Waits until no request is under way, so that the figures are true; what waits for a retry is not waited for.
    async fn settle(&self) {
        let all = u32::try_from(self.0.config.connections.max(1)).unwrap_or(1);
        let settled = tokio::time::timeout(self.0.config.timeout, self.0.permits.acquire_many(all)).await;
        drop(settled);
    }

    async fn feed(
        &self,
        events: impl IntoIterator<Item = SimulatedEvent>,
        schedule: Schedule,
        deliveries: &mut JoinSet<()>,
    ) {
        let mut dice = Dice::new(self.0.config.seed, Purpose::Delivery, 1);
        let mut timer = Timer::new(schedule);
        let mut held: Vec<(u64, Bytes)> = Vec::new();
        for event in events {
            timer.wait_for(event.at_ms).await;
            if dice.chance(self.0.config.reorder) {
                held.push((dice.below(8) + 1, event.body));
                continue;
            }
            self.start(event.body, &mut dice, deliveries).await;
            for entry in &mut held {
                entry.0 = entry.0.saturating_sub(1);
            }
            while let Some(position) = held.iter().position(|(wait, _)| *wait == 0) {
                let (_, body) = held.swap_remove(position);
                self.start(body, &mut dice, deliveries).await;
            }
        }
        for (_, body) in held {
            self.start(body, &mut dice, deliveries).await;
        }
    }

    /// Starts a delivery as soon as a connection is free.
    async fn start(&self, body: Bytes, dice: &mut Dice, deliveries: &mut JoinSet<()>) {
        while deliveries.try_join_next().is_some() {}
        if self.0.config.url.is_empty() {
            return;
        }
        let copies = if dice.chance(self.0.config.duplicates) { 2 } else { 1 };
        for _ in 0..copies {
            let Ok(permit) = Arc::clone(&self.0.permits).acquire_owned().await else {
                return;
            };
            let inner = Arc::clone(&self.0);
            let body = body.clone();
            deliveries.spawn(async move { inner.deliver(body, permit).await });
        }
    }
}

impl Inner {
    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_doubled(&self) -> bool {
        self.config.duplicates > 0.0 && self.record().chance(self.config.duplicates)
    }

    async fn deliver(&self, body: Bytes, first_permit: OwnedSemaphorePermit) {
        let Some(group) = self.record().begin() else {
            return;
        };
        let mut first_permit = Some(first_permit);
        for attempt in 1..=self.config.attempts.max(1) {
            let permit = match first_permit.take() {
                Some(permit) => Some(permit),
                None => Arc::clone(&self.permits).acquire_owned().await.ok(),
            };
            if self.record().status != WebhookStatus::Active {
                self.record().suppress();
                return;
            }
            let answer = self.attempt(body.clone()).await;
            drop(permit);
            let will_retry = !answer.is_success() && attempt < self.config.attempts;
            let entry = Attempt {
                id: uuid::Uuid::nil(),
                group,
                at_ms: self.clock.now_ms(),
                answer,
                retry_count: attempt - 1,
                next_retry_ms: will_retry.then(|| self.next_retry_ms()),
                body: body.clone(),
            };
            if !self.record().finish(entry, self.config.disable_after) {
                return;
            }
            tokio::time::sleep(self.config.retry_spacing).await;
        }
    }

    fn next_retry_ms(&self) -> i64 {
        let spacing_ms = i64::try_from(self.config.retry_spacing.as_millis()).unwrap_or(i64::MAX);
        self.clock.now_ms().saturating_add(spacing_ms)
    }

    async fn attempt(&self, body: Bytes) -> Answer {
        let begin = Instant::now();
        let result = self.client.post(&self.config.url).body(body).send().await;
        let (status_code, error) = match result {
            Ok(response) => {
                let status = response.status();
                // The body is read to its end so that the connection can be used again.
                let read = response.bytes().await.map(|_| ());
                let error =
                    (!status.is_success()).then(|| format!("Request failed with status code {}", status.as_u16()));
                (Some(status.as_u16()), error.or_else(|| read.err().map(|error| describe(&error))))
            }
            Err(error) => (None, Some(describe(&error))),
        };
        Answer { status_code, error, response_time: begin.elapsed() }
    }
}

async fn drain(deliveries: &mut JoinSet<()>) {
    while deliveries.join_next().await.is_some() {}
}

fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "Connection timeout".to_owned()
    } else if error.is_connect() {
        "Connection refused".to_owned()
    } else {
        error.to_string()
    }
}

fn headers(config: &PosterConfig) -> Result<HeaderMap, PosterError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/plain, */*"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static("axios/0.21.4"));
    for (name, value) in &config.headers {
        let header = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
        let (name, mut value) = header.ok_or_else(|| PosterError::Header { name: name.clone() })?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Holds events back until their time.
struct Timer {
    schedule: Schedule,
    begin: Instant,
    due: Duration,
    burst_left: u32,
    next_burst: Duration,
}

impl Timer {
    fn new(schedule: Schedule) -> Self {
        let next_burst = if let Schedule::Rate { burst_every, .. } = schedule { burst_every } else { Duration::MAX };
        Self { schedule, begin: Instant::now(), due: Duration::ZERO, burst_left: 0, next_burst }
    }

    async fn wait_for(&mut self, at_ms: i64) {
        let wait_until = self.due_at(at_ms, self.begin.elapsed());
        if let Some(due) = wait_until {
            tokio::time::sleep_until(self.begin + due).await;
        }
    }

    /// When the next event is due, counted from the beginning; `None` if that is now.
    fn due_at(&mut self, at_ms: i64, elapsed: Duration) -> Option<Duration> {
        match self.schedule {
            Schedule::FullSpeed => return None,
            Schedule::AsTimed { from_ms } => {
                self.due = Duration::from_millis(u64::try_from(at_ms.saturating_sub(from_ms)).unwrap_or(0));
            }
            Schedule::Rate { per_second, burst, burst_every } => {
                if self.is_in_burst(burst, burst_every, elapsed) {
                    return None;
                }
                self.due += Duration::from_secs_f64(1.0 / per_second.clamp(0.001, 1.0e7));
            }
        }
        // The runtime's timer counts milliseconds; shorter waits are caught up by the events after them.
        (self.due > elapsed + Duration::from_millis(1)).then_some(self.due)
    }

    fn is_in_burst(&mut self, burst: u32, burst_every: Duration, elapsed: Duration) -> bool {
        if burst > 0 && self.burst_left == 0 && elapsed >= self.next_burst {
            self.burst_left = burst;
            self.next_burst += burst_every.max(Duration::from_millis(1));
        }
        let is_in_burst = self.burst_left > 0;
        self.burst_left = self.burst_left.saturating_sub(1);
        is_in_burst
    }
}

#[cfg(test)]
mod tests;
