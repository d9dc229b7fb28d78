//! Webhook bodies as the service writes them, made short.

use serde_json::{Value, json};

use super::support::NOW_MS;

/// One hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// One day.
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// A time so many milliseconds before now, as the service writes it.
pub(crate) fn time(before_now_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(NOW_MS - before_now_ms).unwrap().to_string()
}

/// A webhook body under construction.
#[derive(Clone, Debug)]
pub(crate) struct Body(Value);

impl Body {
    /// An event so many milliseconds before now, with the fields each one has.
    pub(crate) fn new(event_type: &str, before_now_ms: i64) -> Self {
        Self(json!({ "timestamp": time(before_now_ms), "event_type": event_type, "workspace": "w-1" }))
    }

    /// Sets a field.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0[field] = value.into();
        self
    }

    /// About a person.
    pub(crate) fn lead(self, address: &str) -> Self {
        self.with("lead_email", address)
    }

    /// In a campaign named after its id.
    pub(crate) fn campaign(self, id: &str) -> Self {
        let name = format!("Campaign {id}");
        self.with("campaign_id", id).with("campaign_name", name)
    }

    /// Through a mailbox.
    pub(crate) fn mailbox(self, address: &str) -> Self {
        self.with("email_account", address)
    }

    /// In a thread of the provider.
    pub(crate) fn thread(self, id: &str) -> Self {
        let url = format!("https://app.instantly.ai/app/unibox?thread_search=thread:{id}&selected_wks=w-1");
        self.with("unibox_url", url)
    }

    /// The finished body.
    pub(crate) fn json(self) -> Value {
        self.0
    }
}

/// A campaign mail.
pub(crate) fn sent(before_now_ms: i64, subject: &str, step: i64) -> Body {
    let text = format!("Hello, about {subject} (step {step}).");
    Body::new("email_sent", before_now_ms).with("step", step).with("email_subject", subject).with("email_text", text)
}

/// A reply by a person.
pub(crate) fn reply(before_now_ms: i64, subject: &str, text: &str) -> Body {
    Body::new("reply_received", before_now_ms).with("reply_subject", subject).with("reply_text", text)
}

/// A reply by a machine.
pub(crate) fn auto_reply(before_now_ms: i64, subject: &str, text: &str) -> Body {
    reply(before_now_ms, subject, text).with("event_type", "auto_reply_received")
}
