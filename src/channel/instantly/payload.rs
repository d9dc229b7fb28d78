//! Interpretation of webhook payloads: the bytes of one Instantly webhook become one [`ProviderEvent`] and the key
//! that recognises the same webhook when it comes again.
//!
//! Contract: a pure function. It never panics, never recurses deeper than [`MAX_DEPTH`], and works in time linear in
//! the body, whose size the HTTP layer bounds. It fails only for a body nobody could apply ([`PayloadError`]);
//! everything else that is odd is left out and noted in [`ProviderEvent::remarks`]. The raw body is kept elsewhere,
//! so a better interpretation can be replayed later: nothing here guesses.
//!
//! # Names
//!
//! Names are compared trimmed and without regard to case. The list is the union of what the service sends, what it
//! calls its subscriptions, and what the seed systems expected.
//!
//! | name | [`EventKind`] |
//! |---|---|
//! | `email_sent` | `MessageSent` |
//! | `email_opened` | `MessageOpened` |
//! | `link_clicked`, `email_link_clicked`, `email_clicked` | `LinkClicked` |
//! | `reply_received` | `ReplyReceived` |
//! | `auto_reply_received` | `AutoReplyReceived` |
//! | `email_bounced` | `MessageBounced` |
//! | `lead_unsubscribed`, `email_unsubscribed` | `Unsubscribed` |
//! | `email_spam_report` | `Complained` |
//! | `lead_interested` | `InterestChanged(Interested)` |
//! | `lead_not_interested` | `InterestChanged(NotInterested)` |
//! | `lead_neutral` | `InterestChanged(Neutral)` |
//! | `lead_meeting_booked` | `InterestChanged(MeetingBooked)` |
//! | `lead_meeting_completed` | `InterestChanged(MeetingCompleted)` |
//! | `lead_closed` | `InterestChanged(Won)` |
//! | `lead_lost` | `InterestChanged(Lost)` |
//! | `lead_out_of_office` | `InterestChanged(OutOfOffice)` |
//! | `lead_wrong_person` | `InterestChanged(WrongPerson)` |
//! | `lead_no_show` | `InterestChanged(NoShow)` |
//! | `lead_completed` | `SequenceCompleted` |
//! | `lead_error` | `SequenceFailed` |
//! | `campaign_started` | `CampaignStarted` |
//! | `campaign_paused` | `CampaignPaused` |
//! | `campaign_completed` | `CampaignCompleted` |
//! | `account_error` | `MailboxError` |
//! | `account_suspended` | `MailboxSuspended` |
//! | `supersearch_enrichment_completed` | `EnrichmentCompleted` |
//! | `test_event` | `Test` |
//! | any other name in machine form (see [`names`]) | `Unknown` |
//! | any other name, in an event with a readable contact address | `LabelChanged(name)` |
//! | any other name, or none, in an event without one | `Unknown` |
//!
//! A custom label arrives as its own text in `event_type`, which is why free text about a person is a label. A label
//! that is itself written in machine form (`lead_hot`) cannot be told from a future event name and is `Unknown`.
//!
//! # Content
//!
//! Replies carry `reply_*`, sent messages `email_*`. Interest events repeat the `reply_*` of the reply that caused
//! them; that reply has its own event, so their content is `None`, otherwise every labelled reply would be in the
//! inbox twice. A `reply_received` that reads like an out-of-office note stays [`EventKind::ReplyReceived`]: what the
//! text says is judged later, with the whole conversation at hand.
//!
//! # Rejected
//!
//! * A serde struct: one field of an unexpected type would lose the event, and the lead's variables are merged into
//!   the same flat object under arbitrary names.
//! * Reading numbers, dates or addresses leniently by pattern search: a wrong value is worse than a missing one.
//! * Falling back to the time of receipt: the caller knows it, and may want to tell the two apart.

mod address;
mod contact;
mod fields;
mod key;
mod names;
mod scan;
mod time;

#[cfg(test)]
mod tests;

use serde_json::Value;

use self::fields::{Fields, LONG_TEXT, SHORT_TEXT};
use crate::channel::event::{EventKind, ProviderContent, ProviderEvent};

/// Levels of nesting a payload may have; the real ones have one.
pub const MAX_DEPTH: usize = 32;

/// What one webhook says.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpreted {
    /// The event.
    pub event: ProviderEvent,
    /// Equal for two deliveries of the same event; begins with the event's time, see [`key`].
    pub content_key: [u8; 16],
}

/// Why a body is no event at all.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The body holds nothing but white space.
    #[error("body is empty")]
    Empty,
    /// The body is not UTF-8.
    #[error("body is not UTF-8 from byte {offset} on")]
    NotUtf8 {
        /// Offset of the first byte that is wrong.
        offset: usize,
    },
    /// The body is not JSON.
    #[error("body is not JSON at line {line}, column {column}")]
    NotJson {
        /// Line of the first error, from 1.
        line: usize,
        /// Column of the first error, from 1; 0 if the line is empty.
        column: usize,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// Objects or arrays are nested too deep.
    #[error("body is nested deeper than {limit} levels")]
    TooDeep {
        /// How deep it may be.
        limit: usize,
    },
    /// The body is JSON, but no object.
    #[error("body is {found} instead of an object")]
    NotAnObject {
        /// What it is instead.
        found: &'static str,
    },
    /// There is no event name and no other field an event is known by.
    #[error("field `event_type` is missing and nothing else tells what the body is")]
    Unrecognisable,
    /// A field the event cannot be understood without has the wrong type.
    #[error("field `{field}` is {found} instead of text")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it is instead.
        found: &'static str,
    },
}

impl PayloadError {
    /// The field that is wrong, if it is one field.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::WrongType { field, .. } => Some(field),
            Self::Unrecognisable => Some("event_type"),
            _ => None,
        }
    }
}

/// Interprets the body of one webhook.
pub fn interpret(body: &[u8]) -> Result<Interpreted, PayloadError> {
    let text = std::str::from_utf8(body).map_err(|error| PayloadError::NotUtf8 { offset: error.valid_up_to() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(PayloadError::Empty);
    }
    let scanned = scan::scan(text)?;
    let root: Value = serde_json::from_str(&scanned.text).map_err(|source| PayloadError::NotJson {
        line: source.line(),
        column: source.column(),
        source,
    })?;
    let Value::Object(map) = root else {
        return Err(PayloadError::NotAnObject { found: fields::type_name(&root) });
    };
    let mut fields = Fields::new(&map);
    if scanned.is_repaired {
        fields.remark("broken character escape replaced");
    }
    let event = read_event(fields)?;
    let content_key = key::content_key(&event, &map);
    Ok(Interpreted { event, content_key })
}

fn read_event(mut fields: Fields<'_>) -> Result<ProviderEvent, PayloadError> {
    let provider_name = read_name(&mut fields)?;
    let known = names::find_kind(&provider_name);
    let contact = contact::read_contact(&mut fields, known.as_ref())?;
    let kind = known.unwrap_or_else(|| names::classify_unknown(&provider_name, contact.is_some()));
    let occurred_at_ms = read_time(&mut fields);
    let mailbox_address = read_mailbox(&mut fields, &kind);
    let reason = contact::read_reason(&mut fields, &kind);
    let content = read_content(&mut fields, &kind);
    Ok(ProviderEvent {
        occurred_at_ms,
        workspace_id: fields.text("workspace", SHORT_TEXT),
        provider_campaign_id: fields.text("campaign_id", SHORT_TEXT),
        campaign_name: fields.text("campaign_name", SHORT_TEXT),
        contact,
        mailbox_address,
        step: fields.position("step", "step unreadable"),
        variant: fields.position("variant", "variant unreadable"),
        is_first: fields.flag("is_first", "is_first unreadable"),
        provider_message_id: fields.text("email_id", SHORT_TEXT),
        provider_thread_id: fields.text("unibox_url", LONG_TEXT).as_deref().and_then(thread_id),
        content,
        reason,
        kind,
        provider_name,
        remarks: fields.into_remarks(),
    })
}

/// Fields that tell an event of this service from any other JSON object.
const RECOGNISABLE: &[&str] = &["workspace", "campaign_id", "lead_email", "email_account", "email_id"];

fn read_name(fields: &mut Fields<'_>) -> Result<String, PayloadError> {
    if let Some(value @ (Value::Object(_) | Value::Array(_) | Value::Bool(_))) = fields.raw("event_type") {
        return Err(PayloadError::WrongType { field: "event_type", found: fields::type_name(value) });
    }
    if let Some(name) = fields.text("event_type", SHORT_TEXT) {
        return Ok(name);
    }
    if RECOGNISABLE.iter().all(|field| fields.peek_text(field).is_none()) {
        return Err(PayloadError::Unrecognisable);
    }
    fields.remark("event type missing");
    Ok(String::new())
}

fn read_time(fields: &mut Fields<'_>) -> Option<i64> {
    let Some(text) = fields.raw("timestamp").map(fields::scalar_text).filter(|text| !text.is_empty()) else {
        fields.remark("timestamp missing");
        return None;
    };
    match time::parse_ms(&text) {
        Ok(time_ms) => Some(time_ms),
        Err(remark) => {
            fields.remark(remark);
            None
        }
    }
}

/// The mailbox; events about a mailbox may name it in `email`, which elsewhere is the person's address.
fn read_mailbox(fields: &mut Fields<'_>, kind: &EventKind) -> Option<String> {
    let fallback = if contact::is_about_mailbox(kind) { "email" } else { "" };
    let text = ["email_account", fallback].iter().find_map(|field| fields.peek_text(field))?;
    let address = address::parse(&text);
    if address.is_none() {
        fields.remark("mailbox address unreadable");
    }
    address
}

fn read_content(fields: &mut Fields<'_>, kind: &EventKind) -> Option<ProviderContent> {
    let (subject, text, html) = match kind {
        EventKind::ReplyReceived | EventKind::AutoReplyReceived => ("reply_subject", "reply_text", "reply_html"),
        EventKind::MessageSent => ("email_subject", "email_text", "email_html"),
        _ => return None,
    };
    let is_reply = subject == "reply_subject";
    let subject = fields.text(subject, SHORT_TEXT);
    let html = fields.body(html);
    let mut text = fields.body(text);
    if is_reply && text.is_none() && html.is_none() {
        text = fields.body("reply_text_snippet");
        if text.is_some() {
            fields.remark("only a snippet of the message");
        }
    }
    if subject.is_none() && text.is_none() && html.is_none() {
        return None;
    }
    Some(ProviderContent { subject: subject.unwrap_or_default(), text, html })
}

/// The thread id in the link to the service's inbox: `thread_search=thread:<id>`. Older links search for the person's
/// address instead and name no thread.
fn thread_id(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let value = query.split(['&', '#']).find_map(|pair| pair.strip_prefix("thread_search="))?;
    let decoded = percent_decode(value)?;
    let id: String = decoded.trim().strip_prefix("thread:")?.chars().filter(|c| !c.is_control()).collect();
    (!id.is_empty() && id.chars().count() <= SHORT_TEXT).then_some(id)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}
