//! Webhooks and the log of their deliveries.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as QueryParameters, State};
use serde_json::{Value, json};

use super::{Answer, body_of, required, text};
use crate::channel::instantly::simulator::calendar::iso;
use crate::channel::instantly::simulator::hooks::Webhook;
use crate::channel::instantly::simulator::post::{Attempt, Poster, PosterConfig};
use crate::channel::instantly::simulator::server::answer::Problem;
use crate::channel::instantly::simulator::server::page::{PageRequest, Query, parameter};
use crate::channel::instantly::simulator::server::{Workspace, objects};

/// Lines of the audit log.
const CREATED: u8 = 18;
const UPDATED: u8 = 19;
const RESUMED: u8 = 21;

/// What can be subscribed to.
const EVENT_TYPES: [&str; 19] = [
    "all_events",
    "email_sent",
    "email_opened",
    "email_link_clicked",
    "reply_received",
    "email_bounced",
    "lead_unsubscribed",
    "campaign_completed",
    "account_error",
    "lead_neutral",
    "lead_interested",
    "lead_not_interested",
    "lead_meeting_booked",
    "lead_meeting_completed",
    "lead_closed",
    "lead_out_of_office",
    "lead_wrong_person",
    "lead_no_show",
    "supersearch_enrichment_completed",
];

pub(in super::super) async fn list(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query, &workspace.0.faults.get())?;
    let webhooks = workspace.0.hooks.lock().clone();
    let show = |webhook: &Webhook| objects::webhook(&workspace.0.world, webhook);
    Ok(Json(page.cut(&webhooks, |webhook| webhook.id.to_string(), show)))
}

pub(in super::super) async fn find(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    Ok(Json(objects::webhook(&workspace.0.world, &workspace.webhook(&id)?)))
}

pub(in super::super) async fn create(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body = body_of(&body)?;
    let now_ms = workspace.0.clock.now_ms();
    let id = workspace.0.store.lock().id(now_ms);
    let webhook = Webhook {
        id,
        name: text(&body, "name").to_owned(),
        created_ms: now_ms,
        poster: poster(&workspace, required(&body, "target_hook_url")?, &headers_of(&body))?,
        event_type: event_type_of(&body)?,
        interest: body.get("custom_interest_value").and_then(Value::as_i64),
        campaign: body.get("campaign").and_then(Value::as_str).map(str::to_owned),
        is_fed: false,
    };
    let object = objects::webhook(&workspace.0.world, &webhook);
    workspace.0.hooks.lock().push(webhook);
    note(&workspace, CREATED, &id.to_string());
    Ok(Json(object))
}

pub(in super::super) async fn update(
    State(workspace): State<Workspace>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let body = body_of(&body)?;
    let mut webhook = workspace.webhook(&id)?;
    let config = webhook.poster.config();
    let url = body.get("target_hook_url").and_then(Value::as_str).unwrap_or(&config.url);
    let headers = if body.get("headers").is_some() { headers_of(&body) } else { config.headers.clone() };
    if body.get("target_hook_url").is_some() || body.get("headers").is_some() {
        webhook.poster = poster(&workspace, url, &headers)?;
        webhook.is_fed = false;
    }
    if body.get("event_type").is_some() {
        webhook.event_type = event_type_of(&body)?;
    }
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        name.clone_into(&mut webhook.name);
    }
    if let Some(campaign) = body.get("campaign") {
        webhook.campaign = campaign.as_str().map(str::to_owned);
    }
    let object = objects::webhook(&workspace.0.world, &webhook);
    for kept in workspace.0.hooks.lock().iter_mut().filter(|kept| kept.id == webhook.id) {
        *kept = webhook.clone();
    }
    note(&workspace, UPDATED, &id);
    Ok(Json(object))
}

pub(in super::super) async fn delete(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let webhook = workspace.webhook(&id)?;
    workspace.0.hooks.lock().retain(|kept| kept.id != webhook.id);
    Ok(Json(objects::webhook(&workspace.0.world, &webhook)))
}

fn note(workspace: &Workspace, activity: u8, id: &str) {
    let now_ms = workspace.0.clock.now_ms();
    workspace.0.store.lock().note(&workspace.0.world, activity, ("webhook_id", id), now_ms);
}

fn poster(workspace: &Workspace, url: &str, headers: &[(String, String)]) -> Result<Poster, Problem> {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Problem::invalid("body/target_hook_url must match pattern \"^https?://\""));
    }
    let duplicates = workspace.0.faults.get().duplicates;
    let config = PosterConfig {
        headers: headers.to_vec(),
        duplicates,
        retry_spacing: std::time::Duration::from_millis(500),
        ..PosterConfig::new(url)
    };
    Poster::new(config, workspace.0.clock.clone()).ok().ok_or_else(|| Problem::invalid("body/headers must be valid"))
}

fn headers_of(body: &Value) -> Vec<(String, String)> {
    let headers = body.get("headers").and_then(Value::as_object);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    headers.map(|headers| headers.iter().map(|(name, value)| (name.clone(), text(value))).collect()).unwrap_or_default()
}

fn event_type_of(body: &Value) -> Result<Option<String>, Problem> {
    match body.get("event_type").and_then(Value::as_str) {
        None => Ok(None),
        Some(name) if EVENT_TYPES.contains(&name) => Ok(Some(name.to_owned())),
        Some(_) => Err(Problem::invalid("body/event_type must be equal to one of the allowed values")),
    }
}

pub(in super::super) async fn list_event_types(State(workspace): State<Workspace>) -> Json<Value> {
    let events = EVENT_TYPES.iter().map(|name| json!({ "id": name, "label": name.replace('_', " "), "type": "email" }));
    let store = workspace.0.store.lock();
    let labels = store.labels.iter().map(|label| {
        let number = label.get("interest_status").map(Value::to_string);
        json!({ "id": number, "label": label.get("label"), "type": "custom_label" })
    });
    Json(json!({ "event_types": events.chain(labels).collect::<Vec<_>>() }))
}

pub(in super::super) async fn resume(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let webhook = workspace.webhook(&id)?;
    webhook.poster.resume();
    note(&workspace, RESUMED, &id);
    Ok(Json(objects::webhook(&workspace.0.world, &webhook)))
}

pub(in super::super) async fn test(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let webhook = workspace.webhook(&id)?;
    let event = workspace.test_event().ok_or(Problem::NOT_FOUND)?;
    let answer = webhook.poster.post_once(event.body).await;
    let message = if answer.is_success() { "Test payload delivered" } else { "Test payload could not be delivered" };
    let mut object = json!({
        "success": answer.is_success(),
        "message": message,
        "response_time_ms": u64::try_from(answer.response_time.as_millis()).unwrap_or(u64::MAX),
    });
    if let Some(status) = answer.status_code {
        super::set(&mut object, "status_code", status);
    }
    if let Some(error) = answer.error {
        super::set(&mut object, "error", error);
    }
    Ok(Json(object))
}

/// Every attempt in the period a query names, newest first.
fn attempts(workspace: &Workspace, query: &Query) -> Result<Vec<(Attempt, Webhook)>, Problem> {
    let wanted = match parameter(query, "success") {
        None => None,
        Some(text) => {
            Some(text.parse::<bool>().ok().ok_or_else(|| Problem::invalid("querystring/success must be boolean"))?)
        }
    };
    let (from, to) = (parameter(query, "from"), parameter(query, "to"));
    let search = parameter(query, "search");
    let webhooks = workspace.0.hooks.lock().clone();
    let all = webhooks.iter().flat_map(|hook| hook.poster.log().into_iter().map(|attempt| (attempt, hook.clone())));
    let mut attempts: Vec<_> = all.collect();
    attempts.retain(|(attempt, webhook)| {
        let day = iso(attempt.at_ms);
        wanted.is_none_or(|wanted| attempt.answer.is_success() == wanted)
            && from.is_none_or(|from| day.as_str() >= from)
            && to.is_none_or(|to| day.get(..to.len()).is_some_and(|day| day <= to))
            && search.is_none_or(|search| webhook.poster.config().url == search || is_about(attempt, search))
    });
    attempts.sort_by_key(|(attempt, _)| std::cmp::Reverse(attempt.id));
    Ok(attempts)
}

fn is_about(attempt: &Attempt, lead: &str) -> bool {
    let body: Value = serde_json::from_slice(&attempt.body).unwrap_or_default();
    text(&body, "lead_email") == lead
}

pub(in super::super) async fn list_events(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query, &workspace.0.faults.get())?;
    let attempts = attempts(&workspace, &query)?;
    let show = |(attempt, webhook): &(Attempt, Webhook)| objects::webhook_event(&workspace.0.world, attempt, webhook);
    Ok(Json(page.cut(&attempts, |(attempt, _)| attempt.id.to_string(), show)))
}

pub(in super::super) async fn find_event(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let attempts = attempts(&workspace, &Query::new())?;
    let found = attempts.iter().find(|(attempt, _)| attempt.id.to_string() == id);
    let (attempt, webhook) = found.ok_or(Problem::NOT_FOUND)?;
    Ok(Json(objects::webhook_event(&workspace.0.world, attempt, webhook)))
}

pub(in super::super) async fn find_summary(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let attempts = attempts(&workspace, &query)?;
    let good = attempts.iter().filter(|(attempt, _)| attempt.answer.is_success()).count();
    let rate = |part: usize| if attempts.is_empty() { 0 } else { 100 * part / attempts.len() };
    Ok(Json(json!({
        "total_events": attempts.len(),
        "successful_events": good,
        "failed_events": attempts.len() - good,
        "success_rate": rate(good),
        "failure_rate": rate(attempts.len() - good),
    })))
}
