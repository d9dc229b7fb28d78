//! The audit logs: what is written into them, how they are read, and that nothing changed from outside stays unnoticed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::Method;
use rusqlite::Connection;
use salesbrain::account::permission::{Role, StaffRole};
use serde_json::{Value, json};

use crate::support::{Person, Request, TestApp, reply, wait_until};

/// Runs `salesbrain audit verify --json` beside the running program.
fn verify(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_salesbrain"))
        .args(["audit", "verify", "--json", "--data"])
        .arg(data)
        .args(arguments)
        .current_dir(data)
        .env_clear()
        .env("SALESBRAIN_LOG_FILTER", "error")
        .output()
        .unwrap()
}

/// The findings of all logs; the exit code must agree.
#[track_caller]
fn findings(data: &Path) -> Vec<(String, i64)> {
    let output = verify(data, &[]);
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let found: Vec<(String, i64)> = answer["logs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|log| log["findings"].as_array().unwrap().clone())
        .map(|finding| (finding["fault"].as_str().unwrap().to_owned(), finding["sequence"].as_i64().unwrap()))
        .collect();
    assert_eq!(output.status.code(), Some(i32::from(!found.is_empty())), "{answer}");
    assert_eq!(answer["is_whole"], json!(found.is_empty()));
    found
}

/// The file as a thief of the disk opens it.
#[expect(clippy::disallowed_methods, reason = "this is someone who goes around the program")]
pub(crate) fn open(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

fn tenant_file(test: &TestApp) -> PathBuf {
    test.data().join("tenants").join(test.organization_id.to_string()).join("tenant.db")
}

/// Puts rows into the organization's log: a conversation is archived and taken back.
async fn write_rows(test: &TestApp, person: &Person, count: usize) {
    let conversation = conversation_id(test, person).await;
    for number in 0..count {
        let verb = if number % 2 == 0 { "archive" } else { "unarchive" };
        test.patch(&format!("/api/v1/conversations/{conversation}/{verb}"), person).await.expect(200);
    }
}

async fn conversation_id(test: &TestApp, person: &Person) -> String {
    let rows = test.get("/api/v1/conversations?view=all", person).await.expect(200).rows();
    rows[0]["id"].as_str().unwrap().to_owned()
}

async fn with_conversation() -> TestApp {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    test
}

async fn rows(test: &TestApp, query: &str) -> Vec<Value> {
    test.get(&format!("/api/v1/audit{query}"), &test.operator).await.expect(200).rows()
}

fn actions(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_change_is_written_down_with_who_from_where_before_and_after() {
    let test = with_conversation().await;
    let operator = test.operator.clone();
    let id = conversation_id(&test, &operator).await;
    let change = async |verb: &str| {
        test.patch(&format!("/api/v1/conversations/{id}/{verb}"), &operator).await.expect(200);
    };
    change("read").await;
    // Nothing changes, so nothing is written.
    change("read").await;
    change("unread").await;
    change("archive").await;
    change("unarchive").await;
    let made = test.post("/api/v1/connections", &operator, json!({ "provider": "instantly", "name": "Zweite" })).await;
    let connection = made.expect(200).data()["id"].as_str().unwrap().to_owned();
    test.post(&format!("/api/v1/connections/{connection}/secret"), &operator, json!({})).await.expect(200);
    let request = || Request { token: Some(&operator.token), ..Request::default() };
    test.send(Method::DELETE, &format!("/api/v1/connections/{connection}"), request()).await.expect(200);
    test.post("/api/v1/search/reindex", &operator, json!({})).await.expect(200);
    let delivery = test.get("/api/v1/provider-events", &operator).await.rows()[0]["id"].as_str().unwrap().to_owned();
    test.post(&format!("/api/v1/provider-events/{delivery}/replay"), &operator, json!({})).await.expect(200);
    let job = crate::authorisation::create_dead_job(&test).await;
    test.post(&format!("/api/v1/jobs/{job}/retry"), &operator, json!({})).await.expect(200);
    let rows = rows(&test, "").await;
    let expected = [
        // What happened in the file itself, newest first; what happened in `control.db` is carried over at the latest
        // when the log is read.
        "job.retried",
        "provider_event.replayed",
        "search.reindexed",
        "connection.deleted",
        "connection.secret_renewed",
        "connection.created",
        "conversation.unarchived",
        "conversation.archived",
        "conversation.unread",
        "conversation.read",
        "connection.created",
    ];
    let (mut found, mut wanted) = (actions(&rows), expected.to_vec());
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    let archived = rows.iter().find(|row| row["action"] == "conversation.archived").unwrap();
    assert_eq!(archived["actor"], json!(format!("account:{}", operator.account_id)));
    assert_eq!(archived["actor_name"], json!("operator@acme.example"));
    assert_eq!(archived["address"], json!("127.0.0.1"));
    assert_eq!(archived["entity_id"], json!(id));
    assert_eq!(archived["before"]["is_archived"], json!(false));
    assert_eq!(archived["after"]["is_archived"], json!(true));
    let text = serde_json::to_string(&rows).unwrap();
    for part in ["Thursday", "lift control"] {
        assert!(!text.contains(part), "the log tells {part} of a message: {text}");
    }
    // The profile belongs to the appliance's log.
    let body = json!({ "theme": "dark", "name": "Olga" });
    let put = Request { token: Some(&operator.token), body: Some(body), ..Request::default() };
    test.send(Method::PUT, "/api/v1/auth/me", put).await.expect(200);
    let admin = test.create_staff(StaffRole::Admin).await;
    let own = test.get("/api/v1/admin/audit?action=account.updated", &admin).await.expect(200).rows();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["before"], json!({ "name": "operator", "theme": "auto" }));
    assert_eq!(own[0]["after"], json!({ "name": "Olga", "theme": "dark" }));
    assert_eq!(findings(&test.data()), []);
}

/// Whatever somebody of the staff does in a customer's organization, however they come in, is for that customer to read.
#[tokio::test]
async fn what_staff_does_in_an_organization_stands_in_its_log() {
    let test = with_conversation().await;
    let staff = test.create_staff(StaffRole::Admin).await;
    let members = format!("/api/v1/organizations/{}/members", test.organization_id);
    let accessed = async || {
        let rows = rows(&test, "?action=staff.accessed").await;
        let told = |row: &Value| (row["entity_id"].as_str().unwrap().to_owned(), row["actor_name"].clone());
        rows.iter().map(told).collect::<Vec<_>>()
    };
    // Its own members are nobody's guests.
    test.get("/api/v1/conversations", &test.operator).await.expect(200);
    test.get(&members, &test.operator).await.expect(200);
    assert_eq!(accessed().await, []);
    let mut expected = Vec::new();
    for path in ["/api/v1/conversations", "/api/v1/contacts", &members] {
        test.get(path, &staff).await.expect(200);
        expected.insert(0, (path.to_owned(), json!("sb_admin@appliance.example")));
        assert_eq!(accessed().await, expected);
    }
    let feed = crate::live::knock(&test, "/api/v1/live", Some(&staff.token)).await;
    assert!(matches!(feed, crate::live::Knock::Hello(..)));
    expected.insert(0, ("/api/v1/live".to_owned(), json!("sb_admin@appliance.example")));
    assert_eq!(accessed().await, expected);
    let written = rows(&test, "?action=staff.accessed").await;
    assert_eq!(written[0]["actor"], json!(format!("account:{}", staff.account_id)));
    assert_eq!(findings(&test.data()), []);
}

#[tokio::test]
async fn filters_and_pages_lead_to_every_row_once() {
    let test = with_conversation().await;
    let operator = test.operator.clone();
    let member = test.create_member(Role::Member).await;
    write_rows(&test, &operator, 8).await;
    write_rows(&test, &member, 4).await;
    let id = conversation_id(&test, &operator).await;
    assert_eq!(rows(&test, &format!("?entity={id}")).await.len(), 12);
    assert_eq!(rows(&test, &format!("?actor=account:{}", member.account_id)).await.len(), 4);
    assert_eq!(rows(&test, "?actor=member@acme.example").await.len(), 4);
    assert_eq!(rows(&test, "?action=conversation.un").await.len(), 6);
    assert_eq!(rows(&test, "?action=conversation.").await.len(), 12);
    assert_eq!(
        rows(&test, &format!("?action=conversation.archived&actor=account:{}", member.account_id)).await.len(),
        2
    );
    assert_eq!(rows(&test, "?q=LENA").await.len(), 12);
    assert_eq!(rows(&test, "?q=member@&action=conversation.archived").await.len(), 2);
    assert_eq!(rows(&test, "?q=nothing+like+this").await.len(), 0);
    let now_ms = test.app.clock.now_ms();
    assert_eq!(rows(&test, &format!("?since={now_ms}")).await.len(), 13);
    assert_eq!(rows(&test, &format!("?until={now_ms}")).await.len(), 0);
    for query in ["", "&action=conversation.", &format!("&entity={id}"), "&q=lena"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = test.get(&format!("/api/v1/audit?limit=2{query}{cursor}"), &operator).await.expect(200).json();
            seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["sequence"].as_i64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{query}: {seen:?}");
        assert_eq!(seen.len(), if query.is_empty() { 13 } else { 12 }, "{query}");
    }
    for (query, field) in [("limit=0", "limit"), ("since=yesterday", "since"), ("cursor=x", "cursor")] {
        let refusal = test.get(&format!("/api/v1/audit?{query}"), &operator).await.expect_refusal(400, "invalid_field");
        assert_eq!(refusal["field"], json!(field));
    }
}

#[tokio::test]
async fn a_long_log_is_read_in_bounded_steps() {
    let test = TestApp::start().await;
    let chain = test.app.audit_chain(test.organization_id);
    let tenant = test.tenant(test.organization_id).await;
    let fill = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), salesbrain::store::Error> {
        for number in 0..21_000 {
            let name = if number == 3 { "needle" } else { "hay" };
            let record = salesbrain::audit::Record::new("thing", &(number % 7), name);
            chain.append(tx, salesbrain::audit::Entry::new(salesbrain::audit::Who::system(), "thing.made", record))?;
        }
        Ok(())
    };
    tenant.write(fill).await.unwrap();
    drop(tenant);
    for query in ["q=needle", "q=needle&actor=system", "q=needle&action=thing."] {
        let first = test.get(&format!("/api/v1/audit?{query}"), &test.operator).await.expect(200).json();
        assert_eq!(first["count"], json!(0), "{query}: the walk is bounded");
        let next = first["next"].as_str().unwrap();
        let second = test.get(&format!("/api/v1/audit?{query}&cursor={next}"), &test.operator).await.expect(200).json();
        assert_eq!(second["data"][0]["sequence"], json!(4), "{query}");
        assert_eq!(second["next"], json!(null), "{query}");
    }
    // The export walks on by itself.
    let text = test.get("/api/v1/audit/export?format=jsonl&q=needle", &test.operator).await.expect(200).text;
    assert_eq!(text.lines().count(), 1, "{text}");
    let all = test.get("/api/v1/audit/export?format=csv&action=thing.", &test.operator).await.expect(200).text;
    assert_eq!(all.lines().count(), 21_001);
    assert_eq!(findings(&test.data()), []);
}

#[tokio::test]
async fn an_export_is_safe_to_open_in_a_spreadsheet() {
    let test = TestApp::start().await;
    let body = json!({ "provider": "instantly", "name": "=HYPERLINK(\"http://evil.example\",\"a,b\")" });
    test.post("/api/v1/connections", &test.operator, body).await.expect(200);
    let answer = test.get("/api/v1/audit/export", &test.operator).await.expect(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"audit.csv\"");
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    assert_eq!(&reader.headers().unwrap()[6], "action");
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let created = records.iter().find(|record| &record[6] == "connection.created").unwrap();
    assert_eq!(&created[9], "'=HYPERLINK(\"http://evil.example\",\"a,b\")");
    assert_eq!(&created[2], "2026-03-02T09:00:00Z");
    assert!(records.iter().any(|record| &record[6] == "audit.exported"), "the export itself is written down");
    let lines = test.get("/api/v1/audit/export?format=jsonl", &test.operator).await.expect(200).text;
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert!(row["after"].is_object());
    }
    test.get("/api/v1/audit/export?format=xlsx", &test.operator).await.expect_refusal(400, "invalid_field");
}

/// One way to change a log from outside, and what must be found.
type Tampering = (&'static str, &'static str, &'static [(&'static str, i64)]);

const TAMPERINGS: &[Tampering] = &[
    ("a value is changed", "UPDATE audit SET after = '{}' WHERE sequence = 4", &[("changed", 4)]),
    ("someone else did it", "UPDATE audit SET actor_name = 'x' WHERE sequence = 1", &[("changed", 1)]),
    ("another time", "UPDATE audit SET at_ms = at_ms - 1 WHERE sequence = 5", &[("changed", 5)]),
    ("another id", "UPDATE audit SET id = randomblob(16) WHERE sequence = 5", &[("changed", 5)]),
    ("an id that is none", "UPDATE audit SET id = x'00' WHERE sequence = 5", &[("changed", 5)]),
    ("another hash", "UPDATE audit SET hash = randomblob(32) WHERE sequence = 3", &[("changed", 3), ("changed", 4)]),
    ("a hash that is none", "UPDATE audit SET hash = x'' WHERE sequence = 3", &[("changed", 3)]),
    ("two edits", "UPDATE audit SET address = '' WHERE sequence IN (2, 6)", &[("changed", 2), ("changed", 6)]),
    ("a row is deleted", "DELETE FROM audit WHERE sequence = 4", &[("missing", 4)]),
    ("rows are deleted", "DELETE FROM audit WHERE sequence BETWEEN 2 AND 4", &[("missing", 2)]),
    ("the first is deleted", "DELETE FROM audit WHERE sequence = 1", &[("missing", 1)]),
    ("the end is cut off", "DELETE FROM audit WHERE sequence > 5", &[("cut_off", 6)]),
    ("everything is deleted", "DELETE FROM audit", &[("cut_off", 1)]),
    (
        "the end is cut off and the head put back",
        "DELETE FROM audit WHERE sequence > 5;
         UPDATE audit_head SET sequence = 5, hash = (SELECT hash FROM audit WHERE sequence = 5)",
        &[("foreign", 5), ("cut_off", 6)],
    ),
    ("everything is deleted with the seal", "DELETE FROM audit; DELETE FROM audit_head", &[("cut_off", 1)]),
    ("the seal is deleted", "DELETE FROM audit_head", &[("unsealed", 8)]),
    ("the seal is changed", "UPDATE audit_head SET seal = randomblob(32)", &[("foreign", 8)]),
    (
        "rows change places",
        "UPDATE audit SET sequence = -1 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 4;
         UPDATE audit SET sequence = 4 WHERE sequence = -1",
        &[("changed", 3), ("changed", 4), ("changed", 5)],
    ),
    (
        "a row is added at the end",
        "INSERT INTO audit SELECT 9, randomblob(16), at_ms, actor, actor_name, address, action, entity_kind, entity_id,
         entity_name, before, after, hash FROM audit WHERE sequence = 8",
        &[("changed", 9), ("unsealed", 9)],
    ),
];

#[tokio::test]
async fn whatever_is_changed_from_outside_is_found_and_named() {
    let test = with_conversation().await;
    let operator = test.operator.clone();
    write_rows(&test, &operator, 7).await;
    assert_eq!(rows(&test, "").await.len(), 8);
    look(&test).await;
    let (data, file) = (test.data(), tenant_file(&test));
    assert_eq!(findings(&data), []);
    let folder = crate::support::folder();
    let untouched = folder.path().join("tenant.db").to_string_lossy().into_owned();
    open(&file).execute("VACUUM INTO ?1", [&untouched]).unwrap();
    for (what, sql, expected) in TAMPERINGS {
        let changed = open(&file);
        changed.execute_batch(&format!("BEGIN; {sql}; COMMIT")).unwrap();
        let expected: Vec<(String, i64)> =
            expected.iter().map(|(fault, sequence)| ((*fault).to_owned(), *sequence)).collect();
        assert_eq!(findings(&data), expected, "{what}");
        put_back(&changed, &untouched);
        assert_eq!(findings(&data), [], "{what}, and put back");
    }
    // The appliance's own log is a chain as well.
    sign_in_wrongly(&test, 3).await;
    look(&test).await;
    let control = open(&data.join("control.db"));
    let rows: i64 = control.query_row("SELECT max(sequence) FROM audit", [], |row| row.get(0)).unwrap();
    for (sql, expected) in [
        ("UPDATE audit SET action = 'x' WHERE sequence = 1", ("changed", 1)),
        ("DELETE FROM audit; DELETE FROM audit_head", ("cut_off", 1)),
        ("DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)", ("cut_off", rows)),
    ] {
        control.execute_batch(&format!("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM audit; DROP TABLE IF EXISTS kept_head; CREATE TABLE kept_head AS SELECT * FROM audit_head; BEGIN; {sql}; COMMIT")).unwrap();
        assert_eq!(findings(&data), [(expected.0.to_owned(), expected.1)], "{sql}");
        control.execute_batch("BEGIN; DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM kept_head; DROP TABLE kept; DROP TABLE kept_head; COMMIT").unwrap();
        assert_eq!(findings(&data), [], "{sql}, and put back");
    }
}

/// Lets the program write down how the logs end, as it does by itself every few seconds.
async fn look(test: &TestApp) {
    let app = std::sync::Arc::clone(&test.app);
    test.run(async move { app.keep_audit_ends().await }).await;
}

/// Writes rows into the appliance's log.
async fn sign_in_wrongly(test: &TestApp, count: usize) {
    for _row in 0..count {
        let body = json!({ "email": test.operator.email, "password": "not the password" });
        test.post_anonymous("/api/v1/auth/login", body).await.expect(401);
    }
}

/// The program writes down how logs end by itself: nobody has to ask.
#[tokio::test]
async fn how_logs_end_is_written_down_soon() {
    let test = with_conversation().await;
    write_rows(&test, &test.operator.clone(), 2).await;
    let wanted = open(&tenant_file(&test));
    let data = test.data();
    wait_until("both logs are known", async || {
        let keyring = salesbrain::secret::Keyring::open_existing(&data.join("secret.key")).unwrap();
        let ends = salesbrain::audit::ends::Ends::read(&data, &keyring).unwrap();
        let last: i64 = wanted.query_row("SELECT sequence FROM audit_head", [], |row| row.get(0)).unwrap();
        ends.of_organization(test.organization_id).is_some_and(|end| end.sequence == last)
    })
    .await;
}

/// One that was open for a moment only, between two looks, is looked at as well.
#[tokio::test]
async fn the_end_of_a_log_that_was_closed_at_once_is_written_down() {
    let test = TestApp::start().await;
    let keyring = salesbrain::secret::Keyring::open_existing(&test.data().join("secret.key")).unwrap();
    for round in 1..=3_i64 {
        let (id, app) = (test.organization_id, std::sync::Arc::clone(&test.app));
        let append_and_close = async move {
            let who = salesbrain::audit::Who::system();
            let entry = salesbrain::audit::Entry::new(who, "test.done", salesbrain::audit::Record::new("test", &1, ""));
            let chain = app.audit_chain(id);
            let tenant = app.tenants.find(id).await.unwrap();
            tenant.write(move |tx| chain.append(tx, entry)).await.unwrap();
            drop(tenant);
            while app.tenants.is_open(id) {
                app.clock.advance_ms(1);
                app.tenants.close_idle(i64::MAX).await;
            }
            app.keep_audit_ends().await;
        };
        test.run(append_and_close).await;
        let ends = salesbrain::audit::ends::Ends::read(&test.data(), &keyring).unwrap();
        assert_eq!(ends.of_organization(test.organization_id).map(|end| end.sequence), Some(round));
    }
}

/// What needs the program to be out of the way: files that go, change places, or are put back from earlier.
#[tokio::test]
async fn no_log_vanishes_with_its_seal_or_its_file() {
    let test = with_conversation().await;
    let outsider = test.create_outsider().await;
    write_rows(&test, &test.operator.clone(), 2).await;
    rows(&test, "").await;
    test.get("/api/v1/audit", &outsider).await.expect(200);
    test.post("/api/v1/connections", &outsider, json!({ "provider": "instantly", "name": "x" })).await.expect(200);
    test.get("/api/v1/audit", &outsider).await.expect(200);
    sign_in_wrongly(&test, 2).await;
    let (ours, theirs) = (test.organization_id.to_string(), outsider.organization_id.to_string());
    let earlier = crate::support::folder();
    let copy = earlier.path().join("tenant.db").to_string_lossy().into_owned();
    open(&tenant_file(&test)).execute("VACUUM INTO ?1", [&copy]).unwrap();
    write_rows(&test, &test.operator.clone(), 2).await;
    let test = test.restart(|data| tamper_at_rest(data, (&ours, &theirs), &copy));
    // Starting does not make it anew, or deleting it would be the way around it.
    look(&test).await;
    assert_eq!(findings(&test.data()), [("missing".to_owned(), 0)]);
    let test = test.restart(|data| {
        assert!(accept(data).status.success());
        assert_eq!(findings(data), []);
    });
    let accepted = test.list_appliance_audit().await.into_iter().find(|(action, ..)| action == "audit.accepted");
    assert_eq!(accepted.unwrap().1, json!({ "logs": [{ "log": "appliance", "findings": 1 }] }));
    // One that is removed as it should be is missed by nobody.
    look(&test).await;
    test.execute_control("UPDATE organization SET delete_after_ms = 1 WHERE name = 'Rival'").await;
    let app = std::sync::Arc::clone(&test.app);
    test.run(async move { app.remove_organizations_that_are_over().await }).await.unwrap();
    assert_eq!(findings(&test.data()), []);
    look(&test).await;
    assert!(!std::fs::read_to_string(test.data().join("audit.ends")).unwrap().contains(&theirs));
}

/// Everything that can be done to the files of an appliance at rest, each found and put back. The file that remembers is
/// gone at the end. `copy` is an earlier state of our organization's file.
fn tamper_at_rest(data: &Path, (ours, theirs): (&str, &str), copy: &str) {
    let aside = Path::new(copy).with_extension("aside");
    let file = |id: &str| data.join("tenants").join(id).join("tenant.db");
    let control = open(&data.join("control.db"));
    assert_eq!(findings(data), []);
    // A file that is gone is not one that nobody has opened.
    let with_aside = |path: &Path, expected: &[(&str, i64)]| {
        std::fs::rename(path, &aside).unwrap();
        let expected: Vec<(String, i64)> = expected.iter().map(|(fault, row)| ((*fault).to_owned(), *row)).collect();
        assert_eq!(findings(data), expected, "without {}", path.display());
        std::fs::rename(&aside, path).unwrap();
        assert_eq!(findings(data), []);
    };
    with_aside(&file(ours), &[("unreadable", 0)]);
    with_aside(&data.join("audit.ends"), &[("missing", 0)]);
    // Two files change places.
    std::fs::rename(file(ours), &aside).unwrap();
    std::fs::rename(file(theirs), file(ours)).unwrap();
    std::fs::rename(&aside, file(theirs)).unwrap();
    let found = findings(data);
    assert!(found.iter().filter(|(fault, _row)| fault == "foreign").count() == 2, "{found:?}");
    std::fs::rename(file(ours), &aside).unwrap();
    std::fs::rename(file(theirs), file(ours)).unwrap();
    std::fs::rename(&aside, file(theirs)).unwrap();
    assert_eq!(findings(data), []);
    // One that was right once.
    std::fs::rename(file(ours), &aside).unwrap();
    std::fs::copy(copy, file(ours)).unwrap();
    assert_eq!(findings(data), [("cut_off".to_owned(), 4)]);
    std::fs::rename(&aside, file(ours)).unwrap();
    // A line of the file that remembers is taken out, or changed.
    let ends = data.join("audit.ends");
    let text = std::fs::read_to_string(&ends).unwrap();
    let mut stored: Value = serde_json::from_str(&text).unwrap();
    stored["logs"].as_object_mut().unwrap().remove(ours).unwrap();
    std::fs::write(&ends, stored.to_string()).unwrap();
    assert_eq!(findings(data), [("foreign".to_owned(), 0)]);
    std::fs::write(&ends, &text).unwrap();
    // An organization vanishes from the list.
    control.execute_batch("CREATE TABLE kept AS SELECT * FROM organization").unwrap();
    control.pragma_update(None, "foreign_keys", false).unwrap();
    control.execute("DELETE FROM organization WHERE name = 'Rival'", []).unwrap();
    assert_eq!(findings(data), [("missing".to_owned(), 0)]);
    control.execute_batch("INSERT OR IGNORE INTO organization SELECT * FROM kept; DROP TABLE kept").unwrap();
    assert_eq!(findings(data), []);
    std::fs::remove_file(&ends).unwrap();
}

/// Runs `salesbrain audit accept`.
fn accept(data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_salesbrain"))
        .args(["audit", "accept", "--data"])
        .arg(data)
        .current_dir(data)
        .env_clear()
        .output()
        .unwrap()
}

/// The log as it was.
fn put_back(changed: &Connection, untouched: &str) {
    changed.execute("ATTACH ?1 AS untouched", [untouched]).unwrap();
    changed
        .execute_batch(
            "BEGIN; DELETE FROM audit; INSERT INTO audit SELECT * FROM untouched.audit;
             DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM untouched.audit_head; COMMIT; DETACH untouched",
        )
        .unwrap();
}

/// Someone who knows how rows are hashed makes the whole chain anew; the seal they cannot make.
#[tokio::test]
async fn a_chain_made_anew_is_found() {
    let test = with_conversation().await;
    let operator = test.operator.clone();
    write_rows(&test, &operator, 4).await;
    assert_eq!(rows(&test, "").await.len(), 5);
    let forged = open(&tenant_file(&test));
    let mut statement = forged.prepare("SELECT sequence, id, at_ms, actor, actor_name, address, action, entity_kind, entity_id, entity_name, before, after FROM audit ORDER BY sequence").unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        Ok(salesbrain::audit::Row {
            sequence: row.get(0)?,
            id: uuid::Uuid::from_bytes(row.get(1)?),
            at_ms: row.get(2)?,
            actor: row.get(3)?,
            actor_name: "mallory@acme.example".to_owned(),
            address: row.get(5)?,
            action: row.get(6)?,
            entity_kind: row.get(7)?,
            entity_id: row.get(8)?,
            entity_name: row.get(9)?,
            before: row.get(10)?,
            after: row.get(11)?,
        })
    };
    let rows: Vec<salesbrain::audit::Row> = statement.query_map([], read).unwrap().map(Result::unwrap).collect();
    let mut previous = [0; 32];
    for row in &rows {
        previous = row.hash(&previous);
        let values = (row.sequence, &row.actor_name, previous);
        forged.execute("UPDATE audit SET actor_name = ?2, hash = ?3 WHERE sequence = ?1", values).unwrap();
    }
    forged.execute("UPDATE audit_head SET hash = ?1", [previous]).unwrap();
    assert_eq!(findings(&test.data()), [("foreign".to_owned(), 5)]);
}

#[tokio::test]
async fn the_file_of_another_organization_is_named() {
    let test = with_conversation().await;
    let outsider = test.create_outsider().await;
    write_rows(&test, &test.operator.clone(), 2).await;
    assert_eq!(rows(&test, "").await.len(), 3);
    test.get("/api/v1/audit", &outsider).await.expect(200);
    let theirs = test.data().join("tenants").join(outsider.organization_id.to_string()).join("tenant.db");
    let changed = open(&theirs);
    put_back(&changed, &tenant_file(&test).to_string_lossy());
    let output = verify(&test.data(), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("the end at row 3 is that of organization {}", test.organization_id);
    assert!(text.contains(&expected), "{text}");
    // Only the one that was asked for.
    assert_eq!(verify(&test.data(), &["--organization", "Acme"]).status.code(), Some(0));
    assert_eq!(verify(&test.data(), &["--organization", "Rival"]).status.code(), Some(1));
    assert_eq!(verify(&test.data(), &["--organization", "Nobody"]).status.code(), Some(1));
}
