//! The search index is derived: whatever is done to it, messages are not touched, everything but search goes on, and
//! search is right again by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::feed::Feed;
use super::findings;
use super::support::{Api, Appliance, Server, text_of, wait_until};

/// Longest wait for any one thing.
const LIMIT: Duration = Duration::from_mins(1);
/// Messages before the tests begin: enough that building the index takes a moment.
const MESSAGES: &str = "1500";
/// How often the program is killed.
const ROUNDS: usize = 6;

fn fill(folder: &Path) -> Appliance {
    let appliance = Appliance::create(folder);
    appliance.run(&["simulate", "fill", "--messages", MESSAGES, "--organization", "Alpha"], "");
    appliance
}

fn new_feed() -> Feed {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    Feed::new(seed, salesbrain::clock::Clock::System.now_ms())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_during_reindex_leaves_a_complete_index() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = fill(folder.path());
    let feed = new_feed();
    let (mut server, _took) = appliance.start().await;
    let mut api = Api::sign_in(&server).await;
    api.wait_for_consumers(LIMIT).await;
    let mut killed_while_building = 0;
    for round in 0..ROUNDS {
        // In every other round new messages are being indexed as well.
        let posting = (round % 2 == 1).then(|| feed.post_to(&server.base_url, &appliance.secret));
        let (status, job) = api.post("/api/v1/search/reindex", None).await;
        assert_eq!(status, 200, "{job}");
        wait_until(LIMIT, "the index is being built", || async { is_rebuilding(&api).await }).await;
        if round > 0 {
            // The random moment is what is tested; the first round ends when the building has begun.
            tokio::time::sleep(Duration::from_millis(feed.below(500))).await;
            killed_while_building += usize::from(is_rebuilding(&api).await);
        }
        server.kill();
        if let Some(posting) = posting {
            posting.end().await;
        }
        (server, _) = appliance.start().await;
        api = api.at(&server);
        wait_for_jobs(&api).await;
        check(&appliance, &api).await;
        assert_nothing_left_over(&appliance);
        assert_no_failure(&server);
    }
    eprintln!("one kill at the beginning of the building, {killed_while_building} of the others hit it as well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_during_indexing_leaves_a_complete_index() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = Appliance::create(folder.path());
    let feed = new_feed();
    let (mut server, _took) = appliance.start().await;
    let mut api = Api::sign_in(&server).await;
    let mut killed_while_behind = 0;
    for _round in 0..ROUNDS {
        let before = feed.acknowledged();
        let more = 20 + usize::try_from(feed.below(200)).unwrap();
        let posting = feed.post_to(&server.base_url, &appliance.secret);
        wait_until(LIMIT, "some events are acknowledged", || async { feed.acknowledged() > before + more }).await;
        let status = api.get_ok("/api/v1/status").await;
        server.kill();
        let consumers = status["data"]["consumers"].as_array().unwrap();
        killed_while_behind += usize::from(consumers.iter().any(|one| one["name"] == "search" && one["lag"] != 0));
        posting.end().await;
        (server, _) = appliance.start().await;
        api = api.at(&server);
        check(&appliance, &api).await;
    }
    assert!(killed_while_behind > 0, "the index was never behind when the program was killed");
    findings::assert_events(&appliance.open_file(), &feed.ledger());
}

/// What is done to the folder.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Removed,
    /// Every file of it has other content, and some are missing.
    Garbage,
    /// The folder is a file.
    File,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_index_is_built_anew_while_everything_else_answers() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = fill(folder.path());
    let feed = new_feed();
    let (mut server, _took) = appliance.start().await;
    let mut api = Api::sign_in(&server).await;
    api.wait_for_consumers(LIMIT).await;
    for damage in [Damage::Removed, Damage::Garbage, Damage::File] {
        let posting = feed.post_to(&server.base_url, &appliance.secret);
        let watch = Watch::start(&api);
        let before = feed.acknowledged();
        do_damage(&index_folder(&appliance), damage, feed.below(u64::MAX));
        wait_until(LIMIT, "webhooks go on", || async { feed.acknowledged() > before + 100 }).await;
        posting.end().await;
        check(&appliance, &api).await;
        let answers = watch.end().await;
        assert!(answers > 20, "too few answers to say anything: {answers}");
        assert!(feed.take_refusals().is_empty(), "{damage:?}: {}", server.log());
        assert!(server.is_running());
        // What lies on the disk is whole, too, or is noticed and built anew.
        server.kill();
        (server, _) = appliance.start().await;
        api = api.at(&server);
        check(&appliance, &api).await;
        eprintln!("{damage:?}: {answers} other requests answered with 200 meanwhile");
    }
    // And between two runs of the program.
    for damage in [Damage::Removed, Damage::Garbage, Damage::File] {
        server.kill();
        do_damage(&index_folder(&appliance), damage, feed.below(u64::MAX));
        (server, _) = appliance.start().await;
        api = api.at(&server);
        let watch = Watch::start(&api);
        check(&appliance, &api).await;
        watch.end().await;
    }
    findings::assert_file_is_sound(&appliance.open_file());
}

fn index_folder(appliance: &Appliance) -> PathBuf {
    appliance.tenant_folder().join("index")
}

fn do_damage(index: &Path, damage: Damage, seed: u64) {
    // Moved away first, as a person or a backup tool would: the program's open files keep what they hold.
    let away = index.with_extension("away");
    let names: Vec<_> = fs::read_dir(index).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.is_empty());
    fs::rename(index, &away).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    match damage {
        Damage::Removed => {}
        Damage::Garbage => {
            fs::create_dir(index).unwrap();
            for name in names.iter().skip(1) {
                let mut garbage = vec![0; 3_000];
                random.fill_bytes(&mut garbage);
                fs::write(index.join(name), garbage).unwrap();
            }
        }
        Damage::File => fs::write(index, "not a folder").unwrap(),
    }
    fs::remove_dir_all(&away).unwrap();
}

async fn is_rebuilding(api: &Api) -> bool {
    let status = api.get_ok("/api/v1/status").await["data"].take();
    let percent = status["index_rebuilt_percent"].as_i64();
    assert_eq!(percent.is_some_and(|percent| (0..=100).contains(&percent)), status["is_index_rebuilding"] == true);
    percent.is_some()
}

async fn wait_for_jobs(api: &Api) {
    wait_until(LIMIT, "every job is done", || async {
        let jobs = api.get_ok("/api/v1/jobs").await;
        jobs["data"].as_array().unwrap().iter().all(|job| job["state"] == "done")
    })
    .await;
}

/// Search finds each message exactly once, and its counts agree.
async fn check(appliance: &Appliance, api: &Api) {
    api.wait_for_consumers(LIMIT).await;
    wait_until(LIMIT, "the index is built", || async { !is_rebuilding(api).await }).await;
    let file = appliance.open_file();
    api.assert_index_is_complete(&file).await;
    let received: i64 = file.query_row("SELECT sum(is_received) FROM message", [], |row| row.get(0)).unwrap();
    let found = api.search("in:received", "").await;
    assert_eq!(found["total"], received, "{}", found["total"]);
    assert_eq!(api.search("zqxvkwjyzzq", "").await["total"], 0, "a word nobody wrote is found");
}

/// No half-built and no replaced index lies about.
fn assert_nothing_left_over(appliance: &Appliance) {
    let names = fs::read_dir(appliance.tenant_folder()).unwrap();
    let names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let left_over: Vec<&String> = names.iter().filter(|name| name.starts_with("index.")).collect();
    assert!(left_over.is_empty(), "{left_over:?}");
}

/// A job or a batch that failed on the way would hide behind its own repetition.
fn assert_no_failure(server: &Server) {
    let log = server.log();
    let failure = log.lines().find(|line| line.contains("a job failed") || line.contains("could not be consumed"));
    assert!(failure.is_none(), "{failure:?}");
}

/// Asks for everything but search, again and again; each answer must be 200.
struct Watch {
    is_over: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<usize>,
}

impl Watch {
    fn start(api: &Api) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        Self { is_over: Arc::clone(&is_over), task: tokio::spawn(watch(api.clone(), is_over)) }
    }

    async fn end(self) -> usize {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

async fn watch(api: Api, is_over: Arc<AtomicBool>) -> usize {
    let mut answers = 0;
    while !is_over.load(Ordering::Relaxed) {
        let inbox = api.get_ok("/api/v1/conversations?limit=5").await;
        let id = text_of(&inbox["data"][0]["id"]);
        for path in ["/messages", "/timeline", ""] {
            assert_ne!(api.get_ok(&format!("/api/v1/conversations/{id}{path}")).await["data"], Value::Null);
        }
        for path in ["conversations/counts", "campaigns", "mailboxes", "contacts", "status"] {
            api.get_ok(&format!("/api/v1/{path}")).await;
        }
        api.get_ok("/health").await;
        answers += 10;
    }
    answers
}
