//! How many writes a second the store commits, by how many wait at the same time.
//!
//! Contract: `cargo bench --bench store -- [writes] [folder]` writes that many replies (default 20,000) with the real
//! schema and the real intake, once per number of simultaneous writers, into a new file in the folder (default: a
//! temporary one), and prints writes per second, writes per commit and the latency until after the commit. Name a folder
//! on the disk that matters: the figures are the disk's as much as ours.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark stops at an error")]
#![expect(clippy::cast_precision_loss, reason = "the numbers are small and made here")]

#[path = "support/deliveries.rs"]
mod deliveries;

use deliveries::{open, percentiles, prepare, replies, write_all};

/// Writers at the same time; the last is beyond a full group.
const WRITERS: [usize; 6] = [1, 8, 64, 256, 512, 1_024];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let most: usize = arguments.next().map_or(20_000, |count| count.parse().expect("a number of writes"));
    let folder = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let temporary = tempfile::tempdir_in(folder).unwrap();
    println!("{:>8} {:>10} {:>12} {:>10} {:>10}", "writers", "writes/s", "per commit", "p50 ms", "p99 ms");
    for (run, writers) in WRITERS.into_iter().enumerate() {
        let database = open(&temporary.path().join(format!("{writers}.db")));
        // One writer alone waits for the disk each time.
        let count = most.min(writers * 2_000);
        let prepared = replies(run.try_into().unwrap(), count).iter().map(|event| prepare(&event.body)).collect();
        let (elapsed, mut latencies) = write_all(&database, prepared, writers);
        let (median, p99) = percentiles(&mut latencies);
        let statistics = database.statistics();
        let rate = count as f64 / elapsed.as_secs_f64();
        let group = statistics.writes as f64 / statistics.commits as f64;
        println!("{writers:>8} {rate:>10.0} {group:>12.1} {median:>10.2} {p99:>10.2}");
    }
}
