//! Roles, permissions, and the shapes the session routes answer with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{AccountId, OrganizationId};

/// What a member may be in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, including handing the organization over.
    Owner,
    /// Everything but ownership.
    Admin,
    /// Works in the inbox.
    Member,
    /// Reads.
    Viewer,
}

/// What a route asks for. The only place that says what a role may do is [`Role::allows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See the organization's data.
    Read,
    /// Change conversations.
    Change,
    /// Connections, jobs, raw provider payloads.
    Administer,
    /// The appliance itself, across organizations.
    Operate,
}

impl Role {
    /// Whether the role has the permission; staff rights are separate.
    pub const fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => true,
            Permission::Change => matches!(self, Self::Owner | Self::Admin | Self::Member),
            Permission::Administer => matches!(self, Self::Owner | Self::Admin),
            Permission::Operate => false,
        }
    }

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Owner, Self::Admin, Self::Member, Self::Viewer].into_iter().find(|role| role.as_str() == text)
    }
}

/// The interface's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the language codes speak for themselves")]
pub enum Language {
    De,
    En,
}

impl Language {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }
}

/// The interface's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names speak for themselves")]
pub enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A login identity as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Sign-in address, lower case.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// Language of the interface.
    pub language: Language,
    /// Colours of the interface.
    pub theme: Theme,
    /// IANA time zone.
    pub time_zone: String,
}

/// The organization a session works in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganizationRef {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
}

/// Who is signed in, and where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// The account.
    pub account: Account,
    /// The organization.
    pub organization: OrganizationRef,
    /// The account's role in it.
    pub role: Role,
    /// Whether the account may operate the appliance across organizations.
    pub is_operator: bool,
}

/// The answer to a successful sign-in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// Goes into `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// When the access token ends, UTC milliseconds.
    pub expires_at_ms: i64,
    /// Who is signed in, and where.
    #[serde(flatten)]
    pub me: Me,
}

/// Trims and lowers an e-mail address; `None` if it cannot be one.
pub fn parse_email(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.split_once('@')?;
    let is_plain = !email.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let is_one = !domain.contains('@') && !local.is_empty() && !domain.is_empty() && email.len() <= 254;
    (is_plain && is_one).then_some(email)
}

/// Shortest password.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// Longest password, in bytes: hashing must not become a way to burn our time.
pub const PASSWORD_MAX_BYTES: usize = 1_024;

/// Why a password is refused; `None` if it is not.
pub fn password_fault(password: &str) -> Option<&'static str> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Some("the password needs at least 10 characters");
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Some("the password is too long");
    }
    None
}
