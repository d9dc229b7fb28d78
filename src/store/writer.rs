//! The writer thread: runs every waiting closure in one transaction, each in its own savepoint, and answers each
//! after the commit.
//!
//! One fsync is shared by all who wait, so throughput grows with load while latency stays near one fsync. A group
//! ends when nothing waits, when it holds [`GROUP_LIMIT`] closures, or after [`GROUP_TIME_MS`], which bounds how long
//! the first of a group waits for the last. Answers are held back until the commit has returned: nothing is
//! acknowledged that could still be lost.
//!
//! Rejected: committing on a timer (adds latency when idle), a transaction per closure (500 to 1,000 a second).

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::Options;
use super::checkpoint::Checkpointer;
use super::error::Error;
use crate::id::IdSource;

/// Most closures in one transaction.
const GROUP_LIMIT: usize = 512;
/// Longest time a transaction collects closures.
const GROUP_TIME_MS: u64 = 10;
/// Most closures that wait; a sender beyond it waits itself, which is how a flood slows its source down.
const QUEUE_LENGTH: usize = 4_096;

/// What a write closure works with.
pub struct Tx<'connection> {
    connection: &'connection Connection,
    now_ms: i64,
    ids: &'connection IdSource,
    head: &'connection Cell<i64>,
}

impl Tx<'_> {
    /// The connection, inside the closure's savepoint.
    pub const fn connection(&self) -> &Connection {
        self.connection
    }

    /// The one timestamp of this transaction, UTC milliseconds.
    pub const fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// A new UUIDv7.
    pub fn next_uuid(&self) -> uuid::Uuid {
        self.ids.next_uuid()
    }

    /// Tells those who wait on [`super::Database::head`] that `sequence` will be committed.
    pub fn note_sequence(&self, sequence: i64) {
        self.head.set(self.head.get().max(sequence));
    }
}

/// Counts since the file was opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteStatistics {
    /// Transactions committed.
    pub commits: u64,
    /// Closures committed in them.
    pub writes: u64,
    /// Transactions that could not be committed.
    pub failures: u64,
}

#[derive(Default)]
struct Counters {
    commits: AtomicU64,
    writes: AtomicU64,
    failures: AtomicU64,
}

/// The sending side; dropping it lets the thread finish what waits and end.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<std::thread::JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        (path, connection): (&Path, Connection),
        options: Options,
        signals: Signals,
    ) -> Result<Self, Error> {
        let (queue, waiting) = mpsc::channel(QUEUE_LENGTH);
        let counters = Arc::new(Counters::default());
        let path = path.to_owned();
        let group_writer = GroupWriter { connection, options, counters: Arc::clone(&counters), signals };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || group_writer.run(&path, waiting))
            .map_err(|source| Error::File { path: "store-writer".into(), source })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters })
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // The receiver is gone when the client hung up: the write stands all the same.
        self.submit(work, move |outcome| drop(reply.send(outcome))).await?;
        answer.await.unwrap_or_else(|_closed| Err(Error::Closed.into()))
    }

    pub(super) async fn submit<T, E, F, D>(&self, work: F, done: D) -> Result<(), Error>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        D: FnOnce(Result<T, E>) + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let job = Box::new(WriteJob { work: Some(work), outcome: None, done });
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        queue.send(job).await.map_err(|_closed| Error::Closed)
    }

    pub(super) fn write_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let done = move |outcome| drop(reply.send(outcome));
        let job = Box::new(WriteJob { work: Some(work), outcome: None, done });
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        if queue.blocking_send(job).is_err() {
            return Err(Error::Closed.into());
        }
        answer.blocking_recv().unwrap_or_else(|_closed| Err(Error::Closed.into()))
    }

    pub(super) fn statistics(&self) -> WriteStatistics {
        WriteStatistics {
            commits: self.counters.commits.load(Ordering::Relaxed),
            writes: self.counters.writes.load(Ordering::Relaxed),
            failures: self.counters.failures.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the queue first: the thread then drains it and ends, and the file is closed when this returns.
        self.queue = None;
        let is_own_thread =
            self.thread.as_ref().is_some_and(|thread| thread.thread().id() == std::thread::current().id());
        if let Some(thread) = self.thread.take()
            && !is_own_thread
            && thread.join().is_err()
        {
            tracing::error!("the store's writer thread ended with a panic");
        }
    }
}

/// A closure that waits for its turn, with the one who waits for its answer.
trait Job: Send {
    /// Runs the closure; `false` if its changes are to be rolled back.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// Answers after the commit.
    fn answer(self: Box<Self>, commit: Result<(), Error>);
}

struct WriteJob<F, T, E, D> {
    work: Option<F>,
    outcome: Option<Result<T, E>>,
    done: D,
}

impl<F, T, E, D> Job for WriteJob<F, T, E, D>
where
    F: FnOnce(&Tx<'_>) -> Result<T, E> + Send,
    D: FnOnce(Result<T, E>) + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(tx))).unwrap_or_else(|_panic| Err(Error::Panicked.into()));
        let is_kept = outcome.is_ok();
        self.outcome = Some(outcome);
        is_kept
    }

    fn answer(self: Box<Self>, commit: Result<(), Error>) {
        let answer = match (commit, self.outcome) {
            // A closure that failed keeps its own error: it was rolled back alone and the commit does not concern it.
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(Error::Closed.into()),
        };
        (self.done)(answer);
    }
}

/// What the thread tells others.
pub(super) struct Signals {
    /// The highest event sequence committed.
    pub(super) head: watch::Sender<i64>,
    /// Gone when the thread has ended and its connection is closed.
    pub(super) _open: watch::Sender<()>,
}

struct GroupWriter {
    connection: Connection,
    options: Options,
    counters: Arc<Counters>,
    /// Declared last, so that they go after the connection.
    signals: Signals,
}

impl GroupWriter {
    fn run(self, path: &Path, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let checkpointer = Checkpointer::start(path, &self.connection);
        let mut group: Vec<Box<dyn Job>> = Vec::with_capacity(GROUP_LIMIT);
        while let Some(first) = waiting.blocking_recv() {
            let head = Cell::new(*self.signals.head.borrow());
            let outcome = self.run_group(first, &mut waiting, &mut group, &head);
            self.count(&outcome, group.len());
            if outcome.is_ok() {
                self.signals.head.send_if_modified(|known| std::mem::replace(known, head.get()) != head.get());
            }
            answer_all(&mut group, outcome);
            checkpointer.after_commit(&self.connection);
        }
        drop(checkpointer);
        // Folds the log into the file, so that a closed organization is one file that can be copied.
        if let Err(error) = self.connection.pragma_update_and_check(None, "wal_checkpoint", "truncate", |_row| Ok(())) {
            tracing::debug!(%error, "checkpoint at close was not possible");
        }
    }

    /// Fills one transaction and commits it. On an error nothing of the group is stored.
    fn run_group(
        &self,
        first: Box<dyn Job>,
        waiting: &mut mpsc::Receiver<Box<dyn Job>>,
        group: &mut Vec<Box<dyn Job>>,
        head: &Cell<i64>,
    ) -> Result<(), Error> {
        let started = Instant::now();
        let mut next = Some(first);
        let begun = self.execute("BEGIN IMMEDIATE");
        while let Some(mut job) = next.take() {
            let step = match &begun {
                Ok(()) => self.run_one(job.as_mut(), head),
                Err(_begin_failed) => Ok(()),
            };
            group.push(job);
            if let Err(error) = step {
                self.roll_back();
                return Err(error);
            }
            if begun.is_err() || group.len() >= GROUP_LIMIT || started.elapsed() >= Duration::from_millis(GROUP_TIME_MS)
            {
                break;
            }
            next = waiting.try_recv().ok();
        }
        begun?;
        self.execute("COMMIT").inspect_err(|_error| self.roll_back())
    }

    /// Runs one closure in its savepoint. An error means that the whole transaction is lost.
    fn run_one(&self, job: &mut dyn Job, head: &Cell<i64>) -> Result<(), Error> {
        self.execute("SAVEPOINT one")?;
        let head_before = head.get();
        let tx = Tx { connection: &self.connection, now_ms: self.options.clock.now_ms(), ids: &self.options.ids, head };
        let is_kept = job.run(&tx);
        if self.connection.is_autocommit() {
            // SQLite itself rolled the transaction back: a full disk, an I/O error or no memory.
            return Err(Error::Full(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
                None,
            )));
        }
        if !is_kept {
            head.set(head_before);
            self.execute("ROLLBACK TO one")?;
        }
        self.execute("RELEASE one")
    }

    fn execute(&self, sql: &str) -> Result<(), Error> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            tracing::error!(%error, "rollback failed");
        }
    }

    fn count(&self, outcome: &Result<(), Error>, writes: usize) {
        if outcome.is_ok() {
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
            self.counters.writes.fetch_add(u64::try_from(writes).unwrap_or(u64::MAX), Ordering::Relaxed);
        } else {
            self.counters.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Hands the commit's outcome to everyone in the group; the first gets the cause, the others its kind.
fn answer_all(group: &mut Vec<Box<dyn Job>>, outcome: Result<(), Error>) {
    let mut outcome = outcome;
    for job in group.drain(..) {
        let copy = match &outcome {
            Ok(()) => Ok(()),
            Err(error) => Err(error.without_cause()),
        };
        job.answer(std::mem::replace(&mut outcome, copy));
    }
}
