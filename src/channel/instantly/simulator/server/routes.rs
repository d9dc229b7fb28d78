//! What each route does.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as QueryParameters, State};
use serde_json::{Value, json};

use super::answer::Problem;
use super::page::{PageRequest, Query, parameter};
use super::{Workspace, objects};
use crate::channel::instantly::simulator::calendar::iso;
use crate::channel::instantly::simulator::event::test_event;

type Answer = Result<Json<Value>, Problem>;

pub(super) async fn no_route() -> Problem {
    Problem::NOT_FOUND
}

pub(super) async fn find_workspace(State(workspace): State<Workspace>) -> Json<Value> {
    Json(objects::workspace(&workspace.0.world))
}

pub(super) async fn list_campaigns(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query)?;
    let world = &workspace.0.world;
    let wanted = parameter(&query, "search").unwrap_or_default().to_lowercase();
    let mut campaigns: Vec<_> =
        world.campaigns.iter().filter(|campaign| campaign.name.to_lowercase().contains(&wanted)).collect();
    campaigns.sort_by_key(|campaign| std::cmp::Reverse(campaign.id));
    Ok(Json(page.cut(&campaigns, |campaign| campaign.id.to_string(), |campaign| objects::campaign(world, campaign))))
}

pub(super) async fn find_campaign(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let world = &workspace.0.world;
    let campaign = world.campaigns.iter().find(|campaign| campaign.id.to_string() == id).ok_or(Problem::NOT_FOUND)?;
    Ok(Json(objects::campaign(world, campaign)))
}

pub(super) async fn list_accounts(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query)?;
    let world = &workspace.0.world;
    let wanted = parameter(&query, "search").unwrap_or_default().to_lowercase();
    let mut mailboxes: Vec<_> = world.mailboxes.iter().filter(|mailbox| mailbox.address.contains(&wanted)).collect();
    mailboxes.sort_by(|left, right| (right.created_ms, &right.address).cmp(&(left.created_ms, &left.address)));
    let cursor = |mailbox: &&_| objects::account_cursor(mailbox);
    Ok(Json(page.cut(&mailboxes, cursor, |mailbox| objects::account(world, mailbox))))
}

pub(super) async fn list_leads(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&body).ok().ok_or_else(|| Problem::invalid("Body is not valid JSON"))?
    };
    let page = PageRequest::from_body(&body)?;
    let inner = &workspace.0;
    let leads: Vec<usize> =
        inner.leads_by_id.iter().copied().filter(|index| is_wanted(&workspace, *index, &body)).collect();
    let cursor = |index: &usize| inner.world.leads.get(*index).map(|lead| lead.id.to_string()).unwrap_or_default();
    Ok(Json(page.cut(&leads, cursor, |index| objects::lead(&inner.world, *index, &inner.activity.of(*index)))))
}

/// The filters `campaign`, `ids`, `contacts` and `search`.
fn is_wanted(workspace: &Workspace, index: usize, body: &Value) -> bool {
    let world = &workspace.0.world;
    let Some(lead) = world.leads.get(index) else {
        return false;
    };
    let is_among = |key: &str, wanted: &str| {
        let list = body.get(key).and_then(Value::as_array);
        list.is_none_or(|list| list.iter().any(|entry| entry.as_str() == Some(wanted)))
    };
    let campaign = world.campaign(lead.campaign).map(|campaign| campaign.id.to_string());
    let is_in_campaign =
        body.get("campaign").and_then(Value::as_str).is_none_or(|wanted| campaign.as_deref() == Some(wanted));
    let is_found = body.get("search").and_then(Value::as_str).is_none_or(|search| {
        let search = search.to_lowercase();
        lead.email.contains(&search) || lead.full_name().to_lowercase().contains(&search)
    });
    is_in_campaign && is_found && is_among("ids", &lead.id.to_string()) && is_among("contacts", &lead.email)
}

pub(super) async fn list_webhooks(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query)?;
    let inner = &workspace.0;
    Ok(Json(page.cut(
        &inner.webhooks,
        |webhook| webhook.id.to_string(),
        |webhook| objects::webhook(&inner.world, webhook),
    )))
}

pub(super) async fn resume_webhook(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let webhook = workspace.webhook(&id)?;
    webhook.poster.resume();
    Ok(Json(objects::webhook(&workspace.0.world, webhook)))
}

pub(super) async fn test_webhook(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let webhook = workspace.webhook(&id)?;
    let event = test_event(&workspace.0.world, workspace.0.clock.now_ms()).ok_or(Problem::NOT_FOUND)?;
    let answer = webhook.poster.post_once(event.body).await;
    let message = if answer.is_success() { "Test payload delivered" } else { "Test payload could not be delivered" };
    Ok(Json(json!({
        "success": answer.is_success(),
        "message": message,
        "response_time_ms": u64::try_from(answer.response_time.as_millis()).unwrap_or(u64::MAX),
        "status_code": answer.status_code,
        "error": answer.error,
    })))
}

pub(super) async fn list_webhook_events(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query)?;
    let inner = &workspace.0;
    let wanted = match parameter(&query, "success") {
        None => None,
        Some(text) => {
            Some(text.parse::<bool>().ok().ok_or_else(|| Problem::invalid("querystring/success must be boolean"))?)
        }
    };
    let (from, to) = (parameter(&query, "from"), parameter(&query, "to"));
    let mut attempts: Vec<_> = Vec::new();
    for webhook in &inner.webhooks {
        let log = webhook.poster.log();
        attempts.extend(log.into_iter().map(|attempt| (attempt, webhook)));
    }
    attempts.retain(|(attempt, _)| {
        let day = iso(attempt.at_ms);
        wanted.is_none_or(|wanted| attempt.answer.is_success() == wanted)
            && from.is_none_or(|from| day.as_str() >= from)
            && to.is_none_or(|to| day.get(..to.len()).is_some_and(|day| day <= to))
    });
    attempts.sort_by_key(|(attempt, _)| std::cmp::Reverse(attempt.id));
    let cursor = |(attempt, _): &(crate::channel::instantly::simulator::post::Attempt, _)| attempt.id.to_string();
    Ok(Json(page.cut(&attempts, cursor, |(attempt, webhook)| objects::webhook_event(&inner.world, attempt, webhook))))
}
