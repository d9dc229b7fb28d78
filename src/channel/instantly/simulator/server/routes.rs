//! What each route does, one file per kind of object.

pub(super) mod account;
pub(super) mod campaign;
pub(super) mod email;
pub(super) mod lead;
pub(super) mod rest;
pub(super) mod webhook;

use axum::Json;
use axum::body::Bytes;
use serde_json::{Value, json};

use super::Workspace;
use super::answer::Problem;
use super::page::{PageRequest, Query};

pub(super) type Answer = Result<Json<Value>, Problem>;

pub(super) async fn no_route() -> Problem {
    Problem::NOT_FOUND
}

/// The body as JSON; nothing is an empty object.
pub(super) fn body_of(body: &Bytes) -> Result<Value, Problem> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).ok().ok_or_else(|| Problem::invalid("Body is not valid JSON"))
}

/// A text that must be in the body.
fn required<'body>(body: &'body Value, name: &str) -> Result<&'body str, Problem> {
    let missing = || Problem::invalid(format!("body must have required property '{name}'"));
    let value = body.get(name).ok_or_else(missing)?;
    value.as_str().ok_or_else(|| Problem::invalid(format!("body/{name} must be string")))
}

/// The texts of a list that must be in the body.
fn required_list(body: &Value, name: &str, most: usize) -> Result<Vec<String>, Problem> {
    let missing = || Problem::invalid(format!("body must have required property '{name}'"));
    let list = body.get(name).and_then(Value::as_array).ok_or_else(missing)?;
    if list.is_empty() {
        return Err(Problem::invalid(format!("body/{name} must NOT have fewer than 1 items")));
    }
    if list.len() > most {
        return Err(Problem::invalid(format!("body/{name} must NOT have more than {most} items")));
    }
    Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// A page of objects that are kept as they are shown.
fn page_of(workspace: &Workspace, query: &Query, entries: &[Value]) -> Answer {
    let page = PageRequest::from_query(query, &workspace.0.faults.get())?;
    let name = |entry: &Value| entry.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Json(page.cut(entries, name, Value::clone)))
}

/// The object with an id.
fn find_in(entries: &[Value], id: &str) -> Answer {
    let found = entries.iter().find(|entry| entry.get("id").and_then(Value::as_str) == Some(id));
    found.cloned().map(Json).ok_or(Problem::NOT_FOUND)
}

/// Sets a field of an object.
fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value.into());
    }
}

/// A text field of an object.
fn text<'object>(object: &'object Value, name: &str) -> &'object str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
