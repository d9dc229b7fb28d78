//! Mixed use of a large organization: 200 events a second come in while several people read, filter and search, and one
//! watches the live feed.
//!
//! Readers pause between requests, as people and their browsers do: a closed loop without pauses would measure how two
//! cores are shared, not how long an answer takes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::appliance::{Appliance, Folder, Memory, ORGANIZATION};
use crate::bodies::Bodies;
use crate::figures::Latencies;
use crate::{Options, say};

/// Connections the events come in on.
const POSTERS: u64 = 4;
/// Readers at the same time.
const READERS: usize = 4;
/// A reader's pause between two requests.
const PAUSE: Duration = Duration::from_millis(20);

const SEARCHES: [(&str, &str); 19] = [
    ("prefix, 1 letter", "a"),
    ("prefix, 2 letters", "an"),
    ("prefix, 3 letters", "ang"),
    ("prefix, 4 letters", "ange"),
    ("prefix, 6 letters", "angebo"),
    ("frequent word", "freundliche%20"),
    ("two words", "termin%20angebot"),
    ("four words", "guten%20tag%20angebot%20woche"),
    ("phrase", "%22freundliche%20gr%C3%BCsse%22"),
    ("word not word", "angebot%20-termin"),
    ("from", "from:sebastian"),
    ("campaign", "campaign:maschinenbau%20angebot"),
    ("mailbox", "mailbox:lea%20angebot"),
    ("unread", "is:unread%20angebot"),
    ("read", "is:read%20angebot"),
    ("category", "category:interested%20termin"),
    ("days", "after:2026-10-01%20before:2026-10-08%20termin"),
    ("received", "in:received%20demo"),
    ("nothing found", "xyzzyxyzzy"),
];

/// Latencies by what was asked.
type Ledger = Arc<Mutex<BTreeMap<String, Latencies>>>;

/// The folder with so many messages; filled if it is not there.
pub(crate) fn filled_folder(options: &Options) -> anyhow::Result<Folder> {
    let messages = options.messages;
    let data = options.data.clone().unwrap_or_else(|| options.scratch().join(format!("salesbrain-load-{messages}")));
    let is_filled = data.join("filled").try_exists()?;
    let folder = Folder::prepare(&options.program, &data)?;
    if !is_filled {
        say(&format!("filling {} with {messages} messages", data.display()));
        let started = Instant::now();
        let count = messages.to_string();
        folder.run(&["simulate", "fill", "--organization", ORGANIZATION, "--messages", &count], "")?;
        let seconds = started.elapsed().as_secs_f64();
        std::fs::write(data.join("filled"), &count)?;
        say(&format!("filled      in {seconds:.0} s"));
    }
    Ok(folder)
}

/// Runs and reports.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let folder = filled_folder(options)?;
    let secret = folder.create_connection()?;
    let bodies = Arc::new(Bodies::new(options.now_ms - 60_000, options.is_html)?);
    let appliance = Arc::new(folder.serve().await?);
    let token = appliance.sign_in().await?;
    let paths = Arc::new(list_paths(&appliance, &token).await?);
    let seconds = options.seconds.unwrap_or(60);
    say(&format!("mixed: {} events/s and {READERS} readers for {seconds} s", options.rate));

    let shared = Arc::new(Shared {
        appliance: Arc::clone(&appliance),
        token: token.clone(),
        bodies,
        secret,
        rate: options.rate,
        ledger: Ledger::default(),
        posted: Mutex::default(),
        last_posted: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
    });
    let mut tasks = Vec::new();
    // Before the first event is posted: one that the feed missed would be measured against the person's next.
    let feed = open_feed(&shared).await?;
    for poster in 0..POSTERS {
        tasks.push(tokio::spawn(post(Arc::clone(&shared), poster)));
    }
    for reader in 0..READERS {
        tasks.push(tokio::spawn(read(Arc::clone(&shared), Arc::clone(&paths), reader)));
    }
    tasks.push(tokio::spawn(watch_feed(Arc::clone(&shared), feed)));
    tasks.push(tokio::spawn(watch_search(Arc::clone(&shared))));
    let mut memory = Memory::default();
    for _second in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        memory = memory.max(appliance.memory()?);
    }
    shared.is_over.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    for (name, latencies) in shared.ledger.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
        say(&format!("{name:44} {}", latencies.line()));
    }
    say(&format!("memory      peak {:.0} MiB resident, {:.0} MiB own", memory.resident, memory.own));
    let (lag, head) = appliance.lag(&token).await?;
    let refused = shared.refused.load(Ordering::Relaxed);
    say(&format!("not 2xx     {refused}; consumers {lag} events behind of {head}"));
    Ok(())
}

struct Shared {
    appliance: Arc<Appliance>,
    token: String,
    bodies: Arc<Bodies>,
    secret: String,
    rate: u64,
    ledger: Ledger,
    /// When the replies of a person were posted, oldest first.
    posted: Mutex<BTreeMap<String, VecDeque<Instant>>>,
    last_posted: AtomicU64,
    refused: AtomicU64,
    is_over: AtomicBool,
}

impl Shared {
    fn add(&self, name: &str, duration: Duration) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.entry(name.to_owned()).or_default().add(duration);
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// Posts every `POSTERS`th event at its time.
async fn post(shared: Arc<Shared>, poster: u64) -> anyhow::Result<()> {
    let mut connection = shared.appliance.connect().await?;
    let period = Duration::from_secs_f64(POSTERS as f64 / shared.rate as f64);
    let mut due = tokio::time::Instant::now() + period.mul_f64(poster as f64 / POSTERS as f64);
    let mut number = poster;
    while !shared.is_over() {
        tokio::time::sleep_until(due).await;
        let request = shared.bodies.request(number, &shared.secret);
        let started = Instant::now();
        {
            let mut posted = shared.posted.lock().unwrap_or_else(PoisonError::into_inner);
            posted.entry(shared.bodies.address(number)).or_default().push_back(started);
        }
        let answer = connection.send(&request).await?;
        shared.add("webhook acknowledged", started.elapsed());
        shared.refused.fetch_add(u64::from(answer.status != 200), Ordering::Relaxed);
        shared.last_posted.fetch_max(number, Ordering::Relaxed);
        number += POSTERS;
        due += period;
    }
    Ok(())
}

/// What readers ask for: a name and a path each.
#[expect(clippy::too_many_lines, reason = "one line per list that is measured")]
async fn list_paths(appliance: &Appliance, token: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut connection = appliance.connect().await?;
    let list = "/api/v1/conversations";
    let page = connection.get(&format!("{list}?limit=200"), token).await?.json()?;
    let rows = page["data"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut paths: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, path: String| paths.push((name.to_owned(), path));
    for row in rows.iter().step_by(20) {
        let id = text(&row["id"]);
        add("api thread", format!("{list}/{id}/messages"));
        add("api timeline", format!("{list}/{id}/timeline"));
        add("api conversation", format!("{list}/{id}"));
        let contact = text(&row["contact"]["id"]);
        add("api contact", format!("/api/v1/contacts/{contact}"));
        add("api contact's conversations", format!("/api/v1/contacts/{contact}/conversations"));
        add("api inbox, first page", list.to_owned());
    }
    let next = text(&page["next"]);
    add("api inbox, a later page", format!("{list}?limit=50&cursor={next}"));
    add("api inbox, 200 rows", format!("{list}?limit=200"));
    let mailboxes = ids(&mut connection, "/api/v1/mailboxes", token).await?;
    let campaigns = ids(&mut connection, "/api/v1/campaigns", token).await?;
    for view in ["inbox", "archived", "sent", "all"] {
        let base = format!("{list}?view={view}");
        let (mailbox, campaign) = (&mailboxes[0], &campaigns[campaigns.len() - 1]);
        let filters = [
            ("alone", String::new()),
            ("unread", "&is_unread=true".to_owned()),
            ("read", "&is_unread=false".to_owned()),
            ("mailbox", format!("&mailbox_id={mailbox}")),
            ("campaign", format!("&campaign_id={campaign}")),
            ("category interested", "&category=interested".to_owned()),
            ("category bounced", "&category=bounced".to_owned()),
            ("mailbox unread", format!("&mailbox_id={mailbox}&is_unread=true")),
            ("mailbox category", format!("&mailbox_id={mailbox}&category=won")),
            ("campaign category", format!("&campaign_id={campaign}&category=meeting_booked")),
            ("campaign unread", format!("&campaign_id={campaign}&is_unread=true")),
            ("category unread", "&category=wrong_person&is_unread=true".to_owned()),
            ("category read", "&category=not_interested&is_unread=false".to_owned()),
            ("mailbox campaign", format!("&mailbox_id={mailbox}&campaign_id={campaign}")),
            ("all four", format!("&mailbox_id={mailbox}&campaign_id={campaign}&category=lost&is_unread=true")),
        ];
        for (name, filter) in filters {
            add(&format!("filter {view} {name}"), format!("{base}{filter}"));
        }
    }
    let campaign = &campaigns[0];
    for (name, path) in [
        ("api counts", "/api/v1/conversations/counts".to_owned()),
        ("api campaigns", "/api/v1/campaigns".to_owned()),
        ("api campaign", format!("/api/v1/campaigns/{campaign}")),
        ("api campaign, days", format!("/api/v1/campaigns/{campaign}/daily?days=30")),
        ("api campaign, messages", format!("/api/v1/campaigns/{campaign}/messages?limit=50")),
        ("api mailboxes", "/api/v1/mailboxes".to_owned()),
        ("api statistics", "/api/v1/statistics".to_owned()),
        ("api contacts", "/api/v1/contacts".to_owned()),
        ("api contacts, by name", "/api/v1/contacts?query=sebastian".to_owned()),
        ("api contacts, none", "/api/v1/contacts?query=xyzzyxyzzy".to_owned()),
        ("api events", "/api/v1/events".to_owned()),
        ("api events of a rare kind", "/api/v1/events?kind=mailbox.".to_owned()),
        ("api provider events", "/api/v1/provider-events".to_owned()),
    ] {
        add(name, path);
    }
    for (name, query) in SEARCHES {
        add(&format!("search {name}"), format!("/api/v1/search?q={query}"));
    }
    add("search relevance", "/api/v1/search?q=termin%20angebot&sort=relevance".to_owned());
    Ok(paths)
}

async fn ids(connection: &mut crate::http::Connection, path: &str, token: &str) -> anyhow::Result<Vec<String>> {
    let page = connection.get(path, token).await?.json()?;
    let rows = page["data"].as_array().cloned().unwrap_or_default();
    Ok(rows.iter().map(|row| row["id"].as_str().unwrap_or_default().to_owned()).collect())
}

/// What is also reported as one figure.
const TOGETHER: [(&str, &str); 2] = [("filter ", "filters, all together"), ("search ", "searches, all together")];

/// Asks for one thing after another.
async fn read(shared: Arc<Shared>, paths: Arc<Vec<(String, String)>>, reader: usize) -> anyhow::Result<()> {
    let mut connection = shared.appliance.connect().await?;
    let start = paths.len() * reader / READERS;
    let mut order = (0..paths.len()).cycle().skip(start);
    while !shared.is_over() {
        let Some((name, path)) = order.next().and_then(|index| paths.get(index)) else { break };
        let started = Instant::now();
        let answer = connection.get(path, &shared.token).await?;
        let elapsed = started.elapsed();
        shared.add(name, elapsed);
        for (_start, together) in TOGETHER.iter().filter(|(start, _together)| name.starts_with(*start)) {
            shared.add(together, elapsed);
        }
        anyhow::ensure!(answer.status == 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

type Feed = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Opens the live feed; it is in force with its first frame.
async fn open_feed(shared: &Shared) -> anyhow::Result<Feed> {
    let mut request = format!("ws://{}/api/v1/live", shared.appliance.address).into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", shared.token).parse()?);
    let (mut feed, _response) = tokio_tungstenite::connect_async(request).await?;
    let first = tokio::time::timeout(Duration::from_secs(10), feed.next()).await?;
    anyhow::ensure!(matches!(first, Some(Ok(_))), "the live feed ended before its first frame");
    Ok(feed)
}

/// Measures the time from posting to the frame of the live feed.
async fn watch_feed(shared: Arc<Shared>, mut feed: Feed) -> anyhow::Result<()> {
    while !shared.is_over() {
        let Ok(Some(frame)) = tokio::time::timeout(Duration::from_millis(200), feed.next()).await else { continue };
        let received = Instant::now();
        let frame = frame?;
        if !frame.is_text() {
            continue;
        }
        let frame: Value = serde_json::from_str(frame.to_text()?)?;
        for event in frame["events"].as_array().into_iter().flatten() {
            if event["kind"] != "message.received" {
                continue;
            }
            let address = event["payload"]["contact_address"].as_str().unwrap_or_default();
            let posted = {
                let mut posted = shared.posted.lock().unwrap_or_else(PoisonError::into_inner);
                posted.get_mut(address).and_then(VecDeque::pop_front)
            };
            if let Some(posted) = posted {
                shared.add("posted to visible in the live feed", received - posted);
            }
        }
    }
    Ok(())
}

/// Measures the time from posting to being found: posts a reply of its own and asks until the answer has it.
async fn watch_search(shared: Arc<Shared>) -> anyhow::Result<()> {
    let mut connection = shared.appliance.connect().await?;
    // Far from the numbers of the posters.
    let mut number = 1 << 40;
    while !shared.is_over() {
        let path = format!("/api/v1/search?q={}", shared.bodies.word(number));
        let request = shared.bodies.request(number, &shared.secret);
        let started = Instant::now();
        let answer = connection.send(&request).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        anyhow::ensure!(answer.status == 200, "a reply was refused: {} {text}", answer.status);
        loop {
            let answer = connection.get(&path, &shared.token).await?.json()?;
            if answer["count"] == 1 {
                shared.add("posted to searchable", started.elapsed());
                break;
            }
            if started.elapsed() > Duration::from_secs(30) {
                anyhow::bail!("a reply answered with {text} was not found for 30 s");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        number += 1;
        tokio::time::sleep(Duration::from_millis(130)).await;
    }
    Ok(())
}
