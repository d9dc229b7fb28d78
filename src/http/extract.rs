//! Extractors whose refusals are our errors: they name the field, and unknown ids look like missing records.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::body::is_too_slow;
use crate::error::{Code, Error};
use crate::store::page::Cursor;

/// The query string as `T`.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let query = parts.uri.query().unwrap_or("");
        let deserializer = serde_urlencoded::Deserializer::new(form_pairs(query));
        serde_path_to_error::deserialize(deserializer)
            .map(Self)
            .map_err(|error| field_error(&error.path().to_string(), error.inner()))
    }
}

fn form_pairs(query: &str) -> url::form_urlencoded::Parse<'_> {
    url::form_urlencoded::parse(query.as_bytes())
}

/// The JSON body as `T`.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// Largest JSON body of the API.
const BODY_LIMIT_BYTES: usize = 256 * 1024;

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::new(Code::UnsupportedMediaType, "send the body as application/json"));
        }
        let bytes = read_body(request, BODY_LIMIT_BYTES).await?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut deserializer)
            .map(Self)
            .map_err(|error| field_error(&error.path().to_string(), error.inner()))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    content_type.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json")
}

/// The whole body, up to `limit` bytes.
pub async fn read_body(request: Request, limit: usize) -> Result<bytes::Bytes, Error> {
    let too_large = || Error::new(Code::PayloadTooLarge, format!("the body is larger than {limit} bytes"));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(too_large());
    }
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        let is_limit = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if is_limit {
            too_large()
        } else if is_too_slow(&error) {
            Error::new(Code::RequestTimeout, "the body took too long to arrive")
        } else {
            Error::new(Code::BadRequest, "the body ended too early").because(error)
        }
    })
}

fn field_error(path: &str, error: &impl Display) -> Error {
    let error = without_value(&error.to_string());
    if path == "." {
        return Error::new(Code::BadRequest, format!("cannot read the request: {error}"));
    }
    let mut refused = Error::new(Code::InvalidField, format!("{path}: {error}"));
    refused.field = KNOWN_FIELDS.iter().find(|field| **field == path).copied();
    refused
}

/// The sentence of a parser without the value it quotes: that may be a password in the wrong place, and the sentence goes
/// into the log.
fn without_value(sentence: &str) -> String {
    let quotes = ["invalid type: ", "invalid value: ", "unknown variant "];
    let Some(start) = quotes.into_iter().find(|start| sentence.starts_with(start)) else { return sentence.to_owned() };
    let (found, expected) = sentence.rsplit_once(", expected ").unwrap_or((sentence, "another"));
    let kind = found.strip_prefix(start).unwrap_or("").split(['"', '`']).next().unwrap_or("").trim_end();
    let start = start.trim_end();
    let gap = if kind.is_empty() { "" } else { " " };
    format!("{start}{gap}{kind}, expected {expected}")
}

/// Fields an answer may name in `field`; the detail names any.
const KNOWN_FIELDS: &[&str] = &[
    "account_id",
    "action",
    "actor",
    "address",
    "before",
    "campaign_id",
    "category",
    "code",
    "contact_id",
    "cursor",
    "days",
    "email",
    "expires_at_ms",
    "expires_days",
    "is_second_factor_required",
    "entity",
    "format",
    "is_unread",
    "kind",
    "language",
    "limit",
    "mailbox_id",
    "name",
    "offset",
    "organization_id",
    "organization_name",
    "overlap_hours",
    "password",
    "permissions",
    "provider",
    "registration",
    "smtp",
    "token",
    "q",
    "query",
    "role",
    "role_id",
    "since",
    "sort",
    "staff_role",
    "state",
    "theme",
    "time_zone",
    "until",
    "view",
];

/// The `{id}` of the path; what is no id is answered like an id nobody has.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        // It fails for a part that is no UTF-8, which is no id either.
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_error| Error::not_found("record"))?;
        let text = params.iter().find(|(name, _value)| *name == "id").map_or("", |(_name, value)| value);
        text.parse().map(Self).map_err(|_not_an_id| Error::not_found("record"))
    }
}

/// The path's other id, of a record below the one of [`Id`]; answered in the same way.
#[derive(Debug)]
pub struct SubId<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for SubId<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_error| Error::not_found("record"))?;
        let text = params.iter().find(|(name, _value)| *name != "id").map_or("", |(_name, value)| value);
        text.parse().map(Self).map_err(|_not_an_id| Error::not_found("record"))
    }
}

/// Reads a list's `cursor`; absent means the newest.
pub fn parse_cursor(text: Option<&str>) -> Result<Cursor, Error> {
    match text {
        None | Some("") => Ok(Cursor::NEWEST),
        Some(text) => Cursor::decode(text).ok_or_else(|| {
            Error::invalid_field("cursor", "this cursor is not one of ours: leave it out to start again")
        }),
    }
}

/// Checks a list's `limit`.
pub fn parse_limit(limit: Option<usize>, default: usize, most: usize) -> Result<usize, Error> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(Error::invalid_field("limit", format!("limit must be between 1 and {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parser_quotes_is_not_passed_on() {
        for (sentence, expected) in [
            (
                "invalid type: string \"hunter2\", expected a map at line 1 column 9",
                "invalid type: string, expected a map at line 1 column 9",
            ),
            ("invalid type: string \"a, expected b\", expected u32", "invalid type: string, expected u32"),
            ("invalid type: integer `12345678`, expected a string", "invalid type: integer, expected a string"),
            (
                "invalid type: floating point `1.5`, expected a string",
                "invalid type: floating point, expected a string",
            ),
            ("invalid type: map, expected a string", "invalid type: map, expected a string"),
            ("invalid value: string \"x`y\", expected a time", "invalid value: string, expected a time"),
            ("unknown variant `hunter2`, expected `de` or `en`", "unknown variant, expected `de` or `en`"),
            ("missing field `email`", "missing field `email`"),
        ] {
            assert_eq!(without_value(sentence), expected);
        }
    }
}
