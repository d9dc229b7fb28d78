//! Routes of members.

use axum::extract::State;
use serde_json::{Value, json};

use super::model::{Member, MemberChange};
use super::{check_may_reset, check_owner_remains, find, remove, store};
use crate::account::factor::reset_second_factor;
use crate::account::permission::Permission;
use crate::account::standing;
use crate::app::App;
use crate::audit::{Entry, Record, delivery};
use crate::error::{Error, Result};
use crate::http::access::{Identity, check_covers};
use crate::http::extract::{Body, Id, SubId};
use crate::http::respond::{Answer, Page};
use crate::id::{AccountId, OrganizationId};
use crate::organization::role;

/// The members, at most 1,000, by address.
#[utoipa::path(get, path = "/api/v1/organizations/{id}/members", tag = "members", params(("id" = String, Path)), responses((status = 200, body = Page<Member>)), security(("session" = [])))]
pub async fn list_members(State(app): State<App>, Id(id): Id<OrganizationId>) -> Result<Page<Member>> {
    Ok(Page::whole(app.control.read(move |connection| store::list(connection, id)).await?))
}

/// Gives a member another role; it counts from the member's next request on.
#[utoipa::path(patch, path = "/api/v1/organizations/{id}/members/{account_id}", tag = "members", params(("id" = String, Path), ("account_id" = String, Path)), request_body = MemberChange, responses((status = 200, body = Answer<Member>), (status = 403, description = "the member has, or would get, rights the caller lacks"), (status = 409, description = "the last owner stays one")), security(("session" = [])))]
pub async fn update_member(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    SubId(account_id): SubId<AccountId>,
    Body(change): Body<MemberChange>,
) -> Result<Answer<Member>> {
    let (member, feeds) = app
        .control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::MembersManage)?;
            let before = find(tx, id, account_id)?;
            let role = role::resolve(tx, id, (change.role, change.role_id))?;
            check_covers(&actor, before.permissions.union(role.permissions))?;
            store::update(tx, id, account_id, &role)?;
            check_owner_remains(tx, id, &before.member)?;
            let member = find(tx, id, account_id)?.member;
            let record = Record::new("member", &account_id, member.email.clone());
            let entry = Entry::new(identity.who(), "member.role_changed", record);
            delivery::defer(tx, id, entry.changed(before.member.role_json(), member.role_json()))?;
            Ok::<_, Error>((member, standing::list_in_organization(tx.connection(), id, Some(account_id))?))
        })
        .await?;
    app.wake_audit();
    app.announce_changed(feeds);
    Ok(Answer::new(member))
}

/// Removes a member: what they had open in the organization ends, their API keys stop.
#[utoipa::path(delete, path = "/api/v1/organizations/{id}/members/{account_id}", tag = "members", params(("id" = String, Path), ("account_id" = String, Path)), responses((status = 200), (status = 403, description = "the member has rights the caller lacks"), (status = 409, description = "the last owner stays")), security(("session" = [])))]
pub async fn delete_member(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    SubId(account_id): SubId<AccountId>,
) -> Result<Answer<Value>> {
    let feeds = app
        .control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::MembersManage)?;
            let member = find(tx, id, account_id)?;
            check_covers(&actor, member.permissions)?;
            remove(tx, id, &member, |record| Entry::new(identity.who(), "member.removed", record))
        })
        .await?;
    app.wake_audit();
    app.announce_changed(feeds);
    Ok(Answer::new(json!({})))
}

/// Takes a member's second factor off, for someone who lost it; their sessions end.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/members/{account_id}/reset-second-factor", tag = "members", params(("id" = String, Path), ("account_id" = String, Path)), responses((status = 200), (status = 403, description = "the member belongs to organizations that are not the caller's, or to the appliance's staff")), security(("session" = [])))]
pub async fn reset_member_second_factor(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    SubId(account_id): SubId<AccountId>,
) -> Result<Answer<Value>> {
    let chain = app.audit.clone();
    let sessions = app
        .control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::OrganizationOwn)?;
            let member = find(tx, id, account_id)?;
            check_may_reset(tx, &actor, &member)?;
            let sessions = reset_second_factor(tx, account_id)?;
            let entry = |kind: &str, action: &str| {
                let record = Record::new(kind, &account_id, member.member.email.clone());
                let had = json!({ "has_second_factor": member.member.has_second_factor });
                Entry::new(identity.who(), action, record).changed(had, json!({ "has_second_factor": false }))
            };
            delivery::defer(tx, id, entry("member", "member.second_factor_reset"))?;
            chain.append(tx, entry("account", "account.second_factor_reset"))?;
            Ok::<_, Error>(sessions)
        })
        .await?;
    app.wake_audit();
    app.announce_changed(sessions.into_iter().map(crate::id::SessionId::uuid));
    Ok(Answer::new(json!({})))
}
