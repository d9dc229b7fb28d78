//! The live feed: one WebSocket per browser, carrying the organization's events with their sequence as cursor.
//!
//! A client that was away gives its last sequence in `since` and gets what it missed; if that is too much it gets a
//! `gap` and reads everything anew. Who it is follows from the `Authorization` header (programs), the cookie with an
//! `Origin` of our own (browsers: a foreign page's script would send the cookie too), or a first frame.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::access::{Identity, api_key, bearer, check_entry, cookie};
use super::extract::Params;
use crate::account::permission::Permission;
use crate::account::session::Client as Peer;
use crate::account::standing::{self, Standing, Via};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::store;
use crate::tenant::Tenant;
use crate::tenant::event_log::{self, Event};
use crate::tenant::live::FRAME_LIMIT;

/// A client further behind than this reads everything anew.
const MOST_MISSED: i64 = 5_000;
/// Pause between two beats; a client that hears nothing for twice as long may take the line for dead.
const BEAT: Duration = Duration::from_secs(20);
/// How long a client may take to say who it is.
const FIRST_FRAME: Duration = Duration::from_secs(10);

/// What a client asks for.
#[derive(Debug, Default, Deserialize)]
pub struct LiveParams {
    /// The last sequence the client has seen.
    since: Option<i64>,
    /// Comma-separated prefixes of event kinds; all if absent.
    #[serde(default)]
    topics: String,
}

/// `/api/v1/live`: every event.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", params(("since" = Option<i64>, Query, description = "last sequence seen"), ("topics" = Option<String>, Query, description = "comma-separated: conversations, campaigns, contacts, mailboxes")), responses((status = 101, description = "switches to WebSocket")))]
pub async fn live(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    Params(params): Params<LiveParams>,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let topics = kinds_of(&params.topics);
    accept(app, (peer, headers), (params.since, topics), upgrade).await
}

/// `/ws/conversations`: what concerns conversations.
pub async fn live_conversations(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    Params(params): Params<LiveParams>,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    accept(app, (peer, headers), (params.since, kinds_of("conversations")), upgrade).await
}

/// `/ws/campaigns`: what moves campaigns and their counters.
pub async fn live_campaigns(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    Params(params): Params<LiveParams>,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    accept(app, (peer, headers), (params.since, kinds_of("campaigns")), upgrade).await
}

/// The prefixes of event kinds a list of topics stands for.
fn kinds_of(topics: &str) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for topic in topics.split(',').map(str::trim) {
        kinds.extend_from_slice(match topic {
            "conversations" => &["message.", "conversation.", "contact."][..],
            "campaigns" => {
                &["campaign.", "message.", "contact.interest", "contact.unsubscribed", "contact.complained"][..]
            }
            "contacts" => &["contact."][..],
            "mailboxes" => &["mailbox.", "message."][..],
            _ => &[][..],
        });
    }
    kinds
}

async fn accept(
    app: App,
    (peer, headers): (Peer, HeaderMap),
    (since, kinds): (Option<i64>, Vec<&'static str>),
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let standing = match bearer(&headers).or_else(|| api_key(&headers)) {
        Some(token) => Some(app.find_bearer(token).await?.ok_or_else(unauthenticated)?),
        None => match cookie(&headers, &app.config) {
            Some(refresh_token) if is_own_origin(&headers, &app.config.public_url) => {
                app.find_session_by_cookie(&refresh_token).await?
            }
            _ => None,
        },
    };
    Ok(upgrade.max_message_size(64 * 1024).on_upgrade(move |socket| async move {
        app.metrics.live_connections.inc();
        let client = Client { app: Arc::clone(&app), peer, kinds, since };
        client.serve(socket, standing).await;
        app.metrics.live_connections.dec();
    }))
}

fn unauthenticated() -> Error {
    Error::new(Code::Unauthenticated, "sign in first")
}

/// Whether the page that opens the socket is our own.
fn is_own_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        // A proxy may pass on a host of its own; the page then comes from the public address.
        (Some(origin), _) if !public_url.is_empty() && origin == public_url => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_scheme, rest)| rest == host),
        _ => false,
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FromClient {
    Authenticate { access_token: String },
}

struct Client {
    app: App,
    peer: Peer,
    kinds: Vec<&'static str>,
    since: Option<i64>,
}

/// The socket is gone, or the client broke the protocol.
struct Gone;

impl Client {
    async fn serve(&self, mut socket: WebSocket, standing: Option<Standing>) {
        let standing = match standing {
            Some(standing) => standing,
            None => match self.wait_for_credentials(&mut socket).await {
                Some(standing) => standing,
                None => return refuse(socket).await,
            },
        };
        if check_entry(&standing, Permission::InboxRead).is_err() {
            return refuse(socket).await;
        }
        let Some(organization) = &standing.me.organization else { return refuse(socket).await };
        self.app.note_use(&standing, self.peer.clone());
        let Ok(tenant) = self.app.tenants.find(organization.id).await else { return };
        if standing.is_guest() {
            let identity = Identity { standing: standing.clone(), client: self.peer.clone() };
            if self.app.note_guest(&tenant, &identity, "/api/v1/live").await.is_err() {
                return;
            }
        }
        // The end of a feed is no error: browsers close tabs.
        let _gone = self.feed(socket, &tenant, standing).await;
    }

    async fn wait_for_credentials(&self, socket: &mut WebSocket) -> Option<Standing> {
        let frame = tokio::time::timeout(FIRST_FRAME, socket.recv()).await.ok()??.ok()?;
        let FromClient::Authenticate { access_token } = serde_json::from_str(frame.to_text().ok()?).ok()?;
        self.app.find_bearer(&access_token).await.ok()?
    }

    async fn feed(&self, mut socket: WebSocket, tenant: &Tenant, standing: Standing) -> std::result::Result<(), Gone> {
        let mut frames = tenant.live().listen();
        // Looked up again once listening: what was revoked since it was found would go unheard.
        let mut revoked = self.app.revoked_sessions.subscribe();
        if !self.is_signed_in(&standing, tenant).await {
            refuse(socket).await;
            return Err(Gone);
        }
        let head = tenant.head();
        let hello = json!({ "type": "hello", "sequence": head, "organization_id": tenant.id() });
        send(&mut socket, hello.to_string()).await?;
        let mut cursor = self.catch_up(&mut socket, tenant, self.since.unwrap_or(head), head).await?;
        let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + BEAT, BEAT);
        loop {
            tokio::select! {
                frame = frames.recv() => match frame {
                    Ok(events) => {
                        cursor = self.send_events(&mut socket, &events, cursor).await?;
                    }
                    Err(RecvError::Lagged(_)) => {
                        cursor = self.catch_up(&mut socket, tenant, cursor, tenant.head()).await?;
                    }
                    Err(RecvError::Closed) => return Err(Gone),
                },
                from_client = socket.recv() => match from_client {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                    Some(Ok(_)) => {}
                },
                id = revoked.recv() => match id {
                    Ok(id) if id != standing.via_id() => {}
                    // It is this one, or so many were changed that it may have been among them.
                    _ => if !self.is_signed_in(&standing, tenant).await {
                        refuse(socket).await;
                        return Err(Gone);
                    },
                },
                _tick = beat.tick() => {
                    if !self.is_signed_in(&standing, tenant).await {
                        refuse(socket).await;
                        return Err(Gone);
                    }
                    // A frame and no ping: a script sees no pings, and must notice a line that died in silence.
                    send(&mut socket, json!({ "type": "beat", "sequence": cursor }).to_string()).await?;
                }
            }
        }
    }

    /// Whether the session or key still stands with its rights in the same organization: one that has ended, or was
    /// revoked by another program on the folder, takes its feed with it, and so does switching to another organization.
    async fn is_signed_in(&self, standing: &Standing, tenant: &Tenant) -> bool {
        let (via, now_ms) = (standing.via.clone(), self.app.clock.now_ms());
        let found = self.app.control.read(move |connection| match via {
            Via::Session(id) => standing::find_by_session(connection, id, now_ms),
            Via::ApiKey(id, _name) => standing::find_by_key_id(connection, id, now_ms),
        });
        let Ok(Some(standing)) = found.await else { return false };
        let is_here = standing.me.organization.as_ref().is_some_and(|organization| organization.id == tenant.id());
        is_here && check_entry(&standing, Permission::InboxRead).is_ok()
    }

    /// Sends what lies between `since` and `head` from the log; or a gap if that is too much.
    async fn catch_up(
        &self,
        socket: &mut WebSocket,
        tenant: &Tenant,
        since: i64,
        head: i64,
    ) -> std::result::Result<i64, Gone> {
        if head.saturating_sub(since) > MOST_MISSED || since > head {
            send(socket, json!({ "type": "gap", "sequence": head }).to_string()).await?;
            return Ok(head);
        }
        let mut cursor = since;
        while cursor < head {
            let from = cursor;
            let events = tenant
                .read(move |connection| -> std::result::Result<_, store::Error> {
                    event_log::list_after(connection, from, FRAME_LIMIT)
                })
                .await
                .map_err(|_unreadable| Gone)?;
            let Some(last) = events.last().map(|event| event.sequence) else { break };
            self.send_events(socket, &events, cursor).await?;
            cursor = last;
        }
        Ok(cursor)
    }

    /// Sends the events after `cursor` that the client asked for.
    async fn send_events(
        &self,
        socket: &mut WebSocket,
        events: &[Event],
        cursor: i64,
    ) -> std::result::Result<i64, Gone> {
        let is_wanted = |event: &&Event| {
            event.sequence > cursor
                && (self.kinds.is_empty() || self.kinds.iter().any(|kind| event.kind.starts_with(kind)))
        };
        let wanted: Vec<&Event> = events.iter().filter(is_wanted).collect();
        let last = events.last().map_or(cursor, |event| event.sequence).max(cursor);
        if !wanted.is_empty() {
            let frame = json!({ "type": "events", "sequence": last, "events": wanted });
            send(socket, frame.to_string()).await?;
        }
        Ok(last)
    }
}

/// How long a client may take to accept a frame; one that does not read is let go.
const SEND: Duration = Duration::from_secs(10);

async fn send(socket: &mut WebSocket, text: String) -> std::result::Result<(), Gone> {
    match tokio::time::timeout(SEND, socket.send(Message::Text(Utf8Bytes::from(text)))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Gone),
    }
}

/// Policy violation: the code a client gets that did not say who it is.
async fn refuse(mut socket: WebSocket) {
    let frame = axum::extract::ws::CloseFrame { code: 1008, reason: "unauthenticated".into() };
    // The client may be gone already.
    drop(socket.send(Message::Close(Some(frame))).await);
}
