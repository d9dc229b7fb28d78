//! Reads what a refused request still sends, so that the refusal arrives.
//!
//! A server that answers and closes while the client is still sending makes the client's system throw the answer away
//! with a reset: the sender of a body that is too large, or of a webhook with a wrong secret, would see a broken
//! connection instead of the reason. So the rest is read and dropped before the answer leaves, up to
//! [`DRAIN_LIMIT_BYTES`] and [`DRAIN_TIME_MS`]: who sends more than that gets the reset.
//!
//! Rejected: doing it where bodies are read, because most refusals happen before anything reads.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header;

use super::body::TimedBody;

/// Most bytes read for nothing.
const DRAIN_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// Longest time spent on it.
const DRAIN_TIME_MS: u64 = 5_000;

/// The body of a request that is being handled; what the handler leaves is still there.
pub struct Remainder(SharedBody);

#[derive(Clone)]
struct SharedBody(Arc<Mutex<TimedBody>>);

impl HttpBody for SharedBody {
    type Data = bytes::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}

/// Limits the time a body may take, and splits off a handle to it; `None` if there is no body, or if the client waits for
/// a word before it sends one.
pub fn keep_remainder(request: Request, limit: Duration) -> (Request, Option<Remainder>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    let body = TimedBody::new(body, limit);
    if parts.headers.contains_key(header::EXPECT) {
        return (Request::from_parts(parts, Body::new(body)), None);
    }
    let shared = SharedBody(Arc::new(Mutex::new(body)));
    (Request::from_parts(parts, Body::new(shared.clone())), Some(Remainder(shared)))
}

impl Remainder {
    /// Reads the rest within the limits.
    pub async fn drain(mut self) {
        if self.0.is_end_stream() {
            return;
        }
        let read = async {
            let mut bytes = 0_usize;
            while bytes <= DRAIN_LIMIT_BYTES
                && let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut self.0).poll_frame(context)).await
            {
                bytes = bytes.saturating_add(frame.data_ref().map_or(0, bytes::Bytes::len));
            }
        };
        // Out of time: the connection is closed under a client that is still sending.
        let _is_late = tokio::time::timeout(Duration::from_millis(DRAIN_TIME_MS), read).await;
    }
}
