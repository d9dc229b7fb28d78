//! `GET /api/v1/events` in a long log: whatever kind is asked for, a page looks at a bounded part of it.

use std::collections::BTreeMap;

use salesbrain::store::Error as StoreError;

use crate::support::TestApp;

/// Lines of the log; a page looks at 50,000.
const LINES: i64 = 120_000;

/// Fills the log: nearly all of one kind, a few of two others.
async fn fill(test: &TestApp) {
    let sql = "WITH RECURSIVE line (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM line WHERE number < ?1)
        INSERT INTO event (kind, actor, entity_kind, entity_id, at_ms)
        SELECT CASE WHEN number IN (2, 3, 60000, 119999) THEN 'contact.created' WHEN number % 40000 = 7 THEN 'mailbox.failed'
            ELSE 'message.sent' END, 'system', 'test', zeroblob(16), 0 FROM line";
    let fill = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute(sql, [LINES])?;
        tx.note_sequence(LINES);
        Ok(())
    };
    test.tenant(test.organization_id).await.write(fill).await.unwrap();
}

/// Every sequence of a kind, page after page, and how many pages that took.
async fn list(test: &TestApp, kind: &str, limit: usize) -> (Vec<i64>, usize) {
    let (mut sequences, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let path = format!("/api/v1/events?kind={kind}&limit={limit}{cursor}");
        let page = test.get(&path, &test.operator).await.expect(200);
        assert!(page.rows().len() <= limit);
        sequences.extend(page.rows().iter().map(|event| event["sequence"].as_i64().unwrap()));
        pages += 1;
        assert!(pages < 1_000, "paging does not end");
        match page.json()["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (sequences, pages),
        }
    }
}

#[tokio::test]
async fn a_page_looks_at_a_bounded_part_of_the_log_and_none_is_left_out() {
    let test = TestApp::start().await;
    fill(&test).await;
    // Not one line of this kind: three bounded walks instead of one through everything.
    assert_eq!(list(&test, "message.opened", 50).await, (Vec::new(), 3));
    let expected = BTreeMap::from([
        ("contact.created", (vec![119_999, 60_000, 3, 2], 3)),
        ("contact.", (vec![119_999, 60_000, 3, 2], 3)),
        // The index has this one.
        ("mailbox.", (vec![80_007, 40_007, 7], 1)),
        ("nothing.", (vec![], 1)),
    ]);
    for (kind, expected) in expected {
        assert_eq!(list(&test, kind, 50).await, expected, "{kind}");
    }
    assert_eq!(list(&test, "contact.created", 1).await.0, [119_999, 60_000, 3, 2]);
    assert_eq!(list(&test, "contact.created", 2).await.0, [119_999, 60_000, 3, 2]);
    let newest = test.get("/api/v1/events?limit=200", &test.operator).await.expect(200).rows();
    let newest: Vec<i64> = newest.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert_eq!(newest, (LINES - 199..=LINES).rev().collect::<Vec<i64>>());
}
