//! Errors in the service's body shape.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An answer that is not the wanted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// The standard body.
    Standard(StatusCode, &'static str, String),
    /// The standard body with a text that never changes.
    Fixed(StatusCode, &'static str, &'static str),
    /// A body with only a message.
    Message(&'static str),
    /// A body with only an error.
    Error(&'static str),
    /// What the proxy in front answers to clients it takes for robots.
    Proxy,
    /// What the framework answers to a JSON content type without content.
    EmptyJson,
}

impl Problem {
    pub(super) const NOT_FOUND: Self = Self::Fixed(StatusCode::NOT_FOUND, "Not Found", "Resource not found");
    pub(super) const NO_KEY: Self =
        Self::Fixed(StatusCode::UNAUTHORIZED, "Unauthorized", "Missing Authorization header");
    pub(super) const BAD_KEY: Self =
        Self::Fixed(StatusCode::UNAUTHORIZED, "Unauthorized", "Invalid authorization header");
    pub(super) const NO_PLAN: Self =
        Self::Fixed(StatusCode::PAYMENT_REQUIRED, "Payment Required", "Workspace does not have an active paid plan");
    pub(super) const NO_SCOPE: Self = Self::Fixed(StatusCode::FORBIDDEN, "Forbidden", "Forbidden");
    pub(super) const RATE_LIMITED: Self =
        Self::Fixed(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests", "Rate limit exceeded");
    pub(super) const PROXY: Self = Self::Proxy;
    pub(super) const EMPTY_JSON: Self = Self::EmptyJson;

    /// A request that does not fit its schema.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::Standard(StatusCode::BAD_REQUEST, "Bad Request", message.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::Standard(status, error, message) => standard(status, error, &message),
            Self::Fixed(status, error, message) => standard(status, error, message),
            Self::Message(message) => (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response(),
            Self::Error(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response(),
            Self::Proxy => {
                let page = "<!doctype html><title>Access denied</title><p>error code: 1010</p>";
                (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "text/html; charset=UTF-8")], page).into_response()
            }
            Self::EmptyJson => {
                let body = json!({
                    "statusCode": 400,
                    "code": "FST_ERR_CTP_EMPTY_JSON_BODY",
                    "error": "Bad Request",
                    "message": "Body cannot be empty when content-type is set to 'application/json'",
                });
                (StatusCode::BAD_REQUEST, Json(body)).into_response()
            }
        }
    }
}

fn standard(status: StatusCode, error: &str, message: &str) -> Response {
    let body = json!({ "statusCode": status.as_u16(), "error": error, "message": message });
    (status, Json(body)).into_response()
}
