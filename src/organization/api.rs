//! Routes of organizations themselves: which there are for the caller, making, changing, entering, leaving, deleting.

use axum::extract::State;
use serde_json::{Value, json};

use super::member;
use super::model::{
    Deletion, DeletionRequest, NewOrganization, Organization, OrganizationChange, OrganizationDetails, parse_name,
};
use super::store;
use crate::account::factor::list_methods;
use crate::account::invitation::MOST_ORGANIZATIONS;
use crate::account::model::Session;
use crate::account::permission::{Permission, StaffRole};
use crate::account::session::move_session;
use crate::account::standing::{self, Standing};
use crate::app::App;
use crate::audit::{Entry, Record, delivery};
use crate::clock::DAY_MS;
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::http::extract::{Body, Id};
use crate::http::respond::{Answer, Page};
use crate::id::OrganizationId;
use crate::settings::{Registration, find_registration};
use crate::store::Tx;

/// The organizations the caller is a member of, at most 200. An API key sees its own only.
#[utoipa::path(get, path = "/api/v1/organizations", tag = "organizations", responses((status = 200, body = Page<Organization>)), security(("session" = [])))]
pub async fn list_organizations(State(app): State<App>, identity: Identity) -> Result<Page<Organization>> {
    let account_id = identity.standing.me.account.id;
    let current = identity.standing.me.organization.as_ref().map(|organization| organization.id);
    let mut rows = app.control.read(move |connection| store::list_of_account(connection, account_id, current)).await?;
    if identity.standing.session_id().is_none() {
        rows.retain(|organization| organization.is_current);
    }
    Ok(Page::whole(rows))
}

/// Makes an organization, which the caller then owns. For everybody while registration is open; else for those who own
/// one already and for administrators of the appliance.
#[utoipa::path(post, path = "/api/v1/organizations", tag = "organizations", request_body = NewOrganization, responses((status = 200, body = Answer<OrganizationDetails>), (status = 403, description = "not on this appliance")), security(("session" = [])))]
pub async fn create_organization(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<NewOrganization>,
) -> Result<Answer<OrganizationDetails>> {
    let name = parse_name(&request.name)?;
    let (chain, grace_days) = (app.audit.clone(), app.config.delete_grace_days);
    let details = app
        .control
        .write(move |tx| {
            check_may_create(tx, &identity)?;
            let id = store::create(tx, &name)?;
            member::join(tx, identity.standing.me.account.id, id)?;
            let entry = entry(&identity, "organization.created", id, &name).changed(json!({}), json!({ "name": name }));
            chain.append(tx, entry.clone())?;
            delivery::defer(tx, id, entry)?;
            let standing = standing::find_in_organization(tx.connection(), &identity.standing, id)?;
            find_details(tx.connection(), &standing.ok_or_else(|| Error::not_found("record"))?, (id, grace_days))
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(details))
}

fn check_may_create(tx: &Tx<'_>, identity: &Identity) -> Result<()> {
    let (memberships, is_owner) = store::count_of_account(tx.connection(), identity.standing.me.account.id)?;
    let is_administrator = identity.standing.me.staff_role == Some(StaffRole::Admin);
    if !(is_owner || is_administrator || find_registration(tx.connection())? == Registration::Open) {
        let detail = "on this appliance organizations are made by its administrators: ask one of them";
        return Err(Error::new(Code::Forbidden, detail));
    }
    if memberships >= MOST_ORGANIZATIONS {
        return Err(Error::new(Code::Conflict, "an account is a member of at most 200 organizations"));
    }
    Ok(())
}

/// One organization. Every member may see it, whatever their role and without the second factor it asks for: nothing here
/// is about the others.
#[utoipa::path(get, path = "/api/v1/organizations/{id}", tag = "organizations", params(("id" = String, Path)), responses((status = 200, body = Answer<OrganizationDetails>)), security(("session" = [])))]
pub async fn find_organization(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
) -> Result<Answer<OrganizationDetails>> {
    let grace_days = app.config.delete_grace_days;
    let read = move |connection: &rusqlite::Connection| find_details(connection, &identity.standing, (id, grace_days));
    Ok(Answer::new(app.control.read(read).await?))
}

/// The organization as the caller sees it, who stands in it.
fn find_details(
    connection: &rusqlite::Connection,
    standing: &Standing,
    (id, delete_grace_days): (OrganizationId, i64),
) -> Result<OrganizationDetails> {
    let stored = store::find_stored(connection, id)?.ok_or_else(|| Error::not_found("record"))?;
    let here = standing.me.organization.clone();
    Ok(OrganizationDetails {
        id,
        name: stored.name,
        is_second_factor_required: stored.is_second_factor_required,
        created_at_ms: stored.created_at_ms,
        delete_after_ms: stored.delete_after_ms,
        delete_grace_days,
        role: here.as_ref().and_then(|organization| organization.role),
        role_name: here.and_then(|organization| organization.role_name),
        permissions: standing.me.permissions,
    })
}

/// Renames an organization, or changes whether everyone in it needs a second factor.
#[utoipa::path(patch, path = "/api/v1/organizations/{id}", tag = "organizations", params(("id" = String, Path)), request_body = OrganizationChange, responses((status = 200, body = Answer<OrganizationDetails>), (status = 409, description = "the caller has no second factor to ask the others for one")), security(("session" = [])))]
pub async fn update_organization(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    Body(request): Body<OrganizationChange>,
) -> Result<Answer<OrganizationDetails>> {
    let name = request.name.as_deref().map(parse_name).transpose()?;
    let (is_required, grace_days) = (request.is_second_factor_required, app.config.delete_grace_days);
    let (details, feeds) = app
        .control
        .write(move |tx| {
            let standing = identity.check_again(tx, id, Permission::OrganizationManage)?;
            let before = store::find_stored(tx.connection(), id)?.ok_or_else(|| Error::not_found("record"))?;
            store::update(tx, id, (name.as_deref(), is_required))?;
            if let Some(name) = name.filter(|name| *name != before.name) {
                let renamed = entry(&identity, "organization.renamed", id, &name);
                delivery::defer(tx, id, renamed.changed(json!({ "name": before.name }), json!({ "name": name })))?;
            }
            if let Some(after) = is_required.filter(|after| *after != before.is_second_factor_required) {
                check_own_factor(tx, &identity, after)?;
                let rule = |is_required: bool| -> Value { json!({ "is_second_factor_required": is_required }) };
                let changed = entry(&identity, "organization.rule_changed", id, &before.name);
                delivery::defer(tx, id, changed.changed(rule(before.is_second_factor_required), rule(after)))?;
            }
            let feeds = standing::list_in_organization(tx.connection(), id, None)?;
            Ok::<_, Error>((find_details(tx.connection(), &standing, (id, grace_days))?, feeds))
        })
        .await?;
    app.wake_audit();
    app.announce_changed(feeds);
    Ok(Answer::new(details))
}

/// Who asks the others for a second factor without having one would be the first to be locked out.
fn check_own_factor(tx: &Tx<'_>, identity: &Identity, is_required: bool) -> Result<()> {
    if is_required && list_methods(tx.connection(), identity.standing.me.account.id)?.is_empty() {
        return Err(Error::new(Code::Conflict, "set up a second factor of your own first"));
    }
    Ok(())
}

/// Begins to delete an organization: nobody can work in it any more, an owner can take it back for a while, then it is
/// gone with everything it holds. Administrators of the appliance can leave that while out.
#[utoipa::path(delete, path = "/api/v1/organizations/{id}", tag = "organizations", params(("id" = String, Path)), request_body = DeletionRequest, responses((status = 200, body = Answer<Deletion>), (status = 403, description = "is_forced is for administrators of the appliance"), (status = 409, description = "it is being deleted already")), security(("session" = [])))]
pub async fn delete_organization(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    Body(request): Body<DeletionRequest>,
) -> Result<Answer<Deletion>> {
    let grace_ms = if request.is_forced { 0 } else { app.config.delete_grace_days.saturating_mul(DAY_MS) };
    let chain = app.audit.clone();
    let (delete_after_ms, feeds) = app
        .control
        .write(move |tx| {
            let standing = identity.check_again(tx, id, Permission::OrganizationOwn)?;
            let stored = store::find_stored(tx.connection(), id)?.ok_or_else(|| Error::not_found("record"))?;
            check_deletion(&standing, &stored.name, &request)?;
            let feeds = standing::list_in_organization(tx.connection(), id, None)?;
            let delete_after_ms = tx.now_ms().saturating_add(grace_ms);
            store::set_delete_after(tx, id, Some(delete_after_ms))?;
            let mut after = json!({ "delete_after_ms": delete_after_ms });
            if let (true, Some(fields)) = (request.is_forced, after.as_object_mut()) {
                fields.insert("is_forced".to_owned(), json!(true));
            }
            let before =
                stored.delete_after_ms.map_or_else(|| json!({}), |end_ms| json!({ "delete_after_ms": end_ms }));
            let entry = entry(&identity, "organization.deleted", id, &stored.name).changed(before, after);
            chain.append(tx, entry.clone())?;
            delivery::defer(tx, id, entry)?;
            Ok::<_, Error>((delete_after_ms, feeds))
        })
        .await?;
    app.wake_audit();
    app.announce_changed(feeds);
    app.remover.wake();
    Ok(Answer::new(Deletion { delete_after_ms }))
}

fn check_deletion(standing: &Standing, name: &str, request: &DeletionRequest) -> Result<()> {
    if request.name.trim() != name {
        return Err(Error::invalid_field("name", "this is not the name of the organization"));
    }
    let is_administrator = standing.me.staff_role == Some(StaffRole::Admin) && standing.session_id().is_some();
    if request.is_forced && !is_administrator {
        let detail = "is_forced is for administrators of the appliance: without it an owner can take the deletion back";
        return Err(Error::new(Code::Forbidden, detail));
    }
    if standing.is_organization_ending && !request.is_forced {
        return Err(Error::new(Code::Conflict, "this organization is being deleted already"));
    }
    Ok(())
}

/// Takes the deletion of an organization back.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/restore", tag = "organizations", params(("id" = String, Path)), responses((status = 200, body = Answer<OrganizationDetails>), (status = 409, description = "it is not being deleted, or it is too late")), security(("session" = [])))]
pub async fn restore_organization(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
) -> Result<Answer<OrganizationDetails>> {
    let (chain, grace_days) = (app.audit.clone(), app.config.delete_grace_days);
    let details = app
        .control
        .write(move |tx| {
            let standing = identity.check_again(tx, id, Permission::OrganizationOwn)?;
            let stored = store::find_stored(tx.connection(), id)?.ok_or_else(|| Error::not_found("record"))?;
            match stored.delete_after_ms {
                None => return Err(Error::new(Code::Conflict, "this organization is not being deleted")),
                Some(end_ms) if end_ms <= tx.now_ms() => {
                    return Err(Error::new(Code::Conflict, "it is too late: this organization is gone"));
                }
                Some(_) => store::set_delete_after(tx, id, None)?,
            }
            let entry = entry(&identity, "organization.restored", id, &stored.name)
                .changed(json!({ "delete_after_ms": stored.delete_after_ms }), json!({}));
            chain.append(tx, entry.clone())?;
            delivery::defer(tx, id, entry)?;
            find_details(tx.connection(), &standing, (id, grace_days))
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(details))
}

/// Goes on working in another organization: the session moves, its live feeds end.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/switch", tag = "organizations", params(("id" = String, Path)), responses((status = 200, body = Answer<Session>)), security(("session" = [])))]
pub async fn switch_organization(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
) -> Result<Answer<Session>> {
    let session_id = identity.session_id()?;
    app.control
        .write(move |tx| {
            let found = standing::find_again(tx.connection(), &identity.standing, id, tx.now_ms())?;
            let standing = found.ok_or_else(|| Error::not_found("record"))?;
            if standing.is_organization_ending {
                return Err(Error::new(Code::Conflict, "this organization is being deleted"));
            }
            if standing.is_guest() {
                let name = standing.me.organization.map_or_else(String::new, |organization| organization.name);
                delivery::defer(tx, id, entry(&identity, "staff.entered", id, &name))?;
            }
            Ok(move_session(tx, session_id, id)?)
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(app.reissue_session(session_id).await?))
}

/// Leaves an organization. Every member can, whatever their role and without the second factor it asks for; only its last
/// owner cannot.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/leave", tag = "organizations", params(("id" = String, Path)), responses((status = 200), (status = 409, description = "the last owner stays")), security(("session" = [])))]
pub async fn leave_organization(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
) -> Result<Answer<Value>> {
    let account_id = identity.standing.me.account.id;
    let feeds = app
        .control
        .write(move |tx| {
            let found = standing::find_again(tx.connection(), &identity.standing, id, tx.now_ms())?;
            let standing = found.ok_or_else(|| Error::not_found("record"))?;
            if standing.is_guest() {
                return Err(Error::new(Code::Forbidden, "only a member can leave"));
            }
            if standing.is_organization_ending {
                return Err(Error::new(Code::Conflict, "this organization is being deleted"));
            }
            let member = member::find(tx, id, account_id)?;
            member::remove(tx, id, &member, |record| Entry::new(identity.who(), "member.left", record))
        })
        .await?;
    app.wake_audit();
    app.announce_changed(feeds);
    Ok(Answer::new(json!({})))
}

/// An entry about the organization itself.
fn entry(identity: &Identity, action: &str, id: OrganizationId, name: &str) -> Entry {
    Entry::new(identity.who(), action, Record::new("organization", &id, name))
}
