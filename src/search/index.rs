//! Opening an index and searching it.
//!
//! Contract: [`SearchIndex::open`] cleans up after a crash, checks what can be checked in milliseconds (the folder, the metadata, the
//! version, the footer of every file, the checksum of small files) and reports anything unusable as a reason to rebuild.
//! Damage inside a large file is found by [`SearchIndex::verify`], which reads everything and is run on a background
//! thread after the start, or shows as [`IndexError::Corrupt`] when it is met. Readers never block writers: a search takes
//! the current snapshot and keeps it, whatever is committed or swapped meanwhile.
//!
//! Rejected: verifying all checksums at the start, because a gigabyte takes seconds and a start must not; tantivy's own
//! reload on commit, because it watches files with a thread per index and is late by an unknown time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tantivy::{Index, IndexReader, ReloadPolicy};

use super::checksum::{self, Finding};
use super::error::{IndexError, guard};
use super::plan::Planner;
use super::query::Query;
use super::scan::{self, Key, Request, Snapshot, TOTAL_CAP};
use super::schema::{self, Fields, SCHEMA_VERSION};
use super::{Cursor, Filters, Hit, Page, Results, Sort};

/// Files up to this size are verified at the start.
const SMALL_FILE_BYTES: u64 = 64 * 1_024;

/// The kinds of file that every segment has; some of them are only opened when a search needs them.
const NEEDED_FILES: [&str; 5] = ["term", "idx", "pos", "fast", "store"];

/// What is in the folder.
#[derive(Debug)]
pub enum Opened {
    /// A usable index.
    Ready(SearchIndex),
    /// Nothing usable: build it anew with [`super::IndexBuilder`].
    NeedsRebuild(RebuildReason),
}

/// Why an index has to be built anew.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildReason {
    /// There is none.
    #[error("there is no search index")]
    Missing,
    /// Another version of the program wrote it.
    #[error("the search index has version {found}, this program writes {SCHEMA_VERSION}")]
    OtherVersion {
        /// The version found.
        found: u32,
    },
    /// It is damaged.
    #[error("the search index is damaged: {0}")]
    Damaged(String),
}

/// A handle to the index of one organization. Clones share it.
#[derive(Clone)]
pub struct SearchIndex {
    pub(super) shared: Arc<Shared>,
}

/// What all clones share.
pub(super) struct Shared {
    pub(super) directory: PathBuf,
    pub(super) has_writer: AtomicBool,
    live: RwLock<Arc<Live>>,
}

/// One committed state. Immutable: a commit or a swap puts another in its place.
pub(super) struct Live {
    pub(super) index: Index,
    pub(super) fields: Fields,
    pub(super) snapshot: Snapshot,
    cursor: u64,
    reader: IndexReader,
}

/// What a commit stores beside the documents.
#[derive(Serialize, Deserialize)]
struct Payload {
    version: u32,
    cursor: u64,
}

impl SearchIndex {
    /// Opens the index in this folder. An error means that the folder could not be read at all. Not to be called while an
    /// [`super::IndexBuilder`] works on the same folder: what it has built so far would be taken for the leftovers of a crash.
    pub fn open(directory: &Path) -> Result<Opened, IndexError> {
        remove_leftovers(directory)?;
        if directory.is_file() {
            return Ok(Opened::NeedsRebuild(RebuildReason::Damaged("it is a file instead of a folder".to_owned())));
        }
        let has_meta = directory.join("meta.json").try_exists().map_err(IndexError::io(directory))?;
        if !has_meta {
            return Ok(Opened::NeedsRebuild(RebuildReason::Missing));
        }
        match guard(|| open_checked(directory)) {
            Ok(Ok(live)) => Ok(Opened::Ready(Self::new(directory, live))),
            Ok(Err(reason)) => Ok(Opened::NeedsRebuild(reason)),
            Err(IndexError::Corrupt { reason }) => Ok(Opened::NeedsRebuild(RebuildReason::Damaged(reason))),
            Err(error) => Err(error),
        }
    }

    pub(super) fn new(directory: &Path, live: Live) -> Self {
        let shared = Shared {
            directory: directory.to_owned(),
            has_writer: AtomicBool::new(false),
            live: RwLock::new(Arc::new(live)),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The last event that is in the index.
    pub fn cursor(&self) -> u64 {
        self.live().cursor
    }

    /// How many messages are in the index.
    pub fn message_count(&self) -> u64 {
        self.live().snapshot.searcher.num_docs()
    }

    /// How many segments the index consists of.
    pub fn segment_count(&self) -> usize {
        self.live().snapshot.searcher.segment_readers().len()
    }

    /// Finds messages.
    pub fn search(&self, query: &Query, filters: &Filters, page: Page) -> Result<Results, IndexError> {
        let after = key_of(page)?;
        let live = self.live();
        let planner = Planner { fields: live.fields };
        let condition = planner.condition(query, filters);
        let ranking = (page.sort == Sort::Relevance).then(|| planner.ranking(query));
        let request = Request {
            limit: page.limit,
            after,
            before_ms: query.before_ms(),
            since_ms: query.after_ms(),
            direction: query.direction,
            conversations: filters.conversations.as_ref().filter(|set| set.as_short_list().is_none()),
            ranking: ranking.as_ref(),
        };
        let found = guard(|| scan::scan(&live.snapshot, &condition, &request))?;
        let has_more = found.hits.len() > page.limit;
        let hits: Vec<Hit> =
            found.hits.into_iter().take(page.limit).map(|(key, conversation)| hit(key, conversation)).collect();
        Ok(Results {
            next: hits.last().filter(|_| has_more).map(|hit| cursor_after(hit, page.sort)),
            hits,
            total: found.total.min(TOTAL_CAP),
            is_total_capped: found.total > TOTAL_CAP,
        })
    }

    /// Reads every file and compares its checksum: about a second per gigabyte. Stops without a finding when `is_over`
    /// says so.
    pub fn verify(&self, is_over: &dyn Fn() -> bool) -> Result<(), IndexError> {
        let live = self.live();
        guard(|| match first_damaged(&live.index, &self.shared.directory, (u64::MAX, is_over))? {
            None => Ok(()),
            Some(file) => Err(IndexError::corrupt(&wrong_checksum(&file))),
        })
    }

    pub(super) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.shared.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows another state to the searches that start from now on.
    pub(super) fn replace(&self, live: Live) {
        *self.shared.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
    }

    /// Marks the writer as taken until [`Self::release_writer`].
    pub(super) fn take_writer(&self) -> Result<(), IndexError> {
        let was_taken = self.shared.has_writer.swap(true, Ordering::AcqRel);
        if was_taken { Err(IndexError::Busy) } else { Ok(()) }
    }

    pub(super) fn release_writer(&self) {
        self.shared.has_writer.store(false, Ordering::Release);
    }
}

impl std::fmt::Debug for SearchIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SearchIndex").field("directory", &self.shared.directory).finish_non_exhaustive()
    }
}

impl Live {
    /// Opens the committed state of an index.
    pub(super) fn load(index: Index, fields: Fields, cursor: u64) -> Result<Self, IndexError> {
        let builder = index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(0);
        let reader = builder.try_into()?;
        let snapshot = Snapshot::new(reader.searcher())?;
        Ok(Self { index, fields, snapshot, cursor, reader })
    }

    /// The state after a commit.
    pub(super) fn reload(&self, cursor: u64) -> Result<Self, IndexError> {
        self.reader.reload()?;
        let snapshot = Snapshot::new(self.reader.searcher())?;
        Ok(Self { index: self.index.clone(), fields: self.fields, snapshot, cursor, reader: self.reader.clone() })
    }

    pub(super) const fn cursor(&self) -> u64 {
        self.cursor
    }
}

/// The text that a commit stores.
pub(super) fn payload(cursor: u64) -> String {
    serde_json::json!({ "version": SCHEMA_VERSION, "cursor": cursor }).to_string()
}

/// The folder in which an index is built.
pub(super) fn building_directory(directory: &Path) -> PathBuf {
    with_suffix(directory, ".building")
}

/// The folder into which a swap moves the index that it replaces.
pub(super) fn replaced_directory(directory: &Path) -> PathBuf {
    with_suffix(directory, ".replaced")
}

fn with_suffix(directory: &Path, suffix: &str) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Removes a folder that may not be there, or a file in its place.
pub(super) fn remove_directory(directory: &Path) -> Result<(), IndexError> {
    let removed = if directory.is_file() { fs::remove_file(directory) } else { fs::remove_dir_all(directory) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(IndexError::io(directory)(error)),
        _ => Ok(()),
    }
}

/// Ends what a crash interrupted: a half-built index goes; one that was moved away for a swap that did not happen comes back.
fn remove_leftovers(directory: &Path) -> Result<(), IndexError> {
    let replaced = replaced_directory(directory);
    let is_swapped_half = !directory.try_exists().map_err(IndexError::io(directory))?
        && replaced.try_exists().map_err(IndexError::io(&replaced))?;
    if is_swapped_half {
        fs::rename(&replaced, directory).map_err(IndexError::io(directory))?;
    }
    remove_directory(&building_directory(directory))?;
    remove_directory(&replaced)
}

/// The cursor of the last commit of an index that nobody has open; `None` if there is none, or none that can be read.
pub fn find_cursor(directory: &Path) -> Option<i64> {
    /// The part of the search engine's own file that says so.
    #[derive(serde::Deserialize)]
    struct Meta {
        payload: String,
    }
    let meta: Meta = serde_json::from_slice(&fs::read(directory.join("meta.json")).ok()?).ok()?;
    let payload: Payload = serde_json::from_str(&meta.payload).ok()?;
    if payload.version != SCHEMA_VERSION {
        return None;
    }
    i64::try_from(payload.cursor).ok()
}

/// Opens and checks the index; the inner error is one that a rebuild repairs.
fn open_checked(directory: &Path) -> Result<Result<Live, RebuildReason>, IndexError> {
    let index = Index::open_in_dir(directory)?;
    schema::register_tokenizer(&index);
    let meta = index.load_metas()?;
    let Some(payload) = meta.payload.as_deref().and_then(|text| serde_json::from_str::<Payload>(text).ok()) else {
        return Ok(Err(RebuildReason::Damaged("the commit has no state".to_owned())));
    };
    let (expected_schema, fields) = schema::build();
    if payload.version != SCHEMA_VERSION || index.schema() != expected_schema {
        return Ok(Err(RebuildReason::OtherVersion { found: payload.version }));
    }
    for file in meta.list_segment_files() {
        let is_needed = file.extension().is_some_and(|kind| NEEDED_FILES.iter().any(|needed| kind == *needed));
        let path = directory.join(&file);
        if is_needed && !path.try_exists().map_err(IndexError::io(&path))? {
            return Ok(Err(RebuildReason::Damaged(format!("{} is missing", file.display()))));
        }
    }
    if let Some(file) = first_damaged(&index, directory, (SMALL_FILE_BYTES, &|| false))? {
        return Ok(Err(RebuildReason::Damaged(wrong_checksum(&file))));
    }
    Live::load(index, fields, payload.cursor).map(Ok)
}

/// The first file of at most so many bytes whose checksum is wrong. Files that are not there are passed over: of those that a
/// segment can have most have no deletes, one that a merge made needless may go at any time, and one that is needed is
/// missed when the index is opened.
fn first_damaged(
    index: &Index,
    directory: &Path,
    (max_bytes, is_over): (u64, &dyn Fn() -> bool),
) -> Result<Option<PathBuf>, IndexError> {
    for file in index.load_metas()?.list_segment_files() {
        let path = directory.join(&file);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > max_bytes => continue,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(IndexError::io(&path)(error)),
        }
        if checksum::check(&path, is_over)? == Finding::Damaged {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

fn wrong_checksum(file: &Path) -> String {
    format!("wrong checksum of {}", file.display())
}

fn key_of(page: Page) -> Result<Option<Key>, IndexError> {
    match (page.after, page.sort) {
        (None, _) => Ok(None),
        (Some(Cursor::Date { occurred_at_ms, message_number }), Sort::Date) => {
            Ok(Some(Key { score: 0, occurred_at_ms, message_number }))
        }
        (Some(Cursor::Relevance { score, occurred_at_ms, message_number }), Sort::Relevance) => {
            Ok(Some(Key { score, occurred_at_ms, message_number }))
        }
        _ => Err(IndexError::WrongCursor),
    }
}

const fn hit(key: Key, conversation_number: u64) -> Hit {
    Hit {
        message_number: key.message_number,
        conversation_number,
        occurred_at_ms: key.occurred_at_ms,
        score: key.score,
    }
}

const fn cursor_after(hit: &Hit, sort: Sort) -> Cursor {
    let Hit { occurred_at_ms, message_number, score, .. } = *hit;
    match sort {
        Sort::Date => Cursor::Date { occurred_at_ms, message_number },
        Sort::Relevance => Cursor::Relevance { score, occurred_at_ms, message_number },
    }
}
