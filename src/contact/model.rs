//! The shape of a contact.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::id::{CampaignId, ContactId};

/// Why nothing is ever sent to an address again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SuppressionEntry {
    /// `bounced`, `unsubscribed` or `complained`.
    pub reason: String,
    /// Since when, UTC milliseconds.
    pub at_ms: i64,
}

/// A campaign the person is in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactCampaign {
    /// The campaign.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// The highest step sent; 0 if none is known.
    pub step: i64,
    /// `active`, `completed` or `failed`.
    pub state: &'static str,
}

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// E-mail address, lower case.
    pub address: String,
    /// Name to show; the address if there is none.
    pub name: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Company.
    pub company_name: String,
    /// Job title.
    pub job_title: String,
    /// Phone number.
    pub phone: String,
    /// Website.
    pub website: String,
    /// Number of the interest: 4 won to -4 no show.
    pub interest: Option<i64>,
    /// The interest's word, `custom` for a label, empty for none.
    pub category: String,
    /// The customer's own label.
    pub label: String,
    /// Further fields, by the provider's names.
    pub custom_fields: BTreeMap<String, String>,
    /// Why nothing is sent to the address any more.
    pub suppression: Option<SuppressionEntry>,
    /// Where the person became known.
    pub source: String,
    /// The campaigns the person is in.
    pub campaigns: Vec<ContactCampaign>,
    /// When the person became known, UTC milliseconds.
    pub created_at_ms: i64,
    /// When something of the above last changed, UTC milliseconds.
    pub updated_at_ms: i64,
}
