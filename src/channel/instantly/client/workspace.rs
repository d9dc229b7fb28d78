//! The workspace, its plan, its keys, its background jobs and its audit log.

#![expect(missing_docs, reason = "fields have the service's names and are documented there")]

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::Call;
use super::error::ClientError;
use super::operation::{GET_JOB, GET_PLAN, GET_WORKSPACE, LIST_API_KEYS, LIST_AUDIT_LOGS, LIST_JOBS};
use super::{Client, Pages};

/// A workspace.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Workspace {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub owner: Option<String>,
    #[serde(default)]
    pub timestamp_created: Option<String>,
    #[serde(default)]
    pub plan_id: Option<String>,
    #[serde(default)]
    pub add_unsub_to_block: Option<bool>,
    #[serde(default)]
    pub scheduled_for_removal_at: Option<String>,
}

/// What the workspace pays for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Plan {
    #[serde(default)]
    pub organization_id: Option<String>,
    #[serde(default)]
    pub organization_name: Option<String>,
    #[serde(default)]
    pub subscriptions: Subscriptions,
}

/// The parts of a plan; each may be missing.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Subscriptions {
    #[serde(default)]
    pub outreach: Option<Subscription>,
    #[serde(default)]
    pub credits: Option<Subscription>,
    #[serde(default)]
    pub bundle: Option<Subscription>,
    #[serde(default)]
    pub crm: Option<Subscription>,
    #[serde(default)]
    pub website_visitors: Option<Subscription>,
    #[serde(default)]
    pub inbox_placement: Option<Subscription>,
}

/// One part of a plan.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Subscription {
    #[serde(default)]
    pub plan_name: Option<String>,
    #[serde(default)]
    pub product_id: Option<String>,
    #[serde(default)]
    pub interval: Option<String>,
    #[serde(default)]
    pub current_period_end: Option<f64>,
    #[serde(default)]
    pub cancel_at_time: Option<f64>,
    #[serde(default)]
    pub total_lead_limit: Option<f64>,
    #[serde(default)]
    pub current_lead_count: Option<f64>,
}

/// A key of the workspace, without its secret part.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ApiKey {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub timestamp_created: Option<String>,
}

/// Work the service does later.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct BackgroundJob {
    pub id: String,
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub progress: Option<f64>,
    #[serde(default)]
    pub entity_id: Option<String>,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub updated_at: Option<String>,
}

impl BackgroundJob {
    /// Whether nothing more will happen to it.
    pub fn is_finished(&self) -> bool {
        matches!(self.status.as_str(), "success" | "failed" | "cancelled")
    }
}

impl Client {
    /// The key's workspace: the usual check of a key.
    pub async fn find_workspace(&self) -> Result<Workspace, ClientError> {
        self.send(&Call::new(&GET_WORKSPACE)).await
    }

    /// What the workspace pays for.
    pub async fn find_plan(&self) -> Result<Plan, ClientError> {
        self.send(&Call::new(&GET_PLAN)).await
    }

    /// The keys of the workspace with their scopes.
    pub fn list_api_keys(&self) -> Pages<ApiKey> {
        Pages::new(self, Call::new(&LIST_API_KEYS))
    }

    /// Background jobs, in one status if wanted.
    pub fn list_jobs(&self, status: Option<&str>) -> Pages<BackgroundJob> {
        Pages::new(self, Call::new(&LIST_JOBS).query("status", status))
    }

    /// A background job.
    pub async fn find_job(&self, id: &str) -> Result<BackgroundJob, ClientError> {
        self.send(&Call::new(&GET_JOB).id(id)).await
    }

    /// The audit log, from a day on if wanted; days as `2026-08-21`.
    pub fn list_audit_logs(&self, from_day: Option<&str>) -> Pages<Value> {
        Pages::new(self, Call::new(&LIST_AUDIT_LOGS).query("start_date", from_day))
    }
}
