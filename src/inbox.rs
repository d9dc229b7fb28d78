//! The inbox: conversations, their messages, and finding them again.

pub mod api;
pub mod html;
pub mod indexer;
mod markup;
pub mod model;
pub mod record;
pub mod search_api;
pub mod store;
pub mod text;
pub mod thread;

pub use record::PreparedMessage;

use crate::channel::event::ProviderContent;

/// Characters of a list row's snippet.
const SNIPPET_CHARS: usize = 160;
/// Most bytes of text kept per message; the raw payload keeps the rest.
const TEXT_LIMIT_BYTES: usize = 512 * 1024;

/// Splits a message into what lists, threads and search need.
pub fn prepare_message(content: &ProviderContent) -> PreparedMessage {
    let html = content.html.as_deref().filter(|html| !html.trim().is_empty());
    let whole = match content.text.as_deref().filter(|text| !text.trim().is_empty()) {
        Some(text) => text.to_owned(),
        None => html.map(text::text_from_html).unwrap_or_default(),
    };
    let split = text::split_quoted(cut(&whole));
    PreparedMessage {
        snippet: text::snippet(&split.own, SNIPPET_CHARS),
        subject: content.subject.clone(),
        subject_key: text::subject_key(&content.subject),
        text: split.own,
        quoted_text: split.quoted,
        html: html.map(str::to_owned),
    }
}

fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(TEXT_LIMIT_BYTES);
    text.get(..end).unwrap_or(text)
}

/// Whether a mail's HTML would load an image from elsewhere; a quick look, the sanitiser has the last word.
pub fn has_remote_images(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    lower.match_indices("<img").any(|(start, _tag)| {
        let tag = lower.get(start..).and_then(|rest| rest.split('>').next()).unwrap_or("");
        tag.contains("http://") || tag.contains("https://") || tag.contains("src=\"//") || tag.contains("src='//")
    })
}

/// Most conversations shown of one person.
const CONTACT_LIMIT: usize = 200;

/// All conversations with a person, newest first.
pub fn list_of_contact(
    connection: &rusqlite::Connection,
    contact_id: crate::id::ContactId,
) -> Result<Vec<model::Conversation>, crate::store::Error> {
    let filter = store::Filter { view: store::View::All, contact_id: Some(contact_id), ..store::Filter::default() };
    Ok(store::list_conversations(connection, &filter, crate::store::page::Cursor::NEWEST, CONTACT_LIMIT)?.0)
}

/// A window of a campaign's messages, newest first.
pub fn list_of_campaign(
    connection: &rusqlite::Connection,
    campaign_id: crate::id::CampaignId,
    window: (usize, usize),
) -> Result<Vec<model::Message>, crate::store::Error> {
    store::list_campaign_messages(connection, campaign_id, window)
}
