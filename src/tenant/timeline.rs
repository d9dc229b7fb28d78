//! The timeline consumer: the thin lines between the messages of a thread (opened, label changed, archived).
//!
//! Its rows and its cursor are stored in one transaction, so a line is there exactly once.

use std::time::Duration;

use rusqlite::Connection;

use super::consumer::{self, Batch, ConsumeError, Consumer, Pace};
use super::event_log::Event;
use crate::id::ContactId;
use crate::store::{self, Database};

const NAME: &str = "timeline";

/// Kinds that become a line.
const KINDS: [&str; 12] = [
    "message.opened",
    "message.clicked",
    "message.bounced",
    "contact.interest_changed",
    "contact.label_changed",
    "contact.unsubscribed",
    "contact.complained",
    "contact.sequence_completed",
    "contact.sequence_failed",
    "conversation.archived",
    "conversation.unarchived",
    "enrichment.completed",
];

pub(super) struct Timeline;

impl Consumer for Timeline {
    type Turn = ();

    fn name(&self) -> &'static str {
        NAME
    }

    async fn turn(&self) -> Option<()> {
        Some(())
    }

    fn load_cursor(&mut self, _turn: (), database: &Database) -> Result<i64, ConsumeError> {
        Ok(consumer::find_cursor(database, NAME)?)
    }

    fn batch_limit(&self) -> usize {
        2_000
    }

    fn pace(&self) -> Pace {
        // As often as the live feed hands out frames.
        Pace { interval: Duration::from_millis(25), stands_back: Duration::ZERO }
    }

    fn consume(&mut self, _turn: (), database: &Database, batch: &Batch) -> Result<(), ConsumeError> {
        let up_to = batch.up_to;
        let lines: Vec<Event> =
            batch.events.iter().filter(|event| KINDS.contains(&event.kind.as_str())).cloned().collect();
        database.write_blocking(move |tx| -> Result<(), store::Error> {
            for line in &lines {
                insert(tx.connection(), line)?;
            }
            consumer::store_cursor(tx, NAME, up_to)
        })?;
        Ok(())
    }
}

fn insert(connection: &Connection, line: &Event) -> Result<(), store::Error> {
    let payload: serde_json::Value = serde_json::from_str(line.payload.get()).unwrap_or_default();
    let id_of = |name: &str| payload.get(name).and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
    let Some(contact_id) = id_of("contact_id") else { return Ok(()) };
    let contact_id: ContactId = contact_id;
    let campaign_id: Option<crate::id::CampaignId> =
        payload.get("campaign_id").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
    // The contact may be gone by now; then there is no thread to show the line in.
    connection
        .prepare_cached(
            "INSERT INTO timeline (contact_id, sequence, kind, campaign_id, payload, at_ms)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM contact WHERE id = ?1)
             ON CONFLICT DO NOTHING",
        )?
        .execute((contact_id, line.sequence, &line.kind, campaign_id, line.payload.get(), line.at_ms))?;
    Ok(())
}
