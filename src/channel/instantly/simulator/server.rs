//! The workspace's own HTTP port: the service's API v2 as far as a client of ours uses it.
//!
//! Answers have the shapes, the error bodies, the paging, the scopes and the rate limits of the real service; the test of
//! the client holds both against the service's own document. Leads, e-mails and analytics are made from the world and the
//! events so far, so that the API tells what the webhooks told; what a caller changes lies over that in [`store::Store`],
//! in memory, and is gone with the process. [`Faults`] can be switched while it runs, at `/simulator/faults`.
//!
//! It listens with hyper and not with `axum::serve`, because a handler of the latter cannot close a connection without
//! an answer, which is what a client must survive.

mod analytics;
mod answer;
mod faults;
mod guard;
mod objects;
mod page;
mod routes;
mod store;
mod traffic;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use hyper_util::rt::TokioIo;
use tower_service::Service;
use uuid::Uuid;

use super::activity::Activity;
use super::dice::{Dice, Purpose};
use super::event::{SimulatedEvent, test_event};
use super::hooks::{Hooks, Webhook};
use super::post::Poster;
use super::world::World;
use crate::clock::Clock;
use answer::Problem;
pub use faults::{CursorFault, Failure, Faults};
use store::Store;
use traffic::Traffic;
pub use traffic::{Exchange, ServerLimits};

/// What the port shares with the stream of events.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) world: Arc<World>,
    pub(super) activity: Arc<Activity>,
    pub(super) hooks: Arc<Hooks>,
}

/// What the port serves. Clones share everything.
#[derive(Clone, Debug)]
pub struct Workspace(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: Arc<World>,
    activity: Arc<Activity>,
    hooks: Arc<Hooks>,
    clock: Clock,
    store: Store,
    faults: faults::Switch,
    traffic: Traffic,
    /// Indexes of leads in the order of their ids.
    leads_by_id: Vec<usize>,
}

impl Workspace {
    pub(super) fn new(shared: Shared, api_key: &str, posters: Vec<Poster>, clock: Clock) -> Self {
        let Shared { world, activity, hooks } = shared;
        let mut dice = Dice::new(world.seed, Purpose::Workspace, 1);
        let created_ms = world.start_ms.saturating_sub(90 * super::calendar::DAY_MS);
        let name = |number: usize| {
            if number == 0 { "Salesbrain".to_owned() } else { format!("Salesbrain {}", number + 1) }
        };
        let fed = posters.into_iter().enumerate().map(|(number, poster)| Webhook {
            id: dice.uuid_v7(created_ms),
            name: name(number),
            created_ms,
            poster,
            event_type: Some("all_events".to_owned()),
            interest: None,
            campaign: None,
            is_fed: true,
        });
        hooks.lock().extend(fed);
        let mut leads_by_id: Vec<usize> = (0..world.leads.len()).collect();
        leads_by_id.sort_by_key(|index| world.leads.get(*index).map(|lead| lead.id));
        let store = Store::new(&world, api_key, dice);
        let (faults, traffic) = (faults::Switch::default(), Traffic::default());
        Self(Arc::new(Inner { world, activity, hooks, clock, store, faults, traffic, leads_by_id }))
    }

    /// Adds a key that may do what its scopes say, such as `campaigns:read` or `all:all`.
    pub fn create_key(&self, key: &str, scopes: &[&str]) {
        self.0.store.lock().create_key(&self.0.world, key, scopes);
    }

    /// Revokes a key.
    pub fn revoke_key(&self, key: &str) {
        self.0.store.lock().revoke_key(key);
    }

    /// Takes the paid plan away, or gives it back.
    pub fn set_paid(&self, is_paid: bool) {
        self.0.store.lock().is_paid = is_paid;
    }

    /// Switches faults.
    pub fn set_faults(&self, faults: Faults) {
        self.0.faults.set(faults);
    }

    /// Sets the rate limits; those of the real service unless told.
    pub fn set_limits(&self, limits: ServerLimits) {
        self.0.traffic.set_limits(limits);
    }

    /// Every request so far with its answer, while they are kept.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.0.traffic.exchanges()
    }

    /// The most requests that came within any time of that length.
    pub fn peak_within(&self, window: std::time::Duration) -> usize {
        self.0.traffic.peak_within(window)
    }

    fn webhook(&self, id: &str) -> Result<Webhook, Problem> {
        let id = Uuid::parse_str(id).ok();
        let hooks = self.0.hooks.lock();
        hooks.iter().find(|webhook| Some(webhook.id) == id).cloned().ok_or(Problem::NOT_FOUND)
    }

    fn test_event(&self) -> Option<SimulatedEvent> {
        test_event(&self.0.world, self.0.clock.now_ms())
    }
}

/// Serves the workspace's API until `shutdown` is ready.
pub async fn serve(
    workspace: Workspace,
    listener: tokio::net::TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = router(workspace);
    let mut connections = tokio::task::JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, _peer) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = &mut shutdown => return Ok(()),
        };
        let router = router.clone();
        // An error of the service makes hyper close the connection without an answer.
        let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let answering = router.clone().call(request);
            async move {
                let response = answering.await.map_err(|never| match never {})?;
                if response.extensions().get::<faults::Dropped>().is_some() {
                    Err(faults::Dropped)
                } else {
                    Ok(response)
                }
            }
        });
        connections.spawn(async move {
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Every route, in the order of their paths.
fn router(workspace: Workspace) -> Router {
    let api = Router::new()
        .merge(accounts())
        .merge(campaigns())
        .merge(leads())
        .merge(emails())
        .merge(webhooks())
        .merge(rest())
        .fallback(routes::no_route)
        .layer(axum::middleware::from_fn_with_state(workspace.clone(), guard::guard));
    Router::new()
        .nest("/api/v2", api)
        .route("/simulator/faults", get(faults::find_faults).put(faults::update_faults))
        .with_state(workspace)
}

fn accounts() -> Router<Workspace> {
    use routes::account;
    Router::new()
        .route("/accounts", get(account::list))
        .route("/accounts/analytics/daily", get(analytics::list_account_days))
        .route("/accounts/test/vitals", post(account::test_vitals))
        .route("/accounts/warmup-analytics", post(account::warmup_analytics))
        .route("/accounts/warmup/disable", post(account::disable_warmup))
        .route("/accounts/warmup/enable", post(account::enable_warmup))
        .route("/accounts/{email}", get(account::find))
        .route("/accounts/{email}/pause", post(account::pause))
        .route("/accounts/{email}/resume", post(account::resume))
}

fn campaigns() -> Router<Workspace> {
    use routes::campaign;
    Router::new()
        .route("/campaigns", get(campaign::list))
        .route("/campaigns/analytics", get(analytics::list_campaigns))
        .route("/campaigns/analytics/daily", get(analytics::list_days))
        .route("/campaigns/analytics/overview", get(analytics::find_overview))
        .route("/campaigns/analytics/steps", get(analytics::list_steps))
        .route("/campaigns/{id}", get(campaign::find))
        .route("/campaigns/{id}/activate", post(campaign::activate))
        .route("/campaigns/{id}/pause", post(campaign::pause))
        .route("/campaigns/{id}/sending-status", get(campaign::find_sending_status))
}

fn leads() -> Router<Workspace> {
    use routes::lead;
    Router::new()
        .route("/leads/add", post(lead::add))
        .route("/leads/list", post(lead::list))
        .route("/leads/update-interest-status", post(lead::set_interest))
        .route("/leads/{id}", get(lead::find).patch(lead::update).delete(lead::delete))
}

fn emails() -> Router<Workspace> {
    use routes::email;
    Router::new()
        .route("/emails", get(email::list))
        .route("/emails/forward", post(email::forward))
        .route("/emails/reply", post(email::reply))
        .route("/emails/threads/{thread_id}/mark-as-read", post(email::mark_as_read))
        .route("/emails/unread/count", get(email::count_unread))
        .route("/emails/{id}", get(email::find))
}

fn webhooks() -> Router<Workspace> {
    use routes::webhook;
    Router::new()
        .route("/webhook-events", get(webhook::list_events))
        .route("/webhook-events/summary", get(webhook::find_summary))
        .route("/webhook-events/{id}", get(webhook::find_event))
        .route("/webhooks", get(webhook::list).post(webhook::create))
        .route("/webhooks/event-types", get(webhook::list_event_types))
        .route("/webhooks/{id}", get(webhook::find).patch(webhook::update).delete(webhook::delete))
        .route("/webhooks/{id}/resume", post(webhook::resume))
        .route("/webhooks/{id}/test", post(webhook::test))
}

fn rest() -> Router<Workspace> {
    use routes::rest;
    Router::new()
        .route("/api-keys", get(rest::list_keys))
        .route("/audit-logs", get(rest::list_audit_logs))
        .route("/background-jobs", get(rest::list_jobs))
        .route("/background-jobs/{id}", get(rest::find_job))
        .route("/block-lists-entries", get(rest::list_blocked).post(rest::create_blocked))
        .route("/block-lists-entries/{id}", get(rest::find_blocked).delete(rest::delete_blocked))
        .route("/custom-tag-mappings", get(rest::list_tag_mappings))
        .route("/custom-tags", get(rest::list_tags))
        .route("/lead-labels", get(rest::list_labels))
        .route("/lead-lists", get(rest::list_lists))
        .route("/subsequences", get(rest::list_subsequences))
        .route("/workspace-billing/plan-details", get(rest::find_plan))
        .route("/workspaces/current", get(rest::find_workspace))
}

#[cfg(test)]
mod tests;
