//! The shapes of connections.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ConnectionId, OrganizationId, ProviderEventId};

/// The header a provider sends the secret in.
pub const SECRET_HEADER: &str = "X-Webhook-Secret";

/// A connection as the control file knows it.
#[derive(Clone, Debug)]
pub struct StoredConnection {
    /// Its id.
    pub id: ConnectionId,
    /// Its organization; `None` if it is shared.
    pub organization_id: Option<OrganizationId>,
    /// `instantly`.
    pub provider: String,
    /// Its name.
    pub name: String,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
}

/// A link to a provider workspace.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// `instantly`.
    pub provider: String,
    /// Its name.
    pub name: String,
    /// Whether it belongs to the appliance and serves several organizations.
    pub is_shared: bool,
    /// Where the provider posts, with the secret in the header.
    pub webhook_url: String,
    /// The header's name.
    pub header_name: &'static str,
    /// When the last event came, UTC milliseconds; `null` before the first.
    pub last_event_at_ms: Option<i64>,
    /// How many events came.
    pub event_count: i64,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
}

/// A connection with its secret, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConnectionWithSecret {
    /// The connection.
    #[serde(flatten)]
    pub connection: Connection,
    /// What goes into the header.
    pub webhook_secret: String,
    /// An address with the secret in it, for providers that cannot send a header.
    pub token_webhook_url: String,
}

/// A connection to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConnection {
    /// `instantly`.
    pub provider: String,
    /// Its name; `Instantly` if absent.
    #[serde(default)]
    pub name: String,
}

/// A webhook of a shared connection that no organization claims.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnroutedEvent {
    /// Its id.
    pub id: ProviderEventId,
    /// The connection it came in on.
    pub connection_id: ConnectionId,
    /// The provider's name of it.
    pub event_type: String,
    /// The provider's campaign.
    pub provider_campaign_id: String,
    /// When it came, UTC milliseconds.
    pub received_at_ms: i64,
}
