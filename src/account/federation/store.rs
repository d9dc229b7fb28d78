//! SQL of providers and identities, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Identity, Provider, ProviderId, ProviderSummary};
use crate::account::token::secret_hash;
use crate::id::{AccountId, IdentityId};
use crate::settings;
use crate::store::{Error, Tx};

/// Name of the setting that holds the providers.
const SETTING: &str = "providers";

/// The providers, in the order they were added.
pub fn list_providers(connection: &Connection) -> Result<Vec<Provider>, Error> {
    Ok(settings::find(connection, SETTING)?.unwrap_or_default())
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
    settings::update(tx, SETTING, &providers)
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
