//! How every audit log ended when it was last looked at, in a file of its own beside `control.db`.
//!
//! The seal of a log lies in the file of the log, so whoever empties a log can take the seal with it; and an organization's
//! file that is gone is at first sight one that nobody has opened. `audit.ends` remembers: the appliance's log and each
//! organization's with the number and hash of its last row, all under one seal, so that no line of it can be taken out.
//! [`super::verify`] holds the logs against it, and an organization it names must be there unless the appliance's log says
//! that it was removed.
//!
//! A running appliance writes it a moment after a log has grown ([`run`]) and once more when it ends. It never says less
//! than it said: a log that became shorter, or another one, keeps its line and is found. The file is made with an empty
//! appliance and by `salesbrain audit accept`, never when it is merely missing, or deleting it would be the way around it.
//! Putting back an older file together with the logs of its time is not found: all of it was right once.
//!
//! Rejected: a line per organization in `control.db`, which is emptied with one statement and cannot vouch for the log in
//! that same file; a line in the transaction of every row, which two files cannot share.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::Chain;
use super::verify::{Head, find_head};
use crate::app::{App, AppInner};
use crate::id::OrganizationId;
use crate::secret::Keyring;
use crate::store::Error;

/// Name of the file in the data folder.
pub const FILE: &str = "audit.ends";
/// The appliance's own log in it.
const APPLIANCE: &str = "appliance";
/// Purpose of the key of its seal, which differs from that of a log's: one must not pass for the other.
const PURPOSE: &str = "salesbrain 2026 audit ends";
/// Pause between two looks at the logs.
const PAUSE: Duration = Duration::from_secs(2);

/// Where a log ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The last row.
    pub sequence: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// Where each log ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    logs: BTreeMap<String, End>,
}

/// Why the file says nothing.
#[derive(Debug, thiserror::Error)]
pub enum EndsError {
    /// It is not there.
    #[error("audit.ends is missing: nobody can say any more how the logs ended (see `salesbrain audit accept`)")]
    Missing,
    /// It is not what this appliance wrote.
    #[error("audit.ends was changed, or is another appliance's")]
    Foreign,
    /// It cannot be read or written.
    #[error("audit.ends cannot be read or written")]
    File(#[from] std::io::Error),
}

/// The file as text.
#[derive(Serialize, Deserialize)]
struct Stored {
    logs: BTreeMap<String, (i64, String)>,
    seal: String,
}

impl Ends {
    /// Where the appliance's own log ended.
    pub fn of_appliance(&self) -> Option<End> {
        self.logs.get(APPLIANCE).copied()
    }

    /// Where an organization's log ended.
    pub fn of_organization(&self, id: OrganizationId) -> Option<End> {
        self.logs.get(&id.to_string()).copied()
    }

    /// The organizations it names.
    pub fn list_organizations(&self) -> Vec<OrganizationId> {
        self.logs.keys().filter_map(|scope| scope.parse().ok()).collect()
    }

    /// Takes the end of a log as it is.
    pub fn set(&mut self, id: Option<OrganizationId>, head: &Head) {
        self.logs.insert(scope(id), End { sequence: head.sequence, hash: head.hash });
    }

    /// Reads the file.
    pub fn read(folder: &Path, keyring: &Keyring) -> Result<Self, EndsError> {
        let text = match std::fs::read(folder.join(FILE)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(EndsError::Missing),
            read => read?,
        };
        let stored: Stored = serde_json::from_slice(&text).map_err(|_malformed| EndsError::Foreign)?;
        let parse = |text: &str| blake3::Hash::from_hex(text).map_err(|_malformed| EndsError::Foreign);
        let mut logs = BTreeMap::new();
        for (scope, (sequence, hash)) in stored.logs {
            logs.insert(scope, End { sequence, hash: *parse(&hash)?.as_bytes() });
        }
        let (ends, seal) = (Self { logs }, parse(&stored.seal)?);
        // Comparing two hashes of this type takes the same time wherever they differ.
        let is_sealed = keyring.derive_all(PURPOSE).iter().any(|key| ends.seal(key) == seal);
        if is_sealed { Ok(ends) } else { Err(EndsError::Foreign) }
    }

    /// Writes the file in one step: after a crash it is the old one or the new one.
    pub fn write(&self, folder: &Path, keyring: &Keyring) -> Result<(), EndsError> {
        let hex = |hash: [u8; 32]| blake3::Hash::from_bytes(hash).to_hex().to_string();
        let logs = self.logs.iter().map(|(scope, end)| (scope.clone(), (end.sequence, hex(end.hash)))).collect();
        let seal = self.seal(&keyring.derive(PURPOSE)).to_hex().to_string();
        let text = serde_json::to_string(&Stored { logs, seal }).map_err(std::io::Error::other)?;
        let (path, beside) = (folder.join(FILE), folder.join("audit.ends.new"));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &path)?;
        Ok(std::fs::File::open(folder)?.sync_all()?)
    }

    fn seal(&self, key: &[u8; 32]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(key);
        for (scope, end) in &self.logs {
            hasher.update(&u64::try_from(scope.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(scope.as_bytes());
            hasher.update(&end.sequence.to_le_bytes());
            hasher.update(&end.hash);
        }
        hasher.finalize()
    }

    /// Takes the end of a log that has grown; `false` if it is not the log it was.
    fn advance(&mut self, id: Option<OrganizationId>, chain: &Chain, seen: &Seen) -> bool {
        let known = self.logs.get(&scope(id)).copied();
        let Some(head) = seen.head else { return known.is_none() };
        let is_same = known.is_none_or(|known| known.sequence <= head.sequence && seen.known_hash == Some(known.hash));
        if !is_same || !chain.is_sealed(head.sequence, &head.hash, &head.seal) {
            return false;
        }
        self.set(id, &head);
        true
    }
}

fn scope(id: Option<OrganizationId>) -> String {
    id.map_or_else(|| APPLIANCE.to_owned(), |id| id.to_string())
}

/// What a look at a log showed.
struct Seen {
    head: Option<Head>,
    /// The hash of the row that was the last one before.
    known_hash: Option<[u8; 32]>,
}

fn look(connection: &Connection, known: Option<End>) -> Result<Seen, Error> {
    let known_hash = match known {
        Some(known) => connection
            .prepare_cached("SELECT hash FROM audit WHERE sequence = ?1")?
            .query_row([known.sequence], |row| row.get(0))
            .optional()?,
        None => None,
    };
    Ok(Seen { head: find_head(connection)?, known_hash })
}

/// Whether the appliance's log says that an organization was removed.
pub fn is_removed(connection: &Connection, id: OrganizationId) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM audit WHERE entity_id = ?1 AND action = 'organization.removed')";
    Ok(connection.prepare_cached(sql)?.query_row([id.to_string()], |row| row.get(0))?)
}

/// Makes the file of an appliance in which there is nothing yet.
pub fn create_first(folder: &Path, keyring: &Keyring, control: &Connection) -> Result<(), EndsError> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM account) OR EXISTS (SELECT 1 FROM organization) OR EXISTS (SELECT 1 FROM audit)";
    // What cannot be read is not empty.
    let is_in_use: bool = control.query_row(sql, [], |row| row.get(0)).unwrap_or(true);
    if is_in_use || folder.join(FILE).try_exists()? {
        return Ok(());
    }
    Ends::default().write(folder, keyring)
}

/// Keeps the file while the appliance runs.
#[derive(Default)]
pub struct Keeper {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// As it stands in the file; `None` before the first look.
    ends: Option<Ends>,
    /// The organizations that were open at the last look, and how often they had been written to.
    open: BTreeMap<OrganizationId, u64>,
    /// The organizations whose logs may have grown and whose ends are not written down yet.
    grown: BTreeSet<OrganizationId>,
    /// What was complained about already.
    complaints: Vec<String>,
}

impl State {
    /// Says once that something is wrong; `salesbrain audit verify` says what.
    fn complain(&mut self, what: String) {
        if !self.complaints.contains(&what) {
            tracing::error!(log = what, "an audit log is not as it was: run `salesbrain audit verify`");
            self.complaints.push(what);
        }
    }
}

/// The task, for ever.
pub async fn run(app: App) {
    loop {
        app.keep_audit_ends().await;
        tokio::time::sleep(PAUSE).await;
    }
}

impl AppInner {
    /// Looks at the logs that may have grown and writes down how they end.
    pub async fn keep_audit_ends(&self) {
        if !self.has_room() {
            return;
        }
        let mut state = self.audit_ends.state.lock().await;
        if let Err(error) = self.advance_ends(&mut state).await {
            tracing::warn!(error, "it could not be written down how the audit logs end");
        }
    }

    async fn advance_ends(&self, state: &mut State) -> Result<(), String> {
        let (folder, keyring) = (self.config.data.clone(), self.keyring.clone());
        let known = match state.ends.clone() {
            Some(known) => known,
            None => match Ends::read(&folder, &keyring) {
                Ok(known) => known,
                Err(EndsError::File(error)) => return Err(error.to_string()),
                Err(error) => {
                    state.complain(error.to_string());
                    return Ok(());
                }
            },
        };
        let mut ends = known.clone();
        let chain_of = |error: &Error| crate::error::chain(error);
        let end = ends.of_appliance();
        let seen =
            self.control.read(move |connection| look(connection, end)).await.map_err(|error| chain_of(&error))?;
        if !ends.advance(None, &self.audit, &seen) {
            state.complain(APPLIANCE.to_owned());
        }
        self.note_grown(state);
        let mut unseen = BTreeSet::new();
        for id in state.grown.clone() {
            let end = ends.of_organization(id);
            match self.tenants.read_quietly(id, move |connection| look(connection, end)).await {
                Ok(Some(seen)) if !ends.advance(Some(id), &self.audit_chain(id), &seen) => {
                    state.complain(id.to_string());
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(organization_id = %id, error = chain_of(&error), "not looked at");
                    unseen.insert(id);
                }
            }
        }
        self.forget_removed(&mut ends).await.map_err(|error| chain_of(&error))?;
        if ends != known || state.ends.is_none() {
            let writing = ends.clone();
            let written = tokio::task::spawn_blocking(move || writing.write(&folder, &keyring)).await;
            written.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        }
        state.ends = Some(ends);
        state.grown = unseen;
        Ok(())
    }

    /// Notes the organizations that were written to or closed since the last look.
    fn note_grown(&self, state: &mut State) {
        let open: BTreeMap<OrganizationId, u64> = self
            .tenants
            .list_open()
            .iter()
            .map(|tenant| (tenant.id(), tenant.database().statistics().writes))
            .collect();
        let before = std::mem::replace(&mut state.open, open);
        state.grown.extend(self.tenants.take_closed());
        let written = state.open.iter().filter(|(id, writes)| before.get(*id) != Some(*writes));
        state.grown.extend(written.map(|(id, _writes)| *id));
    }

    /// Forgets the organizations that were removed.
    async fn forget_removed(&self, ends: &mut Ends) -> Result<(), Error> {
        let named = ends.list_organizations();
        let removed = move |connection: &Connection| -> Result<Vec<OrganizationId>, Error> {
            let mut statement =
                connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM organization WHERE id = ?1)")?;
            let mut removed = Vec::new();
            for id in named {
                let is_there: bool = statement.query_row([id], |row| row.get(0))?;
                if !is_there && is_removed(connection, id)? {
                    removed.push(id);
                }
            }
            Ok(removed)
        };
        for id in self.control.read(removed).await? {
            ends.logs.remove(&id.to_string());
        }
        Ok(())
    }
}
