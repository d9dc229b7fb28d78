//! `salesbrain healthcheck`: for service managers and containers without a shell.

use std::time::Duration;

use anyhow::Context;

use super::print;
use crate::config::Config;

/// Succeeds if the appliance at the listen address says it is healthy.
pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let address = format!("http://{}/health", config.listen);
    let response = client.get(&address).send().await.with_context(|| format!("no answer from {address}"))?;
    let is_ok = response.status().is_success();
    print::line(&response.text().await?)?;
    if is_ok { Ok(()) } else { anyhow::bail!("not healthy") }
}
