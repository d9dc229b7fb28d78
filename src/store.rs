//! The one door to SQLite.
//!
//! [`Database`] is one file: one writer thread that commits in groups ([`writer`]), and a pool of `query_only`
//! readers ([`reader`]). Nothing else in the program opens a connection, so what a file is promised (pragmas,
//! migrations, foreign keys) holds for every statement ever run on it.
//!
//! Rejected: a pool of writers with a busy time-out (SQLite has one writer anyway, and each commit would pay its own
//! fsync), an async driver (it moves the same blocking call to a thread per connection and hides the transaction's
//! borders), one database for all organizations (isolation would then be a `WHERE` clause).

mod checkpoint;
mod copy;
pub mod error;
pub mod migration;
pub mod page;
mod peek;
pub mod pragma;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::id::IdSource;

pub use copy::{check_whole, copy};
pub use error::Error;
pub use migration::Migrations;
pub use peek::{Peeked, peek};
pub use writer::{Tx, WriteStatistics};

/// What a [`Database`] needs besides its path.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where "now" comes from.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: IdSource,
    /// Number of reader connections.
    pub readers: u32,
    /// Longest time one read may take before it is interrupted.
    pub read_limit_ms: u64,
    /// Largest size the file may grow to, in pages of 4 KiB; for tests of a full disk. `None`: no bound of ours.
    pub max_pages: Option<u32>,
}

/// One open SQLite file. Cheap to clone; the file is closed when the last clone goes.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: writer::Writer,
    readers: reader::Readers,
    head: watch::Receiver<i64>,
    reads: AtomicU64,
    /// Declared last, so that it goes when the connections above are closed; the writer thread has another.
    open: watch::Sender<()>,
}

/// Tells when a file is closed; holding it keeps nothing open.
#[derive(Clone, Debug)]
pub struct Closed(watch::Receiver<()>);

impl Closed {
    /// Whether every connection of the file is closed and its threads have ended.
    pub fn is_closed(&self) -> bool {
        self.0.has_changed().is_err()
    }

    /// Completes when that is so.
    pub async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

impl Database {
    /// Opens the file, creates it if it is missing, and brings it to the newest schema.
    ///
    /// # Errors
    /// [`Error::NewerFile`] if a later version of the program wrote it, [`Error::Corrupt`] if it is no database.
    pub fn open(path: &Path, migrations: &Migrations, options: &Options) -> Result<Self, Error> {
        migration::bring_up_to_date(path, migrations)?;
        let connection = open_for_writing(path)?;
        if let Some(max_pages) = options.max_pages {
            pragma::limit_pages(&connection, max_pages)?;
        }
        let head_now = migrations.head(&connection)?;
        let (head_sender, head) = watch::channel(head_now);
        let open = watch::Sender::new(());
        let signals = writer::Signals { head: head_sender, _open: open.clone() };
        let writer = writer::Writer::start((path, connection), options.clone(), signals)?;
        let readers = reader::Readers::open(path, options)?;
        let reads = AtomicU64::new(0);
        Ok(Self { inner: Arc::new(Inner { path: path.to_owned(), writer, readers, head, reads, open }) })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `work` in the next group's transaction and answers after that group's commit.
    ///
    /// If `work` fails, its changes are rolled back alone. If the commit fails, everyone in the group is told.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.inner.writer.write(work).await
    }

    /// Runs `work` like [`Self::write`] and hands the outcome to `done` on the writer's thread, right after the commit:
    /// for outcomes many wait for, which a task in between would reach late. `done` must be quick.
    ///
    /// # Errors
    /// [`Error::Closed`]; `done` is then not called.
    pub async fn submit<T, E, F, D>(&self, work: F, done: D) -> Result<(), Error>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        D: FnOnce(Result<T, E>) + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.inner.writer.submit(work, done).await
    }

    /// [`Self::write`] for threads that may block.
    pub fn write_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.inner.writer.write_blocking(work)
    }

    /// Gives back the memory of the pages the writer keeps, for a file nobody has written to for a while. Blocks.
    pub fn shrink_blocking(&self) -> Result<(), Error> {
        self.write_blocking(|tx| -> Result<(), Error> { Ok(tx.connection().execute_batch("PRAGMA shrink_memory")?) })
    }

    /// Runs `work` on a reader connection, on a blocking thread, within the time limit.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let database = self.clone();
        match tokio::task::spawn_blocking(move || database.read_blocking(work)).await {
            Ok(answer) => answer,
            Err(_join_error) => Err(E::from(Error::Closed)),
        }
    }

    /// [`Self::read`] for threads that may block.
    pub fn read_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E>,
        E: From<Error>,
    {
        self.inner.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.readers.read(work)
    }

    /// The highest event sequence committed so far, and a way to wait for the next.
    pub fn head(&self) -> watch::Receiver<i64> {
        self.inner.head.clone()
    }

    /// Tells when the file is closed, which is some time after the last clone of this is dropped.
    pub fn closed(&self) -> Closed {
        Closed(self.inner.open.subscribe())
    }

    /// What the writer has done since the file was opened.
    pub fn statistics(&self) -> WriteStatistics {
        self.inner.writer.statistics()
    }
}

/// Opens a connection that may write, with every pragma set.
fn open_for_writing(path: &Path) -> Result<Connection, Error> {
    let connection = open_raw(path)?;
    pragma::set_for_writer(&connection)?;
    Ok(connection)
}

#[expect(clippy::disallowed_methods, reason = "this is the one door the lint sends everyone to")]
fn open_raw(path: &Path) -> Result<Connection, Error> {
    Connection::open(path).map_err(Error::from)
}
