//! Who may use a route. Every route names its [`Access`] in the router; this layer is the only place that checks it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::account::model::Permission;
use crate::account::store::Standing;
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::id::OrganizationId;
use crate::tenant::Tenant;

/// Name of the cookie that holds the refresh token.
pub const COOKIE: &str = "salesbrain_session";

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// Something the handler checks itself: a webhook secret, a cookie, a first frame.
    Own,
    /// A session whose role has the permission.
    Session(Permission),
    /// The same, where a browser cannot send a header (an `iframe`): the cookie will do.
    SessionOrCookie(Permission),
    /// The setting `metrics_token`, which a monitoring system can keep for years, or an operator's session.
    MetricsToken,
}

/// Who calls, with the one organization the call can reach.
#[derive(Clone)]
pub struct Caller {
    /// The session.
    pub standing: Standing,
    /// The organization's handle.
    pub tenant: Arc<Tenant>,
}

impl Caller {
    /// The organization's id.
    pub fn organization_id(&self) -> OrganizationId {
        self.standing.me.organization.id
    }

    /// The caller as the event log names it.
    pub fn actor(&self) -> crate::tenant::event_log::Actor {
        crate::tenant::event_log::Actor::Account(self.standing.me.account.id)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Error::internal("a route without a session asks for its caller"))
    }
}

/// The layer of every route.
pub async fn check(State((app, access)): State<(App, Access)>, mut request: Request, next: Next) -> Result<Response> {
    let (permission, is_cookie_enough) = match access {
        Access::Public | Access::Own => return Ok(next.run(request).await),
        Access::MetricsToken if is_metrics_token(&app, request.headers()) => return Ok(next.run(request).await),
        Access::MetricsToken => (Permission::Operate, false),
        Access::Session(permission) => (permission, false),
        Access::SessionOrCookie(permission) => (permission, true),
    };
    let standing = find_standing(&app, request.headers(), is_cookie_enough).await?;
    check_permission(&standing, permission)?;
    check_organization(&standing, request.uri().query())?;
    let tenant = app.tenants.find(standing.me.organization.id).await?;
    request.extensions_mut().insert(Caller { standing, tenant });
    Ok(next.run(request).await)
}

fn is_metrics_token(app: &App, headers: &HeaderMap) -> bool {
    bearer(headers).is_some_and(|token| app.config.metrics_token.is_match(token))
}

async fn find_standing(app: &App, headers: &HeaderMap, is_cookie_enough: bool) -> Result<Standing> {
    let found = match (bearer(headers), cookie(headers)) {
        (Some(token), _) => app.find_session(token).await?,
        (None, Some(refresh_token)) if is_cookie_enough => app.find_session_by_cookie(&refresh_token).await?,
        _ => None,
    };
    found.ok_or_else(|| Error::new(Code::Unauthenticated, "sign in first"))
}

/// Refuses a caller whose role lacks the permission.
pub fn check_permission(standing: &Standing, permission: Permission) -> Result<()> {
    let is_staff_matter = permission == Permission::Operate;
    let is_allowed = if is_staff_matter { standing.me.is_operator } else { standing.me.role.allows(permission) };
    if is_allowed {
        return Ok(());
    }
    let detail = match permission {
        Permission::Read | Permission::Change => "your role allows reading only: ask an owner or admin",
        Permission::Administer => "this needs the role owner or admin",
        Permission::Operate => "this is for the operators of the appliance",
    };
    Err(Error::new(Code::Forbidden, detail))
}

/// The seeds' `organization_id` is accepted where it says what the session says anyway.
fn check_organization(standing: &Standing, query: Option<&str>) -> Result<()> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or("").as_bytes());
    for (name, value) in pairs {
        if name == "organization_id" && value.parse().ok() != Some(standing.me.organization.id) {
            let error = Error::new(Code::Forbidden, "organization_id is not the organization of this session");
            return Err(Error { field: Some("organization_id"), ..error });
        }
    }
    Ok(())
}

/// The token of `Authorization: Bearer …`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The refresh token of the cookie.
pub fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _value)| *name == COOKIE)
        .map(|(_name, value)| value.to_owned())
}
