//! The end of an organization: when the grace period is over, its folder and its rows go.
//!
//! In three steps, each of which can be repeated after a crash: the row is marked, after which nobody can take the
//! deletion back; the folder goes; the row goes with everything that hangs on it. Until the mark the organization takes
//! in what its providers send, because someone who takes the deletion back must have lost nothing.

use std::time::Duration;

use tokio::sync::Notify;

use super::store;
use crate::app::{App, AppInner};
use crate::audit::{Entry, Record, Who};
use crate::error::Result;
use crate::id::OrganizationId;
use crate::store::Error as StoreError;

/// Pause between two looks.
const LOOK: Duration = Duration::from_mins(1);

/// What makes the task look at once.
#[derive(Default)]
pub struct Remover(Notify);

impl Remover {
    /// Something may have to go already.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// The task: removes what is over, for ever.
pub async fn run(app: App) {
    loop {
        if let Err(error) = app.remove_organizations_that_are_over().await {
            tracing::warn!(
                error = crate::error::chain(&error),
                "an organization that is over could not be removed yet"
            );
        }
        tokio::select! {
            () = app.remover.0.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

impl AppInner {
    /// Removes the organizations whose time is over; answers how many.
    pub async fn remove_organizations_that_are_over(&self) -> Result<usize> {
        let over = self.control.write(store::mark_over).await?;
        let mut removed = 0;
        let mut failure = None;
        // One whose folder does not go must not keep the others.
        for (id, name) in over {
            match self.remove_organization(id, name).await {
                Ok(()) => removed += 1,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(removed), Err)
    }

    /// Removes an organization with everything it has; the caller has made sure that nobody wants it back.
    pub async fn remove_organization(&self, id: OrganizationId, name: String) -> Result<()> {
        self.tenants.remove(id).await?;
        let chain = self.audit.clone();
        self.control
            .write(move |tx| -> std::result::Result<(), StoreError> {
                store::delete(tx, id)?;
                chain.append(
                    tx,
                    Entry::new(Who::system(), "organization.removed", Record::new("organization", &id, name)),
                )
            })
            .await?;
        self.webhook_routes.forget();
        Ok(())
    }
}
