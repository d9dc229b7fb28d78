//! A repeated delivery is accepted and changes nothing: every column of every row stays as it was.

use serde_json::{Map, Value, json};

use super::dump::{self, assert_change};
use super::events::{Body, DAY_MS, HOUR_MS, auto_reply, reply, sent};
use super::support::Program;

const AGAIN: &str = "event was stored before";

fn anna(body: Body) -> Body {
    body.lead("anna@people.example").campaign("c1").mailbox("m@we.example").with("firstName", "Anna")
}

/// One of each kind that has an effect of its own.
fn one_of_each() -> Vec<Value> {
    let named = |name: &str| anna(Body::new(name, DAY_MS)).with("step", 1);
    let mut bodies = vec![
        anna(sent(3 * DAY_MS, "Idea", 1)).json(),
        anna(reply(2 * DAY_MS, "Re: Idea", "Yes, please.")).with("step", 1).with("email_id", "mail-1").json(),
        anna(auto_reply(DAY_MS, "Automatic reply: Idea", "Away.")).with("email_id", "mail-2").json(),
    ];
    let names = [
        "email_opened",
        "link_clicked",
        "email_bounced",
        "lead_unsubscribed",
        "email_spam_report",
        "lead_interested",
        "Own label",
        "lead_completed",
        "lead_error",
        "campaign_started",
        "campaign_paused",
        "campaign_completed",
        "account_error",
        "account_suspended",
        "supersearch_enrichment_completed",
        "test_event",
        "lead_brand_new_thing",
    ];
    bodies.extend(names.map(|name| named(name).json()));
    bodies
}

/// The same object with its keys in the opposite order.
fn reordered(body: &Value) -> Value {
    let entries: Vec<(String, Value)> = body.as_object().unwrap().clone().into_iter().collect();
    Value::Object(entries.into_iter().rev().collect::<Map<_, _>>())
}

/// The same with numbers as text, and text as numbers where there are some.
fn retyped(body: &Value) -> Value {
    let mut body = body.clone();
    for field in ["step", "variant"] {
        if let Some(number) = body.get(field).and_then(Value::as_i64) {
            body[field] = json!(number.to_string());
        }
    }
    body
}

fn with_other_variables(body: &Value) -> Value {
    let mut body = body.clone();
    body["firstName"] = json!("Somebody else");
    body["newVariable"] = json!("x");
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_delivery_changes_nothing_in_any_form() {
    let program = Program::start().await;
    let bodies = one_of_each();
    for body in &bodies {
        assert_ne!(program.post(body).await, AGAIN, "{body}");
    }
    program.settle().await;
    let before = program.read(dump::everything).await;
    for body in &bodies {
        for again in [body.clone(), reordered(body), retyped(body), with_other_variables(body)] {
            assert_eq!(program.post(&again).await, AGAIN, "{again}");
        }
    }
    program.settle().await;
    let after = program.read(dump::everything).await;
    assert_change(&before, &after, "");
    assert_eq!(program.get("/api/v1/contacts").await.rows()[0]["first_name"], "Anna");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_same_moment_the_same_event_is_stored_once() {
    let program = Program::start().await;
    let body = anna(reply(DAY_MS, "Re: Idea", "Yes.")).json();
    let posts = (0..16).map(|_| program.post(&body));
    let answers = futures_util::future::join_all(posts).await;
    assert_eq!(answers.iter().filter(|message| *message != AGAIN).count(), 1, "{answers:?}");
    let conversations = program.get("/api/v1/conversations").await;
    assert_eq!(conversations.rows().len(), 1);
    assert_eq!(conversations.rows()[0]["message_count"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_in_time_or_text_is_another_event() {
    let program = Program::start().await;
    let first = anna(reply(DAY_MS, "Re: Idea", "Yes.")).json();
    let later = anna(reply(HOUR_MS, "Re: Idea", "Yes.")).json();
    let other = anna(reply(DAY_MS, "Re: Idea", "No.")).json();
    for body in [&first, &later, &other] {
        assert_ne!(program.post(body).await, AGAIN);
    }
    assert_eq!(program.get("/api/v1/conversations").await.rows()[0]["message_count"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_mail_under_two_events_counts_once() {
    let program = Program::start().await;
    program.post(&anna(auto_reply(2 * DAY_MS, "Re: Idea", "Away.")).with("email_id", "mail-1").json()).await;
    program.settle().await;
    let before = program.read(dump::natural).await;
    program.post(&anna(reply(DAY_MS, "Re: Idea", "Away.")).with("email_id", "mail-1").json()).await;
    program.settle().await;
    let after = program.read(dump::natural).await;
    // The delivery is kept and the campaign was heard of; no message, no counter, no event.
    assert_change(
        &before,
        &after,
        "campaign[c1].last_event_at_ms: -172800000 > -86400000
         delivery[reply_received|applied]:  > 1",
    );
}
