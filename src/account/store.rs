//! SQL of accounts, memberships and sessions, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Language, Theme};
use super::password::BCRYPT_COSTS;
use super::permission::Role;
use super::session::Client;
use super::token::RefreshHashes;
use crate::id::{AccountId, ApiKeyId, OrganizationId, RoleId, SessionId};
use crate::store::{Error, Tx};

/// What sign-in compares with; afterwards, what was proven: a session starts only while the account still has this hash.
#[derive(Debug)]
pub struct Credentials {
    /// The account.
    pub account_id: AccountId,
    /// PHC string; empty if the account has no password.
    pub password_hash: String,
}

/// Whether any account exists.
pub fn has_accounts(connection: &Connection) -> Result<bool, Error> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM account)", [], |row| row.get(0))?)
}

/// The account with an address, if it may sign in.
pub fn find_credentials(connection: &Connection, email: &str) -> Result<Option<Credentials>, Error> {
    let sql = "SELECT id, password_hash FROM account WHERE email = ?1 AND is_disabled = 0";
    let read = |row: &Row<'_>| Ok(Credentials { account_id: row.get(0)?, password_hash: row.get(1)? });
    Ok(connection.prepare_cached(sql)?.query_row([email], read).optional()?)
}

/// What an account has at this moment, for the transaction in which its owner proves it in another way than by password.
pub fn find_credentials_of(connection: &Connection, account_id: AccountId) -> Result<Credentials, Error> {
    let sql = "SELECT password_hash FROM account WHERE id = ?1";
    let password_hash = connection.prepare_cached(sql)?.query_row([account_id], |row| row.get(0))?;
    Ok(Credentials { account_id, password_hash })
}

/// Whether the account still has the password that was proven: a new one ends what the old one began, also when it is
/// set between the proof and the session.
pub fn is_in_force(connection: &Connection, proven: &Credentials) -> Result<bool, Error> {
    let sql = "SELECT password_hash = ?2 FROM account WHERE id = ?1";
    let found = connection.prepare_cached(sql)?.query_row((proven.account_id, &proven.password_hash), |row| row.get(0));
    Ok(found.optional()?.unwrap_or(false))
}

/// The address of an account.
pub fn find_email(connection: &Connection, id: AccountId) -> Result<Option<String>, Error> {
    let sql = "SELECT email FROM account WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
}

/// Whether an account has an address, disabled or not.
pub fn is_address_taken(connection: &Connection, email: &str) -> Result<bool, Error> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM account WHERE email = ?1)", [email], |row| row.get(0))?)
}

/// The organizations an account is a member of.
pub fn list_organizations_of(connection: &Connection, id: AccountId) -> Result<Vec<OrganizationId>, Error> {
    let mut statement = connection.prepare_cached("SELECT organization_id FROM membership WHERE account_id = ?1")?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A new account.
#[derive(Debug)]
pub struct NewAccount {
    /// Lower case.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// PHC string.
    pub password_hash: String,
    /// Language of the interface.
    pub language: Language,
}

/// Creates an account; the first one operates the appliance.
pub fn create_account(tx: &Tx<'_>, account: &NewAccount) -> Result<AccountId, Error> {
    let id = AccountId::from_uuid(tx.next_uuid());
    let staff_role = if has_accounts(tx.connection())? { "" } else { "sb_admin" };
    tx.connection().execute(
        "INSERT INTO account (id, email, name, password_hash, staff_role, language, created_at_ms, updated_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        (id, &account.email, &account.name, &account.password_hash, staff_role, account.language.as_str(), tx.now_ms()),
    )?;
    Ok(id)
}

/// Makes the account a member; the id is that of a custom role.
pub fn create_membership(
    tx: &Tx<'_>,
    account_id: AccountId,
    organization_id: OrganizationId,
    (role, role_id): (Role, Option<RoleId>),
) -> Result<(), Error> {
    tx.connection().execute(
        "INSERT INTO membership (account_id, organization_id, role, role_id, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        (account_id, organization_id, role.as_str(), role_id, tx.now_ms()),
    )?;
    Ok(())
}

/// How long a session lasts.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Without use.
    pub idle_ms: i64,
    /// With any use.
    pub whole_ms: i64,
}

/// Starts a session.
pub fn create_session(
    tx: &Tx<'_>,
    (account_id, organization_id): (AccountId, Option<OrganizationId>),
    hashes: RefreshHashes,
    lifetimes: Lifetimes,
    client: &Client,
) -> Result<SessionId, Error> {
    let id = SessionId::from_uuid(tx.next_uuid());
    let now_ms = tx.now_ms();
    tx.connection().execute(
        "INSERT INTO session (id, account_id, organization_id, family_hash, refresh_hash, address, user_agent, rotated_at_ms,
             last_used_at_ms, created_at_ms, expires_at_ms, ends_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?8, ?9, ?10)",
        (
            id,
            account_id,
            organization_id,
            hashes.family,
            hashes.token,
            client.address_text(),
            &client.user_agent,
            now_ms,
            now_ms.saturating_add(lifetimes.idle_ms),
            now_ms.saturating_add(lifetimes.whole_ms),
        ),
    )?;
    tx.connection().execute("UPDATE account SET last_sign_in_at_ms = ?2 WHERE id = ?1", (account_id, now_ms))?;
    tx.connection().execute("DELETE FROM session WHERE expires_at_ms < ?1 OR ends_at_ms < ?1", [now_ms])?;
    Ok(id)
}

/// Notes that a session is in use, and from where.
pub fn touch_session(tx: &Tx<'_>, id: SessionId, client: &Client) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE session SET last_used_at_ms = ?2, address = ?3, user_agent = coalesce(nullif(?4, ''), user_agent) WHERE id = ?1",
        (id, tx.now_ms(), client.address_text(), &client.user_agent),
    )?;
    Ok(())
}

/// Notes that an API key is in use, and from where.
pub fn touch_key(tx: &Tx<'_>, id: ApiKeyId, client: &Client) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE api_key SET last_used_at_ms = ?2, last_used_address = ?3 WHERE id = ?1",
        (id, tx.now_ms(), client.address_text()),
    )?;
    Ok(())
}

/// What a refresh token turned out to be.
#[derive(Debug)]
pub enum Refresh {
    /// In force; rotated to the new hash.
    Rotated(SessionId),
    /// The one before, shown again within the grace time: a second tab asked at the same moment.
    Concurrent(SessionId),
    /// Any earlier one of the family: someone else has a copy. The session was revoked.
    Reused(SessionId),
    /// Not known, ended or revoked.
    Unknown,
}

/// Two tabs that refresh at the same moment must not end the session.
const GRACE_MS: i64 = 10_000;

/// Exchanges a refresh token for the next one of its family.
pub fn rotate_session(
    tx: &Tx<'_>,
    hashes: RefreshHashes,
    next_hash: [u8; 32],
    lifetime_ms: i64,
) -> Result<Refresh, Error> {
    let connection = tx.connection();
    let rotated = connection
        .prepare_cached(
            "UPDATE session SET previous_refresh_hash = refresh_hash, refresh_hash = ?2, rotated_at_ms = ?3, expires_at_ms = ?4
             WHERE refresh_hash = ?1 AND revoked_at_ms IS NULL AND expires_at_ms > ?3 AND ends_at_ms > ?3 RETURNING id",
        )?
        .query_row((hashes.token, next_hash, tx.now_ms(), tx.now_ms().saturating_add(lifetime_ms)), |row| row.get(0))
        .optional()?;
    if let Some(id) = rotated {
        return Ok(Refresh::Rotated(id));
    }
    let family: Option<(SessionId, bool)> = connection
        .prepare_cached(
            "SELECT id, previous_refresh_hash IS ?2 AND rotated_at_ms >= ?4 FROM session
             WHERE family_hash = ?1 AND revoked_at_ms IS NULL AND expires_at_ms > ?3 AND ends_at_ms > ?3",
        )?
        .query_row((hashes.family, hashes.token, tx.now_ms(), tx.now_ms().saturating_sub(GRACE_MS)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match family {
        None => Ok(Refresh::Unknown),
        Some((id, true)) => Ok(Refresh::Concurrent(id)),
        Some((id, false)) => {
            revoke_session(tx, id)?;
            Ok(Refresh::Reused(id))
        }
    }
}

/// Ends a session; answers whether it stood. Open feeds hear of it from [`crate::app::AppInner::announce_changed`].
pub fn revoke_session(tx: &Tx<'_>, id: SessionId) -> Result<bool, Error> {
    let sql = "UPDATE session SET revoked_at_ms = ?2 WHERE id = ?1 AND revoked_at_ms IS NULL";
    Ok(tx.connection().execute(sql, (id, tx.now_ms()))? > 0)
}

/// Ends all sessions of an account; answers which.
pub fn revoke_sessions(tx: &Tx<'_>, account_id: AccountId) -> Result<Vec<SessionId>, Error> {
    let sql = "UPDATE session SET revoked_at_ms = ?2 WHERE account_id = ?1 AND revoked_at_ms IS NULL RETURNING id";
    let mut statement = tx.connection().prepare_cached(sql)?;
    let rows = statement.query_map((account_id, tx.now_ms()), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets an authenticator, its recovery codes and the passkeys of an account.
pub fn delete_second_factors(tx: &Tx<'_>, account_id: AccountId) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE account SET totp_secret = NULL, totp_confirmed_at_ms = NULL, totp_last_step = 0, updated_at_ms = ?2
         WHERE id = ?1",
        (account_id, tx.now_ms()),
    )?;
    tx.connection().execute("DELETE FROM recovery_code WHERE account_id = ?1", [account_id])?;
    tx.connection().execute("DELETE FROM passkey WHERE account_id = ?1", [account_id])?;
    Ok(())
}

/// Moves a session into another organization.
pub fn move_session(tx: &Tx<'_>, id: SessionId, organization_id: OrganizationId) -> Result<(), Error> {
    tx.connection().execute("UPDATE session SET organization_id = ?2 WHERE id = ?1", (id, organization_id))?;
    Ok(())
}

/// Changes of a profile; `None` leaves a value alone.
#[derive(Debug)]
pub struct ProfileChange {
    /// Name to show.
    pub name: Option<String>,
    /// Language of the interface.
    pub language: Option<Language>,
    /// Colours of the interface.
    pub theme: Option<Theme>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// Changed keys of the interface, as JSON.
    pub shortcuts: Option<String>,
}

/// Changes a profile.
pub fn update_profile(tx: &Tx<'_>, id: AccountId, change: &ProfileChange) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE account SET name = coalesce(?2, name), language = coalesce(?3, language), theme = coalesce(?4, theme),
             time_zone = coalesce(?5, time_zone), shortcuts = coalesce(?6, shortcuts), updated_at_ms = ?7 WHERE id = ?1",
        (
            id,
            change.name.as_deref(),
            change.language.map(Language::as_str),
            change.theme.map(Theme::as_str),
            change.time_zone.as_deref(),
            change.shortcuts.as_deref(),
            tx.now_ms(),
        ),
    )?;
    Ok(())
}

/// Keeps the hash of a one-time sign-in link.
pub fn create_sign_in_link(tx: &Tx<'_>, account_id: AccountId, hash: [u8; 32], lifetime_ms: i64) -> Result<(), Error> {
    tx.connection().execute(
        "INSERT INTO sign_in_link (token_hash, account_id, expires_at_ms) VALUES (?1, ?2, ?3)",
        (hash, account_id, tx.now_ms().saturating_add(lifetime_ms)),
    )?;
    Ok(())
}

/// Uses up a one-time sign-in link; answers whose it was.
pub fn take_sign_in_link(tx: &Tx<'_>, hash: [u8; 32]) -> Result<Option<Credentials>, Error> {
    let sql = "DELETE FROM sign_in_link WHERE token_hash = ?1 AND expires_at_ms > ?2 RETURNING account_id";
    let found = tx.connection().query_row(sql, (hash, tx.now_ms()), |row| row.get(0)).optional()?;
    found.map(|account_id| find_credentials_of(tx.connection(), account_id)).transpose()
}

/// The organization a new session of an account works in: where its last one worked, or the first it joined.
pub fn find_home(connection: &Connection, account_id: AccountId) -> Result<Option<OrganizationId>, Error> {
    let sql = "SELECT m.organization_id FROM membership m JOIN organization o ON o.id = m.organization_id
               WHERE m.account_id = ?1 AND o.delete_after_ms IS NULL
               ORDER BY (SELECT max(s.created_at_ms) FROM session s WHERE s.account_id = ?1 AND s.organization_id = o.id) DESC NULLS LAST,
                   m.created_at_ms, o.id LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([account_id], |row| row.get(0)).optional()?)
}

/// An account, as far as its owner's proofs need it.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its id.
    pub id: AccountId,
    /// Sign-in address.
    pub email: String,
    /// Language of its mails.
    pub language: Language,
    /// It may not sign in.
    pub is_disabled: bool,
}

fn read_known(row: &Row<'_>) -> rusqlite::Result<Known> {
    let language = if row.get_ref(2)?.as_str()? == "de" { Language::De } else { Language::En };
    Ok(Known { id: row.get(0)?, email: row.get(1)?, language, is_disabled: row.get(3)? })
}

/// The account with an address, whether or not it may sign in.
pub fn find_by_email(connection: &Connection, email: &str) -> Result<Option<Known>, Error> {
    let sql = "SELECT id, email, language, is_disabled FROM account WHERE email = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([email], read_known).optional()?)
}

/// The account with an id, whether or not it may sign in.
pub fn find_by_id(connection: &Connection, id: AccountId) -> Result<Option<Known>, Error> {
    let sql = "SELECT id, email, language, is_disabled FROM account WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id], read_known).optional()?)
}

/// The highest cost of a bcrypt hash any account still has; 0 if none has one. One that is never checked counts for
/// nothing: everybody's sign-in costs what is answered here.
pub fn find_bcrypt_cost(connection: &Connection) -> Result<u32, Error> {
    let sql = "SELECT ifnull(max(CAST(substr(password_hash, 5, 2) AS INTEGER)), 0) FROM account
               WHERE password_hash GLOB '$2[aby]$*' AND CAST(substr(password_hash, 5, 2) AS INTEGER) BETWEEN ?1 AND ?2";
    let bounds = (BCRYPT_COSTS.start(), BCRYPT_COSTS.end());
    Ok(connection.prepare_cached(sql)?.query_row(bounds, |row| row.get(0))?)
}

/// An account's hash with what checking it takes.
#[derive(Debug)]
pub struct StoredPassword {
    /// Empty if the account has no password.
    pub password_hash: String,
    /// See [`find_bcrypt_cost`].
    pub bcrypt_cost: u32,
}

/// What an account's password is compared with.
pub fn find_password(connection: &Connection, id: AccountId) -> Result<StoredPassword, Error> {
    let sql = "SELECT password_hash FROM account WHERE id = ?1";
    let password_hash = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
    Ok(StoredPassword { password_hash, bcrypt_cost: find_bcrypt_cost(connection)? })
}

/// Changes an account's password.
pub fn update_password(tx: &Tx<'_>, id: AccountId, password_hash: &str) -> Result<(), Error> {
    let sql = "UPDATE account SET password_hash = ?2, updated_at_ms = ?3 WHERE id = ?1";
    tx.connection().execute(sql, (id, password_hash, tx.now_ms()))?;
    Ok(())
}

/// Replaces a hash by a better one of the same password, unless it was changed meanwhile; answers the one in force.
pub fn upgrade_password(tx: &Tx<'_>, former: &Credentials, hash: &str) -> Result<Credentials, Error> {
    let sql = "UPDATE account SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
    tx.connection().execute(sql, (former.account_id, &former.password_hash, hash))?;
    find_credentials_of(tx.connection(), former.account_id)
}

/// Changes an account's address.
pub fn update_email(tx: &Tx<'_>, id: AccountId, email: &str) -> Result<(), Error> {
    let sql = "UPDATE account SET email = ?2, updated_at_ms = ?3 WHERE id = ?1";
    tx.connection().execute(sql, (id, email, tx.now_ms()))?;
    Ok(())
}

/// Ends what was given out to get into an account with: links and half-finished sign-ins.
pub fn end_proofs(tx: &Tx<'_>, id: AccountId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM one_time_token WHERE account_id = ?1", [id])?;
    tx.connection().execute("DELETE FROM sign_in_link WHERE account_id = ?1", [id])?;
    Ok(())
}

/// Ends an account's sessions but one; answers which.
pub fn revoke_other_sessions(tx: &Tx<'_>, id: AccountId, except: Option<SessionId>) -> Result<Vec<SessionId>, Error> {
    let mut statement = tx.connection().prepare_cached(
        "UPDATE session SET revoked_at_ms = ?3 WHERE account_id = ?1 AND id IS NOT ?2 AND revoked_at_ms IS NULL
             AND expires_at_ms > ?3 AND ends_at_ms > ?3 RETURNING id",
    )?;
    let ended = statement.query_map((id, except, tx.now_ms()), |row| row.get(0))?;
    Ok(ended.collect::<rusqlite::Result<_>>()?)
}

/// A session as its owner sees it.
#[derive(Debug)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Where it was last used from.
    pub address: String,
    /// What the browser calls itself.
    pub user_agent: String,
    /// When it started.
    pub created_at_ms: i64,
    /// When it was last used, to the minute.
    pub last_used_at_ms: i64,
    /// When it ends if it is not used.
    pub expires_at_ms: i64,
}

/// An account's sessions that stand, the last used first.
pub fn list_sessions(connection: &Connection, id: AccountId, now_ms: i64) -> Result<Vec<SessionRow>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, address, user_agent, created_at_ms, last_used_at_ms, min(expires_at_ms, ends_at_ms) FROM session
         WHERE account_id = ?1 AND revoked_at_ms IS NULL AND expires_at_ms > ?2 AND ends_at_ms > ?2
         ORDER BY last_used_at_ms DESC, id DESC",
    )?;
    let rows = statement.query_map((id, now_ms), |row| {
        Ok(SessionRow {
            id: row.get(0)?,
            address: row.get(1)?,
            user_agent: row.get(2)?,
            created_at_ms: row.get(3)?,
            last_used_at_ms: row.get(4)?,
            expires_at_ms: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whose session it is, with the account's address.
pub fn find_session_owner(connection: &Connection, id: SessionId) -> Result<Option<(AccountId, String)>, Error> {
    let sql = "SELECT a.id, a.email FROM session s JOIN account a ON a.id = s.account_id WHERE s.id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}
