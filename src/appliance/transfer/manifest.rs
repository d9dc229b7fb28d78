//! The first entry of an exported organization: what the other entries are, and what `control.db` knew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::id::{AccountId, ApiKeyId, ConnectionId, OrganizationId, RoleId};

/// The form of the file. A program refuses forms it does not know.
pub const FORMAT: u32 = 1;
/// Name of the entry.
pub const NAME: &str = "manifest.json";
/// Name of the database's entry.
pub const DATABASE: &str = "tenant.db";
/// Where the other files are.
pub const FILES: &str = "files";

/// What an exported organization consists of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// See [`FORMAT`].
    pub format: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// When, UTC milliseconds.
    pub created_at_ms: i64,
    /// The organization.
    pub organization: OrganizationRow,
    /// Roles of its own.
    pub roles: Vec<RoleRow>,
    /// Who belongs to it.
    pub members: Vec<MemberRow>,
    /// The connections it uses.
    pub connections: Vec<ConnectionRow>,
    /// API keys; only with secrets.
    pub api_keys: Vec<ApiKeyRow>,
    /// Audit rows that had not reached the organization's file yet: id and entry.
    pub waiting_audit: Vec<(Uuid, Value)>,
    /// Rows of each table.
    pub counts: BTreeMap<String, i64>,
    /// How the audit log ends.
    pub audit: Option<AuditEnd>,
    /// The entries that follow, by path.
    pub files: BTreeMap<String, FileRow>,
}

/// One entry of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Its size.
    pub bytes: u64,
    /// Its hash in hexadecimal.
    pub blake3: String,
}

/// The last row of an audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEnd {
    /// Its place.
    pub sequence: i64,
    /// Its hash in hexadecimal.
    pub hash: String,
}

/// An organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrganizationRow {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Whether its members need a second factor.
    pub is_second_factor_required: bool,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
}

/// A role of the organization's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoleRow {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// Names with spaces between them.
    pub permissions: String,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
}

/// Someone who belongs to the organization. Accounts are matched by address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberRow {
    /// The account.
    pub account_id: AccountId,
    /// Sign-in address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// Language of the interface.
    pub language: String,
    /// IANA time zone.
    pub time_zone: String,
    /// What they are in it.
    pub role: String,
    /// A role of the organization's own.
    pub role_id: Option<RoleId>,
    /// Since when, UTC milliseconds.
    pub created_at_ms: i64,
    /// Hash of the password; only with secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// Secret of the authenticator, and when it was confirmed; only with secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<(String, i64)>,
}

/// A connection, the organization's own or a shared one it used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConnectionRow {
    /// Its id.
    pub id: ConnectionId,
    /// The provider.
    pub provider: String,
    /// Its name.
    pub name: String,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
    /// Whether it belonged to the appliance it comes from.
    pub was_shared: bool,
    /// The provider's campaigns that came in on it, if it was shared.
    pub provider_campaign_ids: Vec<String>,
    /// Hash of its secret in hexadecimal; only with secrets, and never of a shared one, which others still use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_hash: Option<String>,
}

/// An API key that stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKeyRow {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose rights bound it.
    pub account_id: AccountId,
    /// Its name.
    pub name: String,
    /// How people recognise it.
    pub prefix: String,
    /// Hash of the key in hexadecimal.
    pub key_hash: String,
    /// Names with spaces between them.
    pub permissions: String,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
    /// When it ends, UTC milliseconds.
    pub expires_at_ms: Option<i64>,
}
