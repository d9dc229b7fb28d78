//! Threading: which conversation a message belongs to.
//!
//! 1. The provider's thread id decides where both sides have one.
//! 2. Else the same contact, the same mailbox and the same normalised subject. What is unknown on either side
//!    (mailbox, subject of the same campaign) does not speak against it, what is known and different does. So two
//!    different subjects never merge, and a message that arrives before its predecessor still finds it.
//! 3. Among several that fit, the one that agrees in most wins; the oldest of those.
//!
//! Rejected: one conversation per contact (merges topics; the most frequent complaint about comparable products) and
//! one per subject line as written (a new thread for each `Re:`).
//!
//! Known limit: a message that lacks something its thread is known by (thread id, mailbox, campaign or subject) and fits
//! several conversations joins one of those known by then; which they are depends on the order of arrival.

use rusqlite::Row;

use super::record::NewMessage;
use crate::id::{CampaignId, ConversationId, MailboxId};
use crate::store::{Error, Tx};

/// A conversation a message may join, with what is needed to move its list row.
#[derive(Debug)]
pub struct Place {
    pub(super) number: i64,
    pub(super) id: ConversationId,
    pub(super) mailbox_id: Option<MailboxId>,
    pub(super) campaign_id: Option<CampaignId>,
    provider_thread_id: Option<String>,
    pub(super) subject: String,
    subject_key: String,
    pub(super) snippet: String,
    pub(super) is_archived: bool,
    pub(super) is_last_received: bool,
    pub(super) last_received_auto: bool,
    pub(super) received_count: i64,
    pub(super) last_received_at_ms: i64,
    pub(super) last_message_at_ms: i64,
    first_message_at_ms: i64,
}

/// Most conversations of one contact that are looked at; the newest.
const CANDIDATE_LIMIT: i64 = 200;

/// The conversation the message belongs to, if there is one.
pub fn find(tx: &Tx<'_>, message: &NewMessage<'_>) -> Result<Option<Place>, Error> {
    let mut statement = tx.connection().prepare_cached(
        "SELECT number, id, mailbox_id, campaign_id, provider_thread_id, subject_key, is_archived, is_last_received,
             last_received_auto, received_count, last_received_at_ms, last_message_at_ms, first_message_at_ms, subject, snippet
         FROM conversation WHERE contact_id = ?1 ORDER BY number DESC LIMIT ?2",
    )?;
    let rows = statement.query_map((message.contact.id, CANDIDATE_LIMIT), read_row)?;
    let mut best: Option<(u8, Place)> = None;
    for place in rows {
        let place = place?;
        let Some(agreement) = agreement(&place, message) else { continue };
        let is_better = best.as_ref().is_none_or(|(best_agreement, best_place)| {
            (agreement, -place.first_message_at_ms) > (*best_agreement, -best_place.first_message_at_ms)
        });
        if is_better {
            best = Some((agreement, place));
        }
    }
    Ok(best.map(|(_agreement, place)| place))
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        number: row.get(0)?,
        id: row.get(1)?,
        mailbox_id: row.get(2)?,
        campaign_id: row.get(3)?,
        provider_thread_id: row.get(4)?,
        subject_key: row.get(5)?,
        is_archived: row.get(6)?,
        is_last_received: row.get(7)?,
        last_received_auto: row.get(8)?,
        received_count: row.get(9)?,
        last_received_at_ms: row.get(10)?,
        last_message_at_ms: row.get(11)?,
        first_message_at_ms: row.get(12)?,
        subject: row.get(13)?,
        snippet: row.get(14)?,
    })
}

/// How much speaks for the place: `None` if something speaks against it.
fn agreement(place: &Place, message: &NewMessage<'_>) -> Option<u8> {
    if let (Some(known), Some(given)) = (place.provider_thread_id.as_deref(), message.provider_thread_id) {
        return (known == given).then_some(8);
    }
    let mailbox = match (place.mailbox_id, message.mailbox_id) {
        (Some(known), Some(given)) if known != given => return None,
        (Some(_), Some(_)) => 1,
        _ => 0,
    };
    let given = message.content.subject_key.as_str();
    let is_same_campaign = place.campaign_id.is_some() && place.campaign_id == message.campaign_id;
    let subject =
        if place.subject_key == given && (!given.is_empty() || is_same_campaign || message.campaign_id.is_none()) {
            4
        } else if is_same_campaign && (place.subject_key.is_empty() || given.is_empty()) {
            2
        } else {
            return None;
        };
    Some(subject + mailbox)
}
