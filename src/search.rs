//! Full-text search over the messages of one organization: the only place that names tantivy.
//!
//! Contract: the index is derived data in a folder beside the organization's database. [`SearchIndex::open`] says whether
//! it can be used or has to be rebuilt, and never panics on damaged files. [`SearchIndex`] is a cheap handle for any number of
//! threads; there is at most one [`Indexer`] per index, which takes a permit from the appliance's [`WriterPool`]. A commit
//! stores the event cursor with the documents, so index and cursor cannot disagree, and is searchable when it returns.
//! Adding a message again replaces it. Everything here blocks: call it on a blocking thread.
//!
//! A search is [`Query::parse`], then the caller resolves `campaign:`, `mailbox:`, `category:` and `is:` in the database into
//! [`Filters`], then [`SearchIndex::search`]. What matches: a word in any German, French, Italian or English inflection,
//! whatever its accents and umlauts; the word being typed also as a prefix; a phrase exactly.
//!
//! ```text
//! text, language      canonical words, stems                     (pure)
//! query               the language of the search box             (pure)
//! schema              fields, message -> document
//! plan, matching      query -> condition -> documents of a segment
//! scan                condition -> one page, newest first
//! index, checksum     open, search, verify
//! indexer, builder    write, rebuild and swap
//! highlight           <mark>                                     (pure)
//! ```
//!
//! Rejected: the database's own FTS5, because it has one tokenizer per table, no stemming but English, and sorting a common word by date reads
//! every match; storing texts in the index for snippets, because the database has them and the index would double.

mod builder;
mod checksum;
mod error;
mod highlight;
mod index;
mod indexer;
mod language;
mod matching;
mod number_set;
mod plan;
mod query;
mod scan;
mod schema;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

pub use builder::IndexBuilder;
pub use error::IndexError;
pub use highlight::Highlighter;
pub use index::{Opened, RebuildReason, SearchIndex, find_cursor};
pub use indexer::{Indexer, WriterPermit, WriterPool};
pub use number_set::NumberSet;
pub use query::{Direction, Query, QueryError, State};
pub use text::fold;

/// What is indexed of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchDocument {
    /// The key: adding a message with the same number replaces it.
    pub message_number: u64,
    /// The conversation the message belongs to.
    pub conversation_number: u64,
    /// When it was sent or received, UTC.
    pub occurred_at_ms: i64,
    /// Whether it was received.
    pub is_inbound: bool,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub body: String,
    /// The contact's name.
    pub contact_name: String,
    /// The contact's e-mail address.
    pub contact_address: String,
    /// The contact's company.
    pub company_name: String,
    /// Our address. Searched by `from:` and `to:` only, else our own domain would match every message.
    pub mailbox_address: Option<String>,
    /// The campaign's name.
    pub campaign_name: Option<String>,
    /// The campaign, for [`Filters::campaign_ids`].
    pub campaign_id: Option<Uuid>,
    /// The mailbox, for [`Filters::mailbox_ids`].
    pub mailbox_id: Option<Uuid>,
}

/// What the caller resolved in the database. `None` does not limit; an empty list matches nothing.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// Only messages of one of these campaigns.
    pub campaign_ids: Option<Vec<Uuid>>,
    /// Only messages of one of these mailboxes.
    pub mailbox_ids: Option<Vec<Uuid>>,
    /// Only messages of one of these conversations.
    pub conversations: Option<NumberSet>,
}

/// The order of hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Newest first.
    #[default]
    Date,
    /// Best match first, then newest first. A match counts 1 per word or phrase; 1 more for the exact word, 4 more in the subject,
    /// 4 more in a name or address. Filters and `field:` items count 0 and 1.
    Relevance,
}

/// Which hits are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Their order.
    pub sort: Sort,
    /// How many at most.
    pub limit: usize,
    /// Only hits after this one: [`Results::next`] of the page before.
    pub after: Option<Cursor>,
}

/// One message found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The message.
    pub message_number: u64,
    /// Its conversation.
    pub conversation_number: u64,
    /// When it was sent or received, UTC.
    pub occurred_at_ms: i64,
    /// See [`Sort::Relevance`]; 0 when sorted by date.
    pub score: u32,
}

/// One page of hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    /// The hits in order.
    pub hits: Vec<Hit>,
    /// How many messages match in all, counted up to 10,000.
    pub total: usize,
    /// Whether there are more than [`Self::total`] says.
    pub is_total_capped: bool,
    /// Where the next page starts, if there is one.
    pub next: Option<Cursor>,
}

/// A place between two hits. It depends on the hit alone, so new messages neither repeat nor hide hits of later pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// After this message, newest first; of the same millisecond the higher number comes first.
    Date {
        /// Its time.
        occurred_at_ms: i64,
        /// Its number.
        message_number: u64,
    },
    /// After this message, best first.
    Relevance {
        /// Its score, a whole number.
        score: u32,
        /// Its time.
        occurred_at_ms: i64,
        /// Its number.
        message_number: u64,
    },
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a search cursor")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date { occurred_at_ms, message_number } => write!(formatter, "d.{occurred_at_ms}.{message_number}"),
            Self::Relevance { score, occurred_at_ms, message_number } => {
                write!(formatter, "r.{score}.{occurred_at_ms}.{message_number}")
            }
        }
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        fn number<T: FromStr>(text: &str) -> Result<T, InvalidCursor> {
            text.parse().ok().ok_or(InvalidCursor)
        }
        match text.split('.').collect::<Vec<_>>().as_slice() {
            ["d", at, message] => Ok(Self::Date { occurred_at_ms: number(at)?, message_number: number(message)? }),
            ["r", score, at, message] => Ok(Self::Relevance {
                score: number(score)?,
                occurred_at_ms: number(at)?,
                message_number: number(message)?,
            }),
            _ => Err(InvalidCursor),
        }
    }
}
