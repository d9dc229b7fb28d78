//! SQL of campaigns and figures, reading.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Campaign, CampaignDay, Counters, StateTimes, Statistics, day_text};
use crate::id::CampaignId;
use crate::store::Error;
use crate::store::page::Cursor;

const CAMPAIGN: &str = "SELECT rowid, id, provider_campaign_id, name, is_synced, last_event_at_ms, created_at_ms,
         last_sent_at_ms, started_at_ms, paused_at_ms, completed_at_ms,
         sent, opened, clicked, replied, replied_contacts, auto_replied, bounced, unsubscribed, complained,
         interested, not_interested, meetings_booked, contacts FROM campaign";

fn read_counters(row: &Row<'_>, first: usize) -> rusqlite::Result<Counters> {
    Ok(Counters {
        sent: row.get(first)?,
        opened: row.get(first + 1)?,
        clicked: row.get(first + 2)?,
        replied: row.get(first + 3)?,
        replied_contacts: row.get(first + 4)?,
        auto_replied: row.get(first + 5)?,
        bounced: row.get(first + 6)?,
        unsubscribed: row.get(first + 7)?,
        complained: row.get(first + 8)?,
        interested: row.get(first + 9)?,
        not_interested: row.get(first + 10)?,
        meetings_booked: row.get(first + 11)?,
        contacts: row.get(first + 12)?,
    })
}

fn read_campaign(row: &Row<'_>) -> rusqlite::Result<(i64, Campaign)> {
    let counters = read_counters(row, 11)?;
    let times = StateTimes {
        last_sent_at_ms: row.get(7)?,
        started_at_ms: row.get(8)?,
        paused_at_ms: row.get(9)?,
        completed_at_ms: row.get(10)?,
    };
    let campaign = Campaign {
        id: row.get(1)?,
        provider_campaign_id: row.get(2)?,
        name: row.get(3)?,
        state: times.state(),
        is_synced: row.get(4)?,
        rates: counters.rates(),
        counters,
        last_event_at_ms: row.get(5)?,
        created_at_ms: row.get(6)?,
    };
    Ok((row.get(0)?, campaign))
}

/// One page of campaigns, the one where something happened last first.
pub(super) fn list_campaigns(
    connection: &Connection,
    cursor: Cursor,
    limit: usize,
) -> Result<(Vec<Campaign>, Option<Cursor>), Error> {
    let sql = format!(
        "{CAMPAIGN} WHERE (last_event_at_ms, rowid) < (?1, ?2) ORDER BY last_event_at_ms DESC, rowid DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((cursor.key, cursor.number, i64::try_from(limit).unwrap_or(100)), read_campaign)?;
    let rows: Vec<(i64, Campaign)> = rows.collect::<rusqlite::Result<_>>()?;
    let next = rows
        .last()
        .filter(|_last| rows.len() == limit)
        .map(|(number, last)| Cursor { key: last.last_event_at_ms, number: *number });
    Ok((rows.into_iter().map(|(_number, campaign)| campaign).collect(), next))
}

/// A window of campaigns, as the seed route has it.
pub fn list_campaign_window(connection: &Connection, limit: usize, offset: usize) -> Result<Vec<Campaign>, Error> {
    let sql = format!("{CAMPAIGN} ORDER BY last_event_at_ms DESC, rowid DESC LIMIT ?1 OFFSET ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let window = (i64::try_from(limit).unwrap_or(100), i64::try_from(offset).unwrap_or(i64::MAX));
    let rows = statement.query_map(window, read_campaign)?;
    Ok(rows.map(|row| row.map(|(_number, campaign)| campaign)).collect::<rusqlite::Result<_>>()?)
}

/// Campaigns in the order in which they became known, each with its place in it.
pub fn list_campaigns_in_order(
    connection: &Connection,
    after: i64,
    (limit, offset): (usize, usize),
) -> Result<Vec<(i64, Campaign)>, Error> {
    let sql = format!("{CAMPAIGN} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2 OFFSET ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let window = (after, i64::try_from(limit).unwrap_or(100), i64::try_from(offset).unwrap_or(i64::MAX));
    let rows = statement.query_map(window, read_campaign)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many campaigns there are.
pub fn count_campaigns(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.prepare_cached("SELECT count(*) FROM campaign")?.query_row([], |row| row.get(0))?)
}

/// One campaign by our id or the provider's, with its days since `first_day`.
pub fn find_campaign_with_days(
    connection: &Connection,
    ours_or_provider: &str,
    first_day: i64,
) -> Result<Option<(Campaign, Vec<CampaignDay>)>, Error> {
    let Some(id) = find_campaign_id(connection, ours_or_provider)? else { return Ok(None) };
    let days = list_days(connection, id, first_day)?;
    Ok(find_campaign(connection, id)?.map(|campaign| (campaign, days)))
}

/// One campaign.
pub(super) fn find_campaign(connection: &Connection, id: CampaignId) -> Result<Option<Campaign>, Error> {
    let sql = format!("{CAMPAIGN} WHERE id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id], read_campaign).optional()?;
    Ok(found.map(|(_number, campaign)| campaign))
}

/// Our id of a campaign that is named by ours or by the provider's.
pub(super) fn find_campaign_id(connection: &Connection, ours_or_provider: &str) -> Result<Option<CampaignId>, Error> {
    if let Ok(id) = ours_or_provider.parse::<CampaignId>() {
        let sql = "SELECT id FROM campaign WHERE id = ?1";
        let own = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
        if own.is_some() {
            return Ok(own);
        }
    }
    let sql = "SELECT id FROM campaign WHERE provider_campaign_id = ?1 ORDER BY rowid LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([ours_or_provider], |row| row.get(0)).optional()?)
}

/// The counters of the last `days` UTC days with activity, oldest first.
pub(super) fn list_days(connection: &Connection, id: CampaignId, first_day: i64) -> Result<Vec<CampaignDay>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT day, sent, opened, clicked, replied, auto_replied, bounced, unsubscribed, complained
         FROM campaign_day WHERE campaign_id = ?1 AND day >= ?2 ORDER BY day",
    )?;
    let rows = statement.query_map((id, first_day), |row| {
        Ok(CampaignDay {
            day: day_text(row.get(0)?),
            sent: row.get(1)?,
            opened: row.get(2)?,
            clicked: row.get(3)?,
            replied: row.get(4)?,
            auto_replied: row.get(5)?,
            bounced: row.get(6)?,
            unsubscribed: row.get(7)?,
            complained: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The organization's figures. The large tables are counted by their highest number: nothing is deleted from them.
pub fn find_statistics(connection: &Connection) -> Result<Statistics, Error> {
    let sums = "SELECT coalesce(sum(sent), 0), coalesce(sum(opened), 0), coalesce(sum(clicked), 0), coalesce(sum(replied), 0),
             coalesce(sum(replied_contacts), 0), coalesce(sum(auto_replied), 0), coalesce(sum(bounced), 0),
             coalesce(sum(unsubscribed), 0), coalesce(sum(complained), 0), coalesce(sum(interested), 0),
             coalesce(sum(not_interested), 0), coalesce(sum(meetings_booked), 0), coalesce(sum(contacts), 0), count(*) FROM campaign";
    let (counters, campaigns) =
        connection.prepare_cached(sums)?.query_row([], |row| Ok((read_counters(row, 0)?, row.get(13)?)))?;
    let count =
        |sql: &str| -> Result<i64, Error> { Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?) };
    Ok(Statistics {
        rates: counters.rates(),
        counters,
        conversations: count("SELECT count(*) FROM conversation INDEXED BY conversation_view WHERE view = 'inbox'")?,
        unread_conversations: count(
            "SELECT count(*) FROM conversation INDEXED BY conversation_unread WHERE view = 'inbox' AND (unread_count > 0) = 1",
        )?,
        messages: count("SELECT coalesce(max(number), 0) FROM message")?,
        contacts: count("SELECT coalesce(max(rowid), 0) FROM contact")?,
        mailboxes: count("SELECT count(*) FROM mailbox")?,
        campaigns,
    })
}
