//! Organizations: made, entered, left, deleted and taken back; who belongs to them and with which rights.

use std::path::Path;

use salesbrain::account::permission::{Permission, Role, StaffRole};
use salesbrain::app::App;
use salesbrain::clock::{Clock, DAY_MS};
use salesbrain::id::{AccountId, OrganizationId};
use salesbrain::store::Error as StoreError;
use serde_json::{Value, json};

use crate::live;
use crate::support::{PASSWORD, Person, START_MS, TestApp, reply, wait_until};

/// A path below an organization.
fn below(id: OrganizationId, rest: &str) -> String {
    format!("/api/v1/organizations/{id}{rest}")
}

fn member_path(person: &Person) -> String {
    below(person.organization_id, &format!("/members/{}", person.account_id))
}

fn actions(audit: &[(String, Value, Value)]) -> Vec<&str> {
    audit.iter().map(|(action, _before, _after)| action.as_str()).collect()
}

/// The same without the sessions people started meanwhile.
fn of_organizations(audit: &[(String, Value, Value)]) -> Vec<&str> {
    actions(audit).into_iter().filter(|action| action.starts_with("organization.")).collect()
}

async fn count(test: &TestApp, sql: &'static str) -> i64 {
    let count = move |connection: &rusqlite::Connection| -> Result<i64, StoreError> {
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    };
    test.app.control.read(count).await.unwrap()
}

async fn remove_what_is_over(test: &TestApp) -> usize {
    let app = App::clone(&test.app);
    test.run(async move { app.remove_organizations_that_are_over().await }).await.unwrap()
}

/// Waits until the socket is closed, and answers the code.
async fn closing_code(feed: &mut live::Feed) -> u16 {
    loop {
        if let Err(code) = feed.next().await {
            return code;
        }
    }
}

async fn open_feed(test: &TestApp, token: &str) -> live::Feed {
    live::knock(test, "/api/v1/live", Some(token)).await.expect_hello().0
}

/// A role of the organization's own; answers its id.
async fn create_role(test: &TestApp, person: &Person, name: &str, permissions: &[&str]) -> String {
    let body = json!({ "name": name, "permissions": permissions });
    let made = test.post(&below(person.organization_id, "/roles"), person, body).await.expect(200).data();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_owner_makes_another_organization_and_works_in_it() {
    let test = TestApp::start().await;
    let made =
        test.post("/api/v1/organizations", &test.operator, json!({ "name": "  Branch " })).await.expect(200).data();
    assert_eq!(
        (&made["name"], &made["role"], &made["delete_after_ms"]),
        (&json!("Branch"), &json!("owner"), &Value::Null)
    );
    let id: OrganizationId = made["id"].as_str().unwrap().parse().unwrap();
    let rows = test.get("/api/v1/organizations", &test.operator).await.expect(200).rows();
    let short = rows.iter().map(|row| (&row["name"], &row["is_current"], &row["members"])).collect::<Vec<_>>();
    let (acme, branch, one) = (json!("Acme"), json!("Branch"), json!(1));
    assert_eq!(short, [(&acme, &json!(true), &one), (&branch, &json!(false), &one)]);
    let mut feed = open_feed(&test, &test.operator.token).await;
    let session = test.post(&below(id, "/switch"), &test.operator, json!({})).await.expect(200).data();
    assert_eq!(session["organization"]["id"], json!(id));
    assert_eq!(closing_code(&mut feed).await, 1008, "the feed of the organization that was left ends");
    let inside = Person { token: session["access_token"].as_str().unwrap().to_owned(), ..test.operator.clone() };
    let me = test.get("/api/v1/auth/me", &inside).await.expect(200).data();
    assert_eq!(me["organization"]["name"], "Branch");
    assert_eq!(test.get("/api/v1/conversations", &inside).await.expect(200).rows(), Vec::<Value>::new());
    let renamed = test.patch_with(&below(id, ""), &inside, json!({ "name": "Filiale" })).await.expect(200).data();
    assert_eq!(renamed["name"], "Filiale");
    let audit = test.list_audit(id).await;
    assert_eq!(actions(&audit), ["organization.created", "organization.renamed"]);
    assert_eq!(
        audit[1],
        ("organization.renamed".to_owned(), json!({ "name": "Branch" }), json!({ "name": "Filiale" }))
    );
    assert_eq!(of_organizations(&test.list_appliance_audit().await), ["organization.created"]);
    for name in ["", "  ", "a\u{0}b", &"x".repeat(201)] {
        let refused = test.post("/api/v1/organizations", &inside, json!({ "name": name })).await;
        assert_eq!(refused.expect_refusal(400, "invalid_field")["field"], "name");
    }
}

#[tokio::test]
async fn who_may_make_organizations_is_said_by_the_registration() {
    let test = TestApp::start().await;
    let viewer = test.create_member(Role::Viewer).await;
    let administrator = test.create_staff(StaffRole::Admin).await;
    let operator = test.create_staff(StaffRole::Operator).await;
    let make = async |person: &Person| test.post("/api/v1/organizations", person, json!({ "name": "New" })).await;
    make(&viewer).await.expect_refusal(403, "forbidden");
    make(&operator).await.expect_refusal(403, "forbidden");
    make(&administrator).await.expect(200);
    test.execute_control("INSERT INTO setting (name, value, updated_at_ms) VALUES ('registration', '\"open\"', 0)")
        .await;
    make(&viewer).await.expect(200);
}

#[tokio::test]
async fn entering_an_organization_is_for_those_it_is_something_to() {
    let test = TestApp::start().await;
    let outsider = test.create_outsider().await;
    let unknown =
        test.post(&below(OrganizationId::from_uuid(uuid::Uuid::nil()), "/switch"), &outsider, json!({})).await;
    let theirs = test.post(&below(test.organization_id, "/switch"), &outsider, json!({})).await;
    assert_eq!((theirs.status, &theirs.text), (404, &unknown.text));
    // Staff enters as a guest, and the organization reads of it.
    let staff = test.create_staff(StaffRole::Operator).await;
    let rival = outsider.organization_id;
    let session = test.post(&below(rival, "/switch"), &staff, json!({})).await.expect(200).data();
    assert_eq!((&session["organization"]["name"], &session["organization"]["role"]), (&json!("Rival"), &Value::Null));
    assert_eq!(actions(&test.list_audit(rival).await), ["staff.entered"]);
}

#[tokio::test]
async fn a_deleted_organization_is_whole_until_its_time_is_over() {
    let test = TestApp::start().await;
    let (id, owner) = (test.organization_id, &test.operator);
    let secret = test.create_connection(id).await;
    let key = test.create_key(owner, &[Permission::InboxRead]).await;
    let keyed = Person { token: key, ..owner.clone() };
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    let mut feed = open_feed(&test, &owner.token).await;
    let mut key_feed = open_feed(&test, &keyed.token).await;
    let wrong = test.delete(&below(id, ""), owner, json!({ "name": "Acne" })).await;
    assert_eq!(wrong.expect_refusal(400, "invalid_field")["field"], "name");
    let answer = test.delete(&below(id, ""), owner, json!({ "name": "Acme" })).await.expect(200).data();
    assert_eq!(answer, json!({ "delete_after_ms": START_MS + 14 * DAY_MS }));
    // Nobody works in it any more, by whatever way.
    assert_eq!((closing_code(&mut feed).await, closing_code(&mut key_feed).await), (1008, 1008));
    test.get("/api/v1/conversations", owner).await.expect_refusal(403, "no_organization");
    test.get("/api/v1/conversations", &keyed).await.expect_refusal(401, "unauthenticated");
    test.get(&below(id, "/members"), owner).await.expect_refusal(409, "conflict");
    test.post(&below(id, "/switch"), owner, json!({})).await.expect_refusal(409, "conflict");
    test.delete(&below(id, ""), owner, json!({ "name": "Acme" })).await.expect_refusal(409, "conflict");
    let listed = test.get("/api/v1/organizations", owner).await.expect(200).rows();
    assert_eq!(listed[0]["delete_after_ms"], answer["delete_after_ms"]);
    // What is acknowledged in this time is there when the deletion is taken back.
    let late = reply(&json!({ "email_id": "late", "lead_email": "late@bergbahn.example" }));
    test.post_webhook(&secret, &late).await.expect(200);
    test.app.clock.advance_ms(14 * DAY_MS - 1);
    assert_eq!(remove_what_is_over(&test).await, 0);
    let owner = test.sign_in_again(owner).await;
    let restored = test.post(&below(id, "/restore"), &owner, json!({})).await.expect(200).data();
    assert_eq!(restored["delete_after_ms"], Value::Null);
    test.post(&below(id, "/restore"), &owner, json!({})).await.expect_refusal(409, "conflict");
    assert_eq!(test.get("/api/v1/conversations", &owner).await.expect(200).rows().len(), 2);
    let audit = test.list_audit(id).await;
    assert_eq!(actions(&audit), ["connection.created", "organization.deleted", "organization.restored"]);
    assert_eq!(of_organizations(&test.list_appliance_audit().await), ["organization.deleted", "organization.restored"]);
}

/// An organization with one of everything in `control.db`, deleted.
async fn delete_full_organization(test: &TestApp) -> (Person, String) {
    let owner = test.create_outsider().await;
    let id = owner.organization_id;
    let secret = test.create_connection(id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    let role_id = create_role(test, &owner, "Reader", &["inbox.read"]).await;
    let reader = test.create_person(id, "reader@rival.example", Role::Viewer).await;
    let change = json!({ "role": "custom", "role_id": role_id });
    test.patch_with(&member_path(&reader), &owner, change.clone()).await.expect(200);
    test.post(&below(id, "/invitations"), &owner, change).await.expect(200);
    let key = json!({ "name": "Key", "permissions": ["inbox.read"], "password": PASSWORD });
    test.post("/api/v1/api-keys", &owner, key).await.expect(200);
    test.delete(&below(id, ""), &owner, json!({ "name": "Rival" })).await.expect(200);
    (owner, secret)
}

#[tokio::test]
async fn when_its_time_is_over_an_organization_is_gone_and_the_others_are_not() {
    let test = TestApp::start().await;
    let (owner, secret) = delete_full_organization(&test).await;
    let folder = test.data().join("tenants").join(owner.organization_id.to_string());
    test.app.clock.advance_ms(14 * DAY_MS);
    // The task has not come by yet: it is too late all the same.
    let owner = test.sign_in_again(&owner).await;
    test.post(&below(owner.organization_id, "/restore"), &owner, json!({})).await.expect_refusal(409, "conflict");
    assert!(folder.try_exists().unwrap());
    assert_eq!(remove_what_is_over(&test).await, 1);
    assert!(!folder.try_exists().unwrap());
    let tenants = test.data().join("tenants");
    let left: Vec<_> = std::fs::read_dir(&tenants).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(
        left.iter().filter(|name| !name.to_string_lossy().contains(&test.organization_id.to_string())).count(),
        0
    );
    for sql in [
        "SELECT count(*) FROM organization WHERE name = 'Rival'",
        "SELECT count(*) FROM role",
        "SELECT count(*) FROM invitation",
        "SELECT count(*) FROM api_key",
        "SELECT count(*) FROM connection",
        "SELECT count(*) FROM audit_delivery",
    ] {
        assert_eq!(count(&test, sql).await, 0, "{sql}");
    }
    assert_eq!(count(&test, "SELECT count(*) FROM membership").await, 1);
    test.post_webhook(&secret, &reply(&json!({ "email_id": "late" }))).await.expect_refusal(401, "unauthenticated");
    test.get("/api/v1/conversations", &owner).await.expect_refusal(403, "no_organization");
    test.post(&below(owner.organization_id, "/restore"), &owner, json!({})).await.expect_refusal(404, "not_found");
    let last = test.list_appliance_audit().await.pop().unwrap();
    assert_eq!(last.0, "organization.removed");
    // A request that was on its way when the folder went does not make it anew.
    let (tenants, id) = (test.app.tenants.clone(), owner.organization_id);
    assert!(test.run(async move { tenants.find(id).await.is_err() }).await);
    assert!(!folder.try_exists().unwrap());
    let operator = test.sign_in_again(&test.operator).await;
    test.get("/api/v1/conversations", &operator).await.expect(200);
}

/// Without the time of grace: for an administrator of the appliance, and for nobody else however much they own.
#[tokio::test]
async fn an_administrator_deletes_an_organization_at_once() {
    let test = TestApp::start().await;
    let (owner, _secret) = delete_full_organization(&test).await;
    let id = owner.organization_id;
    let folder = test.data().join("tenants").join(id.to_string());
    let admin = test.create_staff(StaffRole::Admin).await;
    let forced = json!({ "name": "Rival", "is_forced": true });
    let owner = test.sign_in_again(&owner).await;
    test.delete(&below(id, ""), &owner, forced.clone()).await.expect_refusal(403, "forbidden");
    let wrong = test.delete(&below(id, ""), &admin, json!({ "name": "Rivale", "is_forced": true })).await;
    assert_eq!(wrong.expect_refusal(400, "invalid_field")["field"], "name");
    // It is on its way out already; without force that is all that can be asked for.
    test.delete(&below(id, ""), &admin, json!({ "name": "Rival" })).await.expect_refusal(409, "conflict");
    assert!(folder.try_exists().unwrap());
    let answer = test.delete(&below(id, ""), &admin, forced).await.expect(200).data();
    let now_ms = test.app.clock.now_ms();
    assert_eq!(answer, json!({ "delete_after_ms": now_ms }));
    wait_until("it is gone", async || {
        count(&test, "SELECT count(*) FROM organization WHERE name = 'Rival'").await == 0
    })
    .await;
    assert!(!folder.try_exists().unwrap());
    let written = test.list_appliance_audit().await;
    let forced = written.iter().rev().find(|(action, ..)| action == "organization.deleted").unwrap();
    assert_eq!(forced.2, json!({ "delete_after_ms": now_ms, "is_forced": true }));
    assert_eq!(of_organizations(&written).last(), Some(&"organization.removed"));
}

/// Whatever a crash leaves behind in the middle of it, the next start ends what was begun.
#[tokio::test]
async fn a_removal_that_was_interrupted_is_ended_at_the_next_start() {
    type Interruption = fn(&Path, &str);
    let interruptions: [(&str, Interruption); 4] = [
        ("before anything was done", |_tenants, _id| {}),
        ("the folder has its new name", |tenants, id| {
            std::fs::rename(tenants.join(id), tenants.join(format!("{id}.removed"))).unwrap();
        }),
        ("the folder is partly deleted, and a start made an empty one", |tenants, id| {
            std::fs::rename(tenants.join(id), tenants.join(format!("{id}.removed"))).unwrap();
            std::fs::remove_file(tenants.join(format!("{id}.removed")).join("tenant.db")).unwrap();
            std::fs::create_dir_all(tenants.join(id).join("files")).unwrap();
        }),
        ("the folder is gone", |tenants, id| std::fs::remove_dir_all(tenants.join(id)).unwrap()),
    ];
    for (name, interrupt) in interruptions {
        let test = TestApp::start().await;
        let (owner, _secret) = delete_full_organization(&test).await;
        let id = owner.organization_id.to_string();
        let test = test.restart(|data| {
            // Marked: from here on nobody takes it back.
            let control = crate::audit::open(&data.join("control.db"));
            control.execute("UPDATE organization SET delete_after_ms = 0 WHERE name = 'Rival'", []).unwrap();
            interrupt(&data.join("tenants"), &id);
        });
        wait_until(name, async || count(&test, "SELECT count(*) FROM organization WHERE name = 'Rival'").await == 0)
            .await;
        let left: Vec<_> = std::fs::read_dir(test.data().join("tenants"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|folder| folder.contains(&id))
            .collect();
        assert_eq!(left, Vec::<String>::new(), "{name}");
        test.get("/api/v1/conversations", &test.operator).await.expect(200);
    }
}

#[tokio::test]
async fn without_a_grace_period_the_task_removes_at_once() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.delete_grace_days = 0).await;
    let outsider = test.create_outsider().await;
    test.delete(&below(outsider.organization_id, ""), &outsider, json!({ "name": "Rival" })).await.expect(200);
    wait_until("the organization is gone", async || {
        count(&test, "SELECT count(*) FROM organization WHERE name = 'Rival'").await == 0
    })
    .await;
}

#[tokio::test]
async fn a_second_factor_is_asked_for_by_those_who_have_one() {
    let test = TestApp::start().await;
    let viewer = test.create_member(Role::Viewer).await;
    let rule = json!({ "is_second_factor_required": true });
    test.patch_with(&below(test.organization_id, ""), &test.operator, rule.clone())
        .await
        .expect_refusal(409, "conflict");
    test.get("/api/v1/conversations", &viewer).await.expect(200);
    give_second_factor(&test, test.operator.account_id).await;
    let changed = test.patch_with(&below(test.organization_id, ""), &test.operator, rule).await.expect(200).data();
    assert_eq!(changed["is_second_factor_required"], json!(true));
    test.get("/api/v1/conversations", &test.operator).await.expect(200);
    test.get("/api/v1/conversations", &viewer).await.expect_refusal(403, "second_factor_needed");
    test.get(&below(test.organization_id, "/members"), &viewer).await.expect_refusal(403, "second_factor_needed");
    let audit = test.list_audit(test.organization_id).await;
    assert_eq!(audit[0].0, "organization.rule_changed");
    assert_eq!(audit[0].2, json!({ "is_second_factor_required": true }));
}

async fn give_second_factor(test: &TestApp, account_id: AccountId) {
    let id = account_id.uuid().simple();
    test.execute_control(&format!(
        "UPDATE account SET totp_confirmed_at_ms = 1, totp_secret = x'00' WHERE id = x'{id}'"
    ))
    .await;
}

#[tokio::test]
async fn members_are_listed_with_what_their_colleagues_may_know() {
    let test = TestApp::start().await;
    let viewer = test.create_member(Role::Viewer).await;
    give_second_factor(&test, viewer.account_id).await;
    let rows = test.get(&below(test.organization_id, "/members"), &viewer).await.expect(200);
    for secret in ["password", "argon2", "totp"] {
        assert!(!rows.text.contains(secret), "{}", rows.text);
    }
    let rows = rows.rows();
    let short = rows.iter().map(|row| (&row["email"], &row["role"], &row["has_second_factor"])).collect::<Vec<_>>();
    assert_eq!(
        short,
        [
            (&json!("operator@acme.example"), &json!("owner"), &json!(false)),
            (&json!("viewer@acme.example"), &json!("viewer"), &json!(true)),
        ]
    );
    assert_eq!(rows[1]["last_sign_in_at_ms"], json!(START_MS));
}

#[tokio::test]
async fn nobody_gives_or_takes_rights_they_do_not_have() {
    let test = TestApp::start().await;
    let owner = test.operator.clone();
    let admin = test.create_member(Role::Admin).await;
    let member = test.create_member(Role::Member).await;
    let change =
        async |actor: &Person, target: &Person, body: Value| test.patch_with(&member_path(target), actor, body).await;
    // An admin moves others below an admin, and touches no owner.
    change(&admin, &member, json!({ "role": "admin" })).await.expect(200);
    change(&admin, &member, json!({ "role": "viewer" })).await.expect(200);
    change(&admin, &member, json!({ "role": "owner" })).await.expect_refusal(403, "forbidden");
    change(&admin, &owner, json!({ "role": "viewer" })).await.expect_refusal(403, "forbidden");
    change(&admin, &admin, json!({ "role": "owner" })).await.expect_refusal(403, "forbidden");
    test.delete(&member_path(&owner), &admin, json!({})).await.expect_refusal(403, "forbidden");
    let invite = async |actor: &Person, role: &str| {
        test.post(&below(test.organization_id, "/invitations"), actor, json!({ "role": role })).await
    };
    invite(&admin, "owner").await.expect_refusal(403, "forbidden");
    invite(&admin, "admin").await.expect(200);
    // Someone who only manages members gives nothing but what they have themselves.
    let role_id = create_role(&test, &owner, "Reception", &["members.read", "members.manage"]).await;
    let custom = json!({ "role": "custom", "role_id": role_id });
    change(&owner, &member, custom.clone()).await.expect(200);
    change(&member, &admin, json!({ "role": "viewer" })).await.expect_refusal(403, "forbidden");
    invite(&member, "viewer").await.expect_refusal(403, "forbidden");
    test.post(&below(test.organization_id, "/invitations"), &member, custom).await.expect(200);
    test.post(&below(test.organization_id, "/roles"), &member, json!({ "name": "Mine", "permissions": [] }))
        .await
        .expect_refusal(403, "forbidden");
    // Roles are made and changed within the same bounds.
    let make = async |actor: &Person, permission: &str| {
        let body = json!({ "name": format!("With {permission}"), "permissions": [permission] });
        test.post(&below(test.organization_id, "/roles"), actor, body).await
    };
    // What an owner is, no other role can be.
    let refused = make(&owner, "organization.own").await.expect_refusal(400, "invalid_field");
    assert_eq!(refused["field"], "permissions");
    let own = create_role(&test, &owner, "Almost", &["roles.manage"]).await;
    let own_path = below(test.organization_id, &format!("/roles/{own}"));
    let grown = test.patch_with(&own_path, &owner, json!({ "permissions": ["organization.own"] })).await;
    grown.expect_refusal(400, "invalid_field");
    let refused = make(&owner, "appliance.administer").await.expect_refusal(400, "invalid_field");
    assert_eq!(refused["field"], "permissions");
    change(&owner, &member, json!({ "role": "custom" })).await.expect_refusal(400, "invalid_field");
    change(&owner, &member, json!({ "role": "viewer", "role_id": own })).await.expect_refusal(400, "invalid_field");
}

#[tokio::test]
async fn an_owner_always_remains() {
    let test = TestApp::start().await;
    let owner = &test.operator;
    let admin = test.create_member(Role::Admin).await;
    let lower = json!({ "role": "admin" });
    test.patch_with(&member_path(owner), owner, lower.clone()).await.expect_refusal(409, "last_owner");
    test.delete(&member_path(owner), owner, json!({})).await.expect_refusal(409, "last_owner");
    test.post(&below(test.organization_id, "/leave"), owner, json!({})).await.expect_refusal(409, "last_owner");
    // The staff of the appliance neither.
    let staff = test.create_staff(StaffRole::Admin).await;
    test.delete(&member_path(owner), &staff, json!({})).await.expect_refusal(409, "last_owner");
    test.patch_with(&member_path(&admin), owner, json!({ "role": "owner" })).await.expect(200);
    test.post(&below(test.organization_id, "/leave"), owner, json!({})).await.expect(200);
    test.get("/api/v1/conversations", owner).await.expect_refusal(403, "no_organization");
    test.patch_with(&member_path(&admin), &admin, lower).await.expect_refusal(409, "last_owner");
    // An owner who may not sign in is no owner.
    let disabled = test.create_person(test.organization_id, "gone@acme.example", Role::Owner).await;
    let id = disabled.account_id.uuid().simple();
    test.execute_control(&format!("UPDATE account SET is_disabled = 1 WHERE id = x'{id}'")).await;
    test.post(&below(test.organization_id, "/leave"), &admin, json!({})).await.expect_refusal(409, "last_owner");
}

/// Neither a role that may see next to nothing nor a second factor that is missing keeps anybody in.
#[tokio::test]
async fn every_member_sees_the_organization_and_can_leave() {
    let test = TestApp::start().await;
    let owner = &test.operator;
    let (here, leave) = (below(test.organization_id, ""), below(test.organization_id, "/leave"));
    let reader = test.create_person(test.organization_id, "reader@acme.example", Role::Member).await;
    let role_id = create_role(&test, owner, "Reader", &["inbox.read"]).await;
    let custom = json!({ "role": "custom", "role_id": role_id });
    test.patch_with(&member_path(&reader), owner, custom).await.expect(200);
    let shown = test.get(&here, &reader).await.expect(200).data();
    assert_eq!((&shown["name"], &shown["permissions"]), (&json!("Acme"), &json!(["inbox.read"])));
    test.get(&below(test.organization_id, "/members"), &reader).await.expect_refusal(403, "forbidden");
    // A key stays within its scope.
    let key = test.create_key(owner, &[Permission::InboxRead]).await;
    let keyed = Person { token: key, ..owner.clone() };
    test.get(&here, &keyed).await.expect_refusal(403, "forbidden");
    test.post(&leave, &keyed, json!({})).await.expect_refusal(403, "forbidden");
    test.post(&leave, &reader, json!({})).await.expect(200);
    test.post(&leave, &reader, json!({})).await.expect_refusal(404, "not_found");
    test.get(&here, &reader).await.expect_refusal(404, "not_found");

    let viewer = test.create_member(Role::Viewer).await;
    give_second_factor(&test, owner.account_id).await;
    test.patch_with(&here, owner, json!({ "is_second_factor_required": true })).await.expect(200);
    test.get("/api/v1/conversations", &viewer).await.expect_refusal(403, "second_factor_needed");
    let shown = test.get(&here, &viewer).await.expect(200).data();
    assert_eq!(shown["is_second_factor_required"], json!(true));
    test.post(&leave, &viewer, json!({})).await.expect(200);
    test.get(&here, &viewer).await.expect_refusal(404, "not_found");
    let left = test.list_audit(test.organization_id).await.into_iter().filter(|(action, ..)| action == "member.left");
    assert_eq!(left.count(), 2);
}

/// A role from another appliance, or of an earlier version, that says it owns the organization.
#[tokio::test]
async fn a_role_that_says_so_is_no_owner() {
    let test = TestApp::start().await;
    let owner = &test.operator;
    let member = test.create_member(Role::Member).await;
    let role_id = create_role(&test, owner, "Deputy", &["members.read", "organization.manage"]).await;
    let custom = json!({ "role": "custom", "role_id": role_id });
    test.patch_with(&member_path(&member), owner, custom).await.expect(200);
    test.execute_control("UPDATE role SET permissions = 'members.read organization.manage organization.own'").await;
    let me = test.get("/api/v1/auth/me", &member).await.expect(200).data();
    assert_eq!(me["permissions"], json!(["members.read", "organization.manage"]));
    let ending = json!({ "name": "Acme" });
    test.delete(&below(test.organization_id, ""), &member, ending).await.expect_refusal(403, "forbidden");
    test.post(&below(test.organization_id, "/leave"), owner, json!({})).await.expect_refusal(409, "last_owner");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_owners_who_lower_each_other_at_once_leave_one() {
    let test = TestApp::start().await;
    for round in 0..12 {
        let id = test.create_organization(&format!("Round {round}")).await;
        let first = test.create_person(id, &format!("first{round}@acme.example"), Role::Owner).await;
        let second = test.create_person(id, &format!("second{round}@acme.example"), Role::Owner).await;
        let lower = |actor: &Person, target: &Person| {
            let (path, actor) = (member_path(target), actor.clone());
            let test = &test;
            async move {
                // By three ways in turn: another role, out of the organization, by oneself.
                match round % 3 {
                    0 => test.patch_with(&path, &actor, json!({ "role": "viewer" })).await,
                    1 => test.delete(&path, &actor, json!({})).await,
                    _ => test.post(&below(actor.organization_id, "/leave"), &actor, json!({})).await,
                }
            }
        };
        let (one, two) = tokio::join!(lower(&first, &second), lower(&second, &first));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200, "{} {}", one.text, two.text);
        assert!([403, 404, 409].contains(&statuses[1]), "{} {}", one.text, two.text);
        let uuid = id.uuid();
        let owners = move |connection: &rusqlite::Connection| -> Result<i64, StoreError> {
            let sql = "SELECT count(*) FROM membership WHERE organization_id = ?1 AND role = 'owner'";
            Ok(connection.query_row(sql, [uuid.as_bytes().as_slice()], |row| row.get(0))?)
        };
        assert_eq!(test.app.control.read(owners).await.unwrap(), 1, "round {round}");
    }
}

#[tokio::test]
async fn who_is_removed_loses_everything_at_once() {
    let test = TestApp::start().await;
    let admin = test.create_member(Role::Admin).await;
    let rival = test.create_outsider().await;
    let elsewhere = test.invite_and_accept(&rival, &admin, json!({ "role": "member" })).await;
    let admin = test.sign_in_again(&admin).await;
    let key = json!({ "name": "Key", "permissions": ["inbox.read"], "password": PASSWORD });
    let key = test.post("/api/v1/api-keys", &admin, key).await.expect(200).data();
    let keyed = Person { token: key["key"].as_str().unwrap().to_owned(), ..admin.clone() };
    let invited = test.post(&below(test.organization_id, "/invitations"), &admin, json!({ "role": "viewer" })).await;
    let token = invited.expect(200).data()["token"].clone();
    let (mut feed, mut key_feed) = (open_feed(&test, &admin.token).await, open_feed(&test, &keyed.token).await);
    test.delete(&member_path(&admin), &test.operator, json!({})).await.expect(200);
    assert_eq!((closing_code(&mut feed).await, closing_code(&mut key_feed).await), (1008, 1008));
    test.get("/api/v1/conversations", &admin).await.expect_refusal(403, "no_organization");
    test.get(&below(test.organization_id, "/members"), &admin).await.expect_refusal(404, "not_found");
    test.get("/api/v1/conversations", &keyed).await.expect_refusal(401, "unauthenticated");
    test.post_anonymous("/api/v1/invitations/show", json!({ "token": token })).await.expect_refusal(404, "not_found");
    test.delete(&member_path(&admin), &test.operator, json!({})).await.expect_refusal(404, "not_found");
    // Elsewhere nothing changes.
    test.get("/api/v1/conversations", &elsewhere).await.expect(200);
    let audit = test.list_audit(test.organization_id).await;
    let (action, before, after) = audit.last().unwrap();
    assert_eq!((action.as_str(), &before["role"]), ("member.removed", &json!("admin")));
    assert_eq!(after, &json!({ "api_keys_revoked": 1, "invitations_revoked": 1, "sessions_ended": 2 }));
    // Who comes back does not find the old key in force.
    let back = json!({ "role": "admin" });
    test.invite_and_accept(&test.operator, &admin, back).await;
    test.get("/api/v1/conversations", &keyed).await.expect_refusal(401, "unauthenticated");
}

/// The rule: an owner takes the lock off their own doors only.
#[tokio::test]
async fn a_second_factor_is_reset_only_by_who_owns_everything_it_protects() {
    let test = TestApp::start().await;
    // The first account is an administrator of the appliance as well.
    let owner = &test.create_member(Role::Owner).await;
    let reset = async |actor: &Person, target: &Person| {
        test.post(&format!("{}/reset-second-factor", member_path(target)), actor, json!({})).await
    };
    let has_factor = async |target: &Person| {
        let rows = test.get(&below(target.organization_id, "/members"), owner).await.expect(200).rows();
        let id = json!(target.account_id);
        rows.iter().find(|row| row["account_id"] == id).unwrap()["has_second_factor"] == json!(true)
    };
    let viewer = test.create_member(Role::Viewer).await;
    give_second_factor(&test, viewer.account_id).await;
    let id = viewer.account_id.uuid().simple();
    test.execute_control(&format!("INSERT INTO recovery_code (account_id, code_hash) VALUES (x'{id}', x'01')")).await;
    // Another organization the owner has nothing to do with stands in the way, whatever the member is there.
    let rival = test.create_outsider().await;
    let there = test.invite_and_accept(&rival, &viewer, json!({ "role": "viewer" })).await;
    let viewer = test.sign_in_again(&viewer).await;
    let refused = reset(owner, &viewer).await.expect_refusal(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("administrator of the appliance"), "{refused}");
    // To be a member there is not to own it.
    test.invite_and_accept(&rival, owner, json!({ "role": "admin" })).await;
    let owner_again = test.sign_in_again(owner).await;
    reset(&owner_again, &viewer).await.expect_refusal(403, "forbidden");
    assert!(has_factor(&viewer).await);
    test.delete(&member_path(&there), &rival, json!({})).await.expect(200);
    let mut feed = open_feed(&test, &viewer.token).await;
    reset(&owner_again, &viewer).await.expect(200);
    assert!(!has_factor(&viewer).await);
    assert_eq!(count(&test, "SELECT count(*) FROM recovery_code").await, 0);
    // Whoever found the lost device is signed out.
    assert_eq!(closing_code(&mut feed).await, 1008);
    test.get("/api/v1/auth/me", &viewer).await.expect_refusal(401, "unauthenticated");
    // Not one's own, and not that of the appliance's staff.
    reset(&owner_again, owner).await.expect_refusal(403, "forbidden");
    let staff = test.create_staff(StaffRole::Operator).await;
    let staff = test.invite_and_accept(owner, &staff, json!({ "role": "viewer" })).await;
    reset(&owner_again, &staff).await.expect_refusal(403, "forbidden");
    let admin = test.create_member(Role::Admin).await;
    reset(&admin, &viewer).await.expect_refusal(403, "forbidden");
    let is_reset = |audit: &[(String, Value, Value)], action: &str| actions(audit).contains(&action);
    assert!(is_reset(&test.list_audit(test.organization_id).await, "member.second_factor_reset"));
    assert!(is_reset(&test.list_appliance_audit().await, "account.second_factor_reset"));
}

#[tokio::test]
async fn an_invitation_by_mail_is_for_the_owner_of_the_address() {
    let test = TestApp::start().await;
    let rival = test.create_outsider().await;
    let path = below(test.organization_id, "/members");
    let body = json!({ "email": " Owner@Rival.example ", "role": "member", "expires_days": 3 });
    let made = test.post(&path, &test.operator, body.clone()).await.expect(200).data();
    assert_eq!((&made["email"], &made["role"]), (&json!("owner@rival.example"), &json!("member")));
    assert_eq!(made["expires_at_ms"], json!(START_MS + 3 * DAY_MS));
    assert_eq!(made["invited_by"]["email"], "operator@acme.example");
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["link"], json!(format!("http://{}/invitation#{token}", test.address)));
    let listed = test.get(&below(test.organization_id, "/invitations"), &test.operator).await.expect(200);
    assert!(!listed.text.contains(token), "the token is shown once");
    let shown = test.post_anonymous("/api/v1/invitations/show", json!({ "token": token })).await.expect(200).data();
    let expected = json!({
        "organization_name": "Acme", "email": "owner@rival.example", "role": "member", "role_name": null,
        "expires_at_ms": START_MS + 3 * DAY_MS, "has_account": null,
    });
    assert_eq!(shown, expected);
    // The mail's link leads to the same, and says besides that it came by mail; the inviting person cannot know it.
    let list_mails = async || test.get("/api/v1/admin/mails", &test.operator).await.expect(200).rows();
    wait_until("the mail is held", async || list_mails().await[0]["link"].is_string()).await;
    let mails = list_mails().await;
    assert_eq!((&mails[0]["kind"], &mails[0]["address"]), (&json!("invitation"), &json!("owner@rival.example")));
    let mailed = mails[0]["link"].as_str().unwrap().split_once('#').unwrap().1;
    let (same, proof) = mailed.split_once('.').unwrap();
    assert!(same == token && proof.len() == 64 && !made.to_string().contains(proof), "{mails:?}");
    let by_mail = test.post_anonymous("/api/v1/invitations/show", json!({ "token": mailed })).await.expect(200).data();
    // Who reads the mailbox may know whether it has an account; who invites it learns nothing.
    let mut expected = expected;
    expected["has_account"] = json!(true);
    assert_eq!(by_mail, expected);
    // Someone else learns that it is not theirs, and not whose it is.
    let viewer = test.create_member(Role::Viewer).await;
    let refused = test.post("/api/v1/invitations/accept", &viewer, json!({ "token": token })).await;
    let refused = refused.expect_refusal(403, "forbidden");
    assert!(!refused.to_string().contains("rival"), "{refused}");
    // A newer invitation of the same address takes the older one's place.
    let newer = test.post(&path, &test.operator, body).await.expect(200).data();
    test.post("/api/v1/invitations/accept", &rival, json!({ "token": token })).await.expect_refusal(404, "not_found");
    let session = test.post("/api/v1/invitations/accept", &rival, json!({ "token": newer["token"] })).await;
    let session = session.expect(200).data();
    assert_eq!(
        (&session["organization"]["name"], &session["organization"]["role"]),
        (&json!("Acme"), &json!("member"))
    );
    let used = test.post("/api/v1/invitations/accept", &rival, json!({ "token": newer["token"] })).await;
    used.expect_refusal(404, "not_found");
    let rows = test.get(&below(test.organization_id, "/invitations"), &test.operator).await.expect(200).rows();
    assert_eq!((rows.len(), &rows[0]["accepted_at_ms"]), (1, &json!(START_MS)));
    let revoke = below(test.organization_id, &format!("/invitations/{}", rows[0]["id"].as_str().unwrap()));
    test.delete(&revoke, &test.operator, json!({})).await.expect_refusal(409, "conflict");
    let again = test.post(&path, &test.operator, json!({ "email": "owner@rival.example", "role": "viewer" })).await;
    assert_eq!(again.expect_refusal(409, "conflict")["field"], "email");
    let audit = test.list_audit(test.organization_id).await;
    // No mail server is there: the test read the link where the administrator does, which is written down.
    assert_eq!(actions(&audit), ["member.invited", "mail.link_shown", "member.invited", "member.joined"]);
    for (_action, before, after) in audit {
        assert!(!format!("{before}{after}").contains(newer["token"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn one_organization_does_not_use_up_the_invitations_of_another() {
    let test = TestApp::start().await;
    let rival = test.create_outsider().await;
    let body = json!({ "email": "lena@elsewhere.example", "role": "member" });
    let invite =
        async |person: &Person| test.post(&below(person.organization_id, "/members"), person, body.clone()).await;
    let show = async |token: &Value| test.post_anonymous("/api/v1/invitations/show", json!({ "token": token })).await;
    let list_mails = async || test.get("/api/v1/admin/mails", &test.operator).await.expect(200).rows();
    let mut last = json!(null);
    for _ in 0..5 {
        last = invite(&rival).await.expect(200).data()["token"].clone();
        test.app.clock.advance_ms(60_000);
    }
    // The sixth would not be sent: it is refused, and the fifth stays good.
    let refused = invite(&rival).await;
    assert_eq!(refused.header("retry-after"), (55 * 60 + 1).to_string());
    assert_eq!(refused.expect_refusal(429, "rate_limited")["field"], "email");
    show(&last).await.expect(200);
    let rows = test.get(&below(rival.organization_id, "/invitations"), &rival).await.expect(200).rows();
    assert_eq!((rows.len(), list_mails().await.len()), (1, 5));
    // Without an address there is no mail to leave out, and another organization's mail goes out.
    test.post(&below(rival.organization_id, "/invitations"), &rival, json!({ "role": "member" })).await.expect(200);
    invite(&test.operator).await.expect(200);
    assert_eq!(list_mails().await.len(), 6);
    test.app.clock.advance_ms(55 * 60_000);
    let rival = test.sign_in_again(&rival).await;
    let next = invite(&rival).await.expect(200).data()["token"].clone();
    show(&last).await.expect_refusal(404, "not_found");
    show(&next).await.expect(200);
}

#[tokio::test]
async fn a_link_is_for_whoever_has_it_until_it_ends() {
    let test = TestApp::start().await;
    let rival = test.create_outsider().await;
    let path = below(test.organization_id, "/invitations");
    let create = async |body: Value| test.post(&path, &test.operator, body).await;
    let token = async |body: Value| create(body).await.expect(200).data()["token"].clone();
    let show = async |token: &Value| test.post_anonymous("/api/v1/invitations/show", json!({ "token": token })).await;
    for days in [0, -1, 91] {
        let refused = create(json!({ "role": "viewer", "expires_days": days })).await;
        assert_eq!(refused.expect_refusal(400, "invalid_field")["field"], "expires_days");
    }
    create(json!({ "role": "viewer", "email": "nobody" })).await.expect_refusal(400, "invalid_field");
    let (short, long) =
        (token(json!({ "role": "viewer", "expires_days": 1 })).await, token(json!({ "role": "viewer" })).await);
    let shown = show(&short).await.expect(200).data();
    assert_eq!((&shown["email"], &shown["has_account"]), (&Value::Null, &Value::Null));
    test.app.clock.advance_ms(DAY_MS);
    let (operator, rival) = (test.sign_in_again(&test.operator).await, test.sign_in_again(&rival).await);
    // Over, unknown and revoked are one and the same.
    let over = show(&short).await;
    let unknown = show(&json!("no-such-token")).await;
    let id = test.get(&path, &operator).await.expect(200).rows();
    let id = id.iter().find(|row| row["expires_at_ms"] == json!(START_MS + 7 * DAY_MS)).unwrap()["id"].clone();
    test.delete(&format!("{path}/{}", id.as_str().unwrap()), &operator, json!({})).await.expect(200);
    let revoked = show(&long).await;
    assert_eq!((&over.text, &revoked.text), (&unknown.text, &unknown.text));
    over.expect_refusal(404, "not_found");
    for token in [&short, &long] {
        let refused = test.post("/api/v1/invitations/accept", &rival, json!({ "token": token })).await;
        refused.expect_refusal(404, "not_found");
    }
    // Guessing is slowed down.
    let mut status = 0;
    for _attempt in 0..20 {
        status = show(&json!("guess")).await.status;
    }
    assert_eq!(status, 429);
}

#[tokio::test]
async fn an_invitation_ends_with_the_rights_of_who_sent_it() {
    let test = TestApp::start().await;
    let admin = test.create_member(Role::Admin).await;
    let rival = test.create_outsider().await;
    let invited = test.post(&below(test.organization_id, "/invitations"), &admin, json!({ "role": "admin" })).await;
    let body = json!({ "token": invited.expect(200).data()["token"] });
    test.post_anonymous("/api/v1/invitations/show", body.clone()).await.expect(200);
    test.patch_with(&member_path(&admin), &test.operator, json!({ "role": "member" })).await.expect(200);
    test.post_anonymous("/api/v1/invitations/show", body.clone()).await.expect_refusal(404, "not_found");
    test.post("/api/v1/invitations/accept", &rival, body).await.expect_refusal(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_invitation_shown_twice_at_once_makes_one_member() {
    let test = TestApp::start().await;
    for round in 0..10 {
        let id = test.create_organization(&format!("Home {round}")).await;
        let first = test.create_person(id, &format!("first{round}@home.example"), Role::Owner).await;
        let second = test.create_person(id, &format!("second{round}@home.example"), Role::Owner).await;
        let invitations = below(test.organization_id, "/invitations");
        let invited = test.post(&invitations, &test.operator, json!({ "role": "viewer" })).await.expect(200).data();
        let body = json!({ "token": invited["token"] });
        let accept = |person| test.post("/api/v1/invitations/accept", person, body.clone());
        let (one, two) = tokio::join!(accept(&first), accept(&second));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404], "{} {}", one.text, two.text);
        let members = test.get(&below(test.organization_id, "/members"), &test.operator).await.expect(200).rows();
        assert_eq!(members.len(), round + 2);
    }
}

#[tokio::test]
async fn roles_are_made_changed_and_deleted() {
    let test = TestApp::start().await;
    let path = below(test.organization_id, "/roles");
    let owner = &test.operator;
    let role_id = create_role(&test, owner, "Analyst", &["campaigns.read"]).await;
    let role_path = format!("{path}/{role_id}");
    for name in ["analyst", "Owner", "", &"x".repeat(61)] {
        let refused = test.post(&path, owner, json!({ "name": name, "permissions": [] })).await;
        assert_eq!(refused.json()["field"], "name", "{name}: {}", refused.text);
        assert!([400, 409].contains(&refused.status));
    }
    let unknown = test.post(&path, owner, json!({ "name": "Odd", "permissions": ["inbox.fly"] })).await;
    unknown.expect_refusal(400, "invalid_field");
    let member = test.create_member(Role::Viewer).await;
    test.patch_with(&member_path(&member), owner, json!({ "role": "custom", "role_id": role_id })).await.expect(200);
    let rows = test.get(&path, &member).await.expect_refusal(403, "forbidden");
    assert!(rows["detail"].as_str().unwrap().contains("members.read"), "{rows}");
    let rows = test.get(&path, owner).await.expect(200).rows();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["owner", "admin", "member", "viewer", "Analyst"]);
    assert_eq!((&rows[4]["members"], &rows[4]["permissions"]), (&json!(1), &json!(["campaigns.read"])));
    assert_eq!(rows[0]["id"], Value::Null);
    let me = test.get("/api/v1/auth/me", &member).await.expect(200).data();
    assert_eq!((&me["organization"]["role"], &me["organization"]["role_name"]), (&json!("custom"), &json!("Analyst")));
    test.delete(&role_path, owner, json!({})).await.expect_refusal(409, "role_in_use");
    // An open feed notices what its role loses.
    let both = json!({ "permissions": ["campaigns.read", "inbox.read"] });
    test.patch_with(&role_path, owner, both).await.expect(200);
    let mut feed = open_feed(&test, &member.token).await;
    let renamed = json!({ "name": "Reader", "permissions": ["campaigns.read"] });
    test.patch_with(&role_path, owner, renamed).await.expect(200);
    assert_eq!(closing_code(&mut feed).await, 1008);
    test.patch_with(&member_path(&member), owner, json!({ "role": "viewer" })).await.expect(200);
    // Someone who is invited to it counts too.
    let invite = json!({ "role": "custom", "role_id": role_id });
    let invited = test.post(&below(test.organization_id, "/invitations"), owner, invite).await.expect(200).data();
    test.delete(&role_path, owner, json!({})).await.expect_refusal(409, "role_in_use");
    let invitation = below(test.organization_id, &format!("/invitations/{}", invited["id"].as_str().unwrap()));
    test.delete(&invitation, owner, json!({})).await.expect(200);
    test.delete(&role_path, owner, json!({})).await.expect(200);
    test.delete(&role_path, owner, json!({})).await.expect_refusal(404, "not_found");
    let audit = test.list_audit(test.organization_id).await;
    let of_roles: Vec<&str> = actions(&audit).into_iter().filter(|action| action.starts_with("role.")).collect();
    assert_eq!(of_roles, ["role.created", "role.changed", "role.changed", "role.deleted"]);
    for number in 0..50 {
        create_role(&test, owner, &format!("Role {number}"), &[]).await;
    }
    test.post(&path, owner, json!({ "name": "One more", "permissions": [] })).await.expect_refusal(409, "conflict");
    let permissions = test.get("/api/v1/permissions", &member).await.expect(200).rows();
    assert_eq!(permissions.len(), 17);
    assert_eq!(permissions.iter().filter(|row| row["is_of_appliance"] == json!(true)).count(), 2);
}

/// Five calls while somebody changes whether the caller may: each is answered or refused, nothing else.
async fn expect_answer_or_refusal(test: &TestApp, worker: &Person) {
    for _call in 0..5 {
        let status = test.get("/api/v1/campaigns", worker).await.status;
        assert!([200, 403].contains(&status), "{status}");
    }
}

/// While a role is changed back and forth every answer is one of the two, and the last change counts for all that follow.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_role_that_changes_while_it_is_used_counts_at_once() {
    let test = TestApp::start().await;
    let owner = &test.operator;
    let role_id = create_role(&test, owner, "Worker", &["campaigns.read"]).await;
    let role_path = below(test.organization_id, &format!("/roles/{role_id}"));
    let worker = test.create_member(Role::Viewer).await;
    test.patch_with(&member_path(&worker), owner, json!({ "role": "custom", "role_id": role_id })).await.expect(200);
    for _round in 0..10 {
        for (permissions, expected) in [(json!(["campaigns.read"]), 200), (json!([]), 403)] {
            let used = expect_answer_or_refusal(&test, &worker);
            let body = json!({ "permissions": permissions });
            let (changed, ()) = tokio::join!(test.patch_with(&role_path, owner, body), used);
            changed.expect(200);
            assert_eq!(test.get("/api/v1/campaigns", &worker).await.status, expected);
        }
    }
}

/// What changes an organization looks its sessions up, and deleting one lets go of them: neither reads all sessions.
#[tokio::test]
async fn the_sessions_of_an_organization_are_found_by_an_index() {
    let test = TestApp::start().await;
    let control = crate::audit::open(&test.data().join("control.db"));
    let sql = "EXPLAIN QUERY PLAN SELECT id FROM session WHERE organization_id = ?1";
    let plan: String = control.query_row(sql, ["x"], |row| row.get(3)).unwrap();
    assert!(plan.contains("USING INDEX session_organization"), "{plan}");
}
