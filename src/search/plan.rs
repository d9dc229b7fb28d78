//! From a [`Query`] and its [`Filters`] to a [`Condition`].
//!
//! Contract: the plan is pure and bounded by the length of the query. What postings answer well goes into the
//! condition: texts, campaigns, mailboxes and a short list of conversations. Days, direction and a long list of conversations
//! are left to the scan, which checks them in columns.
//!
//! Relevance is a sum of whole numbers per word or phrase: 1 for a match, 1 more for the exact word, 4 more for a match in the
//! subject and 4 more for one among sender and receiver. Equal scores are ordered newest first.
//!
//! Rejected: BM25, because every word must match anyway, so its word weights decide little; because nobody can be told why
//! a hit stands where it stands; and because its statistics change with each new message, so pages would overlap.

use tantivy::Term;
use tantivy::schema::Field;
use uuid::Uuid;

use super::Filters;
use super::language::Stemmers;
use super::matching::Condition;
use super::query::{Clause, ClauseText, Query, Scope};
use super::schema::{Fields, PREFIX_GRAM_MAX, id_term, pair_term, text_term};
use super::text;

/// Points for a match, for the exact word, and for a match in the subject or in a name.
const MATCH_POINTS: u32 = 1;
const EXACT_POINTS: u32 = 1;
const PROMINENT_POINTS: u32 = 4;

/// Makes plans.
pub(super) struct Planner {
    pub(super) fields: Fields,
}

/// What gives points beyond those of [`Ranking::base`].
pub(super) struct Extra {
    pub(super) condition: Condition,
    pub(super) points: u32,
}

/// How many points a match has.
pub(super) struct Ranking {
    /// Points of every match.
    pub(super) base: u32,
    /// Points that only some have.
    pub(super) extras: Vec<Extra>,
}

impl Planner {
    /// What a message has to fulfil.
    pub(super) fn condition(&self, query: &Query, filters: &Filters) -> Condition {
        let (mut required, mut excluded) = (Vec::new(), Vec::new());
        for clause in &query.clauses {
            let conditions = if clause.is_negated { &mut excluded } else { &mut required };
            conditions.push(self.matching(clause, clause.scope));
        }
        required.extend(self.filters(filters));
        let condition = match (required.pop(), required.is_empty()) {
            (None, _) => Condition::All,
            (Some(only), true) => only,
            (Some(last), false) => {
                required.push(last);
                Condition::And(required)
            }
        };
        if excluded.is_empty() { condition } else { Condition::Without(Box::new(condition), excluded) }
    }

    /// How a match is scored.
    pub(super) fn ranking(&self, query: &Query) -> Ranking {
        let mut ranking = Ranking { base: 0, extras: Vec::new() };
        for clause in query.clauses.iter().filter(|clause| !clause.is_negated) {
            ranking.base += MATCH_POINTS;
            if clause.scope == Scope::Anywhere {
                self.add_extras(clause, &mut ranking.extras);
            }
        }
        ranking
    }

    fn add_extras(&self, clause: &Clause, extras: &mut Vec<Extra>) {
        let words = text::words(clause.text.value());
        if let ([word], false) = (words.as_slice(), matches!(clause.text, ClauseText::Phrase(_))) {
            extras.push(Extra { condition: self.exact_word(Scope::Anywhere, &word.folded), points: EXACT_POINTS });
        }
        let people = [Scope::From, Scope::To].map(|scope| self.matching(clause, scope));
        extras.push(Extra { condition: self.matching(clause, Scope::Subject), points: PROMINENT_POINTS });
        extras.push(Extra { condition: Condition::Or(people.into()), points: PROMINENT_POINTS });
    }

    fn filters(&self, filters: &Filters) -> Vec<Condition> {
        let mut conditions = Vec::new();
        let mut add_ids = |field: Field, ids: &Option<Vec<Uuid>>| {
            let terms = ids.as_ref().map(|ids| ids.iter().map(|&id| id_term(field, id)).collect());
            conditions.extend(terms.map(Condition::AnyTerm));
        };
        add_ids(self.fields.campaign_id, &filters.campaign_ids);
        add_ids(self.fields.mailbox_id, &filters.mailbox_ids);
        if let Some(numbers) = filters.conversations.as_ref().and_then(|set| set.as_short_list()) {
            let field = self.fields.conversation_number;
            let terms = numbers.iter().map(|&number| Term::from_field_u64(field, number)).collect();
            conditions.push(Condition::AnyTerm(terms));
        }
        conditions
    }

    /// The messages in which the clause's text matches in the scope.
    fn matching(&self, clause: &Clause, scope: Scope) -> Condition {
        let value = clause.text.value();
        let words: Vec<String> = text::words(value).into_iter().map(|word| word.folded).collect();
        match (&clause.text, words.as_slice()) {
            (ClauseText::Word(_), [word]) => Condition::AnyTerm(self.inflected(scope, word)),
            (ClauseText::Prefix(_), [word]) => self.starting_with(scope, word, self.inflected(scope, word)),
            (ClauseText::Prefix(_), [start @ .., last]) => {
                // Only the part after the last separator is still being typed.
                let unfinished = match text::compound(value) {
                    Some(compound) => self.starting_with(scope, &compound, Vec::new()),
                    None => {
                        Condition::And(vec![self.phrase(scope, start), self.starting_with(scope, last, Vec::new())])
                    }
                };
                Condition::Or(vec![self.phrase(scope, &words), unfinished])
            }
            (_, words) => self.phrase(scope, words),
        }
    }

    fn exact_word(&self, scope: Scope, word: &str) -> Condition {
        Condition::AnyTerm(vec![text_term(self.fields.words, scope, word)])
    }

    fn phrase(&self, scope: Scope, words: &[String]) -> Condition {
        match words {
            [] => Condition::AnyTerm(Vec::new()),
            [word] => self.exact_word(scope, word),
            _ => Condition::Phrase {
                words: words.iter().map(|word| text_term(self.fields.words, scope, word)).collect(),
                pairs: words
                    .iter()
                    .zip(words.iter().skip(1))
                    .map(|(first, second)| pair_term(self.fields.pairs, first, second))
                    .collect(),
            },
        }
    }

    /// The terms of a word in any inflection; names are matched as they are, so sender and receiver have no stems.
    fn inflected(&self, scope: Scope, word: &str) -> Vec<Term> {
        if matches!(scope, Scope::From | Scope::To) {
            return vec![text_term(self.fields.words, scope, word)];
        }
        let mut forms = Stemmers::new().distinct(word, None);
        if !forms.iter().any(|form| form == word) {
            forms.push(word.into());
        }
        forms.iter().map(|form| text_term(self.fields.stems, scope, form)).collect()
    }

    fn starting_with(&self, scope: Scope, start: &str, mut or: Vec<Term>) -> Condition {
        if start.chars().count() <= PREFIX_GRAM_MAX {
            or.push(text_term(self.fields.prefixes, scope, start));
            return Condition::AnyTerm(or);
        }
        Condition::Prefix { start: text_term(self.fields.words, scope, start), or }
    }
}
