//! The shapes of the inbox.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::id::{CampaignId, ContactId, ConversationId, MailboxId, MessageId};

/// A person in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactSummary {
    /// Its id.
    pub id: ContactId,
    /// E-mail address.
    pub address: String,
    /// Name to show; the address if there is none.
    pub name: String,
    /// Company.
    pub company_name: String,
}

/// A mailbox in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxSummary {
    /// Its id.
    pub id: MailboxId,
    /// E-mail address.
    pub address: String,
}

/// A campaign in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampaignSummary {
    /// Its id.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
}

/// From whom to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageDirection {
    /// From the contact.
    In,
    /// To the contact.
    Out,
}

/// One thread with one contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// `email`.
    pub channel: String,
    /// Subject of its first message.
    pub subject: String,
    /// First words of its last message.
    pub snippet: String,
    /// The person.
    pub contact: ContactSummary,
    /// The mailbox, if known.
    pub mailbox: Option<MailboxSummary>,
    /// The campaign, if known.
    pub campaign: Option<CampaignSummary>,
    /// `sent`, `reply`, `auto_reply`, an interest, `custom`, or why the address is suppressed.
    pub category: String,
    /// Number of the interest: 4 won to -4 no show.
    pub interest: Option<i64>,
    /// The customer's own label when the category is `custom`.
    pub label: Option<String>,
    /// Received messages nobody has read.
    pub unread_count: i64,
    /// All messages.
    pub message_count: i64,
    /// Received messages.
    pub received_count: i64,
    /// Whether it is put away.
    pub is_archived: bool,
    /// When its last message was sent or received, UTC milliseconds.
    pub last_message_at_ms: i64,
    /// From whom to whom the last message went.
    pub last_direction: MessageDirection,
    /// When it was first seen, UTC milliseconds.
    pub created_at_ms: i64,
}

/// Sender or recipient.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Party {
    /// E-mail address; empty if unknown.
    pub address: String,
    /// Name to show.
    pub name: String,
}

/// One message of a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// From whom to whom.
    pub direction: MessageDirection,
    /// Whether a machine wrote it.
    pub is_auto_reply: bool,
    /// Sender.
    pub from: Party,
    /// Recipient.
    pub to: Party,
    /// Subject.
    pub subject: String,
    /// The author's own words.
    pub text: String,
    /// Quoted history; empty if none.
    pub quoted_text: String,
    /// Whether it came formatted.
    pub has_html: bool,
    /// Whether the formatted form has images from elsewhere.
    pub has_remote_images: bool,
    /// Step of the sequence.
    pub step: Option<i64>,
    /// Variant of the step.
    pub variant: Option<i64>,
    /// When it was sent or received, UTC milliseconds.
    pub occurred_at_ms: i64,
}

/// A thin line between two messages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// Position in the event log.
    pub sequence: i64,
    /// Kind of the event.
    pub kind: String,
    /// When it happened, UTC milliseconds.
    pub at_ms: i64,
    /// Ids and names for display.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
}

/// Unread and total of one category.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryCount {
    /// The category.
    pub category: String,
    /// Conversations with something unread, among the newest 5,000 unread ones.
    pub unread: i64,
    /// All conversations of the inbox.
    pub total: i64,
}

/// Unread of one mailbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxCount {
    /// The mailbox.
    pub id: MailboxId,
    /// Its address.
    pub address: String,
    /// Conversations with something unread, among the newest 5,000 unread ones.
    pub unread: i64,
}

/// The numbers beside the views. Each stops at [`COUNT_CAP`], so that counting stays fast.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Counts {
    /// Conversations of the inbox with something unread.
    pub unread: i64,
    /// Conversations of the inbox.
    pub inbox: i64,
    /// Conversations put away.
    pub archived: i64,
    /// The number at which counting stops: it then means "this many or more".
    pub cap: i64,
    /// Per category.
    pub categories: Vec<CategoryCount>,
    /// Per mailbox.
    pub mailboxes: Vec<MailboxCount>,
}

/// Where counting stops.
pub const COUNT_CAP: i64 = 1_000;
/// Unread conversations, the newest, over which the counts per category and mailbox go.
pub const UNREAD_WINDOW: i64 = 5_000;

/// The categories a conversation can have.
pub const CATEGORIES: [&str; 17] = [
    "sent",
    "reply",
    "auto_reply",
    "won",
    "meeting_completed",
    "meeting_booked",
    "interested",
    "neutral",
    "out_of_office",
    "not_interested",
    "wrong_person",
    "lost",
    "no_show",
    "custom",
    "bounced",
    "unsubscribed",
    "complained",
];

/// The interest a category stands for.
pub fn interest_of(category: &str) -> Option<i64> {
    Some(match category {
        "won" => 4,
        "meeting_completed" => 3,
        "meeting_booked" => 2,
        "interested" => 1,
        "out_of_office" => 0,
        "not_interested" => -1,
        "wrong_person" => -2,
        "lost" => -3,
        "no_show" => -4,
        _ => return None,
    })
}
