//! What a provider event does to a campaign: it becomes known, its counters move, its state follows.
//!
//! As with mailboxes the state is not stored: it follows from the latest of four times. Counters change in the
//! transaction of the event; `recount` in the tests computes each of them anew from the rows.

use rusqlite::OptionalExtension;
use serde_json::json;

use crate::channel::event::Interest;
use crate::id::{CampaignId, ConnectionId, ContactId, ProviderEventId};
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

/// Finds the campaign by the provider's id, creates it as "not yet synced" if it is new; the latest name wins.
pub fn find_or_create(
    tx: &Tx<'_>,
    connection_id: ConnectionId,
    (provider_campaign_id, name): (&str, &str),
    at_ms: i64,
    cause: ProviderEventId,
) -> Result<CampaignRef, Error> {
    let found = tx
        .connection()
        .prepare_cached(
            "SELECT id, name, name_at_ms FROM campaign WHERE provider_campaign_id = ?1 AND connection_id = ?2",
        )?
        .query_row((provider_campaign_id, connection_id), |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
        })
        .optional()?;
    if let Some((id, known_name, name_at_ms)) = found {
        let is_newer = (at_ms, name) > (name_at_ms, known_name.as_str());
        if name.is_empty() || !is_newer || name == known_name {
            return Ok(CampaignRef { id, name: known_name });
        }
        tx.connection()
            .prepare_cached("UPDATE campaign SET name = ?2, name_at_ms = ?3 WHERE id = ?1")?
            .execute((id, name, at_ms))?;
        return Ok(CampaignRef { id, name: name.to_owned() });
    }
    let id = CampaignId::from_uuid(tx.next_uuid());
    tx.connection()
        .prepare_cached(
            "INSERT INTO campaign (id, connection_id, provider_campaign_id, name, name_at_ms, created_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            id,
            connection_id,
            provider_campaign_id,
            name,
            if name.is_empty() { 0 } else { at_ms },
            tx.now_ms(),
        ))?;
    let campaign = CampaignRef { id, name: name.to_owned() };
    append(tx, "campaign.created", &campaign, (tx.now_ms(), cause))?;
    Ok(campaign)
}

/// What is counted; each is a column of `campaign` and of `campaign_day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Messages sent.
    Sent,
    /// Steps opened at least once.
    Opened,
    /// Steps clicked at least once.
    Clicked,
    /// Replies.
    Replied,
    /// Automatic replies.
    AutoReplied,
    /// Bounces.
    Bounced,
    /// People who unsubscribed.
    Unsubscribed,
    /// Complaints.
    Complained,
}

/// The statements of a counter.
struct CounterSql {
    total: &'static str,
    day: &'static str,
    leave_day: &'static str,
}

impl Counter {
    const fn sql(self) -> CounterSql {
        macro_rules! sql_of {
            ($column:literal) => {
                CounterSql {
                    total: concat!("UPDATE campaign SET ", $column, " = ", $column, " + 1 WHERE id = ?1"),
                    day: concat!(
                        "INSERT INTO campaign_day (campaign_id, day, ",
                        $column,
                        ") VALUES (?1, ?2, 1) ",
                        "ON CONFLICT (campaign_id, day) DO UPDATE SET ",
                        $column,
                        " = ",
                        $column,
                        " + 1"
                    ),
                    leave_day: concat!(
                        "UPDATE campaign_day SET ",
                        $column,
                        " = ",
                        $column,
                        " - 1 WHERE campaign_id = ?1 AND day = ?2"
                    ),
                }
            };
        }
        match self {
            Self::Sent => sql_of!("sent"),
            Self::Opened => sql_of!("opened"),
            Self::Clicked => sql_of!("clicked"),
            Self::Replied => sql_of!("replied"),
            Self::AutoReplied => sql_of!("auto_replied"),
            Self::Bounced => sql_of!("bounced"),
            Self::Unsubscribed => sql_of!("unsubscribed"),
            Self::Complained => sql_of!("complained"),
        }
    }
}

/// Counts one in total and for its UTC day.
pub fn count(tx: &Tx<'_>, id: CampaignId, counter: Counter, at_ms: i64) -> Result<(), Error> {
    let sql = counter.sql();
    tx.connection().prepare_cached(sql.total)?.execute([id])?;
    tx.connection().prepare_cached(sql.day)?.execute((id, crate::clock::utc_day(at_ms)))?;
    Ok(())
}

/// Moves one that was counted for a later day to the day it belongs to.
fn move_to_day(tx: &Tx<'_>, id: CampaignId, counter: Counter, (from_ms, to_ms): (i64, i64)) -> Result<(), Error> {
    let (from_day, to_day) = (crate::clock::utc_day(from_ms), crate::clock::utc_day(to_ms));
    if from_day == to_day {
        return Ok(());
    }
    let sql = counter.sql();
    tx.connection().prepare_cached(sql.leave_day)?.execute((id, from_day))?;
    tx.connection().prepare_cached(sql.day)?.execute((id, to_day))?;
    // A day on which nothing is left was a day without activity.
    tx.connection()
        .prepare_cached(
            "DELETE FROM campaign_day WHERE campaign_id = ?1 AND day = ?2 AND sent + opened + clicked + replied
                 + auto_replied + bounced + unsubscribed + complained = 0",
        )?
        .execute((id, from_day))?;
    Ok(())
}

/// Notes that something happened in the campaign, and that it then had the name the event gave it, if it gave one.
pub fn touch(tx: &Tx<'_>, id: CampaignId, name: &str, at_ms: i64) -> Result<(), Error> {
    tx.connection()
        .prepare_cached(
            "UPDATE campaign SET last_event_at_ms = max(last_event_at_ms, ?2),
                 name_at_ms = CASE WHEN ?3 <> '' AND name = ?3 THEN max(name_at_ms, ?2) ELSE name_at_ms END
             WHERE id = ?1",
        )?
        .execute((id, at_ms, name))?;
    Ok(())
}

/// A message of the campaign went to the person.
pub fn record_sent(
    tx: &Tx<'_>,
    id: CampaignId,
    contact_id: Option<ContactId>,
    step: Option<i64>,
    at_ms: i64,
) -> Result<(), Error> {
    count(tx, id, Counter::Sent, at_ms)?;
    tx.connection()
        .prepare_cached("UPDATE campaign SET last_sent_at_ms = max(last_sent_at_ms, ?2) WHERE id = ?1")?
        .execute((id, at_ms))?;
    let Some(contact_id) = contact_id else { return Ok(()) };
    let sent: i64 = tx
        .connection()
        .prepare_cached(
            "INSERT INTO campaign_contact (contact_id, campaign_id, step, sent) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (contact_id, campaign_id) DO UPDATE SET step = max(step, excluded.step), sent = sent + 1
             RETURNING sent",
        )?
        .query_row((contact_id, id, step.unwrap_or(0)), |row| row.get(0))?;
    if sent == 1 {
        tx.connection().prepare_cached("UPDATE campaign SET contacts = contacts + 1 WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}

/// The person replied.
pub fn record_reply(tx: &Tx<'_>, id: CampaignId, contact_id: ContactId, at_ms: i64) -> Result<(), Error> {
    count(tx, id, Counter::Replied, at_ms)?;
    let replied: i64 = tx
        .connection()
        .prepare_cached(
            "INSERT INTO campaign_contact (contact_id, campaign_id, replied) VALUES (?1, ?2, 1)
             ON CONFLICT (contact_id, campaign_id) DO UPDATE SET replied = replied + 1
             RETURNING replied",
        )?
        .query_row((contact_id, id), |row| row.get(0))?;
    if replied == 1 {
        tx.connection()
            .prepare_cached("UPDATE campaign SET replied_contacts = replied_contacts + 1 WHERE id = ?1")?
            .execute([id])?;
    }
    Ok(())
}

/// The person opened or clicked a step; counted once, for the day of the first time.
pub fn record_engagement(
    tx: &Tx<'_>,
    id: CampaignId,
    contact_id: ContactId,
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
        Some(known_ms) => move_to_day(tx, id, counter, (known_ms, at_ms)),
        None => count(tx, id, counter, at_ms),
    }
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
pub fn record_standing(tx: &Tx<'_>, id: CampaignId, contact_id: ContactId, standing: &Standing) -> Result<(), Error> {
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
    connection
        .prepare_cached(
            "UPDATE campaign SET interested = interested + ?2, meetings_booked = meetings_booked + ?3,
                 not_interested = not_interested + ?4 WHERE id = ?1",
        )?
        .execute((
            id,
            moved(|interest| interest >= 1),
            moved(|interest| interest >= 2),
            moved(|interest| interest == -1),
        ))?;
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

fn append(
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
