//! Computes anew, from the raw payloads and the rows alone, what the program counted as it went, and compares.

use std::collections::BTreeMap;

use bytes::Bytes;
use rusqlite::Connection;

use super::feed::Fate;

/// Every acknowledged body is stored exactly once, every other at most once, and nothing else is.
pub(crate) fn assert_events(file: &Connection, ledger: &BTreeMap<Bytes, Fate>) {
    let mut statement = file.prepare("SELECT payload FROM provider_event").unwrap();
    let payloads = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let mut stored: BTreeMap<Bytes, usize> = BTreeMap::new();
    for payload in payloads {
        *stored.entry(Bytes::from(payload.unwrap())).or_default() += 1;
    }
    let text = |body: &Bytes| String::from_utf8_lossy(body).chars().take(400).collect::<String>();
    for (body, count) in &stored {
        assert_eq!(*count, 1, "stored {count} times: {}", text(body));
        assert!(ledger.contains_key(body), "stored, but never posted: {}", text(body));
    }
    let is_lost = |body: &&Bytes| !stored.contains_key(*body);
    let acknowledged = ledger.iter().filter(|(_body, fate)| **fate == Fate::Acknowledged).map(|(body, _fate)| body);
    let lost: Vec<String> = acknowledged.filter(is_lost).map(text).collect();
    assert!(lost.is_empty(), "{} acknowledged events are lost, the first: {}", lost.len(), lost[0]);
}

/// SQLite finds nothing wrong with the file.
pub(crate) fn assert_file_is_sound(file: &Connection) {
    let finding: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(finding, "ok");
    let broken: i64 = file.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(broken, 0, "references to rows that are not there");
}

/// The raw events with the fields that decide; replies reported twice are one.
const RAW: &str = "WITH payload AS (SELECT CAST(payload AS TEXT) AS body FROM provider_event),
    raw AS (SELECT body ->> 'event_type' AS kind, body ->> 'campaign_id' AS campaign, body ->> 'email_id' AS mail,
        lower(body ->> 'lead_email') AS person, lower(body ->> 'email_account') AS mailbox,
        CAST(coalesce(body ->> 'step', 0) AS INTEGER) AS step FROM payload)";

/// Each query counts (or names) what is wrong, so 0 is right.
const RULES: [(&str, &str); 13] = [
    (
        "conversations count their messages",
        "SELECT count(*) FROM conversation c LEFT JOIN (
            SELECT conversation_id, count(*) AS messages, sum(is_received) AS received, sum(is_unread) AS unread,
                max(occurred_at_ms) AS last, min(occurred_at_ms) AS first,
                max(CASE WHEN is_received THEN occurred_at_ms ELSE 0 END) AS last_received
            FROM message GROUP BY conversation_id) m ON m.conversation_id = c.id
         WHERE m.messages IS NOT c.message_count OR m.received IS NOT c.received_count OR m.unread IS NOT c.unread_count
            OR m.last IS NOT c.last_message_at_ms OR m.first IS NOT c.first_message_at_ms
            OR m.last_received IS NOT c.last_received_at_ms",
    ),
    (
        "conversations are in the right view",
        "SELECT count(*) FROM conversation
         WHERE view <> CASE WHEN is_archived THEN 'archived' WHEN received_count > 0 THEN 'inbox' ELSE 'sent' END",
    ),
    (
        "campaigns count what came in",
        "SELECT count(*) FROM campaign c WHERE
            sent <> (SELECT count(*) FROM raw WHERE campaign = c.provider_campaign_id AND kind = 'email_sent')
            OR replied <> (SELECT count(DISTINCT mail) FROM raw WHERE campaign = c.provider_campaign_id AND kind = 'reply_received')
            OR auto_replied <> (SELECT count(DISTINCT mail) FROM raw WHERE campaign = c.provider_campaign_id AND kind = 'auto_reply_received')
            OR bounced <> (SELECT count(*) FROM raw WHERE campaign = c.provider_campaign_id AND kind = 'email_bounced')
            OR unsubscribed <> (SELECT count(*) FROM raw WHERE campaign = c.provider_campaign_id AND kind = 'lead_unsubscribed')
            OR opened <> (SELECT count(DISTINCT person || ' ' || step) FROM raw WHERE campaign = c.provider_campaign_id AND kind = 'email_opened')
            OR clicked <> (SELECT count(DISTINCT person || ' ' || step) FROM raw WHERE campaign = c.provider_campaign_id AND kind = 'link_clicked')
            OR contacts <> (SELECT count(DISTINCT person) FROM raw WHERE campaign = c.provider_campaign_id AND kind = 'email_sent')",
    ),
    (
        "every campaign named is there",
        "SELECT count(*) FROM (SELECT DISTINCT campaign FROM raw WHERE campaign IS NOT NULL
            EXCEPT SELECT provider_campaign_id FROM campaign)",
    ),
    (
        "campaigns count people's interest",
        "SELECT count(*) FROM campaign c WHERE
            interested <> (SELECT count(*) FROM campaign_contact WHERE campaign_id = c.id AND interest >= 1)
            OR meetings_booked <> (SELECT count(*) FROM campaign_contact WHERE campaign_id = c.id AND interest >= 2)
            OR not_interested <> (SELECT count(*) FROM campaign_contact WHERE campaign_id = c.id AND interest = -1)
            OR replied_contacts <> (SELECT count(*) FROM campaign_contact WHERE campaign_id = c.id AND replied > 0)",
    ),
    (
        "the days of a campaign add up",
        "SELECT count(*) FROM campaign c LEFT JOIN (
            SELECT campaign_id, sum(sent) AS sent, sum(opened) AS opened, sum(clicked) AS clicked, sum(replied) AS replied,
                sum(auto_replied) AS auto_replied, sum(bounced) AS bounced, sum(unsubscribed) AS unsubscribed
            FROM campaign_day GROUP BY campaign_id) d ON d.campaign_id = c.id
         WHERE coalesce(d.sent, 0) <> c.sent OR coalesce(d.opened, 0) <> c.opened OR coalesce(d.clicked, 0) <> c.clicked
            OR coalesce(d.replied, 0) <> c.replied OR coalesce(d.auto_replied, 0) <> c.auto_replied
            OR coalesce(d.bounced, 0) <> c.bounced OR coalesce(d.unsubscribed, 0) <> c.unsubscribed",
    ),
    (
        "mailboxes count what came in",
        "SELECT count(*) FROM mailbox b WHERE
            sent <> (SELECT count(*) FROM raw WHERE mailbox = b.address AND kind = 'email_sent')
            OR received <> (SELECT count(DISTINCT mail) FROM raw WHERE mailbox = b.address AND kind = 'reply_received')
            OR auto_replied <> (SELECT count(DISTINCT mail) FROM raw WHERE mailbox = b.address AND kind = 'auto_reply_received')
            OR bounced <> (SELECT count(*) FROM raw WHERE mailbox = b.address AND kind = 'email_bounced')",
    ),
    (
        "every reply is one message",
        "SELECT count(*) FROM (SELECT DISTINCT mail FROM raw WHERE kind IN ('reply_received', 'auto_reply_received')) r
         WHERE (SELECT count(*) FROM message WHERE provider_message_id = r.mail) <> 1",
    ),
    (
        "every sent mail is one message",
        "SELECT (SELECT count(*) FROM raw WHERE kind = 'email_sent') <> (SELECT count(*) FROM message WHERE NOT is_received)",
    ),
    (
        "the log has one line per message",
        "SELECT (SELECT count(*) FROM message) <> (SELECT count(DISTINCT payload ->> 'message_id') FROM event WHERE kind LIKE 'message.%')
            OR (SELECT count(*) FROM message) <> (SELECT count(*) FROM event WHERE payload ->> 'message_id' IS NOT NULL)",
    ),
    (
        "every line of the log has its cause",
        "SELECT count(*) FROM event WHERE cause NOT IN (SELECT id FROM provider_event)",
    ),
    (
        "connections count their events",
        "SELECT (SELECT coalesce(sum(event_count), 0) FROM connection_status) <> (SELECT count(*) FROM provider_event)",
    ),
    ("no event failed", "SELECT count(*) FROM provider_event WHERE state <> 'applied'"),
];

/// Counters and rows agree.
pub(crate) fn assert_counters(file: &Connection) {
    // One snapshot for all rules.
    let snapshot = file.unchecked_transaction().unwrap();
    for (rule, sql) in RULES {
        let wrong: i64 = snapshot
            .query_row(&format!("{RAW} {sql}"), [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{rule}: {error}"));
        assert_eq!(wrong, 0, "not so: {rule}");
    }
}

/// The consumers' rows agree with the log; only true once they have caught up.
pub(crate) fn assert_timeline(file: &Connection) {
    let kinds =
        "'message.opened', 'message.clicked', 'message.bounced', 'contact.interest_changed', 'contact.label_changed',
        'contact.unsubscribed', 'contact.complained', 'contact.sequence_completed', 'contact.sequence_failed',
        'conversation.archived', 'conversation.unarchived', 'enrichment.completed'";
    let sql = format!(
        "SELECT count(*) FROM (
            SELECT sequence FROM event WHERE kind IN ({kinds}) AND payload ->> 'contact_id' IS NOT NULL
            EXCEPT SELECT sequence FROM timeline)"
    );
    let missing: i64 = file.query_row(&sql, [], |row| row.get(0)).unwrap();
    assert_eq!(missing, 0, "lines missing in the timeline");
    let sql = "SELECT (SELECT count(*) FROM timeline) - (SELECT count(DISTINCT sequence) FROM timeline)";
    let twice: i64 = file.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(twice, 0, "lines twice in the timeline");
    let lines: i64 = file.query_row("SELECT count(*) FROM timeline", [], |row| row.get(0)).unwrap();
    assert!(lines > 0, "the timeline is empty");
}

/// How many messages there are.
pub(crate) fn count_messages(file: &Connection) -> usize {
    let count: i64 = file.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}
