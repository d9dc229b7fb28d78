//! What one reply webhook costs from its bytes to after the commit, and whether that grows with what is stored.
//!
//! Contract: `cargo bench --bench intake -- [sizes] [folder]` (sizes: comma-separated, default `10000,100000`) fills one
//! file per size with so many messages of a simulated history (a file found in the folder is used again), then writes
//! 20,000 replies and prints the time of interpretation and preparation and of the write: elapsed with 64 waiting, and
//! processor time of the writer thread. The promise is a cost at 1,000,000 of at most 1.3 times that at 10,000.
//!
//! The writer's processor time is what is compared: it does not depend on what else the machine does.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark stops at an error")]
#![expect(clippy::cast_precision_loss, reason = "the numbers are small and made here")]

#[path = "support/deliveries.rs"]
mod deliveries;

use std::path::{Path, PathBuf};
use std::time::Instant;

use deliveries::{open, percentiles, prepare, replies, write_all};
use salesbrain::channel::instantly::simulator::{Simulator, SimulatorConfig};
use salesbrain::channel::intake::Delivery;
use salesbrain::clock::Clock;
use salesbrain::store::{Database, Error};

/// Replies measured per size.
const REPLIES: usize = 20_000;
/// Replies written first, so that caches and statements are as they are in use.
const WARM_UP: usize = 5_000;
/// Writers at the same time, as many as the promise names connections.
const WRITERS: usize = 64;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let sizes = arguments.next().unwrap_or_else(|| "10000,100000".to_owned());
    let temporary = tempfile::tempdir().unwrap();
    let folder = arguments.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    println!(
        "{:>10} {:>10} {:>10} {:>10} {:>10} {:>12} {:>8} {:>8}",
        "messages", "body", "interpret", "prepare", "write", "writer cpu", "p50", "p99"
    );
    println!("{:>10} {:>10} {:>10} {:>10} {:>10} {:>12} {:>8} {:>8}", "", "bytes", "us", "us", "us", "us", "ms", "ms");
    for size in sizes.split(',') {
        measure(size.parse().expect("sizes like 10000,1000000"), &folder);
    }
}

fn measure(size: usize, folder: &Path) {
    let database = filled(size, folder);
    let events = replies(0, WARM_UP + REPLIES);
    let bytes = events.iter().map(|event| event.body.len()).sum::<usize>() / events.len();
    let started = Instant::now();
    for event in &events {
        std::hint::black_box(salesbrain::channel::instantly::payload::interpret(&event.body).unwrap());
    }
    let interpret = started.elapsed().as_secs_f64() * 1e6 / events.len() as f64;
    let started = Instant::now();
    let mut prepared: Vec<Delivery> = events.iter().map(|event| prepare(&event.body)).collect();
    let prepare = started.elapsed().as_secs_f64() * 1e6 / events.len() as f64 - interpret;
    drop(write_all(&database, prepared.drain(..WARM_UP).collect(), WRITERS));
    let before = writer_time();
    let (elapsed, mut latencies) = write_all(&database, prepared, WRITERS);
    let processor = (writer_time() - before) * 1e6 / REPLIES as f64;
    let write = elapsed.as_secs_f64() * 1e6 / REPLIES as f64;
    let (median, p99) = percentiles(&mut latencies);
    let stored = count_messages(&database);
    println!(
        "{stored:>10} {bytes:>10} {interpret:>10.1} {prepare:>10.1} {write:>10.1} {processor:>12.1} {median:>8.2} {p99:>8.2}"
    );
}

/// The file with so many messages.
fn filled(size: usize, folder: &Path) -> Database {
    let database = open(&folder.join(format!("intake-{size}.db")));
    if count_messages(&database) >= size as u64 {
        return database;
    }
    let simulator = Simulator::new(SimulatorConfig::for_messages(7, Clock::System.now_ms(), size));
    let mut events = simulator.fill(size);
    loop {
        let chunk: Vec<Delivery> = events.by_ref().take(20_000).map(|event| prepare(&event.body)).collect();
        if chunk.is_empty() {
            return database;
        }
        drop(write_all(&database, chunk, 512));
    }
}

/// Processor time of the writer threads of this process, in seconds.
fn writer_time() -> f64 {
    let mut nanoseconds = 0.0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        let name = std::fs::read_to_string(task.join("comm")).unwrap_or_default();
        if name.trim() == "store-writer" {
            let statistics = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
            nanoseconds += statistics.split(' ').next().unwrap_or("0").parse().unwrap_or(0.0);
        }
    }
    nanoseconds / 1e9
}

/// The messages in the file.
fn count_messages(database: &Database) -> u64 {
    let count: Result<i64, Error> = database.read_blocking(|connection| {
        Ok(connection.query_row("SELECT coalesce(max(number), 0) FROM message", [], |row| row.get(0))?)
    });
    count.unwrap().unsigned_abs()
}
