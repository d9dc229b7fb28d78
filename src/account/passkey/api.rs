//! Routes of passkeys: adding, naming and removing them, and signing in with one.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::ceremony::{Origin, Started, origin_of};
use super::store::{self, Passkey};
use crate::account::api::answer;
use crate::account::federation;
use crate::account::model::Session;
use crate::account::second_factor::api::ProofRequest;
use crate::account::second_factor::delete_idle_recovery_codes;
use crate::account::session::Client;
use crate::app::App;
use crate::audit::{Entry, Record};
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::http::extract::{Body, Id};
use crate::http::peer::Host;
use crate::http::respond::{Answer, Page};
use crate::id::{AccountId, PasskeyId};

/// A ceremony for the browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ceremony {
    /// Goes back with the credential.
    token: String,
    /// For `navigator.credentials`; `publicKey` in the form of `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
    options: Value,
}

impl From<Started> for Ceremony {
    fn from(Started { token, options }: Started) -> Self {
        Self { token, options }
    }
}

fn find_origin(app: &App, headers: &HeaderMap) -> Result<Origin> {
    origin_of(&app.config, Host::of(headers).as_ref()).ok_or_else(|| {
        Error::new(Code::Conflict, "passkeys need a name with https://: set public_url, or open http://localhost here")
    })
}

/// Starts adding a passkey. Needs the password or a code, if the account has one.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/start", tag = "session", request_body = ProofRequest, responses((status = 200, body = Answer<Ceremony>), (status = 400, description = "the proof is wrong"), (status = 409, description = "passkeys do not work under this address")), security(("session" = [])))]
pub async fn start_registration(
    State(app): State<App>,
    identity: Identity,
    headers: HeaderMap,
    Body(proof): Body<ProofRequest>,
) -> Result<Answer<Ceremony>> {
    let origin = find_origin(&app, &headers)?;
    app.prove_if_possible(&identity, proof.into()).await?;
    let started = app.start_passkey_registration(origin, &identity.standing.me.account).await?;
    Ok(Answer::new(started.into()))
}

/// A new passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// Of the ceremony.
    token: String,
    /// What its owner calls it.
    #[serde(default)]
    name: String,
    /// What `navigator.credentials.create` answered, as its `toJSON` writes it.
    #[schema(value_type = Object)]
    credential: RegisterPublicKeyCredential,
}

/// Longest name of a passkey.
const NAME_CHARS: usize = 100;

fn read_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.chars().count() > NAME_CHARS {
        return Err(Error::invalid_field("name", "a name has at most 100 characters"));
    }
    Ok(if name.is_empty() { "Passkey".to_owned() } else { name.to_owned() })
}

/// Adds a passkey.
#[utoipa::path(post, path = "/api/v1/auth/passkeys", tag = "session", request_body = RegistrationRequest, responses((status = 200, body = Answer<Passkey>)), security(("session" = [])))]
pub async fn create_passkey(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<RegistrationRequest>,
) -> Result<Answer<Passkey>> {
    let name = read_name(&request.name)?;
    let owner = (identity.standing.me.account.id, identity.who());
    let passkey = app.finish_passkey_registration(owner, request.token, name, request.credential).await?;
    Ok(Answer::new(passkey))
}

/// The account's passkeys.
#[utoipa::path(get, path = "/api/v1/auth/passkeys", tag = "session", responses((status = 200, body = Page<Passkey>)), security(("session" = [])))]
pub async fn list_passkeys(State(app): State<App>, identity: Identity) -> Result<Page<Passkey>> {
    let account_id = identity.standing.me.account.id;
    Ok(Page::whole(app.control.read(move |connection| store::list_passkeys(connection, account_id)).await?))
}

fn find_own(connection: &Connection, account_id: AccountId, id: PasskeyId) -> Result<Passkey> {
    let passkeys = store::list_passkeys(connection, account_id)?;
    passkeys.into_iter().find(|passkey| passkey.id == id).ok_or_else(|| Error::not_found("record"))
}

/// A passkey's name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameRequest {
    /// What its owner calls it.
    name: String,
}

/// Renames a passkey.
#[utoipa::path(patch, path = "/api/v1/auth/passkeys/{id}", tag = "session", params(("id" = String, Path)), request_body = NameRequest, responses((status = 200, body = Answer<Passkey>)), security(("session" = [])))]
pub async fn update_passkey(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<PasskeyId>,
    Body(request): Body<NameRequest>,
) -> Result<Answer<Passkey>> {
    let name = read_name(&request.name)?;
    let (chain, who, account_id) = (app.audit.clone(), identity.who(), identity.standing.me.account.id);
    let passkey = app
        .control
        .write(move |tx| -> Result<Passkey> {
            let before = find_own(tx.connection(), account_id, id)?;
            store::update_passkey(tx, id, &name)?;
            let entry = Entry::new(who, "passkey.renamed", Record::new("passkey", &id, name.clone()));
            chain.append(tx, entry.changed(json!({ "name": before.name }), json!({ "name": name })))?;
            Ok(Passkey { name, ..before })
        })
        .await?;
    Ok(Answer::new(passkey))
}

/// Removes a passkey, unless it is the last way to sign in. Needs the password or a code, if the account has one.
#[utoipa::path(delete, path = "/api/v1/auth/passkeys/{id}", tag = "session", params(("id" = String, Path)), request_body = ProofRequest, responses((status = 200), (status = 400, description = "the proof is wrong"), (status = 409, description = "it is the last way to sign in")), security(("session" = [])))]
pub async fn delete_passkey(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<PasskeyId>,
    Body(proof): Body<ProofRequest>,
) -> Result<Answer<Value>> {
    let (chain, who, account_id) = (app.audit.clone(), identity.who(), identity.standing.me.account.id);
    app.control.read(move |connection| find_own(connection, account_id, id)).await?;
    app.prove_if_possible(&identity, proof.into()).await?;
    app.control
        .write(move |tx| -> Result<()> {
            let passkey = find_own(tx.connection(), account_id, id)?;
            store::delete_passkey(tx, id)?;
            delete_idle_recovery_codes(tx, account_id)?;
            // The transaction is rolled back if nothing is left.
            if federation::store::count_ways_in(tx.connection(), account_id)? == 0 {
                let detail = "this is the last way to sign in: set a password first";
                return Err(Error::new(Code::LastWayIn, detail));
            }
            let entry = Entry::new(who, "passkey.removed", Record::new("passkey", &id, passkey.name.clone()));
            chain.append(tx, entry.changed(json!({ "name": passkey.name }), json!({})))?;
            Ok(())
        })
        .await?;
    Ok(Answer::new(json!({})))
}

/// A sign-in to start.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInStart {
    /// Of the first factor; absent: the passkey signs in alone.
    second_factor_token: Option<String>,
}

/// Starts signing in with a passkey.
#[utoipa::path(post, path = "/api/v1/auth/passkey/start", tag = "session", request_body = SignInStart, responses((status = 200, body = Answer<Ceremony>), (status = 409, description = "passkeys do not work under this address")))]
pub async fn start_sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Body(request): Body<SignInStart>,
) -> Result<Answer<Ceremony>> {
    let origin = find_origin(&app, &headers)?;
    let started = app.start_passkey_sign_in(origin, request.second_factor_token).await?;
    Ok(Answer::new(started.into()))
}

/// A passkey's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// Of the ceremony.
    token: String,
    /// What `navigator.credentials.get` answered, as its `toJSON` writes it.
    #[schema(value_type = Object)]
    credential: PublicKeyCredential,
}

/// Signs in with a passkey.
#[utoipa::path(post, path = "/api/v1/auth/passkey", tag = "session", request_body = SignInRequest, responses((status = 200, body = Answer<Session>), (status = 401, description = "the passkey was not accepted")))]
pub async fn sign_in(State(app): State<App>, parts: Parts, Body(request): Body<SignInRequest>) -> Result<Response> {
    let client = Client::of(&parts, &app);
    let signed_in = app.finish_passkey_sign_in(&client, request.token, request.credential).await?;
    Ok(answer(&app, signed_in, &parts.headers))
}
