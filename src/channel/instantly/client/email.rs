//! E-mails of the service's unified inbox: reading them, replying, forwarding.

#![expect(missing_docs, reason = "fields have the service's names and are documented there")]

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::Call;
use super::error::ClientError;
use super::number::{EmailType, Interest};
use super::operation::{COUNT_UNREAD, FORWARD, GET_EMAIL, LIST_EMAILS, MARK_READ, REPLY};
use super::{Client, Pages};

/// An e-mail.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Email {
    pub id: String,
    #[serde(default)]
    pub timestamp_created: Option<String>,
    #[serde(default)]
    pub timestamp_email: Option<String>,
    #[serde(default)]
    pub message_id: Option<String>,
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub body: Option<EmailBody>,
    #[serde(default)]
    pub from_address_email: Option<String>,
    /// With commas.
    #[serde(default)]
    pub to_address_email_list: Option<String>,
    #[serde(default)]
    pub cc_address_email_list: Option<String>,
    #[serde(default)]
    pub campaign_id: Option<String>,
    /// The lead's address.
    #[serde(default)]
    pub lead: Option<String>,
    /// Our mailbox.
    #[serde(default)]
    pub eaccount: Option<String>,
    #[serde(default)]
    pub ue_type: Option<EmailType>,
    /// Sequence, step and variant counted from 0, such as `0_1_0`.
    #[serde(default)]
    pub step: Option<String>,
    #[serde(default)]
    pub is_unread: Option<f64>,
    #[serde(default)]
    pub is_auto_reply: Option<f64>,
    #[serde(default)]
    pub i_status: Option<Interest>,
    #[serde(default)]
    pub thread_id: Option<String>,
    #[serde(default)]
    pub attachment_json: Option<Value>,
}

/// Text of an e-mail, in one form or both.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct EmailBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

impl std::fmt::Debug for EmailBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EmailBody(…)")
    }
}

/// Which e-mails are wanted; all fields together.
#[derive(Clone, Debug, Default)]
pub struct EmailFilter {
    /// A lead's address, or `thread:` and a thread's id.
    pub search: Option<String>,
    pub campaign_id: Option<String>,
    pub eaccount: Option<String>,
    pub lead: Option<String>,
    /// `received`, `sent` or `manual`.
    pub email_type: Option<&'static str>,
    /// From this time on, ISO 8601.
    pub min_timestamp_created: Option<String>,
    /// Up to this time, ISO 8601.
    pub max_timestamp_created: Option<String>,
    pub is_oldest_first: bool,
}

/// A reply to be sent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reply {
    /// The mailbox that sends.
    pub eaccount: String,
    /// The e-mail that is replied to.
    pub reply_to_uuid: String,
    pub subject: String,
    pub body: EmailBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cc_address_email_list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bcc_address_email_list: Option<String>,
}

/// An e-mail to be passed on.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Forward {
    /// The mailbox that sends.
    pub eaccount: String,
    /// The e-mail that is passed on.
    pub reply_to_uuid: String,
    /// With commas.
    pub to_address_email_list: String,
    pub subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<EmailBody>,
    pub include_original_body: bool,
}

/// A number of things.
#[derive(Debug, Deserialize)]
struct Count {
    #[serde(default)]
    count: f64,
}

impl Client {
    /// E-mails, newest first unless told otherwise. The service allows 20 pages a minute.
    pub fn list_emails(&self, filter: &EmailFilter) -> Pages<Email> {
        let call = Call::new(&LIST_EMAILS)
            .query("search", filter.search.as_deref())
            .query("campaign_id", filter.campaign_id.as_deref())
            .query("eaccount", filter.eaccount.as_deref())
            .query("lead", filter.lead.as_deref())
            .query("email_type", filter.email_type)
            .query("min_timestamp_created", filter.min_timestamp_created.as_deref())
            .query("max_timestamp_created", filter.max_timestamp_created.as_deref())
            .query("sort_order", filter.is_oldest_first.then_some("asc"));
        Pages::new(self, call)
    }

    /// An e-mail.
    pub async fn find_email(&self, id: &str) -> Result<Email, ClientError> {
        self.send(&Call::new(&GET_EMAIL).id(id)).await
    }

    /// Sends a reply, once.
    pub async fn reply(&self, reply: &Reply) -> Result<Email, ClientError> {
        self.send(&Call::new(&REPLY).body(reply)).await
    }

    /// Passes an e-mail on, once.
    pub async fn forward(&self, forward: &Forward) -> Result<Email, ClientError> {
        self.send(&Call::new(&FORWARD).body(forward)).await
    }

    /// Unread e-mails.
    pub async fn count_unread(&self) -> Result<f64, ClientError> {
        self.send::<Count>(&Call::new(&COUNT_UNREAD)).await.map(|answer| answer.count)
    }

    /// Marks a thread as read.
    pub async fn mark_thread_as_read(&self, thread_id: &str) -> Result<(), ClientError> {
        self.send_only(&Call::new(&MARK_READ).id(thread_id)).await
    }
}
