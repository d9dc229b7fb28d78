//! What a provider event does to a campaign: it becomes known, its counters move, its state follows.
//!
//! As with mailboxes the state is not stored: it follows from the latest of four times. Counters change in the
//! transaction of the event; `recount` in the tests computes each of them anew from the rows.

use rusqlite::OptionalExtension;
use serde_json::json;

use super::tally::{Counter, People, Tally};
use crate::channel::event::Interest;
use crate::id::{CampaignId, ContactId, ProviderEventId};
use crate::store::{Error, Tx};
use crate::tenant::event_log::{self, Actor, Entity, NewEvent};

/// A campaign as an event names it.
#[derive(Clone, Debug)]
pub struct CampaignRef {
    /// Our id.
    pub id: CampaignId,
    /// Its name, as far as known.
    pub name: String,
}

/// A person in a campaign, as far as a message's effects depend on it.
#[derive(Clone, Debug, Default)]
pub struct Membership {
    /// Messages sent to the person; `None` if the person is not in the campaign yet.
    sent: Option<i64>,
    /// Replies of the person.
    replied: i64,
    /// The category word the campaign gave the person, `""` if none.
    pub category: String,
    /// The customer's own label, `""` if none.
    pub label: String,
    /// Since when.
    pub at_ms: i64,
}

/// What is known of the person in the campaign.
pub fn find_membership(tx: &Tx<'_>, id: CampaignId, contact_id: ContactId) -> Result<Membership, Error> {
    let found = tx
        .connection()
        .prepare_cached(
            "SELECT sent, replied, category, label, interest_at_ms FROM campaign_contact
             WHERE contact_id = ?1 AND campaign_id = ?2",
        )?
        .query_row((contact_id, id), |row| {
            Ok(Membership {
                sent: row.get(0)?,
                replied: row.get(1)?,
                category: row.get(2)?,
                label: row.get(3)?,
                at_ms: row.get(4)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// A message of the campaign went to the person.
pub fn record_sent(
    tx: &Tx<'_>,
    tally: &mut Tally,
    (id, contact_id): (CampaignId, ContactId),
    (step, known): (Option<i64>, &Membership),
) -> Result<(), Error> {
    let sql = match known.sent {
        Some(_) => {
            "UPDATE campaign_contact SET step = max(step, ?3), sent = sent + 1 WHERE contact_id = ?1 AND campaign_id = ?2"
        }
        None => "INSERT INTO campaign_contact (contact_id, campaign_id, step, sent) VALUES (?1, ?2, ?3, 1)",
    };
    tx.connection().prepare_cached(sql)?.execute((contact_id, id, step.unwrap_or(0)))?;
    if known.sent.unwrap_or(0) == 0 {
        tally.count_people(id, People { contacts: 1, ..People::default() });
    }
    Ok(())
}

/// The person replied.
pub fn record_reply(
    tx: &Tx<'_>,
    tally: &mut Tally,
    (id, contact_id): (CampaignId, ContactId),
    known: &Membership,
) -> Result<(), Error> {
    let sql = match known.sent {
        Some(_) => "UPDATE campaign_contact SET replied = replied + 1 WHERE contact_id = ?1 AND campaign_id = ?2",
        None => "INSERT INTO campaign_contact (contact_id, campaign_id, replied) VALUES (?1, ?2, 1)",
    };
    tx.connection().prepare_cached(sql)?.execute((contact_id, id))?;
    if known.replied == 0 {
        tally.count_people(id, People { replied_contacts: 1, ..People::default() });
    }
    Ok(())
}

/// A reply of the person turned out to be no reply.
pub fn take_back_reply(
    tx: &Tx<'_>,
    tally: &mut Tally,
    (id, contact_id): (CampaignId, ContactId),
    at_ms: i64,
) -> Result<(), Error> {
    tally.take_back(id, Counter::Replied, at_ms);
    let connection = tx.connection();
    connection
        .prepare_cached("UPDATE campaign_contact SET replied = replied - 1 WHERE contact_id = ?1 AND campaign_id = ?2")?
        .execute((contact_id, id))?;
    if find_membership(tx, id, contact_id)?.replied > 0 {
        return Ok(());
    }
    tally.count_people(id, People { replied_contacts: -1, ..People::default() });
    // Nothing else may be known of the person in the campaign: then it is as if nothing had been.
    connection
        .prepare_cached(
            "DELETE FROM campaign_contact WHERE contact_id = ?1 AND campaign_id = ?2 AND step = 0 AND sent = 0
                 AND replied = 0 AND completed_at_ms = 0 AND failed_at_ms = 0 AND interest_at_ms = 0 AND category = ''",
        )?
        .execute((contact_id, id))?;
    Ok(())
}

/// The person opened or clicked a step; counted once, for the day of the first time.
pub fn record_engagement(
    tx: &Tx<'_>,
    tally: &mut Tally,
    (id, contact_id): (CampaignId, ContactId),
    (step, counter): (Option<i64>, Counter),
    at_ms: i64,
) -> Result<(), Error> {
    let (find, store) = match counter {
        Counter::Clicked => (
            "SELECT clicked_at_ms FROM campaign_step_contact WHERE contact_id = ?1 AND campaign_id = ?2 AND step = ?3",
            "INSERT INTO campaign_step_contact (contact_id, campaign_id, step, clicked_at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (contact_id, campaign_id, step) DO UPDATE SET clicked_at_ms = excluded.clicked_at_ms",
        ),
        _ => (
            "SELECT opened_at_ms FROM campaign_step_contact WHERE contact_id = ?1 AND campaign_id = ?2 AND step = ?3",
            "INSERT INTO campaign_step_contact (contact_id, campaign_id, step, opened_at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (contact_id, campaign_id, step) DO UPDATE SET opened_at_ms = excluded.opened_at_ms",
        ),
    };
    let step = step.unwrap_or(0);
    let known: Option<i64> =
        tx.connection().prepare_cached(find)?.query_row((contact_id, id, step), |row| row.get(0)).optional()?;
    let known_ms = known.filter(|known_ms| *known_ms != 0);
    if known_ms.is_some_and(|known_ms| known_ms <= at_ms) {
        return Ok(());
    }
    tx.connection().prepare_cached(store)?.execute((contact_id, id, step, at_ms))?;
    match known_ms {
        Some(known_ms) => tally.move_to_day(id, counter, (known_ms, at_ms)),
        None => tally.count(id, counter, at_ms),
    }
    Ok(())
}

/// A person's standing in a campaign: an interest or a label of the customer's own.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The interest number; `None` for neutral and for labels.
    pub interest: Option<i64>,
    /// The category word.
    pub category: &'static str,
    /// The customer's own label, `""` if it is none.
    pub label: String,
    /// Since when.
    pub at_ms: i64,
}

impl Standing {
    /// The standing an interest gives.
    pub const fn from_interest(interest: Interest, at_ms: i64) -> Self {
        Self { interest: interest.number(), category: interest.category(), label: String::new(), at_ms }
    }

    /// The standing a label of the customer's own gives.
    pub const fn from_label(label: String, at_ms: i64) -> Self {
        Self { interest: None, category: "custom", label, at_ms }
    }
}

/// Sets the person's standing in the campaign if it is newer than the known one, and moves the campaign's counters.
pub fn record_standing(
    tx: &Tx<'_>,
    tally: &mut Tally,
    (id, contact_id): (CampaignId, ContactId),
    standing: &Standing,
) -> Result<(), Error> {
    let connection = tx.connection();
    let known: Option<(Option<i64>, i64, String, String)> = connection
        .prepare_cached(
            "SELECT interest, interest_at_ms, category, label FROM campaign_contact WHERE contact_id = ?1 AND campaign_id = ?2",
        )?
        .query_row((contact_id, id), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let (old_interest, at_ms, category, label) = known.unwrap_or_default();
    // Among equal times the larger words win, so that the order of arrival does not matter.
    if (standing.at_ms, standing.category, standing.label.as_str()) <= (at_ms, category.as_str(), label.as_str()) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO campaign_contact (contact_id, campaign_id, interest, category, label, interest_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (contact_id, campaign_id) DO UPDATE SET interest = excluded.interest,
                 category = excluded.category, label = excluded.label, interest_at_ms = excluded.interest_at_ms",
        )?
        .execute((contact_id, id, standing.interest, standing.category, &standing.label, standing.at_ms))?;
    let moved = |test: fn(i64) -> bool| {
        i64::from(standing.interest.is_some_and(test)) - i64::from(old_interest.is_some_and(test))
    };
    let people = People {
        interested: moved(|interest| interest >= 1),
        meetings_booked: moved(|interest| interest >= 2),
        not_interested: moved(|interest| interest == -1),
        ..People::default()
    };
    tally.count_people(id, people);
    Ok(())
}

/// Where the sequence stands for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceEnd {
    /// It is through.
    Completed,
    /// It failed.
    Failed,
}

/// The sequence ended for a person.
pub fn record_sequence_end(
    tx: &Tx<'_>,
    id: CampaignId,
    contact_id: ContactId,
    end: SequenceEnd,
    at_ms: i64,
) -> Result<(), Error> {
    let (completed_at_ms, failed_at_ms) = if end == SequenceEnd::Completed { (at_ms, 0) } else { (0, at_ms) };
    tx.connection()
        .prepare_cached(
            "INSERT INTO campaign_contact (contact_id, campaign_id, completed_at_ms, failed_at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (contact_id, campaign_id) DO UPDATE SET
                 completed_at_ms = max(completed_at_ms, excluded.completed_at_ms),
                 failed_at_ms = max(failed_at_ms, excluded.failed_at_ms)",
        )?
        .execute((contact_id, id, completed_at_ms, failed_at_ms))?;
    Ok(())
}

/// A change of the campaign itself.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// It was started.
    Started,
    /// It was paused.
    Paused,
    /// It is through.
    Completed,
}

/// Records a change of the campaign itself.
pub fn record_change(
    tx: &Tx<'_>,
    campaign: &CampaignRef,
    change: Change,
    at_ms: i64,
    cause: ProviderEventId,
) -> Result<(), Error> {
    let (kind, sql) = match change {
        Change::Started => {
            ("campaign.started", "UPDATE campaign SET started_at_ms = max(started_at_ms, ?2) WHERE id = ?1")
        }
        Change::Paused => ("campaign.paused", "UPDATE campaign SET paused_at_ms = max(paused_at_ms, ?2) WHERE id = ?1"),
        Change::Completed => {
            ("campaign.completed", "UPDATE campaign SET completed_at_ms = max(completed_at_ms, ?2) WHERE id = ?1")
        }
    };
    tx.connection().prepare_cached(sql)?.execute((campaign.id, at_ms))?;
    append(tx, kind, campaign, (at_ms, cause))
}

pub(super) fn append(
    tx: &Tx<'_>,
    kind: &'static str,
    campaign: &CampaignRef,
    (at_ms, cause): (i64, ProviderEventId),
) -> Result<(), Error> {
    event_log::append(
        tx,
        &NewEvent {
            kind,
            actor: Actor::Provider,
            entity: Entity { kind: "campaign", id: campaign.id.uuid() },
            payload: json!({ "campaign_id": campaign.id, "campaign_name": campaign.name }),
            cause: Some(cause),
            at_ms,
        },
    )?;
    Ok(())
}
