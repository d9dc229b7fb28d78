//! The simulator as a whole: determinism, the mix of events, and the texts in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

/// 20 November 2026, 12:00 UTC, a Friday.
const START_MS: i64 = 1_795_176_000_000;

fn simulator(seed: u64) -> Simulator {
    Simulator::new(SimulatorConfig::new(seed, START_MS))
}

fn json(event: &SimulatedEvent) -> Value {
    serde_json::from_slice(&event.body).expect("bodies are json")
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let bodies = |seed| -> Vec<_> {
        let simulator = simulator(seed);
        let history = simulator.history().take(400);
        let live = simulator.live(START_MS + 5, Pace::Human).take(400);
        history.chain(live).chain(simulator.replies(0.5).take(100)).map(|event| event.body).collect()
    };
    assert_eq!(bodies(1), bodies(1));
    assert_ne!(bodies(1), bodies(2));
}

#[test]
fn history_is_about_as_long_as_asked_for_and_in_order() {
    for wanted in [500, 3000, 20_000] {
        let config = SimulatorConfig { history_events: wanted, ..SimulatorConfig::new(4, START_MS) };
        let times: Vec<i64> = Simulator::new(config).history().map(|event| event.at_ms).collect();
        assert!(times.len() > wanted * 85 / 100 && times.len() < wanted * 115 / 100, "{wanted}: {}", times.len());
        assert!(times.is_sorted());
        assert!(times.first().is_some_and(|first| *first >= START_MS - 90 * calendar::DAY_MS));
        assert!(times.last().is_some_and(|last| *last <= START_MS));
    }
}

#[test]
fn most_events_lie_in_business_hours() {
    let zone = calendar::Zones::new().central_europe;
    let events: Vec<_> = simulator(4).history().collect();
    let at_work = |event: &&SimulatedEvent| (7..19).contains(&calendar::local(event.at_ms, &zone).hour());
    assert!(events.iter().filter(at_work).count() * 10 > events.len() * 8);
}

#[test]
fn every_event_type_appears_in_a_long_run() {
    let simulator = simulator(2);
    let live = simulator.live(START_MS, Pace::PerSecond(50.0)).take(8000);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for event in live {
        *counts.entry(event.event_type.into_owned()).or_default() += 1;
    }
    for wanted in [
        "email_sent",
        "email_opened",
        "link_clicked",
        "reply_received",
        "auto_reply_received",
        "email_bounced",
        "lead_unsubscribed",
        "account_error",
        "campaign_completed",
        "lead_neutral",
        "lead_interested",
        "lead_not_interested",
        "lead_meeting_booked",
        "lead_meeting_completed",
        "lead_closed",
        "lead_out_of_office",
        "lead_wrong_person",
        "lead_no_show",
        "test_event",
        "Rückruf Q1",
    ] {
        assert!(counts.contains_key(wanted), "{wanted} is missing in {counts:?}");
    }
}

#[test]
fn live_events_go_on_where_history_ended() {
    let simulator = simulator(2);
    let told: BTreeSet<_> = simulator.history().map(|event| event.body).collect();
    let live: Vec<_> = simulator.live(START_MS + 1000, Pace::Human).take(500).collect();
    assert!(live.iter().all(|event| event.at_ms > START_MS + 1000 && !told.contains(&event.body)));
    let pauses: Vec<i64> = live.windows(2).map(|pair| pair[1].at_ms - pair[0].at_ms).collect();
    assert!(pauses.iter().all(|pause| (20..=4000).contains(pause)));
    assert!(pauses.iter().any(|pause| *pause < 200));
}

fn typical(language: Language) -> [&'static str; 2] {
    match language {
        Language::German => ["schrieb", "Gesendet: "],
        Language::French => ["a écrit :", "Envoyé : "],
        Language::Italian => ["ha scritto:", "Inviato: "],
        Language::English => ["wrote:", "Sent: "],
    }
}

#[test]
fn every_reply_speaks_its_language_and_quotes_what_it_answers() {
    let simulator = simulator(3);
    let live = simulator.live(START_MS, Pace::PerSecond(50.0)).take(6000);
    let mut seen = BTreeSet::new();
    for event in live.chain(simulator.replies(0.7).take(1000)) {
        let (Some(intent), Some(language)) = (event.intent, event.language) else {
            continue;
        };
        let body = json(&event);
        let text = body["reply_text"].as_str().unwrap();
        assert!(!text.contains(['{', '}', '[', ']']), "{text}");
        assert!(!body["reply_subject"].as_str().unwrap().is_empty());
        seen.insert((language, intent));
        if intent.is_automatic() {
            continue;
        }
        let [gmail, outlook] = typical(language);
        assert!(text.contains(gmail) || text.contains(outlook), "{}: {text}", language.code());
        let phrases = language.phrasebook().letters.iter().flatten().flat_map(|letter| letter.paragraphs);
        let is_quoted = phrases.chain(language.phrasebook().answers).any(|phrase| {
            let phrase = phrase.rsplit("\n\n").next().unwrap();
            let words: Vec<&str> =
                phrase.split_whitespace().take_while(|word| !word.contains(['{', '<'])).take(2).collect();
            words.len() == 2 && text.contains(&words.join(" "))
        });
        assert!(is_quoted, "{text}");
        if let Some(html) = body["reply_html"].as_str() {
            assert!(html.contains("blockquote") || html.contains("border-top:solid #E1E1E1"), "{html}");
        }
    }
    assert_eq!(seen.len(), Language::ALL.len() * Intent::ALL.len(), "{seen:?}");
}

#[test]
fn keys_come_in_the_order_of_the_service() {
    let quirks = Quirks::NONE;
    let simulator = Simulator::new(SimulatorConfig { quirks, ..SimulatorConfig::new(1, START_MS) });
    let reply = simulator.history().find(|event| event.event_type == "reply_received").unwrap();
    let body = json(&reply);
    let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let base = [
        "timestamp",
        "event_type",
        "workspace",
        "campaign_id",
        "unibox_url",
        "campaign_name",
        "email_account",
        "reply_text_snippet",
        "is_first",
        "lead_email",
        "email",
    ];
    assert_eq!(keys[..base.len()], base);
    let tail = ["step", "variant", "email_id", "reply_subject", "reply_text", "reply_html"];
    assert_eq!(keys[keys.len() - tail.len()..], tail);
    let variables = &keys[base.len() - 1..keys.len() - tail.len()];
    assert!(variables.is_sorted_by_key(|key| (key.len(), *key)), "{variables:?}");
    assert!(body["unibox_url"].as_str().unwrap().contains("thread_search=thread:"));
}

#[test]
fn keys_of_a_sent_mail_come_in_the_order_of_the_service() {
    let quirks = Quirks::NONE;
    let simulator = Simulator::new(SimulatorConfig { quirks, ..SimulatorConfig::new(1, START_MS) });
    let sent = simulator.history().next().unwrap();
    let body = json(&sent);
    let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys[..9],
        [
            "timestamp",
            "event_type",
            "workspace",
            "campaign_id",
            "unibox_url",
            "campaign_name",
            "email_account",
            "is_first",
            "lead_email"
        ]
    );
    assert_eq!(keys[keys.len() - 4..], ["step", "variant", "email_subject", "email_html"]);
    assert_eq!((body["unibox_url"].is_null(), body["step"].as_i64()), (true, Some(1)));
}

#[test]
fn a_variable_may_shadow_a_base_field() {
    let simulator = Simulator::new(SimulatorConfig {
        size: WorldSize { leads: 2000, ..WorldSize::default() },
        history_events: 20_000,
        ..SimulatorConfig::new(1, START_MS)
    });
    let campaigns: BTreeSet<String> =
        simulator.world().campaigns.iter().map(|campaign| campaign.id.to_string()).collect();
    let is_foreign =
        |event: &SimulatedEvent| json(event)["campaign_id"].as_str().is_some_and(|id| !campaigns.contains(id));
    let shadowed = simulator.history().find(is_foreign).expect("one lead in some hundred has such a variable");
    let text = String::from_utf8(shadowed.body.to_vec()).unwrap();
    assert_eq!(text.matches("\"campaign_id\"").count(), 1);
}

#[test]
fn load_replies_are_distinct_and_share_conversations_as_asked() {
    let bodies: Vec<Value> = simulator(5).replies(0.4).take(2000).map(|event| json(&event)).collect();
    let distinct = |key: &str| bodies.iter().filter_map(|body| body[key].as_str()).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct("email_id"), 2000);
    assert!(distinct("reply_text") > 1990, "{}", distinct("reply_text"));
    let leads = distinct("lead_email");
    assert!((740..860).contains(&leads), "{leads}");
}

#[test]
fn fill_holds_exactly_the_messages_asked_for() {
    for messages in [1, 100, 5000] {
        let simulator = Simulator::new(SimulatorConfig::for_messages(9, START_MS, messages));
        let count = simulator.fill(messages).filter(SimulatedEvent::carries_message).count();
        assert_eq!(count, messages);
    }
}

#[test]
fn nobody_is_written_to_after_leaving() {
    let config = SimulatorConfig { history_events: 12_000, ..SimulatorConfig::new(6, START_MS) };
    let mut gone = BTreeSet::new();
    let mut written_to = 0;
    for event in Simulator::new(config).history() {
        match event.event_type.as_ref() {
            "lead_unsubscribed" | "email_bounced" => drop(gone.insert(event.lead)),
            "email_sent" => {
                written_to += 1;
                assert!(!gone.contains(&event.lead));
            }
            _ => {}
        }
    }
    assert!(written_to > 1000 && gone.len() > 20);
}
