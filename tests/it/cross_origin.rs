//! What a page of another origin can do with a browser that is signed in here: nothing. Every route of the router is tried
//! as such a page would, and every answer carries the headers that keep browsers careful.

use std::collections::BTreeSet;

use reqwest::Method;
use salesbrain::clock::Clock;
use salesbrain::config::Config;
use salesbrain::http::access::Access;
use salesbrain::http::openapi::document_text;
use salesbrain::http::router::{Route, routes};
use serde_json::{Value, json};

use crate::support::{Answer, Request, START_MS, TestApp};

const FRIEND: &str = "https://app.example.com";
const STRANGER: &str = "https://evil.example";
const NOBODY: &str = "018f3c1e-0000-7000-8000-000000000000";

/// A path with something in place of its parameters.
fn filled(path: &str) -> String {
    let mut full = path.replace("{*path}", "index.html");
    while let Some((before, rest)) = full.split_once('{') {
        let after = rest.split_once('}').unwrap().1;
        full = format!("{before}{NOBODY}{after}");
    }
    full
}

async fn ask(test: &TestApp, (method, path): (&str, &str), headers: &[(&'static str, &str)]) -> Answer {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    test.send(method, path, Request { headers, ..Request::default() }).await
}

fn changing_routes() -> Vec<Route> {
    let routes: Vec<Route> = routes().table().into_iter().filter(|route| route.method != Method::GET).collect();
    assert!(routes.len() > 20, "only {} routes", routes.len());
    routes
}

/// The routes that read a JSON body, by the document.
fn routes_with_body() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&document_text().unwrap()).unwrap();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let content = &operation["requestBody"]["content"];
            if content.get("application/json").is_some() && !path.starts_with("/webhooks/") {
                found.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    assert!(found.len() > 4, "only {found:?}");
    found
}

#[tokio::test]
async fn the_cookie_alone_changes_nothing() {
    let test = TestApp::start().await;
    let person = test.sign_in_again(&test.operator).await;
    let mut wrong = Vec::new();
    for route in changing_routes() {
        let (method, path) = (route.method.as_str(), filled(route.path));
        let with = ask(&test, (method, &path), &[("cookie", &person.cookie())]).await;
        let without = ask(&test, (method, &path), &[]).await;
        let is_refused = match route.access {
            // Whoever may come without anything gets with the cookie what he gets without it.
            Access::Public => with.status == without.status && with.text == without.text,
            _ => matches!(with.status, 401 | 403),
        };
        if !is_refused || with.header("set-cookie").contains("salesbrain_session") {
            wrong.push(format!("{method} {path}: {} {}", with.status, with.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // It was a good cookie all the time, and it still is.
    let own = [("cookie", &*person.cookie()), ("x-requested-with", "salesbrain")];
    ask(&test, ("POST", "/api/v1/auth/refresh"), &own).await.expect(200);
}

/// A form of a foreign page can send text, but not JSON.
#[tokio::test]
async fn a_body_that_does_not_say_it_is_json_is_refused() {
    let test = TestApp::start().await;
    let mut wrong = Vec::new();
    for (method, path) in routes_with_body() {
        let path = filled(&path);
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let mut request =
                test.client.request(method.clone(), test.url(&path)).bearer_auth(&test.operator.token).body("{}");
            if !content_type.is_empty() {
                request = request.header("content-type", content_type);
            }
            let answer = Answer::read(request.send().await.unwrap()).await;
            // An id nobody has may be noticed first.
            if answer.status != 415 && !(answer.status == 404 && path.contains(NOBODY)) {
                wrong.push(format!("{method} {path} as {content_type:?}: {} {}", answer.status, answer.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn routes_that_take_the_cookie_listen_to_our_own_page_only() {
    let test = TestApp::start().await;
    for site in ["cross-site", "same-site", "anything"] {
        let person = test.sign_in_again(&test.operator).await;
        let cookie = person.cookie();
        let foreign = [("cookie", &*cookie), ("x-requested-with", "salesbrain"), ("sec-fetch-site", site)];
        for path in ["/api/v1/auth/refresh", "/api/v1/auth/logout", "/auth/logout"] {
            let answer = ask(&test, ("POST", path), &foreign).await;
            assert_eq!(answer.header("set-cookie"), "", "{path} {site}");
            answer.expect_refusal(403, "forbidden");
        }
        for site in ["same-origin", "none"] {
            let own = [("cookie", &*cookie), ("x-requested-with", "salesbrain"), ("sec-fetch-site", site)];
            let answer = ask(&test, ("POST", "/api/v1/auth/refresh"), &own).await;
            answer.expect(200);
        }
    }
    // The same for what is shown by the cookie.
    let cookie = test.sign_in_again(&test.operator).await.cookie();
    for route in routes().table() {
        if matches!(route.access, Access::SessionOrCookie(_) | Access::AccountOrCookie) {
            let path = filled(route.path);
            let foreign = [("cookie", &*cookie), ("sec-fetch-site", "cross-site")];
            ask(&test, ("GET", &path), &foreign).await.expect_refusal(401, "unauthenticated");
            let own = [("cookie", &*cookie), ("sec-fetch-site", "same-origin")];
            ask(&test, ("GET", &path), &own).await.expect_refusal(404, "not_found");
        }
    }
}

async fn start_with_friend() -> TestApp {
    let friend = |config: &mut Config| config.cors_origins = vec![FRIEND.parse().unwrap()];
    TestApp::start_with(Clock::fixed(START_MS), friend).await
}

/// The question a browser asks before a request that is not simple.
async fn preflight(test: &TestApp, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    ask(test, ("OPTIONS", path), &headers).await
}

#[tokio::test]
async fn no_origin_is_let_in_unless_one_is_named() {
    let test = TestApp::start().await;
    for route in routes().table() {
        let path = filled(route.path);
        for origin in [FRIEND, STRANGER, "null", &test.url("")] {
            let asked = preflight(&test, &path, origin).await;
            assert!(asked.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{path} {origin}");
            assert!(asked.status >= 400, "{path} {origin}: {}", asked.status);
        }
        let answer = ask(&test, (route.method.as_str(), &path), &[("origin", STRANGER)]).await;
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{path}");
    }
}

#[tokio::test]
async fn a_named_origin_may_use_the_api_with_a_token() {
    let test = start_with_friend().await;
    let asked = preflight(&test, "/api/v1/conversations", FRIEND).await.expect(200);
    assert_eq!(asked.header("access-control-allow-origin"), FRIEND);
    assert_eq!(asked.header("access-control-allow-credentials"), "");
    assert!(asked.header("access-control-allow-headers").contains("authorization"));
    assert!(!asked.header("access-control-allow-headers").contains("x-requested-with"), "what our own page says");
    assert!(asked.header("access-control-allow-methods").contains("PATCH"));
    assert!(asked.header("vary").contains("origin"), "{}", asked.header("vary"));
    let request = Request {
        token: Some(&test.operator.token),
        headers: vec![("origin", FRIEND.to_owned())],
        ..Request::default()
    };
    let answer = test.send(Method::GET, "/api/v1/conversations", request).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), FRIEND);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let vary: Vec<&str> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(vary.join(",").contains("origin"), "{vary:?}");
    // Its errors are readable as well, and without a token nothing is.
    let refused = ask(&test, ("GET", "/api/v1/conversations"), &[("origin", FRIEND)]).await;
    assert_eq!(refused.header("access-control-allow-origin"), FRIEND);
    refused.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn an_origin_that_only_looks_like_a_named_one_is_a_stranger() {
    let test = start_with_friend().await;
    let strangers = [
        STRANGER,
        "null",
        "*",
        "",
        "http://app.example.com",
        "https://app.example.com:444",
        "https://app.example.com.evil.example",
        "https://evil.example/https://app.example.com",
        "https://sub.app.example.com",
        "https://APP.example.com",
        "https://app.example.com/",
        "https://app.example.com https://evil.example",
    ];
    for origin in strangers {
        let asked = preflight(&test, "/api/v1/conversations", origin).await;
        assert_eq!(asked.header("access-control-allow-origin"), "", "{origin}");
        let request =
            Request { token: Some(&test.operator.token), headers: vec![("origin", origin.to_owned())], body: None };
        let answer = test.send(Method::GET, "/api/v1/conversations", request).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let vary = answer.headers.get_all("vary").iter().any(|value| value.to_str().unwrap().contains("origin"));
        assert!(vary, "an answer for a stranger must not be kept for a friend");
    }
}

#[tokio::test]
async fn a_named_origin_gets_nowhere_near_the_cookie() {
    let test = start_with_friend().await;
    let cookie = test.sign_in_again(&test.operator).await.cookie();
    for path in ["/api/v1/auth/refresh", "/api/v1/auth/logout", "/auth/logout"] {
        assert_eq!(preflight(&test, path, FRIEND).await.header("access-control-allow-origin"), "", "{path}");
        let headers = [("cookie", &*cookie), ("origin", FRIEND), ("sec-fetch-site", "cross-site")];
        let answer = ask(&test, ("POST", path), &headers).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        answer.expect_refusal(403, "forbidden");
    }
    for route in routes().table() {
        let is_cookie = matches!(route.access, Access::Own | Access::SessionOrCookie(_) | Access::AccountOrCookie);
        if is_cookie || !route.path.starts_with("/api/") {
            let answer = preflight(&test, &filled(route.path), FRIEND).await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{}", route.path);
        }
    }
}

/// What every answer must say, whatever it is.
fn check_headers(name: &str, answer: &Answer, is_over_tls: bool) {
    let expected = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("strict-transport-security", if is_over_tls { "max-age=31536000" } else { "" }),
    ];
    for (header, value) in expected {
        assert_eq!(answer.header(header), value, "{name}: {header}");
    }
    let permissions = answer.header("permissions-policy");
    for feature in ["camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()"] {
        assert!(permissions.contains(feature), "{name}: {permissions}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{name}: {policy}");
    assert!(!policy.contains("unsafe-") && !policy.contains('*'), "{name}: {policy}");
    let (frame, ancestors) = (answer.header("x-frame-options"), policy.contains("frame-ancestors 'none'"));
    assert_eq!((frame, ancestors), ("DENY", true), "{name}: {policy}");
    assert!(!answer.header("cache-control").is_empty(), "{name}");
    assert_eq!(answer.header("x-request-id").len(), 32, "{name}");
    assert_eq!(answer.header("server"), "", "{name}");
}

#[tokio::test]
async fn every_answer_keeps_browsers_careful() {
    for public_url in ["", "https://sales.example.com"] {
        let set = |config: &mut Config| config.public_url = public_url.to_owned();
        let test = TestApp::start_with(Clock::fixed(START_MS), set).await;
        let is_over_tls = !public_url.is_empty();
        for route in routes().table() {
            let (method, path) = (route.method.clone(), filled(route.path));
            for token in [None, Some(test.operator.token.as_str())] {
                let answer = test.send(method.clone(), &path, Request { token, ..Request::default() }).await;
                check_headers(&format!("{method} {path} {}", answer.status), &answer, is_over_tls);
            }
        }
        let page = test.get_anonymous("/").await.expect(200);
        let script = page.text.split('"').find(|text| text.starts_with("/assets/")).unwrap().to_owned();
        let others = [
            ("GET", "/", 200),
            ("GET", &*script, 200),
            ("GET", "/inbox", 200),
            ("GET", "/no/such.file", 404),
            ("GET", "/api/v1/no-such-route", 404),
            ("DELETE", "/health", 405),
            ("OPTIONS", "/api/v1/conversations", 405),
            ("TRACE", "/", 404),
            ("HEAD", "/health", 200),
        ];
        for (method, path, status) in others {
            let answer = ask(&test, (method, path), &[]).await;
            assert_eq!(answer.status, status, "{method} {path}");
            check_headers(&format!("{method} {path}"), &answer, is_over_tls);
        }
    }
}

#[tokio::test]
async fn over_tls_the_cookie_is_for_this_host_alone() {
    let set = |config: &mut Config| config.public_url = "https://sales.example.com".to_owned();
    let test = TestApp::start_with(Clock::fixed(START_MS), set).await;
    let login = json!({ "email": test.operator.email, "password": crate::support::PASSWORD });
    let answer = test.post_anonymous("/api/v1/auth/login", login).await.expect(200);
    let text = answer.header("set-cookie").to_owned();
    assert!(text.starts_with("__Host-salesbrain_session="), "{text}");
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(text.contains(attribute), "{text}");
    }
    assert!(!text.contains("Domain"), "{text}");
    let good = text.split(';').next().unwrap().to_owned();
    let refresh = async |cookie: &str| {
        let headers = [("cookie", cookie), ("x-requested-with", "salesbrain")];
        ask(&test, ("POST", "/api/v1/auth/refresh"), &headers).await
    };
    // One that a neighbour below the same domain could have planted is not looked at.
    let planted = test.sign_in_again(&test.operator).await.cookie();
    refresh(&planted).await.expect_refusal(401, "unauthenticated");
    let session = refresh(&format!("{planted}; {good}")).await.expect(200);
    assert!(session.header("set-cookie").starts_with("__Host-"));
    // Signing out takes it away under its own name.
    let rotated = session.header("set-cookie").split(';').next().unwrap().to_owned();
    let headers = [("cookie", &*rotated), ("x-requested-with", "salesbrain")];
    let gone = ask(&test, ("POST", "/api/v1/auth/logout"), &headers).await.expect(200);
    assert!(gone.header("set-cookie").starts_with("__Host-salesbrain_session=; "), "{}", gone.header("set-cookie"));
    refresh(&rotated).await.expect_refusal(401, "unauthenticated");
}
