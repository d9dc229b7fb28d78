//! Replay: reads a stored payload again and applies it if that was not possible when it came.
//!
//! Useful after an upgrade that knows more event names, or when a rule that stopped an event was mended. An event that
//! was applied before changes nothing.

use rusqlite::{OptionalExtension, Row};

use super::instantly::payload;
use super::intake::{self, Delivery};
use crate::id::{ConnectionId, ProviderEventId};
use crate::store::{self, Database};

/// Works on a `provider_event.replay` job; its payload is the event's id, or empty for all that were not applied.
pub(crate) fn run_job(database: &Database, job_payload: &str) -> Result<(), String> {
    let ids = match job_payload.parse::<ProviderEventId>() {
        Ok(id) => vec![id],
        Err(_not_an_id) => list_not_applied(database).map_err(|error| error.to_string())?,
    };
    // One that fails again does not keep the others from being tried.
    let failures: Vec<String> = ids
        .into_iter()
        .filter_map(|id| replay(database, id).err().map(|error| format!("{id}: {}", crate::error::chain(&error))))
        .collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
}

/// Connection, body and time of arrival of a stored event.
type Stored = (ConnectionId, Vec<u8>, i64);

/// Replays one stored event; `false` if nothing changed.
pub fn replay(database: &Database, id: ProviderEventId) -> Result<bool, ReplayError> {
    let found = database.read_blocking(|connection| -> Result<Option<Stored>, store::Error> {
        let sql = "SELECT connection_id, payload, received_at_ms FROM provider_event WHERE id = ?1";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        Ok(connection.prepare_cached(sql)?.query_row([id], read).optional()?)
    })?;
    let Some((connection_id, body, received_at_ms)) = found else { return Err(ReplayError::Missing) };
    let interpreted = payload::interpret(&body).map_err(|error| ReplayError::Payload(error.to_string()))?;
    let mut delivery =
        Delivery::prepare((connection_id, "instantly"), interpreted.event, interpreted.content_key, body);
    // What bears no time of its own happened when it came, not now.
    delivery.arrived_at_ms = Some(received_at_ms);
    Ok(database.write_blocking(move |tx| intake::replay(tx, id, &delivery))?)
}

fn list_not_applied(database: &Database) -> Result<Vec<ProviderEventId>, store::Error> {
    database.read_blocking(|connection| {
        let mut statement = connection.prepare("SELECT id FROM provider_event WHERE state <> 'applied' ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    })
}

/// Why an event could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is not there any more.
    #[error("the stored event is gone")]
    Missing,
    /// Its payload is no event.
    #[error("the stored payload cannot be interpreted: {0}")]
    Payload(String),
    /// It could not be stored.
    #[error("the event could not be applied")]
    Store(#[from] store::Error),
}
