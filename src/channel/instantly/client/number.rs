//! Enumerations the service writes as numbers. A number we do not know is kept: the service adds them without notice.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

macro_rules! numbers {
    ($($(#[$doc:meta])+ $name:ident { $($(#[$member_doc:meta])+ $member:ident = $number:literal,)+ })+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$member_doc])+ $member,)+
            /// A number this program does not know.
            Other(i64),
        }

        impl $name {
            /// What the service's number means.
            pub const fn from_number(number: i64) -> Self {
                match number {
                    $($number => Self::$member,)+
                    other => Self::Other(other),
                }
            }

            /// The service's number.
            pub const fn number(self) -> i64 {
                match self {
                    $(Self::$member => $number,)+
                    Self::Other(number) => number,
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.number())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Whole).map(Self::from_number)
            }
        }
    )+};
}

numbers! {
    /// What a campaign or subsequence does.
    CampaignStatus {
        /// Not started yet.
        Draft = 0,
        /// Sends.
        Active = 1,
        /// Stopped by a person.
        Paused = 2,
        /// All leads are through.
        Completed = 3,
        /// Only its subsequences still send.
        RunningSubsequences = 4,
        /// Its mailboxes have errors.
        AccountsUnhealthy = -1,
        /// Stopped because too many mails bounced.
        BounceProtect = -2,
        /// The workspace is suspended.
        AccountSuspended = -99,
    }
    /// Why a campaign sends nothing.
    NotSending {
        /// Outside its schedule.
        OutOfSchedule = 1,
        /// No lead is due.
        WaitingForLeads = 2,
        /// The campaign's limit of the day is reached.
        DailyLimit = 3,
        /// The limits of all its mailboxes are reached.
        AccountLimits = 4,
        /// A fault of the service.
        InternalError = 99,
    }
    /// What a mailbox does.
    AccountStatus {
        /// Sends.
        Active = 1,
        /// Stopped by a person.
        Paused = 2,
        /// Stopped for maintenance; comes back by itself.
        Maintenance = 3,
        /// Cannot sign in.
        ConnectionError = -1,
        /// Mails bounce softly.
        SoftBounce = -2,
        /// Cannot send.
        SendingError = -3,
    }
    /// What a mailbox's warm-up does.
    WarmupStatus {
        /// Off.
        Paused = 0,
        /// On.
        Active = 1,
        /// Banned by the service.
        Banned = -1,
        /// The spam folder cannot be found.
        SpamFolderUnknown = -2,
        /// Suspended for good.
        Suspended = -3,
    }
    /// Where a lead stands.
    LeadStatus {
        /// Is written to.
        Active = 1,
        /// Stopped.
        Paused = 2,
        /// Through, or replied.
        Completed = 3,
        /// The address does not exist.
        Bounced = -1,
        /// Wants no more.
        Unsubscribed = -2,
        /// Left out.
        Skipped = -3,
    }
    /// What a lead thinks of it. Other numbers are labels of the team.
    Interest {
        /// Away.
        OutOfOffice = 0,
        /// Interested.
        Interested = 1,
        /// A meeting is booked.
        MeetingBooked = 2,
        /// The meeting took place.
        MeetingCompleted = 3,
        /// Won.
        Won = 4,
        /// Not interested.
        NotInterested = -1,
        /// The wrong person.
        WrongPerson = -2,
        /// Lost.
        Lost = -3,
        /// Did not come to the meeting.
        NoShow = -4,
    }
    /// What an e-mail is.
    EmailType {
        /// Sent by a campaign.
        Campaign = 1,
        /// Received.
        Received = 2,
        /// Sent by a person or a program.
        Manual = 3,
        /// Will be sent.
        Scheduled = 4,
    }
    /// Whether a webhook is on.
    WebhookStatus {
        /// Delivers.
        Active = 1,
        /// Switched off after failures.
        Disabled = -1,
    }
    /// What a tag is attached to.
    TaggedResource {
        /// A mailbox.
        Account = 1,
        /// A campaign.
        Campaign = 2,
    }
}

/// A whole number, however it is written: `1`, `1.0`, `"1"`.
struct Whole;

impl Visitor<'_> for Whole {
    type Value = i64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(E::custom)
    }

    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small right here")]
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<i64, E> {
        let is_whole = number.fract() == 0.0 && number.abs() < 9.0e15;
        if is_whole { Ok(number as i64) } else { Err(E::custom("not a whole number")) }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        text.trim().parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_however_written_and_kept_if_unknown() {
        let read = |text: &str| serde_json::from_str::<CampaignStatus>(text);
        assert_eq!(read("1").unwrap(), CampaignStatus::Active);
        assert_eq!(read("-99.0").unwrap(), CampaignStatus::AccountSuspended);
        assert_eq!(read("\"2\"").unwrap(), CampaignStatus::Paused);
        assert_eq!(read("57").unwrap(), CampaignStatus::Other(57));
        assert_eq!(serde_json::to_string(&read("57").unwrap()).unwrap(), "57");
        read("1.5").unwrap_err();
        read("null").unwrap_err();
    }
}
