//! The one error that reaches the edge: a code from a closed list, a message for the public, a cause for the log.
//!
//! The cause never leaves the program. It is logged once, around the request (`http::middleware`), so nothing in between
//! logs it as well.

use std::borrow::Cow;

use crate::store;

/// The closed list of codes, each with the HTTP status it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request is malformed as a whole.
    BadRequest,
    /// One named field is wrong.
    InvalidField,
    /// No valid credentials.
    Unauthenticated,
    /// Valid credentials without the right.
    Forbidden,
    /// The account is in no organization.
    NoOrganization,
    /// The organization asks for a second factor that the account lacks.
    SecondFactorNeeded,
    /// Nobody may register, or not without an invitation.
    RegistrationClosed,
    /// The mail server did not take a mail.
    MailFailed,
    /// Without it the account could not be signed in to any more.
    LastWayIn,
    /// No such record in this organization.
    NotFound,
    /// No such route.
    NoSuchRoute,
    /// The route exists, not with this method.
    MethodNotAllowed,
    /// The record is in a state that does not allow it, or exists already.
    Conflict,
    /// The body did not arrive in time.
    RequestTimeout,
    /// The organization would be left without an owner.
    LastOwner,
    /// Someone has the role, or is invited to it.
    RoleInUse,
    /// The body is larger than allowed.
    PayloadTooLarge,
    /// The body's type is not understood here.
    UnsupportedMediaType,
    /// Too many attempts.
    RateLimited,
    /// The appliance has no owner yet.
    SetupNeeded,
    /// The disk is full.
    StorageFull,
    /// Something is starting, stopping or being rebuilt.
    Unavailable,
    /// Our fault.
    Internal,
}

impl Code {
    /// The word in the answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::InvalidField => "invalid_field",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NoOrganization => "no_organization",
            Self::SecondFactorNeeded => "second_factor_needed",
            Self::RegistrationClosed => "registration_closed",
            Self::MailFailed => "mail_failed",
            Self::LastWayIn => "last_way_in",
            Self::NotFound => "not_found",
            Self::NoSuchRoute => "no_such_route",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::RequestTimeout => "request_timeout",
            Self::LastOwner => "last_owner",
            Self::RoleInUse => "role_in_use",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RateLimited => "rate_limited",
            Self::SetupNeeded => "setup_needed",
            Self::StorageFull => "storage_full",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::InvalidField | Self::MailFailed => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden | Self::NoOrganization | Self::SecondFactorNeeded | Self::RegistrationClosed => 403,
            Self::NotFound | Self::NoSuchRoute => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Conflict | Self::LastOwner | Self::LastWayIn | Self::RoleInUse | Self::SetupNeeded => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited => 429,
            Self::StorageFull | Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

/// An error on its way to the client.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// What kind.
    pub code: Code,
    /// A sentence for the public.
    pub detail: Cow<'static, str>,
    /// The field it is about.
    pub field: Option<&'static str>,
    /// After how many seconds it is worth another try.
    pub retry_after_s: Option<u64>,
    /// The cause, for the log only.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What handlers answer with.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with a code and a sentence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), field: None, retry_after_s: None, cause: None }
    }

    /// One field is wrong.
    pub fn invalid_field(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field), ..Self::new(Code::InvalidField, detail) }
    }

    /// There is no such record here.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    /// Our fault, with the cause for the log.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(Code::Internal, "something went wrong on our side") }
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let public = match &error {
            store::Error::Full(_) => {
                Self::new(Code::StorageFull, "the disk is full: nothing was stored, free some space and send it again")
            }
            store::Error::TimedOut => Self::new(Code::Unavailable, "the query took too long: narrow it down"),
            store::Error::Closed | store::Error::Busy(_) | store::Error::NoReader(_) => {
                Self::new(Code::Unavailable, "the data is not available at the moment: try again")
            }
            _ => Self::new(Code::Internal, "something went wrong on our side"),
        };
        public.because(error)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        store::Error::from(error).into()
    }
}

/// An error with all its causes, in one line for the log.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
