//! Consumers: what follows from an event, done later, exactly once in effect.
//!
//! A consumer reads the log from its cursor in batches. Its cursor is stored together with what the batch led to (in
//! the same transaction, or in the search index's commit), so a crash repeats a batch or does not, never half of it.
//! A consumer that fails, be it with a panic, keeps its cursor, waits and tries again; how far it is behind and why can
//! be seen in `/api/v1/status`, `/metrics` and `/health`.
//!
//! What a consumer has to wait for (its turn) it waits for in its task; a blocking thread is taken only to work. Work that
//! takes long gives signs of life ([`Pulse`]): a consumer without any is stuck.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::event_log::{self, Event};
use crate::clock::Clock;
use crate::store::{self, Database};

/// Shortest and longest pause after a failure.
const BACK_OFF_MS: (u64, u64) = (200, 10_000);
/// A consumer behind for longer than this without a step forward or another sign of life is stuck.
const STUCK_AFTER_MS: i64 = 30_000;

/// Why a batch could not be consumed.
pub type ConsumeError = Box<dyn std::error::Error + Send + Sync>;

/// Something that follows from events.
pub trait Consumer: Send + 'static {
    /// What it needs to work, held for one batch.
    type Turn: Send + 'static;

    /// Its name in the cursor table, metrics and status.
    fn name(&self) -> &'static str;
    /// Waits for what it needs; `None` if the tenant closes.
    fn turn(&self) -> impl Future<Output = Option<Self::Turn>> + Send;
    /// The last sequence whose consequences are stored. Called at the start and after a failure.
    fn load_cursor(&mut self, turn: Self::Turn, database: &Database) -> Result<i64, ConsumeError>;
    /// Stores the consequences of the batch together with its cursor.
    fn consume(&mut self, turn: Self::Turn, database: &Database, batch: &Batch) -> Result<(), ConsumeError>;
    /// Signs of life from within a long wait or a long batch.
    fn pulse(&self) -> Pulse {
        Pulse::default()
    }
    /// Most events in one batch.
    fn batch_limit(&self) -> usize {
        500
    }
    /// How often it works.
    fn pace(&self) -> Pace {
        Pace::default()
    }
    /// Completes when others want what it keeps between batches.
    fn rest_wanted(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
    /// Gives back what it keeps between batches: called when nothing has come for a while, or when others want it.
    fn rest(&mut self) {}
}

/// Events in order.
#[derive(Debug)]
pub struct Batch {
    /// The events.
    pub events: Vec<Event>,
    /// The sequence of the last.
    pub up_to: i64,
}

/// Counts signs of life. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<watch::Sender<u64>>);

impl Pulse {
    /// Tells that work goes on.
    pub fn beat(&self) {
        self.0.send_modify(|beats| *beats = beats.wrapping_add(1));
    }
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
        self.lives(now_ms);
        self.set_error(String::new());
    }

    fn lives(&self, now_ms: i64) {
        self.moved_at_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Having nothing to do is not standing still: the time counts from the next sign of life.
    fn pauses(&self) {
        self.moved_at_ms.store(i64::MAX, Ordering::Relaxed);
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

/// A consumer at work.
pub struct Running {
    /// How far it is.
    pub progress: Arc<Progress>,
    /// Ends after the tenant has begun to close, when the batch in hand is done.
    pub task: JoinHandle<()>,
}

/// Starts a consumer's task.
pub fn start(consumer: impl Consumer, runtime: Runtime) -> Running {
    let progress = Arc::new(Progress::new(consumer.name()));
    let task = tokio::spawn(run(consumer, runtime, Arc::clone(&progress)));
    Running { progress, task }
}

/// How long without an event until a consumer is told to rest.
const REST_AFTER: Duration = Duration::from_secs(10);

async fn run<C: Consumer>(consumer: C, mut runtime: Runtime, progress: Arc<Progress>) {
    let mut head = runtime.database.head();
    let mut pause_ms = BACK_OFF_MS.0;
    let mut consumer = Some(consumer);
    let mut is_loaded = false;
    let mut last_turn = None;
    progress.lives(runtime.clock.now_ms());
    while !*runtime.stop.borrow() {
        let Some(working) = consumer.take() else { break };
        if is_loaded && *head.borrow_and_update() <= progress.cursor() {
            progress.pauses();
            consumer = idle(working, &mut head, &mut runtime.stop).await;
            progress.lives(runtime.clock.now_ms());
            continue;
        }
        if let Some(last) = last_turn
            && wait_turn(working.pace(), last, &mut runtime).await
        {
            break;
        }
        let (pulse, lived_at_ms) = (working.pulse(), progress.moved_at_ms.load(Ordering::Relaxed));
        let Some(turn) = watch_over(working.turn(), &pulse, (&progress, &runtime.clock)).await else { break };
        if is_loaded {
            last_turn = Some(Turn { at: Instant::now(), head: *head.borrow() });
        }
        let work = step((working, turn), &runtime.database, is_loaded.then(|| progress.cursor()));
        let (returned, outcome) = watch_over(work, &pulse, (&progress, &runtime.clock)).await;
        match outcome {
            Ok(cursor) => {
                is_loaded = true;
                pause_ms = BACK_OFF_MS.0;
                progress.moved(cursor, runtime.clock.now_ms());
                consumer = rest_if_wanted(returned, &progress).await;
                progress.lives(runtime.clock.now_ms());
            }
            // Work that was cut short is no failure.
            Err(_cut_short) if *runtime.stop.borrow() => break,
            Err(error) => {
                consumer = returned;
                // Signs of life that lead to nothing are none.
                progress.lives(lived_at_ms);
                note_failure(&progress, error.as_ref());
                is_loaded = false;
                if wait_or_stop(Duration::from_millis(pause_ms), &mut runtime.stop).await {
                    break;
                }
                pause_ms = (pause_ms * 2).min(BACK_OFF_MS.1);
            }
        }
    }
}

fn note_failure(progress: &Progress, error: &(dyn std::error::Error + Send + Sync + 'static)) {
    let cause = crate::error::chain(error);
    tracing::warn!(consumer = progress.name(), cause, "a batch could not be consumed, it will be tried again");
    progress.set_error(cause);
}

/// Waits for `work`; every sign of life meanwhile counts as a step.
async fn watch_over<T>(work: impl Future<Output = T>, pulse: &Pulse, (progress, clock): (&Progress, &Clock)) -> T {
    let mut beats = pulse.0.subscribe();
    let mut work = pin!(work);
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            Ok(()) = beats.changed() => progress.lives(clock.now_ms()),
        }
    }
}

/// Waits for news; lets the consumer rest when none comes for long, or others want what it keeps.
async fn idle<C: Consumer>(
    consumer: C,
    head: &mut watch::Receiver<i64>,
    stop: &mut watch::Receiver<bool>,
) -> Option<C> {
    let may_rest = tokio::select! {
        _changed = head.changed() => false,
        _changed = stop.changed() => false,
        () = consumer.rest_wanted() => true,
        () = tokio::time::sleep(REST_AFTER) => true,
    };
    if !may_rest {
        return Some(consumer);
    }
    let rested = rest(consumer).await;
    tokio::select! {
        _changed = head.changed() => {}
        _changed = stop.changed() => {}
    }
    rested
}

/// Lets a busy consumer rest between two batches when others want what it keeps.
async fn rest_if_wanted<C: Consumer>(consumer: Option<C>, progress: &Progress) -> Option<C> {
    let consumer = consumer?;
    if consumer.rest_wanted().now_or_never().is_none() {
        return Some(consumer);
    }
    // What the engine finishes first has an end of its own.
    progress.pauses();
    rest(consumer).await
}

/// Lets the consumer rest, on a blocking thread: the engine may have something to finish.
async fn rest<C: Consumer>(mut consumer: C) -> Option<C> {
    let work = move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| consumer.rest()));
        (consumer, outcome)
    };
    let (consumer, outcome) = tokio::task::spawn_blocking(work).await.ok()?;
    if outcome.is_err() {
        tracing::error!(consumer = consumer.name(), "a consumer panicked when it was told to rest");
    }
    Some(consumer)
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

/// A consumer panicked: it is told to load its cursor again.
#[derive(Debug, thiserror::Error)]
#[error("a consumer panicked: {0}")]
struct Panicked(String);

/// Consumes one batch on a blocking thread. Without the consumer only if the program ends.
async fn step<C: Consumer>(
    (mut consumer, turn): (C, C::Turn),
    database: &Database,
    known_cursor: Option<i64>,
) -> (Option<C>, Result<i64, ConsumeError>) {
    let database = database.clone();
    let work = move || {
        let work = AssertUnwindSafe(|| work_once((&mut consumer, turn), &database, known_cursor));
        let outcome = catch_unwind(work).unwrap_or_else(|panic| Err(Box::new(Panicked(panic_text(panic.as_ref())))));
        (consumer, outcome)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok((consumer, outcome)) => (Some(consumer), outcome),
        Err(error) => (None, Err(Box::new(error))),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|&text| text.to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Loads the cursor if it is not known, else consumes one batch; answers the cursor.
fn work_once<C: Consumer>(
    (consumer, turn): (&mut C, C::Turn),
    database: &Database,
    known_cursor: Option<i64>,
) -> Result<i64, ConsumeError> {
    let Some(cursor) = known_cursor else { return consumer.load_cursor(turn, database) };
    let limit = consumer.batch_limit();
    let events: Vec<Event> = database
        .read_blocking(|connection| -> Result<_, store::Error> { event_log::list_after(connection, cursor, limit) })?;
    let Some(up_to) = events.last().map(|event| event.sequence) else { return Ok(cursor) };
    consumer.consume(turn, database, &Batch { events, up_to })?;
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
