//! The plans of the lists: each filter walks the index it names, in order, and sorts nothing.

use rusqlite::{Connection, params_from_iter};
use uuid::Uuid;

use super::{Filter, View, conditions, index_for, window_sql};
use crate::clock::Clock;
use crate::id::{CampaignId, IdSource, MailboxId};
use crate::store::{Database, Error, Options, migration};

fn plan(connection: &Connection, filter: &Filter, view: &str) -> Vec<String> {
    let (conditions, mut values) = conditions(filter, Some(view));
    let index = index_for(connection, filter, view).unwrap();
    values.extend([1.into(), 1.into(), 1.into()]);
    let sql = format!("EXPLAIN QUERY PLAN {}", window_sql(index, &conditions));
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement.query_map(params_from_iter(values), |row| row.get(3)).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

fn every_filter() -> Vec<Filter> {
    let mut filters = Vec::new();
    for bits in 0..24_u8 {
        let has = |bit: u8| (bits / 3) & bit != 0;
        filters.push(Filter {
            view: View::Inbox,
            mailbox_id: has(1).then(|| MailboxId::from_uuid(Uuid::nil())),
            campaign_id: has(2).then(|| CampaignId::from_uuid(Uuid::nil())),
            contact_id: None,
            category: has(4).then(|| "reply".to_owned()),
            is_unread: [None, Some(true), Some(false)][usize::from(bits % 3)],
        });
    }
    filters
}

#[test]
fn every_list_walks_an_index_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::fixed(1);
    let options =
        Options { ids: IdSource::new(clock.clone()), clock, readers: 1, read_limit_ms: 10_000, max_pages: None };
    let database = Database::open(&folder.path().join("tenant.db"), &migration::TENANT, &options).unwrap();
    database
        .read_blocking(|connection| -> Result<(), Error> {
            check_plans(connection);
            Ok(())
        })
        .unwrap();
}

fn check_plans(connection: &Connection) {
    for filter in every_filter() {
        let plan = plan(connection, &filter, "inbox");
        let first = &plan[0];
        assert!(first.starts_with("SEARCH c USING INDEX conversation_"), "{filter:?}: {plan:?}");
        assert!(first.contains("AND last_message_at_ms<?"), "{filter:?}: {plan:?}");
        // Sorting the last term is sorting those with the same millisecond.
        let is_slow = |step: &String| {
            step.starts_with("SCAN") || (step.contains("TEMP B-TREE") && !step.contains("FOR LAST TERM OF ORDER BY"))
        };
        assert!(!plan.iter().any(is_slow), "{filter:?}: {plan:?}");
        let leading = match filter {
            // In an empty file few are read and few are unread.
            Filter { is_unread: Some(_), .. } => "(view=? AND <expr>=? AND ",
            Filter { campaign_id: Some(_), .. } => "(campaign_id=? AND view=? AND ",
            Filter { mailbox_id: Some(_), .. } => "(mailbox_id=? AND view=? AND ",
            Filter { category: Some(_), .. } => "(category=? AND view=? AND ",
            _ => "(view=? AND ",
        };
        assert!(first.contains(leading), "{filter:?}: {plan:?}");
    }
}
