//! Routes of API keys.

use axum::extract::State;
use serde_json::{Value, json};

use super::model::{
    ApiKey, ApiKeyWithSecret, MOST_KEYS, NewApiKey, Rotation, parse_name, parse_overlap, random_key, random_prefix,
};
use super::store::{self, NewRow};
use crate::account::permission::Permission;
use crate::account::second_factor::Proof;
use crate::account::token::secret_hash;
use crate::app::App;
use crate::audit::{Entry, Record, delivery};
use crate::error::{Code, Error, Result};
use crate::http::access::{Caller, Identity, check_covers};
use crate::http::extract::{Body, Id};
use crate::http::respond::{Answer, Page};
use crate::id::{ApiKeyId, OrganizationId};
use crate::organization::role::model::parse_permissions;
use crate::store::Tx;

/// The keys: those in force, at most 100, then the latest of those that were revoked.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api_keys", responses((status = 200, body = Page<ApiKey>)), security(("session" = [])))]
pub async fn list_api_keys(State(app): State<App>, caller: Caller) -> Result<Page<ApiKey>> {
    let (id, now_ms) = (caller.organization_id(), app.clock.now_ms());
    Ok(Page::whole(app.control.read(move |connection| store::list(connection, id, now_ms)).await?))
}

/// Makes a key. Its secret is in this answer only. Needs a member who is signed in, and their password or a code.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api_keys", request_body = NewApiKey, responses((status = 200, body = Answer<ApiKeyWithSecret>), (status = 400, description = "a field or the proof is wrong"), (status = 403, description = "the caller is a key, no member, or lacks a right the key would have"), (status = 409, description = "there are 100 keys already")), security(("session" = [])))]
pub async fn create_api_key(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<NewApiKey>,
) -> Result<Answer<ApiKeyWithSecret>> {
    let (id, identity) = (caller.organization_id(), caller.identity());
    identity.session_id()?;
    if identity.standing.is_guest() {
        return Err(Error::new(Code::Forbidden, "a key belongs to a member, whose rights bound it"));
    }
    let name = parse_name(&request.name)?;
    let permissions = parse_permissions(&request.permissions)?;
    if permissions.iter().next().is_none() {
        return Err(Error::invalid_field("permissions", "a key needs at least one permission"));
    }
    check_covers(&identity.standing, permissions)?;
    let proof = Proof { password: request.password, code: request.code };
    app.prove_if_possible(&identity, proof).await?;
    let prefix = random_prefix();
    let key = random_key(&prefix);
    let key_hash = secret_hash(&key);
    let api_key = app
        .control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::ApiKeysManage)?;
            check_covers(&actor, permissions)?;
            if request.expires_at_ms.is_some_and(|end_ms| end_ms <= tx.now_ms()) {
                return Err(Error::invalid_field("expires_at_ms", "a key ends in the future or never"));
            }
            if store::count(tx.connection(), id)? >= MOST_KEYS {
                return Err(Error::new(Code::Conflict, "there are 100 keys: revoke those nobody uses"));
            }
            let (account_id, expires_at_ms) = (actor.me.account.id, request.expires_at_ms);
            let row = NewRow { account_id, name: &name, prefix: &prefix, key_hash, permissions, expires_at_ms };
            let key_id = store::create(tx, id, &row)?;
            let api_key = find(tx, id, key_id)?;
            let entry = entry(&identity, "api_key.created", &api_key).changed(json!({}), api_key.json());
            delivery::defer(tx, id, entry)?;
            Ok(api_key)
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(ApiKeyWithSecret { api_key, key }))
}

/// Gives a key a new secret; the former one works for a while, so that programs can be changed over one after another.
/// Needs the password or a code, as making one does.
#[utoipa::path(post, path = "/api/v1/api-keys/{id}/rotate", tag = "api_keys", params(("id" = String, Path)), request_body = Rotation, responses((status = 200, body = Answer<ApiKeyWithSecret>), (status = 400, description = "a field or the proof is wrong"), (status = 403, description = "the caller is a key, or lacks a right the key has"), (status = 409, description = "the key is revoked or has ended")), security(("session" = [])))]
pub async fn rotate_api_key(
    State(app): State<App>,
    caller: Caller,
    Id(key_id): Id<ApiKeyId>,
    Body(request): Body<Rotation>,
) -> Result<Answer<ApiKeyWithSecret>> {
    let (id, identity) = (caller.organization_id(), caller.identity());
    identity.session_id()?;
    let overlap_ms = parse_overlap(request.overlap_hours)?;
    let proof = Proof { password: request.password, code: request.code };
    app.prove_if_possible(&identity, proof).await?;
    let (api_key, key) = app
        .control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::ApiKeysManage)?;
            let before = find(tx, id, key_id)?;
            // Whoever renews a key holds it in their hands.
            check_covers(&actor, before.permissions)?;
            let has_ended = before.expires_at_ms.is_some_and(|end_ms| end_ms <= tx.now_ms());
            if before.revoked_at_ms.is_some() || has_ended {
                return Err(Error::new(Code::Conflict, "this key is revoked or has ended: make a new one"));
            }
            let key = random_key(&before.prefix);
            let previous_ends_at_ms = tx.now_ms().saturating_add(overlap_ms);
            store::rotate(tx, key_id, secret_hash(&key), previous_ends_at_ms)?;
            let after = json!({ "previous_ends_at_ms": previous_ends_at_ms });
            delivery::defer(tx, id, entry(&identity, "api_key.rotated", &before).changed(json!({}), after))?;
            Ok((find(tx, id, key_id)?, key))
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(ApiKeyWithSecret { api_key, key }))
}

/// Revokes a key: it stops at once and for ever.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "api_keys", params(("id" = String, Path)), responses((status = 200, body = Answer<ApiKey>)), security(("session" = [])))]
pub async fn delete_api_key(
    State(app): State<App>,
    caller: Caller,
    Id(key_id): Id<ApiKeyId>,
) -> Result<Answer<ApiKey>> {
    let (id, identity) = (caller.organization_id(), caller.identity());
    let api_key = app
        .control
        .write(move |tx| {
            identity.check_again(tx, id, Permission::ApiKeysManage)?;
            let before = find(tx, id, key_id)?;
            if before.revoked_at_ms.is_some() {
                return Ok::<_, Error>(before);
            }
            store::revoke(tx, key_id)?;
            let entry = entry(&identity, "api_key.revoked", &before);
            let after: Value = json!({ "revoked_at_ms": tx.now_ms() });
            delivery::defer(tx, id, entry.changed(before.json(), after))?;
            find(tx, id, key_id)
        })
        .await?;
    app.wake_audit();
    app.announce_changed([key_id.uuid()]);
    Ok(Answer::new(api_key))
}

fn find(tx: &Tx<'_>, id: OrganizationId, key_id: ApiKeyId) -> Result<ApiKey> {
    store::find(tx.connection(), id, key_id, tx.now_ms())?.ok_or_else(|| Error::not_found("record"))
}

fn entry(identity: &Identity, action: &str, api_key: &ApiKey) -> Entry {
    Entry::new(identity.who(), action, Record::new("api_key", &api_key.id, api_key.name.clone()))
}
