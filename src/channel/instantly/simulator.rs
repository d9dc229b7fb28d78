//! A stand-in for Instantly: a workspace with campaigns, mailboxes and leads, whose webhooks are posted like the real
//! service posts them, and whose API answers on a port of its own. For demos, tests and load runs.
//!
//! Everything is made from a seed: the same [`SimulatorConfig`] gives byte-identical bodies. A recorded stream was rejected:
//! it would be as large as it is long, would age, and could not be asked for a million more.
//!
//! ```no_run
//! # use salesbrain::{channel::instantly::simulator::{Pace, Poster, PosterConfig, Simulator, SimulatorConfig, serve}, clock::Clock};
//! # async fn run(listener: tokio::net::TcpListener) -> anyhow::Result<()> {
//! let clock = Clock::System;
//! let simulator = Simulator::new(SimulatorConfig::new(7, clock.now_ms()));
//! let poster = Poster::new(PosterConfig::new("http://127.0.0.1:8080/webhooks/instantly/secret"), clock.clone())?;
//! let api = simulator.workspace("key", vec![poster.clone()], clock.clone());
//! tokio::spawn(serve(api, listener, std::future::pending()));
//! simulator.run_history(&poster, std::future::pending()).await;
//! simulator.run_live(&poster, Pace::Human, clock.now_ms(), std::future::pending()).await;
//! # Ok(()) }
//! ```

mod activity;
mod calendar;
mod dice;
mod event;
mod hooks;
mod journey;
mod mail;
mod post;
mod server;
mod text;
mod world;

use std::sync::Arc;

use activity::Activity;
pub use event::{History, Live, Pace, Quirks, Replies, SimulatedEvent, Timeline};
use hooks::Hooks;
pub use hooks::Webhook;
pub use journey::{Mix, MixError};
pub use post::{Answer, Attempt, Poster, PosterConfig, PosterError, Schedule, Statistics, WebhookStatus};
pub use server::{CursorFault, Exchange, Failure, Faults, ServerLimits, Workspace, serve};
pub use text::{Intent, Language};
pub use world::{Campaign, Company, Lead, Mailbox, Region, World, WorldSize};

use crate::clock::Clock;

/// What is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatorConfig {
    /// Everything random comes from it.
    pub seed: u64,
    /// When history ends and the live part begins, UTC milliseconds.
    pub start_ms: i64,
    /// Size of the workspace.
    pub size: WorldSize,
    /// How likely what is.
    pub mix: Mix,
    /// Oddities of the service.
    pub quirks: Quirks,
    /// About how many events lie before the start.
    pub history_events: usize,
}

impl SimulatorConfig {
    /// The workspace of the demo: 6 campaigns, 8 mailboxes, 400 leads, about 3000 events of history.
    pub fn new(seed: u64, start_ms: i64) -> Self {
        Self {
            seed,
            start_ms,
            size: WorldSize::default(),
            mix: Mix::default(),
            quirks: Quirks::default(),
            history_events: 3000,
        }
    }

    /// A workspace whose history holds at least so many messages, with leads in proportion; see [`Simulator::fill`].
    pub fn for_messages(seed: u64, start_ms: i64, messages: usize) -> Self {
        let leads = (messages / 8).clamp(50, 60_000);
        Self {
            size: WorldSize { leads, ..WorldSize::default() },
            history_events: messages.saturating_mul(2).saturating_add(200),
            ..Self::new(seed, start_ms)
        }
    }
}

/// A simulated workspace and the events in it. Clones share the workspace.
#[derive(Clone, Debug)]
pub struct Simulator {
    config: SimulatorConfig,
    world: Arc<World>,
    activity: Arc<Activity>,
    hooks: Arc<Hooks>,
}

impl Simulator {
    /// Makes the workspace.
    pub fn new(config: SimulatorConfig) -> Self {
        let world = Arc::new(World::new(config.seed, config.start_ms, config.size));
        Self { config, world, activity: Arc::new(Activity::default()), hooks: Arc::new(Hooks::default()) }
    }

    /// The campaigns, mailboxes and leads.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The events of the ninety days before the start, in order.
    pub fn history(&self) -> History {
        self.timeline().history()
    }

    /// The events after the start without end, told from `now_ms` on; the first comes one pause later.
    pub fn live(&self, now_ms: i64, pace: Pace) -> Live {
        self.timeline().live(now_ms, pace)
    }

    /// Distinct replies without end, for load tests. `new_conversations` (0 to 1) is the share that opens a conversation.
    pub fn replies(&self, new_conversations: f64) -> Replies {
        Replies::new(Arc::clone(&self.world), self.config.mix.clone(), self.config.quirks.clone(), new_conversations)
    }

    /// History up to and including the message with that number; make the simulator with [`SimulatorConfig::for_messages`].
    pub fn fill(&self, messages: usize) -> impl Iterator<Item = SimulatedEvent> + use<> {
        let mut left = messages;
        self.history().take_while(move |event| {
            let is_wanted = left > 0;
            left -= usize::from(is_wanted && event.carries_message());
            is_wanted
        })
    }

    /// The workspace's API, to be served by [`serve`]; each poster is one of its webhooks.
    pub fn workspace(&self, api_key: impl Into<String>, posters: Vec<Poster>, clock: Clock) -> Workspace {
        let shared = server::Shared {
            world: Arc::clone(&self.world),
            activity: Arc::clone(&self.activity),
            hooks: Arc::clone(&self.hooks),
        };
        Workspace::new(shared, &api_key.into(), posters, clock)
    }

    /// Posts all of history at full speed.
    pub async fn run_history(&self, poster: &Poster, shutdown: impl Future<Output = ()>) -> Statistics {
        self.run(self.history(), poster, Schedule::FullSpeed, shutdown).await
    }

    /// Posts live events at a pace until `shutdown` is ready.
    pub async fn run_live(
        &self,
        poster: &Poster,
        pace: Pace,
        now_ms: i64,
        shutdown: impl Future<Output = ()>,
    ) -> Statistics {
        self.run(self.live(now_ms, pace), poster, Schedule::AsTimed { from_ms: now_ms }, shutdown).await
    }

    /// Posts any events of this simulator; the workspace's API knows of them from then on.
    pub async fn run(
        &self,
        events: impl IntoIterator<Item = SimulatedEvent>,
        poster: &Poster,
        schedule: Schedule,
        shutdown: impl Future<Output = ()>,
    ) -> Statistics {
        let (activity, hooks, seed) = (Arc::clone(&self.activity), Arc::clone(&self.hooks), self.world.seed);
        let noted = events.into_iter().inspect(move |event| {
            activity.record(seed, event);
            hooks.deliver(event);
        });
        poster.post_all(noted, schedule, shutdown).await
    }

    fn timeline(&self) -> Timeline {
        let config = &self.config;
        Timeline::new(Arc::clone(&self.world), config.mix.clone(), config.quirks.clone(), config.history_events)
    }
}

#[cfg(test)]
mod tests;
