//! The campaigns of one batch of deliveries: each is looked up once, its counters are added up, and both are written
//! once, at the end of the batch, in the batch's transaction.
//!
//! Deliveries that come together are mostly about a few campaigns, so this saves most of the statements a delivery
//! would cost. Nothing here is read back within the batch, and a batch that fails is dropped whole.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::record::{self, CampaignRef};
use crate::clock::utc_day;
use crate::id::{CampaignId, ConnectionId, ProviderEventId};
use crate::store::{Error, Tx};

/// What is counted; each is a column of `campaign` and of `campaign_day`, in this order.
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

const COUNTERS: usize = 8;

impl Counter {
    const fn index(self) -> usize {
        self as usize
    }
}

/// Counts of people; each is a column of `campaign` only.
#[derive(Clone, Copy, Debug, Default)]
pub struct People {
    /// People a message was sent to.
    pub contacts: i64,
    /// People who replied.
    pub replied_contacts: i64,
    /// People whose interest is now 1 or higher.
    pub interested: i64,
    /// People whose interest is now 2 or higher.
    pub meetings_booked: i64,
    /// People whose interest is now -1.
    pub not_interested: i64,
}

#[derive(Default)]
struct Changes {
    counters: [i64; COUNTERS],
    people: People,
    last_sent_at_ms: i64,
    last_event_at_ms: i64,
}

struct Known {
    id: CampaignId,
    name: String,
    name_at_ms: i64,
    is_renamed: bool,
}

/// See the module's documentation.
#[derive(Default)]
pub struct Tally {
    known: BTreeMap<(ConnectionId, String), Known>,
    changes: BTreeMap<CampaignId, Changes>,
    days: BTreeMap<(CampaignId, i64), [i64; COUNTERS]>,
}

impl Tally {
    /// Finds the campaign by the provider's id, creates it as "not yet synced" if it is new; the latest name wins.
    pub fn find_or_create(
        &mut self,
        tx: &Tx<'_>,
        (connection_id, provider_campaign_id): (ConnectionId, &str),
        (name, at_ms): (&str, i64),
        cause: ProviderEventId,
    ) -> Result<CampaignRef, Error> {
        let key = (connection_id, provider_campaign_id.to_owned());
        if !self.known.contains_key(&key) {
            let known = match find(tx, &key)? {
                Some(known) => known,
                None => create(tx, &key, (name, at_ms), cause)?,
            };
            self.known.insert(key.clone(), known);
        }
        let Some(known) = self.known.get_mut(&key) else { return Err(Error::Closed) };
        if !name.is_empty() && (at_ms, name) > (known.name_at_ms, known.name.as_str()) {
            name.clone_into(&mut known.name);
            known.name_at_ms = at_ms;
            known.is_renamed = true;
        }
        let campaign = CampaignRef { id: known.id, name: known.name.clone() };
        let changes = self.changes.entry(campaign.id).or_default();
        changes.last_event_at_ms = changes.last_event_at_ms.max(at_ms);
        Ok(campaign)
    }

    /// Counts one in total and for its UTC day.
    pub fn count(&mut self, id: CampaignId, counter: Counter, at_ms: i64) {
        let changes = self.changes.entry(id).or_default();
        add(&mut changes.counters, counter, 1);
        if counter == Counter::Sent {
            changes.last_sent_at_ms = changes.last_sent_at_ms.max(at_ms);
        }
        add(self.days.entry((id, utc_day(at_ms))).or_default(), counter, 1);
    }

    /// Takes back one that was counted.
    pub fn take_back(&mut self, id: CampaignId, counter: Counter, at_ms: i64) {
        add(&mut self.changes.entry(id).or_default().counters, counter, -1);
        add(self.days.entry((id, utc_day(at_ms))).or_default(), counter, -1);
    }

    /// Counts people.
    pub fn count_people(&mut self, id: CampaignId, people: People) {
        let known = &mut self.changes.entry(id).or_default().people;
        known.contacts += people.contacts;
        known.replied_contacts += people.replied_contacts;
        known.interested += people.interested;
        known.meetings_booked += people.meetings_booked;
        known.not_interested += people.not_interested;
    }

    /// Moves one that was counted for a later day to the day it belongs to.
    pub fn move_to_day(&mut self, id: CampaignId, counter: Counter, (from_ms, to_ms): (i64, i64)) {
        add(self.days.entry((id, utc_day(from_ms))).or_default(), counter, -1);
        add(self.days.entry((id, utc_day(to_ms))).or_default(), counter, 1);
    }

    /// Writes what was collected.
    pub fn store(self, tx: &Tx<'_>) -> Result<(), Error> {
        for known in self.known.values().filter(|known| known.is_renamed) {
            tx.connection()
                .prepare_cached("UPDATE campaign SET name = ?2, name_at_ms = ?3 WHERE id = ?1")?
                .execute((known.id, &known.name, known.name_at_ms))?;
        }
        for (id, changes) in &self.changes {
            store_changes(tx, *id, changes)?;
        }
        for ((id, day), counters) in &self.days {
            store_day(tx, (*id, *day), counters)?;
        }
        Ok(())
    }
}

fn add(counters: &mut [i64; COUNTERS], counter: Counter, number: i64) {
    if let Some(count) = counters.get_mut(counter.index()) {
        *count += number;
    }
}

fn find(tx: &Tx<'_>, (connection_id, provider_campaign_id): &(ConnectionId, String)) -> Result<Option<Known>, Error> {
    Ok(tx
        .connection()
        .prepare_cached(
            "SELECT id, name, name_at_ms FROM campaign WHERE provider_campaign_id = ?1 AND connection_id = ?2",
        )?
        .query_row((provider_campaign_id, connection_id), |row| {
            Ok(Known { id: row.get(0)?, name: row.get(1)?, name_at_ms: row.get(2)?, is_renamed: false })
        })
        .optional()?)
}

fn create(
    tx: &Tx<'_>,
    (connection_id, provider_campaign_id): &(ConnectionId, String),
    (name, at_ms): (&str, i64),
    cause: ProviderEventId,
) -> Result<Known, Error> {
    let id = CampaignId::from_uuid(tx.next_uuid());
    let name_at_ms = if name.is_empty() { 0 } else { at_ms };
    tx.connection()
        .prepare_cached(
            "INSERT INTO campaign (id, connection_id, provider_campaign_id, name, name_at_ms, created_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((id, connection_id, provider_campaign_id, name, name_at_ms, tx.now_ms()))?;
    let campaign = CampaignRef { id, name: name.to_owned() };
    record::append(tx, "campaign.created", &campaign, (tx.now_ms(), cause))?;
    Ok(Known { id, name: campaign.name, name_at_ms, is_renamed: false })
}

fn store_changes(tx: &Tx<'_>, id: CampaignId, changes: &Changes) -> Result<(), Error> {
    let [sent, opened, clicked, replied, auto_replied, bounced, unsubscribed, complained] = changes.counters;
    tx.connection()
        .prepare_cached(
            "UPDATE campaign SET sent = sent + ?2, opened = opened + ?3, clicked = clicked + ?4, replied = replied + ?5,
                 auto_replied = auto_replied + ?6, bounced = bounced + ?7, unsubscribed = unsubscribed + ?8,
                 complained = complained + ?9, contacts = contacts + ?10, replied_contacts = replied_contacts + ?11,
                 interested = interested + ?12, meetings_booked = meetings_booked + ?13,
                 not_interested = not_interested + ?14, last_sent_at_ms = max(last_sent_at_ms, ?15),
                 last_event_at_ms = max(last_event_at_ms, ?16)
             WHERE id = ?1",
        )?
        .execute(rusqlite::params![
            id,
            sent,
            opened,
            clicked,
            replied,
            auto_replied,
            bounced,
            unsubscribed,
            complained,
            changes.people.contacts,
            changes.people.replied_contacts,
            changes.people.interested,
            changes.people.meetings_booked,
            changes.people.not_interested,
            changes.last_sent_at_ms,
            changes.last_event_at_ms,
        ])?;
    Ok(())
}

fn store_day(tx: &Tx<'_>, (id, day): (CampaignId, i64), counters: &[i64; COUNTERS]) -> Result<(), Error> {
    if counters.iter().all(|count| *count == 0) {
        return Ok(());
    }
    let [sent, opened, clicked, replied, auto_replied, bounced, unsubscribed, complained] = *counters;
    tx.connection()
        .prepare_cached(
            "INSERT INTO campaign_day (campaign_id, day, sent, opened, clicked, replied, auto_replied, bounced,
                 unsubscribed, complained)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (campaign_id, day) DO UPDATE SET sent = sent + excluded.sent, opened = opened + excluded.opened,
                 clicked = clicked + excluded.clicked, replied = replied + excluded.replied,
                 auto_replied = auto_replied + excluded.auto_replied, bounced = bounced + excluded.bounced,
                 unsubscribed = unsubscribed + excluded.unsubscribed, complained = complained + excluded.complained",
        )?
        .execute((id, day, sent, opened, clicked, replied, auto_replied, bounced, unsubscribed, complained))?;
    if counters.iter().all(|count| *count >= 0) {
        return Ok(());
    }
    // A day on which nothing is left was a day without activity.
    tx.connection()
        .prepare_cached(
            "DELETE FROM campaign_day WHERE campaign_id = ?1 AND day = ?2 AND sent + opened + clicked + replied
                 + auto_replied + bounced + unsubscribed + complained = 0",
        )?
        .execute((id, day))?;
    Ok(())
}
