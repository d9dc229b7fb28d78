//! Which documents of a segment match: a small tree of conditions and the iterators that read it.
//!
//! Contract: [`Condition::open`] gives the matching documents in ascending order, deleted ones included, and only reads as far as it
//! is asked to.
//!
//! Rejected: tantivy's `BooleanQuery`. Its exclusion sends the seeks that its documentation forbids (a `NOT` of a phrase fails a debug
//! assertion in 0.27), and its union decodes windows of 4,096 documents at every long seek, which an intersection with a rare
//! word does for each hit. Its `TermSetQuery` and `RegexQuery` read every posting before the first hit is known, and the
//! first twenty hits are mostly all we need.

use tantivy::index::{InvertedIndexReader, SegmentReader};
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::query::{AllScorer, BitSetDocSet, EmptyScorer, EnableScoring, PhraseQuery, Query as _};
use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, DocId, DocSet, SeekDangerResult, TERMINATED, Term};

/// Most posting lists that are read side by side; more are joined into a bitmap first.
const MAX_LISTS: usize = 8;

/// The documents that match, in ascending order.
pub(super) type Matches = Box<dyn DocSet>;

/// A condition that a document fulfils or not.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// Every document.
    All,
    /// Has one of the terms.
    AnyTerm(Vec<Term>),
    /// Has a term that starts like this one, or one of the others.
    Prefix { start: Term, or: Vec<Term> },
    /// Has the words one after another, at least two. `pairs` are the terms of every two of them.
    Phrase { words: Vec<Term>, pairs: Vec<Term> },
    /// Fulfils all.
    And(Vec<Condition>),
    /// Fulfils any.
    Or(Vec<Condition>),
    /// Fulfils the first and none of the others.
    Without(Box<Condition>, Vec<Condition>),
}

impl Condition {
    /// Starts reading the matching documents of a segment.
    pub(super) fn open(&self, reader: &SegmentReader) -> tantivy::Result<Matches> {
        match self {
            Self::All => Ok(Box::new(AllScorer::new(reader.max_doc()))),
            Self::AnyTerm(terms) => Ok(any_list(reader, term_lists(reader, terms)?)),
            Self::Prefix { start, or } => prefix(reader, start, or),
            Self::Phrase { words, pairs } => phrase(reader, words, pairs),
            Self::And(parts) => Ok(And::boxed(open_all(reader, parts)?)),
            Self::Or(parts) => Ok(Box::new(Union::new(open_all(reader, parts)?))),
            Self::Without(base, excluded) => {
                Ok(Box::new(Without::new(base.open(reader)?, open_all(reader, excluded)?)))
            }
        }
    }
}

fn open_all(reader: &SegmentReader, conditions: &[Condition]) -> tantivy::Result<Vec<Matches>> {
    conditions.iter().map(|condition| condition.open(reader)).collect()
}

fn term_lists(reader: &SegmentReader, terms: &[Term]) -> tantivy::Result<Vec<SegmentPostings>> {
    let mut lists = Vec::with_capacity(terms.len());
    for term in terms {
        lists.extend(reader.inverted_index(term.field())?.read_postings(term, IndexRecordOption::Basic)?);
    }
    Ok(lists)
}

fn prefix(reader: &SegmentReader, start: &Term, or: &[Term]) -> tantivy::Result<Matches> {
    let mut lists = term_lists(reader, or)?;
    let inverted = reader.inverted_index(start.field())?;
    let infos = terms_with_prefix(&inverted, start.serialized_value_bytes())?;
    if lists.len() + infos.len() <= MAX_LISTS {
        for info in &infos {
            lists.push(inverted.read_postings_from_terminfo(info, IndexRecordOption::Basic)?);
        }
        return Ok(any_list(reader, lists));
    }
    let mut bitmap = joined(reader, lists);
    for info in &infos {
        let mut blocks = inverted.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
        while !blocks.docs().is_empty() {
            for &document in blocks.docs() {
                bitmap.insert(document);
            }
            blocks.advance();
        }
    }
    Ok(Box::new(BitSetDocSet::from(bitmap)))
}

/// Where the postings of all terms with the prefix are.
fn terms_with_prefix(inverted: &InvertedIndexReader, prefix: &[u8]) -> tantivy::Result<Vec<TermInfo>> {
    let mut stream = inverted.terms().range().ge(prefix).into_stream()?;
    let mut infos = Vec::new();
    while stream.advance() && stream.key().starts_with(prefix) {
        infos.push(stream.value().clone());
    }
    Ok(infos)
}

fn any_list(reader: &SegmentReader, mut lists: Vec<SegmentPostings>) -> Matches {
    if lists.len() > MAX_LISTS {
        return Box::new(BitSetDocSet::from(joined(reader, lists)));
    }
    match (lists.pop(), lists.is_empty()) {
        (None, _) => Box::new(EmptyScorer),
        (Some(list), true) => Box::new(list),
        (Some(list), false) => {
            lists.push(list);
            Box::new(Union::new(lists))
        }
    }
}

fn joined(reader: &SegmentReader, lists: Vec<SegmentPostings>) -> BitSet {
    let mut bitmap = BitSet::with_max_value(reader.max_doc());
    for mut list in lists {
        let mut document = list.doc();
        while document != TERMINATED {
            bitmap.insert(document);
            document = list.advance();
        }
    }
    bitmap
}

/// The pairs lead; positions are read only where all of them are.
fn phrase(reader: &SegmentReader, words: &[Term], pairs: &[Term]) -> tantivy::Result<Matches> {
    let mut lists: Vec<Matches> = Vec::with_capacity(pairs.len());
    for pair in pairs {
        lists.push(any_list(reader, term_lists(reader, std::slice::from_ref(pair))?));
    }
    let lead = And::boxed(lists);
    if lead.doc() == TERMINATED {
        return Ok(lead);
    }
    let weight = PhraseQuery::new(words.to_vec()).weight(EnableScoring::disabled_from_schema(reader.schema()))?;
    // Unlike `scorer`, this does not look for the first match of the phrase.
    let (state, matches) = weight.scorer_danger(reader, lead.doc(), 1.0)?;
    let first = lead.doc();
    let (floor, is_on_floor) = match state {
        SeekDangerResult::Found => (first, true),
        SeekDangerResult::SeekLowerBound(bound) => (bound, false),
    };
    Ok(And::aligned(lead, vec![Checked { documents: matches, floor, is_on_floor }]))
}

/// Moves to the target unless already there or beyond.
pub(super) fn move_to(documents: &mut impl DocSet, target: DocId) -> DocId {
    let document = documents.doc();
    if document < target { documents.seek(target) } else { document }
}

/// What is in any of some sets, each of which is only read as far as needed.
struct Union<T> {
    parts: Vec<T>,
    document: DocId,
}

impl<T: DocSet> Union<T> {
    fn new(parts: Vec<T>) -> Self {
        let document = parts.iter().map(DocSet::doc).min().unwrap_or(TERMINATED);
        Self { parts, document }
    }
}

impl<T: DocSet> DocSet for Union<T> {
    fn advance(&mut self) -> DocId {
        let mut next = TERMINATED;
        for part in &mut self.parts {
            let mut document = part.doc();
            if document == self.document {
                document = part.advance();
            }
            next = next.min(document);
        }
        self.document = next;
        next
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let mut next = TERMINATED;
        for part in &mut self.parts {
            next = next.min(move_to(part, target));
        }
        self.document = next;
        next
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.parts.iter().map(DocSet::size_hint).fold(0, u32::saturating_add)
    }

    fn cost(&self) -> u64 {
        self.parts.iter().map(DocSet::cost).sum()
    }
}

/// A set that is only asked whether it holds a document, for ascending documents. It need not look for its next match, which for a
/// phrase is the expensive part.
struct Checked<T> {
    documents: T,
    /// No document before this one will be asked for, or is in the set.
    floor: DocId,
    /// Whether the set is known to hold the floor.
    is_on_floor: bool,
}

impl<T: DocSet> Checked<T> {
    fn new(documents: T) -> Self {
        let floor = documents.doc();
        Self { documents, floor, is_on_floor: true }
    }

    /// The document itself if it is in the set, else a later one before which there is none.
    fn first_from(&mut self, document: DocId) -> DocId {
        if self.floor > document || (self.floor == document && self.is_on_floor) {
            return self.floor;
        }
        (self.floor, self.is_on_floor) = match self.documents.seek_danger(document) {
            SeekDangerResult::Found => (document, true),
            SeekDangerResult::SeekLowerBound(bound) => (bound.max(document + 1), false),
        };
        self.floor
    }
}

/// What is in all of some sets. The rarest leads.
struct And<T> {
    lead: Matches,
    others: Vec<Checked<T>>,
}

impl And<Matches> {
    fn boxed(mut parts: Vec<Matches>) -> Matches {
        parts.sort_by_key(DocSet::cost);
        let mut parts = parts.into_iter();
        match (parts.next(), parts.len()) {
            (None, _) => Box::new(EmptyScorer),
            (Some(only), 0) => only,
            (Some(lead), _) => Self::aligned(lead, parts.map(Checked::new).collect()),
        }
    }
}

impl<T: DocSet + 'static> And<T> {
    fn aligned(lead: Matches, others: Vec<Checked<T>>) -> Matches {
        let mut and = Self { lead, others };
        and.align();
        Box::new(and)
    }

    /// Moves on from the lead's document to the first that is in all.
    fn align(&mut self) -> DocId {
        let mut candidate = self.lead.doc();
        while candidate != TERMINATED {
            let beyond =
                self.others.iter_mut().map(|other| other.first_from(candidate)).find(|&document| document > candidate);
            match beyond {
                None => break,
                Some(document) => candidate = self.lead.seek(document.min(TERMINATED)),
            }
        }
        candidate
    }
}

impl<T: DocSet + 'static> DocSet for And<T> {
    fn advance(&mut self) -> DocId {
        self.lead.advance();
        self.align()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        move_to(&mut self.lead, target);
        self.align()
    }

    fn doc(&self) -> DocId {
        self.lead.doc()
    }

    fn size_hint(&self) -> u32 {
        self.lead.size_hint()
    }

    fn cost(&self) -> u64 {
        self.lead.cost()
    }
}

/// What is in one set and not in some others.
struct Without {
    base: Matches,
    excluded: Vec<Checked<Matches>>,
}

impl Without {
    fn new(base: Matches, excluded: Vec<Matches>) -> Self {
        let mut without = Self { base, excluded: excluded.into_iter().map(Checked::new).collect() };
        without.skip_excluded();
        without
    }

    fn skip_excluded(&mut self) -> DocId {
        let mut candidate = self.base.doc();
        while candidate != TERMINATED && self.excluded.iter_mut().any(|set| set.first_from(candidate) == candidate) {
            candidate = self.base.advance();
        }
        candidate
    }
}

impl DocSet for Without {
    fn advance(&mut self) -> DocId {
        self.base.advance();
        self.skip_excluded()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        move_to(&mut self.base, target);
        self.skip_excluded()
    }

    fn doc(&self) -> DocId {
        self.base.doc()
    }

    fn size_hint(&self) -> u32 {
        self.base.size_hint()
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }
}
