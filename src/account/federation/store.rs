//! SQL of providers and identities, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Identity, Provider, ProviderId, ProviderSummary};
use crate::account::permission::Role;
use crate::account::token::secret_hash;
use crate::id::{AccountId, IdentityId, InvitationId, OrganizationId, RoleId};
use crate::store::{Error, Tx};

/// Name of the setting that holds the providers.
const SETTING: &str = "providers";

/// The providers, in the order they were added.
pub fn list_providers(connection: &Connection) -> Result<Vec<Provider>, Error> {
    let sql = "SELECT value FROM setting WHERE name = ?1";
    let text: Option<String> = connection.prepare_cached(sql)?.query_row([SETTING], |row| row.get(0)).optional()?;
    let Some(text) = text else { return Ok(Vec::new()) };
    serde_json::from_str(&text).map_err(|error| {
        Error::Sqlite(rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
    })
}

/// The providers as the sign-in page shows them.
pub fn list_provider_summaries(connection: &Connection) -> Result<Vec<ProviderSummary>, Error> {
    let providers = list_providers(connection)?.into_iter();
    Ok(providers.map(|Provider { id, kind, name, .. }| ProviderSummary { id, kind, name }).collect())
}

/// One provider.
pub fn find_provider(connection: &Connection, id: &ProviderId) -> Result<Option<Provider>, Error> {
    Ok(list_providers(connection)?.into_iter().find(|provider| provider.id == *id))
}

/// Stores a provider in the place of the one with its id, or as the last.
pub fn save_provider(tx: &Tx<'_>, provider: &Provider) -> Result<(), Error> {
    let mut providers = list_providers(tx.connection())?;
    match providers.iter_mut().find(|kept| kept.id == provider.id) {
        Some(kept) => kept.clone_from(provider),
        None => providers.push(provider.clone()),
    }
    save_providers(tx, &providers)
}

/// Forgets a provider and every identity at it; answers how many those were.
pub fn delete_provider(tx: &Tx<'_>, id: &ProviderId) -> Result<usize, Error> {
    let mut providers = list_providers(tx.connection())?;
    providers.retain(|kept| kept.id != *id);
    save_providers(tx, &providers)?;
    Ok(tx.connection().execute("DELETE FROM identity WHERE provider = ?1", [id.as_str()])?)
}

/// Stores all providers.
pub fn save_providers(tx: &Tx<'_>, providers: &[Provider]) -> Result<(), Error> {
    let text = serde_json::to_string(providers)
        .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    tx.connection().execute(
        "INSERT INTO setting (name, value, updated_at_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at_ms = excluded.updated_at_ms",
        (SETTING, text, tx.now_ms()),
    )?;
    Ok(())
}

/// Whether any identity at a provider signs somebody in.
pub fn has_identities(connection: &Connection, id: &ProviderId) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM identity WHERE provider = ?1)";
    Ok(connection.query_row(sql, [id.as_str()], |row| row.get(0))?)
}

/// Whom an identity signs in.
#[derive(Debug)]
pub struct Holder {
    /// The identity.
    pub id: IdentityId,
    /// The account.
    pub account_id: AccountId,
    /// Its address.
    pub email: String,
    /// It may not sign in.
    pub is_disabled: bool,
}

/// Whom an identity signs in, if anybody.
pub fn find_holder(connection: &Connection, provider: &ProviderId, subject: &str) -> Result<Option<Holder>, Error> {
    let sql = "SELECT i.id, a.id, a.email, a.is_disabled FROM identity i JOIN account a ON a.id = i.account_id
               WHERE i.provider = ?1 AND i.subject = ?2";
    let read = |row: &Row<'_>| {
        Ok(Holder { id: row.get(0)?, account_id: row.get(1)?, email: row.get(2)?, is_disabled: row.get(3)? })
    };
    Ok(connection.prepare_cached(sql)?.query_row((provider.as_str(), subject), read).optional()?)
}

/// Links an identity.
pub fn create_identity(
    tx: &Tx<'_>,
    account_id: AccountId,
    provider: &ProviderId,
    (subject, name): (&str, &str),
) -> Result<IdentityId, Error> {
    let id = IdentityId::from_uuid(tx.next_uuid());
    tx.connection().execute(
        "INSERT INTO identity (id, account_id, provider, subject, name, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (id, account_id, provider.as_str(), subject, name, tx.now_ms()),
    )?;
    Ok(id)
}

/// Notes that an identity signed in, and what the provider calls the person now.
pub fn touch_identity(tx: &Tx<'_>, id: IdentityId, name: &str) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE identity SET last_used_at_ms = ?2, name = CASE ?3 WHEN '' THEN name ELSE ?3 END WHERE id = ?1",
        (id, tx.now_ms(), name),
    )?;
    Ok(())
}

/// An account's identities, the oldest first.
pub fn list_identities(connection: &Connection, account_id: AccountId) -> Result<Vec<Identity>, Error> {
    let sql =
        "SELECT id, provider, name, created_at_ms, last_used_at_ms FROM identity WHERE account_id = ?1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([account_id], |row| {
        let last_used_at_ms: i64 = row.get(4)?;
        Ok(Identity {
            id: row.get(0)?,
            provider: row.get(1)?,
            name: row.get(2)?,
            created_at_ms: row.get(3)?,
            last_used_at_ms: (last_used_at_ms > 0).then_some(last_used_at_ms),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Unlinks an identity.
pub fn delete_identity(tx: &Tx<'_>, id: IdentityId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM identity WHERE id = ?1", [id])?;
    Ok(())
}

/// In how many ways an account can sign in: its password, each passkey, each identity at a provider there still is.
pub fn count_ways_in(connection: &Connection, account_id: AccountId) -> Result<usize, Error> {
    let sql = "SELECT (password_hash <> '') + (SELECT count(*) FROM passkey WHERE account_id = ?1) FROM account WHERE id = ?1";
    let own: i64 = connection.prepare_cached(sql)?.query_row([account_id], |row| row.get(0))?;
    let providers = list_providers(connection)?;
    let identities = list_identities(connection, account_id)?;
    let is_usable = |identity: &&Identity| providers.iter().any(|provider| provider.id.as_str() == identity.provider);
    Ok(usize::try_from(own).unwrap_or(0).saturating_add(identities.iter().filter(is_usable).count()))
}

/// An invitation that can be accepted.
#[derive(Debug)]
pub struct OpenInvitation {
    /// Its id.
    pub id: InvitationId,
    /// Into which organization.
    pub organization_id: OrganizationId,
    /// For whom; empty: whoever has the link.
    pub email: String,
    /// As what.
    pub role: Role,
    /// As what of the organization's own.
    pub role_id: Option<RoleId>,
}

/// The invitation whose token has a hash, if it can be accepted.
pub fn find_invitation(tx: &Tx<'_>, hash: [u8; 32]) -> Result<Option<OpenInvitation>, Error> {
    let sql = "SELECT i.id, i.organization_id, i.email, i.role, i.role_id
               FROM invitation i JOIN organization o ON o.id = i.organization_id AND o.delete_after_ms IS NULL
               WHERE i.token_hash = ?1 AND i.accepted_at_ms IS NULL AND i.expires_at_ms > ?2";
    let read = |row: &Row<'_>| {
        // The schema allows no other word; the least right is the safe reading.
        let role = Role::parse(row.get_ref(3)?.as_str()?).unwrap_or(Role::Viewer);
        let (id, organization_id, email, role_id) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(4)?);
        Ok(OpenInvitation { id, organization_id, email, role, role_id })
    };
    Ok(tx.connection().prepare_cached(sql)?.query_row((hash, tx.now_ms()), read).optional()?)
}

/// Notes that an invitation was accepted.
pub fn accept_invitation(tx: &Tx<'_>, id: InvitationId, account_id: AccountId) -> Result<(), Error> {
    let sql = "UPDATE invitation SET accepted_at_ms = ?2, accepted_by = ?3 WHERE id = ?1";
    tx.connection().execute(sql, (id, tx.now_ms(), account_id))?;
    Ok(())
}

/// Whether anybody may register, without an invitation.
pub fn is_registration_open(connection: &Connection) -> Result<bool, Error> {
    let sql = "SELECT value FROM setting WHERE name = 'registration'";
    let mode: Option<String> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(mode.as_deref() == Some("\"open\""))
}

/// Whether an invitation is enough to register.
pub fn is_invitation_enough(connection: &Connection) -> Result<bool, Error> {
    let sql = "SELECT value FROM setting WHERE name = 'registration'";
    let mode: Option<String> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(mode.as_deref() != Some("\"closed\""))
}

/// Uses a signature up; `false` if it was used before. It is remembered while the data it signs is good.
pub fn use_signature(tx: &Tx<'_>, signature: &str, lifetime_ms: i64) -> Result<bool, Error> {
    tx.connection().execute("DELETE FROM one_time_token WHERE expires_at_ms <= ?1", [tx.now_ms()])?;
    let used = tx.connection().execute(
        "INSERT OR IGNORE INTO one_time_token (token_hash, kind, created_at_ms, expires_at_ms)
         VALUES (?1, 'telegram_signature', ?2, ?3)",
        (secret_hash(signature), tx.now_ms(), tx.now_ms().saturating_add(lifetime_ms)),
    )?;
    Ok(used == 1)
}
