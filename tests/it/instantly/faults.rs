//! What the service and the way to it can do wrong, and what the client says and does then.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use salesbrain::channel::instantly::client::lead::LeadFilter;
use salesbrain::channel::instantly::client::{Client, ClientConfig, Problem};
use salesbrain::channel::instantly::simulator::{CursorFault, Failure, Faults};

use super::{KEY, Service, some_reply};

/// So many calls fail with a status.
fn failing(failures: u32, failure_status: u16) -> Faults {
    Faults { failures, failure_status, ..Faults::default() }
}

async fn problem(client: &Client) -> (Problem, u32) {
    let error = client.find_workspace().await.unwrap_err();
    let text = format!("{error} {error:?} {}", error.problem.next_step());
    assert!(!text.contains(KEY), "{text}");
    assert!(error.problem.next_step().len() > 20);
    (error.problem, error.attempts)
}

#[tokio::test]
async fn each_refusal_is_an_error_of_its_own_and_is_not_repeated() {
    let service = Service::start(20).await;
    let client = service.client();
    for (status, code) in [
        (400, "invalid"),
        (401, "key_refused"),
        (402, "plan_missing"),
        (403, "forbidden"),
        (404, "not_found"),
        (409, "conflict"),
        (413, "too_much"),
        (422, "invalid"),
        (418, "unexpected_status"),
    ] {
        service.workspace.set_faults(failing(1, status));
        let (problem, attempts) = problem(&client).await;
        assert_eq!((problem.code(), attempts), (code, 1), "{status}");
    }
    for (failure, code) in [(Failure::Reported, "reported"), (Failure::Garbage, "not_json")] {
        service.workspace.set_faults(Faults { failures: 1, failure, ..Faults::default() });
        assert_eq!(problem(&client).await.0.code(), code);
    }
    client.find_workspace().await.unwrap();
}

#[tokio::test]
async fn the_service_itself_refuses_keys_plans_scopes_and_robots() {
    let service = Service::start(20).await;
    let client = service.client();
    service.workspace.create_key("reader", &["campaigns:read"]);
    let reader = Service::client_with(service.config(), "reader");
    reader.list_campaigns(None).all().await.unwrap();
    let Problem::Forbidden { scope, .. } = problem(&reader).await.0 else { panic!("not forbidden") };
    assert_eq!(scope, "workspaces:read");
    let campaign = client.list_campaigns(None).all().await.unwrap().remove(0);
    assert_eq!(reader.pause_campaign(&campaign.id).await.unwrap_err().problem.code(), "forbidden");
    assert_eq!(problem(&Service::client_with(service.config(), "nobody")).await.0.code(), "key_refused");
    service.workspace.set_paid(false);
    assert_eq!(problem(&client).await.0.code(), "plan_missing");
    service.workspace.set_paid(true);
    service.workspace.set_faults(Faults { is_proxy_refusing: true, ..Faults::default() });
    let (Problem::Proxy { code }, 1) = problem(&client).await else { panic!("not the proxy") };
    assert_eq!(code, Some(1010));
}

#[tokio::test]
async fn what_may_be_repeated_is_repeated_until_it_works() {
    let service = Service::start(20).await;
    let client = service.client();
    let faults = [
        failing(3, 500),
        failing(2, 503),
        failing(3, 429),
        Faults { failure: Failure::Html, ..failing(2, 502) },
        Faults { failures: 2, failure: Failure::Drop, ..Faults::default() },
        Faults { failures: 1, failure: Failure::Drop, is_done_first: true, ..Faults::default() },
    ];
    for fault in faults {
        let before = service.count("/workspaces/current");
        let failures = fault.failures;
        service.workspace.set_faults(fault.clone());
        client.find_workspace().await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        let calls = u32::try_from(service.count("/workspaces/current") - before).unwrap();
        assert_eq!(calls, failures + 1, "{fault:?}");
    }
    service.workspace.set_faults(failing(9, 500));
    let (problem, attempts) = problem(&client).await;
    assert_eq!((problem.code(), attempts), ("unavailable", 4), "no more than the setting says");
}

#[tokio::test]
async fn the_wait_the_service_asks_for_is_kept_and_a_very_long_one_is_told() {
    let service = Service::start(20).await;
    let client = service.client();
    service.workspace.set_faults(Faults { retry_after_s: Some(1), ..failing(2, 429) });
    let begin = Instant::now();
    let mut campaigns = client.list_campaigns(None);
    let (first, second) = tokio::join!(client.find_workspace(), campaigns.next_page());
    first.unwrap();
    second.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1), "{:?}", begin.elapsed());
    service.workspace.set_faults(Faults { retry_after_s: Some(3600), ..failing(1, 429) });
    let (Problem::RateLimited { retry_after }, 1) = problem(&client).await else { panic!("not limited") };
    assert_eq!(retry_after, Some(Duration::from_hours(1)));
}

#[tokio::test]
async fn a_mail_whose_sending_is_uncertain_is_not_sent_again() {
    let service = Service::start(60).await;
    let config = ClientConfig { attempt_limit: Duration::from_millis(1500), ..service.config() };
    let client = Service::client_with(config, KEY);
    let reply = some_reply(&client).await;
    let done = Faults { is_done_first: true, only_path: "/emails/reply".to_owned(), ..Faults::default() };
    for (fault, cause) in [
        (Faults { failures: 1, failure: Failure::Drop, ..done.clone() }, "network"),
        (Faults { failures: 1, failure_status: 502, ..done.clone() }, "unavailable"),
        (Faults { failures: 1, failure: Failure::Garbage, ..done }, "not_json"),
        (Faults { slow_ms: 4_000, ..Faults::default() }, "timed_out"),
    ] {
        let before = service.count("/emails/reply");
        service.workspace.set_faults(fault.clone());
        let error = client.reply(&reply).await.unwrap_err();
        assert_eq!(error.attempts, 1);
        let Problem::Uncertain(source) = error.problem else { panic!("{fault:?}: {}", error.problem) };
        assert_eq!(source.code(), cause);
        service.workspace.set_faults(Faults::default());
        let arrived = || service.count("/emails/reply") - before;
        crate::support::wait_until("the request is noted", async || arrived() > 0).await;
        assert_eq!(arrived(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_mail_that_certainly_did_not_arrive_is_sent_again_once() {
    let service = Service::start(60).await;
    let client = service.client();
    let reply = some_reply(&client).await;
    service.workspace.set_faults(Faults { only_path: "/emails/reply".to_owned(), ..failing(2, 429) });
    let sent = client.reply(&reply).await.unwrap();
    assert_eq!(service.count("/emails/reply"), 3);
    let thread = client.find_email(&sent.id).await.unwrap().thread_id.unwrap();
    let filter = salesbrain::channel::instantly::client::email::EmailFilter {
        search: Some(format!("thread:{thread}")),
        email_type: Some("manual"),
        ..Default::default()
    };
    assert_eq!(client.list_emails(&filter).all().await.unwrap().len(), 1);
    // Nobody listens: the request cannot have arrived.
    let closed = ClientConfig { base: "http://127.0.0.1:1/api/v2".to_owned(), ..service.config() };
    let error = Service::client_with(closed, KEY).reply(&reply).await.unwrap_err();
    assert_eq!((error.problem.code(), error.attempts), ("network", 4));
}

#[tokio::test]
async fn a_slow_service_and_a_large_answer_end() {
    let service = Service::start(150).await;
    let config = ClientConfig { attempt_limit: Duration::from_millis(100), attempts: 2, ..service.config() };
    service.workspace.set_faults(Faults { slow_ms: 1_000, ..Faults::default() });
    let (problem, attempts) = problem(&Service::client_with(config, KEY)).await;
    assert_eq!((problem.code(), attempts), ("timed_out", 2));
    service.workspace.set_faults(Faults::default());
    let config = ClientConfig { answer_limit_bytes: 10_000, ..service.config() };
    let error = Service::client_with(config, KEY).list_leads(&LeadFilter::default()).all().await.unwrap_err();
    assert_eq!(error.problem.code(), "answer_too_large");
}

#[tokio::test]
async fn a_key_revoked_between_pages_ends_the_list_with_its_cause() {
    let service = Service::start(250).await;
    let client = service.client();
    let mut leads = Box::pin(client.list_leads(&LeadFilter::default()).stream());
    for _ in 0..100 {
        leads.next().await.unwrap().unwrap();
    }
    service.workspace.revoke_key(KEY);
    assert_eq!(leads.next().await.unwrap().unwrap_err().problem.code(), "key_refused");
    assert!(leads.next().await.is_none());
}

#[tokio::test]
async fn lists_end_and_name_each_entry_once_whatever_their_cursors_do() {
    let service = Service::start(250).await;
    let client = service.client();
    let with = |cursor| Faults { cursor, ..Faults::default() };
    let all = || client.list_leads(&LeadFilter::default()).all();
    assert_eq!(all().await.unwrap().len(), 250);
    service.workspace.set_faults(with(CursorFault::Overlapping));
    assert_eq!(all().await.unwrap().len(), 250);
    service.workspace.set_faults(with(CursorFault::Missing));
    assert_eq!(all().await.unwrap().len(), 100);
    service.workspace.set_faults(with(CursorFault::Repeated));
    assert_eq!(all().await.unwrap_err().problem.code(), "cursor_repeated");
}

#[tokio::test]
async fn a_page_that_changes_between_calls_loses_nobody_who_stays() {
    let service = Service::start(250).await;
    let client = service.client();
    let mut pages = client.list_leads(&LeadFilter::default());
    let first = pages.next_page().await.unwrap().unwrap();
    // Not the last of the page: its id is the cursor.
    client.delete_lead(&first[3].id).await.unwrap();
    let mut seen: Vec<String> = first.into_iter().map(|lead| lead.id).collect();
    while let Some(page) = pages.next_page().await.unwrap() {
        seen.extend(page.into_iter().map(|lead| lead.id));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 250);
}
