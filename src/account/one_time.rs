//! Secrets that are good for one use: links sent by mail, the step between two factors, ceremonies with a browser.
//!
//! Only a hash is kept. A token ends when it is taken, when its time is over, or after too many wrong tries at what it
//! asks for.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::token::{random_secret, secret_hash};
use crate::id::AccountId;
use crate::store::{Error, Tx};

/// Most tries at what a token asks for, such as a code.
const MOST_ATTEMPTS: i64 = 5;

/// A token with what was kept of it.
#[derive(Debug)]
pub struct OneTime<P> {
    /// Whose it is; `None` if there is no account yet.
    pub account_id: Option<AccountId>,
    /// What was kept with it.
    pub payload: P,
}

/// Makes a token and answers it; it is not kept. Those that have ended are forgotten.
pub fn create<P: Serialize>(
    tx: &Tx<'_>,
    kind: &'static str,
    account_id: Option<AccountId>,
    payload: &P,
    lifetime_ms: i64,
) -> Result<String, Error> {
    let token = random_secret();
    let payload = serde_json::to_string(payload)
        .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    tx.connection().execute("DELETE FROM one_time_token WHERE expires_at_ms <= ?1", [tx.now_ms()])?;
    tx.connection().execute(
        "INSERT INTO one_time_token (token_hash, kind, account_id, payload, created_at_ms, expires_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (secret_hash(&token), kind, account_id, payload, tx.now_ms(), tx.now_ms().saturating_add(lifetime_ms)),
    )?;
    Ok(token)
}

/// Uses a token up; `None` if it is not known, has ended or is of another kind.
pub fn take<P: DeserializeOwned>(tx: &Tx<'_>, kind: &str, token: &str) -> Result<Option<OneTime<P>>, Error> {
    let sql = "DELETE FROM one_time_token WHERE token_hash = ?1 AND kind = ?2 AND expires_at_ms > ?3
               RETURNING account_id, payload";
    read(tx, sql, (secret_hash(token), kind, tx.now_ms()))
}

/// Looks at a token and counts a try; after [`MOST_ATTEMPTS`] of them it is gone. [`take`] it when the try was right.
pub fn attempt<P: DeserializeOwned>(tx: &Tx<'_>, kind: &str, token: &str) -> Result<Option<OneTime<P>>, Error> {
    let hash = secret_hash(token);
    tx.connection()
        .execute("DELETE FROM one_time_token WHERE token_hash = ?1 AND attempts >= ?2", (hash, MOST_ATTEMPTS))?;
    let sql =
        "UPDATE one_time_token SET attempts = attempts + 1 WHERE token_hash = ?1 AND kind = ?2 AND expires_at_ms > ?3
               RETURNING account_id, payload";
    read(tx, sql, (hash, kind, tx.now_ms()))
}

/// Whose a token is, of whatever kind; `None` if it is not known or nobody's. Uses nothing up.
pub fn find_account(connection: &Connection, token: &str) -> Result<Option<AccountId>, Error> {
    let sql = "SELECT account_id FROM one_time_token WHERE token_hash = ?1";
    let found = connection.prepare_cached(sql)?.query_row([secret_hash(token)], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Ends all of an account's tokens of a kind: a newer link makes the older ones worthless.
pub fn revoke(tx: &Tx<'_>, kind: &str, account_id: AccountId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM one_time_token WHERE account_id = ?1 AND kind = ?2", (account_id, kind))?;
    Ok(())
}

fn read<P: DeserializeOwned>(
    tx: &Tx<'_>,
    sql: &str,
    parameters: ([u8; 32], &str, i64),
) -> Result<Option<OneTime<P>>, Error> {
    let found: Option<(Option<AccountId>, String)> =
        tx.connection().query_row(sql, parameters, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((account_id, payload)) = found else { return Ok(None) };
    let payload = serde_json::from_str(&payload).map_err(|error| {
        Error::Sqlite(rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error)))
    })?;
    Ok(Some(OneTime { account_id, payload }))
}
