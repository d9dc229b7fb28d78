//! API keys: shown once, bounded by their scope and their maker, renewed without a gap, stopped at once.

use reqwest::Method;
use salesbrain::account::permission::{Role, StaffRole};
use salesbrain::clock::DAY_MS;
use serde_json::{Value, json};

use crate::live::{self, Knock};
use crate::second_factor::{enrol, next_code};
use crate::support::{Answer, PASSWORD, Person, Request, START_MS, TestApp, reply, wait_until};

const PATH: &str = "/api/v1/api-keys";
const HOUR_MS: i64 = 3_600_000;

async fn create_key(test: &TestApp, person: &Person, permissions: &[&str]) -> Value {
    let body = json!({ "name": "Reporting", "permissions": permissions, "password": PASSWORD });
    test.post(PATH, person, body).await.expect(200).data()
}

/// GET with a key in `Authorization`.
async fn get(test: &TestApp, path: &str, key: &Value) -> Answer {
    test.send(Method::GET, path, Request { token: key.as_str(), ..Request::default() }).await
}

/// Someone who calls with a key.
fn keyed(person: &Person, key: &Value) -> Person {
    Person { token: key.as_str().unwrap().to_owned(), ..person.clone() }
}

#[tokio::test]
async fn a_key_is_shown_once_and_recognised_by_its_beginning() {
    let test = TestApp::start().await;
    let owner = test.create_member(Role::Owner).await;
    let made = create_key(&test, &owner, &["inbox.read", "contacts.read"]).await;
    let (key, prefix) = (made["key"].as_str().unwrap(), made["prefix"].as_str().unwrap());
    assert!(prefix.starts_with("sbk_") && prefix.len() == 12 && key.starts_with(prefix), "{made}");
    assert_eq!(made["permissions"], json!(["inbox.read", "contacts.read"]));
    assert_eq!(made["account"], json!({ "id": owner.account_id, "email": "owner@acme.example" }));
    let listed = test.get(PATH, &owner).await.expect(200);
    assert!(!listed.text.contains(key), "{}", listed.text);
    let secret = key.strip_prefix(prefix).unwrap().trim_start_matches('_').to_owned();
    assert!(!listed.text.contains(&secret), "{}", listed.text);
    let row = listed.rows().remove(0);
    assert_eq!(
        (&row["prefix"], &row["last_used_at_ms"], &row["is_rotating"]),
        (&json!(prefix), &Value::Null, &json!(false))
    );
    // It is in no file either.
    for file in ["control.db", "control.db-wal"] {
        let bytes = std::fs::read(test.data().join(file)).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{file} holds the secret");
    }
    let audit = test.list_audit(test.organization_id).await;
    assert_eq!(audit[0].0, "api_key.created");
    assert!(!audit[0].2.to_string().contains(&secret));
    get(&test, "/api/v1/conversations", &made["key"]).await.expect(200);
    wait_until("the use is noted", async || {
        let rows = test.get(PATH, &owner).await.expect(200).rows();
        rows[0]["last_used_at_ms"] == json!(START_MS) && rows[0]["last_used_address"] == "127.0.0.1"
    })
    .await;
}

#[tokio::test]
async fn a_key_works_wherever_a_session_does_within_its_scope() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    let made = create_key(&test, &test.operator, &["inbox.read"]).await;
    let key = &made["key"];
    assert_eq!(get(&test, "/api/v1/conversations", key).await.expect(200).rows().len(), 1);
    let headers = vec![("x-api-key", key.as_str().unwrap().to_owned())];
    let request = Request { headers: headers.clone(), ..Request::default() };
    assert_eq!(test.send(Method::GET, "/api/v1/conversations", request).await.expect(200).rows().len(), 1);
    let refused = get(&test, "/api/v1/contacts", key).await.expect_refusal(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("contacts.read"), "{refused}");
    // Its maker runs the appliance; the key does not.
    get(&test, "/api/v1/unrouted-events", key).await.expect_refusal(403, "forbidden");
    let me = get(&test, "/api/v1/auth/me", key).await.expect(200).data();
    assert_eq!((&me["permissions"], &me["staff_role"]), (&json!(["inbox.read"]), &Value::Null));
    // The live feed, by either header.
    let header = ("x-api-key", key.as_str().unwrap().to_owned());
    for knock in [
        live::knock(&test, "/api/v1/live", key.as_str()).await,
        live::open(&test, "/api/v1/live", &[header], None).await,
    ] {
        assert!(matches!(knock, Knock::Hello(..)), "the feed did not open");
    }
    let blind = create_key(&test, &test.operator, &["contacts.read"]).await;
    assert!(matches!(live::knock(&test, "/api/v1/live", blind["key"].as_str()).await, Knock::Closed(1008)));
}

#[tokio::test]
async fn a_key_stays_in_its_organization() {
    let test = TestApp::start().await;
    let branch =
        test.post("/api/v1/organizations", &test.operator, json!({ "name": "Branch" })).await.expect(200).data();
    let id = branch["id"].as_str().unwrap();
    let made = create_key(&test, &test.operator, &["members.read", "inbox.read"]).await;
    let rows = get(&test, "/api/v1/organizations", &made["key"]).await.expect(200).rows();
    assert_eq!(rows.iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>(), ["Acme"]);
    get(&test, &format!("/api/v1/organizations/{}/members", test.organization_id), &made["key"]).await.expect(200);
    let there = get(&test, &format!("/api/v1/organizations/{id}/members"), &made["key"]).await;
    there.expect_refusal(404, "not_found");
}

#[tokio::test]
async fn a_key_makes_no_key_and_does_nothing_that_needs_a_person() {
    let test = TestApp::start().await;
    let made = create_key(&test, &test.operator, &["api_keys.manage", "inbox.read", "members.read"]).await;
    let program = keyed(&test.operator, &made["key"]);
    let body = json!({ "name": "Child", "permissions": ["inbox.read"] });
    test.post(PATH, &program, body).await.expect_refusal(403, "forbidden");
    let own = format!("{PATH}/{}", made["id"].as_str().unwrap());
    test.post(&format!("{own}/rotate"), &program, json!({})).await.expect_refusal(403, "forbidden");
    let organization = format!("/api/v1/organizations/{}", test.organization_id);
    for path in [format!("{organization}/switch"), format!("{organization}/leave"), "/api/v1/organizations".to_owned()]
    {
        test.post(&path, &program, json!({ "name": "x" })).await.expect_refusal(403, "forbidden");
    }
    // Seeing and revoking is within its scope, and the log says that it was the key.
    assert_eq!(test.get(PATH, &program).await.expect(200).rows().len(), 1);
    test.delete(&own, &program, json!({})).await.expect(200);
    test.get(PATH, &program).await.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn nobody_makes_a_key_with_rights_they_lack() {
    let test = TestApp::start().await;
    let admin = test.create_member(Role::Admin).await;
    let make = async |person: &Person, body: Value| test.post(PATH, person, body).await;
    let with = |permissions: Value| json!({ "name": "Key", "permissions": permissions, "password": PASSWORD });
    make(&admin, with(json!(["inbox.change"]))).await.expect(200);
    make(&admin, with(json!(["organization.own"]))).await.expect_refusal(403, "forbidden");
    for (body, field) in [
        (with(json!(["appliance.operate"])), "permissions"),
        (with(json!([])), "permissions"),
        (json!({ "name": " ", "permissions": ["inbox.read"] }), "name"),
        (
            json!({ "name": "Key", "permissions": ["inbox.read"], "expires_at_ms": START_MS, "password": PASSWORD }),
            "expires_at_ms",
        ),
    ] {
        let refused = make(&test.operator, body).await.expect_refusal(400, "invalid_field");
        assert_eq!(refused["field"], field);
    }
    // Staff is in the organization as a guest, and a key needs a member whose rights bound it.
    let staff = test.create_staff(StaffRole::Admin).await;
    make(&staff, with(json!(["inbox.read"]))).await.expect_refusal(403, "forbidden");
    // Whoever renews a key has it in their hands.
    let own = create_key(&test, &test.operator, &["organization.own"]).await;
    let path = format!("{PATH}/{}/rotate", own["id"].as_str().unwrap());
    test.post(&path, &admin, json!({ "password": PASSWORD })).await.expect_refusal(403, "forbidden");
}

#[tokio::test]
async fn a_key_can_never_do_more_than_its_maker() {
    let test = TestApp::start().await;
    let admin = test.create_member(Role::Admin).await;
    let made = create_key(&test, &admin, &["inbox.read", "operations.manage"]).await;
    get(&test, "/api/v1/jobs", &made["key"]).await.expect(200);
    let mut feed = live::knock(&test, "/api/v1/live", made["key"].as_str()).await.expect_hello().0;
    let member = format!("/api/v1/organizations/{}/members/{}", test.organization_id, admin.account_id);
    test.patch_with(&member, &test.operator, json!({ "role": "viewer" })).await.expect(200);
    get(&test, "/api/v1/jobs", &made["key"]).await.expect_refusal(403, "forbidden");
    get(&test, "/api/v1/conversations", &made["key"]).await.expect(200);
    let id = made["id"].as_str().unwrap();
    test.delete(&format!("{PATH}/{id}"), &test.operator, json!({})).await.expect(200);
    while feed.next().await.is_ok() {}
    get(&test, "/api/v1/conversations", &made["key"]).await.expect_refusal(401, "unauthenticated");
    let audit = test.list_audit(test.organization_id).await;
    let actions: Vec<&str> = audit.iter().map(|(action, _before, _after)| action.as_str()).collect();
    assert_eq!(actions, ["api_key.created", "member.role_changed", "api_key.revoked"]);
    // Once revoked, for ever: it is listed so, and cannot be renewed.
    let row = test.get(PATH, &test.operator).await.expect(200).rows().remove(0);
    assert_eq!(row["revoked_at_ms"], json!(START_MS));
    test.post(&format!("{PATH}/{id}/rotate"), &test.operator, json!({ "password": PASSWORD }))
        .await
        .expect_refusal(409, "conflict");
}

#[tokio::test]
async fn a_renewed_key_works_beside_the_former_one_for_as_long_as_was_said() {
    let test = TestApp::start().await;
    let made = create_key(&test, &test.operator, &["inbox.read"]).await;
    let path = format!("{PATH}/{}/rotate", made["id"].as_str().unwrap());
    let works = async |key: &Value| get(&test, "/api/v1/conversations", key).await.status == 200;
    let second =
        test.post(&path, &test.operator, json!({ "overlap_hours": 2, "password": PASSWORD })).await.expect(200).data();
    assert_eq!((&second["prefix"], &second["is_rotating"]), (&made["prefix"], &json!(true)));
    assert_ne!(second["key"], made["key"]);
    assert!(works(&made["key"]).await && works(&second["key"]).await);
    test.app.clock.advance_ms(2 * HOUR_MS - 1);
    assert!(works(&made["key"]).await);
    test.app.clock.advance_ms(1);
    assert!(!works(&made["key"]).await && works(&second["key"]).await);
    let operator = test.sign_in_again(&test.operator).await;
    assert_eq!(test.get(PATH, &operator).await.expect(200).rows()[0]["is_rotating"], json!(false));
    // Renewed twice in a row, the first is over; without an overlap, the second too.
    let third = test.post(&path, &operator, json!({ "password": PASSWORD })).await.expect(200).data();
    let fourth =
        test.post(&path, &operator, json!({ "overlap_hours": 0, "password": PASSWORD })).await.expect(200).data();
    assert!(!works(&second["key"]).await && !works(&third["key"]).await && works(&fourth["key"]).await);
    let refused = test.post(&path, &operator, json!({ "overlap_hours": 721, "password": PASSWORD })).await;
    assert_eq!(refused.expect_refusal(400, "invalid_field")["field"], "overlap_hours");
    // Revoked while two secrets work: neither does.
    let fifth = test.post(&path, &operator, json!({ "password": PASSWORD })).await.expect(200).data();
    let revoke = format!("{PATH}/{}", made["id"].as_str().unwrap());
    test.delete(&revoke, &operator, json!({})).await.expect(200);
    assert!(!works(&fourth["key"]).await && !works(&fifth["key"]).await);
}

#[tokio::test]
async fn a_key_ends_when_it_was_said() {
    let test = TestApp::start().await;
    let body = json!({ "name": "Short", "permissions": ["inbox.read"], "expires_at_ms": START_MS + DAY_MS, "password": PASSWORD });
    let made = test.post(PATH, &test.operator, body).await.expect(200).data();
    test.app.clock.advance_ms(DAY_MS - 1);
    get(&test, "/api/v1/conversations", &made["key"]).await.expect(200);
    test.app.clock.advance_ms(1);
    get(&test, "/api/v1/conversations", &made["key"]).await.expect_refusal(401, "unauthenticated");
    let operator = test.sign_in_again(&test.operator).await;
    let path = format!("{PATH}/{}/rotate", made["id"].as_str().unwrap());
    test.post(&path, &operator, json!({ "password": PASSWORD })).await.expect_refusal(409, "conflict");
}

/// A key outlives the session it was made in: a stolen session must not be enough for one.
#[tokio::test]
async fn making_and_renewing_a_key_needs_a_proof() {
    let test = TestApp::start().await;
    let made = create_key(&test, &test.operator, &["inbox.read"]).await;
    let rotate = format!("{PATH}/{}/rotate", made["id"].as_str().unwrap());
    let authenticator = enrol(&test, &test.operator).await.0;
    let with = |path: &str, proof: Value| {
        let mut body = if path == PATH { json!({ "name": "x", "permissions": ["inbox.read"] }) } else { json!({}) };
        body.as_object_mut().unwrap().extend(proof.as_object().unwrap().clone());
        body
    };
    for path in [PATH, &rotate] {
        for (proof, field) in [
            (json!({}), "password"),
            (json!({ "password": "not the password" }), "password"),
            (json!({ "code": "000000" }), "code"),
        ] {
            let refused = test.post(path, &test.operator, with(path, proof)).await.expect_refusal(400, "invalid_field");
            assert_eq!(refused["field"], field, "{path}");
        }
        let code = next_code(&test, &authenticator);
        test.post(path, &test.operator, with(path, json!({ "code": code }))).await.expect(200);
        test.post(path, &test.operator, with(path, json!({ "code": code }))).await.expect_refusal(400, "invalid_field");
    }
    assert_eq!(test.get(PATH, &test.operator).await.expect(200).rows().len(), 2, "the refused ones made none");
    // Who only signs in at another service has nothing to show.
    test.execute_control(
        "UPDATE account SET password_hash = '', totp_confirmed_at_ms = NULL; DELETE FROM recovery_code",
    )
    .await;
    test.post(PATH, &test.operator, with(PATH, json!({}))).await.expect(200);
}

/// The rule of an organization holds for what speaks in its members' names.
#[tokio::test]
async fn a_key_of_somebody_without_the_second_factor_the_organization_asks_for_does_not_get_in() {
    let test = TestApp::start().await;
    let made = create_key(&test, &test.operator, &["inbox.read", "members.read"]).await;
    let (key, members) = (&made["key"], format!("/api/v1/organizations/{}/members", test.organization_id));
    test.execute_control("UPDATE organization SET is_second_factor_required = 1").await;
    for path in ["/api/v1/conversations", &members] {
        let refused = get(&test, path, key).await.expect_refusal(403, "second_factor_needed");
        assert!(refused["detail"].as_str().unwrap().contains("made this key"), "{refused}");
    }
    assert!(matches!(live::knock(&test, "/api/v1/live", key.as_str()).await, Knock::Closed(_)));
    enrol(&test, &test.operator).await;
    for path in ["/api/v1/conversations", &members] {
        get(&test, path, key).await.expect(200);
    }
}
