//! What stands before every route: the proxy in front, the key, the plan, the scope, the rate limits, the framework's
//! dislike of empty JSON, and the faults that are switched on.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::Instant;

use super::Workspace;
use super::answer::Problem;
use super::faults::{Dropped, Failure, Faults};
use super::traffic::Exchange;

/// Largest body, both ways.
const BODY_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// A request taken apart.
struct Asked {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

pub(super) async fn guard(State(workspace): State<Workspace>, request: Request, next: Next) -> Response {
    // A task of its own: a caller who gives up waiting takes nothing back that was begun.
    let answering = tokio::spawn(answer(workspace, request, next));
    answering.await.unwrap_or_else(|_panicked| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn answer(workspace: Workspace, request: Request, next: Next) -> Response {
    let at = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT_BYTES).await else {
        return Problem::invalid("Request body is too large").into_response();
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let path = parts.uri.path().to_owned();
    let asked = Asked { method: parts.method.clone(), path, headers: parts.headers.clone(), body: body.clone() };
    let faults = workspace.0.faults.get();
    if faults.slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(faults.slow_ms)).await;
    }
    let response = match check(&workspace, &asked, &faults) {
        Err(problem) => problem.into_response(),
        Ok(()) => match workspace.0.faults.take_failure(&asked.path) {
            None => next.run(Request::from_parts(parts, Body::from(body))).await,
            Some(failing) => {
                if failing.is_done_first {
                    drop(next.run(Request::from_parts(parts, Body::from(body))).await);
                }
                fail(&failing)
            }
        },
    };
    keep(&workspace, at, asked, query, response).await
}

fn check(workspace: &Workspace, asked: &Asked, faults: &Faults) -> Result<(), Problem> {
    let text = |name| asked.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent = text(USER_AGENT);
    if faults.is_proxy_refusing || agent.is_empty() || agent.starts_with("Python-urllib") {
        return Err(Problem::PROXY);
    }
    let is_email_list = asked.method == Method::GET && asked.path == "/emails";
    if !workspace.0.traffic.admit(is_email_list) {
        return Err(Problem::RATE_LIMITED);
    }
    if !asked.headers.contains_key(AUTHORIZATION) {
        return Err(Problem::NO_KEY);
    }
    let store = workspace.0.store.lock();
    let key = text(AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default();
    let scopes = store.scopes_of(key).ok_or(Problem::BAD_KEY)?;
    if !store.is_paid {
        return Err(Problem::NO_PLAN);
    }
    if !is_allowed(scopes, &asked.method, &asked.path) {
        return Err(Problem::NO_SCOPE);
    }
    if text(CONTENT_TYPE).starts_with("application/json") && asked.body.is_empty() && asked.method != Method::GET {
        return Err(Problem::EMPTY_JSON);
    }
    Ok(())
}

/// Whether one of the scopes opens the operation.
fn is_allowed(scopes: &[String], method: &Method, path: &str) -> bool {
    let (resource, verb) = scope_of(method, path);
    let opens = |scope: &String| {
        let (of, may) = scope.split_once(':').unwrap_or((scope, ""));
        (of == "all" || of == resource) && (may == "all" || may == verb)
    };
    scopes.iter().any(opens)
}

fn scope_of(method: &Method, path: &str) -> (String, &'static str) {
    let first = path.split('/').nth(1).unwrap_or_default();
    let resource = match first {
        "background-jobs" | "lead-labels" => first.to_owned(),
        "block-lists-entries" => "block_list_entries".to_owned(),
        _ => first.replace('-', "_"),
    };
    let verb = match (method.as_str(), path) {
        ("GET", _) | ("POST", "/leads/list" | "/accounts/warmup-analytics" | "/accounts/test/vitals") => "read",
        ("POST", "/webhooks" | "/leads/add" | "/emails/reply" | "/emails/forward" | "/block-lists-entries") => "create",
        ("DELETE", _) => "delete",
        _ => "update",
    };
    (resource, verb)
}

fn fail(faults: &Faults) -> Response {
    let status = StatusCode::from_u16(faults.failure_status).ok().filter(|status| status.as_u16() >= 400);
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match faults.failure {
        Failure::Standard => Problem::Standard(
            status,
            status.canonical_reason().unwrap_or("Error"),
            "The simulator was told to fail".to_owned(),
        )
        .into_response(),
        Failure::Html => {
            let page = "<!doctype html><title>Error</title><h1>The web server reported an error</h1>";
            (status, [(CONTENT_TYPE, "text/html; charset=UTF-8")], page).into_response()
        }
        Failure::Reported => axum::Json(serde_json::json!({ "error": "ACC_UNKNOWN_ERROR" })).into_response(),
        Failure::Garbage => "<nothing a program can read".into_response(),
        Failure::Drop => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Dropped);
            response
        }
    };
    if let Some(seconds) = faults.retry_after_s {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Keeps the exchange and gives the answer on.
async fn keep(workspace: &Workspace, at: Instant, asked: Asked, query: String, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let answer = axum::body::to_bytes(body, BODY_LIMIT_BYTES).await.unwrap_or_default();
    let is_dropped = parts.extensions.get::<Dropped>().is_some();
    workspace.0.traffic.keep(Exchange {
        at,
        method: asked.method.to_string(),
        path: asked.path,
        query,
        content_type: asked.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned),
        body: serde_json::from_slice(&asked.body).ok(),
        status: if is_dropped { 0 } else { parts.status.as_u16() },
        answer: serde_json::from_slice::<Value>(&answer).ok(),
    });
    Response::from_parts(parts, Body::from(answer))
}
