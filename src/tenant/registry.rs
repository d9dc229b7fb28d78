//! The registry: which organizations are open.
//!
//! `find` opens on demand. A sweep closes what nobody has used for [`IDLE_MS`] and has nothing left to do, so an
//! appliance with many organizations holds only the busy ones in memory; beyond a number of them, those used longest ago
//! are closed sooner, and what they leave undone is worked off when there is room ([`unfinished`]). Each organization has
//! a gate that is shut while it is opened and while it is closed: its folder never has two users, and one that takes long,
//! be it for a migration, keeps nobody waiting but its own people.
//!
//! `remove` closes an organization for good behind the same gate: its folder is renamed before it is deleted, so that what
//! a crash leaves behind is either the whole organization or something nobody opens, and removing is simply repeated.

mod quiet;
mod unfinished;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::{Notify, OwnedMutexGuard};

pub use quiet::Look;

use super::figures::Figures;
use super::{Shared, Tenant, join_all};
use crate::id::OrganizationId;
use crate::store::Error;

/// An organization unused for this long is closed.
const IDLE_MS: i64 = 15 * 60 * 1_000;
/// Pause between two sweeps.
const SWEEP: Duration = Duration::from_mins(1);

/// The open organizations. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    shared: Shared,
    open: RwLock<BTreeMap<OrganizationId, Arc<Tenant>>>,
    gates: Mutex<BTreeMap<OrganizationId, Gate>>,
    is_closed: AtomicBool,
    failed: Mutex<BTreeMap<OrganizationId, String>>,
    /// Removed in this run: a request that was on its way must not make the folder anew.
    removed: Mutex<BTreeSet<OrganizationId>>,
    /// Most that stay open.
    most_open: AtomicUsize,
    measured: Mutex<BTreeMap<OrganizationId, Figures>>,
    has_measured: Notify,
    has_opened: Notify,
    /// Closed with something left to do, and when that is due.
    unfinished: Mutex<BTreeMap<OrganizationId, i64>>,
    has_unfinished: Notify,
    /// Closed since somebody asked last; see [`Registry::take_closed`].
    closed: Mutex<BTreeSet<OrganizationId>>,
}

/// How many more may be open than the limit says, for a while.
const fn beyond(most: usize) -> usize {
    most / 4
}

/// What an organization is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Someone asks for it.
    Request,
    /// It has something to do by itself: the first to be closed when there are too many.
    Work,
}

/// Most organizations that stay open, unless the configuration says otherwise.
const MOST_OPEN: usize = 40;

/// Locked while an organization is opened or closed.
type Gate = Arc<tokio::sync::Mutex<()>>;

impl Registry {
    /// A registry of the organizations below `folder`.
    pub fn new(folder: PathBuf, shared: Shared) -> Self {
        let inner = Inner {
            folder,
            shared,
            open: RwLock::default(),
            gates: Mutex::default(),
            is_closed: AtomicBool::new(false),
            failed: Mutex::default(),
            removed: Mutex::default(),
            most_open: AtomicUsize::new(MOST_OPEN),
            measured: Mutex::default(),
            has_measured: Notify::default(),
            has_opened: Notify::default(),
            unfinished: Mutex::default(),
            has_unfinished: Notify::default(),
            closed: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The organization's handle; opens it if it is closed.
    pub async fn find(&self, id: OrganizationId) -> Result<Arc<Tenant>, Error> {
        if let Some(tenant) = self.find_open(id) {
            return Ok(tenant);
        }
        // A task of its own: who asks may hang up, and the gate must stay shut until the folder is open.
        let registry = self.clone();
        tokio::spawn(async move { registry.open(id, Use::Request).await }).await.unwrap_or(Err(Error::Closed))
    }

    async fn open(&self, id: OrganizationId, used_for: Use) -> Result<Arc<Tenant>, Error> {
        let _shut = self.gate(id).lock_owned().await;
        if let Some(tenant) = self.find_open(id) {
            return Ok(tenant);
        }
        if self.inner.is_closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        if self.lock_removed().contains(&id) {
            self.check_returned(id)?;
        }
        let inner = Arc::clone(&self.inner);
        let open = move || Tenant::open(id, &inner.folder.join(id.to_string()), &inner.shared);
        let opened = tokio::task::spawn_blocking(open).await.map_err(|_join_error| Error::Closed)?;
        self.note_outcome(id, opened.as_ref().err());
        let tenant = opened?;
        if used_for == Use::Work {
            tenant.last_used_at_ms.store(0, Ordering::Relaxed);
        }
        self.forget_unfinished(id);
        self.lock_for_writing().insert(id, Arc::clone(&tenant));
        tracing::info!(organization_id = %id, "organization opened");
        self.inner.has_opened.notify_one();
        self.close_surplus(id).await;
        Ok(tenant)
    }

    /// Closes an organization and deletes its folder; what it held is gone. Nothing is there: that is no error, so this
    /// can be repeated after a crash.
    pub async fn remove(&self, id: OrganizationId) -> Result<(), Error> {
        // A task of its own, as in `find`: half a removal is worse than one nobody waits for.
        let registry = self.clone();
        tokio::spawn(async move { registry.close_and_delete(id).await }).await.unwrap_or(Err(Error::Closed))
    }

    async fn close_and_delete(&self, id: OrganizationId) -> Result<(), Error> {
        let _shut = self.gate(id).lock_owned().await;
        self.lock_removed().insert(id);
        let tenant = self.lock_for_writing().remove(&id);
        if let Some(tenant) = tenant {
            Tenant::close(tenant).await;
        }
        self.note_outcome(id, None);
        self.forget_unfinished(id);
        let folder = self.inner.folder.join(id.to_string());
        let deleted = tokio::task::spawn_blocking(move || delete_folder(&folder)).await;
        deleted.map_err(|_join_error| Error::Closed)??;
        tracing::info!(organization_id = %id, "organization removed");
        Ok(())
    }

    /// Someone put the folder of a removed organization back (an import): it may be opened again.
    fn check_returned(&self, id: OrganizationId) -> Result<(), Error> {
        let file = self.inner.folder.join(id.to_string()).join("tenant.db");
        match file.try_exists() {
            Ok(true) => {
                self.lock_removed().remove(&id);
                Ok(())
            }
            Ok(false) => Err(Error::Closed),
            Err(source) => Err(Error::File { path: file, source }),
        }
    }

    /// The organizations open now.
    pub fn list_open(&self) -> Vec<Arc<Tenant>> {
        self.inner.open.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect()
    }

    /// Closes all, and opens none any more; used at shutdown so that the files are whole before the program ends.
    pub async fn close_all(&self) {
        self.inner.is_closed.store(true, Ordering::Release);
        // Those that are being opened or closed at this moment, too.
        let gates = self.lock_gates().clone();
        let close = |(id, gate): (OrganizationId, Gate)| {
            let registry = self.clone();
            tokio::spawn(async move {
                let _shut = gate.lock_owned().await;
                let tenant = registry.lock_for_writing().remove(&id);
                if let Some(tenant) = tenant {
                    registry.close(tenant).await;
                }
            })
        };
        join_all(gates.into_iter().map(close).collect()).await;
    }

    /// Closes the idle ones, for ever.
    pub async fn sweep(self) {
        loop {
            tokio::time::sleep(SWEEP).await;
            let since_ms = self.inner.shared.options.clock.now_ms().saturating_sub(IDLE_MS);
            self.close_idle(since_ms).await;
        }
    }

    /// Closes those that nobody has used since `since_ms`; answers how many, when their files are closed.
    pub async fn close_idle(&self, since_ms: i64) -> usize {
        let ids: Vec<OrganizationId> = self.list_open().iter().map(|tenant| tenant.id()).collect();
        let mut closing = Vec::new();
        for id in ids {
            // A gate that is shut: someone opens or closes it at this moment.
            let Ok(shut) = self.gate(id).try_lock_owned() else { continue };
            let Some(tenant) = self.remove_if(id, |tenant| tenant.is_idle(since_ms)) else { continue };
            closing.push(tokio::spawn(close_behind(shut, self.clone(), tenant)));
        }
        let count = closing.len();
        join_all(closing).await;
        count
    }

    /// Takes a tenant off the list if no request has it in hand and the condition holds.
    fn remove_if(&self, id: OrganizationId, condition: impl Fn(&Tenant) -> bool) -> Option<Arc<Tenant>> {
        let mut open = self.lock_for_writing();
        // A handle in a request's hands has a second owner.
        let may_go = |tenant: &Arc<Tenant>| Arc::strong_count(tenant) == 1 && condition(tenant);
        if open.get(&id).is_some_and(may_go) { open.remove(&id) } else { None }
    }

    /// The organizations that could not be opened the last time it was tried, with the reason; health reports them.
    pub fn list_failed(&self) -> Vec<(OrganizationId, String)> {
        let failed = self.inner.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.iter().map(|(id, reason)| (*id, reason.clone())).collect()
    }

    fn note_outcome(&self, id: OrganizationId, error: Option<&Error>) {
        let mut failed = self.inner.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            Some(error) => failed.insert(id, crate::error::chain(error)),
            None => failed.remove(&id),
        };
    }

    fn find_open(&self, id: OrganizationId) -> Option<Arc<Tenant>> {
        let open = self.inner.open.read().unwrap_or_else(PoisonError::into_inner);
        let tenant = open.get(&id)?;
        tenant.touch();
        Some(Arc::clone(tenant))
    }

    fn gate(&self, id: OrganizationId) -> Gate {
        Arc::clone(self.lock_gates().entry(id).or_default())
    }

    fn lock_gates(&self) -> std::sync::MutexGuard<'_, BTreeMap<OrganizationId, Gate>> {
        self.inner.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_removed(&self) -> std::sync::MutexGuard<'_, BTreeSet<OrganizationId>> {
        self.inner.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_for_writing(&self) -> RwLockWriteGuard<'_, BTreeMap<OrganizationId, Arc<Tenant>>> {
        self.inner.open.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Renames a folder and deletes it under the new name, which an earlier attempt may have left behind.
fn delete_folder(folder: &Path) -> Result<(), Error> {
    let doomed = folder.with_extension("removed");
    delete_if_there(&doomed)?;
    match std::fs::rename(folder, &doomed) {
        Ok(()) => delete_if_there(&doomed),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::File { path: folder.to_owned(), source }),
    }
}

fn delete_if_there(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { path: folder.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Closes a tenant behind its gate.
async fn close_behind(_shut: OwnedMutexGuard<()>, registry: Registry, tenant: Arc<Tenant>) {
    registry.close(tenant).await;
}
