//! Consumers: what follows from an event, done later, exactly once in effect.
//!
//! A consumer reads the log from its cursor in batches. Its cursor is stored together with what the batch led to (in
//! the same transaction, or in the search index's commit), so a crash repeats a batch or does not, never half of it.
//! A consumer that fails keeps its cursor, waits and tries again; how far it is behind and why can be seen in
//! `/api/v1/status`, `/metrics` and `/health`.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::event_log::{self, Event};
use crate::clock::Clock;
use crate::store::{self, Database};

/// Shortest and longest pause after a failure.
const BACK_OFF_MS: (u64, u64) = (200, 10_000);
/// A consumer behind for longer than this without a step forward is stuck.
const STUCK_AFTER_MS: i64 = 30_000;

/// Why a batch could not be consumed.
pub type ConsumeError = Box<dyn std::error::Error + Send + Sync>;

/// Something that follows from events.
pub trait Consumer: Send + 'static {
    /// Its name in the cursor table, metrics and status.
    fn name(&self) -> &'static str;
    /// The last sequence whose consequences are stored.
    fn load_cursor(&mut self, database: &Database) -> Result<i64, ConsumeError>;
    /// Stores the consequences of `events` together with the cursor `up_to`.
    fn consume(&mut self, database: &Database, events: &[Event], up_to: i64) -> Result<(), ConsumeError>;
    /// Most events in one batch.
    fn batch_limit(&self) -> usize {
        500
    }
    /// How often it works.
    fn pace(&self) -> Pace {
        Pace::default()
    }
    /// Called when nothing has come for a while, to give memory back.
    fn rest(&mut self) {}
}

/// How often a consumer works.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Shortest time from the start of one batch to the start of the next: meanwhile events gather.
    pub interval: Duration,
    /// Longest time it stands back for a flood of events; zero if it never does.
    pub stands_back: Duration,
}

/// Events per second from which on a consumer that stands back does so.
const FLOOD_PER_SECOND: i64 = 1_500;
/// Time over which they are counted.
const FLOOD_WINDOW: Duration = Duration::from_millis(200);

/// How far a consumer is; read by status, metrics and health.
#[derive(Debug)]
pub struct Progress {
    name: &'static str,
    cursor: AtomicI64,
    moved_at_ms: AtomicI64,
    last_error: Mutex<String>,
}

impl Progress {
    fn new(name: &'static str) -> Self {
        Self { name, cursor: AtomicI64::new(0), moved_at_ms: AtomicI64::new(i64::MAX), last_error: Mutex::default() }
    }

    /// The consumer's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The last sequence whose consequences are stored.
    pub fn cursor(&self) -> i64 {
        self.cursor.load(Ordering::Acquire)
    }

    /// The last failure in words; empty if the last batch went through.
    pub fn last_error(&self) -> String {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has been behind `head` for long without a step forward.
    pub fn is_stuck(&self, head: i64, now_ms: i64) -> bool {
        self.cursor() < head && now_ms.saturating_sub(self.moved_at_ms.load(Ordering::Relaxed)) > STUCK_AFTER_MS
    }

    fn moved(&self, cursor: i64, now_ms: i64) {
        self.cursor.store(cursor, Ordering::Release);
        self.moved_at_ms.store(now_ms, Ordering::Relaxed);
        self.set_error(String::new());
    }

    fn set_error(&self, text: String) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// What a consumer's task needs.
pub struct Runtime {
    /// The organization's file.
    pub database: Database,
    /// The time.
    pub clock: Clock,
    /// Becomes true when the tenant closes.
    pub stop: watch::Receiver<bool>,
}

/// Starts a consumer's task.
pub fn start(consumer: impl Consumer, runtime: Runtime) -> Arc<Progress> {
    let progress = Arc::new(Progress::new(consumer.name()));
    tokio::spawn(run(consumer, runtime, Arc::clone(&progress)));
    progress
}

/// How long without an event until a consumer is told to rest.
const REST_AFTER: Duration = Duration::from_secs(10);

async fn run<C: Consumer>(consumer: C, mut runtime: Runtime, progress: Arc<Progress>) {
    let mut head = runtime.database.head();
    let mut pause_ms = BACK_OFF_MS.0;
    let mut consumer = Some(consumer);
    let mut is_loaded = false;
    let mut last_turn = None;
    progress.moved_at_ms.store(runtime.clock.now_ms(), Ordering::Relaxed);
    while !*runtime.stop.borrow() {
        let Some(working) = consumer.take() else { break };
        if is_loaded && *head.borrow_and_update() <= progress.cursor() {
            // Having nothing to do is not standing still: the time counts from the moment there is something.
            progress.moved_at_ms.store(i64::MAX, Ordering::Relaxed);
            consumer = Some(idle(working, &mut head, &mut runtime.stop).await);
            progress.moved_at_ms.store(runtime.clock.now_ms(), Ordering::Relaxed);
            continue;
        }
        if let Some(last) = last_turn
            && wait_turn(working.pace(), last, &mut runtime).await
        {
            break;
        }
        last_turn = Some(Turn { at: Instant::now(), head: *head.borrow() });
        let (returned, outcome) = step(working, &runtime.database, is_loaded.then(|| progress.cursor())).await;
        consumer = returned;
        match outcome {
            Ok(cursor) => {
                is_loaded = true;
                pause_ms = BACK_OFF_MS.0;
                progress.moved(cursor, runtime.clock.now_ms());
            }
            Err(error) => {
                let cause = crate::error::chain(error.as_ref());
                tracing::warn!(
                    consumer = progress.name(),
                    cause,
                    "a batch could not be consumed, it will be tried again"
                );
                progress.set_error(cause);
                is_loaded = false;
                if wait_or_stop(Duration::from_millis(pause_ms), &mut runtime.stop).await {
                    break;
                }
                pause_ms = (pause_ms * 2).min(BACK_OFF_MS.1);
            }
        }
    }
}

/// Waits for news; lets the consumer rest when none comes for long.
async fn idle<C: Consumer>(mut consumer: C, head: &mut watch::Receiver<i64>, stop: &mut watch::Receiver<bool>) -> C {
    let is_quiet = tokio::select! {
        _changed = head.changed() => false,
        _changed = stop.changed() => false,
        () = tokio::time::sleep(REST_AFTER) => true,
    };
    if is_quiet {
        consumer.rest();
        tokio::select! {
            _changed = head.changed() => {}
            _changed = stop.changed() => {}
        }
    }
    consumer
}

/// When a consumer last began a batch, and where the log then ended.
#[derive(Clone, Copy)]
struct Turn {
    at: Instant,
    head: i64,
}

impl Turn {
    /// Whether the log has grown like in a flood since.
    fn is_flood(self, head: i64) -> bool {
        let elapsed_ms = i64::try_from(self.at.elapsed().as_millis()).unwrap_or(i64::MAX).max(1);
        (head - self.head).saturating_mul(1_000) / elapsed_ms >= FLOOD_PER_SECOND
    }
}

/// Waits as the pace says; `true` if the tenant closes.
async fn wait_turn(pace: Pace, last: Turn, runtime: &mut Runtime) -> bool {
    let head = runtime.database.head();
    let rest = pace.interval.saturating_sub(last.at.elapsed());
    if !rest.is_zero() && wait_or_stop(rest, &mut runtime.stop).await {
        return true;
    }
    let began = Instant::now();
    let mut turn = last;
    while began.elapsed() < pace.stands_back && turn.is_flood(*head.borrow()) {
        turn = Turn { at: Instant::now(), head: *head.borrow() };
        if wait_or_stop(FLOOD_WINDOW, &mut runtime.stop).await {
            return true;
        }
    }
    false
}

async fn wait_or_stop(pause: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => false,
        changed = stop.changed() => changed.is_err() || *stop.borrow(),
    }
}

/// Consumes one batch on a blocking thread.
async fn step<C: Consumer>(
    mut consumer: C,
    database: &Database,
    known_cursor: Option<i64>,
) -> (Option<C>, Result<i64, ConsumeError>) {
    let database = database.clone();
    let work = move || {
        let outcome = consume_batch(&mut consumer, &database, known_cursor);
        (consumer, outcome)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok((consumer, outcome)) => (Some(consumer), outcome),
        Err(error) => (None, Err(Box::new(error))),
    }
}

fn consume_batch<C: Consumer>(
    consumer: &mut C,
    database: &Database,
    known_cursor: Option<i64>,
) -> Result<i64, ConsumeError> {
    let cursor = match known_cursor {
        Some(cursor) => cursor,
        None => consumer.load_cursor(database)?,
    };
    let limit = consumer.batch_limit();
    let events: Vec<Event> = database
        .read_blocking(|connection| -> Result<_, store::Error> { event_log::list_after(connection, cursor, limit) })?;
    let Some(up_to) = events.last().map(|event| event.sequence) else { return Ok(cursor) };
    consumer.consume(database, &events, up_to)?;
    Ok(up_to)
}

/// Reads a cursor kept in the tenant's own file.
pub fn find_cursor(database: &Database, name: &'static str) -> Result<i64, store::Error> {
    database.read_blocking(|connection| {
        let mut statement = connection.prepare_cached("SELECT cursor FROM consumer WHERE name = ?1")?;
        let mut rows = statement.query([name])?;
        Ok(match rows.next()? {
            Some(row) => row.get(0)?,
            None => 0,
        })
    })
}

/// Stores a cursor; belongs into the transaction that stores the batch's consequences.
pub fn store_cursor(tx: &store::Tx<'_>, name: &'static str, cursor: i64) -> Result<(), store::Error> {
    tx.connection()
        .prepare_cached(
            "INSERT INTO consumer (name, cursor, updated_at_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, updated_at_ms = excluded.updated_at_ms",
        )?
        .execute((name, cursor, tx.now_ms()))?;
    Ok(())
}
