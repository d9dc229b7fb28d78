//! The shapes of API keys.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::account::permission::{Permission, PermissionSet};
use crate::account::token::{KEY_PREFIX, random_code, random_secret};
use crate::error::{Error, Result};
use crate::id::{AccountId, ApiKeyId};

/// Most keys of an organization that are not revoked.
pub const MOST_KEYS: i64 = 100;
/// How long a former secret works if nothing else is said, and at most, in hours.
const DEFAULT_OVERLAP_HOURS: i64 = 24;
const MOST_OVERLAP_HOURS: i64 = 720;
/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 100;
const HOUR_MS: i64 = 3_600_000;

/// Who made a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Maker {
    /// The account.
    pub id: AccountId,
    /// Its address.
    pub email: String,
}

/// A key; its secret is not kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// How people recognise it: what the key begins with.
    pub prefix: String,
    /// What it may do, as far as its maker may.
    #[schema(value_type = Vec<Permission>)]
    pub permissions: PermissionSet,
    /// Who made it.
    pub account: Maker,
    /// When it was made, UTC milliseconds.
    pub created_at_ms: i64,
    /// When it ends, UTC milliseconds; `null`: never.
    pub expires_at_ms: Option<i64>,
    /// When it was last used, to the minute, UTC milliseconds; `null`: never.
    pub last_used_at_ms: Option<i64>,
    /// Where from.
    pub last_used_address: String,
    /// Whether the secret before the last renewal still works.
    pub is_rotating: bool,
    /// When it was revoked, UTC milliseconds.
    pub revoked_at_ms: Option<i64>,
}

impl ApiKey {
    /// For the audit log.
    pub fn json(&self) -> Value {
        json!({ "prefix": self.prefix, "permissions": self.permissions, "expires_at_ms": self.expires_at_ms })
    }
}

/// A key with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyWithSecret {
    /// The key.
    #[serde(flatten)]
    pub api_key: ApiKey,
    /// What programs send.
    pub key: String,
}

/// A key to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// What it may do; its maker must have all of it.
    pub permissions: Vec<Permission>,
    /// When it ends, UTC milliseconds; absent: never.
    pub expires_at_ms: Option<i64>,
    /// The maker's password; it or a code is needed, if the account has one.
    pub password: Option<String>,
    /// A code of the maker's authenticator, or a recovery code.
    pub code: Option<String>,
}

/// How a key is renewed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// How long the former secret still works, 0 to 720 hours; 24 if absent.
    pub overlap_hours: Option<i64>,
    /// The caller's password; it or a code is needed, if the account has one.
    pub password: Option<String>,
    /// A code of the caller's authenticator, or a recovery code.
    pub code: Option<String>,
}

/// A name for a key.
pub fn parse_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(Error::invalid_field("name", "a name has 1 to 100 characters"));
    }
    Ok(name.to_owned())
}

/// How long the former secret works, in milliseconds.
pub fn parse_overlap(hours: Option<i64>) -> Result<i64> {
    match hours.unwrap_or(DEFAULT_OVERLAP_HOURS) {
        hours if (0..=MOST_OVERLAP_HOURS).contains(&hours) => Ok(hours.saturating_mul(HOUR_MS)),
        _ => Err(Error::invalid_field("overlap_hours", "the former key works for 0 to 720 hours")),
    }
}

/// What a new key begins with.
pub fn random_prefix() -> String {
    format!("{KEY_PREFIX}{}", random_code())
}

/// A key that begins like this.
pub fn random_key(prefix: &str) -> String {
    format!("{prefix}_{}", random_secret())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_recognised_by_what_is_shown_of_it() {
        let prefix = random_prefix();
        assert_eq!(prefix.len(), KEY_PREFIX.len() + 8);
        let (key, other) = (random_key(&prefix), random_key(&prefix));
        assert!(key.starts_with(&prefix) && key.len() > prefix.len() + 40, "{key}");
        assert_ne!(key, other);
    }

    #[test]
    fn an_overlap_has_bounds() {
        assert_eq!(parse_overlap(None).unwrap(), 24 * HOUR_MS);
        assert_eq!(parse_overlap(Some(0)).unwrap(), 0);
        for hours in [-1, 721, i64::MAX] {
            assert_eq!(parse_overlap(Some(hours)).unwrap_err().field, Some("overlap_hours"));
        }
    }
}
