//! [`Timeline`]: all journeys of a world woven into one ordered stream, from ninety days before its start without end.
//!
//! Journeys begin at even distances and live side by side in a queue; only those under way are kept in memory. [`History`]
//! tells the part before the start with the times it had, [`Live`] the part after it, at the pace of people watching: the
//! order of events stays, the days between them are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::tell::{Telling, WorkspaceEvent, workspace_event};
use super::{Quirks, SimulatedEvent};
use crate::channel::instantly::simulator::calendar::DAY_MS;
use crate::channel::instantly::simulator::dice::{Dice, Purpose};
use crate::channel::instantly::simulator::journey::{Action, Journey, Mix};
use crate::channel::instantly::simulator::world::World;

/// How long history reaches back.
const HISTORY_MS: i64 = 90 * DAY_MS;
/// Journeys that are planned to learn how many events one has on average.
const SAMPLES: u64 = 400;

/// How fast live events follow one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As a person can follow: 0.5 to 4 s apart, sometimes a burst.
    Human,
    /// So many per second.
    PerSecond(f64),
}

/// The stream of all journeys.
#[derive(Clone, Debug)]
pub struct Timeline {
    world: Arc<World>,
    mix: Mix,
    quirks: Quirks,
    spacing_ms: i64,
    queue: BTreeSet<(i64, u64, usize)>,
    under_way: BTreeMap<u64, Telling>,
    planned: u64,
    next_lead: usize,
    /// Leads in a journey, and in how many.
    busy: BTreeMap<usize, usize>,
    /// Leads who must not be written to any more.
    lost: BTreeSet<usize>,
}

impl Timeline {
    /// A timeline with about `events` events before the world's start.
    pub fn new(world: Arc<World>, mix: Mix, quirks: Quirks, events: usize) -> Self {
        let mut timeline = Self {
            world,
            mix,
            quirks,
            spacing_ms: 1,
            queue: BTreeSet::new(),
            under_way: BTreeMap::new(),
            planned: 0,
            next_lead: 0,
            busy: BTreeMap::new(),
            lost: BTreeSet::new(),
        };
        timeline.spacing_ms = timeline.spacing_for(events);
        timeline
    }

    /// The part before the world's start.
    pub fn history(self) -> History {
        History { timeline: self }
    }

    /// The part after the world's start, told from `now_ms` on. Skips whatever of history has not been told.
    pub fn live(mut self, now_ms: i64, pace: Pace) -> Live {
        while let Some((planned_ms, number, index)) = self.next_before(self.world.start_ms) {
            self.finish(number, index, planned_ms);
        }
        let dice = Dice::new(self.world.seed, Purpose::Pace, 0);
        Live { timeline: self, begin_ms: now_ms, elapsed: Duration::ZERO, told: 0, burst_left: 0, dice, pace }
    }

    fn first_ms(&self) -> i64 {
        self.world.start_ms.saturating_sub(HISTORY_MS)
    }

    /// The distance between journeys that makes history about that long. Not every journey is through at the start, so
    /// that the figure is taken from those events of a journey that fall into the time left to it.
    fn spacing_for(&self, events: usize) -> i64 {
        let leads = self.world.leads.len().max(1);
        let mut inside = 0_usize;
        for number in 0..SAMPLES {
            let begin = i64::try_from(number).unwrap_or(0) * (HISTORY_MS / i64::try_from(SAMPLES).unwrap_or(1));
            let lead = usize::try_from(number).unwrap_or(0) % leads;
            let journey =
                Journey::plan(&self.world, &self.mix, number, (lead, 0), self.first_ms().saturating_add(begin));
            let end_ms = self.world.start_ms;
            inside +=
                journey.map_or(0, |journey| journey.plan.iter().filter(|planned| planned.at_ms <= end_ms).count());
        }
        let journeys = (events.max(1) as u64).saturating_mul(SAMPLES) / (inside.max(1) as u64);
        (HISTORY_MS / i64::try_from(journeys.max(1)).unwrap_or(1)).max(1)
    }

    /// Plans journeys until none that is yet to be planned can come before the first in the queue.
    fn refill(&mut self) {
        loop {
            let offset = self.spacing_ms.saturating_mul(i64::try_from(self.planned).unwrap_or(i64::MAX));
            let from_ms = self.first_ms().saturating_add(offset);
            if self.queue.first().is_some_and(|(at_ms, _, _)| *at_ms < from_ms) {
                return;
            }
            if !self.begin_journey(from_ms) {
                return;
            }
        }
    }

    fn begin_journey(&mut self, from_ms: i64) -> bool {
        let number = self.planned;
        self.planned += 1;
        let Some((lead, round)) = self.next_lead() else {
            return false;
        };
        let planned = Journey::plan(&self.world, &self.mix, number, (lead, round), from_ms);
        let Some(journey) = planned else { return false };
        if let Some(first) = journey.plan.first() {
            self.queue.insert((first.at_ms, number, 0));
            *self.busy.entry(lead).or_default() += 1;
            self.under_way.insert(number, Telling::new(journey));
        }
        true
    }

    /// The next lead who has not left and is in no other journey, and how often all leads have had their turn.
    fn next_lead(&mut self) -> Option<(usize, usize)> {
        let leads = self.world.leads.len();
        if self.lost.len() >= leads {
            // Nobody is left: as if the list had been replaced.
            self.lost.clear();
        }
        let turns = self.next_lead..self.next_lead.saturating_add(leads);
        let is_there = |turn: &usize| !self.lost.contains(&(turn % leads));
        let is_free = |turn: &usize| is_there(turn) && !self.busy.contains_key(&(turn % leads));
        let turn = turns.clone().find(is_free).or_else(|| turns.clone().find(is_there))?;
        self.next_lead = turn + 1;
        Some((turn % leads, turn / leads))
    }

    /// Takes the next event that is due, unless it comes after `end_ms`. Nobody is written to who has left.
    fn next_before(&mut self, end_ms: i64) -> Option<(i64, u64, usize)> {
        loop {
            self.refill();
            let first = *self.queue.first()?;
            if first.0 > end_ms {
                return None;
            }
            let (at_ms, number, index) = self.queue.pop_first()?;
            let telling = self.under_way.get(&number)?;
            let is_mail = telling.journey.plan.get(index).is_some_and(|planned| planned.action == Action::Sent);
            if !(is_mail && self.lost.contains(&telling.journey.lead)) {
                return Some((at_ms, number, index));
            }
            self.end_journey(number);
        }
    }

    fn end_journey(&mut self, number: u64) {
        let Some(telling) = self.under_way.remove(&number) else {
            return;
        };
        if let Some(count) = self.busy.get_mut(&telling.journey.lead) {
            *count -= 1;
            if *count == 0 {
                self.busy.remove(&telling.journey.lead);
            }
        }
    }

    fn tell(&mut self, number: u64, index: usize, at_ms: i64) -> Option<SimulatedEvent> {
        self.under_way.get(&number).and_then(|telling| telling.tell(&self.world, &self.quirks, index, at_ms))
    }

    /// Notes that an event happened and queues the next of its journey.
    fn finish(&mut self, number: u64, index: usize, at_ms: i64) {
        let Some(telling) = self.under_way.get_mut(&number) else {
            return;
        };
        telling.note(index, at_ms);
        let plan = &telling.journey.plan;
        if plan.get(index).is_some_and(|planned| planned.action.ends_contact()) {
            self.lost.insert(telling.journey.lead);
        }
        match plan.get(index + 1) {
            Some(next) => drop(self.queue.insert((next.at_ms, number, index + 1))),
            None => self.end_journey(number),
        }
    }
}

/// The events before the start, in order.
#[derive(Clone, Debug)]
pub struct History {
    timeline: Timeline,
}

impl History {
    /// Goes on with the live part.
    pub fn into_live(self, now_ms: i64, pace: Pace) -> Live {
        self.timeline.live(now_ms, pace)
    }
}

impl Iterator for History {
    type Item = SimulatedEvent;

    fn next(&mut self) -> Option<SimulatedEvent> {
        let end_ms = self.timeline.world.start_ms;
        let (at_ms, number, index) = self.timeline.next_before(end_ms)?;
        let event = self.timeline.tell(number, index, at_ms);
        self.timeline.finish(number, index, at_ms);
        event
    }
}

/// The events after the start, without end.
#[derive(Clone, Debug)]
pub struct Live {
    timeline: Timeline,
    begin_ms: i64,
    elapsed: Duration,
    told: usize,
    burst_left: u64,
    dice: Dice,
    pace: Pace,
}

impl Live {
    fn pause(&mut self) -> Duration {
        match self.pace {
            Pace::Human => {
                let pause_ms = self.human_pause_ms();
                Duration::from_millis(pause_ms.unsigned_abs())
            }
            Pace::PerSecond(rate) => Duration::from_secs_f64(1.0 / rate.clamp(0.001, 1.0e7)),
        }
    }

    fn human_pause_ms(&mut self) -> i64 {
        if self.burst_left > 0 {
            self.burst_left -= 1;
            return self.dice.between(20, 160);
        }
        if self.dice.chance(0.03) {
            self.burst_left = self.dice.below(12) + 4;
        }
        self.dice.between(500, 4000).min(self.dice.between(500, 4000))
    }

    fn now_ms(&self) -> i64 {
        self.begin_ms.saturating_add(i64::try_from(self.elapsed.as_millis()).unwrap_or(i64::MAX))
    }

    /// Rare events about the workspace.
    fn workspace_event(&mut self) -> Option<SimulatedEvent> {
        let kind = match self.told % 1000 {
            120 | 620 => WorkspaceEvent::AccountError,
            400 | 900 => WorkspaceEvent::CampaignCompleted,
            777 => WorkspaceEvent::Test,
            _ => return None,
        };
        workspace_event(&self.timeline.world, kind, self.told / 100, self.now_ms())
    }
}

impl Iterator for Live {
    type Item = SimulatedEvent;

    fn next(&mut self) -> Option<SimulatedEvent> {
        self.elapsed = self.elapsed.saturating_add(self.pause());
        let now_ms = self.now_ms();
        self.told += 1;
        if let Some(event) = self.workspace_event() {
            return Some(event);
        }
        let (_, number, index) = self.timeline.next_before(i64::MAX)?;
        let event = self.timeline.tell(number, index, now_ms);
        self.timeline.finish(number, index, now_ms);
        event
    }
}
