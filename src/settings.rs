//! What an administrator sets in the interface: who may register, and the server that sends our mail.
//!
//! Kept in `control.db`, one row of JSON per setting, because it changes while the program runs and belongs to the
//! appliance's backup. Secrets in it are sealed and never leave it again. Rejected: keys of the configuration file, which
//! an administrator without a shell cannot change and which would hold a password in the clear.
//!
//! The mail server's address is not checked against private networks: only the appliance's administrator sets it, and a
//! mail server beside the appliance is the usual case.

pub mod api;
pub mod smtp;

use rusqlite::{Connection, OptionalExtension};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::{Error, Tx};

/// Row of the registration mode.
const REGISTRATION: &str = "registration";

/// Who may register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Whoever has an address.
    Open,
    /// Whoever was invited.
    #[default]
    Invitation,
    /// Nobody.
    Closed,
}

/// Who may register.
pub fn find_registration(connection: &Connection) -> Result<Registration, Error> {
    Ok(find(connection, REGISTRATION)?.unwrap_or_default())
}

/// Sets who may register.
pub fn update_registration(tx: &Tx<'_>, registration: Registration) -> Result<(), Error> {
    update(tx, REGISTRATION, &registration)
}

/// One setting; `None` if nobody set it.
pub fn find<T: DeserializeOwned>(connection: &Connection, name: &str) -> Result<Option<T>, Error> {
    let sql = "SELECT value FROM setting WHERE name = ?1";
    let text: Option<String> = connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?;
    let value = text.map(|text| serde_json::from_str(&text)).transpose();
    value.map_err(|error| {
        Error::Sqlite(rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
    })
}

/// Sets one setting.
pub fn update<T: Serialize>(tx: &Tx<'_>, name: &str, value: &T) -> Result<(), Error> {
    let text = serde_json::to_string(value)
        .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    let sql = "INSERT OR REPLACE INTO setting (name, value, updated_at_ms) VALUES (?1, ?2, ?3)";
    tx.connection().execute(sql, (name, text, tx.now_ms()))?;
    Ok(())
}

/// Forgets one setting.
pub fn delete(tx: &Tx<'_>, name: &str) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM setting WHERE name = ?1", [name])?;
    Ok(())
}
