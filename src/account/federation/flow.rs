//! From the way to a provider to the account: what the routes do, without HTTP.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::model::{Claimed, Kind, Provider, ProviderId};
use super::oidc::{self, Exchange, Refusal, Registration};
use super::{store, telegram};
use crate::account::factor::Entered;
use crate::account::invitation::{self, Shown};
use crate::account::model::Language;
use crate::account::one_time::{self, OneTime};
use crate::account::session::Client;
use crate::account::store::{self as accounts, NewAccount};
use crate::account::token::{random_secret, secret_hash};
use crate::app::AppInner;
use crate::audit::{Chain, Entry, Record, Who};
use crate::error::{Code, Error, Result};
use crate::id::AccountId;
use crate::outgoing::OutgoingError;
use crate::settings::{self, Registration as Registering};
use crate::store::Tx;

/// Kind of the token that is the state.
const STATE: &str = "oauth";
/// How long a sign-in at a provider may take.
pub const STATE_MS: i64 = 10 * 60 * 1_000;

/// What is kept until the browser comes back.
#[derive(Debug, Serialize, Deserialize)]
struct Attempt {
    provider: ProviderId,
    /// Hash of the cookie of the browser that started.
    browser: [u8; 32],
    callback_url: String,
    /// For OpenID Connect.
    exchange: Option<Exchange>,
    /// What an invitation is found by, and whether it came by mail.
    invitation: Option<([u8; 32], bool)>,
}

/// A sign-in to start.
#[derive(Debug)]
pub struct Start {
    /// Where.
    pub provider: ProviderId,
    /// The address under which the browser reached us.
    pub base_url: String,
    /// An invitation, for a new account.
    pub invitation_token: Option<String>,
    /// The account to link to, instead of signing in.
    pub link_to: Option<AccountId>,
}

/// A sign-in that was started.
#[derive(Debug)]
pub struct Started {
    /// Where the browser goes.
    pub url: String,
    /// What its cookie holds.
    pub browser: String,
}

/// What the browser came back with.
#[derive(Debug)]
pub struct Back {
    /// From where.
    pub provider: ProviderId,
    /// The state it was sent away with; empty if it was not sent by us, which is refused.
    pub state: String,
    /// Its cookie; empty if it has none.
    pub browser: String,
    /// The issuer's code; empty for the widget.
    pub code: String,
    /// The widget's fields.
    pub fields: BTreeMap<String, Value>,
    /// Who is signed in in this browser.
    pub account_id: Option<AccountId>,
}

/// Where coming back led.
#[derive(Debug)]
pub enum Arrived {
    /// A first factor was shown.
    Entered(Entered),
    /// The identity was linked to the account.
    Linked,
}

fn refused() -> Error {
    Error::new(Code::Unauthenticated, "the provider's answer was refused: start again")
}

fn stale() -> Error {
    Error::new(Code::Unauthenticated, "this sign-in has ended or was started in another browser: start again")
}

/// A refusal for those who only want to sign in; what is wrong with the provider is the log's business.
fn refuse(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Outgoing(_) => {
            Error::new(Code::Unavailable, "the provider cannot be reached: try again").because(refusal)
        }
        Refusal::Document(_) => {
            Error::new(Code::Unavailable, "the provider does not answer as it should: tell an administrator")
                .because(refusal)
        }
        Refusal::Token(_) => refused().because(refusal),
    }
}

/// Whether someone was turned away; not that a provider was out of reach, or that something is in the way.
const fn is_refusal(code: Code) -> bool {
    matches!(code, Code::Unauthenticated | Code::Forbidden | Code::RegistrationClosed)
}

/// The address a provider sends browsers back to.
pub fn callback_url(base_url: &str, id: &ProviderId) -> String {
    format!("{base_url}/sign-in/callback/{id}")
}

impl AppInner {
    /// Opens a provider's secret, if it has one.
    fn provider_secret(&self, provider: &Provider) -> Result<Option<String>> {
        if provider.secret.is_empty() {
            return Ok(None);
        }
        let sealed = STANDARD.decode(&provider.secret).map_err(Error::internal)?;
        let secret = self.keyring.open_sealed(&provider.seal_context(), &sealed).map_err(Error::internal)?;
        Ok(Some(String::from_utf8(secret).map_err(Error::internal)?))
    }

    /// Seals a provider's secret for its row.
    pub(super) fn seal_provider_secret(&self, provider: &Provider, secret: &str) -> Result<String> {
        let sealed = self.keyring.seal(&provider.seal_context(), secret.as_bytes()).map_err(Error::internal)?;
        Ok(STANDARD.encode(sealed))
    }

    async fn find_provider(&self, id: &ProviderId) -> Result<Provider> {
        let wanted = id.clone();
        let found = self.control.read(move |connection| store::find_provider(connection, &wanted)).await?;
        found.ok_or_else(|| Error::not_found("record"))
    }

    /// Starts a sign-in at a provider.
    pub async fn start_federated(&self, start: Start) -> Result<Started> {
        let provider = self.find_provider(&start.provider).await?;
        let browser = random_secret();
        let callback_url = callback_url(&start.base_url, &provider.id);
        let mut attempt = Attempt {
            provider: provider.id.clone(),
            browser: secret_hash(&browser),
            callback_url: callback_url.clone(),
            exchange: None,
            invitation: start.invitation_token.map(|token| {
                let shown = Shown::read(&self.keyring, &token);
                (shown.token_hash, shown.is_from_mail)
            }),
        };
        let url = match provider.kind {
            Kind::Oidc => {
                let metadata = match self.issuers.find(&provider.id, self.clock.now_ms()) {
                    Some(metadata) => metadata,
                    None => self.discover(&provider).await?,
                };
                let registration = self.registration(&provider, &callback_url)?;
                let (exchange, url) = oidc::begin(&metadata, &registration).map_err(refuse)?;
                attempt.exchange = Some(exchange);
                url(self.keep_attempt(start.link_to, attempt).await?)
            }
            Kind::TelegramWidget => {
                let token = self.provider_secret(&provider)?.unwrap_or_default();
                let state = self.keep_attempt(start.link_to, attempt).await?;
                let callback_url = format!("{callback_url}?state={state}");
                let url = telegram::sign_in_url(&token, &start.base_url, &callback_url);
                url.ok_or_else(|| Error::internal("the token of a bot has no id"))?
            }
        };
        Ok(Started { url: url.into(), browser })
    }

    async fn keep_attempt(&self, link_to: Option<AccountId>, attempt: Attempt) -> Result<String> {
        Ok(self.control.write(move |tx| one_time::create(tx, STATE, link_to, &attempt, STATE_MS)).await?)
    }

    async fn discover(&self, provider: &Provider) -> Result<openidconnect::core::CoreProviderMetadata> {
        let metadata = oidc::discover(&self.outgoing, &provider.issuer).await.map_err(refuse)?;
        self.issuers.keep(provider.id.clone(), metadata.clone(), self.clock.now_ms());
        Ok(metadata)
    }

    fn registration<'provider>(
        &self,
        provider: &'provider Provider,
        redirect_url: &'provider str,
    ) -> Result<Registration<'provider>> {
        let client_secret = self.provider_secret(provider)?;
        Ok(Registration { client_id: &provider.client_id, client_secret, redirect_url })
    }

    /// Checks an issuer as an administrator names it; the sentence says what is wrong with it.
    pub(super) async fn check_issuer(&self, issuer: &str) -> Result<()> {
        let checked = oidc::discover(&self.outgoing, issuer).await;
        let told = |refusal: &Refusal| match refusal {
            Refusal::Outgoing(OutgoingError::Exchange { source, .. }) => {
                format!("the issuer cannot be reached: {}", crate::error::chain(source))
            }
            Refusal::Outgoing(other) => format!("the issuer cannot be used: {}", crate::error::chain(other)),
            other => format!("this is no issuer of OpenID Connect: {other}"),
        };
        checked.map(drop).map_err(|refusal| Error::invalid_field("issuer", told(&refusal)).because(refusal))
    }

    /// Ends a sign-in at a provider: whom it signs in, or what it was linked to.
    pub async fn finish_federated(&self, client: &Client, back: Back) -> Result<Arrived> {
        let address = client.caller();
        self.take_attempt(address, STATE)?;
        let provider = self.find_provider(&back.provider).await?;
        let kept = self.take_state(&back).await;
        let is_link = kept.as_ref().is_ok_and(|kept| kept.account_id.is_some());
        let arrived = match kept {
            Ok(kept) => self.arrive(client, provider, kept, back).await,
            Err(error) => Err(error),
        };
        match &arrived {
            Ok(_) => self.attempts.forgive(address, STATE),
            // Whose it is, is not said: nobody has shown that.
            Err(error) if !is_link && is_refusal(error.code) => self.note_refused(client, None).await?,
            Err(_) => {}
        }
        arrived
    }

    /// Checks what a provider says, and lets the person in or links the identity.
    async fn arrive(&self, client: &Client, provider: Provider, kept: OneTime<Attempt>, back: Back) -> Result<Arrived> {
        let link_to = kept.account_id;
        if link_to.is_some() && link_to != back.account_id {
            return Err(Error::new(Code::Unauthenticated, "sign in with the account to link to, and start again"));
        }
        let Attempt { invitation, exchange, callback_url, .. } = kept.payload;
        let claimed = match (provider.kind, exchange) {
            (Kind::Oidc, Some(exchange)) => {
                // Fresh: an issuer may have changed its keys.
                let metadata = self.discover(&provider).await?;
                let registration = self.registration(&provider, &callback_url)?;
                let finish =
                    oidc::finish(&self.outgoing, (&metadata, &registration), exchange, back.code, self.clock.now_ms());
                finish.await.map_err(refuse)?
            }
            (Kind::Oidc, None) => return Err(stale()),
            (Kind::TelegramWidget, _) => self.check_widget(&provider, back.fields).await?,
        };
        let arrival = Arrival { provider, claimed, invitation, client: client.clone() };
        let chain = self.audit.clone();
        let proven = self
            .control
            .write(move |tx| -> Result<_> {
                let account_id = match link_to {
                    Some(account_id) => arrival.link(tx, &chain, account_id, "by its owner")?,
                    None => arrival.admit(tx, &chain)?,
                };
                Ok(accounts::find_credentials_of(tx.connection(), account_id)?)
            })
            .await?;
        self.wake_audit();
        match link_to {
            Some(_) => Ok(Arrived::Linked),
            None => Ok(Arrived::Entered(self.enter(proven, client).await?)),
        }
    }

    /// Uses the state up. The widget has to bring one too: its fields are good in any browser, so a link with somebody's
    /// own would sign whoever follows it in as them.
    async fn take_state(&self, back: &Back) -> Result<OneTime<Attempt>> {
        let state = back.state.clone();
        let kept: Option<OneTime<Attempt>> = self.control.write(move |tx| one_time::take(tx, STATE, &state)).await?;
        let kept = kept.ok_or_else(stale)?;
        if kept.payload.browser != secret_hash(&back.browser) || kept.payload.provider != back.provider {
            return Err(stale());
        }
        Ok(kept)
    }

    async fn check_widget(&self, provider: &Provider, fields: BTreeMap<String, Value>) -> Result<Claimed> {
        let token = self.provider_secret(provider)?.unwrap_or_default();
        let claimed =
            telegram::check(&token, &fields, self.clock.now_ms()).map_err(|refusal| refused().because(refusal))?;
        // The digits of a signature read the same in capitals.
        let signature = fields.get("hash").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let signature = format!("{}:{signature}", provider.id);
        let lifetime_ms = telegram::LIFETIME_MS.saturating_mul(2);
        let is_first = self.control.write(move |tx| store::use_signature(tx, &signature, lifetime_ms)).await?;
        if is_first { Ok(claimed) } else { Err(refused().because("the signature was used before")) }
    }
}

/// Someone a provider vouches for.
struct Arrival {
    provider: Provider,
    claimed: Claimed,
    invitation: Option<([u8; 32], bool)>,
    client: Client,
}

impl Arrival {
    fn who(&self, account_id: AccountId, email: &str) -> Who {
        Who { actor: format!("account:{account_id}"), name: email.to_owned(), address: self.client.address_text() }
    }

    /// Links the identity to an account.
    fn link(&self, tx: &Tx<'_>, chain: &Chain, account_id: AccountId, how: &str) -> Result<AccountId> {
        let Claimed { subject, name, .. } = &self.claimed;
        match store::find_holder(tx.connection(), &self.provider.id, subject)? {
            Some(holder) if holder.account_id == account_id => return Ok(account_id),
            Some(_someone_else) => {
                return Err(Error::new(
                    Code::Conflict,
                    "this identity signs in another account: unlink it there first",
                ));
            }
            None => {}
        }
        let email = accounts::find_email(tx.connection(), account_id)?.ok_or_else(refused)?;
        let id = store::create_identity(tx, account_id, &self.provider.id, (subject, name))?;
        let after = json!({ "provider": self.provider.id, "name": name, "how": how });
        let entry =
            Entry::new(self.who(account_id, &email), "identity.linked", Record::new("identity", &id, name.clone()));
        chain.append(tx, entry.changed(json!({}), after))?;
        Ok(account_id)
    }

    /// The account the identity signs in; linked or made if it may be.
    fn admit(&self, tx: &Tx<'_>, chain: &Chain) -> Result<AccountId> {
        if let Some(holder) = store::find_holder(tx.connection(), &self.provider.id, &self.claimed.subject)? {
            if holder.is_disabled {
                return Err(Error::new(Code::Forbidden, "this account is disabled: ask an administrator"));
            }
            store::touch_identity(tx, holder.id, &self.claimed.name)?;
            return Ok(holder.account_id);
        }
        if let Some(email) = &self.claimed.verified_email
            && let Some(found) = accounts::find_credentials(tx.connection(), email)?
        {
            return self.link(tx, chain, found.account_id, "by its verified address");
        }
        let account_id = self.register(tx, chain)?;
        self.link(tx, chain, account_id, "by registering with it")
    }

    /// Makes an account without a password.
    fn register(&self, tx: &Tx<'_>, chain: &Chain) -> Result<AccountId> {
        let closed = |detail: &'static str| Error::new(Code::RegistrationClosed, detail);
        let registration = settings::find_registration(tx.connection())?;
        let shown = self.invitation.filter(|_shown| registration != Registering::Closed);
        let invited = match shown {
            Some((hash, _)) => {
                Some(invitation::find(tx.connection(), hash, tx.now_ms())?.ok_or_else(invitation::ended)?)
            }
            None => None,
        };
        let is_invited = invited.is_some();
        let is_from_mail = shown.is_some_and(|(_hash, is_from_mail)| is_from_mail);
        let invited = invited.map(|invited| invited.email).filter(|email| !email.is_empty());
        let email = match (&self.claimed.verified_email, invited) {
            (Some(email), Some(invited)) if *email != invited => {
                return Err(closed("the invitation is for another e-mail address"));
            }
            (Some(email), _) => email.clone(),
            // A provider without addresses: the mail the invitation came with proves one, as it does for a password.
            (None, Some(invited)) if is_from_mail && self.provider.is_without_addresses() => invited,
            (None, _) => {
                return Err(closed(
                    "no account is linked to this identity, and the provider names no address it verified",
                ));
            }
        };
        if !is_invited && registration != Registering::Open {
            return Err(closed("there is no account for this identity: ask for an invitation"));
        }
        // The first account would administer the appliance: it is made by setting up, not here. A disabled one stays.
        if !accounts::has_accounts(tx.connection())? || accounts::is_address_taken(tx.connection(), &email)? {
            return Err(closed("sign in to the account with this address first, and link the identity there"));
        }
        let name = email.split('@').next().unwrap_or_default().to_owned();
        let account = NewAccount { email: email.clone(), name, password_hash: String::new(), language: Language::En };
        let account_id = accounts::create_account(tx, &account)?;
        let who = self.who(account_id, &email);
        let entry = Entry::new(who.clone(), "account.created", Record::new("account", &account_id, email.clone()));
        chain.append(tx, entry.changed(json!({}), json!({ "email": email, "provider": self.provider.id })))?;
        if let Some((hash, _is_from_mail)) = shown {
            invitation::accept(tx, account_id, who, hash)?;
        }
        Ok(account_id)
    }
}
