//! Takes an organization in from a file.
//!
//! Everything is unpacked and checked aside; then the folder is renamed into place, and the rows of `control.db` follow in
//! one transaction. Until that, nobody can see it, and what an interrupted import leaves behind is cleared away by the
//! next one, or when the appliance starts. A mark in the folder says that it is of an import; the import holds a lock on
//! it, so that nobody clears away what is being brought in at this moment.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::export::count_tables;
use super::manifest::{DATABASE, FILES, FORMAT, Manifest};
use super::{TransferError, archive, store};
use crate::account::token::{random_secret, secret_hash};
use crate::app::AppInner;
use crate::audit::verify::{self, Fault};
use crate::audit::{Chain, Entry, Record, Who};
use crate::id::{ConnectionId, OrganizationId};
use crate::store::migration::TENANT;
use crate::store::{self as files, Database, Options, Peeked, Tx};

/// In a folder whose import is not over.
const MARK: &str = "importing";

/// What came in.
#[derive(Debug)]
pub struct Imported {
    /// What the file said.
    pub manifest: Manifest,
    /// The new secrets of connections that brought none; shown this once.
    pub secrets: BTreeMap<ConnectionId, String>,
    /// Nobody may administer this appliance.
    pub has_no_administrator: bool,
}

/// A folder that is gone when this goes, unless it was kept.
struct Aside {
    folder: Option<PathBuf>,
    /// Locked as long as this is here.
    _mark: File,
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // What cannot be cleared away now, the next import clears.
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

impl AppInner {
    /// Takes an organization in. Works beside a running appliance.
    pub async fn import_organization(&self, path: &Path) -> Result<Imported, TransferError> {
        let (tenants, path) = (self.config.data.join("tenants"), path.to_owned());
        let options = Options {
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            readers: 1,
            read_limit_ms: self.config.read_limit_ms,
            max_pages: None,
        };
        let (control, keyring, reserve) = (self.control.clone(), self.keyring.clone(), self.config.disk_reserve_bytes);
        let unpack = move || -> Result<(Manifest, Aside, PathBuf), TransferError> {
            let (manifest, aside) = unpack(&path, &tenants, reserve, |manifest| {
                let id = manifest.organization.id;
                control.read_blocking(move |connection| Ok(store::find_organization(connection, id)?.is_some()))
            })?;
            let folder = aside.folder.clone().unwrap_or_default();
            check_database(&folder.join(DATABASE), &manifest)?;
            let chain = Chain::of_organization(&keyring, manifest.organization.id);
            seal(&folder.join(DATABASE), chain, &manifest, &options)?;
            let place = tenants.join(manifest.organization.id.to_string());
            Ok((manifest, aside, place))
        };
        let unpacked = tokio::task::spawn_blocking(unpack).await.map_err(|_join_error| TransferError::CutShort)?;
        let (manifest, aside, place) = unpacked?;
        let aside = put_in_place(aside, &place)?;
        let secrets = self.new_secrets(&manifest).await?;
        let has_no_administrator = self.store_rows(&manifest, &secrets).await?;
        finish(aside, &place)?;
        Ok(Imported { manifest, secrets, has_no_administrator })
    }

    /// A secret for every connection that brings none and is made here.
    async fn new_secrets(&self, manifest: &Manifest) -> Result<BTreeMap<ConnectionId, String>, TransferError> {
        let without: Vec<ConnectionId> =
            manifest.connections.iter().filter(|row| row.secret_hash.is_none()).map(|row| row.id).collect();
        let choose = move |connection: &rusqlite::Connection| -> Result<_, TransferError> {
            let mut secrets = BTreeMap::new();
            for id in without {
                if !store::is_shared_here(connection, id)? {
                    secrets.insert(id, random_secret());
                }
            }
            Ok(secrets)
        };
        self.control.read(choose).await
    }

    /// The rows of `control.db`, in one transaction; answers whether nobody administers the appliance.
    async fn store_rows(
        &self,
        manifest: &Manifest,
        secrets: &BTreeMap<ConnectionId, String>,
    ) -> Result<bool, TransferError> {
        let hashes: BTreeMap<ConnectionId, [u8; 32]> =
            secrets.iter().map(|(id, secret)| (*id, secret_hash(secret))).collect();
        let (manifest, keyring, chain) = (manifest.clone(), self.keyring.clone(), self.audit.clone());
        let work = move |tx: &Tx<'_>| -> Result<bool, TransferError> {
            store::create_all(tx, &manifest, &store::NewSecrets { connections: &hashes, keyring: &keyring })?;
            chain.append(tx, imported_entry(&manifest))?;
            let sql = "SELECT NOT EXISTS (SELECT 1 FROM account WHERE staff_role = 'sb_admin' AND is_disabled = 0)";
            Ok(tx.connection().query_row(sql, [], |row| row.get(0))?)
        };
        self.control.write(work).await
    }
}

fn imported_entry(manifest: &Manifest) -> Entry {
    let organization = &manifest.organization;
    let record = Record::new("organization", &organization.id, organization.name.clone());
    let after = json!({ "program": manifest.program, "exported_at_ms": manifest.created_at_ms });
    Entry::new(Who::command_line(), "organization.imported", record).changed(json!({}), after)
}

/// Unpacks a file aside, if there is room and nothing with the same id.
fn unpack(
    path: &Path,
    tenants: &Path,
    reserve_bytes: u64,
    is_there: impl Fn(&Manifest) -> Result<bool, TransferError>,
) -> Result<(Manifest, Aside), TransferError> {
    let mut reader = archive::open(path)?;
    let mut entries = archive::entries(&mut reader).map_err(TransferError::file(path))?;
    let manifest = archive::read_manifest(entries.next())?;
    check_manifest(&manifest)?;
    let check_absent = || {
        if is_there(&manifest)? {
            return Err(TransferError::Exists(format!("organization {} is there already", manifest.organization.id)));
        }
        Ok(())
    };
    check_absent()?;
    let aside = make_aside(tenants, &manifest, reserve_bytes, check_absent)?;
    archive::unpack(entries, &manifest, &aside.folder.clone().unwrap_or_default())?;
    Ok((manifest, aside))
}

/// The folder to unpack into, with its mark held.
fn make_aside(
    tenants: &Path,
    manifest: &Manifest,
    reserve_bytes: u64,
    check_absent: impl FnOnce() -> Result<(), TransferError>,
) -> Result<Aside, TransferError> {
    std::fs::create_dir_all(tenants).map_err(TransferError::file(tenants))?;
    let _turn = take_turn(tenants).map_err(TransferError::file(tenants))?;
    clear_left_over(tenants, manifest, check_absent)?;
    check_room(tenants, manifest, reserve_bytes)?;
    let folder = tenants.join(format!("{}.importing", manifest.organization.id));
    std::fs::create_dir_all(folder.join(FILES)).map_err(TransferError::file(&folder))?;
    let mark = File::create(folder.join(MARK)).map_err(TransferError::file(&folder))?;
    mark.lock().map_err(TransferError::file(&folder))?;
    Ok(Aside { folder: Some(folder), _mark: mark })
}

/// Held while folders are cleared away, and from the making of a mark until it is held: nobody takes a mark between.
fn take_turn(tenants: &Path) -> std::io::Result<File> {
    let turn = File::open(tenants)?;
    turn.lock()?;
    Ok(turn)
}

/// The mark of a folder.
enum Mark {
    /// It bears none.
    Absent,
    /// An import holds it.
    Held,
    /// Nobody held it; we do now.
    Taken(File),
}

fn take_mark(folder: &Path) -> std::io::Result<Mark> {
    let mark = match File::open(folder.join(MARK)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Mark::Absent),
        opened => opened?,
    };
    if mark.try_lock().is_err() {
        return Ok(Mark::Held);
    }
    // The import may have ended between: then the mark we hold is gone, and the folder is an organization's.
    Ok(if folder.join(MARK).try_exists()? { Mark::Taken(mark) } else { Mark::Absent })
}

fn check_manifest(manifest: &Manifest) -> Result<(), TransferError> {
    if manifest.format != FORMAT {
        return Err(TransferError::refused(format!("its form {} is not known to this program", manifest.format)));
    }
    if !manifest.files.contains_key(DATABASE) {
        return Err(TransferError::refused(format!("it holds no {DATABASE}")));
    }
    match manifest.files.keys().find(|name| !archive::is_allowed(name)) {
        Some(name) => Err(TransferError::refused(format!("{name:?} is no place for a file"))),
        None => Ok(()),
    }
}

/// Clears away what an interrupted import of the same organization left behind. A folder without the mark is not ours to
/// delete, nor one whose mark another import holds.
fn clear_left_over(
    tenants: &Path,
    manifest: &Manifest,
    check_absent: impl FnOnce() -> Result<(), TransferError>,
) -> Result<(), TransferError> {
    let id = manifest.organization.id;
    let (place, aside) = (tenants.join(id.to_string()), tenants.join(format!("{id}.importing")));
    let marks = [&place, &aside].map(|folder| take_mark(folder).map_err(TransferError::file(folder)));
    let [of_place, of_aside] = marks;
    let (of_place, of_aside) = (of_place?, of_aside?);
    if matches!(of_place, Mark::Held) || matches!(of_aside, Mark::Held) {
        return Err(TransferError::Exists(format!("organization {id} is being imported at this moment")));
    }
    let is_marked = matches!(of_place, Mark::Taken(_));
    if place.try_exists().map_err(TransferError::file(&place))? && !is_marked {
        return Err(TransferError::Exists(format!("the folder {} is there already", place.display())));
    }
    // Once more: an import may have stored its rows since, and been cut short before it took its mark away.
    check_absent()?;
    for folder in [place, aside] {
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(TransferError::file(&folder)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_room(tenants: &Path, manifest: &Manifest, reserve_bytes: u64) -> Result<(), TransferError> {
    let needed = manifest.files.values().fold(reserve_bytes, |sum, file| sum.saturating_add(file.bytes));
    let statistics = rustix::fs::statvfs(tenants).map_err(|error| TransferError::file(tenants)(error.into()))?;
    let free = statistics.f_bavail.saturating_mul(statistics.f_frsize);
    if free < needed {
        return Err(TransferError::refused(format!("it needs {needed} bytes of disk and {free} are free")));
    }
    Ok(())
}

/// Holds the database against itself and against the manifest.
fn check_database(path: &Path, manifest: &Manifest) -> Result<(), TransferError> {
    files::migration::bring_up_to_date(path, &TENANT)?;
    // Who sealed the end cannot be known here; that it is the end of this chain can.
    let chain = Chain::of_nobody();
    let check = |connection: &rusqlite::Connection| -> Result<_, TransferError> {
        if let Some(finding) = files::check_whole(connection)? {
            return Err(TransferError::refused(format!("{DATABASE} is damaged: {finding}")));
        }
        Ok((verify::verify(connection, &chain, None)?, count_tables(connection)?))
    };
    let Peeked::Read((report, counts)) = files::peek(path, &TENANT, None, check)? else {
        return Err(TransferError::refused(format!("{DATABASE} cannot be read")));
    };
    if let Some(finding) = report.findings.iter().find(|finding| finding.fault != Fault::Foreign) {
        return Err(TransferError::refused(format!("its audit log is not whole: {}", finding.detail)));
    }
    let found = report.head.map(|head| (head.sequence, head.hash));
    let said = manifest.audit.as_ref().map(|end| Some((end.sequence, store::parse_hash(&end.hash)?)));
    if said.unwrap_or_default() != found {
        return Err(TransferError::refused("its audit log does not end as the manifest says"));
    }
    match manifest.counts.iter().find(|(table, count)| counts.get(*table) != Some(count)) {
        Some((table, count)) => Err(TransferError::refused(format!("{table} does not hold {count} rows"))),
        None => Ok(()),
    }
}

/// Seals the end of the log for this appliance, and writes down that the organization came in.
fn seal(path: &Path, chain: Chain, manifest: &Manifest, options: &Options) -> Result<(), TransferError> {
    let database = Database::open(path, &TENANT, options)?;
    let entry = imported_entry(manifest);
    database.write_blocking(move |tx| -> Result<(), files::Error> {
        crate::audit::reseal(tx, &chain)?;
        chain.append(tx, entry)
    })?;
    Ok(())
}

/// Renames the folder to where it belongs. The mark stays in it until the rows are there.
fn put_in_place(mut aside: Aside, place: &Path) -> Result<Aside, TransferError> {
    let folder = aside.folder.clone().unwrap_or_default();
    std::fs::rename(&folder, place).map_err(TransferError::file(place))?;
    aside.folder = Some(place.to_owned());
    sync_parent(place)?;
    Ok(aside)
}

/// The organization is there: the folder stays.
fn finish(mut aside: Aside, place: &Path) -> Result<(), TransferError> {
    aside.folder = None;
    std::fs::remove_file(place.join(MARK)).map_err(TransferError::file(place))
}

fn sync_parent(place: &Path) -> Result<(), TransferError> {
    let Some(parent) = place.parent() else { return Ok(()) };
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(TransferError::file(parent))
}

impl AppInner {
    /// Clears away what imports that were cut short left behind; when the appliance starts.
    pub async fn clear_interrupted_imports(&self) {
        let (tenants, control) = (self.config.data.join("tenants"), self.control.clone());
        let clear = move || {
            let _turn = take_turn(&tenants);
            for entry in std::fs::read_dir(tenants).into_iter().flatten().flatten() {
                let (folder, name) = (entry.path(), entry.file_name());
                let name = name.to_string_lossy();
                let id = name.split('.').next().and_then(|id| id.parse::<OrganizationId>().ok());
                let Some(id) = id else { continue };
                let is_of_organization = || {
                    let found = control.read_blocking(move |connection| store::find_organization(connection, id));
                    // Only what is certainly nobody's.
                    found.ok().map(|known| known.is_some() && !name.contains('.'))
                };
                if let Err(error) = clear_marked(&folder, is_of_organization) {
                    tracing::warn!(folder = %folder.display(), %error, "an import that was cut short could not be cleared away");
                }
            }
        };
        if let Err(error) = tokio::task::spawn_blocking(clear).await {
            tracing::error!(%error, "imports that were cut short were not cleared away");
        }
    }
}

/// Clears a folder away if it bears the mark and nobody holds it; of one whose organization is there only the mark goes.
/// Whose it is, is asked when the mark is held: until then an import may store its rows.
fn clear_marked(folder: &Path, is_of_organization: impl FnOnce() -> Option<bool>) -> std::io::Result<()> {
    let Mark::Taken(_mark) = take_mark(folder)? else { return Ok(()) };
    match is_of_organization() {
        None => Ok(()),
        Some(true) => std::fs::remove_file(folder.join(MARK)),
        Some(false) => {
            tracing::info!(folder = %folder.display(), "an import that was cut short is cleared away");
            std::fs::remove_dir_all(folder)
        }
    }
}
