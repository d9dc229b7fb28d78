//! A request's body with a limit on the time it takes to arrive: someone who sends a byte a minute must not hold a
//! connection, and what waits for it, for ever.
//!
//! The time starts when a reader first has to wait, so a body that came with its headers costs no timer. Rejected: a limit
//! between two parts only, which a byte a minute keeps; a time limit on whole requests, because some answers take long.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use tokio::time::{Sleep, sleep};

/// The body took too long to arrive.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body did not arrive within the time limit")]
pub struct TooSlow;

/// The body.
pub struct TimedBody {
    body: Body,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    is_late: bool,
}

impl TimedBody {
    /// Limits the time of a body.
    pub const fn new(body: Body, limit: Duration) -> Self {
        Self { body, limit, timer: None, is_late: false }
    }
}

impl HttpBody for TimedBody {
    type Data = bytes::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        let body = &mut *self;
        if body.is_late {
            return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
        }
        // The timer first: a sender that always has a byte ready must not outrun it.
        if let Some(timer) = &mut body.timer
            && timer.as_mut().poll(context).is_ready()
        {
            body.is_late = true;
            return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
        }
        let polled = Pin::new(&mut body.body).poll_frame(context);
        if polled.is_pending() && body.timer.is_none() {
            let timer = body.timer.insert(Box::pin(sleep(body.limit)));
            // Asked once, so that it wakes this reader.
            body.is_late = timer.as_mut().poll(context).is_ready();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

/// Whether a body could not be read because it took too long.
pub fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<TooSlow>() {
            return true;
        }
        next = error.source();
    }
    false
}
