//! Guessing: that nobody learns which addresses have an account, and that guessing at an account never keeps its owner out.

use reqwest::Method;
use salesbrain::account::permission::Role;
use salesbrain::clock::Clock;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Person, Request, START_MS, TestApp};

/// The program behind a proxy it trusts.
async fn start(sign_in_attempts: u32) -> TestApp {
    TestApp::start_with(Clock::fixed(START_MS), |config| {
        config.sign_in_attempts = sign_in_attempts;
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await
}

async fn sign_in(test: &TestApp, email: &str, password: &str, address: &str) -> Answer {
    let headers = vec![("x-forwarded-for", address.to_owned())];
    let body = Some(json!({ "email": email, "password": password }));
    test.send(Method::POST, "/api/v1/auth/login", Request { headers, body, ..Request::default() }).await
}

/// Time follows from work, and the only work that takes time is the hash: one for everybody.
#[tokio::test]
async fn every_refused_sign_in_costs_the_same_work() {
    let test = start(1_000).await;
    let disabled = test.create_member(Role::Member).await;
    let without = test.create_member(Role::Viewer).await;
    let (first, second) = (disabled.account_id, without.account_id);
    let change = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), salesbrain::store::Error> {
        tx.connection().execute("UPDATE account SET is_disabled = 1 WHERE id = ?1", [first])?;
        // One that signs in with something else than a password.
        tx.connection().execute("UPDATE account SET password_hash = '' WHERE id = ?1", [second])?;
        Ok(())
    };
    test.app.control.write(change).await.unwrap();
    let mut answers = Vec::new();
    for (email, password) in [
        (&*test.operator.email, "not the password"),
        ("nobody@acme.example", "not the password"),
        ("nobody@acme.example", PASSWORD),
        (&*disabled.email, PASSWORD),
        (&*without.email, PASSWORD),
        (&*without.email, ""),
        ("no address at all", "not the password"),
        ("", ""),
    ] {
        let before = test.app.hasher.computed();
        let answer = sign_in(&test, email, password, "203.0.113.9").await.expect(401);
        assert_eq!(test.app.hasher.computed() - before, 1, "{email:?}");
        assert_eq!(answer.header("set-cookie"), "", "{email:?}");
        answers.push(answer.text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // What is too long to be a password costs nobody anything.
    for email in [&*test.operator.email, "nobody@acme.example"] {
        let before = test.app.hasher.computed();
        sign_in(&test, email, &"x".repeat(2_000), "203.0.113.9").await.expect(401);
        assert_eq!(test.app.hasher.computed(), before, "{email}");
    }
}

#[tokio::test]
async fn guessing_from_many_addresses_does_not_keep_the_owner_out() {
    let test = start(3).await;
    let (owner, wrong) = (&test.operator, "x".repeat(2_000));
    for number in 0..60 {
        // Addresses of both kinds; the last is a network of one caller.
        for address in [format!("203.0.113.{number}"), format!("2001:db8:0:{number:x}::1")] {
            for _guess in 0..3 {
                sign_in(&test, &owner.email, &wrong, &address).await.expect_refusal(401, "unauthenticated");
            }
            let refused = sign_in(&test, &owner.email, PASSWORD, &address).await;
            assert!(!refused.header("retry-after").is_empty());
            refused.expect_refusal(429, "rate_limited");
        }
    }
    sign_in(&test, &owner.email, "not the password", "198.51.100.7").await.expect_refusal(401, "unauthenticated");
    sign_in(&test, &owner.email, PASSWORD, "198.51.100.7").await.expect(200);
    // Those who are signed in notice nothing of it, also from an address that guessed.
    let headers = vec![("x-forwarded-for", "203.0.113.1".to_owned())];
    let request = Request { token: Some(&owner.token), headers, body: None };
    test.send(Method::GET, "/api/v1/auth/me", request).await.expect(200);
}

/// The limit itself must not tell either.
#[tokio::test]
async fn the_limit_says_nothing_about_who_has_an_account() {
    let test = start(2).await;
    let mut ends = Vec::new();
    for (email, address) in [(&*test.operator.email, "203.0.113.1"), ("nobody@acme.example", "203.0.113.2")] {
        let mut texts = Vec::new();
        for _guess in 0..4 {
            let answer = sign_in(&test, email, "not the password", address).await;
            texts.push((answer.status, answer.header("retry-after").to_owned(), answer.text));
        }
        ends.push(texts);
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].iter().map(|(status, ..)| *status).collect::<Vec<_>>(), [401, 401, 429, 429]);
}

/// Somebody with a stolen session and many addresses tries the password and the code it is asked for.
#[tokio::test]
async fn a_session_does_not_guess_from_many_addresses() {
    let test = start(1_000).await;
    let thief = test.operator.clone();
    let show = async |person: &Person, number: usize, body: Value| {
        let headers = vec![("x-forwarded-for", format!("203.0.113.{number}"))];
        let request = Request { token: Some(&person.token), headers, body: Some(body), ..Request::default() };
        test.send(Method::POST, "/api/v1/auth/recovery-codes", request).await
    };
    for number in 0..20 {
        let wrong =
            if number % 2 == 0 { json!({ "code": "000000" }) } else { json!({ "password": "not the password" }) };
        show(&thief, number, wrong).await.expect_refusal(400, "invalid_field");
    }
    for right in [json!({ "password": PASSWORD }), json!({ "code": "000000" })] {
        let refused = show(&thief, 100, right).await;
        assert!(!refused.header("retry-after").is_empty());
        refused.expect_refusal(429, "rate_limited");
    }
    // Every route that asks for it counts together.
    for (method, path) in [(Method::PUT, "/api/v1/auth/password"), (Method::POST, "/api/v1/auth/totp")] {
        let body = if method == Method::PUT {
            json!({ "current_password": PASSWORD, "password": "a long new password" })
        } else {
            json!({ "password": PASSWORD })
        };
        let request = Request { token: Some(&thief.token), body: Some(body), ..Request::default() };
        test.send(method, path, request).await.expect_refusal(429, "rate_limited");
    }
    // The owner's other session goes on: the password is right, and there is no second factor to make codes for.
    let owner = test.sign_in_again(&test.operator).await;
    show(&owner, 101, json!({ "password": PASSWORD })).await.expect_refusal(409, "conflict");
    let refused = test.list_appliance_audit().await.into_iter().filter(|(action, ..)| action == "proof.refused");
    assert_eq!(refused.count(), 20);
}
