//! `GET /api/v1/search`: the query is parsed, names and states are resolved in SQLite, the index finds messages, and
//! SQLite has their texts.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use std::sync::Arc;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::model::{Conversation, Message, MessageDirection};
use super::states::{States, Wanted};
use super::store;
use crate::error::{Code, Error, Result};
use crate::http::access::Caller;
use crate::http::extract::{Params, parse_limit};
use crate::id::MessageId;
use crate::search::{Cursor, Filters, Highlighter, IndexError, Page, Query, Results, SearchIndex, Sort};
use crate::store::Error as StoreError;
use crate::tenant::Tenant;

/// Characters of a hit's excerpt.
const SNIPPET_CHARS: usize = 200;

/// What to search for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Words (the last one also as a prefix), "phrases", -word, from:, to:, subject:, campaign:, mailbox:, category:,
    /// before:2026-01-31, after:, is:unread, is:read, is:archived, in:sent, in:received.
    #[serde(default)]
    pub q: String,
    /// `date` (if absent) or `relevance`.
    #[serde(default)]
    pub sort: String,
    /// Hits of a page, 1 to 50; 20 if absent.
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// One message found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hit {
    /// The message.
    pub message_id: MessageId,
    /// Its conversation.
    pub conversation: Conversation,
    /// From whom to whom.
    pub direction: MessageDirection,
    /// The subject, escaped, with `<mark>` around what matched.
    pub subject_html: String,
    /// The best excerpt, escaped, with `<mark>` around what matched.
    pub snippet_html: String,
    /// When it was sent or received, UTC milliseconds.
    pub occurred_at_ms: i64,
    /// How well it matches; 0 when sorted by date.
    pub score: u32,
}

/// One page of hits.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchPage {
    /// Always `true`.
    pub success: bool,
    /// The hits.
    pub data: Vec<Hit>,
    /// How many hits this page has.
    pub count: usize,
    /// Pass it as `cursor` to get the next page; `null` at the end.
    pub next: Option<String>,
    /// How many messages match.
    pub total: usize,
    /// Whether there are more than `total` says.
    pub is_total_capped: bool,
    /// How long the search took.
    pub took_ms: f64,
    /// How many events the index is behind.
    pub lag_events: i64,
}

/// Searches all messages.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(SearchParams), responses((status = 200, body = SearchPage), (status = 400, description = "the query cannot be understood; field is q"), (status = 503, description = "the index is being built")), security(("session" = [])))]
pub async fn search(caller: Caller, Params(params): Params<SearchParams>) -> Result<axum::Json<SearchPage>> {
    let started = std::time::Instant::now();
    let sort = match params.sort.as_str() {
        "" | "date" => Sort::Date,
        "relevance" => Sort::Relevance,
        _ => return Err(Error::invalid_field("sort", "sort must be date or relevance")),
    };
    let after = match params.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
        Some(text) => Some(
            text.parse::<Cursor>()
                .map_err(|_invalid| Error::invalid_field("cursor", "this cursor is not one of ours"))?,
        ),
        None => None,
    };
    let page = Page { sort, limit: parse_limit(params.limit, 20, 50)?, after };
    let found = run(&caller.tenant, params.q, page).await?;
    let lag_events = caller
        .tenant
        .progress()
        .iter()
        .find(|progress| progress.name() == "search")
        .map_or(0, |progress| (caller.tenant.head() - progress.cursor()).max(0));
    Ok(axum::Json(SearchPage {
        success: true,
        count: found.hits.len(),
        data: found.hits,
        next: found.results.next.map(|cursor| cursor.to_string()),
        total: found.results.total,
        is_total_capped: found.results.is_total_capped,
        took_ms: started.elapsed().as_secs_f64() * 1_000.0,
        lag_events,
    }))
}

struct Found {
    hits: Vec<Hit>,
    results: Results,
}

/// Searches; the whole of it runs on one reader, on a blocking thread.
async fn run(tenant: &Tenant, text: String, page: Page) -> Result<Found> {
    let query = Query::parse(&text).map_err(|error| Error::invalid_field("q", error.to_string()))?;
    read_index(tenant, move |source| {
        let (connection, results) = (source.connection, find(source, &query, page)?);
        let highlighter = Highlighter::new(&query);
        let mut hits = Vec::with_capacity(results.hits.len());
        for hit in &results.hits {
            // A message deleted since the last commit of the index has no row any more.
            let Some(message) = find_message(connection, hit.message_number)? else { continue };
            let conversation_number = i64::try_from(hit.conversation_number).unwrap_or(i64::MAX);
            let Some(conversation) = store::find_conversation_by_number(connection, conversation_number)? else {
                continue;
            };
            hits.push(present(&highlighter, &message, conversation, hit.score));
        }
        Ok(Found { hits, results })
    })
    .await
}

/// What a search reads from.
struct Source<'reader> {
    connection: &'reader Connection,
    index: &'reader SearchIndex,
    states: &'reader States,
}

/// Runs `work` on a reader with the index. An index that turns out to be damaged is built anew by a job.
async fn read_index<T: Send + 'static>(
    tenant: &Tenant,
    work: impl FnOnce(&Source<'_>) -> std::result::Result<T, Failure> + Send + 'static,
) -> Result<T> {
    let generation = tenant.index().generation();
    let index = tenant.index().current().ok_or_else(being_built)?;
    let states = Arc::clone(tenant.conversation_states());
    match tenant.read(move |connection| work(&Source { connection, index: &index, states: &states })).await {
        Ok(found) => Ok(found),
        Err(Failure::Public(error)) => Err(error),
        Err(Failure::Damaged(cause)) => {
            if tenant.index().request_rebuild(tenant.database(), generation).await? {
                tenant.wake_jobs();
            }
            Err(being_built().because(cause))
        }
    }
}

/// Why a search failed.
enum Failure {
    /// As the client is told.
    Public(Error),
    /// The index cannot be used any more.
    Damaged(IndexError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Public(error.into())
    }
}

fn find_message(connection: &Connection, number: u64) -> std::result::Result<Option<Message>, StoreError> {
    store::find_message_by_number(connection, i64::try_from(number).unwrap_or(i64::MAX))
}

fn present(highlighter: &Highlighter, message: &Message, conversation: Conversation, score: u32) -> Hit {
    let own = highlighter.snippet(&message.text, SNIPPET_CHARS);
    // What matched may stand in the quoted history only.
    let snippet_html = if own.contains("<mark>") || message.quoted_text.is_empty() {
        own
    } else {
        let quoted = highlighter.snippet(&message.quoted_text, SNIPPET_CHARS);
        if quoted.contains("<mark>") { quoted } else { own }
    };
    Hit {
        message_id: message.id,
        direction: message.direction,
        subject_html: highlighter.subject(&message.subject),
        snippet_html,
        occurred_at_ms: message.occurred_at_ms,
        conversation,
        score,
    }
}

/// Searches messages for the seed routes: newest first, as messages, with an offset.
pub async fn search_messages(tenant: &Tenant, text: String, limit: usize, offset: usize) -> Result<Vec<Message>> {
    let query = Query::parse(&text).map_err(|error| Error::invalid_field("query", error.to_string()))?;
    let page = Page { sort: Sort::Date, limit: limit.saturating_add(offset), after: None };
    read_index(tenant, move |source| {
        let (connection, results) = (source.connection, find(source, &query, page)?);
        let mut messages = Vec::with_capacity(limit);
        for hit in results.hits.iter().skip(offset) {
            messages.extend(find_message(connection, hit.message_number)?);
        }
        Ok(messages)
    })
    .await
}

fn find(source: &Source<'_>, query: &Query, page: Page) -> std::result::Result<Results, Failure> {
    let Some(filters) = resolve(source, query)? else {
        return Ok(Results { hits: Vec::new(), total: 0, is_total_capped: false, next: None });
    };
    source.index.search(query, &filters, page).map_err(|error| match error {
        IndexError::WrongCursor => {
            Failure::Public(Error::invalid_field("cursor", "this cursor belongs to another sort order"))
        }
        damaged @ IndexError::Corrupt { .. } => Failure::Damaged(damaged),
        error => Failure::Public(being_built().because(error)),
    })
}

fn being_built() -> Error {
    Error {
        retry_after_s: Some(2),
        ..Error::new(Code::Unavailable, "the search index is being built: try again in a moment")
    }
}

/// Resolves names and states; `None` if a name names nothing, so nothing can match.
fn resolve(source: &Source<'_>, query: &Query) -> std::result::Result<Option<Filters>, StoreError> {
    let connection = source.connection;
    let campaign_ids = resolve_names(connection, &query.campaigns, "SELECT id, name FROM campaign")?;
    let mailbox_ids = resolve_names(connection, &query.mailboxes, "SELECT id, address FROM mailbox")?;
    let wanted = Wanted { states: &query.states, categories: &query.categories };
    let is_limited = !wanted.states.is_empty() || !wanted.categories.is_empty();
    let conversations = if is_limited { Some(source.states.list(connection, wanted)?) } else { None };
    let is_nothing =
        campaign_ids.as_ref().is_some_and(Vec::is_empty) || mailbox_ids.as_ref().is_some_and(Vec::is_empty);
    Ok((!is_nothing).then_some(Filters { campaign_ids, mailbox_ids, conversations }))
}

/// The ids of the records whose id is given or whose name contains what is given, whatever the case and accents.
fn resolve_names(
    connection: &Connection,
    wanted: &[String],
    sql: &str,
) -> std::result::Result<Option<Vec<Uuid>>, StoreError> {
    if wanted.is_empty() {
        return Ok(None);
    }
    let wanted: Vec<(String, Option<Uuid>)> =
        wanted.iter().map(|name| (crate::search::fold(name), Uuid::parse_str(name).ok())).collect();
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        let id = Uuid::from_bytes(row.get(0)?);
        let name = crate::search::fold(&row.get::<_, String>(1)?);
        if wanted.iter().any(|(part, wanted_id)| name.contains(part.as_str()) || *wanted_id == Some(id)) {
            ids.push(id);
        }
    }
    Ok(Some(ids))
}
