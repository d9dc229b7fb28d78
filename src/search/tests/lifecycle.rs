//! Opening, damaging, swapping and paging while messages arrive.
//!
//! Contract: whatever happened to the files, `open` and `search` answer with a value, and a rebuild always helps.

use std::fs;
use std::path::Path;
use std::pin::pin;

use futures_util::FutureExt;

use crate::search::{
    Cursor, Filters, IndexBuilder, IndexError, Opened, Page, Query, RebuildReason, SearchDocument, SearchIndex, Sort,
    WriterPermit, WriterPool,
};

fn permit() -> WriterPermit {
    WriterPool::default().try_acquire().unwrap()
}

fn message(number: u64, body: &str) -> SearchDocument {
    SearchDocument {
        message_number: number,
        conversation_number: number / 2,
        occurred_at_ms: 1_700_000_000_000 + i64::try_from(number).unwrap() * 1_000,
        subject: "Angebot".to_owned(),
        body: body.to_owned(),
        contact_name: "Anna Müller".to_owned(),
        contact_address: "anna.meier@firma.ch".to_owned(),
        is_inbound: true,
        ..SearchDocument::default()
    }
}

fn build(directory: &Path, numbers: std::ops::Range<u64>) -> SearchIndex {
    let mut builder = IndexBuilder::create(directory, permit()).unwrap();
    builder.add(&numbers.map(|number| message(number, "Grüsse aus Zürich")).collect::<Vec<_>>()).unwrap();
    builder.swap(7, None).unwrap()
}

fn find(index: &SearchIndex, text: &str, sort: Sort, after: Option<Cursor>) -> (Vec<u64>, Option<Cursor>) {
    let query = Query::parse(text).unwrap();
    let results = index.search(&query, &Filters::default(), Page { sort, limit: 10, after }).unwrap();
    (results.hits.iter().map(|hit| hit.message_number).collect(), results.next)
}

fn open(directory: &Path) -> SearchIndex {
    match SearchIndex::open(directory).unwrap() {
        Opened::Ready(index) => index,
        Opened::NeedsRebuild(reason) => panic!("{reason}"),
    }
}

#[test]
fn a_missing_index_is_built_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    assert!(matches!(SearchIndex::open(&directory).unwrap(), Opened::NeedsRebuild(RebuildReason::Missing)));
    drop(build(&directory, 0..5));
    let index = open(&directory);
    assert_eq!((index.cursor(), index.message_count()), (7, 5));
    index.verify(&|| false).unwrap();
}

#[test]
fn finds_all_spellings_and_parts_of_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let index = build(&folder.path().join("index"), 0..1);
    for text in [
        "mueller ",
        "müller ",
        "muller ",
        "MULLER",
        "anna.meier@firma.ch",
        "anna.meier@firma.ch ",
        "anna ",
        "meier ",
        "firma.ch",
        "firma.ch ",
        "firma ",
        "anna.meier@fi",
        "zuerich ",
        "zur",
        "gruss ",
        "grüße ",
        "from:anna.meier ",
        "from:\"anna mueller\"",
        "subject:angebote ",
        "@firma.ch",
        "a",
        "",
        "-nichts",
        "in:received",
    ] {
        assert_eq!(find(&index, text, Sort::Date, None).0, [0], "{text}");
        assert_eq!(find(&index, text, Sort::Relevance, None).0, [0], "{text}");
    }
    for text in ["to:anna ", "meie ", "\"meier anna\"", "-firma ", "in:sent", "subject:zürich ", "before:2000-01-01"] {
        assert!(find(&index, text, Sort::Date, None).0.is_empty(), "{text}");
    }
}

#[test]
fn relevance_prefers_subject_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = IndexBuilder::create(&folder.path().join("index"), permit()).unwrap();
    let mut in_name = message(1, "x");
    "Anna Rossi".clone_into(&mut in_name.contact_name);
    let mut in_subject = message(2, "x");
    "Rossi".clone_into(&mut in_subject.subject);
    builder.add(&[in_name, in_subject, message(3, "Rossi"), message(4, "nichts")]).unwrap();
    let index = builder.swap(0, None).unwrap();
    assert_eq!(find(&index, "rossi ", Sort::Date, None).0, [3, 2, 1]);
    assert_eq!(find(&index, "rossi ", Sort::Relevance, None).0, [2, 1, 3]);
}

#[test]
fn an_indexer_replaces_and_commits_the_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    let index = build(&directory, 0..3);
    let pool = WriterPool::new(2);
    let mut indexer = index.indexer(pool.try_acquire().unwrap()).unwrap();
    assert!(matches!(index.indexer(pool.try_acquire().unwrap()), Err(IndexError::Busy)));
    indexer.add(&[message(1, "neu"), message(9, "neu")]).unwrap();
    indexer.add(&[message(9, "neu")]).unwrap();
    assert_eq!(find(&index, "neu", Sort::Date, None).0, [0_u64; 0]);
    indexer.commit(8).unwrap();
    assert_eq!(find(&index, "neu", Sort::Date, None).0, [9, 1]);
    assert_eq!(find(&index, "", Sort::Date, None).0, [9, 2, 1, 0]);
    indexer.add(&[message(10, "neu")]).unwrap();
    drop(indexer);
    assert_eq!((open(&directory).cursor(), open(&directory).message_count()), (8, 4));
    index.indexer(pool.try_acquire().unwrap()).unwrap().close().unwrap();
    assert_eq!(index.cursor(), 8);
}

#[tokio::test]
async fn a_pool_bounds_the_writers_and_tells_when_one_is_wanted() {
    let pool = WriterPool::new(1);
    let permit = pool.acquire().await;
    assert!(pool.try_acquire().is_none());
    assert!(pool.wanted().now_or_never().is_none(), "nobody waits yet");
    let (first, second) = (pool.acquire(), pool.acquire());
    let (mut first, mut second) = (pin!(first), pin!(second));
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    pool.wanted().now_or_never().expect("two wait");
    let mut work = pool.work();
    drop(permit);
    assert!(work.changed().now_or_never().is_some(), "those who wait see that it goes on");
    assert!(second.as_mut().now_or_never().is_none(), "the other was first");
    let permit = first.as_mut().now_or_never().expect("it was given back");
    drop(permit);
    drop(second.await);
    assert!(pool.wanted().now_or_never().is_none(), "nobody waits any more");
    assert!(pool.try_acquire().is_some());
}

#[test]
fn a_swap_shows_the_new_index_in_every_clone() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    let index = build(&directory, 0..3);
    let clone = index.clone();
    let pool = WriterPool::default();

    let indexer = index.indexer(pool.try_acquire().unwrap()).unwrap();
    let builder = IndexBuilder::create(&directory, pool.try_acquire().unwrap()).unwrap();
    assert!(matches!(builder.swap(1, Some(&index)), Err(IndexError::Busy)));
    drop(indexer);
    assert_eq!(clone.message_count(), 3);

    let mut builder = IndexBuilder::create(&directory, pool.try_acquire().unwrap()).unwrap();
    builder.add(&[message(50, "neu")]).unwrap();
    assert_eq!(find(&clone, "", Sort::Date, None).0, [2, 1, 0]);
    builder.swap(20, Some(&index)).unwrap();
    assert_eq!((find(&clone, "", Sort::Date, None).0, clone.cursor()), (vec![50], 20));

    let mut indexer = clone.indexer(pool.try_acquire().unwrap()).unwrap();
    indexer.add(&[message(51, "neu")]).unwrap();
    indexer.commit(21).unwrap();
    drop(indexer);
    assert_eq!(find(&index, "", Sort::Date, None).0, [51, 50]);
    assert_eq!(open(&directory).cursor(), 21);
}

#[test]
fn what_a_crash_leaves_is_cleaned_up() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    drop(build(&directory, 0..3));
    let (building, replaced) = (folder.path().join("index.building"), folder.path().join("index.replaced"));
    fs::create_dir(&building).unwrap();
    fs::create_dir(&replaced).unwrap();
    assert_eq!(open(&directory).message_count(), 3);
    assert!(!building.try_exists().unwrap() && !replaced.try_exists().unwrap());
    fs::rename(&directory, &replaced).unwrap();
    assert_eq!(open(&directory).message_count(), 3);
}

#[test]
fn pages_neither_repeat_nor_skip_while_messages_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let index = build(&folder.path().join("index"), 0..95);
    let mut indexer = index.indexer(permit()).unwrap();
    for sort in [Sort::Date, Sort::Relevance] {
        let newest = find(&index, "", Sort::Date, None).0[0];
        let (mut found, mut next) = find(&index, "angebot", sort, None);
        let mut number = newest;
        while let Some(cursor) = next {
            number += 1;
            indexer.add(&[message(number, "Angebot")]).unwrap();
            indexer.commit(number).unwrap();
            let (hits, following) = find(&index, "angebot", sort, Some(cursor));
            found.extend(hits);
            next = following;
        }
        assert_eq!(found, (0..=newest).rev().collect::<Vec<_>>());
    }
    let cursor = find(&index, "", Sort::Date, None).1;
    let page = Page { sort: Sort::Relevance, limit: 1, after: cursor };
    let wrong = index.search(&Query::default(), &Filters::default(), page);
    assert!(matches!(wrong, Err(IndexError::WrongCursor)));
}

#[test]
fn the_total_is_capped() {
    let folder = tempfile::tempdir().unwrap();
    let index = build(&folder.path().join("index"), 0..10_050);
    for (text, total, is_capped) in [("angebot", 10_000, true), ("", 10_000, true), ("before:2023-11-15", 6_400, false)]
    {
        for sort in [Sort::Date, Sort::Relevance] {
            let query = Query::parse(text).unwrap();
            let page = Page { sort, limit: 3, after: None };
            let results = index.search(&query, &Filters::default(), page).unwrap();
            assert_eq!((results.total, results.is_total_capped), (total, is_capped), "{text}");
        }
    }
}

#[test]
fn another_version_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    drop(build(&directory, 0..3));
    let meta = fs::read_to_string(directory.join("meta.json")).unwrap();
    let changed = meta.replace(r#"\"version\":1"#, r#"\"version\":999"#);
    assert_ne!(changed, meta);
    fs::write(directory.join("meta.json"), changed).unwrap();
    let opened = SearchIndex::open(&directory).unwrap();
    assert!(matches!(opened, Opened::NeedsRebuild(RebuildReason::OtherVersion { found: 999 })), "{opened:?}");
}

/// Copies the index, changes one file of it, and uses it as far as it goes. Whether the damage was noticed before the first
/// write.
fn use_damaged(source: &Path, file: &str, damage: &dyn Fn(Vec<u8>) -> Option<Vec<u8>>) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    fs::create_dir(&directory).unwrap();
    for entry in fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
    }
    let damaged = damage(fs::read(directory.join(file)).unwrap());
    match &damaged {
        Some(bytes) => fs::write(directory.join(file), bytes).unwrap(),
        None => fs::remove_file(directory.join(file)).unwrap(),
    }
    let Opened::Ready(index) = SearchIndex::open(&directory).unwrap() else {
        if damaged.is_none() {
            assert_eq!(find(&build(&directory, 0..3), "angebot", Sort::Date, None).0, [2, 1, 0], "{file}");
        }
        return true;
    };
    for text in ["angebot", "\"grüsse aus\"", "z", "internation", "-anna "] {
        for sort in [Sort::Date, Sort::Relevance] {
            let page = Page { sort, limit: 5, after: None };
            drop(index.search(&Query::parse(text).unwrap(), &Filters::default(), page));
        }
    }
    let is_noticed = index.verify(&|| false).is_err();
    if let Ok(mut indexer) = index.indexer(permit()) {
        drop(indexer.add(&[message(1, "neu"), message(5_000, "neu")]));
        drop(indexer.commit(9));
    }
    is_noticed
}

#[test]
fn damage_is_noticed_and_a_rebuild_helps() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    let index = build(&directory, 0..3_000);
    let mut indexer = index.indexer(permit()).unwrap();
    indexer.add(&[message(5, "neu")]).unwrap();
    indexer.commit(8).unwrap();
    drop((indexer, index));
    let garble = |seed: u8| {
        move |mut bytes: Vec<u8>| {
            let length = bytes.len();
            for position in (0..length).filter(|position| (position * 7_919 + usize::from(seed)) % 97 == 0) {
                bytes[position] = bytes[position].wrapping_mul(31).wrapping_add(seed);
            }
            Some(bytes)
        }
    };
    for entry in fs::read_dir(&directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let damages: [&dyn Fn(Vec<u8>) -> Option<Vec<u8>>; 6] = [
            &|_| None,
            &|_| Some(Vec::new()),
            &|bytes| Some(bytes[..bytes.len() / 2].to_vec()),
            &|bytes| Some(bytes[..bytes.len().saturating_sub(3)].to_vec()),
            &garble(1),
            &garble(2),
        ];
        for (number, damage) in damages.into_iter().enumerate() {
            let is_noticed = use_damaged(&directory, &name, damage);
            // Hidden files are locks and the list of files to clean up; searches do not need them.
            assert!(is_noticed || name.starts_with('.'), "damage {number} of {name}");
        }
    }
}
