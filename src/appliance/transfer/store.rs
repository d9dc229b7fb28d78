//! SQL of moving organizations, in `control.db`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::TransferError;
use super::manifest::{ApiKeyRow, ConnectionRow, Manifest, MemberRow, OrganizationRow, RoleRow};
use crate::account::password::is_importable;
use crate::id::{AccountId, ConnectionId, OrganizationId};
use crate::secret::Keyring;
use crate::store::{Error, Tx};

/// What the context of an account's sealed authenticator begins with.
const TOTP_CONTEXT: &str = "account.totp:";

type Collected<T> = Result<Vec<T>, Error>;

/// The organization.
pub(super) fn find_organization(connection: &Connection, id: OrganizationId) -> Result<Option<OrganizationRow>, Error> {
    let sql = "SELECT id, name, is_second_factor_required, created_at_ms FROM organization WHERE id = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(OrganizationRow {
            id: row.get(0)?,
            name: row.get(1)?,
            is_second_factor_required: row.get(2)?,
            created_at_ms: row.get(3)?,
        })
    };
    Ok(connection.query_row(sql, [id], read).optional()?)
}

/// Its roles.
pub(super) fn list_roles(connection: &Connection, id: OrganizationId) -> Collected<RoleRow> {
    let mut statement = connection
        .prepare("SELECT id, name, permissions, created_at_ms FROM role WHERE organization_id = ?1 ORDER BY id")?;
    let rows = statement.query_map([id], |row| {
        Ok(RoleRow { id: row.get(0)?, name: row.get(1)?, permissions: row.get(2)?, created_at_ms: row.get(3)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Its members; with a keyring also what they sign in with.
pub(super) fn list_members(
    connection: &Connection,
    id: OrganizationId,
    secrets: Option<&Keyring>,
) -> Result<Vec<MemberRow>, TransferError> {
    let mut statement = connection.prepare(
        "SELECT a.id, a.email, a.name, a.language, a.time_zone, m.role, m.role_id, m.created_at_ms, a.password_hash,
             a.totp_secret, a.totp_confirmed_at_ms
         FROM membership m JOIN account a ON a.id = m.account_id WHERE m.organization_id = ?1 ORDER BY a.email",
    )?;
    let mut rows = statement.query([id])?;
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        let account_id: AccountId = row.get(0)?;
        let sealed: (Option<Vec<u8>>, Option<i64>) = (row.get(9)?, row.get(10)?);
        let totp = match (secrets, sealed) {
            (Some(keyring), (Some(sealed), Some(confirmed_at_ms))) => {
                let secret = keyring.open_sealed(&format!("{TOTP_CONTEXT}{account_id}"), &sealed)?;
                Some((STANDARD.encode(secret), confirmed_at_ms))
            }
            _ => None,
        };
        let password_hash: String = row.get(8)?;
        members.push(MemberRow {
            account_id,
            email: row.get(1)?,
            name: row.get(2)?,
            language: row.get(3)?,
            time_zone: row.get(4)?,
            role: row.get(5)?,
            role_id: row.get(6)?,
            created_at_ms: row.get(7)?,
            password_hash: secrets.map(|_keyring| password_hash),
            totp,
        });
    }
    Ok(members)
}

/// The connections it uses, with the campaigns of the shared ones.
pub(super) fn list_connections(
    connection: &Connection,
    id: OrganizationId,
    is_with_secrets: bool,
) -> Collected<ConnectionRow> {
    let mut routes: BTreeMap<ConnectionId, Vec<String>> = BTreeMap::new();
    let mut statement = connection.prepare(
        "SELECT connection_id, provider_campaign_id FROM webhook_route WHERE organization_id = ?1 ORDER BY 1, 2",
    )?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        routes.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let mut statement = connection.prepare(
        "SELECT id, provider, name, created_at_ms, organization_id IS NULL, secret_hash FROM connection
         WHERE organization_id = ?1 OR id IN (SELECT connection_id FROM webhook_route WHERE organization_id = ?1) ORDER BY id",
    )?;
    let rows = statement.query_map([id], |row| {
        let (connection_id, was_shared): (ConnectionId, bool) = (row.get(0)?, row.get(4)?);
        let hash: [u8; 32] = row.get(5)?;
        let secret_hash = (is_with_secrets && !was_shared).then(|| blake3::Hash::from_bytes(hash).to_hex().to_string());
        Ok(ConnectionRow {
            id: connection_id,
            provider: row.get(1)?,
            name: row.get(2)?,
            created_at_ms: row.get(3)?,
            was_shared,
            provider_campaign_ids: routes.remove(&connection_id).unwrap_or_default(),
            secret_hash,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Its API keys that stand.
pub(super) fn list_api_keys(connection: &Connection, id: OrganizationId) -> Collected<ApiKeyRow> {
    let mut statement = connection.prepare(
        "SELECT id, account_id, name, prefix, key_hash, permissions, created_at_ms, expires_at_ms FROM api_key
         WHERE organization_id = ?1 AND revoked_at_ms IS NULL ORDER BY id",
    )?;
    let rows = statement.query_map([id], |row| {
        let hash: [u8; 32] = row.get(4)?;
        Ok(ApiKeyRow {
            id: row.get(0)?,
            account_id: row.get(1)?,
            name: row.get(2)?,
            prefix: row.get(3)?,
            key_hash: blake3::Hash::from_bytes(hash).to_hex().to_string(),
            permissions: row.get(5)?,
            created_at_ms: row.get(6)?,
            expires_at_ms: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Audit rows on their way into its file.
pub(super) fn list_waiting_audit(connection: &Connection, id: OrganizationId) -> Collected<(Uuid, serde_json::Value)> {
    let mut statement =
        connection.prepare("SELECT id, entry FROM audit_delivery WHERE organization_id = ?1 ORDER BY id")?;
    let rows = statement.query_map([id], |row| {
        let (id, text): ([u8; 16], String) = (row.get(0)?, row.get(1)?);
        Ok((Uuid::from_bytes(id), serde_json::from_str(&text).unwrap_or_default()))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The rows of an imported organization; answers the connections that need a secret.
pub(super) struct NewSecrets<'secrets> {
    /// A secret hash for each connection that brings none.
    pub(super) connections: &'secrets BTreeMap<ConnectionId, [u8; 32]>,
    /// Seals authenticators anew.
    pub(super) keyring: &'secrets Keyring,
}

/// Stores everything `control.db` has to know of an imported organization.
pub(super) fn create_all(tx: &Tx<'_>, manifest: &Manifest, secrets: &NewSecrets<'_>) -> Result<(), TransferError> {
    let organization = &manifest.organization;
    if find_organization(tx.connection(), organization.id)?.is_some() {
        return Err(TransferError::Exists(format!("organization {} is there already", organization.id)));
    }
    tx.connection().execute(
        "INSERT INTO organization (id, name, is_second_factor_required, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
        (organization.id, &organization.name, organization.is_second_factor_required, organization.created_at_ms),
    )?;
    for role in &manifest.roles {
        tx.connection().execute(
            "INSERT INTO role (id, organization_id, name, permissions, created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (role.id, organization.id, &role.name, &role.permissions, role.created_at_ms, tx.now_ms()),
        )?;
    }
    let mut accounts = BTreeMap::new();
    for member in &manifest.members {
        let account_id = find_or_create_account(tx, member, secrets.keyring)?;
        accounts.insert(member.account_id, account_id);
        tx.connection().execute(
            "INSERT INTO membership (account_id, organization_id, role, role_id, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            (account_id, organization.id, &member.role, member.role_id, member.created_at_ms),
        )?;
    }
    for connection in &manifest.connections {
        create_connection(tx, organization.id, connection, secrets.connections)?;
    }
    for key in &manifest.api_keys {
        let (Some(account_id), Some(hash)) = (accounts.get(&key.account_id), parse_hash(&key.key_hash)) else {
            continue;
        };
        tx.connection().execute(
            "INSERT INTO api_key (id, organization_id, account_id, name, prefix, key_hash, permissions, created_at_ms, expires_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (key.id, organization.id, account_id, &key.name, &key.prefix, hash, &key.permissions, key.created_at_ms, key.expires_at_ms),
        )?;
    }
    for (id, entry) in &manifest.waiting_audit {
        tx.connection().execute(
            "INSERT INTO audit_delivery (id, organization_id, entry) VALUES (?1, ?2, ?3)",
            (id.as_bytes().as_slice(), organization.id, entry.to_string()),
        )?;
    }
    Ok(())
}

/// Reads a hash in hexadecimal.
pub(super) fn parse_hash(text: &str) -> Option<[u8; 32]> {
    blake3::Hash::from_hex(text).ok().map(|hash| *hash.as_bytes())
}

/// The account with the member's address, which stays as it is, or a new one.
fn find_or_create_account(tx: &Tx<'_>, member: &MemberRow, keyring: &Keyring) -> Result<AccountId, TransferError> {
    let email = crate::account::model::parse_email(&member.email)
        .ok_or_else(|| TransferError::refused(format!("{:?} is no e-mail address", member.email)))?;
    let find =
        |sql: &str, value: &dyn rusqlite::ToSql| tx.connection().query_row(sql, [value], |row| row.get(0)).optional();
    if let Some(known) = find("SELECT id FROM account WHERE email = ?1", &email)? {
        return Ok(known);
    }
    // Two appliances may have made different accounts with one id only if one was copied from the other.
    let taken: Option<AccountId> = find("SELECT id FROM account WHERE id = ?1", &member.account_id)?;
    let id = if taken.is_some() { AccountId::from_uuid(tx.next_uuid()) } else { member.account_id };
    let totp = match &member.totp {
        Some((text, confirmed_at_ms)) => {
            let secret = STANDARD.decode(text).map_err(|error| TransferError::refused(error.to_string()))?;
            Some((keyring.seal(&format!("{TOTP_CONTEXT}{id}"), &secret)?, *confirmed_at_ms))
        }
        None => None,
    };
    let (sealed, confirmed_at_ms) = totp.unzip();
    // Checking a hash costs what the hash says: one made up in the file must not cost everybody who signs in.
    let password_hash = member.password_hash.as_deref().filter(|hash| is_importable(hash)).unwrap_or("");
    tx.connection().execute(
        "INSERT INTO account (id, email, name, password_hash, language, time_zone, totp_secret, totp_confirmed_at_ms,
             created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        (
            id,
            email,
            &member.name,
            password_hash,
            &member.language,
            &member.time_zone,
            sealed,
            confirmed_at_ms,
            tx.now_ms(),
        ),
    )?;
    Ok(id)
}

/// The connection becomes the organization's own. One that is shared here as well (the organization comes back to where it
/// was) stays shared and gets its campaigns back.
fn create_connection(
    tx: &Tx<'_>,
    organization_id: OrganizationId,
    row: &ConnectionRow,
    new_hashes: &BTreeMap<ConnectionId, [u8; 32]>,
) -> Result<(), TransferError> {
    let sql = "SELECT organization_id IS NULL FROM connection WHERE id = ?1";
    match tx.connection().query_row(sql, [row.id], |found| found.get(0)).optional()? {
        Some(true) => {
            for campaign in &row.provider_campaign_ids {
                tx.connection().execute(
                    "INSERT INTO webhook_route (connection_id, provider_campaign_id, organization_id, created_at_ms)
                     VALUES (?1, ?2, ?3, ?4)",
                    (row.id, campaign, organization_id, tx.now_ms()),
                )?;
            }
            return Ok(());
        }
        Some(false) => return Err(TransferError::Exists(format!("connection {} is another organization's", row.id))),
        None => {}
    }
    let kept = row.secret_hash.as_deref().and_then(parse_hash);
    let Some(hash) = kept.or_else(|| new_hashes.get(&row.id).copied()) else {
        return Err(TransferError::refused(format!("connection {} has no secret", row.id)));
    };
    tx.connection().execute(
        "INSERT INTO connection (id, organization_id, provider, name, secret_hash, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (row.id, organization_id, &row.provider, &row.name, hash, row.created_at_ms),
    )?;
    Ok(())
}

/// Which of these connections are there already and shared.
pub(super) fn is_shared_here(connection: &Connection, id: ConnectionId) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM connection WHERE id = ?1 AND organization_id IS NULL)";
    Ok(connection.query_row(sql, [id], |row| row.get(0))?)
}
