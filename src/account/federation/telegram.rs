//! The older sign-in of Telegram: the browser brings the person's data, signed with the bot's token.
//!
//! The signature is HMAC-SHA-256 over all fields but the signature itself, sorted, one `name=value` a line, under the
//! SHA-256 of the token. Fields we do not know are signed too, so all that arrive are taken. The data is good for a few
//! minutes and for one use (`store::use_signature`), because the browser could show it again.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::model::Claimed;

/// How old the data may be.
pub const LIFETIME_MS: i64 = 10 * 60 * 1_000;
/// How far Telegram's clock may be ahead of ours.
const CLOCK_SKEW_MS: i64 = 60 * 1_000;

/// Why the data was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A field is missing or not what it should be.
    #[error("the field {0} is missing or malformed")]
    Field(&'static str),
    /// Not signed with this token.
    #[error("the signature does not match")]
    Signature,
    /// Too old, or from the future.
    #[error("the data is too old or from the future")]
    Time,
}

/// Where the browser goes to sign in: what the widget of Telegram opens, without loading its script into our page.
pub fn sign_in_url(token: &str, origin: &str, callback: &str) -> Option<Url> {
    let (bot_id, _secret) = token.split_once(':')?;
    let query = [("bot_id", bot_id), ("origin", origin), ("embed", "0"), ("return_to", callback)];
    Url::parse_with_params("https://oauth.telegram.org/auth", query).ok()
}

/// Checks the data at a time.
pub fn check(token: &str, fields: &BTreeMap<String, Value>, now_ms: i64) -> Result<Claimed, Refusal> {
    let mut lines = Vec::with_capacity(fields.len());
    for (name, value) in fields.iter().filter(|(name, _value)| *name != "hash") {
        lines.push(format!("{name}={}", text_of(value).ok_or(Refusal::Field("data"))?));
    }
    let hash = text_field(fields, "hash")?;
    let hash = blake3::Hash::from_hex(hash.as_bytes()).map_err(|_no_hex| Refusal::Signature)?;
    let key = Sha256::digest(token.as_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_any_length_will_do| Refusal::Signature)?;
    mac.update(lines.join("\n").as_bytes());
    // In constant time.
    mac.verify_slice(hash.as_bytes()).map_err(|_mismatch| Refusal::Signature)?;
    let signed_at_s: i64 =
        text_field(fields, "auth_date")?.parse().map_err(|_no_number| Refusal::Field("auth_date"))?;
    let age_ms = now_ms.saturating_sub(signed_at_s.saturating_mul(1_000));
    if !(-CLOCK_SKEW_MS..LIFETIME_MS).contains(&age_ms) {
        return Err(Refusal::Time);
    }
    let id: u64 = text_field(fields, "id")?.parse().map_err(|_no_number| Refusal::Field("id"))?;
    Ok(Claimed { subject: id.to_string(), name: name_of(fields), verified_email: None })
}

/// The username, else first and last name.
fn name_of(fields: &BTreeMap<String, Value>) -> String {
    let field = |name: &str| fields.get(name).and_then(text_of).unwrap_or_default();
    match field("username") {
        username if username.is_empty() => format!("{} {}", field("first_name"), field("last_name")).trim().to_owned(),
        username => format!("@{username}"),
    }
}

fn text_field(fields: &BTreeMap<String, Value>, name: &'static str) -> Result<String, Refusal> {
    fields.get(name).and_then(text_of).ok_or(Refusal::Field(name))
}

/// The text that was signed: the browser may have numbers where Telegram signed their digits.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of the documentation's algorithm, computed with another implementation.
    const TOKEN: &str = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";
    const SIGNED_AT_MS: i64 = 1_791_200_000_000;

    fn vector() -> BTreeMap<String, Value> {
        let fields = json!({
            "id": "6000000001",
            "first_name": "Jane",
            "last_name": "Doe",
            "username": "janedoe_example",
            "auth_date": "1791200000",
            "hash": "b9c8447a0b4edaae5e6155e32aefae280fe40f3ee991a051a20b1515194d8345",
        });
        serde_json::from_value(fields).unwrap()
    }

    fn with(name: &str, value: Value) -> BTreeMap<String, Value> {
        let mut fields = vector();
        fields.insert(name.to_owned(), value);
        fields
    }

    #[test]
    fn what_telegram_signed_is_taken() {
        let claimed = check(TOKEN, &vector(), SIGNED_AT_MS + 1_000).unwrap();
        let expected =
            Claimed { subject: "6000000001".to_owned(), name: "@janedoe_example".to_owned(), verified_email: None };
        assert_eq!(claimed, expected);
        let mut as_numbers = with("id", json!(6_000_000_001_u64));
        as_numbers.insert("auth_date".to_owned(), json!(1_791_200_000));
        assert_eq!(check(TOKEN, &as_numbers, SIGNED_AT_MS).unwrap(), expected);
    }

    #[test]
    fn whatever_is_changed_added_or_left_out_breaks_the_signature() {
        for (name, value) in [
            ("id", json!("6000000002")),
            ("first_name", json!("Jan")),
            ("username", json!("janedoe_example\nx=y")),
            ("auth_date", json!("1791200001")),
            ("photo_url", json!("https://t.me/x.jpg")),
            ("hash", json!("b9c8447a0b4edaae5e6155e32aefae280fe40f3ee991a051a20b1515194d8346")),
            ("hash", json!("b9")),
            ("hash", json!("")),
        ] {
            assert_eq!(
                check(TOKEN, &with(name, value.clone()), SIGNED_AT_MS),
                Err(Refusal::Signature),
                "{name}={value}"
            );
        }
        for name in ["id", "first_name", "last_name", "username", "auth_date"] {
            let mut fields = vector();
            fields.remove(name);
            assert_eq!(check(TOKEN, &fields, SIGNED_AT_MS), Err(Refusal::Signature), "without {name}");
        }
        let other_token = check("123456:another", &vector(), SIGNED_AT_MS);
        assert_eq!(other_token, Err(Refusal::Signature));
        let mut unsigned = vector();
        unsigned.remove("hash");
        assert_eq!(check(TOKEN, &unsigned, SIGNED_AT_MS), Err(Refusal::Field("hash")));
        assert_eq!(check(TOKEN, &with("first_name", json!(["Jane"])), SIGNED_AT_MS), Err(Refusal::Field("data")));
    }

    #[test]
    fn the_data_is_good_for_minutes_and_not_before_it_was_signed() {
        for (now_ms, is_good) in [
            (SIGNED_AT_MS - CLOCK_SKEW_MS - 1, false),
            (SIGNED_AT_MS - CLOCK_SKEW_MS, true),
            (SIGNED_AT_MS + LIFETIME_MS - 1, true),
            (SIGNED_AT_MS + LIFETIME_MS, false),
            (i64::MAX, false),
            (0, false),
        ] {
            assert_eq!(check(TOKEN, &vector(), now_ms).is_ok(), is_good, "at {now_ms}");
        }
    }

    #[test]
    fn the_address_names_the_bot_and_not_its_secret() {
        let url = sign_in_url(TOKEN, "https://a.example", "https://a.example/sign-in/callback/t?state=x").unwrap();
        assert!(url.as_str().contains("bot_id=123456&") && !url.as_str().contains("ABC-DEF"), "{url}");
    }
}
