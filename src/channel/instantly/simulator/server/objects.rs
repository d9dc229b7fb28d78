//! The service's objects as JSON, field for field in the order of its documentation.

use serde_json::{Map, Value, json};

use crate::channel::instantly::simulator::activity::{EmailKind, EmailRecord, LeadActivity};
use crate::channel::instantly::simulator::calendar::{iso, put};
use crate::channel::instantly::simulator::hooks::Webhook;
use crate::channel::instantly::simulator::post::{Attempt, WebhookStatus};
use crate::channel::instantly::simulator::text::{Language, Letter};
use crate::channel::instantly::simulator::world::{Campaign, Mailbox, World};

pub(super) fn workspace(world: &World) -> Value {
    let created = iso(world.start_ms.saturating_sub(400 * 86_400_000));
    json!({
        "id": world.workspace_id,
        "timestamp_created": created,
        "timestamp_updated": created,
        "owner": world.owner_id,
        "name": world.workspace_name,
        "plan_id": "pid_hg_v1",
        "add_unsub_to_block": true,
        "default_opportunity_value": 2500,
        "org_logo_url": null,
        "org_client_domain": null,
    })
}

pub(super) fn campaign(world: &World, campaign: &Campaign) -> Value {
    let addresses: Vec<&str> = campaign
        .mailboxes
        .iter()
        .filter_map(|index| world.mailboxes.get(*index))
        .map(|mailbox| mailbox.address.as_str())
        .collect();
    let created = iso(campaign.created_ms);
    json!({
        "id": campaign.id,
        "name": campaign.name,
        "pl_value": 2500,
        "status": 1,
        "is_evergreen": true,
        "campaign_schedule": {
            "start_date": created.get(..10),
            "end_date": null,
            "schedules": [{
                "name": "Business hours",
                "timing": { "from": "08:00", "to": "18:00" },
                "days": { "0": false, "1": true, "2": true, "3": true, "4": true, "5": true, "6": false },
                "timezone": "Europe/Belgrade",
            }],
        },
        "sequences": [{ "steps": steps(campaign) }],
        "timestamp_created": created,
        "timestamp_updated": created,
        "email_gap": 10,
        "random_wait_max": 10,
        "text_only": false,
        "email_list": addresses,
        "daily_limit": 150,
        "stop_on_reply": true,
        "email_tag_list": [],
        "link_tracking": true,
        "open_tracking": true,
        "stop_on_auto_reply": false,
        "not_sending_status": null,
        "insert_unsubscribe_header": true,
        "organization": world.workspace_id,
        "owned_by": world.owner_id,
    })
}

fn steps(campaign: &Campaign) -> Vec<Value> {
    let book = campaign.language.phrasebook();
    let step = |letters: &[Letter; 2]| {
        let variants: Vec<Value> = letters
            .iter()
            .map(|letter| {
                let mut body = String::new();
                for text in letter.paragraphs {
                    put(&mut body, format_args!("<div>{}</div><div><br /></div>", template(text, campaign)));
                }
                json!({ "subject": template(letter.subject, campaign), "body": body })
            })
            .collect();
        json!({ "type": "email", "delay": 4, "delay_unit": "days", "variants": variants })
    };
    book.letters.iter().take(usize::from(campaign.steps)).map(step).collect()
}

/// A letter with the service's variables in place of ours.
fn template(text: &str, campaign: &Campaign) -> String {
    let salutation = match campaign.language {
        Language::German => "{{Anrede}} {{lastName}}",
        Language::French | Language::Italian | Language::English => "{{firstName}} {{lastName}}",
    };
    text.replace("{lead_dear}", salutation)
        .replace("{first}", "{{firstName}}")
        .replace("{company}", "{{companyName}}")
        .replace("{city}", "{{City}}")
        .replace("{day}", "{{nextSlotDay}}")
        .replace("{time}", "{{nextSlotTime}}")
        .replace("{month}", "{{month}}")
        .replace("{topic}", campaign.topic)
        .replace("{product}", campaign.product)
}

pub(super) fn account(world: &World, mailbox: &Mailbox) -> Value {
    let created = iso(mailbox.created_ms);
    json!({
        "email": mailbox.address,
        "timestamp_created": created,
        "timestamp_updated": created,
        "first_name": mailbox.first_name,
        "last_name": mailbox.last_name,
        "warmup": { "limit": 20, "increment": "2", "reply_rate": 30 },
        "added_by": world.owner_id,
        "daily_limit": 40,
        "modified_by": null,
        "tracking_domain_name": null,
        "tracking_domain_status": null,
        "status": 1,
        "enable_slow_ramp": false,
        "organization": world.workspace_id,
        "warmup_status": 1,
        "timestamp_warmup_start": created,
        "provider_code": 3,
        "setup_pending": false,
        "is_managed_account": false,
        "stat_warmup_score": 97,
        "sending_gap": 10,
        "signature": null,
    })
}

pub(super) fn lead(world: &World, index: usize, activity: &LeadActivity) -> Value {
    let Some(lead) = world.leads.get(index) else {
        return Value::Null;
    };
    let campaign = world.campaign(lead.campaign).map(|campaign| campaign.id);
    let created_ms = lead.id.get_timestamp().map_or(0, |time| time.to_unix().0.saturating_mul(1000));
    let created = iso(i64::try_from(created_ms).unwrap_or(0));
    let variable = |name: &str| lead.variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let updated = if activity.changed_ms == 0 { created.clone() } else { iso(activity.changed_ms) };
    let payload: Map<String, Value> =
        lead.variables.iter().filter(|(key, _)| key != "email" && key != "campaign").cloned().collect();
    let mut object = json!({
        "id": lead.id,
        "timestamp_created": created,
        "timestamp_updated": updated,
        "organization": world.workspace_id,
        "campaign": campaign,
        "status": activity.status,
        "email": lead.email,
        "personalization": variable("personalization"),
        "website": variable("website"),
        "last_name": lead.last_name,
        "first_name": lead.first_name,
        "company_name": lead.company.name,
        "job_title": lead.title,
        "phone": variable("phone"),
        "email_open_count": activity.opens,
        "email_reply_count": activity.replies,
        "email_click_count": activity.clicks,
        "company_domain": lead.company.domain,
        "status_summary": {},
        "payload": payload,
        "status_summary_subseq": {},
    });
    add_activity(&mut object, activity);
    object
}

/// Fields that are absent until something has happened.
fn add_activity(object: &mut Value, activity: &LeadActivity) {
    let Value::Object(fields) = object else {
        return;
    };
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    set("lt_interest_status", activity.interest.map(Value::from));
    set("last_step_from", activity.last_step.map(|_| "campaign".into()));
    set("last_step_timestamp_executed", activity.contacted_ms.map(|at_ms| iso(at_ms).into()));
    set("timestamp_last_contact", activity.contacted_ms.map(|at_ms| iso(at_ms).into()));
    set("timestamp_last_open", activity.opened_ms.map(|at_ms| iso(at_ms).into()));
    set("timestamp_last_reply", activity.replied_ms.map(|at_ms| iso(at_ms).into()));
    set("email_replied_step", activity.replied_ms.and(activity.last_step).map(Value::from));
    set("verification_status", Some(1.into()));
    set("upload_method", Some("manual".into()));
}

pub(super) fn webhook(world: &World, webhook: &Webhook) -> Value {
    let (status, error) = match webhook.poster.status() {
        WebhookStatus::Active => (1, Value::Null),
        WebhookStatus::Disabled { since_ms } => (-1, iso(since_ms).into()),
    };
    let config = webhook.poster.config();
    let headers: Map<String, Value> =
        config.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    json!({
        "id": webhook.id,
        "organization": world.workspace_id,
        "campaign": webhook.campaign,
        "name": webhook.name,
        "target_hook_url": config.url,
        "event_type": webhook.event_type,
        "custom_interest_value": webhook.interest,
        "headers": headers,
        "timestamp_created": iso(webhook.created_ms),
        "status": status,
        "timestamp_error": error,
    })
}

pub(super) fn webhook_event(world: &World, attempt: &Attempt, webhook: &Webhook) -> Value {
    let payload: Value = serde_json::from_slice(&attempt.body).unwrap_or(Value::Null);
    let lead_email = payload.get("lead_email").cloned();
    let created = iso(attempt.at_ms);
    json!({
        "id": attempt.id,
        "timestamp_created": created,
        "timestamp_created_date": created.get(..10),
        "organization_id": world.workspace_id,
        "payload": payload,
        "success": attempt.answer.is_success(),
        "retry_count": attempt.retry_count,
        "will_retry": attempt.next_retry_ms.is_some(),
        "webhook_url": webhook.poster.config().url,
        "status_code": attempt.answer.status_code,
        "error_message": attempt.answer.error,
        "timestamp_next_retry": attempt.next_retry_ms.map(iso),
        "retry_group_id": attempt.group,
        "retry_successful": if attempt.retry_count > 0 { Value::Bool(attempt.answer.is_success()) } else { Value::Null },
        "lead_email": lead_email,
        "response_time_ms": u64::try_from(attempt.answer.response_time.as_millis()).unwrap_or(u64::MAX),
    })
}

/// What the workspace pays for.
pub(super) fn plan(world: &World, leads: usize) -> Value {
    json!({
        "organization_id": world.workspace_id,
        "organization_name": world.workspace_name,
        "subscriptions": {
            "outreach": {
                "plan_name": "Hyper Growth",
                "addons_qty": 0,
                "total_lead_limit": 25_000,
                "current_lead_count": leads,
                "base_lead_limit": 25_000,
                "interval": "month",
                "current_period_end": world.start_ms / 1000 + 20 * 86_400,
                "cancel_at_time": null,
                "price_in_dollars": 97,
                "product_id": "pid_hg_v1",
            },
        },
    })
}

pub(super) fn email(world: &World, email: &EmailRecord, is_preview: bool) -> Value {
    let (text, html) = email.text.read();
    let preview: String = text.as_deref().unwrap_or_default().chars().take(140).collect();
    let mut body = Map::new();
    if !is_preview {
        body.extend(text.map(|text| ("text".to_owned(), text.into())));
        body.extend(html.map(|html| ("html".to_owned(), html.into())));
    }
    let from = if email.kind == EmailKind::Received { &email.lead } else { &email.mailbox };
    let created = iso(email.at_ms);
    json!({
        "id": email.id,
        "timestamp_created": created,
        "timestamp_email": created,
        "message_id": format!("<{}@mail.example>", email.id),
        "subject": email.subject,
        "from_address_email": from,
        "to_address_email_list": email.to,
        "body": body,
        "organization_id": world.workspace_id,
        "campaign_id": email.campaign,
        "lead": email.lead,
        "eaccount": email.mailbox,
        "ue_type": email.kind as u8,
        "step": email.step,
        "is_unread": u8::from(email.is_unread),
        "is_auto_reply": u8::from(email.is_automatic),
        "is_focused": 1,
        "thread_id": email.thread,
        "content_preview": preview,
    })
}
