//! Who calls, where, and with which rights: what a session, a cookie or an API key turns out to be at this moment.
//!
//! Looked up on every request, so a right that is taken away is gone with the next one. The one place that turns rows
//! (account, membership, role, key) into a set of permissions.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Account, Language, Me, OrganizationRef, Theme};
use super::permission::{PermissionSet, Role, StaffRole};
use crate::id::{AccountId, ApiKeyId, OrganizationId, SessionId};
use crate::store::Error;

/// How the caller showed who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// Signed in.
    Session(SessionId),
    /// With a key, by its name.
    ApiKey(ApiKeyId, String),
}

/// A session or key that stands, with everything a request needs to know of it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// How.
    pub via: Via,
    /// Who and where.
    pub me: Me,
    /// The organization is on its way out: only taking that back is answered.
    pub is_organization_ending: bool,
}

impl Standing {
    /// Whether the account is in the organization as staff of the appliance and no member: what it does there is written
    /// to the organization's audit log.
    pub fn is_guest(&self) -> bool {
        self.me.organization.as_ref().is_some_and(|organization| organization.role.is_none())
    }

    /// Whether a person is signed in who is a member of the organization, whatever their role.
    pub fn is_signed_in_member(&self) -> bool {
        let is_member = self.me.organization.as_ref().is_some_and(|organization| organization.role.is_some());
        is_member && self.session_id().is_some()
    }

    /// The id of the session or key.
    pub const fn via_id(&self) -> uuid::Uuid {
        match &self.via {
            Via::Session(id) => id.uuid(),
            Via::ApiKey(id, _name) => id.uuid(),
        }
    }

    /// The session, if it is one.
    pub const fn session_id(&self) -> Option<SessionId> {
        match &self.via {
            Via::Session(id) => Some(*id),
            Via::ApiKey(..) => None,
        }
    }
}

/// What [`read_me`] reads, of `account a`, `organization o`, `membership m` and `role r`.
const COLUMNS: &str =
    "a.id, a.email, a.name, a.language, a.theme, a.time_zone, a.shortcuts, a.avatar_at_ms, a.staff_role,
    a.totp_confirmed_at_ms IS NOT NULL OR EXISTS (SELECT 1 FROM passkey WHERE passkey.account_id = a.id),
    o.id, o.name, o.is_second_factor_required, o.delete_after_ms IS NOT NULL, m.role, r.name, r.permissions";

/// Joins them to `s`, which names an account and an organization.
const JOINS: &str = "JOIN account a ON a.id = s.account_id AND a.is_disabled = 0
    LEFT JOIN organization o ON o.id = s.organization_id
    LEFT JOIN membership m ON m.account_id = a.id AND m.organization_id = o.id
    LEFT JOIN role r ON r.id = m.role_id";

const IN_FORCE: &str = "s.revoked_at_ms IS NULL AND s.expires_at_ms > ?2 AND s.ends_at_ms > ?2";

/// The session with an id, if it stands.
pub fn find_by_session(connection: &Connection, id: SessionId, now_ms: i64) -> Result<Option<Standing>, Error> {
    let sql = format!("SELECT {COLUMNS}, s.id FROM session s {JOINS} WHERE s.id = ?1 AND {IN_FORCE}");
    Ok(connection.prepare_cached(&sql)?.query_row((id, now_ms), read_session).optional()?)
}

/// The session a refresh cookie belongs to, if it stands.
pub fn find_by_refresh(connection: &Connection, hash: [u8; 32], now_ms: i64) -> Result<Option<Standing>, Error> {
    let sql = format!("SELECT {COLUMNS}, s.id FROM session s {JOINS} WHERE s.refresh_hash = ?1 AND {IN_FORCE}");
    Ok(connection.prepare_cached(&sql)?.query_row((hash, now_ms), read_session).optional()?)
}

const KEY_IN_FORCE: &str = "s.revoked_at_ms IS NULL AND (s.expires_at_ms IS NULL OR s.expires_at_ms > ?2) AND o.delete_after_ms IS NULL AND m.role IS NOT NULL";

/// The API key with a hash, if it stands: its maker must still be a member.
pub fn find_by_key(connection: &Connection, hash: [u8; 32], now_ms: i64) -> Result<Option<Standing>, Error> {
    let sql = format!(
        "SELECT {COLUMNS}, s.id, s.name, s.permissions FROM api_key s {JOINS}
         WHERE (s.key_hash = ?1 OR (s.previous_key_hash = ?1 AND s.previous_ends_at_ms > ?2)) AND {KEY_IN_FORCE}"
    );
    Ok(connection.prepare_cached(&sql)?.query_row((hash, now_ms), read_key).optional()?)
}

/// The API key with an id, if it stands.
pub fn find_by_key_id(connection: &Connection, id: ApiKeyId, now_ms: i64) -> Result<Option<Standing>, Error> {
    let sql = format!(
        "SELECT {COLUMNS}, s.id, s.name, s.permissions FROM api_key s {JOINS} WHERE s.id = ?1 AND {KEY_IN_FORCE}"
    );
    Ok(connection.prepare_cached(&sql)?.query_row((id, now_ms), read_key).optional()?)
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let (mut me, is_organization_ending) = read_me(row)?;
    let scope = PermissionSet::from_text(&row.get::<_, String>(19)?).intersection(PermissionSet::OWNER);
    me.permissions = me.permissions.intersection(scope);
    me.staff_role = None;
    Ok(Standing { via: Via::ApiKey(row.get(17)?, row.get(18)?), me, is_organization_ending })
}

/// The same caller in another organization; `None` if it is nothing to them.
pub fn find_in_organization(
    connection: &Connection,
    standing: &Standing,
    organization_id: OrganizationId,
) -> Result<Option<Standing>, Error> {
    let here = standing.me.organization.as_ref().map(|organization| organization.id);
    if matches!(standing.via, Via::ApiKey(..)) {
        return Ok((here == Some(organization_id)).then(|| standing.clone()));
    }
    let found = find_member(connection, standing.me.account.id, organization_id)?;
    Ok(found.map(|(me, is_organization_ending)| Standing { via: standing.via.clone(), me, is_organization_ending }))
}

/// What an account is in an organization, and whether that is on its way out; `None` if it is nothing to them.
pub fn find_member(
    connection: &Connection,
    account_id: AccountId,
    organization_id: OrganizationId,
) -> Result<Option<(Me, bool)>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM (SELECT ?1 AS account_id, ?2 AS organization_id) s {JOINS}");
    let found = connection.prepare_cached(&sql)?.query_row((account_id, organization_id), read_me).optional()?;
    Ok(found.filter(|(me, _is_ending)| me.organization.is_some()))
}

/// The same caller in an organization as they stand now, for decisions inside a write transaction: what they had when
/// the request came in may be gone by then.
pub fn find_again(
    connection: &Connection,
    standing: &Standing,
    organization_id: OrganizationId,
    now_ms: i64,
) -> Result<Option<Standing>, Error> {
    let now = match &standing.via {
        Via::Session(id) => find_by_session(connection, *id, now_ms)?,
        Via::ApiKey(id, _name) => find_by_key_id(connection, *id, now_ms)?,
    };
    now.map_or(Ok(None), |now| find_in_organization(connection, &now, organization_id))
}

/// The sessions and keys that stand in an organization, of one account or of all: those whose open feeds must look
/// again when rights change ([`crate::app::AppInner::announce_changed`]).
pub fn list_in_organization(
    connection: &Connection,
    organization_id: OrganizationId,
    account_id: Option<AccountId>,
) -> Result<Vec<uuid::Uuid>, Error> {
    let sql = "SELECT id FROM session
               WHERE organization_id = ?1 AND revoked_at_ms IS NULL AND (?2 IS NULL OR account_id = ?2)
               UNION ALL
               SELECT id FROM api_key
               WHERE organization_id = ?1 AND revoked_at_ms IS NULL AND (?2 IS NULL OR account_id = ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    // Either kind of id is a UUID.
    let rows = statement.query_map((organization_id, account_id), |row| Ok(row.get::<_, SessionId>(0)?.uuid()))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let (mut me, is_organization_ending) = read_me(row)?;
    if is_organization_ending {
        me.organization = None;
        me.permissions = me.staff_role.map_or(PermissionSet::NONE, StaffRole::permissions);
        me.is_second_factor_missing = false;
    }
    Ok(Standing { via: Via::Session(row.get(17)?), me, is_organization_ending: false })
}

fn read_me(row: &Row<'_>) -> rusqlite::Result<(Me, bool)> {
    let staff_role = StaffRole::parse(row.get_ref(8)?.as_str()?);
    let has_second_factor: bool = row.get(9)?;
    let is_second_factor_required: bool = row.get::<_, Option<bool>>(12)?.unwrap_or(false);
    let role: Option<String> = row.get(14)?;
    // The schema allows no other word; the least right is the safe reading.
    let role = role.map(|role| Role::parse(&role).unwrap_or(Role::Viewer));
    let guest = staff_role.map(StaffRole::guest_permissions);
    let here = match role {
        // Whatever the row says: nothing of the appliance is an organization's to give, and only owners own it.
        Some(Role::Custom) => {
            Some(PermissionSet::from_text(&row.get::<_, String>(16)?).intersection(PermissionSet::ADMIN))
        }
        Some(role) => Some(role.permissions()),
        None => guest,
    };
    let id: Option<OrganizationId> = row.get(10)?;
    let (organization, here) = match (id, here) {
        (Some(id), Some(here)) => {
            (Some(OrganizationRef { id, name: row.get(11)?, role, role_name: row.get(15)? }), here)
        }
        _ => (None, PermissionSet::NONE),
    };
    let is_second_factor_missing = organization.is_some() && is_second_factor_required && !has_second_factor;
    let me = Me {
        account: read_account(row)?,
        organization,
        permissions: here.union(staff_role.map_or(PermissionSet::NONE, StaffRole::permissions)),
        staff_role,
        is_second_factor_missing,
    };
    Ok((me, row.get::<_, Option<bool>>(13)?.unwrap_or(false)))
}

fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let shortcuts: String = row.get(6)?;
    let avatar_at_ms: i64 = row.get(7)?;
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        language: if row.get_ref(3)?.as_str()? == "de" { Language::De } else { Language::En },
        theme: match row.get_ref(4)?.as_str()? {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::Auto,
        },
        time_zone: row.get(5)?,
        shortcuts: serde_json::value::RawValue::from_string(shortcuts).unwrap_or_default(),
        avatar_at_ms: (avatar_at_ms > 0).then_some(avatar_at_ms),
    })
}
