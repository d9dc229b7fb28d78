//! The order of arrival does not matter: the lives of several people, delivered in any order, end in the same state.
//!
//! The deliveries go through interpretation and intake as a webhook does, without HTTP, so that many orders fit into
//! a test. What is left out is the documented limit of `inbox/thread.rs`: each campaign has one subject per person.

use proptest::prelude::*;
use salesbrain::channel::instantly::payload;
use salesbrain::channel::intake::{self, Delivery};
use salesbrain::clock::Clock;
use salesbrain::id::{ConnectionId, IdSource};
use salesbrain::store::{self, Database, Options, migration};
use serde_json::Value;

use super::dump::{self, Dump};
use super::events::{Body, DAY_MS, HOUR_MS, auto_reply, reply, sent};
use super::recount;
use super::support::NOW_MS;

/// One thing that may happen to a person in a campaign.
#[derive(Clone, Debug)]
enum Happening {
    Sent { step: i64, has_subject: bool },
    Opened { step: i64 },
    Clicked { step: i64 },
    Reply { has_thread: bool, has_mailbox: bool },
    AutoReply { has_mailbox: bool },
    Said(&'static str),
    SaidOfPerson(&'static str),
    Trouble { is_suspension: bool },
    CampaignChange(&'static str),
}

const INTERESTS: [&str; 6] = [
    "lead_interested",
    "lead_not_interested",
    "lead_meeting_booked",
    "lead_closed",
    "lead_neutral",
    "Sehr wichtig \u{1f525}",
];
const ENDS: [&str; 5] = ["lead_unsubscribed", "email_bounced", "email_spam_report", "lead_completed", "lead_error"];
const CHANGES: [&str; 3] = ["campaign_started", "campaign_paused", "campaign_completed"];

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (1_i64..4, any::<bool>()).prop_map(|(step, has_subject)| Happening::Sent { step, has_subject }),
        2 => (1_i64..3).prop_map(|step| Happening::Opened { step }),
        1 => (1_i64..3).prop_map(|step| Happening::Clicked { step }),
        4 => any::<(bool, bool)>().prop_map(|(has_thread, has_mailbox)| Happening::Reply { has_thread, has_mailbox }),
        1 => any::<bool>().prop_map(|has_mailbox| Happening::AutoReply { has_mailbox }),
        3 => prop::sample::select(&INTERESTS[..]).prop_map(Happening::Said),
        1 => prop::sample::select(&INTERESTS[..]).prop_map(Happening::SaidOfPerson),
        1 => prop::sample::select(&ENDS[..]).prop_map(Happening::Said),
        1 => any::<bool>().prop_map(|is_suspension| Happening::Trouble { is_suspension }),
        1 => prop::sample::select(&CHANGES[..]).prop_map(Happening::CampaignChange),
    ]
}

/// Who, in which campaign, how many hours ago (some at the same time), what, and which of the person's fields are told.
type Entry = (usize, usize, i64, Happening, u8);

fn body_of(number: usize, (lead, campaign, hours, happening, fields): &Entry) -> Value {
    // Mails have a time of their own; what is said about them may have the same time as something else.
    let spread = i64::try_from(number).unwrap();
    let (shared, own) = (hours * HOUR_MS, hours * HOUR_MS + spread * 1_000);
    let (lead, campaign_id) = (format!("lead{lead}@people.example"), format!("c{campaign}"));
    let subject = format!("Idea {campaign}");
    let mailbox = format!("m{campaign}@we.example");
    let body = match happening {
        Happening::Sent { step, has_subject } => {
            sent(own, if *has_subject || *step == 1 { &subject } else { "" }, *step).mailbox(&mailbox)
        }
        Happening::Opened { step } => Body::new("email_opened", shared).with("step", *step).mailbox(&mailbox),
        Happening::Clicked { step } => Body::new("link_clicked", shared).with("step", *step),
        Happening::Reply { has_thread, has_mailbox } => {
            let reply = reply(own, &format!("Re: {subject}"), &format!("Answer number {number}."))
                .with("email_id", format!("mail-{number}"));
            let reply = if *has_thread { reply.thread(&format!("{lead}-{campaign_id}")) } else { reply };
            if *has_mailbox { reply.mailbox(&mailbox) } else { reply }
        }
        Happening::AutoReply { has_mailbox } => {
            let reply = auto_reply(own, &format!("Automatic reply: {subject}"), "I am away.");
            if *has_mailbox { reply.mailbox(&mailbox) } else { reply }
        }
        Happening::Said(what) | Happening::SaidOfPerson(what) => Body::new(what, shared),
        Happening::Trouble { is_suspension } => {
            let name = if *is_suspension { "account_suspended" } else { "account_error" };
            return Body::new(name, shared).mailbox(&mailbox).with("reason", format!("reason {number}")).json();
        }
        Happening::CampaignChange(name) => return named(Body::new(name, shared), &campaign_id, number).json(),
    };
    let body = if matches!(happening, Happening::SaidOfPerson(_)) { body } else { named(body, &campaign_id, number) };
    with_fields(body.lead(&lead), *fields, number).json()
}

/// In the campaign, which is renamed now and then and sometimes not named at all.
fn named(body: Body, id: &str, number: usize) -> Body {
    let body = body.with("campaign_id", id);
    match number % 4 {
        0 => body,
        3 => body.with("campaign_name", "New name"),
        _ => body.with("campaign_name", "First name"),
    }
}

fn with_fields(mut body: Body, fields: u8, number: usize) -> Body {
    for (bit, field) in ["firstName", "companyName", "Region", "phone"].into_iter().enumerate() {
        body = match (fields >> (2 * bit)) & 3 {
            0 => body.with(field, format!("{field} {}", number % 3)),
            1 => body.with(field, ""),
            _ => body,
        };
    }
    body
}

/// Applies the deliveries in order to a file of its own, one at a time; answers what is in it.
fn state_after(bodies: &[Value]) -> Dump {
    state_after_batches(bodies, 1)
}

/// [`state_after`] with so many deliveries applied together.
fn state_after_batches(bodies: &[Value], batch: usize) -> Dump {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::fixed(NOW_MS);
    let options =
        Options { ids: IdSource::new(clock.clone()), clock, readers: 1, read_limit_ms: 10_000, max_pages: None };
    let database = Database::open(&folder.path().join("tenant.db"), &migration::TENANT, &options).unwrap();
    let connection_id = ConnectionId::from_uuid(uuid::Uuid::from_u128(7));
    let deliveries: Vec<Delivery> = bodies
        .iter()
        .map(|body| {
            let body = body.to_string().into_bytes();
            let interpreted = payload::interpret(&body).unwrap();
            Delivery::prepare((connection_id, "instantly"), interpreted.event, interpreted.content_key, body)
        })
        .collect();
    let receive = move |tx: &store::Tx<'_>| -> Result<(), store::Error> {
        deliveries.chunks(batch).try_for_each(|together| intake::receive_all(tx, together).map(drop))
    };
    database.write_blocking(receive).unwrap();
    let read = |connection: &rusqlite::Connection| -> Result<_, store::Error> {
        Ok((dump::natural(connection), recount::find_differences(connection)))
    };
    let (dump, differences) = database.read_blocking(read).unwrap();
    assert_eq!(differences, Vec::<String>::new());
    dump
}

/// Only the first of what the program takes for the same event: which of two such bodies comes first does matter.
fn distinct(bodies: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut seen = std::collections::BTreeSet::new();
    bodies.filter(|body| seen.insert(payload::interpret(body.to_string().as_bytes()).unwrap().content_key)).collect()
}

/// The order a shuffle gives, from a seed.
fn shuffled(bodies: &[Value], seed: u64) -> Vec<Value> {
    use rand::SeedableRng;
    use rand::seq::SliceRandom;
    let mut bodies = bodies.to_vec();
    bodies.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(seed));
    bodies
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_in_the_same_state(
        entries in prop::collection::vec((0_usize..2, 0_usize..2, 0_i64..80, happening(), any::<u8>()), 8..40),
        seeds in any::<[u64; 3]>(),
    ) {
        let bodies = distinct(entries.iter().enumerate().map(|(number, entry)| body_of(number, entry)));
        let expected = state_after(&bodies);
        for seed in seeds {
            let difference = dump::difference(&expected, &state_after(&shuffled(&bodies, seed)));
            prop_assert!(difference.is_empty(), "order {seed} ends otherwise: {difference:#?}");
        }
        for batch in [3, bodies.len()] {
            let difference = dump::difference(&expected, &state_after_batches(&bodies, batch));
            prop_assert!(difference.is_empty(), "{batch} applied together end otherwise: {difference:#?}");
        }
    }
}

#[test]
fn the_life_of_a_person_backwards_ends_the_same() {
    let with = |body: Body| body.lead("anna@people.example").campaign("c1").mailbox("m@we.example");
    let bodies: Vec<Value> = [
        with(sent(9 * DAY_MS, "Idea", 1)).with("firstName", "Ana"),
        with(Body::new("email_opened", 9 * DAY_MS - HOUR_MS)).with("step", 1),
        with(Body::new("email_opened", 5 * DAY_MS)).with("step", 1),
        with(sent(7 * DAY_MS, "", 2)).with("firstName", "Anna"),
        with(auto_reply(6 * DAY_MS, "Automatic reply: Idea", "Away until Monday.")).thread("t1"),
        with(reply(4 * DAY_MS, "Re: Idea", "Tell me more.")).thread("t1").with("email_id", "mail-1"),
        with(Body::new("lead_interested", 4 * DAY_MS)),
        with(Body::new("Sehr wichtig", 3 * DAY_MS)),
        with(Body::new("lead_meeting_booked", 2 * DAY_MS)),
        with(Body::new("account_error", 2 * DAY_MS)).with("reason", "login failed"),
        with(Body::new("campaign_completed", DAY_MS)),
        with(Body::new("lead_unsubscribed", DAY_MS)),
    ]
    .into_iter()
    .map(Body::json)
    .collect();
    let forward = state_after(&bodies);
    let backward: Vec<Value> = bodies.iter().rev().cloned().collect();
    assert_eq!(dump::difference(&forward, &state_after(&backward)), std::collections::BTreeMap::new());
    let value = |key: &str| forward.get(key).map_or("", String::as_str);
    assert_eq!(value("contact[anna@people.example].first_name"), "Anna");
    assert_eq!(value("conversation[anna@people.example|c1|idea].category"), "unsubscribed");
    assert_eq!(value("conversation[anna@people.example|c1|idea].subject"), "Idea");
    assert_eq!(value("conversation[anna@people.example|c1|idea].message_count"), "4");
    assert_eq!(value("campaign_contact[anna@people.example|c1].category"), "meeting_booked");
    // The first open counts, on its day; the second leaves no trace.
    assert_eq!(value("campaign_day[c1|2026-03-01].opened"), "1");
    assert_eq!(value("campaign_day[c1|2026-03-05].opened"), "");
    assert_eq!(value("campaign[c1].opened"), "1");
}

#[test]
fn a_reply_without_a_campaign_keeps_the_interest_of_its_conversation() {
    let lead = |body: Body| body.lead("anna@people.example").mailbox("m@we.example");
    let bodies = [
        lead(sent(3 * DAY_MS, "Idea", 1)).campaign("c1").json(),
        lead(Body::new("lead_interested", 2 * DAY_MS)).campaign("c1").json(),
        lead(reply(DAY_MS, "Re: Idea", "And the price?")).json(),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0], [2, 1, 0], [1, 0, 2]] {
        let state = state_after(&order.map(|index| bodies[index].clone()));
        let category = state.get("conversation[anna@people.example|c1|idea].category").map(String::as_str);
        assert_eq!(category, Some("interested"), "{order:?}");
    }
}

#[test]
fn a_mail_reported_as_reply_and_as_automatic_reply_is_an_automatic_one() {
    let with = |body: Body| body.lead("anna@people.example").campaign("c1").mailbox("m@we.example");
    let reply = |at| with(reply(at, "Re: Idea", "Away until Monday.")).with("email_id", "mail-1");
    let automatic = |at| with(auto_reply(at, "Re: Idea", "Away until Monday.")).with("email_id", "mail-1");
    let sent = with(sent(9 * DAY_MS, "Idea", 1)).json();
    for before in [vec![], vec![sent]] {
        let states =
            [[reply(DAY_MS).json(), automatic(DAY_MS).json()], [automatic(DAY_MS).json(), reply(DAY_MS).json()]]
                .map(|both| state_after(&[before.clone(), both.to_vec()].concat()))
                .map(|mut state| {
                    // The log is a history: it keeps what was believed at first.
                    state.remove("event[message.received]");
                    state
                });
        assert_eq!(dump::difference(&states[0], &states[1]), std::collections::BTreeMap::new());
        let value = |key: &str| states[0].get(key).map_or("", String::as_str);
        assert_eq!(value("campaign[c1].auto_replied"), "1");
        assert_eq!(value("campaign[c1].replied_contacts"), value("campaign[c1].replied"));
        assert_eq!(value("conversation[anna@people.example|c1|idea].category"), "auto_reply");
        assert_eq!(value("conversation[anna@people.example|c1|idea].received_count"), "1");
    }
}
