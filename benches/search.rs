//! How fast searches are while messages are being indexed.
//!
//! Contract: `cargo bench --bench search -- [messages] [folder]` builds an index of that many synthetic messages (default
//! 100,000) in the folder (default: a temporary one; an index found there is used again), then measures every kind of
//! search while 200 messages per second are added and committed every 500 ms, and prints median, 99th percentile and
//! maximum in milliseconds. The promise is a 99th percentile below 20 ms at 1,000,000 messages on two cores.
//!
//! Rejected: criterion, because it measures one thing at a time in a quiet process, and the promise is about searches
//! during writes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first error"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the numbers are small and made here"
)]

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use salesbrain::search::{
    Filters, IndexBuilder, NumberSet, Opened, Page, Query, SearchDocument, SearchIndex, Sort, WriterPool,
};
use uuid::Uuid;

const START_MS: i64 = 1_700_000_000_000;
const ROUNDS: usize = 100;

/// Words with the share of messages that hold them, in percent.
const FREQUENT: &[(&str, u32)] = &[
    ("grüsse", 100),
    ("und", 80),
    ("angebot", 60),
    ("termin", 30),
    ("vertrag", 30),
    ("interessiert", 30),
    ("offerte", 10),
    ("demo", 5),
    ("kündigung", 1),
];

/// Searches by name. In the corpus `xaverl` is a word of a few messages, and rare combinations find nothing.
const SEARCHES: &[(&str, &str)] = &[
    ("all messages", ""),
    ("prefix, 1 letter", "a"),
    ("prefix, 2 letters", "an"),
    ("prefix, 3 letters", "ang"),
    ("prefix, 6 letters", "angebo"),
    ("prefix, 7 letters, rare", "kundigu"),
    ("prefix of many words", "kalore"),
    ("word in 100 %", "grüsse "),
    ("word in 30 %", "termin "),
    ("word in 1 %", "kündigung "),
    ("word in a few", "xaverl "),
    ("two words, 30 % each", "termin vertrag "),
    ("four frequent words", "grüsse angebot termin vertrag "),
    ("100 % and rare", "grüsse xaverl "),
    ("frequent, none together", "termin vertrag interessiert offerte demo kündigung xaverl "),
    ("phrase, 100 %", "\"freundliche grüsse\""),
    ("phrase, never", "\"grüsse freundliche\""),
    ("phrase, never, 80 %", "\"und angebot und\""),
    ("word and not word", "angebot -termin "),
    ("not the most frequent", "-grüsse "),
    ("from", "from:anna "),
    ("address", "kunde77@firma77.ch"),
    ("half an address", "kunde77@f"),
    ("days and word", "termin after:2023-12-01 before:2024-01-01 "),
    ("received and word", "in:received angebot "),
    ("subject", "subject:angebot "),
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let count: u64 = arguments.next().map_or(100_000, |count| count.parse().expect("a number of messages"));
    let temporary = tempfile::tempdir().unwrap();
    let directory = arguments.next().map_or_else(|| temporary.path().join("index"), PathBuf::from);
    let corpus = Corpus::new();
    let index = open(&directory, &corpus, count);
    println!("{count} messages, {} segments", index.segment_count());

    println!("\nquiet");
    measure(&index);
    println!("\nwhile 200 messages per second are indexed");
    let (stop, stopped) = mpsc::channel();
    let (index, corpus) = (&index, &corpus);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || write(index, corpus, count, &stopped));
        measure(index);
        drop(stop);
        writer.join().unwrap();
    });
    println!("{} segments", index.segment_count());
}

fn open(directory: &Path, corpus: &Corpus, count: u64) -> SearchIndex {
    let start = Instant::now();
    if let Opened::Ready(index) = SearchIndex::open(directory).unwrap() {
        println!("opened in {:.1} ms", milliseconds(start.elapsed()));
        return index;
    }
    let mut builder = IndexBuilder::create(directory, WriterPool::default().try_acquire().unwrap()).unwrap();
    for number in 0..count {
        builder.add(&[corpus.message(number)]).unwrap();
    }
    let index = builder.swap(0, None).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let bytes: u64 = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    println!("built in {seconds:.0} s, {} MB", bytes / 1_000_000);
    index
}

/// Adds messages at a steady pace until told to stop.
fn write(index: &SearchIndex, corpus: &Corpus, first: u64, stopped: &Receiver<()>) {
    let mut indexer = index.indexer(WriterPool::default().try_acquire().unwrap()).unwrap();
    let mut commits = Vec::new();
    let mut number = first + index.cursor();
    while stopped.recv_timeout(Duration::from_millis(500)) == Err(RecvTimeoutError::Timeout) {
        let start = Instant::now();
        let batch: Vec<SearchDocument> = (number..number + 100).map(|number| corpus.message(number)).collect();
        number += 100;
        indexer.add(&batch).unwrap();
        indexer.commit(number - first).unwrap();
        commits.push(start.elapsed());
    }
    print_row("(one commit of 100)", &mut commits, 0);
}

fn measure(index: &SearchIndex) {
    println!("{:<28}{:>9}{:>9}{:>9}{:>9}", "search", "median", "p99", "max", "total");
    let unlimited = Filters::default();
    let mut all = Vec::new();
    for &(name, text) in SEARCHES {
        all.extend(measure_one(index, name, text, &unlimited, Sort::Date));
    }
    let every_other: NumberSet = (0..400_000).filter(|number| number % 2 == 0).collect();
    let few: NumberSet = (0..50).map(|number| number * 1_000).collect();
    for (name, filters) in [
        ("campaign", Filters { campaign_ids: Some(vec![Uuid::from_u128(3)]), ..Filters::default() }),
        ("half of conversations", Filters { conversations: Some(every_other), ..Filters::default() }),
        ("fifty conversations", Filters { conversations: Some(few), ..Filters::default() }),
        ("300 old conversations", Filters { conversations: Some((0..300).collect()), ..Filters::default() }),
    ] {
        all.extend(measure_one(index, name, "angebot ", &filters, Sort::Date));
    }
    print_row("all of the above", &mut all, 0);
    for text in ["kündigung ", "termin ", "grüsse ", "a", "angebot termin "] {
        measure_one(index, &format!("relevance: {text}"), text, &unlimited, Sort::Relevance);
    }
}

fn measure_one(index: &SearchIndex, name: &str, text: &str, filters: &Filters, sort: Sort) -> Vec<Duration> {
    let (mut times, mut total) = (Vec::with_capacity(ROUNDS), 0);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let query = Query::parse(text).unwrap();
        total = index.search(&query, filters, Page { sort, limit: 20, after: None }).unwrap().total;
        times.push(start.elapsed());
    }
    print_row(name, &mut times, total);
    times
}

fn print_row(name: &str, times: &mut [Duration], total: usize) {
    times.sort_unstable();
    let at = |percent: usize| {
        times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().map_or(0.0, milliseconds)
    };
    println!("{name:<28}{:>9.2}{:>9.2}{:>9.2}{total:>9}", at(50), at(99), at(100));
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Makes messages; the same number is always the same message.
struct Corpus {
    vocabulary: Vec<String>,
}

impl Corpus {
    /// 200,000 words of syllables.
    fn new() -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let syllables =
            ["ka", "lo", "re", "mi", "su", "ten", "ver", "gra", "bel", "ing", "os", "ta", "pro", "chen", "ü"];
        let vocabulary = (0..200_000)
            .map(|_| {
                (0..random.random_range(2..6)).map(|_| syllables[random.random_range(0..syllables.len())]).collect()
            })
            .collect();
        Self { vocabulary }
    }

    /// A word by Zipf's law: the word of rank r about 1/r as often as the first.
    fn word(&self, random: &mut ChaCha8Rng) -> &str {
        let size = self.vocabulary.len() as f64;
        let rank = size.powf(random.random::<f64>()) as usize;
        &self.vocabulary[rank.min(self.vocabulary.len() - 1)]
    }

    fn message(&self, number: u64) -> SearchDocument {
        let mut random = ChaCha8Rng::seed_from_u64(number);
        let mut body = String::from("Guten Tag, wir haben eine Frage zu Ihrer Lösung. ");
        for _ in 0..random.random_range(30..110) {
            body.push_str(self.word(&mut random));
            body.push(' ');
        }
        for &(word, percent) in FREQUENT {
            if random.random_range(0..100) < percent {
                let prefix = if word == "grüsse" { "freundliche " } else { "" };
                body.extend([prefix, word, " "]);
            }
        }
        if number % 50_021 == 7 {
            body.push_str("xaverl");
        }
        let contact = random.random_range(0..60_000);
        let campaign = Uuid::from_u128(random.random_range(0..40));
        SearchDocument {
            message_number: number,
            conversation_number: random.random_range(0..number / 3 + 1),
            occurred_at_ms: START_MS + i64::try_from(number).unwrap() * 40_000 + random.random_range(0..600_000),
            is_inbound: random.random_range(0..4) == 0,
            subject: format!(
                "Re: {} {}",
                if number.is_multiple_of(10) { "Angebot" } else { "Frage" },
                self.word(&mut random)
            ),
            body,
            contact_name: format!(
                "{} {}",
                ["Anna", "Beat", "Chiara", "Denis"][number as usize % 4],
                self.word(&mut random)
            ),
            contact_address: format!("kunde{contact}@firma{contact}.ch"),
            company_name: format!("Firma {contact} AG"),
            mailbox_address: Some(format!("verkauf{}@wir.ch", number % 5)),
            campaign_name: Some(format!("Kampagne {}", number % 40)),
            campaign_id: Some(campaign),
            mailbox_id: Some(Uuid::from_u128(u128::from(number % 5))),
        }
    }
}
