//! Organizations that were closed, or found closed, with something left to do: a consumer that is behind, a job that is
//! due later. They are opened again when there is room and it is time, and closed again by the sweep when they are done.
//!
//! So no more organizations are open than the configuration says, however many events arrive for however many of them at
//! once, and a job of an organization nobody looks at runs all the same. What this costs is time: in such a burst the
//! search of an organization that was closed lags until it is its turn. Some places are always left for this work, beyond
//! the limit if need be: where every open organization is looked at by somebody, none of them ever makes room.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::super::Tenant;
use super::{Registry, Use, beyond};
use crate::id::OrganizationId;
use crate::store::Error;

/// Longest pause without a look at the list.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Pause between two looks for room.
const ROOM_AGAIN: Duration = Duration::from_millis(200);
/// Pause before an organization that could not be opened is tried again.
const OPEN_AGAIN_MS: i64 = 60_000;

impl Registry {
    /// Notes that a closed organization has something to do at this time, in UTC milliseconds; the earliest counts.
    pub fn note_unfinished(&self, id: OrganizationId, due_at_ms: i64) {
        let mut unfinished = self.lock_unfinished();
        let due = unfinished.entry(id).or_insert(due_at_ms);
        *due = due_at_ms.min(*due);
        drop(unfinished);
        self.inner.has_unfinished.notify_one();
    }

    /// The closed organizations with something to do, and when.
    pub fn list_unfinished(&self) -> BTreeMap<OrganizationId, i64> {
        self.lock_unfinished().clone()
    }

    /// Opens them when they are due and there is room, for ever.
    pub async fn work_off(self) {
        loop {
            let pause = match self.take_due() {
                Ok(id) => {
                    self.wait_for_room().await;
                    self.open_for_work(id).await;
                    continue;
                }
                Err(pause) => pause,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.inner.has_unfinished.notified() => {}
            }
        }
    }

    /// The one that is due for the longest time, or how long to wait.
    fn take_due(&self) -> Result<OrganizationId, Duration> {
        let now_ms = self.inner.shared.options.clock.now_ms();
        let mut unfinished = self.lock_unfinished();
        let next =
            unfinished.iter().min_by_key(|(_id, due_at_ms)| **due_at_ms).map(|(id, due_at_ms)| (*id, *due_at_ms));
        match next {
            Some((id, due_at_ms)) if due_at_ms <= now_ms => {
                unfinished.remove(&id);
                Ok(id)
            }
            Some((_id, due_at_ms)) => {
                let wait_ms = u64::try_from(due_at_ms.saturating_sub(now_ms)).unwrap_or(0);
                Err(Duration::from_millis(wait_ms).min(LOOK_AGAIN))
            }
            None => Err(LOOK_AGAIN),
        }
    }

    /// Waits until one more may be open. Those at rest make room; those at work are waited for, unless few are at work.
    async fn wait_for_room(&self) {
        loop {
            let most = self.inner.most_open.load(Ordering::Relaxed);
            self.close_idle_beyond(most.saturating_sub(1), None).await;
            let open = self.list_open();
            let at_work = open.iter().filter(|tenant| tenant.last_used_at_ms.load(Ordering::Relaxed) == 0).count();
            let has_room = open.len() < most || at_work < beyond(most).max(1);
            if has_room || self.inner.is_closed.load(Ordering::Acquire) {
                return;
            }
            drop(open);
            tokio::time::sleep(ROOM_AGAIN).await;
        }
    }

    async fn open_for_work(&self, id: OrganizationId) {
        let registry = self.clone();
        // A task of its own, as in `find`.
        let opened = tokio::spawn(async move { registry.open(id, Use::Work).await }).await;
        match opened {
            // Closed: it was removed, or the program ends.
            Ok(Ok(_) | Err(Error::Closed)) | Err(_) => {}
            Ok(Err(error)) => {
                // Health tells of it.
                tracing::error!(organization_id = %id, %error, "an organization with work left could not be opened");
                let now_ms = self.inner.shared.options.clock.now_ms();
                self.note_unfinished(id, now_ms.saturating_add(OPEN_AGAIN_MS));
            }
        }
    }

    /// Keeps in mind what a tenant that closes leaves undone.
    pub(super) async fn note_rest(&self, tenant: &Tenant) {
        match tenant.due_at_ms().await {
            Ok(Some(due_at_ms)) => self.note_unfinished(tenant.id(), due_at_ms),
            Ok(None) => {}
            Err(error) => {
                let error = crate::error::chain(&error);
                tracing::warn!(organization_id = %tenant.id(), error, "what an organization leaves undone is unknown");
                self.note_unfinished(tenant.id(), 0);
            }
        }
    }

    /// Forgets an organization: it is open, or gone.
    pub(super) fn forget_unfinished(&self, id: OrganizationId) {
        self.lock_unfinished().remove(&id);
    }

    fn lock_unfinished(&self) -> MutexGuard<'_, BTreeMap<OrganizationId, i64>> {
        self.inner.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
