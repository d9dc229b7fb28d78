//! The settings of every connection, each with its reason.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use super::error::Error;

/// Settings of the one connection that writes.
pub fn set_for_writer(connection: &Connection) -> Result<(), Error> {
    // First, so that the statements below wait for another process (a CLI command) instead of failing.
    connection.pragma_update(None, "busy_timeout", 5_000)?;
    // Readers never wait for the writer, and a commit is one sequential write.
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_row| Ok(()))?;
    // The commit returns after fsync: what was acknowledged survives a power cut. Grouping pays for it.
    connection.pragma_update(None, "synchronous", "full")?;
    // 64 MiB of pages at most: the working set of the indexes at a million messages.
    connection.pragma_update(None, "cache_size", -65_536)?;
    // After a burst the log file is cut back instead of keeping its largest size for ever.
    connection.pragma_update(None, "journal_size_limit", 67_108_864)?;
    set_for_all(connection)
}

/// Settings of a connection that only reads.
pub fn set_for_reader(connection: &Connection) -> Result<(), Error> {
    connection.pragma_update(None, "busy_timeout", 5_000)?;
    // A read closure cannot change anything, whatever its SQL says.
    connection.pragma_update(None, "query_only", true)?;
    // 4 MiB each: the operating system's page cache is behind it, and idle readers must stay small.
    connection.pragma_update(None, "cache_size", -4_096)?;
    set_for_all(connection)
}

/// Settings of a connection that moves the log into the file.
pub fn set_for_checkpoints(connection: &Connection) -> Result<(), Error> {
    // The log is forced to the disk before the file is touched, the file before the log is used again.
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(())
}

fn set_for_all(connection: &Connection) -> Result<(), Error> {
    // Off by default in SQLite; without it REFERENCES is a comment.
    connection.pragma_update(None, "foreign_keys", true)?;
    // A damaged or hostile file's views and triggers may not call functions with side effects.
    connection.pragma_update(None, "trusted_schema", false)?;
    // Sorting in memory: the folder may be on a slow disk, and the sorts are small.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.set_prepared_statement_cache_capacity(128);
    // A plan never depends on a bound value: otherwise SQLite plans a statement anew at every execution as soon as a
    // partial index could serve it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Nothing we store comes near; a value beyond it is a mistake or an attack.
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024)?;
    Ok(())
}

/// Bounds the size of the file: the test's way to a full disk.
pub fn limit_pages(connection: &Connection, max_pages: u32) -> Result<(), Error> {
    connection.pragma_update_and_check(None, "max_page_count", max_pages, |_row| Ok(()))?;
    Ok(())
}
