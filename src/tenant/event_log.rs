//! The event log: one row per change of state, appended in the transaction that made the change.
//!
//! Everything that follows from a change is a consumer that reads this log. The payload holds ids and names for
//! display, never the body of a message: the log is read by more roles than the inbox is.

use rusqlite::{Connection, Row};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::id::{AccountId, ProviderEventId};
use crate::store::{Error, Tx};

/// Who did it.
#[derive(Clone, Copy, Debug)]
pub enum Actor {
    /// A provider told us.
    Provider,
    /// The program itself.
    System,
    /// A person or a program with that person's rights.
    Account(AccountId),
}

impl Actor {
    fn text(self) -> String {
        match self {
            Self::Provider => "provider".to_owned(),
            Self::System => "system".to_owned(),
            Self::Account(id) => format!("account:{id}"),
        }
    }
}

/// The record an event is about.
#[derive(Clone, Copy, Debug)]
pub struct Entity {
    /// `contact`, `conversation`, …
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
}

/// One line to append.
#[derive(Debug)]
pub struct NewEvent<P> {
    /// `message.received` and so on.
    pub kind: &'static str,
    /// Who did it.
    pub actor: Actor,
    /// What it is about.
    pub entity: Entity,
    /// Ids and names for display.
    pub payload: P,
    /// The provider event that led to it.
    pub cause: Option<ProviderEventId>,
    /// When it happened, UTC milliseconds.
    pub at_ms: i64,
}

/// One line of the log.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Event)]
pub struct Event {
    /// Position in the log; grows by at least one.
    pub sequence: i64,
    /// `message.received` and so on.
    pub kind: String,
    /// `provider`, `system` or `account:<id>`.
    pub actor: String,
    /// `contact`, `conversation`, …
    pub entity_kind: String,
    /// The record's id.
    pub entity_id: Uuid,
    /// Ids and names for display.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
    /// When it happened, UTC milliseconds.
    pub at_ms: i64,
}

/// Appends one line and answers its sequence.
pub fn append<P: Serialize>(tx: &Tx<'_>, event: &NewEvent<P>) -> Result<i64, Error> {
    let payload = serde_json::to_string(&event.payload)
        .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    tx.connection()
        .prepare_cached(
            "INSERT INTO event (kind, actor, entity_kind, entity_id, payload, cause, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            event.kind,
            event.actor.text(),
            event.entity.kind,
            event.entity.id.as_bytes().as_slice(),
            payload,
            event.cause,
            event.at_ms,
        ))?;
    let sequence = tx.connection().last_insert_rowid();
    tx.note_sequence(sequence);
    Ok(sequence)
}

/// Lines after `cursor`, oldest first.
pub fn list_after(connection: &Connection, cursor: i64, limit: usize) -> Result<Vec<Event>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, kind, actor, entity_kind, entity_id, payload, at_ms
         FROM event WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?;
    collect(statement.query((cursor, limit_number(limit)))?)
}

/// Kinds that are frequent enough to be found by walking the log backwards; the index leaves them out.
const FREQUENT_KINDS: [&str; 4] = ["message.received", "message.sent", "message.opened", "contact.created"];

/// Most lines looked at for one page: a kind that is frequent elsewhere may not occur here at all.
const WALK_LIMIT: i64 = 50_000;

/// A part of the log.
#[derive(Debug)]
pub struct Lines {
    /// Its lines, newest first.
    pub events: Vec<Event>,
    /// Lines before this one have not been looked at; `None` if there are none.
    pub next: Option<i64>,
}

/// Lines before `cursor`, newest first, of the kinds that start with `prefix`. There may be fewer than `limit`, and even
/// none, although there are more: the walk ends after a bounded number of lines, and goes on from `next`.
pub fn list_before(connection: &Connection, cursor: i64, prefix: &str, limit: usize) -> Result<Lines, Error> {
    let is_walk = FREQUENT_KINDS.iter().any(|kind| kind.starts_with(prefix));
    let floor = if is_walk { find_floor(connection, cursor)? } else { 0 };
    let events = if is_walk {
        let mut statement = connection.prepare_cached(
            "SELECT sequence, kind, actor, entity_kind, entity_id, payload, at_ms FROM event
             WHERE sequence < ?1 AND sequence >= ?2 AND substr(kind, 1, length(?3)) = ?3 ORDER BY sequence DESC LIMIT ?4",
        )?;
        collect(statement.query((cursor, floor, prefix, limit_number(limit)))?)?
    } else {
        list_rare_before(connection, cursor, prefix, limit)?
    };
    let next = match events.last() {
        Some(last) if events.len() >= limit => Some(last.sequence),
        _ => (floor > 0).then_some(floor),
    };
    Ok(Lines { events, next })
}

/// The lowest sequence a walk down from `cursor` looks at; 0 if nothing lies below it.
fn find_floor(connection: &Connection, cursor: i64) -> Result<i64, Error> {
    let mut statement = connection.prepare_cached(
        // One look-up at each end: min and max in one SELECT read the whole table.
        "SELECT coalesce((SELECT min(sequence) FROM event), 0), coalesce((SELECT max(sequence) FROM event), 0)",
    )?;
    let (first, last): (i64, i64) = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let floor = cursor.min(last.saturating_add(1)).saturating_sub(WALK_LIMIT);
    Ok(if floor > first { floor } else { 0 })
}

/// [`list_before`] for kinds that the index holds: the newest of each kind, merged.
fn list_rare_before(connection: &Connection, cursor: i64, prefix: &str, limit: usize) -> Result<Vec<Event>, Error> {
    let mut next_kind = connection.prepare_cached(
        "SELECT min(kind) FROM event
         WHERE kind > ?1 AND kind NOT IN ('message.received', 'message.sent', 'message.opened', 'contact.created')",
    )?;
    let mut of_kind = connection.prepare_cached(
        "SELECT sequence, kind, actor, entity_kind, entity_id, payload, at_ms FROM event
         WHERE kind = ?1 AND kind NOT IN ('message.received', 'message.sent', 'message.opened', 'contact.created')
             AND sequence < ?2 ORDER BY sequence DESC LIMIT ?3",
    )?;
    let mut events = Vec::new();
    // The prefix may itself be a kind, which the search for the next kind passes over.
    events.extend(collect(of_kind.query((prefix, cursor, limit_number(limit)))?)?);
    let mut kind: Option<String> = next_kind.query_row([prefix], |row| row.get(0))?;
    while let Some(found) = kind.take().filter(|kind| kind.starts_with(prefix)) {
        events.extend(collect(of_kind.query((&found, cursor, limit_number(limit)))?)?);
        kind = next_kind.query_row([&found], |row| row.get(0))?;
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.sequence));
    events.truncate(limit);
    Ok(events)
}

fn limit_number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read_row(row)?);
    }
    Ok(events)
}

fn read_row(row: &Row<'_>) -> Result<Event, Error> {
    let payload: String = row.get(5)?;
    let entity_id: [u8; 16] = row.get(4)?;
    Ok(Event {
        sequence: row.get(0)?,
        kind: row.get(1)?,
        actor: row.get(2)?,
        entity_kind: row.get(3)?,
        entity_id: Uuid::from_bytes(entity_id),
        payload: RawValue::from_string(payload)
            .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?,
        at_ms: row.get(6)?,
    })
}
