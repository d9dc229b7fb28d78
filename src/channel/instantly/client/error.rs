//! [`ClientError`]: what went wrong between us and Instantly, each cause distinct and with a next step for a person.
//!
//! The service says 401 for a revoked key, 403 for a missing scope, and its proxy says 403 in HTML to a program it takes
//! for a robot; treated alike, they send a person to the wrong place. Nothing here holds a key, an address or a body:
//! only the service's own sentence, shortened.

use std::time::Duration;

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {problem}")]
pub struct ClientError {
    /// The operation, by the service's name of it.
    pub operation: &'static str,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong the last time.
    #[source]
    pub problem: Problem,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// 400 or 422: the request does not fit.
    #[error("Instantly refused the request: {message}")]
    Invalid {
        /// The service's sentence.
        message: String,
    },
    /// 401: missing, revoked, malformed, or a key of API v1.
    #[error("Instantly does not accept the key")]
    KeyRefused,
    /// 402: no plan is paid.
    #[error("the workspace has no paid plan")]
    PlanMissing,
    /// 403: the key lacks the scope or the plan the feature.
    #[error("Instantly does not allow this: {message}")]
    Forbidden {
        /// The service's sentence.
        message: String,
        /// The scope the operation needs.
        scope: &'static str,
    },
    /// 403 in HTML: the proxy in front of the service did not let us through; it never saw the key.
    #[error("the proxy in front of Instantly refused this program")]
    Proxy {
        /// The proxy's own number, such as 1010.
        code: Option<u32>,
    },
    /// 404.
    #[error("Instantly does not know it")]
    NotFound,
    /// 409.
    #[error("it exists already: {message}")]
    Conflict {
        /// The service's sentence.
        message: String,
    },
    /// 413: too much was asked for.
    #[error("too much at once: {message}")]
    TooMuch {
        /// The service's sentence.
        message: String,
    },
    /// 429.
    #[error("the workspace's rate limit is used up")]
    RateLimited {
        /// How long the service asks to wait, if it says.
        retry_after: Option<Duration>,
    },
    /// 5xx.
    #[error("Instantly has a fault (HTTP {status})")]
    Unavailable {
        /// The status.
        status: u16,
        /// How long the service asks to wait, if it says.
        retry_after: Option<Duration>,
    },
    /// No connection, or it broke.
    #[error("Instantly cannot be reached")]
    Network {
        /// Whether the request may have arrived.
        is_sent: bool,
        /// The cause, without the address.
        #[source]
        source: reqwest::Error,
    },
    /// No answer in time.
    #[error("Instantly did not answer in time")]
    TimedOut,
    /// A good status, but the body is no JSON.
    #[error("the answer is not JSON (HTTP {status})")]
    NotJson {
        /// The status.
        status: u16,
    },
    /// JSON of another shape than documented.
    #[error("the answer is not as documented, at {place}")]
    Shape {
        /// Where in the answer.
        place: String,
    },
    /// 200 with an error in the body.
    #[error("Instantly answered with the error {message}")]
    Reported {
        /// The service's word or sentence.
        message: String,
    },
    /// A status nobody documented.
    #[error("Instantly answered with HTTP {status}")]
    UnexpectedStatus {
        /// The status.
        status: u16,
    },
    /// The answer is larger than we read.
    #[error("the answer is larger than {limit_bytes} bytes")]
    AnswerTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// A list that would never end.
    #[error("the list of Instantly repeats itself: a page named a cursor it had named before")]
    CursorRepeated,
    /// Something was sent that must not be sent twice, and nobody knows whether it arrived.
    #[error("it is not known whether Instantly did it")]
    Uncertain(#[source] Box<Problem>),
}

/// Whether the service did what it was asked to, as far as a failure tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It did not.
    NotDone,
    /// Nobody knows.
    Unknown,
}

impl Problem {
    /// A short name that does not change, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::KeyRefused => "key_refused",
            Self::PlanMissing => "plan_missing",
            Self::Forbidden { .. } => "forbidden",
            Self::Proxy { .. } => "proxy_refused",
            Self::NotFound => "not_found",
            Self::Conflict { .. } => "conflict",
            Self::TooMuch { .. } => "too_much",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Network { .. } => "network",
            Self::TimedOut => "timed_out",
            Self::NotJson { .. } => "not_json",
            Self::Shape { .. } => "unexpected_shape",
            Self::Reported { .. } => "reported",
            Self::UnexpectedStatus { .. } => "unexpected_status",
            Self::AnswerTooLarge { .. } => "answer_too_large",
            Self::CursorRepeated => "cursor_repeated",
            Self::Uncertain(_) => "uncertain",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::KeyRefused => {
                "Create a new key at Instantly under Settings, Integrations, API Keys (v2; keys of API v1 do not work) \
                 and enter it here."
            }
            Self::PlanMissing => "Choose a paid plan (Growth or higher) at Instantly under Settings, Billing.",
            Self::Forbidden { scope, .. } => {
                return format!(
                    "Create a key with the scope {scope} (or all:all) at Instantly; if it has that, the workspace's \
                     plan does not include this."
                );
            }
            Self::Proxy { code: Some(1010) } => {
                "This is no fault of the key: the proxy takes this program for a robot. Check whether a program \
                 between here and Instantly removes the User-Agent header; if not, tell Instantly's support the code 1010."
            }
            Self::Proxy { .. } => {
                "This is no fault of the key: the proxy blocks this address. Try again later, or from another network; \
                 if it stays, ask Instantly's support."
            }
            Self::NotFound => "It was deleted at Instantly or belongs to another workspace; synchronise.",
            Self::Invalid { .. } => "Change what the message names and try again.",
            Self::Conflict { .. } => "Choose another name, or use the one that exists.",
            Self::TooMuch { .. } => "Ask for fewer days or fewer mailboxes at once.",
            Self::RateLimited { .. } => {
                "Wait a minute. If it stays, another program uses the same workspace: its calls count as well."
            }
            Self::Unavailable { .. } | Self::TimedOut => "Try again in a few minutes; status.instantly.ai tells of outages.",
            Self::Network { .. } => "Check this machine's connection to the internet, its DNS and the setting instantly_url.",
            Self::NotJson { .. } | Self::UnexpectedStatus { .. } => {
                "Check the setting instantly_url: what answers there is not Instantly's API."
            }
            Self::Shape { .. } => "Instantly has changed its answer: look for a newer version of this program.",
            Self::Reported { .. } => "Look at the mailbox at Instantly; the word says what is wrong with it.",
            Self::AnswerTooLarge { .. } => "Ask for less at once.",
            Self::CursorRepeated => "Try again; if it stays, tell Instantly's support that paging repeats a cursor.",
            Self::Uncertain(_) => {
                "It is not sent again by itself. Look at Instantly whether it is there; only if not, send it again."
            }
        }
        .to_owned()
    }

    /// Whether the same call may work a moment later.
    pub(super) const fn is_temporary(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Network { .. } | Self::TimedOut)
    }

    /// How long the service asked to wait.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether it may have been done in spite of the failure.
    pub(super) const fn outcome(&self) -> Outcome {
        match self {
            Self::Unavailable { .. }
            | Self::Network { is_sent: true, .. }
            | Self::TimedOut
            | Self::NotJson { .. }
            | Self::Shape { .. }
            | Self::UnexpectedStatus { .. }
            | Self::AnswerTooLarge { .. }
            | Self::Uncertain(_) => Outcome::Unknown,
            _ => Outcome::NotDone,
        }
    }
}
