//! Replay: reads a stored payload again and applies it if that was not possible when it came.
//!
//! Useful after an upgrade that knows more event names, or when a rule that stopped an event was mended. An event that
//! was applied before changes nothing.

use rusqlite::OptionalExtension;

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
    for id in ids {
        replay(database, id).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Replays one stored event; `false` if nothing changed.
pub fn replay(database: &Database, id: ProviderEventId) -> Result<bool, ReplayError> {
    let found = database.read_blocking(|connection| -> Result<Option<(ConnectionId, Vec<u8>)>, store::Error> {
        let sql = "SELECT connection_id, payload FROM provider_event WHERE id = ?1";
        Ok(connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    })?;
    let Some((connection_id, body)) = found else { return Err(ReplayError::Missing) };
    let interpreted = payload::interpret(&body).map_err(|error| ReplayError::Payload(error.to_string()))?;
    let delivery = Delivery::prepare((connection_id, "instantly"), interpreted.event, interpreted.content_key, body);
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
