//! Bodies that are too large or too slow, on every route that reads one.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use salesbrain::clock::Clock;
use salesbrain::http::openapi::document_text;
use salesbrain::http::router::routes;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Answer, LIMIT, START_MS, TestApp};

/// Far below the default, so that the tests need not wait.
const BODY_LIMIT_MS: u64 = 300;
const NOBODY: &str = "018f3c1e-0000-7000-8000-000000000000";

/// Method, path and content type of the routes that read a body, by the document.
fn routes_with_body() -> Vec<(Method, String, String)> {
    let document: Value = serde_json::from_str(&document_text().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Some(content) = operation["requestBody"]["content"].as_object() {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let kinds = content.keys().map(|kind| (method.clone(), path.clone(), kind.clone()));
                found.extend(kinds);
            }
        }
    }
    assert!(found.len() > 10, "only {found:?}");
    found
}

/// A path whose parameters nobody has; a webhook's is the secret.
fn filled(path: &str, secret: &str) -> String {
    let mut full = path.replace("{token}", secret);
    while let Some((before, rest)) = full.split_once('{') {
        full = format!("{before}{NOBODY}{}", rest.split_once('}').unwrap().1);
    }
    full
}

#[test]
fn every_route_that_takes_a_body_says_so() {
    let documented: BTreeSet<(String, String)> =
        routes_with_body().into_iter().map(|(method, path, _kind)| (method.to_string(), path)).collect();
    let webhooks: Vec<String> = routes()
        .table()
        .iter()
        .filter(|route| route.path.starts_with("/webhooks/"))
        .map(|route| route.path.to_owned())
        .collect();
    assert!(!webhooks.is_empty());
    for path in webhooks {
        assert!(documented.contains(&("POST".to_owned(), path.clone())), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_everywhere() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let huge = vec![b' '; 6 * 1_024 * 1_024];
    let mut wrong = Vec::new();
    for (method, path, kind) in routes_with_body() {
        let path = filled(&path, &secret);
        let kind = if kind.starts_with("multipart/") { format!("{kind}; boundary=x") } else { kind };
        // Said beforehand, and not said.
        for is_announced in [true, false] {
            let body = if is_announced {
                reqwest::Body::from(huge.clone())
            } else {
                let parts =
                    huge.chunks(64 * 1_024).map(|part| Ok::<_, std::io::Error>(part.to_vec())).collect::<Vec<_>>();
                reqwest::Body::wrap(http_body_util::StreamBody::new(futures_util::stream::iter(
                    parts.into_iter().map(|part| part.map(|part| http_body::Frame::data(bytes::Bytes::from(part)))),
                )))
            };
            let request = test.client.request(method.clone(), test.url(&path)).bearer_auth(&test.operator.token);
            let request = request.header("content-type", &kind).header("x-webhook-secret", &secret).body(body);
            let answer = Answer::read(request.send().await.unwrap()).await;
            let is_unknown = answer.status == 404 && path.contains(NOBODY);
            if answer.status != 413 && !is_unknown {
                wrong.push(format!("{method} {path} {kind}: {} {}", answer.status, answer.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn start() -> TestApp {
    TestApp::start_with(Clock::fixed(START_MS), |config| config.body_limit_ms = BODY_LIMIT_MS).await
}

/// Sends a request's head and the first bytes of its body, and then a byte now and then; answers what comes back.
async fn trickle(test: &TestApp, (method, path): (&str, &str), headers: &str, start: &str) -> (String, Duration) {
    let mut stream = TcpStream::connect(test.address).await.unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n\r\n{start}", test.address);
    let started = Instant::now();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let mut answer = Vec::new();
    let part: &[u8] = if headers.contains("chunked") { b"1\r\n \r\n" } else { b" " };
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let read = async {
        loop {
            tokio::select! {
                read = reader.read_buf(&mut answer) => if read.is_err() || matches!(read, Ok(0)) { break },
                _tick = tick.tick() => {
                    // It may have hung up by now, which the reader sees.
                    drop(writer.write_all(part).await);
                }
            }
        }
    };
    tokio::time::timeout(LIMIT, read).await.expect("the connection is closed in time");
    (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
}

#[tokio::test]
async fn a_body_that_trickles_in_is_given_up() {
    let test = start().await;
    let secret = test.create_connection(test.organization_id).await;
    let token = &test.operator.token;
    let json = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 100000");
    let chunked =
        format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked");
    let image = format!("authorization: Bearer {token}\r\ncontent-type: image/png\r\ncontent-length: 100000");
    let form = format!(
        "authorization: Bearer {token}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 100000"
    );
    let hook = format!("x-webhook-secret: {secret}\r\ncontent-type: application/json\r\ncontent-length: 100000");
    for (name, route, headers, start) in [
        ("JSON", ("PUT", "/api/v1/auth/me"), &json, "{\"theme\":"),
        ("JSON before anybody is known", ("POST", "/api/v1/auth/login"), &json, "{"),
        ("nothing of it", ("POST", "/api/v1/auth/login"), &json, ""),
        ("in chunks", ("PUT", "/api/v1/auth/me"), &chunked, "1\r\n{\r\n"),
        ("a picture", ("POST", "/api/v1/uploads/avatar"), &image, "\u{7f}PNG"),
        ("a form", ("POST", "/api/v1/uploads/avatar"), &form, "--x\r\n"),
        ("a webhook", ("POST", "/webhooks/instantly/webhook"), &hook, "{"),
    ] {
        let (answer, elapsed) = trickle(&test, route, headers, start).await;
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{name}: {answer}");
        assert!(elapsed >= Duration::from_millis(BODY_LIMIT_MS), "{name}: after {elapsed:?}");
    }
    // Nobody else waited for it.
    test.get("/api/v1/auth/me", &test.operator).await.expect(200);
}

#[tokio::test]
async fn a_client_that_waits_for_a_word_is_not_waited_for_longer() {
    let test = start().await;
    let headers = format!(
        "authorization: Bearer {}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 100000",
        test.operator.token
    );
    let (answer, _elapsed) = trickle(&test, ("PUT", "/api/v1/auth/me"), &headers, "").await;
    assert!(answer.contains("HTTP/1.1 408"), "{answer}");
}

/// A body in many parts within the limit is no slow body.
#[tokio::test]
async fn a_body_in_parts_is_read() {
    let test = start().await;
    let parts = ["{\"theme\"", ":", "\"dark\"", "}"]
        .map(|part| Ok::<_, std::io::Error>(http_body::Frame::data(bytes::Bytes::from(part))));
    let body = reqwest::Body::wrap(http_body_util::StreamBody::new(futures_util::stream::iter(parts)));
    let request = test.client.put(test.url("/api/v1/auth/me")).bearer_auth(&test.operator.token);
    let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
}
