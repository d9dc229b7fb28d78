//! `POST /webhooks/instantly/…`: bytes in, connection authenticated, payload checked, delivery stored and applied in
//! one transaction, answered after the commit.
//!
//! The provider signs nothing, so the secret in a header or in the path is all there is; without a valid one nothing
//! is read, let alone stored. What is no event at all gets 4xx; what is an event we do not understand is kept, marked
//! and answered with 2xx, because a provider switches a webhook off that answers with errors.

use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;

use super::payload;
use crate::account::token::secret_hash;
use crate::app::{App, AppInner};
use crate::channel::intake::{Delivery, Outcome};
use crate::connection::model::SECRET_HEADER;
use crate::connection::routes::WebhookRoute;
use crate::error::{Code, Error, Result};
use crate::http::access::bearer;
use crate::http::extract::read_body;
use crate::id::{ConnectionId, OrganizationId};
use serde::Serialize;
use utoipa::ToSchema;

/// The source new contacts get.
const PROVIDER: &str = "instantly";

/// Bodies above this are interpreted on a blocking thread: the largest allowed takes a good part of a second, in which
/// the requests of everybody else would wait.
const LARGE_BODY_BYTES: usize = 64 * 1_024;

/// The answer to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// Always `true`.
    success: bool,
    /// What became of it.
    message: &'static str,
}

/// A webhook with the secret in a header.
#[utoipa::path(post, path = "/webhooks/instantly/webhook", tag = "webhooks", request_body(content = serde_json::Value, description = "one Instantly webhook event"),
    responses((status = 200, body = Receipt), (status = 401, description = "no valid secret; nothing was stored"), (status = 503, description = "nothing was stored: send it again")),
    params(("X-Webhook-Secret" = Option<String>, Header, description = "the connection's secret; or Authorization: Bearer")))]
pub async fn receive_webhook(State(app): State<App>, request: Request) -> Result<axum::Json<Receipt>> {
    let secret = header_secret(request.headers()).map(str::to_owned);
    receive(&app, secret.as_deref(), request).await
}

/// A webhook with the secret in the path.
#[utoipa::path(post, path = "/webhooks/instantly/{token}", tag = "webhooks", request_body(content = serde_json::Value, description = "one Instantly webhook event"),
    responses((status = 200, body = Receipt), (status = 401, description = "no valid secret; nothing was stored")), params(("token" = String, Path)))]
pub async fn receive_webhook_with_token(
    State(app): State<App>,
    Path(token): Path<String>,
    request: Request,
) -> Result<axum::Json<Receipt>> {
    receive(&app, Some(&token), request).await
}

fn header_secret(headers: &HeaderMap) -> Option<&str> {
    let own = headers.get(SECRET_HEADER).and_then(|value| value.to_str().ok()).map(str::trim);
    own.or_else(|| bearer(headers))
}

async fn receive(app: &App, secret: Option<&str>, request: Request) -> Result<axum::Json<Receipt>> {
    let outcome = receive_inner(app, secret, request).await;
    app.metrics.count_webhook(match &outcome {
        Ok(Outcome::Applied) => "applied",
        Ok(Outcome::Repeated) => "repeated",
        Ok(Outcome::Unknown) => "unknown",
        Err(error) if error.code == Code::Unauthenticated => "unauthenticated",
        Err(error) if error.code.status() < 500 => "malformed",
        Err(_) => "failed",
    });
    let message = match outcome? {
        Outcome::Applied => "event stored",
        Outcome::Repeated => "event was stored before",
        Outcome::Unknown => "event stored, its meaning is not known",
    };
    Ok(axum::Json(Receipt { success: true, message }))
}

async fn receive_inner(app: &App, secret: Option<&str>, request: Request) -> Result<Outcome> {
    let route = authenticate(app, secret).await?;
    let body = read_body(request, app.config.webhook_limit_bytes).await?;
    let delivery = if body.len() > LARGE_BODY_BYTES {
        let connection_id = route.connection_id;
        tokio::task::spawn_blocking(move || prepare(connection_id, &body)).await.map_err(Error::internal)??
    } else {
        prepare(route.connection_id, &body)?
    };
    let organization_id = match route.organization_id {
        Some(organization_id) => Some(organization_id),
        None => find_campaign_organization(app, &delivery).await?,
    };
    if let Some(organization_id) = organization_id {
        return Ok(app.tenants.find(organization_id).await?.receive(delivery).await?);
    }
    let is_new = app.control.write(move |tx| crate::connection::create_unrouted_event(tx, &delivery)).await?;
    Ok(if is_new { Outcome::Unknown } else { Outcome::Repeated })
}

/// Interprets a body.
fn prepare(connection_id: ConnectionId, body: &[u8]) -> Result<Delivery> {
    let interpreted = payload::interpret(body).map_err(|error| {
        tracing::info!(%connection_id, finding = %error, "a webhook was refused as malformed");
        Error { field: None, ..Error::new(Code::BadRequest, error.to_string()) }
    })?;
    Ok(Delivery::prepare((connection_id, PROVIDER), interpreted.event, interpreted.content_key, body.to_vec()))
}

async fn authenticate(app: &AppInner, secret: Option<&str>) -> Result<WebhookRoute> {
    let refused = || Error::new(Code::Unauthenticated, "no valid webhook secret: nothing was stored");
    let secret = secret.filter(|secret| !secret.is_empty() && secret.len() <= 256).ok_or_else(refused)?;
    let hash = secret_hash(secret);
    let now_ms = app.clock.now_ms();
    if let Some(route) = app.webhook_routes.find(&hash, now_ms) {
        return Ok(route);
    }
    let found = app.control.read(move |connection| crate::connection::find_route(connection, hash)).await?;
    let route = found.ok_or_else(refused)?;
    app.webhook_routes.keep(hash, now_ms, route.clone());
    Ok(route)
}

async fn find_campaign_organization(app: &AppInner, delivery: &Delivery) -> Result<Option<OrganizationId>> {
    let Some(campaign_id) = delivery.event.provider_campaign_id.clone() else { return Ok(None) };
    let connection_id = delivery.connection_id;
    let find = move |connection: &rusqlite::Connection| {
        crate::connection::find_campaign_route(connection, connection_id, &campaign_id)
    };
    Ok(app.control.read(find).await?)
}
