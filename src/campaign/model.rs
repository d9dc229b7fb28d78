//! The shapes of campaigns and figures.

use serde::Serialize;
use utoipa::ToSchema;

use crate::id::CampaignId;

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counters {
    /// Messages sent.
    pub sent: i64,
    /// Steps opened at least once, per person. Unreliable: scanners open mail too.
    pub opened: i64,
    /// Steps with a link followed at least once, per person.
    pub clicked: i64,
    /// Replies by people.
    pub replied: i64,
    /// People who replied.
    pub replied_contacts: i64,
    /// Replies by machines; never counted as replies.
    pub auto_replied: i64,
    /// Bounces.
    pub bounced: i64,
    /// Unsubscriptions.
    pub unsubscribed: i64,
    /// Complaints.
    pub complained: i64,
    /// People whose interest is now 1 or higher.
    pub interested: i64,
    /// People whose interest is now -1.
    pub not_interested: i64,
    /// People whose interest is now 2 or higher.
    pub meetings_booked: i64,
    /// People a message was sent to.
    pub contacts: i64,
}

/// Fractions from 0 to 1; `null` where nothing was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Rates {
    /// Steps opened per message sent.
    pub open_rate: Option<f64>,
    /// Steps clicked per message sent.
    pub click_rate: Option<f64>,
    /// People who replied per person written to.
    pub reply_rate: Option<f64>,
    /// Bounces per message sent.
    pub bounce_rate: Option<f64>,
    /// Unsubscriptions per person written to.
    pub unsubscribe_rate: Option<f64>,
    /// Interested people per person written to.
    pub interested_rate: Option<f64>,
}

impl Counters {
    /// The rates these counters give.
    pub fn rates(&self) -> Rates {
        let rate = |part: i64, whole: i64| {
            #[expect(clippy::cast_precision_loss, reason = "counters stay far below 2^52")]
            let fraction = part as f64 / whole as f64;
            // More opens than messages: some sends were never reported. A rate above one means nothing.
            (whole > 0).then_some(fraction.min(1.0))
        };
        Rates {
            open_rate: rate(self.opened, self.sent),
            click_rate: rate(self.clicked, self.sent),
            reply_rate: rate(self.replied_contacts, self.contacts),
            bounce_rate: rate(self.bounced, self.sent),
            unsubscribe_rate: rate(self.unsubscribed, self.contacts),
            interested_rate: rate(self.interested, self.contacts),
        }
    }
}

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CampaignState {
    /// Nothing tells.
    Unknown,
    /// It sends.
    Active,
    /// It was paused.
    Paused,
    /// It is through.
    Completed,
}

/// The times a campaign's state follows from; 0 where nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct StateTimes {
    /// Last message sent.
    pub last_sent_at_ms: i64,
    /// Last start.
    pub started_at_ms: i64,
    /// Last pause.
    pub paused_at_ms: i64,
    /// Last completion.
    pub completed_at_ms: i64,
}

impl StateTimes {
    /// The latest decides; of equal times the later in a campaign's life.
    pub fn state(&self) -> CampaignState {
        let active_at_ms = self.last_sent_at_ms.max(self.started_at_ms);
        let latest = active_at_ms.max(self.paused_at_ms).max(self.completed_at_ms);
        match latest {
            0 => CampaignState::Unknown,
            _ if latest == self.completed_at_ms => CampaignState::Completed,
            _ if latest == self.paused_at_ms => CampaignState::Paused,
            _ => CampaignState::Active,
        }
    }
}

/// An outreach sequence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// The provider's id of it.
    pub provider_campaign_id: String,
    /// Its name; empty as long as no event named it.
    pub name: String,
    /// Where it stands.
    pub state: CampaignState,
    /// `false`: known from webhooks only.
    pub is_synced: bool,
    /// What was counted.
    pub counters: Counters,
    /// The rates the counters give.
    pub rates: Rates,
    /// When something last happened in it, UTC milliseconds.
    pub last_event_at_ms: i64,
    /// When it became known, UTC milliseconds.
    pub created_at_ms: i64,
}

/// The counters of one UTC day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampaignDay {
    /// `2026-01-31`
    pub day: String,
    /// Messages sent.
    pub sent: i64,
    /// Steps opened.
    pub opened: i64,
    /// Steps clicked.
    pub clicked: i64,
    /// Replies.
    pub replied: i64,
    /// Automatic replies.
    pub auto_replied: i64,
    /// Bounces.
    pub bounced: i64,
    /// Unsubscriptions.
    pub unsubscribed: i64,
    /// Complaints.
    pub complained: i64,
}

/// The organization's figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Statistics {
    /// Sums over all campaigns.
    pub counters: Counters,
    /// The rates they give.
    pub rates: Rates,
    /// Conversations with something received.
    pub conversations: i64,
    /// Of these, with something unread.
    pub unread_conversations: i64,
    /// All messages.
    pub messages: i64,
    /// People.
    pub contacts: i64,
    /// Mailboxes.
    pub mailboxes: i64,
    /// Campaigns.
    pub campaigns: i64,
}

/// `2026-01-31` of a UTC day counted from 1970.
pub fn day_text(day: i64) -> String {
    let start_ms = day.saturating_mul(crate::clock::DAY_MS);
    jiff::Timestamp::from_millisecond(start_ms)
        .map_or_else(|_out_of_range| String::new(), |start| start.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_time_decides_the_state() {
        let times = |sent, started, paused, completed| StateTimes {
            last_sent_at_ms: sent,
            started_at_ms: started,
            paused_at_ms: paused,
            completed_at_ms: completed,
        };
        assert_eq!(times(0, 0, 0, 0).state(), CampaignState::Unknown);
        assert_eq!(times(5, 0, 0, 0).state(), CampaignState::Active);
        assert_eq!(times(5, 0, 7, 0).state(), CampaignState::Paused);
        assert_eq!(times(5, 9, 7, 0).state(), CampaignState::Active);
        assert_eq!(times(5, 9, 9, 9).state(), CampaignState::Completed);
    }

    #[test]
    fn rates_are_fractions_or_nothing() {
        let counters = Counters { sent: 4, opened: 9, replied_contacts: 1, contacts: 2, ..Counters::default() };
        let rates = counters.rates();
        assert_eq!(rates.open_rate, Some(1.0));
        assert_eq!(rates.reply_rate, Some(0.5));
        assert_eq!(Counters::default().rates(), Rates::default());
    }

    #[test]
    fn days_have_names() {
        assert_eq!(day_text(0), "1970-01-01");
        assert_eq!(day_text(20_777), "2026-11-20");
    }
}
