//! SQL of the inbox: lists, threads, counts, and the four changes a person makes.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::json;
use serde_json::value::RawValue;

use super::model::{
    COUNT_CAP, CampaignSummary, CategoryCount, ContactSummary, Conversation, Counts, MailboxCount, MailboxSummary,
    Message, MessageDirection, Party, TimelineEntry, UNREAD_WINDOW, interest_of,
};
use crate::id::{CampaignId, ContactId, ConversationId, MailboxId, MessageId};
use crate::store::page::Cursor;
use crate::store::{Error, Tx};
use crate::tenant::event_log::{self, Actor, Entity, NewEvent};

#[cfg(test)]
mod tests;

/// Which conversations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// Something was received, and it is not put away.
    #[default]
    Inbox,
    /// Put away.
    Archived,
    /// Nothing was received yet.
    Sent,
    /// Every one.
    All,
}

/// Which conversations of a view.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The view.
    pub view: View,
    /// Only of this mailbox.
    pub mailbox_id: Option<MailboxId>,
    /// Only of this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only with this person.
    pub contact_id: Option<ContactId>,
    /// Only of this category.
    pub category: Option<String>,
    /// Only with (true) or without (false) something unread.
    pub is_unread: Option<bool>,
}

const CONVERSATION: &str =
    "SELECT c.number, c.id, c.channel, c.subject, c.snippet, c.category, c.label, c.unread_count, c.message_count,
         c.received_count, c.is_archived, c.is_last_received, c.last_message_at_ms, c.created_at_ms,
         p.id, p.address, p.first_name, p.last_name, p.company_name, c.mailbox_id, b.address, c.campaign_id, g.name";
const OTHERS: &str = "JOIN contact p ON p.id = c.contact_id
     LEFT JOIN mailbox b ON b.id = c.mailbox_id LEFT JOIN campaign g ON g.id = c.campaign_id";

fn read_conversation(row: &Row<'_>) -> rusqlite::Result<(i64, Conversation)> {
    let category: String = row.get(5)?;
    let label: String = row.get(6)?;
    let (first_name, last_name): (String, String) = (row.get(16)?, row.get(17)?);
    let address: String = row.get(15)?;
    let mailbox_id: Option<MailboxId> = row.get(19)?;
    let campaign_id: Option<CampaignId> = row.get(21)?;
    let (mailbox_address, campaign_name): (Option<String>, Option<String>) = (row.get(20)?, row.get(22)?);
    let is_last_received: bool = row.get(11)?;
    let conversation = Conversation {
        id: row.get(1)?,
        channel: row.get(2)?,
        subject: row.get(3)?,
        snippet: row.get(4)?,
        interest: interest_of(&category),
        label: (category == "custom").then_some(label),
        category,
        unread_count: row.get(7)?,
        message_count: row.get(8)?,
        received_count: row.get(9)?,
        is_archived: row.get(10)?,
        last_direction: if is_last_received { MessageDirection::In } else { MessageDirection::Out },
        last_message_at_ms: row.get(12)?,
        created_at_ms: row.get(13)?,
        contact: ContactSummary {
            id: row.get(14)?,
            name: crate::contact::display_name(&first_name, &last_name, &address),
            address,
            company_name: row.get(18)?,
        },
        mailbox: mailbox_id.map(|id| MailboxSummary { id, address: mailbox_address.unwrap_or_default() }),
        campaign: campaign_id.map(|id| CampaignSummary { id, name: campaign_name.unwrap_or_default() }),
    };
    Ok((row.get(0)?, conversation))
}

/// The conditions of a filter in one view, or in all of them.
fn conditions(filter: &Filter, view: Option<&str>) -> (String, Vec<Value>) {
    let mut sql = String::from(" WHERE true");
    let mut values = Vec::new();
    let mut add = |condition: &str, value: Value| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        sql.push_str(" ?");
        values.push(value);
    };
    let blob = |id: uuid::Uuid| Value::Blob(id.as_bytes().to_vec());
    if let Some(view) = view {
        add("c.view =", Value::Text(view.to_owned()));
    }
    if let Some(id) = filter.mailbox_id {
        add("c.mailbox_id =", blob(id.uuid()));
    }
    if let Some(id) = filter.campaign_id {
        add("c.campaign_id =", blob(id.uuid()));
    }
    if let Some(id) = filter.contact_id {
        add("c.contact_id =", blob(id.uuid()));
    }
    if let Some(category) = &filter.category {
        add("c.category =", Value::Text(category.clone()));
    }
    match filter.is_unread {
        // As the index has it.
        Some(true) => sql.push_str(" AND (c.unread_count > 0) = 1"),
        Some(false) => sql.push_str(" AND (c.unread_count > 0) = 0"),
        None => {}
    }
    (sql, values)
}

/// Read or unread conversations of a view up to which a filter by this and something else walks only them.
const FEW: i64 = 2_000;

/// The index that gives the filter's rows in order with the fewest others. It is named in the statement, because without
/// statistics of the data SQLite prefers the index of the view, and walks the whole view for a filter that matches little.
fn index_for(connection: &Connection, filter: &Filter, view: &str) -> Result<&'static str, Error> {
    let by_record = match filter {
        Filter { contact_id: Some(_), .. } => return Ok("conversation_contact"),
        Filter { campaign_id: Some(_), .. } => "conversation_campaign",
        Filter { mailbox_id: Some(_), .. } => "conversation_mailbox",
        Filter { category: Some(_), .. } => "conversation_category",
        Filter { is_unread: Some(_), .. } => return Ok("conversation_unread"),
        _ => return Ok("conversation_view"),
    };
    match filter.is_unread {
        Some(is_unread) if has_few(connection, view, is_unread)? => Ok("conversation_unread"),
        _ => Ok(by_record),
    }
}

fn has_few(connection: &Connection, view: &str, is_unread: bool) -> Result<bool, Error> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM conversation INDEXED BY conversation_unread
                   WHERE view = ?1 AND (unread_count > 0) = ?2 LIMIT ?3)";
    let count: i64 = connection.prepare_cached(sql)?.query_row((view, is_unread, FEW), |row| row.get(0))?;
    Ok(count < FEW)
}

/// One page of conversations, newest first, and where the next starts.
pub fn list_conversations(
    connection: &Connection,
    filter: &Filter,
    cursor: Cursor,
    limit: usize,
) -> Result<(Vec<Conversation>, Option<Cursor>), Error> {
    let mut rows = match filter.view {
        // A person has few conversations: they are read and sorted.
        View::All if filter.contact_id.is_some() => {
            list_window(connection, ("conversation_contact", conditions(filter, None)), cursor, limit)?
        }
        // No index goes over all views: the three are read and merged by time.
        View::All => list_views(connection, filter, &["inbox", "archived", "sent"], (cursor, limit))?,
        View::Inbox => list_views(connection, filter, &["inbox"], (cursor, limit))?,
        View::Archived => list_views(connection, filter, &["archived"], (cursor, limit))?,
        View::Sent => list_views(connection, filter, &["sent"], (cursor, limit))?,
    };
    rows.sort_by_key(|(number, row)| std::cmp::Reverse((row.last_message_at_ms, *number)));
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_last| rows.len() == limit)
        .map(|(number, last)| Cursor { key: last.last_message_at_ms, number: *number });
    Ok((rows.into_iter().map(|(_number, conversation)| conversation).collect(), next))
}

/// The newest of each view.
fn list_views(
    connection: &Connection,
    filter: &Filter,
    views: &[&str],
    (cursor, limit): (Cursor, usize),
) -> Result<Vec<(i64, Conversation)>, Error> {
    let mut rows = Vec::new();
    for view in views {
        let index = index_for(connection, filter, view)?;
        rows.extend(list_window(connection, (index, conditions(filter, Some(view))), cursor, limit)?);
    }
    Ok(rows)
}

fn list_window(
    connection: &Connection,
    (index, (conditions, mut values)): (&str, (String, Vec<Value>)),
    cursor: Cursor,
    limit: usize,
) -> Result<Vec<(i64, Conversation)>, Error> {
    values.extend([Value::Integer(cursor.key), Value::Integer(cursor.number), Value::Integer(as_number(limit))]);
    let mut statement = connection.prepare_cached(&window_sql(index, &conditions))?;
    let rows = statement.query_map(params_from_iter(values), read_conversation)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn as_number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn window_sql(index: &str, conditions: &str) -> String {
    format!(
        "{CONVERSATION} FROM conversation c INDEXED BY {index} {OTHERS}{conditions}
             AND (c.last_message_at_ms, c.number) < (?, ?)
         ORDER BY c.last_message_at_ms DESC, c.number DESC LIMIT ?"
    )
}

/// One conversation.
pub fn find_conversation(connection: &Connection, id: ConversationId) -> Result<Option<Conversation>, Error> {
    let sql = format!("{CONVERSATION} FROM conversation c {OTHERS} WHERE c.id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id], read_conversation).optional()?;
    Ok(found.map(|(_number, conversation)| conversation))
}

/// One conversation by the number the index knows it by.
pub fn find_conversation_by_number(connection: &Connection, number: i64) -> Result<Option<Conversation>, Error> {
    let sql = format!("{CONVERSATION} FROM conversation c {OTHERS} WHERE c.number = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([number], read_conversation).optional()?;
    Ok(found.map(|(_number, conversation)| conversation))
}

const MESSAGE: &str = "SELECT m.number, m.id, m.conversation_id, m.is_received, m.is_auto_reply, m.subject, m.text, m.quoted_text, m.html IS NOT NULL,
         m.step, m.variant, m.occurred_at_ms, p.address, p.first_name, p.last_name, b.address, m.has_remote_images
     FROM message m JOIN conversation c ON c.id = m.conversation_id JOIN contact p ON p.id = c.contact_id
     LEFT JOIN mailbox b ON b.id = m.mailbox_id";

fn read_message(row: &Row<'_>) -> rusqlite::Result<(i64, Message)> {
    let is_received: bool = row.get(3)?;
    let address: String = row.get(12)?;
    let (first_name, last_name): (String, String) = (row.get(13)?, row.get(14)?);
    let mailbox_address: String = row.get::<_, Option<String>>(15)?.unwrap_or_default();
    let contact = Party { name: crate::contact::display_name(&first_name, &last_name, &address), address };
    let mailbox = Party { name: mailbox_address.clone(), address: mailbox_address };
    let (from, to) = if is_received { (contact, mailbox) } else { (mailbox, contact) };
    let message = Message {
        id: row.get(1)?,
        conversation_id: row.get(2)?,
        direction: if is_received { MessageDirection::In } else { MessageDirection::Out },
        is_auto_reply: row.get(4)?,
        from,
        to,
        subject: row.get(5)?,
        text: row.get(6)?,
        quoted_text: row.get(7)?,
        has_html: row.get(8)?,
        has_remote_images: row.get(16)?,
        step: row.get(9)?,
        variant: row.get(10)?,
        occurred_at_ms: row.get(11)?,
    };
    Ok((row.get(0)?, message))
}

/// One page of a thread: the newest page first, oldest first within it; and where the page before starts.
pub fn list_messages(
    connection: &Connection,
    id: ConversationId,
    cursor: Cursor,
    limit: usize,
) -> Result<(Vec<Message>, Option<Cursor>), Error> {
    let sql = format!(
        "{MESSAGE} WHERE m.conversation_id = ?1 AND (m.occurred_at_ms, m.number) < (?2, ?3)
         ORDER BY m.occurred_at_ms DESC, m.number DESC LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((id, cursor.key, cursor.number, as_number(limit)), read_message)?;
    let rows: Vec<(i64, Message)> = rows.collect::<rusqlite::Result<_>>()?;
    let next = rows
        .last()
        .filter(|_last| rows.len() == limit)
        .map(|(number, last)| Cursor { key: last.occurred_at_ms, number: *number });
    Ok((rows.into_iter().rev().map(|(_number, message)| message).collect(), next))
}

/// A window of a campaign's messages, newest first.
pub fn list_campaign_messages(
    connection: &Connection,
    id: CampaignId,
    (limit, offset): (usize, usize),
) -> Result<Vec<Message>, Error> {
    let sql =
        format!("{MESSAGE} WHERE m.campaign_id = ?1 ORDER BY m.occurred_at_ms DESC, m.number DESC LIMIT ?2 OFFSET ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((id, as_number(limit), as_number(offset)), read_message)?;
    rows.map(|row| row.map(|(_number, message)| message).map_err(Error::from)).collect()
}

/// One message by the number the index knows it by.
pub fn find_message_by_number(connection: &Connection, number: i64) -> Result<Option<Message>, Error> {
    let sql = format!("{MESSAGE} WHERE m.number = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([number], read_message).optional()?;
    Ok(found.map(|(_number, message)| message))
}

/// The HTML of a message as it came; `None` if there is no such message, `Some(None)` if it has no HTML.
pub fn find_html(connection: &Connection, id: MessageId) -> Result<Option<Option<String>>, Error> {
    let sql = "SELECT html FROM message WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
}

/// Most lines shown in a thread.
const TIMELINE_LIMIT: i64 = 500;

/// The lines of a conversation: those of its person that belong to its campaign or to none.
pub fn list_timeline(connection: &Connection, id: ConversationId) -> Result<Vec<TimelineEntry>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT t.sequence, t.kind, t.at_ms, t.payload FROM conversation c JOIN timeline t ON t.contact_id = c.contact_id
         WHERE c.id = ?1 AND (t.campaign_id IS NULL OR t.campaign_id IS c.campaign_id)
             AND coalesce(json_extract(t.payload, '$.conversation_id'), ?2) = ?2
         ORDER BY t.sequence DESC LIMIT ?3",
    )?;
    let mut rows = statement.query((id, id.to_string(), TIMELINE_LIMIT))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(payload) = RawValue::from_string(row.get(3)?) else { continue };
        entries.push(TimelineEntry { sequence: row.get(0)?, kind: row.get(1)?, at_ms: row.get(2)?, payload });
    }
    entries.sort_by_key(|entry| (entry.at_ms, entry.sequence));
    Ok(entries)
}

/// The numbers beside the views.
pub fn count_conversations(connection: &Connection) -> Result<Counts, Error> {
    let capped = |index: &str, condition: &str, value: &str| -> Result<i64, Error> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM conversation INDEXED BY {index} WHERE {condition} LIMIT {COUNT_CAP})"
        );
        Ok(connection.prepare_cached(&sql)?.query_row([value], |row| row.get(0))?)
    };
    let newest_unread = count_newest_unread(connection)?;
    let unread_where = |test: &dyn Fn(&UnreadCount) -> bool| {
        newest_unread.iter().filter(|count| test(count)).map(|count| count.unread).sum::<i64>().min(COUNT_CAP)
    };
    let mut categories = Vec::new();
    for category in super::model::CATEGORIES.into_iter().filter(|category| *category != "sent") {
        let total = capped("conversation_category", "category = ?1 AND view = 'inbox'", category)?;
        if total > 0 {
            let unread = unread_where(&|count| count.category == category);
            categories.push(CategoryCount { category: category.to_owned(), unread, total });
        }
    }
    let mut statement = connection.prepare_cached("SELECT id, address FROM mailbox ORDER BY address LIMIT 500")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, MailboxId>(0)?, row.get(1)?)))?;
    let mut mailboxes = Vec::new();
    for row in rows {
        let (id, address) = row?;
        mailboxes.push(MailboxCount { id, address, unread: unread_where(&|count| count.mailbox_id == Some(id)) });
    }
    Ok(Counts {
        unread: unread_where(&|_count| true),
        inbox: capped("conversation_view", "view = ?1", "inbox")?,
        archived: capped("conversation_view", "view = ?1", "archived")?,
        cap: COUNT_CAP,
        categories,
        mailboxes,
    })
}

struct UnreadCount {
    mailbox_id: Option<MailboxId>,
    category: String,
    unread: i64,
}

/// How the newest unread conversations of the inbox spread over mailboxes and categories: one walk serves every count.
fn count_newest_unread(connection: &Connection) -> Result<Vec<UnreadCount>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT mailbox_id, category, count(*) FROM (
             SELECT mailbox_id, category FROM conversation INDEXED BY conversation_unread
             WHERE view = 'inbox' AND (unread_count > 0) = 1 ORDER BY last_message_at_ms DESC LIMIT ?1)
         GROUP BY mailbox_id, category",
    )?;
    let rows = statement.query_map([UNREAD_WINDOW], |row| {
        Ok(UnreadCount { mailbox_id: row.get(0)?, category: row.get(1)?, unread: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A change a person makes to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Everything in it is read.
    Read,
    /// Its last received message is unread again.
    Unread,
    /// It is put away.
    Archive,
    /// It is back in the inbox.
    Unarchive,
}

/// Applies a change; `None` if there is no such conversation. Repeating a change is no change and appends no event.
pub fn update_conversation(
    tx: &Tx<'_>,
    id: ConversationId,
    change: Change,
    (actor, actor_name): (Actor, &str),
) -> Result<Option<Conversation>, Error> {
    let Some(before) = find_conversation(tx.connection(), id)? else { return Ok(None) };
    let kind = match change {
        Change::Read if before.unread_count > 0 => "conversation.read",
        Change::Unread if before.unread_count == 0 && before.received_count > 0 => "conversation.unread",
        Change::Archive if !before.is_archived => "conversation.archived",
        Change::Unarchive if before.is_archived => "conversation.unarchived",
        _ => return Ok(Some(before)),
    };
    let statements: &[&str] = match change {
        Change::Read => &[
            "UPDATE message SET is_unread = 0 WHERE conversation_id = ?1 AND is_unread",
            "UPDATE conversation SET unread_count = 0 WHERE id = ?1",
        ],
        Change::Unread => &[
            "UPDATE message SET is_unread = 1 WHERE number = (SELECT number FROM message
                 WHERE conversation_id = ?1 AND is_received ORDER BY occurred_at_ms DESC, number DESC LIMIT 1)",
            "UPDATE conversation SET unread_count = 1 WHERE id = ?1",
        ],
        Change::Archive => &["UPDATE conversation SET is_archived = 1, view = 'archived' WHERE id = ?1"],
        Change::Unarchive => &["UPDATE conversation SET is_archived = 0,
                 view = CASE WHEN received_count > 0 THEN 'inbox' ELSE 'sent' END WHERE id = ?1"],
    };
    for sql in statements {
        tx.connection().prepare_cached(sql)?.execute([id])?;
    }
    let payload = json!({
        "conversation_id": id, "contact_id": before.contact.id, "contact_name": before.contact.name,
        "subject": before.subject, "account_name": actor_name,
    });
    let entity = Entity { kind: "conversation", id: id.uuid() };
    event_log::append(tx, &NewEvent { kind, actor, entity, payload, cause: None, at_ms: tx.now_ms() })?;
    find_conversation(tx.connection(), id)
}
