//! SQL of the appliance's organizations, in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::api::Sort;
use crate::id::{ConnectionId, OrganizationId};
use crate::store::{Error, Tx};
use crate::tenant::figures::Figures;

/// An organization as `control.db` knows it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) id: OrganizationId,
    pub(super) name: String,
    pub(super) created_at_ms: i64,
    pub(super) delete_after_ms: Option<i64>,
    pub(super) figures: Option<Figures>,
    pub(super) figures_at_ms: i64,
    pub(super) members: i64,
    pub(super) connections: i64,
}

const COLUMNS: &str = "o.id, o.name, o.created_at_ms, o.delete_after_ms, o.figures, o.figures_at_ms,
     (SELECT count(*) FROM membership WHERE membership.organization_id = o.id),
     (SELECT count(*) FROM connection WHERE connection.organization_id = o.id)";

fn read_row(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let figures: String = row.get(4)?;
    let figures_at_ms: i64 = row.get(5)?;
    Ok(Listed {
        id: row.get(0)?,
        name: row.get(1)?,
        created_at_ms: row.get(2)?,
        delete_after_ms: row.get(3)?,
        figures: if figures_at_ms > 0 { serde_json::from_str(&figures).ok() } else { None },
        figures_at_ms,
        members: row.get(6)?,
        connections: row.get(7)?,
    })
}

/// One page of organizations whose name holds `q`, or whose id it is. Sorted by a value that may change, a page is a window:
/// there are a few thousand rows at most, and their order is that of the moment.
pub(super) fn list(
    connection: &Connection,
    (q, sort): (&str, Sort),
    (limit, offset): (usize, usize),
) -> Result<Vec<Listed>, Error> {
    let order = match sort {
        Sort::Name => "o.name, o.id",
        Sort::Created => "o.id DESC",
        Sort::Activity => "coalesce(json_extract(o.figures, '$.last_event_at_ms'), 0) DESC, o.id",
        Sort::Size => "coalesce(json_extract(o.figures, '$.bytes'), 0) DESC, o.id",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM organization o WHERE (?1 = '' OR instr(lower(o.name), ?1) > 0 OR o.id = ?2)
         ORDER BY {order} LIMIT ?3 OFFSET ?4"
    );
    let id = q.parse::<OrganizationId>().ok();
    let window = (i64::try_from(limit).unwrap_or(100), i64::try_from(offset).unwrap_or(i64::MAX));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((q.to_ascii_lowercase(), id, window.0, window.1), read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One organization.
pub(super) fn find(connection: &Connection, id: OrganizationId) -> Result<Option<Listed>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM organization o WHERE o.id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read_row).optional()?)
}

/// A connection an organization uses: its own, or a shared one that a campaign of its comes in on.
#[derive(Debug)]
pub(super) struct Used {
    pub(super) id: ConnectionId,
    pub(super) provider: String,
    pub(super) name: String,
    pub(super) is_shared: bool,
    pub(super) created_at_ms: i64,
}

/// The connections an organization uses, oldest first.
pub(super) fn list_used_connections(connection: &Connection, id: OrganizationId) -> Result<Vec<Used>, Error> {
    let sql = "SELECT id, provider, name, organization_id IS NULL, created_at_ms FROM connection
               WHERE organization_id = ?1 OR id IN (SELECT connection_id FROM webhook_route WHERE organization_id = ?1)
               ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| {
        Ok(Used {
            id: row.get(0)?,
            provider: row.get(1)?,
            name: row.get(2)?,
            is_shared: row.get(3)?,
            created_at_ms: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the lists across organizations need of each.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    pub(super) id: OrganizationId,
    pub(super) name: String,
    pub(super) figures: Option<Figures>,
}

/// Organizations from one on, by id.
pub(super) fn list_brief(connection: &Connection, from: OrganizationId) -> Result<Vec<Brief>, Error> {
    let sql = "SELECT id, name, figures, figures_at_ms FROM organization WHERE id >= ?1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([from], |row| {
        let (figures, at_ms): (String, i64) = (row.get(2)?, row.get(3)?);
        let figures = if at_ms > 0 { serde_json::from_str(&figures).ok() } else { None };
        Ok(Brief { id: row.get(0)?, name: row.get(1)?, figures })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Keeps what was measured. The audit log never gets shorter, so its highest length stays.
pub(super) fn update_figures(tx: &Tx<'_>, id: OrganizationId, figures: Figures) -> Result<(), Error> {
    let known: Option<i64> = tx
        .connection()
        .prepare_cached("SELECT coalesce(json_extract(figures, '$.audit_rows'), 0) FROM organization WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(known) = known else { return Ok(()) };
    let figures = Figures { audit_rows: figures.audit_rows.max(known), ..figures };
    let text = serde_json::to_string(&figures)
        .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    tx.connection()
        .prepare_cached("UPDATE organization SET figures = ?2, figures_at_ms = ?3 WHERE id = ?1")?
        .execute((id, text, tx.now_ms()))?;
    Ok(())
}
