//! Leads: those of the world, with what events and callers changed, and those that callers added.

use std::borrow::Cow;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Answer, body_of, required, set, text};
use crate::channel::instantly::simulator::calendar::iso;
use crate::channel::instantly::simulator::event::SimulatedEvent;
use crate::channel::instantly::simulator::server::answer::Problem;
use crate::channel::instantly::simulator::server::page::PageRequest;
use crate::channel::instantly::simulator::server::store::State as Stored;
use crate::channel::instantly::simulator::server::{Workspace, objects};

/// Fields of a lead a caller may set.
const SETTABLE: [&str; 9] = [
    "personalization",
    "website",
    "last_name",
    "first_name",
    "company_name",
    "job_title",
    "phone",
    "lt_interest_status",
    "pl_value_lead",
];

/// A lead: of the world, or added.
#[derive(Clone, Copy)]
enum Found<'store> {
    World(usize),
    Added(&'store Value),
}

pub(in super::super) async fn list(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body = body_of(&body)?;
    let page = PageRequest::from_body(&body, &workspace.0.faults.get())?;
    let store = workspace.0.store.lock();
    let world = &workspace.0.world;
    let of_world = workspace.0.leads_by_id.iter().map(|index| Found::World(*index));
    let all = of_world.chain(store.added_leads.values().map(Found::Added));
    let id = |found: &Found<'_>| match found {
        Found::World(index) => world.leads.get(*index).map(|lead| lead.id.to_string()).unwrap_or_default(),
        Found::Added(lead) => text(lead, "id").to_owned(),
    };
    let leads: Vec<Found<'_>> =
        all.filter(|found| !store.deleted_leads.contains(&id(found)) && is_wanted(&workspace, *found, &body)).collect();
    Ok(Json(page.cut(&leads, id, |found| show(&workspace, &store, *found))))
}

fn show(workspace: &Workspace, store: &Stored, found: Found<'_>) -> Value {
    let inner = &workspace.0;
    let mut lead = match found {
        Found::Added(lead) => lead.clone(),
        Found::World(index) => objects::lead(&inner.world, index, &inner.activity.of(index)),
    };
    let changes = store.lead_changes.get(text(&lead, "id")).cloned().unwrap_or_default();
    for (name, value) in changes {
        set(&mut lead, &name, value);
    }
    lead
}

/// The filters `campaign`, `list_id`, `ids`, `contacts` and `search`.
fn is_wanted(workspace: &Workspace, found: Found<'_>, body: &Value) -> bool {
    let world = &workspace.0.world;
    let own = |name: &str| -> Cow<'_, str> {
        match found {
            Found::Added(lead) => text(lead, name).to_owned().into(),
            Found::World(index) => {
                let Some(lead) = world.leads.get(index) else { return "".into() };
                match name {
                    "id" => lead.id.to_string().into(),
                    "email" => lead.email.as_str().into(),
                    "campaign" => {
                        let campaign = world.campaign(lead.campaign);
                        campaign.map(|campaign| campaign.id.to_string()).unwrap_or_default().into()
                    }
                    "first_name" => lead.full_name().into(),
                    _ => "".into(),
                }
            }
        }
    };
    let is = |key: &str| body.get(key).and_then(Value::as_str).is_none_or(|wanted| own(key) == wanted);
    let is_among = |key: &str, name: &str| {
        let list = body.get(key).and_then(Value::as_array);
        list.is_none_or(|list| list.iter().any(|entry| entry.as_str() == Some(&*own(name))))
    };
    let is_found = body.get("search").and_then(Value::as_str).is_none_or(|search| {
        let search = search.to_lowercase();
        own("email").contains(&search) || own("first_name").to_lowercase().contains(&search)
    });
    is("campaign") && is("list_id") && is_found && is_among("ids", "id") && is_among("contacts", "email")
}

/// Finds a lead and lets `use_it` work on it.
fn with_lead<T>(workspace: &Workspace, id: &str, use_it: impl FnOnce(&mut Stored, Value) -> T) -> Result<T, Problem> {
    let mut store = workspace.0.store.lock();
    if store.deleted_leads.contains(id) {
        return Err(Problem::NOT_FOUND);
    }
    let of_world = workspace.0.world.leads.iter().position(|lead| lead.id.to_string() == id);
    let found = of_world.map(Found::World).or_else(|| store.added_leads.get(id).map(Found::Added));
    let lead = found.map(|found| show(workspace, &store, found)).ok_or(Problem::NOT_FOUND)?;
    Ok(use_it(&mut store, lead))
}

pub(in super::super) async fn find(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    with_lead(&workspace, &id, |_store, lead| Json(lead))
}

pub(in super::super) async fn delete(State(workspace): State<Workspace>, Path(id): Path<String>) -> Answer {
    with_lead(&workspace, &id, |store, lead| {
        store.deleted_leads.insert(id.clone());
        Json(lead)
    })
}

pub(in super::super) async fn update(
    State(workspace): State<Workspace>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let body = body_of(&body)?;
    let updated = iso(workspace.0.clock.now_ms());
    with_lead(&workspace, &id, |store, mut lead| {
        let mut changes: Map<String, Value> = SETTABLE
            .iter()
            .filter_map(|name| body.get(*name).map(|value| ((*name).to_owned(), value.clone())))
            .collect();
        if let Some(Value::Object(variables)) = body.get("custom_variables") {
            let mut payload = lead.get("payload").and_then(Value::as_object).cloned().unwrap_or_default();
            payload.extend(variables.clone());
            changes.insert("payload".to_owned(), payload.into());
        }
        changes.insert("timestamp_updated".to_owned(), updated.into());
        for (name, value) in &changes {
            set(&mut lead, name, value.clone());
        }
        store.lead_changes.entry(id.clone()).or_default().extend(changes);
        Json(lead)
    })
}

pub(in super::super) async fn add(State(workspace): State<Workspace>, body: Bytes) -> Answer {
    let body = body_of(&body)?;
    let leads = body.get("leads").and_then(Value::as_array);
    let leads = leads.ok_or_else(|| Problem::invalid("body must have required property 'leads'"))?;
    if leads.is_empty() || leads.len() > 1000 {
        return Err(Problem::invalid("body/leads must NOT have fewer than 1 or more than 1000 items"));
    }
    if body.get("campaign_id").is_some() == body.get("list_id").is_some() {
        return Err(Problem::invalid("Either campaign_id or list_id must be provided"));
    }
    let mut store = workspace.0.store.lock();
    let mut created = Vec::new();
    let (mut invalid, mut duplicated, mut blocked) = (0, 0, 0);
    for (index, lead) in leads.iter().enumerate() {
        let email = text(lead, "email");
        let is_known = workspace.0.world.leads.iter().any(|known| known.email == email)
            || store.added_leads.values().any(|known| text(known, "email") == email);
        let domain = email.split_once('@').map(|(_, domain)| domain);
        let is_blocked = |entry: &Value| text(entry, "bl_value") == email || Some(text(entry, "bl_value")) == domain;
        if domain.is_none_or(|domain| !domain.contains('.')) {
            invalid += 1;
        } else if store.blocked.iter().any(is_blocked) {
            blocked += 1;
        } else if is_known {
            duplicated += 1;
        } else {
            let object = new_lead(&workspace, &mut store, lead, &body);
            created.push(json!({ "index": index, "id": object.get("id"), "email": email }));
            store.added_leads.insert(text(&object, "id").to_owned(), object);
        }
    }
    Ok(Json(json!({
        "status": "success", "total_sent": leads.len(), "leads_uploaded": created.len(), "in_blocklist": blocked,
        "blocklist_used": null, "duplicated_leads": duplicated, "skipped_count": duplicated,
        "invalid_email_count": invalid, "incomplete_count": 0, "duplicate_email_count": 0, "remaining_in_plan": 24_000,
        "created_leads": created,
    })))
}

fn new_lead(workspace: &Workspace, store: &mut Stored, lead: &Value, body: &Value) -> Value {
    let now_ms = workspace.0.clock.now_ms();
    let email = text(lead, "email");
    let field = |name: &str| lead.get(name).cloned().unwrap_or(Value::Null);
    let mut object = json!({
        "id": store.id(now_ms), "timestamp_created": iso(now_ms), "timestamp_updated": iso(now_ms),
        "organization": workspace.0.world.workspace_id, "status": 1, "email": email,
        "email_open_count": 0, "email_reply_count": 0, "email_click_count": 0,
        "company_domain": email.split_once('@').map(|(_, domain)| domain), "status_summary": {},
        "payload": lead.get("custom_variables").cloned().unwrap_or_else(|| json!({})), "upload_method": "api",
    });
    for name in SETTABLE.iter().take(7) {
        set(&mut object, name, field(name));
    }
    set(&mut object, "campaign", body.get("campaign_id").cloned().unwrap_or(Value::Null));
    set(&mut object, "list_id", body.get("list_id").cloned().unwrap_or(Value::Null));
    object
}

/// Answered at once, done after: 202.
pub(in super::super) async fn set_interest(
    State(workspace): State<Workspace>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let body = body_of(&body)?;
    let email = required(&body, "lead_email")?;
    let Some(interest) = body.get("interest_value") else {
        return Err(Problem::invalid("body must have required property 'interest_value'"));
    };
    let number = interest.as_i64();
    let index = workspace.0.world.leads.iter().position(|lead| lead.email == email);
    let index = index.ok_or(Problem::Error("Invalid lead email"))?;
    let known = number.and_then(|number| i16::try_from(number).ok());
    workspace.0.activity.lock().leads.entry(index).or_default().interest = known;
    if let Some(event) = label_event(&workspace, index, number) {
        workspace.0.hooks.deliver_to_all(&event);
    }
    let message = "Lead interest status update background job submitted";
    Ok((StatusCode::ACCEPTED, Json(json!({ "message": message }))))
}

/// What a label tells the webhooks; a label that is taken off, and "lost", tell nothing.
fn label_event(workspace: &Workspace, index: usize, number: Option<i64>) -> Option<SimulatedEvent> {
    let event_type: Cow<'static, str> = match number? {
        1 => "lead_interested".into(),
        2 => "lead_meeting_booked".into(),
        3 => "lead_meeting_completed".into(),
        4 => "lead_closed".into(),
        0 => "lead_out_of_office".into(),
        -1 => "lead_not_interested".into(),
        -2 => "lead_wrong_person".into(),
        -4 => "lead_no_show".into(),
        other => {
            let store = workspace.0.store.lock();
            let is_it = |label: &&Value| label.get("interest_status").and_then(Value::as_i64) == Some(other);
            text(store.labels.iter().find(is_it)?, "label").to_owned().into()
        }
    };
    let world = &workspace.0.world;
    let lead = world.leads.get(index)?;
    let campaign = world.campaign(lead.campaign)?;
    let at_ms = workspace.0.clock.now_ms();
    let mut body = json!({
        "timestamp": iso(at_ms), "event_type": event_type, "workspace": world.workspace_id,
        "campaign_id": campaign.id, "unibox_url": null, "campaign_name": campaign.name, "lead_email": lead.email,
    });
    for (name, value) in &lead.variables {
        let value = if name == "campaign" { campaign.id.to_string().into() } else { value.clone() };
        set(&mut body, name, value);
    }
    Some(SimulatedEvent {
        at_ms,
        event_type,
        lead: Some(index),
        journey: None,
        step: None,
        intent: None,
        language: None,
        body: body.to_string().into(),
    })
}
