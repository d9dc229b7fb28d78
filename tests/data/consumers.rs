//! Consumers: each event once beyond stops, failures and panics; and which of them count as stuck.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use salesbrain::clock::Clock;
use salesbrain::id::IdSource;
use salesbrain::inbox::indexer::{IndexState, Indexing};
use salesbrain::search::{IndexBuilder, WriterPool};
use salesbrain::store::{Database, Error, Options, Tx, migration};
use salesbrain::tenant::consumer::{self, Batch, ConsumeError, Consumer, Progress, Pulse};
use salesbrain::tenant::event_log::{self, Actor, Entity, NewEvent};
use tokio::sync::watch;

use super::support::{NOW_MS, wait_until};

fn options() -> Options {
    let clock = Clock::fixed(NOW_MS);
    Options { ids: IdSource::new(clock.clone()), clock, readers: 2, read_limit_ms: 2_000, max_pages: None }
}

fn open(folder: &Path) -> Database {
    Database::open(&folder.join("tenant.db"), &migration::TENANT, &options()).unwrap()
}

/// What befalls a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    No,
    Failure,
    Panic,
}

/// Notes what it was given; fails as long as it is told to.
struct Notes {
    seen: Arc<Mutex<Vec<i64>>>,
    trouble: Arc<Mutex<Trouble>>,
    attempts: Arc<AtomicUsize>,
}

impl Consumer for Notes {
    type Turn = ();

    fn name(&self) -> &'static str {
        "notes"
    }

    async fn turn(&self) -> Option<()> {
        Some(())
    }

    fn load_cursor(&mut self, _turn: (), database: &Database) -> Result<i64, ConsumeError> {
        Ok(consumer::find_cursor(database, "notes")?)
    }

    fn batch_limit(&self) -> usize {
        3
    }

    fn consume(&mut self, _turn: (), database: &Database, batch: &Batch) -> Result<(), ConsumeError> {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let trouble = *self.trouble.lock().unwrap();
        match trouble {
            Trouble::No => {}
            Trouble::Failure => return Err("the outside world is down".into()),
            Trouble::Panic => panic!("nobody thought of this"),
        }
        let up_to = batch.up_to;
        database.write_blocking(move |tx| consumer::store_cursor(tx, "notes", up_to))?;
        self.seen.lock().unwrap().extend(batch.events.iter().map(|event| event.sequence));
        Ok(())
    }
}

/// A consumer at work, and what it notes.
struct Work {
    progress: Arc<Progress>,
    seen: Arc<Mutex<Vec<i64>>>,
    trouble: Arc<Mutex<Trouble>>,
    attempts: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
}

fn work(database: &Database, trouble: Trouble) -> Work {
    let (stop, stopped) = watch::channel(false);
    let (seen, attempts) = (Arc::default(), Arc::default());
    let trouble = Arc::new(Mutex::new(trouble));
    let notes = Notes { seen: Arc::clone(&seen), trouble: Arc::clone(&trouble), attempts: Arc::clone(&attempts) };
    let runtime = consumer::Runtime { database: database.clone(), clock: Clock::fixed(NOW_MS), stop: stopped };
    Work { progress: consumer::start(notes, runtime).progress, seen, trouble, attempts, stop }
}

async fn append_events(database: &Database, count: usize) {
    let append = move |tx: &Tx<'_>| -> Result<(), Error> {
        let entity = Entity { kind: "test", id: tx.next_uuid() };
        for _ in 0..count {
            let (payload, at_ms) = (serde_json::json!({}), tx.now_ms());
            let event = NewEvent { kind: "test", actor: Actor::System, entity, payload, cause: None, at_ms };
            event_log::append(tx, &event)?;
        }
        Ok(())
    };
    database.write(append).await.unwrap();
}

async fn wait_for_cursor(work: &Work, cursor: i64) {
    wait_until("the consumer is there", || async { work.progress.cursor() >= cursor }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_goes_on_where_it_was_and_sees_each_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    append_events(&database, 10).await;
    let first = work(&database, Trouble::No);
    wait_for_cursor(&first, 10).await;
    append_events(&database, 1).await;
    wait_for_cursor(&first, 11).await;
    first.stop.send_replace(true);
    assert_eq!(*first.seen.lock().unwrap(), (1..=11).collect::<Vec<i64>>());
    wait_until("the consumer has ended", || async { Arc::strong_count(&first.seen) == 1 }).await;
    append_events(&database, 4).await;
    drop(database);
    let database = open(folder.path());
    let second = work(&database, Trouble::No);
    wait_for_cursor(&second, 15).await;
    assert_eq!(*second.seen.lock().unwrap(), (12..=15).collect::<Vec<i64>>());
    assert_eq!(first.seen.lock().unwrap().len(), 11, "the stopped one saw nothing more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_consumer_tries_again_and_shows_its_lag() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    append_events(&database, 5).await;
    let work = work(&database, Trouble::Failure);
    wait_until("it was tried twice", || async { work.attempts.load(Ordering::Relaxed) >= 2 }).await;
    assert_eq!(work.progress.last_error(), "the outside world is down");
    assert_eq!(*database.head().borrow() - work.progress.cursor(), 5, "the lag is visible");
    assert!(work.progress.is_stuck(5, NOW_MS + 31_000) && !work.progress.is_stuck(5, NOW_MS + 1_000));
    assert!(work.seen.lock().unwrap().is_empty());
    *work.trouble.lock().unwrap() = Trouble::No;
    wait_for_cursor(&work, 5).await;
    assert_eq!(*work.seen.lock().unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(work.progress.last_error(), "");
    assert!(!work.progress.is_stuck(5, NOW_MS + 31_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_panics_tries_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    append_events(&database, 5).await;
    let work = work(&database, Trouble::Panic);
    wait_until("it was tried twice", || async { work.attempts.load(Ordering::Relaxed) >= 2 }).await;
    assert_eq!(work.progress.last_error(), "a consumer panicked: nobody thought of this");
    assert!(work.progress.is_stuck(5, NOW_MS + 31_000));
    *work.trouble.lock().unwrap() = Trouble::No;
    wait_for_cursor(&work, 5).await;
    assert_eq!(*work.seen.lock().unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(work.progress.last_error(), "");
}

/// Takes as long to load its cursor as it is told to, like one that builds its index anew; then it is done.
struct Slow {
    pulse: Pulse,
    begun: Arc<AtomicUsize>,
    outcomes: Mutex<mpsc::Receiver<Result<i64, ConsumeError>>>,
}

impl Consumer for Slow {
    type Turn = ();

    fn name(&self) -> &'static str {
        "slow"
    }

    async fn turn(&self) -> Option<()> {
        Some(())
    }

    fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    fn load_cursor(&mut self, _turn: (), _database: &Database) -> Result<i64, ConsumeError> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.outcomes.lock().unwrap().recv_timeout(Duration::from_secs(30)).unwrap()
    }

    fn consume(&mut self, _turn: (), _database: &Database, _batch: &Batch) -> Result<(), ConsumeError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_gives_signs_of_life_is_not_stuck() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    append_events(&database, 1).await;
    let clock = Clock::fixed(NOW_MS);
    let (_stop, stopped) = watch::channel(false);
    let (pulse, begun) = (Pulse::default(), Arc::new(AtomicUsize::new(0)));
    let (outcome, outcomes) = mpsc::channel();
    let slow = Slow { pulse: pulse.clone(), begun: Arc::clone(&begun), outcomes: Mutex::new(outcomes) };
    let runtime = consumer::Runtime { database, clock: clock.clone(), stop: stopped };
    let progress = consumer::start(slow, runtime).progress;
    let is_stuck = || progress.is_stuck(1, clock.now_ms());
    wait_until("it works", || async { begun.load(Ordering::Relaxed) == 1 }).await;
    for _long_while in 0..3 {
        assert!(!is_stuck());
        clock.advance_ms(31_000);
        assert!(is_stuck());
        pulse.beat();
        wait_until("the sign of life is noticed", || async { !is_stuck() }).await;
    }
    // Work that goes on for long and then fails, again and again, leads nowhere.
    outcome.send(Err("the disk is full".into())).unwrap();
    wait_until("it works again", || async { begun.load(Ordering::Relaxed) == 2 }).await;
    assert!(is_stuck());
    outcome.send(Ok(1)).unwrap();
    wait_until("it is done", || async { progress.cursor() == 1 }).await;
    assert!(!is_stuck());
}

/// An organization that waits for an index writer is not stuck as long as those who have one get on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_for_those_who_get_on_is_not_being_stuck() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    append_events(&database, 1).await;
    let clock = Clock::fixed(NOW_MS);
    let (_stop, stopped) = watch::channel(false);
    let writers = WriterPool::new(1);
    let mut busy = IndexBuilder::create(&folder.path().join("other"), writers.try_acquire().unwrap()).unwrap();
    let state = Arc::new(IndexState::open(folder.path().join("index"), writers.clone()));
    let runtime = consumer::Runtime { database, clock: clock.clone(), stop: stopped };
    let progress = consumer::start(Indexing::new(Arc::clone(&state)), runtime).progress;
    tokio::time::timeout(Duration::from_secs(30), writers.wanted()).await.expect("it waits for a writer");
    let is_stuck = || progress.is_stuck(1, clock.now_ms());
    for _long_while in 0..3 {
        assert!(!is_stuck());
        clock.advance_ms(31_000);
        assert!(is_stuck());
        busy.add(&[]).unwrap();
        wait_until("the others get on", || async { !is_stuck() }).await;
    }
    assert_eq!(progress.cursor(), 0);
    drop(busy);
    wait_until("it is its turn", || async { progress.cursor() == 1 }).await;
    assert!(state.current().is_some());
}

/// Has something to give back after every batch, and takes its time.
struct Keeper {
    begun: Arc<AtomicUsize>,
    release: Mutex<mpsc::Receiver<()>>,
    was_released: Arc<Mutex<Option<bool>>>,
}

impl Consumer for Keeper {
    type Turn = ();

    fn name(&self) -> &'static str {
        "keeper"
    }

    async fn turn(&self) -> Option<()> {
        Some(())
    }

    fn load_cursor(&mut self, _turn: (), _database: &Database) -> Result<i64, ConsumeError> {
        Ok(0)
    }

    fn consume(&mut self, _turn: (), _database: &Database, _batch: &Batch) -> Result<(), ConsumeError> {
        Ok(())
    }

    async fn rest_wanted(&self) {}

    fn rest(&mut self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let release = self.release.lock().unwrap().recv_timeout(Duration::from_secs(10));
        *self.was_released.lock().unwrap() = Some(release.is_ok());
        // A consumer survives this, too.
        assert!(release.is_err(), "told to rest");
    }
}

/// One thread runs all tasks here: a consumer that blocked it would block the one who releases it.
#[tokio::test]
async fn giving_back_blocks_no_task_and_a_panic_there_ends_no_consumer() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    append_events(&database, 1).await;
    let (_stop, stopped) = watch::channel(false);
    let (release, released) = mpsc::channel();
    let (begun, was_released) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
    let keeper =
        Keeper { begun: Arc::clone(&begun), release: Mutex::new(released), was_released: Arc::clone(&was_released) };
    let runtime = consumer::Runtime { database, clock: Clock::fixed(NOW_MS), stop: stopped };
    let progress = consumer::start(keeper, runtime).progress;
    for round in 1..=2 {
        wait_until("it gives back", || async { begun.load(Ordering::Relaxed) >= round }).await;
        release.send(()).unwrap();
        wait_until("it is done", || async { was_released.lock().unwrap().is_some() }).await;
        assert_eq!(was_released.lock().unwrap().take(), Some(true), "nobody could release it");
    }
    release.send(()).unwrap();
    wait_until("it goes on", || async { progress.cursor() == 1 }).await;
}
