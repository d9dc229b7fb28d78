//! Routes of roles and permissions.

use axum::extract::State;
use serde_json::{Value, json};

use super::model::{
    MOST_ROLES, NewRole, PermissionRow, RoleChange, RoleRow, StoredRole, parse_name, parse_role_permissions,
};
use super::store;
use crate::account::permission::{Permission, Role};
use crate::account::standing;
use crate::app::App;
use crate::audit::{Entry, Record, delivery};
use crate::error::{Code, Error, Result};
use crate::http::access::{Identity, check_covers};
use crate::http::extract::{Body, Id, SubId};
use crate::http::respond::{Answer, Page};
use crate::id::{OrganizationId, RoleId};
use crate::store::Tx;

/// Every permission, in reading order.
#[utoipa::path(get, path = "/api/v1/permissions", tag = "members", responses((status = 200, body = Page<PermissionRow>)), security(("session" = [])))]
pub async fn list_permissions() -> Page<PermissionRow> {
    let row = |name: Permission| PermissionRow { name, is_of_appliance: name.is_of_appliance() };
    Page::whole(Permission::ALL.into_iter().map(row).collect())
}

/// The roles: the four every organization has, then its own, at most 50, by name.
#[utoipa::path(get, path = "/api/v1/organizations/{id}/roles", tag = "members", params(("id" = String, Path)), responses((status = 200, body = Page<RoleRow>)), security(("session" = [])))]
pub async fn list_roles(State(app): State<App>, Id(id): Id<OrganizationId>) -> Result<Page<RoleRow>> {
    Ok(Page::whole(app.control.read(move |connection| store::list(connection, id)).await?))
}

/// Makes a role from permissions the caller has.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/roles", tag = "members", params(("id" = String, Path)), request_body = NewRole, responses((status = 200, body = Answer<RoleRow>), (status = 403, description = "the role would have rights the caller lacks"), (status = 409, description = "the name is taken, or there are 50 already")), security(("session" = [])))]
pub async fn create_role(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    Body(request): Body<NewRole>,
) -> Result<Answer<RoleRow>> {
    let role =
        StoredRole { name: parse_name(&request.name)?, permissions: parse_role_permissions(&request.permissions)? };
    let row = app
        .control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::RolesManage)?;
            check_covers(&actor, role.permissions)?;
            check_name_is_free(tx, id, &role.name, None)?;
            if store::count(tx.connection(), id)? >= MOST_ROLES {
                return Err(Error::new(Code::Conflict, "an organization has at most 50 roles of its own"));
            }
            let role_id = store::create(tx, id, &role)?;
            let entry = entry(&identity, "role.created", role_id, &role.name).changed(json!({}), role.json());
            delivery::defer(tx, id, entry)?;
            let StoredRole { name, permissions } = role;
            Ok(RoleRow { id: Some(role_id), role: Role::Custom, name, permissions, members: 0 })
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(row))
}

/// Changes a role; it counts from the next request of everyone who has it.
#[utoipa::path(patch, path = "/api/v1/organizations/{id}/roles/{role_id}", tag = "members", params(("id" = String, Path), ("role_id" = String, Path)), request_body = RoleChange, responses((status = 200, body = Answer<RoleRow>), (status = 403, description = "the role has, or would have, rights the caller lacks"), (status = 409, description = "the name is taken")), security(("session" = [])))]
pub async fn update_role(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    SubId(role_id): SubId<RoleId>,
    Body(change): Body<RoleChange>,
) -> Result<Answer<RoleRow>> {
    let name = change.name.as_deref().map(parse_name).transpose()?;
    let permissions = change.permissions.as_deref().map(parse_role_permissions).transpose()?;
    let (row, feeds) = app
        .control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::RolesManage)?;
            let before = find(tx, id, role_id)?;
            let after = StoredRole {
                name: name.unwrap_or_else(|| before.name.clone()),
                permissions: permissions.unwrap_or(before.permissions),
            };
            check_covers(&actor, before.permissions.union(after.permissions))?;
            check_name_is_free(tx, id, &after.name, Some(role_id))?;
            store::update(tx, role_id, &after)?;
            let entry = entry(&identity, "role.changed", role_id, &after.name).changed(before.json(), after.json());
            delivery::defer(tx, id, entry)?;
            let row = store::list(tx.connection(), id)?.into_iter().find(|row| row.id == Some(role_id));
            let feeds = standing::list_in_organization(tx.connection(), id, None)?;
            Ok::<_, Error>((row.ok_or_else(|| Error::not_found("record"))?, feeds))
        })
        .await?;
    app.wake_audit();
    app.announce_changed(feeds);
    Ok(Answer::new(row))
}

/// Deletes a role that nobody has and nobody is invited to.
#[utoipa::path(delete, path = "/api/v1/organizations/{id}/roles/{role_id}", tag = "members", params(("id" = String, Path), ("role_id" = String, Path)), responses((status = 200), (status = 409, description = "someone has the role or is invited to it")), security(("session" = [])))]
pub async fn delete_role(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    SubId(role_id): SubId<RoleId>,
) -> Result<Answer<Value>> {
    app.control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::RolesManage)?;
            let role = find(tx, id, role_id)?;
            check_covers(&actor, role.permissions)?;
            if store::count_users(tx.connection(), id, role_id, tx.now_ms())? > 0 {
                let detail = "someone has this role or is invited to it: give them another one first";
                return Err(Error::new(Code::RoleInUse, detail));
            }
            store::delete(tx, role_id)?;
            let entry = entry(&identity, "role.deleted", role_id, &role.name).changed(role.json(), json!({}));
            Ok(delivery::defer(tx, id, entry)?)
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(json!({})))
}

fn find(tx: &Tx<'_>, id: OrganizationId, role_id: RoleId) -> Result<StoredRole> {
    store::find(tx.connection(), id, role_id)?.ok_or_else(|| Error::not_found("record"))
}

fn check_name_is_free(tx: &Tx<'_>, id: OrganizationId, name: &str, own: Option<RoleId>) -> Result<()> {
    let holder = store::find_by_name(tx.connection(), id, name)?;
    if holder.is_some() && holder != own {
        let error = Error::new(Code::Conflict, "a role of this organization has this name already");
        return Err(Error { field: Some("name"), ..error });
    }
    Ok(())
}

fn entry(identity: &Identity, action: &str, role_id: RoleId, name: &str) -> Entry {
    Entry::new(identity.who(), action, Record::new("role", &role_id, name))
}
