//! The shapes of roles.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::account::permission::{Permission, PermissionSet, Role};
use crate::error::{Error, Result};
use crate::id::RoleId;

/// Most roles of an organization's own.
pub const MOST_ROLES: i64 = 50;
/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 60;

/// A role.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RoleRow {
    /// Its id; `null` for those every organization has.
    pub id: Option<RoleId>,
    /// Which of those it is, or `custom`.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// What it allows.
    #[schema(value_type = Vec<Permission>)]
    pub permissions: PermissionSet,
    /// How many members have it.
    pub members: i64,
}

/// A role of the organization's own as it is stored.
#[derive(Clone, Debug)]
pub struct StoredRole {
    /// Its name.
    pub name: String,
    /// What it allows.
    pub permissions: PermissionSet,
}

impl StoredRole {
    /// For the audit log.
    pub fn json(&self) -> Value {
        json!({ "name": self.name, "permissions": self.permissions })
    }
}

/// A role to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// Its name, 1 to 60 characters, which no other role of the organization has.
    pub name: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
}

/// What changes about a role; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// Its name.
    pub name: Option<String>,
    /// What it allows.
    pub permissions: Option<Vec<Permission>>,
}

/// A permission by name.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PermissionRow {
    /// Its name.
    pub name: Permission,
    /// Whether it belongs to the staff of the appliance and so into no role.
    pub is_of_appliance: bool,
}

/// Checks a name; those of the built-in roles would mislead.
pub fn parse_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(Error::invalid_field("name", "a name has 1 to 60 characters"));
    }
    if Role::BUILT_IN.iter().any(|role| role.as_str().eq_ignore_ascii_case(name)) {
        return Err(Error::invalid_field("name", "every organization has a role of this name"));
    }
    Ok(name.to_owned())
}

/// Checks what a role is to allow. `organization.own` is what an owner is: an organization whose last owner left would
/// otherwise have somebody who may do the same and does not count, or every count of owners would have to read the
/// permissions of roles.
pub fn parse_role_permissions(permissions: &[Permission]) -> Result<PermissionSet> {
    if permissions.contains(&Permission::OrganizationOwn) {
        let detail = "organization.own belongs to owners alone: give the member the role owner";
        return Err(Error::invalid_field("permissions", detail));
    }
    parse_permissions(permissions)
}

/// Checks what a role or key is to allow.
pub fn parse_permissions(permissions: &[Permission]) -> Result<PermissionSet> {
    if let Some(permission) = permissions.iter().find(|permission| permission.is_of_appliance()) {
        let detail = format!("{} belongs to the staff of the appliance alone", permission.as_str());
        return Err(Error::invalid_field("permissions", detail));
    }
    Ok(PermissionSet::of(permissions))
}
