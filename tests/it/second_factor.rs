//! The second factor: an authenticator, recovery codes, and organizations that ask for one.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::Method;
use salesbrain::clock::Clock;
use salesbrain::config::Config;
use salesbrain::store::{Error as StoreError, Tx};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::mail_server::MailServer;
use crate::password::call;
use crate::registration::list_actions;
use crate::support::{Answer, PASSWORD, Person, Request, START_MS, TestApp};

const STEP_MS: i64 = 30_000;

/// An authenticator in somebody's pocket.
pub(crate) struct Authenticator(String);

impl Authenticator {
    /// The code it shows now.
    pub(crate) fn code(&self, test: &TestApp) -> String {
        let secret = Secret::try_from_base32(&self.0).unwrap();
        let now_s = u64::try_from(test.app.clock.now_ms() / 1_000).unwrap();
        Builder::new().with_secret(secret).build_noncompliant().generate(now_s).to_string()
    }
}

/// Puts an authenticator in force; answers it with the recovery codes.
pub(crate) async fn enrol(test: &TestApp, person: &Person) -> (Authenticator, Vec<String>) {
    let begun = test.post("/api/v1/auth/totp", person, json!({ "password": PASSWORD })).await.expect(200).data();
    let authenticator = Authenticator(begun["secret"].as_str().unwrap().to_owned());
    assert!(begun["uri"].as_str().unwrap().contains(&authenticator.0));
    assert!(begun["qr_svg"].as_str().unwrap().contains("<svg"));
    let body = json!({ "code": authenticator.code(test) });
    let codes = test.post("/api/v1/auth/totp/verify", person, body).await.expect(200).data();
    let codes = codes["recovery_codes"].as_array().unwrap().iter();
    (authenticator, codes.map(|code| code.as_str().unwrap().to_owned()).collect())
}

/// A code that was not used yet.
pub(crate) fn next_code(test: &TestApp, authenticator: &Authenticator) -> String {
    test.app.clock.advance_ms(STEP_MS);
    authenticator.code(test)
}

async fn first_step(test: &TestApp, email: &str) -> String {
    let answer = test.post_anonymous("/api/v1/auth/login", json!({ "email": email, "password": PASSWORD })).await;
    let answer = answer.expect(200);
    assert_eq!(answer.header("set-cookie"), "");
    let data = answer.data();
    assert_eq!(data.as_object().unwrap().len(), 1, "no session yet: {data}");
    data["second_factor"]["token"].as_str().unwrap().to_owned()
}

async fn second_step(test: &TestApp, token: &str, code: &str) -> Answer {
    test.post_anonymous("/api/v1/auth/second-factor", json!({ "token": token, "code": code })).await
}

async fn find_state(test: &TestApp, person: &Person) -> Value {
    test.get("/api/v1/auth/second-factor", person).await.expect(200).data()
}

#[tokio::test]
async fn an_authenticator_is_asked_for_once_it_is_in_force() {
    let test = TestApp::start().await;
    let person = &test.operator;
    let nothing =
        json!({ "totp": { "confirmed_at_ms": null }, "recovery_codes_left": 0, "passkeys": 0, "is_required": false });
    assert_eq!(find_state(&test, person).await, nothing);
    let wrong = test.post("/api/v1/auth/totp", person, json!({ "password": "wrong horse battery" })).await;
    assert_eq!(wrong.expect_refusal(400, "invalid_field")["field"], json!("password"));
    // Begun is not in force.
    test.post("/api/v1/auth/totp", person, json!({ "password": PASSWORD })).await.expect(200);
    let wrong = test.post("/api/v1/auth/totp/verify", person, json!({ "code": "000000" })).await;
    assert_eq!(wrong.expect_refusal(400, "invalid_field")["field"], json!("code"));
    let login = json!({ "email": person.email, "password": PASSWORD });
    assert!(test.post_anonymous("/api/v1/auth/login", login).await.expect(200).data()["access_token"].is_string());
    let (authenticator, codes) = enrol(&test, person).await;
    assert_eq!(codes.len(), 10);
    let state = find_state(&test, person).await;
    assert_eq!((&state["totp"]["confirmed_at_ms"], &state["recovery_codes_left"]), (&json!(START_MS), &json!(10)));
    test.post("/api/v1/auth/totp", person, json!({ "password": PASSWORD })).await.expect_refusal(409, "conflict");
    let token = first_step(&test, &person.email).await;
    // The token between the factors is no session.
    let request = Request { token: Some(&token), ..Request::default() };
    test.send(Method::GET, "/api/v1/auth/me", request).await.expect_refusal(401, "unauthenticated");
    test.app.clock.advance_ms(STEP_MS);
    let session = second_step(&test, &token, &authenticator.code(&test)).await.expect(200);
    assert!(session.header("set-cookie").starts_with("salesbrain_session="));
    assert_eq!(session.data()["account"]["email"], json!(person.email));
    assert!(list_actions(&test).await.iter().any(|action| action == "second_factor.enabled"));
}

#[tokio::test]
async fn no_code_works_twice() {
    let test = TestApp::start().await;
    let (authenticator, _codes) = enrol(&test, &test.operator).await;
    let email = test.operator.email.clone();
    // The code of the enrolment.
    let token = first_step(&test, &email).await;
    let refusal = second_step(&test, &token, &authenticator.code(&test)).await.expect_refusal(400, "invalid_field");
    assert_eq!(refusal["field"], json!("code"));
    test.app.clock.advance_ms(STEP_MS);
    let code = authenticator.code(&test);
    second_step(&test, &token, &code).await.expect(200);
    // Within the window, on another sign-in.
    let token = first_step(&test, &email).await;
    second_step(&test, &token, &code).await.expect_refusal(400, "invalid_field");
    test.app.clock.advance_ms(STEP_MS);
    second_step(&test, &token, &code).await.expect_refusal(400, "invalid_field");
    second_step(&test, &token, &authenticator.code(&test)).await.expect(200);
    // A token works once, too.
    test.app.clock.advance_ms(STEP_MS);
    second_step(&test, &token, &authenticator.code(&test)).await.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn each_recovery_code_works_once_and_new_ones_replace_the_old() {
    let test = TestApp::start().await;
    let (_authenticator, codes) = enrol(&test, &test.operator).await;
    let email = test.operator.email.clone();
    let token = first_step(&test, &email).await;
    second_step(&test, &token, &codes[0].to_uppercase().replace('-', " ")).await.expect(200);
    let token = first_step(&test, &email).await;
    second_step(&test, &token, &codes[0]).await.expect_refusal(400, "invalid_field");
    second_step(&test, &token, &codes[1]).await.expect(200);
    assert_eq!(find_state(&test, &test.operator).await["recovery_codes_left"], json!(8));
    assert_eq!(list_actions(&test).await.iter().filter(|action| *action == "recovery_code.used").count(), 2);
    let body = json!({ "code": codes[2] });
    let new = test.post("/api/v1/auth/recovery-codes", &test.operator, body).await.expect(200).data();
    assert_eq!(new["recovery_codes"].as_array().unwrap().len(), 10);
    let token = first_step(&test, &email).await;
    second_step(&test, &token, &codes[3]).await.expect_refusal(400, "invalid_field");
    second_step(&test, &token, new["recovery_codes"][0].as_str().unwrap()).await.expect(200);
    // None is stored as it is.
    let mut bytes = Vec::new();
    for name in ["control.db", "control.db-wal"] {
        bytes.extend(std::fs::read(test.data().join(name)).unwrap());
    }
    let plain = codes[5].replace('-', "");
    for text in [plain.as_str(), &codes[5]] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()));
    }
}

#[tokio::test]
async fn wrong_codes_end_the_step_and_nobody_elses() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.sign_in_attempts = 6).await;
    let (authenticator, _codes) = enrol(&test, &test.operator).await;
    test.app.clock.advance_ms(STEP_MS);
    let email = test.operator.email.clone();
    let token = first_step(&test, &email).await;
    for _guess in 0..5 {
        second_step(&test, &token, "000000").await.expect_refusal(400, "invalid_field");
    }
    // The right code comes too late for this token, and too often from this address.
    second_step(&test, &token, &authenticator.code(&test)).await.expect_refusal(401, "unauthenticated");
    let token = first_step(&test, &email).await;
    second_step(&test, &token, &authenticator.code(&test)).await.expect_refusal(429, "rate_limited");
    // A colleague behind the same address is not kept out.
    let colleague = test.create_member(salesbrain::account::permission::Role::Member).await;
    let (theirs, _codes) = enrol(&test, &colleague).await;
    let token = first_step(&test, &colleague.email).await;
    second_step(&test, &token, &next_code(&test, &theirs)).await.expect(200);
    // The owner, elsewhere, is not kept out.
    let elsewhere =
        reqwest::Client::builder().local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))).no_proxy().build().unwrap();
    let post = async |path: &str, body: Value| {
        Answer::read(elsewhere.post(test.url(path)).json(&body).send().await.unwrap()).await.expect(200).data()
    };
    let begun = post("/api/v1/auth/login", json!({ "email": email, "password": PASSWORD })).await;
    let body = json!({ "token": begun["second_factor"]["token"], "code": authenticator.code(&test) });
    assert!(post("/api/v1/auth/second-factor", body).await["access_token"].is_string());
}

#[tokio::test]
async fn a_step_that_takes_too_long_begins_anew() {
    let test = TestApp::start().await;
    let (authenticator, _codes) = enrol(&test, &test.operator).await;
    let token = first_step(&test, &test.operator.email).await;
    test.app.clock.advance_ms(10 * 60 * 1_000);
    second_step(&test, &token, &authenticator.code(&test)).await.expect_refusal(401, "unauthenticated");
    second_step(&test, "nonsense", &authenticator.code(&test)).await.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn switching_off_needs_a_proof() {
    let test = TestApp::start().await;
    let (authenticator, _codes) = enrol(&test, &test.operator).await;
    let delete = async |body: Value| call(&test, Method::DELETE, "/api/v1/auth/totp", (&test.operator, body)).await;
    for wrong in [json!({}), json!({ "password": "wrong horse battery" }), json!({ "code": "000000" })] {
        delete(wrong).await.expect_refusal(400, "invalid_field");
    }
    assert_ne!(find_state(&test, &test.operator).await["totp"]["confirmed_at_ms"], Value::Null);
    test.app.clock.advance_ms(STEP_MS);
    delete(json!({ "code": authenticator.code(&test) })).await.expect(200);
    let state = find_state(&test, &test.operator).await;
    assert_eq!((&state["totp"]["confirmed_at_ms"], &state["recovery_codes_left"]), (&Value::Null, &json!(0)));
    let login = json!({ "email": test.operator.email, "password": PASSWORD });
    assert!(test.post_anonymous("/api/v1/auth/login", login).await.expect(200).data()["access_token"].is_string());
}

#[tokio::test]
async fn a_new_password_by_mail_leaves_the_second_factor_alone() {
    let test = TestApp::start().await;
    let server = MailServer::start_for(&test).await;
    let (authenticator, _codes) = enrol(&test, &test.operator).await;
    let email = test.operator.email.clone();
    test.post_anonymous("/api/v1/auth/forgot-password", json!({ "email": email })).await.expect(200);
    let reset = json!({ "token": server.mail(1).await.token(), "password": PASSWORD });
    test.post_anonymous("/api/v1/auth/reset-password", reset).await.expect(200);
    let token = first_step(&test, &email).await;
    test.app.clock.advance_ms(STEP_MS);
    second_step(&test, &token, &authenticator.code(&test)).await.expect(200);
}

#[tokio::test]
async fn an_organization_that_asks_for_it_opens_once_there_is_one() {
    let test = TestApp::start().await;
    let ask = |tx: &Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute("UPDATE organization SET is_second_factor_required = 1", [])?;
        Ok(())
    };
    test.app.control.write(ask).await.unwrap();
    let person = &test.operator;
    for path in ["/api/v1/conversations", "/api/v1/campaigns", "/api/v1/status", "/api/v1/jobs"] {
        test.get(path, person).await.expect_refusal(403, "second_factor_needed");
    }
    let me = test.get("/api/v1/auth/me", person).await.expect(200).data();
    assert_eq!(me["is_second_factor_missing"], json!(true));
    assert_eq!(find_state(&test, person).await["is_required"], json!(true));
    test.get("/api/v1/auth/sessions", person).await.expect(200);
    enrol(&test, person).await;
    test.get("/api/v1/conversations", person).await.expect(200);
    assert_eq!(test.get("/api/v1/auth/me", person).await.data()["is_second_factor_missing"], json!(false));
}

/// One who knows the password and has many addresses runs out of codes for the day; the owner's own address does not.
#[tokio::test]
async fn guessing_codes_from_many_addresses_ends_and_keeps_the_owner_in() {
    let set = |config: &mut Config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let test = TestApp::start_with(Clock::fixed(START_MS), set).await;
    let (authenticator, _codes) = enrol(&test, &test.operator).await;
    let email = test.operator.email.clone();
    let post = async |path: &str, address: &str, body: Value| {
        let headers = vec![("x-forwarded-for", address.to_owned())];
        test.send(Method::POST, path, Request { headers, body: Some(body), ..Request::default() }).await
    };
    let begin = async |address: &str| {
        let body = json!({ "email": email, "password": PASSWORD });
        let begun = post("/api/v1/auth/login", address, body).await.expect(200).data();
        begun["second_factor"]["token"].as_str().unwrap().to_owned()
    };
    let show = async |address: &str, token: &str, code: &str| {
        post("/api/v1/auth/second-factor", address, json!({ "token": token, "code": code })).await
    };
    let own = "198.51.100.7";
    test.app.clock.advance_ms(STEP_MS);
    show(own, &begin(own).await, &authenticator.code(&test)).await.expect(200);
    test.app.clock.advance_ms(STEP_MS);
    for number in 0..20 {
        let address = format!("203.0.113.{number}");
        let token = begin(&address).await;
        for _guess in 0..5 {
            show(&address, &token, "000000").await.expect_refusal(400, "invalid_field");
        }
    }
    let strange = "203.0.113.200";
    let refused = show(strange, &begin(strange).await, &authenticator.code(&test)).await;
    assert!(!refused.header("retry-after").is_empty());
    refused.expect_refusal(429, "rate_limited");
    show(own, &begin(own).await, "000000").await.expect_refusal(400, "invalid_field");
    show(own, &begin(own).await, &authenticator.code(&test)).await.expect(200);
    test.app.clock.advance_ms(24 * 60 * 60 * 1_000);
    show(strange, &begin(strange).await, &authenticator.code(&test)).await.expect(200);
}

/// A passkey signs in alone and for ever: a stolen session must not be enough to add one.
#[tokio::test]
async fn adding_a_passkey_needs_a_proof() {
    let test = TestApp::start().await;
    let start = async |person: &Person, body: Value| {
        let headers = vec![("host", "localhost:8001".to_owned())];
        let request = Request { token: Some(&person.token), headers, body: Some(body) };
        test.send(Method::POST, "/api/v1/auth/passkeys/start", request).await
    };
    for (body, field) in [
        (json!({}), "password"),
        (json!({ "password": "not the password" }), "password"),
        (json!({ "code": "000000" }), "code"),
    ] {
        let refused = start(&test.operator, body).await.expect_refusal(400, "invalid_field");
        assert_eq!(refused["field"], field);
    }
    start(&test.operator, json!({ "password": PASSWORD })).await.expect(200);
    let (authenticator, _codes) = enrol(&test, &test.operator).await;
    let code = next_code(&test, &authenticator);
    assert!(start(&test.operator, json!({ "code": code })).await.expect(200).data()["token"].is_string());
    // Without a password the code is asked for; without either nothing can be.
    test.execute_control("UPDATE account SET password_hash = ''").await;
    assert_eq!(start(&test.operator, json!({})).await.expect_refusal(400, "invalid_field")["field"], "code");
    test.execute_control("UPDATE account SET totp_confirmed_at_ms = NULL; DELETE FROM recovery_code").await;
    start(&test.operator, json!({})).await.expect(200);
}

/// A passkey of the operator's that no device holds.
const PASSKEY: &str = "INSERT INTO passkey (id, account_id, credential_id, credential, name, created_at_ms)
    SELECT x'018f3c1e000070008000000000000001', id, x'01', '{}', 'Key', 1 FROM account WHERE staff_role <> '' LIMIT 1";
const PASSKEY_PATH: &str = "/api/v1/auth/passkeys/018f3c1e-0000-7000-8000-000000000001";

/// A passkey is a second factor: a stolen session must not be enough to take it away.
#[tokio::test]
async fn removing_a_passkey_needs_a_proof() {
    let test = TestApp::start().await;
    test.execute_control(PASSKEY).await;
    let operator = &test.operator;
    let codes = test.post("/api/v1/auth/recovery-codes", operator, json!({ "password": PASSWORD })).await.expect(200);
    let codes = codes.data();
    let delete = async |body: Value| call(&test, Method::DELETE, PASSKEY_PATH, (operator, body)).await;
    for (body, field) in [
        (json!({}), "password"),
        (json!({ "password": "not the password" }), "password"),
        (json!({ "code": "000000" }), "code"),
    ] {
        assert_eq!(delete(body).await.expect_refusal(400, "invalid_field")["field"], field);
    }
    // Another's is none at all, with whatever proof.
    let member = test.create_member(salesbrain::account::permission::Role::Member).await;
    call(&test, Method::DELETE, PASSKEY_PATH, (&member, json!({}))).await.expect_refusal(404, "not_found");
    assert_eq!(find_state(&test, operator).await["passkeys"], json!(1));
    // Without a password it is a code that counts, in whichever field it was typed.
    test.execute_control("UPDATE account SET password_hash = ''").await;
    assert_eq!(delete(json!({})).await.expect_refusal(400, "invalid_field")["field"], "code");
    delete(json!({ "password": codes["recovery_codes"][0] })).await.expect_refusal(409, "last_way_in");
    test.execute_control(&PASSKEY.replace("0001'", "0002'").replace("x'01'", "x'02'")).await;
    delete(json!({ "password": codes["recovery_codes"][1] })).await.expect(200);
    let state = find_state(&test, operator).await;
    assert_eq!((&state["passkeys"], &state["recovery_codes_left"]), (&json!(1), &json!(8)));
}

/// Recovery codes stand in for a factor: with the last of them they go.
#[tokio::test]
async fn recovery_codes_go_with_the_last_factor() {
    let test = TestApp::start().await;
    test.execute_control(PASSKEY).await;
    let proof = json!({ "password": PASSWORD });
    test.post("/api/v1/auth/recovery-codes", &test.operator, proof.clone()).await.expect(200);
    call(&test, Method::DELETE, PASSKEY_PATH, (&test.operator, proof)).await.expect(200);
    assert_eq!(find_state(&test, &test.operator).await["recovery_codes_left"], json!(0));
}

/// Whoever stole the session of an account without a password would enrol their own device, and get its recovery codes.
#[tokio::test]
async fn enrolling_needs_a_code_where_there_is_no_password() {
    let test = TestApp::start().await;
    let (_authenticator, codes) = enrol(&test, &test.operator).await;
    test.execute_control("UPDATE account SET password_hash = '', totp_secret = NULL, totp_confirmed_at_ms = NULL")
        .await;
    let begin = async |body: Value| test.post("/api/v1/auth/totp", &test.operator, body).await;
    for body in [json!({}), json!({ "password": PASSWORD }), json!({ "code": "000000" })] {
        assert_eq!(begin(body).await.expect_refusal(400, "invalid_field")["field"], "code");
    }
    assert!(begin(json!({ "code": codes[0] })).await.expect(200).data()["secret"].is_string());
    test.execute_control("DELETE FROM recovery_code").await;
    begin(json!({})).await.expect(200);
}

/// A first password, or another address, would be the way around every proof.
#[tokio::test]
async fn an_account_with_codes_and_no_password_shows_one_to_set_a_password_or_an_address() {
    let test = TestApp::start().await;
    let (authenticator, _codes) = enrol(&test, &test.operator).await;
    test.execute_control("UPDATE account SET password_hash = ''").await;
    for (method, path, body) in [
        (Method::POST, "/api/v1/auth/email", json!({ "email": "new@acme.example" })),
        (Method::PUT, "/api/v1/auth/password", json!({ "password": "a long new password" })),
    ] {
        let send = async |code: Option<String>| {
            let mut body = body.clone();
            if let Some(code) = code {
                body["code"] = json!(code);
            }
            call(&test, method.clone(), path, (&test.operator, body)).await
        };
        for code in [None, Some("000000".to_owned())] {
            assert_eq!(send(code).await.expect_refusal(400, "invalid_field")["field"], "code", "{path}");
        }
        send(Some(next_code(&test, &authenticator))).await.expect(200);
    }
    // With a password it is the password that counts.
    let body = json!({ "password": "another long one", "code": next_code(&test, &authenticator) });
    let refused = call(&test, Method::PUT, "/api/v1/auth/password", (&test.operator, body)).await;
    assert_eq!(refused.expect_refusal(400, "invalid_field")["field"], "current_password");
}
