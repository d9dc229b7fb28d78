//! The figures of an organization that the lists of the administrators show: measured in its file while it is open and
//! when it is closed, kept in `control.db`, so that such a list opens nobody.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::Error;

/// How large an organization is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// Messages.
    pub messages: i64,
    /// Conversations.
    pub conversations: i64,
    /// People.
    pub contacts: i64,
    /// Campaigns.
    pub campaigns: i64,
    /// Mailboxes.
    pub mailboxes: i64,
    /// Size of its folder.
    pub bytes: u64,
    /// When something last happened, UTC milliseconds; 0 if nothing did.
    pub last_event_at_ms: i64,
    /// Rows of its audit log.
    pub audit_rows: i64,
}

/// Measures a file. The large tables are counted by their highest number: nothing is deleted from them.
pub fn measure(connection: &Connection) -> Result<Figures, Error> {
    let count = |sql: &str| -> Result<i64, Error> {
        Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
    };
    Ok(Figures {
        messages: count("SELECT coalesce(max(number), 0) FROM message")?,
        conversations: count("SELECT coalesce(max(number), 0) FROM conversation")?,
        contacts: count("SELECT coalesce(max(rowid), 0) FROM contact")?,
        campaigns: count("SELECT count(*) FROM campaign")?,
        mailboxes: count("SELECT count(*) FROM mailbox")?,
        bytes: 0,
        last_event_at_ms: count("SELECT at_ms FROM event ORDER BY sequence DESC LIMIT 1")?,
        audit_rows: count("SELECT sequence FROM audit_head WHERE id = 1")?,
    })
}

/// Bytes of the files below a folder. A file that goes meanwhile (the index merges) counts nothing.
pub fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_gone) => 0,
        })
        .sum()
}

/// When an organization that nobody has opened has something to go on with, 0 for at once: a job that waits or was cut
/// short, or events a consumer has not seen. The search index keeps its cursor itself ([`crate::search::find_cursor`]).
pub fn due_at_ms(connection: &Connection, indexed: Option<i64>) -> Result<Option<i64>, Error> {
    let sql = "SELECT coalesce((SELECT max(sequence) FROM event), 0),
                   coalesce((SELECT min(cursor) FROM consumer), 0),
                   EXISTS (SELECT 1 FROM job WHERE state IN ('waiting', 'running') AND state = 'running')";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (head, seen, was_cut_short): (i64, i64, bool) = connection.query_row(sql, [], read)?;
    if was_cut_short || seen < head || indexed.unwrap_or(0) < head {
        return Ok(Some(0));
    }
    super::job::next_due_ms(connection)
}
