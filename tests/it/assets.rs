//! The interface from the binary: what is cached for how long, what a page may load, and what is not a page.

#![expect(clippy::case_sensitive_file_extension_comparisons, reason = "the build writes lower case names")]

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Request, TestApp};

/// One year, for names that carry a fingerprint.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The files below `/assets/` that a page names.
fn files_of(page: &str) -> BTreeSet<String> {
    let attributes = page.split(['"', '\'']).filter(|text| text.starts_with("/assets/"));
    attributes.map(str::to_owned).collect()
}

/// One directive of a policy.
#[track_caller]
fn directive<'policy>(policy: &'policy str, name: &str) -> &'policy str {
    let found = policy.split(';').map(str::trim).find_map(|one| one.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in {policy}"))
}

/// The nonce of a page's policy.
#[track_caller]
fn nonce_of(page: &Answer) -> String {
    let styles = directive(page.header("content-security-policy"), "style-src").to_owned();
    let nonce = styles.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
    nonce.unwrap_or_else(|| panic!("no nonce in {styles}")).to_owned()
}

#[tokio::test]
async fn the_page_is_asked_for_each_time_and_runs_nothing_foreign() {
    let test = TestApp::start_empty();
    let mut nonces = BTreeSet::new();
    for path in ["/", "/index.html", "/inbox", "/"] {
        let page = test.get_anonymous(path).await.expect(200);
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("etag"), "", "a page with a nonce is never the same");
        let policy = page.header("content-security-policy");
        assert!(!policy.contains("unsafe-"), "{policy}");
        assert!(!policy.contains('*') && !policy.contains("http:") && !policy.contains("https:"), "{policy}");
        assert_eq!(directive(policy, "default-src"), "'none'");
        assert_eq!(directive(policy, "script-src"), "'self'");
        assert_eq!(directive(policy, "base-uri"), "'none'");
        assert_eq!(directive(policy, "frame-ancestors"), "'none'");
        let nonce = nonce_of(&page);
        assert!(nonce.len() >= 22, "{nonce}");
        assert!(page.text.contains(&nonce), "the page does not know its nonce");
        assert!(!page.text.contains("__CSP_NONCE__"), "the place of the nonce was not filled");
        assert!(!page.text.contains("<script>"), "the policy would stop an inline script");
        assert!(nonces.insert(nonce), "a nonce was used twice");
    }
}

#[tokio::test]
async fn files_with_a_fingerprint_are_kept_for_ever() {
    let test = TestApp::start_empty();
    let page = test.get_anonymous("/").await.expect(200);
    let files = files_of(&page.text);
    assert!(files.iter().any(|path| path.ends_with(".js")), "the page loads no script: {}", page.text);
    assert!(files.iter().any(|path| path.ends_with(".css")), "the page loads no style: {}", page.text);
    let mut tags = BTreeSet::new();
    for path in &files {
        let file = test.get_anonymous(path).await.expect(200);
        assert_eq!(file.header("cache-control"), FOR_EVER, "{path}");
        let kind = file.header("content-type");
        assert!(!kind.contains("text/html"), "{path} is a page: {kind}");
        if path.ends_with(".js") {
            assert_eq!(kind, "text/javascript", "{path}");
        }
        let tag = file.header("etag").to_owned();
        assert!(tag.len() > 20 && tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        tags.insert(tag.clone());
        let ask = |tag: String| {
            let headers = vec![("if-none-match", tag)];
            test.send(Method::GET, path, Request { headers, ..Request::default() })
        };
        let known = ask(tag.clone()).await.expect(304);
        assert_eq!((known.text.as_str(), known.header("etag")), ("", tag.as_str()), "{path}");
        assert_eq!(known.header("cache-control"), FOR_EVER, "{path}");
        let changed = ask("\"another\"".to_owned()).await.expect(200);
        assert_eq!(changed.text, file.text, "{path}");
    }
    assert_eq!(tags.len(), files.len(), "each file has a tag of its own");
}

#[tokio::test]
async fn files_are_sent_compressed() {
    let test = TestApp::start_empty();
    let page = test.get_anonymous("/").await.expect(200);
    let script = files_of(&page.text).into_iter().find(|path| path.ends_with(".js")).expect("the page loads a script");
    let plain = test.get_anonymous(&script).await.expect(200);
    for encoding in ["br", "gzip"] {
        let request = test.client.get(test.url(&script)).header("accept-encoding", encoding);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers().get("content-encoding").unwrap(), encoding);
        let length = response.bytes().await.unwrap().len();
        assert!(length < plain.text.len(), "{encoding}: {length} of {}", plain.text.len());
    }
}

#[tokio::test]
async fn a_deep_link_is_the_page() {
    let test = TestApp::start_empty();
    let strip = |page: &Answer| page.text.replace(&nonce_of(page), "");
    let page = test.get_anonymous("/").await.expect(200);
    let links = [
        "/inbox/018f3c1e-0000-7000-8000-000000000000",
        "/campaigns",
        "/settings/connections?tab=1",
        "/sign-in/link",
        "/search?q=a.b",
    ];
    for link in links {
        let answer = test.get_anonymous(link).await.expect(200);
        assert_eq!(strip(&answer), strip(&page), "{link}");
    }
    let head = test.send(Method::HEAD, "/inbox", Request::default()).await.expect(200);
    assert_eq!(head.text, "");
}

#[tokio::test]
async fn what_is_not_there_is_not_the_page() {
    let test = TestApp::start_empty();
    let paths = [
        "/missing.js",
        "/favicon.png",
        "/assets/index-00000000.js",
        "/assets/missing",
        "/inbox/picture.svg",
        "/.env",
        "/../Cargo.toml",
        "/assets/../index.html.map",
        "/%2e%2e/%2e%2e/etc/passwd.txt",
        "/api/unknown",
        "/api/v1/unknown",
        "/api/v1/conversations/1/2/3",
        "/api/",
        "/ws/unknown",
        "/webhooks/unknown",
        "/auth/unknown",
        "/docs/missing.js",
        "/openapi.yaml",
        "//index.html",
        "///index.html",
        "//api/unknown",
        "/inbox//index.html",
        "/inbox//",
    ];
    for path in paths {
        let answer = test.get_anonymous(path).await;
        assert!(answer.header("content-type").starts_with("application/json"), "{path}");
        answer.expect_refusal(404, "no_such_route");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = test.send(method, "/inbox", Request { body: Some(json!({})), ..Request::default() }).await;
        answer.expect_refusal(404, "no_such_route");
    }
}

#[tokio::test]
async fn a_wrong_method_says_so() {
    let test = TestApp::start_empty();
    let cases = [
        (Method::DELETE, "/api/v1/conversations"),
        (Method::GET, "/api/v1/auth/login"),
        (Method::POST, "/health"),
        (Method::GET, "/webhooks/instantly/webhook"),
        (Method::PUT, "/api/v1/connections/x"),
        (Method::POST, "/openapi.json"),
    ];
    for (method, path) in cases {
        let answer = test.send(method, path, Request::default()).await;
        assert!(!answer.header("allow").is_empty(), "{path} does not say which methods it has");
        answer.expect_refusal(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn every_kind_of_answer_carries_the_security_headers() {
    let test = TestApp::start_empty();
    let page = test.get_anonymous("/").await.expect(200);
    let file = files_of(&page.text).into_iter().next().expect("the page names a file");
    let cases = [
        ("/", 200),
        ("/inbox/1", 200),
        (file.as_str(), 200),
        ("/health", 200),
        ("/openapi.json", 200),
        ("/docs/index.html", 200),
        ("/docs", 308),
        ("/api/v1/setup", 200),
        ("/api/v1/conversations", 401),
        ("/api/v1/conversations/1", 401),
        ("/api/unknown", 404),
        ("/missing.js", 404),
        ("/api/v1/auth/login", 405),
    ];
    let mut request_ids = BTreeSet::new();
    for (path, status) in cases {
        let answer = test.get_anonymous(path).await.expect(status);
        let fixed = [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ];
        for (name, value) in fixed {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert_eq!(directive(answer.header("content-security-policy"), "default-src"), "'none'", "{path}");
        assert_eq!(directive(answer.header("content-security-policy"), "frame-ancestors"), "'none'", "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
        if path.starts_with("/api/") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
        assert_eq!(answer.header("server"), "", "{path} tells what it runs on");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path} is for our own page only");
        assert!(request_ids.insert(answer.header("x-request-id").to_owned()), "{path}: a request id was used twice");
    }
    assert!(request_ids.iter().all(|id| id.len() == 32), "{request_ids:?}");
}

#[tokio::test]
async fn the_documentation_page_loads_its_own_scripts() {
    let test = TestApp::start_empty();
    let redirect = test.get_anonymous("/docs").await.expect(308);
    assert_eq!(redirect.header("location"), "/docs/index.html");
    let page = test.get_anonymous("/docs/index.html").await.expect(200);
    let policy = page.header("content-security-policy");
    assert_eq!(directive(policy, "script-src"), "'self'");
    assert_eq!(directive(policy, "connect-src"), "'self'");
    assert!(!policy.contains("unsafe-"), "{policy}");
    assert!(!page.text.contains(" style=") && !page.text.contains("<style"), "the policy would stop it: {}", page.text);
    let scripts: Vec<&str> =
        page.text.split("<script").skip(1).filter_map(|rest| rest.split("src=\"").nth(1)?.split('"').next()).collect();
    assert!(scripts.len() >= 2, "{}", page.text);
    for script in scripts {
        assert!(!script.contains("//"), "{script} comes from elsewhere");
        let path = format!("/docs/{}", script.trim_start_matches("./"));
        let file = test.get_anonymous(&path).await.expect(200);
        assert!(file.header("content-type").contains("javascript"), "{path}: {}", file.header("content-type"));
        assert!(file.text.len() > 50, "{path} is empty");
    }
    let inline = page.text.split("<script").skip(1).filter(|rest| !rest.split('>').next().unwrap().contains("src="));
    assert_eq!(inline.count(), 0, "the policy would stop an inline script");
    let start = test.get_anonymous("/docs/swagger-initializer.js").await.expect(200);
    assert!(start.text.contains("/openapi.json"), "the page does not show our document: {}", start.text);
}
