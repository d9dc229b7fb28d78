//! The task that keeps the organizations' figures: those of an open one at most once a minute and only when it was
//! written to, those of a closing one as the last thing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::store;
use crate::app::{App, AppInner};
use crate::id::OrganizationId;
use crate::store::Error;
use crate::tenant::Tenant;
use crate::tenant::figures::Figures;

/// Pause between two measurements.
const PAUSE: Duration = Duration::from_mins(1);

/// The task, for ever.
pub async fn run(app: App) {
    let mut seen = BTreeMap::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => app.measure_open(&mut seen).await,
            () = app.tenants.wait_for_figures() => {}
        }
        if !app.has_room() {
            continue;
        }
        if let Err(error) = app.keep_figures().await {
            tracing::warn!(error = crate::error::chain(&error), "the figures of organizations were not kept");
        }
    }
}

impl AppInner {
    /// Measures the open organizations that were written to since `seen`.
    async fn measure_open(&self, seen: &mut BTreeMap<OrganizationId, u64>) {
        let open = self.tenants.list_open();
        seen.retain(|id, _writes| open.iter().any(|tenant| tenant.id() == *id));
        for tenant in open {
            let (id, writes) = (tenant.id(), tenant.database().statistics().writes);
            if seen.insert(id, writes) != Some(writes) {
                self.measure(tenant).await;
            }
        }
    }

    /// Measures one organization; what comes of it waits in the registry like that of one that closes.
    pub async fn measure(&self, tenant: Arc<Tenant>) {
        match tenant.measure().await {
            Ok(figures) => self.tenants.note_figures(tenant.id(), figures),
            Err(error) => tracing::warn!(error = crate::error::chain(&error), "an organization could not be measured"),
        }
    }

    /// Keeps what was measured.
    pub async fn keep_figures(&self) -> Result<(), Error> {
        let measured = self.tenants.take_figures();
        if measured.is_empty() {
            return Ok(());
        }
        let keep = move |tx: &crate::store::Tx<'_>| -> Result<(), Error> {
            measured
                .into_iter()
                .try_for_each(|(id, figures): (OrganizationId, Figures)| store::update_figures(tx, id, figures))
        };
        self.control.write(keep).await
    }
}
