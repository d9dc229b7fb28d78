//! Compares every page of every query with a linear scan over the same messages.
//!
//! Contract: the oracle shares nothing with the module but the stemmers, the rule which language a message has and the types of the
//! interface: it has its own folding (a table of the letters that occur), its own tokenizer and its own way to read a query.
//!
//! Rejected: comparing with fixed expectations only, because the errors of an index are in the combinations: a phrase over a merge, a
//! prefix after a delete, a cursor between two messages of one millisecond.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::search::language::{Stemmers, detect};
use crate::search::{
    Filters, IndexBuilder, NumberSet, Opened, Page, Query, SearchDocument, SearchIndex, Sort, WriterPool,
};

const WORDS: &[&str] = &[
    "Angebot",
    "Angebote",
    "angeboten",
    "Vertrag",
    "Verträge",
    "Gespräch",
    "Gespraeche",
    "Müller",
    "Mueller",
    "Muller",
    "Straße",
    "strasse",
    "für",
    "und",
    "die",
    "wir",
    "nicht",
    "mit",
    "Ihnen",
    "contrat",
    "contrats",
    "réunion",
    "réunions",
    "société",
    "nous",
    "vous",
    "avec",
    "pour",
    "français",
    "francais",
    "contratto",
    "contratti",
    "riunione",
    "grazie",
    "per",
    "della",
    "meeting",
    "meetings",
    "offer",
    "offers",
    "offered",
    "the",
    "and",
    "with",
    "you",
    "please",
    "question",
    "neue",
    "Steuer",
    "Häuser",
    "Haus",
    "à",
    "e-mail",
    "Q3-2024",
    "www.firma.ch",
    "info@firma.ch",
    "Öl",
    "Oel",
    "Größe",
    "internationale",
    "international",
    "interessant",
];

const NAMES: &[&str] = &["Anna Meier", "Anne Meyer", "Jürg Müller", "Juerg Mueller", "Zoé Dubois", "Marco Rossi", ""];
const ADDRESSES: &[&str] = &["anna.meier@firma.ch", "anne@firma.com", "juerg@mueller-ag.ch", "zoe.dubois@exemple.fr"];
const MAILBOXES: &[&str] = &["sales@wir.ch", "anna@wir.ch"];

/// The letters of [`WORDS`] and [`NAMES`] that are not plain.
fn plain(text: &str) -> String {
    let mut text = text.to_lowercase();
    for (from, to) in [("ß", "ss"), ("ä", "a"), ("ö", "o"), ("ü", "u"), ("é", "e"), ("à", "a"), ("ç", "c")] {
        text = text.replace(from, to);
    }
    let letters: Vec<char> = text.chars().collect();
    let mut plain = String::new();
    for (position, &letter) in letters.iter().enumerate() {
        let before = |distance: usize| position.checked_sub(distance).map_or(' ', |position| letters[position]);
        let is_umlaut_e = letter == 'e'
            && match before(1) {
                'a' | 'o' => true,
                'u' => !"aeiouyq".contains(before(2)),
                _ => false,
            };
        if !is_umlaut_e {
            plain.push(letter);
        }
    }
    plain
}

fn tokens(text: &str) -> Vec<String> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric());
    parts.filter(|part| !part.is_empty()).map(plain).collect()
}

/// One text of a message, prepared for the scan.
struct Text {
    tokens: Vec<String>,
    wholes: Vec<String>,
    is_inflected: bool,
}

impl Text {
    fn new(text: &str, is_inflected: bool) -> Self {
        let mut wholes = Vec::new();
        for whole in text.split_whitespace().filter(|whole| whole.contains(['.', '@'])) {
            wholes.push(whole.split_inclusive(|letter: char| !letter.is_alphanumeric()).map(plain).collect::<String>());
            wholes.extend(whole.split_once('@').map(|(_, domain)| plain(domain)));
        }
        Self { tokens: tokens(text), wholes, is_inflected }
    }

    fn has_phrase(&self, phrase: &[String]) -> bool {
        self.tokens.windows(phrase.len()).any(|window| window == phrase)
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.tokens.iter().chain(&self.wholes).any(|token| token.starts_with(prefix))
    }

    fn has_word(&self, word: &str, stemmers: &Stemmers, message: &SearchDocument) -> bool {
        if !self.is_inflected {
            // A name matches as it is, and also where it is the stem of what was typed.
            let stems = stemmers.distinct(word, None);
            return self.tokens.iter().any(|token| token == word || stems.contains(&token.as_str().into()));
        }
        let all: Vec<String> = tokens(&message.subject).into_iter().chain(tokens(&message.body)).collect();
        let language = detect(all.iter().map(String::as_str));
        let mut sought = stemmers.distinct(word, None);
        sought.push(word.into());
        self.tokens.iter().any(|token| stemmers.distinct(token, language).iter().any(|stem| sought.contains(stem)))
    }
}

fn texts_of(message: &SearchDocument, scope: &str) -> Vec<Text> {
    let contact =
        [&message.contact_name, &message.contact_address, &message.company_name].map(|text| Text::new(text, false));
    let mailbox = vec![Text::new(message.mailbox_address.as_deref().unwrap_or(""), false)];
    match (scope, message.is_inbound) {
        ("subject", _) => vec![Text::new(&message.subject, true)],
        ("from", true) | ("to", false) => contact.into(),
        ("from" | "to", _) => mailbox,
        _ => {
            let mut texts: Vec<Text> = contact.into();
            texts.extend([Text::new(&message.subject, true), Text::new(&message.body, true)]);
            texts.push(Text::new(message.campaign_name.as_deref().unwrap_or(""), false));
            texts
        }
    }
}

/// One item of a query as the test makes it.
#[derive(Clone, Debug)]
struct Item {
    is_negated: bool,
    scope: &'static str,
    value: String,
    is_quoted: bool,
}

impl Item {
    fn text(&self) -> String {
        let sign = if self.is_negated { "-" } else { "" };
        let colon = if self.scope.is_empty() { "" } else { ":" };
        let quote = if self.is_quoted { "\"" } else { "" };
        format!("{sign}{}{colon}{quote}{}{quote}", self.scope, self.value)
    }

    fn matches(&self, message: &SearchDocument, is_prefix: bool) -> bool {
        let stemmers = Stemmers::new();
        let texts = texts_of(message, self.scope);
        let sought = tokens(&self.value);
        let is_name_scope = matches!(self.scope, "from" | "to");
        let any = |test: &dyn Fn(&Text) -> bool| texts.iter().any(test);
        let is_word = |word: &str| {
            if is_name_scope {
                any(&|text| {
                    text.tokens.iter().any(|token| token == word) || text.wholes.iter().any(|whole| whole == word)
                })
            } else {
                any(&|text| text.has_word(word, &stemmers, message))
            }
        };
        match (sought.as_slice(), self.is_quoted, is_prefix && !self.is_negated) {
            ([word], false, false) => is_word(word),
            ([word], false, true) => is_word(word) || any(&|text| text.has_prefix(word)),
            ([start @ .., last], false, true) => {
                let is_whole = self.value.contains(['.', '@']);
                let whole: String =
                    self.value.split_inclusive(|letter: char| !letter.is_alphanumeric()).map(plain).collect();
                any(&|text| text.has_phrase(&sought))
                    || (is_whole && any(&|text| text.has_prefix(&whole)))
                    || (!is_whole && any(&|text| text.has_phrase(start)) && any(&|text| text.has_prefix(last)))
            }
            _ => any(&|text| text.has_phrase(&sought)),
        }
    }
}

/// A query with everything around it.
#[derive(Clone, Debug)]
struct Search {
    items: Vec<Item>,
    has_space: bool,
    direction: Option<bool>,
    before: Option<i64>,
    after: Option<i64>,
    campaigns: Option<Vec<u128>>,
    mailboxes: Option<Vec<u128>>,
    conversations: Option<BTreeSet<u64>>,
    limit: usize,
}

const DAY_MS: i64 = 86_400_000;

impl Search {
    fn text(&self) -> String {
        let mut items: Vec<String> = Vec::new();
        items.extend(self.direction.map(|is_inbound| if is_inbound { "in:received" } else { "in:sent" }.to_owned()));
        items.extend(self.before.map(|day| format!("before:2024-01-{:02}", day + 1)));
        items.extend(self.after.map(|day| format!("after:2024-01-{:02}", day + 1)));
        items.extend(self.items.iter().map(Item::text));
        items.join(" ") + if self.has_space { " " } else { "" }
    }

    fn filters(&self) -> Filters {
        let ids = |ids: &Option<Vec<u128>>| ids.as_ref().map(|ids| ids.iter().map(|&id| Uuid::from_u128(id)).collect());
        Filters {
            campaign_ids: ids(&self.campaigns),
            mailbox_ids: ids(&self.mailboxes),
            conversations: self.conversations.as_ref().map(|set| set.iter().copied().collect::<NumberSet>()),
        }
    }

    fn matches(&self, message: &SearchDocument) -> bool {
        let day = (message.occurred_at_ms - START_MS).div_euclid(DAY_MS);
        let filters = self.filters();
        let is_in = |ids: &Option<Vec<Uuid>>, id: Option<Uuid>| {
            ids.as_ref().is_none_or(|ids| id.is_some_and(|id| ids.contains(&id)))
        };
        let last = self.items.len().saturating_sub(1);
        self.direction.is_none_or(|is_inbound| message.is_inbound == is_inbound)
            && self.before.is_none_or(|before| day < before)
            && self.after.is_none_or(|after| day >= after)
            && is_in(&filters.campaign_ids, message.campaign_id)
            && is_in(&filters.mailbox_ids, message.mailbox_id)
            && self.conversations.as_ref().is_none_or(|set| set.contains(&message.conversation_number))
            && self
                .items
                .iter()
                .enumerate()
                .all(|(position, item)| item.matches(message, position == last && !self.has_space) != item.is_negated)
    }
}

const START_MS: i64 = 1_704_067_200_000;

fn sentence(length: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), length).prop_map(|words| words.join(" "))
}

fn message() -> impl Strategy<Value = SearchDocument> {
    let texts = (sentence(0..4), sentence(0..14), prop::sample::select(NAMES), prop::sample::select(ADDRESSES));
    let rest = (
        prop::sample::select(MAILBOXES),
        0u64..120,
        0u64..600,
        // Few different times, so that many messages share a millisecond.
        (0i64..8, 0i64..4),
        any::<bool>(),
        prop::option::of(0u128..3),
    );
    (texts, rest).prop_map(|((subject, body, name, address), (mailbox, number, conversation, time, is_inbound, id))| {
        SearchDocument {
            message_number: number,
            conversation_number: conversation,
            occurred_at_ms: START_MS + time.0 * DAY_MS + time.1 * (DAY_MS / 4),
            is_inbound,
            subject,
            body,
            contact_name: name.to_owned(),
            contact_address: address.to_owned(),
            company_name: "Firma AG".to_owned(),
            mailbox_address: Some(mailbox.to_owned()),
            campaign_name: id.map(|id| format!("Kampagne {id}")),
            campaign_id: id.map(Uuid::from_u128),
            mailbox_id: Some(Uuid::from_u128(u128::from(mailbox.len() == 11))),
        }
    })
}

fn item() -> impl Strategy<Value = Item> {
    let vocabulary: Vec<&'static str> = WORDS
        .iter()
        .chain(ADDRESSES)
        .copied()
        .chain(["meier", "firma", "firma.ch", "anna.meier", "sales", "wir.ch", "kampagne", "ag"])
        .collect();
    let word = prop::sample::select(vocabulary);
    let value = prop_oneof![
        4 => word.prop_map(str::to_owned),
        3 => (prop::sample::select(WORDS), 1usize..9)
            .prop_map(|(word, length)| word.chars().take(length).collect::<String>())
            .prop_filter("has a letter", |value| value.ends_with(char::is_alphanumeric)),
    ];
    let phrase = prop_oneof![sentence(1..3), prop::sample::select(&NAMES[..6]).prop_map(str::to_owned)];
    (
        prop::bool::weighted(0.2),
        prop::sample::select(vec!["", "", "", "", "subject", "from", "to"]),
        prop_oneof![4 => value.prop_map(|value| (value, false)), 1 => phrase.prop_map(|value| (value, true))],
    )
        .prop_map(|(is_negated, scope, (value, is_quoted))| Item { is_negated, scope, value, is_quoted })
}

fn search() -> impl Strategy<Value = Search> {
    let rare = |strategy| prop::option::weighted(0.2, strategy);
    let conversations =
        prop_oneof![prop::collection::btree_set(0u64..600, 0..200), prop::collection::btree_set(0u64..600, 300..500),];
    (
        (prop::collection::vec(item(), 0..3), any::<bool>()),
        (prop::option::weighted(0.2, any::<bool>()), rare(0i64..9), rare(0i64..9)),
        prop::option::weighted(0.2, prop::collection::vec(0u128..4, 0..3)),
        prop::option::weighted(0.2, prop::collection::vec(0u128..2, 0..2)),
        prop::option::weighted(0.2, conversations),
        1usize..9,
    )
        .prop_map(
            |((items, has_space), (direction, before, after), campaigns, mailboxes, conversations, limit)| Search {
                items,
                has_space,
                direction,
                before,
                after,
                campaigns,
                mailboxes,
                conversations,
                limit,
            },
        )
}

/// A change of the index.
#[derive(Clone, Debug)]
enum Change {
    Add(Vec<SearchDocument>),
    Commit,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        4 => prop::collection::vec(message(), 1..25).prop_map(Change::Add),
        4 => Just(Change::Commit),
    ];
    prop::collection::vec(change, 1..36)
}

/// All pages in order, checking the totals on the way.
fn all_pages(index: &SearchIndex, search: &Search, sort: Sort, expected_total: usize) -> Vec<(u32, u64)> {
    let query = Query::parse(&search.text()).unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = Page { sort, limit: search.limit, after };
        let results = index.search(&query, &search.filters(), page).unwrap();
        assert_eq!(results.total, expected_total);
        assert!(!results.is_total_capped);
        found.extend(results.hits.iter().map(|hit| (hit.score, hit.message_number)));
        match results.next {
            None => return found,
            Some(next) => {
                assert_eq!(results.hits.len(), search.limit);
                assert_eq!(next.to_string().parse(), Ok(next));
                after = Some(next);
            }
        }
    }
}

/// Checks all searches after all changes; how many hits there were.
fn check(changes: &[Change], searches: &[Search]) -> usize {
    let mut hit_count = 0;
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    let pool = WriterPool::default();
    IndexBuilder::create(&directory, pool.try_acquire().unwrap()).unwrap().swap(0, None).unwrap();
    let Opened::Ready(index) = SearchIndex::open(&directory).unwrap() else { panic!("not ready") };
    let mut messages: BTreeMap<u64, SearchDocument> = BTreeMap::new();
    let mut indexer = index.indexer(pool.try_acquire().unwrap()).unwrap();
    for (cursor, change) in changes.iter().chain([&Change::Commit]).enumerate() {
        match change {
            Change::Add(added) => {
                indexer.add(added).unwrap();
                messages.extend(added.iter().map(|message| (message.message_number, message.clone())));
            }
            Change::Commit => indexer.commit(cursor as u64).unwrap(),
        }
    }
    // Every other case is searched after the merges that so many commits cause.
    if changes.len().is_multiple_of(2) {
        indexer.close().unwrap();
    }
    assert_eq!(index.message_count(), messages.len() as u64);
    for search in searches {
        let mut expected: Vec<&SearchDocument> = messages.values().filter(|message| search.matches(message)).collect();
        expected.sort_by_key(|message| std::cmp::Reverse((message.occurred_at_ms, message.message_number)));
        let expected: Vec<u64> = expected.into_iter().map(|message| message.message_number).collect();
        let found = all_pages(&index, search, Sort::Date, expected.len());
        let found: Vec<u64> = found.into_iter().map(|(_, number)| number).collect();
        assert_eq!(found, expected, "`{}` {search:?}", search.text());

        let by_relevance = all_pages(&index, search, Sort::Relevance, expected.len());
        assert!(by_relevance.is_sorted_by_key(|&(score, number)| {
            std::cmp::Reverse((score, messages[&number].occurred_at_ms, number))
        }));
        let numbers: BTreeSet<u64> = by_relevance.into_iter().map(|(_, number)| number).collect();
        hit_count += numbers.len();
        assert_eq!(numbers, expected.into_iter().collect());
    }
    hit_count
}

#[test]
fn every_page_equals_a_linear_scan() {
    // Shrinking would rebuild the index thousands of times; the message of a failure names the query.
    let config =
        ProptestConfig { cases: 16, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() };
    let cases = (changes(), prop::collection::vec(search(), 60));
    let hit_count = Cell::new(0);
    let result = TestRunner::new(config).run(&cases, |(changes, searches)| {
        hit_count.set(hit_count.get() + check(&changes, &searches));
        Ok(())
    });
    assert!(result.is_ok(), "see the first panic above");
    assert!(hit_count.get() > 1_000, "most searches find nothing: {}", hit_count.get());
}
