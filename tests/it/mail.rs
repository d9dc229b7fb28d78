//! Mail of the appliance: it arrives, is tried again, is held without a server, and never gets lost silently.

use reqwest::Method;
use salesbrain::account::permission::{Role, StaffRole};
use salesbrain::clock::Clock;
use salesbrain::config::Config;
use serde_json::{Value, json};

use crate::mail_server::{MailServer, configure, put_settings};
use crate::support::{PASSWORD, Request, START_MS, TestApp, wait_until};

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// Asks for a link to a new password.
async fn forget(test: &TestApp, email: &str) {
    test.post_anonymous("/api/v1/auth/forgot-password", json!({ "email": email })).await.expect(200);
}

/// The outbox, once its newest mail is in a state.
async fn wait_for_state(test: &TestApp, state: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    wait_until(&format!("the newest mail is {state}"), async || {
        rows = test.get("/api/v1/admin/mails", &test.operator).await.expect(200).rows();
        rows.first().is_some_and(|row| row["state"] == state)
    })
    .await;
    rows
}

#[tokio::test]
async fn a_mail_arrives_with_its_link() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    forget(&test, &test.operator.email).await;
    let mail = server.mail(1).await;
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("sales@acme.example", "operator@acme.example"));
    assert!(mail.text.contains("Subject: Set a new password"), "{}", mail.text);
    assert!(mail.link().starts_with(&test.url("/reset-password#")), "{}", mail.link());
    let rows = wait_for_state(&test, "sent").await;
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["kind"], &rows[0]["link"]), (&json!("password_reset"), &Value::Null));
}

#[tokio::test]
async fn mail_speaks_the_language_of_its_reader() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    let request =
        Request { token: Some(&test.operator.token), body: Some(json!({ "language": "de" })), ..Request::default() };
    test.send(Method::PUT, "/api/v1/auth/me", request).await.expect(200);
    forget(&test, &test.operator.email).await;
    let mail = server.mail(1).await;
    assert!(mail.text.contains("Öffnen Sie diesen Link"), "{}", mail.text);
    assert!(mail.link().starts_with(&test.url("/reset-password#")));
}

#[tokio::test]
async fn without_a_server_mail_is_held_shown_and_sent_when_there_is_one() {
    let test = TestApp::start().await;
    let options = test.get_anonymous("/api/v1/auth/options").await.expect(200).data();
    assert_eq!(options["is_mail_configured"], json!(false));
    forget(&test, &test.operator.email).await;
    let row = wait_for_state(&test, "held").await.remove(0);
    let link = row["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&test.url("/reset-password#")), "{link}");
    // The staff without administration and everyone else are kept out of it.
    for person in [test.create_staff(StaffRole::Operator).await, test.create_member(Role::Admin).await] {
        let body = test.get("/api/v1/admin/mails", &person).await.expect_refusal(403, "forbidden");
        assert!(!body.to_string().contains("reset-password"), "{body}");
    }
    let server = MailServer::start_for(&test).await;
    assert_eq!(server.mail(1).await.link(), link);
    let rows = wait_for_state(&test, "sent").await;
    assert_eq!(rows[0]["link"], Value::Null);
    assert_eq!(test.get_anonymous("/api/v1/auth/options").await.data()["is_mail_configured"], json!(true));
}

#[tokio::test]
async fn a_held_mail_whose_link_has_ended_is_neither_shown_nor_sent() {
    let test = TestApp::start().await;
    forget(&test, &test.operator.email).await;
    wait_for_state(&test, "held").await;
    test.app.clock.advance_ms(HOUR_MS);
    let operator = test.sign_in_again(&test.operator).await;
    let row = test.get("/api/v1/admin/mails", &operator).await.expect(200).rows().remove(0);
    assert_eq!((&row["state"], &row["link"]), (&json!("held"), &Value::Null));
    let path = format!("/api/v1/admin/mails/{}/retry", row["id"].as_str().unwrap());
    test.post(&path, &operator, json!({})).await.expect_refusal(409, "conflict");
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_again_until_the_mail_has_failed() {
    let test = TestApp::start().await;
    let port = MailServer::start().await.port();
    configure(&test, port).await;
    let email = "far@acme.example";
    let register = json!({ "email": email, "password": "correct horse battery" });
    put_settings(&test, json!({ "registration": "open" })).await;
    test.post_anonymous("/api/v1/auth/register", register).await.expect(200);
    // Each attempt, then the pause after it.
    for attempt in 1..=8 {
        wait_until("the server is tried", async || {
            test.app.wake_mail();
            let token = test.sign_in_again(&test.operator).await;
            let row = test.get("/api/v1/admin/mails", &token).await.expect(200).rows().remove(0);
            row["attempts"] == json!(attempt)
        })
        .await;
        test.app.clock.advance_ms(HOUR_MS);
    }
    let operator = test.sign_in_again(&test.operator).await;
    let row = test.get("/api/v1/admin/mails", &operator).await.expect(200).rows().remove(0);
    assert_eq!(row["state"], "failed");
    let reason = row["last_error"].as_str().unwrap();
    assert!(reason.to_lowercase().contains("connection"), "{reason}");
    assert!(row["link"].as_str().unwrap().contains("/verify-email#"), "an administrator can pass it on: {row}");
    // The server is there again: an administrator sends it.
    let server = MailServer::start_on(port).await;
    let path = format!("/api/v1/admin/mails/{}/retry", row["id"].as_str().unwrap());
    test.post(&path, &operator, json!({})).await.expect(200);
    let mail = server.mail(1).await;
    assert_eq!(mail.to, email);
    let session = test.post_anonymous("/api/v1/auth/verify-email", json!({ "token": mail.token() })).await.expect(200);
    assert_eq!(session.data()["account"]["email"], email);
}

#[tokio::test]
async fn what_the_server_refuses_for_good_fails_at_once_with_its_words() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    server.refuse(Some("550 5.1.1 no such mailbox here"));
    forget(&test, &test.operator.email).await;
    let row = wait_for_state(&test, "failed").await.remove(0);
    assert!(row["last_error"].as_str().unwrap().contains("no such mailbox here"), "{row}");
    assert_eq!(row["attempts"], json!(1));
    // For now is not for good.
    server.refuse(Some("451 4.7.1 come back later"));
    let other = test.create_member(Role::Member).await;
    forget(&test, &other.email).await;
    wait_until("the refusal is noted", async || {
        let rows = test.get("/api/v1/admin/mails", &test.operator).await.expect(200).rows();
        rows.iter().any(|row| {
            row["address"] == json!(other.email)
                && row["state"] == "waiting"
                && row["last_error"].as_str().unwrap().contains("come back later")
        })
    })
    .await;
    server.refuse(None);
    test.app.clock.advance_ms(30_000);
    test.app.wake_mail();
    assert_eq!(server.mail(1).await.to, other.email);
}

#[tokio::test]
async fn a_test_mail_tells_what_the_server_says() {
    let test = TestApp::start().await;
    let ask = || {
        let body = json!({ "address": "admin@acme.example" });
        test.post("/api/v1/admin/settings/test-mail", &test.operator, body)
    };
    ask().await.expect_refusal(400, "mail_failed");
    let server = MailServer::start_for(&test).await;
    ask().await.expect(200);
    let mail = server.mail(1).await;
    assert_eq!((mail.to.as_str(), mail.link()), ("admin@acme.example", test.url("")));
    server.refuse(Some("554 5.7.1 you are not welcome"));
    let body = ask().await.expect_refusal(400, "mail_failed");
    assert!(body["detail"].as_str().unwrap().contains("you are not welcome"), "{body}");
    // A server that must be protected is not spoken to in the clear.
    let smtp =
        json!({ "host": "127.0.0.1", "port": server.port(), "security": "starttls", "from": "sales@acme.example" });
    put_settings(&test, json!({ "smtp": smtp })).await;
    server.refuse(None);
    ask().await.expect_refusal(400, "mail_failed");
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn settings_change_in_what_was_sent_and_keep_the_password_to_themselves() {
    let test = TestApp::start().await;
    let settings = test.get("/api/v1/admin/settings", &test.operator).await.expect(200).data();
    assert_eq!(settings, json!({ "registration": "invitation", "smtp": null }));
    let smtp = json!({
        "host": "mail.acme.example", "port": 587, "user": "sales", "security": "starttls",
        "from": "Sales <sales@acme.example>", "password": "hunter2-and-more",
    });
    let set = put_settings(&test, json!({ "smtp": smtp })).await;
    assert_eq!(set["smtp"]["has_password"], json!(true));
    assert!(!set.to_string().contains("hunter2"), "{set}");
    // Absent stays, also the password; it does not follow to another server.
    let same = put_settings(&test, json!({ "registration": "closed" })).await;
    assert_eq!((&same["registration"], &same["smtp"]), (&json!("closed"), &set["smtp"]));
    let mut moved = set["smtp"].clone();
    moved["port"] = json!(2525);
    assert_eq!(put_settings(&test, json!({ "smtp": moved })).await["smtp"]["has_password"], json!(true));
    moved["host"] = json!("mail.evil.example");
    assert_eq!(put_settings(&test, json!({ "smtp": moved })).await["smtp"]["has_password"], json!(false));
    assert_eq!(put_settings(&test, json!({ "smtp": null })).await["smtp"], Value::Null);
    for (field, value) in
        [("host", json!("a b")), ("port", json!(0)), ("from", json!("nobody")), ("security", json!("x"))]
    {
        let mut wrong = smtp.clone();
        wrong[field] = value;
        let request =
            Request { token: Some(&test.operator.token), body: Some(json!({ "smtp": wrong })), ..Request::default() };
        test.send(Method::PUT, "/api/v1/admin/settings", request).await.expect_refusal(400, "invalid_field");
    }
    let mut bytes = Vec::new();
    for name in ["control.db", "control.db-wal"] {
        bytes.extend(std::fs::read(test.data().join(name)).unwrap());
    }
    assert!(!bytes.windows(12).any(|window| window == b"hunter2-and-"), "the password is stored as it is");
}

#[tokio::test]
async fn a_mail_server_in_a_network_nobody_named_is_not_called() {
    let clock = Clock::fixed(START_MS);
    let test = TestApp::start_with(clock, |config| config.outgoing_allowed = Vec::new()).await;
    let server = MailServer::start_for(&test).await;
    let body = json!({ "address": "someone@acme.example" });
    let answer = test.post("/api/v1/admin/settings/test-mail", &test.operator, body).await;
    let detail = answer.expect_refusal(400, "mail_failed")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("outgoing_allowed"), "{detail}");
    forget(&test, &test.operator.email).await;
    wait_until("the failure is told", async || {
        let rows = test.get("/api/v1/admin/mails", &test.operator).await.expect(200).rows();
        rows.iter().any(|row| row["last_error"].as_str().unwrap().contains("outgoing_allowed"))
    })
    .await;
    assert_eq!(server.mails().len(), 0);
}

#[tokio::test]
async fn nobodys_mailbox_is_filled_by_others() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| {
        config.sign_in_attempts = 1_000;
    })
    .await;
    let server = MailServer::start_for(&test).await;
    for _request in 0..8 {
        forget(&test, &test.operator.email).await;
    }
    // Someone else's mail is not held up by that.
    let other = test.create_member(Role::Member).await;
    forget(&test, &other.email).await;
    wait_until("the other's mail arrives", async || server.mails().iter().any(|mail| mail.to == other.email)).await;
    let count = || server.mails().iter().filter(|mail| mail.to == test.operator.email).count();
    wait_until("the first five arrive", async || count() >= 5).await;
    wait_until("nothing waits", async || {
        let rows = test.get("/api/v1/admin/mails", &test.operator).await.expect(200).rows();
        rows.iter().all(|row| row["state"] == "sent")
    })
    .await;
    assert_eq!(count(), 5);
    // The first link is still good.
    let token = server.mail_to(&test.operator.email).await.token();
    let reset = json!({ "token": token, "password": "another horse battery" });
    test.post_anonymous("/api/v1/auth/reset-password", reset).await.expect(200);
}

#[tokio::test]
async fn no_link_of_a_mail_is_in_the_file() {
    let test = TestApp::start().await;
    forget(&test, &test.operator.email).await;
    let row = wait_for_state(&test, "held").await.remove(0);
    let link = row["link"].as_str().unwrap();
    let token = link.split_once('#').unwrap().1;
    let mut bytes = Vec::new();
    for name in ["control.db", "control.db-wal"] {
        bytes.extend(std::fs::read(test.data().join(name)).unwrap());
    }
    assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "the link is stored as it is");
}

/// Whoever names another host in a request does not get it into what the appliance writes to others, where a link to it
/// would hand over the token.
#[tokio::test]
async fn a_forged_host_gets_into_no_mail() {
    for public_url in ["", "http://sales.example.com"] {
        let set = |config: &mut Config| config.public_url = public_url.to_owned();
        let test = TestApp::start_with(Clock::fixed(START_MS), set).await;
        put_settings(&test, json!({ "registration": "open" })).await;
        let server = MailServer::start_for(&test).await;
        let base = if public_url.is_empty() { test.url("") } else { public_url.to_owned() };
        let invitations = format!("/api/v1/organizations/{}/invitations", test.organization_id);
        let newcomer = json!({ "email": "new@people.example", "password": PASSWORD, "name": "Nora" });
        let (token, own) = (test.operator.token.as_str(), json!({ "email": test.operator.email }));
        let requests = [
            (None, "/api/v1/auth/forgot-password", own.clone(), "/reset-password#"),
            (None, "/api/v1/auth/register", newcomer, ""),
            (Some(token), &*invitations, json!({ "email": "guest@people.example", "role": "member" }), "/invitation#"),
        ];
        for (number, (token, path, body, page)) in requests.into_iter().enumerate() {
            let headers = [
                ("host", "evil.example"),
                ("x-forwarded-host", "evil.example"),
                ("x-forwarded-proto", "https"),
                ("forwarded", "host=evil.example;proto=https"),
            ];
            let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
            test.send(Method::POST, path, Request { token, headers, body: Some(body) }).await.expect(200);
            let mail = server.mail(number + 1).await;
            assert!(mail.link().starts_with(&format!("{base}{page}")), "{path}: {}", mail.link());
            assert!(!mail.text.contains("evil.example"), "{path}: {}", mail.text);
        }
    }
}

/// Whoever sees a link could use it.
#[tokio::test]
async fn who_looks_at_a_held_link_is_written_down() {
    let test = TestApp::start().await;
    let rival = test.create_outsider().await;
    let member = test.create_member(Role::Member).await;
    forget(&test, &member.email).await;
    wait_for_state(&test, "held").await;
    let path = format!("/api/v1/organizations/{}/members", rival.organization_id);
    test.post(&path, &rival, json!({ "email": "new@rival.example", "role": "viewer" })).await.expect(200);
    let admin = test.create_staff(StaffRole::Admin).await;
    let shown = |entries: Vec<(String, Value, Value)>| {
        let shown = entries.into_iter().filter(|(action, ..)| action == "mail.link_shown");
        shown.map(|(_action, _before, after)| after["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    wait_until("both are held", async || {
        let rows = test.get("/api/v1/admin/mails", &admin).await.expect(200).rows();
        rows.len() == 2 && rows.iter().all(|row| row["state"] == "held" && row["link"].is_string())
    })
    .await;
    // Once per person and link, however often the list is asked for.
    test.get("/api/v1/admin/mails", &admin).await.expect(200);
    let mut own = shown(test.list_appliance_audit().await);
    own.sort_unstable();
    assert_eq!(own, ["invitation", "password_reset", "password_reset"], "the operator saw the first one too");
    assert_eq!(shown(test.list_audit(test.organization_id).await), ["password_reset", "password_reset"]);
    assert_eq!(shown(test.list_audit(rival.organization_id).await), ["invitation"]);
    let log = format!("{:?}", test.list_appliance_audit().await);
    assert!(!log.contains("reset-password#"), "the log holds no link");
}
