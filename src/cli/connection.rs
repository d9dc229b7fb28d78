//! `salesbrain connection …`

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, print};

/// What to do with connections.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum ConnectionCommand {
    /// Creates a connection and prints its webhook address and secret, which is not shown again.
    Create(Create),
}

#[derive(Clone, Debug, Args)]
pub(super) struct Create {
    /// Name or id of the organization.
    #[arg(long, required_unless_present = "shared", conflicts_with = "shared")]
    organization: Option<String>,
    /// The connection belongs to the appliance and serves several organizations.
    #[arg(long)]
    shared: bool,
    /// The provider.
    #[arg(long)]
    provider: String,
    /// Name of the connection.
    #[arg(long, default_value = "")]
    name: String,
}

pub(super) async fn run(command: ConnectionCommand, common: Common) -> anyhow::Result<()> {
    let ConnectionCommand::Create(create) = command;
    let app = common.open()?;
    let organization_id = match create.organization {
        Some(wanted) => {
            let name = wanted.clone();
            let found = app.control.read(move |connection| crate::organization::find(connection, &name)).await?;
            Some(found.with_context(|| format!("there is no organization {wanted:?}"))?)
        }
        None => None,
    };
    let (stored, webhook_secret) = app.create_connection(organization_id, &create.provider, &create.name).await?;
    let webhook_url = app.webhook_url();
    print::note_unknown_address(&app.config);
    if common.json {
        return print::json(&json!({
            "connection_id": stored.id, "webhook_url": webhook_url, "webhook_secret": webhook_secret,
        }));
    }
    let header = crate::connection::model::SECRET_HEADER;
    print::line(&format!("connection {}\nwebhook    {webhook_url}\nheader     {header}: {webhook_secret}", stored.id))
}
