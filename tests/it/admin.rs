//! The admin area: organizations with their figures, lists across organizations that leave the closed ones closed,
//! accounts.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use salesbrain::account::permission::StaffRole;
use salesbrain::clock::Clock;
use salesbrain::id::OrganizationId;
use salesbrain::store::{Error as StoreError, Tx};
use serde_json::{Value, json};

use crate::support::{Person, Request, START_MS, TestApp, reply, wait_until};

/// Organizations with one campaign and one mailbox each; the first one is there already.
async fn with_organizations(test: &TestApp, count: usize) -> Vec<OrganizationId> {
    let mut ids = vec![test.organization_id];
    test.app.clock.advance_ms(1);
    for number in 1..count {
        let name = format!("Customer {number:02}");
        let created: Result<OrganizationId, StoreError> =
            test.app.control.write(move |tx| salesbrain::organization::create(tx, &name)).await;
        ids.push(created.unwrap());
        // The order of ids is that of their milliseconds.
        test.app.clock.advance_ms(1);
    }
    for (number, id) in ids.iter().enumerate() {
        let secret = test.create_connection(*id).await;
        let event = reply(&json!({
            "campaign_id": format!("campaign-{number:02}"), "campaign_name": format!("Campaign {number:02}"),
            "email_account": format!("sender{number:02}@acme-mail.example"), "email_id": format!("message-{number}"),
        }));
        test.post_webhook(&secret, &event).await.expect(200);
        wait_until_seen(test, *id).await;
    }
    ids.sort();
    ids
}

async fn wait_until_seen(test: &TestApp, id: OrganizationId) {
    let tenant = test.tenant(id).await;
    wait_until("the consumers have caught up", async || {
        tenant.progress().iter().all(|progress| progress.cursor() >= tenant.head())
    })
    .await;
}

/// Closes every organization; their figures are kept.
async fn close_all(test: &TestApp) {
    wait_until("all are closed", async || {
        let tenants = test.app.tenants.clone();
        test.run(async move { tenants.close_idle(i64::MAX).await }).await;
        test.app.tenants.list_open().is_empty()
    })
    .await;
    test.app.keep_figures().await.unwrap();
}

async fn list(test: &TestApp, path: &str) -> Vec<Value> {
    test.get(path, &test.operator).await.expect(200).rows()
}

fn texts<'row>(rows: &'row [Value], name: &str) -> Vec<&'row str> {
    rows.iter().map(|row| row[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn organizations_are_listed_with_figures_and_nobody_is_opened_for_it() {
    let test = TestApp::start().await;
    with_organizations(&test, 5).await;
    close_all(&test).await;
    let rows = list(&test, "/api/v1/admin/organizations").await;
    assert_eq!(texts(&rows, "name"), ["Acme", "Customer 01", "Customer 02", "Customer 03", "Customer 04"]);
    let (first, figures) = (&rows[0], &rows[0]["figures"]);
    assert_eq!((first["members"].as_i64(), first["connections"].as_i64()), (Some(1), Some(1)));
    assert_eq!((first["health"].as_str(), first["is_open"].as_bool()), (Some("closed"), Some(false)));
    for (name, count) in [("messages", 1), ("conversations", 1), ("contacts", 1), ("campaigns", 1), ("mailboxes", 1)] {
        assert_eq!(figures[name], json!(count), "{name}");
    }
    assert!(figures["bytes"].as_u64().unwrap() > 10_000 && figures["last_event_at_ms"].as_i64().unwrap() > 0);
    assert_eq!(first["figures_at_ms"], json!(test.app.clock.now_ms()));
    assert!(test.app.tenants.list_open().is_empty(), "the list opened someone");
    let found = list(&test, "/api/v1/admin/organizations?q=customer+03").await;
    assert_eq!(texts(&found, "name"), ["Customer 03"]);
    let page = test.get("/api/v1/admin/organizations?limit=2&sort=created", &test.operator).await.expect(200).json();
    assert_eq!(page["data"][0]["name"], json!("Customer 04"));
    let next = page["next"].as_str().unwrap();
    let rest = list(&test, &format!("/api/v1/admin/organizations?limit=3&sort=created&cursor={next}")).await;
    assert_eq!(texts(&rest, "name"), ["Customer 02", "Customer 01", "Acme"]);
    for sort in ["activity", "size"] {
        assert_eq!(list(&test, &format!("/api/v1/admin/organizations?sort={sort}")).await.len(), 5);
    }
    // One with its connections; its people see that the staff looked.
    let id = first["id"].as_str().unwrap();
    let one = test.get(&format!("/api/v1/admin/organizations/{id}"), &test.operator).await.expect(200).data();
    assert_eq!(one["connection_list"][0]["event_count"], json!(1));
    let log = list(&test, "/api/v1/audit?action=staff.").await;
    assert_eq!(log[0]["entity_id"], json!("/api/v1/admin/organizations"));
}

#[tokio::test]
async fn an_organization_that_cannot_be_opened_says_so_in_the_list() {
    let test = TestApp::start().await;
    let rival = test.create_outsider().await;
    let folder = test.data().join("tenants").join(rival.organization_id.to_string());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("tenant.db"), "this is no database, whatever its name says".repeat(200)).unwrap();
    test.get("/api/v1/conversations", &rival).await.expect(500);
    let rows = list(&test, "/api/v1/admin/organizations?q=rival").await;
    assert_eq!(rows[0]["health"], json!("failed"));
    assert!(!rows[0]["health_detail"].as_str().unwrap().is_empty());
    // The lists across organizations go on without it.
    assert_eq!(list(&test, "/api/instantly/admin/campaigns").await, Vec::<Value>::new());
}

#[tokio::test]
async fn lists_across_organizations_page_in_order_and_leave_the_closed_closed() {
    let test = TestApp::start().await;
    let ids = with_organizations(&test, 12).await;
    close_all(&test).await;
    // One without anything, and one that is open.
    let empty = test.create_outsider().await;
    let open = test.tenant(ids[5]).await;
    for (path, name) in [("/api/instantly/admin/campaigns", "name"), ("/api/instantly/admin/email-accounts", "address")]
    {
        let whole = list(&test, path).await;
        let organizations: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(texts(&whole, "organization_id"), organizations, "{path}");
        assert_eq!(texts(&whole, name).into_iter().collect::<BTreeSet<_>>().len(), 12);
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = test.get(&format!("{path}?limit=5{cursor}"), &test.operator).await.expect(200).json();
            paged.extend(page["data"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, whole, "{path} by cursor");
        let mut windows = Vec::new();
        for offset in [0, 5, 10, 15] {
            let window = test.get(&format!("{path}?limit=5&offset={offset}"), &test.operator).await.expect(200).json();
            assert_eq!((&window["limit"], &window["offset"]), (&json!(5), &json!(offset)));
            windows.extend(window["data"].as_array().unwrap().clone());
        }
        assert_eq!(windows, whole, "{path} by window");
        test.get(&format!("{path}?cursor=nonsense"), &test.operator).await.expect_refusal(400, "invalid_field");
    }
    let stayed: Vec<OrganizationId> = test.app.tenants.list_open().iter().map(|tenant| tenant.id()).collect();
    assert!(
        stayed.iter().all(|id| [open.id(), empty.organization_id, test.organization_id].contains(id)),
        "{stayed:?}"
    );
    drop(open);
    // The figures of one record, wherever it is.
    let row = &list(&test, "/api/instantly/admin/campaigns").await[7];
    let id = row["id"].as_str().unwrap();
    for query in [String::new(), format!("?organization_id={}", row["organization_id"].as_str().unwrap())] {
        let path = format!("/api/instantly/admin/campaign/{id}/stats{query}");
        let statistics = test.get(&path, &test.operator).await.expect(200).data();
        assert_eq!(statistics["organization_name"], row["organization_name"]);
        assert_eq!(statistics["counters"]["replied"], json!(1));
        assert_eq!(statistics["days"].as_array().unwrap().len(), 1);
    }
    let path = "/api/instantly/admin/email-account/sender03@acme-mail.example/stats";
    assert_eq!(test.get(path, &test.operator).await.expect(200).data()["counters"]["received"], json!(1));
    test.get("/api/instantly/admin/campaign/nothing/stats", &test.operator).await.expect_refusal(404, "not_found");
}

#[tokio::test]
async fn every_organization_whose_rows_were_shown_reads_of_it_in_its_log() {
    let test = TestApp::start().await;
    let rival = test.create_outsider().await;
    let ids = with_organizations(&test, 3).await;
    close_all(&test).await;
    let staff = test.create_staff(StaffRole::Operator).await;
    test.get("/api/instantly/admin/campaigns", &staff).await.expect(200);
    for id in ids {
        let (app, who) = (std::sync::Arc::clone(&test.app), staff.account_id);
        let rows = test
            .run(async move {
                app.deliver_audit(id).await.unwrap();
                let filter = salesbrain::audit::store::Filter { actor: format!("account:{who}"), ..Default::default() };
                let tenant = app.tenants.find(id).await.unwrap();
                tenant.read(move |connection| salesbrain::audit::store::list(connection, &filter, i64::MAX, 10)).await
            })
            .await
            .unwrap()
            .rows;
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].action.as_str(), rows[0].entity_id.as_str()),
            ("staff.accessed", "/api/instantly/admin/campaigns")
        );
        assert_eq!(rows[0].actor_name, "sb_operator@appliance.example");
    }
    // Nothing of theirs was shown.
    assert_eq!(test.get("/api/v1/audit", &rival).await.expect(200).rows(), Vec::<Value>::new());
}

#[tokio::test]
async fn no_more_organizations_stay_open_than_the_configuration_says() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.open_organizations = 3).await;
    let ids = with_organizations(&test, 9).await;
    for id in &ids {
        drop(test.tenant(*id).await);
        test.app.clock.advance_ms(10);
    }
    wait_until("the rest is closed", async || {
        let first = test.tenant(ids[0]).await;
        drop(first);
        test.app.tenants.list_open().len() <= 4
    })
    .await;
    let newest: Vec<OrganizationId> = test.app.tenants.list_open().iter().map(|tenant| tenant.id()).collect();
    assert!(newest.contains(&ids[0]), "the one in use was closed");
}

#[tokio::test]
async fn only_organizations_with_work_left_are_opened_at_the_start() {
    let test = TestApp::start().await;
    let ids = with_organizations(&test, 10).await;
    let (with_job, with_events, without_index) = (ids[2], ids[4], ids[6]);
    close_all(&test).await;
    for id in &ids {
        let look = test.app.tenants.look(*id).await.unwrap().unwrap();
        assert_eq!(look.due_at_ms, None, "{id} has nothing to do");
        assert_eq!(look.figures.unwrap().messages, 1);
    }
    let job = "INSERT INTO job (id, kind, run_at_ms, created_at_ms, updated_at_ms)
               VALUES (x'01', 'search.reindex', 9000000000000, 1, 1)";
    // Into the files of closed organizations: one that is open would write its cursors again.
    for (id, sql) in [(with_job, job), (with_events, "UPDATE consumer SET cursor = 0")] {
        let path = test.data().join("tenants").join(id.to_string()).join("tenant.db");
        crate::audit::open(&path).execute_batch(sql).unwrap();
    }
    std::fs::remove_dir_all(test.data().join("tenants").join(without_index.to_string()).join("index")).unwrap();
    let app = std::sync::Arc::clone(&test.app);
    test.run(salesbrain::appliance::start::open_unfinished(app)).await;
    let open =
        || -> BTreeSet<OrganizationId> { test.app.tenants.list_open().iter().map(|tenant| tenant.id()).collect() };
    wait_until("those with work are open", async || open() == BTreeSet::from([with_events, without_index])).await;
    assert_eq!(test.app.tenants.list_unfinished(), BTreeMap::from([(with_job, 9_000_000_000_000)]));
    // The job runs at its time, though nobody asks for its organization.
    test.app.clock.advance_ms(9_000_000_000_000 - START_MS);
    test.app.tenants.note_unfinished(with_job, i64::MAX);
    wait_until("the job's organization is open", async || open().contains(&with_job)).await;
}

#[tokio::test]
async fn beyond_the_limit_those_that_are_behind_are_closed_as_well_and_catch_up_later() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| {
        config.open_organizations = 4;
        config.index_writers = 1;
    })
    .await;
    let ids = with_organizations(&test, 24).await;
    close_all(&test).await;
    for id in &ids {
        // Each has an index to build, one at a time.
        std::fs::remove_dir_all(test.data().join("tenants").join(id.to_string()).join("index")).unwrap();
    }
    for id in &ids {
        drop(test.tenant(*id).await);
        test.app.clock.advance_ms(10);
        // The limit, a quarter of it, and one that is being opened at this moment.
        assert!(test.app.tenants.list_open().len() <= 6, "{} are open", test.app.tenants.list_open().len());
    }
    wait_until("all have caught up", async || {
        let mut is_done = test.app.tenants.list_unfinished().is_empty();
        for id in &ids {
            let look = test.app.tenants.look(*id).await.unwrap();
            is_done &= look.is_none_or(|look| look.due_at_ms.is_none());
        }
        is_done
    })
    .await;
    assert!(test.app.tenants.list_open().len() <= 6);
}

#[tokio::test]
async fn work_is_done_though_people_are_in_every_organization_that_is_open() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.open_organizations = 2).await;
    let ids = with_organizations(&test, 6).await;
    close_all(&test).await;
    let mut in_use = Vec::new();
    for id in ids.iter().take(4) {
        in_use.push(test.tenant(*id).await);
    }
    for id in ids.iter().skip(4) {
        std::fs::remove_dir_all(test.data().join("tenants").join(id.to_string()).join("index")).unwrap();
        test.app.tenants.note_unfinished(*id, 0);
    }
    for id in ids.iter().skip(4) {
        let index = test.data().join("tenants").join(id.to_string()).join("index/meta.json");
        wait_until("its index is there", async || index.is_file()).await;
    }
    drop(in_use);
}

#[tokio::test]
async fn an_organization_that_does_not_open_is_tried_again() {
    let test = TestApp::start().await;
    let ids = with_organizations(&test, 2).await;
    close_all(&test).await;
    let folder = test.data().join("tenants").join(ids[1].to_string());
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    test.app.tenants.note_unfinished(ids[1], 0);
    let again_at_ms = test.app.clock.now_ms() + 60_000;
    wait_until("it is noted again", async || test.app.tenants.list_unfinished().get(&ids[1]) == Some(&again_at_ms))
        .await;
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    test.app.clock.advance_ms(60_000);
    test.app.tenants.note_unfinished(ids[1], i64::MAX);
    wait_until("it is open", async || test.app.tenants.is_open(ids[1])).await;
}

#[tokio::test]
async fn administrators_change_accounts_and_one_of_them_remains() {
    let test = TestApp::start().await;
    let admin = test.operator.clone();
    let member = test.create_member(salesbrain::account::permission::Role::Member).await;
    let rows = list(&test, "/api/v1/admin/accounts").await;
    assert_eq!(texts(&rows, "email"), ["member@acme.example", "operator@acme.example"]);
    assert_eq!(rows[0]["organizations"][0]["name"], json!("Acme"));
    assert_eq!(rows[1]["staff_role"], json!("sb_admin"));
    assert_eq!(list(&test, "/api/v1/admin/accounts?q=MEMBER").await.len(), 1);
    let page = test.get("/api/v1/admin/accounts?limit=1", &admin).await.expect(200).json();
    assert_eq!(page["next"], json!("member@acme.example"));
    let change = async |id: &str, body: Value| {
        let request = Request { token: Some(&admin.token), body: Some(body), ..Request::default() };
        test.send(Method::PATCH, &format!("/api/v1/admin/accounts/{id}"), request).await
    };
    let (own, theirs) = (admin.account_id.to_string(), member.account_id.to_string());
    change(&own, json!({ "staff_role": "" })).await.expect_refusal(409, "conflict");
    change(&own, json!({ "is_disabled": true })).await.expect_refusal(409, "conflict");
    change(&theirs, json!({ "staff_role": "king" })).await.expect_refusal(400, "invalid_field");
    assert_eq!(change(&theirs, json!({ "staff_role": "sb_admin" })).await.expect(200).data()["staff_role"], "sb_admin");
    change(&theirs, json!({ "is_disabled": true })).await.expect(200);
    test.get("/api/v1/auth/me", &member).await.expect_refusal(401, "unauthenticated");
    // One that may not sign in does not count as an administrator.
    change(&own, json!({ "staff_role": "" })).await.expect_refusal(409, "conflict");
    change(&theirs, json!({ "is_disabled": false })).await.expect(200);
    test.get("/api/v1/auth/me", &member).await.expect_refusal(401, "unauthenticated");
    let member = test.sign_in_again(&member).await;
    test.get("/api/v1/auth/me", &member).await.expect(200);
    let id = member.account_id;
    let give = move |tx: &Tx<'_>| -> Result<(), StoreError> {
        tx.connection()
            .execute("UPDATE account SET totp_secret = x'00', totp_confirmed_at_ms = 1 WHERE id = ?1", [id])?;
        tx.connection().execute("INSERT INTO recovery_code (account_id, code_hash) VALUES (?1, x'00')", [id])?;
        Ok(())
    };
    test.app.control.write(give).await.unwrap();
    let path = format!("/api/v1/admin/accounts/{theirs}/reset-second-factor");
    assert_eq!(test.post(&path, &admin, json!({})).await.expect(200).data()["has_second_factor"], json!(false));
    test.get("/api/v1/auth/me", &member).await.expect_refusal(401, "unauthenticated");
    let log = list(&test, "/api/v1/admin/audit?action=account.").await;
    let expected = ["account.second_factor_reset", "account.enabled", "account.disabled", "account.staff_role_changed"];
    assert_eq!(texts(&log, "action"), expected);
    assert_eq!(log[1]["before"], json!({ "staff_role": "sb_admin", "is_disabled": true }));
}

#[tokio::test]
async fn the_only_active_owner_is_disabled_only_when_forced() {
    let test = TestApp::start().await;
    let owner = test.create_outsider().await;
    let change = async |person: &Person, body: Value| {
        let request = Request { token: Some(&test.operator.token), body: Some(body), ..Request::default() };
        test.send(Method::PATCH, &format!("/api/v1/admin/accounts/{}", person.account_id), request).await
    };
    let detail = change(&owner, json!({ "is_disabled": true })).await.expect_refusal(409, "last_owner");
    assert!(detail.to_string().contains("of 1 organizations"), "{detail}");
    test.get("/api/v1/auth/me", &owner).await.expect(200);
    let organization_id = owner.organization_id;
    let second =
        test.create_person(organization_id, "second@rival.example", salesbrain::account::permission::Role::Owner).await;
    change(&owner, json!({ "is_disabled": true })).await.expect(200);
    // An owner who may not sign in does not count.
    change(&second, json!({ "is_disabled": true })).await.expect_refusal(409, "last_owner");
    change(&second, json!({ "is_disabled": true, "is_forced": true })).await.expect(200);
    // The log tells that somebody went over it, and only then.
    let log = test.get("/api/v1/admin/audit?action=account.disabled", &test.operator).await.expect(200).rows();
    assert_eq!(log[0]["after"], json!({ "staff_role": null, "is_disabled": true, "is_forced": true }));
    assert_eq!(log[1]["after"], json!({ "staff_role": null, "is_disabled": true }));
    test.get("/api/v1/auth/me", &second).await.expect_refusal(401, "unauthenticated");
    change(&second, json!({ "is_disabled": false })).await.expect(200);
}
