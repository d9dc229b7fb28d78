//! The fields of the index and how a message becomes a document.
//!
//! Contract: [`SCHEMA_VERSION`] changes with every change to a field, to folding, to stemming or to what is put into a field; an
//! index of another version is rebuilt. Nothing is stored: the database has the texts. Documents of a segment are sorted newest first.
//!
//! Text fields; all but `pairs` hold four *scopes* (anywhere, subject, from, to) that are told apart by the first character of a term:
//! - `words`: canonical words with positions, for exact words, phrases and long prefixes;
//! - `stems`: one posting per stem and message, for words in any inflection; names and addresses unstemmed;
//! - `pairs`: a hash of every two words in a row, whatever the scope, so that a phrase of frequent words that seldom stand together
//!   reads the positions of a few hundred messages and not of all;
//! - `prefixes`: the first 1 to [`PREFIX_GRAM_MAX`] characters of each word, so that a prefix is one posting list.
//!
//! Rejected: a field per scope, because every field costs files, memory and a dictionary in every segment; prefixes by walking the
//! dictionary only, because one letter would join half the dictionary; longer prefix grams, because they grow the index
//! and the lists they replace are short; sorting segments by arrival, because the newest hits of a common word would then
//! be found only at the end of its posting list, after an import of old messages not even there.

use tantivy::schema::{BytesOptions, FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};
use tantivy::{Index, IndexSettings, IndexSortByField, Order, TantivyDocument, Term};
use uuid::Uuid;

use super::SearchDocument;
use super::language::{self, Language, Stemmers};
use super::query::Scope;
use super::text;

/// Version of everything that decides what an index contains.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// Longest prefix in characters that is answered from its own posting list.
pub(super) const PREFIX_GRAM_MAX: usize = 5;

/// The field that sorts segments and results.
pub(super) const OCCURRED_AT: &str = "occurred_at_ms";
pub(super) const MESSAGE_NUMBER: &str = "message_number";
pub(super) const CONVERSATION_NUMBER: &str = "conversation_number";
pub(super) const IS_INBOUND: &str = "is_inbound";

/// Ends a term in the text handed to the engine. No word contains it.
const SEPARATOR: char = '\u{1f}';

const TOKENIZER: &str = "separated";

/// Handles of the fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) message_number: Field,
    pub(super) conversation_number: Field,
    pub(super) campaign_id: Field,
    pub(super) mailbox_id: Field,
    pub(super) words: Field,
    pub(super) stems: Field,
    pub(super) prefixes: Field,
    pub(super) pairs: Field,
    occurred_at_ms: Field,
    is_inbound: Field,
}

/// The schema and its handles.
pub(super) fn build() -> (Schema, Fields) {
    let text = |option| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(option).set_fieldnorms(false),
        )
    };
    let mut schema = Schema::builder();
    let fields = Fields {
        message_number: schema.add_u64_field(MESSAGE_NUMBER, INDEXED | FAST),
        conversation_number: schema.add_u64_field(CONVERSATION_NUMBER, INDEXED | FAST),
        occurred_at_ms: schema.add_i64_field(OCCURRED_AT, FAST),
        is_inbound: schema.add_bool_field(IS_INBOUND, FAST),
        campaign_id: schema.add_bytes_field("campaign_id", BytesOptions::default().set_indexed()),
        mailbox_id: schema.add_bytes_field("mailbox_id", BytesOptions::default().set_indexed()),
        words: schema.add_text_field("words", text(IndexRecordOption::WithFreqsAndPositions)),
        stems: schema.add_text_field("stems", text(IndexRecordOption::Basic)),
        prefixes: schema.add_text_field("prefixes", text(IndexRecordOption::Basic)),
        pairs: schema.add_text_field("pairs", text(IndexRecordOption::Basic)),
    };
    (schema.build(), fields)
}

/// How segments are written.
pub(super) fn settings() -> IndexSettings {
    IndexSettings {
        sort_by_field: Some(IndexSortByField { field: OCCURRED_AT.to_owned(), order: Order::Desc }),
        ..IndexSettings::default()
    }
}

/// Makes the tokenizer known; an index forgets it when it is closed.
pub(super) fn register_tokenizer(index: &Index) {
    index.tokenizers().register(TOKENIZER, TextAnalyzer::from(SeparatedTokenizer::default()));
}

/// The character that marks the terms of a scope.
const fn mark(scope: Scope) -> char {
    match scope {
        Scope::Anywhere => 'a',
        Scope::Subject => 's',
        Scope::From => 'f',
        Scope::To => 't',
    }
}

/// A term of one of the text fields.
pub(super) fn text_term(field: Field, scope: Scope, text: &str) -> Term {
    let mut value = String::with_capacity(text.len() + 1);
    value.push(mark(scope));
    value.push_str(text);
    Term::from_field_text(field, &value)
}

/// The term of two words in a row.
pub(super) fn pair_term(field: Field, first: &str, second: &str) -> Term {
    Term::from_field_text(field, &String::from_iter(pair_code(first, second)))
}

/// 18 bits of a hash (FNV-1a) as three printable characters. More bits would make the dictionary large, fewer the lists long.
fn pair_code(first: &str, second: &str) -> [char; 3] {
    let bytes = first.bytes().chain([0]).chain(second.bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // The high bits depend on all bytes, the low ones mostly on the last.
    [hash >> 58, hash >> 52, hash >> 46].map(|bits| char::from(b'0' + u8::try_from(bits & 63).unwrap_or(0)))
}

/// A term of an id field.
pub(super) fn id_term(field: Field, id: Uuid) -> Term {
    Term::from_field_bytes(field, id.as_bytes())
}

/// Turns messages into documents.
pub(super) struct DocumentMaker {
    fields: Fields,
    stemmers: Stemmers,
}

impl DocumentMaker {
    pub(super) fn new(fields: Fields) -> Self {
        Self { fields, stemmers: Stemmers::new() }
    }

    pub(super) fn document(&self, message: &SearchDocument) -> TantivyDocument {
        let terms = self.terms(message);
        let fields = &self.fields;
        let mut document = TantivyDocument::default();
        document.add_u64(fields.message_number, message.message_number);
        document.add_u64(fields.conversation_number, message.conversation_number);
        document.add_i64(fields.occurred_at_ms, message.occurred_at_ms);
        document.add_bool(fields.is_inbound, message.is_inbound);
        if let Some(id) = message.campaign_id {
            document.add_bytes(fields.campaign_id, id.as_bytes());
        }
        if let Some(id) = message.mailbox_id {
            document.add_bytes(fields.mailbox_id, id.as_bytes());
        }
        document.add_text(fields.words, terms.words);
        document.add_text(fields.stems, terms.stems);
        document.add_text(fields.prefixes, terms.prefixes);
        document.add_text(fields.pairs, terms.pairs);
        document
    }

    fn terms(&self, message: &SearchDocument) -> Terms {
        let contact = [message.contact_name.as_str(), message.contact_address.as_str(), message.company_name.as_str()];
        let mailbox = [message.mailbox_address.as_deref().unwrap_or("")];
        let (from, to): (&[&str], &[&str]) =
            if message.is_inbound { (&contact, &mailbox) } else { (&mailbox, &contact) };

        let subject = PartWords::read(&message.subject);
        let body = PartWords::read(&message.body);
        let language = language::detect(subject.words().chain(body.words()));
        let inflected = Inflection::Stems(language);
        let mut names: Vec<PartWords> = contact.into_iter().map(PartWords::read).collect();
        names.push(PartWords::read(message.campaign_name.as_deref().unwrap_or("")));

        let mut terms = Terms::default();
        terms.add(Scope::Subject, &[&subject], inflected, &self.stemmers);
        terms.add(Scope::Anywhere, &[&subject, &body], inflected, &self.stemmers);
        terms.add(Scope::Anywhere, &names.iter().collect::<Vec<_>>(), Inflection::None, &self.stemmers);
        for (scope, texts) in [(Scope::From, from), (Scope::To, to)] {
            let parts: Vec<PartWords> = texts.iter().map(|text| PartWords::read(text)).collect();
            terms.add(scope, &parts.iter().collect::<Vec<_>>(), Inflection::Unsearched, &self.stemmers);
        }
        terms
    }
}

/// The canonical words of one text of a message.
struct PartWords {
    words: Vec<text::Word>,
    compounds: Vec<String>,
}

impl PartWords {
    fn read(text: &str) -> Self {
        Self { words: text::words(text), compounds: text::compounds(text) }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| word.folded.as_str())
    }
}

/// What goes into the field of stems.
#[derive(Clone, Copy)]
enum Inflection {
    /// The stems of the language, or of all if it is not known.
    Stems(Option<Language>),
    /// The words as they are: names have no inflections.
    None,
    /// Nothing: the scope is only searched for exact words.
    Unsearched,
}

/// Terms of the three text fields, each ended by a separator.
#[derive(Default)]
struct Terms {
    words: String,
    stems: String,
    prefixes: String,
    pairs: String,
}

impl Terms {
    fn add(&mut self, scope: Scope, parts: &[&PartWords], inflection: Inflection, stemmers: &Stemmers) {
        for part in parts {
            for word in part.words() {
                push_term(&mut self.words, scope, word);
            }
            self.words.push(SEPARATOR);
            self.add_pairs(part);
        }
        for compound in parts.iter().flat_map(|part| &part.compounds) {
            push_term(&mut self.words, scope, compound);
            // A phrase must not run from one compound into the next.
            self.words.push(SEPARATOR);
        }
        let mut distinct: Vec<&str> =
            parts.iter().flat_map(|part| part.words().chain(part.compounds.iter().map(String::as_str))).collect();
        distinct.sort_unstable();
        distinct.dedup();
        self.add_prefixes(scope, &distinct);
        // Compounds are searched as phrases and prefixes, never by stem.
        for word in distinct.into_iter().filter(|word| !word.contains(['.', '@'])) {
            match inflection {
                Inflection::Stems(language) => {
                    for stem in stemmers.distinct(word, language) {
                        push_term(&mut self.stems, scope, &stem);
                    }
                }
                Inflection::None => push_term(&mut self.stems, scope, word),
                Inflection::Unsearched => {}
            }
        }
    }

    fn add_pairs(&mut self, part: &PartWords) {
        for (first, second) in part.words().zip(part.words().skip(1)) {
            self.pairs.extend(pair_code(first, second));
            self.pairs.push(SEPARATOR);
        }
    }

    /// Adds each prefix once: in sorted words a prefix was met before exactly if the word before has it.
    fn add_prefixes(&mut self, scope: Scope, sorted: &[&str]) {
        let mut previous = "";
        for word in sorted {
            let shared = word.chars().zip(previous.chars()).take_while(|(left, right)| left == right).count();
            let ends = word.char_indices().map(|(start, character)| start + character.len_utf8());
            for end in ends.take(PREFIX_GRAM_MAX).skip(shared) {
                push_term(&mut self.prefixes, scope, word.get(..end).unwrap_or(word));
            }
            previous = word;
        }
    }
}

fn push_term(terms: &mut String, scope: Scope, text: &str) {
    terms.push(mark(scope));
    terms.push_str(text);
    terms.push(SEPARATOR);
}

/// Splits at the separator; an empty piece is a gap in the positions.
#[derive(Clone, Default)]
struct SeparatedTokenizer {
    token: Token,
}

struct SeparatedStream<'a> {
    pieces: std::str::Split<'a, char>,
    token: &'a mut Token,
}

impl Tokenizer for SeparatedTokenizer {
    type TokenStream<'a> = SeparatedStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SeparatedStream<'a> {
        self.token.reset();
        SeparatedStream { pieces: text.split(SEPARATOR), token: &mut self.token }
    }
}

impl TokenStream for SeparatedStream<'_> {
    fn advance(&mut self) -> bool {
        for piece in self.pieces.by_ref() {
            self.token.position = self.token.position.wrapping_add(1);
            if !piece.is_empty() {
                self.token.text.clear();
                self.token.text.push_str(piece);
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
