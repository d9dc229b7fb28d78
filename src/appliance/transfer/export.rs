//! Writes an organization into a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::json;

use super::manifest::{AuditEnd, DATABASE, FILES, FORMAT, FileRow, Manifest};
use super::{TransferError, archive, store};
use crate::app::AppInner;
use crate::audit::{Entry, Record, Who, delivery, verify};
use crate::id::OrganizationId;
use crate::secret::Keyring;
use crate::store::migration::TENANT;
use crate::store::{self as files, Peeked, Tx};

/// Whether what people and programs sign in with is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// It is not.
    Left,
    /// It is: whoever has the file has them.
    Included,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
}

impl AppInner {
    /// Writes an organization into a new file. Works beside a running appliance: `tenant.db` is one snapshot.
    pub async fn export_organization(
        &self,
        id: OrganizationId,
        path: &Path,
        secrets: Secrets,
    ) -> Result<Exported, TransferError> {
        let note = move |tx: &Tx<'_>| -> Result<(), TransferError> {
            let found = store::find_organization(tx.connection(), id)?.ok_or(TransferError::Unknown)?;
            let entry =
                Entry::new(Who::command_line(), "organization.exported", Record::new("organization", &id, found.name));
            delivery::defer(tx, id, entry.changed(json!({}), json!({ "has_secrets": secrets == Secrets::Included })))?;
            Ok(())
        };
        self.control.write(note).await?;
        let (keyring, now_ms) = (self.keyring.clone(), self.clock.now_ms());
        // Before the file: a row that is carried over meanwhile is then in both, and known by its id.
        let manifest = self
            .control
            .read(move |connection| {
                describe(connection, id, (secrets == Secrets::Included).then_some(&keyring), now_ms)
            })
            .await?;
        let (folder, path) = (self.config.data.join("tenants").join(id.to_string()), path.to_owned());
        let work = move || write(&folder, &path, manifest);
        tokio::task::spawn_blocking(work).await.map_err(|_join_error| TransferError::CutShort)?
    }
}

/// What `control.db` knows of it.
fn describe(
    connection: &Connection,
    id: OrganizationId,
    secrets: Option<&Keyring>,
    now_ms: i64,
) -> Result<Manifest, TransferError> {
    Ok(Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        created_at_ms: now_ms,
        organization: store::find_organization(connection, id)?.ok_or(TransferError::Unknown)?,
        roles: store::list_roles(connection, id)?,
        members: store::list_members(connection, id, secrets)?,
        connections: store::list_connections(connection, id, secrets.is_some())?,
        api_keys: if secrets.is_some() { store::list_api_keys(connection, id)? } else { Vec::new() },
        waiting_audit: store::list_waiting_audit(connection, id)?,
        counts: BTreeMap::new(),
        audit: None,
        files: BTreeMap::new(),
    })
}

/// Files that are gone when this goes, however the work ends.
struct Scratch(Vec<PathBuf>);

impl Drop for Scratch {
    fn drop(&mut self) {
        for path in &self.0 {
            // It may never have been made.
            drop(std::fs::remove_file(path));
        }
    }
}

fn write(folder: &Path, path: &Path, mut manifest: Manifest) -> Result<Exported, TransferError> {
    if path.try_exists().map_err(TransferError::file(path))? {
        return Err(TransferError::Exists(format!("{} is there already", path.display())));
    }
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (copy, partial) = (beside(".tenant.db"), beside(".partial"));
    let scratch = Scratch(vec![copy.clone(), partial.clone()]);
    for left_over in &scratch.0 {
        drop(std::fs::remove_file(left_over));
    }
    copy_database(&folder.join(DATABASE), &copy, &mut manifest)?;
    let mut sources = vec![(DATABASE.to_owned(), copy.clone())];
    list_files(&folder.join(FILES), FILES, &mut sources)?;
    manifest.files = sources
        .iter()
        .map(|(name, source)| Ok((name.clone(), archive::describe(source)?)))
        .collect::<Result<BTreeMap<String, FileRow>, TransferError>>()?;
    let borrowed: Vec<(String, &Path)> =
        sources.iter().map(|(name, source)| (name.clone(), source.as_path())).collect();
    archive::write(&partial, &manifest, &borrowed)?;
    std::fs::rename(&partial, path).map_err(TransferError::file(path))?;
    drop(scratch);
    Ok(Exported { path: path.to_owned(), manifest })
}

/// A snapshot of the database, with what the manifest says of it.
fn copy_database(from: &Path, to: &Path, manifest: &mut Manifest) -> Result<(), TransferError> {
    if from.try_exists().map_err(TransferError::file(from))? {
        files::copy(from, to)?;
    } else {
        // Nobody has opened the organization yet: it is exported with an empty file.
        files::migration::bring_up_to_date(to, &TENANT)?;
    }
    let read = |connection: &Connection| -> Result<_, TransferError> {
        if let Some(finding) = files::check_whole(connection)? {
            return Err(TransferError::refused(format!("tenant.db is damaged: {finding}")));
        }
        Ok((count_tables(connection)?, verify::find_head(connection)?))
    };
    let (counts, head) = match files::peek(to, &TENANT, None, read)? {
        Peeked::Read(read) => read,
        Peeked::Older | Peeked::Missing => {
            return Err(TransferError::refused("tenant.db is of an earlier version: start the appliance once"));
        }
    };
    manifest.counts = counts;
    manifest.audit = head.map(|head| AuditEnd {
        sequence: head.sequence,
        hash: blake3::Hash::from_bytes(head.hash).to_hex().to_string(),
    });
    Ok(())
}

/// Rows of each table.
pub(super) fn count_tables(connection: &Connection) -> Result<BTreeMap<String, i64>, TransferError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut counts = BTreeMap::new();
    for name in names {
        // The name comes from our own schema.
        let count = connection.query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0))?;
        counts.insert(name, count);
    }
    Ok(counts)
}

/// The plain files below a folder with their names in the archive.
fn list_files(folder: &Path, name: &str, found: &mut Vec<(String, PathBuf)>) -> Result<(), TransferError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(TransferError::file(folder)(source)),
    };
    let mut entries: Vec<std::fs::DirEntry> =
        entries.collect::<std::io::Result<_>>().map_err(TransferError::file(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(TransferError::file(folder))?;
        let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            list_files(&entry.path(), &inner, found)?;
        } else if kind.is_file() {
            found.push((inner, entry.path()));
        }
    }
    Ok(())
}
