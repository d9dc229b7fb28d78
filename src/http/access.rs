//! Who may use a route. Every route names its [`Access`] in the router; this layer is the only place that checks it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use super::peer::{is_forwarded_tls, peer_address};
use crate::account::permission::{Permission, PermissionSet};
use crate::account::session::Client;
use crate::account::standing::{self, Standing, Via};
use crate::account::token::{KEY_PREFIX, secret_hash};
use crate::app::{App, AppInner};
use crate::audit::{Entry, Record, Who, delivery};
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::id::{OrganizationId, SessionId};
use crate::store::Tx;
use crate::tenant::Tenant;

/// Name of the cookie that holds the refresh token where the appliance is reached without TLS.
pub const COOKIE: &str = "salesbrain_session";
/// Its name over TLS. Browsers take a cookie of this prefix only from the very host it is for, over TLS and for every path:
/// a neighbour below the same domain, or anyone on the line, cannot plant a session of theirs.
pub const SECURE_COOKIE: &str = "__Host-salesbrain_session";

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// Something the handler checks itself: a webhook secret, a cookie, a first frame.
    Own,
    /// A session or an API key; an organization is not needed. The handler takes an [`Identity`].
    Account,
    /// The same, where a browser cannot send a header (an `img`): the cookie will do.
    AccountOrCookie,
    /// A session: what a key must not do, such as changing the password. The handler takes an [`Identity`].
    Person,
    /// The permission in the organization the session works in. The handler takes a [`Caller`].
    Session(Permission),
    /// The same, where a browser cannot send a header (an `iframe`): the cookie will do.
    SessionOrCookie(Permission),
    /// The permission in the organization the path names; one the caller has nothing to do with answers like an unknown
    /// id. The handler takes an [`Identity`].
    Organization(Permission),
    /// The same, also while that organization is on its way out.
    EndingOrganization(Permission),
    /// To be a member of the organization the path names, whatever the role, also without the second factor it asks for;
    /// who is no member, and a key, needs the permission. The handler takes an [`Identity`].
    Membership(Permission),
    /// A permission of the appliance's staff. The handler takes an [`Identity`].
    Staff(Permission),
    /// The setting `metrics_token`, which a monitoring system can keep for years, or the staff's session.
    MetricsToken,
}

/// Who calls.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The session or key; in the path's organization if the route names one.
    pub standing: Standing,
    /// Where from.
    pub client: Client,
}

/// Who calls, with the one organization the call can reach.
#[derive(Clone)]
pub struct Caller {
    /// The session or key.
    pub standing: Standing,
    /// Where from.
    pub client: Client,
    /// The organization's handle.
    pub tenant: Arc<Tenant>,
}

impl Caller {
    /// The organization's id.
    pub fn organization_id(&self) -> OrganizationId {
        self.tenant.id()
    }

    /// The caller as the event log names it.
    pub fn actor(&self) -> crate::tenant::event_log::Actor {
        crate::tenant::event_log::Actor::Account(self.standing.me.account.id)
    }

    /// The caller as the audit log names it.
    pub fn who(&self) -> Who {
        who(&self.standing, &self.client)
    }

    /// The caller without the organization's handle.
    pub fn identity(&self) -> Identity {
        Identity { standing: self.standing.clone(), client: self.client.clone() }
    }
}

impl Identity {
    /// The session, where a key must not do what is asked.
    pub fn session_id(&self) -> Result<SessionId> {
        self.standing.session_id().ok_or_else(needs_person)
    }

    /// The caller as they stand inside a write transaction, if they still have the permission. Two requests that were
    /// both allowed when they came in must not both be carried out if the first takes the right from the second.
    pub fn check_again(&self, tx: &Tx<'_>, id: OrganizationId, permission: Permission) -> Result<Standing> {
        let found = standing::find_again(tx.connection(), &self.standing, id, tx.now_ms())?;
        let standing = found.ok_or_else(|| Error::not_found("record"))?;
        check_entry(&standing, permission)?;
        Ok(standing)
    }

    /// The caller as the audit log names it.
    pub fn who(&self) -> Who {
        who(&self.standing, &self.client)
    }

    /// The organization the path names, or the session works in.
    pub fn organization_id(&self) -> Result<OrganizationId> {
        self.standing.me.organization.as_ref().map(|organization| organization.id).ok_or_else(no_organization)
    }
}

fn needs_person() -> Error {
    Error::new(Code::Forbidden, "this needs a person who is signed in: an API key cannot do it")
}

fn who(standing: &Standing, client: &Client) -> Who {
    let address = client.address_text();
    match &standing.via {
        Via::Session(_id) => {
            let account = &standing.me.account;
            Who { actor: format!("account:{}", account.id), name: account.email.clone(), address }
        }
        Via::ApiKey(id, name) => Who { actor: format!("api_key:{id}"), name: name.clone(), address },
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Error::internal("a route without an organization asks for its caller"))
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Error::internal("a route without a session asks who calls"))
    }
}

/// What stands before a route.
#[derive(Clone)]
pub struct Gate {
    /// The appliance.
    pub app: App,
    /// What the route asks of its caller.
    pub access: Access,
    /// Whether requests are counted ([`super::rate`]).
    pub is_counted: bool,
}

/// The layer of every route.
pub async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Result<Response> {
    let Gate { app, access, is_counted } = gate;
    if access == Access::MetricsToken && is_metrics_token(&app, request.headers()) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    if matches!(access, Access::Public | Access::Own) {
        if is_counted {
            app.rates.take_address(peer_address(&parts, &app.config.trusted_proxies))?;
        }
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let identity = identify(&app, &parts, access).await?;
    match access {
        Access::Public | Access::Own => {}
        Access::Account | Access::AccountOrCookie => {
            parts.extensions.insert(identity);
        }
        Access::Person => {
            if identity.standing.session_id().is_none() {
                return Err(needs_person());
            }
            parts.extensions.insert(identity);
        }
        Access::Session(permission) | Access::SessionOrCookie(permission) => {
            let caller = admit_to_session(&app, &parts, identity, permission).await?;
            parts.extensions.insert(caller);
        }
        Access::Organization(permission) | Access::EndingOrganization(permission) | Access::Membership(permission) => {
            let identity = admit_to_path(&app, &mut parts, identity, (access, permission)).await?;
            parts.extensions.insert(identity);
        }
        Access::Staff(permission) => {
            check_permission(&identity.standing, permission)?;
            parts.extensions.insert(identity);
        }
        Access::MetricsToken => check_permission(&identity.standing, Permission::ApplianceOperate)?,
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Lets a caller into the organization their session works in.
async fn admit_to_session(app: &App, parts: &Parts, identity: Identity, permission: Permission) -> Result<Caller> {
    check_entry(&identity.standing, permission)?;
    let organization_id = identity.organization_id()?;
    check_organization(organization_id, parts.uri.query())?;
    let tenant = app.tenants.find(organization_id).await?;
    if identity.standing.is_guest() {
        let (chain, entry) = (app.audit_chain(organization_id), guest_entry(&identity, parts));
        tenant.write(move |tx| chain.append(tx, entry)).await?;
    }
    let Identity { standing, client } = identity;
    Ok(Caller { standing, client, tenant })
}

/// Lets a caller into the organization the path names.
async fn admit_to_path(
    app: &App,
    parts: &mut Parts,
    identity: Identity,
    (access, permission): (Access, Permission),
) -> Result<Identity> {
    let unknown = || Error::not_found("record");
    let params = RawPathParams::from_request_parts(parts, &()).await.map_err(|_not_utf8| unknown())?;
    let id = params.iter().find(|(name, _value)| *name == "id").map_or("", |(_name, value)| value);
    let id: OrganizationId = id.parse().map_err(|_not_an_id| unknown())?;
    let outside = identity.standing;
    let inside = app.control.read(move |connection| standing::find_in_organization(connection, &outside, id)).await?;
    let identity = Identity { standing: inside.ok_or_else(unknown)?, client: identity.client };
    let is_membership_enough = matches!(access, Access::Membership(_)) && identity.standing.is_signed_in_member();
    if !is_membership_enough {
        check_entry(&identity.standing, permission)?;
    }
    if identity.standing.is_organization_ending && !matches!(access, Access::EndingOrganization(_)) {
        return Err(Error::new(Code::Conflict, "this organization is being deleted: an owner can take that back"));
    }
    if identity.standing.is_guest() {
        let entry = guest_entry(&identity, parts);
        app.control.write(move |tx| delivery::defer(tx, id, entry)).await?;
        app.wake_audit();
    }
    Ok(identity)
}

/// What the staff of the appliance does in a customer's organization, for that organization's audit log.
fn guest_entry(identity: &Identity, parts: &Parts) -> Entry {
    Entry::new(identity.who(), "staff.accessed", Record::new("route", &parts.uri.path(), parts.method.as_str()))
}

/// Writes down that someone of the staff opens something of an organization outside of this layer.
impl AppInner {
    /// For the live feed, which finds its caller itself.
    pub async fn note_guest(&self, tenant: &Tenant, identity: &Identity, what: &str) -> Result<()> {
        let chain = self.audit_chain(tenant.id());
        let entry = Entry::new(identity.who(), "staff.accessed", Record::new("route", &what, "GET"));
        Ok(tenant.write(move |tx| chain.append(tx, entry)).await?)
    }
}

fn is_metrics_token(app: &App, headers: &HeaderMap) -> bool {
    bearer(headers).is_some_and(|token| app.config.metrics_token.is_match(token))
}

/// Who calls, counted for whom the request stands for: the account or key, or the address if it is nobody.
async fn identify(app: &App, parts: &Parts, access: Access) -> Result<Identity> {
    let is_cookie_enough = matches!(access, Access::SessionOrCookie(_) | Access::AccountOrCookie);
    let client = Client::of(parts, app);
    let Some(standing) = find_standing(app, &parts.headers, is_cookie_enough).await? else {
        app.rates.take_address(peer_address(parts, &app.config.trusted_proxies))?;
        return Err(Error::new(Code::Unauthenticated, "sign in first"));
    };
    app.rates.take(&standing)?;
    app.note_use(&standing, client.clone());
    Ok(Identity { standing, client })
}

async fn find_standing(app: &App, headers: &HeaderMap, is_cookie_enough: bool) -> Result<Option<Standing>> {
    if let Some(token) = bearer(headers).or_else(|| api_key(headers)) {
        return app.find_bearer(token).await;
    }
    match cookie(headers, &app.config) {
        Some(refresh_token) if is_cookie_enough && !is_foreign_page(headers) => {
            app.find_session_by_cookie(&refresh_token).await
        }
        _ => Ok(None),
    }
}

impl AppInner {
    /// The session or key a token stands for.
    pub async fn find_bearer(&self, token: &str) -> Result<Option<Standing>> {
        if !token.starts_with(KEY_PREFIX) {
            return self.find_session(token).await;
        }
        let (hash, now_ms) = (secret_hash(token), self.clock.now_ms());
        Ok(self.control.read(move |connection| standing::find_by_key(connection, hash, now_ms)).await?)
    }
}

/// Refuses a caller who is in no organization, lacks a second factor it asks for, or lacks the permission.
pub fn check_entry(standing: &Standing, permission: Permission) -> Result<()> {
    if standing.me.organization.is_none() {
        return Err(no_organization());
    }
    if standing.me.is_second_factor_missing {
        let detail = match standing.via {
            Via::Session(_) => "this organization asks for a second factor: set one up in your profile",
            Via::ApiKey(..) => "this organization asks for a second factor, and whoever made this key has none",
        };
        return Err(Error::new(Code::SecondFactorNeeded, detail));
    }
    check_permission(standing, permission)
}

fn no_organization() -> Error {
    Error::new(Code::NoOrganization, "this account is in no organization: accept an invitation or make one")
}

/// Refuses a caller who lacks the permission.
pub fn check_permission(standing: &Standing, permission: Permission) -> Result<()> {
    if standing.me.permissions.has(permission) {
        return Ok(());
    }
    let detail = match &standing.via {
        Via::ApiKey(..) => format!("this API key lacks the permission {}", permission.as_str()),
        Via::Session(_) if permission.is_of_appliance() => "this is for the staff of the appliance".to_owned(),
        Via::Session(_) => format!("your role lacks the permission {}: ask an owner or admin", permission.as_str()),
    };
    Err(Error::new(Code::Forbidden, detail))
}

/// Refuses unless the caller has every right that is given or taken.
pub fn check_covers(standing: &Standing, rights: PermissionSet) -> Result<()> {
    if standing.me.permissions.covers(rights) {
        return Ok(());
    }
    let detail = "nobody gives or takes rights they do not have themselves: ask an owner";
    Err(Error::new(Code::Forbidden, detail))
}

/// The seeds' `organization_id` is accepted where it says what the session says anyway.
fn check_organization(id: OrganizationId, query: Option<&str>) -> Result<()> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or("").as_bytes());
    for (name, value) in pairs {
        if name == "organization_id" && value.parse().ok() != Some(id) {
            let error = Error::new(Code::Forbidden, "organization_id is not the organization of this session");
            return Err(Error { field: Some("organization_id"), ..error });
        }
    }
    Ok(())
}

/// The key of `X-Api-Key`, for programs that cannot set `Authorization`.
pub fn api_key(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-api-key")?.to_str().ok().map(str::trim)
}

/// The token of `Authorization: Bearer …`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether the caller reached us over TLS, as far as we know.
pub fn is_secure(headers: &HeaderMap, config: &Config) -> bool {
    config.public_url.starts_with("https://") || is_forwarded_tls(headers)
}

/// The refresh token of the cookie.
pub fn cookie(headers: &HeaderMap, config: &Config) -> Option<String> {
    cookie_named(headers, if is_secure(headers, config) { SECURE_COOKIE } else { COOKIE })
}

/// The value of a cookie.
pub fn cookie_named(headers: &HeaderMap, wanted: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _value)| *name == wanted)
        .map(|(_name, value)| value.to_owned())
}

/// What sets the cookie; an empty value with an age of 0 takes it away.
pub fn cookie_text(headers: &HeaderMap, config: &Config, value: &str, max_age_s: i64) -> String {
    let (name, secure) = if is_secure(headers, config) { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}")
}

/// Whether a browser says that a page of another origin sent this. Programs and old browsers say nothing.
fn is_foreign_page(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

/// Refuses what a foreign page can make a browser send: a form cannot set the header, a script would have to ask first
/// and is told no, and a browser of these days says whose page it is.
pub fn check_own_page(headers: &HeaderMap) -> Result<()> {
    if is_foreign_page(headers) {
        return Err(Error::new(Code::Forbidden, "this was sent by a page of another origin"));
    }
    if !headers.contains_key("x-requested-with") {
        return Err(Error::new(Code::Forbidden, "send the header X-Requested-With"));
    }
    Ok(())
}
