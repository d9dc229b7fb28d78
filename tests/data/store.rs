//! The store through its public interface: grouped commits, errors that stay alone, durability before the answer,
//! readers that cannot write, limits of time and size.

use std::path::Path;
use std::time::{Duration, Instant};

use salesbrain::clock::Clock;
use salesbrain::id::IdSource;
use salesbrain::store::{Database, Error, Migrations, Options, Tx};

use super::support::NOW_MS;

const PARENT_AND_CHILD: Migrations = Migrations {
    steps: &["CREATE TABLE parent (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
        CREATE TABLE child (parent INTEGER NOT NULL REFERENCES parent (number)) STRICT;"],
    head_query: None,
};

fn options() -> Options {
    let clock = Clock::fixed(NOW_MS);
    Options { ids: IdSource::new(clock.clone()), clock, readers: 2, read_limit_ms: 2_000, max_pages: None }
}

fn open(folder: &Path, options: &Options) -> Database {
    Database::open(&folder.join("test.db"), &PARENT_AND_CHILD, options).unwrap()
}

fn insert(tx: &Tx<'_>, number: i64) -> Result<(), Error> {
    tx.connection().execute("INSERT INTO parent (number, text) VALUES (?1, 'x')", [number])?;
    Ok(())
}

fn count(database: &Database) -> i64 {
    let read = |connection: &rusqlite::Connection| -> Result<i64, Error> {
        Ok(connection.query_row("SELECT count(*) FROM parent", [], |row| row.get(0))?)
    };
    database.read_blocking(read).unwrap()
}

/// Holds the writer in one closure until the answer is dropped, so that what is written meanwhile is one group.
async fn hold_writer(database: &Database) -> std::sync::mpsc::Sender<()> {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (entered, is_entered) = tokio::sync::oneshot::channel::<()>();
    let holding = database.clone();
    tokio::spawn(async move {
        let hold = move |_tx: &Tx<'_>| -> Result<(), Error> {
            entered.send(()).unwrap();
            let _released = held.recv_timeout(Duration::from_secs(20));
            Ok(())
        };
        holding.write(hold).await.unwrap();
    });
    is_entered.await.unwrap();
    release
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_share_commits() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), &options());
    let release = hold_writer(&database).await;
    let before = database.statistics();
    let writes: Vec<_> = (0..400)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move { database.write(move |tx| insert(tx, number)).await })
        })
        .collect();
    drop(release);
    for write in writes {
        write.await.unwrap().unwrap();
    }
    let after = database.statistics();
    let (commits, writes) = (after.commits - before.commits, after.writes - before.writes);
    assert_eq!(writes, 401, "each is counted, the holding one too");
    assert!(commits <= 100, "400 writes took {commits} commits");
    assert_eq!(count(&database), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_or_panicking_write_is_undone_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), &options());
    let release = hold_writer(&database).await;
    let good = tokio::spawn({
        let database = database.clone();
        async move { database.write(|tx| insert(tx, 1)).await }
    });
    let failing = tokio::spawn({
        let database = database.clone();
        let work = |tx: &Tx<'_>| {
            insert(tx, 2)?;
            insert(tx, 2)
        };
        async move { database.write(work).await }
    });
    let panicking = tokio::spawn({
        let database = database.clone();
        let work = |tx: &Tx<'_>| -> Result<(), Error> {
            insert(tx, 3)?;
            panic!("a mistake in a closure")
        };
        async move { database.write(work).await }
    });
    drop(release);
    assert!(good.await.unwrap().is_ok());
    assert!(matches!(failing.await.unwrap(), Err(Error::Constraint(_))));
    assert!(matches!(panicking.await.unwrap(), Err(Error::Panicked)));
    assert!(database.write(|tx| insert(tx, 4)).await.is_ok(), "the writer goes on");
    let numbers = |connection: &rusqlite::Connection| -> Result<String, Error> {
        Ok(connection.query_row("SELECT group_concat(number, ' ') FROM parent", [], |row| row.get(0))?)
    };
    assert_eq!(database.read(numbers).await.unwrap(), "1 4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_answered_or_announced_before_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), &options());
    for number in 1..=50 {
        let write = move |tx: &Tx<'_>| {
            insert(tx, number)?;
            tx.note_sequence(number);
            Ok::<(), Error>(())
        };
        database.write(write).await.unwrap();
        assert_eq!(count(&database), number, "a reader sees it as soon as the answer is there");
        assert_eq!(*database.head().borrow(), number);
    }
    let failed = |tx: &Tx<'_>| {
        tx.note_sequence(99);
        insert(tx, 1)
    };
    assert!(database.write(failed).await.is_err());
    assert_eq!(*database.head().borrow(), 50, "what was undone is not announced");
}

#[test]
fn readers_cannot_write_and_are_stopped_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), &Options { read_limit_ms: 200, ..options() });
    for sql in ["INSERT INTO parent (number, text) VALUES (1, '')", "DELETE FROM parent", "DROP TABLE child"] {
        let outcome = database.read_blocking(|connection| -> Result<(), Error> { Ok(connection.execute_batch(sql)?) });
        assert!(matches!(outcome, Err(Error::Sqlite(_))), "{sql}: {outcome:?}");
    }
    let started = Instant::now();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let outcome = database
        .read_blocking(|connection| -> Result<i64, Error> { Ok(connection.query_row(endless, [], |row| row.get(0))?) });
    assert!(matches!(outcome, Err(Error::TimedOut)), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(count(&database), 0, "the connection serves the next read");
}

#[test]
fn references_are_enforced() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), &options());
    let orphan =
        |tx: &Tx<'_>| -> Result<usize, Error> { Ok(tx.connection().execute("INSERT INTO child VALUES (9)", [])?) };
    assert!(matches!(database.write_blocking(orphan), Err(Error::Constraint(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_file_refuses_the_group_and_works_again_with_space() {
    let folder = tempfile::tempdir().unwrap();
    let limited = Options { max_pages: Some(64), ..options() };
    let database = open(folder.path(), &limited);
    database.write(|tx| insert(tx, 1)).await.unwrap();
    let large = |number: i64| {
        move |tx: &Tx<'_>| -> Result<(), Error> {
            let text = "x".repeat(150_000);
            tx.connection().execute("INSERT INTO parent (number, text) VALUES (?1, ?2)", (number, text))?;
            Ok(())
        }
    };
    let release = hold_writer(&database).await;
    let group: Vec<_> = (2..12)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move { database.write(large(number)).await })
        })
        .collect();
    drop(release);
    let mut stored = 0;
    for write in group {
        match write.await.unwrap() {
            Ok(()) => stored += 1,
            Err(error) => assert!(matches!(error, Error::Full(_)), "{error:?}"),
        }
    }
    assert!(stored <= 1, "256 KiB cannot hold two of these, {stored} were acknowledged");
    assert_eq!(count(&database), 1 + stored, "what was acknowledged is there, and nothing else");
    drop(database);
    let database = open(folder.path(), &options());
    assert_eq!(count(&database), 1 + stored);
    database.write(large(50)).await.unwrap();
    assert_eq!(count(&database), 2 + stored);
}

#[test]
fn the_largest_size_can_be_lifted_while_the_file_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), &Options { max_pages: Some(64), ..options() });
    let fill = |tx: &Tx<'_>| -> Result<usize, Error> {
        Ok(tx.connection().execute("INSERT INTO parent (text) VALUES (?1)", ["x".repeat(500_000)])?)
    };
    assert!(matches!(database.write_blocking(fill), Err(Error::Full(_))));
    assert_eq!(count(&database), 0);
    let lift = |tx: &Tx<'_>| salesbrain::store::pragma::limit_pages(tx.connection(), 100_000);
    database.write_blocking(lift).unwrap();
    database.write_blocking(fill).unwrap();
    assert_eq!(count(&database), 1);
}
