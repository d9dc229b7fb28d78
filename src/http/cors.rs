//! Pages of other origins: none may read an answer, unless the setting `cors_origins` names their origin.
//!
//! Those that are named may call the API with a token or a key. They never get to the routes that take the session's
//! cookie, and credentials are never allowed: a page of another origin that could use the cookie would be our own page.
//! Without the setting there is no layer at all, and a browser's question is refused like any method that is not there.

use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::Config;

/// How long a browser may remember the answer to its question.
const REMEMBERED: Duration = Duration::from_mins(10);

/// The layer; `None` if no origin is named.
pub fn layer(config: &Config) -> Option<CorsLayer> {
    if config.cors_origins.is_empty() {
        return None;
    }
    let origins = config.cors_origins.clone();
    let is_allowed = move |origin: &HeaderValue, parts: &Parts| {
        is_open(parts.uri.path()) && origins.iter().any(|one| one.as_str().as_bytes() == origin.as_bytes())
    };
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("x-api-key")])
        .expose_headers([header::RETRY_AFTER, header::CONTENT_DISPOSITION, HeaderName::from_static("x-request-id")])
        .max_age(REMEMBERED);
    Some(layer)
}

/// Whether other origins may be let in: the API, without the routes that look at a cookie.
pub fn is_open(path: &str) -> bool {
    let takes_cookie = ["/auth/refresh", "/auth/logout", "/html", "/avatar", "/live"];
    path.starts_with("/api/") && !path.contains("/auth/oauth/") && !takes_cookie.iter().any(|end| path.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::access::Access;
    use crate::http::router::routes;

    #[test]
    fn no_route_that_takes_the_cookie_is_open() {
        let mut closed = 0;
        for route in routes().table() {
            let takes_cookie =
                matches!(route.access, Access::Own | Access::SessionOrCookie(_) | Access::AccountOrCookie);
            assert!(!takes_cookie || !is_open(route.path), "{} takes the cookie", route.path);
            closed += usize::from(takes_cookie);
        }
        assert!(closed > 4, "only {closed} routes");
        assert!(is_open("/api/v1/conversations") && !is_open("/webhooks/instantly/webhook") && !is_open("/metrics"));
    }
}
