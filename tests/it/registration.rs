//! Registering and proving an address, with and without an invitation.

use salesbrain::account::invitation::mailed;
use salesbrain::account::permission::Role;
use salesbrain::account::token::{random_secret, secret_hash};
use salesbrain::store::{Error as StoreError, Tx};
use serde_json::{Value, json};

use crate::mail_server::{MailServer, put_settings};
use crate::support::{Answer, PASSWORD, Person, TestApp};

const REGISTER: &str = "/api/v1/auth/register";
const VERIFY: &str = "/api/v1/auth/verify-email";

/// The actions of the appliance's audit log, the oldest first.
pub(crate) async fn list_actions(test: &TestApp) -> Vec<String> {
    let list = |connection: &rusqlite::Connection| -> Result<Vec<String>, StoreError> {
        let mut statement = connection.prepare("SELECT action FROM audit ORDER BY sequence")?;
        let actions = statement.query_map([], |row| row.get(0))?;
        Ok(actions.collect::<rusqlite::Result<_>>()?)
    };
    test.app.control.read(list).await.unwrap()
}

async fn start_open() -> (TestApp, MailServer) {
    let test = TestApp::start().await;
    put_settings(&test, json!({ "registration": "open" })).await;
    let server = MailServer::start_for(&test).await;
    (test, server)
}

async fn register(test: &TestApp, email: &str) -> Answer {
    test.post_anonymous(REGISTER, json!({ "email": email, "password": PASSWORD, "name": "Nora" })).await
}

async fn verify(test: &TestApp, token: &str) -> Answer {
    test.post_anonymous(VERIFY, json!({ "token": token })).await
}

/// An invitation of the first organization; answers its token as it goes by mail.
async fn invite(test: &TestApp, email: &'static str, lifetime_ms: i64) -> String {
    let token = random_secret();
    let (hash, organization_id, inviter) = (secret_hash(&token), test.organization_id, test.operator.account_id);
    let insert = move |tx: &Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute(
            "INSERT INTO invitation (id, organization_id, email, role, token_hash, created_at_ms, expires_at_ms, invited_by)
             VALUES (?1, ?2, ?3, 'member', ?4, ?5, ?6, ?7)",
            (tx.next_uuid().as_bytes().as_slice(), organization_id, email, hash, tx.now_ms(), tx.now_ms() + lifetime_ms, inviter),
        )?;
        Ok(())
    };
    test.app.control.write(insert).await.unwrap();
    mailed(&test.app.keyring, &token)
}

fn invited(email: &str, token: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "invitation_token": token })
}

#[tokio::test]
async fn a_newcomer_verifies_the_address_and_is_in() {
    let (test, server) = start_open().await;
    let body =
        json!({ "email": " Nora@New.example ", "password": PASSWORD, "language": "de", "organization_name": "New AG" });
    let answer = test.post_anonymous(REGISTER, body).await.expect(200);
    assert_eq!(answer.data(), json!({ "state": "mail_sent" }));
    assert_eq!(answer.header("set-cookie"), "");
    let mail = server.mail(1).await;
    assert_eq!(mail.to, "nora@new.example");
    // Nobody is there before the link was opened.
    let login = json!({ "email": "nora@new.example", "password": PASSWORD });
    test.post_anonymous("/api/v1/auth/login", login.clone()).await.expect_refusal(401, "unauthenticated");
    let session = verify(&test, &mail.token()).await.expect(200);
    assert!(session.header("set-cookie").starts_with("salesbrain_session="));
    let session = session.data();
    assert_eq!(session["account"]["email"], "nora@new.example");
    assert_eq!((&session["account"]["name"], &session["account"]["language"]), (&json!("nora"), &json!("de")));
    assert_eq!(
        (&session["organization"]["name"], &session["organization"]["role"]),
        (&json!("New AG"), &json!("owner"))
    );
    assert_eq!(session["staff_role"], Value::Null);
    test.post_anonymous("/api/v1/auth/login", login).await.expect(200);
    verify(&test, &mail.token()).await.expect_refusal(401, "unauthenticated");
    let actions = list_actions(&test).await;
    for action in ["account.created", "organization.created", "session.started"] {
        assert!(actions.iter().any(|known| known == action), "{action} is not in {actions:?}");
    }
}

#[tokio::test]
async fn a_known_and_an_unknown_address_get_the_same_answer_and_a_mail_each() {
    let (test, server) = start_open().await;
    let unknown = register(&test, "nora@new.example").await.expect(200);
    let known = register(&test, &test.operator.email).await.expect(200);
    assert_eq!(known.text, unknown.text);
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
    assert!(server.mail_to("nora@new.example").await.link().contains("/verify-email#"));
    let notice = server.mail_to(&test.operator.email).await;
    assert!(notice.text.contains("You have an account already"), "{}", notice.text);
    // What the owner of the account gets is no registration, and helps them in.
    assert!(notice.link().contains("/reset-password#"), "{}", notice.link());
    verify(&test, &notice.token()).await.expect_refusal(401, "unauthenticated");
    let login = json!({ "email": test.operator.email, "password": PASSWORD });
    test.post_anonymous("/api/v1/auth/login", login).await.expect(200);
}

#[tokio::test]
async fn a_verification_link_ends_and_is_of_no_other_use() {
    let (test, server) = start_open().await;
    register(&test, "nora@new.example").await.expect(200);
    let token = server.mail(1).await.token();
    let reset = json!({ "token": token, "password": "another horse battery" });
    test.post_anonymous("/api/v1/auth/reset-password", reset).await.expect_refusal(401, "unauthenticated");
    test.post_anonymous("/api/v1/auth/link", json!({ "token": token })).await.expect_refusal(401, "unauthenticated");
    test.app.clock.advance_ms(24 * 60 * 60 * 1_000);
    verify(&test, &token).await.expect_refusal(401, "unauthenticated");
    verify(&test, "nonsense").await.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn two_who_register_the_same_address_are_one_account() {
    let (test, server) = start_open().await;
    register(&test, "nora@new.example").await.expect(200);
    register(&test, "nora@new.example").await.expect(200);
    let (first, second) = (server.mail(1).await.token(), server.mail(2).await.token());
    verify(&test, &second).await.expect(200);
    verify(&test, &first).await.expect_refusal(409, "conflict");
}

#[tokio::test]
async fn passwords_and_addresses_that_will_not_do_are_named() {
    let (test, _server) = start_open().await;
    for (field, value) in [
        ("password", "short"),
        ("password", "Password123"),
        ("password", "nora@new.example"),
        ("email", "nobody"),
        ("email", "a@b@c"),
        ("name", "No\u{202e}ra"),
        ("name", "No\u{200b}ra"),
    ] {
        let mut body = json!({ "email": "nora@new.example", "password": PASSWORD });
        body[field] = json!(value);
        let refusal = test.post_anonymous(REGISTER, body).await.expect_refusal(400, "invalid_field");
        assert_eq!(refusal["field"], json!(field), "{refusal}");
    }
}

#[tokio::test]
async fn who_may_register_is_a_setting() {
    let test = TestApp::start().await;
    let options = test.get_anonymous("/api/v1/auth/options").await.expect(200).data();
    assert_eq!(options["registration"], "invitation");
    register(&test, "nora@new.example").await.expect_refusal(403, "registration_closed");
    put_settings(&test, json!({ "registration": "closed" })).await;
    let token = invite(&test, "nora@new.example", 60_000).await;
    let closed = test.post_anonymous(REGISTER, invited("nora@new.example", &token)).await;
    closed.expect_refusal(403, "registration_closed");
    put_settings(&test, json!({ "registration": "open" })).await;
    for path in [REGISTER, "/api/v1/auth/signup", "/auth/signup"] {
        let body = json!({ "email": "nora@new.example", "password": PASSWORD });
        assert_eq!(test.post_anonymous(path, body).await.expect(200).data(), json!({ "state": "mail_sent" }));
    }
    let empty = TestApp::start_empty();
    register(&empty, "nora@new.example").await.expect_refusal(409, "setup_needed");
}

#[tokio::test]
async fn a_registration_that_waits_is_worth_nothing_once_registration_is_closed() {
    let (test, server) = start_open().await;
    register(&test, "nora@new.example").await.expect(200);
    let token = server.mail(1).await.token();
    put_settings(&test, json!({ "registration": "invitation" })).await;
    verify(&test, &token).await.expect_refusal(403, "registration_closed");
}

#[tokio::test]
async fn an_invitation_bound_to_the_address_lets_in_at_once_and_once() {
    let test = TestApp::start().await;
    let token = invite(&test, "nora@new.example", 60_000).await;
    let other = test.post_anonymous(REGISTER, invited("other@new.example", &token)).await;
    assert_eq!(other.expect_refusal(400, "invalid_field")["field"], json!("email"));
    let answer = test.post_anonymous(REGISTER, invited("Nora@new.example", &token)).await.expect(200);
    assert!(answer.header("set-cookie").starts_with("salesbrain_session="));
    let session = answer.data();
    assert_eq!(
        (&session["organization"]["name"], &session["organization"]["role"]),
        (&json!("Acme"), &json!("member"))
    );
    let again = test.post_anonymous(REGISTER, invited("nora@new.example", &token)).await;
    again.expect_refusal(404, "not_found");
    let tenant = test.tenant(test.organization_id).await;
    let app = std::sync::Arc::clone(&test.app);
    let organization_id = test.organization_id;
    test.run(async move { app.deliver_audit(organization_id).await.unwrap() }).await;
    let count = |connection: &rusqlite::Connection| -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM audit WHERE action = 'member.joined'";
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    };
    assert_eq!(tenant.read(count).await.unwrap(), 1);
}

#[tokio::test]
async fn an_invitation_passed_on_by_hand_does_not_prove_the_address() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    let token = invite(&test, "nora@new.example", 60_000).await;
    let by_hand = token.split('.').next().unwrap();
    let answer = test.post_anonymous(REGISTER, invited("nora@new.example", by_hand)).await.expect(200);
    assert_eq!(answer.data(), json!({ "state": "mail_sent" }));
    let session = verify(&test, &server.mail_to("nora@new.example").await.token()).await.expect(200).data();
    assert_eq!(session["organization"]["name"], "Acme");
}

#[tokio::test]
async fn an_invitation_that_ended_or_was_made_up_lets_nobody_in() {
    let test = TestApp::start().await;
    let token = invite(&test, "nora@new.example", 60_000).await;
    test.app.clock.advance_ms(60_000);
    for token in [token.as_str(), "nonsense"] {
        let refusal = test.post_anonymous(REGISTER, invited("nora@new.example", token)).await;
        refusal.expect_refusal(404, "not_found");
    }
    // An empty token is none.
    let none = test.post_anonymous(REGISTER, invited("nora@new.example", "")).await;
    none.expect_refusal(403, "registration_closed");
}

#[tokio::test]
async fn an_invitation_for_whoever_has_the_link_counts_once_the_address_is_verified() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    let token = invite(&test, "", 60_000).await;
    let answer = test.post_anonymous(REGISTER, invited("nora@new.example", &token)).await.expect(200);
    assert_eq!(answer.data(), json!({ "state": "mail_sent" }));
    test.post_anonymous(REGISTER, invited("late@new.example", &token)).await.expect(200);
    let nora = server.mail_to("nora@new.example").await.token();
    let late = server.mail_to("late@new.example").await.token();
    let session = verify(&test, &nora).await.expect(200).data();
    assert_eq!(session["organization"]["name"], "Acme");
    // It was good once.
    verify(&test, &late).await.expect_refusal(404, "not_found");
}

#[tokio::test]
async fn registering_is_slowed_down() {
    let (test, _server) = start_open().await;
    let mut limited = None;
    for number in 0..20 {
        let answer = register(&test, &format!("n{number}@new.example")).await;
        if answer.status == 429 {
            limited = Some((number, answer));
            break;
        }
    }
    let (number, answer) = limited.unwrap();
    assert_eq!(number, 10);
    assert_ne!(answer.header("retry-after"), "");
    answer.expect_refusal(429, "rate_limited");
}

/// The caller as another person.
pub(crate) fn session_of(test: &TestApp, answer: &Answer) -> Person {
    let session = answer.data();
    let refresh_token = answer.header("set-cookie").split(['=', ';']).nth(1).unwrap_or("").to_owned();
    Person {
        account_id: session["account"]["id"].as_str().unwrap().parse().unwrap(),
        organization_id: test.organization_id,
        email: session["account"]["email"].as_str().unwrap().to_owned(),
        token: session["access_token"].as_str().unwrap().to_owned(),
        refresh_token,
    }
}

#[tokio::test]
async fn an_account_without_an_organization_reaches_its_own_routes_only() {
    let (test, server) = start_open().await;
    register(&test, "nora@new.example").await.expect(200);
    let answer = verify(&test, &server.mail(1).await.token()).await.expect(200);
    let nora = session_of(&test, &answer);
    assert_eq!(answer.data()["organization"], Value::Null);
    test.get("/api/v1/auth/me", &nora).await.expect(200);
    test.get("/api/v1/auth/sessions", &nora).await.expect(200);
    test.get("/api/v1/conversations", &nora).await.expect_refusal(403, "no_organization");
    assert_eq!(test.create_member(Role::Member).await.organization_id, test.organization_id);
}
