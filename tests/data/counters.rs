//! Counters under duplicates and disorder, held against the recount; and the recount itself, which must see what is wrong.

use salesbrain::channel::instantly::simulator::{Simulator, SimulatorConfig};

use super::recount::find_differences_of_whole_events;
use super::support::{NOW_MS, Program};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_equal_a_recount_after_three_thousand_events_with_duplicates_out_of_order() {
    let program = Program::start().await;
    let simulator = Simulator::new(SimulatorConfig::new(11, NOW_MS));
    let statistics = program.play(&simulator, simulator.history()).await;
    assert!(statistics.0 > 2_500 && statistics.1 > 150, "events and duplicates: {statistics:?}");
    let (differences, deliveries) = program
        .read(|connection| {
            let count: i64 = connection.query_row("SELECT count(*) FROM provider_event", [], |row| row.get(0)).unwrap();
            (find_differences_of_whole_events(connection), count)
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
        "UPDATE event SET cause = zeroblob(16) WHERE sequence = 1",
        "UPDATE message SET provider_message_id = provider_message_id || 'x' WHERE is_received",
        "UPDATE provider_event SET state = 'failed' WHERE id = (SELECT max(id) FROM provider_event)",
    ];
    let tenant = program.tenant().await;
    assert_eq!(program.read(find_differences_of_whole_events).await, Vec::<String>::new());
    for sql in damage {
        let found = tenant
            .write(move |tx| -> Result<(), Rollback> {
                assert!(tx.connection().execute(sql, []).unwrap() > 0, "{sql}");
                Err(Rollback(find_differences_of_whole_events(tx.connection())))
            })
            .await
            .unwrap_err();
        assert!(!found.0.is_empty(), "not found: {sql}");
    }
    assert_eq!(program.read(find_differences_of_whole_events).await, Vec::<String>::new());
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
