//! The key that recognises the same event when it is delivered again: the service sends no event id.
//!
//! 16 bytes: six of the event's time in milliseconds, big-endian, zero if it has none, so that a unique index is
//! inserted at its end; then ten bytes of BLAKE3 over what identifies the event. 80 bits: among a billion events the
//! chance of one collision is below one in a million, and colliding events must share a millisecond as well.
//!
//! Lead variables are left out: a retry may carry newer ones. Where neither time nor message id nor content tell two
//! events apart, the whole payload is hashed too, because then losing an event is likelier than taking one twice.
//! Rejected: a hash of the body; key order and number forms may change between a delivery and a replay.

use blake3::Hasher;
use serde_json::{Map, Value};

use super::fields::scalar_text;
use crate::channel::event::ProviderEvent;

pub(super) fn content_key(event: &ProviderEvent, raw: &Map<String, Value>) -> [u8; 16] {
    let mut hasher = Hasher::new();
    let content = event.content.as_ref();
    let parts = [
        Some(event.provider_name.to_lowercase()),
        event.workspace_id.clone(),
        event.provider_campaign_id.clone(),
        event
            .contact
            .as_ref()
            .map(|contact| contact.address.clone())
            .or_else(|| raw_text(raw, &["lead_email", "email"])),
        event.mailbox_address.clone().or_else(|| raw_text(raw, &["email_account"])),
        event.step.map(|step| step.to_string()).or_else(|| raw_text(raw, &["step"])),
        event.variant.map(|variant| variant.to_string()).or_else(|| raw_text(raw, &["variant"])),
        event.provider_message_id.clone(),
        raw_text(raw, &["timestamp"]),
        content.map(|content| content.subject.clone()),
        content.and_then(|content| content.text.clone()),
        content.and_then(|content| content.html.clone()),
        event.reason.clone(),
    ];
    for part in &parts {
        match part {
            None => add(&mut hasher, 0, &[]),
            Some(text) => add(&mut hasher, 1, text.as_bytes()),
        }
    }
    if event.occurred_at_ms.is_none() && event.provider_message_id.is_none() && content.is_none() {
        add_object(&mut hasher, raw);
    }
    assemble(event.occurred_at_ms, &hasher)
}

fn assemble(occurred_at_ms: Option<i64>, hasher: &Hasher) -> [u8; 16] {
    let time = u64::try_from(occurred_at_ms.unwrap_or(0)).unwrap_or(0).to_be_bytes();
    let hash = hasher.finalize();
    let bytes = time.iter().skip(2).chain(hash.as_bytes());
    let mut key = [0; 16];
    for (slot, &byte) in key.iter_mut().zip(bytes) {
        *slot = byte;
    }
    key
}

/// The first of the fields that holds anything, as text.
fn raw_text(raw: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    fields.iter().filter_map(|field| raw.get(*field)).map(scalar_text).find(|text| !text.is_empty())
}

fn add(hasher: &mut Hasher, tag: u8, bytes: &[u8]) {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    hasher.update(&[tag]).update(&length.to_le_bytes()).update(bytes);
}

/// Canonical form: keys sorted, a number and its text the same.
fn add_value(hasher: &mut Hasher, value: &Value) {
    match value {
        Value::Null => add(hasher, 2, &[]),
        Value::Array(items) => {
            add(hasher, 3, &items.len().to_le_bytes());
            for item in items {
                add_value(hasher, item);
            }
        }
        Value::Object(map) => add_object(hasher, map),
        scalar => add(hasher, 5, scalar_text(scalar).as_bytes()),
    }
}

fn add_object(hasher: &mut Hasher, map: &Map<String, Value>) {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| name.as_str());
    add(hasher, 4, &entries.len().to_le_bytes());
    for (name, value) in entries {
        add(hasher, 1, name.as_bytes());
        add_value(hasher, value);
    }
}
