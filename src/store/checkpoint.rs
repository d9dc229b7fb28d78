//! The checkpointer: moves what the log holds into the file while the writer goes on writing.
//!
//! Left to itself SQLite does this inside a commit, and everyone who waits then waits for thousands of pages and two
//! fsyncs more. Here a second connection does the bulk of it in passes, each shorter than the one before, because a pass
//! copies what was written during the last. When little is left, or after [`MOST_PASSES`], it is the writer's turn: it does
//! the rest between two groups, and the log starts again from its beginning. A log that could not be emptied (a long read
//! holds it) only grows; the next round tries again.
//!
//! Rejected: leaving all of it to the second connection, because under constant writing there is always a frame it has
//! not copied and the log would never start again.

use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::Connection;

use super::error::Error;
use super::{open_raw, pragma};

/// Frames (pages of 4 KiB) in the log at which a round starts: a page that many commits touch is then copied once.
const START_FRAMES: i32 = 4_000;
/// Frames that are few enough for the writer.
const REST_FRAMES: i64 = 250;
/// Most passes of one round: a flood that outruns them leaves the writer more than that.
const MOST_PASSES: usize = 8;
/// Growth of the log after which a round that could not empty it is followed by another.
const RETRY_FRAMES: i32 = 2_000;

thread_local! {
    /// Frames in the log after the last commit of this thread's connection: the hook can keep no state of its own.
    static FRAMES: Cell<i32> = const { Cell::new(0) };
}

/// Owned by the writer thread; ends when dropped.
pub(super) struct Checkpointer {
    path: PathBuf,
    helper: OnceCell<Helper>,
    is_writers_turn: Arc<AtomicBool>,
    next_at: Cell<i32>,
}

/// The thread with the second connection.
struct Helper {
    wake: Option<SyncSender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Checkpointer {
    /// Takes over the checkpoints of this connection, which must stay on the calling thread.
    pub(super) fn start(path: &Path, connection: &Connection) -> Self {
        // Also switches SQLite's own checkpoints off.
        connection.wal_hook(Some(|_log, frames| {
            FRAMES.set(frames);
            Ok(())
        }));
        FRAMES.set(0);
        let is_writers_turn = Arc::new(AtomicBool::new(false));
        Self { path: path.to_owned(), helper: OnceCell::new(), is_writers_turn, next_at: Cell::new(START_FRAMES) }
    }

    /// Called by the writer between two groups.
    pub(super) fn after_commit(&self, connection: &Connection) {
        let frames = FRAMES.get();
        if self.is_writers_turn.swap(false, Ordering::Acquire)
            && let Err(error) = checkpoint(connection)
        {
            tracing::warn!(%error, "the last part of a checkpoint failed, it will be tried again");
        }
        if frames < START_FRAMES {
            self.next_at.set(START_FRAMES);
        } else if frames >= self.next_at.get() {
            self.next_at.set(frames.saturating_add(RETRY_FRAMES));
            self.start_round();
        }
    }

    /// Wakes the helper; starts it at the first round, which a quiet organization never comes to.
    fn start_round(&self) {
        if self.helper.get().is_none() {
            match Helper::start(&self.path, &self.is_writers_turn) {
                // It was empty, and only this thread fills it.
                Ok(helper) => drop(self.helper.set(helper)),
                Err(error) => {
                    tracing::error!(%error, "checkpoints run between commits: no thread could be started");
                    self.is_writers_turn.store(true, Ordering::Release);
                }
            }
        }
        // A full channel means that it is awake.
        let wake = self.helper.get().and_then(|helper| helper.wake.as_ref());
        let _is_awake = wake.is_some_and(|wake| wake.try_send(()).is_err());
    }
}

impl Helper {
    fn start(path: &Path, is_writers_turn: &Arc<AtomicBool>) -> Result<Self, Error> {
        let (wake, woken) = sync_channel(1);
        let worker = Worker { path: path.to_owned(), is_writers_turn: Arc::clone(is_writers_turn) };
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || worker.run(&woken))
            .map_err(|source| Error::File { path: path.to_owned(), source })?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's checkpoint thread ended with a panic");
        }
    }
}

struct Worker {
    path: PathBuf,
    is_writers_turn: Arc<AtomicBool>,
}

impl Worker {
    fn run(&self, woken: &Receiver<()>) {
        let mut connection = None;
        while woken.recv().is_ok() {
            if let Err(error) = self.run_round(&mut connection) {
                tracing::warn!(%error, "a checkpoint failed, it will be tried again");
                connection = None;
            }
        }
    }

    fn run_round(&self, connection: &mut Option<Connection>) -> Result<(), Error> {
        if connection.is_none() {
            let opened = open_raw(&self.path)?;
            pragma::set_for_checkpoints(&opened)?;
            *connection = Some(opened);
        }
        let Some(connection) = connection else { return Ok(()) };
        for _pass in 0..MOST_PASSES {
            if checkpoint(connection)? <= REST_FRAMES {
                break;
            }
        }
        self.is_writers_turn.store(true, Ordering::Release);
        Ok(())
    }
}

/// Copies what can be copied without waiting for anyone; answers how many frames are left.
fn checkpoint(connection: &Connection) -> Result<i64, Error> {
    let left = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (in_log, copied): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(in_log - copied)
    })?;
    Ok(left)
}
