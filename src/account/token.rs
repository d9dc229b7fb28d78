//! Tokens: short access tokens (JWT, HS256) and long random secrets of which only a hash is stored.
//!
//! The signing key is derived from the master key ([`crate::secret`]). Access tokens name a session; that the session
//! still stands is looked up on every request, so revoking works at once and the token's short life is only a second wall.
//!
//! A token is taken in exactly one form: the header is compared byte by byte with the one we write, so no algorithm, key
//! id, address of a key or critical extension of a stranger's choice is ever read. Rejected: looking at the header's
//! `alg` first and deciding then, which is how every confusion of algorithms began.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::id::SessionId;
use crate::secret::Keyring;

/// Who issues the tokens and what they are for: another kind of token under the same key would be no access token.
const ISSUER: &str = "salesbrain";
const AUDIENCE: &str = "access";
/// Longest token looked at; ours have about 300 bytes.
const TOKEN_LIMIT_BYTES: usize = 1_024;
/// How far in the future a token may have been issued: another program on the folder, a clock that was set back.
const LEEWAY_S: i64 = 60;

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    /// [`ISSUER`].
    iss: String,
    /// [`AUDIENCE`].
    aud: String,
    /// The session.
    sid: SessionId,
    /// Issued at, seconds since 1970.
    iat: i64,
    /// Good from, seconds since 1970.
    nbf: i64,
    /// Ends at, seconds since 1970.
    exp: i64,
}

/// Signs and checks access tokens.
pub struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    header: String,
    lifetime_s: i64,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signer(…)")
    }
}

impl Signer {
    /// A signer whose key follows from the master key.
    pub fn new(keyring: &Keyring, lifetime_s: i64) -> Self {
        let key = keyring.derive("salesbrain 2026 access token");
        Self {
            encoding: EncodingKey::from_secret(&key),
            decoding: DecodingKey::from_secret(&key),
            header: encoded_header(),
            lifetime_s,
        }
    }

    /// A token for the session, and when it ends in UTC milliseconds. `None` if signing failed.
    pub fn sign(&self, session_id: SessionId, now_ms: i64) -> Option<(String, i64)> {
        let issued_at_s = now_ms.div_euclid(1_000);
        let ends_at_s = issued_at_s.saturating_add(self.lifetime_s);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sid: session_id,
            iat: issued_at_s,
            nbf: issued_at_s,
            exp: ends_at_s,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).ok()?;
        Some((token, ends_at_s.saturating_mul(1_000)))
    }

    /// The session a token names, if we signed it, it is good already and has not ended.
    pub fn check(&self, token: &str, now_ms: i64) -> Option<SessionId> {
        let (header, _rest) = token.split_once('.')?;
        if token.len() > TOKEN_LIMIT_BYTES || header != self.header {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        // The times are compared with our own clock below: the library would ask the system's.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).ok()?.claims;
        let now_s = now_ms.div_euclid(1_000);
        let latest_s = now_s.saturating_add(LEEWAY_S);
        (now_s < claims.exp && claims.iat <= latest_s && claims.nbf <= latest_s).then_some(claims.sid)
    }
}

/// The first part of every token of ours.
fn encoded_header() -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&Header::new(Algorithm::HS256)).unwrap_or_default())
}

/// What every API key starts with, so that people and scanners recognise one.
pub const KEY_PREFIX: &str = "sbk_";

/// A secret of 32 random bytes for a person or a provider to keep; we keep its hash.
pub fn random_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What the session cookie holds: `family.secret`. Each refresh replaces the secret and keeps the family, which is as
/// random and known to nobody else: a token of a known family that is not the one in force was in force before, however
/// long ago. Keeping the hash of every token that was used was rejected: a row per refresh, and a rule when to delete them.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    family: String,
    secret: String,
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken(…)")
    }
}

/// What is stored of a refresh token.
#[derive(Clone, Copy, Debug)]
pub struct RefreshHashes {
    /// Of the family.
    pub family: [u8; 32],
    /// Of the whole token.
    pub token: [u8; 32],
}

impl RefreshToken {
    /// The first token of a session.
    pub fn random() -> Self {
        Self { family: random_secret(), secret: random_secret() }
    }

    /// The token that replaces this one.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { family: self.family.clone(), secret: random_secret() }
    }

    /// Reads a cookie's value; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (family, secret) = text.split_once('.')?;
        Some(Self { family: family.to_owned(), secret: secret.to_owned() })
    }

    /// The cookie's value.
    pub fn text(&self) -> String {
        format!("{}.{}", self.family, self.secret)
    }

    /// What is stored of it.
    pub fn hashes(&self) -> RefreshHashes {
        RefreshHashes { family: secret_hash(&self.family), token: secret_hash(&self.text()) }
    }
}

/// Eight letters and digits that can be read aloud.
pub fn random_code() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    rand::random::<[u8; 8]>()
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
        .map(|letter| char::from(*letter))
        .collect()
}

/// What is stored of a secret. The secrets are random and long, so a fast hash is enough; looking the hash up in an
/// index reveals nothing about the secret through time.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    blake3::derive_key("salesbrain 2026 stored secret", secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_refused_when_ended_foreign_or_changed() {
        let folder = tempfile::tempdir().unwrap();
        let signer = |name: &str| Signer::new(&Keyring::open(&folder.path().join(name)).unwrap(), 60);
        let (ours, theirs) = (signer("a.key"), signer("b.key"));
        let id = SessionId::from_uuid(uuid::Uuid::from_u128(7));
        let (token, ends_at_ms) = ours.sign(id, 1_000_000).unwrap();
        assert_eq!(ends_at_ms, 1_060_000);
        assert_eq!(ours.check(&token, 1_059_999), Some(id));
        assert_eq!(ours.check(&token, 1_060_000), None, "ended");
        assert_eq!(theirs.check(&token, 1_000_000), None, "another key");
        let parts: Vec<&str> = token.split('.').collect();
        let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#), parts[1]);
        assert_eq!(ours.check(&none, 1_000_000), None, "algorithm none");
        let claims =
            URL_SAFE_NO_PAD.encode(format!(r#"{{"sid":"{}","iat":1,"exp":9999999999}}"#, uuid::Uuid::from_u128(8)));
        assert_eq!(ours.check(&format!("{}.{claims}.{}", parts[0], parts[2]), 1_000_000), None, "changed claims");
    }
}
