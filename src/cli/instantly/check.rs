//! `salesbrain instantly test`: whether a key works, and what it and the plan allow.
//!
//! The service does not say which scopes the asking key has, so each thing is asked for once. What a key may change cannot
//! be learned without changing something; the keys of the workspace are shown with their scopes where that is allowed.

use anyhow::Context;
use serde_json::{Value, json};

use super::{Common, describe, print};
use crate::channel::instantly::client::email::EmailFilter;
use crate::channel::instantly::client::lead::LeadFilter;
use crate::channel::instantly::client::webhook::WebhookEventFilter;
use crate::channel::instantly::client::workspace::{ApiKey, Plan, Workspace};
use crate::channel::instantly::client::{Client, ClientError, Limits, Problem};

/// One thing that was asked for.
struct Probe {
    /// What a person calls it.
    what: &'static str,
    /// What it is needed for here.
    purpose: &'static str,
    outcome: Result<(), ClientError>,
}

pub(super) async fn run(client: &Client, common: &Common) -> anyhow::Result<()> {
    let workspace = client.find_workspace().await.map_err(|error| describe(&error))?;
    let plan = client.find_plan().await;
    let keys = client.list_api_keys().all().await;
    let probes = probe(client).await;
    // A connection that breaks in between is no property of the key.
    let broken =
        probes.iter().filter_map(|probe| probe.outcome.as_ref().err()).find(|error| !is_refusal(&error.problem));
    if let Some(error) = broken {
        return Err(describe(error)).context("the key works, but not all could be asked");
    }
    if common.json {
        return print::json(&as_json(&workspace, &plan, &keys, &probes));
    }
    print::text(&as_text(&workspace, &plan, &keys, &probes))
}

fn is_refusal(problem: &Problem) -> bool {
    matches!(problem, Problem::Forbidden { .. } | Problem::PlanMissing | Problem::KeyRefused | Problem::NotFound)
}

async fn probe(client: &Client) -> Vec<Probe> {
    macro_rules! probes {
        ($($what:literal, $purpose:literal: $call:expr;)+) => {
            vec![$(Probe { what: $what, purpose: $purpose, outcome: $call.await.map(drop) }),+]
        };
    }
    probes! {
        "campaigns", "showing campaigns and their figures": client.list_campaigns(None).next_page();
        "mailboxes", "showing mailboxes and their health": client.list_accounts().next_page();
        "leads", "taking over contacts": client.list_leads(&LeadFilter::default()).next_page();
        "e-mails", "taking over conversations and finding what a webhook lost":
            client.list_emails(&EmailFilter::default()).next_page();
        "webhooks", "receiving what happens": client.list_webhooks().next_page();
        "webhook deliveries", "finding what a webhook lost":
            client.list_webhook_events(WebhookEventFilter::default()).next_page();
        "lead labels", "interest labels of the team's own": client.list_lead_labels().next_page();
        "tags", "tags of campaigns and mailboxes": client.list_tags().next_page();
        "block list", "writing to nobody who is blocked": client.list_blocked().next_page();
        "background jobs", "knowing when warm-up and moves are done": client.list_jobs(None).next_page();
        "audit log", "knowing who started or paused a campaign": client.list_audit_logs(None).next_page();
    }
}

fn as_json(
    workspace: &Workspace,
    plan: &Result<Plan, ClientError>,
    keys: &Result<Vec<ApiKey>, ClientError>,
    probes: &[Probe],
) -> Value {
    let refusal = |error: &ClientError| json!({ "code": error.problem.code(), "next_step": error.problem.next_step() });
    let reads: Vec<Value> = probes
        .iter()
        .map(|probe| {
            let refused = probe.outcome.as_ref().err().map(refusal);
            json!({ "what": probe.what, "purpose": probe.purpose, "allowed": refused.is_none(), "refused": refused })
        })
        .collect();
    let limits = Limits::default();
    json!({
        "workspace": workspace,
        "plan": plan.as_ref().ok(),
        "keys": keys.as_ref().ok(),
        "reads": reads,
        "limits": {
            "per_second": limits.per_second,
            "per_minute": limits.per_minute,
            "email_lists_per_minute": limits.email_lists_per_minute,
        },
    })
}

fn as_text(
    workspace: &Workspace,
    plan: &Result<Plan, ClientError>,
    keys: &Result<Vec<ApiKey>, ClientError>,
    probes: &[Probe],
) -> String {
    let mut lines = vec![
        "The key works.".to_owned(),
        format!("workspace   {} ({})", workspace.name, workspace.id),
        format!("plan        {}", plan_text(plan)),
        format!("keys        {}", keys_text(keys)),
    ];
    let limits = Limits::default();
    lines.push(format!(
        "limits      {} calls a second, {} a minute, {} lists of e-mails a minute, for all keys of the workspace together",
        limits.per_second, limits.per_minute, limits.email_lists_per_minute
    ));
    let (allowed, refused): (Vec<_>, Vec<_>) = probes.iter().partition(|probe| probe.outcome.is_ok());
    let names: Vec<&str> = allowed.iter().map(|probe| probe.what).collect();
    lines.push(format!("can read    {}", if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }));
    for probe in refused {
        if let Err(error) = &probe.outcome {
            lines.push(format!("cannot read {}, needed for {}.", probe.what, probe.purpose));
            lines.push(format!("            {}", error.problem.next_step()));
        }
    }
    lines.push("What the key may change is only learned by changing something; nothing was changed.".to_owned());
    lines.join("\n") + "\n"
}

fn plan_text(plan: &Result<Plan, ClientError>) -> String {
    let plan = match plan {
        Ok(plan) => plan,
        Err(error) => return format!("not known: {}", error.problem.next_step()),
    };
    let subscriptions = &plan.subscriptions;
    let parts = [
        ("outreach", &subscriptions.outreach),
        ("bundle", &subscriptions.bundle),
        ("credits", &subscriptions.credits),
        ("CRM", &subscriptions.crm),
        ("website visitors", &subscriptions.website_visitors),
        ("inbox placement", &subscriptions.inbox_placement),
    ];
    let named = parts.into_iter().filter_map(|(part, subscription)| {
        let subscription = subscription.as_ref()?;
        let name = subscription.plan_name.as_deref().filter(|name| !name.is_empty())?;
        let leads = subscription.current_lead_count.zip(subscription.total_lead_limit);
        let leads = leads.map(|(used, limit)| format!(", {used} of {limit} leads")).unwrap_or_default();
        Some(format!("{part}: {name}{leads}"))
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() { "none is named".to_owned() } else { named.join("; ") }
}

fn keys_text(keys: &Result<Vec<ApiKey>, ClientError>) -> String {
    match keys {
        Err(_refused) => "this key may not list keys, so its scopes are not shown".to_owned(),
        Ok(keys) => {
            let shown: Vec<String> =
                keys.iter().map(|key| format!("{} [{}]", key.name, key.scopes.join(" "))).collect();
            let which = if keys.len() > 1 { " (Instantly does not say which of them this is)" } else { "" };
            format!("{}{which}", shown.join("; "))
        }
    }
}
