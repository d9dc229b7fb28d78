//! SQL of connections, in `control.db`; what has come in on them is in each organization's own file.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{StoredConnection, UnroutedEvent};
use super::routes::WebhookRoute;
use crate::channel::intake::Delivery;
use crate::id::{ConnectionId, OrganizationId, ProviderEventId};
use crate::store::{Error, Tx};

const COLUMNS: &str = "id, organization_id, provider, name, created_at_ms";

fn read_row(row: &Row<'_>) -> rusqlite::Result<StoredConnection> {
    Ok(StoredConnection {
        id: row.get(0)?,
        organization_id: row.get(1)?,
        provider: row.get(2)?,
        name: row.get(3)?,
        created_at_ms: row.get(4)?,
    })
}

/// Creates a connection; `None` as organization makes it shared.
pub(super) fn create_connection(
    tx: &Tx<'_>,
    organization_id: Option<OrganizationId>,
    (provider, name): (&str, &str),
    secret_hash: [u8; 32],
) -> Result<StoredConnection, Error> {
    let id = ConnectionId::from_uuid(tx.next_uuid());
    let sql = format!(
        "INSERT INTO connection (id, organization_id, provider, name, secret_hash, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING {COLUMNS}"
    );
    let values = (id, organization_id, provider, name, secret_hash, tx.now_ms());
    Ok(tx.connection().query_row(&sql, values, read_row)?)
}

/// The organization's connections, oldest first.
pub fn list_connections(
    connection: &Connection,
    organization_id: OrganizationId,
) -> Result<Vec<StoredConnection>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM connection WHERE organization_id = ?1 ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([organization_id], read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One of the organization's connections.
pub(super) fn find_connection(
    connection: &Connection,
    organization_id: OrganizationId,
    id: ConnectionId,
) -> Result<Option<StoredConnection>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM connection WHERE id = ?1 AND organization_id = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row((id, organization_id), read_row).optional()?)
}

/// Replaces the secret; the old one stops working.
pub(super) fn update_secret(tx: &Tx<'_>, id: ConnectionId, secret_hash: [u8; 32]) -> Result<(), Error> {
    tx.connection().execute("UPDATE connection SET secret_hash = ?2 WHERE id = ?1", (id, secret_hash))?;
    Ok(())
}

/// Deletes a connection; what it brought stays.
pub(super) fn delete_connection(tx: &Tx<'_>, id: ConnectionId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM connection WHERE id = ?1", [id])?;
    Ok(())
}

/// The route of a secret.
pub fn find_route(connection: &Connection, secret_hash: [u8; 32]) -> Result<Option<WebhookRoute>, Error> {
    let sql = "SELECT id, organization_id FROM connection WHERE secret_hash = ?1";
    let read = |row: &Row<'_>| Ok(WebhookRoute { connection_id: row.get(0)?, organization_id: row.get(1)? });
    Ok(connection.prepare_cached(sql)?.query_row([secret_hash], read).optional()?)
}

/// The organization a shared connection's campaign belongs to.
pub fn find_campaign_route(
    connection: &Connection,
    connection_id: ConnectionId,
    provider_campaign_id: &str,
) -> Result<Option<OrganizationId>, Error> {
    let sql = "SELECT organization_id FROM webhook_route WHERE connection_id = ?1 AND provider_campaign_id = ?2";
    let organization_id = connection
        .prepare_cached(sql)?
        .query_row((connection_id, provider_campaign_id), |row| row.get(0))
        .optional()?;
    Ok(organization_id)
}

/// Keeps a delivery no organization claims; a repetition changes nothing.
pub fn create_unrouted_event(tx: &Tx<'_>, delivery: &Delivery) -> Result<bool, Error> {
    let stored = tx
        .connection()
        .prepare_cached(
            "INSERT INTO unrouted_event (id, connection_id, content_key, event_type, provider_campaign_id, payload, received_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (connection_id, content_key) DO NOTHING",
        )?
        .execute((
            ProviderEventId::from_uuid(tx.next_uuid()),
            delivery.connection_id,
            delivery.content_key,
            &delivery.event.provider_name,
            delivery.event.provider_campaign_id.as_deref().unwrap_or(""),
            &delivery.payload,
            tx.now_ms(),
        ))?;
    Ok(stored > 0)
}

/// Deliveries no organization claims, newest first.
pub(super) fn list_unrouted_events(connection: &Connection, limit: usize) -> Result<Vec<UnroutedEvent>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, connection_id, event_type, provider_campaign_id, received_at_ms
         FROM unrouted_event ORDER BY id DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([i64::try_from(limit).unwrap_or(100)], |row| {
        Ok(UnroutedEvent {
            id: row.get(0)?,
            connection_id: row.get(1)?,
            event_type: row.get(2)?,
            provider_campaign_id: row.get(3)?,
            received_at_ms: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What an organization's file knows of a connection: when the last event came, and how many there were.
pub fn find_status(connection: &Connection, id: ConnectionId) -> Result<(Option<i64>, i64), Error> {
    let sql = "SELECT last_event_at_ms, event_count FROM connection_status WHERE connection_id = ?1";
    let found = connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.map_or((None, 0), |(last_event_at_ms, count)| (Some(last_event_at_ms), count)))
}
