//! Routes of sessions, set-up and the profile.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::factor::{Entered, SignInAnswer};
use super::model::{Account as AccountShape, Language, Me, Session, Theme, is_invisible, parse_person_name};
use super::permission::Role;
use super::session::{Client, SignedIn};
use super::setup::{NewOwner, Stage};
use super::standing;
use super::store::{self, ProfileChange};
use crate::app::App;
use crate::audit::{Entry, Record, Who};
use crate::error::{Code, Error, Result};
use crate::http::access::{Identity, bearer, check_own_page, cookie, cookie_text};
use crate::http::extract::Body;
use crate::http::peer::{is_local, peer_address};
use crate::http::respond::Answer;

/// Whether the appliance waits for its owner.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupState {
    /// No account exists yet.
    is_needed: bool,
    /// The browser is on another machine: it must show the code from the program's log.
    is_code_needed: bool,
}

/// Whether the appliance waits for its owner.
#[utoipa::path(get, path = "/api/v1/setup", tag = "session", responses((status = 200, body = Answer<SetupState>)))]
pub async fn show_setup(State(app): State<App>, parts: Parts) -> Result<Answer<SetupState>> {
    let has_accounts = app.control.read(store::has_accounts).await?;
    Ok(Answer::new(SetupState { is_needed: !has_accounts, is_code_needed: !is_local(&parts, &app.config) }))
}

/// The owner and the first organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// Sign-in address.
    email: String,
    /// At least 10 characters.
    password: String,
    /// Name to show.
    #[serde(default)]
    name: String,
    /// Name of the organization.
    organization_name: String,
    /// Language of the interface.
    language: Option<Language>,
    /// From the program's log, when the browser is on another machine.
    #[serde(default)]
    setup_code: String,
}

/// Creates the owner and the first organization, and signs in.
#[utoipa::path(post, path = "/api/v1/setup", tag = "session", request_body = SetupRequest, responses((status = 200, body = Answer<Session>), (status = 409, description = "set up already")))]
pub async fn create_setup(State(app): State<App>, parts: Parts, Body(request): Body<SetupRequest>) -> Result<Response> {
    if !is_local(&parts, &app.config) {
        app.take_attempt(peer_address(&parts, &app.config.trusted_proxies), "setup")?;
        let given = request.setup_code.trim().to_uppercase();
        if !bool::from(subtle::ConstantTimeEq::ct_eq(given.as_bytes(), app.setup_code.as_bytes())) {
            return Err(Error::new(Code::Forbidden, "the set-up code is wrong: it stands in the program's log"));
        }
    }
    let client = Client::of(&parts, &app);
    let owner = NewOwner {
        address: client.address_text(),
        email: request.email,
        name: request.name,
        password: request.password,
        language: request.language.unwrap_or(Language::En),
        organization_name: request.organization_name,
        role: Role::Owner,
    };
    let (account_id, organization_id) = app.create_owner(owner, Stage::First).await?;
    let signed_in = app.start_session(account_id, Some(organization_id), &client).await?;
    Ok(answer(&app, signed_in, &parts.headers))
}

/// Address and password.
#[derive(Deserialize, ToSchema)]
pub struct LoginRequest {
    /// Sign-in address.
    email: String,
    /// The password.
    password: String,
}

/// Signs in with a password.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "session", request_body = LoginRequest, responses((status = 200, body = Answer<SignInAnswer>), (status = 401, description = "address or password is wrong"), (status = 429, description = "too many attempts")))]
pub async fn login(State(app): State<App>, parts: Parts, Body(request): Body<LoginRequest>) -> Result<Response> {
    let entered = app.sign_in(&Client::of(&parts, &app), &request.email, request.password).await?;
    Ok(answer_entered(&app, entered, &parts.headers))
}

/// A one-time link's token.
#[derive(Deserialize, ToSchema)]
pub struct LinkRequest {
    /// What follows the `#` of the link.
    token: String,
}

/// Signs in with a one-time link.
#[utoipa::path(post, path = "/api/v1/auth/link", tag = "session", request_body = LinkRequest, responses((status = 200, body = Answer<SignInAnswer>)))]
pub async fn login_with_link(
    State(app): State<App>,
    parts: Parts,
    Body(request): Body<LinkRequest>,
) -> Result<Response> {
    let entered = app.sign_in_with_link(&Client::of(&parts, &app), &request.token).await?;
    Ok(answer_entered(&app, entered, &parts.headers))
}

/// Exchanges the cookie for a new access token. A foreign page cannot send the header this asks for.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "session", responses((status = 200, body = Answer<Session>)), params(("X-Requested-With" = String, Header, description = "any value")))]
pub async fn refresh(State(app): State<App>, client: Client, headers: HeaderMap) -> Result<Response> {
    check_own_page(&headers)?;
    let Some(refresh_token) = cookie(&headers, &app.config) else {
        return Err(Error::new(Code::Unauthenticated, "sign in first"));
    };
    match app.refresh_session(&refresh_token, &client).await {
        Ok(signed_in) => Ok(answer(&app, signed_in, &headers)),
        Err(error) if error.code == Code::Unauthenticated => {
            let mut response = error.into_response();
            set_cookie(&mut response, &cookie_text(&headers, &app.config, "", 0));
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

/// Ends the session: that of the access token, and that of the cookie. With the cookie alone it asks for the header that
/// a foreign page cannot send.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "session", responses((status = 200), (status = 403, description = "neither a token nor the header")), params(("X-Requested-With" = Option<String>, Header, description = "any value")))]
pub async fn logout(State(app): State<App>, client: Client, headers: HeaderMap) -> Result<Response> {
    let own_page = check_own_page(&headers);
    let is_own_page = own_page.is_ok();
    let by_token = match bearer(&headers) {
        Some(token) => app.find_session(token).await?.and_then(|standing| standing.session_id()),
        None => None,
    };
    if by_token.is_none() {
        // Signing out someone else's browser from a foreign page is harmless but rude.
        own_page?;
    }
    if let Some(id) = by_token {
        app.sign_out(id, &client).await?;
    }
    if let Some(refresh_token) = cookie(&headers, &app.config).filter(|_token| is_own_page) {
        app.end_session(&refresh_token, &client).await?;
    }
    let mut response = Json(serde_json::json!({ "success": true, "data": {} })).into_response();
    set_cookie(&mut response, &cookie_text(&headers, &app.config, "", 0));
    Ok(response)
}

/// Who is signed in, and where.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "session", responses((status = 200, body = Answer<Me>)), security(("session" = [])))]
pub async fn find_me(identity: Identity) -> Answer<Me> {
    Answer::new(identity.standing.me)
}

/// What may change in a profile; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileRequest {
    /// Name to show.
    name: Option<String>,
    /// Language of the interface.
    language: Option<Language>,
    /// Colours of the interface.
    theme: Option<Theme>,
    /// IANA time zone.
    time_zone: Option<String>,
    /// Changed keys: command to key; an empty key switches a command's key off.
    shortcuts: Option<BTreeMap<String, String>>,
}

/// Changes the profile.
#[utoipa::path(put, path = "/api/v1/auth/me", tag = "session", request_body = ProfileRequest, responses((status = 200, body = Answer<Me>)), security(("session" = [])))]
pub async fn update_me(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<ProfileRequest>,
) -> Result<Answer<Me>> {
    check_profile(&request)?;
    let ProfileRequest { name, language, theme, time_zone, shortcuts } = request;
    let name = name.as_deref().map(parse_person_name).transpose()?;
    let shortcuts = shortcuts.map(|shortcuts| json!(shortcuts).to_string());
    let change = ProfileChange { name, language, theme, time_zone, shortcuts };
    let account_id = identity.standing.me.account.id;
    let Some(session_id) = identity.standing.session_id() else { return Err(Error::not_found("record")) };
    let (chain, who, before) = (app.audit.clone(), identity.who(), identity.standing.me.account);
    let standing = app
        .control
        .write(move |tx| {
            store::update_profile(tx, account_id, &change)?;
            let standing = standing::find_by_session(tx.connection(), session_id, tx.now_ms())?;
            if let Some(entry) = standing.as_ref().and_then(|now| profile_entry(who, &before, &now.me.account)) {
                chain.append(tx, entry)?;
            }
            Ok::<_, crate::store::Error>(standing)
        })
        .await?;
    standing.map(|standing| Answer::new(standing.me)).ok_or_else(|| Error::not_found("record"))
}

/// What the audit log says of a changed profile; nothing if nothing changed.
fn profile_entry(who: Who, before: &AccountShape, after: &AccountShape) -> Option<Entry> {
    let values = |account: &AccountShape| {
        [
            ("name", json!(account.name)),
            ("language", json!(account.language)),
            ("theme", json!(account.theme)),
            ("time_zone", json!(account.time_zone)),
            ("shortcuts", json!(account.shortcuts)),
        ]
    };
    let (mut was, mut is) = (serde_json::Map::new(), serde_json::Map::new());
    for ((name, old), (_name, new)) in values(before).into_iter().zip(values(after)) {
        if old != new {
            was.insert(name.to_owned(), old);
            is.insert(name.to_owned(), new);
        }
    }
    let record = Record::new("account", &after.id, after.email.clone());
    (!is.is_empty()).then(|| Entry::new(who, "account.updated", record).changed(was.into(), is.into()))
}

/// Most keys a person changes, and the longest name of a command or key.
const MOST_SHORTCUTS: usize = 100;
const SHORTCUT_CHARS: usize = 40;

fn check_profile(request: &ProfileRequest) -> Result<()> {
    if let Some(time_zone) = &request.time_zone
        && jiff::tz::TimeZone::get(time_zone).is_err()
    {
        return Err(Error::invalid_field("time_zone", "this is not an IANA time zone such as Europe/Zurich"));
    }
    let is_short = |text: &String| text.chars().count() <= SHORTCUT_CHARS && !text.chars().any(is_invisible);
    if let Some(shortcuts) = &request.shortcuts
        && (shortcuts.len() > MOST_SHORTCUTS
            || !shortcuts.iter().all(|(command, key)| !command.is_empty() && is_short(command) && is_short(key)))
    {
        return Err(Error::invalid_field("shortcuts", "at most 100 keys with names of at most 40 characters"));
    }
    Ok(())
}

/// The answer to a first factor: a session with its cookie, or the question for the second factor.
pub(in crate::account) fn answer_entered(app: &App, entered: Entered, headers: &HeaderMap) -> Response {
    match entered {
        Entered::Session(signed_in) => answer(app, *signed_in, headers),
        Entered::SecondFactor(second_factor) => {
            Answer::new(SignInAnswer::SecondFactor { second_factor }).into_response()
        }
    }
}

/// A session's answer with its cookie.
pub(in crate::account) fn answer(app: &App, signed_in: SignedIn, headers: &HeaderMap) -> Response {
    let mut response = Answer::new(signed_in.session).into_response();
    if let Some(refresh_token) = signed_in.refresh_token {
        let max_age_s = app.config.session_days.saturating_mul(86_400);
        set_cookie(&mut response, &cookie_text(headers, &app.config, &refresh_token, max_age_s));
    }
    response
}

fn set_cookie(response: &mut Response, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
