//! The shapes of invitations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::account::permission::Role;
use crate::error::{Error, Result};
use crate::id::{AccountId, InvitationId, RoleId};

/// Most invitations of an organization that nobody has taken up yet.
pub const MOST_INVITATIONS: i64 = 200;
/// How long an invitation stands if nothing else is said, and at most, in days.
pub const DEFAULT_DAYS: i64 = 7;
const MOST_DAYS: i64 = 90;

/// Who sent an invitation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Inviter {
    /// The account.
    pub id: AccountId,
    /// Its address.
    pub email: String,
}

/// An invitation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// Whose address it is bound to; `null`: whoever has the link.
    pub email: Option<String>,
    /// What they become.
    pub role: Role,
    /// Which of the organization's own roles.
    pub role_id: Option<RoleId>,
    /// Its name.
    pub role_name: Option<String>,
    /// Who sent it; `null` if that account is gone.
    pub invited_by: Option<Inviter>,
    /// When it was sent, UTC milliseconds.
    pub created_at_ms: i64,
    /// When it ends, UTC milliseconds.
    pub expires_at_ms: i64,
    /// When it was taken up, UTC milliseconds.
    pub accepted_at_ms: Option<i64>,
}

/// An invitation with its link, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitationWithLink {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: InvitationRow,
    /// Where the invited person goes.
    pub link: String,
    /// What the link carries behind its `#`.
    pub token: String,
}

/// An invitation to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Whose address it is bound to; absent: whoever has the link.
    pub email: Option<String>,
    /// What they become.
    pub role: Role,
    /// Which role of the organization's own, if `role` is `custom`.
    pub role_id: Option<RoleId>,
    /// How long it stands, 1 to 90 days; 7 if absent.
    pub expires_days: Option<i64>,
}

/// A member to invite by mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// Their address.
    pub email: String,
    /// What they become.
    pub role: Role,
    /// Which role of the organization's own, if `role` is `custom`.
    pub role_id: Option<RoleId>,
    /// How long the invitation stands, 1 to 90 days; 7 if absent.
    pub expires_days: Option<i64>,
}

impl From<NewMember> for NewInvitation {
    fn from(member: NewMember) -> Self {
        let NewMember { email, role, role_id, expires_days } = member;
        Self { email: Some(email), role, role_id, expires_days }
    }
}

/// The token of an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationToken {
    /// What follows the `#` of the link.
    pub token: String,
}

/// An invitation as the invited person sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownInvitation {
    /// Where it leads.
    pub organization_name: String,
    /// Whose address it is bound to; `null`: whoever has the link.
    pub email: Option<String>,
    /// What they become.
    pub role: Role,
    /// The name of a role of the organization's own.
    pub role_name: Option<String>,
    /// When it ends, UTC milliseconds.
    pub expires_at_ms: i64,
    /// Whether that address has an account; `null` if it is bound to none, or the link did not come by mail.
    pub has_account: Option<bool>,
}

/// Checks how long an invitation is to stand.
pub fn parse_days(days: Option<i64>) -> Result<i64> {
    match days {
        None => Ok(DEFAULT_DAYS),
        Some(days) if (1..=MOST_DAYS).contains(&days) => Ok(days),
        Some(_) => Err(Error::invalid_field("expires_days", "an invitation stands 1 to 90 days")),
    }
}
