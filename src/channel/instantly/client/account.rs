//! Mailboxes, which the service calls accounts: state, warm-up, the health of their domains, what they sent.

#![expect(missing_docs, reason = "fields have the service's names and are documented there")]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Call;
use super::campaign::{Days, Tally};
use super::error::ClientError;
use super::number::{AccountStatus, WarmupStatus};
use super::operation::{
    DISABLE_WARMUP, ENABLE_WARMUP, GET_ACCOUNT, GET_ACCOUNT_ANALYTICS, GET_WARMUP_ANALYTICS, LIST_ACCOUNTS,
    PAUSE_ACCOUNT, RESUME_ACCOUNT, TEST_VITALS,
};
use super::workspace::BackgroundJob;
use super::{Client, Pages};

/// A mailbox.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Account {
    pub email: String,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    #[serde(default)]
    pub status: Option<AccountStatus>,
    /// The last error of its server.
    #[serde(default)]
    pub status_message: Option<Value>,
    #[serde(default)]
    pub warmup_status: Option<WarmupStatus>,
    /// Whole for one mailbox, shortened in lists.
    #[serde(default)]
    pub warmup: Option<Value>,
    #[serde(default)]
    pub stat_warmup_score: Option<f64>,
    #[serde(default)]
    pub daily_limit: Option<f64>,
    #[serde(default)]
    pub sending_gap: Option<f64>,
    #[serde(default)]
    pub provider_code: Option<f64>,
    #[serde(default)]
    pub setup_pending: Option<bool>,
    #[serde(default)]
    pub timestamp_created: Option<String>,
    #[serde(default)]
    pub timestamp_updated: Option<String>,
    #[serde(default)]
    pub tags: Option<Value>,
}

/// Whether the DNS of mailboxes' domains is in order.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Vitals {
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub success_list: Vec<DomainVitals>,
    #[serde(default)]
    pub failure_list: Vec<DomainVitals>,
}

/// Whether a domain's DNS is in order.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct DomainVitals {
    pub domain: String,
    #[serde(rename = "allPass")]
    pub all_pass: Option<bool>,
    pub mx: Option<bool>,
    pub spf: Option<bool>,
    pub dkim: Option<bool>,
    pub dmarc: Option<bool>,
}

/// How warm-up went, per mailbox.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct WarmupAnalytics {
    /// Mailbox, then day.
    #[serde(default)]
    pub email_date_data: BTreeMap<String, BTreeMap<String, WarmupTally>>,
    #[serde(default)]
    pub aggregate_data: BTreeMap<String, WarmupTally>,
}

/// Sums of warm-up.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct WarmupTally {
    pub sent: Option<f64>,
    pub received: Option<f64>,
    pub landed_inbox: Option<f64>,
    pub landed_spam: Option<f64>,
    pub health_score: Option<f64>,
    pub health_score_label: Option<String>,
}

impl Client {
    /// Mailboxes with their tags.
    pub fn list_accounts(&self) -> Pages<Account> {
        Pages::new(self, Call::new(&LIST_ACCOUNTS).query("include_tags", Some(true)))
    }

    /// A mailbox.
    pub async fn find_account(&self, email: &str) -> Result<Account, ClientError> {
        self.send(&Call::new(&GET_ACCOUNT).id(email)).await
    }

    /// Stops a mailbox.
    pub async fn pause_account(&self, email: &str) -> Result<Account, ClientError> {
        self.send(&Call::new(&PAUSE_ACCOUNT).id(email)).await
    }

    /// Lets a mailbox send again.
    pub async fn resume_account(&self, email: &str) -> Result<Account, ClientError> {
        self.send(&Call::new(&RESUME_ACCOUNT).id(email)).await
    }

    /// Has the DNS of mailboxes' domains checked.
    pub async fn test_vitals(&self, emails: &[&str]) -> Result<Vitals, ClientError> {
        self.send(&Call::new(&TEST_VITALS).body(&json!({ "accounts": emails }))).await
    }

    /// Switches warm-up on, for at most 100 mailboxes; done later, by the job.
    pub async fn enable_warmup(&self, emails: &[&str]) -> Result<BackgroundJob, ClientError> {
        self.send(&Call::new(&ENABLE_WARMUP).body(&json!({ "emails": emails }))).await
    }

    /// Switches warm-up off, for at most 100 mailboxes; done later, by the job.
    pub async fn disable_warmup(&self, emails: &[&str]) -> Result<BackgroundJob, ClientError> {
        self.send(&Call::new(&DISABLE_WARMUP).body(&json!({ "emails": emails }))).await
    }

    /// How warm-up goes, for at most 100 mailboxes.
    pub async fn find_warmup_analytics(&self, emails: &[&str]) -> Result<WarmupAnalytics, ClientError> {
        self.send(&Call::new(&GET_WARMUP_ANALYTICS).body(&json!({ "emails": emails }))).await
    }

    /// Sums per mailbox and day, for at most 200 mailboxes and 31 days.
    pub async fn list_account_analytics(&self, emails: &[&str], days: Days<'_>) -> Result<Vec<Tally>, ClientError> {
        let call =
            emails.iter().fold(Call::new(&GET_ACCOUNT_ANALYTICS), |call, email| call.query("emails", Some(email)));
        self.send(&days.add(call)).await
    }
}
