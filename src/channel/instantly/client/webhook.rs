//! Webhooks: registering ours, its state, and the log of what was delivered.

#![expect(missing_docs, reason = "fields have the service's names and are documented there")]

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::Call;
use super::error::ClientError;
use super::number::WebhookStatus;
use super::operation::{
    CREATE_WEBHOOK, DELETE_WEBHOOK, GET_WEBHOOK, GET_WEBHOOK_EVENT, GET_WEBHOOK_SUMMARY, LIST_WEBHOOK_EVENT_TYPES,
    LIST_WEBHOOK_EVENTS, LIST_WEBHOOKS, RESUME_WEBHOOK, TEST_WEBHOOK, UPDATE_WEBHOOK,
};
use super::{Client, Pages};

/// Headers sent with each delivery. They hold the receiver's secret and do not show it.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Headers(pub BTreeMap<String, String>);

impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// A webhook.
#[derive(Clone, Debug, Deserialize)]
pub struct Webhook {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
    pub target_hook_url: String,
    #[serde(default)]
    pub event_type: Option<String>,
    /// `None`: the whole workspace.
    #[serde(default)]
    pub campaign: Option<String>,
    #[serde(default)]
    pub custom_interest_value: Option<f64>,
    #[serde(default)]
    pub headers: Option<Headers>,
    #[serde(default)]
    pub status: Option<WebhookStatus>,
    #[serde(default)]
    pub timestamp_created: Option<String>,
    /// When it was switched off.
    #[serde(default)]
    pub timestamp_error: Option<String>,
}

/// A webhook to be made, or what is to change about one.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewWebhook {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_hook_url: Option<String>,
    /// `all_events` includes labels of the team's own and automatic replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
}

/// An event one can subscribe to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EventType {
    pub id: String,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct EventTypes {
    #[serde(default)]
    event_types: Vec<EventType>,
}

/// What a test of a webhook brought.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct WebhookTest {
    pub success: bool,
    pub message: Option<String>,
    pub response_time_ms: Option<f64>,
    pub status_code: Option<f64>,
    pub error: Option<String>,
}

/// One attempt of a delivery.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct WebhookEvent {
    pub id: String,
    #[serde(default)]
    pub timestamp_created: Option<String>,
    #[serde(default)]
    pub payload: Option<Value>,
    #[serde(default)]
    pub success: bool,
    #[serde(default)]
    pub retry_count: Option<f64>,
    #[serde(default)]
    pub will_retry: Option<bool>,
    #[serde(default)]
    pub webhook_url: Option<String>,
    #[serde(default)]
    pub status_code: Option<f64>,
    #[serde(default)]
    pub error_message: Option<String>,
    /// The same on all attempts of one event.
    #[serde(default)]
    pub retry_group_id: Option<String>,
    #[serde(default)]
    pub lead_email: Option<String>,
}

/// Sums of deliveries.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct WebhookSummary {
    pub total_events: f64,
    pub successful_events: f64,
    pub failed_events: f64,
    /// Percent.
    pub success_rate: f64,
}

/// Which attempts are wanted; days as `2026-08-21`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebhookEventFilter<'text> {
    pub is_success: Option<bool>,
    pub from: Option<&'text str>,
    pub to: Option<&'text str>,
    /// A receiver's exact address, or a lead's.
    pub search: Option<&'text str>,
}

impl Client {
    /// Webhooks.
    pub fn list_webhooks(&self) -> Pages<Webhook> {
        Pages::new(self, Call::new(&LIST_WEBHOOKS))
    }

    /// Makes a webhook, once.
    pub async fn create_webhook(&self, webhook: &NewWebhook) -> Result<Webhook, ClientError> {
        self.send(&Call::new(&CREATE_WEBHOOK).body(webhook)).await
    }

    /// A webhook.
    pub async fn find_webhook(&self, id: &str) -> Result<Webhook, ClientError> {
        self.send(&Call::new(&GET_WEBHOOK).id(id)).await
    }

    /// Changes a webhook.
    pub async fn update_webhook(&self, id: &str, change: &NewWebhook) -> Result<Webhook, ClientError> {
        self.send(&Call::new(&UPDATE_WEBHOOK).id(id).body(change)).await
    }

    /// Deletes a webhook.
    pub async fn delete_webhook(&self, id: &str) -> Result<(), ClientError> {
        self.send_delete(&Call::new(&DELETE_WEBHOOK).id(id)).await
    }

    /// What this workspace can subscribe to, its own labels included.
    pub async fn list_webhook_event_types(&self) -> Result<Vec<EventType>, ClientError> {
        self.send::<EventTypes>(&Call::new(&LIST_WEBHOOK_EVENT_TYPES)).await.map(|answer| answer.event_types)
    }

    /// Has a test delivered, once.
    pub async fn test_webhook(&self, id: &str) -> Result<WebhookTest, ClientError> {
        self.send(&Call::new(&TEST_WEBHOOK).id(id)).await
    }

    /// Switches a webhook on again.
    pub async fn resume_webhook(&self, id: &str) -> Result<Webhook, ClientError> {
        self.send(&Call::new(&RESUME_WEBHOOK).id(id)).await
    }

    /// The log of deliveries.
    pub fn list_webhook_events(&self, filter: WebhookEventFilter<'_>) -> Pages<WebhookEvent> {
        let call = Call::new(&LIST_WEBHOOK_EVENTS)
            .query("success", filter.is_success)
            .query("from", filter.from)
            .query("to", filter.to)
            .query("search", filter.search);
        Pages::new(self, call)
    }

    /// One attempt of a delivery.
    pub async fn find_webhook_event(&self, id: &str) -> Result<WebhookEvent, ClientError> {
        self.send(&Call::new(&GET_WEBHOOK_EVENT).id(id)).await
    }

    /// Sums of deliveries between two days.
    pub async fn find_webhook_summary(&self, from: &str, to: &str) -> Result<WebhookSummary, ClientError> {
        self.send(&Call::new(&GET_WEBHOOK_SUMMARY).query("from", Some(from)).query("to", Some(to))).await
    }
}
