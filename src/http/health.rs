//! `GET /health`: 200 when the appliance can do its work, 503 with the reason when it cannot.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::respond::Answer;
use crate::app::App;
use crate::store::migration;

/// One thing that must be right.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// What was looked at.
    name: &'static str,
    /// Whether it is right.
    is_ok: bool,
    /// Why not; empty if it is.
    detail: String,
}

/// The state of the appliance.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok` or `failing`.
    status: &'static str,
    /// Version of the program.
    version: &'static str,
    /// What was looked at.
    checks: Vec<Check>,
}

/// How far a consumer is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsumerStatus {
    /// Its name.
    name: &'static str,
    /// The last sequence it has dealt with.
    cursor: i64,
    /// The highest sequence there is.
    head: i64,
    /// How many events it is behind.
    lag: i64,
    /// Why its last batch failed; empty if it did not.
    last_error: String,
}

/// The state of the caller's organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// Version of the program.
    version: &'static str,
    /// When the program started, UTC milliseconds.
    started_at_ms: i64,
    /// Whether the search index is being built anew.
    is_index_rebuilding: bool,
    /// How much of it is there, in percent; `null` if none is being built.
    index_rebuilt_percent: Option<u8>,
    /// The organization's consumers.
    consumers: Vec<ConsumerStatus>,
}

/// Version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether the appliance can do its work.
#[utoipa::path(get, path = "/health", tag = "operation", responses((status = 200, body = Answer<Health>), (status = 503, body = Answer<Health>)))]
pub async fn show_health(State(app): State<App>) -> Response {
    let checks = vec![check_schema(&app).await, check_organizations(&app), check_disk(&app), check_consumers(&app)];
    let is_ok = checks.iter().all(|check| check.is_ok);
    let status = if is_ok { "ok" } else { "failing" };
    let code = if is_ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let data = Health { status, version: VERSION, checks };
    (code, Json(serde_json::json!({ "success": is_ok, "data": data }))).into_response()
}

async fn check_schema(app: &App) -> Check {
    let read = app.control.read(migration::version).await;
    let detail = match read {
        Ok(version) if version == migration::CONTROL.latest() => String::new(),
        Ok(version) => format!("control.db has schema version {version}"),
        Err(_error) => "control.db cannot be read".to_owned(),
    };
    Check { name: "schema", is_ok: detail.is_empty(), detail }
}

/// An organization whose file is of another version, damaged or not migrated cannot be opened.
fn check_organizations(app: &App) -> Check {
    // Anyone may ask: the ids and reasons are in the log.
    let detail = match app.tenants.list_failed().len() {
        0 => String::new(),
        count => format!("{count} organizations cannot be opened, the log says why"),
    };
    Check { name: "organizations", is_ok: detail.is_empty(), detail }
}

fn check_disk(app: &App) -> Check {
    let detail = match rustix::fs::statvfs(&app.config.data) {
        Ok(statistics) => {
            let free_bytes = statistics.f_bavail.saturating_mul(statistics.f_frsize);
            if free_bytes < app.config.disk_reserve_bytes {
                format!("{} MiB are free on the disk of the data folder", free_bytes / 1_048_576)
            } else {
                String::new()
            }
        }
        Err(_error) => "the disk of the data folder cannot be read".to_owned(),
    };
    Check { name: "disk", is_ok: detail.is_empty(), detail }
}

fn check_consumers(app: &App) -> Check {
    let now_ms = app.clock.now_ms();
    let mut stuck = Vec::new();
    for tenant in app.tenants.list_open() {
        let head = tenant.head();
        let names = tenant.progress().iter().filter(|progress| progress.is_stuck(head, now_ms));
        stuck.extend(names.map(|progress| progress.name()));
    }
    let detail = if stuck.is_empty() { String::new() } else { format!("stuck: {}", stuck.join(", ")) };
    Check { name: "consumers", is_ok: detail.is_empty(), detail }
}

/// How far the organization's consumers are.
#[utoipa::path(get, path = "/api/v1/status", tag = "operation", responses((status = 200, body = Answer<Status>)), security(("session" = [])))]
pub async fn show_status(State(app): State<App>, caller: Caller) -> Answer<Status> {
    let head = caller.tenant.head();
    let consumers = caller
        .tenant
        .progress()
        .iter()
        .map(|progress| ConsumerStatus {
            name: progress.name(),
            cursor: progress.cursor(),
            head,
            lag: (head - progress.cursor()).max(0),
            last_error: progress.last_error(),
        })
        .collect();
    let index_rebuilt_percent = caller.tenant.index().rebuilt_percent();
    Answer::new(Status {
        version: VERSION,
        started_at_ms: app.started_at_ms,
        is_index_rebuilding: index_rebuilt_percent.is_some(),
        index_rebuilt_percent,
        consumers,
    })
}
