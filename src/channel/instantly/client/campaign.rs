//! Campaigns: what they are, whether they send and why not, what came of them.

#![expect(missing_docs, reason = "fields have the service's names and are documented there")]

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::Call;
use super::error::ClientError;
use super::number::{CampaignStatus, NotSending};
use super::operation::{
    ACTIVATE_CAMPAIGN, GET_ANALYTICS_OVERVIEW, GET_CAMPAIGN, GET_CAMPAIGN_ANALYTICS, GET_DAILY_ANALYTICS,
    GET_SENDING_STATUS, GET_STEP_ANALYTICS, LIST_CAMPAIGNS, LIST_SUBSEQUENCES, PAUSE_CAMPAIGN,
};
use super::{Client, Pages};

/// A campaign.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Campaign {
    pub id: String,
    pub name: String,
    pub status: CampaignStatus,
    #[serde(default)]
    pub timestamp_created: Option<String>,
    #[serde(default)]
    pub timestamp_updated: Option<String>,
    #[serde(default)]
    pub campaign_schedule: Option<Schedule>,
    /// Only the first is used.
    #[serde(default)]
    pub sequences: Option<Vec<Sequence>>,
    #[serde(default)]
    pub email_list: Option<Vec<String>>,
    #[serde(default)]
    pub email_tag_list: Option<Vec<String>>,
    #[serde(default)]
    pub daily_limit: Option<f64>,
    #[serde(default)]
    pub daily_max_leads: Option<f64>,
    #[serde(default)]
    pub stop_on_reply: Option<bool>,
    #[serde(default)]
    pub stop_on_auto_reply: Option<bool>,
    #[serde(default)]
    pub open_tracking: Option<bool>,
    #[serde(default)]
    pub link_tracking: Option<bool>,
    #[serde(default)]
    pub is_evergreen: Option<bool>,
    /// `None` while it sends.
    #[serde(default)]
    pub not_sending_status: Option<NotSending>,
    #[serde(default)]
    pub organization: Option<String>,
}

/// When a campaign sends.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Schedule {
    #[serde(default)]
    pub start_date: Option<String>,
    #[serde(default)]
    pub end_date: Option<String>,
    #[serde(default)]
    pub schedules: Vec<Value>,
}

/// The mails of a campaign.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Sequence {
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One mail of a sequence.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Step {
    /// The wait after this step, before the next.
    #[serde(default)]
    pub delay: Option<f64>,
    /// `days` if absent.
    #[serde(default)]
    pub delay_unit: Option<String>,
    #[serde(default)]
    pub variants: Vec<Variant>,
}

/// One wording of a step.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Variant {
    #[serde(default)]
    pub subject: String,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub v_disabled: Option<bool>,
}

/// Why a campaign sends or does not.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct SendingStatus {
    #[serde(default)]
    pub diagnostics: Option<Diagnostics>,
    #[serde(default)]
    pub summary: Option<Value>,
}

/// What stands in the way of sending; outside the schedule much of it is absent.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Diagnostics {
    #[serde(default)]
    pub campaign_id: Option<String>,
    #[serde(default)]
    pub last_updated: Option<String>,
    /// `healthy`, `out_of_schedule`, `daily_limit_met`, …
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub issue_tracking: Option<Value>,
    #[serde(default)]
    pub accounts_summary: Option<Value>,
    #[serde(default)]
    pub campaign_daily_limit: Option<Value>,
}

/// Sums of a campaign, and of all of them together.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Analytics {
    pub campaign_id: Option<String>,
    pub campaign_name: Option<String>,
    pub campaign_status: Option<CampaignStatus>,
    pub leads_count: f64,
    pub contacted_count: f64,
    pub new_leads_contacted_count: f64,
    pub emails_sent_count: f64,
    pub open_count: f64,
    pub open_count_unique: f64,
    pub reply_count: f64,
    pub reply_count_unique: f64,
    pub reply_count_automatic: f64,
    pub link_click_count: f64,
    pub link_click_count_unique: f64,
    pub bounced_count: f64,
    pub unsubscribed_count: f64,
    pub completed_count: f64,
    pub total_opportunities: f64,
}

/// Sums of a day, or of a step and variant.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Tally {
    pub date: Option<String>,
    /// Counted from 0, as text.
    pub step: Option<String>,
    /// Counted from 0, as text.
    pub variant: Option<String>,
    pub email_account: Option<String>,
    pub sent: f64,
    pub bounced: f64,
    pub contacted: f64,
    pub new_leads_contacted: f64,
    pub opened: f64,
    pub unique_opened: f64,
    pub replies: f64,
    pub unique_replies: f64,
    pub replies_automatic: f64,
    pub unique_replies_automatic: f64,
    pub clicks: f64,
    pub unique_clicks: f64,
}

/// Days of an evaluation, both included, as `2026-08-21`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Days<'text> {
    pub from: Option<&'text str>,
    pub to: Option<&'text str>,
}

impl Days<'_> {
    pub(super) fn add(self, call: Call) -> Call {
        call.query("start_date", self.from).query("end_date", self.to)
    }
}

impl Client {
    /// Campaigns, in one status if wanted.
    pub fn list_campaigns(&self, status: Option<CampaignStatus>) -> Pages<Campaign> {
        Pages::new(self, Call::new(&LIST_CAMPAIGNS).query("status", status.map(CampaignStatus::number)))
    }

    /// A campaign.
    pub async fn find_campaign(&self, id: &str) -> Result<Campaign, ClientError> {
        self.send(&Call::new(&GET_CAMPAIGN).id(id)).await
    }

    /// Why a campaign sends or does not.
    pub async fn find_sending_status(&self, id: &str) -> Result<SendingStatus, ClientError> {
        self.send(&Call::new(&GET_SENDING_STATUS).id(id)).await
    }

    /// Starts a campaign.
    pub async fn activate_campaign(&self, id: &str) -> Result<Campaign, ClientError> {
        self.send(&Call::new(&ACTIVATE_CAMPAIGN).id(id)).await
    }

    /// Pauses a campaign.
    pub async fn pause_campaign(&self, id: &str) -> Result<Campaign, ClientError> {
        self.send(&Call::new(&PAUSE_CAMPAIGN).id(id)).await
    }

    /// Sums per campaign; of all campaigns if none is named.
    pub async fn list_analytics(&self, ids: &[&str], days: Days<'_>) -> Result<Vec<Analytics>, ClientError> {
        let call = ids.iter().fold(Call::new(&GET_CAMPAIGN_ANALYTICS), |call, id| call.query("ids", Some(id)));
        self.send(&days.add(call)).await
    }

    /// Sums over campaigns.
    pub async fn find_analytics_overview(&self, ids: &[&str], days: Days<'_>) -> Result<Analytics, ClientError> {
        let call = ids.iter().fold(Call::new(&GET_ANALYTICS_OVERVIEW), |call, id| call.query("ids", Some(id)));
        self.send(&days.add(call)).await
    }

    /// Sums per day, of one campaign or all.
    pub async fn list_daily_analytics(&self, id: Option<&str>, days: Days<'_>) -> Result<Vec<Tally>, ClientError> {
        self.send(&days.add(Call::new(&GET_DAILY_ANALYTICS).query("campaign_id", id))).await
    }

    /// Sums per step and variant of a campaign.
    pub async fn list_step_analytics(&self, id: &str, days: Days<'_>) -> Result<Vec<Tally>, ClientError> {
        self.send(&days.add(Call::new(&GET_STEP_ANALYTICS).query("campaign_id", Some(id)))).await
    }

    /// Subsequences, of one campaign or all.
    pub fn list_subsequences(&self, parent_campaign: Option<&str>) -> Pages<Value> {
        Pages::new(self, Call::new(&LIST_SUBSEQUENCES).query("parent_campaign", parent_campaign))
    }
}
