//! Making a call: turn, attempt, answer, and whether to try again.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::call::Call;
use super::error::{ClientError, Outcome, Problem};
use super::operation::{Method, Repeat};
use super::{Client, Shared};

/// How much of the service's sentence is kept.
const MESSAGE_LIMIT_CHARS: usize = 300;

/// What an attempt brought.
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Client {
    /// Makes a call and reads its answer.
    pub(super) async fn send<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ClientError> {
        self.attempt_all(call, read).await
    }

    /// Makes a call whose answer says nothing we need.
    pub(super) async fn send_only(&self, call: &Call) -> Result<(), ClientError> {
        self.attempt_all(call, |_body| Ok(())).await
    }

    /// Makes a call whose answer need not be JSON.
    pub(super) async fn send_any(&self, call: &Call) -> Result<Value, ClientError> {
        self.attempt_all(call, |body| Ok(serde_json::from_slice(body).unwrap_or_default())).await
    }

    /// Deletes. What is gone at a second attempt was deleted by the first.
    pub(super) async fn send_delete(&self, call: &Call) -> Result<(), ClientError> {
        match self.send_only(call).await {
            Err(ClientError { problem: Problem::NotFound, attempts: 2.., .. }) => Ok(()),
            outcome => outcome,
        }
    }

    async fn attempt_all<T>(&self, call: &Call, read: impl Fn(&Bytes) -> Result<T, Problem>) -> Result<T, ClientError> {
        let operation = call.operation;
        let mut attempts = 1;
        loop {
            let outcome = match self.attempt(call).await {
                Ok(body) => read(&body),
                Err(problem) => Err(problem),
            };
            let problem = match outcome {
                Ok(answer) => return Ok(answer),
                Err(problem) => problem,
            };
            let is_uncertain = operation.repeat == Repeat::Never && problem.outcome() == Outcome::Unknown;
            let wait = wait_before(&self.shared, &problem, attempts);
            tracing::debug!(operation = operation.id, attempts, problem = problem.code(), "instantly call failed");
            if is_uncertain {
                let problem = Problem::Uncertain(Box::new(problem));
                return Err(ClientError { operation: operation.id, attempts, problem });
            }
            let Some(wait) = wait else {
                return Err(ClientError { operation: operation.id, attempts, problem });
            };
            if matches!(problem, Problem::RateLimited { .. }) {
                // Everybody who calls this workspace waits: their calls would be refused too.
                self.shared.limiter.close_for(operation.budget, wait);
            }
            tokio::time::sleep(wait).await;
            attempts += 1;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Bytes, Problem> {
        let shared = &self.shared;
        let no_id = |_no_id| Problem::Invalid { message: "an id is empty or no id".to_owned() };
        let url = call.url(&shared.base).map_err(no_id)?;
        let method = match call.operation.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = shared.http.request(method, url);
        if let Some(body) = &call.body {
            // The service refuses a JSON content type without content, so there is one only here.
            request = request.json(body);
        }
        let mut permit = shared.limiter.acquire(call.operation.budget, self.priority).await;
        permit.mark_used();
        let reply = exchange(shared, request).await;
        drop(permit);
        classify(&reply?, call, shared)
    }
}

async fn exchange(shared: &Shared, request: reqwest::RequestBuilder) -> Result<Reply, Problem> {
    let mut response = request.send().await.map_err(failed)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let limit_bytes = shared.config.answer_limit_bytes;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len().saturating_add(chunk.len()) > limit_bytes {
            return Err(Problem::AnswerTooLarge { limit_bytes });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, headers, body: body.into() })
}

fn failed(error: reqwest::Error) -> Problem {
    if error.is_timeout() && !error.is_connect() {
        return Problem::TimedOut;
    }
    // The address can hold a lead's e-mail address.
    Problem::Network { is_sent: !error.is_connect() && !error.is_builder(), source: error.without_url() }
}

fn classify(reply: &Reply, call: &Call, shared: &Shared) -> Result<Bytes, Problem> {
    let status = reply.status;
    let parsed = || serde_json::from_slice::<Value>(&reply.body).ok();
    if (200..300).contains(&status) {
        let reported = parsed().and_then(|body| reported_error(&body));
        return reported.map_or_else(|| Ok(reply.body.clone()), |message| Err(Problem::Reported { message }));
    }
    let message = || parsed().map_or_else(String::new, |body| message_of(&body));
    let retry_after = || retry_after(&reply.headers, shared.clock.now_ms());
    Err(match status {
        400 | 422 => Problem::Invalid { message: message() },
        401 => Problem::KeyRefused,
        402 => Problem::PlanMissing,
        403 if is_html(reply) => Problem::Proxy { code: proxy_code(&reply.body) },
        403 => Problem::Forbidden { message: message(), scope: call.operation.scope },
        404 => Problem::NotFound,
        409 => Problem::Conflict { message: message() },
        413 => Problem::TooMuch { message: message() },
        429 => Problem::RateLimited { retry_after: retry_after() },
        500..=599 => Problem::Unavailable { status, retry_after: retry_after() },
        _ => Problem::UnexpectedStatus { status },
    })
}

/// The error in an answer that calls itself good.
fn reported_error(body: &Value) -> Option<String> {
    let fields = body.as_object()?;
    let error = fields.get("error")?.as_str()?;
    let is_failure = fields.len() == 1 || fields.get("statusCode").is_some_and(|code| code.as_u64() >= Some(400));
    is_failure.then(|| shorten(error))
}

/// The sentence of an error body: `message`, or `error` where that is all there is.
fn message_of(body: &Value) -> String {
    let field = |name| body.get(name).and_then(Value::as_str);
    shorten(field("message").or_else(|| field("error")).unwrap_or_default())
}

fn shorten(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MESSAGE_LIMIT_CHARS).collect()
}

fn is_html(reply: &Reply) -> bool {
    let content_type = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.starts_with("text/html") || reply.body.trim_ascii_start().starts_with(b"<")
}

fn proxy_code(body: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once("error code:")?;
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The header, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    Some(Duration::from_millis(u64::try_from(at.saturating_sub(now_ms)).unwrap_or(0)))
}

/// How long to wait before the next attempt; `None` if there is none.
fn wait_before(shared: &Shared, problem: &Problem, attempts: u32) -> Option<Duration> {
    let config = &shared.config;
    if !problem.is_temporary() || attempts >= config.attempts {
        return None;
    }
    if let Some(asked) = problem.retry_after() {
        return (asked <= config.longest_wait).then_some(asked);
    }
    let doubled = config.first_wait.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    // Half fixed, half random: callers that failed together do not come back together.
    Some(doubled.min(config.longest_wait).mul_f64(0.5 + rand::random::<f64>() / 2.0))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let is_shape = error.inner().is_data();
        if is_shape { Problem::Shape { place: error.path().to_string() } } else { Problem::NotJson { status: 200 } }
    })
}

/// Reads one entry of a list.
pub(super) fn read_item<T: DeserializeOwned>(item: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(item).map_err(|error| Problem::Shape { place: error.path().to_string() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_wait_the_service_asks_for_is_read() {
        let wait = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, 784_111_777_000)
        };
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:47 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn errors_in_good_answers_are_seen() {
        assert_eq!(reported_error(&json!({ "error": "ACC_AUTH_ERROR" })).as_deref(), Some("ACC_AUTH_ERROR"));
        assert!(reported_error(&json!({ "statusCode": 500, "error": "x", "message": "y" })).is_some());
        for good in
            [json!({ "success": true, "error": null }), json!({ "success": false, "error": "timeout" }), json!([])]
        {
            assert_eq!(reported_error(&good), None, "{good}");
        }
    }

    #[test]
    fn sentences_are_shortened_and_codes_found() {
        assert_eq!(message_of(&json!({ "message": "a\u{1b}b" })), "ab");
        assert_eq!(message_of(&json!({ "error": "only" })), "only");
        assert_eq!(shorten(&"x".repeat(1000)).len(), MESSAGE_LIMIT_CHARS);
        assert_eq!(proxy_code(b"<p>error code: 1010</p>"), Some(1010));
        assert_eq!(proxy_code(b"<p>nothing</p>"), None);
    }
}
