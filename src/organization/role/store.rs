//! SQL of roles, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{RoleRow, StoredRole};
use crate::account::permission::{PermissionSet, Role};
use crate::id::{OrganizationId, RoleId};
use crate::store::{Error, Tx};

/// All roles, the built-in ones first, then by name.
pub(super) fn list(connection: &Connection, organization_id: OrganizationId) -> Result<Vec<RoleRow>, Error> {
    let mut roles = Vec::new();
    for role in Role::BUILT_IN {
        let sql = "SELECT count(*) FROM membership WHERE organization_id = ?1 AND role = ?2";
        let members = connection.prepare_cached(sql)?.query_row((organization_id, role.as_str()), |row| row.get(0))?;
        let (name, permissions) = (role.as_str().to_owned(), role.permissions());
        roles.push(RoleRow { id: None, role, name, permissions, members });
    }
    let sql = "SELECT r.id, r.name, r.permissions,
                   (SELECT count(*) FROM membership m WHERE m.organization_id = ?1 AND m.role_id = r.id)
               FROM role r WHERE r.organization_id = ?1 ORDER BY r.name";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([organization_id], |row| {
        let permissions = PermissionSet::from_text(row.get_ref(2)?.as_str()?);
        Ok(RoleRow { id: row.get(0)?, role: Role::Custom, name: row.get(1)?, permissions, members: row.get(3)? })
    })?;
    for row in rows {
        roles.push(row?);
    }
    Ok(roles)
}

/// One of the organization's own roles.
pub(super) fn find(
    connection: &Connection,
    organization_id: OrganizationId,
    id: RoleId,
) -> Result<Option<StoredRole>, Error> {
    let sql = "SELECT name, permissions FROM role WHERE organization_id = ?1 AND id = ?2";
    let read = |row: &Row<'_>| {
        Ok(StoredRole { name: row.get(0)?, permissions: PermissionSet::from_text(row.get_ref(1)?.as_str()?) })
    };
    Ok(connection.prepare_cached(sql)?.query_row((organization_id, id), read).optional()?)
}

/// The role with a name, whatever its case.
pub(super) fn find_by_name(
    connection: &Connection,
    organization_id: OrganizationId,
    name: &str,
) -> Result<Option<RoleId>, Error> {
    let sql = "SELECT id FROM role WHERE organization_id = ?1 AND name = ?2";
    Ok(connection.prepare_cached(sql)?.query_row((organization_id, name), |row| row.get(0)).optional()?)
}

/// How many roles the organization made.
pub(super) fn count(connection: &Connection, organization_id: OrganizationId) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM role WHERE organization_id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([organization_id], |row| row.get(0))?)
}

/// How many have a role or are invited to it.
pub(super) fn count_users(
    connection: &Connection,
    organization_id: OrganizationId,
    id: RoleId,
    now_ms: i64,
) -> Result<i64, Error> {
    let sql = "SELECT (SELECT count(*) FROM membership WHERE organization_id = ?1 AND role_id = ?2)
                   + (SELECT count(*) FROM invitation
                      WHERE organization_id = ?1 AND role_id = ?2 AND accepted_at_ms IS NULL AND expires_at_ms > ?3)";
    Ok(connection.prepare_cached(sql)?.query_row((organization_id, id, now_ms), |row| row.get(0))?)
}

/// Makes a role.
pub(super) fn create(tx: &Tx<'_>, organization_id: OrganizationId, role: &StoredRole) -> Result<RoleId, Error> {
    let id = RoleId::from_uuid(tx.next_uuid());
    tx.connection().execute(
        "INSERT INTO role (id, organization_id, name, permissions, created_at_ms, updated_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        (id, organization_id, &role.name, role.permissions.to_text(), tx.now_ms()),
    )?;
    Ok(id)
}

/// Changes a role.
pub(super) fn update(tx: &Tx<'_>, id: RoleId, role: &StoredRole) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE role SET name = ?2, permissions = ?3, updated_at_ms = ?4 WHERE id = ?1",
        (id, &role.name, role.permissions.to_text(), tx.now_ms()),
    )?;
    Ok(())
}

/// Deletes a role nobody has.
pub(super) fn delete(tx: &Tx<'_>, id: RoleId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM role WHERE id = ?1", [id])?;
    Ok(())
}
