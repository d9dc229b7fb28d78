//! Every operation the client makes, as really sent and answered, against the service's own document: `operations.json`,
//! cut out of it by `extract.mjs`. A call the client learns without a line in [`walk`] makes the test fail.

use std::collections::{BTreeMap, BTreeSet};

use salesbrain::channel::instantly::client::Client;
use salesbrain::channel::instantly::client::campaign::Days;
use salesbrain::channel::instantly::client::email::{EmailFilter, Forward};
use salesbrain::channel::instantly::client::endpoint::ENDPOINTS;
use salesbrain::channel::instantly::client::lead::{LeadFilter, LeadTarget, NewLead};
use salesbrain::channel::instantly::client::number::{CampaignStatus, Interest};
use salesbrain::channel::instantly::client::operation::{self, Operation};
use salesbrain::channel::instantly::client::webhook::{Headers, NewWebhook, WebhookEventFilter};
use salesbrain::channel::instantly::simulator::Exchange;
use serde_json::{Map, Value, json};

use super::{Service, some_reply};

const DAYS: Days<'static> = Days { from: Some("2026-11-01"), to: Some("2026-11-30") };

/// Calls every method of the client once.
async fn walk(client: &Client, hook: &str) {
    let campaign = walk_campaigns(client).await;
    walk_accounts(client).await;
    walk_leads(client, &campaign).await;
    walk_emails(client, &campaign).await;
    walk_webhooks(client, hook).await;
    walk_rest(client).await;
}

async fn walk_campaigns(client: &Client) -> String {
    let campaigns = client.list_campaigns(Some(CampaignStatus::Active)).all().await.unwrap();
    assert_eq!(campaigns.len(), 6);
    let id = campaigns[0].id.as_str();
    let paused = client.pause_campaign(id).await.unwrap();
    assert_eq!(paused.status, CampaignStatus::Paused);
    let diagnosis = client.find_sending_status(id).await.unwrap().diagnostics.unwrap();
    assert_eq!(diagnosis.status.as_deref(), Some("campaign_paused"));
    assert_eq!(client.activate_campaign(id).await.unwrap().status, CampaignStatus::Active);
    let found = client.find_campaign(id).await.unwrap();
    assert!(found.sequences.unwrap()[0].steps.len() >= 3);
    let sums = client.list_analytics(&[id], Days::default()).await.unwrap();
    assert_eq!((sums.len(), sums[0].campaign_id.as_deref()), (1, Some(id)));
    let overview = client.find_analytics_overview(&[id], Days::default()).await.unwrap();
    assert!((overview.emails_sent_count - sums[0].emails_sent_count).abs() < 0.1);
    let days = client.list_daily_analytics(Some(id), Days::default()).await.unwrap();
    let steps = client.list_step_analytics(id, Days::default()).await.unwrap();
    let (by_day, by_step): (f64, f64) =
        (days.iter().map(|day| day.sent).sum(), steps.iter().map(|step| step.sent).sum());
    assert!((by_day - overview.emails_sent_count).abs() < 0.1 && (by_step - by_day).abs() < 0.1);
    client.list_daily_analytics(None, DAYS).await.unwrap();
    client.list_subsequences(Some(id)).all().await.unwrap();
    id.to_owned()
}

async fn walk_accounts(client: &Client) {
    let accounts = client.list_accounts().all().await.unwrap();
    assert_eq!(accounts.len(), 8);
    let email = accounts[0].email.as_str();
    assert!(client.find_account(email).await.unwrap().warmup.unwrap()["reply_rate"].is_number());
    client.pause_account(email).await.unwrap();
    client.resume_account(email).await.unwrap();
    assert_eq!(client.test_vitals(&[email]).await.unwrap().success_list[0].all_pass, Some(true));
    let job = client.disable_warmup(&[email]).await.unwrap();
    assert!(client.find_job(&job.id).await.unwrap().is_finished());
    client.enable_warmup(&[email]).await.unwrap();
    assert!(client.list_jobs(Some("success")).all().await.unwrap().len() >= 2);
    let warmup = client.find_warmup_analytics(&[email]).await.unwrap();
    assert_eq!(warmup.aggregate_data[email].health_score_label.as_deref(), Some("Good"));
    client.list_account_analytics(&[email, &accounts[1].email], DAYS).await.unwrap();
}

async fn walk_leads(client: &Client, campaign: &str) {
    let all = client.list_leads(&LeadFilter::default()).all().await.unwrap();
    let filter = LeadFilter { campaign: Some(campaign.to_owned()), ..LeadFilter::default() };
    let leads = client.list_leads(&filter).all().await.unwrap();
    assert!(!leads.is_empty() && leads.len() < all.len());
    let lead = &all[0];
    let email = lead.email.clone().unwrap();
    let new = |email: &str| NewLead { email: Some(email.to_owned()), ..NewLead::default() };
    let mut variables = Map::new();
    variables.insert("Branche".to_owned(), "Holz".into());
    let new_leads = [
        NewLead { first_name: Some("Urs".to_owned()), custom_variables: variables.clone(), ..new("urs@neu.example") },
        new(&email),
        new("nobody"),
        new("chef@konkurrenz.example"),
    ];
    let added = client.add_leads(LeadTarget::Campaign(campaign), &new_leads).await.unwrap();
    let counts = [added.leads_uploaded, added.duplicated_leads, added.invalid_email_count, added.in_blocklist];
    assert!(counts.iter().all(|count| (count - 1.0).abs() < 0.1), "{added:?}");
    let id = added.created_leads[0].id.as_str();
    let change = NewLead { job_title: Some("Inhaber".to_owned()), custom_variables: variables, ..NewLead::default() };
    assert_eq!(client.update_lead(id, &change).await.unwrap().job_title.as_deref(), Some("Inhaber"));
    client.find_lead(id).await.unwrap();
    client.delete_lead(id).await.unwrap();
    client.set_interest(&email, Some(Interest::MeetingBooked), Some(campaign)).await.unwrap();
    assert_eq!(client.find_lead(&lead.id).await.unwrap().lt_interest_status, Some(Interest::MeetingBooked));
    client.set_interest(&email, None, None).await.unwrap();
    client.list_lead_lists().all().await.unwrap();
}

async fn walk_emails(client: &Client, campaign: &str) {
    let reply = some_reply(client).await;
    let sent = client.reply(&reply).await.unwrap();
    let found = client.find_email(&sent.id).await.unwrap();
    assert_eq!(found.thread_id, client.find_email(&reply.reply_to_uuid).await.unwrap().thread_id);
    let forward = Forward {
        eaccount: reply.eaccount.clone(),
        reply_to_uuid: reply.reply_to_uuid.clone(),
        to_address_email_list: "kollege@alpenblick-software.example".to_owned(),
        subject: "Fwd".to_owned(),
        body: None,
        include_original_body: true,
    };
    client.forward(&forward).await.unwrap();
    let unread = client.count_unread().await.unwrap();
    client.mark_thread_as_read(&found.thread_id.unwrap()).await.unwrap();
    assert!(client.count_unread().await.unwrap() < unread);
    let filter = EmailFilter {
        campaign_id: Some(campaign.to_owned()),
        min_timestamp_created: Some("2026-09-01T00:00:00.000Z".to_owned()),
        is_oldest_first: true,
        ..EmailFilter::default()
    };
    client.list_emails(&filter).next_page().await.unwrap();
}

async fn walk_webhooks(client: &Client, hook: &str) {
    let headers: BTreeMap<String, String> = [("X-Webhook-Secret".to_owned(), "s3cret".to_owned())].into();
    let new = NewWebhook {
        name: Some("Test".to_owned()),
        target_hook_url: Some(hook.to_owned()),
        event_type: Some("all_events".to_owned()),
        headers: Some(Headers(headers)),
        campaign: None,
    };
    let made = client.create_webhook(&new).await.unwrap();
    assert!(!format!("{made:?}").contains("s3cret"));
    let change = NewWebhook { name: Some("Renamed".to_owned()), ..NewWebhook::default() };
    client.update_webhook(&made.id, &change).await.unwrap();
    assert_eq!(client.find_webhook(&made.id).await.unwrap().name.as_deref(), Some("Renamed"));
    assert!(client.test_webhook(&made.id).await.unwrap().success);
    client.resume_webhook(&made.id).await.unwrap();
    assert_eq!(client.list_webhooks().all().await.unwrap().len(), 2);
    assert!(client.list_webhook_event_types().await.unwrap().len() > 19);
    let filter = WebhookEventFilter { is_success: Some(true), from: Some("2026-01-01"), ..Default::default() };
    let events = client.list_webhook_events(filter).next_page().await.unwrap().unwrap();
    client.find_webhook_event(&events[0].id).await.unwrap();
    assert!(client.find_webhook_summary("2026-01-01", "2027-01-01").await.unwrap().total_events > 300.0);
    client.delete_webhook(&made.id).await.unwrap();
}

async fn walk_rest(client: &Client) {
    assert_eq!(client.find_workspace().await.unwrap().name, "Alpenblick Software AG");
    assert!(client.find_plan().await.unwrap().subscriptions.outreach.is_some());
    assert_eq!(client.list_api_keys().all().await.unwrap()[0].scopes, ["all:all"]);
    assert_eq!(client.list_audit_logs(Some("2026-01-01")).all().await.unwrap().len(), 5);
    assert_eq!(client.list_lead_labels().all().await.unwrap().len(), 1);
    client.list_tags().all().await.unwrap();
    assert_eq!(client.list_tag_mappings().all().await.unwrap().len(), 5);
    let blocked = client.create_blocked("weg.example").await.unwrap();
    assert_eq!(client.list_blocked().all().await.unwrap().len(), 3);
    client.delete_blocked(&blocked.id).await.unwrap();
}

/// What the service's document says.
struct Document(Value);

impl Document {
    fn read() -> Self {
        Self(serde_json::from_str(include_str!("operations.json")).unwrap())
    }

    fn operation(&self, operation: &Operation) -> &Value {
        let found = &self.0["operations"][operation.id];
        assert!(found.is_object(), "{} is not in operations.json: run extract.mjs", operation.id);
        let method = format!("{:?}", operation.method).to_uppercase();
        assert_eq!((&found["method"], &found["path"]), (&json!(method), &json!(format!("/api/v2{}", operation.path))));
        assert_scope(&found["scopes"], operation);
        found
    }

    /// Holds a value against a schema of the document; what does not fit.
    fn check(&self, what: &str, schema: &Value, value: &Value) -> Vec<String> {
        let mut root = schema.clone();
        root["components"] = json!({ "schemas": self.0["schemas"] });
        let validator = jsonschema::options().should_validate_formats(true).build(&root).unwrap();
        validator.iter_errors(value).map(|finding| format!("{what}{}: {finding}", finding.instance_path())).collect()
    }

    fn check_exchange(&self, operation: &Operation, exchange: &Exchange) -> Vec<String> {
        let facts = self.operation(operation);
        let id = operation.id;
        let mut findings = Vec::new();
        let known: BTreeMap<&str, &Value> =
            facts["query"].as_array().unwrap().iter().map(|one| (one["name"].as_str().unwrap(), one)).collect();
        let sent: Vec<(String, String)> = serde_urlencoded::from_str(&exchange.query).unwrap();
        for (name, text) in &sent {
            let schema = &known.get(name.as_str()).unwrap_or_else(|| panic!("{id} has no parameter {name}"))["schema"];
            let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
            findings.extend(self.check(&format!("{id} {name}"), schema, &typed(schema, text)));
        }
        for (name, parameter) in known {
            assert!(parameter["required"] != true || sent.iter().any(|(sent, _)| sent == name), "{id} lacks {name}");
        }
        let wanted = &facts["requestBody"]["content"]["application/json"]["schema"];
        match &exchange.body {
            Some(body) => {
                assert!(wanted.is_object(), "{id} takes no body");
                findings.extend(self.check(&format!("request of {id}"), wanted, body));
            }
            None => assert!(facts["requestBody"]["required"] != true, "{id} needs a body"),
        }
        assert_eq!(exchange.content_type.is_some(), exchange.body.is_some(), "{id}");
        let answer = &facts["responses"][exchange.status.to_string()];
        assert!(answer.is_object(), "{id} never answers {}", exchange.status);
        let schema = &answer["content"]["application/json"]["schema"];
        findings.extend(self.check(&format!("answer of {id}"), schema, exchange.answer.as_ref().unwrap()));
        findings
    }
}

/// The scope we name is one of those that open it; operations the document names none for are not checked.
fn assert_scope(scopes: &Value, operation: &Operation) {
    let scopes = scopes.as_array().unwrap();
    assert!(scopes.is_empty() || scopes.contains(&json!(operation.scope)), "{}: {}", operation.id, operation.scope);
}

/// A query value in the type its schema asks for.
fn typed(schema: &Value, text: &str) -> Value {
    let is =
        |name: &str| schema["type"] == name || schema["type"].as_array().is_some_and(|all| all.contains(&json!(name)));
    if is("integer") || is("number") || is("boolean") {
        return serde_json::from_str(text).unwrap_or_else(|_error| text.into());
    }
    text.into()
}

/// Whether a path as sent is an operation's.
fn is_of(operation: &Operation, exchange: &Exchange) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (operation.path.split('/').collect(), exchange.path.split('/').collect());
    let is_same = |(part, sent): (&&str, &&str)| part.starts_with('{') || part == sent;
    format!("{:?}", operation.method).to_uppercase() == exchange.method
        && template.len() == path.len()
        && template.iter().zip(&path).all(is_same)
}

#[tokio::test]
async fn every_call_and_its_answer_are_as_the_service_documents_them() {
    let service = Service::start(150).await;
    walk(&service.client(), &service.hook).await;
    let document = Document::read();
    let exchanges = service.workspace.exchanges();
    let (mut seen, mut findings) = (BTreeSet::new(), BTreeSet::new());
    for exchange in &exchanges {
        // A fixed path such as /campaigns/analytics comes before /campaigns/{id}.
        let mut found: Vec<_> = operation::ALL.iter().filter(|operation| is_of(operation, exchange)).collect();
        found.sort_by_key(|operation| operation.path.contains('{'));
        let operation = found.first().unwrap_or_else(|| panic!("no operation: {} {}", exchange.method, exchange.path));
        findings.extend(document.check_exchange(operation, exchange));
        seen.insert(operation.id);
    }
    assert!(findings.is_empty(), "{findings:#?}");
    let missing: Vec<&str> =
        operation::ALL.iter().map(|operation| operation.id).filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "walk() does not call {missing:?}");
}

#[test]
fn every_endpoint_that_is_explored_exists() {
    let document = Document::read();
    assert!(ENDPOINTS.len() > 80, "{}", ENDPOINTS.len());
    for endpoint in ENDPOINTS {
        let found = &document.0["reads"][endpoint.operation.id];
        assert_eq!(found["path"], json!(format!("/api/v2{}", endpoint.operation.path)), "{}", endpoint.operation.id);
        assert_eq!(found["method"], "GET");
        assert_scope(&found["scopes"], &endpoint.operation);
    }
}

#[test]
fn the_document_refuses_what_does_not_fit() {
    let document = Document::read();
    let schema = &document.0["operations"]["createWebhook"]["requestBody"]["content"]["application/json"]["schema"];
    let refused = |value: Value| !document.check("test", schema, &value).is_empty();
    assert!(!refused(json!({ "target_hook_url": "https://a.example", "event_type": "all_events" })));
    assert!(refused(json!({ "event_type": "all_events" })));
    assert!(refused(json!({ "target_hook_url": "https://a.example", "event_type": "every_event" })));
    assert!(refused(json!({ "target_hook_url": "https://a.example", "colour": "red" })));
}
