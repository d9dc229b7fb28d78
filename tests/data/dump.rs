//! The contents of an organization's file as a flat map, for comparisons.
//!
//! [`natural`] names every row by what it is about and leaves out ids, row numbers and times of arrival, so two files
//! that got the same events in another order can be compared. [`everything`] is each column of each row as it is.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::support::NOW_MS;

/// Key of a value to the value.
pub(crate) type Dump = BTreeMap<String, String>;

/// Names conversations by person, campaign and subject.
const CONVERSATIONS: &str = "WITH named AS (
    SELECT c.number AS number, c.id AS id, p.address || '|' || coalesce(g.provider_campaign_id, '-') || '|' || c.subject_key AS name,
        row_number() OVER (PARTITION BY c.contact_id, c.campaign_id, c.subject_key
            ORDER BY c.first_message_at_ms, b.address, c.provider_thread_id) AS rank
    FROM conversation c JOIN contact p ON p.id = c.contact_id LEFT JOIN campaign g ON g.id = c.campaign_id
    LEFT JOIN mailbox b ON b.id = c.mailbox_id),
 conversation_name AS (SELECT number, id, CASE rank WHEN 1 THEN name ELSE name || '#' || rank END AS name FROM named) ";

/// One query per table; the first column names the row.
const NATURAL: [&str; 14] = [
    "SELECT 'campaign[' || provider_campaign_id || ']', 1 AS row, name, is_synced, last_sent_at_ms, started_at_ms, paused_at_ms,
         completed_at_ms, contacts, sent, opened, clicked, replied, replied_contacts, auto_replied, bounced, unsubscribed,
         complained, interested, not_interested, meetings_booked, last_event_at_ms FROM campaign",
    "SELECT 'campaign_day[' || g.provider_campaign_id || '|' || date(d.day * 86400, 'unixepoch') || ']', d.sent, d.opened, d.clicked,
         d.replied, d.auto_replied, d.bounced, d.unsubscribed, d.complained
     FROM campaign_day d JOIN campaign g ON g.id = d.campaign_id",
    "SELECT 'mailbox[' || address || ']', 1 AS row, last_sent_at_ms, error_at_ms, suspended_at_ms, state_reason, sent, received,
         auto_replied, bounced, last_event_at_ms FROM mailbox",
    "SELECT 'mailbox_day[' || b.address || '|' || date(d.day * 86400, 'unixepoch') || ']', d.sent, d.received, d.auto_replied, d.bounced
     FROM mailbox_day d JOIN mailbox b ON b.id = d.mailbox_id",
    "SELECT 'contact[' || address || ']', 1 AS row, first_name, last_name, company_name, job_title, phone, website,
         interest, category, label, interest_at_ms, general_category, general_label, general_at_ms, source, legal_basis, country
     FROM contact",
    "SELECT 'contact[' || p.address || '].custom[' || j.key || ']', j.value AS value FROM contact p, json_each(p.custom_fields) j",
    "SELECT 'campaign_contact[' || p.address || '|' || g.provider_campaign_id || ']', 1 AS row, cc.step, cc.sent, cc.replied,
         cc.completed_at_ms, cc.failed_at_ms, cc.interest, cc.category, cc.label, cc.interest_at_ms
     FROM campaign_contact cc JOIN contact p ON p.id = cc.contact_id JOIN campaign g ON g.id = cc.campaign_id",
    "SELECT 'step[' || p.address || '|' || g.provider_campaign_id || '|' || s.step || ']', s.opened_at_ms, s.clicked_at_ms
     FROM campaign_step_contact s JOIN contact p ON p.id = s.contact_id JOIN campaign g ON g.id = s.campaign_id",
    "SELECT 'suppression[' || address || ']', reason, occurred_at_ms FROM suppression",
    "SELECT 'conversation[' || n.name || ']', 1 AS row, b.address AS mailbox, c.provider_thread_id AS thread, c.subject, c.snippet,
         c.category, c.label, c.view, c.unread_count, c.message_count, c.received_count, c.is_archived, c.is_last_received,
         c.last_received_auto, c.last_received_at_ms, c.first_message_at_ms, c.last_message_at_ms
     FROM conversation c JOIN conversation_name n ON n.number = c.number LEFT JOIN mailbox b ON b.id = c.mailbox_id",
    "SELECT 'message[' || n.name || '|' || CASE WHEN m.is_auto_reply THEN 'auto' WHEN m.is_received THEN 'in' ELSE 'out' END || '|'
         || (m.occurred_at_ms - ?1) || '#' || row_number() OVER (PARTITION BY m.conversation_id, m.occurred_at_ms, m.is_received,
             m.is_auto_reply ORDER BY m.subject, m.text) || ']', 1 AS row, b.address AS mailbox, g.provider_campaign_id AS campaign,
         m.provider_message_id, m.is_unread, m.step, m.variant, m.subject, m.text, m.quoted_text, m.html
     FROM message m JOIN conversation_name n ON n.id = m.conversation_id LEFT JOIN mailbox b ON b.id = m.mailbox_id
     LEFT JOIN campaign g ON g.id = m.campaign_id",
    // How often somebody was renamed does depend on the order in which the names came.
    "SELECT 'event', kind, count(*) FROM event WHERE kind NOT IN ('contact.renamed', 'campaign.renamed') GROUP BY kind",
    "SELECT 'timeline', p.address || '|' || t.kind, count(*) FROM timeline t JOIN contact p ON p.id = t.contact_id GROUP BY p.address, t.kind",
    "SELECT 'delivery', event_type || '|' || state, count(*) FROM provider_event GROUP BY event_type, state",
];

/// Every value by a natural key; values that are null, zero or empty are left out, times count from [`NOW_MS`].
pub(crate) fn natural(connection: &Connection) -> Dump {
    let mut dump = Dump::new();
    for sql in NATURAL {
        let sql = format!("{CONVERSATIONS}{sql}");
        let mut statement = connection.prepare(&sql).unwrap();
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let parameters: &[&dyn rusqlite::ToSql] = if statement.parameter_count() == 1 { &[&NOW_MS] } else { &[] };
        let mut rows = statement.query(parameters).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let name: String = row.get(0).unwrap();
            if matches!(name.as_str(), "event" | "timeline" | "delivery") {
                let (kind, count): (String, i64) = (row.get(1).unwrap(), row.get(2).unwrap());
                dump.insert(format!("{name}[{kind}]"), count.to_string());
                continue;
            }
            for (column, title) in columns.iter().enumerate().skip(1) {
                let is_time = title.ends_with("_at_ms");
                if let Some(value) = text_of(row.get_ref(column).unwrap(), is_time) {
                    let known = dump.insert(format!("{name}.{title}"), value);
                    assert_eq!(known, None, "two rows have the name {name}");
                }
            }
        }
    }
    dump
}

fn text_of(value: ValueRef<'_>, is_time: bool) -> Option<String> {
    match value {
        ValueRef::Null | ValueRef::Integer(0) => None,
        ValueRef::Integer(number) => Some((if is_time { number - NOW_MS } else { number }).to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()).filter(|text| !text.is_empty()),
        other => Some(format!("{other:?}")),
    }
}

/// Every column of every row of every table.
pub(crate) fn everything(connection: &Connection) -> Dump {
    let mut dump = Dump::new();
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let width = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let columns: Vec<String> = (0..width).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect();
            *dump.entry(format!("{table} {}", columns.join(" "))).or_default() += "+";
        }
    }
    assert!(dump.len() > 1, "an empty dump proves nothing");
    dump
}

/// What differs: the key with the value before and after, `""` where there is none.
pub(crate) fn difference(before: &Dump, after: &Dump) -> BTreeMap<String, (String, String)> {
    let keys = before.keys().chain(after.keys());
    let value = |dump: &Dump, key: &str| dump.get(key).cloned().unwrap_or_default();
    keys.map(|key| (key.clone(), (value(before, key), value(after, key))))
        .filter(|(_key, (old, new))| old != new)
        .collect()
}

/// Asserts that the change from one dump to the other is exactly what is expected, as `"key: old > new"`, one a line.
#[track_caller]
pub(crate) fn assert_change(before: &Dump, after: &Dump, expected: &str) {
    let mut found: Vec<String> =
        difference(before, after).into_iter().map(|(key, (old, new))| format!("{key}: {old} > {new}")).collect();
    let mut expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "\nfound:\n{}\n", found.join("\n"));
}
