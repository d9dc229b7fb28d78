//! [`Client`]: Instantly's API v2, typed: what is asked, what is answered, and what went wrong.
//!
//! Every call is a line of [`operation::ALL`], waits for its turn in the workspace's [`limit::Limiter`], has limits on
//! time and size, and fails with a [`ClientError`] a person can act on. What may be repeated is repeated on 429, 5xx and
//! network faults, with growing, random waits or as long as the service asks. What may not (a mail, a webhook: the service
//! has no idempotency key) is repeated only if it certainly did not arrive; otherwise [`Problem::Uncertain`] leaves it to a
//! person. Fields and enumeration values we do not know are kept or ignored, never an error.
//!
//! The base address is a setting of the operator, not of the interface; it is therefore called with a client that keeps
//! connections open, and not through [`crate::outgoing`], which opens one per request and exists for addresses that users
//! set. It must be https unless it is this machine or in `outgoing_allowed`, since every request carries the key.
//!
//! Rejected: a client generated from the service's document (25,000 lines, which break on each new enumeration value);
//! retries as a middleware of reqwest, which cannot know what is safe to repeat.

pub mod account;
pub mod call;
pub mod campaign;
pub mod email;
pub mod endpoint;
pub mod error;
mod exchange;
pub mod label;
pub mod lead;
pub mod limit;
pub mod number;
pub mod operation;
pub mod page;
pub mod webhook;
pub mod workspace;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use url::Url;

pub use error::{ClientError, Problem};
pub use limit::{Limiter, Limiters, Limits, Priority};
pub use page::Pages;

use crate::clock::Clock;
use crate::config::Config;
use crate::network::Network;

/// A workspace's API key. It does not show itself.
#[derive(Clone)]
pub struct Key(HeaderValue);

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

impl Key {
    /// Reads a key as a person pastes it: surrounding white space and a leading "Bearer" do no harm.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("Bearer ").unwrap_or(text).trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {text}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }
}

/// How to call the service.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The base address, ending in `/api/v2`.
    pub base: String,
    /// Networks in which the base address may be without TLS.
    pub unencrypted_allowed: Vec<Network>,
    /// Attempts per call, the first included.
    pub attempts: u32,
    /// The wait before the second attempt; doubled for each further one.
    pub first_wait: Duration,
    /// The longest wait before an attempt. If the service asks for more, the call fails at once.
    pub longest_wait: Duration,
    /// Longest time to connect.
    pub connect_limit: Duration,
    /// Longest silence while an answer comes.
    pub read_limit: Duration,
    /// Longest time for one attempt.
    pub attempt_limit: Duration,
    /// Largest answer read.
    pub answer_limit_bytes: usize,
}

impl ClientConfig {
    /// The defaults, for a base address.
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            unencrypted_allowed: Vec::new(),
            attempts: 4,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            connect_limit: Duration::from_secs(5),
            read_limit: Duration::from_secs(20),
            attempt_limit: Duration::from_mins(1),
            answer_limit_bytes: 32 * 1024 * 1024,
        }
    }

    /// As the appliance's settings say.
    pub fn from_settings(config: &Config) -> Self {
        Self {
            unencrypted_allowed: config.outgoing_allowed.clone(),
            attempts: config.instantly_attempts,
            ..Self::new(config.instantly_url.clone())
        }
    }
}

/// A client that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The base address is none.
    #[error("instantly_url is not an address: {0}")]
    Address(String),
    /// The key would travel unencrypted.
    #[error("instantly_url must start with https://, unless it is this machine or in outgoing_allowed")]
    Unencrypted,
    /// The HTTP client cannot be set up.
    #[error("set up http client")]
    Http(#[source] reqwest::Error),
}

/// A workspace's API. Clones share connections and limits.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
    priority: Priority,
}

#[derive(Debug)]
struct Shared {
    config: ClientConfig,
    base: String,
    http: reqwest::Client,
    limiter: Limiter,
    clock: Clock,
}

impl Client {
    /// A client for the workspace of a key, with the limiter everybody uses who calls that workspace.
    pub fn new(config: ClientConfig, key: Key, limiter: Limiter, clock: Clock) -> Result<Self, SetUpError> {
        let base = config.base.trim_end_matches('/').to_owned();
        let url = Url::parse(&base).map_err(|error| SetUpError::Address(error.to_string()))?;
        if !is_confidential(&url, &config.unencrypted_allowed) {
            return Err(SetUpError::Unencrypted);
        }
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, key.0);
        let http = reqwest::Client::builder()
            .default_headers(headers)
            // The proxy in front of the service refuses programs without a name.
            .user_agent(concat!("Salesbrain/", env!("CARGO_PKG_VERSION"), " (self-hosted)"))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(config.connect_limit)
            .read_timeout(config.read_limit)
            .timeout(config.attempt_limit)
            .build()
            .map_err(SetUpError::Http)?;
        let shared = Arc::new(Shared { config, base, http, limiter, clock });
        Ok(Self { shared, priority: Priority::Sync })
    }

    /// The same client, whose calls have another priority; [`Priority::Sync`] unless told.
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { shared: Arc::clone(&self.shared), priority }
    }

    /// The workspace's limiter.
    pub fn limiter(&self) -> &Limiter {
        &self.shared.limiter
    }
}

/// Whether nobody on the way can read the key.
fn is_confidential(url: &Url, allowed: &[Network]) -> bool {
    let is_near = |address: IpAddr| address.is_loopback() || allowed.iter().any(|network| network.contains(address));
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Domain(name))) => name.eq_ignore_ascii_case("localhost"),
        ("http", Some(url::Host::Ipv4(address))) => is_near(address.into()),
        ("http", Some(url::Host::Ipv6(address))) => is_near(address.into()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_pasted_and_does_not_show_itself() {
        let key = Key::parse("  Bearer abc==\n").unwrap();
        assert_eq!(key.0, "Bearer abc==");
        assert!(!format!("{key:?} {:?}", key.0).contains("abc"));
        for text in ["", "  ", "two words", "ключ"] {
            assert!(Key::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_key_travels_encrypted() {
        for (base, is_good) in [
            ("https://api.instantly.ai/api/v2", true),
            ("http://127.0.0.1:9000/api/v2", true),
            ("http://localhost:9000/api/v2", true),
            ("http://[::1]:9000/api/v2", true),
            ("http://10.1.2.3/api/v2", true),
            ("http://api.instantly.ai/api/v2", false),
            ("http://192.0.2.1/api/v2", false),
            ("ftp://127.0.0.1/api/v2", false),
            ("nothing", false),
        ] {
            let allowed = vec![Network::of(IpAddr::from([10, 0, 0, 0]), 8)];
            let config = ClientConfig { unencrypted_allowed: allowed, ..ClientConfig::new(base) };
            let key = Key::parse("abc").unwrap();
            let client = Client::new(config, key, Limiter::new(Limits::default()), Clock::System);
            assert_eq!(client.is_ok(), is_good, "{base}");
            assert!(!format!("{client:?}").contains("abc"));
        }
    }
}
