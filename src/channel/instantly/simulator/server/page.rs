//! Paging: `limit` and `starting_after` in, `items` and `next_starting_after` out.

use serde_json::{Value, json};

use super::answer::Problem;
use super::faults::{CursorFault, Faults};

/// Page size when none is asked for; the specification does not say, 10 was observed.
const DEFAULT_LIMIT: usize = 10;

/// Which page is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageRequest {
    pub(super) limit: usize,
    pub(super) starting_after: Option<String>,
    cursor: CursorFault,
}

/// Query parameters, in the order they came.
pub(super) type Query = Vec<(String, String)>;

/// A query parameter.
pub(super) fn parameter<'query>(query: &'query Query, name: &str) -> Option<&'query str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

impl PageRequest {
    /// From a query string.
    pub(super) fn from_query(query: &Query, faults: &Faults) -> Result<Self, Problem> {
        let limit = match parameter(query, "limit") {
            None => None,
            Some(text) => {
                let number = text.parse().ok();
                Some(number.ok_or_else(|| Problem::invalid("querystring/limit must be integer"))?)
            }
        };
        Self::new("querystring", limit, parameter(query, "starting_after"), faults)
    }

    /// From a body.
    pub(super) fn from_body(body: &Value, faults: &Faults) -> Result<Self, Problem> {
        let limit = match body.get("limit") {
            None | Some(Value::Null) => None,
            Some(limit) => Some(limit.as_i64().ok_or_else(|| Problem::invalid("body/limit must be integer"))?),
        };
        Self::new("body", limit, body.get("starting_after").and_then(Value::as_str), faults)
    }

    fn new(place: &str, limit: Option<i64>, starting_after: Option<&str>, faults: &Faults) -> Result<Self, Problem> {
        let limit = match limit {
            None => DEFAULT_LIMIT,
            Some(limit) if limit < 1 => {
                return Err(Problem::invalid(format!("{place}/limit must be >= 1")));
            }
            Some(limit) if limit > 100 && faults.is_empty_above_limit => 0,
            Some(limit) if limit > 100 => {
                return Err(Problem::invalid(format!("{place}/limit must be <= 100")));
            }
            Some(limit) => usize::try_from(limit).unwrap_or(DEFAULT_LIMIT),
        };
        Ok(Self { limit, starting_after: starting_after.map(str::to_owned), cursor: faults.cursor })
    }

    /// Cuts the page out of a list. `cursor` names an entry, `object` shows it. A cursor that names nothing gives an empty page.
    pub(super) fn cut<T>(&self, entries: &[T], cursor: impl Fn(&T) -> String, object: impl Fn(&T) -> Value) -> Value {
        let begin = match &self.starting_after {
            None => 0,
            Some(after) => {
                entries.iter().position(|entry| cursor(entry) == *after).map_or(entries.len(), |position| position + 1)
            }
        };
        let begin = match self.cursor {
            CursorFault::Overlapping => begin.saturating_sub(1),
            CursorFault::Repeated => 0,
            CursorFault::None | CursorFault::Missing => begin,
        };
        let rest = entries.get(begin..).unwrap_or_default();
        let page = rest.get(..self.limit).unwrap_or(rest);
        let items: Vec<Value> = page.iter().map(object).collect();
        match page.last() {
            Some(_) if self.cursor == CursorFault::Repeated => {
                json!({ "items": items, "next_starting_after": "again" })
            }
            Some(last) if rest.len() > page.len() && self.cursor != CursorFault::Missing => {
                json!({ "items": items, "next_starting_after": cursor(last) })
            }
            _ => json!({ "items": items }),
        }
    }
}
