//! Signing in at another service: an issuer of OpenID Connect that lies in every way, and Telegram's older sign-in.

mod issuer;

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use issuer::{CLIENT_ID, CLIENT_SECRET, Issuer, Script, Signing};
use reqwest::Method;
use salesbrain::account::invitation::mailed;
use salesbrain::account::permission::Role;
use salesbrain::account::token::secret_hash;
use salesbrain::clock::Clock;
use salesbrain::settings::{Registration, update_registration};
use salesbrain::store::Error as StoreError;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answer, PASSWORD, Person, Request, START_MS, TestApp};

const BOT_TOKEN: &str = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";

/// The program, and an issuer it may call.
struct World {
    test: TestApp,
    issuer: Issuer,
}

async fn start() -> World {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| {
        config.sign_in_attempts = 1_000;
    });
    let world = World { test: test.await, issuer: Issuer::start().await };
    world.put_provider("corp", json!({ "issuer": world.issuer.url })).await.expect(200);
    world
}

/// A browser: what it was sent away with.
struct Away {
    url: String,
    cookie: String,
}

impl World {
    async fn put_provider(&self, id: &str, differences: Value) -> Answer {
        let mut body =
            json!({ "kind": "oidc", "name": "Corp", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
        for (name, value) in differences.as_object().unwrap() {
            body[name] = value.clone();
        }
        let request = Request { token: Some(&self.test.operator.token), body: Some(body), ..Request::default() };
        self.test.send(Method::PUT, &format!("/api/v1/admin/providers/{id}"), request).await
    }

    async fn put_widget(&self) {
        let body =
            json!({ "kind": "telegram_widget", "name": "Telegram", "bot_name": "@acme_bot", "bot_token": BOT_TOKEN });
        let request = Request { token: Some(&self.test.operator.token), body: Some(body), ..Request::default() };
        self.test.send(Method::PUT, "/api/v1/admin/providers/chat", request).await.expect(200);
    }

    async fn set_registration(&self, registration: Registration) {
        let update = move |tx: &salesbrain::store::Tx<'_>| update_registration(tx, registration);
        self.test.app.control.write(update).await.unwrap();
    }

    async fn leave_to(&self, provider: &str, body: Value, person: Option<&Person>) -> Away {
        let token = person.map(|person| person.token.as_str());
        let request = Request { token, body: Some(body), ..Request::default() };
        let path = format!("/api/v1/auth/oauth/{provider}/start");
        let answer = self.test.send(Method::POST, &path, request).await.expect(200);
        let cookie = answer.header("set-cookie");
        assert!(cookie.contains("; HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Away { url: answer.data()["url"].as_str().unwrap().to_owned(), cookie }
    }

    async fn leave(&self) -> Away {
        self.leave_to("corp", json!({}), None).await
    }

    async fn come_back(&self, provider: &str, cookie: &str, body: Value, person: Option<&Person>) -> Answer {
        let token = person.map(|person| person.token.as_str());
        let headers = vec![("cookie", cookie.to_owned())];
        let request = Request { token, headers, body: Some(body) };
        self.test.send(Method::POST, &format!("/api/v1/auth/oauth/{provider}"), request).await
    }

    /// The whole way, with what the issuer says on it.
    async fn sign_in(&self, script: Script) -> Answer {
        self.sign_in_with(script, json!({}), None).await
    }

    async fn sign_in_with(&self, script: Script, start: Value, person: Option<&Person>) -> Answer {
        self.issuer.say(script);
        let away = self.leave_to("corp", start, person).await;
        let (code, state) = self.issuer.agree(&away.url);
        self.come_back("corp", &away.cookie, json!({ "code": code, "state": state }), person).await
    }

    async fn count(&self, table: &'static str) -> i64 {
        let count = move |connection: &rusqlite::Connection| -> Result<i64, StoreError> {
            Ok(connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
        };
        self.test.app.control.read(count).await.unwrap()
    }

    async fn actions(&self) -> Vec<String> {
        let list = |connection: &rusqlite::Connection| -> Result<Vec<String>, StoreError> {
            let mut statement = connection.prepare("SELECT action FROM audit ORDER BY sequence")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        self.test.app.control.read(list).await.unwrap()
    }
}

fn claims(claims: Value) -> Script {
    Script { claims, ..Script::default() }
}

/// The account the issuer's address belongs to.
async fn lena(world: &World) -> Person {
    let lena = world.test.create_member(Role::Member).await;
    let id = lena.account_id;
    let rename = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute("UPDATE account SET email = 'lena@acme.example' WHERE id = ?1", [id])?;
        Ok(())
    };
    world.test.app.control.write(rename).await.unwrap();
    lena
}

#[tokio::test]
async fn a_verified_address_links_once_and_the_subject_signs_in_from_then_on() {
    let world = start().await;
    let lena = lena(&world).await;
    let session = world.sign_in(Script::default()).await.expect(200);
    assert!(session.headers.get_all("set-cookie").iter().any(|cookie| cookie.to_str().unwrap().contains("_session=")));
    assert_eq!(session.data()["account"]["id"], json!(lena.account_id));
    // The address is somebody else's by now; the subject is what counts.
    let later = claims(json!({ "email": "operator@acme.example" }));
    assert_eq!(world.sign_in(later).await.expect(200).data()["account"]["id"], json!(lena.account_id));
    assert_eq!(world.count("identity").await, 1);
    assert!(world.actions().await.contains(&"identity.linked".to_owned()));
    let rows = world.test.get("/api/v1/auth/identities", &lena).await.expect(200).rows();
    assert_eq!((rows[0]["provider"].as_str(), rows[0]["last_used_at_ms"].as_i64()), (Some("corp"), Some(START_MS)));
}

#[tokio::test]
async fn what_the_issuer_did_not_rightly_say_is_refused() {
    let world = start().await;
    let _lena = lena(&world).await;
    let now_s = START_MS / 1_000;
    let signed = |signing| Script { signing, ..Script::default() };
    for (what, script) in [
        ("another nonce", claims(json!({ "nonce": "another" }))),
        ("no nonce", claims(json!({ "nonce": null }))),
        ("another audience", claims(json!({ "aud": "another" }))),
        ("one audience more", claims(json!({ "aud": [CLIENT_ID, "another"] }))),
        ("no audience", claims(json!({ "aud": null }))),
        ("another issuer", claims(json!({ "iss": "https://accounts.example.com" }))),
        ("ended", claims(json!({ "exp": now_s }))),
        ("no end", claims(json!({ "exp": null }))),
        ("a token issued with another access token", claims(json!({ "at_hash": "MTIzNDU2Nzg5MDEyMzQ1Ng" }))),
        ("signed by another key", signed(Signing::Stranger)),
        ("not signed", signed(Signing::None)),
        ("the public key as shared secret", signed(Signing::PublicKeyAsSecret)),
        ("the client's secret", signed(Signing::ClientSecret)),
    ] {
        let answer = world.sign_in(script).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        let body = answer.expect_refusal(401, "unauthenticated");
        assert!(!body.to_string().contains("nonce") && !body.to_string().contains("signature"), "{what}: {body}");
    }
    assert_eq!((world.count("identity").await, world.count("one_time_token").await), (0, 0));
    // The same way with nothing wrong, so that the refusals are not for another reason.
    world.sign_in(Script::default()).await.expect(200);
}

#[tokio::test]
async fn the_state_is_for_one_browser_one_use_one_provider_and_a_while() {
    let world = start().await;
    let _lena = lena(&world).await;
    world.put_provider("twin", json!({ "issuer": world.issuer.url })).await.expect(200);
    let go = async || {
        let away = world.leave().await;
        let (code, state) = world.issuer.agree(&away.url);
        (away.cookie, json!({ "code": code, "state": state }))
    };
    let refused = async |provider: &str, cookie: &str, body: Value| {
        world.come_back(provider, cookie, body, None).await.expect_refusal(401, "unauthenticated");
    };
    let (cookie, body) = go().await;
    world.come_back("corp", &cookie, body.clone(), None).await.expect(200);
    refused("corp", &cookie, body).await;
    let (cookie, body) = go().await;
    let (other_cookie, _other) = go().await;
    refused("corp", &other_cookie, body.clone()).await;
    refused("corp", &cookie, body).await;
    let (_cookie, body) = go().await;
    refused("corp", "", body).await;
    let (cookie, body) = go().await;
    refused("twin", &cookie, body).await;
    let (cookie, body) = go().await;
    refused("corp", &cookie, json!({ "code": body["code"], "state": "made up" })).await;
    refused("corp", &cookie, json!({ "code": body["code"] })).await;
    let (cookie, body) = go().await;
    world.test.app.clock.advance_ms(10 * 60 * 1_000);
    refused("corp", &cookie, body).await;
    world.come_back("nobody", &cookie, json!({}), None).await.expect_refusal(404, "not_found");
}

#[tokio::test]
async fn an_address_that_is_not_verified_is_nobodys() {
    let world = start().await;
    let _lena = lena(&world).await;
    world.set_registration(Registration::Open).await;
    for (what, unverified) in [
        ("said so", json!({ "email_verified": false })),
        ("not said", json!({ "email_verified": null })),
        ("no address", json!({ "email": null, "email_verified": null })),
        ("no address of the kind", json!({ "email": "lena", "email_verified": true })),
    ] {
        let answer = world.sign_in(claims(unverified)).await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.text);
        answer.expect_refusal(403, "registration_closed");
    }
    // What the issuer tells elsewhere counts too, if it is about the same person.
    let told =
        |user_info| Script { claims: json!({ "email": null, "email_verified": null }), user_info, ..Script::default() };
    let user = |sub: &str| json!({ "sub": sub, "email": "lena@acme.example", "email_verified": true });
    world.sign_in(told(user("person-2"))).await.expect_refusal(403, "registration_closed");
    assert_eq!(world.count("identity").await, 0);
    world.sign_in(told(user("person-1"))).await.expect(200);
}

#[tokio::test]
async fn who_has_a_second_factor_shows_it_here_too_and_a_disabled_account_stays_out() {
    let world = start().await;
    let lena = lena(&world).await;
    let id = lena.account_id;
    let set = async |sql: &'static str| {
        let change = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
            tx.connection().execute(sql, [id])?;
            Ok(())
        };
        world.test.app.control.write(change).await.unwrap();
    };
    set("UPDATE account SET totp_confirmed_at_ms = 1 WHERE id = ?1").await;
    let answer = world.sign_in(Script::default()).await.expect(200);
    let data = answer.data();
    assert_eq!(data["second_factor"]["methods"], json!(["totp"]));
    assert!(data.get("access_token").is_none() && !answer.header("set-cookie").contains("_session="), "{data}");
    set("UPDATE account SET is_disabled = 1 WHERE id = ?1").await;
    world.sign_in(Script::default()).await.expect_refusal(403, "forbidden");
    let by_address = claims(json!({ "sub": "person-2" }));
    world.set_registration(Registration::Open).await;
    world.sign_in(by_address).await.expect_refusal(403, "registration_closed");
}

#[tokio::test]
async fn a_new_account_needs_open_registration_or_an_invitation() {
    let world = start().await;
    let accounts = world.count("account").await;
    world.sign_in(Script::default()).await.expect_refusal(403, "registration_closed");
    world.set_registration(Registration::Closed).await;
    let invitation = world.invite("lena@acme.example").await;
    let start_with = |token: &str| json!({ "invitation_token": token });
    let come = async |token: &str, script: Script| world.sign_in_with(script, start_with(token), None).await;
    come(&invitation, Script::default()).await.expect_refusal(403, "registration_closed");
    world.set_registration(Registration::Invitation).await;
    let other = claims(json!({ "email": "someone@else.example" }));
    come(&invitation, other).await.expect_refusal(403, "registration_closed");
    come("made-up", Script::default()).await.expect_refusal(404, "not_found");
    assert_eq!(world.count("account").await, accounts);
    let session = come(&invitation, Script::default()).await.expect(200).data();
    assert_eq!(session["organization"]["role"], "viewer");
    assert_eq!(session["account"]["email"], "lena@acme.example");
    // It is used up; and whoever has an account signs in without it.
    come(&invitation, claims(json!({ "sub": "person-3", "email": "third@acme.example" })))
        .await
        .expect_refusal(404, "not_found");
    world.set_registration(Registration::Open).await;
    let open = claims(json!({ "sub": "person-2", "email": "new@acme.example" }));
    let session = world.sign_in(open).await.expect(200).data();
    assert_eq!((&session["organization"], &session["staff_role"]), (&Value::Null, &Value::Null));
    let stored = world.test.data().join("control.db");
    let bytes = std::fs::read(stored).unwrap();
    assert!(!bytes.windows(invitation.len()).any(|part| part == invitation.as_bytes()), "the invitation is kept");
}

impl World {
    /// An invitation into the first organization, as its owner makes one.
    async fn invite(&self, email: &'static str) -> String {
        let token = salesbrain::account::token::random_secret();
        let hash = secret_hash(&token);
        let (organization_id, inviter) = (self.test.organization_id, self.test.operator.account_id);
        let insert = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
            tx.connection().execute(
                "INSERT INTO invitation (id, organization_id, email, role, token_hash, invited_by, created_at_ms, expires_at_ms)
                 VALUES (?1, ?2, ?3, 'viewer', ?4, ?5, ?6, ?7)",
                (tx.next_uuid().as_bytes().as_slice(), organization_id, email, hash, inviter, tx.now_ms(), i64::MAX),
            )?;
            Ok(())
        };
        self.test.app.control.write(insert).await.unwrap();
        token
    }
}

#[tokio::test]
async fn linking_needs_the_session_it_was_started_with() {
    let world = start().await;
    let lena = lena(&world).await;
    let operator = world.test.operator.clone();
    let link = json!({ "is_link": true, "password": PASSWORD });
    // The other service would sign in here from then on: a stolen session is not enough.
    for (proof, field) in
        [(json!({ "is_link": true }), "password"), (json!({ "is_link": true, "code": "000000" }), "code")]
    {
        let request = Request { token: Some(&lena.token), body: Some(proof), ..Request::default() };
        let refused = world.test.send(Method::POST, "/api/v1/auth/oauth/corp/start", request).await;
        assert_eq!(refused.expect_refusal(400, "invalid_field")["field"], field);
    }
    let request = Request { body: Some(link.clone()), ..Request::default() };
    world
        .test
        .send(Method::POST, "/api/v1/auth/oauth/corp/start", request)
        .await
        .expect_refusal(401, "unauthenticated");
    // Nobody, and somebody else.
    for person in [None, Some(&operator)] {
        let away = world.leave_to("corp", link.clone(), Some(&lena)).await;
        let (code, state) = world.issuer.agree(&away.url);
        let answer = world.come_back("corp", &away.cookie, json!({ "code": code, "state": state }), person).await;
        answer.expect_refusal(401, "unauthenticated");
    }
    // An address need not be verified, nor the same, to be linked by hand.
    let other = || claims(json!({ "email": "private@home.example", "email_verified": false }));
    let linked = world.sign_in_with(other(), link.clone(), Some(&lena)).await.expect(200);
    assert_eq!(linked.data(), json!({ "linked": true }));
    world.sign_in_with(other(), link.clone(), Some(&lena)).await.expect(200);
    assert_eq!(world.count("identity").await, 1);
    world.sign_in_with(other(), link, Some(&operator)).await.expect_refusal(409, "conflict");
    assert_eq!(world.sign_in(other()).await.expect(200).data()["account"]["id"], json!(lena.account_id));
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let world = start().await;
    world.set_registration(Registration::Open).await;
    let session = world.sign_in(Script::default()).await.expect(200).data();
    let token = session["access_token"].as_str().unwrap();
    let list = async || {
        let request = Request { token: Some(token), ..Request::default() };
        world.test.send(Method::GET, "/api/v1/auth/identities", request).await.expect(200).rows()
    };
    let id = list().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/auth/identities/{id}");
    let delete = async |token: &str, body: Value| {
        world
            .test
            .send(Method::DELETE, &path, Request { token: Some(token), body: Some(body), ..Request::default() })
            .await
    };
    delete(token, json!({})).await.expect_refusal(409, "last_way_in");
    assert_eq!(list().await.len(), 1);
    delete(&world.test.operator.token, json!({})).await.expect_refusal(404, "not_found");
    let same =
        "UPDATE account SET password_hash = (SELECT password_hash FROM account WHERE password_hash <> '' LIMIT 1)
                WHERE password_hash = ''";
    world.test.execute_control(same).await;
    // Now there is something to prove with.
    for wrong in [json!({}), json!({ "password": "not the password" })] {
        assert_eq!(delete(token, wrong).await.expect_refusal(400, "invalid_field")["field"], json!("password"));
    }
    assert_eq!(list().await.len(), 1);
    delete(token, json!({ "password": PASSWORD })).await.expect(200);
    assert!(world.actions().await.contains(&"identity.unlinked".to_owned()));
}

#[tokio::test]
async fn an_issuer_in_a_closed_network_or_without_a_document_is_refused_when_it_is_entered() {
    let world = start().await;
    let closed = TestApp::start_with(Clock::fixed(START_MS), |config| config.outgoing_allowed = Vec::new()).await;
    let put = async |issuer: &str| {
        let body = json!({ "kind": "oidc", "issuer": issuer, "client_id": "x" });
        let request = Request { token: Some(&closed.operator.token), body: Some(body), ..Request::default() };
        closed.send(Method::PUT, "/api/v1/admin/providers/corp", request).await.expect_refusal(400, "invalid_field")
    };
    let visits = world.issuer.visits();
    for issuer in [
        &world.issuer.url,
        "https://169.254.169.254",
        "https://localhost",
        "https://[::ffff:10.0.0.1]",
        "ftp://x.example",
        "nowhere",
    ] {
        let body = put(issuer).await;
        assert_eq!(body["field"], "issuer", "{issuer}: {body}");
    }
    assert!(put(&world.issuer.url).await["detail"].as_str().unwrap().contains("outgoing_allowed"));
    assert_eq!(world.issuer.visits(), visits, "the closed appliance called nobody");
    for (document, finding) in [
        (json!({ "issuer": "https://accounts.google.com" }), "unexpected issuer"),
        (json!({ "token_endpoint": null }), "token_endpoint"),
        (json!({ "authorization_endpoint": "javascript:alert(1)" }), "authorization_endpoint"),
        // What the document names is called as carefully as the document.
        (json!({ "jwks_uri": "https://10.0.0.1/keys" }), "outgoing_allowed"),
    ] {
        world.issuer.say(Script { document, ..Script::default() });
        let body = world
            .put_provider("other", json!({ "issuer": world.issuer.url }))
            .await
            .expect_refusal(400, "invalid_field");
        assert!(body["detail"].as_str().unwrap().contains(finding), "{finding}: {body}");
    }
    world.issuer.say(Script { document: json!({ "token_endpoint": "https://10.0.0.1/token" }), ..Script::default() });
    let away = world.leave().await;
    let (code, state) = world.issuer.agree(&away.url);
    let answer = world.come_back("corp", &away.cookie, json!({ "code": code, "state": state }), None).await;
    answer.expect_refusal(503, "unavailable");
}

#[tokio::test]
async fn providers_are_kept_without_showing_their_secrets() {
    let world = start().await;
    let operator = &world.test.operator;
    let rows = world.test.get("/api/v1/admin/providers", operator).await.expect(200);
    assert!(!rows.text.contains(CLIENT_SECRET), "{}", rows.text);
    let row = &rows.rows()[0];
    assert_eq!((row["has_secret"].as_bool(), row["kind"].as_str()), (Some(true), Some("oidc")));
    assert!(row["callback_url"].as_str().unwrap().ends_with("/sign-in/callback/corp"), "{row}");
    let options = world.test.get_anonymous("/api/v1/auth/providers").await.expect(200).data();
    assert_eq!(
        options,
        json!({ "providers": [{ "id": "corp", "kind": "oidc", "name": "Corp" }], "is_passkey_possible": false })
    );
    // Absent, the secret stays; for another issuer it goes.
    world
        .put_provider("corp", json!({ "issuer": world.issuer.url, "client_secret": null, "name": "New" }))
        .await
        .expect(200);
    let _lena = lena(&world).await;
    world.sign_in(Script::default()).await.expect(200);
    let second = Issuer::start().await;
    world.put_provider("corp", json!({ "issuer": second.url })).await.expect_refusal(409, "conflict");
    world.put_provider("google", json!({ "issuer": world.issuer.url })).await.expect_refusal(400, "invalid_field");
    world
        .put_provider("corp", json!({ "issuer": world.issuer.url, "client_id": "" }))
        .await
        .expect_refusal(400, "invalid_field");
    let request = || Request { token: Some(&operator.token), ..Request::default() };
    world.test.send(Method::DELETE, "/api/v1/admin/providers/corp", request()).await.expect(200);
    world.test.send(Method::DELETE, "/api/v1/admin/providers/corp", request()).await.expect_refusal(404, "not_found");
    assert_eq!(world.count("identity").await, 0, "the same subject at another issuer is another person");
    for action in ["provider.created", "provider.changed", "provider.deleted"] {
        assert!(world.actions().await.contains(&action.to_owned()), "{action}");
    }
    for file in ["control.db", "control.db-wal"] {
        let bytes = std::fs::read(world.test.data().join(file)).unwrap_or_default();
        assert!(!bytes.windows(CLIENT_SECRET.len()).any(|part| part == CLIENT_SECRET.as_bytes()), "{file}");
    }
}

impl World {
    /// Starts a sign-in with the widget: the browser's cookie, and the state that its answer brings back.
    async fn leave_to_widget(&self, body: Value, person: Option<&Person>) -> (String, String) {
        let away = self.leave_to("chat", body, person).await;
        assert!(away.url.contains("bot_id=123456&") && !away.url.contains("ABC-DEF"), "{}", away.url);
        let url = url::Url::parse(&away.url).unwrap();
        let return_to = url.query_pairs().find(|(name, _)| name == "return_to").unwrap().1.into_owned();
        (away.cookie, return_to.split_once("?state=").unwrap().1.to_owned())
    }
}

/// What Telegram hands to the browser, signed.
fn signed(differences: &Value) -> Value {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    fields.insert("id".to_owned(), "6000000001".to_owned());
    fields.insert("first_name".to_owned(), "Lena".to_owned());
    fields.insert("auth_date".to_owned(), (START_MS / 1_000).to_string());
    for (name, value) in differences.as_object().unwrap() {
        fields.insert(name.clone(), value.as_str().unwrap().to_owned());
    }
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(&Sha256::digest(BOT_TOKEN)).unwrap();
    mac.update(lines.join("\n").as_bytes());
    let hash: [u8; 32] = mac.finalize().into_bytes().into();
    let mut body = json!(fields);
    body["hash"] = json!(blake3::Hash::from_bytes(hash).to_hex().as_str());
    body
}

#[tokio::test]
async fn telegrams_older_sign_in_is_good_once_and_for_who_linked_it() {
    let world = start().await;
    world.put_widget().await;
    let lena = lena(&world).await;
    let come = async |mut body: Value| {
        let (cookie, state) = world.leave_to_widget(json!({}), None).await;
        body["state"] = json!(state);
        world.come_back("chat", &cookie, body, None).await
    };
    // Telegram knows no addresses: nobody is made an account of, however open registration is.
    world.set_registration(Registration::Open).await;
    come(signed(&json!({ "username": "a" }))).await.expect_refusal(403, "registration_closed");
    let link = json!({ "is_link": true, "password": PASSWORD });
    let (cookie, state) = world.leave_to_widget(link, Some(&lena)).await;
    let mut body = signed(&json!({ "username": "b" }));
    body["state"] = json!(state);
    world.come_back("chat", &cookie, body, Some(&lena)).await.expect(200);
    let body = signed(&json!({ "username": "c" }));
    assert_eq!(come(body.clone()).await.expect(200).data()["account"]["id"], json!(lena.account_id));
    come(body.clone()).await.expect_refusal(401, "unauthenticated");
    let mut in_capitals = body.clone();
    in_capitals["hash"] = json!(body["hash"].as_str().unwrap().to_uppercase());
    come(in_capitals).await.expect_refusal(401, "unauthenticated");
    let mut changed = signed(&json!({ "username": "d" }));
    changed["id"] = json!("6000000002");
    come(changed).await.expect_refusal(401, "unauthenticated");
    let old = (START_MS / 1_000 - 601).to_string();
    come(signed(&json!({ "auth_date": old }))).await.expect_refusal(401, "unauthenticated");
    let ahead = (START_MS / 1_000 + 120).to_string();
    come(signed(&json!({ "auth_date": ahead }))).await.expect_refusal(401, "unauthenticated");
    come(json!({})).await.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn nobody_is_signed_in_by_telegrams_fields_in_a_browser_that_did_not_ask() {
    let world = start().await;
    world.put_widget().await;
    let lena = lena(&world).await;
    let with = |username: &str, state: &str| {
        let mut body = signed(&json!({ "username": username }));
        body["state"] = json!(state);
        body
    };
    let (cookie, state) = world.leave_to_widget(json!({ "is_link": true, "password": PASSWORD }), Some(&lena)).await;
    world.come_back("chat", &cookie, with("a", &state), Some(&lena)).await.expect(200);
    // Lena's own fields behind a link: without a state, and with that of her browser.
    let refused = async |cookie: &str, body: Value| {
        let answer = world.come_back("chat", cookie, body, None).await;
        assert!(answer.headers.get_all("set-cookie").iter().all(|set| !set.to_str().unwrap().contains("_session=")));
        answer.expect_refusal(401, "unauthenticated");
    };
    let (cookie, state) = world.leave_to_widget(json!({}), None).await;
    refused("", signed(&json!({ "username": "b" }))).await;
    refused(&cookie, signed(&json!({ "username": "b" }))).await;
    refused(&cookie, with("b", "")).await;
    refused("", with("b", &state)).await;
    // The fields themselves are good.
    let (cookie, state) = world.leave_to_widget(json!({}), None).await;
    world.come_back("chat", &cookie, with("b", &state), None).await.expect(200);
    let refusals = world.actions().await.into_iter().filter(|action| action == "session.refused").count();
    assert_eq!(refusals, 4, "each is written down");
}

#[tokio::test]
async fn telegram_makes_an_account_for_an_invitation_that_names_an_address() {
    let world = start().await;
    world.put_widget().await;
    let come = async |email: &'static str, username: &str, is_mailed: bool| {
        let token = world.invite(email).await;
        let token = if is_mailed { mailed(&world.test.app.keyring, &token) } else { token };
        let away = world.leave_to("chat", json!({ "invitation_token": token }), None).await;
        let (_before, state) = away.url.split_once("state%3D").unwrap();
        let mut body = signed(&json!({ "id": username.len().to_string(), "username": username }));
        body["state"] = json!(state);
        world.come_back("chat", &away.cookie, body, None).await
    };
    let session = come("lena@acme.example", "a", true).await.expect(200).data();
    assert_eq!(session["account"]["email"], "lena@acme.example");
    assert_eq!(session["organization"]["role"], "viewer");
    // The link that the inviting person sees proves nothing about the address.
    come("other@acme.example", "dddd", false).await.expect_refusal(403, "registration_closed");
    // Nobody knows whose an open invitation is, and an account is not taken over with one.
    come("", "bb", true).await.expect_refusal(403, "registration_closed");
    come("operator@acme.example", "ccc", true).await.expect_refusal(403, "registration_closed");
}
