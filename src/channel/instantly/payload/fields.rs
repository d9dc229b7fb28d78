//! Reading single fields of a flat payload: what is there is taken in any form that has one meaning, what has none is
//! left out with a remark.
//!
//! Texts lose NUL characters, which `SQLite` tools and terminals cut at, and are bounded; message bodies are bounded by
//! the size of the request alone. Rejected: a generic "lenient" deserializer, because what is lenient differs by field.

use serde_json::{Map, Value};

/// Characters a name, subject or id may have.
pub(super) const SHORT_TEXT: usize = 1_000;
/// Characters a lead variable or an address of a page may have.
pub(super) const LONG_TEXT: usize = 10_000;
/// Highest step or variant taken for real.
const MAX_POSITION: i64 = 10_000;

/// The fields of one payload, and what was odd about them.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    remarks: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(map: &'a Map<String, Value>) -> Self {
        Self { map, remarks: Vec::new() }
    }

    pub(super) fn into_remarks(self) -> Vec<&'static str> {
        self.remarks
    }

    /// Notes something odd, once.
    pub(super) fn remark(&mut self, remark: &'static str) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// All fields in the order of the payload.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        self.map.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The field as sent; `None` if it is missing or null.
    pub(super) fn raw(&self, field: &str) -> Option<&'a Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    /// A text or number as text, trimmed; `None` for everything else. Leaves no remark.
    pub(super) fn peek_text(&self, field: &str) -> Option<String> {
        match self.raw(field)? {
            value @ (Value::String(_) | Value::Number(_)) => Some(scalar_text(value)).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// A text or number as text, trimmed and at most `limit` characters long.
    pub(super) fn text(&mut self, field: &str, limit: usize) -> Option<String> {
        let text = self.peek_text(field);
        if text.is_none() && matches!(self.raw(field), Some(Value::Bool(_) | Value::Array(_) | Value::Object(_))) {
            self.remark("field of a wrong type ignored");
        }
        text.map(|text| self.bound(text, limit))
    }

    /// The text of a message, as sent but for NUL characters; `None` if it is blank.
    pub(super) fn body(&mut self, field: &str) -> Option<String> {
        match self.raw(field)? {
            Value::String(text) if text.chars().all(is_blank) => None,
            Value::String(text) => Some(text.replace('\0', "")),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.remark("field of a wrong type ignored");
                None
            }
        }
    }

    /// A number counted from 1: as number, as text, or as a letter (`A` is 1).
    pub(super) fn position(&mut self, field: &str, remark: &'static str) -> Option<i64> {
        let text = scalar_text(self.raw(field)?);
        if text.is_empty() {
            return None;
        }
        let position = parse_position(&text);
        if position.is_none() {
            self.remark(remark);
        }
        position
    }

    /// A truth value: as such, as 0 or 1, or as text.
    pub(super) fn flag(&mut self, field: &str, remark: &'static str) -> Option<bool> {
        let text = scalar_text(self.raw(field)?).to_ascii_lowercase();
        match text.as_str() {
            "" => None,
            "true" | "1" | "1.0" | "yes" => Some(true),
            "false" | "0" | "0.0" | "no" => Some(false),
            _ => {
                self.remark(remark);
                None
            }
        }
    }

    /// Cuts a text that is too long, with a remark.
    pub(super) fn bound(&mut self, mut text: String, limit: usize) -> String {
        if let Some((end, _)) = text.char_indices().nth(limit) {
            text.truncate(end);
            self.remark("long text cut");
        }
        text
    }
}

/// A value as text: texts trimmed and without NUL, numbers and truth values as JSON writes them, nested values as
/// compact JSON, null as nothing.
pub(super) fn scalar_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace('\0', "").trim().to_owned(),
        other => other.to_string(),
    }
}

/// What a value is, for messages.
pub(super) const fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\0'
}

fn parse_position(text: &str) -> Option<i64> {
    let mut chars = text.chars();
    if let (Some(letter @ ('a'..='z' | 'A'..='Z')), None) = (chars.next(), chars.next()) {
        return Some(i64::from(u32::from(letter.to_ascii_lowercase()) - u32::from('a')) + 1);
    }
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    whole.parse().ok().filter(|position| (1..=MAX_POSITION).contains(position))
}
