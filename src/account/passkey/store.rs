//! SQL of passkeys, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use utoipa::ToSchema;
use webauthn_rs::prelude::Passkey as Credential;

use crate::id::{AccountId, PasskeyId};
use crate::store::{Error, Tx};

/// A passkey as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// When it was added, UTC milliseconds.
    pub created_at_ms: i64,
    /// When it last signed in, UTC milliseconds; `null`: never.
    pub last_used_at_ms: Option<i64>,
}

/// A passkey with its key, and whose it is.
#[derive(Debug)]
pub struct Held {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// Its owner.
    pub account_id: AccountId,
    /// Its owner's address.
    pub email: String,
    /// Its owner may not sign in.
    pub is_disabled: bool,
    /// Public key and counter.
    pub credential: Credential,
}

/// An account's passkeys, the oldest first.
pub fn list_passkeys(connection: &Connection, account_id: AccountId) -> Result<Vec<Passkey>, Error> {
    let sql = "SELECT id, name, created_at_ms, last_used_at_ms FROM passkey WHERE account_id = ?1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([account_id], |row| {
        let last_used_at_ms: i64 = row.get(3)?;
        Ok(Passkey {
            id: row.get(0)?,
            name: row.get(1)?,
            created_at_ms: row.get(2)?,
            last_used_at_ms: (last_used_at_ms > 0).then_some(last_used_at_ms),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What an account's authenticators call its passkeys.
pub fn list_credential_ids(connection: &Connection, account_id: AccountId) -> Result<Vec<Vec<u8>>, Error> {
    let sql = "SELECT credential_id FROM passkey WHERE account_id = ?1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([account_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The passkey an authenticator calls by an id.
pub fn find_held(connection: &Connection, credential_id: &[u8]) -> Result<Option<Held>, Error> {
    let sql = "SELECT p.id, p.name, a.id, a.email, a.is_disabled, p.credential
               FROM passkey p JOIN account a ON a.id = p.account_id WHERE p.credential_id = ?1";
    let read = |row: &Row<'_>| {
        let credential = serde_json::from_str(row.get_ref(5)?.as_str()?).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(error))
        })?;
        Ok(Held {
            id: row.get(0)?,
            name: row.get(1)?,
            account_id: row.get(2)?,
            email: row.get(3)?,
            is_disabled: row.get(4)?,
            credential,
        })
    };
    Ok(connection.prepare_cached(sql)?.query_row([credential_id], read).optional()?)
}

fn text_of(credential: &Credential) -> Result<String, Error> {
    serde_json::to_string(credential)
        .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))
}

/// Adds a passkey.
pub fn create_passkey(
    tx: &Tx<'_>,
    account_id: AccountId,
    name: &str,
    credential: &Credential,
) -> Result<Passkey, Error> {
    let (id, created_at_ms) = (PasskeyId::from_uuid(tx.next_uuid()), tx.now_ms());
    tx.connection().execute(
        "INSERT INTO passkey (id, account_id, credential_id, credential, name, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (id, account_id, credential.cred_id().as_slice(), text_of(credential)?, name, created_at_ms),
    )?;
    Ok(Passkey { id, name: name.to_owned(), created_at_ms, last_used_at_ms: None })
}

/// Notes that a passkey signed in, and how far its counter is now.
pub fn touch_passkey(tx: &Tx<'_>, id: PasskeyId, credential: &Credential) -> Result<(), Error> {
    let sql = "UPDATE passkey SET credential = ?2, last_used_at_ms = ?3 WHERE id = ?1";
    tx.connection().execute(sql, (id, text_of(credential)?, tx.now_ms()))?;
    Ok(())
}

/// Renames a passkey.
pub fn update_passkey(tx: &Tx<'_>, id: PasskeyId, name: &str) -> Result<(), Error> {
    tx.connection().execute("UPDATE passkey SET name = ?2 WHERE id = ?1", (id, name))?;
    Ok(())
}

/// Removes a passkey.
pub fn delete_passkey(tx: &Tx<'_>, id: PasskeyId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM passkey WHERE id = ?1", [id])?;
    Ok(())
}
