//! The state of every conversation (view, unread, category) in memory, one byte each, for searches limited to a state.
//!
//! Such a search needs the set of all conversations in the state, which in SQLite is a walk over an index as long as the
//! set: tens of milliseconds at half a million. Here it is a pass over bytes. What changed since the last search follows
//! from the event log, because every change of state appends to it in the same transaction; a log that has grown by more
//! than [`MOST_CHANGES`] is answered with reading everything anew. The head is read before the rows, so a row may be newer
//! than the head and is then merely read once more.
//!
//! Rejected: the states as fields of the search index, because reading a conversation would rewrite all its messages there;
//! a set per state kept by the writer, which would cost every delivery something for the sake of a rare search.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, Row};

use super::model::CATEGORIES;
use crate::search::{NumberSet, State};
use crate::store::Error;

/// Events after which reading everything is quicker than following them.
const MOST_CHANGES: i64 = 5_000;
/// Byte of a number that no conversation has.
const NOBODY: u8 = 0;

/// The states of one organization's conversations, read when they are first asked for.
#[derive(Default)]
pub struct States(Mutex<Option<Known>>);

/// What was read, and how far the log was then.
struct Known {
    head: i64,
    /// A conversation's number is its place.
    bytes: Vec<u8>,
}

/// What a conversation must be: in every state, and in one of the categories if there are any.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'query> {
    /// Each of them.
    pub states: &'query [State],
    /// Any of them.
    pub categories: &'query [String],
}

impl States {
    /// The numbers of the conversations that are as wanted now.
    pub fn list(&self, connection: &Connection, wanted: Wanted<'_>) -> Result<NumberSet, Error> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out: what a failure leaves half-done is not kept.
        let known = bring_up_to_date(connection, slot.take())?;
        let numbers = known.numbers(wanted);
        *slot = Some(known);
        Ok(numbers)
    }
}

fn bring_up_to_date(connection: &Connection, known: Option<Known>) -> Result<Known, Error> {
    let sql = "SELECT coalesce(max(sequence), 0) FROM event";
    let head: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    match known {
        Some(known) if known.head == head => Ok(known),
        Some(mut known) if (0..=MOST_CHANGES).contains(&(head - known.head)) => {
            known.follow(connection, head)?;
            Ok(known)
        }
        _ => Known::read(connection, head),
    }
}

/// What [`read_byte`] reads; an index has all of it.
const COLUMNS: &str = "number, view, unread_count > 0, category";

impl Known {
    fn read(connection: &Connection, head: i64) -> Result<Self, Error> {
        let mut known = Self { head, bytes: Vec::new() };
        let sql = format!("SELECT {COLUMNS} FROM conversation INDEXED BY conversation_unread");
        let mut statement = connection.prepare_cached(&sql)?;
        known.keep(statement.query([])?)?;
        Ok(known)
    }

    /// Reads anew what the events up to `head` may have changed.
    fn follow(&mut self, connection: &Connection, head: i64) -> Result<(), Error> {
        let mut changed = connection.prepare_cached(
            "SELECT entity_kind, entity_id, json_extract(payload, '$.conversation_id') FROM event
             WHERE sequence > ?1 AND sequence <= ?2 AND entity_kind IN ('contact', 'conversation')
                 AND kind NOT IN ('contact.created', 'message.opened', 'message.clicked')",
        )?;
        let (mut people, mut conversations) = (BTreeSet::new(), BTreeSet::new());
        let mut rows = changed.query((self.head, head))?;
        while let Some(row) = rows.next()? {
            let (kind, id, named): (String, [u8; 16], Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if kind == "contact" {
                people.insert(id);
            } else {
                conversations.insert(id);
            }
            conversations.extend(named.and_then(|text| uuid::Uuid::parse_str(&text).ok()).map(uuid::Uuid::into_bytes));
        }
        for (column, ids) in [("contact_id", people), ("id", conversations)] {
            let sql = format!("SELECT {COLUMNS} FROM conversation WHERE {column} = ?1");
            let mut statement = connection.prepare_cached(&sql)?;
            for id in ids {
                self.keep(statement.query([id])?)?;
            }
        }
        self.head = head;
        Ok(())
    }

    fn keep(&mut self, mut rows: rusqlite::Rows<'_>) -> Result<(), Error> {
        while let Some(row) = rows.next()? {
            let place = usize::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
            if self.bytes.len() <= place {
                self.bytes.resize(place + 1, NOBODY);
            }
            if let Some(byte) = self.bytes.get_mut(place) {
                *byte = read_byte(row)?;
            }
        }
        Ok(())
    }

    fn numbers(&self, wanted: Wanted<'_>) -> NumberSet {
        // One answer per byte there can be, so that the pass over the conversations compares nothing.
        let is_wanted: Vec<bool> = (0..=u8::MAX).map(|byte| is_wanted(byte, wanted)).collect();
        let numbers = (0_u64..).zip(&self.bytes);
        numbers
            .filter(|(_number, byte)| is_wanted.get(usize::from(**byte)) == Some(&true))
            .map(|(number, _)| number)
            .collect()
    }
}

const VIEWS: [&str; 3] = ["inbox", "archived", "sent"];

/// One more than the category's place times six, the view's times two, and one if something is unread. The place after the
/// last stands for a category nobody can ask for.
fn read_byte(row: &Row<'_>) -> rusqlite::Result<u8> {
    let (view, is_unread, category) = (row.get_ref(1)?.as_str()?, row.get::<_, bool>(2)?, row.get_ref(3)?.as_str()?);
    let view = VIEWS.iter().position(|word| *word == view).unwrap_or(0);
    let category = CATEGORIES.iter().position(|word| *word == category).unwrap_or(CATEGORIES.len());
    Ok(u8::try_from(1 + category * 6 + view * 2 + usize::from(is_unread)).unwrap_or(NOBODY))
}

fn is_wanted(byte: u8, wanted: Wanted<'_>) -> bool {
    let Some(code) = usize::from(byte).checked_sub(1) else { return false };
    let (category, view, is_unread) = (CATEGORIES.get(code / 6), VIEWS.get(code / 2 % 3), code % 2 == 1);
    let has_state = |state: &State| match state {
        State::Unread => is_unread,
        State::Read => !is_unread,
        State::Archived => view == Some(&"archived"),
    };
    let has_category = || wanted.categories.iter().any(|name| category.is_some_and(|word| word == name));
    wanted.states.iter().all(has_state) && (wanted.categories.is_empty() || has_category())
}
