//! Which documents of a segment match: a small tree of conditions and the iterators that read it.
//!
//! Contract: [`Condition::open`] gives the matching documents in ascending order, deleted ones included, and only reads as far as it
//! is asked to. Scores are sums of whole points, so they are exact and the same however messages are spread over segments.
//!
//! Rejected: tantivy's `BooleanQuery`. Its exclusion sends the seeks that its documentation forbids (a `NOT` of a phrase fails a debug
//! assertion in 0.27), and its union decodes windows of 4,096 documents at every long seek, which an intersection with a rare
//! word does for each hit. Its `TermSetQuery` and `RegexQuery` read every posting before the first hit is known, and the
//! first twenty hits are mostly all we need.

use tantivy::index::{InvertedIndexReader, SegmentReader};
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::query::{
    AllScorer, BitSetDocSet, ConstScorer, EmptyScorer, EnableScoring, PhraseQuery, Query as _,
    Scorer,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, DocId, DocSet, Score, TERMINATED, Term};

/// Most posting lists that are read side by side; more are joined into a bitmap first.
const MAX_LISTS: usize = 8;

/// The documents that match, with [`Scorer::score`] as their points.
pub(super) type Matches = Box<dyn Scorer>;

/// A condition that a document fulfils or not.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// Every document.
    All,
    /// Has one of the terms.
    AnyTerm(Vec<Term>),
    /// Has a term that starts like this one, or one of the others.
    Prefix { start: Term, or: Vec<Term> },
    /// Has the terms one after another; at least two.
    Phrase(Vec<Term>),
    /// Fulfils all; points add up.
    And(Vec<Condition>),
    /// Fulfils any. No points.
    Or(Vec<Condition>),
    /// Fulfils the first and none of the others.
    Without(Box<Condition>, Vec<Condition>),
    /// Gives points for a condition, and more for each extra condition that is fulfilled too.
    Points {
        base: Box<Condition>,
        points: u8,
        extra: Vec<(Condition, u8)>,
    },
}

impl Condition {
    /// Starts reading the matching documents of a segment.
    pub(super) fn open(&self, reader: &SegmentReader) -> tantivy::Result<Matches> {
        match self {
            Self::All => Ok(unscored(AllScorer::new(reader.max_doc()))),
            Self::AnyTerm(terms) => any_list(reader, term_lists(reader, terms)?),
            Self::Prefix { start, or } => prefix(reader, start, or),
            Self::Phrase(terms) => phrase(reader, terms),
            Self::And(parts) => Ok(And::boxed(open_all(reader, parts)?)),
            Self::Or(parts) => Ok(unscored(Union::new(open_all(reader, parts)?))),
            Self::Without(base, excluded) => Ok(Box::new(Without::new(
                base.open(reader)?,
                open_all(reader, excluded)?,
            ))),
            Self::Points {
                base,
                points,
                extra,
            } => {
                let extra: tantivy::Result<Vec<(Matches, u8)>> = extra
                    .iter()
                    .map(|(condition, points)| Ok((condition.open(reader)?, *points)))
                    .collect();
                Ok(Box::new(Points {
                    base: base.open(reader)?,
                    points: *points,
                    extra: extra?,
                }))
            }
        }
    }
}

fn open_all(reader: &SegmentReader, conditions: &[Condition]) -> tantivy::Result<Vec<Matches>> {
    conditions
        .iter()
        .map(|condition| condition.open(reader))
        .collect()
}

fn unscored(documents: impl DocSet + 'static) -> Matches {
    Box::new(ConstScorer::new(documents, 0.0))
}

fn term_lists(reader: &SegmentReader, terms: &[Term]) -> tantivy::Result<Vec<SegmentPostings>> {
    let mut lists = Vec::with_capacity(terms.len());
    for term in terms {
        lists.extend(
            reader
                .inverted_index(term.field())?
                .read_postings(term, IndexRecordOption::Basic)?,
        );
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
        return any_list(reader, lists);
    }
    let mut bitmap = joined(reader, lists);
    for info in &infos {
        let mut blocks =
            inverted.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
        while !blocks.docs().is_empty() {
            for &document in blocks.docs() {
                bitmap.insert(document);
            }
            blocks.advance();
        }
    }
    Ok(unscored(BitSetDocSet::from(bitmap)))
}

/// Where the postings of all terms with the prefix are.
fn terms_with_prefix(
    inverted: &InvertedIndexReader,
    prefix: &[u8],
) -> tantivy::Result<Vec<TermInfo>> {
    let mut stream = inverted.terms().range().ge(prefix).into_stream()?;
    let mut infos = Vec::new();
    while stream.advance() && stream.key().starts_with(prefix) {
        infos.push(stream.value().clone());
    }
    Ok(infos)
}

fn any_list(reader: &SegmentReader, mut lists: Vec<SegmentPostings>) -> tantivy::Result<Matches> {
    if lists.len() > MAX_LISTS {
        return Ok(unscored(BitSetDocSet::from(joined(reader, lists))));
    }
    Ok(match (lists.pop(), lists.is_empty()) {
        (None, _) => Box::new(EmptyScorer),
        (Some(list), true) => unscored(list),
        (Some(list), false) => {
            lists.push(list);
            unscored(Union::new(lists))
        }
    })
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

fn phrase(reader: &SegmentReader, terms: &[Term]) -> tantivy::Result<Matches> {
    let query = PhraseQuery::new(terms.to_vec());
    let matches = query
        .weight(EnableScoring::disabled_from_schema(reader.schema()))?
        .scorer(reader, 1.0)?;
    Ok(unscored(matches))
}

/// Moves to the target unless already there or beyond.
fn move_to(documents: &mut impl DocSet, target: DocId) -> DocId {
    let document = documents.doc();
    if document < target {
        documents.seek(target)
    } else {
        document
    }
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
        self.parts
            .iter()
            .map(DocSet::size_hint)
            .fold(0, u32::saturating_add)
    }

    fn cost(&self) -> u64 {
        self.parts.iter().map(DocSet::cost).sum()
    }
}

/// What is in all of some sets. The rarest leads.
struct And {
    lead: Matches,
    others: Vec<Matches>,
}

impl And {
    fn boxed(mut parts: Vec<Matches>) -> Matches {
        parts.sort_by_key(DocSet::cost);
        let mut parts = parts.into_iter();
        let Some(lead) = parts.next() else {
            return Box::new(EmptyScorer);
        };
        let mut and = Self {
            lead,
            others: parts.collect(),
        };
        and.align();
        Box::new(and)
    }

    /// Moves on from the lead's document to the first that is in all.
    fn align(&mut self) -> DocId {
        let mut candidate = self.lead.doc();
        loop {
            let first_beyond = self
                .others
                .iter_mut()
                .map(|other| move_to(other, candidate))
                .find(|&document| document > candidate);
            match first_beyond {
                None => return candidate,
                Some(document) => candidate = self.lead.seek(document),
            }
        }
    }
}

impl DocSet for And {
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

impl Scorer for And {
    fn score(&mut self) -> Score {
        self.others
            .iter_mut()
            .map(|other| other.score())
            .sum::<Score>()
            + self.lead.score()
    }
}

/// What is in one set and not in some others.
struct Without {
    base: Matches,
    excluded: Vec<Matches>,
}

impl Without {
    fn new(base: Matches, excluded: Vec<Matches>) -> Self {
        let mut without = Self { base, excluded };
        without.skip_excluded();
        without
    }

    fn skip_excluded(&mut self) -> DocId {
        let mut candidate = self.base.doc();
        while candidate != TERMINATED
            && self
                .excluded
                .iter_mut()
                .any(|set| move_to(set, candidate) == candidate)
        {
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

impl Scorer for Without {
    fn score(&mut self) -> Score {
        self.base.score()
    }
}

/// A set with points.
struct Points {
    base: Matches,
    points: u8,
    extra: Vec<(Matches, u8)>,
}

impl DocSet for Points {
    fn advance(&mut self) -> DocId {
        self.base.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.base.seek(target)
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

impl Scorer for Points {
    fn score(&mut self) -> Score {
        let document = self.base.doc();
        let mut points = Score::from(self.points);
        for (set, extra) in &mut self.extra {
            if move_to(set, document) == document {
                points += Score::from(*extra);
            }
        }
        points
    }
}
