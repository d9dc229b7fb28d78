//! Intake: applies one provider event to one organization's data, in one transaction.
//!
//! The same for every provider. The raw payload is stored first, under its content key: if the key is already there,
//! the delivery is a repetition and nothing else happens. What each kind of event changes is written down in the
//! table of [`crate::channel::instantly`]; [`apply_effects`] is that table in code.

use serde_json::json;

use super::event::{EventKind, ProviderEvent};
use crate::campaign::record::{self as campaign, CampaignRef, Change, Counter, SequenceEnd, Standing};
use crate::contact::record::{self as contact, ContactRef, Suppression};
use crate::id::{ConnectionId, MailboxId, ProviderEventId};
use crate::inbox::record::{self as inbox, Direction, NewMessage, PreparedMessage};
use crate::mailbox::record::{self as mailbox, Activity, Trouble};
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
        Self { connection_id, provider, event, message, content_key, payload }
    }

    /// When it happened; arrival time if unknown or impossible.
    fn occurred_at_ms(&self, received_at_ms: i64) -> i64 {
        match self.event.occurred_at_ms {
            Some(at_ms) if at_ms <= received_at_ms.saturating_add(MAX_AHEAD_MS) => at_ms,
            _ => received_at_ms,
        }
    }
}

/// Stores and applies a delivery.
pub fn receive(tx: &Tx<'_>, delivery: &Delivery) -> Result<Outcome, Error> {
    let is_unknown = delivery.event.kind == EventKind::Unknown;
    let state = if is_unknown { "unknown" } else { "applied" };
    let Some(id) = store_raw(tx, delivery, state, "")? else { return Ok(Outcome::Repeated) };
    apply_effects(tx, delivery, id)?;
    Ok(if is_unknown { Outcome::Unknown } else { Outcome::Applied })
}

/// Keeps a delivery whose effects could not be applied, marked with the reason.
pub fn keep_failed(tx: &Tx<'_>, delivery: &Delivery, note: &str) -> Result<Outcome, Error> {
    let Some(id) = store_raw(tx, delivery, "failed", note)? else { return Ok(Outcome::Repeated) };
    append_unknown(tx, delivery, id)?;
    Ok(Outcome::Unknown)
}

/// Applies a stored delivery that was not applied when it came. Answers `false` if it already was.
pub fn replay(tx: &Tx<'_>, id: ProviderEventId, delivery: &Delivery) -> Result<bool, Error> {
    let is_unknown = delivery.event.kind == EventKind::Unknown;
    let state = if is_unknown { "unknown" } else { "applied" };
    let changed = tx
        .connection()
        .prepare_cached("UPDATE provider_event SET state = ?2, note = '' WHERE id = ?1 AND state <> 'applied'")?
        .execute((id, state))?;
    if changed == 0 || is_unknown {
        return Ok(false);
    }
    apply_effects(tx, delivery, id)?;
    Ok(true)
}

fn store_raw(tx: &Tx<'_>, delivery: &Delivery, state: &str, note: &str) -> Result<Option<ProviderEventId>, Error> {
    let id = ProviderEventId::from_uuid(tx.next_uuid());
    let remarks = delivery.event.remarks.join("; ");
    let stored = tx
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
            delivery.occurred_at_ms(tx.now_ms()),
            tx.now_ms(),
        ))?;
    if stored == 0 {
        return Ok(None);
    }
    tx.connection()
        .prepare_cached(
            "INSERT INTO connection_status (connection_id, last_event_at_ms, event_count) VALUES (?1, ?2, 1)
             ON CONFLICT (connection_id) DO UPDATE SET last_event_at_ms = excluded.last_event_at_ms, event_count = event_count + 1",
        )?
        .execute((delivery.connection_id, tx.now_ms()))?;
    Ok(Some(id))
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

fn find_subject<'delivery>(
    tx: &Tx<'_>,
    delivery: &'delivery Delivery,
    cause: ProviderEventId,
) -> Result<Subject<'delivery>, Error> {
    let event = &delivery.event;
    let at_ms = delivery.occurred_at_ms(tx.now_ms());
    let campaign = match &event.provider_campaign_id {
        Some(provider_id) => {
            let name = event.campaign_name.as_deref().unwrap_or("");
            Some(campaign::find_or_create(tx, delivery.connection_id, (provider_id, name), at_ms, cause)?)
        }
        None => None,
    };
    if let Some(campaign) = &campaign {
        campaign::touch(tx, campaign.id, event.campaign_name.as_deref().unwrap_or(""), at_ms)?;
    }
    let mailbox = match &event.mailbox_address {
        Some(address) => Some((mailbox::find_or_create(tx, address, cause)?, address.as_str())),
        None => None,
    };
    let contact = match &event.contact {
        Some(person) => Some(contact::find_or_create(tx, person, (at_ms, delivery.provider), cause)?),
        None => None,
    };
    Ok(Subject { delivery, cause, at_ms, campaign, mailbox, contact })
}

/// The table of effects.
fn apply_effects(tx: &Tx<'_>, delivery: &Delivery, cause: ProviderEventId) -> Result<(), Error> {
    if delivery.event.kind == EventKind::Unknown {
        return append_unknown(tx, delivery, cause);
    }
    let subject = find_subject(tx, delivery, cause)?;
    match &delivery.event.kind {
        EventKind::MessageSent => subject.message(tx, Direction::Sent),
        EventKind::ReplyReceived => subject.message(tx, Direction::Received),
        EventKind::AutoReplyReceived => subject.message(tx, Direction::AutoReceived),
        EventKind::MessageOpened => subject.engagement(tx, Counter::Opened, "message.opened"),
        EventKind::LinkClicked => subject.engagement(tx, Counter::Clicked, "message.clicked"),
        EventKind::MessageBounced => subject.suppression(tx, Suppression::Bounced),
        EventKind::Unsubscribed => subject.suppression(tx, Suppression::Unsubscribed),
        EventKind::Complained => subject.suppression(tx, Suppression::Complained),
        EventKind::InterestChanged(interest) => {
            subject.standing(tx, &Standing::from_interest(*interest, subject.at_ms))
        }
        EventKind::LabelChanged(label) => subject.standing(tx, &Standing::from_label(label.clone(), subject.at_ms)),
        EventKind::SequenceCompleted => subject.sequence_end(tx, SequenceEnd::Completed, "contact.sequence_completed"),
        EventKind::SequenceFailed => subject.sequence_end(tx, SequenceEnd::Failed, "contact.sequence_failed"),
        EventKind::CampaignStarted => subject.campaign_change(tx, Change::Started),
        EventKind::CampaignPaused => subject.campaign_change(tx, Change::Paused),
        EventKind::CampaignCompleted => subject.campaign_change(tx, Change::Completed),
        EventKind::MailboxError => subject.trouble(tx, Trouble::Error),
        EventKind::MailboxSuspended => subject.trouble(tx, Trouble::Suspended),
        EventKind::EnrichmentCompleted => subject.plain(tx, "enrichment.completed"),
        EventKind::Test => subject.plain(tx, "connection.tested"),
        EventKind::Unknown => Ok(()),
    }
}

impl Subject<'_> {
    /// A message went out or came in.
    fn message(&self, tx: &Tx<'_>, direction: Direction) -> Result<(), Error> {
        let event = &self.delivery.event;
        let provider_message_id = event.provider_message_id.as_deref();
        if let Some(known) = provider_message_id
            && direction != Direction::Sent
            && inbox::is_known(tx, known)?
        {
            // The same mail reported twice under different events: it is one message and counts once.
            return Ok(());
        }
        self.count_message(tx, direction)?;
        let stored = match (&self.contact, self.stored_content(direction)) {
            (Some(person), Some(content)) => Some(inbox::record_message(
                tx,
                &NewMessage {
                    content,
                    direction,
                    contact_id: person.id,
                    contact_address: &person.address,
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

    /// A received message is kept even when the provider sent no text; a sent one without content is only counted.
    fn stored_content(&self, direction: Direction) -> Option<&PreparedMessage> {
        static EMPTY: PreparedMessage = PreparedMessage {
            subject: String::new(),
            subject_key: String::new(),
            text: String::new(),
            quoted_text: String::new(),
            html: None,
            snippet: String::new(),
        };
        match (&self.delivery.message, direction) {
            (Some(content), _) => Some(content),
            (None, Direction::Sent) => None,
            (None, _) => Some(&EMPTY),
        }
    }

    fn count_message(&self, tx: &Tx<'_>, direction: Direction) -> Result<(), Error> {
        if let Some((mailbox_id, _address)) = self.mailbox {
            let activity = match direction {
                Direction::Sent => Activity::Sent,
                Direction::Received => Activity::Received,
                Direction::AutoReceived => Activity::AutoReplied,
            };
            mailbox::count(tx, mailbox_id, activity, self.at_ms)?;
        }
        let Some(campaign) = &self.campaign else { return Ok(()) };
        match (direction, &self.contact) {
            (Direction::Sent, person) => {
                let contact_id = person.as_ref().map(|person| person.id);
                campaign::record_sent(tx, campaign.id, contact_id, self.delivery.event.step, self.at_ms)
            }
            (Direction::Received, Some(person)) => campaign::record_reply(tx, campaign.id, person.id, self.at_ms),
            (Direction::Received, None) => campaign::count(tx, campaign.id, Counter::Replied, self.at_ms),
            (Direction::AutoReceived, _) => campaign::count(tx, campaign.id, Counter::AutoReplied, self.at_ms),
        }
    }

    /// An open or a click.
    fn engagement(&self, tx: &Tx<'_>, counter: Counter, kind: &'static str) -> Result<(), Error> {
        if let (Some(campaign), Some(person)) = (&self.campaign, &self.contact) {
            let step = self.delivery.event.step;
            campaign::record_engagement(tx, campaign.id, person.id, (step, counter), self.at_ms)?;
        }
        self.touch_mailbox(tx)?;
        self.append(tx, kind, json!({}))
    }

    /// A bounce, an unsubscription, a complaint: the address is suppressed in this transaction.
    fn suppression(&self, tx: &Tx<'_>, suppression: Suppression) -> Result<(), Error> {
        let (counter, kind) = match suppression {
            Suppression::Bounced => (Counter::Bounced, "message.bounced"),
            Suppression::Unsubscribed => (Counter::Unsubscribed, "contact.unsubscribed"),
            Suppression::Complained => (Counter::Complained, "contact.complained"),
        };
        if let Some(campaign) = &self.campaign {
            campaign::count(tx, campaign.id, counter, self.at_ms)?;
        }
        if let Some((mailbox_id, _address)) = self.mailbox {
            let activity = if suppression == Suppression::Bounced { Activity::Bounced } else { Activity::Other };
            mailbox::count(tx, mailbox_id, activity, self.at_ms)?;
        }
        if let Some(person) = &self.contact {
            contact::suppress(tx, &person.address, suppression, self.at_ms)?;
            inbox::refresh_categories(tx, person.id, &person.address)?;
        }
        self.append(tx, kind, json!({ "reason": self.delivery.event.reason }))
    }

    /// An interest or a label.
    fn standing(&self, tx: &Tx<'_>, standing: &Standing) -> Result<(), Error> {
        self.touch_mailbox(tx)?;
        let Some(person) = &self.contact else {
            return self.append(tx, "contact.interest_changed", json!({ "category": standing.category }));
        };
        if let Some(campaign) = &self.campaign {
            campaign::record_standing(tx, campaign.id, person.id, standing)?;
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

    fn trouble(&self, tx: &Tx<'_>, trouble: Trouble) -> Result<(), Error> {
        let reason = self.delivery.event.reason.as_deref().unwrap_or("");
        self.touch_mailbox(tx)?;
        match self.mailbox {
            Some(mailbox) => mailbox::record_trouble(tx, mailbox, trouble, (self.at_ms, reason), self.cause),
            None => self.append(tx, "mailbox.error", json!({ "reason": reason })),
        }
    }

    fn plain(&self, tx: &Tx<'_>, kind: &'static str) -> Result<(), Error> {
        self.append(tx, kind, json!({}))
    }

    fn touch_mailbox(&self, tx: &Tx<'_>) -> Result<(), Error> {
        match self.mailbox {
            Some((id, _address)) => mailbox::count(tx, id, Activity::Other, self.at_ms),
            None => Ok(()),
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
