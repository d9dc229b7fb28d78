//! The second factor: an authenticator's codes, recovery codes, and the step of signing in that asks for them.
//!
//! A recovery code is eighty random bits, so a fast hash keeps it: trying all of them takes longer than anyone has.
//! Rejected: a slow hash, which costs ten of them per enrolment and gains nothing at this length, and a hash under the
//! master key, which would make every code worthless when that key is changed.
//!
//! Wrong codes are counted per token (five, then the first factor is asked for again), per address, in the audit log, and
//! per account and day (see [`super::wrong_codes`]): the last keeps out only addresses the account was never used from, or
//! whoever knows the password could keep its owner out. What is asked for once more inside a session is counted per
//! address and per session.

pub mod api;

use std::net::IpAddr;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use serde_json::json;
use uuid::Uuid;

use super::factor::SECOND_FACTOR;
use super::one_time;
use super::session::{Client, SignedIn, refused_entry, too_many_attempts};
use super::store::{self, Credentials};
use super::totp;
use super::wrong_codes::WrongCodes;
use crate::app::AppInner;
use crate::audit::{Chain, Entry, Record, Who};
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::id::AccountId;
use crate::network::Network;
use crate::secret::Keyring;
use crate::store::{Error as StoreError, Tx};

/// Recovery codes made at once.
const RECOVERY_CODES: usize = 10;
/// Letters of a recovery code that cannot be mistaken for each other: five bits each.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
/// Letters of a recovery code.
const CODE_LETTERS: usize = 16;

/// What an account has to show as its second factor.
#[derive(Debug)]
pub struct Overview {
    /// When the authenticator's codes came into force; `None` if they are not.
    pub totp_confirmed_at_ms: Option<i64>,
    /// Recovery codes that were not used yet.
    pub recovery_codes: i64,
    /// Passkeys.
    pub passkeys: i64,
    /// An organization of the account's asks for a second factor.
    pub is_required: bool,
}

/// What an account has to show as its second factor.
pub fn find_overview(connection: &Connection, id: AccountId) -> std::result::Result<Overview, StoreError> {
    let sql = "SELECT totp_confirmed_at_ms,
                   (SELECT count(*) FROM recovery_code WHERE account_id = ?1),
                   (SELECT count(*) FROM passkey WHERE account_id = ?1),
                   EXISTS (SELECT 1 FROM membership m JOIN organization o ON o.id = m.organization_id
                           WHERE m.account_id = ?1 AND o.is_second_factor_required = 1)
               FROM account WHERE id = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Overview {
            totp_confirmed_at_ms: row.get(0)?,
            recovery_codes: row.get(1)?,
            passkeys: row.get(2)?,
            is_required: row.get(3)?,
        })
    };
    Ok(connection.prepare_cached(sql)?.query_row([id], read)?)
}

/// Forgets recovery codes that stand in for nothing any more: they would come back in force with the next factor.
pub(super) fn delete_idle_recovery_codes(tx: &Tx<'_>, id: AccountId) -> std::result::Result<(), StoreError> {
    let overview = find_overview(tx.connection(), id)?;
    if overview.totp_confirmed_at_ms.is_none() && overview.passkeys == 0 {
        tx.connection().execute("DELETE FROM recovery_code WHERE account_id = ?1", [id])?;
    }
    Ok(())
}

fn remove_totp(tx: &Tx<'_>, id: AccountId) -> std::result::Result<(), StoreError> {
    let sql = "UPDATE account SET totp_secret = NULL, totp_confirmed_at_ms = NULL, updated_at_ms = ?2 WHERE id = ?1";
    tx.connection().execute(sql, (id, tx.now_ms()))?;
    Ok(())
}

/// An account's authenticator, as it is stored.
struct Stored {
    secret: Vec<u8>,
    confirmed_at_ms: Option<i64>,
    last_step: i64,
}

fn context(id: AccountId) -> String {
    format!("account.totp:{id}")
}

fn find_stored(tx: &Tx<'_>, keyring: &Keyring, id: AccountId) -> Result<Option<Stored>> {
    let sql = "SELECT totp_secret, totp_confirmed_at_ms, totp_last_step FROM account WHERE id = ?1";
    let found: Option<(Option<Vec<u8>>, Option<i64>, i64)> = tx
        .connection()
        .prepare_cached(sql)?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((Some(sealed), confirmed_at_ms, last_step)) = found else { return Ok(None) };
    let secret = keyring.open_sealed(&context(id), &sealed).map_err(Error::internal)?;
    Ok(Some(Stored { secret, confirmed_at_ms, last_step }))
}

/// How somebody showed the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Totp,
    RecoveryCode,
}

/// Checks a code and uses it up: the step of an authenticator's, or the recovery code.
fn take_code(tx: &Tx<'_>, keyring: &Keyring, id: AccountId, code: &str) -> Result<Option<Shown>> {
    let code: String = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    if code.len() == CODE_LETTERS {
        let sql = "DELETE FROM recovery_code WHERE account_id = ?1 AND code_hash = ?2";
        let used = tx.connection().execute(sql, (id, recovery_hash(id, &code)))?;
        return Ok((used > 0).then_some(Shown::RecoveryCode));
    }
    let Some(stored) = find_stored(tx, keyring, id)? else { return Ok(None) };
    let step = totp::find_step(&stored.secret, &code, tx.now_ms());
    let Some(step) = step.filter(|step| stored.confirmed_at_ms.is_some() && *step > stored.last_step) else {
        return Ok(None);
    };
    tx.connection().execute("UPDATE account SET totp_last_step = ?2 WHERE id = ?1", (id, step))?;
    Ok(Some(Shown::Totp))
}

/// Bound to its account, so that nobody can look for the codes of all accounts at once.
fn recovery_hash(id: AccountId, code: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("salesbrain 2026 recovery code");
    hasher.update(id.uuid().as_bytes());
    hasher.update(code.to_lowercase().as_bytes());
    *hasher.finalize().as_bytes()
}

/// New recovery codes in place of the old ones; they are shown once and not kept.
pub(super) fn replace_recovery_codes(tx: &Tx<'_>, id: AccountId) -> std::result::Result<Vec<String>, StoreError> {
    tx.connection().execute("DELETE FROM recovery_code WHERE account_id = ?1", [id])?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _code in 0..RECOVERY_CODES {
        let code = random_recovery_code();
        let plain = code.replace('-', "");
        let sql = "INSERT INTO recovery_code (account_id, code_hash) VALUES (?1, ?2)";
        tx.connection().execute(sql, (id, recovery_hash(id, &plain)))?;
        codes.push(code);
    }
    Ok(codes)
}

/// Four groups of four letters.
fn random_recovery_code() -> String {
    let bytes: [u8; CODE_LETTERS] = rand::random();
    let mut code = String::with_capacity(CODE_LETTERS.saturating_add(3));
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        let letter = LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().unwrap_or(b'a');
        code.push(char::from(letter));
    }
    code
}

/// What begins an enrolment.
#[derive(Debug)]
pub struct Enrolment {
    /// For typing.
    pub secret: String,
    /// For the authenticator.
    pub uri: String,
    /// The same, to be scanned.
    pub picture: String,
}

/// What the caller shows once more, to change how they sign in.
#[derive(Debug, Default)]
pub struct Proof {
    /// The account's password.
    pub password: Option<String>,
    /// A code of the authenticator, or a recovery code.
    pub code: Option<String>,
}

/// How the step between the factors went.
enum Step {
    Right(Credentials),
    Wrong,
    Ended,
    /// Too many wrong codes: seconds to wait.
    Closed(u64),
}

impl AppInner {
    /// The second step of signing in.
    pub async fn show_second_factor(&self, client: &Client, token: String, code: String) -> Result<SignedIn> {
        // Counted for the account: those who share an address do not keep each other out.
        let shown = token.clone();
        let owner = self.control.read(move |connection| one_time::find_account(connection, &shown)).await?;
        let subject = owner.map_or_else(|| "second factor".to_owned(), |id| format!("second factor of {id}"));
        self.take_attempt(client.caller(), &subject)?;
        let (chain, keyring, asking) = (self.audit.clone(), self.keyring.clone(), client.clone());
        let wrong_codes = Arc::clone(&self.wrong_codes);
        let take = move |tx: &Tx<'_>| take_step(tx, (&chain, &keyring, &wrong_codes), &asking, (&token, &code));
        let step = self.control.write(take).await?;
        match step {
            Step::Right(proven) => {
                self.attempts.forgive(client.caller(), &subject);
                self.start_proven_session(proven, None, client).await
            }
            Step::Wrong => Err(Error::invalid_field("code", "this code is wrong, or was used already")),
            Step::Closed(wait_s) => Err(too_many_attempts(wait_s)),
            Step::Ended => {
                Err(Error::new(Code::Unauthenticated, "this took too long, or too many codes: sign in again"))
            }
        }
    }

    /// Begins the enrolment of an authenticator; nothing is in force yet.
    pub async fn begin_totp(&self, identity: &Identity, proof: Proof) -> Result<Enrolment> {
        self.prove_if_possible(identity, proof).await?;
        let (id, email) = (identity.standing.me.account.id, &identity.standing.me.account.email);
        let secret = totp::random_secret();
        let sealed = self.keyring.seal(&context(id), &secret).map_err(Error::internal)?;
        let begin = move |tx: &Tx<'_>| -> Result<()> {
            let sql = "UPDATE account SET totp_secret = ?2, totp_last_step = 0
                       WHERE id = ?1 AND totp_confirmed_at_ms IS NULL";
            if tx.connection().execute(sql, (id, sealed))? == 0 {
                return Err(Error::new(Code::Conflict, "an authenticator is in use: switch it off first"));
            }
            Ok(())
        };
        self.control.write(begin).await?;
        let uri = totp::uri(&secret, email);
        let picture = totp::picture(&uri).ok_or_else(|| Error::internal("the address of a secret fits no picture"))?;
        Ok(Enrolment { secret: totp::base32(&secret), uri, picture })
    }

    /// Puts the authenticator in force, if it shows the right code; answers new recovery codes.
    pub async fn confirm_totp(&self, identity: &Identity, code: String) -> Result<Vec<String>> {
        let id = identity.standing.me.account.id;
        let attempt = self.take_proof(identity, &format!("enrolment of {id}"))?;
        let (chain, keyring, entry) =
            (self.audit.clone(), self.keyring.clone(), entry(identity, "second_factor.enabled"));
        let confirm = move |tx: &Tx<'_>| -> Result<Vec<String>> {
            let stored = find_stored(tx, &keyring, id)?.filter(|stored| stored.confirmed_at_ms.is_none());
            let stored =
                stored.ok_or_else(|| Error::new(Code::Conflict, "begin the enrolment of an authenticator first"))?;
            let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
            let Some(step) = totp::find_step(&stored.secret, &code, tx.now_ms()) else {
                return Err(Error::invalid_field("code", "this code is wrong: is the clock of your device right?"));
            };
            let sql =
                "UPDATE account SET totp_confirmed_at_ms = ?2, totp_last_step = ?3, updated_at_ms = ?2 WHERE id = ?1";
            tx.connection().execute(sql, (id, tx.now_ms(), step))?;
            chain.append(tx, entry.changed(json!({}), json!({ "method": "totp" })))?;
            Ok(replace_recovery_codes(tx, id)?)
        };
        let codes = self.control.write(confirm).await?;
        self.accept_proof(attempt);
        Ok(codes)
    }

    /// Switches the authenticator off.
    pub async fn remove_totp(&self, identity: &Identity, proof: Proof) -> Result<()> {
        let id = identity.standing.me.account.id;
        self.prove(identity, proof).await?;
        let (chain, entry) = (self.audit.clone(), entry(identity, "second_factor.disabled"));
        let remove = move |tx: &Tx<'_>| -> Result<()> {
            let overview = find_overview(tx.connection(), id)?;
            remove_totp(tx, id)?;
            delete_idle_recovery_codes(tx, id)?;
            if overview.totp_confirmed_at_ms.is_some() {
                chain.append(tx, entry.changed(json!({ "method": "totp" }), json!({})))?;
            }
            Ok(())
        };
        self.control.write(remove).await
    }

    /// New recovery codes; the old ones are worth nothing any more.
    pub async fn create_recovery_codes(&self, identity: &Identity, proof: Proof) -> Result<Vec<String>> {
        let id = identity.standing.me.account.id;
        self.prove(identity, proof).await?;
        let (chain, entry) = (self.audit.clone(), entry(identity, "recovery_codes.created"));
        let create = move |tx: &Tx<'_>| -> Result<Vec<String>> {
            let overview = find_overview(tx.connection(), id)?;
            if overview.totp_confirmed_at_ms.is_none() && overview.passkeys == 0 {
                return Err(Error::new(
                    Code::Conflict,
                    "recovery codes stand in for a second factor: set one up first",
                ));
            }
            chain.append(tx, entry)?;
            Ok(replace_recovery_codes(tx, id)?)
        };
        self.control.write(create).await
    }

    /// [`Self::prove`] before something is made or removed with which one gets in: an authenticator, a passkey, a link to
    /// another service, an API key. An account that has neither a password nor codes passes: it could not do any of it otherwise, and its
    /// session began with what it does have.
    pub async fn prove_if_possible(&self, identity: &Identity, proof: Proof) -> Result<()> {
        let id = identity.standing.me.account.id;
        let look = move |connection: &Connection| -> std::result::Result<bool, StoreError> {
            let overview = find_overview(connection, id)?;
            let has_password = !store::find_password(connection, id)?.password_hash.is_empty();
            Ok(has_password || overview.totp_confirmed_at_ms.is_some() || overview.recovery_codes > 0)
        };
        if self.control.read(look).await? { self.prove(identity, proof).await } else { Ok(()) }
    }

    /// Checks that it is the owner of the account who changes how it is signed in to: by a code, or the password.
    pub async fn prove(&self, identity: &Identity, proof: Proof) -> Result<()> {
        let id = identity.standing.me.account.id;
        let is_filled = |text: &String| !text.trim().is_empty();
        let mut code = proof.code.filter(is_filled);
        if code.is_none() {
            let find = move |connection: &Connection| store::find_credentials_of(connection, id);
            if !self.control.read(find).await?.password_hash.is_empty() {
                return self.prove_password(identity, proof.password, "password").await;
            }
            // One field asks for either: where there is no password, what was typed is a code.
            code = proof.password.filter(is_filled);
        }
        let Some(code) = code else {
            return Err(Error::invalid_field("code", "this needs a code of your authenticator, or a recovery code"));
        };
        let attempt = self.take_proof(identity, &format!("code of {id}"))?;
        let (chain, keyring, who) = (self.audit.clone(), self.keyring.clone(), identity.who());
        let email = identity.standing.me.account.email.clone();
        let take = move |tx: &Tx<'_>| -> Result<bool> {
            let shown = take_code(tx, &keyring, id, &code)?;
            note_recovery(tx, &chain, who, (shown, id, email))?;
            Ok(shown.is_some())
        };
        if !self.control.write(take).await? {
            self.note_wrong_proof(identity).await?;
            return Err(Error::invalid_field("code", "this code is wrong, or was used already"));
        }
        self.accept_proof(attempt);
        Ok(())
    }
}

/// What is asked for once more inside a session: an attempt at it.
#[must_use]
pub(super) struct ProofAttempt {
    caller: IpAddr,
    subject: String,
    via_id: Uuid,
}

impl AppInner {
    /// Counts an attempt, of the address and of the session, before it is looked at.
    pub(super) fn take_proof(&self, identity: &Identity, subject: &str) -> Result<ProofAttempt> {
        let (caller, via_id) = (identity.client.caller(), identity.standing.via_id());
        self.take_attempt(caller, subject)?;
        self.wrong_proofs.take(via_id, self.clock.now_ms()).map_err(too_many_attempts)?;
        Ok(ProofAttempt { caller, subject: subject.to_owned(), via_id })
    }

    /// It was right.
    pub(super) fn accept_proof(&self, ProofAttempt { caller, subject, via_id }: ProofAttempt) {
        self.attempts.forgive(caller, &subject);
        self.wrong_proofs.give_back(via_id);
    }

    /// It was wrong: somebody else may sit before an open session, which is worth a line.
    pub(super) async fn note_wrong_proof(&self, identity: &Identity) -> Result<()> {
        let (chain, entry) = (self.audit.clone(), entry(identity, "proof.refused"));
        Ok(self.control.write(move |tx| chain.append(tx, entry)).await?)
    }
}

fn entry(identity: &Identity, action: &str) -> Entry {
    let account = &identity.standing.me.account;
    Entry::new(identity.who(), action, Record::new("account", &account.id, account.email.clone()))
}

/// A recovery code is used when something is wrong: that is worth a line.
fn note_recovery(
    tx: &Tx<'_>,
    chain: &Chain,
    who: Who,
    (shown, id, email): (Option<Shown>, AccountId, String),
) -> Result<()> {
    if shown == Some(Shown::RecoveryCode) {
        chain.append(tx, Entry::new(who, "recovery_code.used", Record::new("account", &id, email)))?;
    }
    Ok(())
}

fn take_step(
    tx: &Tx<'_>,
    (chain, keyring, wrong_codes): (&Chain, &Keyring, &WrongCodes),
    client: &Client,
    (token, code): (&str, &str),
) -> Result<Step> {
    let found = one_time::attempt::<()>(tx, SECOND_FACTOR, token)?;
    let Some(account_id) = found.and_then(|found| found.account_id) else { return Ok(Step::Ended) };
    let known = store::find_by_id(tx.connection(), account_id)?.filter(|known| !known.is_disabled);
    let Some(known) = known else { return Ok(Step::Ended) };
    if let Some(wait_s) = wrong_codes.wait_s(account_id.uuid(), tx.now_ms())
        && !is_known_address(tx.connection(), account_id, client.caller())?
    {
        return Ok(Step::Closed(wait_s));
    }
    let shown = take_code(tx, keyring, account_id, code)?;
    if shown.is_none() {
        wrong_codes.note(account_id.uuid(), tx.now_ms());
        // Not an error, which would take the counted attempt back.
        chain.append(tx, refused_entry(client, Some((account_id, known.email))))?;
        return Ok(Step::Wrong);
    }
    let who = Who { actor: format!("account:{account_id}"), name: known.email.clone(), address: client.address_text() };
    note_recovery(tx, chain, who, (shown, account_id, known.email))?;
    one_time::revoke(tx, SECOND_FACTOR, account_id)?;
    Ok(Step::Right(store::find_credentials_of(tx.connection(), account_id)?))
}

/// Whether a session of the account was used from the caller's address, or network of addresses.
fn is_known_address(connection: &Connection, id: AccountId, caller: IpAddr) -> std::result::Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT address FROM session WHERE account_id = ?1")?;
    let addresses = statement.query_map([id], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let caller = Network::of_caller(caller);
    Ok(addresses.iter().filter_map(|text| text.parse().ok()).any(|known| Network::of_caller(known) == caller))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_long_and_all_different() {
        let codes: std::collections::BTreeSet<String> = (0..200).map(|_number| random_recovery_code()).collect();
        assert_eq!(codes.len(), 200);
        for code in codes {
            assert_eq!(code.replace('-', "").len(), CODE_LETTERS, "{code}");
            assert_eq!(code.split('-').count(), 4, "{code}");
            assert!(!code.contains(['o', '0', 'i', 'l']), "{code}");
        }
    }
}
