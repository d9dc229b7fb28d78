//! The server that sends our mail.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::secret::Keyring;
use crate::store::{Error as StoreError, Tx};

/// Row of the setting.
const NAME: &str = "smtp";
/// What the password is sealed for.
const PASSWORD_CONTEXT: &str = "setting.smtp:password";

/// How the connection to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS after the greeting, usually port 587; a server without it is not used.
    Starttls,
    /// TLS from the start, usually port 465.
    Tls,
    /// None: for a server on the same machine or network.
    None,
}

/// The setting as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredSmtp {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User name; empty if the server asks for none.
    pub user: String,
    /// How the connection is protected.
    pub security: Security,
    /// Who our mail is from: an address, or `Name <address>`.
    pub from: String,
    /// The sealed password in base64; `None` if there is none.
    pub password: Option<String>,
}

/// The setting as the mailer uses it.
#[derive(Clone)]
pub struct Smtp {
    /// Everything but the password.
    pub stored: StoredSmtp,
    /// The password; empty if there is none.
    pub password: String,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Smtp({}:{})", self.stored.host, self.stored.port)
    }
}

/// The stored setting; `None` if no server is configured.
pub fn find(connection: &Connection) -> std::result::Result<Option<StoredSmtp>, StoreError> {
    super::find(connection, NAME)
}

/// Sets the server.
pub fn update(tx: &Tx<'_>, smtp: &StoredSmtp) -> std::result::Result<(), StoreError> {
    super::update(tx, NAME, smtp)
}

/// Forgets the server.
pub fn delete(tx: &Tx<'_>) -> std::result::Result<(), StoreError> {
    super::delete(tx, NAME)
}

/// Seals a password to store.
pub fn seal_password(keyring: &Keyring, password: &str) -> Result<String> {
    let sealed = keyring.seal(PASSWORD_CONTEXT, password.as_bytes()).map_err(Error::internal)?;
    Ok(STANDARD.encode(sealed))
}

impl StoredSmtp {
    /// Opens the password.
    pub fn open(self, keyring: &Keyring) -> Result<Smtp> {
        let password = match &self.password {
            None => String::new(),
            Some(text) => {
                let sealed = STANDARD.decode(text).map_err(Error::internal)?;
                let opened = keyring.open_sealed(PASSWORD_CONTEXT, &sealed).map_err(Error::internal)?;
                String::from_utf8(opened).map_err(Error::internal)?
            }
        };
        Ok(Smtp { stored: self, password })
    }
}
