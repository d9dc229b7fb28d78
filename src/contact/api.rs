//! Routes of contacts.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use serde::Deserialize;
use utoipa::IntoParams;

use super::model::Contact;
use super::store;
use crate::error::{Error, Result};
use crate::http::access::Caller;
use crate::http::extract::{Id, Params, parse_cursor, parse_limit};
use crate::http::respond::{Answer, Page};
use crate::id::ContactId;
use crate::inbox::model::Conversation;
use crate::store::page::Cursor;

/// Which contacts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContactParams {
    /// Rows of a page, 1 to 200; 50 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Must stand in the address, a name or the company.
    #[serde(default)]
    query: String,
}

/// Contacts, newest first.
#[utoipa::path(get, path = "/api/v1/contacts", tag = "contacts", params(ContactParams), responses((status = 200, body = Page<Contact>)), security(("session" = [])))]
pub async fn list_contacts(caller: Caller, Params(params): Params<ContactParams>) -> Result<Page<Contact>> {
    let limit = parse_limit(params.limit, 50, 200)?;
    let cursor = parse_cursor(params.cursor.as_deref())?;
    let list = move |connection: &rusqlite::Connection| store::list_contacts(connection, &params.query, cursor, limit);
    let (contacts, next) = caller.tenant.read(list).await?;
    Ok(Page::new(contacts, next.map(Cursor::encode)))
}

/// One contact.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = String, Path)), responses((status = 200, body = Answer<Contact>), (status = 404)), security(("session" = [])))]
pub async fn find_contact(caller: Caller, Id(id): Id<ContactId>) -> Result<Answer<Contact>> {
    let found = caller.tenant.read(move |connection| store::find_contact(connection, id)).await?;
    found.map(Answer::new).ok_or_else(|| Error::not_found("record"))
}

/// All conversations with a person, newest first.
#[utoipa::path(get, path = "/api/v1/contacts/{id}/conversations", tag = "contacts", params(("id" = String, Path)), responses((status = 200, body = Page<Conversation>), (status = 404)), security(("session" = [])))]
pub async fn list_contact_conversations(caller: Caller, Id(id): Id<ContactId>) -> Result<Page<Conversation>> {
    let list = move |connection: &rusqlite::Connection| -> Result<_> {
        if store::find_contact(connection, id)?.is_none() {
            return Err(Error::not_found("record"));
        }
        Ok(crate::inbox::list_of_contact(connection, id)?)
    };
    Ok(Page::whole(caller.tenant.read(list).await?))
}
