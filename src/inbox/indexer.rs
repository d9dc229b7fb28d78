//! The search index of one organization, fed from the event log.
//!
//! [`Indexing`] is the consumer; its cursor is part of the index's commit, so index and cursor cannot disagree.
//! [`IndexState`] is what readers hold: the usable index, if there is one. An index that is missing, damaged or of
//! another version is built anew from the messages beside the old one and swapped in; meanwhile the old one answers if
//! it can, and everything but search goes on.
//!
//! Who writes has a [`Turn`], which one waits for in a task and never on a blocking thread: those are few, and readers
//! need them.

mod document;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedMutexGuard, watch};

use document::{find_last_number, list_documents, read_chunks};

use crate::id::MessageId;
use crate::search::{IndexBuilder, IndexError, Indexer, Opened, SearchIndex, WriterPermit, WriterPool};
use crate::store::{self, Database};
use crate::tenant::consumer::{Batch, ConsumeError, Consumer, Pace, Pulse};
use crate::tenant::event_log::Event;
use crate::tenant::job;

/// Messages read and added at once.
const CHUNK: usize = 1_000;

/// Niceness of indexing: about a tenth of the processor when everyone wants it, all of it when nobody does.
const BACKGROUND_NICENESS: i32 = 10;

/// Chunks read ahead while an index is built.
const CHUNKS_AHEAD: usize = 2;

/// How long the engine may complete an index that was built, and pause between two signs of life meanwhile.
const ENGINE_PATIENCE: Duration = Duration::from_mins(10);
const ENGINE_BEAT: Duration = Duration::from_secs(1);

/// The index as readers see it.
pub struct IndexState {
    folder: PathBuf,
    writers: WriterPool,
    current: RwLock<Option<SearchIndex>>,
    indexer: Arc<tokio::sync::Mutex<Option<Indexer>>>,
    is_rebuilding: AtomicBool,
    rebuilt_percent: AtomicU8,
    /// How often the index was built, from 1: damage is reported of one generation, so that who still reads the one before
    /// cannot have the next thrown away.
    generation: AtomicU64,
    /// The last generation known to be damaged.
    damaged_generation: AtomicU64,
    closing: watch::Sender<bool>,
    pulse: Pulse,
}

/// The right to write to the index: nobody else does meanwhile, and a permit of the pool is at hand.
pub struct Turn {
    indexer: OwnedMutexGuard<Option<Indexer>>,
    /// `None` if the indexer has it.
    permit: Option<WriterPermit>,
}

impl Turn {
    /// The permit; closes the indexer that has it.
    fn take_permit(&mut self) -> Option<WriterPermit> {
        self.permit.take().or_else(|| self.indexer.take().map(Indexer::into_permit))
    }
}

impl IndexState {
    /// The state before anything was opened; the consumer opens the index.
    pub fn open(folder: PathBuf, writers: WriterPool) -> Self {
        let state = Self {
            folder,
            writers,
            current: RwLock::default(),
            indexer: Arc::default(),
            is_rebuilding: AtomicBool::new(false),
            rebuilt_percent: AtomicU8::new(0),
            generation: AtomicU64::new(1),
            damaged_generation: AtomicU64::new(0),
            closing: watch::Sender::new(false),
            pulse: Pulse::default(),
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

    /// How much of the index that is being built is there, in percent; `None` if none is being built.
    pub fn rebuilt_percent(&self) -> Option<u8> {
        self.is_rebuilding().then(|| self.rebuilt_percent.load(Ordering::Relaxed))
    }

    /// Waits for the right to write; `None` if the organization closes. What others get done meanwhile is a sign of life.
    pub async fn turn(&self) -> Option<Turn> {
        let mut closing = self.closing.subscribe();
        tokio::select! {
            // The sender lives as long as this does.
            _is_closing = closing.wait_for(|is_closing| *is_closing) => None,
            turn = self.wait_for_turn() => Some(turn),
        }
    }

    async fn wait_for_turn(&self) -> Turn {
        let indexer = Arc::clone(&self.indexer).lock_owned().await;
        if indexer.is_some() {
            return Turn { indexer, permit: None };
        }
        let mut work = self.writers.work();
        let mut permit = pin!(self.writers.acquire());
        loop {
            tokio::select! {
                permit = &mut permit => return Turn { indexer, permit: Some(permit) },
                Ok(()) = work.changed() => self.pulse.beat(),
            }
        }
    }

    /// Ends what takes long, so that the organization can be closed.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    fn check_open(&self) -> Result<(), IndexingError> {
        if *self.closing.borrow() { Err(IndexingError::Closing) } else { Ok(()) }
    }

    /// [`Self::rebuild_in`] for a program that has the folder and the pool to itself.
    pub fn rebuild(&self, database: &Database) -> Result<(), IndexingError> {
        let indexer = Arc::clone(&self.indexer).try_lock_owned().map_err(|_locked| IndexError::Busy)?;
        let permit = self.writers.try_acquire().ok_or(IndexError::Busy)?;
        self.rebuild_in(Turn { indexer, permit: Some(permit) }, database)
    }

    /// Builds the index anew from all messages and swaps it in. Blocks for as long as that takes. The consumer waits
    /// meanwhile, and then goes on from the cursor of the new index.
    pub fn rebuild_in(&self, mut turn: Turn, database: &Database) -> Result<(), IndexingError> {
        let _rebuilding = Rebuilding::begin(self);
        let permit = turn.take_permit().ok_or(IndexError::Busy)?;
        // Events after this one are indexed again by the consumer: adding a message twice replaces it.
        let cursor = *database.head().borrow();
        let mut builder = IndexBuilder::create(&self.folder, permit)?;
        self.add_all(&mut builder, database)?;
        let index = self.lives_during(|| builder.swap(unsigned(cursor), self.current().as_ref()))?;
        self.set_current(index);
        Ok(())
    }

    /// Adds every message; reads the next ones meanwhile.
    fn add_all(&self, builder: &mut IndexBuilder, database: &Database) -> Result<(), IndexingError> {
        let last_number = database.read_blocking(find_last_number)?;
        let (sender, chunks) = mpsc::sync_channel(CHUNKS_AHEAD);
        std::thread::scope(|scope| {
            let read = move || read_chunks(database, &sender);
            let reader = std::thread::Builder::new().name("index-read".to_owned()).spawn_scoped(scope, read)?;
            for chunk in chunks {
                self.check_open()?;
                builder.add(&chunk)?;
                self.note_rebuilt(chunk.last().map_or(0, |last| last.message_number), last_number);
            }
            Ok(reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?)
        })
    }

    fn note_rebuilt(&self, number: u64, last_number: u64) {
        let percent = number.saturating_mul(100).checked_div(last_number).unwrap_or(100).min(100);
        self.rebuilt_percent.store(u8::try_from(percent).unwrap_or(100), Ordering::Relaxed);
        self.pulse.beat();
    }

    /// Gives signs of life, though not for ever, while the engine merges and writes and says nothing.
    fn lives_during<T>(&self, work: impl FnOnce() -> T) -> T {
        let (over, is_over) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let began = Instant::now();
                while began.elapsed() < ENGINE_PATIENCE
                    && is_over.recv_timeout(ENGINE_BEAT) == Err(mpsc::RecvTimeoutError::Timeout)
                {
                    self.pulse.beat();
                }
            });
            let outcome = work();
            drop(over);
            outcome
        })
    }

    /// Which generation of the index is in use: to be taken before the index is read, for [`Self::request_rebuild`].
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Asks for a new index because this generation turned out to be damaged; `true` the first time it is asked for.
    pub async fn request_rebuild(&self, database: &Database, generation: u64) -> Result<bool, store::Error> {
        if !self.report_damage(generation) {
            return Ok(false);
        }
        // Taken back unless there is a job: else nobody would ever ask again.
        let report = DamageReport { state: self, generation };
        database.write(|tx| job::create(tx, "search.reindex", "")).await?;
        std::mem::forget(report);
        Ok(true)
    }

    /// Notes that this generation turned out to be damaged; `true` if nobody knew and it is still the one in use.
    fn report_damage(&self, generation: u64) -> bool {
        let is_news = self.damaged_generation.fetch_max(generation, Ordering::AcqRel) < generation;
        is_news && !self.is_rebuilding() && self.generation() == generation
    }

    fn is_damaged(&self) -> bool {
        self.damaged_generation.load(Ordering::Acquire) == self.generation()
    }

    /// Reads every file of the index and compares its checksum, giving way to everyone else.
    pub fn verify(&self) -> Result<(), IndexingError> {
        let Some(index) = self.current() else { return Ok(()) };
        in_background(|| Ok(index.verify(&|| *self.closing.borrow())?))
    }

    /// Opens what is in the folder for use; `false` if it has to be built anew.
    fn reopen(&self, turn: &mut Turn, database: &Database) -> Result<bool, IndexingError> {
        // The turn is needed as in a rebuild: opening removes what a crash left half-built, and a job may be building.
        turn.permit = turn.take_permit();
        if self.is_damaged() {
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
    fn index(
        &self,
        mut turn: Turn,
        (database, ids): (&Database, &[MessageId]),
        cursor: i64,
    ) -> Result<(), IndexingError> {
        let outcome = self.index_with(&mut turn, (database, ids), cursor);
        if outcome.is_err() {
            // A writer is of no use after a failure.
            *turn.indexer = None;
        }
        if let Err(IndexingError::Index(IndexError::Corrupt { .. })) = &outcome {
            // The consumer loads its cursor after a failure, and builds the index anew then.
            self.report_damage(self.generation());
        }
        outcome
    }

    fn index_with(
        &self,
        turn: &mut Turn,
        (database, ids): (&Database, &[MessageId]),
        cursor: i64,
    ) -> Result<(), IndexingError> {
        if let Some(permit) = turn.permit.take() {
            let index = self.current().ok_or(IndexingError::NotOpen)?;
            *turn.indexer = Some(index.indexer(permit)?);
        }
        let Some(writer) = turn.indexer.as_mut() else { return Err(IndexingError::NotOpen) };
        for chunk in ids.chunks(CHUNK) {
            writer.add(&database.read_blocking(|connection| list_documents(connection, chunk))?)?;
            self.pulse.beat();
        }
        writer.commit(unsigned(cursor))?;
        Ok(())
    }

    /// Closes the writer, which gives its memory and its permit back.
    fn rest(&self) {
        // Whoever has it now is using it.
        let Ok(mut indexer) = self.indexer.try_lock() else { return };
        if let Some(indexer) = indexer.take()
            && let Err(error) = indexer.close()
        {
            tracing::warn!(%error, "closing the index writer failed");
        }
    }
}

/// Marks that an index is being built, for as long as that takes.
struct Rebuilding<'state>(&'state IndexState);

impl<'state> Rebuilding<'state> {
    fn begin(state: &'state IndexState) -> Self {
        state.rebuilt_percent.store(0, Ordering::Relaxed);
        state.is_rebuilding.store(true, Ordering::Relaxed);
        state.pulse.beat();
        Self(state)
    }
}

impl Drop for Rebuilding<'_> {
    fn drop(&mut self) {
        self.0.generation.fetch_add(1, Ordering::AcqRel);
        self.0.is_rebuilding.store(false, Ordering::Relaxed);
    }
}

/// A report of damage that nobody has acted upon yet; taken back when dropped.
struct DamageReport<'state> {
    state: &'state IndexState,
    generation: u64,
}

impl Drop for DamageReport<'_> {
    fn drop(&mut self) {
        // Not if a later generation was reported meanwhile.
        let before = self.generation.saturating_sub(1);
        let _later = self.state.damaged_generation.compare_exchange(
            self.generation,
            before,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
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
    /// The organization is being closed.
    #[error("the organization is being closed")]
    Closing,
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
    type Turn = Turn;

    fn name(&self) -> &'static str {
        "search"
    }

    async fn turn(&self) -> Option<Turn> {
        self.state.turn().await
    }

    fn pulse(&self) -> Pulse {
        self.state.pulse.clone()
    }

    fn batch_limit(&self) -> usize {
        8_000
    }

    fn pace(&self) -> Pace {
        // A commit costs the same for one message as for a thousand. In a flood acknowledging comes before searching: the
        // limit is below the time after which health calls a consumer stuck.
        Pace { interval: Duration::from_millis(200), stands_back: Duration::from_secs(20) }
    }

    fn load_cursor(&mut self, mut turn: Turn, database: &Database) -> Result<i64, ConsumeError> {
        if !self.state.reopen(&mut turn, database)? {
            self.state.rebuild_in(turn, database)?;
        }
        let cursor = self.state.current().map_or(0, |index| index.cursor());
        Ok(i64::try_from(cursor).unwrap_or(0))
    }

    fn consume(&mut self, turn: Turn, database: &Database, batch: &Batch) -> Result<(), ConsumeError> {
        let mut ids: Vec<MessageId> = batch.events.iter().filter_map(message_of).collect();
        let renamed: BTreeSet<_> = batch.events.iter().filter_map(renamed_record).collect();
        for (sql, id) in renamed {
            ids.extend(database.read_blocking(|connection| list_messages_of(connection, sql, id))?);
        }
        in_background(|| self.state.index(turn, (database, &ids), batch.up_to))?;
        Ok(())
    }

    async fn rest_wanted(&self) {
        self.state.writers.wanted().await;
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

/// A record whose name is in the documents of its messages, and how to find them: they are written anew when it changes.
fn renamed_record(event: &Event) -> Option<(&'static str, uuid::Uuid)> {
    let sql = match event.kind.as_str() {
        "contact.renamed" => {
            "SELECT m.id FROM conversation c JOIN message m ON m.conversation_id = c.id WHERE c.contact_id = ?1"
        }
        "campaign.renamed" => "SELECT id FROM message WHERE campaign_id = ?1",
        _ => return None,
    };
    Some((sql, event.entity_id))
}

fn list_messages_of(connection: &Connection, sql: &str, id: uuid::Uuid) -> Result<Vec<MessageId>, store::Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([id.as_bytes().as_slice()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
