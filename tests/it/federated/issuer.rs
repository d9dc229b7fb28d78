//! An issuer of OpenID Connect on a port of its own that answers as the test says, right or wrong.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use openidconnect::core::CoreRsaPrivateSigningKey;
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::support::START_MS;

/// The issuer's key and another one, made anew in each run: a key in the repository would be found by every scanner.
static OURS: LazyLock<String> = LazyLock::new(make_key);
static STRANGERS: LazyLock<String> = LazyLock::new(make_key);
pub(super) const CLIENT_ID: &str = "salesbrain-test";
pub(super) const CLIENT_SECRET: &str = "a secret: with/odd&signs";

/// How the next token is signed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Signing {
    #[default]
    Right,
    /// With a key the issuer does not publish.
    Stranger,
    /// Not at all.
    None,
    /// With the public key as if it were a shared secret.
    PublicKeyAsSecret,
    /// With the client's secret: a key pair is asked for.
    ClientSecret,
}

/// What the next token says and how it is signed.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// Laid over the right claims; `null` takes one away.
    pub(super) claims: Value,
    pub(super) signing: Signing,
    /// What the userinfo endpoint says; nothing if it is empty.
    pub(super) user_info: Value,
    /// Laid over the right document.
    pub(super) document: Value,
}

#[derive(Debug, Default)]
struct Inner {
    script: Script,
    /// What a code was given for.
    codes: BTreeMap<String, BTreeMap<String, String>>,
    visits: usize,
}

/// The issuer.
#[derive(Clone)]
pub(super) struct Issuer {
    pub(super) url: String,
    inner: Arc<Mutex<Inner>>,
}

fn lay_over(mut whole: Value, differences: &Value) -> Value {
    for (name, value) in differences.as_object().into_iter().flatten() {
        if value.is_null() {
            whole.as_object_mut().unwrap().remove(name);
        } else {
            whole[name] = value.clone();
        }
    }
    whole
}

fn make_key() -> String {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap();
    key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string()
}

fn public_key() -> Value {
    let key = CoreRsaPrivateSigningKey::from_pem(&OURS, Some(JsonWebKeyId::new("key-1".to_owned()))).unwrap();
    serde_json::to_value(key.as_verification_key()).unwrap()
}

fn sign(claims: &Value, signing: Signing) -> String {
    let header = |algorithm| Header { kid: Some("key-1".to_owned()), ..Header::new(algorithm) };
    let encode = |header: &Header, key| jsonwebtoken::encode(header, claims, &key).unwrap();
    let shared = |secret: &[u8]| encode(&header(Algorithm::HS256), EncodingKey::from_secret(secret));
    match signing {
        Signing::Right => encode(&header(Algorithm::RS256), EncodingKey::from_rsa_pem(OURS.as_bytes()).unwrap()),
        Signing::Stranger => {
            encode(&header(Algorithm::RS256), EncodingKey::from_rsa_pem(STRANGERS.as_bytes()).unwrap())
        }
        Signing::None => {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
        }
        Signing::PublicKeyAsSecret => shared(&URL_SAFE_NO_PAD.decode(public_key()["n"].as_str().unwrap()).unwrap()),
        Signing::ClientSecret => shared(CLIENT_SECRET.as_bytes()),
    }
}

impl Issuer {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let issuer = Self { url: format!("http://{address}"), inner: Arc::default() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(show_document))
            .route("/keys", get(|| async { Json(json!({ "keys": [public_key()] })) }))
            .route("/token", post(issue))
            .route("/userinfo", get(show_user))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// Sets what comes next.
    pub(super) fn say(&self, script: Script) {
        self.inner.lock().unwrap().script = script;
    }

    /// How often the issuer was asked for its document.
    pub(super) fn visits(&self) -> usize {
        self.inner.lock().unwrap().visits
    }

    /// What its page does when the person agrees: a code and the state, for the way back.
    pub(super) fn agree(&self, url: &str) -> (String, String) {
        let url = Url::parse(url).unwrap();
        assert_eq!(format!("{}/authorize", self.url), url.as_str().split('?').next().unwrap());
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        for (name, value) in [("response_type", "code"), ("client_id", CLIENT_ID), ("code_challenge_method", "S256")] {
            assert_eq!(asked[name], value, "{name}");
        }
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"), "{asked:?}");
        let state = asked["state"].clone();
        let mut inner = self.inner.lock().unwrap();
        let code = format!("code-{}", inner.codes.len());
        inner.codes.insert(code.clone(), asked);
        (code, state)
    }

    /// The claims of a right token.
    fn claims(&self, asked: &BTreeMap<String, String>) -> Value {
        json!({
            "iss": self.url, "aud": CLIENT_ID, "sub": "person-1", "nonce": asked["nonce"],
            "iat": START_MS / 1_000, "exp": START_MS / 1_000 + 300,
            "email": "lena@acme.example", "email_verified": true,
        })
    }
}

async fn show_document(State(issuer): State<Issuer>) -> Json<Value> {
    let url = &issuer.url;
    let document = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"), "userinfo_endpoint": format!("{url}/userinfo"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        "scopes_supported": ["openid", "email", "profile"],
    });
    let mut inner = issuer.inner.lock().unwrap();
    inner.visits += 1;
    Json(lay_over(document, &inner.script.document))
}

async fn issue(
    State(issuer): State<Issuer>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let script = issuer.inner.lock().unwrap().script.clone();
    // A code is good once.
    let Some(asked) = issuer.inner.lock().unwrap().codes.remove(&form["code"]) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    };
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["redirect_uri"], asked["redirect_uri"]);
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])), asked["code_challenge"], "PKCE");
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET)));
    assert_eq!(headers["authorization"], format!("Basic {expected}"));
    let claims = lay_over(issuer.claims(&asked), &script.claims);
    let id_token = sign(&claims, script.signing);
    Json(json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": id_token }))
        .into_response()
}

async fn show_user(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    assert_eq!(headers["authorization"], "Bearer opaque");
    match issuer.inner.lock().unwrap().script.user_info.clone() {
        Value::Null => StatusCode::NOT_FOUND.into_response(),
        user_info => Json(user_info).into_response(),
    }
}
