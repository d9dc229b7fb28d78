//! SQL of audit logs, reading: the same table in `control.db` and in each organization's file.
//!
//! A list walks the index of its narrowest filter (`audit_entity`, `audit_actor`, `audit_action`, else the primary key),
//! newest first. What no index answers (a time, a word) is looked for in a bounded number of rows; a page may therefore
//! hold fewer rows than asked for, and even none, and still lead on. Rejected: a full-text index over the log, which would
//! double its size for a search few make; an index over times, which are almost in the order of the rows anyway.

use rusqlite::{Connection, ToSql};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Row;
use crate::store::Error;

/// Most rows looked at for one page.
pub const WALK_LIMIT: i64 = 20_000;

/// One line of an audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Position in the log, from 1, without gaps.
    pub sequence: i64,
    /// Its id.
    pub id: Uuid,
    /// When it happened, UTC milliseconds.
    pub at_ms: i64,
    /// `account:<id>`, `api_key:<id>`, `command_line`, `system` or `anonymous`.
    pub actor: String,
    /// The address of the account or the name of the key, as it was then.
    pub actor_name: String,
    /// Where the request came from; empty if there was none.
    pub address: String,
    /// `member.invited` and so on.
    pub action: String,
    /// What kind of record it is about.
    pub entity_kind: String,
    /// The record's id.
    pub entity_id: String,
    /// The record's name as it was then.
    pub entity_name: String,
    /// What changed, as it was.
    #[schema(value_type = Object)]
    pub before: Box<RawValue>,
    /// What changed, as it became.
    #[schema(value_type = Object)]
    pub after: Box<RawValue>,
}

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Exactly this actor, or an actor of this name.
    pub actor: String,
    /// Actions that start like this.
    pub action: String,
    /// Only about the record with this id.
    pub entity: String,
    /// Not before this time.
    pub since_ms: Option<i64>,
    /// Before this time.
    pub until_ms: Option<i64>,
    /// Text in a name, an address, an action or a value; letters of ASCII in either case.
    pub q: String,
}

/// A part of a log.
#[derive(Debug)]
pub struct Part {
    /// Its rows, newest first.
    pub rows: Vec<Row>,
    /// Rows before this one have not been looked at; `None` if there are none.
    pub next: Option<i64>,
}

const COLUMNS: &str =
    "sequence, id, at_ms, actor, actor_name, address, action, entity_kind, entity_id, entity_name, before, after";

/// The conditions no index answers. Every statement binds all of them, so that each is prepared once.
const REST: &str = "(?3 = '' OR actor = ?3 OR actor_name = ?3) AND substr(action, 1, length(?4)) = ?4
     AND (?5 = '' OR entity_id = ?5) AND at_ms >= ?6 AND at_ms < ?7
     AND (?8 = '' OR instr(lower(actor_name), ?8) OR instr(lower(action), ?8) OR instr(lower(entity_name), ?8)
         OR instr(lower(entity_kind), ?8) OR instr(entity_id, ?8) OR instr(address, ?8)
         OR instr(lower(before), ?8) OR instr(lower(after), ?8))";

/// Rows before `cursor`, newest first.
pub fn list(connection: &Connection, filter: &Filter, cursor: i64, limit: usize) -> Result<Part, Error> {
    let (index, key) = match filter {
        Filter { entity, .. } if !entity.is_empty() => (Some(("audit_entity", "entity_id")), entity.clone()),
        Filter { actor, .. } if is_actor(actor) => (Some(("audit_actor", "actor")), actor.clone()),
        Filter { action, .. } if !action.is_empty() => return list_actions(connection, filter, cursor, limit),
        _ => (None, String::new()),
    };
    let walk = index.map_or_else(
        || "FROM audit WHERE ?1 = ?1".to_owned(),
        |(index, column)| format!("FROM audit INDEXED BY {index} WHERE {column} = ?1"),
    );
    let floor_sql =
        format!("SELECT sequence {walk} AND sequence < ?2 ORDER BY sequence DESC LIMIT 1 OFFSET {WALK_LIMIT}");
    let mut floor_statement = connection.prepare_cached(&floor_sql)?;
    let mut floors = floor_statement.query((&key, cursor))?;
    let floor: Option<i64> = floors.next()?.map(|row| row.get(0)).transpose()?;
    let sql = format!(
        "SELECT {COLUMNS} {walk} AND sequence < ?2 AND sequence > ?9 AND {REST} ORDER BY sequence DESC LIMIT ?10"
    );
    let rows = query(connection, &sql, filter, (&key, cursor, floor.unwrap_or(0), limit))?;
    let next = match rows.last() {
        Some(last) if rows.len() >= limit => Some(last.sequence),
        // The row at the floor itself is still to be looked at.
        _ => floor.map(|floor| floor.saturating_add(1)),
    };
    Ok(Part { rows, next })
}

/// Actors that can be looked up; any other word is the name of one.
fn is_actor(text: &str) -> bool {
    text.contains(':') || ["command_line", "system", "anonymous"].contains(&text)
}

/// [`list`] by the start of an action: the newest of each action, merged. Sequences have no gaps, so a span of them bounds
/// the rows that are looked at.
fn list_actions(connection: &Connection, filter: &Filter, cursor: i64, limit: usize) -> Result<Part, Error> {
    let has_rest =
        !filter.q.is_empty() || !filter.actor.is_empty() || filter.since_ms.is_some() || filter.until_ms.is_some();
    let last: i64 =
        connection.prepare_cached("SELECT coalesce(max(sequence), 0) FROM audit")?.query_row([], |row| row.get(0))?;
    let top = cursor.min(last.saturating_add(1));
    let floor = if has_rest { top.saturating_sub(WALK_LIMIT).saturating_sub(1).max(0) } else { 0 };
    let sql = format!(
        "SELECT {COLUMNS} FROM audit INDEXED BY audit_action WHERE action = ?1 AND sequence < ?2 AND sequence > ?9 AND {REST}
         ORDER BY sequence DESC LIMIT ?10"
    );
    let mut rows = Vec::new();
    let mut next_action =
        connection.prepare_cached("SELECT min(action) FROM audit INDEXED BY audit_action WHERE action >= ?1")?;
    let mut from = filter.action.clone();
    loop {
        let action: Option<String> = next_action.query_row([&from], |row| row.get(0))?;
        let Some(action) = action.filter(|action| action.starts_with(&filter.action)) else { break };
        rows.extend(query(connection, &sql, filter, (&action, cursor, floor, limit))?);
        // The smallest text above this one.
        from = action + "\u{1}";
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.sequence));
    rows.truncate(limit);
    let next = match rows.last() {
        Some(last) if rows.len() >= limit => Some(last.sequence),
        _ => (floor > 0).then_some(floor.saturating_add(1)),
    };
    Ok(Part { rows, next })
}

/// Whether a log has an entry of an actor about a record.
pub fn has_entry(connection: &Connection, (actor, action, entity): (&str, &str, &str)) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM audit INDEXED BY audit_entity
               WHERE entity_id = ?3 AND action = ?2 AND actor = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row((actor, action, entity), |row| row.get(0))?)
}

fn query(
    connection: &Connection,
    sql: &str,
    filter: &Filter,
    (key, cursor, floor, limit): (&str, i64, i64, usize),
) -> Result<Vec<Row>, Error> {
    let (since_ms, until_ms) = (filter.since_ms.unwrap_or(i64::MIN), filter.until_ms.unwrap_or(i64::MAX));
    let (q, limit) = (filter.q.to_ascii_lowercase(), i64::try_from(limit).unwrap_or(i64::MAX));
    let values: [&dyn ToSql; 10] =
        [&key, &cursor, &filter.actor, &filter.action, &filter.entity, &since_ms, &until_ms, &q, &floor, &limit];
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(values, read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Reads the columns of a row, in the order of the table, without its hash.
pub(super) fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let id: [u8; 16] = row.get(1)?;
    Ok(Row {
        sequence: row.get(0)?,
        id: Uuid::from_bytes(id),
        at_ms: row.get(2)?,
        actor: row.get(3)?,
        actor_name: row.get(4)?,
        address: row.get(5)?,
        action: row.get(6)?,
        entity_kind: row.get(7)?,
        entity_id: row.get(8)?,
        entity_name: row.get(9)?,
        before: row.get(10)?,
        after: row.get(11)?,
    })
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        Self {
            sequence: row.sequence,
            id: row.id,
            at_ms: row.at_ms,
            actor: row.actor,
            actor_name: row.actor_name,
            address: row.address,
            action: row.action,
            entity_kind: row.entity_kind,
            entity_id: row.entity_id,
            entity_name: row.entity_name,
            before: raw(&row.before),
            after: raw(&row.after),
        }
    }
}

/// Stored JSON as it is; what someone changed into something else is shown as text.
fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).or_else(|_error| serde_json::value::to_raw_value(text)).unwrap_or_default()
}
