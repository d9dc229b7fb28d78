//! Accounts as the administrators of the appliance see them: SQL and rules.

pub mod api;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use utoipa::ToSchema;

use super::permission::{Role, StaffRole};
use crate::id::{AccountId, OrganizationId};
use crate::store::{Error, Tx};

/// An organization an account is a member of.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What the account is in it.
    pub role: Role,
}

/// An account as an administrator of the appliance sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminAccount {
    /// Its id.
    pub id: AccountId,
    /// Sign-in address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// What it is on the appliance; `null` if it is not of its staff.
    pub staff_role: Option<StaffRole>,
    /// Whether it may not sign in.
    pub is_disabled: bool,
    /// Whether it has an authenticator or a passkey.
    pub has_second_factor: bool,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
    /// When it last signed in, UTC milliseconds; 0: never.
    pub last_sign_in_at_ms: i64,
    /// Where it is a member.
    pub organizations: Vec<AccountOrganization>,
}

const ACCOUNT: &str = "SELECT id, email, name, staff_role, is_disabled,
         totp_confirmed_at_ms IS NOT NULL OR EXISTS (SELECT 1 FROM passkey WHERE passkey.account_id = account.id),
         created_at_ms, last_sign_in_at_ms FROM account";

fn read_row(row: &Row<'_>) -> rusqlite::Result<AdminAccount> {
    Ok(AdminAccount {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        staff_role: StaffRole::parse(row.get_ref(3)?.as_str()?),
        is_disabled: row.get(4)?,
        has_second_factor: row.get(5)?,
        created_at_ms: row.get(6)?,
        last_sign_in_at_ms: row.get(7)?,
        organizations: Vec::new(),
    })
}

fn with_organizations(connection: &Connection, account: AdminAccount) -> Result<AdminAccount, Error> {
    let sql = "SELECT o.id, o.name, m.role FROM membership m JOIN organization o ON o.id = m.organization_id
               WHERE m.account_id = ?1 ORDER BY o.name, o.id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([account.id], |row| {
        let role: String = row.get(2)?;
        Ok(AccountOrganization { id: row.get(0)?, name: row.get(1)?, role: Role::parse(&role).unwrap_or(Role::Viewer) })
    })?;
    Ok(AdminAccount { organizations: rows.collect::<rusqlite::Result<_>>()?, ..account })
}

/// Accounts whose address or name holds `q`, by address, after the address `after`.
pub fn list_accounts(connection: &Connection, q: &str, after: &str, limit: usize) -> Result<Vec<AdminAccount>, Error> {
    let sql = format!(
        "{ACCOUNT} WHERE email > ?2 AND (?1 = '' OR instr(email, ?1) > 0 OR instr(lower(name), ?1) > 0)
         ORDER BY email LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let limit = i64::try_from(limit).unwrap_or(100);
    let rows = statement.query_map((q.to_ascii_lowercase(), after, limit), read_row)?;
    let accounts: Vec<AdminAccount> = rows.collect::<rusqlite::Result<_>>()?;
    accounts.into_iter().map(|account| with_organizations(connection, account)).collect()
}

/// One account.
pub fn find_account(connection: &Connection, id: AccountId) -> Result<Option<AdminAccount>, Error> {
    let found = connection.prepare_cached(&format!("{ACCOUNT} WHERE id = ?1"))?.query_row([id], read_row).optional()?;
    found.map(|account| with_organizations(connection, account)).transpose()
}

/// Whether another account that may sign in administers the appliance.
pub fn has_other_administrator(connection: &Connection, id: AccountId) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM account WHERE staff_role = 'sb_admin' AND is_disabled = 0 AND id <> ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// How many organizations have this account as their only owner who may sign in.
pub fn count_owned_alone(connection: &Connection, id: AccountId) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM membership mine WHERE mine.account_id = ?1 AND mine.role = 'owner' AND NOT EXISTS (
                   SELECT 1 FROM membership other JOIN account ON account.id = other.account_id
                   WHERE other.organization_id = mine.organization_id AND other.role = 'owner'
                     AND other.account_id <> ?1 AND account.is_disabled = 0)";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// Sets what an account is on the appliance and whether it may sign in.
pub fn update_account(
    tx: &Tx<'_>,
    id: AccountId,
    (staff_role, is_disabled): (Option<StaffRole>, bool),
) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE account SET staff_role = ?2, is_disabled = ?3, updated_at_ms = ?4 WHERE id = ?1",
        (id, staff_role.map_or("", StaffRole::as_str), is_disabled, tx.now_ms()),
    )?;
    Ok(())
}
