//! Accounts and sessions: the shapes the session routes answer with.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::permission::{PermissionSet, Role, StaffRole};
use crate::error::{Error, Result};
use crate::id::{AccountId, OrganizationId};

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
    /// Changed keys of the interface: command to key; an empty key switches a command's key off.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub shortcuts: Box<RawValue>,
    /// When the picture was uploaded, UTC milliseconds; `null` if there is none.
    pub avatar_at_ms: Option<i64>,
}

/// The organization a session works in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganizationRef {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What the account is in it; `null` for staff of the appliance who are no members.
    pub role: Option<Role>,
    /// The name of a role of the organization's own.
    pub role_name: Option<String>,
}

/// Who is signed in, and where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// The account.
    pub account: Account,
    /// The organization; `null` if the account is in none.
    pub organization: Option<OrganizationRef>,
    /// What the caller may do there.
    #[schema(value_type = Vec<super::permission::Permission>)]
    pub permissions: PermissionSet,
    /// What the account is on the appliance; `null` for those who are not of its staff.
    pub staff_role: Option<StaffRole>,
    /// The organization asks for a second factor, and the account has none: nothing else is answered.
    pub is_second_factor_missing: bool,
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
    let is_plain = !email.chars().any(|letter| letter.is_whitespace() || is_invisible(letter));
    let is_one = !domain.contains('@') && !local.is_empty() && !domain.is_empty() && email.len() <= 254;
    (is_plain && is_one).then_some(email)
}

/// Longest name of a person.
const NAME_MAX_CHARS: usize = 200;

/// Control characters, and those that turn the direction of the text around them: a name must not look like another, nor
/// break the line it stands in.
pub fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Trims and checks the name of a person, by whichever door it comes in.
pub fn parse_person_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(is_invisible) {
        return Err(Error::invalid_field("name", "a name has 1 to 200 characters that can be seen, in one line"));
    }
    Ok(name.to_owned())
}

/// [`parse_person_name`] of somebody new: who gives none is called what their address begins with.
pub fn parse_new_person_name(text: &str, email: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Ok(email.split('@').next().unwrap_or("").chars().take(NAME_MAX_CHARS).collect());
    }
    parse_person_name(text)
}

/// Shortest password.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// Longest password, in bytes: hashing must not become a way to burn our time.
pub const PASSWORD_MAX_BYTES: usize = 1_024;

/// Passwords that are tried first, in lower case; the first line says where they come from.
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// Why a password for an account with this address is refused; `None` if it is not. Rules about digits and signs were
/// rejected: they make passwords harder to remember and hardly harder to guess.
pub fn password_fault(password: &str, email: &str) -> Option<&'static str> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Some("the password needs at least 10 characters");
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Some("the password is too long");
    }
    let lower = password.trim().to_lowercase();
    if !email.is_empty() && lower == email {
        return Some("the password must not be the e-mail address");
    }
    if COMMON_PASSWORDS.lines().skip(1).any(|common| common == lower) {
        return Some("this password is one of the first that are tried: choose another");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_uncommon_and_no_address() {
        let long = "x".repeat(PASSWORD_MAX_BYTES + 1);
        for password in ["short", "ninechars", "Password123", "  1234567890 ", "QWERTYUIOP", "Lena@Acme.example", &long]
        {
            assert!(password_fault(password, "lena@acme.example").is_some(), "{password}");
        }
        for password in ["correct horse battery", "aaaaaaaaab", "übermäßige", "other@acme.example"] {
            assert_eq!(password_fault(password, "lena@acme.example"), None, "{password}");
        }
    }

    #[test]
    fn the_list_of_common_passwords_holds_what_the_rule_looks_for() {
        let mut lines = COMMON_PASSWORDS.lines();
        let source = lines.next().unwrap();
        assert!(source.contains("Django") && source.contains("BSD-3-Clause"), "{source}");
        let passwords: Vec<&str> = lines.collect();
        assert!(passwords.len() > 1_500);
        for password in passwords {
            assert!(
                password.chars().count() >= PASSWORD_MIN_CHARS && password == password.to_lowercase(),
                "{password}"
            );
        }
    }
}
