//! The job runner of one organization: takes due jobs one after another and records how each attempt ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::job::{self, Job};
use crate::clock::Clock;
use crate::inbox::indexer::IndexState;
use crate::store::{self, Database};

/// Longest pause without a look at the table.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// What jobs work with.
#[derive(Clone)]
pub(super) struct Workshop {
    pub(super) database: Database,
    pub(super) index: Arc<IndexState>,
    pub(super) clock: Clock,
}

/// Tells the runner that there is work.
#[derive(Clone, Default)]
pub(super) struct Wake(Arc<Notify>);

impl Wake {
    pub(super) fn wake(&self) {
        self.0.notify_one();
    }
}

pub(super) struct JobRunner {
    wake: Wake,
    is_busy: Arc<AtomicBool>,
}

impl JobRunner {
    /// Starts its task, which ends when the tenant closes and the job in hand is done or cut short.
    pub(super) fn start(workshop: Workshop, stop: watch::Receiver<bool>) -> (Self, JoinHandle<()>) {
        let runner = Self { wake: Wake::default(), is_busy: Arc::default() };
        let task = tokio::spawn(run(workshop, runner.wake(), Arc::clone(&runner.is_busy), stop));
        (runner, task)
    }

    pub(super) fn wake(&self) -> Wake {
        self.wake.clone()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }
}

async fn run(workshop: Workshop, wake: Wake, is_busy: Arc<AtomicBool>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        is_busy.store(true, Ordering::Relaxed);
        let pause = match work_one(&workshop, &stop).await {
            Ok(true) => continue,
            Ok(false) => pause_until_due(&workshop).await,
            Err(error) => {
                tracing::warn!(%error, "the job table could not be read");
                LOOK_AGAIN
            }
        };
        is_busy.store(false, Ordering::Relaxed);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wake.0.notified() => {}
            _stopped = stop.changed() => return,
        }
    }
}

async fn pause_until_due(workshop: &Workshop) -> Duration {
    match workshop.database.read(job::next_due_ms).await {
        Ok(Some(due_ms)) => {
            let wait_ms = due_ms.saturating_sub(workshop.clock.now_ms());
            Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)).min(LOOK_AGAIN)
        }
        _ => LOOK_AGAIN,
    }
}

/// Works on one due job; `false` if none is due.
async fn work_one(workshop: &Workshop, stop: &watch::Receiver<bool>) -> Result<bool, store::Error> {
    let Some(job) = workshop.database.write(job::claim).await? else { return Ok(false) };
    let outcome = attempt(workshop, &job).await;
    if outcome.is_err() && *stop.borrow() {
        // Cut short, which is no failure: as after a crash it is waiting again when the tenant opens.
        return Ok(false);
    }
    if let Err(error) = &outcome {
        tracing::warn!(job_id = %job.id, kind = job.kind, attempt = job.attempts, error, "a job failed");
    }
    workshop.database.write(move |tx| job::settle(tx, &job, outcome)).await?;
    Ok(true)
}

async fn attempt(workshop: &Workshop, job: &Job) -> Result<(), String> {
    let workshop = workshop.clone();
    let payload = job.payload.clone();
    match job.kind.as_str() {
        "search.reindex" => {
            let Some(turn) = workshop.index.turn().await else { return Err("the organization is being closed".into()) };
            let rebuild = move || workshop.index.rebuild_in(turn, &workshop.database);
            on_blocking_thread(move || rebuild().map_err(|error| crate::error::chain(&error))).await
        }
        "provider_event.replay" => {
            on_blocking_thread(move || crate::channel::replay::run_job(&workshop.database, &payload)).await
        }
        other => Err(format!("this program does not know jobs of kind {other}")),
    }
}

async fn on_blocking_thread(work: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}
