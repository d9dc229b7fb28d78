//! Access tokens as an attacker would make them, in the manner of Wycheproof: each case says what is wrong with it. All are
//! refused by the signer and by the running program, most of them although they are signed with the right key.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use reqwest::Method;
use salesbrain::account::token::Signer;
use salesbrain::id::SessionId;
use salesbrain::secret::Keyring;
use serde_json::{Value, json};

use crate::live::{self, Knock};
use crate::support::{Request, START_MS, TestApp};

/// The purpose the key is derived for; an attacker who knows it still lacks the master key.
const PURPOSE: &str = "salesbrain 2026 access token";
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;
/// The letters of base64 for addresses, in the order of what they stand for.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Signs whatever is given, with any algorithm of the HMAC family.
fn sign(header: &str, payload: &str, (key, algorithm): (&[u8], Algorithm)) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), algorithm).unwrap();
    format!("{message}.{signature}")
}

/// Makes tokens with the program's own key.
struct Forge {
    key: Vec<u8>,
    session_id: SessionId,
    now_s: i64,
}

impl Forge {
    fn of(test: &TestApp) -> Self {
        let id = test.operator.token.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(id).unwrap()).unwrap();
        let session_id = claims["sid"].as_str().unwrap().parse().unwrap();
        Self { key: test.app.keyring.derive(PURPOSE).to_vec(), session_id, now_s: START_MS / 1_000 }
    }

    /// The claims of a good token.
    fn claims(&self) -> Value {
        json!({
            "iss": "salesbrain", "aud": "access", "sid": self.session_id,
            "iat": self.now_s, "nbf": self.now_s, "exp": self.now_s + 900,
        })
    }

    fn with_header(&self, header: &str) -> String {
        sign(header, &self.claims().to_string(), (&self.key, Algorithm::HS256))
    }

    fn with_payload(&self, payload: &str) -> String {
        sign(HEADER, payload, (&self.key, Algorithm::HS256))
    }

    /// A good token with some claims laid over; `null` takes a claim away.
    fn with_claims(&self, differences: &Value) -> String {
        let mut claims = self.claims();
        for (name, value) in differences.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        self.with_payload(&claims.to_string())
    }

    fn good(&self) -> String {
        self.with_payload(&self.claims().to_string())
    }
}

/// Headers that name another algorithm, another key, or something to be understood; signed with the right key as HS256.
fn foreign_headers() -> Vec<String> {
    let mut headers = Vec::new();
    for algorithm in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS384",
        "HS512",
        "RS256",
        "RS384",
        "RS512",
        "ES256",
        "ES384",
        "PS256",
        "EdDSA",
        "hs256",
        "HS256 ",
        "HS256\u{0}",
        "dir",
        "A128KW",
    ] {
        headers.push(json!({ "typ": "JWT", "alg": algorithm }).to_string());
    }
    let key = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode([0_u8; 32]) });
    for (name, value) in [
        ("kid", json!("../../../dev/null")),
        ("kid", json!("' UNION SELECT 'AA")),
        ("jku", json!("https://evil.example/keys.json")),
        ("jwk", key),
        ("x5u", json!("https://evil.example/chain.pem")),
        ("x5c", json!(["AAAA"])),
        ("x5t", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ] {
        headers.push(json!({ "typ": "JWT", "alg": "HS256", name: value }).to_string());
    }
    let whole = [
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"typ":"JWE","alg":"HS256"}"#,
        r#"{"typ":"JWT","alg":"none","alg":"HS256"}"#,
        r#"{"typ":"JWT","alg":"HS256","alg":"none"}"#,
        r#"{"typ":"JWT","alg":["HS256"]}"#,
        r#"{"typ":"JWT","alg":null}"#,
        r#" {"typ":"JWT","alg":"HS256"}"#,
        r#"{"typ":"JWT"}"#,
        "{}",
        "[]",
        "null",
        "",
        "{",
    ];
    headers.extend(whole.map(str::to_owned));
    headers
}

/// Payloads signed with the right key that say something else than a token of ours does.
fn foreign_payloads(forge: &Forge) -> Vec<(String, String)> {
    let now_s = forge.now_s;
    let differences = [
        ("ended", json!({ "exp": now_s })),
        ("ended long ago", json!({ "exp": 1 })),
        ("never ends", json!({ "exp": null })),
        ("issued in the future", json!({ "iat": now_s + 61 })),
        ("good from later on", json!({ "nbf": now_s + 61 })),
        ("no time of issue", json!({ "iat": null })),
        ("no start", json!({ "nbf": null })),
        ("no session", json!({ "sid": null })),
        ("no issuer", json!({ "iss": null })),
        ("another issuer", json!({ "iss": "evil.example" })),
        ("several issuers", json!({ "iss": ["salesbrain", "evil.example"] })),
        ("no audience", json!({ "aud": null })),
        ("another purpose", json!({ "aud": "refresh" })),
        ("several purposes", json!({ "aud": ["access", "refresh"] })),
        ("a claim of another program", json!({ "role": "owner" })),
        ("end as text", json!({ "exp": (now_s + 900).to_string() })),
        ("end as a fraction", json!({ "exp": 1.0e12 })),
        ("end beyond numbers", json!({ "exp": 1.0e300 })),
        ("end as a list", json!({ "exp": [now_s + 900] })),
        ("end as true", json!({ "exp": true })),
        ("start as text", json!({ "nbf": now_s.to_string() })),
        ("session as number", json!({ "sid": 7 })),
        ("session as text of another kind", json!({ "sid": "operator" })),
        ("session of nobody", json!({ "sid": "018f3c1e-0000-7000-8000-000000000000" })),
    ];
    let mut payloads: Vec<(String, String)> =
        differences.into_iter().map(|(name, difference)| (name.to_owned(), forge.with_claims(&difference))).collect();
    let text = forge.claims().to_string();
    let inside = text.strip_suffix('}').unwrap();
    for (name, payload) in [
        ("two ends", format!("{inside},\"exp\":{}}}", now_s + 9_000)),
        ("two sessions", format!("{inside},\"sid\":\"018f3c1e-0000-7000-8000-000000000000\"}}")),
        ("the same session twice", format!("{inside},\"sid\":\"{}\"}}", forge.session_id)),
        ("something after it", format!("{text}{{}}")),
        ("cut short", inside.to_owned()),
        ("a list", format!("[{text}]")),
        ("nothing", String::new()),
        ("null", "null".to_owned()),
    ] {
        payloads.push((name.to_owned(), forge.with_payload(&payload)));
    }
    payloads
}

/// A good token in other words: whatever is not exactly as we write it is refused.
fn malleable(good: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{good}") };
    let (but_one, _last) = good.split_at(good.len() - 1);
    let (half, _rest) = good.split_at(good.len() - 22);
    let mut cases = vec![
        ("no signature".to_owned(), format!("{header}.{payload}.")),
        ("no signature and no dot".to_owned(), format!("{header}.{payload}")),
        ("header alone".to_owned(), header.to_owned()),
        ("signature longer".to_owned(), format!("{good}A")),
        ("signature twice".to_owned(), format!("{good}{signature}")),
        ("signature shorter".to_owned(), but_one.to_owned()),
        ("signature half".to_owned(), half.to_owned()),
        ("a dot before".to_owned(), format!(".{good}")),
        ("a dot after".to_owned(), format!("{good}.")),
        ("a fourth part".to_owned(), format!("{good}.AAAA")),
        ("five parts, as encryption has".to_owned(), format!("{header}..{payload}..{signature}")),
        ("an empty payload".to_owned(), format!("{header}..{signature}")),
        ("padding after the signature".to_owned(), format!("{good}=")),
        ("padding after the payload".to_owned(), format!("{header}.{payload}==.{signature}")),
        ("a backslash and a letter".to_owned(), format!("{header}.{payload}\\n.{signature}")),
        ("percent signs".to_owned(), good.replace('.', "%2E")),
        ("zeros as signature".to_owned(), format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode([0_u8; 32]))),
    ];
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let padded = URL_SAFE.encode(&bytes);
    cases.push(("padded signature".to_owned(), format!("{header}.{payload}.{padded}")));
    let standard = STANDARD_NO_PAD.encode(&bytes);
    if standard != signature {
        cases.push(("the other alphabet".to_owned(), format!("{header}.{payload}.{standard}")));
    }
    // 32 bytes leave two bits of the last letter unused: three other letters would decode to the same signature.
    let last = signature.chars().last().unwrap();
    let place = ALPHABET.find(last).unwrap();
    for other in place + 1..place + 4 {
        let other = ALPHABET.chars().nth(other).unwrap();
        cases.push((format!("last letter {other} for {last}"), format!("{but_one}{other}")));
    }
    // One letter changed, anywhere.
    for place in (0..good.len()).filter(|place| good.as_bytes()[*place] != b'.') {
        let mut changed = good.as_bytes().to_vec();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        cases.push((format!("letter {place} changed"), String::from_utf8(changed).unwrap()));
    }
    cases
}

/// Good claims under another key or another algorithm.
fn foreign_keys(forge: &Forge) -> Vec<(String, String)> {
    let claims = forge.claims().to_string();
    let mut cases = Vec::new();
    let digits: Vec<String> = forge.key.iter().map(|byte| format!("{byte:02x}")).collect();
    for (name, key) in [
        ("an empty key", Vec::new()),
        ("zeros", vec![0; 32]),
        ("the word secret", b"secret".to_vec()),
        ("the key as hexadecimal", digits.concat().into_bytes()),
        ("half of the key", forge.key[..16].to_vec()),
        ("the purpose as key", PURPOSE.as_bytes().to_vec()),
    ] {
        cases.push((name.to_owned(), sign(HEADER, &claims, (&key, Algorithm::HS256))));
    }
    for (name, algorithm) in [("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
        let header = json!({ "typ": "JWT", "alg": name }).to_string();
        cases.push((format!("{name} with the right key"), sign(&header, &claims, (&forge.key, algorithm))));
        cases.push((format!("{name} said to be HS256"), sign(HEADER, &claims, (&forge.key, algorithm))));
    }
    cases
}

fn all_cases(forge: &Forge) -> Vec<(String, String)> {
    let mut cases = Vec::new();
    let claims = URL_SAFE_NO_PAD.encode(forge.claims().to_string());
    for header in foreign_headers() {
        cases.push((format!("header {header}, signed"), forge.with_header(&header)));
        cases.push((format!("header {header}, unsigned"), format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(&header))));
    }
    cases.extend(foreign_payloads(forge));
    cases.extend(malleable(&forge.good()));
    cases.extend(foreign_keys(forge));
    for (name, token) in [("nothing", ""), ("a dot", "."), ("two dots", ".."), ("three dots", "...")] {
        cases.push((name.to_owned(), token.to_owned()));
    }
    cases.push(("dots only".to_owned(), ".".repeat(5_000)));
    cases
}

#[tokio::test]
async fn the_program_takes_its_own_tokens_and_no_other() {
    let test = TestApp::start().await;
    let forge = Forge::of(&test);
    let ask = async |token: &str| {
        let request = Request { token: Some(token), ..Request::default() };
        test.send(Method::GET, "/api/v1/auth/me", request).await
    };
    ask(&test.operator.token).await.expect(200);
    assert_eq!(forge.good(), test.operator.token, "the forge makes what the program makes");
    let cases = all_cases(&forge);
    assert!(cases.len() > 300, "only {} cases", cases.len());
    let mut taken = Vec::new();
    for (name, token) in &cases {
        let status = ask(token).await.status;
        if status != 401 {
            taken.push(format!("{name}: {status}"));
        }
    }
    assert!(taken.is_empty(), "{}", taken.join("\n"));
}

#[tokio::test]
async fn a_feed_takes_no_other_token_either() {
    let test = TestApp::start().await;
    let forge = Forge::of(&test);
    let claims = URL_SAFE_NO_PAD.encode(forge.claims().to_string());
    for token in [
        format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#)),
        forge.with_claims(&json!({ "exp": forge.now_s })),
        forge.with_claims(&json!({ "aud": "refresh" })),
    ] {
        match live::knock(&test, "/api/v1/live", Some(&token)).await {
            Knock::Refused(401) => {}
            _ => panic!("{token} opened the feed"),
        }
    }
}

#[test]
fn the_signer_alone_refuses_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(&folder.path().join("secret.key")).unwrap();
    let signer = Signer::new(&keyring, 900);
    let session_id = SessionId::from_uuid(uuid::Uuid::from_u128(7));
    let forge = Forge { key: keyring.derive(PURPOSE).to_vec(), session_id, now_s: START_MS / 1_000 };
    assert_eq!(signer.check(&forge.good(), START_MS), Some(session_id));
    for (name, token) in all_cases(&forge) {
        let found = signer.check(&token, START_MS);
        // Who the session is decides the program; the signer only says that the name was not changed.
        let is_named = name.starts_with("session of nobody");
        assert!(found.is_none() || (is_named && found != Some(session_id)), "{name}");
    }
}

#[test]
fn clocks_may_differ_by_a_minute_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::new(&Keyring::open(&folder.path().join("secret.key")).unwrap(), 900);
    let id = SessionId::from_uuid(uuid::Uuid::from_u128(7));
    let (token, ends_at_ms) = signer.sign(id, START_MS).unwrap();
    assert_eq!(signer.check(&token, START_MS - 60_000), Some(id), "a minute ahead of us");
    assert_eq!(signer.check(&token, START_MS - 61_000), None, "further ahead");
    assert_eq!(signer.check(&token, ends_at_ms - 1), Some(id));
    assert_eq!(signer.check(&token, ends_at_ms), None, "no leeway at the end");
}

/// What is too long is refused before anything decodes it: a token of a megabyte costs what one of a kilobyte does.
#[tokio::test]
async fn oversized_tokens_are_refused_unread() {
    let test = TestApp::start().await;
    let forge = Forge::of(&test);
    let long = forge.with_claims(&json!({ "iss": "x".repeat(1_000) }));
    assert!(long.len() > 1_024);
    assert_eq!(test.app.signer.check(&long, START_MS), None);
    let padded = forge.with_payload(&format!("{}{}", forge.claims(), " ".repeat(1_000)));
    assert_eq!(test.app.signer.check(&padded, START_MS), None, "right in everything but its length");
    for (bytes, statuses) in [(100_000, &[401][..]), (1_000_000, &[400, 431][..])] {
        let token = format!("{}{}", test.operator.token, "A".repeat(bytes));
        let answer = test.client.get(test.url("/api/v1/auth/me")).bearer_auth(&token).send().await;
        // The server may hang up on a header of this size before the client has sent it.
        if let Ok(answer) = answer {
            assert!(statuses.contains(&answer.status().as_u16()), "{bytes} bytes: {}", answer.status());
        } else {
            assert_eq!(bytes, 1_000_000, "a header of {bytes} bytes is answered");
        }
    }
    test.get("/api/v1/auth/me", &test.operator).await.expect(200);
}
