//! The workspace, its plan and keys, jobs, audit log, block list, tags, labels, lists.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as QueryParameters, State};
use serde_json::{Value, json};

use super::{Answer, body_of, find_in, page_of, required, text};
use crate::channel::instantly::simulator::server::answer::Problem;
use crate::channel::instantly::simulator::server::page::{Query, parameter};
use crate::channel::instantly::simulator::server::{Workspace, objects};

type Parameters = QueryParameters<Query>;

pub(in super::super) async fn find_workspace(State(workspace): State<Workspace>) -> Json<Value> {
    Json(objects::workspace(&workspace.0.world))
}

pub(in super::super) async fn find_plan(State(workspace): State<Workspace>) -> Json<Value> {
    let leads = workspace.0.world.leads.len();
    Json(objects::plan(&workspace.0.world, leads))
}

pub(in super::super) async fn list_keys(State(workspace): State<Workspace>, query: Parameters) -> Answer {
    let keys = workspace.0.store.lock().keys();
    page_of(&workspace, &query.0, &keys)
}

pub(in super::super) async fn list_jobs(State(workspace): State<Workspace>, query: Parameters) -> Answer {
    let wanted = parameter(&query.0, "status");
    let mut jobs = workspace.0.store.lock().jobs.clone();
    jobs.retain(|job| wanted.is_none_or(|wanted| text(job, "status") == wanted));
    page_of(&workspace, &query.0, &jobs)
}

pub(in super::super) async fn find_job(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    find_in(&workspace.0.store.lock().jobs, &id)
}

pub(in super::super) async fn list_audit_logs(State(workspace): State<Workspace>, query: Parameters) -> Answer {
    let from = parameter(&query.0, "start_date");
    let mut lines = workspace.0.store.lock().audit.clone();
    lines.retain(|line| from.is_none_or(|from| text(line, "timestamp") >= from));
    page_of(&workspace, &query.0, &lines)
}

pub(in super::super) async fn list_blocked(State(workspace): State<Workspace>, query: Parameters) -> Answer {
    let search = parameter(&query.0, "search").unwrap_or_default();
    let mut entries = workspace.0.store.lock().blocked.clone();
    entries.retain(|entry| text(entry, "bl_value").contains(search));
    page_of(&workspace, &query.0, &entries)
}

pub(in super::super) async fn find_blocked(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    find_in(&workspace.0.store.lock().blocked, &id)
}

pub(in super::super) async fn create_blocked(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body = body_of(&body)?;
    let value = required(&body, "bl_value")?;
    if value.trim().is_empty() || !value.contains('.') {
        return Err(Problem::invalid("body/bl_value must be an email address or a domain"));
    }
    let now_ms = workspace.0.clock.now_ms();
    Ok(Json(workspace.0.store.lock().block(&workspace.0.world, value, now_ms)))
}

pub(in super::super) async fn delete_blocked(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let mut store = workspace.0.store.lock();
    let found = find_in(&store.blocked, &id)?;
    store.blocked.retain(|entry| text(entry, "id") != id);
    Ok(found)
}

pub(in super::super) async fn list_tags(State(workspace): State<Workspace>, query: Parameters) -> Answer {
    let tags = workspace.0.store.lock().tags.clone();
    page_of(&workspace, &query.0, &tags)
}

pub(in super::super) async fn list_tag_mappings(State(workspace): State<Workspace>, query: Parameters) -> Answer {
    let mappings = workspace.0.store.lock().tag_mappings.clone();
    page_of(&workspace, &query.0, &mappings)
}

pub(in super::super) async fn list_labels(State(workspace): State<Workspace>, query: Parameters) -> Answer {
    let labels = workspace.0.store.lock().labels.clone();
    page_of(&workspace, &query.0, &labels)
}

pub(in super::super) async fn list_lists(State(workspace): State<Workspace>, query: Parameters) -> Answer {
    let lists = workspace.0.store.lock().lists.clone();
    page_of(&workspace, &query.0, &lists)
}

/// The simulated team has no subsequences.
pub(in super::super) async fn list_subsequences() -> Json<Value> {
    Json(json!({ "items": [] }))
}
