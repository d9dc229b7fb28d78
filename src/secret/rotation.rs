//! Changing the master key: everything the former key sealed is sealed with the new one, then the former key goes.
//!
//! Each step can be repeated: what the key in force sealed is left alone. The former key is forgotten only when nothing is
//! found that it sealed, so a kind of secret nobody thought of here stops the rotation instead of being lost. An audit log
//! is sealed anew only if its end fits the former seal: a forged one does not become genuine.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rusqlite::Connection;
use serde_json::Value;

use super::{Keyring, SealError};
use crate::audit::{self, Chain, verify};
use crate::store::{Error, Tx};

/// Why a file could not be sealed anew.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A secret does not open with any key there is.
    #[error("{0} does not open with any of the keys")]
    Lost(String, #[source] SealError),
    /// An audit log does not end as it was sealed.
    #[error("the end of the audit log does not fit its seal: run `salesbrain audit verify`")]
    Forged,
    /// Something is still sealed with the former key.
    #[error("{0} is still sealed with the former key, which therefore stays")]
    Left(String),
    /// The file could not be read or written.
    #[error("the data cannot be read or stored")]
    Store(#[from] Error),
}

impl From<rusqlite::Error> for RotationError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Base64 as it is read: with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Base64 as it was written without padding.
const BASE64_PLAIN: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_encode_padding(false));

/// Seals everything in `control.db` anew, its audit log included; answers how many secrets there were.
pub fn reseal_control(tx: &Tx<'_>, keyring: &Keyring) -> Result<usize, RotationError> {
    let mut count = reseal_column(tx, keyring, ("account", "totp_secret", "account.totp:"))?;
    count += reseal_column(tx, keyring, ("mail", "body", "mail:"))?;
    count += reseal_settings(tx, keyring)?;
    reseal_log(tx, &Chain::of_appliance(keyring))?;
    Ok(count)
}

/// Seals the end of an organization's audit log anew.
pub fn reseal_log(tx: &Tx<'_>, chain: &Chain) -> Result<(), RotationError> {
    if let Some(head) = verify::find_head(tx.connection())?
        && !chain.is_sealed(head.sequence, &head.hash, &head.seal)
    {
        return Err(RotationError::Forged);
    }
    Ok(audit::reseal(tx, chain)?)
}

/// Rows with a sealed value in a column, bound to the row's id.
fn reseal_column(
    tx: &Tx<'_>,
    keyring: &Keyring,
    (table, column, context): (&str, &str, &str),
) -> Result<usize, RotationError> {
    let mut statement =
        tx.connection().prepare(&format!("SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL"))?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    let rows: Vec<([u8; 16], Vec<u8>)> = rows.collect::<rusqlite::Result<_>>()?;
    let mut count = 0;
    for (id, sealed) in rows {
        let place = format!("{context}{}", uuid::Uuid::from_bytes(id));
        let anew = keyring.reseal(&place, &sealed).map_err(|error| RotationError::Lost(place, error))?;
        if let Some(anew) = anew {
            let sql = format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1");
            tx.connection().execute(&sql, (id.as_slice(), anew))?;
            count += 1;
        }
    }
    Ok(count)
}

/// The settings with secrets in them.
fn reseal_settings(tx: &Tx<'_>, keyring: &Keyring) -> Result<usize, RotationError> {
    let mut count = 0;
    for (name, text) in list_settings(tx.connection())? {
        let Ok(mut value) = serde_json::from_str::<Value>(&text) else { continue };
        let changed = match name.as_str() {
            "smtp" => reseal_text(keyring, "setting.smtp:password", value.get_mut("password"))?,
            "providers" => {
                let mut changed = 0;
                for provider in value.as_array_mut().into_iter().flatten() {
                    let id = provider.get("id").and_then(Value::as_str).unwrap_or("").to_owned();
                    changed += reseal_text(keyring, &format!("provider:{id}"), provider.get_mut("secret"))?;
                }
                changed
            }
            _ => 0,
        };
        if changed > 0 {
            tx.connection().execute("UPDATE setting SET value = ?2 WHERE name = ?1", (name, value.to_string()))?;
            count += changed;
        }
    }
    Ok(count)
}

/// A sealed secret in Base64, written as it was before.
fn reseal_text(keyring: &Keyring, context: &str, value: Option<&mut Value>) -> Result<usize, RotationError> {
    let Some(value) = value else { return Ok(0) };
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { return Ok(0) };
    let lost = |error| RotationError::Lost(context.to_owned(), error);
    let sealed = BASE64.decode(text).map_err(|_not_base64| lost(SealError))?;
    let Some(anew) = keyring.reseal(context, &sealed).map_err(lost)? else { return Ok(0) };
    let is_padded = text.len().is_multiple_of(4);
    *value = Value::String(if is_padded { BASE64.encode(anew) } else { BASE64_PLAIN.encode(anew) });
    Ok(1)
}

fn list_settings(connection: &Connection) -> Result<Vec<(String, String)>, RotationError> {
    let mut statement = connection.prepare("SELECT name, value FROM setting")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Looks through every column of bytes and every setting for something the former key sealed.
pub fn check_nothing_left(connection: &Connection, keyring: &Keyring) -> Result<(), RotationError> {
    let sql = "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
               WHERE t.type = 'table' AND c.type = 'BLOB' AND t.name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql)?;
    let columns = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let columns: Vec<(String, String)> = columns.collect::<rusqlite::Result<_>>()?;
    for (table, column) in columns {
        let mut statement =
            connection.prepare(&format!("SELECT substr({column}, 1, 8) FROM {table} WHERE length({column}) > 40"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if keyring.is_former(&row.get::<_, Vec<u8>>(0)?) {
                return Err(RotationError::Left(format!("{table}.{column}")));
            }
        }
    }
    for (name, text) in list_settings(connection)? {
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        if holds_former(&value, keyring) {
            return Err(RotationError::Left(format!("the setting {name}")));
        }
    }
    Ok(())
}

fn holds_former(value: &Value, keyring: &Keyring) -> bool {
    match value {
        Value::String(text) => BASE64.decode(text).is_ok_and(|bytes| keyring.is_former(&bytes)),
        Value::Array(values) => values.iter().any(|value| holds_former(value, keyring)),
        Value::Object(values) => values.values().any(|value| holds_former(value, keyring)),
        _ => false,
    }
}
