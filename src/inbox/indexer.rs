//! The search index of one organization, fed from the event log.
//!
//! [`Indexing`] is the consumer; its cursor is part of the index's commit, so index and cursor cannot disagree.
//! [`IndexState`] is what readers hold: the usable index, if there is one. An index that is missing, damaged or of
//! another version is built anew from the messages beside the old one and swapped in; meanwhile the old one answers if
//! it can, and everything but search goes on.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rusqlite::{Connection, Row};

use crate::id::MessageId;
use crate::search::{IndexBuilder, IndexError, Indexer, Opened, SearchDocument, SearchIndex, WriterPool};
use crate::store::{self, Database};
use crate::tenant::consumer::{ConsumeError, Consumer, Pace};
use crate::tenant::event_log::Event;

/// Messages read and added at once.
const CHUNK: usize = 1_000;
/// Most characters of quoted history indexed with a message: enough to find a thread by what was quoted.
const QUOTED_CHARS: usize = 2_000;

/// Niceness of indexing: about a tenth of the processor when everyone wants it, all of it when nobody does.
const BACKGROUND_NICENESS: i32 = 10;

/// The index as readers see it.
pub struct IndexState {
    folder: PathBuf,
    writers: WriterPool,
    current: RwLock<Option<SearchIndex>>,
    indexer: Mutex<Option<Indexer>>,
    is_rebuilding: AtomicBool,
    is_damaged: AtomicBool,
}

impl IndexState {
    /// The state before anything was opened; the consumer opens the index.
    pub fn open(folder: PathBuf, writers: WriterPool) -> Self {
        let state = Self {
            folder,
            writers,
            current: RwLock::default(),
            indexer: Mutex::default(),
            is_rebuilding: AtomicBool::new(false),
            is_damaged: AtomicBool::new(false),
        };
        // A usable index answers from the first request on; anything else is the consumer's to mend.
        if let Ok(Opened::Ready(index)) = SearchIndex::open(&state.folder) {
            state.set_current(index);
        }
        state
    }

    /// The usable index, if there is one.
    pub fn current(&self) -> Option<SearchIndex> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether an index is being built anew.
    pub fn is_rebuilding(&self) -> bool {
        self.is_rebuilding.load(Ordering::Relaxed)
    }

    /// Builds the index anew from all messages and swaps it in. Blocks for as long as that takes.
    pub fn rebuild(&self, database: &Database) -> Result<(), IndexingError> {
        self.is_rebuilding.store(true, Ordering::Relaxed);
        let outcome = self.rebuild_now(database);
        self.is_rebuilding.store(false, Ordering::Relaxed);
        self.is_damaged.store(false, Ordering::Relaxed);
        outcome
    }

    /// Notes that the index turned out to be damaged; `true` the first time until it is built anew.
    pub fn report_damage(&self) -> bool {
        !self.is_damaged.swap(true, Ordering::Relaxed) && !self.is_rebuilding()
    }

    fn rebuild_now(&self, database: &Database) -> Result<(), IndexingError> {
        // Held throughout: the consumer waits, and then goes on from the cursor of the new index.
        let mut indexer = self.indexer.lock().unwrap_or_else(PoisonError::into_inner);
        *indexer = None;
        // Events after this one are indexed again by the consumer: adding a message twice replaces it.
        let cursor = *database.head().borrow();
        let mut builder = IndexBuilder::create(&self.folder, self.writers.acquire())?;
        let mut last_number = 0_i64;
        loop {
            let chunk = database.read_blocking(|connection| list_documents_after(connection, last_number))?;
            let Some(last) = chunk.last() else { break };
            last_number = i64::try_from(last.message_number).unwrap_or(i64::MAX);
            builder.add(&chunk)?;
        }
        let index = builder.swap(unsigned(cursor), self.current().as_ref())?;
        self.set_current(index);
        Ok(())
    }

    /// Opens what is in the folder for use; `false` if it has to be built anew.
    fn reopen(&self, database: &Database) -> Result<bool, IndexingError> {
        // Held as in a rebuild: opening removes what a crash left half-built, and a job may be building right now.
        let mut indexer = self.indexer.lock().unwrap_or_else(PoisonError::into_inner);
        *indexer = None;
        if self.is_damaged.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let head = unsigned(*database.head().borrow());
        match SearchIndex::open(&self.folder)? {
            // A cursor ahead of the log: the data folder was restored from an older copy.
            Opened::Ready(index) if index.cursor() > head => Ok(false),
            Opened::Ready(index) => {
                self.set_current(index);
                Ok(true)
            }
            Opened::NeedsRebuild(reason) => {
                tracing::info!(%reason, "building the search index anew");
                Ok(false)
            }
        }
    }

    fn set_current(&self, index: SearchIndex) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(index);
    }

    /// Adds messages and commits them together with the cursor.
    fn index(&self, documents: &[SearchDocument], cursor: i64) -> Result<(), IndexingError> {
        let mut indexer = self.indexer.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.index_with(&mut indexer, documents, cursor);
        if outcome.is_err() {
            // A writer is of no use after a failure.
            *indexer = None;
        }
        if let Err(IndexingError::Index(IndexError::Corrupt { .. })) = &outcome {
            // The consumer loads its cursor after a failure, and builds the index anew then.
            self.report_damage();
        }
        outcome
    }

    fn index_with(
        &self,
        indexer: &mut Option<Indexer>,
        documents: &[SearchDocument],
        cursor: i64,
    ) -> Result<(), IndexingError> {
        if indexer.is_none() {
            let index = self.current().ok_or(IndexingError::NotOpen)?;
            *indexer = Some(index.indexer(self.writers.acquire())?);
        }
        let Some(writer) = indexer.as_mut() else { return Err(IndexingError::NotOpen) };
        writer.add(documents)?;
        writer.commit(unsigned(cursor))?;
        Ok(())
    }

    /// Closes the writer, which gives its memory back.
    fn rest(&self) {
        let idle = self.indexer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(indexer) = idle
            && let Err(error) = indexer.close()
        {
            tracing::warn!(%error, "closing the index writer failed");
        }
    }
}

fn unsigned(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or(0)
}

/// Why indexing failed.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The messages could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The thread for it could not be started.
    #[error("no thread for indexing")]
    Thread(#[from] std::io::Error),
    /// There is no usable index yet.
    #[error("the search index is not open")]
    NotOpen,
}

/// The consumer that keeps the index up to date.
pub struct Indexing {
    state: Arc<IndexState>,
}

impl Indexing {
    /// A consumer for this index.
    pub const fn new(state: Arc<IndexState>) -> Self {
        Self { state }
    }
}

/// Runs `work` on a thread that gives way to those that somebody waits for: webhooks and readers before the index. Threads
/// that `work` starts (the engine's own) inherit this. A thread of its own, because the way back is barred to a thread.
fn in_background<T: Send, E: From<std::io::Error> + Send>(work: impl FnOnce() -> Result<T, E> + Send) -> Result<T, E> {
    let lowered = || {
        if let Err(error) = rustix::process::setpriority_process(None, BACKGROUND_NICENESS) {
            tracing::debug!(%error, "the index is written at ordinary priority");
        }
        work()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("index".to_owned()).spawn_scoped(scope, lowered)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

impl Consumer for Indexing {
    fn name(&self) -> &'static str {
        "search"
    }

    fn batch_limit(&self) -> usize {
        8_000
    }

    fn pace(&self) -> Pace {
        // A commit costs the same for one message as for a thousand. In a flood acknowledging comes before searching: the
        // limit is below the time after which health calls a consumer stuck.
        Pace { interval: Duration::from_millis(200), stands_back: Duration::from_secs(20) }
    }

    fn load_cursor(&mut self, database: &Database) -> Result<i64, ConsumeError> {
        if !self.state.reopen(database)? {
            self.state.rebuild(database)?;
        }
        let cursor = self.state.current().map_or(0, |index| index.cursor());
        Ok(i64::try_from(cursor).unwrap_or(0))
    }

    fn consume(&mut self, database: &Database, events: &[Event], up_to: i64) -> Result<(), ConsumeError> {
        let ids: Vec<MessageId> = events.iter().filter_map(message_of).collect();
        in_background(|| {
            let mut documents = Vec::with_capacity(ids.len());
            for chunk in ids.chunks(CHUNK) {
                documents.extend(database.read_blocking(|connection| list_documents(connection, chunk))?);
            }
            self.state.index(&documents, up_to)
        })?;
        Ok(())
    }

    fn rest(&mut self) {
        self.state.rest();
    }
}

/// The message an event is about, if it is about one.
fn message_of(event: &Event) -> Option<MessageId> {
    #[derive(serde::Deserialize)]
    struct Payload {
        message_id: Option<MessageId>,
    }
    let is_message = matches!(event.kind.as_str(), "message.received" | "message.auto_received" | "message.sent");
    let payload: Payload = is_message.then(|| serde_json::from_str(event.payload.get()).ok())??;
    payload.message_id
}

const DOCUMENT: &str = "SELECT m.number, c.number, m.occurred_at_ms, m.is_received, m.subject, m.text, m.quoted_text,
         p.first_name, p.last_name, p.address, p.company_name, b.address, g.name, m.campaign_id, m.mailbox_id
     FROM message m JOIN conversation c ON c.id = m.conversation_id JOIN contact p ON p.id = c.contact_id
     LEFT JOIN mailbox b ON b.id = m.mailbox_id LEFT JOIN campaign g ON g.id = m.campaign_id";

fn list_documents(connection: &Connection, ids: &[MessageId]) -> Result<Vec<SearchDocument>, store::Error> {
    let mut statement = connection.prepare_cached(&format!("{DOCUMENT} WHERE m.id = ?1"))?;
    let mut documents = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query([id])?;
        if let Some(row) = rows.next()? {
            documents.push(read_document(row)?);
        }
    }
    Ok(documents)
}

fn list_documents_after(connection: &Connection, number: i64) -> Result<Vec<SearchDocument>, store::Error> {
    let mut statement =
        connection.prepare_cached(&format!("{DOCUMENT} WHERE m.number > ?1 ORDER BY m.number LIMIT ?2"))?;
    let rows = statement.query_map((number, i64::try_from(CHUNK).unwrap_or(1_000)), read_document)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read_document(row: &Row<'_>) -> rusqlite::Result<SearchDocument> {
    let mut body: String = row.get(5)?;
    let quoted: String = row.get(6)?;
    if !quoted.is_empty() {
        body.push('\n');
        body.extend(quoted.chars().take(QUOTED_CHARS));
    }
    let (first_name, last_name, address): (String, String, String) = (row.get(7)?, row.get(8)?, row.get(9)?);
    let id = |column: usize| -> rusqlite::Result<Option<uuid::Uuid>> {
        let bytes: Option<[u8; 16]> = row.get(column)?;
        Ok(bytes.map(uuid::Uuid::from_bytes))
    };
    Ok(SearchDocument {
        message_number: unsigned(row.get(0)?),
        conversation_number: unsigned(row.get(1)?),
        occurred_at_ms: row.get(2)?,
        is_inbound: row.get(3)?,
        subject: row.get(4)?,
        body,
        contact_name: crate::contact::display_name(&first_name, &last_name, ""),
        contact_address: address,
        company_name: row.get(10)?,
        mailbox_address: row.get(11)?,
        campaign_name: row.get(12)?,
        campaign_id: id(13)?,
        mailbox_id: id(14)?,
    })
}
