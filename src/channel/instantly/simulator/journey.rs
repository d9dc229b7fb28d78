//! [`Journey`]: what will happen to one lead in one campaign, planned ahead with times, without any text.
//!
//! Plans are cheap, so that a stream can be fast-forwarded over months; texts are only made for events that are emitted.

use std::str::FromStr;

use super::calendar::{DAY_MS, HOUR_MS, MINUTE_MS, business_time};
use super::dice::{Dice, Purpose};
use super::text::Intent;
use super::world::World;

/// How likely what is, per lead and campaign; read from text like `reply=0.4,open=0.5,question=2`.
///
/// The first block are probabilities, the second weights among replies by people.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// A sent mail is opened.
    pub open: f64,
    /// A link in an opened mail is followed.
    pub click: f64,
    /// The lead replies.
    pub reply: f64,
    /// A machine replies: out of office.
    pub auto_reply: f64,
    /// The first mail bounces.
    pub bounce: f64,
    /// The lead uses the unsubscribe link.
    pub unsubscribe_link: f64,
    /// Weight of interested replies.
    pub interested: f64,
    /// Weight of refusals.
    pub not_interested: f64,
    /// Weight of questions.
    pub question: f64,
    /// Weight of meeting requests.
    pub meeting_request: f64,
    /// Weight of wishes to be removed.
    pub unsubscribe: f64,
    /// Weight of wrong persons.
    pub wrong_person: f64,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            open: 0.5,
            click: 0.12,
            reply: 0.4,
            auto_reply: 0.12,
            bounce: 0.035,
            unsubscribe_link: 0.015,
            interested: 24.0,
            not_interested: 30.0,
            question: 16.0,
            meeting_request: 14.0,
            unsubscribe: 7.0,
            wrong_person: 9.0,
        }
    }
}

/// A mix that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {part:?} in the mix: write name=number, separated by commas")]
pub struct MixError {
    /// The part that is wrong.
    pub part: String,
}

impl FromStr for Mix {
    type Err = MixError;

    fn from_str(text: &str) -> Result<Self, MixError> {
        let mut mix = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            mix.set(part).ok_or_else(|| MixError { part: part.to_owned() })?;
        }
        Ok(mix)
    }
}

impl Mix {
    fn set(&mut self, part: &str) -> Option<()> {
        let (name, number) = part.split_once('=')?;
        let number: f64 = number.trim().parse().ok()?;
        let field = match name.trim() {
            "open" => &mut self.open,
            "click" => &mut self.click,
            "reply" => &mut self.reply,
            "auto_reply" => &mut self.auto_reply,
            "bounce" => &mut self.bounce,
            "unsubscribe_link" => &mut self.unsubscribe_link,
            "interested" => &mut self.interested,
            "not_interested" => &mut self.not_interested,
            "question" => &mut self.question,
            "meeting_request" => &mut self.meeting_request,
            "unsubscribe" => &mut self.unsubscribe,
            "wrong_person" => &mut self.wrong_person,
            _ => return None,
        };
        (number.is_finite() && number >= 0.0).then(|| *field = number)
    }

    /// What a person who replies wants.
    pub(super) fn draw_intent(&self, dice: &mut Dice) -> Intent {
        const INTENTS: [Intent; 6] = [
            Intent::Interested,
            Intent::NotInterested,
            Intent::Question,
            Intent::MeetingRequest,
            Intent::Unsubscribe,
            Intent::WrongPerson,
        ];
        let weights = [
            self.interested,
            self.not_interested,
            self.question,
            self.meeting_request,
            self.unsubscribe,
            self.wrong_person,
        ];
        INTENTS.get(dice.weighted(&weights)).copied().unwrap_or(Intent::Interested)
    }
}

/// A label that is set on a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Interested,
    MeetingBooked,
    MeetingCompleted,
    Closed,
    NotInterested,
    WrongPerson,
    OutOfOffice,
    NoShow,
    Neutral,
    /// One of the team's own.
    Custom,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Sent,
    Opened,
    Clicked,
    /// A mail from the lead's side; the second one answers what a sender wrote back.
    Reply(Intent, u8),
    Bounced,
    Unsubscribed,
    /// A label, and whether a reply caused it.
    Label(Label, bool),
}

impl Action {
    /// Whether the lead must not be written to afterwards.
    pub(super) const fn ends_contact(self) -> bool {
        matches!(self, Self::Bounced | Self::Unsubscribed | Self::Reply(Intent::Unsubscribe, _))
    }
}

/// A planned event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    pub(super) at_ms: i64,
    pub(super) step: u8,
    pub(super) action: Action,
}

/// One lead's way through one campaign.
#[derive(Clone, Debug)]
pub(super) struct Journey {
    pub(super) number: u64,
    pub(super) lead: usize,
    pub(super) campaign: usize,
    pub(super) mailbox: usize,
    /// Variant of each step, counted from 1.
    pub(super) variants: [u8; 4],
    /// In order of time.
    pub(super) plan: Vec<Planned>,
}

impl Journey {
    /// Plans journey `number`: `lead` is written to for the `round`-th time, from about `from_ms` on.
    pub(super) fn plan(
        world: &World,
        mix: &Mix,
        number: u64,
        (lead_index, round): (usize, usize),
        from_ms: i64,
    ) -> Option<Self> {
        let lead = world.leads.get(lead_index)?;
        let mut dice = Dice::new(world.seed, Purpose::Journey, number);
        let campaigns = world.campaigns_in(lead.language());
        let position = campaigns.iter().position(|campaign| *campaign == lead.campaign).unwrap_or(0);
        let campaign_index = campaigns.iter().cycle().nth(position + round % 64).copied()?;
        let campaign = world.campaigns.get(campaign_index)?;
        let mut planner =
            Planner { world, mix, lead_index, plan: Vec::with_capacity(8), at_ms: from_ms, dice: &mut dice };
        planner.run(campaign.steps);
        let mut plan = planner.plan;
        plan.sort_by_key(|planned| planned.at_ms);
        let mailbox = dice.pick(&campaign.mailboxes);
        let mut variant = || u8::from(dice.chance(0.45)) + 1;
        let variants = [variant(), variant(), variant(), variant()];
        Some(Self { number, lead: lead_index, campaign: campaign_index, mailbox, variants, plan })
    }
}

/// What a journey comes to.
enum Outcome {
    Silence,
    Bounce,
    UnsubscribeLink,
    Reply(Intent),
}

struct Planner<'plan> {
    world: &'plan World,
    mix: &'plan Mix,
    lead_index: usize,
    plan: Vec<Planned>,
    at_ms: i64,
    dice: &'plan mut Dice,
}

impl Planner<'_> {
    fn run(&mut self, steps: u8) {
        let outcome = self.outcome();
        let last = match outcome {
            Outcome::Silence => steps,
            Outcome::Bounce => 1,
            _ => u8::try_from(self.dice.weighted(&[5.0, 3.0, 2.0, 1.0])).unwrap_or(0).min(steps.saturating_sub(1)) + 1,
        };
        self.pass_business(0, DAY_MS);
        for step in 1..=last {
            self.push(step, Action::Sent);
            if !matches!(outcome, Outcome::Bounce) {
                self.opening(step, step == last);
            }
            if step == 1 && self.dice.chance(self.mix.auto_reply) && !matches!(outcome, Outcome::Bounce) {
                self.away_message(step);
            }
            if step < last {
                self.pass_business(2 * DAY_MS, 5 * DAY_MS);
            }
        }
        match outcome {
            Outcome::Silence => {}
            Outcome::Bounce => self.bounce(last),
            Outcome::UnsubscribeLink => {
                self.pass(20 * MINUTE_MS, 2 * DAY_MS);
                self.push(last, Action::Unsubscribed);
            }
            Outcome::Reply(intent) => self.reply(last, intent),
        }
    }

    fn outcome(&mut self) -> Outcome {
        let mix = self.mix;
        let silence = (1.0 - mix.bounce - mix.unsubscribe_link - mix.reply).max(0.0);
        match self.dice.weighted(&[silence, mix.bounce, mix.unsubscribe_link, mix.reply]) {
            1 => Outcome::Bounce,
            2 => Outcome::UnsubscribeLink,
            3 => Outcome::Reply(mix.draw_intent(self.dice)),
            _ => Outcome::Silence,
        }
    }

    fn opening(&mut self, step: u8, is_last: bool) {
        let wanted = if is_last { self.mix.open.max(0.5) } else { self.mix.open };
        if self.mix.open <= 0.0 || !self.dice.chance(wanted) {
            return;
        }
        let sent_ms = self.at_ms;
        self.pass(40_000, 5 * HOUR_MS);
        self.push(step, Action::Opened);
        if self.dice.chance(0.2) {
            self.pass(30_000, 3 * HOUR_MS);
            self.push(step, Action::Opened);
        }
        // Only these letters have a link.
        if matches!(step, 2 | 3) && self.dice.chance(self.mix.click) {
            self.pass(5_000, 90_000);
            self.push(step, Action::Clicked);
        }
        if !is_last {
            self.at_ms = sent_ms;
        }
    }

    fn away_message(&mut self, step: u8) {
        let back_ms = self.at_ms;
        self.at_ms = self.plan.first().map_or(back_ms, |sent| sent.at_ms);
        self.pass(8_000, 90_000);
        self.push(step, Action::Reply(Intent::OutOfOffice, 1));
        if self.dice.chance(0.7) {
            self.pass(4_000, 60_000);
            self.push(step, Action::Label(Label::OutOfOffice, true));
        }
        self.at_ms = self.at_ms.max(back_ms);
    }

    fn bounce(&mut self, step: u8) {
        self.pass(3_000, 120_000);
        if self.dice.chance(0.35) {
            self.push(step, Action::Reply(Intent::Bounce, 1));
            self.pass(1_000, 20_000);
        }
        self.push(step, Action::Bounced);
    }

    fn reply(&mut self, step: u8, intent: Intent) {
        self.pass_business(6 * MINUTE_MS, DAY_MS);
        self.push(step, Action::Reply(intent, 1));
        match intent {
            Intent::Interested => {
                self.label_after_reply(step, Label::Interested);
                self.follow_up(step, 0.5);
            }
            Intent::MeetingRequest => {
                self.label_after_reply(step, Label::Interested);
                self.meeting(step);
            }
            Intent::Question => {
                let label = if self.dice.chance(0.6) { Label::Interested } else { Label::Neutral };
                self.label_after_reply(step, label);
                self.follow_up(step, 0.35);
            }
            Intent::NotInterested => {
                self.label_after_reply(step, Label::NotInterested);
                self.custom_label(step, 0.12);
            }
            Intent::WrongPerson => self.label_after_reply(step, Label::WrongPerson),
            Intent::Unsubscribe => {
                self.pass(MINUTE_MS, 6 * HOUR_MS);
                self.push(step, Action::Unsubscribed);
            }
            Intent::OutOfOffice | Intent::Bounce => {}
        }
    }

    fn follow_up(&mut self, step: u8, probability: f64) {
        self.custom_label(step, 0.08);
        if self.dice.chance(probability) {
            self.pass_business(3 * HOUR_MS, 3 * DAY_MS);
            self.push(step, Action::Reply(Intent::MeetingRequest, 2));
            self.meeting(step);
        }
    }

    fn meeting(&mut self, step: u8) {
        if !self.dice.chance(0.75) {
            return;
        }
        self.pass_business(20 * MINUTE_MS, DAY_MS);
        self.push(step, Action::Label(Label::MeetingBooked, false));
        if !self.dice.chance(0.6) {
            return;
        }
        self.pass_business(2 * DAY_MS, 8 * DAY_MS);
        if self.dice.chance(0.18) {
            self.push(step, Action::Label(Label::NoShow, false));
            return;
        }
        self.push(step, Action::Label(Label::MeetingCompleted, false));
        if self.dice.chance(0.35) {
            self.pass_business(3 * DAY_MS, 20 * DAY_MS);
            self.push(step, Action::Label(Label::Closed, false));
        }
    }

    fn label_after_reply(&mut self, step: u8, label: Label) {
        if self.dice.chance(0.9) {
            self.pass(4_000, 90_000);
            self.push(step, Action::Label(label, true));
        }
    }

    fn custom_label(&mut self, step: u8, probability: f64) {
        if self.dice.chance(probability) {
            self.pass_business(5 * MINUTE_MS, 5 * HOUR_MS);
            self.push(step, Action::Label(Label::Custom, false));
        }
    }

    fn push(&mut self, step: u8, action: Action) {
        self.plan.push(Planned { at_ms: self.at_ms, step, action });
    }

    fn pass(&mut self, least_ms: i64, most_ms: i64) {
        let first = self.dice.between(least_ms, most_ms);
        self.at_ms = self.at_ms.saturating_add(first.min(self.dice.between(least_ms, most_ms)));
    }

    fn pass_business(&mut self, least_ms: i64, most_ms: i64) {
        let at_ms = self.at_ms.saturating_add(self.dice.between(least_ms, most_ms));
        let world = self.world;
        if let Some(lead) = world.leads.get(self.lead_index) {
            self.at_ms = business_time(at_ms, lead.zone(world), self.dice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_from_text() {
        let mix: Mix = "reply=1, open = 0.25,question=3".parse().unwrap();
        let wanted = Mix { reply: 1.0, open: 0.25, question: 3.0, ..Mix::default() };
        assert_eq!(mix, wanted);
        assert_eq!("reply=1,opn=2".parse::<Mix>().unwrap_err().part, "opn=2");
        assert!("reply=-1".parse::<Mix>().is_err());
    }
}
