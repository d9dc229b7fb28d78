//! What cannot be applied is kept with the reason, costs the others nothing, and can be applied later as if in time.

use serde_json::{Value, json};

use super::events::{Body, DAY_MS, HOUR_MS, auto_reply, reply};
use super::recount;
use super::support::{Program, wait_until};

fn anna(body: Body) -> Body {
    body.lead("anna@people.example").campaign("c1").mailbox("m@we.example")
}

/// A rule nobody foresaw: messages with a certain word cannot be stored.
async fn forbid(program: &Program, word: &'static str) {
    change(program, format!(
        "CREATE TRIGGER forbidden BEFORE INSERT ON message WHEN instr(new.text, '{word}') BEGIN SELECT RAISE(ABORT, 'no'); END"
    ))
    .await;
}

async fn change(program: &Program, sql: String) {
    let change = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), salesbrain::store::Error> {
        Ok(tx.connection().execute_batch(&sql)?)
    };
    program.tenant().await.write(change).await.unwrap();
}

async fn replay(program: &Program, id: &str) {
    let path = format!("/api/v1/provider-events/{id}/replay");
    let answer = program.request(reqwest::Method::POST, &path).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    wait_until("the event is applied", || async {
        program.get(&format!("/api/v1/provider-events/{id}")).await.data()["state"] == "applied"
    })
    .await;
    program.settle().await;
}

async fn differences(program: &Program) -> Vec<String> {
    program.read(recount::find_differences).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_cannot_be_applied_costs_the_others_nothing() {
    let program = Program::start().await;
    program.post(&anna(reply(DAY_MS, "Re: Idea", "First.")).json()).await;
    forbid(&program, "poison").await;
    let bodies: Vec<Value> = (0..60_i64)
        .map(|number| {
            let text = if number % 20 == 7 { format!("poison {number}") } else { format!("Answer {number}") };
            anna(reply(HOUR_MS + number * 1_000, "Re: Idea", &text)).with("email_id", format!("mail-{number}")).json()
        })
        .collect();
    let messages = futures_util::future::join_all(bodies.iter().map(|body| program.post(body))).await;
    let kept = messages.iter().filter(|message| *message == "event stored, its meaning is not known").count();
    assert_eq!((messages.len(), kept), (60, 3), "{messages:?}");
    program.settle().await;
    let conversations = program.get("/api/v1/conversations").await;
    assert_eq!(conversations.rows()[0]["message_count"], 58);
    assert_eq!(differences(&program).await, Vec::<String>::new());
    let failed = program.get("/api/v1/provider-events?state=failed").await;
    assert_eq!(failed.rows().len(), 3);
    assert_eq!(failed.rows()[0]["note"], "a rule of the schema was broken");

    change(&program, "DROP TRIGGER forbidden".to_owned()).await;
    for row in failed.rows() {
        replay(&program, row["id"].as_str().unwrap()).await;
    }
    assert_eq!(program.get("/api/v1/conversations").await.rows()[0]["message_count"], 61);
    assert_eq!(differences(&program).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_bears_no_time_happened_when_it_came_however_late_it_is_applied() {
    let program = Program::start().await;
    forbid(&program, "poison").await;
    let mut body = anna(auto_reply(DAY_MS, "Re: Idea", "poison")).json();
    body["timestamp"] = json!("some time ago");
    program.post(&body).await;
    let failed = program.get("/api/v1/provider-events?state=failed").await.rows()[0].clone();
    change(&program, "DROP TRIGGER forbidden".to_owned()).await;
    program.app_clock().advance_ms(HOUR_MS / 6);
    replay(&program, failed["id"].as_str().unwrap()).await;
    let conversation = program.get("/api/v1/conversations").await.rows()[0].clone();
    assert_eq!(conversation["last_message_at_ms"], failed["received_at_ms"]);
    let applied = program.get(&format!("/api/v1/provider-events/{}", failed["id"].as_str().unwrap())).await;
    assert!(applied.data()["note"].as_str().unwrap().contains("timestamp"), "{:?}", applied.data());
    assert_eq!(differences(&program).await, Vec::<String>::new());
}
