//! SQL of API keys, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{ApiKey, MOST_KEYS, Maker};
use crate::account::permission::PermissionSet;
use crate::id::{AccountId, ApiKeyId, OrganizationId};
use crate::store::{Error, Tx};

const SELECT: &str = "SELECT k.id, k.name, k.prefix, k.permissions, a.id, a.email, k.created_at_ms, k.expires_at_ms,
        k.last_used_at_ms, k.last_used_address, k.previous_key_hash IS NOT NULL AND k.previous_ends_at_ms > ?1,
        k.revoked_at_ms
    FROM api_key k JOIN account a ON a.id = k.account_id";

fn read_row(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let last_used_at_ms: i64 = row.get(8)?;
    let revoked_at_ms: Option<i64> = row.get(11)?;
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        prefix: row.get(2)?,
        permissions: PermissionSet::from_text(row.get_ref(3)?.as_str()?),
        account: Maker { id: row.get(4)?, email: row.get(5)? },
        created_at_ms: row.get(6)?,
        expires_at_ms: row.get(7)?,
        last_used_at_ms: (last_used_at_ms > 0).then_some(last_used_at_ms),
        last_used_address: row.get(9)?,
        is_rotating: row.get::<_, bool>(10)? && revoked_at_ms.is_none(),
        revoked_at_ms,
    })
}

/// The keys that are not revoked, the newest first, and as many again of those that are.
pub(super) fn list(
    connection: &Connection,
    organization_id: OrganizationId,
    now_ms: i64,
) -> Result<Vec<ApiKey>, Error> {
    let sql = format!(
        "{SELECT} WHERE k.organization_id = ?2 ORDER BY k.revoked_at_ms IS NULL DESC, k.created_at_ms DESC, k.id LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((now_ms, organization_id, MOST_KEYS.saturating_mul(2)), read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One of the organization's keys.
pub(super) fn find(
    connection: &Connection,
    organization_id: OrganizationId,
    id: ApiKeyId,
    now_ms: i64,
) -> Result<Option<ApiKey>, Error> {
    let sql = format!("{SELECT} WHERE k.organization_id = ?2 AND k.id = ?3");
    Ok(connection.prepare_cached(&sql)?.query_row((now_ms, organization_id, id), read_row).optional()?)
}

/// How many are not revoked.
pub(super) fn count(connection: &Connection, organization_id: OrganizationId) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM api_key WHERE organization_id = ?1 AND revoked_at_ms IS NULL";
    Ok(connection.prepare_cached(sql)?.query_row([organization_id], |row| row.get(0))?)
}

/// A key about to be stored.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub(super) account_id: AccountId,
    pub(super) name: &'a str,
    pub(super) prefix: &'a str,
    pub(super) key_hash: [u8; 32],
    pub(super) permissions: PermissionSet,
    pub(super) expires_at_ms: Option<i64>,
}

/// Makes a key.
pub(super) fn create(tx: &Tx<'_>, organization_id: OrganizationId, key: &NewRow<'_>) -> Result<ApiKeyId, Error> {
    let id = ApiKeyId::from_uuid(tx.next_uuid());
    tx.connection().execute(
        "INSERT INTO api_key (id, organization_id, account_id, name, prefix, key_hash, permissions, created_at_ms, expires_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (
            id,
            organization_id,
            key.account_id,
            key.name,
            key.prefix,
            key.key_hash,
            key.permissions.to_text(),
            tx.now_ms(),
            key.expires_at_ms,
        ),
    )?;
    Ok(id)
}

/// Gives a key a new secret; the one in force until now works for a while, the one before it not any more.
pub(super) fn rotate(tx: &Tx<'_>, id: ApiKeyId, key_hash: [u8; 32], previous_ends_at_ms: i64) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE api_key SET previous_key_hash = key_hash, previous_ends_at_ms = ?3, key_hash = ?2 WHERE id = ?1",
        (id, key_hash, previous_ends_at_ms),
    )?;
    Ok(())
}

/// Revokes a key for ever.
pub(super) fn revoke(tx: &Tx<'_>, id: ApiKeyId) -> Result<(), Error> {
    tx.connection().execute("UPDATE api_key SET revoked_at_ms = ?2 WHERE id = ?1", (id, tx.now_ms()))?;
    Ok(())
}
