//! Every line of the table of effects in `channel/instantly.rs`: the exact difference a webhook makes in the whole
//! file, so that what it should change is changed and nothing else is; and the same read back through the API.

use serde_json::{Value, json};

use super::dump::{self, Dump, assert_change};
use super::events::{Body, DAY_MS, HOUR_MS, auto_reply, reply, sent};
use super::support::{Answer, NOW_MS, Program};

/// A program in which Anna got one mail of campaign c1 through m@we.example, three days ago.
struct Scene {
    program: Program,
    dump: Dump,
}

fn anna(body: Body) -> Body {
    body.lead("anna@people.example").campaign("c1").mailbox("m@we.example")
}

impl Scene {
    async fn start() -> Self {
        let program = Program::start().await;
        program.post(&anna(sent(3 * DAY_MS, "Idea", 1)).with("firstName", "Anna").json()).await;
        program.settle().await;
        let dump = program.read(dump::natural).await;
        Self { program, dump }
    }

    /// Posts an event and asserts the whole difference.
    async fn expect(&mut self, body: Body, expected: &str) {
        self.program.post(&body.json()).await;
        self.program.settle().await;
        let after = self.program.read(dump::natural).await;
        assert_change(&self.dump, &after, expected);
        self.dump = after;
    }

    /// Posts an event whose difference is of no interest here.
    async fn post(&mut self, body: Body) {
        self.program.post(&body.json()).await;
        self.program.settle().await;
        self.dump = self.program.read(dump::natural).await;
    }

    async fn first(&self, path: &str) -> Value {
        let answer = self.program.get(path).await;
        answer.rows().first().cloned().unwrap()
    }

    async fn conversation(&self) -> Value {
        self.first("/api/v1/conversations?view=all").await
    }

    async fn contact(&self) -> Value {
        let id = self.first("/api/v1/contacts").await["id"].as_str().unwrap().to_owned();
        self.program.get(&format!("/api/v1/contacts/{id}")).await.data().clone()
    }

    async fn campaign(&self) -> Value {
        self.program.get("/api/v1/campaigns/c1").await.data().clone()
    }

    async fn change(&self, change: &str) -> Answer {
        let id = self.conversation().await["id"].as_str().unwrap().to_owned();
        self.program.patch(&format!("/api/v1/conversations/{id}/{change}")).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one line of the table of effects, with all its columns")]
async fn message_sent() {
    let empty = Dump::new();
    let mut scene = Scene::start().await;
    let text = "Hello, about Idea (step 1).";
    let created = format!(
        "campaign[c1].row:  > 1
        campaign[c1].name:  > Campaign c1
        campaign[c1].contacts:  > 1
        campaign[c1].sent:  > 1
        campaign[c1].last_event_at_ms:  > -259200000
        campaign[c1].last_sent_at_ms:  > -259200000
        campaign_contact[anna@people.example|c1].row:  > 1
        campaign_contact[anna@people.example|c1].sent:  > 1
        campaign_contact[anna@people.example|c1].step:  > 1
        campaign_day[c1|2026-03-07].sent:  > 1
        contact[anna@people.example].row:  > 1
        contact[anna@people.example].first_name:  > Anna
        contact[anna@people.example].source:  > instantly
        conversation[anna@people.example|c1|idea].row:  > 1
        conversation[anna@people.example|c1|idea].category:  > sent
        conversation[anna@people.example|c1|idea].first_message_at_ms:  > -259200000
        conversation[anna@people.example|c1|idea].last_message_at_ms:  > -259200000
        conversation[anna@people.example|c1|idea].mailbox:  > m@we.example
        conversation[anna@people.example|c1|idea].message_count:  > 1
        conversation[anna@people.example|c1|idea].snippet:  > {text}
        conversation[anna@people.example|c1|idea].subject:  > Idea
        conversation[anna@people.example|c1|idea].view:  > sent
        delivery[email_sent|applied]:  > 1
        event[campaign.created]:  > 1
        event[contact.created]:  > 1
        event[mailbox.created]:  > 1
        event[message.sent]:  > 1
        mailbox[m@we.example].row:  > 1
        mailbox[m@we.example].last_event_at_ms:  > -259200000
        mailbox[m@we.example].last_sent_at_ms:  > -259200000
        mailbox[m@we.example].sent:  > 1
        mailbox_day[m@we.example|2026-03-07].sent:  > 1
        message[anna@people.example|c1|idea|out|-259200000#1].row:  > 1
        message[anna@people.example|c1|idea|out|-259200000#1].campaign:  > c1
        message[anna@people.example|c1|idea|out|-259200000#1].mailbox:  > m@we.example
        message[anna@people.example|c1|idea|out|-259200000#1].step:  > 1
        message[anna@people.example|c1|idea|out|-259200000#1].subject:  > Idea
        message[anna@people.example|c1|idea|out|-259200000#1].text:  > {text}"
    );
    assert_change(&empty, &scene.dump, &created);
    // The next one, without subject or text, is counted and not stored; the person is not new.
    let bare = anna(Body::new("email_sent", DAY_MS)).with("step", "3");
    scene
        .expect(
            bare,
            "campaign[c1].sent: 1 > 2
            campaign[c1].last_event_at_ms: -259200000 > -86400000
            campaign[c1].last_sent_at_ms: -259200000 > -86400000
            campaign_contact[anna@people.example|c1].sent: 1 > 2
            campaign_contact[anna@people.example|c1].step: 1 > 3
            campaign_day[c1|2026-03-09].sent:  > 1
            delivery[email_sent|applied]: 1 > 2
            event[message.sent]: 1 > 2
            mailbox[m@we.example].last_event_at_ms: -259200000 > -86400000
            mailbox[m@we.example].last_sent_at_ms: -259200000 > -86400000
            mailbox[m@we.example].sent: 1 > 2
            mailbox_day[m@we.example|2026-03-09].sent:  > 1",
        )
        .await;
    check_sent_through_the_api(&scene).await;
}

async fn check_sent_through_the_api(scene: &Scene) {
    let campaign = scene.campaign().await;
    assert_eq!((&campaign["state"], &campaign["is_synced"]), (&json!("active"), &json!(false)));
    assert_eq!((&campaign["counters"]["sent"], &campaign["counters"]["contacts"]), (&json!(2), &json!(1)));
    assert_eq!(campaign["rates"]["reply_rate"], 0.0);
    let days = scene.program.get("/api/v1/campaigns/c1/daily").await;
    let days: Vec<(&str, i64)> =
        days.rows().iter().map(|day| (day["day"].as_str().unwrap(), day["sent"].as_i64().unwrap())).collect();
    assert_eq!(days, [("2026-03-07", 1), ("2026-03-09", 1)]);
    let mailbox = scene.program.get("/api/v1/mailboxes/m@we.example").await;
    assert_eq!((&mailbox.data()["state"], &mailbox.data()["counters"]["sent"]), (&json!("active"), &json!(2)));
    assert_eq!(mailbox.data()["today"]["sent"], 0);
    assert!(scene.program.get("/api/v1/conversations").await.rows().is_empty(), "nothing was received");
    assert_eq!(scene.first("/api/v1/conversations?view=sent").await["last_direction"], "out");
    let contact = scene.contact().await;
    assert_eq!((&contact["campaigns"][0]["step"], &contact["campaigns"][0]["state"]), (&json!(3), &json!("active")));
    assert_eq!(contact["suppression"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_opened_and_link_clicked_count_once_per_step() {
    let mut scene = Scene::start().await;
    for (name, kind, column) in
        [("email_opened", "message.opened", "opened"), ("link_clicked", "message.clicked", "clicked")]
    {
        let before = if column == "opened" { "-259200000" } else { "-169200000" };
        let expected = format!(
            "campaign[c1].{column}:  > 1
            campaign[c1].last_event_at_ms: {before} > -172800000
            campaign_day[c1|2026-03-08].{column}:  > 1
            delivery[{name}|applied]:  > 1
            event[{kind}]:  > 1
            mailbox[m@we.example].last_event_at_ms: {before} > -172800000
            step[anna@people.example|c1|1].{column}_at_ms:  > -172800000
            timeline[anna@people.example|{kind}]:  > 1"
        );
        // The click comes after an open that was later: the latest time stays.
        let is_later = |line: &&str| column == "opened" || !line.contains("last_event_at_ms");
        let expected: Vec<&str> = expected.lines().filter(is_later).collect();
        scene.expect(anna(Body::new(name, 2 * DAY_MS)).with("step", 1), &expected.join("\n")).await;
        let again = anna(Body::new(name, 2 * DAY_MS - HOUR_MS)).with("step", "1");
        let times = "campaign[c1].last_event_at_ms: -172800000 > -169200000
            mailbox[m@we.example].last_event_at_ms: -172800000 > -169200000";
        let expected = format!(
            "{}
            delivery[{name}|applied]: 1 > 2
            event[{kind}]: 1 > 2
            timeline[anna@people.example|{kind}]: 1 > 2",
            if column == "opened" { times } else { "" }
        );
        scene.expect(again, &expected).await;
    }
    let campaign = scene.campaign().await;
    assert_eq!((&campaign["counters"]["opened"], &campaign["counters"]["clicked"]), (&json!(1), &json!(1)));
    assert_eq!(campaign["rates"]["open_rate"], 1.0);
    scene.post(anna(Body::new("email_opened", DAY_MS)).with("step", 2)).await;
    assert_eq!(scene.campaign().await["counters"]["opened"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reply_received() {
    let mut scene = Scene::start().await;
    let body = anna(reply(DAY_MS, "Re: Idea", "Yes, tell me.\n\n> Hello, about Idea")).with("email_id", "mail-1");
    let conversation = "conversation[anna@people.example|c1|idea]";
    let message = "message[anna@people.example|c1|idea|in|-86400000#1]";
    scene
        .expect(
            body.thread("t1").with("step", "1").with("variant", "A"),
            &format!(
                "campaign[c1].last_event_at_ms: -259200000 > -86400000
                campaign[c1].replied:  > 1
                campaign[c1].replied_contacts:  > 1
                campaign_contact[anna@people.example|c1].replied:  > 1
                campaign_day[c1|2026-03-09].replied:  > 1
                {conversation}.category: sent > reply
                {conversation}.is_last_received:  > 1
                {conversation}.last_message_at_ms: -259200000 > -86400000
                {conversation}.last_received_at_ms:  > -86400000
                {conversation}.message_count: 1 > 2
                {conversation}.received_count:  > 1
                {conversation}.snippet: Hello, about Idea (step 1). > Yes, tell me.
                {conversation}.thread:  > t1
                {conversation}.unread_count:  > 1
                {conversation}.view: sent > inbox
                delivery[reply_received|applied]:  > 1
                event[message.received]:  > 1
                mailbox[m@we.example].last_event_at_ms: -259200000 > -86400000
                mailbox[m@we.example].received:  > 1
                mailbox_day[m@we.example|2026-03-09].received:  > 1
                {message}.row:  > 1
                {message}.campaign:  > c1
                {message}.is_unread:  > 1
                {message}.mailbox:  > m@we.example
                {message}.provider_message_id:  > mail-1
                {message}.quoted_text:  > > Hello, about Idea
                {message}.step:  > 1
                {message}.subject:  > Re: Idea
                {message}.text:  > Yes, tell me.
                {message}.variant:  > 1"
            ),
        )
        .await;
    let shown = scene.conversation().await;
    assert_eq!((&shown["unread_count"], &shown["last_direction"]), (&json!(1), &json!("in")));
    assert_eq!((&shown["interest"], &shown["label"]), (&Value::Null, &Value::Null));
    // The second reply of the person is a reply, not a second person.
    scene.post(anna(reply(HOUR_MS, "Re: Idea", "Still there?"))).await;
    let campaign = scene.campaign().await;
    let counters = &campaign["counters"];
    assert_eq!((&counters["replied"], &counters["replied_contacts"]), (&json!(2), &json!(1)));
    assert_eq!(campaign["rates"]["reply_rate"], 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_automatic_reply_is_not_a_reply() {
    let mut scene = Scene::start().await;
    let conversation = "conversation[anna@people.example|c1|idea]";
    let message = "message[anna@people.example|c1|idea|auto|-86400000#1]";
    scene
        .expect(
            anna(auto_reply(DAY_MS, "Automatic reply: Idea", "I am away.")),
            &format!(
                "campaign[c1].auto_replied:  > 1
                campaign[c1].last_event_at_ms: -259200000 > -86400000
                campaign_day[c1|2026-03-09].auto_replied:  > 1
                {conversation}.category: sent > auto_reply
                {conversation}.is_last_received:  > 1
                {conversation}.last_message_at_ms: -259200000 > -86400000
                {conversation}.last_received_at_ms:  > -86400000
                {conversation}.last_received_auto:  > 1
                {conversation}.message_count: 1 > 2
                {conversation}.received_count:  > 1
                {conversation}.snippet: Hello, about Idea (step 1). > I am away.
                {conversation}.unread_count:  > 1
                {conversation}.view: sent > inbox
                delivery[auto_reply_received|applied]:  > 1
                event[message.auto_received]:  > 1
                mailbox[m@we.example].auto_replied:  > 1
                mailbox[m@we.example].last_event_at_ms: -259200000 > -86400000
                mailbox_day[m@we.example|2026-03-09].auto_replied:  > 1
                {message}.row:  > 1
                {message}.campaign:  > c1
                {message}.is_unread:  > 1
                {message}.mailbox:  > m@we.example
                {message}.subject:  > Automatic reply: Idea
                {message}.text:  > I am away."
            ),
        )
        .await;
    let campaign = scene.campaign().await;
    assert_eq!((&campaign["counters"]["replied"], &campaign["rates"]["reply_rate"]), (&json!(0), &json!(0.0)));
    let path = format!("/api/v1/conversations/{}/messages", scene.conversation().await["id"].as_str().unwrap());
    let messages = scene.program.get(&path).await;
    assert_eq!(
        messages.rows().iter().map(|row| row["is_auto_reply"].as_bool().unwrap()).collect::<Vec<_>>(),
        [false, true]
    );
    // The last received message decides: a person's reply after it, then another machine's.
    scene.post(anna(reply(HOUR_MS, "Re: Idea", "Back again."))).await;
    assert_eq!(scene.conversation().await["category"], "reply");
    scene.post(anna(auto_reply(HOUR_MS / 2, "Re: Idea", "I am away."))).await;
    assert_eq!(scene.conversation().await["category"], "auto_reply");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_reopens_an_archived_conversation_and_an_automatic_one_does_not() {
    let mut scene = Scene::start().await;
    scene.post(anna(reply(DAY_MS, "Re: Idea", "Yes."))).await;
    assert_eq!(scene.change("archive").await.data()["is_archived"], true);
    scene.post(anna(auto_reply(HOUR_MS, "Re: Idea", "Away."))).await;
    assert_eq!(scene.conversation().await["is_archived"], true);
    assert!(scene.program.get("/api/v1/conversations").await.rows().is_empty());
    scene.post(anna(sent(HOUR_MS / 2, "Re: Idea", 2))).await;
    assert_eq!(scene.conversation().await["is_archived"], true);
    scene.post(anna(reply(HOUR_MS / 4, "Re: Idea", "Really."))).await;
    assert_eq!(scene.conversation().await["is_archived"], false);
    assert_eq!(scene.program.get("/api/v1/conversations").await.rows().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bounced_unsubscribed_and_complained_suppress_the_address() {
    let mut scene = Scene::start().await;
    let rows = [
        ("email_bounced", "message.bounced", "bounced", 2 * DAY_MS, "2026-03-08"),
        ("lead_unsubscribed", "contact.unsubscribed", "unsubscribed", DAY_MS, "2026-03-09"),
        ("email_spam_report", "contact.complained", "complained", HOUR_MS, "2026-03-10"),
    ];
    let (mut reason, mut at_ms, mut last_ms) = (String::new(), String::new(), "-259200000".to_owned());
    let mut category = "sent".to_owned();
    for (name, kind, word, before_ms, day) in rows {
        let now = format!("-{before_ms}");
        let bounced = if word == "bounced" {
            format!("mailbox[m@we.example].bounced:  > 1\nmailbox_day[m@we.example|{day}].bounced:  > 1")
        } else {
            String::new()
        };
        let expected = format!(
            "campaign[c1].{word}:  > 1
            campaign[c1].last_event_at_ms: {last_ms} > {now}
            campaign_day[c1|{day}].{word}:  > 1
            conversation[anna@people.example|c1|idea].category: {category} > {word}
            delivery[{name}|applied]:  > 1
            event[{kind}]:  > 1
            mailbox[m@we.example].last_event_at_ms: {last_ms} > {now}
            {bounced}
            suppression[anna@people.example].reason: {reason} > {word}
            suppression[anna@people.example].occurred_at_ms: {at_ms} > {now}
            timeline[anna@people.example|{kind}]:  > 1"
        );
        scene.expect(anna(Body::new(name, before_ms)), &expected).await;
        (reason, at_ms, last_ms, category) = (word.to_owned(), now.clone(), now, word.to_owned());
        let suppression = scene.contact().await["suppression"].clone();
        assert_eq!(suppression, json!({ "reason": word, "at_ms": NOW_MS - before_ms }));
    }
    // The gravest stays, and it outweighs every interest and reply.
    scene.post(anna(Body::new("email_bounced", 10))).await;
    scene.post(anna(Body::new("lead_interested", 5))).await;
    scene.post(anna(reply(1, "Re: Idea", "Stop it!"))).await;
    assert_eq!(scene.contact().await["suppression"]["reason"], "complained");
    assert_eq!(scene.conversation().await["category"], "complained");
    // The interest and the label of a suppressed person are kept all the same.
    assert_eq!(scene.contact().await["interest"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_interest_scale_is_stored_and_moves_the_counters() {
    let mut scene = Scene::start().await;
    let scale = [
        ("lead_closed", "won", Some(4), [1, 1, 0]),
        ("lead_meeting_completed", "meeting_completed", Some(3), [1, 1, 0]),
        ("lead_meeting_booked", "meeting_booked", Some(2), [1, 1, 0]),
        ("lead_interested", "interested", Some(1), [1, 0, 0]),
        ("lead_out_of_office", "out_of_office", Some(0), [0, 0, 0]),
        ("lead_not_interested", "not_interested", Some(-1), [0, 0, 1]),
        ("lead_wrong_person", "wrong_person", Some(-2), [0, 0, 0]),
        ("lead_lost", "lost", Some(-3), [0, 0, 0]),
        ("lead_no_show", "no_show", Some(-4), [0, 0, 0]),
        ("lead_neutral", "neutral", None, [0, 0, 0]),
    ];
    for (hour, (name, category, interest, counters)) in (1_i64..).zip(scale) {
        scene.post(anna(Body::new(name, DAY_MS - hour * HOUR_MS))).await;
        let contact = scene.contact().await;
        assert_eq!((&contact["category"], contact["interest"].as_i64()), (&json!(category), interest), "{name}");
        let conversation = scene.conversation().await;
        assert_eq!((&conversation["category"], conversation["interest"].as_i64()), (&json!(category), interest));
        let campaign = scene.campaign().await;
        let found = ["interested", "meetings_booked", "not_interested"]
            .map(|name| campaign["counters"][name].as_i64().unwrap());
        assert_eq!(found, counters, "{name}");
        assert_eq!(campaign["counters"]["replied"], 0);
    }
    // An older one changes nothing of it.
    scene
        .expect(
            anna(Body::new("lead_interested", 2 * DAY_MS)),
            "delivery[lead_interested|applied]: 1 > 2
            event[contact.interest_changed]: 10 > 11
            timeline[anna@people.example|contact.interest_changed]: 10 > 11",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interest_changes_exactly_this() {
    let mut scene = Scene::start().await;
    scene
        .expect(
            anna(Body::new("lead_meeting_booked", DAY_MS)),
            "campaign[c1].interested:  > 1
            campaign[c1].last_event_at_ms: -259200000 > -86400000
            campaign[c1].meetings_booked:  > 1
            campaign_contact[anna@people.example|c1].category:  > meeting_booked
            campaign_contact[anna@people.example|c1].interest:  > 2
            campaign_contact[anna@people.example|c1].interest_at_ms:  > -86400000
            contact[anna@people.example].category:  > meeting_booked
            contact[anna@people.example].interest:  > 2
            contact[anna@people.example].interest_at_ms:  > -86400000
            conversation[anna@people.example|c1|idea].category: sent > meeting_booked
            delivery[lead_meeting_booked|applied]:  > 1
            event[contact.interest_changed]:  > 1
            mailbox[m@we.example].last_event_at_ms: -259200000 > -86400000
            timeline[anna@people.example|contact.interest_changed]:  > 1",
        )
        .await;
    // Said of the person as a whole it is newer, so it is every conversation's.
    scene
        .expect(
            Body::new("lead_lost", HOUR_MS).lead("anna@people.example"),
            "contact[anna@people.example].category: meeting_booked > lost
            contact[anna@people.example].interest: 2 > -3
            contact[anna@people.example].interest_at_ms: -86400000 > -3600000
            contact[anna@people.example].general_category:  > lost
            contact[anna@people.example].general_at_ms:  > -3600000
            conversation[anna@people.example|c1|idea].category: meeting_booked > lost
            delivery[lead_lost|applied]:  > 1
            event[contact.interest_changed]: 1 > 2
            timeline[anna@people.example|contact.interest_changed]: 1 > 2",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_own_label_is_kept_verbatim() {
    let mut scene = Scene::start().await;
    let label = "Später  nochmal \u{1f525} – Q3/Zürich";
    scene
        .expect(
            anna(Body::new(label, DAY_MS)),
            &format!(
                "campaign[c1].last_event_at_ms: -259200000 > -86400000
                campaign_contact[anna@people.example|c1].category:  > custom
                campaign_contact[anna@people.example|c1].interest_at_ms:  > -86400000
                campaign_contact[anna@people.example|c1].label:  > {label}
                contact[anna@people.example].category:  > custom
                contact[anna@people.example].interest_at_ms:  > -86400000
                contact[anna@people.example].label:  > {label}
                conversation[anna@people.example|c1|idea].category: sent > custom
                conversation[anna@people.example|c1|idea].label:  > {label}
                delivery[{label}|applied]:  > 1
                event[contact.label_changed]:  > 1
                mailbox[m@we.example].last_event_at_ms: -259200000 > -86400000
                timeline[anna@people.example|contact.label_changed]:  > 1"
            ),
        )
        .await;
    assert_eq!(scene.conversation().await["label"], label);
    assert_eq!(scene.contact().await["label"], label);
    let filtered = scene.program.get("/api/v1/conversations?view=all&category=custom").await;
    assert_eq!(filtered.rows().len(), 1);
    scene.post(anna(Body::new("lead_interested", HOUR_MS))).await;
    assert_eq!(scene.conversation().await["label"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_sequence() {
    let mut scene = Scene::start().await;
    scene
        .expect(
            anna(Body::new("lead_completed", DAY_MS)),
            "campaign[c1].last_event_at_ms: -259200000 > -86400000
            campaign_contact[anna@people.example|c1].completed_at_ms:  > -86400000
            delivery[lead_completed|applied]:  > 1
            event[contact.sequence_completed]:  > 1
            timeline[anna@people.example|contact.sequence_completed]:  > 1",
        )
        .await;
    assert_eq!(scene.contact().await["campaigns"][0]["state"], "completed");
    scene
        .expect(
            anna(Body::new("lead_error", HOUR_MS)),
            "campaign[c1].last_event_at_ms: -86400000 > -3600000
            campaign_contact[anna@people.example|c1].failed_at_ms:  > -3600000
            delivery[lead_error|applied]:  > 1
            event[contact.sequence_failed]:  > 1
            timeline[anna@people.example|contact.sequence_failed]:  > 1",
        )
        .await;
    assert_eq!(scene.contact().await["campaigns"][0]["state"], "failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn campaign_changes_follow_the_latest_time() {
    let mut scene = Scene::start().await;
    let rows = [
        ("campaign_paused", "campaign.paused", "paused_at_ms", 2 * DAY_MS, "paused"),
        ("campaign_started", "campaign.started", "started_at_ms", DAY_MS, "active"),
        ("campaign_completed", "campaign.completed", "completed_at_ms", HOUR_MS, "completed"),
    ];
    let mut last = 3 * DAY_MS;
    for (name, kind, column, before_ms, state) in rows {
        let expected = format!(
            "campaign[c1].{column}:  > -{before_ms}
            campaign[c1].last_event_at_ms: -{last} > -{before_ms}
            delivery[{name}|applied]:  > 1
            event[{kind}]:  > 1"
        );
        scene.expect(Body::new(name, before_ms).campaign("c1"), &expected).await;
        assert_eq!(scene.campaign().await["state"], state);
        last = before_ms;
    }
    // A pause that is older and comes late does not undo the completion; a later message makes it active.
    scene.post(Body::new("campaign_paused", 2 * HOUR_MS).campaign("c1")).await;
    assert_eq!(scene.campaign().await["state"], "completed");
    scene.post(anna(Body::new("email_sent", 60_000)).with("step", 2)).await;
    assert_eq!(scene.campaign().await["state"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mailbox_troubles_follow_the_latest_time() {
    let mut scene = Scene::start().await;
    let rows = [
        ("account_error", "mailbox.error", "error_at_ms", 2 * DAY_MS, "error", "login failed"),
        ("account_suspended", "mailbox.suspended", "suspended_at_ms", DAY_MS, "suspended", "too many bounces"),
    ];
    let (mut last, mut known) = (3 * DAY_MS, "");
    for (name, kind, column, before_ms, state, reason) in rows {
        let expected = format!(
            "mailbox[m@we.example].{column}:  > -{before_ms}
            mailbox[m@we.example].last_event_at_ms: -{last} > -{before_ms}
            mailbox[m@we.example].state_reason: {known} > {reason}
            delivery[{name}|applied]:  > 1
            event[{kind}]:  > 1"
        );
        scene.expect(Body::new(name, before_ms).mailbox("m@we.example").with("reason", reason), &expected).await;
        let mailbox = scene.first("/api/v1/mailboxes").await;
        assert_eq!((&mailbox["state"], &mailbox["state_reason"]), (&json!(state), &json!(reason)));
        assert_eq!(mailbox["state_at_ms"], NOW_MS - before_ms);
        (last, known) = (before_ms, reason);
    }
    scene.post(anna(Body::new("email_sent", HOUR_MS)).with("step", 2)).await;
    assert_eq!(scene.first("/api/v1/mailboxes").await["state"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_and_enrichment_change_nothing_but_the_log() {
    let mut scene = Scene::start().await;
    scene
        .expect(
            Body::new("test_event", HOUR_MS),
            "delivery[test_event|applied]:  > 1
            event[connection.tested]:  > 1",
        )
        .await;
    scene
        .expect(
            Body::new("supersearch_enrichment_completed", HOUR_MS).lead("anna@people.example"),
            "delivery[supersearch_enrichment_completed|applied]:  > 1
            event[enrichment.completed]:  > 1
            timeline[anna@people.example|enrichment.completed]:  > 1",
        )
        .await;
    assert_eq!(scene.program.get("/api/instantly/health").await.data()["status"], "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_event_is_kept_marked_and_shown() {
    let mut scene = Scene::start().await;
    scene
        .expect(
            anna(Body::new("lead_moved_to_mars", HOUR_MS)).campaign("c9").with("firstName", "Other"),
            "delivery[lead_moved_to_mars|unknown]:  > 1
            event[provider_event.unknown]:  > 1",
        )
        .await;
    let kept = scene.program.get("/api/v1/provider-events?state=unknown").await;
    assert_eq!(kept.rows().len(), 1);
    assert!(kept.rows()[0].get("payload").is_none(), "the list is without bodies");
    let path = format!("/api/v1/provider-events/{}", kept.rows()[0]["id"].as_str().unwrap());
    let body = scene.program.get(&path).await.data()["payload"].as_str().unwrap().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["event_type"], "lead_moved_to_mars");
    let shown = scene.program.get("/api/v1/events?kind=provider_event.").await;
    assert_eq!(shown.rows()[0]["payload"], json!({ "event_type": "lead_moved_to_mars" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_payload_lacks_is_left_out() {
    let mut scene = Scene::start().await;
    // No mailbox and no message id: the message joins all the same, no mailbox counts.
    let body = reply(DAY_MS, "Re: Idea", "Yes.").lead("anna@people.example").campaign("c1");
    scene.post(body).await;
    let mailbox = scene.first("/api/v1/mailboxes").await;
    assert_eq!(mailbox["counters"]["received"], 0);
    assert_eq!(scene.conversation().await["message_count"], 2);
    // No person: counted for campaign and mailbox, no message, nobody made up.
    let nobody = reply(HOUR_MS, "Re: Idea", "Yes.").campaign("c1").mailbox("m@we.example");
    scene
        .expect(
            nobody,
            "campaign[c1].last_event_at_ms: -86400000 > -3600000
            campaign[c1].replied: 1 > 2
            campaign_day[c1|2026-03-10].replied:  > 1
            delivery[reply_received|applied]: 1 > 2
            event[message.received]: 1 > 2
            mailbox[m@we.example].last_event_at_ms: -259200000 > -3600000
            mailbox[m@we.example].received:  > 1
            mailbox_day[m@we.example|2026-03-10].received:  > 1",
        )
        .await;
    // No text at all: the reply is still a reply.
    let empty = Body::new("reply_received", 60_000).lead("anna@people.example").campaign("c1");
    scene.post(empty).await;
    assert_eq!(scene.campaign().await["counters"]["replied"], 3);
    assert_eq!(scene.conversation().await["message_count"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lead_variables_become_fields_and_the_latest_wins() {
    let mut scene = Scene::start().await;
    let body = anna(Body::new("email_opened", 2 * DAY_MS))
        .with("firstName", "Änne")
        .with("lastName", "Müller")
        .with("companyName", "Müller & Söhne")
        .with("Anzahl Mitarbeiter", 12)
        .with("list", json!(["a", 1]));
    scene.post(body).await;
    // Older by time, later in arrival: only what is still unknown is taken, and an empty value never.
    let old = anna(Body::new("email_opened", 4 * DAY_MS)).with("firstName", "Old").with("phone", "+41 44 000 00 00");
    scene.post(old).await;
    scene.post(anna(Body::new("email_opened", HOUR_MS)).with("lastName", "").with("companyName", Value::Null)).await;
    let contact = scene.contact().await;
    let named = ["name", "company_name", "phone"].map(|field| contact[field].as_str().unwrap());
    assert_eq!(named, ["Änne Müller", "Müller & Söhne", "+41 44 000 00 00"]);
    assert_eq!(contact["custom_fields"], json!({ "Anzahl Mitarbeiter": "12", "list": "[\"a\",1]" }));
    assert_eq!(contact["source"], "instantly");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_does_not_put_a_message_into_the_future() {
    let scene = Scene::start().await;
    for (subject, before_now_ms) in [("A year ahead", -365 * DAY_MS), ("An hour ahead", -HOUR_MS)] {
        scene.program.post(&reply(before_now_ms, subject, "Hm.").lead("ben@people.example").json()).await;
    }
    let unreadable = reply(0, "No time", "Hm.").lead("ben@people.example").with("timestamp", "yesterday");
    scene.program.post(&unreadable.json()).await;
    let now_ms = scene.program.app.clock.now_ms();
    let list = scene.program.list_all("/api/v1/conversations", &[]).await;
    let time_of = |subject: &str| {
        list.iter().find(|row| row["subject"] == subject).unwrap()["last_message_at_ms"].as_i64().unwrap()
    };
    assert!((NOW_MS..=now_ms).contains(&time_of("A year ahead")), "the time of arrival");
    assert_eq!(time_of("An hour ahead"), NOW_MS + HOUR_MS, "within a day the event's own time stands");
    assert_eq!(time_of("No time"), now_ms);
    let deliveries = scene.program.get("/api/v1/provider-events").await;
    assert_eq!(deliveries.rows()[0]["note"], "timestamp unreadable");
}
