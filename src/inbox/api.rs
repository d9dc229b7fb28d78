//! Routes of conversations and messages.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::html::{self, Images};
use super::model::{CATEGORIES, Conversation, Counts, Message, TimelineEntry};
use super::store::{self, Change, Filter, View};
use crate::app::App;
use crate::audit::{Entry, Record, Who};
use crate::error::{Error, Result};
use crate::http::access::Caller;
use crate::http::extract::{Id, Params, parse_cursor, parse_limit};
use crate::http::respond::{Answer, Page};
use crate::id::{CampaignId, ContactId, ConversationId, MailboxId, MessageId};
use crate::store::Tx;
use crate::store::page::Cursor;

/// Which conversations, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConversationParams {
    /// Rows of a page, 1 to 200; 50 if absent.
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// `inbox` (if absent), `archived`, `sent` or `all`.
    pub view: Option<View>,
    /// Only of this mailbox.
    #[param(value_type = Option<String>)]
    pub mailbox_id: Option<MailboxId>,
    /// Only of this campaign.
    #[param(value_type = Option<String>)]
    pub campaign_id: Option<CampaignId>,
    /// Only with this person.
    #[param(value_type = Option<String>)]
    pub contact_id: Option<ContactId>,
    /// Only of this category.
    pub category: Option<String>,
    /// Only with (`true`) or without (`false`) something unread.
    pub is_unread: Option<bool>,
}

/// Conversations, newest first.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(ConversationParams), responses((status = 200, body = Page<Conversation>)), security(("session" = [])))]
pub async fn list_conversations(
    caller: Caller,
    Params(params): Params<ConversationParams>,
) -> Result<Page<Conversation>> {
    let limit = parse_limit(params.limit, 50, 200)?;
    let cursor = parse_cursor(params.cursor.as_deref())?;
    if let Some(category) = &params.category
        && !CATEGORIES.contains(&category.as_str())
    {
        return Err(Error::invalid_field("category", format!("category must be one of {}", CATEGORIES.join(", "))));
    }
    let filter = Filter {
        view: params.view.unwrap_or_default(),
        mailbox_id: params.mailbox_id,
        campaign_id: params.campaign_id,
        contact_id: params.contact_id,
        category: params.category,
        is_unread: params.is_unread,
    };
    let list = move |connection: &rusqlite::Connection| store::list_conversations(connection, &filter, cursor, limit);
    let (conversations, next) = caller.tenant.read(list).await?;
    Ok(Page::new(conversations, next.map(Cursor::encode)))
}

/// The numbers beside the views.
#[utoipa::path(get, path = "/api/v1/conversations/counts", tag = "conversations", responses((status = 200, body = Answer<Counts>)), security(("session" = [])))]
pub async fn count_conversations(caller: Caller) -> Result<Answer<Counts>> {
    Ok(Answer::new(caller.tenant.read(store::count_conversations).await?))
}

/// One conversation.
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Answer<Conversation>), (status = 404)), security(("session" = [])))]
pub async fn find_conversation(caller: Caller, Id(id): Id<ConversationId>) -> Result<Answer<Conversation>> {
    let found = caller.tenant.read(move |connection| store::find_conversation(connection, id)).await?;
    found.map(Answer::new).ok_or_else(|| Error::not_found("record"))
}

/// Which page of a thread.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThreadParams {
    /// Messages of a page, 1 to 200; 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before: older messages.
    cursor: Option<String>,
}

/// Messages of a conversation: the newest page first, oldest first within a page.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/messages", tag = "conversations", params(("id" = String, Path), ThreadParams), responses((status = 200, body = Page<Message>), (status = 404)), security(("session" = [])))]
pub async fn list_messages(
    caller: Caller,
    Id(id): Id<ConversationId>,
    Params(params): Params<ThreadParams>,
) -> Result<Page<Message>> {
    let limit = parse_limit(params.limit, 100, 200)?;
    let cursor = parse_cursor(params.cursor.as_deref())?;
    let list = move |connection: &rusqlite::Connection| -> Result<_> {
        if store::find_conversation(connection, id)?.is_none() {
            return Err(Error::not_found("record"));
        }
        Ok(store::list_messages(connection, id, cursor, limit)?)
    };
    let (messages, next) = caller.tenant.read(list).await?;
    Ok(Page::new(messages, next.map(Cursor::encode)))
}

/// The thin lines between the messages, oldest first.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/timeline", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Page<TimelineEntry>)), security(("session" = [])))]
pub async fn list_timeline(caller: Caller, Id(id): Id<ConversationId>) -> Result<Page<TimelineEntry>> {
    let list = move |connection: &rusqlite::Connection| -> Result<_> {
        if store::find_conversation(connection, id)?.is_none() {
            return Err(Error::not_found("record"));
        }
        Ok(store::list_timeline(connection, id)?)
    };
    Ok(Page::whole(caller.tenant.read(list).await?))
}

/// Marks everything in it read.
#[utoipa::path(patch, path = "/api/v1/conversations/{id}/read", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Answer<Conversation>), (status = 404)), security(("session" = [])))]
pub async fn read_conversation(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Conversation>> {
    update(&app, caller, id, Change::Read).await
}

/// Marks its last received message unread.
#[utoipa::path(patch, path = "/api/v1/conversations/{id}/unread", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Answer<Conversation>), (status = 404)), security(("session" = [])))]
pub async fn unread_conversation(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Conversation>> {
    update(&app, caller, id, Change::Unread).await
}

/// Puts it away; a new reply brings it back.
#[utoipa::path(patch, path = "/api/v1/conversations/{id}/archive", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Answer<Conversation>), (status = 404)), security(("session" = [])))]
pub async fn archive_conversation(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Conversation>> {
    update(&app, caller, id, Change::Archive).await
}

/// Brings it back into the inbox.
#[utoipa::path(patch, path = "/api/v1/conversations/{id}/unarchive", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Answer<Conversation>), (status = 404)), security(("session" = [])))]
pub async fn unarchive_conversation(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Conversation>> {
    update(&app, caller, id, Change::Unarchive).await
}

async fn update(app: &App, caller: Caller, id: ConversationId, change: Change) -> Result<Answer<Conversation>> {
    let (actor, who) = (caller.actor(), caller.who());
    let name = caller.standing.me.account.name.clone();
    let chain = app.audit_chain(caller.organization_id());
    let update = move |tx: &Tx<'_>| -> Result<Option<Conversation>> {
        let before = store::find_conversation(tx.connection(), id)?;
        let after = store::update_conversation(tx, id, change, (actor, &name))?;
        if let (Some(before), Some(after)) = (&before, &after)
            && let Some(entry) = audit_entry(who, before, after)
        {
            chain.append(tx, entry)?;
        }
        Ok(after)
    };
    caller.tenant.write(update).await?.map(Answer::new).ok_or_else(|| Error::not_found("record"))
}

/// What the audit log says of a change; nothing if nothing changed. It names the person, not the subject, which is part
/// of the message.
fn audit_entry(who: Who, before: &Conversation, after: &Conversation) -> Option<Entry> {
    let action = match (before.is_archived, after.is_archived) {
        (false, true) => "conversation.archived",
        (true, false) => "conversation.unarchived",
        _ if after.unread_count < before.unread_count => "conversation.read",
        _ if after.unread_count > before.unread_count => "conversation.unread",
        _ => return None,
    };
    let values = |of: &Conversation| json!({ "is_archived": of.is_archived, "unread_count": of.unread_count });
    let record = Record::new("conversation", &after.id, after.contact.name.clone());
    Some(Entry::new(who, action, record).changed(values(before), values(after)))
}

/// Whether images from elsewhere are loaded.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HtmlParams {
    /// `blocked` (if absent) or `allowed`.
    #[serde(default)]
    images: String,
}

/// The formatted form of a message, sanitised, as a page of its own for a sandboxed frame.
#[utoipa::path(get, path = "/api/v1/messages/{id}/html", tag = "conversations", params(("id" = String, Path), HtmlParams), responses((status = 200, body = String, content_type = "text/html"), (status = 404)), security(("session" = []), ("cookie" = [])))]
pub async fn show_message_html(
    State(_app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
    Params(params): Params<HtmlParams>,
) -> Result<Response> {
    let images = match params.images.as_str() {
        "" | "blocked" => Images::Blocked,
        "allowed" => Images::Allowed,
        _ => return Err(Error::new(crate::error::Code::BadRequest, "images must be blocked or allowed")),
    };
    let found = caller.tenant.read(move |connection| store::find_html(connection, id)).await?;
    let Some(Some(source)) = found else { return Err(Error::not_found("record")) };
    // Parsing a mail takes as long as its author wants: not on a thread that answers others.
    let nonce = html::random_nonce();
    let policy = HeaderValue::try_from(html::frame_csp(images, &nonce)).map_err(Error::internal)?;
    let page = tokio::task::spawn_blocking(move || html::page(&html::sanitise(&source, images), &nonce))
        .await
        .map_err(Error::internal)?;
    let mut response = Html(page).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
