//! The shapes of mailboxes.

use serde::Serialize;
use utoipa::ToSchema;

use crate::id::MailboxId;

/// Whether a mailbox works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailboxState {
    /// Nothing tells.
    Unknown,
    /// It sends.
    Active,
    /// It reported an error and has sent nothing since.
    Error,
    /// The provider switched it off, and it has sent nothing since.
    Suspended,
}

/// The state that follows from the last message sent, the last error and the last suspension (0: none).
pub const fn state_of(last_sent_at_ms: i64, error_at_ms: i64, suspended_at_ms: i64) -> (MailboxState, i64) {
    if suspended_at_ms > 0 && suspended_at_ms >= error_at_ms && suspended_at_ms >= last_sent_at_ms {
        return (MailboxState::Suspended, suspended_at_ms);
    }
    if error_at_ms > 0 && error_at_ms >= last_sent_at_ms {
        return (MailboxState::Error, error_at_ms);
    }
    if last_sent_at_ms > 0 { (MailboxState::Active, last_sent_at_ms) } else { (MailboxState::Unknown, 0) }
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct MailboxCounters {
    /// Messages sent.
    pub sent: i64,
    /// Replies received.
    pub received: i64,
    /// Automatic replies received.
    pub auto_replied: i64,
    /// Bounces.
    pub bounced: i64,
}

/// A sending and receiving address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mailbox {
    /// Its id.
    pub id: MailboxId,
    /// E-mail address.
    pub address: String,
    /// Whether it works.
    pub state: MailboxState,
    /// Why not, in the provider's words.
    pub state_reason: String,
    /// Since when, UTC milliseconds; 0 if unknown.
    pub state_at_ms: i64,
    /// Counted in total.
    pub counters: MailboxCounters,
    /// Counted today (UTC).
    pub today: MailboxCounters,
    /// Conversations with something unread, among the newest 5,000 unread ones.
    pub unread_count: i64,
    /// When something last happened, UTC milliseconds.
    pub last_event_at_ms: i64,
    /// When it became known, UTC milliseconds.
    pub created_at_ms: i64,
}

/// The counters of one UTC day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxDay {
    /// `2026-01-31`
    pub day: String,
    /// What was counted.
    #[serde(flatten)]
    pub counters: MailboxCounters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_time_decides_the_state() {
        assert_eq!(state_of(0, 0, 0).0, MailboxState::Unknown);
        assert_eq!(state_of(5, 0, 0).0, MailboxState::Active);
        assert_eq!(state_of(5, 6, 0), (MailboxState::Error, 6));
        assert_eq!(state_of(7, 6, 0).0, MailboxState::Active);
        assert_eq!(state_of(7, 6, 8), (MailboxState::Suspended, 8));
        assert_eq!(state_of(9, 6, 8).0, MailboxState::Active);
    }
}
