//! What a message does to the inbox: it is stored once, joins its conversation, and the conversation's list row
//! (snippet, counts, view, category) follows.
//!
//! Every value of the list row is a maximum, a minimum or a count over the conversation's messages, so messages that
//! arrive out of order end in the same row.

use std::borrow::Cow;
use std::cmp::Ordering;

use rusqlite::OptionalExtension;

use super::thread::{self, Place};
use crate::campaign::record::{self as campaign, Membership};
use crate::contact::record::{ContactRef, GeneralStanding};
use crate::id::{CampaignId, ContactId, ConversationId, MailboxId, MessageId, ProviderEventId};
use crate::store::{Error, Tx};

/// A message ready to be stored; made outside the writer thread because splitting text costs time.
#[derive(Clone, Debug, Default)]
pub struct PreparedMessage {
    /// Subject as given.
    pub subject: String,
    /// Normalised subject.
    pub subject_key: String,
    /// The author's own words.
    pub text: String,
    /// Quoted history.
    pub quoted_text: String,
    /// HTML as given.
    pub html: Option<String>,
    /// The HTML asks for images from elsewhere.
    pub has_remote_images: bool,
    /// First words for the list.
    pub snippet: String,
}

/// From whom to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From us to the contact.
    Sent,
    /// From the contact.
    Received,
    /// From the contact's machine.
    AutoReceived,
}

/// A message with everything known about where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'event> {
    /// Its content.
    pub content: &'event PreparedMessage,
    /// From whom to whom.
    pub direction: Direction,
    /// The person.
    pub contact: &'event ContactRef,
    /// What is known of the person in the message's campaign.
    pub membership: &'event Membership,
    /// The mailbox, if known.
    pub mailbox_id: Option<MailboxId>,
    /// The campaign, if known.
    pub campaign_id: Option<CampaignId>,
    /// The provider's thread, if known.
    pub provider_thread_id: Option<&'event str>,
    /// The provider's id of the message, if known.
    pub provider_message_id: Option<&'event str>,
    /// Step and variant of the sequence.
    pub position: (Option<i64>, Option<i64>),
    /// When it was sent, UTC milliseconds.
    pub occurred_at_ms: i64,
}

/// Where a message was stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// The message.
    pub message_id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
}

/// A received message that is already there.
#[derive(Clone, Debug)]
pub struct KnownMessage {
    /// The message.
    pub id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// The person who wrote it.
    pub contact_id: ContactId,
    /// The person's address.
    pub contact_address: String,
    /// The mailbox, if known.
    pub mailbox_id: Option<MailboxId>,
    /// The campaign, if known.
    pub campaign_id: Option<CampaignId>,
    /// Whether it is known as an automatic reply.
    pub is_auto_reply: bool,
    /// When it was sent, UTC milliseconds.
    pub occurred_at_ms: i64,
}

/// The message with the provider's id, if it is already there.
pub fn find_known(tx: &Tx<'_>, provider_message_id: &str) -> Result<Option<KnownMessage>, Error> {
    Ok(tx
        .connection()
        .prepare_cached(
            "SELECT m.id, m.conversation_id, p.id, p.address, m.mailbox_id, m.campaign_id, m.is_auto_reply, m.occurred_at_ms
             FROM message m JOIN conversation c ON c.id = m.conversation_id JOIN contact p ON p.id = c.contact_id
             WHERE m.provider_message_id = ?1",
        )?
        .query_row([provider_message_id], |row| {
            Ok(KnownMessage {
                id: row.get(0)?,
                conversation_id: row.get(1)?,
                contact_id: row.get(2)?,
                contact_address: row.get(3)?,
                mailbox_id: row.get(4)?,
                campaign_id: row.get(5)?,
                is_auto_reply: row.get(6)?,
                occurred_at_ms: row.get(7)?,
            })
        })
        .optional()?)
}

/// A message known as a reply turns out to be an automatic one. The conversation's category is the caller's to refresh.
pub fn record_as_automatic(tx: &Tx<'_>, message: &KnownMessage) -> Result<(), Error> {
    let connection = tx.connection();
    connection.prepare_cached("UPDATE message SET is_auto_reply = 1 WHERE id = ?1")?.execute([message.id])?;
    // Of several with the last time a person's counts before a machine's, as when they arrive.
    connection
        .prepare_cached(
            "UPDATE conversation SET last_received_auto = (
                 SELECT min(is_auto_reply) FROM message
                 WHERE conversation_id = ?1 AND is_received AND occurred_at_ms = conversation.last_received_at_ms)
             WHERE id = ?1",
        )?
        .execute([message.conversation_id])?;
    Ok(())
}

/// Stores a message and moves its conversation.
pub fn record_message(tx: &Tx<'_>, message: &NewMessage<'_>, cause: ProviderEventId) -> Result<Stored, Error> {
    let place = if message.contact.is_new { None } else { thread::find(tx, message)? };
    let conversation_id = match &place {
        Some(place) => {
            join(tx, place, message)?;
            place.id
        }
        None => create(tx, message)?,
    };
    // One id serves the delivery and its message: the reason a message exists is then one step away.
    let message_id = MessageId::from_uuid(cause.uuid());
    let is_received = message.direction != Direction::Sent;
    tx.connection()
        .prepare_cached(
            "INSERT INTO message (id, conversation_id, mailbox_id, campaign_id, provider_message_id, is_received,
                 is_auto_reply, is_unread, step, variant, occurred_at_ms, created_at_ms, subject, text, quoted_text,
                 has_remote_images, html)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(rusqlite::params![
            message_id,
            conversation_id,
            message.mailbox_id,
            message.campaign_id,
            message.provider_message_id,
            is_received,
            message.direction == Direction::AutoReceived,
            message.position.0,
            message.position.1,
            message.occurred_at_ms,
            tx.now_ms(),
            message.content.subject,
            message.content.text,
            message.content.quoted_text,
            message.content.has_remote_images,
            message.content.html,
        ])?;
    Ok(Stored { message_id, conversation_id })
}

/// What is known of the person that decides a conversation's category.
struct PersonStanding<'event> {
    suppression: Option<String>,
    campaign: Cow<'event, Membership>,
    general: &'event GeneralStanding,
}

fn find_standing<'event>(
    tx: &Tx<'_>,
    message: &NewMessage<'event>,
    campaign_id: Option<CampaignId>,
) -> Result<PersonStanding<'event>, Error> {
    let suppression = tx
        .connection()
        .prepare_cached("SELECT reason FROM suppression WHERE address = ?1")?
        .query_row([&message.contact.address], |row| row.get(0))
        .optional()?;
    let campaign = match campaign_id {
        same if same == message.campaign_id => Cow::Borrowed(message.membership),
        Some(other) => Cow::Owned(campaign::find_membership(tx, other, message.contact.id)?),
        None => Cow::Owned(Membership::default()),
    };
    Ok(PersonStanding { suppression, campaign, general: &message.contact.general })
}

impl PersonStanding<'_> {
    /// Category and label of a conversation whose last received message is of the given kind.
    fn category(&self, is_received: bool, is_last_auto: bool) -> (&str, &str) {
        if let Some(reason) = &self.suppression {
            return (reason, "");
        }
        let (category, label) = if self.general.at_ms > self.campaign.at_ms {
            (self.general.category.as_str(), self.general.label.as_str())
        } else {
            (self.campaign.category.as_str(), self.campaign.label.as_str())
        };
        match (category.is_empty(), is_received, is_last_auto) {
            (false, _, _) => (category, label),
            (true, false, _) => ("sent", ""),
            (true, true, true) => ("auto_reply", ""),
            (true, true, false) => ("reply", ""),
        }
    }
}

fn create(tx: &Tx<'_>, message: &NewMessage<'_>) -> Result<ConversationId, Error> {
    let standing = find_standing(tx, message, message.campaign_id)?;
    let id = ConversationId::from_uuid(tx.next_uuid());
    let is_received = message.direction != Direction::Sent;
    let is_auto = message.direction == Direction::AutoReceived;
    let (category, label) = standing.category(is_received, is_auto);
    let (at_ms, content) = (message.occurred_at_ms, message.content);
    tx.connection()
        .prepare_cached(
            "INSERT INTO conversation (id, contact_id, mailbox_id, campaign_id, provider_thread_id, subject, subject_key,
                 snippet, category, label, view, unread_count, message_count, received_count, is_last_received,
                 last_received_auto, last_received_at_ms, first_message_at_ms, last_message_at_ms, created_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?12, ?12, ?13, ?14, ?15, ?15, ?16)",
        )?
        .execute(rusqlite::params![
            id,
            message.contact.id,
            message.mailbox_id,
            message.campaign_id,
            message.provider_thread_id,
            content.subject,
            content.subject_key,
            content.snippet,
            category,
            label,
            if is_received { "inbox" } else { "sent" },
            is_received,
            is_auto,
            if is_received { at_ms } else { 0 },
            at_ms,
            tx.now_ms(),
        ])?;
    Ok(id)
}

/// What a conversation takes from the first of its messages that has it.
#[derive(Clone, Copy)]
enum FirstKnown {
    Subject,
    Mailbox,
    Campaign,
}

/// Whether the new message is the first of the conversation that has the thing. Messages almost always arrive in order,
/// so the messages are only asked when the new one is not the newest.
fn is_first_with(tx: &Tx<'_>, place: &Place, at_ms: i64, known: FirstKnown) -> Result<bool, Error> {
    if at_ms > place.last_message_at_ms {
        return Ok(false);
    }
    let sql = match known {
        FirstKnown::Subject => {
            "SELECT 1 FROM message WHERE conversation_id = ?1 AND subject <> '' AND occurred_at_ms <= ?2 LIMIT 1"
        }
        FirstKnown::Mailbox => {
            "SELECT 1 FROM message WHERE conversation_id = ?1 AND mailbox_id IS NOT NULL AND occurred_at_ms <= ?2 LIMIT 1"
        }
        FirstKnown::Campaign => {
            "SELECT 1 FROM message WHERE conversation_id = ?1 AND campaign_id IS NOT NULL AND occurred_at_ms <= ?2 LIMIT 1"
        }
    };
    let earlier = tx.connection().prepare_cached(sql)?.query_row((place.id, at_ms), |_row| Ok(())).optional()?;
    Ok(earlier.is_none())
}

/// The value of the conversation's first message that has one.
fn first_known<T: PartialEq + Copy>(
    tx: &Tx<'_>,
    place: &Place,
    (known, at_ms): (FirstKnown, i64),
    (old, new): (Option<T>, Option<T>),
) -> Result<Option<T>, Error> {
    match (old, new) {
        (None, new) => Ok(new),
        (Some(old), Some(new)) if old != new && is_first_with(tx, place, at_ms, known)? => Ok(Some(new)),
        (Some(old), _) => Ok(Some(old)),
    }
}

/// Adds a message to a conversation that is already there.
fn join(tx: &Tx<'_>, place: &Place, message: &NewMessage<'_>) -> Result<(), Error> {
    let at_ms = message.occurred_at_ms;
    let is_received = message.direction != Direction::Sent;
    let is_auto = message.direction == Direction::AutoReceived;
    let non_empty = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let subjects = (non_empty(place.subject.as_str()), non_empty(message.content.subject.as_str()));
    let subject = first_known(tx, place, (FirstKnown::Subject, at_ms), subjects)?;
    let mailboxes = (place.mailbox_id, message.mailbox_id);
    let mailbox_id = first_known(tx, place, (FirstKnown::Mailbox, at_ms), mailboxes)?;
    let campaigns = (place.campaign_id, message.campaign_id);
    let campaign_id = first_known(tx, place, (FirstKnown::Campaign, at_ms), campaigns)?;
    // Of two messages with one time the received one counts as the later: an answer follows a question. Of two that
    // agree in that too the text decides, and a person's before a machine's, so that the order of arrival does not.
    let is_last = (at_ms, is_received, message.content.snippet.as_str())
        >= (place.last_message_at_ms, place.is_last_received, place.snippet.as_str());
    let last_auto = match (is_received, at_ms.cmp(&place.last_received_at_ms)) {
        (true, Ordering::Greater) => is_auto,
        (true, Ordering::Equal) => is_auto && place.last_received_auto,
        _ => place.last_received_auto,
    };
    // A new reply brings an archived conversation back; an automatic one does not.
    let is_archived = place.is_archived && message.direction != Direction::Received;
    let has_received = is_received || place.received_count > 0;
    let view = match (is_archived, has_received) {
        (true, _) => "archived",
        (false, true) => "inbox",
        (false, false) => "sent",
    };
    let standing = find_standing(tx, message, campaign_id)?;
    let (category, label) = standing.category(has_received, last_auto);
    tx.connection()
        .prepare_cached(
            "UPDATE conversation SET
                 mailbox_id = ?2, campaign_id = ?3, provider_thread_id = coalesce(provider_thread_id, ?4), subject = ?5,
                 subject_key = CASE WHEN subject_key = '' THEN ?7 ELSE subject_key END,
                 snippet = CASE WHEN ?8 THEN ?9 ELSE snippet END, is_last_received = CASE WHEN ?8 THEN ?10 ELSE is_last_received END,
                 category = ?11, label = ?12, view = ?13, is_archived = ?14,
                 unread_count = unread_count + ?10, message_count = message_count + 1,
                 received_count = received_count + ?10, last_received_auto = ?15,
                 last_received_at_ms = CASE WHEN ?10 THEN max(last_received_at_ms, ?6) ELSE last_received_at_ms END,
                 first_message_at_ms = min(first_message_at_ms, ?6), last_message_at_ms = max(last_message_at_ms, ?6)
             WHERE number = ?1",
        )?
        .execute(rusqlite::params![
            place.number,
            mailbox_id,
            campaign_id,
            message.provider_thread_id,
            subject.unwrap_or(""),
            at_ms,
            message.content.subject_key,
            is_last,
            message.content.snippet,
            is_received,
            category,
            label,
            view,
            is_archived,
            last_auto,
        ])?;
    Ok(())
}

/// Sets the category of all of a person's conversations anew, after an interest, a label or a suppression.
pub fn refresh_categories(tx: &Tx<'_>, contact_id: ContactId, address: &str) -> Result<(), Error> {
    tx.connection()
        .prepare_cached(
            "WITH standing AS (
                 SELECT c.number AS number,
                     CASE WHEN p.general_at_ms > coalesce(cc.interest_at_ms, 0) THEN p.general_category
                          ELSE coalesce(cc.category, '') END AS category,
                     CASE WHEN p.general_at_ms > coalesce(cc.interest_at_ms, 0) THEN p.general_label
                          ELSE coalesce(cc.label, '') END AS label
                 FROM conversation c JOIN contact p ON p.id = c.contact_id
                 LEFT JOIN campaign_contact cc ON cc.contact_id = c.contact_id AND cc.campaign_id = c.campaign_id
                 WHERE c.contact_id = ?1)
             UPDATE conversation SET
                 category = coalesce((SELECT reason FROM suppression WHERE address = ?2), nullif(standing.category, ''),
                     CASE WHEN received_count = 0 THEN 'sent' WHEN last_received_auto THEN 'auto_reply' ELSE 'reply' END),
                 label = CASE WHEN EXISTS (SELECT 1 FROM suppression WHERE address = ?2) THEN '' ELSE standing.label END
             FROM standing WHERE conversation.number = standing.number",
        )?
        .execute((contact_id, address))?;
    Ok(())
}
