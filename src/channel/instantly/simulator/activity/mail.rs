//! E-mails as the service's inbox shows them, read back from the bodies that were posted, so that both tell the same.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::channel::instantly::simulator::event::{SimulatedEvent, journey_thread_id};

/// What kind of e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::channel::instantly::simulator) enum EmailKind {
    Campaign = 1,
    Received = 2,
    Manual = 3,
}

/// The text of an e-mail.
#[derive(Clone, Debug)]
pub(in crate::channel::instantly::simulator) enum MailText {
    /// It stands in the body of a webhook.
    Webhook(Bytes),
    /// It was given: text and HTML.
    Given(Option<String>, Option<String>),
}

/// One e-mail.
#[derive(Clone, Debug)]
pub(in crate::channel::instantly::simulator) struct EmailRecord {
    pub(in crate::channel::instantly::simulator) id: Uuid,
    pub(in crate::channel::instantly::simulator) at_ms: i64,
    pub(in crate::channel::instantly::simulator) kind: EmailKind,
    pub(in crate::channel::instantly::simulator) lead: String,
    pub(in crate::channel::instantly::simulator) campaign: Uuid,
    pub(in crate::channel::instantly::simulator) mailbox: String,
    pub(in crate::channel::instantly::simulator) to: String,
    pub(in crate::channel::instantly::simulator) subject: String,
    pub(in crate::channel::instantly::simulator) thread: String,
    /// Sequence, step and variant counted from 0.
    pub(in crate::channel::instantly::simulator) step: Option<String>,
    pub(in crate::channel::instantly::simulator) is_automatic: bool,
    pub(in crate::channel::instantly::simulator) is_unread: bool,
    pub(in crate::channel::instantly::simulator) text: MailText,
}

/// What a webhook's body says about campaign and mail.
pub(super) struct Mail {
    pub(super) campaign: Uuid,
    pub(super) step: u8,
    pub(super) variant: u8,
    pub(super) email: Option<EmailRecord>,
}

#[derive(Debug, Deserialize)]
struct Fields {
    /// The lead's variable, which nothing shadows.
    #[serde(default)]
    campaign: Option<Uuid>,
    #[serde(default)]
    lead_email: String,
    #[serde(default)]
    email_account: Option<String>,
    #[serde(default)]
    email_id: Option<Uuid>,
    #[serde(default)]
    email_subject: Option<String>,
    #[serde(default)]
    reply_subject: Option<String>,
    #[serde(default)]
    step: Value,
    #[serde(default)]
    variant: Value,
}

/// Reads an event's body.
pub(super) fn read(seed: u64, event: &SimulatedEvent) -> Option<Mail> {
    let fields: Fields = serde_json::from_slice(&event.body).ok()?;
    let campaign = fields.campaign?;
    let (step, variant) = (number(&fields.step), number(&fields.variant));
    let kind = match event.event_type.as_ref() {
        "email_sent" => Some(EmailKind::Campaign),
        "reply_received" | "auto_reply_received" => Some(EmailKind::Received),
        _ => None,
    };
    let email = kind.zip(event.journey).map(|(kind, journey)| {
        let is_received = kind == EmailKind::Received;
        let mailbox = fields.email_account.clone().unwrap_or_default();
        EmailRecord {
            id: fields.email_id.unwrap_or_else(|| sent_id(seed, journey, step, event.at_ms)),
            at_ms: event.at_ms,
            kind,
            lead: fields.lead_email.clone(),
            campaign,
            to: if is_received { mailbox.clone() } else { fields.lead_email.clone() },
            mailbox,
            subject: fields.reply_subject.clone().or_else(|| fields.email_subject.clone()).unwrap_or_default(),
            thread: journey_thread_id(seed, journey),
            step: (!is_received).then(|| format!("0_{}_{}", step.saturating_sub(1), variant.saturating_sub(1))),
            is_automatic: event.event_type == "auto_reply_received",
            is_unread: is_received,
            text: MailText::Webhook(event.body.clone()),
        }
    });
    Some(Mail { campaign, step, variant, email })
}

/// Steps and variants are written as numbers, as text, and variants as letters.
fn number(value: &Value) -> u8 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.as_str() {
        "A" => 1,
        "B" => 2,
        other => other.parse().unwrap_or(1),
    }
}

/// The id of a mail the webhook does not name.
fn sent_id(seed: u64, journey: u64, step: u8, at_ms: i64) -> Uuid {
    let hash = blake3::hash(format!("{seed} {journey} {step}").as_bytes());
    let mut random = [0; 10];
    random.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(at_ms).unwrap_or(0), &random).into_uuid()
}

impl MailText {
    /// Text and HTML.
    pub(in crate::channel::instantly::simulator) fn read(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Given(text, html) => (text.clone(), html.clone()),
            Self::Webhook(body) => {
                let fields: Value = serde_json::from_slice(body).unwrap_or_default();
                let field = |names: [&str; 2]| {
                    names.iter().find_map(|name| fields.get(name).and_then(Value::as_str)).map(str::to_owned)
                };
                (field(["reply_text", "email_text"]), field(["reply_html", "email_html"]))
            }
        }
    }
}
