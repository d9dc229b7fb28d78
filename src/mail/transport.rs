//! The way to the mail server.

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::text::{self, Letter};
use crate::account::model::Language;
use crate::app::AppInner;
use crate::outgoing::{Guard, OutgoingError};
use crate::settings::smtp::{Security, Smtp};

/// How long the server may take over each of its answers.
const LIMIT: Duration = Duration::from_secs(20);
/// How long one mail may take in all: a server that answers byte by byte must not hold the others up.
const WHOLE_LIMIT: Duration = Duration::from_mins(2);
/// Longest reason kept.
const REASON_CHARS: usize = 500;

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// An address is none.
    #[error("this is not an e-mail address")]
    Address(#[source] lettre::address::AddressError),
    /// The mail cannot be put together.
    #[error("the mail cannot be put together")]
    Message(#[source] lettre::error::Error),
    /// The server refused it, or was not reached.
    #[error("{0}")]
    Server(lettre::transport::smtp::Error),
    /// The server is where this program must not connect to, or nowhere.
    #[error("{0}")]
    Place(OutgoingError),
    /// The server took too long.
    #[error("the server took longer than two minutes")]
    TimedOut,
}

impl SendError {
    /// Whether trying again cannot help.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Address(_) | Self::Message(_) => true,
            Self::Server(error) => error.is_permanent(),
            Self::Place(_) | Self::TimedOut => false,
        }
    }

    /// Whether the server answered at all: if not, it will not answer the next mail either.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Address(_) | Self::Message(_) => true,
            Self::Server(error) => error.is_permanent() || error.is_transient(),
            Self::Place(_) | Self::TimedOut => false,
        }
    }
}

/// What an administrator reads about a failure: the server's own words.
pub fn reason(error: &SendError) -> String {
    let text = match error {
        SendError::Server(_) | SendError::Place(_) | SendError::TimedOut => error.to_string(),
        SendError::Address(_) | SendError::Message(_) => crate::error::chain(error),
    };
    text.chars().take(REASON_CHARS).collect()
}

/// Whether mail can be from this: an address, or `Name <address>`.
pub fn is_sender(text: &str) -> bool {
    !text.chars().any(char::is_control) && text.trim().parse::<Mailbox>().is_ok()
}

/// A connection's worth of mail.
pub(super) struct Transport {
    inner: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What the ids of our mails end with.
    domain: String,
}

impl Transport {
    /// Prepares the way to a server; nothing is connected yet. The name is resolved here, by the guard of outgoing
    /// connections, and what is connected to later is the address it allowed.
    pub(super) async fn new(guard: &Guard, server: &Smtp, base_url: &str) -> Result<Self, SendError> {
        let stored = &server.stored;
        let places = guard.resolve(&stored.host, stored.port).await.map_err(SendError::Place)?;
        let address = places.first().map_or_else(|| stored.host.clone(), |place| place.ip().to_string());
        let tls = || TlsParameters::new(stored.host.clone()).map_err(SendError::Server);
        let tls = match stored.security {
            Security::Starttls => Tls::Required(tls()?),
            Security::Tls => Tls::Wrapper(tls()?),
            Security::None => Tls::None,
        };
        let url = url::Url::parse(base_url).ok();
        let domain = url.as_ref().and_then(url::Url::domain).unwrap_or("localhost").to_owned();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address)
            .port(stored.port)
            .tls(tls)
            .hello_name(ClientId::Domain(domain.clone()))
            .timeout(Some(LIMIT));
        if !stored.user.is_empty() {
            builder = builder.credentials(Credentials::new(stored.user.clone(), server.password.clone()));
        }
        let from = stored.from.parse().map_err(SendError::Address)?;
        Ok(Self { inner: builder.build(), from, domain })
    }

    /// Sends one mail. The same id names the same mail, should it arrive twice.
    pub(super) async fn send(
        &self,
        id: &impl ToString,
        address: &str,
        (subject, text): (&str, &str),
    ) -> Result<(), SendError> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address.parse().map_err(SendError::Address)?))
            .message_id(Some(format!("<{}@{}>", id.to_string(), self.domain)))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .map_err(SendError::Message)?;
        let sent = tokio::time::timeout(WHOLE_LIMIT, self.inner.send(message)).await;
        sent.map_err(|_elapsed| SendError::TimedOut)?.map(drop).map_err(SendError::Server)
    }
}

/// Sends a mail that tells that mail can be sent, past the outbox.
pub async fn send_test(app: &AppInner, server: &Smtp, address: &str, language: Language) -> Result<(), SendError> {
    let base_url = app.config.base_url();
    let (subject, text) = text::write(&Letter::Test, language, &base_url);
    let transport = Transport::new(&app.outgoing, server, &base_url).await?;
    transport.send(&app.ids.next_uuid(), address, (&subject, &text)).await
}
