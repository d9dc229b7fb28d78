//! The poster against a real receiver with settable answers.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap as ReceivedHeaders, StatusCode};

use super::*;

type Received = Arc<Mutex<Vec<(ReceivedHeaders, Bytes)>>>;

#[derive(Clone, Default)]
struct Receiver {
    received: Received,
    /// So many requests are refused before the first is taken.
    refusals: Arc<AtomicUsize>,
}

async fn receive(State(receiver): State<Receiver>, headers: ReceivedHeaders, body: Bytes) -> StatusCode {
    receiver.received.lock().unwrap().push((headers, body));
    let left = receiver.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    if left.is_ok() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}

async fn start(refusals: usize) -> (Receiver, PosterConfig) {
    let receiver = Receiver { refusals: Arc::new(AtomicUsize::new(refusals)), ..Receiver::default() };
    let router = Router::new().route("/hook", axum::routing::post(receive)).with_state(receiver.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let config = PosterConfig { retry_spacing: Duration::from_millis(1), ..PosterConfig::new(url) };
    (receiver, config)
}

fn events(count: u8) -> Vec<SimulatedEvent> {
    (0..count)
        .map(|number| SimulatedEvent {
            at_ms: 0,
            event_type: "test_event".into(),
            lead: None,
            journey: None,
            step: None,
            intent: None,
            language: None,
            body: Bytes::from(vec![b'0' + number % 10; 3]),
        })
        .collect()
}

async fn post(poster: &Poster, count: u8) -> Statistics {
    let posting = poster.post_all(events(count), Schedule::FullSpeed, std::future::pending());
    tokio::time::timeout(Duration::from_secs(30), posting).await.expect("posting ends")
}

#[tokio::test]
async fn headers_are_those_of_the_service() {
    let (receiver, mut config) = start(0).await;
    config.headers.push(("X-Secret".to_owned(), "s3cret".to_owned()));
    let poster = Poster::new(config, Clock::fixed(5)).unwrap();
    let statistics = post(&poster, 1).await;
    assert_eq!((statistics.sent, statistics.acknowledged, statistics.failed), (1, 1, 0));
    let received = receiver.received.lock().unwrap();
    let (headers, body) = &received[0];
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["accept"], "application/json, text/plain, */*");
    assert_eq!(headers["user-agent"], "axios/0.21.4");
    assert_eq!(headers["x-secret"], "s3cret");
    assert_eq!(body.as_ref(), b"000");
}

#[tokio::test]
async fn a_refused_delivery_is_repeated_with_the_same_body() {
    let (receiver, config) = start(2).await;
    let poster = Poster::new(config, Clock::fixed(5)).unwrap();
    let statistics = post(&poster, 1).await;
    assert_eq!((statistics.sent, statistics.retried, statistics.acknowledged, statistics.failed), (3, 2, 1, 0));
    let bodies: Vec<Bytes> = receiver.received.lock().unwrap().iter().map(|(_, body)| body.clone()).collect();
    assert_eq!(bodies, vec![Bytes::from_static(b"000"); 3]);
    let log = poster.log();
    assert_eq!(log.iter().map(|attempt| attempt.retry_count).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(log.iter().all(|attempt| attempt.group == log[0].group));
    assert_eq!(log[0].answer.status_code, Some(503));
}

#[tokio::test]
async fn repeated_failures_switch_the_webhook_off_until_it_is_resumed() {
    let (receiver, config) = start(usize::MAX).await;
    let config = PosterConfig { disable_after: 5, connections: 1, attempts: 1, ..config };
    let poster = Poster::new(config, Clock::fixed(77)).unwrap();
    let statistics = post(&poster, 20).await;
    assert_eq!(poster.status(), WebhookStatus::Disabled { since_ms: 77 });
    assert_eq!((statistics.sent, statistics.failed, statistics.suppressed), (5, 5, 15));
    receiver.refusals.store(0, Ordering::SeqCst);
    assert_eq!(post(&poster, 3).await.sent, 5);
    poster.resume();
    assert_eq!(poster.status(), WebhookStatus::Active);
    assert_eq!(post(&poster, 3).await.acknowledged, 3);
    assert_eq!(receiver.received.lock().unwrap().len(), 8);
}

#[tokio::test]
async fn duplicates_and_reordering_lose_nothing() {
    let (receiver, config) = start(0).await;
    let config = PosterConfig { duplicates: 1.0, reorder: 0.5, connections: 1, ..config };
    let poster = Poster::new(config, Clock::fixed(0)).unwrap();
    let statistics = post(&poster, 10).await;
    assert_eq!(statistics.acknowledged, 20);
    let mut bodies: Vec<Bytes> = receiver.received.lock().unwrap().iter().map(|(_, body)| body.clone()).collect();
    let arrived = bodies.clone();
    bodies.sort();
    assert_ne!(arrived, bodies);
    bodies.dedup();
    assert_eq!(bodies.len(), 10);
}

#[tokio::test]
async fn nobody_there_is_a_failure_and_shutdown_ends_waiting() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    drop(listener);
    let config = PosterConfig { retry_spacing: Duration::from_hours(1), ..PosterConfig::new(url) };
    let poster = Poster::new(config, Clock::fixed(0)).unwrap();
    let watcher = poster.clone();
    let failed_once = async move {
        while watcher.log().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let posting = poster.post_all(events(1), Schedule::FullSpeed, failed_once);
    let statistics = tokio::time::timeout(Duration::from_secs(30), posting).await.expect("shutdown ends it");
    assert_eq!((statistics.sent, statistics.acknowledged), (1, 0));
    assert_eq!(poster.log()[0].answer.error.as_deref(), Some("Connection refused"));
}

#[test]
fn a_rate_is_kept_with_its_bursts() {
    let mut timer = Timer::new(Schedule::Rate { per_second: 10.0, burst: 5, burst_every: Duration::from_secs(2) });
    let mut now = Duration::ZERO;
    for _ in 0..35 {
        now = timer.due_at(0, now).unwrap_or(now);
    }
    assert_eq!(now.as_millis(), 3000);
}

#[test]
fn timed_events_keep_their_distances() {
    let mut timer = Timer::new(Schedule::AsTimed { from_ms: 1000 });
    assert_eq!(timer.due_at(3500, Duration::ZERO), Some(Duration::from_millis(2500)));
    assert_eq!(timer.due_at(3500, Duration::from_secs(3)), None);
}
