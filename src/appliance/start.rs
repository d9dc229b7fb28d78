//! What is opened when the program starts.
//!
//! A few organizations are opened right away: their people then find them open. Of many, only those are opened, when it is
//! time and there is room, that have something to go on with by themselves: a job that waits or was cut short, events a
//! consumer has not seen, a file of an earlier program. One look into each closed file tells, a few at a time, and leaves
//! nothing in memory. One that cannot be looked into is opened all the same: that fails as well, and health then tells.

use tokio::task::JoinSet;

use super::store::{self, Brief};
use crate::app::App;
use crate::id::OrganizationId;

/// Up to so many are all opened.
const FEW: usize = 8;
/// Looks at the same time.
const LOOKS: usize = 2;

/// Opens what should be open.
pub async fn open_unfinished(app: App) {
    let first = OrganizationId::from_uuid(uuid::Uuid::nil());
    let organizations = match app.control.read(move |connection| store::list_brief(connection, first)).await {
        Ok(organizations) => organizations,
        Err(error) => {
            tracing::error!(%error, "the organizations could not be listed");
            return;
        }
    };
    if organizations.len() <= FEW {
        for organization in organizations {
            open(&app, organization.id).await;
        }
        return;
    }
    let mut looks = JoinSet::new();
    for organization in organizations {
        if looks.len() >= LOOKS {
            // A look that panicked is logged by the runtime; the others go on.
            drop(looks.join_next().await);
        }
        looks.spawn(look(App::clone(&app), organization));
    }
    while looks.join_next().await.is_some() {}
}

async fn look(app: App, organization: Brief) {
    let seen = app.tenants.look(organization.id).await;
    if let Ok(Some(look)) = &seen
        && let (None, Some(figures)) = (organization.figures, look.figures)
    {
        app.tenants.note_figures(organization.id, figures);
    }
    if let Some(due_at_ms) = seen.map_or(Some(0), |look| look?.due_at_ms) {
        app.tenants.note_unfinished(organization.id, due_at_ms);
    }
}

async fn open(app: &App, id: OrganizationId) {
    if let Err(error) = app.tenants.find(id).await {
        tracing::error!(organization_id = %id, %error, "an organization could not be opened");
    }
}
