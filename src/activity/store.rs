//! SQL of raw deliveries, reading.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::{ConnectionId, ProviderEventId};
use crate::store::Error;

/// A delivery as it came.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderDelivery {
    /// Its id.
    pub id: ProviderEventId,
    /// The connection it came in on.
    pub connection_id: ConnectionId,
    /// The provider's name of it.
    pub event_type: String,
    /// `applied`, `unknown` or `failed`.
    pub state: String,
    /// What was odd about it, or why it failed.
    pub note: String,
    /// When it happened, UTC milliseconds.
    pub occurred_at_ms: i64,
    /// When it came, UTC milliseconds.
    pub received_at_ms: i64,
    /// The body as it came; only when one delivery is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

const DELIVERY: &str = "SELECT id, connection_id, event_type, state, note, occurred_at_ms, received_at_ms";

fn read_row(row: &Row<'_>) -> rusqlite::Result<ProviderDelivery> {
    Ok(ProviderDelivery {
        id: row.get(0)?,
        connection_id: row.get(1)?,
        event_type: row.get(2)?,
        state: row.get(3)?,
        note: row.get(4)?,
        occurred_at_ms: row.get(5)?,
        received_at_ms: row.get(6)?,
        payload: None,
    })
}

/// Deliveries before `before`, newest first; of one state, or of all with `""`.
pub(super) fn list_deliveries(
    connection: &Connection,
    state: &str,
    before: uuid::Uuid,
    limit: usize,
) -> Result<Vec<ProviderDelivery>, Error> {
    let sql = format!(
        "{DELIVERY} FROM provider_event WHERE id < ?1 {} ORDER BY id DESC LIMIT ?2",
        // The partial index holds what was not applied; asking for the others reads the newest.
        if state.is_empty() { "AND ?3 = ''" } else { "AND state = ?3" }
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows =
        statement.query_map((before.as_bytes().as_slice(), i64::try_from(limit).unwrap_or(100), state), read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One delivery with its body.
pub(super) fn find_delivery(connection: &Connection, id: ProviderEventId) -> Result<Option<ProviderDelivery>, Error> {
    let sql = format!("{DELIVERY}, payload FROM provider_event WHERE id = ?1");
    let read = |row: &Row<'_>| {
        let body: Vec<u8> = row.get(7)?;
        Ok(ProviderDelivery { payload: Some(String::from_utf8_lossy(&body).into_owned()), ..read_row(row)? })
    };
    Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
}
