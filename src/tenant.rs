//! A tenant: one open organization. Its folder, its file, its index, its consumers and jobs.
//!
//! A request resolves its session to one [`Tenant`] handle and can reach nothing else: isolation is by construction.
//! A tenant is opened on demand and closed when nobody has used it for a while ([`registry`]).

pub mod consumer;
pub mod event_log;
pub mod job;
mod job_runner;
pub mod live;
pub mod registry;
mod timeline;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::watch;

use crate::channel::intake::{Delivery, Outcome};
use crate::channel::queue::Queue;
use crate::clock::Clock;
use crate::id::OrganizationId;
use crate::inbox::indexer::{IndexState, Indexing};
use crate::search::WriterPool;
use crate::store::{self, Database, Tx};
use consumer::Progress;

/// What every tenant of the program shares.
#[derive(Clone)]
pub struct Shared {
    /// Settings of the files.
    pub options: store::Options,
    /// Permits for index writers.
    pub writers: WriterPool,
}

/// One open organization.
pub struct Tenant {
    id: OrganizationId,
    folder: PathBuf,
    database: Database,
    index: Arc<IndexState>,
    live: live::Hub,
    deliveries: Queue,
    progress: Vec<Arc<Progress>>,
    jobs: job_runner::JobRunner,
    stop: watch::Sender<bool>,
    clock: Clock,
    last_used_at_ms: AtomicI64,
}

impl Tenant {
    /// Opens the organization's folder, creating what is missing, and starts its consumers. Blocks; needs a runtime.
    pub fn open(id: OrganizationId, folder: &Path, shared: &Shared) -> Result<Arc<Self>, store::Error> {
        std::fs::create_dir_all(folder.join("files"))
            .map_err(|source| store::Error::File { path: folder.to_owned(), source })?;
        let database = Database::open(&folder.join("tenant.db"), &store::migration::TENANT, &shared.options)?;
        database.write_blocking(job::recover)?;
        let (stop, stopped) = watch::channel(false);
        let clock = shared.options.clock.clone();
        let index = Arc::new(IndexState::open(folder.join("index"), shared.writers.clone()));
        let runtime = || consumer::Runtime { database: database.clone(), clock: clock.clone(), stop: stopped.clone() };
        let progress = vec![
            consumer::start(Indexing::new(Arc::clone(&index)), runtime()),
            consumer::start(timeline::Timeline, runtime()),
        ];
        let live = live::Hub::start(database.clone(), stopped.clone());
        let jobs = job_runner::JobRunner::start(
            job_runner::Workshop { database: database.clone(), index: Arc::clone(&index), clock: clock.clone() },
            stopped.clone(),
        );
        let last_used_at_ms = AtomicI64::new(clock.now_ms());
        let folder = folder.to_owned();
        let deliveries = Queue::default();
        Ok(Arc::new(Self {
            id,
            folder,
            database,
            index,
            live,
            deliveries,
            progress,
            jobs,
            stop,
            clock,
            last_used_at_ms,
        }))
    }

    /// The organization.
    pub const fn id(&self) -> OrganizationId {
        self.id
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its file.
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Its search index.
    pub const fn index(&self) -> &Arc<IndexState> {
        &self.index
    }

    /// Its live feed.
    pub const fn live(&self) -> &live::Hub {
        &self.live
    }

    /// Its consumers.
    pub fn progress(&self) -> &[Arc<Progress>] {
        &self.progress
    }

    /// The highest event sequence committed.
    pub fn head(&self) -> i64 {
        *self.database.head().borrow()
    }

    /// Runs `work` in a write transaction; see [`Database::write`].
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<store::Error> + Send + 'static,
    {
        self.database.write(work).await
    }

    /// Runs `work` on a reader; see [`Database::read`].
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&rusqlite::Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<store::Error> + Send + 'static,
    {
        self.database.read(work).await
    }

    /// Stores and applies a delivery, together with others that wait; see [`Queue::receive`].
    pub async fn receive(&self, delivery: Delivery) -> Result<Outcome, store::Error> {
        self.deliveries.receive(&self.database, delivery).await
    }

    /// Tells the job runner that there is work.
    pub fn wake_jobs(&self) {
        self.jobs.wake();
    }

    /// Notes that someone uses it.
    fn touch(&self) {
        self.last_used_at_ms.store(self.clock.now_ms(), Ordering::Relaxed);
    }

    /// Whether nobody has used it since `since_ms` and nothing is left to do.
    fn is_idle(&self, since_ms: i64) -> bool {
        let head = self.head();
        self.last_used_at_ms.load(Ordering::Relaxed) < since_ms
            && self.live.listeners() == 0
            && !self.jobs.is_busy()
            && self.progress.iter().all(|progress| progress.cursor() >= head)
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
