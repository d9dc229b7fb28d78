//! Threading: which messages share a conversation, seen through the API.

use serde_json::Value;

use super::events::{Body, DAY_MS, HOUR_MS, reply, sent};
use super::support::Program;

fn anna(body: Body) -> Body {
    body.lead("anna@people.example")
}

/// Subject and number of messages of every conversation, oldest first.
async fn conversations(program: &Program) -> Vec<(String, i64)> {
    let mut all = program.list_all("/api/v1/conversations", &[("view", "all")]).await;
    all.reverse();
    let row = |conversation: &Value| {
        (conversation["subject"].as_str().unwrap().to_owned(), conversation["message_count"].as_i64().unwrap())
    };
    all.iter().map(row).collect()
}

fn rows(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(subject, count)| ((*subject).to_owned(), *count)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_thread_decides_over_the_subject() {
    let program = Program::start().await;
    let with = |body: Body| anna(body).campaign("c1").mailbox("m@we.example");
    program
        .post_all(&[
            with(reply(9 * HOUR_MS, "Re: Idea", "One.")).thread("t1").json(),
            with(reply(8 * HOUR_MS, "Something else", "Two.")).thread("t1").json(),
            with(reply(7 * HOUR_MS, "Re: Idea", "Three.")).thread("t2").json(),
        ])
        .await;
    assert_eq!(conversations(&program).await, rows(&[("Re: Idea", 2), ("Re: Idea", 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reply_prefixes_of_every_language_do_not_make_a_new_thread() {
    let program = Program::start().await;
    let subjects = [
        "Frage zum Angebot",
        "Re: Frage zum Angebot",
        "AW: Frage zum Angebot",
        "RE: AW: Frage  zum Angebot",
        "WG: Frage zum Angebot",
        "Fwd: Frage zum Angebot",
        "R: Frage zum Angebot",
        "Réf : Frage zum Angebot",
        "Antwort: Frage zum Angebot",
        "Re[2]: frage zum angebot",
        "[EXTERN] AW: Frage zum Angebot",
    ];
    for (hour, subject) in (0_i64..).zip(subjects) {
        let body = anna(reply(DAY_MS - hour * HOUR_MS, subject, "Hm.")).mailbox("m@we.example").json();
        program.post(&body).await;
    }
    assert_eq!(conversations(&program).await, rows(&[("Frage zum Angebot", 11)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_subjects_never_merge() {
    let program = Program::start().await;
    for (hour, subject) in (0_i64..).zip(["Idea", "Idea 2", "The idea", "Idea!", "", "Re:"]) {
        let body = anna(reply(DAY_MS - hour * HOUR_MS, subject, "Hm.")).mailbox("m@we.example").campaign("c1").json();
        program.post(&body).await;
    }
    let mut found = conversations(&program).await;
    found.sort();
    // What has no subject joins its campaign's oldest conversation; what has one never joins another.
    assert_eq!(found, rows(&[("Idea", 3), ("Idea 2", 1), ("Idea!", 1), ("The idea", 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_mailbox_or_person_is_another_thread_and_an_unknown_mailbox_joins() {
    let program = Program::start().await;
    program
        .post_all(&[
            anna(reply(9 * HOUR_MS, "Idea", "To the first.")).mailbox("m1@we.example").json(),
            anna(reply(8 * HOUR_MS, "Re: Idea", "To whom?")).json(),
            anna(reply(7 * HOUR_MS, "Idea", "To the second.")).mailbox("m2@we.example").json(),
            reply(6 * HOUR_MS, "Idea", "Me too.").lead("ben@people.example").mailbox("m1@we.example").json(),
        ])
        .await;
    let all = program.list_all("/api/v1/conversations", &[]).await;
    let row = |conversation: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let addresses = (text(&conversation["contact"]["address"]), text(&conversation["mailbox"]["address"]));
        (addresses.0, addresses.1, conversation["message_count"].as_i64().unwrap())
    };
    let found: Vec<(String, String, i64)> = all.iter().map(row).collect();
    let expected = [
        ("ben@people.example", "m1@we.example", 1),
        ("anna@people.example", "m2@we.example", 1),
        ("anna@people.example", "m1@we.example", 2),
    ];
    assert_eq!(found, expected.map(|(contact, mailbox, count)| (contact.to_owned(), mailbox.to_owned(), count)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_mailbox_becomes_known_later() {
    let program = Program::start().await;
    program.post(&anna(reply(9 * HOUR_MS, "Idea", "Hm.")).json()).await;
    assert_eq!(program.get("/api/v1/conversations").await.rows()[0]["mailbox"], Value::Null);
    program.post(&anna(reply(8 * HOUR_MS, "Re: Idea", "Hm again.")).mailbox("m1@we.example").json()).await;
    let list = program.get("/api/v1/conversations").await;
    assert_eq!(list.rows().len(), 1);
    assert_eq!(list.rows()[0]["mailbox"]["address"], "m1@we.example");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follow_up_without_subject_joins_its_campaign_only() {
    let program = Program::start().await;
    program
        .post_all(&[
            anna(sent(9 * HOUR_MS, "Idea", 1)).campaign("c1").mailbox("m@we.example").json(),
            anna(sent(8 * HOUR_MS, "", 2)).campaign("c1").mailbox("m@we.example").json(),
            anna(sent(7 * HOUR_MS, "", 1)).campaign("c2").mailbox("m@we.example").json(),
            anna(sent(6 * HOUR_MS, "", 1)).mailbox("m@we.example").json(),
        ])
        .await;
    let found = conversations(&program).await;
    assert_eq!(found[0], ("Idea".to_owned(), 2), "{found:?}");
    assert_eq!(found[1..].iter().map(|(_subject, count)| count).sum::<i64>(), 2, "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contact_shows_every_conversation_of_the_person_and_no_other() {
    let program = Program::start().await;
    program
        .post_all(&[
            anna(sent(9 * HOUR_MS, "Sent only", 1)).campaign("c1").mailbox("m@we.example").json(),
            anna(reply(8 * HOUR_MS, "Received", "Hm.")).json(),
            anna(reply(7 * HOUR_MS, "Put away", "Hm.")).json(),
            reply(6 * HOUR_MS, "Received", "Hm.").lead("ben@people.example").json(),
        ])
        .await;
    let list = program.get("/api/v1/conversations").await;
    let away = list.rows().iter().find(|row| row["subject"] == "Put away").unwrap();
    let path = format!("/api/v1/conversations/{}/archive", away["id"].as_str().unwrap());
    assert_eq!(program.patch(&path).await.status, 200);
    let contact = away["contact"]["id"].as_str().unwrap();
    let shown = program.get(&format!("/api/v1/contacts/{contact}/conversations")).await;
    let subjects: Vec<&str> = shown.rows().iter().map(|row| row["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["Put away", "Received", "Sent only"]);
    assert!(shown.rows().iter().all(|row| row["contact"]["address"] == "anna@people.example"));
    let missing = program.get("/api/v1/contacts/019af000-0000-7000-8000-000000000000/conversations").await;
    missing.assert_error(404, "not_found", None);
}
