//! The shapes of organizations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::account::permission::{PermissionSet, Role};
use crate::error::{Error, Result};
use crate::id::OrganizationId;

/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 200;

/// An organization in the list of those an account belongs to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What the caller is in it.
    pub role: Role,
    /// The name of a role of the organization's own.
    pub role_name: Option<String>,
    /// How many members it has.
    pub members: i64,
    /// Whether the caller works in it now.
    pub is_current: bool,
    /// When it is gone, UTC milliseconds; `null` unless it is being deleted.
    pub delete_after_ms: Option<i64>,
}

/// One organization, with what the caller may do in it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganizationDetails {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Whether everyone in it needs a second factor.
    pub is_second_factor_required: bool,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
    /// When it is gone, UTC milliseconds; `null` unless it is being deleted.
    pub delete_after_ms: Option<i64>,
    /// For how many days a deletion can be taken back on this appliance.
    pub delete_grace_days: i64,
    /// What the caller is in it; `null` for staff of the appliance who are no members.
    pub role: Option<Role>,
    /// The name of a role of the organization's own.
    pub role_name: Option<String>,
    /// What the caller may do in it.
    #[schema(value_type = Vec<crate::account::permission::Permission>)]
    pub permissions: PermissionSet,
}

/// An organization as its row has it.
#[derive(Clone, Debug)]
pub struct StoredOrganization {
    /// Its name.
    pub name: String,
    /// Whether everyone in it needs a second factor.
    pub is_second_factor_required: bool,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
    /// When it is gone, UTC milliseconds.
    pub delete_after_ms: Option<i64>,
}

/// An organization to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    /// Its name, 1 to 200 characters.
    pub name: String,
}

/// What may change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationChange {
    /// Its name, 1 to 200 characters.
    pub name: Option<String>,
    /// Whether everyone in it needs a second factor.
    pub is_second_factor_required: Option<bool>,
}

/// What deleting asks for, so that nobody deletes the wrong one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletionRequest {
    /// The organization's name, as it is.
    pub name: String,
    /// Deletes at once what nobody can take back then, also an organization that is being deleted already: for
    /// administrators of the appliance.
    #[serde(default)]
    pub is_forced: bool,
}

/// A deletion that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deletion {
    /// Until when it can be taken back, UTC milliseconds; now, if it was forced.
    pub delete_after_ms: i64,
}

/// Checks a name.
pub fn parse_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(Error::invalid_field("name", "a name has 1 to 200 characters"));
    }
    Ok(name.to_owned())
}
