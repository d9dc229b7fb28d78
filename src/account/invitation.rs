//! Accepting an invitation: the one place that turns one into a membership.
//!
//! An invitation is bound to an address or is for whoever has its link. It is good once.

use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::permission::Role;
use super::store;
use crate::audit::{Entry, Record, Who, delivery};
use crate::error::{Code, Error, Result};
use crate::id::{AccountId, InvitationId, OrganizationId, RoleId};
use crate::store::{Error as StoreError, Tx};

/// An invitation that can be accepted.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Into which organization.
    pub organization_id: OrganizationId,
    /// The address it is bound to; empty if it is for whoever has the link.
    pub email: String,
    /// As what.
    pub role: Role,
    /// The custom role.
    pub role_id: Option<RoleId>,
}

/// The invitation with a token's hash, if it can be accepted now.
pub fn find(
    connection: &Connection,
    token_hash: [u8; 32],
    now_ms: i64,
) -> std::result::Result<Option<Invitation>, StoreError> {
    let sql = "SELECT i.id, i.organization_id, i.email, i.role, i.role_id FROM invitation i
               JOIN organization o ON o.id = i.organization_id AND o.delete_after_ms IS NULL
               WHERE i.token_hash = ?1 AND i.accepted_at_ms IS NULL AND i.expires_at_ms > ?2";
    let found = connection
        .prepare_cached(sql)?
        .query_row((token_hash, now_ms), |row| {
            let role: String = row.get(3)?;
            Ok(Invitation {
                id: row.get(0)?,
                organization_id: row.get(1)?,
                email: row.get(2)?,
                // The schema allows no other word; the least right is the safe reading.
                role: Role::parse(&role).unwrap_or(Role::Viewer),
                role_id: row.get(4)?,
            })
        })
        .optional()?;
    Ok(found)
}

/// What someone is told whose invitation cannot be accepted.
pub fn ended() -> Error {
    Error::invalid_field("invitation_token", "this invitation was used already, withdrawn or has ended")
}

/// Makes an account a member by its invitation; the caller then calls [`crate::app::AppInner::wake_audit`].
pub fn accept(tx: &Tx<'_>, account_id: AccountId, who: Who, token_hash: [u8; 32]) -> Result<OrganizationId> {
    let invitation = find(tx.connection(), token_hash, tx.now_ms())?.ok_or_else(ended)?;
    let sql = "SELECT email, EXISTS (SELECT 1 FROM membership WHERE account_id = ?1 AND organization_id = ?2)
               FROM account WHERE id = ?1";
    let (email, is_member): (String, bool) = tx
        .connection()
        .query_row(sql, (account_id, invitation.organization_id), |row| Ok((row.get(0)?, row.get(1)?)))?;
    if !invitation.email.is_empty() && invitation.email != email {
        return Err(Error::new(Code::Forbidden, "this invitation is for another e-mail address"));
    }
    if is_member {
        return Err(Error::new(Code::Conflict, "you are a member of this organization already"));
    }
    let (organization_id, role) = (invitation.organization_id, (invitation.role, invitation.role_id));
    store::create_membership(tx, account_id, organization_id, role)?;
    tx.connection().execute(
        "UPDATE invitation SET accepted_at_ms = ?2, accepted_by = ?3 WHERE id = ?1",
        (invitation.id, tx.now_ms(), account_id),
    )?;
    let entry = Entry::new(who, "member.joined", Record::new("member", &account_id, email));
    let after = json!({ "role": invitation.role, "role_id": invitation.role_id, "invitation_id": invitation.id });
    delivery::defer(tx, organization_id, entry.changed(json!({}), after))?;
    Ok(organization_id)
}
