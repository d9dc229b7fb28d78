//! From the first factor to the session: who has a second factor must show it first.
//!
//! Every way to sign in ends here. A password, a link sent by mail and an identity at another service are first factors;
//! a passkey that checked its owner is both at once and starts the session itself.

use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::Session;
use super::one_time;
use super::session::{Client, SignedIn, overtaken};
use super::store::{self, Credentials};
use crate::app::AppInner;
use crate::error::Result;
use crate::id::{AccountId, SessionId};
use crate::store::{Error as StoreError, Tx};

/// Kind of the token between the two factors.
pub const SECOND_FACTOR: &str = "second_factor";
/// How long the second factor may take.
const SECOND_FACTOR_MS: i64 = 10 * 60 * 1_000;

/// A second factor an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A code of an authenticator.
    Totp,
    /// A passkey.
    Passkey,
    /// A recovery code.
    RecoveryCode,
}

/// What the second factor is asked with.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecondFactor {
    /// Goes back with the code or the passkey.
    pub token: String,
    /// What the account has.
    pub methods: Vec<Method>,
}

/// The answer to a first factor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SignInAnswer {
    /// Signed in.
    Session(Box<Session>),
    /// The second factor is asked for.
    SecondFactor {
        /// What it is asked with.
        second_factor: SecondFactor,
    },
}

/// Where a first factor leads.
#[derive(Debug)]
pub enum Entered {
    /// Signed in.
    Session(Box<SignedIn>),
    /// The second factor is asked for.
    SecondFactor(SecondFactor),
}

/// The second factors an account has.
pub fn list_methods(connection: &Connection, account_id: AccountId) -> std::result::Result<Vec<Method>, StoreError> {
    let sql = "SELECT totp_confirmed_at_ms IS NOT NULL, EXISTS (SELECT 1 FROM passkey WHERE account_id = ?1),
                   EXISTS (SELECT 1 FROM recovery_code WHERE account_id = ?1)
               FROM account WHERE id = ?1";
    let (has_totp, has_passkey, has_codes): (bool, bool, bool) =
        connection.prepare_cached(sql)?.query_row([account_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    // Recovery codes stand in for another factor, they are none by themselves.
    let has_codes = has_codes && (has_totp || has_passkey);
    let methods = [(Method::Totp, has_totp), (Method::Passkey, has_passkey), (Method::RecoveryCode, has_codes)];
    Ok(methods.into_iter().filter(|(_method, is_there)| *is_there).map(|(method, _)| method).collect())
}

/// Takes every second factor off an account and ends its sessions, which are answered: whoever has the lost device in
/// their hands may be signed in with it. Whoever calls this has checked that it is allowed, and writes it down.
pub fn reset_second_factor(tx: &Tx<'_>, account_id: AccountId) -> std::result::Result<Vec<SessionId>, StoreError> {
    one_time::revoke(tx, SECOND_FACTOR, account_id)?;
    store::delete_second_factors(tx, account_id)?;
    store::revoke_sessions(tx, account_id)
}

impl AppInner {
    /// The first factor was right: asks for the second, or starts a session if the account has none. Refused if the
    /// account has another password by now: setting it ended what was under way, and this would come after.
    pub async fn enter(&self, proven: Credentials, client: &Client) -> Result<Entered> {
        let (asked, proven) = self
            .control
            .write(move |tx| -> Result<_> {
                let methods = list_methods(tx.connection(), proven.account_id)?;
                if methods.is_empty() {
                    return Ok((None, proven));
                }
                if !store::is_in_force(tx.connection(), &proven)? {
                    return Err(overtaken());
                }
                let token = one_time::create(tx, SECOND_FACTOR, Some(proven.account_id), &(), SECOND_FACTOR_MS)?;
                Ok((Some(SecondFactor { token, methods }), proven))
            })
            .await?;
        match asked {
            Some(second_factor) => Ok(Entered::SecondFactor(second_factor)),
            None => Ok(Entered::Session(Box::new(self.start_proven_session(proven, None, client).await?))),
        }
    }
}
