//! [`SimulatedEvent`]: one webhook delivery, made from a planned event, with the body exactly as the service writes it.
//!
//! Bodies of `email_opened`, `link_clicked`, `auto_reply_received`, `email_bounced`, `lead_unsubscribed`,
//! `campaign_completed` and `account_error` have never been published; they are the base fields plus what the facts suggest.

mod body;
mod replies;
mod tell;
mod timeline;

use std::borrow::Cow;

use bytes::Bytes;

pub use replies::Replies;
pub use timeline::{History, Live, Pace, Timeline};

use super::text::{Intent, Language};
use super::world::World;

/// One webhook delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedEvent {
    /// When it happened, UTC milliseconds; also in the body.
    pub at_ms: i64,
    /// `event_type` of the body.
    pub event_type: Cow<'static, str>,
    /// The lead it concerns, an index into the world's; absent in load tests and for events without a lead.
    pub lead: Option<usize>,
    /// The lead's way through a campaign it belongs to; its mails are one thread.
    pub journey: Option<u64>,
    /// The step of the campaign, counted from 1.
    pub step: Option<u8>,
    /// What the reply in it really means.
    pub intent: Option<Intent>,
    /// The language of the text in it.
    pub language: Option<Language>,
    /// The JSON that is posted.
    pub body: Bytes,
}

impl SimulatedEvent {
    /// Whether a mail of either side is in it, which becomes a message of a conversation.
    pub fn carries_message(&self) -> bool {
        matches!(self.event_type.as_ref(), "email_sent" | "reply_received" | "auto_reply_received")
    }
}

/// Oddities of the real service; each number is the share of bodies (0 to 1) that have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Quirks {
    /// `step` is the text `"1"`.
    pub step_as_text: f64,
    /// `variant` is the letter `"A"`.
    pub variant_as_letter: f64,
    /// A reply has no `is_first`.
    pub missing_is_first: f64,
    /// `email_account` is missing.
    pub missing_email_account: f64,
    /// A reply has no `reply_html`.
    pub missing_reply_html: f64,
    /// `unibox_url` is searched by address instead of thread, as until mid 2025.
    pub unibox_by_address: f64,
    /// `reply_text_snippet` holds nothing but line breaks.
    pub blank_snippet: f64,
    /// An automatic reply is not recognised as one.
    pub auto_reply_unrecognised: f64,
}

impl Quirks {
    /// A service that behaves.
    pub const NONE: Self = Self {
        step_as_text: 0.0,
        variant_as_letter: 0.0,
        missing_is_first: 0.0,
        missing_email_account: 0.0,
        missing_reply_html: 0.0,
        unibox_by_address: 0.0,
        blank_snippet: 0.0,
        auto_reply_unrecognised: 0.0,
    };
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            step_as_text: 0.02,
            variant_as_letter: 0.02,
            missing_is_first: 0.05,
            missing_email_account: 0.01,
            missing_reply_html: 0.05,
            unibox_by_address: 0.03,
            blank_snippet: 0.02,
            auto_reply_unrecognised: 0.1,
        }
    }
}

pub(super) use tell::journey_thread_id;

/// What the "test" button of a webhook sends.
pub(super) fn test_event(world: &World, at_ms: i64) -> Option<SimulatedEvent> {
    tell::workspace_event(world, tell::WorkspaceEvent::Test, 0, at_ms)
}
