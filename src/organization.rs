//! Organizations: the customers of the appliance. Their data is in their own folder; here is only that they exist.

use rusqlite::{Connection, OptionalExtension};

use crate::id::OrganizationId;
use crate::store::{Error, Tx};

/// Creates an organization.
pub fn create(tx: &Tx<'_>, name: &str) -> Result<OrganizationId, Error> {
    let id = OrganizationId::from_uuid(tx.next_uuid());
    tx.connection()
        .execute("INSERT INTO organization (id, name, created_at_ms) VALUES (?1, ?2, ?3)", (id, name, tx.now_ms()))?;
    Ok(id)
}

/// The organization with a name, whatever its case.
pub fn find_by_name(connection: &Connection, name: &str) -> Result<Option<OrganizationId>, Error> {
    let sql = "SELECT id FROM organization WHERE name = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?)
}

/// The organization an operator means: by id or by name.
pub fn find(connection: &Connection, name_or_id: &str) -> Result<Option<OrganizationId>, Error> {
    if let Ok(id) = name_or_id.parse::<OrganizationId>() {
        let sql = "SELECT id FROM organization WHERE id = ?1";
        return Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?);
    }
    find_by_name(connection, name_or_id)
}

/// All organizations, oldest first.
pub fn list(connection: &Connection) -> Result<Vec<(OrganizationId, String)>, Error> {
    let mut statement = connection.prepare_cached("SELECT id, name FROM organization ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
