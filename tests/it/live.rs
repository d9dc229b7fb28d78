//! The live feed over real sockets: who gets in, what arrives, and how a client that was away catches up.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use salesbrain::account::permission::Role;
use salesbrain::store::Error as StoreError;
use salesbrain::tenant::event_log::{self, Actor, Entity, NewEvent};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::support::{LIMIT, Person, Request, TestApp, numbered_reply, reply, wait_until};

/// An open feed.
pub(crate) struct Feed {
    socket: WebSocketStream<TcpStream>,
}

/// What became of an attempt to open a feed.
#[expect(clippy::large_enum_variant, reason = "one value at a time, on the stack of a test")]
pub(crate) enum Knock {
    /// Let in, with the first frame.
    Hello(Feed, Value),
    /// The socket opened and was closed with this code, with nothing sent before.
    Closed(u16),
    /// The handshake was refused with this status.
    Refused(u16),
}

impl Knock {
    #[track_caller]
    pub(crate) fn expect_hello(self) -> (Feed, Value) {
        match self {
            Self::Hello(feed, hello) => (feed, hello),
            Self::Closed(code) => panic!("closed with {code}"),
            Self::Refused(status) => panic!("refused with {status}"),
        }
    }
}

/// Opens a socket with headers; then says `first`, if anything.
pub(crate) async fn open(test: &TestApp, path: &str, headers: &[(&'static str, String)], first: Option<&str>) -> Knock {
    let stream = TcpStream::connect(test.address).await.unwrap();
    open_over(stream, (test, path, headers), first).await
}

/// [`open`] over a connection that is there.
async fn open_over(
    stream: TcpStream,
    (test, path, headers): (&TestApp, &str, &[(&'static str, String)]),
    first: Option<&str>,
) -> Knock {
    let mut request = format!("ws://{}{path}", test.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let mut feed = match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _response)) => Feed { socket },
        Err(tungstenite::Error::Http(response)) => return Knock::Refused(response.status().as_u16()),
        Err(error) => panic!("the socket could not be opened: {error}"),
    };
    if let Some(first) = first {
        feed.socket.send(Message::text(first)).await.unwrap();
    }
    match feed.next().await {
        Ok(hello) => Knock::Hello(feed, hello),
        Err(code) => Knock::Closed(code),
    }
}

/// Opens a feed with a token in the header; without one it says nothing of use.
pub(crate) async fn knock(test: &TestApp, path: &str, token: Option<&str>) -> Knock {
    match token {
        Some(token) => open(test, path, &[("authorization", format!("Bearer {token}"))], None).await,
        None => open(test, path, &[], Some("{}")).await,
    }
}

impl Feed {
    async fn open(test: &TestApp, path: &str, person: &Person) -> (Self, Value) {
        knock(test, path, Some(&person.token)).await.expect_hello()
    }

    /// The next frame with content; `Err` holds the code the socket was closed with.
    pub(crate) async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let frame = tokio::time::timeout(LIMIT, self.socket.next()).await.expect("a frame comes in time");
            match frame {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(0, |frame| frame.code.into())),
                Some(Ok(_ping)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// Events until one has this sequence; every frame must be of events and end at its own sequence.
    pub(crate) async fn events_up_to(&mut self, sequence: i64) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let frame = self.next().await.expect("the feed stays open");
            assert_eq!(frame["type"], "events", "{frame}");
            let end = frame["sequence"].as_i64().unwrap();
            events.extend(frame["events"].as_array().unwrap().iter().cloned());
            assert!(end >= events.last().unwrap()["sequence"].as_i64().unwrap());
            if end >= sequence {
                return events;
            }
        }
    }
}

fn sequences(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// All events of an organization as the API lists them, oldest first.
async fn list_events(test: &TestApp, person: &Person) -> Vec<Value> {
    let mut events = test.get("/api/v1/events?limit=200", person).await.expect(200).rows();
    events.reverse();
    events
}

async fn head(test: &TestApp, person: &Person) -> i64 {
    list_events(test, person).await.last().map_or(0, |event| event["sequence"].as_i64().unwrap())
}

/// Appends events to the log as the program itself would.
async fn append_events(test: &TestApp, count: usize) {
    append_long_events(test, count, 0).await;
}

/// Appends events that are this many bytes longer than needed.
async fn append_long_events(test: &TestApp, count: usize, padding: usize) {
    let padding = "x".repeat(padding);
    let tenant = test.tenant(test.organization_id).await;
    let append = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        for number in 0..count {
            let event = NewEvent {
                kind: "connection.tested",
                actor: Actor::System,
                entity: Entity { kind: "connection", id: uuid::Uuid::from_u128(7) },
                payload: json!({ "number": number, "padding": padding }),
                cause: None,
                at_ms: tx.now_ms(),
            };
            event_log::append(tx, &event)?;
        }
        Ok(())
    };
    tenant.write(append).await.unwrap();
}

#[tokio::test]
async fn a_webhook_arrives_without_asking() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let (mut feed, hello) = Feed::open(&test, "/api/v1/live", &test.operator).await;
    let organization_id = test.organization_id.to_string();
    assert_eq!(hello, json!({ "type": "hello", "sequence": 0, "organization_id": organization_id }));
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    let head = head(&test, &test.operator).await;
    let events = feed.events_up_to(head).await;
    assert_eq!(events, list_events(&test, &test.operator).await);
    let received = events.iter().find(|event| event["kind"] == "message.received").unwrap();
    assert_eq!(received["payload"]["contact_address"], "lena.brunner@bergbahn.example");
    assert_eq!(received["payload"]["campaign_name"], "Q3 Zürich");
    assert!(received["payload"]["conversation_id"].is_string() && received["payload"]["message_id"].is_string());
    // More roles read the feed than need a message's body in it.
    assert!(!json!(events).to_string().contains("call me on Thursday"), "the body is in the feed");
}

#[tokio::test]
async fn what_a_colleague_does_arrives_too() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    let viewer = test.create_member(Role::Viewer).await;
    let (mut feed, _hello) = Feed::open(&test, "/api/v1/live", &viewer).await;
    let id = test.get("/api/v1/conversations", &viewer).await.rows()[0]["id"].as_str().unwrap().to_owned();
    test.patch(&format!("/api/v1/conversations/{id}/archive"), &test.operator).await.expect(200);
    let events = feed.events_up_to(head(&test, &viewer).await).await;
    assert_eq!(kinds(&events), ["conversation.archived"]);
    assert_eq!(events[0]["entity_id"], json!(id));
    assert_eq!(events[0]["actor"], json!(format!("account:{}", test.operator.account_id)));
}

#[tokio::test]
async fn a_cookie_works_for_our_own_page_only() {
    let test = TestApp::start().await;
    let person = &test.operator;
    let own = format!("http://{}", test.address);
    let headers = |origin: &str| vec![("cookie", person.cookie()), ("origin", origin.to_owned())];
    let (_feed, hello) = open(&test, "/api/v1/live", &headers(&own), None).await.expect_hello();
    assert_eq!(hello["organization_id"], json!(test.organization_id.to_string()));
    let foreign = ["https://evil.example", "null", &format!("{own}.evil.example"), "http://127.0.0.1:1"];
    for origin in foreign {
        match open(&test, "/api/v1/live", &headers(origin), Some("{}")).await {
            Knock::Closed(code) => assert_eq!(code, 1008, "{origin}"),
            Knock::Refused(status) => assert_eq!(status, 403, "{origin}"),
            Knock::Hello(..) => panic!("a page of {origin} got in with the cookie"),
        }
    }
    match open(&test, "/api/v1/live", &[("cookie", person.cookie())], Some("{}")).await {
        Knock::Closed(code) => assert_eq!(code, 1008),
        _ => panic!("a cookie without an origin is not enough"),
    }
}

#[tokio::test]
async fn the_first_frame_may_say_who_it_is() {
    let test = TestApp::start().await;
    let say = |token: &str| json!({ "type": "authenticate", "access_token": token }).to_string();
    let (_feed, hello) = open(&test, "/api/v1/live", &[], Some(&say(&test.operator.token))).await.expect_hello();
    assert_eq!(hello["type"], "hello");
    let wrong = [say("abc.def.ghi"), say(""), "{}".to_owned(), "hello".to_owned(), "[]".to_owned()];
    for first in wrong {
        match open(&test, "/api/v1/live", &[], Some(&first)).await {
            Knock::Closed(code) => assert_eq!(code, 1008, "{first}"),
            _ => panic!("{first} got in"),
        }
    }
}

#[tokio::test]
async fn the_sequence_resumes_with_exactly_what_was_missed() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    let (feed, _hello) = Feed::open(&test, "/api/v1/live", &test.operator).await;
    for number in 0..3 {
        test.post_webhook(&secret, &numbered_reply(number)).await.expect(200);
    }
    drop(feed);
    let seen = head(&test, &test.operator).await;
    for number in 3..6 {
        test.post_webhook(&secret, &numbered_reply(number)).await.expect(200);
    }
    let all = list_events(&test, &test.operator).await;
    let missed: Vec<Value> = all.iter().filter(|event| event["sequence"].as_i64().unwrap() > seen).cloned().collect();
    assert!(missed.len() >= 6, "there is something to miss: {missed:?}");
    let (mut feed, hello) = Feed::open(&test, &format!("/api/v1/live?since={seen}"), &test.operator).await;
    let head_now = all.last().unwrap()["sequence"].as_i64().unwrap();
    assert_eq!(hello["sequence"], json!(head_now));
    assert_eq!(feed.events_up_to(head_now).await, missed);
    // What comes later follows without a repetition.
    test.post_webhook(&secret, &numbered_reply(6)).await.expect(200);
    let later = feed.events_up_to(head(&test, &test.operator).await).await;
    assert!(sequences(&later).iter().all(|sequence| *sequence > head_now), "{later:?}");
}

#[tokio::test]
async fn many_missed_events_come_in_order_and_once() {
    let test = TestApp::start().await;
    append_events(&test, 1_234).await;
    let (mut feed, _hello) = Feed::open(&test, "/api/v1/live?since=0", &test.operator).await;
    let events = feed.events_up_to(1_234).await;
    assert_eq!(sequences(&events), (1..=1_234).collect::<Vec<i64>>());
}

#[tokio::test]
async fn events_that_come_while_a_client_catches_up_are_neither_lost_nor_doubled() {
    const WRITES: usize = 60;
    let test = TestApp::start().await;
    append_events(&test, 700).await;
    let end = 700 + i64::try_from(WRITES).unwrap();
    let write_all = async {
        for _write in 0..WRITES {
            append_events(&test, 1).await;
        }
    };
    let read_all = async {
        for since in [0, 350, 699, 0, 600] {
            let (mut feed, _hello) = Feed::open(&test, &format!("/api/v1/live?since={since}"), &test.operator).await;
            let events = feed.events_up_to(end).await;
            assert_eq!(sequences(&events), (since + 1..=end).collect::<Vec<i64>>());
        }
    };
    tokio::join!(write_all, read_all);
}

#[tokio::test]
async fn a_client_too_far_behind_is_told_to_read_anew() {
    let test = TestApp::start().await;
    append_events(&test, 5_001).await;
    let (mut feed, hello) = Feed::open(&test, "/api/v1/live?since=0", &test.operator).await;
    assert_eq!(hello["sequence"], json!(5_001));
    assert_eq!(feed.next().await.unwrap(), json!({ "type": "gap", "sequence": 5_001 }));
    append_events(&test, 1).await;
    assert_eq!(sequences(&feed.events_up_to(5_002).await), [5_002]);
    // One less is not too far.
    let (mut feed, _hello) = Feed::open(&test, "/api/v1/live?since=2", &test.operator).await;
    assert_eq!(feed.events_up_to(5_002).await.len(), 5_000);
}

#[tokio::test]
async fn a_sequence_from_the_future_is_a_gap() {
    let test = TestApp::start().await;
    append_events(&test, 3).await;
    let (mut feed, _hello) = Feed::open(&test, "/api/v1/live?since=99", &test.operator).await;
    assert_eq!(feed.next().await.unwrap(), json!({ "type": "gap", "sequence": 3 }));
    append_events(&test, 1).await;
    assert_eq!(sequences(&feed.events_up_to(4).await), [4]);
}

#[tokio::test]
async fn a_sequence_that_is_no_number_is_refused() {
    let test = TestApp::start().await;
    for since in ["x", "1.5", "99999999999999999999"] {
        match knock(&test, &format!("/api/v1/live?since={since}"), Some(&test.operator.token)).await {
            Knock::Refused(status) => assert_eq!(status, 400, "{since}"),
            _ => panic!("since={since} was accepted"),
        }
    }
}

/// The kinds every topic and every narrowed address lets through, of a reply, a bounce, a mailbox error and a pause.
#[tokio::test]
async fn topics_and_narrowed_addresses_let_only_their_kinds_through() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    for kind in ["reply_received", "email_bounced", "account_error", "campaign_paused"] {
        test.post_webhook(&secret, &reply(&json!({ "event_type": kind }))).await.expect(200);
    }
    let all = list_events(&test, &test.operator).await;
    let cases: [(&str, &[&str]); 7] = [
        ("/api/v1/live", &[""]),
        ("/api/v1/live?topics=conversations", &["message.", "conversation.", "contact."]),
        ("/api/v1/live?topics=mailboxes", &["mailbox.", "message."]),
        ("/api/v1/live?topics=contacts", &["contact."]),
        ("/api/v1/live?topics=contacts,mailboxes", &["contact.", "mailbox.", "message."]),
        ("/ws/conversations", &["message.", "conversation.", "contact."]),
        ("/ws/campaigns", &["campaign.", "message.", "contact.interest", "contact.unsubscribed", "contact.complained"]),
    ];
    for (path, prefixes) in cases {
        let is_wanted = |kind: &str| prefixes.iter().any(|prefix| kind.starts_with(prefix));
        let wanted: Vec<&str> = kinds(&all).into_iter().filter(|kind| is_wanted(kind)).collect();
        let (separator, head) = (if path.contains('?') { '&' } else { '?' }, all.len());
        let (mut feed, _hello) = Feed::open(&test, &format!("{path}{separator}since=0"), &test.operator).await;
        let events = feed.events_up_to(i64::try_from(head).unwrap()).await;
        assert_eq!(kinds(&events), wanted, "{path}");
        assert!(path == "/api/v1/live" || wanted.len() < all.len(), "{path} leaves something out");
    }
}

#[tokio::test]
async fn another_organization_never_arrives() {
    let test = TestApp::start().await;
    let outsider = test.create_outsider().await;
    let own_secret = test.create_connection(test.organization_id).await;
    let their_secret = test.create_connection(outsider.organization_id).await;
    let (mut feed, _hello) = Feed::open(&test, "/api/v1/live?since=0", &outsider).await;
    for number in 0..5 {
        test.post_webhook(&own_secret, &numbered_reply(number)).await.expect(200);
    }
    let theirs = reply(&json!({ "lead_email": "noah@elsewhere.example", "campaign_name": "Rival's own" }));
    test.post_webhook(&their_secret, &theirs).await.expect(200);
    let head = head(&test, &outsider).await;
    let events = feed.events_up_to(head).await;
    assert_eq!(events, list_events(&test, &outsider).await);
    let text = json!(events).to_string();
    assert!(text.contains("noah@elsewhere.example"), "{text}");
    assert!(!text.contains("bergbahn") && !text.contains("Zürich"), "{text}");
    // Asking for the other organization by name changes nothing.
    let path = format!("/api/v1/live?since=0&organization_id={}", test.organization_id);
    if let Knock::Hello(mut feed, hello) = knock(&test, &path, Some(&outsider.token)).await {
        assert_eq!(hello["organization_id"], json!(outsider.organization_id.to_string()));
        assert!(!json!(feed.events_up_to(head).await).to_string().contains("bergbahn"));
    }
}

/// How many feeds the program counts as open.
async fn count_feeds(test: &TestApp) -> i64 {
    let text = test.get("/metrics", &test.operator).await.expect(200).text;
    let line = text.lines().find(|line| line.starts_with("salesbrain_live_connections ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn open_feeds_are_counted_and_forgotten() {
    let test = TestApp::start().await;
    let count = async || count_feeds(&test).await;
    assert_eq!(count().await, 0);
    let (first, _hello) = Feed::open(&test, "/api/v1/live", &test.operator).await;
    let (second, _hello) = Feed::open(&test, "/ws/conversations", &test.operator).await;
    assert_eq!(count().await, 2);
    drop((first, second));
    wait_until("closed feeds are no longer counted", async || count().await == 0).await;
}

/// Well before the next beat would look.
#[tokio::test]
async fn a_session_that_ends_takes_its_feeds_with_it_at_once() {
    const AT_ONCE: Duration = Duration::from_secs(10);
    let test = TestApp::start().await;
    let stays = test.sign_in_again(&test.operator).await;
    let (mut other, _hello) = Feed::open(&test, "/api/v1/live", &stays).await;
    let refresh = async |person: &Person| {
        let headers = vec![("cookie", person.cookie()), ("x-requested-with", "salesbrain".to_owned())];
        test.send(Method::POST, "/api/v1/auth/refresh", Request { headers, ..Request::default() }).await.status
    };
    for is_stolen in [false, true] {
        let ends = test.sign_in_again(&test.operator).await;
        let (mut first, _hello) = Feed::open(&test, "/api/v1/live", &ends).await;
        let (mut second, _hello) = Feed::open(&test, "/ws/campaigns", &ends).await;
        append_events(&test, 1).await;
        let head = head(&test, &stays).await;
        first.events_up_to(head).await;
        if is_stolen {
            assert_eq!(refresh(&ends).await, 200);
            test.app.clock.advance_ms(10_001);
            assert_eq!(refresh(&ends).await, 401);
        } else {
            test.post("/api/v1/auth/logout", &ends, json!({})).await.expect(200);
        }
        for feed in [&mut first, &mut second] {
            let end = tokio::time::timeout(AT_ONCE, feed.next()).await.expect("the feed ends at once");
            assert_eq!(end, Err(1008));
        }
    }
    append_events(&test, 1).await;
    let head = head(&test, &stays).await;
    assert!(other.events_up_to(head).await.len() >= 3, "the feed of another session goes on");
}

/// A client whose system takes only a few thousand bytes for it.
async fn open_narrow(test: &TestApp) -> Feed {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(test.address).await.unwrap();
    let headers = [("authorization", format!("Bearer {}", test.operator.token))];
    open_over(stream, (test, "/api/v1/live", &headers), None).await.expect_hello().0
}

#[tokio::test]
async fn a_client_that_reads_nothing_holds_nobody_up_and_is_let_go() {
    let test = TestApp::start().await;
    let _deaf = open_narrow(&test).await;
    let (mut feed, _hello) = Feed::open(&test, "/api/v1/live", &test.operator).await;
    assert_eq!(count_feeds(&test).await, 2);
    // Twenty megabytes: several times what a system sends ahead.
    let append_all = async {
        for _burst in 0..10 {
            append_long_events(&test, 1_000, 2_000).await;
        }
    };
    let read_all = tokio::time::timeout(LIMIT, feed.events_up_to(10_000));
    let (_appended, read) = tokio::join!(append_all, read_all);
    assert_eq!(sequences(&read.unwrap()), (1..=10_000).collect::<Vec<i64>>());
    wait_until("the client that reads nothing is let go", async || count_feeds(&test).await == 1).await;
    append_events(&test, 1).await;
    assert_eq!(sequences(&feed.events_up_to(10_001).await), [10_001]);
}
