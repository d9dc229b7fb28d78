//! SQL of members, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Member, StoredMember};
use crate::account::invitation::MOST_MEMBERS;
use crate::account::permission::{PermissionSet, Role};
use crate::id::{AccountId, OrganizationId};
use crate::organization::role::ResolvedRole;
use crate::organization::store::read_role;
use crate::store::{Error, Tx};

const COLUMNS: &str = "a.id, a.email, a.name, a.avatar_at_ms, m.role, m.role_id, r.name,
    a.totp_confirmed_at_ms IS NOT NULL OR EXISTS (SELECT 1 FROM passkey WHERE passkey.account_id = a.id),
    a.last_sign_in_at_ms, m.created_at_ms, r.permissions, a.staff_role <> ''";
const FROM: &str = "FROM membership m JOIN account a ON a.id = m.account_id LEFT JOIN role r ON r.id = m.role_id";

fn read_row(row: &Row<'_>) -> rusqlite::Result<StoredMember> {
    let (avatar_at_ms, last_sign_in_at_ms): (i64, i64) = (row.get(3)?, row.get(8)?);
    let role = read_role(row, 4)?;
    let permissions: Option<String> = row.get(10)?;
    Ok(StoredMember {
        permissions: permissions.map_or_else(|| role.permissions(), |text| PermissionSet::from_text(&text)),
        is_staff: row.get(11)?,
        member: Member {
            account_id: row.get(0)?,
            email: row.get(1)?,
            name: row.get(2)?,
            avatar_at_ms: (avatar_at_ms > 0).then_some(avatar_at_ms),
            role,
            role_id: row.get(5)?,
            role_name: row.get(6)?,
            has_second_factor: row.get(7)?,
            last_sign_in_at_ms: (last_sign_in_at_ms > 0).then_some(last_sign_in_at_ms),
            created_at_ms: row.get(9)?,
        },
    })
}

/// The members, by address.
pub(super) fn list(connection: &Connection, id: OrganizationId) -> Result<Vec<Member>, Error> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE m.organization_id = ?1 ORDER BY a.email LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((id, MOST_MEMBERS), |row| Ok(read_row(row)?.member))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One member.
pub(super) fn find(
    connection: &Connection,
    id: OrganizationId,
    account_id: AccountId,
) -> Result<Option<StoredMember>, Error> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE m.organization_id = ?1 AND m.account_id = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row((id, account_id), read_row).optional()?)
}

/// Whether someone with this address is a member.
pub(super) fn is_member(connection: &Connection, id: OrganizationId, email: &str) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM membership m JOIN account a ON a.id = m.account_id
                   WHERE m.organization_id = ?1 AND a.email = ?2)";
    Ok(connection.prepare_cached(sql)?.query_row((id, email), |row| row.get(0))?)
}

/// The organizations an account is a member of.
pub(super) fn list_organizations(connection: &Connection, account_id: AccountId) -> Result<Vec<OrganizationId>, Error> {
    let mut statement = connection.prepare_cached("SELECT organization_id FROM membership WHERE account_id = ?1")?;
    let rows = statement.query_map([account_id], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether an owner is there who may sign in.
pub(super) fn has_owner(connection: &Connection, id: OrganizationId) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM membership m JOIN account a ON a.id = m.account_id
                   WHERE m.organization_id = ?1 AND m.role = 'owner' AND a.is_disabled = 0)";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// Makes an account a member with a built-in role.
pub(super) fn create(tx: &Tx<'_>, account_id: AccountId, id: OrganizationId, role: Role) -> Result<(), Error> {
    tx.connection().execute(
        "INSERT INTO membership (account_id, organization_id, role, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
        (account_id, id, role.as_str(), tx.now_ms()),
    )?;
    Ok(())
}

/// Gives a member another role.
pub(super) fn update(tx: &Tx<'_>, id: OrganizationId, account_id: AccountId, role: &ResolvedRole) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE membership SET role = ?3, role_id = ?4 WHERE organization_id = ?1 AND account_id = ?2",
        (id, account_id, role.role.as_str(), role.role_id),
    )?;
    Ok(())
}

/// What went with a member.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) sessions: usize,
    pub(super) api_keys: usize,
    pub(super) invitations: usize,
}

/// Removes a member, with their keys and what they sent out; their sessions work nowhere now.
pub(super) fn delete(tx: &Tx<'_>, id: OrganizationId, account_id: AccountId) -> Result<Taken, Error> {
    let connection = tx.connection();
    let both = (id, account_id);
    connection.execute("DELETE FROM membership WHERE organization_id = ?1 AND account_id = ?2", both)?;
    let sessions = connection
        .execute("UPDATE session SET organization_id = NULL WHERE organization_id = ?1 AND account_id = ?2", both)?;
    let api_keys = connection.execute(
        "UPDATE api_key SET revoked_at_ms = ?3
         WHERE organization_id = ?1 AND account_id = ?2 AND revoked_at_ms IS NULL",
        (id, account_id, tx.now_ms()),
    )?;
    let invitations = connection.execute(
        "DELETE FROM invitation WHERE organization_id = ?1 AND invited_by = ?2 AND accepted_at_ms IS NULL",
        both,
    )?;
    Ok(Taken { sessions, api_keys, invitations })
}
