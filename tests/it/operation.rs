//! Keeping the appliance running: health, metrics, status, jobs, raw deliveries, the event log, and organizations that
//! open and close by themselves.

use std::time::Duration;

use reqwest::Method;
use salesbrain::account::permission::Role;
use salesbrain::clock::Clock;
use salesbrain::id::JobId;
use salesbrain::store::Error as StoreError;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::command_line::set_version;
use crate::live::{self, Knock};
use crate::support::{LIMIT, Request, START_MS, TestApp, numbered_reply, reply, wait_until};

/// The one check of that name.
async fn check(test: &TestApp, status: u16, name: &str) -> Value {
    let answer = test.get_anonymous("/health").await.expect(status).json();
    assert_eq!(answer["success"], json!(status == 200));
    assert_eq!(answer["data"]["status"], json!(if status == 200 { "ok" } else { "failing" }));
    let checks = answer["data"]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no check {name}")).clone()
}

/// Runs SQL in the first organization's file.
async fn execute(test: &TestApp, sql: String) {
    let tenant = test.tenant(test.organization_id).await;
    let work =
        move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> { Ok(tx.connection().execute_batch(&sql)?) };
    tenant.write(work).await.unwrap();
}

/// How a table of the first organization's file is made.
async fn find_table_sql(test: &TestApp, table: &'static str) -> String {
    let tenant = test.tenant(test.organization_id).await;
    let find = move |connection: &rusqlite::Connection| -> Result<String, StoreError> {
        let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        Ok(connection.query_row(sql, [table], |row| row.get(0))?)
    };
    tenant.read(find).await.unwrap()
}

#[tokio::test]
async fn a_healthy_appliance_says_so_to_anybody() {
    let test = TestApp::start().await;
    for name in ["schema", "organizations", "disk", "consumers"] {
        assert_eq!(check(&test, 200, name).await, json!({ "name": name, "is_ok": true, "detail": "" }));
    }
    let text = test.get_anonymous("/health").await.text;
    assert!(!text.contains("Acme") && !text.contains(&test.organization_id.to_string()), "{text}");
    assert!(!text.contains(&test.data().display().to_string()), "{text}");
}

#[tokio::test]
async fn a_disk_nearly_full_is_not_healthy() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.disk_reserve_bytes = u64::MAX).await;
    let disk = check(&test, 503, "disk").await;
    assert_eq!(disk["is_ok"], json!(false));
    assert!(disk["detail"].as_str().unwrap().contains("MiB are free"), "{disk}");
    assert_eq!(check(&test, 503, "schema").await["is_ok"], json!(true), "only what is wrong is called wrong");
}

#[tokio::test]
async fn a_file_of_another_version_is_not_healthy() {
    let test = TestApp::start().await;
    let set = |version: i64| {
        let work = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
            Ok(tx.connection().pragma_update(None, "user_version", version)?)
        };
        test.app.control.write(work)
    };
    set(99).await.unwrap();
    let schema = check(&test, 503, "schema").await;
    assert_eq!(schema["detail"], "control.db has schema version 99");
    set(salesbrain::store::migration::CONTROL.latest()).await.unwrap();
    check(&test, 200, "schema").await;
}

/// How many events a consumer of the first organization is behind.
async fn lag(test: &TestApp, name: &str) -> i64 {
    let status = test.get("/api/v1/status", &test.operator).await.expect(200).data();
    let consumers = status["consumers"].as_array().unwrap();
    consumers.iter().find(|one| one["name"] == name).unwrap()["lag"].as_i64().unwrap()
}

/// The first event after a long quiet time is no sign of a stuck consumer.
#[tokio::test]
async fn a_consumer_with_something_new_to_do_is_not_stuck() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    for number in 0..5 {
        test.post_webhook(&secret, &numbered_reply(number)).await.expect(200);
        check(&test, 200, "consumers").await;
        test.wait_for_consumers(&test.operator).await;
        test.app.clock.advance_ms(60_000);
        check(&test, 200, "consumers").await;
    }
}

#[tokio::test]
async fn an_organization_that_cannot_be_opened_is_seen_and_harms_no_other() {
    let test = TestApp::start().await;
    let outsider = test.create_outsider().await;
    test.get("/api/v1/conversations", &outsider).await.expect(200);
    close_idle(&test).await;
    let file = test.data().join("tenants").join(outsider.organization_id.to_string()).join("tenant.db");
    set_version(&file, 99);
    let refused = test.get("/api/v1/conversations", &outsider).await;
    assert!(!refused.text.contains("tenant.db") && !refused.text.contains("99"), "{}", refused.text);
    refused.expect_refusal(500, "internal");
    let organizations = check(&test, 503, "organizations").await;
    assert_eq!(organizations["detail"], "1 organizations cannot be opened, the log says why");
    test.get("/api/v1/conversations", &test.operator).await.expect(200);
    set_version(&file, salesbrain::store::migration::TENANT.latest());
    test.get("/api/v1/conversations", &outsider).await.expect(200);
    check(&test, 200, "organizations").await;
}

#[tokio::test]
async fn a_stuck_consumer_is_seen_everywhere_and_goes_on_by_itself() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    test.wait_for_consumers(&test.operator).await;
    let sql = find_table_sql(&test, "timeline").await;
    execute(&test, "DROP TABLE timeline".to_owned()).await;
    test.post_webhook(&secret, &reply(&json!({ "event_type": "email_opened" }))).await.expect(200);
    let timeline = async || {
        let status = test.get("/api/v1/status", &test.operator).await.expect(200).data();
        status["consumers"].as_array().unwrap().iter().find(|one| one["name"] == "timeline").unwrap().clone()
    };
    wait_until("the consumer has failed", async || timeline().await["last_error"] != "").await;
    let seen = timeline().await;
    assert!(seen["lag"].as_i64().unwrap() > 0, "{seen}");
    assert_eq!(seen["cursor"].as_i64().unwrap() + seen["lag"].as_i64().unwrap(), seen["head"].as_i64().unwrap());
    assert!(seen["last_error"].as_str().unwrap().contains("timeline"), "{seen}");
    wait_until("only one is behind", async || lag(&test, "search").await == 0).await;
    check(&test, 200, "consumers").await;
    test.app.clock.advance_ms(30_001);
    let consumers = check(&test, 503, "consumers").await;
    assert_eq!(consumers["detail"], "stuck: timeline");
    execute(&test, sql).await;
    wait_until("the consumer goes on", async || timeline().await["lag"] == 0).await;
    assert_eq!(timeline().await["last_error"], "");
    check(&test, 200, "consumers").await;
    let id = test.get("/api/v1/conversations", &test.operator).await.rows()[0]["id"].as_str().unwrap().to_owned();
    let lines = test.get(&format!("/api/v1/conversations/{id}/timeline"), &test.operator).await.expect(200).rows();
    assert_eq!(lines.iter().map(|line| line["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["message.opened"]);
}

#[tokio::test]
async fn a_monitoring_system_reads_the_metrics_with_a_token_of_its_own() {
    let token = "scrape-me-if-you-can";
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.metrics_token = token.into()).await;
    let ask = |path: &'static str, token: &'static str| {
        test.send(Method::GET, path, Request { token: Some(token), ..Request::default() })
    };
    let text = ask("/metrics", token).await.expect(200).text;
    assert!(text.contains("salesbrain_live_connections 0") && !text.contains(token), "{text}");
    for wrong in ["scrape-me-if-you-can't", "scrape-me-if-you-ca", ""] {
        ask("/metrics", wrong).await.expect_refusal(401, "unauthenticated");
    }
    test.get_anonymous("/metrics").await.expect_refusal(401, "unauthenticated");
    for path in ["/api/v1/status", "/api/v1/unrouted-events", "/api/v1/auth/me"] {
        ask(path, token).await.expect_refusal(401, "unauthenticated");
    }
    test.get("/metrics", &test.operator).await.expect(200);
    let member = test.create_member(Role::Owner).await;
    test.get("/metrics", &member).await.expect_refusal(403, "forbidden");
    // Without the setting an empty token is no token.
    let test = TestApp::start().await;
    let empty = vec![("authorization", "Bearer ".to_owned())];
    let answer = test.send(Method::GET, "/metrics", Request { headers: empty, ..Request::default() }).await;
    answer.expect_refusal(401, "unauthenticated");
}

/// A client that sends nothing, or its headers a letter at a time, holds a connection for so long and no longer.
#[tokio::test]
async fn a_client_that_does_not_finish_its_headers_is_let_go() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.header_limit_ms = 300).await;
    let connect = || tokio::net::TcpStream::connect(test.address);
    let begin = |text: &'static str| async move {
        let mut stream = connect().await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    };
    let starts = ["", "GET /health HTTP/1.1\r\nhost: x\r\n", "GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /hea"];
    for text in starts {
        let mut stream = begin(text).await;
        let mut answer = Vec::new();
        let end = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer)).await;
        assert!(end.is_ok(), "the connection of {text:?} stays open");
        let is_complete = text.contains("\r\n\r\n");
        assert_eq!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 200"), is_complete, "{text:?}");
    }
    // A letter now and then does not start the time anew.
    let (mut reader, mut writer) = begin("GET /health HTTP/1.1\r\nx-slow: ").await.into_split();
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let drip = async {
        while writer.write_all(b"x").await.is_ok() {
            pace.tick().await;
        }
    };
    let end = async { reader.read_to_end(&mut Vec::new()).await };
    let until_closed = async {
        tokio::select! { _end = end => {}, () = drip => {} }
    };
    tokio::time::timeout(LIMIT, until_closed).await.expect("a slow client is let go");
}

#[tokio::test]
async fn metrics_count_requests_and_lag_and_tell_no_secret() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    test.post_webhook("wrong", &reply(&json!({}))).await.expect(401);
    let by_path = format!("/webhooks/instantly/{secret}");
    test.post_anonymous(&by_path, numbered_reply(2)).await.expect(200);
    test.get_anonymous("/assets/nothing-here-4711.js").await.expect(404);
    test.wait_for_consumers(&test.operator).await;
    let answer = test.get("/metrics", &test.operator).await.expect(200);
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    let text = answer.text;
    let organization = test.organization_id;
    let expected = [
        "salesbrain_http_requests_total{route=\"/webhooks/instantly/webhook\",status=\"200\"} 2".to_owned(),
        "salesbrain_http_requests_total{route=\"/webhooks/instantly/webhook\",status=\"401\"} 1".to_owned(),
        "salesbrain_http_requests_total{route=\"/webhooks/instantly/{token}\",status=\"200\"} 1".to_owned(),
        "salesbrain_webhooks_total{outcome=\"applied\"} 2".to_owned(),
        "salesbrain_webhooks_total{outcome=\"repeated\"} 1".to_owned(),
        "salesbrain_webhooks_total{outcome=\"unauthenticated\"} 1".to_owned(),
        format!("salesbrain_consumer_lag_events{{organization=\"{organization}\",consumer=\"search\"}} 0"),
        format!("salesbrain_consumer_lag_events{{organization=\"{organization}\",consumer=\"timeline\"}} 0"),
        "salesbrain_live_connections 0".to_owned(),
        "salesbrain_organizations_open 1".to_owned(),
    ];
    for line in expected {
        assert!(text.lines().any(|one| one == line), "no line {line} in\n{text}");
    }
    assert!(text.contains("salesbrain_http_request_seconds_bucket{"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    let person = &test.operator;
    for private in [&secret, &person.token, &person.refresh_token, &person.email, "Lena", "bergbahn", "4711"] {
        assert!(!text.contains(private), "metrics tell {private}");
    }
}

#[tokio::test]
async fn status_says_how_far_the_consumers_are() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    test.wait_for_consumers(&test.operator).await;
    let status = test.get("/api/v1/status", &test.operator).await.expect(200).data();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["started_at_ms"], json!(START_MS));
    let events = test.get("/api/v1/events", &test.operator).await.rows();
    let head = &events[0]["sequence"];
    let names: Vec<&str> =
        status["consumers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["search", "timeline"]);
    for consumer in status["consumers"].as_array().unwrap() {
        assert_eq!((&consumer["cursor"], &consumer["head"], &consumer["lag"]), (head, head, &json!(0)));
    }
}

/// The job with an id.
async fn find_job(test: &TestApp, id: &str) -> Value {
    let jobs = test.get("/api/v1/jobs", &test.operator).await.expect(200).rows();
    jobs.into_iter().find(|job| job["id"] == id).unwrap_or_else(|| panic!("no job {id}"))
}

#[tokio::test]
async fn reindexing_is_a_job_that_ends() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    for number in 0..3 {
        test.post_webhook(&secret, &numbered_reply(number)).await.expect(200);
    }
    test.wait_for_consumers(&test.operator).await;
    let search = async || test.get("/api/v1/search?q=answer", &test.operator).await.expect(200).json();
    assert_eq!(search().await["total"], json!(3));
    let job = test.post("/api/v1/search/reindex", &test.operator, json!({})).await.expect(200).data();
    assert_eq!((&job["kind"], &job["state"]), (&json!("search.reindex"), &json!("waiting")));
    let id = job["id"].as_str().unwrap().to_owned();
    wait_until("the job is done", async || find_job(&test, &id).await["state"] == "done").await;
    let done = find_job(&test, &id).await;
    assert_eq!((&done["attempts"], &done["last_error"]), (&json!(1), &json!("")));
    assert_eq!(search().await["total"], json!(3));
    let waiting = test.get("/api/v1/jobs?state=waiting", &test.operator).await.expect(200).rows();
    assert_eq!(waiting, Vec::<Value>::new());
    test.get("/api/v1/jobs?state=lost", &test.operator).await.expect_refusal(400, "invalid_field");
    test.post(&format!("/api/v1/jobs/{id}/retry"), &test.operator, json!({})).await.expect_refusal(404, "not_found");
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_and_then_dead_until_someone_says_so() {
    let test = TestApp::start().await;
    let id = JobId::from_uuid(test.app.ids.next_uuid());
    let tenant = test.tenant(test.organization_id).await;
    let insert = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute(
            "INSERT INTO job (id, kind, max_attempts, run_at_ms, created_at_ms, updated_at_ms)
             VALUES (?1, 'no.such.kind', 3, ?2, ?2, ?2)",
            (id, tx.now_ms()),
        )?;
        Ok(())
    };
    tenant.write(insert).await.unwrap();
    let id = id.to_string();
    let mut now_ms = START_MS;
    for (attempt, state, pause_ms) in [(1, "waiting", 2_000), (2, "waiting", 4_000), (3, "dead", 0)] {
        tenant.wake_jobs();
        let is_tried = async || {
            let job = find_job(&test, &id).await;
            job["attempts"] == json!(attempt) && job["state"] != "running"
        };
        wait_until("the job is tried", is_tried).await;
        let job = find_job(&test, &id).await;
        assert_eq!(job["state"], json!(state), "{job}");
        assert_eq!(job["last_error"], "this program does not know jobs of kind no.such.kind");
        if state == "waiting" {
            assert_eq!(job["run_at_ms"], json!(now_ms + pause_ms), "{job}");
        }
        test.app.clock.advance_ms(pause_ms);
        now_ms += pause_ms;
    }
    let dead = test.get("/api/v1/jobs?state=dead", &test.operator).await.expect(200).rows();
    assert_eq!(dead.len(), 1);
    test.app.clock.advance_ms(600_000);
    tenant.wake_jobs();
    assert_eq!(find_job(&test, &id).await, dead[0], "time alone does not bring it back");
    let retried = test.post(&format!("/api/v1/jobs/{id}/retry"), &test.operator, json!({})).await.expect(200).data();
    assert_eq!((&retried["state"], &retried["attempts"]), (&json!("waiting"), &json!(0)));
    wait_until("the job is tried again", async || find_job(&test, &id).await["attempts"] == 1).await;
}

#[tokio::test]
async fn a_job_left_running_by_a_crash_is_done_after_the_next_start() {
    let test = TestApp::start().await;
    let id = JobId::from_uuid(test.app.ids.next_uuid());
    execute(
        &test,
        format!(
            "INSERT INTO job (id, kind, state, attempts, run_at_ms, created_at_ms, updated_at_ms)
             VALUES (x'{}', 'search.reindex', 'running', 1, {START_MS}, {START_MS}, {START_MS})",
            id.uuid().simple()
        ),
    )
    .await;
    close_idle(&test).await;
    let id = id.to_string();
    wait_until("the job is done", async || find_job(&test, &id).await["state"] == "done").await;
    assert_eq!(find_job(&test, &id).await["attempts"], json!(2));
}

#[tokio::test]
async fn an_event_that_could_not_be_applied_is_kept_and_replayed() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    let sql = find_table_sql(&test, "campaign_step_contact").await;
    execute(&test, "DROP TABLE campaign_step_contact".to_owned()).await;
    let opened = reply(&json!({ "event_type": "email_opened", "step": 1 }));
    let answer = test.post_webhook(&secret, &opened).await.expect(200);
    assert_eq!(answer.json()["success"], json!(true), "the provider must not switch the webhook off");
    let failed = test.get("/api/v1/provider-events?state=failed", &test.operator).await.expect(200).rows();
    assert_eq!(failed.len(), 1);
    assert_ne!(failed[0]["note"], "");
    let opened_count =
        async || test.get("/api/v1/statistics", &test.operator).await.expect(200).data()["counters"]["opened"].clone();
    assert_eq!(opened_count().await, json!(0), "nothing of it was applied");
    execute(&test, sql).await;
    let path = format!("/api/v1/provider-events/{}", failed[0]["id"].as_str().unwrap());
    replay(&test, &path).await;
    let delivery = test.get(&path, &test.operator).await.expect(200).data();
    assert_eq!((&delivery["state"], &delivery["note"]), (&json!("applied"), &json!("")));
    assert_eq!(opened_count().await, json!(1));
    replay(&test, &path).await;
    assert_eq!(opened_count().await, json!(1), "a second replay changes nothing");
}

/// Replays a delivery and waits for the job's end.
async fn replay(test: &TestApp, path: &str) {
    let job = test.post(&format!("{path}/replay"), &test.operator, json!({})).await.expect(200).data();
    let id = job["id"].as_str().unwrap().to_owned();
    wait_until("the replay has ended", async || find_job(test, &id).await["state"] == "done").await;
}

#[tokio::test]
async fn replaying_what_was_applied_changes_nothing() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    let snapshot = async || {
        let mut texts = Vec::new();
        for path in ["/api/v1/conversations?view=all", "/api/v1/events", "/api/v1/statistics", "/api/v1/contacts"] {
            texts.push(test.get(path, &test.operator).await.expect(200).text);
        }
        texts
    };
    let before = snapshot().await;
    let id = test.get("/api/v1/provider-events", &test.operator).await.rows()[0]["id"].as_str().unwrap().to_owned();
    replay(&test, &format!("/api/v1/provider-events/{id}")).await;
    assert_eq!(snapshot().await, before);
    let unknown = "/api/v1/provider-events/018f3c1e-0000-7000-8000-000000000000/replay";
    test.post(unknown, &test.operator, json!({})).await.expect_refusal(404, "not_found");
}

#[tokio::test]
async fn events_are_paged_newest_first_without_a_gap() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    for number in 0..6 {
        test.post_webhook(&secret, &numbered_reply(number)).await.expect(200);
    }
    let all = test.get("/api/v1/events?limit=200", &test.operator).await.expect(200).rows();
    let sequences: Vec<i64> = all.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] > pair[1]), "{sequences:?}");
    assert!(all.len() > 12, "there are pages to turn: {}", all.len());
    let mut paged = Vec::new();
    let mut next = String::new();
    loop {
        let page = test.get(&format!("/api/v1/events?limit=4{next}"), &test.operator).await.expect(200);
        assert_eq!(page.json()["count"], json!(page.rows().len()));
        paged.extend(page.rows());
        // What comes in between belongs to no later page.
        test.post_webhook(&secret, &numbered_reply(100 + paged.len())).await.expect(200);
        match page.json()["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let received = test.get("/api/v1/events?limit=200&kind=message.rec", &test.operator).await.expect(200).rows();
    assert!(received.len() >= 6 && received.iter().all(|event| event["kind"] == "message.received"), "{received:?}");
    for wrong in ["limit=0", "limit=201", "limit=x", "cursor=x"] {
        let answer = test.get(&format!("/api/v1/events?{wrong}"), &test.operator).await;
        let body = answer.expect_refusal(400, "invalid_field");
        assert_eq!(body["field"], json!(wrong.split('=').next().unwrap()), "{body}");
    }
}

#[tokio::test]
async fn raw_deliveries_are_paged_newest_first_without_a_gap() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    for number in 0..7 {
        test.post_webhook(&secret, &numbered_reply(number)).await.expect(200);
        test.app.clock.advance_ms(1);
    }
    let all = test.get("/api/v1/provider-events?limit=200", &test.operator).await.expect(200).rows();
    let times: Vec<i64> = all.iter().map(|one| one["received_at_ms"].as_i64().unwrap()).collect();
    assert_eq!(times, (0..7).rev().map(|number| START_MS + number).collect::<Vec<i64>>());
    let mut paged = Vec::new();
    let mut next = String::new();
    loop {
        let page = test.get(&format!("/api/v1/provider-events?limit=3{next}"), &test.operator).await.expect(200);
        paged.extend(page.rows());
        match page.json()["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let unknown = test.get("/api/v1/provider-events?state=unknown", &test.operator).await.expect(200).rows();
    assert_eq!(unknown, Vec::<Value>::new());
    test.get("/api/v1/provider-events?state=odd", &test.operator).await.expect_refusal(400, "invalid_field");
}

/// Closes what nobody uses; waits until the first organization is closed.
async fn close_idle(test: &TestApp) {
    wait_until("the organization is closed", async || {
        let tenants = test.app.tenants.clone();
        test.run(async move { tenants.close_idle(i64::MAX).await }).await;
        test.app.tenants.list_open().is_empty()
    })
    .await;
}

#[tokio::test]
async fn an_idle_organization_closes_and_opens_again_with_its_data() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    test.wait_for_consumers(&test.operator).await;
    let paths = ["/api/v1/conversations", "/api/v1/events", "/api/v1/mailboxes", "/api/v1/statistics"];
    let mut before = Vec::new();
    for path in paths {
        before.push(test.get(path, &test.operator).await.expect(200).text);
    }
    close_idle(&test).await;
    let entries = std::fs::read_dir(test.data().join("tenants").join(test.organization_id.to_string())).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let files: Vec<String> = names.filter(|name| name.starts_with("tenant.db")).collect();
    assert_eq!(files, ["tenant.db"], "a closed organization is one file that can be copied");
    check(&test, 200, "consumers").await;
    for (path, before) in paths.into_iter().zip(before) {
        assert_eq!(test.get(path, &test.operator).await.expect(200).text, before, "{path}");
    }
    let found = test.get("/api/v1/search?q=thursday", &test.operator).await.expect(200).json();
    assert_eq!(found["total"], json!(1));
    // A webhook opens it too.
    close_idle(&test).await;
    test.post_webhook(&secret, &numbered_reply(2)).await.expect(200);
    assert_eq!(test.get("/api/v1/conversations", &test.operator).await.rows().len(), 2);
}

#[tokio::test]
async fn an_organization_with_an_open_feed_stays_open() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let opened = live::knock(&test, "/api/v1/live", Some(&test.operator.token)).await;
    let Knock::Hello(mut feed, _hello) = opened else { panic!("the feed did not open") };
    test.wait_for_consumers(&test.operator).await;
    let sweep = async || {
        let tenants = test.app.tenants.clone();
        test.run(async move { tenants.close_idle(i64::MAX).await }).await
    };
    for _sweep in 0..20 {
        assert_eq!(sweep().await, 0);
    }
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    let head = test.get("/api/v1/events", &test.operator).await.rows()[0]["sequence"].as_i64().unwrap();
    assert!(!feed.events_up_to(head).await.is_empty(), "the feed still carries events");
    drop(feed);
    close_idle(&test).await;
}

#[tokio::test]
async fn an_organization_in_use_is_not_closed_by_time_alone() {
    let test = TestApp::start().await;
    test.get("/api/v1/conversations", &test.operator).await.expect(200);
    test.wait_for_consumers(&test.operator).await;
    let tenants = test.app.tenants.clone();
    let closed = test.run(async move { tenants.close_idle(START_MS).await }).await;
    assert_eq!(closed, 0, "it was used at this very moment");
    let answer = test.send(Method::GET, "/health", Request::default()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(test.app.tenants.list_open().len(), 1);
}
