//! The mailboxes of one batch of deliveries: each is looked up once, its counters are added up, and both are written
//! once, at the end of the batch, in the batch's transaction. See [`crate::campaign::tally`] for why.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::record;
use crate::clock::utc_day;
use crate::id::{MailboxId, ProviderEventId};
use crate::store::{Error, Tx};

/// Which counter moves, and which of the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A message went out.
    Sent,
    /// A reply came in.
    Received,
    /// An automatic reply came in.
    AutoReplied,
    /// A message bounced.
    Bounced,
    /// Something else happened that names the mailbox.
    Other,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    sent: i64,
    received: i64,
    auto_replied: i64,
    bounced: i64,
}

impl Counts {
    const fn add(&mut self, activity: Activity) {
        match activity {
            Activity::Sent => self.sent += 1,
            Activity::Received => self.received += 1,
            Activity::AutoReplied => self.auto_replied += 1,
            Activity::Bounced => self.bounced += 1,
            Activity::Other => {}
        }
    }
}

#[derive(Default)]
struct Changes {
    counts: Counts,
    last_sent_at_ms: i64,
    last_event_at_ms: i64,
}

/// See the module's documentation.
#[derive(Default)]
pub struct Tally {
    known: BTreeMap<String, MailboxId>,
    changes: BTreeMap<MailboxId, Changes>,
    days: BTreeMap<(MailboxId, i64), Counts>,
}

impl Tally {
    /// Finds the mailbox by its address, creates it if it is new.
    pub fn find_or_create(&mut self, tx: &Tx<'_>, address: &str, cause: ProviderEventId) -> Result<MailboxId, Error> {
        if let Some(id) = self.known.get(address) {
            return Ok(*id);
        }
        let found = tx
            .connection()
            .prepare_cached("SELECT id FROM mailbox WHERE address = ?1")?
            .query_row([address], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => record::create(tx, address, cause)?,
        };
        self.known.insert(address.to_owned(), id);
        Ok(id)
    }

    /// Counts an activity in total and for its UTC day.
    pub fn count(&mut self, id: MailboxId, activity: Activity, at_ms: i64) {
        let changes = self.changes.entry(id).or_default();
        changes.counts.add(activity);
        changes.last_event_at_ms = changes.last_event_at_ms.max(at_ms);
        if activity == Activity::Sent {
            changes.last_sent_at_ms = changes.last_sent_at_ms.max(at_ms);
        }
        if activity != Activity::Other {
            self.days.entry((id, utc_day(at_ms))).or_default().add(activity);
        }
    }

    /// A reply that was counted turned out to be an automatic one.
    pub fn count_as_automatic(&mut self, id: MailboxId, at_ms: i64) {
        let total = &mut self.changes.entry(id).or_default().counts;
        let day = self.days.entry((id, utc_day(at_ms))).or_default();
        for counts in [total, day] {
            counts.received -= 1;
            counts.auto_replied += 1;
        }
    }

    /// Writes what was collected.
    pub fn store(self, tx: &Tx<'_>) -> Result<(), Error> {
        for (id, changes) in &self.changes {
            let Counts { sent, received, auto_replied, bounced } = changes.counts;
            tx.connection()
                .prepare_cached(
                    "UPDATE mailbox SET sent = sent + ?2, received = received + ?3, auto_replied = auto_replied + ?4,
                         bounced = bounced + ?5, last_sent_at_ms = max(last_sent_at_ms, ?6),
                         last_event_at_ms = max(last_event_at_ms, ?7)
                     WHERE id = ?1",
                )?
                .execute((
                    id,
                    sent,
                    received,
                    auto_replied,
                    bounced,
                    changes.last_sent_at_ms,
                    changes.last_event_at_ms,
                ))?;
        }
        for ((id, day), Counts { sent, received, auto_replied, bounced }) in &self.days {
            tx.connection()
                .prepare_cached(
                    "INSERT INTO mailbox_day (mailbox_id, day, sent, received, auto_replied, bounced)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (mailbox_id, day) DO UPDATE SET sent = sent + excluded.sent,
                         received = received + excluded.received, auto_replied = auto_replied + excluded.auto_replied,
                         bounced = bounced + excluded.bounced",
                )?
                .execute((id, day, sent, received, auto_replied, bounced))?;
        }
        Ok(())
    }
}
