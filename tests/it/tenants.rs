//! Organizations side by side: they share a few index writers, and open and close without getting into each other's way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use salesbrain::clock::Clock;
use salesbrain::id::OrganizationId;
use salesbrain::store::Error as StoreError;
use salesbrain::tenant::Tenant;

use crate::support::{LIMIT, START_MS, TestApp, numbered_reply, open_files_below, wait_until};

async fn create_organization(test: &TestApp, name: &'static str) -> OrganizationId {
    let created: Result<OrganizationId, StoreError> =
        test.app.control.write(move |tx| salesbrain::organization::create(tx, name)).await;
    created.unwrap()
}

/// The sequence up to which an organization is indexed.
fn indexed_up_to(tenant: &Tenant) -> i64 {
    tenant.progress().iter().find(|progress| progress.name() == "search").unwrap().cursor()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizations_that_are_all_busy_share_one_index_writer() {
    let test = TestApp::start_with(Clock::fixed(START_MS), |config| config.index_writers = 1).await;
    let mut organizations = vec![test.organization_id];
    for name in ["Second", "Third", "Fourth", "Fifth"] {
        organizations.push(create_organization(&test, name).await);
    }
    let mut secrets = Vec::new();
    for id in &organizations {
        secrets.push(test.create_connection(*id).await);
    }
    let is_over = AtomicBool::new(false);
    // Never a pause in which one of them would come to rest by itself.
    let post = async {
        for number in 0.. {
            for secret in &secrets {
                test.post_webhook(secret, &numbered_reply(number)).await.expect(200);
            }
            if is_over.load(Ordering::Relaxed) {
                return;
            }
        }
    };
    let watch = async {
        for _round in 0..3 {
            for id in &organizations {
                let tenant = test.tenant(*id).await;
                let head = tenant.head().max(1);
                wait_until("each organization is indexed", async || indexed_up_to(&tenant) >= head).await;
            }
        }
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(post, watch);
    test.wait_for_consumers(&test.operator).await;
    let found = test.get("/api/v1/search?q=bergbahn", &test.operator).await.expect(200).json();
    let listed = test.get("/api/v1/conversations?limit=1", &test.operator).await.expect(200).json();
    assert!(found["total"].as_i64().unwrap() > 0 && listed["count"] == 1, "{found}");
}

/// A connection that keeps everyone else from writing to an organization's file.
#[expect(clippy::disallowed_methods, reason = "another program has the file")]
fn lock_file(test: &TestApp, id: OrganizationId) -> rusqlite::Connection {
    let path = test.data().join("tenants").join(id.to_string()).join("tenant.db");
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

/// Closes everything that is open.
async fn close_all_idle(test: &TestApp) {
    wait_until("every organization is closed", async || {
        let tenants = test.app.tenants.clone();
        test.run(async move { tenants.close_idle(i64::MAX).await }).await;
        test.app.tenants.list_open().is_empty()
    })
    .await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_that_opens_slowly_keeps_nobody_else_waiting() {
    let test = TestApp::start().await;
    let (quick, slow) = (test.organization_id, create_organization(&test, "Slow").await);
    drop((test.tenant(quick).await, test.tenant(slow).await));
    close_all_idle(&test).await;
    let folder = test.data().join("tenants").join(slow.to_string());
    let locked = lock_file(&test, slow);
    let own_files = open_files_below(&folder).len();
    let tenants = test.app.tenants.clone();
    let opening = test.spawn(async move { tenants.find(slow).await });
    wait_until("it is being opened", async || open_files_below(&folder).len() > own_files).await;
    drop(test.tenant(quick).await);
    assert!(!opening.is_finished(), "the quick one had to wait for the slow one");
    drop(locked);
    let opened = tokio::time::timeout(LIMIT, opening).await.unwrap().unwrap().unwrap();
    assert_eq!(opened.id(), slow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_is_opened_again_only_when_it_is_closed() {
    let test = TestApp::start().await;
    let id = test.organization_id;
    let tenant = test.tenant(id).await;
    wait_until("nothing is left to do", async || {
        tenant.progress().iter().all(|progress| progress.cursor() >= tenant.head())
    })
    .await;
    let (before, closed) = (Arc::downgrade(&tenant), tenant.database().closed());
    // Someone still reads, as a request does whose client has hung up.
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (begin, begun) = tokio::sync::oneshot::channel();
    let database = tenant.database().clone();
    let read = move |_connection: &rusqlite::Connection| -> Result<(), StoreError> {
        begin.send(()).unwrap();
        released.recv_timeout(Duration::from_secs(30)).unwrap();
        Ok(())
    };
    let reading = test.spawn(async move { database.read(read).await });
    begun.await.unwrap();
    drop(tenant);
    let tenants = test.app.tenants.clone();
    let close = async move {
        while !tenants.list_open().is_empty() {
            tenants.close_idle(i64::MAX).await;
            tokio::task::yield_now().await;
        }
    };
    let closing = test.spawn(close);
    wait_until("it is being closed", async || test.app.tenants.list_open().is_empty()).await;
    let tenants = test.app.tenants.clone();
    let watched = closed.clone();
    let open = async move {
        let tenant = tenants.find(id).await.unwrap();
        (watched.is_closed(), tenant)
    };
    let mut opening = test.spawn(open);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut opening).await;
    assert!(early.is_err(), "it was opened while someone still had the file");
    release.send(()).unwrap();
    reading.await.unwrap().unwrap();
    let (was_closed, _tenant) = tokio::time::timeout(LIMIT, opening).await.unwrap().unwrap();
    assert!(was_closed, "two handles had the file");
    assert!(before.upgrade().is_none() && closed.is_closed());
    closing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_end_no_organization_is_opened_any_more() {
    let test = TestApp::start().await;
    let closed = test.tenant(test.organization_id).await.database().closed();
    let tenants = test.app.tenants.clone();
    test.run(async move { tenants.close_all().await }).await;
    assert!(closed.is_closed(), "close_all returns when the files are closed");
    let tenants = test.app.tenants.clone();
    let id = test.organization_id;
    let refused = test.run(async move { tenants.find(id).await.err() }).await;
    assert!(matches!(refused, Some(StoreError::Closed)), "{refused:?}");
}
