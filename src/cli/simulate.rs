//! `salesbrain simulate …`: plays Instantly towards an appliance.

use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, print};
use crate::channel::instantly::simulator::{
    Mix, Pace, Poster, PosterConfig, Schedule, SimulatedEvent, Simulator, SimulatorConfig, Statistics,
};
use crate::channel::instantly::{payload, simulator};
use crate::channel::intake::{self, Delivery};
use crate::clock::Clock;
use crate::connection::model::SECRET_HEADER;

/// What to play.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Simulate {
    /// Posts webhooks like the real service.
    Instantly(Box<InstantlyArguments>),
    /// Writes a realistic organization of so many messages through the normal path, without HTTP.
    Fill(Fill),
}

#[derive(Clone, Debug, Args)]
pub(super) struct InstantlyArguments {
    /// Where to post.
    #[arg(long, default_value = "http://127.0.0.1:8001/webhooks/instantly/webhook")]
    url: String,
    /// The connection's secret, sent in a header.
    #[arg(long, default_value = "")]
    secret: String,
    /// Further header, `Name: value`; may be repeated.
    #[arg(long)]
    header: Vec<String>,
    /// Events per second; human pace if absent.
    #[arg(long)]
    rate: Option<f64>,
    /// Seed: the same seed posts the same events.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// When the simulated history ends, UTC milliseconds; now if absent. With it the same seed posts the same bytes.
    #[arg(long)]
    start_ms: Option<i64>,
    /// How likely what is, for example `interested=30,bounce=1`.
    #[arg(long, default_value = "")]
    mix: String,
    /// Ends after so many events.
    #[arg(long)]
    count: Option<usize>,
    /// Ends after so many seconds.
    #[arg(long)]
    duration_s: Option<u64>,
    /// Share of events delivered twice.
    #[arg(long, default_value_t = 0.0)]
    duplicates: f64,
    /// Share of events that overtake others.
    #[arg(long, default_value_t = 0.0)]
    reorder: f64,
    /// Events that go out at once every ten seconds, on top of the rate.
    #[arg(long, default_value_t = 0)]
    burst: u32,
    /// Posts distinct replies only, for load.
    #[arg(long)]
    replies: bool,
    /// Posts the ninety days of history first.
    #[arg(long)]
    history: bool,
    /// Leads of the workspace.
    #[arg(long, default_value_t = 400)]
    leads: usize,
    /// Requests at the same time.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Serves the workspace's API v2 on this port while it posts; faults are switched at /simulator/faults there.
    #[arg(long)]
    api_port: Option<u16>,
    /// Posts to the webhooks made through the API and to nothing else.
    #[arg(long, requires = "api_port")]
    registered_only: bool,
    /// A scope of the API's key, such as campaigns:read; may be repeated; all if absent.
    #[arg(long)]
    api_scope: Vec<String>,
    /// Key of the workspace's API.
    #[arg(long, default_value = "simulated-key")]
    api_key: String,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Fill {
    /// How many messages.
    #[arg(long)]
    messages: usize,
    /// Name or id of the organization.
    #[arg(long)]
    organization: String,
    /// Seed: the same seed writes the same messages.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

pub(super) async fn run(simulate: Simulate, common: Common) -> anyhow::Result<()> {
    match simulate {
        Simulate::Instantly(arguments) => run_instantly(&arguments, &common).await,
        Simulate::Fill(fill) => run_fill(fill, common).await,
    }
}

async fn run_instantly(arguments: &InstantlyArguments, common: &Common) -> anyhow::Result<()> {
    let clock = Clock::System;
    let start_ms = arguments.start_ms.unwrap_or_else(|| clock.now_ms());
    let mut config = SimulatorConfig::new(arguments.seed, start_ms);
    config.mix = arguments.mix.parse::<Mix>()?;
    config.size.leads = arguments.leads;
    let simulator = Simulator::new(config);
    let poster = Poster::new(poster_config(arguments)?, clock.clone())?;
    let end = || wait_for_end(arguments.duration_s);
    if let Some(port) = arguments.api_port {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let fed = if arguments.registered_only { Vec::new() } else { vec![poster.clone()] };
        let workspace = simulator.workspace(arguments.api_key.clone(), fed, clock.clone());
        if !arguments.api_scope.is_empty() {
            let scopes: Vec<&str> = arguments.api_scope.iter().map(String::as_str).collect();
            workspace.create_key(&arguments.api_key, &scopes);
        }
        tokio::spawn(simulator::serve(workspace, listener, std::future::pending()));
    }
    if arguments.history {
        report(common, &simulator.run_history(&poster, end()).await)?;
    }
    let schedule = match arguments.rate {
        Some(per_second) if per_second > 0.0 => {
            Schedule::Rate { per_second, burst: arguments.burst, burst_every: Duration::from_secs(10) }
        }
        Some(_) => Schedule::FullSpeed,
        None => Schedule::AsTimed { from_ms: start_ms },
    };
    let count = arguments.count.unwrap_or(usize::MAX);
    let statistics = if arguments.replies {
        simulator.run(simulator.replies(0.5).take(count), &poster, schedule, end()).await
    } else {
        simulator.run(simulator.live(start_ms, Pace::Human).take(count), &poster, schedule, end()).await
    };
    report(common, &statistics)
}

fn poster_config(arguments: &InstantlyArguments) -> anyhow::Result<PosterConfig> {
    let mut headers = Vec::new();
    if !arguments.secret.is_empty() {
        headers.push((SECRET_HEADER.to_owned(), arguments.secret.clone()));
    }
    for header in &arguments.header {
        let (name, value) = header.split_once(':').with_context(|| format!("{header:?} is not `Name: value`"))?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(PosterConfig {
        headers,
        connections: arguments.connections,
        duplicates: arguments.duplicates,
        reorder: arguments.reorder,
        seed: arguments.seed,
        ..PosterConfig::new(if arguments.registered_only { "" } else { arguments.url.as_str() })
    })
}

async fn wait_for_end(duration_s: Option<u64>) {
    let after = async {
        match duration_s {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = after => {}
        () = super::wait_for_signal() => {}
    }
}

fn report(common: &Common, statistics: &Statistics) -> anyhow::Result<()> {
    if common.json {
        return print::json(&json!({ "statistics": format!("{statistics:?}") }));
    }
    print::line(&format!("{statistics:?}"))
}

/// Deliveries applied by one closure: they share its savepoint, which is most of what a small write costs beside itself.
const FILL_CHUNK: usize = 64;
/// Chunks prepared and waiting at the same time.
const FILL_WINDOW: usize = 4;

/// Applies payloads in process: the same interpretation and transaction as a webhook, without the network.
async fn run_fill(fill: Fill, common: Common) -> anyhow::Result<()> {
    let app = common.open()?;
    let _lock = super::serve::FolderLock::take(&app.config.data)?;
    let name = fill.organization.clone();
    let found = app.control.read(move |connection| crate::organization::find(connection, &name)).await?;
    let organization_id = found.with_context(|| format!("there is no organization {:?}", fill.organization))?;
    let (connection, _secret) = app.create_connection(Some(organization_id), "instantly", "Fill").await?;
    let tenant = app.tenants.find(organization_id).await?;
    let simulator = Simulator::new(SimulatorConfig::for_messages(fill.seed, app.clock.now_ms(), fill.messages));
    let mut waiting = tokio::task::JoinSet::new();
    let mut events = 0_usize;
    let mut source = simulator.fill(fill.messages);
    loop {
        let chunk: Vec<Delivery> = source
            .by_ref()
            .take(FILL_CHUNK)
            .map(|event| prepare(connection.id, &event))
            .collect::<anyhow::Result<_>>()?;
        if chunk.is_empty() {
            break;
        }
        events += chunk.len();
        let database = tenant.database().clone();
        waiting.spawn(async move { database.write(move |tx| receive_all(tx, &chunk)).await });
        if waiting.len() >= FILL_WINDOW
            && let Some(outcome) = waiting.join_next().await
        {
            outcome??;
        }
    }
    while let Some(outcome) = waiting.join_next().await {
        outcome??;
    }
    let head = tenant.head();
    wait_for_index(&tenant, head).await;
    drop(tenant);
    app.tenants.close_all().await;
    if common.json {
        return print::json(&json!({ "messages": fill.messages, "events": events }));
    }
    print::line(&format!("{} messages in {events} events", fill.messages))
}

fn receive_all(tx: &crate::store::Tx<'_>, chunk: &[Delivery]) -> Result<(), crate::store::Error> {
    intake::receive_all(tx, chunk).map(drop)
}

fn prepare(connection_id: crate::id::ConnectionId, event: &SimulatedEvent) -> anyhow::Result<Delivery> {
    let interpreted = payload::interpret(&event.body)?;
    Ok(Delivery::prepare((connection_id, "instantly"), interpreted.event, interpreted.content_key, event.body.to_vec()))
}

/// The folder is handed over with its index complete.
async fn wait_for_index(tenant: &crate::tenant::Tenant, head: i64) {
    while tenant.progress().iter().any(|progress| progress.cursor() < head) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
