//! Leads: the people in campaigns and lists.

#![expect(missing_docs, reason = "fields have the service's names and are documented there")]

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::ClientError;
use super::number::{Interest, LeadStatus};
use super::operation::{ADD_LEADS, DELETE_LEAD, GET_LEAD, LIST_LEAD_LISTS, LIST_LEADS, SET_INTEREST, UPDATE_LEAD};
use super::{Client, Pages};

/// A lead.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Lead {
    pub id: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub status: Option<LeadStatus>,
    #[serde(default)]
    pub lt_interest_status: Option<Interest>,
    #[serde(default)]
    pub campaign: Option<String>,
    #[serde(default)]
    pub list_id: Option<String>,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    #[serde(default)]
    pub company_name: Option<String>,
    #[serde(default)]
    pub company_domain: Option<String>,
    #[serde(default)]
    pub job_title: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub website: Option<String>,
    #[serde(default)]
    pub personalization: Option<String>,
    /// Variables of the team's own.
    #[serde(default)]
    pub payload: Option<Map<String, Value>>,
    #[serde(default)]
    pub email_open_count: Option<f64>,
    #[serde(default)]
    pub email_reply_count: Option<f64>,
    #[serde(default)]
    pub email_click_count: Option<f64>,
    #[serde(default)]
    pub verification_status: Option<f64>,
    #[serde(default)]
    pub timestamp_created: Option<String>,
    #[serde(default)]
    pub timestamp_updated: Option<String>,
    #[serde(default)]
    pub timestamp_last_contact: Option<String>,
    #[serde(default)]
    pub timestamp_last_reply: Option<String>,
    #[serde(default)]
    pub timestamp_last_interest_change: Option<String>,
}

/// Which leads are wanted; all fields together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LeadFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// One of the service's `FILTER_…` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
}

/// A lead to be added, or what is to change about one.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewLead {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalization: Option<String>,
    /// Scalars only.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub custom_variables: Map<String, Value>,
}

/// Where leads are added.
#[derive(Clone, Copy, Debug)]
pub enum LeadTarget<'id> {
    /// A campaign, which begins to write to them.
    Campaign(&'id str),
    /// A list.
    List(&'id str),
}

/// What became of added leads. The counts do not always add up.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct AddedLeads {
    pub status: String,
    pub total_sent: f64,
    pub leads_uploaded: f64,
    pub in_blocklist: f64,
    pub duplicated_leads: f64,
    pub skipped_count: f64,
    pub invalid_email_count: f64,
    pub incomplete_count: f64,
    pub duplicate_email_count: f64,
    pub remaining_in_plan: Option<f64>,
    pub created_leads: Vec<CreatedLead>,
}

/// One lead that was added.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct CreatedLead {
    /// Its place in what was sent.
    pub index: usize,
    pub id: String,
    pub email: Option<String>,
}

/// A list of leads.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LeadList {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub timestamp_created: Option<String>,
}

impl Client {
    /// Leads, in the order of their ids.
    pub fn list_leads(&self, filter: &LeadFilter) -> Pages<Lead> {
        Pages::new(self, Call::new(&LIST_LEADS).body(filter))
    }

    /// A lead.
    pub async fn find_lead(&self, id: &str) -> Result<Lead, ClientError> {
        self.send(&Call::new(&GET_LEAD).id(id)).await
    }

    /// Adds 1 to 1000 leads; who is in the target already is left out.
    pub async fn add_leads(&self, target: LeadTarget<'_>, leads: &[NewLead]) -> Result<AddedLeads, ClientError> {
        let body = match target {
            LeadTarget::Campaign(id) => json!({ "campaign_id": id, "leads": leads, "skip_if_in_campaign": true }),
            LeadTarget::List(id) => json!({ "list_id": id, "leads": leads, "skip_if_in_list": true }),
        };
        self.send(&Call::new(&ADD_LEADS).body(&body)).await
    }

    /// Changes a lead; the address stays.
    pub async fn update_lead(&self, id: &str, change: &NewLead) -> Result<Lead, ClientError> {
        let change = NewLead { email: None, ..change.clone() };
        self.send(&Call::new(&UPDATE_LEAD).id(id).body(&change)).await
    }

    /// Deletes a lead.
    pub async fn delete_lead(&self, id: &str) -> Result<(), ClientError> {
        self.send_delete(&Call::new(&DELETE_LEAD).id(id)).await
    }

    /// Sets what a lead thinks of it, in one campaign or all; `None` takes the label off. Done later.
    pub async fn set_interest(
        &self,
        email: &str,
        interest: Option<Interest>,
        campaign: Option<&str>,
    ) -> Result<(), ClientError> {
        let mut body = json!({ "lead_email": email, "interest_value": interest.map(Interest::number) });
        if let (Some(fields), Some(campaign)) = (body.as_object_mut(), campaign) {
            fields.insert("campaign_id".to_owned(), campaign.into());
        }
        self.send_only(&Call::new(&SET_INTEREST).body(&body)).await
    }

    /// Lists of leads.
    pub fn list_lead_lists(&self) -> Pages<LeadList> {
        Pages::new(self, Call::new(&LIST_LEAD_LISTS))
    }
}
