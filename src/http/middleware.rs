//! What happens around every request: an id, a log line, a count, and the headers every answer carries.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::drain;
use super::respond::Failure;
use crate::app::App;
use crate::config::Config;

/// Names the request in the log and in the answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Observes a request and completes its answer.
pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = app.ids.next_uuid().simple().to_string();
    let method = request.method().clone();
    // The route, not the path: paths hold tokens and ids.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let (request, remainder) = drain::keep_remainder(request, Duration::from_millis(app.config.body_limit_ms));
    let mut response = next.run(request).await;
    if let Some(remainder) = remainder {
        remainder.drain().await;
    }
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    app.metrics.count_request(&route, status, elapsed.as_secs_f64());
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        failure.log(&request_id);
    }
    let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    tracing::debug!(request_id, %method, route, status, elapsed_us, "request answered");
    if status >= 500 {
        tracing::warn!(request_id, %method, route, status, elapsed_us, "request answered with a server error");
    }
    complete(&mut response, &request_id, &app.config);
    response
}

/// What no page of ours uses.
const PERMISSIONS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
    hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()";
/// A year, for this host alone: the names below it are not ours to decide about.
const TRANSPORT: &str = "max-age=31536000";

fn complete(response: &mut Response, request_id: &str, config: &Config) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    // Pages bring their own; everything else can load and run nothing.
    let policy = headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    let is_framed = policy.to_str().is_ok_and(|policy| policy.contains("frame-ancestors 'self'"));
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, if is_framed { "SAMEORIGIN" } else { "DENY" }),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if config.public_url.starts_with("https://") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
