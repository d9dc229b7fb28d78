//! SQL of invitations, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{InvitationRow, Inviter, MOST_INVITATIONS};
use crate::id::{AccountId, InvitationId, OrganizationId};
use crate::organization::role::ResolvedRole;
use crate::organization::store::read_role;
use crate::store::{Error, Tx};

const SELECT: &str = "SELECT i.id, i.email, i.role, i.role_id, r.name, a.id, a.email, i.created_at_ms, i.expires_at_ms,
        i.accepted_at_ms
    FROM invitation i LEFT JOIN role r ON r.id = i.role_id LEFT JOIN account a ON a.id = i.invited_by";

fn read_row(row: &Row<'_>) -> rusqlite::Result<InvitationRow> {
    let email: String = row.get(1)?;
    let inviter: (Option<AccountId>, Option<String>) = (row.get(5)?, row.get(6)?);
    Ok(InvitationRow {
        id: row.get(0)?,
        email: Some(email).filter(|email| !email.is_empty()),
        role: read_role(row, 2)?,
        role_id: row.get(3)?,
        role_name: row.get(4)?,
        invited_by: inviter.0.zip(inviter.1).map(|(id, email)| Inviter { id, email }),
        created_at_ms: row.get(7)?,
        expires_at_ms: row.get(8)?,
        accepted_at_ms: row.get(9)?,
    })
}

/// Invitations, the newest first; those that nobody took up are at most [`MOST_INVITATIONS`], and as many again are shown
/// of those that are over.
pub(super) fn list(connection: &Connection, organization_id: OrganizationId) -> Result<Vec<InvitationRow>, Error> {
    let sql =
        format!("{SELECT} WHERE i.organization_id = ?1 ORDER BY i.accepted_at_ms IS NULL DESC, i.id DESC LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((organization_id, MOST_INVITATIONS.saturating_mul(2)), read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One of the organization's invitations.
pub(super) fn find(
    connection: &Connection,
    organization_id: OrganizationId,
    id: InvitationId,
) -> Result<Option<InvitationRow>, Error> {
    let sql = format!("{SELECT} WHERE i.organization_id = ?1 AND i.id = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row((organization_id, id), read_row).optional()?)
}

/// Whether an account has an address.
pub(super) fn has_account(connection: &Connection, email: &str) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM account WHERE email = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([email], |row| row.get(0))?)
}

/// How many stand that nobody took up.
pub(super) fn count_open(connection: &Connection, organization_id: OrganizationId) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM invitation WHERE organization_id = ?1 AND accepted_at_ms IS NULL";
    Ok(connection.prepare_cached(sql)?.query_row([organization_id], |row| row.get(0))?)
}

/// Forgets what nobody took up in time, and an open invitation of the same address: the newer one counts.
pub(super) fn delete_superseded(tx: &Tx<'_>, organization_id: OrganizationId, email: &str) -> Result<(), Error> {
    tx.connection().execute(
        "DELETE FROM invitation WHERE organization_id = ?1 AND accepted_at_ms IS NULL
             AND (expires_at_ms <= ?3 OR (email = ?2 AND email <> ''))",
        (organization_id, email, tx.now_ms()),
    )?;
    Ok(())
}

/// An invitation about to be stored.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub(super) email: &'a str,
    pub(super) role: &'a ResolvedRole,
    pub(super) token_hash: [u8; 32],
    pub(super) invited_by: AccountId,
    pub(super) expires_at_ms: i64,
}

/// Makes an invitation.
pub(super) fn create(
    tx: &Tx<'_>,
    organization_id: OrganizationId,
    invitation: &NewRow<'_>,
) -> Result<InvitationId, Error> {
    let id = InvitationId::from_uuid(tx.next_uuid());
    tx.connection().execute(
        "INSERT INTO invitation (id, organization_id, email, role, role_id, token_hash, invited_by, created_at_ms, expires_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (
            id,
            organization_id,
            invitation.email,
            invitation.role.role.as_str(),
            invitation.role.role_id,
            invitation.token_hash,
            invitation.invited_by,
            tx.now_ms(),
            invitation.expires_at_ms,
        ),
    )?;
    Ok(id)
}

/// Revokes an invitation.
pub(super) fn delete(tx: &Tx<'_>, id: InvitationId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM invitation WHERE id = ?1", [id])?;
    Ok(())
}
