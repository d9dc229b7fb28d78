//! Signing in and staying signed in: what the session routes do, without HTTP.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::factor::Entered;
use super::model::Session;
use super::standing::{self, Standing, Via};
use super::store::{self, Lifetimes, Refresh};
use super::token::{RefreshToken, random_secret, secret_hash};
use crate::app::AppInner;
use crate::audit::{Entry, Record, Who};
use crate::clock::DAY_MS;
use crate::error::{Code, Error, Result};
use crate::id::{AccountId, OrganizationId, SessionId};
use crate::store::Tx;

/// The browser or program at the other end.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Where it is; `None` for the command line.
    pub address: Option<IpAddr>,
    /// What it calls itself.
    pub user_agent: String,
}

impl Client {
    /// The address, or nothing.
    pub fn address_text(&self) -> String {
        self.address.map_or_else(String::new, |address| address.to_string())
    }

    /// Whom attempts count for.
    pub fn caller(&self) -> IpAddr {
        self.address.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))
    }
}

/// A session and the refresh token that goes into its cookie.
#[derive(Debug)]
pub struct SignedIn {
    /// The answer.
    pub session: Session,
    /// The cookie's value; `None` leaves the browser's cookie as it is.
    pub refresh_token: Option<String>,
}

/// One answer for every reason, so that nobody learns which addresses have an account.
fn refused() -> Error {
    Error::new(Code::Unauthenticated, "e-mail address or password is wrong")
}

fn ended() -> Error {
    Error::new(Code::Unauthenticated, "the session has ended: sign in again")
}

/// The account got another password while somebody signed in with the former one.
pub(super) fn overtaken() -> Error {
    Error::new(Code::Unauthenticated, "the password was changed meanwhile: sign in again")
}

/// The audit log's line of a sign-in that was refused.
pub(super) fn refused_entry(client: &Client, account: Option<(AccountId, String)>) -> Entry {
    let record = match account {
        Some((id, email)) => Record::new("account", &id, email),
        None => Record::new("account", &"", ""),
    };
    let who = Who { actor: "anonymous".to_owned(), name: String::new(), address: client.address_text() };
    Entry::new(who, "session.refused", record)
}

/// Refuses an attempt for so many seconds.
pub(super) fn too_many_attempts(wait_s: u64) -> Error {
    let error = Error::new(Code::RateLimited, "too many attempts: wait a while and try again");
    Error { retry_after_s: Some(wait_s), ..error }
}

impl AppInner {
    /// Takes one attempt of a caller at an account, a link or the set-up code; too many are refused.
    pub fn take_attempt(&self, address: IpAddr, subject: &str) -> Result<()> {
        self.attempts.take(address, subject, self.clock.now_ms()).map_err(too_many_attempts)
    }

    /// Checks a password.
    pub async fn sign_in(&self, client: &Client, email: &str, password: String) -> Result<Entered> {
        let address = client.caller();
        let email = email.trim().to_lowercase();
        self.take_attempt(address, &email)?;
        if password.len() > super::model::PASSWORD_MAX_BYTES {
            return Err(refused());
        }
        let wanted = email.clone();
        let (credentials, bcrypt_cost) = self
            .control
            .read(move |connection| -> std::result::Result<_, crate::store::Error> {
                Ok((store::find_credentials(connection, &wanted)?, store::find_bcrypt_cost(connection)?))
            })
            .await?;
        let hash = credentials.as_ref().map(|credentials| credentials.password_hash.clone());
        let is_match = self.hasher.is_match(password.clone(), hash, bcrypt_cost).await?;
        let credentials = match credentials {
            Some(credentials) if is_match => credentials,
            other => {
                self.note_refused(client, other.map(|credentials| (credentials.account_id, email))).await?;
                return Err(refused());
            }
        };
        self.attempts.forgive(address, &email);
        let credentials = self.upgrade_password(credentials, password).await?;
        self.enter(credentials, client).await
    }

    /// Writes down that a sign-in was refused. What was typed as address is named only if it is an account's: people type
    /// their password there by mistake, and a log that is kept for years is no place for it.
    pub(super) async fn note_refused(&self, client: &Client, account: Option<(AccountId, String)>) -> Result<()> {
        let chain = self.audit.clone();
        let entry = refused_entry(client, account);
        Ok(self.control.write(move |tx| chain.append(tx, entry)).await?)
    }

    /// Replaces a hash brought from elsewhere by one of ours, now that the password is there; answers what is in force.
    async fn upgrade_password(&self, proven: store::Credentials, password: String) -> Result<store::Credentials> {
        if super::password::bcrypt_cost(&proven.password_hash).is_none() {
            return Ok(proven);
        }
        let hash = self.hasher.hash(password.clone()).await?;
        let ours = hash.clone();
        let now = self.control.write(move |tx| store::upgrade_password(tx, &proven, &hash)).await?;
        // Another sign-in was faster, or there is a new password: which of both, only the password says.
        let is_proven =
            now.password_hash == ours || self.hasher.is_match(password, Some(now.password_hash.clone()), 0).await?;
        if is_proven { Ok(now) } else { Err(refused()) }
    }

    /// Makes a link that signs an account in once, at the command line.
    pub async fn create_sign_in_link(&self, account_id: AccountId, lifetime_ms: i64) -> Result<String> {
        let token = random_secret();
        let hash = secret_hash(&token);
        let chain = self.audit.clone();
        let create = move |tx: &Tx<'_>| {
            store::create_sign_in_link(tx, account_id, hash, lifetime_ms)?;
            let record = Record::new("account", &account_id, "");
            chain.append(tx, Entry::new(Who::command_line(), "account.link_created", record))
        };
        self.control.write(create).await?;
        Ok(format!("{}/sign-in/link#{token}", self.config.base_url()))
    }

    /// Signs in with a one-time link's token.
    pub async fn sign_in_with_link(&self, client: &Client, token: &str) -> Result<Entered> {
        let address = client.caller();
        self.take_attempt(address, "link")?;
        let hash = secret_hash(token);
        let found = self.control.write(move |tx| store::take_sign_in_link(tx, hash)).await?;
        let Some(proven) = found else {
            self.note_refused(client, None).await?;
            return Err(Error::new(
                Code::Unauthenticated,
                "this link was used already or has ended: sign in with your password",
            ));
        };
        self.attempts.forgive(address, "link");
        self.enter(proven, client).await
    }

    /// Starts a session of an account that was made just now.
    pub async fn start_session(
        &self,
        account_id: AccountId,
        organization_id: Option<OrganizationId>,
        client: &Client,
    ) -> Result<SignedIn> {
        let proven = self.control.read(move |connection| store::find_credentials_of(connection, account_id)).await?;
        self.start_proven_session(proven, organization_id, client).await
    }

    /// Starts a session in an organization, or where the account worked last; refused if the account has another password
    /// than when its owner proved to be it.
    pub(super) async fn start_proven_session(
        &self,
        proven: store::Credentials,
        organization_id: Option<OrganizationId>,
        client: &Client,
    ) -> Result<SignedIn> {
        let account_id = proven.account_id;
        let refresh_token = RefreshToken::random();
        let hashes = refresh_token.hashes();
        let (lifetimes, client, chain) = (self.session_lifetimes(), client.clone(), self.audit.clone());
        let id = self
            .control
            .write(move |tx| -> Result<SessionId> {
                let known = store::find_by_id(tx.connection(), account_id)?;
                let known = known.filter(|known| !known.is_disabled).ok_or_else(ended)?;
                if !store::is_in_force(tx.connection(), &proven)? {
                    return Err(overtaken());
                }
                let home = match organization_id {
                    Some(organization_id) => Some(organization_id),
                    None => store::find_home(tx.connection(), account_id)?,
                };
                let id = store::create_session(tx, (account_id, home), hashes, lifetimes, &client)?;
                let address = client.address_text();
                let who = Who { actor: format!("account:{account_id}"), name: known.email, address };
                let record = Record::new("session", &id, super::sessions::device(&client.user_agent));
                chain.append(tx, Entry::new(who, "session.started", record))?;
                Ok(id)
            })
            .await?;
        Ok(SignedIn { session: self.issue(id).await?, refresh_token: Some(refresh_token.text()) })
    }

    fn session_lifetimes(&self) -> Lifetimes {
        Lifetimes {
            idle_ms: self.config.session_days.saturating_mul(DAY_MS),
            whole_ms: self.config.session_end_days.saturating_mul(DAY_MS),
        }
    }

    /// Notes that a session or key is in use, at most once a minute for each.
    pub fn note_use(&self, standing: &Standing, client: Client) {
        if !self.uses.is_due(standing.via_id(), self.clock.now_ms()) || !self.has_room() {
            return;
        }
        let (control, via) = (self.control.clone(), standing.via.clone());
        tokio::spawn(async move {
            let touched = control.write(move |tx| match via {
                Via::Session(id) => store::touch_session(tx, id, &client),
                Via::ApiKey(id, _name) => store::touch_key(tx, id, &client),
            });
            if let Err(error) = touched.await {
                tracing::warn!(error = crate::error::chain(&error), "the last use of a session was not noted");
            }
        });
    }

    /// Exchanges a refresh token for a new access token and the next refresh token.
    pub async fn refresh_session(&self, refresh_token: &str, client: &Client) -> Result<SignedIn> {
        let Some(shown) = RefreshToken::parse(refresh_token) else { return Err(ended()) };
        let next = shown.next();
        let (hashes, next_hash) = (shown.hashes(), next.hashes().token);
        let lifetime_ms = self.session_lifetimes().idle_ms;
        let (chain, address) = (self.audit.clone(), client.address_text());
        let rotate = move |tx: &Tx<'_>| -> std::result::Result<Refresh, crate::store::Error> {
            let refresh = store::rotate_session(tx, hashes, next_hash, lifetime_ms)?;
            if let Refresh::Reused(id) = refresh {
                let owner = store::find_session_owner(tx.connection(), id)?;
                let record = Record::new("session", &id, owner.map_or_else(String::new, |(_id, email)| email));
                // The owner or the thief: that cannot be known.
                let who = Who { actor: "anonymous".to_owned(), name: String::new(), address };
                chain.append(tx, Entry::new(who, "session.reuse_detected", record))?;
            }
            Ok(refresh)
        };
        let refresh = self.control.write(rotate).await?;
        match refresh {
            Refresh::Rotated(id) => Ok(SignedIn { session: self.issue(id).await?, refresh_token: Some(next.text()) }),
            Refresh::Concurrent(id) => Ok(SignedIn { session: self.issue(id).await?, refresh_token: None }),
            Refresh::Reused(session_id) => {
                tracing::warn!(%session_id, "a refresh token was used twice: its session was ended");
                self.announce_revoked(session_id);
                Err(ended())
            }
            Refresh::Unknown => Err(ended()),
        }
    }

    /// Ends the session a refresh token belongs to, if it does.
    pub async fn end_session(&self, refresh_token: &str, client: &Client) -> Result<()> {
        let hash = secret_hash(refresh_token);
        let now_ms = self.clock.now_ms();
        let standing = self.control.read(move |connection| standing::find_by_refresh(connection, hash, now_ms)).await?;
        if let Some(id) = standing.and_then(|standing| standing.session_id()) {
            self.sign_out(id, client).await?;
        }
        Ok(())
    }

    /// Ends a session whose token was shown, and its open live feeds.
    pub async fn sign_out(&self, id: SessionId, client: &Client) -> Result<()> {
        let (chain, address) = (self.audit.clone(), client.address_text());
        let device = super::sessions::device(&client.user_agent);
        let end = move |tx: &Tx<'_>| -> Result<()> {
            let owner = store::find_session_owner(tx.connection(), id)?;
            if let (true, Some((account_id, email))) = (store::revoke_session(tx, id)?, owner) {
                let who = Who { actor: format!("account:{account_id}"), name: email, address };
                chain.append(tx, Entry::new(who, "session.ended", Record::new("session", &id, device)))?;
            }
            Ok(())
        };
        self.control.write(end).await?;
        self.announce_revoked(id);
        Ok(())
    }

    /// Ends the live feeds of sessions that were revoked.
    pub(super) fn announce_ended(&self, ids: Vec<SessionId>) {
        for id in ids {
            self.announce_revoked(id);
        }
    }

    fn announce_revoked(&self, id: SessionId) {
        self.announce_changed([id.uuid()]);
    }

    /// Tells the open feeds of these sessions and keys to look whether they may go on.
    pub fn announce_changed(&self, ids: impl IntoIterator<Item = Uuid>) {
        for id in ids {
            // An error means that no feed is open.
            drop(self.revoked_sessions.send(id));
        }
    }

    /// The answer for a session that [`move_session`] has moved; its feeds end, its cookie stays.
    pub async fn reissue_session(&self, id: SessionId) -> Result<Session> {
        self.announce_revoked(id);
        self.issue(id).await
    }

    /// The session an access token names, if both stand.
    pub async fn find_session(&self, access_token: &str) -> Result<Option<Standing>> {
        let now_ms = self.clock.now_ms();
        let Some(id) = self.signer.check(access_token, now_ms) else { return Ok(None) };
        Ok(self.control.read(move |connection| standing::find_by_session(connection, id, now_ms)).await?)
    }

    /// The session a cookie belongs to, if it stands.
    pub async fn find_session_by_cookie(&self, refresh_token: &str) -> Result<Option<Standing>> {
        let now_ms = self.clock.now_ms();
        let hash = secret_hash(refresh_token);
        Ok(self.control.read(move |connection| standing::find_by_refresh(connection, hash, now_ms)).await?)
    }

    async fn issue(&self, id: SessionId) -> Result<Session> {
        let now_ms = self.clock.now_ms();
        let standing = self.control.read(move |connection| standing::find_by_session(connection, id, now_ms)).await?;
        let Some(standing) = standing else { return Err(ended()) };
        let Some((access_token, expires_at_ms)) = self.signer.sign(id, now_ms) else {
            return Err(Error::internal("the access token could not be signed"));
        };
        Ok(Session { access_token, token_type: "Bearer", expires_at_ms, me: standing.me })
    }
}

/// Moves a session into another organization; that it is theirs to enter was checked in the same transaction.
pub fn move_session(
    tx: &Tx<'_>,
    id: SessionId,
    organization_id: OrganizationId,
) -> std::result::Result<(), crate::store::Error> {
    store::move_session(tx, id, organization_id)
}

/// When each session and key was last noted to be in use.
#[derive(Default)]
pub struct Uses(Mutex<BTreeMap<Uuid, i64>>);

/// Pause between two notes of the same.
const USE_MS: i64 = 60_000;
/// Most that are remembered; beyond that everything is forgotten, which costs a few notes too many.
const MOST_USES: usize = 50_000;

impl Uses {
    /// Whether the last note is old enough; the answer counts as a note.
    fn is_due(&self, subject: Uuid, now_ms: i64) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = noted.get(&subject).is_none_or(|at_ms| now_ms.saturating_sub(*at_ms) >= USE_MS);
        if is_due {
            if noted.len() >= MOST_USES {
                noted.clear();
            }
            noted.insert(subject, now_ms);
        }
        is_due
    }
}
