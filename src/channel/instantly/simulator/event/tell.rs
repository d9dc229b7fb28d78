//! Turns a planned event into a body.

use std::borrow::Cow;

use bytes::Bytes;
use uuid::Uuid;

use super::body::Body;
use super::{Quirks, SimulatedEvent};
use crate::channel::instantly::simulator::calendar::{HOUR_MS, iso};
use crate::channel::instantly::simulator::dice::{Dice, Purpose};
use crate::channel::instantly::simulator::journey::{Action, Journey, Label, Planned};
use crate::channel::instantly::simulator::mail::{self, Mail, Quoted};
use crate::channel::instantly::simulator::text::{Intent, Scene};
use crate::channel::instantly::simulator::world::{Campaign, Lead, Mailbox, World};

/// Dice numbers per journey.
const NUMBERS: u64 = 128;

/// A journey under way: its plan and what has been told of it.
#[derive(Clone, Debug)]
pub(super) struct Telling {
    pub(super) journey: Journey,
    /// When each step was sent.
    sent_ms: [i64; 4],
    first_reply: Option<(i64, Intent, u8)>,
    last_reply: Option<(i64, Intent, u8, u8)>,
    counts: [u8; 3],
}

/// Who writes to whom in which campaign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parties<'world> {
    pub(super) world: &'world World,
    pub(super) lead: &'world Lead,
    pub(super) campaign: &'world Campaign,
    pub(super) mailbox: &'world Mailbox,
}

impl<'world> Parties<'world> {
    /// The scene of a message at a time.
    pub(super) fn scene(&self, at_ms: i64, dice: &mut Dice) -> Scene<'world> {
        Scene::new(self.world, (self.lead, self.campaign, self.mailbox), at_ms, dice)
    }

    /// Opens a body with the base fields; a reply's thread makes the unibox link.
    pub(super) fn base(&self, event_type: &str, at_ms: i64, unibox: Option<&str>, capacity: usize) -> Body<'world> {
        let mut body = Body::new(capacity, &self.lead.variables);
        body.text("timestamp", &iso(at_ms));
        body.text("event_type", event_type);
        body.id("workspace", self.world.workspace_id);
        body.id("campaign_id", self.campaign.id);
        match unibox {
            Some(url) => body.text("unibox_url", url),
            None => body.null("unibox_url"),
        }
        body.text("campaign_name", self.campaign.name);
        body
    }

    /// The link into the service's inbox for a thread, or for the lead's address as it used to be.
    pub(super) fn unibox_url(&self, thread_id: &str, by_address: bool) -> String {
        let workspace = self.world.workspace_id;
        if by_address {
            let address = &self.lead.email;
            return format!("https://app.instantly.ai/app/unibox?thread_search={address}&selected_wks={workspace}");
        }
        format!("https://app.instantly.ai/app/unibox?thread_search=thread:{thread_id}&selected_wks={workspace}")
    }
}

/// What a mail event says besides its mail.
pub(super) struct ReplyFacts<'mail> {
    pub(super) event_type: &'static str,
    pub(super) at_ms: i64,
    pub(super) step: u8,
    pub(super) variant: u8,
    pub(super) is_first: bool,
    pub(super) email_id: Uuid,
    pub(super) thread_id: &'mail str,
    pub(super) mail: &'mail Mail,
}

/// Writes the body of a reply.
pub(super) fn reply_body(parties: &Parties<'_>, facts: &ReplyFacts<'_>, quirks: &Quirks, dice: &mut Dice) -> Bytes {
    let mail = facts.mail;
    let url = parties.unibox_url(facts.thread_id, dice.chance(quirks.unibox_by_address));
    let capacity = 1500 + mail.text.len() + mail.html.len() + mail.html.len() / 8;
    let mut body = parties.base(facts.event_type, facts.at_ms, Some(&url), capacity);
    if !dice.chance(quirks.missing_email_account) {
        body.text("email_account", &parties.mailbox.address);
    }
    body.text("reply_text_snippet", snippet(&mail.text, dice.chance(quirks.blank_snippet)));
    if !dice.chance(quirks.missing_is_first) {
        body.flag("is_first", facts.is_first);
    }
    body.text("lead_email", &parties.lead.email);
    body.lead_variables(parties.campaign.id);
    step_and_variant(&mut body, facts.step, facts.variant, quirks, dice);
    body.id("email_id", facts.email_id);
    body.text("reply_subject", &mail.subject);
    body.text("reply_text", &mail.text);
    if !dice.chance(quirks.missing_reply_html) {
        body.text("reply_html", &mail.html);
    }
    body.finish()
}

/// The first hundred-odd characters.
fn snippet(text: &str, is_blank: bool) -> &str {
    if is_blank {
        return "\n\n";
    }
    let end = text.char_indices().nth(140).map_or(text.len(), |(index, _)| index);
    text.get(..end).unwrap_or(text)
}

fn step_and_variant(body: &mut Body<'_>, step: u8, variant: u8, quirks: &Quirks, dice: &mut Dice) {
    if dice.chance(quirks.step_as_text) {
        body.text("step", &step.to_string());
    } else {
        body.number("step", step);
    }
    if dice.chance(quirks.variant_as_letter) {
        body.text("variant", if variant == 2 { "B" } else { "A" });
    } else {
        body.number("variant", variant);
    }
}

impl Telling {
    /// A journey of which nothing has been told.
    pub(super) fn new(journey: Journey) -> Self {
        Self { journey, sent_ms: [0; 4], first_reply: None, last_reply: None, counts: [0; 3] }
    }

    /// Takes note that planned event number `index` happened at a time.
    pub(super) fn note(&mut self, index: usize, at_ms: i64) {
        let Some(planned) = self.journey.plan.get(index).copied() else {
            return;
        };
        let number = u8::try_from(index).unwrap_or(u8::MAX);
        match planned.action {
            Action::Sent => {
                if let Some(slot) = self.sent_ms.get_mut(usize::from(planned.step.saturating_sub(1))) {
                    *slot = at_ms;
                }
            }
            Action::Opened => self.count(0),
            Action::Clicked => self.count(1),
            Action::Reply(intent, ordinal) => {
                if !intent.is_automatic() {
                    self.count(2);
                    self.first_reply.get_or_insert((at_ms, intent, number));
                }
                self.last_reply = Some((at_ms, intent, number, ordinal));
            }
            _ => {}
        }
    }

    fn count(&mut self, kind: usize) {
        if let Some(count) = self.counts.get_mut(kind) {
            *count = count.saturating_add(1);
        }
    }

    fn is_first(&self, kind: usize) -> bool {
        self.counts.get(kind).is_none_or(|count| *count == 0)
    }

    /// The event for planned event number `index`, if it happens at a time.
    pub(super) fn tell(&self, world: &World, quirks: &Quirks, index: usize, at_ms: i64) -> Option<SimulatedEvent> {
        let planned = self.journey.plan.get(index).copied()?;
        let parties = Parties {
            world,
            lead: world.leads.get(self.journey.lead)?,
            campaign: world.campaigns.get(self.journey.campaign)?,
            mailbox: world.mailboxes.get(self.journey.mailbox)?,
        };
        let (event_type, body) = self.event_body(&parties, (planned, index), at_ms, quirks);
        let intent = if let Action::Reply(intent, _) = planned.action { Some(intent) } else { None };
        Some(SimulatedEvent {
            at_ms,
            event_type,
            lead: Some(self.journey.lead),
            journey: Some(self.journey.number),
            step: Some(planned.step),
            intent,
            language: Some(parties.lead.language()),
            body,
        })
    }

    fn event_body(
        &self,
        parties: &Parties<'_>,
        (planned, index): (Planned, usize),
        at_ms: i64,
        quirks: &Quirks,
    ) -> (Cow<'static, str>, Bytes) {
        let mut dice = self.dice(parties.world, 64 + index as u64);
        let event_type = match planned.action {
            Action::Sent => "email_sent",
            Action::Opened => "email_opened",
            Action::Clicked => "link_clicked",
            Action::Bounced => "email_bounced",
            Action::Unsubscribed => "lead_unsubscribed",
            Action::Reply(intent, _) => {
                let is_recognised = intent.is_automatic() && !dice.chance(quirks.auto_reply_unrecognised);
                if is_recognised { "auto_reply_received" } else { "reply_received" }
            }
            Action::Label(label, _) => label_event(label, parties, &mut dice),
        };
        let body = match planned.action {
            Action::Sent => self.sent_body(parties, planned, at_ms, quirks),
            Action::Reply(..) => self.reply(parties, (event_type, index), at_ms, quirks),
            Action::Label(_, by_reply) => self.label_body(parties, (event_type, by_reply), planned, at_ms),
            _ => self.small_body(parties, event_type, planned, at_ms),
        };
        (event_type.into(), body)
    }

    fn dice(&self, world: &World, number: u64) -> Dice {
        Dice::new(
            world.seed,
            Purpose::Message,
            self.journey.number.wrapping_mul(NUMBERS).wrapping_add(number % NUMBERS),
        )
    }

    fn variant(&self, step: u8) -> u8 {
        self.journey.variants.get(usize::from(step.saturating_sub(1))).copied().unwrap_or(1)
    }

    /// The outreach mail of a step as it was sent.
    fn letter(&self, parties: &Parties<'_>, step: u8, at_ms: i64) -> Mail {
        let mut dice = self.dice(parties.world, u64::from(step));
        let scene = parties.scene(at_ms, &mut dice);
        mail::letter(&scene, step, self.variant(step), &mut dice)
    }

    fn sent_body(&self, parties: &Parties<'_>, planned: Planned, at_ms: i64, quirks: &Quirks) -> Bytes {
        let mail = self.letter(parties, planned.step, at_ms);
        let mut dice = self.dice(parties.world, 8 + u64::from(planned.step));
        let mut body = parties.base("email_sent", at_ms, None, 1200 + mail.html.len() * 5 / 4);
        body.text("email_account", &parties.mailbox.address);
        body.flag("is_first", planned.step == 1);
        body.text("lead_email", &parties.lead.email);
        body.lead_variables(parties.campaign.id);
        step_and_variant(&mut body, planned.step, self.variant(planned.step), quirks, &mut dice);
        body.text("email_subject", &mail.subject);
        body.text("email_html", &mail.html);
        body.finish()
    }

    /// Events without a mail in them.
    fn small_body(&self, parties: &Parties<'_>, event_type: &str, planned: Planned, at_ms: i64) -> Bytes {
        let mut body = parties.base(event_type, at_ms, None, 1000);
        if event_type != "lead_unsubscribed" {
            body.text("email_account", &parties.mailbox.address);
        }
        let kind = match event_type {
            "email_opened" => Some(0),
            "link_clicked" => Some(1),
            _ => None,
        };
        if let Some(kind) = kind {
            body.flag("is_first", self.is_first(kind));
        }
        body.text("lead_email", &parties.lead.email);
        body.lead_variables(parties.campaign.id);
        body.number("step", planned.step);
        body.number("variant", self.variant(planned.step));
        body.finish()
    }

    fn reply(
        &self,
        parties: &Parties<'_>,
        (event_type, index): (&'static str, usize),
        at_ms: i64,
        quirks: &Quirks,
    ) -> Bytes {
        let Some(Planned { step, action: Action::Reply(intent, ordinal), .. }) = self.journey.plan.get(index).copied()
        else {
            return Bytes::new();
        };
        let number = u8::try_from(index).unwrap_or(u8::MAX);
        let mail = self.reply_mail(parties, (intent, ordinal), (step, number), at_ms);
        let thread_id = journey_thread_id(parties.world.seed, self.journey.number);
        let mut dice = self.dice(parties.world, 64 + index as u64);
        let email_id = dice.uuid_v7(at_ms);
        let facts = ReplyFacts {
            event_type,
            at_ms,
            step,
            variant: self.variant(step),
            is_first: intent.is_automatic() || self.is_first(2),
            email_id,
            thread_id: &thread_id,
            mail: &mail,
        };
        reply_body(parties, &facts, quirks, &mut dice)
    }

    /// A reply; a second one quotes what our side answered to the first, which quotes the first.
    fn reply_mail(
        &self,
        parties: &Parties<'_>,
        (intent, ordinal): (Intent, u8),
        (step, number): (u8, u8),
        at_ms: i64,
    ) -> Mail {
        let sent_ms = self.sent_ms.get(usize::from(step.saturating_sub(1))).copied().unwrap_or(at_ms);
        let letter = self.letter(parties, step, sent_ms);
        let mut dice = self.dice(parties.world, 16 + u64::from(number) % 32);
        let scene = parties.scene(at_ms, &mut dice);
        let (Some((first_ms, first_intent, first_number)), true) = (self.first_reply, ordinal > 1) else {
            let quoted = Quoted::new(&letter, sent_ms, &scene, parties.world);
            return mail::reply(&scene, intent, &quoted, &mut dice);
        };
        let first = self.reply_mail(parties, (first_intent, 1), (step, first_number), first_ms);
        let answered_ms = first_ms.saturating_add((at_ms.saturating_sub(first_ms) / 2).min(2 * HOUR_MS));
        let mut answer_dice = self.dice(parties.world, 57);
        let answer_scene = parties.scene(answered_ms, &mut answer_dice);
        let mut answer = mail::answer(&answer_scene, &first.subject, &mut answer_dice);
        mail::quote_first_reply(&mut answer, &first);
        let quoted = Quoted::new(&answer, answered_ms, &scene, parties.world);
        mail::reply(&scene, intent, &quoted, &mut dice)
    }

    fn label_body(
        &self,
        parties: &Parties<'_>,
        (event_type, by_reply): (&str, bool),
        planned: Planned,
        at_ms: i64,
    ) -> Bytes {
        let reply = self.last_reply.filter(|_| by_reply).map(|(reply_ms, intent, number, ordinal)| {
            self.reply_mail(parties, (intent, ordinal), (planned.step, number), reply_ms)
        });
        let mut body = parties.base(event_type, at_ms, None, 8000);
        if let Some(mail) = &reply {
            body.text("reply_text_snippet", snippet(&mail.text, false));
        }
        body.text("lead_email", &parties.lead.email);
        body.lead_variables(parties.campaign.id);
        if let Some(mail) = &reply {
            body.number("step", planned.step);
            body.number("variant", self.variant(planned.step));
            body.text("reply_subject", &mail.subject);
            body.text("reply_text", &mail.text);
            body.text("reply_html", &mail.html);
        }
        body.finish()
    }
}

fn label_event(label: Label, parties: &Parties<'_>, dice: &mut Dice) -> &'static str {
    match label {
        Label::Interested => "lead_interested",
        Label::MeetingBooked => "lead_meeting_booked",
        Label::MeetingCompleted => "lead_meeting_completed",
        Label::Closed => "lead_closed",
        Label::NotInterested => "lead_not_interested",
        Label::WrongPerson => "lead_wrong_person",
        Label::OutOfOffice => "lead_out_of_office",
        Label::NoShow => "lead_no_show",
        Label::Neutral => "lead_neutral",
        Label::Custom => dice.pick(parties.campaign.language.phrasebook().custom_labels),
    }
}

/// The thread of a journey's mails.
pub(in crate::channel::instantly::simulator) fn journey_thread_id(seed: u64, journey: u64) -> String {
    Dice::new(seed, Purpose::Message, journey.wrapping_mul(NUMBERS).wrapping_add(56 % NUMBERS)).thread_id()
}

/// What concerns the workspace and not a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::channel::instantly::simulator) enum WorkspaceEvent {
    /// A campaign has written to all its leads.
    CampaignCompleted,
    /// A mailbox has an error.
    AccountError,
    /// Somebody pressed "test".
    Test,
}

/// The event about the workspace with a number.
pub(in crate::channel::instantly::simulator) fn workspace_event(
    world: &World,
    kind: WorkspaceEvent,
    number: usize,
    at_ms: i64,
) -> Option<SimulatedEvent> {
    let campaign = world.campaign(number)?;
    let mailbox = world.mailboxes.get(number.checked_rem(world.mailboxes.len())?)?;
    let event_type = match kind {
        WorkspaceEvent::CampaignCompleted => "campaign_completed",
        WorkspaceEvent::AccountError => "account_error",
        WorkspaceEvent::Test => "test_event",
    };
    let mut body = Body::new(400, &[]);
    body.text("timestamp", &iso(at_ms));
    body.text("event_type", event_type);
    body.id("workspace", world.workspace_id);
    if kind == WorkspaceEvent::CampaignCompleted {
        body.id("campaign_id", campaign.id);
        body.null("unibox_url");
        body.text("campaign_name", campaign.name);
    } else {
        body.null("campaign_id");
        body.null("unibox_url");
        body.null("campaign_name");
    }
    if kind == WorkspaceEvent::AccountError {
        body.text("email_account", &mailbox.address);
    }
    Some(SimulatedEvent {
        at_ms,
        event_type: Cow::Borrowed(event_type),
        lead: None,
        journey: None,
        step: None,
        intent: None,
        language: None,
        body: body.finish(),
    })
}
