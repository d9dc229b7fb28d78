//! Roles: the four every organization has, and those it makes for itself from named permissions.
//!
//! A role is made and changed only by someone who has every right in it, before and after; a change counts from the next
//! request of everyone who has the role. Rights over the appliance are in no role.

pub mod api;
pub mod model;
mod store;

use crate::account::permission::{PermissionSet, Role};
use crate::error::{Error, Result};
use crate::id::{OrganizationId, RoleId};
use crate::store::Tx;

/// A role that somebody is to get.
#[derive(Clone, Debug)]
pub struct ResolvedRole {
    /// Which.
    pub role: Role,
    /// Which of the organization's own.
    pub role_id: Option<RoleId>,
    /// Its name.
    pub role_name: Option<String>,
    /// What it allows.
    pub permissions: PermissionSet,
}

/// The role a request names, in the organization it is meant for.
pub(super) fn resolve(
    tx: &Tx<'_>,
    organization_id: OrganizationId,
    (role, role_id): (Role, Option<RoleId>),
) -> Result<ResolvedRole> {
    match (role, role_id) {
        (Role::Custom, None) => Err(Error::invalid_field("role_id", "say which of the organization's roles")),
        (Role::Custom, Some(role_id)) => {
            let found = store::find(tx.connection(), organization_id, role_id)?;
            let found = found.ok_or_else(|| Error::invalid_field("role_id", "there is no such role"))?;
            Ok(ResolvedRole {
                role,
                role_id: Some(role_id),
                role_name: Some(found.name),
                permissions: found.permissions,
            })
        }
        (_, Some(_)) => Err(Error::invalid_field("role_id", "only a custom role has an id")),
        (role, None) => Ok(ResolvedRole { role, role_id: None, role_name: None, permissions: role.permissions() }),
    }
}
