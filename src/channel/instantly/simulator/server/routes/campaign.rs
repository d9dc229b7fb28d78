//! Routes of campaigns: lists, state, and why one sends or does not.

use axum::Json;
use axum::extract::{Path, Query as QueryParameters, State};
use serde_json::{Value, json};

use super::{Answer, set, text};
use crate::channel::instantly::simulator::calendar::iso;
use crate::channel::instantly::simulator::server::Workspace;
use crate::channel::instantly::simulator::server::answer::Problem;
use crate::channel::instantly::simulator::server::page::{PageRequest, Query, parameter};

/// Lines of the audit log.
const LAUNCHED: u8 = 4;
const PAUSED: u8 = 5;

pub(in super::super) async fn list(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query, &workspace.0.faults.get())?;
    let search = parameter(&query, "search").unwrap_or_default().to_lowercase();
    let status = match parameter(&query, "status") {
        None => None,
        Some(text) => {
            Some(text.parse::<i64>().ok().ok_or_else(|| Problem::invalid("querystring/status must be number"))?)
        }
    };
    let store = workspace.0.store.lock();
    let is_wanted = |campaign: &&Value| {
        text(campaign, "name").to_lowercase().contains(&search)
            && status.is_none_or(|status| campaign.get("status").and_then(Value::as_i64) == Some(status))
    };
    let mut campaigns: Vec<Value> = store.campaigns.values().filter(is_wanted).cloned().collect();
    let id = |campaign: &Value| text(campaign, "id").to_owned();
    campaigns.sort_by_key(|campaign| std::cmp::Reverse(id(campaign)));
    Ok(Json(page.cut(&campaigns, id, Value::clone)))
}

pub(in super::super) async fn find(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let store = workspace.0.store.lock();
    store.campaigns.get(&id).cloned().map(Json).ok_or(Problem::NOT_FOUND)
}

pub(in super::super) async fn activate(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    set_status(&workspace, &id, 1, LAUNCHED)
}

pub(in super::super) async fn pause(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    set_status(&workspace, &id, 2, PAUSED)
}

/// No webhook tells of it: the audit log does.
fn set_status(workspace: &Workspace, id: &str, status: i8, activity: u8) -> Answer {
    let now_ms = workspace.0.clock.now_ms();
    let mut store = workspace.0.store.lock();
    let campaign = store.campaigns.get_mut(id).ok_or(Problem::NOT_FOUND)?;
    set(campaign, "status", status);
    set(campaign, "timestamp_updated", iso(now_ms));
    let campaign = campaign.clone();
    store.note(&workspace.0.world, activity, ("campaign_id", id), now_ms);
    Ok(Json(campaign))
}

pub(in super::super) async fn find_sending_status(
    State(workspace): State<Workspace>,
    Path(id): Path<String>,
) -> Answer {
    let store = workspace.0.store.lock();
    let campaign = store.campaigns.get(&id).ok_or(Problem::NOT_FOUND)?;
    let status = match campaign.get("status").and_then(Value::as_i64) {
        Some(0) => "campaign_draft",
        Some(2) => "campaign_paused",
        Some(3) => "campaign_completed",
        Some(4) => "campaign_running_subsequences",
        Some(-1) => "campaign_accounts_unhealthy",
        Some(-2) => "campaign_bounce_protect",
        Some(-99) => "campaign_account_suspended",
        _ => "healthy",
    };
    let now = iso(workspace.0.clock.now_ms());
    let is_healthy = status == "healthy";
    let since = if is_healthy { Value::Null } else { now.clone().into() };
    Ok(Json(json!({
        "diagnostics": {
            "campaign_id": id,
            "last_updated": now,
            "status": status,
            "issue_tracking": {
                "current_status_code": status,
                "issue_first_seen_at": since,
                "consecutive_loops_with_issue": u8::from(!is_healthy),
                "last_healthy_send_at": now,
            },
        },
        "summary": { "status": status, "status_message": null, "issue_started_at": since, "last_healthy_send_at": now },
    })))
}
