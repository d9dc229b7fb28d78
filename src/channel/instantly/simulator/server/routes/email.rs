//! E-mails: those the events brought, and those callers send.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as QueryParameters, State};
use serde_json::{Value, json};

use super::{Answer, body_of, required, text};
use crate::channel::instantly::simulator::activity::{EmailKind, EmailRecord, MailText};
use crate::channel::instantly::simulator::calendar::iso;
use crate::channel::instantly::simulator::server::answer::Problem;
use crate::channel::instantly::simulator::server::page::{PageRequest, Query, parameter};
use crate::channel::instantly::simulator::server::{Workspace, objects};

pub(in super::super) async fn list(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let page = PageRequest::from_query(&query, &workspace.0.faults.get())?;
    let is_preview = parameter(&query, "preview_only") == Some("true");
    let activity = workspace.0.activity.lock();
    let mut emails: Vec<&EmailRecord> = activity.emails.iter().filter(|email| is_wanted(email, &query)).collect();
    emails.sort_by_key(|email| (email.at_ms, email.id));
    if parameter(&query, "sort_order") != Some("asc") {
        emails.reverse();
    }
    let show = |email: &&EmailRecord| objects::email(&workspace.0.world, email, is_preview);
    Ok(Json(page.cut(&emails, |email| email.id.to_string(), show)))
}

fn is_wanted(email: &EmailRecord, query: &Query) -> bool {
    let is = |name: &str, has: &dyn Fn(&str) -> bool| parameter(query, name).is_none_or(has);
    let at = iso(email.at_ms);
    is("search", &|search| search.strip_prefix("thread:").map_or(email.lead == search, |id| email.thread == id))
        && is("campaign_id", &|id| email.campaign.to_string() == id)
        && is("eaccount", &|list| list.split(',').any(|mailbox| email.mailbox == mailbox))
        && is("lead", &|lead| email.lead == lead)
        && is("is_unread", &|unread| email.is_unread == (unread == "true"))
        && is("min_timestamp_created", &|from| at.as_str() >= from)
        && is("max_timestamp_created", &|to| at.as_str() <= to)
        && is("email_type", &|kind| match kind {
            "received" => email.kind == EmailKind::Received,
            "sent" => email.kind == EmailKind::Campaign,
            _ => email.kind == EmailKind::Manual,
        })
}

pub(in super::super) async fn find(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    let email = find_record(&workspace, &id)?;
    Ok(Json(objects::email(&workspace.0.world, &email, false)))
}

fn find_record(workspace: &Workspace, id: &str) -> Result<EmailRecord, Problem> {
    let activity = workspace.0.activity.lock();
    activity.emails.iter().find(|email| email.id.to_string() == id).cloned().ok_or(Problem::NOT_FOUND)
}

pub(in super::super) async fn count_unread(State(workspace): State<Workspace>) -> Json<Value> {
    let activity = workspace.0.activity.lock();
    Json(json!({ "count": activity.emails.iter().filter(|email| email.is_unread).count() }))
}

pub(in super::super) async fn mark_as_read(State(workspace): State<Workspace>, Path(thread): Path<String>) -> Answer {
    let mut activity = workspace.0.activity.lock();
    let mut is_found = false;
    for email in activity.emails.iter_mut().filter(|email| email.thread == thread) {
        email.is_unread = false;
        is_found = true;
    }
    if is_found { Ok(Json(json!({ "success": true }))) } else { Err(Problem::NOT_FOUND) }
}

pub(in super::super) async fn reply(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body = body_of(&body)?;
    if body.get("body").is_none_or(|body| body.get("text").is_none() && body.get("html").is_none()) {
        return Err(Problem::invalid("body must have required property 'body'"));
    }
    let to = find_record(&workspace, required(&body, "reply_to_uuid")?)?.lead;
    send(&workspace, &body, to)
}

pub(in super::super) async fn forward(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body = body_of(&body)?;
    let includes_original = body.get("include_original_body").and_then(Value::as_bool).unwrap_or(false);
    if body.get("body").is_none() && !includes_original {
        return Err(Problem::invalid("body/body or include_original_body is required"));
    }
    let to = required(&body, "to_address_email_list")?.to_owned();
    send(&workspace, &body, to)
}

fn send(workspace: &Workspace, body: &Value, to: String) -> Answer {
    let answered = find_record(workspace, required(body, "reply_to_uuid")?)?;
    let mailbox = required(body, "eaccount")?;
    if !workspace.0.store.lock().accounts.contains_key(mailbox) {
        return Err(Problem::invalid("Email account not found"));
    }
    let now_ms = workspace.0.clock.now_ms();
    let part = |name: &str| body.get("body").and_then(|body| body.get(name)).and_then(Value::as_str).map(str::to_owned);
    let email = EmailRecord {
        id: workspace.0.store.lock().id(now_ms),
        at_ms: now_ms,
        kind: EmailKind::Manual,
        lead: answered.lead.clone(),
        campaign: answered.campaign,
        mailbox: mailbox.to_owned(),
        to,
        subject: text(body, "subject").to_owned(),
        thread: answered.thread,
        step: None,
        is_automatic: false,
        is_unread: false,
        text: MailText::Given(part("text"), part("html")),
    };
    let object = objects::email(&workspace.0.world, &email, false);
    workspace.0.activity.lock().add_email(email);
    Ok(Json(object))
}
