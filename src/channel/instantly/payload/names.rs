//! The names of events: one table, and the rule for names that are not in it.
//!
//! A name is in machine form when it is lower-case letters, digits and underscores, has at least two parts, and
//! begins with a word the service uses for its own things ([`MACHINE_PREFIXES`]). Such a name is an event this version
//! does not know yet. Rejected: taking every name with an underscore for an event, because people write labels like
//! `call_back` too; and taking every unknown name for a label, because then each new event of the service would
//! relabel contacts.

use crate::channel::event::{EventKind, Interest};

/// Every known name, lower case, with what it means.
pub(super) static NAMES: &[(&str, EventKind)] = &[
    ("email_sent", EventKind::MessageSent),
    ("email_opened", EventKind::MessageOpened),
    ("link_clicked", EventKind::LinkClicked),
    ("email_link_clicked", EventKind::LinkClicked),
    ("email_clicked", EventKind::LinkClicked),
    ("reply_received", EventKind::ReplyReceived),
    ("auto_reply_received", EventKind::AutoReplyReceived),
    ("email_bounced", EventKind::MessageBounced),
    ("lead_unsubscribed", EventKind::Unsubscribed),
    ("email_unsubscribed", EventKind::Unsubscribed),
    ("email_spam_report", EventKind::Complained),
    ("lead_interested", EventKind::InterestChanged(Interest::Interested)),
    ("lead_not_interested", EventKind::InterestChanged(Interest::NotInterested)),
    ("lead_neutral", EventKind::InterestChanged(Interest::Neutral)),
    ("lead_meeting_booked", EventKind::InterestChanged(Interest::MeetingBooked)),
    ("lead_meeting_completed", EventKind::InterestChanged(Interest::MeetingCompleted)),
    ("lead_closed", EventKind::InterestChanged(Interest::Won)),
    ("lead_lost", EventKind::InterestChanged(Interest::Lost)),
    ("lead_out_of_office", EventKind::InterestChanged(Interest::OutOfOffice)),
    ("lead_wrong_person", EventKind::InterestChanged(Interest::WrongPerson)),
    ("lead_no_show", EventKind::InterestChanged(Interest::NoShow)),
    ("lead_completed", EventKind::SequenceCompleted),
    ("lead_error", EventKind::SequenceFailed),
    ("campaign_started", EventKind::CampaignStarted),
    ("campaign_paused", EventKind::CampaignPaused),
    ("campaign_completed", EventKind::CampaignCompleted),
    ("account_error", EventKind::MailboxError),
    ("account_suspended", EventKind::MailboxSuspended),
    ("supersearch_enrichment_completed", EventKind::EnrichmentCompleted),
    ("test_event", EventKind::Test),
];

/// First words of the service's own names, seen and likely.
const MACHINE_PREFIXES: &[&str] = &[
    "account",
    "all",
    "auto",
    "campaign",
    "contact",
    "email",
    "inbox",
    "lead",
    "link",
    "mailbox",
    "message",
    "reply",
    "sequence",
    "subsequence",
    "supersearch",
    "test",
    "webhook",
    "workspace",
];

/// What a known name means; `None` for every other.
pub(super) fn find_kind(name: &str) -> Option<EventKind> {
    let name = name.trim();
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| kind.clone())
}

/// What a name that is in no table means.
pub(super) fn classify_unknown(name: &str, has_contact: bool) -> EventKind {
    if name.is_empty() || !has_contact || is_machine_name(name) {
        EventKind::Unknown
    } else {
        EventKind::LabelChanged(name.to_owned())
    }
}

fn is_machine_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let Some((prefix, rest)) = name.split_once('_') else {
        return false;
    };
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    MACHINE_PREFIXES.contains(&prefix) && rest.split('_').all(is_word)
}
