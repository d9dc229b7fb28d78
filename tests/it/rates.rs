//! How many requests a caller may send: per account, per API key and per address, each for itself.

use reqwest::Method;
use salesbrain::account::permission::{Permission, Role};
use salesbrain::clock::Clock;
use serde_json::json;

use crate::support::{Answer, PASSWORD, Request, START_MS, TestApp, reply};

/// The program with these limits a minute, behind a proxy it trusts.
async fn start(caller: u32, address: u32) -> TestApp {
    TestApp::start_with(Clock::fixed(START_MS), |config| {
        config.rate_limit_per_minute = caller;
        config.address_rate_limit_per_minute = address;
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await
}

/// Asks with a token, or none, from an address behind the proxy.
async fn ask(test: &TestApp, path: &str, token: Option<&str>, address: &str) -> Answer {
    let headers = vec![("x-forwarded-for", address.to_owned())];
    test.send(Method::GET, path, Request { token, headers, body: None }).await
}

const ME: &str = "/api/v1/auth/me";
const HOME: &str = "203.0.113.9";

#[tokio::test]
async fn an_account_is_limited_and_no_other_with_it() {
    let test = start(5, 0).await;
    let member = test.create_member(Role::Member).await;
    for number in 0..5 {
        // Its addresses and sessions do not matter: the account is one caller.
        ask(&test, ME, Some(&test.operator.token), &format!("203.0.113.{number}")).await.expect(200);
    }
    let again = test.sign_in_again(&test.operator).await;
    let refused = ask(&test, ME, Some(&again.token), HOME).await;
    assert_eq!(refused.header("retry-after"), "13", "a minute for five");
    refused.expect_refusal(429, "rate_limited");
    // Someone else behind the same address goes on.
    for _request in 0..5 {
        ask(&test, ME, Some(&member.token), HOME).await.expect(200);
    }
    test.app.clock.advance_ms(12_000);
    ask(&test, ME, Some(&again.token), HOME).await.expect(200);
    ask(&test, ME, Some(&again.token), HOME).await.expect_refusal(429, "rate_limited");
    test.app.clock.advance_ms(60_000);
    for _request in 0..5 {
        ask(&test, ME, Some(&again.token), HOME).await.expect(200);
    }
}

#[tokio::test]
async fn each_key_is_a_caller_of_its_own() {
    let test = start(3, 0).await;
    let first = test.create_key(&test.operator, &[Permission::InboxRead]).await;
    let second = test.create_key(&test.operator, &[Permission::InboxRead]).await;
    for key in [&first, &second] {
        for _request in 0..3 {
            ask(&test, "/api/v1/conversations", Some(key), HOME).await.expect(200);
        }
        ask(&test, "/api/v1/conversations", Some(key), HOME).await.expect_refusal(429, "rate_limited");
    }
    // Neither cost its maker anything. Refusals for want of a right count as well.
    ask(&test, ME, Some(&test.operator.token), HOME).await.expect(200);
    let third = test.create_key(&test.operator, &[]).await;
    for _request in 0..3 {
        ask(&test, "/api/v1/conversations", Some(&third), HOME).await.expect_refusal(403, "forbidden");
    }
    ask(&test, "/api/v1/conversations", Some(&third), HOME).await.expect_refusal(429, "rate_limited");
}

#[tokio::test]
async fn an_address_is_limited_and_the_accounts_behind_it_are_not() {
    let test = start(0, 4).await;
    // Nobody, wrong tokens and public routes all count together.
    ask(&test, "/api/v1/setup", None, HOME).await.expect(200);
    ask(&test, ME, None, HOME).await.expect_refusal(401, "unauthenticated");
    ask(&test, ME, Some("abc.def.ghi"), HOME).await.expect_refusal(401, "unauthenticated");
    ask(&test, ME, Some("sbk_wrong"), HOME).await.expect_refusal(401, "unauthenticated");
    for path in ["/api/v1/setup", ME, "/openapi.json", "/docs", "/metrics", "/api/v1/live"] {
        let refused = ask(&test, path, None, HOME).await;
        assert_eq!(refused.header("retry-after"), "16", "{path}");
        refused.expect_refusal(429, "rate_limited");
    }
    // Nobody guesses passwords in the meantime.
    let login = json!({ "email": test.operator.email, "password": PASSWORD });
    let headers = vec![("x-forwarded-for", HOME.to_owned())];
    let request = Request { headers, body: Some(login), ..Request::default() };
    test.send(Method::POST, "/api/v1/auth/login", request).await.expect_refusal(429, "rate_limited");
    // Who is signed in behind that address notices nothing, and other addresses do not either.
    for _request in 0..20 {
        ask(&test, ME, Some(&test.operator.token), HOME).await.expect(200);
    }
    ask(&test, "/api/v1/setup", None, "198.51.100.7").await.expect(200);
    // What a caller writes into the header himself stands before what the proxy adds.
    ask(&test, "/api/v1/setup", None, &format!("192.0.2.1, {HOME}")).await.expect_refusal(429, "rate_limited");
}

#[tokio::test]
async fn a_header_from_nowhere_makes_no_new_address() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.address_rate_limit_per_minute = 2).await;
    for number in 0..2 {
        ask(&test, "/api/v1/setup", None, &format!("203.0.113.{number}")).await.expect(200);
    }
    ask(&test, "/api/v1/setup", None, "203.0.113.77").await.expect_refusal(429, "rate_limited");
}

#[tokio::test]
async fn a_network_of_64_bits_is_one_address() {
    let test = start(0, 3).await;
    for last in ["1", "2", "ffff:1"] {
        ask(&test, "/api/v1/setup", None, &format!("2001:db8:0:7::{last}")).await.expect(200);
    }
    ask(&test, "/api/v1/setup", None, "2001:db8:0:7:1:2:3:4").await.expect_refusal(429, "rate_limited");
    ask(&test, "/api/v1/setup", None, "2001:db8:0:8::1").await.expect(200);
    // IPv4 in the clothes of IPv6 is IPv4.
    for _request in 0..3 {
        ask(&test, "/api/v1/setup", None, "::ffff:203.0.113.9").await.expect(200);
    }
    ask(&test, "/api/v1/setup", None, HOME).await.expect_refusal(429, "rate_limited");
}

#[tokio::test]
async fn webhooks_health_and_the_interface_are_not_counted() {
    let test = start(1, 1).await;
    let secret = test.create_connection(test.organization_id).await;
    ask(&test, "/api/v1/setup", None, "127.0.0.1").await.expect(200);
    ask(&test, "/api/v1/setup", None, "127.0.0.1").await.expect_refusal(429, "rate_limited");
    for _request in 0..30 {
        test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
        test.post_webhook("wrong", &reply(&json!({}))).await.expect_refusal(401, "unauthenticated");
        for path in ["/health", "/", "/inbox"] {
            test.get_anonymous(path).await.expect(200);
        }
    }
}

/// What the defaults allow: an interface that opens page after page, and a person who signs in.
#[tokio::test]
async fn the_defaults_are_far_from_what_people_do() {
    let folder = crate::support::folder();
    let none = salesbrain::config::Overrides { data: Some(folder.path().to_owned()), ..Default::default() };
    let config = salesbrain::config::load(&none).unwrap();
    let (caller, address) = (config.rate_limit_per_minute, config.address_rate_limit_per_minute);
    assert!(caller >= 100 * 60 / 2 && address >= 600, "{caller} {address}");
    let test = start(caller, address).await;
    for _request in 0..300 {
        ask(&test, ME, Some(&test.operator.token), HOME).await.expect(200);
        ask(&test, "/api/v1/setup", None, HOME).await.expect(200);
    }
}
