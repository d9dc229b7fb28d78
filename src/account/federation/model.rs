//! Providers of identities and what they say of a person.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::IdentityId;

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// OpenID Connect.
    Oidc,
    /// The older sign-in of Telegram, whose answer is signed with the bot's token.
    TelegramWidget,
}

/// What a provider is called in addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ProviderId(String);

/// The text names no provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("1 to 40 lower case letters, digits and hyphens")]
pub struct ProviderIdError;

impl FromStr for ProviderId {
    type Err = ProviderIdError;

    fn from_str(text: &str) -> Result<Self, ProviderIdError> {
        let is_plain =
            text.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-');
        if is_plain && (1..=40).contains(&text.len()) { Ok(Self(text.to_owned())) } else { Err(ProviderIdError) }
    }
}

impl TryFrom<String> for ProviderId {
    type Error = ProviderIdError;

    fn try_from(text: String) -> Result<Self, ProviderIdError> {
        text.parse()
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl ProviderId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A provider everybody uses in the same way.
#[derive(Debug)]
pub struct Preset {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its issuer.
    pub issuer: &'static str,
}

/// The providers whose issuer is known here.
pub const PRESETS: [Preset; 2] = [
    Preset { id: "google", name: "Google", issuer: "https://accounts.google.com" },
    Preset { id: "telegram", name: "Telegram", issuer: "https://oauth.telegram.org" },
];

/// A provider as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// How it is spoken to.
    pub kind: Kind,
    /// Name to show.
    pub name: String,
    /// Address of the issuer; empty for the widget.
    #[serde(default)]
    pub issuer: String,
    /// What the issuer calls us; empty for the widget.
    #[serde(default)]
    pub client_id: String,
    /// The bot's name; empty for OpenID Connect.
    #[serde(default)]
    pub bot_name: String,
    /// The client's secret or the bot's token, sealed for [`Self::seal_context`], in Base64; empty if there is none.
    #[serde(default)]
    pub secret: String,
}

impl Provider {
    /// What its secret is sealed for.
    pub fn seal_context(&self) -> String {
        format!("provider:{}", self.id)
    }

    /// Whether it is Telegram, which knows people without an e-mail address.
    pub fn is_without_addresses(&self) -> bool {
        self.kind == Kind::TelegramWidget
            || PRESETS.iter().any(|preset| preset.id == "telegram" && preset.issuer == self.issuer)
    }
}

/// A provider on the sign-in page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderSummary {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ProviderId,
    /// How it is spoken to.
    pub kind: Kind,
    /// Name to show.
    pub name: String,
}

/// A provider as administrators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderDetail {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ProviderId,
    /// How it is spoken to.
    pub kind: Kind,
    /// Name to show.
    pub name: String,
    /// Address of the issuer; empty for the widget.
    pub issuer: String,
    /// What the issuer calls us; empty for the widget.
    pub client_id: String,
    /// The bot's name; empty for OpenID Connect.
    pub bot_name: String,
    /// Whether a secret is kept; it is never shown.
    pub has_secret: bool,
    /// The address to enter at the provider as the one it sends browsers back to.
    pub callback_url: String,
}

/// What a provider says of a person, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The provider's own id of the person.
    pub subject: String,
    /// What the provider calls them.
    pub name: String,
    /// Their address, if the provider says that it is theirs.
    pub verified_email: Option<String>,
}

/// An identity as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// The provider's id.
    pub provider: String,
    /// What the provider calls the person.
    pub name: String,
    /// When it was linked, UTC milliseconds.
    pub created_at_ms: i64,
    /// When it last signed in, UTC milliseconds; `null`: never.
    pub last_used_at_ms: Option<i64>,
}
