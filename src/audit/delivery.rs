//! Carries audit rows from `control.db`, where the change they tell of happened, into the organization's own log.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::OptionalExtension;
use tokio::sync::{Mutex, Notify};

use super::{Chain, Entry, Stamped};
use crate::app::{App, AppInner};
use crate::id::OrganizationId;
use crate::store::{Error, Tx};

/// Rows carried over at once.
const BATCH: i64 = 200;
/// Pause after a failure (a full disk, an organization that does not open).
const RETRY: Duration = Duration::from_secs(30);

/// What wakes the task, and keeps two deliveries of the same rows apart.
#[derive(Default)]
pub struct Deliverer {
    wake: Notify,
    turn: Mutex<()>,
}

/// Puts an entry of an organization's log down beside the change in `control.db`. The caller then calls
/// [`AppInner::wake_audit`].
pub fn defer(tx: &Tx<'_>, organization_id: OrganizationId, entry: Entry) -> Result<(), Error> {
    let stamped = Stamped { id: tx.next_uuid(), at_ms: tx.now_ms(), entry };
    let text = serde_json::to_string(&stamped)
        .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    tx.connection()
        .prepare_cached("INSERT INTO audit_delivery (id, organization_id, entry) VALUES (?1, ?2, ?3)")?
        .execute((stamped.id.as_bytes().as_slice(), organization_id, text))?;
    Ok(())
}

impl AppInner {
    /// Tells the task that rows wait.
    pub fn wake_audit(&self) {
        self.audit_deliverer.wake.notify_one();
    }

    /// The chain of an organization's log.
    pub fn audit_chain(&self, id: OrganizationId) -> Chain {
        Chain::of_organization(&self.keyring, id)
    }

    /// Carries over what waits for one organization: before its log is read, and before its folder leaves.
    pub async fn deliver_audit(&self, organization_id: OrganizationId) -> Result<(), Error> {
        let _turn = self.audit_deliverer.turn.lock().await;
        loop {
            let (last, waiting) =
                self.control.read(move |connection| list_waiting(connection, organization_id)).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let chain = self.audit_chain(organization_id);
            let tenant = self.tenants.find(organization_id).await?;
            tenant.write(move |tx| accept(tx, &chain, &waiting)).await?;
            self.control
                .write(move |tx| -> Result<(), Error> {
                    // By the row's number, which only grows while rows wait: an id made in the same millisecond can
                    // be smaller than one that was carried over, and its row would be lost.
                    tx.connection().execute(
                        "DELETE FROM audit_delivery WHERE organization_id = ?1 AND rowid <= ?2",
                        (organization_id, last),
                    )?;
                    Ok(())
                })
                .await?;
        }
    }
}

/// The rows of an organization in the order they were put down, and the number of the last.
fn list_waiting(
    connection: &rusqlite::Connection,
    organization_id: OrganizationId,
) -> Result<(i64, Vec<Stamped>), Error> {
    let mut statement = connection
        .prepare_cached("SELECT rowid, entry FROM audit_delivery WHERE organization_id = ?1 ORDER BY rowid LIMIT ?2")?;
    let rows =
        statement.query_map((organization_id, BATCH), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let (mut last, mut waiting) = (0, Vec::new());
    for row in rows {
        let (number, text) = row?;
        let stamped = serde_json::from_str(&text).map_err(|error| {
            Error::Sqlite(rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error)))
        })?;
        last = number;
        waiting.push(stamped);
    }
    Ok((last, waiting))
}

/// Appends the rows that are not there yet.
fn accept(tx: &Tx<'_>, chain: &Chain, waiting: &[Stamped]) -> Result<(), Error> {
    for stamped in waiting {
        let known: Option<i64> = tx
            .connection()
            .prepare_cached("SELECT sequence FROM audit WHERE id = ?1")?
            .query_row([stamped.id.as_bytes().as_slice()], |row| row.get(0))
            .optional()?;
        if known.is_none() {
            chain.append_stamped(tx, stamped)?;
        }
    }
    Ok(())
}

/// The task: carries over what waits for the organizations that are open, for ever. What waits for a closed one waits until
/// someone opens it, or reads its log: a list over a thousand organizations must not open them all for a line each.
pub async fn run(app: App) {
    loop {
        let outcome = deliver_to_open(&app).await;
        if let Err(error) = &outcome {
            tracing::warn!(error = crate::error::chain(error), "audit rows wait to be carried over");
        }
        tokio::select! {
            () = app.audit_deliverer.wake.notified() => {}
            () = app.tenants.wait_for_opening() => {}
            () = tokio::time::sleep(RETRY), if outcome.is_err() => {}
        }
    }
}

async fn deliver_to_open(app: &Arc<AppInner>) -> Result<(), Error> {
    let organizations: Vec<OrganizationId> = app
        .control
        .read(|connection| -> Result<_, Error> {
            let mut statement = connection.prepare_cached("SELECT DISTINCT organization_id FROM audit_delivery")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await?;
    let mut failure = None;
    // One that does not open must not keep the others waiting.
    for organization_id in organizations.into_iter().filter(|id| app.tenants.is_open(*id)) {
        if let Err(error) = app.deliver_audit(organization_id).await {
            failure = Some(error);
        }
    }
    failure.map_or(Ok(()), Err)
}
