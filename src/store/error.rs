//! What can go wrong with a file, told apart by SQLite's result codes and never by text.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// A failure of the storage engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No space left on the device, or the file has reached its largest size. Nothing of the group was stored.
    #[error("no space left to store data")]
    Full(#[source] rusqlite::Error),
    /// The file was written by a later version of the program.
    #[error("{path} has schema version {found}, this program knows {known}: use a newer program")]
    NewerFile {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest version this program knows.
        known: i64,
    },
    /// The file is not a database, or is damaged.
    #[error("the database file is damaged")]
    Corrupt(#[source] rusqlite::Error),
    /// The read took longer than allowed and was interrupted.
    #[error("the query took too long")]
    TimedOut,
    /// A uniqueness or reference rule of the schema was broken.
    #[error("a rule of the schema was broken")]
    Constraint(#[source] rusqlite::Error),
    /// A migrated copy did not pass its check; the old file was kept.
    #[error("the migrated copy of {path} did not pass its check: {finding}")]
    MigrationCheck {
        /// The file.
        path: PathBuf,
        /// What SQLite's check reported.
        finding: String,
    },
    /// A file operation around the database failed.
    #[error("file operation on {path} failed")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The reader pool gave no connection.
    #[error("no reader connection is free")]
    NoReader(#[source] r2d2::Error),
    /// The database is closing.
    #[error("the database is closing")]
    Closed,
    /// A write closure panicked; its changes were rolled back.
    #[error("a write failed unexpectedly")]
    Panicked,
    /// Another process held the file for longer than is waited for.
    #[error("the database is in use by another process")]
    Busy(#[source] rusqlite::Error),
    /// Any other error of SQLite.
    #[error("the database reported an error")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => Self::Full(source),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupt(source),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(source),
            Some(ErrorCode::OperationInterrupted) => Self::TimedOut,
            Some(ErrorCode::ConstraintViolation) => Self::Constraint(source),
            _ => Self::Sqlite(source),
        }
    }
}

impl Error {
    /// An error of the same kind for others it concerns; the cause cannot be cloned and stays with the first.
    #[must_use]
    pub fn without_cause(&self) -> Self {
        let code = match self {
            Self::Closed => return Self::Closed,
            Self::Full(_) => rusqlite::ffi::SQLITE_FULL,
            Self::Corrupt(_) => rusqlite::ffi::SQLITE_CORRUPT,
            Self::Busy(_) => rusqlite::ffi::SQLITE_BUSY,
            _ => rusqlite::ffi::SQLITE_ERROR,
        };
        Self::from(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
    }
}
