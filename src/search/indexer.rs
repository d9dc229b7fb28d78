//! Writing to an index.
//!
//! Contract: one [`Indexer`] per index at a time. What was added or deleted is searchable when [`Indexer::commit`] returns, together
//! with the event cursor; without a commit it is lost, as it should be: the consumer repeats from the cursor. Dropping an
//! indexer frees its memory and loses nothing committed. After an error an indexer is of no use: drop it and take another.
//!
//! Memory: an indexer costs up to about 40 MB, so an appliance shares a [`WriterPool`] among its organizations: an organization
//! that waits for a permit lags visibly, and the appliance does not run out of memory. Drop the indexer of an idle organization.
//!
//! Rejected: more indexing threads, because one indexes thousands of messages per second and each one more makes more and smaller
//! segments and takes a core from searches; merging without a limit, because rewriting a segment of a million messages
//! takes a core for a minute, while ten more segments cost a search microseconds.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tantivy::indexer::{IndexWriter, IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, Term};

use super::SearchDocument;
use super::error::{IndexError, guard};
use super::index::{SearchIndex, payload};
use super::schema::{DocumentMaker, Fields};

/// Memory for postings that are not yet written.
const WRITER_MEMORY_BYTES: usize = 20_000_000;

/// Segments with more documents are not merged again.
const MAX_MERGED_DOCUMENTS: usize = 150_000;

/// A segment with a larger share of deleted documents is rewritten.
const MAX_DELETED_SHARE: f32 = 0.3;

/// Bounds how many writers are open at the same time in the whole appliance.
#[derive(Clone)]
pub struct WriterPool(Arc<Permits>);

struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
}

/// The right to have one writer open; given back when dropped.
pub struct WriterPermit(Arc<Permits>);

impl WriterPool {
    /// A pool of this many permits, at least one.
    pub fn new(size: usize) -> Self {
        Self(Arc::new(Permits { free: Mutex::new(size.max(1)), returned: Condvar::new() }))
    }

    /// Waits for a permit.
    pub fn acquire(&self) -> WriterPermit {
        let free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.0.returned.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        WriterPermit(Arc::clone(&self.0))
    }

    /// Takes a permit if one is free.
    pub fn try_acquire(&self) -> Option<WriterPermit> {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(WriterPermit(Arc::clone(&self.0)))
    }
}

impl Default for WriterPool {
    fn default() -> Self {
        Self::new(4)
    }
}

impl Drop for WriterPermit {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.returned.notify_one();
    }
}

/// The writer of one index.
pub struct Indexer {
    index: SearchIndex,
    writer: DocumentWriter,
    /// Declared after the writer, so that the next one may start when the memory is free.
    _slot: WriterSlot,
    _permit: WriterPermit,
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
        let writer = guard(|| DocumentWriter::open(&live.index, live.fields, highest_number))?;
        Ok(Indexer { index: self.clone(), writer, _slot: slot, _permit: permit })
    }
}

impl Indexer {
    /// Adds messages, replacing those that are there already.
    pub fn add(&mut self, messages: &[SearchDocument]) -> Result<(), IndexError> {
        guard(|| messages.iter().try_for_each(|message| self.writer.add(message)))
    }

    /// Deletes messages; one that is not there is none.
    pub fn delete(&mut self, message_numbers: &[u64]) -> Result<(), IndexError> {
        guard(|| {
            for &number in message_numbers {
                self.writer.delete(number);
            }
            Ok(())
        })
    }

    /// Makes everything durable and searchable, and remembers the event up to which it is complete.
    pub fn commit(&mut self, cursor: u64) -> Result<(), IndexError> {
        guard(|| {
            self.writer.commit(cursor)?;
            self.index.replace(self.index.live().reload(cursor)?);
            Ok(())
        })
    }

    /// Waits for merges that are under way, and ends. Dropping the indexer ends them unfinished, which loses only their work.
    pub fn close(self) -> Result<(), IndexError> {
        let Self { index, writer, _slot, _permit } = self;
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
    pub(super) fn open(index: &Index, fields: Fields, highest_number: Option<u64>) -> Result<Self, IndexError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_MEMORY_BYTES)
            .build();
        let writer = index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_max_docs_before_merge(MAX_MERGED_DOCUMENTS);
        policy.set_del_docs_ratio_before_merge(MAX_DELETED_SHARE);
        writer.set_merge_policy(Box::new(policy));
        Ok(Self { writer, maker: DocumentMaker::new(fields), fields, highest_number })
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
