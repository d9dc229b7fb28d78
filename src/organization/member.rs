//! Members: who belongs to an organization, as what, and the rules that hold whoever asks.
//!
//! An owner always remains. Nobody gives or takes a right they do not have: the caller's permissions cover what the
//! member has and what the member gets. Who is removed loses everything at once: sessions that worked in the
//! organization, API keys, invitations they sent.

pub mod api;
pub mod model;
mod store;

use uuid::Uuid;

use crate::account::permission::{Permission, Role, StaffRole};
use crate::account::standing::{self, Standing};
use crate::audit::{Entry, Record, delivery};
use crate::error::{Code, Error, Result};
use crate::id::{AccountId, OrganizationId};
use crate::store::Tx;
use model::{Member, StoredMember};

/// Makes an account the owner of an organization that was just made.
pub(super) fn join(tx: &Tx<'_>, account_id: AccountId, id: OrganizationId) -> Result<()> {
    Ok(store::create(tx, account_id, id, Role::Owner)?)
}

/// A member, looked up inside the transaction that changes something about them.
pub(super) fn find(tx: &Tx<'_>, id: OrganizationId, account_id: AccountId) -> Result<StoredMember> {
    store::find(tx.connection(), id, account_id)?.ok_or_else(|| Error::not_found("record"))
}

/// Whether someone with this address is a member.
pub(super) fn is_member(tx: &Tx<'_>, id: OrganizationId, email: &str) -> Result<bool> {
    Ok(store::is_member(tx.connection(), id, email)?)
}

/// Takes a member out of an organization; answers the sessions and keys whose feeds must look again.
pub(super) fn remove(
    tx: &Tx<'_>,
    id: OrganizationId,
    member: &StoredMember,
    entry: impl FnOnce(Record) -> Entry,
) -> Result<Vec<Uuid>> {
    let account_id = member.member.account_id;
    let feeds = standing::list_in_organization(tx.connection(), id, Some(account_id))?;
    let taken = store::delete(tx, id, account_id)?;
    check_owner_remains(tx, id, &member.member)?;
    let after = serde_json::json!({
        "api_keys_revoked": taken.api_keys, "invitations_revoked": taken.invitations, "sessions_ended": taken.sessions,
    });
    let record = Record::new("member", &account_id, member.member.email.clone());
    delivery::defer(tx, id, entry(record).changed(member.member.role_json(), after))?;
    Ok(feeds)
}

/// Refuses a change that took the last owner, after it was made: whatever happened at the same time is in the same
/// writer's transactions before or after this one.
pub(super) fn check_owner_remains(tx: &Tx<'_>, id: OrganizationId, before: &Member) -> Result<()> {
    if before.role == Role::Owner && !store::has_owner(tx.connection(), id)? {
        let detail = "an organization needs an owner: make someone else an owner first";
        return Err(Error::new(Code::LastOwner, detail));
    }
    Ok(())
}

/// Refuses to reset a member's second factor unless that concerns nobody but the caller's own organizations.
///
/// An account is one for all its organizations: an owner of one must not take a lock off the doors of the others. So it
/// is allowed only if the caller has `organization.own` in every organization the member belongs to; never for the staff
/// of the appliance, whose rights reach everywhere; and never for oneself, because the profile asks for a password.
pub(super) fn check_may_reset(tx: &Tx<'_>, actor: &Standing, member: &StoredMember) -> Result<()> {
    let refuse = |detail: &'static str| Err(Error::new(Code::Forbidden, detail));
    let is_administrator = actor.me.staff_role == Some(StaffRole::Admin);
    if member.member.account_id == actor.me.account.id {
        return refuse("change your own second factor in your profile");
    }
    if member.is_staff {
        return refuse("the staff of the appliance is looked after by its administrators");
    }
    for organization_id in store::list_organizations(tx.connection(), member.member.account_id)? {
        let there = standing::find_in_organization(tx.connection(), actor, organization_id)?;
        let is_own = there.is_some_and(|there| there.me.permissions.has(Permission::OrganizationOwn));
        if !is_own && !is_administrator {
            return refuse(
                "this member belongs to organizations that are not yours: an administrator of the appliance can do it",
            );
        }
    }
    Ok(())
}
