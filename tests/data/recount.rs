//! The recount: every stored counter and list row computed anew from the rows it stands for.
//!
//! [`find_differences`] needs nothing but a connection to a `tenant.db`, read-only will do, so it serves any test that
//! wants to know whether a file is consistent: call it after the program has ended (or beside it: it reads one
//! snapshot) and assert that the list is empty.

use std::collections::BTreeMap;

use rusqlite::Connection;
use salesbrain::channel::event::EventKind;
use salesbrain::channel::instantly::payload;
use salesbrain::channel::instantly::simulator::{Simulator, SimulatorConfig};

use super::support::{NOW_MS, Program};

/// Name, the question, and what it lists: rows that are wrong.
const CHECKS: [(&str, &str); 13] = [
    (
        "conversation: counts",
        "SELECT c.number FROM conversation c LEFT JOIN (SELECT conversation_id, count(*) AS messages, sum(is_received) AS received,
             sum(is_unread) AS unread FROM message GROUP BY conversation_id) m ON m.conversation_id = c.id
         WHERE c.message_count IS NOT m.messages OR c.received_count IS NOT m.received OR c.unread_count IS NOT m.unread",
    ),
    (
        "conversation: times",
        "SELECT c.number FROM conversation c JOIN (SELECT conversation_id, min(occurred_at_ms) AS first, max(occurred_at_ms) AS last,
             coalesce(max(CASE WHEN is_received THEN occurred_at_ms END), 0) AS received FROM message GROUP BY conversation_id) m
             ON m.conversation_id = c.id
         WHERE (c.first_message_at_ms, c.last_message_at_ms, c.last_received_at_ms) IS NOT (m.first, m.last, m.received)",
    ),
    (
        "conversation: last message",
        "SELECT c.number FROM conversation c WHERE c.is_last_received IS NOT (SELECT is_received FROM message m
             WHERE m.conversation_id = c.id ORDER BY occurred_at_ms DESC, is_received DESC LIMIT 1)",
    ),
    (
        "conversation: last received is automatic",
        "SELECT c.number FROM conversation c WHERE c.last_received_auto IS NOT coalesce((SELECT min(is_auto_reply) FROM message m
             WHERE m.conversation_id = c.id AND is_received AND occurred_at_ms = c.last_received_at_ms), 0)",
    ),
    (
        "conversation: subject",
        "SELECT c.number FROM conversation c WHERE c.subject NOT IN (SELECT subject FROM message m WHERE m.conversation_id = c.id
             AND (c.subject = '') = (subject = ''))
         OR c.subject = '' AND EXISTS (SELECT 1 FROM message m WHERE m.conversation_id = c.id AND m.subject <> '')
         OR c.subject <> '' AND EXISTS (SELECT 1 FROM message m WHERE m.conversation_id = c.id AND subject <> ''
             AND occurred_at_ms < (SELECT min(occurred_at_ms) FROM message f WHERE f.conversation_id = c.id AND f.subject = c.subject))",
    ),
    (
        "conversation: view",
        "SELECT number FROM conversation WHERE view <> CASE WHEN is_archived THEN 'archived'
             WHEN received_count > 0 THEN 'inbox' ELSE 'sent' END",
    ),
    (
        "conversation: category and label",
        "SELECT number FROM (SELECT c.number, c.category, c.label, s.reason,
             CASE WHEN p.general_at_ms > coalesce(cc.interest_at_ms, 0) THEN p.general_category ELSE coalesce(cc.category, '') END AS word,
             CASE WHEN p.general_at_ms > coalesce(cc.interest_at_ms, 0) THEN p.general_label ELSE coalesce(cc.label, '') END AS own,
             CASE WHEN c.received_count = 0 THEN 'sent' WHEN c.last_received_auto THEN 'auto_reply' ELSE 'reply' END AS plain
         FROM conversation c JOIN contact p ON p.id = c.contact_id LEFT JOIN suppression s ON s.address = p.address
         LEFT JOIN campaign_contact cc ON cc.contact_id = c.contact_id AND cc.campaign_id = c.campaign_id)
         WHERE category <> coalesce(reason, nullif(word, ''), plain) OR label <> CASE WHEN reason IS NULL THEN own ELSE '' END",
    ),
    (
        "campaign: people",
        "SELECT hex(g.id) FROM campaign g LEFT JOIN (SELECT campaign_id, sum(sent > 0) AS contacts, sum(replied > 0) AS replied,
             sum(interest >= 1) AS interested, sum(interest >= 2) AS meetings, sum(interest = -1) AS not_interested
             FROM campaign_contact GROUP BY campaign_id) c ON c.campaign_id = g.id
         WHERE (g.contacts, g.replied_contacts, g.interested, g.meetings_booked, g.not_interested)
             IS NOT (coalesce(c.contacts, 0), coalesce(c.replied, 0), coalesce(c.interested, 0), coalesce(c.meetings, 0),
                 coalesce(c.not_interested, 0))",
    ),
    (
        "campaign: opens and clicks",
        "SELECT hex(g.id) FROM campaign g LEFT JOIN (SELECT campaign_id, sum(opened_at_ms > 0) AS opened, sum(clicked_at_ms > 0) AS clicked
             FROM campaign_step_contact GROUP BY campaign_id) s ON s.campaign_id = g.id
         WHERE (g.opened, g.clicked) IS NOT (coalesce(s.opened, 0), coalesce(s.clicked, 0))",
    ),
    (
        "campaign: totals are the sums of its days",
        "SELECT hex(g.id) FROM campaign g LEFT JOIN (SELECT campaign_id, sum(sent) AS s, sum(opened) AS o, sum(clicked) AS c, sum(replied) AS r,
             sum(auto_replied) AS a, sum(bounced) AS b, sum(unsubscribed) AS u, sum(complained) AS m FROM campaign_day GROUP BY campaign_id) d
             ON d.campaign_id = g.id
         WHERE (sent, opened, clicked, replied, auto_replied, bounced, unsubscribed, complained)
             IS NOT (coalesce(s, 0), coalesce(o, 0), coalesce(c, 0), coalesce(r, 0), coalesce(a, 0), coalesce(b, 0), coalesce(u, 0), coalesce(m, 0))",
    ),
    (
        "mailbox: totals are the sums of its days",
        "SELECT address FROM mailbox LEFT JOIN (SELECT mailbox_id, sum(sent) AS s, sum(received) AS r, sum(auto_replied) AS a, sum(bounced) AS b
             FROM mailbox_day GROUP BY mailbox_id) d ON d.mailbox_id = mailbox.id
         WHERE (sent, received, auto_replied, bounced) IS NOT (coalesce(s, 0), coalesce(r, 0), coalesce(a, 0), coalesce(b, 0))",
    ),
    (
        "connection: deliveries",
        "SELECT hex(s.connection_id) FROM connection_status s
         WHERE s.event_count <> (SELECT count(*) FROM provider_event e WHERE e.connection_id = s.connection_id)",
    ),
    (
        "message: its delivery is kept, and it is in the event log once",
        "SELECT hex(m.id) FROM message m LEFT JOIN (SELECT cause, count(*) AS times FROM event WHERE kind LIKE 'message.%' GROUP BY cause) e
             ON e.cause = m.id
         WHERE e.times IS NOT 1 OR NOT EXISTS (SELECT 1 FROM provider_event d WHERE d.id = m.id AND d.state = 'applied')",
    ),
];

/// Everything in the file that does not agree with a recount, in words; empty if all is well.
pub(crate) fn find_differences(connection: &Connection) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, sql) in CHECKS {
        let mut statement = connection.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            differences.push(format!("{name}: {:?}", row.get_ref(0).unwrap()));
        }
    }
    differences.extend(compare_with_deliveries(connection));
    differences
}

/// A counter's name (`campaign <id> <UTC day> sent`) to its value.
type Counts = BTreeMap<String, i64>;

/// The counters of days follow from the raw deliveries: interprets each of them again and counts.
fn compare_with_deliveries(connection: &Connection) -> Vec<String> {
    let (expected, stored) = (count_deliveries(connection), read_days(connection));
    let keys: std::collections::BTreeSet<&String> = expected.keys().chain(stored.keys()).collect();
    keys.into_iter()
        .filter(|key| expected.get(*key) != stored.get(*key))
        .map(|key| format!("{key}: stored {:?}, deliveries give {:?}", stored.get(key), expected.get(key)))
        .collect()
}

fn count_deliveries(connection: &Connection) -> Counts {
    let sql = "SELECT payload, occurred_at_ms FROM provider_event WHERE state = 'applied' ORDER BY received_at_ms, id";
    let mut statement = connection.prepare(sql).unwrap();
    let automatic = list_automatic(&mut statement);
    let mut rows = statement.query([]).unwrap();
    let mut counts = Counts::new();
    let mut mails = std::collections::BTreeSet::new();
    let mut steps: BTreeMap<(String, String, i64, &str), i64> = BTreeMap::new();
    while let Some(row) = rows.next().unwrap() {
        let (body, at_ms): (Vec<u8>, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        let mut event = payload::interpret(&body).unwrap().event;
        if event.kind == EventKind::ReplyReceived
            && event.provider_message_id.as_ref().is_some_and(|id| automatic.contains(id))
        {
            event.kind = EventKind::AutoReplyReceived;
        }
        let (for_campaign, for_mailbox) = columns_of(&event.kind);
        let is_received = matches!(event.kind, EventKind::ReplyReceived | EventKind::AutoReplyReceived);
        if is_received && event.provider_message_id.is_some_and(|id| !mails.insert(id)) {
            continue;
        }
        let campaign = event.provider_campaign_id.unwrap_or_default();
        let mut add = |owner: String, column: &str| *counts.entry(format!("{owner} {column}")).or_default() += 1;
        let day = at_ms.div_euclid(86_400_000);
        if let (Some(address), Some(column)) = (&event.mailbox_address, for_mailbox) {
            add(format!("mailbox {address} {day}"), column);
        }
        match (for_campaign, event.contact) {
            (Some(column @ ("opened" | "clicked")), Some(person)) if !campaign.is_empty() => {
                let first = steps.entry((campaign, person.address, event.step.unwrap_or(0), column)).or_insert(at_ms);
                *first = at_ms.min(*first);
            }
            (Some("opened" | "clicked") | None, _) => {}
            (Some(column), _) if !campaign.is_empty() => add(format!("campaign {campaign} {day}"), column),
            _ => {}
        }
    }
    for ((campaign, _person, _step, column), at_ms) in steps {
        *counts.entry(format!("campaign {campaign} {} {column}", at_ms.div_euclid(86_400_000))).or_default() += 1;
    }
    counts
}

/// The mails that some event calls an automatic reply: they are, whatever others call them.
fn list_automatic(statement: &mut rusqlite::Statement<'_>) -> std::collections::BTreeSet<String> {
    let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    rows.map(|body| payload::interpret(&body.unwrap()).unwrap().event)
        .filter(|event| event.kind == EventKind::AutoReplyReceived)
        .filter_map(|event| event.provider_message_id)
        .collect()
}

/// The counters an event moves, of its campaign and of its mailbox.
fn columns_of(kind: &EventKind) -> (Option<&'static str>, Option<&'static str>) {
    match kind {
        EventKind::MessageSent => (Some("sent"), Some("sent")),
        EventKind::MessageOpened => (Some("opened"), None),
        EventKind::LinkClicked => (Some("clicked"), None),
        EventKind::ReplyReceived => (Some("replied"), Some("received")),
        EventKind::AutoReplyReceived => (Some("auto_replied"), Some("auto_replied")),
        EventKind::MessageBounced => (Some("bounced"), Some("bounced")),
        EventKind::Unsubscribed => (Some("unsubscribed"), None),
        EventKind::Complained => (Some("complained"), None),
        _ => (None, None),
    }
}

fn read_days(connection: &Connection) -> Counts {
    const TABLES: [(&str, &[&str]); 2] = [
        (
            "SELECT 'campaign ' || g.provider_campaign_id || ' ' || d.day, d.sent, d.opened, d.clicked, d.replied, d.auto_replied,
                 d.bounced, d.unsubscribed, d.complained FROM campaign_day d JOIN campaign g ON g.id = d.campaign_id",
            &["sent", "opened", "clicked", "replied", "auto_replied", "bounced", "unsubscribed", "complained"],
        ),
        (
            "SELECT 'mailbox ' || b.address || ' ' || d.day, d.sent, d.received, d.auto_replied, d.bounced
             FROM mailbox_day d JOIN mailbox b ON b.id = d.mailbox_id",
            &["sent", "received", "auto_replied", "bounced"],
        ),
    ];
    let mut counts = Counts::new();
    for (sql, columns) in TABLES {
        let mut statement = connection.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let owner: String = row.get(0).unwrap();
            for (index, column) in columns.iter().enumerate() {
                let count: i64 = row.get(index + 1).unwrap();
                if count != 0 {
                    counts.insert(format!("{owner} {column}"), count);
                }
            }
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_equal_a_recount_after_three_thousand_events_with_duplicates_out_of_order() {
    let program = Program::start().await;
    let simulator = Simulator::new(SimulatorConfig::new(11, NOW_MS));
    let statistics = program.play(&simulator, simulator.history()).await;
    assert!(statistics.0 > 2_500 && statistics.1 > 150, "events and duplicates: {statistics:?}");
    let (differences, deliveries) = program
        .read(|connection| {
            let count: i64 = connection.query_row("SELECT count(*) FROM provider_event", [], |row| row.get(0)).unwrap();
            (find_differences(connection), count)
        })
        .await;
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(deliveries, i64::try_from(statistics.0).unwrap(), "every event is kept once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recount_finds_what_is_wrong() {
    let program = Program::start().await;
    let simulator = Simulator::new(SimulatorConfig::new(12, NOW_MS));
    program.play(&simulator, simulator.history().take(150)).await;
    let damage = [
        "UPDATE conversation SET unread_count = unread_count + 1 WHERE number = 1",
        "UPDATE conversation SET view = 'archived' WHERE number = 1",
        "UPDATE conversation SET category = 'won' WHERE number = 1",
        "UPDATE campaign SET contacts = contacts + 1 WHERE rowid = 1",
        "UPDATE campaign SET sent = sent + 1 WHERE rowid = 1",
        "UPDATE mailbox SET sent = sent + 1 WHERE rowid = 1",
        "UPDATE mailbox_day SET sent = sent + 1",
        "DELETE FROM provider_event WHERE id = (SELECT id FROM message LIMIT 1)",
    ];
    let tenant = program.tenant().await;
    assert_eq!(program.read(find_differences).await, Vec::<String>::new());
    for sql in damage {
        let found = tenant
            .write(move |tx| -> Result<(), Rollback> {
                assert!(tx.connection().execute(sql, []).unwrap() > 0, "{sql}");
                Err(Rollback(find_differences(tx.connection())))
            })
            .await
            .unwrap_err();
        assert!(!found.0.is_empty(), "not found: {sql}");
    }
    assert_eq!(program.read(find_differences).await, Vec::<String>::new());
}

/// Carries the findings out of a transaction that is to be undone.
struct Rollback(Vec<String>);

impl From<salesbrain::store::Error> for Rollback {
    fn from(error: salesbrain::store::Error) -> Self {
        panic!("{error}")
    }
}

impl std::fmt::Debug for Rollback {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}
