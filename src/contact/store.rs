//! SQL of contacts, reading.

use rusqlite::{Connection, OptionalExtension, Row};

use super::model::{Contact, ContactCampaign, SuppressionEntry};
use crate::id::ContactId;
use crate::store::Error;
use crate::store::page::Cursor;

const CONTACT: &str = "SELECT p.rowid, p.id, p.address, p.first_name, p.last_name, p.company_name, p.job_title, p.phone, p.website,
         p.interest, p.category, p.label, p.custom_fields, p.source, p.created_at_ms, p.updated_at_ms, s.reason, s.occurred_at_ms
     FROM contact p LEFT JOIN suppression s ON s.address = p.address";

fn read_contact(row: &Row<'_>) -> rusqlite::Result<(i64, Contact)> {
    let (first_name, last_name): (String, String) = (row.get(3)?, row.get(4)?);
    let address: String = row.get(2)?;
    let custom_fields: String = row.get(12)?;
    let reason: Option<String> = row.get(16)?;
    let suppressed_at_ms: Option<i64> = row.get(17)?;
    let contact = Contact {
        id: row.get(1)?,
        name: super::display_name(&first_name, &last_name, &address),
        address,
        first_name,
        last_name,
        company_name: row.get(5)?,
        job_title: row.get(6)?,
        phone: row.get(7)?,
        website: row.get(8)?,
        interest: row.get(9)?,
        category: row.get(10)?,
        label: row.get(11)?,
        custom_fields: serde_json::from_str(&custom_fields).unwrap_or_default(),
        source: row.get(13)?,
        created_at_ms: row.get(14)?,
        updated_at_ms: row.get(15)?,
        suppression: reason.map(|reason| SuppressionEntry { reason, at_ms: suppressed_at_ms.unwrap_or(0) }),
        campaigns: Vec::new(),
    };
    Ok((row.get(0)?, contact))
}

/// One contact.
pub(super) fn find_contact(connection: &Connection, id: ContactId) -> Result<Option<Contact>, Error> {
    let sql = format!("{CONTACT} WHERE p.id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id], read_contact).optional()?;
    let Some((_number, mut contact)) = found else { return Ok(None) };
    contact.campaigns = list_campaigns(connection, id)?;
    Ok(Some(contact))
}

fn list_campaigns(connection: &Connection, id: ContactId) -> Result<Vec<ContactCampaign>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT g.id, g.name, cc.step, cc.completed_at_ms, cc.failed_at_ms
         FROM campaign_contact cc JOIN campaign g ON g.id = cc.campaign_id WHERE cc.contact_id = ?1 ORDER BY g.id DESC",
    )?;
    let rows = statement.query_map([id], |row| {
        let (completed_at_ms, failed_at_ms): (i64, i64) = (row.get(3)?, row.get(4)?);
        let state = match (completed_at_ms, failed_at_ms) {
            (0, 0) => "active",
            (completed, failed) if failed > completed => "failed",
            _ => "completed",
        };
        Ok(ContactCampaign { id: row.get(0)?, name: row.get(1)?, step: row.get(2)?, state })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One page of contacts, newest first; `query` must stand in the address, a name or the company.
pub(super) fn list_contacts(
    connection: &Connection,
    query: &str,
    cursor: Cursor,
    limit: usize,
) -> Result<(Vec<Contact>, Option<Cursor>), Error> {
    let sql = format!(
        "{CONTACT} WHERE p.id IN (
             SELECT id FROM contact INDEXED BY contact_search
             WHERE id < ?1 AND (?2 = '' OR instr(search_text, ?2) > 0) ORDER BY id DESC LIMIT ?3)
         ORDER BY p.id DESC"
    );
    // Ids are in the order of creation, so the id itself is the key; the cursor carries its two halves.
    let bytes = id_bytes(cursor);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(
        (bytes.as_slice(), crate::search::fold(query.trim()), i64::try_from(limit).unwrap_or(100)),
        read_contact,
    )?;
    let contacts: Vec<Contact> =
        rows.map(|row| row.map(|(_number, contact)| contact)).collect::<rusqlite::Result<_>>()?;
    let next = contacts.last().filter(|_last| contacts.len() == limit).map(|last| id_cursor(last.id));
    Ok((contacts, next))
}

/// A cursor made of an id's two halves.
fn id_cursor(id: ContactId) -> Cursor {
    let (high, low) = id.uuid().as_u64_pair();
    Cursor { key: high.cast_signed(), number: low.cast_signed() }
}

fn id_bytes(cursor: Cursor) -> [u8; 16] {
    if cursor == Cursor::NEWEST {
        return [0xff; 16];
    }
    *uuid::Uuid::from_u64_pair(cursor.key.cast_unsigned(), cursor.number.cast_unsigned()).as_bytes()
}
