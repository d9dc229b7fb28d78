//! No secret leaves the program but to whom it belongs: the real program is given secrets in every place they have, right
//! and wrong ones, in the right place and in the wrong one, and none of them may be in its log (all of it, down to the
//! smallest step), in an answer of refusal, or in what anybody may read.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::command_line::{CREATE_ACCOUNT, Server, expect_json, program, run_with_input};
use crate::support::{folder, reply};

/// The owner's password and the token of the monitoring system.
const PASSWORD: &str = "planted-password-4711";
const METRICS_TOKEN: &str = "planted-metrics-token-4711";

/// What was planted, and every answer that must not hold it.
struct Scene {
    client: Client,
    address: String,
    secrets: Vec<String>,
    answers: Vec<(String, String)>,
}

impl Scene {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address))
    }

    /// Remembers a secret.
    fn plant(&mut self, secret: &str) -> String {
        assert!(secret.len() > 7, "{secret:?} would be found by chance");
        self.secrets.push(secret.to_owned());
        secret.to_owned()
    }

    /// Sends a request whose answer must hold no secret; answers its status.
    async fn send(&mut self, name: &str, request: RequestBuilder) -> u16 {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let headers = format!("{:?}", answer.headers());
        self.answers.push((format!("{name} ({status})"), format!("{headers}\n{}", answer.text().await.unwrap())));
        status
    }

    /// Sends a request whose answer is for whoever sent it.
    async fn send_as_owner(&self, request: RequestBuilder) -> (String, Value) {
        let answer = request.send().await.unwrap();
        let cookie = answer.headers().get("set-cookie").map_or("", |value| value.to_str().unwrap());
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{body}");
        (cookie, body["data"].clone())
    }

    fn check(&self, name: &str, text: &str) {
        for secret in &self.secrets {
            assert!(!text.contains(secret.as_str()), "{name} tells {secret}: {text}");
        }
    }
}

/// Signing in with right and wrong passwords, and with passwords where they do not belong.
async fn use_passwords(scene: &mut Scene) -> (String, String) {
    let login = "/api/v1/auth/login";
    let right = json!({ "email": "olga@acme.example", "password": PASSWORD });
    let (cookie, session) = scene.send_as_owner(scene.request(Method::POST, login).json(&right)).await;
    let access_token = scene.plant(session["access_token"].as_str().unwrap());
    scene.plant(access_token.rsplit('.').next().unwrap());
    scene.plant(cookie.split_once('=').unwrap().1);
    let wrong = scene.plant("planted-wrong-password");
    for (name, body) in [
        ("a wrong password", json!({ "email": "olga@acme.example", "password": wrong })),
        ("an unknown address", json!({ "email": "nobody@acme.example", "password": wrong })),
        ("a password as address", json!({ "email": wrong, "password": "x" })),
        ("a password in a list", json!({ "email": "olga@acme.example", "password": [wrong] })),
        ("a password in a map", json!({ "email": { "x": wrong }, "password": { "y": wrong } })),
        ("a password alone", json!(wrong)),
        ("a password as number", json!({ "email": "olga@acme.example", "password": 4_711_471_147_i64 })),
    ] {
        let request = scene.request(Method::POST, login).json(&body);
        assert!(scene.send(name, request).await >= 400, "{name}");
    }
    scene.plant("4711471147");
    let half = format!("{{\"email\":\"olga@acme.example\",\"password\":\"{wrong}");
    let request = scene.request(Method::POST, login).header("content-type", "application/json").body(half.clone());
    scene.send("half a body", request).await;
    let request = scene.request(Method::POST, login).header("content-type", "text/plain").body(half);
    scene.send("a body of another kind", request).await;
    let request = scene.request(Method::GET, &format!("{login}?email=olga@acme.example&password={wrong}"));
    scene.send("a password in the address", request).await;
    (access_token, cookie)
}

/// Tokens, keys and cookies, right and wrong.
async fn use_tokens(scene: &mut Scene, access_token: &str, cookie: &str) {
    let me = "/api/v1/auth/me";
    for (name, text) in [
        ("a wrong token", "planted-wrong-token"),
        ("a wrong key", "sbk_planted-wrong-key"),
        ("a token of three parts", "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.planted-claims.planted-signature"),
    ] {
        let secret = scene.plant(text);
        let request = scene.request(Method::GET, me).bearer_auth(&secret);
        assert_eq!(scene.send(name, request).await, 401);
        let request = scene.request(Method::GET, me).header("x-api-key", &secret);
        assert_eq!(scene.send(name, request).await, 401);
        let request =
            scene.request(Method::GET, &format!("/api/v1/conversations?access_token={secret}&cursor={secret}"));
        scene.send(name, request).await;
        let request = scene.request(Method::GET, &format!("/{secret}"));
        scene.send(name, request).await;
        let request = scene.request(Method::POST, "/api/v1/auth/link").json(&json!({ "token": secret }));
        assert_eq!(scene.send(name, request).await, 401);
        let cookie = format!("salesbrain_session={secret}");
        let request = scene.request(Method::POST, "/api/v1/auth/refresh").header("cookie", cookie);
        scene.send(name, request.header("x-requested-with", "test")).await;
    }
    // The right ones where they have no right, or make no sense.
    for path in
        ["/api/v1/contacts/x", "/api/v1/connections/x", "/api/v1/no-such-route", "/api/v1/conversations?limit=0"]
    {
        let request = scene.request(Method::GET, path).bearer_auth(access_token).header("cookie", cookie);
        assert!(scene.send(path, request).await >= 400, "{path}");
    }
    let request = scene.request(Method::GET, &format!("/api/v1/conversations?cursor={access_token}"));
    scene.send("a token as cursor", request.bearer_auth(access_token)).await;
    let request = scene.request(Method::POST, "/api/v1/auth/refresh").header("cookie", cookie);
    let (next, session) = scene.send_as_owner(request.header("x-requested-with", "test")).await;
    scene.plant(next.split_once('=').unwrap().1);
    scene.plant(session["access_token"].as_str().unwrap());
    // A feed, with the token in its first frame and in its header.
    let feed = format!("{}/api/v1/live", scene.address.replace("http://", "ws://"));
    for token in [access_token, "planted-token-of-a-feed"] {
        let (mut socket, _response) = tokio_tungstenite::connect_async(&feed).await.unwrap();
        let frame = json!({ "type": "authenticate", "access_token": token }).to_string();
        socket.send(Message::text(frame)).await.unwrap();
        let first = tokio::time::timeout(Duration::from_secs(20), socket.next()).await.unwrap().unwrap().unwrap();
        scene.answers.push(("a frame".to_owned(), first.to_string()));
        socket.close(None).await.ok();
    }
    scene.plant("planted-token-of-a-feed");
}

/// Webhook secrets, and the text of a message.
async fn use_webhooks(scene: &mut Scene, secret: &str) {
    let wrong = scene.plant("planted-wrong-webhook-secret");
    let text = scene.plant("planted-words-of-a-message");
    let event = reply(&json!({ "reply_text": text, "reply_html": format!("<p>{text}</p>"), "reply_subject": text }));
    for (name, secret, expected) in
        [("a webhook", secret, 200), ("a webhook again", secret, 200), ("a wrong one", &*wrong, 401)]
    {
        let path = format!("/webhooks/instantly/{secret}");
        let request = scene.request(Method::POST, &path).json(&event);
        assert_eq!(scene.send(name, request).await, expected, "{name}");
        let request = scene.request(Method::POST, "/webhooks/instantly/webhook").header("x-webhook-secret", secret);
        assert_eq!(scene.send(name, request.json(&event)).await, expected, "{name}");
        for body in [format!("{{\"reply_text\":\"{text}"), format!("[\"{text}\"]"), format!("\"{text}\""), text.clone()]
        {
            let request = scene.request(Method::POST, "/webhooks/instantly/webhook").header("x-webhook-secret", secret);
            scene.send(name, request.header("content-type", "application/json").body(body)).await;
        }
        let unknown =
            json!({ "event_type": "planted_event", "timestamp": text, "reply_text": text, "lead_email": [text] });
        let request = scene.request(Method::POST, &path).json(&unknown);
        scene.send(name, request).await;
    }
}

/// The six digits an authenticator shows now.
fn code_of(secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let now_s = u64::try_from(salesbrain::clock::Clock::System.now_ms() / 1_000).unwrap();
    totp_rs::Builder::new().with_secret(secret).build_noncompliant().generate(now_s).to_string()
}

/// An authenticator, recovery codes and an API key, in the right place and in wrong ones; answers the codes of six digits.
async fn use_codes_and_keys(scene: &mut Scene, access_token: &str) -> Vec<String> {
    let post = |scene: &Scene, path: &str, body: Value| {
        scene.request(Method::POST, path).bearer_auth(access_token).json(&body)
    };
    let begin = post(scene, "/api/v1/auth/totp", json!({ "password": PASSWORD }));
    let (_cookie, enrolment) = scene.send_as_owner(begin).await;
    let secret = scene.plant(enrolment["secret"].as_str().unwrap());
    let code = code_of(&secret);
    let confirm = post(scene, "/api/v1/auth/totp/verify", json!({ "code": code }));
    let (_cookie, made) = scene.send_as_owner(confirm).await;
    let mut recovery = Vec::new();
    for text in made["recovery_codes"].as_array().unwrap().iter().take(3) {
        recovery.push(scene.plant(text.as_str().unwrap()));
        scene.plant(&text.as_str().unwrap().replace('-', ""));
    }
    let new_key =
        json!({ "name": "Planted", "permissions": ["inbox.read", "api_keys.manage"], "code": recovery.remove(0) });
    let request = post(scene, "/api/v1/api-keys", new_key);
    let (_cookie, made) = scene.send_as_owner(request).await;
    let key = scene.plant(made["key"].as_str().unwrap());
    scene.plant(key.rsplit('_').next().unwrap());
    let path = format!("/api/v1/api-keys/{}/rotate", made["id"].as_str().unwrap());
    let request = post(scene, &path, json!({ "code": recovery.remove(0) }));
    let (_cookie, rotated) = scene.send_as_owner(request).await;
    let rotated = scene.plant(rotated["key"].as_str().unwrap());
    scene.plant(rotated.rsplit('_').next().unwrap());
    let login = json!({ "email": "olga@acme.example", "password": PASSWORD });
    for shown in [&code, &recovery[0]] {
        let request = scene.request(Method::POST, "/api/v1/auth/login").json(&login);
        let (_cookie, step) = scene.send_as_owner(request).await;
        let token = scene.plant(step["second_factor"]["token"].as_str().unwrap());
        let step = json!({ "token": token, "code": shown });
        // The authenticator's code was used at the enrolment, the recovery code works once.
        for _time in 0..2 {
            let request = scene.request(Method::POST, "/api/v1/auth/second-factor").json(&step);
            if *shown == code {
                assert_eq!(scene.send("a used code", request).await, 400);
            } else if request.try_clone().unwrap().send().await.unwrap().status() != 200 {
                assert_eq!(scene.send("a used recovery code", request).await, 401);
            }
        }
    }
    for value in [&code, &secret, &recovery[0], &key, &rotated] {
        for (path, body) in [
            ("/api/v1/auth/second-factor", json!({ "token": value, "code": value })),
            ("/api/v1/auth/second-factor", json!({ "token": [value], "code": { "x": value } })),
            ("/api/v1/auth/recovery-codes", json!({ "password": value })),
            ("/api/v1/auth/recovery-codes", json!({ "code": [value] })),
            ("/api/v1/auth/totp/verify", json!({ "code": value })),
            ("/api/v1/api-keys", json!({ "name": [value], "permissions": [value], "code": value })),
            ("/api/v1/api-keys", json!({ "name": "x", "permissions": ["inbox.read"], "password": value })),
        ] {
            let request = post(scene, path, body);
            assert!(scene.send(path, request).await >= 400, "{path}");
        }
        let path = format!("/api/v1/conversations?code={value}&api_key={value}&cursor={value}");
        let request = scene.request(Method::GET, &path).header("x-api-key", value);
        assert!(scene.send("in the address", request).await >= 400);
    }
    for path in ["/api/v1/contacts", "/api/v1/conversations/x", "/api/v1/no-such-route", "/api/v1/api-keys"] {
        for name in ["x-api-key", "authorization"] {
            let value = if name == "authorization" { format!("Bearer {rotated}") } else { rotated.clone() };
            let request = scene.request(Method::GET, path).header(name, value);
            scene.send(path, request).await;
        }
    }
    for path in ["/api/v1/auth/second-factor", "/api/v1/api-keys", "/api/v1/audit", "/api/v1/admin/audit"] {
        let request = scene.request(Method::GET, path).bearer_auth(access_token);
        assert_eq!(scene.send(path, request).await, 200, "{path}");
    }
    vec![code]
}

/// Six digits are found by chance in a time; those at the start of a line are left out, and they must stand alone.
fn holds_code(text: &str, code: &str) -> bool {
    text.lines().any(|line| {
        let line = line.split_once('Z').filter(|(time, _rest)| time.len() < 40).map_or(line, |(_time, rest)| rest);
        line.match_indices(code).any(|(at, _found)| {
            let is_digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
            !is_digit(line[..at].chars().next_back()) && !is_digit(line[at + code.len()..].chars().next())
        })
    })
}

/// Everything in the support bundle, as text.
fn support_bundle(folder: &std::path::Path) -> String {
    let path = folder.join("bundle.tar.zst");
    let output = program(folder, &["doctor", "--bundle", path.to_str().unwrap()]).output().unwrap();
    assert!(path.is_file(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = zstd::decode_all(std::fs::File::open(&path).unwrap()).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn no_secret_is_told_to_the_log_or_to_strangers() {
    let folder = folder();
    let folder = folder.path();
    expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    let create = ["connection", "create", "--organization", "Acme", "--provider", "instantly", "--json"];
    let connection = expect_json(&program(folder, &create).output().unwrap());
    let link =
        expect_json(&program(folder, &["account", "link", "--email", "olga@acme.example", "--json"]).output().unwrap());
    let mut command = program(folder, &["serve", "--listen", "127.0.0.1:0"]);
    command.env("SALESBRAIN_LOG_FILTER", "trace").env("SALESBRAIN_METRICS_TOKEN", METRICS_TOKEN);
    let server = Server::start(command);
    let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut scene = Scene { client, address: server.address.clone(), secrets: Vec::new(), answers: Vec::new() };
    scene.plant(PASSWORD);
    scene.plant(METRICS_TOKEN);
    let webhook_secret = scene.plant(connection["webhook_secret"].as_str().unwrap());
    let link = scene.plant(link["link"].as_str().unwrap().split('#').nth(1).unwrap());
    let key = std::fs::read_to_string(folder.join("data/secret.key")).unwrap();
    scene.plant(key.trim());
    let (access_token, cookie) = use_passwords(&mut scene).await;
    use_tokens(&mut scene, &access_token, &cookie).await;
    use_webhooks(&mut scene, &webhook_secret).await;
    let request = scene.request(Method::POST, "/api/v1/auth/link").json(&json!({ "token": link }));
    let (_cookie, session) = scene.send_as_owner(request).await;
    let access_token = scene.plant(session["access_token"].as_str().unwrap());
    let request = scene.request(Method::POST, "/api/v1/auth/link").json(&json!({ "token": link }));
    assert_eq!(scene.send("a link that was used", request).await, 401);
    let request = scene.request(Method::POST, "/api/v1/connections").bearer_auth(&access_token);
    let (_cookie, created) = scene.send_as_owner(request.json(&json!({ "provider": "instantly" }))).await;
    scene.plant(created["webhook_secret"].as_str().unwrap_or("planted-without-a-secret"));
    let request = scene.request(Method::GET, "/metrics").bearer_auth(METRICS_TOKEN);
    assert_eq!(scene.send("the figures", request).await, 200);
    for path in ["/health", "/openapi.json", "/api/v1/setup", "/docs/swagger-initializer.js", "/"] {
        let request = scene.request(Method::GET, path);
        assert_eq!(scene.send(path, request).await, 200);
    }
    for path in ["/api/v1/connections", "/api/v1/auth/me", "/api/v1/jobs", "/api/v1/status"] {
        let request = scene.request(Method::GET, path).bearer_auth(&access_token);
        assert_eq!(scene.send(path, request).await, 200);
    }
    let codes = use_codes_and_keys(&mut scene, &access_token).await;
    let request = scene.request(Method::GET, "/openapi.json");
    assert_eq!(scene.send("the document", request).await, 200);
    let log = server.end().join("\n");
    scene.answers.push(("the support bundle".to_owned(), support_bundle(folder)));
    assert!(log.lines().count() > 100 && log.contains("request answered"), "the log is not that of small steps: {log}");
    assert!(scene.secrets.len() > 15 && scene.answers.len() > 60, "{} answers", scene.answers.len());
    scene.check("the log", &log);
    for code in &codes {
        assert!(!holds_code(&log, code), "the log tells {code}");
        let told = scene.answers.iter().find(|(_name, text)| holds_code(text, code));
        assert!(told.is_none(), "{told:?} tells {code}");
    }
    for (name, text) in &scene.answers {
        scene.check(name, text);
    }
}

/// The examples of the document are made up, and nobody's.
#[test]
fn the_document_shows_no_secret() {
    let text = salesbrain::http::openapi::document_text().unwrap().to_lowercase();
    for secret in ["sbk_", "eyj", "$argon2", "bearer ey", "-----begin", "correct horse"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
