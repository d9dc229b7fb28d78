//! The audit log: who did what, when, from where, on which record, before and after.
//!
//! Each organization has its log in its own file, the appliance has one in `control.db`; both are chains: each row holds a
//! hash over itself and the row before it, and the end is sealed under the master key ([`Chain`]). How each log ended is
//! also kept outside of it ([`ends`]), so that a log does not vanish together with its seal. An edit, a missing row, rows
//! cut off the end, a log that was emptied and a chain made anew are all found by `salesbrain audit verify`; only putting
//! back the whole data folder as it once was is not, because that was right then.
//!
//! A row is written in the transaction of the change it tells of. Where the change is in `control.db` and the log in the
//! organization's file (a member was invited, a key was made), the row is put down beside the change in `audit_delivery`
//! and carried over by [`crate::app::AppInner::deliver_audit`]; its id makes that safe to repeat.
//!
//! Rejected: the event log as audit log, because that is read by everybody in the organization and holds no addresses and
//! no values from before; a signature per row, which the program could renew as easily as a thief of its key.

pub mod api;
pub mod delivery;
pub mod ends;
pub mod export;
pub mod store;
pub mod verify;

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::id::OrganizationId;
use crate::secret::Keyring;
use crate::store::{Error, Tx};

/// Who did it, as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// `account:<id>`, `api_key:<id>`, `command_line`, `system` or `anonymous`.
    pub actor: String,
    /// The address of the account, the name of the key.
    pub name: String,
    /// Where the request came from; empty if there was none.
    pub address: String,
}

impl Who {
    /// The program itself.
    pub fn system() -> Self {
        Self { actor: "system".to_owned(), name: String::new(), address: String::new() }
    }

    /// Someone with a shell on the machine.
    pub fn command_line() -> Self {
        Self { actor: "command_line".to_owned(), name: String::new(), address: String::new() }
    }
}

/// The record an entry is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// `member`, `api_key`, `conversation`, …
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name as it was then.
    pub name: String,
}

impl Record {
    /// A record with its name.
    pub fn new(kind: &str, id: &impl ToString, name: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), id: id.to_string(), name: name.into() }
    }
}

/// One line to append. Never holds a secret or the text of a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Who did it.
    pub who: Who,
    /// `member.invited` and so on.
    pub action: String,
    /// What it is about.
    pub record: Record,
    /// What changed, as it was; an object, empty if nothing was there.
    pub before: Value,
    /// What changed, as it became; an object, empty if nothing is left.
    pub after: Value,
}

impl Entry {
    /// An entry about something that happened rather than changed.
    pub fn new(who: Who, action: &str, record: Record) -> Self {
        let nothing = || Value::Object(serde_json::Map::new());
        Self { who, action: action.to_owned(), record, before: nothing(), after: nothing() }
    }

    /// Adds what changed.
    #[must_use]
    pub fn changed(self, before: Value, after: Value) -> Self {
        Self { before, after, ..self }
    }
}

/// Entries with what makes them rows, on their way between two files.
#[derive(Debug, Serialize, Deserialize)]
struct Stamped {
    id: Uuid,
    at_ms: i64,
    #[serde(flatten)]
    entry: Entry,
}

/// What a chain starts from.
const START: [u8; 32] = [0; 32];

/// A log: whose it is, and the keys that seal its end.
#[derive(Clone)]
pub struct Chain {
    scope: String,
    keys: Vec<[u8; 32]>,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Chain({})", self.scope)
    }
}

impl Chain {
    /// The appliance's own log, in `control.db`.
    pub fn of_appliance(keyring: &Keyring) -> Self {
        Self { scope: "appliance".to_owned(), keys: keyring.derive_all("salesbrain 2026 audit") }
    }

    /// An organization's log, in its own file.
    pub fn of_organization(keyring: &Keyring, id: OrganizationId) -> Self {
        Self { scope: id.to_string(), keys: keyring.derive_all("salesbrain 2026 audit") }
    }

    /// A log without keys: its rows can be verified, its seal cannot.
    pub fn of_nobody() -> Self {
        Self { scope: String::new(), keys: Vec::new() }
    }

    /// Appends a line in the transaction of the change it tells of.
    pub fn append(&self, tx: &Tx<'_>, entry: Entry) -> Result<(), Error> {
        self.append_stamped(tx, &Stamped { id: tx.next_uuid(), at_ms: tx.now_ms(), entry })
    }

    fn append_stamped(&self, tx: &Tx<'_>, stamped: &Stamped) -> Result<(), Error> {
        let head: Option<(i64, [u8; 32])> = tx
            .connection()
            .prepare_cached("SELECT sequence, hash FROM audit_head WHERE id = 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (last, previous) = head.unwrap_or((0, START));
        let sequence = last.saturating_add(1);
        let row = Row::new(sequence, stamped);
        let hash = row.hash(&previous);
        tx.connection()
            .prepare_cached(
                "INSERT INTO audit (sequence, id, at_ms, actor, actor_name, address, action, entity_kind, entity_id, entity_name,
                     before, after, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(rusqlite::params![
                row.sequence,
                row.id.as_bytes().as_slice(),
                row.at_ms,
                row.actor,
                row.actor_name,
                row.address,
                row.action,
                row.entity_kind,
                row.entity_id,
                row.entity_name,
                row.before,
                row.after,
                hash,
            ])?;
        tx.connection()
            .prepare_cached("INSERT OR REPLACE INTO audit_head (id, sequence, hash, seal) VALUES (1, ?1, ?2, ?3)")?
            .execute((sequence, hash, self.seal(sequence, &hash)))?;
        Ok(())
    }

    /// The seal of a log that ends like this.
    pub fn seal(&self, sequence: i64, hash: &[u8; 32]) -> [u8; 32] {
        self.keys.first().map_or(START, |key| self.seal_with(key, sequence, hash))
    }

    /// Whether one of the master keys sealed a log that ends like this.
    pub fn is_sealed(&self, sequence: i64, hash: &[u8; 32], seal: &[u8; 32]) -> bool {
        self.keys.iter().any(|key| {
            bool::from(subtle::ConstantTimeEq::ct_eq(self.seal_with(key, sequence, hash).as_slice(), seal.as_slice()))
        })
    }

    fn seal_with(&self, key: &[u8; 32], sequence: i64, hash: &[u8; 32]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(self.scope.as_bytes());
        hasher.update(&sequence.to_le_bytes());
        hasher.update(hash);
        *hasher.finalize().as_bytes()
    }
}

/// Seals the end of a log with the key in force, as it is: after the key was changed, or when the log comes from another
/// appliance. The caller has made sure that it is whole.
pub fn reseal(tx: &Tx<'_>, chain: &Chain) -> Result<(), Error> {
    if let Some(head) = verify::find_head(tx.connection())? {
        let seal = chain.seal(head.sequence, &head.hash);
        tx.connection().execute("UPDATE audit_head SET seal = ?1 WHERE id = 1", [seal])?;
    }
    Ok(())
}

/// One row as it is stored, and as its hash is taken over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Position in the chain, from 1, without gaps.
    pub sequence: i64,
    /// Its id.
    pub id: Uuid,
    /// When it happened, UTC milliseconds.
    pub at_ms: i64,
    /// See [`Who::actor`].
    pub actor: String,
    /// See [`Who::name`].
    pub actor_name: String,
    /// See [`Who::address`].
    pub address: String,
    /// `member.invited` and so on.
    pub action: String,
    /// See [`Record::kind`].
    pub entity_kind: String,
    /// See [`Record::id`].
    pub entity_id: String,
    /// See [`Record::name`].
    pub entity_name: String,
    /// JSON of what changed, as it was.
    pub before: String,
    /// JSON of what changed, as it became.
    pub after: String,
}

impl Row {
    fn new(sequence: i64, stamped: &Stamped) -> Self {
        let Entry { who, action, record, before, after } = stamped.entry.clone();
        Self {
            sequence,
            id: stamped.id,
            at_ms: stamped.at_ms,
            actor: who.actor,
            actor_name: who.name,
            address: who.address,
            action,
            entity_kind: record.kind,
            entity_id: record.id,
            entity_name: record.name,
            before: before.to_string(),
            after: after.to_string(),
        }
    }

    /// The hash of the row after one with the hash `previous`. Each text is preceded by its length, so that no two rows
    /// read the same.
    pub fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(previous);
        hasher.update(&self.sequence.to_le_bytes());
        hasher.update(self.id.as_bytes());
        hasher.update(&self.at_ms.to_le_bytes());
        for text in [
            &self.actor,
            &self.actor_name,
            &self.address,
            &self.action,
            &self.entity_kind,
            &self.entity_id,
            &self.entity_name,
            &self.before,
            &self.after,
        ] {
            hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}
