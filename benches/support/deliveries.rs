//! What the benchmarks of store and intake share: an organization's file, deliveries to write into it, percentiles.

use std::path::Path;
use std::time::{Duration, Instant};

use salesbrain::channel::instantly::payload;
use salesbrain::channel::instantly::simulator::{SimulatedEvent, Simulator, SimulatorConfig};
use salesbrain::channel::intake::{self, Delivery};
use salesbrain::clock::Clock;
use salesbrain::id::{ConnectionId, IdSource};
use salesbrain::store::{Database, Options, migration};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Opens an organization's file, new or as it is.
pub(crate) fn open(path: &Path) -> Database {
    let ids = IdSource::new(Clock::System);
    let options = Options { clock: Clock::System, ids, readers: 2, read_limit_ms: 10_000, max_pages: None };
    Database::open(path, &migration::TENANT, &options).unwrap()
}

/// The connection all deliveries come in on.
pub(crate) fn connection_id() -> ConnectionId {
    ConnectionId::from_uuid(uuid::Uuid::from_u128(7))
}

/// Distinct replies; different for each `run`.
pub(crate) fn replies(run: i64, count: usize) -> Vec<SimulatedEvent> {
    let start_ms = Clock::System.now_ms() - 30 * 86_400_000 + run * 10_000_000;
    let seed = u64::try_from(Clock::System.now_ms()).unwrap();
    Simulator::new(SimulatorConfig::new(seed, start_ms)).replies(0.5).take(count).collect()
}

/// Interprets and prepares a body.
pub(crate) fn prepare(body: &[u8]) -> Delivery {
    let interpreted = payload::interpret(body).unwrap();
    Delivery::prepare((connection_id(), "instantly"), interpreted.event, interpreted.content_key, body.to_vec())
}

/// Writes deliveries with so many writers at the same time; answers the time it took and the latency of each.
pub(crate) fn write_all(database: &Database, deliveries: Vec<Delivery>, writers: usize) -> (Duration, Vec<Duration>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut shares: Vec<Vec<Delivery>> = (0..writers).map(|_writer| Vec::new()).collect();
        for (index, delivery) in deliveries.into_iter().enumerate() {
            shares[index % writers].push(delivery);
        }
        let started = Instant::now();
        let tasks: Vec<_> =
            shares.into_iter().map(|share| tokio::spawn(write_share(database.clone(), share))).collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await.unwrap());
        }
        (started.elapsed(), latencies)
    })
}

async fn write_share(database: Database, share: Vec<Delivery>) -> Vec<Duration> {
    let mut latencies = Vec::with_capacity(share.len());
    for delivery in share {
        let started = Instant::now();
        database.write(move |tx| intake::receive(tx, &delivery)).await.unwrap();
        latencies.push(started.elapsed());
    }
    latencies
}

/// Median and 99th percentile in milliseconds.
pub(crate) fn percentiles(latencies: &mut [Duration]) -> (f64, f64) {
    latencies.sort_unstable();
    let at = |share: usize| latencies[(latencies.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    (at(50), at(99))
}
