//! The two ceremonies, adding a passkey and signing in with one: what the routes do, without HTTP.
//!
//! Signing in always takes the key from the file at the moment it is checked, in one transaction with writing its counter
//! back, so that an old counter passes nowhere: an authenticator that was copied is noticed, refused and written down.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Webauthn,
    WebauthnBuilder, WebauthnError,
};

use super::store::{self, Held, Passkey};
use crate::account::factor::SECOND_FACTOR;
use crate::account::model::Account;
use crate::account::one_time::{self, OneTime};
use crate::account::session::{Client, SignedIn, refused_entry};
use crate::account::store::{self as accounts, Credentials};
use crate::app::AppInner;
use crate::audit::{Chain, Entry, Record, Who};
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::http::peer::Host;
use crate::id::AccountId;
use crate::store::Tx;

/// Kinds of the tokens between the two requests of a ceremony.
const REGISTRATION: &str = "passkey_registration";
const SIGN_IN: &str = "passkey_sign_in";
/// How long a ceremony may take.
const CEREMONY_MS: i64 = 10 * 60 * 1_000;
/// Most passkeys of an account.
const MOST_PASSKEYS: usize = 20;

/// Where passkeys work: a name, with TLS or on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    url: Url,
    name: String,
}

impl Origin {
    fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let name = url.domain()?.to_owned();
        let is_this_machine = name == "localhost" || name.ends_with(".localhost");
        (url.scheme() == "https" || is_this_machine).then_some(Self { url, name })
    }

    fn webauthn(&self) -> Result<Webauthn> {
        let builder = WebauthnBuilder::new(&self.name, &self.url).map_err(Error::internal)?;
        builder.rp_name("Salesbrain").build().map_err(Error::internal)
    }
}

/// Where passkeys work on this appliance: under its configured address. Without one, only a browser on this machine is
/// believed how it reached us, because a key is bound to the name.
pub fn origin_of(config: &Config, host: Option<&Host>) -> Option<Origin> {
    if !config.public_url.is_empty() {
        return Origin::of(&config.public_url);
    }
    let host = host.filter(|host| host.is_loopback())?;
    Origin::of(&format!("http://{host}"))
}

/// A ceremony that was started.
#[derive(Debug)]
pub struct Started {
    /// Goes back with the credential.
    pub token: String,
    /// What the browser asks the authenticator for.
    pub options: Value,
}

/// What is kept of a sign-in. The owner is kept beside it, if a password came first.
#[derive(Serialize, Deserialize)]
struct SignIn {
    ceremony: DiscoverableAuthentication,
    origin: Url,
}

/// What is kept of a registration.
#[derive(Serialize, Deserialize)]
struct Registration {
    ceremony: PasskeyRegistration,
    origin: Url,
}

fn stale() -> Error {
    Error::new(Code::Unauthenticated, "this took too long or was used already: start again")
}

fn refused(cause: WebauthnError) -> Error {
    Error::new(Code::Unauthenticated, "this passkey was not accepted").because(cause)
}

/// Where a check of a passkey led.
enum Checked {
    Right(Credentials),
    /// The authenticator's counter stood still or went back: there may be two of it.
    CounterReversed,
    Wrong(Error),
}

impl AppInner {
    /// Starts adding a passkey.
    pub async fn start_passkey_registration(&self, origin: Origin, account: &Account) -> Result<Started> {
        let (id, email) = (account.id, account.email.clone());
        let name = if account.name.is_empty() { email.clone() } else { account.name.clone() };
        self.control
            .write(move |tx| {
                let known = store::list_credential_ids(tx.connection(), id)?;
                if known.len() >= MOST_PASSKEYS {
                    return Err(Error::new(Code::Conflict, "an account has at most 20 passkeys: remove one first"));
                }
                let (options, ceremony) = origin
                    .webauthn()?
                    .start_passkey_registration(id.uuid(), &email, &name, Some(known))
                    .map_err(Error::internal)?;
                let mut options = serde_json::to_value(options).map_err(Error::internal)?;
                // Kept by the authenticator with its owner's name, so that it can sign in alone.
                if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
                    merge(selection, json!({ "residentKey": "required", "requireResidentKey": true }));
                }
                let kept = Registration { ceremony, origin: origin.url };
                let token = one_time::create(tx, REGISTRATION, Some(id), &kept, CEREMONY_MS)?;
                Ok(Started { token, options })
            })
            .await
    }

    /// Adds the passkey the browser answered with.
    pub async fn finish_passkey_registration(
        &self,
        (account_id, who): (AccountId, Who),
        token: String,
        name: String,
        credential: RegisterPublicKeyCredential,
    ) -> Result<Passkey> {
        let taken: Option<OneTime<Registration>> =
            self.control.write(move |tx| one_time::take(tx, REGISTRATION, &token)).await?;
        let taken = taken.filter(|taken| taken.account_id == Some(account_id)).ok_or_else(stale)?;
        let Registration { ceremony, origin } = taken.payload;
        let origin = Origin::of(origin.as_str()).ok_or_else(stale)?;
        let chain = self.audit.clone();
        self.control
            .write(move |tx| {
                let made = origin.webauthn()?.finish_passkey_registration(&credential, &ceremony);
                let made = made.map_err(|error| {
                    Error::invalid_field("credential", "this passkey was not accepted").because(error)
                })?;
                if store::find_held(tx.connection(), made.cred_id())?.is_some() {
                    return Err(Error::new(Code::Conflict, "this passkey was added already"));
                }
                let passkey = store::create_passkey(tx, account_id, &name, &made)?;
                let entry = Entry::new(who, "passkey.added", Record::new("passkey", &passkey.id, passkey.name.clone()));
                chain.append(tx, entry.changed(json!({}), json!({ "name": passkey.name })))?;
                Ok(passkey)
            })
            .await
    }

    /// Starts signing in: with any passkey, or as the second factor with one of those the account has.
    pub async fn start_passkey_sign_in(&self, origin: Origin, second_factor_token: Option<String>) -> Result<Started> {
        self.control
            .write(move |tx| {
                let owner = match second_factor_token {
                    None => None,
                    Some(token) => {
                        let found: Option<OneTime<()>> = one_time::attempt(tx, SECOND_FACTOR, &token)?;
                        Some(found.and_then(|found| found.account_id).ok_or_else(stale)?)
                    }
                };
                let begun = origin.webauthn()?.start_discoverable_authentication();
                let (mut options, ceremony) = begun.map_err(Error::internal)?;
                // A dialog, not the list below a field: the page may ask for that itself.
                options.mediation = None;
                let mut options = serde_json::to_value(options).map_err(Error::internal)?;
                if let (Some(owner), Some(asked)) = (owner, options.pointer_mut("/publicKey")) {
                    let ids = store::list_credential_ids(tx.connection(), owner)?;
                    let allowed: Vec<Value> = ids
                        .iter()
                        .map(|id| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(id) }))
                        .collect();
                    merge(asked, json!({ "allowCredentials": allowed }));
                }
                let kept = SignIn { ceremony, origin: origin.url };
                let token = one_time::create(tx, SIGN_IN, owner, &kept, CEREMONY_MS)?;
                Ok(Started { token, options })
            })
            .await
    }

    /// Signs in with the passkey the browser answered with.
    pub async fn finish_passkey_sign_in(
        &self,
        client: &Client,
        token: String,
        credential: PublicKeyCredential,
    ) -> Result<SignedIn> {
        let address = client.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.take_attempt(address, SIGN_IN)?;
        let (chain, seen) = (self.audit.clone(), client.clone());
        // In one transaction: a new password ends a ceremony that stands, and could not end one taken before it.
        let take = move |tx: &Tx<'_>| {
            let taken: Option<OneTime<SignIn>> = one_time::take(tx, SIGN_IN, &token)?;
            let Some(taken) = taken else {
                chain.append(tx, refused_entry(&seen, None))?;
                return Ok(Checked::Wrong(stale()));
            };
            check(tx, &chain, (taken, &credential), &seen)
        };
        match self.control.write(take).await? {
            Checked::Right(proven) => {
                self.attempts.forgive(address, SIGN_IN);
                self.start_proven_session(proven, None, client).await
            }
            Checked::CounterReversed => Err(refused(WebauthnError::CredentialPossibleCompromise)),
            Checked::Wrong(error) => Err(error),
        }
    }
}

/// Checks a credential; what is to be written down stays even if it is refused.
fn check(
    tx: &Tx<'_>,
    chain: &Chain,
    (taken, credential): (OneTime<SignIn>, &PublicKeyCredential),
    client: &Client,
) -> Result<Checked> {
    let SignIn { ceremony, origin } = taken.payload;
    let origin = Origin::of(origin.as_str()).ok_or_else(stale)?;
    let found = store::find_held(tx.connection(), credential.get_credential_id())?;
    let is_theirs = |held: &Held| {
        let is_asked = taken.account_id.is_none_or(|owner| owner == held.account_id);
        // Without a password before it, the authenticator must say whose it is.
        let owner = credential.get_user_unique_id();
        let is_named = owner.map_or(taken.account_id.is_some(), |owner| owner == held.account_id.uuid().as_bytes());
        is_asked && is_named && !held.is_disabled
    };
    let owner = found.as_ref().map(|held| (held.account_id, held.email.clone()));
    let Some(mut held) = found.filter(is_theirs) else {
        chain.append(tx, refused_entry(client, owner))?;
        return Ok(Checked::Wrong(refused(WebauthnError::CredentialNotFound)));
    };
    match origin.webauthn()?.finish_discoverable_authentication_v2(credential, ceremony, &held.credential) {
        Ok(result) => {
            held.credential.update_credential(&result);
            store::touch_passkey(tx, held.id, &held.credential)?;
            one_time::revoke(tx, SECOND_FACTOR, held.account_id)?;
            Ok(Checked::Right(accounts::find_credentials_of(tx.connection(), held.account_id)?))
        }
        Err(WebauthnError::CredentialPossibleCompromise) => {
            let actor = Who { actor: "anonymous".to_owned(), name: String::new(), address: client.address_text() };
            let entry = Entry::new(actor, "passkey.counter_reversed", Record::new("passkey", &held.id, held.name));
            chain.append(tx, entry.changed(json!({}), json!({ "account": held.email })))?;
            tracing::warn!(passkey_id = %held.id, "the counter of a passkey went back: it may have been copied");
            Ok(Checked::CounterReversed)
        }
        Err(error) => {
            chain.append(tx, refused_entry(client, owner))?;
            Ok(Checked::Wrong(refused(error)))
        }
    }
}

fn merge(object: &mut Value, fields: Value) {
    if let (Value::Object(object), Value::Object(fields)) = (object, fields) {
        object.extend(fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_work_under_a_name_with_tls_or_on_this_machine() {
        for (url, name) in [
            ("https://sales.example.com", Some("sales.example.com")),
            ("https://sales.example.com:8443", Some("sales.example.com")),
            ("http://localhost:8001", Some("localhost")),
            ("http://sales.localhost", Some("sales.localhost")),
            ("http://sales.example.com", None),
            ("http://notlocalhost", None),
            ("http://127.0.0.1:8001", None),
            ("https://192.0.2.7", None),
            ("https://[2001:db8::1]", None),
            ("", None),
        ] {
            assert_eq!(Origin::of(url).map(|origin| origin.name).as_deref(), name, "{url}");
        }
    }
}
