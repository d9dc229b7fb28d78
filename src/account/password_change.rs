//! A new password, by a link sent to the account's address or by knowing the old one; and a new address.
//!
//! Asking for a link answers before anything is looked up, so neither the answer nor its time says whether the address has
//! an account. A new password ends the sessions it could have been stolen from; the second factor stays, for a mailbox is
//! one factor and not two.

pub mod api;

use serde_json::json;

use super::model::{parse_email, password_fault};
use super::one_time;
use super::registration::{EMAIL_CHANGE, PendingEmail, VERIFY_MS};
use super::second_factor::Proof;
use super::session::Client;
use super::store;
use crate::app::{App, AppInner};
use crate::audit::{Entry, Record, Who};
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::id::{AccountId, SessionId};
use crate::mail::{self, Letter, NewMail};
use crate::store::Tx;

/// Kind of the token of a link that sets a password.
pub(super) const PASSWORD_RESET: &str = "password_reset";
/// How long such a link is good.
pub(super) const PASSWORD_RESET_MS: i64 = 60 * 60 * 1_000;

/// Sends a link to whoever forgot the password, if the address has an account.
pub fn request_reset(app: &App, client: &Client, email: &str) -> Result<()> {
    app.take_attempt(client.caller(), "forgot-password")?;
    let Some(email) = parse_email(email) else {
        return Err(Error::invalid_field("email", "this is not an e-mail address"));
    };
    let app = App::clone(app);
    tokio::spawn(async move {
        if let Err(error) = app.send_reset(email).await {
            tracing::error!(error = crate::error::chain(&error), "a link for a new password was not sent");
        }
    });
    Ok(())
}

impl AppInner {
    async fn send_reset(&self, email: String) -> Result<()> {
        let (keyring, base_url) = (self.keyring.clone(), self.config.base_url());
        let work = move |tx: &Tx<'_>| -> Result<()> {
            let known = store::find_by_email(tx.connection(), &email)?;
            let Some(known) = known.filter(|known| !known.is_disabled) else { return Ok(()) };
            let token = one_time::create(tx, PASSWORD_RESET, Some(known.id), &(), PASSWORD_RESET_MS)?;
            let reset = NewMail {
                address: known.email,
                letter: Letter::PasswordReset,
                language: known.language,
                link: format!("{base_url}/reset-password#{token}"),
                lifetime_ms: PASSWORD_RESET_MS,
            };
            mail::create(tx, &keyring, &reset)
        };
        self.control.write(work).await?;
        self.wake_mail();
        Ok(())
    }

    /// Sets the password of the account a link was sent to; ends all its sessions.
    pub async fn reset_password(&self, client: &Client, token: String, password: String) -> Result<()> {
        self.take_attempt(client.caller(), "reset-password")?;
        if let Some(fault) = password_fault(&password, "") {
            return Err(Error::invalid_field("password", fault));
        }
        let lower = password.trim().to_lowercase();
        let password_hash = self.hasher.hash(password).await?;
        let (chain, address) = (self.audit.clone(), client.address_text());
        let work = move |tx: &Tx<'_>| -> Result<Vec<SessionId>> {
            let ended =
                || Error::new(Code::Unauthenticated, "this link was used already or has ended: ask for a new one");
            let found = one_time::take::<()>(tx, PASSWORD_RESET, &token)?.ok_or_else(ended)?;
            let account_id = found.account_id.ok_or_else(ended)?;
            let known = store::find_by_id(tx.connection(), account_id)?.ok_or_else(ended)?;
            if known.is_disabled {
                return Err(ended());
            }
            if lower == known.email {
                return Err(Error::invalid_field("password", "the password must not be the e-mail address"));
            }
            let ended = set_password(tx, account_id, &password_hash, None)?;
            let who = Who { actor: format!("account:{account_id}"), name: known.email.clone(), address };
            let entry = Entry::new(who, "account.password_reset", Record::new("account", &account_id, known.email));
            chain.append(tx, entry.changed(json!({}), json!({ "sessions_ended": ended.len() })))?;
            Ok(ended)
        };
        let ended = self.control.write(work).await?;
        self.attempts.forgive(client.caller(), "reset-password");
        self.announce_ended(ended);
        Ok(())
    }

    /// Sets the caller's password; ends all other sessions. The proof holds the one until now; an account without one
    /// shows a code to set its first, if it has codes.
    pub async fn change_password(&self, identity: &Identity, proof: Proof, password: String) -> Result<()> {
        let account = &identity.standing.me.account;
        let account_id = account.id;
        self.prove_owner(identity, proof, "current_password").await?;
        if let Some(fault) = password_fault(&password, &account.email) {
            return Err(Error::invalid_field("password", fault));
        }
        let password_hash = self.hasher.hash(password).await?;
        let (chain, who, session_id) = (self.audit.clone(), identity.who(), identity.standing.session_id());
        let record = Record::new("account", &account_id, account.email.clone());
        let work = move |tx: &Tx<'_>| -> Result<Vec<SessionId>> {
            let ended = set_password(tx, account_id, &password_hash, session_id)?;
            let entry = Entry::new(who, "account.password_changed", record);
            chain.append(tx, entry.changed(json!({}), json!({ "sessions_ended": ended.len() })))?;
            Ok(ended)
        };
        let ended = self.control.write(work).await?;
        self.announce_ended(ended);
        Ok(())
    }

    /// Checks that the caller knows the account's password, or shows a code if it has codes alone: a first password, or
    /// another address, would otherwise be the way around every proof.
    async fn prove_owner(&self, identity: &Identity, proof: Proof, field: &'static str) -> Result<()> {
        let account_id = identity.standing.me.account.id;
        let found = self.control.read(move |connection| store::find_password(connection, account_id)).await?;
        if found.password_hash.is_empty() {
            return self.prove_if_possible(identity, Proof { password: None, ..proof }).await;
        }
        self.prove_password(identity, proof.password, field).await
    }

    /// Checks that the caller knows the account's password, if it has one.
    pub async fn prove_password(
        &self,
        identity: &Identity,
        password: Option<String>,
        field: &'static str,
    ) -> Result<()> {
        let account_id = identity.standing.me.account.id;
        let found = self.control.read(move |connection| store::find_password(connection, account_id)).await?;
        if found.password_hash.is_empty() {
            return Ok(());
        }
        let Some(password) = password else {
            return Err(Error::invalid_field(field, "this needs your password once more"));
        };
        let attempt = self.take_proof(identity, &format!("password of {account_id}"))?;
        let is_short = password.len() <= super::model::PASSWORD_MAX_BYTES;
        let (hash, cost) = (Some(found.password_hash), found.bcrypt_cost);
        if !is_short || !self.hasher.is_match(password, hash, cost).await? {
            self.note_wrong_proof(identity).await?;
            return Err(Error::invalid_field(field, "the password is wrong"));
        }
        self.accept_proof(attempt);
        Ok(())
    }

    /// Sends a link to the address the caller wants to change to, or word that it has an account.
    pub async fn request_email_change(&self, identity: &Identity, email: &str, proof: Proof) -> Result<()> {
        let Some(email) = parse_email(email) else {
            return Err(Error::invalid_field("email", "this is not an e-mail address"));
        };
        let account = &identity.standing.me.account;
        if email == account.email {
            return Err(Error::invalid_field("email", "this is the account's address already"));
        }
        self.prove_owner(identity, proof, "password").await?;
        self.take_attempt(identity.client.caller(), "email")?;
        let (keyring, base_url) = (self.keyring.clone(), self.config.base_url());
        let (account_id, language) = (account.id, account.language);
        let work = move |tx: &Tx<'_>| -> Result<()> {
            let is_known = store::find_by_email(tx.connection(), &email)?.is_some();
            one_time::revoke(tx, EMAIL_CHANGE, account_id)?;
            let pending = PendingEmail { email: email.clone() };
            let token = one_time::create(tx, EMAIL_CHANGE, Some(account_id), &pending, VERIFY_MS)?;
            let (letter, link) = if is_known {
                // The token stays unknown to everyone.
                (Letter::AccountExists, format!("{base_url}/forgot-password"))
            } else {
                (Letter::EmailChange, format!("{base_url}/verify-email#{token}"))
            };
            mail::create(tx, &keyring, &NewMail { address: email, letter, language, link, lifetime_ms: VERIFY_MS })
        };
        self.control.write(work).await?;
        self.wake_mail();
        Ok(())
    }
}

/// Stores a password, ends the account's sessions but one, and what else was sent out to get in with.
fn set_password(
    tx: &Tx<'_>,
    account_id: AccountId,
    password_hash: &str,
    except: Option<SessionId>,
) -> Result<Vec<SessionId>> {
    store::update_password(tx, account_id, password_hash)?;
    store::end_proofs(tx, account_id)?;
    Ok(store::revoke_other_sessions(tx, account_id, except)?)
}
