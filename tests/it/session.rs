//! Set-up, signing in and staying signed in.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::Method;
use salesbrain::account::model::Language;
use salesbrain::account::permission::Role;
use salesbrain::account::setup::{NewOwner, Stage};
use salesbrain::account::store::create_sign_in_link;
use salesbrain::account::token::{random_secret, secret_hash};
use salesbrain::clock::Clock;
use salesbrain::error::Code;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Person, Request, START_MS, TestApp};

/// Longer than the time two tabs may refresh in at once.
const AFTER_GRACE_MS: i64 = 10_001;

fn setup_request() -> Value {
    json!({
        "email": "Owner@Acme.example", "password": PASSWORD, "name": "Olga", "organization_name": "Acme", "language": "de",
    })
}

/// The value and the attributes of the session cookie an answer sets.
#[track_caller]
fn cookie_of(answer: &Answer) -> (String, String) {
    let text = answer.header("set-cookie");
    let (pair, attributes) = text.split_once(';').unwrap_or_else(|| panic!("no cookie: {text:?}"));
    let pair = pair.strip_prefix("__Host-").unwrap_or(pair);
    let value = pair.strip_prefix("salesbrain_session=").unwrap_or_else(|| panic!("another cookie: {pair}"));
    (value.to_owned(), attributes.to_owned())
}

/// POST with headers and without a token.
async fn post_with(test: &TestApp, path: &str, headers: Vec<(&str, String)>, body: Option<Value>) -> Answer {
    test.send(Method::POST, path, Request { headers, body, ..Request::default() }).await
}

async fn refresh(test: &TestApp, refresh_token: &str) -> Answer {
    let headers = vec![
        ("cookie", format!("other=1; salesbrain_session={refresh_token}")),
        ("x-requested-with", "salesbrain".to_owned()),
    ];
    post_with(test, "/api/v1/auth/refresh", headers, None).await
}

async fn is_signed_in(test: &TestApp, token: &str) -> bool {
    let request = Request { token: Some(token), ..Request::default() };
    test.send(Method::GET, "/api/v1/auth/me", request).await.status == 200
}

#[tokio::test]
async fn setting_up_works_once() {
    let test = TestApp::start_empty();
    let state = test.get_anonymous("/api/v1/setup").await.expect(200).data();
    assert_eq!(state, json!({ "is_needed": true, "is_code_needed": false }));
    let answer = test.post_anonymous("/api/v1/setup", setup_request()).await.expect(200);
    let session = answer.data();
    assert_eq!(session["account"]["email"], "owner@acme.example");
    assert_eq!(session["account"]["language"], "de");
    assert_eq!(session["organization"]["name"], "Acme");
    assert_eq!((&session["organization"]["role"], &session["staff_role"]), (&json!("owner"), &json!("sb_admin")));
    assert!(is_signed_in(&test, session["access_token"].as_str().unwrap()).await);
    let (cookie, attributes) = cookie_of(&answer);
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(attributes.contains(attribute), "{attributes}");
    }
    assert!(!attributes.contains("Secure"), "the browser would not send it over http: {attributes}");
    assert!(!answer.text.contains(&cookie) && !answer.text.contains(PASSWORD), "{}", answer.text);
    let state = test.get_anonymous("/api/v1/setup").await.expect(200).data();
    assert_eq!(state["is_needed"], json!(false));
    // A second one, and one in other words.
    test.post_anonymous("/api/v1/setup", setup_request()).await.expect_refusal(409, "conflict");
    let other = json!({ "email": "second@acme.example", "password": PASSWORD, "organization_name": "Second" });
    let refused = test.post_anonymous("/api/v1/setup", other).await;
    assert_eq!(refused.header("set-cookie"), "");
    refused.expect_refusal(409, "conflict");
    // The new owner signs in with the password, whatever the case of the address.
    let login = json!({ "email": " OWNER@acme.EXAMPLE ", "password": PASSWORD });
    test.post_anonymous("/api/v1/auth/login", login).await.expect(200);
}

#[tokio::test]
async fn two_who_set_up_at_once_are_told_apart() {
    let test = TestApp::start_empty();
    let setup = |name: &str| {
        let mut body = setup_request();
        body["email"] = json!(format!("{name}@acme.example"));
        body["organization_name"] = json!(name);
        test.post_anonymous("/api/v1/setup", body)
    };
    let (first, second, third) = tokio::join!(setup("first"), setup("second"), setup("third"));
    let (won, lost): (Vec<Answer>, Vec<Answer>) =
        [first, second, third].into_iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 2), "{won:?} {lost:?}");
    for answer in lost {
        assert_eq!(answer.header("set-cookie"), "");
        answer.expect_refusal(409, "conflict");
    }
    let accounts: Result<i64, salesbrain::store::Error> = test
        .app
        .control
        .read(|connection| {
            let sql = "SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM organization)";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        })
        .await;
    assert_eq!(accounts.unwrap(), 2, "one account and one organization");
}

#[tokio::test]
async fn setting_up_through_a_proxy_needs_the_code_from_the_log() {
    let test = TestApp::start_empty();
    let through = |code: &str| {
        let mut body = setup_request();
        body["setup_code"] = json!(code);
        post_with(&test, "/api/v1/setup", vec![("x-forwarded-for", "203.0.113.9".to_owned())], Some(body))
    };
    for header in ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "via"] {
        let headers = vec![(header, "203.0.113.9".to_owned())];
        let answer = test.send(Method::GET, "/api/v1/setup", Request { headers, ..Request::default() }).await;
        assert_eq!(answer.data(), json!({ "is_needed": true, "is_code_needed": true }), "{header}");
        assert!(!answer.text.contains(&test.app.setup_code));
    }
    through("").await.expect_refusal(403, "forbidden");
    through("WRONGCODE").await.expect_refusal(403, "forbidden");
    assert_eq!(test.get_anonymous("/api/v1/setup").await.data()["is_needed"], json!(true), "nothing was created");
    through(&format!(" {} ", test.app.setup_code.to_lowercase())).await.expect(200);
}

/// A proxy on the same machine that adds no header still passes on the name it was asked for, as does the browser of
/// someone on a page whose name was made to point at this machine.
#[tokio::test]
async fn setting_up_under_a_foreign_name_needs_the_code_from_the_log() {
    let test = TestApp::start_empty();
    let ask = |host: &str| {
        let headers = vec![("host", host.to_owned())];
        test.send(Method::GET, "/api/v1/setup", Request { headers, ..Request::default() })
    };
    for host in ["localhost", "localhost:8001", "127.0.0.1", "[::1]:8001"] {
        assert_eq!(ask(host).await.data()["is_code_needed"], json!(false), "{host}");
    }
    for host in ["sales.example.com", "evil.example:8001", "localhost.evil.example", "192.168.1.7:8001"] {
        assert_eq!(ask(host).await.data()["is_code_needed"], json!(true), "{host}");
        let headers = vec![("host", host.to_owned())];
        let answer = post_with(&test, "/api/v1/setup", headers, Some(setup_request())).await;
        answer.expect_refusal(403, "forbidden");
    }
    assert_eq!(test.get_anonymous("/api/v1/setup").await.data()["is_needed"], json!(true), "nothing was created");
}

#[tokio::test]
async fn setting_up_an_appliance_with_a_public_address_needs_the_code_from_the_log() {
    let test = TestApp::start_empty_with(|config| config.public_url = "https://sales.example.com".to_owned());
    let state = test.get_anonymous("/api/v1/setup").await.expect(200).data();
    assert_eq!(state, json!({ "is_needed": true, "is_code_needed": true }));
    test.post_anonymous("/api/v1/setup", setup_request()).await.expect_refusal(403, "forbidden");
    let mut body = setup_request();
    body["setup_code"] = json!(test.app.setup_code);
    test.post_anonymous("/api/v1/setup", body).await.expect(200);
}

#[tokio::test]
async fn the_set_up_code_cannot_be_guessed_for_long() {
    let test = TestApp::start_empty();
    let guess = || {
        let mut body = setup_request();
        body["setup_code"] = json!("GUESS");
        post_with(&test, "/api/v1/setup", vec![("x-forwarded-for", "203.0.113.9".to_owned())], Some(body))
    };
    for _guess in 0..test.app.config.sign_in_attempts {
        guess().await.expect_refusal(403, "forbidden");
    }
    guess().await.expect_refusal(429, "rate_limited");
    assert_eq!(test.get_anonymous("/api/v1/setup").await.data()["is_needed"], json!(true));
}

#[tokio::test]
async fn setting_up_says_which_field_is_wrong() {
    let test = TestApp::start_empty();
    let cases = [
        ("email", json!("nobody")),
        ("email", json!("")),
        ("password", json!("short")),
        ("password", json!("x".repeat(1_025))),
        ("organization_name", json!("  ")),
        ("organization_name", json!("x".repeat(201))),
        ("language", json!("fr")),
        ("name", json!("Le\u{202e}na")),
        ("name", json!("x".repeat(201))),
        ("email", json!("le\u{200b}na@acme.example")),
        ("email", json!(7)),
    ];
    for (field, value) in cases {
        let mut body = setup_request();
        body[field] = value;
        let refusal = test.post_anonymous("/api/v1/setup", body).await.expect_refusal(400, "invalid_field");
        assert_eq!(refusal["field"], json!(field), "{refusal}");
    }
    let mut unknown = setup_request();
    unknown["is_admin"] = json!(true);
    test.post_anonymous("/api/v1/setup", unknown).await.expect(400);
    assert_eq!(test.get_anonymous("/api/v1/setup").await.data()["is_needed"], json!(true), "nothing was created");
}

#[tokio::test]
async fn the_address_of_a_disabled_account_stays_taken() {
    let test = TestApp::start().await;
    test.execute_control("UPDATE account SET is_disabled = 1").await;
    let owner = NewOwner {
        email: test.operator.email.clone(),
        name: String::new(),
        password: PASSWORD.to_owned(),
        language: Language::En,
        organization_name: "Second".to_owned(),
        role: Role::Owner,
        address: String::new(),
    };
    let refused = test.app.create_owner(owner, Stage::Any).await.unwrap_err();
    assert_eq!((refused.code, refused.field), (Code::Conflict, Some("email")));
}

#[tokio::test]
async fn signing_in_answers_an_access_token() {
    let test = TestApp::start().await;
    let credentials = json!({ "email": test.operator.email, "password": PASSWORD });
    for path in ["/api/v1/auth/login", "/api/v1/auth/signin", "/auth/signin"] {
        let answer = test.post_anonymous(path, credentials.clone()).await.expect(200);
        assert_eq!(answer.json()["success"], json!(true));
        let session = answer.data();
        assert_eq!(session["token_type"], "Bearer");
        assert_eq!(session["expires_at_ms"], json!(START_MS + test.app.config.access_token_s * 1_000));
        assert!(is_signed_in(&test, session["access_token"].as_str().unwrap()).await);
        let (refresh_token, _attributes) = cookie_of(&answer);
        for secret in [refresh_token.as_str(), PASSWORD, "argon2", "password_hash"] {
            assert!(!answer.text.contains(secret), "{path} tells {secret}");
        }
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let test = TestApp::start().await;
    let ask = |email: &str, password: &str| {
        test.post_anonymous("/api/v1/auth/login", json!({ "email": email, "password": password }))
    };
    let wrong = ask(&test.operator.email, "not the password").await;
    let unknown = ask("nobody@acme.example", "not the password").await;
    let too_long = ask(&test.operator.email, &"x".repeat(2_000)).await;
    let empty = ask(&test.operator.email, "").await;
    for answer in [&unknown, &too_long, &empty] {
        assert_eq!((answer.status, &answer.text), (wrong.status, &wrong.text));
        assert_eq!(answer.header("set-cookie"), "");
    }
    let body = wrong.expect_refusal(401, "unauthenticated");
    assert!(!body.to_string().contains("acme"), "{body}");
}

#[tokio::test]
async fn guessing_is_slowed_down_for_the_guesser_only() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.sign_in_attempts = 3).await;
    let guess = json!({ "email": test.operator.email, "password": "x".repeat(2_000) });
    for _guess in 0..3 {
        test.post_anonymous("/api/v1/auth/login", guess.clone()).await.expect_refusal(401, "unauthenticated");
    }
    let limited = test.post_anonymous("/api/v1/auth/login", guess.clone()).await;
    assert_eq!(limited.header("retry-after"), "901");
    limited.expect_refusal(429, "rate_limited");
    // The right password does not help from here, and helps from elsewhere.
    let right = json!({ "email": test.operator.email, "password": PASSWORD });
    test.post_anonymous("/api/v1/auth/login", right.clone()).await.expect_refusal(429, "rate_limited");
    let elsewhere =
        reqwest::Client::builder().local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))).no_proxy().build().unwrap();
    let answer = elsewhere.post(test.url("/api/v1/auth/login")).json(&right).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    // A header cannot pretend to be elsewhere.
    let pretended = vec![("x-forwarded-for", "203.0.113.9".to_owned())];
    let answer = post_with(&test, "/api/v1/auth/login", pretended, Some(right.clone())).await;
    answer.expect_refusal(429, "rate_limited");
    test.app.clock.advance_ms(15 * 60 * 1_000);
    test.post_anonymous("/api/v1/auth/login", right).await.expect(200);
}

#[tokio::test]
async fn signing_in_often_is_not_guessing() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.sign_in_attempts = 1).await;
    let right = json!({ "email": test.operator.email, "password": PASSWORD });
    for _sign_in in 0..7 {
        test.post_anonymous("/api/v1/auth/login", right.clone()).await.expect(200);
    }
    for _sign_in in 0..7 {
        let token = create_link(&test, &test.operator, 60_000).await;
        test.post_anonymous("/api/v1/auth/link", json!({ "token": token })).await.expect(200);
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_is_counted_alone() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| {
        config.sign_in_attempts = 2;
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let guess = |forwarded: &str| {
        let body = json!({ "email": test.operator.email, "password": "x".repeat(2_000) });
        post_with(&test, "/api/v1/auth/login", vec![("x-forwarded-for", forwarded.to_owned())], Some(body))
    };
    for _guess in 0..2 {
        guess("203.0.113.9").await.expect_refusal(401, "unauthenticated");
    }
    guess("203.0.113.9").await.expect_refusal(429, "rate_limited");
    guess("198.51.100.1").await.expect_refusal(401, "unauthenticated");
    // What a caller writes himself stands before what the proxy adds.
    guess("192.0.2.1, 203.0.113.9").await.expect_refusal(429, "rate_limited");
}

#[tokio::test]
async fn refreshing_rotates_the_cookie() {
    let test = TestApp::start().await;
    let person = test.operator.clone();
    test.app.clock.advance_ms(60_000);
    let answer = refresh(&test, &person.refresh_token).await.expect(200);
    let (next, attributes) = cookie_of(&answer);
    assert_ne!(next, person.refresh_token);
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"] {
        assert!(attributes.contains(attribute), "{attributes}");
    }
    let session = answer.data();
    assert_ne!(session["access_token"], json!(person.token));
    assert!(is_signed_in(&test, session["access_token"].as_str().unwrap()).await);
    assert!(!answer.text.contains(&next));
    refresh(&test, &next).await.expect(200);
    // Behind a proxy that speaks TLS the cookie is for TLS only.
    let person = test.sign_in_again(&person).await;
    let headers = vec![
        ("cookie", format!("__Host-{}", person.cookie())),
        ("x-requested-with", "salesbrain".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
    ];
    let answer = post_with(&test, "/api/v1/auth/refresh", headers, None).await.expect(200);
    assert!(cookie_of(&answer).1.contains("Secure"));
}

#[tokio::test]
async fn refreshing_needs_the_cookie_and_the_header() {
    let test = TestApp::start().await;
    let person = &test.operator;
    let without_header = post_with(&test, "/api/v1/auth/refresh", vec![("cookie", person.cookie())], None).await;
    assert_eq!(without_header.header("set-cookie"), "");
    without_header.expect_refusal(403, "forbidden");
    let headers = vec![("x-requested-with", "salesbrain".to_owned())];
    post_with(&test, "/api/v1/auth/refresh", headers, None).await.expect_refusal(401, "unauthenticated");
    let unknown = refresh(&test, "unknown").await;
    assert_eq!(cookie_of(&unknown).0, "", "a cookie of no use is taken away");
    unknown.expect_refusal(401, "unauthenticated");
    // None of it cost the session anything.
    refresh(&test, &person.refresh_token).await.expect(200);
}

#[tokio::test]
async fn two_tabs_may_refresh_at_the_same_moment() {
    let test = TestApp::start().await;
    let token = &test.operator.refresh_token;
    let (first, second) = tokio::join!(refresh(&test, token), refresh(&test, token));
    let answers = [first.expect(200), second.expect(200)];
    let cookies = answers.iter().filter(|answer| !answer.header("set-cookie").is_empty()).count();
    assert_eq!(cookies, 1, "one rotates, the other leaves the cookie alone");
    for answer in &answers {
        assert!(is_signed_in(&test, answer.data()["access_token"].as_str().unwrap()).await);
    }
}

#[tokio::test]
async fn a_refresh_token_used_again_later_ends_the_session() {
    let test = TestApp::start().await;
    let other = test.sign_in_again(&test.operator).await;
    let stolen = test.operator.refresh_token.clone();
    let answer = refresh(&test, &stolen).await.expect(200);
    let (next, _attributes) = cookie_of(&answer);
    let access_token = answer.data()["access_token"].as_str().unwrap().to_owned();
    test.app.clock.advance_ms(AFTER_GRACE_MS);
    let reused = refresh(&test, &stolen).await;
    assert_eq!(cookie_of(&reused).0, "");
    reused.expect_refusal(401, "unauthenticated");
    assert!(!is_signed_in(&test, &access_token).await, "the thief's or the owner's token still works");
    refresh(&test, &next).await.expect_refusal(401, "unauthenticated");
    assert!(is_signed_in(&test, &other.token).await, "another session of the same account is not concerned");
}

/// A thief who goes on refreshing pushes the stolen token ever further back: its owner still ends what the thief has.
#[tokio::test]
async fn any_earlier_refresh_token_ends_the_session() {
    let test = TestApp::start().await;
    for generations in [2, 5] {
        let person = test.sign_in_again(&test.operator).await;
        let (mut newest, mut access_token) = (person.refresh_token.clone(), String::new());
        for _generation in 0..generations {
            test.app.clock.advance_ms(AFTER_GRACE_MS);
            let answer = refresh(&test, &newest).await.expect(200);
            newest = cookie_of(&answer).0;
            access_token = answer.data()["access_token"].as_str().unwrap().to_owned();
        }
        let reused = refresh(&test, &person.refresh_token).await;
        assert_eq!(cookie_of(&reused).0, "");
        reused.expect_refusal(401, "unauthenticated");
        assert!(!is_signed_in(&test, &access_token).await, "the thief is still in after {generations} refreshes");
        refresh(&test, &newest).await.expect_refusal(401, "unauthenticated");
    }
    // Within the time two tabs share, one generation is tolerated and no more.
    let person = test.sign_in_again(&test.operator).await;
    let second = cookie_of(&refresh(&test, &person.refresh_token).await.expect(200)).0;
    refresh(&test, &second).await.expect(200);
    refresh(&test, &second).await.expect(200);
    refresh(&test, &person.refresh_token).await.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn a_made_up_refresh_token_ends_nobodys_session() {
    let test = TestApp::start().await;
    let token = &test.operator.refresh_token;
    let (family, secret) = token.split_once('.').unwrap();
    for made_up in [format!(".{secret}"), format!("x{family}.{secret}"), ".".to_owned(), family.to_owned()] {
        refresh(&test, &made_up).await.expect_refusal(401, "unauthenticated");
    }
    refresh(&test, token).await.expect(200);
}

#[tokio::test]
async fn sessions_end_by_themselves() {
    let test = TestApp::start().await;
    let person = &test.operator;
    test.app.clock.advance_ms(test.app.config.access_token_s * 1_000 - 1);
    assert!(is_signed_in(&test, &person.token).await);
    test.app.clock.advance_ms(1);
    assert!(!is_signed_in(&test, &person.token).await, "the access token has ended");
    let answer = refresh(&test, &person.refresh_token).await.expect(200);
    let (next, _attributes) = cookie_of(&answer);
    test.app.clock.advance_ms(test.app.config.session_days * 86_400_000);
    refresh(&test, &next).await.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let test = TestApp::start().await;
    for path in ["/api/v1/auth/logout", "/auth/logout"] {
        let by_token = test.sign_in_again(&test.operator).await;
        let answer = test.post(path, &by_token, json!({})).await.expect(200);
        assert_eq!(cookie_of(&answer).0, "");
        assert!(cookie_of(&answer).1.contains("Max-Age=0"));
        assert!(!is_signed_in(&test, &by_token.token).await);
        refresh(&test, &by_token.refresh_token).await.expect_refusal(401, "unauthenticated");
        let by_cookie = test.sign_in_again(&test.operator).await;
        let headers = vec![("cookie", by_cookie.cookie()), ("x-requested-with", "salesbrain".to_owned())];
        post_with(&test, path, headers, None).await.expect(200);
        assert!(!is_signed_in(&test, &by_cookie.token).await);
        // A foreign page can send the cookie, but not the header.
        let victim = test.sign_in_again(&test.operator).await;
        let foreign = post_with(&test, path, vec![("cookie", victim.cookie())], None).await;
        assert_eq!(foreign.header("set-cookie"), "", "the browser's cookie is left alone");
        foreign.expect_refusal(403, "forbidden");
        assert!(is_signed_in(&test, &victim.token).await);
    }
    let log = test.get("/api/v1/admin/audit?action=session.ended", &test.operator).await.expect(200).rows();
    let actors: Vec<&Value> = log.iter().map(|row| &row["actor_name"]).collect();
    assert_eq!(actors, vec![&json!(test.operator.email); 4], "each is written down, and once");
    assert!(is_signed_in(&test, &test.operator.token).await, "other sessions go on");
}

async fn create_link(test: &TestApp, person: &Person, lifetime_ms: i64) -> String {
    let (token, account_id) = (random_secret(), person.account_id);
    let hash = secret_hash(&token);
    let create = move |tx: &salesbrain::store::Tx<'_>| create_sign_in_link(tx, account_id, hash, lifetime_ms);
    test.app.control.write(create).await.unwrap();
    token
}

#[tokio::test]
async fn a_sign_in_link_works_once() {
    let test = TestApp::start().await;
    let member = test.create_member(Role::Member).await;
    let token = create_link(&test, &member, 60_000).await;
    let body = json!({ "token": token });
    let answer = test.post_anonymous("/api/v1/auth/link", body.clone()).await.expect(200);
    assert_eq!(answer.data()["account"]["email"], json!(member.email));
    assert_eq!(answer.data()["organization"]["role"], "member");
    assert!(cookie_of(&answer).1.contains("HttpOnly"));
    let again = test.post_anonymous("/api/v1/auth/link", body).await;
    assert_eq!(again.header("set-cookie"), "");
    again.expect_refusal(401, "unauthenticated");
    let late = create_link(&test, &member, 60_000).await;
    test.app.clock.advance_ms(60_000);
    test.post_anonymous("/api/v1/auth/link", json!({ "token": late })).await.expect_refusal(401, "unauthenticated");
    test.post_anonymous("/api/v1/auth/link", json!({ "token": "" })).await.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn a_link_used_twice_at_once_signs_in_once() {
    let test = TestApp::start().await;
    let body = json!({ "token": create_link(&test, &test.operator, 60_000).await });
    let use_it = || test.post_anonymous("/api/v1/auth/link", body.clone());
    let (first, second, third) = tokio::join!(use_it(), use_it(), use_it());
    let successes = [first, second, third].iter().filter(|answer| answer.status == 200).count();
    assert_eq!(successes, 1);
}

#[tokio::test]
async fn a_profile_changes_in_what_was_sent() {
    let test = TestApp::start().await;
    let viewer = test.create_member(Role::Viewer).await;
    let put = |body: Value| {
        test.send(
            Method::PUT,
            "/api/v1/auth/me",
            Request { token: Some(&viewer.token), body: Some(body), ..Request::default() },
        )
    };
    let me = put(json!({ "name": "  Vera  ", "language": "de" })).await.expect(200).data();
    assert_eq!((&me["account"]["name"], &me["account"]["language"]), (&json!("Vera"), &json!("de")));
    assert_eq!((&me["account"]["theme"], &me["account"]["time_zone"]), (&json!("auto"), &json!("Europe/Zurich")));
    let me = put(json!({ "theme": "dark", "time_zone": "America/New_York" })).await.expect(200).data();
    assert_eq!((&me["account"]["name"], &me["account"]["theme"]), (&json!("Vera"), &json!("dark")));
    assert_eq!(test.get("/api/v1/auth/me", &viewer).await.expect(200).data(), me);
    assert!(me["account"].get("password_hash").is_none(), "{me}");
    let wrong = [
        ("name", json!("  ")),
        ("name", json!("x".repeat(201))),
        ("name", json!("Vera\nBcc: all@acme.example")),
        ("name", json!("Vera\u{202e}arev")),
        ("name", json!("Vera\u{0}")),
        ("name", json!(["Vera"])),
        ("language", json!("fr")),
        ("theme", json!("pink")),
        ("time_zone", json!("Europe/Atlantis")),
        ("time_zone", json!("../../etc/passwd")),
        ("shortcuts", json!({ "": "x" })),
        ("shortcuts", json!({ "archive": "x".repeat(41) })),
        ("shortcuts", json!({ "x".repeat(41): "e" })),
        ("shortcuts", json!({ "archive": "\u{1b}[2J" })),
        ("shortcuts", Value::Object((0..101).map(|number| (format!("command{number}"), json!("e"))).collect())),
    ];
    for (field, value) in wrong {
        let refusal = put(json!({ "theme": "light", field: value })).await.expect_refusal(400, "invalid_field");
        assert_eq!(refusal["field"], json!(field), "{refusal}");
    }
    // What is changed in the keys stays until it is changed again; an empty key switches one off.
    assert_eq!(me["account"]["shortcuts"], json!({}));
    let keys = json!({ "conversation.archive": "e", "search": "", "send": "Ctrl+Enter" });
    let me = put(json!({ "shortcuts": keys })).await.expect(200).data();
    assert_eq!(me["account"]["shortcuts"], keys);
    let me = put(json!({ "name": "Vera Ösch-O’Neill 李" })).await.expect(200).data();
    assert_eq!((&me["account"]["shortcuts"], &me["account"]["name"]), (&keys, &json!("Vera Ösch-O’Neill 李")));
    // Nobody makes himself an owner.
    for body in [json!({ "role": "owner" }), json!({ "staff_role": "sb_admin" }), json!({ "email": "x@y.example" })] {
        put(body).await.expect(400);
    }
    assert_eq!(test.get("/api/v1/auth/me", &viewer).await.expect(200).data(), me, "nothing wrong had an effect");
    let other = test.get("/api/v1/auth/me", &test.operator).await.expect(200).data();
    assert_eq!(other["account"]["name"], "operator", "another profile is not concerned");
}

#[tokio::test]
async fn bodies_are_json_and_of_a_sensible_size() {
    let test = TestApp::start().await;
    let post = |content_type: &'static str, body: String| {
        test.client.post(test.url("/api/v1/auth/login")).header("content-type", content_type).body(body).send()
    };
    let answer = Answer::read(post("text/plain", "{}".to_owned()).await.unwrap()).await;
    answer.expect_refusal(415, "unsupported_media_type");
    let huge = format!("{{\"email\":\"{}\"}}", "x".repeat(300 * 1_024));
    let answer = Answer::read(post("application/json", huge).await.unwrap()).await;
    answer.expect_refusal(413, "payload_too_large");
    let answer = Answer::read(post("application/json", "{\"email\":".to_owned()).await.unwrap()).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    let answer = Answer::read(post("application/json; charset=utf-8", "[]".to_owned()).await.unwrap()).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
}

#[tokio::test]
async fn no_secret_is_in_the_file() {
    let test = TestApp::start().await;
    let webhook_secret = test.create_connection(test.organization_id).await;
    let link = create_link(&test, &test.operator, 60_000).await;
    let mut bytes = Vec::new();
    for name in ["control.db", "control.db-wal"] {
        bytes.extend(std::fs::read(test.data().join(name)).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&test.operator.email), "this looks into the right file");
    for secret in [PASSWORD, &test.operator.refresh_token, &test.operator.token, &webhook_secret, &link] {
        assert!(!holds(secret), "a secret is stored as it is");
    }
}
