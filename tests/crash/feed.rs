//! A provider that keeps a ledger: posts distinct events over several connections and notes what was acknowledged.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use salesbrain::channel::instantly::simulator::{SimulatedEvent, Simulator, SimulatorConfig, WorldSize};
use tokio::task::JoinSet;

/// Share of events posted a second time on purpose.
const DUPLICATES: f64 = 0.05;
/// Of the bodies without an answer, the share that is posted again, as the provider does.
const RETRIES: f64 = 0.5;
/// Requests at the same time.
const CONNECTIONS: usize = 16;

/// What is known of a body that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Sent, no 2xx read: it may be stored once or not at all.
    Unknown,
    /// A 2xx was read to its end: it must be stored, once.
    Acknowledged,
}

struct Inner {
    events: Box<dyn Iterator<Item = SimulatedEvent> + Send>,
    random: ChaCha8Rng,
    again: VecDeque<Bytes>,
    ledger: BTreeMap<Bytes, Fate>,
    refusals: BTreeMap<String, usize>,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Mutex<Inner>>);

impl Feed {
    /// Events of a workspace (sent, opened, replies, labels and so on) mixed with distinct replies, from a seed.
    pub(crate) fn new(seed: u64, now_ms: i64) -> Self {
        let config = SimulatorConfig {
            size: WorldSize { leads: 1_500, ..WorldSize::default() },
            history_events: 30_000,
            ..SimulatorConfig::new(seed, now_ms)
        };
        let simulator = Simulator::new(config);
        let mut replies = simulator.replies(0.5);
        let mixed = simulator.history().zip(0_usize..).flat_map(move |(event, number)| {
            let reply = number.is_multiple_of(3).then(|| replies.next()).flatten();
            std::iter::once(event).chain(reply)
        });
        Self(Arc::new(Mutex::new(Inner {
            events: Box::new(mixed),
            random: ChaCha8Rng::seed_from_u64(seed),
            again: VecDeque::new(),
            ledger: BTreeMap::new(),
            refusals: BTreeMap::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// A number below `end` from the seed.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.lock().random.random_range(0..end)
    }

    /// The next body to post.
    pub(crate) fn next_body(&self) -> Bytes {
        let mut inner = self.lock();
        let again = inner.again.pop_front();
        let body = again.unwrap_or_else(|| inner.events.next().expect("the history is long enough").body);
        if inner.random.random_bool(DUPLICATES) {
            inner.again.push_back(body.clone());
        }
        inner.ledger.entry(body.clone()).or_insert(Fate::Unknown);
        body
    }

    fn acknowledge(&self, body: Bytes) {
        self.lock().ledger.insert(body, Fate::Acknowledged);
    }

    /// Notes that a body was answered with something else than 2xx, or not at all.
    fn fail(&self, body: Bytes, answer: Option<String>) {
        let mut inner = self.lock();
        if let Some(answer) = answer {
            *inner.refusals.entry(answer).or_default() += 1;
        }
        if inner.random.random_bool(RETRIES) {
            inner.again.push_back(body);
        }
    }

    /// Every body ever posted with its fate.
    pub(crate) fn ledger(&self) -> BTreeMap<Bytes, Fate> {
        self.lock().ledger.clone()
    }

    /// How many distinct bodies were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.lock().ledger.values().filter(|fate| **fate == Fate::Acknowledged).count()
    }

    /// How many answers were not 2xx since they were taken.
    pub(crate) fn refusals(&self) -> usize {
        self.lock().refusals.values().sum()
    }

    /// Answers other than 2xx with their numbers; forgets them.
    pub(crate) fn take_refusals(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.lock().refusals)
    }

    /// Starts posting to a connection's address.
    pub(crate) fn post_to(&self, base_url: &str, secret: &str) -> Posting {
        let client = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(CONNECTIONS)
            .tcp_nodelay(true)
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let mut workers = JoinSet::new();
        for _connection in 0..CONNECTIONS {
            let target = Target { client: client.clone(), url: webhook_url(base_url), secret: secret.to_owned() };
            workers.spawn(work(self.clone(), target, Arc::clone(&is_over)));
        }
        Posting { is_over, workers }
    }
}

/// Where webhooks go.
pub(crate) fn webhook_url(base_url: &str) -> String {
    format!("{base_url}/webhooks/instantly/webhook")
}

struct Target {
    client: reqwest::Client,
    url: String,
    secret: String,
}

async fn work(feed: Feed, target: Target, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        let body = feed.next_body();
        match target.post(body.clone()).await {
            Some((status, _answer)) if (200..300).contains(&status) => feed.acknowledge(body),
            Some((status, answer)) => {
                feed.fail(body, Some(format!("{status} {answer}")));
                // As the provider does: no new attempt at once.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            None => {
                feed.fail(body, None);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

impl Target {
    /// Status and answer, if both were read to the end.
    async fn post(&self, body: Bytes) -> Option<(u16, String)> {
        let request = self.client.post(&self.url).header("content-type", "application/json");
        let response = request.header("x-webhook-secret", &self.secret).body(body).send().await.ok()?;
        let status = response.status().as_u16();
        let answer = response.text().await.ok()?;
        Some((status, answer))
    }
}

/// Posting under way.
pub(crate) struct Posting {
    is_over: Arc<AtomicBool>,
    workers: JoinSet<()>,
}

impl Posting {
    /// Ends it; requests under way are waited for, so that the ledger is true.
    pub(crate) async fn end(mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        while let Some(outcome) = self.workers.join_next().await {
            outcome.unwrap();
        }
    }
}
