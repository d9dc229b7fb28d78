//! The person a payload is about: the address, and the lead variables the service merges into the same flat object.
//!
//! Whatever is no field of the service itself is a variable of the person. The usual ones are recognised in any case
//! and spacing (`firstName`, `First Name`, `first_name`), the rest keep their own names. A variable of the same name as
//! a field of the service overwrites it at the sender, so it is read as that field; nothing can be done about it here.
//! Empty variables count as missing. Rejected: splitting a full name into first and last, which is a guess.

use serde_json::Value;

use super::fields::{Fields, LONG_TEXT, SHORT_TEXT, scalar_text, type_name};
use super::{PayloadError, address};
use crate::channel::event::{EventKind, ProviderContact};

/// The service's own fields.
const BASE_FIELDS: &[&str] = &[
    "timestamp",
    "event_type",
    "workspace",
    "campaign_id",
    "campaign_name",
    "unibox_url",
    "lead_email",
    "email",
    "email_account",
    "step",
    "variant",
    "is_first",
    "email_id",
    "email_subject",
    "email_text",
    "email_html",
    "reply_subject",
    "reply_text",
    "reply_html",
    "reply_text_snippet",
];

/// Most variables taken from one payload: every one of them is compared in the writer's transaction, and a body of the
/// size allowed can hold more than a hundred thousand.
const MOST_VARIABLES: usize = 250;

/// Where a reason may stand, best first; not documented, so only read where an event can have a reason.
const REASON_FIELDS: &[&str] = &["reason", "bounce_reason", "error_message", "status_message", "error", "bounce_type"];

/// A field every contact has.
#[derive(Clone, Copy)]
enum Named {
    FirstName,
    LastName,
    CompanyName,
    JobTitle,
    Phone,
    Website,
}

/// Names of variables without case, spaces and punctuation; where several are present, the first here wins.
const NAMED: &[(&str, Named)] = &[
    ("firstname", Named::FirstName),
    ("givenname", Named::FirstName),
    ("vorname", Named::FirstName),
    ("lastname", Named::LastName),
    ("surname", Named::LastName),
    ("familyname", Named::LastName),
    ("nachname", Named::LastName),
    ("companyname", Named::CompanyName),
    ("company", Named::CompanyName),
    ("firma", Named::CompanyName),
    ("jobtitle", Named::JobTitle),
    ("phone", Named::Phone),
    ("phonenumber", Named::Phone),
    ("telefon", Named::Phone),
    ("website", Named::Website),
    ("companywebsite", Named::Website),
];

/// Whether an event is about a mailbox rather than a person.
pub(super) const fn is_about_mailbox(kind: &EventKind) -> bool {
    matches!(kind, EventKind::MailboxError | EventKind::MailboxSuspended)
}

const fn has_reason(kind: &EventKind) -> bool {
    is_about_mailbox(kind)
        || matches!(
            kind,
            EventKind::MessageBounced | EventKind::SequenceFailed | EventKind::CampaignPaused | EventKind::Complained
        )
}

/// The person, if the payload has a readable address.
pub(super) fn read_contact(
    fields: &mut Fields<'_>,
    known: Option<&EventKind>,
) -> Result<Option<ProviderContact>, PayloadError> {
    if let Some(value @ (Value::Object(_) | Value::Array(_))) = fields.raw("lead_email") {
        return Err(PayloadError::WrongType { field: "lead_email", found: type_name(value) });
    }
    let fallback = if known.is_some_and(is_about_mailbox) { "" } else { "email" };
    let given: Vec<String> = ["lead_email", fallback].iter().filter_map(|field| fields.peek_text(field)).collect();
    let Some(address) = given.iter().find_map(|text| address::parse(text)) else {
        if !given.is_empty() {
            fields.remark("contact address unreadable");
        }
        return Ok(None);
    };
    let mut contact = ProviderContact { address, ..ProviderContact::default() };
    read_variables(fields, known, &mut contact);
    Ok(Some(contact))
}

fn read_variables(fields: &mut Fields<'_>, known: Option<&EventKind>, contact: &mut ProviderContact) {
    let reasons = if known.is_some_and(has_reason) { REASON_FIELDS } else { &[] };
    let mut named = Vec::new();
    for (name, value) in fields.iter() {
        let is_own = BASE_FIELDS.contains(&name) || reasons.contains(&name);
        // Own fields hold the long texts: they are not even copied.
        if is_own && name != "email" {
            continue;
        }
        let text = scalar_text(value);
        if text.is_empty() || (is_own && !is_second_address(&text, contact)) {
            continue;
        }
        let is_scalar = !matches!(value, Value::Array(_) | Value::Object(_));
        match find_named(name).filter(|_| is_scalar) {
            Some((rank, field)) => named.push((rank, field, name, text)),
            None => insert_custom(fields, contact, name, text),
        }
    }
    named.sort_by_key(|&(rank, ..)| rank);
    for (_, field, name, text) in named {
        let text = fields.bound(text, SHORT_TEXT);
        let slot = slot(contact, field);
        match slot {
            None => *slot = Some(text),
            Some(taken) if *taken == text => {}
            Some(_) => insert_custom(fields, contact, name, text),
        }
    }
}

/// Whether `email` is another address than the person's, and so worth keeping.
fn is_second_address(text: &str, contact: &ProviderContact) -> bool {
    address::parse(text).is_none_or(|address| address != contact.address)
}

fn insert_custom(fields: &mut Fields<'_>, contact: &mut ProviderContact, name: &str, text: String) {
    let name = fields.bound(name.replace('\0', "").trim().to_owned(), SHORT_TEXT);
    if name.is_empty() {
        return;
    }
    if contact.custom_fields.len() >= MOST_VARIABLES && !contact.custom_fields.contains_key(&name) {
        fields.remark("more variables than are kept with a person");
        return;
    }
    let text = fields.bound(text, LONG_TEXT);
    contact.custom_fields.insert(name, text);
}

fn find_named(name: &str) -> Option<(usize, Named)> {
    if name.len() > 100 {
        return None;
    }
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let rank = NAMED.iter().position(|(known, _)| *known == plain)?;
    NAMED.get(rank).map(|&(_, field)| (rank, field))
}

const fn slot(contact: &mut ProviderContact, field: Named) -> &mut Option<String> {
    match field {
        Named::FirstName => &mut contact.first_name,
        Named::LastName => &mut contact.last_name,
        Named::CompanyName => &mut contact.company_name,
        Named::JobTitle => &mut contact.job_title,
        Named::Phone => &mut contact.phone,
        Named::Website => &mut contact.website,
    }
}

/// Why it happened, where the kind of event can have a reason.
pub(super) fn read_reason(fields: &mut Fields<'_>, kind: &EventKind) -> Option<String> {
    if !has_reason(kind) {
        return None;
    }
    let text =
        REASON_FIELDS.iter().filter_map(|field| fields.raw(field)).map(scalar_text).find(|text| !text.is_empty())?;
    Some(fields.bound(text, SHORT_TEXT))
}
