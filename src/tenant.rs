//! A tenant: one open organization. Its folder, its file, its index, its consumers and jobs.
//!
//! A request resolves its session to one [`Tenant`] handle and can reach nothing else: isolation is by construction.
//! A tenant is opened on demand and closed when nobody has used it for a while ([`registry`]).

pub mod consumer;
pub mod event_log;
pub mod figures;
pub mod job;
mod job_runner;
pub mod live;
pub mod registry;
mod timeline;
mod verification;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::channel::intake::{Delivery, Outcome};
use crate::channel::queue::Queue;
use crate::clock::Clock;
use crate::id::OrganizationId;
use crate::inbox::indexer::{IndexState, Indexing};
use crate::inbox::states::States;
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
    /// Taken while an index is verified: one at a time, for the disk's sake.
    verifications: Arc<Semaphore>,
}

impl Shared {
    /// What every tenant of the program shares.
    pub fn new(options: store::Options, writers: WriterPool) -> Self {
        Self { options, writers, verifications: Arc::new(Semaphore::new(1)) }
    }
}

/// Longest wait for an organization's tasks, and then for its file, when it is closed.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// One open organization.
pub struct Tenant {
    id: OrganizationId,
    folder: PathBuf,
    database: Database,
    index: Arc<IndexState>,
    live: live::Hub,
    deliveries: Queue,
    conversation_states: Arc<States>,
    progress: Vec<Arc<Progress>>,
    jobs: job_runner::JobRunner,
    tasks: Mutex<Vec<JoinHandle<()>>>,
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
        let consumers = [
            consumer::start(Indexing::new(Arc::clone(&index)), runtime()),
            consumer::start(timeline::Timeline, runtime()),
        ];
        let (progress, mut tasks): (Vec<_>, Vec<_>) =
            consumers.into_iter().map(|running| (running.progress, running.task)).unzip();
        let (live, live_task) = live::Hub::start(database.clone(), stopped.clone());
        let workshop =
            job_runner::Workshop { database: database.clone(), index: Arc::clone(&index), clock: clock.clone() };
        let (jobs, jobs_task) = job_runner::JobRunner::start(workshop.clone(), stopped.clone());
        let verification = verification::run(workshop, jobs.wake(), Arc::clone(&shared.verifications), stopped);
        tasks.extend([live_task, jobs_task, tokio::spawn(verification)]);
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
            conversation_states: Arc::default(),
            progress,
            jobs,
            tasks: Mutex::new(tasks),
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

    /// The states of its conversations, for searches limited by them.
    pub const fn conversation_states(&self) -> &Arc<States> {
        &self.conversation_states
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
        self.jobs.wake().wake();
    }

    /// How large it is now.
    pub async fn measure(&self) -> Result<figures::Figures, store::Error> {
        let folder = self.folder.clone();
        let measure = move |connection: &rusqlite::Connection| -> Result<_, store::Error> {
            Ok(figures::Figures { bytes: figures::folder_bytes(&folder), ..figures::measure(connection)? })
        };
        self.read(measure).await
    }

    /// Notes that someone uses it.
    fn touch(&self) {
        self.last_used_at_ms.store(self.clock.now_ms(), Ordering::Relaxed);
    }

    /// Whether nobody has used it since `since_ms` and nothing is left to do now.
    fn is_idle(&self, since_ms: i64) -> bool {
        self.last_used_at_ms.load(Ordering::Relaxed) < since_ms && self.is_interruptible() && self.has_caught_up()
    }

    /// Whether it can be closed without anybody noticing but the consumers, which go on later.
    fn is_interruptible(&self) -> bool {
        self.live.listeners() == 0 && !self.jobs.is_busy()
    }

    fn has_caught_up(&self) -> bool {
        let head = self.head();
        self.progress.iter().all(|progress| progress.cursor() >= head)
    }

    /// When it has something to do by itself, 0 for at once.
    async fn due_at_ms(&self) -> Result<Option<i64>, store::Error> {
        if !self.has_caught_up() || self.jobs.is_busy() {
            return Ok(Some(0));
        }
        self.read(job::next_due_ms).await
    }
}

/// Closing.
impl Tenant {
    /// Ends its tasks and closes its file; returns when the folder is nobody's, or after a while if someone keeps it.
    async fn close(tenant: Arc<Self>) {
        let (id, closed) = (tenant.id, tenant.database.closed());
        tenant.begin_closing();
        let tasks = std::mem::take(&mut *tenant.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let has_ended = timeout(CLOSE_LIMIT, join_all(tasks)).await.is_ok();
        // On a blocking thread: closing the file waits for its writer thread.
        let dropped = tokio::task::spawn_blocking(move || drop(tenant));
        let gone = async {
            if let Err(error) = dropped.await {
                tracing::error!(organization_id = %id, %error, "closing an organization failed");
            }
            closed.wait().await;
        };
        let is_closed = timeout(CLOSE_LIMIT, gone).await.is_ok();
        if has_ended && is_closed {
            tracing::info!(organization_id = %id, "organization closed");
        } else {
            tracing::warn!(organization_id = %id, has_ended, is_closed, "an organization that is closed is still in use");
        }
    }

    fn begin_closing(&self) {
        self.stop.send_replace(true);
        self.index.close();
    }
}

/// Waits for tasks, which go on by themselves if nobody waits any more.
async fn join_all(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task of an organization failed");
        }
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        self.begin_closing();
    }
}
