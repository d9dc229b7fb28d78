//! SQL of mailboxes, reading.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Mailbox, MailboxCounters, MailboxDay, state_of};
use crate::id::MailboxId;
use crate::store::Error;

const MAILBOX: &str = "SELECT b.id, b.address, b.state_reason, b.last_sent_at_ms, b.error_at_ms, b.suspended_at_ms,
         b.sent, b.received, b.auto_replied, b.bounced, b.last_event_at_ms, b.created_at_ms,
         coalesce(d.sent, 0), coalesce(d.received, 0), coalesce(d.auto_replied, 0), coalesce(d.bounced, 0),
         coalesce(u.unread, 0)
     FROM mailbox b
     LEFT JOIN (SELECT mailbox_id, count(*) AS unread FROM (
             SELECT mailbox_id FROM conversation INDEXED BY conversation_unread
             WHERE view = 'inbox' AND (unread_count > 0) = 1 ORDER BY last_message_at_ms DESC LIMIT 5000)
         GROUP BY mailbox_id) u ON u.mailbox_id = b.id
     LEFT JOIN mailbox_day d ON d.mailbox_id = b.id AND d.day = ?1";

fn read_counters(row: &Row<'_>, first: usize) -> rusqlite::Result<MailboxCounters> {
    Ok(MailboxCounters {
        sent: row.get(first)?,
        received: row.get(first + 1)?,
        auto_replied: row.get(first + 2)?,
        bounced: row.get(first + 3)?,
    })
}

fn read_mailbox(row: &Row<'_>) -> rusqlite::Result<Mailbox> {
    let (state, state_at_ms) = state_of(row.get(3)?, row.get(4)?, row.get(5)?);
    Ok(Mailbox {
        id: row.get(0)?,
        address: row.get(1)?,
        state,
        state_reason: row.get(2)?,
        state_at_ms,
        counters: read_counters(row, 6)?,
        last_event_at_ms: row.get(10)?,
        created_at_ms: row.get(11)?,
        today: read_counters(row, 12)?,
        unread_count: row.get(16)?,
    })
}

/// All mailboxes by address; `today` is a UTC day.
pub fn list_mailboxes(connection: &Connection, today: i64) -> Result<Vec<Mailbox>, Error> {
    let sql = format!("{MAILBOX} ORDER BY b.address");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([today], read_mailbox)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many mailboxes there are.
pub fn count_mailboxes(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.prepare_cached("SELECT count(*) FROM mailbox")?.query_row([], |row| row.get(0))?)
}

/// One mailbox by its id or its address, with its days since `first_day`.
pub fn find_mailbox_with_days(
    connection: &Connection,
    id_or_address: &str,
    (today, first_day): (i64, i64),
) -> Result<Option<(Mailbox, Vec<MailboxDay>)>, Error> {
    let Some(id) = find_mailbox_id(connection, id_or_address)? else { return Ok(None) };
    let days = list_days(connection, id, first_day)?;
    Ok(find_mailbox(connection, id, today)?.map(|mailbox| (mailbox, days)))
}

/// One mailbox.
pub(super) fn find_mailbox(connection: &Connection, id: MailboxId, today: i64) -> Result<Option<Mailbox>, Error> {
    let sql = format!("{MAILBOX} WHERE b.id = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row((today, id), read_mailbox).optional()?)
}

/// Our id of a mailbox that is named by it or by its address.
pub(super) fn find_mailbox_id(connection: &Connection, id_or_address: &str) -> Result<Option<MailboxId>, Error> {
    if let Ok(id) = id_or_address.parse::<MailboxId>() {
        let sql = "SELECT id FROM mailbox WHERE id = ?1";
        return Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?);
    }
    let sql = "SELECT id FROM mailbox WHERE address = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id_or_address.to_lowercase()], |row| row.get(0)).optional()?)
}

/// The counters per UTC day from `first_day` on, oldest first.
pub(super) fn list_days(connection: &Connection, id: MailboxId, first_day: i64) -> Result<Vec<MailboxDay>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT day, sent, received, auto_replied, bounced FROM mailbox_day
         WHERE mailbox_id = ?1 AND day >= ?2 ORDER BY day",
    )?;
    let rows = statement.query_map((id, first_day), |row| {
        Ok(MailboxDay { day: crate::campaign::model::day_text(row.get(0)?), counters: read_counters(row, 1)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
