//! Copies of a file and the checks of one that comes from elsewhere.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::error::Error;
use super::open_raw;

/// How long another process may hold the file.
const BUSY: Duration = Duration::from_secs(5);

/// Copies a database page by page into a new file: one snapshot, while others read and write it. The copy is one file
/// without a log. Rejected: `VACUUM INTO`, which may number rows anew. Blocks.
pub fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let source = open_raw(from)?;
    source.busy_timeout(BUSY)?;
    let mut copy = open_raw(to)?;
    let backup = Backup::new(&source, &mut copy)?;
    // All pages in one step: a copy in several begins again whenever someone writes in between.
    let step = backup.step(-1)?;
    drop(backup);
    if step != StepResult::Done {
        return Err(Error::Busy(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            None,
        )));
    }
    copy.pragma_update_and_check(None, "journal_mode", "delete", |_row| Ok(()))?;
    copy.close().map_err(|(_connection, source)| Error::from(source))
}

/// SQLite's own checks of a whole file: its structure, and that every reference leads somewhere. Answers what is wrong.
pub fn check_whole(connection: &Connection) -> Result<Option<String>, Error> {
    let finding: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if finding != "ok" {
        return Ok(Some(finding));
    }
    let broken: i64 = connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    Ok((broken > 0).then(|| format!("{broken} broken references")))
}
