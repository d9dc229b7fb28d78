//! The job runner of one organization: takes due jobs one after another and records how each attempt ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

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

pub(super) struct JobRunner {
    notify: Arc<Notify>,
    is_busy: Arc<AtomicBool>,
}

impl JobRunner {
    pub(super) fn start(workshop: Workshop, stop: watch::Receiver<bool>) -> Self {
        let runner = Self { notify: Arc::new(Notify::new()), is_busy: Arc::default() };
        tokio::spawn(run(workshop, Arc::clone(&runner.notify), Arc::clone(&runner.is_busy), stop));
        runner
    }

    pub(super) fn wake(&self) {
        self.notify.notify_one();
    }

    pub(super) fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }
}

async fn run(workshop: Workshop, notify: Arc<Notify>, is_busy: Arc<AtomicBool>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        is_busy.store(true, Ordering::Relaxed);
        let pause = match work_one(&workshop).await {
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
            () = notify.notified() => {}
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
async fn work_one(workshop: &Workshop) -> Result<bool, store::Error> {
    let Some(job) = workshop.database.write(job::claim).await? else { return Ok(false) };
    let outcome = attempt(workshop, &job).await;
    if let Err(error) = &outcome {
        tracing::warn!(job_id = %job.id, kind = job.kind, attempt = job.attempts, error, "a job failed");
    }
    workshop.database.write(move |tx| job::settle(tx, &job, outcome)).await?;
    Ok(true)
}

async fn attempt(workshop: &Workshop, job: &Job) -> Result<(), String> {
    let workshop = workshop.clone();
    let (kind, payload) = (job.kind.clone(), job.payload.clone());
    let work = move || match kind.as_str() {
        "search.reindex" => workshop.index.rebuild(&workshop.database).map_err(|error| error.to_string()),
        "provider_event.replay" => crate::channel::replay::run_job(&workshop.database, &payload),
        other => Err(format!("this program does not know jobs of kind {other}")),
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}
