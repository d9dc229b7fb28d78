//! Reads messages as the documents the search index keeps: each with the names of its person, campaign and mailbox.

use std::sync::mpsc;

use rusqlite::{Connection, Row};

use super::{CHUNK, unsigned};
use crate::id::MessageId;
use crate::search::SearchDocument;
use crate::store::{self, Database};

/// Most characters of quoted history indexed with a message: enough to find a thread by what was quoted.
const QUOTED_CHARS: usize = 2_000;

const DOCUMENT: &str = "SELECT m.number, c.number, m.occurred_at_ms, m.is_received, m.subject, m.text, m.quoted_text,
         p.first_name, p.last_name, p.address, p.company_name, b.address, g.name, m.campaign_id, m.mailbox_id
     FROM message m JOIN conversation c ON c.id = m.conversation_id JOIN contact p ON p.id = c.contact_id
     LEFT JOIN mailbox b ON b.id = m.mailbox_id LEFT JOIN campaign g ON g.id = m.campaign_id";

/// The documents of these messages; one that is gone is left out.
pub(super) fn list_documents(connection: &Connection, ids: &[MessageId]) -> Result<Vec<SearchDocument>, store::Error> {
    let mut statement = connection.prepare_cached(&format!("{DOCUMENT} WHERE m.id = ?1"))?;
    let mut documents = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query([id])?;
        if let Some(row) = rows.next()? {
            documents.push(read_document(row)?);
        }
    }
    Ok(documents)
}

/// Sends every message in chunks, lowest number first. Ends early when nobody listens any more.
pub(super) fn read_chunks(
    database: &Database,
    chunks: &mpsc::SyncSender<Vec<SearchDocument>>,
) -> Result<(), store::Error> {
    let mut last_number = 0_i64;
    loop {
        let chunk = database.read_blocking(|connection| list_documents_after(connection, last_number))?;
        let Some(last) = chunk.last() else { return Ok(()) };
        last_number = i64::try_from(last.message_number).unwrap_or(i64::MAX);
        if chunks.send(chunk).is_err() {
            return Ok(());
        }
    }
}

/// The highest number of a message.
pub(super) fn find_last_number(connection: &Connection) -> Result<u64, store::Error> {
    let sql = "SELECT coalesce(max(number), 0) FROM message";
    Ok(unsigned(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?))
}

fn list_documents_after(connection: &Connection, number: i64) -> Result<Vec<SearchDocument>, store::Error> {
    let mut statement =
        connection.prepare_cached(&format!("{DOCUMENT} WHERE m.number > ?1 ORDER BY m.number LIMIT ?2"))?;
    let rows = statement.query_map((number, i64::try_from(CHUNK).unwrap_or(1_000)), read_document)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read_document(row: &Row<'_>) -> rusqlite::Result<SearchDocument> {
    let mut body: String = row.get(5)?;
    let quoted: String = row.get(6)?;
    if !quoted.is_empty() {
        body.push('\n');
        body.extend(quoted.chars().take(QUOTED_CHARS));
    }
    let (first_name, last_name, address): (String, String, String) = (row.get(7)?, row.get(8)?, row.get(9)?);
    let id = |column: usize| -> rusqlite::Result<Option<uuid::Uuid>> {
        let bytes: Option<[u8; 16]> = row.get(column)?;
        Ok(bytes.map(uuid::Uuid::from_bytes))
    };
    Ok(SearchDocument {
        message_number: unsigned(row.get(0)?),
        conversation_number: unsigned(row.get(1)?),
        occurred_at_ms: row.get(2)?,
        is_inbound: row.get(3)?,
        subject: row.get(4)?,
        body,
        contact_name: crate::contact::display_name(&first_name, &last_name, ""),
        contact_address: address,
        company_name: row.get(10)?,
        mailbox_address: row.get(11)?,
        campaign_name: row.get(12)?,
        campaign_id: id(13)?,
        mailbox_id: id(14)?,
    })
}
