//! The inbox: conversations, their messages, and finding them again.

pub mod api;
pub mod html;
pub mod indexer;
mod markup;
pub mod model;
pub mod record;
pub mod search_api;
pub mod states;
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
        has_remote_images: html.is_some_and(has_remote_images),
        html: html.map(str::to_owned),
    }
}

fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(TEXT_LIMIT_BYTES);
    text.get(..end).unwrap_or(text)
}

/// Whether a mail's HTML asks for an image from elsewhere; a quick look, linear in the text, decided once at intake. The
/// sanitiser has the last word on what is loaded.
fn has_remote_images(html: &str) -> bool {
    let in_message = |source: &str| {
        let scheme = source.trim().split(':').next().unwrap_or("").to_ascii_lowercase();
        source.trim().is_empty() || scheme == "data" || scheme == "cid"
    };
    markup::Tokens::new(html).any(|token| match token {
        markup::Token::Start(tag) if tag.is("img") => {
            tag.attributes().any(|(name, value)| name.eq_ignore_ascii_case("src") && !in_message(value))
        }
        _ => false,
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
