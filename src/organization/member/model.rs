//! The shapes of members.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::account::permission::{PermissionSet, Role};
use crate::id::{AccountId, RoleId};

/// A member of an organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    /// The account.
    pub account_id: AccountId,
    /// Sign-in address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// When the picture was uploaded, UTC milliseconds; `null` if there is none.
    pub avatar_at_ms: Option<i64>,
    /// What the account is in the organization.
    pub role: Role,
    /// The role of the organization's own.
    pub role_id: Option<RoleId>,
    /// Its name.
    pub role_name: Option<String>,
    /// Whether the account has a second factor.
    pub has_second_factor: bool,
    /// When the account last signed in, UTC milliseconds; `null`: never.
    pub last_sign_in_at_ms: Option<i64>,
    /// When it became a member, UTC milliseconds.
    pub created_at_ms: i64,
}

impl Member {
    /// The role for the audit log.
    pub fn role_json(&self) -> Value {
        role_json(self.role, self.role_name.as_deref())
    }
}

/// A role for the audit log.
pub fn role_json(role: Role, role_name: Option<&str>) -> Value {
    match role_name {
        Some(role_name) => json!({ "role": role, "role_name": role_name }),
        None => json!({ "role": role }),
    }
}

/// A member with what only the rules need to know.
#[derive(Clone, Debug)]
pub struct StoredMember {
    /// What everyone sees.
    pub member: Member,
    /// What the role allows.
    pub permissions: PermissionSet,
    /// Whether the account is of the appliance's staff.
    pub is_staff: bool,
}

/// The role a member gets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    /// What the member becomes.
    pub role: Role,
    /// Which role of the organization's own, if `role` is `custom`.
    pub role_id: Option<RoleId>,
}
