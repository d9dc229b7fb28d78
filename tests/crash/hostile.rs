//! Hostile clients: bodies, connections and addresses that no provider and no browser would send. Never a 5xx, never a
//! hang, no growth, nothing of a message in the log, and everybody else is served as ever.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use salesbrain::http::router::routes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::bodies::{self, Expected, Hostile, IsWanted, MARKER};
use super::feed::Feed;
use super::raw::{self, Framing};
use super::support::{Api, Appliance, PASSWORD, Server, wait_until};

/// Hostile bodies of all families.
const MIXED: usize = 5_000;
/// Hostile bodies after those, of which nothing is stored.
const REFUSED: usize = 5_000;
/// Bodies that warm the program up before memory is looked at.
const WARM_UP: usize = 1_000;
/// Requests at the same time.
const CONNECTIONS: usize = 8;
/// Most that resident memory may grow by over [`MIXED`]: SQLite's page cache (64 MiB, and 4 MiB for each of 4 readers)
/// fills while the file grows, and the allocator keeps some. With 40,000 bodies it stays there.
const MIXED_GROWTH_KIB: u64 = 128 * 1024;
/// Most that it may grow by over [`REFUSED`], where no cache has a reason to fill.
const REFUSED_GROWTH_KIB: u64 = 24 * 1024;
/// Most resident memory at any time: the figure the product promises under load.
const MAX_RESIDENT_KIB: u64 = 400 * 1024;
/// Longest wait for any one thing.
const LIMIT: Duration = Duration::from_mins(1);
/// Longest time until another client is answered while hostile ones hold connections.
const SERVED_WITHIN: Duration = Duration::from_secs(3);

struct Setting {
    appliance: Appliance,
    server: Server,
    api: Api,
    feed: Feed,
    seed: u64,
    _folder: tempfile::TempDir,
}

async fn begin() -> Setting {
    let folder = tempfile::tempdir().unwrap();
    let mut appliance = Appliance::create(folder.path());
    // The most talkative log that is of use to anybody.
    appliance.set("SALESBRAIN_LOG_FILTER", "debug");
    let (server, _took) = appliance.start().await;
    let api = Api::sign_in(&server).await;
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let feed = Feed::new(seed, salesbrain::clock::Clock::System.now_ms());
    Setting { appliance, server, api, feed, seed, _folder: folder }
}

/// A webhook request with the right secret.
fn webhook(secret: &str, body: &[u8], framing: Framing) -> Vec<u8> {
    let head = [
        b"POST /webhooks/instantly/webhook HTTP/1.1".to_vec(),
        b"host: x\r\nconnection: close\r\ncontent-type: application/json".to_vec(),
        format!("x-webhook-secret: {secret}").into_bytes(),
    ];
    raw::request(&head, body, framing)
}

/// What came of the bodies: by family and status (0: connection cut) their number and the longest time to an answer.
type Tally = BTreeMap<(&'static str, u16), (usize, Duration)>;

async fn post_hostile(setting: &Setting, (count, is_wanted): (usize, IsWanted), seed: u64) -> Tally {
    let tally = Arc::new(Mutex::new(Tally::new()));
    let random = Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(seed)));
    let left = Arc::new(AtomicUsize::new(count));
    let mut workers = JoinSet::new();
    for _connection in 0..CONNECTIONS {
        let (tally, random, left) = (Arc::clone(&tally), Arc::clone(&random), Arc::clone(&left));
        let address = setting.server.address().to_owned();
        let secret = setting.appliance.secret.clone();
        workers.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                let (hostile, framing) = draw(&random, is_wanted);
                let bytes = webhook(&secret, &hostile.body, framing);
                let begin = Instant::now();
                let answer = raw::exchange(&address, &bytes).await;
                let status = check_answer(&hostile, framing, answer.as_ref());
                let mut tally = tally.lock().unwrap();
                let entry = tally.entry((hostile.family, status)).or_default();
                *entry = (entry.0 + 1, entry.1.max(begin.elapsed()));
            }
        });
    }
    while let Some(outcome) = workers.join_next().await {
        outcome.unwrap();
    }
    Arc::into_inner(tally).unwrap().into_inner().unwrap()
}

fn draw(random: &Mutex<ChaCha8Rng>, is_wanted: IsWanted) -> (Hostile, Framing) {
    let mut random = random.lock().unwrap();
    let framing = if random.random_bool(0.3) { Framing::Chunked } else { Framing::Length };
    (bodies::next(&mut random, is_wanted), framing)
}

fn check_answer(hostile: &Hostile, framing: Framing, answer: Option<&(u16, String)>) -> u16 {
    let status = answer.map_or(0, |(status, _body)| *status);
    let is_right = match hostile.expected {
        Expected::Refused => status == 400,
        Expected::TooLarge => status == 413 || status == 0,
        Expected::Odd => status == 200 || status == 400,
        Expected::Taken => status == 200,
    };
    let beginning: String = String::from_utf8_lossy(&hostile.body).chars().take(600).collect();
    assert!(is_right, "{} ({framing:?}) was answered with {answer:?}: {beginning}", hostile.family);
    if status != 200 {
        let body = answer.map_or("", |(_status, body)| body.as_str());
        assert!(!body.contains(MARKER), "an error repeats the message: {body}");
    }
    status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_bodies_are_refused_and_leave_no_trace() {
    let setting = begin().await;
    let seed = setting.seed;
    post_hostile(&setting, (WARM_UP, bodies::all), seed).await;
    let begin = Instant::now();
    let start_kib = setting.server.resident_kib();
    let tally = post_hostile(&setting, (MIXED, bodies::all), seed.wrapping_add(1)).await;
    setting.api.wait_for_consumers(LIMIT).await;
    let middle_kib = setting.server.resident_kib();
    let refused = post_hostile(&setting, (REFUSED, bodies::refused_only), seed.wrapping_add(2)).await;
    let end_kib = setting.server.resident_kib();
    let took = begin.elapsed();
    eprintln!(
        "{took:?}; resident KiB after the warm-up {start_kib}, after all families {middle_kib}, after refused ones {end_kib}"
    );
    assert!(refused.keys().all(|(_family, status)| *status != 200), "{refused:?}");
    for ((family, status), (count, longest)) in &tally {
        eprintln!("{family}: {status} × {count}, at most {longest:?}");
    }
    for family in bodies::families() {
        assert!(tally.keys().any(|(known, _status)| *known == family), "{family} did not occur");
    }
    assert!(tally.contains_key(&("too large", 413)), "no body was answered with 413");
    assert!(middle_kib < start_kib + MIXED_GROWTH_KIB, "resident memory grew from {start_kib} to {middle_kib} KiB");
    assert!(end_kib < middle_kib + REFUSED_GROWTH_KIB, "resident memory grew from {middle_kib} to {end_kib} KiB");
    assert!(end_kib < MAX_RESIDENT_KIB, "{end_kib} KiB are resident");
    check_still_serving(&setting).await;
    // Every list and page shows what was taken, odd as it is.
    let mut cursor = String::new();
    loop {
        let page = setting.api.get_ok(&format!("/api/v1/conversations?view=all&limit=200&cursor={cursor}")).await;
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    setting.api.search_all(MARKER).await;
    check_log(&setting);
}

/// A webhook with known content goes through and is found, and reads answer.
async fn check_still_serving(setting: &Setting) {
    let before = setting.feed.acknowledged();
    let posting = setting.feed.post_to(&setting.server.base_url, &setting.appliance.secret);
    wait_until(LIMIT, "webhooks are taken", || async { setting.feed.acknowledged() > before + 50 }).await;
    posting.end().await;
    assert!(setting.feed.take_refusals().is_empty(), "{}", setting.server.log());
    setting.api.wait_for_consumers(LIMIT).await;
    for path in ["conversations", "conversations/counts", "campaigns", "mailboxes", "contacts", "statistics", "events"]
    {
        setting.api.get_ok(&format!("/api/v1/{path}")).await;
    }
    assert_ne!(setting.api.search("in:received", "").await["total"], 0);
    let health = setting.api.get_ok("/health").await;
    assert_eq!(health["data"]["status"], "ok");
}

/// The log names no content and no secret, and no handler panicked.
fn check_log(setting: &Setting) {
    let log = setting.server.log();
    assert!(
        log.contains("a webhook was refused as malformed") || log.contains("request answered"),
        "the log is not read"
    );
    for (what, text) in [
        ("the content of a message", MARKER),
        ("the webhook secret", setting.appliance.secret.as_str()),
        ("the password", PASSWORD),
        ("an access token", setting.api.token()),
        ("a panic", "panicked"),
    ] {
        let line = log.lines().find(|line| line.contains(text));
        assert!(line.is_none(), "the log has {what}: {line:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_idle_connections_do_not_keep_others_waiting() {
    let setting = begin().await;
    let address = setting.server.address().to_owned();
    let mut held = Vec::new();
    for _idle in 0..500 {
        held.push(TcpStream::connect(&address).await.unwrap());
    }
    for _unfinished in 0..100 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"POST /webhooks/instantly/webhook HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        held.push(stream);
    }
    let bodies: Vec<String> = (0..30)
        .map(|number| {
            format!("{{\"event_type\":\"reply_received\",\"lead_email\":\"slow{number}@example.org\",\"email_id\":\"slow-{number}\",\"reply_text\":\"langsam{number}\"}}")
        })
        .collect();
    let mut slow = JoinSet::new();
    for body in &bodies {
        let bytes = webhook(&setting.appliance.secret, body.as_bytes(), Framing::Length);
        slow.spawn(send_byte_by_byte(address.clone(), bytes, body.len()));
    }
    // While all of them are under way others are served at once.
    let begin = Instant::now();
    setting.api.get_ok("/health").await;
    setting.api.get_ok("/api/v1/conversations").await;
    let took = begin.elapsed();
    assert!(took < SERVED_WITHIN, "two reads took {took:?}");
    check_still_serving(&setting).await;
    // The slow ones are slow, not wrong: each is answered and stored.
    while let Some(status) = slow.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    setting.api.wait_for_consumers(LIMIT).await;
    for number in 0..bodies.len() {
        let found = setting.api.search(&format!("from:slow{number}@example.org langsam{number}"), "").await;
        assert_eq!(found["total"], 1, "slow{number}");
    }
    eprintln!(
        "{} connections held; two reads took {took:?}; resident {} KiB",
        held.len(),
        setting.server.resident_kib()
    );
    drop(held);
    check_still_serving(&setting).await;
    check_log(&setting);
}

/// Sends the body one byte at a time; answers the status.
async fn send_byte_by_byte(address: String, bytes: Vec<u8>, body_length: usize) -> u16 {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let (head, body) = bytes.split_at(bytes.len() - body_length);
    stream.write_all(head).await.unwrap();
    for byte in body {
        stream.write_all(&[*byte]).await.unwrap();
        // The client's slowness is what is tested.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut answer = Vec::new();
    tokio::time::timeout(raw::ANSWER_WITHIN, stream.read_to_end(&mut answer)).await.expect("no answer").unwrap();
    raw::parse(&answer).unwrap().0
}

/// Requests to each route.
const PER_ROUTE: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_addresses_and_headers_never_get_a_server_error() {
    let setting = begin().await;
    check_still_serving(&setting).await;
    let address = setting.server.address().to_owned();
    let mut random = ChaCha8Rng::seed_from_u64(setting.seed);
    let mut tally: BTreeMap<u16, usize> = BTreeMap::new();
    for route in routes().table() {
        // It would end the session that the other requests need.
        if route.path.ends_with("/logout") {
            continue;
        }
        for _request in 0..PER_ROUTE {
            let bytes = hostile_request(&mut random, &route, setting.api.token());
            let answer = raw::exchange(&address, &bytes).await;
            let status = answer.as_ref().map_or(0, |(status, _body)| *status);
            let shown = String::from_utf8_lossy(&bytes).replace(setting.api.token(), "…");
            let shown: String = shown.chars().take(2_000).collect();
            assert!(status < 500 && status != 0, "{answer:?} to {shown:?}");
            *tally.entry(status).or_default() += 1;
        }
    }
    eprintln!("{tally:?}");
    assert!(tally.contains_key(&200) && tally.contains_key(&400) && tally.contains_key(&404), "{tally:?}");
    check_still_serving(&setting).await;
    check_log(&setting);
}

fn hostile_request(random: &mut ChaCha8Rng, route: &salesbrain::http::router::Route, token: &str) -> Vec<u8> {
    let mut line = format!("{} ", route.method).into_bytes();
    for part in route.path.split_inclusive('/') {
        if part.starts_with('{') {
            line.extend(hostile_text(random));
            if part.ends_with('/') {
                line.push(b'/');
            }
        } else {
            line.extend_from_slice(part.as_bytes());
        }
    }
    let names = [
        "q",
        "query",
        "limit",
        "cursor",
        "offset",
        "days",
        "view",
        "category",
        "is_unread",
        "mailbox_id",
        "kind",
        "state",
        "sort",
        "since",
        "topics",
        "organization_id",
        "images",
        "campaign_id",
        "%ff",
        "",
    ];
    for number in 0..random.random_range(0..6) {
        line.push(if number == 0 { b'?' } else { b'&' });
        line.extend_from_slice(names.choose(random).unwrap().as_bytes());
        line.push(b'=');
        line.extend(hostile_text(random));
    }
    line.extend_from_slice(b" HTTP/1.1");
    let mut head = vec![line, b"host: x".to_vec(), b"connection: close".to_vec()];
    head.push(format!("authorization: Bearer {token}").into_bytes());
    head.push(if random.random_bool(0.7) {
        b"content-type: application/json".to_vec()
    } else {
        b"content-type: \xff/;=".to_vec()
    });
    for name in
        ["cookie", "origin", "accept-encoding", "if-none-match", "x-webhook-secret", "x-requested-with", "upgrade"]
    {
        if random.random_bool(0.3) {
            let mut header = format!("{name}: ").into_bytes();
            header.extend(header_text(random));
            head.push(header);
        }
    }
    let body = bodies::next(random, bodies::all).body;
    raw::request(&head, if route.method == "GET" { b"" } else { &body }, Framing::Length)
}

/// Text that is allowed in an address, but only just.
fn hostile_text(random: &mut ChaCha8Rng) -> Vec<u8> {
    let odd = [
        "",
        "0",
        "-1",
        "18446744073709551616",
        "NaN",
        "%00",
        "%ff%fe",
        "%",
        "%zz",
        "%2e%2e%2f",
        "..",
        "'%20OR%201=1--",
        "%22%22%22",
        "((((((",
        "*",
        "a*b?",
        "from:",
        "campaign:%22",
        "before:9999-99-99",
        "after:-1",
        "is:everything",
        "-",
        "--a",
        "%F0%9F%98%80",
        "%ED%A0%80",
        "00000000-0000-0000-0000-000000000000",
        "true",
        "d.1.2",
        "r.1.2.3",
        "d.-9223372036854775808.18446744073709551615",
        "%0d%0aSet-Cookie:a=b",
        "<script>",
        "NEAR(a%20b)",
        "a%20AND%20OR",
    ];
    match random.random_range(0..10) {
        0 => b"a%20".repeat(random.random_range(1..2_000)),
        1 => b"a".repeat(random.random_range(1..30_000)),
        2 => (0..random.random_range(1..60))
            .flat_map(|_byte| format!("%{:02x}", random.next_u32() & 255).into_bytes())
            .collect(),
        3 => (0..random.random_range(1..40)).map(|_byte| random.random_range(0x80..=0xff)).collect(),
        _ => odd.choose(random).unwrap().as_bytes().to_vec(),
    }
}

/// Bytes that are allowed in a header, but only just.
fn header_text(random: &mut ChaCha8Rng) -> Vec<u8> {
    let length = *[0, 1, 20, 300, 6_000].choose(random).unwrap();
    (0..length).map(|_byte| *[b'a', b'=', b';', b' ', b',', b'"', 0xff, 0x80, b'\t'].choose(random).unwrap()).collect()
}
