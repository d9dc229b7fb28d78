//! SQL of organizations, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Organization, StoredOrganization};
use crate::account::invitation::MOST_ORGANIZATIONS;
use crate::account::permission::Role;
use crate::id::{AccountId, OrganizationId};
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

/// The organizations an account is a member of, by name; `current` is where the caller works.
pub(super) fn list_of_account(
    connection: &Connection,
    account_id: AccountId,
    current: Option<OrganizationId>,
) -> Result<Vec<Organization>, Error> {
    // 0: its time is over, and it is being taken away at this moment.
    let sql = "SELECT o.id, o.name, m.role, r.name, o.delete_after_ms,
                   (SELECT count(*) FROM membership other WHERE other.organization_id = o.id)
               FROM membership m JOIN organization o ON o.id = m.organization_id LEFT JOIN role r ON r.id = m.role_id
               WHERE m.account_id = ?1 AND coalesce(o.delete_after_ms, 1) > 0 ORDER BY o.name, o.id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((account_id, MOST_ORGANIZATIONS), |row| {
        let id: OrganizationId = row.get(0)?;
        Ok(Organization {
            id,
            name: row.get(1)?,
            role: read_role(row, 2)?,
            role_name: row.get(3)?,
            members: row.get(5)?,
            is_current: current == Some(id),
            delete_after_ms: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A role as it is stored; the schema allows no other word, and the least right is the safe reading.
pub(super) fn read_role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    Ok(Role::parse(row.get_ref(column)?.as_str()?).unwrap_or(Role::Viewer))
}

/// One organization.
pub(super) fn find_stored(connection: &Connection, id: OrganizationId) -> Result<Option<StoredOrganization>, Error> {
    let sql = "SELECT name, is_second_factor_required, created_at_ms, delete_after_ms FROM organization WHERE id = ?1";
    let read = |row: &Row<'_>| {
        Ok(StoredOrganization {
            name: row.get(0)?,
            is_second_factor_required: row.get(1)?,
            created_at_ms: row.get(2)?,
            delete_after_ms: row.get(3)?,
        })
    };
    Ok(connection.prepare_cached(sql)?.query_row([id], read).optional()?)
}

/// Of how many organizations an account is a member, and whether it owns one of them.
pub(super) fn count_of_account(connection: &Connection, account_id: AccountId) -> Result<(i64, bool), Error> {
    let sql = "SELECT count(*), coalesce(max(role = 'owner'), 0) FROM membership WHERE account_id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([account_id], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Changes an organization; what is `None` stays.
pub(super) fn update(
    tx: &Tx<'_>,
    id: OrganizationId,
    (name, is_second_factor_required): (Option<&str>, Option<bool>),
) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE organization SET name = coalesce(?2, name),
             is_second_factor_required = coalesce(?3, is_second_factor_required) WHERE id = ?1",
        (id, name, is_second_factor_required),
    )?;
    Ok(())
}

/// Sets when an organization is gone, or takes that back.
pub(super) fn set_delete_after(tx: &Tx<'_>, id: OrganizationId, delete_after_ms: Option<i64>) -> Result<(), Error> {
    tx.connection().execute("UPDATE organization SET delete_after_ms = ?2 WHERE id = ?1", (id, delete_after_ms))?;
    Ok(())
}

/// Marks those whose time is over, after which none can be taken back, and answers all that are marked.
pub(super) fn mark_over(tx: &Tx<'_>) -> Result<Vec<(OrganizationId, String)>, Error> {
    tx.connection()
        .execute("UPDATE organization SET delete_after_ms = 0 WHERE delete_after_ms <= ?1", [tx.now_ms()])?;
    let mut statement = tx.connection().prepare("SELECT id, name FROM organization WHERE delete_after_ms = 0")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Deletes an organization's row, and with it everything in this file that belongs to it.
pub(super) fn delete(tx: &Tx<'_>, id: OrganizationId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM organization WHERE id = ?1", [id])?;
    Ok(())
}
