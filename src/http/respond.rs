//! The envelope: `{"success":true,"data":…}` and `{"success":false,"code":…,"detail":…}`; and what the log is to know of
//! an error.
//!
//! An error is logged once, by the layer around every request (`http::middleware`), because only that knows the request's
//! id: the answer carries a [`Failure`] there. Rejected: a span around each request, which costs every webhook for the sake
//! of the few that fail.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Code, Error};

/// A successful answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer<T> {
    /// Always `true`.
    success: bool,
    /// What was asked for.
    data: T,
}

impl<T> Answer<T> {
    /// Wraps `data`.
    pub const fn new(data: T) -> Self {
        Self { success: true, data }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// A successful answer that is one page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// Always `true`.
    success: bool,
    /// The rows.
    data: Vec<T>,
    /// How many rows this page has.
    count: usize,
    /// Pass it as `cursor` to get the next page; `null` at the end.
    next: Option<String>,
}

impl<T> Page<T> {
    /// A page; `next` leads to the one after it.
    pub const fn new(data: Vec<T>, next: Option<String>) -> Self {
        Self { success: true, count: data.len(), data, next }
    }

    /// A list that is whole.
    pub const fn whole(data: Vec<T>) -> Self {
        Self::new(data, None)
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// An answer that is one window of a list, as the seed routes have it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Window<T> {
    /// Always `true`.
    success: bool,
    /// The rows.
    data: Vec<T>,
    /// How many rows this window has.
    count: usize,
    /// The largest number of rows asked for.
    limit: usize,
    /// How many rows were passed over.
    offset: usize,
    /// The words searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// Pass it as `cursor` to get the next page, where the route has one; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> Window<T> {
    /// A window.
    pub const fn new(data: Vec<T>, limit: usize, offset: usize) -> Self {
        Self { success: true, count: data.len(), data, limit, offset, query: None, next: None }
    }

    /// Adds the way to the next page.
    #[must_use]
    pub fn with_next(self, next: Option<String>) -> Self {
        Self { next, ..self }
    }

    /// Adds the words searched for.
    #[must_use]
    pub fn with_query(self, query: String) -> Self {
        Self { query: Some(query), ..self }
    }
}

impl<T: Serialize> IntoResponse for Window<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Always `false`.
    success: bool,
    /// A word from a closed list.
    code: &'static str,
    /// A sentence for people.
    detail: String,
    /// The field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let failure = Failure::of(&self);
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_s = self.retry_after_s;
        let body =
            ErrorBody { success: false, code: self.code.as_str(), detail: self.detail.into_owned(), field: self.field };
        let mut response = (status, Json(body)).into_response();
        if let Some(retry_after_s) = retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        if self.code == Code::Unauthenticated {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(failure);
        response
    }
}

/// What the log is to know of an error; it travels with the answer and stays inside.
#[derive(Clone, Debug)]
pub struct Failure {
    code: Code,
    detail: Cow<'static, str>,
    causes: String,
}

impl Failure {
    fn of(error: &Error) -> Self {
        let causes = error.cause.as_deref().map_or_else(String::new, |cause| crate::error::chain(cause));
        Self { code: error.code, detail: error.detail.clone(), causes }
    }

    /// Logs it; what a client did wrong is only of interest when looking closely.
    pub fn log(&self, request_id: &str) {
        let Self { code, detail, causes } = self;
        let (code, status) = (code.as_str(), code.status());
        if status >= 500 {
            tracing::error!(request_id, code, causes, "a request failed");
        } else {
            tracing::debug!(request_id, code, %detail, causes, "a request was refused");
        }
    }
}
