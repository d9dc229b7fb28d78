//! [`ProviderEvent`]: what a provider told us, in our own words.
//!
//! Interpretation of a provider's payload is a pure function from bytes to this type; applying it to an
//! organization's data is the same for every provider. Everything a real payload may lack is an `Option`.

use std::collections::BTreeMap;

/// One thing that happened at a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderEvent {
    /// What happened.
    pub kind: EventKind,
    /// The provider's own word for it, verbatim; `""` if it sent none.
    pub provider_name: String,
    /// When it happened, UTC milliseconds; `None` if the payload has no readable time.
    pub occurred_at_ms: Option<i64>,
    /// The provider's id of the workspace it happened in.
    pub workspace_id: Option<String>,
    /// The provider's id of the campaign.
    pub provider_campaign_id: Option<String>,
    /// The campaign's name.
    pub campaign_name: Option<String>,
    /// The person it concerns.
    pub contact: Option<ProviderContact>,
    /// Address of the mailbox that sent or received, lower case.
    pub mailbox_address: Option<String>,
    /// Step of the sequence, counted from 1.
    pub step: Option<i64>,
    /// Variant of the step, counted from 1 (A is 1).
    pub variant: Option<i64>,
    /// Whether the provider says it is the first event of its type for this person.
    pub is_first: Option<bool>,
    /// The provider's id of the message it concerns.
    pub provider_message_id: Option<String>,
    /// The provider's id of the thread it concerns.
    pub provider_thread_id: Option<String>,
    /// The message's content, when the payload carries one.
    pub content: Option<ProviderContent>,
    /// Why, in the provider's words (account errors, bounces).
    pub reason: Option<String>,
    /// What was odd about the payload, one short phrase each ("timestamp unreadable").
    pub remarks: Vec<&'static str>,
}

/// What happened. The names are ours; `channel/<provider>` says which of the provider's names mean which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A campaign message went out.
    MessageSent,
    /// A message was opened (unreliable: scanners and prefetch open mail too).
    MessageOpened,
    /// A tracked link was followed.
    LinkClicked,
    /// A person replied.
    ReplyReceived,
    /// A machine replied: out of office and the like. Never counts as a reply.
    AutoReplyReceived,
    /// A message could not be delivered.
    MessageBounced,
    /// The person unsubscribed.
    Unsubscribed,
    /// The person reported the message as spam.
    Complained,
    /// The interest status was set.
    InterestChanged(Interest),
    /// A label of the customer's own was set; the text is the label, verbatim.
    LabelChanged(String),
    /// The person reached the end of the sequence.
    SequenceCompleted,
    /// The sequence failed for the person.
    SequenceFailed,
    /// The campaign was started.
    CampaignStarted,
    /// The campaign was paused.
    CampaignPaused,
    /// The campaign is through.
    CampaignCompleted,
    /// A mailbox cannot send or receive.
    MailboxError,
    /// A mailbox was suspended.
    MailboxSuspended,
    /// Lead data was enriched at the provider.
    EnrichmentCompleted,
    /// Somebody pressed "test" at the provider.
    Test,
    /// A name we do not know and that is no label we can recognise.
    Unknown,
}

/// The interest scale of the product, stored as a number; higher is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// 4
    Won,
    /// 3
    MeetingCompleted,
    /// 2
    MeetingBooked,
    /// 1
    Interested,
    /// no number: explicitly neutral
    Neutral,
    /// 0
    OutOfOffice,
    /// -1
    NotInterested,
    /// -2
    WrongPerson,
    /// -3
    Lost,
    /// -4
    NoShow,
}

impl Interest {
    /// The stored number; `None` for neutral.
    pub const fn number(self) -> Option<i64> {
        match self {
            Self::Won => Some(4),
            Self::MeetingCompleted => Some(3),
            Self::MeetingBooked => Some(2),
            Self::Interested => Some(1),
            Self::Neutral => None,
            Self::OutOfOffice => Some(0),
            Self::NotInterested => Some(-1),
            Self::WrongPerson => Some(-2),
            Self::Lost => Some(-3),
            Self::NoShow => Some(-4),
        }
    }

    /// The category word a conversation gets from it.
    pub const fn category(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::MeetingCompleted => "meeting_completed",
            Self::MeetingBooked => "meeting_booked",
            Self::Interested => "interested",
            Self::Neutral => "neutral",
            Self::OutOfOffice => "out_of_office",
            Self::NotInterested => "not_interested",
            Self::WrongPerson => "wrong_person",
            Self::Lost => "lost",
            Self::NoShow => "no_show",
        }
    }
}

/// A person as the provider describes them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProviderContact {
    /// E-mail address, trimmed and lower case.
    pub address: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Company name.
    pub company_name: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Phone number as given.
    pub phone: Option<String>,
    /// Website as given.
    pub website: Option<String>,
    /// Every other variable of the person, by its own name, as text.
    pub custom_fields: BTreeMap<String, String>,
}

/// The content of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderContent {
    /// Subject as given, `""` if absent.
    pub subject: String,
    /// Plain text as given, including quoted history.
    pub text: Option<String>,
    /// HTML as given, not sanitised.
    pub html: Option<String>,
}
