//! Reads the matches of a query newest first and keeps one page of them.
//!
//! Contract: the page is exactly the first `limit` matches after the cursor in the order of [`Key`], and the total is exact up to the
//! cap. Both are independent of how messages are spread over segments.
//!
//! Why it is fast: documents of a segment are sorted newest first, so (1) days and cursors are found by binary search, (2)
//! a segment is left as soon as its next match is older than the worst hit of a full page, and (3) a common word reaches
//! the cap of the total after a few thousand matches. The cost is bounded by the cap for common words and by the number of
//! matches for rare ones; only an expensive query with few matches (two common words that never meet) reads its lists to
//! the end.
//!
//! By relevance the same order helps: once a page is full, an older match needs more points than the worst hit. So only
//! those extra conditions are read without which that many points cannot be reached, and the matches among their documents
//! (known as the max-score algorithm, here with dates for ties).
//!
//! Rejected: tantivy's `TopDocs::order_by_fast_field`, because it always reads every match; counting by document frequency, because it
//! is wrong with deletes, unions and filters, and the capped count costs less than a millisecond.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use tantivy::columnar::ColumnValues;
use tantivy::index::SegmentReader;
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, Searcher, TERMINATED};

use super::error::IndexError;
use super::matching::{Condition, Matches, move_to};
use super::number_set::NumberSet;
use super::plan::Ranking;
use super::query::Direction;
use super::schema;

/// Counting stops here.
pub(super) const TOTAL_CAP: usize = 10_000;

/// A searcher with the columns of its segments opened.
pub(super) struct Snapshot {
    pub(super) searcher: Searcher,
    segments: Vec<Columns>,
}

impl Snapshot {
    pub(super) fn new(searcher: Searcher) -> Result<Self, IndexError> {
        let segments = searcher.segment_readers().iter().map(Columns::open).collect::<Result<_, _>>()?;
        Ok(Self { searcher, segments })
    }

    /// The highest message number in the index, deleted ones included.
    pub(super) fn highest_message_number(&self) -> Option<u64> {
        let in_use = self.segments.iter().filter(|columns| columns.length > 0);
        in_use.map(|columns| columns.message_number.max_value()).max()
    }
}

/// The columns of one segment.
struct Columns {
    occurred_at_ms: Arc<dyn ColumnValues<i64>>,
    message_number: Arc<dyn ColumnValues<u64>>,
    conversation_number: Arc<dyn ColumnValues<u64>>,
    is_inbound: Arc<dyn ColumnValues<bool>>,
    length: DocId,
}

impl Columns {
    fn open(reader: &SegmentReader) -> Result<Self, IndexError> {
        let fields = reader.fast_fields();
        Ok(Self {
            occurred_at_ms: fields.i64(schema::OCCURRED_AT)?.first_or_default_col(0),
            message_number: fields.u64(schema::MESSAGE_NUMBER)?.first_or_default_col(0),
            conversation_number: fields.u64(schema::CONVERSATION_NUMBER)?.first_or_default_col(0),
            is_inbound: fields.bool(schema::IS_INBOUND)?.first_or_default_col(false),
            length: reader.max_doc(),
        })
    }

    /// The first document that is older than the time given.
    fn first_older_than(&self, time_ms: i64) -> DocId {
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let middle = low.midpoint(high);
            if self.occurred_at_ms.get_val(middle) < time_ms {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

/// The place of a message in the order of results: higher comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Always 0 when sorting by date.
    pub(super) score: u32,
    pub(super) occurred_at_ms: i64,
    pub(super) message_number: u64,
}

/// What is asked beyond the engine's query.
pub(super) struct Request<'a> {
    pub(super) limit: usize,
    pub(super) after: Option<Key>,
    pub(super) before_ms: Option<i64>,
    pub(super) since_ms: Option<i64>,
    pub(super) direction: Option<Direction>,
    pub(super) conversations: Option<&'a NumberSet>,
    /// How matches are scored, if they are.
    pub(super) ranking: Option<&'a Ranking>,
}

/// One page.
pub(super) struct Found {
    /// Keys with their conversation numbers, best first; one more than the limit if there are more.
    pub(super) hits: Vec<(Key, u64)>,
    pub(super) total: usize,
}

/// Runs the query.
pub(super) fn scan(snapshot: &Snapshot, condition: &Condition, request: &Request<'_>) -> Result<Found, IndexError> {
    let mut segments: Vec<Segment<'_>> = snapshot
        .searcher
        .segment_readers()
        .iter()
        .zip(&snapshot.segments)
        .map(|(reader, columns)| Segment::new(reader, columns, request))
        .filter(|segment| !segment.range.is_empty())
        .collect();
    segments.sort_by_cached_key(|segment| Reverse(segment.columns.occurred_at_ms.get_val(segment.range.start)));

    let mut page = Page { best: BinaryHeap::new(), size: request.limit.saturating_add(1), total: 0 };
    for segment in &mut segments {
        match request.ranking {
            Some(ranking) => segment.rank(condition, ranking, request, &mut page)?,
            None => segment.collect(condition, request, &mut page)?,
        }
    }
    for segment in &mut segments {
        segment.count(condition, request, &mut page)?;
    }
    let hits = page.best.into_sorted_vec().into_iter().map(|Reverse(hit)| hit).collect();
    Ok(Found { hits, total: page.total })
}

/// The page that is being filled.
struct Page {
    best: BinaryHeap<Reverse<(Key, u64)>>,
    size: usize,
    total: usize,
}

impl Page {
    /// The worst hit of a full page; only better ones matter.
    fn threshold(&self) -> Option<Key> {
        if self.best.len() < self.size {
            return None;
        }
        self.best.peek().map(|Reverse((key, _))| *key)
    }

    fn push(&mut self, key: Key, conversation_number: u64) {
        if self.best.len() >= self.size {
            self.best.pop();
        }
        self.best.push(Reverse((key, conversation_number)));
    }

    const fn is_counted(&self) -> bool {
        self.total > TOTAL_CAP
    }
}

/// The scan of one segment, which can pause when only counting is left.
struct Segment<'a> {
    reader: &'a SegmentReader,
    columns: &'a Columns,
    /// The documents within the days asked for.
    range: Range<DocId>,
    /// The first document that can come after the cursor.
    page_start: DocId,
    matches: Option<Matches>,
    is_finished: bool,
}

impl<'a> Segment<'a> {
    fn new(reader: &'a SegmentReader, columns: &'a Columns, request: &Request<'_>) -> Self {
        let start = request.before_ms.map_or(0, |before| columns.first_older_than(before));
        let end = request.since_ms.map_or(columns.length, |since| columns.first_older_than(since));
        let page_start = match (request.after, request.ranking) {
            // Messages of the cursor's own millisecond are compared one by one.
            (Some(after), None) => columns.first_older_than(after.occurred_at_ms.saturating_add(1)),
            _ => 0,
        };
        Self { reader, columns, range: start..end, page_start, matches: None, is_finished: false }
    }

    /// Collects hits until no newer one can follow. Counts what it meets.
    fn collect(&mut self, condition: &Condition, request: &Request<'_>, page: &mut Page) -> Result<(), IndexError> {
        let newest = self.range.start.max(self.page_start);
        if newest >= self.range.end || !self.can_improve(newest, page.threshold()) {
            return Ok(());
        }
        let mut matches = self.open(condition)?;
        loop {
            if page.is_counted() {
                move_to(&mut matches, self.page_start);
            }
            let is_open = self.collect_block(&mut matches, request, page);
            let document = matches.doc();
            if document >= self.range.end {
                self.is_finished = true;
                return Ok(());
            }
            if !is_open || !self.can_improve(document.max(self.page_start), page.threshold()) {
                self.matches = Some(matches);
                return Ok(());
            }
        }
    }

    /// Collects hits by points. Does not count.
    fn rank(
        &self,
        condition: &Condition,
        ranking: &Ranking,
        request: &Request<'_>,
        page: &mut Page,
    ) -> Result<(), IndexError> {
        let mut ranked = Ranked::open(self.open(condition)?, ranking, self.reader)?;
        let mut document = self.range.start;
        loop {
            let needed = self.needed_score(document, page.threshold()).saturating_sub(ranking.base);
            document = ranked.first_with(document, needed);
            if document >= self.range.end {
                return Ok(());
            }
            if self.accepts(document, request) {
                self.offer(document, ranking.base + ranked.extra_points(document), request, page);
            }
            document += 1;
        }
    }

    /// The lowest score with which this document or a later one could get into the page.
    fn needed_score(&self, document: DocId, threshold: Option<Key>) -> u32 {
        threshold.map_or(0, |worst| worst.score + u32::from(!self.can_improve(document, threshold)))
    }

    /// Counts the rest, up to the cap.
    fn count(&mut self, condition: &Condition, request: &Request<'_>, page: &mut Page) -> Result<(), IndexError> {
        if self.is_finished || page.is_counted() {
            return Ok(());
        }
        let mut matches = match self.matches.take() {
            Some(matches) => matches,
            None => self.open(condition)?,
        };
        let mut documents = [0; COLLECT_BLOCK_BUFFER_LEN];
        while matches.doc() < self.range.end && !page.is_counted() {
            let length = matches.fill_buffer(&mut documents);
            let accepted = documents.iter().take(length).filter(|&&document| self.accepts(document, request));
            page.total += accepted.count();
        }
        Ok(())
    }

    fn open(&self, condition: &Condition) -> Result<Matches, IndexError> {
        let mut matches = condition.open(self.reader)?;
        move_to(&mut matches, self.range.start);
        Ok(matches)
    }

    /// Reads one block of matches; false once a match is older than all hits of a full page.
    fn collect_block(&self, matches: &mut Matches, request: &Request<'_>, page: &mut Page) -> bool {
        let mut documents = [0; COLLECT_BLOCK_BUFFER_LEN];
        let length = matches.fill_buffer(&mut documents);
        let mut is_open = true;
        for &document in documents.iter().take(length) {
            if !self.accepts(document, request) {
                continue;
            }
            page.total += 1;
            if is_open && document >= self.page_start {
                is_open = self.offer(document, 0, request, page);
            }
        }
        is_open
    }

    /// Takes the match into the page if it belongs there; false if it is older than all hits of a full page.
    fn offer(&self, document: DocId, score: u32, request: &Request<'_>, page: &mut Page) -> bool {
        let occurred_at_ms = self.columns.occurred_at_ms.get_val(document);
        let threshold = page.threshold();
        if threshold.is_some_and(|worst| (score, occurred_at_ms) < (worst.score, worst.occurred_at_ms)) {
            return false;
        }
        let message_number = self.columns.message_number.get_val(document);
        let key = Key { score, occurred_at_ms, message_number };
        let is_after_cursor = request.after.is_none_or(|after| key < after);
        if is_after_cursor && threshold.is_none_or(|worst| key > worst) {
            page.push(key, self.columns.conversation_number.get_val(document));
        }
        true
    }

    /// Whether this document or a later one is as new as the worst hit of a full page.
    fn can_improve(&self, document: DocId, threshold: Option<Key>) -> bool {
        threshold.is_none_or(|worst| {
            document < self.columns.length && self.columns.occurred_at_ms.get_val(document) >= worst.occurred_at_ms
        })
    }

    fn accepts(&self, document: DocId, request: &Request<'_>) -> bool {
        self.range.contains(&document)
            && !self.reader.is_deleted(document)
            && request
                .direction
                .is_none_or(|direction| self.columns.is_inbound.get_val(document) == (direction == Direction::Received))
            && request
                .conversations
                .is_none_or(|conversations| conversations.contains(self.columns.conversation_number.get_val(document)))
    }
}

/// The matches of one segment with the sets that give extra points, the largest first.
struct Ranked {
    matches: Matches,
    extras: Vec<(Matches, u32)>,
}

impl Ranked {
    fn open(matches: Matches, ranking: &Ranking, reader: &SegmentReader) -> Result<Self, IndexError> {
        let mut extras = Vec::with_capacity(ranking.extras.len());
        for extra in &ranking.extras {
            extras.push((extra.condition.open(reader)?, extra.points));
        }
        // The first ones are left out as soon as the others can give enough points.
        extras.sort_by_key(|(set, _)| Reverse(set.cost()));
        Ok(Self { matches, extras })
    }

    /// The first match from this document on that can have so many extra points.
    fn first_with(&mut self, mut document: DocId, needed: u32) -> DocId {
        if needed == 0 {
            return move_to(&mut self.matches, document);
        }
        loop {
            document = self.first_extra(document, needed);
            let matching = move_to(&mut self.matches, document);
            if matching == document {
                return document;
            }
            document = matching;
        }
    }

    /// The first document that is in one of the sets without which so many points cannot be reached.
    fn first_extra(&mut self, document: DocId, needed: u32) -> DocId {
        let (mut first, mut sum) = (TERMINATED, 0);
        for (set, points) in &mut self.extras {
            sum += *points;
            if sum >= needed {
                first = first.min(move_to(set, document));
            }
        }
        first
    }

    fn extra_points(&mut self, document: DocId) -> u32 {
        let holding =
            self.extras.iter_mut().filter_map(|(set, points)| (move_to(set, document) == document).then_some(*points));
        holding.sum()
    }
}
