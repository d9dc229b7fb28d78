//! Typed identifiers: a UUIDv7 in a type of its own per kind of record, so that a contact's id cannot be passed
//! where a campaign's is asked for.
//!
//! Ids are made by [`IdSource`], never by the type itself: tests then get the same ids in every run. Version 7 was
//! chosen over version 4 because ids made one after another are neighbours in every index they are written to, and
//! over plain integers because a record keeps its id when its organization moves to another appliance.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use uuid::Uuid;

/// Declares one id type.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that was made or read elsewhere.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let bytes = value.as_blob()?;
                Uuid::from_slice(bytes).map(Self).map_err(FromSqlError::other)
            }
        }
    };
}

id_type!(
    /// A login identity of the appliance.
    AccountId
);
id_type!(
    /// One signed-in browser or program.
    SessionId
);
id_type!(
    /// A key that programs call the API with.
    ApiKeyId
);
id_type!(
    /// An invitation into an organization.
    InvitationId
);
id_type!(
    /// A role an organization made for itself.
    RoleId
);
id_type!(
    /// A passkey of an account.
    PasskeyId
);
id_type!(
    /// An identity at another service that signs an account in.
    IdentityId
);
id_type!(
    /// A mail of the appliance itself.
    MailId
);
id_type!(
    /// A customer with its own data: a folder on disk.
    OrganizationId
);
id_type!(
    /// A link to a provider workspace.
    ConnectionId
);
id_type!(
    /// A webhook delivery as it was received.
    ProviderEventId
);
id_type!(
    /// A person.
    ContactId
);
id_type!(
    /// One thread with one contact on one channel.
    ConversationId
);
id_type!(
    /// One item of a conversation.
    MessageId
);
id_type!(
    /// An outreach sequence.
    CampaignId
);
id_type!(
    /// A sending and receiving address.
    MailboxId
);
id_type!(
    /// A piece of work that is done later and retried.
    JobId
);

/// Makes ids; the app holds one and hands it to whoever creates records.
#[derive(Clone, Debug)]
pub struct IdSource {
    clock: crate::clock::Clock,
}

impl IdSource {
    /// Ids whose time part comes from `clock`.
    pub const fn new(clock: crate::clock::Clock) -> Self {
        Self { clock }
    }

    /// A new UUIDv7: 48 bits of milliseconds, then randomness.
    pub fn next_uuid(&self) -> Uuid {
        let now_ms = u64::try_from(self.clock.now_ms()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(now_ms, &rand::random()).into_uuid()
    }
}
