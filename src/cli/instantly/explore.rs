//! `salesbrain instantly explore`: asks every endpoint that reads once.
//!
//! API v1 is not asked: it was switched off, and its keys were others. What it had in an endpoint's place is shown, for
//! those who move a program from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Common, describe, print};
use crate::channel::instantly::client::endpoint::{ENDPOINTS, Endpoint, Need};
use crate::channel::instantly::client::{Client, ClientError, Problem};
use crate::clock::{Clock, DAY_MS};

/// What an endpoint answered.
enum Finding {
    /// This, in a word or two.
    Reached(String),
    /// It was not asked, since nothing is there that it could be asked about.
    NothingToAsk,
    Refused(ClientError),
}

/// How API v1 differed as a whole.
const V1: &str =
    "API v1 took its key in the query, paged by limit and skip, and had no scopes; its keys do not work here.";

pub(super) async fn run(client: &Client, common: &Common) -> anyhow::Result<()> {
    client.find_workspace().await.map_err(|error| describe(&error))?;
    let mut explorer = Explorer { client, first_ids: BTreeMap::new() };
    let mut rows = Vec::new();
    // Lists first: what they name is what the others are asked about.
    let mut endpoints: Vec<&'static Endpoint> = ENDPOINTS.iter().collect();
    endpoints.sort_by_key(|endpoint| (endpoint.operation.path.contains('{'), endpoint.need != Need::Nothing));
    for endpoint in endpoints {
        let finding = explorer.ask(endpoint).await;
        if let Finding::Refused(error) = &finding
            && matches!(error.problem, Problem::KeyRefused | Problem::Network { .. } | Problem::Proxy { .. })
        {
            return Err(describe(error));
        }
        rows.push((endpoint, finding));
    }
    rows.sort_by_key(|(endpoint, _finding)| endpoint.operation.path);
    if common.json {
        let rows: Vec<Value> = rows.iter().map(|(endpoint, finding)| as_json(endpoint, finding)).collect();
        return print::json(&json!(rows));
    }
    for (endpoint, finding) in &rows {
        let v1 = if endpoint.v1.is_empty() { String::new() } else { format!("  (v1: {})", endpoint.v1) };
        print::line(&format!("{:<62} {}{v1}", endpoint.operation.path, as_text(finding)))?;
    }
    let reached = rows.iter().filter(|(_, finding)| matches!(finding, Finding::Reached(_))).count();
    print::line(&format!("{reached} of {} endpoints can be read. {V1}", rows.len()))
}

fn as_json(endpoint: &Endpoint, finding: &Finding) -> Value {
    let (state, detail) = match finding {
        Finding::Reached(what) => ("reached", what.clone()),
        Finding::NothingToAsk => ("nothing_to_ask", String::new()),
        Finding::Refused(error) => (error.problem.code(), error.problem.to_string()),
    };
    json!({
        "path": endpoint.operation.path, "scope": endpoint.operation.scope, "state": state, "detail": detail,
        "v1": endpoint.v1,
    })
}

fn as_text(finding: &Finding) -> String {
    match finding {
        Finding::Reached(what) => format!("reached: {what}"),
        Finding::NothingToAsk => "not asked: nothing there to ask about".to_owned(),
        Finding::Refused(error) => match &error.problem {
            Problem::Forbidden { scope, .. } => format!("not allowed: scope {scope} or the plan"),
            Problem::NotFound => "not found".to_owned(),
            problem => problem.to_string(),
        },
    }
}

/// Asks, and remembers what lists named.
struct Explorer<'client> {
    client: &'client Client,
    /// The first entry of each list, by its path.
    first_ids: BTreeMap<&'static str, String>,
}

impl Explorer<'_> {
    async fn ask(&mut self, endpoint: &'static Endpoint) -> Finding {
        let path = endpoint.operation.path;
        let id = match path.split_once("/{") {
            None => None,
            Some((list, _)) => match self.first_ids.get(list_of(list)) {
                Some(id) => Some(id.clone()),
                None => return Finding::NothingToAsk,
            },
        };
        let today = day_text(Clock::System.now_ms());
        let week_ago = day_text(Clock::System.now_ms().saturating_sub(7 * DAY_MS));
        let first = |list: &str| self.first_ids.get(list).cloned();
        let (named, is_lacking) = match endpoint.need {
            Need::Nothing => (Vec::new(), false),
            Need::Campaign => one("campaign_id", first("/campaigns")),
            Need::PlacementTest => one("test_id", first("/inbox-placement-tests")),
            Need::Account => one("emails", first("/accounts")),
            Need::Days => (vec![("from", week_ago.clone()), ("to", today.clone())], false),
        };
        if is_lacking {
            return Finding::NothingToAsk;
        }
        let parameters: Vec<(&'static str, &str)> = named.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match self.client.explore(endpoint, id.as_deref(), &parameters).await {
            Err(error) => Finding::Refused(error),
            Ok(answer) => {
                self.remember(path, &answer);
                Finding::Reached(summary(&answer))
            }
        }
    }

    fn remember(&mut self, path: &'static str, answer: &Value) {
        let first = answer.get("items").and_then(|items| items.get(0));
        let id = first.and_then(|entry| entry.get("id").or_else(|| entry.get("email"))).and_then(Value::as_str);
        if let Some(id) = id {
            self.first_ids.insert(path, id.to_owned());
        }
    }
}

/// A day as the service takes it.
fn day_text(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%d").to_string()
}

/// A parameter, and whether there is nothing to put in it.
fn one(name: &'static str, value: Option<String>) -> (Vec<(&'static str, String)>, bool) {
    let is_lacking = value.is_none();
    (value.map(|value| (name, value)).into_iter().collect(), is_lacking)
}

/// The list whose entries a path with an id is about.
fn list_of(path: &str) -> &str {
    if path == "/account-campaign-mappings" { "/accounts" } else { path }
}

fn summary(answer: &Value) -> String {
    match answer {
        Value::Object(fields) => match fields.get("items").and_then(Value::as_array) {
            Some(items) if items.is_empty() => "an empty list".to_owned(),
            Some(_) => "a list".to_owned(),
            None => format!("an object of {} fields", fields.len()),
        },
        Value::Array(rows) => format!("{} rows", rows.len()),
        _ => "text".to_owned(),
    }
}
