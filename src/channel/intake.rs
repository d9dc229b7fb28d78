//! Intake: applies one provider event to one organization's data, in one transaction.
//!
//! The same for every provider. The raw payload is stored first, under its content key: if the key is already there,
//! the delivery is a repetition and nothing else happens. What each kind of event changes is written down in the
//! table of [`crate::channel::instantly`]; [`Batch::apply_effects`] is that table in code.

use serde_json::json;

use super::event::{EventKind, ProviderEvent};
use std::collections::BTreeMap;

use crate::campaign::record::{self as campaign, CampaignRef, Change, Membership, SequenceEnd, Standing};
use crate::campaign::tally::{Counter, Tally as CampaignTally};
use crate::contact::record::{self as contact, ContactRef, Suppression};
use crate::id::{ConnectionId, MailboxId, ProviderEventId};
use crate::inbox::record::{self as inbox, Direction, KnownMessage, NewMessage, PreparedMessage};
use crate::mailbox::record::{self as mailbox, Trouble};
use crate::mailbox::tally::{Activity, Tally as MailboxTally};
use crate::store::{Error, Tx};
use crate::tenant::event_log::{self, Actor, Entity, NewEvent};

/// A time this far ahead of its arrival is a wrong clock; the time of arrival is taken instead.
const MAX_AHEAD_MS: i64 = crate::clock::DAY_MS;

/// One delivery, prepared outside the writer thread.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The connection it came in on.
    pub connection_id: ConnectionId,
    /// `instantly`, …; becomes the source of new contacts.
    pub provider: &'static str,
    /// What it says.
    pub event: ProviderEvent,
    /// Its message, split and shortened.
    pub message: Option<PreparedMessage>,
    /// Equal for repetitions.
    pub content_key: [u8; 16],
    /// The body as it came.
    pub payload: Vec<u8>,
    /// When it came, UTC milliseconds; `None` for one that comes now.
    pub arrived_at_ms: Option<i64>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored and applied.
    Applied,
    /// Was here before; nothing changed.
    Repeated,
    /// Stored and marked; its meaning is not known.
    Unknown,
}

impl Delivery {
    /// Splits and shortens the message, which is the costly part of a delivery.
    pub fn prepare(
        (connection_id, provider): (ConnectionId, &'static str),
        event: ProviderEvent,
        content_key: [u8; 16],
        payload: Vec<u8>,
    ) -> Self {
        let message = event.content.as_ref().map(crate::inbox::prepare_message);
        Self { connection_id, provider, event, message, content_key, payload, arrived_at_ms: None }
    }

    /// When it happened; arrival time if unknown or impossible.
    fn occurred_at_ms(&self, now_ms: i64) -> i64 {
        let received_at_ms = self.arrived_at_ms.unwrap_or(now_ms);
        match self.event.occurred_at_ms {
            Some(at_ms) if at_ms <= received_at_ms.saturating_add(MAX_AHEAD_MS) => at_ms,
            _ => received_at_ms,
        }
    }
}

/// Stores and applies a delivery.
pub fn receive(tx: &Tx<'_>, delivery: &Delivery) -> Result<Outcome, Error> {
    let mut batch = Batch::new(tx);
    let outcome = batch.receive(delivery)?;
    batch.store()?;
    Ok(outcome)
}

/// Stores and applies deliveries that came together, in their order: all of them or, on an error, none.
pub fn receive_all<'delivery>(
    tx: &Tx<'_>,
    deliveries: impl IntoIterator<Item = &'delivery Delivery>,
) -> Result<Vec<Outcome>, Error> {
    let mut batch = Batch::new(tx);
    let outcomes = deliveries.into_iter().map(|delivery| batch.receive(delivery)).collect::<Result<_, _>>()?;
    batch.store()?;
    Ok(outcomes)
}

/// Keeps a delivery whose effects could not be applied, marked with the reason.
pub fn keep_failed(tx: &Tx<'_>, delivery: &Delivery, note: &str) -> Result<Outcome, Error> {
    let mut batch = Batch::new(tx);
    let Some(id) = batch.store_raw(delivery, "failed", note)? else { return Ok(Outcome::Repeated) };
    append_unknown(tx, delivery, id)?;
    batch.store()?;
    Ok(Outcome::Unknown)
}

/// Applies a stored delivery that was not applied when it came. Answers `false` if it already was.
pub fn replay(tx: &Tx<'_>, id: ProviderEventId, delivery: &Delivery) -> Result<bool, Error> {
    let is_unknown = delivery.event.kind == EventKind::Unknown;
    let state = if is_unknown { "unknown" } else { "applied" };
    let changed = tx
        .connection()
        .prepare_cached("UPDATE provider_event SET state = ?2, note = ?3 WHERE id = ?1 AND state <> 'applied'")?
        .execute((id, state, delivery.event.remarks.join("; ")))?;
    if changed == 0 || is_unknown {
        return Ok(false);
    }
    let mut batch = Batch::new(tx);
    batch.apply_effects(delivery, id)?;
    batch.store()?;
    Ok(true)
}

/// Deliveries applied in one closure: what they share is looked up and written once.
struct Batch<'tx, 'connection> {
    tx: &'tx Tx<'connection>,
    campaigns: CampaignTally,
    mailboxes: MailboxTally,
    received: BTreeMap<ConnectionId, i64>,
}

impl<'tx, 'connection> Batch<'tx, 'connection> {
    fn new(tx: &'tx Tx<'connection>) -> Self {
        Self { tx, campaigns: CampaignTally::default(), mailboxes: MailboxTally::default(), received: BTreeMap::new() }
    }

    fn receive(&mut self, delivery: &Delivery) -> Result<Outcome, Error> {
        let is_unknown = delivery.event.kind == EventKind::Unknown;
        let state = if is_unknown { "unknown" } else { "applied" };
        let Some(id) = self.store_raw(delivery, state, "")? else { return Ok(Outcome::Repeated) };
        self.apply_effects(delivery, id)?;
        Ok(if is_unknown { Outcome::Unknown } else { Outcome::Applied })
    }

    fn store_raw(&mut self, delivery: &Delivery, state: &str, note: &str) -> Result<Option<ProviderEventId>, Error> {
        let id = ProviderEventId::from_uuid(self.tx.next_uuid());
        let remarks = delivery.event.remarks.join("; ");
        let stored = self
            .tx
            .connection()
            .prepare_cached(
                "INSERT INTO provider_event (id, connection_id, content_key, event_type, state, note, payload, occurred_at_ms, received_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (content_key) DO NOTHING",
            )?
            .execute((
                id,
                delivery.connection_id,
                delivery.content_key,
                &delivery.event.provider_name,
                state,
                if note.is_empty() { remarks.as_str() } else { note },
                &delivery.payload,
                delivery.occurred_at_ms(self.tx.now_ms()),
                self.tx.now_ms(),
            ))?;
        if stored == 0 {
            return Ok(None);
        }
        *self.received.entry(delivery.connection_id).or_default() += 1;
        Ok(Some(id))
    }

    /// Writes what was collected.
    fn store(self) -> Result<(), Error> {
        let now_ms = self.tx.now_ms();
        for (connection_id, count) in self.received {
            self.tx
                .connection()
                .prepare_cached(
                    "INSERT INTO connection_status (connection_id, last_event_at_ms, event_count) VALUES (?1, ?2, ?3)
                     ON CONFLICT (connection_id) DO UPDATE SET last_event_at_ms = excluded.last_event_at_ms,
                         event_count = event_count + excluded.event_count",
                )?
                .execute((connection_id, now_ms, count))?;
        }
        self.campaigns.store(self.tx)?;
        self.mailboxes.store(self.tx)
    }

    fn find_subject<'delivery>(
        &mut self,
        delivery: &'delivery Delivery,
        cause: ProviderEventId,
    ) -> Result<Subject<'delivery>, Error> {
        let (tx, event) = (self.tx, &delivery.event);
        let at_ms = delivery.occurred_at_ms(tx.now_ms());
        let campaign = match &event.provider_campaign_id {
            Some(provider_id) => {
                let name = event.campaign_name.as_deref().unwrap_or("");
                let key = (delivery.connection_id, provider_id.as_str());
                Some(self.campaigns.find_or_create(tx, key, (name, at_ms), cause)?)
            }
            None => None,
        };
        let mailbox = match &event.mailbox_address {
            Some(address) => Some((self.mailboxes.find_or_create(tx, address, cause)?, address.as_str())),
            None => None,
        };
        let contact = match &event.contact {
            Some(person) => Some(contact::find_or_create(tx, person, (at_ms, delivery.provider), cause)?),
            None => None,
        };
        Ok(Subject { delivery, cause, at_ms, campaign, mailbox, contact })
    }

    /// The table of effects.
    fn apply_effects(&mut self, delivery: &Delivery, cause: ProviderEventId) -> Result<(), Error> {
        if delivery.event.kind == EventKind::Unknown {
            return append_unknown(self.tx, delivery, cause);
        }
        let subject = self.find_subject(delivery, cause)?;
        match &delivery.event.kind {
            EventKind::MessageSent => subject.message(self, Direction::Sent),
            EventKind::ReplyReceived => subject.message(self, Direction::Received),
            EventKind::AutoReplyReceived => subject.message(self, Direction::AutoReceived),
            EventKind::MessageOpened => subject.engagement(self, Counter::Opened, "message.opened"),
            EventKind::LinkClicked => subject.engagement(self, Counter::Clicked, "message.clicked"),
            EventKind::MessageBounced => subject.suppression(self, Suppression::Bounced),
            EventKind::Unsubscribed => subject.suppression(self, Suppression::Unsubscribed),
            EventKind::Complained => subject.suppression(self, Suppression::Complained),
            EventKind::InterestChanged(interest) => {
                subject.standing(self, &Standing::from_interest(*interest, subject.at_ms))
            }
            EventKind::LabelChanged(label) => {
                subject.standing(self, &Standing::from_label(label.clone(), subject.at_ms))
            }
            EventKind::SequenceCompleted => {
                subject.sequence_end(self.tx, SequenceEnd::Completed, "contact.sequence_completed")
            }
            EventKind::SequenceFailed => subject.sequence_end(self.tx, SequenceEnd::Failed, "contact.sequence_failed"),
            EventKind::CampaignStarted => subject.campaign_change(self.tx, Change::Started),
            EventKind::CampaignPaused => subject.campaign_change(self.tx, Change::Paused),
            EventKind::CampaignCompleted => subject.campaign_change(self.tx, Change::Completed),
            EventKind::MailboxError => subject.trouble(self, Trouble::Error),
            EventKind::MailboxSuspended => subject.trouble(self, Trouble::Suspended),
            EventKind::EnrichmentCompleted => subject.append(self.tx, "enrichment.completed", json!({})),
            EventKind::Test => subject.append(self.tx, "connection.tested", json!({})),
            EventKind::Unknown => Ok(()),
        }
    }
}

/// The records an event names, found or created.
struct Subject<'delivery> {
    delivery: &'delivery Delivery,
    cause: ProviderEventId,
    at_ms: i64,
    campaign: Option<CampaignRef>,
    mailbox: Option<(MailboxId, &'delivery str)>,
    contact: Option<ContactRef>,
}

impl Subject<'_> {
    /// A message went out or came in.
    fn message(&self, batch: &mut Batch<'_, '_>, direction: Direction) -> Result<(), Error> {
        let tx = batch.tx;
        let event = &self.delivery.event;
        let provider_message_id = event.provider_message_id.as_deref();
        if direction != Direction::Sent
            && let Some(id) = provider_message_id
            && let Some(known) = inbox::find_known(tx, id)?
        {
            return self.repeated_message(batch, direction, &known);
        }
        let membership = match (&self.campaign, &self.contact) {
            (Some(campaign), Some(person)) if !person.is_new => campaign::find_membership(tx, campaign.id, person.id)?,
            _ => Membership::default(),
        };
        self.count_message(batch, direction, &membership)?;
        let stored = match (&self.contact, self.stored_content(direction)) {
            (Some(person), Some(content)) => Some(inbox::record_message(
                tx,
                &NewMessage {
                    content,
                    direction,
                    contact: person,
                    membership: &membership,
                    mailbox_id: self.mailbox.map(|mailbox| mailbox.0),
                    campaign_id: self.campaign.as_ref().map(|campaign| campaign.id),
                    provider_thread_id: event.provider_thread_id.as_deref(),
                    provider_message_id: if direction == Direction::Sent { None } else { provider_message_id },
                    position: (event.step, event.variant),
                    occurred_at_ms: self.at_ms,
                },
                self.cause,
            )?),
            _ => None,
        };
        let kind = match direction {
            Direction::Sent => "message.sent",
            Direction::Received => "message.received",
            Direction::AutoReceived => "message.auto_received",
        };
        let content = self.delivery.message.as_ref();
        let more = json!({
            "conversation_id": stored.map(|stored| stored.conversation_id),
            "message_id": stored.map(|stored| stored.message_id),
            "subject": content.map(|content| content.subject.as_str()),
        });
        self.append(tx, kind, more)
    }

    /// The same mail reported again under another event: it is one message and counts once. Of a reply and an automatic
    /// reply the latter is the closer look, so it decides, whichever came first.
    fn repeated_message(
        &self,
        batch: &mut Batch<'_, '_>,
        direction: Direction,
        known: &KnownMessage,
    ) -> Result<(), Error> {
        if direction != Direction::AutoReceived || known.is_auto_reply {
            return Ok(());
        }
        let (tx, at_ms) = (batch.tx, known.occurred_at_ms);
        inbox::record_as_automatic(tx, known)?;
        if let Some(id) = known.campaign_id {
            campaign::take_back_reply(tx, &mut batch.campaigns, (id, known.contact_id), at_ms)?;
            batch.campaigns.count(id, Counter::AutoReplied, at_ms);
        }
        if let Some(id) = known.mailbox_id {
            batch.mailboxes.count_as_automatic(id, at_ms);
        }
        inbox::refresh_categories(tx, known.contact_id, &known.contact_address)?;
        let more = json!({ "conversation_id": known.conversation_id, "message_id": known.id });
        self.append(tx, "message.auto_received", more)
    }

    /// A received message is kept even when the provider sent no text; a sent one without content is only counted.
    fn stored_content(&self, direction: Direction) -> Option<&PreparedMessage> {
        static EMPTY: PreparedMessage = PreparedMessage {
            subject: String::new(),
            subject_key: String::new(),
            text: String::new(),
            quoted_text: String::new(),
            html: None,
            has_remote_images: false,
            snippet: String::new(),
        };
        match (&self.delivery.message, direction) {
            (Some(content), _) => Some(content),
            (None, Direction::Sent) => None,
            (None, _) => Some(&EMPTY),
        }
    }

    fn count_message(
        &self,
        batch: &mut Batch<'_, '_>,
        direction: Direction,
        membership: &Membership,
    ) -> Result<(), Error> {
        let (activity, counter) = match direction {
            Direction::Sent => (Activity::Sent, Counter::Sent),
            Direction::Received => (Activity::Received, Counter::Replied),
            Direction::AutoReceived => (Activity::AutoReplied, Counter::AutoReplied),
        };
        if let Some((mailbox_id, _address)) = self.mailbox {
            batch.mailboxes.count(mailbox_id, activity, self.at_ms);
        }
        let Some(campaign) = &self.campaign else { return Ok(()) };
        batch.campaigns.count(campaign.id, counter, self.at_ms);
        let Some(person) = &self.contact else { return Ok(()) };
        let (tx, tally, member) = (batch.tx, &mut batch.campaigns, (campaign.id, person.id));
        match direction {
            Direction::Sent => campaign::record_sent(tx, tally, member, (self.delivery.event.step, membership)),
            Direction::Received => campaign::record_reply(tx, tally, member, membership),
            Direction::AutoReceived => Ok(()),
        }
    }

    /// An open or a click.
    fn engagement(&self, batch: &mut Batch<'_, '_>, counter: Counter, kind: &'static str) -> Result<(), Error> {
        if let (Some(campaign), Some(person)) = (&self.campaign, &self.contact) {
            let step = self.delivery.event.step;
            let member = (campaign.id, person.id);
            campaign::record_engagement(batch.tx, &mut batch.campaigns, member, (step, counter), self.at_ms)?;
        }
        self.touch_mailbox(batch);
        self.append(batch.tx, kind, json!({}))
    }

    /// A bounce, an unsubscription, a complaint: the address is suppressed in this transaction.
    fn suppression(&self, batch: &mut Batch<'_, '_>, suppression: Suppression) -> Result<(), Error> {
        let (counter, kind) = match suppression {
            Suppression::Bounced => (Counter::Bounced, "message.bounced"),
            Suppression::Unsubscribed => (Counter::Unsubscribed, "contact.unsubscribed"),
            Suppression::Complained => (Counter::Complained, "contact.complained"),
        };
        if let Some(campaign) = &self.campaign {
            batch.campaigns.count(campaign.id, counter, self.at_ms);
        }
        if let Some((mailbox_id, _address)) = self.mailbox {
            let activity = if suppression == Suppression::Bounced { Activity::Bounced } else { Activity::Other };
            batch.mailboxes.count(mailbox_id, activity, self.at_ms);
        }
        if let Some(person) = &self.contact {
            contact::suppress(batch.tx, &person.address, suppression, self.at_ms)?;
            inbox::refresh_categories(batch.tx, person.id, &person.address)?;
        }
        self.append(batch.tx, kind, json!({ "reason": self.delivery.event.reason }))
    }

    /// An interest or a label.
    fn standing(&self, batch: &mut Batch<'_, '_>, standing: &Standing) -> Result<(), Error> {
        let tx = batch.tx;
        self.touch_mailbox(batch);
        let Some(person) = &self.contact else {
            return self.append(tx, "contact.interest_changed", json!({ "category": standing.category }));
        };
        if let Some(campaign) = &self.campaign {
            campaign::record_standing(tx, &mut batch.campaigns, (campaign.id, person.id), standing)?;
        }
        contact::record_standing(tx, person, standing, self.campaign.is_none(), self.cause)?;
        inbox::refresh_categories(tx, person.id, &person.address)
    }

    fn sequence_end(&self, tx: &Tx<'_>, end: SequenceEnd, kind: &'static str) -> Result<(), Error> {
        if let (Some(campaign), Some(person)) = (&self.campaign, &self.contact) {
            campaign::record_sequence_end(tx, campaign.id, person.id, end, self.at_ms)?;
        }
        self.append(tx, kind, json!({}))
    }

    fn campaign_change(&self, tx: &Tx<'_>, change: Change) -> Result<(), Error> {
        match &self.campaign {
            Some(campaign) => campaign::record_change(tx, campaign, change, self.at_ms, self.cause),
            None => self.append(tx, "campaign.changed", json!({})),
        }
    }

    fn trouble(&self, batch: &mut Batch<'_, '_>, trouble: Trouble) -> Result<(), Error> {
        let reason = self.delivery.event.reason.as_deref().unwrap_or("");
        self.touch_mailbox(batch);
        match self.mailbox {
            Some(mailbox) => mailbox::record_trouble(batch.tx, mailbox, trouble, (self.at_ms, reason), self.cause),
            None => self.append(batch.tx, "mailbox.error", json!({ "reason": reason })),
        }
    }

    fn touch_mailbox(&self, batch: &mut Batch<'_, '_>) {
        if let Some((id, _address)) = self.mailbox {
            batch.mailboxes.count(id, Activity::Other, self.at_ms);
        }
    }

    /// Appends the event with everything known about its subject.
    fn append(&self, tx: &Tx<'_>, kind: &'static str, more: serde_json::Value) -> Result<(), Error> {
        let mut payload = json!({
            "campaign_id": self.campaign.as_ref().map(|campaign| campaign.id),
            "campaign_name": self.campaign.as_ref().map(|campaign| campaign.name.as_str()),
            "mailbox_id": self.mailbox.map(|mailbox| mailbox.0),
            "mailbox_address": self.mailbox.map(|mailbox| mailbox.1),
            "step": self.delivery.event.step,
        });
        if let (Some(payload), serde_json::Value::Object(more)) = (payload.as_object_mut(), more) {
            payload.extend(more);
            payload.retain(|_name, value| !value.is_null());
        }
        if let Some(person) = &self.contact {
            return contact::append(tx, kind, person, (self.at_ms, self.cause), payload);
        }
        let entity = match (&self.campaign, self.mailbox) {
            (Some(campaign), _) => Entity { kind: "campaign", id: campaign.id.uuid() },
            (None, Some((id, _address))) => Entity { kind: "mailbox", id: id.uuid() },
            (None, None) => Entity { kind: "connection", id: self.delivery.connection_id.uuid() },
        };
        let actor = Actor::Provider;
        event_log::append(tx, &NewEvent { kind, actor, entity, payload, cause: Some(self.cause), at_ms: self.at_ms })?;
        Ok(())
    }
}

fn append_unknown(tx: &Tx<'_>, delivery: &Delivery, cause: ProviderEventId) -> Result<(), Error> {
    event_log::append(
        tx,
        &NewEvent {
            kind: "provider_event.unknown",
            actor: Actor::Provider,
            entity: Entity { kind: "provider_event", id: cause.uuid() },
            payload: json!({ "event_type": delivery.event.provider_name }),
            cause: Some(cause),
            at_ms: delivery.occurred_at_ms(tx.now_ms()),
        },
    )?;
    Ok(())
}
