//! [`Call`]: one request being put together, from a line of the table of operations.

use serde::Serialize;
use serde_json::Value;

use super::operation::Operation;

/// A request to be made.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) operation: &'static Operation,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

/// A call with an id that cannot be one: it would name another path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoId;

impl Call {
    /// A call without parameters.
    pub(super) fn new(operation: &'static Operation) -> Self {
        Self { operation, path: operation.path.to_owned(), query: Vec::new(), body: None }
    }

    /// Fills the one `{…}` of the path.
    pub(super) fn id(mut self, id: &str) -> Self {
        if let (Some(begin), Some(end)) = (self.path.find('{'), self.path.find('}')) {
            self.path.replace_range(begin..=end, &encode(id));
        }
        self
    }

    /// Adds a query parameter, if there is one.
    pub(super) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Sets the body. Fields without value must be left out by the type.
    pub(super) fn body(mut self, body: &impl Serialize) -> Self {
        // Only a map with keys that are no text cannot be written, and none of ours is.
        self.body = Some(serde_json::to_value(body).unwrap_or_default());
        self
    }

    /// Sets or replaces one field of query or body, wherever the operation takes its parameters.
    pub(super) fn set(&mut self, name: &'static str, value: Value) {
        if let Some(Value::Object(fields)) = &mut self.body {
            fields.insert(name.to_owned(), value);
            return;
        }
        self.query.retain(|(key, _)| *key != name);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.query.push((name, text));
    }

    /// The address to call.
    pub(super) fn url(&self, base: &str) -> Result<String, NoId> {
        let is_id = |part: &str| !part.is_empty() && part != "." && part != "..";
        if self.path.contains('{') || !self.path.split('/').skip(1).all(is_id) {
            return Err(NoId);
        }
        let mut url = format!("{base}{}", self.path);
        for (number, (name, value)) in self.query.iter().enumerate() {
            url.push(if number == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.push_str(&encode(value));
        }
        Ok(url)
    }
}

/// Everything but letters, digits and `-._*` in percent form: the service wants `@` and `+` in it too.
fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::super::operation::{GET_ACCOUNT, GET_WORKSPACE, LIST_ACCOUNTS};
    use super::*;

    #[test]
    fn ids_and_parameters_are_encoded() {
        let url = Call::new(&GET_ACCOUNT).id("lea+x@a.example").url("https://b").unwrap();
        assert_eq!(url, "https://b/accounts/lea%2Bx%40a.example");
        let mut call = Call::new(&LIST_ACCOUNTS).query("search", Some("a b")).query("status", None::<i64>);
        call.set("starting_after", "2026&a@b".into());
        call.set("starting_after", "2027&a@b".into());
        assert_eq!(call.url("https://b").unwrap(), "https://b/accounts?search=a%20b&starting_after=2027%26a%40b");
        assert_eq!(Call::new(&GET_WORKSPACE).url("https://b").unwrap(), "https://b/workspaces/current");
    }

    #[test]
    fn an_id_cannot_name_another_path() {
        for id in ["", ".", ".."] {
            assert_eq!(Call::new(&GET_ACCOUNT).id(id).url("https://b"), Err(NoId), "{id}");
        }
        assert_eq!(Call::new(&GET_ACCOUNT).url("https://b"), Err(NoId));
        assert_eq!(Call::new(&GET_ACCOUNT).id("a/../b").url("https://b").unwrap(), "https://b/accounts/a%2F..%2Fb");
    }
}
