//! [`Replies`]: distinct replies without end, for load tests.

use std::sync::Arc;

use super::tell::{Parties, ReplyFacts, reply_body};
use super::{Quirks, SimulatedEvent};
use crate::channel::instantly::simulator::calendar::{DAY_MS, HOUR_MS};
use crate::channel::instantly::simulator::dice::{Dice, Purpose};
use crate::channel::instantly::simulator::journey::Mix;
use crate::channel::instantly::simulator::mail::{self, Quoted};
use crate::channel::instantly::simulator::world::World;

/// Replies by people who are not among the world's leads; no two are alike in `email_id` and time.
#[derive(Clone, Debug)]
pub struct Replies {
    world: Arc<World>,
    mix: Mix,
    quirks: Quirks,
    new_conversations: f64,
    next: u64,
    people: u64,
}

impl Replies {
    /// A share of the replies (0 to 1) opens a new conversation, the others go on with one that was opened before.
    pub fn new(world: Arc<World>, mix: Mix, quirks: Quirks, new_conversations: f64) -> Self {
        Self { world, mix, quirks, new_conversations, next: 0, people: 0 }
    }

    fn make(&self, number: u64, person: u64, is_first: bool, dice: &mut Dice) -> Option<SimulatedEvent> {
        let world = &self.world;
        let at_ms = world.start_ms.saturating_add(i64::try_from(number).unwrap_or(0));
        let lead = world.stranger(person);
        let campaign = world.campaign(lead.campaign)?;
        let mailbox = world.mailboxes.get(campaign.mailboxes.first().copied()?)?;
        let parties = Parties { world, lead: &lead, campaign, mailbox };
        let thread_id = Dice::new(world.seed, Purpose::Load, person.wrapping_mul(2).wrapping_add(1)).thread_id();
        let intent = self.mix.draw_intent(dice);
        let sent_ms = at_ms.saturating_sub(dice.between(HOUR_MS, 3 * DAY_MS));
        let scene = parties.scene(at_ms, dice);
        let letter = mail::letter(&scene, 1, 1, dice);
        let quoted = Quoted::new(&letter, sent_ms, &scene, world);
        let mail = mail::reply(&scene, intent, &quoted, dice);
        let facts = ReplyFacts {
            event_type: "reply_received",
            at_ms,
            step: 1,
            variant: 1,
            is_first,
            email_id: dice.uuid_v7(at_ms),
            thread_id: &thread_id,
            mail: &mail,
        };
        let body = reply_body(&parties, &facts, &self.quirks, dice);
        Some(SimulatedEvent {
            at_ms,
            event_type: facts.event_type.into(),
            lead: None,
            journey: None,
            step: Some(1),
            intent: Some(intent),
            language: Some(lead.language()),
            body,
        })
    }
}

impl Iterator for Replies {
    type Item = SimulatedEvent;

    fn next(&mut self) -> Option<SimulatedEvent> {
        let number = self.next;
        self.next += 1;
        let mut dice = Dice::new(self.world.seed, Purpose::Message, number | 1 << 63);
        let is_first = self.people == 0 || dice.chance(self.new_conversations);
        let person = if is_first { self.people } else { dice.below(self.people) };
        if is_first {
            self.people += 1;
        }
        self.make(number, person, is_first, &mut dice)
    }
}
