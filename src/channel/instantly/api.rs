//! The seed routes below `/api/instantly`: the same records as the canonical routes, with limit and offset.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::campaign::api::WindowParams;
use crate::campaign::model::{Campaign, Statistics};
use crate::clock::utc_day;
use crate::error::{Error, Result};
use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::respond::{Answer, Window};
use crate::id::ConnectionId;
use crate::inbox::model::Message;
use crate::mailbox::model::Mailbox;

/// The organization's campaigns.
#[utoipa::path(get, path = "/api/instantly/campaigns", operation_id = "list_instantly_campaigns", tag = "instantly", params(WindowParams), responses((status = 200, body = Window<Campaign>)), security(("session" = [])))]
pub async fn list_campaigns(caller: Caller, Params(params): Params<WindowParams>) -> Result<Window<Campaign>> {
    let (limit, offset) = params.parse()?;
    let list =
        move |connection: &rusqlite::Connection| crate::campaign::list_campaign_window(connection, limit, offset);
    Ok(Window::new(caller.tenant.read(list).await?, limit, offset))
}

/// The organization's mailboxes.
#[utoipa::path(get, path = "/api/instantly/email-accounts", operation_id = "list_instantly_mailboxes", tag = "instantly", params(WindowParams), responses((status = 200, body = Window<Mailbox>)), security(("session" = [])))]
pub async fn list_mailboxes(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<WindowParams>,
) -> Result<Window<Mailbox>> {
    let (limit, offset) = params.parse()?;
    let today = utc_day(app.clock.now_ms());
    let all = caller.tenant.read(move |connection| crate::mailbox::list_mailboxes(connection, today)).await?;
    Ok(Window::new(all.into_iter().skip(offset).take(limit).collect(), limit, offset))
}

/// A campaign's messages, newest first; the campaign by our id or the provider's.
#[utoipa::path(get, path = "/api/instantly/campaign/{id}/messages", operation_id = "list_instantly_campaign_messages", tag = "instantly", params(("id" = String, Path, description = "ours or the provider's"), WindowParams), responses((status = 200, body = Window<Message>), (status = 404)), security(("session" = [])))]
pub async fn list_campaign_messages(
    caller: Caller,
    id: Path<String>,
    params: Params<WindowParams>,
) -> Result<Window<Message>> {
    crate::campaign::api::list_campaign_messages(caller, id, params).await
}

/// The organization's figures in the seeds' words.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeedStatistics {
    /// Messages sent.
    sent: i64,
    /// Steps opened.
    opened: i64,
    /// Replies.
    replied: i64,
    /// Fraction from 0 to 1; `null` where nothing was sent.
    open_rate: Option<f64>,
    /// Fraction from 0 to 1; `null` where nothing was sent.
    reply_rate: Option<f64>,
    /// All figures.
    #[serde(flatten)]
    all: Statistics,
}

/// The organization's figures.
#[utoipa::path(get, path = "/api/instantly/stats", operation_id = "find_instantly_statistics", tag = "instantly", responses((status = 200, body = Answer<SeedStatistics>)), security(("session" = [])))]
pub async fn find_statistics(caller: Caller) -> Result<Answer<SeedStatistics>> {
    let all = caller.tenant.read(crate::campaign::find_statistics).await?;
    Ok(Answer::new(SeedStatistics {
        sent: all.counters.sent,
        opened: all.counters.opened,
        replied: all.counters.replied,
        open_rate: all.rates.open_rate,
        reply_rate: all.rates.reply_rate,
        all,
    }))
}

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SeedSearchParams {
    /// The words; see `/api/v1/search`.
    query: String,
    /// Rows of a window, 1 to 500; 50 if absent.
    limit: Option<usize>,
    /// Rows to pass over; 0 if absent.
    offset: Option<usize>,
}

/// Furthest row a search may start at; beyond it use `/api/v1/search` with a cursor.
const SEARCH_OFFSET_LIMIT: usize = 10_000;

/// Searches all messages, newest first.
#[utoipa::path(get, path = "/api/instantly/search/messages", tag = "instantly", params(SeedSearchParams), responses((status = 200, body = Window<Message>), (status = 400)), security(("session" = [])))]
pub async fn search_messages(caller: Caller, Params(params): Params<SeedSearchParams>) -> Result<Window<Message>> {
    let window = WindowParams { limit: params.limit.or(Some(50)), offset: params.offset };
    let (limit, offset) = window.parse()?;
    if offset > SEARCH_OFFSET_LIMIT {
        return Err(Error::invalid_field("offset", format!("offset must be at most {SEARCH_OFFSET_LIMIT}")));
    }
    let query = params.query.clone();
    let messages = crate::inbox::search_api::search_messages(&caller.tenant, params.query, limit, offset).await?;
    Ok(Window::new(messages, limit, offset).with_query(query))
}

/// Whether events arrive.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionHealth {
    /// The connection.
    connection_id: ConnectionId,
    /// Its name.
    name: String,
    /// When the last event came, UTC milliseconds; `null` before the first.
    last_event_at_ms: Option<i64>,
}

/// The state of the organization's link to Instantly.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstantlyHealth {
    /// `ok` once events arrive, `waiting` before, `not_connected` without a connection.
    status: &'static str,
    /// The connections.
    connections: Vec<ConnectionHealth>,
}

/// The state of the organization's link to Instantly.
#[utoipa::path(get, path = "/api/instantly/health", operation_id = "show_instantly_health", tag = "instantly", responses((status = 200, body = Answer<InstantlyHealth>)), security(("session" = [])))]
pub async fn show_health(State(app): State<App>, caller: Caller) -> Result<Answer<InstantlyHealth>> {
    let organization_id = caller.organization_id();
    let stored =
        app.control.read(move |connection| crate::connection::list_connections(connection, organization_id)).await?;
    let read = move |connection: &rusqlite::Connection| -> Result<Vec<ConnectionHealth>> {
        let mut health = Vec::with_capacity(stored.len());
        for known in stored {
            let (last_event_at_ms, _count) = crate::connection::find_status(connection, known.id)?;
            health.push(ConnectionHealth { connection_id: known.id, name: known.name, last_event_at_ms });
        }
        Ok(health)
    };
    let connections = caller.tenant.read(read).await?;
    let status = match connections.iter().map(|connection| connection.last_event_at_ms).max() {
        None => "not_connected",
        Some(None) => "waiting",
        Some(Some(_)) => "ok",
    };
    Ok(Answer::new(InstantlyHealth { status, connections }))
}
