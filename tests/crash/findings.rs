//! What must be so in a file whatever happened to the program: nothing acknowledged is lost or stored twice, the file is
//! sound, its counters agree with a recount, its consumers with the log.

use std::collections::BTreeMap;

use bytes::Bytes;
use rusqlite::Connection;

use super::feed::Fate;
use super::recount;

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

/// Counters and rows agree.
pub(crate) fn assert_counters(file: &Connection) {
    let snapshot = file.unchecked_transaction().unwrap();
    assert_eq!(recount::find_differences_of_whole_events(&snapshot), Vec::<String>::new());
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
