//! Intake: distinct replies as fast as so many connections carry them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::appliance::{Appliance, Folder, Memory};
use crate::bodies::Bodies;
use crate::figures::Latencies;
use crate::{Options, say};

#[derive(Default)]
struct Tally {
    latencies: Latencies,
    refused: u64,
}

/// Runs and reports.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir_in(options.scratch())?;
    let data = options.data.clone().unwrap_or_else(|| temporary.path().join("data"));
    let folder = Folder::prepare(&options.program, &data)?;
    let secret = folder.create_connection()?;
    let bodies = Arc::new(Bodies::new(options.now_ms - 3_600_000, options.is_html)?);
    let appliance = Arc::new(folder.serve().await?);
    let token = appliance.sign_in().await?;
    let (seconds, connections) = (options.seconds.unwrap_or(60), options.connections);
    say(&format!("intake: {connections} connections, {seconds} s, bodies of {} bytes on average", bodies.mean_size()));

    let next = Arc::new(AtomicU64::new(0));
    let before = appliance.processor_time()?;
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let mut tasks = Vec::new();
    for _connection in 0..connections {
        let task = post(Arc::clone(&appliance), Arc::clone(&bodies), (secret.clone(), Arc::clone(&next), end));
        tasks.push(tokio::spawn(task));
    }
    let (memory, slowest_second) = watch(&appliance, &next, end).await?;
    let mut all = Tally::default();
    for task in tasks {
        let mut tally = task.await??;
        all.latencies.append(&mut tally.latencies);
        all.refused += tally.refused;
    }
    let elapsed = started.elapsed();
    let count = all.latencies.len() as f64;
    say(&format!("rate        {:.0}/s (slowest second {slowest_second})", count / elapsed.as_secs_f64()));
    say(&format!("latency     {}", all.latencies.line()));
    say(&format!("not 2xx     {}", all.refused));
    say(&format!("memory      peak {:.0} MiB resident, {:.0} MiB own", memory.resident, memory.own));
    report_processor_time(&appliance, &before, count)?;
    catch_up(&appliance, &token).await
}

async fn post(
    appliance: Arc<Appliance>,
    bodies: Arc<Bodies>,
    (secret, next, end): (String, Arc<AtomicU64>, Instant),
) -> anyhow::Result<Tally> {
    let mut connection = appliance.connect().await?;
    let mut tally = Tally::default();
    while Instant::now() < end {
        let request = bodies.request(next.fetch_add(1, Ordering::Relaxed), &secret);
        let started = Instant::now();
        let answer = connection.send(&request).await?;
        tally.latencies.add(started.elapsed());
        tally.refused += u64::from(!(200..300).contains(&answer.status));
    }
    Ok(tally)
}

async fn watch(appliance: &Appliance, next: &AtomicU64, end: Instant) -> anyhow::Result<(Memory, u64)> {
    let mut memory = Memory::default();
    let (mut slowest, mut seen) = (u64::MAX, 0);
    while Instant::now() + Duration::from_millis(900) < end {
        tokio::time::sleep(Duration::from_secs(1)).await;
        memory = memory.max(appliance.memory()?);
        let sent = next.load(Ordering::Relaxed);
        slowest = slowest.min(sent - seen);
        seen = sent;
    }
    Ok((memory, slowest))
}

fn report_processor_time(
    appliance: &Appliance,
    before: &std::collections::BTreeMap<String, f64>,
    events: f64,
) -> anyhow::Result<()> {
    for (name, seconds) in appliance.processor_time()? {
        let spent = seconds - before.get(&name).copied().unwrap_or(0.0);
        if spent > 0.05 {
            say(&format!("processor   {name:16} {:6.1} us per event", spent * 1e6 / events));
        }
    }
    Ok(())
}

/// Reports how far the consumers are behind and how long they take to catch up.
async fn catch_up(appliance: &Appliance, token: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    let (lag, head) = appliance.lag(token).await?;
    let mut left = lag;
    while left > 0 && started.elapsed() < Duration::from_mins(10) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        left = appliance.lag(token).await?.0;
    }
    say(&format!(
        "consumers   {lag} events behind of {head}, caught up after {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}
