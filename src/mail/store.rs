//! SQL of the outbox, in `control.db`.

use rusqlite::{Connection, OptionalExtension};

use crate::id::{MailId, OrganizationId};
use crate::store::{Error, Tx};

/// How long a mail stays in the list after its link has ended.
const KEEP_MS: i64 = 7 * crate::clock::DAY_MS;

/// What a mail is from: its kind, and the organization if it is from one.
type From = (&'static str, Option<OrganizationId>);

/// As it is stored: nothing stands for the appliance itself.
fn sender(organization_id: Option<OrganizationId>) -> Vec<u8> {
    organization_id.map_or_else(Vec::new, |id| id.uuid().as_bytes().to_vec())
}

/// When the oldest of the last `most` mails of a kind went to an address; `None` if fewer went there lately.
pub(super) fn find_oldest_alike(
    tx: &Tx<'_>,
    (kind, organization_id): From,
    address: &str,
    (most, within_ms): (i64, i64),
) -> Result<Option<i64>, Error> {
    let sql = "SELECT created_at_ms FROM mail
               WHERE address = ?1 AND kind = ?2 AND organization_id = ?3 AND created_at_ms > ?4
               ORDER BY created_at_ms DESC LIMIT 1 OFFSET ?5";
    let since_ms = tx.now_ms().saturating_sub(within_ms);
    let values = (address, kind, sender(organization_id), since_ms, most.saturating_sub(1));
    Ok(tx.connection().prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
}

pub(super) fn create(
    tx: &Tx<'_>,
    id: MailId,
    ((kind, organization_id), address, subject): (From, &str, &str),
    body: &[u8],
    lifetime_ms: i64,
) -> Result<(), Error> {
    let (now_ms, expires_at_ms) = (tx.now_ms(), tx.now_ms().saturating_add(lifetime_ms));
    tx.connection()
        .prepare_cached(
            "INSERT INTO mail (id, kind, address, subject, body, state, run_at_ms, created_at_ms, expires_at_ms, organization_id)
             VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?6, ?7, ?8)",
        )?
        .execute((id, kind, address, subject, body, now_ms, expires_at_ms, sender(organization_id)))?;
    Ok(())
}

/// A mail to send.
pub(super) struct Due {
    pub(super) id: MailId,
    pub(super) kind: String,
    pub(super) address: String,
    pub(super) subject: String,
    pub(super) body: Vec<u8>,
    pub(super) attempts: i64,
}

/// Gives up what nobody can use any more, and forgets what is long past.
pub(super) fn clean(tx: &Tx<'_>) -> Result<(), Error> {
    let now_ms = tx.now_ms();
    tx.connection().execute(
        "UPDATE mail SET state = 'failed',
             last_error = iif(last_error = '', 'its link ended before it could be sent', last_error)
         WHERE state = 'waiting' AND expires_at_ms <= ?1",
        [now_ms],
    )?;
    tx.connection().execute("DELETE FROM mail WHERE expires_at_ms <= ?1", [now_ms.saturating_sub(KEEP_MS)])?;
    Ok(())
}

/// The mails to send now, the oldest first.
pub(super) fn list_due(connection: &Connection, now_ms: i64, limit: i64) -> Result<Vec<Due>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, address, subject, body, attempts FROM mail WHERE state = 'waiting' AND run_at_ms <= ?1
         ORDER BY run_at_ms, id LIMIT ?2",
    )?;
    let rows = statement.query_map((now_ms, limit), |row| {
        Ok(Due {
            id: row.get(0)?,
            kind: row.get(1)?,
            address: row.get(2)?,
            subject: row.get(3)?,
            body: row.get(4)?,
            attempts: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// When the next mail is due; `None` if none waits.
pub(super) fn find_next(connection: &Connection) -> Result<Option<i64>, Error> {
    Ok(connection.query_row("SELECT min(run_at_ms) FROM mail WHERE state = 'waiting'", [], |row| row.get(0))?)
}

/// The server took it.
pub(super) fn set_sent(tx: &Tx<'_>, id: MailId) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE mail SET state = 'sent', attempts = attempts + 1, last_error = '', sent_at_ms = ?2 WHERE id = ?1",
        (id, tx.now_ms()),
    )?;
    Ok(())
}

/// There is no server.
pub(super) fn set_held(tx: &Tx<'_>, id: MailId) -> Result<(), Error> {
    tx.connection().execute("UPDATE mail SET state = 'held' WHERE id = ?1 AND state = 'waiting'", [id])?;
    Ok(())
}

/// The server did not take it: again after a pause, or never if that is `None`.
pub(super) fn set_refused(tx: &Tx<'_>, id: MailId, reason: &str, pause_ms: Option<i64>) -> Result<(), Error> {
    let state = if pause_ms.is_some() { "waiting" } else { "failed" };
    tx.connection().execute(
        "UPDATE mail SET state = ?2, attempts = attempts + 1, last_error = ?3, run_at_ms = ?4 WHERE id = ?1",
        (id, state, reason, tx.now_ms().saturating_add(pause_ms.unwrap_or(0))),
    )?;
    Ok(())
}

/// Lets what is due wait: the server does not answer anyone.
pub(super) fn postpone(tx: &Tx<'_>, pause_ms: i64) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE mail SET run_at_ms = ?2 WHERE state = 'waiting' AND run_at_ms <= ?1",
        (tx.now_ms(), tx.now_ms().saturating_add(pause_ms)),
    )?;
    Ok(())
}

/// Sends what was held, as far as its links are good; mail that waits is tried at once, for the server may be another.
pub fn release_held(tx: &Tx<'_>) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE mail SET state = 'waiting', run_at_ms = ?1 WHERE state IN ('held', 'waiting') AND expires_at_ms > ?1",
        [tx.now_ms()],
    )?;
    Ok(())
}

/// A mail as the administrator sees it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: MailId,
    pub(super) kind: String,
    pub(super) address: String,
    pub(super) subject: String,
    pub(super) body: Vec<u8>,
    pub(super) state: String,
    pub(super) attempts: i64,
    pub(super) last_error: String,
    pub(super) created_at_ms: i64,
    pub(super) expires_at_ms: i64,
}

const COLUMNS: &str = "id, kind, address, subject, body, state, attempts, last_error, created_at_ms, expires_at_ms";

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get(0)?,
        kind: row.get(1)?,
        address: row.get(2)?,
        subject: row.get(3)?,
        body: row.get(4)?,
        state: row.get(5)?,
        attempts: row.get(6)?,
        last_error: row.get(7)?,
        created_at_ms: row.get(8)?,
        expires_at_ms: row.get(9)?,
    })
}

/// The latest mails.
pub(super) fn list(connection: &Connection, limit: i64) -> Result<Vec<Row>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM mail ORDER BY id DESC LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One mail.
pub(super) fn find(connection: &Connection, id: MailId) -> Result<Option<Row>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM mail WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// Sends a mail once more, from the first attempt.
pub(super) fn retry(tx: &Tx<'_>, id: MailId) -> Result<(), Error> {
    tx.connection().execute(
        "UPDATE mail SET state = 'waiting', attempts = 0, last_error = '', run_at_ms = ?2 WHERE id = ?1",
        (id, tx.now_ms()),
    )?;
    Ok(())
}
