//! Jobs: work that is done later, outside the transaction that asked for it, and retried.
//!
//! A job is *waiting* until its time, *running* while someone works on it, then *done*; a failure puts it back with a
//! longer pause each time, until its attempts are used up and it is *dead*: visible in the interface, with its last
//! error, and retried when a person says so. A crash while running puts it back to waiting at the next start, so a
//! job's work must be safe to repeat.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;

use crate::id::JobId;
use crate::store::{Error, Tx};

/// Attempts before a job is dead.
const MAX_ATTEMPTS: i64 = 5;
/// Pause after the first failure; doubles with each.
const FIRST_PAUSE_MS: i64 = 2_000;
/// Longest pause.
const LONGEST_PAUSE_MS: i64 = 3_600_000;

/// A job as the interface shows it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// `waiting`, `running`, `done` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// How often it may be tried.
    pub max_attempts: i64,
    /// When it is due, UTC milliseconds.
    pub run_at_ms: i64,
    /// Why the last attempt failed; empty if none did.
    pub last_error: String,
    /// When it was asked for, UTC milliseconds.
    pub created_at_ms: i64,
    /// What the work needs to know, JSON.
    #[serde(skip)]
    pub payload: String,
}

const COLUMNS: &str = "id, kind, state, attempts, max_attempts, run_at_ms, last_error, created_at_ms, payload";

fn read_row(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        state: row.get(2)?,
        attempts: row.get(3)?,
        max_attempts: row.get(4)?,
        run_at_ms: row.get(5)?,
        last_error: row.get(6)?,
        created_at_ms: row.get(7)?,
        payload: row.get(8)?,
    })
}

/// Asks for work to be done now.
pub fn create(tx: &Tx<'_>, kind: &'static str, payload: &str) -> Result<JobId, Error> {
    let id = JobId::from_uuid(tx.next_uuid());
    tx.connection()
        .prepare_cached(
            "INSERT INTO job (id, kind, payload, max_attempts, run_at_ms, created_at_ms, updated_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5)",
        )?
        .execute((id, kind, payload, MAX_ATTEMPTS, tx.now_ms()))?;
    Ok(id)
}

/// Takes the job that has been due longest and marks it running.
pub fn claim(tx: &Tx<'_>) -> Result<Option<Job>, Error> {
    let sql = format!(
        "UPDATE job SET state = 'running', attempts = attempts + 1, updated_at_ms = ?1
         WHERE id = (SELECT id FROM job WHERE state = 'waiting' AND run_at_ms <= ?1 ORDER BY run_at_ms LIMIT 1)
         RETURNING {COLUMNS}"
    );
    Ok(tx.connection().prepare_cached(&sql)?.query_row([tx.now_ms()], read_row).optional()?)
}

/// When the next waiting job is due.
pub fn next_due_ms(connection: &Connection) -> Result<Option<i64>, Error> {
    let sql = "SELECT min(run_at_ms) FROM job WHERE state IN ('waiting', 'running') AND state = 'waiting'";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Records the outcome of an attempt.
pub fn settle(tx: &Tx<'_>, job: &Job, outcome: Result<(), String>) -> Result<(), Error> {
    let (state, run_at_ms, last_error) = match outcome {
        Ok(()) => ("done", job.run_at_ms, String::new()),
        Err(error) if job.attempts >= job.max_attempts => ("dead", job.run_at_ms, error),
        Err(error) => ("waiting", tx.now_ms().saturating_add(pause_ms(job.attempts)), error),
    };
    tx.connection()
        .prepare_cached("UPDATE job SET state = ?2, run_at_ms = ?3, last_error = ?4, updated_at_ms = ?5 WHERE id = ?1")?
        .execute((job.id, state, run_at_ms, last_error, tx.now_ms()))?;
    Ok(())
}

fn pause_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    FIRST_PAUSE_MS.saturating_mul(1_i64 << doublings).min(LONGEST_PAUSE_MS)
}

/// Puts jobs that a crash left running back; called when the tenant opens.
pub fn recover(tx: &Tx<'_>) -> Result<usize, Error> {
    Ok(tx.connection().execute("UPDATE job SET state = 'waiting' WHERE state = 'running'", [])?)
}

/// Gives a dead job fresh attempts; `None` if there is no such dead job.
pub fn retry(tx: &Tx<'_>, id: JobId) -> Result<Option<Job>, Error> {
    let sql = format!(
        "UPDATE job SET state = 'waiting', attempts = 0, run_at_ms = ?2, updated_at_ms = ?2
         WHERE id = ?1 AND state = 'dead' RETURNING {COLUMNS}"
    );
    Ok(tx.connection().prepare_cached(&sql)?.query_row((id, tx.now_ms()), read_row).optional()?)
}

/// One job.
pub fn find(connection: &Connection, id: JobId) -> Result<Option<Job>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM job WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read_row).optional()?)
}

/// Jobs in one state (or all with `""`), newest first.
pub fn list(connection: &Connection, state: &str, limit: usize) -> Result<Vec<Job>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM job WHERE (?1 = '' OR state = ?1) ORDER BY created_at_ms DESC, rowid DESC LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((state, i64::try_from(limit).unwrap_or(100)), read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
