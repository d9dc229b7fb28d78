//! From a [`Query`] and its [`Filters`] to a query of the engine.
//!
//! Contract: the plan is pure and bounded by the length of the query. What postings answer well goes into the engine's
//! query: texts, campaigns, mailboxes and a short list of conversations. Days, direction and a long list of conversations
//! are left to the scan, which checks them in columns.
//!
//! Relevance is a sum of whole numbers per word or phrase: 1 for a match, 1 more for the exact word, 4 more for a match in the
//! subject and 4 more for one among sender and receiver. Equal scores are ordered newest first.
//!
//! Rejected: BM25, because every word must match anyway, so its word weights decide little; because nobody can be told why
//! a hit stands where it stands; and because its statistics change with each new message, so pages would overlap.

use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, PhraseQuery, Query as EngineQuery};

use super::Filters;
use super::any_term::AnyTermQuery;
use super::language::Stemmers;
use super::query::{Clause, ClauseText, Query, Scope};
use super::schema::{Fields, PREFIX_GRAM_MAX, id_term, text_term};
use super::text;

/// A boxed query of the engine.
type Boxed = Box<dyn EngineQuery>;

/// Makes engine queries.
pub(super) struct Planner {
    pub(super) fields: Fields,
    pub(super) is_scored: bool,
}

/// What the engine is asked.
pub(super) struct Plan {
    pub(super) query: Boxed,
    /// The highest score a message can have.
    pub(super) highest_score: u32,
}

impl Planner {
    pub(super) fn plan(&self, query: &Query, filters: &Filters) -> Plan {
        let mut parts: Vec<(Occur, Boxed)> = Vec::new();
        let mut highest_score = 0;
        for clause in &query.clauses {
            match (clause.is_negated, self.is_scored) {
                (true, _) => parts.push((Occur::MustNot, self.matching(clause, clause.scope))),
                (false, false) => parts.push((Occur::Must, self.matching(clause, clause.scope))),
                (false, true) => {
                    let (scored, highest) = self.scored(clause);
                    highest_score += highest;
                    parts.push((Occur::Must, scored));
                }
            }
        }
        parts.extend(self.filters(filters).into_iter().map(|filter| (Occur::Must, filter)));
        if parts.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            parts.push((Occur::Must, constant(Box::new(AllQuery), 0)));
        }
        Plan { query: joined(parts), highest_score }
    }

    fn filters(&self, filters: &Filters) -> Vec<Boxed> {
        let ids = [(self.fields.campaign_id, &filters.campaign_ids), (self.fields.mailbox_id, &filters.mailbox_ids)];
        let mut queries: Vec<Boxed> = ids
            .into_iter()
            .filter_map(|(field, ids)| Some(ids.as_ref()?.iter().map(|&id| id_term(field, id)).collect()))
            .map(any_of)
            .collect();
        if let Some(numbers) = filters.conversations.as_ref().and_then(|set| set.as_short_list()) {
            let field = self.fields.conversation_number;
            queries.push(any_of(numbers.iter().map(|&number| Term::from_field_u64(field, number)).collect()));
        }
        queries.into_iter().map(|query| constant(query, 0)).collect()
    }

    /// The clause with its score, and the highest score it can give.
    fn scored(&self, clause: &Clause) -> (Boxed, u32) {
        let base = constant(self.matching(clause, clause.scope), 1);
        if clause.scope != Scope::Anywhere {
            return (base, 1);
        }
        let people = BooleanQuery::union(vec![self.matching(clause, Scope::From), self.matching(clause, Scope::To)]);
        let mut parts = vec![
            (Occur::Must, base),
            (Occur::Should, constant(self.matching(clause, Scope::Subject), 4)),
            (Occur::Should, constant(Box::new(people), 4)),
        ];
        let words = text::words(clause_text(&clause.text));
        if let ([word], false) = (words.as_slice(), matches!(clause.text, ClauseText::Phrase(_))) {
            parts.push((Occur::Should, constant(self.exact_word(Scope::Anywhere, &word.folded), 1)));
            return (Box::new(BooleanQuery::new(parts)), 10);
        }
        (Box::new(BooleanQuery::new(parts)), 9)
    }

    /// The messages in which the clause's text matches in the scope.
    fn matching(&self, clause: &Clause, scope: Scope) -> Boxed {
        let value = clause_text(&clause.text);
        let words: Vec<String> = text::words(value).into_iter().map(|word| word.folded).collect();
        match (&clause.text, words.as_slice()) {
            (ClauseText::Word(_), [word]) => any_of(self.inflected(scope, word)),
            (ClauseText::Prefix(_), [word]) => {
                let mut query = self.starting_with(scope, word);
                query.terms.extend(self.inflected(scope, word));
                Box::new(query)
            }
            (ClauseText::Prefix(_), [start @ .., last]) => {
                // Only the part after the last separator is still being typed.
                let unfinished: Boxed = match text::compound(value) {
                    Some(compound) => Box::new(self.starting_with(scope, &compound)),
                    None => Box::new(BooleanQuery::intersection(vec![
                        self.phrase(scope, start),
                        Box::new(self.starting_with(scope, last)),
                    ])),
                };
                Box::new(BooleanQuery::union(vec![self.phrase(scope, &words), unfinished]))
            }
            (_, words) => self.phrase(scope, words),
        }
    }

    fn exact_word(&self, scope: Scope, word: &str) -> Boxed {
        any_of(vec![text_term(self.fields.words, scope, word)])
    }

    fn phrase(&self, scope: Scope, words: &[String]) -> Boxed {
        match words {
            [] => any_of(Vec::new()),
            [word] => self.exact_word(scope, word),
            _ => {
                Box::new(PhraseQuery::new(words.iter().map(|word| text_term(self.fields.words, scope, word)).collect()))
            }
        }
    }

    /// The terms of a word in any inflection; names are matched as they are, so sender and receiver have no stems.
    fn inflected(&self, scope: Scope, word: &str) -> Vec<Term> {
        if matches!(scope, Scope::From | Scope::To) {
            return vec![text_term(self.fields.words, scope, word)];
        }
        let stems = Stemmers::new().distinct(word, None);
        let is_own_stem = stems.iter().any(|stem| stem == word);
        let mut terms: Vec<Term> = stems.iter().map(|stem| text_term(self.fields.stems, scope, stem)).collect();
        if !is_own_stem {
            terms.push(text_term(self.fields.stems, scope, word));
        }
        terms
    }

    fn starting_with(&self, scope: Scope, start: &str) -> AnyTermQuery {
        if start.chars().count() <= PREFIX_GRAM_MAX {
            return AnyTermQuery { terms: vec![text_term(self.fields.prefixes, scope, start)], prefix: None };
        }
        AnyTermQuery { terms: Vec::new(), prefix: Some(text_term(self.fields.words, scope, start)) }
    }
}

fn clause_text(text: &ClauseText) -> &str {
    match text {
        ClauseText::Word(text) | ClauseText::Prefix(text) | ClauseText::Phrase(text) => text,
    }
}

fn any_of(terms: Vec<Term>) -> Boxed {
    Box::new(AnyTermQuery { terms, prefix: None })
}

/// Gives every match the same score. Small whole numbers add up exactly in any order, so scores can be compared bit by bit.
fn constant(query: Boxed, score: u8) -> Boxed {
    Box::new(ConstScoreQuery::new(query, f32::from(score)))
}

fn joined(mut parts: Vec<(Occur, Boxed)>) -> Boxed {
    match (parts.pop(), parts.is_empty()) {
        (Some((Occur::Must, only)), true) => only,
        (last, _) => {
            parts.extend(last);
            Box::new(BooleanQuery::new(parts))
        }
    }
}
