//! The workspace's own HTTP port: the part of the service's API v2 that a client needs first.
//!
//! Answers have the shapes, the error bodies and the paging of the real service (`limit` 10 unless told, 400 above 100, an
//! opaque cursor, no totals). It grows by adding a route here and a function in `server/`; objects are made in
//! `server/objects.rs` from the world and the activity so far, nothing is stored twice.

mod answer;
mod objects;
mod page;
mod routes;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use uuid::Uuid;

use super::activity::Activity;
use super::dice::{Dice, Purpose};
use super::post::Poster;
use super::world::World;
use crate::clock::Clock;
use answer::Problem;

/// A webhook of the workspace: all events, delivered by a poster.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) created_ms: i64,
    pub(super) poster: Poster,
}

/// What the port serves. Clones share everything.
#[derive(Clone, Debug)]
pub struct Workspace(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: Arc<World>,
    activity: Arc<Activity>,
    api_key: String,
    clock: Clock,
    webhooks: Vec<Webhook>,
    /// Indexes of leads in the order of their ids.
    leads_by_id: Vec<usize>,
}

impl Workspace {
    pub(super) fn new(
        world: Arc<World>,
        activity: Arc<Activity>,
        api_key: String,
        posters: Vec<Poster>,
        clock: Clock,
    ) -> Self {
        let mut dice = Dice::new(world.seed, Purpose::Workspace, 1);
        let created_ms = world.start_ms.saturating_sub(90 * super::calendar::DAY_MS);
        let name = |number: usize| {
            if number == 0 { "Salesbrain".to_owned() } else { format!("Salesbrain {}", number + 1) }
        };
        let webhooks = posters
            .into_iter()
            .enumerate()
            .map(|(number, poster)| Webhook { id: dice.uuid_v7(created_ms), name: name(number), created_ms, poster })
            .collect();
        let mut leads_by_id: Vec<usize> = (0..world.leads.len()).collect();
        leads_by_id.sort_by_key(|index| world.leads.get(*index).map(|lead| lead.id));
        Self(Arc::new(Inner { world, activity, api_key, clock, webhooks, leads_by_id }))
    }

    fn webhook(&self, id: &str) -> Result<&Webhook, Problem> {
        let id = Uuid::parse_str(id).ok();
        self.0.webhooks.iter().find(|webhook| Some(webhook.id) == id).ok_or(Problem::NOT_FOUND)
    }
}

/// Serves the workspace's API until `shutdown` is ready.
pub async fn serve(
    workspace: Workspace,
    listener: tokio::net::TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(workspace)).with_graceful_shutdown(shutdown).await
}

/// Every route, in the order of their paths.
fn router(workspace: Workspace) -> Router {
    Router::new()
        .route("/api/v2/accounts", get(routes::list_accounts))
        .route("/api/v2/campaigns", get(routes::list_campaigns))
        .route("/api/v2/campaigns/{id}", get(routes::find_campaign))
        .route("/api/v2/leads/list", post(routes::list_leads))
        .route("/api/v2/webhook-events", get(routes::list_webhook_events))
        .route("/api/v2/webhooks", get(routes::list_webhooks))
        .route("/api/v2/webhooks/{id}/resume", post(routes::resume_webhook))
        .route("/api/v2/webhooks/{id}/test", post(routes::test_webhook))
        .route("/api/v2/workspaces/current", get(routes::find_workspace))
        .fallback(routes::no_route)
        .layer(axum::middleware::from_fn_with_state(workspace.clone(), guard))
        .with_state(workspace)
}

/// What stands before every route: the proxy in front, the key, and the framework's dislike of empty JSON.
async fn guard(State(workspace): State<Workspace>, request: Request, next: Next) -> Result<Response, Problem> {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if matches!(text(USER_AGENT), "") || text(USER_AGENT).starts_with("Python-urllib") {
        return Err(Problem::PROXY);
    }
    if !headers.contains_key(AUTHORIZATION) {
        return Err(Problem::NO_KEY);
    }
    if text(AUTHORIZATION).strip_prefix("Bearer ") != Some(workspace.0.api_key.as_str()) {
        return Err(Problem::BAD_KEY);
    }
    let has_length = headers.contains_key("transfer-encoding") || !matches!(text(CONTENT_LENGTH), "" | "0");
    if text(CONTENT_TYPE).starts_with("application/json") && !has_length && request.method() != axum::http::Method::GET
    {
        return Err(Problem::EMPTY_JSON);
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests;
