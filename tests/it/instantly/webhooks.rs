//! The simulated service tells the same by webhook and by API, and its webhooks go silent like the real ones.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use salesbrain::channel::instantly::client::campaign::Days;
use salesbrain::channel::instantly::client::email::EmailFilter;
use salesbrain::channel::instantly::client::lead::LeadFilter;
use salesbrain::channel::instantly::client::number::{Interest, WebhookStatus};
use salesbrain::channel::instantly::client::webhook::{NewWebhook, WebhookEventFilter};
use salesbrain::channel::instantly::client::{Client, Priority};
use salesbrain::channel::instantly::simulator::{Poster, PosterConfig, SimulatedEvent};
use salesbrain::clock::Clock;
use serde_json::Value;

use super::{START_MS, Service};
use crate::support::wait_until;

/// A receiver that can be told to fail.
#[derive(Clone, Default)]
struct Receiver {
    kinds: Arc<Mutex<Vec<String>>>,
    is_broken: Arc<AtomicBool>,
}

impl Receiver {
    async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let receiver = self.clone();
        let take = move |body: axum::Json<Value>| {
            let is_broken = receiver.is_broken.load(Ordering::Relaxed);
            if !is_broken {
                receiver.kinds.lock().unwrap().push(body["event_type"].as_str().unwrap().to_owned());
            }
            async move { if is_broken { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK } }
        };
        let router = axum::Router::new().route("/hook", axum::routing::post(take));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    fn kinds(&self) -> Vec<String> {
        self.kinds.lock().unwrap().clone()
    }
}

async fn register(client: &Client, url: &str, event_type: &str) -> String {
    let new = NewWebhook {
        target_hook_url: Some(url.to_owned()),
        event_type: Some(event_type.to_owned()),
        ..NewWebhook::default()
    };
    client.create_webhook(&new).await.unwrap().id
}

/// A stream to nowhere, so that only webhooks of the API get it.
fn nowhere() -> Poster {
    Poster::new(PosterConfig::new(""), Clock::fixed(START_MS)).unwrap()
}

async fn play(service: &Service, events: Vec<SimulatedEvent>) {
    let at_once = salesbrain::channel::instantly::simulator::Schedule::FullSpeed;
    service.simulator.run(events, &nowhere(), at_once, std::future::pending()).await;
}

#[tokio::test]
async fn a_webhook_made_through_the_api_gets_what_it_subscribed_to() {
    let service = Service::start(60).await;
    let client = service.client();
    let (all, clicks) = (Receiver::default(), Receiver::default());
    register(&client, &all.listen().await, "all_events").await;
    register(&client, &clicks.listen().await, "email_link_clicked").await;
    let events: Vec<_> = service.simulator.history().collect();
    let clicked = events.iter().filter(|event| event.event_type == "link_clicked").count();
    let count = events.len();
    play(&service, events).await;
    wait_until("all events are there", async || all.kinds().len() == count).await;
    wait_until("all clicks are there", async || clicks.kinds().len() == clicked).await;
    assert!(clicked > 3 && clicks.kinds().iter().all(|kind| kind == "link_clicked"));
    let page = client.list_leads(&LeadFilter::default()).next_page().await.unwrap().unwrap();
    client.set_interest(page[0].email.as_deref().unwrap(), Some(Interest::NoShow), None).await.unwrap();
    wait_until("the label is told", async || all.kinds().last().is_some_and(|kind| kind == "lead_no_show")).await;
}

#[tokio::test]
async fn a_webhook_that_fails_goes_silent_until_it_is_resumed() {
    let service = Service::start(60).await;
    let client = service.client();
    let receiver = Receiver::default();
    let id = register(&client, &receiver.listen().await, "all_events").await;
    receiver.is_broken.store(true, Ordering::Relaxed);
    play(&service, service.simulator.history().take(60).collect()).await;
    let person = client.with_priority(Priority::Person);
    let is_off = async || person.find_webhook(&id).await.unwrap().status == Some(WebhookStatus::Disabled);
    wait_until("the webhook is switched off", is_off).await;
    let failed = WebhookEventFilter { is_success: Some(false), ..Default::default() };
    assert!(client.list_webhook_events(failed).all().await.unwrap().len() >= 100);
    receiver.is_broken.store(false, Ordering::Relaxed);
    let event = service.simulator.history().next().unwrap();
    play(&service, vec![event.clone()]).await;
    assert!(receiver.kinds().is_empty(), "nothing is delivered while it is off");
    assert_eq!(client.resume_webhook(&id).await.unwrap().status, Some(WebhookStatus::Active));
    play(&service, vec![event]).await;
    wait_until("events come again", async || !receiver.kinds().is_empty()).await;
}

#[tokio::test]
async fn analytics_and_emails_tell_what_the_webhooks_told() {
    let service = Service::start(150).await;
    let client = service.client();
    let mut told: BTreeMap<String, f64> = BTreeMap::new();
    for event in service.simulator.history() {
        *told.entry(event.event_type.to_string()).or_default() += 1.0;
    }
    let sums = client.find_analytics_overview(&[], Days::default()).await.unwrap();
    let by_campaign = client.list_analytics(&[], Days::default()).await.unwrap();
    let sent: f64 = by_campaign.iter().map(|campaign| campaign.emails_sent_count).sum();
    for (name, count) in [
        ("email_sent", sums.emails_sent_count),
        ("email_sent", sent),
        ("email_opened", sums.open_count),
        ("link_clicked", sums.link_click_count),
        ("reply_received", sums.reply_count),
        ("auto_reply_received", sums.reply_count_automatic),
        ("email_bounced", sums.bounced_count),
        ("lead_unsubscribed", sums.unsubscribed_count),
    ] {
        let told = told.get(name).copied().unwrap_or(0.0);
        assert!((told - count).abs() < 0.1, "{name}: told {told}, counted {count}");
    }
    let received = EmailFilter { email_type: Some("received"), ..EmailFilter::default() };
    let emails = client.list_emails(&received).all().await.unwrap();
    let replies = told["reply_received"] + told["auto_reply_received"];
    assert_eq!(emails.len().to_string(), replies.to_string());
    let thread = emails[0].thread_id.clone().unwrap();
    let in_thread = EmailFilter { search: Some(format!("thread:{thread}")), ..EmailFilter::default() };
    let thread = client.list_emails(&in_thread).all().await.unwrap();
    assert!(
        thread.iter().any(|email| email.step.as_deref() == Some("0_0_0") || email.step.as_deref() == Some("0_0_1"))
    );
}
