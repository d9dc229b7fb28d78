//! Verifies the search index of an organization once after it was opened, in the background: one organization at a time,
//! and giving way to everyone else. Damage that no search has met yet is found here, and a job builds the index anew.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::job_runner::{Wake, Workshop};
use crate::inbox::indexer::IndexingError;
use crate::search::IndexError;

/// Verifies the index when it is this organization's turn.
pub(super) async fn run(workshop: Workshop, wake: Wake, turns: Arc<Semaphore>, mut stop: watch::Receiver<bool>) {
    let turn = tokio::select! {
        turn = turns.acquire() => turn,
        _stopped = stop.changed() => return,
    };
    let index = Arc::clone(&workshop.index);
    let generation = index.generation();
    let verified = tokio::task::spawn_blocking(move || index.verify()).await;
    drop(turn);
    match verified {
        Ok(Ok(()) | Err(IndexingError::Closing)) => {}
        Ok(Err(IndexingError::Index(error @ IndexError::Corrupt { .. }))) => {
            mend(&workshop, &wake, generation, &error).await;
        }
        Ok(Err(error)) => tracing::warn!(%error, "the search index could not be verified"),
        Err(error) => tracing::error!(%error, "verifying the search index failed"),
    }
}

/// Asks for a new index.
async fn mend(workshop: &Workshop, wake: &Wake, generation: u64, damage: &IndexError) {
    match workshop.index.request_rebuild(&workshop.database, generation).await {
        Ok(true) => {
            tracing::error!(%damage, "the search index is damaged, it is built anew");
            wake.wake();
        }
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, "the job that builds the search index anew could not be stored"),
    }
}
