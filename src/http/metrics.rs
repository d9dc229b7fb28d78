//! `GET /metrics`: counts and gauges in the Prometheus text format.

use std::sync::atomic::AtomicU64;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::app::App;
use crate::error::{Error, Result};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConsumerLabels {
    organization: String,
    consumer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OrganizationLabel {
    organization: String,
}

/// Upper bounds of the latency buckets, seconds.
const BUCKETS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

fn latency_histogram() -> Histogram {
    Histogram::new(BUCKETS_S)
}

/// What is counted as it happens.
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabel, Histogram, fn() -> Histogram>,
    webhooks: Family<OutcomeLabel, Counter>,
    /// Open live connections.
    pub live_connections: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            latency: Family::new_with_constructor(latency_histogram),
            webhooks: Family::default(),
            live_connections: Gauge::default(),
        }
    }
}

impl Metrics {
    /// Counts a request.
    pub fn count_request(&self, route: &str, status: u16, seconds: f64) {
        self.requests.get_or_create(&RequestLabels { route: route.to_owned(), status }).inc();
        self.latency.get_or_create(&RouteLabel { route: route.to_owned() }).observe(seconds);
    }

    /// Counts a webhook by what became of it.
    pub fn count_webhook(&self, outcome: &'static str) {
        self.webhooks.get_or_create(&OutcomeLabel { outcome }).inc();
    }
}

/// The metrics of the program and of the open organizations.
pub async fn show_metrics(State(app): State<App>) -> Result<impl IntoResponse> {
    let mut registry = Registry::with_prefix("salesbrain");
    registry.register("http_requests", "Requests by route and status", app.metrics.requests.clone());
    registry.register("http_request_seconds", "Time to answer by route", app.metrics.latency.clone());
    registry.register("webhooks", "Webhooks by outcome", app.metrics.webhooks.clone());
    registry.register("live_connections", "Open live connections", app.metrics.live_connections.clone());
    register_tenants(&app, &mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(Error::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}

fn register_tenants(app: &App, registry: &mut Registry) {
    let lag: Family<ConsumerLabels, Gauge> = Family::default();
    let head: Family<OrganizationLabel, Gauge> = Family::default();
    let commits: Family<OrganizationLabel, Gauge<i64>> = Family::default();
    let writes: Family<OrganizationLabel, Gauge<i64>> = Family::default();
    for tenant in app.tenants.list_open() {
        let label = OrganizationLabel { organization: tenant.id().to_string() };
        head.get_or_create(&label).set(tenant.head());
        let statistics = tenant.database().statistics();
        commits.get_or_create(&label).set(i64::try_from(statistics.commits).unwrap_or(i64::MAX));
        writes.get_or_create(&label).set(i64::try_from(statistics.writes).unwrap_or(i64::MAX));
        for progress in tenant.progress() {
            let labels = ConsumerLabels { organization: tenant.id().to_string(), consumer: progress.name() };
            lag.get_or_create(&labels).set((tenant.head() - progress.cursor()).max(0));
        }
    }
    registry.register("consumer_lag_events", "Events a consumer is behind", lag);
    registry.register("event_sequence", "Highest event sequence", head);
    registry.register("store_commits", "Transactions committed since the organization was opened", commits);
    registry.register("store_writes", "Writes committed since the organization was opened", writes);
    let open: Gauge<u64, AtomicU64> = Gauge::default();
    open.set(u64::try_from(app.tenants.list_open().len()).unwrap_or(u64::MAX));
    registry.register("organizations_open", "Organizations open now", open);
}
