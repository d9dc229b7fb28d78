//! What a provider event does to a mailbox: it becomes known, its state follows. Its counters are in [`super::tally`].
//!
//! The state is never stored. It follows from three times (last message sent, last error, last suspension), each of
//! which only moves forward, so events that arrive out of order end in the same state.

use serde_json::json;

use crate::id::{MailboxId, ProviderEventId};
use crate::store::{Error, Tx};
use crate::tenant::event_log::{self, Actor, Entity, NewEvent};

/// Creates the mailbox.
pub(super) fn create(tx: &Tx<'_>, address: &str, cause: ProviderEventId) -> Result<MailboxId, Error> {
    let id = MailboxId::from_uuid(tx.next_uuid());
    tx.connection()
        .prepare_cached("INSERT INTO mailbox (id, address, created_at_ms) VALUES (?1, ?2, ?3)")?
        .execute((id, address, tx.now_ms()))?;
    append(tx, "mailbox.created", (id, address), cause, (tx.now_ms(), ""))?;
    Ok(id)
}

/// A trouble the provider reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It cannot send or receive; it may come back by itself.
    Error,
    /// The provider switched it off.
    Suspended,
}

/// Records a trouble.
pub fn record_trouble(
    tx: &Tx<'_>,
    mailbox: (MailboxId, &str),
    trouble: Trouble,
    (at_ms, reason): (i64, &str),
    cause: ProviderEventId,
) -> Result<(), Error> {
    // The reason of the latest trouble wins; among equal times the larger text, so that order does not matter.
    tx.connection()
        .prepare_cached(
            "UPDATE mailbox SET
                 state_reason = CASE WHEN ?2 > max(error_at_ms, suspended_at_ms) THEN ?3
                                     WHEN ?2 = max(error_at_ms, suspended_at_ms) THEN max(state_reason, ?3)
                                     ELSE state_reason END,
                 error_at_ms = CASE WHEN ?4 THEN error_at_ms ELSE max(error_at_ms, ?2) END,
                 suspended_at_ms = CASE WHEN ?4 THEN max(suspended_at_ms, ?2) ELSE suspended_at_ms END
             WHERE id = ?1",
        )?
        .execute((mailbox.0, at_ms, reason, trouble == Trouble::Suspended))?;
    let kind = match trouble {
        Trouble::Error => "mailbox.error",
        Trouble::Suspended => "mailbox.suspended",
    };
    append(tx, kind, mailbox, cause, (at_ms, reason))
}

fn append(
    tx: &Tx<'_>,
    kind: &'static str,
    (id, address): (MailboxId, &str),
    cause: ProviderEventId,
    (at_ms, reason): (i64, &str),
) -> Result<(), Error> {
    event_log::append(
        tx,
        &NewEvent {
            kind,
            actor: Actor::Provider,
            entity: Entity { kind: "mailbox", id: id.uuid() },
            payload: json!({ "mailbox_id": id, "mailbox_address": address, "reason": reason }),
            cause: Some(cause),
            at_ms,
        },
    )?;
    Ok(())
}
