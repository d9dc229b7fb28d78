//! [`Hooks`]: the webhooks of the workspace. Those made through the API get every event they subscribe to; the one the
//! simulator was started with is fed by whoever runs the stream.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use uuid::Uuid;

use super::activity::CUSTOM_LABEL;
use super::event::SimulatedEvent;
use super::post::Poster;

/// A webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) created_ms: i64,
    pub(super) poster: Poster,
    /// What it subscribes to; `None` for a label of the team's own.
    pub(super) event_type: Option<String>,
    pub(super) interest: Option<i64>,
    pub(super) campaign: Option<String>,
    /// Whether the stream is posted to it by whoever runs the simulator.
    pub(super) is_fed: bool,
}

/// All webhooks of the workspace, in the order they were made.
#[derive(Debug, Default)]
pub(super) struct Hooks(Mutex<Vec<Webhook>>);

/// What is delivered with the name of the subscription.
const CLICKED: (&str, &str) = ("email_link_clicked", "link_clicked");

/// Events that are no label of the team's own.
const EVENTS: [&str; 19] = [
    "email_sent",
    "email_opened",
    "link_clicked",
    "reply_received",
    "auto_reply_received",
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
    "test_event",
];

impl Webhook {
    fn wants(&self, event: &SimulatedEvent) -> bool {
        let name = event.event_type.as_ref();
        let is_label = !EVENTS.contains(&name);
        let is_subscribed = match self.event_type.as_deref() {
            Some("all_events") => true,
            Some(subscribed) if subscribed == CLICKED.0 => name == CLICKED.1,
            Some(subscribed) => subscribed == name,
            None => is_label && self.interest == Some(i64::from(CUSTOM_LABEL)),
        };
        is_subscribed && self.campaign.as_ref().is_none_or(|campaign| is_of_campaign(event, campaign))
    }
}

fn is_of_campaign(event: &SimulatedEvent, campaign: &str) -> bool {
    let body: Value = serde_json::from_slice(&event.body).unwrap_or_default();
    let of = |name| body.get(name).and_then(Value::as_str);
    of("campaign").or_else(|| of("campaign_id")) == Some(campaign)
}

impl Hooks {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Webhook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers an event to the webhooks made through the API.
    pub(super) fn deliver(&self, event: &SimulatedEvent) {
        for webhook in self.lock().iter().filter(|webhook| !webhook.is_fed && webhook.wants(event)) {
            webhook.poster.post_soon(event.body.clone());
        }
    }

    /// Delivers an event to all webhooks, as something that happens beside the stream.
    pub(super) fn deliver_to_all(&self, event: &SimulatedEvent) {
        for webhook in self.lock().iter().filter(|webhook| webhook.wants(event)) {
            webhook.poster.post_soon(event.body.clone());
        }
    }
}
