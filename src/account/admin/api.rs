//! Routes of accounts for the administrators of the appliance.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{
    AdminAccount, StaffRole, count_owned_alone, find_account, has_other_administrator, list_accounts, update_account,
};
use crate::account::factor::reset_second_factor;
use crate::account::store::revoke_sessions;
use crate::app::{App, AppInner};
use crate::audit::{Entry, Record, Who};
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::http::extract::{Body, Id, Params, parse_limit};
use crate::http::respond::{Answer, Page};
use crate::id::{AccountId, SessionId};
use crate::store::Tx;

/// Which accounts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountParams {
    /// Part of the address or the name.
    #[serde(default)]
    q: String,
    /// `next` of the page before.
    #[serde(default)]
    cursor: String,
    /// Rows of a page, 1 to 200; 50 if absent.
    limit: Option<usize>,
}

/// The appliance's accounts, by address.
#[utoipa::path(get, path = "/api/v1/admin/accounts", tag = "administration", params(AccountParams), responses((status = 200, body = Page<AdminAccount>)), security(("session" = [])))]
pub async fn list_all_accounts(
    State(app): State<App>,
    Params(params): Params<AccountParams>,
) -> Result<Page<AdminAccount>> {
    let limit = parse_limit(params.limit, 50, 200)?;
    let AccountParams { q, cursor, .. } = params;
    let list = move |connection: &rusqlite::Connection| list_accounts(connection, q.trim(), &cursor, limit);
    let accounts = app.control.read(list).await?;
    let next = accounts.last().filter(|_last| accounts.len() == limit).map(|last| last.email.clone());
    Ok(Page::new(accounts, next))
}

/// What changes; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// `sb_admin`, `sb_operator`, or nothing for an account that is not of the staff.
    staff_role: Option<String>,
    /// Whether it may not sign in. Its sessions end.
    is_disabled: Option<bool>,
    /// Disables the only active owner of an organization as well, which then has none: for an account in wrong hands.
    #[serde(default)]
    is_forced: bool,
}

/// Changes what an account is on the appliance, or whether it may sign in.
#[utoipa::path(patch, path = "/api/v1/admin/accounts/{id}", tag = "administration", params(("id" = String, Path)), request_body = AccountChange, responses((status = 200, body = Answer<AdminAccount>), (status = 404), (status = 409, description = "the last administrator, or the only active owner of an organization")), security(("session" = [])))]
pub async fn update_any_account(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<AccountId>,
    Body(change): Body<AccountChange>,
) -> Result<Answer<AdminAccount>> {
    let staff_role =
        match change.staff_role.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(name) => Some(Some(StaffRole::parse(name).ok_or_else(|| {
                Error::invalid_field("staff_role", "staff_role must be sb_admin, sb_operator or empty")
            })?)),
        };
    let account = app.change_account(identity.who(), id, (staff_role, change.is_disabled), change.is_forced).await?;
    Ok(Answer::new(account))
}

/// Takes every second factor off an account, whose sessions end: it sets up a new one when it has signed in.
#[utoipa::path(post, path = "/api/v1/admin/accounts/{id}/reset-second-factor", tag = "administration", params(("id" = String, Path)), responses((status = 200, body = Answer<AdminAccount>), (status = 404)), security(("session" = [])))]
pub async fn reset_any_second_factor(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<AccountId>,
) -> Result<Answer<AdminAccount>> {
    let (chain, who) = (app.audit.clone(), identity.who());
    let reset = move |tx: &Tx<'_>| -> Result<(AdminAccount, Vec<SessionId>)> {
        let before = find_account(tx.connection(), id)?.ok_or_else(|| Error::not_found("record"))?;
        let sessions = reset_second_factor(tx, id)?;
        let entry = Entry::new(who, "account.second_factor_reset", Record::new("account", &id, before.email.clone()));
        let was = json!({ "has_second_factor": before.has_second_factor });
        chain.append(tx, entry.changed(was, json!({ "has_second_factor": false })))?;
        let after = find_account(tx.connection(), id)?.ok_or_else(|| Error::not_found("record"))?;
        Ok((after, sessions))
    };
    let (account, sessions) = app.control.write(reset).await?;
    app.announce_ended(sessions);
    Ok(Answer::new(account))
}

/// The account is the only owner who may sign in of so many organizations: nobody in there could make another.
fn is_only_owner(count: i64) -> Error {
    let detail = format!(
        "the account is the only active owner of {count} organizations: make somebody else an owner there first, or \
         send is_forced"
    );
    Error::new(Code::LastOwner, detail)
}

impl AppInner {
    /// Changes what an account is on the appliance, and whether it may sign in.
    pub async fn change_account(
        &self,
        who: Who,
        id: AccountId,
        (staff_role, is_disabled): (Option<Option<StaffRole>>, Option<bool>),
        is_forced: bool,
    ) -> Result<AdminAccount> {
        let chain = self.audit.clone();
        let update = move |tx: &Tx<'_>| -> Result<(AdminAccount, Vec<SessionId>)> {
            let before = find_account(tx.connection(), id)?.ok_or_else(|| Error::not_found("record"))?;
            let staff_role = staff_role.unwrap_or(before.staff_role);
            let is_disabled = is_disabled.unwrap_or(before.is_disabled);
            let was_administrator = before.staff_role == Some(StaffRole::Admin) && !before.is_disabled;
            let is_administrator = staff_role == Some(StaffRole::Admin) && !is_disabled;
            if was_administrator && !is_administrator && !has_other_administrator(tx.connection(), id)? {
                return Err(Error::new(Code::Conflict, "the last administrator of the appliance must remain one"));
            }
            if (staff_role, is_disabled) == (before.staff_role, before.is_disabled) {
                return Ok((before, Vec::new()));
            }
            let is_newly_disabled = is_disabled && !before.is_disabled;
            let owned_alone = if is_newly_disabled { count_owned_alone(tx.connection(), id)? } else { 0 };
            if owned_alone > 0 && !is_forced {
                return Err(is_only_owner(owned_alone));
            }
            update_account(tx, id, (staff_role, is_disabled))?;
            let sessions = if is_disabled { revoke_sessions(tx, id)? } else { Vec::new() };
            let action = match (before.is_disabled, is_disabled) {
                (false, true) => "account.disabled",
                (true, false) => "account.enabled",
                _ => "account.staff_role_changed",
            };
            let entry = Entry::new(who, action, Record::new("account", &id, before.email.clone()));
            let was = json!({ "staff_role": before.staff_role, "is_disabled": before.is_disabled });
            let mut is = json!({ "staff_role": staff_role, "is_disabled": is_disabled });
            // Said only where it was refused otherwise.
            if owned_alone > 0
                && let Some(values) = is.as_object_mut()
            {
                values.insert("is_forced".to_owned(), json!(true));
            }
            chain.append(tx, entry.changed(was, is))?;
            Ok((AdminAccount { staff_role, is_disabled, ..before }, sessions))
        };
        let (account, sessions) = self.control.write(update).await?;
        self.announce_ended(sessions);
        Ok(account)
    }
}
