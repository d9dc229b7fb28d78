//! Registering, and proving that an address is one's own.
//!
//! Someone who registers is told that a mail is on its way, whether or not the address has an account: the same answer
//! after the same work (a hash, a token, a mail). What was asked for waits as a one-time token; the account exists once the
//! link was opened, so nobody holds an account under a stranger's address. An invitation that came to the address by mail
//! proves it by itself; the same invitation passed on by hand does not.
//!
//! Links are built on the configured address, never on the `Host` header: whoever asks for a mail must not choose where
//! its link leads.

pub mod api;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::factor::Entered;
use super::invitation::{self, Shown};
use super::model::{Language, parse_email, parse_new_person_name, password_fault};
use super::one_time;
use super::password_change::{PASSWORD_RESET, PASSWORD_RESET_MS};
use super::permission::Role;
use super::session::{Client, SignedIn};
use super::store::{self, Credentials, NewAccount};
use crate::app::AppInner;
use crate::audit::{Entry, Record, Who, delivery};
use crate::clock::DAY_MS;
use crate::error::{Code, Error, Result};
use crate::id::{AccountId, OrganizationId};
use crate::mail::{self, Letter, NewMail};
use crate::settings::{self, Registration};
use crate::store::Tx;

/// Kind of the token of a pending registration.
const REGISTRATION: &str = "registration";
/// Kind of the token of a pending change of address.
pub(super) const EMAIL_CHANGE: &str = "email_change";
/// How long a verification link is good.
pub(super) const VERIFY_MS: i64 = DAY_MS;
/// Longest name of an organization.
const NAME_CHARS: usize = 200;

/// What someone registers with.
pub struct Newcomer {
    /// Sign-in address.
    pub email: String,
    /// The password itself.
    pub password: String,
    /// Name to show; empty takes the address's first part.
    pub name: String,
    /// Language of the interface.
    pub language: Language,
    /// Name of an organization to make, where registration is open.
    pub organization_name: String,
    /// The token of an invitation.
    pub invitation_token: Option<String>,
}

/// Where registering leads.
pub enum Registered {
    /// A mail is on its way.
    MailSent,
    /// Signed in: the invitation proved the address.
    Session(Box<SignedIn>),
}

/// A registration that waits for its address to be verified.
#[derive(Serialize, Deserialize)]
struct Pending {
    email: String,
    name: String,
    password_hash: String,
    language: Language,
    organization_name: String,
    /// Hash of the invitation's token.
    invitation: Option<[u8; 32]>,
}

/// A change of address that waits for the new one to be verified.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingEmail {
    pub(super) email: String,
}

fn closed(detail: &'static str) -> Error {
    Error::new(Code::RegistrationClosed, detail)
}

/// Whether someone may register, with or without an invitation.
fn check_mode(mode: Registration, has_invitation: bool) -> Result<()> {
    match mode {
        Registration::Open => Ok(()),
        Registration::Invitation if has_invitation => Ok(()),
        Registration::Invitation => Err(closed("registration is by invitation only: ask an administrator for one")),
        Registration::Closed => Err(closed("registration is closed")),
    }
}

impl AppInner {
    /// Takes a registration.
    pub async fn register(&self, client: &Client, newcomer: Newcomer) -> Result<Registered> {
        self.take_attempt(client.caller(), "register")?;
        let shown = newcomer.invitation_token.as_deref().map(|token| Shown::read(&self.keyring, token));
        let now_ms = self.clock.now_ms();
        let (has_accounts, mode, invitation) = self
            .control
            .read(move |connection| -> Result<_> {
                let invitation = match shown {
                    Some(shown) => Some(invitation::find(connection, shown.token_hash, now_ms)?),
                    None => None,
                };
                Ok((store::has_accounts(connection)?, settings::find_registration(connection)?, invitation))
            })
            .await?;
        if !has_accounts {
            return Err(Error::new(Code::SetupNeeded, "this appliance waits for its owner to set it up"));
        }
        check_mode(mode, invitation.is_some())?;
        let bound_to = match invitation {
            Some(None) => return Err(invitation::ended()),
            Some(Some(invitation)) => invitation.email,
            None => String::new(),
        };
        let pending = self.prepare(newcomer, shown.map(|shown| shown.token_hash), mode).await?;
        if !bound_to.is_empty() && bound_to != pending.email {
            return Err(Error::invalid_field("email", "this invitation is for another e-mail address"));
        }
        let is_proven = !bound_to.is_empty() && shown.is_some_and(|shown| shown.is_from_mail);
        if !is_proven {
            self.await_verification(pending).await?;
            return Ok(Registered::MailSent);
        }
        let (account_id, home) = self.create_registered(client, pending, mode).await?;
        Ok(Registered::Session(Box::new(self.start_session(account_id, home, client).await?)))
    }

    /// Checks what someone entered, and hashes the password.
    async fn prepare(&self, newcomer: Newcomer, invitation: Option<[u8; 32]>, mode: Registration) -> Result<Pending> {
        let Some(email) = parse_email(&newcomer.email) else {
            return Err(Error::invalid_field("email", "this is not an e-mail address"));
        };
        if let Some(fault) = password_fault(&newcomer.password, &email) {
            return Err(Error::invalid_field("password", fault));
        }
        let organization_name = newcomer.organization_name.trim().to_owned();
        if organization_name.chars().count() > NAME_CHARS {
            let fault = "the organization needs a name of at most 200 characters";
            return Err(Error::invalid_field("organization_name", fault));
        }
        let is_founder = mode == Registration::Open && invitation.is_none();
        let name = parse_new_person_name(&newcomer.name, &email)?;
        Ok(Pending {
            name,
            password_hash: self.hasher.hash(newcomer.password).await?,
            language: newcomer.language,
            organization_name: if is_founder { organization_name } else { String::new() },
            email,
            invitation,
        })
    }

    /// Sends the mail that says how to go on: with a link that makes the account, or one that helps who has one already.
    async fn await_verification(&self, pending: Pending) -> Result<()> {
        let (keyring, base_url) = (self.keyring.clone(), self.config.base_url());
        let work = move |tx: &Tx<'_>| -> Result<()> {
            let known = store::find_by_email(tx.connection(), &pending.email)?;
            let (address, mail) = match known {
                None => {
                    let token = one_time::create(tx, REGISTRATION, None, &pending, VERIFY_MS)?;
                    let link = format!("{base_url}/verify-email#{token}");
                    (pending.email, (Letter::Registration, pending.language, link, VERIFY_MS))
                }
                Some(known) => {
                    let token = one_time::create(tx, PASSWORD_RESET, Some(known.id), &(), PASSWORD_RESET_MS)?;
                    let link = format!("{base_url}/reset-password#{token}");
                    (known.email, (Letter::AccountExists, known.language, link, PASSWORD_RESET_MS))
                }
            };
            let (letter, language, link, lifetime_ms) = mail;
            mail::create(tx, &keyring, &NewMail { address, letter, language, link, lifetime_ms })
        };
        self.control.write(work).await?;
        self.wake_mail();
        Ok(())
    }

    /// Makes the account of a registration whose address is proven; answers where it is at home.
    async fn create_registered(
        &self,
        client: &Client,
        pending: Pending,
        mode: Registration,
    ) -> Result<(AccountId, Option<OrganizationId>)> {
        let (chain, address) = (self.audit.clone(), client.address_text());
        let created = self.control.write(move |tx| create_account(tx, &chain, pending, (mode, address))).await?;
        self.wake_audit();
        Ok(created)
    }

    /// Opens a verification link: of a registration, or of a change of address.
    pub async fn verify_email(&self, client: &Client, token: String) -> Result<Entered> {
        self.take_attempt(client.caller(), "verify")?;
        let (chain, keyring, base_url) = (self.audit.clone(), self.keyring.clone(), self.config.base_url());
        let address = client.address_text();
        let work = move |tx: &Tx<'_>| -> Result<(Credentials, Option<OrganizationId>)> {
            if let Some(found) = one_time::take::<Pending>(tx, REGISTRATION, &token)? {
                let mode = settings::find_registration(tx.connection())?;
                let (account_id, home) = create_account(tx, &chain, found.payload, (mode, address))?;
                return Ok((store::find_credentials_of(tx.connection(), account_id)?, home));
            }
            let found = one_time::take::<PendingEmail>(tx, EMAIL_CHANGE, &token)?;
            let Some((account_id, change)) = found.and_then(|found| Some((found.account_id?, found.payload))) else {
                let detail = "this link was used already or has ended: sign in, or register again";
                return Err(Error::new(Code::Unauthenticated, detail));
            };
            let former = change_email(tx, account_id, &change.email)?;
            let who = Who { actor: format!("account:{account_id}"), name: change.email.clone(), address };
            let entry = Entry::new(who, "account.email_changed", Record::new("account", &account_id, &change.email));
            let (before, after) = (json!({ "email": former.email }), json!({ "email": change.email }));
            chain.append(tx, entry.changed(before, after))?;
            let notice = NewMail {
                address: former.email,
                letter: Letter::EmailChanged { address: change.email },
                language: former.language,
                link: format!("{base_url}/sign-in"),
                lifetime_ms: VERIFY_MS,
            };
            mail::create(tx, &keyring, &notice)?;
            Ok((store::find_credentials_of(tx.connection(), account_id)?, None))
        };
        let (proven, home) = self.control.write(work).await?;
        self.attempts.forgive(client.caller(), "verify");
        self.wake_audit();
        self.wake_mail();
        match home {
            Some(home) => Ok(Entered::Session(Box::new(self.start_proven_session(proven, Some(home), client).await?))),
            None => self.enter(proven, client).await,
        }
    }
}

/// The account, with the membership its invitation or its own organization gives it.
fn create_account(
    tx: &Tx<'_>,
    chain: &crate::audit::Chain,
    pending: Pending,
    (mode, address): (Registration, String),
) -> Result<(AccountId, Option<OrganizationId>)> {
    check_mode(mode, pending.invitation.is_some())?;
    if store::find_by_email(tx.connection(), &pending.email)?.is_some() {
        let error = Error::new(Code::Conflict, "an account with this e-mail address exists already: sign in");
        return Err(Error { field: Some("email"), ..error });
    }
    let Pending { email, name, password_hash, language, organization_name, invitation } = pending;
    let account = NewAccount { email: email.clone(), name, password_hash, language };
    let account_id = store::create_account(tx, &account)?;
    let who = Who { actor: format!("account:{account_id}"), name: email.clone(), address };
    let entry = Entry::new(who.clone(), "account.created", Record::new("account", &account_id, &email));
    chain.append(tx, entry.changed(json!({}), json!({ "email": email, "name": account.name })))?;
    if let Some(token_hash) = invitation {
        let home = invitation::accept(tx, account_id, who, token_hash)?;
        return Ok((account_id, Some(home)));
    }
    if organization_name.is_empty() || mode != Registration::Open {
        return Ok((account_id, None));
    }
    let home = crate::organization::create(tx, &organization_name)?;
    store::create_membership(tx, account_id, home, (Role::Owner, None))?;
    let record = Record::new("organization", &home, organization_name.clone());
    let entry = Entry::new(who.clone(), "organization.created", record);
    chain.append(tx, entry.changed(json!({}), json!({ "name": organization_name })))?;
    let entry = Entry::new(who, "member.added", Record::new("member", &account_id, email));
    delivery::defer(tx, home, entry.changed(json!({}), json!({ "role": Role::Owner })))?;
    Ok((account_id, Some(home)))
}

/// Gives an account its new address; answers what it was. Links sent to the former address are worth nothing any more.
fn change_email(tx: &Tx<'_>, account_id: AccountId, email: &str) -> Result<store::Known> {
    if store::find_by_email(tx.connection(), email)?.is_some() {
        let error = Error::new(Code::Conflict, "an account with this e-mail address exists already");
        return Err(Error { field: Some("email"), ..error });
    }
    let former = store::find_by_id(tx.connection(), account_id)?.ok_or_else(|| Error::not_found("record"))?;
    if former.is_disabled {
        return Err(Error::new(Code::Unauthenticated, "this account is switched off"));
    }
    store::update_email(tx, account_id, email)?;
    store::end_proofs(tx, account_id)?;
    Ok(former)
}
