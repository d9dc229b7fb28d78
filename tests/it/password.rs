//! New passwords and addresses; sessions of one's own; hashes brought from elsewhere.

use reqwest::Method;
use salesbrain::account::import::ImportLine;
use salesbrain::account::permission::Role;
use salesbrain::account::session::Client;
use salesbrain::account::store;
use salesbrain::error::Code;
use salesbrain::store::Error as StoreError;
use serde_json::{Value, json};

use crate::mail_server::MailServer;
use crate::registration::list_actions;
use crate::second_factor::enrol;
use crate::support::{Answer, PASSWORD, Person, Request, TestApp, wait_until};

const NEW_PASSWORD: &str = "another horse battery";
const RESET: &str = "/api/v1/auth/reset-password";
const HOUR_MS: i64 = 60 * 60 * 1_000;

async fn forget(test: &TestApp, email: &str) -> Answer {
    test.post_anonymous("/api/v1/auth/forgot-password", json!({ "email": email })).await
}

async fn reset(test: &TestApp, token: &str, password: &str) -> Answer {
    test.post_anonymous(RESET, json!({ "token": token, "password": password })).await
}

async fn login(test: &TestApp, email: &str, password: &str) -> Answer {
    test.post_anonymous("/api/v1/auth/login", json!({ "email": email, "password": password })).await
}

pub(crate) async fn call(test: &TestApp, method: Method, path: &str, (person, body): (&Person, Value)) -> Answer {
    test.send(method, path, Request { token: Some(&person.token), body: Some(body), ..Request::default() }).await
}

async fn put_password(test: &TestApp, person: &Person, body: Value) -> Answer {
    call(test, Method::PUT, "/api/v1/auth/password", (person, body)).await
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_a_link_that_works_once_and_ends_all_sessions() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    let member = test.create_member(Role::Member).await;
    let known = forget(&test, &member.email).await.expect(200);
    let unknown = forget(&test, "nobody@acme.example").await.expect(200);
    assert_eq!((&known.text, known.data()), (&unknown.text, json!({ "state": "mail_sent" })));
    let token = server.mail_to(&member.email).await.token();
    // Too weak a password does not use the link up.
    assert_eq!(reset(&test, &token, "short").await.expect_refusal(400, "invalid_field")["field"], json!("password"));
    let own = reset(&test, &token, &member.email).await;
    assert_eq!(own.expect_refusal(400, "invalid_field")["field"], json!("password"));
    assert_eq!(reset(&test, &token, NEW_PASSWORD).await.expect(200).data(), json!({ "state": "changed" }));
    test.get("/api/v1/auth/me", &member).await.expect_refusal(401, "unauthenticated");
    login(&test, &member.email, PASSWORD).await.expect_refusal(401, "unauthenticated");
    login(&test, &member.email, NEW_PASSWORD).await.expect(200);
    reset(&test, &token, PASSWORD).await.expect_refusal(401, "unauthenticated");
    assert!(list_actions(&test).await.iter().any(|action| action == "account.password_reset"));
    // Nobody wrote to the address without an account.
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_link_ends_after_an_hour_and_with_every_new_password() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    forget(&test, &test.operator.email).await.expect(200);
    let late = server.mail(1).await.token();
    test.app.clock.advance_ms(HOUR_MS);
    reset(&test, &late, NEW_PASSWORD).await.expect_refusal(401, "unauthenticated");
    forget(&test, &test.operator.email).await.expect(200);
    let overtaken = server.mail(2).await.token();
    let operator = test.sign_in_again(&test.operator).await;
    let body = json!({ "current_password": PASSWORD, "password": NEW_PASSWORD });
    put_password(&test, &operator, body).await.expect(200);
    reset(&test, &overtaken, PASSWORD).await.expect_refusal(401, "unauthenticated");
    for nonsense in ["", "nonsense"] {
        reset(&test, nonsense, NEW_PASSWORD).await.expect_refusal(401, "unauthenticated");
    }
}

/// Checking a password takes a while: what was proven with the former one begins nothing after the new one was set.
#[tokio::test]
async fn a_sign_in_that_is_overtaken_by_a_new_password_leads_nowhere() {
    let test = TestApp::start().await;
    let person = test.create_member(Role::Member).await;
    let find = async || {
        let email = person.email.clone();
        test.app.control.read(move |connection| store::find_credentials(connection, &email)).await.unwrap().unwrap()
    };
    let is_entered = async |proven| test.app.enter(proven, &Client::default()).await.map(drop);
    let is_begun = async || {
        let sql = "SELECT (SELECT count(*) FROM session WHERE account_id = ?1 AND revoked_at_ms IS NULL),
                       (SELECT count(*) FROM one_time_token WHERE account_id = ?1)";
        let id = person.account_id;
        let count = move |connection: &rusqlite::Connection| -> Result<(i64, i64), StoreError> {
            Ok(connection.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?)))?)
        };
        test.app.control.read(count).await.unwrap()
    };
    is_entered(find().await).await.unwrap();
    let change = async |person: &Person, current: &str, password: &str| {
        let body = json!({ "current_password": current, "password": password });
        put_password(&test, person, body).await.expect(200);
    };
    let proven = find().await;
    change(&person, PASSWORD, NEW_PASSWORD).await;
    assert_eq!(is_entered(proven).await.unwrap_err().code, Code::Unauthenticated);
    assert_eq!(is_begun().await, (1, 0), "the session that changed it");
    // The same where a second factor would be asked for.
    change(&person, NEW_PASSWORD, PASSWORD).await;
    enrol(&test, &person).await;
    let proven = find().await;
    change(&person, PASSWORD, NEW_PASSWORD).await;
    assert_eq!(is_entered(proven).await.unwrap_err().code, Code::Unauthenticated);
    assert_eq!(is_begun().await, (1, 0), "no step to the second factor either");
}

#[tokio::test]
async fn a_changed_password_needs_the_old_one_and_ends_the_other_sessions() {
    let test = TestApp::start().await;
    let (here, elsewhere) = (test.sign_in_again(&test.operator).await, test.sign_in_again(&test.operator).await);
    for current in [json!({}), json!({ "current_password": "wrong horse battery" })] {
        let mut body = current;
        body["password"] = json!(NEW_PASSWORD);
        let refusal = put_password(&test, &here, body).await.expect_refusal(400, "invalid_field");
        assert_eq!(refusal["field"], json!("current_password"));
    }
    let weak = json!({ "current_password": PASSWORD, "password": "1234567890" });
    assert_eq!(put_password(&test, &here, weak).await.expect_refusal(400, "invalid_field")["field"], json!("password"));
    test.get("/api/v1/auth/me", &elsewhere).await.expect(200);
    let body = json!({ "current_password": PASSWORD, "password": NEW_PASSWORD });
    assert_eq!(put_password(&test, &here, body).await.expect(200).data(), json!({}));
    test.get("/api/v1/auth/me", &here).await.expect(200);
    test.get("/api/v1/auth/me", &elsewhere).await.expect_refusal(401, "unauthenticated");
    login(&test, &here.email, PASSWORD).await.expect_refusal(401, "unauthenticated");
    login(&test, &here.email, NEW_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn whoever_stole_a_session_cannot_guess_the_password_for_long() {
    let test = TestApp::start_with(salesbrain::clock::Clock::fixed(crate::support::START_MS), |config| {
        config.sign_in_attempts = 2;
    })
    .await;
    // Too long to be hashed, which saves the test time.
    let guess = || json!({ "current_password": "x".repeat(2_000), "password": NEW_PASSWORD });
    for _guess in 0..2 {
        put_password(&test, &test.operator, guess()).await.expect_refusal(400, "invalid_field");
    }
    put_password(&test, &test.operator, guess()).await.expect_refusal(429, "rate_limited");
    // The owner signs in meanwhile.
    login(&test, &test.operator.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_address_changes_once_the_new_one_is_verified() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    let member = test.create_member(Role::Member).await;
    let ask = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        test.post("/api/v1/auth/email", &member, body)
    };
    let refusal = ask("new@acme.example", "wrong horse battery").await.expect_refusal(400, "invalid_field");
    assert_eq!(refusal["field"], json!("password"));
    let free = ask("New@acme.example", PASSWORD).await.expect(200);
    let token = server.mail_to("new@acme.example").await.token();
    login(&test, "new@acme.example", PASSWORD).await.expect_refusal(401, "unauthenticated");
    let session = test.post_anonymous("/api/v1/auth/verify-email", json!({ "token": token })).await.expect(200);
    assert_eq!(session.data()["account"]["email"], "new@acme.example");
    login(&test, "new@acme.example", PASSWORD).await.expect(200);
    login(&test, &member.email, PASSWORD).await.expect_refusal(401, "unauthenticated");
    // The former address hears of it.
    let notice = server.mail_to(&member.email).await;
    assert!(notice.text.contains("new@acme.example"), "{}", notice.text);
    // A taken address gets the same answer, and its owner a mail that changes nothing.
    let taken = ask(&test.operator.email, PASSWORD).await.expect(200);
    assert_eq!(taken.text, free.text);
    assert!(server.mail_to(&test.operator.email).await.link().ends_with("/forgot-password"));
    assert!(list_actions(&test).await.iter().any(|action| action == "account.email_changed"));
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_and_all_others_at_once() {
    let test = TestApp::start().await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let body = json!({ "email": test.operator.email, "password": PASSWORD });
    let request = Request { headers: vec![("user-agent", firefox.to_owned())], body: Some(body), ..Request::default() };
    let answer = test.send(Method::POST, "/api/v1/auth/login", request).await.expect(200);
    let here = crate::registration::session_of(&test, &answer);
    let outsider = test.create_outsider().await;
    let rows = test.get("/api/v1/auth/sessions", &here).await.expect(200).rows();
    assert_eq!(rows.len(), 2, "{rows:?}");
    let current = rows.iter().find(|row| row["is_current"] == true).unwrap();
    assert_eq!((&current["device"], &current["address"]), (&json!("Firefox, Linux"), &json!("127.0.0.1")));
    let other = rows.iter().find(|row| row["is_current"] == false).unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/auth/sessions/{other}");
    let delete = async |path: &str, person: &Person| {
        test.send(Method::DELETE, path, Request { token: Some(&person.token), ..Request::default() }).await
    };
    delete(&path, &outsider).await.expect_refusal(404, "not_found");
    delete(&path, &here).await.expect(200);
    delete(&path, &here).await.expect_refusal(404, "not_found");
    test.get("/api/v1/auth/me", &test.operator).await.expect_refusal(401, "unauthenticated");
    for _session in 0..3 {
        test.sign_in_again(&test.operator).await;
    }
    assert_eq!(delete("/api/v1/auth/sessions", &here).await.expect(200).data(), json!({ "ended": 3 }));
    assert_eq!(test.get("/api/v1/auth/sessions", &here).await.expect(200).rows().len(), 1);
    test.get("/api/v1/auth/me", &outsider).await.expect(200);
}

#[tokio::test]
async fn a_session_ends_for_good_however_much_it_is_used() {
    let test = TestApp::start().await;
    let mut refresh_token = test.operator.refresh_token.clone();
    let days = test.app.config.session_end_days;
    for day in (0..days).step_by(10) {
        let headers = vec![
            ("cookie", format!("salesbrain_session={refresh_token}")),
            ("x-requested-with", "salesbrain".to_owned()),
        ];
        let answer = test.send(Method::POST, "/api/v1/auth/refresh", Request { headers, ..Request::default() }).await;
        assert_eq!(answer.status, 200, "day {day}: {}", answer.text);
        refresh_token = answer.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
        test.app.clock.advance_ms(10 * 24 * HOUR_MS);
    }
    let headers =
        vec![("cookie", format!("salesbrain_session={refresh_token}")), ("x-requested-with", "salesbrain".to_owned())];
    let answer = test.send(Method::POST, "/api/v1/auth/refresh", Request { headers, ..Request::default() }).await;
    answer.expect_refusal(401, "unauthenticated");
}

/// Action and name of the record, of the appliance's audit log.
async fn list_records(test: &TestApp, action: &'static str) -> Vec<String> {
    let list = move |connection: &rusqlite::Connection| -> Result<Vec<String>, StoreError> {
        let mut statement = connection.prepare("SELECT entity_name FROM audit WHERE action = ?1 ORDER BY sequence")?;
        let names = statement.query_map([action], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    };
    test.app.control.read(list).await.unwrap()
}

#[tokio::test]
async fn refused_sign_ins_are_written_down_without_what_strangers_typed() {
    let test = TestApp::start().await;
    login(&test, &test.operator.email, "wrong horse battery").await.expect_refusal(401, "unauthenticated");
    login(&test, "my secret password", "operator@acme.example").await.expect_refusal(401, "unauthenticated");
    assert_eq!(list_records(&test, "session.refused").await, [test.operator.email.as_str(), ""]);
    // So are a link that is over, a passkey nobody has and one that was not asked for.
    let refused = async |path: &str, body: Value| {
        test.post_anonymous(path, body).await.expect_refusal(401, "unauthenticated");
    };
    refused("/api/v1/auth/link", json!({ "token": "made up" })).await;
    let credential = json!({
        "id": "bm9ib2R5", "rawId": "bm9ib2R5", "type": "public-key", "extensions": {},
        "response": { "authenticatorData": "AA", "clientDataJSON": "AA", "signature": "AA", "userHandle": "AA" },
    });
    let with = |token: &Value| json!({ "token": token, "credential": credential });
    refused("/api/v1/auth/passkey", with(&json!("made up"))).await;
    let headers = vec![("host", "localhost:8001".to_owned())];
    let request = Request { headers, body: Some(json!({})), ..Request::default() };
    let start = test.send(Method::POST, "/api/v1/auth/passkey/start", request).await.expect(200).data();
    refused("/api/v1/auth/passkey", with(&start["token"])).await;
    assert_eq!(list_records(&test, "session.refused").await.split_off(2), ["", "", ""]);
    // A refresh token that is used again is, too.
    let refresh = async || {
        let headers = vec![("cookie", test.operator.cookie()), ("x-requested-with", "salesbrain".to_owned())];
        test.send(Method::POST, "/api/v1/auth/refresh", Request { headers, ..Request::default() }).await
    };
    refresh().await.expect(200);
    test.app.clock.advance_ms(10_001);
    refresh().await.expect_refusal(401, "unauthenticated");
    assert_eq!(list_records(&test, "session.reuse_detected").await, [test.operator.email.as_str()]);
}

async fn find_hash(test: &TestApp, email: &'static str) -> String {
    let find = move |connection: &rusqlite::Connection| -> Result<String, StoreError> {
        let sql = "SELECT password_hash FROM account WHERE email = ?1";
        Ok(connection.query_row(sql, [email], |row| row.get(0))?)
    };
    test.app.control.read(find).await.unwrap()
}

/// Everybody's sign-in does the work of the dearest hash there is: one that is never checked must not count.
#[tokio::test]
async fn a_hash_nobody_checks_costs_nobody_anything() {
    let test = TestApp::start().await;
    let find = async || test.app.control.read(store::find_bcrypt_cost).await.unwrap();
    for (cost, counted) in [("31", 0), ("15", 0), ("03", 0), ("14", 14), ("04", 4)] {
        let hash = format!("$2b${cost}$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i");
        test.execute_control(&format!("UPDATE account SET password_hash = '{hash}'")).await;
        assert_eq!(find().await, counted, "{cost}");
    }
}

#[tokio::test]
async fn a_bcrypt_hash_brought_along_signs_in_and_becomes_ours() {
    let test = TestApp::start().await;
    let email = "old@acme.example";
    let line = |email: &str, hash: &str| ImportLine {
        email: email.to_owned(),
        name: String::new(),
        password_hash: hash.to_owned(),
        organization: "Acme".to_owned(),
        role: String::new(),
    };
    // Of the password "abc".
    let hash = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
    test.app.import_account(line(email, hash)).await.unwrap();
    for (email, hash) in [(email, hash), ("nobody", hash), ("x@acme.example", "plain"), ("y@acme.example", "$2a$31$x")]
    {
        assert!(test.app.import_account(line(email, hash)).await.is_err(), "{email} {hash}");
    }
    login(&test, email, "abd").await.expect_refusal(401, "unauthenticated");
    assert_eq!(find_hash(&test, email).await, hash);
    // Two at once replace it once, and both are in.
    let (session, other) = tokio::join!(login(&test, email, "abc"), login(&test, email, "abc"));
    other.expect(200);
    let session = session.expect(200).data();
    assert_eq!(
        (&session["organization"]["name"], &session["organization"]["role"]),
        (&json!("Acme"), &json!("member"))
    );
    assert!(find_hash(&test, email).await.starts_with("$argon2id$"));
    login(&test, email, "abc").await.expect(200);
    login(&test, email, "abd").await.expect_refusal(401, "unauthenticated");
    assert_eq!(session["staff_role"], Value::Null);
    let unseen = ImportLine { name: "Ol\u{202e}d".to_owned(), ..line("unseen@acme.example", hash) };
    assert_eq!(test.app.import_account(unseen).await.unwrap_err().field, Some("name"));
    wait_until("the import is in the log", async || {
        list_actions(&test).await.iter().any(|action| action == "account.imported")
    })
    .await;
}
