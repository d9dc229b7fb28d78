//! Lists, threads and the four changes a person makes, against a filter in the test that reads the whole list.

use std::collections::{BTreeMap, BTreeSet};

use salesbrain::channel::instantly::simulator::{Simulator, SimulatorConfig};
use serde_json::{Value, json};

use super::events::{Body, DAY_MS, HOUR_MS, auto_reply, reply, sent};
use super::support::{NOW_MS, Program};

const NOBODY: &str = "019af000-0000-7000-8000-000000000000";

fn text<'row>(row: &'row Value, pointer: &str) -> &'row str {
    row.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

fn number(row: &Value, field: &str) -> i64 {
    row[field].as_i64().unwrap()
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| text(row, "/id")).collect()
}

/// A program with some hundred events, some of it read and some of it archived.
async fn lived_in() -> Program {
    let program = Program::start().await;
    let simulator = Simulator::new(SimulatorConfig::new(3, NOW_MS));
    program.play(&simulator, simulator.history().take(900)).await;
    let inbox = program.list_all("/api/v1/conversations", &[]).await;
    assert!(inbox.len() > 20, "too few conversations for a test: {}", inbox.len());
    for (index, row) in inbox.iter().enumerate() {
        let change = match index % 5 {
            0 => "read",
            1 => "archive",
            _ => continue,
        };
        program.patch(&format!("/api/v1/conversations/{}/{change}", text(row, "/id"))).await.data();
    }
    program
}

type Test = Box<dyn Fn(&Value) -> bool>;

/// Filters with what they mean.
fn filters(all: &[Value]) -> Vec<(&'static str, String, Test)> {
    let mut filters: Vec<(&'static str, String, Test)> = Vec::new();
    for (parameter, pointer) in
        [("mailbox_id", "/mailbox/id"), ("campaign_id", "/campaign/id"), ("contact_id", "/contact/id")]
    {
        let values: BTreeSet<&str> = all.iter().map(|row| text(row, pointer)).filter(|id| !id.is_empty()).collect();
        for value in values.into_iter().take(2).chain([NOBODY]) {
            let wanted = value.to_owned();
            filters.push((parameter, value.to_owned(), Box::new(move |row| text(row, pointer) == wanted)));
        }
    }
    let categories: BTreeSet<&str> = all.iter().map(|row| text(row, "/category")).collect();
    for category in categories {
        let wanted = category.to_owned();
        filters.push(("category", category.to_owned(), Box::new(move |row| text(row, "/category") == wanted)));
    }
    filters.push(("is_unread", "true".to_owned(), Box::new(|row| number(row, "unread_count") > 0)));
    filters.push(("is_unread", "false".to_owned(), Box::new(|row| number(row, "unread_count") == 0)));
    filters
}

fn is_in_view(row: &Value, view: &str) -> bool {
    let (is_archived, has_received) = (row["is_archived"] == true, number(row, "received_count") > 0);
    match view {
        "inbox" => !is_archived && has_received,
        "archived" => is_archived,
        "sent" => !is_archived && !has_received,
        _ => true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::excessive_nesting, reason = "every view with every pair of filters is three loops")]
async fn every_filter_and_every_pair_equals_a_filter_over_the_whole_list() {
    let program = lived_in().await;
    let all = program.list_all("/api/v1/conversations", &[("view", "all"), ("limit", "200")]).await;
    let times: Vec<i64> = all.iter().map(|row| number(row, "last_message_at_ms")).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "newest first");
    let stored = program
        .read(|connection| {
            connection.query_row("SELECT count(*) FROM conversation", [], |row| row.get::<_, i64>(0)).unwrap()
        })
        .await;
    assert_eq!(i64::try_from(all.len()).unwrap(), stored);
    let filters = filters(&all);
    let mut lists = 0;
    for view in ["inbox", "archived", "sent", "all"] {
        for (index, (name, value, test)) in filters.iter().enumerate() {
            for (other_name, other_value, other_test) in filters.iter().skip(index) {
                if name == other_name && value != other_value {
                    continue;
                }
                let parameters = [("view", view), ("limit", "9"), (*name, value.as_str()), (*other_name, other_value)];
                let parameters = if name == other_name { &parameters[..3] } else { &parameters[..] };
                let found = program.list_all("/api/v1/conversations", parameters).await;
                let expected: Vec<Value> =
                    all.iter().filter(|row| is_in_view(row, view) && test(row) && other_test(row)).cloned().collect();
                assert_eq!(ids(&found), ids(&expected), "{parameters:?}");
                lists += usize::from(!found.is_empty());
            }
        }
    }
    assert!(lists > 50, "only {lists} lists had rows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_equal_the_lists() {
    let program = lived_in().await;
    let counts = program.get("/api/v1/conversations/counts").await.data().clone();
    let all = program.list_all("/api/v1/conversations", &[("view", "all")]).await;
    let inbox: Vec<&Value> = all.iter().filter(|row| is_in_view(row, "inbox")).collect();
    let is_unread = |row: &&&Value| number(row, "unread_count") > 0;
    assert_eq!(counts["inbox"], inbox.len());
    assert_eq!(counts["unread"], inbox.iter().filter(is_unread).count());
    assert_eq!(counts["archived"], all.iter().filter(|row| is_in_view(row, "archived")).count());
    let mut categories: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in &inbox {
        let (unread, total) = categories.entry(text(row, "/category")).or_default();
        *unread += usize::from(is_unread(&row));
        *total += 1;
    }
    let listed: BTreeMap<&str, (usize, usize)> = counts["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                text(row, "/category"),
                (number(row, "unread").try_into().unwrap(), number(row, "total").try_into().unwrap()),
            )
        })
        .collect();
    assert_eq!(listed, categories);
    for mailbox in counts["mailboxes"].as_array().unwrap() {
        let unread =
            inbox.iter().filter(is_unread).filter(|row| text(row, "/mailbox/id") == text(mailbox, "/id")).count();
        assert_eq!(mailbox["unread"], unread, "{mailbox}");
    }
    assert_eq!(program.get("/api/v1/chats/unread").await.data(), &counts, "the seeds' name for it");
    let statistics = program.get("/api/v1/statistics").await;
    assert_eq!(statistics.data()["unread_conversations"], counts["unread"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paging_neither_repeats_nor_skips_while_messages_arrive() {
    let program = Program::start().await;
    for index in 0..40 {
        // Pairs share a time: the number decides between them.
        let body = reply(DAY_MS - index / 2 * HOUR_MS / 4, "Idea", "Hm.").lead(&format!("lead{index}@people.example"));
        program.post(&body.json()).await;
    }
    let before = program.list_all("/api/v1/conversations", &[]).await;
    let (mut seen, mut cursor, mut page) = (Vec::new(), String::new(), 0);
    loop {
        let answer = program.get(&Program::path("/api/v1/conversations", &[("limit", "7"), ("cursor", &cursor)])).await;
        seen.extend(answer.rows().iter().map(|row| text(row, "/id").to_owned()));
        // Newer ones arrive between two pages, and an old message nobody has asked for yet.
        let new = reply(page, "New", "Hm.").lead(&format!("new{page}@people.example"));
        program.post(&new.json()).await;
        page += 1;
        match answer.body["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, ids(&before));
    assert!(page >= 6, "it was read in several pages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_parameters_are_named() {
    let program = Program::start().await;
    let list = "/api/v1/conversations";
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("cursor=!", "cursor"),
        ("category=nonsense", "category"),
        ("view=nowhere", "view"),
        ("mailbox_id=x", "mailbox_id"),
        ("campaign_id=x", "campaign_id"),
        ("contact_id=x", "contact_id"),
        ("is_unread=perhaps", "is_unread"),
    ] {
        program.get(&format!("{list}?{query}")).await.assert_error(400, "invalid_field", Some(field));
    }
    let other = program.get(&format!("{list}?organization_id={NOBODY}")).await;
    other.assert_error(403, "forbidden", Some("organization_id"));
    let own = program.organization_id.to_string();
    assert_eq!(program.get(&format!("{list}?organization_id={own}")).await.status, 200);
    for path in ["", "/messages", "/timeline"] {
        program.get(&format!("{list}/{NOBODY}{path}")).await.assert_error(404, "not_found", None);
        program.get(&format!("{list}/no-id{path}")).await.assert_error(404, "not_found", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_four_changes_are_idempotent_and_logged_once() {
    let program = Program::start().await;
    let person = |body: Body| body.lead("anna@people.example").mailbox("m@we.example");
    program
        .post_all(&[
            person(reply(9 * HOUR_MS, "Idea", "One.")).json(),
            person(reply(8 * HOUR_MS, "Re: Idea", "Two.")).json(),
            reply(7 * HOUR_MS, "Idea", "Another person.").lead("ben@people.example").json(),
        ])
        .await;
    let list = program.get("/api/v1/conversations").await;
    let (other, id) = (list.rows()[0].clone(), text(&list.rows()[1], "/id").to_owned());
    let changes = [
        ("read", "conversation.read", json!([0, false])),
        ("unread", "conversation.unread", json!([1, false])),
        ("archive", "conversation.archived", json!([1, true])),
        ("unarchive", "conversation.unarchived", json!([1, false])),
    ];
    for (change, kind, expected) in changes {
        for _ in 0..3 {
            let row = program.patch(&format!("/api/v1/conversations/{id}/{change}")).await.data().clone();
            assert_eq!(json!([row["unread_count"], row["is_archived"]]), expected, "{change}");
            assert_eq!(program.get(&format!("/api/v1/conversations/{id}")).await.data(), &row);
        }
        let events = program.get(&format!("/api/v1/events?kind={kind}")).await;
        let own: Vec<&Value> = events.rows().iter().filter(|event| event["kind"] == kind).collect();
        assert_eq!(own.len(), 1, "{change} is logged once");
        assert!(own[0]["actor"].as_str().unwrap().starts_with("account:"));
        assert_eq!(
            (text(own[0], "/payload/conversation_id"), text(own[0], "/payload/account_name")),
            (id.as_str(), "Olga Owner")
        );
        assert!(!own[0].to_string().contains("Two."), "the log holds no text of a message");
        let missing = program.patch(&format!("/api/v1/conversations/{NOBODY}/{change}")).await;
        missing.assert_error(404, "not_found", None);
    }
    assert_eq!(
        program.get(&format!("/api/v1/conversations/{}", text(&other, "/id"))).await.data(),
        &other,
        "another one is untouched"
    );
    let unread = program
        .read(|connection| {
            connection
                .query_row("SELECT count(*) FROM message WHERE is_unread", [], |row| row.get::<_, i64>(0))
                .unwrap()
        })
        .await;
    assert_eq!(unread, 2, "the last received one is unread, and the other person's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chats_of_the_seeds_are_the_conversations() {
    let program = Program::start().await;
    program.post(&reply(HOUR_MS, "Idea", "Hm.").lead("anna@people.example").json()).await;
    let list = program.get("/api/v1/conversations").await;
    let id = text(&list.rows()[0], "/id").to_owned();
    for path in [String::new(), format!("/{id}"), format!("/{id}/messages")] {
        let (seed, ours) = (format!("/api/v1/chats{path}"), format!("/api/v1/conversations{path}"));
        assert_eq!(program.get(&seed).await.body, program.get(&ours).await.body);
    }
    assert_eq!(program.patch(&format!("/api/v1/chats/{id}/read")).await.data()["unread_count"], 0);
    program.get("/api/v1/chats/none/messages").await.assert_error(404, "not_found", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_is_read_from_its_end_and_shows_its_timeline() {
    let program = Program::start().await;
    let person = |body: Body| body.lead("anna@people.example").campaign("c1").mailbox("m@we.example");
    program.post(&person(sent(30 * HOUR_MS, "Idea", 1)).json()).await;
    for index in 1..=11 {
        program.post(&person(reply((20 - index) * HOUR_MS, "Re: Idea", &format!("Number {index}."))).json()).await;
    }
    program
        .post_all(&[
            person(Body::new("email_opened", 25 * HOUR_MS)).with("step", 1).json(),
            person(Body::new("lead_interested", 3 * HOUR_MS)).json(),
            person(Body::new("email_opened", 26 * HOUR_MS)).campaign("c2").json(),
            Body::new("lead_lost", HOUR_MS).lead("ben@people.example").json(),
        ])
        .await;
    program.settle().await;
    let list = program.get("/api/v1/conversations").await;
    let path = format!("/api/v1/conversations/{}", text(&list.rows()[0], "/id"));
    let (mut texts, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page =
            program.get(&Program::path(&format!("{path}/messages"), &[("limit", "5"), ("cursor", &cursor)])).await;
        let rows = page.rows();
        assert!(rows.is_sorted_by_key(|row| number(row, "occurred_at_ms")), "oldest first within a page");
        texts.splice(0..0, rows.iter().map(|row| text(row, "/text").to_owned()));
        pages += 1;
        match page.body["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let mut expected = vec!["Hello, about Idea (step 1).".to_owned()];
    expected.extend((1..=11).map(|index| format!("Number {index}.")));
    assert_eq!((texts, pages), (expected, 3));
    let timeline = program.get(&format!("{path}/timeline")).await;
    let lines: Vec<(&str, i64)> =
        timeline.rows().iter().map(|row| (text(row, "/kind"), number(row, "at_ms"))).collect();
    assert_eq!(lines, [("message.opened", NOW_MS - 25 * HOUR_MS), ("contact.interest_changed", NOW_MS - 3 * HOUR_MS)]);
    assert_eq!(timeline.rows()[1]["payload"]["interest"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_html_of_a_message_is_harmless_and_its_images_wait() {
    let program = Program::start().await;
    let html = "<p onclick=\"steal()\" style=\"color:teal\">Hello <b>you</b></p><script>steal()</script><a href=\"javascript:steal()\">x</a>\
        <img src=\"https://tracker.example/logo.png\" width=\"200\" height=\"80\" alt=\"Logo\"><iframe src=\"https://evil.example\"></iframe>";
    let body = reply(HOUR_MS, "Idea", "Hello you").lead("anna@people.example").with("reply_html", html);
    program.post_all(&[body.json(), auto_reply(1, "Plain", "No markup.").lead("ben@people.example").json()]).await;
    let list = program.list_all("/api/v1/conversations", &[]).await;
    let mut messages = Vec::new();
    for row in &list {
        messages
            .extend(program.get(&format!("/api/v1/conversations/{}/messages", text(row, "/id"))).await.rows().clone());
    }
    let (plain, formatted) = (&messages[0], &messages[1]);
    assert_eq!((&formatted["has_html"], &formatted["has_remote_images"]), (&json!(true), &json!(true)));
    assert!(formatted.get("html").is_none(), "the raw markup is in no answer");
    let path = format!("/api/v1/messages/{}/html", text(formatted, "/id"));
    let mut nonces = BTreeSet::new();
    for (query, has_image) in [("", false), ("?images=blocked", false), ("?images=allowed", true)] {
        let response = program.request(reqwest::Method::GET, &format!("{path}{query}")).send().await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-"), "{policy}");
        let expected = [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "SAMEORIGIN"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ];
        for (name, value) in expected {
            assert_eq!(response.headers()[name], value, "{name}");
        }
        let nonce = policy.split("style-src 'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
        let (nonce, sheet) = (nonce.to_owned(), format!("<style nonce=\"{nonce}\">"));
        assert!(nonce.len() == 32 && nonces.insert(nonce), "every answer has its own: {policy}");
        let page = response.text().await.unwrap();
        assert!(page.contains("<p class=\"s0\">Hello <b>you</b>") && page.contains(".s0{color:teal}"), "{page}");
        assert!(page.contains(&sheet) && page.matches("<style").count() == 1 && !page.contains(" style="), "{page}");
        for harmful in ["steal", "javascript:", "onclick", "<script", "<iframe", "evil.example"] {
            assert!(!page.contains(harmful), "{harmful} in {page}");
        }
        assert_eq!(page.contains("tracker.example"), has_image, "{query}: {page}");
        assert_eq!(policy.contains("https:"), has_image, "{policy}");
    }
    assert_eq!(program.get(&format!("{path}?images=some")).await.status, 400);
    program.get(&format!("/api/v1/messages/{}/html", text(plain, "/id"))).await.assert_error(404, "not_found", None);
    program.get(&format!("/api/v1/messages/{NOBODY}/html")).await.assert_error(404, "not_found", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_seed_routes_show_the_same_records_in_windows() {
    let program = Program::start().await;
    for index in 0..7 {
        let body =
            sent((30 - index) * HOUR_MS, &format!("Idea {index}"), 1).lead(&format!("lead{index}@people.example"));
        program
            .post(&body.campaign(&format!("c{}", index % 2)).mailbox(&format!("m{}@we.example", index % 3)).json())
            .await;
    }
    program.settle().await;
    let campaigns = program.get("/api/instantly/campaigns?limit=1&offset=1").await;
    assert_eq!(
        (&campaigns.body["count"], &campaigns.body["limit"], &campaigns.body["offset"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(campaigns.rows()[0], program.get("/api/v1/campaigns").await.rows()[1]);
    let mailboxes = program.get("/api/instantly/email-accounts").await;
    assert_eq!(mailboxes.rows(), program.get("/api/v1/mailboxes").await.rows());
    let id = text(&program.get("/api/v1/campaigns/c0").await.data().clone(), "/id").to_owned();
    let (ours, theirs) = (
        program.get(&format!("/api/instantly/campaign/{id}/messages?limit=2&offset=1")).await,
        program.get("/api/instantly/campaign/c0/messages?limit=2&offset=1").await,
    );
    assert_eq!(ours.body, theirs.body);
    assert_eq!(ours.rows().iter().map(|row| text(row, "/subject")).collect::<Vec<_>>(), ["Idea 4", "Idea 2"]);
    let statistics = program.get("/api/instantly/stats").await;
    assert_eq!((&statistics.data()["sent"], &statistics.data()["campaigns"]), (&json!(7), &json!(2)));
    for path in ["campaigns", "email-accounts", "stats", "search/messages?query=x"] {
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = format!("/api/instantly/{path}{mark}organization_id=");
        assert_eq!(program.get(&format!("{path}{}", program.organization_id)).await.status, 200, "{path}");
        program.get(&format!("{path}{NOBODY}")).await.assert_error(403, "forbidden", Some("organization_id"));
    }
    program.get("/api/instantly/campaign/none/messages").await.assert_error(404, "not_found", None);
    program.get("/api/instantly/campaigns?limit=0").await.assert_error(400, "invalid_field", Some("limit"));
    program.get("/api/instantly/campaigns?offset=-1").await.assert_error(400, "invalid_field", Some("offset"));
    program.get("/api/instantly/search/messages?limit=5").await.assert_error(400, "bad_request", None);
}
