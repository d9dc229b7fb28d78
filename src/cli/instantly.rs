//! `salesbrain instantly …`: looks at a workspace of Instantly with an API key, without an appliance.
//!
//! The key comes from a file, from standard input or from the setting `instantly_key`, never from an argument: arguments
//! stand in the list of processes and in the shell's history.

mod check;
mod explore;
mod export;
mod webhook;

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{Common, print};
use crate::channel::instantly::client::{Client, ClientConfig, ClientError, Key, Limiter, Limits, Priority};
use crate::clock::Clock;
use crate::config::Config;

/// Longest key read.
const KEY_LIMIT_BYTES: u64 = 4_096;

/// What to do at Instantly.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum InstantlyCommand {
    /// Says whether a key works, what its workspace pays for, and what key or plan do not allow.
    Test(KeySource),
    /// Asks every endpoint that reads, and says which the key can reach and what API v1 had in its place.
    Explore(KeySource),
    /// Writes the workspace as JSON.
    Export(export::Export),
    /// Webhooks of the workspace.
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
}

/// Where the key is; without either, the setting `instantly_key`.
#[derive(Clone, Debug, Args)]
pub(super) struct KeySource {
    /// File that holds the API key.
    #[arg(long, conflicts_with = "key_stdin")]
    key_file: Option<PathBuf>,
    /// Read the API key from standard input.
    #[arg(long)]
    key_stdin: bool,
}

pub(super) async fn run(command: InstantlyCommand, common: Common) -> anyhow::Result<()> {
    let config = common.load()?;
    match command {
        InstantlyCommand::Test(source) => check::run(&source.client(&config)?, &common).await,
        InstantlyCommand::Explore(source) => explore::run(&source.client(&config)?, &common).await,
        InstantlyCommand::Export(export) => export::run(&export, &config).await,
        InstantlyCommand::Webhook(command) => webhook::run(command, &config, &common).await,
    }
}

impl KeySource {
    /// A client for the key's workspace.
    fn client(&self, config: &Config) -> anyhow::Result<Client> {
        let text = match &self.key_file {
            Some(path) => read_secret(path)?,
            None if self.key_stdin => {
                let mut text = String::new();
                std::io::stdin().take(KEY_LIMIT_BYTES).read_to_string(&mut text).context("cannot read the key")?;
                text
            }
            None => config.instantly_key.expose().to_owned(),
        };
        anyhow::ensure!(
            !text.trim().is_empty(),
            "give the API key with --key-file FILE, with --key-stdin, or as SALESBRAIN_INSTANTLY_KEY"
        );
        let key = Key::parse(&text).context("this is no API key: it holds characters a key cannot have")?;
        let client =
            Client::new(ClientConfig::from_settings(config), key, Limiter::new(Limits::default()), Clock::System)?;
        Ok(client.with_priority(Priority::Person))
    }
}

/// A secret from a file.
fn read_secret(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A failed call as a person reads it: what, and what to do.
fn describe(error: &ClientError) -> anyhow::Error {
    anyhow::anyhow!("{}. {} ({})", error.problem, error.problem.next_step(), error.problem.code())
}
