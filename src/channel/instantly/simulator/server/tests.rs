//! The workspace's API over a real connection.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::channel::instantly::simulator::{Poster, PosterConfig, Simulator, SimulatorConfig, serve};
use crate::clock::Clock;

const START_MS: i64 = 1_795_176_000_000;

struct Api {
    base: String,
    client: reqwest::Client,
}

impl Api {
    async fn start() -> (Self, Simulator, Poster) {
        let simulator = Simulator::new(SimulatorConfig { history_events: 300, ..SimulatorConfig::new(1, START_MS) });
        let receiver = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/hook", receiver.local_addr().unwrap());
        let accept = axum::Router::new().route("/hook", axum::routing::post(|| async { StatusCode::OK }));
        tokio::spawn(async move { axum::serve(receiver, accept).await.unwrap() });
        let clock = Clock::fixed(START_MS);
        let poster = Poster::new(PosterConfig::new(hook), clock.clone()).unwrap();
        let workspace = simulator.workspace("key", vec![poster.clone()], clock);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/api/v2", listener.local_addr().unwrap());
        tokio::spawn(serve(workspace, listener, std::future::pending()));
        let client = reqwest::Client::builder().user_agent("test/1").timeout(Duration::from_secs(30)).build().unwrap();
        (Self { base, client }, simulator, poster)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth("key");
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn post(&self, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.client.post(format!("{}{path}", self.base)).bearer_auth("key");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

#[tokio::test]
async fn only_the_key_opens() {
    let (api, _, _) = Api::start().await;
    let url = format!("{}/workspaces/current", api.base);
    let without = api.client.get(&url).send().await.unwrap();
    assert_eq!(without.status(), 401);
    let body: Value = without.json().await.unwrap();
    assert_eq!(body, json!({ "statusCode": 401, "error": "Unauthorized", "message": "Missing Authorization header" }));
    assert_eq!(api.client.get(&url).bearer_auth("other").send().await.unwrap().status(), 401);
    let robot = reqwest::Client::new().get(&url).bearer_auth("key").send().await.unwrap();
    assert_eq!(robot.status(), 403);
    assert!(robot.text().await.unwrap().contains("error code: 1010"));
    let (status, workspace) = api.get("/workspaces/current").await;
    assert_eq!((status, workspace["name"].as_str()), (200, Some("Alpenblick Software AG")));
}

#[tokio::test]
async fn unknown_things_are_not_found() {
    let (api, _, _) = Api::start().await;
    for path in ["/campaigns/nothing", "/no/such/route"] {
        let (status, body) = api.get(path).await;
        assert_eq!((status, body["message"].as_str()), (404, Some("Resource not found")), "{path}");
    }
    assert_eq!(api.post("/webhooks/0/resume", None).await.0, 404);
}

#[tokio::test]
async fn lists_are_paged() {
    let (api, simulator, _) = Api::start().await;
    assert_eq!(api.get("/campaigns?limit=101").await.1["message"], "querystring/limit must be <= 100");
    assert_eq!(api.get("/campaigns?limit=x").await.0, 400);
    let (_, first) = api.get("/accounts?limit=5").await;
    let cursor = first["next_starting_after"].as_str().unwrap().replace('&', "%26");
    let (_, second) = api.get(&format!("/accounts?limit=5&starting_after={cursor}")).await;
    assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (5, 3));
    assert!(second.get("next_starting_after").is_none());
    let mut emails = BTreeSet::new();
    let mut request = json!({ "limit": 100 });
    loop {
        let (_, page) = api.post("/leads/list", Some(request.clone())).await;
        emails.extend(page["items"].as_array().unwrap().iter().map(|lead| lead["email"].to_string()));
        let Some(cursor) = page.get("next_starting_after") else {
            break;
        };
        request["starting_after"] = cursor.clone();
    }
    assert_eq!(emails.len(), simulator.world().leads.len());
    assert_eq!(api.post("/leads/list", None).await.1["items"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn empty_json_is_refused() {
    let (api, _, _) = Api::start().await;
    let request = api.client.post(format!("{}/leads/list", api.base)).bearer_auth("key");
    let response = request.header("content-type", "application/json").send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "FST_ERR_CTP_EMPTY_JSON_BODY");
}

#[tokio::test]
async fn the_api_knows_what_the_webhooks_told() {
    let (api, simulator, poster) = Api::start().await;
    let posting = simulator.run_history(&poster, std::future::pending());
    let statistics = tokio::time::timeout(Duration::from_mins(1), posting).await.expect("history ends");
    assert_eq!(statistics.failed, 0);
    assert_eq!(statistics.acknowledged, simulator.history().count() as u64);
    let reply = simulator.history().filter(|event| event.event_type == "reply_received").last().unwrap();
    let email = &simulator.world().leads[reply.lead.unwrap()].email;
    let (_, page) = api.post("/leads/list", Some(json!({ "contacts": [email] }))).await;
    assert!(page["items"][0]["email_reply_count"].as_u64().unwrap() > 0, "{page}");

    let (_, log) = api.get("/webhook-events?limit=3&success=true").await;
    assert_eq!(log["items"].as_array().unwrap().len(), 3);
    assert!(log["items"][0]["payload"]["event_type"].is_string());
    let (_, hooks) = api.get("/webhooks").await;
    let id = hooks["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(hooks["items"][0]["status"], 1);
    let (_, tested) = api.post(&format!("/webhooks/{id}/test"), None).await;
    assert_eq!((tested["success"].as_bool(), tested["status_code"].as_i64()), (Some(true), Some(200)));
    assert_eq!(api.post(&format!("/webhooks/{id}/resume"), None).await.1["status"], 1);
}
