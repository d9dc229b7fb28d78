//! SQL of accounts, memberships and sessions, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Account, Language, Me, OrganizationRef, Role, Theme};
use super::token::RefreshHashes;
use crate::id::{AccountId, OrganizationId, SessionId};
use crate::store::{Error, Tx};

/// A session that stands, with everything a request needs to know of it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The session.
    pub session_id: SessionId,
    /// Who and where.
    pub me: Me,
}

/// What sign-in compares with.
#[derive(Debug)]
pub struct Credentials {
    /// The account.
    pub account_id: AccountId,
    /// PHC string.
    pub password_hash: String,
    /// The organization a new session works in: the first the account joined.
    pub organization_id: Option<OrganizationId>,
}

/// Whether any account exists.
pub fn has_accounts(connection: &Connection) -> Result<bool, Error> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM account)", [], |row| row.get(0))?)
}

/// The account with an address.
pub fn find_credentials(connection: &Connection, email: &str) -> Result<Option<Credentials>, Error> {
    let sql = "SELECT id, password_hash,
                   (SELECT organization_id FROM membership WHERE account_id = account.id ORDER BY created_at_ms, organization_id LIMIT 1)
               FROM account WHERE email = ?1";
    let read = |row: &Row<'_>| {
        Ok(Credentials { account_id: row.get(0)?, password_hash: row.get(1)?, organization_id: row.get(2)? })
    };
    Ok(connection.prepare_cached(sql)?.query_row([email], read).optional()?)
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

/// Makes the account a member.
pub fn create_membership(
    tx: &Tx<'_>,
    account_id: AccountId,
    organization_id: OrganizationId,
    role: Role,
) -> Result<(), Error> {
    tx.connection().execute(
        "INSERT INTO membership (account_id, organization_id, role, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
        (account_id, organization_id, role.as_str(), tx.now_ms()),
    )?;
    Ok(())
}

/// Starts a session.
pub fn create_session(
    tx: &Tx<'_>,
    (account_id, organization_id): (AccountId, OrganizationId),
    hashes: RefreshHashes,
    lifetime_ms: i64,
) -> Result<SessionId, Error> {
    let id = SessionId::from_uuid(tx.next_uuid());
    tx.connection().execute(
        "INSERT INTO session (id, account_id, organization_id, family_hash, refresh_hash, rotated_at_ms, created_at_ms, expires_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
        (
            id,
            account_id,
            organization_id,
            hashes.family,
            hashes.token,
            tx.now_ms(),
            tx.now_ms().saturating_add(lifetime_ms),
        ),
    )?;
    tx.connection().execute("DELETE FROM session WHERE expires_at_ms < ?1", [tx.now_ms()])?;
    Ok(id)
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
             WHERE refresh_hash = ?1 AND revoked_at_ms IS NULL AND expires_at_ms > ?3 RETURNING id",
        )?
        .query_row((hashes.token, next_hash, tx.now_ms(), tx.now_ms().saturating_add(lifetime_ms)), |row| row.get(0))
        .optional()?;
    if let Some(id) = rotated {
        return Ok(Refresh::Rotated(id));
    }
    let family: Option<(SessionId, bool)> = connection
        .prepare_cached(
            "SELECT id, previous_refresh_hash IS ?2 AND rotated_at_ms >= ?4 FROM session
             WHERE family_hash = ?1 AND revoked_at_ms IS NULL AND expires_at_ms > ?3",
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

/// Ends a session; open feeds hear of it from [`crate::app::AppInner::revoke_session`].
pub fn revoke_session(tx: &Tx<'_>, id: SessionId) -> Result<(), Error> {
    tx.connection()
        .execute("UPDATE session SET revoked_at_ms = ?2 WHERE id = ?1 AND revoked_at_ms IS NULL", (id, tx.now_ms()))?;
    Ok(())
}

const STANDING: &str =
    "SELECT s.id, a.id, a.email, a.name, a.language, a.theme, a.time_zone, a.staff_role, o.id, o.name, m.role
     FROM session s JOIN account a ON a.id = s.account_id JOIN organization o ON o.id = s.organization_id
     JOIN membership m ON m.account_id = s.account_id AND m.organization_id = s.organization_id
     WHERE s.revoked_at_ms IS NULL AND s.expires_at_ms > ?2 AND ";

/// The session with an id, if it stands.
pub fn find_standing(connection: &Connection, id: SessionId, now_ms: i64) -> Result<Option<Standing>, Error> {
    let sql = format!("{STANDING} s.id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row((id, now_ms), read_standing).optional()?)
}

/// The session a refresh cookie belongs to, if it stands.
pub fn find_standing_by_refresh(
    connection: &Connection,
    hash: [u8; 32],
    now_ms: i64,
) -> Result<Option<Standing>, Error> {
    let sql = format!("{STANDING} s.refresh_hash = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row((hash, now_ms), read_standing).optional()?)
}

fn read_standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let language: String = row.get(4)?;
    let theme: String = row.get(5)?;
    let staff_role: String = row.get(7)?;
    let role: String = row.get(10)?;
    let account = Account {
        id: row.get(1)?,
        email: row.get(2)?,
        name: row.get(3)?,
        language: if language == "de" { Language::De } else { Language::En },
        theme: match theme.as_str() {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::Auto,
        },
        time_zone: row.get(6)?,
    };
    Ok(Standing {
        session_id: row.get(0)?,
        me: Me {
            account,
            organization: OrganizationRef { id: row.get(8)?, name: row.get(9)? },
            // The schema allows no other word; the least right is the safe reading.
            role: Role::parse(&role).unwrap_or(Role::Viewer),
            is_operator: staff_role == "sb_admin",
        },
    })
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
}

/// Changes a profile.
pub fn update_profile(tx: &Tx<'_>, id: AccountId, change: &ProfileChange) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE account SET name = coalesce(?2, name), language = coalesce(?3, language), theme = coalesce(?4, theme),
             time_zone = coalesce(?5, time_zone), updated_at_ms = ?6 WHERE id = ?1",
        (
            id,
            change.name.as_deref(),
            change.language.map(Language::as_str),
            change.theme.map(Theme::as_str),
            change.time_zone.as_deref(),
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

/// Uses up a one-time sign-in link; answers the account and the organization to work in.
pub fn take_sign_in_link(tx: &Tx<'_>, hash: [u8; 32]) -> Result<Option<(AccountId, OrganizationId)>, Error> {
    let account_id: Option<AccountId> = tx
        .connection()
        .query_row(
            "DELETE FROM sign_in_link WHERE token_hash = ?1 AND expires_at_ms > ?2 RETURNING account_id",
            (hash, tx.now_ms()),
            |row| row.get(0),
        )
        .optional()?;
    let Some(account_id) = account_id else { return Ok(None) };
    let sql =
        "SELECT organization_id FROM membership WHERE account_id = ?1 ORDER BY created_at_ms, organization_id LIMIT 1";
    let organization_id = tx.connection().query_row(sql, [account_id], |row| row.get(0)).optional()?;
    Ok(organization_id.map(|organization_id| (account_id, organization_id)))
}
