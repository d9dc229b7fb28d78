//! A look into a file without opening it: one connection that reads, no writer, no threads, no migration.
//!
//! For what must not wake an organization: lists over all of them, verification beside a running appliance, the question
//! at start whether there is work left. It works while another process has the file open. Within the appliance it goes
//! through the registry's gate, so that the file is not migrated or deleted meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::error::Error;
use super::{Migrations, migration, pragma};

/// What a look into a file came to.
#[derive(Debug)]
pub enum Peeked<T> {
    /// The answer.
    Read(T),
    /// An earlier program wrote it: it must be opened, which migrates it, before anybody can read it.
    Older,
    /// There is no file.
    Missing,
}

/// Virtual-machine steps between two looks at the clock.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

/// Reads from a file in one snapshot, for no longer than `limit` if there is one. Blocks.
///
/// # Errors
/// [`Error::NewerFile`] if a later version of the program wrote it, [`Error::Corrupt`] if it is no database.
pub fn peek<T, E: From<Error>>(
    path: &Path,
    migrations: &Migrations,
    limit: Option<Duration>,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<Peeked<T>, E> {
    let is_there = path.try_exists().map_err(|source| Error::File { path: path.to_owned(), source })?;
    if !is_there {
        return Ok(Peeked::Missing);
    }
    let connection = open(path)?;
    let (found, known) = (migration::version(&connection)?, migrations.latest());
    if found > known {
        return Err(Error::NewerFile { path: path.to_owned(), found, known }.into());
    }
    if found < known {
        return Ok(Peeked::Older);
    }
    if let Some(limit) = limit {
        let started = Instant::now();
        let is_over = move || started.elapsed() > limit;
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(is_over)).map_err(Error::from)?;
    }
    let snapshot = connection.unchecked_transaction().map_err(Error::from)?;
    work(&snapshot).map(Peeked::Read)
}

/// A connection that reads and creates nothing. The flag allows writing because the log's shared memory needs it; the
/// pragma forbids it.
#[expect(clippy::disallowed_methods, reason = "this is the one door the lint sends everyone to")]
fn open(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    pragma::set_for_reader(&connection)?;
    Ok(connection)
}
