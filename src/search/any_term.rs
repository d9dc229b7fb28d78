//! A query for documents that contain any of some terms, or any term of a range.
//!
//! Contract: matches exactly the documents that have one of the terms or a term of `words` that starts with the prefix; every match
//! has the same score. Reading is lazy for a few posting lists; many lists are joined into a bitmap once per segment.
//!
//! Rejected: tantivy's `BooleanQuery` of terms, because its union decodes windows of 4,096 documents on every long seek, which an
//! intersection with a rare word does for every hit; its `TermSetQuery` and `RegexQuery`, because they read every posting of
//! even a single list before the first hit is known, and the first twenty hits are mostly all we need.

use tantivy::index::{InvertedIndexReader, SegmentReader};
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::query::{BitSetDocSet, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, DocId, DocSet, Score, TERMINATED, TantivyError, Term};

/// Most posting lists that are read side by side.
const MAX_LISTS: usize = 8;

/// The terms, and optionally all terms of one field that start with a prefix.
#[derive(Clone, Debug, Default)]
pub(super) struct AnyTermQuery {
    pub(super) terms: Vec<Term>,
    pub(super) prefix: Option<Term>,
}

impl Query for AnyTermQuery {
    fn weight(&self, _scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for AnyTermQuery {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut lists: Vec<SegmentPostings> = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let inverted = reader.inverted_index(term.field())?;
            lists.extend(inverted.read_postings(term, IndexRecordOption::Basic)?);
        }
        if let Some(prefix) = &self.prefix {
            let inverted = reader.inverted_index(prefix.field())?;
            let infos = terms_with_prefix(&inverted, prefix.serialized_value_bytes())?;
            if lists.len() + infos.len() > MAX_LISTS {
                let bitmap = bitmap(reader, &inverted, lists, &infos)?;
                return Ok(Box::new(ConstScorer::new(BitSetDocSet::from(bitmap), boost)));
            }
            for info in &infos {
                lists.push(inverted.read_postings_from_terminfo(info, IndexRecordOption::Basic)?);
            }
        }
        if lists.len() > MAX_LISTS {
            let mut bitmap = BitSet::with_max_value(reader.max_doc());
            for list in lists {
                insert_all(&mut bitmap, list);
            }
            return Ok(Box::new(ConstScorer::new(BitSetDocSet::from(bitmap), boost)));
        }
        Ok(match (lists.pop(), lists.is_empty()) {
            (None, _) => Box::new(EmptyScorer),
            (Some(list), true) => Box::new(ConstScorer::new(list, boost)),
            (Some(list), false) => {
                lists.push(list);
                Box::new(ConstScorer::new(Union::new(lists), boost))
            }
        })
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() <= document && scorer.seek(document) == document {
            return Ok(Explanation::new("AnyTerm", 1.0));
        }
        Err(TantivyError::InvalidArgument("the document does not match".to_owned()))
    }
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

fn bitmap(
    reader: &SegmentReader,
    inverted: &InvertedIndexReader,
    lists: Vec<SegmentPostings>,
    infos: &[TermInfo],
) -> tantivy::Result<BitSet> {
    let mut bitmap = BitSet::with_max_value(reader.max_doc());
    for list in lists {
        insert_all(&mut bitmap, list);
    }
    for info in infos {
        let mut blocks = inverted.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
        while !blocks.docs().is_empty() {
            for &document in blocks.docs() {
                bitmap.insert(document);
            }
            blocks.advance();
        }
    }
    Ok(bitmap)
}

fn insert_all(bitmap: &mut BitSet, mut list: SegmentPostings) {
    let mut document = list.doc();
    while document != TERMINATED {
        bitmap.insert(document);
        document = list.advance();
    }
}

/// The union of a few posting lists, each of which is only read as far as needed.
struct Union {
    lists: Vec<SegmentPostings>,
    document: DocId,
}

impl Union {
    fn new(lists: Vec<SegmentPostings>) -> Self {
        let document = lists.iter().map(DocSet::doc).min().unwrap_or(TERMINATED);
        Self { lists, document }
    }
}

impl DocSet for Union {
    fn advance(&mut self) -> DocId {
        let mut next = TERMINATED;
        for list in &mut self.lists {
            let mut document = list.doc();
            if document == self.document {
                document = list.advance();
            }
            next = next.min(document);
        }
        self.document = next;
        next
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let mut next = TERMINATED;
        for list in &mut self.lists {
            let mut document = list.doc();
            if document < target {
                document = list.seek(target);
            }
            next = next.min(document);
        }
        self.document = next;
        next
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.lists.iter().map(DocSet::size_hint).max().unwrap_or(0)
    }

    fn cost(&self) -> u64 {
        self.lists.iter().map(DocSet::cost).sum()
    }
}
