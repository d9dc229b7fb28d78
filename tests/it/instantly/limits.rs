//! The workspace's limits hold at the service, and a person does not wait behind a synchronisation.

use std::time::{Duration, Instant};

use salesbrain::channel::instantly::client::Priority;
use salesbrain::channel::instantly::client::email::EmailFilter;

use super::{Service, some_reply};

#[tokio::test]
async fn no_limit_of_the_service_is_ever_exceeded() {
    let service = Service::start(20).await;
    let client = service.client();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..350 {
        let client = client.clone();
        calls.spawn(async move { client.find_workspace().await.map(drop) });
    }
    for outcome in calls.join_all().await {
        outcome.unwrap();
    }
    let exchanges = service.workspace.exchanges();
    assert_eq!(exchanges.len(), 350, "nothing was repeated");
    assert!(exchanges.iter().all(|exchange| exchange.status == 200));
    let peak = service.workspace.peak_within(Duration::from_secs(1));
    assert!((80..=100).contains(&peak), "{peak} in a second");
}

#[tokio::test]
async fn a_reply_leaves_within_a_second_while_synchronisation_waits() {
    let service = Service::start(60).await;
    let client = service.client();
    let reply = some_reply(&client).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..400 {
        let client = client.clone();
        calls.spawn(async move { client.find_workspace().await.map(drop) });
    }
    let is_full = async || client.limiter().waiting() >= 200;
    crate::support::wait_until("200 calls wait", is_full).await;
    let begin = Instant::now();
    client.with_priority(Priority::Person).reply(&reply).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert!(client.limiter().waiting() >= 100, "{} wait", client.limiter().waiting());
    calls.shutdown().await;
}

#[tokio::test]
async fn lists_of_emails_keep_to_their_own_limit() {
    let service = Service::start(60).await;
    let client = service.client();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let client = client.clone();
        calls.spawn(async move { client.list_emails(&EmailFilter::default()).next_page().await.map(drop) });
    }
    crate::support::wait_until("the list is asked as often as allowed", async || service.count("/emails") >= 19).await;
    client.find_workspace().await.unwrap();
    assert_eq!(client.limiter().waiting(), 11, "one slot in twenty is kept for people");
    client.with_priority(Priority::Person).list_emails(&EmailFilter::default()).next_page().await.unwrap();
    assert_eq!(service.count("/emails"), 20);
    assert!(service.workspace.exchanges().iter().all(|exchange| exchange.status == 200));
    calls.shutdown().await;
}
