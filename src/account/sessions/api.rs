//! Routes of an account's own sessions.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::device;
use crate::account::password_change::api::Done;
use crate::account::store;
use crate::app::App;
use crate::error::Result;
use crate::http::access::Identity;
use crate::http::extract::Id;
use crate::http::respond::{Answer, Page};
use crate::id::SessionId;

/// A browser or program that is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSession {
    /// Its id.
    id: SessionId,
    /// Browser and system, such as `Firefox, Linux`; empty if it does not say.
    device: String,
    /// Where it was last used from.
    address: String,
    /// What it calls itself.
    user_agent: String,
    /// When it started, UTC milliseconds.
    created_at_ms: i64,
    /// When it was last used, to the minute, UTC milliseconds.
    last_used_at_ms: i64,
    /// When it ends if it is not used, UTC milliseconds.
    expires_at_ms: i64,
    /// It is the one that asks.
    is_current: bool,
}

/// Where the account is signed in, the last used first.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "session", responses((status = 200, body = Page<OwnSession>)), security(("session" = [])))]
pub async fn list_sessions(State(app): State<App>, identity: Identity) -> Result<Page<OwnSession>> {
    let (id, now_ms) = (identity.standing.me.account.id, app.clock.now_ms());
    let rows = app.control.read(move |connection| store::list_sessions(connection, id, now_ms)).await?;
    let current = identity.standing.session_id();
    let show = |row: store::SessionRow| OwnSession {
        is_current: current == Some(row.id),
        id: row.id,
        device: device(&row.user_agent),
        address: row.address,
        user_agent: row.user_agent,
        created_at_ms: row.created_at_ms,
        last_used_at_ms: row.last_used_at_ms,
        expires_at_ms: row.expires_at_ms,
    };
    Ok(Page::whole(rows.into_iter().map(show).collect()))
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    /// So many.
    ended: usize,
}

/// Ends all sessions but this one.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", tag = "session", responses((status = 200, body = Answer<Ended>)), security(("session" = [])))]
pub async fn delete_sessions(State(app): State<App>, identity: Identity) -> Result<Answer<Ended>> {
    Ok(Answer::new(Ended { ended: app.end_other_sessions(&identity).await? }))
}

/// Ends one session.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", tag = "session", params(("id" = String, Path)), responses((status = 200, body = Answer<Done>), (status = 404)), security(("session" = [])))]
pub async fn delete_session(State(app): State<App>, identity: Identity, Id(id): Id<SessionId>) -> Result<Answer<Done>> {
    app.end_own_session(&identity, id).await?;
    Ok(Answer::new(Done {}))
}
