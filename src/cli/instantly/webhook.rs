//! `salesbrain instantly webhook …`

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, KeySource, describe, print, read_secret};
use crate::channel::instantly::client::Client;
use crate::channel::instantly::client::number::WebhookStatus;
use crate::channel::instantly::client::webhook::{Headers, NewWebhook, Webhook, WebhookTest};
use crate::config::Config;
use crate::connection::model::SECRET_HEADER;

/// What to do with webhooks.
#[derive(Clone, Debug, Subcommand)]
pub(in super::super) enum WebhookCommand {
    /// Lists them, with those that were switched off.
    List(KeySource),
    /// Makes one for all events that posts to this appliance, or changes the one that does, and has it tested.
    Register(Register),
    /// Switches one on again, or all that were switched off.
    Resume(Resume),
}

#[derive(Clone, Debug, Args)]
pub(in super::super) struct Register {
    #[command(flatten)]
    key: KeySource,
    /// Where to post; this appliance's `public_url` if absent.
    #[arg(long)]
    url: Option<String>,
    /// File that holds the connection's webhook secret, sent in a header with each delivery.
    #[arg(long)]
    secret_file: Option<PathBuf>,
    /// Name at Instantly.
    #[arg(long, default_value = "Salesbrain")]
    name: String,
}

#[derive(Clone, Debug, Args)]
pub(in super::super) struct Resume {
    #[command(flatten)]
    key: KeySource,
    /// Id of the webhook; all that were switched off if absent.
    id: Option<String>,
}

pub(super) async fn run(command: WebhookCommand, config: &Config, common: &Common) -> anyhow::Result<()> {
    match command {
        WebhookCommand::List(key) => {
            let webhooks = list(&key.client(config)?).await?;
            show(&webhooks, common, "There is no webhook.")
        }
        WebhookCommand::Register(arguments) => register(&arguments, config, common).await,
        WebhookCommand::Resume(resume) => {
            let client = resume.key.client(config)?;
            let ids = match resume.id {
                Some(id) => vec![id],
                None => list(&client).await?.into_iter().filter(is_off).map(|webhook| webhook.id).collect(),
            };
            let mut resumed = Vec::new();
            for id in ids {
                resumed.push(client.resume_webhook(&id).await.map_err(|error| describe(&error))?);
            }
            show(&resumed, common, "No webhook was switched off.")
        }
    }
}

async fn list(client: &Client) -> anyhow::Result<Vec<Webhook>> {
    client.list_webhooks().all().await.map_err(|error| describe(&error))
}

fn is_off(webhook: &Webhook) -> bool {
    webhook.status == Some(WebhookStatus::Disabled)
}

async fn register(arguments: &Register, config: &Config, common: &Common) -> anyhow::Result<()> {
    anyhow::ensure!(
        arguments.url.is_some() || !config.public_url.is_empty(),
        "set public_url to the address Instantly reaches, or give --url"
    );
    let own = || format!("{}/webhooks/instantly/webhook", config.public_url);
    let url = arguments.url.clone().unwrap_or_else(own);
    let headers = match &arguments.secret_file {
        None => None,
        Some(path) => {
            let secret = read_secret(path)?.trim().to_owned();
            Some(Headers(BTreeMap::from([(SECRET_HEADER.to_owned(), secret)])))
        }
    };
    let wanted = NewWebhook {
        name: Some(arguments.name.clone()),
        target_hook_url: Some(url.clone()),
        event_type: Some("all_events".to_owned()),
        campaign: None,
        headers,
    };
    let client = arguments.key.client(config)?;
    // A second one for the same address would deliver everything twice.
    let there = list(&client).await?.into_iter().find(|webhook| webhook.target_hook_url == url);
    let is_new = there.is_none();
    let registered = match there {
        Some(there) => client.update_webhook(&there.id, &wanted).await,
        None => client.create_webhook(&wanted).await,
    };
    let mut webhook = registered.map_err(|error| describe(&error))?;
    if is_off(&webhook) {
        webhook = client.resume_webhook(&webhook.id).await.map_err(|error| describe(&error))?;
    }
    let test = client.test_webhook(&webhook.id).await.map_err(|error| describe(&error))?;
    if common.json {
        return print::json(&json!({ "webhook": as_json(&webhook), "created": is_new, "test": test }));
    }
    print::line(if is_new { "The webhook is made." } else { "The webhook was there and is changed." })?;
    print::line(&as_text(&webhook))?;
    print::line(&test_text(&test))
}

fn test_text(test: &WebhookTest) -> String {
    if test.success {
        return "A test reached it.".to_owned();
    }
    let cause = test.error.as_deref().or(test.message.as_deref()).unwrap_or("no cause was given");
    format!(
        "A test did not reach it: {cause}. Check that Instantly can reach the address and that the secret is right."
    )
}

fn show(webhooks: &[Webhook], common: &Common, nothing: &str) -> anyhow::Result<()> {
    if common.json {
        return print::json(&webhooks.iter().map(as_json).collect());
    }
    if webhooks.is_empty() {
        return print::line(nothing);
    }
    webhooks.iter().try_for_each(|webhook| print::line(&as_text(webhook)))
}

/// Without the values of its headers, which are secrets.
fn as_json(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id, "name": webhook.name, "url": webhook.target_hook_url, "event_type": webhook.event_type,
        "campaign": webhook.campaign, "status": webhook.status, "since": webhook.timestamp_error,
        "headers": webhook.headers.as_ref().map(|headers| headers.0.keys().collect::<Vec<_>>()),
    })
}

fn as_text(webhook: &Webhook) -> String {
    let state = match (webhook.status, &webhook.timestamp_error) {
        (Some(WebhookStatus::Disabled), Some(since)) => format!("switched off since {since}"),
        (Some(WebhookStatus::Disabled), None) => "switched off".to_owned(),
        _ => "on".to_owned(),
    };
    let events = webhook.event_type.as_deref().unwrap_or("a label of the team's own");
    format!("{}  {state:<10}  {events:<12}  {}", webhook.id, webhook.target_hook_url)
}
