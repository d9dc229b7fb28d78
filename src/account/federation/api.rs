//! Routes of providers, of signing in at one, and of the identities an account has.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::flow::{Arrived, Back, STATE_MS, Start, callback_url};
use super::model::{Identity as LinkedIdentity, Kind, PRESETS, Provider, ProviderDetail, ProviderId, ProviderSummary};
use super::store;
use crate::account::api::answer_entered;
use crate::account::factor::SignInAnswer;
use crate::account::passkey::ceremony;
use crate::account::second_factor::Proof;
use crate::account::second_factor::api::ProofRequest;
use crate::account::session::Client;
use crate::account::standing::Standing;
use crate::app::App;
use crate::audit::{Entry, Record};
use crate::error::{Code, Error, Result};
use crate::http::access::{Identity, bearer, cookie_named, is_secure};
use crate::http::extract::{Body, Id, SubId};
use crate::http::peer::{BaseUrl, Host};
use crate::http::respond::{Answer, Page};
use crate::id::{AccountId, IdentityId};

/// Name of the cookie that binds a sign-in at a provider to the browser that started it.
const COOKIE: &str = "salesbrain_oauth";

/// The ways to sign in besides the password.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInProviders {
    /// The providers, in the order they were added.
    providers: Vec<ProviderSummary>,
    /// Whether passkeys work under this address: it has TLS or is this machine, and a name.
    is_passkey_possible: bool,
}

/// The ways to sign in besides the password.
#[utoipa::path(get, path = "/api/v1/auth/providers", tag = "session", responses((status = 200, body = Answer<SignInProviders>)))]
pub async fn list_sign_in_providers(State(app): State<App>, parts: Parts) -> Result<Answer<SignInProviders>> {
    let providers = app.control.read(store::list_provider_summaries).await?;
    let is_passkey_possible = ceremony::origin_of(&app.config, Host::of(&parts.headers).as_ref()).is_some();
    Ok(Answer::new(SignInProviders { providers, is_passkey_possible }))
}

fn detail(provider: Provider, base: &BaseUrl) -> ProviderDetail {
    let callback_url = callback_url(&base.0, &provider.id);
    let Provider { id, kind, name, issuer, client_id, bot_name, secret } = provider;
    ProviderDetail { id, kind, name, issuer, client_id, bot_name, has_secret: !secret.is_empty(), callback_url }
}

/// All providers.
#[utoipa::path(get, path = "/api/v1/admin/providers", tag = "administration", responses((status = 200, body = Page<ProviderDetail>)), security(("session" = [])))]
pub async fn list_providers(State(app): State<App>, base: BaseUrl) -> Result<Page<ProviderDetail>> {
    let providers = app.control.read(store::list_providers).await?;
    Ok(Page::whole(providers.into_iter().map(|provider| detail(provider, &base)).collect()))
}

/// A provider as it shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderRequest {
    /// How it is spoken to.
    kind: Kind,
    /// Name to show; absent: that of the preset, or the id.
    #[serde(default)]
    name: String,
    /// Address of the issuer; absent: that of the preset `google` or `telegram`.
    #[serde(default)]
    issuer: String,
    /// What the issuer calls us.
    #[serde(default)]
    client_id: String,
    /// What we prove it with; absent: as it was, empty: none.
    client_secret: Option<String>,
    /// The bot's name, for the widget.
    #[serde(default)]
    bot_name: String,
    /// The bot's token, for the widget; absent: as it was.
    bot_token: Option<String>,
}

/// The longest text of a provider.
const TEXT_CHARS: usize = 500;

/// Adds or changes a provider. The issuer's document is fetched: what is wrong with it is said here, not at the first
/// sign-in.
#[utoipa::path(put, path = "/api/v1/admin/providers/{id}", tag = "administration", params(("id" = String, Path)), request_body = ProviderRequest, responses((status = 200, body = Answer<ProviderDetail>), (status = 400, description = "the issuer cannot be used"), (status = 409, description = "people sign in with it: its issuer stays")), security(("session" = [])))]
pub async fn update_provider(
    State(app): State<App>,
    identity: Identity,
    base: BaseUrl,
    Id(id): Id<ProviderId>,
    Body(request): Body<ProviderRequest>,
) -> Result<Answer<ProviderDetail>> {
    let given = match request.kind {
        Kind::Oidc => request.client_secret.clone(),
        Kind::TelegramWidget => request.bot_token.clone(),
    };
    let mut provider = read_provider(id, request)?;
    if provider.kind == Kind::Oidc {
        app.check_issuer(&provider.issuer).await?;
    }
    let sealed = match given.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(String::new()),
        Some(secret) => Some(app.seal_provider_secret(&provider, secret)?),
    };
    let (chain, who, id) = (app.audit.clone(), identity.who(), provider.id.clone());
    let saved = app
        .control
        .write(move |tx| -> Result<Provider> {
            let before = store::find_provider(tx.connection(), &provider.id)?;
            // The same subject at another issuer is another person, and a secret is for the issuer it was given for.
            let is_same = |before: &Provider| before.kind == provider.kind && before.issuer == provider.issuer;
            if !before.as_ref().is_none_or(is_same) && store::has_identities(tx.connection(), &provider.id)? {
                let detail = "people sign in with this provider: delete it first, or use another id";
                return Err(Error::new(Code::Conflict, detail));
            }
            let kept = before.as_ref().filter(|before| is_same(before)).map(|before| before.secret.clone());
            provider.secret = sealed.or(kept).unwrap_or_default();
            if provider.kind == Kind::TelegramWidget && provider.secret.is_empty() {
                return Err(Error::invalid_field("bot_token", "the token of the bot is needed"));
            }
            store::save_provider(tx, &provider)?;
            let action = if before.is_some() { "provider.changed" } else { "provider.created" };
            let entry = Entry::new(who, action, Record::new("provider", &provider.id, provider.name.clone()));
            let before = before.as_ref().map_or_else(|| json!({}), shown);
            chain.append(tx, entry.changed(before, shown(&provider)))?;
            Ok(provider)
        })
        .await?;
    app.issuers.forget(&id);
    Ok(Answer::new(detail(saved, &base)))
}

/// A provider in the audit log.
fn shown(provider: &Provider) -> Value {
    let Provider { kind, name, issuer, client_id, bot_name, secret, .. } = provider;
    let has_secret = !secret.is_empty();
    json!({ "kind": kind, "name": name, "issuer": issuer, "client_id": client_id, "bot_name": bot_name, "has_secret": has_secret })
}

/// Checks what can be checked here, and fills in what a preset knows.
fn read_provider(id: ProviderId, request: ProviderRequest) -> Result<Provider> {
    let preset = PRESETS.iter().find(|preset| preset.id == id.as_str());
    let or_preset =
        |text: &str, known: &str| if text.trim().is_empty() { known.to_owned() } else { text.trim().to_owned() };
    let name = or_preset(&request.name, preset.map_or(id.as_str(), |preset| preset.name));
    let (issuer, client_id, bot_name) = match request.kind {
        Kind::Oidc => {
            (or_preset(&request.issuer, preset.map_or("", |preset| preset.issuer)), request.client_id, String::new())
        }
        Kind::TelegramWidget => (String::new(), String::new(), request.bot_name),
    };
    let (client_id, bot_name) = (client_id.trim().to_owned(), bot_name.trim().trim_start_matches('@').to_owned());
    let secrets = [&request.client_secret, &request.bot_token].into_iter().flatten();
    if [&name, &issuer, &client_id, &bot_name].into_iter().chain(secrets).any(|text| text.chars().count() > TEXT_CHARS)
    {
        return Err(Error::new(Code::BadRequest, "no text of a provider has more than 500 characters"));
    }
    let provider = Provider { id, kind: request.kind, name, issuer, client_id, bot_name, secret: String::new() };
    match provider.kind {
        Kind::Oidc => {
            if let Some(preset) = preset
                && preset.issuer != provider.issuer
            {
                return Err(Error::invalid_field("issuer", format!("{} has the issuer {}", preset.id, preset.issuer)));
            }
            let url = Url::parse(&provider.issuer).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
            if url.is_none() {
                return Err(Error::invalid_field("issuer", "this is not an address such as https://login.example.com"));
            }
            if provider.client_id.is_empty() {
                return Err(Error::invalid_field(
                    "client_id",
                    "the client id is needed: the provider's console shows it",
                ));
            }
        }
        Kind::TelegramWidget => {
            let is_token =
                |token: &str| token.split_once(':').is_some_and(|(bot_id, _secret)| bot_id.parse::<u64>().is_ok());
            if request.bot_token.as_deref().is_some_and(|token| !is_token(token.trim())) {
                return Err(Error::invalid_field(
                    "bot_token",
                    "this is not a token such as 123456:ABC…: BotFather shows it",
                ));
            }
        }
    }
    Ok(provider)
}

/// Removes a provider, and every identity at it: who has no other way in asks for a new password.
#[utoipa::path(delete, path = "/api/v1/admin/providers/{id}", tag = "administration", params(("id" = String, Path)), responses((status = 200)), security(("session" = [])))]
pub async fn delete_provider(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<ProviderId>,
) -> Result<Answer<Value>> {
    let (chain, who, deleted) = (app.audit.clone(), identity.who(), id.clone());
    app.control
        .write(move |tx| -> Result<()> {
            let before = store::find_provider(tx.connection(), &deleted)?.ok_or_else(|| Error::not_found("record"))?;
            let identities = store::delete_provider(tx, &deleted)?;
            let entry = Entry::new(who, "provider.deleted", Record::new("provider", &deleted, before.name.clone()));
            chain.append(tx, entry.changed(shown(&before), json!({ "identities_unlinked": identities })))?;
            Ok(())
        })
        .await?;
    app.issuers.forget(&id);
    Ok(Answer::new(json!({})))
}

/// A sign-in to start.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// An invitation, for a new account.
    invitation_token: Option<String>,
    /// Link the identity to the account that is signed in, instead of signing in. Needs the password or a code, if the
    /// account has one.
    #[serde(default)]
    is_link: bool,
    /// The account's password, to link.
    password: Option<String>,
    /// A code of the authenticator, or a recovery code, to link.
    code: Option<String>,
}

/// Where the browser goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartAnswer {
    /// The provider's page. It sends the browser back to `/sign-in/callback/{provider}`.
    url: String,
}

/// Starts a sign-in at a provider, in this browser only.
#[utoipa::path(post, path = "/api/v1/auth/oauth/{provider}/start", tag = "session", params(("provider" = String, Path)), request_body = StartRequest, responses((status = 200, body = Answer<StartAnswer>), (status = 400, description = "to link: the proof is wrong"), (status = 503, description = "the provider cannot be reached")))]
pub async fn start_oauth(
    State(app): State<App>,
    base: BaseUrl,
    parts: Parts,
    SubId(provider): SubId<ProviderId>,
    Body(request): Body<StartRequest>,
) -> Result<Response> {
    let StartRequest { invitation_token, is_link, password, code } = request;
    let link_to = if is_link {
        let standing = find_person(&app, &parts.headers).await?.ok_or_else(sign_in_first)?;
        let (id, client) = (standing.me.account.id, Client::of(&parts, &app));
        app.prove_if_possible(&Identity { standing, client }, Proof { password, code }).await?;
        Some(id)
    } else {
        None
    };
    let start = Start { provider, base_url: base.0, invitation_token, link_to };
    let started = app.start_federated(start).await?;
    let mut response = Answer::new(StartAnswer { url: started.url }).into_response();
    set_cookie(&app, &parts.headers, &mut response, (&started.browser, STATE_MS / 1_000));
    Ok(response)
}

fn sign_in_first() -> Error {
    Error::new(Code::Unauthenticated, "sign in first")
}

/// The session of the request, if it shows one: these routes are open to everybody.
async fn find_person(app: &App, headers: &HeaderMap) -> Result<Option<Standing>> {
    match bearer(headers) {
        Some(token) => app.find_session(token).await,
        None => Ok(None),
    }
}

fn set_cookie(app: &App, headers: &HeaderMap, response: &mut Response, (value, max_age_s): (&str, i64)) {
    let secure = if is_secure(headers, &app.config) { "; Secure" } else { "" };
    let text =
        format!("{COOKIE}={value}; Path=/api/v1/auth/oauth; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// What the provider sent the browser back with. The older sign-in of Telegram brings its own fields instead of a code.
#[derive(Deserialize, ToSchema)]
pub struct FinishRequest {
    /// The issuer's code.
    #[serde(default)]
    code: String,
    /// The state the browser was sent away with.
    #[serde(default)]
    state: String,
    /// `id`, `first_name`, `auth_date`, `hash` and the others of Telegram.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, String>)]
    fields: BTreeMap<String, Value>,
}

/// Where coming back led.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum FinishAnswer {
    /// Signed in, or asked for the second factor.
    SignIn(SignInAnswer),
    /// Linked to the account that is signed in.
    Linked {
        /// Always `true`.
        linked: bool,
    },
}

/// Ends a sign-in at a provider.
#[utoipa::path(post, path = "/api/v1/auth/oauth/{provider}", tag = "session", params(("provider" = String, Path)), request_body = FinishRequest, responses((status = 200, body = Answer<FinishAnswer>), (status = 401, description = "the provider's answer was refused"), (status = 403, description = "nobody may register in this way")))]
pub async fn finish_oauth(
    State(app): State<App>,
    parts: Parts,
    SubId(provider): SubId<ProviderId>,
    Body(request): Body<FinishRequest>,
) -> Result<Response> {
    let FinishRequest { code, state, fields } = request;
    let account_id = find_person(&app, &parts.headers).await?.map(|standing| standing.me.account.id);
    let browser = cookie_named(&parts.headers, COOKIE).unwrap_or_default();
    let back = Back { provider, state, browser, code, fields, account_id };
    let mut response = match app.finish_federated(&Client::of(&parts, &app), back).await? {
        Arrived::Entered(entered) => answer_entered(&app, entered, &parts.headers),
        Arrived::Linked => Answer::new(FinishAnswer::Linked { linked: true }).into_response(),
    };
    set_cookie(&app, &parts.headers, &mut response, ("", 0));
    Ok(response)
}

/// The identities at other services that sign this account in.
#[utoipa::path(get, path = "/api/v1/auth/identities", tag = "session", responses((status = 200, body = Page<LinkedIdentity>)), security(("session" = [])))]
pub async fn list_identities(State(app): State<App>, identity: Identity) -> Result<Page<LinkedIdentity>> {
    let account_id = identity.standing.me.account.id;
    Ok(Page::whole(app.control.read(move |connection| store::list_identities(connection, account_id)).await?))
}

fn find_own(connection: &Connection, account_id: AccountId, id: IdentityId) -> Result<LinkedIdentity> {
    let identities = store::list_identities(connection, account_id)?;
    identities.into_iter().find(|linked| linked.id == id).ok_or_else(|| Error::not_found("record"))
}

/// Unlinks an identity, unless it is the last way to sign in. Needs the password or a code, if the account has one.
#[utoipa::path(delete, path = "/api/v1/auth/identities/{id}", tag = "session", params(("id" = String, Path)), request_body = ProofRequest, responses((status = 200), (status = 400, description = "the proof is wrong"), (status = 409, description = "it is the last way to sign in")), security(("session" = [])))]
pub async fn delete_identity(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<IdentityId>,
    Body(proof): Body<ProofRequest>,
) -> Result<Answer<Value>> {
    let (chain, who, account_id) = (app.audit.clone(), identity.who(), identity.standing.me.account.id);
    app.control.read(move |connection| find_own(connection, account_id, id)).await?;
    app.prove_if_possible(&identity, proof.into()).await?;
    app.control
        .write(move |tx| -> Result<()> {
            let linked = find_own(tx.connection(), account_id, id)?;
            store::delete_identity(tx, id)?;
            // The transaction is rolled back if nothing is left.
            if store::count_ways_in(tx.connection(), account_id)? == 0 {
                let detail = "this is the last way to sign in: set a password or add a passkey first";
                return Err(Error::new(Code::LastWayIn, detail));
            }
            let entry = Entry::new(who, "identity.unlinked", Record::new("identity", &id, linked.name.clone()));
            chain.append(tx, entry.changed(json!({ "provider": linked.provider, "name": linked.name }), json!({})))?;
            Ok(())
        })
        .await?;
    Ok(Answer::new(json!({})))
}
