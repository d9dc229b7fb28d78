//! What a workspace sorts by: interest labels of the team's own, tags, the block list.

#![expect(missing_docs, reason = "fields have the service's names and are documented there")]

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::Call;
use super::error::ClientError;
use super::number::TaggedResource;
use super::operation::{CREATE_BLOCKED, DELETE_BLOCKED, LIST_BLOCKED, LIST_LEAD_LABELS, LIST_TAG_MAPPINGS, LIST_TAGS};
use super::{Client, Pages};

/// An interest label of the team's own.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LeadLabel {
    pub id: String,
    pub label: String,
    /// `positive`, `negative` or `neutral`.
    #[serde(default)]
    pub interest_status_label: Option<String>,
    /// Its number among the interests.
    #[serde(default)]
    pub interest_status: Option<f64>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub timestamp_created: Option<String>,
}

/// A tag of mailboxes and campaigns.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Tag {
    pub id: String,
    pub label: String,
    #[serde(default)]
    pub description: Option<String>,
}

/// A tag on a mailbox or campaign.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TagMapping {
    pub id: String,
    pub tag_id: String,
    /// A mailbox's address or a campaign's id.
    pub resource_id: String,
    pub resource_type: TaggedResource,
}

/// An address or a domain nobody writes to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Blocked {
    pub id: String,
    pub bl_value: String,
    #[serde(default)]
    pub is_domain: Option<bool>,
    #[serde(default)]
    pub timestamp_created: Option<String>,
}

impl Client {
    /// Interest labels of the team's own.
    pub fn list_lead_labels(&self) -> Pages<LeadLabel> {
        Pages::new(self, Call::new(&LIST_LEAD_LABELS))
    }

    /// Tags.
    pub fn list_tags(&self) -> Pages<Tag> {
        Pages::new(self, Call::new(&LIST_TAGS))
    }

    /// Which tag is on what.
    pub fn list_tag_mappings(&self) -> Pages<TagMapping> {
        Pages::new(self, Call::new(&LIST_TAG_MAPPINGS))
    }

    /// The block list.
    pub fn list_blocked(&self) -> Pages<Blocked> {
        Pages::new(self, Call::new(&LIST_BLOCKED))
    }

    /// Blocks an address or a domain.
    pub async fn create_blocked(&self, value: &str) -> Result<Blocked, ClientError> {
        self.send(&Call::new(&CREATE_BLOCKED).body(&json!({ "bl_value": value }))).await
    }

    /// Takes an entry off the block list.
    pub async fn delete_blocked(&self, id: &str) -> Result<(), ClientError> {
        self.send_delete(&Call::new(&DELETE_BLOCKED).id(id)).await
    }
}
