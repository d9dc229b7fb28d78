//! Routes of events, raw deliveries and jobs.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use super::store::{self, ProviderDelivery};
use crate::app::App;
use crate::audit::{Entry, Record};
use crate::error::{Error, Result};
use crate::http::access::Caller;
use crate::http::extract::{Id, Params, parse_limit};
use crate::http::respond::{Answer, Page};
use crate::id::{JobId, ProviderEventId};
use crate::store::Tx;
use crate::tenant::event_log::{self, Event, Lines};
use crate::tenant::job::{self, Job};

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// Rows of a page, 1 to 200; 50 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<i64>,
    /// Start of the kind, for example `message.`; all if absent.
    #[serde(default)]
    kind: String,
}

/// Events, newest first.
///
/// A page may hold fewer than asked for, and even none, and still have a `next`: it looks at a bounded part of the log.
#[utoipa::path(get, path = "/api/v1/events", tag = "activity", params(EventParams), responses((status = 200, body = Page<Event>)), security(("session" = [])))]
pub async fn list_events(caller: Caller, Params(params): Params<EventParams>) -> Result<Page<Event>> {
    let limit = parse_limit(params.limit, 50, 200)?;
    let cursor = params.cursor.unwrap_or(i64::MAX);
    let list = move |connection: &rusqlite::Connection| event_log::list_before(connection, cursor, &params.kind, limit);
    let Lines { events, next } = caller.tenant.read(list).await?;
    Ok(Page::new(events, next.map(|sequence| sequence.to_string())))
}

/// Which deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryParams {
    /// Rows of a page, 1 to 200; 50 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
    /// `applied`, `unknown` or `failed`; all if absent.
    #[serde(default)]
    state: String,
}

/// Raw deliveries, newest first.
#[utoipa::path(get, path = "/api/v1/provider-events", tag = "activity", params(DeliveryParams), responses((status = 200, body = Page<ProviderDelivery>)), security(("session" = [])))]
pub async fn list_deliveries(caller: Caller, Params(params): Params<DeliveryParams>) -> Result<Page<ProviderDelivery>> {
    let limit = parse_limit(params.limit, 50, 200)?;
    if !["", "applied", "unknown", "failed"].contains(&params.state.as_str()) {
        return Err(Error::invalid_field("state", "state must be applied, unknown or failed"));
    }
    let before = params.cursor.unwrap_or(Uuid::max());
    let list =
        move |connection: &rusqlite::Connection| store::list_deliveries(connection, &params.state, before, limit);
    let deliveries: Vec<ProviderDelivery> = caller.tenant.read(list).await?;
    let next = deliveries.last().filter(|_last| deliveries.len() == limit).map(|last| last.id.to_string());
    Ok(Page::new(deliveries, next))
}

/// One delivery with its body as it came.
#[utoipa::path(get, path = "/api/v1/provider-events/{id}", tag = "activity", params(("id" = String, Path)), responses((status = 200, body = Answer<ProviderDelivery>), (status = 404)), security(("session" = [])))]
pub async fn find_delivery(caller: Caller, Id(id): Id<ProviderEventId>) -> Result<Answer<ProviderDelivery>> {
    let found = caller.tenant.read(move |connection| store::find_delivery(connection, id)).await?;
    found.map(Answer::new).ok_or_else(|| Error::not_found("record"))
}

/// Reads a delivery again and applies it if that was not possible when it came; a job does it.
#[utoipa::path(post, path = "/api/v1/provider-events/{id}/replay", tag = "activity", params(("id" = String, Path)), responses((status = 200, body = Answer<Job>), (status = 404)), security(("session" = [])))]
pub async fn replay_delivery(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ProviderEventId>,
) -> Result<Answer<Job>> {
    let found = caller.tenant.read(move |connection| store::find_delivery(connection, id)).await?;
    let delivery = found.ok_or_else(|| Error::not_found("record"))?;
    let record = Record::new("provider_event", &id, delivery.event_type);
    let entry = Entry::new(caller.who(), "provider_event.replayed", record);
    start_job(&app, &caller, ("provider_event.replay", id.to_string()), entry).await
}

/// Builds the search index anew; a job does it.
#[utoipa::path(post, path = "/api/v1/search/reindex", tag = "search", responses((status = 200, body = Answer<Job>)), security(("session" = [])))]
pub async fn reindex(State(app): State<App>, caller: Caller) -> Result<Answer<Job>> {
    let entry = Entry::new(caller.who(), "search.reindexed", Record::new("search_index", &"", ""));
    start_job(&app, &caller, ("search.reindex", String::new()), entry).await
}

async fn start_job(
    app: &App,
    caller: &Caller,
    (kind, payload): (&'static str, String),
    entry: Entry,
) -> Result<Answer<Job>> {
    let chain = app.audit_chain(caller.organization_id());
    let start = move |tx: &Tx<'_>| {
        let id = job::create(tx, kind, &payload)?;
        chain.append(tx, entry)?;
        job::find(tx.connection(), id)
    };
    let job = caller.tenant.write(start).await?.ok_or_else(|| Error::not_found("record"))?;
    caller.tenant.wake_jobs();
    Ok(Answer::new(job))
}

/// Which jobs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobParams {
    /// `waiting`, `running`, `done` or `dead`; all if absent.
    #[serde(default)]
    state: String,
}

/// Most jobs shown.
const JOB_LIMIT: usize = 200;

/// The newest jobs.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "activity", params(JobParams), responses((status = 200, body = Page<Job>)), security(("session" = [])))]
pub async fn list_jobs(caller: Caller, Params(params): Params<JobParams>) -> Result<Page<Job>> {
    if !["", "waiting", "running", "done", "dead"].contains(&params.state.as_str()) {
        return Err(Error::invalid_field("state", "state must be waiting, running, done or dead"));
    }
    let list = move |connection: &rusqlite::Connection| job::list(connection, &params.state, JOB_LIMIT);
    Ok(Page::whole(caller.tenant.read(list).await?))
}

/// Gives a dead job fresh attempts.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "activity", params(("id" = String, Path)), responses((status = 200, body = Answer<Job>), (status = 404, description = "no such dead job")), security(("session" = [])))]
pub async fn retry_job(State(app): State<App>, caller: Caller, Id(id): Id<JobId>) -> Result<Answer<Job>> {
    let (chain, who) = (app.audit_chain(caller.organization_id()), caller.who());
    let retry = move |tx: &Tx<'_>| -> std::result::Result<Option<Job>, crate::store::Error> {
        let job = job::retry(tx, id)?;
        if let Some(job) = &job {
            let entry = Entry::new(who, "job.retried", Record::new("job", &id, job.kind.clone()));
            chain.append(tx, entry.changed(json!({ "state": "dead" }), json!({ "state": job.state })))?;
        }
        Ok(job)
    };
    let job = caller.tenant.write(retry).await?;
    caller.tenant.wake_jobs();
    job.map(Answer::new).ok_or_else(|| Error::not_found("record"))
}
