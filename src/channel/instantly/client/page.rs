//! [`Pages`]: a list of the service, page by page or as a stream.
//!
//! Lists have no total and change while they are read: an entry can come twice, and only its first appearance is given
//! on. A cursor that was seen before would make the list endless and is an error; a page without entries, or without a
//! cursor, is the last. A bound on the number of pages was rejected: no figure is right for every workspace.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::marker::PhantomData;

use futures_util::Stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::call::Call;
use super::error::{ClientError, Problem};
use super::{Client, exchange};

/// Entries per page: the most the service gives.
const PAGE_LIMIT: u32 = 100;

/// One page as the service writes it.
#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    items: Vec<Value>,
    #[serde(default)]
    next_starting_after: Option<Value>,
}

/// A list being read.
#[derive(Debug)]
pub struct Pages<T> {
    client: Client,
    call: Call,
    cursors: BTreeSet<String>,
    entries: BTreeSet<[u8; 16]>,
    is_done: bool,
    read: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Pages<T> {
    pub(super) fn new(client: &Client, mut call: Call) -> Self {
        call.set("limit", PAGE_LIMIT.into());
        Self {
            client: client.clone(),
            call,
            cursors: BTreeSet::new(),
            entries: BTreeSet::new(),
            is_done: false,
            read: PhantomData,
        }
    }

    /// The same list, its entries as the service wrote them.
    pub fn raw(self) -> Pages<Value> {
        let Self { client, call, cursors, entries, is_done, read: _ } = self;
        Pages { client, call, cursors, entries, is_done, read: PhantomData }
    }

    /// The same list, beginning after a cursor that was kept.
    #[must_use]
    pub fn starting_after(mut self, cursor: &str) -> Self {
        self.call.set("starting_after", cursor.into());
        self
    }

    /// The next page; `None` after the last.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>, ClientError> {
        if self.is_done {
            return Ok(None);
        }
        let page: Page = self.client.send(&self.call).await?;
        let cursor = page.next_starting_after.as_ref().and_then(cursor_text);
        match cursor.filter(|_| !page.items.is_empty()) {
            None => self.is_done = true,
            Some(cursor) => {
                if !self.cursors.insert(cursor.clone()) {
                    return Err(self.failure(Problem::CursorRepeated));
                }
                self.call.set("starting_after", cursor.into());
            }
        }
        let mut items = Vec::with_capacity(page.items.len());
        for item in page.items {
            if self.entries.insert(fingerprint(&item)) {
                items.push(exchange::read_item(item).map_err(|problem| self.failure(problem))?);
            }
        }
        Ok(Some(items))
    }

    /// All entries, one after the other. After an error it ends.
    pub fn stream(self) -> impl Stream<Item = Result<T, ClientError>> {
        futures_util::stream::try_unfold((self, VecDeque::new()), |(mut pages, mut ready)| async move {
            loop {
                if let Some(item) = ready.pop_front() {
                    return Ok(Some((item, (pages, ready))));
                }
                match pages.next_page().await? {
                    Some(items) => ready.extend(items),
                    None => return Ok(None),
                }
            }
        })
    }

    /// All entries at once, for lists that are known to be short.
    pub async fn all(mut self) -> Result<Vec<T>, ClientError> {
        let mut all = Vec::new();
        while let Some(items) = self.next_page().await? {
            all.extend(items);
        }
        Ok(all)
    }

    fn failure(&mut self, problem: Problem) -> ClientError {
        self.is_done = true;
        ClientError { operation: self.call.operation.id, attempts: 1, problem }
    }
}

fn cursor_text(cursor: &Value) -> Option<String> {
    match cursor {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What makes an entry the same: its id, a mailbox's address, else all of it.
fn fingerprint(item: &Value) -> [u8; 16] {
    let name = item.get("id").or_else(|| item.get("email")).and_then(Value::as_str);
    let hash = name.map_or_else(|| blake3::hash(item.to_string().as_bytes()), |name| blake3::hash(name.as_bytes()));
    let mut short = [0; 16];
    short.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    short
}
