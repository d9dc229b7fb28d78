//! The reader pool: `query_only` connections, each read with a time limit.
//!
//! The limit is a progress handler that looks at the clock every few thousand virtual-machine steps: it stops a query
//! that runs away without a second thread to watch it.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};
use scheduled_thread_pool::ScheduledThreadPool;

use super::error::Error;
use super::{Options, pragma};

/// Virtual-machine steps between two looks at the clock.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

/// A connection nobody has read with for this long is closed: it keeps the parsed schema and its pages.
const IDLE: Duration = Duration::from_mins(1);

/// Opens and closes the connections of all pools. A pool of its own would be three threads for each organization.
static OPENERS: LazyLock<Arc<ScheduledThreadPool>> = LazyLock::new(|| {
    Arc::new(ScheduledThreadPool::builder().num_threads(2).thread_name_pattern("store-open-{}").build())
});

pub(super) struct Readers {
    pool: r2d2::Pool<SqliteConnectionManager>,
    limit: Duration,
}

impl Readers {
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let manager = SqliteConnectionManager::file(path).with_flags(flags).with_init(|connection| {
            pragma::set_for_reader(connection).map_err(|error| match error {
                Error::Sqlite(source) | Error::Corrupt(source) | Error::Full(source) => source,
                _ => rusqlite::Error::InvalidQuery,
            })
        });
        let pool = r2d2::Pool::builder()
            .max_size(options.readers)
            // Opened when someone reads: most organizations that are open only take events in.
            .min_idle(Some(0))
            .idle_timeout(Some(IDLE))
            .thread_pool(Arc::clone(&OPENERS))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_millis(options.read_limit_ms))
            .build(manager)
            .map_err(Error::NoReader)?;
        Ok(Self { pool, limit: Duration::from_millis(options.read_limit_ms) })
    }

    pub(super) fn read<T, E>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        #[expect(clippy::disallowed_methods, reason = "this is the one door the lint sends everyone to")]
        let connection = self.pool.get().map_err(Error::NoReader)?;
        let started = Instant::now();
        let limit = self.limit;
        let is_over = move || started.elapsed() > limit;
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(is_over)).map_err(Error::from)?;
        // One snapshot for the whole closure: two statements never see two states.
        let transaction = connection.unchecked_transaction().map_err(Error::from)?;
        let answer = work(&transaction);
        drop(transaction);
        answer
    }
}
