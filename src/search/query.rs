//! The language of the search box: text in, a checked [`Query`] out.
//!
//! Contract: [`Query::parse`] is pure, never panics, takes linear time and refuses what it cannot honour with an error
//! that names the offending token. Items are joined by AND. `word`, `"phrase"`, `-item`; `from:` `to:` `subject:` hold text;
//! `campaign:` `mailbox:` `category:` name things that the caller looks up in the database (several of one kind mean any of them);
//! `is:unread|read|archived`, `in:sent|received`, `before:` (exclusive) and `after:` (inclusive) with UTC days. Values may
//! be quoted. A word that ends the text with no space after it is still being typed: it matches as a prefix. An unknown
//! `xyz:` is plain text; an item without a single letter or digit, and a known key without a value, are skipped, because
//! they are what a half-typed query looks like. `Display` writes a text that parses to the same query.
//!
//! Rejected: tantivy's `QueryParser`, because its grammar (ranges, boosts, `AND`/`OR`, escapes) would be a promise to users
//! that we could not change, its errors do not name tokens, and our fields are not its fields; OR and brackets, because
//! nobody searching mail types them and words like `or` are words.

use std::fmt;

use jiff::civil::Date;

use super::text;

/// Longest query in bytes. Far more than anybody types, and it bounds the work of one search.
const MAX_QUERY_BYTES: usize = 1_024;

/// Most words, phrases and field texts in one query.
const MAX_CLAUSES: usize = 32;

/// A parsed query. The default is the empty query, which matches every message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Texts, all of which must match.
    pub(super) clauses: Vec<Clause>,
    /// Names given with `campaign:`; any of them matches. Resolved by the caller.
    pub campaigns: Vec<String>,
    /// Addresses given with `mailbox:`; any of them matches. Resolved by the caller.
    pub mailboxes: Vec<String>,
    /// Names given with `category:`; any of them matches. Resolved by the caller.
    pub categories: Vec<String>,
    /// States given with `is:`, all of which must hold. Resolved by the caller.
    pub states: Vec<State>,
    /// `in:sent` or `in:received`.
    pub direction: Option<Direction>,
    /// Only messages before this UTC day.
    pub(super) before: Option<Date>,
    /// Only messages of this UTC day and later.
    pub(super) after: Option<Date>,
}

/// One text that must match, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    /// Whether messages that match are left out.
    pub(super) is_negated: bool,
    /// Where the text is looked for.
    pub(super) scope: Scope,
    /// What is looked for.
    pub(super) text: ClauseText,
}

/// The three ways to match a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ClauseText {
    /// A whole word in any inflection; an address or another compound as its parts in order.
    Word(String),
    /// A word that is still being typed: as a word, or as the start of one.
    Prefix(String),
    /// Exactly these words in this order.
    Phrase(String),
}

impl ClauseText {
    /// The text as it was typed, without quotes.
    pub(super) fn value(&self) -> &str {
        match self {
            Self::Word(value) | Self::Prefix(value) | Self::Phrase(value) => value,
        }
    }
}

/// Where a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Subject, text, contact, company and campaign.
    Anywhere,
    /// `subject:`.
    Subject,
    /// `from:`, the contact of a received message and the mailbox of a sent one.
    From,
    /// `to:`, the contact of a sent message and the mailbox of a received one.
    To,
}

/// A state of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `is:unread`.
    Unread,
    /// `is:read`.
    Read,
    /// `is:archived`.
    Archived,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `in:sent`.
    Sent,
    /// `in:received`.
    Received,
}

/// Why a query is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Longer than any query needs to be.
    #[error("the query is longer than {MAX_QUERY_BYTES} bytes")]
    TooLong,
    /// More items than any query needs.
    #[error("the query has more than {MAX_CLAUSES} words")]
    TooManyWords,
    /// Not a day.
    #[error("`{token}`: expected a day as YYYY-MM-DD")]
    InvalidDate {
        /// The item as it was typed.
        token: String,
    },
    /// A value that is not in the list.
    #[error("`{token}`: expected {expected}")]
    InvalidValue {
        /// The item as it was typed.
        token: String,
        /// The values there are.
        expected: &'static str,
    },
    /// A minus before something that is not a text.
    #[error("`{token}` cannot be negated")]
    NotNegatable {
        /// The item as it was typed.
        token: String,
    },
    /// `in:sent` and `in:received` together.
    #[error("`{token}` contradicts an earlier `in:`")]
    Contradiction {
        /// The item as it was typed.
        token: String,
    },
}

impl Query {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MAX_QUERY_BYTES {
            return Err(QueryError::TooLong);
        }
        let mut query = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (item, remainder) = Item::read(rest);
            query.add(&item)?;
            rest = remainder.trim_start();
        }
        Ok(query)
    }

    /// The first millisecond that `before:` leaves out.
    pub(super) fn before_ms(&self) -> Option<i64> {
        self.before.map(start_of_day_ms)
    }

    /// The first millisecond that `after:` lets in.
    pub(super) fn after_ms(&self) -> Option<i64> {
        self.after.map(start_of_day_ms)
    }

    fn add(&mut self, item: &Item<'_>) -> Result<(), QueryError> {
        match item.key {
            Key::Text(scope) => self.add_clause(item, scope)?,
            _ if item.value.trim().is_empty() => {}
            _ if item.is_negated => {
                return Err(QueryError::NotNegatable { token: item.token() });
            }
            Key::Campaign => push_new(&mut self.campaigns, item.value.to_owned()),
            Key::Mailbox => push_new(&mut self.mailboxes, item.value.to_owned()),
            Key::Category => push_new(&mut self.categories, item.value.to_ascii_lowercase()),
            Key::Is => self.add_state(item)?,
            Key::In => self.add_direction(item)?,
            Key::Before => {
                let date = item.date()?;
                self.before = Some(self.before.map_or(date, |earlier| earlier.min(date)));
            }
            Key::After => {
                let date = item.date()?;
                self.after = Some(self.after.map_or(date, |earlier| earlier.max(date)));
            }
        }
        Ok(())
    }

    fn add_clause(&mut self, item: &Item<'_>, scope: Scope) -> Result<(), QueryError> {
        if text::words(item.value).is_empty() {
            return Ok(());
        }
        if self.clauses.len() >= MAX_CLAUSES {
            return Err(QueryError::TooManyWords);
        }
        let value = item.value.to_owned();
        let text = match (item.is_quoted, item.is_last && !item.is_negated) {
            (true, _) => ClauseText::Phrase(value),
            (false, true) => ClauseText::Prefix(value),
            (false, false) => ClauseText::Word(value),
        };
        self.clauses.push(Clause { is_negated: item.is_negated, scope, text });
        Ok(())
    }

    fn add_state(&mut self, item: &Item<'_>) -> Result<(), QueryError> {
        let state = match item.value.to_ascii_lowercase().as_str() {
            "unread" => State::Unread,
            "read" => State::Read,
            "archived" => State::Archived,
            _ => {
                return Err(QueryError::InvalidValue { token: item.token(), expected: "unread, read or archived" });
            }
        };
        push_new(&mut self.states, state);
        Ok(())
    }

    fn add_direction(&mut self, item: &Item<'_>) -> Result<(), QueryError> {
        let direction = match item.value.to_ascii_lowercase().as_str() {
            "sent" => Direction::Sent,
            "received" => Direction::Received,
            _ => {
                return Err(QueryError::InvalidValue { token: item.token(), expected: "sent or received" });
            }
        };
        if self.direction.is_some_and(|earlier| earlier != direction) {
            return Err(QueryError::Contradiction { token: item.token() });
        }
        self.direction = Some(direction);
        Ok(())
    }
}

/// What stands before the colon.
#[derive(Clone, Copy)]
enum Key {
    Text(Scope),
    Campaign,
    Mailbox,
    Category,
    Is,
    In,
    Before,
    After,
}

impl Key {
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "from" => Self::Text(Scope::From),
            "to" => Self::Text(Scope::To),
            "subject" => Self::Text(Scope::Subject),
            "campaign" => Self::Campaign,
            "mailbox" => Self::Mailbox,
            "category" => Self::Category,
            "is" => Self::Is,
            "in" => Self::In,
            "before" => Self::Before,
            "after" => Self::After,
            _ => return None,
        })
    }
}

/// One item as typed.
struct Item<'a> {
    is_negated: bool,
    name: &'a str,
    key: Key,
    value: &'a str,
    is_quoted: bool,
    /// Whether the text ends with it, with no space after it.
    is_last: bool,
}

impl<'a> Item<'a> {
    /// Reads one item from a text that starts with one; the remainder is always shorter.
    fn read(text: &'a str) -> (Self, &'a str) {
        let (is_negated, body) = text.strip_prefix('-').map_or((false, text), |body| (true, body));
        let (name, key, value) = body
            .split_once(':')
            .and_then(|(name, value)| Some((name, Key::named(name)?, value)))
            .unwrap_or(("", Key::Text(Scope::Anywhere), body));
        let (value, is_quoted, rest) = if let Some(quoted) = value.strip_prefix('"') {
            let (value, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
            (value, true, rest)
        } else {
            let (value, rest) = value.split_at_checked(end_of_word(value)).unwrap_or((value, ""));
            (value, false, rest)
        };
        (Self { is_negated, name, key, value, is_quoted, is_last: rest.is_empty() }, rest)
    }

    fn token(&self) -> String {
        let sign = if self.is_negated { "-" } else { "" };
        let (name, value) = (self.name, self.value);
        if self.is_quoted { format!("{sign}{name}:\"{value}\"") } else { format!("{sign}{name}:{value}") }
    }

    fn date(&self) -> Result<Date, QueryError> {
        let invalid = || QueryError::InvalidDate { token: self.token() };
        let is_well_formed = self.value.len() == "YYYY-MM-DD".len()
            && self.value.bytes().enumerate().all(|(position, byte)| match position {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_well_formed {
            return Err(invalid());
        }
        self.value.parse().ok().ok_or_else(invalid)
    }
}

fn end_of_word(text: &str) -> usize {
    text.find(char::is_whitespace).unwrap_or(text.len())
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}

fn start_of_day_ms(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_secs().saturating_mul(1_000)
}

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut items: Vec<String> = Vec::new();
        for (name, values) in
            [("campaign", &self.campaigns), ("mailbox", &self.mailboxes), ("category", &self.categories)]
        {
            items.extend(values.iter().map(|value| format!("{name}:{}", quoted(value))));
        }
        items.extend(self.states.iter().map(|state| format!("is:{state}")));
        items.extend(self.direction.iter().map(|direction| format!("in:{direction}")));
        items.extend(self.before.iter().map(|date| format!("before:{date}")));
        items.extend(self.after.iter().map(|date| format!("after:{date}")));
        items.extend(self.clauses.iter().map(Clause::to_string));
        formatter.write_str(&items.join(" "))?;
        // Without the space the last word would be read as one that is still being typed.
        match self.clauses.last() {
            Some(Clause { text: ClauseText::Word(_), .. }) => formatter.write_str(" "),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negated { "-" } else { "" };
        let scope = match self.scope {
            Scope::Anywhere => "",
            Scope::Subject => "subject:",
            Scope::From => "from:",
            Scope::To => "to:",
        };
        match &self.text {
            ClauseText::Word(text) | ClauseText::Prefix(text) => {
                write!(formatter, "{sign}{scope}{text}")
            }
            ClauseText::Phrase(text) => write!(formatter, "{sign}{scope}\"{text}\""),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unread => "unread",
            Self::Read => "read",
            Self::Archived => "archived",
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sent => "sent",
            Self::Received => "received",
        })
    }
}

/// A value in the form in which it can be read again: one with a quote in it was typed without quotes.
fn quoted(value: &str) -> String {
    if value.contains('"') { value.to_owned() } else { format!("\"{value}\"") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clause(scope: Scope, text: ClauseText) -> Clause {
        Clause { is_negated: false, scope, text }
    }

    #[test]
    fn reads_every_kind_of_item() {
        let query = Query::parse(
            r#"Angebot -spam "mit Gruss" from:anna -to:"Beat Keller" campaign:"Q3 Zürich" mailbox:a@b.ch is:unread in:sent before:2025-02-01 after:2024-12-31 category:hot foo:bar ver"#,
        )
        .unwrap();
        let anywhere = Scope::Anywhere;
        assert_eq!(
            query.clauses,
            [
                clause(anywhere, ClauseText::Word("Angebot".into())),
                Clause { is_negated: true, ..clause(anywhere, ClauseText::Word("spam".into())) },
                clause(anywhere, ClauseText::Phrase("mit Gruss".into())),
                clause(Scope::From, ClauseText::Word("anna".into())),
                Clause { is_negated: true, ..clause(Scope::To, ClauseText::Phrase("Beat Keller".into())) },
                clause(anywhere, ClauseText::Word("foo:bar".into())),
                clause(anywhere, ClauseText::Prefix("ver".into())),
            ]
        );
        assert_eq!(query.campaigns, ["Q3 Zürich"]);
        assert_eq!(query.mailboxes, ["a@b.ch"]);
        assert_eq!(query.categories, ["hot"]);
        assert_eq!(query.states, [State::Unread]);
        assert_eq!(query.direction, Some(Direction::Sent));
        assert_eq!(query.before_ms(), Some(1_738_368_000_000));
        assert_eq!(query.after_ms(), Some(1_735_603_200_000));
    }

    #[test]
    fn the_last_word_is_a_prefix_until_a_space_follows() {
        assert_eq!(Query::parse("ang").unwrap().clauses[0].text, ClauseText::Prefix("ang".into()));
        assert_eq!(Query::parse("ang ").unwrap().clauses[0].text, ClauseText::Word("ang".into()));
        assert_eq!(Query::parse("-ang").unwrap().clauses[0].text, ClauseText::Word("ang".into()));
        assert_eq!(Query::parse("from:an").unwrap().clauses[0].text, ClauseText::Prefix("an".into()));
    }

    #[test]
    fn skips_what_is_half_typed() {
        for text in ["", "  ", "-", "\"", "\"\"", "from:", "is:", "before:", "...", "- -", "campaign:\"\""] {
            assert_eq!(Query::parse(text), Ok(Query::default()), "{text}");
        }
    }

    #[test]
    fn errors_name_the_token() {
        for (text, token) in [
            ("x before:2024-13-01 y", "before:2024-13-01"),
            ("after:yesterday", "after:yesterday"),
            ("is:open", "is:open"),
            ("in:\"the bin\"", "in:\"the bin\""),
            ("-campaign:x", "-campaign:x"),
            ("in:sent in:received", "in:received"),
        ] {
            let message = Query::parse(text).unwrap_err().to_string();
            assert!(message.contains(&format!("`{token}`")), "{message}");
        }
        assert_eq!(Query::parse(&"x".repeat(2_000)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"x ".repeat(40)), Err(QueryError::TooManyWords));
    }

    fn typed() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-zäöü]{1,6}",
            Just(" ".to_owned()),
            Just("-".to_owned()),
            Just("\"".to_owned()),
            Just(":".to_owned()),
            "(from|to|subject|campaign|mailbox|category|is|in|before|after|foo):",
            "(unread|read|archived|sent|received|2024-02-29|2023-02-29|2024-1-1)",
        ];
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            drop(Query::parse(&text));
        }

        #[test]
        fn what_is_written_reads_as_the_same_query(text in typed()) {
            if let Ok(query) = Query::parse(&text) {
                let written = query.to_string();
                prop_assert_eq!(Query::parse(&written), Ok(query), "{}", written);
            }
        }
    }
}
