//! `kill -9` at random moments under load, twenty times: what was acknowledged is there exactly once, and everything
//! that was counted or derived agrees with the rows.

use std::time::Duration;

use rusqlite::Connection;

use super::feed::Feed;
use super::findings;
use super::support::{Api, Appliance, HEALTHY_WITHIN, wait_until};

/// How often the program is killed under load.
const ROUNDS: usize = 20;
/// In every so many rounds everything is compared, in the others what was acknowledged.
const WHOLE_CHECK_EVERY: usize = 5;
/// Longest time until index and timeline have caught up after a start.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_events_survive_kill_9_under_load() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let appliance = Appliance::create(folder.path());
    let feed = Feed::new(seed, salesbrain::clock::Clock::System.now_ms());
    let mut session: Option<Api> = None;
    let mut restarts = Vec::new();
    for round in 1..=ROUNDS {
        if feed.below(3) == 0 {
            kill_during_start(&appliance, &feed).await;
        }
        let (mut server, took) = appliance.start().await;
        restarts.push(took);
        // The session of the first round is valid to the end: it was acknowledged, too.
        let api = match &session {
            Some(api) => api.at(&server),
            None => session.insert(Api::sign_in(&server).await).clone(),
        };
        findings::assert_events(&appliance.open_file(), &feed.ledger());
        if round % WHOLE_CHECK_EVERY == 0 {
            check_all(&api, &appliance.open_file()).await;
        }
        let before = feed.acknowledged();
        let posting = feed.post_to(&server.base_url, &appliance.secret);
        wait_until(HEALTHY_WITHIN, "the first event is acknowledged", || async { feed.acknowledged() > before }).await;
        // The random moment is what is tested.
        tokio::time::sleep(Duration::from_millis(feed.below(1_200))).await;
        server.kill();
        posting.end().await;
        assert!(feed.take_refusals().is_empty(), "refused under load, round {round}: {}", server.log());
    }
    let (server, took) = appliance.start().await;
    restarts.push(took);
    let api = session.unwrap().at(&server);
    let file = appliance.open_file();
    findings::assert_events(&file, &feed.ledger());
    check_all(&api, &file).await;
    restarts.sort_unstable();
    eprintln!(
        "{} events acknowledged of {} posted, {} messages; healthy after a kill within {:?} (median), {:?} (longest)",
        feed.acknowledged(),
        feed.ledger().len(),
        findings::count_messages(&file),
        restarts[restarts.len() / 2],
        restarts.last().unwrap(),
    );
}

/// Kills the program while it recovers from the kill before.
async fn kill_during_start(appliance: &Appliance, feed: &Feed) {
    let mut server = appliance.spawn();
    // The random moment is what is tested.
    tokio::time::sleep(Duration::from_millis(feed.below(150))).await;
    server.kill();
}

/// Compares counters, timeline and index with the rows.
async fn check_all(api: &Api, file: &Connection) {
    api.wait_for_consumers(CAUGHT_UP_WITHIN).await;
    findings::assert_file_is_sound(file);
    findings::assert_counters(file);
    findings::assert_timeline(file);
    api.assert_index_is_complete(file).await;
    let health = api.get_ok("/health").await;
    assert_eq!(health["data"]["status"], "ok", "{health}");
    check_single_messages(api, file).await;
}

/// Spot checks: a message is found by its subject among the person's messages.
async fn check_single_messages(api: &Api, file: &Connection) {
    let sql = "SELECT m.id, p.address FROM message m JOIN conversation c ON c.id = m.conversation_id
               JOIN contact p ON p.id = c.contact_id WHERE m.is_received ORDER BY m.id DESC LIMIT 5";
    let mut statement = file.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, String>(1)?))).unwrap();
    let newest: Vec<([u8; 16], String)> = rows.map(Result::unwrap).collect();
    assert_eq!(newest.len(), 5);
    for (id, address) in newest {
        let id = uuid::Uuid::from_bytes(id).to_string();
        let found = api.search_all(&format!("from:{address} in:received")).await;
        assert!(found.contains(&id), "{id} from {address} is not among {found:?}");
        let others = api.search_all(&format!("from:{address} in:sent")).await;
        assert!(!others.contains(&id), "{id} was received, not sent");
    }
}
