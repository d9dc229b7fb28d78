//! `salesbrain instantly …` as an operator runs it, against the simulated service.

use std::process::Output;

use salesbrain::channel::instantly::simulator::Faults;
use serde_json::Value;

use super::{KEY, Service};
use crate::command_line::{expect_failure, expect_json, expect_success, program};
use crate::support::folder;

/// Runs a command with the key in the environment; the server of this process answers it.
async fn run(service: &Service, arguments: &[&str], key: &str) -> Output {
    let folder = folder();
    let mut command = program(folder.path(), &[&["instantly"], arguments].concat());
    command.env("SALESBRAIN_INSTANTLY_URL", &service.base).env("SALESBRAIN_INSTANTLY_KEY", key);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_key_is_tested_and_what_it_may_not_is_said() {
    let service = Service::start(20).await;
    let good = expect_json(&run(&service, &["test", "--json"], KEY).await);
    assert_eq!(good["workspace"]["name"], "Alpenblick Software AG");
    assert_eq!(good["plan"]["subscriptions"]["outreach"]["plan_name"], "Hyper Growth");
    assert_eq!(good["limits"]["email_lists_per_minute"], 20);
    assert!(good["reads"].as_array().unwrap().iter().all(|read| read["allowed"] == true), "{good}");
    service.workspace.create_key("small", &["workspaces:read", "campaigns:all"]);
    let text = expect_success(&run(&service, &["test"], "small").await);
    assert!(text.contains("can read    campaigns\n"), "{text}");
    assert!(text.contains("cannot read webhooks, needed for receiving what happens."), "{text}");
    assert!(text.contains("the scope webhooks:read (or all:all)"), "{text}");
    let wrong = expect_failure(&run(&service, &["test"], "wrong-key").await);
    assert!(wrong.contains("does not accept the key") && wrong.contains("Create a new key"), "{wrong}");
    assert!(!wrong.contains("wrong-key"), "{wrong}");
    service.workspace.set_faults(Faults { is_proxy_refusing: true, ..Faults::default() });
    let proxy = expect_failure(&run(&service, &["test"], KEY).await);
    assert!(proxy.contains("no fault of the key") && proxy.contains("1010"), "{proxy}");
    let none = expect_failure(&run(&service, &["test"], "").await);
    assert!(none.contains("--key-file"), "{none}");
}

#[tokio::test]
async fn a_key_comes_from_a_file_or_standard_input() {
    let service = Service::start(20).await;
    let folder = folder();
    let path = folder.path().join("key");
    std::fs::write(&path, format!("{KEY}\n")).unwrap();
    expect_success(&run(&service, &["webhook", "list", "--key-file", path.to_str().unwrap()], "").await);
    let missing = run(&service, &["webhook", "list", "--key-file", "nothing"], KEY).await;
    assert!(expect_failure(&missing).contains("cannot read nothing"));
    let empty = expect_failure(&run(&service, &["test", "--key-stdin"], KEY).await);
    assert!(empty.contains("give the API key"), "what is named wins over the setting: {empty}");
}

#[tokio::test]
async fn every_endpoint_is_explored() {
    let service = Service::start(20).await;
    let rows = expect_json(&run(&service, &["explore", "--json"], KEY).await);
    let of = |path: &str| rows.as_array().unwrap().iter().find(|row| row["path"] == path).unwrap().clone();
    assert_eq!(of("/campaigns")["v1"], "campaign/list");
    for path in ["/campaigns", "/campaigns/{id}", "/accounts/{email}", "/emails/{id}", "/webhook-events/summary"] {
        assert_eq!(of(path)["state"], "reached", "{path}");
    }
    assert_eq!(of("/ai-agents")["state"], "not_found");
    assert_eq!(of("/ai-agents/{id}")["state"], "nothing_to_ask");
}

#[tokio::test]
async fn a_workspace_is_exported_without_secrets() {
    let service = Service::start(150).await;
    let folder = folder();
    let path = folder.path().join("workspace.json");
    let out = path.to_str().unwrap().to_owned();
    let hook = format!("{}?{}", service.hook, "x=1");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hidden-secret").unwrap();
    let register = ["webhook", "register", "--url", &hook, "--secret-file", secret.to_str().unwrap(), "--json"];
    expect_json(&run(&service, &register, KEY).await);
    expect_success(&run(&service, &["export", "--out", &out], KEY).await);
    let text = std::fs::read_to_string(&path).unwrap();
    let exported: Value = serde_json::from_str(&text).unwrap();
    let count = |name: &str| exported[name].as_array().unwrap().len();
    assert_eq!((count("campaigns"), count("accounts"), count("leads"), count("webhooks")), (6, 8, 150, 2));
    assert!(count("emails") > 100, "{}", count("emails"));
    assert!(!text.contains("hidden-secret") && !text.contains(KEY));
    let again = expect_failure(&run(&service, &["export", "--out", &out], KEY).await);
    assert!(again.contains("cannot create"), "{again}");
    service.workspace.create_key("small", &["workspaces:read", "campaigns:read"]);
    let small = expect_json_lines(&run(&service, &["export"], "small").await);
    assert_eq!(small["campaigns"].as_array().unwrap().len(), 6);
    assert!(small["skipped"]["leads"].as_str().unwrap().contains("leads:read"));
    let refused = folder.path().join("refused.json");
    expect_failure(&run(&service, &["export", "--out", refused.to_str().unwrap()], "nobody").await);
    assert!(!refused.try_exists().unwrap(), "an unfinished export is taken away");
}

fn expect_json_lines(output: &Output) -> Value {
    serde_json::from_str(&expect_success(output)).unwrap()
}

#[tokio::test]
async fn a_webhook_is_registered_once_and_resumed() {
    let service = Service::start(20).await;
    let hook = format!("{}?{}", service.hook, "own=1");
    let register = ["webhook", "register", "--url", &hook, "--json"];
    let first = expect_json(&run(&service, &register, KEY).await);
    assert_eq!((&first["created"], &first["test"]["success"]), (&true.into(), &true.into()));
    let second = expect_json(&run(&service, &register, KEY).await);
    assert_eq!(second["created"], false);
    assert_eq!(second["webhook"]["id"], first["webhook"]["id"]);
    let id = first["webhook"]["id"].as_str().unwrap();
    let listed = expect_json(&run(&service, &["webhook", "list", "--json"], KEY).await);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let resumed = expect_json(&run(&service, &["webhook", "resume", id, "--json"], KEY).await);
    assert_eq!(resumed[0]["status"], 1);
    let none = expect_success(&run(&service, &["webhook", "resume"], KEY).await);
    assert_eq!(none, "No webhook was switched off.\n");
    let nowhere = expect_failure(&run(&service, &["webhook", "register"], KEY).await);
    assert!(nowhere.contains("public_url"), "{nowhere}");
    let unreached = ["webhook", "register", "--url", "http://127.0.0.1:1/nobody"];
    let text = expect_success(&run(&service, &unreached, KEY).await);
    assert!(text.contains("A test did not reach it: Connection refused."), "{text}");
}
