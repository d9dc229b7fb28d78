//! Search through the API: against the database as oracle, with realistic texts; and an index that is deleted, damaged
//! or ahead of its data is built anew while everything else goes on.

use std::collections::BTreeSet;
use std::path::Path;

use salesbrain::channel::instantly::simulator::{Simulator, SimulatorConfig};
use serde_json::{Value, json};

use super::events::{Body, DAY_MS, HOUR_MS, reply, sent};
use super::support::{NOW_MS, Program, wait_until};

fn anna(body: Body) -> Body {
    body.lead("anna@people.example").campaign("c1").mailbox("m@we.example")
}

/// Every hit, read in pages; checks that `total` is their number and that none comes twice.
async fn search(program: &Program, query: &str, sort: &str, limit: &str) -> Vec<Value> {
    let parameters = [("q", query), ("sort", sort), ("limit", limit)];
    let hits = program.list_all("/api/v1/search", &parameters).await;
    let first = program.get(&Program::path("/api/v1/search", &parameters)).await;
    assert_eq!((&first.body["total"], &first.body["is_total_capped"]), (&json!(hits.len()), &json!(false)), "{query}");
    let distinct: BTreeSet<&str> = hits.iter().map(|hit| hit["message_id"].as_str().unwrap()).collect();
    assert_eq!(distinct.len(), hits.len(), "no hit twice: {query}");
    hits
}

/// Subjects of what a query finds, newest first.
async fn subjects(program: &Program, query: &str) -> Vec<String> {
    let hits = search(program, query, "date", "50").await;
    let plain = |hit: &Value| hit["subject_html"].as_str().unwrap().replace("<mark>", "").replace("</mark>", "");
    hits.iter().map(plain).collect()
}

/// Waits until a query finds so many messages.
async fn wait_for_hits(program: &Program, query: &str, count: usize) {
    wait_until(&format!("{query} finds {count}"), || async {
        let answer = program.get(&Program::path("/api/v1/search", &[("q", query)])).await;
        answer.status == 200 && answer.body["total"] == count
    })
    .await;
}

async fn with_history(events: usize) -> Program {
    let program = Program::start().await;
    let simulator = Simulator::new(SimulatorConfig::new(21, NOW_MS));
    program.play(&simulator, simulator.history().take(events)).await;
    program
}

/// Ids of the messages a condition holds for, newest first.
async fn messages_where(program: &Program, condition: String) -> Vec<String> {
    program
        .read(move |connection| {
            let sql = format!(
                "SELECT m.id FROM message m JOIN conversation c ON c.id = m.conversation_id LEFT JOIN mailbox b ON b.id = m.mailbox_id
                 LEFT JOIN campaign g ON g.id = m.campaign_id WHERE {condition} ORDER BY m.occurred_at_ms DESC, m.number DESC"
            );
            let mut statement = connection.prepare(&sql).unwrap();
            let read = |row: &rusqlite::Row<'_>| Ok(uuid::Uuid::from_bytes(row.get(0)?).to_string());
            statement.query_map([], read).unwrap().map(Result::unwrap).collect()
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_equal_the_database_page_by_page() {
    let program = with_history(700).await;
    for row in program.list_all("/api/v1/conversations", &[]).await.iter().step_by(3) {
        for change in ["read", "archive"] {
            program.patch(&format!("/api/v1/conversations/{}/{change}", row["id"].as_str().unwrap())).await.data();
        }
    }
    let mailbox = program.get("/api/v1/mailboxes").await.rows()[1]["address"].as_str().unwrap().to_owned();
    let campaign = program.get("/api/v1/campaigns").await.rows()[0]["name"].as_str().unwrap().to_owned();
    let in_mailbox = format!("b.address = '{mailbox}'");
    let in_campaign = format!("g.name = '{}'", campaign.replace('\'', "''"));
    let day = "2026-02-10";
    let day_ms = "unixepoch('2026-02-10') * 1000";
    let queries = [
        (String::new(), "true".to_owned()),
        ("is:unread".to_owned(), "c.unread_count > 0".to_owned()),
        ("is:read".to_owned(), "c.unread_count = 0".to_owned()),
        ("is:archived".to_owned(), "c.is_archived".to_owned()),
        ("is:read is:archived".to_owned(), "c.is_archived AND c.unread_count = 0".to_owned()),
        ("in:sent".to_owned(), "NOT m.is_received".to_owned()),
        ("in:received is:unread".to_owned(), "m.is_received AND c.unread_count > 0".to_owned()),
        ("category:interested".to_owned(), "c.category = 'interested'".to_owned()),
        ("category:reply category:auto_reply".to_owned(), "c.category IN ('reply', 'auto_reply')".to_owned()),
        (format!("mailbox:{mailbox}"), in_mailbox.clone()),
        (format!("campaign:\"{campaign}\""), in_campaign.clone()),
        (
            format!("campaign:\"{}\" is:unread", campaign.to_uppercase()),
            format!("{in_campaign} AND c.unread_count > 0"),
        ),
        (format!("mailbox:{mailbox} category:sent"), format!("{in_mailbox} AND c.category = 'sent'")),
        (format!("before:{day}"), format!("m.occurred_at_ms < {day_ms}")),
        (format!("after:{day} in:received"), format!("m.occurred_at_ms >= {day_ms} AND m.is_received")),
        ("campaign:nosuchcampaign".to_owned(), "false".to_owned()),
    ];
    let mut with_hits = 0;
    for (query, condition) in queries {
        let expected = messages_where(&program, condition).await;
        for limit in ["7", "50"] {
            let hits = search(&program, &query, "date", limit).await;
            let found: Vec<&str> = hits.iter().map(|hit| hit["message_id"].as_str().unwrap()).collect();
            assert_eq!(found, expected, "{query}");
        }
        with_hits += usize::from(!expected.is_empty());
    }
    assert!(with_hits >= 13, "only {with_hits} queries found something");
}

/// What is kept of the states between two searches follows every kind of change: deliveries and people's actions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_are_searched_as_they_are_after_every_change() {
    let program = Program::start().await;
    let simulator = Simulator::new(SimulatorConfig::new(22, NOW_MS));
    let history: Vec<_> = simulator.history().take(600).collect();
    let conditions = [
        ("is:unread", "c.unread_count > 0"),
        ("is:read", "c.unread_count = 0"),
        ("is:archived", "c.view = 'archived'"),
        ("category:interested", "c.category = 'interested'"),
        ("category:not_interested", "c.category = 'not_interested'"),
        ("category:sent is:read", "c.category = 'sent' AND c.unread_count = 0"),
        ("category:bounced category:unsubscribed", "c.category IN ('bounced', 'unsubscribed')"),
    ];
    let mut with_hits = BTreeSet::new();
    for (round, part) in history.chunks(60).enumerate() {
        program.play(&simulator, part.iter().cloned()).await;
        let inbox = program.list_all("/api/v1/conversations", &[]).await;
        for (row, change) in inbox.iter().skip(round).step_by(4).zip(["read", "archive", "unread"].iter().cycle()) {
            program.patch(&format!("/api/v1/conversations/{}/{change}", row["id"].as_str().unwrap())).await.data();
        }
        for (query, condition) in conditions {
            let expected = messages_where(&program, condition.to_owned()).await;
            let hits = search(&program, query, "date", "50").await;
            let found: Vec<&str> = hits.iter().map(|hit| hit["message_id"].as_str().unwrap()).collect();
            assert_eq!(found, expected, "{query} in round {round}");
            with_hits.extend((!found.is_empty()).then_some(query));
        }
    }
    assert!(with_hits.len() >= 6, "only these found something: {with_hits:?}");
}

/// The words of a text as people see them, without accents.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).map(salesbrain::search::fold)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_realistic_texts_are_found_where_they_are_and_nowhere_else() {
    let program = with_history(500).await;
    let texts: Vec<(String, String, String)> = program
        .read(|connection| {
            let sql = "SELECT m.id, m.subject || ' ' || m.text, m.quoted_text || ' ' || p.address || ' ' || p.first_name || ' ' || p.last_name
                    || ' ' || p.company_name || ' ' || coalesce(g.name, '')
                FROM message m JOIN conversation c ON c.id = m.conversation_id JOIN contact p ON p.id = c.contact_id
                LEFT JOIN campaign g ON g.id = m.campaign_id";
            let mut statement = connection.prepare(sql).unwrap();
            let read = |row: &rusqlite::Row<'_>| Ok((uuid::Uuid::from_bytes(row.get(0)?).to_string(), row.get(1)?, row.get(2)?));
            statement.query_map([], read).unwrap().map(Result::unwrap).collect()
        })
        .await;
    let all: BTreeSet<String> = texts.iter().flat_map(|(_id, text, _other)| words(text)).collect();
    let is_plain = |word: &&String| word.len() > 5 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let chosen: Vec<&String> = all.iter().filter(is_plain).step_by(9).take(25).collect();
    assert!(chosen.len() >= 15, "{}", chosen.len());
    for word in chosen {
        let hits = search(&program, &format!("\"{word}\""), "relevance", "20").await;
        let found: BTreeSet<&str> = hits.iter().map(|hit| hit["message_id"].as_str().unwrap()).collect();
        for (id, text, other) in &texts {
            let is_in_text = words(text).any(|known| known == *word);
            let is_anywhere = is_in_text || words(other).any(|known| known == *word);
            assert!(!is_in_text || found.contains(id.as_str()), "{word} is in {id} and was not found");
            assert!(is_anywhere || !found.contains(id.as_str()), "{word} is not in {id}: {text}");
        }
    }
}

/// Seven messages, each with a subject of its own.
async fn seven_messages() -> Program {
    let program = Program::start().await;
    let person = |body: Body, name: &str| {
        body.lead(&format!("{name}@people.example")).with("firstName", name).with("companyName", format!("{name} AG"))
    };
    program
        .post_all(&[
            person(reply(7 * DAY_MS, "First", "Wir treffen uns in Zürich im Café."), "berta")
                .campaign("Q3 Zürich")
                .json(),
            person(reply(6 * DAY_MS, "Second", "Große Freude über das Angebot"), "berta")
                .mailbox("m@we.example")
                .json(),
            person(reply(5 * DAY_MS, "Third", "Freude, große sogar"), "carla").mailbox("n@we.example").json(),
            person(sent(4 * DAY_MS, "Fourth", 1).with("email_text", "Das Angebote-Paket"), "carla")
                .mailbox("m@we.example")
                .json(),
            person(reply(3 * DAY_MS, "Fifth angebot", "Nothing here"), "dora").json(),
            person(reply(2 * DAY_MS, "Sixth", "<b>bold</b> & <script>x()</script> needle"), "dora").json(),
            person(reply(DAY_MS, "Seventh", "Réunion à Genève, naïve façade"), "emil").json(),
        ])
        .await;
    program.settle().await;
    wait_for_hits(&program, "", 7).await;
    program
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_prefixes_phrases_and_fields() {
    let program = seven_messages().await;
    let expectations: [(&str, &[&str]); 27] = [
        ("Zürich", &["First"]),
        ("zurich", &["First"]),
        ("ZURI", &["First"]),
        ("zür", &["First"]),
        ("cafe ", &["First"]),
        ("geneve", &["Seventh"]),
        ("reunion facade", &["Seventh"]),
        ("naive", &["Seventh"]),
        ("zuri ", &[]),
        ("\"große Freude\"", &["Second"]),
        ("\"Freude große\"", &["Third"]),
        ("freude grosse", &["Third", "Second"]),
        ("freude -angebot", &["Third"]),
        ("angebot ", &["Fifth angebot", "Fourth", "Second"]),
        ("subject:angebot", &["Fifth angebot"]),
        ("from:berta", &["Second", "First"]),
        ("from:carla@people.example", &["Third"]),
        ("to:carla", &["Fourth"]),
        ("from:m@we.example", &["Fourth"]),
        ("mailbox:m@we.example", &["Fourth", "Second"]),
        ("campaign:\"q3 zurich\"", &["First"]),
        ("in:sent", &["Fourth"]),
        ("after:2026-03-08", &["Seventh", "Sixth"]),
        ("before:2026-03-04", &["First"]),
        ("nonsense:angebot2", &[]),
        ("xyzzy", &[]),
        ("freude xyzzy", &[]),
    ];
    for (query, expected) in expectations {
        assert_eq!(subjects(&program, query).await, expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hits_are_escaped_marked_and_sorted() {
    let program = seven_messages().await;
    let hits = search(&program, "needle", "date", "20").await;
    let snippet = hits[0]["snippet_html"].as_str().unwrap();
    assert!(snippet.contains("<mark>needle</mark>"), "{snippet}");
    assert!(snippet.contains("&lt;b&gt;") && snippet.contains("&amp;"), "{snippet}");
    let without_marks = snippet.replace("<mark>", "").replace("</mark>", "");
    assert!(!without_marks.contains(['<', '>']), "{snippet}");
    assert_eq!((&hits[0]["score"], &hits[0]["direction"]), (&json!(0), &json!("in")));
    assert_eq!(hits[0]["conversation"]["contact"]["address"], "dora@people.example");
    assert!(hits[0].get("text").is_none(), "a hit carries no whole message");
    let by_relevance = search(&program, "angebot", "relevance", "20").await;
    assert_eq!(by_relevance[0]["subject_html"], "Fifth <mark>angebot</mark>");
    let scores: Vec<i64> = by_relevance.iter().map(|hit| hit["score"].as_i64().unwrap()).collect();
    assert!(scores.is_sorted_by(|one, next| one >= next) && scores[0] > scores[2], "{scores:?}");
    let one_by_one = search(&program, "angebot", "relevance", "1").await;
    assert_eq!(one_by_one, by_relevance);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_searches_are_named() {
    let program = seven_messages().await;
    for query in ["before:yesterday", "is:blue", "in:between", "-is:unread", "in:sent in:received", &"x".repeat(2_000)]
    {
        let answer = program.get(&Program::path("/api/v1/search", &[("q", query)])).await;
        answer.assert_error(400, "invalid_field", Some("q"));
        let seed = program.get(&Program::path("/api/instantly/search/messages", &[("query", query)])).await;
        seed.assert_error(400, "invalid_field", Some("query"));
    }
    for (path, field) in [("sort=size", "sort"), ("limit=51", "limit"), ("limit=0", "limit"), ("cursor=x", "cursor")] {
        program.get(&format!("/api/v1/search?{path}")).await.assert_error(400, "invalid_field", Some(field));
    }
    let page = program.get("/api/v1/search?q=angebot&limit=1").await;
    let next = page.body["next"].as_str().unwrap();
    let other = program.get(&format!("/api/v1/search?q=angebot&sort=relevance&cursor={next}")).await;
    other.assert_error(400, "invalid_field", Some("cursor"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_seed_search_answers_with_messages_in_windows() {
    let program = seven_messages().await;
    let answer = program.get("/api/instantly/search/messages?query=angebot&limit=2&offset=1").await;
    assert_eq!(
        (&answer.body["query"], &answer.body["limit"], &answer.body["offset"]),
        (&json!("angebot"), &json!(2), &json!(1))
    );
    let found: Vec<&str> = answer.rows().iter().map(|row| row["subject"].as_str().unwrap()).collect();
    assert_eq!(found, ["Fourth", "Second"]);
    let far = program.get("/api/instantly/search/messages?query=angebot&offset=10001").await;
    far.assert_error(400, "invalid_field", Some("offset"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paging_is_stable_and_a_new_message_is_found_soon() {
    let program = seven_messages().await;
    let before = search(&program, "angebot", "date", "50").await;
    let page = program.get("/api/v1/search?q=angebot&limit=1").await;
    program.post(&anna(reply(HOUR_MS, "Eighth", "Noch ein Angebot")).json()).await;
    wait_for_hits(&program, "angebot", 4).await;
    let next = page.body["next"].as_str().unwrap();
    let rest = program.get(&format!("/api/v1/search?q=angebot&cursor={next}")).await;
    let ids = |hits: &[Value]| hits.iter().map(|hit| hit["message_id"].to_string()).collect::<Vec<_>>();
    assert_eq!(ids(rest.rows()), ids(&before[1..]));
    assert_eq!(subjects(&program, "angebot").await[0], "Eighth");
}

/// Everything else answers; search answers rightly or says that it is being built.
async fn assert_serving(program: &Program) {
    for path in ["/api/v1/conversations", "/api/v1/campaigns", "/api/v1/status", "/api/v1/contacts"] {
        assert_eq!(program.get(path).await.status, 200, "{path}");
    }
    let search = program.get("/api/v1/search?q=angebot").await;
    assert!(search.status == 200 || search.body["code"] == "unavailable", "{search:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_missing_or_unreadable_at_the_start_is_rebuilt() {
    let mut program = seven_messages().await;
    let damages: [fn(&Path); 3] = [
        |index| std::fs::remove_dir_all(index).unwrap(),
        |index| std::fs::write(index.join("meta.json"), "no json").unwrap(),
        |index| replace_files(index, |bytes| bytes.len() / 2),
    ];
    for damage in damages {
        let stopped = program.stop().await;
        damage(&stopped.tenant_folder().join("index"));
        program = stopped.start().await;
        assert_serving(&program).await;
        wait_for_hits(&program, "angebot", 3).await;
        assert_eq!(subjects(&program, "angebot ").await, ["Fifth angebot", "Fourth", "Second"]);
    }
}

/// Puts a shorter file with other content in the place of every file of the index but its locks.
fn replace_files(index: &Path, new_length: fn(&[u8]) -> usize) {
    for entry in std::fs::read_dir(index).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "meta.json" {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let garbage: Vec<u8> = bytes.iter().take(new_length(&bytes)).map(|byte| byte ^ 0x5a).collect();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, garbage).unwrap();
    }
}

/// Overwrites the files in place, as a failing disk would: what is mapped into memory changes under the reader.
fn overwrite_files(index: &Path) {
    use std::io::Write;
    for entry in std::fs::read_dir(index).unwrap() {
        let path = entry.unwrap().path();
        let length = std::fs::metadata(&path).unwrap().len();
        if path.extension().is_some() && path.extension().unwrap() != "json" && length > 0 {
            let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.write_all(&vec![0xa5; usize::try_from(length).unwrap()]).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_deleted_or_damaged_while_running_is_rebuilt() {
    let program = seven_messages().await;
    let index = program.tenant_folder().join("index");
    let damages: [fn(&Path); 3] = [
        |index| std::fs::remove_dir_all(index).unwrap(),
        |index| replace_files(index, |bytes| bytes.len() / 2),
        overwrite_files,
    ];
    for (round, damage) in (0_usize..).zip(damages) {
        damage(&index);
        assert_serving(&program).await;
        let body = anna(reply(HOUR_MS - i64::try_from(round).unwrap(), "Another angebot", "Hm.")).json();
        program.post(&body).await;
        wait_for_hits(&program, "angebot", 4 + round).await;
        assert_serving(&program).await;
        assert_eq!(subjects(&program, "\"große Freude\"").await, ["Second"], "round {round}");
        program.settle().await;
        assert_eq!(
            messages_where(&program, "true".to_owned()).await.len(),
            search(&program, "", "date", "50").await.len()
        );
    }
    // What is on the disk is whole as well: it serves the next start.
    let program = program.stop().await.start().await;
    wait_for_hits(&program, "angebot", 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_that_meets_damage_starts_one_rebuild() {
    let program = seven_messages().await;
    let tenant = program.tenant().await;
    let damaged = tenant.index().generation();
    overwrite_files(&program.tenant_folder().join("index"));
    // Nothing new comes in: only the searches can notice.
    wait_for_hits(&program, "angebot", 3).await;
    wait_until("the rebuild is over", || async { !tenant.index().is_rebuilding() }).await;
    // Who read the damaged one all the while says so only now, when the new one is in its place.
    assert!(!tenant.index().request_rebuild(tenant.database(), damaged).await.unwrap());
    let jobs = program.get("/api/v1/jobs").await;
    assert!(jobs.rows().iter().all(|job| job["kind"] == "search.reindex") && jobs.rows().len() == 1, "{:?}", jobs.body);
    assert_eq!(subjects(&program, "\"große Freude\"").await, ["Second"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_cannot_be_asked_for_is_asked_for_again() {
    let program = seven_messages().await;
    let tenant = program.tenant().await;
    let run = |sql: &'static str| {
        tenant.write(move |tx| -> Result<(), salesbrain::store::Error> { Ok(tx.connection().execute_batch(sql)?) })
    };
    run("CREATE TRIGGER refuse BEFORE INSERT ON job BEGIN SELECT raise(ABORT, 'no'); END").await.unwrap();
    overwrite_files(&program.tenant_folder().join("index"));
    for _search in 0..3 {
        assert_ne!(program.get("/api/v1/search?q=angebot").await.status, 200);
    }
    assert!(program.get("/api/v1/jobs").await.rows().is_empty());
    run("DROP TRIGGER refuse").await.unwrap();
    wait_for_hits(&program, "angebot", 3).await;
    assert_eq!(program.get("/api/v1/jobs").await.rows().len(), 1);
}

/// Changes one byte in the middle of the largest file of the index, in place, as a failing disk would.
fn change_one_byte(index: &Path) {
    use std::os::unix::fs::FileExt;
    let files = std::fs::read_dir(index).unwrap().map(|entry| entry.unwrap().path());
    let largest = files.max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap();
    let bytes = std::fs::read(&largest).unwrap();
    assert!(bytes.len() > 64 * 1_024, "smaller files are verified at the start: {}", bytes.len());
    let middle = bytes.len() / 2;
    let file = std::fs::OpenOptions::new().write(true).open(&largest).unwrap();
    file.write_all_at(&[bytes[middle] ^ 0x10], u64::try_from(middle).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_that_no_search_meets_is_found_and_mended() {
    let program = seven_messages().await;
    // Words that nobody searches for make the files large.
    for number in 0..30_u32 {
        let text: Vec<String> = (0..500_u32).map(|word| format!("w{:x}", blake3_of(number * 500 + word))).collect();
        program.post(&anna(reply(HOUR_MS, &format!("Long {number}"), &text.join(" "))).json()).await;
    }
    // One segment instead of one for each commit.
    assert_eq!(program.request(reqwest::Method::POST, "/api/v1/search/reindex").send().await.unwrap().status(), 200);
    let count_done = async |program: &Program| {
        let jobs = program.get("/api/v1/jobs?state=done").await;
        jobs.rows().iter().filter(|job| job["kind"] == "search.reindex").count()
    };
    wait_until("the index is built", || async { count_done(&program).await == 1 }).await;
    program.settle().await;
    let stopped = program.stop().await;
    change_one_byte(&stopped.tenant_folder().join("index"));
    let program = stopped.start().await;
    wait_until("the damage is found and the index built anew", || async { count_done(&program).await == 2 }).await;
    program.settle().await;
    assert_eq!(search(&program, "", "date", "50").await.len(), 37);
    assert_eq!(subjects(&program, &format!("w{:x}", blake3_of(29 * 500 + 7))).await, ["Long 29"]);
    // What it built is whole.
    let program = program.stop().await.start().await;
    program.settle().await;
    wait_for_hits(&program, "angebot", 3).await;
    assert_eq!(count_done(&program).await, 2);
}

/// A number without a pattern.
fn blake3_of(number: u32) -> u32 {
    let hash = blake3::hash(&number.to_le_bytes());
    u32::from_le_bytes(*hash.as_bytes().first_chunk().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_ahead_of_its_data_is_rebuilt() {
    let program = seven_messages().await;
    let stopped = program.stop().await;
    let data = stopped.tenant_folder().join("tenant.db");
    let copy = stopped.tenant_folder().join("copy.db");
    std::fs::copy(&data, &copy).unwrap();
    let program = stopped.start().await;
    program.post(&anna(reply(HOUR_MS, "Lost by the restore", "angebot")).json()).await;
    wait_for_hits(&program, "angebot", 4).await;
    let stopped = program.stop().await;
    for suffix in ["tenant.db-wal", "tenant.db-shm"] {
        let path = stopped.tenant_folder().join(suffix);
        assert!(!path.try_exists().unwrap() || std::fs::remove_file(path).is_ok());
    }
    std::fs::rename(&copy, &data).unwrap();
    let program = stopped.start().await;
    wait_for_hits(&program, "angebot", 3).await;
    assert_eq!(subjects(&program, "lost").await, Vec::<String>::new());
    program.post(&anna(reply(1, "After the restore", "angebot")).json()).await;
    wait_for_hits(&program, "angebot", 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gets_another_name_is_found_by_it_with_all_that_was_written_before() {
    let program = Program::start().await;
    let bea = |body: Body| body.lead("b@people.example").mailbox("m@we.example").with("campaign_id", "c1");
    program
        .post(&bea(sent(3 * DAY_MS, "Idea", 1)).with("campaign_name", "Herbst").with("lastName", "Meier").json())
        .await;
    program.post(&bea(reply(2 * DAY_MS, "Re: Idea", "Yes.")).with("campaign_name", "Herbst").json()).await;
    wait_for_hits(&program, "from:meier", 1).await;
    wait_for_hits(&program, "herbst", 2).await;
    program
        .post(
            &bea(Body::new("lead_interested", DAY_MS))
                .with("campaign_name", "Winter")
                .with("lastName", "Zoller")
                .json(),
        )
        .await;
    wait_for_hits(&program, "from:zoller", 1).await;
    wait_for_hits(&program, "winter", 2).await;
    assert_eq!(subjects(&program, "from:meier").await, Vec::<String>::new());
    assert_eq!(subjects(&program, "herbst").await, Vec::<String>::new());
}
