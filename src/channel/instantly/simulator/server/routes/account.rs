//! Routes of mailboxes, which the service calls accounts.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as QueryParameters, State};
use serde_json::{Map, Value, json};

use super::{Answer, body_of, required_list, set, text};
use crate::channel::instantly::simulator::calendar::{DAY_MS, iso};
use crate::channel::instantly::simulator::server::Workspace;
use crate::channel::instantly::simulator::server::answer::Problem;
use crate::channel::instantly::simulator::server::page::{PageRequest, Query, parameter};

pub(in super::super) async fn list(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query, &workspace.0.faults.get())?;
    let wanted = parameter(&query, "search").unwrap_or_default().to_lowercase();
    let store = workspace.0.store.lock();
    let mut accounts: Vec<Value> =
        store.accounts.values().filter(|account| text(account, "email").contains(&wanted)).cloned().collect();
    let has_tags = parameter(&query, "include_tags") == Some("true");
    for account in &mut accounts {
        set(account, "warmup", json!({ "limit": 20 }));
        let tags = tags_of(&store.tags, &store.tag_mappings, text(account, "email"));
        set(account, "tags", if has_tags { tags } else { Value::Null });
    }
    let cursor = |account: &Value| format!("{}&{}", text(account, "timestamp_created"), text(account, "email"));
    accounts.sort_by_key(|account| std::cmp::Reverse(cursor(account)));
    Ok(Json(page.cut(&accounts, cursor, Value::clone)))
}

fn tags_of(tags: &[Value], mappings: &[Value], email: &str) -> Value {
    let of = mappings.iter().filter(|mapping| text(mapping, "resource_id") == email);
    let found = of.filter_map(|mapping| tags.iter().find(|tag| text(tag, "id") == text(mapping, "tag_id")));
    found.map(|tag| json!({ "id": tag.get("id"), "label": tag.get("label") })).collect()
}

pub(in super::super) async fn find(State(workspace): State<Workspace>, Path(email): Path<String>) -> Answer {
    let store = workspace.0.store.lock();
    store.accounts.get(&email).cloned().map(Json).ok_or(Problem::NOT_FOUND)
}

pub(in super::super) async fn pause(State(workspace): State<Workspace>, Path(email): Path<String>) -> Answer {
    set_status(&workspace, &email, 2)
}

pub(in super::super) async fn resume(State(workspace): State<Workspace>, Path(email): Path<String>) -> Answer {
    set_status(&workspace, &email, 1)
}

fn set_status(workspace: &Workspace, email: &str, status: i8) -> Answer {
    let mut store = workspace.0.store.lock();
    let account = store.accounts.get_mut(email).ok_or(Problem::NOT_FOUND)?;
    set(account, "status", status);
    set(account, "timestamp_updated", iso(workspace.0.clock.now_ms()));
    Ok(Json(account.clone()))
}

pub(in super::super) async fn test_vitals(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body = body_of(&body)?;
    let emails = required_list(&body, "accounts", usize::MAX);
    let emails = emails.ok().ok_or(Problem::Error("Bad request - no emails sent"))?;
    let store = workspace.0.store.lock();
    let (good, bad): (Vec<String>, Vec<String>) =
        emails.into_iter().partition(|email| store.accounts.contains_key(email));
    let show = |emails: Vec<String>, is_good: bool| -> Vec<Value> {
        let domain = |email: String| email.split_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
        let vitals = |domain: String| {
            json!({
                "domain": domain, "allPass": is_good, "mx": is_good, "spf": is_good, "dkim": is_good, "dmarc": is_good,
            })
        };
        emails.into_iter().map(domain).map(vitals).collect()
    };
    Ok(Json(json!({ "status": "success", "success_list": show(good, true), "failure_list": show(bad, false) })))
}

pub(in super::super) async fn enable_warmup(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    set_warmup(&workspace, &body, 1)
}

pub(in super::super) async fn disable_warmup(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    set_warmup(&workspace, &body, 0)
}

fn set_warmup(workspace: &Workspace, body: &Bytes, status: i8) -> Answer {
    let body = body_of(body)?;
    let emails = required_list(&body, "emails", 100)?;
    let mut store = workspace.0.store.lock();
    for email in &emails {
        if let Some(account) = store.accounts.get_mut(email) {
            set(account, "warmup_status", status);
        }
    }
    Ok(Json(store.create_job(&workspace.0.world, "update-warmup-accounts", workspace.0.clock.now_ms())))
}

pub(in super::super) async fn warmup_analytics(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body = body_of(&body)?;
    let emails = required_list(&body, "emails", 100)?;
    let now_ms = workspace.0.clock.now_ms();
    let (mut days, mut sums) = (Map::new(), Map::new());
    let store = workspace.0.store.lock();
    for email in emails.iter().filter(|email| store.accounts.contains_key(*email)) {
        let week = (0..7).map(|ago| {
            let day = iso(now_ms.saturating_sub(ago * DAY_MS));
            let sums = json!({ "sent": 20, "landed_inbox": 19, "landed_spam": 1, "received": 18 });
            (day.get(..10).unwrap_or_default().to_owned(), sums)
        });
        days.insert(email.clone(), Value::Object(week.collect()));
        let sum = json!({
            "sent": 140, "received": 126, "landed_inbox": 133, "landed_spam": 7, "health_score_label": "Good",
            "health_score": 95,
        });
        sums.insert(email.clone(), sum);
    }
    Ok(Json(json!({ "email_date_data": days, "aggregate_data": sums })))
}
