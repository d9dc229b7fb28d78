//! Webhooks as a provider posts them: whose they are, what is refused, what is kept.

use reqwest::Method;
use salesbrain::account::token::{random_secret, secret_hash};
use salesbrain::clock::Clock;
use salesbrain::id::ConnectionId;
use salesbrain::store::Error as StoreError;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Answer, Person, Request, START_MS, TestApp, numbered_reply, reply};

/// How long a look-up of a secret is trusted.
const TRUST_MS: i64 = 1_000;
const PATH: &str = "/webhooks/instantly/webhook";

/// How much an organization has: raw deliveries, events, conversations.
async fn count(test: &TestApp, person: &Person) -> (usize, usize, usize) {
    let rows = async |path: &str| test.get(path, person).await.expect(200).rows().len();
    let deliveries = rows("/api/v1/provider-events?limit=200").await;
    (deliveries, rows("/api/v1/events?limit=200").await, rows("/api/v1/conversations?limit=200").await)
}

async fn post_with(test: &TestApp, path: &str, headers: Vec<(&str, String)>, event: &Value) -> Answer {
    test.send(Method::POST, path, Request { headers, body: Some(event.clone()), ..Request::default() }).await
}

#[tokio::test]
async fn the_secret_is_accepted_in_each_of_its_places() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let by_header = test.post_webhook(&secret, &numbered_reply(1)).await.expect(200);
    assert_eq!(by_header.json(), json!({ "success": true, "message": "event stored" }));
    let bearer = vec![("authorization", format!("Bearer {secret}"))];
    post_with(&test, PATH, bearer, &numbered_reply(2)).await.expect(200);
    post_with(&test, &format!("/webhooks/instantly/{secret}"), vec![], &numbered_reply(3)).await.expect(200);
    assert_eq!(count(&test, &test.operator).await.0, 3);
    // A repetition is a success that changes nothing, on whichever way it comes.
    let before = count(&test, &test.operator).await;
    let again = test.post_webhook(&secret, &numbered_reply(3)).await.expect(200);
    assert_eq!(again.json(), json!({ "success": true, "message": "event was stored before" }));
    assert_eq!(count(&test, &test.operator).await, before);
    for answer in [by_header, again] {
        assert!(!answer.text.contains(&secret), "{}", answer.text);
    }
}

#[tokio::test]
async fn without_a_valid_secret_nothing_is_stored() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let event = reply(&json!({}));
    let wrong = [
        vec![],
        vec![("x-webhook-secret", String::new())],
        vec![("x-webhook-secret", "wrong".to_owned())],
        vec![("x-webhook-secret", secret.to_uppercase())],
        vec![("x-webhook-secret", format!("{secret}x"))],
        vec![("x-webhook-secret", "x".repeat(5_000))],
        vec![("authorization", secret.clone())],
        vec![("authorization", format!("Basic {secret}"))],
        vec![("authorization", format!("Bearer {}", test.operator.token))],
        vec![("cookie", test.operator.cookie())],
    ];
    for headers in wrong {
        let answer = post_with(&test, PATH, headers.clone(), &event).await;
        let body = answer.expect_refusal(401, "unauthenticated");
        assert!(!body.to_string().contains(&secret), "{headers:?}");
    }
    for token in ["wrong", "%00", &"x".repeat(300)] {
        let answer = post_with(&test, &format!("/webhooks/instantly/{token}"), vec![], &event).await;
        answer.expect_refusal(401, "unauthenticated");
    }
    // The secret in a query is not one of its places: it would stand in every log on the way.
    let answer = post_with(&test, &format!("{PATH}?secret={secret}"), vec![], &event).await;
    answer.expect_refusal(401, "unauthenticated");
    // A body of any kind is not even looked at.
    let answer = test.client.post(test.url(PATH)).body("no json").send().await.unwrap();
    Answer::read(answer).await.expect_refusal(401, "unauthenticated");
    assert_eq!(count(&test, &test.operator).await, (0, 0, 0));
    assert_eq!(test.get("/api/v1/unrouted-events", &test.operator).await.rows(), Vec::<Value>::new());
    test.post_webhook(&secret, &event).await.expect(200);
    assert_eq!(count(&test, &test.operator).await.0, 1, "the right one still works");
}

#[tokio::test]
async fn a_replaced_secret_and_a_deleted_connection_stop_working() {
    let test = TestApp::start().await;
    let created = test.post("/api/v1/connections", &test.operator, json!({ "provider": "instantly" })).await;
    let created = created.expect(200).data();
    let path = format!("/api/v1/connections/{}", created["id"].as_str().unwrap());
    let old = created["webhook_secret"].as_str().unwrap().to_owned();
    assert!(created["token_webhook_url"].as_str().unwrap().ends_with(&old));
    test.post_webhook(&old, &numbered_reply(1)).await.expect(200);
    let replaced = test.post(&format!("{path}/secret"), &test.operator, json!({})).await.expect(200).data();
    let new = replaced["webhook_secret"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    test.post_webhook(&old, &numbered_reply(2)).await.expect_refusal(401, "unauthenticated");
    test.post_webhook(&new, &numbered_reply(3)).await.expect(200);
    // The secret is shown once and never again.
    let shown = test.get(&path, &test.operator).await.expect(200);
    let listed = test.get("/api/v1/connections", &test.operator).await.expect(200);
    for answer in [&shown, &listed] {
        assert!(!answer.text.contains(&new) && !answer.text.contains("webhook_secret"), "{}", answer.text);
    }
    assert_eq!((&shown.data()["event_count"], &shown.data()["last_event_at_ms"]), (&json!(2), &json!(START_MS)));
    let delete = Request { token: Some(&test.operator.token), ..Request::default() };
    test.send(Method::DELETE, &path, delete).await.expect(200);
    test.post_webhook(&new, &numbered_reply(4)).await.expect_refusal(401, "unauthenticated");
    test.get(&path, &test.operator).await.expect_refusal(404, "not_found");
    assert_eq!(count(&test, &test.operator).await.0, 2, "what it brought stays, what came later is not there");
}

/// The command line changes the file behind the running program's back.
#[tokio::test]
async fn a_change_by_another_process_takes_effect_within_the_time_of_trust() {
    let test = TestApp::start().await;
    let (stored, old) = test.app.create_connection(Some(test.organization_id), "instantly", "").await.unwrap();
    test.post_webhook(&old, &numbered_reply(1)).await.expect(200);
    let new = random_secret();
    let (id, hash) = (stored.id, secret_hash(&new));
    let replace = move |tx: &salesbrain::store::Tx<'_>| -> Result<usize, StoreError> {
        Ok(tx.connection().execute("UPDATE connection SET secret_hash = ?2 WHERE id = ?1", (id, hash))?)
    };
    assert_eq!(test.app.control.write(replace).await.unwrap(), 1);
    test.post_webhook(&new, &numbered_reply(2)).await.expect(200);
    test.app.clock.advance_ms(TRUST_MS);
    test.post_webhook(&old, &numbered_reply(3)).await.expect_refusal(401, "unauthenticated");
    let delete = move |tx: &salesbrain::store::Tx<'_>| -> Result<usize, StoreError> {
        Ok(tx.connection().execute("DELETE FROM connection WHERE id = ?1", [id])?)
    };
    assert_eq!(test.app.control.write(delete).await.unwrap(), 1);
    test.app.clock.advance_ms(TRUST_MS);
    test.post_webhook(&new, &numbered_reply(4)).await.expect_refusal(401, "unauthenticated");
    assert_eq!(count(&test, &test.operator).await.0, 2);
}

#[tokio::test]
async fn the_content_type_does_not_matter_when_the_body_is_json() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let types = ["text/plain", "application/x-www-form-urlencoded", "application/vnd.api+json", "nonsense"];
    for (number, content_type) in types.into_iter().enumerate() {
        let request = test.client.post(test.url(PATH)).header("x-webhook-secret", &secret);
        let request = request.header("content-type", content_type).body(numbered_reply(number).to_string());
        Answer::read(request.send().await.unwrap()).await.expect(200);
    }
    let request = test.client.post(test.url(PATH)).header("x-webhook-secret", &secret);
    let with_mark = format!("\u{feff}{}", numbered_reply(99));
    Answer::read(request.body(with_mark).send().await.unwrap()).await.expect(200);
    assert_eq!(count(&test, &test.operator).await.0, types.len() + 1);
}

#[tokio::test]
async fn what_is_no_event_is_refused_and_not_kept() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let deep = format!("{{\"event_type\":\"reply_received\",\"x\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: [&[u8]; 11] = [
        b"",
        b"  ",
        b"no json",
        b"null",
        b"[]",
        b"\"reply_received\"",
        b"{}",
        b"{\"a\":1}",
        b"{\"event_type\":{\"a\":1}}",
        b"{\"event_type\":\"reply_received\",\"lead_email\":\"\xff\xfe\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let request = test.client.post(test.url(PATH)).header("x-webhook-secret", &secret).body(body.to_vec());
        let answer = Answer::read(request.send().await.unwrap()).await;
        answer.expect_refusal(400, "bad_request");
    }
    let whole = reply(&json!({})).to_string();
    for length in [1, 10, whole.len() / 2, whole.len() - 1] {
        let part = whole.as_bytes()[..length].to_vec();
        let request = test.client.post(test.url(PATH)).header("x-webhook-secret", &secret).body(part);
        Answer::read(request.send().await.unwrap()).await.expect_refusal(400, "bad_request");
    }
    assert_eq!(count(&test, &test.operator).await, (0, 0, 0));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_not_kept() {
    const LIMIT_BYTES: usize = 4_096;
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.webhook_limit_bytes = LIMIT_BYTES).await;
    let secret = test.create_connection(test.organization_id).await;
    let empty_length = reply(&json!({ "reply_text": "" })).to_string().len();
    let fitting = reply(&json!({ "reply_text": "x".repeat(LIMIT_BYTES - empty_length) }));
    assert_eq!(fitting.to_string().len(), LIMIT_BYTES);
    let too_large = reply(&json!({ "reply_text": "x".repeat(LIMIT_BYTES - empty_length + 1) }));
    test.post_webhook(&secret, &too_large).await.expect_refusal(413, "payload_too_large");
    assert_eq!(count(&test, &test.operator).await, (0, 0, 0));
    test.post_webhook(&secret, &fitting).await.expect(200);
    // Without an announced length.
    let mut stream = tokio::net::TcpStream::connect(test.address).await.unwrap();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: x\r\nx-webhook-secret: {secret}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    let body = too_large.to_string();
    let message = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    stream.write_all(message.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(count(&test, &test.operator).await.0, 1);
}

#[tokio::test]
async fn an_event_nobody_knows_is_kept_and_marked() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let answer = test.post_webhook(&secret, &reply(&json!({ "event_type": "lead_teleported" }))).await.expect(200);
    assert_eq!(answer.json()["success"], json!(true));
    let unknown = test.get("/api/v1/provider-events?state=unknown", &test.operator).await.expect(200).rows();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0]["event_type"], "lead_teleported");
    assert!(unknown[0].get("payload").is_none(), "payloads are shown one by one: {}", unknown[0]);
    let path = format!("/api/v1/provider-events/{}", unknown[0]["id"].as_str().unwrap());
    let payload = test.get(&path, &test.operator).await.expect(200).data()["payload"].as_str().unwrap().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&payload).unwrap()["event_type"], "lead_teleported");
    let events = test.get("/api/v1/events", &test.operator).await.expect(200).rows();
    assert_eq!(
        events.iter().map(|event| event["kind"].as_str().unwrap()).collect::<Vec<_>>(),
        ["provider_event.unknown"]
    );
    assert_eq!(count(&test, &test.operator).await.2, 0, "no conversation came of it");
    assert_eq!(test.get("/api/v1/contacts", &test.operator).await.rows(), Vec::<Value>::new());
}

async fn unrouted(test: &TestApp) -> Vec<Value> {
    test.get("/api/v1/unrouted-events", &test.operator).await.expect(200).rows()
}

async fn create_webhook_route(test: &TestApp, connection_id: ConnectionId, campaign: &'static str, person: &Person) {
    let organization_id = person.organization_id;
    let insert = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute(
            "INSERT INTO webhook_route (connection_id, provider_campaign_id, organization_id, created_at_ms)
             VALUES (?1, ?2, ?3, ?4)",
            (connection_id, campaign, organization_id, tx.now_ms()),
        )?;
        Ok(())
    };
    test.app.control.write(insert).await.unwrap();
}

#[tokio::test]
async fn a_shared_connection_keeps_what_no_organization_claims() {
    let test = TestApp::start().await;
    let outsider = test.create_outsider().await;
    let (stored, secret) = test.app.create_connection(None, "instantly", "Shared").await.unwrap();
    let event = reply(&json!({ "campaign_id": "campaign-a" }));
    let answer = test.post_webhook(&secret, &event).await.expect(200);
    assert_eq!(answer.json()["success"], json!(true));
    let kept = unrouted(&test).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["connection_id"], json!(stored.id.to_string()));
    assert_eq!(
        (&kept[0]["event_type"], &kept[0]["provider_campaign_id"]),
        (&json!("reply_received"), &json!("campaign-a"))
    );
    assert!(!kept[0].to_string().contains("Lena"), "the list holds no personal data: {}", kept[0]);
    // A repetition is a success and is not doubled.
    test.post_webhook(&secret, &event).await.expect(200);
    assert_eq!(unrouted(&test).await, kept);
    // An event without a campaign belongs to nobody either.
    let mut without = numbered_reply(2);
    without.as_object_mut().unwrap().remove("campaign_id");
    test.post_webhook(&secret, &without).await.expect(200);
    assert_eq!(unrouted(&test).await.len(), 2);
    for person in [&test.operator, &outsider] {
        assert_eq!(count(&test, person).await, (0, 0, 0), "no organization got it");
        let connections = test.get("/api/v1/connections", person).await.expect(200).rows();
        assert_eq!(connections, Vec::<Value>::new(), "a shared connection is no organization's own");
    }
    test.get("/api/v1/unrouted-events", &outsider).await.expect_refusal(403, "forbidden");
}

#[tokio::test]
async fn a_shared_connection_delivers_what_an_organization_claims() {
    let test = TestApp::start().await;
    let outsider = test.create_outsider().await;
    let (stored, secret) = test.app.create_connection(None, "instantly", "Shared").await.unwrap();
    create_webhook_route(&test, stored.id, "campaign-a", &test.operator).await;
    create_webhook_route(&test, stored.id, "campaign-b", &outsider).await;
    for (number, campaign) in [(1, "campaign-a"), (2, "campaign-b"), (3, "campaign-c")] {
        let mut event = numbered_reply(number);
        event["campaign_id"] = json!(campaign);
        test.post_webhook(&secret, &event).await.expect(200);
        test.post_webhook(&secret, &event).await.expect(200);
    }
    for (person, own, foreign) in [(&test.operator, "person1@", "person2@"), (&outsider, "person2@", "person1@")] {
        let (deliveries, _events, conversations) = count(&test, person).await;
        assert_eq!((deliveries, conversations), (1, 1));
        let text = test.get("/api/v1/conversations", person).await.expect(200).text;
        assert!(text.contains(own) && !text.contains(foreign) && !text.contains("person3@"), "{text}");
    }
    let kept = unrouted(&test).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["provider_campaign_id"], "campaign-c");
}

/// A route of one shared connection says nothing about another one's campaign of the same id.
#[tokio::test]
async fn a_route_belongs_to_its_connection() {
    let test = TestApp::start().await;
    let (routed, _secret) = test.app.create_connection(None, "instantly", "A").await.unwrap();
    let (_other, secret) = test.app.create_connection(None, "instantly", "B").await.unwrap();
    create_webhook_route(&test, routed.id, "campaign-a", &test.operator).await;
    test.post_webhook(&secret, &reply(&json!({ "campaign_id": "campaign-a" }))).await.expect(200);
    assert_eq!(unrouted(&test).await.len(), 1);
    assert_eq!(count(&test, &test.operator).await, (0, 0, 0));
}

#[tokio::test]
async fn connections_say_what_is_wrong_with_them() {
    let test = TestApp::start().await;
    let create = |body: Value| test.post("/api/v1/connections", &test.operator, body);
    let refusal = create(json!({ "provider": "nobody" })).await.expect_refusal(400, "invalid_field");
    assert_eq!(refusal["field"], "provider");
    create(json!({ "provider": "instantly", "organization_id": "x" })).await.expect(400);
    create(json!({})).await.expect(400);
    assert_eq!(test.get("/api/v1/connections", &test.operator).await.rows(), Vec::<Value>::new());
    let health = test.get("/api/instantly/health", &test.operator).await.expect(200).data();
    assert_eq!(health["status"], "not_connected");
    let secret = create(json!({ "provider": "instantly", "name": "North" })).await.expect(200).data();
    let secret = secret["webhook_secret"].as_str().unwrap().to_owned();
    let status = async || test.get("/api/instantly/health", &test.operator).await.expect(200).data()["status"].clone();
    assert_eq!(status().await, "waiting");
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    assert_eq!(status().await, "ok");
}

/// Sends a request whose body comes in two parts and reads its answer's head.
async fn send_in_parts(stream: &mut tokio::net::TcpStream, head: &str, body: &[u8]) -> String {
    let (first, rest) = body.split_at(body.len() / 2);
    let head = format!("{head}host: x\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(first).await.unwrap();
    stream.write_all(rest).await.expect("the server still reads");
    let mut answer = Vec::new();
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "closed without an answer");
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().trim().parse().unwrap();
    let mut rest = text.len() - text.find("\r\n\r\n").unwrap() - 4;
    while rest < length {
        rest += stream.read_buf(&mut answer).await.unwrap();
    }
    text
}

#[tokio::test]
async fn a_refusal_reaches_who_is_still_sending() {
    let test = TestApp::start().await;
    let mut stream = tokio::net::TcpStream::connect(test.address).await.unwrap();
    let body = vec![b'x'; 6 * 1_024 * 1_024];
    // On one connection: it survives each refusal.
    for (head, status) in [
        (format!("POST {PATH} HTTP/1.1\r\nx-webhook-secret: wrong\r\n"), 401),
        ("POST /api/v1/auth/login HTTP/1.1\r\ncontent-type: text/plain\r\n".to_owned(), 415),
        ("POST /api/v1/auth/login HTTP/1.1\r\ncontent-type: application/json\r\n".to_owned(), 413),
        ("PUT /api/v1/auth/me HTTP/1.1\r\n".to_owned(), 401),
        ("DELETE /api/v1/auth/me HTTP/1.1\r\n".to_owned(), 405),
    ] {
        let answer = send_in_parts(&mut stream, &head, &body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
    }
}

/// Listening everywhere does not say under which name; the one who asks has used one that works.
#[tokio::test]
async fn the_address_to_post_to_is_one_that_works() {
    let everywhere = |config: &mut salesbrain::config::Config| config.listen = "0.0.0.0:0".parse().unwrap();
    let test = TestApp::start_with(Clock::fixed(START_MS), everywhere).await;
    let create = async |test: &TestApp, headers: Vec<(&str, String)>| {
        let body = Some(json!({ "provider": "instantly" }));
        let request = Request { token: Some(&test.operator.token), headers, body };
        let connection = test.send(Method::POST, "/api/v1/connections", request).await.expect(200).data();
        let (url, by_token) = (connection["webhook_url"].as_str().unwrap(), connection["token_webhook_url"].as_str());
        let base = url.strip_suffix("/webhooks/instantly/webhook").unwrap().to_owned();
        assert!(by_token.unwrap().starts_with(&format!("{base}/webhooks/instantly/")), "{connection}");
        base
    };
    assert_eq!(create(&test, vec![]).await, format!("http://{}", test.address));
    let name = |host: &str| vec![("host", host.to_owned())];
    assert_eq!(create(&test, name("sales.lan:8001")).await, "http://sales.lan:8001");
    let mut behind_tls = name("sales.example.com");
    behind_tls.push(("x-forwarded-proto", "https".to_owned()));
    assert_eq!(create(&test, behind_tls).await, "https://sales.example.com");
    assert_eq!(create(&test, name("user@evil.example")).await, test.app.config.base_url(), "no name at all");
    for connection in test.get("/api/v1/connections", &test.operator).await.expect(200).rows() {
        assert_eq!(connection["webhook_url"], json!(test.url("/webhooks/instantly/webhook")));
    }
    // An address that is known does not depend on who asks.
    let test = TestApp::start().await;
    assert_eq!(create(&test, name("evil.example")).await, format!("http://{}", test.address));
    let public = |config: &mut salesbrain::config::Config| {
        config.listen = "0.0.0.0:0".parse().unwrap();
        config.public_url = "https://sales.example.com".to_owned();
    };
    let test = TestApp::start_with(Clock::fixed(START_MS), public).await;
    assert_eq!(create(&test, name("evil.example")).await, "https://sales.example.com");
}
