//! [`Body`]: writes a webhook body key by key, in the order and with the habits of the service.
//!
//! Written by hand instead of through a map: the service merges lead variables over its own fields, so that a variable may
//! take the place of a field, and this is the hot path of load tests.

use std::io::Write;

use bytes::Bytes;
use serde_json::Value;
use uuid::Uuid;

/// A body being written.
pub(super) struct Body<'lead> {
    out: Vec<u8>,
    variables: &'lead [(String, Value)],
    base_keys: Vec<&'static str>,
}

impl<'lead> Body<'lead> {
    /// An empty body about a lead with these variables.
    pub(super) fn new(capacity: usize, variables: &'lead [(String, Value)]) -> Self {
        let mut out = Vec::with_capacity(capacity);
        out.push(b'{');
        Self { out, variables, base_keys: Vec::with_capacity(10) }
    }

    /// A text field.
    pub(super) fn text(&mut self, key: &'static str, text: &str) {
        if !self.shadowed(key) {
            self.key(key);
            self.json(text);
        }
    }

    /// An id field.
    pub(super) fn id(&mut self, key: &'static str, id: Uuid) {
        if !self.shadowed(key) {
            self.key(key);
            self.raw(format_args!("\"{id}\""));
        }
    }

    /// A number field.
    pub(super) fn number(&mut self, key: &'static str, number: u8) {
        if !self.shadowed(key) {
            self.key(key);
            self.raw(format_args!("{number}"));
        }
    }

    /// A yes-or-no field.
    pub(super) fn flag(&mut self, key: &'static str, flag: bool) {
        if !self.shadowed(key) {
            self.key(key);
            self.raw(format_args!("{flag}"));
        }
    }

    /// A field without value.
    pub(super) fn null(&mut self, key: &'static str) {
        if !self.shadowed(key) {
            self.key(key);
            self.raw(format_args!("null"));
        }
    }

    /// The lead's variables, but for those that took a base field's place already.
    pub(super) fn lead_variables(&mut self, campaign: Uuid) {
        let variables = self.variables;
        for (name, value) in variables.iter().filter(|(name, _)| name != "lead_email") {
            if self.base_keys.iter().any(|key| key == name) {
                continue;
            }
            self.key(name);
            if name == "campaign" {
                self.raw(format_args!("\"{campaign}\""));
            } else {
                self.json(value);
            }
        }
    }

    /// The finished body.
    pub(super) fn finish(mut self) -> Bytes {
        self.out.push(b'}');
        Bytes::from(self.out)
    }

    fn shadowed(&mut self, key: &'static str) -> bool {
        self.base_keys.push(key);
        let variables = self.variables;
        let Some((_, value)) = variables.iter().find(|(name, _)| name == key) else {
            return false;
        };
        self.key(key);
        self.json(value);
        true
    }

    fn key(&mut self, key: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        self.json(key);
        self.out.push(b':');
    }

    fn json<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        let written = serde_json::to_writer(&mut self.out, value);
        debug_assert!(written.is_ok(), "writing JSON into memory cannot fail");
    }

    fn raw(&mut self, arguments: std::fmt::Arguments<'_>) {
        let written = self.out.write_fmt(arguments);
        debug_assert!(written.is_ok(), "writing into memory cannot fail");
    }
}
