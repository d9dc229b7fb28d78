//! What the registry does without waking anybody: reads from a closed organization's file, asks whether it has work left,
//! collects the figures of those that close, and closes those used longest ago when too many are open.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::super::figures::{self, Figures};
use super::super::{Tenant, join_all};
use super::{Registry, beyond, close_behind};
use crate::id::OrganizationId;
use crate::store::{Error, Peeked, migration, peek};

/// What a closed organization looks like from outside.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// When it has something to go on with, in UTC milliseconds, 0 for at once: it should be opened then.
    pub due_at_ms: Option<i64>,
    /// How large it is; `None` if only opening it can tell.
    pub figures: Option<Figures>,
}

impl Registry {
    /// Closes the organizations used longest ago whenever more than `most` are open; see [`Self::close_surplus`].
    pub fn set_limit(&self, most: usize) {
        self.inner.most_open.store(most, Ordering::Relaxed);
    }

    /// Reads from an organization's file without opening the organization: through its handle if it is open, else with one
    /// look behind its gate. A file of an earlier program is opened, which migrates it. `None` if there is no file.
    pub async fn read_quietly<T, E, F>(&self, id: OrganizationId, work: F) -> Result<Option<T>, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        if let Some(tenant) = self.find_untouched(id) {
            return tenant.read(work).await.map(Some);
        }
        let shut = self.gate(id).lock_owned().await;
        if let Some(tenant) = self.find_untouched(id) {
            drop(shut);
            return tenant.read(work).await.map(Some);
        }
        if self.inner.is_closed.load(Ordering::Acquire) {
            return Err(Error::Closed.into());
        }
        let (file, limit) = (self.file(id), self.read_limit());
        let look = move || {
            // The gate stays shut until the look is over, whether or not someone still waits for it.
            let _shut = shut;
            let mut work = Some(work);
            let seen = peek(&file, &migration::TENANT, Some(limit), |connection| match work.take() {
                Some(work) => work(connection),
                None => Err(Error::Closed.into()),
            });
            (seen, work)
        };
        match tokio::task::spawn_blocking(look).await.map_err(|_join_error| Error::Closed)? {
            (Ok(Peeked::Read(answer)), _) => Ok(Some(answer)),
            (Ok(Peeked::Older), Some(work)) => self.find(id).await?.read(work).await.map(Some),
            (Ok(Peeked::Missing | Peeked::Older), _) => Ok(None),
            (Err(error), _) => Err(error),
        }
    }

    /// Looks at an organization that is closed; `None` if it is open, or has no file yet.
    pub async fn look(&self, id: OrganizationId) -> Result<Option<Look>, Error> {
        let shut = self.gate(id).lock_owned().await;
        if self.find_untouched(id).is_some() || self.inner.is_closed.load(Ordering::Acquire) {
            return Ok(None);
        }
        let (file, limit) = (self.file(id), self.read_limit());
        let look = move || {
            let _shut = shut;
            let folder = file.parent().map(ToOwned::to_owned).unwrap_or_default();
            let indexed = crate::search::find_cursor(&folder.join("index"));
            let seen = peek(&file, &migration::TENANT, Some(limit), |connection| {
                let figures = Figures { bytes: figures::folder_bytes(&folder), ..figures::measure(connection)? };
                Ok::<_, Error>(Look { due_at_ms: figures::due_at_ms(connection, indexed)?, figures: Some(figures) })
            })?;
            Ok(match seen {
                Peeked::Read(look) => Some(look),
                Peeked::Older => Some(Look { due_at_ms: Some(0), figures: None }),
                Peeked::Missing => None,
            })
        };
        tokio::task::spawn_blocking(look).await.map_err(|_join_error| Error::Closed)?
    }

    /// Whether it is open; asking is no use of it.
    pub fn is_open(&self, id: OrganizationId) -> bool {
        self.find_untouched(id).is_some()
    }

    fn find_untouched(&self, id: OrganizationId) -> Option<Arc<Tenant>> {
        let open = self.inner.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&id).map(Arc::clone)
    }

    fn file(&self, id: OrganizationId) -> PathBuf {
        self.inner.folder.join(id.to_string()).join("tenant.db")
    }

    fn read_limit(&self) -> Duration {
        Duration::from_millis(self.inner.shared.options.read_limit_ms)
    }
}

/// Figures.
impl Registry {
    /// Keeps what was measured until [`Self::take_figures`].
    pub fn note_figures(&self, id: OrganizationId, figures: Figures) {
        self.inner.measured.lock().unwrap_or_else(PoisonError::into_inner).insert(id, figures);
        self.inner.has_measured.notify_one();
    }

    /// What was measured since the last time.
    pub fn take_figures(&self) -> BTreeMap<OrganizationId, Figures> {
        std::mem::take(&mut *self.inner.measured.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Those that closed since the last time: one that was open for a moment only is in no list of the open ones.
    pub fn take_closed(&self) -> BTreeSet<OrganizationId> {
        std::mem::take(&mut *self.lock_closed())
    }

    fn lock_closed(&self) -> MutexGuard<'_, BTreeSet<OrganizationId>> {
        self.inner.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes when something was measured.
    pub async fn wait_for_figures(&self) {
        self.inner.has_measured.notified().await;
    }

    /// Completes when an organization was opened.
    pub async fn wait_for_opening(&self) {
        self.inner.has_opened.notified().await;
    }

    /// Measures an organization for the last time and closes it.
    pub(super) async fn close(&self, tenant: Arc<Tenant>) {
        match tenant.measure().await {
            Ok(figures) => self.note_figures(tenant.id(), figures),
            Err(error) => {
                let error = crate::error::chain(&error);
                tracing::warn!(organization_id = %tenant.id(), error, "an organization that closes could not be measured");
            }
        }
        self.note_rest(&tenant).await;
        let id = tenant.id();
        Tenant::close(tenant).await;
        self.lock_closed().insert(id);
    }

    /// Closes what is open beyond the limit, used longest ago first: those at rest, and beyond a quarter more also those
    /// whose consumers are behind, for each costs memory while it waits. Who opens the one too many waits for this.
    pub(super) async fn close_surplus(&self, newest: OrganizationId) {
        let most = self.inner.most_open.load(Ordering::Relaxed);
        self.close_idle_beyond(most, Some(newest)).await;
        self.close_beyond(most.saturating_add(beyond(most)), Some(newest), Tenant::is_interruptible).await;
    }

    /// Closes those at rest while more than `most` are open.
    pub(super) async fn close_idle_beyond(&self, most: usize, except: Option<OrganizationId>) {
        self.close_beyond(most, except, |tenant| tenant.is_idle(i64::MAX)).await;
    }

    async fn close_beyond(&self, most: usize, except: Option<OrganizationId>, may_close: impl Fn(&Tenant) -> bool) {
        let mut open: Vec<(i64, OrganizationId)> = self
            .list_open()
            .iter()
            .map(|tenant| (tenant.last_used_at_ms.load(Ordering::Relaxed), tenant.id()))
            .collect();
        let surplus = open.len().saturating_sub(most);
        if surplus == 0 {
            return;
        }
        open.sort_unstable();
        let mut closing = Vec::new();
        for (_last_used_at_ms, id) in open.into_iter().filter(|(_at_ms, id)| Some(*id) != except) {
            if closing.len() >= surplus {
                break;
            }
            let Ok(shut) = self.gate(id).try_lock_owned() else { continue };
            let Some(tenant) = self.remove_if(id, &may_close) else { continue };
            closing.push(tokio::spawn(close_behind(shut, self.clone(), tenant)));
        }
        join_all(closing).await;
    }
}
