//! Writing to an index.
//!
//! Contract: one [`Indexer`] per index at a time. What was added or deleted is searchable when [`Indexer::commit`] returns, together
//! with the event cursor; without a commit it is lost, as it should be: the consumer repeats from the cursor. Dropping an
//! indexer frees its memory and loses nothing committed. After an error an indexer is of no use: drop it and take another.
//!
//! Memory: an indexer costs up to about 40 MB, a builder twice that, so an appliance shares a [`WriterPool`] among its organizations:
//! an organization that waits for a permit lags visibly, and the appliance does not run out of memory. Close the indexer of an idle
//! organization, and of a busy one when another waits.
//!
//! Rejected: more indexing threads, because one indexes thousands of messages per second and each one more makes more and smaller
//! segments and takes a core from searches; merging without a limit, because rewriting a segment of a million messages
//! takes a core for a minute, while ten more segments cost a search microseconds.

use std::sync::Arc;

use tantivy::indexer::{IndexWriter, IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, Term};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::SearchDocument;
use super::error::{IndexError, guard};
use super::index::{SearchIndex, payload};
use super::schema::{DocumentMaker, Fields};

/// Memory for postings that are not yet written, of a writer that stays open.
const WRITER_MEMORY_BYTES: usize = 20_000_000;
/// The same while an index is built: fewer and larger segments, so less is merged.
pub(super) const BUILDER_MEMORY_BYTES: usize = 64_000_000;

/// Segments with more documents are not merged again.
const MAX_MERGED_DOCUMENTS: usize = 150_000;

/// A segment with a larger share of deleted documents is rewritten.
const MAX_DELETED_SHARE: f32 = 0.3;

/// Bounds how many writers are open at the same time in the whole appliance.
///
/// Nobody blocks a thread for a permit: one waits for it in a task, in the order of asking. Who holds one and has nothing
/// urgent to do gives it back when it [is wanted](Self::wanted).
#[derive(Clone)]
pub struct WriterPool(Arc<Permits>);

struct Permits {
    free: Arc<Semaphore>,
    waiting: watch::Sender<usize>,
    work: watch::Sender<u64>,
}

/// The right to have one writer open; given back when dropped.
pub struct WriterPermit {
    permits: Arc<Permits>,
    _slot: OwnedSemaphorePermit,
}

impl WriterPool {
    /// A pool of this many permits, at least one.
    pub fn new(size: usize) -> Self {
        Self(Arc::new(Permits {
            free: Arc::new(Semaphore::new(size.max(1))),
            waiting: watch::Sender::new(0),
            work: watch::Sender::new(0),
        }))
    }

    /// Waits for a permit.
    pub async fn acquire(&self) -> WriterPermit {
        if let Some(permit) = self.try_acquire() {
            return permit;
        }
        let _waiting = Waiting::begin(&self.0);
        match Arc::clone(&self.0.free).acquire_owned().await {
            Ok(slot) => WriterPermit { permits: Arc::clone(&self.0), _slot: slot },
            // Nobody closes the semaphore.
            Err(_closed) => std::future::pending().await,
        }
    }

    /// Takes a permit if one is free.
    pub fn try_acquire(&self) -> Option<WriterPermit> {
        let slot = Arc::clone(&self.0.free).try_acquire_owned().ok()?;
        Some(WriterPermit { permits: Arc::clone(&self.0), _slot: slot })
    }

    /// Completes when someone waits for a permit.
    pub async fn wanted(&self) {
        let mut waiting = self.0.waiting.subscribe();
        // The sender lives as long as the pool.
        drop(waiting.wait_for(|waiting| *waiting > 0).await);
    }

    /// Changes whenever a holder of a permit gets something done: to those who wait a sign that it goes on.
    pub fn work(&self) -> watch::Receiver<u64> {
        self.0.work.subscribe()
    }
}

impl Default for WriterPool {
    fn default() -> Self {
        Self::new(4)
    }
}

/// Someone who waits for a permit.
struct Waiting<'pool>(&'pool Permits);

impl<'pool> Waiting<'pool> {
    fn begin(permits: &'pool Permits) -> Self {
        permits.waiting.send_modify(|waiting| *waiting += 1);
        Self(permits)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

impl WriterPermit {
    /// Tells those who wait that the holder got something done.
    pub(super) fn note_work(&self) {
        self.permits.work.send_modify(|work| *work = work.wrapping_add(1));
    }
}

impl Drop for WriterPermit {
    fn drop(&mut self) {
        self.note_work();
    }
}

/// The writer of one index.
pub struct Indexer {
    index: SearchIndex,
    writer: DocumentWriter,
    /// Declared after the writer, so that the next one may start when the memory is free.
    slot: WriterSlot,
    permit: WriterPermit,
}

/// Marks that an index has a writer.
struct WriterSlot(SearchIndex);

impl Drop for WriterSlot {
    fn drop(&mut self) {
        self.0.release_writer();
    }
}

impl SearchIndex {
    /// Opens the writer of this index; [`IndexError::Busy`] if there is one already.
    pub fn indexer(&self, permit: WriterPermit) -> Result<Indexer, IndexError> {
        self.take_writer()?;
        let slot = WriterSlot(self.clone());
        let live = self.live();
        let highest_number = live.snapshot.highest_message_number();
        let writer = guard(|| {
            let mut writer = DocumentWriter::open(&live.index, live.fields, WRITER_MEMORY_BYTES)?;
            writer.highest_number = highest_number;
            Ok(writer)
        })?;
        Ok(Indexer { index: self.clone(), writer, slot, permit })
    }
}

impl Indexer {
    /// Adds messages, replacing those that are there already.
    pub fn add(&mut self, messages: &[SearchDocument]) -> Result<(), IndexError> {
        self.permit.note_work();
        guard(|| messages.iter().try_for_each(|message| self.writer.add(message)))
    }

    /// Makes everything durable and searchable, and remembers the event up to which it is complete.
    pub fn commit(&mut self, cursor: u64) -> Result<(), IndexError> {
        self.permit.note_work();
        guard(|| {
            self.writer.commit(cursor)?;
            self.index.replace(self.index.live().reload(cursor)?);
            Ok(())
        })
    }

    /// Ends at once and hands its permit on.
    pub fn into_permit(self) -> WriterPermit {
        self.permit
    }

    /// Waits for merges that are under way, and ends. Dropping the indexer ends them unfinished, which loses only their work.
    pub fn close(self) -> Result<(), IndexError> {
        let Self { index, writer, slot: _slot, permit: _permit } = self;
        guard(|| {
            writer.finish()?;
            let live = index.live();
            index.replace(live.reload(live.cursor())?);
            Ok(())
        })
    }
}

/// The engine's writer, with replacement of documents that exist.
pub(super) struct DocumentWriter {
    writer: IndexWriter,
    maker: DocumentMaker,
    fields: Fields,
    /// A higher number than this is certainly new, which saves looking for it in every segment.
    highest_number: Option<u64>,
}

impl DocumentWriter {
    /// Opens the writer of an index that has no messages yet, or whose `highest_number` is set then.
    pub(super) fn open(index: &Index, fields: Fields, memory_bytes: usize) -> Result<Self, IndexError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(memory_bytes)
            .build();
        let writer = index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_max_docs_before_merge(MAX_MERGED_DOCUMENTS);
        policy.set_del_docs_ratio_before_merge(MAX_DELETED_SHARE);
        writer.set_merge_policy(Box::new(policy));
        Ok(Self { writer, maker: DocumentMaker::new(fields), fields, highest_number: None })
    }

    pub(super) fn add(&mut self, message: &SearchDocument) -> Result<(), IndexError> {
        let number = message.message_number;
        if self.highest_number.is_some_and(|highest| number <= highest) {
            self.delete(number);
        }
        self.writer.add_document(self.maker.document(message))?;
        self.highest_number = self.highest_number.max(Some(number));
        Ok(())
    }

    fn delete(&self, message_number: u64) {
        self.writer.delete_term(Term::from_field_u64(self.fields.message_number, message_number));
    }

    pub(super) fn commit(&mut self, cursor: u64) -> Result<(), IndexError> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&payload(cursor));
        commit.commit()?;
        Ok(())
    }

    /// Waits for merges and frees everything.
    pub(super) fn finish(self) -> Result<(), IndexError> {
        Ok(self.writer.wait_merging_threads()?)
    }
}
