//! The reader pool: `query_only` connections, each read with a time limit.
//!
//! The limit is a progress handler that looks at the clock every few thousand virtual-machine steps: it stops a query
//! that runs away without a second thread to watch it.

use std::path::Path;
use std::time::{Duration, Instant};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

use super::error::Error;
use super::{Options, pragma};

/// Virtual-machine steps between two looks at the clock.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

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
            .min_idle(Some(1))
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
