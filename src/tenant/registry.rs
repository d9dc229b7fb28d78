//! The registry: which organizations are open.
//!
//! `find` opens on demand; one opening at a time, so two requests never open the same folder twice. A sweep closes
//! what nobody has used for [`IDLE_MS`] and has nothing left to do, so an appliance with many organizations holds
//! only the busy ones in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::{Shared, Tenant};
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
    opening: tokio::sync::Mutex<()>,
    failed: Mutex<BTreeMap<OrganizationId, String>>,
}

impl Registry {
    /// A registry of the organizations below `folder`.
    pub fn new(folder: PathBuf, shared: Shared) -> Self {
        let inner = Inner {
            folder,
            shared,
            open: RwLock::default(),
            opening: tokio::sync::Mutex::new(()),
            failed: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The organization's handle; opens it if it is closed.
    pub async fn find(&self, id: OrganizationId) -> Result<Arc<Tenant>, Error> {
        if let Some(tenant) = self.find_open(id) {
            return Ok(tenant);
        }
        let _one_at_a_time = self.inner.opening.lock().await;
        if let Some(tenant) = self.find_open(id) {
            return Ok(tenant);
        }
        let inner = Arc::clone(&self.inner);
        let open = move || Tenant::open(id, &inner.folder.join(id.to_string()), &inner.shared);
        let opened = tokio::task::spawn_blocking(open).await.map_err(|_join_error| Error::Closed)?;
        self.note_outcome(id, opened.as_ref().err());
        let tenant = opened?;
        self.lock_for_writing().insert(id, Arc::clone(&tenant));
        tracing::info!(organization_id = %id, "organization opened");
        Ok(tenant)
    }

    /// The organizations open now.
    pub fn list_open(&self) -> Vec<Arc<Tenant>> {
        self.inner.open.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect()
    }

    /// Closes all; used at shutdown so that the files are whole before the program ends.
    pub async fn close_all(&self) {
        let all = std::mem::take(&mut *self.lock_for_writing());
        close(all.into_values().collect()).await;
    }

    /// Closes the idle ones, for ever.
    pub async fn sweep(self) {
        loop {
            tokio::time::sleep(SWEEP).await;
            let since_ms = self.inner.shared.options.clock.now_ms().saturating_sub(IDLE_MS);
            self.close_idle(since_ms).await;
        }
    }

    /// Closes those that nobody has used since `since_ms`; answers how many.
    pub async fn close_idle(&self, since_ms: i64) -> usize {
        let idle: Vec<Arc<Tenant>> = {
            let mut open = self.lock_for_writing();
            // A handle in a request's hands has a second owner.
            let is_idle = |tenant: &Arc<Tenant>| Arc::strong_count(tenant) == 1 && tenant.is_idle(since_ms);
            open.extract_if(.., |_id, tenant| is_idle(tenant)).map(|(_id, tenant)| tenant).collect()
        };
        let count = idle.len();
        close(idle).await;
        count
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

    fn lock_for_writing(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<OrganizationId, Arc<Tenant>>> {
        self.inner.open.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops handles on a blocking thread: closing a file waits for its writer thread.
async fn close(tenants: Vec<Arc<Tenant>>) {
    if tenants.is_empty() {
        return;
    }
    if let Err(error) = tokio::task::spawn_blocking(move || drop(tenants)).await {
        tracing::error!(%error, "closing organizations failed");
    }
}
