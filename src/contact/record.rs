//! What a provider event does to a contact: the person becomes known, fields are filled, the standing and the
//! suppression follow.
//!
//! Each field keeps the time at which its value was true at the provider; the latest wins, an empty value never
//! overwrites. So the fields end the same whatever order the events come in.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;
use serde_json::json;

use crate::campaign::record::Standing;
use crate::channel::event::ProviderContact;
use crate::id::{ContactId, ProviderEventId};
use crate::store::{Error, Tx};
use crate::tenant::event_log::{self, Actor, Entity, NewEvent};

/// A contact as an event names it.
#[derive(Clone, Debug)]
pub struct ContactRef {
    /// Our id.
    pub id: ContactId,
    /// E-mail address, lower case.
    pub address: String,
    /// Display name; the address if there is none.
    pub name: String,
    /// The event made the contact: nothing else is known of the person yet.
    pub is_new: bool,
    /// What was said of the person without naming a campaign.
    pub general: GeneralStanding,
}

/// What was said of a person without naming a campaign.
#[derive(Clone, Debug, Default)]
pub struct GeneralStanding {
    /// The category word, `""` if none.
    pub category: String,
    /// The customer's own label, `""` if none.
    pub label: String,
    /// Since when.
    pub at_ms: i64,
}

/// The named columns, in the order used throughout this file.
const COLUMNS: [&str; 6] = ["first_name", "last_name", "company_name", "job_title", "phone", "website"];
/// Key of `field_times` that stands for every field not named in it.
const ALL_FIELDS: &str = "*";

/// Most custom fields a contact keeps: all of them are read and written with each event about the person.
const MOST_CUSTOM_FIELDS: usize = 500;

struct Known {
    id: ContactId,
    columns: [String; 6],
    custom_fields: BTreeMap<String, String>,
    field_times: BTreeMap<String, i64>,
    general: GeneralStanding,
}

/// Finds the contact by address, creates it if it is new, fills in what the event knows of the person.
pub fn find_or_create(
    tx: &Tx<'_>,
    contact: &ProviderContact,
    (at_ms, source): (i64, &str),
    cause: ProviderEventId,
) -> Result<ContactRef, Error> {
    if let Some(mut known) = find(tx, &contact.address)? {
        if merge(&mut known, contact, at_ms) {
            update(tx, &known, &contact.address)?;
        }
        let name = crate::contact::display_name(&known.columns[0], &known.columns[1], &contact.address);
        let (id, general) = (known.id, known.general);
        return Ok(ContactRef { id, address: contact.address.clone(), name, is_new: false, general });
    }
    create(tx, contact, (at_ms, source), cause)
}

fn create(
    tx: &Tx<'_>,
    contact: &ProviderContact,
    (at_ms, source): (i64, &str),
    cause: ProviderEventId,
) -> Result<ContactRef, Error> {
    let id = ContactId::from_uuid(tx.next_uuid());
    let [first_name, last_name, company_name, job_title, phone, website] = columns_of(contact);
    tx.connection()
        .prepare_cached(
            "INSERT INTO contact (id, address, first_name, last_name, company_name, job_title, phone, website,
                 custom_fields, field_times, search_text, source, created_at_ms, updated_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)",
        )?
        .execute(rusqlite::params![
            id,
            contact.address,
            first_name,
            last_name,
            company_name,
            job_title,
            phone,
            website,
            as_json(&contact.custom_fields)?,
            as_json(&BTreeMap::from([(ALL_FIELDS, at_ms)]))?,
            search_text([first_name, last_name, company_name, &contact.address]),
            source,
            tx.now_ms(),
        ])?;
    let name = crate::contact::display_name(first_name, last_name, &contact.address);
    let general = GeneralStanding::default();
    let contact = ContactRef { id, address: contact.address.clone(), name, is_new: true, general };
    append(tx, "contact.created", &contact, (tx.now_ms(), cause), json!({}))?;
    Ok(contact)
}

fn columns_of(contact: &ProviderContact) -> [&str; 6] {
    [
        &contact.first_name,
        &contact.last_name,
        &contact.company_name,
        &contact.job_title,
        &contact.phone,
        &contact.website,
    ]
    .map(|value| value.as_deref().unwrap_or(""))
}

fn find(tx: &Tx<'_>, address: &str) -> Result<Option<Known>, Error> {
    let found = tx
        .connection()
        .prepare_cached(
            "SELECT id, first_name, last_name, company_name, job_title, phone, website, custom_fields, field_times,
                 general_category, general_label, general_at_ms
             FROM contact WHERE address = ?1",
        )?
        .query_row([address], |row| {
            let columns = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
            let general = GeneralStanding { category: row.get(9)?, label: row.get(10)?, at_ms: row.get(11)? };
            Ok((row.get(0)?, columns, row.get::<_, String>(7)?, row.get::<_, String>(8)?, general))
        })
        .optional()?;
    // A row whose JSON was damaged by hand is treated as having none: the next event fills it again.
    Ok(found.map(|(id, columns, custom_fields, field_times, general)| Known {
        id,
        columns,
        general,
        custom_fields: serde_json::from_str(&custom_fields).unwrap_or_default(),
        field_times: serde_json::from_str(&field_times).unwrap_or_default(),
    }))
}

/// Merges what the event knows; answers whether anything changed.
fn merge(known: &mut Known, contact: &ProviderContact, at_ms: i64) -> bool {
    let mut is_changed = false;
    let base_ms = known.field_times.get(ALL_FIELDS).copied().unwrap_or(0);
    let times = &mut known.field_times;
    let mut decide = |field: &str, current: &str, new: &str| {
        let current_ms = if current.is_empty() { i64::MIN } else { times.get(field).copied().unwrap_or(base_ms) };
        let is_taken = !new.is_empty() && (at_ms, new) > (current_ms, current);
        if is_taken && (at_ms != base_ms || times.contains_key(field)) {
            times.insert(field.to_owned(), at_ms);
        }
        is_taken
    };
    for ((field, current), new) in COLUMNS.iter().zip(known.columns.iter_mut()).zip(columns_of(contact)) {
        if decide(field, current, new) {
            new.clone_into(current);
            is_changed = true;
        }
    }
    for (field, new) in &contact.custom_fields {
        let current = known.custom_fields.get(field).map_or("", String::as_str);
        if decide(&format!("custom.{field}"), current, new) {
            known.custom_fields.insert(field.clone(), new.clone());
            is_changed = true;
        }
    }
    // By name, not by time: so the same ones stay whatever order the events come in.
    while known.custom_fields.len() > MOST_CUSTOM_FIELDS
        && let Some((name, _value)) = known.custom_fields.pop_last()
    {
        known.field_times.remove(&format!("custom.{name}"));
    }
    is_changed
}

fn update(tx: &Tx<'_>, known: &Known, address: &str) -> Result<(), Error> {
    let [first_name, last_name, company_name, job_title, phone, website] = &known.columns;
    tx.connection()
        .prepare_cached(
            "UPDATE contact SET first_name = ?2, last_name = ?3, company_name = ?4, job_title = ?5, phone = ?6,
                 website = ?7, custom_fields = ?8, field_times = ?9, search_text = ?10, updated_at_ms = ?11 WHERE id = ?1",
        )?
        .execute((
            known.id,
            first_name,
            last_name,
            company_name,
            job_title,
            phone,
            website,
            as_json(&known.custom_fields)?,
            as_json(&known.field_times)?,
            search_text([first_name, last_name, company_name, address]),
            tx.now_ms(),
        ))?;
    Ok(())
}

/// What the filter of the contact list looks in.
fn search_text([first_name, last_name, company_name, address]: [&str; 4]) -> String {
    let name = [first_name, last_name].concat();
    [name.as_str(), company_name, address].map(crate::search::fold).join("\n")
}

fn as_json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|error| Error::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))
}

/// Sets the person's standing if it is newer than the known one; `is_general` if no campaign was named.
pub fn record_standing(
    tx: &Tx<'_>,
    contact: &ContactRef,
    standing: &Standing,
    is_general: bool,
    cause: ProviderEventId,
) -> Result<(), Error> {
    let Standing { interest, category, label, at_ms } = standing;
    tx.connection()
        .prepare_cached(
            "UPDATE contact SET interest = ?2, category = ?3, label = ?4, interest_at_ms = ?5
             WHERE id = ?1 AND (interest_at_ms, category, label) < (?5, ?3, ?4)",
        )?
        .execute((contact.id, interest, category, label, at_ms))?;
    if is_general {
        tx.connection()
            .prepare_cached(
                "UPDATE contact SET general_category = ?2, general_label = ?3, general_at_ms = ?4
                 WHERE id = ?1 AND (general_at_ms, general_category, general_label) < (?4, ?2, ?3)",
            )?
            .execute((contact.id, category, label, at_ms))?;
    }
    let kind = if *category == "custom" { "contact.label_changed" } else { "contact.interest_changed" };
    let payload = json!({ "interest": interest, "category": category, "label": label });
    append(tx, kind, contact, (*at_ms, cause), payload)
}

/// Why nothing is ever sent to an address again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// Mail to it bounced.
    Bounced,
    /// The person unsubscribed.
    Unsubscribed,
    /// The person complained.
    Complained,
}

/// Puts the address on the suppression list. The gravest reason is kept: complained, unsubscribed, bounced.
pub fn suppress(tx: &Tx<'_>, address: &str, suppression: Suppression, at_ms: i64) -> Result<(), Error> {
    let reason = match suppression {
        Suppression::Bounced => "bounced",
        Suppression::Unsubscribed => "unsubscribed",
        Suppression::Complained => "complained",
    };
    tx.connection()
        .prepare_cached(
            "INSERT INTO suppression (address, reason, occurred_at_ms, created_at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (address) DO UPDATE SET
                 occurred_at_ms = CASE WHEN reason = excluded.reason THEN min(occurred_at_ms, excluded.occurred_at_ms)
                                       WHEN instr('bounced unsubscribed complained', excluded.reason)
                                          > instr('bounced unsubscribed complained', reason)
                                       THEN excluded.occurred_at_ms ELSE occurred_at_ms END,
                 reason = CASE WHEN instr('bounced unsubscribed complained', excluded.reason)
                                  > instr('bounced unsubscribed complained', reason)
                               THEN excluded.reason ELSE reason END",
        )?
        .execute((address, reason, at_ms, tx.now_ms()))?;
    Ok(())
}

/// Appends an event about the contact; `more` is merged into its payload.
pub fn append(
    tx: &Tx<'_>,
    kind: &'static str,
    contact: &ContactRef,
    (at_ms, cause): (i64, ProviderEventId),
    more: serde_json::Value,
) -> Result<(), Error> {
    let mut payload =
        json!({ "contact_id": contact.id, "contact_name": contact.name, "contact_address": contact.address });
    if let (Some(payload), serde_json::Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more);
    }
    event_log::append(
        tx,
        &NewEvent {
            kind,
            actor: Actor::Provider,
            entity: Entity { kind: "contact", id: contact.id.uuid() },
            payload,
            cause: Some(cause),
            at_ms,
        },
    )?;
    Ok(())
}
